// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the user in the hands of a driver whose device does no DMA itself: copies,
 * pages that are pinned, and what happens when the user takes them back; mapped in an
 * iommufd, or in a container. On a device that exists for this.
 */
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "test_device.h"

#define PAGE		4096UL
#define NUM_PAGES	32
#define SIZE		(NUM_PAGES * PAGE)
#define IOVA		0x10000000UL
#define AT(n)		(IOVA + (n) * PAGE)

/* Blocks of pages that the device can have pinned, and pages in each */
#define MAX_PINS	4
#define MAX_PAGES	16

enum { PIN_READ, PIN_WRITE, PIN_FILL, PIN_DROP };

FIXTURE(emulated)
{
	const char *bdf;
	int iommufd;
	int container;
	int group;
	int fd;
	u32 ioas;
	u8 *mem;
};

/*
 * @type: 0 for an iommufd, else the kind of container
 * @unmapped: what the driver gets for addresses that lead nowhere
 */
FIXTURE_VARIANT(emulated)
{
	unsigned long type;
	int unmapped;
};

FIXTURE_VARIANT_ADD(emulated, iommufd) { .unmapped = -ENOENT };
FIXTURE_VARIANT_ADD(emulated, type1v2) {
	.type = VFIO_TYPE1v2_IOMMU,
	.unmapped = -EINVAL,
};

/* The device by its group, with a container that has a backend: 0 or -errno */
static int open_by_container(FIXTURE_DATA(emulated) *self, unsigned long type)
{
	char link[128] = "", path[160];
	int ret;

	if (readlink(TEST_DEVICE_BUS TEST_DEVICE_ALL "/iommu_group", link, sizeof(link) - 1) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(link, '/'));
	self->container = vfio_container_open();
	if (self->container < 0)
		return self->container;
	self->group = open(path, O_RDWR | O_CLOEXEC);
	if (self->group < 0)
		return -errno;
	ret = vfio_group_set_container(self->group, self->container);
	if (!ret)
		ret = vfio_container_set_iommu(self->container, type);
	if (ret)
		return ret;
	self->fd = vfio_group_get_device(self->group, TEST_DEVICE_ALL);
	return self->fd < 0 ? self->fd : 0;
}

static int open_by_iommufd(FIXTURE_DATA(emulated) *self)
{
	u32 pt_id;
	int ret;

	self->iommufd = iommufd_open();
	if (self->iommufd < 0)
		return self->iommufd;
	ret = iommufd_ioas_alloc(self->iommufd, &self->ioas);
	if (ret)
		return ret;
	self->fd = test_device_open(TEST_DEVICE_ALL, self->iommufd);
	if (self->fd < 0)
		return self->fd;
	pt_id = self->ioas;
	return vfio_cdev_attach(self->fd, &pt_id);
}

FIXTURE_SETUP(emulated)
{
	const char *why = variant->type ? vfio_container_missing() : NULL;

	self->bdf = TEST_DEVICE_ALL;
	self->iommufd = -1;
	self->container = -1;
	self->group = -1;
	self->fd = -1;
	REQUIRE_TEST_DEVICES();
	if (why)
		SKIP(return, "%s", why);
	self->mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, variant->type ? open_by_container(self, variant->type) :
				     open_by_iommufd(self));
}

FIXTURE_TEARDOWN(emulated)
{
	close(self->fd);
	close(self->group);
	close(self->container);
	close(self->iommufd);
	munmap(self->mem, SIZE);
}

static int map(FIXTURE_DATA(emulated) *self, unsigned int page, unsigned int nr, bool writable)
{
	if (self->container >= 0)
		return vfio_type1_map_flags(self->container, self->mem + page * PAGE, nr * PAGE,
					    AT(page), VFIO_DMA_MAP_FLAG_READ |
					    (writable ? VFIO_DMA_MAP_FLAG_WRITE : 0));
	return iommufd_map(self->iommufd, self->ioas, self->mem + page * PAGE, nr * PAGE,
			   AT(page), writable ? DMA_PROT_RW : DMA_PROT_READ);
}

