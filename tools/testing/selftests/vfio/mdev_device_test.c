// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices in use, by container, by a group connected to an iommufd, and by
 * their own node: regions, mappings, interrupts, and memory of the user. The
 * devices are the kernel's samples: mdpy and mbochs, which have memory to map, and
 * mtty, a serial port that sends back what it gets.
 */
#include <sys/mman.h>
#include <linux/serial_reg.h>

#include "vfio_test.h"

#define UUID		"0f3c1e52-7a49-4f61-8a37-1d5c7be2a001"
#define BUF_IOVA	0x100000
#define BUF_SIZE	(4UL << 12)

enum way_kind { BY_CONTAINER, BY_IOMMUFD, BY_NODE };

/* An instance, and how it was reached */
struct way {
	enum way_kind kind;
	struct vfio_container container;
	struct iommu *iommu;
	int group;
	int fd;
};

static int open_by_container(struct way *way)
{
	int ret;

	ret = vfio_container_init(&way->container, VFIO_TYPE1v2_IOMMU, UUID);
	return ret ? ret : vfio_group_get_device(way->container.groups[0], UUID);
}

static int open_by_iommufd(struct way *way)
{
	int ret;

	ret = iommu_stand_for_container(way->iommu);
	if (ret)
		return ret;
	way->group = vfio_group_open(UUID);
	if (way->group < 0)
		return way->group;
	ret = vfio_group_set_container(way->group, way->iommu->iommufd);
	return ret ? ret : vfio_group_get_device(way->group, UUID);
}

