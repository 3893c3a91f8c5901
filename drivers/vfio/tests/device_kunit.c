// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the life time of devices: allocation, sets, registration,
 * and giving back.  The device of the bus is KUnit's own, so no hardware and
 * no IOMMU is needed; the devices are registered as emulated ones.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/vfio.h>

#define VFIO_FS_MAGIC	0x5646494f

struct life_device {
	struct vfio_device vdev;
	u8 tail[64];
};

/* What the operations below saw, of the test that is running */
static struct {
	struct kunit *test;
	int init_result;
	void *init_set_id;
	unsigned int inits, releases, requests;
	unsigned int last_request;
	bool put_on_request;
} seen;

static int life_init(struct vfio_device *vdev)
{
	seen.inits++;
	KUNIT_EXPECT_PTR_NE(seen.test, vdev->dev, NULL);
	KUNIT_EXPECT_PTR_NE(seen.test, vdev->ops, NULL);
	KUNIT_EXPECT_PTR_NE(seen.test, vdev->inode, NULL);
	if (seen.init_set_id)
		KUNIT_EXPECT_EQ(seen.test, vfio_assign_device_set(vdev, seen.init_set_id), 0);
	return seen.init_result;
}

static void life_release(struct vfio_device *vdev)
{
	/* The set is left before the driver's release, the inode is still there */
	KUNIT_EXPECT_PTR_EQ(seen.test, vdev->dev_set, NULL);
	KUNIT_EXPECT_PTR_NE(seen.test, vdev->inode, NULL);
	seen.releases++;
}

static void life_request(struct vfio_device *vdev, unsigned int count)
{
	seen.requests++;
	seen.last_request = count;
	if (seen.put_on_request)
		vfio_device_put_registration(vdev);
}

static int life_bind(struct vfio_device *vdev, struct iommufd_ctx *ictx, u32 *out_device_id)
{
	return -ENODEV;
}

static void life_unbind(struct vfio_device *vdev)
{
}

static int life_attach(struct vfio_device *vdev, u32 *pt_id)
{
	return -ENODEV;
}

static void life_detach(struct vfio_device *vdev)
{
}

static const struct vfio_device_ops life_ops = {
	.name = "life",
	.init = life_init,
	.release = life_release,
	.request = life_request,
	.bind_iommufd = life_bind,
	.unbind_iommufd = life_unbind,
	.attach_ioas = life_attach,
	.detach_ioas = life_detach,
};

static int life_test_init(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "vfio-life");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	memset(&seen, 0, sizeof(seen));
	seen.test = test;
	test->priv = dev;
	return 0;
}

static struct life_device *life_alloc(struct kunit *test)
{
	return vfio_alloc_device(life_device, vdev, test->priv, &life_ops);
}

static struct life_device *life_alloc_ok(struct kunit *test)
{
	struct life_device *life = life_alloc(test);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, life);
	return life;
}

static void life_alloc_and_put(struct kunit *test)
{
	struct life_device *life = life_alloc_ok(test);

	KUNIT_EXPECT_EQ(test, seen.inits, 1);
	KUNIT_EXPECT_PTR_EQ(test, life->vdev.dev, (struct device *)test->priv);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(life->tail, 0, sizeof(life->tail)), NULL);
	KUNIT_EXPECT_EQ(test, seen.releases, 0);
	vfio_put_device(&life->vdev);
	KUNIT_EXPECT_EQ(test, seen.releases, 1);
}

/* An inode for each device, none shared, of a file system of our own */
static void life_one_inode_each(struct kunit *test)
{
	struct life_device *a = life_alloc_ok(test);
	struct life_device *b = life_alloc_ok(test);

	KUNIT_EXPECT_PTR_NE(test, a->vdev.inode, b->vdev.inode);
	KUNIT_EXPECT_PTR_NE(test, a->vdev.inode->i_mapping, b->vdev.inode->i_mapping);
	KUNIT_EXPECT_EQ(test, a->vdev.inode->i_sb->s_magic, VFIO_FS_MAGIC);
	KUNIT_EXPECT_PTR_EQ(test, a->vdev.inode->i_sb, b->vdev.inode->i_sb);
	vfio_put_device(&a->vdev);
	vfio_put_device(&b->vdev);
}

static void life_init_fails(struct kunit *test)
{
	struct life_device *life;

	seen.init_result = -EXDEV;
	seen.init_set_id = &seen;
	life = life_alloc(test);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(life), -EXDEV);
	KUNIT_EXPECT_EQ(test, seen.inits, 1);
	KUNIT_EXPECT_EQ(test, seen.releases, 0);
}

/* The lowest free number, and it comes back when the device is released */
static void life_lowest_index(struct kunit *test)
{
	struct life_device *a = life_alloc_ok(test);
	struct life_device *b = life_alloc_ok(test);
	struct life_device *c;
	int index = a->vdev.index;

	KUNIT_EXPECT_GT(test, b->vdev.index, index);
	vfio_put_device(&a->vdev);
	c = life_alloc_ok(test);
	KUNIT_EXPECT_EQ(test, c->vdev.index, index);
	vfio_put_device(&b->vdev);
	vfio_put_device(&c->vdev);
}

