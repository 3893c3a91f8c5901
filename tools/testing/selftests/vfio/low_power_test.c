// SPDX-License-Identifier: GPL-2.0-only
/*
 * Low-power mode: the user lets the device sleep. No mapping works meanwhile,
 * each other access wakes the device for its time, and in the end all is as
 * before.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "vfio_test.h"
#include "bar_views.h"
#include "pm.h"

#define BUF_SIZE	4096u
#define REGION_IOVA	0x1000000
#define BUF_IOVA	0x2000000

FIXTURE(low_power) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct views views;
	int fd;
	int wakeup;
	u8 pm;
};

FIXTURE_VARIANT(low_power) {
	const char *kind;
};

FIXTURE_VARIANT_ADD(low_power, nvme) { .kind = "NVME" };
FIXTURE_VARIANT_ADD(low_power, igb) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(low_power, e1000e) { .kind = "E1000E" };
/* Has no power states: it sleeps in D0. */
FIXTURE_VARIANT_ADD(low_power, edu) { .kind = "EDU" };

static int open_device(FIXTURE_DATA(low_power) *self)
{
	int ret;

	ret = vfio_pci_device_open(&self->device, self->bdf, self->iommu);
	if (ret)
		return ret;
	self->fd = self->device.fd;
	self->pm = vfio_cfg_cap(self->fd, PCI_CAP_ID_PM);
	vfio_pci_device_enable(&self->device);
	return 0;
}

static void close_device(FIXTURE_DATA(low_power) *self)
{
	if (self->fd < 0)
		return;
	views_drop(&self->views);
	vfio_pci_device_close(&self->device);
	self->fd = -1;
}

FIXTURE_SETUP(low_power)
{
	self->fd = -1;
	self->wakeup = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	views_init();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, open_device(self));
	self->wakeup = evfd_new();
	ASSERT_GE(self->wakeup, 0);
}

FIXTURE_TEARDOWN(low_power)
{
	char name[32];

	close_device(self);
	close(self->wakeup);
	iommu_cleanup(self->iommu);
	if (pci_dev_driver(self->bdf, name, sizeof(name)))
		EXPECT_EQ(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_DEVICE_OK();
}

#define EXPECT_POWER(state)						\
	EXPECT_TRUE(pm_power_state(self->bdf, self->pm ? (state) : "D0"))\
		TH_LOG("device %s is not in %s", self->bdf, state)

TEST_F(low_power, refused)
{
	int closed = vfio_test_closed_fd();
	int notevfd = self->iommu->iommufd;

	EXPECT_RC(-EINVAL, low_power_enter_wakeup(self->fd, -1));
	EXPECT_RC(-EBADF, low_power_enter_wakeup(self->fd, closed));
	EXPECT_RC(-EINVAL, low_power_enter_wakeup(self->fd, notevfd));
	EXPECT_FALSE(pm_becomes_within(self->bdf, "suspended", PM_QUIET_MS));

	ASSERT_RC(0, low_power_enter(self->fd));
	EXPECT_RC(-EINVAL, low_power_enter(self->fd));
	EXPECT_RC(-EINVAL, low_power_enter_wakeup(self->fd, self->wakeup));
	EXPECT_RC(-EBADF, low_power_enter_wakeup(self->fd, closed));
	EXPECT_SLEEPS();
	EXPECT_EQ(0, evfd_read(self->wakeup));
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_FALSE(pm_becomes_within(self->bdf, "suspended", PM_QUIET_MS));
}

/* Leaving is always possible, and as often as one likes. */
TEST_F(low_power, leave)
{
	int i;

	EXPECT_RC(0, low_power_exit(self->fd));
	for (i = 0; i < 3; i++) {
		ASSERT_RC(0, low_power_enter(self->fd));
		/* Once without waiting for the device to fall asleep. */
		if (i) {
			ASSERT_SLEEPS();
		}
		EXPECT_RC(0, low_power_exit(self->fd));
		EXPECT_RC(0, low_power_exit(self->fd));
		EXPECT_AWAKE();
		EXPECT_POWER("D0");
	}
	EXPECT_FALSE(pm_becomes_within(self->bdf, "suspended", PM_QUIET_MS));
}

/* Everything but a mapping wakes the device; it sleeps on when that is done. */
TEST_F(low_power, accesses_wake)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	u32 bar, val;
	int ret;

	ASSERT_RC(0, vfio_region_read32(self->fd, 0, 0, &bar));
	ASSERT_RC(0, low_power_enter(self->fd));
	ASSERT_SLEEPS();
	EXPECT_POWER("D3hot");

	EXPECT_EQ(self->device.vendor,
		  vfio_cfg_read16(self->fd, PCI_VENDOR_ID));
	EXPECT_SLEEPS();
	vfio_cfg_write8(self->fd, PCI_CACHE_LINE_SIZE, 8);
	EXPECT_SLEEPS();
	EXPECT_RC(0, vfio_region_read32(self->fd, 0, 0, &val));
	EXPECT_EQ(bar, val);
	EXPECT_SLEEPS();
	EXPECT_RC(0, vfio_device_info(self->fd, &info));
	EXPECT_SLEEPS();
	ret = vfio_device_reset(self->fd);
	EXPECT_EQ(info.flags & VFIO_DEVICE_FLAGS_RESET ? 0 : -EINVAL, ret);
	EXPECT_SLEEPS();
	EXPECT_POWER("D3hot");
	EXPECT_RC(0, low_power_exit(self->fd));
}

