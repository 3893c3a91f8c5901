/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO: what a driver that hands its device to user space implements, and
 * what it calls.
 *
 * A driver embeds struct vfio_device as the first member of its own object,
 * gets the object from vfio_alloc_device(), announces it with
 * vfio_register_group_dev() and takes it back with
 * vfio_unregister_group_dev().  Everything in between is driven by user space
 * through the operations in struct vfio_device_ops.
 */
#ifndef VFIO_H
#define VFIO_H

#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>
#include <linux/workqueue.h>
#include <uapi/linux/vfio.h>

struct dentry;
struct file;
struct inode;
struct iommu_group;
struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;
struct kvm;
struct rb_root_cached;
struct vfio_container_member;
struct vfio_device_ops;
struct vfio_dma_targets;
struct vfio_group;
struct vfio_info_cap;
struct vfio_log_ops;
struct vfio_migration_ops;

/**
 * struct vfio_device_set - Devices that open, close and reset as one
 * @lock: serialises first open, last close and reset of all members; a driver
 *        finds it held in open_device and close_device.  Never held around
 *        the ioctl, read, write and mmap operations.
 * @devices: members, linked by vfio_device.dev_set_entry; protected by @lock
 * @count: number of members, including ones not yet linked; protected by the
 *         lock of the table in device_set.c
 * @set_id: the pointer that members agreed on, the key in that table
 */
struct vfio_device_set {
	struct mutex lock;	/* see above */
	struct list_head devices;
	unsigned int count;
	void *set_id;
};

/**
 * struct vfio_device - One device that user space may drive
 * @dev: the device of the bus; constant
 * @ops: operations of the driver; constant
 * @mig_ops: operations of a device that can migrate, or NULL; set before
 *           registration, constant from there on
 * @log_ops: operations of a device that can tell what memory it has written, or
 *           NULL; set before registration, constant from there on
 * @migration_flags: set of VFIO_MIGRATION_*, how the device can migrate; set
 *                   before registration, constant from there on
 * @precopy_info_v2: the user reads &vfio_precopy_info.flags: not 0 from
 *                   VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 until after the last
 *                   close.  A byte of its own, it is written without a lock
 * @dev_set: the set that the device belongs to; constant from registration on
 * @kvm: the virtual machine that the user has associated with the device file,
 *       or NULL; valid from before open_device until after close_device;
 *       protected by @dev_set->lock
 * @inode: owner of all user mappings of the device; constant.  Whatever file
 *         a mapping was made through, it lies in @inode->i_mapping
 * @debug_root: the device's debugfs directory, with VFIO_DEBUGFS and between
 *              registration and unregistration; NULL otherwise. There without
 *              VFIO_DEBUGFS, too: drivers name it in code that is left out then
 *
 * The members below are private to the core.
 *
 * @device: the object in class vfio-dev, it carries the reference count
 * @cdev: the character device, with VFIO_DEVICE_CDEV
 * @index: number in the name of @device, unique over all VFIO devices
 * @dev_set_entry: link in @dev_set->devices; protected by @dev_set->lock
 * @users: registration references, see vfio_device_try_get_registration()
 * @drained: completed when the last of @users is gone
 * @open_count: files that have the device open; protected by @dev_set->lock
 * @group: the group of the device, with VFIO_GROUP; constant while registered
 * @group_entry: link in the group's list of members
 * @seat: how an open device reaches the container that its group was in when it was
 *        opened; NULL if it came another way.  Changes under @dev_set->lock, before
 *        the first open and after the last close of the driver
 * @iommufd_access: the iommufd object of an emulated device while it is bound;
 *                  protected by @dev_set->lock, constant while the device is open
 * @iommufd_device: the iommufd object of a physical device while it is bound;
 *                  protected by @dev_set->lock
 * @pasids: PASIDs that are attached; protected by @dev_set->lock
 * @iommufd_attached: the device (without PASID) is attached to an IOAS or
 *                    HWPT; protected by @dev_set->lock
 * @cdev_opened: a character device file is bound; protected by @dev_set->lock
 * @dma_targets: who makes other devices reach the memory of this one; constant
 * @backend_entry: link in a list of the container's backend while the device is
 *                 open and can pin pages; the backend's
 * @put_kvm: how to drop the reference behind @kvm
 * @emulated: DMA goes through the CPU, there is no IOMMU to program; constant
 *            from registration on
 * @noiommu: registered without an IOMMU, on the administrator's risk;
 *           constant from registration on
 */
