// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping regions of the device file: what may be mapped, how, and what the
 * mapping can and cannot be turned into afterwards.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "vfio_test.h"
#include "bar_views.h"

#define PAGE		4096ULL
#define PMD		(2ULL << 20)
#define NUM_REGIONS	VFIO_PCI_NUM_REGIONS

FIXTURE(mmap) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int fd;
	struct vfio_region_info bar;	/* a BAR that can be mapped */
	u64 size;			/* of it, rounded up to pages */
};

FIXTURE_VARIANT(mmap) {
	const char *kind;
	unsigned int bar;
};

FIXTURE_VARIANT_ADD(mmap, nvme) { .kind = "NVME", .bar = 0 };
FIXTURE_VARIANT_ADD(mmap, igb) { .kind = "IGB", .bar = 0 };
FIXTURE_VARIANT_ADD(mmap, edu) { .kind = "EDU", .bar = 0 };
FIXTURE_VARIANT_ADD(mmap, ivshmem) { .kind = "IVSHMEM", .bar = 2 };

FIXTURE_SETUP(mmap)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	views_init();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	ASSERT_RC(0, vfio_region_info(self->fd, variant->bar, &self->bar));
	ASSERT_TRUE(self->bar.flags & VFIO_REGION_INFO_FLAG_MMAP);
	self->size = page_round(self->bar.size);
}

FIXTURE_TEARDOWN(mmap)
{
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

/* Map and unmap: 0 or -errno. */
static int try_map(int fd, u64 file_off, u64 len, int prot, int flags)
{
	void *p = mmap(NULL, len, prot, flags, fd, file_off);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, len);
	return 0;
}

#define TRY(off, len)	try_map(self->fd, self->bar.offset + (off), len, \
				PROT_READ | PROT_WRITE, MAP_SHARED)

TEST_F(mmap, bounds)
{
	u64 size = self->size;

	EXPECT_RC(0, TRY(0, size));
	EXPECT_RC(0, TRY(0, PAGE));
	EXPECT_RC(0, TRY(0, 1));
	EXPECT_RC(0, TRY(size - PAGE, PAGE));
	EXPECT_RC(-EINVAL, TRY(0, size + 1));
	EXPECT_RC(-EINVAL, TRY(0, size + PAGE));
	EXPECT_RC(-EINVAL, TRY(size, PAGE));
	EXPECT_RC(-EINVAL, TRY(size + PAGE, PAGE));
	EXPECT_RC(-EINVAL, TRY(size - PAGE, 2 * PAGE));
	EXPECT_RC(-EINVAL, TRY(0, 0));
	EXPECT_RC(-EINVAL, TRY(1, PAGE));
	/* Far away, but still in the part of the file that is this region's. */
	EXPECT_RC(-EINVAL, TRY((1ULL << 40) - PAGE, PAGE));
	/* From this region's last page into the next one's first. */
	EXPECT_RC(-EINVAL, TRY((1ULL << 40) - PAGE, 2 * PAGE));
}

TEST_F(mmap, offset_overflow)
{
	static const u64 offs[] = {
		0x7ffffffffffff000, 0x8000000000000000, 0xfffffffffffff000,
		(u64)NUM_REGIONS << 40, 0xff0000000000, 0xffffff0000000000,
	};
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(offs); i++) {
		ret = try_map(self->fd, offs[i], PAGE, PROT_READ, MAP_SHARED);
		/* The ones that wrap are refused before VFIO sees them. */
		EXPECT_TRUE(ret == -EINVAL || ret == -EOVERFLOW)
			TH_LOG("device %s, offset %llx: %d", self->bdf,
			       (unsigned long long)offs[i], ret);
	}
}

/* What can't be mapped, and says so in its flags. */
TEST_F(mmap, other_regions)
{
	struct vfio_region_info info;
	unsigned int i;

	for (i = 0; i < NUM_REGIONS; i++) {
		if (vfio_region_info(self->fd, i, &info))
			info = (struct vfio_region_info){
				.offset = (u64)i << 40,
			};
		if (info.flags & VFIO_REGION_INFO_FLAG_MMAP) {
			EXPECT_RC(0, try_map(self->fd, info.offset, PAGE,
					     PROT_READ, MAP_SHARED));
			continue;
		}
		EXPECT_RC(-EINVAL, try_map(self->fd, info.offset, PAGE,
					   PROT_READ, MAP_SHARED));
	}
	EXPECT_NE(0, vfio_region_info(self->fd, NUM_REGIONS, &info));
}

