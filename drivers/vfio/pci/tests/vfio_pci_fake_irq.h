/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI function with a configuration space and an interrupt line of its own,
 * for KUnit tests of the interrupt code: what the device and the interrupt
 * controller do, and what a user asks for.  fake_irq_init() makes it.
 *
 * No eventfd can be made here: INTx runs without a receiver, and what it does
 * shows in the INTx Disable bit and at the interrupt controller.  Delivery is
 * tested by the VFIO selftests.
 */
#ifndef VFIO_PCI_FAKE_IRQ_H
#define VFIO_PCI_FAKE_IRQ_H

#include <kunit/test.h>
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

/* The init function of a suite: test->priv is a struct fake */
int fake_irq_init(struct kunit *test);

/* ---- The device and its line */

static inline u16 command(struct fake *fake)
{
	return get_unaligned((u16 *)(fake->config + PCI_COMMAND));
}

static inline bool disintx(struct fake *fake)
{
	return command(fake) & PCI_COMMAND_INTX_DISABLE;
}

static inline void set_disintx(struct fake *fake, bool set)
{
	u16 cmd = command(fake) & ~PCI_COMMAND_INTX_DISABLE;

	put_unaligned(set ? cmd | PCI_COMMAND_INTX_DISABLE : cmd,
		      (u16 *)(fake->config + PCI_COMMAND));
}

/* The device asserts its INTx, or doesn't any more */
static inline void set_level(struct fake *fake, bool up)
{
	put_unaligned((u16)(up ? PCI_STATUS_INTERRUPT : 0), (u16 *)(fake->config + PCI_STATUS));
}

static inline void interrupt(struct fake *fake)
{
	generic_handle_irq_safe(fake->irq);
}

static inline bool line_disabled(struct fake *fake)
{
	return irqd_irq_disabled(irq_get_irq_data(fake->irq));
}

/* ---- Its user */

static inline int set_irqs(struct fake *fake, u32 flags, unsigned int index,
			   unsigned int start, unsigned int count, const void *data)
{
	return vfio_pci_set_irqs(&fake->vdev, flags, index, start, count, data);
}

/* One interrupt of INTx, no payload */
static inline int intx(struct fake *fake, u32 action)
{
	return set_irqs(fake, action | D_NONE, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, NULL);
}

static inline int intx_off(struct fake *fake)
{
	return set_irqs(fake, A_TRIGGER | D_NONE, VFIO_PCI_INTX_IRQ_INDEX, 0, 0, NULL);
}

static inline int intx_on(struct fake *fake)
{
	static const s32 nobody = -1;

	return set_irqs(fake, A_TRIGGER | D_EVENTFD, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &nobody);
}

#endif /* VFIO_PCI_FAKE_IRQ_H */
