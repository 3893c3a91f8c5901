// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of the test device: a value for each page that its user has made it
 * pretend to write, in the few ranges that such a device can watch.
 *
 * Owns struct vfio_test_log, all of it under its lock.  Called by the core
 * through the ops, and by vfio_test_device.c.
 */
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sizes.h>

#include "vfio_test_device.h"

MODULE_IMPORT_NS("IOMMUFD");

#define TEST_LOG_MIN_PAGE	SZ_4K
#define TEST_LOG_MAX_PAGE	SZ_1M

#define TEST_DMA_MAX		SZ_4M
#define TEST_LOG_MAX_PAGES	65536

/**
 * vfio_test_log_init() - An empty log that is off
 * @log: zeros
 */
void vfio_test_log_init(struct vfio_test_log *log)
{
	mutex_init(&log->lock);
	xa_init(&log->pages);
}

/**
 * vfio_test_log_destroy() - The end of a log
 * @log: log that nobody uses any more
 */
void vfio_test_log_destroy(struct vfio_test_log *log)
{
	xa_destroy(&log->pages);
	mutex_destroy(&log->lock);
}

static void vfio_test_log_forget(struct vfio_test_log *log)
{
	lockdep_assert_held(&log->lock);

	xa_destroy(&log->pages);
	log->nr_pages = 0;
	log->nr_ranges = 0;
	log->on = false;
}

/**
 * vfio_test_log_reset() - Switch the log off, if it is on
 * @log: any log
 */
void vfio_test_log_reset(struct vfio_test_log *log)
{
	mutex_lock(&log->lock);
	vfio_test_log_forget(log);
	mutex_unlock(&log->lock);
}

static int vfio_test_log_start(struct vfio_device *vdev, struct rb_root_cached *ranges,
			       u32 nnodes, u64 *page_size)
{
	struct vfio_test_log *log = &vfio_test_device(vdev)->log;
	struct interval_tree_node *node;
	int ret = 0;

	mutex_lock(&log->lock);
	if (log->on) {
		ret = -EBUSY;
		goto out;
	}
	if (nnodes > VFIO_TEST_LOG_RANGES)
		vfio_combine_iova_ranges(ranges, nnodes, VFIO_TEST_LOG_RANGES);

	log->nr_ranges = 0;
	for (node = interval_tree_iter_first(ranges, 0, ULONG_MAX);
	     node && log->nr_ranges < VFIO_TEST_LOG_RANGES;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		log->ranges[log->nr_ranges].first = node->start;
		log->ranges[log->nr_ranges].last = node->last;
		log->nr_ranges++;
	}
	*page_size = rounddown_pow_of_two(clamp_t(u64, *page_size, TEST_LOG_MIN_PAGE,
						  TEST_LOG_MAX_PAGE));
	log->shift = ilog2(*page_size);
	log->on = true;
out:
	mutex_unlock(&log->lock);
	return ret;
}

static int vfio_test_log_stop(struct vfio_device *vdev)
{
	struct vfio_test_log *log = &vfio_test_device(vdev)->log;
	int ret = -EINVAL;

	mutex_lock(&log->lock);
	if (log->on) {
		vfio_test_log_forget(log);
		ret = 0;
	}
	mutex_unlock(&log->lock);
	return ret;
}

static int vfio_test_log_report(struct vfio_device *vdev, unsigned long iova, unsigned long length,
				struct iova_bitmap *dirty)
{
	struct vfio_test_log *log = &vfio_test_device(vdev)->log;
	unsigned long index, first, end, last = iova + length - 1;
	int ret = -EINVAL;
	void *entry;

	mutex_lock(&log->lock);
	if (log->on) {
		xa_for_each_range(&log->pages, index, entry, iova >> log->shift,
				  last >> log->shift) {
			first = max(index << log->shift, iova);
			end = min((index << log->shift) + BIT(log->shift) - 1, last);
			iova_bitmap_set(dirty, first, end - first + 1);
			xa_erase(&log->pages, index);
			log->nr_pages--;
		}
		ret = 0;
	}
	mutex_unlock(&log->lock);
	return ret;
}

const struct vfio_log_ops vfio_test_log_ops = {
	.log_start = vfio_test_log_start,
	.log_stop = vfio_test_log_stop,
	.log_read_and_clear = vfio_test_log_report,
};

/* Note a page that lies in one of the ranges, if there is room for it */
static int vfio_test_log_page(struct vfio_test_log *log, unsigned long index)
{
	void *old;

	if (xa_load(&log->pages, index))
		return 0;
	if (log->nr_pages >= TEST_LOG_MAX_PAGES)
		return -ENOSPC;
	old = xa_store(&log->pages, index, xa_mk_value(1), GFP_KERNEL_ACCOUNT);
	if (xa_is_err(old))
		return xa_err(old);
	log->nr_pages++;
	return 0;
}

/**
 * vfio_test_log_write() - Pretend that the device has written memory
 * @log: log of the device, which may be off: nothing is noted then
 * @dma: what it wrote, as the user says
 *
 * Return: 0; -EINVAL for no bytes, or more than 4 MiB; -EOVERFLOW for a range that
 * wraps; -ENOSPC for more pages than anybody should need; -ENOMEM
 */
int vfio_test_log_write(struct vfio_test_log *log, const struct vfio_test_dma *dma)
{
	unsigned long begin = dma->iova, end, first, last, index;
	unsigned int i;
	int ret = 0;

	if (!dma->length || dma->length > TEST_DMA_MAX || dma->iova > ULONG_MAX)
		return -EINVAL;
	if (check_add_overflow(begin, (unsigned long)dma->length - 1, &end))
		return -EOVERFLOW;

	mutex_lock(&log->lock);
	for (i = 0; i < log->nr_ranges && !ret; i++) {
		if (end < log->ranges[i].first || begin > log->ranges[i].last)
			continue;
		first = max(begin, log->ranges[i].first) >> log->shift;
		last = min(end, log->ranges[i].last) >> log->shift;
		for (index = first; index <= last && !ret; index++)
			ret = vfio_test_log_page(log, index);
	}
	mutex_unlock(&log->lock);
	return ret;
}
