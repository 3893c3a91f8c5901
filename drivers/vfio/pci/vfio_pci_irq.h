/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the interrupt files of vfio-pci-core share among themselves: the decoded
 * form of VFIO_DEVICE_SET_IRQS and the functions that carry it out.
 */
#ifndef VFIO_PCI_IRQ_H
#define VFIO_PCI_IRQ_H

#include <linux/types.h>

struct vfio_pci_core_device;

/* What to do; in the order of the VFIO_IRQ_SET_ACTION_* bits */
enum vfio_pci_irq_action {
	VFIO_PCI_IRQ_MASK,
	VFIO_PCI_IRQ_UNMASK,
	VFIO_PCI_IRQ_TRIGGER,
	VFIO_PCI_IRQ_NR_ACTIONS
};

/* What stands in the payload; in the order of the VFIO_IRQ_SET_DATA_* bits */
enum vfio_pci_irq_data {
	VFIO_PCI_IRQ_NONE,
	VFIO_PCI_IRQ_BOOL,
	VFIO_PCI_IRQ_EVENTFD,
	VFIO_PCI_IRQ_NR_DATA
};

/**
 * struct vfio_pci_irq_set - One VFIO_DEVICE_SET_IRQS, validated
 * @index: VFIO_PCI_*_IRQ_INDEX
 * @start: first interrupt of that index
 * @count: how many of them; @start + @count is at most what
 *         vfio_pci_irq_count() tells
 * @type: which of the following there is
 * @data: nothing, with VFIO_PCI_IRQ_NONE or @count 0
 * @bools: @count bytes, not zero for the interrupts that are meant
 * @fds: @count file descriptors; negative for none
 */
struct vfio_pci_irq_set {
	unsigned int index;
	unsigned int start;
	unsigned int count;
	enum vfio_pci_irq_data type;
	union {
		const void *data;
		const u8 *bools;
		const s32 *fds;
	};
};

/* Carries out one kind of call, igate held; what it returns goes to the user */
typedef int (*vfio_pci_irq_fn)(struct vfio_pci_core_device *vdev,
			       const struct vfio_pci_irq_set *set);

/* Is interrupt number @start + @i meant?  For the data types other than EVENTFD */
static inline bool vfio_pci_irq_meant(const struct vfio_pci_irq_set *set, unsigned int i)
{
	return set->type == VFIO_PCI_IRQ_NONE || set->bools[i];
}

/* vfio_pci_intx.c */
int vfio_pci_intx_set_mask(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set);
int vfio_pci_intx_bind_mask(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set);
int vfio_pci_intx_set_unmask(struct vfio_pci_core_device *vdev,
			     const struct vfio_pci_irq_set *set);
int vfio_pci_intx_bind_unmask(struct vfio_pci_core_device *vdev,
			      const struct vfio_pci_irq_set *set);
int vfio_pci_intx_trigger(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set);
int vfio_pci_intx_bind_trigger(struct vfio_pci_core_device *vdev,
			       const struct vfio_pci_irq_set *set);
void vfio_pci_intx_disable(struct vfio_pci_core_device *vdev);
void vfio_pci_intx_silence(struct vfio_pci_core_device *vdev);
void vfio_pci_intx_silence_saved(struct vfio_pci_core_device *vdev);

/* vfio_pci_msi.c, for MSI and MSI-X */
int vfio_pci_msi_trigger(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set);
int vfio_pci_msi_bind(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set);
void vfio_pci_msi_disable(struct vfio_pci_core_device *vdev);

/* vfio_pci_intrs.c, for KUnit */
#if IS_ENABLED(CONFIG_KUNIT)
vfio_pci_irq_fn vfio_pci_irq_decode(u32 flags, unsigned int index, enum vfio_pci_irq_data *type);
#endif

#endif /* VFIO_PCI_IRQ_H */