TEST_F(mmap, private)
{
	int prot = PROT_READ | PROT_WRITE;

	EXPECT_RC(-EINVAL, try_map(self->fd, self->bar.offset, PAGE, prot,
				   MAP_PRIVATE));
	EXPECT_RC(-EINVAL, try_map(self->fd, self->bar.offset, PAGE, PROT_READ,
				   MAP_PRIVATE));
	EXPECT_RC(0, try_map(self->fd, self->bar.offset, PAGE, prot,
			     MAP_SHARED));
}

TEST_F(mmap, protections)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++)
		EXPECT_RC(0, try_map(self->fd, self->bar.offset, PAGE,
				     prots[i], MAP_SHARED));
}

/* Only the directions the file was opened for. */
TEST_F(mmap, read_only_file)
{
	char path[64], link[64];
	int fd;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", self->fd);
	ASSERT_GT(readlink(link, path, sizeof(path)), 0);
	/* Another open is another file, and not bound: nothing to map. */
	fd = open(link, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	EXPECT_RC(-EINVAL, try_map(fd, self->bar.offset, PAGE, PROT_READ,
				   MAP_SHARED));
	EXPECT_RC(-EACCES, try_map(fd, self->bar.offset, PAGE,
				   PROT_READ | PROT_WRITE, MAP_SHARED));
	close(fd);
}

TEST_F(mmap, unmap_half)
{
	u64 half = self->size / 2;
	struct view v = { .size = half };
	struct view_stats s;
	char *p;

	if (self->size < 2 * PAGE)
		SKIP(return, "%s: one page only", self->bdf);
	p = vfio_region_mmap(self->fd, &self->bar, 0, self->size, PROT_READ);
	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, munmap(p, half));
	v.addr = p + half;
	s = views_touch(&(struct views){ .v = { v }, .n = 1 });
	EXPECT_EQ(half / PAGE, s.readable);
	/* A hole in the middle of what is left: two mappings now. */
	if (half >= 4 * PAGE) {
		ASSERT_EQ(0, munmap(v.addr + PAGE, PAGE));
		v.addr += 2 * PAGE;
		v.size -= 2 * PAGE;
		s = views_touch(&(struct views){ .v = { v }, .n = 1 });
		EXPECT_EQ(v.size / PAGE, s.readable);
	}
	/* The rest still belongs to the device. */
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	s = views_touch(&(struct views){ .v = { v }, .n = 1 });
	EXPECT_EQ(0, s.readable);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	s = views_touch(&(struct views){ .v = { v }, .n = 1 });
	EXPECT_EQ(v.size / PAGE, s.readable);
	munmap(p + half, half);
}

/* A mapping can move and shrink, but never grow past what was checked. */
TEST_F(mmap, mremap)
{
	struct view v = { .size = PAGE };
	struct view_stats s;
	char *p, *q;

	p = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, q);
	EXPECT_EQ(EFAULT, errno);
	q = mremap(p, PAGE, 1ULL << 30, MREMAP_MAYMOVE);
	EXPECT_EQ(MAP_FAILED, q);

	q = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, q);
	v.addr = mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	ASSERT_EQ(q, v.addr);
	s = views_touch(&(struct views){ .v = { v }, .n = 1 });
	EXPECT_EQ(1, s.readable);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	s = views_touch(&(struct views){ .v = { v }, .n = 1 });
	EXPECT_EQ(1, s.sigbus);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	munmap(q, PAGE);
}

/* Protection is the mapping's own: it can't exceed the file's mode. */
TEST_F(mmap, mprotect)
{
	char *p = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_NONE);
	u32 val;

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_RC(0, view_read(p, &val));
	ASSERT_EQ(0, mprotect(p, PAGE, PROT_READ));
	EXPECT_RC(0, view_read(p, &val));
	munmap(p, PAGE);
}

/* The same registers through the mapping and through read(). */
TEST_F(mmap, same_memory)
{
	char *p = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_READ);
	u32 mapped, val;

	ASSERT_NE(NULL, p);
	ASSERT_RC(0, view_read(p + 8, &mapped));
	ASSERT_RC(0, vfio_region_read32(self->fd, self->bar.index, 8, &val));
	EXPECT_EQ(val, mapped);
	munmap(p, PAGE);
}

