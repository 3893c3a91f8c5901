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

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>

struct vfio_device_file;
struct vfio_group;

/* ---- kvm.c: the reference to a virtual machine behind an open device */

/**
 * struct vfio_kvm_slot - Where a file remembers the machine it was told about
 * @lock: protects @kvm
 * @kvm: the machine, no reference; KVM clears it before the machine goes away
 */
struct vfio_kvm_slot {
	spinlock_t lock;	/* protects kvm */
	struct kvm *kvm;
};

void vfio_kvm_slot_init(struct vfio_kvm_slot *slot);
void vfio_kvm_slot_set(struct vfio_kvm_slot *slot, struct kvm *kvm);
void vfio_device_get_kvm(struct vfio_device *device, struct vfio_kvm_slot *slot);
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

/* ---- migration_fsm.c: the states of a device that migrates */

const char *vfio_mig_state_name(unsigned int state);
#if IS_ENABLED(CONFIG_KUNIT)
bool vfio_mig_state_known(u64 flags, unsigned int state);
int vfio_mig_next(u64 flags, unsigned int cur, unsigned int want, unsigned int *next);
#endif

/* ---- virqfd.c: functions that run when an eventfd is signalled */

#if IS_ENABLED(CONFIG_VFIO_VIRQFD)
int vfio_virqfd_init(void);
void vfio_virqfd_exit(void);
#else
static inline int vfio_virqfd_init(void) { return 0; }
static inline void vfio_virqfd_exit(void) { }
#endif

/* ---- dma_target.c: memory of devices that other devices reach */

struct vfio_dma_target;

/**
 * struct vfio_dma_target_ops - How DMA into a device's memory starts and stops
 * @start: let it through; 0, or a negative errno with nothing let through
 * @stop: when it returns, none arrives; what @start has done, or nothing, is undone
 *
 * They are called with a lock that vfio_dma_target_add() and
 * vfio_dma_target_remove() take, and from @stop and @start of the device's driver:
 * they must not touch user memory, nor wait for who does, nor call into a device.
 */
struct vfio_dma_target_ops {
	int (*start)(struct vfio_dma_target *target);
	void (*stop)(struct vfio_dma_target *target);
};

/**
 * struct vfio_dma_target - Memory of a device that others may reach by DMA
 * @ops: set before the target is added
 * @owner: the device's, a reference while added
 * @entry: link in the device's list, empty after the device has been closed
 * @started: between ops->start and ops->stop
 *
 * All but @ops is private to dma_target.c.
 */
struct vfio_dma_target {
	const struct vfio_dma_target_ops *ops;
	struct vfio_dma_targets *owner;
	struct list_head entry;
	bool started;
};

int vfio_dma_targets_init(struct vfio_device *device);
void vfio_dma_targets_exit(struct vfio_device *device);
void vfio_dma_targets_open(struct vfio_device *device);
void vfio_dma_targets_close(struct vfio_device *device);
int vfio_dma_target_add(struct vfio_dma_target *target, struct vfio_device *device);
void vfio_dma_target_remove(struct vfio_dma_target *target);

/* ---- device.c: names, nodes and registration references */

int vfio_devices_init(void);
void vfio_devices_exit(void);
int vfio_device_name(struct vfio_device *device);
void vfio_device_unname(struct vfio_device *device);
void vfio_device_initialize(struct vfio_device *device, void (*release)(struct device *dev));
int vfio_device_add(struct vfio_device *device, const struct file_operations *fops);
void vfio_device_del(struct vfio_device *device);
void vfio_device_drain(struct vfio_device *device);

/* ---- migration.c, migration_debugfs.c: the state of a device, for its user */

int vfio_migration_check(struct vfio_device *device);
void vfio_migration_closed(struct vfio_device *device);
int vfio_migration_present(struct vfio_device *device);
int vfio_migration_get(struct vfio_device *device, void __user *uarg);
int vfio_mig_state_get(struct vfio_device *device, void __user *uarg);
int vfio_mig_state_set(struct vfio_device *device, void __user *uarg);
int vfio_mig_data_size_get(struct vfio_device *device, void __user *uarg);
int vfio_precopy_info_present(struct vfio_device *device);
int vfio_precopy_info_set(struct vfio_device *device, void __user *uarg);
#ifdef CONFIG_VFIO_DEBUGFS
void vfio_migration_debugfs_add(struct vfio_device *device);
#else
static inline void vfio_migration_debugfs_add(struct vfio_device *device) { }
#endif