#define EXPECT_VIEWS(gone) do {						\
	struct view_stats s = views_touch(&self->views);		\
									\
	EXPECT_EQ((gone) ? 0 : s.pages, s.readable)			\
		TH_LOG("device %s", self->bdf);				\
	EXPECT_EQ((gone) ? s.pages : 0, s.sigbus);			\
} while (0)

/* Nobody would see an access through a mapping, so there is none. */
TEST_F(low_power, mappings)
{
	ASSERT_GT(views_add(&self->views, self->fd), 0);
	EXPECT_VIEWS(false);
	ASSERT_RC(0, low_power_enter(self->fd));
	EXPECT_VIEWS(true);
	ASSERT_SLEEPS();
	EXPECT_VIEWS(true);
	EXPECT_TRUE(pm_is(self->bdf, "suspended"));

	/* Also made now, and also with the device awake for a moment. */
	ASSERT_GT(views_add(&self->views, self->fd), 0);
	EXPECT_VIEWS(true);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_VIEWS(true);

	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_VIEWS(false);
}

/* Memory that the user has switched off does not come with the wakeup. */
TEST_F(low_power, memory_off)
{
	u32 val;

	ASSERT_GT(views_add(&self->views, self->fd), 0);
	vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, low_power_enter(self->fd));
	ASSERT_SLEEPS();
	EXPECT_RC(-EIO, vfio_region_read32(self->fd, 0, 0, &val));
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_RC(-EIO, vfio_region_read32(self->fd, 0, 0, &val));
	EXPECT_VIEWS(true);
	EXPECT_EQ(0, vfio_cfg_read16(self->fd, PCI_COMMAND) &
		     PCI_COMMAND_MEMORY);
	vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(0, vfio_region_read32(self->fd, 0, 0, &val));
	EXPECT_VIEWS(false);
}

/* The user's own D3hot makes way for the kernel's: D0 afterwards. */
TEST_F(low_power, d3hot_before)
{
	u32 bar, val;

	if (!self->pm)
		SKIP(return, "%s has no power states", self->bdf);
	ASSERT_GT(views_add(&self->views, self->fd), 0);
	ASSERT_RC(0, vfio_region_read32(self->fd, 0, 0, &bar));
	vfio_cfg_write16(self->fd, self->pm + PCI_PM_CTRL, PM_STATE_D3HOT);
	EXPECT_RC(-EIO, vfio_region_read32(self->fd, 0, 0, &val));
	ASSERT_RC(0, low_power_enter(self->fd));
	ASSERT_SLEEPS();
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_EQ(PM_STATE_D0,
		  vfio_cfg_read16(self->fd, self->pm + PCI_PM_CTRL) &
		  PCI_PM_CTRL_STATE_MASK);
	EXPECT_RC(0, vfio_region_read32(self->fd, 0, 0, &val));
	EXPECT_EQ(bar, val);
	EXPECT_VIEWS(false);

	/* And the one that is asked for while the mode lasts. */
	ASSERT_RC(0, low_power_enter(self->fd));
	vfio_cfg_write16(self->fd, self->pm + PCI_PM_CTRL, PM_STATE_D3HOT);
	ASSERT_SLEEPS();
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_RC(0, vfio_region_read32(self->fd, 0, 0, &val));
	EXPECT_EQ(bar, val);
	EXPECT_VIEWS(false);
}

