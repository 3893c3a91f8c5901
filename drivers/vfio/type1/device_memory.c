// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of devices as a target of DMA.
 *
 * It is not pinned; it is mapped where the page tables of the process say that it
 * is.
 */
#include <linux/cleanup.h>
#include <linux/iommu.h>

#include "type1.h"

/**
 * type1_device_memory_add() - Map a piece of device memory
 * @t: the container
 * @dma: the mapping that it is part of, busy by the caller
 * @page: first page in @dma
 * @piece: where it is
 *
 * Context: Process context, may sleep; takes type1.domain_lock.
 * Return: 0; or what the IOMMU says, then nothing of it is in a domain.
 */
int type1_device_memory_add(struct type1 *t, struct type1_dma *dma, unsigned long page,
			    const struct type1_piece *piece)
{
	u64 iova = dma->iova + ((u64)page << PAGE_SHIFT);
	size_t size = piece->npages << PAGE_SHIFT;
	struct type1_domain *d;
	int err;

	guard(mutex)(&t->domain_lock);
	list_for_each_entry(d, &t->domains, entry) {
		err = iommu_map(d->domain, iova, piece->phys, size, dma->prot | IOMMU_CACHE,
				GFP_KERNEL_ACCOUNT);
		if (err)
			break;
	}
	if (list_entry_is_head(d, &t->domains, entry))
		return 0;
	list_for_each_entry_continue_reverse(d, &t->domains, entry)
		iommu_unmap(d->domain, iova, size);
	return err;
}

/**
 * type1_device_memory_remove() - Device memory of a mapping is about to go
 * @t: the container
 * @dma: the mapping, busy by the caller
 *
 * Context: Process context, may sleep.
 */
void type1_device_memory_remove(struct type1 *t, struct type1_dma *dma)
{
}

/**
 * type1_device_memory_len() - Is memory one that can stop?
 * @dma: a mapping
 * @page: of it
 *
 * Context: Any.
 * Return: 0: nothing can stop.
 */
unsigned long type1_device_memory_len(struct type1_dma *dma, unsigned long page)
{
	return 0;
}

/**
 * type1_device_memory_replay() - Map what can stop for a further domain
 * @dma: the mapping
 * @domain: the domain
 *
 * Context: Process context; type1.domain_lock is held.
 * Return: 0.
 */
int type1_device_memory_replay(struct type1_dma *dma, struct iommu_domain *domain)
{
	return 0;
}
