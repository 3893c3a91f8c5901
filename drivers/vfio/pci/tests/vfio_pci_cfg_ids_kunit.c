// SPDX-License-Identifier: GPL-2.0-only
/*
 * One row per capability id: how long it is, which bits the user sees of
 * hardware, which of the user's bits get there. And devices that put it where,
 * or fill it with what, no honest device would.
 *
 * The rows are written down from the specifications and from what user space
 * relies on, apart from the tables that are tested with them.
 */
#include "vfio_pci_fake_cfg.h"

#define ALL		0xffffffffU
#define STD_POS		0x60
#define EXT_POS		0x200
#define MAX_REGS	13

/* Bits of a dword: hardware's that the user reads, the user's that hardware gets */
struct bits {
	u32 shown;
	u32 reached;
};

/**
 * struct cap_rule - What the user can do with a capability
 * @name: for the report
 * @ext: of the extended space
 * @id: capability id
 * @flags: two bytes behind id and next pointer
 * @body: dwords behind those
 * @len: bytes that belong to it; zero for one that is hidden
 * @regs: first dwords of those
 * @num_regs: how many
 * @rest: all others
 */
struct cap_rule {
	const char *name;
	bool ext;
	u16 id;
	u16 flags;
	u32 body[3];
	unsigned int len;
	struct bits regs[MAX_REGS];
	unsigned int num_regs;
	struct bits rest;
};

#define RO		{ ALL, 0 }
#define WT		{ ALL, ALL }
#define VIRT		{ 0, 0 }
#define STD_HEAD	{ 0xffff0000, 0 }
#define REGS(...)							\
	.regs = { __VA_ARGS__ },					\
	.num_regs = ARRAY_SIZE(((struct bits[]){ __VA_ARGS__ }))
#define STD(name_, id_)		.name = "cap " #id_ " " name_, .id = id_
#define EXT(name_, id_)		.name = "ecap " #id_ " " name_, .id = id_, .ext = true
#define HIDDEN_STD(id_)		{ STD("hidden", id_), .rest = WT }
#define HIDDEN_EXT(id_)		{ EXT("hidden", id_), .rest = WT }

/* Control word of PM: state, wake events */
#define PM_SHOWN	(ALL & ~0x8100U)

/* Device control: reset, payload, read requests; and phantom functions */
#define EXP_VIRT	0xf0e0U
#define EXP_REACHED	(0xffffU & ~EXP_VIRT & ~0x0200U)

