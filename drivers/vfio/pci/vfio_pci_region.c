// SPDX-License-Identifier: GPL-2.0-only
/*
 * The regions of a device file: what VFIO_DEVICE_GET_REGION_INFO says about
 * each, and where read(), write() and mmap() go.  Upper bits of a file offset
 * select the region.  No lock of its own; what a region needs, its owner
 * takes.
 */

#include <linux/mm.h>
#include <linux/nospec.h>

#include "vfio_pci_priv.h"

/**
 * struct vfio_pci_region_type - How one region works
 * @info: fill in size and flags, add capabilities; info->offset is done.
 *        Returns 0 or a negative errno
 * @rw: read or write at the position (region index included) and advance it; returns
 *      the bytes done or a negative errno
 * @mmap: map; NULL if the region cannot be
 */
struct vfio_pci_region_type {
	int (*info)(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
		    struct vfio_info_cap *caps);
	ssize_t (*rw)(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
		      loff_t *ppos, bool iswrite);
	int (*mmap)(struct vfio_pci_core_device *vdev, unsigned int index,
		    struct vm_area_struct *vma);
};

/* MSI-X table and all: the user may map it, the capability says so */
static int vfio_pci_bar_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
			     struct vfio_info_cap *caps)
{
	struct vfio_info_cap_header mappable = {
		.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
		.version = 1,
	};

	info->size = pci_resource_len(vdev->pdev, info->index);
	info->flags = 0;
	if (!info->size)
		return 0;

	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (!vdev->bar_mmap_supported[info->index])
		return 0;

	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (info->index != vdev->msix_bar)
		return 0;
	return vfio_info_add_capability(caps, &mappable, sizeof(mappable));
}

static int vfio_pci_config_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
				struct vfio_info_cap *caps)
{
	info->size = vdev->pdev->cfg_size;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	return 0;
}

static const struct vfio_pci_region_type vfio_pci_bar_region = {
	.info = vfio_pci_bar_info,
	.rw = vfio_pci_bar_rw,
	.mmap = vfio_pci_bar_mmap,
};

static const struct vfio_pci_region_type vfio_pci_rom_region = {
	.info = vfio_pci_rom_info,
	.rw = vfio_pci_rom_rw,
};

static const struct vfio_pci_region_type vfio_pci_config_region = {
	.info = vfio_pci_config_info,
	.rw = vfio_pci_config_rw,
};

#ifdef CONFIG_VFIO_PCI_VGA
static const struct vfio_pci_region_type vfio_pci_vga_region = {
	.info = vfio_pci_vga_info,
	.rw = vfio_pci_vga_rw,
};
#endif

static const struct vfio_pci_region_type vfio_pci_driver_region = {
	.info = vfio_pci_dev_region_info,
	.rw = vfio_pci_dev_region_rw,
	.mmap = vfio_pci_dev_region_mmap,
};

static const struct vfio_pci_region_type *const vfio_pci_regions[VFIO_PCI_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = &vfio_pci_bar_region,
	[VFIO_PCI_BAR1_REGION_INDEX] = &vfio_pci_bar_region,
	[VFIO_PCI_BAR2_REGION_INDEX] = &vfio_pci_bar_region,
	[VFIO_PCI_BAR3_REGION_INDEX] = &vfio_pci_bar_region,
	[VFIO_PCI_BAR4_REGION_INDEX] = &vfio_pci_bar_region,
	[VFIO_PCI_BAR5_REGION_INDEX] = &vfio_pci_bar_region,
	[VFIO_PCI_ROM_REGION_INDEX] = &vfio_pci_rom_region,
	[VFIO_PCI_CONFIG_REGION_INDEX] = &vfio_pci_config_region,
#ifdef CONFIG_VFIO_PCI_VGA
	[VFIO_PCI_VGA_REGION_INDEX] = &vfio_pci_vga_region,
#endif
};

/* NULL if there is no such region.  Else *@index is safe to use as an index */
static const struct vfio_pci_region_type *
vfio_pci_region_find(struct vfio_pci_core_device *vdev, u64 *index)
{
	const u64 count = VFIO_PCI_NUM_REGIONS + vdev->num_dev_regions;

	if (*index >= count)
		return NULL;
	*index = array_index_nospec(*index, count);
	if (*index >= VFIO_PCI_NUM_REGIONS)
		return &vfio_pci_driver_region;
	return vfio_pci_regions[array_index_nospec(*index, VFIO_PCI_NUM_REGIONS)];
}

