// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vectors are offered to the IRQ bypass manager, where KVM finds them. The
 * offer must be there while the vector is bound, and must be taken back first
 * of all: CVE-2025-37885 (the consumer still routes the interrupt) and
 * CVE-2026-72283 (it keeps a pointer to memory that is gone). KASAN sees the
 * latter.
 *
 * In the place of KVM stands the module vfio_pci_bypass_spy, which comes with
 * VFIO_PCI_KUNIT_TEST.
 */
#include <stdint.h>

#include "vfio_test.h"

#define MODULE	"vfio_pci_bypass_spy"
#define PARAMS	"/sys/module/" MODULE "/parameters/"
#define MSI	VFIO_PCI_MSI_IRQ_INDEX
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

FIXTURE(bypass) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int fd;
	int evfd;
	int other;
};

FIXTURE_VARIANT(bypass) {
	const char *kind;
	u32 index;
};

FIXTURE_VARIANT_ADD(bypass, edu_msi) { .kind = "EDU", .index = MSI };
FIXTURE_VARIANT_ADD(bypass, igb_msix) { .kind = "IGB", .index = MSIX };

static int spy(int evfd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", evfd);
	return sysfs_write_str(PARAMS "fd", text);
}

static u64 param(const char *name)
{
	char path[128], c = 0;
	u64 val = UINT64_MAX;
	FILE *f;

	snprintf(path, sizeof(path), PARAMS "%s", name);
	if (!sysfs_read_u64(path, &val))
		return val;
	/* a bool */
	f = fopen(path, "re");
	if (f) {
		if (fread(&c, 1, 1, f) == 1)
			val = c == 'Y' ? 1 : c == 'N' ? 0 : val;
		fclose(f);
	}
	return val;
}

FIXTURE_SETUP(bypass)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	if (access(PARAMS "fd", F_OK) && system("modprobe -q " MODULE))
		SKIP(return, "this kernel has no module " MODULE);
	self->evfd = evfd_new();
	self->other = evfd_new();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	ASSERT_RC(0, spy(self->evfd));
}

FIXTURE_TEARDOWN(bypass)
{
	vfio_pci_device_close(&self->device);
	spy(-1);
	iommu_cleanup(self->iommu);
	close(self->evfd);
	close(self->other);
	EXPECT_DEVICE_OK();
}

#define EXPECT_COUNTS(on, off) do {					\
	EXPECT_RC(on, param("connects"));				\
	EXPECT_RC(off, param("disconnects"));				\
} while (0)

/* Taken back while the interrupt was still whole. */
#define EXPECT_HANDLED()	EXPECT_RC(1, param("handled"))

static int bind_vector(FIXTURE_DATA(bypass) *self, u32 index, u32 vector,
		       int evfd)
{
	return vfio_irq_set_fds(self->fd, index, vector, 1, &evfd);
}

static bool is_vector_of(const char *bdf, u64 irq)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs/%llu",
		 bdf, (unsigned long long)irq);
	return !access(path, F_OK);
}

TEST_F(bypass, bind_and_unbind)
{
	EXPECT_COUNTS(0, 0);
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->evfd));
	EXPECT_COUNTS(1, 0);
	EXPECT_TRUE(is_vector_of(self->bdf, param("irq")));
	ASSERT_RC(0, bind_vector(self, variant->index, 0, -1));
	EXPECT_COUNTS(1, 1);
	EXPECT_HANDLED();
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->evfd));
	EXPECT_COUNTS(2, 1);
}

TEST_F(bypass, replace)
{
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->other));
	EXPECT_COUNTS(0, 0);
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->evfd));
	EXPECT_COUNTS(1, 0);
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->other));
	EXPECT_COUNTS(1, 1);
	EXPECT_HANDLED();
}

TEST_F(bypass, disable)
{
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->evfd));
	ASSERT_RC(0, vfio_irq_disable(self->fd, variant->index));
	EXPECT_COUNTS(1, 1);
	EXPECT_HANDLED();
}

TEST_F(bypass, close)
{
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->evfd));
	vfio_pci_device_close(&self->device);
	EXPECT_COUNTS(1, 1);
	EXPECT_HANDLED();
}

/* The consumer may come later, and go first. */
TEST_F(bypass, consumer_comes_and_goes)
{
	int i;

	ASSERT_RC(0, spy(-1));
	ASSERT_RC(0, bind_vector(self, variant->index, 0, self->evfd));
	for (i = 0; i < 3; i++) {
		ASSERT_RC(0, spy(self->evfd));
		EXPECT_COUNTS(1, 0);
		ASSERT_RC(0, spy(-1));
	}
	ASSERT_RC(0, bind_vector(self, variant->index, 0, -1));
	/* Nothing is left behind that it would be connected with. */
	ASSERT_RC(0, spy(self->evfd));
	EXPECT_COUNTS(0, 0);
}

/* Failing takes the offers back, too. */
TEST_F(bypass, error)
{
	int fds[2] = { self->evfd, vfio_test_closed_fd() };

	if (variant->index != MSIX)
		SKIP(return, "needs two vectors");
	EXPECT_RC(-EBADF, vfio_irq_set_fds(self->fd, MSIX, 0, 2, fds));
	EXPECT_COUNTS(1, 1);
	EXPECT_HANDLED();
}

/* One offer for each eventfd; the second vector does without, undisturbed. */
TEST_F(bypass, same_eventfd_twice)
{
	u64 irq;

	if (variant->index != MSIX)
		SKIP(return, "needs two vectors");
	ASSERT_RC(0, bind_vector(self, MSIX, 1, self->evfd));
	irq = param("irq");
	ASSERT_RC(0, bind_vector(self, MSIX, 0, self->evfd));
	EXPECT_COUNTS(1, 0);
	EXPECT_RC(0, vfio_irq_trigger(self->fd, MSIX, 0, 2));
	EXPECT_EQ(2, evfd_read(self->evfd));
	ASSERT_RC(0, bind_vector(self, MSIX, 0, -1));
	EXPECT_COUNTS(1, 0);
	EXPECT_EQ(irq, param("irq"));
	ASSERT_RC(0, bind_vector(self, MSIX, 1, -1));
	EXPECT_COUNTS(1, 1);
}

TEST_HARNESS_MAIN
