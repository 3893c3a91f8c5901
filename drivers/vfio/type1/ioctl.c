// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a container that type1 serves, and who answers them.
 *
 * No state.  They run beside one another, but never beside attaching or
 * detaching of a group.
 */
#include <linux/array_size.h>
#include <linux/errno.h>
#include <linux/uaccess.h>

#include "type1.h"

/**
 * struct ioctl_entry - Who answers an ioctl
 * @cmd: its number
 * @fn: the function; @uarg is the argument
 */
struct ioctl_entry {
	unsigned int cmd;
	long (*fn)(struct type1 *t, void __user *uarg);
};

static const struct ioctl_entry ioctls[] = {
	{ VFIO_IOMMU_MAP_DMA,		type1_ioctl_map_dma },
	{ VFIO_IOMMU_UNMAP_DMA,		type1_ioctl_unmap_dma },
	{ VFIO_IOMMU_DIRTY_PAGES,	type1_ioctl_dirty_pages },
	{ VFIO_IOMMU_GET_INFO,		type1_ioctl_get_info },
};

/**
 * type1_ioctl() - An ioctl of the container
 * @data: struct type1; NULL for VFIO_CHECK_EXTENSION before VFIO_SET_IOMMU
 * @cmd: its number
 * @arg: its argument
 *
 * Context: Process context, may sleep; no lock.
 * Return: what the function in the table says; -ENOTTY for what is not there.
 */
long type1_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	unsigned int i;

	if (cmd == VFIO_CHECK_EXTENSION)
		return type1_check_extension(data, arg);
	for (i = 0; i < ARRAY_SIZE(ioctls); i++)
		if (ioctls[i].cmd == cmd)
			return ioctls[i].fn(data, (void __user *)arg);
	return -ENOTTY;
}
