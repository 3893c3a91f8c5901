// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of one mapping that drivers of emulated devices have pinned, sorted
 * by IOVA.
 *
 * Pure: no state, no lock of its own; type1.lock protects the tree.  Called by
 * external.c, which fills it, and by those who want to know what is in it.
 */
#include <kunit/visibility.h>

#include "type1.h"

/**
 * type1_pfn_first() - The first pinned page in a range
 * @pfns: pages of one mapping
 * @start: first IOVA
 * @last: last IOVA, inclusive
 *
 * Context: type1.lock is held.
 * Return: the page with the lowest type1_pfn.iova in [@start, @last], or NULL.
 */
struct type1_pfn *type1_pfn_first(struct rb_root *pfns, u64 start, u64 last)
{
	struct rb_node *node = pfns->rb_node;
	struct type1_pfn *best = NULL;

	while (node) {
		struct type1_pfn *pfn = rb_entry(node, struct type1_pfn, node);

		if (pfn->iova >= start) {
			best = pfn;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return best && best->iova <= last ? best : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(type1_pfn_first);

/**
 * type1_pfn_find() - Is this page pinned?
 * @pfns: pages of one mapping
 * @iova: of the page, a multiple of PAGE_SIZE
 *
 * Context: type1.lock is held.
 * Return: the page, or NULL if no driver has pinned it.
 */
struct type1_pfn *type1_pfn_find(struct rb_root *pfns, u64 iova)
{
	return type1_pfn_first(pfns, iova, iova);
}
EXPORT_SYMBOL_IF_KUNIT(type1_pfn_find);

static bool type1_pfn_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct type1_pfn, node)->iova <
	       rb_entry(b, struct type1_pfn, node)->iova;
}

/**
 * type1_pfn_insert() - Add a page
 * @pfns: pages of one mapping
 * @pfn: page that is not among them; it is taken out with rb_erase()
 *
 * Context: type1.lock is held.
 */
void type1_pfn_insert(struct rb_root *pfns, struct type1_pfn *pfn)
{
	rb_add(&pfn->node, pfns, type1_pfn_less);
}
EXPORT_SYMBOL_IF_KUNIT(type1_pfn_insert);

/**
 * type1_pfn_count() - How many pages are pinned
 * @pfns: pages of one mapping
 *
 * Context: type1.lock is held.
 * Return: the number of pages, each counted once however often it is pinned:
 * what is charged for them.
 */
unsigned long type1_pfn_count(const struct rb_root *pfns)
{
	unsigned long n = 0;
	struct rb_node *node;

	for (node = rb_first(pfns); node; node = rb_next(node))
		n++;
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(type1_pfn_count);