static const struct cap_rule rules[] = {
	HIDDEN_STD(0x00),
	{ STD("PM", 0x01), .flags = 0xfe03, .len = 8,
	  REGS({ 0x07ff0000, 0 }, { PM_SHOWN, PM_SHOWN & ~3U }) },
	{ STD("AGP", 0x02), .len = 12, REGS(STD_HEAD), .rest = RO },
	{ STD("VPD", 0x03), .len = 8, REGS(VIRT, VIRT) },
	HIDDEN_STD(0x04),
	{ STD("MSI 32", 0x05), .len = 10, REGS({ 0xff000000, 0 }, VIRT, { 0xffff0000, 0 }) },
	{ STD("MSI 64", 0x05), .flags = 0x0080, .len = 14,
	  REGS({ 0xff000000, 0 }, VIRT, VIRT, { 0xffff0000, 0 }) },
	{ STD("MSI 32 mask", 0x05), .flags = 0x0100, .len = 20,
	  REGS({ 0xff000000, 0 }, VIRT, { 0xffff0000, 0 }, WT, WT) },
	{ STD("MSI 64 mask", 0x05), .flags = 0x0180, .len = 24,
	  REGS({ 0xff000000, 0 }, VIRT, VIRT, { 0xffff0000, 0 }, WT, WT) },
	HIDDEN_STD(0x06),
	{ STD("PCI-X 1", 0x07), .len = 8, REGS({ 0xffff0000, 0xffff0000 }, RO) },
	{ STD("PCI-X 2", 0x07), .flags = 0x2000, .len = 24,
	  REGS({ 0xffff0000, 0xffff0000 }, RO, WT), .rest = RO },
	{ STD("HT slave", 0x08), .len = 28, REGS(STD_HEAD), .rest = RO },
	{ STD("HT MSI", 0x08), .flags = 0xa800, .len = 24, REGS(STD_HEAD), .rest = RO },
	{ STD("vendor", 0x09), .flags = 0x13, .len = 0x13,
	  REGS({ 0xffff0000, 0xffff0000 }), .rest = WT },
	HIDDEN_STD(0x0a), HIDDEN_STD(0x0b), HIDDEN_STD(0x0c), HIDDEN_STD(0x0d), HIDDEN_STD(0x0e),
	HIDDEN_STD(0x0f),
	{ STD("EXP v1", 0x10), .flags = 0x0001, .len = 20,
	  REGS(STD_HEAD, RO, { ~EXP_VIRT, EXP_REACHED }), .rest = RO },
	{ STD("EXP v1 RC", 0x10), .flags = 0x0091, .len = 12,
	  REGS(STD_HEAD, RO, { ~EXP_VIRT, EXP_REACHED }) },
	{ STD("EXP v2", 0x10), .flags = 0x0002, .len = 52,
	  REGS(STD_HEAD, RO, { ~EXP_VIRT, EXP_REACHED }, RO, RO, RO, RO, RO, RO, RO,
	       { ALL, 0xffdf }), .rest = RO },
	{ STD("EXP v2 RC", 0x10), .flags = 0x0092, .len = 44,
	  REGS(STD_HEAD, RO, { ~EXP_VIRT, EXP_REACHED }, RO, RO, RO, RO, RO, RO, RO,
	       { ALL, 0xffdf }) },
	{ STD("MSI-X", 0x11), .flags = 0x07ff, .len = 12, REGS(STD_HEAD), .rest = RO },
	{ STD("SATA", 0x12), .body = { 0x4 }, .len = 8, REGS(STD_HEAD), .rest = RO },
	{ STD("SATA inline", 0x12), .body = { 0xf }, .len = 16, REGS(STD_HEAD), .rest = RO },
	{ STD("AF", 0x13), .flags = 0x0006, .len = 6, REGS(STD_HEAD, { 0xfffffffe, 0 }) },
	HIDDEN_STD(0x14), HIDDEN_STD(0x15), HIDDEN_STD(0x16), HIDDEN_STD(0x80), HIDDEN_STD(0xfe),

	HIDDEN_EXT(0x00),
	{ EXT("AER", 0x01), .len = 44,
	  REGS(VIRT, { ALL, 0x03fff031 }, { ALL, 0x03fff031 }, { ALL, 0x03fff031 },
	       { ALL, 0xf1c1 }, { ALL, 0xf1c1 }, { ALL, 0x140 }), .rest = RO },
	{ EXT("VC", 0x02), .len = 28, REGS(VIRT), .rest = RO },
	{ EXT("DSN", 0x03), .len = 12, REGS(VIRT), .rest = RO },
	{ EXT("PWR", 0x04), .len = 16, REGS(VIRT, RO, { ALL, 0xff }), .rest = RO },
	HIDDEN_EXT(0x05), HIDDEN_EXT(0x06), HIDDEN_EXT(0x07),
	{ EXT("MFVC", 0x08), .body = { 2 }, .len = 52, REGS(VIRT), .rest = RO },
	{ EXT("VC", 0x09), .len = 28, REGS(VIRT), .rest = RO },
	HIDDEN_EXT(0x0a),
	{ EXT("vendor", 0x0b), .body = { 0x01500000 }, .len = 0x15, REGS(VIRT), .rest = WT },
	HIDDEN_EXT(0x0c),
	{ EXT("ACS", 0x0d), .len = 8, REGS(VIRT), .rest = RO },
	{ EXT("ACS egress", 0x0d), .body = { 0x2120 }, .len = 16, REGS(VIRT), .rest = RO },
	{ EXT("ARI", 0x0e), .len = 8, REGS(VIRT), .rest = RO },
	{ EXT("ATS", 0x0f), .len = 8, REGS(VIRT), .rest = RO },
	{ EXT("SR-IOV", 0x10), .len = 64, REGS(VIRT), .rest = RO },
	HIDDEN_EXT(0x11),
	{ EXT("MCAST", 0x12), .len = 40, REGS(VIRT), .rest = RO },
	{ EXT("PRI", 0x13), .len = 16, REGS(VIRT), .rest = RO },
	HIDDEN_EXT(0x14),
	{ EXT("REBAR", 0x15), .body = { 0, 0x40 }, .len = 20, REGS(VIRT), .rest = RO },
	{ EXT("DPA", 0x16), .body = { 6 }, .len = 23, REGS(VIRT), .rest = RO },
	{ EXT("TPH", 0x17), .len = 12, REGS(VIRT), .rest = RO },
	{ EXT("LTR", 0x18), .len = 8, REGS(VIRT), .rest = RO },
	HIDDEN_EXT(0x19), HIDDEN_EXT(0x1a),
	/* PASID: shown it would invite the user to enable what the host has to */
	HIDDEN_EXT(0x1b),
	HIDDEN_EXT(0x1c), HIDDEN_EXT(0x1d), HIDDEN_EXT(0x1e), HIDDEN_EXT(0x1f), HIDDEN_EXT(0x20),
	HIDDEN_EXT(0x21), HIDDEN_EXT(0x22),
	{ EXT("DVSEC", 0x23), .body = { 0x01401e98 }, .len = 20, REGS(VIRT), .rest = WT },
	HIDDEN_EXT(0x24), HIDDEN_EXT(0x25), HIDDEN_EXT(0x26), HIDDEN_EXT(0x27), HIDDEN_EXT(0x28),
	HIDDEN_EXT(0x29), HIDDEN_EXT(0x2a), HIDDEN_EXT(0x2b), HIDDEN_EXT(0x2c), HIDDEN_EXT(0x2d),
	HIDDEN_EXT(0x2e), HIDDEN_EXT(0x2f), HIDDEN_EXT(0x30), HIDDEN_EXT(0x31), HIDDEN_EXT(0x32),
	HIDDEN_EXT(0x33), HIDDEN_EXT(0x34), HIDDEN_EXT(0x35), HIDDEN_EXT(0x100),
	HIDDEN_EXT(0xffff),
};

