// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the virtual configuration space: how requests are cut, and the
 * standard header.
 */
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "vfio_pci_fake_cfg.h"

/* ---- Cutting a request */

static void raw_bytes_pass(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, 0x40, 4, 0x44434241);
	fake_put(test, 0x200, 4, 0xddccbbaa);
	fake_allow(test, 0x40, 4, ~0U);
	fake_allow(test, 0x200, 4, ~0U);
	fake_open(test);

	KUNIT_EXPECT_EQ(test, user_read(test, 0x40, 4), 0x44434241);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x200, 4), 0xddccbbaa);
	KUNIT_EXPECT_EQ(test, fake->reads, 2);

	user_write(test, 0x40, 4, 0x11223344);
	user_write(test, 0x202, 2, 0x5566);
	user_write(test, 0x201, 1, 0x77);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x40, 4), 0x11223344);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x200, 4), 0x556677aa);
	KUNIT_EXPECT_EQ(test, fake->writes, 3);
	/* Written as a whole, so there was nothing to merge */
	KUNIT_EXPECT_EQ(test, fake->reads, 2);
}

/* fake_read() and fake_write() check that each access is aligned */
static void unaligned_requests_are_cut(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	unsigned int off, len, i;
	u8 buf[16], want[16];

	for (i = 0; i < 32; i++)
		fake_put(test, 0x40 + i, 1, 0x80 + i);
	fake_allow(test, 0x40, 4, ~0U);
	fake_allow(test, 0x44, 4, ~0U);
	fake_open(test);

	for (off = 0; off < 8; off++) {
		for (len = 1; len <= sizeof(buf); len++) {
			memset(buf, 0, sizeof(buf));
			KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, 0x40 + off, len,
								   buf), 0);
			for (i = 0; i < len; i++)
				want[i] = 0x80 + off + i;
			KUNIT_EXPECT_MEMEQ(test, buf, want, len);
		}
	}

	fake_forget(test);
	user_write(test, 0x41, 4, 0x04030201);
	KUNIT_EXPECT_EQ(test, fake->writes, 3);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x40, 4), 0x03020180);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x44, 4), 0x87868504);
}

/* AF is six bytes long, the two behind it are nobody's */
static void pieces_end_with_the_capability(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_cap(test, 0x40, PCI_CAP_ID_AF, 0, 0);
	fake_put(test, 0x44, 4, 0xbbaa0200);
	fake_allow(test, 0x44, 4, ~0U);
	fake_open(test);

	KUNIT_EXPECT_EQ(test, user_read(test, 0x44, 4), 0xbbaa0200);
	KUNIT_EXPECT_EQ(test, fake->reads, 2);
	user_write(test, 0x44, 4, 0x11223300);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0x44, 4), 0x11220200);
}

static void virtual_dwords_spare_hardware(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	u8 buf[0x18];

	fake_open(test);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, PCI_VENDOR_ID, 4, buf), 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, PCI_BASE_ADDRESS_0, 0x18, buf), 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, PCI_INTERRUPT_LINE, 2, buf), 0);
	KUNIT_EXPECT_EQ(test, fake->reads, 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, PCI_INTERRUPT_LINE, 4, buf), 0);
	KUNIT_EXPECT_EQ(test, fake->reads, 1);
}

