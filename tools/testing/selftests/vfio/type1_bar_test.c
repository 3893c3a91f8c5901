// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA into another device's memory: the mapping of a BAR as the memory of a
 * mapping in a type1 container; and several groups in one container, which all
 * see the same.
 */
#include "type1_dma.h"

#define BAR		2	/* of ivshmem: memory without side effects */
#define BAR_IOVA	0x10000000UL
#define LEN		(4UL << 20)

FIXTURE(bar)
{
	const char *bdf;
	const char *peer_bdf;
	struct type1_device dev;
	struct vfio_pci_device peer;
	int fd;
	char *bar;
};

FIXTURE_VARIANT(bar)
{
	const char *kind;
	unsigned long type;
};

FIXTURE_VARIANT_ADD(bar, v1) { .kind = "IGB", .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(bar, v2) { .kind = "NVME", .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(bar)
{
	self->peer.fd = -1;
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->peer_bdf, "IVSHMEM");
	REQUIRE_DEVICE(self->bdf, variant->kind);
	ASSERT_RC(0, type1_device_open(&self->dev, variant->type, self->bdf));
	self->fd = self->dev.container.fd;
	ASSERT_RC(0, vfio_container_add(&self->dev.container, self->peer_bdf));
	ASSERT_RC(0, vfio_pci_device_open_group(&self->peer, self->peer_bdf,
						NULL,
						self->dev.container.groups[1]));
	vfio_pci_device_enable(&self->peer);
	self->bar = self->peer.bars[BAR].vaddr;
	ASSERT_NE(NULL, self->bar);
	ASSERT_LE(LEN, self->peer.bars[BAR].info.size);
}

FIXTURE_TEARDOWN(bar)
{
	if (self->peer.fd >= 0)
		vfio_pci_device_close(&self->peer);
	type1_device_close(&self->dev);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

static long locked_pages(void)
{
	return vfio_locked_kb(getpid()) / (long)(PAGE / 1024) -
	       (long)TYPE1_DEVICE_PAGES;
}

static int map(FIXTURE_DATA(bar) *self, u64 off, u64 len, u32 flags)
{
	return vfio_type1_map_flags(self->fd, self->bar + off, len, BAR_IOVA,
				    flags);
}

static s64 unmap(FIXTURE_DATA(bar) *self, u64 len)
{
	return vfio_type1_unmap_flags(self->fd, BAR_IOVA, len, 0);
}

#define RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* No memory of the host: nothing is locked. */
TEST_F(bar, dma)
{
	ASSERT_RC(0, map(self, 0, LEN, RW));
	EXPECT_EQ(0, locked_pages());
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar, BAR_IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar + (2 << 20),
				  BAR_IOVA + (2 << 20)));
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar + LEN - PAGE,
				  BAR_IOVA + LEN - PAGE));
	EXPECT_RC(LEN, unmap(self, LEN));
	EXPECT_EQ(0, locked_pages());
	EXPECT_TRUE(type1_blocked(&self->dev, self->bar, BAR_IOVA));
	EXPECT_TRUE(type1_blocked(&self->dev, self->bar + LEN - PAGE,
				  BAR_IOVA + LEN - PAGE));
	/* A part of it, from its middle */
	ASSERT_RC(0, map(self, 3 * PAGE, 5 * PAGE, RW));
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar + 3 * PAGE, BAR_IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar + 7 * PAGE,
				  BAR_IOVA + 4 * PAGE));
	EXPECT_RC(5 * PAGE, unmap(self, 5 * PAGE));
}

/* As it is not locked, no limit matters. */
TEST_F(bar, whole)
{
	u64 len = self->peer.bars[BAR].info.size;

	ASSERT_RC(0, map(self, 0, len, RW));
	EXPECT_EQ(0, locked_pages());
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar + len - PAGE,
				  BAR_IOVA + len - PAGE));
	EXPECT_RC(len, unmap(self, len));
}

TEST_F(bar, read_only)
{
	ASSERT_RC(0, map(self, 0, LEN, VFIO_DMA_MAP_FLAG_READ));
	type1_fill(&self->dev, self->bar);
	EXPECT_TRUE(type1_reads(&self->dev, self->bar, BAR_IOVA));
	EXPECT_TRUE(type1_blocked(&self->dev, self->bar, BAR_IOVA));
	EXPECT_RC(LEN, unmap(self, LEN));
}

/* Memory that is switched off can't be mapped. */
TEST_F(bar, disabled)
{
	s64 avail = vfio_type1_avail(self->fd);

	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_RC(-EFAULT, map(self, 0, LEN, RW));
	EXPECT_EQ(avail, vfio_type1_avail(self->fd));
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(0, map(self, 0, LEN, RW));
	EXPECT_TRUE(type1_reaches(&self->dev, self->bar, BAR_IOVA));
	EXPECT_RC(LEN, unmap(self, LEN));
}

