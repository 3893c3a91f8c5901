// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx: delivery, automasking, and every way to mask and unmask. Each device
 * is tried twice: with the interrupt masked through its own Interrupt Disable
 * bit (PCI 2.3), and, with the module parameter nointxmask, through an
 * exclusive line that is disabled at the interrupt controller.
 */
#include <sys/eventfd.h>

#include "vfio_test.h"
#include "irq_devices.h"

#define INTX		VFIO_PCI_INTX_IRQ_INDEX

FIXTURE(intx) {
	const char *bdf;
	const struct irq_device *dev;
	struct iommu *iommu;
	struct vfio_pci_device device;
	void *regs;
	int fd;
	int irq;		/* eventfd for the interrupt */
	int unmask;		/* eventfd that unmasks */
	bool exclusive;
};

FIXTURE_VARIANT(intx) {
	const struct irq_device *dev;
	bool exclusive;
};

FIXTURE_VARIANT_ADD(intx, edu) { .dev = &irq_edu };
FIXTURE_VARIANT_ADD(intx, edu_exclusive) { .dev = &irq_edu, .exclusive = true };
FIXTURE_VARIANT_ADD(intx, e1000e) { .dev = &irq_e1000e };
FIXTURE_VARIANT_ADD(intx, e1000e_exclusive) {
	.dev = &irq_e1000e, .exclusive = true,
};

static int open_device(FIXTURE_DATA(intx) *self)
{
	int ret;

	ret = vfio_pci_device_open(&self->device, self->bdf, self->iommu);
	if (ret)
		return ret;
	self->fd = self->device.fd;
	self->regs = self->device.bars[0].vaddr;
	if (!self->regs)
		return -ENXIO;
	vfio_pci_device_enable(&self->device);
	self->dev->intx_deassert(self->regs);
	return 0;
}

FIXTURE_SETUP(intx)
{
	self->dev = variant->dev;
	self->exclusive = variant->exclusive;
	REQUIRE_DEVICE(self->bdf, variant->dev->kind);
	if (self->exclusive) {
		ASSERT_RC(0, irq_rebind(self->bdf, true));
	}
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, open_device(self));
	self->irq = evfd_new();
	ASSERT_GE(self->irq, 0);
	self->unmask = evfd_new();
	ASSERT_GE(self->unmask, 0);
}

FIXTURE_TEARDOWN(intx)
{
	self->dev->intx_deassert(self->regs);
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->irq);
	close(self->unmask);
	if (self->exclusive) {
		EXPECT_EQ(0, irq_rebind(self->bdf, false));
	}
	EXPECT_DEVICE_OK();
}

static int enable(FIXTURE_DATA(intx) *self, int evfd)
{
	return vfio_irq_set_fds(self->fd, INTX, 0, 1, &evfd);
}

static int set_bool(FIXTURE_DATA(intx) *self, u32 action, u8 val)
{
	return vfio_irq_set(self->fd, INTX, VFIO_IRQ_SET_DATA_BOOL | action,
			    0, 1, &val, sizeof(val));
}

static void line(FIXTURE_DATA(intx) *self, bool level)
{
	if (level)
		self->dev->intx_assert(self->regs);
	else
		self->dev->intx_deassert(self->regs);
}

#define EXPECT_IRQ(evfd) \
	EXPECT_EQ(1, evfd_wait(evfd, EVFD_TIMEOUT_MS)) \
		TH_LOG("device %s: no interrupt", self->bdf)
#define EXPECT_QUIET(evfd) \
	EXPECT_EQ(0, evfd_wait(evfd, QUIET_MS)) \
		TH_LOG("device %s: unexpected interrupt", self->bdf)

/* A whole round, as a driver would do it. */
#define EXPECT_WORKS() do {						\
	line(self, true);						\
	EXPECT_IRQ(self->irq);						\
	line(self, false);						\
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));		\
	EXPECT_QUIET(self->irq);					\
} while (0)

