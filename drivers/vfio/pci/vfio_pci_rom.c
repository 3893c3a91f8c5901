// SPDX-License-Identifier: GPL-2.0-only
/*
 * The expansion ROM region: what it shows and how it is read.
 *
 * The image comes from one of three places: from the device, behind its ROM
 * BAR; from the copy of the boot display's ROM that firmware leaves in low
 * memory, where the kernel makes the BAR's resource point to
 * (IORESOURCE_ROM_SHADOW); or, for a device without a ROM BAR, from a copy that
 * firmware has handed over (struct pci_dev.rom).  The latter two are memory and
 * don't need the device to be mapped.
 *
 * memory_lock is held while the device is looked at, see vfio_pci_rdwr.c.
 * Called from vfio_pci_region.c.
 */

#include <kunit/visibility.h>
#include <linux/io.h>
#include <linux/log2.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "vfio_pci_priv.h"

/* No ROM BAR can be larger (PCI Local Bus 3.0 sec. 6.2.5.2) */
#define VFIO_PCI_ROM_MAX	SZ_16M

static bool vfio_pci_rom_has_bar(struct pci_dev *pdev)
{
	return pci_resource_len(pdev, PCI_ROM_RESOURCE);
}

static bool vfio_pci_rom_is_shadow(struct pci_dev *pdev)
{
	return pci_resource_flags(pdev, PCI_ROM_RESOURCE) & IORESOURCE_ROM_SHADOW;
}

/**
 * vfio_pci_rom_size() - How large would the ROM region be?
 * @pdev: device
 *
 * Return: bytes of the BAR, or of the BAR that a copy of firmware's would need;
 * 0 if there is no ROM.  Says nothing about whether there is a valid image.
 */
u64 vfio_pci_rom_size(struct pci_dev *pdev)
{
	if (vfio_pci_rom_has_bar(pdev))
		return pci_resource_len(pdev, PCI_ROM_RESOURCE);
	if (pdev->rom && pdev->romlen && pdev->romlen <= VFIO_PCI_ROM_MAX)
		return roundup_pow_of_two(pdev->romlen);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_rom_size);

/*
 * pci_map_rom() reads the image to find out its size, so a device's own memory
 * must be there.
 */
static void __iomem *vfio_pci_rom_map(struct vfio_pci_core_device *vdev, size_t *image)
{
	struct pci_dev *pdev = vdev->pdev;

	if (vfio_pci_rom_has_bar(pdev))
		return pci_map_rom(pdev, image);
	*image = pdev->romlen;
	return (void __iomem __force *)memremap(pdev->rom, pdev->romlen, MEMREMAP_WB);
}

static void vfio_pci_rom_unmap(struct vfio_pci_core_device *vdev, void __iomem *io)
{
	if (vfio_pci_rom_has_bar(vdev->pdev))
		pci_unmap_rom(vdev->pdev, io);
	else
		memunmap((void __force *)io);
}

/**
 * vfio_pci_rom_info() - Describe the ROM region
 * @vdev: open device
 * @info: size and flags are filled in; both are 0 if there is no valid image
 * @caps: chain, nothing is added
 *
 * Return: 0
 *
 * Context: process context; sleeps, takes memory_lock for writing
 */
int vfio_pci_rom_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
		      struct vfio_info_cap *caps)
{
	u64 size = vfio_pci_rom_size(vdev->pdev);
	void __iomem *io = NULL;
	size_t image;
	u16 cmd;

	info->size = 0;
	info->flags = 0;
	if (!size)
		return 0;

	cmd = vfio_pci_memory_force_decode(vdev);
	/* A device does not answer in D3hot, whatever its command register says */
	if (vdev->pdev->current_state < PCI_D3hot || !vfio_pci_rom_has_bar(vdev->pdev) ||
	    vfio_pci_rom_is_shadow(vdev->pdev))
		io = vfio_pci_rom_map(vdev, &image);
	if (io) {
		vfio_pci_rom_unmap(vdev, io);
		info->size = size;
		info->flags = VFIO_REGION_INFO_FLAG_READ;
	}
	vfio_pci_memory_restore_decode(vdev, cmd);
	return 0;
}

/* The ROM is mapped for the length of one read(): it may share a decoder */
static void __iomem *vfio_pci_rom_map_enabled(struct vfio_pci_core_device *vdev, size_t *image)
{
	void __iomem *io = NULL;

	down_read(&vdev->memory_lock);
	if (__vfio_pci_memory_enabled(vdev) || !vfio_pci_rom_has_bar(vdev->pdev) ||
	    vfio_pci_rom_is_shadow(vdev->pdev))
		io = vfio_pci_rom_map(vdev, image);
	up_read(&vdev->memory_lock);
	return io;
}

/**
 * vfio_pci_rom_rw() - read() on the expansion ROM
 * @vdev: open device
 * @buf: the user's buffer
 * @count: bytes, cut off at the end of the region
 * @ppos: file position in region 6; advanced on success
 * @iswrite: refused
 *
 * What lies behind the image in the region reads as all ones.
 *
 * Return: bytes done, or -EINVAL: a write, no ROM, or @ppos behind its end;
 * -ENOMEM: no valid image is found, also because memory decoding is off, or
 * there is no room to map it; -EIO: memory decoding is off, and the image is
 * firmware's shadow of it; or the errors of vfio_pci_core_do_io_rw().
 *
 * Context: process context; sleeps, faults, takes memory_lock for reading
 */
ssize_t vfio_pci_rom_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			loff_t *ppos, bool iswrite)
{
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	u64 len = vfio_pci_rom_size(vdev->pdev);
	void __iomem *io;
	size_t image;
	ssize_t done;

	if (iswrite || pos >= len)
		return -EINVAL;
	count = min_t(u64, count, len - pos);

	io = vfio_pci_rom_map_enabled(vdev, &image);
	if (!io)
		return -ENOMEM;

	done = vfio_pci_core_do_io_rw(vdev, vfio_pci_rom_has_bar(vdev->pdev), io, buf, pos, count,
				      image, len, false, VFIO_PCI_IO_WIDTH_4);
	vfio_pci_rom_unmap(vdev, io);
	if (done > 0)
		*ppos += done;
	return done;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_rom_rw);
