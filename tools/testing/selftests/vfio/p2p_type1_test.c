// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer DMA through a type1 container ends when the memory does: the BAR
 * of one device, opened by its own node, is mapped for another device in a
 * container. Switched off, asleep, in reset, closed or without its driver, the
 * memory is out of reach; what took it away for a moment gives it back to the
 * same mapping, what closed the device does not. Nothing else changes: ordinary
 * memory and a third device's BAR stay reachable.
 */
#include <pthread.h>
#include <sched.h>

#include "type1_dma.h"
#include "pm.h"

#define BAR		2	/* of ivshmem: memory without side effects */
#define BAR_IOVA	0x4000000UL
#define LEN		(1UL << 20)
#define MIXED_IOVA	0xa000000UL
#define WITNESS_IOVA	0xc000000UL
#define WITNESS_BAR	0	/* begins with a register that never reads 0 */

FIXTURE(p2p) {
	const char *bdf;	/* who does DMA */
	const char *peer_bdf;	/* whose memory it is */
	const char *witness_bdf;
	struct type1_device dev;
	struct iommu *iommu;	/* of the others */
	struct vfio_pci_device peer;
	struct vfio_pci_device witness;
	int fd;
};

FIXTURE_VARIANT(p2p) {
	const char *kind;
	const char *witness;
	unsigned long type;
};

FIXTURE_VARIANT_ADD(p2p, v1) {
	.kind = "NVME", .witness = "IGB", .type = VFIO_TYPE1_IOMMU
};
FIXTURE_VARIANT_ADD(p2p, v2) {
	.kind = "IGB", .witness = "NVME", .type = VFIO_TYPE1v2_IOMMU
};

static void *bar_page(FIXTURE_DATA(p2p) *self, u64 off)
{
	return (char *)self->peer.bars[BAR].vaddr + off;
}

static int map_bar(FIXTURE_DATA(p2p) *self)
{
	return vfio_type1_map(self->fd, bar_page(self, 0), LEN, BAR_IOVA);
}

static s64 unmap_bar(FIXTURE_DATA(p2p) *self)
{
	return vfio_type1_unmap_flags(self->fd, BAR_IOVA, LEN, 0);
}

static void open_peer(struct __test_metadata *_metadata,
		      FIXTURE_DATA(p2p) *self)
{
	ASSERT_RC(0, vfio_pci_device_open(&self->peer, self->peer_bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->peer);
}

FIXTURE_SETUP(p2p)
{
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	self->peer.fd = -1;
	self->witness.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->peer_bdf, "IVSHMEM");
	REQUIRE_DEVICE(self->witness_bdf, variant->witness);
	REQUIRE_DEVICE(self->bdf, variant->kind);
	ASSERT_RC(0, type1_device_open(&self->dev, variant->type, self->bdf));
	self->fd = self->dev.container.fd;
	self->iommu = iommu_init(NULL);
	open_peer(_metadata, self);
	ASSERT_RC(0, map_bar(self));
	ASSERT_RC(0, vfio_pci_device_open(&self->witness, self->witness_bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->witness);
	ASSERT_RC(0, vfio_type1_map(self->fd,
				    self->witness.bars[WITNESS_BAR].vaddr,
				    PAGE, WITNESS_IOVA));
}

FIXTURE_TEARDOWN(p2p)
{
	if (self->peer.fd >= 0)
		vfio_pci_device_close(&self->peer);
	if (self->witness.fd >= 0)
		vfio_pci_device_close(&self->witness);
	if (self->iommu)
		iommu_cleanup(self->iommu);
	type1_device_close(&self->dev);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

/* Write a page of new data to @iova; it may arrive or not. */
static void send(FIXTURE_DATA(p2p) *self, u64 iova)
{
	type1_fill(&self->dev, self->dev.src);
	vfio_pci_driver_copy(&self->dev.device, iova, SRC_IOVA, PAGE);
}

/* Put what must not change where the device will not be able to write. */
static void mark(FIXTURE_DATA(p2p) *self)
{
	memset(bar_page(self, 0), SENTINEL, PAGE);
}

static bool marked(FIXTURE_DATA(p2p) *self)
{
	const volatile u8 *p = bar_page(self, 0);
	int i;

	for (i = 0; i < PAGE; i++)
		if (p[i] != SENTINEL)
			return false;
	return true;
}

#define EXPECT_REACHABLE() do {						\
	EXPECT_TRUE(type1_reaches(&self->dev, bar_page(self, 0),	\
				  BAR_IOVA));				\
	EXPECT_TRUE(type1_reaches(&self->dev, bar_page(self, LEN - PAGE), \
				  BAR_IOVA + LEN - PAGE));		\
} while (0)

/* Ordinary memory, and a register of another device. */
static void expect_witnesses(struct __test_metadata *_metadata,
			     FIXTURE_DATA(p2p) *self)
{
	struct vfio_pci_device *dev = &self->dev.device;
	u32 want = mmio_read32(self->witness.bars[WITNESS_BAR].vaddr, 0);

	EXPECT_TRUE(type1_writes(&self->dev, self->dev.dst, DST_IOVA));
	EXPECT_NE(0, want);
	memset(self->dev.dst, 0, PAGE);
	EXPECT_RC(0, vfio_pci_driver_copy(dev, DST_IOVA, WITNESS_IOVA,
					  dev->driver.copy_unit * 4));
	EXPECT_EQ(want, *(u32 *)self->dev.dst)
		TH_LOG("device %s cannot reach %s any more", self->bdf,
		       self->witness_bdf);
}

#define EXPECT_WITNESSES()	expect_witnesses(_metadata, self)

TEST_F_TIMEOUT(p2p, reachable, 120)
{
	EXPECT_REACHABLE();
	EXPECT_WITNESSES();
	EXPECT_RC(LEN, unmap_bar(self));
	EXPECT_TRUE(type1_blocked(&self->dev, bar_page(self, 0), BAR_IOVA));
	EXPECT_WITNESSES();
}

/*
 * Switch memory decoding on behind the back of VFIO, so that DMA arrives unless
 * the IOMMU stops it, and off again.
 */
static int set_decode(const char *bdf, bool on)
{
	char path[64];
	u16 cmd;
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pread(fd, &cmd, 2, PCI_COMMAND) != 2)
		ret = -EIO;
	cmd = on ? cmd | PCI_COMMAND_MEMORY : cmd & ~PCI_COMMAND_MEMORY;
	if (!ret && pwrite(fd, &cmd, 2, PCI_COMMAND) != 2)
		ret = -EIO;
	close(fd);
	return ret;
}

