// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vfio/vfio: a container, that is memory mapped for the devices of one or
 * more groups.
 *
 * A file of the node is an empty container.  Groups join it, a backend is chosen
 * for them, and from then on it is the backend that answers ioctls.  Whoever joins
 * later finds the mappings that are there.  When the last group leaves, the backend
 * goes with all mappings, and the container is as new.  The file and the groups
 * hold a reference each: groups may stay after the file is closed.
 *
 * Owns struct vfio_container, and the ownership of DMA of the groups in it.
 *
 * vfio_container.lock is held for writing while the backend is chosen or given up
 * and while groups come and go, for reading around ioctls, which so run in parallel.
 * It is inside of vfio_group.lock and outside of vfio_iommu_drivers_lock and of
 * the backend's locks.  What an open device needs of its container is used without
 * it: a group with an open device stays, so the backend does, and its operations may
 * be called out of an ioctl that has the lock already.
 *
 * Called by the VFS, group_file.c and dma.c.
 */
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>

#include "vfio.h"

/**
 * struct vfio_container - Memory that is mapped for groups
 * @kref: one reference of the file, one of each group
 * @lock: protects what follows; readers may use it
 * @members: groups, in the order in which they joined; all with an IOMMU of sorts,
 *           or none
 * @ops: the backend, whose module is pinned; NULL until one is chosen, and when
 *       @members is empty
 * @data: what the backend knows the container by
 */
struct vfio_container {
	struct kref kref;
	struct rw_semaphore lock;	/* see above */
	struct list_head members;
	const struct vfio_iommu_driver_ops *ops;
	void *data;
};

static struct vfio_container_member *vfio_container_first(struct vfio_container *container)
{
	lockdep_assert_held(&container->lock);
	return list_first_entry_or_null(&container->members, struct vfio_container_member, entry);
}

static bool vfio_member_confined(struct vfio_container_member *member)
{
	return member->type != VFIO_NO_IOMMU;
}

/* Which backends come into question depends on who is there already */
static unsigned int vfio_container_backends(struct vfio_container *container)
{
	struct vfio_container_member *first = vfio_container_first(container);

	if (!first)
		return VFIO_BACKENDS_IOMMU | VFIO_BACKENDS_NOIOMMU;
	return vfio_member_confined(first) ? VFIO_BACKENDS_IOMMU : VFIO_BACKENDS_NOIOMMU;
}

/* ---- Groups come and go */

static int vfio_container_own_dma(struct vfio_container_member *member)
{
	if (member->type != VFIO_IOMMU)
		return 0;
	return iommu_group_claim_dma_owner(member->iommu_group, member);
}

static void vfio_container_disown_dma(struct vfio_container_member *member)
{
	if (member->type == VFIO_IOMMU)
		iommu_group_release_dma_owner(member->iommu_group);
}

static int vfio_container_join(struct vfio_container *container,
			       struct vfio_container_member *member)
{
	struct vfio_container_member *first = vfio_container_first(container);
	int ret;

	if (first && vfio_member_confined(first) != vfio_member_confined(member))
		return -EPERM;

	ret = vfio_container_own_dma(member);
	if (ret)
		return ret;
	if (container->ops) {
		ret = container->ops->attach_group(container->data, member->iommu_group,
						   member->type);
		if (ret) {
			vfio_container_disown_dma(member);
			return ret;
		}
	}
	list_add_tail(&member->entry, &container->members);
	return 0;
}

static void vfio_container_drop_backend(struct vfio_container *container)
{
	lockdep_assert_held_write(&container->lock);

	container->ops->release(container->data);
	module_put(container->ops->owner);
	container->ops = NULL;
	container->data = NULL;
}

static void vfio_container_leave(struct vfio_container *container,
				 struct vfio_container_member *member)
{
	lockdep_assert_held_write(&container->lock);

	list_del(&member->entry);
	if (container->ops)
		container->ops->detach_group(container->data, member->iommu_group);
	vfio_container_disown_dma(member);
	if (container->ops && list_empty(&container->members))
		vfio_container_drop_backend(container);
}

static void vfio_container_release(struct kref *kref)
{
	struct vfio_container *container = container_of(kref, struct vfio_container, kref);

	WARN_ON(!list_empty(&container->members));
	kfree(container);
}

/**
 * vfio_container_put() - Drop a reference
 * @container: the container
 *
 * Context: Any.
 */
VISIBLE_IF_KUNIT void vfio_container_put(struct vfio_container *container)
{
	kref_put(&container->kref, vfio_container_release);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_put);

/**
 * vfio_container_attach() - Let a group join a container
 * @container: the container
 * @member: the group's place, in no container
 * @iommu_group: the group, whose reference the caller keeps
 * @type: what its devices are
 *
 * DMA of a group with an IOMMU belongs to the container from here on: it goes
 * nowhere that the backend has not mapped, nowhere at all without one.
 *
 * Context: May sleep.  The caller serialises the calls for @member.
 * Return: 0; -EPERM groups with and without an IOMMU don't go together, or another
 * has DMA of the group; -EBUSY the IOMMU is in other use; -ENOMEM; or what the
 * backend says.
 */
