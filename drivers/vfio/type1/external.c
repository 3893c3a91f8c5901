// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for emulated devices.  They do no DMA; their drivers have pages pinned
 * one by one, or the CPU copy.
 *
 * Owns type1_dma.pfns, under type1.lock.  Called by the core for
 * vfio_pin_pages(), vfio_unpin_pages() and vfio_dma_rw().
 *
 * Who pins or copies makes the mappings busy, all that he needs at once, and
 * then touches user memory without any lock.  Unpinning never waits for a busy
 * mapping: it happens inside of whatever holds one up.
 */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "type1.h"

/*
 * Is all of [start, last] there to be used, with that much permission?  A mapping
 * that is going away is not: its owner waits for drivers, which may be waiting
 * here.  -EAGAIN: not yet, somebody else has made a mapping busy.
 */
static int type1_range_usable(struct type1 *t, u64 start, u64 last, int prot)
{
	struct type1_dma *dma = type1_dma_first(&t->dmas, start, last);
	bool busy = false;

	if (t->vaddrs_invalid)
		return -EBUSY;
	for (; dma && dma->iova <= start && list_empty(&dma->going); dma = type1_dma_next(dma)) {
		if (prot & ~dma->prot)
			return -EPERM;
		busy |= dma->busy;
		if (type1_dma_last(dma) >= last)
			return busy ? -EAGAIN : 0;
		start = type1_dma_last(dma) + 1;
	}
	return -EINVAL;
}

/**
 * type1_take_range() - Make the mappings of a range busy
 * @t: the container
 * @start: first IOVA
 * @last: last IOVA, inclusive
 * @prot: IOMMU_READ, IOMMU_WRITE: what all of the range has to allow
 *
 * They stay in the tree, with all that is in them, until type1_put_range().
 *
 * Context: type1.lock is held, and released while this sleeps.
 * Return: 0, -EBUSY while the user has taken the address of a mapping back,
 * -EINVAL if something in the range is not mapped, -EPERM if @prot is not
 * allowed, -EINTR if the task is being killed.
 */
static int type1_take_range(struct type1 *t, u64 start, u64 last, int prot)
{
	struct type1_dma *dma;
	int ret;

	lockdep_assert_held(&t->lock);

	if (___wait_event(t->idle, type1_range_usable(t, start, last, prot) != -EAGAIN,
			  TASK_KILLABLE, 0, 0,
			  mutex_unlock(&t->lock); schedule(); mutex_lock(&t->lock)))
		return -EINTR;
	ret = type1_range_usable(t, start, last, prot);
	if (ret)
		return ret;

	dma = type1_dma_first(&t->dmas, start, last);
	for (; dma && dma->iova <= last; dma = type1_dma_next(dma))
		type1_dma_begin(t, dma);
	return 0;
}

/* Undo type1_take_range() */
static void type1_put_range(struct type1 *t, u64 start, u64 last)
{
	struct type1_dma *dma = type1_dma_first(&t->dmas, start, last);

	lockdep_assert_held(&t->lock);

	for (; dma && dma->iova <= last; dma = type1_dma_next(dma))
		type1_dma_done(t, dma);
}

/* ---- Pinning */

/*
 * Pin a page that is not in type1_dma.pfns.  While all of the mapping is pinned
 * for an IOMMU, its pages have been charged already.
 */
static struct type1_pfn *type1_pfn_pin(struct type1_dma *dma, u64 iova)
{
	struct type1_pfn *pfn = kmalloc_obj(*pfn, GFP_KERNEL_ACCOUNT);
	int ret = 0;

	if (!pfn)
		return ERR_PTR(-ENOMEM);
	pfn->iova = iova;
	pfn->count = 1;

	if (!dma->mapped)
		ret = type1_charge(dma, 1);
	if (ret)
		goto err_free;
	ret = type1_pin_one(dma, dma->vaddr + (iova - dma->iova), &pfn->pfn);
	if (ret)
		goto err_charge;
	return pfn;

err_charge:
	if (!dma->mapped)
		type1_uncharge(dma, 1);
err_free:
	kfree(pfn);
	return ERR_PTR(ret);
}

