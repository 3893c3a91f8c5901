// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capabilities in configuration space: which of their registers are real,
 * which are kept for the user alone, and which nobody can write.
 */
#include "config_test.h"

#define REQUIRE_CAP(pos, id, what) do {					\
	(pos) = vfio_cfg_cap(self->fd, id);				\
	if (!(pos))							\
		SKIP(return, "%s has no " what " capability", self->bdf); \
} while (0)

/* ---- power management ---- */

TEST_F(cfg, pm_state)
{
	static const u8 states[] = { PM_STATE_D3HOT, PM_STATE_D0 };
	unsigned int i;
	u16 ctrl;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_PM, "PM");
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		ctrl = vfio_cfg_read16(self->fd, pos + PCI_PM_CTRL);
		ctrl &= ~PCI_PM_CTRL_STATE_MASK;
		vfio_cfg_write16(self->fd, pos + PCI_PM_CTRL,
				 ctrl | states[i]);
		EXPECT_EQ(states[i],
			  vfio_cfg_read16(self->fd, pos + PCI_PM_CTRL) &
			  PCI_PM_CTRL_STATE_MASK);
		EXPECT_EQ(states[i], hw16(self->bdf, pos + PCI_PM_CTRL) &
			  PCI_PM_CTRL_STATE_MASK)
			TH_LOG("device %s", self->bdf);
	}
}

/* Wake-up events are the host's business. */
TEST_F(cfg, pm_no_pme)
{
	u16 pmc, ctrl, hw;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_PM, "PM");
	pmc = vfio_cfg_read16(self->fd, pos + PCI_PM_PMC);
	EXPECT_EQ(0, pmc & PCI_PM_CAP_PME_MASK);
	EXPECT_EQ(hw16(self->bdf, pos + PCI_PM_PMC) & ~PCI_PM_CAP_PME_MASK,
		  pmc);
	vfio_cfg_write16(self->fd, pos + PCI_PM_PMC, ~pmc);
	EXPECT_EQ(pmc, vfio_cfg_read16(self->fd, pos + PCI_PM_PMC));

	hw = hw16(self->bdf, pos + PCI_PM_CTRL);
	ctrl = vfio_cfg_read16(self->fd, pos + PCI_PM_CTRL);
	EXPECT_EQ(0, ctrl & (PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_PME_STATUS));
	vfio_cfg_write16(self->fd, pos + PCI_PM_CTRL,
			 ctrl | PCI_PM_CTRL_PME_ENABLE |
			 PCI_PM_CTRL_PME_STATUS);
	EXPECT_EQ(ctrl, vfio_cfg_read16(self->fd, pos + PCI_PM_CTRL));
	EXPECT_EQ(hw, hw16(self->bdf, pos + PCI_PM_CTRL));
}

/* ---- MSI and MSI-X ---- */

TEST_F(cfg, msi_virtual)
{
	u16 flags, hw_flags, data_off;
	u32 hw_lo, hw_data;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_MSI, "MSI");
	flags = vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS);
	hw_flags = hw16(self->bdf, pos + PCI_MSI_FLAGS);
	data_off = pos + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_DATA_64 :
							PCI_MSI_DATA_32);
	hw_lo = hw32(self->bdf, pos + PCI_MSI_ADDRESS_LO);
	hw_data = hw16(self->bdf, data_off);

	/* Where interrupts go is the host's decision. */
	vfio_cfg_write32(self->fd, pos + PCI_MSI_ADDRESS_LO, 0xfee01004);
	EXPECT_EQ(0xfee01004,
		  vfio_cfg_read32(self->fd, pos + PCI_MSI_ADDRESS_LO));
	EXPECT_EQ(hw_lo, hw32(self->bdf, pos + PCI_MSI_ADDRESS_LO));
	if (flags & PCI_MSI_FLAGS_64BIT) {
		vfio_cfg_write32(self->fd, pos + PCI_MSI_ADDRESS_HI, 0x1234);
		EXPECT_EQ(0x1234,
			  vfio_cfg_read32(self->fd, pos + PCI_MSI_ADDRESS_HI));
		EXPECT_EQ(0, hw32(self->bdf, pos + PCI_MSI_ADDRESS_HI));
	}
	vfio_cfg_write16(self->fd, data_off, 0x4055);
	EXPECT_EQ(0x4055, vfio_cfg_read16(self->fd, data_off));
	EXPECT_EQ(hw_data, hw16(self->bdf, data_off));

	/* Nor does the user's bit switch anything on before SET_IRQS did. */
	vfio_cfg_write16(self->fd, pos + PCI_MSI_FLAGS,
			 flags | PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	EXPECT_EQ(flags, vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS));
	EXPECT_EQ(hw_flags, hw16(self->bdf, pos + PCI_MSI_FLAGS));
}

