// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupts of a PCI device as user space sees them: what there is, and
 * the one place that decodes VFIO_DEVICE_SET_IRQS.
 *
 * Owns the table of interrupt indexes, the life of the interrupt state and the
 * two interrupts that are no hardware: ERR (the device had an error) and REQ
 * (the host wants the device back).  Called by the ioctl code and by open,
 * close and error handling of the device; takes igate, which serialises all
 * changes from here down.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/nospec.h>

#include "vfio_pci_irq.h"
#include "vfio_pci_priv.h"

static unsigned int count_intx(struct vfio_pci_core_device *vdev)
{
	return vfio_pci_intx_usable(vdev) ? 1 : 0;
}

/* Multiple Message Capable has encodings that are reserved (PCIe r6.0 sec. 7.7.1.2) */
static unsigned int count_msi(struct vfio_pci_core_device *vdev)
{
	return clamp(pci_msi_vec_count(vdev->pdev), 0, 32);
}

static unsigned int count_msix(struct vfio_pci_core_device *vdev)
{
	return clamp(pci_msix_vec_count(vdev->pdev), 0, PCI_MSIX_FLAGS_QSIZE + 1);
}

static unsigned int count_one(struct vfio_pci_core_device *vdev)
{
	return 1;
}

static struct vfio_pci_eventfd __rcu **notice_slot(struct vfio_pci_core_device *vdev,
						   const struct vfio_pci_irq_set *set)
{
	return set->index == VFIO_PCI_ERR_IRQ_INDEX ? &vdev->err_trigger : &vdev->req_trigger;
}

/* ERR and REQ, TRIGGER, NONE: signal it or, with a count of 0, clear it */
static int notice_trigger_none(struct vfio_pci_core_device *vdev,
			       const struct vfio_pci_irq_set *set)
{
	struct vfio_pci_eventfd __rcu **slot = notice_slot(vdev, set);

	if (!rcu_access_pointer(*slot))
		return -EINVAL;
	if (!set->count)
		return vfio_pci_eventfd_replace(vdev, slot, -1);
	vfio_pci_eventfd_signal(slot);
	return 0;
}

/* ERR and REQ, TRIGGER, BOOL: signal it if there is anything to be signalled */
static int notice_trigger_bool(struct vfio_pci_core_device *vdev,
			       const struct vfio_pci_irq_set *set)
{
	if (!set->count)
		return -EINVAL;
	if (set->bools[0])
		vfio_pci_eventfd_signal(notice_slot(vdev, set));
	return 0;
}

/* ERR and REQ, TRIGGER, EVENTFD: set it or, with -1 but no other number, clear it */
static int notice_bind(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	if (!set->count || set->fds[0] < -1)
		return -EINVAL;
	return vfio_pci_eventfd_replace(vdev, notice_slot(vdev, set), set->fds[0]);
}

/**
 * struct vfio_pci_irq_index - One interrupt index
 * @count: how many interrupts it has on a device
 * @flags: VFIO_IRQ_INFO_*; VFIO_IRQ_INFO_NORESIZE is left out for an index
 *         that can grow on a platform that allows it
 * @fn: who carries out an action, by action and type of payload; NULL: nobody
 */
struct vfio_pci_irq_index {
	unsigned int (*count)(struct vfio_pci_core_device *vdev);
	u32 flags;
	vfio_pci_irq_fn fn[VFIO_PCI_IRQ_NR_ACTIONS][VFIO_PCI_IRQ_NR_DATA];
};

