// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is pinned, and enters the page tables of the IOMMU.
 *
 * Pieces of memory come from pin.c.  Those that follow each other become one, and
 * many are put into each domain in one go, so that the IOMMU gets as large entries
 * as there can be, and is told once of all of them.
 *
 * All of it is charged beforehand.  Only if that exceeds the limit it is charged
 * piece by piece instead, because device memory among it costs nothing.
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "../uarg.h"
#include "type1.h"

static bool disable_hugepages;
module_param(disable_hugepages, bool, 0644);
MODULE_PARM_DESC(disable_hugepages, "Map pages one by one, however they lie in memory");

/* Runs that are put into a domain together without memory for a list of them */
#define FILL_FEW	4

/**
 * struct fill - A mapping that is being filled with memory
 * @t: the container, with at least one domain
 * @dma: the mapping, busy
 * @mapped: how many of its pages are in the domains
 * @pending: how many pages after those are pinned, and listed in @sg
 * @n: how many entries of @sg are used; each lies in one piece
 * @max: how many @sg has
 * @sg: memory that is put into a domain together, so that the IOMMU is told once
 * @end: where the memory of the last entry ends
 * @stride: how the last pages followed each other: PAGE_SIZE, -PAGE_SIZE, or 0 for
 *          a run that has one page so far
 * @runs: how many runs have begun
 * @phys: where the first one did
 * @pinned: how many pages have been pinned in all
 * @charged: all have been charged beforehand
 * @few: what @sg is for small mappings, or without memory
 */
struct fill {
	struct type1 *t;
	struct type1_dma *dma;
	unsigned long mapped;
	unsigned long pending;
	unsigned int n;
	unsigned int max;
	struct scatterlist *sg;
	phys_addr_t end;
	long stride;
	unsigned long runs;
	phys_addr_t phys;
	unsigned long pinned;
	bool charged;
	struct scatterlist few[FILL_FEW];
};

/* Put what is in a list into one domain, or nothing of it */
static int map_list(struct iommu_domain *domain, u64 iova, struct scatterlist *sg, unsigned int n,
		    int prot)
{
	ssize_t mapped;

	if (n == 1)
		return iommu_map(domain, iova, sg_phys(sg), sg->length, prot, GFP_KERNEL_ACCOUNT);
	mapped = iommu_map_sg(domain, iova, sg, n, prot, GFP_KERNEL_ACCOUNT);
	return mapped < 0 ? mapped : 0;
}

/* One by one, whatever the IOMMU could do */
static int map_by_page(struct iommu_domain *domain, u64 iova, struct scatterlist *sg,
		       unsigned int n, int prot)
{
	u64 at = iova;
	unsigned int i, offset;
	int err;

	for (i = 0; i < n; i++) {
		for (offset = 0; offset < sg[i].length; offset += PAGE_SIZE, at += PAGE_SIZE) {
			err = iommu_map(domain, at, sg_phys(&sg[i]) + offset, PAGE_SIZE, prot,
					GFP_KERNEL_ACCOUNT);
			if (err) {
				iommu_unmap(domain, iova, at - iova);
				return err;
			}
		}
	}
	return 0;
}

/* Put what is pending into all domains; on failure it is in none, and pending */
static int fill_flush(struct fill *fill)
{
	bool by_page = READ_ONCE(disable_hugepages);
	u64 iova = fill->dma->iova + ((u64)fill->mapped << PAGE_SHIFT);
	int prot = fill->dma->prot | IOMMU_CACHE, err;
	struct list_head *domains = &fill->t->domains;
	struct type1_domain *d;

	if (!fill->n)
		return 0;
	list_for_each_entry(d, domains, entry) {
		err = by_page ? map_by_page(d->domain, iova, fill->sg, fill->n, prot) :
				map_list(d->domain, iova, fill->sg, fill->n, prot);
		if (err)
			goto undo;
	}
	fill->mapped += fill->pending;
	fill->pending = 0;
	fill->n = 0;
	return 0;

undo:
	list_for_each_entry_continue_reverse(d, domains, entry)
		iommu_unmap(d->domain, iova, fill->pending << PAGE_SHIFT);
	return err;
}

/* Let go of what is pending */
static void fill_drop(struct fill *fill)
{
	unsigned int i;

	for (i = 0; i < fill->n; i++)
		type1_unpin(fill->dma, sg_phys(&fill->sg[i]), fill->sg[i].length >> PAGE_SHIFT);
	fill->n = 0;
}

