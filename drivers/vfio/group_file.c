// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vfio/<group>: a group as its user sees it, and the way from there to
 * the files of its devices.
 *
 * A group's file is opened once, connected to a container or an iommufd that maps
 * DMA for all of the group's devices, and gives out files of the devices then.  Each
 * of those has its own hold of the iommufd, whatever becomes of the group's file.
 * A container knows groups and no devices, so there it is the group's file that the
 * files of devices hold.
 *
 * Owns vfio_group.file, .iommufd, .seat, .container_files and .cdev_users, under
 * vfio_group.lock, which is taken outside of dev_set->lock and of a container's
 * lock; and vfio_device.seat, under both.  Called by the VFS, by device_file.c
 * through the operations below, by device_cdev.c, group.c and vfio_file.c.
 */
#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/slab.h>

#include "uarg.h"
#include "vfio.h"

/* Without an IOMMU a group's devices reach all memory: a matter of raw I/O */
static bool vfio_group_permitted(struct vfio_group *group)
{
	return group->type != VFIO_NO_IOMMU || capable(CAP_SYS_RAWIO);
}

static bool vfio_group_connected(struct vfio_group *group)
{
	lockdep_assert_held(&group->lock);
	return group->iommufd || group->seat.container;
}

static void vfio_group_leave_container(struct vfio_group *group)
{
	lockdep_assert_held(&group->lock);

	if (group->seat.container)
		vfio_container_detach(&group->seat);
}

static void vfio_group_disconnect(struct vfio_group *group)
{
	lockdep_assert_held(&group->lock);

	vfio_group_leave_container(group);
	if (group->iommufd)
		iommufd_ctx_put(group->iommufd);
	group->iommufd = NULL;
}

/* ---- Devices of the group */

static int vfio_group_df_start_dma(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct vfio_group *group = device->group;

	lockdep_assert_held(&group->lock);

	/* The container has all of the group already */
	if (group->seat.container) {
		device->seat = &group->seat;
		return 0;
	}
	/* Nobody confines it, there is nothing to prepare */
	if (device->noiommu)
		return 0;
	return device->ops->bind_iommufd(device, df->iommufd, &df->devid);
}

static int vfio_group_df_attach_dma(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	if (device->seat)
		vfio_container_add_device(device->seat, device);
	else if (!device->noiommu)
		return vfio_iommufd_attach_compat_ioas(device, df->iommufd);
	return 0;
}

static void vfio_group_df_detach_dma(struct vfio_device_file *df)
{
	if (df->device->seat)
		vfio_container_remove_device(df->device->seat, df->device);
}

/* The last file to be closed need not have come the same way as the first */
static void vfio_group_df_stop_dma(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	if (device->seat)
		device->seat = NULL;
	else if (!device->noiommu)
		device->ops->unbind_iommufd(device);
}

static void vfio_group_df_close(struct vfio_device_file *df)
{
	struct vfio_group *group = df->device->group;

	guard(mutex)(&group->lock);
	scoped_guard(mutex, &df->device->dev_set->lock)
		vfio_device_file_close(df);
	if (df->group_file) {
		group->container_files--;
		/* Not closed before this task is back in user space */
		fput(df->group_file);
	}
}

static void vfio_group_df_release(struct vfio_device_file *df)
{
	vfio_group_df_close(df);
	vfio_device_put_registration(df->device);
}

#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
/* Binding is for those who came without a group */
static long vfio_group_df_bind(struct vfio_device_file *df, void __user *uarg)
{
	return -EINVAL;
}
#endif

static const struct vfio_path_ioctl vfio_group_df_ioctls[] = {
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	{ VFIO_DEVICE_BIND_IOMMUFD,	true,	vfio_group_df_bind },
#endif
	{ }
};

static const struct vfio_device_file_ops vfio_group_df_ops = {
	.ioctls		= vfio_group_df_ioctls,
	.start_dma	= vfio_group_df_start_dma,
	.attach_dma	= vfio_group_df_attach_dma,
	.detach_dma	= vfio_group_df_detach_dma,
	.stop_dma	= vfio_group_df_stop_dma,
	.release	= vfio_group_df_release,
};

/* With a registration reference, or an ERR_PTR() */
static struct vfio_device *vfio_group_find_device(struct vfio_group *group, char *name)
{
	struct vfio_device *device;
	int match;

	guard(mutex)(&group->members_lock);

	list_for_each_entry(device, &group->members, group_entry) {
		if (device->ops->match)
			match = device->ops->match(device, name);
		else
			match = !strcmp(dev_name(device->dev), name);
		if (match < 0)
			return ERR_PTR(match);
		if (match && vfio_device_try_get_registration(device))
			return device;
	}
	return ERR_PTR(-ENODEV);
}

