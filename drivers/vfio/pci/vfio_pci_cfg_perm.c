// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the user may do with each bit of configuration space, as constant
 * tables.
 *
 * The rules behind them: the user decides about what concerns the device
 * alone; what concerns the host (where the BARs are, interrupts, power, resets,
 * the link) is virtual or cannot be written.  Which registers need more than
 * masks stands in the tables, too; what they need in vfio_pci_cfg_emul.c.
 *
 * Needs no lock, all is constant.  Called by vfio_pci_config.c.
 */
#include <linux/array_size.h>
#include <linux/pci.h>

#include "vfio_pci_cfg.h"

#define ALL	0xffffffffU

/* Two registers of 16 bits that share a dword */
#define LOW(x)	((u32)(x))
#define HIGH(x)	((u32)(x) << 16)

/* Capability id and next pointer */
#define LIST	LOW(PCI_CAP_ID_MASK | PCI_CAP_LIST_NEXT_MASK)

/* The layout @name of the dwords name_regs and, behind them, of what is given */
#define LAYOUT(name, ...)							\
	static const struct vfio_pci_cfg_layout name = {			\
		.regs = name##_regs,						\
		.num_regs = ARRAY_SIZE(name##_regs),				\
		.rest = { __VA_ARGS__ },					\
	}

/* ---- The standard header (PCI 3.0 sec. 6.1, PCIe r6.0 sec. 7.5.1) */

#define HEADER_REGS(memory)								\
	[PCI_VENDOR_ID / 4] = { .virt = ALL },						\
	[PCI_COMMAND / 4] = {								\
		.virt = LOW(PCI_COMMAND_INTX_DISABLE | (memory)) |			\
			HIGH(PCI_STATUS_CAP_LIST),					\
		.write = LOW(0xffff),							\
		.emul = &vfio_pci_cfg_emul_command,					\
	},										\
	/* Cache line size, latency timer, BIST, but not the header type */		\
	[PCI_CACHE_LINE_SIZE / 4] = { .write = 0xff00ffff },				\
	[PCI_BASE_ADDRESS_0 / 4 ... PCI_BASE_ADDRESS_5 / 4] = {				\
		.virt = ALL, .write = ALL, .emul = &vfio_pci_cfg_emul_bar,		\
	},										\
	[PCI_ROM_ADDRESS / 4] = {							\
		.virt = ALL, .write = ALL, .emul = &vfio_pci_cfg_emul_bar,		\
	},										\
	[PCI_CAPABILITY_LIST / 4] = { .virt = 0xff },					\
	/* Interrupt line and pin */							\
	[PCI_INTERRUPT_LINE / 4] = { .virt = 0xffff, .write = 0xff }

static const struct vfio_pci_cfg_reg header_regs[] = { HEADER_REGS(0) };

static_assert(ARRAY_SIZE(header_regs) == PCI_STD_HEADER_SIZEOF / 4);
LAYOUT(header);

/* A device whose command register lacks Memory Enable reads back what was written */
static const struct vfio_pci_cfg_reg header_no_memory_regs[] = {
	HEADER_REGS(PCI_COMMAND_MEMORY)
};

static_assert(ARRAY_SIZE(header_no_memory_regs) == PCI_STD_HEADER_SIZEOF / 4);
LAYOUT(header_no_memory);

/* Bytes that belong to nothing the user is shown */
static const struct vfio_pci_cfg_layout raw = { .rest = { .write = ALL } };

/* A dword that the host has set aside for the user, vfio_pci_config_virtualise_dword() */
const struct vfio_pci_cfg_layout vfio_pci_cfg_layout_virtual = {
	.rest = { .virt = ALL, .write = ALL },
};

/* ---- Capabilities */

/* AGP, HyperTransport, SATA, MSI-X */
static const struct vfio_pci_cfg_reg readonly_regs[] = {
	{ .virt = LIST },
};

LAYOUT(readonly);

/* PCI PM 1.2 sec. 3.2: no wake events, the power state through the host */
#define PM_EVENT	(PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_PME_STATUS)
static const struct vfio_pci_cfg_reg pm_regs[] = {
	{ .virt = LIST | HIGH(PCI_PM_CAP_PME_MASK), .clear = HIGH(PCI_PM_CAP_PME_MASK) },
	{
		.virt = PM_EVENT,
		.clear = PM_EVENT,
		.write = ALL & ~(PM_EVENT | PCI_PM_CTRL_STATE_MASK),
		.rw1c = PCI_PM_CTRL_PME_STATUS,
		.emul = &vfio_pci_cfg_emul_pm,
	},
};

static_assert(ARRAY_SIZE(pm_regs) == PCI_PM_SIZEOF / 4);
LAYOUT(pm);

/* PCI 3.0 appendix I: the host drives the hardware interface */
static const struct vfio_pci_cfg_reg vpd_regs[] = {
	{ .virt = ALL, .write = HIGH(0xffff), .emul = &vfio_pci_cfg_emul_vpd },
	{ .virt = ALL, .write = ALL },
};

static_assert(ARRAY_SIZE(vpd_regs) == PCI_CAP_VPD_SIZEOF / 4);
LAYOUT(vpd);

/*
 * PCI 3.0 sec. 6.8.1.  Address and data are the host's, the user writes into
 * the void; masking is the user's business.
 */
#define MSI_CONTROL {									\
	.virt = LIST | HIGH(0xff),							\
	.write = HIGH(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE),			\
	.emul = &vfio_pci_cfg_emul_msi,							\
}