TEST_F(intx, info)
{
	struct vfio_irq_info info;

	ASSERT_RC(0, vfio_irq_info(self->fd, INTX, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
		  VFIO_IRQ_INFO_AUTOMASKED, info.flags);
}

TEST_F(intx, fires)
{
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
	EXPECT_WORKS();
}

/* Asserted all the time: one interrupt for each unmasking, and no storm. */
TEST_F(intx, automask)
{
	int i;

	ASSERT_RC(0, enable(self, self->irq));
	line(self, true);
	for (i = 0; i < 5; i++) {
		EXPECT_IRQ(self->irq);
		EXPECT_QUIET(self->irq);
		EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	}
	EXPECT_IRQ(self->irq);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_QUIET(self->irq);
	EXPECT_WORKS();
}

/*
 * The host is interrupted once for each delivery. One more, which comes after
 * the device was served and unmasked, would look like another interrupt of it.
 */
TEST_F(intx, once_in_the_host)
{
	u64 before, after;
	int i;

	ASSERT_RC(0, enable(self, self->irq));
	ASSERT_RC(0, pci_dev_irq_count(self->bdf, &before));
	line(self, true);
	for (i = 0; i < 20; i++) {
		EXPECT_IRQ(self->irq);
		EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	}
	EXPECT_IRQ(self->irq);
	line(self, false);
	EXPECT_QUIET(self->irq);
	ASSERT_RC(0, pci_dev_irq_count(self->bdf, &after));
	/* Without a line of its own, it is asked by its status bit */
	if (self->exclusive) {
		EXPECT_EQ(21, after - before);
	} else {
		EXPECT_GE(21, after - before);
	}
}

TEST_F(intx, mask_none)
{
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(0, vfio_irq_mask(self->fd, INTX, 0, 1));
	/* Masking twice needs no second unmasking. */
	EXPECT_RC(0, vfio_irq_mask(self->fd, INTX, 0, 1));
	line(self, true);
	EXPECT_QUIET(self->irq);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_IRQ(self->irq);
	line(self, false);
	/* Nor do two unmaskings permit a later interrupt in advance. */
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	line(self, true);
	EXPECT_IRQ(self->irq);
	EXPECT_QUIET(self->irq);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

TEST_F(intx, mask_bool)
{
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_MASK, 0));
	EXPECT_WORKS();
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_MASK, 1));
	line(self, true);
	EXPECT_QUIET(self->irq);
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_UNMASK, 0));
	EXPECT_QUIET(self->irq);
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_UNMASK, 1));
	EXPECT_IRQ(self->irq);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

/* An interrupt that came while it was masked and went again is gone. */
TEST_F(intx, deasserted_while_masked)
{
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(0, vfio_irq_mask(self->fd, INTX, 0, 1));
	line(self, true);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	/* The interrupt controller may have remembered it, the device not. */
	if (self->exclusive)
		evfd_wait(self->irq, QUIET_MS);
	EXPECT_QUIET(self->irq);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

TEST_F(intx, unmask_eventfd)
{
	int second = evfd_new();

	ASSERT_RC(0, enable(self, self->irq));
	ASSERT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, self->unmask));
	line(self, true);
	EXPECT_IRQ(self->irq);
	EXPECT_QUIET(self->irq);
	ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	EXPECT_IRQ(self->irq);
	EXPECT_QUIET(self->irq);

	/* Only one at a time. */
	EXPECT_RC(-EBUSY, vfio_irq_unmask_fd(self->fd, INTX, second));
	EXPECT_RC(-EBUSY, vfio_irq_unmask_fd(self->fd, INTX, self->unmask));
	ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	EXPECT_IRQ(self->irq);

	/* Unbound it does nothing, and another may take its place. */
	EXPECT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, -1));
	EXPECT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, -1));
	ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	EXPECT_QUIET(self->irq);
	EXPECT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, second));
	ASSERT_EQ(0, eventfd_write(second, 1));
	EXPECT_IRQ(self->irq);
	line(self, false);
	ASSERT_EQ(0, eventfd_write(second, 1));
	EXPECT_QUIET(self->irq);
	close(second);
	EXPECT_WORKS();
}

/*
 * CVE-2024-26812: the unmasking eventfd stays bound while the interrupt is
 * switched off and on; its user must not find a context that is gone.
 */
