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
 * one of them. Naming none is for the feature to refuse: programs tell by
 * -ENOTTY that it is not there, whatever else they asked.
 *
 * Context: May sleep.
 * Return: 0 or what the feature returns; -EFAULT; -EINVAL for an argsz below
 * the header's size, unknown flags, no operation or two of them, and for
 * VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, which no device has that cannot
 * pre-copy; -ENOTTY for any other feature that the device lacks.
 */
long vfio_device_ioctl_feature(struct vfio_device *device, void __user *uarg)
{
	const size_t hdrsz = offsetofend(struct vfio_device_feature, flags);
	struct vfio_device_feature feature;
	int ret;

	ret = vfio_uarg_copy(&feature, uarg, hdrsz);
	if (ret)
		return ret;

	if (feature.flags & ~VFIO_FEATURE_FLAGS)
		return -EINVAL;
	if (!(feature.flags & VFIO_DEVICE_FEATURE_PROBE) &&
	    (feature.flags & VFIO_FEATURE_OPS) == VFIO_FEATURE_OPS)
		return -EINVAL;
	/* the one whose absence is -EINVAL; migration is not there yet */
	if ((feature.flags & VFIO_DEVICE_FEATURE_MASK) ==
	    VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2)
		return -EINVAL;

	if (!device->ops->device_feature)
		return -ENOTTY;
	return device->ops->device_feature(device, feature.flags, uarg + hdrsz,
					   feature.argsz - hdrsz);
}
