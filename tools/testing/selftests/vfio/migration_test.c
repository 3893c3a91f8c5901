// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration by ioctl, on devices that exist for this: what features tell, every pair
 * of states, failures, and what debugfs shows. For the streams there is
 * migration_stream_test.c.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "fail_nth.h"
#include "migration.h"

#define DEBUGFS		"/sys/kernel/debug/vfio/"

/* First bytes of a small file */
static int read_text(const char *name, const char *file, char *buf, size_t len)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s/migration/%s", name, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n < 0 ? -errno : 0;
}

static bool have_debugfs(void)
{
	return !access(DEBUGFS, F_OK);
}

/* ---- devices that migrate, in every way there is */

FIXTURE(migration)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(migration)
{
	const char *name;
	u64 flags;
	const char *features;
};

FIXTURE_VARIANT_ADD(migration, all) {
	.name = "vfio-test.0",
	.flags = STOP_COPY | P2P | PRE_COPY,
	.features = "stop-copy\np2p\npre-copy\ndirty-tracking\n",
};

FIXTURE_VARIANT_ADD(migration, p2p) {
	.name = "vfio-test.1",
	.flags = STOP_COPY | P2P,
	.features = "stop-copy\np2p\n",
};

FIXTURE_VARIANT_ADD(migration, pre_copy) {
	.name = "vfio-test.2",
	.flags = STOP_COPY | PRE_COPY,
	.features = "stop-copy\npre-copy\n",
};

FIXTURE_VARIANT_ADD(migration, stop_copy) {
	.name = "vfio-test.3",
	.flags = STOP_COPY,
	.features = "stop-copy\n",
};

FIXTURE_SETUP(migration)
{
	SETUP_TEST_DEVICE(variant->name);
}

FIXTURE_TEARDOWN(migration)
{
	close(self->fd);
	close(self->iommufd);
}

TEST_F(migration, feature)
{
	const u32 index = VFIO_DEVICE_FEATURE_MIGRATION;
	struct vfio_device_feature_migration mig = { .flags = -1ULL };
	u32 argsz;

	EXPECT_RC(0, vfio_device_feature(self->fd, F_GET | index, &mig, sizeof(mig)));
	EXPECT_EQ(variant->flags, mig.flags);
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_GET | index));
	EXPECT_RC(0, feature_raw(self->fd, 64, F_GET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_SET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_PROBE | F_SET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_PROBE | F_GET | F_SET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, index));
	for (argsz = 0; argsz < 16; argsz++)
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_GET | index));
}

TEST_F(migration, state_feature)
{
	u32 argsz;

	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_GET | F_STATE));
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_SET | F_STATE));
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_GET | F_SET | F_STATE));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 16, F_GET | F_SET | F_STATE));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 16, F_STATE));
	for (argsz = 0; argsz < 16; argsz++) {
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_GET | F_STATE));
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_SET | F_STATE));
	}
	EXPECT_RC(S(RUNNING), get_state(self->fd));
}

TEST_F(migration, data_size)
{
	const u32 index = VFIO_DEVICE_FEATURE_MIG_DATA_SIZE;
	struct vfio_device_feature_mig_data_size size = {};
	u32 argsz;

	EXPECT_RC(0, vfio_device_feature(self->fd, F_GET | index, &size, sizeof(size)));
	EXPECT_EQ(TEST_RECORD, size.stop_copy_length);
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_GET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 16, F_SET | index));
	for (argsz = 0; argsz < 16; argsz++)
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_GET | index));
}

/* Where there is no pre-copy, whatever is asked is EINVAL and not ENOTTY. */
TEST_F(migration, precopy_info_feature)
{
	const u32 index = VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2;
	int ok = variant->flags & PRE_COPY ? 0 : -EINVAL;

	EXPECT_RC(ok, feature_raw(self->fd, 8, F_PROBE | F_SET | index));
	EXPECT_RC(ok, feature_raw(self->fd, 8, F_SET | index));
	EXPECT_RC(ok, feature_raw(self->fd, 8, F_SET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_GET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_PROBE | F_GET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 7, F_SET | index));
}

