// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA through an I/O address space of iommufd: what is mapped arrives, at the
 * right place; what isn't mapped (any more, or not in this direction, or not
 * in the address space the device is attached to) doesn't.
 *
 * Whether data arrived is read in memory. After each blocked transfer another
 * one has to succeed: it proves that the path as such works.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "vfio_test.h"
#include <libvfio/edu.h>

/* Below 256 MiB: edu drives 28 address bits. */
#define REGION_IOVA		0x1000000
#define SRC_IOVA		0x2000000
#define DST_IOVA		0x3000000
#define HIGH_IOVA		0x200000000

#define BUF_SIZE		(128u << 10)
#define SENTINEL		0xa5
/* For a transfer that cannot end. */
#define BLOCKED_MS		300

static void fill(void *buf, size_t len, unsigned int seed)
{
	u32 *word = buf;
	size_t i;

	for (i = 0; i < len / 4; i++)
		word[i] = (seed * 2654435761u) ^ (u32)(i * 40503u + 1);
}

static bool all_sentinel(const void *buf, size_t len)
{
	const volatile u8 *p = buf;
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != SENTINEL)
			return false;
	return true;
}

FIXTURE(dma) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct dma_region src;
	struct dma_region dst;
	unsigned int seed;
};

FIXTURE_VARIANT(dma) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(dma, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(dma, igb) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(dma, edu) { .kind = "EDU" };

FIXTURE_SETUP(dma)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	ASSERT_NE(NULL, self->device.driver.ops);
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->device.driver.region,
				      VFIO_PCI_DRIVER_REGION_SIZE,
				      REGION_IOVA));
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->src, BUF_SIZE,
				      SRC_IOVA));
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->dst, BUF_SIZE,
				      DST_IOVA));
	vfio_pci_driver_init(&self->device);
	self->seed = getpid();
}

FIXTURE_TEARDOWN(dma)
{
	vfio_pci_device_close(&self->device);
	dma_region_free(self->iommu, &self->device.driver.region);
	dma_region_free(self->iommu, &self->src);
	dma_region_free(self->iommu, &self->dst);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

static int copy(FIXTURE_DATA(dma) *self, u64 dst_off, u64 src_off, u64 len)
{
	return vfio_pci_driver_copy(&self->device, self->dst.iova + dst_off,
				    self->src.iova + src_off, len);
}

static void prepare(FIXTURE_DATA(dma) *self)
{
	fill(self->src.vaddr, BUF_SIZE, ++self->seed);
	memset(self->dst.vaddr, SENTINEL, BUF_SIZE);
}

/* One page from the start of src must reach @mem, behind the start of dst. */
#define EXPECT_ARRIVES(mem) do {					\
	prepare(self);							\
	memset(mem, SENTINEL, 4096);					\
	EXPECT_RC(0, copy(self, 0, 0, 4096));				\
	EXPECT_EQ(0, memcmp(mem, self->src.vaddr, 4096))		\
		TH_LOG("device %s: wrong data", self->bdf);		\
} while (0)

/*
 * The same must not reach it, whatever the device thinks of it: in QEMU none
 * of them notices.
 */
#define EXPECT_BLOCKED(mem) do {					\
	prepare(self);							\
	memset(mem, SENTINEL, 4096);					\
	copy(self, 0, 0, 4096);						\
	EXPECT_TRUE(all_sentinel(mem, 4096))				\
		TH_LOG("device %s: data arrived", self->bdf);		\
} while (0)

/* After a transfer that may have left the device's queues in disorder. */
static void restart(FIXTURE_DATA(dma) *self)
{
	vfio_pci_driver_remove(&self->device);
	self->device.driver.timeout_ms = 0;
	vfio_pci_driver_init(&self->device);
}

TEST_F_TIMEOUT(dma, copy, 120)
{
	static const u32 lens[] = { 1, 63, 512, 1024, 1536, 4096, 4608, 8192,
				    12288, 65536 };
	u64 unit = self->device.driver.copy_unit;
	unsigned int i;
	u64 len;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		len = (lens[i] + unit - 1) / unit * unit;
		if (len > self->device.driver.max_copy)
			continue;
		prepare(self);
		EXPECT_RC(0, copy(self, 0, 0, len));
		EXPECT_EQ(0, memcmp(self->dst.vaddr, self->src.vaddr, len))
			TH_LOG("device %s, %llu bytes", self->bdf,
			       (unsigned long long)len);
		EXPECT_TRUE(all_sentinel((char *)self->dst.vaddr + len,
					 BUF_SIZE - len))
			TH_LOG("device %s wrote past %llu bytes", self->bdf,
			       (unsigned long long)len);
	}
}

