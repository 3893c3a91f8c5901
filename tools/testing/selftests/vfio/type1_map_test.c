// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping and unmapping in a type1 container, seen from the caller's side:
 * which arguments are refused with which error, what is unmapped by ranges
 * that don't fit, and what is accounted. Both versions of type1, which differ
 * here in nothing but ranges that cut a mapping.
 *
 * No device moves data here; type1_dma_test has that.
 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include "type1.h"

#define IOVA		0x10000000UL
#define NUM_PAGES	64
#define SIZE		(NUM_PAGES * PAGE)

#define RW		(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* Page @n behind IOVA */
#define AT(n)		(IOVA + (n) * PAGE)

FIXTURE(type1)
{
	const char *bdf;
	struct vfio_container container;
	int fd;
	char *mem;
};

FIXTURE_VARIANT(type1)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(type1, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(type1, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(type1)
{
	self->container.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	self->mem = anon_memory(SIZE);
	ASSERT_NE(NULL, self->mem);
	ASSERT_RC(0, vfio_container_init(&self->container, variant->type,
					 self->bdf));
	self->fd = self->container.fd;
}

FIXTURE_TEARDOWN(type1)
{
	vfio_container_cleanup(&self->container);
	if (self->mem)
		munmap(self->mem, SIZE);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

static long locked_pages(void)
{
	return vfio_locked_kb(getpid()) / (long)(PAGE / 1024);
}

/* @len pages at page @n. */
static int map(FIXTURE_DATA(type1) *self, unsigned long n, unsigned long len)
{
	return vfio_type1_map(self->fd, self->mem, len * PAGE, AT(n));
}

/* How many pages, or -errno. */
static s64 unmap(FIXTURE_DATA(type1) *self, unsigned long n, unsigned long len)
{
	s64 ret = vfio_type1_unmap_flags(self->fd, AT(n), len * PAGE, 0);

	return ret < 0 ? ret : ret / (s64)PAGE;
}

TEST_F(type1, map_sizes_of_argument)
{
	struct vfio_iommu_type1_dma_map arg = {
		.flags = RW,
		.vaddr = (uintptr_t)self->mem,
		.iova = IOVA,
		.size = PAGE,
	};
	struct {
		struct vfio_iommu_type1_dma_map map;
		u64 tail;
	} longer = { arg, ~0UL };

	for (arg.argsz = 0; arg.argsz < sizeof(arg); arg.argsz++)
		EXPECT_RC(-EINVAL,
			  vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, &arg));
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, &arg));
	EXPECT_RC(1, unmap(self, 0, 1));
	/* What lies behind is ignored, however long it is said to be. */
	longer.map.argsz = sizeof(longer);
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, &longer));
	EXPECT_RC(1, unmap(self, 0, 1));
	longer.map.argsz = ~0u;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, &longer));
	EXPECT_RC(1, unmap(self, 0, 1));
	/* The end of an argument that is not all there. */
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_IOMMU_MAP_DMA, (void *)8UL));
}

#define MEM	1	/* the fixture's, plus what stands in vaddr */
/* 0 if the IOMMU reaches that far, else -EINVAL */
#define REACH	-ERANGE

