// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices without an IOMMU: only with the parameter on, only for the
 * privileged, and only through a node whose name says so.
 *
 * The test finds its device by PCI id and binds it by itself, since vfio-pci
 * does not take such a device unless asked. On a machine where the device has
 * an IOMMU there is nothing to see here.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <linux/iommufd.h>

#include "vfio_test.h"

#define PARAM "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

FIXTURE(noiommu)
{
	const char *bdf;
	char name[PCI_BDF_LEN];
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(noiommu)
{
	u16 vendor;
	u16 device;
};

FIXTURE_VARIANT_ADD(noiommu, NVME) { .vendor = 0x1b36, .device = 0x0010 };
FIXTURE_VARIANT_ADD(noiommu, IGB) { .vendor = 0x8086, .device = 0x10c9 };
FIXTURE_VARIANT_ADD(noiommu, XHCI) { .vendor = 0x1033, .device = 0x0194 };

FIXTURE_SETUP(noiommu)
{
	int group;

	self->iommufd = -1;
	self->fd = -1;
	if (pci_dev_find(variant->vendor, variant->device, 0, self->name))
		SKIP(return, "no device %04x:%04x", variant->vendor,
		     variant->device);
	/* A group that VFIO made up for an earlier test doesn't count. */
	group = pci_dev_iommu_group(self->name);
	if (group >= 0) {
		char path[64], text[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/name",
			 group);
		f = fopen(path, "re");
		if (f) {
			if (!fgets(text, sizeof(text), f))
				text[0] = '\0';
			fclose(f);
		}
		if (strncmp(text, "vfio-noiommu", 12))
			SKIP(return, "%s has an IOMMU", self->name);
	}
	if (access(PARAM, W_OK))
		SKIP(return, "this kernel has no no-IOMMU mode");
	ASSERT_EQ(0, sysfs_write_str(PARAM, "Y"));
	ASSERT_EQ(0, pci_dev_bind(self->name, "vfio-pci"))
		TH_LOG("%s", self->name);
	self->bdf = self->name;
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(noiommu)
{
	close(self->fd);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
	if (self->bdf) {
		pci_dev_release(self->bdf);
		sysfs_write_str(PARAM, "N");
	}
}

/* Without the parameter there is no device at all. */
TEST_F(noiommu, parameter)
{
	ASSERT_RC(0, pci_dev_release(self->bdf));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "N"));
	EXPECT_RC(-ENOENT, pci_dev_bind(self->bdf, "vfio-pci"));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "Y"));
	EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
}

TEST_F(noiommu, node_name)
{
	char name[64], path[128];

	ASSERT_RC(0, vfio_cdev_name(self->bdf, name, sizeof(name)));
	EXPECT_EQ(0, strncmp(name, "noiommu-vfio", 12)) TH_LOG("%s", name);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	EXPECT_EQ(0, access(path, F_OK));
}

/* The kernel has told everyone that it can't be trusted any more. */
TEST_F(noiommu, taint)
{
	u64 taint = 0;

	ASSERT_EQ(0, sysfs_read_u64("/proc/sys/kernel/tainted", &taint));
	/* U, bit 6 */
	EXPECT_TRUE(taint & (1 << 6));
}

/* Be a user without CAP_SYS_RAWIO; @old is for restore_caps(). */
static int drop_rawio(struct __user_cap_data_struct old[2])
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, old))
		return -errno;
	memcpy(d, old, sizeof(d));
	d[0].effective &= ~(1u << CAP_SYS_RAWIO);
	return syscall(SYS_capset, &h, d) ? -errno : 0;
}

static int restore_caps(struct __user_cap_data_struct old[2])
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capset, &h, old) ? -errno : 0;
}

/* Without CAP_SYS_RAWIO, but with every right on the file. */
static int open_without_rawio(const char *bdf, int (*open_fn)(const char *bdf))
{
	struct __user_cap_data_struct old[2];
	int fd, ret;

	ret = drop_rawio(old);
	if (ret)
		return ret;
	fd = open_fn(bdf);
	ret = restore_caps(old);
	return ret ?: fd;
}

