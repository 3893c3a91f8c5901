/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's character device: opening, binding to an iommufd, attaching to
 * an address space, and the ioctls that concern the device as a whole. All
 * return 0 (or an fd) or -errno.
 */
#ifndef LIBVFIO_CDEV_H
#define LIBVFIO_CDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <linux/vfio.h>

/* ioctl(2) with the error as return value. */
int vfio_ioctl(int fd, unsigned long cmd, void *arg);

/* "vfio3" or "noiommu-vfio3"; -ENOENT without a VFIO driver. */
int vfio_cdev_name(const char *bdf, char *name, size_t len);
int vfio_cdev_path(const char *bdf, char *path, size_t len);
/* Is the device without an IOMMU, so that its DMA goes to physical addresses? */
bool vfio_cdev_is_noiommu(const char *bdf);
/* A new file that is not bound yet. */
int vfio_cdev_open(const char *bdf);

int vfio_cdev_bind(int fd, int iommufd, u32 *devid);
/* With the 16 bytes of @token. */
int vfio_cdev_bind_token(int fd, int iommufd, const u8 *token);
/* *@pt_id: IOAS or HWPT to attach; on return the HWPT that is used. */
int vfio_cdev_attach(int fd, u32 *pt_id);
int vfio_cdev_attach_pasid(int fd, u32 *pt_id, u32 pasid);
int vfio_cdev_detach(int fd);
int vfio_cdev_detach_pasid(int fd, u32 pasid);

int vfio_device_info(int fd, struct vfio_device_info *info);
int vfio_device_reset(int fd);
/*
 * Reset the slot or bus, with all that is on it, by right of the iommufd that
 * the device is bound to; and what that would hit. @info has room for @max
 * devices behind it.
 */
int vfio_device_hot_reset(int fd);
int vfio_device_hot_reset_info(int fd, struct vfio_pci_hot_reset_info *info,
			       unsigned int max);
/* @flags: index and VFIO_DEVICE_FEATURE_*; @data may be NULL with len 0 */
int vfio_device_feature(int fd, u32 flags, void *data, size_t len);

/*
 * Walk an info capability chain inside @buf: the capability with this id, or
 * NULL when there is none or the chain leaves the buffer.
 */
struct vfio_info_cap_header *vfio_info_cap(void *buf, size_t len, u32 first,
					   u16 id);

/*
 * Is the device in order? Opens and binds it with an iommufd of its own and
 * compares its ids with what sysfs says. 0, or what went wrong as -errno
 * (-EILSEQ: the ids differ). No other file may be bound to the device.
 */
int vfio_device_check(const char *bdf);

#endif /* LIBVFIO_CDEV_H */
