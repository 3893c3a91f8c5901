// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA mappings of files, and of pages that have gone bad: what must not be
 * pinned for long, or not at all, is refused without a trace.
 *
 * VFIO_TEST_FILES may name a directory on a file system that writes back what
 * is changed in mappings, which none of those in memory does.
 */
#include <fcntl.h>

#include "type1_dma.h"

#define RW		(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)
#define READ_ONLY	VFIO_DMA_MAP_FLAG_READ
#define LEN		(8 * PAGE)

FIXTURE(file)
{
	const char *bdf;
	struct type1_device dev;
	int fd;
	int file;
};

FIXTURE_VARIANT(file)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(file, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(file, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(file)
{
	self->file = -1;
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "NVME");
	ASSERT_RC(0, type1_device_open(&self->dev, variant->type, self->bdf));
	self->fd = self->dev.container.fd;
}

FIXTURE_TEARDOWN(file)
{
	type1_device_close(&self->dev);
	if (self->file >= 0)
		close(self->file);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

static int map(FIXTURE_DATA(file) *self, void *mem, u32 flags)
{
	return vfio_type1_map_flags(self->fd, mem, LEN, IOVA, flags);
}

static s64 unmap(FIXTURE_DATA(file) *self)
{
	return vfio_type1_unmap_flags(self->fd, IOVA, LEN, 0);
}

static void refused(struct __test_metadata *_metadata, FIXTURE_DATA(file) *self,
		    void *mem, u32 flags)
{
	s64 before = vfio_type1_avail(self->fd);

	EXPECT_RC(-EFAULT, map(self, mem, flags));
	EXPECT_EQ(TYPE1_DEVICE_PAGES * PAGE / 1024, vfio_locked_kb(getpid()));
	EXPECT_EQ(before, vfio_type1_avail(self->fd));
	EXPECT_RC(0, unmap(self));
}

/* The running program, which nobody may write to. */
static void *map_program(FIXTURE_DATA(file) *self, int prot, int flags)
{
	void *mem;

	self->file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self->file < 0)
		return NULL;
	mem = mmap(NULL, LEN, prot, flags, self->file, 0);
	return mem == MAP_FAILED ? NULL : mem;
}

TEST_F(file, read_only_shared)
{
	void *mem = map_program(self, PROT_READ, MAP_SHARED);

	ASSERT_NE(NULL, mem);
	refused(_metadata, self, mem, RW);
	refused(_metadata, self, mem, VFIO_DMA_MAP_FLAG_WRITE);
	ASSERT_RC(0, map(self, mem, READ_ONLY));
	EXPECT_TRUE(type1_reads(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_reads(&self->dev, mem + LEN - PAGE,
				IOVA + LEN - PAGE));
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

TEST_F(file, read_only_private)
{
	void *mem = map_program(self, PROT_READ, MAP_PRIVATE);

	ASSERT_NE(NULL, mem);
	refused(_metadata, self, mem, RW);
	ASSERT_RC(0, map(self, mem, READ_ONLY));
	EXPECT_TRUE(type1_reads(&self->dev, mem, IOVA));
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

/* Written to, it is a copy; the file stays as it is. */
TEST_F(file, private)
{
	void *mem = map_program(self, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	char byte;

	ASSERT_NE(NULL, mem);
	ASSERT_RC(0, map(self, mem, RW));
	EXPECT_TRUE(type1_reaches(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + LEN - PAGE,
				  IOVA + LEN - PAGE));
	ASSERT_EQ(1, pread(self->file, &byte, 1, 0));
	EXPECT_EQ(0x7f, byte);
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

/* A private mapping that is read at first, and then written to by the CPU. */
TEST_F(file, private_written_later)
{
	void *mem = map_program(self, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	ASSERT_NE(NULL, mem);
	ASSERT_RC(0, map(self, mem, READ_ONLY));
	EXPECT_TRUE(type1_reads(&self->dev, mem, IOVA));
	type1_fill(&self->dev, mem);
	EXPECT_TRUE(type1_reads(&self->dev, mem, IOVA));
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

/* Beyond the end of a file there is nothing. */
TEST_F(file, beyond_the_end)
{
	void *mem;

	self->file = memfd_create("short", MFD_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, ftruncate(self->file, LEN - PAGE));
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, self->file,
		   0);
	ASSERT_NE(MAP_FAILED, mem);
	refused(_metadata, self, mem, RW);
	refused(_metadata, self, mem, READ_ONLY);
	ASSERT_EQ(0, ftruncate(self->file, LEN));
	EXPECT_RC(0, map(self, mem, RW));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + LEN - PAGE,
				  IOVA + LEN - PAGE));
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

/*
 * A device's writes would come behind the back of a file system that has to
 * know of them to write them out.
 */
TEST_F(file, written_back)
{
	const char *dir = getenv("VFIO_TEST_FILES");
	char path[256];
	void *mem;

	if (!dir)
		SKIP(return, "VFIO_TEST_FILES is not set");
	snprintf(path, sizeof(path), "%s/vfio-test-XXXXXX", dir);
	self->file = mkstemp(path);
	ASSERT_LE(0, self->file) TH_LOG("%s", path);
	unlink(path);
	ASSERT_EQ(0, ftruncate(self->file, LEN));
	mem = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, self->file,
		   0);
	if (mem == MAP_FAILED)
		SKIP(return, "%s: files can't be mapped for writing", dir);
	memset(mem, 1, LEN);
	refused(_metadata, self, mem, RW);
	refused(_metadata, self, mem, VFIO_DMA_MAP_FLAG_WRITE);
	ASSERT_RC(0, map(self, mem, READ_ONLY));
	EXPECT_TRUE(type1_reads(&self->dev, mem, IOVA));
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

/* Memory that the hardware has given up is not had again. */
TEST_F(file, poisoned)
{
	char *mem = anon_memory(LEN);

	ASSERT_NE(NULL, mem);
	madvise(mem, LEN, MADV_NOHUGEPAGE);
	memset(mem, 1, LEN);
	if (madvise(mem + 3 * PAGE, PAGE, MADV_HWPOISON))
		SKIP(return, "no page can be poisoned: MEMORY_FAILURE: %s",
		     strerror(errno));
	refused(_metadata, self, mem, RW);
	refused(_metadata, self, mem, READ_ONLY);
	/* What replaces it can. */
	ASSERT_NE(MAP_FAILED, mmap(mem + 3 * PAGE, PAGE,
				   PROT_READ | PROT_WRITE, MAP_PRIVATE |
				   MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	ASSERT_RC(0, map(self, mem, RW));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + 3 * PAGE,
				  IOVA + 3 * PAGE));
	EXPECT_RC(LEN, unmap(self));
	munmap(mem, LEN);
}

/* In KiB */
static u64 free_memory(void)
{
	unsigned long long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "MemFree: %llu kB", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

/* All that was pinned is given back: a leak would take 256 MiB. */
TEST_F(file, pins_end)
{
	u64 before = free_memory();
	char *mem;
	int i;

	for (i = 0; i < 32; i++) {
		mem = anon_memory(8 << 20);
		ASSERT_NE(NULL, mem);
		madvise(mem, 8 << 20, i % 2 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		ASSERT_RC(0, vfio_type1_map(self->fd, mem, 8 << 20, IOVA));
		if (i % 3)
			munmap(mem, 8 << 20);
		ASSERT_RC(8 << 20, vfio_type1_unmap_flags(self->fd, IOVA,
							  8 << 20, 0));
		if (i % 3 == 0)
			munmap(mem, 8 << 20);
		if (!i)
			before = free_memory();
	}
	EXPECT_LT(before - (128 << 10), free_memory());
}

TEST_HARNESS_MAIN
