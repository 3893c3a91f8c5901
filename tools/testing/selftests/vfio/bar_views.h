/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings of a device's BARs, and what can be said about them: how many
 * accesses end in SIGBUS, and how many page faults touching them takes. That
 * is how to see whether a mapping was removed, for neither pagemap nor
 * mincore() shows device memory: none means that all pages were there.
 */
#ifndef VFIO_BAR_VIEWS_H
#define VFIO_BAR_VIEWS_H

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <libvfio.h>

/* Bytes that one page table leaf can map of device memory. */
#if defined(__x86_64__)
#define LARGEST_LEAF	(1UL << 30)
#else
#define LARGEST_LEAF	(2UL << 20)
#endif

#define MAX_VIEWS	(3 * VFIO_PCI_NUM_BARS)

struct view {
	char *addr;
	u64 size;
};

struct views {
	struct view v[MAX_VIEWS];
	unsigned int n;
};

/* In pages, summed up over all views. */
struct view_stats {
	u64 pages;
	u64 readable;
	u64 sigbus;
	u64 faults;	/* that made a page readable */
};

static __thread sigjmp_buf view_jmp;

static void view_sigbus(int sig)
{
	siglongjmp(view_jmp, 1);
}

/* Read one word: 0, or -EFAULT for SIGBUS. */
static inline int view_read(const char *addr, u32 *val)
{
	if (sigsetjmp(view_jmp, 1))
		return -EFAULT;
	*val = mmio_read32(addr, 0);
	return 0;
}

/* Page faults of this thread so far, without those that ended in a signal. */
static inline u64 count_faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_minflt + u.ru_majflt;
}

static inline u64 page_round(u64 size)
{
	return (size + 4095) & ~4095ULL;
}

/* Map every BAR that can be mapped once more: how many, or -errno. */
static inline int views_add(struct views *views, int fd)
{
	struct vfio_region_info info;
	unsigned int i;
	int n = 0, ret;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		struct view *v = &views->v[views->n];

		ret = vfio_region_info(fd, i, &info);
		if (ret)
			return ret;
		if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		if (views->n == MAX_VIEWS)
			return -ENOSPC;
		v->addr = vfio_region_mmap(fd, &info, 0, info.size,
					   PROT_READ | PROT_WRITE);
		if (!v->addr)
			return -errno;
		v->size = page_round(info.size);
		views->n++;
		n++;
	}
	return n;
}

static inline void views_drop(struct views *views)
{
	while (views->n) {
		views->n--;
		munmap(views->v[views->n].addr, views->v[views->n].size);
	}
}

/* Read a word in each page. */
static inline struct view_stats views_touch(const struct views *views)
{
	struct view_stats s = { .faults = count_faults() };
	unsigned int i;
	u64 off;
	u32 val;

	for (i = 0; i < views->n; i++) {
		for (off = 0; off < views->v[i].size; off += 4096) {
			s.pages++;
			if (view_read(views->v[i].addr + off, &val))
				s.sigbus++;
			else
				s.readable++;
		}
	}
	s.faults = count_faults() - s.faults;
	return s;
}

/* Catch SIGBUS, and have what views_touch() itself needs in memory. */
static inline void views_init(void)
{
	struct sigaction sa = { .sa_handler = view_sigbus };
	static char buf[2 * 4096];
	char *dummy = buf + (-(uintptr_t)buf & 4095);
	struct views views = { .v = { { dummy, 4096 } }, .n = 1 };

	sigaction(SIGBUS, &sa, NULL);
	dummy[0] = 1;
	views_touch(&views);
}

#endif /* VFIO_BAR_VIEWS_H */
