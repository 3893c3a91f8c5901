// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated devices in sysfs: what parents, types and instances show, what making
 * and removing them says to mistakes, and who waits for whom. The devices are the
 * kernel's samples mdpy, whose instances the core counts, and mbochs, which counts
 * its own. How they are used is mdev_device_test's subject.
 */
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <linux/netlink.h>

#include "vfio_test.h"

/* Instances that a test may leave to the teardown */
static const char * const uuids[] = {
	"5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0001",
	"5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0002",
	"5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0003",
	"5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0004",
	"5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0005",
};

#define UUID	uuids[0]
/* How many instances mdpy has room for */
#define ROOM	4

FIXTURE(mdev)
{
	const char *bdf;
};

FIXTURE_SETUP(mdev)
{
	const char *why = mdev_load("mdpy");

	if (why)
		SKIP(return, "%s", why);
	self->bdf = UUID;
}

static bool mdev_exists(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", uuid);
	return !access(path, F_OK);
}

FIXTURE_TEARDOWN(mdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(uuids); i++)
		if (mdev_exists(uuids[i]))
			EXPECT_RC(0, mdev_remove(uuids[i]));
	if (self->bdf)
		EXPECT_EQ(ROOM, mdev_available("mdpy", "vga"));
}

static mode_t mode_of(const char *parent, const char *type, const char *file)
{
	char path[PATH_MAX];
	struct stat st;

	mdev_type_path(path, parent, type, file);
	return stat(path, &st) ? 0 : st.st_mode & 07777;
}

static const char *type_text(const char *parent, const char *type,
			     const char *file)
{
	static char text[4096];

	if (mdev_type_text(parent, type, file, text, sizeof(text)))
		return NULL;
	return text;
}

/* Last part of what a link points at, NULL if it isn't a link. */
static const char *link_base(const char *path)
{
	static char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	char *base;

	if (n < 0)
		return NULL;
	target[n] = '\0';
	base = strrchr(target, '/');
	return base ? base + 1 : target;
}

TEST_F(mdev, type_files)
{
	EXPECT_STREQ("mdpy-vga\n", type_text("mdpy", "vga", "name"));
	EXPECT_STREQ("mdpy-hd\n", type_text("mdpy", "hd", "name"));
	EXPECT_STREQ("vfio-pci\n", type_text("mdpy", "vga", "device_api"));
	EXPECT_STREQ("4\n", type_text("mdpy", "vga", "available_instances"));
	EXPECT_STREQ("virtual display, 640x480 framebuffer\n",
		     type_text("mdpy", "vga", "description"));
	EXPECT_EQ(0444, mode_of("mdpy", "vga", "name"));
	EXPECT_EQ(0444, mode_of("mdpy", "vga", "device_api"));
	EXPECT_EQ(0444, mode_of("mdpy", "vga", "available_instances"));
	EXPECT_EQ(0444, mode_of("mdpy", "vga", "description"));
	EXPECT_EQ(0200, mode_of("mdpy", "vga", "create"));
	EXPECT_EQ(0755, mode_of("mdpy", "vga", "devices"));
}

/* There and nowhere else */
TEST_F(mdev, type_files_are_all)
{
	char path[PATH_MAX];
	struct dirent *de;
	int n = 0;
	DIR *dir;

	mdev_type_path(path, "mdpy", "xga", "");
	dir = opendir(path);
	ASSERT_NE(NULL, dir);
	while ((de = readdir(dir)))
		n++;
	closedir(dir);
	EXPECT_EQ(2 + 6, n);
}

TEST_F(mdev, no_description)
{
	const char *why = mdev_load("mtty");

	if (why)
		SKIP(return, "%s", why);
	EXPECT_EQ(0, mode_of("mtty", "1", "description"));
	EXPECT_STREQ("Single port serial\n", type_text("mtty", "1", "name"));
	EXPECT_STREQ("24\n", type_text("mtty", "1", "available_instances"));
	EXPECT_STREQ("12\n", type_text("mtty", "2", "available_instances"));
}

