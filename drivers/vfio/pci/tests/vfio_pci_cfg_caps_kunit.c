// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the capability lists: what is shown, how long it is, and devices
 * that lie about it.
 */
#include <linux/bitmap.h>

#include "vfio_pci_fake_cfg.h"

/* The span that a byte belongs to */
static const struct vfio_pci_cfg_span *span_at(struct kunit *test, unsigned int pos)
{
	struct vfio_pci_cfg *cfg = ((struct fake_cfg *)test->priv)->vdev->cfg;

	return &cfg->spans[cfg->map[pos]];
}

/* Bytes that the map gives to the capability at @pos, 0 if it is hidden */
static unsigned int mapped(struct kunit *test, unsigned int pos)
{
	struct vfio_pci_cfg *cfg = ((struct fake_cfg *)test->priv)->vdev->cfg;
	unsigned int n = 0;

	if (cfg->map[pos] == VFIO_PCI_CFG_SPAN_RAW)
		return 0;
	while (pos + n < cfg->size && cfg->map[pos + n] == cfg->map[pos])
		n++;
	return n;
}

/* Follow the list as a user would; it must end */
static void expect_std_list(struct kunit *test, const u8 *want, unsigned int num)
{
	unsigned int i, pos = user_read(test, PCI_CAPABILITY_LIST, 1);

	for (i = 0; i < num; i++) {
		KUNIT_EXPECT_EQ(test, pos, want[i]);
		pos = user_read(test, pos + PCI_CAP_LIST_NEXT, 1);
	}
	KUNIT_EXPECT_EQ(test, pos, 0);
	KUNIT_EXPECT_EQ(test, !!(user_read(test, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST), num > 0);
}

#define EXPECT_STD_LIST(test, ...)						\
do {										\
	static const u8 want_[] = { __VA_ARGS__ };				\
										\
	expect_std_list(test, want_, ARRAY_SIZE(want_));			\
} while (0)

static void expect_ext_list(struct kunit *test, const u16 *want, unsigned int num)
{
	unsigned int i, pos = PCI_CFG_SPACE_SIZE;

	for (i = 0; i < num; i++) {
		KUNIT_EXPECT_EQ(test, pos, want[i]);
		if (pos < PCI_CFG_SPACE_SIZE)
			return;
		pos = PCI_EXT_CAP_NEXT(user_read(test, pos, 4));
	}
	KUNIT_EXPECT_EQ(test, pos, 0);
}

#define EXPECT_EXT_LIST(test, ...)						\
do {										\
	static const u16 want_[] = { __VA_ARGS__ };				\
										\
	expect_ext_list(test, want_, ARRAY_SIZE(want_));			\
} while (0)

/* ---- The first 256 bytes */

static void std_ids(struct kunit *test)
{
	static const u8 shown[] = {
		PCI_CAP_ID_PM, PCI_CAP_ID_AGP, PCI_CAP_ID_VPD, PCI_CAP_ID_MSI, PCI_CAP_ID_PCIX,
		PCI_CAP_ID_HT, PCI_CAP_ID_VNDR, PCI_CAP_ID_EXP, PCI_CAP_ID_MSIX, PCI_CAP_ID_SATA,
		PCI_CAP_ID_AF,
	};
	DECLARE_BITMAP(is_shown, 256) = { };
	struct fake_cfg *fake = test->priv;
	unsigned int id;

	for (id = 0; id < ARRAY_SIZE(shown); id++)
		__set_bit(shown[id], is_shown);

	fake_cap(test, 0x40, 0, 0x80, 8);
	fake_cap(test, 0x80, PCI_CAP_ID_MSIX, 0, 0);
	fake_allow(test, 0x44, 4, ~0U);
	fake_open(test);
	for (id = 0; id < 256; id += id == 0x20 ? 0xd0 : 1) {
		fake_put(test, 0x40, 1, id);
		fake_put(test, 0x44, 4, 0);
		fake_reopen(test);
		if (id == 0xff)
			EXPECT_STD_LIST(test);
		else if (test_bit(id, is_shown))
			EXPECT_STD_LIST(test, 0x40, 0x80);
		else
			EXPECT_STD_LIST(test, 0x80);
		if (test_bit(id, is_shown))
			continue;

		/* The body of what is hidden is raw */
		user_write(test, 0x44, 4, 0x12345678);
		KUNIT_EXPECT_EQ(test, fake_get(test, 0x44, 4), 0x12345678);
		KUNIT_EXPECT_EQ(test, user_read(test, 0x40, 1), id);
	}
	KUNIT_EXPECT_EQ(test, fake->pdev->cfg_size, PCI_CFG_SPACE_EXP_SIZE);
}

static void list_is_virtual(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_cap(test, 0x40, PCI_CAP_ID_MSIX, 0x52, 0);
	fake_cap(test, 0x50, PCI_CAP_ID_SSVID, 0x61, 0);
	fake_cap(test, 0x60, PCI_CAP_ID_VNDR, 0x73, 8);
	fake_cap(test, 0x70, PCI_CAP_ID_EA, 0, 0);
	fake_allow(test, 0x60, 4, ~0U);
	fake_open(test);

	/* Hidden in the middle and at the end; the low two bits mean nothing */
	EXPECT_STD_LIST(test, 0x40, 0x60);
	user_write(test, 0x60, 2, 0);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x60, 2), PCI_CAP_ID_VNDR);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
}

