// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of iova_ranges.c, and of the ranges that dma_logging.c accepts from users
 * and makes a tree of.
 */
#include <kunit/test.h>
#include <linux/interval_tree.h>
#include <linux/limits.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/vfio.h>

#include "../vfio.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define MAX_RANGES	64

struct span {
	unsigned long start;
	unsigned long last;
};

/* Put the ranges into a tree, in the order that is given */
static void fill(struct kunit *test, struct rb_root_cached *root, struct interval_tree_node *nodes,
		 const struct span *ranges, unsigned int nr)
{
	unsigned int i;

	KUNIT_ASSERT_LE(test, nr, (unsigned int)MAX_RANGES);
	for (i = 0; i < nr; i++) {
		nodes[i].start = ranges[i].start;
		nodes[i].last = ranges[i].last;
		interval_tree_insert(&nodes[i], root);
	}
}

/* The tree holds just these, in ascending order; and finds them by address */
static void expect(struct kunit *test, struct rb_root_cached *root, const struct span *ranges,
		   unsigned int nr, const char *what)
{
	struct interval_tree_node *node = interval_tree_iter_first(root, 0, ULONG_MAX);
	unsigned int i;

	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_NOT_NULL_MSG(test, node, "%s: only %u ranges", what, i);
		KUNIT_EXPECT_EQ_MSG(test, node->start, ranges[i].start, "%s: %u", what, i);
		KUNIT_EXPECT_EQ_MSG(test, node->last, ranges[i].last, "%s: %u", what, i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, node,
					interval_tree_iter_first(root, ranges[i].last,
								 ranges[i].last),
					"%s: %u", what, i);
		node = interval_tree_iter_next(node, 0, ULONG_MAX);
	}
	KUNIT_EXPECT_NULL_MSG(test, node, "%s: more than %u ranges", what, nr);
}

struct combine_case {
	const char *what;
	u32 want;
	unsigned int nr_in, nr_out;
	struct span in[8], out[8];
};

static const struct combine_case combine_cases[] = {
	{ "one remains one", 1, 1, 1, { { 5, 9 } }, { { 5, 9 } } },
	{ "enough room", 3, 3, 3, { { 0, 1 }, { 4, 5 }, { 8, 9 } },
	  { { 0, 1 }, { 4, 5 }, { 8, 9 } } },
	{ "more room", 9, 2, 2, { { 0, 1 }, { 4, 5 } }, { { 0, 1 }, { 4, 5 } } },
	{ "all into one", 1, 3, 1, { { 8, 9 }, { 100, 200 }, { 20, 21 } }, { { 8, 200 } } },
	{ "none wanted leaves one", 0, 3, 1, { { 8, 9 }, { 20, 21 }, { 100, 200 } },
	  { { 8, 200 } } },
	{ "the closest two", 2, 3, 2, { { 0, 9 }, { 100, 109 }, { 115, 119 } },
	  { { 0, 9 }, { 100, 119 } } },
	{ "neighbours without a gap", 2, 3, 2, { { 0, 9 }, { 12, 19 }, { 20, 29 } },
	  { { 0, 9 }, { 12, 29 } } },
	{ "the lower of equals", 2, 3, 2, { { 0, 9 }, { 20, 29 }, { 40, 49 } },
	  { { 0, 29 }, { 40, 49 } } },
	{ "joined ones are joined again", 2, 5, 2,
	  { { 10, 19 }, { 21, 29 }, { 31, 39 }, { 1000, 1001 }, { 42, 49 } },
	  { { 10, 49 }, { 1000, 1001 } } },
	{ "two separate pairs", 3, 5, 3,
	  { { 10, 19 }, { 21, 29 }, { 500, 509 }, { 1000, 1001 }, { 1004, 1009 } },
	  { { 10, 29 }, { 500, 509 }, { 1000, 1009 } } },
	{ "the ends of all addresses", 1, 2, 1, { { 0, 0 }, { ULONG_MAX, ULONG_MAX } },
	  { { 0, ULONG_MAX } } },
	{ "the largest gap stays", 2, 3, 2, { { 0, 0 }, { 2, 2 }, { ULONG_MAX, ULONG_MAX } },
	  { { 0, 2 }, { ULONG_MAX, ULONG_MAX } } },
};

