// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vfio: a directory for each registered device.
 *
 * Owns the root and the directories; drivers put their files below
 * vfio_device.debug_root.  No lock: a directory is made and removed by
 * registration and unregistration alone, which their caller orders.  debugfs
 * itself waits for readers when files are removed.  Called by vfio_main.c.
 */
#include <linux/debugfs.h>

#include "vfio.h"

static struct dentry *vfio_debugfs_root;

/**
 * vfio_debugfs_init() - Make the root directory, when the module is loaded
 */
void vfio_debugfs_init(void)
{
	vfio_debugfs_root = debugfs_create_dir("vfio", NULL);
}

/**
 * vfio_debugfs_exit() - Remove it again, when no device is left
 */
void vfio_debugfs_exit(void)
{
	debugfs_remove_recursive(vfio_debugfs_root);
}

/**
 * vfio_debugfs_add() - Make the directory of a device
 * @device: device that is being registered
 *
 * Nothing depends on its success.
 */
void vfio_debugfs_add(struct vfio_device *device)
{
	device->debug_root = debugfs_create_dir(dev_name(device->dev), vfio_debugfs_root);
}

/**
 * vfio_debugfs_remove() - Remove the directory of a device and all in it
 * @device: device that is being unregistered
 *
 * Afterwards nobody reads a file below it any more, so what these files show
 * may be freed.
 *
 * Context: Sleeps until readers are done.
 */
void vfio_debugfs_remove(struct vfio_device *device)
{
	debugfs_remove_recursive(device->debug_root);
	device->debug_root = NULL;
}
