// SPDX-License-Identifier: GPL-2.0-only
/*
 * What GET_IRQ_INFO and SET_IRQS have in common for every index, and the two
 * interrupts that the kernel raises by itself: error and request.
 */
#include "vfio_test.h"

#define NONE		VFIO_IRQ_SET_DATA_NONE
#define BOOL		VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD		VFIO_IRQ_SET_DATA_EVENTFD
#define MASK		VFIO_IRQ_SET_ACTION_MASK
#define UNMASK		VFIO_IRQ_SET_ACTION_UNMASK
#define TRIGGER		VFIO_IRQ_SET_ACTION_TRIGGER

FIXTURE(irq) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int fd;
	int evfd;
};

FIXTURE_VARIANT(irq) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(irq, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(irq, igb) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(irq, e1000e) { .kind = "E1000E" };
FIXTURE_VARIANT_ADD(irq, edu) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(irq, ivshmem) { .kind = "IVSHMEM" };

FIXTURE_SETUP(irq)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	self->evfd = evfd_new();
	ASSERT_GE(self->evfd, 0);
}

FIXTURE_TEARDOWN(irq)
{
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->evfd);
	EXPECT_DEVICE_OK();
}

static u32 count_of(int fd, u32 index)
{
	struct vfio_irq_info info;

	return vfio_irq_info(fd, index, &info) ? 0 : info.count;
}

TEST_F(irq, info)
{
	struct vfio_irq_info info;
	u32 i;

	EXPECT_EQ(VFIO_PCI_NUM_IRQS, self->device.info.num_irqs);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		ASSERT_RC(0, vfio_irq_info(self->fd, i, &info));
		EXPECT_EQ(i, info.index);
		EXPECT_TRUE(info.flags & VFIO_IRQ_INFO_EVENTFD);
		EXPECT_EQ(sizeof(info), info.argsz);
	}
	for (i = VFIO_PCI_ERR_IRQ_INDEX; i <= VFIO_PCI_REQ_IRQ_INDEX; i++) {
		ASSERT_RC(0, vfio_irq_info(self->fd, i, &info));
		EXPECT_EQ(1, info.count);
		EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
			  info.flags);
	}
	/* Vectors, or none without the capability. */
	EXPECT_EQ(!!vfio_cfg_cap(self->fd, PCI_CAP_ID_MSI),
		  !!count_of(self->fd, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_EQ(!!vfio_cfg_cap(self->fd, PCI_CAP_ID_MSIX),
		  !!count_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX));
	EXPECT_EQ(!!vfio_cfg_read8(self->fd, PCI_INTERRUPT_PIN),
		  count_of(self->fd, VFIO_PCI_INTX_IRQ_INDEX));
}

TEST_F(irq, info_errors)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) - 1 };
	static const u32 bad[] = { VFIO_PCI_NUM_IRQS, 0x7fffffff, 0xffffffff };
	u32 i;

	EXPECT_RC(-EINVAL, vfio_ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO,
				      &info));
	info.argsz = 0;
	EXPECT_RC(-EINVAL, vfio_ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO,
				      &info));
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO,
				      (void *)8));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_RC(-EINVAL, vfio_irq_info(self->fd, bad[i], &info));
	/* Longer is fine, and the rest is ignored. */
	info.argsz = 4096;
	info.index = 0;
	EXPECT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
}

/* One payload for every row: long enough, unless argsz says otherwise. */
struct set_irqs {
	struct vfio_irq_set hdr;
	u8 data[64];
};

