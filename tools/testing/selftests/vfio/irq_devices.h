/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the interrupt tests make the devices of the test machine raise an
 * interrupt with nothing but a register write, and no DMA of their own.
 */
#ifndef VFIO_IRQ_DEVICES_H
#define VFIO_IRQ_DEVICES_H

#include <libvfio.h>
#include <libvfio/edu.h>

/* What must not happen gets this long to happen all the same. */
#define QUIET_MS	150

/**
 * struct irq_device - how to raise interrupts
 * @kind: of the device, as in vfio_test_bdf()
 * @intx_assert: raise the INTx line, until @intx_deassert
 * @intx_deassert: lower it
 * @msi: raise the one MSI vector
 * @msix: raise this MSI-X vector
 */
struct irq_device {
	const char *kind;
	void (*intx_assert)(void *regs);
	void (*intx_deassert)(void *regs);
	void (*msi)(void *regs);
	void (*msix)(void *regs, unsigned int vector);
};

static inline void edu_irq_assert(void *regs)
{
	mmio_write32(regs, EDU_IRQ_RAISE, 1);
}

static inline void edu_irq_deassert(void *regs)
{
	mmio_write32(regs, EDU_IRQ_ACK, ~0u);
}

static inline void edu_irq_pulse(void *regs)
{
	edu_irq_assert(regs);
	edu_irq_deassert(regs);
}

/* 82574 data sheet, 10.2.4: a cause (ACK frame) that nothing else raises */
#define E1000E_ICR	0x00c0
#define E1000E_ICS	0x00c8
#define E1000E_IMS	0x00d0
#define E1000E_IMC	0x00d8
#define E1000E_ACK	(1u << 17)

static inline void e1000e_irq_assert(void *regs)
{
	mmio_write32(regs, E1000E_ICS, E1000E_ACK);
	mmio_write32(regs, E1000E_IMS, E1000E_ACK);
}

static inline void e1000e_irq_deassert(void *regs)
{
	mmio_write32(regs, E1000E_IMC, ~0u);
	mmio_write32(regs, E1000E_ICR, ~0u);
}

/* 82576 data sheet, 8.8 */
#define IGB_GPIE	0x1514
#define IGB_EICS	0x1520
#define IGB_EIMS	0x1524
#define IGB_EIAC	0x152c

static inline void igb_irq_msix(void *regs, unsigned int vector)
{
	/* multiple vectors, clear automatically */
	mmio_write32(regs, IGB_GPIE, 1u << 4 | 1u << 30 | 1u << 31);
	mmio_write32(regs, IGB_EIAC, 1u << vector);
	mmio_write32(regs, IGB_EIMS, 1u << vector);
	mmio_write32(regs, IGB_EICS, 1u << vector);
}

static const struct irq_device irq_edu = {
	.kind = "EDU",
	.intx_assert = edu_irq_assert,
	.intx_deassert = edu_irq_deassert,
	.msi = edu_irq_pulse,
};

static const struct irq_device irq_e1000e = {
	.kind = "E1000E",
	.intx_assert = e1000e_irq_assert,
	.intx_deassert = e1000e_irq_deassert,
};

static const struct irq_device irq_igb = {
	.kind = "IGB",
	.msix = igb_irq_msix,
};

/*
 * Bind a device anew, with an interrupt line for itself that is masked at the
 * interrupt controller, or as usual. The parameter is read at that time.
 */
static inline int irq_rebind(const char *bdf, bool exclusive)
{
	int ret;

	ret = sysfs_write_str("/sys/module/vfio_pci/parameters/nointxmask",
			      exclusive ? "Y" : "N");
	if (!ret)
		ret = pci_dev_unbind(bdf);
	if (!ret)
		ret = pci_dev_bind(bdf, "vfio-pci");
	return ret;
}

#endif /* VFIO_IRQ_DEVICES_H */
