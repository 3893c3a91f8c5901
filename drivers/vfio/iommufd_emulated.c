// SPDX-License-Identifier: GPL-2.0-only
/*
 * Emulated devices and iommufd: operations that drivers put into their struct
 * vfio_device_ops.  Such a device is an "access" to iommufd: no page table is made
 * for it, its driver asks for pages and copies.
 *
 * Owns vfio_device.iommufd_access, and .iommufd_attached of emulated devices.  All
 * functions run with dev_set->lock held, but for the notification that memory is
 * unmapped.  Called by device_cdev.c and group_file.c; dma.c uses the access.
 */
#include <linux/iommufd.h>
#include <linux/module.h>

#include "vfio.h"

/* Pages are pinned in the range: they must not be when this returns */
static void vfio_iommufd_access_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct vfio_device *device = data;

	/* Without it vfio_pin_pages() refuses */
	if (device->ops->dma_unmap)
		device->ops->dma_unmap(device, iova, length);
}

static const struct iommufd_access_ops vfio_iommufd_access_ops = {
	.needs_pin_pages = 1,
	.unmap = vfio_iommufd_access_unmap,
};

/**
 * vfio_iommufd_emulated_bind() - Make an emulated device an object of an iommufd
 * @device: device that is bound to no iommufd
 * @ictx: the iommufd
 * @devid: where to store the id of the object
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -ENOMEM.
 */
int vfio_iommufd_emulated_bind(struct vfio_device *device, struct iommufd_ctx *ictx, u32 *devid)
{
	struct iommufd_access *access;

	lockdep_assert_held(&device->dev_set->lock);

	access = iommufd_access_create(ictx, &vfio_iommufd_access_ops, device, devid);
	if (!IS_ERR(access))
		device->iommufd_access = access;
	return PTR_ERR_OR_ZERO(access);
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_bind);

/**
 * vfio_iommufd_emulated_unbind() - Detach an emulated device and unbind it
 * @device: device after vfio_iommufd_emulated_bind(), closed, with nothing pinned
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_iommufd_emulated_unbind(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	vfio_iommufd_emulated_detach_ioas(device);
	iommufd_access_destroy(device->iommufd_access);
	device->iommufd_access = NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_unbind);

/**
 * vfio_iommufd_emulated_attach_ioas() - Let an emulated device see mapped memory
 * @device: bound device
 * @pt_id: id of an IOAS; stays what it is
 *
 * A device that is attached already changes over; the driver is told to let go of
 * all it has pinned.
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -EINVAL when the device is not bound, -ENOENT no such id, -ENOMEM, or
 * what iommufd says.
 */
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *device, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (!device->iommufd_access)
		return -EINVAL;

	if (device->iommufd_attached)
		return iommufd_access_replace(device->iommufd_access, *pt_id);

	ret = iommufd_access_attach(device->iommufd_access, *pt_id);
	device->iommufd_attached = !ret;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_attach_ioas);

/**
 * vfio_iommufd_emulated_detach_ioas() - Let an emulated device see no memory
 * @device: device, bound and attached or not; the driver is told to let go of all
 *          it has pinned
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	if (!device->iommufd_access || !device->iommufd_attached)
		return;
	iommufd_access_detach(device->iommufd_access);
	device->iommufd_attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_detach_ioas);
