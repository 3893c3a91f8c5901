// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two devices on one INTx line: each hears of its own interrupts alone, and
 * whatever the other one does or leaves behind takes nothing away from it. The
 * kernel switches off a line whose interrupts nobody handles, and says so; that
 * is a failure, too.
 */
#include <sched.h>
#include <sys/eventfd.h>

#include "vfio_test.h"
#include "irq_devices.h"

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MSI	VFIO_PCI_MSI_IRQ_INDEX

/* One of the two devices */
struct side {
	const char *bdf;
	struct vfio_pci_device device;
	int irq;	/* eventfd for the interrupt */
	bool open;
};

FIXTURE(shared) {
	const char *bdf;	/* of the first */
	struct iommu *iommu;
	struct side side[2];
	char line_cpus[64];	/* who takes the line's interrupts, if we changed it */
};

static int side_open(struct side *s, struct iommu *iommu)
{
	int ret = vfio_pci_device_open(&s->device, s->bdf, iommu);

	if (ret)
		return ret;
	s->open = true;
	vfio_pci_device_enable(&s->device);
	irq_edu.intx_deassert(s->device.bars[0].vaddr);
	return 0;
}

static void side_close(struct side *s)
{
	if (s->open)
		vfio_pci_device_close(&s->device);
	s->open = false;
}

static void line_cpus_path(const char *bdf, char *path, size_t len)
{
	u64 irq = 0;

	pci_dev_attr(bdf, "irq", &irq);
	snprintf(path, len, "/proc/irq/%llu/smp_affinity_list",
		 (unsigned long long)irq);
}

FIXTURE_SETUP(shared)
{
	u64 line[2];
	int i;

	REQUIRE_DEVICE(self->side[1].bdf, "EDU3");
	REQUIRE_DEVICE(self->side[0].bdf, "EDU2");
	self->bdf = self->side[0].bdf;
	self->iommu = iommu_init(NULL);
	for (i = 0; i < 2; i++) {
		self->side[i].irq = evfd_new();
		ASSERT_RC(0, side_open(&self->side[i], self->iommu));
		ASSERT_RC(0, pci_dev_attr(self->side[i].bdf, "irq", &line[i]));
	}
	if (line[0] != line[1])
		SKIP(return, "%s and %s have lines of their own (%d, %d)",
		     self->side[0].bdf, self->side[1].bdf, (int)line[0],
		     (int)line[1]);
}

FIXTURE_TEARDOWN(shared)
{
	char path[64];
	int i;

	if (self->line_cpus[0]) {
		line_cpus_path(self->bdf, path, sizeof(path));
		EXPECT_RC(0, sysfs_write_str(path, self->line_cpus));
	}
	for (i = 0; i < 2; i++) {
		if (self->side[i].open)
			irq_edu.intx_deassert(self->side[i].device.bars[0].vaddr);
		side_close(&self->side[i]);
		close(self->side[i].irq);
	}
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

static int enable(struct side *s, u32 index)
{
	return vfio_irq_set_fds(s->device.fd, index, 0, 1, &s->irq);
}

static int unmask(struct side *s)
{
	return vfio_irq_unmask(s->device.fd, INTX, 0, 1);
}

static void line(struct side *s, bool level)
{
	if (level)
		irq_edu.intx_assert(s->device.bars[0].vaddr);
	else
		irq_edu.intx_deassert(s->device.bars[0].vaddr);
}

#define EXPECT_IRQ(s) \
	EXPECT_EQ(1, evfd_wait((s)->irq, EVFD_TIMEOUT_MS)) \
		TH_LOG("device %s: no interrupt", (s)->bdf)
#define EXPECT_QUIET(s) \
	EXPECT_EQ(0, evfd_wait((s)->irq, QUIET_MS)) \
		TH_LOG("device %s: unexpected interrupt", (s)->bdf)

/* A whole round of one device, as a driver would do it. */
#define EXPECT_WORKS(s) do {						\
	line(s, true);							\
	EXPECT_IRQ(s);							\
	line(s, false);							\
	EXPECT_RC(0, unmask(s));					\
} while (0)

