// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of mappings moves to other addresses, or to another process.
 *
 * The pages stay, pinned and in the IOMMU, so that devices do not notice; only
 * the address at which the process has them changes, when it maps the memory
 * elsewhere or executes another program.  In between the address is invalid:
 * nothing can be pinned by it.
 */
#include <linux/lockdep.h>

#include "type1.h"

/**
 * type1_vaddr_invalidate() - The user takes addresses back
 * @t: the container
 * @start: first IOVA
 * @last: last IOVA, inclusive; the mappings of the range are idle
 * @size: gets the bytes of the mappings concerned
 *
 * Context: Process context; type1.lock is held.
 * Return: 0; -EBUSY with emulated devices, which pin by the address at any
 * time; -EINVAL if an address is invalid already, then nothing changes.
 */
long type1_vaddr_invalidate(struct type1 *t, u64 start, u64 last, u64 *size)
{
	struct type1_dma *first, *dma;

	lockdep_assert_held(&t->lock);
	if (!list_empty(&t->emulated_groups))
		return -EBUSY;
	first = type1_dma_first(&t->dmas, start, last);
	for (dma = first; dma && dma->iova <= last; dma = type1_dma_next(dma))
		if (dma->vaddr_invalid)
			return -EINVAL;
	for (dma = first; dma && dma->iova <= last; dma = type1_dma_next(dma)) {
		dma->vaddr_invalid = true;
		t->vaddrs_invalid++;
		*size += dma->size;
	}
	return 0;
}

/**
 * type1_vaddr_set() - The user gives a mapping a new address
 * @t: the container
 * @iova: first IOVA of the mapping
 * @size: its bytes
 * @vaddr: where the current process has the memory
 *
 * It is the user's business that this is the same memory.
 *
 * Context: Process context, may sleep; no lock.
 * Return: 0; -ENOENT if there is no mapping, -EINVAL if it is not exactly that
 * one or its address is not invalid, -ENOMEM if the process may not lock that
 * much memory, -EINTR if it is being killed.
 */
int type1_vaddr_set(struct type1 *t, u64 iova, u64 size, unsigned long vaddr)
{
	struct type1_dma *dma;
	int err;

	mutex_lock(&t->lock);
	err = type1_dma_wait_idle(t, iova, iova + size - 1);
	if (err)
		goto out;
	dma = type1_dma_first(&t->dmas, iova, iova + size - 1);
	if (!dma)
		err = -ENOENT;
	else if (!dma->vaddr_invalid || dma->iova != iova || dma->size != size)
		err = -EINVAL;
	else
		err = type1_dma_adopt(dma);
	if (err)
		goto out;
	dma->vaddr = vaddr;
	dma->vaddr_invalid = false;
	t->vaddrs_invalid--;
out:
	mutex_unlock(&t->lock);
	return err;
}
