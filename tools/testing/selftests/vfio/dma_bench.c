// SPDX-License-Identifier: GPL-2.0-only
/*
 * What mapping memory for DMA costs, through VFIO's own container (type1 v2)
 * and through an iommufd: each kind of memory in one mapping, many mappings of
 * one page, and another device's BAR. Not a test; see bench.h for the output.
 *
 * All memory is there, touched, before anything is measured: this is the price
 * of pinning, mapping and accounting, not that of page faults.
 *
 * usage: run.sh dma_bench	(needs NVME and IVSHMEM)
 */
#include <sys/mman.h>
#include <linux/iommufd.h>
#include <linux/memfd.h>

#include "bench.h"

#define MIB		(1ULL << 20)
#define PAGE		4096ULL
/* 4 GiB: any range measured here fits there and is aligned for every leaf */
#define IOVA		(1ULL << 32)
#define INFO_CALLS	100

/**
 * struct way - a way to map
 * @name: first part of the operations' names
 * @fd: container or iommufd; -1 if the kernel lacks it
 * @ioas: of an iommufd
 */
struct way {
	const char *name;
	int fd;
	u32 ioas;
	int (*map)(const struct way *w, void *vaddr, u64 len, u64 iova);
	int (*unmap)(const struct way *w, u64 iova, u64 len);
};

/**
 * struct memory - a kind of memory
 * @name: part of the operations' names
 * @size: bytes, in one mapping
 * @mfd_flags: of memfd_create(), -1 for private anonymous memory
 * @mmap_flags: more flags of mmap()
 * @advice: of madvise()
 * @smaps: the line of smaps that tells whether the pages are huge, or NULL
 * @backwards: touch the last page first. A page that is new comes after the one
 *	before in physical memory, too, so this way no two make one piece
 */
struct memory {
	const char *name;
	u64 size;
	int mfd_flags;
	int mmap_flags;
	int advice;
	const char *smaps;
	bool backwards;
};

static const struct memory memories[] = {
	{ "anon-4k", 64 * MIB, -1, 0, MADV_NOHUGEPAGE },
	{ "anon-4k-scattered", 64 * MIB, -1, 0, MADV_NOHUGEPAGE,
	  .backwards = true },
	{ "anon-thp", 128 * MIB, -1, 0, MADV_HUGEPAGE, "AnonHugePages:" },
	{ "anon-hugetlb", 128 * MIB, -1, MAP_HUGETLB, MADV_NORMAL,
	  "Private_Hugetlb:" },
	{ "shmem-4k", 64 * MIB, 0, 0, MADV_NOHUGEPAGE },
	{ "shmem-4k-scattered", 64 * MIB, 0, 0, MADV_NOHUGEPAGE,
	  .backwards = true },
	{ "shmem-thp", 128 * MIB, 0, 0, MADV_HUGEPAGE, "ShmemPmdMapped:" },
	{ "shared-hugetlb", 128 * MIB, MFD_HUGETLB, 0, MADV_NORMAL,
	  "Private_Hugetlb:" },
};

/* KiB that smaps counts as @field in the mapping that holds @addr */
static u64 smaps_kib(const void *addr, const char *field)
{
	unsigned long long kib, start, end;
	FILE *f = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[512];
	u64 sum = 0;

	bench_must(f ? 0 : -errno, "/proc/self/smaps");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
			inside = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (inside && !strncmp(line, field, strlen(field)) &&
			 sscanf(line + strlen(field), "%llu", &kib) == 1)
			sum += kib;
	}
	fclose(f);
	return sum;
}

/*
 * How many pieces of contiguous memory lie there: it decides what mapping costs
 * and depends on what was freed before, so that it is printed
 */
static u64 memory_runs(const void *p, u64 size)
{
	const u64 frame = (1ULL << 55) - 1;
	u64 entry[512], i, n, runs = 0, last = 0, pages = size / PAGE;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	bench_must(fd < 0 ? -errno : 0, "/proc/self/pagemap");
	for (i = 0; i < pages; i++) {
		n = i % ARRAY_SIZE(entry);
		if (!n && pread(fd, entry, sizeof(entry),
				((uintptr_t)p / PAGE + i) * sizeof(u64)) < 0)
			bench_must(-errno, "/proc/self/pagemap");
		if (!i || (entry[n] & frame) != last + 1)
			runs++;
		last = entry[n] & frame;
	}
	close(fd);
	return runs;
}

