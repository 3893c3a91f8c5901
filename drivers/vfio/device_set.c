// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device sets: devices that open, close and reset as one.
 *
 * Devices that share a reset (or whatever their drivers say they share) agree
 * on a pointer, and get one struct vfio_device_set with one lock.
 *
 * Owns the table of all sets.  vfio_sets_lock protects the table and every
 * vfio_device_set.count; a set's own lock nests inside it.  Called by drivers
 * before registration and by vfio_main.c.
 */
#include <linux/cleanup.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "vfio.h"

static DEFINE_MUTEX(vfio_sets_lock);
static DEFINE_XARRAY(vfio_sets);	/* set_id -> struct vfio_device_set */

/* The set of @set_id with one more member, made when there is none */
static struct vfio_device_set *vfio_device_set_get(void *set_id)
{
	struct vfio_device_set *set;
	int ret;

	lockdep_assert_held(&vfio_sets_lock);

	set = xa_load(&vfio_sets, (unsigned long)set_id);
	if (set) {
		set->count++;
		return set;
	}

	set = kzalloc_obj(*set);
	if (!set)
		return ERR_PTR(-ENOMEM);
	mutex_init(&set->lock);
	INIT_LIST_HEAD(&set->devices);
	set->set_id = set_id;
	set->count = 1;

	ret = xa_err(xa_store(&vfio_sets, (unsigned long)set_id, set, GFP_KERNEL));
	if (ret) {
		mutex_destroy(&set->lock);
		kfree(set);
		return ERR_PTR(ret);
	}
	return set;
}

/**
 * vfio_assign_device_set() - Make a device a member of a set
 * @device: device that is in no set, and not registered yet
 * @set_id: any pointer that the members of the set have in common, not NULL
 *
 * A device that is registered without having been assigned to a set gets one
 * of its own.
 *
 * Context: May sleep.
 * Return: 0, -EINVAL when @set_id is NULL (with a warning, that is the
 * driver's mistake), -ENOMEM.
 */
int vfio_assign_device_set(struct vfio_device *device, void *set_id)
{
	struct vfio_device_set *set;

	if (WARN_ON(!set_id))
		return -EINVAL;

	guard(mutex)(&vfio_sets_lock);
	set = vfio_device_set_get(set_id);
	if (IS_ERR(set))
		return PTR_ERR(set);

	scoped_guard(mutex, &set->lock)
		list_add_tail(&device->dev_set_entry, &set->devices);
	device->dev_set = set;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_assign_device_set);

/**
 * vfio_leave_device_set() - Undo vfio_assign_device_set(), if that was called
 * @device: device that is not registered
 *
 * Context: May sleep.
 */
void vfio_leave_device_set(struct vfio_device *device)
{
	struct vfio_device_set *set = device->dev_set;

	if (!set)
		return;

	guard(mutex)(&vfio_sets_lock);
	scoped_guard(mutex, &set->lock)
		list_del(&device->dev_set_entry);
	device->dev_set = NULL;
	if (--set->count)
		return;
	xa_erase(&vfio_sets, (unsigned long)set->set_id);
	mutex_destroy(&set->lock);
	kfree(set);
}

/**
 * vfio_find_device_in_devset() - Which member of a set stands for a device?
 * @dev_set: the set
 * @dev: device of the bus
 *
 * A member is found from vfio_assign_device_set() on until its last reference
 * is gone, so also shortly before it is registered and after it is
 * unregistered: who needs a driver behind it gets a registration reference.
 *
 * Context: The caller holds @dev_set->lock.
 * Return: the member, which stays one as long as the lock is held; NULL if
 * there is none.
 */
struct vfio_device *vfio_find_device_in_devset(struct vfio_device_set *dev_set,
					       struct device *dev)
{
	struct vfio_device *device;

	lockdep_assert_held(&dev_set->lock);

	list_for_each_entry(device, &dev_set->devices, dev_set_entry)
		if (device->dev == dev)
			return device;
	return NULL;
}
EXPORT_SYMBOL_GPL(vfio_find_device_in_devset);

/**
 * vfio_device_set_open_count() - How many opens do the members have in sum?
 * @dev_set: the set
 *
 * Context: The caller holds @dev_set->lock.
 * Return: the sum, an open that is being made or undone included.
 */
unsigned int vfio_device_set_open_count(struct vfio_device_set *dev_set)
{
	struct vfio_device *device;
	unsigned int sum = 0;

	lockdep_assert_held(&dev_set->lock);

	list_for_each_entry(device, &dev_set->devices, dev_set_entry)
		sum += device->open_count;
	return sum;
}
EXPORT_SYMBOL_GPL(vfio_device_set_open_count);
