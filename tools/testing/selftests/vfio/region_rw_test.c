// SPDX-License-Identifier: GPL-2.0-only
/*
 * pread() and pwrite() on BARs, the ROM and configuration space: widths,
 * alignment, clipping at the end, positions that no region has.
 *
 * ivshmem's BAR 2 is plain memory, so everything that has to do with bytes
 * arriving where they should is tried there.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "vfio_test.h"

#define REGION_POS(index)	((u64)(index) << 40)

FIXTURE(rw)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
};

FIXTURE_VARIANT(rw)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(rw, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(rw, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(rw, E1000E) { .kind = "E1000E" };
FIXTURE_VARIANT_ADD(rw, EDU) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(rw, IVSHMEM) { .kind = "IVSHMEM" };

FIXTURE_SETUP(rw)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
#ifdef __aarch64__
	/* It takes 4 bytes or 8. QEMU makes an external abort of all else. */
	if (!strcmp(variant->kind, "EDU"))
		SKIP(return, "reading bytes of edu ends an arm64 machine");
#endif
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->dev);
	vfio_cfg_command(self->dev.fd, 0, PCI_COMMAND_IO);
}

FIXTURE_TEARDOWN(rw)
{
	if (self->open) {
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	EXPECT_DEVICE_OK();
}

static bool is_io_bar(const char *bdf, unsigned int bar)
{
	struct pci_resource res;

	return !pci_dev_resource(bdf, bar, &res) && (res.flags & 0x100);
}

/*
 * An offset in the BAR that reads harmlessly and isn't part of the MSI-X
 * table, whose bytes VFIO answers by itself.
 */
static u64 plain_off(struct vfio_pci_device *dev, u32 bar)
{
	u8 pos = vfio_cfg_cap(dev->fd, PCI_CAP_ID_MSIX);
	u32 table;

	if (!pos)
		return 0;
	table = vfio_cfg_read32(dev->fd, pos + PCI_MSIX_TABLE);
	if ((table & PCI_MSIX_TABLE_BIR) != bar ||
	    (table & PCI_MSIX_TABLE_OFFSET))
		return 0;
	return PCI_MSIX_ENTRY_SIZE *
	       (1 + (vfio_cfg_read16(dev->fd, pos + PCI_MSIX_FLAGS) &
		     PCI_MSIX_FLAGS_QSIZE));
}

/*
 * pread() and pwrite() relative to a region, 0 or more or -errno. The system
 * call is made by hand: the C library's prototypes let the compiler complain
 * about the bad buffers that are the point here.
 */
static ssize_t rd(struct vfio_pci_device *dev, u32 index, u64 off, void *buf,
		  size_t len)
{
	ssize_t n = syscall(__NR_pread64, dev->fd, buf, len,
			    REGION_POS(index) + off);

	return n < 0 ? -errno : n;
}

static ssize_t wr(struct vfio_pci_device *dev, u32 index, u64 off,
		  const void *buf, size_t len)
{
	ssize_t n = syscall(__NR_pwrite64, dev->fd, buf, len,
			    REGION_POS(index) + off);

	return n < 0 ? -errno : n;
}

TEST_F(rw, bar_bounds)
{
	static u8 buf[4096];
	unsigned int i;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		u64 size = self->dev.bars[i].info.size;
		u64 max = 1ULL << 40;

		if (!size) {
			/* Absent: nothing is inside. */
			EXPECT_RC(-EINVAL, rd(&self->dev, i, 0, buf, 4));
			EXPECT_RC(-EINVAL, wr(&self->dev, i, 0, buf, 4));
			EXPECT_RC(-EINVAL, rd(&self->dev, i, 4096, buf, 4));
			continue;
		}
		/* At the end, behind it, at the last offset there is. */
		EXPECT_RC(-EINVAL, rd(&self->dev, i, size, buf, 1));
		EXPECT_RC(-EINVAL, rd(&self->dev, i, size, buf, 4096));
		EXPECT_RC(-EINVAL, rd(&self->dev, i, size + 1, buf, 1));
		EXPECT_RC(-EINVAL, rd(&self->dev, i, max - 1, buf, 1));
		EXPECT_RC(-EINVAL, rd(&self->dev, i, max - 4, buf, 8));
		EXPECT_RC(-EINVAL, wr(&self->dev, i, size, buf, 1));
		EXPECT_RC(-EINVAL, wr(&self->dev, i, size, buf, 4096));
		EXPECT_RC(-EINVAL, wr(&self->dev, i, max - 1, buf, 1));
		/* Across the end: what is inside. */
		EXPECT_RC(4, rd(&self->dev, i, size - 4, buf, 8));
		EXPECT_RC(4, rd(&self->dev, i, size - 4, buf, 4096));
		EXPECT_RC(1, rd(&self->dev, i, size - 1, buf, 2));
		/* Nothing to do. */
		EXPECT_RC(0, rd(&self->dev, i, 0, buf, 0));
		EXPECT_RC(0, wr(&self->dev, i, 0, buf, 0));
	}
}

