// SPDX-License-Identifier: GPL-2.0-only
/* The list of drivers, and what they share. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>

#include <libvfio/irq.h>
#include "drivers.h"

const struct vfio_pci_driver_ops *const vfio_pci_drivers[] = {
	&vfio_nvme_ops,
	&vfio_igb_ops,
	&vfio_edu_ops,
	NULL,
};

int driver_irq_enable(struct vfio_pci_device *device, int msi, bool *ours)
{
	device->driver.msi = msi;
	*ours = false;
	if (device->msi_eventfds[msi] >= 0)
		return 0;
	*ours = true;
	return vfio_pci_msi_enable(device, device->driver.irq_index, msi + 1);
}

void driver_irq_disable(struct vfio_pci_device *device, bool ours)
{
	if (ours)
		vfio_pci_msi_disable(device, device->driver.irq_index);
}

struct timespec driver_deadline(const struct vfio_pci_device *device)
{
	int ms = device->driver.timeout_ms ?: EVFD_TIMEOUT_MS;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	return t;
}

bool driver_expired(const struct timespec *deadline)
{
	struct timespec now;

	sched_yield();
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != deadline->tv_sec)
		return now.tv_sec > deadline->tv_sec;
	return now.tv_nsec >= deadline->tv_nsec;
}
