// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of what a device writes, on devices that exist for this: which ranges it
 * can be started with, what is reported in which bits, and what is refused. The
 * device is made to pretend to have written memory.
 */
#include "fail_nth.h"
#include "test_device.h"

#define START	VFIO_DEVICE_FEATURE_DMA_LOGGING_START
#define STOP	VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP
#define REPORT	VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT

#define KIB(n)	((u64)(n) << 10)
#define MIB(n)	((u64)(n) << 20)
#define PAGE	KIB(4)
#define IOVA	MIB(256)
#define AT(n)	(IOVA + (n) * PAGE)

/* Ranges that fit in a page of the kernel */
#define MAX_RANGES	(getpagesize() / 16)

#define WORDS	64
#define BITS	(WORDS * 64)

/* struct vfio_device_feature_dma_logging_range, which has a long name */
struct range {
	u64 iova;
	u64 length;
};

FIXTURE(logging)
{
	const char *bdf;
	int iommufd;
	int fd;
	u64 bitmap[WORDS];
};

FIXTURE_VARIANT(logging)
{
	const char *name;
};

FIXTURE_VARIANT_ADD(logging, all) { .name = TEST_DEVICE_ALL };
FIXTURE_VARIANT_ADD(logging, logs_only) { .name = TEST_DEVICE_LOGS };

FIXTURE_SETUP(logging)
{
	SETUP_TEST_DEVICE(variant->name);
}

FIXTURE_TEARDOWN(logging)
{
	close(self->fd);
	close(self->iommufd);
}

/* *@page_size: in and out */
static int start_size(int fd, const struct range *ranges, u32 nr, u64 *page_size)
{
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = *page_size,
		.num_ranges = nr,
		.ranges = (uintptr_t)ranges,
	};
	int ret;

	ret = vfio_device_feature(fd, F_SET | START, &control, sizeof(control));
	*page_size = control.page_size;
	return ret;
}

static int start(int fd, const struct range *ranges, u32 nr)
{
	u64 page_size = PAGE;

	return start_size(fd, ranges, nr, &page_size);
}

static int start_one(int fd, u64 iova, u64 length)
{
	struct range range = { iova, length };

	return start(fd, &range, 1);
}

static int stop(int fd)
{
	return feature_raw(fd, 8, F_SET | STOP);
}

static int report(int fd, u64 iova, u64 length, u64 page_size, void *bitmap)
{
	struct vfio_device_feature_dma_logging_report rep = {
		.iova = iova,
		.length = length,
		.page_size = page_size,
		.bitmap = (uintptr_t)bitmap,
	};

	return vfio_device_feature(fd, F_GET | REPORT, &rep, sizeof(rep));
}

static bool bit(const u64 *bitmap, unsigned int n)
{
	return bitmap[n / 64] >> (n % 64) & 1;
}

static void set_bits(u64 *bitmap, unsigned int first, unsigned int nr)
{
	while (nr--) {
		bitmap[first / 64] |= 1ULL << (first % 64);
		first++;
	}
}

static unsigned int count_bits(const u64 *bitmap)
{
	unsigned int i, nr = 0;

	for (i = 0; i < BITS; i++)
		nr += bit(bitmap, i);
	return nr;
}

/* ---- the features */

TEST_F(logging, operations)
{
	u32 argsz;

	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_SET | START));
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_SET | STOP));
	EXPECT_RC(0, feature_raw(self->fd, 8, F_PROBE | F_GET | REPORT));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_GET | START));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_GET | STOP));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_SET | REPORT));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_PROBE | F_GET | F_SET | START));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, F_PROBE | F_SET | REPORT));
	for (argsz = 0; argsz < 32; argsz++)
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_SET | START));
	for (argsz = 0; argsz < 8; argsz++)
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_SET | STOP));
	for (argsz = 0; argsz < 40; argsz++)
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_GET | REPORT));
}

