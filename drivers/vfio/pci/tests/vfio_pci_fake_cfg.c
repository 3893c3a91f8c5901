// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is nothing but a configuration space, for KUnit tests.
 *
 * It stands in for the host behind struct vfio_pci_cfg_host_ops, and for what
 * the hooks in vfio_pci_cfg_emul.c call.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>

#include "../../vfio.h"
#include "vfio_pci_fake_cfg.h"

/* Values little endian in the space, whatever the machine is */
static u32 gather(const u8 *at, unsigned int len)
{
	u32 val = 0;

	while (len--)
		val = val << 8 | at[len];
	return val;
}

static void scatter(u8 *at, unsigned int len, u32 val)
{
	for (; len--; val >>= 8)
		*at++ = val;
}

static struct fake_cfg *current_fake(void)
{
	return kunit_get_current_test()->priv;
}

static void note(enum fake_event event)
{
	struct fake_cfg *fake = current_fake();

	if (fake->num_events < FAKE_MAX_EVENTS)
		fake->events[fake->num_events++] = event;
}

static bool bad_access(struct fake_cfg *fake, unsigned int pos, unsigned int len)
{
	KUNIT_EXPECT_TRUE(kunit_get_current_test(), len == 1 || len == 2 || len == 4);
	KUNIT_EXPECT_EQ(kunit_get_current_test(), pos % len, 0);
	KUNIT_EXPECT_LE(kunit_get_current_test(), pos + len, fake->pdev->cfg_size);
	return fake->gone || pos + len > sizeof(fake->space) ||
	       (fake->fail_at >= (int)pos && fake->fail_at < (int)(pos + len));
}

static int fake_read(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		     u32 *val)
{
	struct fake_cfg *fake = current_fake();

	fake->reads++;
	if (bad_access(fake, pos, len))
		return -ENODEV;
	*val = gather(fake->space + pos, len);
	return 0;
}

static int fake_write(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		      u32 val)
{
	struct fake_cfg *fake = current_fake();
	unsigned int i;

	fake->writes++;
	fake->last_pos = pos;
	fake->last_len = len;
	fake->mem_was_locked = rwsem_is_locked(&vdev->memory_lock);
	fake->igate_was_locked = mutex_is_locked(&vdev->igate);
	note(FAKE_WRITE);
	if (bad_access(fake, pos, len))
		return -ENODEV;
	for (i = pos; i < pos + len; i++, val >>= 8) {
		fake->space[i] &= ~fake->writable[i];
		fake->space[i] |= val & fake->writable[i];
		fake->space[i] &= ~(val & fake->rw1c[i]);
	}
	return 0;
}

static int fake_vpd_read(struct vfio_pci_core_device *vdev, unsigned int addr, __le32 *data)
{
	struct fake_cfg *fake = current_fake();

	if (addr > sizeof(fake->vpd) - sizeof(*data))
		return -EINVAL;
	if (fake->vpd_error)
		return fake->vpd_error;
	memcpy(data, fake->vpd + addr, sizeof(*data));
	return 0;
}

static int fake_vpd_write(struct vfio_pci_core_device *vdev, unsigned int addr, __le32 data)
{
	struct fake_cfg *fake = current_fake();

	if (addr > sizeof(fake->vpd) - sizeof(data))
		return -EINVAL;
	if (fake->vpd_error)
		return fake->vpd_error;
	memcpy(fake->vpd + addr, &data, sizeof(data));
	return 0;
}

static int fake_set_readrq(struct vfio_pci_core_device *vdev, unsigned int bytes)
{
	note(FAKE_READRQ);
	current_fake()->readrq = bytes;
	return 0;
}

static const struct vfio_pci_cfg_host_ops fake_ops = {
	.read = fake_read,
	.write = fake_write,
	.vpd_read = fake_vpd_read,
	.vpd_write = fake_vpd_write,
	.set_readrq = fake_set_readrq,
};

