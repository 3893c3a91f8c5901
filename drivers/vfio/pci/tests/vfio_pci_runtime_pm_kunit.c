// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of runtime power management: who holds a reference when, what the
 * callbacks leave behind, and a device that does not wake up any more.
 *
 * The device is made up.  A PM domain stands in for the PCI core around the
 * callbacks, and decides whether the device wakes up.
 */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/pci.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/unaligned.h>

#include "../../vfio.h"
#include "../vfio_pci_priv.h"

/**
 * struct fake - A PCI function that can sleep
 * @vdev: the device under test
 * @pdev: its PCI device
 * @inode: owner of its mappings, of which there are none
 * @domain: what runtime PM calls
 * @resume_error: what waking up ends with
 * @command: the hardware's command register
 * @vconfig: the user's view
 */
struct fake {
	struct vfio_pci_core_device vdev;
	struct pci_dev pdev;
	struct inode inode;
	struct dev_pm_domain domain;
	int resume_error;
	u16 command;
	u8 vconfig[PCI_STD_HEADER_SIZEOF];
};

static int fake_read(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		     u32 *val)
{
	struct fake *fake = container_of(vdev, struct fake, vdev);

	if (pos != PCI_COMMAND || len != 2)
		return -EINVAL;
	*val = fake->command;
	return 0;
}

static int fake_write(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		      u32 val)
{
	struct fake *fake = container_of(vdev, struct fake, vdev);

	if (pos != PCI_COMMAND || len != 2)
		return -EINVAL;
	fake->command = val;
	return 0;
}

static const struct vfio_pci_cfg_host_ops fake_cfg = {
	.read = fake_read,
	.write = fake_write,
};

static int fake_suspend(struct device *dev)
{
	return vfio_pci_core_pm_ops.runtime_suspend(dev);
}

static int fake_resume(struct device *dev)
{
	struct fake *fake = container_of(dev, struct fake, pdev.dev);

	return fake->resume_error ?: vfio_pci_core_pm_ops.runtime_resume(dev);
}

static void fake_release(struct device *dev)
{
}

static void fake_put(void *arg)
{
	struct fake *fake = arg;

	pm_runtime_disable(&fake->pdev.dev);
	vfio_pci_irqs_destroy(&fake->vdev);
	vfio_dma_targets_exit(&fake->vdev.vdev);
	put_device(&fake->pdev.dev);
}

/* As after probe: awake, with a reference that the driver gives up */
static int fake_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	struct device *dev;

	if (!fake || vfio_dma_targets_init(&fake->vdev.vdev))
		return -ENOMEM;
	dev = &fake->pdev.dev;
	device_initialize(dev);
	dev->init_name = "kunit";
	dev->release = fake_release;
	fake->domain.ops.runtime_suspend = fake_suspend;
	fake->domain.ops.runtime_resume = fake_resume;
	dev->pm_domain = &fake->domain;

	fake->pdev.current_state = PCI_D0;
	address_space_init_once(&fake->inode.i_data);
	fake->inode.i_mapping = &fake->inode.i_data;
	fake->vdev.vdev.inode = &fake->inode;
	fake->vdev.pdev = &fake->pdev;
	fake->vdev.cfg_host = &fake_cfg;
	fake->vdev.vconfig = fake->vconfig;
	init_rwsem(&fake->vdev.memory_lock);
	vfio_pci_irqs_init(&fake->vdev);
	dev_set_drvdata(dev, &fake->vdev);
	put_unaligned_le16(PCI_COMMAND_MEMORY, fake->vconfig + PCI_COMMAND);
	fake->command = PCI_COMMAND_MEMORY;

	pm_runtime_set_active(dev);
	pm_runtime_enable(dev);
	test->priv = fake;
	return kunit_add_action_or_reset(test, fake_put, fake);
}

static int references(struct fake *fake)
{
	return atomic_read(&fake->pdev.dev.power.usage_count);
}

