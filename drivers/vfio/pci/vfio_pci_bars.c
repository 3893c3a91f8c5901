// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BARs of a device while it is open: which exist, that nobody else in the
 * kernel uses them, where they are mapped for the kernel, and which of them
 * user space may map.
 *
 * All of it is set up by the first open and torn down by the last close, both
 * with dev_set->lock held, and does not change in between; readers need no
 * lock.
 */

#include <kunit/visibility.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/unaligned.h>

#include "vfio_pci_priv.h"

/**
 * vfio_pci_bar_mmap_kind() - May user space map a BAR, going by its place?
 * @res_flags: IORESOURCE_* of the BAR
 * @start: physical address
 * @len: bytes, 0 for a BAR that does not exist
 *
 * A page is all that can be mapped, so nothing but the BAR may lie in it.
 * BARs of a page or more are aligned to their size (PCI Local Bus 3.0 sec.
 * 6.2.5.1) and have their pages for themselves.
 *
 * Return: what to do about it
 */
enum vfio_pci_bar_mmap vfio_pci_bar_mmap_kind(unsigned long res_flags, resource_size_t start,
					      resource_size_t len)
{
	if (!len || !(res_flags & IORESOURCE_MEM))
		return VFIO_PCI_BAR_NO_MMAP;
	if (len >= PAGE_SIZE)
		return VFIO_PCI_BAR_MMAP;
	return PAGE_ALIGNED(start) ? VFIO_PCI_BAR_MMAP_FILLED : VFIO_PCI_BAR_NO_MMAP;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_bar_mmap_kind);

static void __iomem *vfio_pci_bar_claim(struct vfio_pci_core_device *vdev, int bar)
{
	struct pci_dev *pdev = vdev->pdev;
	void __iomem *io;

	if (!pci_resource_len(pdev, bar) || (pci_resource_flags(pdev, bar) & IORESOURCE_UNSET))
		return IOMEM_ERR_PTR(-ENODEV);

	if (pci_request_selected_regions(pdev, BIT(bar), "vfio"))
		return IOMEM_ERR_PTR(-EBUSY);
	vdev->bars_claimed |= BIT(bar);

	io = pci_iomap(pdev, bar, 0);
	return io ?: IOMEM_ERR_PTR(-ENOMEM);
}

/**
 * vfio_pci_bars_claim() - Take possession of all BARs and map them
 * @vdev: device that is being opened and is enabled
 *
 * A BAR that somebody else owns or that cannot be mapped is no reason to fail
 * the open: the error is kept for those who ask for that BAR, see
 * vfio_pci_core_get_iomap().
 *
 * Context: process context, dev_set->lock held; sleeps
 */
void vfio_pci_bars_claim(struct vfio_pci_core_device *vdev)
{
	int bar;

	vdev->bars_claimed = 0;
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		vdev->bar_mmap_supported[bar] = false;
		vdev->barmap[bar] = vfio_pci_bar_claim(vdev, bar);
	}
}

/* Keep everybody else out of the rest of the page that a small BAR lies in */
static bool vfio_pci_bar_fill_page(struct vfio_pci_core_device *vdev, int bar)
{
	const struct resource *res = &vdev->pdev->resource[bar];
	struct resource *filler = &vdev->bar_filler[bar];

	*filler = DEFINE_RES_NAMED(res->end + 1, PAGE_SIZE - resource_size(res),
				   "vfio sub-page reserved", res->flags);
	if (res->parent && !request_resource(res->parent, filler))
		return true;

	filler->flags = 0;
	return false;
}

/**
 * vfio_pci_bars_probe_mmap() - Find out which BARs user space may map
 * @vdev: device that is being opened, after vfio_pci_bars_claim()
 *
 * Only memory BARs that are ours count (CVE-2026-64042), and none of a device
 * whose BARs the platform cannot let a CPU map.
 *
 * Context: process context, dev_set->lock held; sleeps
 */
void vfio_pci_bars_probe_mmap(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int bar;

	if (pdev->non_mappable_bars)
		return;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!(vdev->bars_claimed & BIT(bar)))
			continue;

		switch (vfio_pci_bar_mmap_kind(pci_resource_flags(pdev, bar),
					       pci_resource_start(pdev, bar),
					       pci_resource_len(pdev, bar))) {
		case VFIO_PCI_BAR_NO_MMAP:
			break;
		case VFIO_PCI_BAR_MMAP:
			vdev->bar_mmap_supported[bar] = true;
			break;
		case VFIO_PCI_BAR_MMAP_FILLED:
			vdev->bar_mmap_supported[bar] = vfio_pci_bar_fill_page(vdev, bar);
			break;
		}
	}
}

/**
 * vfio_pci_bars_release() - Undo vfio_pci_bars_claim() and _probe_mmap()
 * @vdev: device that is being closed; nobody uses its BARs any more
 *
 * Context: process context, dev_set->lock held; sleeps
 */
void vfio_pci_bars_release(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		vdev->bar_mmap_supported[bar] = false;
		if (vdev->bar_filler[bar].flags) {
			release_resource(&vdev->bar_filler[bar]);
			vdev->bar_filler[bar].flags = 0;
		}
		if (!IS_ERR(vdev->barmap[bar]))
			pci_iounmap(pdev, vdev->barmap[bar]);
		vdev->barmap[bar] = IOMEM_ERR_PTR(-ENODEV);
	}
	pci_release_selected_regions(pdev, vdev->bars_claimed);
	vdev->bars_claimed = 0;
}

/**
 * vfio_pci_command_memory_enabled() - Has the user switched memory decoding on?
 * @vdev: device
 *
 * The user's view of the command register decides, the host may have reasons
 * of its own to switch the hardware's bit.  A device without the bit (VFs,
 * PCIe r6.0 sec. 9.3.4.1.3) decodes always.
 *
 * Return: true if the user expects the device's memory to be there
 *
 * Context: memory_lock held, in either mode
 */
bool vfio_pci_command_memory_enabled(struct vfio_pci_core_device *vdev)
{
	lockdep_assert_held(&vdev->memory_lock);

	if (!vdev->vconfig)
		return false;
	return vdev->pdev->no_command_memory ||
	       (get_unaligned_le16(vdev->vconfig + PCI_COMMAND) & PCI_COMMAND_MEMORY);
}

/**
 * __vfio_pci_memory_enabled() - Would the device answer an access to its memory?
 * @vdev: open device
 *
 * Return: false in D3hot and below, and while the user has memory decoding
 * switched off; an access would then end in an error that some platforms
 * do not survive (CVE-2020-12888).
 *
 * Context: memory_lock held, in either mode; the answer holds as long as that
 */
bool __vfio_pci_memory_enabled(struct vfio_pci_core_device *vdev)
{
	return vdev->pdev->current_state < PCI_D3hot && vfio_pci_command_memory_enabled(vdev);
}
EXPORT_SYMBOL_GPL(__vfio_pci_memory_enabled);

/**
 * vfio_pci_memory_mappable() - May the device's memory be reached unseen?
 * @vdev: open device
 *
 * Through page tables, by a CPU or by another device.
 *
 * Return: false while it would not answer, and in low-power mode: it may be
 * asleep then, and nobody would wake it
 *
 * Context: memory_lock held, in either mode; the answer holds as long as that
 */
bool vfio_pci_memory_mappable(struct vfio_pci_core_device *vdev)
{
	return !vdev->pm_runtime_engaged && __vfio_pci_memory_enabled(vdev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_memory_mappable);