/* The high byte tells what the device can do: not writable. */
TEST_F(cfg, msi_control_high)
{
	u8 pos, high;

	REQUIRE_CAP(pos, PCI_CAP_ID_MSI, "MSI");
	high = vfio_cfg_read8(self->fd, pos + PCI_MSI_FLAGS + 1);
	vfio_cfg_write8(self->fd, pos + PCI_MSI_FLAGS + 1, ~high);
	EXPECT_EQ(high, vfio_cfg_read8(self->fd, pos + PCI_MSI_FLAGS + 1));
	EXPECT_EQ(high, hw8(self->bdf, pos + PCI_MSI_FLAGS + 1));
}

/*
 * The control word is the same through any access that touches it: alone, by
 * the byte, together with the capability's header.
 */
TEST_F(cfg, msi_control_widths)
{
	u16 flags, on, head;
	int evfd;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_MSI, "MSI");
	evfd = evfd_new();
	ASSERT_LE(0, evfd);
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				      &evfd));
	head = vfio_cfg_read16(self->fd, pos);
	flags = vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS);
	flags &= ~PCI_MSI_FLAGS_ENABLE;
	on = flags | PCI_MSI_FLAGS_ENABLE;

	vfio_cfg_write8(self->fd, pos + PCI_MSI_FLAGS, on);
	EXPECT_EQ((u8)on, vfio_cfg_read8(self->fd, pos + PCI_MSI_FLAGS));
	EXPECT_EQ(on, vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS));
	EXPECT_EQ((u32)on << 16 | head, vfio_cfg_read32(self->fd, pos));
	vfio_cfg_write32(self->fd, pos, (u32)flags << 16 | head);
	EXPECT_EQ((u8)flags, vfio_cfg_read8(self->fd, pos + PCI_MSI_FLAGS));
	EXPECT_EQ(flags, vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS));
	EXPECT_EQ((u32)flags << 16 | head, vfio_cfg_read32(self->fd, pos));
	vfio_cfg_write32(self->fd, pos, (u32)on << 16);
	EXPECT_EQ((u32)on << 16 | head, vfio_cfg_read32(self->fd, pos));
	close(evfd);
}

/* Once SET_IRQS has enabled MSI, Enable reaches the device. */
TEST_F(cfg, msi_enabled)
{
	u16 flags;
	int evfd;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_MSI, "MSI");
	evfd = evfd_new();
	ASSERT_LE(0, evfd);
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				      &evfd));
	EXPECT_TRUE(hw16(self->bdf, pos + PCI_MSI_FLAGS) &
		    PCI_MSI_FLAGS_ENABLE);
	flags = vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS);
	/* All the vectors in the world: as many as were allocated. */
	EXPECT_EQ(0, flags & PCI_MSI_FLAGS_ENABLE);
	vfio_cfg_write16(self->fd, pos + PCI_MSI_FLAGS, flags |
			 PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	EXPECT_EQ(PCI_MSI_FLAGS_ENABLE, hw16(self->bdf, pos + PCI_MSI_FLAGS) &
		  (PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE));
	EXPECT_EQ(flags | PCI_MSI_FLAGS_ENABLE,
		  vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS));
	vfio_cfg_write16(self->fd, pos + PCI_MSI_FLAGS,
			 flags & ~PCI_MSI_FLAGS_ENABLE);
	EXPECT_EQ(0, hw16(self->bdf, pos + PCI_MSI_FLAGS) &
		  PCI_MSI_FLAGS_ENABLE);
	vfio_cfg_write16(self->fd, pos + PCI_MSI_FLAGS,
			 flags | PCI_MSI_FLAGS_ENABLE);
	EXPECT_TRUE(hw16(self->bdf, pos + PCI_MSI_FLAGS) &
		    PCI_MSI_FLAGS_ENABLE);

	/* Switched off behind the user's back: what was written is still read */
	ASSERT_RC(0, vfio_irq_disable(self->fd, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_EQ(0, hw16(self->bdf, pos + PCI_MSI_FLAGS) &
		  PCI_MSI_FLAGS_ENABLE);
	EXPECT_EQ(flags | PCI_MSI_FLAGS_ENABLE,
		  vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS));
	close(evfd);
}

