// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which capabilities a device has, and which of them the user gets to see.
 *
 * Walks both capability lists of the real device when it is opened, measures
 * every capability that is known and gives it a span in the map, and builds
 * the lists that the user sees out of those alone.
 *
 * The device is not trusted: pointers may go anywhere, lists may be loops,
 * lengths may be anything.  So each list ends at the first pointer that
 * leaves its part of configuration space or leads to where the walk has been,
 * and no span reaches beyond the end of that part, or over the beginning of
 * another: capabilities that overlap are cut short, and each keeps its id and
 * next pointer, so that the user's list is sound whatever the device says.
 *
 * Needs no lock: runs before the virtual configuration space is in use.
 * Called by vfio_pci_config.c; calls vfio_pci_cfg_access.c.
 */
#include <linux/array_size.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/pci.h>

#include "vfio_pci_cfg.h"

/**
 * struct cap_kind - What is known about a capability id
 * @len: its length in bytes, or 0 if that depends on its content
 * @measure: for such, compute the length; 0 if the content makes no sense.
 *           @pos is where the capability begins, @room the bytes from there
 *           to the end of the space
 *
 * An id with neither is hidden from the user.
 */
struct cap_kind {
	u8 len;
	unsigned int (*measure)(struct vfio_pci_core_device *vdev, unsigned int pos,
				unsigned int room);
};

/* A device that does not answer shows all ones, which no caller trips over */
static u32 peek(struct vfio_pci_core_device *vdev, unsigned int pos)
{
	u32 val;

	vfio_pci_cfg_host_read(vdev, pos & ~3U, sizeof(val), &val);
	return val;
}

/* PCI 3.0 sec. 6.8.1: two optional parts make four lengths */
static unsigned int msi_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	u16 flags = peek(vdev, pos) >> 16;

	return PCI_MSI_DATA_32 + 2 + (flags & PCI_MSI_FLAGS_64BIT ? 4 : 0) +
	       (flags & PCI_MSI_FLAGS_MASKBIT ? 10 : 0);
}

static unsigned int pcix_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	u16 cmd = peek(vdev, pos) >> 16;

	return PCI_X_CMD_VERSION(cmd) ? PCI_CAP_PCIX_SIZEOF_V2 : PCI_CAP_PCIX_SIZEOF_V0;
}

static unsigned int ht_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	u8 type = peek(vdev, pos) >> 24;

	return (type & HT_3BIT_CAP_MASK) == HT_CAPTYPE_SLAVE ?
	       HT_CAP_SIZEOF_LONG : HT_CAP_SIZEOF_SHORT;
}

static unsigned int vndr_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	u8 len = peek(vdev, pos) >> 16;

	/* The length byte counts itself */
	return len > PCI_CAP_FLAGS ? len : 0;
}

static unsigned int exp_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	u16 flags = peek(vdev, pos) >> 16;
	bool no_link = FIELD_GET(PCI_EXP_FLAGS_TYPE, flags) == PCI_EXP_TYPE_RC_END;

	if (FIELD_GET(PCI_EXP_FLAGS_VERS, flags) < 2)
		return no_link ? PCI_CAP_EXP_RC_ENDPOINT_SIZEOF_V1 : PCI_CAP_EXP_ENDPOINT_SIZEOF_V1;
	return no_link ? PCI_CAP_EXP_RC_ENDPOINT_SIZEOF_V2 : PCI_CAP_EXP_ENDPOINT_SIZEOF_V2;
}

static unsigned int sata_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	if (room <= PCI_SATA_REGS)
		return 0;
	return (peek(vdev, pos + PCI_SATA_REGS) & PCI_SATA_REGS_MASK) == PCI_SATA_REGS_INLINE ?
	       PCI_SATA_SIZEOF_LONG : PCI_SATA_SIZEOF_SHORT;
}

