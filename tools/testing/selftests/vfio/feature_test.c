// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: the rules that hold for every feature, and the answers
 * of a plain PCI device, which can neither migrate nor track writes.
 */
#include "vfio_test.h"

#define F_GET	VFIO_DEVICE_FEATURE_GET
#define F_SET	VFIO_DEVICE_FEATURE_SET
#define F_PROBE	VFIO_DEVICE_FEATURE_PROBE

FIXTURE(feature)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(feature)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(feature, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(feature, EDU) { .kind = "EDU" };

FIXTURE_SETUP(feature)
{
	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

FIXTURE_TEARDOWN(feature)
{
	close(self->fd);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

static int feature_raw(int fd, u32 argsz, u32 flags)
{
	u64 arg[64] = { argsz | (u64)flags << 32 };

	return vfio_ioctl(fd, VFIO_DEVICE_FEATURE, arg);
}

TEST_F(feature, argsz)
{
	u32 argsz;

	for (argsz = 0; argsz < 8; argsz++)
		EXPECT_RC(-EINVAL, feature_raw(self->fd, argsz, F_GET |
					       VFIO_DEVICE_FEATURE_MIGRATION));
}

TEST_F(feature, unknown_index)
{
	static const u32 ops[] = {
		F_GET, F_SET, F_PROBE | F_GET, F_PROBE | F_SET,
		F_PROBE | F_GET | F_SET,
	};
	static const u32 indexes[] = { 14, 100, 0x7fff, 0xffff };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(indexes); i++)
		for (j = 0; j < ARRAY_SIZE(ops); j++) {
			EXPECT_EQ(-ENOTTY, feature_raw(self->fd, 64,
						       ops[j] | indexes[i]))
				TH_LOG("%s: index %u op %#x", self->bdf,
				       indexes[i], ops[j]);
		}
}

/* Unknown bits, or GET and SET at once, are refused whatever the index is. */
TEST_F(feature, flags)
{
	u32 index, bit;

	for (index = 0; index < 20; index++) {
		EXPECT_RC(-EINVAL,
			  feature_raw(self->fd, 64, index | F_GET | F_SET));
		for (bit = F_PROBE << 1; bit; bit <<= 1)
			EXPECT_RC(-EINVAL, feature_raw(self->fd, 64, index |
						       F_GET | bit));
	}
}

/* No operation at all: the feature has to exist to be the caller's mistake. */
TEST_F(feature, no_operation)
{
	EXPECT_RC(-ENOTTY, feature_raw(self->fd, 64,
				       VFIO_DEVICE_FEATURE_MIGRATION));
	EXPECT_RC(-ENOTTY, feature_raw(self->fd, 64, 100));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 64,
				       VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2));
}

TEST_F(feature, no_migration)
{
	static const struct {
		const char *name;
		u32 index;
		u32 op;
	} rows[] = {
		{ "migration", VFIO_DEVICE_FEATURE_MIGRATION, F_GET },
		{ "state", VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, F_GET },
		{ "set state", VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, F_SET },
		{ "log start", VFIO_DEVICE_FEATURE_DMA_LOGGING_START, F_SET },
		{ "log stop", VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, F_SET },
		{ "log report", VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, F_GET },
		{ "data size", VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, F_GET },
		{ "bus master", VFIO_DEVICE_FEATURE_BUS_MASTER, F_SET },
		{ "zpci error", VFIO_DEVICE_FEATURE_ZPCI_ERROR, F_GET },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_RC_AT(rows[i].name, -ENOTTY,
			     feature_raw(self->fd, 128,
					 rows[i].op | rows[i].index));
		EXPECT_RC_AT(rows[i].name, -ENOTTY,
			     feature_raw(self->fd, 128, F_PROBE |
					 rows[i].op | rows[i].index));
		/* Not there at all, so the size doesn't matter yet. */
		EXPECT_RC_AT(rows[i].name, -ENOTTY,
			     feature_raw(self->fd, 8,
					 rows[i].op | rows[i].index));
	}
}

/* This one answers EINVAL where its neighbours answer ENOTTY. */
TEST_F(feature, no_precopy)
{
	u32 index = VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2;

	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_SET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_SET | F_PROBE | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_GET | index));
}

/* Only a device that can have VFs has a token to set. */
TEST_F(feature, no_token)
{
	u32 index = VFIO_DEVICE_FEATURE_PCI_VF_TOKEN;

	EXPECT_RC(-ENOTTY, feature_raw(self->fd, 24, F_SET | index));
	EXPECT_RC(-ENOTTY, feature_raw(self->fd, 24, F_SET | F_PROBE | index));
	EXPECT_RC(-ENOTTY, feature_raw(self->fd, 24, F_GET | index));
}

/*
 * The rules for a feature that exists, shown with the simplest one: leaving
 * low-power mode, SET without data, which is always possible.
 */
TEST_F(feature, existing)
{
	u32 index = VFIO_DEVICE_FEATURE_LOW_POWER_EXIT;

	EXPECT_RC(0, vfio_device_feature(self->fd, F_SET | F_PROBE | index,
					 NULL, 0));
	EXPECT_RC(0, feature_raw(self->fd, 8, F_SET | index));
	EXPECT_RC(0, feature_raw(self->fd, 512, F_SET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_GET | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8, F_GET | F_PROBE | index));
	EXPECT_RC(-EINVAL, feature_raw(self->fd, 8,
				       F_GET | F_SET | F_PROBE | index));
}

/* Data shorter than the feature's structure, where there is one. */
TEST_F(feature, short_data)
{
	u32 index = VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP;
	u32 argsz;

	for (argsz = 8; argsz < 16; argsz++)
		EXPECT_RC(-EINVAL,
			  feature_raw(self->fd, argsz, F_SET | index));
}

TEST_F(feature, bad_address)
{
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_FEATURE, NULL));
}

TEST_HARNESS_MAIN
