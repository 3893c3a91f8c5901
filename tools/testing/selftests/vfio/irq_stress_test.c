// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt configuration, configuration space, the device, resets, unmasking
 * eventfds and signals by software, all at once, on one device: the races of
 * CVE-2024-26810, CVE-2024-26812, CVE-2024-27437 and CVE-2026-46036. No step
 * has a result that is checked, except that it is one of those that exist;
 * the kernel's own checkers are the judges (KASAN, lockdep, a hung task), and
 * afterwards an interrupt of each type still has to arrive.
 */
#include <pthread.h>
#include <sys/eventfd.h>

#include "vfio_test.h"
#include "irq_devices.h"

#define STEPS		400	/* of each thread and round */
#define ROUNDS		4
#define NUM_EVFDS	8

struct stress {
	const struct irq_device *dev;
	int fd;
	void *regs;
	u32 count[VFIO_PCI_NUM_IRQS];
	int evfds[NUM_EVFDS];
	int unmask;
	unsigned int seed;
	int bad;	/* an errno that no step may return */
	int stop;
};

FIXTURE(irq_stress) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct stress s;
};

FIXTURE_VARIANT(irq_stress) {
	const struct irq_device *dev;
};

FIXTURE_VARIANT_ADD(irq_stress, edu) { .dev = &irq_edu };
FIXTURE_VARIANT_ADD(irq_stress, e1000e) { .dev = &irq_e1000e };
FIXTURE_VARIANT_ADD(irq_stress, igb) { .dev = &irq_igb };

static int open_device(FIXTURE_DATA(irq_stress) *self)
{
	struct vfio_irq_info info;
	u32 i;
	int ret;

	ret = vfio_pci_device_open(&self->device, self->bdf, self->iommu);
	if (ret)
		return ret;
	self->s.fd = self->device.fd;
	self->s.regs = self->device.bars[0].vaddr;
	vfio_pci_device_enable(&self->device);
	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		ret = vfio_irq_info(self->s.fd, i, &info);
		if (ret)
			return ret;
		self->s.count[i] = info.count;
	}
	return self->s.regs ? 0 : -ENXIO;
}

FIXTURE_SETUP(irq_stress)
{
	int i;

	REQUIRE_DEVICE(self->bdf, variant->dev->kind);
	self->s.dev = variant->dev;
	self->s.seed = vfio_test_seed();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, open_device(self));
	for (i = 0; i < NUM_EVFDS; i++) {
		self->s.evfds[i] = evfd_new();
		ASSERT_GE(self->s.evfds[i], 0);
	}
	self->s.unmask = evfd_new();
}

FIXTURE_TEARDOWN(irq_stress)
{
	int i;

	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	for (i = 0; i < NUM_EVFDS; i++)
		close(self->s.evfds[i]);
	close(self->s.unmask);
	EXPECT_DEVICE_OK();
}

static u32 pick(unsigned int *seed, u32 n)
{
	return (u32)rand_r(seed) % n;
}

static void judge(struct stress *s, int ret)
{
	switch (ret) {
	case 0:
	case -EINVAL:	/* not enabled, or another type is */
	case -EBUSY:	/* an unmasking eventfd is bound already */
	case -ENOTTY:	/* masking MSI */
	case -EAGAIN:	/* a reset, while another goes on */
		return;
	}
	__atomic_store_n(&s->bad, ret, __ATOMIC_RELAXED);
}

static void random_enable(struct stress *s, u32 index, unsigned int *seed)
{
	u32 max = s->count[index] < NUM_EVFDS ? s->count[index] : NUM_EVFDS;
	int fds[NUM_EVFDS];
	u32 start, n, i;

	if (!max)
		return;
	start = pick(seed, max);
	n = 1 + pick(seed, max - start);
	for (i = 0; i < n; i++)
		fds[i] = pick(seed, 4) ? s->evfds[pick(seed, NUM_EVFDS)] : -1;
	judge(s, vfio_irq_set_fds(s->fd, index, start, n, fds));
}