/* Addresses inside pages and across their ends. */
TEST_F_TIMEOUT(dma, copy_offsets, 120)
{
	static const u32 offs[][2] = { { 0, 512 }, { 512, 0 }, { 4092, 4 },
				       { 3584, 3584 }, { 8188, 8188 } };
	u64 len = self->device.driver.max_copy >= 8192 ? 8192 : 4096;
	unsigned int i;
	char *dst;

	for (i = 0; i < ARRAY_SIZE(offs); i++) {
		prepare(self);
		dst = (char *)self->dst.vaddr + offs[i][0];
		EXPECT_RC(0, copy(self, offs[i][0], offs[i][1], len));
		EXPECT_EQ(0, memcmp(dst, (char *)self->src.vaddr + offs[i][1],
				    len))
			TH_LOG("device %s, offsets %u <- %u", self->bdf,
			       offs[i][0], offs[i][1]);
		EXPECT_TRUE(all_sentinel(self->dst.vaddr, offs[i][0]));
		EXPECT_TRUE(all_sentinel(dst + len,
					 BUF_SIZE - offs[i][0] - len));
	}
}

TEST_F_TIMEOUT(dma, high_iova, 120)
{
	u64 low = self->dst.iova;

	iommu_unmap(self->iommu, &self->dst);
	self->dst.iova = HIGH_IOVA;
	iommu_map(self->iommu, &self->dst);
	if (!strcmp(variant->kind, "EDU")) {
		/* Its driver must say so instead of reaching another page. */
		EXPECT_RC(-EINVAL, copy(self, 0, 0, 4096));
	} else {
		EXPECT_ARRIVES(self->dst.vaddr);
	}
	iommu_unmap(self->iommu, &self->dst);
	self->dst.iova = low;
	iommu_map(self->iommu, &self->dst);
	EXPECT_ARRIVES(self->dst.vaddr);
}

TEST_F_TIMEOUT(dma, unmapped_destination, 120)
{
	EXPECT_ARRIVES(self->dst.vaddr);
	iommu_unmap(self->iommu, &self->dst);
	EXPECT_BLOCKED(self->dst.vaddr);
	iommu_map(self->iommu, &self->dst);
	EXPECT_ARRIVES(self->dst.vaddr);
}

TEST_F_TIMEOUT(dma, unmapped_source, 120)
{
	EXPECT_ARRIVES(self->dst.vaddr);
	iommu_unmap(self->iommu, &self->src);
	prepare(self);
	copy(self, 0, 0, 4096);
	/* Something may be written, but not what it couldn't read. */
	EXPECT_NE(0, memcmp(self->dst.vaddr, self->src.vaddr, 64));
	iommu_map(self->iommu, &self->src);
	EXPECT_ARRIVES(self->dst.vaddr);
}

/* The device may read what is mapped for reading only, and no more. */
TEST_F_TIMEOUT(dma, read_only, 120)
{
	struct iommu *iommu = self->iommu;
	u64 done;

	ASSERT_RC(0, iommufd_unmap(iommu->iommufd, iommu->ioas_id, DST_IOVA,
				   BUF_SIZE, &done));
	EXPECT_EQ(BUF_SIZE, done);
	ASSERT_RC(0, iommufd_map(iommu->iommufd, iommu->ioas_id,
				 self->dst.vaddr, BUF_SIZE, DST_IOVA,
				 DMA_PROT_READ));
	EXPECT_BLOCKED(self->dst.vaddr);

	/* The other way round, from the read-only side. */
	fill(self->dst.vaddr, 4096, ++self->seed);
	memset(self->src.vaddr, SENTINEL, 4096);
	EXPECT_RC(0, vfio_pci_driver_copy(&self->device, SRC_IOVA, DST_IOVA,
					  4096));
	EXPECT_EQ(0, memcmp(self->src.vaddr, self->dst.vaddr, 4096));

	iommu_unmap(iommu, &self->dst);
	iommu_map(iommu, &self->dst);
	EXPECT_ARRIVES(self->dst.vaddr);
}

/*
 * Attaching to a second address space replaces the first one: the same
 * addresses lead to other memory from then on.
 */
TEST_F_TIMEOUT(dma, replace_ioas, 120)
{
	struct vfio_pci_device *device = &self->device;
	struct iommu other = *self->iommu;
	struct dma_region other_dst;
	u32 pt_id;

	ASSERT_RC(0, iommufd_ioas_alloc(other.iommufd, &other.ioas_id));
	iommu_map(&other, &device->driver.region);
	iommu_map(&other, &self->src);
	ASSERT_RC(0, dma_region_alloc(&other, &other_dst, BUF_SIZE, DST_IOVA));

	EXPECT_ARRIVES(self->dst.vaddr);

	pt_id = other.ioas_id;
	ASSERT_RC(0, vfio_cdev_attach(device->fd, &pt_id));
	EXPECT_ARRIVES(other_dst.vaddr);
	EXPECT_TRUE(all_sentinel(self->dst.vaddr, BUF_SIZE));

	pt_id = self->iommu->ioas_id;
	ASSERT_RC(0, vfio_cdev_attach(device->fd, &pt_id));
	memset(other_dst.vaddr, SENTINEL, BUF_SIZE);
	EXPECT_ARRIVES(self->dst.vaddr);
	EXPECT_TRUE(all_sentinel(other_dst.vaddr, BUF_SIZE));

	/* Nothing uses it any more, or it couldn't be destroyed. */
	dma_region_free(&other, &other_dst);
	EXPECT_RC(0, iommufd_destroy(other.iommufd, other.ioas_id));
}

