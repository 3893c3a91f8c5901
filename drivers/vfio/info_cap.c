// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capability chains behind the answers of the INFO ioctls.
 *
 * Owns the layout: capabilities stand one behind the other in one buffer, each
 * aligned and padded to 8 bytes with zeros, linked by byte offsets.  While the
 * chain grows the offsets count from its own beginning;
 * vfio_info_cap_shift() makes them count from the beginning of the user's
 * structure.  No lock: a chain belongs to the one ioctl that builds it.
 */
#include <linux/align.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vfio.h>

#define CAP_ALIGNMENT	sizeof(u64)

static struct vfio_info_cap_header *cap_at(struct vfio_info_cap *caps, size_t offset)
{
	return (void *)caps->buf + offset;
}

/* A chain with a capability missing would lie, so there is none at all */
static void cap_discard(struct vfio_info_cap *caps)
{
	kfree(caps->buf);
	*caps = (struct vfio_info_cap) { };
}

/* Bytes that the chain has with @size more; 0 if the user's offsets couldn't hold it */
static size_t cap_grown_size(const struct vfio_info_cap *caps, size_t size)
{
	size_t padded, total;

	if (check_add_overflow(size, CAP_ALIGNMENT - 1, &padded))
		return 0;
	padded = ALIGN_DOWN(padded, CAP_ALIGNMENT);
	if (check_add_overflow(caps->size, padded, &total) || total > U32_MAX)
		return 0;
	return total;
}

/**
 * vfio_info_cap_add() - Append an empty capability to a chain
 * @caps: chain, all zeros at the beginning
 * @size: bytes of the capability with its header, need not be a multiple of 8
 * @id: what it describes, VFIO_*_INFO_CAP_*
 * @version: version of its layout
 *
 * The body is zeroed.  The chain may move in memory, so that the pointer
 * returned is good until the next capability is added.
 *
 * Context: Process context, may sleep.
 * Return: the header of the new capability.  ERR_PTR(-ENOMEM) if there is no
 * memory, ERR_PTR(-EINVAL) if @size is less than a header; then the whole
 * chain is discarded, @caps is empty and has nothing to be freed.
 */
struct vfio_info_cap_header *vfio_info_cap_add(struct vfio_info_cap *caps, size_t size, u16 id,
					       u16 version)
{
	struct vfio_info_cap_header *buf, *header;
	size_t total;

	if (WARN_ON_ONCE(size < sizeof(*header))) {
		cap_discard(caps);
		return ERR_PTR(-EINVAL);
	}

	total = cap_grown_size(caps, size);
	buf = total ? krealloc(caps->buf, total, GFP_KERNEL_ACCOUNT) : NULL;
	if (!buf) {
		cap_discard(caps);
		return ERR_PTR(-ENOMEM);
	}

	caps->buf = buf;
	header = cap_at(caps, caps->size);
	memset(header, 0, total - caps->size);
	header->id = id;
	header->version = version;
	if (caps->size)
		cap_at(caps, caps->last)->next = caps->size;
	caps->last = caps->size;
	caps->size = total;
	return header;
}
EXPORT_SYMBOL_GPL(vfio_info_cap_add);

/**
 * vfio_info_cap_shift() - Make the offsets of a chain count from somewhere else
 * @caps: complete chain
 * @offset: bytes between the new origin and the first capability, a multiple
 *          of 8
 *
 * To be called once, right before the chain is copied to the user.
 *
 * Context: Any.
 */
void vfio_info_cap_shift(struct vfio_info_cap *caps, size_t offset)
{
	struct vfio_info_cap_header *header;
	size_t at = 0;

	WARN_ON_ONCE(!IS_ALIGNED(offset, CAP_ALIGNMENT));

	if (!caps->size)
		return;
	while (at != caps->last) {
		header = cap_at(caps, at);
		at = header->next;
		header->next += offset;
	}
}
EXPORT_SYMBOL(vfio_info_cap_shift);

/**
 * vfio_info_add_capability() - Append a copy of a capability to a chain
 * @caps: chain that the driver was given
 * @cap: capability, with id and version filled in; @cap->next is ignored
 * @size: bytes of it, with the header
 *
 * Context: Process context, may sleep.
 * Return: 0, or -ENOMEM or -EINVAL as vfio_info_cap_add(), which discards the
 * whole chain.
 */
int vfio_info_add_capability(struct vfio_info_cap *caps, struct vfio_info_cap_header *cap,
			     size_t size)
{
	void *copy = vfio_info_cap_add(caps, size, cap->id, cap->version);

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	memcpy(copy + sizeof(*cap), cap + 1, size - sizeof(*cap));
	return 0;
}
EXPORT_SYMBOL(vfio_info_add_capability);