KUNIT_ARRAY_PARAM_DESC(rule, rules, name);

/* Only the rows of the extended space */
static const void *ext_rule_gen_params(struct kunit *test, const void *prev, char *desc)
{
	const struct cap_rule *rule = prev;

	do
		rule = rule_gen_params(test, rule, desc);
	while (rule && !rule->ext);
	return rule;
}

/* ---- A device with the capability */

static unsigned int cap_pos(const struct cap_rule *rule)
{
	return rule->ext ? EXT_POS : STD_POS;
}

/* PCI Express, so that there is an extended space, where it can't be in the way */
static void add_express(struct kunit *test, u8 next)
{
	fake_cap(test, 0xc0, PCI_CAP_ID_EXP, next, 2);
}

static void put_cap(struct kunit *test, const struct cap_rule *rule, unsigned int pos,
		    unsigned int next)
{
	unsigned int i, end = rule->ext ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;

	if (rule->ext)
		fake_ext_cap(test, pos, rule->id, next);
	else
		fake_cap(test, pos, rule->id, next, rule->flags);
	for (i = 0; i < ARRAY_SIZE(rule->body) && pos + 8 + 4 * i <= end; i++)
		fake_put(test, pos + 4 + 4 * i, 4, rule->body[i]);
}

/* Behind what is always there, and the last of its list */
static void open_with_rule(struct kunit *test, const struct cap_rule *rule)
{
	add_express(test, rule->ext ? 0 : STD_POS);
	fake_ext_cap(test, PCI_CFG_SPACE_SIZE, PCI_EXT_CAP_ID_DSN, rule->ext ? EXT_POS : 0);
	put_cap(test, rule, cap_pos(rule), 0);
	fake_open(test);
}

static unsigned int span_len(struct kunit *test, unsigned int pos)
{
	struct vfio_pci_cfg *cfg = ((struct fake_cfg *)test->priv)->vdev->cfg;
	unsigned int n = 0;

	if (cfg->map[pos] == VFIO_PCI_CFG_SPAN_RAW)
		return 0;
	while (pos + n < cfg->size && cfg->map[pos + n] == cfg->map[pos])
		n++;
	return n;
}

/* Is there a capability at @pos in the user's list? It must end. */
static bool is_listed(struct kunit *test, bool ext, unsigned int pos)
{
	unsigned int at, steps;
	bool found = false;
	u32 head;

	at = ext ? PCI_CFG_SPACE_SIZE : user_read(test, PCI_CAPABILITY_LIST, 1);
	for (steps = 0; at && steps < VFIO_PCI_CFG_MAX_SPANS; steps++) {
		KUNIT_EXPECT_GE(test, at, ext ? PCI_CFG_SPACE_SIZE : PCI_STD_HEADER_SIZEOF);
		if (at < PCI_STD_HEADER_SIZEOF)
			return false;
		head = user_read(test, at, 4);
		found |= at == pos && (ext ? PCI_EXT_CAP_ID(head) : head & 0xff);
		at = ext ? PCI_EXT_CAP_NEXT(head) : (head >> 8) & 0xff;
	}
	KUNIT_EXPECT_LT(test, steps, VFIO_PCI_CFG_MAX_SPANS);
	return found;
}

