// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices vfio-pci takes and which it refuses: the syntax of the module
 * parameter "ids", and the list of devices that must not be given to user
 * space.  Pure functions, called from vfio_pci.c.
 */

#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/mod_devicetable.h>
#include <linux/pci.h>
#include <linux/pci_ids.h>
#include <linux/string.h>

#include "vfio_pci_ids.h"

/*
 * An erratum of these accelerators lets whoever controls one disturb the whole
 * host, no IOMMU prevents it (CVE-2024-21823 for DSA and IAX).
 */
static const struct {
	u16 vendor;
	u16 device;
} vfio_pci_denied[] = {
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X_VF },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_DSA_SPR0 },
	{ PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IAX_SPR0 },
};

/**
 * vfio_pci_id_denied() - Is a device one that user space must not have?
 * @vendor: PCI vendor id
 * @device: PCI device id
 *
 * Return: true if it is on the list
 */
bool vfio_pci_id_denied(unsigned int vendor, unsigned int device)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vfio_pci_denied); i++) {
		if (vfio_pci_denied[i].vendor == vendor && vfio_pci_denied[i].device == device)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_id_denied);

/**
 * vfio_pci_id_parse() - Read one entry of "ids"
 * @text: vendor:device[:subvendor[:subdevice[:class[:class_mask]]]], all
 *        hexadecimal, with or without 0x; is cut into pieces
 * @id: result
 *
 * Return: 0, or -EINVAL for anything else than that
 */
int vfio_pci_id_parse(char *text, struct vfio_pci_id *id)
{
	unsigned int *const fields[] = {
		&id->vendor, &id->device, &id->subvendor, &id->subdevice, &id->class,
		&id->class_mask,
	};
	unsigned int n = 0;
	char *field;

	*id = (struct vfio_pci_id){ .subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID };

	while ((field = strsep(&text, ":"))) {
		if (n == ARRAY_SIZE(fields) || kstrtouint(strim(field), 16, fields[n]))
			return -EINVAL;
		n++;
	}
	return n < 2 ? -EINVAL : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_id_parse);
