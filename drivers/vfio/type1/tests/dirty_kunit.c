// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of dirty.c: the words that the user reads against a loop over single
 * pages, wherever the mapping begins and ends in the bitmap and however large the
 * user's pages are; and what happens to the user's memory and the log around it.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "../type1.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define IOVA		0x7f0000000ULL
#define DIRTY_ROUNDS	300
#define DIRTY_PAGES	700

/* A container with a log, and one mapping in it */
struct dirty {
	struct type1 t;
	struct type1_dma dma;
};

static int dirty_init(struct kunit *test)
{
	struct dirty *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	mutex_init(&d->t.lock);
	d->t.dirty_log = true;
	d->dma.pfns = RB_ROOT;
	test->priv = d;
	return 0;
}

static void dirty_exit(struct kunit *test)
{
	struct dirty *d = test->priv;

	if (d)
		type1_dirty_free(&d->dma);
}

/* Log a mapping of @npages at @iova, with nothing dirty */
static void log_mapping(struct kunit *test, u64 iova, unsigned long npages)
{
	struct dirty *d = test->priv;

	type1_dirty_free(&d->dma);
	d->dma.iova = iova;
	d->dma.size = (u64)npages << PAGE_SHIFT;
	scoped_guard(mutex, &d->t.lock)
		KUNIT_EXPECT_EQ(test, type1_dirty_alloc(&d->t, &d->dma), 0);
	KUNIT_ASSERT_NOT_NULL(test, d->dma.dirty);
}

static void mark(struct kunit *test, unsigned long page, unsigned long n)
{
	struct dirty *d = test->priv;

	guard(mutex)(&d->t.lock);
	type1_dirty_mark(&d->t, &d->dma, d->dma.iova + ((u64)page << PAGE_SHIFT),
			 (u64)n << PAGE_SHIFT);
}

static int copy_bitmap(struct dirty *d, u64 base, unsigned long to)
{
	guard(mutex)(&d->t.lock);
	return type1_dirty_copy(&d->t, &d->dma, base, PAGE_SIZE, (u64 __user *)to);
}

/* Is there a dirty page among those that the user's bit stands for? */
static bool model_bit(const struct type1_dma *dma, u64 base, u64 pgsize, u64 bit)
{
	u64 start = base + bit * pgsize, iova;

	for (iova = start; iova < start + pgsize; iova += PAGE_SIZE) {
		if (iova < dma->iova || iova > type1_dma_last(dma))
			continue;
		if (dma->mapped || test_bit((iova - dma->iova) >> PAGE_SHIFT, dma->dirty))
			return true;
	}
	return false;
}

static u64 model_word(const struct type1_dma *dma, u64 base, u64 pgsize, u64 word)
{
	unsigned int i;
	u64 bits = 0;

	for (i = 0; i < 64; i++)
		if (model_bit(dma, base, pgsize, word * 64 + i))
			bits |= BIT_ULL(i);
	return bits;
}

/* All words that have bits of the mapping */
static void expect_words(struct kunit *test, u64 base, u64 pgsize)
{
	struct dirty *d = test->priv;
	u64 word = div64_u64(d->dma.iova - base, pgsize) / 64;
	u64 last = div64_u64(type1_dma_last(&d->dma) - base, pgsize) / 64;

	for (; word <= last; word++)
		KUNIT_ASSERT_EQ_MSG(test, type1_dirty_word(&d->dma, base, pgsize, word),
				    model_word(&d->dma, base, pgsize, word),
				    "word %llu, %llu pages from %#llx in a bitmap from %#llx, %#llx a bit",
				    word, d->dma.size >> PAGE_SHIFT, d->dma.iova, base, pgsize);
}

static void dirty_words_random(struct kunit *test)
{
	struct dirty *d = test->priv;
	u32 seed = get_random_u32();
	struct rnd_state rnd;
	unsigned int i, n;
	u64 base, pgsize;

	kunit_info(test, "seed %u\n", seed);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < DIRTY_ROUNDS; i++) {
		pgsize = PAGE_SIZE << (i % 3 ? 0 : prandom_u32_state(&rnd) % 10);
		base = round_down(IOVA + (u64)prandom_u32_state(&rnd) * PAGE_SIZE, pgsize);
		log_mapping(test, base + prandom_u32_state(&rnd) % 200 * PAGE_SIZE,
			    1 + prandom_u32_state(&rnd) % DIRTY_PAGES);
		expect_words(test, base, pgsize);
		for (n = prandom_u32_state(&rnd) % 20; n; n--)
			mark(test, prandom_u32_state(&rnd) % (d->dma.size >> PAGE_SHIFT), 1);
		expect_words(test, base, pgsize);
		d->dma.mapped = true;
		expect_words(test, base, pgsize);
		d->dma.mapped = false;
	}
}

