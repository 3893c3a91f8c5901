// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of I/O addresses, made fewer for a device that can watch only so many.
 *
 * Pure: works on the tree it is given, whose owner orders access to it; no
 * lock.  Called by the log_start operation of drivers.
 */
#include <linux/export.h>
#include <linux/interval_tree.h>
#include <linux/limits.h>

#include "vfio.h"

/* The first of the two neighbours with the least between them; NULL if there is one node only */
static struct interval_tree_node *vfio_closest_neighbours(struct rb_root_cached *root)
{
	struct interval_tree_node *node, *next, *best = NULL;
	unsigned long gap = 0;

	node = interval_tree_iter_first(root, 0, ULONG_MAX);
	while (node) {
		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (next && (!best || next->start - node->last < gap)) {
			best = node;
			gap = next->start - node->last;
		}
		node = next;
	}
	return best;
}

/**
 * vfio_combine_iova_ranges() - Cover the same addresses, and some more, with fewer ranges
 * @root: tree of struct interval_tree_node that do not overlap
 * @cur_nodes: number of nodes in it
 * @req_nodes: number of nodes wanted; at least one is left
 *
 * Neighbours are joined where the least lies between them, the lower ones first
 * where that is the same, so that as few addresses as possible are covered
 * without need.  The lower node of two takes over the range, the other one
 * leaves the tree; the nodes' memory is the caller's.
 */
void vfio_combine_iova_ranges(struct rb_root_cached *root, u32 cur_nodes, u32 req_nodes)
{
	struct interval_tree_node *low, *high;
	u32 keep = max(req_nodes, 1U);

	for (; cur_nodes > keep; cur_nodes--) {
		low = vfio_closest_neighbours(root);
		if (!low)
			return;
		high = interval_tree_iter_next(low, 0, ULONG_MAX);

		/* the tree sums up what lies below each node: no change in place */
		interval_tree_remove(high, root);
		interval_tree_remove(low, root);
		low->last = high->last;
		interval_tree_insert(low, root);
	}
}
EXPORT_SYMBOL_GPL(vfio_combine_iova_ranges);
