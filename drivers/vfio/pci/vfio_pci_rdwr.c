// SPDX-License-Identifier: GPL-2.0-only
/*
 * read() and write() on memory and I/O port BARs.
 *
 * memory_lock is held for reading around each single access of the device and
 * never around a copy from or to user space, which may fault and take
 * mmap_lock.  Called from vfio_pci_region.c and from variant drivers.
 */

#include <kunit/visibility.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "vfio_pci_priv.h"

/* Memory that may go away is kept there for the length of one access */
static int vfio_pci_io_begin(struct vfio_pci_core_device *vdev, bool test_mem)
{
	if (!test_mem)
		return 0;

	down_read(&vdev->memory_lock);
	if (__vfio_pci_memory_enabled(vdev))
		return 0;
	up_read(&vdev->memory_lock);
	return -EIO;
}

static void vfio_pci_io_end(struct vfio_pci_core_device *vdev, bool test_mem)
{
	if (test_mem)
		up_read(&vdev->memory_lock);
}

/*
 * The user's buffer holds what the device has, byte by byte, whatever the byte
 * order of the CPU: the values below are little-endian.
 */

/**
 * vfio_pci_core_ioread8() - Read one byte from a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what was read, in the byte order of the device
 * @io: address
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_ioread8(struct vfio_pci_core_device *vdev, bool test_mem, u8 *val,
			  void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		*val = ioread8(io);
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioread8);

/**
 * vfio_pci_core_iowrite8() - Write one byte to a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what to write, in the byte order of the device
 * @io: address
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_iowrite8(struct vfio_pci_core_device *vdev, bool test_mem, u8 val,
			   void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		iowrite8(val, io);
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_iowrite8);

/**
 * vfio_pci_core_ioread16() - Read 2 bytes from a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what was read, in the byte order of the device
 * @io: address, naturally aligned
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_ioread16(struct vfio_pci_core_device *vdev, bool test_mem, u16 *val,
			   void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		*val = (__force u16)cpu_to_le16(ioread16(io));
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioread16);

/**
 * vfio_pci_core_iowrite16() - Write 2 bytes to a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what to write, in the byte order of the device
 * @io: address, naturally aligned
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_iowrite16(struct vfio_pci_core_device *vdev, bool test_mem, u16 val,
			    void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		iowrite16(le16_to_cpu((__force __le16)val), io);
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_iowrite16);

/**
 * vfio_pci_core_ioread32() - Read 4 bytes from a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what was read, in the byte order of the device
 * @io: address, naturally aligned
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_ioread32(struct vfio_pci_core_device *vdev, bool test_mem, u32 *val,
			   void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		*val = (__force u32)cpu_to_le32(ioread32(io));
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioread32);

/**
 * vfio_pci_core_iowrite32() - Write 4 bytes to a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what to write, in the byte order of the device
 * @io: address, naturally aligned
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_iowrite32(struct vfio_pci_core_device *vdev, bool test_mem, u32 val,
			    void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		iowrite32(le32_to_cpu((__force __le32)val), io);
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_iowrite32);

/**
 * vfio_pci_core_ioread64() - Read 8 bytes from a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what was read, in the byte order of the device
 * @io: address, naturally aligned
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_ioread64(struct vfio_pci_core_device *vdev, bool test_mem, u64 *val,
			   void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		*val = (__force u64)cpu_to_le64(ioread64(io));
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioread64);

/**
 * vfio_pci_core_iowrite64() - Write 8 bytes to a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @val: what to write, in the byte order of the device
 * @io: address, naturally aligned
 *
 * Return: 0, or -EIO if @test_mem and the memory was not there
 *
 * Context: process context; takes memory_lock for reading if @test_mem
 */
