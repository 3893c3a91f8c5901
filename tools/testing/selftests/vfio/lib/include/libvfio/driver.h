/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small user space drivers, for tests that need a device to move data or to
 * raise an interrupt when told to.
 */
#ifndef LIBVFIO_DRIVER_H
#define LIBVFIO_DRIVER_H

#include <stdbool.h>
#include <linux/types.h>
#include <libvfio/iommu.h>

struct vfio_pci_device;

/* Enough for every driver's rings and scratch buffers. */
#define VFIO_PCI_DRIVER_REGION_SIZE	(1UL << 20)

/**
 * struct vfio_pci_driver_ops - what a driver can make its device do
 * @name: for messages
 * @probe: true if this driver knows the device; touches nothing
 * @init: bring the device up inside driver.region and choose driver.msi;
 *	enables vectors 0 to driver.msi with eventfds in msi_eventfds[] unless
 *	the test has enabled that vector itself. 0 or -errno: -EINVAL when the
 *	region is too small, -ETIMEDOUT when the device doesn't come up
 * @remove: quiesce: no DMA and no interrupt after it returns. Works after the
 *	address space went away, too. Disables the interrupts that @init enabled
 * @send_msi: raise vector driver.msi once; 0 or -errno; may be NULL
 * @copy: let the device copy @len bytes from @src to @dst, both I/O virtual
 *	addresses, and wait for it. @len is a multiple of driver.copy_unit and
 *	at most driver.max_copy, both addresses multiples of 4: else -EINVAL.
 *	-EIO: the device reports that it could not reach memory. -ETIMEDOUT: it
 *	reported nothing within driver.timeout_ms. 0 doesn't mean that the data
 *	arrived: devices may not notice that an IOMMU blocked it; may be NULL
 */
struct vfio_pci_driver_ops {
	const char *name;
	bool (*probe)(struct vfio_pci_device *device);
	int (*init)(struct vfio_pci_device *device);
	void (*remove)(struct vfio_pci_device *device);
	int (*send_msi)(struct vfio_pci_device *device);
	int (*copy)(struct vfio_pci_device *device, u64 dst, u64 src, u64 len);
};

/**
 * struct vfio_pci_driver - a device's driver
 * @ops: NULL when no driver knows the device
 * @region: memory for rings and the like; the test maps it, then calls
 *	vfio_pci_driver_init()
 * @irq_index: MSI or MSI-X, the one that @ops->send_msi uses; set by probe
 * @msi: the vector that @ops->send_msi raises; set by init
 * @max_copy: longest @ops->copy in bytes, 0 without; set by init
 * @copy_unit: lengths are multiples of this; set by init
 * @timeout_ms: how long an operation may take; 0: the generous default
 * @state: the driver's own
 * @live: between init and remove
 */
struct vfio_pci_driver {
	const struct vfio_pci_driver_ops *ops;
	struct dma_region region;
	u32 irq_index;
	int msi;
	u64 max_copy;
	u64 copy_unit;
	int timeout_ms;
	void *state;
	bool live;
};

/* Choose a driver: sets driver.ops. Called by vfio_pci_device_open(). */
void vfio_pci_driver_probe(struct vfio_pci_device *device);
/* End the program on failure. */
void vfio_pci_driver_init(struct vfio_pci_device *device);
void vfio_pci_driver_remove(struct vfio_pci_device *device);
void vfio_pci_driver_send_msi(struct vfio_pci_device *device);
int vfio_pci_driver_copy(struct vfio_pci_device *device, u64 dst, u64 src,
			 u64 len);

#endif /* LIBVFIO_DRIVER_H */