static const struct vfio_pci_irq_index vfio_pci_irq_indexes[] = {
	[VFIO_PCI_INTX_IRQ_INDEX] = {
		.count = count_intx,
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
			 VFIO_IRQ_INFO_AUTOMASKED,
		.fn = {
			[VFIO_PCI_IRQ_MASK] = {
				[VFIO_PCI_IRQ_NONE] = vfio_pci_intx_set_mask,
				[VFIO_PCI_IRQ_BOOL] = vfio_pci_intx_set_mask,
				[VFIO_PCI_IRQ_EVENTFD] = vfio_pci_intx_bind_mask,
			},
			[VFIO_PCI_IRQ_UNMASK] = {
				[VFIO_PCI_IRQ_NONE] = vfio_pci_intx_set_unmask,
				[VFIO_PCI_IRQ_BOOL] = vfio_pci_intx_set_unmask,
				[VFIO_PCI_IRQ_EVENTFD] = vfio_pci_intx_bind_unmask,
			},
			[VFIO_PCI_IRQ_TRIGGER] = {
				[VFIO_PCI_IRQ_NONE] = vfio_pci_intx_trigger,
				[VFIO_PCI_IRQ_BOOL] = vfio_pci_intx_trigger,
				[VFIO_PCI_IRQ_EVENTFD] = vfio_pci_intx_bind_trigger,
			},
		},
	},
	[VFIO_PCI_MSI_IRQ_INDEX] = {
		.count = count_msi,
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
		.fn = {
			[VFIO_PCI_IRQ_TRIGGER] = {
				[VFIO_PCI_IRQ_NONE] = vfio_pci_msi_trigger,
				[VFIO_PCI_IRQ_BOOL] = vfio_pci_msi_trigger,
				[VFIO_PCI_IRQ_EVENTFD] = vfio_pci_msi_bind,
			},
		},
	},
	[VFIO_PCI_MSIX_IRQ_INDEX] = {
		.count = count_msix,
		.flags = VFIO_IRQ_INFO_EVENTFD,
		.fn = {
			[VFIO_PCI_IRQ_TRIGGER] = {
				[VFIO_PCI_IRQ_NONE] = vfio_pci_msi_trigger,
				[VFIO_PCI_IRQ_BOOL] = vfio_pci_msi_trigger,
				[VFIO_PCI_IRQ_EVENTFD] = vfio_pci_msi_bind,
			},
		},
	},
	[VFIO_PCI_ERR_IRQ_INDEX] = {
		.count = count_one,
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
		.fn = {
			[VFIO_PCI_IRQ_TRIGGER] = {
				[VFIO_PCI_IRQ_NONE] = notice_trigger_none,
				[VFIO_PCI_IRQ_BOOL] = notice_trigger_bool,
				[VFIO_PCI_IRQ_EVENTFD] = notice_bind,
			},
		},
	},
	[VFIO_PCI_REQ_IRQ_INDEX] = {
		.count = count_one,
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
		.fn = {
			[VFIO_PCI_IRQ_TRIGGER] = {
				[VFIO_PCI_IRQ_NONE] = notice_trigger_none,
				[VFIO_PCI_IRQ_BOOL] = notice_trigger_bool,
				[VFIO_PCI_IRQ_EVENTFD] = notice_bind,
			},
		},
	},
};

static_assert(ARRAY_SIZE(vfio_pci_irq_indexes) == VFIO_PCI_NUM_IRQS);

static const struct vfio_pci_irq_index *irq_index(unsigned int index)
{
	if (index >= ARRAY_SIZE(vfio_pci_irq_indexes))
		return NULL;
	return &vfio_pci_irq_indexes[array_index_nospec(index,
							ARRAY_SIZE(vfio_pci_irq_indexes))];
}

/* The position of the one bit of @mask that is set in @flags; -1 if not just one */
static int only_bit(u32 flags, u32 mask)
{
	flags &= mask;
	return is_power_of_2(flags) ? ilog2(flags) - __ffs(mask) : -1;
}

/**
 * vfio_pci_irq_decode() - Who carries out a VFIO_DEVICE_SET_IRQS
 * @flags: VFIO_IRQ_SET_* of the user
 * @index: index of the user
 * @type: returns the type of the payload
 *
 * Return: the function, or NULL if there is none: index or combination unknown,
 * or not exactly one action and one data type.
 */
VISIBLE_IF_KUNIT
vfio_pci_irq_fn vfio_pci_irq_decode(u32 flags, unsigned int index, enum vfio_pci_irq_data *type)
{
	const struct vfio_pci_irq_index *entry = irq_index(index);
	int action = only_bit(flags, VFIO_IRQ_SET_ACTION_TYPE_MASK);
	int data = only_bit(flags, VFIO_IRQ_SET_DATA_TYPE_MASK);

	if (!entry || action < 0 || data < 0)
		return NULL;

	*type = data;
	return entry->fn[action][data];
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irq_decode);

/**
 * vfio_pci_set_irqs() - Carry out VFIO_DEVICE_SET_IRQS
 * @vdev: open device
 * @flags: VFIO_IRQ_SET_* of the user
 * @index: index of the user
 * @start: first interrupt
 * @count: number of interrupts, validated against vfio_pci_irq_count() by
 *         vfio_set_irqs_validate_and_prepare()
 * @data: payload in kernel memory, as long as that function said
 *
 * Context: Process context, sleeps; takes igate.
 * Return: 0; -ENOTTY if the index has no such action with such a payload, or
 * there is not exactly one action; otherwise what the function for it returns,
 * which may be a positive number, see vfio_pci_msi_bind().
 */
