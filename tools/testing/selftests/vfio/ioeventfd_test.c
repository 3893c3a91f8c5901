// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_IOEVENTFD: a signal of an eventfd writes to a BAR.
 *
 * A write may happen in the signal itself or a little later, so what must be
 * written is waited for. What must not be written is looked for after the entry
 * has been removed: that waits for writes under way.
 */
#include <pthread.h>
#include <sys/eventfd.h>

#include <libvfio/edu.h>

#include "vfio_test.h"

#define REGION_POS(index)	((u64)(index) << 40)
#define MAX_IOEVENTFDS		1000
#define DATA			0x8877665544332211ULL

static int ioeventfd(int fd, u64 pos, u64 data, u32 flags, int evfd)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.offset = pos,
		.data = data,
		.fd = evfd,
	};

	return vfio_ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg);
}

static void signal_evfd(int evfd)
{
	u64 one = 1;

	if (write(evfd, &one, sizeof(one)) != sizeof(one))
		ksft_exit_fail_msg("write to an eventfd: %s\n",
				   strerror(errno));
}

FIXTURE(ioeventfd) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int fd;
	int evfd;
	bool open;
};

FIXTURE_VARIANT(ioeventfd) {
	const char *kind;
	unsigned int bar;
	u64 off;		/* a place where writes can be read back, */
	u32 mask;		/* and the bits there that can, */
	u32 invert;		/* in this form */
};

/* Memory. */
FIXTURE_VARIANT_ADD(ioeventfd, ivshmem) {
	.kind = "IVSHMEM", .bar = 2, .off = 4096, .mask = ~0,
};

/* The liveness register. */
FIXTURE_VARIANT_ADD(ioeventfd, edu) {
	.kind = "EDU", .bar = 0, .off = EDU_LIVENESS, .mask = ~0,
	.invert = ~0,
};

/* Admin queue attributes: two numbers of 12 bits. */
FIXTURE_VARIANT_ADD(ioeventfd, nvme) {
	.kind = "NVME", .bar = 0, .off = 0x24, .mask = 0x0fff0fff,
};

FIXTURE_SETUP(ioeventfd)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->open = true;
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	self->evfd = evfd_new();
	ASSERT_GE(self->evfd, 0);
}

FIXTURE_TEARDOWN(ioeventfd)
{
	if (!self->open)
		return;
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->evfd);
	EXPECT_DEVICE_OK();
}

#define POS(o)		(REGION_POS(variant->bar) + (o))
#define ADD(data)	ioeventfd(self->fd, POS(variant->off), data,	\
				  VFIO_DEVICE_IOEVENTFD_32, self->evfd)
#define REMOVE(data)	ioeventfd(self->fd, POS(variant->off), data,	\
				  VFIO_DEVICE_IOEVENTFD_32, -1)

/* The register in the form in which it was written. */
#define READ() read_reg(self->fd, variant->bar, variant->off, variant->mask, \
			variant->invert)

static u32 read_reg(int fd, u32 bar, u64 off, u32 mask, u32 invert)
{
	u32 val;

	if (vfio_region_read32(fd, bar, off, &val))
		ksft_exit_fail_msg("a BAR can't be read\n");
	return (val ^ invert) & mask;
}

#define WRITE(val)							\
	ASSERT_RC(0, vfio_region_write32(self->fd, variant->bar,	\
					 variant->off, (val) & variant->mask))

/* Wait until the register holds what an ioeventfd writes: true if it does. */
#define WRITTEN(want) wait_reg(self->fd, variant->bar, variant->off,	\
			       variant->mask, variant->invert, want)

static bool wait_reg(int fd, u32 bar, u64 off, u32 mask, u32 invert, u32 want)
{
	int ms;

	for (ms = 0; ms < EVFD_TIMEOUT_MS; ms++) {
		if (read_reg(fd, bar, off, mask, invert) == (want & mask))
			return true;
		usleep(1000);
	}
	return false;
}

