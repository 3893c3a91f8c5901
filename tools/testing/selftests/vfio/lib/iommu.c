// SPDX-License-Identifier: GPL-2.0-only
/* iommufd objects, and struct iommu on top of them and of containers. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <linux/iommufd.h>

#include <libvfio/cdev.h>
#include <libvfio/iommu.h>
#include "internal.h"

int iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int iommufd_ioas_alloc(int fd, u32 *ioas_id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int ret;

	ret = vfio_ioctl(fd, IOMMU_IOAS_ALLOC, &cmd);
	if (!ret)
		*ioas_id = cmd.out_ioas_id;
	return ret;
}

int iommufd_hwpt_alloc(int fd, u32 dev_id, u32 pt_id, u32 flags, u32 *hwpt_id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = dev_id,
		.pt_id = pt_id,
	};
	int ret;

	ret = vfio_ioctl(fd, IOMMU_HWPT_ALLOC, &cmd);
	if (!ret)
		*hwpt_id = cmd.out_hwpt_id;
	return ret;
}

int iommufd_destroy(int fd, u32 id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return vfio_ioctl(fd, IOMMU_DESTROY, &cmd);
}

static int ioas_map(int fd, struct iommu_ioas_map *cmd, u32 prot)
{
	cmd->size = sizeof(*cmd);
	if (prot & DMA_PROT_READ)
		cmd->flags |= IOMMU_IOAS_MAP_READABLE;
	if (prot & DMA_PROT_WRITE)
		cmd->flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return vfio_ioctl(fd, IOMMU_IOAS_MAP, cmd);
}

int iommufd_map(int fd, u32 ioas_id, void *vaddr, u64 len, u64 iova, u32 prot)
{
	struct iommu_ioas_map cmd = {
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)vaddr,
		.length = len,
		.iova = iova,
	};

	return ioas_map(fd, &cmd, prot);
}

int iommufd_map_file(int fd, u32 ioas_id, int file, u64 start, u64 len,
		     u64 iova, u32 prot)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = ioas_id,
		.fd = file,
		.start = start,
		.length = len,
		.iova = iova,
	};

	if (prot & DMA_PROT_READ)
		cmd.flags |= IOMMU_IOAS_MAP_READABLE;
	if (prot & DMA_PROT_WRITE)
		cmd.flags |= IOMMU_IOAS_MAP_WRITEABLE;
	return vfio_ioctl(fd, IOMMU_IOAS_MAP_FILE, &cmd);
}

int iommufd_map_any(int fd, u32 ioas_id, void *vaddr, u64 len, u64 *iova,
		    u32 prot)
{
	struct iommu_ioas_map cmd = {
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)vaddr,
		.length = len,
	};
	int ret;

	ret = ioas_map(fd, &cmd, prot);
	if (!ret)
		*iova = cmd.iova;
	return ret;
}

int iommufd_unmap(int fd, u32 ioas_id, u64 iova, u64 len, u64 *done)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = len,
	};
	int ret;

	ret = vfio_ioctl(fd, IOMMU_IOAS_UNMAP, &cmd);
	if (!ret && done)
		*done = cmd.length;
	return ret;
}

bool iommu_is_type1(const struct iommu *iommu)
{
	return !strcmp(iommu->mode, MODE_VFIO_TYPE1_IOMMU);
}

struct iommu *iommu_init(const char *mode)
{
	struct iommu *iommu;

	if (!mode)
		mode = MODE_IOMMUFD;
	iommu = calloc(1, sizeof(*iommu));
	if (!iommu)
		ksft_exit_fail_msg("libvfio: out of memory\n");
	iommu->mode = mode;
	iommu->iommufd = -1;
	iommu->container.fd = -1;
	if (iommu_is_type1(iommu)) {
		iommu->container.fd = vfio_container_open();
		must_not_fail(iommu->container.fd, "opening " VFIO_CONTAINER_PATH);
	} else if (!strcmp(mode, MODE_IOMMUFD)) {
		iommu->iommufd = iommufd_open();
		must_not_fail(iommu->iommufd, "opening /dev/iommu");
		must_not_fail(iommufd_ioas_alloc(iommu->iommufd, &iommu->ioas_id),
			      "allocating an address space");
	} else {
		ksft_exit_fail_msg("libvfio: no such mode: %s\n", mode);
	}
	return iommu;
}

void iommu_cleanup(struct iommu *iommu)
{
	if (iommu_is_type1(iommu))
		vfio_container_cleanup(&iommu->container);
	else
		close(iommu->iommufd);
	free(iommu);
}

int iommu_stand_for_container(struct iommu *iommu)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.ioas_id = iommu->ioas_id,
		.op = IOMMU_VFIO_IOAS_SET,
	};

	return vfio_ioctl(iommu->iommufd, IOMMU_VFIO_IOAS, &cmd);
}

int __iommu_map(struct iommu *iommu, struct dma_region *region)
{
	if (iommu_is_type1(iommu))
		return vfio_type1_map(iommu->container.fd, region->vaddr,
				      region->size, region->iova);
	return iommufd_map(iommu->iommufd, iommu->ioas_id, region->vaddr,
			   region->size, region->iova, DMA_PROT_RW);
}

void iommu_map(struct iommu *iommu, struct dma_region *region)
{
	must_not_fail(__iommu_map(iommu, region),
		      "mapping %llu bytes at iova %#llx",
		      (unsigned long long)region->size,
		      (unsigned long long)region->iova);
}

int __iommu_unmap(struct iommu *iommu, struct dma_region *region)
{
	if (iommu_is_type1(iommu))
		return vfio_type1_unmap(iommu->container.fd, region->iova,
					region->size);
	return iommufd_unmap(iommu->iommufd, iommu->ioas_id, region->iova,
			     region->size, NULL);
}

void iommu_unmap(struct iommu *iommu, struct dma_region *region)
{
	must_not_fail(__iommu_unmap(iommu, region),
		      "unmapping %llu bytes at iova %#llx",
		      (unsigned long long)region->size,
		      (unsigned long long)region->iova);
}

int dma_region_alloc(struct iommu *iommu, struct dma_region *region, u64 size,
		     u64 iova)
{
	int ret;

	region->size = size;
	region->iova = iova;
	region->vaddr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (region->vaddr == MAP_FAILED)
		return -errno;
	ret = __iommu_map(iommu, region);
	if (ret)
		munmap(region->vaddr, size);
	return ret;
}

void dma_region_free(struct iommu *iommu, struct dma_region *region)
{
	iommu_unmap(iommu, region);
	munmap(region->vaddr, region->size);
	region->vaddr = NULL;
}
