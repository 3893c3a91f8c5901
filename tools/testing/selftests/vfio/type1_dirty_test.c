// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logging of dirty pages in a type1 container: switching it on and off, the
 * bitmap of a range and that of what is unmapped, and what is refused. With a
 * physical device, of which the kernel cannot know what it writes, everything
 * that is mapped is dirty all the time.
 */
#include "type1.h"

#define IOVA		0x10000000UL
#define NUM_PAGES	256
#define SIZE		(NUM_PAGES * PAGE)
#define AT(n)		(IOVA + (n) * PAGE)

#define START		VFIO_IOMMU_DIRTY_PAGES_FLAG_START
#define STOP		VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP
#define GET		VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP

#define WORDS		8
#define MAX_BITMAP	(256UL << 20)

struct get_cmd {
	struct vfio_iommu_type1_dirty_bitmap cmd;
	struct vfio_iommu_type1_dirty_bitmap_get get;
};

struct unmap_cmd {
	struct vfio_iommu_type1_dma_unmap cmd;
	struct vfio_bitmap bitmap;
};

FIXTURE(dirty)
{
	const char *bdf;
	struct vfio_container container;
	int fd;
	char *mem;
	u64 bitmap[WORDS];
};

static void set_up(struct __test_metadata *_metadata,
		   FIXTURE_DATA(dirty) *self, unsigned long type)
{
	self->mem = anon_memory(SIZE);
	ASSERT_NE(NULL, self->mem);
	ASSERT_RC(0, vfio_container_init(&self->container, type, self->bdf));
	self->fd = self->container.fd;
}

FIXTURE_SETUP(dirty)
{
	self->container.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	set_up(_metadata, self, VFIO_TYPE1v2_IOMMU);
}

FIXTURE_TEARDOWN(dirty)
{
	vfio_container_cleanup(&self->container);
	if (self->mem)
		munmap(self->mem, SIZE);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

/* @len pages at page @n. */
static int map(FIXTURE_DATA(dirty) *self, unsigned long n, unsigned long len)
{
	return vfio_type1_map(self->fd, self->mem, len * PAGE, AT(n));
}

static int simple(FIXTURE_DATA(dirty) *self, u32 flags)
{
	struct vfio_iommu_type1_dirty_bitmap cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
	};

	return vfio_ioctl(self->fd, VFIO_IOMMU_DIRTY_PAGES, &cmd);
}

/* A command that gets @len pages at page @n into a cleared bitmap. */
static void get_cmd(FIXTURE_DATA(dirty) *self, struct get_cmd *cmd,
		    unsigned long n, unsigned long len)
{
	memset(self->bitmap, 0, sizeof(self->bitmap));
	*cmd = (struct get_cmd){
		.cmd.argsz = sizeof(struct get_cmd),
		.cmd.flags = GET,
		.get.iova = AT(n),
		.get.size = len * PAGE,
		.get.bitmap.pgsize = PAGE,
		.get.bitmap.size = (len + 63) / 64 * 8,
		.get.bitmap.data = (void *)self->bitmap,
	};
}

static int run(FIXTURE_DATA(dirty) *self, struct get_cmd *cmd)
{
	return vfio_ioctl(self->fd, VFIO_IOMMU_DIRTY_PAGES, cmd);
}

static int get(FIXTURE_DATA(dirty) *self, unsigned long n, unsigned long len)
{
	struct get_cmd cmd;

	get_cmd(self, &cmd, n, len);
	return run(self, &cmd);
}

static bool bit(FIXTURE_DATA(dirty) *self, unsigned int n)
{
	return self->bitmap[n / 64] >> n % 64 & 1;
}

/* From bit @n on @len are set; this many bits are as they should be. */
static unsigned int bits_set(FIXTURE_DATA(dirty) *self, unsigned int n,
			     unsigned int len)
{
	unsigned int i, good = 0;

	for (i = 0; i < WORDS * 64; i++)
		good += bit(self, i) == (i >= n && i < n + len);
	return good;
}

#define ALL_GOOD	(WORDS * 64)