TEST_F(irq, set_header_errors)
{
	static const struct {
		const char *name;
		u32 argsz, flags, index, start, count;
		int want;	/* 0: -EINVAL */
	} rows[] = {
		{ "argsz 0", 0, NONE | TRIGGER, 3, 0, 0 },
		{ "argsz short by one", 19, NONE | TRIGGER, 3, 0, 0 },
		{ "no data type", 20, TRIGGER, 3, 0, 0 },
		{ "no action", 20, NONE, 3, 0, 0, -ENOTTY },
		{ "no flags", 20, 0, 3, 0, 0 },
		{ "two data types", 84, NONE | BOOL | TRIGGER, 3, 0, 1 },
		{ "two other data types", 84, BOOL | EVENTFD | TRIGGER, 3, 0, 1 },
		{ "two actions", 20, NONE | MASK | TRIGGER, 3, 0, 1, -ENOTTY },
		{ "three actions", 20, NONE | MASK | UNMASK | TRIGGER, 3, 0, 1,
		  -ENOTTY },
		{ "unknown flag", 20, NONE | TRIGGER | 1 << 6, 3, 0, 0 },
		{ "unknown flag, high", 20, NONE | TRIGGER | 1u << 31, 3, 0, 0 },
		{ "index too high", 20, NONE | TRIGGER, 5, 0, 0 },
		{ "index huge", 20, NONE | TRIGGER, ~0u, 0, 0 },
		{ "start too high", 20, NONE | TRIGGER, 3, 1, 1 },
		{ "start too high, count 0", 20, NONE | TRIGGER, 3, 1, 0 },
		{ "count too high", 84, BOOL | TRIGGER, 3, 0, 2 },
		/* CVE-2016-9083: the sum overflows */
		{ "sum overflows", 20, NONE | TRIGGER, 3, 1, ~0u },
		{ "start huge", 20, NONE | TRIGGER, 3, ~0u, 1 },
		{ "sum wraps to 1", 84, BOOL | TRIGGER, 3, 2, ~0u },
		/* CVE-2016-9084: so does the size */
		{ "size overflows", 84, EVENTFD | TRIGGER, 3, 0, 0x40000001 },
		{ "no payload for BOOL", 20, BOOL | TRIGGER, 3, 0, 1 },
		{ "no payload for EVENTFD", 20, EVENTFD | TRIGGER, 3, 0, 1 },
		{ "payload short", 23, EVENTFD | TRIGGER, 3, 0, 1 },
	};
	struct set_irqs set;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&set, 0, sizeof(set));
		set.hdr.argsz = rows[i].argsz;
		set.hdr.flags = rows[i].flags;
		set.hdr.index = rows[i].index;
		set.hdr.start = rows[i].start;
		set.hdr.count = rows[i].count;
		EXPECT_RC_AT(rows[i].name, rows[i].want ?: -EINVAL,
			     vfio_ioctl(self->fd, VFIO_DEVICE_SET_IRQS, &set));
	}
	EXPECT_RC(-EFAULT, vfio_ioctl(self->fd, VFIO_DEVICE_SET_IRQS,
				      (void *)8));
}

/* An index that the device doesn't have. */
TEST_F(irq, absent_index)
{
	static const u32 types[] = {
		VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
		VFIO_PCI_MSIX_IRQ_INDEX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (count_of(self->fd, types[i]))
			continue;
		EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, types[i], 0, 1,
						    &self->evfd));
		EXPECT_RC(-EINVAL, vfio_irq_disable(self->fd, types[i]));
		EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, types[i], 0, 1));
	}
}

/*
 * Nothing is enabled: nothing can be done but enabling. (A BOOL to the error
 * or request interrupt goes nowhere, and is no error.)
 */
TEST_F(irq, before_enable)
{
	int want;
	u8 on = 1;
	u32 i;

	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		want = i < VFIO_PCI_ERR_IRQ_INDEX ? -EINVAL : 0;
		EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, i, 0, 1));
		EXPECT_RC(want, vfio_irq_set(self->fd, i, BOOL | TRIGGER, 0, 1,
					     &on, 1));
		EXPECT_RC(-EINVAL, vfio_irq_disable(self->fd, i));
	}
}

/* The error and the request interrupt differ in nothing but who raises it. */
FIXTURE(event) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	int fd;
	int evfd;
	u32 index;
};

FIXTURE_VARIANT(event) {
	const char *kind;
	u32 index;
};

FIXTURE_VARIANT_ADD(event, nvme_err) {
	.kind = "NVME", .index = VFIO_PCI_ERR_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(event, nvme_req) {
	.kind = "NVME", .index = VFIO_PCI_REQ_IRQ_INDEX,
};
/* conventional PCI */
FIXTURE_VARIANT_ADD(event, edu_err) {
	.kind = "EDU", .index = VFIO_PCI_ERR_IRQ_INDEX,
};
FIXTURE_VARIANT_ADD(event, edu_req) {
	.kind = "EDU", .index = VFIO_PCI_REQ_IRQ_INDEX,
};

FIXTURE_SETUP(event)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->index = variant->index;
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	self->evfd = evfd_new();
	ASSERT_GE(self->evfd, 0);
}

