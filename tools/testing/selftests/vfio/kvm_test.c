// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's vfio device (Documentation/virt/kvm/devices/vfio.rst): which files it
 * takes, and how long a virtual machine lives that a VFIO device knows of. A
 * machine is alive as long as KVM has a directory for it in debugfs.
 */
#include <sys/eventfd.h>
#include <linux/kvm.h>

#include "vfio_test.h"

#define KVM_REFCNT	"/sys/module/kvm/refcnt"

/* The files behind a machine; -1: closed */
struct machine {
	int vm;
	int vfio;
	char debugfs[64];
};

/* NULL, or why there can't be one */
static const char *machine_create(struct machine *m)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_VFIO };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	*m = (struct machine){ .vm = -1, .vfio = -1 };
	if (kvm < 0)
		return "no KVM: /dev/kvm can't be opened";
	m->vm = vfio_ioctl(kvm, KVM_CREATE_VM, NULL);
	close(kvm);
	if (m->vm < 0)
		return "KVM makes no machine";
	if (vfio_ioctl(m->vm, KVM_CREATE_DEVICE, &device)) {
		close(m->vm);
		m->vm = -1;
		return "KVM has no vfio device";
	}
	m->vfio = device.fd;
	snprintf(m->debugfs, sizeof(m->debugfs), "/sys/kernel/debug/kvm/%d-%d",
		 getpid(), m->vm);
	return NULL;
}

static bool machine_alive(const struct machine *m)
{
	return !access(m->debugfs, F_OK);
}

static void close_once(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void machine_close(struct machine *m)
{
	close_once(&m->vfio);
	close_once(&m->vm);
}

/* KVM_SET_DEVICE_ATTR with where the number of a file is */
static int set_file(const struct machine *m, u64 attr, const void *addr)
{
	struct kvm_device_attr cmd = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (uintptr_t)addr,
	};

	return vfio_ioctl(m->vfio, KVM_SET_DEVICE_ATTR, &cmd);
}

static int add_file(const struct machine *m, s32 fd)
{
	return set_file(m, KVM_DEV_VFIO_FILE_ADD, &fd);
}

static int del_file(const struct machine *m, s32 fd)
{
	return set_file(m, KVM_DEV_VFIO_FILE_DEL, &fd);
}

static int has_attr(const struct machine *m, u32 group, u64 attr)
{
	struct kvm_device_attr cmd = { .group = group, .attr = attr };

	return vfio_ioctl(m->vfio, KVM_HAS_DEVICE_ATTR, &cmd);
}

/* Whoever is asked by name pins KVM, and has to let go of it */
static u64 kvm_refcnt(void)
{
	u64 count = 0;

	sysfs_read_u64(KVM_REFCNT, &count);
	return count;
}

FIXTURE(kvm)
{
	const char *bdf;
	struct machine machine;
	u64 refcnt;
	int iommufd;
	u32 ioas;
	int group;
	int node;
	int device;
};

FIXTURE_SETUP(kvm)
{
	const char *why;

	self->refcnt = kvm_refcnt();
	self->iommufd = -1;
	self->group = -1;
	self->node = -1;
	self->device = -1;
	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	why = machine_create(&self->machine);
	if (why)
		SKIP(return, "%s", why);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_RC(0, iommufd_ioas_alloc(self->iommufd, &self->ioas));
}

FIXTURE_TEARDOWN(kvm)
{
	machine_close(&self->machine);
	close_once(&self->device);
	close_once(&self->node);
	close_once(&self->group);
	close_once(&self->iommufd);
	EXPECT_DEVICE_OPENS();
	EXPECT_EQ(self->refcnt, kvm_refcnt());
}

#define REQUIRE_DEBUGFS() do {						\
	if (!machine_alive(&self->machine))				\
		SKIP(return, "KVM has no directory in debugfs: %s",	\
		     self->machine.debugfs);				\
} while (0)

#define OPEN_NODE() do {						\
	self->node = vfio_cdev_open(self->bdf);				\
	ASSERT_LE(0, self->node);					\
} while (0)

