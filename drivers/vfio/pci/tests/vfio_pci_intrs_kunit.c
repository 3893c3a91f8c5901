// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the interrupt code as a whole: the table that decodes
 * VFIO_DEVICE_SET_IRQS, every errno that needs no hardware, GET_IRQ_INFO, and
 * the notices to the user.
 */
#include <linux/bitops.h>

#include "vfio_pci_fake_irq.h"

/* ---- the table */

static bool decode_expected(unsigned int index, u32 action)
{
	if (index >= VFIO_PCI_NUM_IRQS)
		return false;
	return action == A_TRIGGER || index == VFIO_PCI_INTX_IRQ_INDEX;
}

static void decode_every_flag(struct kunit *test)
{
	enum vfio_pci_irq_data type;
	unsigned int index;
	u32 flags, action, data;
	bool expected;

	for (index = 0; index <= VFIO_PCI_NUM_IRQS; index++) {
		for (flags = 0; flags < BIT(6); flags++) {
			action = flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
			data = flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
			expected = hweight32(action) == 1 && hweight32(data) == 1 &&
				   decode_expected(index, action);
			KUNIT_EXPECT_EQ_MSG(test, expected,
					    !!vfio_pci_irq_decode(flags, index, &type),
					    "index %u, flags %#x", index, flags);
		}
	}
	KUNIT_EXPECT_NULL(test, vfio_pci_irq_decode(A_TRIGGER | D_NONE, U32_MAX, &type));
	KUNIT_EXPECT_NULL(test, vfio_pci_irq_decode(A_TRIGGER | D_NONE, BIT(31), &type));
}

static void decode_type(struct kunit *test)
{
	enum vfio_pci_irq_data type;

	KUNIT_ASSERT_NOT_NULL(test, vfio_pci_irq_decode(A_TRIGGER | D_NONE, 0, &type));
	KUNIT_EXPECT_EQ(test, type, VFIO_PCI_IRQ_NONE);
	KUNIT_ASSERT_NOT_NULL(test, vfio_pci_irq_decode(A_TRIGGER | D_BOOL, 1, &type));
	KUNIT_EXPECT_EQ(test, type, VFIO_PCI_IRQ_BOOL);
	KUNIT_ASSERT_NOT_NULL(test, vfio_pci_irq_decode(A_TRIGGER | D_EVENTFD, 4, &type));
	KUNIT_EXPECT_EQ(test, type, VFIO_PCI_IRQ_EVENTFD);
}

/* ---- what is refused */

static void refuses_when_nothing_is_enabled(struct kunit *test)
{
	static const u8 yes[] = { 1, 1 };
	struct fake *fake = test->priv;
	unsigned int index;

	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_NUM_IRQS);
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK), -EINVAL);
	KUNIT_EXPECT_EQ(test, intx(fake, A_UNMASK), -EINVAL);
	/* CVE-2024-26813, -26814, CVE-2026-46034: triggered before there is a trigger */
	for (index = VFIO_PCI_INTX_IRQ_INDEX; index <= VFIO_PCI_MSIX_IRQ_INDEX; index++) {
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, index, 0, 1, NULL),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_BOOL, index, 0, 1, yes),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, index, 0, 0, NULL),
				-EINVAL);
	}
}

static void refuses_unknown_combinations(struct kunit *test)
{
	static const s32 nobody = -1;
	struct fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_MASK | D_EVENTFD, VFIO_PCI_INTX_IRQ_INDEX, 0, 1,
				       &nobody), -EINVAL);
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_MASK | D_EVENTFD, VFIO_PCI_INTX_IRQ_INDEX, 0, 1,
				       &nobody), -ENOTTY);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_MASK | D_NONE, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, NULL),
			-ENOTTY);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_NONE, VFIO_PCI_ERR_IRQ_INDEX, 0, 1,
				       NULL), -ENOTTY);
	KUNIT_EXPECT_EQ(test, intx(fake, 0), -ENOTTY);
	KUNIT_EXPECT_EQ(test, intx(fake, A_MASK | A_TRIGGER), -ENOTTY);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, VFIO_PCI_NUM_IRQS, 0, 1, NULL),
			-ENOTTY);
}

