// SPDX-License-Identifier: GPL-2.0-only
/* Regions of a device file. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include <libvfio/cdev.h>
#include <libvfio/region.h>
#include "internal.h"

int vfio_region_info(int fd, u32 index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	return vfio_ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info);
}

int vfio_region_info_caps(int fd, u32 index, struct vfio_region_info **info)
{
	struct vfio_region_info head, *full;
	u32 need;
	int ret;

	*info = NULL;
	ret = vfio_region_info(fd, index, &head);
	if (ret)
		return ret;
	need = head.argsz;
	full = calloc(1, need);
	if (!full)
		return -ENOMEM;
	full->argsz = need;
	full->index = index;
	ret = vfio_ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, full);
	if (ret)
		free(full);
	else
		*info = full;
	return ret;
}

/*
 * pread() and pwrite() take the position from the region's information, not
 * from a constant of the bus driver: that is what applications may rely on.
 */
ssize_t vfio_region_read(int fd, u32 index, u64 off, void *buf, size_t len)
{
	struct vfio_region_info info;
	ssize_t n;

	n = vfio_region_info(fd, index, &info);
	if (n)
		return n;
	n = pread(fd, buf, len, info.offset + off);
	return n < 0 ? -errno : n;
}

ssize_t vfio_region_write(int fd, u32 index, u64 off, const void *buf,
			  size_t len)
{
	struct vfio_region_info info;
	ssize_t n;

	n = vfio_region_info(fd, index, &info);
	if (n)
		return n;
	n = pwrite(fd, buf, len, info.offset + off);
	return n < 0 ? -errno : n;
}

int vfio_region_read32(int fd, u32 index, u64 off, u32 *val)
{
	ssize_t n = vfio_region_read(fd, index, off, val, sizeof(*val));

	if (n < 0)
		return n;
	return n == sizeof(*val) ? 0 : -EIO;
}

int vfio_region_write32(int fd, u32 index, u64 off, u32 val)
{
	ssize_t n = vfio_region_write(fd, index, off, &val, sizeof(val));

	if (n < 0)
		return n;
	return n == sizeof(val) ? 0 : -EIO;
}

void *vfio_region_mmap(int fd, const struct vfio_region_info *info, u64 off,
		       size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, info->offset + off);

	return p == MAP_FAILED ? NULL : p;
}

int vfio_region_dmabufs(int fd, u32 index, u32 open_flags,
			const struct vfio_region_dma_range *ranges, u32 nr)
{
	struct vfio_device_feature_dma_buf *get;
	size_t len = sizeof(*get) + (size_t)nr * sizeof(*ranges);
	int ret;

	get = calloc(1, len);
	if (!get)
		return -ENOMEM;
	get->region_index = index;
	get->open_flags = open_flags;
	get->nr_ranges = nr;
	memcpy(get->dma_ranges, ranges, (size_t)nr * sizeof(*ranges));
	ret = vfio_device_feature(fd, VFIO_DEVICE_FEATURE_GET |
				  VFIO_DEVICE_FEATURE_DMA_BUF, get, len);
	free(get);
	return ret;
}

int vfio_region_dmabuf(int fd, u32 index, u64 off, u64 len)
{
	struct vfio_region_dma_range range = { .offset = off, .length = len };

	return vfio_region_dmabufs(fd, index, O_RDWR | O_CLOEXEC, &range, 1);
}
