// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions on s390, which firmware shows to the host and a virtual machine
 * monitor to its guest: what the monitor has to know about a function, handing
 * the function to KVM so that the guest's PCI instructions are interpreted, and
 * leaving the recovery from errors to user space.
 *
 * No state and no lock of its own: struct zpci_dev belongs to the
 * architecture.  Built with CONFIG_VFIO_PCI_ZDEV_KVM only.  Called by
 * vfio_pci_ioctl.c, vfio_pci_feature.c and vfio_pci_core.c.
 */

#include <linux/kvm_host.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vfio_zdev.h>
#include <asm/pci_clp.h>
#include <asm/pci_io.h>

#include "vfio_pci_priv.h"

static int vfio_pci_zdev_add_base(struct zpci_dev *zdev, struct vfio_info_cap *caps)
{
	struct vfio_device_info_cap_zpci_base cap = {
		.header.id = VFIO_DEVICE_INFO_CAP_ZPCI_BASE,
		.header.version = 3,
		.start_dma = zdev->start_dma,
		.end_dma = zdev->end_dma,
		.pchid = zdev->pchid,
		.vfn = zdev->vfn,
		.fmb_length = zdev->fmb_length,
		.pft = zdev->pft,
		.gid = zdev->pfgid,
		.fh = zdev->fh,
		.ccdf_err_length = sizeof(struct zpci_ccdf_err),
	};

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

/*
 * A store block goes through the host's own routine unless KVM interprets the
 * instruction; then the function's limit holds.
 */
static int vfio_pci_zdev_add_group(struct zpci_dev *zdev, struct vfio_info_cap *caps)
{
	struct vfio_device_info_cap_zpci_group cap = {
		.header.id = VFIO_DEVICE_INFO_CAP_ZPCI_GROUP,
		.header.version = 2,
		.dasm = zdev->dma_mask,
		.msi_addr = zdev->msi_addr,
		.flags = zdev->tlb_refresh ? VFIO_DEVICE_INFO_ZPCI_FLAG_REFRESH : 0,
		.mui = zdev->fmb_update,
		.noi = zdev->max_msi,
		.maxstbl = ZPCI_MAX_WRITE_SIZE,
		.version = zdev->version,
		.imaxstbl = zdev->maxstbl,
	};

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

static int vfio_pci_zdev_add_util(struct zpci_dev *zdev, struct vfio_info_cap *caps)
{
	struct vfio_device_info_cap_zpci_util *cap;
	struct vfio_info_cap_header *header;

	if (!zdev->util_str_avail)
		return 0;

	header = vfio_info_cap_add(caps, sizeof(*cap) + sizeof(zdev->util_str),
				   VFIO_DEVICE_INFO_CAP_ZPCI_UTIL, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);

	cap = container_of(header, struct vfio_device_info_cap_zpci_util, header);
	cap->size = sizeof(zdev->util_str);
	memcpy(cap->util_str, zdev->util_str, sizeof(zdev->util_str));
	return 0;
}

static int vfio_pci_zdev_add_pfip(struct zpci_dev *zdev, struct vfio_info_cap *caps)
{
	struct vfio_device_info_cap_zpci_pfip *cap;
	struct vfio_info_cap_header *header;

	header = vfio_info_cap_add(caps, sizeof(*cap) + sizeof(zdev->pfip),
				   VFIO_DEVICE_INFO_CAP_ZPCI_PFIP, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);

	cap = container_of(header, struct vfio_device_info_cap_zpci_pfip, header);
	cap->size = sizeof(zdev->pfip);
	memcpy(cap->pfip, zdev->pfip, sizeof(zdev->pfip));
	return 0;
}

/**
 * vfio_pci_zdev_info_add() - Capabilities 1 to 4 of VFIO_DEVICE_GET_INFO
 * @vdev: open device
 * @caps: chain to add them to, the utility string only if there is one
 *
 * Return: 0, also for a device that is no zPCI function; or -ENOMEM, which
 * discards the chain
 */
int vfio_pci_zdev_info_add(struct vfio_pci_core_device *vdev, struct vfio_info_cap *caps)
{
	struct zpci_dev *zdev = to_zpci(vdev->pdev);
	int ret;

	if (!zdev)
		return 0;

	ret = vfio_pci_zdev_add_base(zdev, caps);
	if (!ret)
		ret = vfio_pci_zdev_add_group(zdev, caps);
	if (!ret)
		ret = vfio_pci_zdev_add_util(zdev, caps);
	if (!ret)
		ret = vfio_pci_zdev_add_pfip(zdev, caps);
	return ret;
}

/**
 * vfio_pci_zdev_open() - The user gets the function
 * @vdev: device that is being opened, its state saved
 *
 * From here on errors of the function are kept for user space instead of being
 * recovered from, see vfio_pci_zdev_get_error().  If a virtual machine is known,
 * KVM gets the function, too.
 *
 * Return: 0; -ENODEV no zPCI function; -ENOENT there is a virtual machine and
 * KVM cannot take functions; or the error of KVM's registration
 *
 * Context: process context, sleeps; dev_set->lock held
 */
int vfio_pci_zdev_open(struct vfio_pci_core_device *vdev)
{
	struct zpci_dev *zdev = to_zpci(vdev->pdev);
	int ret;

	if (!zdev)
		return -ENODEV;

	if (vdev->vdev.kvm) {
		if (!zpci_kvm_hook.kvm_register)
			return -ENOENT;
		ret = zpci_kvm_hook.kvm_register(zdev, vdev->vdev.kvm);
		if (ret)
			return ret;
	}
	zpci_start_mediated_recovery(zdev);
	return 0;
}

/**
 * vfio_pci_zdev_close() - Undo vfio_pci_zdev_open()
 * @vdev: device that is being closed
 *
 * The virtual machine of the open is still there: it keeps KVM's hook.
 *
 * Context: process context, sleeps; dev_set->lock held
 */
void vfio_pci_zdev_close(struct vfio_pci_core_device *vdev)
{
	struct zpci_dev *zdev = to_zpci(vdev->pdev);

	zpci_stop_mediated_recovery(zdev);
	if (vdev->vdev.kvm && zpci_kvm_hook.kvm_unregister)
		zpci_kvm_hook.kvm_unregister(zdev);
}

/**
 * vfio_pci_zdev_get_error() - Hand the oldest pending error to the user
 * @vdev: open device
 * @data: where the user wants struct zpci_ccdf_err
 *
 * The error is not pending any more then, whether or not it could be stored.
 *
 * Return: 0; -ENODEV no zPCI function; -EINVAL @data is null; -ENOMSG no error
 * is pending; -EFAULT
 *
 * Context: process context, sleeps
 */
int vfio_pci_zdev_get_error(struct vfio_pci_core_device *vdev, u64 data)
{
	struct zpci_dev *zdev = to_zpci(vdev->pdev);
	struct zpci_ccdf_err err = { };
	int ret;

	if (!zdev)
		return -ENODEV;
	if (!data)
		return -EINVAL;

	ret = zpci_get_pending_error(zdev, &err);
	if (ret)
		return ret;
	return copy_to_user(u64_to_user_ptr(data), &err, sizeof(err)) ? -EFAULT : 0;
}
