// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handing the memory of a type1 container on to another program image: the
 * addresses of mappings are invalidated, and given anew by whoever has the
 * memory then. The device doesn't notice, and neither do the mappings.
 */
#include "type1.h"

#define IOVA		0x10000000UL
#define NUM_PAGES	16
#define SIZE		(NUM_PAGES * PAGE)

#define AT(n)		(IOVA + (n) * PAGE)

FIXTURE(vaddr)
{
	const char *bdf;
	struct vfio_container container;
	int fd;
	char *mem;
};

FIXTURE_VARIANT(vaddr)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(vaddr, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(vaddr, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(vaddr)
{
	self->container.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	self->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_RC(0, vfio_container_init(&self->container, variant->type,
					 self->bdf));
	self->fd = self->container.fd;
	/* Two of four pages, with four between them */
	ASSERT_RC(0, vfio_type1_map(self->fd, self->mem, 4 * PAGE, AT(0)));
	ASSERT_RC(0, vfio_type1_map(self->fd, self->mem, 4 * PAGE, AT(8)));
}

FIXTURE_TEARDOWN(vaddr)
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

/* How many pages it was, or -errno. */
static s64 invalidate(FIXTURE_DATA(vaddr) *self, unsigned long n,
		      unsigned long len)
{
	s64 ret = vfio_type1_unmap_flags(self->fd, AT(n), len * PAGE,
					 VFIO_DMA_UNMAP_FLAG_VADDR);

	return ret < 0 ? ret : ret / (s64)PAGE;
}

static s64 invalidate_all(FIXTURE_DATA(vaddr) *self)
{
	s64 ret = vfio_type1_unmap_flags(self->fd, 0, 0,
					 VFIO_DMA_UNMAP_FLAG_VADDR |
					 VFIO_DMA_UNMAP_FLAG_ALL);

	return ret < 0 ? ret : ret / (s64)PAGE;
}

static int renew(FIXTURE_DATA(vaddr) *self, void *mem, unsigned long n,
		 unsigned long len)
{
	return vfio_type1_map_flags(self->fd, mem, len * PAGE, AT(n),
				    VFIO_DMA_MAP_FLAG_VADDR);
}

static int map(FIXTURE_DATA(vaddr) *self, unsigned long n, unsigned long len)
{
	return vfio_type1_map(self->fd, self->mem, len * PAGE, AT(n));
}

static s64 unmap(FIXTURE_DATA(vaddr) *self, unsigned long n, unsigned long len)
{
	s64 ret = vfio_type1_unmap_flags(self->fd, AT(n), len * PAGE, 0);

	return ret < 0 ? ret : ret / (s64)PAGE;
}

TEST_F(vaddr, invalidate_and_renew)
{
	EXPECT_RC(-EINVAL, renew(self, self->mem, 0, 4));
	EXPECT_RC(4, invalidate(self, 0, 4));
	/* It is still mapped, and counts. */
	EXPECT_RC(-EEXIST, map(self, 0, 4));
	EXPECT_EQ(8, locked_pages());
	/* Only exactly as it was. */
	EXPECT_RC(-EINVAL, renew(self, self->mem, 0, 3));
	EXPECT_RC(-EINVAL, renew(self, self->mem, 0, 5));
	EXPECT_RC(-EINVAL, renew(self, self->mem, 1, 3));
	EXPECT_RC(-EINVAL, renew(self, self->mem, 3, 1));
	EXPECT_RC(-ENOENT, renew(self, self->mem, 4, 4));
	EXPECT_RC(-EINVAL, renew(self, self->mem, 8, 4));
	EXPECT_RC(-EINVAL, renew(self, self->mem + 16, 0, 4));
	EXPECT_RC(0, renew(self, self->mem, 0, 4));
	EXPECT_RC(-EINVAL, renew(self, self->mem, 0, 4));
	EXPECT_EQ(8, locked_pages());
}

/* At another address, for which the first one was given up. */
TEST_F(vaddr, moved)
{
	char *mem;

	EXPECT_RC(8, invalidate_all(self));
	mem = mremap(self->mem, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(mem, mremap(mem, 2 * SIZE, SIZE, 0));
	self->mem = mem;
	EXPECT_RC(0, renew(self, mem, 8, 4));
	EXPECT_RC(0, renew(self, mem, 0, 4));
	EXPECT_EQ(8, locked_pages());
	EXPECT_RC(4, unmap(self, 8, 4));
	EXPECT_RC(4, unmap(self, 0, 4));
	EXPECT_EQ(0, locked_pages());
}

/* Several at once; if one of them is invalid already, none is changed. */
TEST_F(vaddr, ranges)
{
	EXPECT_RC(0, invalidate(self, 4, 4));
	EXPECT_RC(4, invalidate(self, 8, 8));
	EXPECT_RC(-EINVAL, invalidate(self, 8, 4));
	EXPECT_RC(-EINVAL, invalidate(self, 0, 16));
	EXPECT_RC(-EINVAL, invalidate_all(self));
	/* The first was not touched by that. */
	EXPECT_RC(-EINVAL, renew(self, self->mem, 0, 4));
	EXPECT_RC(0, renew(self, self->mem, 8, 4));
	EXPECT_RC(8, invalidate(self, 0, 16));
	EXPECT_RC(0, renew(self, self->mem, 0, 4));
	EXPECT_RC(0, renew(self, self->mem, 8, 4));
	EXPECT_RC(8, invalidate_all(self));
}

/* What is invalid can be unmapped like any other, and counts no more then. */
TEST_F(vaddr, unmap_invalid)
{
	EXPECT_RC(8, invalidate_all(self));
	EXPECT_RC(4, unmap(self, 0, 4));
	EXPECT_EQ(4, locked_pages());
	EXPECT_RC(0, map(self, 0, 2));
	EXPECT_RC(6 * PAGE, vfio_type1_unmap_all(self->fd));
	EXPECT_EQ(0, locked_pages());
	EXPECT_RC(0, map(self, 0, 4));
	EXPECT_RC(4, invalidate_all(self));
}

/* No group joins meanwhile. */
TEST_F(vaddr, no_groups_meanwhile)
{
	const char *bdf = vfio_test_bdf("NVME");

	if (!bdf)
		SKIP(return, "no NVME device");
	EXPECT_RC(4, invalidate(self, 8, 4));
	EXPECT_RC(-EBUSY, vfio_container_add(&self->container, bdf));
	EXPECT_RC(0, renew(self, self->mem, 8, 4));
	EXPECT_RC(0, vfio_container_add(&self->container, bdf));

	EXPECT_RC(4, invalidate(self, 8, 4));
	EXPECT_RC(0, vfio_group_unset_container(self->container.groups[1]));
	EXPECT_RC(-EBUSY,
		  vfio_group_set_container(self->container.groups[1],
					   self->fd));
	/* Unmapping settles it, too. */
	EXPECT_RC(4, unmap(self, 8, 4));
	EXPECT_RC(0, vfio_group_set_container(self->container.groups[1],
					      self->fd));
}

/* A container that is emptied meanwhile is as new. */
TEST_F(vaddr, emptied_meanwhile)
{
	EXPECT_RC(8, invalidate_all(self));
	EXPECT_RC(0, vfio_group_unset_container(self->container.groups[0]));
	EXPECT_EQ(0, locked_pages());
	EXPECT_RC(0, vfio_group_set_container(self->container.groups[0],
					      self->fd));
	EXPECT_RC(0, vfio_container_set_iommu(self->fd, variant->type));
	EXPECT_RC(0, map(self, 0, 4));
	EXPECT_RC(-EINVAL, renew(self, self->mem, 0, 4));
	EXPECT_RC(4, invalidate_all(self));
}

/* Who gives the new address takes over the accounting. */
TEST_F(vaddr, accounting_moves)
{
	int done[2], ready[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(done));
	ASSERT_EQ(0, pipe(ready));
	EXPECT_EQ(8, locked_pages());
	EXPECT_RC(4, invalidate(self, 0, 4));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(done[1]);
		if (locked_pages() != 0)
			_exit(1);
		if (renew(self, self->mem, 0, 4))
			_exit(2);
		if (locked_pages() != 4)
			_exit(3);
		if (write(ready[1], "x", 1) != 1)
			_exit(4);
		/* The end of it, or of the parent */
		if (read(done[0], &c, 1) != 0)
			_exit(5);
		_exit(locked_pages() ? 6 : 0);
	}
	close(ready[1]);
	EXPECT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(4, locked_pages());
	EXPECT_EQ(16, vfio_locked_kb(pid));
	/* Whoever unmaps, it is taken from who has it. */
	EXPECT_RC(4, unmap(self, 0, 4));
	EXPECT_EQ(0, vfio_locked_kb(pid));
	EXPECT_EQ(4, locked_pages());
	close(done[1]);
	close(done[0]);
	EXPECT_EQ(0, wait_for_child(pid));
	EXPECT_EQ(4, locked_pages());
	close(ready[0]);
}

TEST_HARNESS_MAIN