static const struct map_row {
	const char *name;
	int want;
	u32 flags;
	u64 vaddr;
	u64 iova;
	u64 size;
	int base;
} map_rows[] = {
	{ "no flags", -EINVAL, 0, 0, IOVA, PAGE, MEM },
	{ "unknown flag", -EINVAL, RW | 1 << 3, 0, IOVA, PAGE, MEM },
	{ "top flag", -EINVAL, RW | 1u << 31, 0, IOVA, PAGE, MEM },
	{ "VADDR and READ", -EINVAL, 5, 0, IOVA, PAGE, MEM },
	{ "VADDR and WRITE", -EINVAL, 6, 0, IOVA, PAGE, MEM },
	{ "VADDR and both", -EINVAL, 7, 0, IOVA, PAGE, MEM },
	{ "VADDR of nothing", -ENOENT, 4, 0, IOVA, PAGE, MEM },
	{ "size 0", -EINVAL, RW, 0, IOVA, 0, MEM },
	{ "size 1", -EINVAL, RW, 0, IOVA, 1, MEM },
	{ "size unaligned", -EINVAL, RW, 0, IOVA, PAGE + 8, MEM },
	{ "vaddr unaligned", -EINVAL, RW, 16, IOVA, PAGE, MEM },
	{ "iova unaligned", -EINVAL, RW, 0, IOVA + 2048, PAGE, MEM },
	{ "iova wraps", -EOVERFLOW, RW, 0, -PAGE, 2 * PAGE, MEM },
	{ "vaddr wraps", -EOVERFLOW, RW, -PAGE, IOVA, 2 * PAGE, 0 },
	{ "size wraps", -EOVERFLOW, RW, 0, IOVA, -PAGE, MEM },
	{ "top page of all", REACH, RW, 0, -PAGE, PAGE, MEM },
	{ "high up", REACH, RW, 0, 1UL << 62, PAGE, MEM },
	{ "vaddr 0", -EFAULT, RW, 0, IOVA, PAGE, 0 },
	{ "vaddr of the kernel", -EFAULT, RW, -2 * PAGE, IOVA, PAGE, 0 },
	{ "vaddr not canonical", -EFAULT, RW, 1UL << 62, IOVA, PAGE, 0 },
	{ "more than there is", -EFAULT, RW, 0, IOVA, 1UL << 30, MEM },
	{ "for reading", 0, VFIO_DMA_MAP_FLAG_READ, 0, IOVA, PAGE, MEM },
	{ "for writing", 0, VFIO_DMA_MAP_FLAG_WRITE, 0, IOVA, PAGE, MEM },
	{ "for both", 0, RW, 0, IOVA, PAGE, MEM },
};

TEST_F(type1, map_errors)
{
	s64 avail = vfio_type1_avail(self->fd);
	u64 last = vfio_type1_last_iova(self->fd);
	const struct map_row *r;
	void *vaddr;
	int want;

	/* What follows the memory is nothing. */
	ASSERT_EQ(0, munmap(self->mem + SIZE - PAGE, PAGE));
	for (r = map_rows; r < map_rows + ARRAY_SIZE(map_rows); r++) {
		vaddr = (void *)((r->base ? (uintptr_t)self->mem : 0) +
				 r->vaddr);
		want = r->want;
		if (want == REACH)
			want = r->iova + r->size - 1 <= last ? 0 : -EINVAL;
		EXPECT_RC_AT(r->name, want,
			     vfio_type1_map_flags(self->fd, vaddr, r->size,
						  r->iova, r->flags));
		if (!want)
			EXPECT_RC_AT(r->name, PAGE,
				     vfio_type1_unmap_all(self->fd));
		/* Neither memory nor a place in the container is lost. */
		EXPECT_EQ(0, locked_pages()) TH_LOG("%s", r->name);
		EXPECT_EQ(avail, vfio_type1_avail(self->fd))
			TH_LOG("%s", r->name);
	}
	EXPECT_RC(0, vfio_type1_unmap_all(self->fd));
}

TEST_F(type1, overlaps)
{
	static const u8 ranges[][2] = {
		{ 8, 4 }, { 8, 1 }, { 11, 1 }, { 9, 2 }, { 7, 2 }, { 11, 2 },
		{ 7, 6 }, { 0, 16 }, { 0, 9 }, { 11, 16 },
	};
	char row[32];
	int i;

	ASSERT_RC(0, map(self, 8, 4));
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		snprintf(row, sizeof(row), "%u pages at %u", ranges[i][1],
			 ranges[i][0]);
		EXPECT_RC_AT(row, -EEXIST,
			     map(self, ranges[i][0], ranges[i][1]));
	}
	EXPECT_EQ(4, locked_pages());
	/* Beside it */
	EXPECT_RC(0, map(self, 7, 1));
	EXPECT_RC(0, map(self, 12, 1));
	EXPECT_EQ(6, locked_pages());
	EXPECT_RC(6 * PAGE, vfio_type1_unmap_all(self->fd));
}

TEST_F(type1, unmap_sizes_of_argument)
{
	struct vfio_iommu_type1_dma_unmap arg = { .iova = IOVA, .size = PAGE };

	ASSERT_RC(0, map(self, 0, 1));
	for (arg.argsz = 0; arg.argsz < sizeof(arg); arg.argsz++)
		EXPECT_RC(-EINVAL,
			  vfio_ioctl(self->fd, VFIO_IOMMU_UNMAP_DMA, &arg));
	arg.argsz = ~0u;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_IOMMU_UNMAP_DMA, &arg));
	EXPECT_EQ(PAGE, arg.size);
	EXPECT_EQ(~0u, arg.argsz);
	/* Nothing there: it says so. */
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_IOMMU_UNMAP_DMA, &arg));
	EXPECT_EQ(0, arg.size);
}

