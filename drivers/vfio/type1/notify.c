// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling drivers of emulated devices that memory which they have pinned is to
 * be unmapped.
 *
 * Owns type1.devices under type1.devices_lock.  Called by unmap.c before it
 * takes a mapping apart, and by the core when an emulated device is opened and
 * closed.
 *
 * A driver's dma_unmap operation takes locks of the driver, which its other
 * threads hold while they pin pages.  So nothing that type1_pin_pages(),
 * type1_unpin_pages() or type1_dma_rw() wait for may be held meanwhile: neither
 * type1.lock nor a mapping (type1_dma_begin()).
 */
#include "type1.h"

/**
 * type1_register_device() - A device wants to hear of unmapping,
 *                           vfio_iommu_driver_ops.register_device
 * @data: the container's struct type1
 * @vdev: emulated device that is being opened, with a dma_unmap operation
 *
 * Context: Sleeps.
 */
void type1_register_device(void *data, struct vfio_device *vdev)
{
	struct type1 *t = data;

	guard(mutex)(&t->devices_lock);
	list_add_tail(&vdev->backend_entry, &t->devices);
}

/**
 * type1_unregister_device() - Undo type1_register_device(),
 *                             vfio_iommu_driver_ops.unregister_device
 * @data: the container's struct type1
 * @vdev: device that has been closed
 *
 * Context: Sleeps until no dma_unmap operation runs.
 */
void type1_unregister_device(void *data, struct vfio_device *vdev)
{
	struct type1 *t = data;

	guard(mutex)(&t->devices_lock);
	list_del(&vdev->backend_entry);
}

/**
 * type1_notify_unmap() - Have pages unpinned
 * @t: the container
 * @iova: first IOVA that is to be unmapped
 * @size: bytes
 *
 * Every device is told, for who has pinned a page is not recorded.  When this
 * returns, drivers that are correct have nothing pinned there, unless they have
 * pinned it anew meanwhile.
 *
 * Context: Sleeps.  Neither type1.lock nor a busy mapping is held by the caller.
 */
void type1_notify_unmap(struct type1 *t, u64 iova, u64 size)
{
	struct vfio_device *vdev;

	lockdep_assert_not_held(&t->lock);

	guard(mutex)(&t->devices_lock);
	list_for_each_entry(vdev, &t->devices, backend_entry)
		vdev->ops->dma_unmap(vdev, iova, size);
}
