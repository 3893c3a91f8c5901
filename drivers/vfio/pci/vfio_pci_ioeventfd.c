// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_IOEVENTFD: a signal of an eventfd writes a fixed value to a fixed
 * place in a BAR, so that a virtual machine's write to a doorbell need not go
 * through its monitor.
 *
 * Owns the list of these in the device, protected by ioeventfds_lock; it is
 * changed by the ioctl and emptied by the last close.
 *
 * The write happens in the wake-up of the eventfd, with interrupts off, and yet
 * it must not race with the memory going away, which memory_lock rules out and
 * which may take as long as a reset does.  So the wake-up only tries to get the
 * lock for reading, which spins for nobody and is allowed in any context but
 * NMI.  If a writer has it, perhaps the very task that signals, the write is
 * left to a work item, which may wait.  Whoever ends a binding waits for that
 * work item, and so must not hold memory_lock.
 */

#include <linux/list.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "vfio_pci_priv.h"
#include "vfio_pci_trace.h"

/* Per device: each costs memory that no limit of the user's accounts for fully */
#define VFIO_PCI_IOEVENTFD_MAX	1000

/**
 * struct vfio_pci_ioeventfd - One eventfd that writes
 * @next: link in vfio_pci_core_device.ioeventfds
 * @vdev: the device
 * @virqfd: the binding to the eventfd; NULL again once the user has closed it
 * @io: where to write
 * @offset: the same as a file offset, BAR included
 * @data: what to write, as the user said; key of the entry along with @offset
 *        and @width
 * @image: @data as @width bytes in the caller's byte order
 * @width: bytes, 1, 2, 4 or 8
 * @is_mem: a memory BAR, which may go away
 */
struct vfio_pci_ioeventfd {
	struct list_head next;
	struct vfio_pci_core_device *vdev;
	struct virqfd *virqfd;
	void __iomem *io;
	u64 offset;
	u64 data;
	union {
		u8 byte[8];
		u8 u8;
		u16 u16;
		u32 u32;
		u64 u64;
	} image;
	u8 width;
	bool is_mem;
};

/* Write @len bytes, a power of two; @io is aligned to that */
static void vfio_pci_ioeventfd_write_piece(struct vfio_pci_core_device *vdev, void __iomem *io,
					   const u8 *from, size_t len)
{
	union {
		u8 u8;
		u16 u16;
		u32 u32;
		u64 u64;
	} val;

	memcpy(&val, from, len);
	switch (len) {
	case VFIO_PCI_IO_WIDTH_8:
		vfio_pci_core_iowrite64(vdev, false, val.u64, io);
		break;
	case VFIO_PCI_IO_WIDTH_4:
		vfio_pci_core_iowrite32(vdev, false, val.u32, io);
		break;
	case VFIO_PCI_IO_WIDTH_2:
		vfio_pci_core_iowrite16(vdev, false, val.u16, io);
		break;
	default:
		vfio_pci_core_iowrite8(vdev, false, val.u8, io);
		break;
	}
}

/*
 * What pwrite() of a variable would do: one access if the place is aligned and
 * a port is not asked for 8 bytes, several aligned ones else.  Some CPUs cannot
 * make an unaligned access to a device at all, and the place is the user's.
 */
static void vfio_pci_ioeventfd_write(struct vfio_pci_ioeventfd *ioeventfd)
{
	u64 pos = ioeventfd->offset & VFIO_PCI_OFFSET_MASK;
	size_t widest = ioeventfd->is_mem ? VFIO_PCI_IO_WIDTH_8 : VFIO_PCI_IO_WIDTH_4;
	size_t done = 0;

	while (done < ioeventfd->width) {
		bool hole;
		size_t n = vfio_pci_io_chunk(pos + done, ioeventfd->width - done, 0, 0, widest,
					     &hole);

		vfio_pci_ioeventfd_write_piece(ioeventfd->vdev, ioeventfd->io + done,
					       ioeventfd->image.byte + done, n);
		done += n;
	}
	trace_vfio_pci_ioeventfd(ioeventfd->vdev, ioeventfd->offset, ioeventfd->data,
				 ioeventfd->width, true);
}