static void combine_desc(const struct combine_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(combine, combine_cases, combine_desc);

static void combine_cases_test(struct kunit *test)
{
	const struct combine_case *c = test->param_value;
	struct interval_tree_node nodes[ARRAY_SIZE(c->in)];
	struct rb_root_cached root = RB_ROOT_CACHED;

	fill(test, &root, nodes, c->in, c->nr_in);
	vfio_combine_iova_ranges(&root, c->nr_in, c->want);
	expect(test, &root, c->out, c->nr_out, c->what);
}

/* A caller that counts wrong, or has nothing, is no reason to stay here */
static void combine_wrong_count(struct kunit *test)
{
	static const struct span in[] = { { 0, 9 }, { 20, 29 } };
	static const struct span out[] = { { 0, 29 } };
	struct interval_tree_node nodes[ARRAY_SIZE(in)];
	struct rb_root_cached root = RB_ROOT_CACHED;

	vfio_combine_iova_ranges(&root, 0, 0);
	vfio_combine_iova_ranges(&root, U32_MAX, 1);
	expect(test, &root, NULL, 0, "empty");
	fill(test, &root, nodes, in, ARRAY_SIZE(in));
	vfio_combine_iova_ranges(&root, U32_MAX, 1);
	expect(test, &root, out, ARRAY_SIZE(out), "two");
}

/*
 * Against a sorted array: the gaps that remain are the largest ones, and everything
 * that was covered still is.
 */
static void combine_random(struct kunit *test)
{
	struct interval_tree_node *nodes;
	struct span *in, *out;
	unsigned int round, i, best, nr, want;
	struct rnd_state rnd;

	nodes = kunit_kcalloc(test, MAX_RANGES, sizeof(*nodes), GFP_KERNEL);
	in = kunit_kcalloc(test, MAX_RANGES, sizeof(*in), GFP_KERNEL);
	out = kunit_kcalloc(test, MAX_RANGES, sizeof(*out), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, nodes && in && out);
	prandom_seed_state(&rnd, 4711);

	for (round = 0; round < 200; round++) {
		struct rb_root_cached root = RB_ROOT_CACHED;
		unsigned long at = 0;

		nr = 1 + prandom_u32_state(&rnd) % MAX_RANGES;
		want = 1 + prandom_u32_state(&rnd) % nr;
		for (i = 0; i < nr; i++) {
			at += 1 + prandom_u32_state(&rnd) % 50;
			in[i].start = at;
			at += prandom_u32_state(&rnd) % 50;
			in[i].last = at;
		}
		fill(test, &root, nodes, in, nr);
		vfio_combine_iova_ranges(&root, nr, want);

		memcpy(out, in, nr * sizeof(*in));
		for (; nr > want; nr--) {
			best = 0;
			for (i = 0; i + 1 < nr; i++)
				if (out[i + 1].start - out[i].last <
				    out[best + 1].start - out[best].last)
					best = i;
			out[best].last = out[best + 1].last;
			memmove(&out[best + 1], &out[best + 2], (nr - best - 2) * sizeof(*out));
		}
		expect(test, &root, out, nr, "random");
	}
}

/* ---- ranges of users */

struct build_case {
	const char *what;
	u64 page_size;
	u32 nr;
	struct vfio_device_feature_dma_logging_range in[4];
	int ret;
};

#define LAST_PAGE	((u64)ULONG_MAX - SZ_4K + 1)	/* the last page */

static const struct build_case build_cases[] = {
	{ "one", SZ_4K, 1, { { 0x1000, 0x1000 } } },
	{ "unsorted", SZ_4K, 3, { { 0x9000, 0x1000 }, { 0x1000, 0x2000 }, { 0x5000, 0x1000 } } },
	{ "touching", SZ_4K, 2, { { 0x2000, 0x1000 }, { 0x1000, 0x1000 } } },
	{ "up to the last page", SZ_4K, 1, { { LAST_PAGE - 0x1000, 0x1000 } } },
	{ "from 0", SZ_4K, 1, { { 0, LAST_PAGE } } },
	{ "large pages", SZ_2M, 1, { { SZ_2M, 2 * SZ_2M } } },
	{ "single bytes", 1, 2, { { 1, 1 }, { 3, 2 } } },
	{ "start not aligned", SZ_4K, 1, { { 0x1800, 0x1000 } }, -EINVAL },
	{ "length not aligned", SZ_4K, 1, { { 0x1000, 0x800 } }, -EINVAL },
	{ "not aligned to large pages", SZ_2M, 1, { { SZ_4K, SZ_2M } }, -EINVAL },
	{ "empty", SZ_4K, 1, { { 0x1000, 0 } }, -EINVAL },
	{ "empty at 0", SZ_4K, 1, { { 0, 0 } }, -EINVAL },
	{ "second one empty", SZ_4K, 2, { { 0x1000, 0x1000 }, { 0x8000, 0 } }, -EINVAL },
	{ "the same twice", SZ_4K, 2, { { 0x1000, 0x1000 }, { 0x1000, 0x1000 } }, -EINVAL },
	{ "overlap at the end", SZ_4K, 2, { { 0x1000, 0x2000 }, { 0x2000, 0x2000 } }, -EINVAL },
	{ "overlap at the start", SZ_4K, 2, { { 0x2000, 0x2000 }, { 0x1000, 0x2000 } }, -EINVAL },
	{ "inside", SZ_4K, 2, { { 0, 0x8000 }, { 0x2000, 0x1000 } }, -EINVAL },
	{ "outside", SZ_4K, 2, { { 0x2000, 0x1000 }, { 0, 0x8000 } }, -EINVAL },
	{ "wraps", SZ_4K, 1, { { LAST_PAGE, 0x2000 } }, -EOVERFLOW },
	{ "the last page", SZ_4K, 1, { { LAST_PAGE, 0x1000 } }, -EOVERFLOW },
	{ "all but the first page", SZ_4K, 1, { { 0x1000, -(u64)SZ_4K } }, -EOVERFLOW },
	{ "the second one wraps", SZ_4K, 2, { { 0x1000, 0x1000 }, { LAST_PAGE, 0x4000 } },
	  -EOVERFLOW },
	{ "page size 0", 0, 1, { { 0, 0x1000 } }, -EINVAL },
	{ "page size not a power of two", 3 * SZ_4K, 1, { { 0, 3 * SZ_4K } }, -EINVAL },
};

static void build_desc(const struct build_case *c, char *desc)
{
	strscpy(desc, c->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(build, build_cases, build_desc);

static void build_cases_test(struct kunit *test)
{
	const struct build_case *c = test->param_value;
	struct interval_tree_node nodes[ARRAY_SIZE(c->in)] = {};
	struct rb_root_cached root = RB_ROOT_CACHED;
	struct interval_tree_node *node;
	unsigned int i, nr = 0;
	int ret;

	ret = vfio_log_ranges_build(c->in, c->nr, c->page_size, &root, nodes);
	KUNIT_EXPECT_EQ(test, ret, c->ret);
	if (ret)
		return;
	for (node = interval_tree_iter_first(&root, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, c->nr);
	for (i = 0; i < c->nr; i++) {
		node = interval_tree_iter_first(&root, c->in[i].iova, c->in[i].iova);
		KUNIT_ASSERT_NOT_NULL(test, node);
		KUNIT_EXPECT_EQ(test, node->start, (unsigned long)c->in[i].iova);
		KUNIT_EXPECT_EQ(test, node->last,
				(unsigned long)(c->in[i].iova + c->in[i].length - 1));
	}
}

static struct kunit_case iova_ranges_cases[] = {
	KUNIT_CASE_PARAM(combine_cases_test, combine_gen_params),
	KUNIT_CASE(combine_wrong_count),
	KUNIT_CASE(combine_random),
	KUNIT_CASE_PARAM(build_cases_test, build_gen_params),
	{}
};

static struct kunit_suite iova_ranges_suite = {
	.name = "vfio-iova-ranges",
	.test_cases = iova_ranges_cases,
};

kunit_test_suite(iova_ranges_suite);