static const struct cap_kind std_kinds[] = {
	[PCI_CAP_ID_PM] = { .len = PCI_PM_SIZEOF },
	[PCI_CAP_ID_AGP] = { .len = PCI_AGP_SIZEOF },
	[PCI_CAP_ID_VPD] = { .len = PCI_CAP_VPD_SIZEOF },
	[PCI_CAP_ID_MSI] = { .measure = msi_len },
	[PCI_CAP_ID_PCIX] = { .measure = pcix_len },
	[PCI_CAP_ID_HT] = { .measure = ht_len },
	[PCI_CAP_ID_VNDR] = { .measure = vndr_len },
	[PCI_CAP_ID_EXP] = { .measure = exp_len },
	[PCI_CAP_ID_MSIX] = { .len = PCI_CAP_MSIX_SIZEOF },
	[PCI_CAP_ID_SATA] = { .measure = sata_len },
	[PCI_CAP_ID_AF] = { .len = PCI_CAP_AF_SIZEOF },
};

static_assert(ARRAY_SIZE(std_kinds) == PCI_CAP_ID_AF + 1);

/* Bytes up to the end of a table at @off (0: there is none) of @bits bits */
static unsigned int table_end(unsigned int off, unsigned int bits)
{
	return off ? off + bits / 8 : 0;
}

/*
 * PCIe r6.0 sec. 7.9.1 (VC) and 7.9.2 (MFVC): the registers of each virtual
 * channel, and arbitration tables behind them at offsets of the device's choice.
 */
static unsigned int vc_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	unsigned int i, evcc, low, entry, phases, len;
	u32 cap1, cap2, res;

	if (room < PCI_CAP_VC_BASE_SIZEOF)
		return 0;
	cap1 = peek(vdev, pos + PCI_VC_PORT_CAP1);
	cap2 = peek(vdev, pos + PCI_VC_PORT_CAP2);
	evcc = FIELD_GET(PCI_VC_CAP1_EVCC, cap1);
	low = FIELD_GET(PCI_VC_CAP1_LPEVCC, cap1);
	entry = 1 << FIELD_GET(PCI_VC_CAP1_ARB_SIZE, cap1);
	len = PCI_CAP_VC_BASE_SIZEOF + (evcc + 1) * PCI_CAP_VC_PER_VC_SIZEOF;

	if (low) {
		phases = cap2 & PCI_VC_CAP2_128_PHASE ? 128 :
			 cap2 & PCI_VC_CAP2_64_PHASE ? 64 :
			 cap2 & PCI_VC_CAP2_32_PHASE ? 32 : 0;
		len = max(len, table_end(FIELD_GET(PCI_VC_CAP2_ARB_OFF, cap2) * 16,
					 (low + 1) * phases * 4));
	}

	for (i = 0; i <= evcc; i++) {
		unsigned int at = PCI_VC_RES_CAP + i * PCI_CAP_VC_PER_VC_SIZEOF;

		if (at >= room)
			break;
		res = peek(vdev, pos + at);
		phases = res & PCI_VC_RES_CAP_256_PHASE ? 256 :
			 res & (PCI_VC_RES_CAP_128_PHASE | PCI_VC_RES_CAP_128_PHASE_TB) ? 128 :
			 res & PCI_VC_RES_CAP_64_PHASE ? 64 :
			 res & PCI_VC_RES_CAP_32_PHASE ? 32 : 0;
		len = max(len, table_end(FIELD_GET(PCI_VC_RES_CAP_ARB_OFF, res) * 16,
					 phases * entry));
	}
	return len;
}

/* VSEC and DVSEC have their length in the same place (PCIe r6.0 sec. 7.9.5, 7.9.6) */
static unsigned int vsec_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	unsigned int len;

	static_assert(PCI_VNDR_HEADER == PCI_DVSEC_HEADER1);
	if (room <= PCI_VNDR_HEADER)
		return 0;
	len = PCI_VNDR_HEADER_LEN(peek(vdev, pos + PCI_VNDR_HEADER));
	return len > PCI_VNDR_HEADER ? len : 0;
}

static unsigned int acs_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	unsigned int bits;
	u32 cap;

	if (room <= PCI_ACS_CAP)
		return 0;
	cap = peek(vdev, pos + PCI_ACS_CAP);
	if (!(cap & PCI_ACS_EC))
		return PCI_ACS_EGRESS_CTL_V;

	/* Zero stands for 256 (PCIe r6.0 sec. 7.7.11.2) */
	bits = (u8)(cap >> 8) ?: 256;
	return PCI_ACS_EGRESS_CTL_V + round_up(bits, 32) / 8;
}

