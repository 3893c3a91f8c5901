// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resetting a whole slot or bus: what it would hit, who may do it, what it does
 * to registers and mappings of all that it hits and to nothing else; and that
 * it happens by itself when the last user of a device without a reset of its
 * own has left.
 *
 * Two functions of one network adapter, A and B: in a hot-plug slot, each in a
 * group of its own; or on a bus without a slot, both in one group.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

#include "vfio_test.h"
#include "bar_views.h"

enum { A, B, NUM_FUNCTIONS, WITNESS = NUM_FUNCTIONS, NUM_DEVICES };

/* Receive control: accept broadcasts. 0 after reset (82574, 82576 data sheets) */
#define RCTL		0x100
#define RCTL_BAM	0x8000

/* Another cause of EINVAL than the one under test must not hide it. */
#define MAX_AFFECTED	4

struct reset_info {
	struct vfio_pci_hot_reset_info info;
	struct vfio_pci_dependent_device devices[MAX_AFFECTED];
};

FIXTURE(hot_reset) {
	const char *bdf;		/* that of A */
	char bdfs[NUM_FUNCTIONS][PCI_BDF_LEN];
	struct iommu *iommu;
	struct iommu *other;		/* of somebody else */
	struct vfio_pci_device dev[NUM_DEVICES];
	bool open[NUM_DEVICES];
};

FIXTURE_VARIANT(hot_reset) {
	const char *kind;
	bool shared;			/* one group */
};

FIXTURE_VARIANT_ADD(hot_reset, slot) { .kind = "HOTRESET", .shared = false };
FIXTURE_VARIANT_ADD(hot_reset, bus) {
	.kind = "HOTRESET_SHARED", .shared = true,
};

FIXTURE_SETUP(hot_reset)
{
	const char *both;
	int n;

	REQUIRE_DEVICE(both, variant->kind);
	n = sscanf(both, "%15s %15s", self->bdfs[A], self->bdfs[B]);
	ASSERT_EQ(NUM_FUNCTIONS, n);
	self->bdf = self->bdfs[A];
	self->iommu = iommu_init(NULL);
	self->other = iommu_init(NULL);
}

static void close_dev(FIXTURE_DATA(hot_reset) *self, int i)
{
	if (self->open[i])
		vfio_pci_device_close(&self->dev[i]);
	self->open[i] = false;
}

FIXTURE_TEARDOWN(hot_reset)
{
	int i;

	if (!self->iommu)
		return;
	for (i = 0; i < NUM_DEVICES; i++)
		close_dev(self, i);
	iommu_cleanup(self->iommu);
	iommu_cleanup(self->other);
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		pci_dev_attr_write(self->bdfs[i], "reset_method", "default");
		EXPECT_EQ(0, pci_dev_bind(self->bdfs[i], "vfio-pci"));
		EXPECT_EQ(0, pci_dev_answers(self->bdfs[i]));
	}
}

static int open_dev(FIXTURE_DATA(hot_reset) *self, int i, struct iommu *iommu)
{
	int ret = vfio_pci_device_open(&self->dev[i], self->bdfs[i], iommu);

	self->open[i] = !ret;
	if (!ret)
		vfio_pci_device_enable(&self->dev[i]);
	return ret;
}

#define OPEN(i)		ASSERT_RC(0, open_dev(self, i, self->iommu))

/* A register that a reset clears. */
static void mark(struct vfio_pci_device *dev)
{
	mmio_write32(dev->bars[0].vaddr, RCTL, RCTL_BAM);
}

static bool marked(struct vfio_pci_device *dev)
{
	return mmio_read32(dev->bars[0].vaddr, RCTL) == RCTL_BAM;
}

static int reset_info(FIXTURE_DATA(hot_reset) *self, struct reset_info *r)
{
	memset(r, 0x5a, sizeof(*r));
	return vfio_device_hot_reset_info(self->dev[A].fd, &r->info,
					  MAX_AFFECTED);
}

/* The entry of a function, NULL if there is none */
static struct vfio_pci_dependent_device *
entry_of(FIXTURE_DATA(hot_reset) *self, struct reset_info *r, int i)
{
	unsigned int segment, bus, slot, fn, n;

	if (sscanf(self->bdfs[i], "%x:%x:%x.%x", &segment, &bus, &slot, &fn) != 4)
		return NULL;
	for (n = 0; n < r->info.count && n < MAX_AFFECTED; n++) {
		struct vfio_pci_dependent_device *e = &r->devices[n];

		if (e->segment == segment && e->bus == bus &&
		    e->devfn == (slot << 3 | fn))
			return e;
	}
	return NULL;
}