static const struct {
	const char *name;
	int want;
	u32 flags;
	u64 iova;
	u64 size;
} unmap_rows[] = {
	{ "unknown flag", -EINVAL, 1 << 3, IOVA, PAGE },
	{ "top flag", -EINVAL, 1u << 31, IOVA, PAGE },
	{ "bitmap and ALL", -EINVAL, 3, 0, 0 },
	{ "bitmap and VADDR", -EINVAL, 5, IOVA, PAGE },
	{ "all three", -EINVAL, 7, 0, 0 },
	{ "size 0", -EINVAL, 0, IOVA, 0 },
	{ "size 1", -EINVAL, 0, IOVA, 1 },
	{ "size unaligned", -EINVAL, 0, IOVA, 2 * PAGE + 1 },
	{ "iova unaligned", -EINVAL, 0, IOVA + 1, PAGE },
	{ "VADDR, size 0", -EINVAL, 4, IOVA, 0 },
	{ "VADDR, unaligned", -EINVAL, 4, IOVA + 8, PAGE },
	{ "ALL with iova", -EINVAL, 2, IOVA, 0 },
	{ "ALL with size", -EINVAL, 2, 0, PAGE },
	{ "ALL with both", -EINVAL, 2, IOVA, PAGE },
	{ "ALL and VADDR with size", -EINVAL, 6, 0, PAGE },
	{ "wraps", -EOVERFLOW, 0, IOVA, -PAGE },
	{ "wraps at the top", -EOVERFLOW, 0, -PAGE, 2 * PAGE },
};

TEST_F(type1, unmap_errors)
{
	struct vfio_iommu_type1_dma_unmap arg;
	int i;

	ASSERT_RC(0, map(self, 0, 1));
	for (i = 0; i < ARRAY_SIZE(unmap_rows); i++) {
		arg = (struct vfio_iommu_type1_dma_unmap){
			.argsz = sizeof(arg),
			.flags = unmap_rows[i].flags,
			.iova = unmap_rows[i].iova,
			.size = unmap_rows[i].size,
		};
		EXPECT_RC_AT(unmap_rows[i].name, unmap_rows[i].want,
			     vfio_ioctl(self->fd, VFIO_IOMMU_UNMAP_DMA, &arg));
		/* Nothing is written back, and nothing unmapped. */
		EXPECT_EQ(unmap_rows[i].size, arg.size)
			TH_LOG("%s", unmap_rows[i].name);
		EXPECT_EQ(1, locked_pages()) TH_LOG("%s", unmap_rows[i].name);
	}
	EXPECT_RC(-EEXIST, map(self, 0, 1));
	EXPECT_RC(1, unmap(self, 0, 1));
}

/* Several at once, with holes between, before and behind them. */
TEST_F(type1, unmap_many)
{
	ASSERT_RC(0, map(self, 2, 1));
	ASSERT_RC(0, map(self, 4, 3));
	ASSERT_RC(0, map(self, 7, 2));
	ASSERT_RC(0, map(self, 20, 5));
	EXPECT_RC(0, unmap(self, 0, 2));
	EXPECT_RC(0, unmap(self, 3, 1));
	EXPECT_RC(6, unmap(self, 0, 19));
	EXPECT_EQ(5, locked_pages());
	EXPECT_RC(0, unmap(self, 0, 20));
	EXPECT_RC(0, unmap(self, 25, 1));
	EXPECT_RC(-EEXIST, map(self, 24, 1));
	EXPECT_RC(5, unmap(self, 20, 5));
	EXPECT_EQ(0, locked_pages());
}

/* Far more than there is: neither slow nor wrong. */
TEST_F(type1, unmap_huge_ranges)
{
	static const struct {
		u64 iova;
		u64 size;
	} ranges[] = {
		{ 0, 1UL << 40 }, { 0, 1UL << 63 }, { 0, -PAGE },
		{ PAGE, -PAGE }, { IOVA, -IOVA }, { IOVA, 1UL << 40 },
	};
	char row[48];
	int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		snprintf(row, sizeof(row), "%#llx bytes at %#llx",
			 (unsigned long long)ranges[i].size,
			 (unsigned long long)ranges[i].iova);
		ASSERT_RC(0, map(self, 0, 1));
		ASSERT_RC(0, map(self, 9, 3));
		EXPECT_RC_AT(row, 4 * PAGE,
			     vfio_type1_unmap_flags(self->fd, ranges[i].iova,
						    ranges[i].size, 0));
		EXPECT_EQ(0, locked_pages()) TH_LOG("%s", row);
	}
	EXPECT_RC(0, vfio_type1_unmap_flags(self->fd, 1UL << 41, 1UL << 62, 0));
}