static int vfio_group_df_open(struct vfio_group *group, struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	int ret;

	guard(mutex)(&group->lock);
	if (!vfio_group_connected(group))
		return -EINVAL;
	if (group->seat.container && !vfio_container_ready(&group->seat))
		return -EINVAL;
	if (!vfio_group_permitted(group))
		return -EPERM;

	guard(mutex)(&device->dev_set->lock);
	df->iommufd = group->iommufd;
	df->kvm = &group->kvm;
	ret = vfio_device_file_open(df);
	df->iommufd = NULL;
	if (ret)
		return ret;
	if (group->seat.container) {
		df->group_file = get_file(group->file);
		group->container_files++;
	}
	return 0;
}

/* A file of an open device; it owns @df and the references behind it */
static struct file *vfio_group_df_file(struct vfio_device_file *df)
{
	struct file *file;

	file = anon_inode_getfile_fmode("[vfio-device]", &vfio_device_fops, df, O_RDWR,
					FMODE_PREAD | FMODE_PWRITE);
	if (IS_ERR(file))
		return file;
	vfio_device_file_install(df, file);
	vfio_device_file_grant(df);
	return file;
}

/* Takes over the caller's registration reference on @device if it succeeds */
static struct file *vfio_group_open_device(struct vfio_group *group,
					   struct vfio_device *device)
{
	struct vfio_device_file *df;
	struct file *file;
	int ret;

	df = vfio_device_file_alloc(device, &vfio_group_df_ops);
	if (IS_ERR(df))
		return ERR_CAST(df);

	ret = vfio_group_df_open(group, df);
	if (ret) {
		kfree(df);
		return ERR_PTR(ret);
	}

	file = vfio_group_df_file(df);
	if (IS_ERR(file)) {
		vfio_group_df_close(df);
		kfree(df);
	}
	return file;
}

/*
 * VFIO_GROUP_GET_DEVICE_FD.  The name is that of the device in sysfs; drivers
 * may let options follow it.
 */
static long vfio_group_get_device_fd(struct vfio_group *group, void __user *uarg)
{
	char *text = strndup_user(uarg, PAGE_SIZE);
	struct vfio_device *device;
	struct file *file;

	if (IS_ERR(text))
		return PTR_ERR(text);
	char *name __free(kfree) = text;

	CLASS(get_unused_fd, fd)(O_CLOEXEC);
	if (fd < 0)
		return fd;

	device = vfio_group_find_device(group, name);
	if (IS_ERR(device))
		return PTR_ERR(device);
	file = vfio_group_open_device(group, device);
	if (IS_ERR(file)) {
		vfio_device_put_registration(device);
		return PTR_ERR(file);
	}

	if (device->noiommu)
		dev_warn(device->dev, "vfio-noiommu device opened by user (%s:%d)\n",
			 current->comm, task_pid_nr(current));
	fd_install(fd, file);
	return take_fd(fd);
}

/* ---- The group's own ioctls */

/* An iommufd can stand for a container, with one IOAS for all who come this way */
static int vfio_group_connect_iommufd(struct vfio_group *group, struct file *file)
{
	struct iommufd_ctx *iommufd;
	int ret;

	lockdep_assert_held(&group->lock);

	if (!IS_ENABLED(CONFIG_IOMMUFD))
		return -EBADFD;
	iommufd = iommufd_ctx_from_file(file);
	if (IS_ERR(iommufd))
		return PTR_ERR(iommufd);

	/* A device of the group takes the privilege, this maps nothing yet */
	if (group->type == VFIO_NO_IOMMU)
		ret = iommufd_vfio_compat_set_no_iommu(iommufd);
	else
		ret = iommufd_vfio_compat_ioas_create(iommufd);
	if (ret) {
		iommufd_ctx_put(iommufd);
		return ret;
	}
	group->iommufd = iommufd;
	return 0;
}

static int vfio_group_connect(struct vfio_group *group, struct file *file)
{
	struct vfio_container *container = vfio_container_of_file(file);

	lockdep_assert_held(&group->lock);

	if (!container)
		return vfio_group_connect_iommufd(group, file);
	if (!vfio_group_permitted(group))
		return -EPERM;
	return vfio_container_attach(container, &group->seat, group->iommu_group, group->type);
}

static long vfio_group_set_container(struct vfio_group *group, void __user *uarg)
{
	int fd;

	if (get_user(fd, (int __user *)uarg))
		return -EFAULT;

	CLASS(fd, f)(fd);
	if (fd_empty(f))
		return -EBADF;

	guard(mutex)(&group->lock);
	if (vfio_group_connected(group))
		return -EINVAL;
	if (!group->iommu_group)
		return -ENODEV;
	return vfio_group_connect(group, fd_file(f));
}

/*
 * Devices that are open keep their own hold of an iommufd, so that can be
 * disconnected any time; a container can't.
 */
static long vfio_group_unset_container(struct vfio_group *group, void __user *uarg)
{
	guard(mutex)(&group->lock);
	if (!vfio_group_connected(group))
		return -EINVAL;
	if (group->seat.container && group->container_files)
		return -EBUSY;
	vfio_group_disconnect(group);
	return 0;
}