TEST_F(ioeventfd, signal)
{
	int again;

	WRITE(0x01230456);
	ASSERT_RC(0, ADD(0x00110022));
	EXPECT_EQ(0x01230456 & variant->mask, READ());
	signal_evfd(self->evfd);
	EXPECT_TRUE(WRITTEN(0x00110022));
	/* Every time. */
	for (again = 0; again < 3; again++) {
		WRITE(again);
		signal_evfd(self->evfd);
		EXPECT_TRUE(WRITTEN(0x00110022));
	}
	/* The signals are consumed. */
	EXPECT_EQ(0, evfd_read(self->evfd));

	ASSERT_RC(0, REMOVE(0x00110022));
	WRITE(0x01230456);
	signal_evfd(self->evfd);
	EXPECT_EQ(0x01230456 & variant->mask, READ());
	/* Nobody consumes them any more. */
	EXPECT_EQ(1, evfd_read(self->evfd));
}

/* Signalled before it was given to the device: that counts. */
TEST_F(ioeventfd, signalled_before)
{
	WRITE(0x01230456);
	signal_evfd(self->evfd);
	ASSERT_RC(0, ADD(0x00330044));
	EXPECT_TRUE(WRITTEN(0x00330044));
}

TEST_F(ioeventfd, memory_off)
{
	WRITE(0x01230456);
	ASSERT_RC(0, ADD(0x00550066));
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	signal_evfd(self->evfd);
	/* Waits for whatever the signal has started. */
	ASSERT_RC(0, REMOVE(0x00550066));
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_EQ(0x01230456 & variant->mask, READ());

	/* Made while it is off, good when it is on. */
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, ADD(0x00770088));
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	signal_evfd(self->evfd);
	EXPECT_TRUE(WRITTEN(0x00770088));
}

