// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer DMA: one device reaches the memory of another through a dma-buf
 * that iommufd has mapped, for as long as that memory is there. Once it has
 * gone for a moment (memory decoding off, D3hot, reset) the mapping is dead,
 * and iommufd's user has to make it anew; once the device was closed, nobody
 * can.
 *
 * Each test that takes memory away then lets the importer write to the dead
 * address, and looks into the memory. Another exporter's memory must stay
 * reachable all the time.
 */
#include <pthread.h>
#include <sched.h>

#include "vfio_test.h"

/* Below 256 MiB: edu drives 28 address bits. */
#define REGION_IOVA		0x1000000
#define BUF_IOVA		0x2000000
#define BAR_IOVA		0x4000000
#define OTHER_IOVA		0x6000000
#define WITNESS_IOVA		0x9000000

#define PAGE			4096u
#define SENTINEL		0xa5

enum { BUF_SRC, BUF_DST, BUF_SENTINEL, BUF_PAGES };

FIXTURE(p2p) {
	const char *bdf;	/* whose memory it is */
	const char *importer_bdf;
	const char *witness_bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct vfio_pci_device importer;
	struct vfio_pci_device witness;
	struct dma_region buf;
	int dmabuf;
	int witness_dmabuf;
	u32 bar;
	u64 size;
	unsigned int seed;
};

FIXTURE_VARIANT(p2p) {
	const char *importer;
	const char *witness;
};

FIXTURE_VARIANT_ADD(p2p, nvme) { .importer = "NVME", .witness = "IGB" };
FIXTURE_VARIANT_ADD(p2p, edu) { .importer = "EDU", .witness = "NVME" };

#define BAR		2	/* memory without side effects */
#define WITNESS_BAR	0	/* begins with a register that never reads 0 */

static int map(FIXTURE_DATA(p2p) *self, int fd, u64 len, u64 iova)
{
	return iommufd_map_file(self->iommu->iommufd, self->iommu->ioas_id, fd,
				0, len, iova, DMA_PROT_RW);
}

static int unmap(FIXTURE_DATA(p2p) *self, u64 len, u64 iova)
{
	return iommufd_unmap(self->iommu->iommufd, self->iommu->ioas_id, iova,
			     len, NULL);
}

static void open_importer(struct __test_metadata *_metadata,
			  FIXTURE_DATA(p2p) *self)
{
	ASSERT_RC(0, vfio_pci_device_open(&self->importer, self->importer_bdf,
					  self->iommu));
	ASSERT_NE(NULL, self->importer.driver.ops);
	ASSERT_RC(0, dma_region_alloc(self->iommu,
				      &self->importer.driver.region,
				      VFIO_PCI_DRIVER_REGION_SIZE,
				      REGION_IOVA));
	vfio_pci_driver_init(&self->importer);
}

FIXTURE_SETUP(p2p)
{
	self->dmabuf = -1;
	self->witness_dmabuf = -1;
	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	REQUIRE_DEVICE(self->witness_bdf, variant->witness);
	REQUIRE_DEVICE(self->importer_bdf, variant->importer);
	self->iommu = iommu_init(NULL);
	open_importer(_metadata, self);
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->buf,
				      BUF_PAGES * PAGE, BUF_IOVA));
	memset(self->buf.vaddr, SENTINEL, self->buf.size);
	self->seed = getpid();

	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->device);
	self->size = 1 << 20;
	self->dmabuf = vfio_region_dmabuf(self->device.fd, BAR, 0, self->size);
	ASSERT_GE(self->dmabuf, 0);
	ASSERT_RC(0, map(self, self->dmabuf, self->size, BAR_IOVA));

	ASSERT_RC(0, vfio_pci_device_open(&self->witness, self->witness_bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->witness);
	self->witness_dmabuf = vfio_region_dmabuf(self->witness.fd,
						  WITNESS_BAR, 0, PAGE);
	ASSERT_GE(self->witness_dmabuf, 0);
	ASSERT_RC(0, map(self, self->witness_dmabuf, PAGE, WITNESS_IOVA));
}

