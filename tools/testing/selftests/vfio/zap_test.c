// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever takes a device's memory away (memory decoding switched off, reset,
 * D3) must remove every mapping of that device, in every process, and no
 * mapping of any other device; until the memory is back, accesses end in
 * SIGBUS (CVE-2020-12888), and then they work again.
 *
 * Two devices, each with all its BARs mapped twice by this process and once
 * more by a child, which also inherits the two.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

#include "vfio_test.h"
#include "bar_views.h"

enum { VICTIM, WITNESS, NUM_DEVICES };

FIXTURE(zap) {
	const char *bdf;
	const char *witness_bdf;
	struct iommu *iommu;
	struct vfio_pci_device device[NUM_DEVICES];
	struct views views[NUM_DEVICES];
	u64 fill[2];		/* page faults to map the victim: parent, child */
	pid_t child;
	int to_child;
	int from_child;
};

FIXTURE_VARIANT(zap) {
	const char *kind;
	const char *witness;
};

FIXTURE_VARIANT_ADD(zap, nvme) { .kind = "NVME", .witness = "IGB" };
FIXTURE_VARIANT_ADD(zap, igb) { .kind = "IGB", .witness = "IVSHMEM" };
FIXTURE_VARIANT_ADD(zap, ivshmem) { .kind = "IVSHMEM", .witness = "NVME" };

struct report {
	struct view_stats device[NUM_DEVICES];
};

static struct report touch(FIXTURE_DATA(zap) *self)
{
	struct report r;
	int i;

	for (i = 0; i < NUM_DEVICES; i++)
		r.device[i] = views_touch(&self->views[i]);
	return r;
}

/* Touch everything for the parent, until it hangs up. */
static void child_main(FIXTURE_DATA(zap) *self, int in, int out)
{
	struct report r;
	char cmd;
	int i;

	for (i = 0; i < NUM_DEVICES; i++)
		if (views_add(&self->views[i], self->device[i].fd) <= 0)
			_exit(1);
	while (read(in, &cmd, 1) == 1) {
		r = touch(self);
		if (write(out, &r, sizeof(r)) != sizeof(r))
			_exit(1);
	}
	_exit(0);
}

static int start_child(FIXTURE_DATA(zap) *self)
{
	int down[2], up[2];

	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		return -errno;
	self->child = fork();
	if (self->child < 0)
		return -errno;
	if (!self->child) {
		close(down[1]);
		close(up[0]);
		child_main(self, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	self->to_child = down[1];
	self->from_child = up[0];
	return 0;
}

FIXTURE_SETUP(zap)
{
	int i;

	REQUIRE_DEVICE(self->bdf, variant->kind);
	REQUIRE_DEVICE(self->witness_bdf, variant->witness);
	views_init();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device[VICTIM], self->bdf,
					  self->iommu));
	ASSERT_RC(0, vfio_pci_device_open(&self->device[WITNESS],
					  self->witness_bdf, self->iommu));
	for (i = 0; i < NUM_DEVICES; i++) {
		int copy = dup(self->device[i].fd);

		vfio_pci_device_enable(&self->device[i]);
		ASSERT_GT(views_add(&self->views[i], self->device[i].fd), 0);
		ASSERT_GT(views_add(&self->views[i], copy), 0);
		close(copy);
	}
	ASSERT_RC(0, start_child(self));
}

FIXTURE_TEARDOWN(zap)
{
	int status = -1, i;

	close(self->to_child);
	close(self->from_child);
	waitpid(self->child, &status, 0);
	EXPECT_EQ(0, status);
	for (i = 0; i < NUM_DEVICES; i++) {
		views_drop(&self->views[i]);
		vfio_pci_device_close(&self->device[i]);
	}
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
	EXPECT_EQ(0, pci_dev_answers(self->witness_bdf));
}

enum victim_state {
	FRESH,		/* as ZAPPED; note what filling the tables takes */
	WARM,		/* every page is in the page tables */
	ZAPPED,		/* accessible, but no page is in the page tables */
	GONE,		/* not accessible */
};