static void no_list(struct kunit *test)
{
	fake_cap(test, 0x40, PCI_CAP_ID_MSIX, 0, 0);
	fake_put(test, PCI_STATUS, 2, 0);
	fake_open(test);
	EXPECT_STD_LIST(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x40), 0);

	/* A list of nothing that is known */
	fake_put(test, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	fake_put(test, 0x40, 1, PCI_CAP_ID_SHPC);
	fake_reopen(test);
	EXPECT_STD_LIST(test);

	fake_put(test, PCI_CAPABILITY_LIST, 1, 0);
	fake_reopen(test);
	EXPECT_STD_LIST(test);
}

static void std_pointers_go_astray(struct kunit *test)
{
	/* Into the header, at once */
	fake_put(test, PCI_CAPABILITY_LIST, 1, PCI_BASE_ADDRESS_0);
	fake_open(test);
	EXPECT_STD_LIST(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0), PCI_STD_HEADER_SIZEOF);

	/* And later */
	fake_put(test, PCI_CAPABILITY_LIST, 1, 0);
	fake_cap(test, 0xf0, PCI_CAP_ID_MSIX, 0x3c, 0);
	fake_reopen(test);
	EXPECT_STD_LIST(test, 0xf0);

	/* To itself */
	fake_put(test, 0xf1, 1, 0xf0);
	fake_reopen(test);
	EXPECT_STD_LIST(test, 0xf0);

	/* In a circle, through one that is hidden */
	fake_put(test, 0xf1, 1, 0x50);
	fake_cap(test, 0x50, PCI_CAP_ID_SSVID, 0x60, 0);
	fake_cap(test, 0x60, PCI_CAP_ID_PM, 0xf0, 0);
	fake_reopen(test);
	EXPECT_STD_LIST(test, 0xf0, 0x60);

	/* To where there is no device */
	fake_put(test, 0x60, 4, ~0U);
	fake_reopen(test);
	EXPECT_STD_LIST(test, 0xf0);
}