/* What A is told about itself and about B. */
static void check_info(struct __test_metadata *_metadata,
		       FIXTURE_DATA(hot_reset) *self, int devid_b, bool owned)
{
	struct vfio_pci_dependent_device *e;
	struct reset_info r;

	ASSERT_RC(0, reset_info(self, &r));
	EXPECT_EQ(NUM_FUNCTIONS, r.info.count);
	EXPECT_EQ(VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
		  (owned ? VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED : 0),
		  r.info.flags);
	e = entry_of(self, &r, A);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(self->dev[A].devid, e->devid);
	e = entry_of(self, &r, B);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(devid_b, (int)e->devid);
}

#define CHECK_INFO(devid_b, owned) \
	check_info(_metadata, self, devid_b, owned)

/* Refused, and nothing happened. */
#define EXPECT_REFUSED(errno_) do {					\
	mark(&self->dev[A]);						\
	EXPECT_RC(-(errno_), vfio_device_hot_reset(self->dev[A].fd));	\
	EXPECT_TRUE(marked(&self->dev[A]));				\
} while (0)

/* ---- what it would hit */

TEST_F(hot_reset, info_sizes)
{
	struct reset_info r;

	OPEN(A);
	memset(&r, 0x5a, sizeof(r));
	r.info.argsz = sizeof(r.info) - 1;
	EXPECT_RC(-EINVAL, vfio_ioctl(self->dev[A].fd,
				      VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				      &r.info));
	/* CVE-2024-41052: what stands in count before is of no importance */
	EXPECT_RC(-ENOSPC, vfio_device_hot_reset_info(self->dev[A].fd, &r.info,
						      0));
	EXPECT_EQ(NUM_FUNCTIONS, r.info.count);
	EXPECT_EQ(0, r.info.flags);
	EXPECT_EQ(sizeof(r.info), r.info.argsz);
	r.info.count = ~0;
	EXPECT_RC(-ENOSPC, vfio_device_hot_reset_info(self->dev[A].fd, &r.info,
						      1));
	EXPECT_EQ(NUM_FUNCTIONS, r.info.count);
	EXPECT_EQ(0x5a5a, r.devices[0].segment);
	r.info.count = ~0;
	EXPECT_RC(0, vfio_device_hot_reset_info(self->dev[A].fd, &r.info, 2));
	EXPECT_EQ(NUM_FUNCTIONS, r.info.count);
	EXPECT_EQ(0x5a5a, r.devices[2].segment);
	EXPECT_RC(-EFAULT, vfio_ioctl(self->dev[A].fd,
				      VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				      NULL));
}

TEST_F(hot_reset, info_owners)
{
	OPEN(A);
	/* Bound to vfio-pci, but not open: ours if the group is. */
	CHECK_INFO(variant->shared ? VFIO_PCI_DEVID_OWNED :
		   VFIO_PCI_DEVID_NOT_OWNED, variant->shared);
	OPEN(B);
	CHECK_INFO(self->dev[B].devid, true);
	close_dev(self, B);
	if (!variant->shared) {
		ASSERT_RC(0, open_dev(self, B, self->other));
		CHECK_INFO(VFIO_PCI_DEVID_NOT_OWNED, false);
		close_dev(self, B);
	}
	/* Without a driver it is nobody's. */
	ASSERT_RC(0, pci_dev_unbind(self->bdfs[B]));
	CHECK_INFO(VFIO_PCI_DEVID_NOT_OWNED, false);
}

/* ---- who may */

