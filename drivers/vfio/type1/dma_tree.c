// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings of a container by IOVA.
 *
 * They never overlap, so that a plain red-black tree is enough: what is sorted
 * by the first IOVA is sorted by the last one, too.
 *
 * Pure; the caller keeps others away from the tree (type1.lock).
 */
#include <kunit/visibility.h>
#include <linux/rbtree.h>

#include "type1.h"

/**
 * type1_dma_first() - Find the first mapping in a range
 * @dmas: the tree
 * @start: first IOVA of the range
 * @last: its last IOVA, inclusive
 *
 * Context: Any; the tree is the caller's.
 * Return: the mapping with the lowest IOVAs of all that have one in the range,
 * or NULL.
 */
struct type1_dma *type1_dma_first(struct rb_root *dmas, u64 start, u64 last)
{
	struct rb_node *node = dmas->rb_node;
	struct type1_dma *found = NULL;

	while (node) {
		struct type1_dma *dma = rb_entry(node, struct type1_dma, node);

		if (type1_dma_last(dma) < start) {
			node = node->rb_right;
		} else {
			found = dma;
			if (dma->iova <= start)
				break;
			node = node->rb_left;
		}
	}
	return found && found->iova <= last ? found : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(type1_dma_first);

/**
 * type1_dma_next() - Find the mapping behind another
 * @dma: a mapping in a tree
 *
 * Context: Any; the tree is the caller's.
 * Return: the mapping with the next higher IOVAs, or NULL.
 */
struct type1_dma *type1_dma_next(struct type1_dma *dma)
{
	return rb_entry_safe(rb_next(&dma->node), struct type1_dma, node);
}
EXPORT_SYMBOL_IF_KUNIT(type1_dma_next);

/**
 * type1_dma_insert() - Put a mapping into the tree
 * @dmas: the tree
 * @dma: the mapping, with its iova and size, which is not 0
 *
 * Context: Any; the tree is the caller's.
 * Return: true, or false if it overlaps a mapping that is there; then the tree
 * is as it was.
 */
bool type1_dma_insert(struct rb_root *dmas, struct type1_dma *dma)
{
	struct rb_node **link = &dmas->rb_node, *parent = NULL;
	u64 last = type1_dma_last(dma);

	while (*link) {
		struct type1_dma *other = rb_entry(*link, struct type1_dma, node);

		parent = *link;
		if (last < other->iova)
			link = &parent->rb_left;
		else if (dma->iova > type1_dma_last(other))
			link = &parent->rb_right;
		else
			return false;
	}
	rb_link_node(&dma->node, parent, link);
	rb_insert_color(&dma->node, dmas);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(type1_dma_insert);
