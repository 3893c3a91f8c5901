// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions that a driver adds to those of every PCI device: the list of them,
 * and all checks that don't depend on what is in them.
 *
 * The list grows while the device is being opened and goes with the last
 * close, both under dev_set->lock; in between it is constant and read without
 * a lock.  Called from drivers to fill it, and from vfio_pci_region.c for
 * indexes that no region of the PCI bus has.
 */

#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "vfio_pci_priv.h"

/* More than any driver has use for: user space cannot make the list grow */
#define VFIO_PCI_MAX_DEV_REGIONS	32

#define VFIO_PCI_DEV_REGION_FLAGS	(VFIO_REGION_INFO_FLAG_READ | \
					 VFIO_REGION_INFO_FLAG_WRITE | \
					 VFIO_REGION_INFO_FLAG_MMAP)

static bool vfio_pci_dev_region_valid(const struct vfio_pci_regops *ops, u64 size, u32 flags)
{
	if (!size || size - 1 > VFIO_PCI_OFFSET_MASK || flags & ~VFIO_PCI_DEV_REGION_FLAGS)
		return false;
	if (flags & (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE) && !ops->rw)
		return false;
	return !(flags & VFIO_REGION_INFO_FLAG_MMAP) || ops->mmap;
}

/**
 * vfio_pci_core_register_dev_region() - Add a region to a device
 * @vdev: device between vfio_pci_core_enable() and
 *        vfio_pci_core_finish_enable()
 * @type: VFIO_REGION_TYPE_*, or VFIO_REGION_TYPE_PCI_VENDOR_TYPE with the id of
 *        a PCI vendor: what user space finds the region by
 * @subtype: VFIO_REGION_SUBTYPE_* of that type
 * @ops: what can be done with the region, constant
 * @size: bytes, 1 to 2^40
 * @flags: VFIO_REGION_INFO_FLAG_READ, _WRITE and _MMAP; what is not among them
 *         is refused without asking @ops
 * @data: the driver's; given back through @ops->release
 *
 * The region gets the next free index.  It goes when the device is closed, or
 * when vfio_pci_core_disable() is called because opening it fails.
 *
 * Return: 0; -EINVAL for a size or flags that cannot be, or operations that
 * don't do what @flags promise; -ENOSPC too many regions; -ENOMEM.  On failure
 * @data remains the caller's.
 *
 * Context: process context, may sleep; dev_set->lock held
 */
int vfio_pci_core_register_dev_region(struct vfio_pci_core_device *vdev, unsigned int type,
				      unsigned int subtype, const struct vfio_pci_regops *ops,
				      size_t size, u32 flags, void *data)
{
	struct vfio_pci_region *regions;

	lockdep_assert_held(&vdev->vdev.dev_set->lock);

	if (!vfio_pci_dev_region_valid(ops, size, flags))
		return -EINVAL;
	if (vdev->num_dev_regions >= VFIO_PCI_MAX_DEV_REGIONS)
		return -ENOSPC;

	regions = krealloc_array(vdev->dev_regions, vdev->num_dev_regions + 1, sizeof(*regions),
				 GFP_KERNEL_ACCOUNT);
	if (!regions)
		return -ENOMEM;

	vdev->dev_regions = regions;
	regions[vdev->num_dev_regions] = (struct vfio_pci_region) {
		.type = type,
		.subtype = subtype,
		.flags = flags,
		.size = size,
		.ops = ops,
		.data = data,
	};
	vdev->num_dev_regions++;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_register_dev_region);

/**
 * vfio_pci_dev_regions_free() - Take all regions of the driver away
 * @vdev: device that is being closed; nobody uses its regions any more
 *
 * The last one goes first.
 *
 * Context: process context, may sleep; dev_set->lock held
 */
