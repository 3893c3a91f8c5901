// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE_DMA_BUF: which pieces of which regions can be exported,
 * and what the file is good for.
 *
 * What other devices do with it: see p2p_test.c.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "vfio_test.h"

#define PAGE		4096ULL
#define MAX_RANGES	(1u << 18)

FIXTURE(dmabuf) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	u32 bar;
	u64 size;
};

FIXTURE_VARIANT(dmabuf) {
	const char *kind;
	u32 bar;	/* of some pages */
};

FIXTURE_VARIANT_ADD(dmabuf, ivshmem) { .kind = "IVSHMEM", .bar = 2 };
FIXTURE_VARIANT_ADD(dmabuf, igb) { .kind = "IGB", .bar = 0 };
FIXTURE_VARIANT_ADD(dmabuf, edu) { .kind = "EDU", .bar = 0 };

FIXTURE_SETUP(dmabuf)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->bar = variant->bar;
	self->size = self->device.bars[self->bar].info.size;
	ASSERT_GT(self->size, 2 * PAGE);
}

FIXTURE_TEARDOWN(dmabuf)
{
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

/* A file is there: its size, after closing it; else the error. */
static long size_of(int fd)
{
	long size;

	if (fd < 0)
		return fd;
	size = lseek(fd, 0, SEEK_END);
	close(fd);
	return size;
}

#define GET	(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF)
#define SET	(VFIO_DEVICE_FEATURE_SET | VFIO_DEVICE_FEATURE_DMA_BUF)
#define PROBE	VFIO_DEVICE_FEATURE_PROBE

TEST_F_TIMEOUT(dmabuf, probe, 120)
{
	char data[32] = { };
	int fd = self->device.fd;

	EXPECT_RC(0, vfio_device_feature(fd, PROBE | GET, NULL, 0));
	EXPECT_RC(-EINVAL, vfio_device_feature(fd, PROBE | SET, NULL, 0));
	EXPECT_RC(-EINVAL, vfio_device_feature(fd, PROBE | SET | GET, NULL, 0));
	EXPECT_RC(-EINVAL, vfio_device_feature(fd, SET, data, sizeof(data)));
}

TEST_F_TIMEOUT(dmabuf, regions, 120)
{
	static const u32 others[] = { VFIO_PCI_NUM_REGIONS, 100, 0x10000,
				      0x80000000, 0xffffffff };
	struct vfio_region_info info;
	int fd = self->device.fd;
	unsigned int i;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		memset(&info, 0, sizeof(info));
		/* Only the VGA region may be unknown */
		if (i != VFIO_PCI_VGA_REGION_INDEX)
			ASSERT_RC(0, vfio_region_info(fd, i, &info));
		if (i >= VFIO_PCI_NUM_BARS || !info.size) {
			EXPECT_RC(-ENODEV, vfio_region_dmabuf(fd, i, 0, PAGE));
			continue;
		}
		if (info.size < PAGE) {
			/* Ports, too: there is no page of them */
			EXPECT_RC(-EINVAL, vfio_region_dmabuf(fd, i, 0, PAGE));
			EXPECT_RC(-EINVAL,
				  vfio_region_dmabuf(fd, i, 0, info.size));
			continue;
		}
		EXPECT_RC(info.size,
			  size_of(vfio_region_dmabuf(fd, i, 0, info.size)));
		EXPECT_RC(PAGE, size_of(vfio_region_dmabuf(fd, i, info.size -
							   PAGE, PAGE)));
		EXPECT_RC(-EINVAL,
			  vfio_region_dmabuf(fd, i, info.size, PAGE));
		EXPECT_RC(-EINVAL,
			  vfio_region_dmabuf(fd, i, 0, info.size + PAGE));
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		EXPECT_RC(-ENODEV, vfio_region_dmabuf(fd, others[i], 0, PAGE));
}

/* In units of a page, except where it says "bytes". */
TEST_F_TIMEOUT(dmabuf, bad_ranges, 120)
{
	const u64 pages = self->size / PAGE;
	const struct {
		const char *name;
		u64 off;
		u64 len;
		int want;
	} rows[] = {
		{ "empty", 0, 0, -EINVAL },
		{ "empty at the end", self->size, 0, -EINVAL },
		{ "512 bytes", 0, 512, -EINVAL },
		{ "a page and 8 bytes", 0, PAGE + 8, -EINVAL },
		{ "from byte 512", 512, PAGE, -EINVAL },
		{ "too long", PAGE, pages * PAGE, -EINVAL },
		{ "far behind", 1ULL << 63, PAGE, -EINVAL },
		{ "far too long", 0, 1ULL << 63, -EINVAL },
		{ "all bytes there are", 0, ~0ULL, -EINVAL },
		{ "all pages there are", PAGE, -PAGE, -EINVAL },
		{ "ends at 0", -PAGE, PAGE, -EOVERFLOW },
		{ "wraps into the region", -PAGE, 2 * PAGE, -EOVERFLOW },
	};
	struct vfio_region_dma_range two[2] = { { .length = PAGE } };
	int fd = self->device.fd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_RC_AT(rows[i].name, rows[i].want,
			     vfio_region_dmabuf(fd, self->bar, rows[i].off,
						rows[i].len));
		/* Nor behind a good one */
		two[1].offset = rows[i].off;
		two[1].length = rows[i].len;
		EXPECT_RC_AT(rows[i].name, rows[i].want,
			     vfio_region_dmabufs(fd, self->bar, 0, two, 2));
	}
}