static const struct {
	u8 id;
	u16 flags;
	u32 next_dword;
	unsigned int len;
} std_lens[] = {
	{ PCI_CAP_ID_PM, 0, 0, 8 },
	{ PCI_CAP_ID_AGP, 0, 0, 12 },
	{ PCI_CAP_ID_VPD, 0, 0, 8 },
	{ PCI_CAP_ID_MSI, 0, 0, 10 },
	{ PCI_CAP_ID_MSI, PCI_MSI_FLAGS_64BIT, 0, 14 },
	{ PCI_CAP_ID_MSI, PCI_MSI_FLAGS_MASKBIT, 0, 20 },
	{ PCI_CAP_ID_MSI, PCI_MSI_FLAGS_MASKBIT | PCI_MSI_FLAGS_64BIT, 0, 24 },
	{ PCI_CAP_ID_PCIX, 0, 0, 8 },
	{ PCI_CAP_ID_PCIX, 0x1000, 0, 24 },
	{ PCI_CAP_ID_PCIX, 0x2000, 0, 24 },
	{ PCI_CAP_ID_HT, HT_CAPTYPE_SLAVE << 8, 0, 28 },
	{ PCI_CAP_ID_HT, HT_CAPTYPE_HOST << 8, 0, 24 },
	{ PCI_CAP_ID_HT, HT_CAPTYPE_MSI_MAPPING << 8, 0, 24 },
	{ PCI_CAP_ID_VNDR, 0, 0, 0 },
	{ PCI_CAP_ID_VNDR, 2, 0, 0 },
	{ PCI_CAP_ID_VNDR, 3, 0, 3 },
	{ PCI_CAP_ID_VNDR, 0x11, 0, 0x11 },
	{ PCI_CAP_ID_EXP, 0x0001, 0, 20 },
	{ PCI_CAP_ID_EXP, 0x0091, 0, 12 },
	{ PCI_CAP_ID_EXP, 0x0002, 0, 52 },
	{ PCI_CAP_ID_EXP, 0x0092, 0, 44 },
	{ PCI_CAP_ID_MSIX, 0x7ff, 0, 12 },
	{ PCI_CAP_ID_SATA, 0, 0x4, 8 },
	{ PCI_CAP_ID_SATA, 0, 0xf, 16 },
	{ PCI_CAP_ID_AF, 0, 0, 6 },
};

/* "A capability length given by the device is not clamped" */
static void std_lengths(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	unsigned int i, start;

	fake_open(test);
	for (i = 0; i < ARRAY_SIZE(std_lens); i++) {
		for (start = 0x40; start <= 0xfc; start += start == 0x40 ? 0x90 : 4) {
			memset(fake->space + 0x40, 0, 0xc0);
			fake_put(test, PCI_CAPABILITY_LIST, 1, 0);
			if (start < 0xfc)
				fake_put(test, start + 4, 4, std_lens[i].next_dword);
			fake_cap(test, start, std_lens[i].id, 0, std_lens[i].flags);
			fake_reopen(test);
			if (std_lens[i].id == PCI_CAP_ID_SATA && start == 0xfc)
				KUNIT_EXPECT_EQ(test, mapped(test, start), 0);
			else
				KUNIT_EXPECT_EQ(test, mapped(test, start),
						min(std_lens[i].len, 0x100 - start));
			KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 0);
		}
	}
}

static void length_255_at_the_end(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake->pdev->cfg_size = PCI_CFG_SPACE_SIZE;
	fake_cap(test, 0xfc, PCI_CAP_ID_VNDR, 0xfc, 0xff);
	fake_open(test);
	EXPECT_STD_LIST(test, 0xfc);
	KUNIT_EXPECT_EQ(test, mapped(test, 0xfc), 4);
	KUNIT_EXPECT_EQ(test, fake->vdev->cfg->size, PCI_CFG_SPACE_SIZE);
	KUNIT_EXPECT_EQ(test, user_read(test, 0xfc, 4), 0x00ff0009);
}

static void overlaps(struct kunit *test)
{
	/* The vendor's length is wrong, MSI-X in the middle of it counts */
	fake_cap(test, 0x40, PCI_CAP_ID_VNDR, 0x50, 0x40);
	fake_cap(test, 0x50, PCI_CAP_ID_MSIX, 0x78, 1);
	/* This one begins before the end of the first and ends behind it */
	fake_cap(test, 0x78, PCI_CAP_ID_PM, 0x4c, 2);
	/* And this one would lie across the beginning of the second */
	fake_cap(test, 0x4c, PCI_CAP_ID_VPD, 0, 0);
	fake_open(test);

	EXPECT_STD_LIST(test, 0x40, 0x50, 0x78, 0x4c);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x40), 0xc);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x4c), 4);
	KUNIT_EXPECT_EQ(test, span_at(test, 0x50)->id, PCI_CAP_ID_MSIX);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x50), 12);
	KUNIT_EXPECT_EQ(test, span_at(test, 0x5c)->id, PCI_CAP_ID_VNDR);
	KUNIT_EXPECT_EQ(test, span_at(test, 0x7f)->id, PCI_CAP_ID_PM);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x80), 0);

	/* The data register of that VPD is not where the other one has its id */
	user_write(test, 0x4e, 2, 0);
	EXPECT_STD_LIST(test, 0x40, 0x50, 0x78, 0x4c);
}

