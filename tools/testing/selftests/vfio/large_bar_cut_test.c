// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mapping of a BAR that one leaf of 1 GiB fills, and is then cut: by
 * unmapping, moving or changing a part of it. The kernel can't split such a
 * leaf and has to take it out first; 7.3.4 takes it for a table instead and
 * dies. So this is a program of its own: never run it on such a kernel.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "vfio_test.h"
#include "bar_views.h"

#define PAGE	4096UL
#define PMD	(2UL << 20)
#define PUD	(1UL << 30)

FIXTURE(cut) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	u64 offset;
	char *p;		/* two leaves */
	bool open;
};

FIXTURE_SETUP(cut)
{
	char *room;

	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	if (LARGEST_LEAF < PUD)
		SKIP(return, "no leaf maps 1 GiB on this architecture");
	views_init();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->device);
	self->offset = self->device.bars[2].info.offset;
	if (self->device.bars[2].info.size < 2 * PUD)
		SKIP(return, "BAR 2 of %s is smaller than 2 GiB", self->bdf);

	/* Placed by hand: nothing here depends on how mmap() chooses. */
	room = mmap(NULL, 3 * PUD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, room);
	self->p = (char *)(((unsigned long)room + PUD - 1) & ~(PUD - 1));
	ASSERT_EQ(self->p, mmap(self->p, 2 * PUD, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_FIXED, self->device.fd,
				self->offset));
}

FIXTURE_TEARDOWN(cut)
{
	if (!self->open)
		return;
	if (self->p)
		munmap(self->p, 2 * PUD);
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

/* Reading one word takes this many faults; SIGBUS is none. */
static int faults_at(const char *p)
{
	u64 before = count_faults();
	u32 val;

	if (view_read(p, &val))
		return -EFAULT;
	return count_faults() - before;
}

/* Both leaves are there: one fault each. */
#define FILL() do {							\
	ASSERT_EQ(1, faults_at(self->p + 5 * PMD));			\
	ASSERT_EQ(0, faults_at(self->p));				\
	ASSERT_EQ(0, faults_at(self->p + PUD - PAGE));			\
	ASSERT_EQ(1, faults_at(self->p + PUD));				\
	ASSERT_EQ(0, faults_at(self->p + 2 * PUD - PAGE));		\
} while (0)

/*
 * Behind these two places, both in the first leaf, is the memory of the device,
 * and goes as it should.
 */
#define CHECK(lo, hi) do {						\
	u32 val;							\
									\
	ASSERT_RC(0, vfio_region_write32(self->device.fd, 2, lo,	\
					 0x1234567));			\
	EXPECT_RC(0, view_read(self->p + (lo), &val));			\
	EXPECT_EQ(0x1234567, val);					\
	EXPECT_RC(0, view_read(self->p + (hi), &val));			\
	EXPECT_RC(0, view_read(self->p, &val));				\
	EXPECT_RC(0, view_read(self->p + PUD - PAGE, &val));		\
	/* The other leaf was left alone. */				\
	EXPECT_EQ(0, faults_at(self->p + 2 * PUD - PAGE));		\
	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);	\
	EXPECT_RC(-EFAULT, view_read(self->p + (lo), &val));		\
	EXPECT_RC(-EFAULT, view_read(self->p + (hi), &val));		\
	EXPECT_RC(-EFAULT, view_read(self->p + PUD, &val));		\
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);	\
	EXPECT_RC(0, view_read(self->p + (lo), &val));			\
	EXPECT_RC(0, view_read(self->p + (hi), &val));			\
	EXPECT_RC(0, view_read(self->p + PUD, &val));			\
} while (0)

TEST_F(cut, munmap_middle)
{
	FILL();
	ASSERT_EQ(0, munmap(self->p + 7 * PMD + PAGE, PAGE));
	CHECK(7 * PMD, 7 * PMD + 2 * PAGE);
}

TEST_F(cut, munmap_large_page)
{
	FILL();
	ASSERT_EQ(0, munmap(self->p + 7 * PMD, PMD));
	CHECK(7 * PMD - PAGE, 8 * PMD);
}

TEST_F(cut, munmap_ends)
{
	u32 val;

	FILL();
	ASSERT_EQ(0, munmap(self->p, PAGE));
	EXPECT_RC(0, view_read(self->p + PAGE, &val));
	EXPECT_EQ(0, faults_at(self->p + PUD));
	ASSERT_EQ(0, munmap(self->p + 2 * PUD - PAGE, PAGE));
	EXPECT_RC(0, view_read(self->p + 2 * PUD - 2 * PAGE, &val));
	/* Where two leaves meet, none has to go. */
	ASSERT_EQ(0, munmap(self->p, PUD));
	EXPECT_RC(0, view_read(self->p + PUD, &val));
}

