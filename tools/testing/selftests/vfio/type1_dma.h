/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device in a type1 container that copies pages, so that a test can see what
 * the device reaches at an address.
 */
#ifndef VFIO_TEST_TYPE1_DMA_H
#define VFIO_TEST_TYPE1_DMA_H

#include "type1.h"

/* Where what the device needs lies, and where tests may map. */
#define REGION_IOVA	0x1000000UL
#define SRC_IOVA	0x2000000UL
#define DST_IOVA	0x3000000UL
#define IOVA		0x9000000UL

#define SENTINEL	0xa5

/**
 * struct type1_device - a device, its driver and two pages for transfers
 * @container: what it is in
 * @device: the device
 * @src: page at SRC_IOVA
 * @dst: page at DST_IOVA
 * @seed: changes with every transfer
 */
struct type1_device {
	struct vfio_container container;
	struct vfio_pci_device device;
	u8 *src;
	u8 *dst;
	unsigned int seed;
};

/* Pages that it has locked for itself */
#define TYPE1_DEVICE_PAGES	(VFIO_PCI_DRIVER_REGION_SIZE / PAGE + 2)

static inline int type1_device_start(struct type1_device *d)
{
	int fd = d->container.fd;
	int ret;

	ret = vfio_type1_map(fd, d->device.driver.region.vaddr,
			     VFIO_PCI_DRIVER_REGION_SIZE, REGION_IOVA);
	if (!ret)
		ret = vfio_type1_map(fd, d->src, PAGE, SRC_IOVA);
	if (!ret)
		ret = vfio_type1_map(fd, d->dst, PAGE, DST_IOVA);
	if (!ret)
		vfio_pci_driver_init(&d->device);
	return ret;
}

/* 0 or -errno; type1_device_close() after either. */
static inline int type1_device_open(struct type1_device *d, unsigned long type,
				    const char *bdf)
{
	struct dma_region *region = &d->device.driver.region;
	int ret;

	d->device.fd = -1;
	ret = vfio_container_init(&d->container, type, bdf);
	if (ret)
		return ret;
	ret = vfio_pci_device_open_group(&d->device, bdf, NULL,
					 d->container.groups[0]);
	if (ret) {
		d->device.fd = -1;
		return ret;
	}
	d->src = anon_memory(PAGE);
	d->dst = anon_memory(PAGE);
	region->vaddr = anon_memory(VFIO_PCI_DRIVER_REGION_SIZE);
	region->size = VFIO_PCI_DRIVER_REGION_SIZE;
	region->iova = REGION_IOVA;
	if (!d->src || !d->dst || !region->vaddr)
		return -ENOMEM;
	d->seed = getpid();
	return type1_device_start(d);
}

static inline void type1_device_close(struct type1_device *d)
{
	if (d->device.fd >= 0)
		vfio_pci_device_close(&d->device);
	vfio_container_cleanup(&d->container);
	if (d->device.driver.region.vaddr)
		munmap(d->device.driver.region.vaddr,
		       VFIO_PCI_DRIVER_REGION_SIZE);
	if (d->src)
		munmap(d->src, PAGE);
	if (d->dst)
		munmap(d->dst, PAGE);
}

static inline void type1_fill(struct type1_device *d, void *page)
{
	u32 *word = page;
	int i;

	d->seed++;
	for (i = 0; i < PAGE / 4; i++)
		word[i] = (d->seed * 2654435761u) ^ (u32)(i * 40503u + 1);
}

/* Does what the device writes to the page at @iova arrive at @page? */
static inline bool type1_writes(struct type1_device *d, void *page, u64 iova)
{
	type1_fill(d, d->src);
	memset(page, SENTINEL, PAGE);
	return !vfio_pci_driver_copy(&d->device, iova, SRC_IOVA, PAGE) &&
	       !memcmp(page, d->src, PAGE);
}

/* Is what stands in @page what the device reads at @iova? */
static inline bool type1_reads(struct type1_device *d, const void *page,
			       u64 iova)
{
	memset(d->dst, SENTINEL, PAGE);
	return !vfio_pci_driver_copy(&d->device, DST_IOVA, iova, PAGE) &&
	       !memcmp(d->dst, page, PAGE);
}

/* Both */
static inline bool type1_reaches(struct type1_device *d, void *page, u64 iova)
{
	if (!type1_writes(d, page, iova))
		return false;
	type1_fill(d, page);
	return type1_reads(d, page, iova);
}

/*
 * Nothing arrives at @page from @iova. Emulated devices may not notice that
 * they were blocked; the proof that the path as such works is whatever reaches
 * its goal after that.
 */
static inline bool type1_blocked(struct type1_device *d, void *page, u64 iova)
{
	const volatile u8 *p = page;
	int i;

	type1_fill(d, d->src);
	memset(page, SENTINEL, PAGE);
	vfio_pci_driver_copy(&d->device, iova, SRC_IOVA, PAGE);
	for (i = 0; i < PAGE; i++)
		if (p[i] != SENTINEL)
			return false;
	return true;
}

#endif /* VFIO_TEST_TYPE1_DMA_H */