TEST_F(cfg, msi_mask)
{
	u16 flags, off;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_MSI, "MSI");
	flags = vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS);
	if (!(flags & PCI_MSI_FLAGS_MASKBIT))
		SKIP(return, "%s has no MSI mask bits", self->bdf);
	off = pos + (flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64 :
						   PCI_MSI_MASK_32);
	vfio_cfg_write32(self->fd, off, 1);
	EXPECT_EQ(1, hw32(self->bdf, off));
	EXPECT_EQ(1, vfio_cfg_read32(self->fd, off));
	vfio_cfg_write32(self->fd, off, 0);
	EXPECT_EQ(0, hw32(self->bdf, off));
}

TEST_F(cfg, msix_read_only)
{
	unsigned int off;
	u8 pos, before;

	REQUIRE_CAP(pos, PCI_CAP_ID_MSIX, "MSI-X");
	for (off = pos + PCI_MSIX_FLAGS; off < pos + PCI_CAP_MSIX_SIZEOF;
	     off++) {
		before = hw8(self->bdf, off);
		EXPECT_EQ(before, vfio_cfg_read8(self->fd, off));
		vfio_cfg_write8(self->fd, off, ~before);
		EXPECT_EQ(before, vfio_cfg_read8(self->fd, off));
		EXPECT_EQ(before, hw8(self->bdf, off))
			TH_LOG("%s: byte %#x", self->bdf, off);
	}
}

/* ---- PCI Express ---- */

TEST_F(cfg, exp_device_control)
{
	u16 before, hw, errors = PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |
				 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE;
	u16 off;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_EXP, "PCI Express");
	off = pos + PCI_EXP_DEVCTL;
	before = vfio_cfg_read16(self->fd, off);
	hw = hw16(self->bdf, off);

	/* Real bits; only the emulated NVMe drive implements them. */
	vfio_cfg_write16(self->fd, off, before ^ errors);
	EXPECT_EQ(hw16(self->bdf, off) & errors,
		  vfio_cfg_read16(self->fd, off) & errors);
	if (!strcmp(variant->kind, "NVME")) {
		EXPECT_EQ((before ^ errors) & errors,
			  hw16(self->bdf, off) & errors);
	}
	vfio_cfg_write16(self->fd, off, before);
	EXPECT_EQ(hw, hw16(self->bdf, off));

	/* The payload size is remembered and goes no further. */
	vfio_cfg_write16(self->fd, off, before ^ PCI_EXP_DEVCTL_PAYLOAD);
	EXPECT_EQ(before ^ PCI_EXP_DEVCTL_PAYLOAD,
		  vfio_cfg_read16(self->fd, off));
	EXPECT_EQ(hw, hw16(self->bdf, off));
	vfio_cfg_write16(self->fd, off, before);

	/* Phantom functions would be foreign requester ids. */
	vfio_cfg_write16(self->fd, off, before | PCI_EXP_DEVCTL_PHANTOM);
	EXPECT_EQ(hw & PCI_EXP_DEVCTL_PHANTOM,
		  hw16(self->bdf, off) & PCI_EXP_DEVCTL_PHANTOM);
	EXPECT_EQ(before & PCI_EXP_DEVCTL_PHANTOM,
		  vfio_cfg_read16(self->fd, off) & PCI_EXP_DEVCTL_PHANTOM);
	vfio_cfg_write16(self->fd, off, before);
}