TEST_F(hot_reset, bad_argument)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		s32 fds[8];
	} cmd = { .fds = { -1, -1, -1, -1, -1, -1, -1, -1 } };
	static const struct {
		const char *what;
		u32 argsz, flags, count;
	} bad[] = {
		{ "argsz 0", 0, 0, 0 },
		{ "argsz 11", 11, 0, 0 },
		{ "flag 1", 12, 1, 0 },
		{ "flag 31", 12, 1u << 31, 0 },
		{ "one group", 16, 0, 1 },
		{ "eight groups", 44, 0, 8 },
		{ "no end of groups", 12, 0, ~0 },
		{ "overflow", 16, 0, 1u << 30 },
	};
	unsigned int i;
	int fd;

	OPEN(A);
	OPEN(B);
	fd = self->dev[A].fd;
	cmd.fds[0] = fd;
	mark(&self->dev[A]);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cmd.hdr.argsz = bad[i].argsz;
		cmd.hdr.flags = bad[i].flags;
		cmd.hdr.count = bad[i].count;
		EXPECT_RC_AT(bad[i].what, -EINVAL,
			     vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd));
	}
	EXPECT_RC(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, NULL));
	EXPECT_TRUE(marked(&self->dev[A]));
	/* What lies behind the smallest argument is not looked at. */
	cmd.hdr = (struct vfio_pci_hot_reset){ .argsz = sizeof(cmd) };
	EXPECT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd));
	EXPECT_FALSE(marked(&self->dev[A]));
}

TEST_F(hot_reset, not_open)
{
	OPEN(A);
	if (!variant->shared) {
		EXPECT_REFUSED(EINVAL);
		return;
	}
	mark(&self->dev[A]);
	EXPECT_RC(0, vfio_device_hot_reset(self->dev[A].fd));
	EXPECT_FALSE(marked(&self->dev[A]));
}

TEST_F(hot_reset, of_another)
{
	if (variant->shared)
		SKIP(return, "a group can't have two owners");
	OPEN(A);
	ASSERT_RC(0, open_dev(self, B, self->other));
	mark(&self->dev[B]);
	EXPECT_REFUSED(EINVAL);
	EXPECT_RC(-EINVAL, vfio_device_hot_reset(self->dev[B].fd));
	EXPECT_TRUE(marked(&self->dev[B]));
	/* It is a matter of iommufds, not of processes or files. */
	close_dev(self, B);
	OPEN(B);
	EXPECT_RC(0, vfio_device_hot_reset(self->dev[B].fd));
	EXPECT_FALSE(marked(&self->dev[A]));
}

TEST_F(hot_reset, without_driver)
{
	OPEN(A);
	ASSERT_RC(0, pci_dev_unbind(self->bdfs[B]));
	EXPECT_REFUSED(EINVAL);
}

TEST_F(hot_reset, of_the_host)
{
	if (variant->shared)
		SKIP(return, "a group can't be shared with the host");
	if (system("modprobe igb") ||
	    access("/sys/bus/pci/drivers/igb", F_OK))
		SKIP(return, "no igb driver");
	ASSERT_RC(0, pci_dev_bind(self->bdfs[B], "igb"));
	OPEN(A);
	CHECK_INFO(VFIO_PCI_DEVID_NOT_OWNED, false);
	EXPECT_REFUSED(EINVAL);
	EXPECT_RC(0, pci_dev_bind(self->bdfs[B], "vfio-pci"));
	EXPECT_EQ(0, system("rmmod igb"));
}

/* The group of B is being taken away while it is still open. */
static void *unbind_thread(void *arg)
{
	return (void *)(long)pci_dev_unbind(arg);
}

TEST_F_TIMEOUT(hot_reset, while_unbound, 120)
{
	pthread_t thread;
	int req, ret;
	void *rc;

	OPEN(A);
	OPEN(B);
	req = evfd_new();
	ASSERT_RC(0, vfio_irq_set_fds(self->dev[B].fd, VFIO_PCI_REQ_IRQ_INDEX,
				      0, 1, &req));
	ASSERT_EQ(0, pthread_create(&thread, NULL, unbind_thread,
				    self->bdfs[B]));
	EXPECT_EQ(1, evfd_wait(req, EVFD_TIMEOUT_MS));
	mark(&self->dev[A]);
	ret = vfio_device_hot_reset(self->dev[A].fd);
	EXPECT_TRUE(ret == -EAGAIN || ret == -EBUSY) TH_LOG("got %d", ret);
	EXPECT_TRUE(marked(&self->dev[A]));
	close_dev(self, B);
	pthread_join(thread, &rc);
	EXPECT_EQ(NULL, rc);
	EXPECT_REFUSED(EINVAL);
	close(req);
}

/* ---- what it does */

