// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VGA region: legacy memory and ports through region 8, and the VGA
 * arbiter, which is asked before.
 *
 * VFIO_VGA is an adapter in text mode with all its legacy ranges enabled, as
 * firmware leaves the one it has used. There may be a second one, Cirrus, that
 * belongs to nobody.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "vga_arbiter.h"

#define VGA		VFIO_PCI_VGA_REGION_INDEX
#define TEXT		0xb8000		/* characters of the text mode */
#define CRTC		0x3d4		/* index, and data in the next port */
#define CRTC_CURSOR	0x0f		/* position of the cursor, low byte */

FIXTURE(vga)
{
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	bool open;
};

FIXTURE_SETUP(vga)
{
	struct vfio_region_info info;

	REQUIRE_DEVICE(self->bdf, "VGA");
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	vfio_cfg_command(self->dev.fd, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	if (vfio_region_info(self->dev.fd, VGA, &info))
		SKIP(return, "no VGA regions in this kernel");
}

FIXTURE_TEARDOWN(vga)
{
	if (self->open) {
		vfio_pci_device_close(&self->dev);
		iommu_cleanup(self->iommu);
	}
	EXPECT_DEVICE_OK();
}

static long rd(struct vfio_pci_device *dev, u64 off, void *buf, size_t len)
{
	return vfio_region_read(dev->fd, VGA, off, buf, len);
}

static long wr(struct vfio_pci_device *dev, u64 off, const void *buf, size_t len)
{
	return vfio_region_write(dev->fd, VGA, off, buf, len);
}

TEST_F(vga, info)
{
	struct vfio_region_info info;

	ASSERT_RC(0, vfio_region_info(self->dev.fd, VGA, &info));
	EXPECT_EQ(0xc0000, info.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE, info.flags);
	EXPECT_EQ((u64)VGA << 40, info.offset);
	EXPECT_EQ(0, info.cap_offset);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, self->dev.info.num_regions);
	EXPECT_RC(-EINVAL, vfio_region_info(self->dev.fd, VFIO_PCI_NUM_REGIONS, &info));
	EXPECT_RC(-EINVAL, vfio_region_info(self->dev.fd, ~0u, &info));

	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->dev.fd,
				   ((off_t)VGA << 40) + TEXT));
	EXPECT_EQ(EINVAL, errno);
}

/* What is in none of the ranges isn't there; at their ends requests are cut */
TEST_F(vga, bounds)
{
	static const struct {
		u64 off;
		size_t len;
		int want;
	} cases[] = {
		{ 0, 4, -EINVAL },
		{ 0x3af, 1, -EINVAL },
		{ 0x3af, 4, -EINVAL },
		{ 0x3b0, 4, 4 },
		{ 0x3b0, 64, 12 },
		{ 0x3ba, 8, 2 },
		{ 0x3bb, 1, 1 },
		{ 0x3bc, 1, -EINVAL },
		{ 0x3bf, 4, -EINVAL },
		{ 0x3c0, 4, 4 },
		{ 0x3c0, 64, 32 },
		{ 0x3df, 4, 1 },
		{ 0x3e0, 1, -EINVAL },
		{ 0x9ffff, 1, -EINVAL },
		{ 0x9ffff, 4, -EINVAL },
		{ 0xa0000, 8, 8 },
		{ 0xa0001, 3, 3 },
		{ 0xbfff8, 16, 8 },
		{ 0xbffff, 8, 1 },
		{ 0xc0000, 1, -EINVAL },
		{ 0xc0000, 0, 0 },
		{ 0, 0, 0 },
		{ 1 << 30, 4, -EINVAL },
		{ 0x1003c0, 1, -EINVAL },
		{ (1ULL << 40) - 1, 1, -EINVAL },
	};
	unsigned int i;
	u8 buf[64];

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char row[32];

		snprintf(row, sizeof(row), "%zu bytes at %#llx", cases[i].len,
			 (unsigned long long)cases[i].off);
		EXPECT_RC_AT(row, cases[i].want,
			     rd(&self->dev, cases[i].off, buf, cases[i].len));
		/* Writing ports at random could do anything */
		if (cases[i].want <= 0)
			EXPECT_RC_AT(row, cases[i].want,
				     wr(&self->dev, cases[i].off, buf, cases[i].len));
	}
	ASSERT_RC(8, rd(&self->dev, 0xbfff8, buf, 8));
	EXPECT_RC(8, wr(&self->dev, 0xbfff8, buf, 64));

	EXPECT_RC(-EFAULT, rd(&self->dev, TEXT, NULL, 4));
	EXPECT_RC(-EFAULT, wr(&self->dev, TEXT, NULL, 4));
	EXPECT_RC(-EFAULT, rd(&self->dev, CRTC, NULL, 1));
	EXPECT_RC(-EFAULT, wr(&self->dev, CRTC, NULL, 1));
	EXPECT_RC(-EINVAL, rd(&self->dev, 0, NULL, 4));
}

