// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtualised configuration space: what of it is real, what is kept for
 * the user alone, what cannot be written, and which capabilities are listed.
 * The hardware's side is read through sysfs.
 */
#include "config_test.h"

/* ---- header ---- */

TEST_F(cfg, ids)
{
	EXPECT_EQ(hw32(self->bdf, 0), vfio_cfg_read32(self->fd, 0));
}

/* Bytes whose writes go nowhere, neither to the device nor to the next read. */
TEST_F(cfg, header_read_only)
{
	static const struct {
		u8 first;
		u8 last;
	} ranges[] = {
		{ PCI_VENDOR_ID, PCI_DEVICE_ID + 1 },
		{ PCI_STATUS, PCI_STATUS + 1 },
		{ PCI_CLASS_REVISION, PCI_CLASS_REVISION + 3 },
		{ PCI_HEADER_TYPE, PCI_HEADER_TYPE },
		{ PCI_CARDBUS_CIS, PCI_SUBSYSTEM_ID + 1 },
		{ PCI_CAPABILITY_LIST, 0x3b },
		{ PCI_INTERRUPT_PIN, PCI_MAX_LAT },
	};
	unsigned int i, off;
	u8 hw, before;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (off = ranges[i].first; off <= ranges[i].last; off++) {
			hw = hw8(self->bdf, off);
			before = vfio_cfg_read8(self->fd, off);
			EXPECT_EQ(hw, before)
				TH_LOG("%s: byte %#x", self->bdf, off);
			vfio_cfg_write8(self->fd, off, ~before);
			EXPECT_EQ(before, vfio_cfg_read8(self->fd, off))
				TH_LOG("%s: byte %#x", self->bdf, off);
			EXPECT_EQ(hw, hw8(self->bdf, off))
				TH_LOG("%s: byte %#x", self->bdf, off);
		}
	}
}

TEST_F(cfg, header_write_through)
{
	static const u8 offs[] = { PCI_CACHE_LINE_SIZE, PCI_LATENCY_TIMER };
	unsigned int i;
	u8 before;

	for (i = 0; i < ARRAY_SIZE(offs); i++) {
		before = vfio_cfg_read8(self->fd, offs[i]);
		vfio_cfg_write8(self->fd, offs[i], 0x20);
		EXPECT_EQ(hw8(self->bdf, offs[i]),
			  vfio_cfg_read8(self->fd, offs[i]));
		if (offs[i] == PCI_CACHE_LINE_SIZE)
			EXPECT_RC(0x20, hw8(self->bdf, offs[i]));
		vfio_cfg_write8(self->fd, offs[i], before);
	}
}

/* A freshly opened device can't master the bus. */
TEST_F(cfg, no_master_after_open)
{
	EXPECT_EQ(0, vfio_cfg_read16(self->fd, PCI_COMMAND) &
		  PCI_COMMAND_MASTER);
	EXPECT_EQ(0, hw16(self->bdf, PCI_COMMAND) & PCI_COMMAND_MASTER);
}

TEST_F(cfg, command)
{
	static const u16 bits[] = {
		PCI_COMMAND_IO, PCI_COMMAND_MEMORY, PCI_COMMAND_MASTER,
		PCI_COMMAND_SERR,
	};
	unsigned int i;
	u16 before = vfio_cfg_read16(self->fd, PCI_COMMAND);

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		vfio_cfg_command(self->fd, 0, bits[i]);
		EXPECT_EQ(bits[i], vfio_cfg_read16(self->fd, PCI_COMMAND) &
			  bits[i]);
		EXPECT_EQ(bits[i], hw16(self->bdf, PCI_COMMAND) & bits[i])
			TH_LOG("%s: bit %#x", self->bdf, bits[i]);
		vfio_cfg_command(self->fd, bits[i], 0);
		EXPECT_EQ(0, vfio_cfg_read16(self->fd, PCI_COMMAND) & bits[i]);
		EXPECT_EQ(0, hw16(self->bdf, PCI_COMMAND) & bits[i])
			TH_LOG("%s: bit %#x", self->bdf, bits[i]);
	}
	vfio_cfg_write16(self->fd, PCI_COMMAND, before);
	EXPECT_EQ(before, vfio_cfg_read16(self->fd, PCI_COMMAND));
}

