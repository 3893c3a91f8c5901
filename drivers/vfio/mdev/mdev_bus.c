// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bus "mdev", on which all instances sit, and its drivers; class "mdev_bus", in
 * which programs look for parents.
 *
 * Owns both; they have no lock but the driver core's.  Called by drivers and by
 * mdev_parent.c.
 */
#include <linux/export.h>

#include "mdev_priv.h"

static struct mdev_driver *to_mdev_driver(struct device *dev)
{
	return container_of_const(dev->driver, struct mdev_driver, driver);
}

/* An instance is its parent's driver's own business: no driver finds it by itself */
static int mdev_bus_match(struct device *dev, const struct device_driver *drv)
{
	return 0;
}

static int mdev_bus_probe(struct device *dev)
{
	return to_mdev_driver(dev)->probe(to_mdev_device(dev));
}

static void mdev_bus_remove(struct device *dev)
{
	to_mdev_driver(dev)->remove(to_mdev_device(dev));
}

const struct bus_type mdev_bus_type = {
	.name = "mdev",
	.match = mdev_bus_match,
	.probe = mdev_bus_probe,
	.remove = mdev_bus_remove,
};

/* Links to parents, where programs have always looked for them */
static struct class_compat *mdev_class;

/**
 * mdev_bus_init() - Make bus and class
 *
 * Return: 0, -ENOMEM or what the driver core says.
 */
int mdev_bus_init(void)
{
	int ret;

	ret = bus_register(&mdev_bus_type);
	if (ret)
		return ret;
	mdev_class = class_compat_register("mdev_bus");
	if (!mdev_class) {
		bus_unregister(&mdev_bus_type);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mdev_bus_exit() - Undo mdev_bus_init()
 */
void mdev_bus_exit(void)
{
	class_compat_unregister(mdev_class);
	bus_unregister(&mdev_bus_type);
}

/**
 * mdev_class_link() - Put a parent into class mdev_bus
 * @dev: the parent's device
 *
 * Return: 0, or what sysfs says; -EEXIST another parent has the same name.
 */
int mdev_class_link(struct device *dev)
{
	return class_compat_create_link(mdev_class, dev);
}

/**
 * mdev_class_unlink() - Undo mdev_class_link()
 * @dev: the parent's device
 */
void mdev_class_unlink(struct device *dev)
{
	class_compat_remove_link(mdev_class, dev);
}

/**
 * mdev_register_driver() - Register a driver of instances
 * @drv: driver, complete but for driver.bus
 *
 * Nothing is bound by this: instances come with their parent's driver.
 *
 * Context: May sleep.
 * Return: 0, -EINVAL without a device_api, -EBUSY if there is a driver of that
 * name, -ENOMEM, or what the driver core says.
 */
int mdev_register_driver(struct mdev_driver *drv)
{
	if (!drv->device_api)
		return -EINVAL;

	drv->driver.bus = &mdev_bus_type;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL(mdev_register_driver);

/**
 * mdev_unregister_driver() - Undo mdev_register_driver()
 * @drv: driver whose parents are unregistered
 *
 * Context: May sleep.
 */
void mdev_unregister_driver(struct mdev_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL(mdev_unregister_driver);