/* Regions that are not there. */
TEST_F(rw, bad_index)
{
	static const u32 indexes[] = {
		VFIO_PCI_VGA_REGION_INDEX, VFIO_PCI_NUM_REGIONS, 10, 100,
		(1 << 22) - 1, (1 << 23) - 1,
	};
	unsigned int i;
	u32 val = 0;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		EXPECT_RC(-EINVAL, rd(&self->dev, indexes[i], 0, &val, 4));
		EXPECT_RC(-EINVAL, wr(&self->dev, indexes[i], 0, &val, 4));
	}
	/* Negative positions never reach the driver. */
	EXPECT_EQ(-1, pread(self->dev.fd, &val, 4, -4));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->dev.fd, &val, 4, INT64_MIN));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(rw, bad_address)
{
	unsigned int i;
	u64 off;

	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++) {
		if (i == VFIO_PCI_ROM_REGION_INDEX ||
		    (i < VFIO_PCI_NUM_BARS && !self->dev.bars[i].info.size))
			continue;
		off = plain_off(&self->dev, i);
		EXPECT_RC(-EFAULT, rd(&self->dev, i, off, NULL, 4));
		EXPECT_RC(-EFAULT, wr(&self->dev, i, off, NULL, 4));
	}
}

/* read() starts at position 0, BAR 0, and moves on by what it did. */
TEST_F(rw, position)
{
	u32 first[2], again[2];

	if (!self->dev.bars[0].info.size)
		SKIP(return, "%s has no BAR 0", self->bdf);
	ASSERT_RC(4, rd(&self->dev, 0, 0, &first[0], 4));
	ASSERT_RC(4, rd(&self->dev, 0, 4, &first[1], 4));
	EXPECT_EQ(4, read(self->dev.fd, &again[0], 4));
	EXPECT_EQ(4, read(self->dev.fd, &again[1], 4));
	EXPECT_EQ(first[0], again[0]);
	EXPECT_EQ(first[1], again[1]);
}

/* CVE-2020-12888: no memory access with memory decoding off. */
TEST_F(rw, memory_off)
{
	unsigned int i;
	u32 val = 0;
	u64 off;

	vfio_cfg_command(self->dev.fd, PCI_COMMAND_MEMORY, 0);
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		if (!self->dev.bars[i].info.size)
			continue;
		if (is_io_bar(self->bdf, i)) {
			EXPECT_RC(4, rd(&self->dev, i, 0, &val, 4));
			continue;
		}
		off = plain_off(&self->dev, i);
		EXPECT_RC(-EIO, rd(&self->dev, i, off, &val, 4));
		EXPECT_RC(-EIO, wr(&self->dev, i, off, &val, 4));
		EXPECT_RC(-EIO, rd(&self->dev, i, off, &val, 1));
		/* Bounds come first, and no work needs no memory. */
		EXPECT_RC(-EINVAL, rd(&self->dev, i,
				      self->dev.bars[i].info.size, &val, 4));
		EXPECT_RC(0, rd(&self->dev, i, off, &val, 0));
		/* The MSI-X table isn't read from the device at all. */
		if (!off)
			continue;
		val = 0;
		EXPECT_RC(4, rd(&self->dev, i, 0, &val, 4));
		EXPECT_EQ(~0u, val);
	}
	vfio_cfg_command(self->dev.fd, 0, PCI_COMMAND_MEMORY);
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++)
		if (self->dev.bars[i].info.size)
			EXPECT_RC(4, rd(&self->dev, i, 0, &val, 4));
}