static int fill_begin_run(struct fill *fill, phys_addr_t phys)
{
	if (!fill->runs++)
		fill->phys = phys;
	return type1_runs_begin(&fill->dma->runs, fill->mapped + fill->pending);
}

/*
 * Remember where a run begins, if @piece is not more of the one before.  If it is more
 * of the same memory all the same, it is mapped apart: no entry of the page tables
 * reaches from one run into the next, so that they can be unmapped one by one.
 */
static int fill_run(struct fill *fill, const struct type1_piece *piece)
{
	long stride = 0;
	int err = 0;

	if (piece->phys == fill->end)
		stride = PAGE_SIZE;
	else if (piece->phys == fill->end - 2 * PAGE_SIZE && piece->npages == 1)
		stride = -PAGE_SIZE;
	if (stride && (!fill->stride || fill->stride == stride)) {
		fill->stride = stride;
		return 0;
	}
	fill->stride = piece->npages > 1 ? PAGE_SIZE : 0;
	if (stride > 0)
		err = fill_flush(fill);
	return err ?: fill_begin_run(fill, piece->phys);
}

/* Find an entry of the list for @piece, which is pinned */
static int fill_list(struct fill *fill, const struct type1_piece *piece)
{
	size_t len = piece->npages << PAGE_SHIFT;
	struct scatterlist *sg;
	void *list;
	int err;

	if (fill->n && piece->phys == fill->end &&
	    fill->sg[fill->n - 1].length + len <= SZ_1G) {
		fill->sg[fill->n - 1].length += len;
		return 0;
	}
	if (fill->n == fill->max) {
		err = fill_flush(fill);
		if (err)
			return err;
		list = fill->sg == fill->few ?
			(void *)__get_free_page(GFP_KERNEL | __GFP_NOWARN) : NULL;
		if (list) {
			fill->sg = list;
			fill->max = PAGE_SIZE / sizeof(*sg);
			sg_init_table(fill->sg, fill->max);
		}
	}
	sg = &fill->sg[fill->n++];
	sg_set_page(sg, phys_to_page(piece->phys), len, 0);
	return 0;
}

static int fill_device(struct fill *fill, const struct type1_piece *piece)
{
	int err;

	err = fill_flush(fill);
	if (!err)
		err = fill_begin_run(fill, 0);
	if (!err)
		err = type1_device_memory_add(fill->t, fill->dma, fill->mapped, piece);
	if (piece->file)
		fput(piece->file);
	if (err)
		return err;
	fill->dma->device_memory = true;
	fill->mapped += piece->npages;
	fill->end = 0;
	return 0;
}

static int fill_pinned(struct fill *fill, const struct type1_piece *piece)
{
	int err = 0;

	if (!fill->charged)
		err = type1_charge_up_to(fill->dma, fill->pinned + piece->npages);
	if (!err)
		err = fill_run(fill, piece);
	if (!err)
		err = fill_list(fill, piece);
	if (err) {
		type1_unpin(fill->dma, piece->phys, piece->npages);
		return err;
	}
	fill->end = piece->phys + ((phys_addr_t)piece->npages << PAGE_SHIFT);
	fill->pending += piece->npages;
	fill->pinned += piece->npages;
	return 0;
}

static int fill_all(struct fill *fill)
{
	unsigned long npages = fill->dma->size >> PAGE_SHIFT;
	struct type1_pinner pinner __uninitialized;
	struct type1_piece piece;
	unsigned long page;
	int err;

	err = type1_pinner_init(&pinner, fill->dma);
	if (err)
		return err;
	for (page = 0; !err && page < npages; page += piece.npages) {
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		cond_resched();
		err = type1_pin_next(&pinner, page, &piece);
		if (err)
			break;
		err = piece.device ? fill_device(fill, &piece) : fill_pinned(fill, &piece);
	}
	type1_pinner_exit(&pinner);
	return err ?: fill_flush(fill);
}

static void fill_init(struct fill *fill, struct type1 *t, struct type1_dma *dma, bool charged)
{
	fill->t = t;
	fill->dma = dma;
	fill->mapped = 0;
	fill->pending = 0;
	fill->n = 0;
	fill->max = FILL_FEW;
	fill->sg = fill->few;
	sg_init_table(fill->few, FILL_FEW);
	fill->end = 0;
	fill->stride = 0;
	fill->runs = 0;
	fill->phys = 0;
	fill->pinned = 0;
	fill->charged = charged;
}