TEST_F(noiommu, privilege)
{
	EXPECT_RC(-EPERM, open_without_rawio(self->bdf, vfio_cdev_open));
	self->fd = vfio_cdev_open(self->bdf);
	EXPECT_LE(0, self->fd);
}

TEST_F(noiommu, bind_attach)
{
	u32 devid = 0, ioas, pt, ids;
	u64 vendor, device;

	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, &devid));
	EXPECT_LT(0, devid);
	ASSERT_RC(0, vfio_region_read32(self->fd, VFIO_PCI_CONFIG_REGION_INDEX,
					PCI_VENDOR_ID, &ids));
	ASSERT_RC(0, pci_dev_attr(self->bdf, "vendor", &vendor));
	ASSERT_RC(0, pci_dev_attr(self->bdf, "device", &device));
	EXPECT_EQ(vendor | device << 16, ids);

	ASSERT_RC(0, iommufd_ioas_alloc(self->iommufd, &ioas));
	pt = ioas;
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, ioas));
	ASSERT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, iommufd_destroy(self->iommufd, ioas));
}

TEST_F(noiommu, bind_errors)
{
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	EXPECT_RC(-EINVAL, vfio_cdev_bind(self->fd, -1, NULL));
	EXPECT_RC(-EBADF,
		  vfio_cdev_bind(self->fd, vfio_test_closed_fd(), NULL));
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

/* Mapped memory can be asked for its physical address. */
TEST_F(noiommu, physical_address)
{
	struct iommu_ioas_noiommu_get_pa pa = {
		.size = sizeof(pa), .iova = 0x100000, .length = 4096,
	};
	u32 ioas, pt;
	void *mem;

	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	ASSERT_RC(0, iommufd_ioas_alloc(self->iommufd, &ioas));
	pt = ioas;
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_RC(0, iommufd_map(self->iommufd, ioas, mem, 4096, 0x100000,
				 DMA_PROT_RW));
	pa.ioas_id = ioas;
	EXPECT_RC(0, vfio_ioctl(self->iommufd, IOMMU_IOAS_NOIOMMU_GET_PA, &pa));
	EXPECT_NE(0, pa.out_phys);
	EXPECT_EQ(4096, pa.length);
	munmap(mem, 4096);
}

/* The group is made up by VFIO; its node's name, too, says what it is. */
TEST_F(noiommu, group_node)
{
	char path[128], want[128], name[32] = "";
	int nr = pci_dev_iommu_group(self->bdf);
	FILE *f;

	ASSERT_LE(0, nr);
	ASSERT_RC(0, vfio_group_path(self->bdf, path, sizeof(path)));
	snprintf(want, sizeof(want), "/dev/vfio/noiommu-%d", nr);
	EXPECT_STREQ(want, path);
	EXPECT_EQ(0, access(path, F_OK));
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/name", nr);
	f = fopen(path, "re");
	ASSERT_NE(NULL, f);
	EXPECT_NE(NULL, fgets(name, sizeof(name), f));
	fclose(f);
	EXPECT_STREQ("vfio-noiommu\n", name);

	/* It goes with the device. */
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_EQ(-1, access(want, F_OK));
	EXPECT_EQ(-ENOENT, pci_dev_iommu_group(self->bdf));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
}

TEST_F(noiommu, group_privilege)
{
	EXPECT_RC(-EPERM, open_without_rawio(self->bdf, vfio_group_open));
	self->fd = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->fd);
}

