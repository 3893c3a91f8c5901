// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of devices as a target of DMA.
 *
 * It is not pinned.  It is mapped where the page tables of the process say that
 * it is, and where that is a device of VFIO, for no longer than the memory is
 * there: the device (../dma_target.c) says when it goes and comes, and then all
 * domains are changed at once.
 *
 * Owns struct type1_device_memory, and what is in the domains of it.  type1_dma.targets
 * belongs to who has made the mapping busy; type1.domain_lock is what he and the
 * device meet at.  The device comes with locks that page faults take, so nothing
 * under domain_lock touches user memory.
 *
 * Memory that a process has mapped from elsewhere, as other drivers let it, has
 * nobody who could say when it goes.  It is mapped until the user unmaps it.
 */
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "type1.h"

/**
 * struct type1_device_memory - A piece of a device's memory in a mapping
 * @node: link in type1_dma.targets, by @page
 * @target: what the device starts and stops
 * @t: the container
 * @page: first page of the mapping that is in it
 * @npages: how many are
 * @iova: of @page
 * @phys: where the memory is
 * @prot: for iommu_map()
 * @mapped: it is in all domains, else in none; protected by type1.domain_lock
 */
struct type1_device_memory {
	struct rb_node node;
	struct vfio_dma_target target;
	struct type1 *t;
	unsigned long page;
	unsigned long npages;
	u64 iova;
	phys_addr_t phys;
	int prot;
	bool mapped;
};

static size_t type1_device_memory_size(const struct type1_device_memory *mem)
{
	return mem->npages << PAGE_SHIFT;
}

/* Into all domains or none */
static int type1_device_memory_map(struct type1_device_memory *mem)
{
	struct type1 *t = mem->t;
	struct type1_domain *d;
	int ret;

	lockdep_assert_held(&t->domain_lock);

	list_for_each_entry(d, &t->domains, entry) {
		ret = iommu_map(d->domain, mem->iova, mem->phys, type1_device_memory_size(mem),
				mem->prot, GFP_KERNEL_ACCOUNT);
		if (ret)
			goto err_unmap;
	}
	mem->mapped = true;
	return 0;

err_unmap:
	list_for_each_entry_continue_reverse(d, &t->domains, entry)
		iommu_unmap(d->domain, mem->iova, type1_device_memory_size(mem));
	return ret;
}

static int type1_device_memory_start(struct vfio_dma_target *target)
{
	struct type1_device_memory *mem =
		container_of(target, struct type1_device_memory, target);

	guard(mutex)(&mem->t->domain_lock);
	return type1_device_memory_map(mem);
}

static void type1_device_memory_stop(struct vfio_dma_target *target)
{
	struct type1_device_memory *mem =
		container_of(target, struct type1_device_memory, target);
	struct type1_domain *d;

	guard(mutex)(&mem->t->domain_lock);
	/* With the flush: what is under way has arrived when this returns */
	list_for_each_entry(d, &mem->t->domains, entry)
		iommu_unmap(d->domain, mem->iova, type1_device_memory_size(mem));
	mem->mapped = false;
}

static const struct vfio_dma_target_ops type1_device_memory_ops = {
	.start = type1_device_memory_start,
	.stop = type1_device_memory_stop,
};

static bool type1_device_memory_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct type1_device_memory, node)->page <
	       rb_entry(b, struct type1_device_memory, node)->page;
}

/* Memory of a device of VFIO; it is mapped now, or when the device has it back */
static int type1_device_memory_follow(struct type1_dma *dma, struct vfio_device *device,
				      const struct type1_device_memory *what)
{
	struct type1_device_memory *mem = kmemdup(what, sizeof(*what), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!mem)
		return -ENOMEM;
	mem->target.ops = &type1_device_memory_ops;
	ret = vfio_dma_target_add(&mem->target, device);
	if (ret) {
		kfree(mem);
		return ret;
	}
	rb_add(&mem->node, &dma->targets, type1_device_memory_less);
	return 0;
}