#define MSI_VIRTUAL	{ .virt = ALL, .write = ALL }
#define MSI_DATA	{ .virt = LOW(0xffff), .write = LOW(0xffff) }
#define MSI_PASSED	{ .write = ALL }

static const struct vfio_pci_cfg_reg msi32_regs[] = {
	MSI_CONTROL,
	[PCI_MSI_ADDRESS_LO / 4] = MSI_VIRTUAL,
	[PCI_MSI_DATA_32 / 4] = MSI_DATA,
	[PCI_MSI_MASK_32 / 4] = MSI_PASSED,
	[PCI_MSI_PENDING_32 / 4] = MSI_PASSED,
};

static_assert(ARRAY_SIZE(msi32_regs) == 20 / 4);
LAYOUT(msi32);

static const struct vfio_pci_cfg_reg msi64_regs[] = {
	MSI_CONTROL,
	[PCI_MSI_ADDRESS_LO / 4] = MSI_VIRTUAL,
	[PCI_MSI_ADDRESS_HI / 4] = MSI_VIRTUAL,
	[PCI_MSI_DATA_64 / 4] = MSI_DATA,
	[PCI_MSI_MASK_64 / 4] = MSI_PASSED,
	[PCI_MSI_PENDING_64 / 4] = MSI_PASSED,
};

static_assert(ARRAY_SIZE(msi64_regs) == 24 / 4);
LAYOUT(msi64);

/* PCI-X 2.0 sec. 7.2 */
static const struct vfio_pci_cfg_reg pcix_regs[] = {
	{ .virt = LIST, .write = HIGH(0xffff) },
	[PCI_X_ECC_CSR / 4] = { .write = ALL },
};

LAYOUT(pcix);

static const struct vfio_pci_cfg_reg vndr_regs[] = {
	{ .virt = LIST, .write = ALL & ~LIST },
};

LAYOUT(vndr, .write = ALL);

/*
 * PCIe r6.0 sec. 7.5.3.  Reset goes through the host.  Max Payload Size must
 * match the hierarchy, the host has set it.  Phantom functions would carry
 * requester ids that are not the device's.  ARI is the port's business.
 */
#define EXP_VIRT	(PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ)
#define EXP_KEPT	(PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_PHANTOM)
static const struct vfio_pci_cfg_reg exp_regs[] = {
	{ .virt = LIST },
	[PCI_EXP_DEVCTL / 4] = {
		.virt = LOW(EXP_VIRT),
		.clear = LOW(PCI_EXP_DEVCTL_BCR_FLR),
		.write = LOW(0xffff & ~EXP_KEPT),
		.emul = &vfio_pci_cfg_emul_exp,
	},
	[PCI_EXP_DEVCTL2 / 4] = { .write = LOW(0xffff & ~PCI_EXP_DEVCTL2_ARI) },
};

LAYOUT(exp);

/* PCI ECN Advanced Capabilities for Conventional PCI */
#define AF_CTRL_FLR	(PCI_AF_CTRL_FLR << 8 * (PCI_AF_CTRL % 4))
static const struct vfio_pci_cfg_reg af_regs[] = {
	{ .virt = LIST },
	{ .virt = AF_CTRL_FLR, .clear = AF_CTRL_FLR, .emul = &vfio_pci_cfg_emul_af },
};