static int read_header(FIXTURE_DATA(low_power) *self, u8 *user, u8 *hw)
{
	int ret;

	ret = vfio_region_read(self->fd, VFIO_PCI_CONFIG_REGION_INDEX, 0, user,
			       PCI_STD_HEADER_SIZEOF);
	if (ret == PCI_STD_HEADER_SIZEOF)
		ret = pci_dev_config_read(self->bdf, 0, hw,
					  PCI_STD_HEADER_SIZEOF);
	return ret;
}

/* What the user has written to configuration space is still there. */
TEST_F(low_power, config_survives)
{
	u8 user[2][PCI_STD_HEADER_SIZEOF], hw[2][PCI_STD_HEADER_SIZEOF];
	int i;

	vfio_cfg_write8(self->fd, PCI_CACHE_LINE_SIZE, 0x10);
	vfio_cfg_write8(self->fd, PCI_INTERRUPT_LINE, 0x5a);
	vfio_cfg_write32(self->fd, PCI_BASE_ADDRESS_0, 0xabcd0000);
	ASSERT_RC(PCI_STD_HEADER_SIZEOF, read_header(self, user[0], hw[0]));
	for (i = 0; i < 3; i++) {
		ASSERT_RC(0, low_power_enter(self->fd));
		ASSERT_SLEEPS();
		ASSERT_RC(0, low_power_exit(self->fd));
	}
	ASSERT_RC(PCI_STD_HEADER_SIZEOF, read_header(self, user[1], hw[1]));
	EXPECT_EQ(0, memcmp(user[0], user[1], sizeof(user[0])))
		TH_LOG("device %s: the user's view changed", self->bdf);
	EXPECT_EQ(0, memcmp(hw[0], hw[1], sizeof(hw[0])))
		TH_LOG("device %s: the hardware's registers changed",
		       self->bdf);
}

/* ---- waking up ---- */

enum waker { CONFIG_READ, BAR_READ, INFO, EXIT, ENTRY, NUM_WAKERS };

static int wake(int fd, enum waker how)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	u32 val;

	switch (how) {
	case CONFIG_READ:
		return vfio_region_read32(fd, VFIO_PCI_CONFIG_REGION_INDEX, 0,
					  &val);
	case BAR_READ:
		return vfio_region_read32(fd, 0, 0, &val);
	case INFO:
		return vfio_device_info(fd, &info);
	case EXIT:
		return low_power_exit(fd);
	default:
		return low_power_enter(fd);
	}
}

/* Whatever wakes the device: one signal, and the mode has ended. */
TEST_F(low_power, wakeup)
{
	int how;

	ASSERT_GT(views_add(&self->views, self->fd), 0);
	for (how = 0; how < NUM_WAKERS; how++) {
		ASSERT_RC(0, low_power_enter_wakeup(self->fd, self->wakeup));
		EXPECT_VIEWS(true);
		ASSERT_SLEEPS();
		EXPECT_EQ(0, evfd_read(self->wakeup));
		EXPECT_RC(0, wake(self->fd, how));
		EXPECT_EQ(1, evfd_read(self->wakeup))
			TH_LOG("device %s, waker %d", self->bdf, how);
		if (how != ENTRY) {
			EXPECT_AWAKE();
			EXPECT_VIEWS(false);
			EXPECT_RC(0, wake(self->fd, how));
		} else {
			/* In low-power mode again, without the eventfd. */
			EXPECT_SLEEPS();
			EXPECT_VIEWS(true);
			EXPECT_RC(0, low_power_exit(self->fd));
		}
		EXPECT_EQ(0, evfd_read(self->wakeup));
	}
	EXPECT_FALSE(pm_becomes_within(self->bdf, "suspended", PM_QUIET_MS));
}

/* The eventfd belongs to the kernel as long as the mode lasts. */
TEST_F(low_power, wakeup_fd_closed)
{
	ASSERT_RC(0, low_power_enter_wakeup(self->fd, self->wakeup));
	close(self->wakeup);
	self->wakeup = evfd_new();
	ASSERT_SLEEPS();
	EXPECT_EQ(self->device.vendor,
		  vfio_cfg_read16(self->fd, PCI_VENDOR_ID));
	EXPECT_EQ(0, evfd_read(self->wakeup));
	EXPECT_AWAKE();
	EXPECT_RC(0, low_power_enter_wakeup(self->fd, self->wakeup));
	EXPECT_SLEEPS();
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_EQ(1, evfd_read(self->wakeup));
}

/* ---- the end ---- */