/* Set, exchange or clear what the host tells the user by. */
static void configure_notice(struct stress *s, u32 index, unsigned int *seed)
{
	int evfd = pick(seed, 4) ? s->evfds[pick(seed, NUM_EVFDS)] : -1;

	judge(s, vfio_irq_set_fds(s->fd, index, 0, 1, &evfd));
}

/* Two of these run at once. */
static void configure(struct stress *s, unsigned int *seed)
{
	u32 index = pick(seed, VFIO_PCI_NUM_IRQS);

	if (index > VFIO_PCI_MSIX_IRQ_INDEX) {
		configure_notice(s, index, seed);
		return;
	}
	if (!s->count[index])
		return;
	switch (pick(seed, 6)) {
	case 0:
	case 1:
		random_enable(s, index, seed);
		break;
	case 2:
		judge(s, vfio_irq_disable(s->fd, index));
		break;
	case 3:
		judge(s, vfio_irq_mask(s->fd, index, 0, 1));
		break;
	case 4:
		judge(s, vfio_irq_unmask(s->fd, index, 0, 1));
		break;
	case 5:
		judge(s, vfio_irq_unmask_fd(s->fd, VFIO_PCI_INTX_IRQ_INDEX,
					    pick(seed, 2) ? s->unmask : -1));
		break;
	}
}

static void trigger(struct stress *s, unsigned int *seed)
{
	u32 index = pick(seed, VFIO_PCI_NUM_IRQS);

	if (s->count[index])
		judge(s, vfio_irq_trigger(s->fd, index, 0,
					  1 + pick(seed, s->count[index])));
	eventfd_write(s->unmask, 1);
}

static void mask_by_config(struct stress *s, unsigned int *seed)
{
	u16 bit = PCI_COMMAND_INTX_DISABLE;

	if (pick(seed, 2))
		vfio_cfg_command(s->fd, bit, 0);
	else
		vfio_cfg_command(s->fd, 0, bit);
}

static void fire(struct stress *s, unsigned int *seed)
{
	const struct irq_device *dev = s->dev;

	if (dev->intx_assert) {
		dev->intx_assert(s->regs);
		if (pick(seed, 2))
			dev->intx_deassert(s->regs);
	}
	if (dev->msix)
		dev->msix(s->regs, pick(seed, NUM_EVFDS));
	if (dev->msi)
		dev->msi(s->regs);
}

/* Saves and restores the registers that all of this is about. */
static void reset(struct stress *s, unsigned int *seed)
{
	if (!pick(seed, 20))
		judge(s, vfio_device_reset(s->fd));
	else
		vfio_cfg_read16(s->fd, PCI_COMMAND);
}

typedef void (*step_fn)(struct stress *s, unsigned int *seed);

static const step_fn steps[] = {
	configure, configure, trigger, mask_by_config, fire, reset,
};

struct worker {
	struct stress *s;
	step_fn fn;
	unsigned int seed;
};

static void *worker_thread(void *arg)
{
	unsigned int i, n = vfio_test_rounds(STEPS);
	struct worker *w = arg;

	for (i = 0; i < n; i++)
		w->fn(w->s, &w->seed);
	return NULL;
}

/* Goes on while the device is closed, when its binding is torn down. */
static void *unmasker_thread(void *arg)
{
	struct stress *s = arg;

	while (!__atomic_load_n(&s->stop, __ATOMIC_ACQUIRE)) {
		eventfd_write(s->unmask, 1);
		evfd_read(s->unmask);
	}
	return NULL;
}