/* One that a driver has set aside for its user */
static void a_dword_is_set_aside(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, 0xf8, 4, 0x11223344);
	fake_put(test, 0xfc, 4, 0x55667788);
	fake_allow(test, 0xfc, 4, ~0U);
	/* Also where a capability has it */
	fake_cap(test, 0xf4, PCI_CAP_ID_VNDR, 0, 12);
	fake_open(test);

	KUNIT_EXPECT_EQ(test, vfio_pci_config_virtualise_dword(fake->vdev, 0xfd, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_virtualise_dword(fake->vdev, 0x3c, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_virtualise_dword(fake->vdev, 0x1000, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_virtualise_dword(fake->vdev, ~3U, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_virtualise_dword(fake->vdev, 0xfc, 0xfeed), 0);
	fake_forget(test);

	KUNIT_EXPECT_EQ(test, user_read(test, 0xfc, 4), 0xfeed);
	user_write(test, 0xfd, 2, 0xabcd);
	user_write(test, 0xff, 1, 0x12);
	KUNIT_EXPECT_EQ(test, user_read(test, 0xfc, 4), 0x12abcded);
	KUNIT_EXPECT_EQ(test, user_read(test, 0xfe, 1), 0xab);
	KUNIT_EXPECT_EQ(test, fake->reads + fake->writes, 0);
	KUNIT_EXPECT_EQ(test, fake_get(test, 0xfc, 4), 0x55667788);
	KUNIT_EXPECT_EQ(test, user_read(test, 0xf8, 4), 0x11223344);
}

static void errors_of_hardware_are_reported(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	u8 buf[4] = { PCI_COMMAND_MEMORY };

	fake_put(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	fake_open(test);
	fake->fail_at = PCI_COMMAND;

	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, PCI_COMMAND, 2, buf), -ENODEV);
	/* Nothing has changed, nothing is locked, memory is as it was */
	buf[0] = 0;
	KUNIT_EXPECT_EQ(test, vfio_pci_config_write(fake->vdev, PCI_COMMAND, 1, buf), -ENODEV);
	KUNIT_EXPECT_FALSE(test, rwsem_is_locked(&fake->vdev->memory_lock));
	KUNIT_EXPECT_EQ(test, fake->vdev->vconfig[PCI_COMMAND], PCI_COMMAND_MEMORY);

	/* A device that does not answer cannot be opened */
	vfio_pci_config_free(fake->vdev);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_init(fake->vdev), -ENODEV);
	KUNIT_EXPECT_NULL(test, fake->vdev->cfg);
	KUNIT_EXPECT_NULL(test, fake->vdev->vconfig);
}

/* ---- The interface to user memory */

static void region_requests(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	const loff_t base = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX);
	static const struct {
		u32 pos;
		size_t count;
		ssize_t ret;
	} cases[] = {
		{ 0, 4096, 4096 }, { 0, 256, 256 }, { 4095, 1, 1 }, { 3, 130, 130 },
		{ 0, 4097, -EFAULT }, { 4095, 2, -EFAULT }, { 4096, 1, -EFAULT },
		{ 0, SIZE_MAX, -EFAULT }, { 4, SIZE_MAX - 3, -EFAULT }, { U32_MAX, 1, -EFAULT },
		{ 100, 0, 0 },
	};
	unsigned long mem;
	unsigned int i;
	loff_t pos;
	u32 id;

	mem = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(mem));
	fake_open(test);

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pos = base + cases[i].pos;
		KUNIT_EXPECT_EQ(test, vfio_pci_config_rw(fake->vdev, (char __user *)mem,
							 cases[i].count, &pos, false),
				cases[i].ret);
		KUNIT_EXPECT_EQ(test, pos, base + cases[i].pos + max(cases[i].ret, 0));
	}

	pos = base;
	KUNIT_EXPECT_EQ(test,
			vfio_pci_config_rw(fake->vdev, (char __user *)mem, 4, &pos, false), 4);
	KUNIT_EXPECT_EQ(test, get_user(id, (u32 __user *)mem), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu((__force __le32)id), 0x56781234);

	/* Memory that is not there */
	pos = base;
	KUNIT_EXPECT_EQ(test, vfio_pci_config_rw(fake->vdev, NULL, 4, &pos, false), -EFAULT);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_rw(fake->vdev, NULL, 4, &pos, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, pos, base);
}

static void single_pieces(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	static const struct {
		loff_t pos;
		size_t count;
		ssize_t ret;
	} cases[] = {
		{ 0, 256, 4 }, { 1, 255, 1 }, { 2, 254, 2 }, { 1, 256, -EFAULT },
		{ 0, 3, 2 }, { 0, 1, 1 },
		{ 255, 1, 1 }, { 0x44, 4, 2 }, { 255, 2, -EFAULT }, { 256, 1, -EFAULT },
		{ 0, 257, -EFAULT }, { -4, 4, -EFAULT }, { LLONG_MAX, 4, -EFAULT }, { 0, 0, 0 },
	};
	unsigned long mem;
	unsigned int i;
	loff_t pos;

	mem = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(mem));
	fake->pdev->cfg_size = PCI_CFG_SPACE_SIZE;
	fake_cap(test, 0x40, PCI_CAP_ID_AF, 0, 0);
	fake_open(test);

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pos = cases[i].pos;
		KUNIT_EXPECT_EQ(test, vfio_pci_config_rw_single(fake->vdev, (char __user *)mem,
								cases[i].count, &pos, false),
				cases[i].ret);
		KUNIT_EXPECT_EQ(test, pos, cases[i].pos);
	}
}

