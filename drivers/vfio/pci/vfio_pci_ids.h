/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices vfio-pci takes and which it refuses, the part that needs no
 * driver.
 */
#ifndef VFIO_PCI_IDS_H
#define VFIO_PCI_IDS_H

#include <linux/types.h>

struct pci_dev;

/**
 * struct vfio_pci_id - One entry of the module parameter "ids"
 * @vendor: vendor
 * @device: device
 * @subvendor: subsystem vendor, PCI_ANY_ID if not given
 * @subdevice: subsystem, PCI_ANY_ID if not given
 * @class: class, 0 if not given
 * @class_mask: bits of @class that count, 0 if not given
 */
struct vfio_pci_id {
	unsigned int vendor;
	unsigned int device;
	unsigned int subvendor;
	unsigned int subdevice;
	unsigned int class;
	unsigned int class_mask;
};

int vfio_pci_id_parse(char *text, struct vfio_pci_id *id);
bool vfio_pci_id_denied(unsigned int vendor, unsigned int device);

#endif /* VFIO_PCI_IDS_H */
