// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_RESET: who has it, what it does to registers, configuration
 * space, mappings and interrupts, alone and against concurrent accesses.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "vfio_test.h"

FIXTURE(reset)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
	bool can_reset;
};

FIXTURE_VARIANT(reset)
{
	const char *kind;
	/*
	 * A register of BAR 0 that is 0 after reset, and a harmless value; 0
	 * if there is none.
	 */
	u32 reg;
	u32 val;
};

/* CC: queue entry sizes (NVM Express base specification, 3.1.4.5) */
FIXTURE_VARIANT_ADD(reset, NVME) {
	.kind = "NVME", .reg = 0x14, .val = 0x00460000,
};

/* RCTL: accept broadcasts (82576 data sheet, receive control) */
FIXTURE_VARIANT_ADD(reset, IGB) { .kind = "IGB", .reg = 0x100, .val = 0x8000 };

/* Reset through D3, which leaves the registers of the emulated one alone. */
FIXTURE_VARIANT_ADD(reset, E1000E) { .kind = "E1000E" };

FIXTURE_VARIANT_ADD(reset, EDU) { .kind = "EDU" };

FIXTURE_VARIANT_ADD(reset, IVSHMEM) { .kind = "IVSHMEM" };

FIXTURE_SETUP(reset)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	self->can_reset = self->dev.info.flags & VFIO_DEVICE_FLAGS_RESET;
	vfio_pci_device_enable(&self->dev);
}

FIXTURE_TEARDOWN(reset)
{
	if (self->open) {
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	EXPECT_DEVICE_OK();
}

#define REQUIRE_RESET() do {						\
	if (!self->can_reset)						\
		SKIP(return, "%s has no function reset", self->bdf);	\
} while (0)

/* It does what the RESET flag promised, and says so if it can't. */
TEST_F(reset, flag)
{
	EXPECT_RC(self->can_reset ? 0 : -EINVAL,
		  vfio_device_reset(self->dev.fd));
}

/* What the user set up in configuration space is still there afterwards. */
TEST_F(reset, config_survives)
{
	u32 bars[VFIO_PCI_NUM_BARS];
	unsigned int i;
	u16 cmd;
	int fd = self->dev.fd;

	REQUIRE_RESET();
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++)
		bars[i] = vfio_cfg_read32(fd, PCI_BASE_ADDRESS_0 + 4 * i);
	vfio_cfg_write8(fd, PCI_INTERRUPT_LINE, 0x5a);
	vfio_cfg_write8(fd, PCI_CACHE_LINE_SIZE, 16);
	cmd = vfio_cfg_read16(fd, PCI_COMMAND);

	ASSERT_RC(0, vfio_device_reset(fd));

	EXPECT_EQ(cmd, vfio_cfg_read16(fd, PCI_COMMAND));
	EXPECT_EQ(0x5a, vfio_cfg_read8(fd, PCI_INTERRUPT_LINE));
	EXPECT_EQ(16, vfio_cfg_read8(fd, PCI_CACHE_LINE_SIZE));
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		EXPECT_EQ(bars[i],
			  vfio_cfg_read32(fd, PCI_BASE_ADDRESS_0 + 4 * i))
			TH_LOG("%s BAR %u", self->bdf, i);
	}
}

/* The device itself starts afresh, seen through a mapping made before. */
TEST_F(reset, registers_cleared)
{
	void *regs = self->dev.bars[0].vaddr;

	REQUIRE_RESET();
	if (!variant->reg)
		SKIP(return, "%s: reset doesn't clear registers", self->bdf);
	ASSERT_NE(NULL, regs);
	mmio_write32(regs, variant->reg, variant->val);
	EXPECT_EQ(variant->val, mmio_read32(regs, variant->reg));

	ASSERT_RC(0, vfio_device_reset(self->dev.fd));
	EXPECT_EQ(0, mmio_read32(regs, variant->reg))
		TH_LOG("device %s", self->bdf);
	/* And the register can be written again, through the same mapping. */
	mmio_write32(regs, variant->reg, variant->val);
	EXPECT_EQ(variant->val, mmio_read32(regs, variant->reg));
	ASSERT_RC(0, vfio_device_reset(self->dev.fd));
}

