// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nobody should ask of a device, and the errno that answers it: wrong
 * sizes, flags, indexes, ranges that overflow, files that are closed or
 * something else. After each test the device must still be usable.
 *
 * Regions by read and write: region_rw_test.c; binding: cdev_bind_test.c.
 */
#include <sys/mman.h>

#include "vfio_test.h"

FIXTURE(bad)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
};

FIXTURE_VARIANT(bad)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(bad, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(bad, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(bad, EDU) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(bad, IVSHMEM) { .kind = "IVSHMEM" };

FIXTURE_SETUP(bad)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
}

FIXTURE_TEARDOWN(bad)
{
	struct vfio_device_info info;

	if (self->open) {
		/* Usable for this user, and then for the next one. */
		EXPECT_EQ(0, vfio_device_info(self->dev.fd, &info));
		EXPECT_EQ(self->dev.vendor,
			  vfio_cfg_read16(self->dev.fd, PCI_VENDOR_ID));
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	EXPECT_DEVICE_OK();
}

/* ---- ioctl numbers and arguments ---- */

TEST_F(bad, unknown_ioctl)
{
	static const unsigned long cmds[] = {
		0, ~0ul, FIONREAD, _IO(VFIO_TYPE, 0), _IO(VFIO_TYPE, 255),
		_IOR(VFIO_TYPE, VFIO_BASE + 7, u32),
		_IOWR(VFIO_TYPE, VFIO_BASE + 9, struct vfio_region_info),
		/* of the container and the group, not of a device */
		VFIO_GET_API_VERSION, VFIO_CHECK_EXTENSION, VFIO_SET_IOMMU,
		VFIO_GROUP_GET_STATUS, VFIO_GROUP_GET_DEVICE_FD,
		/* of other devices */
		VFIO_DEVICE_QUERY_GFX_PLANE, VFIO_DEVICE_GET_GFX_DMABUF,
	};
	u32 arg[16] = { sizeof(arg) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		EXPECT_EQ(-ENOTTY, vfio_ioctl(self->dev.fd, cmds[i], arg))
			TH_LOG("%s: ioctl %#lx", self->bdf, cmds[i]);
	}
}

TEST_F(bad, no_argument)
{
	static const unsigned long cmds[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
		VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_SET_IRQS,
		VFIO_DEVICE_FEATURE, VFIO_DEVICE_ATTACH_IOMMUFD_PT,
		VFIO_DEVICE_DETACH_IOMMUFD_PT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		EXPECT_EQ(-EFAULT, vfio_ioctl(self->dev.fd, cmds[i], NULL))
			TH_LOG("%s: ioctl %#lx", self->bdf, cmds[i]);
		EXPECT_EQ(-EFAULT, vfio_ioctl(self->dev.fd, cmds[i],
					      (void *)~0xfffUL))
			TH_LOG("%s: ioctl %#lx", self->bdf, cmds[i]);
	}
}

/* An argument that can be read, an answer that can't be written. */
TEST_F(bad, read_only_argument)
{
	u32 *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	page[0] = 64;
	ASSERT_EQ(0, mprotect(page, getpagesize(), PROT_READ));
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->dev.fd, VFIO_DEVICE_GET_INFO, page));
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->dev.fd, VFIO_DEVICE_GET_REGION_INFO, page));
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->dev.fd, VFIO_DEVICE_GET_IRQ_INFO, page));
	munmap(page, getpagesize());
}

/* The argument ends at the end of memory, one byte short. */
TEST_F(bad, cut_argument)
{
	static const struct {
		unsigned long cmd;
		u32 min;
	} cmds[] = {
		{ VFIO_DEVICE_GET_INFO, 16 },
		{ VFIO_DEVICE_GET_REGION_INFO, 32 },
		{ VFIO_DEVICE_GET_IRQ_INFO, 16 },
		{ VFIO_DEVICE_SET_IRQS, 20 },
		{ VFIO_DEVICE_FEATURE, 8 },
	};
	long page = getpagesize();
	unsigned int i;
	u8 *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + page, page);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		u8 *arg = p + page - cmds[i].min + 1;

		memcpy(arg, &(u32){ 64 }, 4);
		EXPECT_EQ(-EFAULT, vfio_ioctl(self->dev.fd, cmds[i].cmd, arg))
			TH_LOG("%s: ioctl %#lx", self->bdf, cmds[i].cmd);
	}
	munmap(p, page);
}

