// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of iova_list.c: ranges are cut and split at both ends of the address
 * space as elsewhere, what cannot be done for want of memory is not half done,
 * and thousands of random cuts leave what a bitmap says.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "../type1.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

struct iova_expected {
	u64 start;
	u64 last;
};

static void expect_ranges(struct kunit *test, const struct list_head *ranges,
			  const struct iova_expected *expected, size_t n)
{
	struct type1_iova_range *range;
	size_t i = 0;

	KUNIT_ASSERT_EQ(test, list_count_nodes((struct list_head *)ranges), n);
	list_for_each_entry(range, ranges, entry) {
		KUNIT_EXPECT_EQ(test, range->start, expected[i].start);
		KUNIT_EXPECT_EQ(test, range->last, expected[i].last);
		i++;
	}
}

#define EXPECT_RANGES(test, ranges, ...) do {					\
	static const struct iova_expected __expected[] = { __VA_ARGS__ };	\
										\
	expect_ranges(test, ranges, __expected, ARRAY_SIZE(__expected));	\
} while (0)

static void iova_exclude(struct kunit *test)
{
	LIST_HEAD(ranges);

	KUNIT_ASSERT_EQ(test, 0, type1_iova_init(&ranges, 0, U64_MAX));
	EXPECT_RANGES(test, &ranges, { 0, U64_MAX });
	/* The middle, both ends */
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0xfee00000, 0xfeefffff));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0, 0));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, U64_MAX, U64_MAX));
	EXPECT_RANGES(test, &ranges, { 1, 0xfedfffff }, { 0xfef00000, U64_MAX - 1 });
	/* What is not there, and what only touches */
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0xfee00000, 0xfeefffff));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0, 0));
	EXPECT_RANGES(test, &ranges, { 1, 0xfedfffff }, { 0xfef00000, U64_MAX - 1 });
	/* Over a gap, into both neighbours */
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0xf0000000, 0xffffffff));
	EXPECT_RANGES(test, &ranges, { 1, 0xefffffff }, { 0x100000000, U64_MAX - 1 });
	/* Exactly one, and all */
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 1, 0xefffffff));
	EXPECT_RANGES(test, &ranges, { 0x100000000, U64_MAX - 1 });
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0, U64_MAX));
	KUNIT_EXPECT_TRUE(test, list_empty(&ranges));
}

static void iova_clip(struct kunit *test)
{
	LIST_HEAD(ranges);

	KUNIT_ASSERT_EQ(test, 0, type1_iova_init(&ranges, 0, U64_MAX));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0x1000, 0x1fff));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0x8000, 0x8fff));
	type1_iova_clip(&ranges, 0, U64_MAX);
	EXPECT_RANGES(test, &ranges, { 0, 0xfff }, { 0x2000, 0x7fff }, { 0x9000, U64_MAX });
	/* Ends inside of ranges, ends inside of gaps */
	type1_iova_clip(&ranges, 0x1800, (1ULL << 39) - 1);
	EXPECT_RANGES(test, &ranges, { 0x2000, 0x7fff }, { 0x9000, (1ULL << 39) - 1 });
	type1_iova_clip(&ranges, 0x3000, 0x87ff);
	EXPECT_RANGES(test, &ranges, { 0x3000, 0x7fff });
	type1_iova_clip(&ranges, 0x7fff, 0x7fff);
	EXPECT_RANGES(test, &ranges, { 0x7fff, 0x7fff });
	type1_iova_clip(&ranges, 0x8000, U64_MAX);
	KUNIT_EXPECT_TRUE(test, list_empty(&ranges));
}

static void iova_valid(struct kunit *test)
{
	LIST_HEAD(ranges);

	/* No restriction */
	KUNIT_EXPECT_TRUE(test, type1_iova_valid(&ranges, 0, U64_MAX));

	KUNIT_ASSERT_EQ(test, 0, type1_iova_init(&ranges, 0x1000, U64_MAX));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0x8000, 0x8fff));
	KUNIT_EXPECT_TRUE(test, type1_iova_valid(&ranges, 0x1000, 0x7fff));
	KUNIT_EXPECT_TRUE(test, type1_iova_valid(&ranges, 0x9000, U64_MAX));
	KUNIT_EXPECT_TRUE(test, type1_iova_valid(&ranges, U64_MAX, U64_MAX));
	KUNIT_EXPECT_FALSE(test, type1_iova_valid(&ranges, 0xfff, 0x1fff));
	KUNIT_EXPECT_FALSE(test, type1_iova_valid(&ranges, 0x1000, 0x8000));
	KUNIT_EXPECT_FALSE(test, type1_iova_valid(&ranges, 0x8fff, 0x9fff));
	/* Both ends can be used, what lies between cannot */
	KUNIT_EXPECT_FALSE(test, type1_iova_valid(&ranges, 0x7000, 0x9fff));
	KUNIT_EXPECT_FALSE(test, type1_iova_valid(&ranges, 0, U64_MAX));
	type1_iova_free(&ranges);
	KUNIT_EXPECT_TRUE(test, list_empty(&ranges));
}

static void iova_copy(struct kunit *test)
{
	LIST_HEAD(ranges);
	LIST_HEAD(copy);

	KUNIT_ASSERT_EQ(test, 0, type1_iova_copy(&copy, &ranges));
	KUNIT_EXPECT_TRUE(test, list_empty(&copy));

	KUNIT_ASSERT_EQ(test, 0, type1_iova_init(&ranges, 0, 0xffff));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&ranges, 0x8000, 0x8fff));
	KUNIT_ASSERT_EQ(test, 0, type1_iova_copy(&copy, &ranges));
	/* Each goes its own way */
	KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(&copy, 0, 0xfff));
	EXPECT_RANGES(test, &ranges, { 0, 0x7fff }, { 0x9000, 0xffff });
	EXPECT_RANGES(test, &copy, { 0x1000, 0x7fff }, { 0x9000, 0xffff });
	type1_iova_free(&copy);
	type1_iova_free(&ranges);
}