/* Populated memory at a multiple of 2 MiB; *@file: its memfd, or -1 */
static void *memory_make(const struct memory *m, int *file)
{
	int flags = MAP_FIXED | m->mmap_flags;
	char *p = bench_room(m->size);
	u64 off;

	*file = -1;
	if (m->mfd_flags >= 0) {
		*file = memfd_create(m->name, MFD_CLOEXEC | m->mfd_flags);
		bench_must(*file < 0 ? -errno : 0, "memfd_create: %s", m->name);
		bench_must(ftruncate(*file, m->size) ? -errno : 0, "%s", m->name);
	}
	flags |= *file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	p = mmap(p, m->size, PROT_READ | PROT_WRITE, flags, *file, 0);
	bench_must(p == MAP_FAILED ? -errno : 0, "memory: %s", m->name);
	if (m->advice != MADV_NORMAL)
		bench_must(madvise(p, m->size, m->advice) ? -errno : 0,
			   "madvise: %s", m->name);
	for (off = 0; off < m->size; off += PAGE)
		p[m->backwards ? m->size - PAGE - off : off] = 1;
	printf("# %s: %llu pages in %llu pieces\n", m->name,
	       (unsigned long long)(m->size / PAGE),
	       (unsigned long long)memory_runs(p, m->size));
	if (m->smaps && smaps_kib(p, m->smaps) < m->size >> 10) {
		printf("# %s: only %llu KiB of huge pages\n", m->name,
		       (unsigned long long)smaps_kib(p, m->smaps));
		exit(1);
	}
	return p;
}

/* Small pages stay: taken again, they would come in the order they were freed */
static void memory_free(const struct memory *m, void *p, int file)
{
	if (!m->smaps)
		return;
	munmap(p, m->size);
	if (file >= 0)
		close(file);
}

/* ---- the two ways ---- */

static int type1_map(const struct way *w, void *vaddr, u64 len, u64 iova)
{
	return vfio_type1_map(w->fd, vaddr, len, iova);
}

static int type1_unmap(const struct way *w, u64 iova, u64 len)
{
	return vfio_type1_unmap(w->fd, iova, len);
}

static int ioas_map(const struct way *w, void *vaddr, u64 len, u64 iova)
{
	return iommufd_map(w->fd, w->ioas, vaddr, len, iova, DMA_PROT_RW);
}

static int ioas_unmap(const struct way *w, u64 iova, u64 len)
{
	return iommufd_unmap(w->fd, w->ioas, iova, len, NULL);
}

/* VFIO's own backend, which must not be taken for iommufd's compatibility */
static bool have_type1(void)
{
	static int have = -1;

	if (have < 0) {
		if (system("modprobe -q vfio_iommu_type1"))
			printf("# this kernel has no vfio_iommu_type1\n");
		have = !access("/sys/module/vfio_iommu_type1", F_OK);
	}
	return have;
}

/* ---- mappings of one piece ---- */

static void bench_memory(const struct way *w, const struct memory *m)
{
	u64 map = ~0ULL, unmap = ~0ULL, start;
	double mib = (double)m->size / MIB;
	int i, file;
	void *p;

	if (!bench_wants("%s/map/%s", w->name, m->name) &&
	    !bench_wants("%s/unmap/%s", w->name, m->name))
		return;
	if (w->fd >= 0) {
		p = memory_make(m, &file);
		for (i = 0; i < BENCH_ROUNDS; i++) {
			start = bench_now();
			bench_must(w->map(w, p, m->size, IOVA), "map %s", m->name);
			bench_keep(&map, start);
			start = bench_now();
			bench_must(w->unmap(w, IOVA, m->size), "unmap %s", m->name);
			bench_keep(&unmap, start);
		}
		memory_free(m, p, file);
	}
	bench_print(map, mib, "MiB", "%s/map/%s", w->name, m->name);
	bench_print(unmap, mib, "MiB", "%s/unmap/%s", w->name, m->name);
}

/* iommufd takes a file, too; type1 has nothing like it */
static void bench_file(const struct way *w, const struct memory *m)
{
	u64 map = ~0ULL, unmap = ~0ULL, start;
	double mib = (double)m->size / MIB;
	int i, file;
	void *p;

	if (m->mfd_flags < 0 || (!bench_wants("%s/map-file/%s", w->name, m->name) &&
				 !bench_wants("%s/unmap-file/%s", w->name, m->name)))
		return;
	p = memory_make(m, &file);
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		bench_must(iommufd_map_file(w->fd, w->ioas, file, 0, m->size,
					    IOVA, DMA_PROT_RW), "map file %s", m->name);
		bench_keep(&map, start);
		start = bench_now();
		bench_must(w->unmap(w, IOVA, m->size), "unmap file %s", m->name);
		bench_keep(&unmap, start);
	}
	memory_free(m, p, file);
	bench_print(map, mib, "MiB", "%s/map-file/%s", w->name, m->name);
	bench_print(unmap, mib, "MiB", "%s/unmap-file/%s", w->name, m->name);
}

/* ---- many mappings of one page, one after the other ---- */