/* Text memory keeps what is written to it, at any alignment */
TEST_F(vga, memory)
{
	u8 old[64], in[64], out[64];
	unsigned int off, len, i;

	ASSERT_RC(64, rd(&self->dev, TEXT, old, 64));
	for (i = 0; i < 64; i++)
		in[i] = 0x20 + i;
	ASSERT_RC(64, wr(&self->dev, TEXT, in, 64));
	ASSERT_RC(64, rd(&self->dev, TEXT, out, 64));
	EXPECT_EQ(0, memcmp(in, out, 64));

	for (off = 0; off < 8; off++) {
		for (len = 1; len <= 11; len++) {
			memset(in + 16 + off, 0x80 + len, len);
			ASSERT_RC(len, wr(&self->dev, TEXT + 16 + off, in + 16 + off, len));
			ASSERT_RC(64, rd(&self->dev, TEXT, out, 64));
			ASSERT_EQ(0, memcmp(in, out, 64)) TH_LOG("%u bytes at %u", len, off);
			ASSERT_RC(len, rd(&self->dev, TEXT + 16 + off, out, len));
			ASSERT_EQ(0, memcmp(in + 16 + off, out, len));
		}
	}
	EXPECT_RC(64, wr(&self->dev, TEXT, old, 64));
}

/* An index register and the data behind it, one by one and both at once */
TEST_F(vga, ports)
{
	u8 old, val, reg = CRTC_CURSOR, both[2] = { CRTC_CURSOR, 0x5a };

	ASSERT_RC(1, wr(&self->dev, CRTC, &reg, 1));
	ASSERT_RC(1, rd(&self->dev, CRTC, &val, 1));
	EXPECT_EQ(CRTC_CURSOR, val);
	ASSERT_RC(1, rd(&self->dev, CRTC + 1, &old, 1));

	EXPECT_RC(2, wr(&self->dev, CRTC, both, 2));
	EXPECT_RC(1, rd(&self->dev, CRTC + 1, &val, 1));
	EXPECT_EQ(0x5a, val);
	both[0] = 0;
	both[1] = 0;
	EXPECT_RC(2, rd(&self->dev, CRTC, both, 2));
	EXPECT_EQ(CRTC_CURSOR, both[0]);
	EXPECT_EQ(0x5a, both[1]);
	EXPECT_RC(1, wr(&self->dev, CRTC + 1, &old, 1));
}

/* Decoding is the arbiter's business here, the user's bits don't count */
TEST_F(vga, memory_off)
{
	u8 byte;

	vfio_cfg_command(self->dev.fd, PCI_COMMAND_MEMORY | PCI_COMMAND_IO, 0);
	EXPECT_RC(1, rd(&self->dev, TEXT, &byte, 1));
	EXPECT_RC(1, wr(&self->dev, TEXT, &byte, 1));
	EXPECT_RC(1, rd(&self->dev, CRTC, &byte, 1));
}

/* ---- the arbiter */

/* The adapter leaves and comes back; the arbiter notices, and asks the others */
static int replug(const char *bdf)
{
	int ret = pci_dev_attr_write(bdf, "remove", "1");

	if (!ret)
		ret = sysfs_write_str("/sys/bus/pci/rescan", "1");
	return !ret && !pci_dev_exists(bdf) ? -ENODEV : ret;
}

