/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Regions of a device file: information, pread/pwrite, mmap and typed access
 * to mapped registers. All return 0 (or a count) or -errno.
 */
#ifndef LIBVFIO_REGION_H
#define LIBVFIO_REGION_H

#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>
#include <linux/vfio.h>

int vfio_region_info(int fd, u32 index, struct vfio_region_info *info);
/*
 * The same with its capabilities, in memory the caller frees; *@info is NULL
 * on failure.
 */
int vfio_region_info_caps(int fd, u32 index, struct vfio_region_info **info);

/* @off counts from the start of the region. */
ssize_t vfio_region_read(int fd, u32 index, u64 off, void *buf, size_t len);
ssize_t vfio_region_write(int fd, u32 index, u64 off, const void *buf,
			  size_t len);

/*
 * A dma-buf of @nr pieces of a region, or of one: the new file. (The payload
 * is what VFIO_DEVICE_FEATURE_DMA_BUF wants; tests of that build their own.)
 */
int vfio_region_dmabufs(int fd, u32 index, u32 open_flags,
			const struct vfio_region_dma_range *ranges, u32 nr);
int vfio_region_dmabuf(int fd, u32 index, u64 off, u64 len);

/* A whole register by pread/pwrite; the error when not all of it was done. */
int vfio_region_read32(int fd, u32 index, u64 off, u32 *val);
int vfio_region_write32(int fd, u32 index, u64 off, u32 val);

/* Map part of a region, shared; NULL and errno on failure. */
void *vfio_region_mmap(int fd, const struct vfio_region_info *info, u64 off,
		       size_t len, int prot);

/*
 * Registers behind a mapping: one access of exactly this width, in program
 * order (the registers are little endian, as is every host that runs these
 * tests).
 */
#define LIBVFIO_MMIO(bits, type)					\
static inline type mmio_read##bits(const volatile void *base, u64 off)	\
{									\
	return *(const volatile type *)((const volatile char *)base + off); \
}									\
static inline void mmio_write##bits(volatile void *base, u64 off,	\
				    type val)				\
{									\
	__asm__ __volatile__("" : : : "memory");			\
	*(volatile type *)((volatile char *)base + off) = val;		\
	__asm__ __volatile__("" : : : "memory");			\
}

LIBVFIO_MMIO(8, u8)
LIBVFIO_MMIO(16, u16)
LIBVFIO_MMIO(32, u32)
LIBVFIO_MMIO(64, u64)
#undef LIBVFIO_MMIO

#endif /* LIBVFIO_REGION_H */
