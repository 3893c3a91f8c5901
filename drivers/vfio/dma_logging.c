// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA logging: which memory a device has written, for users who copy that memory
 * while the device goes on.
 *
 * The log is the driver's, and so is the lock around it.  Here the user's ranges
 * are checked and turned into a tree for the driver, and the user's bitmap into
 * one that the driver can set bits in, whatever lies behind it.  The functions are
 * rows of the table in feature.c, called with the device awake and without a
 * lock; vfio_main.c calls vfio_dma_logging_check().
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/interval_tree.h>
#include <linux/iova_bitmap.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "vfio.h"

/* As many ranges as fit in a page: more than any device has, and no burden */
#define VFIO_LOG_MAX_RANGES	(PAGE_SIZE / sizeof(struct vfio_device_feature_dma_logging_range))

/* Least number of bytes that a bit of the user's bitmap may stand for */
#define VFIO_LOG_MIN_PAGE	SZ_4K

static_assert(sizeof(struct vfio_device_feature_dma_logging_control) == 24);
static_assert(sizeof(struct vfio_device_feature_dma_logging_range) == 16);
static_assert(sizeof(struct vfio_device_feature_dma_logging_report) == 32);

MODULE_IMPORT_NS("IOMMUFD");

/**
 * vfio_dma_logging_check() - Is what a driver says of logging complete?
 * @device: device that is being registered
 *
 * Return: 0, also for a device that logs nothing; -EINVAL for a driver that lacks
 * an operation.
 */
int vfio_dma_logging_check(struct vfio_device *device)
{
	const struct vfio_log_ops *ops = device->log_ops;

	if (!ops || (ops->log_start && ops->log_stop && ops->log_read_and_clear))
		return 0;
	dev_err(device->dev, "driver's DMA logging is incomplete\n");
	return -EINVAL;
}

/**
 * vfio_dma_logging_present() - Has the device the features of DMA logging?
 * @device: open device
 *
 * Return: 0 or -ENOTTY
 */
int vfio_dma_logging_present(struct vfio_device *device)
{
	return device->log_ops ? 0 : -ENOTTY;
}

static bool vfio_log_page_size_ok(u64 page_size)
{
	return page_size <= ULONG_MAX && is_power_of_2(page_size);
}

/* Can an unsigned long hold the address behind a range, and so all before it? */
static bool vfio_log_range_ok(u64 iova, u64 length)
{
	u64 end;

	return !check_add_overflow(iova, length, &end) && end <= ULONG_MAX;
}

/**
 * vfio_log_ranges_build() - Make a tree of the ranges that a user has named
 * @ranges: what the user has named, in any order
 * @nr: number of them, and of @nodes
 * @page_size: what their bounds must be multiples of
 * @root: empty tree
 * @nodes: room for the nodes
 *
 * Return: 0; -EINVAL for a page size that is not a power of two, or a range that is
 * empty, not aligned or overlaps another one; -EOVERFLOW for one whose end, the
 * address behind it, an unsigned long cannot hold. The tree is of no use then.
 */
VISIBLE_IF_KUNIT int
vfio_log_ranges_build(const struct vfio_device_feature_dma_logging_range *ranges, u32 nr,
		      u64 page_size, struct rb_root_cached *root, struct interval_tree_node *nodes)
{
	u32 i;

	if (!vfio_log_page_size_ok(page_size))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		if (!ranges[i].length ||
		    !IS_ALIGNED(ranges[i].iova | ranges[i].length, page_size))
			return -EINVAL;
		if (!vfio_log_range_ok(ranges[i].iova, ranges[i].length))
			return -EOVERFLOW;
		nodes[i].start = ranges[i].iova;
		nodes[i].last = ranges[i].iova + ranges[i].length - 1;
		if (interval_tree_iter_first(root, nodes[i].start, nodes[i].last))
			return -EINVAL;
		interval_tree_insert(&nodes[i], root);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_log_ranges_build);

