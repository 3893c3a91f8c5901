/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that measure share. They print one line an operation,
 *
 *	NAME VALUE UNIT
 *
 * where VALUE counts nanoseconds: in a machine whose clock counts instructions
 * (QEMU's -icount) it is instructions. "NAME absent UNIT" says that this
 * kernel lacks what is needed. BENCH_ONLY, patterns as the shell has them with
 * spaces between, chooses operations by name.
 */
#ifndef VFIO_BENCH_H
#define VFIO_BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/compiler.h>

#include <libvfio.h>

#include "test_env.h"

/* The best of so many rounds: without the share of timer interrupts */
#define BENCH_ROUNDS	7

static inline u64 bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Time since @start if that is less than *@best, which begins as ~0 */
static inline void bench_keep(u64 *best, u64 start)
{
	u64 took = bench_now() - start;

	if (took < *best)
		*best = took;
}

/*
 * More for what takes the scheduler's turn now and then, as closing does when it
 * starts work; few where each round sleeps for a reset
 */
static inline int bench_open_rounds(const char *kind)
{
	return strcmp(kind, "NVME") ? 30 : 3;
}

/*
 * Let what the kernel put off be done: the device suspended, memory freed after
 * a grace period. Else it falls into one measurement or the other by chance.
 */
static inline void bench_settle(void)
{
	usleep(20000);
}

__printf(2, 3)
static inline void bench_must(long rc, const char *what, ...)
{
	va_list ap;

	if (rc >= 0)
		return;
	printf("# failed (%s): ", strerror(-rc));
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

/* Addresses for @size bytes, from a multiple of 2 MiB on; for MAP_FIXED */
static inline void *bench_room(u64 size)
{
	const u64 align = 2 << 20;
	char *room = mmap(NULL, size + align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	bench_must(room == MAP_FAILED ? -errno : 0, "address space");
	return room + (-(uintptr_t)room & (align - 1));
}

/* The device of a kind; without one there is nothing to measure */
static inline const char *bench_bdf(const char *kind)
{
	const char *bdf = vfio_test_bdf(kind);

	bench_must(bdf ? 0 : -ENODEV, "no %s: VFIO_%s is not set", kind, kind);
	return bdf;
}

__printf(1, 2)
static inline bool bench_wants(const char *name, ...)
{
	char full[128], patterns[512], *p, *save = NULL;
	const char *only = getenv("BENCH_ONLY");
	va_list ap;

	if (!only || !*only)
		return true;
	va_start(ap, name);
	vsnprintf(full, sizeof(full), name, ap);
	va_end(ap);
	snprintf(patterns, sizeof(patterns), "%s", only);
	for (p = strtok_r(patterns, " ", &save); p;
	     p = strtok_r(NULL, " ", &save)) {
		if (!fnmatch(p, full, 0))
			return true;
	}
	return false;
}

/* @took: for @count units; @unit: "MiB", "call", ... */
__printf(4, 5)
static inline void bench_print(u64 took, double count, const char *unit,
			       const char *name, ...)
{
	char full[128];
	va_list ap;

	va_start(ap, name);
	vsnprintf(full, sizeof(full), name, ap);
	va_end(ap);
	if (!bench_wants("%s", full))
		return;
	if (took == ~0ULL)
		printf("%s absent %s\n", full, unit);
	else
		printf("%s %.1f %s\n", full, took / count, unit);
	fflush(stdout);
}

#endif /* VFIO_BENCH_H */
