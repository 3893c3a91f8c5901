/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices in sysfs. A parent is named as in class mdev_bus ("mdpy"), a
 * type by the last part of its name ("vga", of "mdpy-vga"), an instance by its
 * UUID, which also stands for a BDF where the library wants one. Everything
 * returns 0 or -errno, if nothing else is said.
 */
#ifndef LIBVFIO_MDEV_H
#define LIBVFIO_MDEV_H

#include <stddef.h>
#include <linux/types.h>

/*
 * Load the sample driver whose parent has the module's name: NULL, or why that
 * can't be done.
 */
const char *mdev_load(const char *module);
/* With all its instances, but not while one is open. */
int mdev_unload(const char *module);

/* The path of a file of a type. */
void mdev_type_path(char *path, const char *parent, const char *type,
		    const char *file);
/* The whole file, with its newline. */
int mdev_type_text(const char *parent, const char *type, const char *file,
		   char *buf, size_t len);
/* How many more instances there may be. */
int mdev_available(const char *parent, const char *type);

/* @uuid: what is written, whatever it is */
int mdev_create(const char *parent, const char *type, const char *uuid);
int mdev_remove(const char *uuid);

#endif /* LIBVFIO_MDEV_H */
