// SPDX-License-Identifier: GPL-2.0-only
/*
 * The access gate of a character device file: threads hammer every operation
 * while another one binds. Each of them sees -EINVAL until the gate opens and
 * the full result ever after; nothing else, and never a step back.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <linux/iommufd.h>

#include "vfio_test.h"

#define CONFIG_POS	((u64)VFIO_PCI_CONFIG_REGION_INDEX << 40)

/**
 * struct target - what the hammering threads of one round share
 * @fd: the file
 * @ioas: an address space in the iommufd that it will be bound to
 * @ids: vendor and device id the configuration space must show
 * @map_bar: a BAR that can be mapped
 * @start: everybody begins at once
 */
struct target {
	int fd;
	u32 ioas;
	u32 ids;
	u32 map_bar;
	pthread_barrier_t start;
};

static int op_info(struct target *t)
{
	struct vfio_device_info info;
	int ret = vfio_device_info(t->fd, &info);

	if (ret)
		return ret;
	return info.num_regions == VFIO_PCI_NUM_REGIONS &&
	       info.num_irqs == VFIO_PCI_NUM_IRQS ? 0 : -EILSEQ;
}

static int op_region_info(struct target *t)
{
	struct vfio_region_info info;
	int ret = vfio_region_info(t->fd, VFIO_PCI_CONFIG_REGION_INDEX, &info);

	if (ret)
		return ret;
	return info.offset == CONFIG_POS && info.size >= 256 ? 0 : -EILSEQ;
}

static int op_irq_info(struct target *t)
{
	struct vfio_irq_info info;
	int ret = vfio_irq_info(t->fd, VFIO_PCI_REQ_IRQ_INDEX, &info);

	if (ret)
		return ret;
	return info.count == 1 ? 0 : -EILSEQ;
}

static int op_set_irqs(struct target *t)
{
	int none = -1;

	return vfio_irq_set_fds(t->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &none);
}

static int op_feature(struct target *t)
{
	/* An index that nobody has: -ENOTTY is the full result. */
	int ret = vfio_device_feature(t->fd, VFIO_DEVICE_FEATURE_GET | 0xffff,
				      NULL, 0);

	return ret == -ENOTTY ? 0 : ret;
}

static int op_unknown(struct target *t)
{
	int ret = vfio_ioctl(t->fd, _IO(VFIO_TYPE, 255), NULL);

	return ret == -ENOTTY ? 0 : ret;
}

static int op_attach(struct target *t)
{
	u32 pt = t->ioas;

	return vfio_cdev_attach(t->fd, &pt);
}

static int op_detach(struct target *t)
{
	return vfio_cdev_detach(t->fd);
}

static int op_read(struct target *t)
{
	ssize_t n;
	u32 ids;

	n = pread(t->fd, &ids, sizeof(ids), CONFIG_POS + PCI_VENDOR_ID);
	if (n < 0)
		return -errno;
	return n == sizeof(ids) && ids == t->ids ? 0 : -EILSEQ;
}

static int op_write(struct target *t)
{
	u8 line = 0x55;
	ssize_t n;

	n = pwrite(t->fd, &line, 1, CONFIG_POS + PCI_INTERRUPT_LINE);
	if (n < 0)
		return -errno;
	return n == 1 ? 0 : -EILSEQ;
}

static int op_mmap(struct target *t)
{
	void *p = mmap(NULL, getpagesize(), PROT_READ, MAP_SHARED, t->fd,
		       (u64)t->map_bar << 40);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, getpagesize());
	return 0;
}

static const struct op {
	const char *name;
	int (*fn)(struct target *t);
} ops[] = {
	{ "GET_INFO", op_info },
	{ "GET_REGION_INFO", op_region_info },
	{ "GET_IRQ_INFO", op_irq_info },
	{ "SET_IRQS", op_set_irqs },
	{ "FEATURE", op_feature },
	{ "unknown ioctl", op_unknown },
	{ "ATTACH", op_attach },
	{ "DETACH", op_detach },
	{ "pread", op_read },
	{ "pwrite", op_write },
	{ "mmap", op_mmap },
};

/**
 * struct hammer - a thread and what it saw
 * @thread: its id
 * @op: what it does over and over
 * @t: to whom
 * @refused: number of -EINVAL, all before the first success
 * @bad: a result that must not be, 0 if there was none
 */
struct hammer {
	pthread_t thread;
	const struct op *op;
	struct target *t;
	unsigned long refused;
	int bad;
};

/* How often each operation has to succeed once the gate is open. */
#define AFTER	10

static void *hammer(void *arg)
{
	struct hammer *h = arg;
	unsigned int good = 0;
	int ret;

	pthread_barrier_wait(&h->t->start);
	while (good < AFTER) {
		ret = h->op->fn(h->t);
		if (!ret) {
			good++;
		} else if (ret == -EINVAL && !good) {
			h->refused++;
		} else {
			h->bad = ret;
			break;
		}
	}
	return NULL;
}

FIXTURE(gate)
{
	const char *bdf;
	int iommufd;
	struct target t;
};

FIXTURE_VARIANT(gate)
{
	const char *kind;
	u32 map_bar;
	/* Devices without reset are quick to bind. */
	unsigned int rounds;
};

