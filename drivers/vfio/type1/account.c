// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose memory a mapping consists of, and what that costs him.
 *
 * A mapping belongs to the process that made it: to its mm, whose pages are
 * pinned and which is charged for them, and to its thread group, whose
 * RLIMIT_MEMLOCK counts.  It can outlive both, and the process can get another mm
 * by exec while its mappings stay with the old one.  So the mm is remembered
 * here, not found through the task, and it is charged only while it has users.
 *
 * type1_dma.charged is changed along with mm->locked_vm under the mmap_lock, so
 * that who is busy with the mapping and emulated devices that pin pages of it
 * (external.c) need not know of each other.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "type1.h"

/**
 * type1_dma_alloc() - Make a mapping that belongs to the current process
 *
 * Context: Process context, may sleep.
 * Return: the mapping, in no tree and with nothing filled in but its owner;
 * ERR_PTR(-ENOMEM), or ERR_PTR(-ESRCH) for a task without memory.
 */
struct type1_dma *type1_dma_alloc(void)
{
	struct type1_dma *dma;

	if (!current->mm)
		return ERR_PTR(-ESRCH);
	dma = kzalloc_obj(*dma, GFP_KERNEL_ACCOUNT);
	if (!dma)
		return ERR_PTR(-ENOMEM);
	dma->targets = RB_ROOT;
	INIT_LIST_HEAD(&dma->going);
	dma->mm = current->mm;
	mmgrab(dma->mm);
	dma->task = get_task_struct(current->group_leader);
	dma->lock_cap = capable(CAP_IPC_LOCK);
	return dma;
}

/**
 * type1_mm_get() - Keep the memory of a mapping's process from going away
 * @dma: the mapping
 *
 * Context: Any.
 * Return: true; type1_mm_put() has to follow, by the same task.  False if the
 * process's memory is gone.
 */
bool type1_mm_get(struct type1_dma *dma)
{
	return dma->mm == current->mm || mmget_not_zero(dma->mm);
}

/**
 * type1_mm_put() - Undo type1_mm_get()
 * @dma: the mapping
 *
 * Context: Any, also under locks that the end of a process takes.
 */
void type1_mm_put(struct type1_dma *dma)
{
	if (dma->mm != current->mm)
		mmput_async(dma->mm);
}

/* Charge @npages of memory that is pinned, or give back -@npages; without a limit */
static void adjust(struct type1_dma *dma, long npages)
{
	__account_locked_vm(dma->mm, abs(npages), npages > 0, dma->task, true);
	dma->charged += npages;
}

/**
 * type1_charge_up_to() - Charge the owner for part of a mapping
 * @dma: the mapping
 * @npages: how many pages are to have been charged for it in all
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 * Return: 0; what was charged is at least @npages.  -ENOMEM if that exceeds the
 * limit of locked memory, -ESRCH if the process's memory is gone, -EINTR if the
 * caller is being killed; then nothing has changed.
 */
int type1_charge_up_to(struct type1_dma *dma, unsigned long npages)
{
	int err;

	if (!type1_mm_get(dma))
		return -ESRCH;
	err = mmap_write_lock_killable(dma->mm);
	if (err)
		goto out;
	if (npages > dma->charged) {
		err = __account_locked_vm(dma->mm, npages - dma->charged, true, dma->task,
					  dma->lock_cap);
		if (!err)
			dma->charged = npages;
	}
	mmap_write_unlock(dma->mm);
out:
	type1_mm_put(dma);
	return err;
}

/**
 * type1_report_limit() - Tell the administrator why memory could not be pinned
 * @dma: the mapping
 *
 * Tools look for this very text, with the function's name that it once had.
 *
 * Context: Any.
 */
void type1_report_limit(struct type1_dma *dma)
{
	pr_warn_ratelimited("vfio_pin_pages_remote: RLIMIT_MEMLOCK (%ld) exceeded\n",
			    task_rlimit(dma->task, RLIMIT_MEMLOCK));
}

/**
 * type1_charge() - Charge the owner for more pages of a mapping
 * @dma: the mapping
 * @npages: how many more
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 * Return: 0, or as type1_charge_up_to().
 */
int type1_charge(struct type1_dma *dma, unsigned long npages)
{
	int err;

	if (!type1_mm_get(dma))
		return -ESRCH;
	err = mmap_write_lock_killable(dma->mm);
	if (err)
		goto out;
	err = __account_locked_vm(dma->mm, npages, true, dma->task, dma->lock_cap);
	if (!err)
		dma->charged += npages;
	mmap_write_unlock(dma->mm);
out:
	type1_mm_put(dma);
	return err;
}

/**
 * type1_uncharge() - Give back to the owner what pages of a mapping cost
 * @dma: the mapping
 * @npages: how many; not more than were charged
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 */
void type1_uncharge(struct type1_dma *dma, unsigned long npages)
{
	if (!npages || !type1_mm_get(dma))
		return;
	mmap_write_lock(dma->mm);
	adjust(dma, -(long)npages);
	mmap_write_unlock(dma->mm);
	type1_mm_put(dma);
}

/**
 * type1_settle() - Make the charge for a mapping what it ought to be
 * @dma: the mapping, whose pages nobody else pins or unpins now
 * @npages: how many of its pages are pinned, and no memory of a device
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 */
void type1_settle(struct type1_dma *dma, unsigned long npages)
{
	if (READ_ONCE(dma->charged) == npages || !type1_mm_get(dma))
		return;
	mmap_write_lock(dma->mm);
	if (dma->charged != npages)
		adjust(dma, npages - dma->charged);
	mmap_write_unlock(dma->mm);
	type1_mm_put(dma);
}

static void dma_free(struct type1_dma *dma)
{
	mmdrop(dma->mm);
	put_task_struct(dma->task);
	type1_runs_free(&dma->runs);
	kfree(dma);
}

/**
 * type1_dma_free() - Undo type1_dma_alloc(), and give back what was charged
 * @dma: the mapping, in no tree, with nothing pinned
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 */
void type1_dma_free(struct type1_dma *dma)
{
	type1_settle(dma, 0);
	dma_free(dma);
}

/**
 * type1_dma_free_list() - Free mappings that are gone
 * @going: mappings linked by type1_dma.going, in no tree, with nothing pinned
 *
 * What belongs to the same process is given back at once.
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 */
void type1_dma_free_list(struct list_head *going)
{
	struct type1_dma *dma, *next;

	list_for_each_entry_safe(dma, next, going, going) {
		if (!list_is_last(&dma->going, going) && next->mm == dma->mm) {
			next->charged += dma->charged;
			dma_free(dma);
		} else {
			type1_dma_free(dma);
		}
	}
	INIT_LIST_HEAD(going);
}

/**
 * type1_dma_adopt() - Give a mapping to the current process
 * @dma: the mapping, which nobody else works on
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 * Return: 0; or as type1_dma_alloc() and type1_charge(), then it belongs to whom
 * it did.
 */
int type1_dma_adopt(struct type1_dma *dma)
{
	struct type1_dma *owned;
	int err;

	if (dma->mm == current->mm)
		return 0;
	owned = type1_dma_alloc();
	if (IS_ERR(owned))
		return PTR_ERR(owned);
	err = type1_charge(owned, dma->charged);
	if (!err) {
		swap(dma->mm, owned->mm);
		swap(dma->task, owned->task);
		swap(dma->lock_cap, owned->lock_cap);
		swap(dma->charged, owned->charged);
	}
	type1_dma_free(owned);
	return err;
}
