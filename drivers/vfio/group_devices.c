// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices of an IOMMU group, one after the other, for backends: page tables
 * are made for a device, and what an IOMMU is capable of is asked of one.
 *
 * The group's list of devices is only to be seen under a lock of the IOMMU core,
 * under which little else may be done.  So the devices are collected with a
 * reference each before anybody looks at them; none can go away in between.
 *
 * Owns nothing but the collection, which belongs to one caller.  Called by
 * backends.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "vfio.h"

/**
 * struct vfio_group_devices - Devices of one IOMMU group
 * @nodes: all that were there, the order is that of the IOMMU core
 * @next: what vfio_group_devices_next() returns next; the list's head at the end
 */
struct vfio_group_devices {
	struct list_head nodes;
	struct list_head *next;
};

/**
 * struct vfio_group_device - One of them
 * @node: link in vfio_group_devices.nodes
 * @dev: the device, a reference
 */
struct vfio_group_device {
	struct list_head node;
	struct device *dev;
};

static int vfio_group_devices_add(struct device *dev, void *data)
{
	struct vfio_group_devices *devices = data;
	struct vfio_group_device *one = kmalloc_obj(*one);

	if (!one)
		return -ENOMEM;
	one->dev = get_device(dev);
	list_add_tail(&one->node, &devices->nodes);
	return 0;
}

/**
 * vfio_group_devices_begin() - Collect the devices of an IOMMU group
 * @group: the IOMMU group
 *
 * A device that joins the group later is not among them; one that leaves it
 * stays valid.
 *
 * Context: May sleep.  Not to be called by the IOMMU core.
 * Return: a position before the first device, for vfio_group_devices_next(), to
 * be given back by vfio_group_devices_end().  ERR_PTR(-ENODEV) the group is
 * empty, ERR_PTR(-ENOMEM).
 */
struct vfio_group_devices *vfio_group_devices_begin(struct iommu_group *group)
{
	struct vfio_group_devices *devices = kmalloc_obj(*devices);
	int ret;

	if (!devices)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&devices->nodes);

	ret = iommu_group_for_each_dev(group, devices, vfio_group_devices_add);
	if (!ret && list_empty(&devices->nodes))
		ret = -ENODEV;
	if (ret) {
		vfio_group_devices_end(devices);
		return ERR_PTR(ret);
	}
	devices->next = devices->nodes.next;
	return devices;
}
EXPORT_SYMBOL_GPL(vfio_group_devices_begin);

/**
 * vfio_group_devices_next() - Step to the next device
 * @devices: what vfio_group_devices_begin() returned
 *
 * Context: Any.
 * Return: a device, valid until vfio_group_devices_end(), longer for who takes a
 * reference of his own; NULL after the last one.  The first call never returns
 * NULL.
 */
struct device *vfio_group_devices_next(struct vfio_group_devices *devices)
{
	struct list_head *node = devices->next;

	if (node == &devices->nodes)
		return NULL;
	devices->next = node->next;
	return list_entry(node, struct vfio_group_device, node)->dev;
}
EXPORT_SYMBOL_GPL(vfio_group_devices_next);

/**
 * vfio_group_devices_end() - Let go of the devices
 * @devices: what vfio_group_devices_begin() returned; nothing is done for an error
 *           or NULL
 *
 * Context: May sleep.
 */
void vfio_group_devices_end(struct vfio_group_devices *devices)
{
	struct vfio_group_device *one, *next;

	if (IS_ERR_OR_NULL(devices))
		return;
	list_for_each_entry_safe(one, next, &devices->nodes, node) {
		put_device(one->dev);
		kfree(one);
	}
	kfree(devices);
}
EXPORT_SYMBOL_GPL(vfio_group_devices_end);