/* ---- dma_logging.c: which memory a device has written */

int vfio_dma_logging_check(struct vfio_device *device);
int vfio_dma_logging_present(struct vfio_device *device);
int vfio_dma_logging_start(struct vfio_device *device, void __user *uarg);
int vfio_dma_logging_stop(struct vfio_device *device, void __user *uarg);
int vfio_dma_logging_report(struct vfio_device *device, void __user *uarg);
#if IS_ENABLED(CONFIG_KUNIT)
struct interval_tree_node;
int vfio_log_ranges_build(const struct vfio_device_feature_dma_logging_range *ranges, u32 nr,
			  u64 page_size, struct rb_root_cached *root,
			  struct interval_tree_node *nodes);
#endif

/* ---- iommu_driver.c: what maps memory for the groups of a container */

/**
 * enum vfio_group_type - What stands between a group's devices and memory
 * @VFIO_IOMMU: an IOMMU
 * @VFIO_EMULATED_IOMMU: their driver, the devices do no DMA of their own
 * @VFIO_NO_IOMMU: nothing
 */
enum vfio_group_type {
	VFIO_IOMMU,
	VFIO_EMULATED_IOMMU,
	VFIO_NO_IOMMU,
};

/**
 * struct vfio_iommu_driver_ops - A backend: one way to map memory for devices
 * @name: of the backend, for messages
 * @owner: module that holds the code; it stays loaded while a container uses it
 * @open: make what serves one container, as VFIO_SET_IOMMU with the value @arg
 *        wants it; an ERR_PTR() if the backend has nothing of that kind.  What
 *        it returns is the @data of all other operations
 * @release: undo @open; all groups are detached, nobody is inside of another
 *           operation
 * @ioctl: every ioctl of the container that the core does not answer itself,
 *         also from several threads at once.  VFIO_CHECK_EXTENSION may come with
 *         @data NULL, when no backend has been chosen yet; no other does.
 *         -ENOTTY for what the backend does not know
 * @attach_group: let the devices of a group do DMA through the mappings there
 *                are and those to come.  The core owns DMA of a group of type
 *                VFIO_IOMMU by then, and for as long as it is attached; a group
 *                of type VFIO_EMULATED_IOMMU does no DMA and has no IOMMU, its
 *                drivers reach memory by @pin_pages and @dma_rw
 * @detach_group: undo @attach_group; all devices of the group are closed
 * @pin_pages: keep the memory behind @npage pages (1 to VFIO_PIN_PAGES_MAX_ENTRIES)
 *             from @iova, which is page aligned and does not wrap, in place for
 *             an emulated device of @group, which is attached; @prot is a set of
 *             IOMMU_READ and IOMMU_WRITE.  Returns @npage with all of @pages
 *             filled in, or a negative errno with nothing pinned.  Optional:
 *             without it vfio_pin_pages() is refused
 * @unpin_pages: let go of what @pin_pages gave, @iova and @npage as there; pages
 *               that are not pinned are left alone.  Comes with @pin_pages.  Also
 *               called out of the device's dma_unmap operation
 * @register_device: an emulated device whose driver can pin pages has been
 *                   opened: call its dma_unmap operation when the user unmaps
 *                   memory that is pinned, with no lock held that @unpin_pages or
 *                   @dma_rw takes; optional
 * @unregister_device: undo @register_device: the device is closed and has nothing
 *                     pinned.  No call of its dma_unmap is under way any more when
 *                     this returns.  Comes with @register_device
 * @dma_rw: copy @count bytes from memory at @iova to @buf, or the other way if
 *          @write; all or a negative errno.  Optional: without it vfio_dma_rw()
 *          is refused
 *
 * Every operation may sleep.  @open, @release, @attach_group and @detach_group
 * of one @data never run together, and not beside another operation of it, with
 * the exception of @pin_pages, @unpin_pages, @dma_rw, @register_device and
 * @unregister_device: they come at any time between @attach_group and
 * @detach_group of the device's group.  Those five and @ioctl also run beside one
 * another.
 */
