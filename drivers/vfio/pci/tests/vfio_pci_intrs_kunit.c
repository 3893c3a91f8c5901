// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the interrupt code: the table that decodes VFIO_DEVICE_SET_IRQS,
 * every errno that needs no hardware, and INTx on a made-up device with a
 * configuration space and an interrupt line of its own.
 *
 * No eventfd can be made here: INTx runs without a receiver, and what it does
 * shows in the INTx Disable bit and at the interrupt controller.  Delivery is
 * tested by the VFIO selftests.
 */
#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/pci.h>
#include <linux/unaligned.h>

#include "../vfio_pci_irq.h"
#include "../vfio_pci_priv.h"

#define D_NONE		VFIO_IRQ_SET_DATA_NONE
#define D_BOOL		VFIO_IRQ_SET_DATA_BOOL
#define D_EVENTFD	VFIO_IRQ_SET_DATA_EVENTFD
#define A_MASK		VFIO_IRQ_SET_ACTION_MASK
#define A_UNMASK	VFIO_IRQ_SET_ACTION_UNMASK
#define A_TRIGGER	VFIO_IRQ_SET_ACTION_TRIGGER

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

/* ---- a device that is not there */

/**
 * struct fake - A PCI function for INTx
 * @vdev: the device under test
 * @pdev: its PCI device
 * @bus: where @pdev sits, leads to @config
 * @config: configuration space
 * @irq: interrupt line, handled by nobody but us
 */
struct fake {
	struct vfio_pci_core_device vdev;
	struct pci_dev pdev;
	struct pci_bus bus;
	u8 config[64];
	int irq;
};

static int fake_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *val)
{
	struct fake *fake = container_of(bus, struct fake, bus);

	if (where < 0 || where + size > sizeof(fake->config))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	*val = 0;
	memcpy(val, fake->config + where, size);
	return PCIBIOS_SUCCESSFUL;
}

static int fake_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 val)
{
	struct fake *fake = container_of(bus, struct fake, bus);

	if (where < 0 || where + size > sizeof(fake->config))
		return PCIBIOS_BAD_REGISTER_NUMBER;
	memcpy(fake->config + where, &val, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops fake_ops = {
	.read = fake_read,
	.write = fake_write,
};

static u16 command(struct fake *fake)
{
	return get_unaligned((u16 *)(fake->config + PCI_COMMAND));
}

static bool disintx(struct fake *fake)
{
	return command(fake) & PCI_COMMAND_INTX_DISABLE;
}

static void set_disintx(struct fake *fake, bool set)
{
	u16 cmd = command(fake) & ~PCI_COMMAND_INTX_DISABLE;

	put_unaligned(set ? cmd | PCI_COMMAND_INTX_DISABLE : cmd,
		      (u16 *)(fake->config + PCI_COMMAND));
}

/* The device asserts its INTx, or doesn't any more */
static void set_level(struct fake *fake, bool up)
{
	put_unaligned((u16)(up ? PCI_STATUS_INTERRUPT : 0), (u16 *)(fake->config + PCI_STATUS));
}

static void interrupt(struct fake *fake)
{
	generic_handle_irq_safe(fake->irq);
}

static bool line_disabled(struct fake *fake)
{
	return irqd_irq_disabled(irq_get_irq_data(fake->irq));
}

static int set_irqs(struct fake *fake, u32 flags, unsigned int index, unsigned int start,
		    unsigned int count, const void *data)
{
	return vfio_pci_set_irqs(&fake->vdev, flags, index, start, count, data);
}

/* One interrupt of INTx, no payload */
static int intx(struct fake *fake, u32 action)
{
	return set_irqs(fake, action | D_NONE, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, NULL);
}

static int intx_off(struct fake *fake)
{
	return set_irqs(fake, A_TRIGGER | D_NONE, VFIO_PCI_INTX_IRQ_INDEX, 0, 0, NULL);
}

static int intx_on(struct fake *fake)
{
	static const s32 nobody = -1;

	return set_irqs(fake, A_TRIGGER | D_EVENTFD, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &nobody);
}

static void fake_free_irq(void *arg)
{
	struct fake *fake = arg;

	vfio_pci_irqs_disable(&fake->vdev);
	vfio_pci_irqs_destroy(&fake->vdev);
	irq_free_desc(fake->irq);
}

static int fake_init(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	if (!fake)
		return -ENOMEM;
	fake->irq = irq_alloc_desc(NUMA_NO_NODE);
	if (fake->irq < 0)
		return fake->irq;
	irq_set_chip_and_handler(fake->irq, &dummy_irq_chip, handle_level_irq);
	irq_clear_status_flags(fake->irq, IRQ_NOREQUEST | IRQ_NOAUTOEN);

	fake->bus.ops = &fake_ops;
	fake->pdev.bus = &fake->bus;
	fake->pdev.dev.init_name = "kunit";
	fake->pdev.error_state = pci_channel_io_normal;
	fake->pdev.current_state = PCI_D0;
	fake->pdev.irq = fake->irq;
	fake->pdev.pin = 1;
	put_unaligned((u16)(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER),
		      (u16 *)(fake->config + PCI_COMMAND));
	fake->vdev.pdev = &fake->pdev;
	vfio_pci_irqs_init(&fake->vdev);
	test->priv = fake;
	return kunit_add_action_or_reset(test, fake_free_irq, fake);
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

static struct kunit_suite intrs_decode_suite = {
	.name = "vfio-pci-irq-decode",
	.test_cases = intrs_decode_cases,
};

static struct kunit_suite intrs_suite = {
	.name = "vfio-pci-irqs",
	.init = fake_init,
	.test_cases = intrs_cases,
};

kunit_test_suites(&intrs_decode_suite, &intrs_suite);
