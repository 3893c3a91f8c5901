/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Containers, /dev/vfio/vfio, and what their type1 backend does. Everything
 * returns -errno, except struct vfio_container, which is at the end.
 */
#ifndef LIBVFIO_CONTAINER_H
#define LIBVFIO_CONTAINER_H

#include <linux/types.h>
#include <linux/vfio.h>

#define VFIO_CONTAINER_PATH	"/dev/vfio/vfio"
#define VFIO_TYPE1_PARAMS	"/sys/module/vfio_iommu_type1/parameters/"

/*
 * NULL if the kernel has VFIO's own containers with a type1 backend, else why
 * it hasn't. (An iommufd that stands for a container is found elsewhere, and
 * answers some calls in its own way.)
 */
const char *vfio_container_missing(void);

int vfio_container_open(void);
/* 0 for no, else a positive number. */
int vfio_container_check(int container, unsigned long extension);
/* @type: VFIO_TYPE1_IOMMU and so on */
int vfio_container_set_iommu(int container, unsigned long type);

/* For reading and writing. */
int vfio_type1_map(int container, void *vaddr, u64 len, u64 iova);
/* @flags: VFIO_DMA_MAP_FLAG_* */
int vfio_type1_map_flags(int container, void *vaddr, u64 len, u64 iova,
			 u32 flags);
int vfio_type1_unmap(int container, u64 iova, u64 len);
/*
 * @flags: VFIO_DMA_UNMAP_FLAG_*, but for the one with a bitmap. The bytes that
 * were unmapped; -EOVERFLOW also for more than fit.
 */
s64 vfio_type1_unmap_flags(int container, u64 iova, u64 len, u32 flags);
/* All of it: the bytes. */
s64 vfio_type1_unmap_all(int container);

/* @info has room for @argsz bytes. */
int vfio_type1_info(int container, struct vfio_iommu_type1_info *info,
		    u32 argsz);
/* The last address that can be mapped, 0 if the kernel doesn't tell. */
u64 vfio_type1_last_iova(int container);
/* How many mappings may still follow. */
s64 vfio_type1_avail(int container);

/* Memory that a process has locked, in KiB, as its status file says it. */
long vfio_locked_kb(int pid);

#define VFIO_CONTAINER_MAX_GROUPS	4

/**
 * struct vfio_container - a container and the groups in it
 * @fd: the open container
 * @groups: the files of its groups
 * @num_groups: how many of them there are
 */
struct vfio_container {
	int fd;
	int groups[VFIO_CONTAINER_MAX_GROUPS];
	unsigned int num_groups;
};

/*
 * A container of @type with the group of a device. 0 or -errno, with nothing
 * left open.
 */
int vfio_container_init(struct vfio_container *container, unsigned long type,
			const char *bdf);
/* Another group; that of @bdf must not be in it already. */
int vfio_container_add(struct vfio_container *container, const char *bdf);
/*
 * A file of a device. Its group joins the container if it is not in it yet, and
 * the first one makes it a container of @type.
 */
int vfio_container_get_device(struct vfio_container *container,
			      unsigned long type, const char *bdf);
/* Close all that is open; also after vfio_container_init() has failed. */
void vfio_container_cleanup(struct vfio_container *container);

#endif /* LIBVFIO_CONTAINER_H */