static int unmap(FIXTURE_DATA(emulated) *self, unsigned int page, unsigned int nr)
{
	u64 done;

	if (self->container >= 0)
		return vfio_type1_unmap(self->container, AT(page), nr * PAGE);
	return iommufd_unmap(self->iommufd, self->ioas, AT(page), nr * PAGE, &done);
}

/* Let the device copy: to the user's memory, or from it */
static int copy(int fd, u64 iova, u32 offset, u32 length, bool to_user)
{
	struct {
		u64 iova;
		u32 offset;
		u32 length;
		u32 flags;
		u32 reserved;
	} cmd = { iova, offset, length, to_user };

	return test_device_write(fd, TEST_AT_COPY, &cmd, sizeof(cmd));
}

static int pin(int fd, u64 iova, u32 npage, u32 op)
{
	struct {
		u64 iova;
		u32 npage;
		u32 op;
	} cmd = { iova, npage, op };

	return test_device_write(fd, TEST_AT_PIN, &cmd, sizeof(cmd));
}

/* Pages that are pinned; *@notified: how often memory was taken back */
static int pinned(int fd, u32 *notified)
{
	u32 status[2];
	int ret = test_device_read(fd, TEST_AT_PINNED, status, sizeof(status));

	*notified = ret ? 0 : status[1];
	return ret ? ret : (int)status[0];
}

#define EXPECT_PINNED(pages, times) do {				\
	u32 __notified;							\
									\
	EXPECT_RC(pages, pinned(self->fd, &__notified));		\
	EXPECT_EQ(times, __notified);					\
} while (0)

static bool all_bytes(const u8 *mem, size_t len, u8 value)
{
	while (len--)
		if (*mem++ != value)
			return false;
	return true;
}

TEST_F(emulated, copy)
{
	u8 in[TEST_MEMORY], out[TEST_MEMORY];
	unsigned int i;

	ASSERT_EQ(0, map(self, 0, NUM_PAGES / 2, true));
	ASSERT_EQ(0, map(self, NUM_PAGES / 2, NUM_PAGES / 2, true));
	for (i = 0; i < SIZE; i++)
		self->mem[i] = i * 11 + (i >> 12);

	/* from the middle of a page over the next one; over two mappings; one byte */
	ASSERT_RC(0, copy(self->fd, AT(3) + 1000, 0, 7000, false));
	ASSERT_RC(0, copy(self->fd, AT(NUM_PAGES / 2) - 500, 7000, 1000, false));
	ASSERT_RC(0, copy(self->fd, AT(NUM_PAGES) - 1, 8000, 1, false));
	ASSERT_RC(0, test_device_read(self->fd, TEST_AT_MEMORY, in, sizeof(in)));
	EXPECT_EQ(0, memcmp(in, self->mem + 3 * PAGE + 1000, 7000));
	EXPECT_EQ(0, memcmp(in + 7000, self->mem + NUM_PAGES / 2 * PAGE - 500, 1000));
	EXPECT_EQ(self->mem[SIZE - 1], in[8000]);
	EXPECT_EQ(0, in[8001]);

	/* and back; what lies beside stays */
	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 3;
	ASSERT_RC(0, test_device_write(self->fd, TEST_AT_MEMORY, out, sizeof(out)));
	memset(self->mem, 0xa5, SIZE);
	ASSERT_RC(0, copy(self->fd, AT(NUM_PAGES / 2) - 3000, 100, 6000, true));
	EXPECT_EQ(0, memcmp(self->mem + NUM_PAGES / 2 * PAGE - 3000, out + 100, 6000));
	EXPECT_TRUE(all_bytes(self->mem, NUM_PAGES / 2 * PAGE - 3000, 0xa5));
	EXPECT_TRUE(all_bytes(self->mem + NUM_PAGES / 2 * PAGE + 3000,
			      NUM_PAGES / 2 * PAGE - 3000, 0xa5));
}

