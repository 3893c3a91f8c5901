// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random requests: writes of every width all over configuration space, calls
 * of VFIO_DEVICE_SET_IRQS, and everything else that a device file takes. The
 * kernel's own checkers are the judges of what happens inside (KASAN, lockdep,
 * warnings). Here it counts that no request has an answer that does not exist,
 * that what the user cannot change has not changed, and that the device works
 * for its next user: a reset, DMA and interrupts.
 *
 * Every test prints its seed; VFIO_TEST_SEED=<seed> repeats it.
 */
#include <sys/mman.h>

#include "config_hw.h"
#include "irq_devices.h"
#include "vfio_test.h"

#define CONFIG_STEPS	1000
#define IRQ_STEPS	600
#define MIXED_STEPS	600

#define NUM_FDS		8
/* Longest payload of SET_IRQS that is all there; more runs out of the map. */
#define PAYLOAD		4096
#define REGION_IOVA	0x1000000
#define BUF_IOVA	0x2000000

/**
 * struct fuzz - one run
 * @fd: the device
 * @rnd: state of the generator
 * @size: of configuration space
 * @fds: what a payload is made of: eventfds, files that are none, no files
 * @irqs: a struct vfio_irq_set with PAYLOAD bytes, the end of a mapping
 */
struct fuzz {
	int fd;
	u64 rnd;
	u32 size;
	int fds[NUM_FDS];
	struct vfio_irq_set *irqs;
};

FIXTURE(fuzz) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
	struct cap_list std;
	struct cap_list ext;
	struct fuzz f;
	bool open;
};

FIXTURE_VARIANT(fuzz) {
	const char *kind;
	const struct irq_device *intx;
};

