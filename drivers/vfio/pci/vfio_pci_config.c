// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual configuration space: reading and writing it, making it when the
 * device is opened.
 *
 * A request is cut into naturally aligned pieces of at most four bytes that
 * do not cross the border of a span.  A piece is read from hardware, from
 * the virtual copy, or from both and merged, as the masks of its dword say;
 * one that is virtual as a whole never touches hardware.
 *
 * Owns vdev->cfg and vdev->vconfig; see struct vfio_pci_cfg for the lock.
 * Called by the region code for VFIO_PCI_CONFIG_REGION_INDEX and by drivers
 * through vfio_pci_config_rw_single().
 */
#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>
#include <linux/vfio.h>

#include "vfio_pci_cfg.h"

/* Bytes that are copied from and to the user at a time */
#define BATCH	256

/**
 * piece_len() - How much can be accessed at once?
 * @cfg: virtual configuration space
 * @pos: where
 * @count: bytes wanted from there on, at least 1, all inside
 *
 * Return: 1, 2 or 4: the largest that is aligned, wanted and in one span.
 */
static inline unsigned int piece_len(const struct vfio_pci_cfg *cfg, unsigned int pos,
				     unsigned int count)
{
	const u8 *map = &cfg->map[pos];

	if (count >= 4 && !(pos & 3) && *(const u32 *)map == map[0] * 0x01010101U)
		return 4;
	if (count >= 2 && !(pos & 1) && map[0] == map[1])
		return 2;
	return 1;
}

/* The value of @len bytes, all bits set */
static u32 ones(unsigned int len)
{
	return ~0U >> (32 - 8 * len);
}

/* Read one piece.  The caller has it from piece_len(), or knows as well. */
static __always_inline int read_piece(struct vfio_pci_core_device *vdev, unsigned int pos,
				      unsigned int len, u32 *val)
{
	const struct vfio_pci_cfg *cfg = vdev->cfg;
	unsigned int shift = 8 * (pos & 3);
	u32 virt, host, all = ones(len);
	int ret;

	if (cfg->how[pos / 4] == VFIO_PCI_CFG_HW)
		return vfio_pci_cfg_host_read(vdev, pos, len, val);

	virt = vfio_pci_cfg_reg_of(&cfg->spans[cfg->map[pos]], pos & ~3U)->virt >> shift & all;
	*val = vfio_pci_cfg_virt(vdev, pos & ~3U) >> shift & virt;
	if (virt == all)
		return 0;
	ret = vfio_pci_cfg_host_read(vdev, pos, len, &host);
	*val |= host & ~virt;
	return ret;
}

/* Read a request by the piece, however it lies */
static int read_pieces(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int count,
		       u8 *buf)
{
	unsigned int len;
	u32 val;
	int ret;

	for (; count; pos += len, buf += len, count -= len) {
		len = piece_len(vdev->cfg, pos, count);
		ret = read_piece(vdev, pos, len, &val);
		if (ret)
			return ret;
		if (len == 4)
			put_unaligned_le32(val, buf);
		else if (len == 2)
			put_unaligned_le16(val, buf);
		else
			*buf = val;
	}
	return 0;
}

/* Dwords from one on, at most @num, that are read from hardware alone */
static unsigned int hw_run(const u8 *how, unsigned int num)
{
	unsigned int n;

	for (n = 1; n < num && how[n] == VFIO_PCI_CFG_HW; n++)
		;
	return n;
}

/*
 * Read whole dwords.  Most are read from one place alone, and those take
 * nothing but a look at their struct vfio_pci_cfg.how.
 */