/* A child sees what its parent had mapped, touched or not. */
TEST_F(mmap, fork)
{
	char *touched, *untouched;
	u32 want, val;
	int status;
	pid_t pid;

	touched = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_READ);
	untouched = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_READ);
	ASSERT_NE(NULL, touched);
	ASSERT_NE(NULL, untouched);
	ASSERT_RC(0, view_read(touched + 8, &want));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (view_read(touched + 8, &val) || val != want)
			_exit(1);
		if (view_read(untouched + 8, &val) || val != want)
			_exit(2);
		vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
		_exit(view_read(touched + 8, &val) ? 0 : 3);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	/* The child took the memory from us, too. */
	EXPECT_RC(-EFAULT, view_read(touched + 8, &val));
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(0, view_read(touched + 8, &val));
	munmap(touched, PAGE);
	munmap(untouched, PAGE);
}

/* A mapping keeps the device open after the last descriptor is closed. */
TEST_F(mmap, outlives_descriptor)
{
	struct vfio_pci_device again;
	u32 val;
	char *p;

	p = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	/* Closes the descriptor and all mappings of the library's. */
	vfio_pci_device_close(&self->device);
	EXPECT_RC(0, view_read(p, &val));
	EXPECT_RC(-EINVAL, vfio_pci_device_open(&again, self->bdf,
						self->iommu));
	EXPECT_RC(0, view_read(p, &val));
	munmap(p, PAGE);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
}

/* Mapped before the memory is there: works as soon as it is. */
TEST_F(mmap, while_decode_off)
{
	u32 val;
	char *p;

	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	p = vfio_region_mmap(self->fd, &self->bar, 0, PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_RC(-EFAULT, view_read(p, &val));
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(0, view_read(p, &val));
	munmap(p, PAGE);
}

/*
 * A large BAR is filled in large pages where virtual and physical address
 * agree, and page by page where they don't; both are zapped as a whole.
 */
TEST_F_TIMEOUT(mmap, huge_pages, 120)
{
	u64 span = self->size + 2 * PMD;
	struct view aligned, odd;
	struct views views;
	char *p;

	if (self->size < 2 * PMD)
		SKIP(return, "%s: the BAR is too small", self->bdf);
	p = mmap(NULL, 2 * span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	aligned.size = self->size;
	odd.size = self->size;
	aligned.addr = (char *)(((unsigned long)p + PMD - 1) & ~(PMD - 1));
	odd.addr = aligned.addr + span + PAGE;
	ASSERT_EQ(aligned.addr, mmap(aligned.addr, aligned.size, PROT_READ,
				     MAP_SHARED | MAP_FIXED, self->fd,
				     self->bar.offset));
	ASSERT_EQ(odd.addr, mmap(odd.addr, odd.size, PROT_READ,
				 MAP_SHARED | MAP_FIXED, self->fd,
				 self->bar.offset));
	views = (struct views){ .v = { aligned }, .n = 1 };
	EXPECT_EQ(self->size / PMD, views_touch(&views).faults);
	views = (struct views){ .v = { odd }, .n = 1 };
	EXPECT_EQ(self->size / PAGE, views_touch(&views).faults);

	views = (struct views){ .v = { aligned, odd }, .n = 2 };
	EXPECT_EQ(0, views_touch(&views).faults);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_EQ(2 * self->size / PAGE, views_touch(&views).sigbus);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(2 * self->size / PAGE, views_touch(&views).readable);

	/* CVE-2026-31735: part of a large page goes, the rest stays. */
	ASSERT_EQ(0, munmap(aligned.addr + PMD + PAGE, PAGE));
	aligned.size = PMD + PAGE;
	views = (struct views){ .v = { aligned }, .n = 1 };
	EXPECT_EQ(aligned.size / PAGE, views_touch(&views).readable);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_EQ(aligned.size / PAGE, views_touch(&views).sigbus);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(aligned.size / PAGE, views_touch(&views).readable);
	munmap(p, 2 * span);
}

/* CVE-2026-31456: walkers of the page tables meet faults that fill them. */
TEST_F_TIMEOUT(mmap, smaps_while_faulting, 120)
{
	struct views views = {};
	char buf[65536];
	int status, fd, i;
	pid_t pid;

	ASSERT_GT(views_add(&views, self->fd), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		for (i = 0; i < 20; i++) {
			fd = open("/proc/self/smaps", O_RDONLY);
			if (fd < 0)
				_exit(1);
			views_drop(&views);
			if (views_add(&views, self->fd) <= 0)
				_exit(2);
			views_touch(&views);
			while (read(fd, buf, sizeof(buf)) > 0)
				;
			close(fd);
		}
		_exit(0);
	}
	for (i = 0; i < 20; i++) {
		snprintf(buf, sizeof(buf), "/proc/%d/smaps", pid);
		fd = open(buf, O_RDONLY);
		while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
		vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
		vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	views_drop(&views);
}

TEST_HARNESS_MAIN
