// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what the user can do with each capability.
 */
#include "vfio_pci_fake_cfg.h"

/* A capability at 0x40 whose bytes hardware would all let one write */
static void open_with(struct kunit *test, u8 id, u16 flags, unsigned int len)
{
	unsigned int i;

	fake_cap(test, 0x40, id, 0, flags);
	for (i = 0x44; i < 0x40 + len; i++)
		fake_allow(test, i, 1, 0xff);
	fake_allow(test, 0x42, 2, 0xffff);
	fake_open(test);
}

/* Extended capability at 0x100, likewise */
static void open_with_ext(struct kunit *test, u16 id, unsigned int len)
{
	unsigned int i;

	fake_cap(test, 0x40, PCI_CAP_ID_EXP, 0, 2);
	fake_ext_cap(test, 0x100, id, 0);
	for (i = 0x100; i < 0x100 + len; i++)
		fake_allow(test, i, 1, 0xff);
	fake_open(test);
}

/* What a user can change from zero to one, in hardware */
static u32 reaches_hw(struct kunit *test, unsigned int pos)
{
	fake_put(test, pos, 4, 0);
	user_write(test, pos, 4, ~0U);
	return fake_get(test, pos, 4);
}

static void readonly_caps(struct kunit *test)
{
	static const struct {
		u8 id;
		u16 flags;
		unsigned int len;
	} caps[] = {
		{ PCI_CAP_ID_AGP, 0, 12 },
		{ PCI_CAP_ID_HT, 0, 28 },
		{ PCI_CAP_ID_MSIX, 0x3f, 12 },
		{ PCI_CAP_ID_SATA, 0, 8 },
	};
	struct fake_cfg *fake = test->priv;
	unsigned int i, pos;

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		vfio_pci_config_free(fake->vdev);
		fake_forget(test);
		fake_put(test, PCI_CAPABILITY_LIST, 1, 0);
		open_with(test, caps[i].id, caps[i].flags, caps[i].len);
		for (pos = 0x40; pos < 0x40 + caps[i].len; pos += 4) {
			user_write(test, pos, 4, ~0U);
			KUNIT_EXPECT_EQ(test, user_read(test, pos, 4), fake_get(test, pos, 4));
		}
		KUNIT_EXPECT_EQ(test, fake->writes, 0);
	}
}

static void pm_state(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, 0x44, 4, 0x11008108);
	fake_status(test, 0x45, 1, PCI_PM_CTRL_PME_STATUS >> 8);
	open_with(test, PCI_CAP_ID_PM, 0xf803, 8);
	fake_allow(test, 0x45, 1, 0x7f);

	/* No wake events */
	KUNIT_EXPECT_EQ(test, user_read(test, 0x40, 4), 0x00030001);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 4), 0x11000008);
	user_write(test, 0x44, 2, 0xfffc);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 2) & 0x8100, 0);
	/* Neither was the status cleared in hardware, nor the enable bit */
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x44, 2), 0xfffc);

	/* The state goes through the host only and reads what it is */
	fake_put(test, 0x44, 2, 0x0008);
	fake_forget(test);
	user_write(test, 0x44, 2, 0x000b);
	KUNIT_EXPECT_TRUE(test, fake->power == PCI_D3hot);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x44, 2), 0x0008);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 2), 0x0008);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_POWER);
	fake_put(test, 0x44, 2, 0x000b);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 2), 0x000b);
	user_write(test, 0x44, 1, 0x0a);
	KUNIT_EXPECT_TRUE(test, fake->power == PCI_D2);
	user_write(test, 0x44, 4, 0x01);
	KUNIT_EXPECT_TRUE(test, fake->power == PCI_D1);
	fake_forget(test);
	user_write(test, 0x44, 4, 0);
	KUNIT_EXPECT_TRUE(test, fake->power == PCI_D0);
	/* What the host restored of INTx Disable may be out of date */
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_POWER, FAKE_INTX_ON);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	fake_forget(test);
	user_write(test, 0x44, 4, 0);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_POWER, FAKE_INTX_OFF);

	/* A write next to it is no request */
	fake_forget(test);
	user_write(test, 0x45, 1, 0);
	KUNIT_EXPECT_EQ(test, fake->num_events, 1);
}

