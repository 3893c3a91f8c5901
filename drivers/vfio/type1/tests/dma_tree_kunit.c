// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of dma_tree.c: mappings don't overlap, also where one ends with the
 * address space, and thousands of random ones are found as an array finds them.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "../type1.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define DMA_SLOTS	64
#define DMA_STEPS	3000

static void dma_edges(struct kunit *test)
{
	struct type1_dma bottom = { .iova = 0, .size = PAGE_SIZE };
	struct type1_dma top = { .iova = U64_MAX & PAGE_MASK, .size = PAGE_SIZE };
	struct type1_dma half = { .iova = 0, .size = 1ULL << 63 };
	struct type1_dma next = { .iova = PAGE_SIZE, .size = PAGE_SIZE };
	struct rb_root dmas = RB_ROOT;

	KUNIT_EXPECT_NULL(test, type1_dma_first(&dmas, 0, U64_MAX));
	KUNIT_ASSERT_TRUE(test, type1_dma_insert(&dmas, &top));
	KUNIT_ASSERT_TRUE(test, type1_dma_insert(&dmas, &bottom));
	KUNIT_EXPECT_EQ(test, type1_dma_last(&top), U64_MAX);
	KUNIT_EXPECT_FALSE(test, type1_dma_insert(&dmas, &half));
	/* It touches, that is all */
	KUNIT_EXPECT_TRUE(test, type1_dma_insert(&dmas, &next));

	KUNIT_EXPECT_PTR_EQ(test, type1_dma_first(&dmas, 0, U64_MAX), &bottom);
	KUNIT_EXPECT_PTR_EQ(test, type1_dma_first(&dmas, PAGE_SIZE - 1, U64_MAX), &bottom);
	KUNIT_EXPECT_PTR_EQ(test, type1_dma_first(&dmas, PAGE_SIZE, U64_MAX), &next);
	KUNIT_EXPECT_PTR_EQ(test, type1_dma_first(&dmas, 2 * PAGE_SIZE, U64_MAX), &top);
	KUNIT_EXPECT_NULL(test, type1_dma_first(&dmas, 2 * PAGE_SIZE, top.iova - 1));
	KUNIT_EXPECT_PTR_EQ(test, type1_dma_first(&dmas, U64_MAX, U64_MAX), &top);
	KUNIT_EXPECT_PTR_EQ(test, type1_dma_next(&bottom), &next);
	KUNIT_EXPECT_PTR_EQ(test, type1_dma_next(&next), &top);
	KUNIT_EXPECT_NULL(test, type1_dma_next(&top));
}

/**
 * struct dma_model - What the tree should hold
 * @at: the mapping that a slot of the address space belongs to, or NULL
 * @pool: mappings, number i begins in slot i if it is in the tree
 */
struct dma_model {
	struct type1_dma *at[DMA_SLOTS];
	struct type1_dma pool[DMA_SLOTS];
};

#define DMA_SLOT_SHIFT	58

static struct type1_dma *model_first(struct dma_model *model, unsigned int a, unsigned int b)
{
	for (; a <= b; a++)
		if (model->at[a])
			return model->at[a];
	return NULL;
}

static void model_set(struct dma_model *model, unsigned int a, unsigned int b,
		      struct type1_dma *dma)
{
	for (; a <= b; a++)
		model->at[a] = dma;
}

/* Try to put a mapping into slots a to b, or take away what is there first */
static void dma_step(struct kunit *test, struct rnd_state *rnd, struct rb_root *dmas,
		     struct dma_model *model)
{
	unsigned int a = prandom_u32_state(rnd) % DMA_SLOTS;
	unsigned int n = 1 + prandom_u32_state(rnd) % 6;
	unsigned int b = min(a + n, DMA_SLOTS) - 1;
	struct type1_dma *there = model_first(model, a, b), fresh = {
		.iova = (u64)a << DMA_SLOT_SHIFT,
		.size = (u64)(b - a + 1) << DMA_SLOT_SHIFT,
	};
	/* The pool's number a may be there, and wouldn't know that it is asked again */
	struct type1_dma *dma = there == &model->pool[a] ? &fresh : &model->pool[a];

	KUNIT_ASSERT_PTR_EQ(test, there, type1_dma_first(dmas, fresh.iova, type1_dma_last(&fresh)));
	if (there && prandom_u32_state(rnd) % 2) {
		rb_erase(&there->node, dmas);
		model_set(model, there->iova >> DMA_SLOT_SHIFT,
			  type1_dma_last(there) >> DMA_SLOT_SHIFT, NULL);
		return;
	}
	*dma = fresh;
	KUNIT_ASSERT_EQ(test, !there, type1_dma_insert(dmas, dma));
	if (!there)
		model_set(model, a, b, dma);
}

/* From the first to the last in order, and no other */
static void dma_expect_all(struct kunit *test, struct rb_root *dmas, struct dma_model *model)
{
	struct type1_dma *dma = type1_dma_first(dmas, 0, U64_MAX), *before = NULL;
	unsigned int i;

	for (i = 0; i < DMA_SLOTS; i++) {
		if (!model->at[i] || model->at[i] == before)
			continue;
		before = model->at[i];
		KUNIT_ASSERT_PTR_EQ(test, dma, before);
		dma = type1_dma_next(dma);
	}
	KUNIT_ASSERT_NULL(test, dma);
}

static void dma_random(struct kunit *test)
{
	struct dma_model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	struct rb_root dmas = RB_ROOT;
	u32 seed = get_random_u32();
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, model);
	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < DMA_STEPS; i++) {
		dma_step(test, &rnd, &dmas, model);
		dma_expect_all(test, &dmas, model);
	}
}

static struct kunit_case dma_tree_cases[] = {
	KUNIT_CASE(dma_edges),
	KUNIT_CASE(dma_random),
	{ }
};

static struct kunit_suite dma_tree_suite = {
	.name = "vfio-type1-dma-tree",
	.test_cases = dma_tree_cases,
};

kunit_test_suite(dma_tree_suite);