int vfio_container_attach(struct vfio_container *container, struct vfio_container_member *member,
			  struct iommu_group *iommu_group, enum vfio_group_type type)
{
	int ret;

	member->iommu_group = iommu_group;
	member->type = type;

	guard(rwsem_write)(&container->lock);
	ret = vfio_container_join(container, member);
	if (ret)
		return ret;
	kref_get(&container->kref);
	member->container = container;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_attach);

/**
 * vfio_container_detach() - Undo vfio_container_attach()
 * @member: the group's place, in a container; none of its devices is open
 *
 * Context: May sleep.  The caller serialises the calls for @member.
 */
void vfio_container_detach(struct vfio_container_member *member)
{
	struct vfio_container *container = member->container;

	scoped_guard(rwsem_write, &container->lock)
		vfio_container_leave(container, member);
	member->container = NULL;
	vfio_container_put(container);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_detach);

/**
 * vfio_container_ready() - May devices of a group be opened?
 * @member: the group's place, in a container
 *
 * Context: May sleep.
 * Return: true if a backend has been chosen.  It stays as long as the group does.
 */
bool vfio_container_ready(struct vfio_container_member *member)
{
	guard(rwsem_read)(&member->container->lock);
	return member->container->ops;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_ready);

/* ---- Ioctls */

static long vfio_container_check_extension(struct vfio_container *container, unsigned long arg)
{
	guard(rwsem_read)(&container->lock);
	if (container->ops)
		return container->ops->ioctl(container->data, VFIO_CHECK_EXTENSION, arg);
	return vfio_iommu_drivers_check(vfio_container_backends(container), arg);
}

/**
 * struct vfio_container_wish - What a backend is tried for
 * @container: the container; its lock is held for writing
 * @arg: argument of VFIO_SET_IOMMU
 */
struct vfio_container_wish {
	struct vfio_container *container;
	unsigned long arg;
};

/* Groups are attached in the order in which they joined, all or none */
static int vfio_container_use(const struct vfio_iommu_driver_ops *ops, void *opaque)
{
	struct vfio_container_wish *wish = opaque;
	struct vfio_container *container = wish->container;
	struct vfio_container_member *member;
	void *data;
	int ret;

	lockdep_assert_held_write(&container->lock);

	data = ops->open(wish->arg);
	if (IS_ERR(data))
		return PTR_ERR(data);

	list_for_each_entry(member, &container->members, entry) {
		ret = ops->attach_group(data, member->iommu_group, member->type);
		if (ret)
			goto err_detach;
	}
	container->ops = ops;
	container->data = data;
	return 0;

err_detach:
	list_for_each_entry_continue_reverse(member, &container->members, entry)
		ops->detach_group(data, member->iommu_group);
	ops->release(data);
	return ret;
}

static long vfio_container_set_iommu(struct vfio_container *container, unsigned long arg)
{
	struct vfio_container_wish wish = { .container = container, .arg = arg };

	guard(rwsem_write)(&container->lock);
	if (list_empty(&container->members) || container->ops)
		return -EINVAL;
	return vfio_iommu_drivers_try(vfio_container_backends(container), arg,
				      vfio_container_use, &wish);
}

static long vfio_container_get_api_version(struct vfio_container *container, unsigned long arg)
{
	return VFIO_API_VERSION;
}

static const struct {
	unsigned int cmd;
	long (*fn)(struct vfio_container *container, unsigned long arg);
} vfio_container_ioctls[] = {
	{ VFIO_GET_API_VERSION,	vfio_container_get_api_version },
	{ VFIO_CHECK_EXTENSION,	vfio_container_check_extension },
	{ VFIO_SET_IOMMU,	vfio_container_set_iommu },
};

/**
 * vfio_container_ioctl() - An ioctl of a container
 * @container: the container
 * @cmd: which one
 * @arg: a number, or an address of user space
 *
 * Context: May sleep.
 * Return: what the ioctl says; -EINVAL no backend has been chosen that could know
 * it.
 */
VISIBLE_IF_KUNIT long vfio_container_ioctl(struct vfio_container *container, unsigned int cmd,
					   unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vfio_container_ioctls); i++)
		if (vfio_container_ioctls[i].cmd == cmd)
			return vfio_container_ioctls[i].fn(container, arg);

	guard(rwsem_read)(&container->lock);
	if (!container->ops)
		return -EINVAL;
	return container->ops->ioctl(container->data, cmd, arg);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_ioctl);

/* ---- What open emulated devices want of memory; without the lock, see above */

/**
 * vfio_container_add_device() - A device of a group has been opened
 * @member: the group's place; vfio_container_ready()
 * @device: the device
 *
 * From here on its driver hears of mappings that go away while it has pages pinned.
 *
 * Context: May sleep.  Called with dev_set->lock held.
 */
void vfio_container_add_device(struct vfio_container_member *member, struct vfio_device *device)
{
	const struct vfio_iommu_driver_ops *ops = member->container->ops;

	if (device->ops->dma_unmap && ops->register_device)
		ops->register_device(member->container->data, device);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_add_device);