struct vfio_device {
	struct device *dev;
	const struct vfio_device_ops *ops;
	const struct vfio_migration_ops *mig_ops;
	const struct vfio_log_ops *log_ops;
	u64 migration_flags;
	u8 precopy_info_v2;
	struct vfio_device_set *dev_set;
	struct kvm *kvm;
	struct inode *inode;
	struct dentry *debug_root;

	struct device device;
#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
	struct cdev cdev;
#endif
	int index;
	struct list_head dev_set_entry;
	refcount_t users;
	struct completion drained;
	unsigned int open_count;
	struct vfio_group *group;
	struct list_head group_entry;
	struct vfio_container_member *seat;
#if IS_ENABLED(CONFIG_IOMMUFD)
	struct iommufd_access *iommufd_access;
	struct iommufd_device *iommufd_device;
	struct ida pasids;
	bool iommufd_attached;
#endif
	bool cdev_opened;
	bool emulated;
	bool noiommu;
	struct vfio_dma_targets *dma_targets;
	struct list_head backend_entry;
	void (*put_kvm)(struct kvm *kvm);
};

/**
 * struct vfio_device_ops - What a driver does for its device
 * @name: short name of the driver for messages and VF matching
 * @init: set up the driver's part of the object, called by
 *        vfio_alloc_device(); may fail, @release is not called then
 * @open_device: prepare the device for its user; the first open only;
 *               @dev_set->lock is held; optional
 * @close_device: take the device back; the last close only; @dev_set->lock
 *                is held; optional
 * @request: ask the user to give the device back, @count times already;
 *           optional
 * @release: undo @init, called when the last reference is gone; the core
 *           frees the memory afterwards
 * @match: does @buf, given to VFIO_GROUP_GET_DEVICE_FD, name this device?
 *         0 for no, above 0 for yes, a negative errno to end the search with;
 *         without it the name in sysfs decides; optional
 * @match_token_uuid: 0 if opening the device with @uuid (or without, NULL) is
 *                    all right, -EACCES for a token that is wrong or missing,
 *                    -EINVAL for one that has no place here; optional
 * @bind_iommufd: connect the device to an iommufd and return the id of the
 *                object there; @dev_set->lock is held.  Called before
 *                @open_device
 * @attach_ioas: attach to the IOAS or HWPT whose id is in *pt_id, replacing
 *               an earlier attachment; the id of the HWPT in use is returned
 *               in *pt_id; @dev_set->lock is held
 * @pasid_attach_ioas: like @attach_ioas for one PASID; optional
 * @pasid_detach_ioas: like @detach_ioas for one PASID; optional, comes with
 *                     @pasid_attach_ioas
 * @detach_ioas: undo @attach_ioas; a device that is not attached is left
 *               alone; @dev_set->lock is held
 * @unbind_iommufd: undo @bind_iommufd and all attachments; @dev_set->lock is
 *                  held.  Called after @close_device
 * @ioctl: every ioctl that the core does not answer itself; optional
 * @dma_unmap: the user has unmapped @length bytes from @iova, page aligned or 0 and
 *             ULONG_MAX for everything, where the driver may have pages pinned: let
 *             go of those, and no others, with vfio_unpin_pages() before returning.
 *             No lock that vfio_unpin_pages() takes is held; @dev_set->lock may be
 *             or not.  Emulated devices only, without it they cannot pin pages;
 *             optional
 * @device_feature: VFIO_DEVICE_FEATURE that the core does not know; @argsz is
 *                  the number of bytes at @arg, behind the header; optional
 * @get_region_info_caps: fill in flags, size and offset of the region
 *                        info->index and append capabilities; optional
 * @mmap: mmap() on the device file, vm_pgoff selects the region; optional
 * @mmap_phys: physical address behind the file offset @offset, of which the low
 *             bits matter, those below the size of the largest page table leaf;
 *             called for any offset and without a lock, the answer decides where
 *             mappings are placed and nothing else.  Optional: without it
 *             regions count as aligned in memory as they are in the file
 * @read: read() on the device file, the position it points to selects the region;
 *        optional
 * @write: write() on the device file, likewise; optional
 */