TEST_F(mdev, class)
{
	EXPECT_STREQ("mdpy", link_base("/sys/class/mdev_bus/mdpy"));
}

TEST_F(mdev, instance)
{
	char path[PATH_MAX], text[64];
	struct stat st;
	int group;

	ASSERT_RC(0, mdev_create("mdpy", "xga", UUID));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/subsystem", UUID);
	EXPECT_STREQ("mdev", link_base(path));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/mdev_type", UUID);
	EXPECT_STREQ("mdpy-xga", link_base(path));
	snprintf(path, sizeof(path), "/sys/bus/mdev/drivers/mdpy/%s", UUID);
	EXPECT_STREQ(UUID, link_base(path));
	snprintf(path, sizeof(path), "/sys/class/mdev_bus/mdpy/%s", UUID);
	EXPECT_EQ(0, access(path, F_OK));
	ASSERT_EQ(0, pci_dev_driver(UUID, text, sizeof(text)));
	EXPECT_STREQ("mdpy", text);
	ASSERT_EQ(0, pci_dev_attr_text(UUID, "vendor/resolution", text, sizeof(text)));
	EXPECT_STREQ("1024x768", text);

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", UUID);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(0200, st.st_mode & 07777);

	/* It has an IOMMU group of its own, though there is no IOMMU */
	group = pci_dev_iommu_group(UUID);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, pci_dev_attr_text(UUID, "iommu_group/name", text, sizeof(text)));
	EXPECT_STREQ("vfio-noiommu", text);
	snprintf(path, sizeof(path), "/dev/vfio/%d", group);
	EXPECT_EQ(0, access(path, F_OK));
	ASSERT_EQ(0, vfio_cdev_path(UUID, path, sizeof(path)));
	EXPECT_EQ(0, access(path, F_OK));

	ASSERT_RC(0, mdev_remove(UUID));
	EXPECT_FALSE(mdev_exists(UUID));
	EXPECT_NE(0, access(path, F_OK));
	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d", group);
	EXPECT_NE(0, access(path, F_OK));
}

TEST_F(mdev, devices_of_type)
{
	char file[64], path[PATH_MAX];

	snprintf(file, sizeof(file), "devices/%s", UUID);
	mdev_type_path(path, "mdpy", "vga", file);
	EXPECT_EQ(NULL, link_base(path));
	ASSERT_RC(0, mdev_create("mdpy", "vga", UUID));
	EXPECT_STREQ(UUID, link_base(path));
	ASSERT_RC(0, mdev_remove(UUID));
	EXPECT_EQ(NULL, link_base(path));
}

TEST_F(mdev, bad_uuids)
{
	static const struct {
		const char *what, *uuid;
	} row[] = {
		{ "newline alone", "\n" },
		{ "a word", "mdev\n" },
		{ "one digit short", "5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b000" },
		{ "one digit short, with newline",
		  "5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b000\n" },
		{ "two newlines", "5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0001\n\n" },
		{ "one group too much",
		  "5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0001-0001" },
		{ "no digit", "5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b000g" },
		{ "hyphen moved", "5d5a6d8a0-c4e-4a6e-9f0a-6f2d3c1b0001" },
		{ "no hyphens", "5d5a6d8a0c4e4a6e9f0a6f2d3c1b00010000" },
		{ "braces", "{5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0001}" },
		{ "leading space", " 5d5a6d8a-0c4e-4a6e-9f0a-6f2d3c1b0001" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row); i++)
		EXPECT_RC_AT(row[i].what, -EINVAL,
			     mdev_create("mdpy", "vga", row[i].uuid));
	EXPECT_EQ(ROOM, mdev_available("mdpy", "vga"));
}

