/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of module mdev share, the lowest layer first. */
#ifndef MDEV_PRIV_H
#define MDEV_PRIV_H

#include <linux/kobject.h>
#include <linux/mdev.h>

/**
 * struct mdev_type_dir - The directory of a type in sysfs
 * @kobj: the directory; references to it may outlast the type
 * @type: whose it is; valid while the directory has files
 * @devices: subdirectory with a link to each instance
 */
struct mdev_type_dir {
	struct kobject kobj;
	struct mdev_type *type;
	struct kobject *devices;
};

/* The list of instances: mdev_registry.c */
void mdev_registry_open(struct mdev_parent *parent);
struct mdev_device *mdev_registry_shut(struct mdev_parent *parent);
int mdev_registry_add(struct mdev_device *mdev);
void mdev_registry_publish(struct mdev_device *mdev);
int mdev_registry_claim(struct mdev_device *mdev);
void mdev_registry_del(struct mdev_device *mdev);
unsigned int mdev_registry_available(struct mdev_parent *parent);

/* Bus and class: mdev_bus.c */
extern const struct bus_type mdev_bus_type;

int mdev_bus_init(void);
void mdev_bus_exit(void);
int mdev_class_link(struct device *dev);
void mdev_class_unlink(struct device *dev);

/* Life of an instance: mdev_device.c */
int mdev_create(struct mdev_type *type, const guid_t *uuid);
void mdev_destroy(struct mdev_device *mdev);

/* Types in sysfs: mdev_type.c */
int mdev_type_add(struct mdev_type *type, struct mdev_parent *parent);
void mdev_type_del(struct mdev_type *type);

#endif /* MDEV_PRIV_H */