static void map_pages(const struct way *w, char *p, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_must(w->map(w, p + i * PAGE, PAGE, IOVA + i * PAGE), "map page");
}

static void unmap_pages(const struct way *w, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_must(w->unmap(w, IOVA + i * PAGE, PAGE), "unmap page");
}

/* Everything there is in one call */
static void unmap_all(const struct way *w)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	if (!strcmp(w->name, "type1"))
		bench_must(vfio_ioctl(w->fd, VFIO_IOMMU_UNMAP_DMA, &unmap),
			   "unmap all");
	else
		bench_must(iommufd_unmap(w->fd, w->ioas, 0, ~0ULL, NULL),
			   "unmap all");
}

static void bench_pages(const struct way *w, unsigned int n, bool all)
{
	static const struct memory memory = {
		"pages", 4096 * PAGE, -1, 0, MADV_NOHUGEPAGE
	};
	u64 map = ~0ULL, unmap = ~0ULL, start;
	const char *undo = all ? "unmap-all" : "unmap";
	int i, file;
	char *p;

	if (!bench_wants("%s/map/pages-%u", w->name, n) &&
	    !bench_wants("%s/%s/pages-%u", w->name, undo, n))
		return;
	if (w->fd >= 0) {
		p = memory_make(&memory, &file);
		for (i = 0; i < BENCH_ROUNDS; i++) {
			start = bench_now();
			map_pages(w, p, n);
			bench_keep(&map, start);
			start = bench_now();
			if (all)
				unmap_all(w);
			else
				unmap_pages(w, n);
			bench_keep(&unmap, start);
		}
		memory_free(&memory, p, file);
	}
	if (!all)
		bench_print(map, n, "mapping", "%s/map/pages-%u", w->name, n);
	bench_print(unmap, n, "mapping", "%s/%s/pages-%u", w->name, undo, n);
}

/* ---- another device's memory, mapped where its leaves of 2 MiB fit ---- */

static void bench_bar(const struct way *w, int device)
{
	u64 map = ~0ULL, unmap = ~0ULL, start;
	struct vfio_region_info info;
	double mib;
	void *p;
	int i;

	bench_must(vfio_region_info(device, VFIO_PCI_BAR2_REGION_INDEX, &info),
		   "BAR 2");
	p = mmap(bench_room(info.size), info.size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, device, info.offset);
	bench_must(p == MAP_FAILED ? -errno : 0, "mapping BAR 2");
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		bench_must(w->map(w, p, info.size, IOVA), "map BAR");
		bench_keep(&map, start);
		start = bench_now();
		bench_must(w->unmap(w, IOVA, info.size), "unmap BAR");
		bench_keep(&unmap, start);
	}
	munmap(p, info.size);
	mib = (double)info.size / MIB;
	bench_print(map, mib, "MiB", "%s/map/bar", w->name);
	bench_print(unmap, mib, "MiB", "%s/unmap/bar", w->name);
}

/* The same for an iommufd, which takes a BAR as a dma-buf only */
static void bench_dmabuf(const struct way *w, int device)
{
	u64 map = ~0ULL, unmap = ~0ULL, start;
	struct vfio_region_info info;
	double mib;
	int i, buf;

	bench_must(vfio_region_info(device, VFIO_PCI_BAR2_REGION_INDEX, &info),
		   "BAR 2");
	buf = vfio_region_dmabuf(device, VFIO_PCI_BAR2_REGION_INDEX, 0, info.size);
	bench_must(buf, "dma-buf of BAR 2");
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		bench_must(iommufd_map_file(w->fd, w->ioas, buf, 0, info.size,
					    IOVA, DMA_PROT_RW), "map dma-buf");
		bench_keep(&map, start);
		start = bench_now();
		bench_must(w->unmap(w, IOVA, info.size), "unmap dma-buf");
		bench_keep(&unmap, start);
	}
	close(buf);
	mib = (double)info.size / MIB;
	bench_print(map, mib, "MiB", "%s/map-file/bar", w->name);
	bench_print(unmap, mib, "MiB", "%s/unmap-file/bar", w->name);
}

/* ---- opening, closing, asking ---- */

struct session {
	int container;
	int group;
	int device;
};

