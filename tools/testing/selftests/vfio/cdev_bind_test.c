// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way from an open character device to a device that can do DMA, errno by
 * errno: VFIO_DEVICE_BIND_IOMMUFD, ATTACH_IOMMUFD_PT, DETACH_IOMMUFD_PT, with
 * and without PASID.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "vfio_test.h"

FIXTURE(cdev)
{
	const char *bdf;
	int iommufd;
	int fd;
	u32 ioas;
};

FIXTURE_VARIANT(cdev)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(cdev, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(cdev, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(cdev, EDU) { .kind = "EDU" };

FIXTURE_SETUP(cdev)
{
	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iommufd_ioas_alloc(self->iommufd, &self->ioas));
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
}

FIXTURE_TEARDOWN(cdev)
{
	close(self->fd);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

/*
 * A page that holds a copy of @arg, readable but not writable: the kernel can
 * fetch the argument and fails when it stores the result.
 */
static void *read_only_copy(const void *arg, size_t len)
{
	void *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	memcpy(page, arg, len);
	mprotect(page, getpagesize(), PROT_READ);
	return page;
}

static int bind_raw(int fd, u32 argsz, u32 flags, int iommufd)
{
	struct {
		struct vfio_device_bind_iommufd cmd;
		u64 tail;
	} arg = {
		.cmd = { .argsz = argsz, .flags = flags, .iommufd = iommufd },
	};

	return vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg);
}

TEST_F(cdev, bind)
{
	u32 devid = 0;

	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, &devid));
	EXPECT_LT(0, devid);
	/* The id is an object of that iommufd, in use. */
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, devid));
}

TEST_F(cdev, bind_argsz)
{
	struct {
		struct vfio_device_bind_iommufd cmd;
		u64 tail;
	} arg = { .cmd.iommufd = self->iommufd };
	u32 argsz;

	for (argsz = 0; argsz < 16; argsz++)
		EXPECT_RC(-EINVAL,
			  bind_raw(self->fd, argsz, 0, self->iommufd));

	/* A tail the kernel doesn't know must be zero. */
	arg.cmd.argsz = sizeof(arg);
	arg.tail = 1;
	EXPECT_RC(-E2BIG,
		  vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	arg.tail = 0;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
}

/* Programs of the time before tokens pass 16 bytes. */
TEST_F(cdev, bind_old_size)
{
	EXPECT_RC(0, bind_raw(self->fd, 16, 0, self->iommufd));
}

TEST_F(cdev, bind_flags)
{
	u32 bit;

	for (bit = VFIO_DEVICE_BIND_FLAG_TOKEN << 1; bit; bit <<= 1)
		EXPECT_RC(-EINVAL,
			  bind_raw(self->fd, sizeof(struct
				   vfio_device_bind_iommufd), bit,
				   self->iommufd));
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

/* A token where there is nothing to prove. */
TEST_F(cdev, bind_token)
{
	static const u8 uuid[16] = { 1, 2, 3 };
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_BIND_FLAG_TOKEN,
		.iommufd = self->iommufd,
		.token_uuid_ptr = (uintptr_t)uuid,
	};
	u64 vfs;

	if (!pci_dev_attr(self->bdf, "sriov_totalvfs", &vfs) && vfs)
		SKIP(return, "%s can have VFs, so a token makes sense",
		     self->bdf);
	EXPECT_RC(-EINVAL,
		  vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd));
	/* A pointer without the flag is ignored. */
	cmd.flags = 0;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, &cmd));
}

TEST_F(cdev, bind_bad_iommufd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	EXPECT_RC(-EINVAL, vfio_cdev_bind(self->fd, -1, NULL));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(self->fd, INT32_MIN, NULL));
	EXPECT_RC(-EBADF,
		  vfio_cdev_bind(self->fd, vfio_test_closed_fd(), NULL));
	EXPECT_RC(-EBADFD, vfio_cdev_bind(self->fd, null, NULL));
	EXPECT_RC(-EBADFD, vfio_cdev_bind(self->fd, self->fd, NULL));
	close(null);
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

TEST_F(cdev, bind_bad_address)
{
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, NULL));
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, NULL));
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, NULL));
}