FIXTURE_TEARDOWN(p2p)
{
	if (self->device.fd >= 0)
		vfio_pci_device_close(&self->device);
	vfio_pci_device_close(&self->witness);
	vfio_pci_device_close(&self->importer);
	close(self->dmabuf);
	close(self->witness_dmabuf);
	dma_region_free(self->iommu, &self->importer.driver.region);
	dma_region_free(self->iommu, &self->buf);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

static void *page_of(FIXTURE_DATA(p2p) *self, int page)
{
	return (char *)self->buf.vaddr + page * PAGE;
}

static u64 iova_of(int page)
{
	return BUF_IOVA + page * PAGE;
}

/* Let the importer copy a page of new data from memory to @iova. */
static int send(FIXTURE_DATA(p2p) *self, u64 iova)
{
	u32 *word = page_of(self, BUF_SRC);
	unsigned int i;

	self->seed++;
	for (i = 0; i < PAGE / 4; i++)
		word[i] = (self->seed * 2654435761u) ^ (i * 40503u + 1);
	return vfio_pci_driver_copy(&self->importer, iova, iova_of(BUF_SRC),
				    PAGE);
}

/* By words: a CPU's memcmp() may do to device memory what it likes. */
static bool same(const void *bar, const void *mem)
{
	unsigned int i;

	for (i = 0; i < PAGE; i += 4)
		if (mmio_read32(bar, i) != *(const u32 *)((const char *)mem + i))
			return false;
	return true;
}

static void *bar_page(FIXTURE_DATA(p2p) *self, u64 off)
{
	return (char *)self->device.bars[BAR].vaddr + off;
}

/* There and back: written at @off of the BAR, and read from there. */
static void expect_reachable(struct __test_metadata *_metadata,
			     FIXTURE_DATA(p2p) *self, u64 iova, u64 off)
{
	EXPECT_RC(0, send(self, iova));
	EXPECT_TRUE(same(bar_page(self, off), page_of(self, BUF_SRC)))
		TH_LOG("device %s: nothing arrived in %s",
		       self->importer_bdf, self->bdf);
	memset(page_of(self, BUF_DST), 0, PAGE);
	EXPECT_RC(0, vfio_pci_driver_copy(&self->importer, iova_of(BUF_DST),
					  iova, PAGE));
	EXPECT_EQ(0, memcmp(page_of(self, BUF_DST), page_of(self, BUF_SRC),
			    PAGE))
		TH_LOG("device %s: wrong data from %s", self->importer_bdf,
		       self->bdf);
}

/* The importer can read a register of the other exporter. */
static void expect_witness(struct __test_metadata *_metadata,
			   FIXTURE_DATA(p2p) *self)
{
	u32 want = mmio_read32(self->witness.bars[WITNESS_BAR].vaddr, 0);
	u32 *got = page_of(self, BUF_DST);

	*got = 0;
	EXPECT_NE(0, want);
	EXPECT_RC(0, vfio_pci_driver_copy(&self->importer, iova_of(BUF_DST),
					  WITNESS_IOVA,
					  self->importer.driver.copy_unit * 4));
	EXPECT_EQ(want, *got)
		TH_LOG("device %s cannot reach %s any more",
		       self->importer_bdf, self->witness_bdf);
}

#define EXPECT_REACHABLE()						\
	expect_reachable(_metadata, self, BAR_IOVA, 0)
#define EXPECT_WITNESS()						\
	expect_witness(_metadata, self)

/* Put what must not change where the importer will not be able to write. */
static void mark(FIXTURE_DATA(p2p) *self)
{
	unsigned int i;

	for (i = 0; i < PAGE; i += 4)
		mmio_write32(bar_page(self, 0), i, 0xa5a5a5a5);
}

static bool marked(FIXTURE_DATA(p2p) *self)
{
	return same(bar_page(self, 0), page_of(self, BUF_SENTINEL));
}

/* The mapping is dead, and only a new one works, if the memory is there. */
static void expect_revoked(struct __test_metadata *_metadata,
			   FIXTURE_DATA(p2p) *self)
{
	send(self, BAR_IOVA);
	EXPECT_TRUE(marked(self))
		TH_LOG("device %s wrote to %s through a dead mapping",
		       self->importer_bdf, self->bdf);
	EXPECT_WITNESS();
	/* The address is taken until somebody unmaps it */
	EXPECT_RC(-EEXIST, map(self, self->dmabuf, self->size, BAR_IOVA));
	EXPECT_RC(0, unmap(self, self->size, BAR_IOVA));
	EXPECT_RC(0, map(self, self->dmabuf, self->size, BAR_IOVA));
	EXPECT_REACHABLE();
}

TEST_F_TIMEOUT(p2p, copy, 120)
{
	EXPECT_REACHABLE();
	EXPECT_WITNESS();
	/* The last page */
	expect_reachable(_metadata, self, BAR_IOVA + self->size - PAGE,
			 self->size - PAGE);
}

/* A piece of the BAR, and of that a piece of the file. */
TEST_F_TIMEOUT(p2p, piece, 120)
{
	int fd = vfio_region_dmabuf(self->device.fd, BAR, 16 * PAGE, 8 * PAGE);

	ASSERT_GE(fd, 0);
	ASSERT_RC(0, iommufd_map_file(self->iommu->iommufd,
				      self->iommu->ioas_id, fd, 2 * PAGE,
				      PAGE, OTHER_IOVA, DMA_PROT_RW));
	close(fd);
	expect_reachable(_metadata, self, OTHER_IOVA, 18 * PAGE);
	EXPECT_RC(0, unmap(self, PAGE, OTHER_IOVA));
}

TEST_F_TIMEOUT(p2p, bad_mappings, 120)
{
	struct vfio_region_dma_range two[2] = {
		{ .offset = 0, .length = PAGE },
		{ .offset = PAGE, .length = PAGE },
	};
	int fd = vfio_region_dmabufs(self->device.fd, BAR, 0, two, 2);

	ASSERT_GE(fd, 0);
	/* iommufd takes one range only, even if several make one */
	EXPECT_RC(-EOPNOTSUPP, map(self, fd, 2 * PAGE, OTHER_IOVA));
	EXPECT_RC(-EOPNOTSUPP, map(self, fd, PAGE, OTHER_IOVA));
	close(fd);
	EXPECT_RC(-EINVAL, map(self, self->dmabuf, self->size + PAGE,
			       OTHER_IOVA));
	EXPECT_RC(0, map(self, self->dmabuf, self->size, OTHER_IOVA));
	EXPECT_RC(0, unmap(self, self->size, OTHER_IOVA));
}

TEST_F_TIMEOUT(p2p, memory_decode, 120)
{
	EXPECT_REACHABLE();
	mark(self);
	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
	send(self, BAR_IOVA);
	EXPECT_RC(-ENODEV, map(self, self->dmabuf, self->size, OTHER_IOVA));
	EXPECT_WITNESS();
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(marked(self));
	expect_revoked(_metadata, self);
}

/* Off and on at once. */
TEST_F_TIMEOUT(p2p, memory_decode_toggled, 120)
{
	mark(self);
	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
	expect_revoked(_metadata, self);
	/* The same value again, and other bits, change nothing */
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MASTER);
	vfio_cfg_command(self->device.fd, PCI_COMMAND_MASTER, 0);
	EXPECT_REACHABLE();
}

