// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of info_cap.c: the layout that user space walks.
 */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vfio.h>

static void free_chain(void *arg)
{
	struct vfio_info_cap *caps = arg;

	kfree(caps->buf);
}

static struct vfio_info_cap *new_chain(struct kunit *test)
{
	struct vfio_info_cap *caps = kunit_kzalloc(test, sizeof(*caps), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, caps);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_chain, caps), 0);
	return caps;
}

static struct vfio_info_cap_header *at(struct vfio_info_cap *caps, size_t offset)
{
	return (void *)caps->buf + offset;
}

static void add_ok(struct kunit *test, struct vfio_info_cap *caps, size_t size, u16 id)
{
	struct vfio_info_cap_header *header = vfio_info_cap_add(caps, size, id, id + 100);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, header);
	KUNIT_EXPECT_EQ(test, header->id, id);
	KUNIT_EXPECT_EQ(test, header->version, id + 100);
	KUNIT_EXPECT_EQ(test, header->next, 0);
}

static void info_cap_empty(struct kunit *test)
{
	struct vfio_info_cap *caps = new_chain(test);

	vfio_info_cap_shift(caps, 64);
	KUNIT_EXPECT_NULL(test, caps->buf);
	KUNIT_EXPECT_EQ(test, caps->size, 0);
}

/* Each capability begins and ends at a multiple of 8 */
static void info_cap_pads(struct kunit *test)
{
	struct vfio_info_cap *caps = new_chain(test);

	add_ok(test, caps, 8, 1);
	KUNIT_EXPECT_EQ(test, caps->size, 8);
	add_ok(test, caps, 9, 2);
	KUNIT_EXPECT_EQ(test, caps->size, 24);
	add_ok(test, caps, 20, 3);
	KUNIT_EXPECT_EQ(test, caps->size, 48);
	add_ok(test, caps, 16, 4);
	KUNIT_EXPECT_EQ(test, caps->size, 64);

	KUNIT_EXPECT_EQ(test, at(caps, 0)->next, 8);
	KUNIT_EXPECT_EQ(test, at(caps, 8)->next, 24);
	KUNIT_EXPECT_EQ(test, at(caps, 24)->next, 48);
	KUNIT_EXPECT_EQ(test, at(caps, 48)->next, 0);
	KUNIT_EXPECT_EQ(test, at(caps, 48)->id, 4);
}

/* Offsets count from the user's structure after the shift; the end stays the end */
static void info_cap_shifts(struct kunit *test)
{
	struct vfio_info_cap *caps = new_chain(test);

	add_ok(test, caps, 8, 1);
	vfio_info_cap_shift(caps, 32);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->next, 0);

	caps = new_chain(test);
	add_ok(test, caps, 12, 1);
	add_ok(test, caps, 24, 2);
	add_ok(test, caps, 8, 3);
	vfio_info_cap_shift(caps, 32);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->next, 32 + 16);
	KUNIT_EXPECT_EQ(test, at(caps, 16)->next, 32 + 40);
	KUNIT_EXPECT_EQ(test, at(caps, 40)->next, 0);
}

/* CVE-2023-54137: what the driver doesn't fill in reaches the user as zeros */
static void info_cap_is_zeroed(struct kunit *test)
{
	struct vfio_info_cap *caps = new_chain(test);
	static const u8 zeros[64];
	unsigned int i;
	void *dirty;

	for (i = 0; i < 16; i++) {
		dirty = kmalloc(64 + i * 64, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, dirty);
		memset(dirty, 0xa5, 64 + i * 64);
		kfree(dirty);

		add_ok(test, caps, 57, i);
		KUNIT_EXPECT_MEMEQ(test, at(caps, i * 64) + 1, zeros, 64 - 8);
	}
}

static void info_cap_copies(struct kunit *test)
{
	struct {
		struct vfio_info_cap_header header;
		u8 body[5];
	} cap = {
		.header = { .id = 7, .version = 2, .next = 0xdeadbeef },
		.body = { 1, 2, 3, 4, 5 },
	};
	static const u8 expected[] = { 1, 2, 3, 4, 5, 0, 0, 0 };
	const size_t size = offsetofend(typeof(cap), body);
	struct vfio_info_cap *caps = new_chain(test);

	KUNIT_ASSERT_EQ(test, vfio_info_add_capability(caps, &cap.header, size), 0);
	KUNIT_EXPECT_EQ(test, caps->size, 16);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->id, 7);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->version, 2);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->next, 0);
	KUNIT_EXPECT_MEMEQ(test, at(caps, 8), expected, 8);

	KUNIT_ASSERT_EQ(test, vfio_info_add_capability(caps, &cap.header, size), 0);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->next, 16);
	KUNIT_EXPECT_EQ(test, at(caps, 16)->next, 0);
}

/* A chain that can't take a capability is gone, and can be begun anew */
static void info_cap_discards(struct kunit *test)
{
	struct vfio_info_cap *caps = new_chain(test);
	static const size_t too_much[] = { SIZE_MAX, SIZE_MAX - 7,
					   U32_MAX, U32_MAX - 8 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(too_much); i++) {
		add_ok(test, caps, 16, 1);
		add_ok(test, caps, 16, 2);
		KUNIT_EXPECT_PTR_EQ(test, vfio_info_cap_add(caps, too_much[i], 3, 1),
				    (struct vfio_info_cap_header *)ERR_PTR(-ENOMEM));
		KUNIT_EXPECT_NULL(test, caps->buf);
		KUNIT_EXPECT_EQ(test, caps->size, 0);
	}

	/* The first one again: nothing points to it, and it to nothing */
	add_ok(test, caps, 8, 4);
	KUNIT_EXPECT_EQ(test, caps->size, 8);
	vfio_info_cap_shift(caps, 8);
	KUNIT_EXPECT_EQ(test, at(caps, 0)->next, 0);
}

static struct kunit_case info_cap_cases[] = {
	KUNIT_CASE(info_cap_empty),
	KUNIT_CASE(info_cap_pads),
	KUNIT_CASE(info_cap_shifts),
	KUNIT_CASE(info_cap_is_zeroed),
	KUNIT_CASE(info_cap_copies),
	KUNIT_CASE(info_cap_discards),
	{}
};

static struct kunit_suite info_cap_suite = {
	.name = "vfio-info-cap",
	.test_cases = info_cap_cases,
};

kunit_test_suite(info_cap_suite);
