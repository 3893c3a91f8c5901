// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens when memory runs out: each step from opening a device to
 * using its interrupts is made with its first, second, third... allocation (or
 * copy from and to the user) failing, until none is left to fail. The step is
 * then made again, without that, and must work: nothing was left half done.
 *
 * Nothing may be leaked either, which a kernel with KASAN and kmemleak shows.
 *
 * Needs FAULT_INJECTION, FAILSLAB and their debugfs directory.
 */
#include <stdbool.h>

#include "vfio_test.h"
#include "fail_nth.h"

/**
 * struct nth_ctx - What the steps work on
 * @bdf: the device
 * @nth_fd: /proc/self/fail-nth
 * @iommufd: /dev/iommu
 * @fd: file of the device, or -1
 * @ioas: to attach to
 * @evfd: for interrupts
 * @dmabuf: a page of the first BAR
 */
struct nth_ctx {
	const char *bdf;
	int nth_fd;
	int iommufd;
	int fd;
	u32 ioas;
	int evfd;
	int dmabuf;
};

FIXTURE(fail_nth)
{
	const char *bdf;
	struct nth_ctx c;
};

/*
 * What is left out, as others in the kernel don't survive it (seen on 7.3.4):
 *
 * Binding a device with an interrupt pin makes ACPI look up its line, and the
 * interpreter uses memory after freeing it when its own allocations fail
 * (acpi_ns_get_attached_object()). So that step fails without a pin only.
 *
 * MSI-X vectors whose files in /proc/irq could not be made are warned about
 * when they are freed (unregister_irq_proc()).
 */
FIXTURE_VARIANT(fail_nth)
{
	const char *kind;
	bool has_pin;
};

FIXTURE_VARIANT_ADD(fail_nth, TESTDEV) { .kind = "TESTDEV" };

FIXTURE_VARIANT_ADD(fail_nth, NVME) { .kind = "NVME", .has_pin = true };

FIXTURE_SETUP(fail_nth)
{
	self->c.nth_fd = -1;
	self->c.fd = -1;
	REQUIRE_DEVICE(self->bdf, variant->kind);
	self->c.bdf = self->bdf;
	self->c.nth_fd = open_nth();
	if (self->c.nth_fd < 0)
		SKIP(return, "no fault injection in this kernel");

	self->c.iommufd = iommufd_open();
	ASSERT_GE(self->c.iommufd, 0);
	ASSERT_RC(0, iommufd_ioas_alloc(self->c.iommufd, &self->c.ioas));
	self->c.evfd = evfd_new();
	ASSERT_GE(self->c.evfd, 0);
}

FIXTURE_TEARDOWN(fail_nth)
{
	if (self->c.nth_fd >= 0) {
		set_nth(self->c.nth_fd, 0);
		close(self->c.nth_fd);
		if (self->c.fd >= 0)
			close(self->c.fd);
		close(self->c.evfd);
		close(self->c.iommufd);
	}
	EXPECT_DEVICE_OPENS();
}

/* The steps, in their order; each returns 0 or -errno */
static int step_open(struct nth_ctx *c)
{
	c->fd = vfio_cdev_open(c->bdf);
	return c->fd < 0 ? c->fd : 0;
}

static void undo_open(struct nth_ctx *c)
{
	close(c->fd);
	c->fd = -1;
}

static int step_bind(struct nth_ctx *c)
{
	u32 devid;

	return vfio_cdev_bind(c->fd, c->iommufd, &devid);
}

/* A file is bound until it is closed */
static void undo_bind(struct nth_ctx *c)
{
	undo_open(c);
	step_open(c);
}

static int step_attach(struct nth_ctx *c)
{
	u32 pt_id = c->ioas;

	return vfio_cdev_attach(c->fd, &pt_id);
}

static void undo_attach(struct nth_ctx *c)
{
	vfio_cdev_detach(c->fd);
}

static int step_region_info(struct nth_ctx *c)
{
	struct vfio_region_info *info;
	int ret = vfio_region_info_caps(c->fd, VFIO_PCI_BAR0_REGION_INDEX, &info);

	if (!ret)
		free(info);
	return ret;
}

static int step_request_irq(struct nth_ctx *c)
{
	return vfio_irq_set_fds(c->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &c->evfd);
}

/* CVE-2026-31468: an error after the export freed twice */
static int step_dmabuf(struct nth_ctx *c)
{
	c->dmabuf = vfio_region_dmabuf(c->fd, VFIO_PCI_BAR0_REGION_INDEX, 0, 4096);
	return c->dmabuf < 0 ? c->dmabuf : 0;
}

static void undo_dmabuf(struct nth_ctx *c)
{
	close(c->dmabuf);
}

static void memory_on(struct nth_ctx *c)
{
	vfio_cfg_command(c->fd, 0, PCI_COMMAND_MEMORY);
}

static void undo_map_dmabuf(struct nth_ctx *c)
{
	iommufd_unmap(c->iommufd, c->ioas, 0x10000000, 4096, NULL);
}

static int step_map_dmabuf(struct nth_ctx *c)
{
	int ret = iommufd_map_file(c->iommufd, c->ioas, c->dmabuf, 0, 4096, 0x10000000,
				   DMA_PROT_RW);

	/* iommufd keeps a mapping that it could only not tell about */
	if (ret)
		undo_map_dmabuf(c);
	return ret;
}

static const struct {
	const char *name;
	int (*make)(struct nth_ctx *c);
	void (*undo)(struct nth_ctx *c);
	bool not_with_pin;
	void (*before)(struct nth_ctx *c);	/* nothing fails there */
} steps[] = {
	{ "open", step_open, undo_open },
	{ "bind", step_bind, undo_bind, .not_with_pin = true },
	{ "attach", step_attach, undo_attach },
	{ "region info", step_region_info, NULL },
	{ "request interrupt", step_request_irq, NULL },
	{ "dma-buf", step_dmabuf, undo_dmabuf },
	{ "map dma-buf", step_map_dmabuf, undo_map_dmabuf, .before = memory_on },
};

/* Make a step until it no longer meets a failure; how often did it fail? */
static int step_until_done(struct nth_ctx *c, unsigned int i, unsigned int *failures)
{
	unsigned int nth;
	bool injected;
	int ret;

	*failures = 0;
	for (nth = 1; nth < MAX_NTH; nth++) {
		set_nth(c->nth_fd, nth);
		ret = steps[i].make(c);
		injected = was_injected(c->nth_fd);
		set_nth(c->nth_fd, 0);

		if (!injected)
			return ret;
		*failures += ret < 0;
		if (!ret && steps[i].undo)
			steps[i].undo(c);
	}
	return -ELOOP;
}

TEST_F_TIMEOUT(fail_nth, every_step, 600)
{
	unsigned int i, failures;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i].before)
			steps[i].before(&self->c);
		if (steps[i].not_with_pin && variant->has_pin) {
			ASSERT_RC(0, steps[i].make(&self->c));
			continue;
		}
		ASSERT_RC(0, step_until_done(&self->c, i, &failures));
		EXPECT_GT(failures, 0)
			TH_LOG("%s: nothing made %s fail", self->bdf, steps[i].name);
		TH_LOG("%s: %s failed %u times and then worked", self->bdf, steps[i].name,
		       failures);
	}
}

TEST_HARNESS_MAIN