int vfio_pci_set_irqs(struct vfio_pci_core_device *vdev, u32 flags, unsigned int index,
		      unsigned int start, unsigned int count, const void *data)
{
	struct vfio_pci_irq_set set = {
		.index = index,
		.start = start,
		.count = count,
		.data = data,
	};
	vfio_pci_irq_fn fn;

	fn = vfio_pci_irq_decode(flags, index, &set.type);
	if (!fn)
		return -ENOTTY;

	guard(mutex)(&vdev->igate);
	return fn(vdev, &set);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_set_irqs);

/**
 * vfio_pci_irq_count() - How many interrupts an index has
 * @vdev: open device
 * @index: index of the user, not validated
 *
 * Context: Process context, reads configuration space.
 * Return: the number, 0 for an index that doesn't exist.
 */
unsigned int vfio_pci_irq_count(struct vfio_pci_core_device *vdev, unsigned int index)
{
	const struct vfio_pci_irq_index *entry = irq_index(index);

	return entry ? entry->count(vdev) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irq_count);

/**
 * vfio_pci_irq_flags() - What the interrupts of an index can do
 * @vdev: open device
 * @index: index of the user, not validated
 *
 * Context: Any.
 * Return: VFIO_IRQ_INFO_*, 0 for an index that doesn't exist.
 */
u32 vfio_pci_irq_flags(struct vfio_pci_core_device *vdev, unsigned int index)
{
	const struct vfio_pci_irq_index *entry = irq_index(index);
	u32 flags = entry ? entry->flags : 0;

	if (index == VFIO_PCI_MSIX_IRQ_INDEX && !vdev->has_dyn_msix)
		flags |= VFIO_IRQ_INFO_NORESIZE;
	return flags;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irq_flags);

/**
 * vfio_pci_irq_signal_error() - Tell the user that his device had an error
 * @vdev: device, open or not
 *
 * Context: Any but NMI.
 */
void vfio_pci_irq_signal_error(struct vfio_pci_core_device *vdev)
{
	vfio_pci_eventfd_signal(&vdev->err_trigger);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irq_signal_error);

/**
 * vfio_pci_irq_signal_request() - Ask the user for the device
 * @vdev: device, open or not
 *
 * Context: Any but NMI.
 * Return: true if the user has a way to hear it.
 */
bool vfio_pci_irq_signal_request(struct vfio_pci_core_device *vdev)
{
	return vfio_pci_eventfd_signal(&vdev->req_trigger);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irq_signal_request);

/**
 * vfio_pci_irqs_init() - Prepare the interrupt state of a new device
 * @vdev: device that nobody else knows yet
 */
void vfio_pci_irqs_init(struct vfio_pci_core_device *vdev)
{
	mutex_init(&vdev->igate);
	spin_lock_init(&vdev->irqlock);
	xa_init(&vdev->msi_vectors);
	vdev->irq_type = VFIO_PCI_NUM_IRQS;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irqs_init);

/**
 * vfio_pci_irqs_disable() - Take all interrupts back when the device is closed
 * @vdev: device, still enabled
 *
 * Context: Process context, sleeps; takes igate.
 */
void vfio_pci_irqs_disable(struct vfio_pci_core_device *vdev)
{
	guard(mutex)(&vdev->igate);

	if (vdev->irq_type == VFIO_PCI_INTX_IRQ_INDEX)
		vfio_pci_intx_disable(vdev);
	else if (vdev->irq_type != VFIO_PCI_NUM_IRQS)
		vfio_pci_msi_disable(vdev);

	vdev->virq_disabled = false;
	vfio_pci_eventfd_replace(vdev, &vdev->err_trigger, -1);
	vfio_pci_eventfd_replace(vdev, &vdev->req_trigger, -1);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irqs_disable);

/**
 * vfio_pci_irqs_destroy() - Undo vfio_pci_irqs_init()
 * @vdev: device that is closed and that nobody else knows any more
 */
void vfio_pci_irqs_destroy(struct vfio_pci_core_device *vdev)
{
	xa_destroy(&vdev->msi_vectors);
	mutex_destroy(&vdev->igate);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_irqs_destroy);
