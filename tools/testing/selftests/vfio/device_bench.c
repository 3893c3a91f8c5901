// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the operations on a device file cost: open, bind and close,
 * configuration space, BARs by read and by page fault, interrupts, reset. Not a
 * test; see bench.h for the output.
 *
 * Opening, resetting and closing a device with a function level reset (nvme)
 * sleep 100 ms each (PCIe r6.x sec. 6.6.2), which show as 10^8; ivshmem has no
 * reset, so that what the kernel does is seen there.
 *
 * usage: run.sh device_bench	(needs NVME and IVSHMEM)
 */
#include <sys/mman.h>

#include "bench.h"

#define MIB		(1ULL << 20)
#define PAGE		4096ULL
#define ACCESSES	50
#define VECTORS		16

struct access {
	const char *name;
	u32 index;
	u32 off;
	u32 len;
	bool write;
};

static const struct access accesses[] = {
	{ "config/read4-id", VFIO_PCI_CONFIG_REGION_INDEX, PCI_VENDOR_ID, 4 },
	{ "config/read2-command", VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2 },
	{ "config/write2-command", VFIO_PCI_CONFIG_REGION_INDEX, PCI_COMMAND, 2, true },
	{ "config/read256", VFIO_PCI_CONFIG_REGION_INDEX, 0, 256 },
	{ "bar/read4", VFIO_PCI_BAR0_REGION_INDEX, 0, 4 },
};

static ssize_t once(int fd, u64 base, const struct access *a, void *buf)
{
	if (a->write)
		return pwrite(fd, buf, a->len, base + a->off);
	return pread(fd, buf, a->len, base + a->off);
}

static void bench_access(int fd, const struct access *a)
{
	struct vfio_region_info info;
	struct access prepare = *a;
	u64 best = ~0ULL, start;
	u8 buf[256];
	int i, j;

	if (!bench_wants("%s", a->name))
		return;
	bench_must(vfio_region_info(fd, a->index, &info), "%s", a->name);
	/* Write what is there already */
	prepare.write = false;
	if (once(fd, info.offset, &prepare, buf) != a->len)
		bench_must(-EIO, "%s", a->name);
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		for (j = 0; j < ACCESSES; j++) {
			if (once(fd, info.offset, a, buf) != a->len)
				bench_must(-EIO, "%s", a->name);
		}
		bench_keep(&best, start);
	}
	bench_print(best, ACCESSES, "call", "%s", a->name);
}

/* The page fault of a mapping that is new */
static void bench_first_touch(int fd)
{
	struct vfio_region_info info;
	u64 best = ~0ULL, start;
	void *p;
	int i;

	if (!bench_wants("bar/first-touch"))
		return;
	bench_must(vfio_region_info(fd, VFIO_PCI_BAR0_REGION_INDEX, &info), "BAR 0");
	for (i = 0; i < BENCH_ROUNDS; i++) {
		p = vfio_region_mmap(fd, &info, 0, PAGE, PROT_READ | PROT_WRITE);
		bench_must(p ? 0 : -errno, "mapping BAR 0");
		start = bench_now();
		mmio_read32(p, 0);
		bench_keep(&best, start);
		munmap(p, PAGE);
	}
	bench_print(best, 1, "call", "bar/first-touch");
}

static void bench_msix(struct vfio_pci_device *device)
{
	u64 on = ~0ULL, off = ~0ULL, start;
	int i, fds[VECTORS];

	if (!bench_wants("msix/enable") && !bench_wants("msix/disable"))
		return;
	for (i = 0; i < VECTORS; i++) {
		fds[i] = evfd_new();
		bench_must(fds[i], "eventfd");
	}
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		bench_must(vfio_irq_set_fds(device->fd, VFIO_PCI_MSIX_IRQ_INDEX, 0,
					    VECTORS, fds), "MSI-X");
		bench_keep(&on, start);
		start = bench_now();
		bench_must(vfio_irq_disable(device->fd, VFIO_PCI_MSIX_IRQ_INDEX),
			   "MSI-X");
		bench_keep(&off, start);
	}
	for (i = 0; i < VECTORS; i++)
		close(fds[i]);
	bench_print(on, VECTORS, "vector", "msix/enable");
	bench_print(off, VECTORS, "vector", "msix/disable");
}

static void bench_reset(int fd)
{
	u64 best = ~0ULL, start;
	int i;

	if (!bench_wants("device/reset"))
		return;
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		bench_must(vfio_device_reset(fd), "reset");
		bench_keep(&best, start);
	}
	bench_print(best, 1, "call", "device/reset");
}

