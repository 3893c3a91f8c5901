// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA through the mappings of a type1 container: whatever kind of memory it
 * is, what the device moves arrives exactly there while it is mapped, and
 * nothing does afterwards. And the memory that must be refused, of which
 * nothing may stay mapped or accounted.
 */
#include "type1_dma.h"

#define NR_HUGE		"/proc/sys/vm/nr_hugepages"
#define SYSFS_HUGE	"/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define READ_ONLY	VFIO_DMA_MAP_FLAG_READ

FIXTURE(dma)
{
	const char *bdf;
	struct type1_device dev;
	int fd;
	u64 nr_huge;
};

FIXTURE_VARIANT(dma)
{
	const char *kind;
	unsigned long type;
};

FIXTURE_VARIANT_ADD(dma, v1) { .kind = "IGB", .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(dma, v2) { .kind = "NVME", .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(dma)
{
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, variant->kind);
	ASSERT_RC(0, type1_device_open(&self->dev, variant->type, self->bdf));
	self->fd = self->dev.container.fd;
	ASSERT_EQ(0, sysfs_read_u64(NR_HUGE, &self->nr_huge));
}

FIXTURE_TEARDOWN(dma)
{
	type1_device_close(&self->dev);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

/* Without what the device needs for itself */
static long locked_pages(void)
{
	return vfio_locked_kb(getpid()) / (long)(PAGE / 1024) -
	       (long)TYPE1_DEVICE_PAGES;
}

static s64 avail(FIXTURE_DATA(dma) *self)
{
	return vfio_type1_avail(self->fd);
}

/*
 * Map @mem, look at the first, the last and some pages between them, unmap it,
 * and look again.
 */
static void check_at(struct __test_metadata *_metadata,
		     FIXTURE_DATA(dma) *self, char *mem, u64 len, u64 iova)
{
	u64 step = len / PAGE / 4 * PAGE + PAGE;
	u64 off;

	ASSERT_RC(0, vfio_type1_map(self->fd, mem, len, iova));
	EXPECT_EQ(len / PAGE, locked_pages());
	for (off = 0; off < len; off += step)
		EXPECT_TRUE(type1_reaches(&self->dev, mem + off, iova + off))
			TH_LOG("offset %#llx", (unsigned long long)off);
	EXPECT_TRUE(type1_reaches(&self->dev, mem + len - PAGE,
				  iova + len - PAGE));
	ASSERT_RC(len, vfio_type1_unmap_flags(self->fd, iova, len, 0));
	EXPECT_EQ(0, locked_pages());
	EXPECT_TRUE(type1_blocked(&self->dev, mem, iova));
	EXPECT_TRUE(type1_blocked(&self->dev, mem + len - PAGE,
				  iova + len - PAGE));
}

static void check(struct __test_metadata *_metadata, FIXTURE_DATA(dma) *self,
		  char *mem, u64 len)
{
	check_at(_metadata, self, mem, len, IOVA);
}

/* @flags of the mapping are refused, and nothing is left. */
static void refused(struct __test_metadata *_metadata, FIXTURE_DATA(dma) *self,
		    char *mem, u64 len, u32 flags)
{
	s64 before = avail(self);

	EXPECT_RC(-EFAULT,
		  vfio_type1_map_flags(self->fd, mem, len, IOVA, flags));
	EXPECT_EQ(0, locked_pages());
	EXPECT_EQ(before, avail(self));
	EXPECT_RC(0, vfio_type1_unmap_flags(self->fd, IOVA, len, 0));
}

#define RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* In KiB, how much of the mapping at @mem is in huge pages. */
static long huge_kb(const char *mem)
{
	unsigned long start, end;
	char line[512];
	bool here = false;
	long kb = 0, n;
	FILE *f;

	f = fopen("/proc/self/smaps", "r");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (uintptr_t)mem && end > (uintptr_t)mem;
		else if (here && sscanf(line, "AnonHugePages: %ld", &n) == 1)
			kb += n;
	}
	fclose(f);
	return kb;
}

/* @n transparent huge pages, aligned; NULL without. */
static char *thp_memory(unsigned int n)
{
	u64 len = n * HUGE_PAGE;
	char *all = anon_memory(len + HUGE_PAGE);
	char *mem;

	if (!all)
		return NULL;
	mem = (char *)(((uintptr_t)all + HUGE_PAGE - 1) & -HUGE_PAGE);
	if (mem > all)
		munmap(all, mem - all);
	munmap(mem + len, all + HUGE_PAGE - mem);
	if (madvise(mem, len, MADV_HUGEPAGE))
		return NULL;
	memset(mem, 1, len);
	return huge_kb(mem) == (long)(len >> 10) ? mem : NULL;
}

#define REQUIRE_THP(mem, n) do {					\
	(mem) = thp_memory(n);						\
	if (!(mem))							\
		SKIP(return, "no transparent huge pages to be had");	\
} while (0)

