// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty pages: VFIO_IOMMU_DIRTY_PAGES, and the bitmap of VFIO_IOMMU_UNMAP_DMA.
 *
 * Owns type1.dirty_log and type1_dma.dirty, under type1.lock.  Called by map.c
 * and unmap.c for mappings that come and go, and by external.c for what drivers
 * of emulated devices pin and write.
 *
 * The log has a bit a page of the CPU (PAGE_SIZE), which stays right when
 * groups come and go and with them the smallest page size that users see.  A
 * page that is pinned is always marked: it is marked when it is pinned and again
 * when the log is read, so that it is found dirty once more after it was
 * unpinned.  What an IOMMU maps is dirty as a whole, and no bit is looked at.
 *
 * The user's memory is written with type1.lock held.  Its faults take locks of
 * other devices, and nothing takes type1.lock inside of those.
 */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>
#include <kunit/visibility.h>

#include "../uarg.h"
#include "type1.h"

/* Most pages of a mapping that can be logged: find_next_bit() and others take them */
#define TYPE1_DIRTY_PAGES_MAX	((u64)INT_MAX)

static void type1_dirty_mark_pinned(struct type1_dma *dma)
{
	struct rb_node *node;

	for (node = rb_first(&dma->pfns); node; node = rb_next(node)) {
		u64 iova = rb_entry(node, struct type1_pfn, node)->iova;

		__set_bit((iova - dma->iova) >> PAGE_SHIFT, dma->dirty);
	}
}

/**
 * type1_dirty_alloc() - Have a mapping logged, if there is a log
 * @t: the container
 * @dma: mapping, all of it but its size may still be missing; nothing happens if
 *       it is logged already
 *
 * Context: type1.lock is held.  May sleep.
 * Return: 0, -ENOMEM, -EINVAL for a mapping that is too large to be logged.
 */
int type1_dirty_alloc(struct type1 *t, struct type1_dma *dma)
{
	u64 npages = dma->size >> PAGE_SHIFT;

	lockdep_assert_held(&t->lock);

	if (!t->dirty_log || dma->dirty)
		return 0;
	if (npages > TYPE1_DIRTY_PAGES_MAX)
		return -EINVAL;
	dma->dirty = kvcalloc(BITS_TO_LONGS(npages), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!dma->dirty)
		return -ENOMEM;
	type1_dirty_mark_pinned(dma);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_dirty_alloc);

/**
 * type1_dirty_free() - Undo type1_dirty_alloc()
 * @dma: any mapping
 *
 * Context: type1.lock is held, or nobody else can find the mapping.
 */