TEST_F(logging, off)
{
	EXPECT_RC(-EINVAL, stop(self->fd));
	EXPECT_RC(-EINVAL, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_RC(0, test_device_dma(self->fd, IOVA, PAGE));
	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(0, count_bits(self->bitmap));
	EXPECT_RC(0, stop(self->fd));
	EXPECT_RC(-EINVAL, stop(self->fd));
	EXPECT_RC(-EINVAL, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
}

/* The device's own refusal comes through, and what it logs goes on. */
TEST_F(logging, start_twice)
{
	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, test_device_dma(self->fd, AT(3), PAGE));
	EXPECT_RC(-EBUSY, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(1ULL << 3, self->bitmap[0]);
}

struct start_row {
	const char *what;
	u32 nr;
	struct range ranges[4];
	int ret;
};

TEST_F(logging, ranges)
{
	static const struct start_row rows[] = {
		{ "one", 1, { { IOVA, PAGE } } },
		{ "unsorted", 3, { { AT(8), PAGE }, { AT(2), 2 * PAGE }, { AT(5), PAGE } } },
		{ "touching", 2, { { AT(1), PAGE }, { IOVA, PAGE } } },
		{ "from 0", 1, { { 0, PAGE } } },
		{ "far up", 1, { { 1ULL << 63, 1ULL << 62 } } },
		{ "none", 0, { }, -EINVAL },
		{ "start not aligned", 1, { { IOVA + 1, PAGE } }, -EINVAL },
		{ "half a page", 1, { { IOVA, PAGE / 2 } }, -EINVAL },
		{ "the same twice", 2, { { IOVA, PAGE }, { IOVA, PAGE } }, -EINVAL },
		{ "overlap", 2, { { IOVA, 2 * PAGE }, { AT(1), 2 * PAGE } }, -EINVAL },
		{ "overlap, unsorted", 2, { { AT(1), 2 * PAGE }, { IOVA, 2 * PAGE } }, -EINVAL },
		{ "one inside of another", 2, { { IOVA, 8 * PAGE }, { AT(3), PAGE } }, -EINVAL },
		{ "one around the others", 3,
		  { { AT(1), PAGE }, { AT(3), PAGE }, { IOVA, 8 * PAGE } }, -EINVAL },
		{ "wraps", 1, { { -PAGE, 2 * PAGE } }, -EOVERFLOW },
		{ "the second wraps", 2, { { IOVA, PAGE }, { -2 * PAGE, 4 * PAGE } }, -EOVERFLOW },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_RC_AT(rows[i].what, rows[i].ret,
			     start(self->fd, rows[i].ranges, rows[i].nr));
		/* what was refused is not on */
		EXPECT_RC_AT(rows[i].what, rows[i].ret ? -EINVAL : 0, stop(self->fd));
	}
}

/* A range of no bytes, whose last address would lie before its first */
TEST_F(logging, empty_range)
{
	static const struct start_row rows[] = {
		{ "alone", 1, { { IOVA, 0 } } },
		{ "at 0", 1, { { 0, 0 } } },
		{ "the second", 2, { { IOVA, PAGE }, { AT(4), 0 } } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_RC_AT(rows[i].what, -EINVAL,
			     start(self->fd, rows[i].ranges, rows[i].nr));
		EXPECT_RC_AT(rows[i].what, -EINVAL, stop(self->fd));
	}
}

/* The address behind a range has to be one, too. */
TEST_F(logging, last_page)
{
	EXPECT_RC(-EOVERFLOW, start_one(self->fd, -4 * PAGE, 4 * PAGE));
	ASSERT_RC(0, start_one(self->fd, -5 * PAGE, 4 * PAGE));
	EXPECT_RC(0, test_device_dma(self->fd, -2 * PAGE, PAGE));
	EXPECT_RC(-EOVERFLOW, report(self->fd, -5 * PAGE, 5 * PAGE, PAGE, self->bitmap));
	EXPECT_RC(0, report(self->fd, -5 * PAGE, 4 * PAGE, PAGE, self->bitmap));
	EXPECT_EQ(8, self->bitmap[0]);
}

/* No bytes, and nothing is reported or forgotten */
TEST_F(logging, report_nothing)
{
	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, test_device_dma(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, report(self->fd, IOVA, 0, PAGE, self->bitmap));
	EXPECT_EQ(0, count_bits(self->bitmap));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(256, count_bits(self->bitmap));
}

/* The driver isn't asked: it might take no bytes at 0 for all there are. */
TEST_F(logging, report_nothing_at_0)
{
	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, test_device_dma(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, report(self->fd, 0, 0, PAGE, self->bitmap));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(256, count_bits(self->bitmap));
}

TEST_F(logging, number_of_ranges)
{
	unsigned int i, nr = MAX_RANGES + 1;
	struct range *ranges = calloc(nr, sizeof(*ranges));

	ASSERT_NE(NULL, ranges);
	for (i = 0; i < nr; i++)
		ranges[i] = (struct range) { IOVA + (nr - i) * MIB(1), PAGE };
	EXPECT_RC(-E2BIG, start(self->fd, ranges, nr));
	EXPECT_RC(-E2BIG, start(self->fd, ranges, 0x80000000));
	EXPECT_RC(-E2BIG, start(self->fd, ranges, 0xffffffff));
	EXPECT_RC(-EINVAL, stop(self->fd));
	EXPECT_RC(0, start(self->fd, ranges, MAX_RANGES));
	EXPECT_RC(0, stop(self->fd));
	free(ranges);
}

TEST_F(logging, start_faults)
{
	struct vfio_device_feature_dma_logging_control control = {
		.page_size = PAGE,
		.num_ranges = 1,
	};
	struct range *range = mmap(NULL, 2 * getpagesize(), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *page;

	ASSERT_NE(MAP_FAILED, range);
	ASSERT_EQ(0, munmap((char *)range + getpagesize(), getpagesize()));
	*range = (struct range) { IOVA, PAGE };
	EXPECT_RC(-EFAULT, start(self->fd, NULL, 1));
	EXPECT_RC(-EFAULT, start(self->fd, (void *)-4096UL, 1));
	/* begins in memory and goes on where there is none */
	EXPECT_RC(-EFAULT, start(self->fd, (void *)((char *)range + getpagesize() - 16), 2));
	EXPECT_RC(-EINVAL, stop(self->fd));

	/* What the user doesn't get to know has not begun. */
	control.ranges = (uintptr_t)range;
	page = read_only_feature(F_SET | START, &control, sizeof(control));
	ASSERT_NE(NULL, page);
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_FEATURE, page));
	EXPECT_RC(-EINVAL, stop(self->fd));
	EXPECT_RC(0, start(self->fd, range, 1));
	munmap(page, getpagesize());
	munmap(range, getpagesize());
}

/* What begins while memory runs out is on, or it is not and says so. */
TEST_F(logging, fail_nth)
{
	static const struct range ranges[] = { { AT(8), PAGE }, { AT(2), 2 * PAGE } };
	int nth_fd = open_nth(), ret;
	unsigned int nth;
	bool injected;

	if (nth_fd < 0)
		SKIP(return, "no fault injection in this kernel");
	for (nth = 1; nth < MAX_NTH; nth++) {
		set_nth(nth_fd, nth);
		ret = start(self->fd, ranges, ARRAY_SIZE(ranges));
		injected = was_injected(nth_fd);
		set_nth(nth_fd, 0);
		if (!injected)
			break;
		EXPECT_TRUE(!ret || ret == -ENOMEM || ret == -EFAULT)
			TH_LOG("nth %u: %d", nth, ret);
		EXPECT_RC(ret ? -EINVAL : 0, stop(self->fd));
	}
	EXPECT_LT(1, nth);
	EXPECT_EQ(0, ret);

	for (nth = 1; nth < MAX_NTH; nth++) {
		ASSERT_RC(0, test_device_dma(self->fd, AT(8), PAGE));
		set_nth(nth_fd, nth);
		ret = report(self->fd, IOVA, MIB(1), PAGE, self->bitmap);
		injected = was_injected(nth_fd);
		set_nth(nth_fd, 0);
		if (!injected)
			break;
		EXPECT_TRUE(!ret || ret == -ENOMEM || ret == -EFAULT)
			TH_LOG("nth %u: %d", nth, ret);
	}
	EXPECT_LT(1, nth);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(1ULL << 8, self->bitmap[0]);
	close(nth_fd);
}

/* The device takes the size it can, and says so. */
TEST_F(logging, page_size)
{
	static const struct {
		u64 want, got;
	} rows[] = {
		{ 1, KIB(4) }, { 512, KIB(4) }, { KIB(4), KIB(4) }, { KIB(64), KIB(64) },
		{ MIB(1), MIB(1) }, { MIB(2), MIB(1) },
	};
	struct range range = { IOVA, MIB(4) };
	unsigned int i;
	u64 size;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		size = rows[i].want;
		ASSERT_RC(0, start_size(self->fd, &range, 1, &size));
		EXPECT_EQ(rows[i].got, size);
		ASSERT_RC(0, stop(self->fd));
	}
	/* ranges have to fit what was asked for */
	range.iova += KIB(64);
	size = MIB(1);
	EXPECT_RC(-EINVAL, start_size(self->fd, &range, 1, &size));
	EXPECT_EQ(MIB(1), size);
}

TEST_F(logging, no_page_size)
{
	struct range range = { IOVA, PAGE };
	u64 size = 0;

	EXPECT_RC(-EINVAL, start_size(self->fd, &range, 1, &size));
	EXPECT_RC(-EINVAL, stop(self->fd));
}

TEST_F(logging, odd_page_size)
{
	struct range range = { 0, 3 * PAGE };
	u64 size = 3 * PAGE;

	EXPECT_RC(-EINVAL, start_size(self->fd, &range, 1, &size));
	EXPECT_RC(-EINVAL, stop(self->fd));
}

/* ---- what is reported */

TEST_F(logging, report)
{
	ASSERT_RC(0, start_one(self->fd, IOVA, BITS * PAGE));
	EXPECT_RC(0, test_device_dma(self->fd, IOVA, 1));
	EXPECT_RC(0, test_device_dma(self->fd, AT(5) + 4095, 2));
	EXPECT_RC(0, test_device_dma(self->fd, AT(63), 2 * PAGE));
	EXPECT_RC(0, test_device_dma(self->fd, AT(BITS - 1), PAGE));
	EXPECT_RC(0, report(self->fd, IOVA, BITS * PAGE, PAGE, self->bitmap));
	EXPECT_EQ(0x8000000000000061ULL, self->bitmap[0]);
	EXPECT_EQ(1, self->bitmap[1]);
	EXPECT_EQ(1ULL << 63, self->bitmap[WORDS - 1]);
	EXPECT_EQ(6, count_bits(self->bitmap));

	/* once */
	memset(self->bitmap, 0, sizeof(self->bitmap));
	EXPECT_RC(0, report(self->fd, IOVA, BITS * PAGE, PAGE, self->bitmap));
	EXPECT_EQ(0, count_bits(self->bitmap));
	/* and only ever set */
	memset(self->bitmap, 0xff, sizeof(self->bitmap));
	EXPECT_RC(0, report(self->fd, IOVA, BITS * PAGE, PAGE, self->bitmap));
	EXPECT_EQ(BITS, count_bits(self->bitmap));
}

/* What lies outside of the report stays for the next one, and outside of all never was. */
TEST_F(logging, pieces)
{
	static const struct range ranges[] = { { AT(0), 16 * PAGE }, { AT(32), 16 * PAGE } };

	ASSERT_RC(0, start(self->fd, ranges, 2));
	EXPECT_RC(0, test_device_dma(self->fd, AT(0), 48 * PAGE));
	EXPECT_RC(0, report(self->fd, AT(8), 4 * PAGE, PAGE, self->bitmap));
	EXPECT_EQ(0xf, self->bitmap[0]);
	self->bitmap[0] = 0;
	EXPECT_RC(0, report(self->fd, AT(0), 64 * PAGE, PAGE, self->bitmap));
	EXPECT_EQ(0x0000ffff0000f0ffULL, self->bitmap[0]);
	EXPECT_EQ(0, self->bitmap[1]);
}

/* A bit of the report may stand for several pages of the log, or the other way. */
TEST_F(logging, other_page_size)
{
	struct range range = { IOVA, MIB(1) };
	u64 size = KIB(64);

	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, test_device_dma(self->fd, AT(3), PAGE));
	EXPECT_RC(0, test_device_dma(self->fd, AT(31), 2 * PAGE));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), KIB(64), self->bitmap));
	EXPECT_EQ(0x7, self->bitmap[0]);
	ASSERT_RC(0, stop(self->fd));

	memset(self->bitmap, 0, sizeof(self->bitmap));
	ASSERT_RC(0, start_size(self->fd, &range, 1, &size));
	EXPECT_RC(0, test_device_dma(self->fd, AT(17), 1));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(0xffff0000, self->bitmap[0]);
	EXPECT_EQ(16, count_bits(self->bitmap));
}

