// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to a device through its group: who may open it, what it can be
 * connected to, files of devices and their life, errno by errno; and that a
 * device file is the same whichever way it came.
 *
 * What the group is connected to here is an iommufd, which stands for the
 * container.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vfio_test.h"
#include "bar_views.h"

#define SRC_IOVA	0x1000000
#define DST_IOVA	0x2000000
#define REGION_IOVA	0x3000000
#define BUF_SIZE	4096

FIXTURE(group)
{
	const char *bdf;
	struct iommu *iommu;
	int group;
};

FIXTURE_VARIANT(group)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(group, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(group, EDU) { .kind = "EDU" };

FIXTURE_SETUP(group)
{
	char path[64];

	self->group = -1;
	self->iommu = NULL;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	ASSERT_RC(0, vfio_group_path(self->bdf, path, sizeof(path)));
	if (access(path, F_OK))
		SKIP(return, "no %s: the kernel has no VFIO groups", path);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, iommu_stand_for_container(self->iommu));
	self->group = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->group) TH_LOG("device %s", self->bdf);
}

FIXTURE_TEARDOWN(group)
{
	close(self->group);
	if (self->iommu)
		iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

static int connect_group(FIXTURE_DATA(group) *self)
{
	return vfio_group_set_container(self->group, self->iommu->iommufd);
}

TEST_F(group, node)
{
	char path[64], name[64], link[128] = "";
	struct stat st;
	int nr = pci_dev_iommu_group(self->bdf);

	ASSERT_EQ(0, vfio_group_path(self->bdf, path, sizeof(path)));
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	/* The kernel names no mode: nobody but root gets in by itself. */
	EXPECT_EQ(0600, st.st_mode & 0777);
	snprintf(name, sizeof(name), "/sys/class/vfio/%d", nr);
	EXPECT_LT(0, readlink(name, link, sizeof(link) - 1));
	EXPECT_NE(NULL, strstr(link, "devices/virtual/vfio/"));
}

TEST_F(group, one_opener)
{
	EXPECT_RC(-EBUSY, vfio_group_open(self->bdf));
	close(self->group);
	self->group = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->group);
}

/* Nothing but the four ioctls: no reading, no writing, no mapping. */
TEST_F(group, other_operations)
{
	char c;

	EXPECT_EQ(-1, read(self->group, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->group, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
				   self->group, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_RC(-ENOTTY, vfio_ioctl(self->group, VFIO_GET_API_VERSION, NULL));
	EXPECT_RC(-ENOTTY, vfio_ioctl(self->group, VFIO_DEVICE_RESET, NULL));
}

TEST_F(group, status)
{
	struct vfio_group_status status = {};
	u32 flags = ~0u;
	u32 argsz;

	for (argsz = 0; argsz < sizeof(status); argsz++) {
		status.argsz = argsz;
		EXPECT_RC(-EINVAL, vfio_ioctl(self->group,
					      VFIO_GROUP_GET_STATUS, &status));
	}
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->group, VFIO_GROUP_GET_STATUS, NULL));
	ASSERT_RC(0, vfio_group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, flags);
	ASSERT_RC(0, connect_group(self));
	ASSERT_RC(0, vfio_group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  flags);
	ASSERT_RC(0, vfio_group_unset_container(self->group));
	ASSERT_RC(0, vfio_group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, flags);
}

TEST_F(group, set_container)
{
	int other = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, other);
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->group, VFIO_GROUP_SET_CONTAINER, NULL));
	EXPECT_RC(-EBADF, vfio_group_set_container(self->group,
						   vfio_test_closed_fd()));
	EXPECT_RC(-EBADFD, vfio_group_set_container(self->group, other));
	EXPECT_RC(-EBADFD, vfio_group_set_container(self->group, self->group));
	EXPECT_RC(-EINVAL, vfio_group_unset_container(self->group));
	EXPECT_RC(0, connect_group(self));
	EXPECT_RC(-EINVAL, connect_group(self));
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_RC(-EINVAL, vfio_group_unset_container(self->group));
	EXPECT_RC(0, connect_group(self));
	close(other);
}

TEST_F(group, get_device_names)
{
	char name[128];
	int fd;

	/* Not before there is a container. */
	EXPECT_RC(-EINVAL, vfio_group_get_device(self->group, self->bdf));
	ASSERT_RC(0, connect_group(self));

	EXPECT_RC(-EFAULT, vfio_group_get_device(self->group, NULL));
	EXPECT_RC(-ENODEV, vfio_group_get_device(self->group, ""));
	EXPECT_RC(-ENODEV, vfio_group_get_device(self->group, "0000:ff:1f.7"));
	snprintf(name, sizeof(name), "x%s", self->bdf);
	EXPECT_RC(-ENODEV, vfio_group_get_device(self->group, name));
	snprintf(name, sizeof(name), "%.6s", self->bdf);
	EXPECT_RC(-ENODEV, vfio_group_get_device(self->group, name));
	fd = vfio_group_get_device(self->group, self->bdf);
	EXPECT_LE(0, fd);
	close(fd);
}

