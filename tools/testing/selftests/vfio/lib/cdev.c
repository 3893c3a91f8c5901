// SPDX-License-Identifier: GPL-2.0-only
/* The character device of a VFIO device, and ioctls on the whole device. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/pci_regs.h>

#include <libvfio/cdev.h>
#include <libvfio/iommu.h>
#include <libvfio/region.h>
#include <libvfio/sysfs.h>
#include "internal.h"

int vfio_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

int vfio_cdev_name(const char *bdf, char *name, size_t len)
{
	char path[PATH_MAX];
	struct dirent *de;
	int ret = -ENOENT;
	DIR *dir;

	dev_path(path, bdf, "vfio-dev");
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (ret && (de = readdir(dir))) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(name, len, "%s", de->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret;
}

int vfio_cdev_path(const char *bdf, char *path, size_t len)
{
	char name[64];
	int ret;

	ret = vfio_cdev_name(bdf, name, sizeof(name));
	if (!ret)
		snprintf(path, len, "/dev/vfio/devices/%s", name);
	return ret;
}

bool vfio_cdev_is_noiommu(const char *bdf)
{
	char name[64];

	return !vfio_cdev_name(bdf, name, sizeof(name)) &&
	       !strncmp(name, "noiommu-", 8);
}

int vfio_cdev_open(const char *bdf)
{
	char path[PATH_MAX];
	int fd;

	fd = vfio_cdev_path(bdf, path, sizeof(path));
	if (fd)
		return fd;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int vfio_cdev_bind(int fd, int iommufd, u32 *devid)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.iommufd = iommufd,
	};
	int ret;

	ret = vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd);
	if (!ret && devid)
		*devid = cmd.out_devid;
	return ret;
}

int vfio_cdev_bind_token(int fd, int iommufd, const u8 *token)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_BIND_FLAG_TOKEN,
		.iommufd = iommufd,
		.token_uuid_ptr = (uintptr_t)token,
	};

	return vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd);
}

static int attach(int fd, u32 *pt_id, u32 flags, u32 pasid)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.pt_id = *pt_id,
		.pasid = pasid,
	};
	int ret;

	ret = vfio_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd);
	if (!ret)
		*pt_id = cmd.pt_id;
	return ret;
}

int vfio_cdev_attach(int fd, u32 *pt_id)
{
	return attach(fd, pt_id, 0, 0);
}

int vfio_cdev_attach_pasid(int fd, u32 *pt_id, u32 pasid)
{
	return attach(fd, pt_id, VFIO_DEVICE_ATTACH_PASID, pasid);
}

static int detach(int fd, u32 flags, u32 pasid)
{
	struct vfio_device_detach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = flags,
		.pasid = pasid,
	};

	return vfio_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd);
}

int vfio_cdev_detach(int fd)
{
	return detach(fd, 0, 0);
}

int vfio_cdev_detach_pasid(int fd, u32 pasid)
{
	return detach(fd, VFIO_DEVICE_DETACH_PASID, pasid);
}

int vfio_device_info(int fd, struct vfio_device_info *info)
{
	*info = (struct vfio_device_info){ .argsz = sizeof(*info) };
	return vfio_ioctl(fd, VFIO_DEVICE_GET_INFO, info);
}

int vfio_device_reset(int fd)
{
	return vfio_ioctl(fd, VFIO_DEVICE_RESET, NULL);
}

int vfio_device_hot_reset(int fd)
{
	struct vfio_pci_hot_reset cmd = { .argsz = sizeof(cmd) };

	return vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd);
}

int vfio_device_hot_reset_info(int fd, struct vfio_pci_hot_reset_info *info,
			       unsigned int max)
{
	info->argsz = sizeof(*info) + max * sizeof(info->devices[0]);
	return vfio_ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
}

int vfio_device_feature(int fd, u32 flags, void *data, size_t len)
{
	struct vfio_device_feature *cmd;
	int ret;

	cmd = calloc(1, sizeof(*cmd) + len);
	if (!cmd)
		return -ENOMEM;
	cmd->argsz = sizeof(*cmd) + len;
	cmd->flags = flags;
	if (len)
		memcpy(cmd->data, data, len);
	ret = vfio_ioctl(fd, VFIO_DEVICE_FEATURE, cmd);
	if (len)
		memcpy(data, cmd->data, len);
	free(cmd);
	return ret;
}

struct vfio_info_cap_header *vfio_info_cap(void *buf, size_t len, u32 first,
					   u16 id)
{
	u32 off = first;

	/* Offsets grow along a sane chain, which also ends every walk. */
	while (off && off <= len - sizeof(struct vfio_info_cap_header)) {
		struct vfio_info_cap_header *cap = buf + off;

		if (cap->id == id)
			return cap;
		if (cap->next <= off)
			break;
		off = cap->next;
	}
	return NULL;
}

static int compare_ids(const char *bdf, int fd)
{
	u32 ids, want;
	int ret;

	ret = vfio_region_read32(fd, VFIO_PCI_CONFIG_REGION_INDEX,
				 PCI_VENDOR_ID, &ids);
	if (ret)
		return ret;
	ret = pci_dev_ids(bdf, &want);
	if (ret)
		return ret;
	return ids == want ? 0 : -EILSEQ;
}

int vfio_device_check(const char *bdf)
{
	int fd, iommufd, ret;

	iommufd = iommufd_open();
	if (iommufd < 0)
		return iommufd;
	fd = vfio_cdev_open(bdf);
	ret = fd;
	if (fd >= 0) {
		ret = vfio_cdev_bind(fd, iommufd, NULL);
		if (!ret)
			ret = compare_ids(bdf, fd);
		close(fd);
	}
	close(iommufd);
	return ret;
}