FIXTURE_TEARDOWN(event)
{
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	close(self->evfd);
	EXPECT_DEVICE_OK();
}

static int set(FIXTURE_DATA(event) *self, int evfd)
{
	return vfio_irq_set_fds(self->fd, self->index, 0, 1, &evfd);
}

static int set_bool(FIXTURE_DATA(event) *self, u32 count, u8 val)
{
	return vfio_irq_set(self->fd, self->index, BOOL | TRIGGER, 0, count,
			    &val, count);
}

TEST_F(event, trigger)
{
	ASSERT_RC(0, set(self, self->evfd));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_EQ(1, evfd_read(self->evfd));
	EXPECT_RC(0, set_bool(self, 1, 1));
	EXPECT_EQ(1, evfd_read(self->evfd));
	EXPECT_RC(0, set_bool(self, 1, 0));
	EXPECT_EQ(0, evfd_read(self->evfd));
}

TEST_F(event, replace)
{
	int other = evfd_new();

	ASSERT_RC(0, set(self, self->evfd));
	ASSERT_RC(0, set(self, other));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_EQ(0, evfd_read(self->evfd));
	EXPECT_EQ(1, evfd_read(other));
	close(other);
}

TEST_F(event, clear)
{
	/* By -1 ... */
	ASSERT_RC(0, set(self, self->evfd));
	ASSERT_RC(0, set(self, -1));
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_RC(0, set_bool(self, 1, 1));
	/* ... and by count 0; there is nothing to clear then. */
	ASSERT_RC(0, set(self, self->evfd));
	ASSERT_RC(0, vfio_irq_disable(self->fd, self->index));
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_RC(-EINVAL, vfio_irq_disable(self->fd, self->index));
	EXPECT_EQ(0, evfd_read(self->evfd));
}

TEST_F(event, errors)
{
	static const u32 actions[] = { MASK, UNMASK };
	int none = -1;
	unsigned int i;
	u8 on = 1;

	ASSERT_RC(0, set(self, self->evfd));
	EXPECT_RC(-EINVAL, set(self, -2));
	EXPECT_RC(-EINVAL, set(self, -1000));
	EXPECT_RC(-EBADF, set(self, vfio_test_closed_fd()));
	EXPECT_RC(-EINVAL, set(self, self->fd));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(self->fd, self->index, 0, 0,
					    &none));
	EXPECT_RC(-EINVAL, set_bool(self, 0, 1));
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, self->index,
						NONE | actions[i], 0, 1, NULL,
						0));
		EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, self->index,
						BOOL | actions[i], 0, 1, &on,
						1));
		EXPECT_RC(-ENOTTY, vfio_irq_set(self->fd, self->index,
						EVENTFD | actions[i], 0, 1,
						&none, sizeof(none)));
	}
	/* None of that took the eventfd away. */
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_EQ(1, evfd_read(self->evfd));
}

/* It belongs to no interrupt type: any of them may be on as well. */
TEST_F(event, beside_msi)
{
	u32 type = count_of(self->fd, VFIO_PCI_MSIX_IRQ_INDEX) ?
		   VFIO_PCI_MSIX_IRQ_INDEX : VFIO_PCI_MSI_IRQ_INDEX;
	int vector = evfd_new();

	ASSERT_RC(0, vfio_irq_set_fds(self->fd, type, 0, 1, &vector));
	ASSERT_RC(0, set(self, self->evfd));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_EQ(1, evfd_read(self->evfd));
	EXPECT_EQ(0, evfd_read(vector));
	ASSERT_RC(0, vfio_irq_disable(self->fd, type));
	EXPECT_RC(0, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_EQ(1, evfd_read(self->evfd));
	close(vector);
}

TEST_F(event, close_while_set)
{
	int fd = dup(self->evfd);

	ASSERT_RC(0, set(self, self->evfd));
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->fd = self->device.fd;
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->fd, self->index, 0, 1));
	EXPECT_EQ(0, evfd_read(fd));
	close(fd);
}

TEST_HARNESS_MAIN