static void vpd_transfers(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	unsigned int i;

	for (i = 0; i < sizeof(fake->vpd); i++)
		fake->vpd[i] = i;
	open_with(test, PCI_CAP_ID_VPD, 0, 8);

	/* Read: the flag comes */
	user_write(test, 0x42, 2, 0x0010);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x8010);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 4), 0x13121110);

	/* Write: the flag goes */
	user_write(test, 0x44, 4, 0xddccbbaa);
	user_write(test, 0x42, 2, 0x8020);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x0020);
	KUNIT_EXPECT_EQ(test, fake->vpd[0x20], 0xaa);
	KUNIT_EXPECT_EQ(test, fake->vpd[0x23], 0xdd);

	/* The upper byte starts it, the lower does not */
	user_write(test, 0x42, 1, 0x04);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x0004);
	user_write(test, 0x43, 1, 0x00);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x8004);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 4), 0x07060504);

	/* Failures leave the flag, and the data */
	fake->vpd_error = -ETIMEDOUT;
	user_write(test, 0x42, 2, 0x0010);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x0010);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 4), 0x07060504);
	user_write(test, 0x42, 2, 0x8010);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x8010);
	fake->vpd_error = 0;
	user_write(test, 0x42, 2, 0x7ffc);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x7ffc);

	/* Hardware was not touched */
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
}

/* The data register would lie behind the end of the first 256 bytes */
static void vpd_is_cut_off(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake->pdev->cfg_size = PCI_CFG_SPACE_SIZE;
	fake_cap(test, 0xfc, PCI_CAP_ID_VPD, 0, 0);
	fake_open(test);
	user_write(test, 0xfe, 2, 0);
	KUNIT_EXPECT_EQ(test, user_read(test, 0xfe, 2), 0);
}

static void msi_control(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	/* 8 vectors, 64 bit, maskable */
	open_with(test, PCI_CAP_ID_MSI, 0x0186, 24);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x0186);

	/* Not set up by SET_IRQS: neither enabled nor more than one */
	user_write(test, 0x42, 2, 0x0031);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x0186);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x42, 2), 0x0186);
	KUNIT_EXPECT_TRUE(test, fake->igate_was_locked);

	/* Set up with four vectors */
	fake->vdev->irq_type = VFIO_PCI_MSI_IRQ_INDEX;
	fake->vdev->msi_qmax = 2;
	user_write(test, 0x42, 2, 0x0031);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x01a7);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x42, 2), 0x01a7);
	user_write(test, 0x42, 1, 0x11);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x42, 2), 0x0197);
	user_write(test, 0x42, 1, 0);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x42, 2), 0x0186);

	/* The high byte is read-only, and no hook cares */
	fake_forget(test);
	user_write(test, 0x43, 1, 0xff);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);

	/* Another type is enabled */
	fake->vdev->irq_type = VFIO_PCI_MSIX_IRQ_INDEX;
	user_write(test, 0x42, 2, 0x0001);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x42, 2), 0x0186);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x42, 2), 0x0186);
}

static void msi_registers(struct kunit *test)
{
	static const struct {
		u16 flags;
		unsigned int len, data, mask;
	} kinds[] = {
		{ 0, 10, 8, 0 },
		{ PCI_MSI_FLAGS_64BIT, 14, 12, 0 },
		{ PCI_MSI_FLAGS_MASKBIT, 20, 8, 12 },
		{ PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT, 24, 12, 16 },
	};
	struct fake_cfg *fake = test->priv;
	unsigned int i, pos;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		vfio_pci_config_free(fake->vdev);
		memset(fake->space + 0x40, 0, 0x40);
		memset(fake->writable + 0x40, 0, 0x40);
		fake_forget(test);
		fake_put(test, PCI_CAPABILITY_LIST, 1, 0);
		open_with(test, PCI_CAP_ID_MSI, kinds[i].flags, kinds[i].len);

		/* Address and data are what the user wrote, hardware has the host's */
		for (pos = 0x44; pos < 0x40 + kinds[i].data; pos += 4) {
			user_write(test, pos, 4, 0xfee01234);
			KUNIT_EXPECT_EQ(test, user_read(test, pos, 4), 0xfee01234);
			KUNIT_EXPECT_EQ(test, fake_get(test, pos, 4), 0);
		}
		user_write(test, 0x40 + kinds[i].data, 2, 0x4321);
		KUNIT_EXPECT_EQ(test, user_read(test, 0x40 + kinds[i].data, 2), 0x4321);
		KUNIT_EXPECT_EQ(test, fake->writes, 0);

		if (!kinds[i].mask)
			continue;
		KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x40 + kinds[i].mask), ~0U);
		KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x44 + kinds[i].mask), ~0U);
	}
}

