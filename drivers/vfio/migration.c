// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration: what users ask of a device that can hand its state to another one.
 *
 * The state itself, and the lock around it, are the driver's; owned here is
 * vfio_device.precopy_info_v2, a byte that is set at any time and cleared when
 * nobody is left who could set it.  The functions are rows of the table in
 * feature.c, called with the device awake and without a lock; vfio_main.c and
 * device_file.c call the other two.
 */
#include <linux/file.h>
#include <linux/uaccess.h>

#include "vfio.h"

static_assert(sizeof(struct vfio_device_feature_migration) == 8);
static_assert(sizeof(struct vfio_device_feature_mig_state) == 8);
static_assert(sizeof(struct vfio_device_feature_mig_data_size) == 8);

/**
 * vfio_migration_check() - Is what a driver says of migration complete?
 * @device: device that is being registered
 *
 * A device that says that it migrates can do all of it, so nobody has to look for
 * an operation before calling it (CVE-2022-50117).
 *
 * Return: 0, also for a device that cannot migrate; -EINVAL for a driver that
 * lacks an operation, or whose device cannot even be copied while it is stopped.
 */
int vfio_migration_check(struct vfio_device *device)
{
	const struct vfio_migration_ops *ops = device->mig_ops;

	if (!ops)
		return 0;
	if (ops->migration_set_state && ops->migration_get_state &&
	    ops->migration_get_data_size && (device->migration_flags & VFIO_MIGRATION_STOP_COPY))
		return 0;
	dev_err(device->dev, "driver's migration is incomplete, flags %#llx\n",
		device->migration_flags);
	return -EINVAL;
}

/**
 * vfio_migration_closed() - Forget what the last user wanted
 * @device: device after its last close
 *
 * Context: dev_set->lock is held.
 */
void vfio_migration_closed(struct vfio_device *device)
{
	WRITE_ONCE(device->precopy_info_v2, 0);
}

/**
 * vfio_migration_present() - Has the device the features of migration?
 * @device: open device
 *
 * Return: 0 or -ENOTTY
 */
int vfio_migration_present(struct vfio_device *device)
{
	return device->mig_ops ? 0 : -ENOTTY;
}

/**
 * vfio_migration_get() - VFIO_DEVICE_FEATURE_MIGRATION, GET
 * @device: open device that can migrate
 * @uarg: the user's struct vfio_device_feature_migration
 *
 * Return: 0 or -EFAULT
 */
int vfio_migration_get(struct vfio_device *device, void __user *uarg)
{
	struct vfio_device_feature_migration mig = {
		.flags = device->migration_flags,
	};

	return copy_to_user(uarg, &mig, sizeof(mig)) ? -EFAULT : 0;
}

/**
 * vfio_mig_state_get() - VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, GET
 * @device: open device that can migrate
 * @uarg: the user's struct vfio_device_feature_mig_state
 *
 * Context: May sleep.
 * Return: 0, -EFAULT or what the driver says
 */
int vfio_mig_state_get(struct vfio_device *device, void __user *uarg)
{
	struct vfio_device_feature_mig_state mig = { .data_fd = -1 };
	enum vfio_device_mig_state state;
	int ret;

	ret = device->mig_ops->migration_get_state(device, &state);
	if (ret)
		return ret;
	mig.device_state = state;
	return copy_to_user(uarg, &mig, sizeof(mig)) ? -EFAULT : 0;
}

/*
 * Give the user a stream, or the word that there is none.  The descriptor works
 * for nobody before its number has reached the user: one that could not be
 * told is not left open behind his back.
 */
static int vfio_mig_return_stream(struct vfio_device_feature_mig_state *mig, void __user *uarg,
				  struct file *stream)
{
	int ret, fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		ret = fd;
		goto err_stream;
	}
	mig->data_fd = fd;
	if (copy_to_user(uarg, mig, sizeof(*mig))) {
		ret = -EFAULT;
		goto err_fd;
	}
	fd_install(fd, stream);
	return 0;

err_fd:
	put_unused_fd(fd);
err_stream:
	fput(stream);
	return ret;
}

/**
 * vfio_mig_state_set() - VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE, SET
 * @device: open device that can migrate
 * @uarg: the user's struct vfio_device_feature_mig_state
 *
 * The driver judges what state the user may want.  Where it fails, the user
 * still finds data_fd -1.  A stream that cannot be handed over is dropped; the
 * device stays in the state it has reached.
 *
 * Context: May sleep.
 * Return: 0; -EFAULT; -EMFILE for a stream without a free descriptor; or what the
 * driver says
 */
int vfio_mig_state_set(struct vfio_device *device, void __user *uarg)
{
	struct vfio_device_feature_mig_state mig;
	struct file *stream;

	if (copy_from_user(&mig, uarg, sizeof(mig)))
		return -EFAULT;

	stream = device->mig_ops->migration_set_state(device, mig.device_state);
	if (!IS_ERR_OR_NULL(stream))
		return vfio_mig_return_stream(&mig, uarg, stream);

	mig.data_fd = -1;
	if (copy_to_user(uarg, &mig, sizeof(mig)))
		return -EFAULT;
	return PTR_ERR_OR_ZERO(stream);
}

/**
 * vfio_mig_data_size_get() - VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, GET
 * @device: open device that can migrate
 * @uarg: the user's struct vfio_device_feature_mig_data_size
 *
 * Context: May sleep.
 * Return: 0, -EFAULT or what the driver says
 */
int vfio_mig_data_size_get(struct vfio_device *device, void __user *uarg)
{
	struct vfio_device_feature_mig_data_size size = {};
	unsigned long length = 0;
	int ret;

	ret = device->mig_ops->migration_get_data_size(device, &length);
	if (ret)
		return ret;
	size.stop_copy_length = length;
	return copy_to_user(uarg, &size, sizeof(size)) ? -EFAULT : 0;
}

/**
 * vfio_precopy_info_present() - Has the device streams with VFIO_MIG_GET_PRECOPY_INFO?
 * @device: open device
 *
 * Return: 0 or -EINVAL: this is the one feature whose absence is not -ENOTTY
 */
int vfio_precopy_info_present(struct vfio_device *device)
{
	if (device->mig_ops && (device->migration_flags & VFIO_MIGRATION_PRE_COPY))
		return 0;
	return -EINVAL;
}

/**
 * vfio_precopy_info_set() - VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, SET
 * @device: open device with pre-copy
 * @uarg: not used, the feature has no payload
 *
 * Return: 0
 */
int vfio_precopy_info_set(struct vfio_device *device, void __user *uarg)
{
	WRITE_ONCE(device->precopy_info_v2, 1);
	return 0;
}