TEST_F(dma, anonymous)
{
	char *mem = anon_memory(64 * PAGE);

	ASSERT_NE(NULL, mem);
	madvise(mem, 64 * PAGE, MADV_NOHUGEPAGE);
	check(_metadata, self, mem, PAGE);
	check(_metadata, self, mem, 64 * PAGE);
	check(_metadata, self, mem + 3 * PAGE, 7 * PAGE);
}

TEST_F(dma, transparent_huge_pages)
{
	char *mem;

	REQUIRE_THP(mem, 2);
	check(_metadata, self, mem, 2 * HUGE_PAGE);
	/* Neither the ends nor the addresses fit to the pages. */
	check_at(_metadata, self, mem, 2 * HUGE_PAGE, IOVA + PAGE);
	check(_metadata, self, mem + PAGE, 2 * HUGE_PAGE - 3 * PAGE);
	check_at(_metadata, self, mem + 5 * PAGE, HUGE_PAGE, IOVA + 5 * PAGE);
	munmap(mem, 2 * HUGE_PAGE);
}

/* The mapping in the IOMMU may be made of small pages by order. */
TEST_F(dma, disable_hugepages)
{
	char *mem;

	REQUIRE_THP(mem, 1);
	ASSERT_EQ(0, type1_param_set("disable_hugepages", "Y"));
	check(_metadata, self, mem, HUGE_PAGE);
	ASSERT_EQ(0, type1_param_set("disable_hugepages", "N"));
	check(_metadata, self, mem, HUGE_PAGE);
	munmap(mem, HUGE_PAGE);
}

static u64 huge_free(void)
{
	u64 n = 0;

	sysfs_read_u64(SYSFS_HUGE "free_hugepages", &n);
	return n;
}

static void check_hugetlb(struct __test_metadata *_metadata,
			  FIXTURE_DATA(dma) *self, int flags)
{
	char number[24];
	int memfd = -1;
	u64 before;
	char *mem;
	int i;

	ASSERT_EQ(0, sysfs_write_str(NR_HUGE, "3"));
	before = huge_free();
	if (flags == MAP_SHARED) {
		memfd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
		ASSERT_LE(0, memfd);
		ASSERT_EQ(0, ftruncate(memfd, 2 * HUGE_PAGE));
	} else {
		flags |= MAP_ANONYMOUS | MAP_HUGETLB;
	}
	for (i = 0; before >= 2 && i < 3; i++) {
		mem = mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, flags,
			   memfd, 0);
		ASSERT_NE(MAP_FAILED, mem);
		check(_metadata, self, mem, 2 * HUGE_PAGE);
		check_at(_metadata, self, mem + PAGE, HUGE_PAGE, IOVA + PAGE);
		check_at(_metadata, self, mem, HUGE_PAGE, IOVA + 2 * PAGE);
		munmap(mem, 2 * HUGE_PAGE);
	}
	if (memfd >= 0)
		close(memfd);
	/* No reference is left. */
	EXPECT_EQ(before, huge_free());
	snprintf(number, sizeof(number), "%llu",
		 (unsigned long long)self->nr_huge);
	EXPECT_EQ(0, sysfs_write_str(NR_HUGE, number));
	if (before < 2)
		SKIP(return, "no huge pages to be had");
}

TEST_F(dma, hugetlb_private)
{
	check_hugetlb(_metadata, self, MAP_PRIVATE);
}

TEST_F(dma, hugetlb_shared)
{
	check_hugetlb(_metadata, self, MAP_SHARED);
}

TEST_F(dma, shared_memory)
{
	char *mem = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, mem);
	check(_metadata, self, mem, 64 * PAGE);
	munmap(mem, 64 * PAGE);
}