static void pcix(struct kunit *test)
{
	open_with(test, PCI_CAP_ID_PCIX, 0x2000, 24);
	user_write(test, 0x42, 2, 0x200f);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x42, 2), 0x200f);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x44), 0);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x48), ~0U);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x4c), 0);
}

static void vendor(struct kunit *test)
{
	open_with(test, PCI_CAP_ID_VNDR, 0x0c, 12);
	fake_put(test, 0x48, 4, 0x12345678);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 4), 0x12345678);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x44), ~0U);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x48), ~0U);
	user_write(test, 0x43, 1, 0xab);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x40, 4), 0xab0c0009);
}

/* ---- PCI Express */

static void exp_device_control(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	/* The hierarchy has 256 bytes of payload */
	fake_put(test, 0x48, 2, 0x2020);
	open_with(test, PCI_CAP_ID_EXP, 2, 52);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 2), 0x2020);

	/* Status next to it has to be cleared by the host */
	fake_status(test, 0x4a, 2, 0xf);
	fake_allow(test, 0x4a, 2, 0);
	fake_put(test, 0x4a, 2, 0xf);
	user_write(test, 0x48, 4, 0xffff2f3f);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x48, 4), 0x000f2d3f);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 4), 0x000f2d3f);

	/* Payload is remembered only */
	user_write(test, 0x48, 2, 0x20a0);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 2), 0x20a0);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x48, 2), 0x2020);

	/* Requests of 1024 bytes, then of fewer than the payload */
	fake_forget(test);
	user_write(test, 0x48, 2, 0x30a0);
	KUNIT_EXPECT_EQ(test, fake->readrq, 1024);
	user_write(test, 0x48, 2, 0x00a0);
	KUNIT_EXPECT_EQ(test, fake->readrq, 256);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 2), 0x00a0);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_READRQ, FAKE_WRITE, FAKE_READRQ);
	fake_forget(test);
	user_write(test, 0x48, 2, 0x00a0);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE);
}

static void exp_rest(struct kunit *test)
{
	unsigned int off;

	open_with(test, PCI_CAP_ID_EXP, 2, 52);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x40 + PCI_EXP_DEVCTL2), 0xffdf);
	for (off = PCI_EXP_DEVCAP; off < 52; off += 4) {
		if (off == PCI_EXP_DEVCTL || off == PCI_EXP_DEVCTL2)
			continue;
		KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x40 + off), 0);
	}
}

static void exp_flr(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	open_with(test, PCI_CAP_ID_EXP, 2, 52);
	fake_allow(test, 0x44, 4, 0);

	/* Not advertised */
	user_write(test, 0x48, 2, PCI_EXP_DEVCTL_BCR_FLR);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 2), 0);

	fake_put(test, 0x44, 4, PCI_EXP_DEVCAP_FLR);
	fake_forget(test);
	user_write(test, 0x48, 2, PCI_EXP_DEVCTL_BCR_FLR);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_RESET);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x48, 2), 0);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x48, 2), 0);

	fake_forget(test);
	user_write(test, 0x49, 1, PCI_EXP_DEVCTL_BCR_FLR >> 8);
	KUNIT_EXPECT_EQ(test, fake->events[fake->num_events - 1], FAKE_RESET);

	/* Not when another byte of the dword has that bit */
	fake_forget(test);
	user_write(test, 0x48, 1, 0x80);
	user_write(test, 0x4a, 2, 0x8000);
	user_write(test, 0x48, 2, 0x7fff);
	user_write(test, 0x48, 2, 0x7fff);
	KUNIT_EXPECT_NE(test, fake->events[fake->num_events - 1], FAKE_RESET);
	KUNIT_EXPECT_EQ(test, fake->events[0], FAKE_WRITE);
}