/* A name as long as a page, without an end. */
TEST_F(group, get_device_endless_name)
{
	long page = getpagesize();
	char *name = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, name);
	ASSERT_RC(0, connect_group(self));
	memset(name, 'x', 2 * page);
	EXPECT_RC(-EINVAL, vfio_group_get_device(self->group, name));
	ASSERT_EQ(0, munmap(name + page, page));
	EXPECT_RC(-EFAULT, vfio_group_get_device(self->group, name + 1));
	munmap(name, page);
}

TEST_F(group, device_file)
{
	char path[64], link[128] = "", line[512] = "";
	struct stat st;
	FILE *info;
	int fd;

	ASSERT_RC(0, connect_group(self));
	fd = vfio_group_get_device(self->group, self->bdf);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT_LT(0, readlink(path, link, sizeof(link) - 1));
	EXPECT_STREQ("anon_inode:[vfio-device]", link);
	ASSERT_EQ(0, fstat(fd, &st));

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "r");
	ASSERT_NE(NULL, info);
	while (fgets(line, sizeof(line), info))
		if (!strncmp(line, "vfio-device-syspath: ", 21))
			break;
	fclose(info);
	EXPECT_NE(NULL, strstr(line, self->bdf)) TH_LOG("%s", line);

	/* Binding is not for it; the others go to the driver. */
	EXPECT_RC(-EINVAL, vfio_cdev_bind(fd, self->iommu->iommufd, NULL));
	EXPECT_RC(-ENOTTY, vfio_cdev_attach(fd, &(u32){ self->iommu->ioas_id }));
	EXPECT_RC(-ENOTTY, vfio_cdev_detach(fd));
	close(fd);
}

/* Several files of one device share its state. */
TEST_F(group, several_files)
{
	int fds[3];
	int i;

	ASSERT_RC(0, connect_group(self));
	for (i = 0; i < 3; i++) {
		fds[i] = vfio_group_get_device(self->group, self->bdf);
		ASSERT_LE(0, fds[i]);
	}
	vfio_cfg_write8(fds[0], 0x3c, 0x5a);
	EXPECT_EQ(0x5a, vfio_cfg_read8(fds[1], 0x3c));
	close(fds[0]);
	EXPECT_EQ(0x5a, vfio_cfg_read8(fds[2], 0x3c));
	close(fds[1]);
	close(fds[2]);

	/* The last close has reset it. */
	fds[0] = vfio_group_get_device(self->group, self->bdf);
	ASSERT_LE(0, fds[0]);
	EXPECT_NE(0x5a, vfio_cfg_read8(fds[0], 0x3c));
	close(fds[0]);
}

/*
 * A device file has its own hold of the iommufd: the group's file may go, and
 * come back, but the device cannot be had by its own node meanwhile.
 */
TEST_F(group, device_outlives_group_fd)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int cdev = vfio_cdev_open(self->bdf);
	int fd;

	ASSERT_LE(0, cdev);
	ASSERT_RC(0, connect_group(self));
	fd = vfio_group_get_device(self->group, self->bdf);
	ASSERT_LE(0, fd);
	close(self->group);
	self->group = -1;
	EXPECT_RC(0, vfio_device_info(fd, &info));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(cdev, self->iommu->iommufd, NULL));
	self->group = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->group);
	EXPECT_RC(0, vfio_device_info(fd, &info));
	close(fd);
	close(cdev);
}

/* A group is used as one, or device by device. */
TEST_F(group, excludes_cdev)
{
	int iommufd = iommufd_open();
	int cdev = vfio_cdev_open(self->bdf);

	ASSERT_LE(0, iommufd);
	ASSERT_LE(0, cdev);
	EXPECT_RC(-EBUSY, vfio_cdev_bind(cdev, iommufd, NULL));
	close(self->group);
	self->group = -1;
	ASSERT_RC(0, vfio_cdev_bind(cdev, iommufd, NULL));
	EXPECT_RC(-EBUSY, vfio_group_open(self->bdf));
	close(cdev);
	self->group = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->group);
	close(iommufd);
}

/* A bind that failed leaves the group free. */
TEST_F(group, failed_bind_frees_group)
{
	int cdev = vfio_cdev_open(self->bdf);

	ASSERT_LE(0, cdev);
	close(self->group);
	self->group = -1;
	EXPECT_RC(-EBADF, vfio_cdev_bind(cdev, vfio_test_closed_fd(), NULL));
	self->group = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->group);
	close(cdev);
}

static void expect_copy(struct __test_metadata *_metadata,
			FIXTURE_DATA(group) *self,
			struct vfio_pci_device *device, u8 *src, u8 *dst)
{
	static u8 seed = 1;

	memset(src, seed++, BUF_SIZE);
	memset(dst, 0, BUF_SIZE);
	EXPECT_RC(0, vfio_pci_driver_copy(device, DST_IOVA, SRC_IOVA,
					  BUF_SIZE));
	EXPECT_EQ(0, memcmp(src, dst, BUF_SIZE));
}