static int read_dwords(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int num,
		       u8 *buf)
{
	const u8 *how = &vdev->cfg->how[pos / 4];
	unsigned int n;
	u32 val;
	int ret;

	for (; num; num -= n, how += n, pos += 4 * n, buf += 4 * n) {
		n = 1;
		switch (*how) {
		case VFIO_PCI_CFG_VIRT:
			put_unaligned_le32(vfio_pci_cfg_virt(vdev, pos), buf);
			continue;
		case VFIO_PCI_CFG_HW:
			n = hw_run(how, num);
			ret = vfio_pci_cfg_host_read_dwords(vdev, pos, n, buf);
			break;
		case VFIO_PCI_CFG_MERGE:
			ret = read_piece(vdev, pos, 4, &val);
			put_unaligned_le32(val, buf);
			break;
		default:
			ret = read_pieces(vdev, pos, 4, buf);
		}
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * write_through() - Let hardware see its share of a write
 * @vdev: device, its vfio_pci_cfg.lock held
 * @w: the write
 * @rw1c: see struct vfio_pci_cfg_reg
 *
 * Only those bytes are accessed that have a bit in w->through: a status
 * register next to a control register is not written back to itself, which
 * would clear its bits.
 *
 * Return: 0 or a negative errno of vfio_pci_cfg_host_read() or _write().
 */
static int write_through(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_write *w,
			 u32 rw1c)
{
	unsigned int first = __ffs(w->through) / 8;
	unsigned int last = __fls(w->through) / 8;
	unsigned int len = first == last ? 1 : first / 2 == last / 2 ? 2 : 4;
	unsigned int off = first & ~(len - 1);
	u32 lanes = ones(len) << 8 * off;
	u32 val = w->val & w->through;
	u32 host;
	int ret;

	lockdep_assert_held(&vdev->cfg->lock);

	if (w->through != lanes) {
		ret = vfio_pci_cfg_host_read(vdev, w->pos + off, len, &host);
		if (ret)
			return ret;
		val |= host << 8 * off & lanes & ~w->through & ~rw1c;
	}
	return vfio_pci_cfg_host_write(vdev, w->pos + off, len, val >> 8 * off);
}

static int write_reg(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_reg *reg,
		     struct vfio_pci_cfg_write *w)
{
	const struct vfio_pci_cfg_emul *emul = reg->emul;
	int ret = 0;

	if (emul && !(emul->watch & w->lanes))
		emul = NULL;

	if (emul && emul->before)
		emul->before(vdev, w);
	if (w->through)
		ret = write_through(vdev, w, reg->rw1c);
	if (!ret && w->store)
		vfio_pci_cfg_set_virt(vdev, w->pos, vfio_pci_cfg_new(w));
	if (emul && emul->after)
		emul->after(vdev, w);
	return ret;
}

/* Write one piece.  The caller has it from piece_len(). */
static int write_piece(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		       u32 val)
{
	struct vfio_pci_cfg *cfg = vdev->cfg;
	const struct vfio_pci_cfg_span *span = &cfg->spans[cfg->map[pos]];
	const struct vfio_pci_cfg_reg *reg;
	struct vfio_pci_cfg_write w = {
		.pos = pos & ~3U,
		.base = span->start,
		.lanes = ones(len) << (8 * (pos & 3)),
		.val = val << (8 * (pos & 3)),
	};

	if (cfg->map[pos] == VFIO_PCI_CFG_SPAN_RAW)
		return vfio_pci_cfg_host_write(vdev, pos, len, val);

	reg = vfio_pci_cfg_reg_of(span, w.pos);
	w.store = reg->write & w.lanes;
	w.through = w.store & ~reg->virt;
	if (!w.store && !reg->emul)
		return 0;

	guard(mutex)(&cfg->lock);
	w.old = vfio_pci_cfg_virt(vdev, w.pos);
	return write_reg(vdev, reg, &w);
}

/**
 * vfio_pci_config_read() - Read as the user would, into kernel memory
 * @vdev: open device
 * @pos: first byte
 * @count: bytes, [@pos, @pos + @count) inside configuration space
 * @buf: where to, little endian as configuration space is
 *
 * Context: may sleep.
 * Return: 0, or a negative errno of the PCI core when hardware cannot be read.
 */
VISIBLE_IF_KUNIT int vfio_pci_config_read(struct vfio_pci_core_device *vdev, unsigned int pos,
					  unsigned int count, u8 *buf)
{
	unsigned int head = min(-pos & 3, count);
	unsigned int body = (count - head) & ~3U;
	int ret = 0;

	if (head)
		ret = read_pieces(vdev, pos, head, buf);
	if (!ret && body)
		ret = read_dwords(vdev, pos + head, body / 4, buf + head);
	if (!ret && count > head + body)
		ret = read_pieces(vdev, pos + head + body, count - head - body,
				  buf + head + body);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_config_read);

/**
 * vfio_pci_config_write() - Write as the user would, from kernel memory
 * @vdev: open device
 * @pos: first byte
 * @count: bytes, [@pos, @pos + @count) inside configuration space
 * @buf: where from, little endian as configuration space is
 *
 * Context: may sleep; takes vfio_pci_cfg.lock.
 * Return: 0, or a negative errno of the PCI core when hardware cannot be
 * written; the pieces before that have been.
 */
VISIBLE_IF_KUNIT int vfio_pci_config_write(struct vfio_pci_core_device *vdev, unsigned int pos,
					   unsigned int count, const u8 *buf)
{
	unsigned int len;
	u32 val;
	int ret;

	for (; count; pos += len, buf += len, count -= len) {
		len = piece_len(vdev->cfg, pos, count);
		if (len == 4)
			val = get_unaligned_le32(buf);
		else if (len == 2)
			val = get_unaligned_le16(buf);
		else
			val = *buf;
		ret = write_piece(vdev, pos, len, val);
		if (ret)
			return ret;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_config_write);

/* Is a request one piece? */
static bool is_piece(const struct vfio_pci_cfg *cfg, unsigned int pos, size_t count)
{
	return count <= 4 && is_power_of_2(count) && !(pos & (count - 1)) &&
	       cfg->how[pos / 4] != VFIO_PCI_CFG_SPLIT;
}

/* Nearly all requests are a single register */
static int read_one(struct vfio_pci_core_device *vdev, char __user *ubuf, unsigned int count,
		    unsigned int pos)
{
	u32 val;
	int ret;

	if (count == 4)
		ret = read_piece(vdev, pos, 4, &val) ?:
		      put_user(cpu_to_le32(val), (__le32 __user *)ubuf);
	else if (count == 2)
		ret = read_piece(vdev, pos, 2, &val) ?:
		      put_user(cpu_to_le16(val), (__le16 __user *)ubuf);
	else
		ret = read_piece(vdev, pos, 1, &val) ?: put_user(val, (u8 __user *)ubuf);
	return ret;
}

static int write_one(struct vfio_pci_core_device *vdev, char __user *ubuf, unsigned int count,
		     unsigned int pos)
{
	__le32 dword;
	__le16 word;
	u8 byte;

	if (count == 4)
		return get_user(dword, (__le32 __user *)ubuf) ?:
		       write_piece(vdev, pos, 4, le32_to_cpu(dword));
	if (count == 2)
		return get_user(word, (__le16 __user *)ubuf) ?:
		       write_piece(vdev, pos, 2, le16_to_cpu(word));
	return get_user(byte, (u8 __user *)ubuf) ?: write_piece(vdev, pos, 1, byte);
}

/* Kept out of line so that single registers don't pay for its buffer */
static noinline_for_stack int rw_batch(struct vfio_pci_core_device *vdev, char __user *ubuf,
				       unsigned int count, unsigned int pos, bool iswrite)
{
	u8 buf[BATCH];
	int ret;

	if (iswrite) {
		if (copy_from_user(buf, ubuf, count))
			return -EFAULT;
		return vfio_pci_config_write(vdev, pos, count, buf);
	}

	ret = vfio_pci_config_read(vdev, pos, count, buf);
	if (!ret && copy_to_user(ubuf, buf, count))
		ret = -EFAULT;
	return ret;
}

static bool outside(struct vfio_pci_core_device *vdev, loff_t pos, size_t count)
{
	return pos < 0 || pos >= vdev->cfg->size || count > vdev->cfg->size - pos;
}

/**
 * vfio_pci_config_rw() - Read or write the configuration region
 * @vdev: open device
 * @buf: the user's memory
 * @count: bytes
 * @ppos: file position: region index above VFIO_PCI_OFFSET_SHIFT, offset
 *        below; advances by what was done, stays where it is on error
 * @iswrite: which of the two
 *
 * Context: may sleep; takes vfio_pci_cfg.lock to write.  No lock may be held.
 * Return: @count; -EFAULT when not all of the request lies inside
 * configuration space or @buf cannot be accessed; a negative errno of the PCI
 * core when the device does not answer.  What a write has done before the
 * error remains done.
 */
ssize_t vfio_pci_config_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			   loff_t *ppos, bool iswrite)
{
	loff_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done, len;
	int ret;

	if (outside(vdev, pos, count))
		return -EFAULT;

	if (is_piece(vdev->cfg, pos, count)) {
		ret = iswrite ? write_one(vdev, buf, count, pos) : read_one(vdev, buf, count, pos);
		if (ret)
			return ret;
		*ppos += count;
		return count;
	}

	for (done = 0; done < count; done += len) {
		len = min_t(size_t, count - done, BATCH);
		ret = rw_batch(vdev, buf + done, len, pos + done, iswrite);
		if (ret)
			return ret;
	}
	*ppos += count;
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_config_rw);

/**
 * vfio_pci_config_rw_single() - Read or write one piece of configuration space
 * @vdev: open device
 * @buf: the user's memory
 * @count: bytes wanted, at least 1
 * @ppos: offset in configuration space, without a region index; not changed
 * @iswrite: which of the two
 *
 * For drivers whose file positions are not those of the library.  They call it
 * again for what remains.
 *
 * Context: may sleep; takes vfio_pci_cfg.lock to write.  No lock may be held.
 * Return: bytes done, 1, 2 or 4; -EFAULT when not all of the request lies
 * inside configuration space or @buf cannot be accessed; a negative errno of
 * the PCI core when the device does not answer.
 */
ssize_t vfio_pci_config_rw_single(struct vfio_pci_core_device *vdev, char __user *buf,
				  size_t count, loff_t *ppos, bool iswrite)
{
	unsigned int len;
	int ret;

	if (!count)
		return 0;
	if (outside(vdev, *ppos, count))
		return -EFAULT;

	len = piece_len(vdev->cfg, *ppos, min_t(size_t, count, 4));
	ret = iswrite ? write_one(vdev, buf, len, *ppos) : read_one(vdev, buf, len, *ppos);
	return ret ?: len;
}
EXPORT_SYMBOL_GPL(vfio_pci_config_rw_single);

/* ---- Making it */

/* Let the virtual copy of the bytes of a span begin as hardware has them */
static int seed_span(struct vfio_pci_core_device *vdev, const struct vfio_pci_cfg_span *span)
{
	unsigned int pos;
	u32 val;
	int ret;

	for (pos = span->start; pos < span->start + span->len; pos += 4) {
		ret = vfio_pci_cfg_host_read(vdev, pos, 4, &val);
		if (ret)
			return ret;
		vfio_pci_cfg_set_virt(vdev, pos, val);
	}
	return 0;
}

/* Bits of a dword whose bytes belong to a span, and not to another that overlaps it */
static u32 own_lanes(const struct vfio_pci_cfg *cfg, unsigned int num, unsigned int pos)
{
	unsigned int i;
	u32 lanes = 0;

	for (i = 0; i < 4; i++)
		if (cfg->map[pos + i] == num)
			lanes |= 0xffU << 8 * i;
	return lanes;
}

static void clear_span(struct vfio_pci_core_device *vdev, unsigned int num)
{
	const struct vfio_pci_cfg_span *span = &vdev->cfg->spans[num];
	unsigned int pos;
	u32 clear;

	for (pos = span->start; pos < span->start + span->len; pos += 4) {
		clear = vfio_pci_cfg_reg_of(span, pos)->clear;
		if (!clear)
			continue;
		clear &= own_lanes(vdev->cfg, num, pos);
		vfio_pci_cfg_set_virt(vdev, pos, vfio_pci_cfg_virt(vdev, pos) & ~clear);
	}
}

/* What the header says that is not a copy of hardware, PCIe r6.0 sec. 9.3.4 for VFs */
static void fix_header(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	u8 *header = vdev->vconfig;
	u32 cmd = vfio_pci_cfg_virt(vdev, PCI_COMMAND);

	if (pdev->is_virtfn)
		vfio_pci_cfg_set_virt(vdev, PCI_VENDOR_ID, pdev->vendor | (u32)pdev->device << 16);
	if (!vfio_pci_intx_usable(vdev))
		header[PCI_INTERRUPT_PIN] = 0;

	/* Memory of a device that cannot turn it off is on once it is enabled */
	if (pdev->no_command_memory)
		cmd |= PCI_COMMAND_MEMORY;
	/* The real bit is set until an interrupt is set up, the user's is not */
	if (!vdev->nointx)
		cmd &= ~PCI_COMMAND_INTX_DISABLE;
	vfio_pci_cfg_set_virt(vdev, PCI_COMMAND, cmd);

	vfio_pci_cfg_bars_init(vdev);
}

/* Where to read a dword from */
static enum vfio_pci_cfg_how how_to_read(const struct vfio_pci_cfg *cfg, unsigned int pos)
{
	const struct vfio_pci_cfg_span *span = &cfg->spans[cfg->map[pos]];
	u32 virt;

	if (piece_len(cfg, pos, 4) != 4)
		return VFIO_PCI_CFG_SPLIT;
	virt = vfio_pci_cfg_reg_of(span, pos)->virt;
	return !virt ? VFIO_PCI_CFG_HW : !~virt ? VFIO_PCI_CFG_VIRT : VFIO_PCI_CFG_MERGE;
}

/*
 * Most of the space belongs to no span: that reads from hardware, which is what
 * the table, zeroed, says already
 */
static void set_how(struct vfio_pci_cfg *cfg, const struct vfio_pci_cfg_span *span)
{
	unsigned int pos;

	static_assert(VFIO_PCI_CFG_HW == 0);

	for (pos = span->start & ~3U; pos < span->start + span->len; pos += 4)
		cfg->how[pos / 4] = how_to_read(cfg, pos);
}

static int fill(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_cfg *cfg = vdev->cfg;
	unsigned int i;
	int ret;

	cfg->spans[VFIO_PCI_CFG_SPAN_HEADER].len = PCI_STD_HEADER_SIZEOF;
	memset(cfg->map, VFIO_PCI_CFG_SPAN_HEADER, PCI_STD_HEADER_SIZEOF);
	cfg->num_spans = VFIO_PCI_CFG_SPAN_CAPS;
	vfio_pci_cfg_find_caps(vdev);

	for (i = VFIO_PCI_CFG_SPAN_HEADER; i < cfg->num_spans; i++) {
		ret = seed_span(vdev, &cfg->spans[i]);
		if (ret)
			return ret;
	}
	for (i = 0; i < cfg->num_spans; i++) {
		cfg->spans[i].layout = vfio_pci_cfg_layout_of(vdev, &cfg->spans[i]);
		clear_span(vdev, i);
	}
	for (i = VFIO_PCI_CFG_SPAN_HEADER; i < cfg->num_spans; i++)
		set_how(cfg, &cfg->spans[i]);
	fix_header(vdev);
	vfio_pci_cfg_link_caps(vdev);
	return 0;
}

/**
 * vfio_pci_config_init() - Make the virtual configuration space of a device
 * @vdev: device that is enabled and in D0, vdev->nointx is known, not open yet
 *
 * Context: may sleep; dev_set->lock is held.
 * Return: 0; -ENOMEM; or a negative errno of the PCI core when the device does
 * not answer.
 */
int vfio_pci_config_init(struct vfio_pci_core_device *vdev)
{
	unsigned int size = min(vdev->pdev->cfg_size, PCI_CFG_SPACE_EXP_SIZE);
	struct vfio_pci_cfg *cfg;
	int ret;

	static_assert(U8_MAX + 1 >= VFIO_PCI_CFG_MAX_SPANS);

	cfg = kvzalloc_flex(*cfg, map, size, GFP_KERNEL_ACCOUNT);
	vdev->vconfig = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!cfg || !vdev->vconfig) {
		kvfree(cfg);
		kfree(vdev->vconfig);
		vdev->vconfig = NULL;
		return -ENOMEM;
	}

	mutex_init(&cfg->lock);
	cfg->size = size;
	vdev->cfg = cfg;
	ret = fill(vdev);
	if (ret)
		vfio_pci_config_free(vdev);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_config_init);

/**
 * vfio_pci_config_free() - Undo vfio_pci_config_init()
 * @vdev: device that nobody uses any more; one without is left alone
 *
 * Context: may sleep; dev_set->lock is held.
 */
void vfio_pci_config_free(struct vfio_pci_core_device *vdev)
{
	if (!vdev->cfg)
		return;
	mutex_destroy(&vdev->cfg->lock);
	kvfree(vdev->cfg);
	kfree(vdev->vconfig);
	vdev->cfg = NULL;
	vdev->vconfig = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_config_free);

/**
 * vfio_pci_config_virtualise_dword() - Set a dword aside for the user
 * @vdev: device after vfio_pci_core_enable() and before
 *        vfio_pci_core_finish_enable(): nobody reads or writes yet
 * @pos: offset of the dword, a multiple of 4 behind the standard header
 * @val: what it reads as until the user writes it
 *
 * From now on the dword is nothing but memory: all of it can be read and
 * written, and hardware never learns of it.  Whatever was there is hidden by
 * it, a capability, too.  For a device of which the host uses a register to
 * tell its drivers something; there is room for one such dword.
 *
 * Context: dev_set->lock is held.
 * Return: 0; -EINVAL for a @pos outside; -ENOSPC for a second one.
 */
int vfio_pci_config_virtualise_dword(struct vfio_pci_core_device *vdev, unsigned int pos, u32 val)
{
	struct vfio_pci_cfg *cfg = vdev->cfg;
	struct vfio_pci_cfg_span *span;

	if (pos & 3 || pos < PCI_STD_HEADER_SIZEOF || pos >= cfg->size)
		return -EINVAL;
	if (cfg->num_spans == VFIO_PCI_CFG_MAX_SPANS)
		return -ENOSPC;

	span = &cfg->spans[cfg->num_spans];
	span->layout = &vfio_pci_cfg_layout_virtual;
	span->start = pos;
	span->len = 4;
	memset(&cfg->map[pos], cfg->num_spans, 4);
	cfg->num_spans++;
	cfg->how[pos / 4] = VFIO_PCI_CFG_VIRT;
	vfio_pci_cfg_set_virt(vdev, pos, val);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_config_virtualise_dword);
