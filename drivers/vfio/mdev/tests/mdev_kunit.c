// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of parents, types and instances, with a driver of the test's own
 * whose probe does as it is told, and KUnit's own device as the parent.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/kernfs.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "../mdev_priv.h"

#define PARENT_NAME	"mdev-parent"
#define ROOM		3
#define NR_TYPES	2

/* What the driver saw, of the test that is running */
static struct {
	struct kunit *test;
	struct device *dev;
	struct mdev_parent parent;
	struct mdev_type type[NR_TYPES];
	struct mdev_type *types[NR_TYPES];
	bool registered;
	int probe_result;
	atomic_t probed, removed;
	struct mdev_device *last;
} f;

static int fake_probe(struct mdev_device *mdev)
{
	if (f.probe_result)
		return f.probe_result;
	KUNIT_EXPECT_PTR_EQ(f.test, mdev->type->parent, &f.parent);
	KUNIT_EXPECT_PTR_EQ(f.test, mdev->type->parent->dev, f.dev);
	KUNIT_EXPECT_PTR_EQ(f.test, mdev_dev(mdev)->parent, f.dev);
	atomic_inc(&f.probed);
	f.last = mdev;
	return 0;
}

static void fake_remove(struct mdev_device *mdev)
{
	KUNIT_EXPECT_PTR_EQ(f.test, mdev->type->parent->dev, f.dev);
	atomic_inc(&f.removed);
}

static ssize_t fake_description(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "fake\n");
}

static struct mdev_driver plain_driver = {
	.device_api = "vfio-fake",
	.max_instances = ROOM,
	.probe = fake_probe,
	.remove = fake_remove,
	.driver = { .name = "mdev-plain", .owner = THIS_MODULE },
};

static struct mdev_driver chatty_driver = {
	.device_api = "vfio-fake",
	.max_instances = 1,
	.probe = fake_probe,
	.remove = fake_remove,
	.show_description = fake_description,
	.driver = { .name = "mdev-chatty", .owner = THIS_MODULE },
};

static int fake_register(struct mdev_driver *driver)
{
	int ret;

	ret = mdev_register_parent(&f.parent, f.dev, driver, f.types, NR_TYPES);
	f.registered = !ret;
	return ret;
}

static void fake_unregister(void)
{
	mdev_unregister_parent(&f.parent);
	f.registered = false;
}

static bool drivers_there;

static int mdev_suite_init(struct kunit_suite *suite)
{
	int ret;

	ret = mdev_register_driver(&plain_driver);
	if (ret)
		return ret;
	ret = mdev_register_driver(&chatty_driver);
	if (ret)
		mdev_unregister_driver(&plain_driver);
	drivers_there = !ret;
	return ret;
}

/* Called whether or not the above went well */
static void mdev_suite_exit(struct kunit_suite *suite)
{
	if (!drivers_there)
		return;
	mdev_unregister_driver(&chatty_driver);
	mdev_unregister_driver(&plain_driver);
	drivers_there = false;
}

static int mdev_test_init(struct kunit *test)
{
	unsigned int i;

	memset(&f, 0, sizeof(f));
	f.test = test;
	f.dev = kunit_device_register(test, PARENT_NAME);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f.dev);
	f.type[0].sysfs_name = "small";
	f.type[1].sysfs_name = "large";
	for (i = 0; i < NR_TYPES; i++)
		f.types[i] = &f.type[i];
	return 0;
}

static void mdev_test_exit(struct kunit *test)
{
	if (f.registered)
		fake_unregister();
	KUNIT_EXPECT_EQ(test, atomic_read(&f.probed), atomic_read(&f.removed));
}

static guid_t numbered(u8 nr)
{
	return GUID_INIT(0x12345678, 0x9abc, 0xdef0, 1, 2, 3, 4, 5, 6, 7, nr);
}

static int create(struct mdev_type *type, u8 nr)
{
	guid_t uuid = numbered(nr);

	return mdev_create(type, &uuid);
}

static bool has_file(struct kobject *kobj, const char *name)
{
	struct kernfs_node *kn = kobj->sd ? sysfs_get_dirent(kobj->sd, name) : NULL;

	sysfs_put(kn);
	return kn;
}

static void expect_files(struct kunit *test, struct mdev_type *type, bool description)
{
	struct kobject *kobj = &type->dir->kobj;

	KUNIT_EXPECT_TRUE(test, has_file(kobj, "create"));
	KUNIT_EXPECT_TRUE(test, has_file(kobj, "device_api"));
	KUNIT_EXPECT_TRUE(test, has_file(kobj, "name"));
	KUNIT_EXPECT_TRUE(test, has_file(kobj, "available_instances"));
	KUNIT_EXPECT_TRUE(test, has_file(kobj, "devices"));
	KUNIT_EXPECT_EQ(test, has_file(kobj, "description"), description);
}