/* The pages stay until they are unmapped, whoever else has left them. */
TEST_F(dma, memory_outlives_its_vma)
{
	int memfd = memfd_create("memory", MFD_CLOEXEC);
	char *mem;

	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, 16 * PAGE));
	mem = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		   0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_RC(0, vfio_type1_map(self->fd, mem, 16 * PAGE, IOVA));
	ASSERT_EQ(0, munmap(mem, 16 * PAGE));
	mem = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
		   0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(type1_reaches(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + 15 * PAGE,
				  IOVA + 15 * PAGE));
	/* Cut off from the file they are nobody's, but still there. */
	ASSERT_EQ(0, ftruncate(memfd, 0));
	EXPECT_TRUE(type1_writes(&self->dev, self->dev.dst, DST_IOVA));
	vfio_pci_driver_copy(&self->dev.device, IOVA, SRC_IOVA, PAGE);
	EXPECT_TRUE(type1_reads(&self->dev, self->dev.src, IOVA));
	EXPECT_RC(16 * PAGE,
		  vfio_type1_unmap_flags(self->fd, IOVA, 16 * PAGE, 0));
	close(memfd);
}

/* After a fork the pages are still the parent's, who writes to them. */
TEST_F(dma, fork)
{
	char *mem = anon_memory(8 * PAGE);
	int gate[2];
	pid_t pid;
	char c;

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(0, pipe(gate));
	memset(mem, 1, 8 * PAGE);
	ASSERT_RC(0, vfio_type1_map(self->fd, mem, 8 * PAGE, IOVA));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(gate[1]);
		_exit(read(gate[0], &c, 1) != 0 || mem[0] != 1 ||
		      mem[7 * PAGE] != 1);
	}
	EXPECT_TRUE(type1_reaches(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + 7 * PAGE,
				  IOVA + 7 * PAGE));
	close(gate[0]);
	close(gate[1]);
	EXPECT_EQ(0, wait_for_child(pid));
	EXPECT_TRUE(type1_reaches(&self->dev, mem, IOVA));
}

/* A VMA that has only a piece of a huge page, beside something else. */
TEST_F(dma, piece_of_a_huge_page)
{
	char *mem, *piece, *rest;

	REQUIRE_THP(mem, 1);
	rest = anon_memory(256 * PAGE);
	ASSERT_NE(NULL, rest);
	/* Pages 100 to 163 go between pages of the rest. */
	piece = mremap(mem + 100 * PAGE, 64 * PAGE, 64 * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED, rest + 32 * PAGE);
	ASSERT_EQ(rest + 32 * PAGE, piece);
	EXPECT_EQ(1, piece[0]);
	check(_metadata, self, piece, 64 * PAGE);
	check(_metadata, self, rest, 256 * PAGE);
	check(_metadata, self, rest + 31 * PAGE, 2 * PAGE);
	check(_metadata, self, rest + 90 * PAGE, 20 * PAGE);
	/* Every page of it at its place */
	ASSERT_RC(0, vfio_type1_map(self->fd, rest, 256 * PAGE, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, piece - PAGE, IOVA + 31 * PAGE));
	EXPECT_TRUE(type1_reaches(&self->dev, piece, IOVA + 32 * PAGE));
	EXPECT_TRUE(type1_reaches(&self->dev, piece + 63 * PAGE,
				  IOVA + 95 * PAGE));
	EXPECT_TRUE(type1_reaches(&self->dev, piece + 64 * PAGE,
				  IOVA + 96 * PAGE));
	ASSERT_RC(256 * PAGE,
		  vfio_type1_unmap_flags(self->fd, IOVA, 256 * PAGE, 0));

	/* What is left of the huge page, around the hole and with it */
	check(_metadata, self, mem, 100 * PAGE);
	check(_metadata, self, mem + 164 * PAGE, HUGE_PAGE - 164 * PAGE);
	refused(_metadata, self, mem, HUGE_PAGE, RW);
	munmap(rest, 256 * PAGE);
	munmap(mem, HUGE_PAGE);
}

/* The pieces of a huge page in another order. */
TEST_F(dma, shuffled_huge_page)
{
	char *mem, *other = anon_memory(4 * PAGE);
	int i;

	REQUIRE_THP(mem, 1);
	ASSERT_NE(NULL, other);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(other + i * PAGE,
			  mremap(mem + (8 - i) * PAGE, PAGE, PAGE,
				 MREMAP_MAYMOVE | MREMAP_FIXED,
				 other + i * PAGE));
	ASSERT_RC(0, vfio_type1_map(self->fd, other, 4 * PAGE, IOVA));
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(type1_reaches(&self->dev, other + i * PAGE,
					  IOVA + i * PAGE))
			TH_LOG("page %d", i);
	ASSERT_RC(4 * PAGE,
		  vfio_type1_unmap_flags(self->fd, IOVA, 4 * PAGE, 0));
	munmap(other, 4 * PAGE);
	munmap(mem, HUGE_PAGE);
}

