/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The group of a VFIO device, /dev/vfio/<number>, as thin as the ioctls are:
 * everything returns -errno.
 */
#ifndef LIBVFIO_GROUP_H
#define LIBVFIO_GROUP_H

#include <stddef.h>
#include <linux/types.h>

int vfio_group_path(const char *bdf, char *path, size_t len);
int vfio_group_open(const char *bdf);

/* *@flags: VFIO_GROUP_FLAGS_* */
int vfio_group_status(int group, u32 *flags);
/* @container: a container or an iommufd */
int vfio_group_set_container(int group, int container);
int vfio_group_unset_container(int group);
/* A file of the device of that name, with what may follow the name. */
int vfio_group_get_device(int group, const char *name);

#endif /* LIBVFIO_GROUP_H */
