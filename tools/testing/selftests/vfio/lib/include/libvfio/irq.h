/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts of a device file, and the eventfds they arrive on. All return 0
 * or -errno, except where a positive SET_IRQS result is passed on.
 */
#ifndef LIBVFIO_IRQ_H
#define LIBVFIO_IRQ_H

#include <stddef.h>
#include <linux/types.h>
#include <linux/vfio.h>

int vfio_irq_info(int fd, u32 index, struct vfio_irq_info *info);

/*
 * VFIO_DEVICE_SET_IRQS with @len bytes of payload. @flags is one
 * VFIO_IRQ_SET_DATA_* and one VFIO_IRQ_SET_ACTION_*.
 */
int vfio_irq_set(int fd, u32 index, u32 flags, u32 start, u32 count,
		 const void *data, size_t len);

/* Connect @count eventfds (-1: none) from vector @start on. */
int vfio_irq_set_fds(int fd, u32 index, u32 start, u32 count, const int *fds);
/* Switch the whole index off. */
int vfio_irq_disable(int fd, u32 index);
/* Let the kernel signal vectors as if the device had. */
int vfio_irq_trigger(int fd, u32 index, u32 start, u32 count);
int vfio_irq_mask(int fd, u32 index, u32 start, u32 count);
int vfio_irq_unmask(int fd, u32 index, u32 start, u32 count);
/* Unmask INTx whenever this eventfd is written (-1: no longer). */
int vfio_irq_unmask_fd(int fd, u32 index, int eventfd);

/* A non-blocking, close-on-exec eventfd; -errno. */
int evfd_new(void);
/* What was counted since the last read, 0 when nothing was; never waits. */
u64 evfd_read(int evfd);
/* Wait for at least one event: the count, 0 after @timeout_ms without one. */
u64 evfd_wait(int evfd, int timeout_ms);

/* Generous, for what must happen: only a broken kernel waits that long. */
#define EVFD_TIMEOUT_MS		20000

#endif /* LIBVFIO_IRQ_H */