TEST_F(rw, memory_off_in_d3)
{
	u8 pm = vfio_cfg_cap(self->dev.fd, PCI_CAP_ID_PM);
	unsigned int i;
	u32 val;

	if (!pm)
		SKIP(return, "%s has no power management", self->bdf);
	vfio_cfg_write16(self->dev.fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		if (!self->dev.bars[i].info.size || is_io_bar(self->bdf, i))
			continue;
		EXPECT_RC(-EIO, rd(&self->dev, i, plain_off(&self->dev, i),
				   &val, 4));
	}
	vfio_cfg_write16(self->dev.fd, pm + PCI_PM_CTRL, PM_STATE_D0);
	/* A device may forget its command register on the way. */
	vfio_pci_device_enable(&self->dev);
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		if (!self->dev.bars[i].info.size || is_io_bar(self->bdf, i))
			continue;
		EXPECT_RC(4, rd(&self->dev, i, 0, &val, 4));
	}
}

/* The same register, by pread() and by a mapping. */
TEST_F(rw, bar_against_mmap)
{
	unsigned int i;
	u32 val;
	u64 off;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		if (!self->dev.bars[i].vaddr)
			continue;
		off = plain_off(&self->dev, i);
		ASSERT_RC(4, rd(&self->dev, i, off, &val, 4));
		EXPECT_EQ(mmio_read32(self->dev.bars[i].vaddr, off), val)
			TH_LOG("%s BAR %u", self->bdf, i);
	}
}

/* The MSI-X table is out of reach by pread(), not by a mapping. */
TEST_F(rw, msix_table)
{
	struct vfio_pci_bar *bar;
	u32 table, vectors, off, ctrl, zero = 0, val;
	u8 byte, pos;

	pos = vfio_cfg_cap(self->dev.fd, PCI_CAP_ID_MSIX);
	if (!pos)
		SKIP(return, "%s has no MSI-X", self->bdf);
	table = vfio_cfg_read32(self->dev.fd, pos + PCI_MSIX_TABLE);
	vectors = 1 + (vfio_cfg_read16(self->dev.fd, pos + PCI_MSIX_FLAGS) &
		       PCI_MSIX_FLAGS_QSIZE);
	bar = &self->dev.bars[table & PCI_MSIX_TABLE_BIR];
	off = table & PCI_MSIX_TABLE_OFFSET;
	table &= PCI_MSIX_TABLE_BIR;
	ASSERT_NE(NULL, bar->vaddr);

	for (ctrl = off + PCI_MSIX_ENTRY_VECTOR_CTRL; ctrl < off + vectors * 16;
	     ctrl += 16) {
		val = 0;
		EXPECT_RC(4, rd(&self->dev, table, ctrl, &val, 4));
		EXPECT_EQ(~0u, val);
		byte = 0;
		EXPECT_RC(1, rd(&self->dev, table, ctrl, &byte, 1));
		EXPECT_EQ(0xff, byte);
		/* Unmasking would reach the table by mmap only. */
		EXPECT_RC(4, wr(&self->dev, table, ctrl, &zero, 4));
		EXPECT_EQ(1, mmio_read32(bar->vaddr, ctrl) & 1)
			TH_LOG("%s vector control at %#x", self->bdf, ctrl);
	}
	/* Across the end of the table: the rest is real. */
	if (off + vectors * 16 + 4 <= bar->info.size) {
		u32 two[2] = {};

		EXPECT_RC(8, rd(&self->dev, table, off + vectors * 16 - 4, two,
				8));
		EXPECT_EQ(~0u, two[0]);
		EXPECT_EQ(mmio_read32(bar->vaddr, off + vectors * 16), two[1]);
	}
}

