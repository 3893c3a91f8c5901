/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bump allocator of I/O virtual addresses. It hands out naturally aligned
 * ranges inside what the IOMMU allows right now and never takes any back: a
 * test that reuses an address on purpose picks it itself.
 */
#ifndef LIBVFIO_IOVA_H
#define LIBVFIO_IOVA_H

#include <linux/types.h>

struct iommu;
struct iova_allocator;

/* Ask after the devices are attached: they narrow the valid ranges. */
struct iova_allocator *iova_allocator_init(struct iommu *iommu);
void iova_allocator_cleanup(struct iova_allocator *allocator);
/* @size: a power of two, at least a page. Ends the program when exhausted. */
u64 iova_allocator_alloc(struct iova_allocator *allocator, u64 size);

#endif /* LIBVFIO_IOVA_H */