static void bench_device_info(int fd)
{
	struct vfio_device_info info;
	u64 best = ~0ULL, start;
	int i, j;

	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		for (j = 0; j < ACCESSES; j++)
			bench_must(vfio_device_info(fd, &info), "GET_INFO");
		bench_keep(&best, start);
	}
	bench_print(best, ACCESSES, "call", "device/info");
}

/*
 * A large BAR: every page of it touched, and all of them taken away at once.
 * @at: where to map it; NULL leaves the place to the kernel
 */
static void bench_big_bar(int fd, void *at, const struct vfio_region_info *info,
			  const char *name)
{
	u64 touch = ~0ULL, zap = ~0ULL, start, off;
	char *p;
	int i;

	p = mmap(at, info->size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | (at ? MAP_FIXED : 0), fd, info->offset);
	bench_must(p == MAP_FAILED ? -errno : 0, "mapping BAR 2");
	for (i = 0; i < BENCH_ROUNDS; i++) {
		start = bench_now();
		for (off = 0; off < info->size; off += PAGE)
			mmio_read32(p, off);
		bench_keep(&touch, start);
		start = bench_now();
		vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
		bench_keep(&zap, start);
		vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
	}
	munmap(p, info->size);
	bench_print(touch, (double)info->size / MIB, "MiB", "%s/touch", name);
	bench_print(zap, 1, "call", "%s/zap", name);
}

static void bench_big_bars(int fd)
{
	struct vfio_region_info info;

	if (!bench_wants("bigbar/touch") && !bench_wants("bigbar/zap") &&
	    !bench_wants("bigbar-aligned/touch") && !bench_wants("bigbar-aligned/zap"))
		return;
	bench_must(vfio_region_info(fd, VFIO_PCI_BAR2_REGION_INDEX, &info), "BAR 2");
	bench_big_bar(fd, NULL, &info, "bigbar");
	bench_big_bar(fd, bench_room(info.size), &info, "bigbar-aligned");
}

static void bench_cdev(const char *kind, const char *name)
{
	u64 opened = ~0ULL, bind = ~0ULL, attach = ~0ULL, closed = ~0ULL;
	struct iommu *iommu = iommu_init(MODE_IOMMUFD);
	const char *bdf = bench_bdf(kind);
	u32 pt_id, devid;
	char path[64];
	int i, fd;
	u64 start;

	bench_must(vfio_cdev_path(bdf, path, sizeof(path)), "node of %s", bdf);
	for (i = 0; i < bench_open_rounds(kind); i++) {
		bench_settle();
		start = bench_now();
		fd = open(path, O_RDWR | O_CLOEXEC);
		bench_must(fd < 0 ? -errno : 0, "opening %s", path);
		bench_keep(&opened, start);
		start = bench_now();
		bench_must(vfio_cdev_bind(fd, iommu->iommufd, &devid), "binding");
		bench_keep(&bind, start);
		pt_id = iommu->ioas_id;
		start = bench_now();
		bench_must(vfio_cdev_attach(fd, &pt_id), "attaching");
		bench_keep(&attach, start);
		bench_settle();
		start = bench_now();
		close(fd);
		bench_keep(&closed, start);
	}
	iommu_cleanup(iommu);
	bench_print(opened, 1, "call", "cdev/open/%s", name);
	bench_print(bind, 1, "call", "cdev/bind/%s", name);
	bench_print(attach, 1, "call", "cdev/attach/%s", name);
	bench_print(closed, 1, "call", "cdev/close/%s", name);
}

static void bench_files(void)
{
	struct iommu *iommu = iommu_init(MODE_IOMMUFD);
	struct vfio_pci_device *nvme, *big;
	unsigned int i;

	nvme = vfio_pci_device_init(bench_bdf("NVME"), iommu);
	big = vfio_pci_device_init(bench_bdf("IVSHMEM"), iommu);
	vfio_pci_device_enable(nvme);
	vfio_pci_device_enable(big);
	bench_device_info(nvme->fd);
	for (i = 0; i < ARRAY_SIZE(accesses); i++)
		bench_access(nvme->fd, &accesses[i]);
	bench_first_touch(nvme->fd);
	bench_big_bars(big->fd);
	bench_msix(nvme);
	bench_reset(nvme->fd);
	vfio_pci_device_cleanup(big);
	vfio_pci_device_cleanup(nvme);
	iommu_cleanup(iommu);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_cdev("NVME", "nvme");
	bench_cdev("IVSHMEM", "ivshmem");
	bench_files();
	return 0;
}