FIXTURE_VARIANT_ADD(fuzz, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(fuzz, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(fuzz, E1000E) { .kind = "E1000E", .intx = &irq_e1000e };
FIXTURE_VARIANT_ADD(fuzz, EDU) { .kind = "EDU", .intx = &irq_edu };

/* ---- chance (xorshift64*) ---- */

static u32 rnd(struct fuzz *f)
{
	f->rnd ^= f->rnd >> 12;
	f->rnd ^= f->rnd << 25;
	f->rnd ^= f->rnd >> 27;
	return (f->rnd * 2685821657736338717ULL) >> 32;
}

static u32 below(struct fuzz *f, u32 n)
{
	return rnd(f) % n;
}

static bool one_in(struct fuzz *f, u32 n)
{
	return !below(f, n);
}

/* Numbers that code tends to get wrong, and any other. */
static u32 odd_number(struct fuzz *f)
{
	switch (below(f, 5)) {
	case 0:
		return below(f, 4);
	case 1:
		return below(f, 64);
	case 2:
		return 1u << below(f, 32);
	case 3:
		return ~0u - below(f, 8);
	default:
		return rnd(f);
	}
}

/* ---- requests; each returns what the kernel said ---- */

static bool is_answer(long rc)
{
	static const int errnos[] = {
		EINVAL, EFAULT, EIO, ENOTTY, EBADF, ENODEV, EBUSY, EAGAIN,
		ENOMEM, ENOSPC, ERANGE, EEXIST, EPERM, EOPNOTSUPP, EOVERFLOW,
	};
	unsigned int i;

	if (rc >= 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(errnos); i++)
		if (rc == -errnos[i])
			return true;
	return false;
}

static u32 config_pos(struct fuzz *f)
{
	switch (below(f, 4)) {
	case 0:
		return below(f, PCI_STD_HEADER_SIZEOF);
	case 1:
		return below(f, PCI_CFG_SPACE_SIZE);
	default:
		return below(f, f->size);
	}
}

/* A write, or a read; the answer to both is known beforehand. */
static long config_access(struct fuzz *f, bool write, long *want)
{
	u32 i, len = 1 << below(f, 3), pos = config_pos(f);
	u8 buf[96];

	if (one_in(f, 4))
		len = 1 + below(f, sizeof(buf));
	else if (!one_in(f, 4))
		pos &= ~(len - 1);
	if (one_in(f, 32))
		pos = odd_number(f);

	*want = (u64)pos + len <= f->size ? (long)len : -EFAULT;
	if (!write)
		return vfio_region_read(f->fd, VFIO_PCI_CONFIG_REGION_INDEX,
					pos, buf, len);
	for (i = 0; i < len; i++)
		buf[i] = one_in(f, 4) ? 0xff : one_in(f, 4) ? 0 : rnd(f);
	return vfio_region_write(f->fd, VFIO_PCI_CONFIG_REGION_INDEX, pos, buf,
				 len);
}

static u32 irq_flags(struct fuzz *f)
{
	if (one_in(f, 16))
		return one_in(f, 2) ? below(f, 128) : rnd(f);
	/* one of each kind */
	return VFIO_IRQ_SET_DATA_NONE << below(f, 3) |
	       VFIO_IRQ_SET_ACTION_MASK << below(f, 3);
}

static long set_irqs(struct fuzz *f)
{
	struct vfio_irq_set *set = f->irqs;
	u32 i, width;

	set->flags = irq_flags(f);
	set->index = one_in(f, 16) ? odd_number(f) : below(f, 5);
	set->start = one_in(f, 3) ? odd_number(f) : 0;
	set->count = one_in(f, 3) ? odd_number(f) : below(f, 5);
	width = set->flags & VFIO_IRQ_SET_DATA_EVENTFD ? 4 :
		set->flags & VFIO_IRQ_SET_DATA_BOOL ? 1 : 0;
	set->argsz = sizeof(*set) + set->count * width;
	if (one_in(f, 16))
		set->argsz = odd_number(f);

	for (i = 0; i < PAYLOAD / 4 && i < 64; i++) {
		int fd = one_in(f, 64) ? (int)odd_number(f) :
					 f->fds[below(f, NUM_FDS)];

		memcpy(set->data + 4 * i, &fd, sizeof(fd));
	}
	return vfio_ioctl(f->fd, VFIO_DEVICE_SET_IRQS, set);
}

/*
 * What a device refuses a PC reads as ones or zeroes. On arm64 it is an external
 * abort, which ends the kernel if it was the kernel that read, on any kernel, and
 * QEMU refuses reads of a width that a device doesn't have: 32 bits all have.
 */
static bool may_abort(u32 region)
{
#ifdef __aarch64__
	return region <= VFIO_PCI_BAR5_REGION_INDEX;
#else
	return false;
#endif
}

static long read_region(struct fuzz *f)
{
	u32 region = one_in(f, 16) ? odd_number(f) & 0xffffff : below(f, 10);
	u32 pos = one_in(f, 2) ? odd_number(f) : below(f, 4096);
	u32 len = below(f, 64 + 1);
	u8 buf[64];

	if (may_abort(region)) {
		pos &= ~3;
		len &= ~3;
	}
	return vfio_region_read(f->fd, region, pos, buf, len);
}

/* Mapped and unmapped, not touched: registers may do anything when read. */
static long map_region(struct fuzz *f)
{
	u64 off = (u64)below(f, 10) << 40 | (u64)odd_number(f) << 12;
	size_t len = (1 + below(f, 8)) << 12;
	void *map;

	map = mmap(NULL, len, 1 + below(f, 3),
		   one_in(f, 8) ? MAP_PRIVATE : MAP_SHARED, f->fd,
		   one_in(f, 2) ? off & ~(0xffffffULL << 16) : off);
	if (map == MAP_FAILED)
		return -errno;
	munmap(map, len);
	return 0;
}

/* Questions, and numbers that mean nothing to a device. */
static long ask(struct fuzz *f)
{
	static const unsigned long cmds[] = {
		VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO,
		VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
	};
	u32 i, arg[64];

	for (i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = odd_number(f);
	if (!one_in(f, 4))
		arg[0] = below(f, sizeof(arg) + 1);
	if (one_in(f, 4))
		return vfio_ioctl(f->fd, _IO(VFIO_TYPE, 150 + below(f, 100)),
				  arg);
	if (one_in(f, 4)) {
		arg[1] = VFIO_DEVICE_FEATURE_PROBE | (arg[1] & 0x3ffff);
		return vfio_ioctl(f->fd, VFIO_DEVICE_FEATURE, arg);
	}
	return vfio_ioctl(f->fd, cmds[below(f, ARRAY_SIZE(cmds))], arg);
}

static long reset(struct fuzz *f)
{
	return vfio_device_reset(f->fd);
}

static long read_config(struct fuzz *f)
{
	long want, rc = config_access(f, false, &want);

	return rc == want ? rc : -EPROTO;
}

static long write_config(struct fuzz *f)
{
	long want, rc = config_access(f, true, &want);

	return rc == want ? rc : -EPROTO;
}

/* ---- before and after ---- */

static int make_fds(struct fuzz *f)
{
	int i;

	for (i = 0; i < 3; i++) {
		f->fds[i] = evfd_new();
		if (f->fds[i] < 0)
			return f->fds[i];
	}
	f->fds[3] = open("/dev/null", O_RDWR | O_CLOEXEC);
	f->fds[4] = f->fd;
	f->fds[5] = vfio_test_closed_fd();
	f->fds[6] = -1;
	f->fds[7] = -2;
	return 0;
}

static void read_caps(int fd, struct cap_list *std, struct cap_list *ext)
{
	std->n = 0;
	ext->n = 0;
	/* The offset 0 that stands in for an error differs from every list */
	if (vfio_cfg_for_each_cap(fd, note_cap, std))
		note_cap(0, ~0u, std);
	if (vfio_cfg_for_each_ext_cap(fd, note_cap, ext))
		note_cap(0, ~0u, ext);
}

FIXTURE_SETUP(fuzz)
{
	struct vfio_region_info info;
	u8 *map;

	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->f.rnd = 0x9e3779b97f4a7c15ULL ^ vfio_test_seed();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	self->open = true;
	self->f.fd = self->dev.fd;
	ASSERT_RC(0, vfio_region_info(self->f.fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      &info));
	self->f.size = info.size;
	ASSERT_RC(0, make_fds(&self->f));
	read_caps(self->f.fd, &self->std, &self->ext);

	map = mmap(NULL, 4 * PAYLOAD, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + 2 * PAYLOAD, 2 * PAYLOAD));
	self->f.irqs = (void *)(map + PAYLOAD - sizeof(*self->f.irqs));
}

static int interrupt_arrives(FIXTURE_DATA(fuzz) *self,
			     const struct irq_device *dev)
{
	void *regs = self->dev.bars[0].vaddr;
	int evfd = evfd_new();
	int rc;

	rc = vfio_irq_set_fds(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX, 0, 1,
			      &evfd);
	if (!rc) {
		dev->intx_assert(regs);
		if (evfd_wait(evfd, EVFD_TIMEOUT_MS) != 1)
			rc = -ETIMEDOUT;
		dev->intx_deassert(regs);
		vfio_irq_disable(self->dev.fd, VFIO_PCI_INTX_IRQ_INDEX);
	}
	close(evfd);
	return rc;
}

/* Let the driver move a page and raise an interrupt. */
static int driver_works(FIXTURE_DATA(fuzz) *self)
{
	struct vfio_pci_device *dev = &self->dev;
	struct dma_region buf;
	int rc;

	rc = dma_region_alloc(self->iommu, &dev->driver.region,
			      VFIO_PCI_DRIVER_REGION_SIZE, REGION_IOVA);
	if (rc)
		return rc;
	rc = dma_region_alloc(self->iommu, &buf, 8192, BUF_IOVA);
	if (rc)
		return rc;

	memset(buf.vaddr, 0x5a, 4096);
	vfio_pci_driver_init(dev);
	rc = vfio_pci_driver_copy(dev, buf.iova + 4096, buf.iova, 4096);
	if (!rc && memcmp(buf.vaddr, (u8 *)buf.vaddr + 4096, 4096))
		rc = -EILSEQ;
	if (!rc && dev->driver.ops->send_msi) {
		/* Whatever the copy has raised */
		evfd_read(dev->msi_eventfds[dev->driver.msi]);
		vfio_pci_driver_send_msi(dev);
		if (!evfd_wait(dev->msi_eventfds[dev->driver.msi],
			       EVFD_TIMEOUT_MS))
			rc = -ETIMEDOUT;
	}
	vfio_pci_driver_remove(dev);
	dma_region_free(self->iommu, &buf);
	dma_region_free(self->iommu, &dev->driver.region);
	return rc;
}

FIXTURE_TEARDOWN(fuzz)
{
	int i;

	if (!self->open)
		return;
	vfio_pci_device_close(&self->dev);
	/* The last three are no files of ours, the one before is closed */
	for (i = 0; i < 4; i++)
		close(self->f.fds[i]);

	/* The next user has a device that works */
	EXPECT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
	if (self->dev.info.flags & VFIO_DEVICE_FLAGS_RESET)
		EXPECT_RC(0, vfio_device_reset(self->dev.fd));
	vfio_pci_device_enable(&self->dev);
	if (variant->intx)
		EXPECT_RC(0, interrupt_arrives(self, variant->intx));
	if (self->dev.driver.ops)
		EXPECT_RC(0, driver_works(self));
	vfio_pci_device_close(&self->dev);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OPENS();
}

/* What no write can change: ids and the lists of capabilities. */
#define EXPECT_SAME_FACE() do {						\
	struct cap_list std, ext;					\
									\
	EXPECT_EQ(self->dev.vendor,					\
		  vfio_cfg_read16(self->f.fd, PCI_VENDOR_ID));		\
	EXPECT_EQ(self->dev.device,					\
		  vfio_cfg_read16(self->f.fd, PCI_DEVICE_ID));		\
	read_caps(self->f.fd, &std, &ext);				\
	EXPECT_EQ(self->std.n, std.n);					\
	EXPECT_EQ(0, memcmp(self->std.off, std.off, 4 * std.n));	\
	EXPECT_EQ(0, memcmp(self->std.id, std.id, 4 * std.n));		\
	EXPECT_EQ(self->ext.n, ext.n);					\
	EXPECT_EQ(0, memcmp(self->ext.off, ext.off, 4 * ext.n));	\
	EXPECT_EQ(0, memcmp(self->ext.id, ext.id, 4 * ext.n));		\
} while (0)

TEST_F_TIMEOUT(fuzz, config, 300)
{
	unsigned int i;

	for (i = 0; i < vfio_test_rounds(CONFIG_STEPS); i++) {
		long want, rc = config_access(&self->f, true, &want);

		ASSERT_EQ(want, rc) TH_LOG("%s: step %u", self->bdf, i);
	}
	EXPECT_SAME_FACE();
}

TEST_F_TIMEOUT(fuzz, irqs, 300)
{
	unsigned int i;

	for (i = 0; i < vfio_test_rounds(IRQ_STEPS); i++) {
		long rc = set_irqs(&self->f);

		/* More than nothing: fewer vectors than wanted */
		ASSERT_TRUE(is_answer(rc))
			TH_LOG("%s: step %u: %ld", self->bdf, i, rc);
		ASSERT_LE(rc, VFIO_PCI_MAX_MSI);
	}
}

TEST_F_TIMEOUT(fuzz, mixed, 300)
{
	static long (*const steps[])(struct fuzz *f) = {
		write_config, write_config, write_config, read_config, set_irqs,
		set_irqs, set_irqs, read_region, map_region, ask,
	};
	unsigned int i, n;
	long rc;

	for (i = 0; i < vfio_test_rounds(MIXED_STEPS); i++) {
		n = below(&self->f, ARRAY_SIZE(steps));
		/* Takes its time */
		if (one_in(&self->f, 200))
			rc = reset(&self->f);
		else
			rc = steps[n](&self->f);
		ASSERT_TRUE(is_answer(rc))
			TH_LOG("%s: step %u, kind %u: %ld", self->bdf, i, n, rc);
	}
	EXPECT_SAME_FACE();
}

TEST_HARNESS_MAIN