#ifdef CONFIG_FAULT_INJECTION
/* Lets the next allocation fail; true if one came */
static bool iova_without_memory(int (*fn)(struct list_head *ranges, struct list_head *other),
				struct list_head *ranges, struct list_head *other, int *ret)
{
	current->fail_nth = 1;
	*ret = fn(ranges, other);
	if (!current->fail_nth)
		return true;
	current->fail_nth = 0;
	return false;
}

static int iova_fail_split(struct list_head *ranges, struct list_head *other)
{
	return type1_iova_exclude(ranges, 0x2000, 0x2fff);
}

static int iova_fail_copy(struct list_head *ranges, struct list_head *other)
{
	return type1_iova_copy(other, ranges);
}

static void iova_no_memory(struct kunit *test)
{
	LIST_HEAD(ranges);
	LIST_HEAD(copy);
	int ret;

	KUNIT_ASSERT_EQ(test, 0, type1_iova_init(&ranges, 0, 0x7fff));
	if (!iova_without_memory(iova_fail_split, &ranges, NULL, &ret) || !ret) {
		type1_iova_free(&ranges);
		kunit_skip(test, "no failure reached us: write N to failslab/ignore-gfp-wait");
	}
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	EXPECT_RANGES(test, &ranges, { 0, 0x7fff });

	KUNIT_EXPECT_TRUE(test, iova_without_memory(iova_fail_copy, &ranges, &copy, &ret));
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_TRUE(test, list_empty(&copy));
	type1_iova_free(&ranges);
}
#endif

/* The address space in so many slots, so that its last IOVA takes part, too */
#define IOVA_SLOTS		64
#define IOVA_SLOT_SHIFT		58
#define IOVA_STEPS		3000

static u64 slot_start(unsigned int slot)
{
	return (u64)slot << IOVA_SLOT_SHIFT;
}

static u64 slot_last(unsigned int slot)
{
	return slot_start(slot) | (BIT_ULL(IOVA_SLOT_SHIFT) - 1);
}

/* Are the ranges those that the bitmap says: sorted, not touching, complete? */
static void expect_model(struct kunit *test, const struct list_head *ranges,
			 const unsigned long *model)
{
	unsigned int first = 0, end;
	struct type1_iova_range *range;

	list_for_each_entry(range, ranges, entry) {
		first = find_next_bit(model, IOVA_SLOTS, first);
		KUNIT_ASSERT_LT(test, first, IOVA_SLOTS);
		end = find_next_zero_bit(model, IOVA_SLOTS, first);
		KUNIT_ASSERT_EQ(test, range->start, slot_start(first));
		KUNIT_ASSERT_EQ(test, range->last, slot_last(end - 1));
		first = end;
	}
	KUNIT_ASSERT_EQ(test, find_next_bit(model, IOVA_SLOTS, first), IOVA_SLOTS);
}

static void iova_random_step(struct kunit *test, struct rnd_state *rnd, struct list_head *ranges,
			     unsigned long *model)
{
	unsigned int a = prandom_u32_state(rnd) % IOVA_SLOTS;
	unsigned int n = 1 + prandom_u32_state(rnd) % 4;
	unsigned int b = min(a + n, IOVA_SLOTS) - 1;
	bool usable;

	usable = find_next_zero_bit(model, b + 1, a) > b || bitmap_empty(model, IOVA_SLOTS);
	KUNIT_ASSERT_EQ(test, usable, type1_iova_valid(ranges, slot_start(a), slot_last(b)));

	if (prandom_u32_state(rnd) % 16) {
		KUNIT_ASSERT_EQ(test, 0, type1_iova_exclude(ranges, slot_start(a), slot_last(b)));
		bitmap_clear(model, a, b - a + 1);
	} else {
		/* Most of it stays */
		type1_iova_clip(ranges, slot_start(a / 8), U64_MAX);
		bitmap_clear(model, 0, a / 8);
	}
}

static void iova_random(struct kunit *test)
{
	DECLARE_BITMAP(model, IOVA_SLOTS);
	u32 seed = get_random_u32();
	struct rnd_state rnd;
	unsigned int i;
	LIST_HEAD(ranges);

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	bitmap_zero(model, IOVA_SLOTS);
	for (i = 0; i < IOVA_STEPS; i++) {
		if (bitmap_empty(model, IOVA_SLOTS)) {
			KUNIT_ASSERT_TRUE(test, list_empty(&ranges));
			KUNIT_ASSERT_EQ(test, 0, type1_iova_init(&ranges, 0, U64_MAX));
			bitmap_fill(model, IOVA_SLOTS);
		}
		iova_random_step(test, &rnd, &ranges, model);
		expect_model(test, &ranges, model);
	}
	type1_iova_free(&ranges);
}

static struct kunit_case iova_list_cases[] = {
	KUNIT_CASE(iova_exclude),
	KUNIT_CASE(iova_clip),
	KUNIT_CASE(iova_valid),
	KUNIT_CASE(iova_copy),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(iova_no_memory),
#endif
	KUNIT_CASE(iova_random),
	{ }
};

static struct kunit_suite iova_list_suite = {
	.name = "vfio-type1-iova-list",
	.test_cases = iova_list_cases,
};

kunit_test_suite(iova_list_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the VFIO type1 backend");
