/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that migrate: going from state to state, and the streams that come with
 * some of them.
 */
#ifndef VFIO_SELFTEST_MIGRATION_H
#define VFIO_SELFTEST_MIGRATION_H

#include "test_device.h"

#define STOP_COPY	VFIO_MIGRATION_STOP_COPY
#define P2P		VFIO_MIGRATION_P2P
#define PRE_COPY	VFIO_MIGRATION_PRE_COPY

#define S(state)	VFIO_DEVICE_STATE_##state
#define NR_STATES	VFIO_DEVICE_STATE_NR

#define F_STATE		VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE

/* Go to a state: 0 or -errno; *@data_fd is what the kernel wrote there */
static inline int set_state(int fd, u32 state, int *data_fd)
{
	struct vfio_device_feature_mig_state mig = {
		.device_state = state,
		.data_fd = 4711,
	};
	int ret;

	ret = vfio_device_feature(fd, F_SET | F_STATE, &mig, sizeof(mig));
	*data_fd = mig.data_fd;
	return ret;
}

/* The same where no stream is wanted: one that comes is closed */
static inline int go(int fd, u32 state)
{
	int data_fd, ret;

	ret = set_state(fd, state, &data_fd);
	if (!ret && data_fd >= 0)
		close(data_fd);
	return ret;
}

/* The state that the device is in, or -errno */
static inline int get_state(int fd)
{
	struct vfio_device_feature_mig_state mig = {
		.device_state = 4711,
		.data_fd = 4711,
	};
	int ret;

	ret = vfio_device_feature(fd, F_GET | F_STATE, &mig, sizeof(mig));
	if (!ret && mig.data_fd != -1)
		return -EBADFD;
	return ret ? ret : (int)mig.device_state;
}

/* Read until nothing comes: bytes, in *@end the last result */
static inline size_t read_stream(int fd, void *buf, size_t len, size_t chunk, int *end)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = read(fd, (char *)buf + done,
			 chunk < len - done ? chunk : len - done);
		if (n > 0)
			done += n;
	} while (n > 0 && done < len);
	*end = n < 0 ? -errno : n;
	return done;
}

static inline int write_stream(int fd, const void *buf, size_t len, size_t chunk)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, (const char *)buf + done,
			  chunk < len - done ? chunk : len - done);
		if (n <= 0)
			return n ? -errno : -EIO;
		done += n;
	}
	return 0;
}

static inline void fill(u8 *buf, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (i * 7 + (i >> 8) * 13 + seed) & 0xff;
}

static inline bool has_state(u64 flags, unsigned int state)
{
	switch (state) {
	case S(RUNNING_P2P):
		return flags & P2P;
	case S(PRE_COPY):
		return flags & PRE_COPY;
	case S(PRE_COPY_P2P):
		return (flags & P2P) && (flags & PRE_COPY);
	default:
		return state > S(ERROR) && state < NR_STATES;
	}
}

static inline bool is_precopy(unsigned int state)
{
	return state == S(PRE_COPY) || state == S(PRE_COPY_P2P);
}

/* Does a way between two states end with a stream that was not there before? */
static inline bool brings_stream(unsigned int from, unsigned int to)
{
	if (from == to || is_precopy(from))
		return from != to && to == S(RESUMING);
	return is_precopy(to) || to == S(STOP_COPY) || to == S(RESUMING);
}

#endif /* VFIO_SELFTEST_MIGRATION_H */