TEST_F(low_power, close)
{
	int i, ret;

	for (i = 0; i < 4; i++) {
		ret = i & 1 ? low_power_enter_wakeup(self->fd, self->wakeup) :
			      low_power_enter(self->fd);
		ASSERT_RC(0, ret);
		if (i & 2) {
			ASSERT_SLEEPS();
		}
		close_device(self);
		/* Nobody is left to be told. */
		EXPECT_EQ(0, evfd_read(self->wakeup));
		EXPECT_SLEEPS();
		ASSERT_RC(0, open_device(self));
		EXPECT_AWAKE();
		EXPECT_RC(0, low_power_exit(self->fd));
		ASSERT_GT(views_add(&self->views, self->fd), 0);
		EXPECT_VIEWS(false);
	}
}

static void *unbinder(void *arg)
{
	return (void *)(long)pci_dev_unbind(arg);
}

/* An unbind waits for the close, in low-power mode as in any other. */
TEST_F_TIMEOUT(low_power, unbind, 120)
{
	int req = evfd_new();
	pthread_t thread;
	void *ret;

	ASSERT_RC(0, vfio_irq_set_fds(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1,
				      &req));
	ASSERT_RC(0, low_power_enter(self->fd));
	ASSERT_SLEEPS();
	ASSERT_EQ(0, pthread_create(&thread, NULL, unbinder,
				    (void *)self->bdf));
	EXPECT_EQ(1, evfd_wait(req, EVFD_TIMEOUT_MS));
	EXPECT_EQ(self->device.vendor,
		  vfio_cfg_read16(self->fd, PCI_VENDOR_ID));
	close_device(self);
	pthread_join(thread, &ret);
	EXPECT_EQ(NULL, ret);
	EXPECT_AWAKE();
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_SLEEPS();
	close(req);
}

/* ---- the device at work ---- */

static int copy_works(FIXTURE_DATA(low_power) *self, struct dma_region *buf,
		      u8 seed)
{
	u8 *src = buf->vaddr, *dst = src + BUF_SIZE / 2;
	int ret;

	memset(src, seed, BUF_SIZE / 2);
	memset(dst, ~seed, BUF_SIZE / 2);
	ret = vfio_pci_driver_copy(&self->device, buf->iova + BUF_SIZE / 2,
				   buf->iova, BUF_SIZE / 2);
	if (ret)
		return ret;
	return memcmp(src, dst, BUF_SIZE / 2) ? -EILSEQ : 0;
}

static int msi_works(FIXTURE_DATA(low_power) *self)
{
	int evfd = self->device.msi_eventfds[self->device.driver.msi];

	evfd_read(evfd);
	vfio_pci_driver_send_msi(&self->device);
	return evfd_wait(evfd, EVFD_TIMEOUT_MS) ? 0 : -ETIMEDOUT;
}

/*
 * DMA and interrupts after a sleep. Interrupts stay enabled over it, and are
 * there also if memory decoding was off meanwhile: the MSI-X table lies in a
 * BAR. The device itself may have been reset, so its driver begins anew.
 */
TEST_F_TIMEOUT(low_power, works_afterwards, 120)
{
	struct dma_region buf;
	int i;

	if (!self->device.driver.ops)
		SKIP(return, "no driver for %s", self->bdf);
	REQUIRE_IOMMU(self->bdf);
	ASSERT_RC(0, dma_region_alloc(self->iommu, &self->device.driver.region,
				      VFIO_PCI_DRIVER_REGION_SIZE,
				      REGION_IOVA));
	ASSERT_RC(0, dma_region_alloc(self->iommu, &buf, BUF_SIZE, BUF_IOVA));
	/* Once, to learn which vector it uses. */
	vfio_pci_driver_init(&self->device);
	vfio_pci_driver_remove(&self->device);
	ASSERT_RC(0, vfio_pci_msi_enable(&self->device,
					 self->device.driver.irq_index,
					 self->device.driver.msi + 1));
	for (i = 0; i < 4; i++) {
		vfio_pci_driver_init(&self->device);
		EXPECT_RC(0, copy_works(self, &buf, 1 + i));
		EXPECT_RC(0, msi_works(self));
		vfio_pci_driver_remove(&self->device);
		if (i & 1)
			vfio_cfg_command(self->fd, PCI_COMMAND_MEMORY, 0);
		ASSERT_RC(0, low_power_enter(self->fd));
		ASSERT_SLEEPS();
		ASSERT_RC(0, low_power_exit(self->fd));
		vfio_cfg_command(self->fd, 0, PCI_COMMAND_MEMORY);
	}
	vfio_pci_driver_init(&self->device);
	EXPECT_RC(0, copy_works(self, &buf, 0x77));
	EXPECT_RC(0, msi_works(self));
	vfio_pci_driver_remove(&self->device);
	vfio_pci_msi_disable(&self->device, self->device.driver.irq_index);
	dma_region_free(self->iommu, &buf);
	dma_region_free(self->iommu, &self->device.driver.region);
}

