// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers of configuration space that do something when they are written.
 *
 * The command register, the BARs, and those registers of the capabilities for
 * power, VPD, MSI, PCI Express and Advanced Features that masks alone don't
 * describe.  Each has a constant struct vfio_pci_cfg_emul, to which the tables
 * in vfio_pci_cfg_perm.c point.
 *
 * The hooks run with vfio_pci_cfg.lock held.  Below it they take igate or
 * memory_lock, or call what takes them (interrupts, power, reset), one after
 * the other and never nested.  Called by vfio_pci_config.c.
 */
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/log2.h>
#include <linux/pci.h>

#include "vfio_pci_cfg.h"

/* ---- The ways out of configuration space, for tests to put their own there */

VISIBLE_IF_KUNIT void vfio_pci_cfg_zap_and_lock(struct vfio_pci_core_device *vdev)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_cfg_zap_and_lock, vdev);
	vfio_pci_memory_zap_and_lock(vdev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_cfg_zap_and_lock);

VISIBLE_IF_KUNIT void vfio_pci_cfg_disable_intx(struct vfio_pci_core_device *vdev, bool disable)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_cfg_disable_intx, vdev, disable);
	vfio_pci_intx_set_virtual_disable(vdev, disable);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_cfg_disable_intx);

/* A refusal (a PF with VFs has to stay in D0) shows when the state is read back */
VISIBLE_IF_KUNIT void vfio_pci_cfg_set_power(struct vfio_pci_core_device *vdev, pci_power_t state)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_cfg_set_power, vdev, state);
	vfio_pci_set_power_state(vdev, state);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_cfg_set_power);

/* The user learns about a reset that failed from the state of the device */
VISIBLE_IF_KUNIT void vfio_pci_cfg_reset(struct vfio_pci_core_device *vdev)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_cfg_reset, vdev);
	vfio_pci_try_reset_function(vdev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_cfg_reset);

/* ---- BARs (PCI 3.0 sec. 6.2.5) */

static unsigned int bar_pos(unsigned int bar)
{
	return bar < PCI_STD_NUM_BARS ? PCI_BASE_ADDRESS_0 + 4 * bar : PCI_ROM_ADDRESS;
}

static unsigned int bar_at(unsigned int pos)
{
	return pos == PCI_ROM_ADDRESS ? PCI_STD_NUM_BARS : (pos - PCI_BASE_ADDRESS_0) / 4;
}

/* A register of so many bits that only the aligned addresses of @size fit in */
static u64 size_mask(u64 size)
{
	return ~(roundup_pow_of_two(size) - 1);
}

static void bar_init(struct vfio_pci_core_device *vdev, unsigned int bar)
{
	struct resource *res = &vdev->pdev->resource[bar];
	struct vfio_pci_cfg *cfg = vdev->cfg;
	u64 mask;

	if (!res->start || !resource_size(res))
		return;

	mask = size_mask(resource_size(res));
	if (res->flags & IORESOURCE_IO) {
		cfg->bar_mask[bar] = mask & PCI_BASE_ADDRESS_IO_MASK;
		cfg->bar_type[bar] = PCI_BASE_ADDRESS_SPACE_IO;
		return;
	}

	cfg->bar_mask[bar] = mask & PCI_BASE_ADDRESS_MEM_MASK;
	if (res->flags & IORESOURCE_PREFETCH)
		cfg->bar_type[bar] |= PCI_BASE_ADDRESS_MEM_PREFETCH;
	if (res->flags & IORESOURCE_MEM_64 && bar + 1 < PCI_STD_NUM_BARS) {
		cfg->bar_type[bar] |= PCI_BASE_ADDRESS_MEM_TYPE_64;
		cfg->bar_mask[bar + 1] = mask >> 32;
	}
}

static void rom_init(struct vfio_pci_core_device *vdev)
{
	struct resource *res = &vdev->pdev->resource[PCI_ROM_RESOURCE];

	if (!res->start || !resource_size(res))
		return;
	vdev->cfg->bar_mask[PCI_STD_NUM_BARS] =
		(size_mask(resource_size(res)) & PCI_ROM_ADDRESS_MASK) | PCI_ROM_ADDRESS_ENABLE;
}

/**
 * vfio_pci_cfg_bars_init() - Make the virtual BARs out of the real ones
 * @vdev: device, its virtual copy holds what hardware has in the header
 *
 * The user finds the addresses that the host has given to the device, and
 * can size the BARs and move them without any effect on it.  A BAR without
 * resources reads zero.
 *
 * Context: the virtual configuration space is not in use yet.
 */
void vfio_pci_cfg_bars_init(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_cfg *cfg = vdev->cfg;
	unsigned int bar;
	u32 val;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		bar_init(vdev, bar);
	rom_init(vdev);

	for (bar = 0; bar < VFIO_PCI_CFG_NUM_BARS; bar++) {
		val = vfio_pci_cfg_virt(vdev, bar_pos(bar));
		cfg->bar_host[bar] = val;
		val = (val & cfg->bar_mask[bar]) | cfg->bar_type[bar];
		vfio_pci_cfg_set_virt(vdev, bar_pos(bar), val);
	}
}