/* DMA through what programs know as a type1 container. */
TEST_F_TIMEOUT(group, dma, 120)
{
	struct vfio_pci_device device;
	u8 *mem = mmap(NULL, 2 * BUF_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int container = self->iommu->iommufd;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_RC(0, connect_group(self));
	EXPECT_RC(0, vfio_ioctl(container, VFIO_SET_IOMMU,
				(void *)VFIO_TYPE1v2_IOMMU));
	ASSERT_RC(0, vfio_pci_device_open_group(&device, self->bdf,
						self->iommu, self->group));
	ASSERT_RC(0, dma_region_alloc(self->iommu, &device.driver.region,
				      VFIO_PCI_DRIVER_REGION_SIZE,
				      REGION_IOVA));
	vfio_pci_driver_init(&device);

	EXPECT_RC(0, vfio_type1_map(container, mem, BUF_SIZE, SRC_IOVA));
	EXPECT_RC(0, vfio_type1_map(container, mem + BUF_SIZE, BUF_SIZE,
				    DST_IOVA));
	expect_copy(_metadata, self, &device, mem, mem + BUF_SIZE);

	/* Disconnecting the group is no concern of the open device. */
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	expect_copy(_metadata, self, &device, mem, mem + BUF_SIZE);
	EXPECT_RC(-EINVAL, vfio_group_get_device(self->group, self->bdf));

	EXPECT_RC(0, vfio_type1_unmap(container, SRC_IOVA, BUF_SIZE));
	EXPECT_RC(0, vfio_type1_unmap(container, DST_IOVA, BUF_SIZE));
	vfio_pci_device_close(&device);
	dma_region_free(self->iommu, &device.driver.region);
	munmap(mem, 2 * BUF_SIZE);
}

/*
 * Mappings through several files of the group lie in the device's one inode:
 * what takes the memory away finds them all.
 */
TEST_F_TIMEOUT(group, mappings_end_with_memory, 120)
{
	struct view_stats stats;
	struct views views = {};
	int fds[2];
	int i;

	views_init();
	ASSERT_RC(0, connect_group(self));
	for (i = 0; i < 2; i++) {
		fds[i] = vfio_group_get_device(self->group, self->bdf);
		ASSERT_LE(0, fds[i]);
		vfio_cfg_command(fds[i], 0, PCI_COMMAND_MEMORY);
		ASSERT_LT(0, views_add(&views, fds[i]));
	}
	stats = views_touch(&views);
	EXPECT_EQ(0, stats.sigbus);
	vfio_cfg_command(fds[0], PCI_COMMAND_MEMORY, 0);
	stats = views_touch(&views);
	EXPECT_EQ(stats.pages, stats.sigbus);
	vfio_cfg_command(fds[1], 0, PCI_COMMAND_MEMORY);
	stats = views_touch(&views);
	EXPECT_EQ(0, stats.sigbus);
	views_drop(&views);
	close(fds[0]);
	close(fds[1]);
}

/* Unbinding doesn't wait for the group's file, which is good for nothing then. */
TEST_F(group, unbind_with_group_open)
{
	char path[64];
	u32 flags;

	ASSERT_EQ(0, vfio_group_path(self->bdf, path, sizeof(path)));
	ASSERT_RC(0, connect_group(self));
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_EQ(-1, access(path, F_OK));
	EXPECT_RC(-ENODEV, vfio_group_status(self->group, &flags));
	EXPECT_RC(-ENODEV, vfio_group_get_device(self->group, self->bdf));
	EXPECT_RC(-EINVAL, connect_group(self));
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_RC(-ENODEV, connect_group(self));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_RC(-ENODEV, vfio_group_status(self->group, &flags));
	close(self->group);
	self->group = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->group);
	EXPECT_RC(0, vfio_group_status(self->group, &flags));
}

struct unbinder {
	const char *bdf;
	int ret;
};

static void *unbind_thread(void *arg)
{
	struct unbinder *u = arg;

	u->ret = pci_dev_unbind(u->bdf);
	return NULL;
}

/* It does wait for a device file, whose owner is asked for it. */
TEST_F_TIMEOUT(group, unbind_with_device_open, 120)
{
	struct unbinder u = { .bdf = self->bdf };
	pthread_t thread;
	int fd, req;

	ASSERT_RC(0, connect_group(self));
	fd = vfio_group_get_device(self->group, self->bdf);
	ASSERT_LE(0, fd);
	req = evfd_new();
	ASSERT_LE(0, req);
	ASSERT_RC(0, vfio_irq_set_fds(fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &req));
	ASSERT_EQ(0, pthread_create(&thread, NULL, unbind_thread, &u));
	EXPECT_LT(0, evfd_wait(req, 60000));
	EXPECT_RC(-ENODEV, vfio_group_get_device(self->group, self->bdf));
	close(fd);
	pthread_join(thread, NULL);
	EXPECT_RC(0, u.ret);
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	close(req);
}

TEST_HARNESS_MAIN