/* Closing the file is no way around: the mapping keeps the dma-buf. */
TEST_F_TIMEOUT(p2p, file_closed, 120)
{
	close(self->dmabuf);
	EXPECT_REACHABLE();
	mark(self);
	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
	send(self, BAR_IOVA);
	EXPECT_TRUE(marked(self));
	EXPECT_RC(0, unmap(self, self->size, BAR_IOVA));
	self->dmabuf = vfio_region_dmabuf(self->device.fd, BAR, 0, self->size);
	ASSERT_GE(self->dmabuf, 0);
	ASSERT_RC(0, map(self, self->dmabuf, self->size, BAR_IOVA));
	EXPECT_REACHABLE();
}

/* What is exported while the memory is off begins to work with it. */
TEST_F_TIMEOUT(p2p, exported_while_off, 120)
{
	int fd;

	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
	fd = vfio_region_dmabuf(self->device.fd, BAR, 0, PAGE);
	ASSERT_GE(fd, 0);
	EXPECT_RC(-ENODEV, map(self, fd, PAGE, OTHER_IOVA));
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(0, map(self, fd, PAGE, OTHER_IOVA));
	expect_reachable(_metadata, self, OTHER_IOVA, 0);
	EXPECT_RC(0, unmap(self, PAGE, OTHER_IOVA));
	close(fd);
}

static void reopen(struct __test_metadata *_metadata, FIXTURE_DATA(p2p) *self)
{
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->device);
}

/*
 * Closed, and not even the next open brings it back (CVE-2026-53322: the
 * function was disabled first, and what came to its address was reachable).
 */