TEST_F(intx, unmask_eventfd_outlives_trigger)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_RC(0, enable(self, self->irq));
		ASSERT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, self->unmask));
		ASSERT_EQ(0, eventfd_write(self->unmask, 1));
		ASSERT_RC(0, enable(self, -1));
		ASSERT_EQ(0, eventfd_write(self->unmask, 1));
		ASSERT_RC(0, vfio_irq_disable(self->fd, INTX));
		ASSERT_EQ(0, eventfd_write(self->unmask, 1));
	}
	EXPECT_QUIET(self->irq);
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

/* The owner may close the eventfds while they are bound. */
TEST_F(intx, eventfds_closed)
{
	int irq = evfd_new(), unmask = evfd_new(), dup_irq = dup(irq);

	ASSERT_RC(0, enable(self, irq));
	ASSERT_RC(0, vfio_irq_unmask_fd(self->fd, INTX, unmask));
	close(unmask);
	close(irq);
	line(self, true);
	EXPECT_IRQ(dup_irq);
	line(self, false);
	close(dup_irq);
	/* The kernel lets go of the unmasking one when it is closed. */
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

TEST_F(intx, loopback)
{
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, INTX, 0, 1));
	EXPECT_IRQ(self->irq);
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_TRIGGER, 1));
	EXPECT_IRQ(self->irq);
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_TRIGGER, 0));
	EXPECT_QUIET(self->irq);
	/* It masks nothing. */
	EXPECT_WORKS();
	/* CVE-2024-26812: with no eventfd behind it, it goes nowhere. */
	ASSERT_RC(0, enable(self, -1));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, INTX, 0, 1));
	EXPECT_RC(0, set_bool(self, VFIO_IRQ_SET_ACTION_TRIGGER, 1));
	EXPECT_QUIET(self->irq);
}

TEST_F(intx, replace_eventfd)
{
	int other = evfd_new();

	ASSERT_RC(0, enable(self, self->irq));
	ASSERT_RC(0, enable(self, other));
	line(self, true);
	EXPECT_IRQ(other);
	EXPECT_EQ(0, evfd_read(self->irq));
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));

	/* None: still enabled, masked on delivery, signalled to nobody. */
	ASSERT_RC(0, enable(self, -1));
	line(self, true);
	EXPECT_QUIET(other);
	EXPECT_EQ(0, evfd_read(self->irq));
	line(self, false);
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
	close(other);
}

/* A failing replacement takes nothing away. */
TEST_F(intx, replace_with_bad_eventfd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(-EBADF, enable(self, vfio_test_closed_fd()));
	EXPECT_RC(-EINVAL, enable(self, null));
	EXPECT_WORKS();
	close(null);
}

/*
 * Switched on while the device asserts its line already. (Nothing says how
 * often it arrives: QEMU's I/O APIC forgets a level that rose before the pin
 * was set up.)
 */
TEST_F(intx, asserted_before_enable)
{
	line(self, true);
	ASSERT_RC(0, enable(self, self->irq));
	ASSERT_RC(0, vfio_irq_disable(self->fd, INTX));
	ASSERT_RC(0, enable(self, self->irq));
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	evfd_read(self->irq);
	EXPECT_WORKS();
}