/* What becomes of the device when the last ioctl has returned */
static bool sleeps(struct fake *fake)
{
	struct device *dev = &fake->pdev.dev;

	pm_runtime_barrier(dev);
	pm_runtime_suspend(dev);
	return pm_runtime_suspended(dev);
}

static bool mappable(struct fake *fake)
{
	guard(rwsem_read)(&fake->vdev.memory_lock);

	return vfio_pci_memory_mappable(&fake->vdev);
}

static int enter(struct fake *fake)
{
	int ret = vfio_pci_wake(&fake->vdev);

	if (ret)
		return ret;
	ret = vfio_pci_low_power_enter(&fake->vdev, NULL);
	vfio_pci_let_sleep(&fake->vdev);
	return ret;
}

static int leave(struct fake *fake)
{
	int ret = vfio_pci_wake(&fake->vdev);

	if (ret)
		return ret;
	vfio_pci_low_power_exit(&fake->vdev);
	vfio_pci_let_sleep(&fake->vdev);
	return 0;
}

static void open_is_awake(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_FALSE(test, sleeps(fake));
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	vfio_pci_pm_end_use(&fake->vdev);
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	vfio_pci_pm_close(&fake->vdev);
	KUNIT_EXPECT_EQ(test, references(fake), 0);
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
}

static void low_power_is_balanced(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_EQ(test, leave(fake), 0);
	KUNIT_EXPECT_EQ(test, references(fake), 1);

	KUNIT_EXPECT_EQ(test, enter(fake), 0);
	KUNIT_EXPECT_EQ(test, references(fake), 0);
	KUNIT_EXPECT_EQ(test, enter(fake), -EINVAL);
	KUNIT_EXPECT_EQ(test, references(fake), 0);
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	KUNIT_EXPECT_EQ(test, enter(fake), -EINVAL);
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	KUNIT_EXPECT_TRUE(test, fake->vdev.pm_runtime_engaged);

	KUNIT_EXPECT_EQ(test, leave(fake), 0);
	KUNIT_EXPECT_EQ(test, leave(fake), 0);
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	KUNIT_EXPECT_FALSE(test, fake->vdev.pm_runtime_engaged);
	KUNIT_EXPECT_FALSE(test, sleeps(fake));

	/* Closed without leaving, asleep and awake */
	KUNIT_EXPECT_EQ(test, enter(fake), 0);
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	vfio_pci_pm_end_use(&fake->vdev);
	KUNIT_EXPECT_FALSE(test, fake->vdev.pm_runtime_engaged);
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	KUNIT_EXPECT_FALSE(test, sleeps(fake));
	KUNIT_EXPECT_EQ(test, enter(fake), 0);
	vfio_pci_pm_end_use(&fake->vdev);
	vfio_pci_pm_close(&fake->vdev);
	KUNIT_EXPECT_EQ(test, references(fake), 0);
}

/* The reference that keeps an idle device awake does not keep a used one so */
static void low_power_without_idle_d3(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->vdev.disable_idle_d3 = true;
	pm_runtime_get_noresume(&fake->pdev.dev);
	KUNIT_EXPECT_FALSE(test, sleeps(fake));
	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	KUNIT_EXPECT_EQ(test, enter(fake), 0);
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	vfio_pci_pm_end_use(&fake->vdev);
	vfio_pci_pm_close(&fake->vdev);
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	KUNIT_EXPECT_FALSE(test, sleeps(fake));
}

/* CVE-2020-12888: what nobody sees must not reach a device that may be asleep */
static void no_mapping_in_low_power(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_TRUE(test, mappable(fake));
	KUNIT_EXPECT_EQ(test, enter(fake), 0);
	KUNIT_EXPECT_FALSE(test, mappable(fake));
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	KUNIT_EXPECT_FALSE(test, mappable(fake));

	/* Awake for an access: reads and writes work, mappings do not */
	KUNIT_ASSERT_EQ(test, vfio_pci_wake(&fake->vdev), 0);
	KUNIT_EXPECT_FALSE(test, mappable(fake));
	down_read(&fake->vdev.memory_lock);
	KUNIT_EXPECT_TRUE(test, __vfio_pci_memory_enabled(&fake->vdev));
	up_read(&fake->vdev.memory_lock);
	vfio_pci_let_sleep(&fake->vdev);

	KUNIT_EXPECT_EQ(test, leave(fake), 0);
	KUNIT_EXPECT_TRUE(test, mappable(fake));
	vfio_pci_pm_end_use(&fake->vdev);
	vfio_pci_pm_close(&fake->vdev);
}

