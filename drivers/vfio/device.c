// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device's name, node and registration references.
 *
 * Two counts keep a device.  The reference count in vfio_device.device keeps
 * the memory.  Registration references keep the driver: each open file holds
 * one, and unregistration waits until all are back, asking the user for the
 * device all the while.
 *
 * Owns class vfio-dev, the numbers in the names and the character device
 * region.  No lock of its own: references are a refcount_t, its last put
 * completes vfio_device.drained.  Called by vfio_main.c, device_cdev.c.
 */
#include <linux/module.h>

#include "vfio.h"

/* Time between two requests for a device that should be given back */
#define VFIO_REQUEST_PERIOD	(10 * HZ)

static DEFINE_IDA(vfio_index_ida);
static dev_t vfio_devt;

static char *vfio_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

static const struct class vfio_device_class = {
	.name = "vfio-dev",
	.devnode = vfio_devnode,
};

/**
 * vfio_devices_init() - Prepare class and device numbers
 *
 * Return: 0, -ENOMEM or what the driver core says.
 */
int vfio_devices_init(void)
{
	int ret;

	if (IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)) {
		ret = alloc_chrdev_region(&vfio_devt, 0, MINORMASK + 1, "vfio-dev");
		if (ret)
			return ret;
	}
	ret = class_register(&vfio_device_class);
	if (ret && IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV))
		unregister_chrdev_region(vfio_devt, MINORMASK + 1);
	return ret;
}

/**
 * vfio_devices_exit() - Undo vfio_devices_init()
 */
void vfio_devices_exit(void)
{
	class_unregister(&vfio_device_class);
	if (IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV))
		unregister_chrdev_region(vfio_devt, MINORMASK + 1);
	ida_destroy(&vfio_index_ida);
}

/**
 * vfio_device_name() - Take the lowest free number for a device
 * @device: device in the making
 *
 * Return: 0, -ENOMEM, or -ENOSPC when all minor numbers are in use.
 */
int vfio_device_name(struct vfio_device *device)
{
	int index = ida_alloc_max(&vfio_index_ida, MINORMASK, GFP_KERNEL);

	if (index < 0)
		return index;
	device->index = index;
	return 0;
}

/**
 * vfio_device_unname() - Give the number of a device back
 * @device: device that is going away
 */
void vfio_device_unname(struct vfio_device *device)
{
	ida_free(&vfio_index_ida, device->index);
}

/**
 * vfio_device_initialize() - Start the life of vfio_device.device
 * @device: device whose ->dev is set
 * @release: frees everything, called when the last reference is put
 *
 * From here on put_device() is the only way to get rid of @device.
 */
void vfio_device_initialize(struct vfio_device *device, void (*release)(struct device *dev))
{
	init_completion(&device->drained);
	device_initialize(&device->device);
	device->device.release = release;
	device->device.class = &vfio_device_class;
	device->device.parent = device->dev;
}

/**
 * vfio_device_add() - Let the world see a device
 * @device: initialized device, complete in every other respect
 * @fops: operations of its character device, or NULL for none
 *
 * User space may open the device before this returns.
 *
 * Context: May sleep.
 * Return: 0, -ENOMEM, or what the driver core says.
 */
int vfio_device_add(struct vfio_device *device, const struct file_operations *fops)
{
	int ret;

	ret = dev_set_name(&device->device, "%svfio%d", device->noiommu ? "noiommu-" : "",
			   device->index);
	if (ret)
		return ret;

	refcount_set(&device->users, 1);
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	if (fops) {
		device->device.devt = MKDEV(MAJOR(vfio_devt), device->index);
		cdev_init(&device->cdev, fops);
		device->cdev.owner = THIS_MODULE;
		return cdev_device_add(&device->cdev, &device->device);
	}
#endif
	return device_add(&device->device);
}

/**
 * vfio_device_del() - Hide a device again
 * @device: device after vfio_device_add()
 *
 * Files that are open stay open; an open that is just under way fails when it
 * asks for a registration reference after the first one is put.
 */
void vfio_device_del(struct vfio_device *device)
{
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	if (device->device.devt) {
		cdev_device_del(&device->cdev, &device->device);
		return;
	}
#endif
	device_del(&device->device);
}

/**
 * vfio_device_try_get_registration() - Keep a device from being unregistered
 * @device: device, kept in memory by the caller
 *
 * Context: Any.
 * Return: false if unregistration has begun and nobody uses the device.
 */
bool vfio_device_try_get_registration(struct vfio_device *device)
{
	return refcount_inc_not_zero(&device->users);
}
EXPORT_SYMBOL_GPL(vfio_device_try_get_registration);

/**
 * vfio_device_put_registration() - Undo vfio_device_try_get_registration()
 * @device: device; the caller may not touch its driver afterwards
 *
 * Context: Any.
 */
void vfio_device_put_registration(struct vfio_device *device)
{
	if (refcount_dec_and_test(&device->users))
		complete(&device->drained);
}
EXPORT_SYMBOL_GPL(vfio_device_put_registration);

/**
 * vfio_device_drain() - Wait until nobody uses a device any more
 * @device: device after vfio_device_del()
 *
 * The user is asked for the device at once and then every ten seconds.  The
 * first signal to the waiting task is answered with the name of the trouble
 * in the log; it cannot be obeyed, for the caller frees what the user uses.
 *
 * Context: Sleeps, for as long as the user likes.
 */
void vfio_device_drain(struct vfio_device *device)
{
	bool interruptible = true;
	unsigned int asked = 0;
	long left = 0;

	vfio_device_put_registration(device);

	if (try_wait_for_completion(&device->drained))
		return;

	for (;;) {
		if (device->ops->request)
			device->ops->request(device, asked++);

		if (interruptible)
			left = wait_for_completion_interruptible_timeout(&device->drained,
									 VFIO_REQUEST_PERIOD);
		else
			left = wait_for_completion_timeout(&device->drained, VFIO_REQUEST_PERIOD);
		if (left > 0)
			return;
		if (left < 0) {
			interruptible = false;
			dev_warn(device->dev,
				 "Device is currently in use, task \"%s\" (%d) blocked until device is released\n",
				 current->comm, task_pid_nr(current));
		}
	}
}