/* A bitmap that begins and ends anywhere, over more than a page of memory */
TEST_F(logging, long_bitmap)
{
	const size_t page = getpagesize(), bytes = 3 * page;
	const u64 pages = bytes * 8;
	u8 *mem = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 n;
	u8 *map;
	static const unsigned int at[] = { 0, 1, 63, 64, 32000, 32703, 32704, 40000, 65471, 65472 };
	unsigned int i;

	ASSERT_NE(MAP_FAILED, mem);
	map = mem + 8;
	ASSERT_RC(0, start_one(self->fd, IOVA, pages * PAGE));
	for (i = 0; i < ARRAY_SIZE(at); i++)
		ASSERT_RC(0, test_device_dma(self->fd, AT((u64)at[i]), PAGE));
	ASSERT_RC(0, test_device_dma(self->fd, AT(pages - 1), PAGE));
	ASSERT_RC(0, report(self->fd, IOVA, pages * PAGE, PAGE, map));
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		EXPECT_TRUE(map[at[i] / 8] >> (at[i] % 8) & 1) TH_LOG("page %u", at[i]);
		map[at[i] / 8] &= ~(1 << (at[i] % 8));
	}
	EXPECT_EQ(0x80, map[bytes - 1]);
	map[bytes - 1] = 0;
	for (n = 0; n < bytes + page; n++)
		if (mem[n])
			break;
	EXPECT_EQ(bytes + page, n);
	munmap(mem, bytes + page);
}