/* A device in D3 is woken for it. */
TEST_F(reset, from_d3)
{
	int fd = self->dev.fd;
	u8 pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);

	REQUIRE_RESET();
	if (!pm)
		SKIP(return, "%s has no power management", self->bdf);
	vfio_cfg_write16(fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
	ASSERT_EQ(PM_STATE_D3HOT, vfio_cfg_read16(fd, pm + PCI_PM_CTRL) &
		  PCI_PM_CTRL_STATE_MASK);
	ASSERT_RC(0, vfio_device_reset(fd));
	EXPECT_EQ(PM_STATE_D0, vfio_cfg_read16(fd, pm + PCI_PM_CTRL) &
		  PCI_PM_CTRL_STATE_MASK);
}

/*
 * CVE-2022-49219: the state saved on the way into D3 leaked whenever a reset
 * brought the device back. Seen by kmemleak in the debug kernel.
 */
TEST_F_TIMEOUT(reset, d3_loop, 120)
{
	int fd = self->dev.fd;
	u8 pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);
	unsigned int i;

	REQUIRE_RESET();
	if (!pm)
		SKIP(return, "%s has no power management", self->bdf);
	for (i = 0; i < vfio_test_rounds(12); i++) {
		vfio_cfg_write16(fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
		ASSERT_RC(0, vfio_device_reset(fd));
	}
	for (i = 0; i < vfio_test_rounds(12); i++) {
		vfio_cfg_write16(fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
		vfio_cfg_write16(fd, pm + PCI_PM_CTRL, PM_STATE_D0);
	}
}

/* Interrupts that are set up stay set up. */
TEST_F(reset, irqs_survive)
{
	static const u32 indexes[] = {
		VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
	};
	struct vfio_irq_info info = {};
	unsigned int i;

	REQUIRE_RESET();
	for (i = 0; i < ARRAY_SIZE(indexes) && !info.count; i++)
		ASSERT_RC(0, vfio_irq_info(self->dev.fd, indexes[i], &info));
	if (!info.count)
		SKIP(return, "%s has neither MSI nor MSI-X", self->bdf);

	ASSERT_RC(0, vfio_pci_msi_enable(&self->dev, info.index, 1));
	ASSERT_RC(0, vfio_device_reset(self->dev.fd));
	ASSERT_RC(0, vfio_irq_trigger(self->dev.fd, info.index, 0, 1));
	EXPECT_EQ(1, evfd_wait(self->dev.msi_eventfds[0], EVFD_TIMEOUT_MS));
	vfio_pci_msi_disable(&self->dev, info.index);
}

/**
 * struct reader - a thread that reads while others reset
 * @dev: the device
 * @index: region it reads
 * @stop: told to end
 * @reads: successful ones
 * @bad: a result that must not be, else 0
 */
struct reader {
	struct vfio_pci_device *dev;
	u32 index;
	atomic_bool stop;
	unsigned long reads;
	int bad;
};

static void *reader(void *arg)
{
	struct reader *r = arg;
	u32 val;
	int ret;

	while (!atomic_load(&r->stop)) {
		ret = vfio_region_read32(r->dev->fd, r->index, 0, &val);
		if (!ret)
			r->reads++;
		/* EIO: memory is off for a moment */
		else if (ret != -EIO)
			r->bad = ret;
	}
	return NULL;
}

TEST_F_TIMEOUT(reset, against_readers, 120)
{
	static const u32 indexes[] = {
		VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct reader r[ARRAY_SIZE(indexes)];
	pthread_t thread[ARRAY_SIZE(indexes)];
	unsigned int i;
	int ret;

	REQUIRE_RESET();
	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		memset(&r[i], 0, sizeof(r[i]));
		r[i].dev = &self->dev;
		r[i].index = indexes[i];
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, reader, &r[i]));
	}
	for (i = 0; i < vfio_test_rounds(10); i++) {
		ret = vfio_device_reset(self->dev.fd);
		/* EAGAIN: someone else holds the device right now */
		if (ret != -EAGAIN)
			EXPECT_RC(0, ret);
	}
	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		atomic_store(&r[i].stop, true);
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, r[i].bad)
			TH_LOG("%s region %u: %s", self->bdf, indexes[i],
			       strerror(-r[i].bad));
	}
	EXPECT_RC(0, vfio_device_reset(self->dev.fd));
}

TEST_F_TIMEOUT(reset, against_reset, 120)
{
	int i, n = vfio_test_rounds(10), ret = 0, status;
	pid_t child;

	REQUIRE_RESET();
	child = fork();
	ASSERT_LE(0, child);
	for (i = 0; i < n; i++) {
		ret = vfio_device_reset(self->dev.fd);
		if (ret && ret != -EAGAIN)
			break;
	}
	if (!child)
		_exit(i < n);
	EXPECT_EQ(n, i) TH_LOG("%s: %s", self->bdf, strerror(-ret));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
