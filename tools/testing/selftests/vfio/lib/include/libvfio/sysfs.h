/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own view of a PCI device: ids, resources, driver, raw
 * configuration space. Devices are named by their full BDF, "0000:00:05.0".
 * What takes an attribute, a group, a driver or a node also takes the UUID of a
 * mediated device for the name.
 */
#ifndef LIBVFIO_SYSFS_H
#define LIBVFIO_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define PCI_BDF_LEN		16

/* One line of the sysfs "resource" file. */
struct pci_resource {
	u64 start;
	u64 end;
	u64 flags;
};

bool pci_dev_exists(const char *bdf);
/* Vendor and, in the upper half, device id as the kernel knows them. */
int pci_dev_ids(const char *bdf, u32 *ids);
/* 0 if these are what the hardware answers right now; -EILSEQ if not. */
int pci_dev_answers(const char *bdf);

/* Read a numeric attribute such as "vendor", "class" or "sriov_totalvfs". */
int pci_dev_attr(const char *bdf, const char *name, u64 *val);
/* The first line of an attribute such as "power/runtime_status". */
int pci_dev_attr_text(const char *bdf, const char *name, char *buf, size_t len);
/* Write a string into an attribute of the device. */
int pci_dev_attr_write(const char *bdf, const char *name, const char *val);

/* How often the line of a device's INTx has interrupted the host */
int pci_dev_irq_count(const char *bdf, u64 *count);

int pci_dev_resource(const char *bdf, unsigned int nr, struct pci_resource *r);
/* IOMMU group number, -ENOENT if there is none. */
int pci_dev_iommu_group(const char *bdf);

/* Name of the bound driver, -ENOENT without one. */
int pci_dev_driver(const char *bdf, char *name, size_t len);
/* Leave the current driver and bind @driver through driver_override. */
int pci_dev_bind(const char *bdf, const char *driver);
int pci_dev_unbind(const char *bdf);
/* Drop driver_override and let the kernel choose a driver again. */
int pci_dev_release(const char *bdf);

/* How many VFs a PF has; the second waits for the users of VFs that go. */
int pci_dev_numvfs(const char *bdf);
int pci_dev_set_numvfs(const char *bdf, unsigned int num);
/* Name of the @nth (from 0) VF of a PF, -ENOENT without one. */
int pci_dev_vf(const char *bdf, unsigned int nth, char *vf);

/* Find the @nth (from 0) device with these ids: 0 or -ENODEV. */
int pci_dev_find(u16 vendor, u16 device, unsigned int nth, char *bdf);

/*
 * Configuration space as the kernel sees it, past VFIO's virtualisation: what
 * the hardware really holds. Return the number of bytes or -errno.
 */
int pci_dev_config_read(const char *bdf, u32 off, void *buf, size_t len);
int pci_dev_config_write(const char *bdf, u32 off, const void *buf, size_t len);

/* Parse a whole small file as a number (any base): 0 or -errno. */
int sysfs_read_u64(const char *path, u64 *val);
int sysfs_write_str(const char *path, const char *val);

#endif /* LIBVFIO_SYSFS_H */
