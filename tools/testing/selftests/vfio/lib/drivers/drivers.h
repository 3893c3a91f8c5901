/* SPDX-License-Identifier: GPL-2.0-only */
/* What the drivers of this directory share. */
#ifndef LIBVFIO_DRIVERS_H
#define LIBVFIO_DRIVERS_H

#include <stdbool.h>
#include <time.h>

#include <libvfio/device.h>
#include <libvfio/driver.h>

/* Every driver; ends with NULL. */
extern const struct vfio_pci_driver_ops *const vfio_pci_drivers[];

extern const struct vfio_pci_driver_ops vfio_nvme_ops;
extern const struct vfio_pci_driver_ops vfio_igb_ops;
extern const struct vfio_pci_driver_ops vfio_edu_ops;

/*
 * Enable vectors 0 to @msi of driver.irq_index unless the test did, and note
 * in *@ours whether they have to be disabled again.
 */
int driver_irq_enable(struct vfio_pci_device *device, int msi, bool *ours);
void driver_irq_disable(struct vfio_pci_device *device, bool ours);

/* When the operation that starts now has taken too long. */
struct timespec driver_deadline(const struct vfio_pci_device *device);
/* True once it is over; lets other threads run in between. */
bool driver_expired(const struct timespec *deadline);

/* Evaluates to true when @cond came true in time. */
#define driver_wait(device, cond) ({					\
	struct timespec __deadline = driver_deadline(device);		\
	bool __ok;							\
									\
	while (!(__ok = !!(cond)) && !driver_expired(&__deadline))	\
		;							\
	__ok || (cond);							\
})

/* Memory that the device also writes: a read or write of its own each time. */
#define dma_read(x)	(*(const volatile __typeof__(x) *)&(x))
#define dma_write(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
/* Order what goes to memory before the doorbell that follows, and back. */
#define dma_barrier()	__sync_synchronize()

#endif /* LIBVFIO_DRIVERS_H */
