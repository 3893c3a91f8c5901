// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of dma.c: where the requests of an emulated device's driver go, by a
 * container with a backend of the test's own, and by a real iommufd.
 *
 * CVE-2023-54174: what a group is connected to was used before it was set; here
 * every way is asked for pages before the device is attached to anything.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/path.h>
#include <linux/pid.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "../vfio.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_IMPORT_NS("IOMMUFD");
MODULE_IMPORT_NS("IOMMUFD_VFIO");

#define EXT_DMA		2001
#define EXT_PLAIN	2002
#define IOVA		0x10000000UL
#define TOO_MANY	((int)VFIO_PIN_PAGES_MAX_ENTRIES + 1)

/* What the backend, and the driver, were told last */
static struct {
	struct vfio_device *device;
	struct iommu_group *iommu_group;
	struct vfio_container *container;
	struct vfio_container_member member;
	struct page *pages[2];
	unsigned int calls;
	struct iommu_group *pin_group;
	dma_addr_t iova;
	u64 length;
	int npage, prot;
	bool write;
	struct vfio_device *listener;
	unsigned int unmaps;
	u64 unmap_iova, unmap_length;
	int pinned;		/* pages from IOVA on */
} d;

static void dma_unmap(struct vfio_device *device, u64 iova, u64 length)
{
	d.unmaps++;
	d.unmap_iova = iova;
	d.unmap_length = length;
	if (d.pinned)
		vfio_unpin_pages(device, IOVA, d.pinned);
	d.pinned = 0;
}

static const struct vfio_device_ops dma_ops = {
	.name = "vfio-dma",
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
	.dma_unmap = dma_unmap,
};

static const struct vfio_device_ops deaf_ops = {
	.name = "vfio-deaf",
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/* ---- A backend */

static void *backend_open(unsigned long arg)
{
	return &d;
}

static void backend_release(void *data)
{
}

static long backend_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	return cmd == VFIO_CHECK_EXTENSION && arg == EXT_DMA;
}

static long plain_ioctl(void *data, unsigned int cmd, unsigned long arg)
{
	return cmd == VFIO_CHECK_EXTENSION && arg == EXT_PLAIN;
}

static int backend_attach(void *data, struct iommu_group *group, enum vfio_group_type type)
{
	return 0;
}

static void backend_detach(void *data, struct iommu_group *group)
{
}

static int backend_pin(void *data, struct iommu_group *group, dma_addr_t iova, int npage,
		       int prot, struct page **pages)
{
	d.calls++;
	d.pin_group = group;
	d.iova = iova;
	d.npage = npage;
	d.prot = prot;
	return npage == 13 ? -EXDEV : npage;
}

static void backend_unpin(void *data, dma_addr_t iova, int npage)
{
	d.calls++;
	d.iova = iova;
	d.npage = npage;
}

static int backend_rw(void *data, dma_addr_t iova, void *buf, size_t count, bool write)
{
	d.calls++;
	d.iova = iova;
	d.length = count;
	d.write = write;
	return count == 13 ? -EXDEV : 0;
}

static void backend_register(void *data, struct vfio_device *vdev)
{
	d.listener = vdev;
}

static void backend_unregister(void *data, struct vfio_device *vdev)
{
	d.listener = NULL;
}

static const struct vfio_iommu_driver_ops backend = {
	.name = "fake-dma",
	.open = backend_open,
	.release = backend_release,
	.ioctl = backend_ioctl,
	.attach_group = backend_attach,
	.detach_group = backend_detach,
	.pin_pages = backend_pin,
	.unpin_pages = backend_unpin,
	.dma_rw = backend_rw,
	.register_device = backend_register,
	.unregister_device = backend_unregister,
};

/* Like that for POWER, which knows no emulated devices */
static const struct vfio_iommu_driver_ops plain = {
	.name = "fake-plain",
	.open = backend_open,
	.release = backend_release,
	.ioctl = plain_ioctl,
	.attach_group = backend_attach,
	.detach_group = backend_detach,
};

