// SPDX-License-Identifier: GPL-2.0-only
/*
 * What other subsystems may ask of a file that user space has given them, and
 * that may or may not be ours.
 *
 * No state; vfio_device_file.kvm under its kvm_lock.  Called by KVM's vfio
 * device, through symbol_get().
 */
#include <linux/iommu.h>
#include <linux/module.h>

#include "vfio.h"

static struct vfio_device_file *vfio_device_file_of(struct file *file)
{
	return file->f_op == &vfio_device_fops ? file->private_data : NULL;
}

/**
 * vfio_file_is_valid() - Is this a file of VFIO?
 * @file: any file
 *
 * It need not be bound: KVM is told about a device before the device is
 * opened, so that the driver finds the machine then.
 *
 * Context: Any.
 * Return: true for a device file, bound or not.
 */
bool vfio_file_is_valid(struct file *file)
{
	return vfio_device_file_of(file);
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

	return !df || device_iommu_capable(df->device->dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}
EXPORT_SYMBOL_GPL(vfio_file_enforced_coherent);

/**
 * vfio_file_set_kvm() - Associate the device behind a file with a machine
 * @file: any file; nothing happens if it is not ours
 * @kvm: the machine, or NULL to forget it; no reference is taken before the
 *       device is opened through @file
 *
 * Context: Any that may take a spinlock.
 */
void vfio_file_set_kvm(struct file *file, struct kvm *kvm)
{
	struct vfio_device_file *df = vfio_device_file_of(file);

	if (!df)
		return;
	spin_lock(&df->kvm_lock);
	df->kvm = kvm;
	spin_unlock(&df->kvm_lock);
}
EXPORT_SYMBOL_GPL(vfio_file_set_kvm);
