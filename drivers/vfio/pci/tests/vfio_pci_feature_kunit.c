// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the feature table: what its rows say, and what is refused or
 * answered before a feature is asked.
 */
#include <kunit/test.h>
#include <linux/bitops.h>

#include "../vfio_pci_feature.h"
#include "../vfio_pci_priv.h"

#define F_GET	VFIO_DEVICE_FEATURE_GET
#define F_SET	VFIO_DEVICE_FEATURE_SET
#define F_PROBE	VFIO_DEVICE_FEATURE_PROBE

/* What handlers get is a copy of minsz bytes: it must fit in, for every row */
static void rows_are_sound(struct kunit *test)
{
	const struct vfio_pci_feature *feature;
	struct vfio_pci_feature_call call;
	u32 index;

	for (index = 0; index <= VFIO_DEVICE_FEATURE_MASK; index++) {
		feature = vfio_pci_feature_find(index | F_SET | F_GET | F_PROBE);
		if (!feature)
			continue;
		KUNIT_EXPECT_LE_MSG(test, feature->minsz, sizeof(call.arg), "feature %u", index);
		KUNIT_EXPECT_NE_MSG(test, feature->ops, 0, "feature %u", index);
		KUNIT_EXPECT_EQ_MSG(test, feature->ops & ~(F_GET | F_SET), 0, "feature %u", index);
		KUNIT_EXPECT_PTR_EQ(test, feature, vfio_pci_feature_find(index));
	}
}

struct feature_case {
	const char *name;
	u32 index;
	u32 ops;
	u32 minsz;
};

static const struct feature_case feature_cases[] = {
	{ "low-power entry", VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, F_SET, 0 },
	{ "low-power entry with wakeup", VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP, F_SET,
	  8 },
	{ "low-power exit", VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, F_SET, 0 },
};

static void feature_desc(const struct feature_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(feature, feature_cases, feature_desc);

static int ask(struct kunit *test, u32 flags, size_t argsz)
{
	struct vfio_pci_core_device *vdev = test->priv;

	return vfio_pci_core_ioctl_feature(&vdev->vdev, flags, NULL, argsz);
}

static void answered_without_handler(struct kunit *test)
{
	const struct feature_case *c = test->param_value;
	const struct vfio_pci_feature *feature = vfio_pci_feature_find(c->index);
	const u32 other = c->ops ^ (F_GET | F_SET);
	size_t argsz;

	KUNIT_ASSERT_NOT_NULL(test, feature);
	KUNIT_EXPECT_EQ(test, feature->ops, c->ops);
	KUNIT_EXPECT_EQ(test, feature->minsz, c->minsz);

	/* A probe needs no payload, and nobody reads one */
	KUNIT_EXPECT_EQ(test, ask(test, c->index | c->ops | F_PROBE, 0), 0);
	KUNIT_EXPECT_EQ(test, ask(test, c->index | F_PROBE, 0), 0);
	KUNIT_EXPECT_EQ(test, ask(test, c->index | other | F_PROBE, c->minsz), -EINVAL);
	KUNIT_EXPECT_EQ(test, ask(test, c->index | other, c->minsz), -EINVAL);
	KUNIT_EXPECT_EQ(test, ask(test, c->index, c->minsz), -EINVAL);
	for (argsz = 0; argsz < c->minsz; argsz++)
		KUNIT_EXPECT_EQ(test, ask(test, c->index | c->ops, argsz), -EINVAL);
	if (c->minsz)
		KUNIT_EXPECT_EQ(test, ask(test, c->index | c->ops, c->minsz), -EFAULT);
}

static void others_have_them(struct kunit *test)
{
	static const u32 indexes[] = {
		VFIO_DEVICE_FEATURE_MIGRATION, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		VFIO_DEVICE_FEATURE_DMA_LOGGING_START, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
		VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT, VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
		VFIO_DEVICE_FEATURE_BUS_MASTER, VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
		VFIO_DEVICE_FEATURE_MASK - 1, VFIO_DEVICE_FEATURE_MASK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		KUNIT_EXPECT_EQ(test, ask(test, indexes[i] | F_GET, 64), -ENOTTY);
		KUNIT_EXPECT_EQ(test, ask(test, indexes[i] | F_SET | F_PROBE, 0), -ENOTTY);
		KUNIT_EXPECT_EQ(test, ask(test, indexes[i], 0), -ENOTTY);
	}
}

static int feature_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct vfio_pci_core_device), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case vfio_pci_feature_cases[] = {
	KUNIT_CASE(rows_are_sound),
	KUNIT_CASE_PARAM(answered_without_handler, feature_gen_params),
	KUNIT_CASE(others_have_them),
	{ }
};

static struct kunit_suite vfio_pci_feature_suite = {
	.name = "vfio-pci-feature",
	.init = feature_init,
	.test_cases = vfio_pci_feature_cases,
};

kunit_test_suite(vfio_pci_feature_suite);
