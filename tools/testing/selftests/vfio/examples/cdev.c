// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device driven by its own node and iommufd.
 *
 * usage: cdev 0000:00:04.0	(bound to vfio-pci; QEMU's "edu")
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "edu.h"

/* The one entry "vfio<number>" of the device in sysfs is its name in /dev */
static int device_open(const char *address)
{
	char path[512];
	struct dirent *entry;
	DIR *dir;
	int device;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", address);
	dir = opendir(path);
	if (!dir)
		err(1, "%s", path);
	do {
		entry = readdir(dir);
		if (!entry)
			errx(1, "%s is empty", path);
	} while (strncmp(entry->d_name, "vfio", 4));
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
	closedir(dir);
	device = open(path, O_RDWR | O_CLOEXEC);
	if (device < 0)
		err(1, "%s", path);
	return device;
}

/* An address space of the iommufd, with the device in it */
static uint32_t attach(int iommufd, int device)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		err(1, "binding");
	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		err(1, "address space");
	attach.pt_id = alloc.out_ioas_id;
	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach))
		err(1, "attaching");
	return alloc.out_ioas_id;
}

static void map(int iommufd, uint32_t ioas, void *buffer)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.user_va = (uintptr_t)buffer,
		.length = BUFFER_SIZE,
		.iova = BUFFER_IOVA,
	};

	if (ioctl(iommufd, IOMMU_IOAS_MAP, &map))
		err(1, "mapping for DMA");
}

int main(int argc, char **argv)
{
	int iommufd, device;
	char *buffer;

	if (argc != 2)
		errx(2, "usage: %s <address of a PCI device>", argv[0]);
	device = device_open(argv[1]);
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		err(1, "/dev/iommu");

	buffer = buffer_new();
	map(iommufd, attach(iommufd, device), buffer);
	drive(device, buffer);
	return 0;	/* closing takes everything back */
}