static void touch_both(struct __test_metadata *_metadata,
		       FIXTURE_DATA(zap) *self, struct report r[2])
{
	r[0] = touch(self);
	ASSERT_EQ(1, write(self->to_child, "T", 1));
	ASSERT_EQ(sizeof(r[1]), read(self->from_child, &r[1], sizeof(r[1])));
}

/* Let both processes touch everything, and judge by what that took. */
static void check(struct __test_metadata *_metadata, FIXTURE_DATA(zap) *self,
		  enum victim_state state)
{
	struct report r[2];
	int i;

	if (state == FRESH) {
		/* Nothing but device memory is to be faulted in below. */
		vfio_cfg_command(self->device[VICTIM].fd, PCI_COMMAND_MEMORY,
				 0);
		touch_both(_metadata, self, r);
		vfio_cfg_command(self->device[VICTIM].fd, 0,
				 PCI_COMMAND_MEMORY);
	}
	touch_both(_metadata, self, r);
	for (i = 0; i < 2; i++) {
		struct view_stats *v = &r[i].device[VICTIM];
		struct view_stats *w = &r[i].device[WITNESS];

		EXPECT_EQ(state == GONE ? 0 : v->pages, v->readable)
			TH_LOG("device %s, %s", self->bdf,
			       i ? "child" : "parent");
		EXPECT_EQ(state == GONE ? v->pages : 0, v->sigbus);
		EXPECT_EQ(w->pages, w->readable);
		if (state == FRESH) {
			EXPECT_GT(v->faults, 0);
			self->fill[i] = v->faults;
		} else if (state != GONE) {
			EXPECT_EQ(state == ZAPPED ? self->fill[i] : 0,
				  v->faults)
				TH_LOG("device %s, %s", self->bdf,
				       i ? "child" : "parent");
		}
		/* Nobody did anything to the other device. */
		EXPECT_EQ(0, w->faults)
			TH_LOG("device %s, %s", self->witness_bdf,
			       i ? "child" : "parent");
	}
}

#define CHECK(state)	check(_metadata, self, state)

static void set_power(int fd, u8 pm, u16 state)
{
	u16 ctrl = vfio_cfg_read16(fd, pm + PCI_PM_CTRL);

	ctrl = (ctrl & ~PCI_PM_CTRL_STATE_MASK) | state;
	vfio_cfg_write16(fd, pm + PCI_PM_CTRL, ctrl);
}

TEST_F_TIMEOUT(zap, memory_decode, 180)
{
	int fd = self->device[VICTIM].fd;
	int i;

	CHECK(FRESH);
	CHECK(WARM);
	for (i = 0; i < 2; i++) {
		vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
		CHECK(GONE);
		vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
		CHECK(ZAPPED);
		CHECK(WARM);
	}
}

/* Off and on at once: what was mapped in between must not survive. */
TEST_F_TIMEOUT(zap, memory_decode_toggled, 180)
{
	int fd = self->device[VICTIM].fd;

	CHECK(FRESH);
	vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
	vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
	/* Writing the same value again changes nothing, nor do other bits. */
	vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
	vfio_cfg_command(fd, PCI_COMMAND_MASTER, 0);
	CHECK(WARM);
}