static int open_by_node(struct way *way)
{
	u32 pt_id = way->iommu->ioas_id;
	int fd, ret;

	fd = vfio_cdev_open(UUID);
	if (fd < 0)
		return fd;
	ret = vfio_cdev_bind(fd, way->iommu->iommufd, NULL);
	if (!ret)
		ret = vfio_cdev_attach(fd, &pt_id);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static int way_open(struct way *way, enum way_kind kind)
{
	*way = (struct way){ .kind = kind, .group = -1 };
	way->container.fd = -1;
	if (kind == BY_CONTAINER) {
		way->fd = open_by_container(way);
	} else {
		way->iommu = iommu_init(NULL);
		way->fd = kind == BY_IOMMUFD ? open_by_iommufd(way) :
					       open_by_node(way);
	}
	return way->fd < 0 ? way->fd : 0;
}

static void way_close(struct way *way)
{
	if (way->fd >= 0)
		close(way->fd);
	if (way->group >= 0)
		close(way->group);
	vfio_container_cleanup(&way->container);
	if (way->iommu)
		iommu_cleanup(way->iommu);
}

static int way_map(struct way *way, void *vaddr, u64 len, u64 iova)
{
	if (way->kind == BY_CONTAINER)
		return vfio_type1_map(way->container.fd, vaddr, len, iova);
	return iommufd_map(way->iommu->iommufd, way->iommu->ioas_id, vaddr, len,
			   iova, DMA_PROT_RW);
}

static int way_unmap(struct way *way, u64 iova, u64 len)
{
	if (way->kind == BY_CONTAINER)
		return vfio_type1_unmap(way->container.fd, iova, len);
	return iommufd_unmap(way->iommu->iommufd, way->iommu->ioas_id, iova,
			     len, NULL);
}

FIXTURE(way)
{
	const char *bdf;
	struct way way;
	bool opened;
};

FIXTURE_VARIANT(way)
{
	enum way_kind kind;
};

FIXTURE_VARIANT_ADD(way, container) { .kind = BY_CONTAINER };
FIXTURE_VARIANT_ADD(way, iommufd) { .kind = BY_IOMMUFD };
FIXTURE_VARIANT_ADD(way, node) { .kind = BY_NODE };

FIXTURE_SETUP(way)
{
	const char *why = NULL;

	if (variant->kind == BY_CONTAINER)
		why = vfio_container_missing();
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(way)
{
	if (self->opened)
		way_close(&self->way);
	if (self->bdf)
		EXPECT_RC(0, mdev_remove(UUID));
}

/* An instance of that type, open; a test without the module is skipped */
#define OPEN(parent, type) do {						\
	const char *__why = mdev_load(parent);				\
									\
	if (__why)							\
		SKIP(return, "%s", __why);				\
	ASSERT_EQ(0, mdev_create(parent, type, UUID));			\
	self->bdf = UUID;						\
	self->opened = true;						\
	ASSERT_RC(0, way_open(&self->way, variant->kind));		\
} while (0)

TEST_F(way, info)
{
	struct vfio_device_info info;
	struct vfio_irq_info irq;

	OPEN("mdpy", "vga");
	ASSERT_RC(0, vfio_device_info(self->way.fd, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI, info.flags);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info.num_irqs);
	ASSERT_RC(0, vfio_irq_info(self->way.fd, VFIO_PCI_INTX_IRQ_INDEX, &irq));
	EXPECT_EQ(0, irq.count);
	EXPECT_RC(-EINVAL, vfio_irq_info(self->way.fd, VFIO_PCI_NUM_IRQS, &irq));
	EXPECT_RC(-EINVAL, vfio_irq_disable(self->way.fd, VFIO_PCI_INTX_IRQ_INDEX));
	EXPECT_RC(-ENOTTY, vfio_ioctl(self->way.fd, VFIO_DEVICE_PCI_HOT_RESET, NULL));
	EXPECT_RC(-ENOTTY, vfio_device_feature(self->way.fd, VFIO_DEVICE_FEATURE_PROBE |
					       VFIO_DEVICE_FEATURE_SET |
					       VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, NULL, 0));
}

TEST_F(way, regions)
{
	struct vfio_region_info info;
	u32 i;

	OPEN("mdpy", "xga");
	ASSERT_RC(0, vfio_region_info(self->way.fd, VFIO_PCI_CONFIG_REGION_INDEX, &info));
	EXPECT_EQ(0, info.offset);
	EXPECT_EQ(0xff, info.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE, info.flags);
	ASSERT_RC(0, vfio_region_info(self->way.fd, VFIO_PCI_BAR0_REGION_INDEX, &info));
	EXPECT_EQ(4096, info.offset);
	EXPECT_EQ(4 << 20, info.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP, info.flags);
	for (i = VFIO_PCI_BAR1_REGION_INDEX; i <= VFIO_PCI_ROM_REGION_INDEX; i++) {
		ASSERT_RC(0, vfio_region_info(self->way.fd, i, &info));
		EXPECT_EQ(0, info.size);
	}
	EXPECT_RC(-EINVAL, vfio_region_info(self->way.fd, VFIO_PCI_NUM_REGIONS, &info));
	EXPECT_RC(-EINVAL, vfio_region_info(self->way.fd, ~0u, &info));
}

TEST_F(way, config)
{
	int fd;

	OPEN("mdpy", "vga");
	fd = self->way.fd;
	EXPECT_EQ(0x1b36, vfio_cfg_read16(fd, PCI_VENDOR_ID));
	EXPECT_EQ(0x000f, vfio_cfg_read16(fd, PCI_DEVICE_ID));
	EXPECT_EQ(0x40, vfio_cfg_cap(fd, PCI_CAP_ID_VNDR));
	EXPECT_EQ(640, vfio_cfg_read32(fd, 0x48));
	EXPECT_EQ(480, vfio_cfg_read32(fd, 0x4c));
	vfio_cfg_write32(fd, PCI_BASE_ADDRESS_0, ~0);
	EXPECT_EQ(~((2u << 20) - 1) | PCI_BASE_ADDRESS_MEM_PREFETCH,
		  vfio_cfg_read32(fd, PCI_BASE_ADDRESS_0));
}

/* What one view writes the other reads, and a reset paints all of it */
TEST_F(way, map_memory)
{
	struct vfio_region_info info;
	u32 *vram, *other, val;
	int fd;

	OPEN("mdpy", "vga");
	fd = self->way.fd;
	ASSERT_RC(0, vfio_region_info(fd, VFIO_PCI_BAR0_REGION_INDEX, &info));
	EXPECT_EQ(NULL, vfio_region_mmap(fd, &info, 4096, 4096, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, vfio_region_mmap(fd, &info, 0, info.size + 4096, PROT_READ));
	EXPECT_EQ(EINVAL, errno);
	vram = vfio_region_mmap(fd, &info, 0, info.size, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, vram);
	other = vfio_region_mmap(fd, &info, 0, info.size, PROT_READ);
	ASSERT_NE(NULL, other);

	vram[0] = 0x12345678;
	vram[640 * 479] = 0x89abcdef;
	ASSERT_RC(0, vfio_region_read32(fd, VFIO_PCI_BAR0_REGION_INDEX, 0, &val));
	EXPECT_EQ(0x12345678, val);
	EXPECT_EQ(0x89abcdef, other[640 * 479]);
	ASSERT_RC(0, vfio_region_write32(fd, VFIO_PCI_BAR0_REGION_INDEX, 0, 0xfeedf00d));
	EXPECT_EQ(0xfeedf00d, vram[0]);

	EXPECT_RC(0, vfio_device_reset(fd));
	EXPECT_EQ(0, vram[0]);
	EXPECT_EQ(0x7f7f7f7f, vram[640 * 240]);
	EXPECT_EQ(0xfefefefe, other[640 * 479]);
	munmap(other, info.size);

	/* A mapping keeps the instance open */
	close(fd);
	self->way.fd = -1;
	vram[1] = 5;
	EXPECT_EQ(5, vram[1]);
	munmap(vram, info.size);
}

TEST_F(way, picture)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane),
		.flags = VFIO_GFX_PLANE_TYPE_REGION | VFIO_GFX_PLANE_TYPE_PROBE,
	};
	int fd;

	OPEN("mdpy", "hd");
	fd = self->way.fd;
	EXPECT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_QUERY_GFX_PLANE, &plane));
	plane.flags = VFIO_GFX_PLANE_TYPE_DMABUF;
	EXPECT_RC(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_QUERY_GFX_PLANE, &plane));
	plane.flags = VFIO_GFX_PLANE_TYPE_REGION;
	ASSERT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_QUERY_GFX_PLANE, &plane));
	EXPECT_EQ(1920, plane.width);
	EXPECT_EQ(1080, plane.height);
	EXPECT_EQ(1920 * 4, plane.stride);
	EXPECT_EQ(16, plane.region_index);
}

