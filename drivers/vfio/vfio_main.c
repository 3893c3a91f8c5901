// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO: safe access to devices from user space.
 *
 * The top of module vfio: loading it, and the life of a device from
 * allocation through registration to its end.
 *
 * Owns the pseudo file system that every device's inode lies in; its mount is
 * pinned while any device lives, under simple_pin_fs()'s own lock.  Called by
 * drivers.
 */
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/panic.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include "vfio.h"

#define VFIO_VERSION	"0.3"
#define VFIO_DESC	"VFIO - User Level meta-driver"

/* "VFIO" */
#define VFIO_FS_MAGIC	0x5646494f

static struct vfsmount *vfio_fs_mount;
static int vfio_fs_users;

static int vfio_fs_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, VFIO_FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type vfio_fs_type = {
	.name = "vfio",
	.owner = THIS_MODULE,
	.init_fs_context = vfio_fs_init_fs_context,
	.kill_sb = kill_anon_super,
};

/* One inode for one device: the owner of all its mappings */
static struct inode *vfio_fs_new_inode(void)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&vfio_fs_type, &vfio_fs_mount, &vfio_fs_users);
	if (ret)
		return ERR_PTR(ret);

	inode = alloc_anon_inode(vfio_fs_mount->mnt_sb);
	if (IS_ERR(inode))
		simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
	return inode;
}

static void vfio_fs_put_inode(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&vfio_fs_mount, &vfio_fs_users);
}

/* The last reference is gone: undo _vfio_alloc_device() */
static void vfio_device_release(struct device *dev)
{
	struct vfio_device *device = container_of(dev, struct vfio_device, device);

	vfio_leave_device_set(device);
	if (device->ops->release)
		device->ops->release(device);
	vfio_dma_targets_exit(device);
	vfio_fs_put_inode(device->inode);
	vfio_device_unname(device);
	kvfree(device);
}

/**
 * _vfio_alloc_device() - Allocate a driver's device object
 * @size: bytes of the object, which begins with a struct vfio_device
 * @dev: device of the bus, which outlives the object's registration
 * @ops: operations of the driver
 *
 * Drivers use vfio_alloc_device().  When @ops->init is called, the members
 * dev, ops and inode are valid.
 *
 * Context: May sleep.
 * Return: the object, zeroed but for the core's part, with one reference for
 * vfio_put_device(); or an ERR_PTR(): -EINVAL for a @size that cannot be right
 * (with a warning), -ENOMEM, -ENOSPC when there are too many devices, or what
 * @ops->init returned; @ops->release is not called then.
 */
struct vfio_device *_vfio_alloc_device(size_t size, struct device *dev,
				       const struct vfio_device_ops *ops)
{
	struct vfio_device *device;
	int ret;

	if (WARN_ON(size < sizeof(*device)))
		return ERR_PTR(-EINVAL);

	device = kvzalloc(size, GFP_KERNEL);
	if (!device)
		return ERR_PTR(-ENOMEM);
	device->dev = dev;
	device->ops = ops;

	ret = vfio_device_name(device);
	if (ret)
		goto err_free;

	device->inode = vfio_fs_new_inode();
	if (IS_ERR(device->inode)) {
		ret = PTR_ERR(device->inode);
		goto err_name;
	}

	ret = vfio_dma_targets_init(device);
	if (ret)
		goto err_inode;

	if (ops->init) {
		ret = ops->init(device);
		if (ret)
			goto err_set;
	}

	vfio_device_initialize(device, vfio_device_release);
	return device;

err_set:
	vfio_leave_device_set(device);
	vfio_dma_targets_exit(device);
err_inode:
	vfio_fs_put_inode(device->inode);
err_name:
	vfio_device_unname(device);
err_free:
	kvfree(device);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(_vfio_alloc_device);

/* An IOMMU that keeps the device in bounds, or the administrator's word */
static int vfio_check_iommu(struct vfio_device *device)
{
	struct iommu_group *group;

	if (device->emulated)
		return 0;
	group = iommu_group_get(device->dev);

	if (group) {
		iommu_group_put(group);
		return device_iommu_capable(device->dev, IOMMU_CAP_CACHE_COHERENCY) ? 0 : -EINVAL;
	}

	if (!vfio_noiommu_allowed())
		return -EINVAL;
	device->noiommu = true;
	if (IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)) {
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
		dev_warn(device->dev, "Adding kernel taint for vfio-noiommu cdev\n");
	}
	return 0;
}

