// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parents: registration, and the module itself.
 *
 * Owns the directory of a parent's types.  Registering and unregistering one
 * parent is its driver's to keep apart; what user space does meanwhile waits or
 * fails in mdev_registry.c.  Called by drivers.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/string.h>

#include "mdev_priv.h"

#define MDEV_VERSION	"0.1"

static void mdev_parent_uevent(struct mdev_parent *parent, char *state)
{
	char *envp[2] = { state };

	kobject_uevent_env(&parent->dev->kobj, KOBJ_CHANGE, envp);
}

/* Of the types the first @nr are there */
static void mdev_parent_del_types(struct mdev_parent *parent, unsigned int nr)
{
	while (nr--)
		mdev_type_del(parent->types[nr]);
	kobject_del(parent->types_dir);
	kobject_put(parent->types_dir);
}

static int mdev_parent_add_types(struct mdev_parent *parent)
{
	unsigned int i;
	int ret;

	parent->types_dir = kobject_create_and_add("mdev_supported_types", &parent->dev->kobj);
	if (!parent->types_dir)
		return -ENOMEM;
	for (i = 0; i < parent->nr_types; i++) {
		ret = mdev_type_add(parent->types[i], parent);
		if (ret) {
			mdev_parent_del_types(parent, i);
			return ret;
		}
	}
	return 0;
}

/**
 * mdev_register_parent() - Offer instances of a device
 * @parent: to be filled in; the caller's until it has called
 *          mdev_unregister_parent()
 * @dev: the device, which outlives that
 * @mdev_driver: registered driver of the instances
 * @types: what the device offers, each with its sysfs_name; neither the array nor
 *         the types may go or change meanwhile
 * @nr_types: number of @types
 *
 * User space may make instances before this returns.
 *
 * Context: May sleep.
 * Return: 0, -EEXIST two types have the same name, -ENOMEM.
 */
int mdev_register_parent(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver, struct mdev_type **types,
			 unsigned int nr_types)
{
	int ret;

	*parent = (struct mdev_parent) {
		.dev = dev,
		.driver = mdev_driver,
		.types = types,
		.nr_types = nr_types,
		.available = mdev_driver->max_instances,
	};
	ret = mdev_parent_add_types(parent);
	if (ret)
		return ret;

	/* Parents on two buses may have one name, and work without the link, too */
	ret = mdev_class_link(dev);
	parent->in_class = !ret;
	if (ret)
		dev_warn(dev, "MDEV: no link in class mdev_bus: %pe\n", ERR_PTR(ret));

	mdev_registry_open(parent);
	dev_info(dev, "MDEV: Registered\n");
	mdev_parent_uevent(parent, "MDEV_STATE=registered");
	return 0;
}
EXPORT_SYMBOL(mdev_register_parent);

/**
 * mdev_unregister_parent() - Undo mdev_register_parent()
 * @parent: registered parent
 *
 * All instances are removed.
 *
 * Context: Sleeps for as long as instances are in use.
 */
void mdev_unregister_parent(struct mdev_parent *parent)
{
	struct mdev_device *mdev;

	dev_info(parent->dev, "MDEV: Unregistering\n");
	while ((mdev = mdev_registry_shut(parent)))
		mdev_destroy(mdev);
	if (parent->in_class)
		mdev_class_unlink(parent->dev);
	mdev_parent_del_types(parent, parent->nr_types);
	mdev_parent_uevent(parent, "MDEV_STATE=unregistered");
}
EXPORT_SYMBOL(mdev_unregister_parent);

static int __init mdev_init(void)
{
	return mdev_bus_init();
}

static void __exit mdev_exit(void)
{
	mdev_bus_exit();
}

/* Before the drivers of parents, which may be built in */
subsys_initcall(mdev_init);
module_exit(mdev_exit);

MODULE_VERSION(MDEV_VERSION);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mediated device Core Driver");