/* One byte at a time does the same, and leaves the other byte alone. */
TEST_F(cfg, command_bytes)
{
	u16 before = vfio_cfg_read16(self->fd, PCI_COMMAND);

	vfio_cfg_write8(self->fd, PCI_COMMAND,
			(before & 0xff) | PCI_COMMAND_MASTER);
	EXPECT_EQ(PCI_COMMAND_MASTER,
		  hw16(self->bdf, PCI_COMMAND) & PCI_COMMAND_MASTER);
	vfio_cfg_write8(self->fd, PCI_COMMAND + 1, PCI_COMMAND_SERR >> 8);
	EXPECT_EQ(PCI_COMMAND_MASTER | PCI_COMMAND_SERR,
		  hw16(self->bdf, PCI_COMMAND) &
		  (PCI_COMMAND_MASTER | PCI_COMMAND_SERR));
	vfio_cfg_write16(self->fd, PCI_COMMAND, before);
}

/* INTx Disable is the user's own bit: no one else moves it. */
TEST_F(cfg, intx_disable)
{
	if (!vfio_cfg_read8(self->fd, PCI_INTERRUPT_PIN))
		SKIP(return, "%s has no INTx", self->bdf);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_INTX_DISABLE);
	EXPECT_EQ(PCI_COMMAND_INTX_DISABLE,
		  vfio_cfg_read16(self->fd, PCI_COMMAND) &
		  PCI_COMMAND_INTX_DISABLE);
	vfio_cfg_command(self->fd, PCI_COMMAND_INTX_DISABLE, 0);
	EXPECT_EQ(0, vfio_cfg_read16(self->fd, PCI_COMMAND) &
		  PCI_COMMAND_INTX_DISABLE);
}

TEST_F(cfg, interrupt_line)
{
	u8 hw = hw8(self->bdf, PCI_INTERRUPT_LINE);

	vfio_cfg_write8(self->fd, PCI_INTERRUPT_LINE, hw ^ 0x5a);
	EXPECT_EQ(hw ^ 0x5a, vfio_cfg_read8(self->fd, PCI_INTERRUPT_LINE));
	EXPECT_EQ(hw, hw8(self->bdf, PCI_INTERRUPT_LINE));
}

TEST_F(cfg, interrupt_pin)
{
	struct vfio_irq_info info;

	ASSERT_RC(0, vfio_irq_info(self->fd, VFIO_PCI_INTX_IRQ_INDEX, &info));
	EXPECT_EQ(info.count ? hw8(self->bdf, PCI_INTERRUPT_PIN) : 0,
		  vfio_cfg_read8(self->fd, PCI_INTERRUPT_PIN));
}

/* ---- BARs ---- */

/* What all ones read back as, for a BAR of this size and kind. */
static u64 size_mask(const struct pci_resource *res, u32 low)
{
	u64 size = res->end - res->start + 1;
	u32 type = low & (low & PCI_BASE_ADDRESS_SPACE_IO ?
			  ~PCI_BASE_ADDRESS_IO_MASK :
			  ~PCI_BASE_ADDRESS_MEM_MASK);

	return ~(size - 1) | type;
}