TEST_F(bad, region_index)
{
	static const u32 indexes[] = {
		VFIO_PCI_NUM_REGIONS, 10, 63, 64, 0x7fffffff, 0x80000000, ~0u,
	};
	struct vfio_region_info info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		EXPECT_EQ(-EINVAL,
			  vfio_region_info(self->dev.fd, indexes[i], &info))
			TH_LOG("%s: index %#x", self->bdf, indexes[i]);
	}
}

/* ---- SET_IRQS ---- */

#define NONE	VFIO_IRQ_SET_DATA_NONE
#define BOOL	VFIO_IRQ_SET_DATA_BOOL
#define EVFD	VFIO_IRQ_SET_DATA_EVENTFD
#define MASK	VFIO_IRQ_SET_ACTION_MASK
#define UNMASK	VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER	VFIO_IRQ_SET_ACTION_TRIGGER

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX
#define ERR	VFIO_PCI_ERR_IRQ_INDEX
#define REQ	VFIO_PCI_REQ_IRQ_INDEX

/**
 * struct irq_row - a bad VFIO_DEVICE_SET_IRQS and its answer
 * @name: for messages
 * @flags: DATA and ACTION
 * @index: interrupt index
 * @start: first vector
 * @count: vectors
 * @payload: bytes behind the header, as argsz says
 * @want: result
 */
struct irq_row {
	const char *name;
	u32 flags;
	u32 index;
	u32 start;
	u32 count;
	u32 payload;
	int want;
};

static int set_irqs_raw(int fd, u32 argsz, const struct irq_row *r)
{
	struct {
		struct vfio_irq_set set;
		s32 data[64];
	} arg = {
		.set = {
			.argsz = argsz,
			.flags = r->flags,
			.index = r->index,
			.start = r->start,
			.count = r->count,
		},
	};

	memset(arg.data, 0xff, sizeof(arg.data));
	return vfio_ioctl(fd, VFIO_DEVICE_SET_IRQS, &arg);
}

static int set_irqs_row(int fd, const struct irq_row *r)
{
	return set_irqs_raw(fd, sizeof(struct vfio_irq_set) + r->payload, r);
}

