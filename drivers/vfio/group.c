// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: what the IOMMU cannot tell apart is handed out as one.
 *
 * There is a struct vfio_group for every IOMMU group with a registered device,
 * found by the number of the IOMMU group; its node /dev/vfio/<number> comes
 * with the first device and goes with the last.  A device that has no IOMMU
 * group (emulated, or on the administrator's risk) gets one made for it alone.
 *
 * Owns the table of groups, class vfio, the minor numbers and membership, all
 * under vfio_groups_lock; the list in a group, which is searched by name, has a
 * lock of its own.  Called by vfio_main.c; what a user does with a group stands
 * in group_file.c.
 */
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "vfio.h"

static DEFINE_MUTEX(vfio_groups_lock);	/* table of groups, vfio_group.nr_devices */
static DEFINE_XARRAY(vfio_groups);	/* by number of the IOMMU group */
static DEFINE_IDA(vfio_group_minors);
static dev_t vfio_group_devt;

static char *vfio_group_devnode(const struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/%s", dev_name(dev));
}

static const struct class vfio_group_class = {
	.name = "vfio",
	.devnode = vfio_group_devnode,
};

/**
 * vfio_groups_init() - Prepare class and device numbers
 *
 * Return: 0, -ENOMEM or what the driver core says.
 */
int vfio_groups_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&vfio_group_devt, 0, MINORMASK + 1, "vfio");
	if (ret)
		return ret;
	ret = class_register(&vfio_group_class);
	if (ret)
		unregister_chrdev_region(vfio_group_devt, MINORMASK + 1);
	return ret;
}

/**
 * vfio_groups_exit() - Undo vfio_groups_init()
 */
void vfio_groups_exit(void)
{
	class_unregister(&vfio_group_class);
	unregister_chrdev_region(vfio_group_devt, MINORMASK + 1);
	ida_destroy(&vfio_group_minors);
}

/* The last reference is gone: a file that was open to the end held one */
static void vfio_group_release(struct device *dev)
{
	struct vfio_group *group = container_of(dev, struct vfio_group, dev);

	ida_free(&vfio_group_minors, MINOR(dev->devt));
	mutex_destroy(&group->members_lock);
	mutex_destroy(&group->lock);
	kfree(group);
}

static struct vfio_group *vfio_group_alloc(struct iommu_group *iommu_group,
					   enum vfio_group_type type)
{
	struct vfio_group *group;
	int minor;

	group = kzalloc_obj(*group);
	if (!group)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&vfio_group_minors, MINORMASK, GFP_KERNEL);
	if (minor < 0) {
		kfree(group);
		return ERR_PTR(minor);
	}

	mutex_init(&group->lock);
	mutex_init(&group->members_lock);
	INIT_LIST_HEAD(&group->members);
	vfio_kvm_slot_init(&group->kvm);
	group->iommu_group = iommu_group;
	group->type = type;

	device_initialize(&group->dev);
	group->dev.devt = MKDEV(MAJOR(vfio_group_devt), minor);
	group->dev.class = &vfio_group_class;
	group->dev.release = vfio_group_release;
	cdev_init(&group->cdev, &vfio_group_fops);
	group->cdev.owner = THIS_MODULE;
	return group;
}

/* A new group, in the table and in /dev; it can be opened at once */
static struct vfio_group *vfio_group_add(struct iommu_group *iommu_group,
					 enum vfio_group_type type)
{
	int id = iommu_group_id(iommu_group);
	struct vfio_group *group;
	int ret;

	lockdep_assert_held(&vfio_groups_lock);

	group = vfio_group_alloc(iommu_group, type);
	if (IS_ERR(group))
		return group;

	ret = dev_set_name(&group->dev, "%s%d", type == VFIO_NO_IOMMU ? "noiommu-" : "", id);
	if (ret)
		goto err_put;
	ret = xa_insert(&vfio_groups, id, group, GFP_KERNEL);
	if (ret)
		goto err_put;
	ret = cdev_device_add(&group->cdev, &group->dev);
	if (ret)
		goto err_erase;
	return group;

err_erase:
	xa_erase(&vfio_groups, id);
err_put:
	put_device(&group->dev);
	return ERR_PTR(ret);
}