static bool is_mem64(u32 low)
{
	return !(low & PCI_BASE_ADDRESS_SPACE_IO) &&
	       (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
	       PCI_BASE_ADDRESS_MEM_TYPE_64;
}

TEST_F(cfg, bar_sizing)
{
	struct pci_resource res;
	unsigned int i;
	u32 off, low, high, hw_low, hw_high;
	u64 mask;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		off = PCI_BASE_ADDRESS_0 + 4 * i;
		ASSERT_RC(0, pci_dev_resource(self->bdf, i, &res));
		low = vfio_cfg_read32(self->fd, off);
		hw_low = hw32(self->bdf, off);
		EXPECT_EQ(hw_low, low) TH_LOG("%s BAR %u", self->bdf, i);

		vfio_cfg_write32(self->fd, off, ~0u);
		if (!res.flags) {
			EXPECT_EQ(0, vfio_cfg_read32(self->fd, off));
			continue;
		}
		mask = size_mask(&res, low);
		EXPECT_EQ((u32)mask, vfio_cfg_read32(self->fd, off))
			TH_LOG("%s BAR %u", self->bdf, i);
		EXPECT_EQ(hw_low, hw32(self->bdf, off));
		/* Any address sticks, at the BAR's granularity. */
		vfio_cfg_write32(self->fd, off, 0x5a5a5a5a);
		EXPECT_EQ((0x5a5a5a5a & (u32)~(res.end - res.start)) |
			  ((u32)mask & (u32)(res.end - res.start)),
			  vfio_cfg_read32(self->fd, off))
			TH_LOG("%s BAR %u", self->bdf, i);
		EXPECT_EQ(hw_low, hw32(self->bdf, off));
		vfio_cfg_write32(self->fd, off, low);
		EXPECT_EQ(low, vfio_cfg_read32(self->fd, off));
		if (!is_mem64(low))
			continue;

		i++;
		off += 4;
		high = vfio_cfg_read32(self->fd, off);
		hw_high = hw32(self->bdf, off);
		EXPECT_EQ(hw_high, high);
		vfio_cfg_write32(self->fd, off, ~0u);
		EXPECT_EQ((u32)(mask >> 32), vfio_cfg_read32(self->fd, off));
		EXPECT_EQ(hw_high, hw32(self->bdf, off));
		vfio_cfg_write32(self->fd, off, high);
	}
}

/* Moving the virtual BAR moves nothing: the region still answers. */
TEST_F(cfg, bar_move)
{
	u32 off = PCI_BASE_ADDRESS_0, low, before, after;

	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	ASSERT_RC(0, vfio_region_read32(self->fd, 0, 0, &before));
	low = vfio_cfg_read32(self->fd, off);
	vfio_cfg_write32(self->fd, off, 0x40000000);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	ASSERT_RC(0, vfio_region_read32(self->fd, 0, 0, &after));
	EXPECT_EQ(before, after);
	vfio_cfg_write32(self->fd, off, low);
}

TEST_F(cfg, rom_sizing)
{
	struct vfio_region_info info;
	u32 hw;

	/* Looking for its image may give the ROM an address. */
	ASSERT_RC(0, vfio_region_info(self->fd, VFIO_PCI_ROM_REGION_INDEX,
				      &info));
	hw = hw32(self->bdf, PCI_ROM_ADDRESS);
	vfio_cfg_write32(self->fd, PCI_ROM_ADDRESS, ~0u);
	EXPECT_EQ(info.size ? (u32)~(info.size - 1) | PCI_ROM_ADDRESS_ENABLE :
			      0,
		  vfio_cfg_read32(self->fd, PCI_ROM_ADDRESS));
	EXPECT_EQ(hw, hw32(self->bdf, PCI_ROM_ADDRESS));
	vfio_cfg_write32(self->fd, PCI_ROM_ADDRESS, 0);
	EXPECT_EQ(0, vfio_cfg_read32(self->fd, PCI_ROM_ADDRESS));
}

/* ---- capability lists ---- */