TEST_F(dirty, sizes_of_argument)
{
	struct get_cmd cmd;
	u32 argsz;

	get_cmd(self, &cmd, 0, 64);
	ASSERT_RC(0, map(self, 0, 64));
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_IOMMU_DIRTY_PAGES, NULL));
	for (argsz = 0; argsz < 8; argsz++) {
		cmd.cmd.argsz = argsz;
		cmd.cmd.flags = GET;
		EXPECT_RC(-EINVAL, run(self, &cmd));
		cmd.cmd.flags = START;
		EXPECT_RC(-EINVAL, run(self, &cmd));
		cmd.cmd.flags = STOP;
		EXPECT_RC(-EINVAL, run(self, &cmd));
	}
	cmd.cmd.flags = GET;
	for (; argsz < sizeof(cmd); argsz++) {
		cmd.cmd.argsz = argsz;
		EXPECT_RC(-EINVAL, run(self, &cmd));
	}
	EXPECT_EQ(0, self->bitmap[0]);
	cmd.cmd.argsz = sizeof(cmd);
	EXPECT_RC(0, run(self, &cmd));
	EXPECT_EQ(~0UL, self->bitmap[0]);
}

TEST_F(dirty, flags)
{
	static const u32 bad[] = {
		0, START | STOP, START | GET, STOP | GET, START | STOP | GET,
		1 << 3, START | 1 << 3, GET | 1u << 31, ~0u,
	};
	struct get_cmd cmd;
	char row[32];
	int i;

	get_cmd(self, &cmd, 0, 64);
	ASSERT_RC(0, map(self, 0, 64));
	ASSERT_RC(0, simple(self, START));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(row, sizeof(row), "flags %#x", bad[i]);
		cmd.cmd.flags = bad[i];
		EXPECT_RC_AT(row, -EINVAL, run(self, &cmd));
	}
	/* It is on still. */
	EXPECT_RC(0, get(self, 0, 64));
}

/* Twice is as good as once. */
TEST_F(dirty, start_and_stop)
{
	ASSERT_RC(0, map(self, 0, 4));
	EXPECT_RC(0, simple(self, STOP));
	EXPECT_RC(-EINVAL, get(self, 0, 4));
	EXPECT_RC(0, simple(self, START));
	EXPECT_RC(0, simple(self, START));
	EXPECT_RC(0, get(self, 0, 4));
	EXPECT_RC(0, simple(self, STOP));
	EXPECT_RC(-EINVAL, get(self, 0, 4));
	EXPECT_RC(0, simple(self, STOP));
	EXPECT_RC(0, simple(self, START));
	EXPECT_RC(0, get(self, 0, 4));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 4));
}

/* Without anything mapped it can be on, too. */
TEST_F(dirty, empty)
{
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(0, get(self, 0, 64));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 0));
	EXPECT_RC(0, simple(self, STOP));
}

/* Everything is dirty, how often one asks. */
TEST_F(dirty, all_dirty)
{
	static const unsigned int lens[] = { 1, 4, 63, 64, 65, 100, 128, 200 };
	int i, j;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_RC(0, map(self, 0, lens[i]));
		ASSERT_RC(0, simple(self, START));
		for (j = 0; j < 2; j++) {
			EXPECT_RC(0, get(self, 0, lens[i]));
			EXPECT_EQ(ALL_GOOD, bits_set(self, 0, lens[i]))
				TH_LOG("%u pages", lens[i]);
		}
		ASSERT_RC(0, simple(self, STOP));
		EXPECT_RC(lens[i] * PAGE, vfio_type1_unmap_all(self->fd));
	}
}

/* What is mapped while it is on is logged, too. */
TEST_F(dirty, mapped_while_on)
{
	ASSERT_RC(0, simple(self, START));
	ASSERT_RC(0, map(self, 0, 10));
	EXPECT_RC(0, get(self, 0, 10));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 10));
	EXPECT_RC(10 * PAGE,
		  vfio_type1_unmap_flags(self->fd, AT(0), 10 * PAGE, 0));
	EXPECT_RC(0, get(self, 0, 10));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 0));
	/* And goes with the logging still on. */
	ASSERT_RC(0, map(self, 0, 10));
}

/* Memory that the device may only read counts as well. */
TEST_F(dirty, read_only)
{
	ASSERT_RC(0, vfio_type1_map_flags(self->fd, self->mem, 4 * PAGE, AT(0),
					  VFIO_DMA_MAP_FLAG_READ));
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(0, get(self, 0, 4));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 4));
}

