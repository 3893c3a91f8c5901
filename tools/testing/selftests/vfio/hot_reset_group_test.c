// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resetting a whole slot or bus by someone who has the groups of all that it
 * hits open and shows their files. hot_reset_test has the rest: what a reset
 * does, and how it goes without groups.
 *
 * Two functions of one network adapter, A and B: in a hot-plug slot, each in a
 * group of its own; or on a bus without a slot, both in one group.
 */
#include "vfio_test.h"

enum { A, B, NUM_FUNCTIONS };

/* Receive control: accept broadcasts. 0 after reset (82574, 82576 data sheets) */
#define RCTL		0x100
#define RCTL_BAM	0x8000

#define MAX_AFFECTED	4

FIXTURE(hot_reset) {
	const char *bdf;		/* that of A */
	char bdfs[NUM_FUNCTIONS][PCI_BDF_LEN];
	struct iommu *iommu;
	int groups[NUM_FUNCTIONS];	/* the second is -1 if they share one */
	struct vfio_pci_device dev[NUM_FUNCTIONS];
};

FIXTURE_VARIANT(hot_reset) {
	const char *kind;
	bool shared;			/* one group */
};

FIXTURE_VARIANT_ADD(hot_reset, slot) { .kind = "HOTRESET", .shared = false };
FIXTURE_VARIANT_ADD(hot_reset, bus) {
	.kind = "HOTRESET_SHARED", .shared = true,
};

FIXTURE_SETUP(hot_reset)
{
	const char *both;
	char path[64];
	int i, n;

	REQUIRE_DEVICE(both, variant->kind);
	n = sscanf(both, "%15s %15s", self->bdfs[A], self->bdfs[B]);
	ASSERT_EQ(NUM_FUNCTIONS, n);
	self->bdf = self->bdfs[A];
	self->groups[A] = -1;
	self->groups[B] = -1;
	ASSERT_RC(0, vfio_group_path(self->bdf, path, sizeof(path)));
	if (access(path, F_OK))
		SKIP(return, "no %s: the kernel has no VFIO groups", path);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, iommu_stand_for_container(self->iommu));
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		if (i == A || !variant->shared) {
			self->groups[i] = vfio_group_open(self->bdfs[i]);
			ASSERT_LE(0, self->groups[i]);
			ASSERT_RC(0, vfio_group_set_container(self->groups[i],
							      self->iommu->iommufd));
		}
		n = variant->shared ? A : i;
		ASSERT_RC(0, vfio_pci_device_open_group(&self->dev[i],
							self->bdfs[i],
							self->iommu,
							self->groups[n]));
		vfio_pci_device_enable(&self->dev[i]);
	}
}

FIXTURE_TEARDOWN(hot_reset)
{
	int i;

	if (!self->iommu)
		return;
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		vfio_pci_device_close(&self->dev[i]);
		close(self->groups[i]);
	}
	iommu_cleanup(self->iommu);
	for (i = 0; i < NUM_FUNCTIONS; i++)
		EXPECT_EQ(0, pci_dev_answers(self->bdfs[i]));
}

static void mark(struct vfio_pci_device *dev)
{
	mmio_write32(dev->bars[0].vaddr, RCTL, RCTL_BAM);
}

static bool marked(struct vfio_pci_device *dev)
{
	return mmio_read32(dev->bars[0].vaddr, RCTL) == RCTL_BAM;
}

/* Reset by A with these files. */
static int reset_with(FIXTURE_DATA(hot_reset) *self, unsigned int count,
		      const int *fds)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		s32 fds[MAX_AFFECTED];
	} cmd = { .hdr = { .argsz = sizeof(cmd), .count = count } };
	unsigned int i;

	for (i = 0; i < count && i < MAX_AFFECTED; i++)
		cmd.fds[i] = fds[i];
	return vfio_ioctl(self->dev[A].fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd);
}

/* Who comes by groups is told groups. */
TEST_F(hot_reset, info)
{
	struct {
		struct vfio_pci_hot_reset_info info;
		struct vfio_pci_dependent_device devices[MAX_AFFECTED];
	} r = {};
	unsigned int n;
	int group;

	ASSERT_RC(0, vfio_device_hot_reset_info(self->dev[A].fd, &r.info,
						MAX_AFFECTED));
	EXPECT_EQ(0, r.info.flags);
	EXPECT_LE(NUM_FUNCTIONS, r.info.count);
	for (n = 0; n < r.info.count && n < MAX_AFFECTED; n++) {
		char bdf[PCI_BDF_LEN];

		snprintf(bdf, sizeof(bdf), "%04x:%02x:%02x.%x",
			 r.devices[n].segment, r.devices[n].bus,
			 r.devices[n].devfn >> 3, r.devices[n].devfn & 7);
		group = pci_dev_iommu_group(bdf);
		EXPECT_EQ(group, r.devices[n].group_id) TH_LOG("%s", bdf);
	}
}

TEST_F(hot_reset, resets_all)
{
	int i;

	for (i = 0; i < NUM_FUNCTIONS; i++) {
		mark(&self->dev[i]);
		ASSERT_TRUE(marked(&self->dev[i]));
	}
	ASSERT_RC(0, reset_with(self, variant->shared ? 1 : 2, self->groups));
	for (i = 0; i < NUM_FUNCTIONS; i++)
		EXPECT_FALSE(marked(&self->dev[i]));
}

/* One group of two is not enough, and the same twice neither. */
TEST_F(hot_reset, group_missing)
{
	int twice[] = { self->groups[A], self->groups[A] };

	if (variant->shared)
		SKIP(return, "there is but one group");
	mark(&self->dev[A]);
	EXPECT_RC(-EINVAL, reset_with(self, 1, &self->groups[A]));
	EXPECT_RC(-EINVAL, reset_with(self, 1, &self->groups[B]));
	EXPECT_RC(-EINVAL, reset_with(self, 2, twice));
	EXPECT_TRUE(marked(&self->dev[A]));
}

TEST_F(hot_reset, bad_files)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int closed[] = { self->groups[A], vfio_test_closed_fd() };
	int wrong[] = { self->groups[A], null };
	int device[] = { self->groups[A], self->dev[A].fd };
	int many[] = { self->groups[A], self->groups[A], self->groups[A],
		       self->groups[A] };

	ASSERT_LE(0, null);
	mark(&self->dev[A]);
	EXPECT_RC(-EINVAL, reset_with(self, 0, NULL));
	EXPECT_RC(-EBADF, reset_with(self, 2, closed));
	EXPECT_RC(-EINVAL, reset_with(self, 2, wrong));
	EXPECT_RC(-EINVAL, reset_with(self, 2, device));
	/* No more files than devices are hit. */
	EXPECT_RC(-EINVAL, reset_with(self, 4, many));
	EXPECT_RC(-EINVAL, reset_with(self, ~0u, many));
	EXPECT_TRUE(marked(&self->dev[A]));
	close(null);
}

TEST_HARNESS_MAIN