/*
 * CVE-2026-64474: a way that is barred, or a state that is none, is refused at
 * once; the device stays where it is.
 */
TEST_F(migration, every_pair)
{
	unsigned int from, to;
	int data_fd, want;

	for (from = S(STOP); from < NR_STATES; from++) {
		if (!has_state(variant->flags, from))
			continue;
		for (to = S(ERROR); to <= NR_STATES; to++) {
			want = has_state(variant->flags, to) &&
			       !(from == S(STOP_COPY) && is_precopy(to)) ? 0 : -EINVAL;
			ASSERT_RC(0, test_device_reset(self->fd));
			ASSERT_RC(0, go(self->fd, from));
			/* What was resumed must be whole before it can be left */
			if (from == S(RESUMING) && to != from && !want)
				continue;
			ASSERT_RC(want, set_state(self->fd, to, &data_fd));
			ASSERT_RC(want ? from : to, get_state(self->fd));
			if (want || !brings_stream(from, to)) {
				EXPECT_EQ(-1, data_fd)
					TH_LOG("%s: from %u to %u", self->bdf, from, to);
				continue;
			}
			ASSERT_LE(0, data_fd)
				TH_LOG("%s: from %u to %u", self->bdf, from, to);
			EXPECT_EQ(FD_CLOEXEC, fcntl(data_fd, F_GETFD));
			close(data_fd);
		}
	}
}

TEST_F(migration, no_such_state)
{
	static const u32 states[] = {
		S(ERROR), NR_STATES, NR_STATES + 1, 255, 256 + S(STOP), 0x7fffffff,
		0x80000000 | S(STOP), 0xffffffff,
	};
	unsigned int i;
	int data_fd;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		EXPECT_RC(-EINVAL, set_state(self->fd, states[i], &data_fd));
		EXPECT_EQ(-1, data_fd);
		EXPECT_RC(S(RUNNING), get_state(self->fd));
	}
}

/* A step that fails leaves the device before it; the error comes with data_fd -1. */
TEST_F(migration, step_fails)
{
	int data_fd;

	ASSERT_RC(0, test_device_fail(self->fd, TEST_FAIL_STAY));
	EXPECT_RC(-EIO, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_EQ(-1, data_fd);
	EXPECT_RC(S(RUNNING), get_state(self->fd));
	EXPECT_RC(0, go(self->fd, S(STOP_COPY)));
	ASSERT_RC(0, test_device_fail(self->fd, TEST_FAIL_STAY));
	EXPECT_RC(-EIO, set_state(self->fd, S(RESUMING), &data_fd));
	EXPECT_EQ(-1, data_fd);
	EXPECT_RC(S(STOP_COPY), get_state(self->fd));
}

/* Nothing but a reset leads out of ERROR. */
TEST_F(migration, broken)
{
	unsigned int to;
	int data_fd;

	ASSERT_RC(0, test_device_fail(self->fd, TEST_FAIL_BREAK));
	EXPECT_RC(-EIO, set_state(self->fd, S(STOP), &data_fd));
	EXPECT_EQ(-1, data_fd);
	EXPECT_RC(S(ERROR), get_state(self->fd));
	for (to = S(STOP); to <= NR_STATES; to++)
		EXPECT_RC(-EINVAL, set_state(self->fd, to, &data_fd));
	EXPECT_RC(S(ERROR), get_state(self->fd));
	EXPECT_RC(0, test_device_reset(self->fd));
	EXPECT_RC(S(RUNNING), get_state(self->fd));
	EXPECT_RC(0, go(self->fd, S(STOP)));
}

/* A result that can't be stored leaves no descriptor behind. */
TEST_F(migration, result_fault)
{
	struct vfio_device_feature_mig_state mig = { .device_state = S(STOP_COPY) };
	int before = lowest_free_fd();
	void *page;

	page = read_only_feature(F_SET | F_STATE, &mig, sizeof(mig));
	ASSERT_NE(NULL, page);
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_FEATURE, page));
	EXPECT_EQ(before, lowest_free_fd());
	EXPECT_RC(S(STOP_COPY), get_state(self->fd));
	munmap(page, getpagesize());

	mig.device_state = S(STOP);
	page = read_only_feature(F_SET | F_STATE, &mig, sizeof(mig));
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_FEATURE, page));
	EXPECT_RC(S(STOP), get_state(self->fd));
	munmap(page, getpagesize());

	/* Over a failure, too */
	mig.device_state = S(ERROR);
	page = read_only_feature(F_SET | F_STATE, &mig, sizeof(mig));
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_FEATURE, page));
	munmap(page, getpagesize());
}