/* First and last pages, on both sides of where words and longs end */
static void dirty_words_at_the_ends(struct kunit *test)
{
	static const unsigned int places[] = { 0, 1, 31, 32, 33, 63, 64, 65, 127, 128 };
	unsigned int from, n;

	for (from = 0; from < ARRAY_SIZE(places); from++) {
		for (n = 1; n < ARRAY_SIZE(places); n++) {
			log_mapping(test, IOVA + places[from] * PAGE_SIZE, places[n]);
			mark(test, 0, 1);
			expect_words(test, IOVA, PAGE_SIZE);
			mark(test, places[n] - 1, 1);
			expect_words(test, IOVA, PAGE_SIZE);
			mark(test, 0, places[n]);
			expect_words(test, IOVA, PAGE_SIZE);
		}
	}
}

/*
 * The first word keeps the bits in front of the mapping, the last one gets zeroes
 * behind it, others are not touched; and then nothing is dirty but what is pinned
 */
static void dirty_copy(struct kunit *test)
{
	const u64 front = 0x0123456789abcdefULL & (BIT_ULL(40) - 1);
	struct type1_pfn pinned = { .iova = IOVA + (64 + 40 + 9) * PAGE_SIZE };
	struct dirty *d = test->priv;
	unsigned long at;
	u64 words[5];

	at = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, at, 0);
	log_mapping(test, IOVA + (64 + 40) * PAGE_SIZE, 100);
	type1_pfn_insert(&d->dma.pfns, &pinned);
	mark(test, 0, 1);
	mark(test, 99, 1);

	memset(words, 0xff, sizeof(words));
	words[1] = ~(BIT_ULL(40) - 1) | front;
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)at, words, sizeof(words)), 0);
	KUNIT_EXPECT_EQ(test, copy_bitmap(d, IOVA, at), 0);
	KUNIT_ASSERT_EQ(test, copy_from_user(words, (void __user *)at, sizeof(words)), 0);
	KUNIT_EXPECT_EQ(test, words[0], U64_MAX);
	KUNIT_EXPECT_EQ(test, words[1], front | BIT_ULL(40));
	KUNIT_EXPECT_EQ(test, words[2], 0);
	KUNIT_EXPECT_EQ(test, words[3], BIT_ULL(64 + 40 + 99 - 3 * 64));
	KUNIT_EXPECT_EQ(test, words[4], U64_MAX);
	KUNIT_EXPECT_EQ(test, bitmap_weight(d->dma.dirty, 100), 1);
	KUNIT_EXPECT_TRUE(test, test_bit(9, d->dma.dirty));
}

/* A bitmap that cannot be written: no dirty page gets lost */
static void dirty_copy_fault(struct kunit *test)
{
	struct dirty *d = test->priv;
	unsigned long at;

	at = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
			   MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, at, 0);
	log_mapping(test, IOVA + 3 * PAGE_SIZE, 70);
	mark(test, 5, 60);
	KUNIT_EXPECT_EQ(test, copy_bitmap(d, IOVA, at), -EFAULT);
	KUNIT_EXPECT_EQ(test, copy_bitmap(d, d->dma.iova, at), -EFAULT);
	KUNIT_EXPECT_EQ(test, bitmap_weight(d->dma.dirty, 70), 60);
}

static void dirty_bitmap_sizes(struct kunit *test)
{
	static const struct {
		u64 npages, size;
		int ret;
	} cases[] = {
		{ 0, 8, -EINVAL },
		{ 1, 7, -EINVAL },
		{ 1, 8, 0 },
		{ 64, 8, 0 },
		{ 65, 8, -EINVAL },
		{ 65, 9, -EINVAL },
		{ 65, 16, 0 },
		{ 1, SZ_256M, 0 },
		{ 1, SZ_256M + 1ULL, -EINVAL },
		{ SZ_2G, SZ_256M, 0 },
		{ SZ_2G + 1ULL, SZ_256M, -EINVAL },
		{ U64_MAX, U64_MAX, -EINVAL },
		{ U64_MAX, 0, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, type1_dirty_check_bitmap(cases[i].npages, cases[i].size),
				    cases[i].ret, "%llu pages, %llu bytes", cases[i].npages,
				    cases[i].size);
}

/* More pages than the functions for bitmaps can count */
static void dirty_too_large(struct kunit *test)
{
	struct dirty *d = test->priv;

	guard(mutex)(&d->t.lock);
	d->dma.iova = 0;
	d->dma.size = (u64)SZ_2G << PAGE_SHIFT;
	KUNIT_EXPECT_EQ(test, type1_dirty_alloc(&d->t, &d->dma), -EINVAL);
	KUNIT_EXPECT_NULL(test, d->dma.dirty);
	d->t.dirty_log = false;
	KUNIT_EXPECT_EQ(test, type1_dirty_alloc(&d->t, &d->dma), 0);
	KUNIT_EXPECT_NULL(test, d->dma.dirty);
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(dirty_words_random),
	KUNIT_CASE(dirty_words_at_the_ends),
	KUNIT_CASE(dirty_copy),
	KUNIT_CASE(dirty_copy_fault),
	KUNIT_CASE(dirty_bitmap_sizes),
	KUNIT_CASE(dirty_too_large),
	{ }
};

static struct kunit_suite dirty_suite = {
	.name = "vfio-type1-dirty",
	.init = dirty_init,
	.exit = dirty_exit,
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);
