// SPDX-License-Identifier: GPL-2.0-only
/*
 * The expansion ROM region: its content against what the kernel reads for
 * sysfs, what lies behind the image, when there is none.
 */
#include <sys/mman.h>

#include "vfio_test.h"

#define ROM		VFIO_PCI_ROM_REGION_INDEX
/* IORESOURCE_ROM_SHADOW: firmware's copy in low memory */
#define RES_SHADOW	0x2
#define MAX_ROM		0x100000

FIXTURE(rom)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
	struct pci_resource res;
	struct vfio_region_info info;
	u8 *want;
	size_t image;
};

FIXTURE_VARIANT(rom)
{
	const char *kind;
	bool valid;
};

/* An image that is shorter than the BAR, and one that is as long */
FIXTURE_VARIANT_ADD(rom, IGB) { .kind = "IGB", .valid = true };
FIXTURE_VARIANT_ADD(rom, E1000E) { .kind = "E1000E", .valid = true };
/* One that firmware has copied */
FIXTURE_VARIANT_ADD(rom, VGA) { .kind = "VGA", .valid = true };
/* A BAR without an image, and no BAR */
FIXTURE_VARIANT_ADD(rom, SDHCI) { .kind = "SDHCI" };
FIXTURE_VARIANT_ADD(rom, EDU) { .kind = "EDU" };

/* What sysfs reads of the image: bytes, 0 without one */
static size_t read_sysfs_rom(const char *bdf, u8 *buf, size_t len)
{
	size_t done = 0;
	char path[128];
	ssize_t n;
	int fd;

	if (pci_dev_attr_write(bdf, "rom", "1"))
		return 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/rom", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while (done < len && (n = read(fd, buf + done, len - done)) > 0)
		done += n;
	close(fd);
	pci_dev_attr_write(bdf, "rom", "0");
	return done;
}

FIXTURE_SETUP(rom)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->dev);
	ASSERT_RC(0, pci_dev_resource(self->bdf, ROM, &self->res));
	ASSERT_RC(0, vfio_region_info(self->dev.fd, ROM, &self->info));
	self->want = malloc(MAX_ROM);
	ASSERT_NE(NULL, self->want);
	self->image = read_sysfs_rom(self->bdf, self->want, MAX_ROM);
	memset(self->want + self->image, 0xff, MAX_ROM - self->image);
}

FIXTURE_TEARDOWN(rom)
{
	if (self->open) {
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	free(self->want);
	EXPECT_DEVICE_OK();
}

static long rd(struct vfio_pci_device *dev, u64 off, void *buf, size_t len)
{
	return vfio_region_read(dev->fd, ROM, off, buf, len);
}

static long wr(struct vfio_pci_device *dev, u64 off, const void *buf, size_t len)
{
	return vfio_region_write(dev->fd, ROM, off, buf, len);
}

TEST_F(rom, info)
{
	EXPECT_EQ((u64)ROM << 40, self->info.offset);
	EXPECT_EQ(0, self->info.cap_offset);
	EXPECT_EQ(variant->valid, self->image > 0);
	if (!variant->valid) {
		EXPECT_EQ(0, self->info.size);
		EXPECT_EQ(0, self->info.flags);
		return;
	}
	/* The BAR's size, not the image's */
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ, self->info.flags);
	EXPECT_EQ(self->res.end - self->res.start + 1, self->info.size);
	EXPECT_LE(self->image, self->info.size);
	EXPECT_EQ(0x55, self->want[0]);
	EXPECT_EQ(0xaa, self->want[1]);
}

/* The image, and nothing but ones behind it */
TEST_F(rom, content)
{
	static u8 buf[4096 + 1];
	unsigned int i;
	u64 off, len;

	if (!variant->valid)
		SKIP(return, "%s has no image", self->bdf);
	ASSERT_LE(self->info.size, MAX_ROM);
	for (off = 0; off < self->info.size; off += 4096) {
		len = self->info.size - off < 4096 ? self->info.size - off : 4096;
		buf[len] = 0x5a;
		ASSERT_RC(len, rd(&self->dev, off, buf, len));
		ASSERT_EQ(0, memcmp(self->want + off, buf, len))
			TH_LOG("%s: at %#llx", self->bdf, (unsigned long long)off);
		ASSERT_EQ(0x5a, buf[len]);
	}

	srandom(vfio_test_seed());
	for (i = 0; i < 100; i++) {
		off = random() % self->info.size;
		/* Half of them around the end of the image */
		if (i & 1 && self->image > 50)
			off = self->image - random() % 50;
		len = 1 + random() % 100;
		if (len > self->info.size - off)
			len = self->info.size - off;
		if (!len)
			continue;
		ASSERT_RC(len, rd(&self->dev, off, buf, len));
		ASSERT_EQ(0, memcmp(self->want + off, buf, len))
			TH_LOG("%s: %llu bytes at %#llx", self->bdf,
			       (unsigned long long)len, (unsigned long long)off);
	}
}