TEST_F(logging, report_refused)
{
	static const u64 sizes[] = { 0, 1, 2048, 4095, 4097, 3 * PAGE, PAGE + MIB(1), -1ULL };
	unsigned int i;

	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, test_device_dma(self->fd, IOVA, PAGE));
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		EXPECT_RC(-EINVAL, report(self->fd, IOVA, MIB(1), sizes[i], self->bitmap));
	EXPECT_RC(-EOVERFLOW, report(self->fd, -PAGE, 2 * PAGE, PAGE, self->bitmap));
	EXPECT_RC(-EOVERFLOW, report(self->fd, IOVA, -PAGE, PAGE, self->bitmap));
	EXPECT_EQ(0, count_bits(self->bitmap));
	/* nothing of it has cleared the log */
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(1, self->bitmap[0]);
}

/* Memory that can't be written is the user's loss, and nobody else's. */
TEST_F(logging, bad_bitmaps)
{
	const size_t page = getpagesize();
	char *mem = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	void *places[4];
	unsigned int i;

	ASSERT_NE(MAP_FAILED, mem);
	places[0] = NULL;
	places[1] = (void *)-4096UL;
	places[2] = mem;
	places[3] = mem + page - 8;
	ASSERT_EQ(0, mprotect(mem, page, PROT_READ));
	ASSERT_EQ(0, munmap(mem + page, page));

	ASSERT_RC(0, start_one(self->fd, IOVA, BITS * PAGE));
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		ASSERT_RC(0, test_device_dma(self->fd, IOVA, 200 * PAGE));
		EXPECT_RC(0, report(self->fd, IOVA, BITS * PAGE, PAGE, places[i]));
	}
	/* one that ends in the middle: what is there is filled */
	ASSERT_EQ(0, mprotect(mem, page, PROT_READ | PROT_WRITE));
	ASSERT_RC(0, test_device_dma(self->fd, IOVA, 200 * PAGE));
	EXPECT_RC(0, report(self->fd, IOVA, BITS * PAGE, PAGE, mem + page - 8));
	EXPECT_EQ(-1ULL, *(u64 *)(mem + page - 8));

	ASSERT_RC(0, test_device_dma(self->fd, AT(9), PAGE));
	EXPECT_RC(0, report(self->fd, IOVA, BITS * PAGE, PAGE, self->bitmap));
	EXPECT_TRUE(bit(self->bitmap, 9));
	munmap(mem, page);
}