/**
 * vfio_container_remove_device() - Undo vfio_container_add_device()
 * @member: the group's place
 * @device: device that its driver has closed
 *
 * Context: May sleep.  Called with dev_set->lock held.
 */
void vfio_container_remove_device(struct vfio_container_member *member,
				  struct vfio_device *device)
{
	const struct vfio_iommu_driver_ops *ops = member->container->ops;

	if (device->ops->dma_unmap && ops->unregister_device)
		ops->unregister_device(member->container->data, device);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_remove_device);

/**
 * vfio_container_pin_pages() - vfio_pin_pages() by the container
 * @member: place of the group whose device is open
 * @iova: where the pages are mapped, page aligned, no wrap up to the end
 * @npage: how many, at most VFIO_PIN_PAGES_MAX_ENTRIES
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @pages: where to store them
 *
 * Context: May sleep.
 * Return: @npage; -ENOTTY the backend cannot; or what it says.
 */
int vfio_container_pin_pages(struct vfio_container_member *member, dma_addr_t iova, int npage,
			     int prot, struct page **pages)
{
	const struct vfio_iommu_driver_ops *ops = member->container->ops;

	if (!ops->pin_pages)
		return -ENOTTY;
	return ops->pin_pages(member->container->data, member->iommu_group, iova, npage, prot,
			      pages);
}

/**
 * vfio_container_unpin_pages() - vfio_unpin_pages() by the container
 * @member: place of the group whose device is open
 * @iova: where the pages are mapped, page aligned
 * @npage: how many
 *
 * Context: May sleep.
 */
void vfio_container_unpin_pages(struct vfio_container_member *member, dma_addr_t iova,
				int npage)
{
	const struct vfio_iommu_driver_ops *ops = member->container->ops;

	if (ops->unpin_pages)
		ops->unpin_pages(member->container->data, iova, npage);
}

/**
 * vfio_container_dma_rw() - vfio_dma_rw() by the container
 * @member: place of the group whose device is open
 * @iova: where the memory is mapped
 * @buf: the kernel's side
 * @count: bytes
 * @write: to the user's memory
 *
 * Context: May sleep.
 * Return: 0; -ENOTTY the backend cannot; or what it says.
 */
int vfio_container_dma_rw(struct vfio_container_member *member, dma_addr_t iova, void *buf,
			  size_t count, bool write)
{
	const struct vfio_iommu_driver_ops *ops = member->container->ops;

	if (!ops->dma_rw)
		return -ENOTTY;
	return ops->dma_rw(member->container->data, iova, buf, count, write);
}

/* ---- The node */

/**
 * vfio_container_alloc() - Make an empty container
 *
 * Context: May sleep.
 * Return: the container with one reference, or NULL.
 */
VISIBLE_IF_KUNIT struct vfio_container *vfio_container_alloc(void)
{
	struct vfio_container *container = kzalloc_obj(*container, GFP_KERNEL_ACCOUNT);

	if (!container)
		return NULL;
	kref_init(&container->kref);
	init_rwsem(&container->lock);
	INIT_LIST_HEAD(&container->members);
	return container;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_container_alloc);

static int vfio_container_fops_open(struct inode *inode, struct file *file)
{
	struct vfio_container *container = vfio_container_alloc();

	if (!container)
		return -ENOMEM;
	file->private_data = container;
	return 0;
}

static int vfio_container_fops_release(struct inode *inode, struct file *file)
{
	vfio_container_put(file->private_data);
	return 0;
}

static long vfio_container_fops_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return vfio_container_ioctl(file->private_data, cmd, arg);
}

static const struct file_operations vfio_container_fops = {
	.owner		= THIS_MODULE,
	.open		= vfio_container_fops_open,
	.release	= vfio_container_fops_release,
	.unlocked_ioctl	= vfio_container_fops_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

/**
 * vfio_container_of_file() - Is this the file of a container?
 * @file: any file
 *
 * Context: Any.
 * Return: the container, which lives as long as @file; NULL if it is another file.
 */
struct vfio_container *vfio_container_of_file(struct file *file)
{
	return file->f_op == &vfio_container_fops ? file->private_data : NULL;
}

/* Everybody may have an empty container; it takes a group to do anything */
static struct miscdevice vfio_container_misc = {
	.minor		= VFIO_MINOR,
	.name		= "vfio",
	.nodename	= "vfio/vfio",
	.fops		= &vfio_container_fops,
	.mode		= 0666,
};

/**
 * vfio_container_init() - Make the node
 *
 * Return: 0, -EBUSY somebody else has the number, -ENOMEM, or what the driver core
 * says.
 */
int vfio_container_init(void)
{
	return misc_register(&vfio_container_misc);
}

/**
 * vfio_container_exit() - Undo vfio_container_init()
 */
void vfio_container_exit(void)
{
	misc_deregister(&vfio_container_misc);
}

/* So that opening the node loads the module */
MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