/* @iommu_group becomes the group's if there is none of it yet */
static struct vfio_group *vfio_group_find_or_add(struct iommu_group *iommu_group,
						 enum vfio_group_type type)
{
	struct vfio_group *group;

	guard(mutex)(&vfio_groups_lock);

	group = xa_load(&vfio_groups, iommu_group_id(iommu_group));
	if (!group)
		group = vfio_group_add(iommu_group, type);
	else
		iommu_group_put(iommu_group);
	if (!IS_ERR(group))
		group->nr_devices++;
	return group;
}

/* An IOMMU group for a device that has none; its name tells that it is ours */
static struct iommu_group *vfio_make_iommu_group(struct device *dev)
{
	struct iommu_group *iommu_group = iommu_group_alloc();
	int ret;

	if (IS_ERR(iommu_group))
		return iommu_group;
	ret = iommu_group_set_name(iommu_group, "vfio-noiommu");
	if (!ret)
		ret = iommu_group_add_device(iommu_group, dev);
	if (!ret)
		return iommu_group;
	iommu_group_put(iommu_group);
	return ERR_PTR(ret);
}

/**
 * vfio_group_join() - Make a device a member of its group
 * @device: device that is being registered; emulated and noiommu are set
 *
 * The device is not found in the group before vfio_group_show().
 *
 * Context: May sleep.
 * Return: 0, -EINVAL a physical device has no IOMMU group, -ENOMEM, -ENOSPC
 * there are too many groups, or what the driver core says.
 */
int vfio_group_join(struct vfio_device *device)
{
	enum vfio_group_type type = VFIO_IOMMU;
	struct iommu_group *iommu_group;
	struct vfio_group *group;

	if (device->emulated)
		type = VFIO_EMULATED_IOMMU;
	else if (device->noiommu)
		type = VFIO_NO_IOMMU;

	if (type == VFIO_IOMMU)
		iommu_group = iommu_group_get(device->dev) ?: ERR_PTR(-EINVAL);
	else
		iommu_group = vfio_make_iommu_group(device->dev);
	if (IS_ERR(iommu_group))
		return PTR_ERR(iommu_group);

	if (type == VFIO_NO_IOMMU) {
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
		dev_warn(device->dev, "Adding kernel taint for vfio-noiommu group on device\n");
	}

	group = vfio_group_find_or_add(iommu_group, type);
	if (IS_ERR(group)) {
		if (type != VFIO_IOMMU)
			iommu_group_remove_device(device->dev);
		iommu_group_put(iommu_group);
		return PTR_ERR(group);
	}
	device->group = group;
	return 0;
}

/* The node goes first: nobody opens what has no device any more */
static void vfio_group_del(struct vfio_group *group)
{
	lockdep_assert_held(&vfio_groups_lock);

	xa_erase(&vfio_groups, iommu_group_id(group->iommu_group));
	cdev_device_del(&group->cdev, &group->dev);
	iommu_group_put(vfio_group_file_orphan(group));
	put_device(&group->dev);
}

/**
 * vfio_group_leave() - Undo vfio_group_join()
 * @device: device that nobody uses
 *
 * When the last device goes, a file of the group that is still open loses what
 * it is attached to and answers -ENODEV from then on.
 *
 * Context: May sleep.
 */
void vfio_group_leave(struct vfio_device *device)
{
	struct vfio_group *group = device->group;

	if (group->type != VFIO_IOMMU)
		iommu_group_remove_device(device->dev);

	guard(mutex)(&vfio_groups_lock);
	device->group = NULL;
	if (--group->nr_devices == 0)
		vfio_group_del(group);
}

/**
 * vfio_group_show() - Let a device be found in its group
 * @device: device after vfio_group_join(), complete in every other respect
 *
 * User space may open the device before this returns.
 */
void vfio_group_show(struct vfio_device *device)
{
	guard(mutex)(&device->group->members_lock);
	list_add_tail(&device->group_entry, &device->group->members);
}

/**
 * vfio_group_hide() - Undo vfio_group_show()
 * @device: device; files of it that are open stay open
 */
void vfio_group_hide(struct vfio_device *device)
{
	guard(mutex)(&device->group->members_lock);
	list_del(&device->group_entry);
}
