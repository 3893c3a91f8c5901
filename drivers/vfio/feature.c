// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: the rules that hold for every feature, and the way to
 * the one that has it.
 *
 * The core has no feature of its own yet, so all go to the driver.  No state,
 * no lock.  Called by device_file.c.
 */
#include "uarg.h"
#include "vfio.h"

#define VFIO_FEATURE_OPS	(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET)
#define VFIO_FEATURE_FLAGS	(VFIO_DEVICE_FEATURE_MASK | VFIO_FEATURE_OPS |	\
				 VFIO_DEVICE_FEATURE_PROBE)

/**
 * vfio_device_ioctl_feature() - Answer VFIO_DEVICE_FEATURE
 * @device: open device
 * @uarg: struct vfio_device_feature with its payload
 *
 * A probe may name GET and SET together and asks for both; an operation is
 * one of them.
 *
 * Context: May sleep.
 * Return: 0 or what the feature returns; -EFAULT; -EINVAL for an argsz below
 * the header's size, unknown flags, no operation or two of them; -ENOTTY for
 * an unknown feature.
 */
long vfio_device_ioctl_feature(struct vfio_device *device, void __user *uarg)
{
	const size_t hdrsz = offsetofend(struct vfio_device_feature, flags);
	struct vfio_device_feature feature;
	u32 ops;
	int ret;

	ret = vfio_uarg_copy(&feature, uarg, hdrsz);
	if (ret)
		return ret;

	if (feature.flags & ~VFIO_FEATURE_FLAGS)
		return -EINVAL;
	ops = feature.flags & VFIO_FEATURE_OPS;
	if (!(feature.flags & VFIO_DEVICE_FEATURE_PROBE) && hweight32(ops) != 1)
		return -EINVAL;

	if (!device->ops->device_feature)
		return -ENOTTY;
	return device->ops->device_feature(device, feature.flags, uarg + hdrsz,
					   feature.argsz - hdrsz);
}