static void refuses_other_types(struct kunit *test)
{
	static const s32 nobody = -1;
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				       &nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
				       &nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, VFIO_PCI_MSI_IRQ_INDEX, 0, 0,
				       NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_INTX_IRQ_INDEX);
	KUNIT_ASSERT_EQ(test, intx_off(fake), 0);

	fake->vdev.irq_type = VFIO_PCI_MSI_IRQ_INDEX;
	KUNIT_EXPECT_EQ(test, intx_on(fake), -EINVAL);
	KUNIT_EXPECT_EQ(test, intx_off(fake), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, VFIO_PCI_MSIX_IRQ_INDEX, 0, 0,
				       NULL), -EINVAL);
	fake->vdev.irq_type = VFIO_PCI_NUM_IRQS;
}

/* INTx is one interrupt.  The ioctl has made sure of it; we don't rely on that */
static void refuses_other_ranges_of_intx(struct kunit *test)
{
	static const s32 nobody[] = { -1, -1 };
	struct fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 0, 1, 1, nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 0, 0, 2, nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 0, 0, 0, NULL), -EINVAL);
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_MASK | D_NONE, 0, 1, 1, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_MASK | D_NONE, 0, 0, 0, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_NONE, 0, 0, 2, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_EVENTFD, 0, 0, 2, nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, 0, 0, 2, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_BOOL, 0, 0, 0, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_INTX_IRQ_INDEX);
}

/* A bad eventfd leaves everything as it was */
static void refuses_bad_eventfd(struct kunit *test)
{
	static const s32 bad = INT_MAX;
	struct fake *fake = test->priv;
	unsigned int index;

	/* CVE-2024-38632: the name must not leak when enabling fails */
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 0, 0, 1, &bad), -EBADF);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_NUM_IRQS);
	KUNIT_ASSERT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 0, 0, 1, &bad), -EBADF);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_UNMASK | D_EVENTFD, 0, 0, 1, &bad), -EBADF);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_INTX_IRQ_INDEX);
	KUNIT_EXPECT_FALSE(test, line_disabled(fake));

	for (index = VFIO_PCI_ERR_IRQ_INDEX; index <= VFIO_PCI_REQ_IRQ_INDEX; index++)
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, index, 0, 1, &bad),
				-EBADF);
}

static void refuses_without_a_line(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->pdev.irq = 0;
	KUNIT_EXPECT_EQ(test, intx_on(fake), -ENODEV);
	fake->pdev.irq = IRQ_NOTCONNECTED;
	KUNIT_EXPECT_EQ(test, intx_on(fake), -ENODEV);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_NUM_IRQS);
}

static irqreturn_t somebody_else(int irq, void *arg)
{
	return IRQ_NONE;
}

/* A device that can't share its line does not get one that is in use */
static void refuses_a_line_in_use(struct kunit *test)
{
	struct fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, request_irq(fake->irq, somebody_else, IRQF_SHARED, "kunit", test), 0);
	fake->vdev.pci_2_3 = false;
	KUNIT_EXPECT_EQ(test, intx_on(fake), -EBUSY);
	KUNIT_EXPECT_EQ(test, fake->vdev.irq_type, VFIO_PCI_NUM_IRQS);
	fake->vdev.pci_2_3 = true;
	KUNIT_EXPECT_EQ(test, intx_on(fake), 0);
	KUNIT_EXPECT_EQ(test, intx_off(fake), 0);
	free_irq(fake->irq, test);
}

/* CVE-2016-9083: the vectors of MSI, with nothing bound that needs hardware */
static void refuses_vectors_beyond(struct kunit *test)
{
	static const s32 nobody[] = { -1, -1 };
	struct fake *fake = test->priv;

	fake->vdev.irq_type = VFIO_PCI_MSI_IRQ_INDEX;
	fake->vdev.num_vectors = 4;
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 1, 2, 2, nobody), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 1, 3, 2, nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 1, 4, 1, nobody), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 1, U32_MAX, 2, nobody),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, 1, U32_MAX, 2, NULL), 0);

	/* MSI doesn't grow even if MSI-X could */
	fake->vdev.has_dyn_msix = true;
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 1, 4, 1, nobody), -EINVAL);
	fake->vdev.irq_type = VFIO_PCI_MSIX_IRQ_INDEX;
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 2, 4, 1, nobody), 0);
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 2, U32_MAX, 2, nobody),
			-EINVAL);

	fake->vdev.irq_type = VFIO_PCI_NUM_IRQS;
	KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, 1, U32_MAX, 2, nobody),
			-EINVAL);
}

