// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vfio/devices/vfio<X>: a device by its own name, with iommufd for DMA.
 *
 * A file is opened first and bound to an iommufd later; binding opens the
 * device.  Several files may be open, one of them may be bound.
 *
 * Owns vfio_device.cdev_opened, under dev_set->lock.  Called by the VFS, and
 * by device_file.c through the operations below.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/slab.h>

#include "uarg.h"
#include "vfio.h"

static int vfio_cdev_start_dma(struct vfio_device_file *df)
{
	return df->device->ops->bind_iommufd(df->device, df->iommufd, &df->devid);
}

static void vfio_cdev_stop_dma(struct vfio_device_file *df)
{
	df->device->ops->unbind_iommufd(df->device);
}

static void vfio_cdev_unbind(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	scoped_guard(mutex, &device->dev_set->lock) {
		vfio_device_file_close(df);
		device->cdev_opened = false;
		iommufd_ctx_put(df->iommufd);
		df->iommufd = NULL;
	}
	vfio_group_cdev_end(device->group);
}

static void vfio_cdev_release(struct vfio_device_file *df)
{
	if (vfio_device_file_has_access(df))
		vfio_cdev_unbind(df);
	vfio_device_put_registration(df->device);
}

/* The struct may be of a later version if what we don't know is 0 */
static int vfio_cdev_copy_bind(struct vfio_device_bind_iommufd *bind, void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_device_bind_iommufd, out_devid);
	u32 argsz;
	int ret;

	if (get_user(argsz, (u32 __user *)uarg))
		return -EFAULT;
	if (argsz < minsz)
		return -EINVAL;
	ret = copy_struct_from_user(bind, sizeof(*bind), uarg, argsz);
	if (ret)
		return ret;
	if (bind->flags & ~VFIO_DEVICE_BIND_FLAG_TOKEN || bind->iommufd < 0)
		return -EINVAL;
	return 0;
}

/* A device that is shared with others may want to know who is asking */
static int vfio_cdev_check_token(struct vfio_device *device,
				 const struct vfio_device_bind_iommufd *bind)
{
	bool has_token = bind->flags & VFIO_DEVICE_BIND_FLAG_TOKEN;
	uuid_t token;

	if (!device->ops->match_token_uuid)
		return has_token ? -EINVAL : 0;
	if (has_token && copy_from_user(&token, u64_to_user_ptr(bind->token_uuid_ptr),
					sizeof(token)))
		return -EFAULT;
	return device->ops->match_token_uuid(device, has_token ? &token : NULL);
}

/* Everything that may fail, with the id told to the user last */
static int vfio_cdev_do_bind(struct vfio_device_file *df,
			     const struct vfio_device_bind_iommufd *bind, void __user *uarg)
{
	struct vfio_device_bind_iommufd __user *ubind = uarg;
	struct vfio_device *device = df->device;
	int ret;

	ret = vfio_cdev_check_token(device, bind);
	if (ret)
		return ret;

	df->iommufd = iommufd_ctx_from_fd(bind->iommufd);
	if (IS_ERR(df->iommufd)) {
		ret = PTR_ERR(df->iommufd);
		goto err_forget;
	}

	ret = vfio_device_file_open(df);
	if (ret)
		goto err_put;

	if (put_user(df->devid, &ubind->out_devid)) {
		ret = -EFAULT;
		goto err_close;
	}
	return 0;

err_close:
	vfio_device_file_close(df);
err_put:
	iommufd_ctx_put(df->iommufd);
err_forget:
	df->iommufd = NULL;
	return ret;
}

static int vfio_cdev_bind_exclusive(struct vfio_device_file *df,
				    const struct vfio_device_bind_iommufd *bind,
				    void __user *uarg)
{
	struct vfio_device *device = df->device;
	int ret;

	guard(mutex)(&device->dev_set->lock);
	/* Nobody can say whether two files should see the same mappings */
	if (device->open_count)
		return -EINVAL;
	ret = vfio_cdev_do_bind(df, bind, uarg);
	if (ret)
		return ret;

	device->cdev_opened = true;
	vfio_device_file_grant(df);
	return 0;
}

/**
 * vfio_cdev_bind() - VFIO_DEVICE_BIND_IOMMUFD
 * @df: file of a device
 * @uarg: struct vfio_device_bind_iommufd
 *
 * The one thing that a new file can do.
 *
 * Context: May sleep.  Takes dev_set->lock.
 * Return: 0; -EFAULT; -E2BIG for a struct with unknown contents; -EBUSY when
 * the device's group is open; -EINVAL for a short argsz, an unknown flag, an fd
 * below 0, a file that is bound or a device that is open through another, a
 * token where none belongs; -EACCES for a token that is wrong or missing;
 * -EBADF, -EBADFD when the fd is not open or no iommufd; what iommufd says of
 * the device; what its driver says.
 */
static long vfio_cdev_bind(struct vfio_device_file *df, void __user *uarg)
{
	struct vfio_device *device = df->device;
	struct vfio_device_bind_iommufd bind;
	int ret;

	ret = vfio_cdev_copy_bind(&bind, uarg);
	if (ret)
		return ret;

	ret = vfio_group_cdev_begin(device->group);
	if (ret)
		return ret;
	ret = vfio_cdev_bind_exclusive(df, &bind, uarg);
	if (ret)
		vfio_group_cdev_end(device->group);
	return ret;
}

