// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reset that comes while the user goes on with the device: by another thread,
 * or by the administrator through sysfs, past VFIO. Interrupts, mappings and
 * configuration are as before when it is over.
 *
 * The device is an e1000e behind a switch: reset through its bus, which takes
 * 100 ms, and able to raise INTx and MSI when told to.
 */
#include <pthread.h>
#include <sched.h>

#include "vfio_test.h"
#include "bar_views.h"
#include "irq_devices.h"

/* 82574 data sheet: device status, receive control; the latter 0 after reset */
#define E1000E_STATUS	0x0008
#define E1000E_RCTL	0x0100
#define E1000E_RCTL_BAM	0x8000

/* What is halfway through a reset of the bus, after its begin */
#define HALFWAY_US	40000

FIXTURE(foreign_reset) {
	const char *bdf;
	char name[PCI_BDF_LEN];
	struct iommu *iommu;
	struct vfio_pci_device dev;
	void *regs;
	int evfd;
};

FIXTURE_VARIANT(foreign_reset) {
	bool sysfs;
};

FIXTURE_VARIANT_ADD(foreign_reset, own) { .sysfs = false };
FIXTURE_VARIANT_ADD(foreign_reset, sysfs) { .sysfs = true };

FIXTURE_SETUP(foreign_reset)
{
	const char *list;
	u64 vendor;
	int n;

	REQUIRE_DEVICE(list, "SWITCH");
	for (; sscanf(list, "%15s%n", self->name, &n) == 1; list += n) {
		if (!pci_dev_attr(self->name, "vendor", &vendor) &&
		    vendor == 0x8086)
			self->bdf = self->name;
		if (self->bdf)
			break;
	}
	if (!self->bdf)
		SKIP(return, "no network adapter in VFIO_SWITCH");
	self->iommu = iommu_init(NULL);
	/* Not through D3, which leaves its registers alone. */
	ASSERT_RC(0, pci_dev_attr_write(self->bdf, "reset_method", "bus"));
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	vfio_pci_device_enable(&self->dev);
	self->regs = self->dev.bars[0].vaddr;
	ASSERT_NE(NULL, self->regs);
	self->evfd = evfd_new();
	ASSERT_GE(self->evfd, 0);
	e1000e_irq_deassert(self->regs);
}

FIXTURE_TEARDOWN(foreign_reset)
{
	if (!self->iommu)
		return;
	vfio_pci_device_close(&self->dev);
	iommu_cleanup(self->iommu);
	pci_dev_attr_write(self->bdf, "reset_method", "default");
	close(self->evfd);
	EXPECT_DEVICE_OK();
}

struct resetter {
	const char *bdf;
	int fd;			/* -1: through sysfs */
	pthread_t thread;
	int ret;
	bool done;
};