#define BIND_NODE()	ASSERT_RC(0, vfio_cdev_bind(self->node, self->iommufd, NULL))

/* The group, connected, so that its device can be opened */
#define OPEN_GROUP() do {						\
	struct iommu __iommu = { .iommufd = self->iommufd,		\
				 .ioas_id = self->ioas };		\
									\
	ASSERT_RC(0, iommu_stand_for_container(&__iommu));		\
	self->group = vfio_group_open(self->bdf);			\
	ASSERT_LE(0, self->group) TH_LOG("device %s", self->bdf);	\
	ASSERT_RC(0, vfio_group_set_container(self->group, self->iommufd)); \
} while (0)

#define OPEN_DEVICE() do {						\
	self->device = vfio_group_get_device(self->group, self->bdf);	\
	ASSERT_LE(0, self->device) TH_LOG("device %s", self->bdf);	\
} while (0)

static int device_answers(int fd)
{
	struct vfio_device_info info;

	return vfio_device_info(fd, &info);
}

TEST_F(kvm, attributes)
{
	struct kvm_create_device again = { .type = KVM_DEV_TYPE_VFIO };
	struct machine *m = &self->machine;

	EXPECT_RC(0, has_attr(m, KVM_DEV_VFIO_FILE, KVM_DEV_VFIO_FILE_ADD));
	EXPECT_RC(0, has_attr(m, KVM_DEV_VFIO_FILE, KVM_DEV_VFIO_FILE_DEL));
	EXPECT_RC(-ENXIO, has_attr(m, KVM_DEV_VFIO_FILE, 99));
	EXPECT_RC(-ENXIO, has_attr(m, 99, KVM_DEV_VFIO_FILE_ADD));
	EXPECT_RC(-ENXIO, set_file(m, 99, &m->vm));
	EXPECT_RC(-EFAULT, set_file(m, KVM_DEV_VFIO_FILE_ADD, NULL));
	EXPECT_RC(-EFAULT, set_file(m, KVM_DEV_VFIO_FILE_DEL, NULL));
	EXPECT_RC(-EBUSY, vfio_ioctl(m->vm, KVM_CREATE_DEVICE, &again));
}

/* What looks like a file of VFIO, and all that doesn't */
TEST_F(kvm, foreign_files)
{
	struct machine *m = &self->machine;
	int container = vfio_container_open();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int path = open("/dev/null", O_PATH | O_CLOEXEC);
	struct { const char *name; int fd, add, del; } files[] = {
		{ "closed", vfio_test_closed_fd(), -EBADF, -EBADF },
		{ "negative", -1, -EBADF, -EBADF },
		{ "path", path, -EBADF, -EBADF },
		{ "null", null, -EINVAL, -ENOENT },
		{ "iommufd", self->iommufd, -EINVAL, -ENOENT },
		{ "container", container, -EINVAL, -ENOENT },
		{ "machine", m->vm, -EINVAL, -ENOENT },
		{ "vfio", m->vfio, -EINVAL, -ENOENT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_RC_AT(files[i].name, files[i].del, del_file(m, files[i].fd));
		/* There need not be one */
		if (files[i].fd == container && container < 0)
			continue;
		EXPECT_RC_AT(files[i].name, files[i].add, add_file(m, files[i].fd));
	}
	close(container);
	close(path);
	close(null);
}

/* @fd is taken once, and can come back */
#define EXPECT_TAKEN(name, fd) do {					\
	EXPECT_RC_AT(name, -ENOENT, del_file(&self->machine, fd));	\
	EXPECT_RC_AT(name, 0, add_file(&self->machine, fd));		\
	EXPECT_RC_AT(name, -EEXIST, add_file(&self->machine, fd));	\
	EXPECT_RC_AT(name, 0, del_file(&self->machine, fd));		\
	EXPECT_RC_AT(name, -ENOENT, del_file(&self->machine, fd));	\
	EXPECT_RC_AT(name, 0, add_file(&self->machine, fd));		\
} while (0)