TEST_F(intx, disable)
{
	ASSERT_RC(0, enable(self, self->irq));
	ASSERT_RC(0, vfio_irq_disable(self->fd, INTX));
	line(self, true);
	EXPECT_QUIET(self->irq);
	line(self, false);
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_mask(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_unmask_fd(self->fd, INTX, self->unmask));
	EXPECT_RC(-EINVAL, vfio_irq_disable(self->fd, INTX));
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

/* Interrupt Disable in the command register, as the user sees it. */
TEST_F(intx, command_bit)
{
	ASSERT_RC(0, enable(self, self->irq));
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_INTX_DISABLE);
	EXPECT_TRUE(vfio_cfg_read16(self->fd, PCI_COMMAND) &
		    PCI_COMMAND_INTX_DISABLE);
	line(self, true);
	EXPECT_QUIET(self->irq);
	vfio_cfg_command(self->fd, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_FALSE(vfio_cfg_read16(self->fd, PCI_COMMAND) &
		     PCI_COMMAND_INTX_DISABLE);
	EXPECT_IRQ(self->irq);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

/*
 * CVE-2024-27437: enabled while the command register forbids it. It must be
 * requested disabled, and come on exactly once.
 */
TEST_F(intx, command_bit_before_enable)
{
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_INTX_DISABLE);
	ASSERT_RC(0, enable(self, self->irq));
	ASSERT_RC(0, vfio_irq_disable(self->fd, INTX));
	ASSERT_RC(0, enable(self, self->irq));
	line(self, true);
	EXPECT_QUIET(self->irq);
	vfio_cfg_command(self->fd, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_IRQ(self->irq);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

/* The virtual bit must survive what the automasking does to the real one. */
TEST_F(intx, command_bit_is_virtual)
{
	ASSERT_RC(0, enable(self, self->irq));
	line(self, true);
	EXPECT_IRQ(self->irq);
	EXPECT_FALSE(vfio_cfg_read16(self->fd, PCI_COMMAND) &
		     PCI_COMMAND_INTX_DISABLE);
	line(self, false);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_WORKS();
}

TEST_F(intx, close_while_masked)
{
	ASSERT_RC(0, enable(self, self->irq));
	line(self, true);
	EXPECT_IRQ(self->irq);
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, open_device(self));
	line(self, false);
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

/* Asserted and unhandled when it is closed: the host must not care. */
TEST_F(intx, close_while_asserted)
{
	ASSERT_RC(0, enable(self, self->irq));
	line(self, true);
	EXPECT_IRQ(self->irq);
	EXPECT_RC(0, vfio_irq_unmask(self->fd, INTX, 0, 1));
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, open_device(self));
	/* It may have arrived once more. */
	evfd_read(self->irq);
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

TEST_F(intx, excludes_msi)
{
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX,
					    0, 1, &self->unmask));
	EXPECT_WORKS();
	ASSERT_RC(0, vfio_irq_disable(self->fd, INTX));
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				      &self->unmask));
	EXPECT_RC(-EINVAL, enable(self, self->irq));
	EXPECT_RC(-EINVAL, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_mask(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_unmask_fd(self->fd, INTX, self->irq));
	ASSERT_RC(0, vfio_irq_disable(self->fd, VFIO_PCI_MSI_IRQ_INDEX));
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

/* CVE-2024-38632 and others: whatever fails leaves nothing behind. */
TEST_F(intx, errors)
{
	int fds[2] = { self->irq, self->unmask };

	EXPECT_RC(-EBADF, enable(self, vfio_test_closed_fd()));
	EXPECT_RC(-EINVAL, enable(self, self->fd));
	/* Neither of them enabled anything. */
	EXPECT_RC(-EINVAL, vfio_irq_unmask(self->fd, INTX, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, INTX, 1, 1, fds));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, INTX, 0, 2, fds));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, INTX, 0, 0, fds));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, INTX, 0xffffffff, 1,
					    fds));
	ASSERT_RC(0, enable(self, self->irq));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, INTX, 0, 2, fds));
	EXPECT_RC(-EINVAL, vfio_irq_mask(self->fd, INTX, 1, 1));
	EXPECT_RC(-EINVAL, vfio_irq_mask(self->fd, INTX, 0, 0));
	EXPECT_RC(-EINVAL, vfio_irq_unmask(self->fd, INTX, 0, 0));
	EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, INTX,
					VFIO_IRQ_SET_DATA_EVENTFD |
					VFIO_IRQ_SET_ACTION_MASK, 0, 1,
					&self->unmask, sizeof(int)));
	EXPECT_RC(-EBADF, vfio_irq_unmask_fd(self->fd, INTX,
					     vfio_test_closed_fd()));
	EXPECT_RC(-EINVAL, vfio_irq_unmask_fd(self->fd, INTX, self->fd));
	EXPECT_WORKS();
	/* Every negative number means "no eventfd". */
	EXPECT_RC(0, enable(self, -1000));
	EXPECT_RC(0, enable(self, self->irq));
	EXPECT_WORKS();
}

TEST_HARNESS_MAIN