/* Read requests: the user's choice, at least the host's payload size. */
TEST_F(cfg, exp_read_request)
{
	u16 before, off, hw, code;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_EXP, "PCI Express");
	off = pos + PCI_EXP_DEVCTL;
	before = vfio_cfg_read16(self->fd, off);
	for (code = 0; code < 6; code++) {
		vfio_cfg_write16(self->fd, off,
				 (before & ~PCI_EXP_DEVCTL_READRQ) |
				 code << 12);
		EXPECT_EQ(code, (vfio_cfg_read16(self->fd, off) &
				 PCI_EXP_DEVCTL_READRQ) >> 12);
		hw = hw16(self->bdf, off);
		EXPECT_LE((hw & PCI_EXP_DEVCTL_PAYLOAD) >> 5,
			  (hw & PCI_EXP_DEVCTL_READRQ) >> 12);
	}
	vfio_cfg_write16(self->fd, off, before);
}

/* Starting a function level reset: reads 0, and the device is as new. */
TEST_F(cfg, exp_flr)
{
	static const struct {
		const char *kind;
		u32 reg;
		u32 val;
	} regs[] = {
		/* CC and RCTL, see reset_test.c */
		{ "NVME", 0x14, 0x00460000 },
		{ "IGB", 0x100, 0x8000 },
	};
	unsigned int i;
	u32 val;
	u16 off;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_EXP, "PCI Express");
	if (!(vfio_cfg_read32(self->fd, pos + PCI_EXP_DEVCAP) &
	      PCI_EXP_DEVCAP_FLR))
		SKIP(return, "%s has no function level reset", self->bdf);
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		if (!strcmp(regs[i].kind, variant->kind))
			break;
	ASSERT_LT(i, ARRAY_SIZE(regs));

	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	ASSERT_RC(0, vfio_region_write32(self->fd, 0, regs[i].reg,
					 regs[i].val));
	ASSERT_RC(0, vfio_region_read32(self->fd, 0, regs[i].reg, &val));
	ASSERT_EQ(regs[i].val, val);

	off = pos + PCI_EXP_DEVCTL;
	vfio_cfg_write16(self->fd, off, vfio_cfg_read16(self->fd, off) |
			 PCI_EXP_DEVCTL_BCR_FLR);
	EXPECT_EQ(0, vfio_cfg_read16(self->fd, off) & PCI_EXP_DEVCTL_BCR_FLR);
	ASSERT_RC(0, vfio_region_read32(self->fd, 0, regs[i].reg, &val));
	EXPECT_EQ(0, val);
}

TEST_F(cfg, exp_device_control2)
{
	u16 before, off;
	u8 pos;

	REQUIRE_CAP(pos, PCI_CAP_ID_EXP, "PCI Express");
	if ((vfio_cfg_read16(self->fd, pos + PCI_EXP_FLAGS) &
	     PCI_EXP_FLAGS_VERS) < 2)
		SKIP(return, "%s: version 1", self->bdf);
	off = pos + PCI_EXP_DEVCTL2;
	before = vfio_cfg_read16(self->fd, off);
	vfio_cfg_write16(self->fd, off, before ^ 0xffff);
	EXPECT_EQ(hw16(self->bdf, off), vfio_cfg_read16(self->fd, off));
	/* ARI forwarding belongs to bridges, that is to the host. */
	EXPECT_EQ(before & PCI_EXP_DEVCTL2_ARI,
		  vfio_cfg_read16(self->fd, off) & PCI_EXP_DEVCTL2_ARI);
	vfio_cfg_write16(self->fd, off, before);
}