/* By a byte, and as part of a wider write. */
TEST_F_TIMEOUT(zap, memory_decode_widths, 180)
{
	int fd = self->device[VICTIM].fd;
	u32 dword;

	CHECK(FRESH);
	vfio_cfg_write8(fd, PCI_COMMAND,
			vfio_cfg_read8(fd, PCI_COMMAND) & ~PCI_COMMAND_MEMORY);
	CHECK(GONE);
	dword = vfio_cfg_read32(fd, PCI_COMMAND) & 0xffff;
	vfio_cfg_write32(fd, PCI_COMMAND, dword | PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
	vfio_cfg_write32(fd, PCI_COMMAND, dword & ~PCI_COMMAND_MEMORY);
	CHECK(GONE);
	vfio_cfg_write32(fd, PCI_COMMAND, dword | PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
}

TEST_F_TIMEOUT(zap, reset, 180)
{
	struct vfio_pci_device *device = &self->device[VICTIM];

	CHECK(FRESH);
	if (!(device->info.flags & VFIO_DEVICE_FLAGS_RESET)) {
		EXPECT_RC(-EINVAL, vfio_device_reset(device->fd));
		CHECK(WARM);
		return;
	}
	ASSERT_RC(0, vfio_device_reset(device->fd));
	vfio_pci_device_enable(device);
	CHECK(ZAPPED);
	CHECK(WARM);
}

TEST_F_TIMEOUT(zap, reset_while_off, 180)
{
	struct vfio_pci_device *device = &self->device[VICTIM];

	if (!(device->info.flags & VFIO_DEVICE_FLAGS_RESET))
		SKIP(return, "%s cannot be reset", self->bdf);
	CHECK(FRESH);
	vfio_cfg_command(device->fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, vfio_device_reset(device->fd));
	CHECK(GONE);
	vfio_cfg_command(device->fd, 0, PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
}

TEST_F_TIMEOUT(zap, d3hot, 180)
{
	int fd = self->device[VICTIM].fd;
	u8 pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);

	if (!pm)
		SKIP(return, "%s has no power management", self->bdf);
	CHECK(FRESH);
	set_power(fd, pm, 3);
	EXPECT_EQ(3, vfio_cfg_read16(fd, pm + PCI_PM_CTRL) &
		  PCI_PM_CTRL_STATE_MASK);
	CHECK(GONE);
	set_power(fd, pm, 0);
	vfio_pci_device_enable(&self->device[VICTIM]);
	CHECK(ZAPPED);
	/* Off in two ways: both have to be undone. */
	set_power(fd, pm, 3);
	vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
	CHECK(GONE);
	set_power(fd, pm, 0);
	CHECK(GONE);
	vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
}

/*
 * Faults that race with the switch: whoever comes late must not bring a page
 * back while decoding is off.
 */
struct toucher {
	const struct views *views;
	u64 sigbus;
	bool stop;
};

static void *toucher_thread(void *arg)
{
	struct toucher *t = arg;
	unsigned int i = 0;
	u32 val;

	while (!__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE)) {
		const struct view *v = &t->views->v[i % t->views->n];
		u64 off = i++ * 4096ULL * 7 % v->size;

		if (view_read(v->addr + off, &val))
			__atomic_add_fetch(&t->sigbus, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST_F_TIMEOUT(zap, faults_race_with_decode, 300)
{
	struct toucher t = { .views = &self->views[VICTIM] };
	const struct view *v = &t.views->v[0];
	int fd = self->device[VICTIM].fd;
	pthread_t thread;
	u64 before, off;
	unsigned int round;
	u32 val;

	CHECK(FRESH);
	ASSERT_EQ(0, pthread_create(&thread, NULL, toucher_thread, &t));
	for (round = 0; round < vfio_test_rounds(50); round++) {
		vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
		before = __atomic_load_n(&t.sigbus, __ATOMIC_RELAXED);
		for (off = 0; off < v->size; off += v->size / 4)
			EXPECT_RC(-EFAULT, view_read(v->addr + off, &val));
		/* The thread tries, and fails, before the next round. */
		while (__atomic_load_n(&t.sigbus, __ATOMIC_RELAXED) == before)
			sched_yield();
		for (off = 0; off < v->size; off += v->size / 4)
			EXPECT_RC(-EFAULT, view_read(v->addr + off, &val));
		vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
	}
	__atomic_store_n(&t.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
	CHECK(GONE);
	vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
}

/* The mappings don't care which descriptor they were made through. */
TEST_F_TIMEOUT(zap, descriptor_closed, 180)
{
	struct vfio_pci_device *device = &self->device[VICTIM];
	int copy = dup(device->fd);

	CHECK(FRESH);
	close(device->fd);
	device->fd = copy;
	CHECK(WARM);
	vfio_cfg_command(copy, PCI_COMMAND_MEMORY, 0);
	CHECK(GONE);
	vfio_cfg_command(copy, 0, PCI_COMMAND_MEMORY);
	CHECK(ZAPPED);
}

TEST_HARNESS_MAIN