struct vfio_device_ops {
	char *name;

	int (*init)(struct vfio_device *device);
	int (*open_device)(struct vfio_device *device);
	void (*close_device)(struct vfio_device *device);
	void (*request)(struct vfio_device *device, unsigned int count);
	void (*release)(struct vfio_device *device);

	int (*match)(struct vfio_device *device, char *buf);
	int (*match_token_uuid)(struct vfio_device *device, const uuid_t *uuid);
	int (*bind_iommufd)(struct vfio_device *device, struct iommufd_ctx *ictx, u32 *devid);
	int (*attach_ioas)(struct vfio_device *device, u32 *pt_id);
	int (*pasid_attach_ioas)(struct vfio_device *device, u32 pasid, u32 *pt_id);
	void (*pasid_detach_ioas)(struct vfio_device *device, u32 pasid);
	void (*detach_ioas)(struct vfio_device *device);
	void (*unbind_iommufd)(struct vfio_device *device);

	void (*dma_unmap)(struct vfio_device *device, u64 iova, u64 length);
	long (*ioctl)(struct vfio_device *device, unsigned int cmd, unsigned long arg);
	int (*device_feature)(struct vfio_device *device, u32 flags, void __user *arg,
			      size_t argsz);
	int (*get_region_info_caps)(struct vfio_device *device, struct vfio_region_info *info,
				    struct vfio_info_cap *caps);
	int (*mmap)(struct vfio_device *device, struct vm_area_struct *vma);
	u64 (*mmap_phys)(struct vfio_device *device, u64 offset);
	ssize_t (*read)(struct vfio_device *device, char __user *buf, size_t len, loff_t *ppos);
	ssize_t (*write)(struct vfio_device *device, const char __user *buf, size_t len,
			 loff_t *ppos);
};

/**
 * struct vfio_migration_ops - What a driver does for a device that can migrate
 * @migration_set_state: bring the device into @new_state, which may be any number,
 *                       along the arcs that vfio_mig_get_next_state() names.
 *                       Returns NULL, or the stream that came with the last of
 *                       them, a reference that the core takes over, or an
 *                       ERR_PTR() when an arc failed; the device is then in the
 *                       last state it reached, or in VFIO_DEVICE_STATE_ERROR
 * @migration_get_state: the state that the device is in; 0 or a negative errno.
 *                       Also called while nobody has the device open
 * @migration_get_data_size: estimate, in bytes, of what VFIO_DEVICE_STATE_STOP_COPY
 *                           would yield now; 0 or a negative errno
 *
 * All three are there, or the device cannot be registered.  They may sleep, and are
 * called by several tasks at once, without a lock of the core.
 */
struct vfio_migration_ops {
	struct file *(*migration_set_state)(struct vfio_device *device,
					    enum vfio_device_mig_state new_state);
	int (*migration_get_state)(struct vfio_device *device,
				   enum vfio_device_mig_state *state);
	int (*migration_get_data_size)(struct vfio_device *device,
				       unsigned long *stop_copy_length);
};

