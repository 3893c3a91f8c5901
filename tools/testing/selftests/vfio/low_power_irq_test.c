// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx of a device in low-power mode: it is masked while the device sleeps,
 * whatever becomes of masking and unmasking meanwhile counts afterwards, and
 * no level that was raised is lost. Each device is tried twice: with the
 * interrupt masked through its own Interrupt Disable bit (PCI 2.3), and, with
 * the module parameter nointxmask, through an exclusive line.
 */
#include <sys/eventfd.h>

#include "vfio_test.h"
#include "irq_devices.h"
#include "pm.h"

#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define NOINTXMASK	"/sys/module/vfio_pci/parameters/nointxmask"

/* As the functions of struct irq_device do, but by what wakes the device. */
struct raise {
	u32 reg;
	u32 val;
};

FIXTURE(low_power_irq) {
	const char *bdf;
	const struct irq_device *dev;
	struct iommu *iommu;
	struct vfio_pci_device device;
	void *regs;
	int fd;
	int irq;
	int unmask;
	bool exclusive;
};

FIXTURE_VARIANT(low_power_irq) {
	const struct irq_device *dev;
	struct raise raise[2];
	bool exclusive;
};

#define RAISE_EDU	{ { EDU_IRQ_RAISE, 1 } }
#define RAISE_E1000E	{ { E1000E_ICS, E1000E_ACK }, { E1000E_IMS, E1000E_ACK } }

FIXTURE_VARIANT_ADD(low_power_irq, edu) {
	.dev = &irq_edu, .raise = RAISE_EDU,
};
FIXTURE_VARIANT_ADD(low_power_irq, edu_exclusive) {
	.dev = &irq_edu, .raise = RAISE_EDU, .exclusive = true,
};
FIXTURE_VARIANT_ADD(low_power_irq, e1000e) {
	.dev = &irq_e1000e, .raise = RAISE_E1000E,
};
FIXTURE_VARIANT_ADD(low_power_irq, e1000e_exclusive) {
	.dev = &irq_e1000e, .raise = RAISE_E1000E, .exclusive = true,
};

/* The parameter is read when the driver is bound. */
static int rebind(const char *bdf, bool exclusive)
{
	int ret;

	ret = sysfs_write_str(NOINTXMASK, exclusive ? "Y" : "N");
	if (!ret)
		ret = pci_dev_unbind(bdf);
	if (!ret)
		ret = pci_dev_bind(bdf, "vfio-pci");
	return ret;
}

FIXTURE_SETUP(low_power_irq)
{
	self->dev = variant->dev;
	self->exclusive = variant->exclusive;
	REQUIRE_DEVICE(self->bdf, variant->dev->kind);
	if (self->exclusive) {
		ASSERT_RC(0, rebind(self->bdf, true));
	}
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	self->regs = self->device.bars[0].vaddr;
	ASSERT_NE(NULL, self->regs);
	vfio_pci_device_enable(&self->device);
	self->dev->intx_deassert(self->regs);
	self->irq = evfd_new();
	ASSERT_GE(self->irq, 0);
	self->unmask = evfd_new();
	ASSERT_GE(self->unmask, 0);
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, INTX, 0, 1, &self->irq));
}

FIXTURE_TEARDOWN(low_power_irq)
{
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->irq);
	close(self->unmask);
	if (self->exclusive) {
		EXPECT_EQ(0, rebind(self->bdf, false));
	}
	EXPECT_DEVICE_OK();
}

#define EXPECT_IRQ() \
	EXPECT_EQ(1, evfd_wait(self->irq, EVFD_TIMEOUT_MS)) \
		TH_LOG("device %s: no interrupt", self->bdf)
#define EXPECT_QUIET() \
	EXPECT_EQ(0, evfd_wait(self->irq, QUIET_MS)) \
		TH_LOG("device %s: unexpected interrupt", self->bdf)

/* A whole round, as a driver would do it. */
#define EXPECT_WORKS() do {						\
	self->dev->intx_assert(self->regs);				\
	EXPECT_IRQ();							\
	self->dev->intx_deassert(self->regs);				\
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));		\
	EXPECT_QUIET();							\
} while (0)

#define SLEEP() do {							\
	ASSERT_RC(0, low_power_enter(self->fd));			\
	ASSERT_SLEEPS();						\
} while (0)

#define WAKE() ASSERT_RC(0, low_power_exit(self->fd))