TEST_F(migration, get_faults)
{
	static const struct {
		u32 index;
		size_t size;
	} rows[] = {
		{ VFIO_DEVICE_FEATURE_MIGRATION, 8 },
		{ VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, 8 },
		{ VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, 8 },
	};
	u64 zero = 0;
	unsigned int i;
	void *page;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		page = read_only_feature(F_GET | rows[i].index, &zero, rows[i].size);
		ASSERT_NE(NULL, page);
		EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_FEATURE, page));
		munmap(page, getpagesize());
	}
}

/* Without a free descriptor a stream can't be had, but all else works. */
TEST_F(migration, no_descriptor)
{
	struct rlimit saved, limit;
	int data_fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &saved));
	limit = saved;
	limit.rlim_cur = lowest_free_fd();
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_RC(0, go(self->fd, S(STOP)));
	EXPECT_RC(-EMFILE, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_RC(0, go(self->fd, S(STOP)));
	EXPECT_RC(0, go(self->fd, S(RUNNING)));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &saved));
	EXPECT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_LE(0, data_fd);
	close(data_fd);
}

TEST_F(migration, debugfs)
{
	static const char * const names[] = {
		"ERROR\n", "STOP\n", "RUNNING\n", "STOP_COPY\n", "RESUMING\n",
		"RUNNING_P2P\n", "PRE_COPY\n", "PRE_COPY_P2P\n",
	};
	unsigned int state;
	char text[128];

	if (!have_debugfs())
		SKIP(return, "no " DEBUGFS);
	ASSERT_EQ(0, read_text(self->bdf, "features", text, sizeof(text)));
	EXPECT_STREQ(variant->features, text);
	for (state = S(STOP); state < NR_STATES; state++) {
		if (!has_state(variant->flags, state))
			continue;
		ASSERT_RC(0, test_device_reset(self->fd));
		ASSERT_RC(0, go(self->fd, state));
		ASSERT_EQ(0, read_text(self->bdf, "state", text, sizeof(text)));
		EXPECT_STREQ(names[state], text);
	}
	ASSERT_RC(0, test_device_reset(self->fd));
	ASSERT_RC(0, test_device_fail(self->fd, TEST_FAIL_BREAK));
	EXPECT_RC(-EIO, go(self->fd, S(STOP)));
	ASSERT_EQ(0, read_text(self->bdf, "state", text, sizeof(text)));
	EXPECT_STREQ("ERROR\n", text);
	/* Nobody need have the device open */
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, read_text(self->bdf, "state", text, sizeof(text)));
	EXPECT_STREQ("RUNNING\n", text);
}

/* Memory that runs out on the way leaves a device in one of its states, and no file. */
TEST_F(migration, fail_nth)
{
	int nth_fd = open_nth(), before, data_fd, ret;
	unsigned int nth;
	bool injected;

	if (nth_fd < 0)
		SKIP(return, "no fault injection in this kernel");
	before = lowest_free_fd();
	for (nth = 1; nth < MAX_NTH; nth++) {
		set_nth(nth_fd, nth);
		ret = set_state(self->fd, S(STOP_COPY), &data_fd);
		injected = was_injected(nth_fd);
		set_nth(nth_fd, 0);
		if (!injected)
			break;
		if (!ret) {
			close(data_fd);
		} else {
			EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT || ret == -ENFILE)
				TH_LOG("nth %u: %d", nth, ret);
			EXPECT_EQ(before, lowest_free_fd()) TH_LOG("nth %u", nth);
		}
		EXPECT_TRUE(has_state(variant->flags, get_state(self->fd)));
		ASSERT_RC(0, test_device_reset(self->fd));
	}
	EXPECT_LT(1, nth);
	EXPECT_EQ(0, ret);
	close(data_fd);
	close(nth_fd);
}