/* A parent brings its types, and takes them along */
static void mdev_types(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	KUNIT_EXPECT_TRUE(test, has_file(&f.dev->kobj, "mdev_supported_types"));
	KUNIT_EXPECT_STREQ(test, kobject_name(&f.type[0].dir->kobj), PARENT_NAME "-small");
	KUNIT_EXPECT_STREQ(test, kobject_name(&f.type[1].dir->kobj), PARENT_NAME "-large");
	KUNIT_EXPECT_PTR_EQ(test, f.type[1].parent, &f.parent);
	expect_files(test, &f.type[0], false);
	fake_unregister();
	KUNIT_EXPECT_FALSE(test, has_file(&f.dev->kobj, "mdev_supported_types"));

	/* and may come again, with another driver */
	KUNIT_ASSERT_EQ(test, fake_register(&chatty_driver), 0);
	expect_files(test, &f.type[1], true);
}

/* The memory of a type is the driver's again at once, whoever looks into sysfs */
static void mdev_type_memory(struct kunit *test)
{
	struct kobject *kobj;

	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	kobj = kobject_get(&f.type[0].dir->kobj);
	fake_unregister();
	memset(f.type, 0xff, sizeof(f.type));
	KUNIT_EXPECT_STREQ(test, kobject_name(kobj), PARENT_NAME "-small");
	kobject_put(kobj);
}

static void mdev_one(struct kunit *test)
{
	struct mdev_device *mdev;

	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	KUNIT_ASSERT_EQ(test, create(&f.type[1], 0xab), 0);
	mdev = f.last;
	KUNIT_EXPECT_STREQ(test, dev_name(mdev_dev(mdev)),
			   "12345678-9abc-def0-0102-0304050607ab");
	KUNIT_EXPECT_PTR_EQ(test, to_mdev_device(mdev_dev(mdev)), mdev);
	KUNIT_EXPECT_PTR_EQ(test, mdev->type, &f.type[1]);
	KUNIT_EXPECT_PTR_EQ(test, mdev->dev.driver, &plain_driver.driver);
	KUNIT_EXPECT_STREQ(test, mdev->dev.bus->name, "mdev");
	KUNIT_EXPECT_TRUE(test, has_file(&mdev->dev.kobj, "remove"));
	KUNIT_EXPECT_TRUE(test, has_file(&mdev->dev.kobj, "mdev_type"));
	KUNIT_EXPECT_TRUE(test, has_file(f.type[1].dir->devices, dev_name(&mdev->dev)));
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&f.parent), ROOM - 1);

	get_device(&mdev->dev);
	KUNIT_ASSERT_EQ(test, mdev_registry_claim(mdev), 0);
	mdev_destroy(mdev);
	KUNIT_EXPECT_EQ(test, atomic_read(&f.removed), 1);
	KUNIT_EXPECT_FALSE(test, has_file(f.type[1].dir->devices, dev_name(&mdev->dev)));
	/* Whoever still holds the device, its name and its place are free */
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&f.parent), ROOM);
	KUNIT_EXPECT_EQ(test, create(&f.type[0], 0xab), 0);
	put_device(&mdev->dev);
}