/*
 * A write while the memory is not there is lost, as on the bus.  In low-power
 * mode, too: nobody would wake the device for it, and it may be falling asleep.
 */
static void vfio_pci_ioeventfd_write_locked(struct vfio_pci_ioeventfd *ioeventfd)
{
	lockdep_assert_held_read(&ioeventfd->vdev->memory_lock);

	if (vfio_pci_memory_mappable(ioeventfd->vdev))
		vfio_pci_ioeventfd_write(ioeventfd);
	else
		trace_vfio_pci_ioeventfd(ioeventfd->vdev, ioeventfd->offset, ioeventfd->data,
					 ioeventfd->width, false);
}

/* In the wake-up; returns 1 to ask for vfio_pci_ioeventfd_thread() */
static int vfio_pci_ioeventfd_handler(void *opaque, void *unused)
{
	struct vfio_pci_ioeventfd *ioeventfd = opaque;
	struct rw_semaphore *lock = &ioeventfd->vdev->memory_lock;

	if (!ioeventfd->is_mem) {
		vfio_pci_ioeventfd_write(ioeventfd);
		return 0;
	}

	if (!down_read_trylock(lock))
		return 1;
	vfio_pci_ioeventfd_write_locked(ioeventfd);
	up_read(lock);
	return 0;
}

static void vfio_pci_ioeventfd_thread(void *opaque, void *unused)
{
	struct vfio_pci_ioeventfd *ioeventfd = opaque;
	struct rw_semaphore *lock = &ioeventfd->vdev->memory_lock;

	down_read(lock);
	vfio_pci_ioeventfd_write_locked(ioeventfd);
	up_read(lock);
}

/* Is [pos, pos + width) all in @bar and clear of the MSI-X table? */
static bool vfio_pci_ioeventfd_place_ok(struct vfio_pci_core_device *vdev, unsigned int bar,
					u64 pos, unsigned int width)
{
	u64 len = pci_resource_len(vdev->pdev, bar);
	u64 table = vdev->msix_offset;

	if (len < width || pos > len - width)
		return false;
	if (bar != vdev->msix_bar)
		return true;
	return pos + width <= table || pos >= table + vdev->msix_size;
}

static struct vfio_pci_ioeventfd *vfio_pci_ioeventfd_find(struct vfio_pci_core_device *vdev,
							  u64 offset, u64 data,
							  unsigned int width)
{
	struct vfio_pci_ioeventfd *ioeventfd;

	lockdep_assert_held(&vdev->ioeventfds_lock);

	list_for_each_entry(ioeventfd, &vdev->ioeventfds, next) {
		if (ioeventfd->offset == offset && ioeventfd->data == data &&
		    ioeventfd->width == width)
			return ioeventfd;
	}
	return NULL;
}

static void vfio_pci_ioeventfd_remove(struct vfio_pci_ioeventfd *ioeventfd)
{
	struct vfio_pci_core_device *vdev = ioeventfd->vdev;

	lockdep_assert_held(&vdev->ioeventfds_lock);

	/* Waits until no write is under way and none can begin */
	vfio_virqfd_disable(&ioeventfd->virqfd);
	list_del(&ioeventfd->next);
	vdev->ioeventfds_nr--;
	kfree(ioeventfd);
}

static struct vfio_pci_ioeventfd *vfio_pci_ioeventfd_alloc(struct vfio_pci_core_device *vdev,
							   void __iomem *io, u64 offset,
							   u64 data, unsigned int width)
{
	struct vfio_pci_ioeventfd *ioeventfd;

	ioeventfd = kzalloc_obj(*ioeventfd, GFP_KERNEL_ACCOUNT);
	if (!ioeventfd)
		return NULL;

	ioeventfd->vdev = vdev;
	ioeventfd->io = io + (offset & VFIO_PCI_OFFSET_MASK);
	ioeventfd->offset = offset;
	ioeventfd->data = data;
	ioeventfd->width = width;
	ioeventfd->is_mem = pci_resource_flags(vdev->pdev, VFIO_PCI_OFFSET_TO_INDEX(offset)) &
			    IORESOURCE_MEM;

	switch (width) {
	case VFIO_PCI_IO_WIDTH_8:
		ioeventfd->image.u64 = data;
		break;
	case VFIO_PCI_IO_WIDTH_4:
		ioeventfd->image.u32 = data;
		break;
	case VFIO_PCI_IO_WIDTH_2:
		ioeventfd->image.u16 = data;
		break;
	default:
		ioeventfd->image.u8 = data;
		break;
	}
	return ioeventfd;
}