/**
 * struct vfio_log_ops - What a driver does for a device that logs its DMA
 * @log_start: begin to log what the device writes to the @nnodes ranges of @ranges,
 *             nodes of type struct interval_tree_node whose last is inclusive, which
 *             are not empty and do not overlap.  The core owns the nodes; the driver
 *             may join them by vfio_combine_iova_ranges() and must not refer to
 *             them later.  @page_size points to the number of bytes that one bit
 *             should stand for, and then the one that the device took.  0 or a negative
 *             errno with nothing begun, also for a device that logs already
 * @log_stop: end that, and forget what was logged; 0 or a negative errno.  Also
 *            called when the user could not be told of the success of @log_start
 * @log_read_and_clear: pass to iova_bitmap_set() what the device has written
 *                      from @iova on, @length bytes, since it was asked the last
 *                      time; 0 or a negative errno
 *
 * All three are there, or the device cannot be registered.  They may sleep, and are
 * called by several tasks at once, without a lock of the core.  A log that is on
 * when the device is closed is for @close_device to end.
 */
struct vfio_log_ops {
	int (*log_start)(struct vfio_device *device, struct rb_root_cached *ranges, u32 nnodes,
			 u64 *page_size);
	int (*log_stop)(struct vfio_device *device);
	int (*log_read_and_clear)(struct vfio_device *device, unsigned long iova,
				  unsigned long length, struct iova_bitmap *dirty);
};

/* Life time: vfio_main.c, device.c, device_set.c */
struct vfio_device *_vfio_alloc_device(size_t size, struct device *dev,
				       const struct vfio_device_ops *ops);

/**
 * vfio_alloc_device() - Allocate a driver's device object
 * @type: name of the driver's struct
 * @member: its member of type struct vfio_device, which must be the first
 * @dev: device of the bus
 * @ops: operations of the driver
 *
 * Return: pointer to a struct @type that is dropped by vfio_put_device(), or
 * an ERR_PTR(), see _vfio_alloc_device().
 */
#define vfio_alloc_device(type, member, dev, ops)				\
	((struct type *)_vfio_alloc_device(sizeof(struct type) +		\
		BUILD_BUG_ON_ZERO(offsetof(struct type, member)), dev, ops))

/**
 * vfio_put_device() - Drop the reference that vfio_alloc_device() returned
 * @device: device that is not registered (any more)
 */
static inline void vfio_put_device(struct vfio_device *device)
{
	put_device(&device->device);
}

int vfio_register_group_dev(struct vfio_device *device);
int vfio_register_emulated_iommu_dev(struct vfio_device *device);
void vfio_unregister_group_dev(struct vfio_device *device);

bool vfio_device_try_get_registration(struct vfio_device *device);
void vfio_device_put_registration(struct vfio_device *device);

int vfio_assign_device_set(struct vfio_device *device, void *set_id);
unsigned int vfio_device_set_open_count(struct vfio_device_set *dev_set);
struct vfio_device *vfio_find_device_in_devset(struct vfio_device_set *dev_set,
					       struct device *dev);

/**
 * vfio_device_cdev_opened() - Is the device in use through its character device?
 * @device: device, the caller holds its dev_set->lock or is called from an
 *          operation of the open device
 *
 * Return: true from a successful VFIO_DEVICE_BIND_IOMMUFD until that file is
 * closed.
 */
static inline bool vfio_device_cdev_opened(struct vfio_device *device)
{
	return device->cdev_opened;
}

/* DMA of other devices into the memory of a device: dma_target.c */
void vfio_dma_targets_stop(struct vfio_device *device);
void vfio_dma_targets_resume(struct vfio_device *device);

