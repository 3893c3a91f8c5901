// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the list of instances: names that are taken, room that is used
 * up, and who removes what.  Instances are bare structs here, without a device.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../mdev_priv.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define NR_MDEVS	4
#define ROOM		2

static unsigned int list_get_available(struct mdev_type *type)
{
	return 7;
}

static struct mdev_driver counted_driver = { .max_instances = ROOM };
static struct mdev_driver own_count_driver = { .get_available = list_get_available };

/* Two parents, the first with two types; instances not yet entered */
static struct {
	struct mdev_parent parent[2];
	struct mdev_type type[3];
	struct mdev_device mdev[NR_MDEVS];
	struct mdev_device *shut;
	struct completion shut_done;
} l;

static int list_test_init(struct kunit *test)
{
	unsigned int i;

	memset(&l, 0, sizeof(l));
	for (i = 0; i < 2; i++) {
		l.parent[i].driver = &counted_driver;
		l.parent[i].available = counted_driver.max_instances;
		mdev_registry_open(&l.parent[i]);
	}
	l.type[0].parent = &l.parent[0];
	l.type[1].parent = &l.parent[0];
	l.type[2].parent = &l.parent[1];
	for (i = 0; i < NR_MDEVS; i++) {
		l.mdev[i].type = &l.type[0];
		l.mdev[i].uuid.b[15] = i;
	}
	init_completion(&l.shut_done);
	return 0;
}

static void list_exit(struct kunit *test)
{
	unsigned int i;

	/* What a failed test has left behind */
	for (i = 0; i < NR_MDEVS; i++)
		if (l.mdev[i].entry.next && l.mdev[i].entry.next != LIST_POISON1)
			mdev_registry_del(&l.mdev[i]);
}

/* All types of a parent share its room, parents share nothing */
static void list_room(struct kunit *test)
{
	l.mdev[1].type = &l.type[1];
	l.mdev[3].type = &l.type[2];

	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[0]), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), 1);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[1]), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[2]), -EUSERS);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[3]), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[1]), ROOM - 1);

	mdev_registry_del(&l.mdev[0]);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), 1);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[2]), 0);
	mdev_registry_del(&l.mdev[2]);
	mdev_registry_del(&l.mdev[1]);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), ROOM);
	mdev_registry_del(&l.mdev[3]);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[1]), ROOM);
}

/* A driver that counts for itself is never told that there is no room */
static void list_no_count(struct kunit *test)
{
	unsigned int i;

	l.parent[0].driver = &own_count_driver;
	l.parent[0].available = 0;
	for (i = 0; i < NR_MDEVS; i++)
		KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[i]), 0);
	for (i = 0; i < NR_MDEVS; i++)
		mdev_registry_del(&l.mdev[i]);
	KUNIT_EXPECT_EQ(test, l.parent[0].available, 0);
}

/* A name is taken wherever it is used, and a refusal costs no room */
static void list_names(struct kunit *test)
{
	l.mdev[1].uuid = l.mdev[0].uuid;
	l.mdev[2].uuid = l.mdev[0].uuid;
	l.mdev[2].type = &l.type[2];

	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[0]), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[1]), -EEXIST);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[2]), -EEXIST);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), ROOM - 1);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[1]), ROOM);
	mdev_registry_del(&l.mdev[0]);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[2]), 0);
	mdev_registry_del(&l.mdev[2]);
}

/* An instance is removed by one, and not before it is complete */
static void list_claim(struct kunit *test)
{
	struct mdev_device *mdev = &l.mdev[0];

	KUNIT_ASSERT_EQ(test, mdev_registry_add(mdev), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_claim(mdev), -EAGAIN);
	mdev_registry_publish(mdev);
	KUNIT_EXPECT_EQ(test, mdev_registry_claim(mdev), 0);
	KUNIT_EXPECT_EQ(test, mdev_registry_claim(mdev), -EAGAIN);
	/* It has its name and its room until it is gone */
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), ROOM - 1);
	l.mdev[1].uuid = mdev->uuid;
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[1]), -EEXIST);
	mdev_registry_del(mdev);
}