/**
 * type1_device_memory_add() - Map a piece of device memory
 * @t: the container
 * @dma: the mapping that it is part of, busy by the caller
 * @page: first page in @dma
 * @piece: where it is; type1_piece.file is from when that was looked up, and holds
 *         the device open meanwhile
 *
 * Memory of a VFIO device that has gone since then is not mapped yet, and that
 * is success.
 *
 * Context: Process context, may sleep; takes type1.domain_lock and locks of the
 * device.
 * Return: 0; -ENOMEM, or what the IOMMU says, then nothing of it is in a domain.
 */
int type1_device_memory_add(struct type1 *t, struct type1_dma *dma, unsigned long page,
			    const struct type1_piece *piece)
{
	struct vfio_device *device = piece->file ? vfio_file_device(piece->file) : NULL;
	struct type1_device_memory mem = {
		.t = t,
		.page = page,
		.npages = piece->npages,
		.iova = dma->iova + ((u64)page << PAGE_SHIFT),
		.phys = piece->phys,
		.prot = dma->prot | IOMMU_CACHE,
	};

	if (device)
		return type1_device_memory_follow(dma, device, &mem);
	guard(mutex)(&t->domain_lock);
	return type1_device_memory_map(&mem);
}

/**
 * type1_device_memory_remove() - Unmap what devices may take away
 * @t: the container
 * @dma: the mapping that it is part of, busy by the caller
 *
 * Nothing of it is in a domain when this returns, and no device thinks of it any
 * more.  Other device memory stays, for the caller to unmap.
 *
 * Context: Process context, may sleep; takes type1.domain_lock and locks of the
 * devices.
 */
void type1_device_memory_remove(struct type1 *t, struct type1_dma *dma)
{
	struct type1_device_memory *mem, *next;

	rbtree_postorder_for_each_entry_safe(mem, next, &dma->targets, node) {
		vfio_dma_target_remove(&mem->target);
		kfree(mem);
		cond_resched();
	}
	dma->targets = RB_ROOT;
}

/**
 * type1_device_memory_len() - Is this page one that a device may take away?
 * @dma: a mapping, busy by the caller or constant
 * @page: of it
 *
 * Context: Any.
 * Return: how many pages of that kind there are from @page on, in the same piece;
 * 0 if it is of another kind.
 */
unsigned long type1_device_memory_len(struct type1_dma *dma, unsigned long page)
{
	struct rb_node *node = dma->targets.rb_node;

	while (node) {
		struct type1_device_memory *mem =
			rb_entry(node, struct type1_device_memory, node);

		if (page < mem->page)
			node = node->rb_left;
		else if (page - mem->page >= mem->npages)
			node = node->rb_right;
		else
			return mem->npages - (page - mem->page);
	}
	return 0;
}

/**
 * type1_device_memory_replay() - Map what devices may take away for a new domain
 * @dma: a mapping, busy by the caller or constant
 * @domain: the domain, not in type1.domains yet but before type1.domain_lock is
 *          dropped
 *
 * Context: Process context, may sleep; type1.domain_lock is held.
 * Return: 0, or what the IOMMU says; then some of it may be in @domain.
 */
int type1_device_memory_replay(struct type1_dma *dma, struct iommu_domain *domain)
{
	struct type1_device_memory *mem;
	struct rb_node *node;
	int ret;

	for (node = rb_first(&dma->targets); node; node = rb_next(node)) {
		mem = rb_entry(node, struct type1_device_memory, node);
		lockdep_assert_held(&mem->t->domain_lock);
		if (!mem->mapped)
			continue;
		ret = iommu_map(domain, mem->iova, mem->phys, type1_device_memory_size(mem),
				mem->prot, GFP_KERNEL_ACCOUNT);
		if (ret)
			return ret;
	}
	return 0;
}