/* A device that sleeps must not be written to either. */
TEST_F(ioeventfd, d3hot)
{
	u8 pm = vfio_cfg_cap(self->fd, PCI_CAP_ID_PM);

	if (!pm)
		SKIP(return, "%s has no power management", self->bdf);
	WRITE(0x01230456);
	ASSERT_RC(0, ADD(0x00550066));
	vfio_cfg_write16(self->fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
	signal_evfd(self->evfd);
	ASSERT_RC(0, REMOVE(0x00550066));
	vfio_cfg_write16(self->fd, pm + PCI_PM_CTRL, PM_STATE_D0);
	vfio_pci_device_enable(&self->device);
	EXPECT_NE(0x00550066, READ());

	ASSERT_RC(0, ADD(0x00550066));
	signal_evfd(self->evfd);
	EXPECT_TRUE(WRITTEN(0x00550066));
}

TEST_F(ioeventfd, duplicate)
{
	u64 pos = POS(variant->off);
	int other = evfd_new();

	ASSERT_GE(other, 0);
	ASSERT_RC(0, ADD(1));
	EXPECT_RC(-EEXIST, ADD(1));
	/* Whatever eventfd it is, even none at all. */
	EXPECT_RC(-EEXIST, ioeventfd(self->fd, pos, 1,
				     VFIO_DEVICE_IOEVENTFD_32, other));
	EXPECT_RC(-EEXIST, ioeventfd(self->fd, pos, 1,
				     VFIO_DEVICE_IOEVENTFD_32,
				     vfio_test_closed_fd()));
	/* Other data, another place or width is another one. */
	EXPECT_RC(0, ADD(2));
	EXPECT_RC(0, ioeventfd(self->fd, pos, 1, VFIO_DEVICE_IOEVENTFD_16,
			       self->evfd));
	EXPECT_RC(0, ioeventfd(self->fd, pos + 4, 1, VFIO_DEVICE_IOEVENTFD_32,
			       self->evfd));
	/* Also where the difference isn't written. */
	EXPECT_RC(0, ADD(1ULL << 32 | 1));

	EXPECT_RC(-ENODEV, REMOVE(3));
	EXPECT_RC(0, REMOVE(1));
	EXPECT_RC(-ENODEV, REMOVE(1));
	EXPECT_RC(0, ADD(1));
	close(other);
}

/* The user closes the eventfd: the entry is dead, but there. */
TEST_F(ioeventfd, eventfd_closed)
{
	int other = evfd_new();

	ASSERT_GE(other, 0);
	ASSERT_RC(0, ioeventfd(self->fd, POS(variant->off), 1,
			       VFIO_DEVICE_IOEVENTFD_32, other));
	close(other);
	EXPECT_RC(-EEXIST, ADD(1));
	EXPECT_RC(0, REMOVE(1));
	EXPECT_RC(-ENODEV, REMOVE(1));
	ASSERT_RC(0, ADD(1));
	signal_evfd(self->evfd);
	EXPECT_TRUE(WRITTEN(1));
}

TEST_F(ioeventfd, bad_flags)
{
	static const u32 flags[] = {
		0, 3, 5, 9, 15, 0x10, 0x11, 0x80000000, 0x80000001, ~0,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		char row[16];

		snprintf(row, sizeof(row), "flags %x", flags[i]);
		EXPECT_RC_AT(row, -EINVAL,
			     ioeventfd(self->fd, POS(variant->off), 1, flags[i],
				       self->evfd));
		EXPECT_RC_AT(row, -EINVAL,
			     ioeventfd(self->fd, POS(variant->off), 1, flags[i],
				       -1));
	}
}

TEST_F(ioeventfd, bad_place)
{
	u64 size = self->device.bars[variant->bar].info.size;
	const struct {
		u64 pos;
		u32 width;
	} rows[] = {
		{ POS(size), 1 }, { POS(size), 8 }, { POS(size - 1), 2 },
		{ POS(size - 4), 8 }, { POS(size + 1), 1 },
		{ POS((1ULL << 40) - 1), 1 }, { POS((1ULL << 40) - 4), 8 },
		{ REGION_POS(VFIO_PCI_ROM_REGION_INDEX), 1 },
		{ REGION_POS(VFIO_PCI_CONFIG_REGION_INDEX) + 0x3c, 1 },
		{ REGION_POS(VFIO_PCI_VGA_REGION_INDEX) + 0xa0000, 1 },
		{ REGION_POS(VFIO_PCI_NUM_REGIONS), 4 },
		{ ~0ULL, 1 }, { ~0ULL - 7, 8 }, { 1ULL << 63, 4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char row[48];

		snprintf(row, sizeof(row), "%u bytes at 0x%llx", rows[i].width,
			 (unsigned long long)rows[i].pos);
		EXPECT_RC_AT(row, -EINVAL,
			     ioeventfd(self->fd, rows[i].pos, 0, rows[i].width,
				       self->evfd));
		EXPECT_RC_AT(row, -EINVAL,
			     ioeventfd(self->fd, rows[i].pos, 0, rows[i].width,
				       -1));
	}
	/* The last bytes are good for one. */
	EXPECT_RC(0, ioeventfd(self->fd, POS(size - 8), 0, 8, self->evfd));
	EXPECT_RC(0, ioeventfd(self->fd, POS(size - 1), 0, 1, self->evfd));
	/* Absent BARs. */
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		if (self->device.bars[i].info.size)
			continue;
		EXPECT_RC(-EINVAL, ioeventfd(self->fd, REGION_POS(i), 0, 4,
					     self->evfd));
	}
}

TEST_F(ioeventfd, bad_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	u64 pos = POS(variant->off);

	ASSERT_GE(null, 0);
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos, 1, 4, -2));
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos, 1, 4, -100));
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos, 1, 4, 1U << 31));
	EXPECT_RC(-EBADF, ioeventfd(self->fd, pos, 1, 4,
				    vfio_test_closed_fd()));
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos, 1, 4, null));
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos, 1, 4, self->fd));
	/* None of them left anything. */
	EXPECT_RC(-ENODEV, ioeventfd(self->fd, pos, 1, 4, -1));
	close(null);
}