/* Pin one page of a mapping that the caller has made busy; drops type1.lock */
static int type1_pin_page(struct type1 *t, struct type1_dma *dma, u64 iova, struct page **page)
{
	struct type1_pfn *pfn = type1_pfn_find(&dma->pfns, iova);

	if (pfn) {
		if (pfn->count == UINT_MAX)
			return -EOVERFLOW;
		pfn->count++;
	} else {
		/* Nobody else can pin it meanwhile: they wait for the mapping */
		mutex_unlock(&t->lock);
		pfn = type1_pfn_pin(dma, iova);
		mutex_lock(&t->lock);
		if (IS_ERR(pfn))
			return PTR_ERR(pfn);
		type1_pfn_insert(&dma->pfns, pfn);
		type1_dirty_mark(t, dma, iova, PAGE_SIZE);
	}
	*page = pfn_to_page(pfn->pfn);
	return 0;
}

/* Take one off the count; true if the page is no longer pinned and @pfn is gone */
static bool type1_pfn_put(struct type1_dma *dma, struct type1_pfn *pfn)
{
	if (--pfn->count)
		return false;
	rb_erase(&pfn->node, &dma->pfns);
	type1_unpin(dma, PFN_PHYS(pfn->pfn), 1);
	kfree(pfn);
	return true;
}

/* Unpin what is pinned of [start, last] of one mapping */
static void type1_unpin_in(struct type1_dma *dma, u64 start, u64 last)
{
	struct type1_pfn *pfn = type1_pfn_first(&dma->pfns, start, last);
	unsigned long gone = 0;

	while (pfn && pfn->iova <= last) {
		struct rb_node *next = rb_next(&pfn->node);

		gone += type1_pfn_put(dma, pfn);
		pfn = rb_entry_safe(next, struct type1_pfn, node);
	}
	if (gone && !dma->mapped)
		type1_uncharge(dma, gone);
}

static void type1_unpin_range(struct type1 *t, u64 start, u64 last)
{
	struct type1_dma *dma = type1_dma_first(&t->dmas, start, last);

	lockdep_assert_held(&t->lock);

	for (; dma && dma->iova <= last; dma = type1_dma_next(dma))
		type1_unpin_in(dma, start, last);
}

/**
 * type1_pin_pages() - Pin pages for an emulated device,
 *                     vfio_iommu_driver_ops.pin_pages
 * @data: the container's struct type1
 * @group: group of the device; any device may pin what is mapped
 * @iova: first IOVA, a multiple of PAGE_SIZE
 * @npage: pages, 1 to VFIO_PIN_PAGES_MAX_ENTRIES; they do not wrap
 * @prot: IOMMU_READ, IOMMU_WRITE: what the driver wants to do
 * @pages: receives the pages, in the order of their IOVAs
 *
 * A page may be pinned several times, and is to be unpinned as often.  From
 * here on, and until the user has read the log after it was unpinned, it counts
 * as dirty.
 *
 * Context: Sleeps; faults memory in, also that of another process.
 * Return: @npage; or with nothing pinned: -EACCES for a container of version 1,
 * -EBUSY while a vaddr is invalid, -EINVAL if a page is not mapped, -EPERM if a
 * mapping does not allow @prot, -ENOMEM without memory or beyond the limit of
 * locked memory, -EOVERFLOW for a page pinned UINT_MAX times, -EINTR if the task
 * is being killed, or why a page can't be pinned, see type1_pin_one().
 */
int type1_pin_pages(void *data, struct iommu_group *group, dma_addr_t iova, int npage,
		    int prot, struct page **pages)
{
	const u64 last = iova + (u64)npage * PAGE_SIZE - 1;
	struct type1 *t = data;
	struct type1_dma *dma;
	u64 at = iova;
	int i, ret;

	if (!t->v2)
		return -EACCES;

	guard(mutex)(&t->lock);
	ret = type1_take_range(t, iova, last, prot);
	if (ret)
		return ret;

	dma = type1_dma_first(&t->dmas, iova, last);
	for (i = 0; i < npage; i++, at += PAGE_SIZE) {
		if (at > type1_dma_last(dma))
			dma = type1_dma_next(dma);
		ret = type1_pin_page(t, dma, at, &pages[i]);
		if (ret)
			break;
	}
	if (ret && i)
		type1_unpin_range(t, iova, at - 1);
	type1_put_range(t, iova, last);
	return ret ?: npage;
}