static void life_sets(struct kunit *test)
{
	struct life_device *a = life_alloc_ok(test);
	struct life_device *b = life_alloc_ok(test);
	struct life_device *c = life_alloc_ok(test);
	int id1, id2;

	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(&a->vdev, &id1), 0);
	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(&b->vdev, &id1), 0);
	KUNIT_ASSERT_EQ(test, vfio_assign_device_set(&c->vdev, &id2), 0);
	KUNIT_EXPECT_PTR_EQ(test, a->vdev.dev_set, b->vdev.dev_set);
	KUNIT_EXPECT_PTR_NE(test, a->vdev.dev_set, c->vdev.dev_set);

	scoped_guard(mutex, &a->vdev.dev_set->lock) {
		a->vdev.open_count = 2;
		b->vdev.open_count = 3;
		KUNIT_EXPECT_EQ(test, vfio_device_set_open_count(a->vdev.dev_set), 5);
		a->vdev.open_count = 0;
		b->vdev.open_count = 0;
		KUNIT_EXPECT_EQ(test, vfio_device_set_open_count(a->vdev.dev_set), 0);
	}
	scoped_guard(mutex, &c->vdev.dev_set->lock) {
		struct vfio_device_set *set = c->vdev.dev_set;

		KUNIT_EXPECT_PTR_EQ(test, vfio_find_device_in_devset(set, c->vdev.dev), &c->vdev);
		KUNIT_EXPECT_NULL(test, vfio_find_device_in_devset(set, &c->vdev.device));
	}

	vfio_put_device(&a->vdev);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&b->vdev.dev_set->devices));
	vfio_put_device(&b->vdev);
	vfio_put_device(&c->vdev);
}

static void life_register(struct kunit *test)
{
	struct life_device *life = life_alloc_ok(test);

	KUNIT_ASSERT_EQ(test, vfio_register_emulated_iommu_dev(&life->vdev), 0);
	KUNIT_EXPECT_PTR_EQ(test, life->vdev.dev_set->set_id, (void *)&life->vdev);
	KUNIT_EXPECT_EQ(test, strncmp(dev_name(&life->vdev.device), "vfio", 4), 0);
	KUNIT_EXPECT_TRUE(test, vfio_device_try_get_registration(&life->vdev));
	vfio_device_put_registration(&life->vdev);

	/* Nobody uses it: nobody is asked */
	vfio_unregister_group_dev(&life->vdev);
	KUNIT_EXPECT_EQ(test, seen.requests, 0);
	KUNIT_EXPECT_FALSE(test, vfio_device_try_get_registration(&life->vdev));
	vfio_put_device(&life->vdev);
	KUNIT_EXPECT_EQ(test, seen.releases, 1);
}

/* Somebody uses it: asked at once, with 0, and gone when it is given back */
static void life_unregister_asks(struct kunit *test)
{
	struct life_device *life = life_alloc_ok(test);

	KUNIT_ASSERT_EQ(test, vfio_register_emulated_iommu_dev(&life->vdev), 0);
	KUNIT_ASSERT_TRUE(test, vfio_device_try_get_registration(&life->vdev));
	seen.put_on_request = true;
	vfio_unregister_group_dev(&life->vdev);
	KUNIT_EXPECT_EQ(test, seen.requests, 1);
	KUNIT_EXPECT_EQ(test, seen.last_request, 0);
	vfio_put_device(&life->vdev);
}

/* A device without an IOMMU group is not for user space, unless it is allowed */
static void life_register_physical_without_iommu(struct kunit *test)
{
	struct life_device *life = life_alloc_ok(test);

	KUNIT_EXPECT_EQ(test, vfio_register_group_dev(&life->vdev), -EINVAL);
	KUNIT_EXPECT_EQ(test, seen.releases, 0);
	vfio_put_device(&life->vdev);
	KUNIT_EXPECT_EQ(test, seen.releases, 1);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * Let the first, second, third... allocation fail until none is left to
 * fail.  Each failure is an error that is told, and leaves nothing behind:
 * kmemleak, and the unloading of the module, see to that.
 */
static void life_allocation_failure(struct kunit *test)
{
	unsigned int nth, failures = 0;
	struct life_device *life = NULL;

	for (nth = 1; nth < 1000; nth++) {
		bool injected;
		int ret;

		current->fail_nth = nth;
		life = life_alloc(test);
		ret = PTR_ERR_OR_ZERO(life);
		if (!ret)
			ret = vfio_register_emulated_iommu_dev(&life->vdev);
		injected = !current->fail_nth;
		current->fail_nth = 0;

		if (!IS_ERR(life)) {
			if (!ret)
				vfio_unregister_group_dev(&life->vdev);
			vfio_put_device(&life->vdev);
		}
		if (!injected) {
			KUNIT_EXPECT_EQ(test, ret, 0);
			break;
		}
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			failures++;
		}
	}
	KUNIT_EXPECT_LT(test, nth, 1000);
	KUNIT_EXPECT_EQ(test, seen.releases, seen.inits);
	if (!failures)
		kunit_skip(test, "no failure reached us: write N to failslab/ignore-gfp-wait");
	kunit_info(test, "%u allocations failed in turn\n", failures);
}
#endif

static struct kunit_case life_cases[] = {
	KUNIT_CASE(life_alloc_and_put),
	KUNIT_CASE(life_one_inode_each),
	KUNIT_CASE(life_init_fails),
	KUNIT_CASE(life_lowest_index),
	KUNIT_CASE(life_sets),
	KUNIT_CASE(life_register),
	KUNIT_CASE(life_unregister_asks),
	KUNIT_CASE(life_register_physical_without_iommu),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(life_allocation_failure),
#endif
	{}
};

static struct kunit_suite life_suite = {
	.name = "vfio-device",
	.init = life_test_init,
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the VFIO core");