TEST_F(type1, unmap_all)
{
	int i;

	EXPECT_RC(0, vfio_type1_unmap_all(self->fd));
	for (i = 0; i < 40; i++)
		ASSERT_RC(0, map(self, 3 * i, 1 + i % 2));
	EXPECT_EQ(60, locked_pages());
	EXPECT_RC(60 * PAGE, vfio_type1_unmap_all(self->fd));
	EXPECT_EQ(0, locked_pages());
	EXPECT_RC(0, vfio_type1_unmap_all(self->fd));
	EXPECT_RC(0, map(self, 0, 1));
}

/*
 * Ranges that cut a mapping. Version 1 removes those that begin in the range,
 * as a whole, and stops before one that began earlier; version 2 refuses.
 */
static const struct {
	u8 start;
	u8 len;
	s8 v1;		/* pages unmapped, of 4 at 4 and 3 at 10 */
	s8 v2;
} cuts[] = {
	{ 4, 2, 4, -EINVAL },		/* the first half of one */
	{ 5, 1, 0, -EINVAL },		/* inside */
	{ 6, 2, 0, -EINVAL },		/* the second half */
	{ 7, 2, 0, -EINVAL },		/* the end of one, and a hole */
	{ 2, 3, 4, -EINVAL },		/* a hole and the beginning of one */
	{ 5, 6, 0, -EINVAL },		/* from one into the next */
	{ 5, 20, 0, -EINVAL },		/* from one beyond the next */
	{ 0, 11, 7, -EINVAL },		/* one, and the beginning of the next */
	{ 4, 8, 7, -EINVAL },
	{ 8, 3, 3, -EINVAL },
	{ 12, 8, 0, -EINVAL },
	{ 0, 10, 4, 4 },		/* these cut none */
	{ 8, 5, 3, 3 },
	{ 8, 2, 0, 0 },
	{ 4, 9, 7, 7 },
};

TEST_F(type1, unmap_cuts)
{
	bool v1 = variant->type == VFIO_TYPE1_IOMMU;
	char row[48];
	int i, want, left;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		snprintf(row, sizeof(row), "%u pages at %u", cuts[i].len,
			 cuts[i].start);
		want = v1 ? cuts[i].v1 : cuts[i].v2;
		left = want > 0 ? 7 - want : 7;
		ASSERT_RC(0, map(self, 4, 4));
		ASSERT_RC(0, map(self, 10, 3));
		EXPECT_RC_AT(row, want, unmap(self, cuts[i].start,
					      cuts[i].len));
		EXPECT_EQ(left, locked_pages()) TH_LOG("%s", row);
		EXPECT_RC_AT(row, left * PAGE, vfio_type1_unmap_all(self->fd));
	}
}

/* Every request counts, also for memory that another one has locked. */
TEST_F(type1, accounting)
{
	ASSERT_RC(0, map(self, 0, NUM_PAGES));
	EXPECT_EQ(NUM_PAGES, locked_pages());
	ASSERT_RC(0, map(self, 100, 10));
	EXPECT_EQ(NUM_PAGES + 10, locked_pages());
	EXPECT_RC(NUM_PAGES, unmap(self, 0, NUM_PAGES));
	EXPECT_EQ(10, locked_pages());
	ASSERT_EQ(0, mlock(self->mem, SIZE));
	EXPECT_EQ(NUM_PAGES + 10, locked_pages());
	EXPECT_RC(10, unmap(self, 100, 10));
	EXPECT_EQ(NUM_PAGES, locked_pages());
	ASSERT_EQ(0, munlock(self->mem, SIZE));
	EXPECT_EQ(0, locked_pages());

	/* The memory may go before its mapping does. */
	ASSERT_RC(0, map(self, 0, NUM_PAGES));
	munmap(self->mem, SIZE);
	self->mem = NULL;
	EXPECT_EQ(NUM_PAGES, locked_pages());
	EXPECT_RC(NUM_PAGES, unmap(self, 0, NUM_PAGES));
}

