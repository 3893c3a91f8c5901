// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI and MSI-X: enabling ranges, ranges with holes, adding, replacing,
 * unbinding and disabling vectors, signals by software and by the device, and
 * what is left after an error in the middle.
 */
#include <sys/eventfd.h>

#include "vfio_test.h"
#include "irq_devices.h"

#define MAX_VECTORS	VFIO_PCI_MAX_MSI

FIXTURE(msi) {
	const char *bdf;
	const struct irq_device *dev;
	struct iommu *iommu;
	struct vfio_pci_device device;
	void *regs;
	int fd;
	u32 index;
	u32 count;		/* vectors of the device */
	int evfds[MAX_VECTORS];
};

FIXTURE_VARIANT(msi) {
	const char *kind;
	const struct irq_device *dev;	/* NULL: signals by software only */
	u32 index;
};

FIXTURE_VARIANT_ADD(msi, edu_msi) {
	.kind = "EDU", .dev = &irq_edu, .index = VFIO_PCI_MSI_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(msi, igb_msi) {
	.kind = "IGB", .index = VFIO_PCI_MSI_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(msi, e1000e_msi) {
	.kind = "E1000E", .index = VFIO_PCI_MSI_IRQ_INDEX,
};
/* The one with several vectors. */
FIXTURE_VARIANT_ADD(msi, xhci_msi) {
	.kind = "XHCI", .index = VFIO_PCI_MSI_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(msi, igb_msix) {
	.kind = "IGB", .dev = &irq_igb, .index = VFIO_PCI_MSIX_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(msi, e1000e_msix) {
	.kind = "E1000E", .index = VFIO_PCI_MSIX_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(msi, nvme_msix) {
	.kind = "NVME", .index = VFIO_PCI_MSIX_IRQ_INDEX,
};

static int open_device(FIXTURE_DATA(msi) *self)
{
	int ret = vfio_pci_device_open(&self->device, self->bdf, self->iommu);

	if (ret)
		return ret;
	self->fd = self->device.fd;
	self->regs = self->device.bars[0].vaddr;
	if (!self->regs)
		return -ENXIO;
	vfio_pci_device_enable(&self->device);
	return 0;
}

static int enable(FIXTURE_DATA(msi) *self, u32 start, u32 count)
{
	return vfio_irq_set_fds(self->fd, self->index, start, count,
				self->evfds + start);
}

/* MSI Enable or MSI-X Enable, as the device really has it. */
static bool hw_enabled(FIXTURE_DATA(msi) *self)
{
	bool msi = self->index == VFIO_PCI_MSI_IRQ_INDEX;
	u8 pos = vfio_cfg_cap(self->fd, msi ? PCI_CAP_ID_MSI : PCI_CAP_ID_MSIX);
	u16 ctrl = 0;

	if (pos)
		pci_dev_config_read(self->bdf, pos + PCI_MSI_FLAGS, &ctrl, 2);
	return ctrl & (msi ? PCI_MSI_FLAGS_ENABLE : PCI_MSIX_FLAGS_ENABLE);
}

FIXTURE_SETUP(msi)
{
	struct vfio_irq_info info;
	int got;
	u32 i;

	self->dev = variant->dev;
	self->index = variant->index;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, open_device(self));
	ASSERT_RC(0, vfio_irq_info(self->fd, self->index, &info));
	ASSERT_GT(info.count, 0);
	ASSERT_LE(info.count, MAX_VECTORS);
	self->count = info.count;
	for (i = 0; i < self->count; i++) {
		self->evfds[i] = evfd_new();
		ASSERT_GE(self->evfds[i], 0);
	}
	if (vfio_test_remaps() || self->count == 1 ||
	    self->index != VFIO_PCI_MSI_IRQ_INDEX)
		return;
	/* The answer is how many there are; none is enabled. */
	got = enable(self, 0, self->count);
	ASSERT_EQ(1, got) TH_LOG("device %s", self->bdf);
	ASSERT_FALSE(hw_enabled(self));
	SKIP(return, "%s gets one MSI vector of %u, interrupts not being remapped",
	     self->bdf, self->count);
}

FIXTURE_TEARDOWN(msi)
{
	u32 i;

	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	for (i = 0; i < self->count; i++)
		close(self->evfds[i]);
	EXPECT_DEVICE_OK();
}

static int unbind(FIXTURE_DATA(msi) *self, u32 vector)
{
	int none = -1;

	return vfio_irq_set_fds(self->fd, self->index, vector, 1, &none);
}

/*
 * Bind vectors that the device has raised in vain: it may have kept that in
 * mind, and deliver it now.
 */
static int enable_again(FIXTURE_DATA(msi) *self, u32 start, u32 count)
{
	int ret = enable(self, start, count);
	u32 i;

	if (!self->dev)
		return ret;
	usleep(QUIET_MS * 1000);
	for (i = start; i < start + count; i++)
		evfd_read(self->evfds[i]);
	return ret;
}

/* Let the device itself raise the vector; false if it isn't able to. */
static bool fire(FIXTURE_DATA(msi) *self, u32 vector)
{
	if (!self->dev)
		return false;
	if (self->index == VFIO_PCI_MSI_IRQ_INDEX)
		self->dev->msi(self->regs);
	else
		self->dev->msix(self->regs, vector);
	return true;
}

/* Exactly this vector's eventfd must count one event. */
static void expect_only(struct __test_metadata *_metadata,
			FIXTURE_DATA(msi) *self, u32 vector)
{
	u32 i;

	EXPECT_EQ(1, evfd_wait(self->evfds[vector], EVFD_TIMEOUT_MS))
		TH_LOG("device %s, vector %u: no interrupt", self->bdf, vector);
	for (i = 0; i < self->count; i++)
		EXPECT_EQ(0, evfd_read(self->evfds[i]))
			TH_LOG("device %s, vector %u instead of %u", self->bdf,
			       i, vector);
}

/* By software, and by the device where it can. */
static void expect_works(struct __test_metadata *_metadata,
			 FIXTURE_DATA(msi) *self, u32 vector)
{
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, vector, 1));
	expect_only(_metadata, self, vector);
	if (fire(self, vector))
		expect_only(_metadata, self, vector);
}

static void expect_silent(struct __test_metadata *_metadata,
			  FIXTURE_DATA(msi) *self, u32 vector)
{
	if (fire(self, vector))
		EXPECT_EQ(0, evfd_wait(self->evfds[vector], QUIET_MS));
	EXPECT_EQ(0, evfd_read(self->evfds[vector]));
}

#define EXPECT_WORKS(vector)	expect_works(_metadata, self, vector)
#define EXPECT_SILENT(vector)	expect_silent(_metadata, self, vector)

TEST_F(msi, info)
{
	bool msi = self->index == VFIO_PCI_MSI_IRQ_INDEX;
	u8 pos = vfio_cfg_cap(self->fd, msi ? PCI_CAP_ID_MSI : PCI_CAP_ID_MSIX);
	struct vfio_irq_info info;
	u16 ctrl;

	ASSERT_NE(0, pos);
	ctrl = vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS);
	ASSERT_RC(0, vfio_irq_info(self->fd, self->index, &info));
	if (msi) {
		EXPECT_EQ(1u << ((ctrl & PCI_MSI_FLAGS_QMASK) >> 1),
			  info.count);
		EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
			  info.flags);
	} else {
		EXPECT_EQ((ctrl & PCI_MSIX_FLAGS_QSIZE) + 1, info.count);
		/* Resizable where the platform adds vectors one by one. */
		EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD,
			  info.flags & ~VFIO_IRQ_INFO_NORESIZE);
	}
}

