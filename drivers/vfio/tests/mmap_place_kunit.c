// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of mmap_place.c: whether a large leaf fits in a mapping, and where a
 * mapping goes in a hole that leaves it room to move.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../vfio.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

static void leaf_fits(struct kunit *test)
{
	/* All of it */
	KUNIT_EXPECT_TRUE(test, vfio_mmap_leaf_fits(SZ_1G, SZ_1G, SZ_1G));
	KUNIT_EXPECT_FALSE(test, vfio_mmap_leaf_fits(SZ_1G, SZ_1G - PAGE_SIZE, SZ_1G));
	/* Somewhere inside */
	KUNIT_EXPECT_TRUE(test, vfio_mmap_leaf_fits(SZ_1G - PAGE_SIZE, SZ_1G + PAGE_SIZE, SZ_1G));
	KUNIT_EXPECT_FALSE(test, vfio_mmap_leaf_fits(SZ_1G - PAGE_SIZE, SZ_1G, SZ_1G));
	KUNIT_EXPECT_TRUE(test, vfio_mmap_leaf_fits(SZ_1G + SZ_1M, SZ_2G, SZ_1G));
	KUNIT_EXPECT_FALSE(test, vfio_mmap_leaf_fits(SZ_1G + SZ_1M, SZ_2G - SZ_2M, SZ_1G));
	/* Nothing, everything, and sums that would wrap */
	KUNIT_EXPECT_FALSE(test, vfio_mmap_leaf_fits(0, 0, SZ_2M));
	KUNIT_EXPECT_TRUE(test, vfio_mmap_leaf_fits(0, U64_MAX, SZ_2M));
	KUNIT_EXPECT_TRUE(test, vfio_mmap_leaf_fits(U64_MAX & PAGE_MASK, U64_MAX, SZ_2M));
	KUNIT_EXPECT_FALSE(test, vfio_mmap_leaf_fits(U64_MAX & PAGE_MASK, SZ_2M, SZ_2M));
}

static void shift_one(struct kunit *test, unsigned long start, u64 phys, unsigned long size)
{
	unsigned long place = vfio_mmap_shift(start, phys, size);

	/* The one place in [start, start + size - PAGE_SIZE] that agrees */
	KUNIT_EXPECT_GE(test, place, start);
	KUNIT_EXPECT_LE(test, place, start + size - PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, (place ^ (unsigned long)phys) & (size - 1));
}

static void shift(struct kunit *test)
{
	static const unsigned long sizes[] = { SZ_2M, SZ_1G };
	const unsigned long start = 0x7f1234567000;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned long size = sizes[i];

		shift_one(test, start, 0, size);
		shift_one(test, start, start, size);
		shift_one(test, start, start + PAGE_SIZE, size);
		shift_one(test, start, start - PAGE_SIZE, size);
		shift_one(test, start, 0xfffffffffffff000, size);
		shift_one(test, ALIGN(start, size), 0, size);
		shift_one(test, ALIGN(start, size), size - PAGE_SIZE, size);
		shift_one(test, ALIGN(start, size) + PAGE_SIZE, 0, size);
		shift_one(test, PAGE_SIZE, 0, size);
	}
}

static struct kunit_case mmap_place_cases[] = {
	KUNIT_CASE(leaf_fits),
	KUNIT_CASE(shift),
	{ }
};

static struct kunit_suite mmap_place_suite = {
	.name = "vfio-mmap-place",
	.test_cases = mmap_place_cases,
};

kunit_test_suite(mmap_place_suite);