TEST_F_TIMEOUT(p2p, device_closed, 120)
{
	EXPECT_REACHABLE();
	mark(self);
	vfio_pci_device_close(&self->device);
	send(self, BAR_IOVA);
	EXPECT_WITNESS();
	EXPECT_RC(-ENODEV, map(self, self->dmabuf, self->size, OTHER_IOVA));

	reopen(_metadata, self);
	EXPECT_TRUE(marked(self));
	send(self, BAR_IOVA);
	EXPECT_TRUE(marked(self));
	EXPECT_RC(-ENODEV, map(self, self->dmabuf, self->size, OTHER_IOVA));
	EXPECT_RC(0, unmap(self, self->size, BAR_IOVA));

	close(self->dmabuf);
	self->dmabuf = vfio_region_dmabuf(self->device.fd, BAR, 0, self->size);
	ASSERT_GE(self->dmabuf, 0);
	ASSERT_RC(0, map(self, self->dmabuf, self->size, BAR_IOVA));
	EXPECT_REACHABLE();
}

/* The driver goes, too, with the dma-buf still mapped. */
TEST_F_TIMEOUT(p2p, driver_unbound, 120)
{
	mark(self);
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	send(self, BAR_IOVA);
	EXPECT_RC(-ENODEV, map(self, self->dmabuf, self->size, OTHER_IOVA));
	EXPECT_WITNESS();
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	reopen(_metadata, self);
	EXPECT_TRUE(marked(self));
	EXPECT_RC(-ENODEV, map(self, self->dmabuf, self->size, OTHER_IOVA));
	EXPECT_RC(0, unmap(self, self->size, BAR_IOVA));
}

/* Mappings come and go while the memory does; each is refused or works. */
struct mapper {
	FIXTURE_DATA(p2p) *self;
	bool stop;
	u64 mapped;
	u64 refused;
	int error;
};

static void *mapper_thread(void *arg)
{
	struct mapper *m = arg;
	int ret;

	while (!__atomic_load_n(&m->stop, __ATOMIC_ACQUIRE)) {
		ret = map(m->self, m->self->dmabuf, m->self->size, OTHER_IOVA);
		if (ret && ret != -ENODEV)
			m->error = ret;
		__atomic_add_fetch(ret ? &m->refused : &m->mapped, 1,
				   __ATOMIC_RELAXED);
		if (!ret && unmap(m->self, m->self->size, OTHER_IOVA))
			m->error = -EIO;
	}
	return NULL;
}

static void wait_for_more(u64 *count)
{
	u64 before = __atomic_load_n(count, __ATOMIC_RELAXED);

	while (__atomic_load_n(count, __ATOMIC_RELAXED) == before)
		sched_yield();
}

TEST_F_TIMEOUT(p2p, mapping_races, 300)
{
	struct mapper m = { .self = self };
	pthread_t thread;
	int i, fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, mapper_thread, &m));
	for (i = 0; i < 20 && !m.error; i++) {
		vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
		wait_for_more(&m.refused);
		/* Others come and go, too */
		fd = vfio_region_dmabuf(self->device.fd, BAR, 0, PAGE);
		vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
		close(fd);
		wait_for_more(&m.mapped);
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_RC(0, m.error);
	mark(self);
	expect_revoked(_metadata, self);
}

/*
 * Exporters with a reset and power states; what they have is registers, so
 * they are only read.
 */
FIXTURE(p2p_registers) {
	const char *bdf;
	const char *importer_bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct vfio_pci_device importer;
	struct dma_region buf;
	int dmabuf;
};

FIXTURE_VARIANT(p2p_registers) {
	const char *kind;
	u32 reg;	/* reads the same, not 0, whenever the memory is there */
};

FIXTURE_VARIANT_ADD(p2p_registers, nvme) { .kind = "NVME", .reg = 0 };
FIXTURE_VARIANT_ADD(p2p_registers, igb) { .kind = "IGB", .reg = 0 };

FIXTURE_SETUP(p2p_registers)
{
	self->dmabuf = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	REQUIRE_DEVICE(self->importer_bdf, "EDU");
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->importer, self->importer_bdf,
					  self->iommu));
	vfio_pci_driver_init(&self->importer);
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->buf, PAGE, BUF_IOVA));

	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->device);
	self->dmabuf = vfio_region_dmabuf(self->device.fd, 0, 0,
					  self->device.bars[0].info.size);
	ASSERT_GE(self->dmabuf, 0);
	ASSERT_RC(0, iommufd_map_file(self->iommu->iommufd,
				      self->iommu->ioas_id, self->dmabuf, 0,
				      self->device.bars[0].info.size, BAR_IOVA,
				      DMA_PROT_READ));
}