/* A huge page that the CPU sees through a table of small ones. */
TEST_F(dma, split_pmd)
{
	char *mem;

	REQUIRE_THP(mem, 2);
	ASSERT_EQ(0, mprotect(mem + 17 * PAGE, PAGE, PROT_READ));
	refused(_metadata, self, mem, 2 * HUGE_PAGE, RW);
	ASSERT_EQ(0, mprotect(mem + 17 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	check(_metadata, self, mem, 2 * HUGE_PAGE);
	check(_metadata, self, mem + 16 * PAGE, 3 * PAGE);
	/* One page of it was given back, and comes as a small one. */
	ASSERT_EQ(0, madvise(mem + 20 * PAGE, PAGE, MADV_DONTNEED));
	check(_metadata, self, mem, 2 * HUGE_PAGE);
	check(_metadata, self, mem + 19 * PAGE, 3 * PAGE);
	munmap(mem, 2 * HUGE_PAGE);
}

/*
 * CVE-2022-48700: memory that nobody has written to is one page of zeros for
 * all. What is written there later is what a device reads that has it mapped.
 */
TEST_F(dma, zero_page)
{
	static const u8 zeros[PAGE];
	char *mem = anon_memory(64 * PAGE);
	int i;

	ASSERT_NE(NULL, mem);
	madvise(mem, 64 * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, ((volatile char *)mem)[i * PAGE]);
	for (i = 0; i < 50; i++) {
		ASSERT_RC(0, vfio_type1_map_flags(self->fd, mem, 64 * PAGE,
						  IOVA, READ_ONLY));
		if (!i)
			EXPECT_TRUE(type1_reads(&self->dev, zeros,
						IOVA + 7 * PAGE));
		ASSERT_RC(64 * PAGE,
			  vfio_type1_unmap_flags(self->fd, IOVA, 64 * PAGE, 0));
	}
	EXPECT_EQ(0, locked_pages());
	madvise(mem, 64 * PAGE, MADV_DONTNEED);
	ASSERT_EQ(0, ((volatile char *)mem)[5 * PAGE]);
	ASSERT_RC(0, vfio_type1_map_flags(self->fd, mem, 64 * PAGE, IOVA,
					  READ_ONLY));
	EXPECT_TRUE(type1_reads(&self->dev, zeros, IOVA + 5 * PAGE));
	type1_fill(&self->dev, mem + 5 * PAGE);
	EXPECT_TRUE(type1_reads(&self->dev, mem + 5 * PAGE, IOVA + 5 * PAGE));
	/* And it is the one of zeros still. */
	EXPECT_TRUE(type1_reads(&self->dev, zeros, IOVA + 6 * PAGE));
	EXPECT_TRUE(type1_blocked(&self->dev, mem + 5 * PAGE, IOVA + 5 * PAGE));
	munmap(mem, 64 * PAGE);
}

/* A device may do what the mapping says, and the mapping what the VMA says. */
TEST_F(dma, protection)
{
	char *mem = anon_memory(16 * PAGE);

	ASSERT_NE(NULL, mem);
	memset(mem, 1, 16 * PAGE);
	ASSERT_RC(0, vfio_type1_map_flags(self->fd, mem, 16 * PAGE, IOVA,
					  READ_ONLY));
	type1_fill(&self->dev, mem);
	EXPECT_TRUE(type1_reads(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_blocked(&self->dev, mem, IOVA));
	EXPECT_RC(16 * PAGE, vfio_type1_unmap_flags(self->fd, IOVA, 16 * PAGE,
						    0));
	ASSERT_RC(0, vfio_type1_map_flags(self->fd, mem, 16 * PAGE, IOVA,
					  VFIO_DMA_MAP_FLAG_WRITE));
	EXPECT_TRUE(type1_writes(&self->dev, mem, IOVA));
	EXPECT_RC(16 * PAGE, vfio_type1_unmap_flags(self->fd, IOVA, 16 * PAGE,
						    0));

	ASSERT_EQ(0, mprotect(mem + 9 * PAGE, PAGE, PROT_READ));
	refused(_metadata, self, mem, 16 * PAGE, RW);
	refused(_metadata, self, mem, 16 * PAGE, VFIO_DMA_MAP_FLAG_WRITE);
	refused(_metadata, self, mem + 9 * PAGE, PAGE, RW);
	ASSERT_RC(0, vfio_type1_map_flags(self->fd, mem, 16 * PAGE, IOVA,
					  READ_ONLY));
	EXPECT_TRUE(type1_reads(&self->dev, mem + 9 * PAGE, IOVA + 9 * PAGE));
	EXPECT_RC(16 * PAGE, vfio_type1_unmap_flags(self->fd, IOVA, 16 * PAGE,
						    0));

	ASSERT_EQ(0, mprotect(mem + 9 * PAGE, PAGE, PROT_NONE));
	refused(_metadata, self, mem, 16 * PAGE, RW);
	refused(_metadata, self, mem, 16 * PAGE, READ_ONLY);
	refused(_metadata, self, mem + 9 * PAGE, PAGE, READ_ONLY);
	ASSERT_EQ(0, mprotect(mem + 9 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	check(_metadata, self, mem, 16 * PAGE);
	munmap(mem, 16 * PAGE);
}

/* One mapping over memory of several kinds. */
TEST_F(dma, several_vmas)
{
	char *mem = anon_memory(HUGE_PAGE + 64 * PAGE);
	int memfd = memfd_create("memory", MFD_CLOEXEC);
	int i;

	ASSERT_NE(NULL, mem);
	ASSERT_LE(0, memfd);
	ASSERT_EQ(0, ftruncate(memfd, 16 * PAGE));
	/* Anonymous, shared, the file from its middle, its start, anonymous */
	ASSERT_NE(MAP_FAILED, mmap(mem + 8 * PAGE, 8 * PAGE,
				   PROT_READ | PROT_WRITE, MAP_SHARED |
				   MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	ASSERT_NE(MAP_FAILED, mmap(mem + 16 * PAGE, 8 * PAGE,
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, memfd, 8 * PAGE));
	ASSERT_NE(MAP_FAILED, mmap(mem + 24 * PAGE, 8 * PAGE,
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, memfd, 0));
	madvise(mem + 32 * PAGE, HUGE_PAGE + 32 * PAGE, MADV_HUGEPAGE);
	ASSERT_RC(0, vfio_type1_map(self->fd, mem, HUGE_PAGE + 64 * PAGE,
				    IOVA));
	for (i = 7; i < 40; i++)
		EXPECT_TRUE(type1_reaches(&self->dev, mem + i * PAGE,
					  IOVA + i * PAGE))
			TH_LOG("page %d", i);
	EXPECT_EQ(HUGE_PAGE / PAGE + 64, locked_pages());
	ASSERT_RC(HUGE_PAGE + 64 * PAGE, vfio_type1_unmap_flags(self->fd, IOVA,
								HUGE_PAGE +
								64 * PAGE, 0));
	close(memfd);
	munmap(mem, HUGE_PAGE + 64 * PAGE);
}

/* Refused as a whole, wherever it is and whatever came before it. */
TEST_F(dma, hole)
{
	char *mem;

	REQUIRE_THP(mem, 2);
	ASSERT_EQ(0, munmap(mem + HUGE_PAGE + 3 * PAGE, PAGE));
	refused(_metadata, self, mem, 2 * HUGE_PAGE, RW);
	/* Not even the part before the hole stays reachable. */
	EXPECT_TRUE(type1_blocked(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_blocked(&self->dev, mem + HUGE_PAGE,
				  IOVA + HUGE_PAGE));
	check(_metadata, self, mem, HUGE_PAGE + 3 * PAGE);
	ASSERT_NE(MAP_FAILED, mmap(mem + HUGE_PAGE + 3 * PAGE, PAGE,
				   PROT_READ | PROT_WRITE, MAP_PRIVATE |
				   MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	check(_metadata, self, mem, 2 * HUGE_PAGE);
	munmap(mem, 2 * HUGE_PAGE);
}

/* One small mapping goes; what lies beside it is not concerned. */
TEST_F(dma, neighbours)
{
	char *mem = anon_memory(3 * PAGE);
	int i;

	ASSERT_NE(NULL, mem);
	for (i = 0; i < 3; i++)
		ASSERT_RC(0, vfio_type1_map(self->fd, mem + i * PAGE, PAGE,
					    IOVA + i * PAGE));
	ASSERT_RC(PAGE, vfio_type1_unmap_flags(self->fd, IOVA + PAGE, PAGE, 0));
	EXPECT_TRUE(type1_blocked(&self->dev, mem + PAGE, IOVA + PAGE));
	EXPECT_TRUE(type1_reaches(&self->dev, mem, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + 2 * PAGE,
				  IOVA + 2 * PAGE));
	ASSERT_RC(0, vfio_type1_map(self->fd, mem + PAGE, PAGE, IOVA + PAGE));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + PAGE, IOVA + PAGE));
	EXPECT_RC(3 * PAGE,
		  vfio_type1_unmap_flags(self->fd, IOVA, 3 * PAGE, 0));
	munmap(mem, 3 * PAGE);
}

TEST_HARNESS_MAIN
