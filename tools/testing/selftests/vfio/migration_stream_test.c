// SPDX-License-Identifier: GPL-2.0-only
/*
 * The streams of devices that migrate: what is in them, how they end, and what a
 * device tells of one while it still works. On devices that exist for this.
 */
#include "migration.h"

/* ---- devices that migrate, in every way there is */

FIXTURE(stream)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(stream)
{
	const char *name;
	u64 flags;
};

FIXTURE_VARIANT_ADD(stream, all) {
	.name = "vfio-test.0",
	.flags = STOP_COPY | P2P | PRE_COPY,
};

FIXTURE_VARIANT_ADD(stream, p2p) {
	.name = "vfio-test.1",
	.flags = STOP_COPY | P2P,
};

FIXTURE_VARIANT_ADD(stream, pre_copy) {
	.name = "vfio-test.2",
	.flags = STOP_COPY | PRE_COPY,
};

FIXTURE_VARIANT_ADD(stream, stop_copy) {
	.name = "vfio-test.3",
	.flags = STOP_COPY,
};

FIXTURE_SETUP(stream)
{
	SETUP_TEST_DEVICE(variant->name);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd);
	close(self->iommufd);
}

/* Out of RESUMING, with the state of another device */
TEST_F(stream, resuming_to_all)
{
	u8 record[TEST_RECORD];
	unsigned int to;
	int data_fd, end;

	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	ASSERT_EQ(sizeof(record), read_stream(data_fd, record, sizeof(record), 5000, &end));
	close(data_fd);
	for (to = S(STOP); to < NR_STATES; to++) {
		if (!has_state(variant->flags, to) || to == S(RESUMING))
			continue;
		ASSERT_RC(0, test_device_reset(self->fd));
		ASSERT_RC(0, set_state(self->fd, S(RESUMING), &data_fd));
		ASSERT_EQ(0, write_stream(data_fd, record, sizeof(record), 5000));
		close(data_fd);
		ASSERT_RC(0, set_state(self->fd, to, &data_fd));
		EXPECT_RC(to, get_state(self->fd));
		EXPECT_EQ(brings_stream(S(STOP), to), data_fd >= 0);
		if (data_fd >= 0)
			close(data_fd);
	}
}

/* What comes out of one device makes another one of the same kind the same. */
TEST_F(stream, save_and_restore)
{
	u8 memory[TEST_MEMORY], found[TEST_MEMORY];
	u8 saved[TEST_RECORD + 1], again[TEST_RECORD + 1];
	int data_fd, end;

	fill(memory, sizeof(memory), 1);
	ASSERT_RC(0, test_device_write(self->fd, TEST_AT_MEMORY, memory, sizeof(memory)));
	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	ASSERT_LE(0, data_fd);
	ASSERT_EQ(TEST_RECORD, read_stream(data_fd, saved, sizeof(saved), 777, &end));
	EXPECT_EQ(0, end);
	close(data_fd);

	ASSERT_RC(0, test_device_reset(self->fd));
	ASSERT_RC(0, test_device_read(self->fd, TEST_AT_MEMORY, found, sizeof(found)));
	EXPECT_NE(0, memcmp(memory, found, sizeof(memory)));

	ASSERT_RC(0, set_state(self->fd, S(RESUMING), &data_fd));
	ASSERT_LE(0, data_fd);
	ASSERT_EQ(0, write_stream(data_fd, saved, TEST_RECORD, 1234));
	ASSERT_RC(0, go(self->fd, S(RUNNING)));
	close(data_fd);
	ASSERT_RC(0, test_device_read(self->fd, TEST_AT_MEMORY, found, sizeof(found)));
	EXPECT_EQ(0, memcmp(memory, found, sizeof(memory)));

	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	ASSERT_EQ(TEST_RECORD, read_stream(data_fd, again, sizeof(again), 4096, &end));
	close(data_fd);
	EXPECT_EQ(0, memcmp(saved, again, TEST_RECORD));
}

