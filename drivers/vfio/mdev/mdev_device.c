// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an instance: it is made and bound in one go, and removed by its file
 * "remove" or with its parent.
 *
 * Owns the instance's device and its links in sysfs.  Each is in the hands of one
 * thread before it is live and after it is claimed (mdev_registry.c), so there is
 * no lock here.  Called by mdev_type.c and mdev_parent.c.
 */
#include <kunit/visibility.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "mdev_priv.h"

static void mdev_release(struct device *dev)
{
	kfree(to_mdev_device(dev));
}

/* Whoever claims the instance first removes it; it may take until it is closed */
static ssize_t remove_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mdev_device *mdev = to_mdev_device(dev);
	unsigned long val;
	int ret;

	if (kstrtoul(buf, 0, &val))
		return -EINVAL;
	if (!val)
		return count;

	ret = mdev_registry_claim(mdev);
	if (ret)
		return ret;
	/* or removing the device would wait for us */
	device_remove_file_self(dev, attr);
	mdev_destroy(mdev);
	return count;
}
static DEVICE_ATTR_WO(remove);

static struct attribute *mdev_attrs[] = {
	&dev_attr_remove.attr,
	NULL
};
ATTRIBUTE_GROUPS(mdev);

/* Links both ways between an instance and its type */
static int mdev_link(struct mdev_device *mdev)
{
	struct mdev_type_dir *dir = mdev->type->dir;
	int ret;

	ret = sysfs_create_link(dir->devices, &mdev->dev.kobj, dev_name(&mdev->dev));
	if (ret)
		return ret;
	ret = sysfs_create_link(&mdev->dev.kobj, &dir->kobj, "mdev_type");
	if (ret)
		sysfs_remove_link(dir->devices, dev_name(&mdev->dev));
	return ret;
}

static void mdev_unlink(struct mdev_device *mdev)
{
	sysfs_remove_link(&mdev->dev.kobj, "mdev_type");
	sysfs_remove_link(mdev->type->dir->devices, dev_name(&mdev->dev));
}

/* The name of an instance, and the device of that name */
static struct mdev_device *mdev_alloc(struct mdev_type *type, const guid_t *uuid)
{
	struct mdev_device *mdev;
	int ret;

	mdev = kzalloc_obj(*mdev);
	if (!mdev)
		return ERR_PTR(-ENOMEM);

	guid_copy(&mdev->uuid, uuid);
	mdev->type = type;
	device_initialize(&mdev->dev);
	mdev->dev.parent = type->parent->dev;
	mdev->dev.bus = &mdev_bus_type;
	mdev->dev.groups = mdev_groups;
	mdev->dev.release = mdev_release;
	ret = dev_set_name(&mdev->dev, "%pUl", uuid);
	if (ret) {
		put_device(&mdev->dev);
		return ERR_PTR(ret);
	}
	return mdev;
}

/**
 * mdev_create() - Make an instance, and bind it to the driver of its parent
 * @type: what to make; added and not deleted meanwhile
 * @uuid: name of the instance
 *
 * Context: May sleep.
 * Return: 0; -ENODEV the parent is going (or not there yet); -EEXIST the UUID is
 * in use; -EUSERS the parent has no room for another one; -ENOMEM; what the
 * driver's probe said (-EAGAIN for -EPROBE_DEFER), or the driver core.  After an
 * error nothing has changed.
 */
int mdev_create(struct mdev_type *type, const guid_t *uuid)
{
	struct mdev_driver *driver = type->parent->driver;
	struct mdev_device *mdev;
	int ret;

	mdev = mdev_alloc(type, uuid);
	if (IS_ERR(mdev))
		return PTR_ERR(mdev);

	ret = mdev_registry_add(mdev);
	if (ret)
		goto err_put;
	ret = device_add(&mdev->dev);
	if (ret)
		goto err_forget;
	ret = mdev_link(mdev);
	if (ret)
		goto err_del;
	ret = device_driver_attach(&driver->driver, &mdev->dev);
	if (ret)
		goto err_unlink;
	mdev_registry_publish(mdev);
	return 0;

err_unlink:
	mdev_unlink(mdev);
err_del:
	device_del(&mdev->dev);
err_forget:
	mdev_registry_del(mdev);
err_put:
	put_device(&mdev->dev);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_create);

/**
 * mdev_destroy() - Undo mdev_create()
 * @mdev: instance that the caller has claimed
 *
 * Context: Sleeps for as long as the driver's remove takes: until user space has
 * closed the instance.
 */
void mdev_destroy(struct mdev_device *mdev)
{
	mdev_unlink(mdev);
	device_del(&mdev->dev);
	mdev_registry_del(mdev);
	put_device(&mdev->dev);
}
EXPORT_SYMBOL_IF_KUNIT(mdev_destroy);