struct reader {
	struct vfio_pci_device *dev;
	int state;	/* 1 before the read, 2 behind it */
	long ret;
};

static int state_of(struct reader *r)
{
	return __atomic_load_n(&r->state, __ATOMIC_SEQ_CST);
}

static void *reader_fn(void *arg)
{
	struct reader *r = arg;
	u8 byte;

	__atomic_store_n(&r->state, 1, __ATOMIC_SEQ_CST);
	r->ret = rd(r->dev, TEXT, &byte, 1);
	__atomic_store_n(&r->state, 2, __ATOMIC_SEQ_CST);
	return NULL;
}

static void nothing(int sig)
{
}

/*
 * While somebody has locked another adapter, nobody gets at this one: the read
 * waits, and a signal ends the waiting.
 */
TEST_F(vga, waits_for_others)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct reader r = { .dev = &self->dev };
	char other[PCI_BDF_LEN];
	pthread_t thread;
	u16 command = 0;
	int arb, i;
	u8 byte;

	if (find_cirrus(other))
		SKIP(return, "no second VGA adapter");
	/* An adapter that decodes nothing when it comes has to ask for it */
	ASSERT_EQ(2, pci_dev_config_write(other, PCI_COMMAND, &command, 2));
	ASSERT_EQ(0, replug(other));
	arb = arb_open();
	if (arb < 0)
		SKIP(return, "no /dev/vga_arbiter");
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
	ASSERT_EQ(0, arb_target(arb, other));
	ASSERT_EQ(0, arb_command(arb, "lock io+mem"));

	ASSERT_EQ(0, pthread_create(&thread, NULL, reader_fn, &r));
	/* Until it gets a signal while it waits; the first may be too early */
	for (i = 0; i < 2000 && state_of(&r) < 2; i++) {
		usleep(10000);
		if (state_of(&r) == 1)
			pthread_kill(thread, SIGUSR1);
	}
	ASSERT_EQ(2, state_of(&r));
	pthread_join(thread, NULL);
	EXPECT_RC(-EINTR, r.ret);

	/* And without one it goes on when the lock is gone */
	r.state = 0;
	ASSERT_EQ(0, pthread_create(&thread, NULL, reader_fn, &r));
	usleep(100000);
	EXPECT_NE(2, state_of(&r));
	ASSERT_EQ(0, arb_command(arb, "unlock io+mem"));
	pthread_join(thread, NULL);
	EXPECT_RC(1, r.ret);

	/* The read has locked nothing for good: the other one gets them again */
	EXPECT_EQ(0, arb_command(arb, "lock io+mem"));
	EXPECT_EQ(0, arb_command(arb, "unlock io+mem"));
	close(arb);
	EXPECT_RC(1, rd(&self->dev, TEXT, &byte, 1));
}

/*
 * CVE-2026-64475: the arbiter forgets a driver that has left. Another adapter
 * comes and goes, and it asks everybody what they decode: with memory that was
 * freed that would be seen by KASAN.
 */
TEST_F(vga, forgotten_after_unbind)
{
	char other[PCI_BDF_LEN], driver[32];
	int arb = arb_open();
	u8 byte;

	if (find_cirrus(other) || arb < 0)
		SKIP(return, "no second VGA adapter, or no /dev/vga_arbiter");
	ASSERT_EQ(0, arb_target(arb, self->bdf));
	EXPECT_TRUE(arb_has_client(arb));
	/* From the first use on the arbiter asks */
	ASSERT_RC(1, rd(&self->dev, TEXT, &byte, 1));
	vfio_pci_device_close(&self->dev);
	iommu_cleanup(self->iommu);
	self->open = false;

	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_FALSE(arb_has_client(arb));
	EXPECT_EQ(0, replug(other));
	EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_RC(0, pci_dev_driver(self->bdf, driver, sizeof(driver)));
	EXPECT_EQ(0, strcmp(driver, "vfio-pci"));
	/* With the driver there it is asked */
	EXPECT_TRUE(arb_has_client(arb));
	EXPECT_EQ(0, replug(other));
	close(arb);
}

TEST_HARNESS_MAIN