FIXTURE_VARIANT_ADD(gate, EDU) { .kind = "EDU", .map_bar = 0, .rounds = 60 };

FIXTURE_VARIANT_ADD(gate, IVSHMEM) {
	.kind = "IVSHMEM", .map_bar = 2, .rounds = 40,
};

FIXTURE_VARIANT_ADD(gate, NVME) { .kind = "NVME", .map_bar = 0, .rounds = 8 };

FIXTURE_VARIANT_ADD(gate, IGB) { .kind = "IGB", .map_bar = 0, .rounds = 5 };

FIXTURE_SETUP(gate)
{
	u64 vendor, device;

	self->iommufd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	ASSERT_EQ(0, pci_dev_attr(self->bdf, "vendor", &vendor));
	ASSERT_EQ(0, pci_dev_attr(self->bdf, "device", &device));
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->t.ids = vendor | device << 16;
	self->t.map_bar = variant->map_bar;
	ASSERT_EQ(0, iommufd_ioas_alloc(self->iommufd, &self->t.ioas));
}

FIXTURE_TEARDOWN(gate)
{
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

/* The gate between all operations and one binder. */
TEST_F_TIMEOUT(gate, hammer, 240)
{
	struct hammer h[ARRAY_SIZE(ops)];
	unsigned long refused = 0;
	unsigned int round, i;

	for (round = 0; round < vfio_test_rounds(variant->rounds); round++) {
		self->t.fd = vfio_cdev_open(self->bdf);
		ASSERT_LE(0, self->t.fd);
		pthread_barrier_init(&self->t.start, NULL, ARRAY_SIZE(ops) + 1);
		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			h[i] = (struct hammer){ .op = &ops[i], .t = &self->t };
			ASSERT_EQ(0, pthread_create(&h[i].thread, NULL, hammer,
						    &h[i]));
		}
		pthread_barrier_wait(&self->t.start);
		EXPECT_RC(0, vfio_cdev_bind(self->t.fd, self->iommufd, NULL));
		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			pthread_join(h[i].thread, NULL);
			EXPECT_EQ(0, h[i].bad)
				TH_LOG("%s: %s gave %s after %lu EINVAL, round %u",
				       self->bdf, h[i].op->name,
				       strerror(-h[i].bad), h[i].refused,
				       round);
			refused += h[i].refused;
		}
		pthread_barrier_destroy(&self->t.start);
		close(self->t.fd);
	}
	/* Had nobody come too early, this would have tested nothing. */
	EXPECT_LT(0, refused);
	TH_LOG("%s: %lu refusals in %u rounds", self->bdf, refused, round);
}

/**
 * struct binder - a thread that tries to bind once
 * @thread: its id
 * @start: everybody begins at once
 * @fd: what it binds
 * @iommufd: to what
 * @ret: with which result
 */
struct binder {
	pthread_t thread;
	pthread_barrier_t *start;
	int fd;
	int iommufd;
	int ret;
};

static void *bind_once(void *arg)
{
	struct binder *b = arg;

	pthread_barrier_wait(b->start);
	b->ret = vfio_cdev_bind(b->fd, b->iommufd, NULL);
	return NULL;
}

#define BINDERS	4

/*
 * Several threads bind the same file, or a file of their own each, at once:
 * one wins, all others are refused.
 */
static void race(struct __test_metadata *_metadata, const char *bdf,
		 int iommufd, bool same_file)
{
	struct binder b[BINDERS];
	pthread_barrier_t start;
	unsigned int i, won = 0;

	pthread_barrier_init(&start, NULL, BINDERS);
	for (i = 0; i < BINDERS; i++) {
		b[i].start = &start;
		b[i].iommufd = iommufd;
		b[i].fd = same_file && i ? b[0].fd : vfio_cdev_open(bdf);
		ASSERT_LE(0, b[i].fd) TH_LOG("%s", bdf);
	}
	for (i = 0; i < BINDERS; i++) {
		ASSERT_EQ(0, pthread_create(&b[i].thread, NULL, bind_once,
					    &b[i]));
	}
	for (i = 0; i < BINDERS; i++) {
		pthread_join(b[i].thread, NULL);
		won += !b[i].ret;
		EXPECT_TRUE(!b[i].ret || b[i].ret == -EINVAL)
			TH_LOG("%s: %s", bdf, strerror(-b[i].ret));
	}
	EXPECT_EQ(1, won) TH_LOG("%s", bdf);
	for (i = 0; i < BINDERS; i++)
		if (!same_file || !i)
			close(b[i].fd);
	pthread_barrier_destroy(&start);
}

TEST_F_TIMEOUT(gate, bind_race_same_file, 240)
{
	unsigned int round;

	for (round = 0; round < vfio_test_rounds(variant->rounds); round++)
		race(_metadata, self->bdf, self->iommufd, true);
}

TEST_F_TIMEOUT(gate, bind_race_two_files, 240)
{
	unsigned int round;

	for (round = 0; round < vfio_test_rounds(variant->rounds); round++)
		race(_metadata, self->bdf, self->iommufd, false);
}

TEST_HARNESS_MAIN