/* An iommufd stands for the container, but maps nothing then. */
TEST_F(noiommu, group_device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int device;
	void *page;

	self->fd = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->fd);
	EXPECT_RC(-EINVAL, vfio_group_get_device(self->fd, self->bdf));
	ASSERT_RC(0, vfio_group_set_container(self->fd, self->iommufd));
	device = vfio_group_get_device(self->fd, self->bdf);
	ASSERT_LE(0, device);
	EXPECT_RC(0, vfio_device_info(device, &info));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	EXPECT_RC(-ENODEV, vfio_type1_map(self->iommufd, page, 4096, 0));
	munmap(page, 4096);
	close(device);
}

/* Not together with devices that the IOMMU confines. */
TEST_F(noiommu, group_mixed)
{
	struct iommu_vfio_ioas cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_VFIO_IOAS_SET,
	};

	ASSERT_RC(0, iommufd_ioas_alloc(self->iommufd, &cmd.ioas_id));
	ASSERT_RC(0, vfio_ioctl(self->iommufd, IOMMU_VFIO_IOAS, &cmd));
	self->fd = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->fd);
	EXPECT_RC(-EINVAL, vfio_group_set_container(self->fd, self->iommufd));
}

/* A container of VFIO's own, or why there is none. */
static int open_container(const char **why)
{
	int fd = vfio_container_open();

	*why = "no /dev/vfio/vfio";
	if (fd >= 0 && vfio_ioctl(fd, IOMMU_DESTROY, NULL) != -EINVAL) {
		*why = "/dev/vfio/vfio is an iommufd";
		close(fd);
		fd = -1;
	}
	return fd;
}

#define MAX_EXTENSION 12

/* The extensions that a container has, a bit each. */
static u64 extensions(int fd)
{
	unsigned long ext;
	u64 has = 0;

	for (ext = 0; ext <= MAX_EXTENSION; ext++)
		if (vfio_container_check(fd, ext))
			has |= 1ULL << ext;
	return has;
}

#define REQUIRE_NOIOMMU_CONTAINER(fd) do {				\
	const char *why;						\
									\
	fd = open_container(&why);					\
	if (fd < 0)							\
		SKIP(return, "%s", why);				\
} while (0)

/* What an empty container says depends on the parameter alone. */
TEST_F(noiommu, container_extension)
{
	int fd;

	REQUIRE_NOIOMMU_CONTAINER(fd);
	EXPECT_RC(1, vfio_container_check(fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "N"));
	EXPECT_RC(0, vfio_container_check(fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "Y"));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	close(fd);
}

/* One kind of container goes with the group, and no other extension. */
TEST_F(noiommu, container_set_iommu)
{
	unsigned long type;
	int fd;

	REQUIRE_NOIOMMU_CONTAINER(fd);
	self->fd = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->fd);
	ASSERT_RC(0, vfio_group_set_container(self->fd, fd));
	EXPECT_EQ(1ULL << VFIO_NOIOMMU_IOMMU, extensions(fd));
	for (type = 0; type <= MAX_EXTENSION; type++)
		if (type != VFIO_NOIOMMU_IOMMU)
			EXPECT_RC(-ENODEV, vfio_container_set_iommu(fd, type));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "N"));
	EXPECT_RC(0, vfio_container_check(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(-ENODEV, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "Y"));

	ASSERT_RC(0, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(1ULL << VFIO_NOIOMMU_IOMMU, extensions(fd));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "N"));
	EXPECT_RC(0, vfio_container_check(fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, sysfs_write_str(PARAM, "Y"));

	/* The last group takes the backend along. */
	ASSERT_RC(0, vfio_group_unset_container(self->fd));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(-EINVAL, vfio_ioctl(fd, VFIO_IOMMU_GET_INFO, NULL));
	close(fd);
}

