// SPDX-License-Identifier: GPL-2.0-only
/* Groups of VFIO devices. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include <libvfio/cdev.h>
#include <libvfio/group.h>
#include <libvfio/sysfs.h>
#include "internal.h"

int vfio_group_path(const char *bdf, char *path, size_t len)
{
	int nr = pci_dev_iommu_group(bdf);

	if (nr < 0)
		return nr;
	snprintf(path, len, "/dev/vfio/noiommu-%d", nr);
	if (access(path, F_OK))
		snprintf(path, len, "/dev/vfio/%d", nr);
	return 0;
}

int vfio_group_open(const char *bdf)
{
	char path[PATH_MAX];
	int fd;

	fd = vfio_group_path(bdf, path, sizeof(path));
	if (fd)
		return fd;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int vfio_group_status(int group, u32 *flags)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int ret;

	ret = vfio_ioctl(group, VFIO_GROUP_GET_STATUS, &status);
	if (!ret)
		*flags = status.flags;
	return ret;
}

int vfio_group_set_container(int group, int container)
{
	return vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

int vfio_group_unset_container(int group)
{
	return vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

int vfio_group_get_device(int group, const char *name)
{
	return vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)name);
}
