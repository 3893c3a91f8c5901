// SPDX-License-Identifier: GPL-2.0-only
/* Choosing and calling the small user space drivers in drivers/. */
#include <libvfio/cdev.h>
#include <libvfio/device.h>
#include <libvfio/driver.h>
#include "internal.h"
#include "drivers/drivers.h"

void vfio_pci_driver_probe(struct vfio_pci_device *device)
{
	unsigned int i;

	for (i = 0; vfio_pci_drivers[i]; i++) {
		if (!vfio_pci_drivers[i]->probe(device))
			continue;
		device->driver.ops = vfio_pci_drivers[i];
		return;
	}
}

void vfio_pci_driver_init(struct vfio_pci_device *device)
{
	if (!device->driver.ops)
		ksft_exit_fail_msg("libvfio: %s: no driver for %04x:%04x\n",
				   device->bdf, device->vendor, device->device);
	/* It would write to memory that somebody else has. */
	if (vfio_cdev_is_noiommu(device->bdf))
		ksft_exit_fail_msg("libvfio: %s: DMA without an IOMMU\n",
				   device->bdf);
	must_not_fail(device->driver.ops->init(device), "%s: driver %s init",
		      device->bdf, device->driver.ops->name);
	device->driver.live = true;
}

void vfio_pci_driver_remove(struct vfio_pci_device *device)
{
	if (!device->driver.live)
		return;
	device->driver.ops->remove(device);
	device->driver.live = false;
}

void vfio_pci_driver_send_msi(struct vfio_pci_device *device)
{
	must_not_fail(device->driver.ops->send_msi(device), "%s: sending MSI",
		      device->bdf);
}

int vfio_pci_driver_copy(struct vfio_pci_device *device, u64 dst, u64 src,
			 u64 len)
{
	return device->driver.ops->copy(device, dst, src, len);
}