/* Nothing is mapped: whoever has the device has all memory. */
TEST_F(noiommu, container_maps_nothing)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int fd;

	ASSERT_NE(MAP_FAILED, page);
	REQUIRE_NOIOMMU_CONTAINER(fd);
	self->fd = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->fd);
	ASSERT_RC(0, vfio_group_set_container(self->fd, fd));
	EXPECT_RC(-EINVAL, vfio_type1_map(fd, page, 4096, 0));
	ASSERT_RC(0, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(-ENOTTY, vfio_type1_map(fd, page, 4096, 0));
	EXPECT_RC(-ENOTTY, vfio_type1_unmap(fd, 0, 4096));
	EXPECT_RC(-ENOTTY, vfio_ioctl(fd, VFIO_IOMMU_GET_INFO, &info));
	EXPECT_RC(-ENOTTY, vfio_ioctl(fd, VFIO_IOMMU_ENABLE, NULL));
	EXPECT_RC(0, vfio_ioctl(fd, VFIO_GET_API_VERSION, NULL));
	munmap(page, 4096);
	close(fd);
}

/* Every step with a container takes the right to do raw I/O. */
TEST_F(noiommu, container_privilege)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct __user_cap_data_struct caps[2];
	int fd, device;

	REQUIRE_NOIOMMU_CONTAINER(fd);
	self->fd = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->fd);

	ASSERT_RC(0, drop_rawio(caps));
	EXPECT_RC(-EPERM, vfio_group_set_container(self->fd, fd));
	EXPECT_RC(0, vfio_group_set_container(self->fd, self->iommufd));
	EXPECT_RC(-EPERM, vfio_group_get_device(self->fd, self->bdf));
	EXPECT_RC(0, vfio_group_unset_container(self->fd));
	ASSERT_RC(0, restore_caps(caps));
	ASSERT_RC(0, vfio_group_set_container(self->fd, fd));

	EXPECT_RC(-EINVAL, vfio_group_get_device(self->fd, self->bdf));
	ASSERT_RC(0, drop_rawio(caps));
	EXPECT_RC(-EPERM, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(1, vfio_container_check(fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_RC(0, restore_caps(caps));
	ASSERT_RC(0, vfio_container_set_iommu(fd, VFIO_NOIOMMU_IOMMU));

	ASSERT_RC(0, drop_rawio(caps));
	EXPECT_RC(-EPERM, vfio_group_get_device(self->fd, self->bdf));
	ASSERT_RC(0, restore_caps(caps));
	device = vfio_group_get_device(self->fd, self->bdf);
	ASSERT_LE(0, device);
	EXPECT_RC(0, vfio_device_info(device, &info));
	EXPECT_RC(-EBUSY, vfio_group_unset_container(self->fd));

	/* The device keeps the group and the container. */
	close(fd);
	close(self->fd);
	self->fd = -1;
	EXPECT_RC(-EBUSY, vfio_group_open(self->bdf));
	EXPECT_RC(0, vfio_device_info(device, &info));
	close(device);
	self->fd = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->fd);
}

/*
 * Without an IOMMU that remaps interrupts, the vectors of MSI can't be had one
 * by one, and there is only one: fewer than the device would have. The answer
 * is their number, and nothing is enabled.
 */
TEST_F(noiommu, fewer_vectors)
{
	struct vfio_irq_info info;
	int fds[32], evfd = evfd_new(), i, ret;

	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	ASSERT_RC(0, vfio_irq_info(self->fd, VFIO_PCI_MSI_IRQ_INDEX, &info));
	if (info.count < 2)
		SKIP(return, "%s has %u MSI vectors", self->bdf, info.count);
	ASSERT_LE(info.count, 32);
	for (i = 0; i < info.count; i++)
		fds[i] = evfd;
	ret = vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, info.count,
			       fds);
	if (!ret)
		SKIP(return, "this machine has all %u vectors", info.count);
	ASSERT_LT(0, ret) TH_LOG("device %s", self->bdf);
	ASSERT_LT(ret, info.count);
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0,
					    1));
	/* It was the truth. */
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, ret,
				      fds));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, ret));
	EXPECT_EQ(ret, evfd_read(evfd));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX,
					    ret, 1, fds));
	close(evfd);
}

TEST_HARNESS_MAIN