/* A stream goes one way only, and has no positions. */
TEST_F(stream, one_way)
{
	int data_fd;
	char byte = 0;

	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_EQ(-1, write(data_fd, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, lseek(data_fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	close(data_fd);
	ASSERT_RC(0, test_device_reset(self->fd));
	ASSERT_RC(0, set_state(self->fd, S(RESUMING), &data_fd));
	EXPECT_EQ(-1, read(data_fd, &byte, 1));
	EXPECT_EQ(EBADF, errno);
	close(data_fd);
}

/* The driver's refusal of what was written is what leaving RESUMING returns. */
TEST_F(stream, bad_data)
{
	u8 record[2 * TEST_RECORD + 1] = {};
	int data_fd, fd;

	ASSERT_RC(0, set_state(self->fd, S(RESUMING), &data_fd));
	EXPECT_RC(-EINVAL, set_state(self->fd, S(STOP), &fd));
	EXPECT_EQ(-1, fd);
	EXPECT_RC(S(RESUMING), get_state(self->fd));
	EXPECT_EQ(0, write_stream(data_fd, record, TEST_RECORD, TEST_RECORD));
	EXPECT_RC(-EINVAL, set_state(self->fd, S(STOP), &fd));
	EXPECT_RC(S(RESUMING), get_state(self->fd));
	EXPECT_EQ(-ENOSPC, write_stream(data_fd, record, TEST_RECORD + 1, TEST_RECORD + 1));
	close(data_fd);
	EXPECT_RC(0, test_device_reset(self->fd));
	EXPECT_RC(S(RUNNING), get_state(self->fd));
}

/* A stream ends with the state it belongs to, and with the device's last close. */
TEST_F(stream, ends)
{
	int data_fd, other;
	char byte;

	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_EQ(1, read(data_fd, &byte, 1));
	ASSERT_RC(0, go(self->fd, S(STOP)));
	EXPECT_EQ(-1, read(data_fd, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(data_fd);

	ASSERT_RC(0, set_state(self->fd, S(RESUMING), &data_fd));
	close(self->fd);
	EXPECT_EQ(-1, write(data_fd, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	self->fd = test_device_open(self->bdf, self->iommufd);
	ASSERT_LE(0, self->fd);
	EXPECT_RC(S(RUNNING), get_state(self->fd));
	/* the old stream is not that of the new one */
	ASSERT_RC(0, set_state(self->fd, S(RESUMING), &other));
	EXPECT_EQ(-1, write(data_fd, &byte, 1));
	EXPECT_EQ(1, write(other, &byte, 1));
	close(other);
	close(data_fd);
}

/* ---- devices that are copied while they work */

FIXTURE(precopy)
{
	const char *bdf;
	int iommufd;
	int fd;
	int stream;
	u8 memory[TEST_MEMORY];
};

FIXTURE_VARIANT(precopy)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(precopy, p2p) { .name = "vfio-test.0" };
FIXTURE_VARIANT_ADD(precopy, simple) { .name = "vfio-test.2" };

FIXTURE_SETUP(precopy)
{
	self->stream = -1;
	SETUP_TEST_DEVICE(variant->name);
	fill(self->memory, sizeof(self->memory), 2);
	ASSERT_RC(0, test_device_write(self->fd, TEST_AT_MEMORY, self->memory,
				       sizeof(self->memory)));
	ASSERT_RC(0, set_state(self->fd, S(PRE_COPY), &self->stream));
	ASSERT_LE(0, self->stream);
}

FIXTURE_TEARDOWN(precopy)
{
	close(self->stream);
	close(self->fd);
	close(self->iommufd);
}

static int precopy_info(int stream, struct vfio_precopy_info *info)
{
	*info = (struct vfio_precopy_info) {
		.argsz = sizeof(*info),
		.flags = 0xabcd,
		.initial_bytes = -1ULL,
		.dirty_bytes = -1ULL,
	};
	return vfio_ioctl(stream, VFIO_MIG_GET_PRECOPY_INFO, info);
}

/* What changes while it is copied is in what comes after the device has stopped. */
TEST_F(precopy, save_and_restore)
{
	u8 saved[3 * TEST_RECORD], found[TEST_MEMORY];
	struct vfio_precopy_info info;
	int data_fd, end;
	size_t size;

	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(TEST_RECORD, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);
	size = read_stream(self->stream, saved, sizeof(saved), 1000, &end);
	EXPECT_EQ(TEST_RECORD, size);
	EXPECT_EQ(-ENOMSG, end);
	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(0, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);

	fill(self->memory, sizeof(self->memory), 3);
	ASSERT_RC(0, test_device_write(self->fd, TEST_AT_MEMORY, self->memory,
				       sizeof(self->memory)));
	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(TEST_RECORD, info.dirty_bytes);

	/* the same stream goes on */
	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_EQ(-1, data_fd);
	size += read_stream(self->stream, saved + size, sizeof(saved) - size, 3000, &end);
	EXPECT_EQ(2 * TEST_RECORD, size);
	EXPECT_EQ(0, end);

	ASSERT_RC(0, test_device_reset(self->fd));
	ASSERT_RC(0, set_state(self->fd, S(RESUMING), &data_fd));
	ASSERT_EQ(0, write_stream(data_fd, saved, size, 4000));
	close(data_fd);
	ASSERT_RC(0, go(self->fd, S(RUNNING)));
	ASSERT_RC(0, test_device_read(self->fd, TEST_AT_MEMORY, found, sizeof(found)));
	EXPECT_EQ(0, memcmp(self->memory, found, sizeof(found)));
}

/* Migration is called off. */
TEST_F(precopy, back_to_running)
{
	char byte;

	ASSERT_RC(0, go(self->fd, S(RUNNING)));
	EXPECT_EQ(-1, read(self->stream, &byte, 1));
	EXPECT_EQ(ENODEV, errno);
	close(self->stream);
	ASSERT_RC(0, set_state(self->fd, S(PRE_COPY), &self->stream));
	EXPECT_EQ(1, read(self->stream, &byte, 1));
}

TEST_F(precopy, info_errors)
{
	struct vfio_precopy_info info = {};
	int data_fd;
	u32 argsz;

	for (argsz = 0; argsz < sizeof(info); argsz++) {
		info.argsz = argsz;
		EXPECT_RC(-EINVAL, vfio_ioctl(self->stream, VFIO_MIG_GET_PRECOPY_INFO, &info));
	}
	info.argsz = 2 * sizeof(info);
	EXPECT_RC(0, vfio_ioctl(self->stream, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_RC(-EFAULT, vfio_ioctl(self->stream, VFIO_MIG_GET_PRECOPY_INFO, NULL));
	EXPECT_RC(-ENOTTY, vfio_ioctl(self->stream, VFIO_DEVICE_GET_INFO, &info));
	EXPECT_RC(-ENOTTY, vfio_ioctl(self->stream, VFIO_MIG_GET_PRECOPY_INFO + 1, &info));
	/* there is no "pre" any more */
	ASSERT_RC(0, set_state(self->fd, S(STOP_COPY), &data_fd));
	EXPECT_RC(-EINVAL, precopy_info(self->stream, &info));
}

/* The flags are the user's, until he says that he reads them; and again the next's. */
TEST_F(precopy, info_flags)
{
	const u32 index = VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2;
	struct vfio_precopy_info info;

	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(0xabcd, info.flags);
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_SET | index));
	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(0xabcd, info.flags);
	EXPECT_RC(0, feature_raw(self->fd, 8, F_SET | index));
	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(0, info.flags);
	/* a reset doesn't change that */
	ASSERT_RC(0, test_device_reset(self->fd));
	close(self->stream);
	ASSERT_RC(0, set_state(self->fd, S(PRE_COPY), &self->stream));
	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(0, info.flags);

	close(self->stream);
	close(self->fd);
	self->fd = test_device_open(self->bdf, self->iommufd);
	ASSERT_LE(0, self->fd);
	ASSERT_RC(0, set_state(self->fd, S(PRE_COPY), &self->stream));
	ASSERT_RC(0, precopy_info(self->stream, &info));
	EXPECT_EQ(0xabcd, info.flags);
}

TEST_HARNESS_MAIN
