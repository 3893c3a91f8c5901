/* SPDX-License-Identifier: GPL-2.0-only */
/* A tracefs instance of one's own: a directory below TRACEFS "/instances". */
#ifndef VFIO_TEST_TRACE_H
#define VFIO_TEST_TRACE_H

#include <limits.h>

#include "vfio_test.h"

#define TRACEFS	"/sys/kernel/tracing"

static inline int instance_write(const char *dir, const char *file, const char *val)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return sysfs_write_str(path, val);
}

/* All that the events wrote so far, and forget it. */
static inline int instance_read(const char *dir, char *buf, size_t len)
{
	char path[PATH_MAX];
	ssize_t n, done = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/trace", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + done, len - 1 - done)) > 0)
		done += n;
	buf[done] = 0;
	close(fd);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	close(fd);
	return 0;
}

#endif /* VFIO_TEST_TRACE_H */