TEST_F_TIMEOUT(p2p, memory_decode, 120)
{
	EXPECT_REACHABLE();
	mark(self);
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	send(self, BAR_IOVA);
	ASSERT_RC(0, set_decode(self->peer_bdf, false));
	EXPECT_WITNESSES();
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(marked(self))
		TH_LOG("device %s wrote to %s while its memory was off",
		       self->bdf, self->peer_bdf);
	/* It comes back by itself, and goes again */
	EXPECT_REACHABLE();
	mark(self);
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	send(self, BAR_IOVA);
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(marked(self));
	EXPECT_REACHABLE();
	EXPECT_RC(LEN, unmap_bar(self));
}

/* Unmapped while it is not there, it does not come back. */
TEST_F_TIMEOUT(p2p, unmapped_while_off, 120)
{
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_RC(-EEXIST, map_bar(self));
	EXPECT_RC(LEN, unmap_bar(self));
	EXPECT_RC(-EFAULT, map_bar(self));
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(type1_blocked(&self->dev, bar_page(self, 0), BAR_IOVA));
	EXPECT_WITNESSES();
	EXPECT_RC(0, map_bar(self));
	EXPECT_REACHABLE();
}

/* One mapping of memory, two pieces of the BAR in reverse order, and memory. */
TEST_F_TIMEOUT(p2p, amid_memory, 120)
{
	u64 bar = self->peer.bars[BAR].info.offset;
	char *mem = anon_memory(24 * PAGE);
	int i;

	ASSERT_NE(NULL, mem);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(mem + (8 + 4 * i) * PAGE,
			  mmap(mem + (8 + 4 * i) * PAGE, 4 * PAGE,
			       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			       self->peer.fd, bar + (4 - 4 * i) * PAGE));
	ASSERT_RC(0, vfio_type1_map(self->fd, mem, 24 * PAGE, MIXED_IOVA));
	for (i = 7; i < 17; i++)
		EXPECT_TRUE(type1_reaches(&self->dev, mem + i * PAGE,
					  MIXED_IOVA + i * PAGE))
			TH_LOG("page %d", i);

	mark(self);
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	send(self, MIXED_IOVA + 12 * PAGE);
	ASSERT_RC(0, set_decode(self->peer_bdf, false));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + 7 * PAGE,
				  MIXED_IOVA + 7 * PAGE));
	EXPECT_TRUE(type1_reaches(&self->dev, mem + 16 * PAGE,
				  MIXED_IOVA + 16 * PAGE));
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(marked(self));
	for (i = 7; i < 17; i++)
		EXPECT_TRUE(type1_reaches(&self->dev, mem + i * PAGE,
					  MIXED_IOVA + i * PAGE))
			TH_LOG("page %d", i);

	/* With a hole in it */
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_RC(24 * PAGE, vfio_type1_unmap_flags(self->fd, MIXED_IOVA,
						    24 * PAGE, 0));
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	for (i = 7; i < 17; i++)
		EXPECT_TRUE(type1_blocked(&self->dev, mem + i * PAGE,
					  MIXED_IOVA + i * PAGE))
			TH_LOG("page %d", i);
	munmap(mem, 24 * PAGE);
}

