// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device leaves in the file system between bind and unbind: its node,
 * its class device, its claim on the BARs, its power state, and the module
 * parameters that decide about it.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "vfio_test.h"

#define PARAMS	"/sys/module/vfio_pci/parameters/"

FIXTURE(node)
{
	const char *bdf;
	char name[64];
	int iommufd;
	int fd;
};

FIXTURE_VARIANT(node)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(node, NVME) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(node, EDU) { .kind = "EDU" };

FIXTURE_SETUP(node)
{
	self->iommufd = -1;
	self->fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	ASSERT_RC(0, vfio_cdev_name(self->bdf, self->name,
				    sizeof(self->name)));
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
}

FIXTURE_TEARDOWN(node)
{
	close(self->fd);
	close(self->iommufd);
	/* Some tests unbind, or bind with other parameters. */
	if (self->bdf) {
		sysfs_write_str(PARAMS "disable_idle_d3", "N");
		sysfs_write_str(PARAMS "nointxmask", "N");
		pci_dev_unbind(self->bdf);
		EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	}
	EXPECT_DEVICE_OK();
}

static void rebind(struct __test_metadata *_metadata, const char *bdf)
{
	ASSERT_EQ(0, pci_dev_unbind(bdf)) TH_LOG("%s", bdf);
	ASSERT_EQ(0, pci_dev_bind(bdf, "vfio-pci")) TH_LOG("%s", bdf);
}

/* Major number of "vfio-dev" in /proc/devices, -1 without it. */
static int cdev_major(void)
{
	char line[128], name[64];
	int major, n, found = -1;
	FILE *f;

	f = fopen("/proc/devices", "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		n = sscanf(line, "%d %63s", &major, name);
		if (n == 2 && !strcmp(name, "vfio-dev"))
			found = major;
	}
	fclose(f);
	return found;
}

TEST_F(node, node)
{
	char path[128];
	struct stat st;

	/* noiommu_test has that. */
	if (!vfio_cdev_is_noiommu(self->bdf))
		EXPECT_EQ(0, strncmp(self->name, "vfio", 4))
			TH_LOG("%s", self->name);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", self->name);
	ASSERT_EQ(0, stat(path, &st)) TH_LOG("%s", path);
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(cdev_major(), (int)major(st.st_rdev));
}

TEST_F(node, class)
{
	char path[256], text[32] = "", link[PATH_MAX], want[PATH_MAX];
	unsigned int maj, min;
	int numbers;
	struct stat st;
	FILE *f;

	/* The class device is the parent's child, by name and by link. */
	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%s", self->name);
	ASSERT_NE(NULL, realpath(path, link)) TH_LOG("%s", path);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev/%s",
		 self->bdf, self->name);
	ASSERT_NE(NULL, realpath(path, want)) TH_LOG("%s", path);
	EXPECT_EQ(0, strcmp(want, link)) TH_LOG("%s, %s", want, link);

	/* Its number is the node's. */
	snprintf(path, sizeof(path), "/sys/class/vfio-dev/%s/dev", self->name);
	f = fopen(path, "re");
	ASSERT_NE(NULL, f);
	EXPECT_NE(NULL, fgets(text, sizeof(text), f));
	fclose(f);
	numbers = sscanf(text, "%u:%u", &maj, &min);
	ASSERT_EQ(2, numbers);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", self->name);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(makedev(maj, min), st.st_rdev);
}

/* Gone with the driver, back with it, under the lowest number that is free. */
TEST_F(node, rebind)
{
	char path[128], name[64];

	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", self->name);
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_RC(-ENOENT, vfio_cdev_name(self->bdf, name, sizeof(name)));
	EXPECT_EQ(-1, access(path, F_OK));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	ASSERT_RC(0, vfio_cdev_name(self->bdf, name, sizeof(name)));
	EXPECT_EQ(0, strcmp(self->name, name))
		TH_LOG("%s: %s became %s", self->bdf, self->name, name);
}

/* Number of lines of @file that contain @what, which the BDF must be above. */
static unsigned int claims(const char *bdf, const char *what)
{
	char line[256];
	unsigned int n = 0;
	int depth = -1;
	FILE *f;

	f = fopen("/proc/iomem", "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		int indent = strspn(line, " ");
		char *name = strstr(line, " : ");

		if (!name)
			continue;
		name += 3;
		name[strcspn(name, "\n")] = '\0';
		if (!strcmp(name, bdf))
			depth = indent;
		else if (indent <= depth)
			depth = -1;
		else if (depth >= 0 && !strcmp(name, what))
			n++;
	}
	fclose(f);
	return n;
}

/* While it is open, and no longer, its memory belongs to "vfio". */
TEST_F(node, bars_claimed)
{
	struct vfio_region_info info;
	struct pci_resource res;
	unsigned int i, bars = 0;

	EXPECT_EQ(0, claims(self->bdf, "vfio"));
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	for (i = 0; i < VFIO_PCI_NUM_BARS; i++) {
		void *p;

		ASSERT_RC(0, vfio_region_info(self->fd, i, &info));
		ASSERT_RC(0, pci_dev_resource(self->bdf, i, &res));
		/* 0x200: memory */
		if (!info.size || !(res.flags & 0x200))
			continue;
		p = vfio_region_mmap(self->fd, &info, 0, 4096, PROT_READ);
		ASSERT_NE(NULL, p);
		munmap(p, 4096);
		bars++;
	}
	EXPECT_LT(0, bars);
	EXPECT_EQ(bars, claims(self->bdf, "vfio"));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, claims(self->bdf, "vfio"));
}

/* ---- parameters ---- */