/**
 * vfio_dma_logging_start() - VFIO_DEVICE_FEATURE_DMA_LOGGING_START, SET
 * @device: open device that logs
 * @uarg: the user's struct vfio_device_feature_dma_logging_control
 *
 * Context: May sleep.
 * Return: 0; -EINVAL for no range, or one that vfio_log_ranges_build() refuses;
 * -E2BIG for more ranges than fit in a page; -EOVERFLOW for a range that ends too high;
 * -EFAULT, logging is off then; -ENOMEM; or what the driver says
 */
int vfio_dma_logging_start(struct vfio_device *device, void __user *uarg)
{
	struct vfio_device_feature_dma_logging_control control;
	struct rb_root_cached root = RB_ROOT_CACHED;
	int ret;

	if (copy_from_user(&control, uarg, sizeof(control)))
		return -EFAULT;
	if (!control.num_ranges)
		return -EINVAL;
	if (control.num_ranges > VFIO_LOG_MAX_RANGES)
		return -E2BIG;

	struct vfio_device_feature_dma_logging_range *ranges __free(kfree) =
		memdup_array_user(u64_to_user_ptr(control.ranges), control.num_ranges,
				  sizeof(*ranges));
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	struct interval_tree_node *nodes __free(kfree) =
		kcalloc(control.num_ranges, sizeof(*nodes), GFP_KERNEL_ACCOUNT);
	if (!nodes)
		return -ENOMEM;

	ret = vfio_log_ranges_build(ranges, control.num_ranges, control.page_size, &root, nodes);
	if (ret)
		return ret;

	ret = device->log_ops->log_start(device, &root, control.num_ranges, &control.page_size);
	if (ret)
		return ret;
	if (!copy_to_user(uarg, &control, sizeof(control)))
		return 0;

	/* The user takes it for a failure, and must find it to be one */
	device->log_ops->log_stop(device);
	return -EFAULT;
}

/**
 * vfio_dma_logging_stop() - VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, SET
 * @device: open device that logs
 * @uarg: not used, the feature has no payload
 *
 * Context: May sleep.
 * Return: 0 or what the driver says
 */
int vfio_dma_logging_stop(struct vfio_device *device, void __user *uarg)
{
	return device->log_ops->log_stop(device);
}

static int vfio_log_read_and_clear(struct iova_bitmap *bitmap, unsigned long iova, size_t length,
				   void *opaque)
{
	struct vfio_device *device = opaque;

	return device->log_ops->log_read_and_clear(device, iova, length, bitmap);
}

/**
 * vfio_dma_logging_report() - VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, GET
 * @device: open device that logs
 * @uarg: the user's struct vfio_device_feature_dma_logging_report
 *
 * Bits whose place in the user's bitmap cannot be written are lost: nobody can tell
 * the driver, which has cleared them in its log.
 *
 * Context: May sleep; pins the user's bitmap, piece by piece.
 * Return: 0, also for no bytes; -EINVAL for a page size below 4 KiB or not a power of
 * two; -EOVERFLOW for a range whose end an unsigned long cannot hold; -EFAULT;
 * -ENOMEM; -EOPNOTSUPP in a kernel without the bitmaps (IOMMUFD_DRIVER); or what the
 * driver says
 */
int vfio_dma_logging_report(struct vfio_device *device, void __user *uarg)
{
	struct vfio_device_feature_dma_logging_report report;
	struct iova_bitmap *bitmap;
	int ret;

	if (copy_from_user(&report, uarg, sizeof(report)))
		return -EFAULT;
	if (report.page_size < VFIO_LOG_MIN_PAGE || !vfio_log_page_size_ok(report.page_size))
		return -EINVAL;
	if (!vfio_log_range_ok(report.iova, report.length))
		return -EOVERFLOW;
	/* a driver that computes the last address would take it for all there are */
	if (!report.length)
		return 0;

	bitmap = iova_bitmap_alloc(report.iova, report.length, report.page_size,
				   u64_to_user_ptr(report.bitmap));
	if (IS_ERR(bitmap))
		return PTR_ERR(bitmap);
	/* a kernel without bitmaps makes NULL, and refuses the next line */
	ret = iova_bitmap_for_each(bitmap, device, vfio_log_read_and_clear);
	if (bitmap)
		iova_bitmap_free(bitmap);
	return ret;
}