/* More ranges than the device has: those with little between them become one. */
TEST_F(logging, combined)
{
	static const struct range ranges[] = {
		{ AT(600), 8 * PAGE }, { AT(0), 8 * PAGE }, { AT(10), 8 * PAGE },
		{ AT(400), 8 * PAGE }, { AT(409), 8 * PAGE }, { AT(200), 8 * PAGE },
	};
	u64 want[WORDS] = {};
	unsigned int i;

	ASSERT_LT(TEST_LOG_RANGES, ARRAY_SIZE(ranges));
	ASSERT_RC(0, start(self->fd, ranges, ARRAY_SIZE(ranges)));
	EXPECT_RC(0, test_device_dma(self->fd, AT(0), 1000 * PAGE));
	EXPECT_RC(0, report(self->fd, AT(0), 1000 * PAGE, PAGE, self->bitmap));
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		set_bits(want, (ranges[i].iova - IOVA) / PAGE, ranges[i].length / PAGE);
	/* the two closest pairs */
	set_bits(want, 8, 2);
	set_bits(want, 408, 1);
	EXPECT_EQ(0, memcmp(want, self->bitmap, sizeof(want)));
}

/* Whoever opens the device next finds no log. */
TEST_F(logging, closed_while_on)
{
	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, test_device_dma(self->fd, IOVA, MIB(1)));
	close(self->fd);
	self->fd = test_device_open(self->bdf, self->iommufd);
	ASSERT_LE(0, self->fd);
	EXPECT_RC(-EINVAL, stop(self->fd));
	ASSERT_RC(0, start_one(self->fd, IOVA, MIB(1)));
	EXPECT_RC(0, report(self->fd, IOVA, MIB(1), PAGE, self->bitmap));
	EXPECT_EQ(0, count_bits(self->bitmap));
}