struct vfio_iommu_driver_ops {
	char *name;
	struct module *owner;
	void *(*open)(unsigned long arg);
	void (*release)(void *data);
	long (*ioctl)(void *data, unsigned int cmd, unsigned long arg);
	int (*attach_group)(void *data, struct iommu_group *group, enum vfio_group_type type);
	void (*detach_group)(void *data, struct iommu_group *group);
	int (*pin_pages)(void *data, struct iommu_group *group, dma_addr_t iova, int npage,
			 int prot, struct page **pages);
	void (*unpin_pages)(void *data, dma_addr_t iova, int npage);
	void (*register_device)(void *data, struct vfio_device *vdev);
	void (*unregister_device)(void *data, struct vfio_device *vdev);
	int (*dma_rw)(void *data, dma_addr_t iova, void *buf, size_t count, bool write);
};

int vfio_register_iommu_driver(const struct vfio_iommu_driver_ops *ops);
void vfio_unregister_iommu_driver(const struct vfio_iommu_driver_ops *ops);

/* Which backends are asked: those that program an IOMMU, the one without */
#define VFIO_BACKENDS_IOMMU	BIT(0)
#define VFIO_BACKENDS_NOIOMMU	BIT(1)

long vfio_iommu_drivers_check(unsigned int backends, unsigned long arg);
int vfio_iommu_drivers_try(unsigned int backends, unsigned long arg,
			   int (*use)(const struct vfio_iommu_driver_ops *ops, void *opaque),
			   void *opaque);

/* ---- group_devices.c: the devices of an IOMMU group, one after the other */

/* Opaque: a position among devices that stay, whatever becomes of the group */
struct vfio_group_devices;

struct vfio_group_devices *vfio_group_devices_begin(struct iommu_group *group);
struct device *vfio_group_devices_next(struct vfio_group_devices *devices);
void vfio_group_devices_end(struct vfio_group_devices *devices);

DEFINE_FREE(vfio_group_devices, struct vfio_group_devices *, vfio_group_devices_end(_T))

/* ---- noiommu.c: devices that nothing confines */

#if IS_ENABLED(CONFIG_VFIO_NOIOMMU)
extern const struct vfio_iommu_driver_ops vfio_noiommu_driver_ops;
#define VFIO_NOIOMMU_DRIVER	(&vfio_noiommu_driver_ops)
bool vfio_noiommu_allowed(void);
#else
#define VFIO_NOIOMMU_DRIVER	((const struct vfio_iommu_driver_ops *)NULL)
static inline bool vfio_noiommu_allowed(void) { return false; }
#endif

/* ---- iommufd.c, iommufd_emulated.c: devices as objects of an iommufd */

#if IS_ENABLED(CONFIG_IOMMUFD)
int vfio_iommufd_attach_compat_ioas(struct vfio_device *device, struct iommufd_ctx *ictx);
#else
static inline int vfio_iommufd_attach_compat_ioas(struct vfio_device *device,
						  struct iommufd_ctx *ictx)
{
	return -EOPNOTSUPP;
}
#endif

/* ---- container.c: /dev/vfio/vfio */

struct vfio_container;

/**
 * struct vfio_container_member - The place of a group in a container
 * @container: the container, a reference; or NULL.  Changes under the lock that
 *             the owner of this struct calls the functions below with
 * @iommu_group: the group, while @container is set; its owner has the reference
 * @type: what its devices are
 * @entry: link in the container's list, in the order of joining; protected by
 *         the container's lock
 */
struct vfio_container_member {
	struct vfio_container *container;
	struct iommu_group *iommu_group;
	enum vfio_group_type type;
	struct list_head entry;
};

#if IS_ENABLED(CONFIG_VFIO_CONTAINER)
int vfio_container_init(void);
void vfio_container_exit(void);
struct vfio_container *vfio_container_of_file(struct file *file);
int vfio_container_attach(struct vfio_container *container, struct vfio_container_member *member,
			  struct iommu_group *iommu_group, enum vfio_group_type type);
