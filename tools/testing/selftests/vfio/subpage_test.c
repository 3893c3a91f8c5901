// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory BAR that is smaller than a page: it can be mapped, as nothing else
 * can be in its page while the device is open.
 */
#include <sys/mman.h>

#include "vfio_test.h"

FIXTURE(subpage)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
	struct pci_resource res;
	unsigned int bar;
	u64 size;
};

FIXTURE_SETUP(subpage)
{
	unsigned int i;

	REQUIRE_DEVICE(self->bdf, "SDHCI");
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		ASSERT_RC(0, pci_dev_resource(self->bdf, i, &self->res));
		self->size = self->res.end - self->res.start + 1;
		if (self->res.flags & 0x200 && self->size < getpagesize())
			break;
	}
	if (i == VFIO_PCI_NUM_BARS || self->res.start % getpagesize())
		SKIP(return, "%s has no small BAR at the begin of a page", self->bdf);
	self->bar = i;
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->dev);
}

FIXTURE_TEARDOWN(subpage)
{
	if (self->open) {
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	EXPECT_DEVICE_OK();
}

/* Who has claimed exactly this in /proc/iomem? "" for nobody */
static void claimed_by(u64 start, u64 end, char *name, size_t len)
{
	char line[256], what[64] = "";
	FILE *f = fopen("/proc/iomem", "re");
	unsigned long long a, b;

	*name = 0;
	while (f && fgets(line, sizeof(line), f)) {
		/* The innermost, which comes last */
		if (sscanf(line, " %llx-%llx : %63[^\n]", &a, &b, what) == 3 &&
		    a == start && b == end)
			snprintf(name, len, "%s", what);
	}
	if (f)
		fclose(f);
}

TEST_F(subpage, info)
{
	struct vfio_region_info *info = &self->dev.bars[self->bar].info;

	EXPECT_EQ(self->size, info->size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP, info->flags);
}

/* The rest of the page is taken while the device is open, and no longer */
TEST_F(subpage, filler)
{
	u64 page_end = self->res.start + getpagesize() - 1;
	char name[64];

	claimed_by(self->res.start, self->res.end, name, sizeof(name));
	EXPECT_STREQ("vfio", name);
	claimed_by(self->res.end + 1, page_end, name, sizeof(name));
	EXPECT_STREQ("vfio sub-page reserved", name);

	vfio_pci_device_close(&self->dev);
	iommu_cleanup(self->iommu);
	self->open = false;
	claimed_by(self->res.start, self->res.end, name, sizeof(name));
	EXPECT_STREQ(self->bdf, name);
	claimed_by(self->res.end + 1, page_end, name, sizeof(name));
	EXPECT_STREQ("", name);
}

/* A page can be mapped, not two; read() ends where the BAR does */
TEST_F(subpage, mmap)
{
	struct vfio_pci_bar *bar = &self->dev.bars[self->bar];
	size_t page = getpagesize();
	u32 val;
	void *p;

	p = vfio_region_mmap(self->dev.fd, &bar->info, 0, page, PROT_READ);
	ASSERT_NE(NULL, p);
	ASSERT_RC(4, vfio_region_read(self->dev.fd, self->bar, self->size - 4, &val, 4));
	EXPECT_EQ(val, mmio_read32(p, self->size - 4));
	munmap(p, page);

	EXPECT_EQ(NULL, vfio_region_mmap(self->dev.fd, &bar->info, 0, 2 * page, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, vfio_region_mmap(self->dev.fd, &bar->info, page, page, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_RC(-EINVAL, vfio_region_read(self->dev.fd, self->bar, self->size, &val, 4));
	EXPECT_RC(2, vfio_region_read(self->dev.fd, self->bar, self->size - 2, &val, 4));
}

TEST_HARNESS_MAIN