void type1_dirty_free(struct type1_dma *dma)
{
	if (!dma->dirty)
		return;
	kvfree(dma->dirty);
	dma->dirty = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(type1_dirty_free);

/**
 * type1_dirty_mark() - Memory has been written, or may have been
 * @t: the container
 * @dma: a mapping
 * @iova: first IOVA, in @dma
 * @size: bytes from there, at least 1; they end in @dma
 *
 * Does nothing while there is no log.
 *
 * Context: type1.lock is held.
 */
void type1_dirty_mark(struct type1 *t, struct type1_dma *dma, u64 iova, u64 size)
{
	unsigned long first = (iova - dma->iova) >> PAGE_SHIFT;
	unsigned long last = (iova + size - 1 - dma->iova) >> PAGE_SHIFT;

	lockdep_assert_held(&t->lock);

	if (dma->dirty)
		bitmap_set(dma->dirty, first, last - first + 1);
}
EXPORT_SYMBOL_IF_KUNIT(type1_dirty_mark);

/* ---- Reading */

/* Up to 64 bits of @map from bit @from on */
static u64 type1_dirty_bits(const unsigned long *map, unsigned long from, unsigned int n)
{
	unsigned int i;
	u64 bits = 0;

	for (i = 0; i < n; i += BITS_PER_LONG)
		bits |= (u64)bitmap_read(map, from + i, min(n - i, BITS_PER_LONG)) << i;
	return bits;
}

/* The same where a bit of the user stands for several of ours */
static u64 type1_dirty_bits_wide(const struct type1_dma *dma, u64 start, u64 pgsize, unsigned int n)
{
	unsigned int i;
	u64 bits = 0;

	for (i = 0; i < n; i++, start += pgsize) {
		unsigned long from = (max(start, dma->iova) - dma->iova) >> PAGE_SHIFT;
		u64 last = min(start + pgsize - 1, type1_dma_last(dma));
		unsigned long end = ((last - dma->iova) >> PAGE_SHIFT) + 1;

		if (find_next_bit(dma->dirty, end, from) < end)
			bits |= BIT_ULL(i);
	}
	return bits;
}

/**
 * type1_dirty_word() - A word of the bitmap that the user wants
 * @dma: mapping that is logged
 * @base: IOVA that the user's bit 0 stands for, at most that of the mapping
 * @pgsize: bytes that a bit of the user stands for: a power of two, PAGE_SIZE or
 *          more; @base is a multiple
 * @word: which word: bits 64 * @word to 64 * @word + 63, of which the mapping has
 *        at least one
 *
 * Return: the word; 0 in bits that are not of the mapping.
 */
VISIBLE_IF_KUNIT u64 type1_dirty_word(const struct type1_dma *dma, u64 base, u64 pgsize,
				      u64 word)
{
	const unsigned int shift = ilog2(pgsize);
	u64 first = max(word * 64, (dma->iova - base) >> shift);
	u64 last = min(word * 64 + 63, (type1_dma_last(dma) - base) >> shift);
	u64 start = base + (first << shift);
	unsigned int n = last - first + 1;
	u64 bits;

	if (dma->mapped)
		bits = GENMASK_ULL(n - 1, 0);
	else if (shift == PAGE_SHIFT)
		bits = type1_dirty_bits(dma->dirty, (start - dma->iova) >> PAGE_SHIFT, n);
	else
		bits = type1_dirty_bits_wide(dma, start, pgsize, n);
	return bits << (first - word * 64);
}
EXPORT_SYMBOL_IF_KUNIT(type1_dirty_word);

/* Words of the bitmap that are handed over at once */
#define TYPE1_DIRTY_CHUNK	32

/**
 * type1_dirty_copy() - Hand over the log of one mapping, and begin it anew
 * @t: the container, with a log
 * @dma: mapping; its user (type1_dma.busy) is the caller, or there is none
 * @base: IOVA that bit 0 of @bitmap stands for, at most that of the mapping and a
 *        multiple of @pgsize
 * @pgsize: bytes that a bit stands for, type1_pgsize()
 * @bitmap: the user's; long enough for the mapping, see
 *          type1_dirty_check_bitmap()
 *
 * All words are written that have bits of the mapping.  Bits in front of it in
 * the first one stay as the user has them, as they may be of another mapping;
 * bits behind it in the last one become 0.
 *
 * Context: type1.lock is held.  Sleeps, accesses the memory of current.
 * Return: 0, or -EFAULT with the log unchanged, if @bitmap can't be accessed.
 */
int type1_dirty_copy(struct type1 *t, struct type1_dma *dma, u64 base, u64 pgsize,
		     u64 __user *bitmap)
{
	const unsigned int shift = ilog2(pgsize);
	u64 first = (dma->iova - base) >> shift;
	u64 end = ((type1_dma_last(dma) - base) >> shift) / 64 + 1;
	u64 words[TYPE1_DIRTY_CHUNK];
	u64 at, before = 0;
	unsigned int i, n;

	lockdep_assert_held(&t->lock);

	at = first / 64;
	if (first % 64 && copy_from_user(&before, bitmap + at, sizeof(before)))
		return -EFAULT;
	before &= BIT_ULL(first % 64) - 1;

	for (; at < end; at += n, before = 0) {
		n = min_t(u64, end - at, ARRAY_SIZE(words));
		for (i = 0; i < n; i++)
			words[i] = type1_dirty_word(dma, base, pgsize, at + i);
		words[0] |= before;
		if (copy_to_user(bitmap + at, words, n * sizeof(*words)))
			return -EFAULT;
		cond_resched();
	}
	bitmap_zero(dma->dirty, dma->size >> PAGE_SHIFT);
	type1_dirty_mark_pinned(dma);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_dirty_copy);

/**
 * type1_dirty_check_bitmap() - Is a bitmap of the user long enough?
 * @npages: pages that it is for
 * @bitmap_size: its bytes
 *
 * Return: 0; -EINVAL if it is too short, in words of 64 bits, or of more than
 * TYPE1_DIRTY_BITMAP_MAX bytes, or there is no page.
 */
int type1_dirty_check_bitmap(u64 npages, u64 bitmap_size)
{
	if (!npages || npages > (u64)TYPE1_DIRTY_BITMAP_MAX * BITS_PER_BYTE)
		return -EINVAL;
	if (bitmap_size > TYPE1_DIRTY_BITMAP_MAX || bitmap_size < DIV_ROUND_UP(npages, 64) * 8)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_dirty_check_bitmap);

/* ---- VFIO_IOMMU_DIRTY_PAGES */

static long type1_dirty_stop(struct type1 *t, void __user *uarg)
{
	struct type1_dma *dma;

	lockdep_assert_held(&t->lock);

	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma; dma = type1_dma_next(dma))
		type1_dirty_free(dma);
	t->dirty_log = false;
	return 0;
}

/* All mappings are logged or none; a log that there is goes on */
static long type1_dirty_start(struct type1 *t, void __user *uarg)
{
	struct type1_dma *dma;
	int ret;

	lockdep_assert_held(&t->lock);

	if (t->dirty_log)
		return 0;
	t->dirty_log = true;
	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma; dma = type1_dma_next(dma)) {
		ret = type1_dirty_alloc(t, dma);
		if (ret) {
			type1_dirty_stop(t, uarg);
			return ret;
		}
	}
	return 0;
}

