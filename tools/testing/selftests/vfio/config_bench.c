// SPDX-License-Identifier: GPL-2.0-only
/*
 * What accesses to configuration space cost. Not a test: it prints nanoseconds
 * per access, system call included, and the same per byte. In a machine whose
 * clock counts instructions (QEMU's -icount) they are instructions.
 *
 * usage: run.sh config_bench	(devices as for the tests)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libvfio.h>

#include "test_env.h"

/* The best of so many rounds of so many accesses: without the timer's share */
#define ROUNDS		10
#define ACCESSES	20

#define CONFIG_BASE	((u64)VFIO_PCI_CONFIG_REGION_INDEX << 40)

struct bench {
	const char *name;
	u32 off;
	u32 len;
	bool write;
};

static const struct bench benches[] = {
	{ "read4 id (virtual)", PCI_VENDOR_ID, 4 },
	{ "read4 class (hardware)", PCI_CLASS_REVISION, 4 },
	{ "read2 command", PCI_COMMAND, 2 },
	{ "write2 command", PCI_COMMAND, 2, true },
	{ "write4 BAR 0 (virtual)", PCI_BASE_ADDRESS_0, 4, true },
	{ "read64 header", 0, 64 },
	{ "read256", 0, 256 },
	{ "read4096", 0, 4096 },
};

static u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* @base: where the space begins in the file */
static ssize_t once(int fd, u64 base, const struct bench *b, void *buf)
{
	return b->write ? pwrite(fd, buf, b->len, base + b->off) :
			  pread(fd, buf, b->len, base + b->off);
}

static int run_bench(int fd, u64 base, const struct bench *b)
{
	struct bench prepare = *b;
	u64 start, best = ~0ULL;
	static u8 buf[4096];
	double ns;
	int i, j;

	/* Write what is there already */
	prepare.write = false;
	if (once(fd, base, &prepare, buf) != (ssize_t)b->len) {
		printf("# %-24s not possible\n", b->name);
		return 0;
	}

	for (i = 0; i < ROUNDS; i++) {
		start = now();
		for (j = 0; j < ACCESSES; j++) {
			if (once(fd, base, b, buf) != (ssize_t)b->len)
				return -1;
		}
		start = now() - start;
		if (start < best)
			best = start;
	}
	ns = (double)best / ACCESSES;
	printf("# %-24s %10.1f %8.1f per byte\n", b->name, ns, ns / b->len);
	return 0;
}

/* The PCI core's own file: what hardware alone costs, every byte read from it */
static int bench_sysfs(const char *bdf)
{
	static const struct bench b = { "sysfs: read256", 0, 256 };
	char path[64];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", bdf);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	rc = run_bench(fd, 0, &b);
	close(fd);
	return rc;
}

static int bench_device(const char *kind)
{
	const char *bdf = vfio_test_bdf(kind);
	int iommufd, fd, rc = 0;
	unsigned int i;

	if (!bdf)
		return 0;
	iommufd = iommufd_open();
	fd = vfio_cdev_open(bdf);
	if (iommufd < 0 || fd < 0 || vfio_cdev_bind(fd, iommufd, NULL)) {
		printf("# %s %s can't be opened\n", kind, bdf);
		return -1;
	}
	printf("# %s %s\n", kind, bdf);
	for (i = 0; i < ARRAY_SIZE(benches) && !rc; i++)
		rc = run_bench(fd, CONFIG_BASE, &benches[i]);
	if (rc)
		printf("# %s failed: %s\n", benches[i - 1].name, strerror(errno));
	if (!rc)
		rc = bench_sysfs(bdf);
	close(fd);
	close(iommufd);
	return rc;
}

int main(void)
{
	static const char *const kinds[] = { "NVME", "IGB", "EDU" };
	unsigned int i;
	int rc = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		rc |= bench_device(kinds[i]);
	return rc ? 1 : 0;
}
