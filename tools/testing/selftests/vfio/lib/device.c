// SPDX-License-Identifier: GPL-2.0-only
/* struct vfio_pci_device: a bound, attached and mapped PCI device. */
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>

#include <libvfio/cdev.h>
#include <libvfio/config.h>
#include <libvfio/device.h>
#include <libvfio/group.h>
#include <libvfio/irq.h>
#include <libvfio/region.h>
#include "internal.h"

static int map_bars(struct vfio_pci_device *device)
{
	unsigned int i;
	int ret;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		struct vfio_pci_bar *bar = &device->bars[i];

		ret = vfio_region_info(device->fd, i, &bar->info);
		if (ret)
			return ret;
		if (!(bar->info.flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		bar->vaddr = vfio_region_mmap(device->fd, &bar->info, 0,
					      bar->info.size,
					      PROT_READ | PROT_WRITE);
		if (!bar->vaddr)
			return -errno;
	}
	return 0;
}

static void unmap_bars(struct vfio_pci_device *device)
{
	unsigned int i;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++)
		if (device->bars[i].vaddr)
			munmap(device->bars[i].vaddr,
			       device->bars[i].info.size);
}

static int bind_and_attach(struct vfio_pci_device *device)
{
	u32 pt_id = device->iommu->ioas_id;
	int ret;

	ret = vfio_cdev_bind(device->fd, device->iommu->iommufd,
			     &device->devid);
	if (ret)
		return ret;
	return vfio_cdev_attach(device->fd, &pt_id);
}

static int set_up(struct vfio_pci_device *device)
{
	u32 ids;
	int ret;

	ret = vfio_device_info(device->fd, &device->info);
	if (ret)
		return ret;
	ret = vfio_region_read32(device->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				 PCI_VENDOR_ID, &ids);
	if (ret)
		return ret;
	device->vendor = ids;
	device->device = ids >> 16;
	return map_bars(device);
}

static void clear(struct vfio_pci_device *device, const char *bdf,
		  struct iommu *iommu)
{
	unsigned int i;

	memset(device, 0, sizeof(*device));
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	device->iommu = iommu;
	for (i = 0; i < VFIO_PCI_MAX_MSI; i++)
		device->msi_eventfds[i] = -1;
}

/* Takes the file over: it is closed if this fails. */
static int open_file(struct vfio_pci_device *device, int fd, bool bind)
{
	int ret;

	device->fd = fd;
	ret = bind ? bind_and_attach(device) : 0;
	if (!ret)
		ret = set_up(device);
	if (ret) {
		unmap_bars(device);
		close(device->fd);
		return ret;
	}
	vfio_pci_driver_probe(device);
	return 0;
}

int vfio_pci_device_open(struct vfio_pci_device *device, const char *bdf,
			 struct iommu *iommu)
{
	bool type1 = iommu_is_type1(iommu);
	int fd;

	if (type1)
		fd = vfio_container_get_device(&iommu->container,
					       VFIO_TYPE1_IOMMU, bdf);
	else
		fd = vfio_cdev_open(bdf);
	clear(device, bdf, iommu);
	return fd < 0 ? fd : open_file(device, fd, !type1);
}

int vfio_pci_device_open_group(struct vfio_pci_device *device, const char *bdf,
			       struct iommu *iommu, int group)
{
	int fd = vfio_group_get_device(group, bdf);

	clear(device, bdf, iommu);
	return fd < 0 ? fd : open_file(device, fd, false);
}

static void close_eventfds(struct vfio_pci_device *device)
{
	unsigned int i;

	for (i = 0; i < VFIO_PCI_MAX_MSI; i++) {
		if (device->msi_eventfds[i] >= 0)
			close(device->msi_eventfds[i]);
		device->msi_eventfds[i] = -1;
	}
}

void vfio_pci_device_close(struct vfio_pci_device *device)
{
	vfio_pci_driver_remove(device);
	unmap_bars(device);
	close(device->fd);
	close_eventfds(device);
	device->fd = -1;
}

struct vfio_pci_device *vfio_pci_device_init(const char *bdf,
					     struct iommu *iommu)
{
	struct vfio_pci_device *device = malloc(sizeof(*device));

	if (!device)
		ksft_exit_fail_msg("libvfio: out of memory\n");
	must_not_fail(vfio_pci_device_open(device, bdf, iommu), "%s: opening",
		      bdf);
	return device;
}

void vfio_pci_device_cleanup(struct vfio_pci_device *device)
{
	vfio_pci_device_close(device);
	free(device);
}

void vfio_pci_device_enable(struct vfio_pci_device *device)
{
	vfio_cfg_command(device->fd, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void vfio_pci_device_disable(struct vfio_pci_device *device)
{
	vfio_cfg_command(device->fd, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
}

int vfio_pci_msi_enable(struct vfio_pci_device *device, u32 index, u32 count)
{
	unsigned int i;
	int ret;

	if (count > VFIO_PCI_MAX_MSI)
		return -ENOSPC;
	for (i = 0; i < count; i++) {
		ret = evfd_new();
		if (ret < 0)
			goto fail;
		device->msi_eventfds[i] = ret;
	}
	ret = vfio_irq_set_fds(device->fd, index, 0, count,
			       device->msi_eventfds);
	if (!ret)
		return 0;
	/* A positive result tells how many vectors there are. */
	if (ret > 0)
		ret = -ENOSPC;
fail:
	close_eventfds(device);
	return ret;
}

void vfio_pci_msi_disable(struct vfio_pci_device *device, u32 index)
{
	must_not_fail(vfio_irq_disable(device->fd, index),
		      "%s: disabling interrupts", device->bdf);
	close_eventfds(device);
}