TEST_F_TIMEOUT(msi, every_vector, 120)
{
	u32 i;

	EXPECT_FALSE(hw_enabled(self));
	ASSERT_RC(0, enable(self, 0, self->count));
	EXPECT_TRUE(hw_enabled(self));
	for (i = 0; i < self->count; i++)
		EXPECT_WORKS(i);
	ASSERT_RC(0, vfio_irq_disable(self->fd, self->index));
	EXPECT_FALSE(hw_enabled(self));
}

TEST_F(msi, one_vector)
{
	ASSERT_RC(0, enable(self, 0, 1));
	EXPECT_WORKS(0);
	EXPECT_WORKS(0);
}

TEST_F(msi, same_eventfd_everywhere)
{
	int *fds = calloc(self->count, sizeof(*fds));
	u32 i;

	for (i = 0; i < self->count; i++)
		fds[i] = self->evfds[0];
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, self->index, 0, self->count,
				      fds));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, self->count));
	EXPECT_EQ(self->count, evfd_read(self->evfds[0]));
	free(fds);
}

/* Each vector with a true byte is signalled, by one call. */
TEST_F(msi, trigger_bool)
{
	u8 *on = calloc(1, self->count);
	u32 i;

	ASSERT_RC(0, enable(self, 0, self->count));
	for (i = 0; i < self->count; i += 3)
		on[i] = 1 + i;
	EXPECT_RC(0, vfio_irq_set(self->fd, self->index,
				  VFIO_IRQ_SET_DATA_BOOL |
				  VFIO_IRQ_SET_ACTION_TRIGGER,
				  0, self->count, on, self->count));
	for (i = 0; i < self->count; i++)
		EXPECT_EQ(!!on[i], evfd_read(self->evfds[i]));
	free(on);
}