/**
 * type1_unpin_pages() - Undo type1_pin_pages(), vfio_iommu_driver_ops.unpin_pages
 * @data: the container's struct type1
 * @iova: first IOVA, a multiple of PAGE_SIZE
 * @npage: pages, 1 to VFIO_PIN_PAGES_MAX_ENTRIES; they do not wrap.  Those that
 *         are not pinned are left alone
 *
 * Context: Sleeps; never waits for a busy mapping.
 */
void type1_unpin_pages(void *data, dma_addr_t iova, int npage)
{
	struct type1 *t = data;

	guard(mutex)(&t->lock);
	type1_unpin_range(t, iova, iova + (u64)npage * PAGE_SIZE - 1);
}

/* ---- Copying */

/* Copy from or to user addresses of the mm that is current's */
static int type1_copy_current(unsigned long vaddr, void *buf, size_t n, bool write)
{
	void __user *user = (void __user *)vaddr;

	if (write ? copy_to_user(user, buf, n) : copy_from_user(buf, user, n))
		return -EFAULT;
	return 0;
}

/* The same in the mapping's mm, which a kernel thread can borrow */
static int type1_copy(struct type1_dma *dma, u64 iova, void *buf, size_t n, bool write)
{
	unsigned long vaddr = dma->vaddr + (iova - dma->iova);
	struct mm_struct *mm = dma->mm;
	int ret = -EPERM;

	if (mm == current->mm)
		return type1_copy_current(vaddr, buf, n, write);
	if (!mmget_not_zero(mm))
		return -EPERM;
	if ((current->flags & PF_KTHREAD) && !current->mm) {
		kthread_use_mm(mm);
		ret = type1_copy_current(vaddr, buf, n, write);
		kthread_unuse_mm(mm);
	}
	mmput(mm);
	return ret;
}

/* Copy what lies in mappings that the caller has made busy; drops type1.lock */
static int type1_copy_range(struct type1 *t, u64 iova, void *buf, size_t count, bool write)
{
	struct type1_dma *dma = type1_dma_first(&t->dmas, iova, iova);
	int ret;

	for (; count; dma = type1_dma_next(dma)) {
		size_t n = min_t(u64, count, type1_dma_last(dma) - iova + 1);

		mutex_unlock(&t->lock);
		ret = type1_copy(dma, iova, buf, n, write);
		mutex_lock(&t->lock);
		if (write)
			type1_dirty_mark(t, dma, iova, n);
		if (ret)
			return ret;
		iova += n;
		buf += n;
		count -= n;
	}
	return 0;
}

/**
 * type1_dma_rw() - Copy from or to memory by the CPU,
 *                  vfio_iommu_driver_ops.dma_rw
 * @data: the container's struct type1
 * @iova: first IOVA
 * @buf: kernel memory
 * @count: bytes
 * @write: from @buf to the user's memory; else the other way
 *
 * Nothing is pinned.  What is written counts as dirty, to the page; when this
 * fails some of it may have been written, and counts, too.
 *
 * Context: Sleeps.  In a kernel thread, or a thread of the process that has
 * mapped the memory.
 * Return: 0, -EBUSY while a vaddr is invalid, -EINVAL if not all of it is mapped
 * or the range wraps, -EPERM if a mapping does not allow it or belongs to
 * another process or one that is gone, -EFAULT if the memory can't be accessed,
 * -EINTR if the task is being killed.
 */
int type1_dma_rw(void *data, dma_addr_t iova, void *buf, size_t count, bool write)
{
	struct type1 *t = data;
	u64 last;
	int ret;

	if (!count)
		return 0;
	if (check_add_overflow((u64)iova, (u64)count - 1, &last))
		return -EINVAL;

	guard(mutex)(&t->lock);
	ret = type1_take_range(t, iova, last, write ? IOMMU_WRITE : IOMMU_READ);
	if (ret)
		return ret;
	ret = type1_copy_range(t, iova, buf, count, write);
	type1_put_range(t, iova, last);
	return ret;
}
