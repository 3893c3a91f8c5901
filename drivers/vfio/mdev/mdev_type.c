// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types in sysfs: <parent>/mdev_supported_types/<type>/, what user space reads
 * there, and the file "create".
 *
 * Owns the directories.  A file's operation runs only while its directory has
 * files, and mdev_type_del() waits for it: that is what keeps type, parent and
 * driver alive for it.  Called by mdev_parent.c.
 */
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

#include "mdev_priv.h"

static struct mdev_type_dir *to_mdev_type_dir(struct kobject *kobj)
{
	return container_of(kobj, struct mdev_type_dir, kobj);
}

static struct mdev_type *to_mdev_type(struct kobject *kobj)
{
	return to_mdev_type_dir(kobj)->type;
}

static ssize_t create_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *buf, size_t count)
{
	guid_t uuid;
	int ret;

	/* One more byte may follow: a newline, or what ends a string */
	if (count < UUID_STRING_LEN || count > UUID_STRING_LEN + 1)
		return -EINVAL;
	ret = guid_parse(buf, &uuid);
	if (!ret)
		ret = mdev_create(to_mdev_type(kobj), &uuid);
	return ret ?: count;
}

static ssize_t device_api_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_mdev_type(kobj)->parent->driver->device_api);
}

static ssize_t name_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct mdev_type *type = to_mdev_type(kobj);

	return sysfs_emit(buf, "%s\n", type->pretty_name ?: type->sysfs_name);
}

static ssize_t available_instances_show(struct kobject *kobj, struct kobj_attribute *attr,
					char *buf)
{
	struct mdev_type *type = to_mdev_type(kobj);
	struct mdev_driver *driver = type->parent->driver;

	return sysfs_emit(buf, "%u\n", driver->get_available ?
			  driver->get_available(type) : mdev_registry_available(type->parent));
}

static ssize_t description_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct mdev_type *type = to_mdev_type(kobj);

	return type->parent->driver->show_description(type, buf);
}

static struct kobj_attribute mdev_attr_create = __ATTR_WO(create);
static struct kobj_attribute mdev_attr_device_api = __ATTR_RO(device_api);
static struct kobj_attribute mdev_attr_name = __ATTR_RO(name);
static struct kobj_attribute mdev_attr_available_instances = __ATTR_RO(available_instances);
static struct kobj_attribute mdev_attr_description = __ATTR_RO(description);

static struct attribute *mdev_type_attrs[] = {
	&mdev_attr_create.attr,
	&mdev_attr_device_api.attr,
	&mdev_attr_name.attr,
	&mdev_attr_available_instances.attr,
	&mdev_attr_description.attr,
	NULL
};

static umode_t mdev_type_attr_mode(struct kobject *kobj, struct attribute *attr, int n)
{
	if (attr == &mdev_attr_description.attr &&
	    !to_mdev_type(kobj)->parent->driver->show_description)
		return 0;
	return attr->mode;
}

static const struct attribute_group mdev_type_group = {
	.attrs = mdev_type_attrs,
	.is_visible = mdev_type_attr_mode,
};
__ATTRIBUTE_GROUPS(mdev_type);

static void mdev_type_dir_release(struct kobject *kobj)
{
	kfree(to_mdev_type_dir(kobj));
}

static const struct kobj_type mdev_type_ktype = {
	.sysfs_ops = &kobj_sysfs_ops,
	.release = mdev_type_dir_release,
	.default_groups = mdev_type_groups,
};

/**
 * mdev_type_add() - Show a type in sysfs
 * @type: type that its driver has named
 * @parent: whose it is; nothing can be made before mdev_registry_open()
 *
 * Context: May sleep.
 * Return: 0, -EEXIST the parent has a type of that name, -ENOMEM.
 */
int mdev_type_add(struct mdev_type *type, struct mdev_parent *parent)
{
	struct mdev_type_dir *dir;
	int ret;

	dir = kzalloc_obj(*dir);
	if (!dir)
		return -ENOMEM;
	dir->type = type;
	type->parent = parent;

	ret = kobject_init_and_add(&dir->kobj, &mdev_type_ktype, parent->types_dir, "%s-%s",
				   dev_driver_string(parent->dev), type->sysfs_name);
	if (ret)
		goto err_put;
	dir->devices = kobject_create_and_add("devices", &dir->kobj);
	if (!dir->devices) {
		ret = -ENOMEM;
		goto err_del;
	}
	type->dir = dir;
	return 0;

err_del:
	kobject_del(&dir->kobj);
err_put:
	kobject_put(&dir->kobj);
	return ret;
}

/**
 * mdev_type_del() - Undo mdev_type_add()
 * @type: type without instances, of which no more are made
 *
 * Context: Sleeps until nobody reads or writes the type's files.
 */
void mdev_type_del(struct mdev_type *type)
{
	struct mdev_type_dir *dir = type->dir;

	kobject_del(dir->devices);
	kobject_put(dir->devices);
	kobject_del(&dir->kobj);
	kobject_put(&dir->kobj);
	type->dir = NULL;
}
