// SPDX-License-Identifier: GPL-2.0-only
/* Mediated devices. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>

#include <libvfio/mdev.h>
#include <libvfio/sysfs.h>
#include "internal.h"

#define MDEV_CLASS "/sys/class/mdev_bus"

const char *mdev_load(const char *module)
{
	static char why[128];
	char path[PATH_MAX];

	snprintf(path, sizeof(path), MDEV_CLASS "/%s", module);
	if (!access(path, F_OK))
		return NULL;
	snprintf(why, sizeof(why), "modprobe -q %s", module);
	if (system(why))
		snprintf(why, sizeof(why), "the kernel has no module %s", module);
	else if (access(path, F_OK))
		snprintf(why, sizeof(why), MDEV_CLASS " has no %s", module);
	else
		return NULL;
	return why;
}

int mdev_unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

void mdev_type_path(char *path, const char *parent, const char *type,
		    const char *file)
{
	snprintf(path, PATH_MAX, MDEV_CLASS "/%s/mdev_supported_types/%s-%s/%s",
		 parent, parent, type, file);
}

int mdev_type_text(const char *parent, const char *type, const char *file,
		   char *buf, size_t len)
{
	char path[PATH_MAX];
	ssize_t n;

	mdev_type_path(path, parent, type, file);
	n = libvfio_read_text(path, buf, len);
	return n < 0 ? n : 0;
}

int mdev_available(const char *parent, const char *type)
{
	char path[PATH_MAX];
	u64 num;
	int ret;

	mdev_type_path(path, parent, type, "available_instances");
	ret = sysfs_read_u64(path, &num);
	return ret ? ret : (int)num;
}

int mdev_create(const char *parent, const char *type, const char *uuid)
{
	char path[PATH_MAX];

	mdev_type_path(path, parent, type, "create");
	return sysfs_write_str(path, uuid);
}

int mdev_remove(const char *uuid)
{
	char path[PATH_MAX];

	dev_path(path, uuid, "remove");
	return sysfs_write_str(path, "1");
}