static struct vfio_device *make_device(struct kunit *test, const struct vfio_device_ops *ops)
{
	struct device *dev = kunit_device_register(test, ops->name);
	struct vfio_device *device;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	device = _vfio_alloc_device(sizeof(*device), dev, ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, device);
	if (vfio_register_emulated_iommu_dev(device)) {
		vfio_put_device(device);
		KUNIT_FAIL_AND_ABORT(test, "no device");
	}
	/* As if a file of it were open */
	device->open_count = 1;
	return device;
}

static void drop_device(struct vfio_device *device)
{
	device->open_count = 0;
	vfio_unregister_group_dev(device);
	vfio_put_device(device);
}

static int dma_test_init(struct kunit *test)
{
	memset(&d, 0, sizeof(d));
	KUNIT_ASSERT_EQ(test, vfio_register_iommu_driver(&backend), 0);
	KUNIT_ASSERT_EQ(test, vfio_register_iommu_driver(&plain), 0);
	d.iommu_group = iommu_group_alloc();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, d.iommu_group);
	d.container = vfio_container_alloc();
	KUNIT_ASSERT_NOT_NULL(test, d.container);
	d.device = make_device(test, &dma_ops);
	return 0;
}

static void dma_test_exit(struct kunit *test)
{
	if (d.device)
		drop_device(d.device);
	if (d.member.container)
		vfio_container_detach(&d.member);
	if (d.container)
		vfio_container_put(d.container);
	if (!IS_ERR_OR_NULL(d.iommu_group))
		iommu_group_put(d.iommu_group);
	vfio_unregister_iommu_driver(&plain);
	vfio_unregister_iommu_driver(&backend);
}

/* As the group's file does when a device of it is opened */
static void take_seat(struct kunit *test, unsigned long ext)
{
	KUNIT_ASSERT_EQ(test, vfio_container_attach(d.container, &d.member, d.iommu_group,
						    VFIO_EMULATED_IOMMU), 0);
	KUNIT_ASSERT_EQ(test, vfio_container_ioctl(d.container, VFIO_SET_IOMMU, ext), 0);
	d.device->seat = &d.member;
}

static void bad_arguments(struct kunit *test)
{
	struct vfio_device *deaf = make_device(test, &deaf_ops);
	char byte;

	take_seat(test, EXT_DMA);
	deaf->seat = &d.member;
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, 1, IOMMU_READ, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, 0, IOMMU_READ, d.pages), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, -1, IOMMU_READ, d.pages), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, INT_MIN, IOMMU_READ, d.pages),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(deaf, IOVA, 1, IOMMU_READ, d.pages), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, TOO_MANY, IOMMU_READ, d.pages),
			-E2BIG);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, -PAGE_SIZE, 2, IOMMU_READ, d.pages),
			-EOVERFLOW);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, NULL, 1, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, &byte, 0, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, -1, &byte, 2, false), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, d.calls, 0);

	kunit_warning_suppress(test) {
		vfio_unpin_pages(d.device, IOVA, 0);
		vfio_unpin_pages(d.device, IOVA, -1);
		vfio_unpin_pages(deaf, IOVA, 1);
		vfio_unpin_pages(d.device, -PAGE_SIZE, 2);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 4);
	}
	KUNIT_EXPECT_EQ(test, d.calls, 0);
	deaf->seat = NULL;
	drop_device(deaf);
}

static void not_open(struct kunit *test)
{
	char byte;

	take_seat(test, EXT_DMA);
	d.device->open_count = 0;
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, 1, IOMMU_READ, d.pages),
				-EINVAL);
		KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, &byte, 1, false), -EINVAL);
		vfio_unpin_pages(d.device, IOVA, 1);
	}
	KUNIT_EXPECT_EQ(test, d.calls, 0);
}

/* Neither in a container nor bound: nobody to ask */
static void attached_to_nothing(struct kunit *test)
{
	char byte;

	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, 1, IOMMU_READ, d.pages), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, &byte, 1, true), -EINVAL);
	kunit_warning_suppress(test) {
		vfio_unpin_pages(d.device, IOVA, 1);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
}

