// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of INTx on a device that is not there: when it exists, and what masks
 * it - the interrupt controller where the device has a line for itself, the
 * INTx Disable bit where it shares one - through interrupts, sleep and reset.
 */
#include "vfio_pci_fake_irq.h"

/* ---- Is there an INTx? */

static unsigned int prepared_count(struct fake *fake)
{
	vfio_pci_intx_prepare(&fake->vdev);
	return vfio_pci_irq_count(&fake->vdev, VFIO_PCI_INTX_IRQ_INDEX);
}

static void info_of_intx(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, prepared_count(fake), IS_ENABLED(CONFIG_VFIO_PCI_INTX));
	KUNIT_EXPECT_FALSE(test, disintx(fake));

	fake->vdev.pci_2_3 = true;
	KUNIT_EXPECT_EQ(test, prepared_count(fake), IS_ENABLED(CONFIG_VFIO_PCI_INTX));
	KUNIT_EXPECT_TRUE(test, disintx(fake));

	fake->pdev.pin = 0;
	KUNIT_EXPECT_EQ(test, prepared_count(fake), 0);
	fake->pdev.pin = 1;
	fake->pdev.is_virtfn = 1;
	KUNIT_EXPECT_EQ(test, prepared_count(fake), 0);
	fake->pdev.is_virtfn = 0;
	fake->pdev.irq = 0;
	KUNIT_EXPECT_EQ(test, prepared_count(fake), 0);
	fake->pdev.irq = IRQ_NOTCONNECTED;
	KUNIT_EXPECT_EQ(test, prepared_count(fake), 0);
	fake->pdev.irq = fake->irq;
	fake->vdev.nointx = true;
	fake->vdev.pci_2_3 = false;
	set_disintx(fake, false);
	KUNIT_EXPECT_EQ(test, prepared_count(fake), 0);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
}

/* ---- INTx with a line of its own, masked at the interrupt controller */

static void exclusive_automasks(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_INTX_IRQ_INDEX);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));
	interrupt(fake);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));
	interrupt(fake);
	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_NUM_IRQS);
	KUNIT_EXPECT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));
}

/* CVE-2024-27437: the line is disabled once, however often it is masked */
static void exclusive_is_balanced(struct kunit *test)
{
	struct fake *fake = test->priv;
	static const u8 yes = 1, no;

	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	vfio_pci_intx_suspend(&fake->vdev);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	vfio_pci_intx_resume(&fake->vdev);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_BOOL, 0, 0, 1, &no), 0);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_BOOL, 0, 0, 1, &yes), 0);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));
	/* Too many enables would be a warning of the interrupt core */
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);

	/* Enabled while the user has DisINTx set: off, and by one step only */
	vfio_pci_intx_set_virtual_disable(&fake->vdev, true);
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));
}

/* Masked and unmasked while the device sleeps: the line is disabled once all the time */
static void exclusive_sleep(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct vfio_pci_core_device *vdev = &fake->vdev;

	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	vfio_pci_intx_suspend(vdev);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));

	vfio_pci_intx_suspend(vdev);
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));

	vfio_pci_intx_suspend(vdev);
	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	vfio_pci_intx_resume(vdev);
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));
}

/* CVE-2024-26810: the virtual DisINTx and SET_IRQS agree on who may unmask */
static void exclusive_virtual_disable(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, true);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	vfio_pci_intx_suspend(&fake->vdev);
	vfio_pci_intx_resume(&fake->vdev);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
	vfio_pci_intx_set_virtual_disable(&fake->vdev, true);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));

	/* Only a change of the bit does anything */
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_TRUE(test, line_disabled(fake));
}

/* ---- INTx on a shared line, masked by INTx Disable */

static struct fake *shared_on(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->vdev.pci_2_3 = true;
	vfio_pci_intx_prepare(&fake->vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	return fake;
}

static void shared_automasks(struct kunit *test)
{
	struct fake *fake = shared_on(test);

	KUNIT_EXPECT_FALSE(test, disintx(fake));
	interrupt(fake);
	KUNIT_EXPECT_FALSE_MSG(test, disintx(fake), "took an interrupt of somebody else");
	set_level(fake, true);
	interrupt(fake);
	KUNIT_EXPECT_TRUE(test, disintx(fake));

	/* Not served yet: delivered again, and still masked */
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	set_level(fake, false);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_FALSE(test, disintx(fake));
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));

	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	KUNIT_EXPECT_EQ(test, command(fake) & 0xff, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* Asserting before it is enabled: masked with the first delivery done */
static void shared_pending_at_enable(struct kunit *test)
{
	struct fake *fake = test->priv;

	set_level(fake, true);
	shared_on(test);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	set_level(fake, false);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_FALSE(test, disintx(fake));
}

static void shared_virtual_disable(struct kunit *test)
{
	struct fake *fake = shared_on(test);

	vfio_pci_intx_set_virtual_disable(&fake->vdev, true);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_FALSE(test, disintx(fake));

	/* Not enabled: the virtual bit does not let it onto the line */
	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, true);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
}