/* ERR and REQ while nothing is set */
static void notices(struct kunit *test)
{
	static const s32 nobody = -1, nonsense = -2;
	static const u8 yes = 1, no;
	struct fake *fake = test->priv;
	unsigned int i;

	for (i = VFIO_PCI_ERR_IRQ_INDEX; i <= VFIO_PCI_REQ_IRQ_INDEX; i++) {
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, i, 0, 0, NULL), -EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_NONE, i, 0, 1, NULL), -EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_BOOL, i, 0, 0, NULL), -EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_BOOL, i, 0, 1, &yes), 0);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_BOOL, i, 0, 1, &no), 0);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, i, 0, 0, NULL),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, i, 0, 1, &nonsense),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, set_irqs(fake, A_TRIGGER | D_EVENTFD, i, 0, 1, &nobody), 0);
	}
	KUNIT_EXPECT_FALSE(test, vfio_pci_irq_signal_request(&fake->vdev));
	vfio_pci_irq_signal_error(&fake->vdev);
}

/* ---- GET_IRQ_INFO */

static void info(struct kunit *test)
{
	struct fake *fake = test->priv;
	struct vfio_pci_core_device *vdev = &fake->vdev;

	KUNIT_EXPECT_EQ(test, vfio_pci_irq_flags(vdev, VFIO_PCI_INTX_IRQ_INDEX),
			VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
			VFIO_IRQ_INFO_AUTOMASKED);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_flags(vdev, VFIO_PCI_MSI_IRQ_INDEX),
			VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_flags(vdev, VFIO_PCI_MSIX_IRQ_INDEX),
			VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE);
	vdev->has_dyn_msix = true;
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_flags(vdev, VFIO_PCI_MSIX_IRQ_INDEX),
			VFIO_IRQ_INFO_EVENTFD);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(vdev, VFIO_PCI_MSI_IRQ_INDEX), 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(vdev, VFIO_PCI_MSIX_IRQ_INDEX), 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(vdev, VFIO_PCI_ERR_IRQ_INDEX), 1);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(vdev, VFIO_PCI_REQ_IRQ_INDEX), 1);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(vdev, VFIO_PCI_NUM_IRQS), 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(vdev, U32_MAX), 0);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_flags(vdev, VFIO_PCI_NUM_IRQS), 0);
}

/* What the device says of its own size is not believed beyond the specification */
static void info_of_a_liar(struct kunit *test)
{
	struct fake *fake = test->priv;

	fake->pdev.msi_cap = 0x20;
	fake->pdev.msix_cap = 0x30;
	memset(fake->config + 0x20, 0xff, 0x20);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(&fake->vdev, VFIO_PCI_MSI_IRQ_INDEX), 32);
	KUNIT_EXPECT_EQ(test, vfio_pci_irq_count(&fake->vdev, VFIO_PCI_MSIX_IRQ_INDEX), 2048);
}

static struct kunit_case intrs_decode_cases[] = {
	KUNIT_CASE(decode_every_flag),
	KUNIT_CASE(decode_type),
	{}
};

static struct kunit_case intrs_cases[] = {
	KUNIT_CASE(refuses_when_nothing_is_enabled),
	KUNIT_CASE(refuses_unknown_combinations),
	KUNIT_CASE(refuses_other_types),
	KUNIT_CASE(refuses_other_ranges_of_intx),
	KUNIT_CASE(refuses_bad_eventfd),
	KUNIT_CASE(refuses_without_a_line),
	KUNIT_CASE(refuses_a_line_in_use),
	KUNIT_CASE(refuses_vectors_beyond),
	KUNIT_CASE(notices),
	KUNIT_CASE(info),
	KUNIT_CASE(info_of_a_liar),
	{}
};

static struct kunit_suite intrs_decode_suite = {
	.name = "vfio-pci-irq-decode",
	.test_cases = intrs_decode_cases,
};

static struct kunit_suite intrs_suite = {
	.name = "vfio-pci-irqs",
	.init = fake_irq_init,
	.test_cases = intrs_cases,
};

kunit_test_suites(&intrs_decode_suite, &intrs_suite);
