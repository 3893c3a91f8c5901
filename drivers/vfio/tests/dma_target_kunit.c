// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for targets of DMA in a device's memory: started while the
 * device is open and its driver lets them, stopped otherwise, and never again
 * after the device was closed.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/vfio.h>

#include "../vfio.h"

struct target_device {
	struct vfio_device vdev;
};

/* A target that remembers what it was told */
struct spy_target {
	struct vfio_dma_target target;
	int start_result;
	int starts, stops;
	bool on;
};

static int spy_start(struct vfio_dma_target *target)
{
	struct spy_target *spy = container_of(target, struct spy_target, target);

	spy->starts++;
	/* Never twice: that would map what is mapped */
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), spy->on);
	spy->on = !spy->start_result;
	return spy->start_result;
}

static void spy_stop(struct vfio_dma_target *target)
{
	struct spy_target *spy = container_of(target, struct spy_target, target);

	spy->stops++;
	KUNIT_EXPECT_TRUE(kunit_get_current_test(), spy->on);
	spy->on = false;
}

static const struct vfio_dma_target_ops spy_ops = {
	.start = spy_start,
	.stop = spy_stop,
};

static unsigned int target_releases;

static void target_device_release(struct vfio_device *vdev)
{
	target_releases++;
}

static const struct vfio_device_ops target_device_ops = {
	.name = "target",
	.release = target_device_release,
};

static struct vfio_device *target_device(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "vfio-target");
	struct target_device *device;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	device = vfio_alloc_device(target_device, vdev, dev, &target_device_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, device);
	return &device->vdev;
}

static struct spy_target *spy_alloc(struct kunit *test)
{
	struct spy_target *spy = kunit_kzalloc(test, sizeof(*spy), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, spy);
	spy->target.ops = &spy_ops;
	return spy;
}

static void dma_target_stop_and_resume(struct kunit *test)
{
	struct vfio_device *vdev = target_device(test);
	struct spy_target *a = spy_alloc(test), *b = spy_alloc(test);

	vfio_dma_targets_open(vdev);
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&a->target, vdev), 0);
	KUNIT_EXPECT_TRUE(test, a->on);

	vfio_dma_targets_stop(vdev);
	KUNIT_EXPECT_FALSE(test, a->on);
	/* Its address was looked up before the memory went away */
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&b->target, vdev), 0);
	KUNIT_EXPECT_EQ(test, b->starts, 0);
	vfio_dma_targets_stop(vdev);
	KUNIT_EXPECT_EQ(test, a->stops, 1);

	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_TRUE(test, a->on);
	KUNIT_EXPECT_TRUE(test, b->on);
	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_EQ(test, a->starts, 2);

	vfio_dma_target_remove(&a->target);
	KUNIT_EXPECT_FALSE(test, a->on);
	vfio_dma_targets_stop(vdev);
	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_EQ(test, a->starts, 2);
	KUNIT_EXPECT_EQ(test, b->starts, 2);

	vfio_dma_target_remove(&b->target);
	vfio_dma_targets_close(vdev);
	vfio_put_device(vdev);
}

/* Also not by the next open: that is another user's */
static void dma_target_close_is_for_good(struct kunit *test)
{
	struct vfio_device *vdev = target_device(test);
	struct spy_target *a = spy_alloc(test), *b = spy_alloc(test);

	vfio_dma_targets_open(vdev);
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&a->target, vdev), 0);
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&b->target, vdev), 0);
	vfio_dma_targets_close(vdev);
	KUNIT_EXPECT_FALSE(test, a->on);

	/* Drivers do that while they close the device */
	vfio_dma_targets_stop(vdev);
	vfio_dma_targets_resume(vdev);
	vfio_dma_targets_open(vdev);
	vfio_dma_targets_stop(vdev);
	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_EQ(test, a->starts, 1);
	KUNIT_EXPECT_EQ(test, a->stops, 1);
	vfio_dma_target_remove(&a->target);
	vfio_dma_targets_close(vdev);

	/* A target that stays keeps neither the device nor its driver */
	target_releases = 0;
	vfio_put_device(vdev);
	KUNIT_EXPECT_EQ(test, target_releases, 1);
	vfio_dma_target_remove(&b->target);
	KUNIT_EXPECT_EQ(test, b->stops, 1);
}

static void dma_target_start_fails(struct kunit *test)
{
	struct vfio_device *vdev = target_device(test);
	struct spy_target *a = spy_alloc(test), *b = spy_alloc(test);

	vfio_dma_targets_open(vdev);
	a->start_result = -ENOMEM;
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&a->target, vdev), -ENOMEM);
	/* It has not been added */
	a->start_result = 0;
	vfio_dma_targets_stop(vdev);
	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_EQ(test, a->starts, 1);

	/* It fails later: the others start, and so does it the next time */
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&a->target, vdev), 0);
	KUNIT_EXPECT_EQ(test, vfio_dma_target_add(&b->target, vdev), 0);
	a->start_result = -ENOMEM;
	vfio_dma_targets_stop(vdev);
	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_FALSE(test, a->on);
	KUNIT_EXPECT_TRUE(test, b->on);
	a->start_result = 0;
	vfio_dma_targets_stop(vdev);
	vfio_dma_targets_resume(vdev);
	KUNIT_EXPECT_TRUE(test, a->on);
	KUNIT_EXPECT_TRUE(test, b->on);

	vfio_dma_target_remove(&a->target);
	vfio_dma_target_remove(&b->target);
	vfio_dma_targets_close(vdev);
	vfio_put_device(vdev);
}

static struct kunit_case dma_target_cases[] = {
	KUNIT_CASE(dma_target_stop_and_resume),
	KUNIT_CASE(dma_target_close_is_for_good),
	KUNIT_CASE(dma_target_start_fails),
	{ }
};

static struct kunit_suite dma_target_suite = {
	.name = "vfio-dma-target",
	.test_cases = dma_target_cases,
};

kunit_test_suite(dma_target_suite);
