// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device driven by its group and a container.
 *
 * usage: group 0000:00:04.0	(bound to vfio-pci; QEMU's "edu")
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "edu.h"

static int container_open(void)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	if (container < 0)
		err(1, "/dev/vfio/vfio");
	if (ioctl(container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		errx(1, "this kernel speaks another language");
	if (ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) != 1)
		errx(1, "there is no type 1 here");
	return container;
}

/* The group's number is the last part of what the link iommu_group says */
static int group_open(const char *address)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[512], link[256];
	const char *number;
	ssize_t length;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", address);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		err(1, "%s", path);
	link[length] = '\0';
	number = strrchr(link, '/');
	snprintf(path, sizeof(path), "/dev/vfio/%s", number ? number + 1 : link);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0)
		err(1, "%s", path);
	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status))
		err(1, "%s", path);
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		errx(1, "%s has a device that is bound to another driver", path);
	return group;
}

static void map(int container, void *buffer)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)buffer,
		.iova = BUFFER_IOVA,
		.size = BUFFER_SIZE,
	};

	if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		err(1, "mapping for DMA");
}

int main(int argc, char **argv)
{
	int container, group, device;
	char *buffer;

	if (argc != 2)
		errx(2, "usage: %s <address of a PCI device>", argv[0]);
	container = container_open();
	group = group_open(argv[1]);
	/* A container has no kind before it has a group */
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(1, "joining the container");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "type 1");
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[1]);
	if (device < 0)
		err(1, "%s", argv[1]);

	buffer = buffer_new();
	map(container, buffer);
	drive(device, buffer);
	return 0;	/* closing takes everything back */
}