/* Capabilities, status, the link: the user may look. */
TEST_F(cfg, exp_read_only)
{
	struct {
		u8 first;
		u8 end;
	} ranges[] = {
		{ PCI_EXP_FLAGS, PCI_EXP_DEVCTL },
		{ PCI_EXP_DEVSTA, PCI_EXP_DEVCTL2 },
	};
	unsigned int i, off;
	u8 pos, before;

	REQUIRE_CAP(pos, PCI_CAP_ID_EXP, "PCI Express");
	/* An endpoint's version 1 ends where the slot registers begin. */
	if ((vfio_cfg_read16(self->fd, pos + PCI_EXP_FLAGS) &
	     PCI_EXP_FLAGS_VERS) < 2)
		ranges[1].end = PCI_EXP_SLTCAP;
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (off = pos + ranges[i].first; off < pos + ranges[i].end;
		     off++) {
			before = hw8(self->bdf, off);
			EXPECT_EQ(before, vfio_cfg_read8(self->fd, off));
			vfio_cfg_write8(self->fd, off, ~before);
			EXPECT_EQ(before, vfio_cfg_read8(self->fd, off));
			EXPECT_EQ(before, hw8(self->bdf, off))
				TH_LOG("%s: byte %#x", self->bdf, off - pos);
		}
	}
}

/* ---- extended capabilities ---- */

TEST_F(cfg, aer)
{
	static const struct {
		const char *name;
		u32 off;
		u32 writable;
	} regs[] = {
		{ "uncorrectable mask", PCI_ERR_UNCOR_MASK, 0x03fff031 },
		{ "uncorrectable severity", PCI_ERR_UNCOR_SEVER, 0x03fff031 },
		{ "correctable mask", PCI_ERR_COR_MASK, 0x0000f1c1 },
		{ "control", PCI_ERR_CAP, 0x00000140 },
	};
	u16 pos = vfio_cfg_ext_cap(self->fd, PCI_EXT_CAP_ID_ERR);
	unsigned int i;
	u32 before, now;

	if (!pos)
		SKIP(return, "%s has no error reporting", self->bdf);
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		before = vfio_cfg_read32(self->fd, pos + regs[i].off);
		EXPECT_EQ(hw32(self->bdf, pos + regs[i].off), before);
		vfio_cfg_write32(self->fd, pos + regs[i].off, ~before);
		now = vfio_cfg_read32(self->fd, pos + regs[i].off);
		EXPECT_EQ(hw32(self->bdf, pos + regs[i].off), now);
		EXPECT_EQ(0, (before ^ now) & ~regs[i].writable)
			TH_LOG("%s: %s %#x -> %#x", self->bdf, regs[i].name,
			       before, now);
		vfio_cfg_write32(self->fd, pos + regs[i].off, before);
	}
	/* Something of it could be written, or this shows nothing. */
	before = vfio_cfg_read32(self->fd, pos + PCI_ERR_UNCOR_MASK);
	vfio_cfg_write32(self->fd, pos + PCI_ERR_UNCOR_MASK, before ^ 0x10);
	EXPECT_EQ(before ^ 0x10,
		  vfio_cfg_read32(self->fd, pos + PCI_ERR_UNCOR_MASK));
	vfio_cfg_write32(self->fd, pos + PCI_ERR_UNCOR_MASK, before);
}

TEST_F(cfg, ext_read_only)
{
	static const struct {
		u16 id;
		u16 len;
	} caps[] = {
		{ PCI_EXT_CAP_ID_DSN, 12 }, { PCI_EXT_CAP_ID_ARI, 8 },
		{ PCI_EXT_CAP_ID_SRIOV, 64 }, { PCI_EXT_CAP_ID_ATS, 8 },
	};
	unsigned int i, off, found = 0;
	u16 pos;
	u8 before;

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		pos = vfio_cfg_ext_cap(self->fd, caps[i].id);
		if (!pos)
			continue;
		found++;
		for (off = pos + 4; off < pos + caps[i].len; off++) {
			before = hw8(self->bdf, off);
			EXPECT_EQ(before, vfio_cfg_read8(self->fd, off));
			vfio_cfg_write8(self->fd, off, ~before);
			EXPECT_EQ(before, vfio_cfg_read8(self->fd, off));
			EXPECT_EQ(before, hw8(self->bdf, off))
				TH_LOG("%s: cap %#x byte %#x", self->bdf,
				       caps[i].id, off - pos);
		}
	}
	if (!found)
		SKIP(return, "%s has none of these capabilities", self->bdf);
}

TEST_HARNESS_MAIN
