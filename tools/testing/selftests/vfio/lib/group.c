// SPDX-License-Identifier: GPL-2.0-only
/* Groups of VFIO devices, and the ioctls of a type1 container. */
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

int vfio_type1_map(int container, void *vaddr, u64 len, u64 iova)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = len,
	};

	return vfio_ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

int vfio_type1_unmap(int container, u64 iova, u64 len)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = len,
	};

	return vfio_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}