TEST_F(shared, one_after_the_other)
{
	struct side *a = &self->side[0], *b = &self->side[1];
	int i;

	ASSERT_RC(0, enable(a, INTX));
	ASSERT_RC(0, enable(b, INTX));
	for (i = 0; i < 10; i++) {
		EXPECT_WORKS(a);
		EXPECT_WORKS(b);
	}
	EXPECT_QUIET(a);
	EXPECT_QUIET(b);
}

/* While one waits to be served, masked, the other goes on. */
TEST_F(shared, one_stays_asserted)
{
	struct side *a = &self->side[0], *b = &self->side[1];
	int i;

	ASSERT_RC(0, enable(a, INTX));
	ASSERT_RC(0, enable(b, INTX));
	line(a, true);
	EXPECT_IRQ(a);
	for (i = 0; i < 10; i++)
		EXPECT_WORKS(b);
	EXPECT_QUIET(a);
	/* Not served, but unmasked: it comes again. */
	EXPECT_RC(0, unmask(a));
	EXPECT_IRQ(a);
	EXPECT_QUIET(b);
	line(a, false);
	EXPECT_RC(0, unmask(a));
	EXPECT_WORKS(a);
	EXPECT_WORKS(b);
}

TEST_F(shared, both_at_once)
{
	struct side *a = &self->side[0], *b = &self->side[1];
	int i;

	ASSERT_RC(0, enable(a, INTX));
	ASSERT_RC(0, enable(b, INTX));
	for (i = 0; i < 10; i++) {
		line(a, true);
		line(b, true);
		EXPECT_IRQ(a);
		EXPECT_IRQ(b);
		line(b, false);
		EXPECT_RC(0, unmask(b));
		line(a, false);
		EXPECT_RC(0, unmask(a));
	}
	EXPECT_QUIET(a);
	EXPECT_QUIET(b);
}

/* One that asserts without having INTx enabled is kept off the line. */
TEST_F(shared, other_not_enabled)
{
	struct side *a = &self->side[0], *b = &self->side[1];

	ASSERT_RC(0, enable(b, INTX));
	line(a, true);
	EXPECT_QUIET(b);
	EXPECT_WORKS(b);
	ASSERT_RC(0, enable(a, INTX));
	EXPECT_IRQ(a);
	ASSERT_RC(0, vfio_irq_disable(a->device.fd, INTX));
	EXPECT_WORKS(b);
	EXPECT_QUIET(b);
}

/*
 * The same once it is closed, with its line up: nobody serves it, so it must be
 * off the line, or the host does nothing but ask the other one's handler.
 */
TEST_F(shared, other_closed)
{
	struct side *a = &self->side[0], *b = &self->side[1];
	u64 before, after;

	ASSERT_RC(0, enable(a, INTX));
	ASSERT_RC(0, enable(b, INTX));
	line(a, true);
	EXPECT_IRQ(a);
	EXPECT_RC(0, unmask(a));
	side_close(a);
	EXPECT_WORKS(b);
	ASSERT_RC(0, pci_dev_irq_count(b->bdf, &before));
	EXPECT_QUIET(b);
	ASSERT_RC(0, pci_dev_irq_count(b->bdf, &after));
	EXPECT_GT(100, after - before);
	ASSERT_RC(0, side_open(a, self->iommu));
	/* It may have arrived once more before it was closed. */
	evfd_read(a->irq);
	ASSERT_RC(0, enable(a, INTX));
	EXPECT_WORKS(a);
	EXPECT_WORKS(b);
}

/*
 * Nor may it be let through for a moment while it is closed and opened again. It is
 * noticed when the processor that does so is the one that takes the interrupts, as
 * a level that nobody takes down can keep it from going on.
 */
