/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Letting the first, second, third... allocation (or copy from and to the user)
 * of a task fail: Documentation/fault-injection/fault-injection.rst.
 */
#ifndef VFIO_TEST_FAIL_NTH_H
#define VFIO_TEST_FAIL_NTH_H

#include <stdbool.h>

#include "vfio_test.h"

/* More allocations than any step makes; a step beyond it doesn't end. */
#define MAX_NTH		2000

/* The file for the functions below; -1 if the kernel has no such thing. */
static inline int open_nth(void)
{
	if (sysfs_write_str("/sys/kernel/debug/failslab/ignore-gfp-wait", "N"))
		return -1;
	return open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
}

/* From here on, until it is set to 0, the @nth allocation of this task fails */
static inline void set_nth(int nth_fd, unsigned int nth)
{
	char buf[16];
	int len = snprintf(buf, sizeof(buf), "%u", nth);

	/* Writing may be what fails, once */
	if (pwrite(nth_fd, buf, len, 0) != len && pwrite(nth_fd, buf, len, 0) != len)
		ksft_exit_fail_msg("cannot write fail-nth: %m\n");
}

/*
 * Has it failed? The file counts down to 0. If reading it fails, that was the
 * failure, and the step had none.
 */
static inline bool was_injected(int nth_fd)
{
	char buf[16] = "";

	if (pread(nth_fd, buf, sizeof(buf) - 1, 0) <= 0)
		return false;
	return strtoul(buf, NULL, 10) == 0;
}

#endif /* VFIO_TEST_FAIL_NTH_H */