/* In any order, overlapping or not; the file is as large as all of them. */
TEST_F_TIMEOUT(dmabuf, many_ranges, 120)
{
	struct vfio_region_dma_range *ranges;
	const unsigned int nr = 1000;
	int fd = self->device.fd;
	unsigned int i;

	ranges = calloc(nr, sizeof(*ranges));
	ASSERT_NE(NULL, ranges);
	for (i = 0; i < nr; i++) {
		ranges[i].offset = (nr - i) * PAGE % (self->size - PAGE);
		ranges[i].length = PAGE * (1 + i % 2);
	}
	EXPECT_RC(nr / 2 * 3 * PAGE,
		  size_of(vfio_region_dmabufs(fd, self->bar, 0, ranges, nr)));
	free(ranges);
}

struct request {
	struct vfio_device_feature feature;
	struct vfio_device_feature_dma_buf get;
	struct vfio_region_dma_range ranges[2];
};

static struct request good_request(FIXTURE_DATA(dmabuf) *self)
{
	return (struct request) {
		.feature.argsz = sizeof(struct request),
		.feature.flags = GET,
		.get.region_index = self->bar,
		.get.nr_ranges = 2,
		.ranges = { { .length = PAGE }, { .length = PAGE } },
	};
}

static long request(FIXTURE_DATA(dmabuf) *self, void *r)
{
	return size_of(vfio_ioctl(self->device.fd, VFIO_DEVICE_FEATURE, r));
}

TEST_F_TIMEOUT(dmabuf, header, 120)
{
	struct request r = good_request(self);

	EXPECT_RC(2 * PAGE, request(self, &r));
	/* What argsz says about the ranges does not matter */
	r.feature.argsz = sizeof(r.feature) + sizeof(r.get);
	EXPECT_RC(2 * PAGE, request(self, &r));
	r.feature.argsz--;
	EXPECT_RC(-EINVAL, request(self, &r));
	r.feature.argsz = sizeof(r.feature);
	EXPECT_RC(-EINVAL, request(self, &r));

	r = good_request(self);
	r.get.flags = 1;
	EXPECT_RC(-EINVAL, request(self, &r));
	r.get.region_index = VFIO_PCI_CONFIG_REGION_INDEX;
	EXPECT_RC(-EINVAL, request(self, &r));
	r.get.flags = 1u << 31;
	EXPECT_RC(-EINVAL, request(self, &r));
	r.get.flags = 0;
	r.get.nr_ranges = 0;
	EXPECT_RC(-EINVAL, request(self, &r));
	r.get.nr_ranges = 2;
	EXPECT_RC(-ENODEV, request(self, &r));
}

