// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the name by which a user asks for a device, with and without the
 * token of a VF.
 */
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "../vfio_pci_sriov.h"

#define NAME	"0000:01:10.0"
#define UUID_A	"00112233-4455-6677-8899-aabbccddeeff"
#define UUID_B	"2AB74924-C335-45F4-9B16-8569E5B08258"

struct match_case {
	const char *text;
	int expected;
	bool has_token;
};

static const struct match_case match_cases[] = {
	{ NAME, 1 },
	{ NAME " ", 1 },
	{ NAME "     ", 1 },
	{ NAME " vf_token=" UUID_A, 1, true },
	{ NAME "   vf_token=" UUID_A "  ", 1, true },
	/* Another device, whatever is said about it */
	{ "", 0 },
	{ " ", 0 },
	{ "0000:01:10.1", 0 },
	{ "0000:01:10.", 0 },
	{ "0000:01:10.00", 0 },
	{ " " NAME, 0 },
	{ NAME "\t", 0 },
	{ NAME "\n", 0 },
	{ NAME "vf_token=" UUID_A, 0 },
	{ NAME ",vf_token=" UUID_A, 0 },
	{ "0000:01:10.1 vf_token=" UUID_A, 0 },
	{ "0000:01:10.1 nonsense", 0 },
	/* An option that is none */
	{ NAME " nonsense", -EINVAL },
	{ NAME " vf_token", -EINVAL },
	{ NAME " token=" UUID_A, -EINVAL },
	{ NAME " VF_TOKEN=" UUID_A, -EINVAL },
	{ NAME " xvf_token=" UUID_A, -EINVAL },
	{ NAME " vf_token =" UUID_A, -EINVAL },
	{ NAME " vf_token= " UUID_A, -EINVAL },
	{ NAME " \tvf_token=" UUID_A, -EINVAL },
	{ NAME " vf_token=" UUID_A "\n", -EINVAL },
	{ NAME " vf_token=" UUID_A " nonsense", -EINVAL },
	{ NAME " nonsense vf_token=" UUID_A, -EINVAL },
	/* Twice */
	{ NAME " vf_token=" UUID_A " vf_token=" UUID_A, -EINVAL },
	{ NAME " vf_token=" UUID_A " vf_token=" UUID_B, -EINVAL },
	{ NAME " vf_token=" UUID_A "vf_token=" UUID_A, -EINVAL },
	/* Too short, too long, not a uuid */
	{ NAME " vf_token=", -EINVAL },
	{ NAME " vf_token= ", -EINVAL },
	{ NAME " vf_token=0", -EINVAL },
	{ NAME " vf_token=00112233-4455-6677-8899-aabbccddeef", -EINVAL },
	{ NAME " vf_token=00112233-4455-6677-8899-aabbccddeef ", -EINVAL },
	{ NAME " vf_token=00112233-4455-6677-8899-aabbccddeefff", -EINVAL },
	{ NAME " vf_token=00112233-4455-6677-8899-aabbccddeefg", -EINVAL },
	{ NAME " vf_token=00112233-4455-6677-8899 aabbccddeeff", -EINVAL },
	{ NAME " vf_token=00112233445566778899aabbccddeeff", -EINVAL },
	{ NAME " vf_token=0011223-34455-6677-8899-aabbccddeeff", -EINVAL },
	{ NAME " vf_token={0112233-4455-6677-8899-aabbccddeef}", -EINVAL },
	{ NAME " vf_token=\xff\xff\xff\xff\xff\xff\xff\xff-4455-6677-8899-aabbccddeeff", -EINVAL },
	{ NAME " vf_token=%s%s%s%n-4455-6677-8899-aabbccddeeff", -EINVAL },
};

static void match_desc(const struct match_case *c, char *desc)
{
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "'%*pE'", (int)strlen(c->text), c->text);
}

KUNIT_ARRAY_PARAM(match, match_cases, match_desc);

