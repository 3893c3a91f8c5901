/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices: a device of the host that is handed out in instances, each of
 * which its driver makes up.
 *
 * A parent is the device that can be divided, a type is a way to divide it, and
 * an instance is a device on bus "mdev" that user space makes in sysfs.  See
 * Documentation/driver-api/vfio-mediated-device.rst.
 */
#ifndef MDEV_H
#define MDEV_H

#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/uuid.h>

struct mdev_type;
struct mdev_type_dir;

/**
 * enum mdev_stage - How far an instance is
 * @MDEV_CREATING: it has its name and nothing else that can be relied on
 * @MDEV_LIVE: complete; who wants to remove it has to claim it
 * @MDEV_GOING: claimed by the one who removes it
 */
enum mdev_stage {
	MDEV_CREATING,
	MDEV_LIVE,
	MDEV_GOING,
};

/**
 * struct mdev_device - An instance of a parent
 * @dev: the device on bus "mdev", a child of the parent's device, named by @uuid
 * @uuid: what user space calls it; constant
 * @type: type that it was made from; constant, valid until the driver's remove
 *        returns
 * @entry: link in the list of all instances; the core's
 * @stage: protected by the lock of that list; the core's
 */
struct mdev_device {
	struct device dev;
	guid_t uuid;
	struct mdev_type *type;
	struct list_head entry;
	enum mdev_stage stage;
};

/**
 * to_mdev_device() - From the device on the bus to the instance
 * @dev: struct device of an instance
 *
 * Return: the struct mdev_device that @dev is a member of.
 */
static inline struct mdev_device *to_mdev_device(struct device *dev)
{
	return container_of(dev, struct mdev_device, dev);
}

/**
 * mdev_dev() - From the instance to the device on the bus
 * @mdev: instance
 *
 * Return: its struct device.
 */
static inline struct device *mdev_dev(struct mdev_device *mdev)
{
	return &mdev->dev;
}

/**
 * struct mdev_type - A kind of instance that a parent offers
 * @sysfs_name: last part of the name of its directory; the driver's
 * @pretty_name: what people should read instead, or NULL; the driver's
 * @parent: whose type this is; set by mdev_register_parent()
 * @dir: its directory in sysfs; the core's
 *
 * The driver embeds it, and may free it once mdev_unregister_parent() has returned.
 */
struct mdev_type {
	const char *sysfs_name;
	const char *pretty_name;
	struct mdev_parent *parent;
	struct mdev_type_dir *dir;
};

/**
 * struct mdev_driver - A driver of instances
 * @device_api: what user space finds in an instance, one of the VFIO_DEVICE_API_*
 *              strings of <linux/vfio.h>
 * @max_instances: how many instances each parent has room for, of all types
 *                 together; read when a parent is registered; without meaning if
 *                 there is a @get_available
 * @probe: make the instance work, and register it with VFIO; an error is what the
 *         user who creates it gets
 * @remove: undo @probe; may sleep for as long as the instance is in use
 * @get_available: how many more instances of this type there could be, for user
 *                 space to read; then it is @probe that refuses; optional
 * @show_description: write text about the type, and a newline, as sysfs's show
 *                    operations do; optional
 * @driver: name, owner and attributes; the core fills in the bus
 */
struct mdev_driver {
	const char *device_api;
	unsigned int max_instances;
	int (*probe)(struct mdev_device *mdev);
	void (*remove)(struct mdev_device *mdev);
	unsigned int (*get_available)(struct mdev_type *type);
	ssize_t (*show_description)(struct mdev_type *type, char *buf);
	struct device_driver driver;
};

/**
 * struct mdev_parent - A device that is handed out in instances
 * @dev: the device; constant while the parent is registered
 * @driver: driver of its instances; constant
 * @types: what it offers; constant
 * @nr_types: how many @types there are
 * @types_dir: the directory of the types in sysfs
 * @available: instances that may still be made, if @driver leaves counting to the
 *             core; protected by the lock of the list of instances
 * @open: instances can be made; protected by the same lock
 * @in_class: the link in class mdev_bus leads here; constant
 *
 * All but @dev is the core's.
 */
struct mdev_parent {
	struct device *dev;
	struct mdev_driver *driver;
	struct mdev_type **types;
	unsigned int nr_types;
	struct kobject *types_dir;
	unsigned int available;
	bool open;
	bool in_class;
};

int mdev_register_parent(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver, struct mdev_type **types,
			 unsigned int nr_types);
void mdev_unregister_parent(struct mdev_parent *parent);

int mdev_register_driver(struct mdev_driver *drv);
void mdev_unregister_driver(struct mdev_driver *drv);

#endif /* MDEV_H */
