// SPDX-License-Identifier: GPL-2.0-only
/*
 * What debugfs shows of migration: the state that the device is in, and how it
 * can migrate.
 *
 * The files show the device itself and own nothing.  They are removed with the
 * device's directory, by vfio_debugfs_remove(), which waits for readers, before
 * anything that they look at goes away (CVE-2026-64473).  No lock; the driver has
 * its own.  Called by vfio_main.c.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "vfio.h"

static int vfio_mig_state_show(struct seq_file *m, void *unused)
{
	struct vfio_device *device = m->private;
	enum vfio_device_mig_state state;
	int ret;

	ret = device->mig_ops->migration_get_state(device, &state);
	if (ret)
		return ret;
	seq_printf(m, "%s\n", vfio_mig_state_name(state));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vfio_mig_state);

static int vfio_mig_features_show(struct seq_file *m, void *unused)
{
	static const struct {
		u64 flag;
		const char *name;
	} features[] = {
		{ VFIO_MIGRATION_STOP_COPY,	"stop-copy" },
		{ VFIO_MIGRATION_P2P,		"p2p" },
		{ VFIO_MIGRATION_PRE_COPY,	"pre-copy" },
	};
	struct vfio_device *device = m->private;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (device->migration_flags & features[i].flag)
			seq_printf(m, "%s\n", features[i].name);
	if (device->log_ops)
		seq_puts(m, "dirty-tracking\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vfio_mig_features);

/**
 * vfio_migration_debugfs_add() - Make the files of a device that can migrate
 * @device: device that is being registered, after vfio_debugfs_add()
 *
 * Nothing depends on its success.  The driver may put more into the directory
 * "migration".
 */
void vfio_migration_debugfs_add(struct vfio_device *device)
{
	struct dentry *dir;

	if (!device->mig_ops)
		return;
	dir = debugfs_create_dir("migration", device->debug_root);
	debugfs_create_file("state", 0444, dir, device, &vfio_mig_state_fops);
	debugfs_create_file("features", 0444, dir, device, &vfio_mig_features_fops);
}
