// SPDX-License-Identifier: GPL-2.0-only
/*
 * What other subsystems may ask of a file that user space has given them, and
 * that may or may not be ours.
 *
 * No state.  Called by KVM's vfio device through symbol_get(), and by drivers.
 */
#include <linux/iommu.h>
#include <linux/module.h>

#include "vfio.h"

static struct vfio_device_file *vfio_device_file_of(struct file *file)
{
	return file->f_op == &vfio_device_fops ? file->private_data : NULL;
}

/**
 * vfio_file_device() - Which device is this a file of?
 * @file: any file
 *
 * For backends of containers, which find mappings of device memory in a process.
 *
 * Context: Any.
 * Return: the device, which is there as long as the caller has @file, and open if
 * there is a mapping of it; NULL if it is another file.
 */
struct vfio_device *vfio_file_device(struct file *file)
{
	struct vfio_device_file *df = vfio_device_file_of(file);

	return df ? df->device : NULL;
}
EXPORT_SYMBOL_GPL(vfio_file_device);

/**
 * vfio_file_is_valid() - Is this a file of VFIO?
 * @file: any file
 *
 * A device file need not be bound: KVM is told about a device before the
 * device is opened, so that the driver finds the machine then.
 *
 * Context: Any.
 * Return: true for the file of a group, and of a device, bound or not.
 */
bool vfio_file_is_valid(struct file *file)
{
	return vfio_group_of_file(file) || vfio_device_file_of(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_valid);

/**
 * vfio_file_enforced_coherent() - Is all DMA behind a file cache coherent?
 * @file: any file
 *
 * Context: May sleep.
 * Return: false if a device could bypass the CPU's caches (PCIe No Snoop) and
 * its IOMMU has no means against that; true otherwise, and for files that
 * aren't ours.
 */
bool vfio_file_enforced_coherent(struct file *file)
{
	struct vfio_device_file *df = vfio_device_file_of(file);
	struct vfio_group *group = vfio_group_of_file(file);

	if (group)
		return vfio_group_enforced_coherent(group);
	return !df || device_iommu_capable(df->device->dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}
EXPORT_SYMBOL_GPL(vfio_file_enforced_coherent);

/**
 * vfio_file_set_kvm() - Associate the devices behind a file with a machine
 * @file: any file; nothing happens if it is not ours
 * @kvm: the machine, or NULL to forget it; no reference is taken before a
 *       device is opened through @file
 *
 * Context: Any that may take a spinlock.
 */
void vfio_file_set_kvm(struct file *file, struct kvm *kvm)
{
	struct vfio_device_file *df = vfio_device_file_of(file);
	struct vfio_group *group = vfio_group_of_file(file);

	if (group)
		vfio_kvm_slot_set(&group->kvm, kvm);
	else if (df)
		vfio_kvm_slot_set(&df->own_kvm, kvm);
}
EXPORT_SYMBOL_GPL(vfio_file_set_kvm);

#if IS_ENABLED(CONFIG_VFIO_GROUP)
/**
 * vfio_file_is_group() - Is this the file of a group?
 * @file: any file
 *
 * Context: Any.
 * Return: true if it is.
 */
bool vfio_file_is_group(struct file *file)
{
	return vfio_group_of_file(file);
}
EXPORT_SYMBOL_GPL(vfio_file_is_group);

/**
 * vfio_file_has_dev() - Does whoever has a file have a device by it?
 * @file: any file
 * @device: registered device
 *
 * Context: Any.
 * Return: true if @file is that of the group of @device.
 */
bool vfio_file_has_dev(struct file *file, struct vfio_device *device)
{
	struct vfio_group *group = vfio_group_of_file(file);

	return group && device->group == group;
}
EXPORT_SYMBOL_GPL(vfio_file_has_dev);

/**
 * vfio_file_iommu_group() - The IOMMU group behind a group's file
 * @file: any file
 *
 * For KVM on POWER, which maps guest memory into the group's window itself.
 *
 * Context: May sleep.
 * Return: the IOMMU group, to be put by the caller; NULL if @file is another
 * file or no device is left.
 */
struct iommu_group *vfio_file_iommu_group(struct file *file)
{
	struct vfio_group *group = vfio_group_of_file(file);

	if (!IS_ENABLED(CONFIG_SPAPR_TCE_IOMMU) || !group)
		return NULL;
	guard(mutex)(&group->lock);
	return group->iommu_group ? iommu_group_ref_get(group->iommu_group) : NULL;
}
EXPORT_SYMBOL_GPL(vfio_file_iommu_group);
#endif