static int set_cap_ipc_lock(bool on)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &hdr, data))
		return -errno;
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].effective |= (u32)on << CAP_IPC_LOCK;
	return syscall(SYS_capset, &hdr, data) ? -errno : 0;
}

TEST_F(type1, locked_memory_limit)
{
	struct rlimit old, limit;
	s64 avail = vfio_type1_avail(self->fd);

	ASSERT_EQ(0, getrlimit(RLIMIT_MEMLOCK, &old));
	limit = old;
	limit.rlim_cur = 8 * PAGE;
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	/* Not for those who may lock whatever they like. */
	EXPECT_RC(0, map(self, 0, NUM_PAGES));
	EXPECT_RC(NUM_PAGES, unmap(self, 0, NUM_PAGES));

	ASSERT_EQ(0, set_cap_ipc_lock(false));
	EXPECT_RC(-ENOMEM, map(self, 0, 9));
	EXPECT_RC(-ENOMEM, map(self, 0, NUM_PAGES));
	EXPECT_EQ(0, locked_pages());
	EXPECT_EQ(avail, vfio_type1_avail(self->fd));
	EXPECT_RC(0, map(self, 0, 8));
	EXPECT_RC(-ENOMEM, map(self, 20, 1));
	EXPECT_EQ(8, locked_pages());
	EXPECT_RC(8, unmap(self, 0, 8));
	EXPECT_RC(0, map(self, 0, 5));
	EXPECT_RC(0, map(self, 20, 3));
	EXPECT_RC(-ENOMEM, map(self, 30, 1));
	EXPECT_RC(5, unmap(self, 0, 5));
	EXPECT_RC(-ENOMEM, map(self, 30, 6));
	EXPECT_RC(0, map(self, 30, 5));
	EXPECT_EQ(8, locked_pages());

	/* What mlock() takes is from the same limit. */
	EXPECT_RC(5, unmap(self, 30, 5));
	ASSERT_EQ(0, mlock(self->mem, 4 * PAGE));
	EXPECT_RC(-ENOMEM, map(self, 30, 2));
	EXPECT_RC(0, map(self, 30, 1));
	EXPECT_EQ(-1, mlock(self->mem + 4 * PAGE, PAGE));
	ASSERT_EQ(0, munlock(self->mem, 4 * PAGE));

	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	EXPECT_RC(-ENOMEM, map(self, 0, 1));
	/* Giving back needs no right. */
	EXPECT_RC(4 * PAGE, vfio_type1_unmap_all(self->fd));
	EXPECT_EQ(0, locked_pages());
	ASSERT_EQ(0, set_cap_ipc_lock(true));
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &old));
}

/* A mapping that fails in the middle leaves nothing behind. */
TEST_F(type1, hole)
{
	s64 avail = vfio_type1_avail(self->fd);
	int at;

	for (at = NUM_PAGES - 1; at >= 0; at -= 21) {
		ASSERT_EQ(0, munmap(self->mem + at * PAGE, PAGE));
		EXPECT_RC(-EFAULT, map(self, 0, NUM_PAGES));
		EXPECT_EQ(0, locked_pages());
		EXPECT_EQ(avail, vfio_type1_avail(self->fd));
	}
	EXPECT_RC(0, unmap(self, 0, NUM_PAGES));
	ASSERT_EQ(self->mem, mmap(self->mem, SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				  0));
	EXPECT_RC(0, map(self, 0, NUM_PAGES));
	EXPECT_RC(NUM_PAGES, unmap(self, 0, NUM_PAGES));
}

/* Each of them takes one of the places there are. */
TEST_F(type1, places)
{
	s64 avail = vfio_type1_avail(self->fd);
	int i;

	EXPECT_EQ(65535, avail);
	for (i = 0; i < 100; i++)
		ASSERT_RC(0, map(self, 2 * i, 1));
	EXPECT_EQ(avail - 100, vfio_type1_avail(self->fd));
	for (i = 0; i < 100; i += 2)
		ASSERT_RC(1, unmap(self, 2 * i, 1));
	EXPECT_EQ(avail - 50, vfio_type1_avail(self->fd));
	EXPECT_RC(50, unmap(self, 0, 200));
	EXPECT_EQ(avail, vfio_type1_avail(self->fd));
}

TEST_HARNESS_MAIN
