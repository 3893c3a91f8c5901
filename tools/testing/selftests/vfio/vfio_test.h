/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs of this directory share: the harness, the library,
 * and the way to a device.
 *
 * Each FIXTURE has a member "const char *bdf": the device under test, printed
 * with every failing EXPECT_RC() or ASSERT_RC().
 */
#ifndef VFIO_TEST_H
#define VFIO_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include <libvfio.h>
#include "test_env.h"

#define REQUIRE_DEVICE(bdf_, kind) do {					\
	(bdf_) = vfio_test_bdf(kind);					\
	if (!(bdf_))							\
		SKIP(return, "no %s device: VFIO_%s is not set", kind, kind); \
} while (0)

/* For what lets the device do DMA; the device is bound to vfio-pci. */
#define REQUIRE_IOMMU(bdf_) do {					\
	if (vfio_cdev_is_noiommu(bdf_))					\
		SKIP(return, "%s has no IOMMU", bdf_);			\
} while (0)

/*
 * Compare a result (0, a count or -errno); if it differs, name the device and
 * what was done. Unlike the harness's own, these are one statement each.
 */
#define EXPECT_RC(want, expr) do {					\
	long __want = (want), __got = (expr);				\
									\
	EXPECT_EQ(__want, __got)					\
		TH_LOG("device %s: %s", self->bdf, #expr);		\
} while (0)

#define ASSERT_RC(want, expr) do {					\
	long __want = (want), __got = (expr);				\
									\
	ASSERT_EQ(__want, __got)					\
		TH_LOG("device %s: %s", self->bdf, #expr);		\
} while (0)

/* The same inside a table-driven loop: also name the row. */
#define EXPECT_RC_AT(row, want, expr) do {				\
	long __want = (want), __got = (expr);				\
									\
	EXPECT_EQ(__want, __got)					\
		TH_LOG("device %s: %s: %s", self->bdf, row, #expr);	\
} while (0)

/*
 * For FIXTURE_TEARDOWN, once the test's own files are closed. (After a failed
 * ASSERT the harness runs the handler of the next EXPECT even if that holds,
 * hence the message in front.)
 *
 * EXPECT_DEVICE_OK() asks the hardware for its ids. Opening the device takes
 * two resets, and the next case does it anyway: EXPECT_DEVICE_OPENS() is for
 * programs that could leave a device behind which nobody can open.
 */
#define EXPECT_DEVICE_OK()	__EXPECT_DEVICE(pci_dev_answers)
#define EXPECT_DEVICE_OPENS()	__EXPECT_DEVICE(vfio_device_check)

#define __EXPECT_DEVICE(check) do {					\
	int __rc = self->bdf ? check(self->bdf) : 0;			\
									\
	if (__rc)							\
		TH_LOG("device %s is not usable any more: %s",		\
		       self->bdf, strerror(-__rc));			\
	EXPECT_EQ(0, __rc);						\
} while (0)

/* Seed of a random test, printed so that a failure can be repeated. */
static inline unsigned int vfio_test_seed(void)
{
	const char *s = getenv("VFIO_TEST_SEED");
	unsigned int seed = s ? strtoul(s, NULL, 0) : (unsigned int)time(NULL);

	printf("# VFIO_TEST_SEED=%u\n", seed);
	fflush(stdout);
	return seed;
}

/*
 * How often to repeat a step that is random, or one of a race, which takes @n
 * repetitions to be likely to show a mistake. Kernels that check each step
 * themselves take their time; run.sh tells by VFIO_TEST_SLOW how much longer.
 */
static inline unsigned int vfio_test_rounds(unsigned int n)
{
	const char *s = getenv("VFIO_TEST_SLOW");
	unsigned int slow = s ? strtoul(s, NULL, 0) : 1;

	return slow > 1 ? (n + slow - 1) / slow : n;
}

/* Does the machine remap interrupts? run.sh knows. */
static inline bool vfio_test_remaps(void)
{
	return !getenv("VFIO_TEST_UNSAFE");
}

/* A file descriptor number that is surely not open. */
static inline int vfio_test_closed_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

#endif /* VFIO_TEST_H */
