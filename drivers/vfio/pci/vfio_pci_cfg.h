/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual configuration space: what its five files share and nobody else
 * sees.
 *
 * While a device is open its configuration space is cut into spans, one per
 * capability that the user may see, one for the standard header, and one for
 * all the bytes in between.  A span has a layout: constant masks that say for
 * each bit whether it is virtual and whether it may be written.  What masks
 * cannot say is done by the two hooks in struct vfio_pci_cfg_emul.
 *
 * From the bottom to the top: vfio_pci_cfg_access.c reaches the host,
 * vfio_pci_cfg_caps.c finds the spans, vfio_pci_cfg_emul.c has the hooks,
 * vfio_pci_cfg_perm.c the layouts, vfio_pci_config.c reads and writes.
 */
#ifndef VFIO_PCI_CFG_H
#define VFIO_PCI_CFG_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "vfio_pci_priv.h"

/* BARs 0 to 5 and the expansion ROM */
#define VFIO_PCI_CFG_NUM_BARS	(PCI_STD_NUM_BARS + 1)

/*
 * Spans that one device can have; the map has one byte for each number.  Two
 * are kept: for the header of a hidden first extended capability, and for
 * vfio_pci_config_virtualise_dword()
 */
#define VFIO_PCI_CFG_MAX_SPANS	160
#define VFIO_PCI_CFG_MAX_CAPS	(VFIO_PCI_CFG_MAX_SPANS - 2)

/* The first two spans are always there */
#define VFIO_PCI_CFG_SPAN_RAW		0
#define VFIO_PCI_CFG_SPAN_HEADER	1
#define VFIO_PCI_CFG_SPAN_CAPS		2

struct vfio_pci_cfg_emul;

/**
 * struct vfio_pci_cfg_reg - What may be done with one aligned dword
 * @virt: bits that the user reads from the virtual copy; the others are read
 *        from hardware
 * @write: bits that the user may write.  They go to the virtual copy and,
 *         where they are not in @virt, to hardware as well
 * @rw1c: bits that hardware clears when a one is written to them and that are
 *        not in @write: whoever merges a write with what hardware holds must
 *        put a zero there
 * @clear: bits of @virt that are zero when the device is opened, whatever
 *         hardware says
 * @emul: hooks around a write, or NULL
 */
struct vfio_pci_cfg_reg {
	u32 virt;
	u32 write;
	u32 rw1c;
	u32 clear;
	const struct vfio_pci_cfg_emul *emul;
};

/**
 * struct vfio_pci_cfg_layout - What may be done with a span
 * @regs: the first dwords
 * @num_regs: how many
 * @rest: all dwords behind them
 */
struct vfio_pci_cfg_layout {
	const struct vfio_pci_cfg_reg *regs;
	unsigned int num_regs;
	struct vfio_pci_cfg_reg rest;
};

/**
 * struct vfio_pci_cfg_span - A piece of configuration space under one layout
 * @layout: constant data; the file that finds the spans leaves it to others
 * @start: offset of the first byte, a multiple of 4
 * @len: bytes, at least 1, ends inside configuration space
 * @id: capability id; zero for what is no capability
 * @ext: @id is the one of an extended capability
 */
struct vfio_pci_cfg_span {
	const struct vfio_pci_cfg_layout *layout;
	u16 start;
	u16 len;
	u16 id;
	bool ext;
};

/**
 * enum vfio_pci_cfg_how - Where an aligned dword is read from
 * @VFIO_PCI_CFG_HW: all of it from hardware
 * @VFIO_PCI_CFG_VIRT: all of it from the virtual copy
 * @VFIO_PCI_CFG_MERGE: from both, as its masks say
 * @VFIO_PCI_CFG_SPLIT: its bytes belong to several spans
 */
enum vfio_pci_cfg_how {
	VFIO_PCI_CFG_HW,
	VFIO_PCI_CFG_VIRT,
	VFIO_PCI_CFG_MERGE,
	VFIO_PCI_CFG_SPLIT,
};

/**
 * struct vfio_pci_cfg - The virtual configuration space of an open device
 * @lock: serialises writes, so that a hook finds the value that was written
 *        before and nobody changes it underneath.  Taken before any other
 *        lock of the library (igate, memory_lock), never held while user
 *        memory is touched.  Reads do without: one looks at a dword of
 *        vconfig at a time
 * @size: bytes of configuration space, 256 or 4096
 * @num_spans: members of @spans in use
 * @spans: see VFIO_PCI_CFG_SPAN_RAW and following; the capabilities are in
 *         the order of the list, the extended ones last
 * @bar_host: content of the real BARs when the device was opened, what they
 *            get again after a reset behind our back
 * @bar_mask: address bits that the user can set in a virtual BAR; zero for a
 *            BAR that is not there
 * @bar_type: bits of a virtual BAR that always read one
 * @how: enum vfio_pci_cfg_how of each dword: what @map and the layouts come
 *       down to for whoever reads
 * @map: number of the span for each byte
 *
 * All but the content of vconfig is constant between vfio_pci_config_init()
 * and vfio_pci_config_free().
 */