/* Binding to iommufd, mostly for use as operations: iommufd.c */
#if IS_ENABLED(CONFIG_IOMMUFD)
struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *device);
int vfio_iommufd_get_dev_id(struct vfio_device *device, struct iommufd_ctx *ictx);
int vfio_iommufd_physical_bind(struct vfio_device *device, struct iommufd_ctx *ictx, u32 *devid);
int vfio_iommufd_physical_attach_ioas(struct vfio_device *device, u32 *pt_id);
int vfio_iommufd_physical_pasid_attach_ioas(struct vfio_device *device, u32 pasid, u32 *pt_id);
void vfio_iommufd_physical_pasid_detach_ioas(struct vfio_device *device, u32 pasid);
void vfio_iommufd_physical_detach_ioas(struct vfio_device *device);
void vfio_iommufd_physical_unbind(struct vfio_device *device);
int vfio_iommufd_emulated_bind(struct vfio_device *device, struct iommufd_ctx *ictx, u32 *devid);
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *device, u32 *pt_id);
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *device);
void vfio_iommufd_emulated_unbind(struct vfio_device *device);
#else
static inline struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *device)
{
	return NULL;
}

static inline int vfio_iommufd_get_dev_id(struct vfio_device *device, struct iommufd_ctx *ictx)
{
	return VFIO_PCI_DEVID_NOT_OWNED;
}

/* No such operation: typed, so that a table of operations can name them */
#define vfio_iommufd_physical_bind						\
	((typeof_member(struct vfio_device_ops, bind_iommufd))NULL)
#define vfio_iommufd_physical_attach_ioas					\
	((typeof_member(struct vfio_device_ops, attach_ioas))NULL)
#define vfio_iommufd_physical_pasid_attach_ioas					\
	((typeof_member(struct vfio_device_ops, pasid_attach_ioas))NULL)
#define vfio_iommufd_physical_pasid_detach_ioas					\
	((typeof_member(struct vfio_device_ops, pasid_detach_ioas))NULL)
#define vfio_iommufd_physical_detach_ioas					\
	((typeof_member(struct vfio_device_ops, detach_ioas))NULL)
#define vfio_iommufd_physical_unbind						\
	((typeof_member(struct vfio_device_ops, unbind_iommufd))NULL)
#define vfio_iommufd_emulated_bind						\
	((typeof_member(struct vfio_device_ops, bind_iommufd))NULL)
#define vfio_iommufd_emulated_attach_ioas					\
	((typeof_member(struct vfio_device_ops, attach_ioas))NULL)
#define vfio_iommufd_emulated_detach_ioas					\
	((typeof_member(struct vfio_device_ops, detach_ioas))NULL)
#define vfio_iommufd_emulated_unbind						\
	((typeof_member(struct vfio_device_ops, unbind_iommufd))NULL)
#endif

/* Memory of the user, for emulated devices: dma.c */

/* Most pages that vfio_pin_pages() takes at once from a container */
#define VFIO_PIN_PAGES_MAX_ENTRIES	(PAGE_SIZE / sizeof(unsigned long))

int vfio_pin_pages(struct vfio_device *device, dma_addr_t iova, int npage, int prot,
		   struct page **pages);
void vfio_unpin_pages(struct vfio_device *device, dma_addr_t iova, int npage);
int vfio_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data, size_t len, bool write);

/* What other subsystems and drivers may ask of a file: vfio_file.c */
bool vfio_file_is_valid(struct file *file);
bool vfio_file_enforced_coherent(struct file *file);
void vfio_file_set_kvm(struct file *file, struct kvm *kvm);
#if IS_ENABLED(CONFIG_VFIO_GROUP)
struct iommu_group *vfio_file_iommu_group(struct file *file);
bool vfio_file_is_group(struct file *file);
bool vfio_file_has_dev(struct file *file, struct vfio_device *device);
#else
static inline struct iommu_group *vfio_file_iommu_group(struct file *file)
{
	return NULL;
}

static inline bool vfio_file_is_group(struct file *file)
{
	return false;
}

