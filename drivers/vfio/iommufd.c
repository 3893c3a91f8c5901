// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical devices and iommufd: operations that drivers put into their
 * struct vfio_device_ops, and questions about the iommufd of a device.
 *
 * Owns vfio_device.iommufd_device, .pasids and .iommufd_attached.  All
 * functions run with dev_set->lock held; only open devices get to the
 * operations.  They are called by device_cdev.c and group_file.c, the questions by
 * drivers.
 */
#include <linux/iommufd.h>
#include <linux/module.h>

#include "vfio.h"

MODULE_IMPORT_NS("IOMMUFD");
MODULE_IMPORT_NS("IOMMUFD_VFIO");

/**
 * vfio_iommufd_device_ictx() - The iommufd that a device is bound to
 * @device: any device
 *
 * Context: dev_set->lock is held, the pointer is good for that long; an
 * operation of an open device may also compare it without.
 * Return: the iommufd, no reference; NULL if it is bound to none.
 */
struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *device)
{
	return device->iommufd_device ? iommufd_device_to_ictx(device->iommufd_device) : NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_device_ictx);

/* Does an iommufd own DMA of the device's group, by another device in it? */
static bool vfio_iommufd_owns_group(struct vfio_device *device, struct iommufd_ctx *ictx)
{
	struct iommu_group *group = iommu_group_get(device->dev);
	bool owned;

	if (!group)
		return false;
	owned = iommufd_ctx_has_group(ictx, group);
	iommu_group_put(group);
	return owned;
}

/**
 * vfio_iommufd_get_dev_id() - What is a device to the owner of an iommufd?
 * @device: any device
 * @ictx: the iommufd, or NULL which owns nothing
 *
 * A device that is not bound at all belongs to @ictx, too, if another device
 * of its IOMMU group does: nobody else can get it then.
 *
 * Context: dev_set->lock is held.
 * Return: the id (above 0) of a device that is bound to @ictx,
 * VFIO_PCI_DEVID_OWNED for one that belongs to it without an id,
 * VFIO_PCI_DEVID_NOT_OWNED for all others.
 */
int vfio_iommufd_get_dev_id(struct vfio_device *device, struct iommufd_ctx *ictx)
{
	lockdep_assert_held(&device->dev_set->lock);

	if (!ictx)
		return VFIO_PCI_DEVID_NOT_OWNED;
	if (vfio_iommufd_device_ictx(device) == ictx)
		return iommufd_device_to_id(device->iommufd_device);
	if (vfio_iommufd_owns_group(device, ictx))
		return VFIO_PCI_DEVID_OWNED;
	return VFIO_PCI_DEVID_NOT_OWNED;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_get_dev_id);

/**
 * vfio_iommufd_physical_bind() - Make a device an object of an iommufd
 * @device: device that is bound to no iommufd
 * @ictx: the iommufd
 * @devid: where to store the id of the object
 *
 * From here on the device can do no DMA but what user space maps for it.
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -EBUSY when a host driver owns DMA of the device's group, -EINVAL
 * when its DMA is not cache coherent, -EPERM when its interrupts are not
 * isolated and the administrator has not allowed that, -ENODEV, -ENOMEM.
 */
int vfio_iommufd_physical_bind(struct vfio_device *device, struct iommufd_ctx *ictx, u32 *devid)
{
	struct iommufd_device *bound;

	lockdep_assert_held(&device->dev_set->lock);

	bound = iommufd_device_bind(ictx, device->dev, devid);
	if (!IS_ERR(bound)) {
		ida_init(&device->pasids);
		device->iommufd_device = bound;
	}
	return PTR_ERR_OR_ZERO(bound);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_bind);

