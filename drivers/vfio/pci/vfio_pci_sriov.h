/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a user may write behind the name of a device; parsed in vfio_pci_sriov.c.
 */
#ifndef VFIO_PCI_SRIOV_H
#define VFIO_PCI_SRIOV_H

#include <linux/types.h>
#include <linux/uuid.h>

/**
 * struct vfio_pci_match - Options of a device's name
 * @has_token: there was a vf_token
 * @token: that token
 */
struct vfio_pci_match {
	bool has_token;
	uuid_t token;
};

#if IS_ENABLED(CONFIG_KUNIT)
int vfio_pci_match_parse(const char *name, const char *text, struct vfio_pci_match *match);
#endif

#endif /* VFIO_PCI_SRIOV_H */