void vfio_pci_dev_regions_free(struct vfio_pci_core_device *vdev)
{
	lockdep_assert_held(&vdev->vdev.dev_set->lock);

	while (vdev->num_dev_regions) {
		struct vfio_pci_region *region = &vdev->dev_regions[--vdev->num_dev_regions];

		if (region->ops->release)
			region->ops->release(vdev, region);
	}
	kfree(vdev->dev_regions);
	vdev->dev_regions = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dev_regions_free);

/* The user has chosen @index; the caller knows that such a region exists */
static const struct vfio_pci_region *
vfio_pci_dev_region(struct vfio_pci_core_device *vdev, u64 index)
{
	index -= VFIO_PCI_NUM_REGIONS;
	return &vdev->dev_regions[array_index_nospec(index, vdev->num_dev_regions)];
}

/**
 * vfio_pci_dev_region_info() - Describe a region of the driver
 * @vdev: open device
 * @info: index is that of a region of the driver; size and flags are filled in
 * @caps: chain; what kind of region it is comes first
 *
 * Return: 0, -ENOMEM, or what the driver's add_capability returns
 */
int vfio_pci_dev_region_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
			     struct vfio_info_cap *caps)
{
	const struct vfio_pci_region *region = vfio_pci_dev_region(vdev, info->index);
	struct vfio_region_info_cap_type cap = {
		.header.id = VFIO_REGION_INFO_CAP_TYPE,
		.header.version = 1,
		.type = region->type,
		.subtype = region->subtype,
	};
	int ret;

	info->size = region->size;
	info->flags = region->flags;

	ret = vfio_info_add_capability(caps, &cap.header, sizeof(cap));
	if (ret || !region->ops->add_capability)
		return ret;
	return region->ops->add_capability(vdev, region, caps);
}

/**
 * vfio_pci_dev_region_rw() - read() and write() on a region of the driver
 * @vdev: open device
 * @buf: the user's buffer
 * @count: bytes, at least 1, cut off at the end of the region
 * @ppos: file position in a region of the driver; advanced by what was done
 * @iswrite: from the user to the region
 *
 * Return: bytes done; -EINVAL if the region cannot be read or written or
 * @ppos is not in it; or what the driver's rw returns
 *
 * Context: process context; sleeps, faults
 */
ssize_t vfio_pci_dev_region_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			       loff_t *ppos, bool iswrite)
{
	const struct vfio_pci_region *region =
		vfio_pci_dev_region(vdev, VFIO_PCI_OFFSET_TO_INDEX((u64)*ppos));
	u32 need = iswrite ? VFIO_REGION_INFO_FLAG_WRITE : VFIO_REGION_INFO_FLAG_READ;
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	ssize_t done;

	if (!(region->flags & need) || pos >= region->size)
		return -EINVAL;
	count = min_t(u64, count, region->size - pos);

	done = region->ops->rw(vdev, region, buf, count, pos, iswrite);
	if (done > 0)
		*ppos += done;
	return done;
}

/**
 * vfio_pci_dev_region_mmap() - mmap() of a region of the driver
 * @vdev: open device
 * @index: that of a region of the driver
 * @vma: shared mapping whose vm_pgoff lies in the region
 *
 * Return: -EINVAL if the region cannot be mapped or @vma does not lie in it
 * (rounded up to pages); else what the driver's mmap returns
 */
int vfio_pci_dev_region_mmap(struct vfio_pci_core_device *vdev, unsigned int index,
			     struct vm_area_struct *vma)
{
	const struct vfio_pci_region *region = vfio_pci_dev_region(vdev, index);
	u64 first = vma->vm_pgoff & (VFIO_PCI_OFFSET_MASK >> PAGE_SHIFT);
	u64 pages = DIV_ROUND_UP_ULL((u64)region->size, PAGE_SIZE);

	if (!(region->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return -EINVAL;
	if (first >= pages || vma_pages(vma) > pages - first)
		return -EINVAL;
	return region->ops->mmap(vdev, region, vma);
}