/* What mbochs adds behind PCI's own regions, with a capability that tells what it is */
TEST_F(way, region_with_capability)
{
	struct vfio_region_info_cap_type *type;
	struct vfio_region_gfx_edid edid;
	struct vfio_region_info *info;
	const u32 index = VFIO_PCI_NUM_REGIONS;
	int fd;

	OPEN("mbochs", "small");
	fd = self->way.fd;
	ASSERT_RC(0, vfio_region_info_caps(fd, index, &info));
	EXPECT_TRUE(info->flags & VFIO_REGION_INFO_FLAG_CAPS);
	type = (void *)vfio_info_cap(info, info->argsz, info->cap_offset,
				     VFIO_REGION_INFO_CAP_TYPE);
	EXPECT_NE(NULL, type);
	if (type) {
		EXPECT_EQ(VFIO_REGION_TYPE_GFX, type->type);
		EXPECT_EQ(VFIO_REGION_SUBTYPE_GFX_EDID, type->subtype);
	}
	free(info);
	ASSERT_RC(sizeof(edid), vfio_region_read(fd, index, 0, &edid, sizeof(edid)));
	EXPECT_EQ(800, edid.max_xres);
	EXPECT_EQ(600, edid.max_yres);
}

/* Memory that comes page by page as it is touched */
TEST_F(way, fault_memory)
{
	struct vfio_region_info info;
	u32 *vram, *other, i;

	OPEN("mbochs", "small");
	ASSERT_RC(0, vfio_region_info(self->way.fd, VFIO_PCI_BAR0_REGION_INDEX, &info));
	ASSERT_EQ(4 << 20, info.size);
	vram = vfio_region_mmap(self->way.fd, &info, 0, info.size, PROT_READ | PROT_WRITE);
	ASSERT_NE(NULL, vram);
	for (i = 0; i < info.size; i += 64 << 10)
		vram[i / 4] = i;
	for (i = 0; i < info.size; i += 64 << 10)
		EXPECT_EQ(i, vram[i / 4]);
	other = vfio_region_mmap(self->way.fd, &info, 0, info.size, PROT_READ);
	ASSERT_NE(NULL, other);
	EXPECT_EQ(3 << 16, other[(3 << 16) / 4]);
	/* Pages that nobody has written are there, too */
	EXPECT_EQ(0, other[(3 << 16) / 4 + 1024]);
	munmap(other, info.size);
	munmap(vram, info.size);
}

/* An address space without a single IOMMU is filled and emptied like any other */
TEST_F(way, map_user_memory)
{
	void *buf;

	OPEN("mdpy", "vga");
	buf = mmap(NULL, BUF_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, buf);
	EXPECT_RC(0, way_map(&self->way, buf, BUF_SIZE, BUF_IOVA));
	EXPECT_RC(-EEXIST, way_map(&self->way, buf, BUF_SIZE, BUF_IOVA));
	EXPECT_RC(0, way_unmap(&self->way, BUF_IOVA, BUF_SIZE));
	EXPECT_RC(0, way_map(&self->way, buf, BUF_SIZE, BUF_IOVA));
	/* It is still mapped when the device is closed */
	munmap(buf, BUF_SIZE);
}

