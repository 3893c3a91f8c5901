// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device says about itself: VFIO_DEVICE_GET_INFO, GET_REGION_INFO and
 * GET_IRQ_INFO, against sysfs and the device's own capabilities, with short,
 * exact and oversized arguments.
 */
#include "vfio_test.h"

#define GUARD 0xa5

FIXTURE(info)
{
	const char *bdf;
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(info)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(info, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(info, IGB) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(info, E1000E) { .kind = "E1000E" };
FIXTURE_VARIANT_ADD(info, EDU) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(info, IVSHMEM) { .kind = "IVSHMEM" };

FIXTURE_SETUP(info)
{
	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd) TH_LOG("device %s", self->bdf);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
}

FIXTURE_TEARDOWN(info)
{
	close(self->fd);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

/* The first byte at or after @from that is no guard byte any more. */
static size_t first_touched(const u8 *buf, size_t from, size_t len)
{
	while (from < len && buf[from] == GUARD)
		from++;
	return from;
}

TEST_F(info, device)
{
	struct vfio_device_info info;

	ASSERT_RC(0, vfio_device_info(self->fd, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_EQ(0, info.flags & ~(VFIO_DEVICE_FLAGS_PCI |
				    VFIO_DEVICE_FLAGS_RESET |
				    VFIO_DEVICE_FLAGS_CAPS));
	/* No display device here, hence no device specific region. */
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
}

/* The RESET flag says what the kernel's own list of reset methods says. */
TEST_F(info, device_reset_flag)
{
	struct vfio_device_info info;
	char methods[64] = "";
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset_method",
		 self->bdf);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		ASSERT_LE(0, read(fd, methods, sizeof(methods) - 1));
		close(fd);
	}
	ASSERT_RC(0, vfio_device_info(self->fd, &info));
	/* bus or slot resets alone don't make a function reset either */
	EXPECT_EQ(methods[0] > ' ', !!(info.flags & VFIO_DEVICE_FLAGS_RESET))
		TH_LOG("%s: methods \"%s\"", self->bdf, methods);
}

TEST_F(info, device_argsz)
{
	u8 buf[256];
	struct vfio_device_info *info = (void *)buf;
	u32 argsz, need;

	for (argsz = 0; argsz < 16; argsz++) {
		memset(buf, GUARD, sizeof(buf));
		info->argsz = argsz;
		EXPECT_RC(-EINVAL,
			  vfio_ioctl(self->fd, VFIO_DEVICE_GET_INFO, buf));
		EXPECT_EQ(sizeof(buf), first_touched(buf, 4, sizeof(buf)));
	}

	/* Between the minimum and the full structure: no byte beyond argsz. */
	for (argsz = 16; argsz < sizeof(*info); argsz++) {
		memset(buf, GUARD, sizeof(buf));
		info->argsz = argsz;
		ASSERT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_INFO, buf));
		EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info->num_regions);
		EXPECT_EQ(sizeof(buf), first_touched(buf, argsz, sizeof(buf)))
			TH_LOG("argsz %u", argsz);
	}

	/* A large argsz is welcome; only what exists is written. */
	memset(buf, GUARD, sizeof(buf));
	info->argsz = sizeof(buf);
	info->cap_offset = 0;
	ASSERT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_INFO, buf));
	need = info->flags & VFIO_DEVICE_FLAGS_CAPS ? sizeof(buf) :
						      sizeof(*info);
	EXPECT_EQ(sizeof(buf), first_touched(buf, need, sizeof(buf)));
}

/* Walk the whole device chain: in bounds, ends, no unknown capability. */
TEST_F(info, device_caps)
{
	struct vfio_device_info info, *full;
	struct vfio_info_cap_header *cap;
	unsigned int seen = 0;
	u32 off, need;

	ASSERT_RC(0, vfio_device_info(self->fd, &info));
	if (!(info.flags & VFIO_DEVICE_FLAGS_CAPS)) {
		EXPECT_EQ(0, info.cap_offset);
		EXPECT_EQ(sizeof(info), info.argsz);
		SKIP(return, "%s has no device capability", self->bdf);
	}
	/* Too small for the chain: the need, and no offset. */
	EXPECT_EQ(0, info.cap_offset);
	need = info.argsz;
	ASSERT_LT(sizeof(info), need);

	full = calloc(1, need);
	ASSERT_NE(NULL, full);
	full->argsz = need;
	ASSERT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_INFO, full));
	for (off = full->cap_offset; off; off = cap->next) {
		ASSERT_LE(off + sizeof(*cap), need);
		cap = (void *)full + off;
		EXPECT_TRUE(cap->id >= VFIO_DEVICE_INFO_CAP_ZPCI_BASE &&
			    cap->id <= VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP);
		ASSERT_GT(64, ++seen);
	}
	EXPECT_LE(1, seen);

	/* One byte less than needed is not enough. */
	full->argsz = need - 1;
	full->cap_offset = 1;
	ASSERT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_INFO, full));
	EXPECT_EQ(need, full->argsz);
	EXPECT_EQ(0, full->cap_offset);
	free(full);
}