struct vfio_pci_cfg {
	struct mutex lock;	/* serialises writes, see above */
	unsigned int size;
	unsigned int num_spans;
	struct vfio_pci_cfg_span spans[VFIO_PCI_CFG_MAX_SPANS];
	u32 bar_host[VFIO_PCI_CFG_NUM_BARS];
	u32 bar_mask[VFIO_PCI_CFG_NUM_BARS];
	u32 bar_type[VFIO_PCI_CFG_NUM_BARS];
	u8 how[PCI_CFG_SPACE_EXP_SIZE / 4];
	u8 map[] __aligned(4);
};

/**
 * struct vfio_pci_cfg_write - A write of at most one dword on its way
 * @pos: offset of the dword
 * @base: offset of the span that it belongs to
 * @lanes: bits of the dword that the user writes
 * @store: those among them that may be written; a hook may take some out
 * @through: those among @store that go to hardware; a hook may add some or take
 *           some out
 * @val: the user's bits in their place; a hook may change them
 * @old: the virtual dword before
 * @note: what the first hook of a register has to tell the second
 *
 * Every mask and value is that of the whole dword at @pos.
 */
struct vfio_pci_cfg_write {
	unsigned int pos;
	unsigned int base;
	u32 lanes;
	u32 store;
	u32 through;
	u32 val;
	u32 old;
	bool note;
};

/**
 * struct vfio_pci_cfg_emul - What happens around a write
 * @watch: bits whose writing is of interest; no hook is called for a write
 *         that does not touch them
 * @before: called before anything is changed; may change the write; may take
 *          locks for @after to drop; optional
 * @after: called when hardware and the virtual copy have been written, and
 *         also when hardware refused and neither has; optional
 *
 * Both are called with vfio_pci_cfg.lock held and may sleep.  There is no
 * way to fail: a register does not answer a write.
 */
struct vfio_pci_cfg_emul {
	u32 watch;
	void (*before)(struct vfio_pci_core_device *vdev, struct vfio_pci_cfg_write *w);
	void (*after)(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w);
};

/**
 * vfio_pci_cfg_virt() - Read a dword of the virtual copy
 * @vdev: device
 * @pos: offset, a multiple of 4
 *
 * Return: the dword, as a number of this CPU
 */
static inline u32 vfio_pci_cfg_virt(struct vfio_pci_core_device *vdev, unsigned int pos)
{
	return le32_to_cpu(READ_ONCE(*(__le32 *)(vdev->vconfig + pos)));
}

/**
 * vfio_pci_cfg_set_virt() - Write a dword of the virtual copy
 * @vdev: device, its vfio_pci_cfg.lock held or not yet open
 * @pos: offset, a multiple of 4
 * @val: what to write
 */
static inline void vfio_pci_cfg_set_virt(struct vfio_pci_core_device *vdev, unsigned int pos,
					 u32 val)
{
	WRITE_ONCE(*(__le32 *)(vdev->vconfig + pos), cpu_to_le32(val));
}

/**
 * vfio_pci_cfg_new() - What the virtual dword will be after a write
 * @w: the write
 *
 * Return: the dword, before anything is emulated
 */
static inline u32 vfio_pci_cfg_new(const struct vfio_pci_cfg_write *w)
{
	return (w->old & ~w->store) | (w->val & w->store);
}

/* vfio_pci_cfg_caps.c */
void vfio_pci_cfg_find_caps(struct vfio_pci_core_device *vdev);
void vfio_pci_cfg_link_caps(struct vfio_pci_core_device *vdev);

/* vfio_pci_cfg_emul.c */
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_command;
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_bar;
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_pm;
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_vpd;
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_msi;
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_exp;
extern const struct vfio_pci_cfg_emul vfio_pci_cfg_emul_af;
void vfio_pci_cfg_bars_init(struct vfio_pci_core_device *vdev);

/* vfio_pci_cfg_perm.c */
extern const struct vfio_pci_cfg_layout vfio_pci_cfg_layout_virtual;
const struct vfio_pci_cfg_layout *
vfio_pci_cfg_layout_of(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_span *span);

/**
 * vfio_pci_cfg_reg_of() - The masks of a dword
 * @span: span that the dword belongs to
 * @pos: offset of the dword, not before the span
 *
 * Return: its own masks, or those that the layout has for the rest
 */
static inline const struct vfio_pci_cfg_reg *
vfio_pci_cfg_reg_of(const struct vfio_pci_cfg_span *span, unsigned int pos)
{
	const struct vfio_pci_cfg_layout *layout = span->layout;
	unsigned int n = (pos - span->start) / 4;

	return n < layout->num_regs ? &layout->regs[n] : &layout->rest;
}

#if IS_ENABLED(CONFIG_KUNIT)
/* Static without KUnit. Called through these so that a test can put its own in their place */
void vfio_pci_cfg_zap_and_lock(struct vfio_pci_core_device *vdev);
void vfio_pci_cfg_disable_intx(struct vfio_pci_core_device *vdev, bool disable);
void vfio_pci_cfg_set_power(struct vfio_pci_core_device *vdev, pci_power_t state);
void vfio_pci_cfg_reset(struct vfio_pci_core_device *vdev);
int vfio_pci_config_read(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int count,
			 u8 *buf);
int vfio_pci_config_write(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int count,
			  const u8 *buf);
#endif

#endif /* VFIO_PCI_CFG_H */
