/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel graphics: what vfio_pci.c asks for, and what the files behind that and
 * their tests share.
 */
#ifndef VFIO_PCI_IGD_H
#define VFIO_PCI_IGD_H

#include <linux/types.h>
#include <linux/vfio_pci_core.h>

/* Dword of configuration space with the physical address of the OpRegion */
#define VFIO_PCI_IGD_ASLS	0xfc

/* As far as the header and the mailboxes reach that are looked into */
#define VFIO_PCI_OPREGION_HEAD	0x400

/**
 * struct vfio_pci_opregion_info - What the head of an OpRegion says
 * @size: bytes of the OpRegion itself
 * @version: major number in the upper byte, minor in the lower
 * @vbt: physical address of an extended Video BIOS Table
 * @vbt_size: bytes of that, 0 if there is none
 */
struct vfio_pci_opregion_info {
	u32 size;
	u16 version;
	u64 vbt;
	u32 vbt_size;
};

/**
 * struct vfio_pci_opregion - An OpRegion as user space gets it
 * @info: what is known about it
 * @head: the OpRegion, @info.size bytes
 * @vbt: the extended VBT, @info.vbt_size bytes, or NULL
 *
 * Firmware goes on writing to both.
 */
struct vfio_pci_opregion {
	struct vfio_pci_opregion_info info;
	void *head;
	void *vbt;
};

/* vfio_pci_opregion.c */
int vfio_pci_opregion_parse(const u8 *head, u64 addr, struct vfio_pci_opregion_info *info);
void vfio_pci_opregion_read(const struct vfio_pci_opregion *opregion, u64 pos, u8 *out,
			    size_t count);

/* vfio_pci_igd.c */
#ifdef CONFIG_VFIO_PCI_IGD
int vfio_pci_igd_add_regions(struct vfio_pci_core_device *vdev);
#else
static inline int vfio_pci_igd_add_regions(struct vfio_pci_core_device *vdev)
{
	return 0;
}
#endif

#if IS_ENABLED(CONFIG_KUNIT)
/* Called through these so that a test can put its own in their place */
void *vfio_pci_igd_map(u64 addr, size_t size);
void vfio_pci_igd_unmap(void *mapping);
struct pci_dev *vfio_pci_igd_bridge(struct pci_dev *pdev, unsigned int devfn);
#endif

#endif /* VFIO_PCI_IGD_H */