/* @path: of the group's node */
static void session_open(struct session *s, const char *bdf, const char *path)
{
	s->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	bench_must(s->container < 0 ? -errno : 0, "container");
	s->group = open(path, O_RDWR | O_CLOEXEC);
	bench_must(s->group < 0 ? -errno : 0, "%s", path);
	bench_must(vfio_group_set_container(s->group, s->container), "SET_CONTAINER");
	bench_must(ioctl(s->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ? -errno : 0,
		   "SET_IOMMU");
	s->device = vfio_group_get_device(s->group, bdf);
	bench_must(s->device, "GET_DEVICE_FD %s", bdf);
}

static void session_close(struct session *s)
{
	close(s->device);
	close(s->group);
	close(s->container);
}

/* Container, group, SET_IOMMU and device file, and all of it gone again */
static void bench_open(const char *kind)
{
	const char *bdf = bench_bdf(kind);
	u64 up = ~0ULL, down = ~0ULL, start;
	struct session s;
	char name[16], path[64];
	int i;

	bench_must(vfio_group_path(bdf, path, sizeof(path)), "group of %s", bdf);
	for (i = 0; kind[i] && i < sizeof(name) - 1; i++)
		name[i] = kind[i] | 0x20;
	name[i] = 0;
	if (!bench_wants("type1/open/%s", name) && !bench_wants("type1/close/%s", name))
		return;
	for (i = 0; i < bench_open_rounds(kind) && have_type1(); i++) {
		bench_settle();
		start = bench_now();
		session_open(&s, bdf, path);
		bench_keep(&up, start);
		bench_settle();
		start = bench_now();
		session_close(&s);
		bench_keep(&down, start);
	}
	bench_print(up, 1, "call", "type1/open/%s", name);
	bench_print(down, 1, "call", "type1/close/%s", name);
}

static void bench_info(const struct way *w, u32 argsz, const char *name)
{
	u64 best = ~0ULL, start;
	union {
		struct vfio_iommu_type1_info info;
		char room[1024];
	} u;
	int i, j;

	for (i = 0; i < BENCH_ROUNDS && w->fd >= 0; i++) {
		start = bench_now();
		for (j = 0; j < INFO_CALLS; j++) {
			u.info.argsz = argsz;
			bench_must(vfio_ioctl(w->fd, VFIO_IOMMU_GET_INFO, &u.info),
				   "GET_INFO");
		}
		bench_keep(&best, start);
	}
	bench_print(best, INFO_CALLS, "call", "%s/%s", w->name, name);
}

/* ---- all of a way ---- */

static void bench_way(const struct way *w)
{
	static const unsigned int counts[] = { 256, 1024, 4096 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(memories); i++)
		bench_memory(w, &memories[i]);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		bench_pages(w, counts[i], false);
	bench_pages(w, 4096, true);
}

static void bench_type1(void)
{
	struct way w = {
		.name = "type1", .fd = -1, .map = type1_map, .unmap = type1_unmap
	};
	const char *bdf = bench_bdf("NVME");
	struct session s;
	char path[64];
	int bars, group;

	bench_open("NVME");
	bench_open("IVSHMEM");
	if (have_type1()) {
		bench_must(vfio_group_path(bdf, path, sizeof(path)), "group");
		session_open(&s, bdf, path);
		w.fd = s.container;
	}
	bench_info(&w, offsetof(struct vfio_iommu_type1_info, cap_offset), "info");
	bench_info(&w, 1024, "info-caps");
	bench_way(&w);
	if (w.fd < 0) {
		bench_print(~0ULL, 1, "MiB", "type1/map/bar");
		bench_print(~0ULL, 1, "MiB", "type1/unmap/bar");
		return;
	}
	group = vfio_group_open(bench_bdf("IVSHMEM"));
	bench_must(group, "second group");
	bench_must(vfio_group_set_container(group, s.container), "second group");
	bars = vfio_group_get_device(group, bench_bdf("IVSHMEM"));
	bench_must(bars, "second device");
	vfio_cfg_command(bars, 0, PCI_COMMAND_MEMORY);
	bench_bar(&w, bars);
	close(bars);
	close(group);
	session_close(&s);
}

static void bench_iommufd(void)
{
	struct way w = {
		.name = "iommufd", .map = ioas_map, .unmap = ioas_unmap
	};
	struct iommu *iommu = iommu_init(MODE_IOMMUFD);
	struct vfio_pci_device *nvme, *bars;
	unsigned int i;

	w.fd = iommu->iommufd;
	w.ioas = iommu->ioas_id;
	nvme = vfio_pci_device_init(bench_bdf("NVME"), iommu);
	bars = vfio_pci_device_init(bench_bdf("IVSHMEM"), iommu);
	vfio_pci_device_enable(bars);
	bench_way(&w);
	for (i = 0; i < ARRAY_SIZE(memories); i++)
		bench_file(&w, &memories[i]);
	bench_dmabuf(&w, bars->fd);
	vfio_pci_device_cleanup(bars);
	vfio_pci_device_cleanup(nvme);
	iommu_cleanup(iommu);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_must(sysfs_write_str("/proc/sys/vm/nr_hugepages", "64"), "hugetlb");
	bench_must(sysfs_write_str("/sys/kernel/mm/transparent_hugepage/shmem_enabled",
				   "advise"), "huge shmem");
	bench_type1();
	bench_iommufd();
	return 0;
}