void vfio_container_detach(struct vfio_container_member *member);
bool vfio_container_ready(struct vfio_container_member *member);
void vfio_container_add_device(struct vfio_container_member *member, struct vfio_device *device);
void vfio_container_remove_device(struct vfio_container_member *member,
				  struct vfio_device *device);
int vfio_container_pin_pages(struct vfio_container_member *member, dma_addr_t iova, int npage,
			     int prot, struct page **pages);
void vfio_container_unpin_pages(struct vfio_container_member *member, dma_addr_t iova,
				int npage);
int vfio_container_dma_rw(struct vfio_container_member *member, dma_addr_t iova, void *buf,
			  size_t count, bool write);
#if IS_ENABLED(CONFIG_KUNIT)
struct vfio_container *vfio_container_alloc(void);
void vfio_container_put(struct vfio_container *container);
long vfio_container_ioctl(struct vfio_container *container, unsigned int cmd, unsigned long arg);
#endif
#else
static inline int vfio_container_init(void) { return 0; }
static inline void vfio_container_exit(void) { }
static inline struct vfio_container *vfio_container_of_file(struct file *file) { return NULL; }
static inline int vfio_container_attach(struct vfio_container *container,
					struct vfio_container_member *member,
					struct iommu_group *iommu_group,
					enum vfio_group_type type)
{
	return -EBADFD;
}

static inline void vfio_container_detach(struct vfio_container_member *member) { }
static inline bool vfio_container_ready(struct vfio_container_member *member) { return false; }
static inline void vfio_container_add_device(struct vfio_container_member *member,
					     struct vfio_device *device) { }
static inline void vfio_container_remove_device(struct vfio_container_member *member,
						struct vfio_device *device) { }
static inline int vfio_container_pin_pages(struct vfio_container_member *member,
					   dma_addr_t iova, int npage, int prot,
					   struct page **pages)
{
	return -EINVAL;
}

static inline void vfio_container_unpin_pages(struct vfio_container_member *member,
					      dma_addr_t iova, int npage) { }
static inline int vfio_container_dma_rw(struct vfio_container_member *member, dma_addr_t iova,
					void *buf, size_t count, bool write)
{
	return -EINVAL;
}
#endif

/* ---- feature.c: VFIO_DEVICE_FEATURE */

long vfio_device_ioctl_feature(struct vfio_device *device, void __user *uarg);

/* ---- mmap_place.c: addresses of mappings, with CONFIG_MMU */

unsigned long vfio_mmap_place(struct vfio_device *device, struct file *file,
			      unsigned long addr, unsigned long len, unsigned long pgoff,
			      unsigned long flags);
#if IS_ENABLED(CONFIG_KUNIT)
bool vfio_mmap_leaf_fits(u64 phys, u64 len, u64 size);
unsigned long vfio_mmap_shift(unsigned long start, u64 phys, unsigned long size);
#endif

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
 * @attach_dma: give the device, which its driver has opened, the mappings that
 *              it starts with; dev_set->lock is held; optional
 * @detach_dma: undo @attach_dma after the driver has closed the device;
 *              dev_set->lock is held; optional
 * @stop_dma: undo @start_dma, and @attach_dma where there is no @detach_dma, after
 *            the driver has closed the device; dev_set->lock is held
 * @release: the file goes away: close the device if it is open through it,
 *           drop what keeps the device
 */