TEST_F(ioeventfd, argsz)
{
	struct vfio_device_ioeventfd arg = {
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = POS(variant->off),
		.fd = self->evfd,
		.reserved = ~0,
	};
	static const u32 bad[] = { 0, 4, 8, 24, 27 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg.argsz = bad[i];
		EXPECT_RC(-EINVAL, vfio_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD,
					      &arg));
	}
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, NULL));
	arg.argsz = 28;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, &arg));
	arg.argsz = ~0;
	arg.fd = -1;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_IOEVENTFD, &arg));
}

/* As many as there may be on one eventfd, and they go with the device. */
TEST_F(ioeventfd, limit)
{
	unsigned int i;
	u32 val;

	for (i = 0; i < MAX_IOEVENTFDS; i++)
		ASSERT_RC(0, ADD(i + 1));
	EXPECT_RC(-ENOSPC, ADD(0));
	EXPECT_RC(-EEXIST, ADD(1));
	EXPECT_RC(0, REMOVE(500));
	EXPECT_RC(0, ADD(0));
	EXPECT_RC(-ENOSPC, ADD(500));

	WRITE(0x0fff0fff);
	signal_evfd(self->evfd);
	for (i = 0; i < EVFD_TIMEOUT_MS; i++) {
		val = READ();
		if (val != (0x0fff0fff & variant->mask))
			break;
		usleep(1000);
	}
	EXPECT_LE(val, MAX_IOEVENTFDS);

	vfio_pci_device_close(&self->device);
	signal_evfd(self->evfd);
	EXPECT_EQ(1, evfd_read(self->evfd));
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	/* None is left from before. */
	EXPECT_RC(-ENODEV, REMOVE(1));
	EXPECT_RC(0, ADD(1));
}

struct signaller {
	int evfd;
	bool stop;
};

static void *keep_signalling(void *arg)
{
	struct signaller *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		signal_evfd(s->evfd);
	return NULL;
}

/*
 * CVE-2020-12888: signals that meet the memory being switched off and on, by
 * the command register and by a reset, and the device being closed.
 */
TEST_F(ioeventfd, races)
{
	struct signaller s = { .evfd = self->evfd };
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, keep_signalling, &s));
	for (i = 0; i < 10; i++) {
		EXPECT_RC(0, ADD(1));
		vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
		vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
		if (i == 5 &&
		    (self->device.info.flags & VFIO_DEVICE_FLAGS_RESET))
			EXPECT_RC(0, vfio_device_reset(self->fd));
		EXPECT_RC(0, REMOVE(1));
	}
	EXPECT_RC(0, ADD(1));
	vfio_pci_device_close(&self->device);
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	evfd_read(self->evfd);

	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	ASSERT_RC(0, ADD(0x00110022));
	signal_evfd(self->evfd);
	EXPECT_TRUE(WRITTEN(0x00110022));
}

/* ---- Bytes, where they are all memory ---- */

FIXTURE(bytes) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int evfd;
	bool open;
};

FIXTURE_VARIANT(bytes) {
	u32 width;
};

FIXTURE_VARIANT_ADD(bytes, 1) { .width = VFIO_DEVICE_IOEVENTFD_8 };
FIXTURE_VARIANT_ADD(bytes, 2) { .width = VFIO_DEVICE_IOEVENTFD_16 };
FIXTURE_VARIANT_ADD(bytes, 4) { .width = VFIO_DEVICE_IOEVENTFD_32 };
/* 8 bytes were refused for a while. */
FIXTURE_VARIANT_ADD(bytes, 8) { .width = VFIO_DEVICE_IOEVENTFD_64 };

FIXTURE_SETUP(bytes)
{
	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->device);
	self->evfd = evfd_new();
	ASSERT_GE(self->evfd, 0);
}

FIXTURE_TEARDOWN(bytes)
{
	if (!self->open)
		return;
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->evfd);
	EXPECT_DEVICE_OK();
}