/* ---- all at once ---- */

/**
 * struct worker - a thread that uses the device while others let it sleep
 * @self: the test
 * @stop: told to end
 * @bad: a result that must not be, else 0
 * @what: that it did then
 */
struct worker {
	FIXTURE_DATA(low_power) *self;
	atomic_bool *stop;
	long bad;
	const char *what;
};

static void judge(struct worker *w, const char *what, long ret)
{
	if (ret) {
		w->what = what;
		w->bad = ret;
	}
}

/* A device that sleeps would answer all ones: the BARs begin with an id. */
static void *reader(void *arg)
{
	struct worker *w = arg;
	int fd = w->self->fd;
	u32 bar, val;

	judge(w, "first read", vfio_region_read32(fd, 0, 0, &bar));
	while (!atomic_load(w->stop) && !w->bad) {
		if (vfio_cfg_read16(fd, PCI_VENDOR_ID) !=
		    w->self->device.vendor)
			judge(w, "config", -EILSEQ);
		judge(w, "BAR read", vfio_region_read32(fd, 0, 0, &val));
		if (val == ~0u)
			judge(w, "BAR", -EILSEQ);
		vfio_cfg_write8(fd, PCI_CACHE_LINE_SIZE, val);
	}
	return NULL;
}

static void *toucher(void *arg)
{
	struct worker *w = arg;
	u32 val;

	while (!atomic_load(w->stop) && !w->bad) {
		if (!view_read(w->self->views.v[0].addr, &val) && val == ~0u)
			judge(w, "mapping", -EILSEQ);
		sched_yield();
	}
	return NULL;
}

static void *interrupter(void *arg)
{
	struct worker *w = arg;
	u32 index = w->self->device.driver.irq_index;
	int fd = w->self->fd, evfd = evfd_new();

	while (!atomic_load(w->stop) && !w->bad) {
		judge(w, "enable", vfio_irq_set_fds(fd, index, 0, 1, &evfd));
		judge(w, "trigger", vfio_irq_trigger(fd, index, 0, 1));
		if (!evfd_read(evfd))
			judge(w, "event", -EILSEQ);
		judge(w, "disable", vfio_irq_disable(fd, index));
	}
	close(evfd);
	return NULL;
}

/* Two of these disagree all the time. */
static void *sleeper(void *arg)
{
	struct worker *w = arg;
	unsigned int seed = (unsigned long)w;
	int i, n = vfio_test_rounds(60), ret;

	for (i = 0; i < n && !w->bad; i++) {
		switch (rand_r(&seed) % 4) {
		case 0:
			ret = low_power_enter(w->self->fd);
			break;
		case 1:
			ret = low_power_enter_wakeup(w->self->fd,
						     w->self->wakeup);
			break;
		default:
			ret = low_power_exit(w->self->fd);
			break;
		}
		/* EINVAL: in low-power mode already */
		judge(w, "mode", ret == -EINVAL ? 0 : ret);
		usleep(rand_r(&seed) % 4000);
	}
	return NULL;
}

TEST_F_TIMEOUT(low_power, race, 300)
{
	static void *(* const threads[])(void *) = {
		sleeper, sleeper, reader, toucher, interrupter,
	};
	struct worker w[ARRAY_SIZE(threads)];
	pthread_t thread[ARRAY_SIZE(threads)];
	atomic_bool stop = false;
	unsigned int i;

	if (!self->device.driver.ops)
		SKIP(return, "no driver for %s", self->bdf);
	ASSERT_GT(views_add(&self->views, self->fd), 0);
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		w[i] = (struct worker){ .self = self, .stop = &stop };
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, threads[i],
					    &w[i]));
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		if (i == 2)
			atomic_store(&stop, true);
		pthread_join(thread[i], NULL);
		EXPECT_EQ(0, w[i].bad)
			TH_LOG("device %s, thread %u, %s: %ld", self->bdf, i,
			       w[i].what, w[i].bad);
	}
	EXPECT_RC(0, low_power_exit(self->fd));
	EXPECT_AWAKE();
	EXPECT_FALSE(pm_becomes_within(self->bdf, "suspended", PM_QUIET_MS));
	EXPECT_VIEWS(false);
	ASSERT_RC(0, low_power_enter(self->fd));
	EXPECT_SLEEPS();
}

TEST_HARNESS_MAIN
