/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of vfio-pci-core, in /sys/kernel/tracing/events/vfio_pci.
 * Documentation/driver-api/vfio.rst tells what to use them for.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_pci

#if !defined(VFIO_PCI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VFIO_PCI_TRACE_H

#include <linux/mm_types.h>
#include <linux/pci.h>
#include <linux/tracepoint.h>
#include <linux/vfio_pci_core.h>

/* A page fault in a mapping of a BAR: what leaf it asked for, what came of it */
TRACE_EVENT(vfio_pci_bar_fault,

	TP_PROTO(struct vfio_pci_core_device *vdev, unsigned int bar, u64 offset,
		 unsigned long address, unsigned int order, vm_fault_t result),

	TP_ARGS(vdev, bar, offset, address, order, result),

	TP_STRUCT__entry(
		__string(device, pci_name(vdev->pdev))
		__field(unsigned int, bar)
		__field(unsigned int, order)
		__field(u64, offset)
		__field(unsigned long, address)
		__field(unsigned int, result)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->bar = bar;
		__entry->order = order;
		__entry->offset = offset;
		__entry->address = address;
		__entry->result = (__force unsigned int)result;
	),

	TP_printk("%s bar=%u offset=0x%llx address=0x%lx order=%u result=%s",
		  __get_str(device), __entry->bar, __entry->offset, __entry->address,
		  __entry->order,
		  __print_flags(__entry->result, "|", VM_FAULT_RESULT_TRACE))
);

/* All user mappings of the device's BARs are removed, and access is locked out */
TRACE_EVENT(vfio_pci_zap,

	TP_PROTO(struct vfio_pci_core_device *vdev),

	TP_ARGS(vdev),

	TP_STRUCT__entry(
		__string(device, pci_name(vdev->pdev))
	),

	TP_fast_assign(
		__assign_str(device);
	),

	TP_printk("%s", __get_str(device))
);

/* A function reset was tried */
TRACE_EVENT(vfio_pci_reset,

	TP_PROTO(struct vfio_pci_core_device *vdev, int result),

	TP_ARGS(vdev, result),

	TP_STRUCT__entry(
		__string(device, pci_name(vdev->pdev))
		__field(int, result)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->result = result;
	),

	TP_printk("%s result=%d", __get_str(device), __entry->result)
);

/* The user has changed or fired interrupts */
TRACE_EVENT(vfio_pci_set_irqs,

	TP_PROTO(struct vfio_pci_core_device *vdev, const struct vfio_irq_set *set, long result),

	TP_ARGS(vdev, set, result),

	TP_STRUCT__entry(
		__string(device, pci_name(vdev->pdev))
		__field(u32, index)
		__field(u32, flags)
		__field(u32, start)
		__field(u32, count)
		__field(long, result)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->index = set->index;
		__entry->flags = set->flags;
		__entry->start = set->start;
		__entry->count = set->count;
		__entry->result = result;
	),

	TP_printk("%s index=%u flags=%s start=%u count=%u result=%ld",
		  __get_str(device), __entry->index,
		  __print_flags(__entry->flags, "|",
				{ VFIO_IRQ_SET_DATA_NONE, "NONE" },
				{ VFIO_IRQ_SET_DATA_BOOL, "BOOL" },
				{ VFIO_IRQ_SET_DATA_EVENTFD, "EVENTFD" },
				{ VFIO_IRQ_SET_ACTION_MASK, "MASK" },
				{ VFIO_IRQ_SET_ACTION_UNMASK, "UNMASK" },
				{ VFIO_IRQ_SET_ACTION_TRIGGER, "TRIGGER" }),
		  __entry->start, __entry->count, __entry->result)
);

/* An ioeventfd was signalled; written=0: the memory was not there */
TRACE_EVENT(vfio_pci_ioeventfd,

	TP_PROTO(struct vfio_pci_core_device *vdev, u64 offset, u64 data, unsigned int width,
		 bool written),

	TP_ARGS(vdev, offset, data, width, written),

	TP_STRUCT__entry(
		__string(device, pci_name(vdev->pdev))
		__field(u64, offset)
		__field(u64, data)
		__field(unsigned int, width)
		__field(bool, written)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->offset = offset;
		__entry->data = data;
		__entry->width = width;
		__entry->written = written;
	),

	TP_printk("%s bar=%u offset=0x%llx width=%u data=0x%llx written=%d",
		  __get_str(device),
		  (unsigned int)VFIO_PCI_OFFSET_TO_INDEX(__entry->offset),
		  __entry->offset & VFIO_PCI_OFFSET_MASK, __entry->width, __entry->data,
		  __entry->written)
);

#endif /* VFIO_PCI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../../drivers/vfio/pci
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vfio_pci_trace
#include <trace/define_trace.h>