/* Somebody wrote an old INTx Disable bit back: a reset, or the user's command write */
static void shared_command_overwritten(struct kunit *test)
{
	struct fake *fake = shared_on(test);

	set_level(fake, true);
	interrupt(fake);
	set_disintx(fake, false);
	interrupt(fake);
	KUNIT_EXPECT_TRUE_MSG(test, disintx(fake), "interrupt storm");

	set_disintx(fake, false);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_TRUE(test, disintx(fake));

	set_level(fake, false);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	set_disintx(fake, true);
	vfio_pci_intx_set_virtual_disable(&fake->vdev, false);
	KUNIT_EXPECT_FALSE_MSG(test, disintx(fake), "interrupt lost for good");
}

/* A reset brings back INTx Disable from before a mask or an unmask */
static void shared_after_reset(struct kunit *test)
{
	struct fake *fake = shared_on(test);
	struct vfio_pci_core_device *vdev = &fake->vdev;

	set_disintx(fake, true);
	vfio_pci_intx_rewrite(vdev);
	KUNIT_EXPECT_FALSE_MSG(test, disintx(fake), "interrupt lost for good");

	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	set_disintx(fake, false);
	vfio_pci_intx_rewrite(vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));

	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	vfio_pci_intx_suspend(vdev);
	vfio_pci_intx_rewrite(vdev);
	KUNIT_EXPECT_TRUE_MSG(test, disintx(fake), "touched while it sleeps");
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_FALSE(test, disintx(fake));

	/* Nobody listens: off the line */
	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	set_disintx(fake, false);
	vfio_pci_intx_rewrite(vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
}

/* Runtime suspend masks, resume unmasks; in between nothing is written */
static void shared_sleep(struct kunit *test)
{
	struct fake *fake = shared_on(test);
	struct vfio_pci_core_device *vdev = &fake->vdev;

	vfio_pci_intx_suspend(vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_FALSE(test, disintx(fake));

	/* Without power its status reads as all ones, but the interrupt isn't its own */
	vfio_pci_intx_suspend(vdev);
	set_level(fake, true);
	set_disintx(fake, false);
	interrupt(fake);
	KUNIT_EXPECT_FALSE(test, disintx(fake));

	/* What is masked and unmasked now takes effect later */
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	KUNIT_EXPECT_FALSE(test, disintx(fake));
	set_level(fake, false);
	set_disintx(fake, true);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_FALSE(test, disintx(fake));

	vfio_pci_intx_suspend(vdev);
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), 0);
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);

	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	vfio_pci_intx_suspend(vdev);
	vfio_pci_intx_resume(vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
}

/* Asserting when the device wakes up: delivered, and masked with it */
static void shared_pending_at_resume(struct kunit *test)
{
	struct fake *fake = shared_on(test);

	vfio_pci_intx_suspend(&fake->vdev);
	set_level(fake, true);
	vfio_pci_intx_resume(&fake->vdev);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	set_level(fake, false);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), 0);
	KUNIT_EXPECT_FALSE(test, disintx(fake));
}

/* CVE-2024-26812: replacing and unbinding with nothing there, in any order */
static void shared_rebind(struct kunit *test)
{
	static const s32 nobody = -1;
	struct fake *fake = shared_on(test);

	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_EVENTFD, 0, 0, 1, &nobody), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_EVENTFD, 0, 0, 1, &nobody), 0);
	KUNIT_EXPECT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, intx(fake, A_TRIGGER), 0);
	KUNIT_EXPECT_FALSE(test, disintx(fake));
}

static void close_disables_everything(struct kunit *test)
{
	struct fake *fake = shared_on(test);

	vfio_pci_intx_set_virtual_disable(&fake->vdev, true);
	vfio_pci_irqs_disable(&fake->vdev);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_NUM_IRQS);
	KUNIT_EXPECT_FALSE(test, fake->vdev.virq_disabled);
	KUNIT_EXPECT_TRUE(test, disintx(fake));
	/* The next user begins with an interrupt that works */
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_FALSE(test, disintx(fake));
}

static struct kunit_case intx_cases[] = {
	KUNIT_CASE(info_of_intx),
	KUNIT_CASE(exclusive_automasks),
	KUNIT_CASE(exclusive_is_balanced),
	KUNIT_CASE(exclusive_sleep),
	KUNIT_CASE(exclusive_virtual_disable),
	KUNIT_CASE(shared_automasks),
	KUNIT_CASE(shared_pending_at_enable),
	KUNIT_CASE(shared_virtual_disable),
	KUNIT_CASE(shared_command_overwritten),
	KUNIT_CASE(shared_after_reset),
	KUNIT_CASE(shared_sleep),
	KUNIT_CASE(shared_pending_at_resume),
	KUNIT_CASE(shared_rebind),
	KUNIT_CASE(close_disables_everything),
	{}
};

static struct kunit_suite intx_suite = {
	.name = "vfio-pci-intx",
	.init = fake_irq_init,
	.test_cases = intx_cases,
};

kunit_test_suite(intx_suite);
