/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration space under test: the fixture of the config_*_test programs,
 * the hardware's side of the space through sysfs, and lists of capabilities.
 */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

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

/* ---- the hardware's side; a failing read gives a value nobody expects ---- */

static inline u32 hw_read(const char *bdf, u32 off, size_t len)
{
	u32 val = 0;

	if (pci_dev_config_read(bdf, off, &val, len) != (int)len)
		return 0xdeadbeef;
	return val;
}

static inline u8 hw8(const char *bdf, u32 off)
{
	return hw_read(bdf, off, 1);
}

static inline u16 hw16(const char *bdf, u32 off)
{
	return hw_read(bdf, off, 2);
}

static inline u32 hw32(const char *bdf, u32 off)
{
	return hw_read(bdf, off, 4);
}

/**
 * struct cap_list - offsets and ids of a list
 * @n: entries
 * @off: where
 * @id: what
 */
struct cap_list {
	unsigned int n;
	u32 off[64];
	u32 id[64];
};

static inline int note_cap(u32 off, u32 id, void *arg)
{
	struct cap_list *l = arg;

	if (l->n == ARRAY_SIZE(l->off))
		return -E2BIG;
	l->off[l->n] = off;
	l->id[l->n++] = id;
	return 0;
}

#endif /* CONFIG_TEST_H */