TEST_F(msi, holes)
{
	int *fds = calloc(self->count, sizeof(*fds));
	u32 i;

	if (self->count < 3) {
		free(fds);
		SKIP(return, "needs three vectors, %s has %u", self->bdf,
		     self->count);
	}
	for (i = 0; i < self->count; i++)
		fds[i] = i % 2 ? self->evfds[i] : -1;
	ASSERT_RC(0, vfio_irq_set_fds(self->fd, self->index, 0, self->count,
				      fds));
	free(fds);
	EXPECT_WORKS(1);
	EXPECT_SILENT(2);
	/* A signal to everybody passes over the holes. */
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, self->count));
	for (i = 0; i < self->count; i++)
		EXPECT_EQ(i % 2, evfd_read(self->evfds[i]));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 2, 1));
	/* Filled later. */
	ASSERT_RC(0, enable_again(self, 2, 1));
	EXPECT_WORKS(2);
}

/* All holes: enabled, and silent. */
TEST_F(msi, enable_without_eventfd)
{
	ASSERT_RC(0, unbind(self, 0));
	EXPECT_TRUE(hw_enabled(self));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_SILENT(0);
	ASSERT_RC(0, enable_again(self, 0, 1));
	EXPECT_WORKS(0);
}

TEST_F(msi, replace_and_unbind)
{
	int other = evfd_new(), first = self->evfds[0];

	ASSERT_RC(0, enable(self, 0, 1));
	self->evfds[0] = other;
	ASSERT_RC(0, enable(self, 0, 1));
	EXPECT_WORKS(0);
	EXPECT_EQ(0, evfd_read(first));
	ASSERT_RC(0, unbind(self, 0));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_SILENT(0);
	EXPECT_EQ(0, evfd_read(first));
	ASSERT_RC(0, unbind(self, 0));
	ASSERT_RC(0, enable_again(self, 0, 1));
	EXPECT_WORKS(0);
	close(first);
}

/* The kernel keeps the eventfd when its owner closes the descriptor. */
TEST_F(msi, eventfd_closed)
{
	int copy = dup(self->evfds[0]);

	ASSERT_RC(0, enable(self, 0, 1));
	close(self->evfds[0]);
	self->evfds[0] = copy;
	EXPECT_WORKS(0);
}

/* First enabling from the middle makes the vectors below, too. */
TEST_F(msi, start_above_zero)
{
	/* four: see round_count() */
	if (self->count < 4)
		SKIP(return, "needs four vectors, %s has %u", self->bdf,
		     self->count);
	ASSERT_RC(0, enable(self, 3, 1));
	EXPECT_WORKS(3);
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_SILENT(0);
	ASSERT_RC(0, enable_again(self, 0, 2));
	EXPECT_WORKS(0);
	EXPECT_WORKS(1);
	EXPECT_WORKS(3);
}