static void to_container(struct kunit *test)
{
	char bytes[16];

	take_seat(test, EXT_DMA);
	/* What is below the size of a page does not get there */
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA + 5, 2, IOMMU_WRITE, d.pages), 2);
	KUNIT_EXPECT_PTR_EQ(test, d.pin_group, d.iommu_group);
	KUNIT_EXPECT_EQ(test, d.iova, IOVA);
	KUNIT_EXPECT_EQ(test, d.npage, 2);
	KUNIT_EXPECT_EQ(test, d.prot, IOMMU_WRITE);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, 13, IOMMU_READ, d.pages), -EXDEV);
	KUNIT_EXPECT_EQ(test, d.prot, IOMMU_READ);
	/* The most, and up to the very end */
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, TOO_MANY - 1, IOMMU_READ, d.pages),
			TOO_MANY - 1);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, -PAGE_SIZE, 1, IOMMU_READ, d.pages), 1);
	KUNIT_EXPECT_EQ(test, d.calls, 4);

	vfio_unpin_pages(d.device, IOVA + PAGE_SIZE + 1, 3);
	KUNIT_EXPECT_EQ(test, d.calls, 5);
	KUNIT_EXPECT_EQ(test, d.iova, IOVA + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, d.npage, 3);

	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA + 3, bytes, 16, true), 0);
	KUNIT_EXPECT_EQ(test, d.iova, IOVA + 3);
	KUNIT_EXPECT_EQ(test, d.length, 16);
	KUNIT_EXPECT_TRUE(test, d.write);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, bytes, 13, false), -EXDEV);
	KUNIT_EXPECT_FALSE(test, d.write);
	KUNIT_EXPECT_EQ(test, d.calls, 7);
}

static void backend_cannot(struct kunit *test)
{
	char byte;

	take_seat(test, EXT_PLAIN);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(d.device, IOVA, 1, IOMMU_READ, d.pages), -ENOTTY);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, &byte, 1, true), -ENOTTY);
	vfio_unpin_pages(d.device, IOVA, 1);
	vfio_container_add_device(&d.member, d.device);
	vfio_container_remove_device(&d.member, d.device);
	KUNIT_EXPECT_EQ(test, d.calls, 0);
}

/* Only who can let go of pages hears of mappings that go away */
static void listeners(struct kunit *test)
{
	struct vfio_device *deaf = make_device(test, &deaf_ops);

	take_seat(test, EXT_DMA);
	vfio_container_add_device(&d.member, deaf);
	KUNIT_EXPECT_NULL(test, d.listener);
	vfio_container_add_device(&d.member, d.device);
	KUNIT_EXPECT_PTR_EQ(test, d.listener, d.device);
	vfio_container_remove_device(&d.member, deaf);
	KUNIT_EXPECT_PTR_EQ(test, d.listener, d.device);
	vfio_container_remove_device(&d.member, d.device);
	KUNIT_EXPECT_NULL(test, d.listener);
	drop_device(deaf);
}

/* ---- A real iommufd */

#if IS_ENABLED(CONFIG_IOMMUFD) && defined(CONFIG_MMU)
/**
 * struct fd_way - An iommufd, and memory that its user maps
 * @file: of /dev/iommu
 * @ictx: the same
 * @ioas: id of the IOAS that stands for a container
 * @mem: address in user space of pages, the last one read-only to the device; the
 *       arguments of ioctls are behind them
 */
struct fd_way {
	struct file *file;
	struct iommufd_ctx *ictx;
	u32 ioas;
	unsigned long mem;
};

#define MEM_PAGES	3

static long fd_ioctl(struct fd_way *way, unsigned int cmd, void *arg, size_t size)
{
	void __user *uarg = (void __user *)(way->mem + MEM_PAGES * PAGE_SIZE);
	long ret;

	if (copy_to_user(uarg, arg, size))
		return -EFAULT;
	ret = way->file->f_op->unlocked_ioctl(way->file, cmd, (unsigned long)uarg);
	return copy_from_user(arg, uarg, size) ? -EFAULT : ret;
}

