// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of irq_set.c: every reason to refuse the header of
 * VFIO_DEVICE_SET_IRQS, and the sums that must not overflow.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/stddef.h>
#include <linux/vfio.h>

#define NR_IRQS_OF_INDEX	8
#define NR_INDEXES		5
#define HEADER			((u32)offsetofend(struct vfio_irq_set, count))

#define MASK_NONE	(VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_DATA_NONE)
#define TRIGGER_BOOL	(VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_BOOL)
#define TRIGGER_EVENTFD	(VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD)

struct irq_set_case {
	const char *what;
	struct vfio_irq_set hdr;
	int ret;
	size_t size;
};

#define SET(_argsz, _flags, _index, _start, _count)				\
	{ .argsz = (_argsz), .flags = (_flags), .index = (_index),		\
	  .start = (_start), .count = (_count) }

static const struct irq_set_case irq_set_cases[] = {
	{ "none, one", SET(HEADER, MASK_NONE, 0, 0, 1) },
	{ "none, all", SET(HEADER, MASK_NONE, 4, 0, 8) },
	{ "none, count 0", SET(HEADER, MASK_NONE, 0, 0, 0) },
	{ "count 0 at the last one", SET(HEADER, MASK_NONE, 0, 7, 0) },
	{ "bool, all", SET(HEADER + 8, TRIGGER_BOOL, 0, 0, 8), .size = 8 },
	{ "bool, a longer payload", SET(HEADER + 100, TRIGGER_BOOL, 0, 5, 3), .size = 3 },
	{ "bool, count 0", SET(HEADER, TRIGGER_BOOL, 0, 0, 0) },
	{ "eventfd, all", SET(HEADER + 32, TRIGGER_EVENTFD, 0, 0, 8), .size = 32 },
	{ "eventfd, the last", SET(HEADER + 4, TRIGGER_EVENTFD, 0, 7, 1), .size = 4 },
	{ "no action is not our business", SET(HEADER, VFIO_IRQ_SET_DATA_NONE, 0, 0, 1) },
	{ "nor are two",
	  SET(HEADER, MASK_NONE | VFIO_IRQ_SET_ACTION_UNMASK, 0, 0, 1) },
	{ "argsz 0", SET(0, MASK_NONE, 0, 0, 1), -EINVAL },
	{ "argsz one short", SET(HEADER - 1, MASK_NONE, 0, 0, 1), -EINVAL },
	{ "unknown flag", SET(HEADER, MASK_NONE | BIT(6), 0, 0, 1), -EINVAL },
	{ "highest flag", SET(HEADER, MASK_NONE | BIT(31), 0, 0, 1), -EINVAL },
	{ "no data type", SET(HEADER, VFIO_IRQ_SET_ACTION_MASK, 0, 0, 1), -EINVAL },
	{ "two data types",
	  SET(HEADER + 8, TRIGGER_BOOL | VFIO_IRQ_SET_DATA_NONE, 0, 0, 1), -EINVAL },
	{ "all data types",
	  SET(HEADER + 32, TRIGGER_EVENTFD | TRIGGER_BOOL | MASK_NONE, 0, 0, 1), -EINVAL },
	{ "index beyond", SET(HEADER, MASK_NONE, NR_INDEXES, 0, 1), -EINVAL },
	{ "index huge", SET(HEADER, MASK_NONE, U32_MAX, 0, 1), -EINVAL },
	{ "start beyond", SET(HEADER, MASK_NONE, 0, 8, 1), -EINVAL },
	{ "start beyond, count 0", SET(HEADER, MASK_NONE, 0, 8, 0), -EINVAL },
	{ "start negative as int", SET(HEADER, MASK_NONE, 0, BIT(31), 1), -EINVAL },
	{ "count beyond", SET(HEADER, MASK_NONE, 0, 0, 9), -EINVAL },
	{ "end beyond", SET(HEADER, MASK_NONE, 0, 7, 2), -EINVAL },
	/* CVE-2016-9083: start + count wraps to something small */
	{ "sum wraps to 0", SET(HEADER, MASK_NONE, 0, 1, U32_MAX), -EINVAL },
	{ "sum wraps to 6", SET(HEADER, MASK_NONE, 0, 7, U32_MAX), -EINVAL },
	{ "start wraps", SET(HEADER, MASK_NONE, 0, U32_MAX, 1), -EINVAL },
	{ "sum is negative as int", SET(HEADER, MASK_NONE, 0, 1, S32_MAX), -EINVAL },
	/* CVE-2016-9084: count * size wraps to something that argsz holds */
	{ "product wraps to 0", SET(HEADER, TRIGGER_EVENTFD, 0, 0, BIT(30)), -EINVAL },
	{ "product wraps to 4", SET(HEADER + 4, TRIGGER_EVENTFD, 0, 0, BIT(30) + 1), -EINVAL },
	{ "no payload for bool", SET(HEADER, TRIGGER_BOOL, 0, 0, 1), -EINVAL },
	{ "bool payload one short", SET(HEADER + 7, TRIGGER_BOOL, 0, 0, 8), -EINVAL },
	{ "no payload for eventfd", SET(HEADER, TRIGGER_EVENTFD, 0, 0, 1), -EINVAL },
	{ "eventfd payload one short", SET(HEADER + 31, TRIGGER_EVENTFD, 0, 0, 8), -EINVAL },
};

