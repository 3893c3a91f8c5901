// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot reset as the user sees it: what a reset of the slot or bus would hit
 * (VFIO_DEVICE_GET_PCI_HOT_RESET_INFO), and the reset itself for a user who can
 * show that all of that is his (VFIO_DEVICE_PCI_HOT_RESET).
 *
 * dev_set->lock is held while ownership is looked at and for the reset that it
 * permits.  Called by vfio_pci_ioctl.c.
 */

#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_pci_priv.h"

static int affected_count(struct pci_dev *pdev, void *data)
{
	unsigned int *count = data;

	++*count;
	return 0;
}

/* 0 or -ENODEV; *@count is never undefined (CVE-2024-41052) */
static int count_affected(struct pci_dev *pdev, unsigned int *count)
{
	*count = 0;
	return vfio_pci_visit_affected(pdev, affected_count, count);
}

/* ---- Who may do it */

/**
 * struct vfio_pci_claim - What the caller can show for owning devices
 * @ictx: of a device opened as character device: the iommufd that it is bound
 *        to; NULL otherwise
 * @groups: of a device opened through its group: files of groups
 * @nr_groups: how many
 */
struct vfio_pci_claim {
	struct iommufd_ctx *ictx;
	struct file **groups;
	unsigned int nr_groups;
};

static bool claim_covers(const struct vfio_pci_claim *claim, struct vfio_device *device)
{
	unsigned int i;

	if (claim->ictx)
		return vfio_iommufd_get_dev_id(device, claim->ictx) != VFIO_PCI_DEVID_NOT_OWNED;

	for (i = 0; i < claim->nr_groups; i++)
		if (vfio_file_has_dev(claim->groups[i], device))
			return true;
	return false;
}

/* 0; -ENODEV no such reset; -EINVAL it hits a device that is not covered */
static int check_claim(struct vfio_pci_core_device *vdev, const struct vfio_pci_claim *claim)
{
	struct vfio_device_set *set = vdev->vdev.dev_set;
	struct vfio_device *device;
	int ret;

	ret = vfio_pci_reset_set_complete(vdev);
	if (ret)
		return ret;

	list_for_each_entry(device, &set->devices, dev_set_entry)
		if (!claim_covers(claim, device))
			return -EINVAL;
	return 0;
}

/* ---- VFIO_DEVICE_PCI_HOT_RESET */

static void put_groups(struct file **files, unsigned int count)
{
	while (count)
		fput(files[--count]);
	kfree(files);
}

/* References to @count files of groups; ERR_PTR() -EFAULT, -EBADF, -EINVAL, -ENOMEM */
static struct file **get_groups(const s32 __user *ufds, unsigned int count)
{
	struct file **files;
	unsigned int i;
	s32 *fds;
	int ret;

	fds = memdup_array_user(ufds, count, sizeof(*fds));
	if (IS_ERR(fds))
		return ERR_CAST(fds);
	files = kcalloc(count, sizeof(*files), GFP_KERNEL_ACCOUNT);
	if (!files) {
		kfree(fds);
		return ERR_PTR(-ENOMEM);
	}

	for (i = 0; i < count; i++) {
		files[i] = fget(fds[i]);
		if (!files[i]) {
			ret = -EBADF;
			goto err;
		}
		if (!vfio_file_is_group(files[i])) {
			ret = -EINVAL;
			i++;
			goto err;
		}
	}
	kfree(fds);
	return files;

err:
	put_groups(files, i);
	kfree(fds);
	return ERR_PTR(ret);
}

static int reset_claimed(struct vfio_pci_core_device *vdev, struct vfio_pci_claim *claim)
{
	int ret;

	guard(mutex)(&vdev->vdev.dev_set->lock);

	if (!claim->nr_groups)
		claim->ictx = vfio_iommufd_device_ictx(&vdev->vdev);
	ret = check_claim(vdev, claim);
	if (!ret)
		ret = vfio_pci_reset_set(vdev);
	pci_dbg(vdev->pdev, "hot reset for the user: %d\n", ret);
	return ret;
}

static int reset_by_groups(struct vfio_pci_core_device *vdev, unsigned int count,
			   const s32 __user *ufds)
{
	struct vfio_pci_claim claim = { .nr_groups = count };
	unsigned int affected;
	int ret;

	/* Each device needs one group at most: that is also a bound for us */
	ret = count_affected(vdev->pdev, &affected);
	if (ret)
		return ret;
	if (count > affected)
		return -EINVAL;

	claim.groups = get_groups(ufds, count);
	if (IS_ERR(claim.groups))
		return PTR_ERR(claim.groups);
	ret = reset_claimed(vdev, &claim);
	put_groups(claim.groups, count);
	return ret;
}

/**
 * vfio_pci_hot_reset() - VFIO_DEVICE_PCI_HOT_RESET
 * @vdev: open device
 * @hdr: the argument without its array
 * @ufds: the array, of @hdr->count elements
 *
 * Return: 0; -EFAULT; -ENOMEM; -EINVAL for flags, for group files where the
 * device is open as character device and none where it is not, for more of
 * them than devices that are affected, for a file that is no group, and if a
 * device that is affected is not bound to a driver of this library or not
 * covered by what the caller owns; -EBADF; -ENODEV if neither the slot nor the
 * bus can be reset; -EBUSY if an affected device is in use by others, or being
 * unbound; -EAGAIN if somebody else holds a device lock; the error of the reset
 *
 * Context: process context, sleeps; takes dev_set->lock, the memory_lock of all
 * members of the set, and tries to get their device locks inside of those
 */
