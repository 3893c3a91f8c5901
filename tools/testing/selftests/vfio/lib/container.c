// SPDX-License-Identifier: GPL-2.0-only
/* Containers and their type1 backend. */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>
#include <linux/iommufd.h>

#include <libvfio/cdev.h>
#include <libvfio/container.h>
#include <libvfio/group.h>
#include "internal.h"

int vfio_container_open(void)
{
	int fd = open(VFIO_CONTAINER_PATH, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int vfio_container_check(int container, unsigned long extension)
{
	return vfio_ioctl(container, VFIO_CHECK_EXTENSION, (void *)extension);
}

int vfio_container_set_iommu(int container, unsigned long type)
{
	return vfio_ioctl(container, VFIO_SET_IOMMU, (void *)type);
}

/* Where iommufd owns the node, its own commands work there, too. */
static bool is_iommufd(int fd)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };

	return !vfio_ioctl(fd, IOMMU_IOAS_ALLOC, &cmd);
}

const char *vfio_container_missing(void)
{
	const char *why = NULL;
	int fd;

	fd = vfio_container_open();
	if (fd < 0)
		return "no VFIO container: " VFIO_CONTAINER_PATH
		       " can't be opened";
	if (is_iommufd(fd))
		why = "no VFIO container: " VFIO_CONTAINER_PATH " is iommufd's";
	else if (vfio_container_check(fd, VFIO_TYPE1v2_IOMMU) != 1)
		why = "no VFIO container: no type1 backend";
	close(fd);
	return why;
}

int vfio_type1_map_flags(int container, void *vaddr, u64 len, u64 iova,
			 u32 flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = len,
	};

	return vfio_ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

int vfio_type1_map(int container, void *vaddr, u64 len, u64 iova)
{
	return vfio_type1_map_flags(container, vaddr, len, iova,
				    VFIO_DMA_MAP_FLAG_READ |
				    VFIO_DMA_MAP_FLAG_WRITE);
}

s64 vfio_type1_unmap_flags(int container, u64 iova, u64 len, u32 flags)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.iova = iova,
		.size = len,
	};
	int ret;

	ret = vfio_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
	if (ret)
		return ret;
	return unmap.size >> 63 ? -EOVERFLOW : (s64)unmap.size;
}

int vfio_type1_unmap(int container, u64 iova, u64 len)
{
	s64 ret = vfio_type1_unmap_flags(container, iova, len, 0);

	return ret < 0 ? ret : 0;
}

s64 vfio_type1_unmap_all(int container)
{
	return vfio_type1_unmap_flags(container, 0, 0,
				      VFIO_DMA_UNMAP_FLAG_ALL);
}

int vfio_type1_info(int container, struct vfio_iommu_type1_info *info,
		    u32 argsz)
{
	info->argsz = argsz;
	return vfio_ioctl(container, VFIO_IOMMU_GET_INFO, info);
}

/* With room for any chain of capabilities that these tests meet. */
struct info_buf {
	struct vfio_iommu_type1_info info;
	char chain[4096];
};

u64 vfio_type1_last_iova(int container)
{
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct info_buf buf = {};

	if (vfio_type1_info(container, &buf.info, sizeof(buf)))
		return 0;
	cap = (void *)vfio_info_cap(&buf, sizeof(buf), buf.info.cap_offset,
				    VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	return cap && cap->nr_iovas ?
	       cap->iova_ranges[cap->nr_iovas - 1].end : 0;
}

s64 vfio_type1_avail(int container)
{
	struct vfio_iommu_type1_info_dma_avail *cap;
	struct info_buf buf = {};
	int ret;

	ret = vfio_type1_info(container, &buf.info, sizeof(buf));
	if (ret)
		return ret;
	cap = (void *)vfio_info_cap(&buf, sizeof(buf), buf.info.cap_offset,
				    VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	return cap ? cap->avail : -ENOENT;
}

long vfio_locked_kb(int pid)
{
	char path[64], line[128];
	long kb = -ENOENT;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "r");
	if (!status)
		return -errno;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmLck: %ld kB", &kb) == 1)
			break;
	fclose(status);
	return kb;
}

int vfio_container_add(struct vfio_container *container, const char *bdf)
{
	int group, ret;

	if (container->num_groups == VFIO_CONTAINER_MAX_GROUPS)
		return -ENOSPC;
	group = vfio_group_open(bdf);
	if (group < 0)
		return group;
	ret = vfio_group_set_container(group, container->fd);
	if (ret) {
		close(group);
		return ret;
	}
	container->groups[container->num_groups++] = group;
	return 0;
}

int vfio_container_init(struct vfio_container *container, unsigned long type,
			const char *bdf)
{
	int ret;

	*container = (struct vfio_container){ .fd = vfio_container_open() };
	if (container->fd < 0)
		return container->fd;
	ret = vfio_container_add(container, bdf);
	if (!ret)
		ret = vfio_container_set_iommu(container->fd, type);
	if (ret)
		vfio_container_cleanup(container);
	return ret;
}

/* The group of a device that is in the container; -ENOENT */
static int container_group(struct vfio_container *container, const char *bdf)
{
	struct stat node, group;
	char path[PATH_MAX];
	unsigned int i;
	int ret;

	ret = vfio_group_path(bdf, path, sizeof(path));
	if (ret)
		return ret;
	if (stat(path, &node))
		return -errno;
	for (i = 0; i < container->num_groups; i++)
		if (!fstat(container->groups[i], &group) &&
		    group.st_rdev == node.st_rdev)
			return container->groups[i];
	return -ENOENT;
}

int vfio_container_get_device(struct vfio_container *container,
			      unsigned long type, const char *bdf)
{
	bool first = !container->num_groups;
	int group, ret;

	group = container_group(container, bdf);
	if (group == -ENOENT) {
		ret = vfio_container_add(container, bdf);
		if (!ret && first)
			ret = vfio_container_set_iommu(container->fd, type);
		if (ret)
			return ret;
		group = container->groups[container->num_groups - 1];
	}
	return group < 0 ? group : vfio_group_get_device(group, bdf);
}

void vfio_container_cleanup(struct vfio_container *container)
{
	while (container->num_groups)
		close(container->groups[--container->num_groups]);
	if (container->fd >= 0)
		close(container->fd);
	container->fd = -1;
}
