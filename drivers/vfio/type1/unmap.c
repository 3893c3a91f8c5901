// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory leaves the page tables of the IOMMU, and is let go of.
 *
 * Three steps for as much memory as possible at a time, because the second one
 * costs most: take it out of the page tables, flush what IOMMUs and devices
 * have cached of them, unpin.  A batch collects between the first and the last
 * step where memory is, run by run, whatever mappings it belongs to.
 *
 * What the ioctl unmaps is busy and `going' from the moment on at which nothing
 * can fail any more, and leaves the tree when all of it is done.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "../uarg.h"
#include "type1.h"

/* Runs that a batch collects without memory for a list of them */
#define BATCH_FEW	8

/* How often emulated devices are asked to unpin what is to be unmapped */
#define NOTIFY_ROUNDS	10

/**
 * struct unmap_run - Memory that is out of the page tables, but maybe cached
 * @dma: the mapping that it was pinned for
 * @phys: where it is
 * @npages: pages from there
 */
struct unmap_run {
	struct type1_dma *dma;
	phys_addr_t phys;
	unsigned long npages;
};

/**
 * struct unmap_batch - Memory that is being unmapped
 * @t: the container, with at least one domain
 * @domain: the first domain, whose page tables are asked where memory is
 * @gather: what is to be flushed for @domain; all others are flushed at once
 * @iova: IOVAs that come out of the page tables together, from here ...
 * @size: ... this many; they are neither cut nor do they have holes
 * @n: how many @runs there are
 * @max: how many fit
 * @runs: memory to be unpinned after the flush
 * @few: what @runs is for small mappings, or without memory
 */
struct unmap_batch {
	struct type1 *t;
	struct iommu_domain *domain;
	struct iommu_iotlb_gather gather;
	u64 iova;
	u64 size;
	unsigned int n;
	unsigned int max;
	struct unmap_run *runs;
	struct unmap_run few[BATCH_FEW];
};

/* Whoever has one on his stack leaves it alone: @few is large, and nobody reads it first */
static void batch_init(struct unmap_batch *batch, struct type1 *t, bool many)
{
	void *list = many ? (void *)__get_free_page(GFP_KERNEL | __GFP_NOWARN) : NULL;

	batch->t = t;
	batch->domain = list_first_entry(&t->domains, struct type1_domain, entry)->domain;
	iommu_iotlb_gather_init(&batch->gather);
	batch->size = 0;
	batch->n = 0;
	batch->max = list ? PAGE_SIZE / sizeof(*batch->runs) : BATCH_FEW;
	batch->runs = list ?: batch->few;
}

/* Take out of the page tables what has been collected */
static void batch_unmap(struct unmap_batch *batch)
{
	struct type1_domain *d;
	size_t unmapped;

	if (!batch->size)
		return;
	list_for_each_entry(d, &batch->t->domains, entry)
		if (d->domain != batch->domain)
			iommu_unmap(d->domain, batch->iova, batch->size);
	unmapped = iommu_unmap_fast(batch->domain, batch->iova, batch->size, &batch->gather);
	WARN_ON_ONCE(unmapped != batch->size);
	batch->size = 0;
}

static void batch_finish(struct unmap_batch *batch)
{
	unsigned int i;

	batch_unmap(batch);
	iommu_iotlb_sync(batch->domain, &batch->gather);
	for (i = 0; i < batch->n; i++)
		type1_unpin(batch->runs[i].dma, batch->runs[i].phys, batch->runs[i].npages);
	batch->n = 0;
	cond_resched();
}

static void batch_exit(struct unmap_batch *batch)
{
	batch_finish(batch);
	if (batch->runs != batch->few)
		free_page((unsigned long)batch->runs);
}

/* Add a mapping that is one piece of memory */
static void batch_add_piece(struct unmap_batch *batch, struct type1_dma *dma)
{
	if (batch->n == batch->max)
		batch_finish(batch);
	batch->iova = dma->iova;
	batch->size = dma->size;
	batch->runs[batch->n++] =
		(struct unmap_run){ dma, dma->phys, dma->size >> PAGE_SHIFT };
	batch_unmap(batch);
}

/*
 * Add the first @npages of a mapping.  The page tables are cut only between runs that
 * are not one piece of memory, so never within a large entry of theirs (see fill_run()).
 * Where nothing is mapped there was memory of a device that has been stopped.
 */
static void batch_add(struct unmap_batch *batch, struct type1_dma *dma, unsigned long npages)
{
	struct iommu_domain *domain = batch->domain;
	phys_addr_t phys, len, end = 0;
	bool reverse, pinned, more;
	unsigned long page, n;
	u64 iova;

	if (dma->phys) {
		batch_add_piece(batch, dma);
		return;
	}
	for (page = 0; page < npages; page += n) {
		n = min(type1_runs_len(&dma->runs, page), npages - page);
		iova = dma->iova + ((u64)page << PAGE_SHIFT);
		phys = iommu_iova_to_phys(domain, iova);
		if (!phys) {
			batch_unmap(batch);
			end = 0;
			continue;
		}
		reverse = n > 1 && iommu_iova_to_phys(domain, iova + PAGE_SIZE) < phys;
		pinned = !dma->device_memory || type1_phys_pinned(phys);
		more = phys == end && !reverse && pinned;
		if (!more && batch->n == batch->max)
			batch_finish(batch);

		len = (phys_addr_t)n << PAGE_SHIFT;
		if (!batch->size)
			batch->iova = iova;
		batch->size += len;
		end = reverse || !pinned ? 0 : phys + len;
		if (reverse)
			phys -= len - PAGE_SIZE;
		if (more)
			batch->runs[batch->n - 1].npages += n;
		else if (pinned)
			batch->runs[batch->n++] = (struct unmap_run){ dma, phys, n };
	}
	batch_unmap(batch);
}

/**
 * type1_depopulate() - Take the memory of a mapping out of all domains
 * @t: the container, which has a domain
 * @dma: the mapping, busy by the caller
 * @npages: how many pages, from the first on, are in the domains
 *
 * What was charged for it stays charged; @dma->mapped stays as it is.
 *
 * Context: Process context, may sleep; no lock.
 */
void type1_depopulate(struct type1 *t, struct type1_dma *dma, unsigned long npages)
{
	struct unmap_batch batch __uninitialized;

	type1_device_memory_remove(t, dma);
	batch_init(&batch, t, npages > BATCH_FEW);
	batch_add(&batch, dma, npages);
	batch_exit(&batch);
	type1_runs_free(&dma->runs);
}

/* A mapping that is one piece of memory: nothing has to be collected */
static void depopulate_piece(struct type1 *t, struct type1_dma *dma)
{
	struct type1_domain *d;

	list_for_each_entry(d, &t->domains, entry)
		iommu_unmap(d->domain, dma->iova, dma->size);
	type1_unpin(dma, dma->phys, dma->size >> PAGE_SHIFT);
}

/* Likewise all of all mappings of a list; they are busy */
static void depopulate_list(struct type1 *t, struct list_head *going)
{
	struct unmap_batch batch __uninitialized;
	struct type1_dma *dma;

	if (list_empty(&t->domains) || list_empty(going))
		return;
	dma = list_first_entry(going, struct type1_dma, going);
	if (list_is_singular(going) && dma->phys) {
		depopulate_piece(t, dma);
		return;
	}
	batch_init(&batch, t, !list_is_singular(going) || dma->size > BATCH_FEW * PAGE_SIZE);
	list_for_each_entry(dma, going, going) {
		if (!dma->mapped)
			continue;
		type1_device_memory_remove(t, dma);
		batch_add(&batch, dma, dma->size >> PAGE_SHIFT);
		cond_resched();
	}
	batch_exit(&batch);
}

/**
 * type1_depopulate_all() - No memory is in a domain any more
 * @t: the container, with the domain that is about to leave it as its only one
 *
 * The mappings stay, and so do pages that emulated devices have pinned.
 *
 * Context: Process context, may sleep; no lock; while a group is detached, so
 * that there are no ioctls.
 */
void type1_depopulate_all(struct type1 *t)
{
	struct type1_dma *dma;

	mutex_lock(&t->lock);
	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma; dma = type1_dma_next(dma)) {
		if (!dma->mapped)
			continue;
		type1_dma_begin(t, dma);
		mutex_unlock(&t->lock);
		type1_depopulate(t, dma, dma->size >> PAGE_SHIFT);
		mutex_lock(&t->lock);
		/* What a device could have written has been, for all that is known */
		type1_dirty_mark(t, dma, dma->iova, dma->size);
		dma->mapped = false;
		dma->phys = 0;
		type1_settle(dma, type1_pfn_count(&dma->pfns));
		type1_dma_done(t, dma);
	}
	mutex_unlock(&t->lock);
}

/* From now on nothing fails: nobody finds the memory of @dma any more */
static void going_begin(struct type1 *t, struct type1_dma *dma, struct list_head *going)
{
	list_add_tail(&dma->going, going);
	type1_dma_begin(t, dma);
}

/* Unmap what going_begin() has collected, and forget it */
static void going_finish(struct type1 *t, struct list_head *going)
{
	struct type1_dma *dma;

	depopulate_list(t, going);
	mutex_lock(&t->lock);
	list_for_each_entry(dma, going, going) {
		rb_erase(&dma->node, &t->dmas);
		t->dma_avail++;
		t->vaddrs_invalid -= dma->vaddr_invalid;
		type1_dirty_free(dma);
		type1_dma_done(t, dma);
	}
	mutex_unlock(&t->lock);
	type1_dma_free_list(going);
}

/**
 * type1_remove_all() - Forget all mappings
 * @t: the container, when nobody uses it any more
 *
 * Context: Process context, may sleep; no lock.
 */
void type1_remove_all(struct type1 *t)
{
	struct type1_dma *dma;
	LIST_HEAD(going);

	mutex_lock(&t->lock);
	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma; dma = type1_dma_next(dma))
		going_begin(t, dma, &going);
	mutex_unlock(&t->lock);
	going_finish(t, &going);
}

/**
 * struct unmap_request - What the user wants to be unmapped
 * @arg: the argument of the ioctl, its fixed part
 * @bitmap: where dirty pages go, if @arg says so
 * @start: first IOVA
 * @last: last IOVA, inclusive
 */
struct unmap_request {
	struct vfio_iommu_type1_dma_unmap arg;
	struct vfio_bitmap bitmap;
	u64 start;
	u64 last;
};

/**
 * struct unmap_scan - What there is in the range
 * @first: first mapping, or NULL if there is nothing to be unmapped
 * @pins: first mapping that emulated devices have pinned memory of, or NULL
 */
struct unmap_scan {
	struct type1_dma *first;
	struct type1_dma *pins;
};

/*
 * Look at all mappings of the range, under t->lock, which is dropped while one is
 * busy.  Version 2 does not cut mappings; version 1 unmaps nothing if it would have
 * to cut the first, and all of the last.
 */
static int scan(struct type1 *t, const struct unmap_request *req, struct unmap_scan *scan)
{
	struct type1_dma *dma;
	u64 last = 0;
	int err;

again:
	scan->first = type1_dma_first(&t->dmas, req->start, req->last);
	scan->pins = NULL;
	for (dma = scan->first; dma && dma->iova <= req->last; dma = type1_dma_next(dma)) {
		if (dma->busy) {
			err = type1_dma_wait_idle(t, req->start, req->last);
			if (err)
				return err;
			goto again;
		}
		if (!scan->pins && !RB_EMPTY_ROOT(&dma->pfns))
			scan->pins = dma;
		last = type1_dma_last(dma);
	}
	if (!scan->first)
		return 0;
	if (t->v2)
		return scan->first->iova < req->start || last > req->last ? -EINVAL : 0;
	if (scan->first->iova < req->start)
		*scan = (struct unmap_scan){ };
	return 0;
}

/*
 * Get t->lock when mappings in the range are idle, may be unmapped, and have
 * nothing pinned by emulated devices; they are told to unpin it while the mapping
 * is still what it was.  Returns an errno without the lock.
 */
static int lock_for_unmap(struct type1 *t, const struct unmap_request *req,
			  struct type1_dma **first)
{
	struct unmap_scan found;
	unsigned int round = 0;
	u64 iova, size;
	int err;

	for (;;) {
		mutex_lock(&t->lock);
		err = scan(t, req, &found);
		if (err)
			break;
		*first = found.first;
		if (!found.pins)
			return 0;
		iova = found.pins->iova;
		size = found.pins->size;
		if (round++ == NOTIFY_ROUNDS) {
			pr_warn_ratelimited("vfio: %s (%d): device keeps memory at %#llx pinned\n",
					    current->comm, task_pid_nr(current), iova);
			err = -EBUSY;
			break;
		}
		mutex_unlock(&t->lock);
		type1_notify_unmap(t, iova, size);
	}
	mutex_unlock(&t->lock);
	return err;
}

static int copy_dirty(struct type1 *t, const struct unmap_request *req, struct type1_dma *first)
{
	struct type1_dma *dma;
	int err;

	if (!(req->arg.flags & VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP))
		return 0;
	if (!t->dirty_log || req->bitmap.pgsize != type1_pgsize(t))
		return -EINVAL;
	for (dma = first; dma && dma->iova <= req->last; dma = type1_dma_next(dma)) {
		err = type1_dirty_copy(t, dma, req->start, req->bitmap.pgsize, req->bitmap.data);
		if (err)
			return err;
	}
	return 0;
}

static int unmap(struct type1 *t, struct unmap_request *req)
{
	struct type1_dma *first, *dma;
	LIST_HEAD(going);
	int err;

	req->arg.size = 0;
	err = lock_for_unmap(t, req, &first);
	if (err)
		return err;
	err = copy_dirty(t, req, first);
	if (err) {
		mutex_unlock(&t->lock);
		return err;
	}
	for (dma = first; dma && dma->iova <= req->last; dma = type1_dma_next(dma)) {
		req->arg.size += dma->size;
		going_begin(t, dma, &going);
	}
	mutex_unlock(&t->lock);
	if (!list_empty(&going))
		going_finish(t, &going);
	return 0;
}

static int invalidate_vaddr(struct type1 *t, struct unmap_request *req)
{
	struct unmap_scan found;
	int err;

	req->arg.size = 0;
	mutex_lock(&t->lock);
	err = scan(t, req, &found);
	if (!err && found.first)
		err = type1_vaddr_invalidate(t, req->start, req->last, &req->arg.size);
	mutex_unlock(&t->lock);
	return err;
}

/* The range, and the bitmap for it */
static int parse(struct type1 *t, struct unmap_request *req)
{
	const struct vfio_iommu_type1_dma_unmap *arg = &req->arg;
	u64 mask = type1_pgsize(t) - 1;

	if (arg->flags & VFIO_DMA_UNMAP_FLAG_ALL) {
		if (arg->iova || arg->size)
			return -EINVAL;
		req->start = 0;
		req->last = U64_MAX;
		return 0;
	}
	if (!arg->size || (arg->iova | arg->size) & mask)
		return -EINVAL;
	req->start = arg->iova;
	return check_add_overflow(arg->iova, arg->size - 1, &req->last) ? -EOVERFLOW : 0;
}

static int get_bitmap_arg(struct unmap_request *req, struct vfio_iommu_type1_dma_unmap __user *uarg)
{
	if (req->arg.argsz < sizeof(req->arg) + sizeof(req->bitmap))
		return -EINVAL;
	if (copy_from_user(&req->bitmap, uarg->data, sizeof(req->bitmap)))
		return -EFAULT;
	if (!is_power_of_2(req->bitmap.pgsize))
		return -EINVAL;
	return type1_dirty_check_bitmap(req->arg.size >> ilog2(req->bitmap.pgsize),
					req->bitmap.size);
}

/**
 * type1_ioctl_unmap_dma() - VFIO_IOMMU_UNMAP_DMA
 * @t: the container
 * @uarg: struct vfio_iommu_type1_dma_unmap
 *
 * Context: Process context, may sleep; no lock.
 * Return: 0; -EFAULT, -EINVAL for sizes, flags, alignment, a range that cuts a
 * mapping of version 2, or as type1_vaddr_invalidate() and type1_dirty_copy();
 * -EOVERFLOW for a range that wraps; -EBUSY if an emulated device does not let go
 * of memory; -EINTR if the caller is being killed.  Nothing is unmapped then.
 */
long type1_ioctl_unmap_dma(struct type1 *t, void __user *uarg)
{
	const u32 bitmap = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP;
	const u32 other = VFIO_DMA_UNMAP_FLAG_ALL | VFIO_DMA_UNMAP_FLAG_VADDR;
	const size_t minsz = offsetofend(struct vfio_iommu_type1_dma_unmap, size);
	struct unmap_request req = { };
	int err;

	err = vfio_uarg_copy(&req.arg, uarg, minsz);
	if (err)
		return err;
	if (req.arg.flags & ~(bitmap | other) ||
	    (req.arg.flags & bitmap && req.arg.flags & other))
		return -EINVAL;
	if (req.arg.flags & bitmap)
		err = get_bitmap_arg(&req, uarg);
	if (!err)
		err = parse(t, &req);
	if (err)
		return err;

	if (req.arg.flags & VFIO_DMA_UNMAP_FLAG_VADDR)
		err = invalidate_vaddr(t, &req);
	else
		err = unmap(t, &req);
	if (err)
		return err;
	return copy_to_user(uarg, &req.arg, minsz) ? -EFAULT : 0;
}