TEST_F(node, parameters)
{
	static const struct {
		const char *path;
		int mode;
	} rows[] = {
		{ PARAMS "nointxmask", 0644 },
		{ PARAMS "disable_idle_d3", 0644 },
		{ PARAMS "disable_denylist", 0444 },
	};
	struct stat st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(0, stat(rows[i].path, &st)) TH_LOG("%s", rows[i].path);
		EXPECT_EQ(rows[i].mode, st.st_mode & 07777)
			TH_LOG("%s", rows[i].path);
	}
	/* Read once, at load. */
	EXPECT_EQ(-1, access(PARAMS "ids", F_OK));
}

/* The letter that debugfs shows for a latched parameter, 0 without debugfs. */
static char latched(const char *bdf, const char *param)
{
	char path[256];
	char c = 0;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/vfio/%s/pci/%s", bdf,
		 param);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, &c, 1) != 1)
		c = 0;
	close(fd);
	return c;
}

/*
 * CVE-2026-64476: a parameter that is written while the device is bound
 * decides about its next binding, not about the rest of this one.
 */
TEST_F(node, parameters_are_latched)
{
	static const char * const params[] = { "nointxmask", "disable_idle_d3" };
	unsigned int i;
	char path[128];

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		snprintf(path, sizeof(path), PARAMS "%s", params[i]);
		if (!latched(self->bdf, params[i]))
			SKIP(return, "no debugfs of VFIO");
		EXPECT_EQ('N', latched(self->bdf, params[i]));
		ASSERT_EQ(0, sysfs_write_str(path, "Y"));
		EXPECT_EQ('N', latched(self->bdf, params[i]));
		EXPECT_RC(0, vfio_device_check(self->bdf));
		EXPECT_EQ('N', latched(self->bdf, params[i]));
		rebind(_metadata, self->bdf);
		EXPECT_EQ('Y', latched(self->bdf, params[i]));
		ASSERT_EQ(0, sysfs_write_str(path, "N"));
		EXPECT_RC(0, vfio_device_check(self->bdf));
		EXPECT_EQ('Y', latched(self->bdf, params[i]));
		rebind(_metadata, self->bdf);
		EXPECT_EQ('N', latched(self->bdf, params[i]));
	}
}

/* ---- power ---- */

static void read_status(const char *bdf, char *buf, size_t len)
{
	char path[128];
	int fd, n = 0;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/power/runtime_status", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf, len - 1);
		close(fd);
	}
	buf[n > 0 ? n - 1 : 0] = '\0';
}

/* Suspending may take its time; that it happens is what counts. */
static bool reaches(const char *bdf, const char *status)
{
	char now[32];
	int i;

	for (i = 0; i < 2000; i++) {
		read_status(bdf, now, sizeof(now));
		if (!strcmp(now, status))
			return true;
		usleep(10000);
	}
	return false;
}

/* Nobody uses it: asleep; somebody does: awake; unless told otherwise. */
TEST_F_TIMEOUT(node, idle_power, 120)
{
	char now[32];

	EXPECT_TRUE(reaches(self->bdf, "suspended")) TH_LOG("%s", self->bdf);
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_LE(0, self->fd);
	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommufd, NULL));
	read_status(self->bdf, now, sizeof(now));
	EXPECT_EQ(0, strcmp(now, "active")) TH_LOG("%s: %s", self->bdf, now);
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(reaches(self->bdf, "suspended")) TH_LOG("%s", self->bdf);

	ASSERT_EQ(0, sysfs_write_str(PARAMS "disable_idle_d3", "Y"));
	rebind(_metadata, self->bdf);
	read_status(self->bdf, now, sizeof(now));
	EXPECT_EQ(0, strcmp(now, "active")) TH_LOG("%s: %s", self->bdf, now);
	EXPECT_RC(0, vfio_device_check(self->bdf));
	read_status(self->bdf, now, sizeof(now));
	EXPECT_EQ(0, strcmp(now, "active")) TH_LOG("%s: %s", self->bdf, now);
}

/* ---- choosing the driver ---- */

/* vfio-pci takes no device that it was not told to take. */
TEST_F(node, override_only)
{
	char driver[64];

	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	ASSERT_RC(0, pci_dev_attr_write(self->bdf, "driver_override", "\n"));
	sysfs_write_str("/sys/bus/pci/drivers/vfio-pci/bind", self->bdf);
	if (!pci_dev_driver(self->bdf, driver, sizeof(driver))) {
		EXPECT_NE(0, strcmp(driver, "vfio-pci"));
	}
	ASSERT_RC(0, pci_dev_attr_write(self->bdf, "driver_override",
					"vfio-pci"));
	EXPECT_RC(0, sysfs_write_str("/sys/bus/pci/drivers/vfio-pci/bind",
				     self->bdf));
}

/**
 * struct writer - a thread that writes a device's driver_override
 * @bdf: of which device
 * @stop: told to end
 */
struct writer {
	const char *bdf;
	atomic_bool stop;
};

static void *write_override(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop)) {
		pci_dev_attr_write(w->bdf, "driver_override", "vfio-pci");
		pci_dev_attr_write(w->bdf, "driver_override", "no-such-driver");
	}
	return NULL;
}

/*
 * CVE-2026-53115, CVE-2026-53120: driver_override changes while drivers are
 * asked whether they match it. Seen by KASAN in the debug kernel.
 */
TEST_F_TIMEOUT(node, override_race, 120)
{
	struct writer w = { .bdf = self->bdf };
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_override, &w));
	for (i = 0; i < vfio_test_rounds(60); i++) {
		sysfs_write_str("/sys/bus/pci/drivers_probe", self->bdf);
		pci_dev_unbind(self->bdf);
	}
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
}

TEST_HARNESS_MAIN