static int vfio_register(struct vfio_device *device)
{
	int ret;

	if (WARN_ON(IS_ENABLED(CONFIG_IOMMUFD) &&
		    (!device->ops->bind_iommufd || !device->ops->unbind_iommufd ||
		     !device->ops->attach_ioas || !device->ops->detach_ioas)))
		return -EINVAL;
	ret = vfio_migration_check(device);
	if (ret)
		return ret;
	ret = vfio_dma_logging_check(device);
	if (ret)
		return ret;

	/* A device that shares its reset with nobody is a set of its own */
	if (!device->dev_set) {
		ret = vfio_assign_device_set(device, device);
		if (ret)
			return ret;
	}

	ret = vfio_check_iommu(device);
	if (ret)
		return ret;
	ret = vfio_group_join(device);
	if (ret)
		return ret;

	vfio_debugfs_add(device);
	vfio_migration_debugfs_add(device);
	ret = vfio_device_add(device, VFIO_CDEV_FOPS);
	if (ret) {
		vfio_debugfs_remove(device);
		vfio_group_leave(device);
		return ret;
	}
	vfio_group_show(device);
	return 0;
}

/**
 * vfio_register_group_dev() - Offer a device whose DMA an IOMMU can confine
 * @device: device from vfio_alloc_device(), not registered
 *
 * User space may open the device before this returns.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL when iommufd operations are missing (with a warning), operations of
 * migration or of DMA logging are missing (with a message), the device has no IOMMU
 * group (and no-IOMMU mode is off) or its DMA is not cache coherent; -ENOMEM or what
 * the driver core says.
 */
int vfio_register_group_dev(struct vfio_device *device)
{
	return vfio_register(device);
}
EXPORT_SYMBOL_GPL(vfio_register_group_dev);

/**
 * vfio_register_emulated_iommu_dev() - Offer a device that does no DMA itself
 * @device: device from vfio_alloc_device(), not registered
 *
 * Its driver moves the data, with the CPU or through another device.
 *
 * Context: May sleep.
 * Return: as vfio_register_group_dev(), but an IOMMU is not asked for.
 */
int vfio_register_emulated_iommu_dev(struct vfio_device *device)
{
	device->emulated = true;
	return vfio_register(device);
}
EXPORT_SYMBOL_GPL(vfio_register_emulated_iommu_dev);

/**
 * vfio_unregister_group_dev() - Take a device back
 * @device: registered device, physical or emulated
 *
 * New opens fail from the start.  The user is asked for the device until all
 * files are closed.
 *
 * Context: Sleeps, for as long as the device is in use.
 */
void vfio_unregister_group_dev(struct vfio_device *device)
{
	vfio_group_hide(device);
	vfio_device_del(device);
	vfio_debugfs_remove(device);
	vfio_device_drain(device);
	vfio_group_leave(device);
}
EXPORT_SYMBOL_GPL(vfio_unregister_group_dev);

static int vfio_debugfs_start(void)
{
	vfio_debugfs_init();
	return 0;
}

/* What the module consists of, in the order in which it starts */
static const struct {
	int (*start)(void);
	void (*stop)(void);
} vfio_parts[] = {
	{ vfio_virqfd_init,	vfio_virqfd_exit },
	{ vfio_debugfs_start,	vfio_debugfs_exit },
	{ vfio_container_init,	vfio_container_exit },
	{ vfio_groups_init,	vfio_groups_exit },
	{ vfio_devices_init,	vfio_devices_exit },
};

static void vfio_stop_parts(unsigned int nr)
{
	while (nr--)
		vfio_parts[nr].stop();
}

static int __init vfio_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(vfio_parts); i++) {
		ret = vfio_parts[i].start();
		if (ret) {
			vfio_stop_parts(i);
			return ret;
		}
	}
	pr_info(VFIO_DESC " version: " VFIO_VERSION "\n");
	return 0;
}

static void __exit vfio_exit(void)
{
	vfio_stop_parts(ARRAY_SIZE(vfio_parts));
}

module_init(vfio_init);
module_exit(vfio_exit);

MODULE_VERSION(VFIO_VERSION);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION(VFIO_DESC);
MODULE_SOFTDEP("post: vfio_iommu_type1 vfio_iommu_spapr_tce");