TEST_F(hot_reset, resets_all)
{
	u32 bar[NUM_FUNCTIONS];
	int i;

	OPEN(A);
	OPEN(B);
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		mark(&self->dev[i]);
		ASSERT_TRUE(marked(&self->dev[i]));
		bar[i] = vfio_cfg_read32(self->dev[i].fd, PCI_BASE_ADDRESS_0);
		vfio_cfg_write8(self->dev[i].fd, PCI_INTERRUPT_LINE, 0x5a);
	}
	ASSERT_RC(0, vfio_device_hot_reset(self->dev[B].fd));
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		int fd = self->dev[i].fd;
		u16 on = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

		EXPECT_FALSE(marked(&self->dev[i]));
		EXPECT_EQ(on, vfio_cfg_read16(fd, PCI_COMMAND) & on);
		EXPECT_EQ(bar[i], vfio_cfg_read32(fd, PCI_BASE_ADDRESS_0));
		EXPECT_EQ(0x5a, vfio_cfg_read8(fd, PCI_INTERRUPT_LINE));
		mark(&self->dev[i]);
		EXPECT_TRUE(marked(&self->dev[i]));
	}
}

/* A function that its user has put to sleep comes back as it was. */
TEST_F(hot_reset, from_d3)
{
	int fd, i;
	u8 pm;

	OPEN(A);
	OPEN(B);
	fd = self->dev[B].fd;
	pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);
	ASSERT_NE(0, pm);
	for (i = 0; i < 2; i++) {
		vfio_cfg_write16(fd, pm + PCI_PM_CTRL, PM_STATE_D3HOT);
		ASSERT_RC(0, vfio_device_hot_reset(self->dev[A].fd));
		EXPECT_EQ(PM_STATE_D0, vfio_cfg_read16(fd, pm + PCI_PM_CTRL) &
			  PCI_PM_CTRL_STATE_MASK);
		EXPECT_FALSE(marked(&self->dev[B]));
		mark(&self->dev[B]);
		EXPECT_TRUE(marked(&self->dev[B]));
	}
}

struct report {
	struct view_stats dev[NUM_DEVICES];
};

static void child_main(FIXTURE_DATA(hot_reset) *self, struct views *views,
		       int in, int out)
{
	struct report r;
	char cmd;
	int i;

	for (i = 0; i < NUM_DEVICES; i++)
		if (views_add(&views[i], self->dev[i].fd) <= 0)
			_exit(1);
	while (read(in, &cmd, 1) == 1) {
		for (i = 0; i < NUM_DEVICES; i++)
			r.dev[i] = views_touch(&views[i]);
		if (write(out, &r, sizeof(r)) != sizeof(r))
			_exit(1);
	}
	_exit(0);
}

/* Touch everything here and in the child; all of it must be readable. */
static void touch(struct __test_metadata *_metadata,
		  FIXTURE_DATA(hot_reset) *self, struct views *views,
		  const int pipes[2], struct report r[2])
{
	int i, p;

	for (i = 0; i < NUM_DEVICES; i++)
		r[0].dev[i] = views_touch(&views[i]);
	ASSERT_EQ(1, write(pipes[1], "T", 1));
	ASSERT_EQ(sizeof(r[1]), read(pipes[0], &r[1], sizeof(r[1])));
	for (p = 0; p < 2; p++) {
		for (i = 0; i < NUM_DEVICES; i++)
			EXPECT_EQ(r[p].dev[i].pages, r[p].dev[i].readable)
				TH_LOG("device %d, process %d", i, p);
	}
}

/*
 * Mappings of A and B are gone in every process, and come back; those of a
 * device that is not affected stay (ideas: one inode for each device).
 */
