// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of a device file. */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/eventfd.h>

#include <libvfio/cdev.h>
#include <libvfio/irq.h>
#include "internal.h"

int vfio_irq_info(int fd, u32 index, struct vfio_irq_info *info)
{
	*info = (struct vfio_irq_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	return vfio_ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, info);
}

int vfio_irq_set(int fd, u32 index, u32 flags, u32 start, u32 count,
		 const void *data, size_t len)
{
	struct vfio_irq_set *set;
	int ret;

	set = calloc(1, sizeof(*set) + len);
	if (!set)
		return -ENOMEM;
	set->argsz = sizeof(*set) + len;
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	if (len)
		memcpy(set->data, data, len);
	ret = vfio_ioctl(fd, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	return ret;
}

int vfio_irq_set_fds(int fd, u32 index, u32 start, u32 count, const int *fds)
{
	return vfio_irq_set(fd, index,
			    VFIO_IRQ_SET_DATA_EVENTFD |
			    VFIO_IRQ_SET_ACTION_TRIGGER,
			    start, count, fds, count * sizeof(*fds));
}

static int set_none(int fd, u32 index, u32 action, u32 start, u32 count)
{
	return vfio_irq_set(fd, index, VFIO_IRQ_SET_DATA_NONE | action, start,
			    count, NULL, 0);
}

int vfio_irq_disable(int fd, u32 index)
{
	return set_none(fd, index, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0);
}

int vfio_irq_trigger(int fd, u32 index, u32 start, u32 count)
{
	return set_none(fd, index, VFIO_IRQ_SET_ACTION_TRIGGER, start, count);
}

int vfio_irq_mask(int fd, u32 index, u32 start, u32 count)
{
	return set_none(fd, index, VFIO_IRQ_SET_ACTION_MASK, start, count);
}

int vfio_irq_unmask(int fd, u32 index, u32 start, u32 count)
{
	return set_none(fd, index, VFIO_IRQ_SET_ACTION_UNMASK, start, count);
}

int vfio_irq_unmask_fd(int fd, u32 index, int eventfd)
{
	return vfio_irq_set(fd, index,
			    VFIO_IRQ_SET_DATA_EVENTFD |
			    VFIO_IRQ_SET_ACTION_UNMASK,
			    0, 1, &eventfd, sizeof(eventfd));
}

int evfd_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

u64 evfd_read(int evfd)
{
	u64 count;

	return read(evfd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

u64 evfd_wait(int evfd, int timeout_ms)
{
	struct pollfd p = { .fd = evfd, .events = POLLIN };

	if (poll(&p, 1, timeout_ms) <= 0)
		return 0;
	return evfd_read(evfd);
}