TEST_F(kvm, node)
{
	int other;

	OPEN_NODE();
	EXPECT_TAKEN("unbound", self->node);
	/* Another number of the same file, and another file */
	other = dup(self->node);
	EXPECT_RC(-EEXIST, add_file(&self->machine, other));
	close(other);
	other = vfio_cdev_open(self->bdf);
	EXPECT_TAKEN("other", other);
	EXPECT_RC(0, del_file(&self->machine, other));
	close(other);
	EXPECT_RC(0, del_file(&self->machine, self->node));
	BIND_NODE();
	EXPECT_TAKEN("bound", self->node);
	EXPECT_RC(0, device_answers(self->node));
}

TEST_F(kvm, group)
{
	REQUIRE_IOMMU(self->bdf);
	OPEN_GROUP();
	EXPECT_TAKEN("group", self->group);
	OPEN_DEVICE();
	EXPECT_TAKEN("device", self->device);
	EXPECT_RC(-EEXIST, add_file(&self->machine, self->group));
	EXPECT_RC(0, device_answers(self->device));
}

/* A group need not be in a container */
TEST_F(kvm, group_alone)
{
	self->group = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->group);
	EXPECT_TAKEN("group", self->group);
}

/* A device that was told before it is opened keeps the machine until it is closed */
TEST_F(kvm, node_keeps_machine)
{
	REQUIRE_DEBUGFS();
	OPEN_NODE();
	ASSERT_RC(0, add_file(&self->machine, self->node));
	BIND_NODE();
	EXPECT_LT(self->refcnt, kvm_refcnt());
	machine_close(&self->machine);
	EXPECT_TRUE(machine_alive(&self->machine));
	EXPECT_RC(0, device_answers(self->node));
	close_once(&self->node);
	EXPECT_FALSE(machine_alive(&self->machine));
}

TEST_F(kvm, group_keeps_machine)
{
	REQUIRE_DEBUGFS();
	REQUIRE_IOMMU(self->bdf);
	OPEN_GROUP();
	ASSERT_RC(0, add_file(&self->machine, self->group));
	OPEN_DEVICE();
	machine_close(&self->machine);
	EXPECT_TRUE(machine_alive(&self->machine));
	EXPECT_RC(0, device_answers(self->device));
	close_once(&self->device);
	EXPECT_FALSE(machine_alive(&self->machine));

	/* The group has forgotten it */
	EXPECT_EQ(self->refcnt, kvm_refcnt());
	OPEN_DEVICE();
	EXPECT_EQ(self->refcnt, kvm_refcnt());
}

/* The device does not learn afterwards, nor from what was taken back */
TEST_F(kvm, told_too_late)
{
	REQUIRE_DEBUGFS();
	OPEN_NODE();
	BIND_NODE();
	EXPECT_RC(0, add_file(&self->machine, self->node));
	machine_close(&self->machine);
	EXPECT_FALSE(machine_alive(&self->machine));
	EXPECT_RC(0, device_answers(self->node));
}

TEST_F(kvm, told_and_taken_back)
{
	REQUIRE_DEBUGFS();
	OPEN_NODE();
	EXPECT_RC(0, add_file(&self->machine, self->node));
	EXPECT_RC(0, del_file(&self->machine, self->node));
	BIND_NODE();
	machine_close(&self->machine);
	EXPECT_FALSE(machine_alive(&self->machine));
}

/* Taken back once it is open, the device keeps the machine nevertheless */
TEST_F(kvm, taken_back_while_open)
{
	REQUIRE_DEBUGFS();
	OPEN_NODE();
	ASSERT_RC(0, add_file(&self->machine, self->node));
	BIND_NODE();
	EXPECT_RC(0, del_file(&self->machine, self->node));
	machine_close(&self->machine);
	EXPECT_TRUE(machine_alive(&self->machine));
	close_once(&self->node);
	EXPECT_FALSE(machine_alive(&self->machine));
}