/* A failed attach leaves the device where it was. */
TEST_F_TIMEOUT(dma, failed_attach_keeps_ioas, 120)
{
	u32 pt_id = 0x7fffffff;

	EXPECT_RC(-ENOENT, vfio_cdev_attach(self->device.fd, &pt_id));
	EXPECT_ARRIVES(self->dst.vaddr);
}

TEST_F_TIMEOUT(dma, detach, 120)
{
	struct vfio_pci_device *device = &self->device;
	u32 pt_id = self->iommu->ioas_id;

	EXPECT_ARRIVES(self->dst.vaddr);
	ASSERT_RC(0, vfio_cdev_detach(device->fd));
	prepare(self);
	device->driver.timeout_ms = BLOCKED_MS;
	copy(self, 0, 0, 4096);
	EXPECT_TRUE(all_sentinel(self->dst.vaddr, BUF_SIZE));

	ASSERT_RC(0, vfio_cdev_attach(device->fd, &pt_id));
	restart(self);
	EXPECT_ARRIVES(self->dst.vaddr);
}

TEST_F_TIMEOUT(dma, bus_master_off, 120)
{
	struct vfio_pci_device *device = &self->device;

	EXPECT_ARRIVES(self->dst.vaddr);
	vfio_cfg_command(device->fd, PCI_COMMAND_MASTER, 0);
	prepare(self);
	device->driver.timeout_ms = BLOCKED_MS;
	copy(self, 0, 0, 4096);
	EXPECT_TRUE(all_sentinel(self->dst.vaddr, BUF_SIZE));

	vfio_cfg_command(device->fd, 0, PCI_COMMAND_MASTER);
	restart(self);
	EXPECT_ARRIVES(self->dst.vaddr);
}

/*
 * Unmapping under a device that is copying: a transfer that begins after UNMAP
 * has returned doesn't arrive. One that an emulated device began before may
 * still do, it has looked up the address already, so the memory is filled anew
 * after that one has ended. It is checked after further transfers began and
 * ended, which is what the counter is for.
 */
struct copier {
	struct vfio_pci_device *device;
	unsigned int transfers;
	bool stop;
};