/* What the row says about a dword; bytes behind the end are raw */
static struct bits expected(const struct cap_rule *rule, unsigned int off)
{
	struct bits bits = off / 4 < rule->num_regs ? rule->regs[off / 4] : rule->rest;
	u32 raw = 0;

	if (rule->len <= off)
		raw = ALL;
	else if (rule->len < off + 4)
		raw = ALL << 8 * (rule->len - off);
	bits.shown |= raw;
	bits.reached |= raw;
	return bits;
}

/* ---- Bits */

static void length(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;

	open_with_rule(test, rule);
	KUNIT_EXPECT_EQ(test, span_len(test, cap_pos(rule)), rule->len);
	KUNIT_EXPECT_EQ(test, is_listed(test, rule->ext, cap_pos(rule)), rule->len > 0);
}

static void shown_bits(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	unsigned int off, pos = cap_pos(rule);
	u32 zero, one;

	open_with_rule(test, rule);
	for (off = 0; off < rule->len + 4; off += 4) {
		fake_put(test, pos + off, 4, 0);
		zero = user_read(test, pos + off, 4);
		fake_put(test, pos + off, 4, ALL);
		one = user_read(test, pos + off, 4);
		KUNIT_EXPECT_EQ_MSG(test, zero ^ one, expected(rule, off).shown, "at +%#x", off);
		/* By the byte it is the same */
		KUNIT_EXPECT_EQ(test, user_read(test, pos + off + 1, 1), (u8)(one >> 8));
		KUNIT_EXPECT_EQ(test, user_read(test, pos + off + 2, 2), (u16)(one >> 16));
	}
}

static void reached_bits(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	unsigned int off, len, i, pos = cap_pos(rule);
	u32 want;

	open_with_rule(test, rule);
	for (off = 0; off < rule->len + 4; off += 4) {
		/* What MSI can do cannot be written in hardware either */
		fake_allow(test, pos + off, 4, rule->id != PCI_CAP_ID_MSI || rule->ext || off ?
			   ALL : (PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE) << 16);
		want = expected(rule, off).reached;
		for (len = 1; len <= 4; len *= 2) {
			fake_put(test, pos + off, 4, 0);
			for (i = 0; i < 4; i += len)
				user_write(test, pos + off + i, len, ALL);
			KUNIT_EXPECT_EQ_MSG(test, fake_get(test, pos + off, 4), want,
					    "at +%#x by %u", off, len);
			for (i = 0; i < 4; i += len)
				user_write(test, pos + off + i, len, 0);
			KUNIT_EXPECT_EQ_MSG(test, fake_get(test, pos + off, 4), 0,
					    "at +%#x by %u", off, len);
			fake_forget(test);
		}
	}
}

/* Nobody can talk the host into believing in another capability */
static void head_is_constant(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	unsigned int pos = cap_pos(rule);
	u32 mask = rule->ext ? ALL : 0xffff;
	u32 head;

	open_with_rule(test, rule);
	if (!rule->len) {
		/* Not a head, some bytes */
		KUNIT_EXPECT_FALSE(test, is_listed(test, rule->ext, pos));
		return;
	}
	head = user_read(test, pos, 4) & mask;
	KUNIT_EXPECT_EQ(test, head & 0xff, rule->id & 0xff);
	user_write(test, pos, 4, ~head);
	KUNIT_EXPECT_EQ(test, user_read(test, pos, 4) & mask, head);
}

/* ---- Devices that lie */

/* Is the span of a byte one that can be? */
static bool span_is_sane(const struct vfio_pci_cfg *cfg, unsigned int pos)
{
	const struct vfio_pci_cfg_span *span = &cfg->spans[cfg->map[pos]];

	if (cfg->map[pos] >= cfg->num_spans)
		return false;
	if (cfg->map[pos] == VFIO_PCI_CFG_SPAN_RAW)
		return true;
	return pos >= span->start && pos < span->start + span->len &&
	       span->start + span->len <= (span->ext ? cfg->size : PCI_CFG_SPACE_SIZE);
}