/**
 * vfio_cdev_attach() - VFIO_DEVICE_ATTACH_IOMMUFD_PT
 * @df: bound file
 * @uarg: struct vfio_device_attach_iommufd_pt
 *
 * Context: May sleep.  Takes dev_set->lock.
 * Return: 0; -EFAULT, also when the id of the page table cannot be told to the
 * user, and then nothing is attached any more; -EINVAL for a short argsz or an
 * unknown flag; -EOPNOTSUPP when the driver has no PASIDs; what iommufd says.
 */
static long vfio_cdev_attach(struct vfio_device_file *df, void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_device_attach_iommufd_pt, pt_id);
	struct vfio_device_attach_iommufd_pt __user *uattach = uarg;
	struct vfio_device_attach_iommufd_pt attach;
	struct vfio_device *device = df->device;
	bool pasid;
	int ret;

	ret = vfio_uarg_copy(&attach, uarg, minsz);
	if (ret)
		return ret;
	if (attach.flags & ~VFIO_DEVICE_ATTACH_PASID)
		return -EINVAL;
	pasid = attach.flags & VFIO_DEVICE_ATTACH_PASID;
	if (pasid) {
		ret = vfio_uarg_copy_more(&attach, uarg, minsz, sizeof(attach));
		if (ret)
			return ret;
		if (!device->ops->pasid_attach_ioas)
			return -EOPNOTSUPP;
	}

	guard(mutex)(&device->dev_set->lock);
	if (pasid)
		ret = device->ops->pasid_attach_ioas(device, attach.pasid, &attach.pt_id);
	else
		ret = device->ops->attach_ioas(device, &attach.pt_id);
	if (ret || !put_user(attach.pt_id, &uattach->pt_id))
		return ret;

	/* Undo just the attachment that was made */
	if (pasid)
		device->ops->pasid_detach_ioas(device, attach.pasid);
	else
		device->ops->detach_ioas(device);
	return -EFAULT;
}

/**
 * vfio_cdev_detach() - VFIO_DEVICE_DETACH_IOMMUFD_PT
 * @df: bound file
 * @uarg: struct vfio_device_detach_iommufd_pt
 *
 * Detaching what is not attached is no error.
 *
 * Context: May sleep.  Takes dev_set->lock.
 * Return: 0; -EFAULT; -EINVAL for a short argsz or an unknown flag;
 * -EOPNOTSUPP when the driver has no PASIDs.
 */
static long vfio_cdev_detach(struct vfio_device_file *df, void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_device_detach_iommufd_pt, flags);
	struct vfio_device_detach_iommufd_pt detach;
	struct vfio_device *device = df->device;
	int ret;

	ret = vfio_uarg_copy(&detach, uarg, minsz);
	if (ret)
		return ret;
	if (detach.flags & ~VFIO_DEVICE_DETACH_PASID)
		return -EINVAL;

	if (!(detach.flags & VFIO_DEVICE_DETACH_PASID)) {
		guard(mutex)(&device->dev_set->lock);
		device->ops->detach_ioas(device);
		return 0;
	}

	ret = vfio_uarg_copy_more(&detach, uarg, minsz, sizeof(detach));
	if (ret)
		return ret;
	if (!device->ops->pasid_detach_ioas)
		return -EOPNOTSUPP;
	guard(mutex)(&device->dev_set->lock);
	device->ops->pasid_detach_ioas(device, detach.pasid);
	return 0;
}

static const struct vfio_path_ioctl vfio_cdev_ioctls[] = {
	{ VFIO_DEVICE_BIND_IOMMUFD,		true,	vfio_cdev_bind },
	{ VFIO_DEVICE_ATTACH_IOMMUFD_PT,	false,	vfio_cdev_attach },
	{ VFIO_DEVICE_DETACH_IOMMUFD_PT,	false,	vfio_cdev_detach },
	{ }
};

static const struct vfio_device_file_ops vfio_cdev_file_ops = {
	.ioctls		= vfio_cdev_ioctls,
	.start_dma	= vfio_cdev_start_dma,
	.stop_dma	= vfio_cdev_stop_dma,
	.release	= vfio_cdev_release,
};

/*
 * Without an IOMMU the device reaches all memory: that takes the right to do
 * raw I/O, and does not go unseen.
 */
static int vfio_cdev_may_open(struct vfio_device *device)
{
	if (!device->noiommu)
		return 0;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	dev_warn(device->dev, "vfio-noiommu device opened by user (%s:%d)\n", current->comm,
		 task_pid_nr(current));
	return 0;
}

/*
 * The node's operations exist to open it.  A file that is open has
 * vfio_device_fops like every other file of a device.
 */
static int vfio_cdev_open(struct inode *inode, struct file *file)
{
	struct vfio_device *device = container_of(inode->i_cdev, struct vfio_device, cdev);
	struct vfio_device_file *df;
	int ret;

	/* The inode keeps the memory; this keeps the driver */
	if (!vfio_device_try_get_registration(device))
		return -ENODEV;

	ret = vfio_cdev_may_open(device);
	if (ret)
		goto err;
	df = vfio_device_file_alloc(device, &vfio_cdev_file_ops);
	if (IS_ERR(df)) {
		ret = PTR_ERR(df);
		goto err;
	}

	vfio_device_file_install(df, file);
	replace_fops(file, fops_get(&vfio_device_fops));
	return 0;

err:
	vfio_device_put_registration(device);
	return ret;
}

const struct file_operations vfio_device_cdev_fops = {
	.owner	= THIS_MODULE,
	.open	= vfio_cdev_open,
};