/**
 * type1_populate() - Pin the memory of a mapping and put it into all domains
 * @t: the container, which has a domain
 * @dma: the mapping, busy by the caller, with nothing in a domain
 *
 * Context: Process context, may sleep; takes the mmap_lock and
 * type1.domain_lock.
 * Return: 0, @dma->mapped is set; or nothing has changed: -ENOMEM if the owner may
 * not lock that much memory, -EFAULT if it cannot be pinned, -ESRCH if its owner
 * is gone, -EINTR if the caller is being killed, and what the IOMMU says.
 */
int type1_populate(struct type1 *t, struct type1_dma *dma)
{
	struct fill fill __uninitialized;
	unsigned long before = dma->charged;
	int err;

	err = type1_charge_up_to(dma, dma->size >> PAGE_SHIFT);
	if (err && err != -ENOMEM)
		return err;
	fill_init(&fill, t, dma, !err);

	type1_runs_init(&dma->runs, dma->vaddr, dma->size >> PAGE_SHIFT);
	dma->device_memory = false;
	dma->phys = 0;
	err = fill_all(&fill);
	if (!err) {
		if (fill.runs == 1 && fill.stride >= 0)
			dma->phys = fill.phys;
		type1_settle(dma, fill.pinned);
		dma->mapped = true;
	} else {
		if (err == -ENOMEM && !fill.charged)
			type1_report_limit(dma);
		fill_drop(&fill);
		type1_depopulate(t, dma, fill.mapped);
		type1_settle(dma, before);
	}
	if (fill.sg != fill.few)
		free_page((unsigned long)fill.sg);
	return err;
}

