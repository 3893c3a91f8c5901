// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOVAs all devices of a container can use: a sorted list of ranges.
 *
 * What devices cannot use is cut out of it: IOVAs that an IOMMU does not
 * translate, and such as the platform has reserved.  A container's list is never
 * edited in place: a new one is made beside it and takes its place when nothing
 * can fail any more.  An empty list stands for no restriction, as it is while
 * there is no device behind an IOMMU.
 *
 * Pure, no state of its own; the caller owns the list and its lock.  Called by
 * domain.c and by who looks into type1.ranges.
 */
#include <kunit/visibility.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "type1.h"

/* A range that is in no list yet, or NULL */
static struct type1_iova_range *iova_range_alloc(u64 start, u64 last)
{
	struct type1_iova_range *range = kmalloc_obj(*range, GFP_KERNEL_ACCOUNT);

	if (range) {
		range->start = start;
		range->last = last;
	}
	return range;
}

static void iova_range_remove(struct type1_iova_range *range)
{
	list_del(&range->entry);
	kfree(range);
}

/**
 * type1_iova_init() - Make a list of one range
 * @ranges: empty list
 * @start: first IOVA
 * @last: last IOVA, not below @start
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then @ranges is still empty.
 */
int type1_iova_init(struct list_head *ranges, u64 start, u64 last)
{
	struct type1_iova_range *range = iova_range_alloc(start, last);

	if (!range)
		return -ENOMEM;
	list_add(&range->entry, ranges);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_iova_init);

/**
 * type1_iova_free() - Empty a list
 * @ranges: any list
 *
 * Context: Any.
 */
void type1_iova_free(struct list_head *ranges)
{
	struct type1_iova_range *range, *next;

	list_for_each_entry_safe(range, next, ranges, entry)
		iova_range_remove(range);
}
EXPORT_SYMBOL_IF_KUNIT(type1_iova_free);

/**
 * type1_iova_copy() - Copy a list
 * @to: empty list
 * @from: what to copy
 *
 * Context: May sleep.
 * Return: 0, or -ENOMEM; then @to is empty again.
 */
int type1_iova_copy(struct list_head *to, const struct list_head *from)
{
	struct type1_iova_range *range, *copy;

	list_for_each_entry(range, from, entry) {
		copy = iova_range_alloc(range->start, range->last);
		if (!copy) {
			type1_iova_free(to);
			return -ENOMEM;
		}
		list_add_tail(&copy->entry, to);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_iova_copy);

/**
 * type1_iova_clip() - Take away everything outside of some IOVAs
 * @ranges: list to change; it may become empty, which the caller has to take for
 *          what it is: there is nothing left to use
 * @start: first IOVA that stays
 * @last: last IOVA that stays
 *
 * Context: Any.
 */
void type1_iova_clip(struct list_head *ranges, u64 start, u64 last)
{
	struct type1_iova_range *range, *next;

	list_for_each_entry_safe(range, next, ranges, entry) {
		range->start = max(range->start, start);
		range->last = min(range->last, last);
		if (range->start > range->last)
			iova_range_remove(range);
	}
}
EXPORT_SYMBOL_IF_KUNIT(type1_iova_clip);

/**
 * type1_iova_exclude() - Take some IOVAs away
 * @ranges: list to change; it may become empty as with type1_iova_clip()
 * @start: first IOVA that goes
 * @last: last IOVA that goes, not below @start
 *
 * Context: May sleep.
 * Return: 0; -ENOMEM if a range would have to be split and there is no memory for
 * its second half, then nothing has changed.
 */
int type1_iova_exclude(struct list_head *ranges, u64 start, u64 last)
{
	struct type1_iova_range *range, *next, *upper;

	list_for_each_entry_safe(range, next, ranges, entry) {
		if (last < range->start)
			break;
		if (start > range->last)
			continue;

		if (start > range->start && last < range->last) {
			/* Inside of this one, so it touches no other */
			upper = iova_range_alloc(last + 1, range->last);
			if (!upper)
				return -ENOMEM;
			range->last = start - 1;
			list_add(&upper->entry, &range->entry);
			break;
		}

		if (start > range->start)
			range->last = start - 1;
		else if (last < range->last)
			range->start = last + 1;
		else
			iova_range_remove(range);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(type1_iova_exclude);

/**
 * type1_iova_valid() - Can devices use all of some IOVAs?
 * @ranges: list to look into
 * @start: first IOVA
 * @last: last IOVA, not below @start
 *
 * Ranges do not touch, so what can be used lies in one of them.
 *
 * Context: Any.
 * Return: true if it is so, and always if the list is empty.
 */
bool type1_iova_valid(const struct list_head *ranges, u64 start, u64 last)
{
	const struct type1_iova_range *range;

	list_for_each_entry(range, ranges, entry)
		if (start >= range->start && last <= range->last)
			return true;
	return list_empty(ranges);
}
EXPORT_SYMBOL_IF_KUNIT(type1_iova_valid);