/* An emulated device is attached and detached at will, while it is in use */
TEST_F(way, attach)
{
	u32 pt_id;

	if (variant->kind != BY_NODE)
		SKIP(return, "attaching is for the device's own node");
	OPEN("mdpy", "vga");
	pt_id = self->way.iommu->ioas_id;
	EXPECT_RC(0, vfio_cdev_attach(self->way.fd, &pt_id));
	EXPECT_EQ(self->way.iommu->ioas_id, pt_id);
	EXPECT_RC(0, vfio_cdev_detach(self->way.fd));
	EXPECT_RC(0, vfio_cdev_detach(self->way.fd));
	pt_id = 0xdead;
	EXPECT_RC(-ENOENT, vfio_cdev_attach(self->way.fd, &pt_id));
	pt_id = self->way.iommu->ioas_id;
	EXPECT_RC(0, vfio_cdev_attach(self->way.fd, &pt_id));
	EXPECT_EQ(0x1b36, vfio_cfg_read16(self->way.fd, PCI_VENDOR_ID));
}

static int uart_write(int fd, u32 port, u32 reg, u8 val)
{
	ssize_t n = vfio_region_write(fd, port, reg, &val, 1);

	return n == 1 ? 0 : n;
}

static int uart_read(int fd, u32 port, u32 reg)
{
	u8 val;
	ssize_t n = vfio_region_read(fd, port, reg, &val, 1);

	return n == 1 ? val : n;
}

/* Bytes come back in their order, from the port that they were sent to */
TEST_F(way, serial_port)
{
	static const char sent[] = "group or node";
	unsigned int i;
	int fd;

	OPEN("mtty", "2");
	fd = self->way.fd;
	EXPECT_EQ(0x32534348, vfio_cfg_read32(fd, PCI_VENDOR_ID));
	for (i = 0; i < 2; i++)
		EXPECT_RC(0, uart_write(fd, i, UART_FCR, UART_FCR_ENABLE_FIFO));
	EXPECT_RC(UART_LSR_TEMT | UART_LSR_THRE, uart_read(fd, 0, UART_LSR));
	for (i = 0; sent[i]; i++) {
		EXPECT_RC(0, uart_write(fd, 0, UART_TX, sent[i]));
		EXPECT_RC(0, uart_write(fd, 1, UART_TX, ~sent[i]));
	}
	EXPECT_RC(UART_LSR_DR, uart_read(fd, 0, UART_LSR));
	for (i = 0; sent[i]; i++) {
		EXPECT_RC((u8)sent[i], uart_read(fd, 0, UART_RX));
		EXPECT_RC((u8)~sent[i], uart_read(fd, 1, UART_RX));
	}
	EXPECT_RC(UART_LSR_TEMT | UART_LSR_THRE, uart_read(fd, 0, UART_LSR));
}

static void serial_irq(struct __test_metadata *_metadata, FIXTURE_DATA(way) *self,
		       u32 index)
{
	struct vfio_device_info info;
	int evfd = evfd_new(), fd = self->way.fd;

	ASSERT_LE(0, evfd);
	/* The sample knows how many there are once it has told */
	ASSERT_RC(0, vfio_device_info(fd, &info));
	ASSERT_RC(0, vfio_irq_set_fds(fd, index, 0, 1, &evfd));
	EXPECT_RC(0, uart_write(fd, 0, UART_FCR, UART_FCR_ENABLE_FIFO));
	EXPECT_RC(0, uart_write(fd, 0, UART_IER, UART_IER_RDI));
	EXPECT_EQ(0, evfd_read(evfd));
	EXPECT_RC(0, uart_write(fd, 0, UART_TX, 'x'));
	EXPECT_EQ(1, evfd_read(evfd));
	EXPECT_RC('x', uart_read(fd, 0, UART_RX));
	if (index == VFIO_PCI_INTX_IRQ_INDEX) {
		/* Masked by itself until it is served */
		EXPECT_RC(0, uart_write(fd, 0, UART_TX, 'y'));
		EXPECT_EQ(0, evfd_read(evfd));
		EXPECT_RC(0, vfio_irq_unmask(fd, index, 0, 1));
		EXPECT_RC('y', uart_read(fd, 0, UART_RX));
	}
	EXPECT_RC(0, vfio_irq_trigger(fd, index, 0, 1));
	EXPECT_EQ(1, evfd_read(evfd));
	EXPECT_RC(-EINVAL, vfio_irq_set_fds(fd, index, 1, 1, &evfd));
	EXPECT_RC(0, vfio_irq_disable(fd, index));
	EXPECT_RC(-EINVAL, vfio_irq_trigger(fd, index, 0, 1));
	close(evfd);
}

TEST_F(way, serial_intx)
{
	OPEN("mtty", "1");
	serial_irq(_metadata, self, VFIO_PCI_INTX_IRQ_INDEX);
}

TEST_F(way, serial_msi)
{
	OPEN("mtty", "1");
	serial_irq(_metadata, self, VFIO_PCI_MSI_IRQ_INDEX);
}

TEST_HARNESS_MAIN
