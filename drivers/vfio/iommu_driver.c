// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backends that there are: modules that map memory for the groups of a
 * container, each its own way.
 *
 * Owns the list of backends, under vfio_iommu_drivers_lock, which is taken inside
 * of a container's lock and held while a backend is asked or tried.  Called by
 * backends, and by container.c.
 */
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "vfio.h"

/**
 * struct vfio_iommu_driver - One registered backend
 * @node: link in vfio_iommu_drivers
 * @ops: what it can do
 */
struct vfio_iommu_driver {
	struct list_head node;
	const struct vfio_iommu_driver_ops *ops;
};

static DEFINE_MUTEX(vfio_iommu_drivers_lock);	/* vfio_iommu_drivers */
static LIST_HEAD(vfio_iommu_drivers);		/* the newest first */

static struct vfio_iommu_driver *vfio_iommu_driver_find(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	lockdep_assert_held(&vfio_iommu_drivers_lock);

	list_for_each_entry(driver, &vfio_iommu_drivers, node)
		if (driver->ops == ops)
			return driver;
	return NULL;
}

/**
 * vfio_register_iommu_driver() - Offer a backend to containers
 * @ops: what it can do
 *
 * It is preferred to those that were registered before.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL @ops is registered already, or has only one of
 * register_device and unregister_device (with a warning); -ENOMEM.
 */
int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	if (WARN_ON(!ops->register_device != !ops->unregister_device))
		return -EINVAL;

	driver = kzalloc_obj(*driver);
	if (!driver)
		return -ENOMEM;
	driver->ops = ops;

	guard(mutex)(&vfio_iommu_drivers_lock);
	if (vfio_iommu_driver_find(ops)) {
		kfree(driver);
		return -EINVAL;
	}
	list_add(&driver->node, &vfio_iommu_drivers);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_register_iommu_driver);

/**
 * vfio_unregister_iommu_driver() - Undo vfio_register_iommu_driver()
 * @ops: what was registered; nothing happens if it was not
 *
 * No container uses the backend: that would keep its module.
 *
 * Context: May sleep.
 */
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops)
{
	struct vfio_iommu_driver *driver;

	guard(mutex)(&vfio_iommu_drivers_lock);
	driver = vfio_iommu_driver_find(ops);
	if (!driver)
		return;
	list_del(&driver->node);
	kfree(driver);
}
EXPORT_SYMBOL_GPL(vfio_unregister_iommu_driver);

/**
 * vfio_iommu_drivers_check() - VFIO_CHECK_EXTENSION before there is a backend
 * @backends: which ones to ask, VFIO_BACKENDS_*
 * @arg: the extension
 *
 * Context: May sleep.  Takes vfio_iommu_drivers_lock.
 * Return: what the first backend says that knows the extension; 0 if none does.
 */
long vfio_iommu_drivers_check(unsigned int backends, unsigned long arg)
{
	struct vfio_iommu_driver *driver;
	long ret = 0;

	if (IS_ENABLED(CONFIG_VFIO_NOIOMMU) && backends & VFIO_BACKENDS_NOIOMMU)
		ret = VFIO_NOIOMMU_DRIVER->ioctl(NULL, VFIO_CHECK_EXTENSION, arg);
	if (ret > 0 || !(backends & VFIO_BACKENDS_IOMMU))
		return ret;

	/* As long as it is registered, its code is there */
	guard(mutex)(&vfio_iommu_drivers_lock);
	list_for_each_entry(driver, &vfio_iommu_drivers, node) {
		ret = driver->ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg);
		if (ret > 0)
			return ret;
	}
	return 0;
}

/* -ENODEV if it has no such thing, or is on its way out */
static int vfio_iommu_driver_try(const struct vfio_iommu_driver_ops *ops, unsigned long arg,
				 int (*use)(const struct vfio_iommu_driver_ops *ops, void *opaque),
				 void *opaque)
{
	int ret;

	if (ops->ioctl(NULL, VFIO_CHECK_EXTENSION, arg) <= 0)
		return -ENODEV;
	if (!try_module_get(ops->owner))
		return -ENODEV;
	ret = use(ops, opaque);
	if (ret)
		module_put(ops->owner);
	return ret;
}

/**
 * vfio_iommu_drivers_try() - Find the backend that takes a container
 * @backends: which ones to try, VFIO_BACKENDS_*
 * @arg: the kind of backend that is wanted, an extension by which it is known
 * @use: put a backend to use; 0, or a negative errno after which the next one is
 *       tried.  vfio_iommu_drivers_lock may be held
 * @opaque: for @use
 *
 * Context: May sleep.  Takes vfio_iommu_drivers_lock.
 * Return: 0, with a reference on the module of the backend that @use got last and
 * took; -ENODEV no backend is of that kind; or what @use said of the last one
 * that is.
 */
int vfio_iommu_drivers_try(unsigned int backends, unsigned long arg,
			   int (*use)(const struct vfio_iommu_driver_ops *ops, void *opaque),
			   void *opaque)
{
	struct vfio_iommu_driver *driver;
	int last = -ENODEV;
	int ret;

	if (IS_ENABLED(CONFIG_VFIO_NOIOMMU) && backends & VFIO_BACKENDS_NOIOMMU) {
		last = vfio_iommu_driver_try(VFIO_NOIOMMU_DRIVER, arg, use, opaque);
		if (!last)
			return 0;
	}
	if (!(backends & VFIO_BACKENDS_IOMMU))
		return last;

	guard(mutex)(&vfio_iommu_drivers_lock);
	list_for_each_entry(driver, &vfio_iommu_drivers, node) {
		ret = vfio_iommu_driver_try(driver->ops, arg, use, opaque);
		if (!ret)
			return 0;
		if (ret != -ENODEV)
			last = ret;
	}
	return last;
}