/* One mapping of memory, a piece of a BAR, and memory again. */
TEST_F(bar, amid_memory)
{
	char *mem = anon_memory(24 * PAGE);
	int i;

	ASSERT_NE(NULL, mem);
	ASSERT_EQ(mem + 8 * PAGE,
		  mmap(mem + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, self->peer.fd,
		       self->peer.bars[BAR].info.offset + 16 * PAGE));
	ASSERT_RC(0, vfio_type1_map(self->fd, mem, 24 * PAGE, BAR_IOVA));
	EXPECT_EQ(16, locked_pages());
	for (i = 6; i < 18; i++)
		EXPECT_TRUE(type1_reaches(&self->dev, mem + i * PAGE,
					  BAR_IOVA + i * PAGE))
			TH_LOG("page %d", i);
	type1_fill(&self->dev, self->bar + 16 * PAGE);
	EXPECT_TRUE(type1_reads(&self->dev, self->bar + 16 * PAGE,
				BAR_IOVA + 8 * PAGE));
	EXPECT_RC(24 * PAGE, unmap(self, 24 * PAGE));
	EXPECT_EQ(0, locked_pages());
	munmap(mem, 24 * PAGE);
}

/* A device that comes later reaches what was mapped before, and alone then. */
FIXTURE(groups)
{
	const char *bdf;
	const char *other_bdf;
	struct type1_device dev;
	struct vfio_pci_device other;
	int fd;
	char *mem;
};

FIXTURE_VARIANT(groups)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(groups, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(groups, v2) { .type = VFIO_TYPE1v2_IOMMU };

#define OTHER_REGION_IOVA	0x4000000UL

FIXTURE_SETUP(groups)
{
	self->other.fd = -1;
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->other_bdf, "IGB");
	REQUIRE_DEVICE(self->bdf, "NVME");
	ASSERT_RC(0, type1_device_open(&self->dev, variant->type, self->bdf));
	self->fd = self->dev.container.fd;
	self->mem = anon_memory(HUGE_PAGE);
	ASSERT_NE(NULL, self->mem);
}

FIXTURE_TEARDOWN(groups)
{
	if (self->other.fd >= 0)
		vfio_pci_device_close(&self->other);
	type1_device_close(&self->dev);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

TEST_F(groups, share_mappings)
{
	struct vfio_container *c = &self->dev.container;
	struct vfio_pci_device first = self->dev.device;
	struct dma_region *region = &self->other.driver.region;
	void *region_mem = anon_memory(VFIO_PCI_DRIVER_REGION_SIZE);
	u64 last = IOVA + HUGE_PAGE - PAGE;

	ASSERT_NE(NULL, region_mem);
	ASSERT_RC(0, vfio_type1_map(self->fd, region_mem,
				    VFIO_PCI_DRIVER_REGION_SIZE,
				    OTHER_REGION_IOVA));
	ASSERT_RC(0, vfio_type1_map(self->fd, self->mem, HUGE_PAGE, IOVA));
	ASSERT_RC(0, vfio_container_add(c, self->other_bdf));
	ASSERT_RC(0, vfio_pci_device_open_group(&self->other, self->other_bdf,
						NULL, c->groups[1]));
	*region = (struct dma_region){
		.vaddr = region_mem,
		.size = VFIO_PCI_DRIVER_REGION_SIZE,
		.iova = OTHER_REGION_IOVA,
	};
	vfio_pci_driver_init(&self->other);

	/* The helpers take what is in dev.device. */
	self->dev.device = self->other;
	EXPECT_TRUE(type1_reaches(&self->dev, self->mem, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, self->mem + HUGE_PAGE - PAGE,
				  last));
	self->dev.device = first;
	EXPECT_TRUE(type1_reaches(&self->dev, self->mem, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, self->mem + HUGE_PAGE - PAGE,
				  last));

	/* The first one goes. */
	vfio_pci_device_close(&self->dev.device);
	ASSERT_RC(0, vfio_group_unset_container(c->groups[0]));
	self->dev.device = self->other;
	EXPECT_TRUE(type1_reaches(&self->dev, self->mem, IOVA));
	ASSERT_RC(HUGE_PAGE,
		  vfio_type1_unmap_flags(self->fd, IOVA, HUGE_PAGE, 0));
	EXPECT_TRUE(type1_blocked(&self->dev, self->mem, IOVA));
	EXPECT_TRUE(type1_blocked(&self->dev, self->mem + HUGE_PAGE - PAGE,
				  last));
	ASSERT_RC(0, vfio_type1_map(self->fd, self->mem, PAGE, IOVA));
	EXPECT_TRUE(type1_reaches(&self->dev, self->mem, IOVA));
	vfio_pci_device_close(&self->other);
	self->dev.device.driver.region = first.driver.region;
	self->dev.device.fd = -1;
	munmap(region_mem, VFIO_PCI_DRIVER_REGION_SIZE);
}

TEST_HARNESS_MAIN