/* With a newline or not, in capitals or not: the name is in small letters. */
TEST_F(mdev, good_uuids)
{
	char upper[64];
	unsigned int i;

	snprintf(upper, sizeof(upper), "%s\n", UUID);
	EXPECT_RC(0, mdev_create("mdpy", "vga", upper));
	EXPECT_TRUE(mdev_exists(UUID));
	ASSERT_RC(0, mdev_remove(UUID));
	for (i = 0; upper[i]; i++)
		if (upper[i] >= 'a' && upper[i] <= 'f')
			upper[i] -= 'a' - 'A';
	EXPECT_RC(0, mdev_create("mdpy", "vga", upper));
	EXPECT_TRUE(mdev_exists(UUID));
	ASSERT_RC(0, mdev_remove(UUID));
	/* What the one byte behind it is does not matter */
	upper[36] = 'x';
	EXPECT_RC(0, mdev_create("mdpy", "vga", upper));
	EXPECT_TRUE(mdev_exists(UUID));
}

/* A name that is taken, by whatever type or parent */
TEST_F(mdev, duplicate)
{
	ASSERT_RC(0, mdev_create("mdpy", "vga", UUID));
	EXPECT_RC(-EEXIST, mdev_create("mdpy", "vga", UUID));
	EXPECT_RC(-EEXIST, mdev_create("mdpy", "hd", UUID));
	EXPECT_EQ(ROOM - 1, mdev_available("mdpy", "vga"));
	if (!mdev_load("mbochs")) {
		int had = mdev_available("mbochs", "small");

		EXPECT_RC(-EEXIST, mdev_create("mbochs", "small", UUID));
		EXPECT_EQ(had, mdev_available("mbochs", "small"));
	}
	ASSERT_RC(0, mdev_remove(UUID));
	EXPECT_RC(0, mdev_create("mdpy", "hd", UUID));
}

/* All types of a parent share its room. */
TEST_F(mdev, too_many)
{
	static const char * const types[] = { "vga", "xga", "hd" };
	unsigned int i, k;

	for (i = 0; i < ROOM; i++) {
		for (k = 0; k < ARRAY_SIZE(types); k++)
			EXPECT_EQ(ROOM - i, mdev_available("mdpy", types[k]));
		ASSERT_RC(0, mdev_create("mdpy", types[i % 3], uuids[i]));
	}
	EXPECT_EQ(0, mdev_available("mdpy", "hd"));
	EXPECT_RC(-EUSERS, mdev_create("mdpy", "vga", uuids[ROOM]));
	EXPECT_RC(-EEXIST, mdev_create("mdpy", "vga", uuids[0]));
	EXPECT_FALSE(mdev_exists(uuids[ROOM]));
	ASSERT_RC(0, mdev_remove(uuids[1]));
	EXPECT_EQ(1, mdev_available("mdpy", "vga"));
	EXPECT_RC(0, mdev_create("mdpy", "vga", uuids[ROOM]));
}

/*
 * A driver that counts for itself says what is left, and refuses in probe. What was
 * refused must not be counted (CVE-2021-3736).
 */
TEST_F(mdev, driver_counts)
{
	const char *why = mdev_load("mbochs");
	unsigned int i;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(4, mdev_available("mbochs", "large"));
	ASSERT_EQ(64, mdev_available("mbochs", "small"));
	for (i = 0; i < 4; i++)
		ASSERT_RC(0, mdev_create("mbochs", "large", uuids[i]));
	EXPECT_EQ(0, mdev_available("mbochs", "large"));
	EXPECT_EQ(0, mdev_available("mbochs", "small"));
	EXPECT_RC(-ENOSPC, mdev_create("mbochs", "small", uuids[4]));
	EXPECT_FALSE(mdev_exists(uuids[4]));
	for (i = 0; i < 4; i++)
		ASSERT_RC(0, mdev_remove(uuids[i]));
	EXPECT_EQ(4, mdev_available("mbochs", "large"));
}