static int vfio_pci_ioeventfd_add(struct vfio_pci_core_device *vdev, void __iomem *io,
				  u64 offset, u64 data, unsigned int width, int fd)
{
	struct vfio_pci_ioeventfd *ioeventfd;
	int ret;

	lockdep_assert_held(&vdev->ioeventfds_lock);

	if (vdev->ioeventfds_nr >= VFIO_PCI_IOEVENTFD_MAX)
		return -ENOSPC;

	ioeventfd = vfio_pci_ioeventfd_alloc(vdev, io, offset, data, width);
	if (!ioeventfd)
		return -ENOMEM;

	ret = vfio_virqfd_enable(ioeventfd, vfio_pci_ioeventfd_handler,
				 vfio_pci_ioeventfd_thread, NULL, &ioeventfd->virqfd, fd);
	if (ret) {
		kfree(ioeventfd);
		return ret;
	}
	list_add(&ioeventfd->next, &vdev->ioeventfds);
	vdev->ioeventfds_nr++;
	return 0;
}

/**
 * vfio_pci_ioeventfd() - Add or remove an eventfd that writes to a BAR
 * @vdev: open device
 * @offset: where to write, as for pwrite() on the device file
 * @data: what to write; bits beyond @width are not written but tell entries
 *        apart
 * @width: bytes, 1, 2, 4 or 8
 * @fd: eventfd in the calling process; -1 to remove the entry that has the same
 *      @offset, @data and @width
 *
 * An entry whose eventfd the user has closed is silent but stays until it is
 * removed.
 *
 * Return: 0, or
 *
 * * -EINVAL: @offset is in no BAR, @width bytes there do not lie inside of it or
 *   touch the MSI-X table, @fd is below -1 or no eventfd
 * * -EBUSY, -ENOMEM: the BAR is not usable, see vfio_pci_core_get_iomap()
 * * -EEXIST: there is such an entry; -ENODEV: there is none to remove
 * * -ENOSPC: the device has as many as it may have
 * * -EBADF: @fd is not open
 * * -ENOMEM: no memory for the entry
 *
 * Context: process context, sleeps; takes ioeventfds_lock, memory_lock is not
 * held
 */
int vfio_pci_ioeventfd(struct vfio_pci_core_device *vdev, u64 offset, u64 data,
		       unsigned int width, int fd)
{
	u64 bar = VFIO_PCI_OFFSET_TO_INDEX(offset);
	struct vfio_pci_ioeventfd *found;
	void __iomem *io;

	if (bar >= PCI_STD_NUM_BARS || fd < -1)
		return -EINVAL;
	bar = array_index_nospec(bar, PCI_STD_NUM_BARS);
	if (!vfio_pci_ioeventfd_place_ok(vdev, bar, offset & VFIO_PCI_OFFSET_MASK, width))
		return -EINVAL;

	io = vfio_pci_core_get_iomap(vdev, bar);
	if (IS_ERR(io))
		return PTR_ERR(io);

	guard(mutex)(&vdev->ioeventfds_lock);

	found = vfio_pci_ioeventfd_find(vdev, offset, data, width);
	if (fd >= 0)
		return found ? -EEXIST :
		       vfio_pci_ioeventfd_add(vdev, io, offset, data, width, fd);
	if (!found)
		return -ENODEV;
	vfio_pci_ioeventfd_remove(found);
	return 0;
}

/**
 * vfio_pci_ioeventfds_remove() - Remove all of a device's, at the last close
 * @vdev: device that is being closed, its BARs are still mapped
 *
 * Context: process context, sleeps; memory_lock is not held
 */
void vfio_pci_ioeventfds_remove(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_ioeventfd *ioeventfd, *next;

	guard(mutex)(&vdev->ioeventfds_lock);

	list_for_each_entry_safe(ioeventfd, next, &vdev->ioeventfds, next)
		vfio_pci_ioeventfd_remove(ioeventfd);
}
