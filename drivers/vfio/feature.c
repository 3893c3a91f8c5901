// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: the rules that hold for every feature, the table of those
 * that the core has, and the way to the driver for all others.
 *
 * No state, no lock.  Called by device_file.c.
 */
#include <linux/nospec.h>

#include "uarg.h"
#include "vfio.h"

#define VFIO_FEATURE_OPS	(VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET)
#define VFIO_FEATURE_FLAGS	(VFIO_DEVICE_FEATURE_MASK | VFIO_FEATURE_OPS |	\
				 VFIO_DEVICE_FEATURE_PROBE)

/**
 * struct vfio_feature - What the core knows of a feature
 * @size: bytes of payload
 * @present: 0 if the device has it, or what the user is told else
 * @get: what GET does, NULL without; @uarg is the user's payload, @size bytes
 * @set: what SET does, NULL without
 */
struct vfio_feature {
	size_t size;
	int (*present)(struct vfio_device *device);
	int (*get)(struct vfio_device *device, void __user *uarg);
	int (*set)(struct vfio_device *device, void __user *uarg);
};

static const struct vfio_feature vfio_features[] = {
	[VFIO_DEVICE_FEATURE_MIGRATION] = {
		.size = sizeof(struct vfio_device_feature_migration),
		.present = vfio_migration_present,
		.get = vfio_migration_get,
	},
	[VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE] = {
		.size = sizeof(struct vfio_device_feature_mig_state),
		.present = vfio_migration_present,
		.get = vfio_mig_state_get,
		.set = vfio_mig_state_set,
	},
	[VFIO_DEVICE_FEATURE_MIG_DATA_SIZE] = {
		.size = sizeof(struct vfio_device_feature_mig_data_size),
		.present = vfio_migration_present,
		.get = vfio_mig_data_size_get,
	},
	[VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2] = {
		.present = vfio_precopy_info_present,
		.set = vfio_precopy_info_set,
	},
	[VFIO_DEVICE_FEATURE_DMA_LOGGING_START] = {
		.size = sizeof(struct vfio_device_feature_dma_logging_control),
		.present = vfio_dma_logging_present,
		.set = vfio_dma_logging_start,
	},
	[VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP] = {
		.present = vfio_dma_logging_present,
		.set = vfio_dma_logging_stop,
	},
	[VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT] = {
		.size = sizeof(struct vfio_device_feature_dma_logging_report),
		.present = vfio_dma_logging_present,
		.get = vfio_dma_logging_report,
	},
};

/* The row of a feature; NULL for what the core leaves to drivers */
static const struct vfio_feature *vfio_feature_find(u32 flags)
{
	u32 index = flags & VFIO_DEVICE_FEATURE_MASK;

	if (index >= ARRAY_SIZE(vfio_features))
		return NULL;
	index = array_index_nospec(index, ARRAY_SIZE(vfio_features));
	return vfio_features[index].present ? &vfio_features[index] : NULL;
}

static int vfio_feature_call(const struct vfio_feature *feature, struct vfio_device *device,
			     u32 flags, void __user *uarg, size_t argsz)
{
	u32 ops = (feature->get ? VFIO_DEVICE_FEATURE_GET : 0) |
		  (feature->set ? VFIO_DEVICE_FEATURE_SET : 0);
	int ret;

	ret = feature->present(device);
	if (ret)
		return ret;
	ret = vfio_check_feature(flags, argsz, ops, feature->size);
	if (ret <= 0)
		return ret;
	if (flags & VFIO_DEVICE_FEATURE_GET)
		return feature->get(device, uarg);
	return feature->set(device, uarg);
}

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
 * the header's size, unknown flags, no operation or two of them, or an operation or
 * a payload that is not the feature's; -ENOTTY for a feature that the device
 * lacks, with the exception that vfio_precopy_info_present() names.
 */
long vfio_device_ioctl_feature(struct vfio_device *device, void __user *uarg)
{
	const size_t hdrsz = offsetofend(struct vfio_device_feature, flags);
	const struct vfio_feature *row;
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

	row = vfio_feature_find(feature.flags);
	if (row)
		return vfio_feature_call(row, device, feature.flags, uarg + hdrsz,
					 feature.argsz - hdrsz);
	if (!device->ops->device_feature)
		return -ENOTTY;
	return device->ops->device_feature(device, feature.flags, uarg + hdrsz,
					   feature.argsz - hdrsz);
}