TEST_F(emulated, copy_refused)
{
	EXPECT_RC(variant->unmapped, copy(self->fd, IOVA, 0, 8, false));
	ASSERT_EQ(0, map(self, 0, 4, true));
	ASSERT_EQ(0, map(self, 8, 4, false));
	EXPECT_RC(variant->unmapped, copy(self->fd, IOVA - 8, 0, 8, false));
	EXPECT_RC(variant->unmapped, copy(self->fd, AT(4), 0, 8, false));
	/* begins where memory is, and goes on where there is none */
	EXPECT_RC(variant->unmapped, copy(self->fd, AT(4) - 4, 0, 8, false));
	EXPECT_RC(0, copy(self->fd, AT(8), 0, 8, false));
	EXPECT_RC(-EPERM, copy(self->fd, AT(8), 0, 8, true));
	EXPECT_RC(0, copy(self->fd, AT(4) - 8, 0, 8, true));
	ASSERT_EQ(0, unmap(self, 0, 4));
	EXPECT_RC(variant->unmapped, copy(self->fd, IOVA, 0, 8, false));
}

/* What is pinned are the user's own pages, wherever he looks at them from. */
TEST_F(emulated, pin)
{
	ASSERT_EQ(0, map(self, 0, NUM_PAGES, true));
	memset(self->mem, 1, SIZE);
	ASSERT_RC(0, pin(self->fd, AT(2), 3, PIN_WRITE));
	ASSERT_RC(0, pin(self->fd, AT(10), MAX_PAGES, PIN_WRITE));
	EXPECT_PINNED(3 + MAX_PAGES, 0);
	EXPECT_RC(0, pin(self->fd, AT(2), 0x5c, PIN_FILL));
	EXPECT_RC(0, pin(self->fd, AT(10), 0xc5, PIN_FILL));
	EXPECT_TRUE(all_bytes(self->mem, 2 * PAGE, 1));
	EXPECT_TRUE(all_bytes(self->mem + 2 * PAGE, 3 * PAGE, 0x5c));
	EXPECT_TRUE(all_bytes(self->mem + 5 * PAGE, 5 * PAGE, 1));
	EXPECT_TRUE(all_bytes(self->mem + 10 * PAGE, MAX_PAGES * PAGE, 0xc5));
	EXPECT_TRUE(all_bytes(self->mem + (10 + MAX_PAGES) * PAGE,
			      (NUM_PAGES - 10 - MAX_PAGES) * PAGE, 1));
	EXPECT_RC(0, pin(self->fd, AT(2), 0, PIN_DROP));
	EXPECT_PINNED(MAX_PAGES, 0);
	EXPECT_RC(-ENOENT, pin(self->fd, AT(2), 0, PIN_DROP));
	EXPECT_RC(0, pin(self->fd, AT(10), 0, PIN_DROP));
	/* nobody has to be told of memory that nobody has */
	ASSERT_EQ(0, unmap(self, 0, NUM_PAGES));
	EXPECT_PINNED(0, 0);
}

TEST_F(emulated, pin_refused)
{
	EXPECT_RC(variant->unmapped, pin(self->fd, IOVA, 1, PIN_READ));
	ASSERT_EQ(0, map(self, 0, 4, true));
	ASSERT_EQ(0, map(self, 8, 4, false));
	/* all or nothing */
	EXPECT_RC(variant->unmapped, pin(self->fd, AT(2), 4, PIN_READ));
	EXPECT_RC(-EPERM, pin(self->fd, AT(8), 1, PIN_WRITE));
	EXPECT_RC(0, pin(self->fd, AT(8), 1, PIN_READ));
	EXPECT_PINNED(1, 0);
	EXPECT_RC(0, pin(self->fd, AT(8), 0, PIN_DROP));
	ASSERT_EQ(0, unmap(self, 0, 4));
	EXPECT_PINNED(0, 0);
}