/**
 * vfio_iommufd_physical_unbind() - Detach a device from everything and unbind it
 * @device: device after vfio_iommufd_physical_bind()
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_iommufd_physical_unbind(struct vfio_device *device)
{
	int pasid;

	lockdep_assert_held(&device->dev_set->lock);

	while ((pasid = ida_find_first(&device->pasids)) >= 0)
		vfio_iommufd_physical_pasid_detach_ioas(device, pasid);
	vfio_iommufd_physical_detach_ioas(device);

	iommufd_device_unbind(device->iommufd_device);
	device->iommufd_device = NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_unbind);

/**
 * vfio_iommufd_physical_attach_ioas() - Let a device do DMA through page tables
 * @device: bound device
 * @pt_id: in: id of an IOAS or a HWPT; out: id of the HWPT that is used
 *
 * A device that is attached already changes over without a moment in which
 * its DMA goes nowhere; if that fails, the old attachment stays.
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -EINVAL when the device is not bound or the page table does not
 * fit it, -ENOENT no such id, -EBUSY, -ENOMEM, or what the IOMMU says.
 */
int vfio_iommufd_physical_attach_ioas(struct vfio_device *device, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (!device->iommufd_device)
		return -EINVAL;

	if (device->iommufd_attached)
		return iommufd_device_replace(device->iommufd_device, IOMMU_NO_PASID, pt_id);

	ret = iommufd_device_attach(device->iommufd_device, IOMMU_NO_PASID, pt_id);
	device->iommufd_attached = !ret;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_attach_ioas);

/**
 * vfio_iommufd_physical_detach_ioas() - End DMA that is not tagged by a PASID
 * @device: bound device, attached or not
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_iommufd_physical_detach_ioas(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	if (!device->iommufd_device || !device->iommufd_attached)
		return;
	iommufd_device_detach(device->iommufd_device, IOMMU_NO_PASID);
	device->iommufd_attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_detach_ioas);

/**
 * vfio_iommufd_physical_pasid_attach_ioas() - Let one PASID do DMA
 * @device: bound device
 * @pasid: number that the device puts on its DMA (PCIe r6.0 sec. 6.20), given
 *         by user space; iommufd refuses what the device cannot do
 * @pt_id: as in vfio_iommufd_physical_attach_ioas()
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -EINVAL when the device is not bound, @pasid is out of range or
 * the page table does not fit, -ENOENT no such id, -EBUSY, -ENOMEM, or what
 * the IOMMU says.
 */
int vfio_iommufd_physical_pasid_attach_ioas(struct vfio_device *device, u32 pasid, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (!device->iommufd_device)
		return -EINVAL;

	if (ida_exists(&device->pasids, pasid))
		return iommufd_device_replace(device->iommufd_device, pasid, pt_id);

	/* The number is reserved first: what follows it can be undone */
	ret = ida_alloc_range(&device->pasids, pasid, pasid, GFP_KERNEL);
	if (ret < 0)
		return ret;
	ret = iommufd_device_attach(device->iommufd_device, pasid, pt_id);
	if (ret)
		ida_free(&device->pasids, pasid);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_pasid_attach_ioas);

/**
 * vfio_iommufd_physical_pasid_detach_ioas() - End DMA of one PASID
 * @device: bound device
 * @pasid: attached or not
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_iommufd_physical_pasid_detach_ioas(struct vfio_device *device, u32 pasid)
{
	lockdep_assert_held(&device->dev_set->lock);

	if (!device->iommufd_device || !ida_exists(&device->pasids, pasid))
		return;
	iommufd_device_detach(device->iommufd_device, pasid);
	ida_free(&device->pasids, pasid);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_pasid_detach_ioas);

/**
 * vfio_iommufd_attach_compat_ioas() - Attach a device that came by its group
 * @device: bound device, physical or emulated
 * @ictx: the iommufd that stands for a container
 *
 * All devices of all groups share the one IOAS that stands for the mappings of a
 * container.
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -ENODEV there is no such IOAS (any more), or what the driver's
 * attach_ioas says.
 */
int vfio_iommufd_attach_compat_ioas(struct vfio_device *device, struct iommufd_ctx *ictx)
{
	u32 ioas_id;
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	ret = iommufd_vfio_compat_ioas_get_id(ictx, &ioas_id);
	if (ret)
		return ret;
	return device->ops->attach_ioas(device, &ioas_id);
}
