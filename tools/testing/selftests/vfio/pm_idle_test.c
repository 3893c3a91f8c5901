// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management of a device that nobody has open: it sleeps unless
 * the parameter disable_idle_d3 says otherwise, and is awake when it is open.
 */
#include "vfio_test.h"
#include "pm.h"

#define PARAMETER	"/sys/module/vfio_pci/parameters/disable_idle_d3"

FIXTURE(idle) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	bool open;
	bool has_pm;
};

FIXTURE_VARIANT(idle) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(idle, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(idle, igb) { .kind = "IGB" };
/* Has no power states: it sleeps in D0. */
FIXTURE_VARIANT_ADD(idle, edu) { .kind = "EDU" };

static int rebind(const char *bdf, const char *value)
{
	int ret;

	ret = sysfs_write_str(PARAMETER, value);
	if (!ret)
		ret = pci_dev_unbind(bdf);
	if (!ret)
		ret = pci_dev_bind(bdf, "vfio-pci");
	return ret;
}

static int open_device(FIXTURE_DATA(idle) *self)
{
	int ret;

	ret = vfio_pci_device_open(&self->device, self->bdf, self->iommu);
	self->open = !ret;
	return ret;
}

static void close_device(FIXTURE_DATA(idle) *self)
{
	vfio_pci_device_close(&self->device);
	self->open = false;
}

FIXTURE_SETUP(idle)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, open_device(self));
	self->has_pm = vfio_cfg_cap(self->device.fd, PCI_CAP_ID_PM);
	close_device(self);
}

FIXTURE_TEARDOWN(idle)
{
	if (self->open)
		close_device(self);
	iommu_cleanup(self->iommu);
	EXPECT_EQ(0, rebind(self->bdf, "N"));
	EXPECT_DEVICE_OK();
}

#define EXPECT_POWER(state)						\
	EXPECT_TRUE(pm_power_state(self->bdf, self->has_pm ? (state) : "D0")) \
		TH_LOG("device %s is not in %s", self->bdf, state)

#define EXPECT_STAYS_AWAKE()						\
	EXPECT_FALSE(pm_becomes_within(self->bdf, "suspended", PM_QUIET_MS)) \
		TH_LOG("device %s sleeps", self->bdf)

TEST_F(idle, sleeps_until_open)
{
	u16 vendor;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_SLEEPS();
		EXPECT_POWER("D3hot");
		ASSERT_RC(0, open_device(self));
		EXPECT_AWAKE();
		EXPECT_POWER("D0");
		vendor = vfio_cfg_read16(self->device.fd, PCI_VENDOR_ID);
		EXPECT_EQ(self->device.vendor, vendor);
		vfio_pci_device_enable(&self->device);
		EXPECT_STAYS_AWAKE();
		close_device(self);
	}
	EXPECT_SLEEPS();
}

/* Unbinding wakes it, and so does whoever binds it again. */
TEST_F(idle, unbound_is_awake)
{
	ASSERT_SLEEPS();
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_AWAKE();
	EXPECT_POWER("D0");
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_SLEEPS();
}

TEST_F(idle, disabled)
{
	ASSERT_RC(0, rebind(self->bdf, "Y"));
	EXPECT_STAYS_AWAKE();
	EXPECT_POWER("D0");
	ASSERT_RC(0, open_device(self));
	close_device(self);
	EXPECT_STAYS_AWAKE();

	/* Only a device without a user is idle; this one may still sleep. */
	ASSERT_RC(0, open_device(self));
	ASSERT_RC(0, low_power_enter(self->device.fd));
	EXPECT_SLEEPS();
	EXPECT_RC(0, low_power_exit(self->device.fd));
	EXPECT_AWAKE();
	ASSERT_RC(0, low_power_enter(self->device.fd));
	EXPECT_SLEEPS();
	close_device(self);
	EXPECT_TRUE(pm_becomes(self->bdf, "active"));
	EXPECT_STAYS_AWAKE();
}

/*
 * CVE-2026-64476: the parameter counts when the device is bound. Changed
 * later, it must not unbalance the references: a device with one too many
 * would never sleep again, and one too few is a warning of runtime PM.
 */
TEST_F(idle, parameter_changes)
{
	static const char * const values[] = { "Y", "N" };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		ASSERT_RC(0, rebind(self->bdf, values[i % 2]));
		ASSERT_EQ(0, sysfs_write_str(PARAMETER, values[1 - i % 2]));
		if (i % 2 == 0) {
			EXPECT_STAYS_AWAKE();
		} else {
			EXPECT_SLEEPS();
		}
		ASSERT_RC(0, open_device(self));
		ASSERT_EQ(0, sysfs_write_str(PARAMETER, values[i % 2]));
		close_device(self);
		ASSERT_EQ(0, sysfs_write_str(PARAMETER, values[1 - i % 2]));
	}
}

/* The administrator's word in sysfs counts more. */
TEST_F(idle, control_on)
{
	ASSERT_SLEEPS();
	ASSERT_RC(0, pci_dev_attr_write(self->bdf, "power/control", "on"));
	EXPECT_AWAKE();
	ASSERT_RC(0, open_device(self));
	ASSERT_RC(0, low_power_enter(self->device.fd));
	EXPECT_STAYS_AWAKE();
	EXPECT_RC(0, low_power_exit(self->device.fd));
	close_device(self);
	EXPECT_STAYS_AWAKE();
	ASSERT_RC(0, pci_dev_attr_write(self->bdf, "power/control", "auto"));
	EXPECT_SLEEPS();
}

TEST_HARNESS_MAIN