static void expect_access(struct kunit *test, unsigned int from, unsigned int to)
{
	struct fake_cfg *fake = test->priv;
	u8 buf[64];

	for (; from < to; from += sizeof(buf)) {
		KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, from, sizeof(buf), buf), 0);
		memset(buf, 0xff, sizeof(buf));
		KUNIT_EXPECT_EQ(test, vfio_pci_config_write(fake->vdev, from, sizeof(buf), buf),
				0);
	}
}

/* Whatever it is: it can be read and written, and each byte has its span */
static void expect_sane(struct kunit *test)
{
	struct vfio_pci_cfg *cfg = ((struct fake_cfg *)test->priv)->vdev->cfg;
	unsigned int i;

	KUNIT_EXPECT_LE(test, cfg->num_spans, VFIO_PCI_CFG_MAX_SPANS);
	for (i = 0; i < cfg->size && span_is_sane(cfg, i); i++)
		;
	KUNIT_EXPECT_EQ(test, i, cfg->size);

	/* Where the capabilities under test are */
	expect_access(test, 0, PCI_CFG_SPACE_SIZE);
	is_listed(test, false, 0);
	if (cfg->size == PCI_CFG_SPACE_SIZE)
		return;
	expect_access(test, PCI_CFG_SPACE_SIZE, EXT_POS + 0x80);
	expect_access(test, cfg->size - 0x40, cfg->size);
	if (cfg->map[PCI_CFG_SPACE_SIZE] != VFIO_PCI_CFG_SPAN_RAW)
		is_listed(test, true, 0);
}

/* In the last dwords there are, one after the other; pointing to itself */
static void at_the_end(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	unsigned int end = rule->ext ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	struct fake_cfg *fake = test->priv;
	unsigned int pos;

	add_express(test, 0);
	fake_ext_cap(test, PCI_CFG_SPACE_SIZE, PCI_EXT_CAP_ID_DSN, 0);
	fake_open(test);
	for (pos = end - 4; pos > end - 12; pos -= 4) {
		memset(fake->space + end - 12, 0, 12);
		put_cap(test, rule, pos, pos);
		if (rule->ext)
			fake_ext_cap(test, PCI_CFG_SPACE_SIZE, PCI_EXT_CAP_ID_DSN, pos);
		else
			fake_put(test, 0xc1, 1, pos);
		fake_reopen(test);
		KUNIT_EXPECT_LE(test, span_len(test, pos), end - pos);
		expect_sane(test);
	}
	if (rule->ext)
		return;

	/* The same where nothing is behind the first 256 bytes */
	fake->pdev->cfg_size = PCI_CFG_SPACE_SIZE;
	fake_reopen(test);
	expect_sane(test);
}

/* Pointers with their low bits set, into the header, and around in a circle */
static void wild_pointers(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	static const u16 next[] = { 0x04, 0x3f, 0xc3, 0xff, 0x63, 0x103, 0x201, 0xfff };
	unsigned int i, pos = cap_pos(rule);

	open_with_rule(test, rule);
	for (i = 0; i < ARRAY_SIZE(next); i++) {
		put_cap(test, rule, pos, rule->ext ? next[i] : (u8)next[i]);
		fake_reopen(test);
		KUNIT_EXPECT_EQ(test, is_listed(test, rule->ext, pos), rule->len > 0);
		expect_sane(test);
	}

	/* Met by a pointer that is not aligned */
	put_cap(test, rule, pos, 0);
	if (rule->ext)
		fake_ext_cap(test, PCI_CFG_SPACE_SIZE, PCI_EXT_CAP_ID_DSN, pos | 3);
	else
		fake_put(test, 0xc1, 1, pos | 3);
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, is_listed(test, rule->ext, pos), rule->len > 0);
}

/* "A capability length given by the device is not clamped" */
static void absurd_content(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	static const u8 bytes[] = { 0xff, 0x00, 0x55, 0xaa };
	struct fake_cfg *fake = test->priv;
	unsigned int i, pos = cap_pos(rule);

	open_with_rule(test, rule);
	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		if (rule->ext)
			memset(fake->space + pos + 4, bytes[i], sizeof(fake->space) - pos - 4);
		else
			memset(fake->space + pos + 2, bytes[i], 0xc0 - pos - 2);
		fake_reopen(test);
		expect_sane(test);
	}
}

