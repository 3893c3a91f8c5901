// SPDX-License-Identifier: GPL-2.0-only
/*
 * The open device: everything a user does to a device goes through here,
 * however the file came to be.
 *
 * Owns struct vfio_device_file, the file operations, the access gate and
 * vfio_device.open_count (under dev_set->lock).  What depends on the way to
 * the device stands in struct vfio_device_file_ops.  Called by the VFS, and by
 * device_cdev.c and group_file.c to open, grant and close.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "uarg.h"
#include "vfio.h"

/**
 * vfio_device_file_alloc() - Make the object behind a file of a device
 * @device: the device
 * @ops: how this file reaches the device; takes over what keeps @device
 *
 * Context: May sleep.
 * Return: the object, whose gate is shut, or an ERR_PTR() of -ENOMEM.
 */
struct vfio_device_file *vfio_device_file_alloc(struct vfio_device *device,
						const struct vfio_device_file_ops *ops)
{
	struct vfio_device_file *df = kzalloc_obj(*df, GFP_KERNEL_ACCOUNT);

	if (!df)
		return ERR_PTR(-ENOMEM);
	df->device = device;
	df->ops = ops;
	vfio_kvm_slot_init(&df->own_kvm);
	df->kvm = &df->own_kvm;
	return df;
}

/**
 * vfio_device_file_install() - Make a file a file of a device
 * @df: the object, which belongs to @file from here on
 * @file: file that is being opened; its operations are vfio_device_fops
 *
 * All mappings of a device lie in the address space of the device's own
 * inode, whatever file they are made through: that is what lets one
 * unmap_mapping_range() find all of them, and none of another device.
 */
void vfio_device_file_install(struct vfio_device_file *df, struct file *file)
{
	file->f_mapping = df->device->inode->i_mapping;
	file->private_data = df;
}

/* The first open: everything that the driver may count on, then the driver */
static int vfio_device_first_open(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct module *owner = device->dev->driver->owner;
	int ret;

	if (!try_module_get(owner))
		return -ENODEV;

	ret = df->ops->start_dma(df);
	if (ret)
		goto err_module;
	vfio_dma_targets_open(device);

	vfio_device_get_kvm(device, df->kvm);
	if (device->ops->open_device) {
		ret = device->ops->open_device(device);
		if (ret)
			goto err_dma;
	}
	if (df->ops->attach_dma) {
		ret = df->ops->attach_dma(df);
		if (ret)
			goto err_close;
	}
	return 0;

err_close:
	if (device->ops->close_device)
		device->ops->close_device(device);
err_dma:
	vfio_dma_targets_close(device);
	vfio_device_put_kvm(device);
	df->ops->stop_dma(df);
err_module:
	module_put(owner);
	return ret;
}

static void vfio_device_last_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	vfio_dma_targets_close(device);
	if (device->ops->close_device)
		device->ops->close_device(device);
	vfio_migration_closed(device);
	vfio_device_put_kvm(device);
	if (df->ops->detach_dma)
		df->ops->detach_dma(df);
	df->ops->stop_dma(df);
	module_put(device->dev->driver->owner);
}

/**
 * vfio_device_file_open() - Open the device for a file
 * @df: file that has not opened it yet
 *
 * Only the first of several opens reaches the driver.  open_count includes the
 * open that is being made or undone while the driver is called.
 *
 * Context: dev_set->lock is held.  May sleep.
 * Return: 0, -ENODEV when the driver's module is on its way out, or what
 * start_dma or the driver says.
 */
int vfio_device_file_open(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	int ret = 0;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->open_count++ == 0)
		ret = vfio_device_first_open(df);
	if (ret)
		device->open_count--;
	return ret;
}

/**
 * vfio_device_file_close() - Undo vfio_device_file_open()
 * @df: file that has opened the device
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_device_file_close(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->open_count == 1)
		vfio_device_last_close(df);
	device->open_count--;
}

/**
 * vfio_device_file_grant() - Open the gate
 * @df: file that has opened the device, and is complete
 *
 * The release here pairs with the acquire in vfio_device_file_has_access()::
 *
 *	bind (one task)				use (any other task)
 *	---------------				--------------------
 *	open the device, fill in df
 *	smp_store_release(access_granted, 1)	if (smp_load_acquire(access_granted))
 *							use device and df
 *
 * Whoever sees 1 sees all that was written before it, so nothing behind the
 * gate needs a lock to be seen whole.  The gate does not shut again: a file
 * gives its access up by being closed, and then nobody is left to look.
 *
 * Context: The caller makes sure that nobody else grants at the same time.
 */
void vfio_device_file_grant(struct vfio_device_file *df)
{
	/* Pairs with the acquire in vfio_device_file_has_access() */
	smp_store_release(&df->access_granted, 1);
}

/**
 * vfio_device_file_has_access() - The gate at the head of every operation
 * @df: any file of a device
 *
 * Context: Any.
 * Return: true if the device is open through @df and may be used.
 */
bool vfio_device_file_has_access(struct vfio_device_file *df)
{
	/* Pairs with the release in vfio_device_file_grant() */
	return smp_load_acquire(&df->access_granted);
}

static int vfio_device_fops_release(struct inode *inode, struct file *file)
{
	struct vfio_device_file *df = file->private_data;

	df->ops->release(df);
	kfree(df);
	return 0;
}

/*
 * The device is awake while an ioctl runs.  That holds for drivers with power
 * management only, for the others a count would just be balanced.
 */