TEST_F(rw, rom)
{
	struct vfio_region_info info;
	u16 sig = 0;
	u8 byte = 0x5a;

	ASSERT_RC(0, vfio_region_info(self->dev.fd, VFIO_PCI_ROM_REGION_INDEX,
				      &info));
	/* Nobody writes a ROM. */
	EXPECT_RC(-EINVAL, wr(&self->dev, VFIO_PCI_ROM_REGION_INDEX, 0, &byte,
			      1));
	if (!info.size) {
		EXPECT_RC(-EINVAL, rd(&self->dev, VFIO_PCI_ROM_REGION_INDEX, 0,
				      &byte, 1));
		return;
	}
	EXPECT_RC(2, rd(&self->dev, VFIO_PCI_ROM_REGION_INDEX, 0, &sig, 2));
	EXPECT_EQ(0xaa55, sig);
	EXPECT_RC(1, rd(&self->dev, VFIO_PCI_ROM_REGION_INDEX, info.size - 1,
			&byte, 4));
	EXPECT_RC(-EINVAL, rd(&self->dev, VFIO_PCI_ROM_REGION_INDEX, info.size,
			      &byte, 1));
}

/* ---- configuration space: all of the request, or nothing ---- */

TEST_F(rw, config_bounds)
{
	struct vfio_region_info info;
	static u8 buf[8192];
	u64 size;
	u32 idx = VFIO_PCI_CONFIG_REGION_INDEX;

	ASSERT_RC(0, vfio_region_info(self->dev.fd, idx, &info));
	size = info.size;
	EXPECT_RC(size, rd(&self->dev, idx, 0, buf, size));
	EXPECT_RC(1, rd(&self->dev, idx, size - 1, buf, 1));
	EXPECT_RC(-EFAULT, rd(&self->dev, idx, size - 1, buf, 2));
	EXPECT_RC(-EFAULT, rd(&self->dev, idx, size - 2, buf, 4));
	EXPECT_RC(-EFAULT, rd(&self->dev, idx, 0, buf, size + 1));
	EXPECT_RC(-EFAULT, rd(&self->dev, idx, size, buf, 1));
	EXPECT_RC(-EFAULT, rd(&self->dev, idx, size + 4, buf, 4));
	EXPECT_RC(-EFAULT, rd(&self->dev, idx, (1ULL << 40) - 4, buf, 4));
	EXPECT_RC(-EFAULT, wr(&self->dev, idx, size, buf, 1));
	EXPECT_RC(-EFAULT, wr(&self->dev, idx, size - 2, buf, 4));
	EXPECT_RC(-EFAULT, wr(&self->dev, idx, (1ULL << 40) - 4, buf, 4));
	EXPECT_RC(0, rd(&self->dev, idx, 0, buf, 0));
	EXPECT_RC(0, wr(&self->dev, idx, 0, buf, 0));
}

/* However it is cut into accesses, the content is the same. */
TEST_F(rw, config_pieces)
{
	struct vfio_region_info info;
	static u8 whole[4096], part[4096];
	u32 idx = VFIO_PCI_CONFIG_REGION_INDEX;
	unsigned int i, off, len;

	srandom(vfio_test_seed());
	ASSERT_RC(0, vfio_region_info(self->dev.fd, idx, &info));
	ASSERT_LE(info.size, sizeof(whole));
	ASSERT_RC(info.size, rd(&self->dev, idx, 0, whole, info.size));
	for (i = 0; i < info.size; i++) {
		ASSERT_RC(1, rd(&self->dev, idx, i, part, 1));
		EXPECT_EQ(whole[i], part[0])
			TH_LOG("%s: byte %#x", self->bdf, i);
	}
	for (i = 0; i < 300; i++) {
		off = random() % info.size;
		len = random() % (info.size - off < 40 ? info.size - off : 40);
		ASSERT_RC(len, rd(&self->dev, idx, off, part, len));
		EXPECT_EQ(0, memcmp(whole + off, part, len))
			TH_LOG("%s: %u bytes at %#x", self->bdf, len, off);
	}
}

/* ---- bytes, in ivshmem's memory BAR ---- */

FIXTURE(mem)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
	u8 *mem;
	u64 size;
};

#define MEM_BAR	2