FIXTURE_TEARDOWN(p2p_registers)
{
	vfio_pci_device_close(&self->device);
	vfio_pci_device_close(&self->importer);
	close(self->dmabuf);
	dma_region_free(self->iommu, &self->buf);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

/* What the importer reads in the register, after it has read something else. */
static u32 read_by_dma(struct __test_metadata *_metadata,
		       FIXTURE_DATA(p2p_registers) *self, u32 reg)
{
	u32 *word = self->buf.vaddr;

	word[0] = 0xa5a5a5a5;
	EXPECT_RC(0, vfio_pci_driver_copy(&self->importer, BUF_IOVA + 4,
					  BUF_IOVA, 4));
	EXPECT_EQ(0xa5a5a5a5, word[1]);
	EXPECT_RC(0, vfio_pci_driver_copy(&self->importer, BUF_IOVA,
					  BAR_IOVA + reg, 4));
	return word[0];
}

static void expect_same_register(struct __test_metadata *_metadata,
				 FIXTURE_DATA(p2p_registers) *self, u32 reg)
{
	u32 want = mmio_read32(self->device.bars[0].vaddr, reg);

	EXPECT_NE(0, want);
	EXPECT_NE(0xffffffff, want);
	EXPECT_EQ(want, read_by_dma(_metadata, self, reg))
		TH_LOG("device %s", self->bdf);
}

/* Dead, but can be made anew. */
static void expect_gone(struct __test_metadata *_metadata,
			FIXTURE_DATA(p2p_registers) *self, u32 reg)
{
	u64 size = self->device.bars[0].info.size;

	EXPECT_NE(mmio_read32(self->device.bars[0].vaddr, reg),
		  read_by_dma(_metadata, self, reg))
		TH_LOG("device %s", self->bdf);
	EXPECT_RC(0, iommufd_unmap(self->iommu->iommufd, self->iommu->ioas_id,
				   BAR_IOVA, size, NULL));
	EXPECT_RC(0, iommufd_map_file(self->iommu->iommufd,
				      self->iommu->ioas_id, self->dmabuf, 0,
				      size, BAR_IOVA, DMA_PROT_READ));
	expect_same_register(_metadata, self, reg);
}

TEST_F_TIMEOUT(p2p_registers, reset, 120)
{
	expect_same_register(_metadata, self, variant->reg);
	ASSERT_RC(0, vfio_device_reset(self->device.fd));
	vfio_pci_device_enable(&self->device);
	expect_gone(_metadata, self, variant->reg);
	/* While the memory is off */
	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, vfio_device_reset(self->device.fd));
	EXPECT_RC(-ENODEV, iommufd_map_file(self->iommu->iommufd,
					    self->iommu->ioas_id, self->dmabuf,
					    0, PAGE, OTHER_IOVA, DMA_PROT_READ));
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
	expect_gone(_metadata, self, variant->reg);
}

static void set_power(int fd, u8 pm, u16 state)
{
	u16 ctrl = vfio_cfg_read16(fd, pm + PCI_PM_CTRL);

	ctrl = (ctrl & ~PCI_PM_CTRL_STATE_MASK) | state;
	vfio_cfg_write16(fd, pm + PCI_PM_CTRL, ctrl);
}

TEST_F_TIMEOUT(p2p_registers, d3hot, 120)
{
	int fd = self->device.fd;
	u8 pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);

	ASSERT_NE(0, pm);
	set_power(fd, pm, PM_STATE_D3HOT);
	EXPECT_RC(-ENODEV, iommufd_map_file(self->iommu->iommufd,
					    self->iommu->ioas_id, self->dmabuf,
					    0, PAGE, OTHER_IOVA, DMA_PROT_READ));
	set_power(fd, pm, PM_STATE_D0);
	vfio_pci_device_enable(&self->device);
	expect_gone(_metadata, self, variant->reg);
}

TEST_F_TIMEOUT(p2p_registers, low_power, 120)
{
	int fd = self->device.fd;

	ASSERT_RC(0, vfio_device_feature(fd, VFIO_DEVICE_FEATURE_SET |
					 VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
					 NULL, 0));
	EXPECT_RC(-ENODEV, iommufd_map_file(self->iommu->iommufd,
					    self->iommu->ioas_id, self->dmabuf,
					    0, PAGE, OTHER_IOVA, DMA_PROT_READ));
	ASSERT_RC(0, vfio_device_feature(fd, VFIO_DEVICE_FEATURE_SET |
					 VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
					 NULL, 0));
	vfio_pci_device_enable(&self->device);
	expect_gone(_metadata, self, variant->reg);
}

TEST_HARNESS_MAIN
