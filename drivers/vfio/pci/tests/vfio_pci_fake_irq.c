// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI function of vfio_pci_fake_irq.h: its configuration space, and its
 * interrupt line, which nobody else handles.
 */
#include "vfio_pci_fake_irq.h"

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

static void fake_free_irq(void *arg)
{
	struct fake *fake = arg;

	vfio_pci_irqs_disable(&fake->vdev);
	vfio_pci_irqs_destroy(&fake->vdev);
	irq_free_desc(fake->irq);
}

int fake_irq_init(struct kunit *test)
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
