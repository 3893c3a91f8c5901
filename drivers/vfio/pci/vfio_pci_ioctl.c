// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of a PCI device file: a table, and what stands in it.  The
 * argument is copied and its size checked in one place.  These ioctls are
 * older than the rule that unknown tails must be zero: they read exactly their
 * minimal size and ignore what follows.
 *
 * Called without a lock; the callees take theirs.
 */

#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "vfio_pci_priv.h"
#include "vfio_pci_trace.h"

/* Every argument begins with argsz */
union vfio_pci_ioctl_arg {
	u32 argsz;
	struct vfio_device_info device_info;
	struct vfio_irq_info irq_info;
	struct vfio_irq_set irq_set;
	struct vfio_device_ioeventfd ioeventfd;
	struct vfio_pci_hot_reset_info hot_reset_info;
	struct vfio_pci_hot_reset hot_reset;
};

/**
 * struct vfio_pci_ioctl - One ioctl
 * @cmd: its number
 * @minsz: bytes of the argument to read, argsz must be no less; 0 for none
 * @handler: does it; @arg holds @minsz bytes of the user and zeros, @uarg is
 *           where it came from.  Returns what the ioctl returns
 */
struct vfio_pci_ioctl {
	unsigned int cmd;
	unsigned int minsz;
	long (*handler)(struct vfio_pci_core_device *vdev, union vfio_pci_ioctl_arg *arg,
			void __user *uarg);
};

static int vfio_pci_info_add_atomics(struct vfio_pci_core_device *vdev,
				     struct vfio_info_cap *caps)
{
	struct vfio_device_info_cap_pci_atomic_comp cap = {
		.header.id = VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP,
		.header.version = 1,
		.flags = vfio_pci_atomic_completer(vdev->pdev),
	};

	if (!cap.flags)
		return 0;
	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

/* Write the chain behind the structure, or say how much room it takes */
static int vfio_pci_info_put_caps(struct vfio_device_info *info, struct vfio_info_cap *caps,
				  void __user *uarg)
{
	info->flags |= VFIO_DEVICE_FLAGS_CAPS;

	if (info->argsz < sizeof(*info) + caps->size) {
		info->argsz = sizeof(*info) + caps->size;
		return 0;
	}

	vfio_info_cap_shift(caps, sizeof(*info));
	if (copy_to_user(uarg + sizeof(*info), caps->buf, caps->size))
		return -EFAULT;
	info->cap_offset = sizeof(*info);
	return 0;
}

static long vfio_pci_get_info(struct vfio_pci_core_device *vdev, union vfio_pci_ioctl_arg *arg,
			      void __user *uarg)
{
	struct vfio_device_info *info = &arg->device_info;
	size_t room = min_t(size_t, info->argsz, sizeof(*info));
	struct vfio_info_cap caps = { };
	int ret;

	info->flags = VFIO_DEVICE_FLAGS_PCI;
	if (vdev->reset_works)
		info->flags |= VFIO_DEVICE_FLAGS_RESET;
	info->num_regions = VFIO_PCI_NUM_REGIONS + vdev->num_dev_regions;
	info->num_irqs = VFIO_PCI_NUM_IRQS;

	ret = vfio_pci_zdev_info_add(vdev, &caps);
	if (!ret)
		ret = vfio_pci_info_add_atomics(vdev, &caps);
	if (ret)
		return ret;
	if (caps.size) {
		ret = vfio_pci_info_put_caps(info, &caps, uarg);
		kfree(caps.buf);
		if (ret)
			return ret;
	}

	return copy_to_user(uarg, info, room) ? -EFAULT : 0;
}

static long vfio_pci_get_irq_info(struct vfio_pci_core_device *vdev,
				  union vfio_pci_ioctl_arg *arg, void __user *uarg)
{
	struct vfio_irq_info *info = &arg->irq_info;

	if (info->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;

	info->flags = vfio_pci_irq_flags(vdev, info->index);
	info->count = vfio_pci_irq_count(vdev, info->index);
	return copy_to_user(uarg, info, sizeof(*info)) ? -EFAULT : 0;
}

static long vfio_pci_ioctl_set_irqs(struct vfio_pci_core_device *vdev,
				    union vfio_pci_ioctl_arg *arg, void __user *uarg)
{
	struct vfio_irq_set *hdr = &arg->irq_set;
	size_t data_size = 0;
	void *data = NULL;
	long ret;