TEST_F(mdev, remove_values)
{
	char path[PATH_MAX];

	ASSERT_RC(0, mdev_create("mdpy", "vga", UUID));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", UUID);
	EXPECT_RC(-EINVAL, sysfs_write_str(path, "yes"));
	EXPECT_RC(-EINVAL, sysfs_write_str(path, "\n"));
	EXPECT_RC(-EINVAL, sysfs_write_str(path, "-1"));
	EXPECT_RC(-EINVAL, sysfs_write_str(path, "1x"));
	EXPECT_RC(0, sysfs_write_str(path, "0"));
	EXPECT_TRUE(mdev_exists(UUID));
	EXPECT_RC(0, sysfs_write_str(path, "0x20\n"));
	EXPECT_FALSE(mdev_exists(UUID));
	EXPECT_RC(-ENOENT, sysfs_write_str(path, "1"));
}

/* No driver is bound but the parent's, and that by making the instance only. */
TEST_F(mdev, bind)
{
	char name[64];

	ASSERT_RC(0, mdev_create("mdpy", "vga", UUID));
	EXPECT_RC(0, sysfs_write_str("/sys/bus/mdev/drivers/mdpy/unbind", UUID));
	EXPECT_EQ(-ENOENT, pci_dev_driver(UUID, name, sizeof(name)));
	EXPECT_TRUE(mdev_exists(UUID));
	EXPECT_GT(0, pci_dev_iommu_group(UUID));
	EXPECT_RC(-ENODEV, sysfs_write_str("/sys/bus/mdev/drivers/mdpy/bind", UUID));
	EXPECT_RC(0, sysfs_write_str("/sys/bus/mdev/drivers_probe", UUID));
	EXPECT_EQ(-ENOENT, pci_dev_driver(UUID, name, sizeof(name)));
	/* It keeps its place until it is removed */
	EXPECT_EQ(ROOM - 1, mdev_available("mdpy", "vga"));
	EXPECT_RC(0, mdev_remove(UUID));
}

struct remover {
	pthread_t thread;
	const char *uuid;
	int ret;
};

static void *remover_thread(void *arg)
{
	struct remover *r = arg;

	r->ret = mdev_remove(r->uuid);
	return NULL;
}

/* The file goes at once, the instance when it is closed. */
TEST_F(mdev, remove_while_open)
{
	struct remover r = { .uuid = UUID };
	char path[PATH_MAX], node[PATH_MAX];
	struct iommu *iommu;
	int fd, late;

	ASSERT_RC(0, mdev_create("mdpy", "vga", UUID));
	iommu = iommu_init(NULL);
	fd = vfio_cdev_open(UUID);
	ASSERT_LE(0, fd);
	ASSERT_RC(0, vfio_cdev_bind(fd, iommu->iommufd, NULL));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", UUID);
	late = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, late);

	ASSERT_EQ(0, pthread_create(&r.thread, NULL, remover_thread, &r));
	while (!access(path, F_OK) || !vfio_cdev_path(UUID, node, sizeof(node)))
		sched_yield();
	EXPECT_EQ(-1, write(late, "1", 1));
	EXPECT_EQ(ENODEV, errno);
	close(late);

	/* It works on for its user, and is in everybody's way */
	EXPECT_EQ(PCI_HEADER_TYPE_NORMAL, vfio_cfg_read8(fd, PCI_HEADER_TYPE));
	EXPECT_EQ(ROOM - 1, mdev_available("mdpy", "vga"));
	EXPECT_RC(-EEXIST, mdev_create("mdpy", "vga", UUID));
	EXPECT_RC(-ENOENT, vfio_cdev_open(UUID));

	close(fd);
	pthread_join(r.thread, NULL);
	EXPECT_RC(0, r.ret);
	EXPECT_FALSE(mdev_exists(UUID));
	EXPECT_EQ(ROOM, mdev_available("mdpy", "vga"));
	iommu_cleanup(iommu);
}