static inline bool vfio_file_has_dev(struct file *file, struct vfio_device *device)
{
	return false;
}
#endif

/**
 * struct vfio_info_cap - A capability chain while it is put together
 * @buf: the capabilities so far, NULL if there are none; kfree() when done
 * @size: bytes in @buf
 * @last: where in @buf the newest capability begins
 *
 * All zeros is an empty chain.
 */
struct vfio_info_cap {
	struct vfio_info_cap_header *buf;
	size_t size;
	size_t last;
};

/* Capability chains: info_cap.c */
struct vfio_info_cap_header *vfio_info_cap_add(struct vfio_info_cap *caps, size_t size, u16 id,
					       u16 version);
void vfio_info_cap_shift(struct vfio_info_cap *caps, size_t offset);
int vfio_info_add_capability(struct vfio_info_cap *caps, struct vfio_info_cap_header *cap,
			     size_t size);

/* Validation of VFIO_DEVICE_SET_IRQS: irq_set.c */
int vfio_set_irqs_validate_and_prepare(struct vfio_irq_set *hdr, int num_irqs, int max_irq_type,
				       size_t *data_size);

/**
 * vfio_check_feature() - The rules that all VFIO_DEVICE_FEATURE operations share
 * @flags: vfio_device_feature.flags of the user
 * @argsz: bytes of payload that the user has behind the header
 * @supported_ops: the ones of VFIO_DEVICE_FEATURE_GET and _SET that exist
 * @minsz: bytes of payload that the feature needs
 *
 * Return: 1 to go on with the operation, 0 if that was only a probe and it
 * succeeds, -EINVAL for an operation that does not exist or a payload that is
 * too short.
 */
static inline int vfio_check_feature(u32 flags, size_t argsz, u32 supported_ops, size_t minsz)
{
	u32 ops = flags & (VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET);

	if (ops & ~supported_ops)
		return -EINVAL;
	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return 0;
	if (!ops || argsz < minsz)
		return -EINVAL;
	return 1;
}

/* The states of a device that migrates: migration_fsm.c */
int vfio_mig_get_next_state(struct vfio_device *device, enum vfio_device_mig_state cur_fsm,
			    enum vfio_device_mig_state new_fsm,
			    enum vfio_device_mig_state *next_fsm);

/* Fewer ranges than the user named: iova_ranges.c */
void vfio_combine_iova_ranges(struct rb_root_cached *root, u32 cur_nodes, u32 req_nodes);

/**
 * vfio_check_precopy_ioctl() - The argument of VFIO_MIG_GET_PRECOPY_INFO
 * @device: device whose stream got the ioctl
 * @cmd: number of the ioctl
 * @arg: the user's struct vfio_precopy_info
 * @info: copy of it for the driver to fill in; flags are 0 if the user reads them
 *        and what the user has there otherwise, to be written back as they are
 *
 * Return: 0; -ENOTTY for another ioctl, -EINVAL when argsz says that the struct is
 * too short, -EFAULT.
 */
static inline int vfio_check_precopy_ioctl(struct vfio_device *device, unsigned int cmd,
					   unsigned long arg, struct vfio_precopy_info *info)
{
	const size_t minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);

	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	if (copy_from_user(info, (void __user *)arg, minsz))
		return -EFAULT;
	if (info->argsz < minsz)
		return -EINVAL;
	if (READ_ONCE(device->precopy_info_v2))
		info->flags = 0;
	return 0;
}

/* An eventfd whose signals run a function in the kernel; opaque, see virqfd.c */
struct virqfd;

int vfio_virqfd_enable(void *opaque, int (*handler)(void *opaque, void *data),
		       void (*thread)(void *opaque, void *data), void *data,
		       struct virqfd **pvirqfd, int fd);
void vfio_virqfd_disable(struct virqfd **pvirqfd);
void vfio_virqfd_flush_thread(struct virqfd **pvirqfd);

#endif /* VFIO_H */