/* The header's rules, the same for each index of each device. */
TEST_F(bad, irq_header)
{
	static const struct irq_row rows[] = {
		{ "no data type", TRIGGER, REQ, 0, 1, 4, -EINVAL },
		{ "two data types", TRIGGER | NONE | EVFD, REQ, 0, 1, 4,
		  -EINVAL },
		{ "two data types", TRIGGER | NONE | BOOL, REQ, 0, 1, 4,
		  -EINVAL },
		{ "all data types", TRIGGER | NONE | BOOL | EVFD, REQ, 0, 1, 4,
		  -EINVAL },
		{ "unknown flag", TRIGGER | NONE | 1 << 6, REQ, 0, 1, 4,
		  -EINVAL },
		{ "unknown flag", TRIGGER | NONE | 1u << 31, REQ, 0, 1, 4,
		  -EINVAL },
		{ "index", TRIGGER | NONE, VFIO_PCI_NUM_IRQS, 0, 0, 0,
		  -EINVAL },
		{ "index", TRIGGER | NONE, ~0u, 0, 0, 0, -EINVAL },
		{ "start", TRIGGER | NONE, REQ, 1, 1, 0, -EINVAL },
		{ "start", TRIGGER | NONE, REQ, ~0u, 0, 0, -EINVAL },
		{ "count", TRIGGER | NONE, REQ, 0, 2, 0, -EINVAL },
		{ "count", TRIGGER | NONE, REQ, 0, ~0u, 0, -EINVAL },
		/* CVE-2016-9083, CVE-2016-9084 */
		{ "start + count wraps", TRIGGER | EVFD, REQ, ~0u, 1, 4,
		  -EINVAL },
		{ "start + count wraps", TRIGGER | EVFD, REQ, 1, ~0u, 4,
		  -EINVAL },
		{ "start + count wraps", TRIGGER | NONE, REQ, 0x80000000,
		  0x80000000, 0, -EINVAL },
		{ "count * 4 wraps", TRIGGER | EVFD, REQ, 0, 0x40000001, 4,
		  -EINVAL },
		{ "count * 4 wraps", TRIGGER | EVFD, REQ, 0, 0x40000000, 0,
		  -EINVAL },
		{ "no payload", TRIGGER | EVFD, REQ, 0, 1, 0, -EINVAL },
		{ "short payload", TRIGGER | EVFD, REQ, 0, 1, 3, -EINVAL },
		{ "short payload", TRIGGER | BOOL, REQ, 0, 1, 0, -EINVAL },
	};
	static const struct irq_row good = {
		.flags = TRIGGER | EVFD, .index = REQ, .count = 1,
	};
	unsigned int i;
	u32 argsz;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_RC_AT(rows[i].name, rows[i].want,
			     set_irqs_row(self->dev.fd, &rows[i]));
	/* One eventfd of -1 is fine, if all of it is there. */
	for (argsz = 0; argsz < sizeof(struct vfio_irq_set) + 4; argsz++)
		EXPECT_RC(-EINVAL, set_irqs_raw(self->dev.fd, argsz, &good));
	EXPECT_RC(0, set_irqs_raw(self->dev.fd, argsz, &good));
	EXPECT_RC(0, set_irqs_raw(self->dev.fd, argsz + 100, &good));
}

/* Beyond the vectors there are, by one and by as many as fit. */
TEST_F(bad, irq_range)
{
	struct vfio_irq_info info;
	unsigned int index, i;

	for (index = 0; index < VFIO_PCI_NUM_IRQS; index++) {
		ASSERT_RC(0, vfio_irq_info(self->dev.fd, index, &info));
		struct irq_row rows[] = {
			{ "start", TRIGGER | EVFD, index, info.count, 1, 4,
			  -EINVAL },
			{ "start", TRIGGER | NONE, index, info.count, 0, 0,
			  -EINVAL },
			{ "count", TRIGGER | NONE, index, 0, info.count + 1, 0,
			  -EINVAL },
			{ "last", TRIGGER | NONE, index, info.count, ~0u, 0,
			  -EINVAL },
			{ "wrap", TRIGGER | NONE, index, 1, ~0u, 0, -EINVAL },
			{ "wrap", TRIGGER | EVFD, index, 2, ~1u, 200,
			  -EINVAL },
		};

		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			EXPECT_EQ(rows[i].want,
				  set_irqs_row(self->dev.fd, &rows[i]))
				TH_LOG("%s index %u of %u: %s", self->bdf,
				       index, info.count, rows[i].name);
		}
	}
}

