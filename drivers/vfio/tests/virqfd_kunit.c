// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of virqfd.c: what it refuses, and the empty slot.
 *
 * A kernel module can't make an eventfd.  Everything that takes a real one -
 * delivery in both halves, the eventfd that was signalled before, -EBUSY, the
 * hang-up - is reached through the unmask eventfd of INTx and tested by the
 * VFIO selftests.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/vfio.h>

static int never_handle(void *opaque, void *data)
{
	struct kunit *test = opaque;

	KUNIT_FAIL(test, "handler called");
	return 1;
}

static void never_inject(void *opaque, void *data)
{
	struct kunit *test = opaque;

	KUNIT_FAIL(test, "thread called");
}

static void virqfd_bad_fd(struct kunit *test)
{
	struct virqfd *slot = NULL;

	KUNIT_EXPECT_EQ(test, vfio_virqfd_enable(test, never_handle, never_inject, NULL, &slot, -1),
			-EBADF);
	KUNIT_EXPECT_NULL(test, slot);
	KUNIT_EXPECT_EQ(test, vfio_virqfd_enable(test, never_handle, never_inject, NULL, &slot,
						 INT_MAX), -EBADF);
	KUNIT_EXPECT_NULL(test, slot);
}

static void virqfd_not_an_eventfd(struct kunit *test)
{
	static const struct file_operations fops;
	struct virqfd *slot = NULL;
	int fd;

	fd = anon_inode_getfd("[vfio-kunit]", &fops, NULL, O_CLOEXEC);
	KUNIT_ASSERT_GE(test, fd, 0);
	KUNIT_EXPECT_EQ(test, vfio_virqfd_enable(test, never_handle, never_inject, NULL, &slot, fd),
			-EINVAL);
	KUNIT_EXPECT_NULL(test, slot);
	close_fd(fd);
}

/* A slot that was never used, or is used no more, can be disabled and flushed */
static void virqfd_empty_slot(struct kunit *test)
{
	struct virqfd *slot = NULL;

	vfio_virqfd_flush_thread(&slot);
	vfio_virqfd_disable(&slot);
	vfio_virqfd_disable(&slot);
	KUNIT_EXPECT_NULL(test, slot);
}

static struct kunit_case virqfd_cases[] = {
	KUNIT_CASE(virqfd_bad_fd),
	KUNIT_CASE(virqfd_not_an_eventfd),
	KUNIT_CASE(virqfd_empty_slot),
	{}
};

static struct kunit_suite virqfd_suite = {
	.name = "vfio-virqfd",
	.test_cases = virqfd_cases,
};

kunit_test_suite(virqfd_suite);