static unsigned int rebar_len(struct vfio_pci_core_device *vdev, unsigned int pos,
			      unsigned int room)
{
	if (room <= PCI_REBAR_CTRL)
		return 0;
	return 4 + 8 * FIELD_GET(PCI_REBAR_CTRL_NBAR_MASK, peek(vdev, pos + PCI_REBAR_CTRL));
}

static unsigned int dpa_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	if (room <= PCI_DPA_CAP)
		return 0;
	return PCI_DPA_BASE_SIZEOF + 1 +
	       FIELD_GET(PCI_DPA_CAP_SUBSTATE_MASK, peek(vdev, pos + PCI_DPA_CAP));
}

static unsigned int tph_len(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int room)
{
	u32 cap;

	if (room <= PCI_TPH_CAP)
		return 0;
	cap = peek(vdev, pos + PCI_TPH_CAP);
	if ((cap & PCI_TPH_CAP_LOC_MASK) != PCI_TPH_LOC_CAP)
		return PCI_TPH_BASE_SIZEOF;
	return PCI_TPH_BASE_SIZEOF + round_up(2 * (FIELD_GET(PCI_TPH_CAP_ST_MASK, cap) + 1), 4);
}

static const struct cap_kind ext_kinds[] = {
	[PCI_EXT_CAP_ID_ERR] = { .len = PCI_ERR_ROOT_COMMAND },
	[PCI_EXT_CAP_ID_VC] = { .measure = vc_len },
	[PCI_EXT_CAP_ID_DSN] = { .len = PCI_EXT_CAP_DSN_SIZEOF },
	[PCI_EXT_CAP_ID_PWR] = { .len = PCI_EXT_CAP_PWR_SIZEOF },
	[PCI_EXT_CAP_ID_MFVC] = { .measure = vc_len },
	[PCI_EXT_CAP_ID_VC9] = { .measure = vc_len },
	[PCI_EXT_CAP_ID_VNDR] = { .measure = vsec_len },
	[PCI_EXT_CAP_ID_ACS] = { .measure = acs_len },
	[PCI_EXT_CAP_ID_ARI] = { .len = PCI_EXT_CAP_ARI_SIZEOF },
	[PCI_EXT_CAP_ID_ATS] = { .len = PCI_EXT_CAP_ATS_SIZEOF },
	[PCI_EXT_CAP_ID_SRIOV] = { .len = PCI_EXT_CAP_SRIOV_SIZEOF },
	[PCI_EXT_CAP_ID_MCAST] = { .len = PCI_EXT_CAP_MCAST_ENDPOINT_SIZEOF },
	[PCI_EXT_CAP_ID_PRI] = { .len = PCI_EXT_CAP_PRI_SIZEOF },
	[PCI_EXT_CAP_ID_REBAR] = { .measure = rebar_len },
	[PCI_EXT_CAP_ID_DPA] = { .measure = dpa_len },
	[PCI_EXT_CAP_ID_TPH] = { .measure = tph_len },
	[PCI_EXT_CAP_ID_LTR] = { .len = PCI_EXT_CAP_LTR_SIZEOF },
	[PCI_EXT_CAP_ID_DVSEC] = { .measure = vsec_len },
};

static_assert(ARRAY_SIZE(ext_kinds) == PCI_EXT_CAP_ID_DVSEC + 1);

/**
 * cap_measure() - How long is a capability, and may the user see it?
 * @vdev: device
 * @ext: @id is the one of an extended capability
 * @id: capability id
 * @pos: where it begins
 * @end: end of the space that it lies in
 *
 * Return: bytes that belong to it, at least 1 and not beyond @end; 0 to hide it.
 */
static unsigned int cap_measure(struct vfio_pci_core_device *vdev, bool ext, unsigned int id,
				unsigned int pos, unsigned int end)
{
	const struct cap_kind *kinds = ext ? ext_kinds : std_kinds;
	size_t num = ext ? ARRAY_SIZE(ext_kinds) : ARRAY_SIZE(std_kinds);
	unsigned int len;

	if (id >= num || (!kinds[id].len && !kinds[id].measure))
		return 0;

	len = kinds[id].measure ? kinds[id].measure(vdev, pos, end - pos) : kinds[id].len;
	if (!len)
		pci_notice_ratelimited(vdev->pdev, "unknown length for PCI %s %#x@%#x\n",
				       ext ? "ecap" : "cap", id, pos);
	return min(len, end - pos);
}