/* Bits that the size or the type of a BAR fix don't change, however it is written */
static void bar_before(struct vfio_pci_core_device *vdev, struct vfio_pci_cfg_write *w)
{
	unsigned int bar = bar_at(w->pos);

	w->val = (vfio_pci_cfg_new(w) & vdev->cfg->bar_mask[bar]) | vdev->cfg->bar_type[bar];
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_bar = {
	.watch = ~0U,
	.before = bar_before,
};

static bool bars_lost(struct vfio_pci_core_device *vdev)
{
	unsigned int bar;
	u32 val;

	for (bar = 0; bar < VFIO_PCI_CFG_NUM_BARS; bar++) {
		if (vfio_pci_cfg_host_read(vdev, bar_pos(bar), 4, &val))
			return false;
		if (val != vdev->cfg->bar_host[bar])
			return true;
	}
	return false;
}

/**
 * bars_restore() - Give the real BARs back what a reset took from them
 * @vdev: device, memory_lock held for writing
 *
 * A user can reset the device in ways that the host does not notice.  The
 * BARs are then empty, and decoding must not be turned on like that.
 */
static void bars_restore(struct vfio_pci_core_device *vdev)
{
	unsigned int bar;
	u32 cmd;

	pci_info_ratelimited(vdev->pdev, "vfio_bar_restore: reset recovery - restoring BARs\n");
	for (bar = 0; bar < VFIO_PCI_CFG_NUM_BARS; bar++)
		vfio_pci_cfg_host_write(vdev, bar_pos(bar), 4, vdev->cfg->bar_host[bar]);

	/* The reset has let an interrupt through that must never come */
	if (vdev->nointx && !vfio_pci_cfg_host_read(vdev, PCI_COMMAND, 2, &cmd))
		vfio_pci_cfg_host_write(vdev, PCI_COMMAND, 2, cmd | PCI_COMMAND_INTX_DISABLE);
}

/* ---- Command (PCI 3.0 sec. 6.2.2, PCIe r6.0 sec. 7.5.1.1.3) */

#define CMD_DECODE	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)
#define CMD_UPPER	0xff00U

/*
 * Memory goes away before hardware turns it off and comes back after hardware
 * has turned it on, both under memory_lock: nobody touches it in between
 * (CVE-2020-12888).
 */
static void command_before(struct vfio_pci_core_device *vdev, struct vfio_pci_cfg_write *w)
{
	u32 cmd = vfio_pci_cfg_new(w);
	u32 host;

	/*
	 * A VF's bit is kept for the user to read back, but hardware gets it, too:
	 * there are VFs that decode memory by it, whatever PCIe r6.0 sec. 9.3.4.1.3
	 * says, and they have lost it when their PF was reset.
	 */
	w->through |= w->store & PCI_COMMAND_MEMORY;

	if (w->old & ~cmd & PCI_COMMAND_MEMORY)
		vfio_pci_cfg_zap_and_lock(vdev);
	else
		down_write(&vdev->memory_lock);

	if (vfio_pci_cfg_host_read(vdev, PCI_COMMAND, 2, &host))
		return;
	if (cmd & CMD_DECODE & ~host && !vdev->pdev->is_virtfn && bars_lost(vdev)) {
		bars_restore(vdev);
		w->note = true;
	}

	/*
	 * The upper byte has the real INTx Disable in it, which the interrupt
	 * handler may set at any time.  Leave it alone where nothing else in
	 * it changes.
	 */
	if (!((w->val ^ host) & w->through & CMD_UPPER))
		w->through &= ~CMD_UPPER;
	if (w->through & CMD_UPPER)
		w->note = true;
}

static void command_after(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w)
{
	u32 cmd = vfio_pci_cfg_virt(vdev, w->pos);

	vfio_pci_memory_unlock(vdev);

	/* Also when the real bit may have lost what it was */
	if (w->note || (w->old ^ cmd) & PCI_COMMAND_INTX_DISABLE)
		vfio_pci_cfg_disable_intx(vdev, cmd & PCI_COMMAND_INTX_DISABLE);
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_command = {
	.watch = 0xffff,
	.before = command_before,
	.after = command_after,
};

/* ---- Power management (PCI PM 1.2 sec. 3.2.4) */

/*
 * A device that comes back from D3hot may have lost its command register, and
 * the host has put that back as it was before: an interrupt that was masked or
 * unmasked meanwhile needs its INTx Disable written once more.
 */
static void pm_after(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w)
{
	static const pci_power_t states[] = { PCI_D0, PCI_D1, PCI_D2, PCI_D3hot };
	pci_power_t state = states[w->val & PCI_PM_CTRL_STATE_MASK];

	static_assert(ARRAY_SIZE(states) == PCI_PM_CTRL_STATE_MASK + 1);
	vfio_pci_cfg_set_power(vdev, state);
	if (state < PCI_D3hot)
		vfio_pci_cfg_disable_intx(vdev, vfio_pci_cfg_virt(vdev, PCI_COMMAND) &
					  PCI_COMMAND_INTX_DISABLE);
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_pm = {
	.watch = PCI_PM_CTRL_STATE_MASK,
	.after = pm_after,
};

/* ---- Vital Product Data (PCI 3.0 appendix I) */

/*
 * The upper byte of the address starts the transfer, and the flag in it turns
 * over when that is done.  If it never is, the flag stays and the user finds
 * what a device without VPD looks like.
 */
static void vpd_after(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w)
{
	u32 head = vfio_pci_cfg_virt(vdev, w->pos);
	unsigned int addr = (head >> 16) & PCI_VPD_ADDR_MASK;
	__le32 *data = (__le32 *)(vdev->vconfig + w->pos + PCI_VPD_DATA);
	__le32 buf;

	/* The device may have it cut off, by the end or by another capability */
	if (w->pos + PCI_CAP_VPD_SIZEOF > PCI_CFG_SPACE_SIZE ||
	    vdev->cfg->map[w->pos + PCI_VPD_DATA] != vdev->cfg->map[w->pos])
		return;

	if (head & PCI_VPD_ADDR_F << 16) {
		if (vdev->cfg_host->vpd_write(vdev, addr, READ_ONCE(*data)))
			return;
	} else {
		if (vdev->cfg_host->vpd_read(vdev, addr, &buf))
			return;
		WRITE_ONCE(*data, buf);
	}
	vfio_pci_cfg_set_virt(vdev, w->pos, head ^ PCI_VPD_ADDR_F << 16);
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_vpd = {
	.watch = 0xff000000,
	.after = vpd_after,
};

/* ---- MSI (PCI 3.0 sec. 6.8.1.3) */

/*
 * Interrupts are set up by VFIO_DEVICE_SET_IRQS.  Here the user may turn off
 * what has been set up there, or use fewer vectors, but no more than that.
 * igate keeps the set-up as it is until hardware has been written.
 */
static void msi_before(struct vfio_pci_core_device *vdev, struct vfio_pci_cfg_write *w)
{
	u16 flags = vfio_pci_cfg_new(w) >> 16;

	mutex_lock(&vdev->igate);
	if (vdev->irq_type != VFIO_PCI_MSI_IRQ_INDEX)
		flags &= ~PCI_MSI_FLAGS_ENABLE;
	if (FIELD_GET(PCI_MSI_FLAGS_QSIZE, flags) > vdev->msi_qmax) {
		flags &= ~PCI_MSI_FLAGS_QSIZE;
		flags |= FIELD_PREP(PCI_MSI_FLAGS_QSIZE, vdev->msi_qmax);
	}
	w->val = (w->val & 0xffff) | (u32)flags << 16;
}

static void msi_after(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w)
{
	u16 flags = vfio_pci_cfg_virt(vdev, w->pos) >> 16;

	vfio_pci_cfg_host_write(vdev, w->pos + PCI_MSI_FLAGS, 2, flags);
	mutex_unlock(&vdev->igate);
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_msi = {
	.watch = 0x00ff0000,
	.before = msi_before,
	.after = msi_after,
};

/* ---- PCI Express (PCIe r6.0 sec. 7.5.3.4) */

/*
 * A device whose read requests are smaller than the packets of its hierarchy
 * wastes the link, so the host's Max Payload Size is the least it gets.
 */
static void exp_set_readrq(struct vfio_pci_core_device *vdev, unsigned int pos, u32 devctl)
{
	unsigned int readrq = 128 << FIELD_GET(PCI_EXP_DEVCTL_READRQ, devctl);
	unsigned int mps;
	u32 host;

	if (vfio_pci_cfg_host_read(vdev, pos, 2, &host))
		return;
	mps = 128 << FIELD_GET(PCI_EXP_DEVCTL_PAYLOAD, host);
	vdev->cfg_host->set_readrq(vdev, max(readrq, mps));
}

static void exp_after(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w)
{
	u32 devctl = vfio_pci_cfg_virt(vdev, w->pos);
	u32 devcap;

	if ((w->old ^ devctl) & PCI_EXP_DEVCTL_READRQ)
		exp_set_readrq(vdev, w->pos, devctl);

	if (!(w->val & w->lanes & PCI_EXP_DEVCTL_BCR_FLR))
		return;
	if (!vfio_pci_cfg_host_read(vdev, w->base + PCI_EXP_DEVCAP, 4, &devcap) &&
	    devcap & PCI_EXP_DEVCAP_FLR)
		vfio_pci_cfg_reset(vdev);
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_exp = {
	.watch = PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_BCR_FLR,
	.after = exp_after,
};

/* ---- Advanced Features (PCI ECN Advanced Capabilities for Conventional PCI) */

static void af_after(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w)
{
	const u8 needed = PCI_AF_CAP_TP | PCI_AF_CAP_FLR;
	u32 cap;

	if (!(w->val & PCI_AF_CTRL_FLR))
		return;
	if (!vfio_pci_cfg_host_read(vdev, w->base + PCI_AF_CAP, 1, &cap) &&
	    (cap & needed) == needed)
		vfio_pci_cfg_reset(vdev);
}

const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_af = {
	.watch = PCI_AF_CTRL_FLR,
	.after = af_after,
};