/* ---- The header */

static void ids_are_virtual(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_allow(test, PCI_VENDOR_ID, 4, ~0U);
	fake_open(test);
	user_write(test, PCI_VENDOR_ID, 4, 0xdeadbeef);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_VENDOR_ID, 4), 0x56781234);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
}

static void vf_header(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, PCI_VENDOR_ID, 4, ~0U);
	fake_allow(test, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	fake->pdev->is_virtfn = 1;
	fake->pdev->no_command_memory = 1;
	fake->vdev->has_intx = false;
	fake->pdev->resource[0] = DEFINE_RES_MEM(0x100000000ULL, 0x4000);
	fake->pdev->resource[0].flags |= IORESOURCE_MEM_64 | IORESOURCE_PREFETCH;
	fake_open(test);

	KUNIT_EXPECT_EQ(test, user_read(test, PCI_VENDOR_ID, 4), 0x56781234);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_INTERRUPT_PIN, 1), 0);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), PCI_COMMAND_MASTER);
	FAKE_EXPECT_EVENTS(test, FAKE_ZAP, FAKE_WRITE);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);

	/* The BARs of a VF are those in the SR-IOV capability of the PF */
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0xc);
	user_write(test, PCI_BASE_ADDRESS_0, 4, ~0U);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0xffffc00c);
}

/* A VF's own bit is hardwired, or it is not: then the user's word counts */
static void vf_memory_goes_through(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_allow(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	fake->pdev->is_virtfn = 1;
	fake->pdev->no_command_memory = 1;
	fake_open(test);

	/* As after a reset of the PF: on for the user, off in hardware */
	fake_put(test, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	user_write(test, PCI_COMMAND, 2, 0);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_COMMAND, 2), 0);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_ZAP, FAKE_WRITE);
}

static void command_goes_through(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_open(test);
	user_write(test, PCI_COMMAND, 2, 0xfbff);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_COMMAND, 2), 0x0147);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), 0x0147);
	KUNIT_EXPECT_TRUE(test, fake->mem_was_locked);

	/* Where bits above change, the real INTx Disable is put right after */
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_INTX_ON);
}

/* The interrupt handler owns the real bit: CVE-2024-26810, -27437 */
static void command_leaves_real_intx_disable(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	fake_open(test);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), 0);

	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_COMMAND, 2),
			PCI_COMMAND_INTX_DISABLE | PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), PCI_COMMAND_MASTER);
	/* The byte that has the bit in it was not even written */
	KUNIT_EXPECT_EQ(test, fake->last_pos, PCI_COMMAND);
	KUNIT_EXPECT_EQ(test, fake->last_len, 1);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE);
}

static void command_intx_disable_is_virtual(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_open(test);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), PCI_COMMAND_INTX_DISABLE);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_COMMAND, 2), 0);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_INTX_OFF);

	fake_forget(test);
	user_write(test, PCI_COMMAND + 1, 1, 0);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 2), 0);
	KUNIT_EXPECT_EQ(test, fake->num_events, 1);
	KUNIT_EXPECT_EQ(test, fake->events[0], FAKE_INTX_ON);
}

/* CVE-2020-12888: mappings go before decoding does, and nobody comes between */
static void command_memory_off_zaps_first(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	fake_open(test);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	FAKE_EXPECT_EVENTS(test, FAKE_ZAP, FAKE_WRITE);
	KUNIT_EXPECT_TRUE(test, fake->mem_was_locked);
	KUNIT_EXPECT_EQ(test, fake->vdev->vconfig[PCI_COMMAND], PCI_COMMAND_MASTER);

	/* Once only, and not when it comes back */
	fake_forget(test);
	user_write(test, PCI_COMMAND, 1, 0);
	user_write(test, PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	FAKE_EXPECT_EVENTS(test, FAKE_WRITE, FAKE_WRITE);
	KUNIT_EXPECT_TRUE(test, fake->mem_was_locked);
	KUNIT_EXPECT_EQ(test, fake->vdev->vconfig[PCI_COMMAND], PCI_COMMAND_MEMORY);
}

static void status_is_not_cleared(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, PCI_STATUS, 2, 0xf910);
	fake_cap(test, 0x40, PCI_CAP_ID_MSIX, 0, 0);
	fake_open(test);
	user_write(test, PCI_COMMAND, 4, 0xffff0000 | PCI_COMMAND_IO);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_STATUS, 2), 0xf910);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_COMMAND, 4), 0xf9100000 | PCI_COMMAND_IO);
	fake_forget(test);
	user_write(test, PCI_STATUS, 2, 0xffff);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
}