/* A file that two machines are told: the last one counts */
TEST_F(kvm, two_machines)
{
	struct machine second;

	REQUIRE_DEBUGFS();
	OPEN_NODE();
	ASSERT_EQ(NULL, machine_create(&second));
	EXPECT_RC(0, add_file(&self->machine, self->node));
	EXPECT_RC(0, add_file(&second, self->node));
	BIND_NODE();
	machine_close(&self->machine);
	EXPECT_FALSE(machine_alive(&self->machine));
	machine_close(&second);
	EXPECT_TRUE(machine_alive(&second));
	close_once(&self->node);
	EXPECT_FALSE(machine_alive(&second));
}

/* An opening that fails gives back what it took */
TEST_F(kvm, failed_open)
{
	REQUIRE_DEBUGFS();
	OPEN_NODE();
	ASSERT_RC(0, add_file(&self->machine, self->node));
	EXPECT_RC(-EBADF, vfio_cdev_bind(self->node, vfio_test_closed_fd(), NULL));
	EXPECT_EQ(self->refcnt, kvm_refcnt());
	machine_close(&self->machine);
	EXPECT_FALSE(machine_alive(&self->machine));
	BIND_NODE();
}

/* Nor does the failure of somebody else take what this file has */
TEST_F(kvm, failed_open_of_another)
{
	int other;

	REQUIRE_DEBUGFS();
	OPEN_NODE();
	other = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, other);
	ASSERT_RC(0, add_file(&self->machine, self->node));
	BIND_NODE();
	machine_close(&self->machine);
	EXPECT_RC(-EINVAL, vfio_cdev_bind(other, self->iommufd, NULL));
	EXPECT_TRUE(machine_alive(&self->machine));
	close(other);
	EXPECT_TRUE(machine_alive(&self->machine));
	close_once(&self->node);
	EXPECT_FALSE(machine_alive(&self->machine));
}

/* KVM has the file, too: until it gives it back, nobody else gets the device */
TEST_F(kvm, closed_while_known)
{
	OPEN_NODE();
	ASSERT_RC(0, add_file(&self->machine, self->node));
	BIND_NODE();
	close_once(&self->node);
	EXPECT_RC(-EINVAL, vfio_device_check(self->bdf));
	close_once(&self->machine.vfio);
	EXPECT_RC(0, vfio_device_check(self->bdf));
}

/* ---- every order of closing: the device, KVM's vfio device, the machine */

FIXTURE(closing)
{
	const char *bdf;
	struct machine machine;
	int iommufd;
	int node;
};

FIXTURE_VARIANT(closing)
{
	const char *order;
};

FIXTURE_VARIANT_ADD(closing, device_vfio_vm) { .order = "dvm" };
FIXTURE_VARIANT_ADD(closing, device_vm_vfio) { .order = "dmv" };
FIXTURE_VARIANT_ADD(closing, vfio_device_vm) { .order = "vdm" };
FIXTURE_VARIANT_ADD(closing, vfio_vm_device) { .order = "vmd" };
FIXTURE_VARIANT_ADD(closing, vm_device_vfio) { .order = "mdv" };
FIXTURE_VARIANT_ADD(closing, vm_vfio_device) { .order = "mvd" };

FIXTURE_SETUP(closing)
{
	const char *why;

	self->iommufd = -1;
	self->node = -1;
	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	why = machine_create(&self->machine);
	if (why)
		SKIP(return, "%s", why);
	REQUIRE_DEBUGFS();
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	OPEN_NODE();
}

FIXTURE_TEARDOWN(closing)
{
	machine_close(&self->machine);
	close_once(&self->node);
	close_once(&self->iommufd);
	EXPECT_DEVICE_OPENS();
}

/* Who has a machine's file, or the device's, keeps the machine. */
TEST_F(closing, order)
{
	struct machine *m = &self->machine;
	const char *step;

	ASSERT_RC(0, add_file(m, self->node));
	BIND_NODE();
	for (step = variant->order; *step; step++) {
		EXPECT_TRUE(machine_alive(m)) TH_LOG("before %s", step);
		if (*step == 'd')
			close_once(&self->node);
		else
			close_once(*step == 'v' ? &m->vfio : &m->vm);
	}
	EXPECT_FALSE(machine_alive(m));
}

TEST_HARNESS_MAIN