static int vfio_device_resume(struct vfio_device *device)
{
	struct device *dev = device->dev;
	int ret;

	if (!dev->driver || !dev->driver->pm)
		return 0;

	ret = pm_runtime_resume_and_get(dev);
	if (ret >= 0)
		return 0;
	dev_info_ratelimited(dev, "runtime resume failed %d, task %s (%d)\n", ret, current->comm,
			     task_pid_nr(current));
	return -EIO;
}

static void vfio_device_let_suspend(struct vfio_device *device)
{
	struct device *dev = device->dev;

	if (dev->driver && dev->driver->pm)
		pm_runtime_put(dev);
}

static long vfio_device_ioctl_region_info(struct vfio_device *device, void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info = {};
	struct vfio_info_cap caps = {};
	int ret;

	ret = vfio_uarg_copy(&info, uarg, minsz);
	if (ret)
		return ret;
	if (!device->ops->get_region_info_caps)
		return -EINVAL;

	/* What the driver does not fill in reads 0, whatever the user passed */
	info = (struct vfio_region_info) { .argsz = info.argsz, .index = info.index };
	ret = device->ops->get_region_info_caps(device, &info, &caps);
	if (ret)
		goto out;

	if (caps.size) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			info.cap_offset = sizeof(info);
			if (copy_to_user(uarg + sizeof(info), caps.buf, caps.size))
				ret = -EFAULT;
		}
	}
	if (!ret && copy_to_user(uarg, &info, minsz))
		ret = -EFAULT;
out:
	kfree(caps.buf);
	return ret;
}

/* What the core answers for every device; the rest is the driver's */
static const struct {
	unsigned int cmd;
	long (*fn)(struct vfio_device *device, void __user *uarg);
} vfio_device_ioctls[] = {
	{ VFIO_DEVICE_FEATURE,		vfio_device_ioctl_feature },
	{ VFIO_DEVICE_GET_REGION_INFO,	vfio_device_ioctl_region_info },
};

static long vfio_device_ioctl(struct vfio_device *device, unsigned int cmd, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vfio_device_ioctls); i++)
		if (vfio_device_ioctls[i].cmd == cmd)
			return vfio_device_ioctls[i].fn(device, (void __user *)arg);

	if (!device->ops->ioctl)
		return -EINVAL;
	return device->ops->ioctl(device, cmd, arg);
}

static const struct vfio_path_ioctl *vfio_find_path_ioctl(struct vfio_device_file *df,
							  unsigned int cmd)
{
	const struct vfio_path_ioctl *op;

	for (op = df->ops->ioctls; op->fn; op++)
		if (op->cmd == cmd)
			return op;
	return NULL;
}

static long vfio_device_fops_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vfio_device_file *df = file->private_data;
	const struct vfio_path_ioctl *op = vfio_find_path_ioctl(df, cmd);
	struct vfio_device *device = df->device;
	long ret;

	if (op && op->before_access)
		return op->fn(df, (void __user *)arg);
	if (!vfio_device_file_has_access(df))
		return -EINVAL;

	ret = vfio_device_resume(device);
	if (ret)
		return ret;
	if (op)
		ret = op->fn(df, (void __user *)arg);
	else
		ret = vfio_device_ioctl(device, cmd, arg);
	vfio_device_let_suspend(device);
	return ret;
}

static ssize_t vfio_device_fops_read(struct file *file, char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_device_file_has_access(df) || !device->ops->read)
		return -EINVAL;
	return device->ops->read(device, buf, count, ppos);
}

static ssize_t vfio_device_fops_write(struct file *file, const char __user *buf, size_t count,
				      loff_t *ppos)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_device_file_has_access(df) || !device->ops->write)
		return -EINVAL;
	return device->ops->write(device, buf, count, ppos);
}

static int vfio_device_fops_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vfio_device_file *df = file->private_data;
	struct vfio_device *device = df->device;

	if (!vfio_device_file_has_access(df) || !device->ops->mmap)
		return -EINVAL;
	return device->ops->mmap(device, vma);
}

#ifdef CONFIG_MMU
static unsigned long vfio_device_fops_place(struct file *file, unsigned long addr,
					    unsigned long len, unsigned long pgoff,
					    unsigned long flags)
{
	struct vfio_device_file *df = file->private_data;

	/* mmap() itself says no */
	if (!vfio_device_file_has_access(df) || !df->device->ops->mmap)
		return mm_get_unmapped_area(file, addr, len, pgoff, flags);
	return vfio_mmap_place(df->device, file, addr, len, pgoff, flags);
}
#endif

#ifdef CONFIG_PROC_FS
/* Which device is it?  Known before the gate opens, and no secret. */
static void vfio_device_fops_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct vfio_device_file *df = file->private_data;
	char *path = kobject_get_path(&df->device->dev->kobj, GFP_KERNEL);

	if (!path)
		return;
	seq_printf(m, "vfio-device-syspath: /sys%s\n", path);
	kfree(path);
}
#endif

const struct file_operations vfio_device_fops = {
	.owner		= THIS_MODULE,
	.release	= vfio_device_fops_release,
	.read		= vfio_device_fops_read,
	.write		= vfio_device_fops_write,
	.unlocked_ioctl	= vfio_device_fops_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= vfio_device_fops_mmap,
#ifdef CONFIG_MMU
	.get_unmapped_area = vfio_device_fops_place,
#endif
#ifdef CONFIG_PROC_FS
	.show_fdinfo	= vfio_device_fops_show_fdinfo,
#endif
};