static void rest_of_the_header(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	unsigned int pos;

	for (pos = 0; pos < PCI_STD_HEADER_SIZEOF; pos += 4)
		if (pos != PCI_COMMAND)
			fake_allow(test, pos, 4, ~0U);
	fake_put(test, PCI_CACHE_LINE_SIZE, 4, 0x00801020);
	fake_put(test, PCI_SUBSYSTEM_VENDOR_ID, 4, 0xabcdef01);
	fake_cap(test, 0x40, PCI_CAP_ID_MSIX, 0, 0);
	fake_open(test);

	user_write(test, PCI_CACHE_LINE_SIZE, 4, ~0U);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_CACHE_LINE_SIZE, 4), 0xff80ffff);
	user_write(test, PCI_CLASS_REVISION, 4, ~0U);
	user_write(test, PCI_CARDBUS_CIS, 4, ~0U);
	user_write(test, PCI_SUBSYSTEM_VENDOR_ID, 4, ~0U);
	user_write(test, PCI_CAPABILITY_LIST, 4, ~0U);
	user_write(test, 0x38, 4, ~0U);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_CLASS_REVISION, 4), 0x02000001);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_CARDBUS_CIS, 4), 0);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_SUBSYSTEM_VENDOR_ID, 4), 0xabcdef01);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_CAPABILITY_LIST, 4), 0x40);
	KUNIT_EXPECT_EQ(test, user_read(test, 0x38, 4), 0);

	fake_forget(test);
	user_write(test, PCI_INTERRUPT_LINE, 4, ~0U);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_INTERRUPT_LINE, 4), 0x403001ff);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);

	/* The pin of a device whose INTx is hidden */
	fake->vdev->has_intx = false;
	fake_reopen(test);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_INTERRUPT_LINE, 4), 0x4030000b);
}

/* ---- BARs */

static u32 bar_size(struct kunit *test, unsigned int pos)
{
	user_write(test, pos, 4, ~0U);
	return user_read(test, pos, 4);
}

static void bars_can_be_sized(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_bar(test, 0, 0xfe000000, 0x20000, IORESOURCE_MEM);
	fake_bar(test, 1, 0xc000, 0x20, IORESOURCE_IO);
	fake_bar(test, 2, 0x3800000000ULL, 0x400000000ULL,
		 IORESOURCE_MEM | IORESOURCE_MEM_64 | IORESOURCE_PREFETCH);
	fake_bar(test, 4, 0xfd000000, 0x1000, IORESOURCE_MEM | IORESOURCE_PREFETCH);
	fake_bar(test, PCI_ROM_RESOURCE, 0xfc000000, 0x40000, IORESOURCE_MEM);
	fake_put(test, PCI_BASE_ADDRESS_5, 4, 0xdddd0000);
	fake_open(test);

	/* What the host has given to the device */
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0xfe000000);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_1, 4), 0xc001);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_2, 4), 0xc);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_3, 4), 0x38);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_4, 4), 0xfd000008);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_5, 4), 0);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_ROM_ADDRESS, 4), 0xfc000000);

	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_BASE_ADDRESS_0), 0xfffe0000);
	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_BASE_ADDRESS_1), 0xffffffe1);
	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_BASE_ADDRESS_2), 0x0000000c);
	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_BASE_ADDRESS_3), 0xfffffffc);
	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_BASE_ADDRESS_4), 0xfffff008);
	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_BASE_ADDRESS_5), 0);
	KUNIT_EXPECT_EQ(test, bar_size(test, PCI_ROM_ADDRESS), 0xfffc0001);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
	KUNIT_EXPECT_EQ(test, fake->reads, 0);
}