struct create_arg {
	pthread_barrier_t *barrier;
	int ret;
};

static void *creator_thread(void *arg)
{
	struct create_arg *a = arg;

	pthread_barrier_wait(a->barrier);
	a->ret = mdev_create("mdpy", "vga", UUID);
	return NULL;
}

/* Of two who want the same name one gets it. */
TEST_F(mdev, create_together)
{
	unsigned int i, k, rounds = vfio_test_rounds(20);
	struct create_arg arg[2];
	pthread_barrier_t barrier;
	pthread_t thread[2];

	for (i = 0; i < rounds; i++) {
		pthread_barrier_init(&barrier, NULL, 2);
		for (k = 0; k < 2; k++) {
			arg[k].barrier = &barrier;
			ASSERT_EQ(0, pthread_create(&thread[k], NULL,
						    creator_thread, &arg[k]));
		}
		for (k = 0; k < 2; k++)
			pthread_join(thread[k], NULL);
		pthread_barrier_destroy(&barrier);
		k = arg[0].ret != 0;
		EXPECT_RC(0, arg[k].ret);
		EXPECT_RC(-EEXIST, arg[!k].ret);
		ASSERT_RC(0, mdev_remove(UUID));
	}
}

/* The parent goes with its instances, but not while one is open. */
TEST_F(mdev, module_unload)
{
	struct iommu *iommu = iommu_init(NULL);
	int fd;

	ASSERT_RC(0, mdev_create("mdpy", "vga", uuids[0]));
	ASSERT_RC(0, mdev_create("mdpy", "hd", uuids[1]));
	fd = vfio_cdev_open(uuids[1]);
	ASSERT_LE(0, fd);
	ASSERT_RC(0, vfio_cdev_bind(fd, iommu->iommufd, NULL));
	EXPECT_RC(-EWOULDBLOCK, mdev_unload("mdpy"));
	EXPECT_TRUE(mdev_exists(uuids[0]));
	close(fd);
	EXPECT_RC(0, mdev_unload("mdpy"));
	EXPECT_FALSE(mdev_exists(uuids[0]));
	EXPECT_FALSE(mdev_exists(uuids[1]));
	EXPECT_NE(0, access("/sys/class/mdev_bus/mdpy", F_OK));
	iommu_cleanup(iommu);
	ASSERT_EQ(NULL, mdev_load("mdpy"));
}

static int uevent_socket(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_KOBJECT_UEVENT);
	if (fd >= 0 && bind(fd, (void *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Was there an event whose first string is @head, with @var? Reads all of them. */
static bool uevent_seen(int fd, const char *head, const char *var)
{
	bool seen = false;
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf) - 1, 0)) > 0) {
		char *p = buf;

		buf[n] = '\0';
		if (strcmp(buf, head))
			continue;
		for (; p < buf + n; p += strlen(p) + 1)
			if (!strcmp(p, var))
				seen = true;
	}
	return seen;
}

/* Programs that keep instances across reboots wait for these */
TEST_F(mdev, uevents)
{
	static const char parent[] = "change@/devices/virtual/mdpy/mdpy";
	char add[128];
	int fd = uevent_socket();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, mdev_unload("mdpy"));
	EXPECT_TRUE(uevent_seen(fd, parent, "MDEV_STATE=unregistered"));
	ASSERT_EQ(NULL, mdev_load("mdpy"));
	EXPECT_TRUE(uevent_seen(fd, parent, "MDEV_STATE=registered"));
	ASSERT_RC(0, mdev_create("mdpy", "vga", UUID));
	snprintf(add, sizeof(add), "add@/devices/virtual/mdpy/mdpy/%s", UUID);
	EXPECT_TRUE(uevent_seen(fd, add, "SUBSYSTEM=mdev"));
	close(fd);
}

TEST_HARNESS_MAIN