/* Vectors beyond those enabled first: added one by one, or refused. */
TEST_F_TIMEOUT(msi, add_vectors, 120)
{
	struct vfio_irq_info info;
	u32 i;

	if (self->count < 4)
		SKIP(return, "needs four vectors, %s has %u", self->bdf,
		     self->count);
	ASSERT_RC(0, vfio_irq_info(self->fd, self->index, &info));
	ASSERT_RC(0, enable(self, 0, 1));
	if (info.flags & VFIO_IRQ_INFO_NORESIZE) {
		EXPECT_RC(-EINVAL, enable(self, 1, 1));
		EXPECT_WORKS(0);
		/* This range holds a vector that it unbinds. */
		EXPECT_RC(-EINVAL, enable(self, 0, 2));
		EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
		EXPECT_SILENT(0);
		ASSERT_RC(0, enable_again(self, 0, 1));
		EXPECT_WORKS(0);
		return;
	}
	ASSERT_RC(0, enable(self, 3, 1));
	EXPECT_WORKS(0);
	EXPECT_WORKS(3);
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0,
					    self->count + 1));
	for (i = self->count; i-- > 0;) {
		ASSERT_RC(0, enable(self, i, 1));
		EXPECT_WORKS(i);
	}
	EXPECT_WORKS(0);
	for (i = 1; i < self->count; i++)
		ASSERT_RC(0, unbind(self, i));
	EXPECT_WORKS(0);
}

/*
 * Another number of vectors each time. With an ITS powers of two, as far as MSI is
 * concerned: it takes as many for the device, but gets back those that were asked for.
 */
static u32 round_count(u32 round, u32 count, u32 index)
{
#ifdef __aarch64__
	if (index == VFIO_PCI_MSI_IRQ_INDEX)
		return 1U << (round % (32 - __builtin_clz(count)));
#endif
	return round % count + 1;
}

TEST_F_TIMEOUT(msi, disable_and_enable, 120)
{
	int i, n = vfio_test_rounds(10);

	for (i = 0; i < n; i++) {
		u32 count = round_count(i, self->count, self->index);

		ASSERT_RC(0, enable_again(self, 0, count));
		EXPECT_WORKS(0);
		ASSERT_RC(0, vfio_irq_disable(self->fd, self->index));
		EXPECT_SILENT(0);
		EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0,
						    1));
		EXPECT_RC(-EINVAL, vfio_irq_disable(self->fd, self->index));
	}
}

/* CVE-2016-9083, CVE-2016-9084: nothing outside the vectors. */
TEST_F(msi, ranges)
{
	static const struct {
		u32 start, count;
	} bad[] = {
		{ 0, 0x40000001 }, { 0, 0xffffffff }, { 0xffffffff, 1 },
		{ 0xffffffff, 2 }, { 1, 0xffffffff }, { 0x80000000, 0x80000000 },
	};
	u32 none = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
	u32 evfd = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	size_t len = (self->count + 1) * sizeof(int);
	int *fds = calloc(1, len);
	unsigned int i, pass;

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			EXPECT_RC(-EINVAL, vfio_irq_set(self->fd, self->index,
							none, bad[i].start,
							bad[i].count, NULL, 0));
			EXPECT_RC(-EINVAL, vfio_irq_set(self->fd, self->index,
							evfd, bad[i].start,
							bad[i].count, fds,
							len));
		}
		EXPECT_RC(-EINVAL, vfio_irq_set(self->fd, self->index, evfd, 0,
						self->count + 1, fds, len));
		EXPECT_RC(-EINVAL, vfio_irq_set(self->fd, self->index, evfd,
						self->count, 1, fds, len));
		EXPECT_RC(-EINVAL, vfio_irq_set(self->fd, self->index, none,
						self->count, 0, NULL, 0));
		/* Payload shorter than count says. */
		EXPECT_RC(-EINVAL, vfio_irq_set(self->fd, self->index, evfd, 0,
						1, fds, sizeof(int) - 1));
		ASSERT_RC(0, enable(self, 0, 1));
	}
	free(fds);
	EXPECT_WORKS(0);
}