/* The result can't be stored: nothing is left bound. */
TEST_F(cdev, bind_result_fault)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd), .iommufd = self->iommufd,
	};
	void *page = read_only_copy(&cmd, sizeof(cmd));

	ASSERT_NE(NULL, page);
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_DEVICE_BIND_IOMMUFD, page));
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	munmap(page, getpagesize());
}

TEST_F(cdev, bind_twice)
{
	int other;

	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(self->fd, self->iommufd, NULL));

	/* Opening again is fine, binding the second file isn't. */
	other = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, other);
	EXPECT_RC(-EINVAL, vfio_cdev_bind(other, self->iommufd, NULL));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(self->fd, self->iommufd, NULL));

	/* Only closing unbinds; then it is the other one's turn. */
	close(self->fd);
	self->fd = other;
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

/* One file may be shared: the last close unbinds, not the first. */
TEST_F(cdev, bind_dup)
{
	struct vfio_device_info info;
	int dup_fd, other;

	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	dup_fd = dup(self->fd);
	ASSERT_LE(0, dup_fd);
	close(self->fd);
	self->fd = dup_fd;
	EXPECT_RC(0, vfio_device_info(self->fd, &info));
	other = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, other);
	EXPECT_RC(-EINVAL, vfio_cdev_bind(other, self->iommufd, NULL));
	close(other);
}

/* The device keeps the iommufd alive. */
TEST_F(cdev, iommufd_closed_first)
{
	struct vfio_device_info info;
	u32 pt = self->ioas;

	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	close(self->iommufd);
	self->iommufd = -1;
	EXPECT_RC(0, vfio_device_info(self->fd, &info));
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(0, vfio_cdev_detach(self->fd));
}

/* Everything but BIND is refused on a file that is not bound. */
TEST_F(cdev, unbound)
{
	static const unsigned long cmds[] = {
		VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_DETACH_IOMMUFD_PT,
		VFIO_DEVICE_FEATURE, VFIO_DEVICE_GET_INFO,
		VFIO_DEVICE_GET_REGION_INFO, VFIO_DEVICE_GET_IRQ_INFO,
		VFIO_DEVICE_SET_IRQS, VFIO_DEVICE_RESET,
		VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, VFIO_DEVICE_PCI_HOT_RESET,
		VFIO_DEVICE_IOEVENTFD, VFIO_DEVICE_QUERY_GFX_PLANE,
		VFIO_GET_API_VERSION, _IO(VFIO_TYPE, 255), FIONREAD, 0,
	};
	u32 arg[16] = { sizeof(arg) };
	unsigned int i;
	char c = 0;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		EXPECT_RC(-EINVAL, vfio_ioctl(self->fd, cmds[i], arg));
		EXPECT_RC(-EINVAL, vfio_ioctl(self->fd, cmds[i], NULL));
	}
	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->fd, &c, 1, 7ULL << 40));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->fd, &c, 1, 7ULL << 40));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED,
				   self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
	/* And none of this kept it from being bound. */
	EXPECT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

/* A failed attempt to bind doesn't open the gate. */
TEST_F(cdev, unbound_after_failure)
{
	struct vfio_device_info info;

	EXPECT_RC(-EBADF,
		  vfio_cdev_bind(self->fd, vfio_test_closed_fd(), NULL));
	EXPECT_RC(-EINVAL, vfio_device_info(self->fd, &info));
}

/* ---- attach and detach ---- */

FIXTURE(attach)
{
	const char *bdf;
	int iommufd;
	int fd;
	u32 devid;
	u32 ioas;
};

FIXTURE_VARIANT(attach)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(attach, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(attach, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(attach, EDU) { .kind = "EDU" };

FIXTURE_SETUP(attach)
{
	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	ASSERT_EQ(0, iommufd_ioas_alloc(self->iommufd, &self->ioas));
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, &self->devid));
}