TEST_F(low_power_irq, works_afterwards)
{
	int i;

	EXPECT_WORKS();
	for (i = 0; i < 3; i++) {
		SLEEP();
		WAKE();
		EXPECT_WORKS();
	}
}

/* Masked before, and still so when the device is awake again. */
TEST_F(low_power_irq, stays_masked)
{
	ASSERT_RC(0, vfio_irq_mask(self->fd, INTX, 0, 1));
	SLEEP();
	WAKE();
	self->dev->intx_assert(self->regs);
	EXPECT_QUIET();
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_IRQ();
	self->dev->intx_deassert(self->regs);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

/* Each of these wakes the device to do what it says. */
TEST_F(low_power_irq, set_irqs_asleep)
{
	SLEEP();
	ASSERT_RC(0, vfio_irq_mask(self->fd, INTX, 0, 1));
	ASSERT_SLEEPS();
	ASSERT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	ASSERT_SLEEPS();
	ASSERT_RC(0, vfio_irq_disable(self->fd, INTX));
	ASSERT_SLEEPS();
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, INTX, 0, 1, &self->irq));
	ASSERT_SLEEPS();
	WAKE();
	EXPECT_WORKS();
}

/*
 * Wait for the interrupt of a device that was awake for an access, and may have
 * been asleep again, with its interrupt masked, before a CPU came to take it. Then
 * another access lets it through, sooner or later. The first register has no side
 * effects in any of these devices.
 */
static int irq_while_asleep(int fd, int irq)
{
	unsigned int i;
	u32 val;

	for (i = 0; i < 50; i++) {
		if (evfd_wait(irq, QUIET_MS) == 1)
			return 1;
		if (vfio_region_read32(fd, 0, 0, &val))
			return -EIO;
	}
	return 0;
}

#define EXPECT_IRQ_ASLEEP() \
	EXPECT_EQ(1, irq_while_asleep(self->fd, self->irq)) \
		TH_LOG("device %s: no interrupt", self->bdf)

/* The device raises its interrupt while it is awake for an access. */
TEST_F(low_power_irq, raised_meanwhile)
{
	int i;

	SLEEP();
	for (i = 0; i < 2 && variant->raise[i].reg; i++)
		ASSERT_RC(0, vfio_region_write32(self->fd, 0,
						 variant->raise[i].reg,
						 variant->raise[i].val));
	EXPECT_IRQ_ASLEEP();
	ASSERT_SLEEPS();
	/* Masked by that; a level that stays up is told once more then. */
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_IRQ_ASLEEP();
	WAKE();
	self->dev->intx_deassert(self->regs);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

/* The user's Interrupt Disable bit lasts over a sleep, too. */
TEST_F(low_power_irq, disabled_in_config)
{
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_INTX_DISABLE);
	SLEEP();
	ASSERT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	ASSERT_SLEEPS();
	WAKE();
	self->dev->intx_assert(self->regs);
	EXPECT_QUIET();
	vfio_cfg_command(self->fd, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_IRQ();
	self->dev->intx_deassert(self->regs);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

/* Closed with the interrupt masked by the sleep: nothing is left of that. */
TEST_F(low_power_irq, close_asleep)
{
	SLEEP();
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	self->regs = self->device.bars[0].vaddr;
	vfio_pci_device_enable(&self->device);
	self->dev->intx_deassert(self->regs);
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, INTX, 0, 1, &self->irq));
	EXPECT_WORKS();
}

/* An eventfd can't wake the device, but what it asks for is remembered. */
TEST_F_TIMEOUT(low_power_irq, unmask_eventfd_asleep, 60)
{
	ASSERT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, self->unmask));
	self->dev->intx_assert(self->regs);
	EXPECT_IRQ();
	self->dev->intx_deassert(self->regs);
	SLEEP();
	ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	EXPECT_QUIET();
	EXPECT_TRUE(pm_is(self->bdf, "suspended"));
	WAKE();
	self->dev->intx_assert(self->regs);
	ASSERT_EQ(1, evfd_wait(self->irq, EVFD_TIMEOUT_MS))
		TH_LOG("device %s: stays masked", self->bdf);
	self->dev->intx_deassert(self->regs);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));

	/* Nothing to unmask: it must not count twice later. */
	SLEEP();
	ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	WAKE();
	EXPECT_WORKS();
	ASSERT_RC(0, vfio_irq_mask(self->fd, INTX, 0, 1));
	self->dev->intx_assert(self->regs);
	EXPECT_QUIET();
	self->dev->intx_deassert(self->regs);
}

TEST_HARNESS_MAIN