static long fd_map(struct fd_way *way, unsigned int page, unsigned int npage, u32 flags)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | flags,
		.ioas_id = way->ioas,
		.user_va = way->mem + page * PAGE_SIZE,
		.length = npage * PAGE_SIZE,
		.iova = IOVA + page * PAGE_SIZE,
	};

	return fd_ioctl(way, IOMMU_IOAS_MAP, &map, sizeof(map));
}

static long fd_unmap(struct fd_way *way, unsigned int page, unsigned int npage)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = way->ioas,
		.iova = IOVA + page * PAGE_SIZE,
		.length = npage * PAGE_SIZE,
	};

	return fd_ioctl(way, IOMMU_IOAS_UNMAP, &unmap, sizeof(unmap));
}

static void fd_close(void *data)
{
	struct fd_way *way = data;

	iommufd_ctx_put(way->ictx);
	__fput_sync(way->file);
}

/* As the first process sees it: threads of the kernel have no file system */
static struct file *open_iommu_node(void)
{
	struct pid *pid = find_get_pid(1);
	struct task_struct *init = get_pid_task(pid, PIDTYPE_PID);
	struct file *file = ERR_PTR(-ESRCH);
	struct path root = {};

	put_pid(pid);
	if (!init)
		return file;
	task_lock(init);
	if (init->fs)
		get_fs_root(init->fs, &root);
	task_unlock(init);
	put_task_struct(init);
	if (root.mnt)
		file = file_open_root(&root, "dev/iommu", O_RDWR, 0);
	path_put(&root);
	return file;
}

static struct fd_way *fd_open(struct kunit *test)
{
	struct fd_way *way = kunit_kzalloc(test, sizeof(*way), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, way);
	way->mem = kunit_vm_mmap(test, NULL, 0, (MEM_PAGES + 1) * PAGE_SIZE,
				 PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, way->mem, 0);
	way->file = open_iommu_node();
	if (IS_ERR(way->file))
		kunit_skip(test, "no /dev/iommu: %pe", way->file);
	way->ictx = iommufd_ctx_from_file(way->file);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, way->ictx);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, fd_close, way), 0);
	KUNIT_ASSERT_EQ(test, iommufd_vfio_compat_ioas_create(way->ictx), 0);
	KUNIT_ASSERT_EQ(test, iommufd_vfio_compat_ioas_get_id(way->ictx, &way->ioas), 0);
	return way;
}

/* The first of two pages that were pinned is the user's first page */
static void expect_same_memory(struct kunit *test, struct fd_way *way)
{
	const u32 magic = 0x56464930;
	u32 value = 0;
	u32 *p;

	p = kmap_local_page(d.pages[0]);
	*p = magic;
	kunmap_local(p);
	KUNIT_EXPECT_EQ(test, copy_from_user(&value, (void __user *)way->mem, sizeof(value)), 0);
	KUNIT_EXPECT_EQ(test, value, magic);

	value = 0;
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, &value, sizeof(value), false), 0);
	KUNIT_EXPECT_EQ(test, value, magic);
	value = ~magic;
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(d.device, IOVA, &value, sizeof(value), true), 0);
	value = 0;
	KUNIT_EXPECT_EQ(test, copy_from_user(&value, (void __user *)way->mem, sizeof(value)), 0);
	KUNIT_EXPECT_EQ(test, value, ~magic);
}