TEST_F(cut, between_leaves)
{
	FILL();
	ASSERT_EQ(0, munmap(self->p + PUD, PUD));
	EXPECT_EQ(0, faults_at(self->p));
	EXPECT_EQ(0, faults_at(self->p + PUD - PAGE));
}

TEST_F(cut, map_over)
{
	char *at = self->p + 3 * PMD;

	FILL();
	ASSERT_EQ(at, mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	*at = 1;
	CHECK(3 * PMD - PAGE, 3 * PMD + PAGE);
}

TEST_F(cut, mprotect)
{
	FILL();
	ASSERT_EQ(0, mprotect(self->p + 9 * PMD, PAGE, PROT_READ));
	CHECK(9 * PMD - PAGE, 9 * PMD + PAGE);
	ASSERT_EQ(0, mprotect(self->p + 9 * PMD, PAGE, PROT_READ |
			      PROT_WRITE));
	CHECK(9 * PMD - PAGE, 9 * PMD + PAGE);
}

/* Of a whole leaf, there is nothing to cut. */
TEST_F(cut, mprotect_leaf)
{
	u32 val;

	FILL();
	ASSERT_EQ(0, mprotect(self->p, PUD, PROT_READ));
	EXPECT_RC(0, view_read(self->p, &val));
	ASSERT_EQ(0, mprotect(self->p, 2 * PUD, PROT_READ));
	EXPECT_RC(0, view_read(self->p + PUD, &val));
}

TEST_F(cut, mremap_page)
{
	u32 val;
	char *to;

	FILL();
	to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, to);
	ASSERT_RC(0, vfio_region_write32(self->device.fd, 2, 9 * PMD,
					 0x7654321));
	ASSERT_EQ(to, mremap(self->p + 9 * PMD, PAGE, PAGE, MREMAP_MAYMOVE |
			     MREMAP_FIXED, to));
	EXPECT_RC(0, view_read(to, &val));
	EXPECT_EQ(0x7654321, val);
	CHECK(9 * PMD - PAGE, 9 * PMD + PAGE);
	munmap(to, PAGE);
}

TEST_F(cut, mremap_shrink)
{
	u32 val;

	FILL();
	ASSERT_EQ(self->p, mremap(self->p, 2 * PUD, PUD + PMD + PAGE, 0));
	EXPECT_RC(0, view_read(self->p + PUD + PMD, &val));
	EXPECT_EQ(0, faults_at(self->p));
}

/* To a place where the leaf could be, and to one where it could not. */
TEST_F(cut, mremap_leaf)
{
	char *room, *to;
	u32 val;

	FILL();
	room = mmap(NULL, 4 * PUD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, room);
	to = (char *)(((unsigned long)room + PUD - 1) & ~(PUD - 1));
	ASSERT_EQ(to, mremap(self->p, PUD, PUD, MREMAP_MAYMOVE | MREMAP_FIXED,
			     to));
	EXPECT_RC(0, view_read(to + 5 * PMD, &val));
	to += PUD + PAGE;
	ASSERT_EQ(to, mremap(self->p + PUD, PUD, PUD, MREMAP_MAYMOVE |
			     MREMAP_FIXED, to));
	EXPECT_RC(0, view_read(to + 5 * PMD, &val));
	munmap(room, 4 * PUD);
}

TEST_F(cut, madvise)
{
	FILL();
	ASSERT_EQ(0, madvise(self->p + 9 * PMD, PAGE, MADV_DONTFORK));
	CHECK(9 * PMD - PAGE, 9 * PMD + PAGE);
}

/* CVE-2025-22090: a child gets such a mapping, and cuts its own. */
TEST_F(cut, fork)
{
	int status;
	pid_t pid;
	u32 val;

	FILL();
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (view_read(self->p + PMD, &val))
			_exit(1);
		if (munmap(self->p + 5 * PMD, PAGE))
			_exit(2);
		if (view_read(self->p + 5 * PMD + PAGE, &val))
			_exit(3);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* The first look is at pages of our own that fork() has shared. */
	faults_at(self->p);
	EXPECT_EQ(0, faults_at(self->p + 5 * PMD));
}

TEST_HARNESS_MAIN
