// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the user for drivers of emulated devices: pages to keep, and copies.
 *
 * The device does no DMA that an IOMMU would translate.  Its driver looks up what
 * the user has mapped at an address, wherever that was: in the container that the
 * device's group was in when the device was opened, or in the IOAS that it is
 * attached to.
 *
 * No state: vfio_device.seat and .iommufd_access don't change while the device is
 * open, and only drivers of open devices may call this.
 */
#include <linux/export.h>
#include <linux/iommufd.h>
#include <linux/overflow.h>
#include <linux/sched.h>

#include "vfio.h"

/* NULL if it is bound to no iommufd, or is no emulated device */
static struct iommufd_access *vfio_device_access(struct vfio_device *device)
{
#if IS_ENABLED(CONFIG_IOMMUFD)
	return device->iommufd_access;
#else
	return NULL;
#endif
}

/* It is the driver's mistake if not, and it would get somebody else's memory */
static bool vfio_device_is_open(struct vfio_device *device)
{
	return !WARN_ON_ONCE(!READ_ONCE(device->open_count));
}

/* The bytes of @npage pages from @iova, which iommufd counts in longs */
static int vfio_pages_length(dma_addr_t iova, int npage, unsigned long *length)
{
	dma_addr_t last;

	if (check_mul_overflow((unsigned long)npage, PAGE_SIZE, length) ||
	    check_add_overflow(iova, *length - 1, &last))
		return -EOVERFLOW;
	return 0;
}

/**
 * vfio_pin_pages() - Get at pages that the user has mapped, and keep them there
 * @device: open emulated device; its driver has a dma_unmap operation
 * @iova: where the first page is mapped; what is below the size of a page is
 *        ignored
 * @npage: how many, 1 to VFIO_PIN_PAGES_MAX_ENTRIES
 * @prot: IOMMU_READ, IOMMU_WRITE: what the driver is going to do with the pages
 * @pages: where to store them
 *
 * Pages stay pinned until vfio_unpin_pages(), which the driver calls from its
 * dma_unmap operation at the latest.  They may be pinned more than once.  Pages that
 * may be written count as dirty.
 *
 * Context: May sleep.
 * Return: @npage; or nothing is pinned, and -EINVAL for arguments out of range, a
 * device that is not open (with a warning) or not attached, a driver without
 * dma_unmap, an address without mapping; -E2BIG for too many pages; -EOVERFLOW the
 * range wraps; -EPERM the mapping does not allow @prot; -EACCES the container keeps
 * no record (type1 v1); -EBUSY an address of user space has been declared invalid;
 * -ENOTTY the backend cannot; -ENOENT, of iommufd, for an address without mapping;
 * -ENOMEM, -EFAULT.
 */
int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova, int npage, int prot,
		   struct page **pages)
{
	struct iommufd_access *access = vfio_device_access(device);
	unsigned long length;
	int ret;

	if (!pages || npage <= 0 || !device->ops->dma_unmap || !vfio_device_is_open(device))
		return -EINVAL;
	iova = ALIGN_DOWN(iova, PAGE_SIZE);

	if (device->seat && npage > VFIO_PIN_PAGES_MAX_ENTRIES)
		return -E2BIG;
	ret = vfio_pages_length(iova, npage, &length);
	if (ret)
		return ret;
	if (device->seat)
		return vfio_container_pin_pages(device->seat, iova, npage, prot, pages);

	if (!access || iova > ULONG_MAX)
		return -EINVAL;
	ret = iommufd_access_pin_pages(access, iova, length, pages,
				       prot & IOMMU_WRITE ? IOMMUFD_ACCESS_RW_WRITE : 0);
	return ret ?: npage;
}
EXPORT_SYMBOL(vfio_pin_pages);

/**
 * vfio_unpin_pages() - Undo vfio_pin_pages()
 * @device: the same device, still open
 * @iova: where the first page is mapped, as for vfio_pin_pages()
 * @npage: how many
 *
 * Warns about arguments that vfio_pin_pages() can't have had, and does nothing.
 *
 * Context: May sleep.
 */
void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage)
{
	struct iommufd_access *access = vfio_device_access(device);
	unsigned long length;

	if (WARN_ON(npage <= 0 || !device->ops->dma_unmap) || !vfio_device_is_open(device))
		return;
	iova = ALIGN_DOWN(iova, PAGE_SIZE);
	if (WARN_ON(vfio_pages_length(iova, npage, &length)))
		return;

	if (device->seat)
		vfio_container_unpin_pages(device->seat, iova, npage);
	else if (!WARN_ON(!access || iova > ULONG_MAX))
		iommufd_access_unpin_pages(access, iova, length);
}
EXPORT_SYMBOL(vfio_unpin_pages);

/**
 * vfio_dma_rw() - Copy to or from memory that the user has mapped
 * @device: open emulated device
 * @iova: where the memory is mapped
 * @data: the kernel's side
 * @len: bytes
 * @write: to the user's memory, which is marked as dirty; from there if false
 *
 * Nothing needs to be pinned.  Works in the task of the user as well as in threads
 * of the kernel.
 *
 * Context: May sleep.
 * Return: 0; or part of it may have been copied, and -EINVAL for arguments out of
 * range, a device that is not open (with a warning) or not attached, an address
 * without mapping; -EOVERFLOW the range wraps; -EPERM the mapping does not allow it;
 * -EBUSY an address of user space has been declared invalid; -ENOTTY the backend
 * cannot; -ENOENT, of iommufd, for an address without mapping; -EFAULT.
 */
int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data, size_t len, bool write)
{
	struct iommufd_access *access = vfio_device_access(device);
	unsigned int flags = 0;
	dma_addr_t last;

	if (!data || !len || !vfio_device_is_open(device))
		return -EINVAL;
	if (check_add_overflow(iova, len - 1, &last))
		return -EOVERFLOW;
	if (device->seat)
		return vfio_container_dma_rw(device->seat, iova, data, len, write);

	if (!access || iova > ULONG_MAX)
		return -EINVAL;
	if (write)
		flags |= IOMMUFD_ACCESS_RW_WRITE;
	if (!current->mm)
		flags |= IOMMUFD_ACCESS_RW_KTHREAD;
	return iommufd_access_rw(access, iova, data, len, flags);
}
EXPORT_SYMBOL(vfio_dma_rw);