/* Everything off, then one interrupt of each type that there is. */
static void check_works(struct __test_metadata *_metadata,
			FIXTURE_DATA(irq_stress) *self)
{
	struct stress *s = &self->s;
	int evfd = evfd_new();
	u32 i;

	for (i = 0; i <= VFIO_PCI_MSIX_IRQ_INDEX; i++)
		vfio_irq_disable(s->fd, i);
	vfio_pci_device_enable(&self->device);
	if (s->dev->intx_deassert)
		s->dev->intx_deassert(s->regs);
	vfio_cfg_command(s->fd, PCI_COMMAND_INTX_DISABLE, 0);
	for (i = 0; i <= VFIO_PCI_MSIX_IRQ_INDEX; i++) {
		if (!s->count[i])
			continue;
		ASSERT_RC(0, vfio_irq_set_fds(s->fd, i, 0, 1, &evfd));
		/* What the device had raised before may still come. */
		evfd_wait(evfd, QUIET_MS);
		if (i == VFIO_PCI_INTX_IRQ_INDEX)
			vfio_irq_unmask(s->fd, i, 0, 1);
		if (i == VFIO_PCI_INTX_IRQ_INDEX && s->dev->intx_assert)
			s->dev->intx_assert(s->regs);
		else
			EXPECT_RC(0, vfio_irq_trigger(s->fd, i, 0, 1));
		EXPECT_LE(1, evfd_wait(evfd, EVFD_TIMEOUT_MS))
			TH_LOG("device %s, type %u, seed %u", self->bdf, i,
			       s->seed);
		if (s->dev->intx_deassert)
			s->dev->intx_deassert(s->regs);
		EXPECT_RC(0, vfio_irq_disable(s->fd, i));
	}
	close(evfd);
}

TEST_F_TIMEOUT(irq_stress, reconfigure, 300)
{
	struct stress *s = &self->s;
	struct worker w[ARRAY_SIZE(steps)];
	pthread_t threads[ARRAY_SIZE(steps)], unmasker;
	unsigned int i;
	int round;

	ASSERT_EQ(0, pthread_create(&unmasker, NULL, unmasker_thread, s));
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < ARRAY_SIZE(steps); i++) {
			w[i].s = s;
			w[i].fn = steps[i];
			w[i].seed = s->seed + round * ARRAY_SIZE(steps) + i;
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    worker_thread, &w[i]));
		}
		for (i = 0; i < ARRAY_SIZE(steps); i++)
			pthread_join(threads[i], NULL);
		EXPECT_EQ(0, s->bad)
			TH_LOG("device %s, round %d, seed %u: %s", self->bdf,
			       round, s->seed, strerror(-s->bad));
		/* Closed with whatever is enabled now. */
		vfio_pci_device_close(&self->device);
		ASSERT_RC(0, open_device(self));
		check_works(_metadata, self);
	}
	__atomic_store_n(&s->stop, 1, __ATOMIC_RELEASE);
	pthread_join(unmasker, NULL);
}

/*
 * Closing in the middle: the last reference goes while other threads are
 * still inside SET_IRQS, through descriptors of their own.
 */
struct closer {
	struct stress s;
	unsigned int seed;
};

static void *closer_thread(void *arg)
{
	struct closer *c = arg;
	int i, n = pick(&c->seed, 30);

	for (i = 0; i < n; i++)
		configure(&c->s, &c->seed);
	close(c->s.fd);
	return NULL;
}

TEST_F_TIMEOUT(irq_stress, close, 300)
{
	struct closer c[3];
	pthread_t threads[3], unmasker;
	unsigned int i;
	int round;

	ASSERT_EQ(0, pthread_create(&unmasker, NULL, unmasker_thread,
				    &self->s));
	for (round = 0; round < 10; round++) {
		for (i = 0; i < 3; i++) {
			c[i].s = self->s;
			c[i].s.fd = dup(self->s.fd);
			c[i].seed = self->s.seed + round * 3 + i;
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    closer_thread, &c[i]));
		}
		vfio_pci_device_close(&self->device);
		for (i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		ASSERT_RC(0, open_device(self));
	}
	__atomic_store_n(&self->s.stop, 1, __ATOMIC_RELEASE);
	pthread_join(unmasker, NULL);
	check_works(_metadata, self);
}

TEST_HARNESS_MAIN