LAYOUT(af);

static const struct vfio_pci_cfg_layout *const std_layouts[] = {
	[PCI_CAP_ID_PM] = &pm,
	[PCI_CAP_ID_AGP] = &readonly,
	[PCI_CAP_ID_VPD] = &vpd,
	[PCI_CAP_ID_MSI] = &msi32,
	[PCI_CAP_ID_PCIX] = &pcix,
	[PCI_CAP_ID_HT] = &readonly,
	[PCI_CAP_ID_VNDR] = &vndr,
	[PCI_CAP_ID_EXP] = &exp,
	[PCI_CAP_ID_MSIX] = &readonly,
	[PCI_CAP_ID_SATA] = &readonly,
	[PCI_CAP_ID_AF] = &af,
};

static_assert(ARRAY_SIZE(std_layouts) == PCI_CAP_ID_AF + 1);

/* ---- Extended capabilities (PCIe r6.0 sec. 7.6 and following) */

static const struct vfio_pci_cfg_reg ext_readonly_regs[] = {
	{ .virt = ALL },
};

LAYOUT(ext_readonly);

/* Sec. 7.8.4: the errors that the user may see, mask and clear */
#define ERR_UNCOR	0x03fff031U
#define ERR_COR		0x0000f1c1U
static const struct vfio_pci_cfg_reg err_regs[] = {
	{ .virt = ALL },
	[PCI_ERR_UNCOR_STATUS / 4] = { .write = ERR_UNCOR, .rw1c = ~ERR_UNCOR },
	[PCI_ERR_UNCOR_MASK / 4] = { .write = ERR_UNCOR },
	[PCI_ERR_UNCOR_SEVER / 4] = { .write = ERR_UNCOR },
	[PCI_ERR_COR_STATUS / 4] = { .write = ERR_COR, .rw1c = ~ERR_COR },
	[PCI_ERR_COR_MASK / 4] = { .write = ERR_COR },
	[PCI_ERR_CAP / 4] = { .write = PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE },
};

static_assert(ARRAY_SIZE(err_regs) == PCI_ERR_HEADER_LOG / 4);
LAYOUT(err);

static const struct vfio_pci_cfg_reg pwr_regs[] = {
	{ .virt = ALL },
	[PCI_PWR_DATA / 4] = { .write = 0xff },
};

LAYOUT(pwr);

static const struct vfio_pci_cfg_reg vsec_regs[] = {
	{ .virt = ALL },
};

LAYOUT(vsec, .write = ALL);

static const struct vfio_pci_cfg_layout *const ext_layouts[] = {
	[PCI_EXT_CAP_ID_ERR] = &err,
	[PCI_EXT_CAP_ID_PWR] = &pwr,
	[PCI_EXT_CAP_ID_VNDR] = &vsec,
	[PCI_EXT_CAP_ID_DVSEC] = &vsec,
};

static_assert(ARRAY_SIZE(ext_layouts) == PCI_EXT_CAP_ID_DVSEC + 1);

/* Mask bits move when the address has 64 bits, so there are two layouts of MSI */
static bool msi_is_64bit(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_span *span)
{
	return vdev->vconfig[span->start + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT;
}

/**
 * vfio_pci_cfg_layout_of() - The rules for a span
 * @vdev: device, its virtual copy holds what hardware has in @span
 * @span: one of its spans
 *
 * Return: constant data.
 */
const struct vfio_pci_cfg_layout *
vfio_pci_cfg_layout_of(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_span *span)
{
	const struct vfio_pci_cfg_layout *layout = NULL;

	switch (span - vdev->cfg->spans) {
	case VFIO_PCI_CFG_SPAN_RAW:
		return &raw;
	case VFIO_PCI_CFG_SPAN_HEADER:
		return vdev->pdev->no_command_memory ? &header_no_memory : &header;
	}

	if (span->ext) {
		if (span->id < ARRAY_SIZE(ext_layouts))
			layout = ext_layouts[span->id];
		return layout ?: &ext_readonly;
	}

	if (span->id == PCI_CAP_ID_MSI && msi_is_64bit(vdev, span))
		return &msi64;
	if (span->id < ARRAY_SIZE(std_layouts))
		layout = std_layouts[span->id];
	return layout ?: &readonly;
}