static void af_flr(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	open_with(test, PCI_CAP_ID_AF, 6, 6);
	fake_allow(test, 0x42, 2, 0);
	user_write(test, 0x44, 1, PCI_AF_CTRL_FLR);
	KUNIT_EXPECT_EQ(test, fake->num_events, 0);

	fake_put(test, 0x43, 1, PCI_AF_CAP_FLR);
	user_write(test, 0x44, 1, PCI_AF_CTRL_FLR);
	KUNIT_EXPECT_EQ(test, fake->num_events, 0);

	fake_put(test, 0x43, 1, PCI_AF_CAP_FLR | PCI_AF_CAP_TP);
	user_write(test, 0x44, 1, 0xfe);
	KUNIT_EXPECT_EQ(test, fake->num_events, 0);
	user_write(test, 0x44, 1, 0xff);
	FAKE_EXPECT_EVENTS(test, FAKE_RESET);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 1), 0);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
}

/* ---- Extended ones */

static void aer(struct kunit *test)
{
	open_with_ext(test, PCI_EXT_CAP_ID_ERR, 44);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x100 + PCI_ERR_UNCOR_MASK), 0x03fff031);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x100 + PCI_ERR_UNCOR_SEVER), 0x03fff031);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x100 + PCI_ERR_COR_MASK), 0xf1c1);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x100 + PCI_ERR_CAP), 0x140);
	KUNIT_EXPECT_EQ(test, reaches_hw(test, 0x100 + PCI_ERR_HEADER_LOG), 0);

	/* The user clears what is the user's, everything else remains */
	fake_allow(test, 0x104, 4, 0);
	fake_status(test, 0x104, 4, ~0U);
	fake_put(test, 0x104, 4, ~0U);
	user_write(test, 0x104, 4, 0x00001000);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x104, 4), ~0x00001000U);
	user_write(test, 0x104, 4, ~0U);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x104, 4), ~0x03fff031U);

	fake_allow(test, 0x110, 4, 0);
	fake_status(test, 0x110, 4, ~0U);
	fake_put(test, 0x110, 4, ~0U);
	user_write(test, 0x110, 4, ~0U);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x110, 4), ~0xf1c1U);
}

static void ext_permissions(struct kunit *test)
{
	static const struct {
		u16 id;
		u32 dword1, reaches[3];
	} caps[] = {
		{ PCI_EXT_CAP_ID_PWR, 0, { 0, 0xff, 0 } },
		{ PCI_EXT_CAP_ID_VNDR, 0x01000000, { ~0U, ~0U, ~0U } },
		{ PCI_EXT_CAP_ID_DVSEC, 0x01000000, { ~0U, ~0U, ~0U } },
		{ PCI_EXT_CAP_ID_SRIOV, 0, { 0, 0, 0 } },
		{ PCI_EXT_CAP_ID_PRI, 0, { 0, 0, 0 } },
		{ PCI_EXT_CAP_ID_REBAR, 0, { 0, 0, ~0U } },
		{ PCI_EXT_CAP_ID_VC, 0, { 0, 0, 0 } },
		{ PCI_EXT_CAP_ID_PASID, 0, { ~0U, ~0U, ~0U } },
	};
	struct fake_cfg *fake = test->priv;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		vfio_pci_config_free(fake->vdev);
		fake_forget(test);
		fake_put(test, PCI_CAPABILITY_LIST, 1, 0);
		fake_put(test, 0x104, 4, caps[i].dword1);
		/* One BAR can be resized */
		fake_put(test, 0x108, 4, 0x20);
		open_with_ext(test, caps[i].id, 16);
		user_write(test, 0x100, 4, 0);
		KUNIT_EXPECT_EQ(test, fake_get(test, 0x100, 2), caps[i].id);
		for (j = 0; j < 3; j++)
			KUNIT_EXPECT_EQ_MSG(test, reaches_hw(test, 0x104 + 4 * j),
					    caps[i].reaches[j], "row %u dword %u", i, j + 1);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(readonly_caps),
	KUNIT_CASE(pm_state),
	KUNIT_CASE(vpd_transfers),
	KUNIT_CASE(vpd_is_cut_off),
	KUNIT_CASE(msi_control),
	KUNIT_CASE(msi_registers),
	KUNIT_CASE(pcix),
	KUNIT_CASE(vendor),
	KUNIT_CASE(exp_device_control),
	KUNIT_CASE(exp_rest),
	KUNIT_CASE(exp_flr),
	KUNIT_CASE(af_flr),
	KUNIT_CASE(aer),
	KUNIT_CASE(ext_permissions),
	{ }
};

static struct kunit_suite suite = {
	.name = "vfio_pci_cfg_emul",
	.init = fake_cfg_init,
	.exit = fake_cfg_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
