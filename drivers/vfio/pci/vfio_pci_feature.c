// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE of PCI devices: a table, and what of it is not another
 * file's concern.  The core has checked the flags as far as they mean the same
 * for all features; here the operation and the size are held against what the
 * feature has, and the fixed part of the payload is copied, in one place.
 *
 * Called without a lock and with the device awake; the callees take theirs.
 */

#include <kunit/visibility.h>
#include <linux/eventfd.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "vfio_pci_feature.h"
#include "vfio_pci_priv.h"

static int vfio_pci_feature_vf_token_present(struct vfio_pci_core_device *vdev)
{
	return vfio_pci_sriov_is_pf(vdev) ? 0 : -ENOTTY;
}

static int vfio_pci_feature_vf_token(struct vfio_pci_core_device *vdev,
				     const struct vfio_pci_feature_call *call)
{
	vfio_pci_sriov_set_token(vdev, &call->arg.vf_token);
	return 0;
}

static int vfio_pci_feature_low_power_entry(struct vfio_pci_core_device *vdev,
					    const struct vfio_pci_feature_call *call)
{
	return vfio_pci_low_power_enter(vdev, NULL);
}

static int vfio_pci_feature_low_power_wakeup(struct vfio_pci_core_device *vdev,
					     const struct vfio_pci_feature_call *call)
{
	struct eventfd_ctx *wakeup;
	int ret;

	if (call->arg.low_power.wakeup_eventfd < 0)
		return -EINVAL;
	wakeup = eventfd_ctx_fdget(call->arg.low_power.wakeup_eventfd);
	if (IS_ERR(wakeup))
		return PTR_ERR(wakeup);

	ret = vfio_pci_low_power_enter(vdev, wakeup);
	if (ret)
		eventfd_ctx_put(wakeup);
	return ret;
}

static int vfio_pci_feature_low_power_exit(struct vfio_pci_core_device *vdev,
					   const struct vfio_pci_feature_call *call)
{
	vfio_pci_low_power_exit(vdev);
	return 0;
}

static int vfio_pci_feature_dma_buf(struct vfio_pci_core_device *vdev,
				    const struct vfio_pci_feature_call *call)
{
	return vfio_pci_dmabuf_get(vdev, &call->arg.dma_buf,
				   call->uarg + sizeof(call->arg.dma_buf));
}

#ifdef CONFIG_VFIO_PCI_ZDEV_KVM
static int vfio_pci_feature_zpci_error(struct vfio_pci_core_device *vdev,
				       const struct vfio_pci_feature_call *call)
{
	return vfio_pci_zdev_get_error(vdev, call->arg.zpci_err.data);
}
#endif

static const struct vfio_pci_feature vfio_pci_features[] = {
	/* No way to read it: whoever has the PF now need not know it */
	[VFIO_DEVICE_FEATURE_PCI_VF_TOKEN] = {
		.ops = VFIO_DEVICE_FEATURE_SET,
		.minsz = sizeof(uuid_t),
		.present = vfio_pci_feature_vf_token_present,
		.handler = vfio_pci_feature_vf_token,
	},
	[VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY] = {
		.ops = VFIO_DEVICE_FEATURE_SET,
		.handler = vfio_pci_feature_low_power_entry,
	},
	[VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP] = {
		.ops = VFIO_DEVICE_FEATURE_SET,
		.minsz = sizeof(struct vfio_device_low_power_entry_with_wakeup),
		.handler = vfio_pci_feature_low_power_wakeup,
	},
	[VFIO_DEVICE_FEATURE_LOW_POWER_EXIT] = {
		.ops = VFIO_DEVICE_FEATURE_SET,
		.handler = vfio_pci_feature_low_power_exit,
	},
	[VFIO_DEVICE_FEATURE_DMA_BUF] = {
		.ops = VFIO_DEVICE_FEATURE_GET,
		.minsz = sizeof(struct vfio_device_feature_dma_buf),
		.present = vfio_pci_dmabuf_supported,
		.handler = vfio_pci_feature_dma_buf,
	},
#ifdef CONFIG_VFIO_PCI_ZDEV_KVM
	[VFIO_DEVICE_FEATURE_ZPCI_ERROR] = {
		.ops = VFIO_DEVICE_FEATURE_GET,
		.minsz = sizeof(struct vfio_device_feature_zpci_err),
		.handler = vfio_pci_feature_zpci_error,
	},
#endif
};

static_assert(sizeof(uuid_t) == 16);
static_assert(sizeof(struct vfio_device_low_power_entry_with_wakeup) == 8);
static_assert(sizeof(struct vfio_device_feature_zpci_err) == 8);
static_assert(sizeof(struct vfio_device_feature_dma_buf) == 16);

/**
 * vfio_pci_feature_find() - The row of a feature
 * @flags: vfio_device_feature.flags of the user
 *
 * Return: the row, or NULL if PCI devices have no such feature
 */
VISIBLE_IF_KUNIT const struct vfio_pci_feature *vfio_pci_feature_find(u32 flags)
{
	u32 index = flags & VFIO_DEVICE_FEATURE_MASK;

	if (index >= ARRAY_SIZE(vfio_pci_features))
		return NULL;
	index = array_index_nospec(index, ARRAY_SIZE(vfio_pci_features));
	return vfio_pci_features[index].handler ? &vfio_pci_features[index] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_feature_find);

/**
 * vfio_pci_core_ioctl_feature() - Features of PCI devices, vfio_device_ops.device_feature
 * @core_vdev: open device
 * @flags: vfio_device_feature.flags: index and operation, checked by the core
 * @arg: the user's payload, behind the header
 * @argsz: bytes of it
 *
 * Return: 0 or what the feature returns; -ENOTTY the device has no such
 * feature; -EINVAL an operation that the feature does not have, or a payload
 * shorter than its fixed part; -EFAULT
 *
 * Context: process context, sleeps; no lock held, the device is awake
 */
int vfio_pci_core_ioctl_feature(struct vfio_device *core_vdev, u32 flags, void __user *arg,
				size_t argsz)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);
	const struct vfio_pci_feature *feature = vfio_pci_feature_find(flags);
	struct vfio_pci_feature_call call = {
		.flags = flags,
		.uarg = arg,
	};
	int ret;

	if (!feature)
		return -ENOTTY;
	if (feature->present) {
		ret = feature->present(vdev);
		if (ret)
			return ret;
	}

	ret = vfio_check_feature(flags, argsz, feature->ops, feature->minsz);
	if (ret <= 0)
		return ret;
	if (copy_from_user(&call.arg, arg, feature->minsz))
		return -EFAULT;
	return feature->handler(vdev, &call);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioctl_feature);