static long vfio_group_get_status(struct vfio_group *group, void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_group_status, flags);
	struct vfio_group_status status;
	int ret;

	ret = vfio_uarg_copy(&status, uarg, minsz);
	if (ret)
		return ret;

	status.flags = 0;
	scoped_guard(mutex, &group->lock) {
		if (!group->iommu_group)
			return -ENODEV;
		if (vfio_group_connected(group))
			status.flags = VFIO_GROUP_FLAGS_CONTAINER_SET | VFIO_GROUP_FLAGS_VIABLE;
		else if (!iommu_group_dma_owner_claimed(group->iommu_group))
			status.flags = VFIO_GROUP_FLAGS_VIABLE;
	}
	return copy_to_user(uarg, &status, minsz) ? -EFAULT : 0;
}

static const struct {
	unsigned int cmd;
	long (*fn)(struct vfio_group *group, void __user *uarg);
} vfio_group_ioctls[] = {
	{ VFIO_GROUP_GET_STATUS,	vfio_group_get_status },
	{ VFIO_GROUP_SET_CONTAINER,	vfio_group_set_container },
	{ VFIO_GROUP_UNSET_CONTAINER,	vfio_group_unset_container },
	{ VFIO_GROUP_GET_DEVICE_FD,	vfio_group_get_device_fd },
};

static long vfio_group_fops_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vfio_group_ioctls); i++)
		if (vfio_group_ioctls[i].cmd == cmd)
			return vfio_group_ioctls[i].fn(file->private_data, (void __user *)arg);
	return -ENOTTY;
}

static int vfio_group_fops_open(struct inode *inode, struct file *file)
{
	struct vfio_group *group = container_of(inode->i_cdev, struct vfio_group, cdev);

	guard(mutex)(&group->lock);
	if (!group->iommu_group)
		return -ENODEV;
	if (!vfio_group_permitted(group))
		return -EPERM;
	if (group->file || group->cdev_users)
		return -EBUSY;

	group->file = file;
	file->private_data = group;
	return 0;
}

static int vfio_group_fops_release(struct inode *inode, struct file *file)
{
	struct vfio_group *group = file->private_data;

	guard(mutex)(&group->lock);
	vfio_group_disconnect(group);
	vfio_kvm_slot_set(&group->kvm, NULL);
	group->file = NULL;
	return 0;
}

const struct file_operations vfio_group_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_group_fops_open,
	.release	= vfio_group_fops_release,
	.unlocked_ioctl	= vfio_group_fops_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/* ---- For the layers above */

/**
 * vfio_group_file_orphan() - The last device has left the group
 * @group: group whose node is gone
 *
 * A file that is still open is good for nothing any more; it leaves its container.
 *
 * Context: May sleep.  Takes vfio_group.lock.
 * Return: the IOMMU group, whose reference the caller gets.
 */
struct iommu_group *vfio_group_file_orphan(struct vfio_group *group)
{
	struct iommu_group *iommu_group = group->iommu_group;

	guard(mutex)(&group->lock);
	vfio_group_leave_container(group);
	group->iommu_group = NULL;
	return iommu_group;
}

/**
 * vfio_group_cdev_begin() - A device of the group is to be bound by its cdev
 * @group: the device's group
 *
 * A group is used as one or device by device.
 *
 * Context: May sleep.  Takes vfio_group.lock; dev_set->lock is not held.
 * Return: 0; -EBUSY the group's file is open.
 */
int vfio_group_cdev_begin(struct vfio_group *group)
{
	guard(mutex)(&group->lock);
	if (group->file)
		return -EBUSY;
	group->cdev_users++;
	return 0;
}

/**
 * vfio_group_cdev_end() - Undo vfio_group_cdev_begin()
 * @group: the device's group
 *
 * Context: May sleep.  Takes vfio_group.lock; dev_set->lock is not held.
 */
void vfio_group_cdev_end(struct vfio_group *group)
{
	guard(mutex)(&group->lock);
	group->cdev_users--;
}

/**
 * vfio_group_of_file() - Is this the file of a group?
 * @file: any file
 *
 * Context: Any.
 * Return: the group, which lives as long as @file; NULL if it is another file.
 */
struct vfio_group *vfio_group_of_file(struct file *file)
{
	return file->f_op == &vfio_group_fops ? file->private_data : NULL;
}

/**
 * vfio_group_enforced_coherent() - Is all DMA of the group cache coherent?
 * @group: the group
 *
 * Context: May sleep.  Takes vfio_group.members_lock.
 * Return: false if a device could bypass the CPU's caches and its IOMMU has no
 * means against that.
 */
bool vfio_group_enforced_coherent(struct vfio_group *group)
{
	struct vfio_device *device;

	guard(mutex)(&group->members_lock);
	list_for_each_entry(device, &group->members, group_entry)
		if (!device_iommu_capable(device->dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY))
			return false;
	return true;
}
