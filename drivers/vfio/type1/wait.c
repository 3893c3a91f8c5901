// SPDX-License-Identifier: GPL-2.0-only
/*
 * Busy mappings.
 *
 * Pinning memory takes as long as page faults take, and unmapping flushes
 * caches, so neither happens under type1.lock.  Who does it makes the mapping
 * busy; others leave it alone, or wait here.
 */
#include <linux/lockdep.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "type1.h"

/**
 * type1_dma_begin() - Make a mapping busy
 * @t: the container
 * @dma: a mapping that is idle
 *
 * Context: Process context; type1.lock is held.
 */
void type1_dma_begin(struct type1 *t, struct type1_dma *dma)
{
	lockdep_assert_held(&t->lock);
	WARN_ON_ONCE(dma->busy);
	dma->busy = true;
}

/**
 * type1_dma_done() - Make a mapping idle again
 * @t: the container
 * @dma: the mapping, still in the tree or just taken out
 *
 * Context: Process context; type1.lock is held.
 */
void type1_dma_done(struct type1 *t, struct type1_dma *dma)
{
	lockdep_assert_held(&t->lock);
	dma->busy = false;
	/* Who waits has entered the queue under the lock */
	if (waitqueue_active(&t->idle))
		wake_up_all(&t->idle);
}

static bool range_busy(struct type1 *t, u64 start, u64 last)
{
	struct type1_dma *dma;

	for (dma = type1_dma_first(&t->dmas, start, last); dma && dma->iova <= last;
	     dma = type1_dma_next(dma))
		if (dma->busy)
			return true;
	return false;
}

/**
 * type1_dma_wait_idle() - Wait until no mapping in a range is busy
 * @t: the container
 * @start: first IOVA of the range
 * @last: its last IOVA, inclusive
 *
 * Context: Process context, may sleep; type1.lock is held, and dropped
 * meanwhile: mappings may have come and gone when this returns.
 * Return: 0, or -EINTR if the caller is being killed.
 */
int type1_dma_wait_idle(struct type1 *t, u64 start, u64 last)
{
	DEFINE_WAIT(wait);
	int err = 0;

	lockdep_assert_held(&t->lock);
	while (!err && range_busy(t, start, last)) {
		prepare_to_wait(&t->idle, &wait, TASK_KILLABLE);
		mutex_unlock(&t->lock);
		if (fatal_signal_pending(current))
			err = -EINTR;
		else
			schedule();
		finish_wait(&t->idle, &wait);
		mutex_lock(&t->lock);
	}
	return err;
}
