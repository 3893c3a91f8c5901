// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors that the device reports through its root port (PCIe Advanced Error
 * Reporting): the user hears of them by the error interrupt, and can go on with
 * the device. The errors are those of the aer_inject module.
 */
#include "vfio_test.h"
#include "bar_views.h"
#include "pm.h"

#define AER_INJECT	"/dev/aer_inject"

/* drivers/pci/pcie/aer_inject.c */
struct aer_error_inj {
	u8 bus;
	u8 dev;
	u8 fn;
	u32 uncor_status;
	u32 cor_status;
	u32 header_log[4];
	u32 domain;
};

FIXTURE(aer) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct views views;
	int inject;
	int err;
	int fd;
};

static int enable_err(FIXTURE_DATA(aer) *self)
{
	return vfio_irq_set_fds(self->fd, VFIO_PCI_ERR_IRQ_INDEX, 0, 1,
				&self->err);
}

FIXTURE_SETUP(aer)
{
	REQUIRE_DEVICE(self->bdf, "RNG");
	/* It takes a sleeping lock, as PREEMPT_RT has it, inside of pci_lock. */
	if (!access("/proc/lockdep", F_OK))
		SKIP(return, "lockdep finds fault with aer_inject itself");
	views_init();
	if (access(AER_INJECT, F_OK) && system("modprobe aer_inject"))
		SKIP(return, "no module aer_inject");
	self->inject = open(AER_INJECT, O_RDWR | O_CLOEXEC);
	ASSERT_GE(self->inject, 0) TH_LOG("%s: %m", AER_INJECT);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	ASSERT_GT(views_add(&self->views, self->fd), 0);
	self->err = evfd_new();
	ASSERT_GE(self->err, 0);
	ASSERT_RC(0, enable_err(self));
}

FIXTURE_TEARDOWN(aer)
{
	views_drop(&self->views);
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->err);
	close(self->inject);
	EXPECT_DEVICE_OPENS();
}

static int inject(FIXTURE_DATA(aer) *self, u32 uncor, u32 cor)
{
	unsigned int domain, bus, dev, fn;
	struct aer_error_inj e = {
		.uncor_status = uncor,
		.cor_status = cor,
	};

	if (sscanf(self->bdf, "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		return -EINVAL;
	e.domain = domain;
	e.bus = bus;
	e.dev = dev;
	e.fn = fn;
	return write(self->inject, &e, sizeof(e)) == sizeof(e) ? 0 : -errno;
}

#define EXPECT_ERR()							\
	EXPECT_LE(1, evfd_wait(self->err, EVFD_TIMEOUT_MS))		\
		TH_LOG("device %s: no error interrupt", self->bdf)

#define EXPECT_VIEWS() do {						\
	struct view_stats s = views_touch(&self->views);		\
									\
	EXPECT_EQ(s.pages, s.readable) TH_LOG("device %s", self->bdf);	\
} while (0)

/* Recovery goes on for a moment, and may call again. */
static void recovered(FIXTURE_DATA(aer) *self)
{
	evfd_wait(self->err, PM_QUIET_MS);
}

/* Corrected errors are none of the user's business. */
TEST_F(aer, correctable)
{
	ASSERT_RC(0, inject(self, 0, PCI_ERR_COR_RCVR));
	EXPECT_EQ(0, evfd_wait(self->err, PM_QUIET_MS));
	EXPECT_VIEWS();
}

/* Only a transaction is lost; nothing happens to the device. */
TEST_F(aer, nonfatal)
{
	u16 vendor;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
		EXPECT_ERR();
		recovered(self);
		vendor = vfio_cfg_read16(self->fd, PCI_VENDOR_ID);
		EXPECT_EQ(self->device.vendor, vendor);
		EXPECT_VIEWS();
	}
	EXPECT_EQ(0, evfd_read(self->err));
}

/*
 * The link is reset, and what the device held with it. The user's reset and
 * writing the command register bring it back.
 */
TEST_F_TIMEOUT(aer, fatal, 120)
{
	u32 before, after;

	ASSERT_RC(0, vfio_region_read32(self->fd,
					VFIO_PCI_CONFIG_REGION_INDEX,
					PCI_BASE_ADDRESS_4, &before));
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_DLP, 0));
	EXPECT_ERR();
	/* The kernel holds the device lock as long as it works on it. */
	while (vfio_device_reset(self->fd) == -EAGAIN)
		usleep(PM_POLL_US);
	recovered(self);
	EXPECT_RC(0, vfio_device_reset(self->fd));
	vfio_pci_device_enable(&self->device);
	EXPECT_VIEWS();
	ASSERT_RC(0, vfio_region_read32(self->fd,
					VFIO_PCI_CONFIG_REGION_INDEX,
					PCI_BASE_ADDRESS_4, &after));
	EXPECT_EQ(before, after);
	EXPECT_NE(0, vfio_cfg_cap(self->fd, PCI_CAP_ID_MSIX));

	/* And it goes on reporting. */
	evfd_read(self->err);
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
	EXPECT_ERR();
	recovered(self);
}

/* Nobody listens: the error is handled all the same. */
TEST_F(aer, nobody_listens)
{
	ASSERT_RC(0, vfio_irq_disable(self->fd, VFIO_PCI_ERR_IRQ_INDEX));
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
	EXPECT_EQ(0, evfd_wait(self->err, PM_QUIET_MS));
	ASSERT_RC(0, enable_err(self));
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
	EXPECT_ERR();
	recovered(self);
	EXPECT_VIEWS();
}

/* A device in low-power mode is woken for it, and sleeps on. */
TEST_F(aer, asleep)
{
	ASSERT_RC(0, low_power_enter(self->fd));
	ASSERT_SLEEPS();
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
	EXPECT_ERR();
	EXPECT_SLEEPS();
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_VIEWS();
}

/* So is one that nobody has open. */
TEST_F(aer, closed)
{
	views_drop(&self->views);
	vfio_pci_device_close(&self->device);
	ASSERT_SLEEPS();
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
	EXPECT_EQ(0, evfd_wait(self->err, PM_QUIET_MS));
	EXPECT_SLEEPS();
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	ASSERT_RC(0, enable_err(self));
	ASSERT_RC(0, inject(self, PCI_ERR_UNC_UNSUP, 0));
	EXPECT_ERR();
	recovered(self);
}

TEST_HARNESS_MAIN