TEST_F_TIMEOUT(hot_reset, zaps_all, 180)
{
	struct report fill[2], r[2];
	struct views views[NUM_DEVICES] = {};
	int down[2], up[2], pipes[2], i, p, status;
	const char *witness = vfio_test_bdf("TESTDEV");
	pid_t child;

	if (!witness)
		SKIP(return, "no witness: VFIO_TESTDEV is not set");
	views_init();
	OPEN(A);
	OPEN(B);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev[WITNESS], witness,
					  self->iommu));
	self->open[WITNESS] = true;
	vfio_pci_device_enable(&self->dev[WITNESS]);
	for (i = 0; i < NUM_DEVICES; i++)
		ASSERT_GT(views_add(&views[i], self->dev[i].fd), 0);
	ASSERT_EQ(0, pipe2(down, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(up, O_CLOEXEC));
	child = fork();
	ASSERT_GE(child, 0);
	if (!child) {
		close(down[1]);
		child_main(self, views, down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	pipes[0] = up[0];
	pipes[1] = down[1];

	/* Nothing but device memory is to be faulted in below. */
	touch(_metadata, self, views, pipes, r);
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		vfio_cfg_command(self->dev[i].fd, PCI_COMMAND_MEMORY, 0);
		vfio_cfg_command(self->dev[i].fd, 0, PCI_COMMAND_MEMORY);
	}
	touch(_metadata, self, views, pipes, fill);
	touch(_metadata, self, views, pipes, r);
	for (p = 0; p < 2; p++) {
		for (i = 0; i < NUM_FUNCTIONS; i++) {
			EXPECT_GT(fill[p].dev[i].faults, 0);
			EXPECT_EQ(0, r[p].dev[i].faults);
		}
	}
	ASSERT_RC(0, vfio_device_hot_reset(self->dev[A].fd));
	touch(_metadata, self, views, pipes, r);
	for (p = 0; p < 2; p++) {
		for (i = 0; i < NUM_FUNCTIONS; i++)
			EXPECT_EQ(fill[p].dev[i].faults, r[p].dev[i].faults)
				TH_LOG("device %d, process %d", i, p);
		EXPECT_EQ(0, r[p].dev[WITNESS].faults)
			TH_LOG("device %s, process %d", witness, p);
	}
	close(pipes[1]);
	waitpid(child, &status, 0);
	EXPECT_EQ(0, status);
	close(pipes[0]);
	for (i = 0; i < NUM_DEVICES; i++)
		views_drop(&views[i]);
}

/* Memory that is off stays off, and a mapping of it too. */
TEST_F(hot_reset, while_off)
{
	u32 val;

	OPEN(A);
	OPEN(B);
	views_init();
	vfio_cfg_command(self->dev[B].fd, PCI_COMMAND_MEMORY, 0);
	ASSERT_RC(0, vfio_device_hot_reset(self->dev[A].fd));
	EXPECT_RC(-EFAULT, view_read(self->dev[B].bars[0].vaddr, &val));
	EXPECT_RC(0, view_read(self->dev[A].bars[0].vaddr, &val));
	vfio_cfg_command(self->dev[B].fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_RC(0, view_read(self->dev[B].bars[0].vaddr, &val));
}

/**
 * struct user - a thread that uses a function while it is reset
 * @dev: the function
 * @stop: told to end
 * @uses: rounds so far
 * @bad: a result that must not be, else 0
 */
struct user {
	struct vfio_pci_device *dev;
	bool stop;
	unsigned long uses;
	int bad;
};

static void *user_thread(void *arg)
{
	struct user *u = arg;
	u32 val;
	int ret;

	while (!__atomic_load_n(&u->stop, __ATOMIC_ACQUIRE)) {
		ret = vfio_region_read32(u->dev->fd, VFIO_PCI_BAR0_REGION_INDEX,
					 RCTL, &val);
		/* EIO: memory is off for a moment */
		if (ret && ret != -EIO)
			u->bad = ret;
		mmio_read32(u->dev->bars[0].vaddr, RCTL);
		vfio_cfg_command(u->dev->fd, 0, PCI_COMMAND_MASTER);
		__atomic_add_fetch(&u->uses, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

TEST_F_TIMEOUT(hot_reset, against_users, 180)
{
	struct user users[NUM_FUNCTIONS] = {};
	pthread_t threads[NUM_FUNCTIONS];
	int i, n, ret;

	for (i = 0; i < NUM_FUNCTIONS; i++) {
		OPEN(i);
		users[i].dev = &self->dev[i];
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, user_thread,
					    &users[i]));
		while (!__atomic_load_n(&users[i].uses, __ATOMIC_ACQUIRE))
			sched_yield();
	}
	for (n = 0; n < 4; n++) {
		/* EBUSY: one of them is being used just now */
		ret = vfio_device_hot_reset(self->dev[n % 2].fd);
		EXPECT_TRUE(ret == 0 || ret == -EBUSY || ret == -EAGAIN)
			TH_LOG("device %s: %d", self->bdfs[n % 2], ret);
	}
	for (i = 0; i < NUM_FUNCTIONS; i++) {
		__atomic_store_n(&users[i].stop, true, __ATOMIC_RELEASE);
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, users[i].bad)
			TH_LOG("device %s: %d", self->bdfs[i], users[i].bad);
	}
	EXPECT_RC(0, vfio_device_hot_reset(self->dev[A].fd));
}

/* ---- after the last user */

/* Take the resets of their own from both functions. */
#define NO_FUNCTION_RESET() do {					\
	ASSERT_RC(0, pci_dev_attr_write(self->bdfs[A], "reset_method", "\n")); \
	ASSERT_RC(0, pci_dev_attr_write(self->bdfs[B], "reset_method", "\n")); \
} while (0)

/* While one is open the other is left alone; after the last, both are reset. */
TEST_F(hot_reset, last_close)
{
	NO_FUNCTION_RESET();
	OPEN(A);
	EXPECT_FALSE(self->dev[A].info.flags & VFIO_DEVICE_FLAGS_RESET);
	OPEN(B);
	mark(&self->dev[A]);
	mark(&self->dev[B]);
	close_dev(self, A);
	EXPECT_TRUE(marked(&self->dev[B]));
	OPEN(A);
	EXPECT_TRUE(marked(&self->dev[A]));
	close_dev(self, A);
	close_dev(self, B);
	OPEN(A);
	OPEN(B);
	EXPECT_FALSE(marked(&self->dev[A]));
	EXPECT_FALSE(marked(&self->dev[B]));
}

/* Not as long as somebody else may use the other function. */
TEST_F(hot_reset, last_close_refused)
{
	NO_FUNCTION_RESET();
	ASSERT_RC(0, pci_dev_unbind(self->bdfs[B]));
	OPEN(A);
	mark(&self->dev[A]);
	close_dev(self, A);
	OPEN(A);
	EXPECT_TRUE(marked(&self->dev[A]));
	close_dev(self, A);
	/* When it is back the next close makes up for it. */
	ASSERT_RC(0, pci_dev_bind(self->bdfs[B], "vfio-pci"));
	OPEN(B);
	close_dev(self, B);
	OPEN(A);
	EXPECT_FALSE(marked(&self->dev[A]));
}

/* The last close, which an unbind waits for: it holds the device's lock. */
TEST_F_TIMEOUT(hot_reset, last_close_in_unbind, 120)
{
	pthread_t thread;
	void *rc;
	int req;

	NO_FUNCTION_RESET();
	OPEN(A);
	req = evfd_new();
	ASSERT_RC(0, vfio_irq_set_fds(self->dev[A].fd, VFIO_PCI_REQ_IRQ_INDEX,
				      0, 1, &req));
	mark(&self->dev[A]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, unbind_thread,
				    self->bdfs[A]));
	EXPECT_EQ(1, evfd_wait(req, EVFD_TIMEOUT_MS));
	close_dev(self, A);
	pthread_join(thread, &rc);
	EXPECT_EQ(NULL, rc);
	ASSERT_RC(0, pci_dev_bind(self->bdfs[A], "vfio-pci"));
	OPEN(A);
	EXPECT_FALSE(marked(&self->dev[A]));
	close(req);
}

