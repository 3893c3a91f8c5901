// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which AtomicOps of a device (PCIe r6.0 sec. 6.15) does the host complete?
 * Looks at registers of the ports above the device only and changes none;
 * called for VFIO_DEVICE_GET_INFO, needs no lock.
 */

#include <kunit/visibility.h>
#include <linux/pci.h>

#include "vfio_pci_priv.h"

/**
 * vfio_pci_atomic_widths() - Translate a root port's completer bits
 * @devcap2: its Device Capabilities 2 register
 *
 * Return: set of VFIO_PCI_ATOMIC_COMP*
 */
u32 vfio_pci_atomic_widths(u32 devcap2)
{
	u32 widths = 0;

	if (devcap2 & PCI_EXP_DEVCAP2_ATOMIC_COMP32)
		widths |= VFIO_PCI_ATOMIC_COMP32;
	if (devcap2 & PCI_EXP_DEVCAP2_ATOMIC_COMP64)
		widths |= VFIO_PCI_ATOMIC_COMP64;
	if (devcap2 & PCI_EXP_DEVCAP2_ATOMIC_COMP128)
		widths |= VFIO_PCI_ATOMIC_COMP128;
	return widths;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_atomic_widths);

/* Would this port of a switch carry an AtomicOp towards the root? */
static bool vfio_pci_port_routes_atomics(struct pci_dev *port)
{
	u32 cap2 = 0;
	u16 ctl2 = 0;

	pcie_capability_read_dword(port, PCI_EXP_DEVCAP2, &cap2);
	if (!(cap2 & PCI_EXP_DEVCAP2_ATOMIC_ROUTE))
		return false;
	if (pci_pcie_type(port) != PCI_EXP_TYPE_UPSTREAM)
		return true;

	pcie_capability_read_word(port, PCI_EXP_DEVCTL2, &ctl2);
	return !(ctl2 & PCI_EXP_DEVCTL2_ATOMIC_EGRESS_BLOCK);
}

/**
 * vfio_pci_atomic_completer() - AtomicOps that get from a device to the root
 * @pdev: device; a VF shares the way of its PF
 *
 * Return: set of VFIO_PCI_ATOMIC_COMP*, 0 if the device is no PCIe endpoint
 * below a root port, a port on the way does not route AtomicOps or the root
 * port completes none.
 */
u32 vfio_pci_atomic_completer(struct pci_dev *pdev)
{
	struct pci_dev *port;
	u32 cap2 = 0;

	pdev = pci_physfn(pdev);
	if (!pci_is_pcie(pdev) || (pci_pcie_type(pdev) != PCI_EXP_TYPE_ENDPOINT &&
				   pci_pcie_type(pdev) != PCI_EXP_TYPE_LEG_END))
		return 0;

	for (port = pci_upstream_bridge(pdev); port; port = pci_upstream_bridge(port)) {
		if (!pci_is_pcie(port))
			return 0;
		if (pci_pcie_type(port) == PCI_EXP_TYPE_ROOT_PORT) {
			pcie_capability_read_dword(port, PCI_EXP_DEVCAP2, &cap2);
			return vfio_pci_atomic_widths(cap2);
		}
		if (!vfio_pci_port_routes_atomics(port))
			return 0;
	}
	return 0;
}
