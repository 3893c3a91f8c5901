// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where contiguous runs of pages begin in a mapping.
 *
 * In a run each page lies right behind the one before, or each right before it:
 * memory that was freed in order is allocated in reverse.
 *
 * To unpin its pages, their addresses are read back from the IOMMU's page
 * tables, one look per run.  This remembers how long the runs are: one bit a
 * page, and nothing at all while all runs are the large leaves of the process's
 * page tables, which is what a mapping of huge pages consists of.
 *
 * Pure; who made the mapping busy owns its runs.
 */
#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "type1.h"

/**
 * type1_runs_init() - Begin to remember runs
 * @runs: where
 * @vaddr: address of the mapping in its process; large leaves are aligned there
 * @npages: pages of the mapping, not 0
 *
 * Context: Any.
 */
void type1_runs_init(struct type1_runs *runs, unsigned long vaddr, unsigned long npages)
{
	runs->npages = npages;
	runs->phase = -(vaddr >> PAGE_SHIFT) % TYPE1_RUNS_LEAF;
	runs->begin = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(type1_runs_init);

/* Does a run begin at @page as long as there are no bits? */
static bool begins_by_default(const struct type1_runs *runs, unsigned long page)
{
	return !page || (page >= runs->phase && (page - runs->phase) % TYPE1_RUNS_LEAF == 0);
}

/* Begin to keep bits: before page @end runs began as by default, or not even there */
static int add_bits(struct type1_runs *runs, unsigned long end)
{
	unsigned long page;

	runs->begin = kvcalloc(BITS_TO_LONGS(runs->npages), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (!runs->begin)
		return -ENOMEM;
	__set_bit(0, runs->begin);
	for (page = runs->phase; page < end; page += TYPE1_RUNS_LEAF)
		__set_bit(page, runs->begin);
	return 0;
}

/**
 * type1_runs_begin() - Remember that a run begins
 * @runs: where
 * @page: first page of it, less than the number of pages of the mapping, and
 *        behind that of the run before; the first run begins at page 0
 *
 * Context: Process context, may sleep.
 * Return: 0, or -ENOMEM; then it is as if nothing had been added.
 */
int type1_runs_begin(struct type1_runs *runs, unsigned long page)
{
	int err;

	if (!runs->begin) {
		if (begins_by_default(runs, page))
			return 0;
		err = add_bits(runs, page);
		if (err)
			return err;
	}
	__set_bit(page, runs->begin);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_runs_begin);

/**
 * type1_runs_len() - How many pages follow each other
 * @runs: what has been remembered
 * @first: a page, less than the number of pages of the mapping
 *
 * A run may come back as several.
 *
 * Context: Any.
 * Return: number of pages from @first on, not 0, that lie behind each other; up
 * to the end of the mapping if @first is in the last run.
 */
unsigned long type1_runs_len(const struct type1_runs *runs, unsigned long first)
{
	unsigned long left = runs->npages - first;

	if (runs->begin)
		return find_next_bit(runs->begin, runs->npages, first + 1) - first;
	if (first < runs->phase)
		return min(left, runs->phase - first);
	return min(left, TYPE1_RUNS_LEAF - (first - runs->phase) % TYPE1_RUNS_LEAF);
}
EXPORT_SYMBOL_IF_KUNIT(type1_runs_len);

/**
 * type1_runs_free() - Forget all runs
 * @runs: where; ready for runs to be added again
 *
 * Context: Process context, may sleep.
 */
void type1_runs_free(struct type1_runs *runs)
{
	if (!runs->begin)
		return;
	kvfree(runs->begin);
	runs->begin = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(type1_runs_free);