/* The same as pwrite() of a variable, aligned or not, and nothing beside it. */
TEST_F(bytes, written)
{
	u8 old[32], got[32], want[32];
	const u64 data = DATA;
	unsigned int off;
	int ms;

	memset(old, 0xee, sizeof(old));
	for (off = 8; off < 16; off++) {
		u64 pos = REGION_POS(2) + 8192 + off;

		ASSERT_RC(sizeof(old), vfio_region_write(self->device.fd, 2,
							 8192, old,
							 sizeof(old)));
		memcpy(want, old, sizeof(want));
		/* All machines that have these devices are little-endian. */
		memcpy(want + off, &data, variant->width);

		ASSERT_RC(0, ioeventfd(self->device.fd, pos, data,
				       variant->width, self->evfd));
		signal_evfd(self->evfd);
		for (ms = 0; ms < EVFD_TIMEOUT_MS; ms++) {
			ASSERT_RC(sizeof(got),
				  vfio_region_read(self->device.fd, 2, 8192,
						   got, sizeof(got)));
			if (!memcmp(got, want, sizeof(got)))
				break;
			usleep(1000);
		}
		EXPECT_EQ(0, memcmp(got, want, sizeof(got)))
			TH_LOG("%u bytes at %u", variant->width, off);
		ASSERT_RC(0, ioeventfd(self->device.fd, pos, data,
				       variant->width, -1));
	}
}

/* One signal, several writes. */
TEST_F(bytes, several)
{
	u8 got[64], want[64];
	const u64 data = DATA;
	unsigned int off;
	int ms;

	memset(want, 0, sizeof(want));
	ASSERT_RC(sizeof(want), vfio_region_write(self->device.fd, 2, 0, want,
						  sizeof(want)));
	for (off = 0; off < sizeof(want); off += 16) {
		memcpy(want + off, &data, variant->width);
		ASSERT_RC(0, ioeventfd(self->device.fd, REGION_POS(2) + off,
				       data, variant->width, self->evfd));
	}
	signal_evfd(self->evfd);
	for (ms = 0; ms < EVFD_TIMEOUT_MS; ms++) {
		ASSERT_RC(sizeof(got), vfio_region_read(self->device.fd, 2, 0,
							got, sizeof(got)));
		if (!memcmp(got, want, sizeof(got)))
			break;
		usleep(1000);
	}
	EXPECT_EQ(0, memcmp(got, want, sizeof(got)));
}

/* ---- Special places ---- */

FIXTURE(place) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int fd;
	int evfd;
	bool open;
};

FIXTURE_VARIANT(place) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(place, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(place, igb) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(place, edu) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(place, testdev) { .kind = "TESTDEV" };

FIXTURE_SETUP(place)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->open = true;
	self->fd = self->device.fd;
	vfio_pci_device_enable(&self->device);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_IO);
	self->evfd = evfd_new();
	ASSERT_GE(self->evfd, 0);
}

FIXTURE_TEARDOWN(place)
{
	if (!self->open)
		return;
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->evfd);
	EXPECT_DEVICE_OK();
}

/* The MSI-X table is the host's: no byte of it. */
TEST_F(place, msix_table)
{
	u8 cap = vfio_cfg_cap(self->fd, PCI_CAP_ID_MSIX);
	u64 begin, end, pos;
	u32 table, bar;

	if (!cap)
		SKIP(return, "%s has no MSI-X", self->bdf);
	table = vfio_cfg_read32(self->fd, cap + PCI_MSIX_TABLE);
	bar = table & PCI_MSIX_TABLE_BIR;
	begin = table & PCI_MSIX_TABLE_OFFSET;
	end = begin + PCI_MSIX_ENTRY_SIZE *
	      (1 + (vfio_cfg_read16(self->fd, cap + PCI_MSIX_FLAGS) &
		    PCI_MSIX_FLAGS_QSIZE));
	pos = REGION_POS(bar);

	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos + begin, 0, 4, self->evfd));
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos + end - 1, 0, 1,
				     self->evfd));
	EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos + end - 4, 0, 8,
				     self->evfd));
	if (begin) {
		EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos + begin - 4, 0, 8,
					     self->evfd));
		EXPECT_RC(-EINVAL, ioeventfd(self->fd, pos + begin - 1, 0, 2,
					     self->evfd));
		EXPECT_RC(0, ioeventfd(self->fd, pos + begin - 4, 0, 4,
				       self->evfd));
	}
	if (end + 4 <= self->device.bars[bar].info.size)
		EXPECT_RC(0, ioeventfd(self->fd, pos + end, 0, 4, self->evfd));
}