TEST_F(shared, reopened)
{
	struct side *a = &self->side[0], *b = &self->side[1];
	u64 before, after;
	char path[64];
	cpu_set_t cpus;
	int fd, i;

	line_cpus_path(b->bdf, path, sizeof(path));
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, read(fd, self->line_cpus, sizeof(self->line_cpus) - 1));
	close(fd);
	ASSERT_RC(0, sysfs_write_str(path, "0"));
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));

	ASSERT_RC(0, enable(b, INTX));
	for (i = 0; i < 3; i++) {
		line(a, true);
		ASSERT_RC(0, pci_dev_irq_count(b->bdf, &before));
		side_close(a);
		ASSERT_RC(0, side_open(a, self->iommu));
		ASSERT_RC(0, pci_dev_irq_count(b->bdf, &after));
		EXPECT_GT(100, after - before);
		EXPECT_WORKS(b);
	}
	EXPECT_QUIET(b);
}

/* Enabling and disabling MSI moves the INTx Disable bit. */
TEST_F(shared, other_uses_msi)
{
	struct side *a = &self->side[0], *b = &self->side[1];

	ASSERT_RC(0, enable(b, INTX));
	ASSERT_RC(0, enable(a, MSI));
	line(a, true);
	EXPECT_IRQ(a);
	EXPECT_QUIET(b);
	EXPECT_WORKS(b);
	ASSERT_RC(0, vfio_irq_disable(a->device.fd, MSI));
	EXPECT_QUIET(b);
	EXPECT_WORKS(b);
}

/* Unmasked by eventfd, each by its own. */
TEST_F(shared, unmask_eventfds)
{
	struct side *a = &self->side[0], *b = &self->side[1];
	int ua = evfd_new(), ub = evfd_new();

	ASSERT_RC(0, enable(a, INTX));
	ASSERT_RC(0, enable(b, INTX));
	ASSERT_RC(0, vfio_irq_unmask_fd(a->device.fd, INTX, ua));
	ASSERT_RC(0, vfio_irq_unmask_fd(b->device.fd, INTX, ub));
	line(a, true);
	line(b, true);
	EXPECT_IRQ(a);
	EXPECT_IRQ(b);
	ASSERT_EQ(0, eventfd_write(ua, 1));
	EXPECT_IRQ(a);
	EXPECT_QUIET(b);
	line(a, false);
	ASSERT_EQ(0, eventfd_write(ua, 1));
	ASSERT_EQ(0, eventfd_write(ub, 1));
	EXPECT_IRQ(b);
	EXPECT_QUIET(a);
	close(ua);
	close(ub);
}

/* A device that can't share is refused, and others are while it has the line. */
TEST_F(shared, exclusive)
{
	struct side *a = &self->side[0], *b = &self->side[1];

	side_close(a);
	ASSERT_RC(0, irq_rebind(a->bdf, true));
	ASSERT_RC(0, side_open(a, self->iommu));
	ASSERT_RC(0, enable(b, INTX));
	EXPECT_RC(-EBUSY, enable(a, INTX));
	EXPECT_RC(-EINVAL, unmask(a));
	EXPECT_WORKS(b);
	ASSERT_RC(0, vfio_irq_disable(b->device.fd, INTX));
	ASSERT_RC(0, enable(a, INTX));
	EXPECT_RC(-EBUSY, enable(b, INTX));
	EXPECT_WORKS(a);
	EXPECT_QUIET(a);
	side_close(a);
	ASSERT_RC(0, irq_rebind(a->bdf, false));
	ASSERT_RC(0, side_open(a, self->iommu));
	ASSERT_RC(0, enable(b, INTX));
	ASSERT_RC(0, enable(a, INTX));
	EXPECT_WORKS(a);
	EXPECT_WORKS(b);
}

TEST_HARNESS_MAIN
