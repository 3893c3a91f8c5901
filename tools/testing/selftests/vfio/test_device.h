/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The devices of module vfio-test-device, vfio-test.0 to vfio-test.4: what they can
 * do, how to open one, and what its regions mean. See
 * drivers/vfio/tests/vfio_test_device.h.
 */
#ifndef VFIO_SELFTEST_TEST_DEVICE_H
#define VFIO_SELFTEST_TEST_DEVICE_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "vfio_test.h"

#define F_GET	VFIO_DEVICE_FEATURE_GET
#define F_SET	VFIO_DEVICE_FEATURE_SET
#define F_PROBE	VFIO_DEVICE_FEATURE_PROBE

#define TEST_DEVICE_BUS		"/sys/bus/platform/devices/"

/* The device with everything, and one that logs and can't migrate */
#define TEST_DEVICE_ALL		"vfio-test.0"
#define TEST_DEVICE_LOGS	"vfio-test.4"
/* One that can migrate only, in the simplest way */
#define TEST_DEVICE_STOPS	"vfio-test.3"

#define TEST_MEMORY		8192
#define TEST_RECORD		(8 + TEST_MEMORY)
#define TEST_LOG_RANGES		4

/* Where regions are in the file */
#define TEST_AT_MEMORY		0ULL
#define TEST_AT_DMA		0x10000000000ULL
#define TEST_AT_FAIL		0x20000000000ULL
#define TEST_AT_COPY		0x30000000000ULL
#define TEST_AT_PIN		0x40000000000ULL
#define TEST_AT_PINNED		0x50000000000ULL

enum { TEST_FAIL_NOT, TEST_FAIL_STAY, TEST_FAIL_BREAK };

/* The node of a device, or an empty string */
static inline void test_device_node(const char *name, char *path, size_t len)
{
	char dir[128];
	struct dirent *de;
	DIR *d;

	path[0] = 0;
	snprintf(dir, sizeof(dir), TEST_DEVICE_BUS "%s/vfio-dev", name);
	d = opendir(dir);
	if (!d)
		return;
	while ((de = readdir(d)))
		if (de->d_name[0] != '.')
			snprintf(path, len, "/dev/vfio/devices/%s", de->d_name);
	closedir(d);
}

/* A new file of the device, bound to the iommufd; or -errno */
static inline int test_device_open(const char *name, int iommufd)
{
	char path[300];
	int fd, ret;

	test_device_node(name, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = vfio_cdev_bind(fd, iommufd, NULL);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

#define REQUIRE_TEST_DEVICES() do {					\
	if (access(TEST_DEVICE_BUS TEST_DEVICE_ALL, F_OK))		\
		SKIP(return, "no test devices: vfio-test-device is not loaded"); \
} while (0)

/* What a fixture with members bdf, iommufd and fd begins with */
#define SETUP_TEST_DEVICE(name) do {					\
	self->bdf = (name);						\
	self->iommufd = -1;						\
	self->fd = -1;							\
	REQUIRE_TEST_DEVICES();						\
	self->iommufd = iommufd_open();					\
	ASSERT_LE(0, self->iommufd);					\
	self->fd = test_device_open(self->bdf, self->iommufd);		\
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);		\
} while (0)

/* pread() and pwrite() of all of it: 0 or -errno */
static inline int test_device_read(int fd, u64 at, void *buf, size_t len)
{
	ssize_t n = pread(fd, buf, len, at);

	return n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
}

static inline int test_device_write(int fd, u64 at, const void *buf, size_t len)
{
	ssize_t n = pwrite(fd, buf, len, at);

	return n < 0 ? -errno : n == (ssize_t)len ? 0 : -EIO;
}

/* Pretend that the device has written memory */
static inline int test_device_dma(int fd, u64 iova, u64 length)
{
	u64 dma[2] = { iova, length };

	return test_device_write(fd, TEST_AT_DMA, dma, sizeof(dma));
}

/* What becomes of the next step to another state: TEST_FAIL_* */
static inline int test_device_fail(int fd, u32 how)
{
	return test_device_write(fd, TEST_AT_FAIL, &how, sizeof(how));
}

static inline int test_device_reset(int fd)
{
	return vfio_ioctl(fd, VFIO_DEVICE_RESET, NULL);
}

/* VFIO_DEVICE_FEATURE with an argument of the caller's: any argsz, any place */
static inline int feature_at(int fd, void *arg, u32 argsz, u32 flags)
{
	u32 header[2] = { argsz, flags };

	memcpy(arg, header, sizeof(header));
	return vfio_ioctl(fd, VFIO_DEVICE_FEATURE, arg);
}

/* The same with zeros behind the header */
static inline int feature_raw(int fd, u32 argsz, u32 flags)
{
	u64 arg[64] = {};

	return feature_at(fd, arg, argsz, flags);
}

/*
 * A page whose first bytes are a feature's header and @data, readable but not
 * writable: the kernel can fetch the argument, and fails when it stores the result.
 */
static inline void *read_only_feature(u32 flags, const void *data, size_t len)
{
	u32 header[2] = { sizeof(header) + len, flags };
	char *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	memcpy(page, header, sizeof(header));
	memcpy(page + sizeof(header), data, len);
	mprotect(page, getpagesize(), PROT_READ);
	return page;
}

/* A number that no open descriptor has, below which all are open */
static inline int lowest_free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

#endif /* VFIO_SELFTEST_TEST_DEVICE_H */