FIXTURE_SETUP(mem)
{
	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->dev);
	self->mem = self->dev.bars[MEM_BAR].vaddr;
	self->size = self->dev.bars[MEM_BAR].info.size;
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(mem)
{
	if (self->open) {
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	EXPECT_DEVICE_OK();
}

/* Every length and alignment; nothing beside it is touched. */
TEST_F_TIMEOUT(mem, alignment, 120)
{
	u8 in[48], out[48];
	unsigned int off, len, i;

	srandom(vfio_test_seed());
	for (i = 0; i < sizeof(in); i++)
		in[i] = random();

	for (off = 0; off < 16; off++) {
		for (len = 1; len <= 24; len++) {
			for (i = 0; i < 64; i++)
				self->mem[i] = 0xee;
			ASSERT_RC(len, wr(&self->dev, MEM_BAR, 8 + off, in,
					  len));
			for (i = 0; i < 64; i++) {
				bool inside = i >= 8 + off && i < 8 + off + len;

				ASSERT_EQ(inside ? in[i - 8 - off] : 0xee,
					  self->mem[i])
					TH_LOG("%u bytes at %u: byte %u", len,
					       8 + off, i);
			}
			memset(out, 0, sizeof(out));
			ASSERT_RC(len, rd(&self->dev, MEM_BAR, 8 + off, out,
					  len));
			ASSERT_EQ(0, memcmp(in, out, len))
				TH_LOG("%u bytes at %u", len, 8 + off);
			ASSERT_EQ(0, out[len]);
		}
	}
}

/* Random transfers against a copy kept in memory. */
TEST_F_TIMEOUT(mem, random, 120)
{
	static u8 model[16384], buf[4096];
	unsigned int i, j, off, len;

	srandom(vfio_test_seed());
	for (i = 0; i < sizeof(model); i++) {
		model[i] = random();
		self->mem[i] = model[i];
	}
	for (i = 0; i < 200; i++) {
		off = random() % sizeof(model);
		len = random() % sizeof(buf);
		if (len > sizeof(model) - off)
			len = sizeof(model) - off;
		if (random() & 1) {
			for (j = 0; j < len; j++)
				buf[j] = random();
			memcpy(model + off, buf, len);
			ASSERT_RC(len, wr(&self->dev, MEM_BAR, off, buf, len));
		} else {
			ASSERT_RC(len, rd(&self->dev, MEM_BAR, off, buf, len));
			ASSERT_EQ(0, memcmp(model + off, buf, len))
				TH_LOG("%u bytes at %#x", len, off);
		}
	}
	for (i = 0; i < sizeof(model); i++) {
		ASSERT_EQ(model[i], self->mem[i])
			TH_LOG("%s: byte %#x", self->bdf, i);
	}
}

/* The last bytes, and a request that is much longer than what is left. */
TEST_F(mem, clipped)
{
	static u8 buf[65536];
	unsigned int i, left;

	for (left = 1; left <= 16; left++) {
		memset(buf, left, sizeof(buf));
		EXPECT_RC(left, wr(&self->dev, MEM_BAR, self->size - left, buf,
				   sizeof(buf)));
		for (i = 1; i <= left; i++)
			EXPECT_RC(left, self->mem[self->size - i]);
		memset(buf, 0, sizeof(buf));
		EXPECT_RC(left, rd(&self->dev, MEM_BAR, self->size - left, buf,
				   sizeof(buf)));
		EXPECT_EQ(left, buf[left - 1]);
		EXPECT_EQ(0, buf[left]);
	}
}

/* A buffer that ends inside the request: an error, not a partial count. */
TEST_F(mem, half_buffer)
{
	long page = getpagesize();
	u8 *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + page, page);
	EXPECT_RC(-EFAULT, rd(&self->dev, MEM_BAR, 0, p + page - 16, 32));
	EXPECT_RC(-EFAULT, wr(&self->dev, MEM_BAR, 0, p + page - 16, 32));
	EXPECT_RC(16, rd(&self->dev, MEM_BAR, 0, p + page - 16, 16));
	munmap(p, page);
}

TEST_HARNESS_MAIN
