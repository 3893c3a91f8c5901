// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is pinned, and enters the page tables of the IOMMU.
 *
 * Pieces of memory come from pin.c.  Those that follow each other become one run,
 * and a run is put into each domain in one go, so that the IOMMU gets as large
 * entries as there can be.
 *
 * All of it is charged beforehand.  Only if that exceeds the limit it is charged
 * piece by piece instead, because device memory among it costs nothing.
 */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "../uarg.h"
#include "type1.h"

static bool disable_hugepages;
module_param(disable_hugepages, bool, 0644);
MODULE_PARM_DESC(disable_hugepages, "Map pages one by one, however they lie in memory");

/**
 * struct fill - A mapping that is being filled with memory
 * @t: the container, with at least one domain
 * @dma: the mapping, busy
 * @mapped: how many of its pages are in the domains
 * @phys: where the memory is that follows ...
 * @pending: ... this many pages, pinned
 * @pinned: how many pages have been pinned in all
 * @charged: all have been charged beforehand
 */
struct fill {
	struct type1 *t;
	struct type1_dma *dma;
	unsigned long mapped;
	phys_addr_t phys;
	unsigned long pending;
	unsigned long pinned;
	bool charged;
};

/* Put one run into all domains, or none */
static int map_run(struct type1 *t, u64 iova, phys_addr_t phys, size_t size, int prot)
{
	struct type1_domain *d;
	int err;

	list_for_each_entry(d, &t->domains, entry) {
		err = iommu_map(d->domain, iova, phys, size, prot | IOMMU_CACHE,
				GFP_KERNEL_ACCOUNT);
		if (err)
			goto undo;
	}
	return 0;

undo:
	list_for_each_entry_continue_reverse(d, &t->domains, entry)
		iommu_unmap(d->domain, iova, size);
	return err;
}

/* Map what is pending; on failure what is left of it is still pending */
static int fill_flush(struct fill *fill)
{
	struct type1_dma *dma = fill->dma;
	bool by_page = READ_ONCE(disable_hugepages);
	unsigned long n;
	int err;

	while (fill->pending) {
		n = by_page ? 1 : fill->pending;
		err = type1_runs_add(&dma->runs, fill->mapped, n);
		if (!err)
			err = map_run(fill->t, dma->iova + ((u64)fill->mapped << PAGE_SHIFT),
				      fill->phys, n << PAGE_SHIFT, dma->prot);
		if (err)
			return err;
		fill->mapped += n;
		fill->phys += (phys_addr_t)n << PAGE_SHIFT;
		fill->pending -= n;
	}
	return 0;
}

static int fill_device(struct fill *fill, const struct type1_piece *piece)
{
	int err;

	err = fill_flush(fill);
	if (!err)
		err = type1_runs_add(&fill->dma->runs, fill->mapped, piece->npages);
	if (!err)
		err = type1_device_memory_add(fill->t, fill->dma, fill->mapped, piece);
	if (piece->file)
		fput(piece->file);
	if (err)
		return err;
	fill->dma->device_memory = true;
	fill->mapped += piece->npages;
	return 0;
}

static int fill_pinned(struct fill *fill, const struct type1_piece *piece)
{
	int err = 0;

	if (fill->pending &&
	    piece->phys != fill->phys + ((phys_addr_t)fill->pending << PAGE_SHIFT))
		err = fill_flush(fill);
	if (!err && !fill->charged)
		err = type1_charge_up_to(fill->dma, fill->pinned + piece->npages);
	if (err) {
		type1_unpin(fill->dma, piece->phys, piece->npages);
		return err;
	}
	if (!fill->pending)
		fill->phys = piece->phys;
	fill->pending += piece->npages;
	fill->pinned += piece->npages;
	return 0;
}

static int fill_all(struct fill *fill)
{
	unsigned long npages = fill->dma->size >> PAGE_SHIFT;
	struct type1_pinner pinner;
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
	struct fill fill = { .t = t, .dma = dma };
	unsigned long before = dma->charged;
	int err;

	err = type1_charge_up_to(dma, dma->size >> PAGE_SHIFT);
	fill.charged = !err;
	if (err && err != -ENOMEM)
		return err;

	type1_runs_init(&dma->runs, dma->vaddr, dma->size >> PAGE_SHIFT);
	dma->device_memory = false;
	err = fill_all(&fill);
	if (!err) {
		type1_settle(dma, fill.pinned);
		dma->mapped = true;
		return 0;
	}
	if (err == -ENOMEM && !fill.charged)
		type1_report_limit(dma);
	if (fill.pending)
		type1_unpin(dma, fill.phys, fill.pending);
	type1_depopulate(t, dma, fill.mapped);
	type1_settle(dma, before);
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