static void *resetter_thread(void *arg)
{
	struct resetter *r = arg;

	if (r->fd < 0)
		r->ret = pci_dev_attr_write(r->bdf, "reset", "1");
	else
		r->ret = vfio_device_reset(r->fd);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static int reset_start(struct resetter *r, FIXTURE_DATA(foreign_reset) *self,
		       bool sysfs)
{
	*r = (struct resetter){
		.bdf = self->bdf, .fd = sysfs ? -1 : self->dev.fd,
	};
	return pthread_create(&r->thread, NULL, resetter_thread, r);
}

static bool reset_done(struct resetter *r)
{
	return __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
}

static int reset_finish(struct resetter *r)
{
	pthread_join(r->thread, NULL);
	return r->ret;
}

#define RESET_START(r) \
	ASSERT_EQ(0, reset_start(r, self, variant->sysfs))

/* Raise the interrupt: does it arrive? As MSI it may do so more than once. */
static bool interrupt(FIXTURE_DATA(foreign_reset) *self)
{
	u64 n;

	e1000e_irq_assert(self->regs);
	n = evfd_wait(self->evfd, EVFD_TIMEOUT_MS);
	e1000e_irq_deassert(self->regs);
	evfd_read(self->evfd);
	return n;
}

/* The INTx Disable bit of the hardware, past VFIO. */
static bool intx_disabled(FIXTURE_DATA(foreign_reset) *self)
{
	u16 cmd = 0;

	pci_dev_config_read(self->bdf, PCI_COMMAND, &cmd, sizeof(cmd));
	return cmd & PCI_COMMAND_INTX_DISABLE;
}

/* It was reset, and can be used. */
static bool works(FIXTURE_DATA(foreign_reset) *self)
{
	if (mmio_read32(self->regs, E1000E_RCTL))
		return false;
	mmio_write32(self->regs, E1000E_RCTL, E1000E_RCTL_BAM);
	return mmio_read32(self->regs, E1000E_RCTL) == E1000E_RCTL_BAM;
}

TEST_F_TIMEOUT(foreign_reset, intx_stays, 120)
{
	struct resetter r;

	EXPECT_TRUE(works(self));
	ASSERT_RC(0, vfio_irq_set_fds(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				      1, &self->evfd));
	ASSERT_TRUE(interrupt(self));
	ASSERT_RC(0, vfio_irq_unmask(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				     1));
	RESET_START(&r);
	ASSERT_RC(0, reset_finish(&r));
	EXPECT_TRUE(works(self));
	EXPECT_TRUE(interrupt(self));
}

/*
 * Masked when the PCI core saves the command register, unmasked before it
 * restores that: the interrupt must not be lost for ever.
 */
TEST_F_TIMEOUT(foreign_reset, intx_unmasked_meanwhile, 120)
{
	struct resetter r;
	int i, hits = 0;

	ASSERT_RC(0, vfio_irq_set_fds(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				      1, &self->evfd));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(interrupt(self));
		EXPECT_TRUE(intx_disabled(self));
		RESET_START(&r);
		/* Let it begin: the bus is held in reset for a while. */
		usleep(HALFWAY_US);
		if (!reset_done(&r))
			hits++;
		ASSERT_RC(0, vfio_irq_unmask(self->dev.fd,
					     VFIO_PCI_INTX_IRQ_INDEX, 0, 1));
		ASSERT_RC(0, reset_finish(&r));
		EXPECT_FALSE(intx_disabled(self));
	}
	EXPECT_TRUE(interrupt(self));
	TH_LOG("%d of 3 times in the middle of a reset", hits);
}

/* The other way round: a mask that comes meanwhile holds. */
TEST_F_TIMEOUT(foreign_reset, intx_masked_meanwhile, 120)
{
	struct resetter r;

	ASSERT_RC(0, vfio_irq_set_fds(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				      1, &self->evfd));
	RESET_START(&r);
	usleep(HALFWAY_US);
	ASSERT_RC(0, vfio_irq_mask(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				   1));
	ASSERT_RC(0, reset_finish(&r));
	EXPECT_TRUE(intx_disabled(self));
	e1000e_irq_assert(self->regs);
	EXPECT_EQ(0, evfd_read(self->evfd));
	ASSERT_RC(0, vfio_irq_unmask(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				     1));
	EXPECT_EQ(1, evfd_wait(self->evfd, EVFD_TIMEOUT_MS));
	e1000e_irq_deassert(self->regs);
}

TEST_F_TIMEOUT(foreign_reset, msi_stays, 120)
{
	struct resetter r;

	ASSERT_RC(0, vfio_irq_set_fds(self->dev.fd, VFIO_PCI_MSI_IRQ_INDEX, 0,
				      1, &self->evfd));
	ASSERT_TRUE(interrupt(self));
	RESET_START(&r);
	ASSERT_RC(0, reset_finish(&r));
	EXPECT_TRUE(interrupt(self));
}