/* What an index can't do, and what it can't do yet. */
TEST_F(bad, irq_action)
{
	static const struct irq_row rows[] = {
		{ "err: mask", MASK | NONE, ERR, 0, 1, 0, -ENOTTY },
		{ "err: unmask", UNMASK | NONE, ERR, 0, 1, 0, -ENOTTY },
		{ "req: mask", MASK | NONE, REQ, 0, 1, 0, -ENOTTY },
		{ "req: unmask", UNMASK | EVFD, REQ, 0, 1, 4, -ENOTTY },
		{ "req: no action", NONE, REQ, 0, 1, 0, -ENOTTY },
		{ "req: two actions", MASK | TRIGGER | NONE, REQ, 0, 1, 0,
		  -ENOTTY },
		{ "req: not set", TRIGGER | NONE, REQ, 0, 1, 0, -EINVAL },
		{ "req: not set", TRIGGER | NONE, REQ, 0, 0, 0, -EINVAL },
		{ "err: not set", TRIGGER | NONE, ERR, 0, 1, 0, -EINVAL },
		{ "req: no fd", TRIGGER | EVFD, REQ, 0, 0, 0, -EINVAL },
		{ "req: no bool", TRIGGER | BOOL, REQ, 0, 0, 0, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_RC_AT(rows[i].name, rows[i].want,
			     set_irqs_row(self->dev.fd, &rows[i]));
}

TEST_F(bad, irq_action_msi)
{
	static const u32 indexes[] = { MSI, MSIX };
	struct vfio_irq_info info;
	unsigned int i, j, found = 0;

	for (i = 0; i < ARRAY_SIZE(indexes); i++) {
		u32 index = indexes[i];
		const struct irq_row rows[] = {
			{ "mask", MASK | NONE, index, 0, 1, 0, -ENOTTY },
			{ "unmask", UNMASK | NONE, index, 0, 1, 0, -ENOTTY },
			{ "mask by fd", MASK | EVFD, index, 0, 1, 4, -ENOTTY },
			{ "no action", NONE, index, 0, 1, 0, -ENOTTY },
			/* CVE-2024-26813 and its like: nothing to trigger */
			{ "trigger", TRIGGER | NONE, index, 0, 1, 0, -EINVAL },
			{ "trigger", TRIGGER | BOOL, index, 0, 1, 1, -EINVAL },
			/* first enabling must not leave a half-set index */
			{ "no vector", TRIGGER | EVFD, index, 0, 0, 0,
			  -ERANGE },
			{ "trigger", TRIGGER | NONE, index, 0, 1, 0, -EINVAL },
		};

		ASSERT_RC(0, vfio_irq_info(self->dev.fd, index, &info));
		if (!info.count)
			continue;
		found++;
		for (j = 0; j < ARRAY_SIZE(rows); j++) {
			EXPECT_EQ(rows[j].want,
				  set_irqs_row(self->dev.fd, &rows[j]))
				TH_LOG("%s index %u: %s", self->bdf, index,
				       rows[j].name);
		}
	}
	if (!found)
		SKIP(return, "%s has neither MSI nor MSI-X", self->bdf);
}

TEST_F(bad, irq_action_intx)
{
	static const struct irq_row rows[] = {
		/* CVE-2024-26812, -26813: nothing is enabled */
		{ "trigger", TRIGGER | NONE, INTX, 0, 1, 0, -EINVAL },
		{ "trigger", TRIGGER | BOOL, INTX, 0, 1, 1, -EINVAL },
		{ "mask", MASK | NONE, INTX, 0, 1, 0, -EINVAL },
		{ "unmask", UNMASK | NONE, INTX, 0, 1, 0, -EINVAL },
		{ "mask by fd", MASK | EVFD, INTX, 0, 1, 4, -EINVAL },
		{ "unmask by fd", UNMASK | EVFD, INTX, 0, 1, 4, -EINVAL },
		{ "start", TRIGGER | EVFD, INTX, 1, 1, 4, -EINVAL },
		{ "count", TRIGGER | EVFD, INTX, 0, 0, 0, -EINVAL },
		{ "no action", NONE, INTX, 0, 1, 0, -ENOTTY },
		{ "two actions", MASK | UNMASK | NONE, INTX, 0, 1, 0, -ENOTTY },
	};
	struct vfio_irq_info info;
	unsigned int i;

	ASSERT_RC(0, vfio_irq_info(self->dev.fd, INTX, &info));
	if (!info.count)
		SKIP(return, "%s has no INTx", self->bdf);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_RC_AT(rows[i].name, rows[i].want,
			     set_irqs_row(self->dev.fd, &rows[i]));
}

/* Files that can't be signalled. */
TEST_F(bad, irq_fds)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct {
		const char *name;
		int fd;
		int want;
	} rows[] = {
		{ "closed", vfio_test_closed_fd(), -EBADF },
		{ "not an eventfd", null, -EINVAL },
		{ "the device", self->dev.fd, -EINVAL },
		{ "iommufd", self->iommu->iommufd, -EINVAL },
		{ "huge", INT32_MAX, -EBADF },
	};
	struct vfio_irq_info info;
	unsigned int i, index;

	for (index = 0; index < VFIO_PCI_NUM_IRQS; index++) {
		ASSERT_RC(0, vfio_irq_info(self->dev.fd, index, &info));
		if (!info.count)
			continue;
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			EXPECT_EQ(rows[i].want,
				  vfio_irq_set_fds(self->dev.fd, index, 0, 1,
						   &rows[i].fd))
				TH_LOG("%s index %u: %s", self->bdf, index,
				       rows[i].name);
		}
	}
	close(null);
}