FIXTURE_TEARDOWN(attach)
{
	close(self->fd);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

static int attach_raw(int fd, u32 argsz, u32 flags, u32 pt_id)
{
	struct {
		struct vfio_device_attach_iommufd_pt cmd;
		u64 tail;
	} arg = {
		.cmd = { .argsz = argsz, .flags = flags, .pt_id = pt_id },
		/* old-style: what follows the known size is not looked at */
		.tail = ~0ULL,
	};

	return vfio_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);
}

static int detach_raw(int fd, u32 argsz, u32 flags)
{
	struct {
		struct vfio_device_detach_iommufd_pt cmd;
		u64 tail;
	} arg = { .cmd = { .argsz = argsz, .flags = flags }, .tail = ~0ULL };

	return vfio_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
}

TEST_F(attach, attach)
{
	u32 pt = self->ioas;

	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	/* An address space is answered with the page table made for it. */
	EXPECT_NE(self->ioas, pt);
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
	ASSERT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_F(attach, argsz)
{
	u32 argsz;

	for (argsz = 0; argsz < 12; argsz++)
		EXPECT_RC(-EINVAL, attach_raw(self->fd, argsz, 0, self->ioas));
	for (argsz = 0; argsz < 16; argsz++)
		EXPECT_RC(-EINVAL, attach_raw(self->fd, argsz,
					      VFIO_DEVICE_ATTACH_PASID,
					      self->ioas));
	EXPECT_RC(0, attach_raw(self->fd, 12, 0, self->ioas));

	for (argsz = 0; argsz < 8; argsz++)
		EXPECT_RC(-EINVAL, detach_raw(self->fd, argsz, 0));
	for (argsz = 0; argsz < 12; argsz++)
		EXPECT_RC(-EINVAL, detach_raw(self->fd, argsz,
					      VFIO_DEVICE_DETACH_PASID));
	EXPECT_RC(0, detach_raw(self->fd, 8, 0));
}

TEST_F(attach, long_argsz)
{
	EXPECT_RC(0, attach_raw(self->fd, 24, 0, self->ioas));
	EXPECT_RC(0, detach_raw(self->fd, 24, 0));
}

TEST_F(attach, flags)
{
	u32 bit;

	for (bit = VFIO_DEVICE_ATTACH_PASID << 1; bit; bit <<= 1) {
		EXPECT_RC(-EINVAL, attach_raw(self->fd, 16, bit, self->ioas));
		EXPECT_RC(-EINVAL, detach_raw(self->fd, 12, bit));
	}
}

TEST_F(attach, bad_ids)
{
	u32 pt;

	pt = 0;
	EXPECT_RC(-ENOENT, vfio_cdev_attach(self->fd, &pt));
	pt = ~0u;
	EXPECT_RC(-ENOENT, vfio_cdev_attach(self->fd, &pt));
	/* An object, but no page table. */
	pt = self->devid;
	EXPECT_RC(-EINVAL, vfio_cdev_attach(self->fd, &pt));
	/* A failed attach attaches nothing. */
	EXPECT_RC(0, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_F(attach, foreign_ioas)
{
	int other = iommufd_open();
	u32 pt, last = 0, i;

	/* An id that only exists in another iommufd. */
	ASSERT_LE(0, other);
	for (i = 0; i < 16; i++)
		ASSERT_RC(0, iommufd_ioas_alloc(other, &last));
	pt = last;
	EXPECT_RC(-ENOENT, vfio_cdev_attach(self->fd, &pt));
	close(other);
}

TEST_F(attach, replace)
{
	u32 pt = self->ioas, second, hwpt;

	ASSERT_RC(0, iommufd_ioas_alloc(self->iommufd, &second));
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	/* The same again is no change. */
	pt = self->ioas;
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
	/* Another one takes its place and sets the first free. */
	pt = second;
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(0, iommufd_destroy(self->iommufd, self->ioas));
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, second));

	/* A page table made by hand. */
	ASSERT_RC(0, iommufd_hwpt_alloc(self->iommufd, self->devid, second, 0,
					&hwpt));
	pt = hwpt;
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_EQ(hwpt, pt);
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, hwpt));
	EXPECT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, iommufd_destroy(self->iommufd, hwpt));
	EXPECT_RC(0, iommufd_destroy(self->iommufd, second));
}

