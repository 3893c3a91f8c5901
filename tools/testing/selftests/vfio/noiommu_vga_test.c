// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VGA adapter that vfio-pci does not take after all, as it has no IOMMU: the
 * VGA arbiter must have forgotten about the driver then (CVE-2026-64475).
 *
 * The test finds the adapter by PCI id and binds it by itself.
 */
#include "vga_arbiter.h"

#define PARAM "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

FIXTURE(noiommu_vga)
{
	const char *bdf;
	char name[PCI_BDF_LEN];
	int arb;
};

FIXTURE_SETUP(noiommu_vga)
{
	self->arb = -1;
	if (find_stdvga(self->name))
		SKIP(return, "no VGA adapter");
	if (access(PARAM, W_OK))
		SKIP(return, "this kernel has no no-IOMMU mode");
	ASSERT_EQ(0, sysfs_write_str(PARAM, "N"));
	pci_dev_unbind(self->name);
	if (pci_dev_iommu_group(self->name) >= 0)
		SKIP(return, "%s has an IOMMU", self->name);
	self->arb = arb_open();
	if (self->arb < 0)
		SKIP(return, "no /dev/vga_arbiter");
	self->bdf = self->name;
	ASSERT_RC(0, arb_target(self->arb, self->bdf));
}

FIXTURE_TEARDOWN(noiommu_vga)
{
	if (self->bdf) {
		pci_dev_release(self->bdf);
		sysfs_write_str(PARAM, "N");
	}
	close(self->arb);
}

TEST_F(noiommu_vga, registration_fails)
{
	ASSERT_FALSE(arb_has_client(self->arb));
	EXPECT_RC(-ENOENT, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_FALSE(arb_has_client(self->arb));
	/* Again, and then for good: nothing was left in the way */
	EXPECT_RC(-ENOENT, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_FALSE(arb_has_client(self->arb));

	ASSERT_EQ(0, sysfs_write_str(PARAM, "Y"));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_TRUE(arb_has_client(self->arb));
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_FALSE(arb_has_client(self->arb));
}

TEST_HARNESS_MAIN
