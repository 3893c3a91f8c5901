/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration space under test: the fixture of the config_*_test programs.
 */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include "config_hw.h"
#include "vfio_test.h"

FIXTURE(cfg)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(cfg)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(cfg, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(cfg, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(cfg, E1000E) { .kind = "E1000E" };
FIXTURE_VARIANT_ADD(cfg, EDU) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(cfg, IVSHMEM) { .kind = "IVSHMEM" };

FIXTURE_SETUP(cfg)
{
	u32 ioas;

	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	/* Where the IOMMU translates interrupts there are none without. */
	ASSERT_RC(0, iommufd_ioas_alloc(self->iommufd, &ioas));
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &ioas));
}

FIXTURE_TEARDOWN(cfg)
{
	close(self->fd);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

#endif /* CONFIG_TEST_H */