/* Bits of several mappings come together; what is not mapped is clean. */
TEST_F(dirty, several_mappings)
{
	unsigned int i;

	ASSERT_RC(0, map(self, 3, 5));
	ASSERT_RC(0, map(self, 8, 1));
	ASSERT_RC(0, map(self, 61, 7));
	ASSERT_RC(0, map(self, 100, 130));
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(0, get(self, 0, 256));
	for (i = 0; i < WORDS * 64; i++)
		EXPECT_EQ((i >= 3 && i < 9) || (i >= 61 && i < 68) ||
			  (i >= 100 && i < 230), bit(self, i))
			TH_LOG("bit %u", i);
}

/* Bits are counted from the start of the range, wherever that is. */
TEST_F(dirty, parts_of_range)
{
	static const struct {
		u8 start;
		u8 len;
		u64 bits;
	} rows[] = {
		{ 61, 39, 0x7f }, { 60, 39, 0xfe }, { 8, 53, 0x1 },
		{ 9, 52, 0 }, { 0, 61, 0x1f8 }, { 3, 6, 0x3f }, { 2, 8, 0x7e },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_RC(0, map(self, 3, 5));
		ASSERT_RC(0, map(self, 8, 1));
		ASSERT_RC(0, map(self, 61, 7));
		ASSERT_RC(0, simple(self, START));
		EXPECT_RC(0, get(self, rows[i].start, rows[i].len));
		EXPECT_EQ(rows[i].bits, self->bitmap[0])
			TH_LOG("%u pages at %u", rows[i].len, rows[i].start);
		EXPECT_EQ(0, self->bitmap[1]);
		ASSERT_RC(0, simple(self, STOP));
		EXPECT_RC(13 * PAGE, vfio_type1_unmap_all(self->fd));
	}
}

/* What was read once, shifted by some bits, is not in the way later. */
TEST_F(dirty, read_again)
{
	ASSERT_RC(0, map(self, 3, 5));
	ASSERT_RC(0, map(self, 8, 1));
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(0, get(self, 0, 64));
	EXPECT_EQ(0x1f8, self->bitmap[0]);
	EXPECT_RC(0, get(self, 8, 56));
	EXPECT_EQ(0x1, self->bitmap[0]);
	EXPECT_RC(0, get(self, 0, 64));
	EXPECT_EQ(0x1f8, self->bitmap[0]);
	EXPECT_RC(0, get(self, 3, 61));
	EXPECT_EQ(0x3f, self->bitmap[0]);
}

TEST_F(dirty, get_errors)
{
	struct get_cmd good, cmd;
	const struct {
		const char *name;
		int want;
		u64 iova, size, pgsize, bitmap;
	} rows[] = {
		{ "size 0", -EINVAL, AT(0), 0, PAGE, 8 },
		{ "size unaligned", -EINVAL, AT(0), 64 * PAGE - 8, PAGE, 8 },
		{ "iova unaligned", -EINVAL, AT(0) + 8, 64 * PAGE, PAGE, 8 },
		{ "pgsize 0", -EINVAL, AT(0), 64 * PAGE, 0, 8 },
		{ "pgsize 1", -EINVAL, AT(0), 64 * PAGE, 1, 8 },
		{ "pgsize 8K", -EINVAL, AT(0), 64 * PAGE, 2 * PAGE, 8 },
		{ "pgsize 2M", -EINVAL, AT(0), 64 * PAGE, HUGE_PAGE, 8 },
		{ "pgsize odd", -EINVAL, AT(0), 64 * PAGE, PAGE + 1, 8 },
		{ "bitmap 0", -EINVAL, AT(0), 64 * PAGE, PAGE, 0 },
		{ "bitmap short", -EINVAL, AT(0), 65 * PAGE, PAGE, 8 },
		{ "bitmap 7", -EINVAL, AT(0), 64 * PAGE, PAGE, 7 },
		{ "bitmap huge", -EINVAL, AT(0), 64 * PAGE, PAGE,
		  MAX_BITMAP + 8 },
		{ "bitmap endless", -EINVAL, AT(0), 64 * PAGE, PAGE, ~0UL },
		{ "range wraps", -EOVERFLOW, -PAGE, 64 * PAGE, PAGE, 8 },
		{ "cut in front", -EINVAL, AT(1), 63 * PAGE, PAGE, 8 },
		{ "cut behind", -EINVAL, AT(0), 63 * PAGE, PAGE, 8 },
		{ "cut in the next", -EINVAL, AT(0), 71 * PAGE, PAGE, 16 },
		{ "inside", -EINVAL, AT(5), 2 * PAGE, PAGE, 8 },
		{ "longer bitmap", 0, AT(0), 64 * PAGE, PAGE, 16 },
		{ "exactly", 0, AT(0), 64 * PAGE, PAGE, 8 },
	};
	int i;

	get_cmd(self, &good, 0, 64);
	ASSERT_RC(0, map(self, 0, 64));
	ASSERT_RC(0, map(self, 70, 2));
	ASSERT_RC(0, simple(self, START));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		cmd = good;
		cmd.get.iova = rows[i].iova;
		cmd.get.size = rows[i].size;
		cmd.get.bitmap.pgsize = rows[i].pgsize;
		cmd.get.bitmap.size = rows[i].bitmap;
		memset(self->bitmap, 0, sizeof(self->bitmap));
		EXPECT_RC_AT(rows[i].name, rows[i].want, run(self, &cmd));
		EXPECT_EQ(ALL_GOOD, bits_set(self, 0, rows[i].want ? 0 : 64))
			TH_LOG("%s", rows[i].name);
	}
	cmd = good;
	cmd.get.bitmap.data = NULL;
	EXPECT_RC(-EFAULT, run(self, &cmd));
	EXPECT_RC(0, get(self, 0, 64));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 64));
}