/* Does a capability begin here? */
static bool begins_at(const struct vfio_pci_cfg *cfg, unsigned int pos)
{
	return cfg->map[pos] != VFIO_PCI_CFG_SPAN_RAW && cfg->spans[cfg->map[pos]].start == pos;
}

/* Give a capability its bytes in the map, none of which may be another's first */
static void cap_claim(struct vfio_pci_core_device *vdev, bool ext, unsigned int id,
		      unsigned int pos, unsigned int len)
{
	struct vfio_pci_cfg *cfg = vdev->cfg;
	struct vfio_pci_cfg_span *span = &cfg->spans[cfg->num_spans];
	unsigned int i;

	for (i = pos; i < pos + len && cfg->map[i] == VFIO_PCI_CFG_SPAN_RAW; i++)
		;
	if (i < pos + len)
		pci_notice_ratelimited(vdev->pdev, "PCI config conflict @%#x, %s %#x meets %#x\n",
				       i, ext ? "ecap" : "cap", id, cfg->spans[cfg->map[i]].id);
	for (; i < pos + len; i++)
		if (begins_at(cfg, i))
			len = i - pos;

	span->start = pos;
	span->len = len;
	span->id = id;
	span->ext = ext;
	memset(&cfg->map[pos], cfg->num_spans, len);
	cfg->num_spans++;
}

/* A capability has been met: show it or say why not */
static void cap_found(struct vfio_pci_core_device *vdev, bool ext, unsigned int id,
		      unsigned int pos, unsigned int end)
{
	unsigned int len = cap_measure(vdev, ext, id, pos, end);

	if (!len || vdev->cfg->num_spans == VFIO_PCI_CFG_MAX_CAPS)
		pci_dbg(vdev->pdev, "hiding %s %#x@%#x\n", ext ? "ecap" : "cap", id, pos);
	else
		cap_claim(vdev, ext, id, pos, len);
}

/* PCI 3.0 sec. 6.7: bytes 0x34, then id and next pointer; both low bits reserved */
static void find_std_caps(struct vfio_pci_core_device *vdev)
{
	DECLARE_BITMAP(seen, PCI_CFG_SPACE_SIZE / 4) = { };
	unsigned int pos;
	u32 head;

	if (!((peek(vdev, PCI_COMMAND) >> 16) & PCI_STATUS_CAP_LIST))
		return;

	pos = peek(vdev, PCI_CAPABILITY_LIST) & 0xfc;
	while (pos >= PCI_STD_HEADER_SIZEOF && !test_and_set_bit(pos / 4, seen)) {
		head = peek(vdev, pos);
		if ((head & PCI_CAP_ID_MASK) == PCI_CAP_ID_MASK)
			break;
		cap_found(vdev, false, head & PCI_CAP_ID_MASK, pos, PCI_CFG_SPACE_SIZE);
		pos = (head >> 8) & 0xfc;
	}
}

/* Only PCI-X 2.0 and PCIe define anything behind the first 256 bytes */
static bool has_ext_caps(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_cfg *cfg = vdev->cfg;
	unsigned int i;
	u32 head;

	if (cfg->size <= PCI_CFG_SPACE_SIZE)
		return false;

	for (i = VFIO_PCI_CFG_SPAN_CAPS; i < cfg->num_spans; i++) {
		const struct vfio_pci_cfg_span *span = &cfg->spans[i];

		if (span->id == PCI_CAP_ID_EXP ||
		    (span->id == PCI_CAP_ID_PCIX && span->len >= PCI_CAP_PCIX_SIZEOF_V2)) {
			head = peek(vdev, PCI_CFG_SPACE_SIZE);
			return head && head != ~0U;
		}
	}
	return false;
}