/* The process may forget the BAR, the mapping does not. */
TEST_F_TIMEOUT(p2p, munmapped, 120)
{
	void *again;

	mark(self);
	munmap(bar_page(self, 0), self->peer.bars[BAR].info.size);
	self->peer.bars[BAR].vaddr = NULL;
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	send(self, BAR_IOVA);
	ASSERT_RC(0, set_decode(self->peer_bdf, false));
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	again = mmap(NULL, self->peer.bars[BAR].info.size,
		     PROT_READ | PROT_WRITE, MAP_SHARED, self->peer.fd,
		     self->peer.bars[BAR].info.offset);
	ASSERT_NE(MAP_FAILED, again);
	self->peer.bars[BAR].vaddr = again;
	EXPECT_TRUE(marked(self));
	EXPECT_REACHABLE();
}

/* Closed, and not even the next open brings it back. */
TEST_F_TIMEOUT(p2p, closed, 120)
{
	EXPECT_REACHABLE();
	mark(self);
	vfio_pci_device_close(&self->peer);
	self->peer.fd = -1;
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	send(self, BAR_IOVA);
	EXPECT_WITNESSES();

	open_peer(_metadata, self);
	EXPECT_TRUE(marked(self))
		TH_LOG("device %s wrote to %s, which was closed", self->bdf,
		       self->peer_bdf);
	mark(self);
	send(self, BAR_IOVA);
	EXPECT_TRUE(marked(self));
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	send(self, BAR_IOVA);
	EXPECT_TRUE(marked(self));
	EXPECT_RC(-EEXIST, map_bar(self));
	EXPECT_RC(LEN, unmap_bar(self));
	EXPECT_RC(0, map_bar(self));
	EXPECT_REACHABLE();
}

/* The driver can go, too, with the mapping still there. */
TEST_F_TIMEOUT(p2p, unbound, 120)
{
	mark(self);
	vfio_pci_device_close(&self->peer);
	self->peer.fd = -1;
	ASSERT_RC(0, pci_dev_unbind(self->peer_bdf));
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	send(self, BAR_IOVA);
	EXPECT_WITNESSES();
	ASSERT_RC(0, pci_dev_bind(self->peer_bdf, "vfio-pci"));
	open_peer(_metadata, self);
	EXPECT_TRUE(marked(self));
	send(self, BAR_IOVA);
	EXPECT_TRUE(marked(self));
	EXPECT_RC(LEN, unmap_bar(self));
}

/* The mapping goes first, with its container; the device must not mind. */
TEST_F_TIMEOUT(p2p, container_closed, 120)
{
	EXPECT_REACHABLE();
	type1_device_close(&self->dev);
	memset(&self->dev, 0, sizeof(self->dev));
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	mark(self);
	EXPECT_TRUE(marked(self));
}

/* Mappings come and go while the memory does; each is refused or works. */
struct mapper {
	FIXTURE_DATA(p2p) *self;
	bool stop;
	u64 mapped;
	u64 refused;
	long error;
};

static void *mapper_thread(void *arg)
{
	struct mapper *m = arg;
	long ret;

	while (!__atomic_load_n(&m->stop, __ATOMIC_ACQUIRE)) {
		ret = vfio_type1_map(m->self->fd, bar_page(m->self, 0), LEN,
				     MIXED_IOVA);
		if (ret && ret != -EFAULT)
			m->error = ret;
		__atomic_add_fetch(ret ? &m->refused : &m->mapped, 1,
				   __ATOMIC_RELAXED);
		if (!ret && vfio_type1_unmap_flags(m->self->fd, MIXED_IOVA,
						   LEN, 0) != LEN)
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
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, mapper_thread, &m));
	for (i = 0; i < 20 && !m.error; i++) {
		vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
		wait_for_more(&m.refused);
		vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
		wait_for_more(&m.mapped);
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_RC(0, m.error);
	EXPECT_REACHABLE();
	EXPECT_TRUE(type1_blocked(&self->dev, bar_page(self, 0), MIXED_IOVA));
	EXPECT_WITNESSES();
}

/*
 * Devices with a reset and power states; what they have is registers, so they are
 * only read.
 */
FIXTURE(p2p_registers) {
	const char *bdf;
	const char *peer_bdf;
	struct type1_device dev;
	struct iommu *iommu;
	struct vfio_pci_device peer;
	int fd;
};

