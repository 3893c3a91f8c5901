/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device ready for use: bound, attached, BARs mapped.
 */
#ifndef LIBVFIO_DEVICE_H
#define LIBVFIO_DEVICE_H

#include <linux/types.h>
#include <linux/vfio.h>
#include <libvfio/driver.h>
#include <libvfio/iommu.h>
#include <libvfio/sysfs.h>

#define VFIO_PCI_NUM_BARS	6
#define VFIO_PCI_MAX_MSI	2048

/**
 * struct vfio_pci_bar - a base address region
 * @info: what the kernel says; size 0 if absent
 * @vaddr: where it is mapped, NULL if it can't be
 */
struct vfio_pci_bar {
	struct vfio_region_info info;
	void *vaddr;
};

/**
 * struct vfio_pci_device - an open device
 * @bdf: its name
 * @fd: the bound character device, or its group's file of it
 * @devid: its id in @iommu->iommufd, if it is bound to that
 * @vendor: vendor id
 * @device: device id
 * @iommu: the address space it is attached to
 * @info: flags, number of regions and interrupt indexes
 * @bars: the BARs, mapped where the kernel permits it
 * @driver: see driver.h
 * @msi_eventfds: eventfds of the enabled MSI or MSI-X vectors, else -1
 */
struct vfio_pci_device {
	char bdf[PCI_BDF_LEN];
	int fd;
	u32 devid;
	u16 vendor;
	u16 device;
	struct iommu *iommu;
	struct vfio_device_info info;
	struct vfio_pci_bar bars[VFIO_PCI_NUM_BARS];
	struct vfio_pci_driver driver;
	int msi_eventfds[VFIO_PCI_MAX_MSI];
};

/* Open, bind, attach, map. 0 or -errno, with nothing left open. */
int vfio_pci_device_open(struct vfio_pci_device *device, const char *bdf,
			 struct iommu *iommu);
/* The same through its group, which must be connected to @iommu. */
int vfio_pci_device_open_group(struct vfio_pci_device *device, const char *bdf,
			       struct iommu *iommu, int group);
void vfio_pci_device_close(struct vfio_pci_device *device);

/* The same on the heap; ends the program on failure. */
struct vfio_pci_device *vfio_pci_device_init(const char *bdf,
					     struct iommu *iommu);
void vfio_pci_device_cleanup(struct vfio_pci_device *device);

/* Memory decoding and bus mastering on (or off). */
void vfio_pci_device_enable(struct vfio_pci_device *device);
void vfio_pci_device_disable(struct vfio_pci_device *device);

/*
 * Enable @count vectors of MSI or MSI-X (@index) with an eventfd each in
 * msi_eventfds[]. 0 or -errno; -ENOSPC: fewer vectors exist.
 */
int vfio_pci_msi_enable(struct vfio_pci_device *device, u32 index, u32 count);
void vfio_pci_msi_disable(struct vfio_pci_device *device, u32 index);

#endif /* LIBVFIO_DEVICE_H */