/* PCIe r6.0 sec. 7.6: one header dword each, the first at 0x100 */
static void find_ext_caps(struct vfio_pci_core_device *vdev)
{
	DECLARE_BITMAP(seen, PCI_CFG_SPACE_EXP_SIZE / 4) = { };
	unsigned int pos = PCI_CFG_SPACE_SIZE, end = vdev->cfg->size;
	u32 head;

	while (pos >= PCI_CFG_SPACE_SIZE && pos + 4 <= end && !test_and_set_bit(pos / 4, seen)) {
		head = peek(vdev, pos);
		if (head == ~0U)
			break;
		cap_found(vdev, true, PCI_EXT_CAP_ID(head), pos, end);
		pos = PCI_EXT_CAP_NEXT(head);
	}

	/*
	 * The list begins at 0x100 whatever happens.  When the capability
	 * there is hidden, its header remains as a span of its own that says
	 * nothing but where the next one is.  Nothing else can have claimed
	 * that dword: the others begin behind it.
	 */
	if (vdev->cfg->map[PCI_CFG_SPACE_SIZE] == VFIO_PCI_CFG_SPAN_RAW)
		cap_claim(vdev, true, 0, PCI_CFG_SPACE_SIZE, 4);
}

/**
 * vfio_pci_cfg_find_caps() - Fill the map with the capabilities of the device
 * @vdev: device whose vdev->cfg has the raw span and the header in its map
 *
 * Adds one span per visible capability to vdev->cfg, without a layout.
 *
 * Context: may sleep; the virtual configuration space is not in use yet.
 */
void vfio_pci_cfg_find_caps(struct vfio_pci_core_device *vdev)
{
	find_std_caps(vdev);
	if (has_ext_caps(vdev))
		find_ext_caps(vdev);
}

static void link_std_caps(struct vfio_pci_core_device *vdev)
{
	unsigned int i, link = PCI_CAPABILITY_LIST;
	struct vfio_pci_cfg *cfg = vdev->cfg;

	for (i = VFIO_PCI_CFG_SPAN_CAPS; i < cfg->num_spans && !cfg->spans[i].ext; i++) {
		vdev->vconfig[link] = cfg->spans[i].start;
		link = cfg->spans[i].start + PCI_CAP_LIST_NEXT;
	}
	vdev->vconfig[link] = 0;

	if (link == PCI_CAPABILITY_LIST)
		vdev->vconfig[PCI_STATUS] &= ~PCI_STATUS_CAP_LIST;
}

static void set_ext_next(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int next)
{
	u32 head = vfio_pci_cfg_virt(vdev, pos);

	vfio_pci_cfg_set_virt(vdev, pos, (head & GENMASK(19, 0)) | next << 20);
}

static void link_ext_caps(struct vfio_pci_core_device *vdev)
{
	unsigned int i, prev = PCI_CFG_SPACE_SIZE;
	struct vfio_pci_cfg *cfg = vdev->cfg;

	/* Only the header of a hidden one has no id */
	if (!cfg->spans[cfg->map[prev]].id)
		vfio_pci_cfg_set_virt(vdev, prev, 0);

	for (i = VFIO_PCI_CFG_SPAN_CAPS; i < cfg->num_spans; i++) {
		const struct vfio_pci_cfg_span *span = &cfg->spans[i];

		if (!span->ext || span->start == PCI_CFG_SPACE_SIZE)
			continue;
		set_ext_next(vdev, prev, span->start);
		prev = span->start;
	}
	set_ext_next(vdev, prev, 0);
}

/**
 * vfio_pci_cfg_link_caps() - Make the capability lists that the user sees
 * @vdev: device after vfio_pci_cfg_find_caps() whose virtual copy holds what
 *        hardware has in the header and the capabilities
 *
 * Leads each next pointer to the next visible capability (CVE-2024-53214:
 * also when the first extended one is hidden).
 *
 * Context: the virtual configuration space is not in use yet.
 */
void vfio_pci_cfg_link_caps(struct vfio_pci_core_device *vdev)
{
	link_std_caps(vdev);
	if (vdev->cfg->size > PCI_CFG_SPACE_SIZE &&
	    vdev->cfg->map[PCI_CFG_SPACE_SIZE] != VFIO_PCI_CFG_SPAN_RAW)
		link_ext_caps(vdev);
}