	if (hdr->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	ret = vfio_set_irqs_validate_and_prepare(hdr, vfio_pci_irq_count(vdev, hdr->index),
						 VFIO_PCI_NUM_IRQS, &data_size);
	if (ret)
		return ret;

	if (data_size) {
		data = memdup_user(uarg + offsetof(struct vfio_irq_set, data), data_size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = vfio_pci_set_irqs(vdev, hdr->flags, hdr->index, hdr->start, hdr->count, data);
	trace_vfio_pci_set_irqs(vdev, hdr, ret);
	kfree(data);
	return ret;
}

static long vfio_pci_ioctl_reset(struct vfio_pci_core_device *vdev,
				 union vfio_pci_ioctl_arg *arg, void __user *uarg)
{
	return vfio_pci_try_reset_function(vdev);
}

static long vfio_pci_ioctl_ioeventfd(struct vfio_pci_core_device *vdev,
				     union vfio_pci_ioctl_arg *arg, void __user *uarg)
{
	const struct vfio_device_ioeventfd *ioeventfd = &arg->ioeventfd;

	/* The flags are the widths, one bit each */
	if (ioeventfd->flags & ~VFIO_DEVICE_IOEVENTFD_SIZE_MASK ||
	    !is_power_of_2(ioeventfd->flags))
		return -EINVAL;

	return vfio_pci_ioeventfd(vdev, ioeventfd->offset, ioeventfd->data, ioeventfd->flags,
				  ioeventfd->fd);
}

static long vfio_pci_ioctl_hot_reset_info(struct vfio_pci_core_device *vdev,
					  union vfio_pci_ioctl_arg *arg, void __user *uarg)
{
	return vfio_pci_hot_reset_info(vdev, &arg->hot_reset_info, uarg);
}

static long vfio_pci_ioctl_hot_reset(struct vfio_pci_core_device *vdev,
				     union vfio_pci_ioctl_arg *arg, void __user *uarg)
{
	return vfio_pci_hot_reset(vdev, &arg->hot_reset,
				  uarg + offsetof(struct vfio_pci_hot_reset, group_fds));
}

static const struct vfio_pci_ioctl vfio_pci_ioctls[] = {
	{
		.cmd = VFIO_DEVICE_GET_INFO,
		.minsz = offsetofend(struct vfio_device_info, num_irqs),
		.handler = vfio_pci_get_info,
	}, {
		.cmd = VFIO_DEVICE_GET_IRQ_INFO,
		.minsz = offsetofend(struct vfio_irq_info, count),
		.handler = vfio_pci_get_irq_info,
	}, {
		.cmd = VFIO_DEVICE_SET_IRQS,
		.minsz = offsetofend(struct vfio_irq_set, count),
		.handler = vfio_pci_ioctl_set_irqs,
	}, {
		.cmd = VFIO_DEVICE_RESET,
		.handler = vfio_pci_ioctl_reset,
	}, {
		.cmd = VFIO_DEVICE_IOEVENTFD,
		.minsz = offsetofend(struct vfio_device_ioeventfd, fd),
		.handler = vfio_pci_ioctl_ioeventfd,
	}, {
		.cmd = VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
		.minsz = offsetof(struct vfio_pci_hot_reset_info, devices),
		.handler = vfio_pci_ioctl_hot_reset_info,
	}, {
		.cmd = VFIO_DEVICE_PCI_HOT_RESET,
		.minsz = offsetof(struct vfio_pci_hot_reset, group_fds),
		.handler = vfio_pci_ioctl_hot_reset,
	},
};

static_assert(offsetofend(struct vfio_device_info, num_irqs) == 16);
static_assert(offsetofend(struct vfio_irq_info, count) == 16);
static_assert(offsetofend(struct vfio_irq_set, count) == 20);
static_assert(offsetof(struct vfio_irq_set, data) == 20);
static_assert(offsetofend(struct vfio_device_ioeventfd, fd) == 28);
/* A flag is the number of bytes */
static_assert(VFIO_DEVICE_IOEVENTFD_8 == 1 && VFIO_DEVICE_IOEVENTFD_16 == 2 &&
	      VFIO_DEVICE_IOEVENTFD_32 == 4 && VFIO_DEVICE_IOEVENTFD_64 == 8);
static_assert(sizeof(struct vfio_pci_hot_reset_info) == 12);
static_assert(sizeof(struct vfio_pci_hot_reset) == 12);
static_assert(sizeof(struct vfio_pci_dependent_device) == 8);

/**
 * vfio_pci_core_ioctl() - ioctls on the device file that the core passes on
 * @core_vdev: open device
 * @cmd: number
 * @arg: the user's pointer
 *
 * Return: 0 or a positive result; -ENOTTY there is no such ioctl; -EFAULT;
 * -EINVAL argsz is too small or the argument makes no sense; -ENOMEM; and what
 * the ioctl's own work returns
 *
 * Context: process context, sleeps; no lock held
 */
long vfio_pci_core_ioctl(struct vfio_device *core_vdev, unsigned int cmd, unsigned long arg)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);
	void __user *uarg = (void __user *)arg;
	const struct vfio_pci_ioctl *ioctl;
	union vfio_pci_ioctl_arg karg;

	for (ioctl = vfio_pci_ioctls; ioctl->cmd != cmd; ioctl++) {
		if (ioctl == vfio_pci_ioctls + ARRAY_SIZE(vfio_pci_ioctls) - 1)
			return -ENOTTY;
	}

	memset(&karg, 0, sizeof(karg));
	if (copy_from_user(&karg, uarg, ioctl->minsz))
		return -EFAULT;
	if (karg.argsz < ioctl->minsz)
		return -EINVAL;

	return ioctl->handler(vdev, &karg, uarg);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioctl);