/* The hardware's list without what VFIO doesn't show. */
static void hw_caps(const char *bdf, struct cap_list *l)
{
	u8 pos = hw8(bdf, PCI_CAPABILITY_LIST) & ~3;
	u8 id;

	if (!(hw16(bdf, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return;
	for (; pos; pos = hw8(bdf, pos + PCI_CAP_LIST_NEXT) & ~3) {
		id = hw8(bdf, pos);
		switch (id) {
		case PCI_CAP_ID_PM:
		case PCI_CAP_ID_AGP:
		case PCI_CAP_ID_VPD:
		case PCI_CAP_ID_MSI:
		case PCI_CAP_ID_PCIX:
		case PCI_CAP_ID_HT:
		case PCI_CAP_ID_VNDR:
		case PCI_CAP_ID_EXP:
		case PCI_CAP_ID_MSIX:
		case PCI_CAP_ID_SATA:
		case PCI_CAP_ID_AF:
			if (note_cap(pos, id, l))
				return;
		}
	}
}

static void hw_ext_caps(const char *bdf, struct cap_list *l)
{
	u32 pos = PCI_CFG_SPACE_SIZE, head;

	for (; pos; pos = PCI_EXT_CAP_NEXT(head)) {
		head = hw32(bdf, pos);
		if (!head)
			return;
		switch (PCI_EXT_CAP_ID(head)) {
		case PCI_EXT_CAP_ID_ERR:
		case PCI_EXT_CAP_ID_VC:
		case PCI_EXT_CAP_ID_DSN:
		case PCI_EXT_CAP_ID_PWR:
		case PCI_EXT_CAP_ID_MFVC:
		case PCI_EXT_CAP_ID_VC9:
		case PCI_EXT_CAP_ID_VNDR:
		case PCI_EXT_CAP_ID_ACS:
		case PCI_EXT_CAP_ID_ARI:
		case PCI_EXT_CAP_ID_ATS:
		case PCI_EXT_CAP_ID_SRIOV:
		case PCI_EXT_CAP_ID_MCAST:
		case PCI_EXT_CAP_ID_PRI:
		case PCI_EXT_CAP_ID_REBAR:
		case PCI_EXT_CAP_ID_DPA:
		case PCI_EXT_CAP_ID_TPH:
		case PCI_EXT_CAP_ID_LTR:
		case PCI_EXT_CAP_ID_DVSEC:
			if (note_cap(pos, PCI_EXT_CAP_ID(head), l))
				return;
		}
	}
}

TEST_F(cfg, cap_list)
{
	struct cap_list want = {}, got = {};
	unsigned int i;

	hw_caps(self->bdf, &want);
	ASSERT_RC(0, vfio_cfg_for_each_cap(self->fd, note_cap, &got));
	ASSERT_EQ(want.n, got.n) TH_LOG("device %s", self->bdf);
	for (i = 0; i < got.n; i++) {
		EXPECT_EQ(want.off[i], got.off[i]);
		EXPECT_EQ(want.id[i], got.id[i]);
	}
	EXPECT_EQ(!!got.n, !!(vfio_cfg_read16(self->fd, PCI_STATUS) &
			      PCI_STATUS_CAP_LIST));
}

/* CVE-2024-53214: a list whose first entry is hidden stays consistent. */
TEST_F(cfg, ext_cap_list)
{
	struct cap_list want = {}, got = {};
	struct vfio_region_info info;
	unsigned int i;

	ASSERT_RC(0, vfio_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      &info));
	if (info.size <= PCI_CFG_SPACE_SIZE)
		SKIP(return, "%s has no extended space", self->bdf);
	hw_ext_caps(self->bdf, &want);
	ASSERT_RC(0, vfio_cfg_for_each_ext_cap(self->fd, note_cap, &got));
	ASSERT_EQ(want.n, got.n) TH_LOG("device %s", self->bdf);
	for (i = 0; i < got.n; i++) {
		EXPECT_EQ(want.off[i], got.off[i]);
		EXPECT_EQ(want.id[i], got.id[i]);
	}
	if (!got.n)
		EXPECT_RC(0, vfio_cfg_read32(self->fd, PCI_CFG_SPACE_SIZE));
}

TEST_F(cfg, cap_headers_read_only)
{
	struct cap_list std = {}, ext = {};
	unsigned int i;
	u32 head, hw;

	ASSERT_RC(0, vfio_cfg_for_each_cap(self->fd, note_cap, &std));
	ASSERT_RC(0, vfio_cfg_for_each_ext_cap(self->fd, note_cap, &ext));
	for (i = 0; i < std.n; i++) {
		head = vfio_cfg_read16(self->fd, std.off[i]);
		hw = hw16(self->bdf, std.off[i]);
		vfio_cfg_write16(self->fd, std.off[i], ~head);
		EXPECT_EQ(head, vfio_cfg_read16(self->fd, std.off[i]));
		EXPECT_EQ(hw, hw16(self->bdf, std.off[i]));
	}
	for (i = 0; i < ext.n; i++) {
		head = vfio_cfg_read32(self->fd, ext.off[i]);
		hw = hw32(self->bdf, ext.off[i]);
		vfio_cfg_write32(self->fd, ext.off[i], ~head);
		EXPECT_EQ(head, vfio_cfg_read32(self->fd, ext.off[i]));
		EXPECT_EQ(hw, hw32(self->bdf, ext.off[i]));
	}
}

/* ---- between the capabilities ---- */

/* Does the hardware let this byte be written? Asks it and puts it back. */
static bool hw_writable(const char *bdf, u32 off)
{
	u8 before = hw8(bdf, off), flipped = ~before;
	bool ok;

	pci_dev_config_write(bdf, off, &flipped, 1);
	ok = hw8(bdf, off) == flipped;
	pci_dev_config_write(bdf, off, &before, 1);
	return ok;
}

/* Bytes that no capability owns belong to the device, raw. */
TEST_F(cfg, outside_is_raw)
{
	struct cap_list l = {};
	unsigned int i, off, end = 0, tried = 0;
	u8 before;

	ASSERT_RC(0, vfio_cfg_for_each_cap(self->fd, note_cap, &l));
	/* No capability before 0x100 is longer than 64 bytes. */
	for (i = 0; i < l.n; i++)
		if (l.off[i] + 64 > end)
			end = l.off[i] + 64;
	if (end < PCI_STD_HEADER_SIZEOF)
		end = PCI_STD_HEADER_SIZEOF;
	for (off = end; off < PCI_CFG_SPACE_SIZE; off++) {
		if (!hw_writable(self->bdf, off))
			continue;
		before = hw8(self->bdf, off);
		vfio_cfg_write8(self->fd, off, ~before);
		EXPECT_EQ((u8)~before, hw8(self->bdf, off));
		EXPECT_EQ((u8)~before, vfio_cfg_read8(self->fd, off));
		vfio_cfg_write8(self->fd, off, before);
		tried++;
	}
	if (!tried)
		SKIP(return, "%s has no writable byte outside capabilities",
		     self->bdf);
}

/* ---- all of it ---- */

/* Bytes that no one virtualises stay written: give the device its own back. */
static void hw_restore(const char *bdf, const u8 *saved, int len)
{
	u8 now[PCI_CFG_SPACE_EXP_SIZE];
	int off;

	if (pci_dev_config_read(bdf, 0, now, len) != len)
		return;
	for (off = PCI_STD_HEADER_SIZEOF; off < len; off++)
		if (now[off] != saved[off])
			pci_dev_config_write(bdf, off, saved + off, 1);
}

/*
 * Anything may be written anywhere. The lists stay what they are, the header
 * stays read-only, and the next user gets a working device.
 */
TEST_F_TIMEOUT(cfg, random_writes, 120)
{
	struct cap_list before = {}, after = {};
	struct vfio_region_info info;
	u8 saved[PCI_CFG_SPACE_EXP_SIZE];
	unsigned int i, off, len;
	int saved_len;
	u32 ids, class;
	u8 buf[16];
	ssize_t n;
	u8 j;

	srandom(vfio_test_seed());
	ASSERT_RC(0, vfio_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      &info));
	saved_len = pci_dev_config_read(self->bdf, 0, saved, info.size);
	ASSERT_EQ(info.size, saved_len);
	ids = vfio_cfg_read32(self->fd, PCI_VENDOR_ID);
	class = vfio_cfg_read32(self->fd, PCI_CLASS_REVISION);
	ASSERT_RC(0, vfio_cfg_for_each_cap(self->fd, note_cap, &before));
	ASSERT_RC(0, vfio_cfg_for_each_ext_cap(self->fd, note_cap, &before));

	for (i = 0; i < vfio_test_rounds(400); i++) {
		/* mostly where there is something */
		off = random() % (random() & 3 ? 256 : info.size);
		len = 1 + random() % sizeof(buf);
		for (j = 0; j < sizeof(buf); j++)
			buf[j] = random();
		n = vfio_region_write(self->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      off, buf, len);
		EXPECT_EQ(off + len > info.size ? -EFAULT : (ssize_t)len, n)
			TH_LOG("%s: %u bytes at %#x", self->bdf, len, off);
	}

	EXPECT_EQ(ids, vfio_cfg_read32(self->fd, PCI_VENDOR_ID));
	EXPECT_EQ(class, vfio_cfg_read32(self->fd, PCI_CLASS_REVISION));
	ASSERT_RC(0, vfio_cfg_for_each_cap(self->fd, note_cap, &after));
	ASSERT_RC(0, vfio_cfg_for_each_ext_cap(self->fd, note_cap, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)))
		TH_LOG("%s: the capability lists changed", self->bdf);
	/* A new user, and whatever was off is on again. */
	close(self->fd);
	self->fd = -1;
	hw_restore(self->bdf, saved, saved_len);
}

TEST_HARNESS_MAIN
