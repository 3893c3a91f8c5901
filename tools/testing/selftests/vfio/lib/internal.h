/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of the library, not by its users. */
#ifndef LIBVFIO_INTERNAL_H
#define LIBVFIO_INTERNAL_H

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "kselftest.h"

/* End the program when a step that a test relies on fails. */
#define must_not_fail(ret, fmt, ...) do {				\
	long __ret = (ret);						\
									\
	if (__ret < 0)							\
		ksft_exit_fail_msg("libvfio: " fmt ": %s\n",		\
				   ##__VA_ARGS__, strerror(-__ret));	\
} while (0)

/* The file of a device in sysfs; @path has room for PATH_MAX bytes. */
void dev_path(char *path, const char *name, const char *file);

/* The beginning of a file as a string, in @len bytes: its length, or -errno. */
ssize_t libvfio_read_text(const char *path, char *buf, size_t len);

#endif /* LIBVFIO_INTERNAL_H */
