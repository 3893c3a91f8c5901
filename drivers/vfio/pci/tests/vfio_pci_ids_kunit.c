// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the module parameter "ids" and of the list of devices that must not
 * be given away.
 */
#include <kunit/test.h>
#include <linux/pci.h>
#include <linux/pci_ids.h>
#include <linux/string.h>

#include "../vfio_pci_ids.h"

struct ids_case {
	const char *text;
	int expected;
	struct vfio_pci_id id;
};

#define ANY	((unsigned int)PCI_ANY_ID)

static const struct ids_case ids_cases[] = {
	{ "8086:10fb", 0, { 0x8086, 0x10fb, ANY, ANY, 0, 0 } },
	{ "0x8086:0X10FB", 0, { 0x8086, 0x10fb, ANY, ANY, 0, 0 } },
	{ "1:2:3", 0, { 1, 2, 3, ANY, 0, 0 } },
	{ "1:2:3:4", 0, { 1, 2, 3, 4, 0, 0 } },
	{ "1:2:ffffffff:ffffffff:30000", 0, { 1, 2, ANY, ANY, 0x30000, 0 } },
	{ "1:2:3:4:5:ff00", 0, { 1, 2, 3, 4, 5, 0xff00 } },
	{ " 1:2 ", 0, { 1, 2, ANY, ANY, 0, 0 } },
	{ "", -EINVAL },
	{ "8086", -EINVAL },
	{ "8086:", -EINVAL },
	{ ":10fb", -EINVAL },
	{ "8086:10fb:", -EINVAL },
	{ "8086:xyz", -EINVAL },
	{ "8086:10fbz", -EINVAL },
	{ "8086:-1", -EINVAL },
	{ "8086:100000000", -EINVAL },
	{ "1:2:3:4:5:6:7", -EINVAL },
	{ "1:2:3:4:5:6:", -EINVAL },
};

static void ids_desc(const struct ids_case *c, char *desc)
{
	strscpy(desc, *c->text ? c->text : "nothing", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ids, ids_cases, ids_desc);

static void ids_parse(struct kunit *test)
{
	const struct ids_case *c = test->param_value;
	struct vfio_pci_id id;
	char text[64];

	strscpy(text, c->text);
	KUNIT_ASSERT_EQ(test, c->expected, vfio_pci_id_parse(text, &id));
	if (c->expected)
		return;
	KUNIT_EXPECT_EQ(test, c->id.vendor, id.vendor);
	KUNIT_EXPECT_EQ(test, c->id.device, id.device);
	KUNIT_EXPECT_EQ(test, c->id.subvendor, id.subvendor);
	KUNIT_EXPECT_EQ(test, c->id.subdevice, id.subdevice);
	KUNIT_EXPECT_EQ(test, c->id.class, id.class);
	KUNIT_EXPECT_EQ(test, c->id.class_mask, id.class_mask);
}

/* CVE-2024-21823 is about the last two */
static void denied(struct kunit *test)
{
	static const unsigned int intel[] = {
		0x19e2, 0x19e3, 0x37c8, 0x37c9, 0x0435, 0x0443, 0x0b25, 0x0cfe,
	};
	unsigned int i, device, count = 0;

	for (i = 0; i < ARRAY_SIZE(intel); i++)
		KUNIT_EXPECT_TRUE_MSG(test, vfio_pci_id_denied(PCI_VENDOR_ID_INTEL, intel[i]),
				      "%#x", intel[i]);

	/* And nothing else of anybody */
	for (device = 0; device <= U16_MAX; device++) {
		count += vfio_pci_id_denied(PCI_VENDOR_ID_INTEL, device);
		KUNIT_ASSERT_FALSE(test, vfio_pci_id_denied(PCI_VENDOR_ID_REDHAT, device));
	}
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(intel), count);
	KUNIT_EXPECT_FALSE(test, vfio_pci_id_denied(ANY, ANY));
}

static struct kunit_case vfio_pci_ids_cases[] = {
	KUNIT_CASE_PARAM(ids_parse, ids_gen_params),
	KUNIT_CASE(denied),
	{ }
};

static struct kunit_suite vfio_pci_ids_suite = {
	.name = "vfio-pci-ids",
	.test_cases = vfio_pci_ids_cases,
};

kunit_test_suite(vfio_pci_ids_suite);
