/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of module vfio offer each other, and nobody else.
 *
 * The sections stand in the order of the layers, the lowest first; a file
 * calls only what stands above its own section.  What lies higher is reached
 * through struct vfio_device_file_ops alone.
 */
#ifndef VFIO_PRIVATE_H
#define VFIO_PRIVATE_H

#include <linux/file.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>

struct vfio_device_file;

/* ---- kvm.c: the reference to a virtual machine behind an open device */

void vfio_device_get_kvm(struct vfio_device *device, struct kvm **kvm, spinlock_t *lock);
void vfio_device_put_kvm(struct vfio_device *device);

/* ---- device_set.c: devices that open, close and reset as one */

void vfio_leave_device_set(struct vfio_device *device);

/* ---- debugfs.c: what administrators may look at */

#ifdef CONFIG_VFIO_DEBUGFS
void vfio_debugfs_init(void);
void vfio_debugfs_exit(void);
void vfio_debugfs_add(struct vfio_device *device);
void vfio_debugfs_remove(struct vfio_device *device);
#else
static inline void vfio_debugfs_init(void) { }
static inline void vfio_debugfs_exit(void) { }
static inline void vfio_debugfs_add(struct vfio_device *device) { }
static inline void vfio_debugfs_remove(struct vfio_device *device) { }
#endif

/* ---- virqfd.c: functions that run when an eventfd is signalled */

#if IS_ENABLED(CONFIG_VFIO_VIRQFD)
int vfio_virqfd_init(void);
void vfio_virqfd_exit(void);
#else
static inline int vfio_virqfd_init(void) { return 0; }
static inline void vfio_virqfd_exit(void) { }
#endif

/* ---- device.c: names, nodes and registration references */

int vfio_devices_init(void);
void vfio_devices_exit(void);
int vfio_device_name(struct vfio_device *device);
void vfio_device_unname(struct vfio_device *device);
void vfio_device_initialize(struct vfio_device *device, void (*release)(struct device *dev));
int vfio_device_add(struct vfio_device *device, const struct file_operations *fops);
void vfio_device_del(struct vfio_device *device);
void vfio_device_drain(struct vfio_device *device);

/* ---- feature.c: VFIO_DEVICE_FEATURE */

long vfio_device_ioctl_feature(struct vfio_device *device, void __user *uarg);

/* ---- device_file.c: the open device, however it was opened */

/**
 * struct vfio_path_ioctl - An ioctl that one way to the device has of its own
 * @cmd: the full number
 * @before_access: allowed while the file may not do anything else yet
 * @fn: what it does; @uarg is the argument
 */
struct vfio_path_ioctl {
	unsigned int cmd;
	bool before_access;
	long (*fn)(struct vfio_device_file *df, void __user *uarg);
};

/**
 * struct vfio_device_file_ops - What depends on the way to the device
 * @ioctls: ioctls of this way, terminated by an empty entry
 * @start_dma: make the device's DMA safe to hand out, before the first open
 *             calls the driver; dev_set->lock is held
 * @stop_dma: undo @start_dma after the driver has closed the device;
 *            dev_set->lock is held
 * @release: the file goes away: close the device if it is open through it,
 *           drop what keeps the device
 */
struct vfio_device_file_ops {
	const struct vfio_path_ioctl *ioctls;
	int (*start_dma)(struct vfio_device_file *df);
	void (*stop_dma)(struct vfio_device_file *df);
	void (*release)(struct vfio_device_file *df);
};

/**
 * struct vfio_device_file - One open file of a device
 * @device: the device; the way that @ops stands for keeps a registration
 *          reference on it as long as the file lives
 * @ops: the way to the device; constant
 * @access_granted: the gate, see vfio_device_file_grant().  A byte of its own:
 *                  release and acquire work on whole objects, and a neighbour
 *                  in the same word must not be rewritten along with it
 * @kvm_lock: protects @kvm
 * @kvm: virtual machine that the user wants the device to know, no reference;
 *       KVM clears it before it goes away
 * @iommufd: the iommufd that the file is being bound to, while dev_set->lock
 *           is held for that; a reference once it is bound
 * @devid: id of the device in @iommufd; protected by dev_set->lock
 */
struct vfio_device_file {
	struct vfio_device *device;
	const struct vfio_device_file_ops *ops;
	u8 access_granted;
	spinlock_t kvm_lock;	/* protects kvm */
	struct kvm *kvm;
	struct iommufd_ctx *iommufd;
	u32 devid;
};

extern const struct file_operations vfio_device_fops;

struct vfio_device_file *vfio_device_file_alloc(struct vfio_device *device,
						const struct vfio_device_file_ops *ops);
void vfio_device_file_install(struct vfio_device_file *df, struct file *file);
int vfio_device_file_open(struct vfio_device_file *df);
void vfio_device_file_close(struct vfio_device_file *df);
void vfio_device_file_grant(struct vfio_device_file *df);
bool vfio_device_file_has_access(struct vfio_device_file *df);

/* ---- device_cdev.c: /dev/vfio/devices/vfio<X> */

#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
extern const struct file_operations vfio_device_cdev_fops;
#define VFIO_CDEV_FOPS	(&vfio_device_cdev_fops)
#else
#define VFIO_CDEV_FOPS	NULL
#endif

#endif /* VFIO_PRIVATE_H */