/* Another begins in its second dword: it keeps every byte, this one is cut */
static void overlapped(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	unsigned int pos = cap_pos(rule);

	open_with_rule(test, rule);
	put_cap(test, rule, pos, pos + 4);
	if (rule->ext)
		fake_ext_cap(test, pos + 4, PCI_EXT_CAP_ID_LTR, 0);
	else
		fake_cap(test, pos + 4, PCI_CAP_ID_PM, 0, 0);
	fake_reopen(test);
	KUNIT_EXPECT_TRUE(test, is_listed(test, rule->ext, pos + 4));
	KUNIT_EXPECT_EQ(test, span_len(test, pos + 4), 8);
	KUNIT_EXPECT_LE(test, span_len(test, pos), 4);
	expect_sane(test);
}

/* CVE-2024-53214: the first extended one is hidden, or isn't, and others follow */
static void first_extended(struct kunit *test)
{
	const struct cap_rule *rule = test->param_value;
	u32 head;

	add_express(test, 0);
	put_cap(test, rule, PCI_CFG_SPACE_SIZE, 0x300);
	fake_allow(test, PCI_CFG_SPACE_SIZE, 4, ALL);
	fake_ext_cap(test, 0x300, PCI_EXT_CAP_ID_LTR, 0);
	fake_open(test);

	head = user_read(test, PCI_CFG_SPACE_SIZE, 4);
	if (rule->len)
		KUNIT_EXPECT_EQ(test, head, 0x30010000 | rule->id);
	else
		KUNIT_EXPECT_EQ(test, head, 0x30000000);
	KUNIT_EXPECT_TRUE(test, is_listed(test, true, 0x300));
	KUNIT_EXPECT_EQ(test, span_len(test, PCI_CFG_SPACE_SIZE), rule->len ?: 4);
	expect_sane(test);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_CFG_SPACE_SIZE, 4), head);
}

/* ---- Devices that are not there */

static void all_ones(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	memset(fake->space, 0xff, sizeof(fake->space));
	fake_open(test);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_CAPABILITY_LIST, 1), 0);
	KUNIT_EXPECT_EQ(test, span_len(test, PCI_CFG_SPACE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x40, 4), ALL);
	expect_sane(test);
}

/* Pulled out while it is open, before the host has noticed and after it */
static void removed(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	unsigned int pos;
	u8 buf[4] = { 0xff, 0xff, 0xff, 0xff };
	int ret;

	add_express(test, 0x40);
	fake_cap(test, 0x40, PCI_CAP_ID_PM, 0x48, 3);
	fake_cap(test, 0x48, PCI_CAP_ID_MSI, 0x60, 0x180);
	fake_cap(test, 0x60, PCI_CAP_ID_AF, 0x68, 0x306);
	fake_cap(test, 0x68, PCI_CAP_ID_VPD, 0, 0);
	fake_ext_cap(test, PCI_CFG_SPACE_SIZE, PCI_EXT_CAP_ID_ERR, 0);
	fake_open(test);
	memset(fake->space, 0xff, sizeof(fake->space));
	expect_sane(test);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_VENDOR_ID, 4), 0x56781234);

	fake->gone = true;
	fake->vpd_error = -ENODEV;
	for (pos = 0; pos < sizeof(fake->space); pos += 4) {
		ret = vfio_pci_config_read(fake->vdev, pos, 4, buf);
		KUNIT_EXPECT_TRUE(test, !ret || ret == -ENODEV);
		memset(buf, 0xff, sizeof(buf));
		ret = vfio_pci_config_write(fake->vdev, pos, 4, buf);
		KUNIT_EXPECT_TRUE(test, !ret || ret == -ENODEV);
	}
	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, 0x200, 4, buf), -ENODEV);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_VENDOR_ID, 4), 0x56781234);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(length, rule_gen_params),
	KUNIT_CASE_PARAM(shown_bits, rule_gen_params),
	KUNIT_CASE_PARAM(reached_bits, rule_gen_params),
	KUNIT_CASE_PARAM(head_is_constant, rule_gen_params),
	KUNIT_CASE_PARAM(at_the_end, rule_gen_params),
	KUNIT_CASE_PARAM(wild_pointers, rule_gen_params),
	KUNIT_CASE_PARAM(absurd_content, rule_gen_params),
	KUNIT_CASE_PARAM(overlapped, rule_gen_params),
	KUNIT_CASE_PARAM(first_extended, ext_rule_gen_params),
	KUNIT_CASE(all_ones),
	KUNIT_CASE(removed),
	{ }
};

static struct kunit_suite suite = {
	.name = "vfio_pci_cfg_ids",
	.init = fake_cfg_init,
	.exit = fake_cfg_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