int vfio_pci_core_iowrite64(struct vfio_pci_core_device *vdev, bool test_mem, u64 val,
			    void __iomem *io)
{
	int ret = vfio_pci_io_begin(vdev, test_mem);

	if (!ret) {
		iowrite64(le64_to_cpu((__force __le64)val), io);
		vfio_pci_io_end(vdev, test_mem);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_iowrite64);

/**
 * vfio_pci_core_range_intersect_range() - What part of a register is accessed?
 * @buf_start: position of the user's access
 * @buf_cnt: bytes of it
 * @reg_start: position of the register
 * @reg_cnt: bytes of it
 * @buf_offset: set to the first byte of the access that lies in the register
 * @intersect_count: set to the number of bytes that both have
 * @register_offset: set to the first byte of the register that is accessed
 *
 * Return: true if they overlap; the three results are set only then.
 */
bool vfio_pci_core_range_intersect_range(loff_t buf_start, size_t buf_cnt, loff_t reg_start,
					 size_t reg_cnt, loff_t *buf_offset,
					 size_t *intersect_count, size_t *register_offset)
{
	loff_t first = max(buf_start, reg_start);
	u64 left;

	/* Distances from the later start: no sum, nothing to overflow */
	if ((u64)(first - buf_start) >= buf_cnt || (u64)(first - reg_start) >= reg_cnt)
		return false;

	left = min((u64)buf_cnt - (first - buf_start), (u64)reg_cnt - (first - reg_start));
	*buf_offset = first - buf_start;
	*register_offset = first - reg_start;
	*intersect_count = left;
	return true;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_range_intersect_range);

/**
 * vfio_pci_io_chunk() - Size of the next step through a region
 * @off: position in the region
 * @count: bytes still to do, at least 1
 * @x_start: first byte that the device must not see accessed
 * @x_end: first byte after those
 * @max_width: widest access in bytes, a power of two
 * @hole: set if the step lies in [@x_start, @x_end)
 *
 * Return: in the hole, all bytes up to its end; elsewhere the width of the
 * largest access that is naturally aligned, at most @max_width wide, and
 * reaches neither into the hole nor beyond @count.
 */
size_t vfio_pci_io_chunk(loff_t off, size_t count, size_t x_start, size_t x_end,
			 size_t max_width, bool *hole)
{
	*hole = off >= x_start && off < x_end;
	if (*hole)
		return min_t(u64, count, x_end - off);

	if (off < x_start && x_start < x_end)
		count = min_t(u64, count, x_start - off);
	if (off)
		max_width = min_t(u64, max_width, off & -off);
	return min(max_width, rounddown_pow_of_two(count));
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_io_chunk);

static int vfio_pci_io_to_user(struct vfio_pci_core_device *vdev, bool test_mem,
			       void __iomem *io, char __user *buf, size_t width)
{
	union {
		u8 u8;
		u16 u16;
		u32 u32;
		u64 u64;
	} val;
	int ret;

	switch (width) {
	case VFIO_PCI_IO_WIDTH_8:
		ret = vfio_pci_core_ioread64(vdev, test_mem, &val.u64, io);
		break;
	case VFIO_PCI_IO_WIDTH_4:
		ret = vfio_pci_core_ioread32(vdev, test_mem, &val.u32, io);
		break;
	case VFIO_PCI_IO_WIDTH_2:
		ret = vfio_pci_core_ioread16(vdev, test_mem, &val.u16, io);
		break;
	default:
		ret = vfio_pci_core_ioread8(vdev, test_mem, &val.u8, io);
		width = 1;
		break;
	}
	if (ret)
		return ret;
	return copy_to_user(buf, &val, width) ? -EFAULT : 0;
}

static int vfio_pci_io_from_user(struct vfio_pci_core_device *vdev, bool test_mem,
				 void __iomem *io, const char __user *buf, size_t width)
{
	union {
		u8 u8;
		u16 u16;
		u32 u32;
		u64 u64;
	} val;

	if (copy_from_user(&val, buf, width))
		return -EFAULT;

	switch (width) {
	case VFIO_PCI_IO_WIDTH_8:
		return vfio_pci_core_iowrite64(vdev, test_mem, val.u64, io);
	case VFIO_PCI_IO_WIDTH_4:
		return vfio_pci_core_iowrite32(vdev, test_mem, val.u32, io);
	case VFIO_PCI_IO_WIDTH_2:
		return vfio_pci_core_iowrite16(vdev, test_mem, val.u16, io);
	default:
		return vfio_pci_core_iowrite8(vdev, test_mem, val.u8, io);
	}
}

/* What the device must not see: reads as all ones, swallows writes */
static int vfio_pci_io_hole(char __user *buf, size_t count, bool iswrite)
{
	u8 ones[64];

	if (iswrite)
		return 0;

	memset(ones, 0xff, sizeof(ones));
	while (count) {
		size_t n = min(count, sizeof(ones));

		if (copy_to_user(buf, ones, n))
			return -EFAULT;
		buf += n;
		count -= n;
	}
	return 0;
}

/**
 * vfio_pci_core_do_io_rw() - Copy between user space and a mapped region
 * @vdev: open device
 * @test_mem: fail while memory decoding is off or the device sleeps
 * @io: mapping of the whole region
 * @buf: the user's buffer
 * @off: position in the region
 * @count: bytes; @off + @count lies inside the mapping, the hole excepted
 * @x_start: first byte that the device must not see accessed
 * @x_end: first byte after those; @x_start == @x_end for no such bytes
 * @iswrite: from the user to the device
 * @max_width: widest single access
 *
 * Return: @count, or
 * -EFAULT: @buf cannot be accessed,
 * -EIO: @test_mem and the memory was not there,
 * -EINTR: the task is being killed.
 *
 * Context: process context; sleeps, faults, takes memory_lock for reading
 */
ssize_t vfio_pci_core_do_io_rw(struct vfio_pci_core_device *vdev, bool test_mem,
			       void __iomem *io, char __user *buf, loff_t off, size_t count,
			       size_t x_start, size_t x_end, bool iswrite,
			       enum vfio_pci_io_width max_width)
{
	size_t done = 0;

	while (done < count) {
		bool hole;
		size_t n = vfio_pci_io_chunk(off, count - done, x_start, x_end, max_width, &hole);
		int ret;

		if (hole)
			ret = vfio_pci_io_hole(buf + done, n, iswrite);
		else if (iswrite)
			ret = vfio_pci_io_from_user(vdev, test_mem, io + off, buf + done, n);
		else
			ret = vfio_pci_io_to_user(vdev, test_mem, io + off, buf + done, n);
		if (ret)
			return ret;

		off += n;
		done += n;
		/* A large BAR takes many seconds to read */
		if (PAGE_ALIGNED(off)) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	return done;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_do_io_rw);

/**
 * vfio_pci_bar_rw() - read() and write() on a BAR
 * @vdev: open device
 * @buf: the user's buffer
 * @count: bytes, cut off at the end of the BAR
 * @ppos: file position in one of the regions 0 to 5; advanced on success
 * @iswrite: from the user to the device
 *
 * The MSI-X table belongs to the host, it reads as all ones.
 *
 * Return: bytes done, or -EINVAL: no such BAR or @ppos behind its end; -EBUSY,
 * -ENOMEM: see vfio_pci_core_get_iomap(); or the errors of
 * vfio_pci_core_do_io_rw().
 *
 * Context: process context; sleeps, faults, takes memory_lock for reading
 */
ssize_t vfio_pci_bar_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			loff_t *ppos, bool iswrite)
{
	unsigned int bar = VFIO_PCI_OFFSET_TO_INDEX(*ppos);
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	bool is_mem = pci_resource_flags(vdev->pdev, bar) & IORESOURCE_MEM;
	u64 len = pci_resource_len(vdev->pdev, bar);
	size_t x_start = 0, x_end = 0;
	void __iomem *io;
	ssize_t done;

	if (pos >= len)
		return -EINVAL;
	count = min_t(u64, count, len - pos);

	io = vfio_pci_core_get_iomap(vdev, bar);
	if (IS_ERR(io))
		return PTR_ERR(io);

	if (bar == vdev->msix_bar) {
		x_start = vdev->msix_offset;
		x_end = x_start + vdev->msix_size;
	}

	done = vfio_pci_core_do_io_rw(vdev, is_mem, io, buf, pos, count, x_start, x_end, iswrite,
				      is_mem ? VFIO_PCI_IO_WIDTH_8 : VFIO_PCI_IO_WIDTH_4);
	if (done > 0)
		*ppos += done;
	return done;
}