struct racer {
	int fd;
	u64 flags;
	unsigned int seed;
	unsigned int rounds;
	unsigned int surprises;
};

/* Random states; what another thread does meanwhile may only make them impossible */
static void *race(void *opaque)
{
	struct racer *racer = opaque;
	int data_fd, ret;
	u32 state;

	while (racer->rounds--) {
		state = rand_r(&racer->seed) % (NR_STATES + 1);
		ret = set_state(racer->fd, state, &data_fd);
		if (!ret && data_fd >= 0)
			close(data_fd);
		/* out of RESUMING without data, from STOP_COPY back, no state */
		if (ret && ret != -EINVAL)
			racer->surprises++;
		if (!(rand_r(&racer->seed) % 8) && test_device_reset(racer->fd))
			racer->surprises++;
	}
	return NULL;
}

TEST_F(migration, race)
{
	struct racer racers[2];
	pthread_t threads[2];
	char text[32];
	unsigned int i;
	int state;

	for (i = 0; i < 2; i++) {
		racers[i] = (struct racer) {
			.fd = self->fd,
			.flags = variant->flags,
			.seed = vfio_test_seed() + i,
			.rounds = vfio_test_rounds(2000),
		};
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, race, &racers[i]));
	}
	for (i = 0; i < vfio_test_rounds(200); i++) {
		state = get_state(self->fd);
		EXPECT_TRUE(has_state(variant->flags, state)) TH_LOG("state %d", state);
		if (have_debugfs())
			EXPECT_EQ(0, read_text(self->bdf, "state", text, sizeof(text)));
	}
	for (i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, racers[i].surprises);
	}
}

/* ---- other devices, and the end of one */

FIXTURE(others)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_SETUP(others)
{
	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_TEST_DEVICES();
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(others)
{
	close(self->fd);
	close(self->iommufd);
}

/* CVE-2022-50117: a device that can't migrate has no operation that could be called */
TEST_F(others, no_migration)
{
	static const struct {
		u32 index;
		u32 op;
	} rows[] = {
		{ VFIO_DEVICE_FEATURE_MIGRATION, F_GET },
		{ VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, F_GET },
		{ VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, F_SET },
		{ VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, F_GET },
	};
	unsigned int i;

	self->bdf = TEST_DEVICE_LOGS;
	self->fd = test_device_open(self->bdf, self->iommufd);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_RC(-ENOTTY, feature_raw(self->fd, 64, rows[i].op | rows[i].index));
		EXPECT_RC(-ENOTTY, feature_raw(self->fd, 8, F_PROBE | rows[i].op | rows[i].index));
	}
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_SET |
				       VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2));
	EXPECT_NE(0, access(DEBUGFS TEST_DEVICE_LOGS "/migration", F_OK));
}

/* CVE-2026-64473: a file in debugfs that is open when its device goes away */
TEST_F(others, debugfs_and_unbind)
{
	const char *driver = "/sys/bus/platform/drivers/vfio-test/";
	char text[128], path[128];
	ssize_t n;
	int fd;

	self->bdf = TEST_DEVICE_STOPS;
	if (!have_debugfs())
		SKIP(return, "no " DEBUGFS);
	fd = open(DEBUGFS TEST_DEVICE_STOPS "/migration/state", O_RDONLY);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "%sunbind", driver);
	ASSERT_EQ(0, sysfs_write_str(path, TEST_DEVICE_STOPS));
	n = read(fd, text, sizeof(text));
	EXPECT_EQ(-1, n);
	close(fd);
	EXPECT_NE(0, access(DEBUGFS TEST_DEVICE_STOPS, F_OK));

	snprintf(path, sizeof(path), "%sbind", driver);
	ASSERT_EQ(0, sysfs_write_str(path, TEST_DEVICE_STOPS));
	EXPECT_EQ(0, read_text(TEST_DEVICE_STOPS, "state", text, sizeof(text)));
	EXPECT_STREQ("RUNNING\n", text);
}

TEST_HARNESS_MAIN
