// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of runs.c: runs come back where they began, in pieces of them at worst,
 * from any page on; nothing is remembered of what is one run; and a run that
 * fails for want of memory leaves what was there.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>

#include "../type1.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

/* More than one large leaf, and no whole number of them */
#define RUNS_PAGES	(3 * TYPE1_RUNS_LEAF + 77)
#define RUNS_ROUNDS	30

/* Where the run that page @first is in ends, in the model: the page behind it */
static unsigned long model_end(const unsigned long *model, unsigned long first)
{
	return find_next_bit(model, RUNS_PAGES, first + 1);
}

/* Where the large leaf ends that page @first of a mapping at @vaddr is in */
static unsigned long leaf_end(unsigned long vaddr, unsigned long first)
{
	unsigned long before = (vaddr >> PAGE_SHIFT) % TYPE1_RUNS_LEAF;

	return roundup(before + first + 1, TYPE1_RUNS_LEAF) - before;
}

/*
 * From @first on: no page that is not of the same run, and no less than what is
 * left of the run in this leaf.
 */
static unsigned long expect_run(struct kunit *test, const struct type1_runs *runs,
				const unsigned long *model, unsigned long vaddr,
				unsigned long first)
{
	unsigned long end = model_end(model, first);
	unsigned long len = type1_runs_len(runs, first);

	KUNIT_ASSERT_GE(test, len, 1);
	KUNIT_ASSERT_LE(test, first + len, end);
	KUNIT_ASSERT_GE(test, first + len, min(end, leaf_end(vaddr, first)));
	return len;
}

/* Pages of a run that begins at @first: single ones, leaves, and what is between */
static unsigned long random_len(struct rnd_state *rnd, unsigned long vaddr, unsigned long first)
{
	unsigned long n;

	switch (prandom_u32_state(rnd) % 5) {
	case 0:
		n = 1;
		break;
	case 1:
		n = 1 + prandom_u32_state(rnd) % 100;
		break;
	case 2:
		n = 1 + prandom_u32_state(rnd) % (2 * TYPE1_RUNS_LEAF);
		break;
	default:
		n = leaf_end(vaddr, first) - first;
		break;
	}
	return min(n, RUNS_PAGES - first);
}

/* One mapping after the other, each split at random */
static void runs_random(struct kunit *test)
{
	unsigned long *model = kunit_kcalloc(test, BITS_TO_LONGS(RUNS_PAGES), sizeof(long),
					     GFP_KERNEL);
	u32 seed = get_random_u32();
	unsigned long first, n, vaddr;
	struct type1_runs runs;
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);

	for (i = 0; i < RUNS_ROUNDS; i++) {
		/* Every third one where leaves are aligned */
		vaddr = 0x7f0000000000 + (i % 3 ? prandom_u32_state(&rnd) & PAGE_MASK : 0);
		type1_runs_init(&runs, vaddr, RUNS_PAGES);
		bitmap_zero(model, RUNS_PAGES);
		for (first = 0; first < RUNS_PAGES; first += n) {
			n = random_len(&rnd, vaddr, first);
			KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, first));
			__set_bit(first, model);
		}
		for (first = 0; first < RUNS_PAGES; )
			first += expect_run(test, &runs, model, vaddr, first);
		for (n = 0; n < 300; n++)
			expect_run(test, &runs, model, vaddr,
				   prandom_u32_state(&rnd) % RUNS_PAGES);
		type1_runs_free(&runs);
	}
}

/* A run, or nothing but whole leaves wherever these begin: no memory for that */
static void runs_without_bits(struct kunit *test)
{
	static const unsigned long before[] = { 0, 1, 100, TYPE1_RUNS_LEAF - 1 };
	unsigned long first, vaddr;
	struct type1_runs runs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(before); i++) {
		vaddr = 0x7f0000000000 + before[i] * PAGE_SIZE;
		type1_runs_init(&runs, vaddr, RUNS_PAGES);
		KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 0));
		KUNIT_EXPECT_NULL(test, runs.begin);
		for (first = 0; first < RUNS_PAGES; )
			first += type1_runs_len(&runs, first);
		KUNIT_EXPECT_EQ(test, first, RUNS_PAGES);
		type1_runs_free(&runs);

		type1_runs_init(&runs, vaddr, RUNS_PAGES);
		for (first = 0; first < RUNS_PAGES; first = leaf_end(vaddr, first))
			KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, first));
		KUNIT_EXPECT_NULL(test, runs.begin);
		first = leaf_end(vaddr, 0);
		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 0), first);
		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, first), TYPE1_RUNS_LEAF);
		type1_runs_free(&runs);

		type1_runs_init(&runs, vaddr, 1);
		KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 0));
		KUNIT_EXPECT_NULL(test, runs.begin);
		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 0), 1);
		type1_runs_free(&runs);
	}
}

/* A mapping that was given up on the way */
static void runs_not_complete(struct kunit *test)
{
	struct type1_runs runs;

	type1_runs_init(&runs, 0, RUNS_PAGES);
	KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 0));
	KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 3));
	KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 4));
	KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 0), 3);
	KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 1), 2);
	KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 3), 1);
	KUNIT_EXPECT_GE(test, type1_runs_len(&runs, 4), 10);
	type1_runs_free(&runs);

	/* Nothing at all was there; and then it is used again */
	type1_runs_init(&runs, 0, RUNS_PAGES);
	type1_runs_free(&runs);
	KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 0));
	KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 2));
	KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 0), 2);
	type1_runs_free(&runs);
}

#ifdef CONFIG_FAULT_INJECTION
/* The first run that needs memory fails, and then it does not */
static void runs_no_memory(struct kunit *test)
{
	unsigned int nth, failures = 0;
	struct type1_runs runs;
	bool injected;
	int ret;

	for (nth = 1; nth < 100; nth++) {
		type1_runs_init(&runs, 0, RUNS_PAGES);
		KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, 0));
		KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, TYPE1_RUNS_LEAF));

		current->fail_nth = nth;
		ret = type1_runs_begin(&runs, TYPE1_RUNS_LEAF + 5);
		injected = !current->fail_nth;
		current->fail_nth = 0;

		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 0), TYPE1_RUNS_LEAF);
		if (ret) {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			failures++;
			KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, TYPE1_RUNS_LEAF + 5));
		}
		KUNIT_ASSERT_EQ(test, 0, type1_runs_begin(&runs, TYPE1_RUNS_LEAF + 10));
		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, 0), TYPE1_RUNS_LEAF);
		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, TYPE1_RUNS_LEAF), 5);
		KUNIT_EXPECT_EQ(test, type1_runs_len(&runs, TYPE1_RUNS_LEAF + 5), 5);
		type1_runs_free(&runs);
		if (!injected)
			break;
	}
	KUNIT_EXPECT_LT(test, nth, 100);
	if (!failures)
		kunit_skip(test, "no failure reached us: write N to failslab/ignore-gfp-wait");
}
#endif

static struct kunit_case runs_cases[] = {
	KUNIT_CASE(runs_random),
	KUNIT_CASE(runs_without_bits),
	KUNIT_CASE(runs_not_complete),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(runs_no_memory),
#endif
	{ }
};

static struct kunit_suite runs_suite = {
	.name = "vfio-type1-runs",
	.test_cases = runs_cases,
};

kunit_test_suite(runs_suite);