/* Put into @to what the first domain has, but for device memory */
static int copy_mapping(struct type1 *t, struct type1_dma *dma, struct iommu_domain *to)
{
	struct type1_domain *first = list_first_entry(&t->domains, struct type1_domain, entry);
	unsigned long page, n, npages = dma->size >> PAGE_SHIFT;
	phys_addr_t phys;
	u64 iova;
	int err;

	for (page = 0; page < npages; page += n) {
		n = type1_device_memory_len(dma, page);
		if (n)
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		n = type1_runs_len(&dma->runs, page);
		iova = dma->iova + ((u64)page << PAGE_SHIFT);
		phys = iommu_iova_to_phys(first->domain, iova);
		if (n > 1 && iommu_iova_to_phys(first->domain, iova + PAGE_SIZE) < phys)
			n = 1;
		err = iommu_map(to, iova, phys, n << PAGE_SHIFT, dma->prot | IOMMU_CACHE,
				GFP_KERNEL_ACCOUNT);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* The container has domains already: a further one gets what they have */
static int replay_copy(struct type1 *t, struct type1_domain *domain)
{
	struct type1_dma *first = type1_dma_first(&t->dmas, 0, U64_MAX);
	struct type1_dma *dma;
	int err;

	for (dma = first; dma; dma = type1_dma_next(dma)) {
		err = copy_mapping(t, dma, domain->domain);
		if (err)
			return err;
	}

	guard(mutex)(&t->domain_lock);
	for (dma = first; dma; dma = type1_dma_next(dma)) {
		err = type1_device_memory_replay(dma, domain->domain);
		if (err)
			return err;
	}
	list_add_tail(&domain->entry, &t->domains);
	return 0;
}

static int replay_populate_all(struct type1 *t)
{
	struct type1_dma *dma;
	int err = 0;

	mutex_lock(&t->lock);
	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma && !err; dma = type1_dma_next(dma)) {
		type1_dma_begin(t, dma);
		mutex_unlock(&t->lock);
		err = type1_populate(t, dma);
		mutex_lock(&t->lock);
		type1_dma_done(t, dma);
	}
	mutex_unlock(&t->lock);
	return err;
}

/**
 * type1_replay() - A new domain gets all mappings that there are
 * @t: the container
 * @domain: the domain, empty and in no list; a group uses it already
 *
 * The first domain of a container makes its mappings pin their memory.
 *
 * Context: Process context, may sleep; no lock; while a group is attached, so
 * that there are no ioctls and mappings neither come nor go.
 * Return: 0, and @domain is in the list of domains; or an errno as
 * type1_populate(), then @domain is to be freed with what is in it, and nothing
 * else has changed.
 */
int type1_replay(struct type1 *t, struct type1_domain *domain)
{
	int err;

	if (!list_empty(&t->domains))
		return replay_copy(t, domain);

	/* Device memory that stops meanwhile looks for its domains in the list */
	scoped_guard(mutex, &t->domain_lock)
		list_add_tail(&domain->entry, &t->domains);
	err = replay_populate_all(t);
	if (err) {
		type1_depopulate_all(t);
		guard(mutex)(&t->domain_lock);
		list_del(&domain->entry);
	}
	return err;
}

/* Find a place for a mapping in the tree; t->lock is held */
static int insert(struct type1 *t, struct type1_dma *dma)
{
	u64 last = type1_dma_last(dma);
	int err;

	while (!type1_dma_insert(&t->dmas, dma)) {
		/* Maybe what is there is about to go */
		err = type1_dma_wait_idle(t, dma->iova, last);
		if (err)
			return err;
		if (type1_dma_first(&t->dmas, dma->iova, last))
			return -EEXIST;
	}

	err = 0;
	if (!t->dma_avail)
		err = -ENOSPC;
	else if (!type1_iova_valid(&t->ranges, dma->iova, last))
		err = -EINVAL;
	else
		err = type1_dirty_alloc(t, dma);
	if (err)
		rb_erase(&dma->node, &t->dmas);
	else
		t->dma_avail--;
	return err;
}

static void take_out(struct type1 *t, struct type1_dma *dma)
{
	rb_erase(&dma->node, &t->dmas);
	t->dma_avail++;
	type1_dirty_free(dma);
}

/* Make a mapping of what @dma says */
static int map(struct type1 *t, struct type1_dma *dma)
{
	int err;

	mutex_lock(&t->lock);
	err = insert(t, dma);
	if (!err && !list_empty(&t->domains)) {
		type1_dma_begin(t, dma);
		mutex_unlock(&t->lock);
		err = type1_populate(t, dma);
		mutex_lock(&t->lock);
		if (err)
			take_out(t, dma);
		type1_dma_done(t, dma);
	}
	mutex_unlock(&t->lock);
	return err;
}

/* The numbers that the user has given */
static int check(struct type1 *t, const struct vfio_iommu_type1_dma_map *arg)
{
	const u32 access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	u64 mask = type1_pgsize(t) - 1;
	unsigned long vaddr_last;
	u64 last;

	if (arg->flags & ~(access | VFIO_DMA_MAP_FLAG_VADDR))
		return -EINVAL;
	if (arg->vaddr != (unsigned long)arg->vaddr || arg->size != (size_t)arg->size)
		return -EOVERFLOW;
	if (!(arg->flags & access) == !(arg->flags & VFIO_DMA_MAP_FLAG_VADDR))
		return -EINVAL;
	if (!arg->size || (arg->size | arg->iova | arg->vaddr) & mask)
		return -EINVAL;
	if (check_add_overflow(arg->iova, arg->size - 1, &last) ||
	    check_add_overflow((unsigned long)arg->vaddr, (unsigned long)arg->size - 1,
			       &vaddr_last))
		return -EOVERFLOW;
	return 0;
}

/**
 * type1_ioctl_map_dma() - VFIO_IOMMU_MAP_DMA
 * @t: the container
 * @uarg: struct vfio_iommu_type1_dma_map
 *
 * Context: Process context, may sleep; no lock.
 * Return: 0; -EFAULT if @uarg or the memory cannot be had; -EINVAL for sizes, flags,
 * alignment, and IOVAs that cannot be used; -EOVERFLOW for ranges that wrap;
 * -EEXIST if there is a mapping; -ENOSPC if there are too many; as
 * type1_vaddr_set() and type1_populate().
 */
long type1_ioctl_map_dma(struct type1 *t, void __user *uarg)
{
	struct vfio_iommu_type1_dma_map arg;
	struct type1_dma *dma;
	int err;

	err = vfio_uarg_copy(&arg, uarg, offsetofend(struct vfio_iommu_type1_dma_map, size));
	if (!err)
		err = check(t, &arg);
	if (err)
		return err;
	if (arg.flags & VFIO_DMA_MAP_FLAG_VADDR)
		return type1_vaddr_set(t, arg.iova, arg.size, arg.vaddr);

	dma = type1_dma_alloc();
	if (IS_ERR(dma))
		return PTR_ERR(dma);
	dma->iova = arg.iova;
	dma->size = arg.size;
	dma->vaddr = arg.vaddr;
	dma->prot = (arg.flags & VFIO_DMA_MAP_FLAG_READ ? IOMMU_READ : 0) |
		    (arg.flags & VFIO_DMA_MAP_FLAG_WRITE ? IOMMU_WRITE : 0);
	err = map(t, dma);
	if (err)
		type1_dma_free(dma);
	return err;
}
