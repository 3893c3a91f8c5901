// SPDX-License-Identifier: GPL-2.0-only
/*
 * What VFIO_DEVICE_SET_IRQS means for every kind of device.
 *
 * Pure: no state, no lock.  Called by the ioctl code of the bus drivers before
 * they touch the payload, so that none of them has to distrust start, count
 * and size again.
 */
#include <linux/export.h>
#include <linux/overflow.h>
#include <linux/stddef.h>
#include <linux/vfio.h>

#define IRQ_SET_KNOWN_FLAGS	(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK)

/* Bytes of payload per interrupt; false unless exactly one data type is given */
static bool irq_set_element_size(u32 flags, size_t *size)
{
	switch (flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		*size = 0;
		return true;
	case VFIO_IRQ_SET_DATA_BOOL:
		*size = sizeof(u8);
		return true;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		*size = sizeof(s32);
		return true;
	default:
		return false;
	}
}

/* Does [start, start + count) lie in [0, nr)?  start itself must, even if count is 0 */
static bool irq_set_range_ok(u32 start, u32 count, int nr)
{
	u32 end;

	if (nr <= 0 || start >= (u32)nr)
		return false;
	return !check_add_overflow(start, count, &end) && end <= (u32)nr;
}

/**
 * vfio_set_irqs_validate_and_prepare() - Check the header of VFIO_DEVICE_SET_IRQS
 * @hdr: header, in kernel memory, as the user gave it
 * @num_irqs: number of interrupts that the index @hdr->index has; 0 or less
 *            for an index that has none
 * @max_irq_type: number of indexes that the device has
 * @data_size: returns the bytes of payload behind the header that belong to
 *             the call, 0 for VFIO_IRQ_SET_DATA_NONE; may be NULL for a caller
 *             that supports nothing else
 *
 * The action is not interpreted: whether it is exactly one, and one that the
 * index knows, is the caller's business.
 *
 * Context: Any.
 * Return: 0, or -EINVAL: argsz shorter than the header or too short for the
 * payload, unknown flag, not exactly one data type, index out of range, start
 * or the end of the range outside of the interrupts there are, sum overflows,
 * payload needed and @data_size NULL.
 */
int vfio_set_irqs_validate_and_prepare(struct vfio_irq_set *hdr, int num_irqs, int max_irq_type,
				       size_t *data_size)
{
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	size_t element, bytes;

	if (hdr->argsz < minsz || (hdr->flags & ~IRQ_SET_KNOWN_FLAGS))
		return -EINVAL;
	if (max_irq_type <= 0 || hdr->index >= (u32)max_irq_type)
		return -EINVAL;
	if (!irq_set_range_ok(hdr->start, hdr->count, num_irqs))
		return -EINVAL;
	if (!irq_set_element_size(hdr->flags, &element) || (element && !data_size))
		return -EINVAL;
	if (check_mul_overflow((size_t)hdr->count, element, &bytes) ||
	    bytes > hdr->argsz - minsz)
		return -EINVAL;

	if (data_size)
		*data_size = bytes;
	return 0;
}
EXPORT_SYMBOL(vfio_set_irqs_validate_and_prepare);