struct vfio_device_file_ops {
	const struct vfio_path_ioctl *ioctls;
	int (*start_dma)(struct vfio_device_file *df);
	int (*attach_dma)(struct vfio_device_file *df);
	void (*detach_dma)(struct vfio_device_file *df);
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
 * @own_kvm: virtual machine that the user has told KVM this very file for
 * @kvm: the machine that the device gets to know when it is opened: @own_kvm, or
 *       that of the group's file
 * @iommufd: the iommufd that the file is being bound to, while dev_set->lock
 *           is held for that; in the cdev path a reference once it is bound
 * @devid: id of the device in @iommufd; protected by dev_set->lock
 * @group_file: the group's file, a reference, if that was connected to a container
 *              when the device was opened; or NULL
 */
struct vfio_device_file {
	struct vfio_device *device;
	const struct vfio_device_file_ops *ops;
	u8 access_granted;
	struct vfio_kvm_slot own_kvm;
	struct vfio_kvm_slot *kvm;
	struct iommufd_ctx *iommufd;
	u32 devid;
	struct file *group_file;
};

extern const struct file_operations vfio_device_fops;

struct vfio_device_file *vfio_device_file_alloc(struct vfio_device *device,
						const struct vfio_device_file_ops *ops);
void vfio_device_file_install(struct vfio_device_file *df, struct file *file);
int vfio_device_file_open(struct vfio_device_file *df);
void vfio_device_file_close(struct vfio_device_file *df);
void vfio_device_file_grant(struct vfio_device_file *df);
bool vfio_device_file_has_access(struct vfio_device_file *df);

/* ---- group_file.c: /dev/vfio/<group> */

/**
 * struct vfio_group - Devices that are handed out as one
 * @dev: the object in class vfio, it carries the reference count
 * @cdev: the node; an open file holds a reference on it, and so on @dev
 * @type: what its devices are; constant
 * @nr_devices: registered devices, and those whose unregistration has not
 *              ended; protected by vfio_groups_lock in group.c
 * @members_lock: protects @members, inside of all other locks here
 * @members: devices that can be opened, linked by vfio_device.group_entry
 * @lock: protects what follows, and serialises opening and closing of devices
 *        through the group; outside of dev_set->lock
 * @iommu_group: reference; NULL after the last device has left
 * @file: the file that has the group open, no reference; or NULL
 * @iommufd: what @file has been connected to, a reference; or NULL
 * @seat: the container that @file has been connected to instead, if any
 * @container_files: open files of devices that came by that container
 * @cdev_users: devices that are bound by their own nodes; 0 while @file is set
 * @kvm: the machine that @file belongs to; has its own lock
 */
struct vfio_group {
	struct device dev;
	struct cdev cdev;
	enum vfio_group_type type;
	unsigned int nr_devices;
	struct mutex members_lock;	/* see above */
	struct list_head members;
	struct mutex lock;		/* see above */
	struct iommu_group *iommu_group;
	struct file *file;
	struct iommufd_ctx *iommufd;
	struct vfio_container_member seat;
	unsigned int container_files;
	unsigned int cdev_users;
	struct vfio_kvm_slot kvm;
};

extern const struct file_operations vfio_group_fops;

#if IS_ENABLED(CONFIG_VFIO_GROUP)
struct iommu_group *vfio_group_file_orphan(struct vfio_group *group);
int vfio_group_cdev_begin(struct vfio_group *group);
void vfio_group_cdev_end(struct vfio_group *group);
struct vfio_group *vfio_group_of_file(struct file *file);
bool vfio_group_enforced_coherent(struct vfio_group *group);
#else
static inline int vfio_group_cdev_begin(struct vfio_group *group) { return 0; }
static inline void vfio_group_cdev_end(struct vfio_group *group) { }
static inline struct vfio_group *vfio_group_of_file(struct file *file) { return NULL; }
static inline bool vfio_group_enforced_coherent(struct vfio_group *group) { return true; }
#endif

/* ---- group.c: which groups there are, and who is in them */

#if IS_ENABLED(CONFIG_VFIO_GROUP)
int vfio_groups_init(void);
void vfio_groups_exit(void);
int vfio_group_join(struct vfio_device *device);
void vfio_group_leave(struct vfio_device *device);
void vfio_group_show(struct vfio_device *device);
void vfio_group_hide(struct vfio_device *device);
#else
static inline int vfio_groups_init(void) { return 0; }
static inline void vfio_groups_exit(void) { }
static inline int vfio_group_join(struct vfio_device *device) { return 0; }
static inline void vfio_group_leave(struct vfio_device *device) { }
static inline void vfio_group_show(struct vfio_device *device) { }
static inline void vfio_group_hide(struct vfio_device *device) { }
#endif

/* ---- vfio_file.c: what others may ask of a file */

struct vfio_device *vfio_file_device(struct file *file);

/* ---- device_cdev.c: /dev/vfio/devices/vfio<X> */

#if IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV)
extern const struct file_operations vfio_device_cdev_fops;
#define VFIO_CDEV_FOPS	(&vfio_device_cdev_fops)
#else
#define VFIO_CDEV_FOPS	NULL
#endif

#endif /* VFIO_PRIVATE_H */