static void *copier_thread(void *arg)
{
	struct copier *c = arg;

	while (!__atomic_load_n(&c->stop, __ATOMIC_ACQUIRE)) {
		vfio_pci_driver_copy(c->device, DST_IOVA, SRC_IOVA, 4096);
		__atomic_add_fetch(&c->transfers, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void wait_for_transfers(struct copier *c, unsigned int n)
{
	unsigned int end = __atomic_load_n(&c->transfers, __ATOMIC_ACQUIRE) + n;

	while ((int)(__atomic_load_n(&c->transfers, __ATOMIC_ACQUIRE) - end) < 0)
		sched_yield();
}

TEST_F_TIMEOUT(dma, unmap_under_load, 300)
{
	struct copier c = { .device = &self->device };
	pthread_t thread;
	int round;

	fill(self->src.vaddr, BUF_SIZE, ++self->seed);
	ASSERT_EQ(0, pthread_create(&thread, NULL, copier_thread, &c));
	for (round = 0; round < 5; round++) {
		wait_for_transfers(&c, 2);
		EXPECT_RC(0, __iommu_unmap(self->iommu, &self->dst));
		wait_for_transfers(&c, 2);
		memset(self->dst.vaddr, SENTINEL, 4096);
		wait_for_transfers(&c, 2);
		EXPECT_TRUE(all_sentinel(self->dst.vaddr, 4096));
		EXPECT_RC(0, __iommu_map(self->iommu, &self->dst));
		wait_for_transfers(&c, 2);
		EXPECT_EQ(0, memcmp(self->dst.vaddr, self->src.vaddr, 4096));
	}
	__atomic_store_n(&c.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_ARRIVES(self->dst.vaddr);
}

/*
 * A transfer that is under way when the device is closed. edu takes a tenth
 * of a second for one, cannot be reset, and shows when it is over.
 */
TEST_F_TIMEOUT(dma, close_during_transfer, 120)
{
	struct vfio_pci_device *device = &self->device;
	void *regs = device->bars[0].vaddr;
	struct dma_region region = device->driver.region;
	int i;

	if (strcmp(variant->kind, "EDU"))
		SKIP(return, "only edu's transfers take long enough");

	EXPECT_ARRIVES(self->dst.vaddr);
	mmio_write64(regs, EDU_DMA_SRC, EDU_BUF);
	mmio_write64(regs, EDU_DMA_DST, DST_IOVA);
	mmio_write64(regs, EDU_DMA_COUNT, EDU_BUF_SIZE);
	mmio_write64(regs, EDU_DMA_CMD, EDU_DMA_RUN | EDU_DMA_TO_MEMORY);
	/* Not through the library, which waits for the transfer first. */
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++)
		if (device->bars[i].vaddr)
			munmap(device->bars[i].vaddr, device->bars[i].info.size);
	close(device->fd);
	memset(self->dst.vaddr, SENTINEL, BUF_SIZE);

	ASSERT_RC(0, vfio_pci_device_open(device, self->bdf, self->iommu));
	vfio_cfg_command(device->fd, 0, PCI_COMMAND_MEMORY);
	regs = device->bars[0].vaddr;
	while (mmio_read32(regs, EDU_DMA_CMD) & EDU_DMA_RUN)
		sched_yield();
	EXPECT_TRUE(all_sentinel(self->dst.vaddr, BUF_SIZE));

	device->driver.region = region;
	vfio_pci_driver_init(device);
	EXPECT_ARRIVES(self->dst.vaddr);
}

/*
 * Two devices in one address space, at addresses that it says are good: with what
 * the library offers to programs that do not care about the way to the IOMMU.
 */

FIXTURE(two_devices) {
	const char *bdf;
	const char *bdf2;
};

FIXTURE_VARIANT(two_devices) {
	const char *mode;
};

FIXTURE_VARIANT_ADD(two_devices, iommufd) { .mode = MODE_IOMMUFD };
FIXTURE_VARIANT_ADD(two_devices, type1) { .mode = MODE_VFIO_TYPE1_IOMMU };

FIXTURE_SETUP(two_devices)
{
	REQUIRE_DEVICE(self->bdf, "IGB");
	REQUIRE_DEVICE(self->bdf2, "NVME");
	if (!strcmp(variant->mode, MODE_VFIO_TYPE1_IOMMU) && vfio_container_missing())
		SKIP(return, "%s", vfio_container_missing());
}

FIXTURE_TEARDOWN(two_devices)
{
	EXPECT_DEVICE_OK();
}

TEST_F_TIMEOUT(two_devices, copy, 120)
{
	struct iommu *iommu = iommu_init(variant->mode);
	struct vfio_pci_device *dev[2];
	struct iova_allocator *iovas;
	struct dma_region page[2];
	unsigned int i;
	u64 iova;

	dev[0] = vfio_pci_device_init(self->bdf, iommu);
	dev[1] = vfio_pci_device_init(self->bdf2, iommu);
	iovas = iova_allocator_init(iommu);
	for (i = 0; i < 2; i++) {
		iova = iova_allocator_alloc(iovas, VFIO_PCI_DRIVER_REGION_SIZE);
		ASSERT_RC(0, dma_region_alloc(iommu, &dev[i]->driver.region,
					      VFIO_PCI_DRIVER_REGION_SIZE, iova));
		iova = iova_allocator_alloc(iovas, 4096);
		ASSERT_RC(0, dma_region_alloc(iommu, &page[i], 4096, iova));
		vfio_pci_driver_init(dev[i]);
	}
	iova_allocator_cleanup(iovas);
	for (i = 0; i < 2; i++) {
		fill(page[0].vaddr, 4096, getpid() + i);
		vfio_pci_driver_copy(dev[i], page[1].iova, page[0].iova, 4096);
		EXPECT_EQ(0, memcmp(page[0].vaddr, page[1].vaddr, 4096));
	}
	/* An address is mapped once, and has to be given back before the next time */
	EXPECT_RC(-EEXIST, __iommu_map(iommu, &page[0]));
	iommu_unmap(iommu, &page[0]);
	iommu_map(iommu, &page[0]);
	for (i = 0; i < 2; i++)
		vfio_pci_driver_remove(dev[i]);
	for (i = 0; i < 2; i++) {
		dma_region_free(iommu, &page[i]);
		dma_region_free(iommu, &dev[i]->driver.region);
	}
	/* A device that is opened again finds its group where it was */
	vfio_pci_device_cleanup(dev[0]);
	dev[0] = vfio_pci_device_init(self->bdf, iommu);
	for (i = 0; i < 2; i++)
		vfio_pci_device_cleanup(dev[i]);
	iommu_cleanup(iommu);
}

TEST_HARNESS_MAIN