static void garbage(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	struct vfio_pci_cfg *cfg;
	u32 state = 1, head;
	unsigned int i, n, steps;
	u8 buf[64];

	fake_open(test);
	for (n = 0; n < 50; n++) {
		for (i = 0x34; i < sizeof(fake->space); i++) {
			state = state * 1664525 + 1013904223;
			fake->space[i] = state >> 24;
			/* Make chains likely */
			if (i % 4 == 0 && state & BIT(12))
				fake->space[i] = (state >> 16) % 0x14;
		}
		fake_reopen(test);
		cfg = fake->vdev->cfg;
		KUNIT_EXPECT_LE(test, cfg->num_spans, VFIO_PCI_CFG_MAX_SPANS);
		for (i = 0; i < cfg->size; i++)
			KUNIT_EXPECT_LT(test, cfg->map[i], cfg->num_spans);
		for (i = 0; i < cfg->size; i += sizeof(buf)) {
			KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, i, sizeof(buf),
								   buf), 0);
			KUNIT_EXPECT_EQ(test, vfio_pci_config_write(fake->vdev, i, sizeof(buf),
								    buf), 0);
		}

		/* The user's lists end */
		i = user_read(test, PCI_CAPABILITY_LIST, 1);
		for (steps = 0; i; i = user_read(test, i + PCI_CAP_LIST_NEXT, 1)) {
			KUNIT_ASSERT_GE(test, i, PCI_STD_HEADER_SIZEOF);
			KUNIT_ASSERT_LT(test, steps++, VFIO_PCI_CFG_MAX_SPANS);
		}
		if (!mapped(test, PCI_CFG_SPACE_SIZE))
			continue;
		for (i = PCI_CFG_SPACE_SIZE; i; i = PCI_EXT_CAP_NEXT(head)) {
			head = user_read(test, i, 4);
			KUNIT_ASSERT_GE(test, i, PCI_CFG_SPACE_SIZE);
			KUNIT_ASSERT_LT(test, steps++, VFIO_PCI_CFG_MAX_SPANS);
		}
	}
}

/* ---- The extended space */

static void add_exp(struct kunit *test)
{
	fake_cap(test, 0x40, PCI_CAP_ID_EXP, 0, 2);
}

static void ext_needs_pcie(struct kunit *test)
{
	/* A conventional device: bytes without a meaning */
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_ERR, 0);
	fake_allow(test, 0x100, 4, ~0U);
	fake_open(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 0);
	user_write(test, 0x100, 4, 0x10003);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x100, 4), 0x10003);

	fake_cap(test, 0x40, PCI_CAP_ID_PCIX, 0, 0);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 0);

	fake_put(test, 0x40, 4, PCI_CAP_ID_PCIX | 0x20000000);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 12);

	fake_put(test, 0x40, 4, PCI_CAP_ID_EXP | 0x20000);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 12);

	/* Nothing there */
	fake_put(test, 0x100, 4, 0);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 0);
	fake_put(test, 0x100, 4, ~0U);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 0);
}

static void ext_ids(struct kunit *test)
{
	static const u16 shown[] = {
		PCI_EXT_CAP_ID_ERR, PCI_EXT_CAP_ID_VC, PCI_EXT_CAP_ID_DSN, PCI_EXT_CAP_ID_PWR,
		PCI_EXT_CAP_ID_MFVC, PCI_EXT_CAP_ID_VC9, PCI_EXT_CAP_ID_VNDR, PCI_EXT_CAP_ID_ACS,
		PCI_EXT_CAP_ID_ARI, PCI_EXT_CAP_ID_ATS, PCI_EXT_CAP_ID_SRIOV,
		PCI_EXT_CAP_ID_MCAST, PCI_EXT_CAP_ID_PRI, PCI_EXT_CAP_ID_REBAR,
		PCI_EXT_CAP_ID_DPA, PCI_EXT_CAP_ID_TPH, PCI_EXT_CAP_ID_LTR, PCI_EXT_CAP_ID_DVSEC,
	};
	DECLARE_BITMAP(is_shown, 0x40) = { };
	unsigned int id;

	for (id = 0; id < ARRAY_SIZE(shown); id++)
		__set_bit(shown[id], is_shown);

	add_exp(test);
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_DSN, 0x200);
	fake_ext_cap(test, 0x300, PCI_EXT_CAP_ID_LTR, 0);
	fake_put(test, 0x204, 4, 0x00c00000);
	fake_open(test);
	for (id = 0; id < 0x40; id++) {
		fake_ext_cap(test, 0x200, id, 0x300);
		fake_reopen(test);
		if (test_bit(id, is_shown))
			EXPECT_EXT_LIST(test, 0x100, 0x200, 0x300);
		else
			EXPECT_EXT_LIST(test, 0x100, 0x300);
	}
}