/**
 * struct type1_dirty_get - argument of VFIO_IOMMU_DIRTY_PAGES with GET_BITMAP
 * @argsz: bytes the user has
 * @flags: VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP
 * @get: which range, and the bitmap for it
 */
struct type1_dirty_get {
	u32 argsz;
	u32 flags;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

static_assert(offsetof(struct type1_dirty_get, get) ==
	      sizeof(struct vfio_iommu_type1_dirty_bitmap));

/* May the user ask for that?  @last is set if so */
static int type1_dirty_check_get(struct type1 *t,
				 const struct vfio_iommu_type1_dirty_bitmap_get *get, u64 *last)
{
	const u64 pgsize = type1_pgsize(t);

	if (!get->size)
		return -EINVAL;
	if (check_add_overflow(get->iova, get->size - 1, last) || *last > ULONG_MAX)
		return -EOVERFLOW;
	if (!t->dirty_log || get->bitmap.pgsize != pgsize)
		return -EINVAL;
	if (!IS_ALIGNED(get->iova | get->size, pgsize))
		return -EINVAL;
	return type1_dirty_check_bitmap(get->size >> ilog2(pgsize), get->bitmap.size);
}

/* Does a mapping lie across an end of [start, last]? */
static bool type1_dirty_cuts(struct type1 *t, u64 start, u64 last)
{
	struct type1_dma *head = type1_dma_first(&t->dmas, start, start);
	struct type1_dma *tail = type1_dma_first(&t->dmas, last, last);

	return (head && head->iova < start) || (tail && type1_dma_last(tail) > last);
}

static long type1_dirty_get_bitmap(struct type1 *t, void __user *uarg)
{
	const size_t minsz = offsetof(struct type1_dirty_get, get);
	struct vfio_iommu_type1_dirty_bitmap_get *get;
	struct type1_dirty_get arg;
	struct type1_dma *dma;
	u64 last;
	int ret;

	lockdep_assert_held(&t->lock);

	ret = vfio_uarg_copy(&arg, uarg, minsz) ?:
	      vfio_uarg_copy_more(&arg, uarg, minsz, sizeof(arg));
	if (ret)
		return ret;
	get = &arg.get;
	ret = type1_dirty_check_get(t, get, &last);
	if (ret)
		return ret;

	ret = type1_dma_wait_idle(t, get->iova, last);
	if (ret)
		return ret;
	/* Waiting may have let go of the lock */
	if (!t->dirty_log || type1_dirty_cuts(t, get->iova, last))
		return -EINVAL;

	dma = type1_dma_first(&t->dmas, get->iova, last);
	for (; dma && dma->iova <= last; dma = type1_dma_next(dma)) {
		ret = type1_dirty_copy(t, dma, get->iova, get->bitmap.pgsize, get->bitmap.data);
		if (ret)
			return ret;
	}
	return 0;
}

static const struct {
	u32 flag;
	long (*fn)(struct type1 *t, void __user *uarg);
} type1_dirty_ops[] = {
	{ VFIO_IOMMU_DIRTY_PAGES_FLAG_START,		type1_dirty_start },
	{ VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP,		type1_dirty_stop },
	{ VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,	type1_dirty_get_bitmap },
};

/**
 * type1_ioctl_dirty_pages() - VFIO_IOMMU_DIRTY_PAGES
 * @t: the container
 * @uarg: struct vfio_iommu_type1_dirty_bitmap of the user
 *
 * Context: Sleeps.
 * Return: 0; -EACCES for a container of version 1, -EFAULT if @uarg or the bitmap
 * can't be accessed, -EINVAL if not exactly one flag is set or argsz is too
 * small; START: -ENOMEM, -EINVAL for a mapping that is too large to be logged;
 * GET_BITMAP: -EINVAL without a log, for a range that is empty, misaligned or
 * cuts a mapping, a pgsize that is not the smallest or a bitmap of a wrong size,
 * -EOVERFLOW for a range that wraps, -EINTR if the task is being killed.
 */
long type1_ioctl_dirty_pages(struct type1 *t, void __user *uarg)
{
	struct vfio_iommu_type1_dirty_bitmap hdr;
	unsigned int i;
	int ret;

	if (!t->v2)
		return -EACCES;
	ret = vfio_uarg_copy(&hdr, uarg, sizeof(hdr));
	if (ret)
		return ret;

	guard(mutex)(&t->lock);
	for (i = 0; i < ARRAY_SIZE(type1_dirty_ops); i++)
		if (type1_dirty_ops[i].flag == hdr.flags)
			return type1_dirty_ops[i].fn(t, uarg);
	return -EINVAL;
}