/* Below -1 there is no meaning; INTx, MSI and MSI-X take it for -1. */
TEST_F(bad, irq_negative_fd)
{
	struct vfio_irq_info info;
	unsigned int index;
	int fd = -2;

	for (index = 0; index < VFIO_PCI_NUM_IRQS; index++) {
		ASSERT_RC(0, vfio_irq_info(self->dev.fd, index, &info));
		if (!info.count)
			continue;
		EXPECT_EQ(index <= MSIX ? 0 : -EINVAL,
			  vfio_irq_set_fds(self->dev.fd, index, 0, 1, &fd))
			TH_LOG("%s index %u", self->bdf, index);
		if (index <= MSIX)
			ASSERT_RC(0, vfio_irq_disable(self->dev.fd, index));
	}
}

/* ---- mmap ---- */

static void *try_mmap(int fd, int prot, int flags, size_t len, u64 pos)
{
	return mmap(NULL, len, prot, flags, fd, pos);
}

TEST_F(bad, mmap_region)
{
	size_t page = getpagesize();
	unsigned int i;

	for (i = 0; i < 16; i++) {
		struct vfio_region_info info = {};
		u64 pos = (u64)i << 40, room;

		if (!vfio_region_info(self->dev.fd, i, &info) &&
		    info.flags & VFIO_REGION_INFO_FLAG_MMAP) {
			room = (info.size + page - 1) & ~(page - 1);
			/* from the end on, across it, more than there is */
			EXPECT_EQ(MAP_FAILED,
				  try_mmap(self->dev.fd, PROT_READ, MAP_SHARED,
					   page, pos + room));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(MAP_FAILED,
				  try_mmap(self->dev.fd, PROT_READ, MAP_SHARED,
					   2 * page, pos + room - page));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(MAP_FAILED,
				  try_mmap(self->dev.fd, PROT_READ, MAP_SHARED,
					   room + page, pos));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(MAP_FAILED,
				  try_mmap(self->dev.fd, PROT_READ, MAP_PRIVATE,
					   page, pos));
			EXPECT_EQ(EINVAL, errno);
			EXPECT_EQ(MAP_FAILED,
				  try_mmap(self->dev.fd,
					   PROT_READ | PROT_WRITE, MAP_PRIVATE,
					   page, pos));
			EXPECT_EQ(EINVAL, errno);
			continue;
		}
		/* absent, I/O ports, the ROM, configuration space, beyond */
		EXPECT_EQ(MAP_FAILED, try_mmap(self->dev.fd, PROT_READ,
					       MAP_SHARED, page, pos))
			TH_LOG("%s region %u", self->bdf, i);
		EXPECT_EQ(EINVAL, errno) TH_LOG("%s region %u", self->bdf, i);
	}
	/* at the top of the position's range */
	EXPECT_EQ(MAP_FAILED, try_mmap(self->dev.fd, PROT_READ, MAP_SHARED,
				       page, INT64_MAX & ~(page - 1)));
}