TEST_F(rom, bounds)
{
	u64 size = self->res.flags ? self->res.end - self->res.start + 1 : 0;
	u8 buf[64];

	EXPECT_RC(-EINVAL, rd(&self->dev, size, buf, 1));
	EXPECT_RC(-EINVAL, rd(&self->dev, size + 1, buf, 64));
	EXPECT_RC(-EINVAL, rd(&self->dev, (1ULL << 40) - 1, buf, 1));
	EXPECT_RC(0, rd(&self->dev, 0, buf, 0));
	EXPECT_RC(0, rd(&self->dev, size, buf, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
				   self->dev.fd, (off_t)ROM << 40));
	EXPECT_EQ(EINVAL, errno);
	if (!size)
		return;
	if (!variant->valid) {
		EXPECT_RC(-ENOMEM, rd(&self->dev, 0, buf, 4));
		EXPECT_RC(-ENOMEM, rd(&self->dev, size - 1, buf, 64));
		return;
	}
	EXPECT_RC(1, rd(&self->dev, size - 1, buf, 64));
	EXPECT_RC(63, rd(&self->dev, size - 63, buf, 64));
	EXPECT_RC(-EFAULT, rd(&self->dev, 0, NULL, 4));
	EXPECT_RC(-EFAULT, rd(&self->dev, size - 4, NULL, 4));
}

/* Nobody writes a ROM */
TEST_F(rom, write)
{
	u64 size = self->info.size;
	u8 buf[4] = {};

	EXPECT_RC(-EINVAL, wr(&self->dev, 0, buf, 1));
	EXPECT_RC(-EINVAL, wr(&self->dev, 0, NULL, 1));
	EXPECT_RC(-EINVAL, wr(&self->dev, self->image, buf, 4));
	EXPECT_RC(-EINVAL, wr(&self->dev, size, buf, 4));
	EXPECT_RC(0, wr(&self->dev, 0, buf, 0));
}

/*
 * CVE-2020-12888: the device isn't asked. Its ROM is as if it weren't there;
 * firmware's copy could be read, but isn't.
 */
TEST_F(rom, memory_off)
{
	bool shadow = self->res.flags & RES_SHADOW;
	struct vfio_region_info info;
	u64 size = self->info.size;
	u8 buf[4] = {};

	if (!variant->valid)
		SKIP(return, "%s has no image", self->bdf);
	vfio_cfg_command(self->dev.fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_RC(shadow ? -EIO : -ENOMEM, rd(&self->dev, 0, buf, 4));
	EXPECT_RC(-EINVAL, rd(&self->dev, size, buf, 4));
	EXPECT_RC(-EINVAL, wr(&self->dev, 0, buf, 4));
	if (shadow) {
		EXPECT_RC(4, rd(&self->dev, size - 4, buf, 4));
		EXPECT_EQ(0xff, buf[0] & buf[1] & buf[2] & buf[3]);
	} else {
		EXPECT_RC(-ENOMEM, rd(&self->dev, size - 4, buf, 4));
	}

	/* That there is one can be learned at any time */
	ASSERT_RC(0, vfio_region_info(self->dev.fd, ROM, &info));
	EXPECT_EQ(size, info.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ, info.flags);

	vfio_cfg_command(self->dev.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(4, rd(&self->dev, 0, buf, 4));
	EXPECT_EQ(0, memcmp(self->want, buf, 4));
}

TEST_F(rom, in_d3)
{
	u8 pm = vfio_cfg_cap(self->dev.fd, PCI_CAP_ID_PM);
	struct vfio_region_info info;
	u8 buf[4];

	if (!pm || !variant->valid)
		SKIP(return, "%s has no image, or no power management", self->bdf);
	vfio_cfg_write16(self->dev.fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
	EXPECT_RC(-ENOMEM, rd(&self->dev, 0, buf, 4));
	ASSERT_RC(0, vfio_region_info(self->dev.fd, ROM, &info));
	vfio_cfg_write16(self->dev.fd, pm + PCI_PM_CTRL, PM_STATE_D0);
	EXPECT_EQ(0, info.size);
	EXPECT_EQ(0, info.flags);
	vfio_pci_device_enable(&self->dev);
	EXPECT_RC(4, rd(&self->dev, 0, buf, 4));
	EXPECT_EQ(0, memcmp(self->want, buf, 4));
}

TEST_HARNESS_MAIN