/* BARs have the size and place that the kernel's resources have. */
TEST_F(info, region_bars)
{
	struct vfio_region_info info;
	struct pci_resource res;
	unsigned int i;
	u64 size;

	for (i = VFIO_PCI_BAR0_REGION_INDEX; i <= VFIO_PCI_BAR5_REGION_INDEX;
	     i++) {
		ASSERT_RC(0, pci_dev_resource(self->bdf, i, &res));
		ASSERT_RC(0, vfio_region_info(self->fd, i, &info));
		size = res.flags ? res.end - res.start + 1 : 0;
		EXPECT_EQ(size, info.size) TH_LOG("BAR %u", i);
		EXPECT_EQ((u64)i << 40, info.offset) TH_LOG("BAR %u", i);
		if (!size) {
			EXPECT_EQ(0, info.flags) TH_LOG("BAR %u", i);
			continue;
		}
		EXPECT_TRUE(info.flags & VFIO_REGION_INFO_FLAG_READ);
		EXPECT_TRUE(info.flags & VFIO_REGION_INFO_FLAG_WRITE);
		/* Less than a page may share its page with other BARs */
		if (!(res.flags & 0x100) && size < getpagesize())
			continue;
		/* I/O ports (flag 0x100) can't be mapped, memory can */
		EXPECT_EQ(!(res.flags & 0x100),
			  !!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
			TH_LOG("%s BAR %u: resource flags %llx", self->bdf, i,
			       (unsigned long long)res.flags);
	}
}

TEST_F(info, region_config)
{
	struct vfio_region_info info;
	u32 first;

	ASSERT_RC(0, vfio_region_info(self->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      &info));
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  info.flags);
	EXPECT_EQ((u64)VFIO_PCI_CONFIG_REGION_INDEX << 40, info.offset);
	/* As large as the kernel can read. */
	EXPECT_EQ(pci_dev_config_read(self->bdf, PCI_CFG_SPACE_SIZE, &first,
				      sizeof(first)) == sizeof(first) ?
		  PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE, info.size);
}

TEST_F(info, region_rom)
{
	struct vfio_region_info info;
	struct pci_resource res;

	ASSERT_RC(0, pci_dev_resource(self->bdf, 6, &res));
	ASSERT_RC(0, vfio_region_info(self->fd, VFIO_PCI_ROM_REGION_INDEX,
				      &info));
	EXPECT_EQ((u64)VFIO_PCI_ROM_REGION_INDEX << 40, info.offset);
	if (!info.size) {
		EXPECT_EQ(0, info.flags);
		return;
	}
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ, info.flags);
	EXPECT_EQ(res.end - res.start + 1, info.size);
}

TEST_F(info, region_vga)
{
	struct vfio_region_info info;

	/* None of these devices is a display. */
	EXPECT_RC(-EINVAL, vfio_region_info(self->fd,
					    VFIO_PCI_VGA_REGION_INDEX, &info));
}

TEST_F(info, region_argsz)
{
	u8 buf[256];
	struct vfio_region_info *info = (void *)buf;
	u32 argsz, i;

	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++) {
		for (argsz = 0; argsz < sizeof(*info); argsz++) {
			memset(buf, GUARD, sizeof(buf));
			info->argsz = argsz;
			info->index = i;
			EXPECT_RC(-EINVAL,
				  vfio_ioctl(self->fd,
					     VFIO_DEVICE_GET_REGION_INFO, buf));
			EXPECT_EQ(sizeof(buf),
				  first_touched(buf, sizeof(*info),
						sizeof(buf)));
		}
		memset(buf, GUARD, sizeof(buf));
		info->argsz = sizeof(*info);
		info->index = i;
		ASSERT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_REGION_INFO,
					buf));
		EXPECT_EQ(sizeof(buf), first_touched(buf, sizeof(*info),
						     sizeof(buf)));
		/* Unless a chain wants more, argsz stays what it was. */
		if (!(info->flags & VFIO_REGION_INFO_FLAG_CAPS))
			EXPECT_RC(sizeof(*info), info->argsz);
	}
}

/*
 * The BAR that holds the MSI-X table says that it may be mapped as a whole;
 * no other region says so. Chain rules on the way.
 */