static void bars_can_be_moved(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_bar(test, 0, 0xfe000000, 0x20000, IORESOURCE_MEM | IORESOURCE_PREFETCH);
	fake_bar(test, 1, 0xc000, 0x40, IORESOURCE_IO);
	fake_open(test);

	user_write(test, PCI_BASE_ADDRESS_0, 4, 0x12345678);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0x12340008);
	user_write(test, PCI_BASE_ADDRESS_0 + 3, 1, 0xab);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0xab340008);
	user_write(test, PCI_BASE_ADDRESS_0 + 1, 2, 0xffff);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0xabfe0008);
	user_write(test, PCI_BASE_ADDRESS_0, 1, 0);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0xabfe0008);
	user_write(test, PCI_BASE_ADDRESS_1, 2, 0xd07f);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_1, 4), 0xd041);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_BASE_ADDRESS_0, 4), 0xfe000008);
}

/* A reset that the host has not seen */
static void lose_bars(struct kunit *test)
{
	fake_put(test, PCI_COMMAND, 2, 0);
	fake_put(test, PCI_BASE_ADDRESS_0, 4, 0);
	fake_put(test, PCI_BASE_ADDRESS_1, 4, 1);
	fake_put(test, PCI_ROM_ADDRESS, 4, 0);
	fake_forget(test);
}

static void lost_bars_are_restored(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_bar(test, 0, 0xfe000000, 0x20000, IORESOURCE_MEM);
	fake_bar(test, 1, 0xc000, 0x20, IORESOURCE_IO);
	fake_bar(test, PCI_ROM_RESOURCE, 0xfc000000, 0x40000, IORESOURCE_MEM);
	fake_put(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	fake_open(test);
	user_write(test, PCI_BASE_ADDRESS_0, 4, 0x10000000);

	lose_bars(test);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_BASE_ADDRESS_0, 4), 0);

	lose_bars(test);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_BASE_ADDRESS_0, 4), 0xfe000000);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_BASE_ADDRESS_1, 4), 0xc001);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_ROM_ADDRESS, 4), 0xfc000000);
	KUNIT_EXPECT_EQ(test, user_read(test, PCI_BASE_ADDRESS_0, 4), 0x10000000);
	/* Decoding comes last, then the real INTx Disable */
	KUNIT_EXPECT_EQ(test, fake->last_pos, PCI_COMMAND);
	KUNIT_EXPECT_EQ(test, fake->events[fake->num_events - 1], FAKE_INTX_ON);

	/* Nothing is written when nothing is lost */
	fake_forget(test);
	user_write(test, PCI_COMMAND, 1, 0);
	user_write(test, PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, fake->writes, 2);
}

static void broken_intx_stays_off(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake->vdev->nointx = true;
	fake->vdev->has_intx = false;
	fake_bar(test, 0, 0xfe000000, 0x20000, IORESOURCE_MEM);
	fake_put(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	fake_open(test);

	lose_bars(test);
	user_write(test, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	KUNIT_EXPECT_EQ(test, fake_get(test, PCI_COMMAND, 2),
			PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(raw_bytes_pass),
	KUNIT_CASE(unaligned_requests_are_cut),
	KUNIT_CASE(pieces_end_with_the_capability),
	KUNIT_CASE(virtual_dwords_spare_hardware),
	KUNIT_CASE(a_dword_is_set_aside),
	KUNIT_CASE(errors_of_hardware_are_reported),
	KUNIT_CASE(region_requests),
	KUNIT_CASE(single_pieces),
	KUNIT_CASE(ids_are_virtual),
	KUNIT_CASE(vf_header),
	KUNIT_CASE(vf_memory_goes_through),
	KUNIT_CASE(command_goes_through),
	KUNIT_CASE(command_leaves_real_intx_disable),
	KUNIT_CASE(command_intx_disable_is_virtual),
	KUNIT_CASE(command_memory_off_zaps_first),
	KUNIT_CASE(status_is_not_cleared),
	KUNIT_CASE(rest_of_the_header),
	KUNIT_CASE(bars_can_be_sized),
	KUNIT_CASE(bars_can_be_moved),
	KUNIT_CASE(lost_bars_are_restored),
	KUNIT_CASE(broken_intx_stays_off),
	{ }
};

static struct kunit_suite suite = {
	.name = "vfio_pci_config",
	.init = fake_cfg_init,
	.exit = fake_cfg_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