static void fd_pages(struct kunit *test, struct fd_way *way)
{
	const u32 rw = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;
	struct vfio_device *device = d.device;
	char byte;

	/* Bound, not attached */
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(device, IOVA, 1, IOMMU_READ, d.pages), -ENOENT);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(device, IOVA, &byte, 1, true), -ENOENT);
	KUNIT_ASSERT_EQ(test, device->ops->attach_ioas(device, &way->ioas), 0);
	/* Attached, nothing mapped */
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(device, IOVA, 1, IOMMU_READ, d.pages), -ENOENT);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(device, IOVA, &byte, 1, true), -ENOENT);

	KUNIT_ASSERT_EQ(test, fd_map(way, 0, 2, rw), 0);
	KUNIT_ASSERT_EQ(test, fd_map(way, 2, 1, IOMMU_IOAS_MAP_READABLE), 0);
	KUNIT_ASSERT_EQ(test, vfio_pin_pages(device, IOVA + 9, 2, IOMMU_READ | IOMMU_WRITE,
					     d.pages), 2);
	d.pinned = 2;
	expect_same_memory(test, way);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(device, IOVA + 2 * PAGE_SIZE, 1, IOMMU_WRITE,
					     d.pages), -EPERM);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(device, IOVA + 2 * PAGE_SIZE, &byte, 1, true), -EPERM);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(device, IOVA + 2 * PAGE_SIZE, &byte, 1, false), 0);

	/* The driver hears of it, and has let go when the unmapping returns */
	KUNIT_EXPECT_EQ(test, d.unmaps, 0);
	KUNIT_EXPECT_EQ(test, fd_unmap(way, 0, 2), 0);
	KUNIT_EXPECT_EQ(test, d.unmaps, 1);
	KUNIT_EXPECT_EQ(test, d.unmap_iova, IOVA);
	KUNIT_EXPECT_EQ(test, d.unmap_length, 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(device, IOVA, &byte, 1, false), -ENOENT);
	/* Nothing pinned, nothing to hear */
	KUNIT_EXPECT_EQ(test, fd_unmap(way, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, d.unmaps, 1);

	/* Detaching is the end of all mappings, as far as the device can see */
	KUNIT_ASSERT_EQ(test, fd_map(way, 0, 1, rw), 0);
	KUNIT_ASSERT_EQ(test, vfio_pin_pages(device, IOVA, 1, IOMMU_READ, d.pages), 1);
	d.pinned = 1;
	device->ops->detach_ioas(device);
	KUNIT_EXPECT_EQ(test, d.unmaps, 2);
	KUNIT_EXPECT_EQ(test, d.unmap_iova, 0);
	KUNIT_EXPECT_EQ(test, d.unmap_length, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, vfio_pin_pages(device, IOVA, 1, IOMMU_READ, d.pages), -ENOENT);
	device->ops->detach_ioas(device);

	/* To attach again is to replace */
	KUNIT_ASSERT_EQ(test, device->ops->attach_ioas(device, &way->ioas), 0);
	KUNIT_EXPECT_EQ(test, device->ops->attach_ioas(device, &way->ioas), 0);
	KUNIT_EXPECT_EQ(test, device->ops->attach_ioas(device, &(u32){ 0 }), -ENOENT);
	KUNIT_EXPECT_EQ(test, vfio_dma_rw(device, IOVA, &byte, 1, false), 0);
}

static void to_iommufd(struct kunit *test)
{
	struct vfio_device *device = d.device;
	struct fd_way *way = fd_open(test);
	u32 id = 0;

	mutex_lock(&device->dev_set->lock);
	KUNIT_EXPECT_EQ(test, device->ops->attach_ioas(device, &way->ioas), -EINVAL);
	device->ops->detach_ioas(device);
	KUNIT_EXPECT_EQ(test, device->ops->bind_iommufd(device, way->ictx, &id), 0);
	if (device->iommufd_access) {
		KUNIT_EXPECT_NE(test, id, 0);
		fd_pages(test, way);
		device->ops->unbind_iommufd(device);
	}
	KUNIT_EXPECT_NULL(test, device->iommufd_access);
	KUNIT_EXPECT_FALSE(test, device->iommufd_attached);
	mutex_unlock(&device->dev_set->lock);
}
#endif

static struct kunit_case dma_cases[] = {
	KUNIT_CASE(bad_arguments),
	KUNIT_CASE(not_open),
	KUNIT_CASE(attached_to_nothing),
	KUNIT_CASE(to_container),
	KUNIT_CASE(backend_cannot),
	KUNIT_CASE(listeners),
#if IS_ENABLED(CONFIG_IOMMUFD) && defined(CONFIG_MMU)
	KUNIT_CASE(to_iommufd),
#endif
	{}
};

static struct kunit_suite dma_suite = {
	.name = "vfio-dma",
	.init = dma_test_init,
	.exit = dma_test_exit,
	.test_cases = dma_cases,
};

kunit_test_suite(dma_suite);