/* Growing a mapping is a way around the check of its length. */
TEST_F(bad, mremap)
{
	size_t page = getpagesize();
	unsigned int i;
	void *p, *q;

	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		struct vfio_region_info *info = &self->dev.bars[i].info;

		if (!(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
			continue;
		p = vfio_region_mmap(self->dev.fd, info, 0, page, PROT_READ);
		ASSERT_NE(NULL, p);
		q = mremap(p, page, 16 * page, MREMAP_MAYMOVE);
		EXPECT_EQ(MAP_FAILED, q) TH_LOG("%s BAR %u", self->bdf, i);
		EXPECT_EQ(EFAULT, errno);
		munmap(p, page);
	}
}

/* ---- wrong users ---- */

/* Somebody else's file in the place of the device's. */
TEST_F(bad, foreign_files)
{
	struct vfio_device_info info;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int other;

	EXPECT_RC(-ENOTTY, vfio_device_info(null, &info));
	EXPECT_RC(-ENOTTY, vfio_device_info(self->iommu->iommufd, &info));
	EXPECT_RC(-EBADF, vfio_device_info(vfio_test_closed_fd(), &info));
	close(null);

	/* The device's second file is not bound and stays so. */
	other = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, other);
	EXPECT_RC(-EINVAL, vfio_device_info(other, &info));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(other, self->iommu->iommufd, NULL));
	EXPECT_RC(-EINVAL, vfio_device_info(other, &info));
	EXPECT_RC(-EINVAL,
		  vfio_cdev_bind(self->dev.fd, self->iommu->iommufd, NULL));
	close(other);
}

/* Reading only, by a file that was opened so. */
TEST_F(bad, read_only_file)
{
	char path[128];
	u32 val = 0;
	int fd;

	vfio_pci_device_close(&self->dev);
	self->open = false;
	ASSERT_EQ(0, vfio_cdev_path(self->bdf, path, sizeof(path)));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_RC(0, vfio_cdev_bind(fd, self->iommu->iommufd, NULL));
	EXPECT_RC(0, vfio_region_read32(fd, VFIO_PCI_CONFIG_REGION_INDEX, 0,
					&val));
	EXPECT_RC(-EBADF,
		  vfio_region_write32(fd, VFIO_PCI_CONFIG_REGION_INDEX, 0x0c,
				      0));
	EXPECT_EQ(MAP_FAILED, try_mmap(fd, PROT_READ | PROT_WRITE, MAP_SHARED,
				       getpagesize(), 0));
	EXPECT_EQ(EACCES, errno);
	close(fd);
	iommu_cleanup(self->iommu);
}

/* ---- random arguments ---- */

/*
 * Every ioctl of a device but BIND, RESET and hot reset, with a random
 * argument of which only the size is sensible. Any result will do.
 */
TEST_F_TIMEOUT(bad, random_ioctls, 120)
{
	static const unsigned long cmds[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
		VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_SET_IRQS,
		VFIO_DEVICE_FEATURE, VFIO_DEVICE_ATTACH_IOMMUFD_PT,
		VFIO_DEVICE_DETACH_IOMMUFD_PT, VFIO_DEVICE_IOEVENTFD,
		VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
	};
	/* small numbers, single bits, the ends of ranges */
	static const u32 likely[] = {
		0, 1, 2, 3, 4, 5, 8, 16, 0x21, 0x24, 0x22, 64, 0x7fffffff,
		0x80000000, ~0u, ~1u, 0x10000, 0x20000, 0x40000001,
	};
	unsigned int i, j, ok = 0;
	u32 arg[64];

	srandom(vfio_test_seed());
	for (i = 0; i < 4000; i++) {
		for (j = 0; j < ARRAY_SIZE(arg); j++)
			arg[j] = random() & 1 ?
				 likely[random() % ARRAY_SIZE(likely)] :
				 random() & 0xff;
		arg[0] = random() % (sizeof(arg) + 1);
		if (vfio_ioctl(self->dev.fd,
			       cmds[random() % ARRAY_SIZE(cmds)], arg) >= 0)
			ok++;
	}
	/* Some of them were right by chance. */
	EXPECT_LT(0, ok);
}

TEST_HARNESS_MAIN