static void mdev_refused(struct kunit *test)
{
	u8 nr;

	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	for (nr = 0; nr < ROOM; nr++)
		KUNIT_EXPECT_EQ(test, create(&f.type[nr % NR_TYPES], nr), 0);
	KUNIT_EXPECT_EQ(test, create(&f.type[0], ROOM), -EUSERS);
	KUNIT_EXPECT_EQ(test, create(&f.type[0], 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, atomic_read(&f.probed), ROOM);

	/* All of them go with the parent, and then there is none to make more of */
	fake_unregister();
	KUNIT_EXPECT_EQ(test, atomic_read(&f.removed), ROOM);
	KUNIT_EXPECT_EQ(test, create(&f.type[0], ROOM), -ENODEV);
}

/* What probe says is what the creator gets, and the place is free again */
static void mdev_probe_fails(struct kunit *test)
{
	static const struct {
		int probe, create;
	} row[] = {
		{ -ENOSPC, -ENOSPC },
		{ -ENODEV, -ENODEV },
		{ -ENXIO, -ENXIO },
		{ -EPROBE_DEFER, -EAGAIN },
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	for (i = 0; i < ARRAY_SIZE(row); i++) {
		f.probe_result = row[i].probe;
		KUNIT_EXPECT_EQ(test, create(&f.type[0], 1), row[i].create);
		KUNIT_EXPECT_EQ(test, mdev_registry_available(&f.parent), ROOM);
		KUNIT_EXPECT_FALSE(test, has_file(f.type[0].dir->devices,
						  "12345678-9abc-def0-0102-030405060701"));
	}
	f.probe_result = 0;
	KUNIT_EXPECT_EQ(test, create(&f.type[0], 1), 0);
}

static void mdev_driver_without_api(struct kunit *test)
{
	struct mdev_driver driver = { .driver = { .name = "mdev-mute" } };

	KUNIT_EXPECT_EQ(test, mdev_register_driver(&driver), -EINVAL);
}

/* Instances that are made while the parent goes are not left behind */
static int creator(void *arg)
{
	guid_t uuid;
	int ret;

	do {
		guid_gen(&uuid);
		ret = mdev_create(&f.type[0], &uuid);
		cond_resched();
	} while (ret == 0 || ret == -EUSERS);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return ret;
}

static void mdev_unregister_beside_create(struct kunit *test)
{
	struct task_struct *task[2] = {};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	for (i = 0; i < ARRAY_SIZE(task); i++) {
		task[i] = kthread_run(creator, NULL, "mdev-creator");
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, task[i]);
	}
	while (!atomic_read(&f.probed))
		cond_resched();
	fake_unregister();
	for (i = 0; i < ARRAY_SIZE(task); i++)
		if (!IS_ERR(task[i]))
			KUNIT_EXPECT_EQ(test, kthread_stop(task[i]), -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&f.probed), atomic_read(&f.removed));
	KUNIT_EXPECT_EQ(test, f.parent.available, ROOM);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * Let the first, second, third... allocation of @step fail until none is left to
 * fail; an error must have changed nothing, which @unchanged looks at, and what
 * succeeds is undone by @undo.
 */
static void each_allocation_fails(struct kunit *test, int (*step)(void), void (*undo)(void),
				  void (*unchanged)(struct kunit *test))
{
	unsigned int nth, failures = 0;

	for (nth = 1; nth < 1000; nth++) {
		bool injected;
		int ret;

		current->fail_nth = nth;
		ret = step();
		injected = !current->fail_nth;
		current->fail_nth = 0;

		if (!ret)
			undo();
		unchanged(test);
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
	if (!failures)
		kunit_skip(test, "no failure reached us: write N to failslab/ignore-gfp-wait");
	kunit_info(test, "%u allocations failed in turn\n", failures);
}

static int register_step(void)
{
	return fake_register(&plain_driver);
}

static void no_types(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, has_file(&f.dev->kobj, "mdev_supported_types"));
	KUNIT_EXPECT_PTR_EQ(test, f.type[0].dir, NULL);
	KUNIT_EXPECT_PTR_EQ(test, f.type[1].dir, NULL);
}

/* CVE-2023-52570: a directory that cannot be made is an error of the registration */
static void mdev_register_allocation(struct kunit *test)
{
	each_allocation_fails(test, register_step, fake_unregister, no_types);
}

static int create_step(void)
{
	return create(&f.type[0], 1);
}

static void destroy_step(void)
{
	if (!mdev_registry_claim(f.last))
		mdev_destroy(f.last);
}

static void all_available(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&f.parent), ROOM);
	KUNIT_EXPECT_FALSE(test, has_file(f.type[0].dir->devices,
					  "12345678-9abc-def0-0102-030405060701"));
}

/* The count of instances that leaked when an allocation failed ("mdev create") */
static void mdev_create_allocation(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, fake_register(&plain_driver), 0);
	each_allocation_fails(test, create_step, destroy_step, all_available);
}
#endif

static struct kunit_case mdev_cases[] = {
	KUNIT_CASE(mdev_types),
	KUNIT_CASE(mdev_type_memory),
	KUNIT_CASE(mdev_one),
	KUNIT_CASE(mdev_refused),
	KUNIT_CASE(mdev_probe_fails),
	KUNIT_CASE(mdev_driver_without_api),
	KUNIT_CASE(mdev_unregister_beside_create),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(mdev_register_allocation),
	KUNIT_CASE(mdev_create_allocation),
#endif
	{}
};

static struct kunit_suite mdev_suite = {
	.name = "vfio-mdev",
	.suite_init = mdev_suite_init,
	.suite_exit = mdev_suite_exit,
	.init = mdev_test_init,
	.exit = mdev_test_exit,
	.test_cases = mdev_cases,
};

kunit_test_suite(mdev_suite);