/* A replacement that fails leaves the old attachment in place. */
TEST_F(attach, replace_fails)
{
	u32 pt = self->ioas;

	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	pt = ~0u;
	EXPECT_RC(-ENOENT, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_F(attach, detach_idle)
{
	u32 pt = self->ioas;

	EXPECT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, vfio_cdev_detach(self->fd));
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, vfio_cdev_detach(self->fd));
	/* And attaching works again. */
	pt = self->ioas;
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
}

/* The result can't be stored: the attachment is undone. */
TEST_F(attach, result_fault)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd), .pt_id = self->ioas,
	};
	void *page = read_only_copy(&cmd, sizeof(cmd));
	u32 pt = self->ioas;

	ASSERT_NE(NULL, page);
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, page));
	munmap(page, getpagesize());
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_F(attach, close_detaches)
{
	u32 pt = self->ioas;

	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	close(self->fd);
	self->fd = -1;
	EXPECT_RC(0, iommufd_destroy(self->iommufd, self->ioas));
	/* The device's id has gone with it. */
	EXPECT_RC(-ENOENT, iommufd_destroy(self->iommufd, self->devid));
}

/* Device and address space are shared by everything attached to them. */
TEST_F(attach, two_devices_one_ioas)
{
	const char *kind = strcmp(variant->kind, "E1000E") ? "E1000E" : "NVME";
	const char *bdf = vfio_test_bdf(kind);
	u32 pt = self->ioas, devid;
	int fd;

	if (!bdf)
		SKIP(return, "no %s device: VFIO_%s is not set", kind, kind);
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	fd = vfio_cdev_open(bdf);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vfio_cdev_bind(fd, self->iommufd, &devid));
	EXPECT_NE(self->devid, devid);
	pt = self->ioas;
	EXPECT_EQ(0, vfio_cdev_attach(fd, &pt));
	close(fd);
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
}

/* ---- PASID ---- */

/*
 * None of the emulated devices has a PASID capability, so attaching must
 * fail; detaching what was never attached is no error.
 */
TEST_F(attach, pasid)
{
	u32 pt = self->ioas;

	EXPECT_RC(-EINVAL, vfio_cdev_attach_pasid(self->fd, &pt, 1));
	EXPECT_RC(-EINVAL, vfio_cdev_attach_pasid(self->fd, &pt, 1 << 20));
	EXPECT_RC(-ENOSPC, vfio_cdev_attach_pasid(self->fd, &pt, ~0u));
	EXPECT_RC(0, vfio_cdev_detach_pasid(self->fd, 1));
	EXPECT_RC(0, vfio_cdev_detach_pasid(self->fd, ~0u));

	/* The attachment without PASID is another one. */
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(0, vfio_cdev_detach_pasid(self->fd, 0));
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
}

/*
 * PASID 0 is the one of requests without PASID: attaching it works on any
 * device, and then the device's own attachment has no room.
 */
TEST_F(attach, pasid_zero)
{
	u32 pt = self->ioas;

	ASSERT_RC(0, vfio_cdev_attach_pasid(self->fd, &pt, 0));
	EXPECT_RC(-EBUSY, iommufd_destroy(self->iommufd, self->ioas));
	pt = self->ioas;
	EXPECT_RC(0, vfio_cdev_attach_pasid(self->fd, &pt, 0));
	pt = self->ioas;
	EXPECT_RC(-EBUSY, vfio_cdev_attach(self->fd, &pt));
	EXPECT_RC(0, vfio_cdev_detach_pasid(self->fd, 0));
	pt = self->ioas;
	EXPECT_RC(0, vfio_cdev_attach(self->fd, &pt));
}

/* The result can't be stored, with a PASID: that attachment is undone. */
TEST_F(attach, pasid_result_fault)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_ATTACH_PASID,
		.pt_id = self->ioas,
	};
	void *page = read_only_copy(&cmd, sizeof(cmd));

	ASSERT_NE(NULL, page);
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, page));
	munmap(page, getpagesize());
	EXPECT_RC(0, iommufd_destroy(self->iommufd, self->ioas));
}

TEST_HARNESS_MAIN