static void irq_set_case_name(const struct irq_set_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(irq_set, irq_set_cases, irq_set_case_name);

static void irq_set_validates(struct kunit *test)
{
	const struct irq_set_case *c = test->param_value;
	struct vfio_irq_set hdr = c->hdr;
	size_t size = SIZE_MAX;

	KUNIT_EXPECT_EQ(test, c->ret,
			vfio_set_irqs_validate_and_prepare(&hdr, NR_IRQS_OF_INDEX, NR_INDEXES,
							   &size));
	if (!c->ret)
		KUNIT_EXPECT_EQ(test, size, c->size);
}

/* A huge number of interrupts does not make the product fit 32 bits */
static void irq_set_huge_payload(struct kunit *test)
{
	struct vfio_irq_set hdr = SET(HEADER + 4, TRIGGER_EVENTFD, 0, 0, BIT(30) + 1);
	size_t size;

	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, INT_MAX, 1, &size),
			-EINVAL);

	hdr.count = S32_MAX;
	hdr.start = 1;
	hdr.argsz = U32_MAX;
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, INT_MAX, 1, &size),
			-EINVAL);
}

/* An index, or a device, that has no interrupts at all */
static void irq_set_nothing_there(struct kunit *test)
{
	struct vfio_irq_set hdr = SET(HEADER, MASK_NONE, 0, 0, 0);
	size_t size;

	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 0, 1, &size), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, -1, 1, &size), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 1, 0, &size), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 1, -1, &size), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 1, 1, &size), 0);
}

/* Who does not want payloads says so by a NULL pointer */
static void irq_set_no_payload_wanted(struct kunit *test)
{
	struct vfio_irq_set hdr = SET(HEADER + 4, MASK_NONE, 0, 0, 1);

	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 1, 1, NULL), 0);
	hdr.flags = TRIGGER_BOOL;
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 1, 1, NULL), -EINVAL);
	hdr.flags = TRIGGER_EVENTFD;
	KUNIT_EXPECT_EQ(test, vfio_set_irqs_validate_and_prepare(&hdr, 1, 1, NULL), -EINVAL);
}

static struct kunit_case irq_set_test_cases[] = {
	KUNIT_CASE_PARAM(irq_set_validates, irq_set_gen_params),
	KUNIT_CASE(irq_set_huge_payload),
	KUNIT_CASE(irq_set_nothing_there),
	KUNIT_CASE(irq_set_no_payload_wanted),
	{}
};

static struct kunit_suite irq_set_suite = {
	.name = "vfio-irq-set",
	.test_cases = irq_set_test_cases,
};

kunit_test_suite(irq_set_suite);
