// SPDX-License-Identifier: GPL-2.0-only
/*
 * VGA adapters in the hands of user space, as the rest of the kernel sees
 * them: no framebuffer driver stays on them, and they take part in VGA
 * arbitration, with or without a VGA region (vfio_pci_vga.c).
 *
 * Called when a device is registered and unregistered, under the device lock;
 * the arbiter calls back under its own spinlock.
 */

#include <linux/aperture.h>
#include <linux/pci.h>
#include <linux/vgaarb.h>

#include "vfio_pci_priv.h"

#define VFIO_PCI_VGA_ALL	(VGA_RSRC_NORMAL_IO | VGA_RSRC_NORMAL_MEM | \
				 VGA_RSRC_LEGACY_IO | VGA_RSRC_LEGACY_MEM)

/* Is there another adapter that shares the way from the root with this one? */
static bool vfio_pci_vga_shares_bridge(struct pci_dev *pdev)
{
	struct pci_dev *other = NULL;

	for_each_pci_dev(other) {
		if (other == pdev || !pci_is_vga(other) ||
		    pci_domain_nr(other->bus) != pci_domain_nr(pdev->bus))
			continue;
		if (other->bus->number >= pdev->bus->busn_res.start &&
		    other->bus->number <= pdev->bus->busn_res.end) {
			pci_dev_put(other);
			return true;
		}
	}
	return false;
}

/*
 * What does the adapter decode?  What its user switches on, so it has to be
 * expected to decode everything, unless no VGA cycle gets to it: the bridge
 * above forwards none as long as nobody asks the arbiter for one that goes this
 * way, which the user cannot do without a VGA region, and which is not done
 * for another adapter behind that bridge.  Such an adapter can be left out of
 * the arbitration.
 */
static unsigned int vfio_pci_vga_decodes(struct pci_dev *pdev, bool alone)
{
	struct vfio_pci_core_device *vdev = pci_get_drvdata(pdev);

	if (alone || !vdev->disable_vga || pci_is_root_bus(pdev->bus) ||
	    vfio_pci_vga_shares_bridge(pdev))
		return VFIO_PCI_VGA_ALL;
	return VGA_RSRC_NORMAL_IO | VGA_RSRC_NORMAL_MEM;
}

/**
 * vfio_pci_vga_register() - Take over a VGA adapter
 * @vdev: device that is being registered, also the driver's data of the PCI
 *        device; nothing happens unless it is a VGA adapter
 *
 * Return: 0; -ENODEV the arbiter does not know the device; or the error of
 * removing a framebuffer driver
 *
 * Context: process context, device lock held; sleeps
 */
int vfio_pci_vga_register(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	if (!pci_is_vga(pdev))
		return 0;

	ret = aperture_remove_conflicting_pci_devices(pdev, vdev->vdev.ops->name);
	if (ret)
		return ret;

	ret = vga_client_register(pdev, vfio_pci_vga_decodes);
	if (ret)
		return ret;
	vga_set_legacy_decoding(pdev, vfio_pci_vga_decodes(pdev, false));
	return 0;
}

/**
 * vfio_pci_vga_unregister() - Undo vfio_pci_vga_register()
 * @vdev: device that is being unregistered, or whose registration fails
 *
 * From then on the arbiter does not call back (CVE-2026-64475), and counts
 * with an adapter that decodes everything again.
 *
 * Context: process context, device lock held
 */
void vfio_pci_vga_unregister(struct vfio_pci_core_device *vdev)
{
	if (!pci_is_vga(vdev->pdev))
		return;

	vga_client_unregister(vdev->pdev);
	vga_set_legacy_decoding(vdev->pdev, VFIO_PCI_VGA_ALL);
}