/* Saved and restored with decoding on, for the MSI-X table; the user sees off */
static void decodes_while_asleep(struct kunit *test)
{
	struct fake *fake = test->priv;
	static const u16 commands[] = { 0, PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		fake->command = commands[i];
		put_unaligned_le16(commands[i], fake->vconfig + PCI_COMMAND);
		KUNIT_EXPECT_EQ(test, enter(fake), 0);
		KUNIT_EXPECT_TRUE(test, sleeps(fake));
		KUNIT_EXPECT_EQ(test, fake->command, commands[i] | PCI_COMMAND_MEMORY);
		KUNIT_EXPECT_EQ(test, leave(fake), 0);
		KUNIT_EXPECT_EQ(test, fake->command, commands[i]);
		KUNIT_EXPECT_EQ(test, mappable(fake), !!(commands[i] & PCI_COMMAND_MEMORY));
	}
	vfio_pci_pm_end_use(&fake->vdev);
	vfio_pci_pm_close(&fake->vdev);
}

/* A device that nobody has open is left as it is */
static void idle_is_left_alone(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->command = 0;
	KUNIT_EXPECT_TRUE(test, sleeps(fake));
	KUNIT_EXPECT_EQ(test, fake->command, 0);
	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_EQ(test, fake->command, 0);
	vfio_pci_pm_end_use(&fake->vdev);
	vfio_pci_pm_close(&fake->vdev);
}

/* It does not come back: every access fails, none hangs, the close balances */
static void does_not_wake_up(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_EQ(test, enter(fake), 0);
	KUNIT_EXPECT_TRUE(test, sleeps(fake));

	fake->resume_error = -EIO;
	KUNIT_EXPECT_EQ(test, vfio_pci_wake(&fake->vdev), -EIO);
	KUNIT_EXPECT_EQ(test, vfio_pci_wake(&fake->vdev), -EIO);
	KUNIT_EXPECT_EQ(test, leave(fake), -EIO);
	KUNIT_EXPECT_FALSE(test, mappable(fake));
	KUNIT_EXPECT_EQ(test, references(fake), 0);

	vfio_pci_pm_end_use(&fake->vdev);
	KUNIT_EXPECT_FALSE(test, fake->vdev.pm_runtime_engaged);
	KUNIT_EXPECT_EQ(test, references(fake), 1);
	vfio_pci_pm_close(&fake->vdev);
	KUNIT_EXPECT_EQ(test, references(fake), 0);
	KUNIT_EXPECT_LT(test, vfio_pci_pm_open(&fake->vdev), 0);
	KUNIT_EXPECT_EQ(test, references(fake), 0);
}

static struct kunit_case vfio_pci_runtime_pm_cases[] = {
	KUNIT_CASE(open_is_awake),
	KUNIT_CASE(low_power_is_balanced),
	KUNIT_CASE(low_power_without_idle_d3),
	KUNIT_CASE(no_mapping_in_low_power),
	KUNIT_CASE(decodes_while_asleep),
	KUNIT_CASE(idle_is_left_alone),
	KUNIT_CASE(does_not_wake_up),
	{ }
};

static struct kunit_suite vfio_pci_runtime_pm_suite = {
	.name = "vfio-pci-runtime-pm",
	.init = fake_init,
	.test_cases = vfio_pci_runtime_pm_cases,
};

kunit_test_suite(vfio_pci_runtime_pm_suite);
