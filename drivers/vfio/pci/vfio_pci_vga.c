// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VGA region: the ranges of memory and I/O ports that every VGA adapter
 * decodes at the same addresses, at those very offsets of region 8.
 *
 * One adapter at a time gets these cycles.  The VGA arbiter says which, and is
 * asked for the length of one read() or write().  Called from
 * vfio_pci_region.c.
 */

#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/vgaarb.h>

#include "vfio_pci_priv.h"

/* Up to the end of the last range */
#define VFIO_PCI_VGA_SIZE	0xc0000

/**
 * struct vfio_pci_vga_range - What VGA adapters decode
 * @first: address
 * @last: address of the last byte
 * @rsrc: VGA_RSRC_LEGACY_MEM or VGA_RSRC_LEGACY_IO
 */
struct vfio_pci_vga_range {
	u32 first;
	u32 last;
	unsigned int rsrc;
};

static const struct vfio_pci_vga_range vfio_pci_vga_ranges[] = {
	{ 0x3b0, 0x3bb, VGA_RSRC_LEGACY_IO },
	{ 0x3c0, 0x3df, VGA_RSRC_LEGACY_IO },
	{ 0xa0000, 0xbffff, VGA_RSRC_LEGACY_MEM },
};

static const struct vfio_pci_vga_range *vfio_pci_vga_range_at(u64 pos)
{
	const struct vfio_pci_vga_range *range;

	for (range = vfio_pci_vga_ranges;
	     range < vfio_pci_vga_ranges + ARRAY_SIZE(vfio_pci_vga_ranges); range++) {
		if (pos >= range->first && pos <= range->last)
			return range;
	}
	return NULL;
}

static void __iomem *vfio_pci_vga_map(const struct vfio_pci_vga_range *range)
{
	unsigned int len = range->last - range->first + 1;

	if (range->rsrc == VGA_RSRC_LEGACY_IO)
		return ioport_map(range->first, len);
	return ioremap(range->first, len);
}

static void vfio_pci_vga_unmap(const struct vfio_pci_vga_range *range, void __iomem *io)
{
	if (range->rsrc == VGA_RSRC_LEGACY_IO)
		ioport_unmap(io);
	else
		iounmap(io);
}

/**
 * vfio_pci_vga_info() - Describe the VGA region
 * @vdev: open device
 * @info: size and flags are filled in
 * @caps: chain, nothing is added
 *
 * Return: 0, or -EINVAL if the device is no VGA adapter or the driver doesn't
 * want to have it used as one
 */
int vfio_pci_vga_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
		      struct vfio_info_cap *caps)
{
	if (!vfio_pci_vga_wanted(vdev))
		return -EINVAL;

	info->size = VFIO_PCI_VGA_SIZE;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	return 0;
}

/**
 * vfio_pci_vga_rw() - read() and write() on the VGA region
 * @vdev: open device
 * @buf: the user's buffer
 * @count: bytes, cut off at the end of the range that @ppos is in
 * @ppos: file position in region 8; advanced on success
 * @iswrite: from the user to the device
 *
 * The arbiter switches decoding on in the device and in the bridges above, and
 * off in others; it blocks while somebody has locked another adapter.
 *
 * Return: bytes done; -EINVAL no VGA region or @ppos is in none of its ranges;
 * -ENOMEM the range cannot be mapped; -ERESTARTSYS a signal came while the
 * arbiter was waiting; -ENODEV the arbiter does not know the device; -EFAULT;
 * -EINTR the task is being killed
 *
 * Context: process context; sleeps, faults
 */
ssize_t vfio_pci_vga_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			loff_t *ppos, bool iswrite)
{
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	const struct vfio_pci_vga_range *range = vfio_pci_vga_range_at(pos);
	void __iomem *io;
	ssize_t ret;

	if (!vfio_pci_vga_wanted(vdev) || !range)
		return -EINVAL;
	count = min_t(u64, count, range->last - pos + 1);

	io = vfio_pci_vga_map(range);
	if (!io)
		return -ENOMEM;

	ret = vga_get_interruptible(vdev->pdev, range->rsrc);
	if (ret)
		goto out_unmap;

	/* All ranges begin at a multiple of 16: alignment is that of the address */
	ret = vfio_pci_core_do_io_rw(vdev, false, io, buf, pos - range->first, count, 0, 0,
				     iswrite, VFIO_PCI_IO_WIDTH_4);
	vga_put(vdev->pdev, range->rsrc);
	if (ret > 0)
		*ppos += ret;
out_unmap:
	vfio_pci_vga_unmap(range, io);
	return ret;
}