/* Switched on, and off, in the middle of it. */
TEST_F_TIMEOUT(foreign_reset, msi_enabled_meanwhile, 120)
{
	struct resetter r;

	RESET_START(&r);
	usleep(HALFWAY_US);
	ASSERT_RC(0, vfio_irq_set_fds(self->dev.fd, VFIO_PCI_MSI_IRQ_INDEX, 0,
				      1, &self->evfd));
	ASSERT_RC(0, reset_finish(&r));
	EXPECT_TRUE(interrupt(self));

	RESET_START(&r);
	usleep(HALFWAY_US);
	ASSERT_RC(0, vfio_irq_disable(self->dev.fd, VFIO_PCI_MSI_IRQ_INDEX));
	ASSERT_RC(0, reset_finish(&r));
	ASSERT_RC(0, vfio_irq_set_fds(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				      1, &self->evfd));
	EXPECT_TRUE(interrupt(self));
}

/*
 * Accesses of all kinds while it goes on: nobody waits for ever, no access
 * fails but with EIO, no mapping is lost for good.
 */
struct accessor {
	FIXTURE_DATA(foreign_reset) *self;
	bool stop;
	unsigned long rounds;
	int bad;
};

static void *accessor_thread(void *arg)
{
	struct accessor *a = arg;
	int fd = a->self->dev.fd, ret;
	u32 val;

	while (!__atomic_load_n(&a->stop, __ATOMIC_ACQUIRE)) {
		ret = vfio_region_read32(fd, VFIO_PCI_BAR0_REGION_INDEX,
					 E1000E_STATUS, &val);
		if (ret && ret != -EIO)
			a->bad = ret;
		if (view_read(a->self->regs, &val))
			a->bad = -EFAULT;
		vfio_cfg_command(fd, 0, PCI_COMMAND_MASTER);
		__atomic_add_fetch(&a->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

TEST_F_TIMEOUT(foreign_reset, against_access, 180)
{
	struct accessor a = { .self = self };
	unsigned long seen;
	struct resetter r;
	pthread_t thread;
	int i;

	views_init();
	ASSERT_EQ(0, pthread_create(&thread, NULL, accessor_thread, &a));
	for (i = 0; i < 3; i++) {
		seen = __atomic_load_n(&a.rounds, __ATOMIC_ACQUIRE);
		while (__atomic_load_n(&a.rounds, __ATOMIC_ACQUIRE) == seen)
			sched_yield();
		RESET_START(&r);
		ASSERT_RC(0, reset_finish(&r));
	}
	__atomic_store_n(&a.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, a.bad) TH_LOG("device %s: %d", self->bdf, a.bad);
	EXPECT_TRUE(works(self));
}

/* What is mapped when it begins is not reachable while it goes on. */
TEST_F_TIMEOUT(foreign_reset, zaps, 120)
{
	struct views views = {};
	struct resetter r;

	views_init();
	ASSERT_GT(views_add(&views, self->dev.fd), 0);
	views_touch(&views);
	ASSERT_EQ(0, views_touch(&views).faults);
	RESET_START(&r);
	ASSERT_RC(0, reset_finish(&r));
	EXPECT_GT(views_touch(&views).faults, 0);
	EXPECT_EQ(0, views_touch(&views).faults);
	views_drop(&views);
}

/* Both at once: one of them may be told to try again, none waits for ever. */
TEST_F_TIMEOUT(foreign_reset, against_reset, 180)
{
	struct resetter r;
	int i, ret;

	for (i = 0; i < 3; i++) {
		RESET_START(&r);
		do {
			ret = vfio_device_reset(self->dev.fd);
			EXPECT_TRUE(ret == 0 || ret == -EAGAIN)
				TH_LOG("device %s: %d", self->bdf, ret);
		} while (!reset_done(&r));
		ret = reset_finish(&r);
		EXPECT_TRUE(ret == 0 || ret == -EAGAIN)
			TH_LOG("device %s: %d", self->bdf, ret);
	}
	EXPECT_RC(0, vfio_device_reset(self->dev.fd));
	EXPECT_TRUE(works(self));
}

TEST_HARNESS_MAIN