/* Nothing to mask here, and no way to unmask by eventfd. */
TEST_F(msi, unsupported)
{
	static const u32 actions[] = {
		VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK,
	};
	u8 on = 1;
	u32 i;

	ASSERT_RC(0, enable(self, 0, 1));
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, self->index,
						VFIO_IRQ_SET_DATA_NONE |
						actions[i], 0, 1, NULL, 0));
		EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, self->index,
						VFIO_IRQ_SET_DATA_BOOL |
						actions[i], 0, 1, &on, 1));
		EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, self->index,
						VFIO_IRQ_SET_DATA_EVENTFD |
						actions[i], 0, 1,
						self->evfds, sizeof(int)));
	}
	EXPECT_WORKS(0);
}

/* A bad descriptor while enabling: everything is off again. */
TEST_F(msi, bad_eventfd_first)
{
	u32 n = self->count > 4 ? 4 : self->count;
	int fds[4] = { self->evfds[0], -1, -1, -1 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fds[n - 1] = vfio_test_closed_fd();
	EXPECT_RC(-EBADF, vfio_irq_set_fds(self->fd, self->index, 0, n, fds));
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_FALSE(hw_enabled(self));
	fds[n - 1] = null;
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, self->index, 0, n, fds));
	EXPECT_FALSE(hw_enabled(self));
	close(null);
	ASSERT_RC(0, enable(self, 0, n));
	EXPECT_WORKS(0);
}

/* The same with vectors in use: those of the range are unbound, no others. */
TEST_F(msi, bad_eventfd_later)
{
	int fds[2] = { self->evfds[1], vfio_test_closed_fd() };

	if (self->count < 4)
		SKIP(return, "needs four vectors, %s has %u", self->bdf,
		     self->count);
	ASSERT_RC(0, enable(self, 0, 4));
	EXPECT_RC(-EBADF, vfio_irq_set_fds(self->fd, self->index, 1, 2, fds));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 1, 2));
	EXPECT_SILENT(1);
	EXPECT_SILENT(2);
	EXPECT_WORKS(0);
	EXPECT_WORKS(3);
	ASSERT_RC(0, enable_again(self, 1, 2));
	EXPECT_WORKS(1);
	EXPECT_WORKS(2);
}

TEST_F(msi, excludes_other_types)
{
	static const u32 types[] = {
		VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
		VFIO_PCI_MSIX_IRQ_INDEX,
	};
	unsigned int i;

	ASSERT_RC(0, enable(self, 0, 1));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i] == self->index)
			continue;
		EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, types[i], 0, 1,
						    self->evfds));
		EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, types[i], 0, 1));
		EXPECT_RC(-EINVAL, vfio_irq_disable(self->fd, types[i]));
	}
	EXPECT_WORKS(0);
}

/* The table may lie behind decoding that the user has switched off. */
TEST_F(msi, set_up_without_memory_decode)
{
	u32 n = self->count > 4 ? 4 : self->count;

	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, enable(self, 0, 1));
	EXPECT_RC(0, enable(self, 0, 1));
	EXPECT_FALSE(vfio_cfg_read16(self->fd, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	ASSERT_RC(0, vfio_irq_disable(self->fd, self->index));
	ASSERT_RC(0, enable(self, 0, n));
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_WORKS(n - 1);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, vfio_irq_disable(self->fd, self->index));
	EXPECT_FALSE(vfio_cfg_read16(self->fd, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
}

/* A reset takes no vector away. */
TEST_F(msi, survives_reset)
{
	u32 last = self->count - 1;
	int ret;

	ASSERT_RC(0, enable(self, 0, self->count));
	EXPECT_WORKS(last);
	ret = vfio_device_reset(self->fd);
	if (!(self->device.info.flags & VFIO_DEVICE_FLAGS_RESET)) {
		EXPECT_RC(-EINVAL, ret);
	} else {
		EXPECT_RC(0, ret);
	}
	vfio_pci_device_enable(&self->device);
	EXPECT_WORKS(last);
}

TEST_F_TIMEOUT(msi, close_while_enabled, 120)
{
	ASSERT_RC(0, enable(self, 0, self->count));
	EXPECT_WORKS(0);
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, open_device(self));
	EXPECT_FALSE(hw_enabled(self));
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_SILENT(0);
	ASSERT_RC(0, enable_again(self, 0, self->count));
	EXPECT_WORKS(0);
}

/*
 * However the vector has come to be bound, what the device raises afterwards
 * arrives. An adapter like e1000e throttles its interrupts: a cause that goes
 * within the interval is dropped, one that stays may be signalled twice. So it
 * stays up until it was seen, and once is enough.
 */
FIXTURE(held) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int evfds[2];
};

