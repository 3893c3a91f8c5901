// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in a process a mapping of device memory is put, if the process leaves
 * that to the kernel: so that page table leaves as large as the mapping has
 * room for can fill it, and a BAR of many gigabytes takes a few page faults.
 *
 * A large leaf needs virtual and physical address to agree modulo its size.
 * The address space is searched for the mapping plus the room to shift it into
 * place; if there is none for the largest leaf, for the next smaller one, and in
 * the end for any place.  A place that the process chose is its own.  No state,
 * no lock of its own.  Called by device_file.c.
 */

#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>

#include "vfio.h"

/**
 * vfio_mmap_leaf_fits() - Would a mapping have room for one leaf of this size?
 * @phys: physical address of its first byte
 * @len: bytes
 * @size: of the leaf, a power of two
 *
 * Return: true if a naturally aligned block of @size lies within
 */
VISIBLE_IF_KUNIT bool vfio_mmap_leaf_fits(u64 phys, u64 len, u64 size)
{
	u64 skip = -phys & (size - 1);

	return len >= size && len - size >= skip;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_mmap_leaf_fits);

/**
 * vfio_mmap_shift() - The place in a hole that agrees with a physical address
 * @start: of the hole, which is @size - PAGE_SIZE longer than the mapping, so
 *         that there is exactly one; page-aligned
 * @phys: physical address of the mapping's first byte, page-aligned
 * @size: to agree modulo this, a power of two
 *
 * Return: address in [@start, @start + @size)
 */
VISIBLE_IF_KUNIT unsigned long vfio_mmap_shift(unsigned long start, u64 phys, unsigned long size)
{
	return start + (((unsigned long)phys - start) & (size - 1));
}
EXPORT_SYMBOL_IF_KUNIT(vfio_mmap_shift);

/* Physical address behind a file offset, as far as its low bits matter */
static u64 vfio_mmap_phys(struct vfio_device *device, u64 offset)
{
	return device->ops->mmap_phys ? device->ops->mmap_phys(device, offset) : offset;
}

/**
 * vfio_mmap_place() - Choose the address of a mapping, get_unmapped_area
 * @device: device that is open through @file
 * @file: file of it
 * @addr: where the process would like it, 0 if it does not care
 * @len: bytes
 * @pgoff: file offset in pages
 * @flags: MAP_*
 *
 * A place that the process asks for, by MAP_FIXED or by a hint that can be
 * followed, is left alone.
 *
 * Return: address; -ENOMEM if there is no room, or what else the search says
 *
 * Context: process context, mmap_lock held for writing
 */
unsigned long vfio_mmap_place(struct vfio_device *device, struct file *file,
			      unsigned long addr, unsigned long len, unsigned long pgoff,
			      unsigned long flags)
{
	/* Leaves that device memory can have here; not constant everywhere */
	const unsigned long sizes[] = {
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
		PUD_SIZE,
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
		PMD_SIZE,
#endif
		PAGE_SIZE,
	};
	unsigned long any = mm_get_unmapped_area(file, addr, len, pgoff, flags);
	u64 phys = vfio_mmap_phys(device, (u64)pgoff << PAGE_SHIFT);
	unsigned int i;

	/* The caller has rounded @addr to a page */
	if (IS_ERR_VALUE(any) || (flags & MAP_FIXED) || (addr && any == addr))
		return any;

	for (i = 0; sizes[i] > PAGE_SIZE; i++) {
		unsigned long size = sizes[i], hole, start;

		if (!vfio_mmap_leaf_fits(phys, len, size))
			continue;
		/* Good as it is */
		if (((any ^ phys) & (size - 1)) == 0)
			return any;
		if (check_add_overflow(len, size - PAGE_SIZE, &hole))
			continue;
		start = mm_get_unmapped_area(file, addr, hole, pgoff, flags);
		if (!IS_ERR_VALUE(start))
			return vfio_mmap_shift(start, phys, size);
	}
	return any;
}
