// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that nothing confines: whether the administrator allows them, and the
 * backend of their containers, which maps nothing.
 *
 * A program with such a device can read and write all of memory, by telling the
 * device to.  It has to find out physical addresses by itself.
 *
 * Owns the module parameter.  Called by iommu_driver.c, vfio_main.c.
 */
#include <linux/capability.h>
#include <linux/module.h>

#include "vfio.h"

static bool enable_unsafe_noiommu_mode;
module_param(enable_unsafe_noiommu_mode, bool, 0644);
MODULE_PARM_DESC(enable_unsafe_noiommu_mode,
		 "Hand out devices that no IOMMU guards: their users can read and write all memory. Taints the kernel.");

/**
 * vfio_noiommu_allowed() - Has the administrator put up with the danger?
 *
 * Context: Any.
 * Return: true if devices without an IOMMU may be registered, and used by means of
 * a container, from now on.
 */
bool vfio_noiommu_allowed(void)
{
	return READ_ONCE(enable_unsafe_noiommu_mode);
}

static void *vfio_noiommu_open(unsigned long arg)
{
	if (arg != VFIO_NOIOMMU_IOMMU)
		return ERR_PTR(-EINVAL);
	if (!capable(CAP_SYS_RAWIO))
		return ERR_PTR(-EPERM);
	return NULL;
}

static void vfio_noiommu_release(void *data)
{
}

static long vfio_noiommu_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	if (cmd == VFIO_CHECK_EXTENSION)
		return arg == VFIO_NOIOMMU_IOMMU && vfio_noiommu_allowed();
	return -ENOTTY;
}

/* The container has seen to it that all its groups are of the same kind */
static int vfio_noiommu_attach_group(void *data, struct iommu_group *group,
				     enum vfio_group_type type)
{
	return 0;
}

static void vfio_noiommu_detach_group(void *data, struct iommu_group *group)
{
}

/*
 * Not among the registered ones: it never serves the groups that they do, and
 * the other way round.
 */
const struct vfio_iommu_driver_ops vfio_noiommu_driver_ops = {
	.name		= "vfio-noiommu",
	.owner		= THIS_MODULE,
	.open		= vfio_noiommu_open,
	.release	= vfio_noiommu_release,
	.ioctl		= vfio_noiommu_ioctl,
	.attach_group	= vfio_noiommu_attach_group,
	.detach_group	= vfio_noiommu_detach_group,
};