static struct vfio_pci_core_device *to_pci_core(struct vfio_device *core_vdev)
{
	return container_of(core_vdev, struct vfio_pci_core_device, vdev);
}

/**
 * vfio_pci_ioctl_get_region_info() - Describe a region, get_region_info_caps
 * @core_vdev: open device
 * @info: index is set; flags, size and offset are filled in
 * @caps: chain to add capabilities to
 *
 * Return: 0; -EINVAL if there is no region of that index; -ENOMEM
 *
 * Context: process context, sleeps; takes memory_lock for writing
 */
int vfio_pci_ioctl_get_region_info(struct vfio_device *core_vdev, struct vfio_region_info *info,
				   struct vfio_info_cap *caps)
{
	struct vfio_pci_core_device *vdev = to_pci_core(core_vdev);
	const struct vfio_pci_region_type *type;
	u64 index = info->index;

	type = vfio_pci_region_find(vdev, &index);
	if (!type)
		return -EINVAL;

	info->index = index;
	info->offset = VFIO_PCI_INDEX_TO_OFFSET(index);
	return type->info(vdev, info, caps);
}
EXPORT_SYMBOL_GPL(vfio_pci_ioctl_get_region_info);

static ssize_t vfio_pci_region_rw(struct vfio_device *core_vdev, char __user *buf, size_t count,
				  loff_t *ppos, bool iswrite)
{
	struct vfio_pci_core_device *vdev = to_pci_core(core_vdev);
	u64 index = VFIO_PCI_OFFSET_TO_INDEX((u64)*ppos);
	const struct vfio_pci_region_type *type;
	ssize_t ret;

	if (!count)
		return 0;

	type = vfio_pci_region_find(vdev, &index);
	if (!type)
		return -EINVAL;

	ret = vfio_pci_wake(vdev);
	if (ret)
		return ret;
	ret = type->rw(vdev, buf, count, ppos, iswrite);
	vfio_pci_let_sleep(vdev);
	return ret;
}

/**
 * vfio_pci_core_read() - read() on the device file
 * @core_vdev: open device
 * @buf: the user's buffer
 * @count: bytes; 0 succeeds anywhere
 * @ppos: file position, advanced by what was read
 *
 * Return: bytes read, fewer than @count at the end of a region; -EINVAL no
 * such region or @ppos behind its end; -EFAULT; -EIO the memory is not there,
 * or the device does not wake up from low-power mode;
 * -EBUSY, -ENOMEM the BAR is not usable
 *
 * Context: process context, sleeps
 */
ssize_t vfio_pci_core_read(struct vfio_device *core_vdev, char __user *buf, size_t count,
			   loff_t *ppos)
{
	return vfio_pci_region_rw(core_vdev, buf, count, ppos, false);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_read);

/**
 * vfio_pci_core_write() - write() on the device file
 * @core_vdev: open device
 * @buf: the user's buffer
 * @count: bytes; 0 succeeds anywhere
 * @ppos: file position, advanced by what was written
 *
 * Return: as vfio_pci_core_read(), and -EINVAL for a region that cannot be
 * written
 *
 * Context: process context, sleeps
 */
ssize_t vfio_pci_core_write(struct vfio_device *core_vdev, const char __user *buf, size_t count,
			    loff_t *ppos)
{
	return vfio_pci_region_rw(core_vdev, (char __user *)buf, count, ppos, true);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_write);

/**
 * vfio_pci_core_mmap() - mmap() of the device file
 * @core_vdev: open device
 * @vma: the mapping, vm_pgoff selects region and place
 *
 * Return: 0; -EINVAL for a private mapping, a region that does not exist or
 * cannot be mapped, or a mapping that does not lie in its region
 */
int vfio_pci_core_mmap(struct vfio_device *core_vdev, struct vm_area_struct *vma)
{
	u64 index = vma->vm_pgoff >> (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT);
	struct vfio_pci_core_device *vdev = to_pci_core(core_vdev);
	const struct vfio_pci_region_type *type = vfio_pci_region_find(vdev, &index);

	if (!type || !type->mmap || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return type->mmap(vdev, index, vma);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_mmap);