/* The same pages may be pinned more than once. */
TEST_F(emulated, pin_twice)
{
	ASSERT_EQ(0, map(self, 0, 8, true));
	ASSERT_RC(0, pin(self->fd, AT(0), 4, PIN_WRITE));
	ASSERT_RC(0, pin(self->fd, AT(2), 4, PIN_WRITE));
	ASSERT_RC(0, pin(self->fd, AT(0), 0, PIN_DROP));
	ASSERT_RC(0, pin(self->fd, AT(2), 0x77, PIN_FILL));
	EXPECT_TRUE(all_bytes(self->mem + 2 * PAGE, 4 * PAGE, 0x77));
	ASSERT_RC(0, pin(self->fd, AT(2), 0, PIN_DROP));
	ASSERT_EQ(0, unmap(self, 0, 8));
}

/* Unmapping waits until the driver has let go, of that memory only. */
TEST_F(emulated, unmap_pinned)
{
	u32 notified;

	ASSERT_EQ(0, map(self, 0, 8, true));
	ASSERT_EQ(0, map(self, 8, 8, true));
	ASSERT_RC(0, pin(self->fd, AT(1), 4, PIN_WRITE));
	ASSERT_RC(0, pin(self->fd, AT(6), 1, PIN_READ));
	ASSERT_RC(0, pin(self->fd, AT(9), 4, PIN_WRITE));
	ASSERT_EQ(0, unmap(self, 0, 8));
	EXPECT_RC(4, pinned(self->fd, &notified));
	EXPECT_LE(1, notified);
	EXPECT_RC(-ENOENT, pin(self->fd, AT(1), 0, PIN_FILL));
	EXPECT_RC(0, pin(self->fd, AT(9), 0x31, PIN_FILL));
	EXPECT_TRUE(all_bytes(self->mem + 9 * PAGE, 4 * PAGE, 0x31));
	ASSERT_EQ(0, unmap(self, 8, 8));
	EXPECT_RC(0, pinned(self->fd, &notified));

	/* the addresses can be had again */
	ASSERT_EQ(0, map(self, 0, 8, true));
	EXPECT_RC(0, pin(self->fd, AT(1), 4, PIN_WRITE));
}

/* Closing the device, and then the address space, with pages pinned */
TEST_F(emulated, close_pinned)
{
	unsigned int i;

	ASSERT_EQ(0, map(self, 0, NUM_PAGES, true));
	for (i = 0; i < MAX_PINS; i++)
		ASSERT_RC(0, pin(self->fd, AT(4 * i), 4, PIN_WRITE));
	EXPECT_RC(-ENOSPC, pin(self->fd, AT(20), 1, PIN_WRITE));
	EXPECT_PINNED(4 * MAX_PINS, 0);
	close(self->fd);
	self->fd = -1;
	if (variant->type)
		self->fd = vfio_group_get_device(self->group, TEST_DEVICE_ALL);
	else
		self->fd = test_device_open(TEST_DEVICE_ALL, self->iommufd);
	ASSERT_LE(0, self->fd);
	EXPECT_PINNED(0, 0);
	ASSERT_EQ(0, unmap(self, 0, NUM_PAGES));
}

/* A device that is detached has no memory, and gives back what it had. */
TEST_F(emulated, detach_pinned)
{
	u32 notified, pt_id = self->ioas;

	if (variant->type)
		SKIP(return, "no such thing with a container");
	ASSERT_EQ(0, map(self, 0, 4, true));
	ASSERT_RC(0, pin(self->fd, AT(0), 4, PIN_WRITE));
	ASSERT_RC(0, vfio_cdev_detach(self->fd));
	EXPECT_RC(0, pinned(self->fd, &notified));
	EXPECT_EQ(1, notified);
	EXPECT_NE(0, pin(self->fd, AT(0), 4, PIN_WRITE));
	EXPECT_NE(0, copy(self->fd, AT(0), 0, 8, false));
	ASSERT_RC(0, vfio_cdev_attach(self->fd, &pt_id));
	EXPECT_RC(0, pin(self->fd, AT(0), 4, PIN_WRITE));
}

TEST_HARNESS_MAIN