/*
 * The eventfd of an interrupt: the device's own interrupt handler writes to the
 * device.
 */
TEST_F(place, from_interrupt)
{
	u64 pos = REGION_POS(0) + EDU_LIVENESS;
	u32 val = 0;
	int ms;

	if (strcmp(variant->kind, "EDU"))
		SKIP(return, "only edu raises an interrupt at will");
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
				      &self->evfd));
	ASSERT_RC(0, ioeventfd(self->fd, pos, 0x12345678, 4, self->evfd));
	ASSERT_RC(0, vfio_region_write32(self->fd, 0, EDU_IRQ_RAISE, 1));
	for (ms = 0; ms < EVFD_TIMEOUT_MS && val != ~0x12345678u; ms++) {
		usleep(1000);
		ASSERT_RC(0, vfio_region_read32(self->fd, 0, EDU_LIVENESS,
						&val));
	}
	EXPECT_EQ(~0x12345678u, val);
	ASSERT_RC(0, vfio_region_write32(self->fd, 0, EDU_IRQ_ACK, 1));

	/* The same in the context of the caller. */
	ASSERT_RC(0, vfio_region_write32(self->fd, 0, EDU_LIVENESS, 0));
	ASSERT_RC(0, vfio_irq_trigger(self->fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1));
	for (ms = 0; ms < EVFD_TIMEOUT_MS && val != ~0x12345678u; ms++) {
		usleep(1000);
		ASSERT_RC(0, vfio_region_read32(self->fd, 0, EDU_LIVENESS,
						&val));
	}
	EXPECT_EQ(~0x12345678u, val);
}

/* A register of 8 bytes: the device sees one access. */
TEST_F(place, wide_register)
{
	u64 pos = REGION_POS(0) + EDU_DMA_SRC, val = 0;
	int ms;

	if (strcmp(variant->kind, "EDU"))
		SKIP(return, "only edu has such a register");
	ASSERT_RC(0, ioeventfd(self->fd, pos, DATA, 8, self->evfd));
	signal_evfd(self->evfd);
	for (ms = 0; ms < EVFD_TIMEOUT_MS && val != DATA; ms++) {
		ASSERT_RC(8, vfio_region_read(self->fd, 0, EDU_DMA_SRC, &val,
					      8));
		usleep(1000);
	}
	EXPECT_EQ(DATA, val);
}

/*
 * Ports, which memory decoding has nothing to do with. The test device counts
 * the right writes to a port that it names.
 */
TEST_F(place, ports)
{
	struct {
		u8 test;
		u8 width;
		u8 pad[2];
		u32 offset;
		u32 data;
		u32 count;
	} hdr = {};
	u8 test = 0;
	int ms;

	if (strcmp(variant->kind, "TESTDEV"))
		SKIP(return, "only pci-testdev counts");
	ASSERT_RC(1, vfio_region_write(self->fd, 1, 0, &test, 1));
	ASSERT_RC(sizeof(hdr), vfio_region_read(self->fd, 1, 0, &hdr,
						sizeof(hdr)));
	ASSERT_RC(0, hdr.count);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, ioeventfd(self->fd, REGION_POS(1) + hdr.offset,
			       hdr.data & 0xff, hdr.width, self->evfd));
	signal_evfd(self->evfd);
	for (ms = 0; ms < EVFD_TIMEOUT_MS && !hdr.count; ms++) {
		ASSERT_RC(sizeof(hdr), vfio_region_read(self->fd, 1, 0, &hdr,
							sizeof(hdr)));
		usleep(1000);
	}
	EXPECT_EQ(1, hdr.count);
}

TEST_HARNESS_MAIN