/* ---- the bitmap of what is unmapped ---- */

static void unmap_cmd(FIXTURE_DATA(dirty) *self, struct unmap_cmd *cmd,
		      unsigned long n, unsigned long len)
{
	memset(self->bitmap, 0, sizeof(self->bitmap));
	*cmd = (struct unmap_cmd){
		.cmd.argsz = sizeof(struct unmap_cmd),
		.cmd.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.cmd.iova = AT(n),
		.cmd.size = len * PAGE,
		.bitmap.pgsize = PAGE,
		.bitmap.size = (len + 63) / 64 * 8,
		.bitmap.data = (void *)self->bitmap,
	};
}

static int run_unmap(FIXTURE_DATA(dirty) *self, struct unmap_cmd *cmd)
{
	return vfio_ioctl(self->fd, VFIO_IOMMU_UNMAP_DMA, cmd);
}

TEST_F(dirty, unmap)
{
	struct unmap_cmd cmd;

	ASSERT_RC(0, map(self, 0, 70));
	unmap_cmd(self, &cmd, 0, 70);
	/* Not while it is off */
	EXPECT_RC(-EINVAL, run_unmap(self, &cmd));
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(0, run_unmap(self, &cmd));
	EXPECT_EQ(70 * PAGE, cmd.cmd.size);
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 70));
	EXPECT_EQ(0, vfio_locked_kb(getpid()));

	/* Two with a hole between them */
	ASSERT_RC(0, map(self, 1, 2));
	ASSERT_RC(0, map(self, 65, 3));
	unmap_cmd(self, &cmd, 0, 128);
	EXPECT_RC(0, run_unmap(self, &cmd));
	EXPECT_EQ(5 * PAGE, cmd.cmd.size);
	EXPECT_EQ(6, self->bitmap[0]);
	EXPECT_EQ(14, self->bitmap[1]);

	/* Nothing there */
	unmap_cmd(self, &cmd, 0, 128);
	EXPECT_RC(0, run_unmap(self, &cmd));
	EXPECT_EQ(0, cmd.cmd.size);
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 0));
}

