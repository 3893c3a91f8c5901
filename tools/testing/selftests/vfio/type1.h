/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs that test type1 containers share. */
#ifndef VFIO_TEST_TYPE1_H
#define VFIO_TEST_TYPE1_H

#include <sys/mman.h>
#include <sys/wait.h>

#include "vfio_test.h"

#define PAGE		4096UL
#define HUGE_PAGE	(2UL << 20)

#define REQUIRE_CONTAINER() do {					\
	const char *__why = vfio_container_missing();			\
									\
	if (__why)							\
		SKIP(return, "%s", __why);				\
} while (0)

/* A module parameter of the type1 backend, to be put back afterwards. */
static inline int type1_param_set(const char *name, const char *val)
{
	char path[128];

	snprintf(path, sizeof(path), VFIO_TYPE1_PARAMS "%s", name);
	return sysfs_write_str(path, val);
}

/* Private anonymous memory that is not there yet; NULL without. */
static inline void *anon_memory(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* How a child ended: its exit code, or 128 and its signal. */
static inline int wait_for_child(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

#endif /* VFIO_TEST_TYPE1_H */
