// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of pfn_list.c: pages are found by their IOVA, the first one of a range
 * is the lowest, and the ends of the address space are IOVAs as others.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "../type1.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define PFN_PAGES	64
#define PFN_STEPS	3000
#define PFN_TOP		(U64_MAX & PAGE_MASK)

/* Page i of the first half lies at the bottom of the address space, the others at its top */
static u64 pfn_iova(unsigned int i)
{
	if (i < PFN_PAGES / 2)
		return (u64)i << PAGE_SHIFT;
	return PFN_TOP - ((u64)(PFN_PAGES - 1 - i) << PAGE_SHIFT);
}

static void pfn_edges(struct kunit *test)
{
	struct type1_pfn bottom = { .iova = 0 }, top = { .iova = PFN_TOP };
	struct rb_root pfns = RB_ROOT;

	KUNIT_EXPECT_NULL(test, type1_pfn_find(&pfns, 0));
	KUNIT_EXPECT_NULL(test, type1_pfn_first(&pfns, 0, U64_MAX));
	KUNIT_EXPECT_EQ(test, type1_pfn_count(&pfns), 0);

	type1_pfn_insert(&pfns, &top);
	type1_pfn_insert(&pfns, &bottom);
	KUNIT_EXPECT_EQ(test, type1_pfn_count(&pfns), 2);
	KUNIT_EXPECT_PTR_EQ(test, type1_pfn_find(&pfns, 0), &bottom);
	KUNIT_EXPECT_PTR_EQ(test, type1_pfn_find(&pfns, PFN_TOP), &top);
	KUNIT_EXPECT_NULL(test, type1_pfn_find(&pfns, PAGE_SIZE));
	KUNIT_EXPECT_PTR_EQ(test, type1_pfn_first(&pfns, 0, U64_MAX), &bottom);
	KUNIT_EXPECT_PTR_EQ(test, type1_pfn_first(&pfns, 1, U64_MAX), &top);
	KUNIT_EXPECT_PTR_EQ(test, type1_pfn_first(&pfns, PFN_TOP, U64_MAX), &top);
	KUNIT_EXPECT_NULL(test, type1_pfn_first(&pfns, 1, PFN_TOP - 1));
}

/* One random step: a page comes or goes; then a range is asked for its first */
static void pfn_step(struct kunit *test, struct rnd_state *rnd, struct rb_root *pfns,
		     struct type1_pfn *pages, unsigned long *model)
{
	unsigned int i = prandom_u32_state(rnd) % PFN_PAGES;
	unsigned int a = prandom_u32_state(rnd) % PFN_PAGES;
	unsigned int b = a + prandom_u32_state(rnd) % (PFN_PAGES - a);
	struct type1_pfn *first;

	if (test_bit(i, model)) {
		KUNIT_ASSERT_PTR_EQ(test, type1_pfn_find(pfns, pfn_iova(i)), &pages[i]);
		rb_erase(&pages[i].node, pfns);
	} else {
		KUNIT_ASSERT_NULL(test, type1_pfn_find(pfns, pfn_iova(i)));
		pages[i].iova = pfn_iova(i);
		type1_pfn_insert(pfns, &pages[i]);
	}
	change_bit(i, model);

	first = type1_pfn_first(pfns, pfn_iova(a), pfn_iova(b) + PAGE_SIZE - 1);
	i = find_next_bit(model, b + 1, a);
	KUNIT_ASSERT_PTR_EQ(test, first, i > b ? NULL : &pages[i]);
	KUNIT_ASSERT_EQ(test, type1_pfn_count(pfns), bitmap_weight(model, PFN_PAGES));
}

static void pfn_random(struct kunit *test)
{
	struct type1_pfn *pages = kunit_kcalloc(test, PFN_PAGES, sizeof(*pages), GFP_KERNEL);
	DECLARE_BITMAP(model, PFN_PAGES);
	struct rb_root pfns = RB_ROOT;
	u32 seed = get_random_u32();
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	bitmap_zero(model, PFN_PAGES);
	for (i = 0; i < PFN_STEPS; i++)
		pfn_step(test, &rnd, &pfns, pages, model);
}

static struct kunit_case pfn_list_cases[] = {
	KUNIT_CASE(pfn_edges),
	KUNIT_CASE(pfn_random),
	{ }
};

static struct kunit_suite pfn_list_suite = {
	.name = "vfio-type1-pfn-list",
	.test_cases = pfn_list_cases,
};

kunit_test_suite(pfn_list_suite);
