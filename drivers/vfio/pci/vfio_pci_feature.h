/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A feature of PCI devices: a row in the table of vfio_pci_feature.c.
 */
#ifndef VFIO_PCI_FEATURE_H
#define VFIO_PCI_FEATURE_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/vfio.h>

struct vfio_pci_core_device;

/**
 * struct vfio_pci_feature_call - One VFIO_DEVICE_FEATURE, checked and copied
 * @flags: vfio_device_feature.flags, with exactly one operation
 * @uarg: where @arg came from, for answers and for what follows it
 * @arg: the fixed part of the payload, as many bytes as vfio_pci_feature.minsz;
 *       zeros behind it
 */
struct vfio_pci_feature_call {
	u32 flags;
	void __user *uarg;
	/* Last, as a member may end in an array, which stays with the user */
	union {
		uuid_t vf_token;
		struct vfio_device_low_power_entry_with_wakeup low_power;
		struct vfio_device_feature_zpci_err zpci_err;
		struct vfio_device_feature_dma_buf dma_buf;
	} arg;
};

/**
 * struct vfio_pci_feature - How one feature works
 * @ops: VFIO_DEVICE_FEATURE_GET and _SET, those that it has
 * @minsz: bytes of the fixed part of its payload
 * @present: 0 if @vdev has the feature, or the errno that says that it has
 *           not, also to a probe; NULL if all devices have it
 * @handler: does it; returns what the ioctl returns
 */
struct vfio_pci_feature {
	u32 ops;
	u32 minsz;
	int (*present)(struct vfio_pci_core_device *vdev);
	int (*handler)(struct vfio_pci_core_device *vdev,
		       const struct vfio_pci_feature_call *call);
};

#if IS_ENABLED(CONFIG_KUNIT)
const struct vfio_pci_feature *vfio_pci_feature_find(u32 flags);
#endif

#endif /* VFIO_PCI_FEATURE_H */
