// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking the driver from a device that is open: the owner is asked through
 * the request interrupt, and unbinding waits until it lets go.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "vfio_test.h"

FIXTURE(unbind) {
	const char *bdf;
	struct iommu *iommu;
	int fd;
	int req;
};

FIXTURE_VARIANT(unbind) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(unbind, edu) { .kind = "EDU" };
FIXTURE_VARIANT_ADD(unbind, nvme) { .kind = "NVME" };

FIXTURE_SETUP(unbind)
{
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->iommu = iommu_init(NULL);
	self->fd = vfio_cdev_open(self->bdf);
	ASSERT_GE(self->fd, 0);
	self->req = evfd_new();
	ASSERT_GE(self->req, 0);
}

FIXTURE_TEARDOWN(unbind)
{
	char name[32];

	if (self->fd >= 0)
		close(self->fd);
	if (pci_dev_driver(self->bdf, name, sizeof(name)))
		EXPECT_EQ(0, pci_dev_bind(self->bdf, "vfio-pci"));
	iommu_cleanup(self->iommu);
	close(self->req);
	EXPECT_DEVICE_OPENS();
}

struct unbinder {
	const char *bdf;
	pthread_t thread;
	int ret;
	bool done;
};

static void *unbinder_thread(void *arg)
{
	struct unbinder *u = arg;

	u->ret = pci_dev_unbind(u->bdf);
	__atomic_store_n(&u->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static int unbind_start(struct unbinder *u, const char *bdf)
{
	*u = (struct unbinder){ .bdf = bdf };
	return pthread_create(&u->thread, NULL, unbinder_thread, u);
}

static bool unbind_done(struct unbinder *u)
{
	return __atomic_load_n(&u->done, __ATOMIC_ACQUIRE);
}

static int unbind_finish(struct unbinder *u)
{
	pthread_join(u->thread, NULL);
	return u->ret;
}

static int bind_and_watch(FIXTURE_DATA(unbind) *self)
{
	u32 devid, pt_id = self->iommu->ioas_id;
	int ret;

	ret = vfio_cdev_bind(self->fd, self->iommu->iommufd, &devid);
	if (!ret)
		ret = vfio_cdev_attach(self->fd, &pt_id);
	if (!ret)
		ret = vfio_irq_set_fds(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
				       &self->req);
	return ret;
}

/* Asked at once, and again every ten seconds; usable until it is closed. */
TEST_F_TIMEOUT(unbind, request, 120)
{
	struct unbinder u;
	u16 vendor;

	ASSERT_RC(0, bind_and_watch(self));
	vendor = vfio_cfg_read16(self->fd, PCI_VENDOR_ID);
	EXPECT_EQ(0, evfd_read(self->req));
	ASSERT_EQ(0, unbind_start(&u, self->bdf));
	EXPECT_EQ(1, evfd_wait(self->req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(unbind_done(&u));
	EXPECT_EQ(vendor, vfio_cfg_read16(self->fd, PCI_VENDOR_ID));
	EXPECT_EQ(1, evfd_wait(self->req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(unbind_done(&u));
	EXPECT_EQ(vendor, vfio_cfg_read16(self->fd, PCI_VENDOR_ID));
	close(self->fd);
	self->fd = -1;
	EXPECT_RC(0, unbind_finish(&u));
	EXPECT_EQ(-ENOENT, vfio_cdev_open(self->bdf));
}

/* A user who hears of it only later, by asking for the interrupt then. */
TEST_F_TIMEOUT(unbind, request_set_up_late, 120)
{
	struct unbinder u;
	u32 devid;

	ASSERT_RC(0, vfio_cdev_bind(self->fd, self->iommu->iommufd, &devid));
	ASSERT_EQ(0, unbind_start(&u, self->bdf));
	EXPECT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
				      &self->req));
	EXPECT_LE(1, evfd_wait(self->req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(unbind_done(&u));
	close(self->fd);
	self->fd = -1;
	EXPECT_RC(0, unbind_finish(&u));
}

/* While the driver leaves: no new file, and none bound that was open. */
TEST_F_TIMEOUT(unbind, open_meanwhile, 120)
{
	struct unbinder u;
	int second, ret;
	u32 devid;

	second = vfio_cdev_open(self->bdf);
	ASSERT_GE(second, 0);
	ASSERT_RC(0, bind_and_watch(self));
	ASSERT_EQ(0, unbind_start(&u, self->bdf));
	EXPECT_EQ(1, evfd_wait(self->req, EVFD_TIMEOUT_MS));
	EXPECT_RC(-EINVAL, vfio_cdev_bind(second, self->iommu->iommufd,
					  &devid));
	ret = vfio_cdev_open(self->bdf);
	EXPECT_LT(ret, 0)
		TH_LOG("device %s was opened while it is unbound", self->bdf);
	close(self->fd);
	self->fd = -1;
	close(second);
	EXPECT_RC(0, unbind_finish(&u));
}

/* The node is gone, and so is what it stood for. */
TEST_F_TIMEOUT(unbind, stale_node, 120)
{
	char path[64], node[] = "/tmp/vfio-stale-XXXXXX";
	struct stat st;
	int fd;

	ASSERT_RC(0, vfio_cdev_path(self->bdf, path, sizeof(path)));
	ASSERT_EQ(0, stat(path, &st));
	close(self->fd);
	self->fd = -1;
	ASSERT_NE(NULL, mkdtemp(node));
	snprintf(path, sizeof(path), "%s/node", node);
	ASSERT_EQ(0, mknod(path, S_IFCHR | 0600, st.st_rdev));
	/* The same number opens the same device as long as it is there. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	EXPECT_GE(fd, 0);
	close(fd);
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	fd = open(path, O_RDWR | O_CLOEXEC);
	EXPECT_EQ(-1, fd);
	EXPECT_TRUE(errno == ENXIO || errno == ENODEV);
	unlink(path);
	rmdir(node);
}

/* A file that was never bound holds nobody up for ever. */
TEST_F_TIMEOUT(unbind, unbound_file, 120)
{
	struct unbinder u;
	u32 devid;
	int ret;

	ASSERT_EQ(0, unbind_start(&u, self->bdf));
	/* Before, too late, or while the device is locked for the unbinding. */
	ret = vfio_cdev_bind(self->fd, self->iommu->iommufd, &devid);
	EXPECT_TRUE(ret == 0 || ret == -ENODEV || ret == -EAGAIN)
		TH_LOG("device %s: %d", self->bdf, ret);
	close(self->fd);
	self->fd = -1;
	EXPECT_RC(0, unbind_finish(&u));
}

/*
 * CVE-2026-53115 and life time in general: files come and go while the
 * driver does. Every step has one of a few results, and in the end the device
 * is as before.
 */
struct opener {
	const char *bdf;
	struct iommu *iommu;
	unsigned int bound;
	int bad;
	bool stop;
};

static void *opener_thread(void *arg)
{
	struct opener *o = arg;
	u32 devid, pt_id;
	int fd, ret;

	while (!__atomic_load_n(&o->stop, __ATOMIC_ACQUIRE)) {
		fd = vfio_cdev_open(o->bdf);
		if (fd < 0) {
			if (fd != -ENOENT && fd != -ENODEV && fd != -ENXIO)
				o->bad = fd;
			sched_yield();
			continue;
		}
		ret = vfio_cdev_bind(fd, o->iommu->iommufd, &devid);
		if (!ret) {
			pt_id = o->iommu->ioas_id;
			ret = vfio_cdev_attach(fd, &pt_id);
			if (vfio_cfg_read16(fd, PCI_VENDOR_ID) == 0xffff)
				ret = -EILSEQ;
			__atomic_add_fetch(&o->bound, 1, __ATOMIC_RELEASE);
		}
		/* EINVAL: the other thread has it; EAGAIN: being unbound. */
		if (ret && ret != -ENODEV && ret != -EINVAL && ret != -EAGAIN)
			o->bad = ret;
		close(fd);
	}
	return NULL;
}

TEST_F_TIMEOUT(unbind, race_with_open, 300)
{
	struct opener o = { .bdf = self->bdf, .iommu = self->iommu };
	pthread_t threads[2];
	int i, n = vfio_test_rounds(10);
	unsigned int seen;

	close(self->fd);
	self->fd = -1;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, opener_thread,
					    &o));
	for (i = 0; i < n; i++) {
		seen = __atomic_load_n(&o.bound, __ATOMIC_ACQUIRE);
		while (__atomic_load_n(&o.bound, __ATOMIC_ACQUIRE) == seen)
			sched_yield();
		EXPECT_RC(0, pci_dev_unbind(self->bdf));
		EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	}
	__atomic_store_n(&o.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, o.bad) TH_LOG("device %s: %d", self->bdf, o.bad);
}

TEST_HARNESS_MAIN