/* In memory of its exact size: KASAN sees a byte that is read too far */
static char *exact_copy(struct kunit *test, const char *text)
{
	char *copy = kunit_kstrdup(test, text, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	return copy;
}

static void match_parse(struct kunit *test)
{
	const struct match_case *c = test->param_value;
	char *text = exact_copy(test, c->text);
	struct vfio_pci_match match;
	uuid_t token;

	KUNIT_EXPECT_EQ(test, c->expected, vfio_pci_match_parse(NAME, text, &match));
	/* The other devices of a group have a look at it next */
	KUNIT_EXPECT_STREQ(test, c->text, text);
	if (c->expected != 1)
		return;
	KUNIT_EXPECT_EQ(test, c->has_token, match.has_token);
	if (!c->has_token)
		return;
	KUNIT_ASSERT_EQ(test, 0, uuid_parse(UUID_A, &token));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&token, &match.token));
}

/* In the order in which the text has them, as the ioctls that take 16 bytes do */
static void match_bytes(struct kunit *test)
{
	static const u8 bytes[] = {
		0x2a, 0xb7, 0x49, 0x24, 0xc3, 0x35, 0x45, 0xf4,
		0x9b, 0x16, 0x85, 0x69, 0xe5, 0xb0, 0x82, 0x58,
	};
	struct vfio_pci_match match;

	KUNIT_ASSERT_EQ(test, 1, vfio_pci_match_parse(NAME, NAME " vf_token=" UUID_B, &match));
	KUNIT_ASSERT_TRUE(test, match.has_token);
	KUNIT_EXPECT_MEMEQ(test, bytes, &match.token, sizeof(bytes));
}

/* Every text that is cut off somewhere, in memory that ends there */
static void match_cut(struct kunit *test)
{
	static const char whole[] = NAME " vf_token=" UUID_A;
	struct vfio_pci_match match;
	size_t len;

	for (len = 0; len < strlen(whole); len++) {
		int expected = len < strlen(NAME) ? 0 : len <= strlen(NAME " ") ? 1 : -EINVAL;
		char *text = kunit_kzalloc(test, len + 1, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, text);
		memcpy(text, whole, len);
		KUNIT_EXPECT_EQ_MSG(test, expected, vfio_pci_match_parse(NAME, text, &match),
				    "%zu bytes", len);
	}
}

/* As long as a group takes it: a page */
static void match_page(struct kunit *test)
{
	char *text = kunit_kmalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct vfio_pci_match match;
	size_t tail;

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, ' ', PAGE_SIZE);
	text[PAGE_SIZE - 1] = '\0';
	memcpy(text, NAME, strlen(NAME));
	KUNIT_EXPECT_EQ(test, 1, vfio_pci_match_parse(NAME, text, &match));
	KUNIT_EXPECT_FALSE(test, match.has_token);

	tail = PAGE_SIZE - sizeof("vf_token=" UUID_A);
	memcpy(text + tail, "vf_token=" UUID_A, sizeof("vf_token=" UUID_A));
	KUNIT_EXPECT_EQ(test, 1, vfio_pci_match_parse(NAME, text, &match));
	KUNIT_EXPECT_TRUE(test, match.has_token);

	memset(text + strlen(NAME) + 1, 'x', PAGE_SIZE - 2 - strlen(NAME));
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_match_parse(NAME, text, &match));
}

static struct kunit_case vfio_pci_sriov_cases[] = {
	KUNIT_CASE_PARAM(match_parse, match_gen_params),
	KUNIT_CASE(match_bytes),
	KUNIT_CASE(match_cut),
	KUNIT_CASE(match_page),
	{ }
};

static struct kunit_suite vfio_pci_sriov_suite = {
	.name = "vfio-pci-sriov",
	.test_cases = vfio_pci_sriov_cases,
};

kunit_test_suite(vfio_pci_sriov_suite);