/* CVE-2024-53214 */
static void ext_first_is_hidden(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	add_exp(test);
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_PASID, 0x148);
	fake_put(test, 0x104, 4, 0x11223344);
	fake_ext_cap(test, 0x148, PCI_EXT_CAP_ID_L1SS, 0x200);
	fake_ext_cap(test, 0x200, PCI_EXT_CAP_ID_DSN, 0);
	fake_allow(test, 0x100, 4, ~0U);
	fake_open(test);

	KUNIT_EXPECT_EQ(test, user_read(test, 0x100, 4), 0x20000000);
	EXPECT_EXT_LIST(test, 0x100, 0x200);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 4);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x104, 4), 0x11223344);
	user_write(test, 0x100, 4, ~0U);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x100, 4), 0x20000000);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);

	/* All hidden */
	fake_ext_cap(test, 0x200, 0x2e, 0);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x100, 4), 0);
}

static void ext_pointers_go_astray(struct kunit *test)
{
	add_exp(test);
	/* To itself */
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_DSN, 0x100);
	fake_open(test);
	EXPECT_EXT_LIST(test, 0x100);

	/* In a circle, with bits set that mean nothing */
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_DSN, 0x203);
	fake_ext_cap(test, 0x200, PCI_EXT_CAP_ID_LTR, 0x301);
	fake_ext_cap(test, 0x300, PCI_EXT_CAP_ID_PASID, 0x100);
	fake_reopen(test);
	EXPECT_EXT_LIST(test, 0x100, 0x200);

	/* Into the first 256 bytes */
	fake_ext_cap(test, 0x200, PCI_EXT_CAP_ID_LTR, 0x40);
	fake_reopen(test);
	EXPECT_EXT_LIST(test, 0x100, 0x200);

	/* The last dword there is, and none behind it */
	fake_ext_cap(test, 0x200, PCI_EXT_CAP_ID_LTR, 0xffc);
	fake_ext_cap(test, 0xffc, PCI_EXT_CAP_ID_ERR, 0);
	fake_reopen(test);
	EXPECT_EXT_LIST(test, 0x100, 0x200, 0xffc);
	KUNIT_EXPECT_EQ(test, mapped(test, 0xffc), 4);

	/* One whose length would have to be read from behind the end */
	fake_ext_cap(test, 0xffc, PCI_EXT_CAP_ID_DVSEC, 0);
	fake_reopen(test);
	EXPECT_EXT_LIST(test, 0x100, 0x200);
	fake_ext_cap(test, 0xffc, PCI_EXT_CAP_ID_VC, 0);
	fake_reopen(test);
	EXPECT_EXT_LIST(test, 0x100, 0x200);
}