FIXTURE_VARIANT(p2p_registers) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(p2p_registers, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(p2p_registers, igb) { .kind = "IGB" };

FIXTURE_SETUP(p2p_registers)
{
	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	self->peer.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->peer_bdf, variant->kind);
	REQUIRE_DEVICE(self->bdf, "EDU");
	ASSERT_RC(0, type1_device_open(&self->dev, VFIO_TYPE1v2_IOMMU,
				       self->bdf));
	self->fd = self->dev.container.fd;
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->peer, self->peer_bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->peer);
	ASSERT_RC(0, vfio_type1_map_flags(self->fd, self->peer.bars[0].vaddr,
					  self->peer.bars[0].info.size,
					  BAR_IOVA, VFIO_DMA_MAP_FLAG_READ));
}

FIXTURE_TEARDOWN(p2p_registers)
{
	if (self->peer.fd >= 0)
		vfio_pci_device_close(&self->peer);
	if (self->iommu)
		iommu_cleanup(self->iommu);
	type1_device_close(&self->dev);
	EXPECT_DEVICE_OK();
}

/* What the device reads in register 0, after it has read something else. */
static u32 read_by_dma(struct __test_metadata *_metadata,
		       FIXTURE_DATA(p2p_registers) *self)
{
	u32 *word = (u32 *)self->dev.dst;

	word[0] = 0xa5a5a5a5;
	EXPECT_RC(0, vfio_pci_driver_copy(&self->dev.device, DST_IOVA + 4,
					  DST_IOVA, 4));
	EXPECT_EQ(0xa5a5a5a5, word[1]);
	EXPECT_RC(0, vfio_pci_driver_copy(&self->dev.device, DST_IOVA,
					  BAR_IOVA, 4));
	return word[0];
}

static void expect_same(struct __test_metadata *_metadata,
			FIXTURE_DATA(p2p_registers) *self)
{
	u32 want = mmio_read32(self->peer.bars[0].vaddr, 0);

	EXPECT_NE(0, want);
	EXPECT_NE(0xffffffff, want);
	EXPECT_EQ(want, read_by_dma(_metadata, self))
		TH_LOG("device %s", self->peer_bdf);
}

/* While @want would be read if the IOMMU let it. */
static void expect_gone(struct __test_metadata *_metadata,
			FIXTURE_DATA(p2p_registers) *self, u32 want)
{
	EXPECT_NE(want, read_by_dma(_metadata, self))
		TH_LOG("device %s", self->peer_bdf);
}

static u32 reg0(FIXTURE_DATA(p2p_registers) *self)
{
	return mmio_read32(self->peer.bars[0].vaddr, 0);
}

TEST_F_TIMEOUT(p2p_registers, reset, 120)
{
	u32 want = reg0(self);

	expect_same(_metadata, self);
	ASSERT_RC(0, vfio_device_reset(self->peer.fd));
	vfio_pci_device_enable(&self->peer);
	expect_same(_metadata, self);
	/* While the memory is off, and that stays so */
	vfio_cfg_command(self->peer.fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, vfio_device_reset(self->peer.fd));
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	expect_gone(_metadata, self, want);
	ASSERT_RC(0, set_decode(self->peer_bdf, false));
	vfio_cfg_command(self->peer.fd, 0, PCI_COMMAND_MEMORY);
	expect_same(_metadata, self);
}

static void set_power(int fd, u8 pm, u16 state)
{
	u16 ctrl = vfio_cfg_read16(fd, pm + PCI_PM_CTRL);

	ctrl = (ctrl & ~PCI_PM_CTRL_STATE_MASK) | state;
	vfio_cfg_write16(fd, pm + PCI_PM_CTRL, ctrl);
}

TEST_F_TIMEOUT(p2p_registers, d3hot, 120)
{
	int fd = self->peer.fd;
	u8 pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);
	u32 want = reg0(self);

	ASSERT_NE(0, pm);
	set_power(fd, pm, PM_STATE_D3HOT);
	ASSERT_RC(0, set_decode(self->peer_bdf, true));
	expect_gone(_metadata, self, want);
	set_power(fd, pm, PM_STATE_D0);
	vfio_pci_device_enable(&self->peer);
	expect_same(_metadata, self);
}

TEST_F_TIMEOUT(p2p_registers, low_power, 120)
{
	u32 want = reg0(self);

	ASSERT_RC(0, low_power_enter(self->peer.fd));
	expect_gone(_metadata, self, want);
	ASSERT_RC(0, low_power_exit(self->peer.fd));
	vfio_pci_device_enable(&self->peer);
	expect_same(_metadata, self);
}

TEST_HARNESS_MAIN