/* ---- devices for which there is no such reset */

FIXTURE(no_hot_reset) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device dev;
};

FIXTURE_SETUP(no_hot_reset)
{
	REQUIRE_DEVICE(self->bdf, "EDU");
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->dev, self->bdf, self->iommu));
}

FIXTURE_TEARDOWN(no_hot_reset)
{
	if (!self->iommu)
		return;
	vfio_pci_device_close(&self->dev);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

TEST_F(no_hot_reset, root_bus)
{
	struct {
		struct vfio_pci_hot_reset hdr;
		s32 fd;
	} cmd = { .hdr = { .argsz = sizeof(cmd), .count = 1 } };
	struct reset_info r;
	int fd = self->dev.fd;

	memset(&r, 0x5a, sizeof(r));
	EXPECT_RC(-ENODEV, vfio_device_hot_reset_info(fd, &r.info,
						      MAX_AFFECTED));
	EXPECT_EQ(0x5a5a5a5a, r.info.count);
	EXPECT_RC(-ENODEV, vfio_device_hot_reset(fd));
	/* The argument is looked at before. */
	EXPECT_RC(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd));
	cmd.hdr.count = 0;
	cmd.hdr.flags = 1;
	EXPECT_RC(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &cmd));
}

TEST_HARNESS_MAIN