TEST_F(dirty, unmap_errors)
{
	struct unmap_cmd cmd;
	const struct {
		const char *name;
		u32 flags;
		u64 iova, size, pgsize, bitmap;
	} rows[] = {
		{ "ALL", 3, 0, 0, PAGE, 8 },
		{ "VADDR", 5, AT(0), 64 * PAGE, PAGE, 8 },
		{ "unknown flag", 9, AT(0), 64 * PAGE, PAGE, 8 },
		{ "size 0", 1, AT(0), 0, PAGE, 8 },
		{ "size unaligned", 1, AT(0), 63 * PAGE + 1, PAGE, 8 },
		{ "pgsize 0", 1, AT(0), 64 * PAGE, 0, 8 },
		{ "pgsize 8K", 1, AT(0), 64 * PAGE, 2 * PAGE, 8 },
		{ "pgsize 2M", 1, AT(0), 64 * PAGE, HUGE_PAGE, 8 },
		{ "bitmap 0", 1, AT(0), 64 * PAGE, PAGE, 0 },
		{ "bitmap short", 1, AT(0), 65 * PAGE, PAGE, 8 },
		{ "bitmap huge", 1, AT(0), 64 * PAGE, PAGE, MAX_BITMAP + 8 },
		{ "cut in front", 1, AT(1), 63 * PAGE, PAGE, 8 },
		{ "cut behind", 1, AT(0), 63 * PAGE, PAGE, 8 },
	};
	u32 argsz;
	int i;

	unmap_cmd(self, &cmd, 0, 64);
	ASSERT_RC(0, map(self, 0, 64));
	ASSERT_RC(0, simple(self, START));
	for (argsz = 0; argsz < sizeof(cmd); argsz++) {
		cmd.cmd.argsz = argsz;
		EXPECT_RC(-EINVAL, run_unmap(self, &cmd));
	}
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unmap_cmd(self, &cmd, 0, 64);
		cmd.cmd.flags = rows[i].flags;
		cmd.cmd.iova = rows[i].iova;
		cmd.cmd.size = rows[i].size;
		cmd.bitmap.pgsize = rows[i].pgsize;
		cmd.bitmap.size = rows[i].bitmap;
		EXPECT_RC_AT(rows[i].name, -EINVAL, run_unmap(self, &cmd));
		EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 0))
			TH_LOG("%s", rows[i].name);
		EXPECT_EQ(64 * PAGE / 1024, vfio_locked_kb(getpid()))
			TH_LOG("%s", rows[i].name);
	}
	unmap_cmd(self, &cmd, 0, 64);
	EXPECT_RC(0, run_unmap(self, &cmd));
	EXPECT_EQ(ALL_GOOD, bits_set(self, 0, 64));
}

/* Where the bits can't be stored, the pages stay. */
TEST_F(dirty, unmap_fault)
{
	struct unmap_cmd cmd;

	unmap_cmd(self, &cmd, 0, 64);
	ASSERT_RC(0, map(self, 0, 64));
	ASSERT_RC(0, simple(self, START));
	cmd.bitmap.data = NULL;
	EXPECT_RC(-EFAULT, run_unmap(self, &cmd));
	EXPECT_EQ(64 * PAGE, cmd.cmd.size);
}

/* Closing all of it with the logging on */
TEST_F(dirty, emptied)
{
	ASSERT_RC(0, map(self, 0, 64));
	ASSERT_RC(0, simple(self, START));
	EXPECT_RC(0, vfio_group_unset_container(self->container.groups[0]));
	EXPECT_RC(-EINVAL, get(self, 0, 64));
	ASSERT_RC(0, vfio_group_set_container(self->container.groups[0],
					      self->fd));
	ASSERT_RC(0, vfio_container_set_iommu(self->fd, VFIO_TYPE1v2_IOMMU));
	ASSERT_RC(0, map(self, 0, 64));
	EXPECT_RC(-EINVAL, get(self, 0, 64));
}

/* Version 1 has none of it, whatever is asked. */
TEST_F(dirty, version_1)
{
	struct get_cmd cmd;
	u32 flags;

	vfio_container_cleanup(&self->container);
	munmap(self->mem, SIZE);
	set_up(_metadata, self, VFIO_TYPE1_IOMMU);
	ASSERT_RC(0, map(self, 0, 64));
	for (flags = 0; flags < 16; flags++) {
		get_cmd(self, &cmd, 0, 64);
		cmd.cmd.flags = flags;
		EXPECT_RC(-EACCES, run(self, &cmd));
		cmd.cmd.argsz = 0;
		EXPECT_RC(-EACCES, run(self, &cmd));
	}
	EXPECT_RC(-EACCES, vfio_ioctl(self->fd, VFIO_IOMMU_DIRTY_PAGES, NULL));
}

/* So a bitmap can't be had with unmapping, either. */
TEST_F(dirty, version_1_unmap)
{
	struct unmap_cmd cmd;

	vfio_container_cleanup(&self->container);
	munmap(self->mem, SIZE);
	set_up(_metadata, self, VFIO_TYPE1_IOMMU);
	ASSERT_RC(0, map(self, 0, 64));
	unmap_cmd(self, &cmd, 0, 64);
	EXPECT_RC(-EINVAL, run_unmap(self, &cmd));
	EXPECT_EQ(64 * PAGE / 1024, vfio_locked_kb(getpid()));
}

TEST_HARNESS_MAIN
