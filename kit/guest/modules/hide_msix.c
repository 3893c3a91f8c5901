// SPDX-License-Identifier: GPL-2.0-only
/*
 * hide_msix - loaded in a guest before the driver of its network adapter: the
 * adapter seems to have no MSI-X, and the driver falls back to MSI.  igb has no
 * parameter for that.
 */
#include <linux/module.h>
#include <linux/pci.h>

static int __init hide_msix_init(void)
{
	struct pci_dev *pdev = NULL;

	while ((pdev = pci_get_class(PCI_CLASS_NETWORK_ETHERNET << 8, pdev)))
		pdev->msix_cap = 0;
	return 0;
}
module_init(hide_msix_init);

MODULE_DESCRIPTION("Hide the MSI-X capability of network adapters");
MODULE_LICENSE("GPL");