static void fake_zap_and_lock(struct vfio_pci_core_device *vdev)
{
	down_write(&vdev->memory_lock);
	note(FAKE_ZAP);
}

static void fake_disable_intx(struct vfio_pci_core_device *vdev, bool disable)
{
	/* The real one takes both, config writes must not hold them */
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), rwsem_is_locked(&vdev->memory_lock));
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), mutex_is_locked(&vdev->igate));
	note(disable ? FAKE_INTX_OFF : FAKE_INTX_ON);
}

static void fake_set_power(struct vfio_pci_core_device *vdev, pci_power_t state)
{
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), rwsem_is_locked(&vdev->memory_lock));
	current_fake()->power = state;
	note(FAKE_POWER);
}

static void fake_reset(struct vfio_pci_core_device *vdev)
{
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), rwsem_is_locked(&vdev->memory_lock));
	note(FAKE_RESET);
}

/**
 * fake_cfg_init() - init of a suite: a device that has a header, not open yet
 * @test: test, gets the struct fake_cfg in its priv
 *
 * Return: 0; does not return when memory is short.
 */
int fake_cfg_init(struct kunit *test)
{
	struct fake_cfg *fake;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->vdev = kunit_kzalloc(test, sizeof(*fake->vdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->vdev);
	fake->pdev = kunit_kzalloc(test, sizeof(*fake->pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->pdev);
	KUNIT_ASSERT_EQ(test, vfio_dma_targets_init(&fake->vdev->vdev), 0);
	test->priv = fake;

	fake->fail_at = -1;
	fake->pdev->dev.init_name = "fake";
	fake->pdev->vendor = 0x1234;
	fake->pdev->device = 0x5678;
	fake->pdev->cfg_size = PCI_CFG_SPACE_EXP_SIZE;

	fake->vdev->pdev = fake->pdev;
	fake->vdev->cfg_host = &fake_ops;
	fake->vdev->irq_type = VFIO_PCI_NUM_IRQS;
	fake->vdev->has_intx = true;
	init_rwsem(&fake->vdev->memory_lock);
	mutex_init(&fake->vdev->igate);

	fake_put(test, PCI_VENDOR_ID, 4, 0x56781234);
	fake_put(test, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	fake_put(test, PCI_CLASS_REVISION, 4, 0x02000001);
	fake_put(test, PCI_INTERRUPT_LINE, 4, 0x4030010b);
	fake_allow(test, PCI_COMMAND, 2, 0x0547);
	fake_status(test, PCI_STATUS, 2, 0xf900);

	kunit_activate_static_stub(test, vfio_pci_cfg_zap_and_lock, fake_zap_and_lock);
	kunit_activate_static_stub(test, vfio_pci_cfg_disable_intx, fake_disable_intx);
	kunit_activate_static_stub(test, vfio_pci_cfg_set_power, fake_set_power);
	kunit_activate_static_stub(test, vfio_pci_cfg_reset, fake_reset);
	return 0;
}

/**
 * fake_cfg_exit() - exit of a suite: close the device
 * @test: test; nothing may be left locked
 */
void fake_cfg_exit(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	KUNIT_EXPECT_FALSE(test, rwsem_is_locked(&fake->vdev->memory_lock));
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fake->vdev->igate));
	vfio_pci_config_free(fake->vdev);
	vfio_dma_targets_exit(&fake->vdev->vdev);
}

/**
 * fake_open() - Make the virtual configuration space
 * @test: test that has finished the hardware
 *
 * Opening a device must not write to it.
 */
void fake_open(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	KUNIT_ASSERT_EQ(test, vfio_pci_config_init(fake->vdev), 0);
	KUNIT_EXPECT_EQ(test, fake->writes, 0);
	fake_forget(test);
}

/**
 * fake_reopen() - Make it again, of hardware that has changed
 * @test: test
 */
void fake_reopen(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	vfio_pci_config_free(fake->vdev);
	fake_forget(test);
	fake_open(test);
}

/* Forget what has been counted */
void fake_forget(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake->reads = 0;
	fake->writes = 0;
	fake->num_events = 0;
}

/* What hardware has */
void fake_put(struct kunit *test, unsigned int pos, unsigned int len, u32 val)
{
	struct fake_cfg *fake = test->priv;

	scatter(fake->space + pos, len, val);
}

u32 fake_get(struct kunit *test, unsigned int pos, unsigned int len)
{
	struct fake_cfg *fake = test->priv;

	return gather(fake->space + pos, len);
}

/* Bits that can be written in hardware */
void fake_allow(struct kunit *test, unsigned int pos, unsigned int len, u32 bits)
{
	struct fake_cfg *fake = test->priv;

	scatter(fake->writable + pos, len, bits);
}

/* Bits that hardware clears when a one is written */
void fake_status(struct kunit *test, unsigned int pos, unsigned int len, u32 bits)
{
	struct fake_cfg *fake = test->priv;

	scatter(fake->rw1c + pos, len, bits);
}

/* A capability; the list begins with the one that was added first */
void fake_cap(struct kunit *test, unsigned int pos, u8 id, u8 next, u16 flags)
{
	if (!fake_get(test, PCI_CAPABILITY_LIST, 1))
		fake_put(test, PCI_CAPABILITY_LIST, 1, pos);
	fake_put(test, pos, 4, id | next << 8 | (u32)flags << 16);
}

void fake_ext_cap(struct kunit *test, unsigned int pos, u16 id, u16 next)
{
	fake_put(test, pos, 4, id | 1 << 16 | (u32)next << 20);
}

/* A BAR in the header and its resource; @bar 6 is the ROM */
void fake_bar(struct kunit *test, unsigned int bar, u64 start, u64 len, unsigned long flags)
{
	struct fake_cfg *fake = test->priv;
	struct resource *res = &fake->pdev->resource[bar];
	u32 type = 0;

	res->start = start;
	res->end = start + len - 1;
	res->flags = flags;

	if (bar == PCI_ROM_RESOURCE) {
		fake_put(test, PCI_ROM_ADDRESS, 4, start);
		fake_allow(test, PCI_ROM_ADDRESS, 4, ~(len - 1) | PCI_ROM_ADDRESS_ENABLE);
		return;
	}

	if (flags & IORESOURCE_IO)
		type |= PCI_BASE_ADDRESS_SPACE_IO;
	if (flags & IORESOURCE_PREFETCH)
		type |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (flags & IORESOURCE_MEM_64) {
		type |= PCI_BASE_ADDRESS_MEM_TYPE_64;
		fake_put(test, PCI_BASE_ADDRESS_1 + 4 * bar, 4, start >> 32);
		fake_allow(test, PCI_BASE_ADDRESS_1 + 4 * bar, 4, ~(len - 1) >> 32);
	}
	fake_put(test, PCI_BASE_ADDRESS_0 + 4 * bar, 4, start | type);
	fake_allow(test, PCI_BASE_ADDRESS_0 + 4 * bar, 4, ~(len - 1) & ~0xfULL);
}

/* What the user sees, with no error */
u32 user_read(struct kunit *test, unsigned int pos, unsigned int len)
{
	struct fake_cfg *fake = test->priv;
	u8 buf[4] = { };

	KUNIT_EXPECT_EQ(test, vfio_pci_config_read(fake->vdev, pos, len, buf), 0);
	return gather(buf, len);
}

void user_write(struct kunit *test, unsigned int pos, unsigned int len, u32 val)
{
	struct fake_cfg *fake = test->priv;
	u8 buf[4];

	scatter(buf, len, val);
	KUNIT_EXPECT_EQ(test, vfio_pci_config_write(fake->vdev, pos, len, buf), 0);
}