long vfio_pci_hot_reset(struct vfio_pci_core_device *vdev, const struct vfio_pci_hot_reset *hdr,
			const s32 __user *ufds)
{
	struct vfio_pci_claim claim = { };
	bool by_cdev = vfio_device_cdev_opened(&vdev->vdev);

	if (hdr->flags)
		return -EINVAL;
	if (by_cdev != !hdr->count)
		return -EINVAL;
	if (hdr->count)
		return reset_by_groups(vdev, hdr->count, ufds);
	return reset_claimed(vdev, &claim);
}

/* ---- VFIO_DEVICE_GET_PCI_HOT_RESET_INFO */

/**
 * struct vfio_pci_info_fill - A list of affected devices while it is filled
 * @set: the device set
 * @ictx: the caller's iommufd, or NULL: tell groups
 * @by_cdev: opened as character device: tell ids
 * @devices: room for @max entries
 * @max: that many
 * @count: entries so far
 * @owned: none of them belongs to somebody else, as far as @by_cdev
 */
struct vfio_pci_info_fill {
	struct vfio_device_set *set;
	struct iommufd_ctx *ictx;
	bool by_cdev;
	struct vfio_pci_dependent_device *devices;
	unsigned int max;
	unsigned int count;
	bool owned;
};

static int fill_devid(struct vfio_pci_info_fill *fill, struct pci_dev *pdev,
		      struct vfio_pci_dependent_device *entry)
{
	struct vfio_device *device = vfio_find_device_in_devset(fill->set, &pdev->dev);
	int id = VFIO_PCI_DEVID_NOT_OWNED;

	if (device)
		id = vfio_iommufd_get_dev_id(device, fill->ictx);
	if (id == VFIO_PCI_DEVID_NOT_OWNED)
		fill->owned = false;
	entry->devid = id;
	return 0;
}

static int fill_group(struct pci_dev *pdev, struct vfio_pci_dependent_device *entry)
{
	struct iommu_group *group = iommu_group_get(&pdev->dev);

	if (!group)
		return -EPERM;
	entry->group_id = iommu_group_id(group);
	iommu_group_put(group);
	return 0;
}

static int affected_fill(struct pci_dev *pdev, void *data)
{
	struct vfio_pci_info_fill *fill = data;
	struct vfio_pci_dependent_device *entry;

	/* It was not there when they were counted */
	if (fill->count == fill->max)
		return -EAGAIN;

	entry = &fill->devices[fill->count++];
	entry->segment = pci_domain_nr(pdev->bus);
	entry->bus = pdev->bus->number;
	entry->devfn = pdev->devfn;
	return fill->by_cdev ? fill_devid(fill, pdev, entry) : fill_group(pdev, entry);
}

static int fill_info(struct vfio_pci_core_device *vdev, struct vfio_pci_info_fill *fill)
{
	int ret;

	guard(mutex)(&fill->set->lock);

	fill->by_cdev = vfio_device_cdev_opened(&vdev->vdev);
	fill->owned = true;
	if (fill->by_cdev)
		fill->ictx = vfio_iommufd_device_ictx(&vdev->vdev);
	ret = vfio_pci_visit_affected(vdev->pdev, affected_fill, fill);
	if (ret)
		return ret;
	/* One that was there is gone */
	return fill->count == fill->max ? 0 : -EAGAIN;
}

static int put_info(struct vfio_pci_core_device *vdev, struct vfio_pci_info_fill *fill,
		    struct vfio_pci_hot_reset_info *info, void __user *uarg)
{
	int ret = fill_info(vdev, fill);

	if (ret)
		return ret;

	if (fill->by_cdev)
		info->flags |= VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
	if (fill->by_cdev && fill->owned)
		info->flags |= VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;
	if (copy_to_user(uarg, info, sizeof(*info)) ||
	    copy_to_user(uarg + sizeof(*info), fill->devices,
			 array_size(fill->count, sizeof(*fill->devices))))
		return -EFAULT;
	return 0;
}

/**
 * vfio_pci_hot_reset_info() - VFIO_DEVICE_GET_PCI_HOT_RESET_INFO
 * @vdev: open device
 * @info: the argument without its array
 * @uarg: where it came from
 *
 * Return: 0; -EFAULT; -ENOMEM; -ENODEV if neither the slot nor the bus can be
 * reset; -ENOSPC if the array is too short, the count is stored then; -EAGAIN
 * if devices come or go right now; -EPERM if the caller is to be told groups
 * and a device has none
 *
 * Context: process context, sleeps; takes dev_set->lock
 */
long vfio_pci_hot_reset_info(struct vfio_pci_core_device *vdev,
			     struct vfio_pci_hot_reset_info *info, void __user *uarg)
{
	struct vfio_pci_info_fill fill = { .set = vdev->vdev.dev_set };
	int ret;

	ret = count_affected(vdev->pdev, &fill.max);
	if (ret)
		return ret;

	info->flags = 0;
	info->count = fill.max;
	if ((info->argsz - sizeof(*info)) / sizeof(*fill.devices) < fill.max)
		return copy_to_user(uarg, info, sizeof(*info)) ? -EFAULT : -ENOSPC;

	fill.devices = kcalloc(fill.max, sizeof(*fill.devices), GFP_KERNEL_ACCOUNT);
	if (!fill.devices)
		return -ENOMEM;
	ret = put_info(vdev, &fill, info, uarg);
	kfree(fill.devices);
	return ret;
}
