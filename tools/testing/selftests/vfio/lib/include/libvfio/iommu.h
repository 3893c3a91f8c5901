/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd: address spaces and mappings, and struct iommu, an address space of
 * iommufd or of a type1 container with the file it lives in.
 */
#ifndef LIBVFIO_IOMMU_H
#define LIBVFIO_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <libvfio/container.h>

/* Names of the ways to reach an IOMMU; a test takes them on its command line */
#define MODE_IOMMUFD		"iommufd"
#define MODE_VFIO_TYPE1_IOMMU	"vfio_type1_iommu"

/* What a mapping permits the device. */
#define DMA_PROT_READ		(1u << 0)	/* device reads memory */
#define DMA_PROT_WRITE		(1u << 1)	/* device writes memory */
#define DMA_PROT_RW		(DMA_PROT_READ | DMA_PROT_WRITE)

/* ---- thin layer: @fd is an open /dev/iommu; 0 or -errno ---- */

int iommufd_open(void);
int iommufd_ioas_alloc(int fd, u32 *ioas_id);
/* @pt_id: the IOAS (or parent HWPT) the new page table belongs to. */
int iommufd_hwpt_alloc(int fd, u32 dev_id, u32 pt_id, u32 flags, u32 *hwpt_id);
int iommufd_destroy(int fd, u32 id);
int iommufd_map(int fd, u32 ioas_id, void *vaddr, u64 len, u64 iova, u32 prot);
/* The same with @len bytes from @start of a file, which may be a dma-buf. */
int iommufd_map_file(int fd, u32 ioas_id, int file, u64 start, u64 len,
		     u64 iova, u32 prot);
/* Let the kernel choose the address: *@iova is an output. */
int iommufd_map_any(int fd, u32 ioas_id, void *vaddr, u64 len, u64 *iova,
		    u32 prot);
/* Bytes that were unmapped go to *@done when @done isn't NULL. */
int iommufd_unmap(int fd, u32 ioas_id, u64 iova, u64 len, u64 *done);

/* ---- struct iommu ---- */

/**
 * struct iommu - an address space that devices can be attached to
 * @mode: one of MODE_*
 * @iommufd: the open /dev/iommu, -1 with MODE_VFIO_TYPE1_IOMMU
 * @ioas_id: its one I/O address space
 * @container: with MODE_VFIO_TYPE1_IOMMU only; groups join it when one of their
 *	devices is opened, and leave when all is cleaned up. Nothing can be
 *	mapped before the first is there
 */
struct iommu {
	const char *mode;
	int iommufd;
	u32 ioas_id;
	struct vfio_container container;
};

/**
 * struct dma_region - memory the device may reach
 * @iova: address the device uses
 * @vaddr: address this process uses
 * @size: bytes
 */
struct dma_region {
	u64 iova;
	void *vaddr;
	u64 size;
};

/* The mode may be NULL for iommufd. Ends the program on failure. */
struct iommu *iommu_init(const char *mode);
void iommu_cleanup(struct iommu *iommu);
bool iommu_is_type1(const struct iommu *iommu);

/*
 * What is mapped in @iommu is what devices see whose groups take the iommufd
 * for their container. Needs MODE_IOMMUFD. 0 or -errno.
 */
int iommu_stand_for_container(struct iommu *iommu);

/* End the program on failure; the __ variants return -errno instead. */
void iommu_map(struct iommu *iommu, struct dma_region *region);
void iommu_unmap(struct iommu *iommu, struct dma_region *region);
int __iommu_map(struct iommu *iommu, struct dma_region *region);
int __iommu_unmap(struct iommu *iommu, struct dma_region *region);

/*
 * Anonymous memory, zeroed and populated, mapped at @iova (or where the
 * allocator of iova.h says). Free with dma_region_free(), which unmaps it.
 */
int dma_region_alloc(struct iommu *iommu, struct dma_region *region, u64 size,
		     u64 iova);
void dma_region_free(struct iommu *iommu, struct dma_region *region);

#endif /* LIBVFIO_IOMMU_H */