/* The argument ends where memory does. */
TEST_F_TIMEOUT(dmabuf, bad_memory, 120)
{
	struct request r = good_request(self);
	char *mem, *end;

	mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	end = mem + PAGE;
	ASSERT_EQ(0, munmap(end, PAGE));

	memcpy(end - sizeof(r), &r, sizeof(r));
	EXPECT_RC(2 * PAGE, request(self, end - sizeof(r)));
	memcpy(end - sizeof(r) + 8, &r, sizeof(r) - 8);
	EXPECT_RC(-EFAULT, request(self, end - sizeof(r) + 8));
	memcpy(end - 16, &r, 16);
	EXPECT_RC(-EFAULT, request(self, end - 16));

	/* More ranges than there is memory for here, and in the kernel */
	r.get.nr_ranges = MAX_RANGES;
	memcpy(end - sizeof(r), &r, sizeof(r));
	EXPECT_RC(-EFAULT, request(self, end - sizeof(r)));
	munmap(mem, PAGE);
}

TEST_F_TIMEOUT(dmabuf, too_many_ranges, 120)
{
	static const u32 nr[] = { MAX_RANGES + 1, 1u << 28, (1u << 28) + 1,
				  0x7fffffff, 0xffffffff };
	struct request r = good_request(self);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		r.get.nr_ranges = nr[i];
		EXPECT_RC(-ENOMEM, request(self, &r));
	}
}

TEST_F_TIMEOUT(dmabuf, open_flags, 120)
{
	struct vfio_region_dma_range range = { .length = PAGE };
	static const struct {
		u32 flags;
		int fd_flags;
		int mode;
	} rows[] = {
		{ O_RDONLY, 0, O_RDONLY },
		{ O_WRONLY, 0, O_WRONLY },
		{ O_RDWR, 0, O_RDWR },
		{ O_RDWR | O_CLOEXEC, FD_CLOEXEC, O_RDWR },
		{ O_RDWR | O_NONBLOCK, 0, O_RDWR | O_NONBLOCK },
		/* The rest is ignored */
		{ O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0, O_RDWR },
	};
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fd = vfio_region_dmabufs(self->device.fd, self->bar,
					 rows[i].flags, &range, 1);
		ASSERT_GE(fd, 0);
		EXPECT_RC(rows[i].fd_flags, fcntl(fd, F_GETFD));
		EXPECT_RC(rows[i].mode, fcntl(fd, F_GETFL) &
			  (O_ACCMODE | O_NONBLOCK | O_APPEND));
		close(fd);
	}
}

/* It is for devices; who wants to access the BAR has the device's file. */
TEST_F_TIMEOUT(dmabuf, not_for_cpus, 120)
{
	int fd = vfio_region_dmabuf(self->device.fd, self->bar, 0, PAGE);
	char buf[8] = { };

	ASSERT_GE(fd, 0);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, pwrite(fd, buf, sizeof(buf), 0));
	close(fd);
}

TEST_F_TIMEOUT(dmabuf, no_descriptor_left, 120)
{
	struct rlimit old, none = { };
	int ret;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none.rlim_max = old.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ret = vfio_region_dmabuf(self->device.fd, self->bar, 0, PAGE);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(-EMFILE, ret);
	EXPECT_RC(PAGE, size_of(vfio_region_dmabuf(self->device.fd, self->bar,
						   0, PAGE)));
}

/* The device lets go of a dma-buf, and a dma-buf of the device. */
TEST_F_TIMEOUT(dmabuf, outlives_device, 120)
{
	int fd = vfio_region_dmabuf(self->device.fd, self->bar, 0, 2 * PAGE);

	ASSERT_GE(fd, 0);
	vfio_pci_device_close(&self->device);
	EXPECT_EQ(2 * PAGE, lseek(fd, 0, SEEK_END));
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_EQ(2 * PAGE, lseek(fd, 0, SEEK_END));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	close(fd);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
}

TEST_HARNESS_MAIN