TEST_F(info, region_msix_mappable)
{
	struct vfio_region_info head, *full;
	struct vfio_info_cap_header *cap;
	u32 table_bar = ~0;
	unsigned int i;
	u8 msix;

	msix = vfio_cfg_cap(self->fd, PCI_CAP_ID_MSIX);
	if (msix)
		table_bar = vfio_cfg_read32(self->fd, msix + PCI_MSIX_TABLE) &
			    PCI_MSIX_TABLE_BIR;

	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++) {
		ASSERT_RC(0, vfio_region_info(self->fd, i, &head));
		ASSERT_RC(0, vfio_region_info_caps(self->fd, i, &full));
		cap = vfio_info_cap(full, full->argsz, full->cap_offset,
				    VFIO_REGION_INFO_CAP_MSIX_MAPPABLE);
		EXPECT_EQ(i == table_bar, !!cap) TH_LOG("region %u", i);
		if (cap) {
			EXPECT_TRUE(head.flags & VFIO_REGION_INFO_FLAG_CAPS);
			EXPECT_EQ(0, head.cap_offset);
			EXPECT_EQ(sizeof(head) + sizeof(*cap), head.argsz);
			EXPECT_EQ(1, cap->version);
			EXPECT_EQ(0, cap->next);
		}
		free(full);
	}
}

TEST_F(info, irq_counts)
{
	static const u32 want_flags[] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED,
		[VFIO_PCI_MSI_IRQ_INDEX] = VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_NORESIZE,
		[VFIO_PCI_MSIX_IRQ_INDEX] = VFIO_IRQ_INFO_EVENTFD,
		[VFIO_PCI_ERR_IRQ_INDEX] = VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_NORESIZE,
		[VFIO_PCI_REQ_IRQ_INDEX] = VFIO_IRQ_INFO_EVENTFD |
			VFIO_IRQ_INFO_NORESIZE,
	};
	u32 want[VFIO_PCI_NUM_IRQS] = {
		[VFIO_PCI_ERR_IRQ_INDEX] = 1,
		[VFIO_PCI_REQ_IRQ_INDEX] = 1,
	};
	struct vfio_irq_info info;
	unsigned int i;
	u8 pos;

	want[VFIO_PCI_INTX_IRQ_INDEX] =
		!!vfio_cfg_read8(self->fd, PCI_INTERRUPT_PIN);
	pos = vfio_cfg_cap(self->fd, PCI_CAP_ID_MSI);
	if (pos)
		want[VFIO_PCI_MSI_IRQ_INDEX] = 1 <<
			((vfio_cfg_read16(self->fd, pos + PCI_MSI_FLAGS) &
			  PCI_MSI_FLAGS_QMASK) >> 1);
	pos = vfio_cfg_cap(self->fd, PCI_CAP_ID_MSIX);
	if (pos)
		want[VFIO_PCI_MSIX_IRQ_INDEX] = 1 +
			(vfio_cfg_read16(self->fd, pos + PCI_MSIX_FLAGS) &
			 PCI_MSIX_FLAGS_QSIZE);

	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		ASSERT_RC(0, vfio_irq_info(self->fd, i, &info));
		EXPECT_EQ(i, info.index);
		EXPECT_EQ(want[i], info.count)
			TH_LOG("%s index %u", self->bdf, i);
		/* NORESIZE of MSI-X depends on the platform */
		if (i == VFIO_PCI_MSIX_IRQ_INDEX)
			info.flags &= ~VFIO_IRQ_INFO_NORESIZE;
		EXPECT_EQ(want_flags[i], info.flags)
			TH_LOG("%s index %u", self->bdf, i);
	}
	EXPECT_RC(-EINVAL, vfio_irq_info(self->fd, VFIO_PCI_NUM_IRQS, &info));
	EXPECT_RC(-EINVAL, vfio_irq_info(self->fd, ~0u, &info));
}

TEST_F(info, irq_argsz)
{
	u8 buf[64];
	struct vfio_irq_info *info = (void *)buf;
	u32 argsz;

	for (argsz = 0; argsz < sizeof(*info); argsz++) {
		memset(buf, GUARD, sizeof(buf));
		info->argsz = argsz;
		info->index = 0;
		EXPECT_RC(-EINVAL,
			  vfio_ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, buf));
	}
	memset(buf, GUARD, sizeof(buf));
	info->argsz = sizeof(buf);
	info->index = VFIO_PCI_REQ_IRQ_INDEX;
	ASSERT_RC(0, vfio_ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, buf));
	EXPECT_EQ(sizeof(buf), first_touched(buf, sizeof(*info), sizeof(buf)));
	EXPECT_EQ(sizeof(buf), info->argsz);
}

/* /proc/self/fdinfo names the parent device. */
TEST_F(info, fdinfo)
{
	char path[64], line[512], want[64];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	snprintf(want, sizeof(want), "/%s\n", self->bdf);
	f = fopen(path, "re");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "vfio-device-syspath: /sys/devices/", 34))
			continue;
		EXPECT_NE(NULL, strstr(line, want)) TH_LOG("%s", line);
		found = true;
	}
	fclose(f);
	EXPECT_TRUE(found);
}

TEST_HARNESS_MAIN