FIXTURE_VARIANT(held) {
	const struct irq_device *dev;
};

FIXTURE_VARIANT_ADD(held, edu) { .dev = &irq_edu };
FIXTURE_VARIANT_ADD(held, e1000e) { .dev = &irq_e1000e };

FIXTURE_SETUP(held)
{
	REQUIRE_DEVICE(self->bdf, variant->dev->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	vfio_pci_device_enable(&self->device);
	self->evfds[0] = evfd_new();
	self->evfds[1] = evfd_new();
}

FIXTURE_TEARDOWN(held)
{
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->evfds[0]);
	close(self->evfds[1]);
	EXPECT_DEVICE_OK();
}

TEST_F_TIMEOUT(held, none_is_lost, 120)
{
	void *regs = self->device.bars[0].vaddr;
	int fd = self->device.fd, none = -1, *evfd, i, n = vfio_test_rounds(60);

	for (i = 0; i < n; i++) {
		evfd = &self->evfds[i % 2];
		switch (i % 4) {
		case 1:		/* enabled from nothing */
			vfio_irq_disable(fd, VFIO_PCI_MSI_IRQ_INDEX);
			break;
		case 2:		/* bound again */
			ASSERT_RC(0, vfio_irq_set_fds(fd, VFIO_PCI_MSI_IRQ_INDEX,
						      0, 1, &none));
			break;
		case 3:		/* as it is */
			evfd = &self->evfds[(i - 1) % 2];
			break;
		}
		if (i % 4 != 3)
			ASSERT_RC(0, vfio_irq_set_fds(fd, VFIO_PCI_MSI_IRQ_INDEX,
						      0, 1, evfd));
		variant->dev->intx_assert(regs);
		ASSERT_LE(1, evfd_wait(*evfd, EVFD_TIMEOUT_MS))
			TH_LOG("device %s, round %d: no interrupt", self->bdf,
			       i);
		variant->dev->intx_deassert(regs);
		evfd_read(self->evfds[0]);
		evfd_read(self->evfds[1]);
	}
}

/* The device's own DMA engine at work, with its interrupt at the end. */
FIXTURE(driver) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
};

FIXTURE_VARIANT(driver) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(driver, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(driver, igb) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(driver, edu) { .kind = "EDU" };

FIXTURE_SETUP(driver)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	REQUIRE_IOMMU(self->bdf);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->device.driver.region,
				      VFIO_PCI_DRIVER_REGION_SIZE, 0x1000000));
	vfio_pci_driver_init(&self->device);
}

FIXTURE_TEARDOWN(driver)
{
	vfio_pci_device_close(&self->device);
	dma_region_free(self->iommu, &self->device.driver.region);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

TEST_F_TIMEOUT(driver, send_msi, 120)
{
	struct vfio_pci_driver *driver = &self->device.driver;
	int *evfd = &self->device.msi_eventfds[driver->msi];
	int i;

	for (i = 0; i < 50; i++) {
		vfio_pci_driver_send_msi(&self->device);
		ASSERT_EQ(1, evfd_wait(*evfd, EVFD_TIMEOUT_MS))
			TH_LOG("device %s, interrupt %d", self->bdf, i);
	}
	/* To another eventfd, while the device goes on. */
	close(*evfd);
	*evfd = evfd_new();
	ASSERT_RC(0, vfio_irq_set_fds(self->device.fd, driver->irq_index,
				      driver->msi, 1, evfd));
	vfio_pci_driver_send_msi(&self->device);
	EXPECT_EQ(1, evfd_wait(*evfd, EVFD_TIMEOUT_MS));
}

TEST_HARNESS_MAIN
