// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the way through the devices of an IOMMU group, for backends,
 * which think in devices.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/iommu.h>

#include "../vfio.h"

static struct device *add_device(struct kunit *test, struct iommu_group *group, const char *name)
{
	struct device *dev = kunit_device_register(test, name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, iommu_group_add_device(group, dev), 0);
	return dev;
}

static unsigned int refs(struct device *dev)
{
	return kref_read(&dev->kobj.kref);
}

static void empty_group(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	KUNIT_EXPECT_EQ(test, PTR_ERR(vfio_group_devices_begin(group)), -ENODEV);
	iommu_group_put(group);

	/* What ends nothing */
	vfio_group_devices_end(NULL);
	vfio_group_devices_end(ERR_PTR(-ENODEV));
}

static void all_in_order(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	struct vfio_group_devices *devices;
	struct device *a, *b;
	unsigned int refs_a, refs_b;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	a = add_device(test, group, "vfio-first");
	b = add_device(test, group, "vfio-second");
	refs_a = refs(a);
	refs_b = refs(b);

	devices = vfio_group_devices_begin(group);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, devices);
	KUNIT_EXPECT_EQ(test, refs(a), refs_a + 1);
	KUNIT_EXPECT_EQ(test, refs(b), refs_b + 1);
	KUNIT_EXPECT_PTR_EQ(test, vfio_group_devices_next(devices), a);
	KUNIT_EXPECT_PTR_EQ(test, vfio_group_devices_next(devices), b);
	KUNIT_EXPECT_NULL(test, vfio_group_devices_next(devices));
	KUNIT_EXPECT_NULL(test, vfio_group_devices_next(devices));
	vfio_group_devices_end(devices);
	KUNIT_EXPECT_EQ(test, refs(a), refs_a);
	KUNIT_EXPECT_EQ(test, refs(b), refs_b);

	/* One is enough for most: the others are let go all the same */
	devices = vfio_group_devices_begin(group);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, devices);
	KUNIT_EXPECT_PTR_EQ(test, vfio_group_devices_next(devices), a);
	vfio_group_devices_end(devices);
	KUNIT_EXPECT_EQ(test, refs(a), refs_a);
	KUNIT_EXPECT_EQ(test, refs(b), refs_b);

	iommu_group_remove_device(a);
	iommu_group_remove_device(b);
	iommu_group_put(group);
}

/* A device that leaves the group meanwhile can still be used */
static void device_leaves(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	struct vfio_group_devices *devices;
	struct device *a, *b;
	unsigned int refs_b;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	a = add_device(test, group, "vfio-stays");
	b = add_device(test, group, "vfio-leaves");
	devices = vfio_group_devices_begin(group);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, devices);
	iommu_group_remove_device(b);
	refs_b = refs(b);
	KUNIT_EXPECT_PTR_EQ(test, vfio_group_devices_next(devices), a);
	KUNIT_EXPECT_PTR_EQ(test, vfio_group_devices_next(devices), b);
	vfio_group_devices_end(devices);
	KUNIT_EXPECT_EQ(test, refs(b), refs_b - 1);
	iommu_group_remove_device(a);
	iommu_group_put(group);
}

#ifdef CONFIG_FAULT_INJECTION
static void begin_allocation_failure(struct kunit *test)
{
	struct iommu_group *group = iommu_group_alloc();
	struct vfio_group_devices *devices;
	unsigned int refs_a, nth, failures = 0;
	struct device *a, *b;
	bool injected;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	a = add_device(test, group, "vfio-first");
	b = add_device(test, group, "vfio-second");
	refs_a = refs(a);
	for (nth = 1; nth < 100; nth++) {
		current->fail_nth = nth;
		devices = vfio_group_devices_begin(group);
		injected = !current->fail_nth;
		current->fail_nth = 0;
		/* What a debugging aid of the allocator lacks is not ours to tell */
		if (IS_ERR(devices)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(devices), -ENOMEM);
			failures++;
		}
		vfio_group_devices_end(devices);
		KUNIT_EXPECT_EQ(test, refs(a), refs_a);
		if (!injected)
			break;
	}
	KUNIT_EXPECT_FALSE(test, IS_ERR(devices));
	iommu_group_remove_device(a);
	iommu_group_remove_device(b);
	iommu_group_put(group);
	if (!failures)
		kunit_skip(test, "no failure reached us: write N to failslab/ignore-gfp-wait");
	KUNIT_EXPECT_EQ(test, failures, 3);
}
#endif

static struct kunit_case group_devices_cases[] = {
	KUNIT_CASE(empty_group),
	KUNIT_CASE(all_in_order),
	KUNIT_CASE(device_leaves),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(begin_allocation_failure),
#endif
	{}
};

static struct kunit_suite group_devices_suite = {
	.name = "vfio-group-devices",
	.test_cases = group_devices_cases,
};

kunit_test_suite(group_devices_suite);