static const struct {
	u16 id;
	u32 dword[3];
	unsigned int len;
} ext_lens[] = {
	{ PCI_EXT_CAP_ID_ERR, { }, 44 },
	{ PCI_EXT_CAP_ID_DSN, { }, 12 },
	{ PCI_EXT_CAP_ID_PWR, { }, 16 },
	{ PCI_EXT_CAP_ID_VNDR, { 0x0180abcd }, 0x18 },
	{ PCI_EXT_CAP_ID_VNDR, { 0xfff00000 }, 0xc00 },
	{ PCI_EXT_CAP_ID_VNDR, { 0x00400000 }, 0 },
	{ PCI_EXT_CAP_ID_DVSEC, { 0x02c01e98 }, 0x2c },
	{ PCI_EXT_CAP_ID_DVSEC, { 0 }, 0 },
	{ PCI_EXT_CAP_ID_ACS, { 0x1f }, 8 },
	{ PCI_EXT_CAP_ID_ACS, { 0x0820 }, 12 },
	{ PCI_EXT_CAP_ID_ACS, { 0x2120 }, 16 },
	{ PCI_EXT_CAP_ID_ACS, { 0x0020 }, 40 },
	{ PCI_EXT_CAP_ID_ARI, { }, 8 },
	{ PCI_EXT_CAP_ID_ATS, { }, 8 },
	{ PCI_EXT_CAP_ID_SRIOV, { }, 64 },
	{ PCI_EXT_CAP_ID_MCAST, { }, 40 },
	{ PCI_EXT_CAP_ID_PRI, { }, 16 },
	{ PCI_EXT_CAP_ID_REBAR, { 0, 0x20 }, 12 },
	{ PCI_EXT_CAP_ID_REBAR, { 0, 0xc0 }, 52 },
	{ PCI_EXT_CAP_ID_DPA, { 0x1f }, 48 },
	{ PCI_EXT_CAP_ID_TPH, { PCI_TPH_LOC_NONE }, 12 },
	{ PCI_EXT_CAP_ID_TPH, { PCI_TPH_LOC_MSIX | 0x07ff0000 }, 12 },
	{ PCI_EXT_CAP_ID_TPH, { PCI_TPH_LOC_CAP | 0x00000000 }, 16 },
	{ PCI_EXT_CAP_ID_TPH, { PCI_TPH_LOC_CAP | 0x07ff0000 }, 12 + 4096 - 12 },
	{ PCI_EXT_CAP_ID_LTR, { }, 8 },
	{ PCI_EXT_CAP_ID_VC, { }, 0x1c },
	{ PCI_EXT_CAP_ID_MFVC, { 1 }, 0x28 },
	{ PCI_EXT_CAP_ID_VC9, { 7 }, 0x70 },
	/* One low priority VC, arbitration table of 128 * 4 bits per VC at 0x40 */
	{ PCI_EXT_CAP_ID_VC, { 0x11, 0x04000008 }, 0x40 + 2 * 64 },
};

static void ext_lengths(struct kunit *test)
{
	unsigned int i, j;

	add_exp(test);
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_LTR, 0x400);
	fake_open(test);
	for (i = 0; i < ARRAY_SIZE(ext_lens); i++) {
		fake_ext_cap(test, 0x400, ext_lens[i].id, 0);
		for (j = 0; j < ARRAY_SIZE(ext_lens[i].dword); j++)
			fake_put(test, 0x404 + 4 * j, 4, ext_lens[i].dword[j]);
		fake_reopen(test);
		KUNIT_EXPECT_EQ_MSG(test, mapped(test, 0x400), min(ext_lens[i].len, 0xc00),
				    "row %u", i);
	}
}

/* More than the map has numbers for */
static void too_many_caps(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	unsigned int pos;

	add_exp(test);
	fake_ext_cap(test, 0x100, PCI_EXT_CAP_ID_PASID, 0x108);
	for (pos = 0x108; pos < 0xff8; pos += 8)
		fake_ext_cap(test, pos, PCI_EXT_CAP_ID_LTR, pos + 8);
	fake_open(test);
	KUNIT_EXPECT_EQ(test, fake->vdev->cfg->num_spans, VFIO_PCI_CFG_MAX_CAPS + 1);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x100), 4);
	KUNIT_EXPECT_EQ(test, mapped(test, 0x800), 0);

	for (pos = 0x100; pos; pos = PCI_EXT_CAP_NEXT(user_read(test, pos, 4)))
		KUNIT_ASSERT_LT(test, pos, 0x800);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(std_ids),
	KUNIT_CASE(list_is_virtual),
	KUNIT_CASE(no_list),
	KUNIT_CASE(std_pointers_go_astray),
	KUNIT_CASE(std_lengths),
	KUNIT_CASE(length_255_at_the_end),
	KUNIT_CASE(overlaps),
	KUNIT_CASE(garbage),
	KUNIT_CASE(ext_needs_pcie),
	KUNIT_CASE(ext_ids),
	KUNIT_CASE(ext_first_is_hidden),
	KUNIT_CASE(ext_pointers_go_astray),
	KUNIT_CASE(ext_lengths),
	KUNIT_CASE(too_many_caps),
	{ }
};

static struct kunit_suite suite = {
	.name = "vfio_pci_cfg_caps",
	.init = fake_cfg_init,
	.exit = fake_cfg_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