/* Once a parent goes its instances are handed out, each to one, and there are no more */
static void list_shut(struct kunit *test)
{
	struct mdev_device *first, *second;

	l.mdev[2].type = &l.type[2];
	KUNIT_ASSERT_EQ(test, mdev_registry_add(&l.mdev[0]), 0);
	KUNIT_ASSERT_EQ(test, mdev_registry_add(&l.mdev[1]), 0);
	KUNIT_ASSERT_EQ(test, mdev_registry_add(&l.mdev[2]), 0);
	mdev_registry_publish(&l.mdev[0]);
	mdev_registry_publish(&l.mdev[1]);
	mdev_registry_publish(&l.mdev[2]);

	first = mdev_registry_shut(&l.parent[0]);
	KUNIT_EXPECT_PTR_EQ(test, first, &l.mdev[0]);
	KUNIT_EXPECT_EQ(test, mdev_registry_claim(&l.mdev[0]), -EAGAIN);
	KUNIT_EXPECT_EQ(test, mdev_registry_claim(&l.mdev[1]), -ENODEV);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[3]), -ENODEV);
	mdev_registry_del(&l.mdev[0]);
	KUNIT_EXPECT_EQ(test, mdev_registry_add(&l.mdev[3]), -ENODEV);
	second = mdev_registry_shut(&l.parent[0]);
	KUNIT_EXPECT_PTR_EQ(test, second, &l.mdev[1]);
	mdev_registry_del(&l.mdev[1]);
	KUNIT_EXPECT_NULL(test, mdev_registry_shut(&l.parent[0]));
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[0]), ROOM);

	/* The other parent has not noticed */
	KUNIT_EXPECT_EQ(test, mdev_registry_claim(&l.mdev[2]), 0);
	mdev_registry_del(&l.mdev[2]);
	KUNIT_EXPECT_EQ(test, mdev_registry_available(&l.parent[1]), ROOM);
}

static int list_shut_thread(void *arg)
{
	l.shut = mdev_registry_shut(&l.parent[0]);
	complete(&l.shut_done);
	return 0;
}

static void list_shut_beside(struct kunit *test)
{
	struct task_struct *task;

	l.shut = ERR_PTR(-EBUSY);
	task = kthread_run(list_shut_thread, NULL, "mdev-shut");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	/* From here on it has to wait for what we have */
	while (READ_ONCE(l.parent[0].open))
		cond_resched();
}

/* Who shuts a parent waits for an instance that is being made, and gets it... */
static void list_shut_waits_for_made(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, mdev_registry_add(&l.mdev[0]), 0);
	list_shut_beside(test);
	mdev_registry_publish(&l.mdev[0]);
	wait_for_completion(&l.shut_done);
	KUNIT_EXPECT_PTR_EQ(test, l.shut, &l.mdev[0]);
	mdev_registry_del(&l.mdev[0]);
}

/* ...or not, if making it failed... */
static void list_shut_waits_for_failed(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, mdev_registry_add(&l.mdev[0]), 0);
	list_shut_beside(test);
	KUNIT_EXPECT_FALSE(test, completion_done(&l.shut_done));
	mdev_registry_del(&l.mdev[0]);
	wait_for_completion(&l.shut_done);
	KUNIT_EXPECT_NULL(test, l.shut);
}

/* ...and for one that another removes */
static void list_shut_waits_for_removed(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, mdev_registry_add(&l.mdev[0]), 0);
	mdev_registry_publish(&l.mdev[0]);
	KUNIT_ASSERT_EQ(test, mdev_registry_claim(&l.mdev[0]), 0);
	list_shut_beside(test);
	KUNIT_EXPECT_FALSE(test, completion_done(&l.shut_done));
	mdev_registry_del(&l.mdev[0]);
	wait_for_completion(&l.shut_done);
	KUNIT_EXPECT_NULL(test, l.shut);
}

static struct kunit_case list_cases[] = {
	KUNIT_CASE(list_room),
	KUNIT_CASE(list_no_count),
	KUNIT_CASE(list_names),
	KUNIT_CASE(list_claim),
	KUNIT_CASE(list_shut),
	KUNIT_CASE(list_shut_waits_for_made),
	KUNIT_CASE(list_shut_waits_for_failed),
	KUNIT_CASE(list_shut_waits_for_removed),
	{}
};

static struct kunit_suite list_suite = {
	.name = "vfio-mdev-registry",
	.init = list_test_init,
	.exit = list_exit,
	.test_cases = list_cases,
};

kunit_test_suite(list_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of VFIO mediated devices");