/* Against a bitmap of our own */
TEST_F(logging, random)
{
	unsigned int seed = vfio_test_seed(), rounds = vfio_test_rounds(400), first, nr, i;
	u64 model[WORDS] = {};

	ASSERT_RC(0, start_one(self->fd, IOVA, BITS * PAGE));
	while (rounds--) {
		first = rand_r(&seed) % BITS;
		nr = 1 + rand_r(&seed) % 100;
		if (nr > BITS - first)
			nr = BITS - first;
		if (rand_r(&seed) % 4) {
			ASSERT_RC(0, test_device_dma(self->fd, AT(first), nr * PAGE));
			set_bits(model, first, nr);
			continue;
		}
		memset(self->bitmap, 0, sizeof(self->bitmap));
		ASSERT_RC(0, report(self->fd, AT(first), nr * PAGE, PAGE, self->bitmap));
		for (i = 0; i < nr; i++) {
			ASSERT_EQ(bit(model, first + i), bit(self->bitmap, i))
				TH_LOG("page %u of %u from %u", i, nr, first);
			model[(first + i) / 64] &= ~(1ULL << ((first + i) % 64));
		}
	}
}

/* ---- a device that logs nothing */

FIXTURE(no_log)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_SETUP(no_log)
{
	SETUP_TEST_DEVICE(TEST_DEVICE_STOPS);
}

FIXTURE_TEARDOWN(no_log)
{
	close(self->fd);
	close(self->iommufd);
}

TEST_F(no_log, features)
{
	static const u32 indexes[] = { START, STOP, REPORT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		EXPECT_RC(-ENOTTY, feature_raw(self->fd, 64, F_SET | indexes[i]));
		EXPECT_RC(-ENOTTY, feature_raw(self->fd, 64, F_GET | indexes[i]));
		EXPECT_RC(-ENOTTY, feature_raw(self->fd, 8, F_PROBE | F_SET | indexes[i]));
	}
}

TEST_HARNESS_MAIN
