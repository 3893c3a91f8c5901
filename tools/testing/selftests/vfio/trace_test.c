// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints of vfio-pci-core, seen through a tracefs instance of our own:
 * they are there, silent while they are off, and say what happened.
 */
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <libvfio/edu.h>

#include "vfio_test.h"
#include "bar_views.h"
#include "trace.h"

FIXTURE(trace) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	char dir[64];
	char text[65536];
	bool open;
};

FIXTURE_SETUP(trace)
{
	REQUIRE_DEVICE(self->bdf, "EDU");
	if (access(TRACEFS "/instances", F_OK))
		SKIP(return, "no tracefs at " TRACEFS);
	views_init();
	snprintf(self->dir, sizeof(self->dir), TRACEFS "/instances/vfio%d",
		 getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0700));
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->device);
}

FIXTURE_TEARDOWN(trace)
{
	if (!self->open)
		return;
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	rmdir(self->dir);
	EXPECT_DEVICE_OK();
}

/* Is there a line of this event about our device that holds this text? */
static bool has_line(const char *text, const char *event, const char *bdf,
		     const char *what)
{
	char head[96];
	const char *at, *hit;

	snprintf(head, sizeof(head), "%s: %s", event, bdf);
	for (at = text; (at = strstr(at, head)); at += strlen(head)) {
		hit = strstr(at, what);
		if (hit && hit < at + strcspn(at, "\n"))
			return true;
	}
	return false;
}

#define HAS_LINE(event, what) has_line(self->text, event, self->bdf, what)
#define EXPECT_LINE(event, what)					\
	EXPECT_TRUE(HAS_LINE(event, what))				\
		TH_LOG("no %s with %s in: %.400s", event, what, self->text)

#define ON(event, on)							\
	ASSERT_RC(0, instance_write(self->dir,				\
				    "events/vfio_pci/" event "/enable", on))
#define COLLECT()							\
	ASSERT_RC(0, instance_read(self->dir, self->text, sizeof(self->text)))

TEST_F(trace, silent_when_off)
{
	u32 val;

	EXPECT_RC(0, view_read(self->device.bars[0].vaddr, &val));
	vfio_pci_device_disable(&self->device);
	vfio_pci_device_enable(&self->device);
	COLLECT();
	EXPECT_EQ(NULL, strstr(self->text, "vfio_pci"));
}

TEST_F(trace, mapping)
{
	u32 val;

	ON("vfio_pci_bar_fault", "1");
	ON("vfio_pci_zap", "1");
	EXPECT_RC(0, view_read(self->device.bars[0].vaddr + 4096, &val));
	COLLECT();
	EXPECT_LINE("vfio_pci_bar_fault", "bar=0 offset=0x1000 ");
	EXPECT_LINE("vfio_pci_bar_fault", "order=0 result=NOPAGE");
	EXPECT_FALSE(HAS_LINE("vfio_pci_zap", self->bdf));

	vfio_cfg_command(self->device.fd, PCI_COMMAND_MEMORY, 0);
	EXPECT_RC(-EFAULT, view_read(self->device.bars[0].vaddr, &val));
	COLLECT();
	EXPECT_LINE("vfio_pci_zap", self->bdf);
	EXPECT_LINE("vfio_pci_bar_fault", "result=SIGBUS");
	vfio_cfg_command(self->device.fd, 0, PCI_COMMAND_MEMORY);
}

TEST_F(trace, irqs)
{
	int evfd = evfd_new();

	ASSERT_GE(evfd, 0);
	ON("vfio_pci_set_irqs", "1");
	ASSERT_RC(0, vfio_irq_set_fds(self->device.fd, VFIO_PCI_MSI_IRQ_INDEX,
				      0, 1, &evfd));
	COLLECT();
	EXPECT_LINE("vfio_pci_set_irqs", "index=1 flags=EVENTFD|TRIGGER");
	EXPECT_LINE("vfio_pci_set_irqs", "start=0 count=1 result=0");
	/* What is refused is seen, too. */
	EXPECT_RC(-EINVAL, vfio_irq_trigger(self->device.fd,
					    VFIO_PCI_INTX_IRQ_INDEX, 0, 1));
	COLLECT();
	EXPECT_LINE("vfio_pci_set_irqs", "index=0");
	EXPECT_LINE("vfio_pci_set_irqs", "result=-22");
	ASSERT_RC(0, vfio_irq_disable(self->device.fd,
				      VFIO_PCI_MSI_IRQ_INDEX));
	close(evfd);
}

TEST_F(trace, ioeventfd)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = EDU_LIVENESS,
		.data = 0xabcd,
	};
	int fd = self->device.fd;
	u64 one = 1;

	arg.fd = evfd_new();
	ASSERT_GE(arg.fd, 0);
	ON("vfio_pci_ioeventfd", "1");
	ASSERT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg));
	ASSERT_EQ(sizeof(one), write(arg.fd, &one, sizeof(one)));
	vfio_cfg_command(fd, PCI_COMMAND_MEMORY, 0);
	close(arg.fd);
	/* Removing waits for a write under way. */
	arg.fd = -1;
	ASSERT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg));
	COLLECT();
	EXPECT_LINE("vfio_pci_ioeventfd",
		    "bar=0 offset=0x4 width=4 data=0xabcd written=");

	arg.fd = evfd_new();
	ASSERT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg));
	ASSERT_EQ(sizeof(one), write(arg.fd, &one, sizeof(one)));
	close(arg.fd);
	arg.fd = -1;
	ASSERT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg));
	COLLECT();
	EXPECT_LINE("vfio_pci_ioeventfd", "written=0");
	vfio_cfg_command(fd, 0, PCI_COMMAND_MEMORY);
}

/* edu has no reset: the attempt at every open is seen to fail. */
TEST_F(trace, reset)
{
	ON("vfio_pci_reset", "1");
	vfio_pci_device_close(&self->device);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	COLLECT();
	EXPECT_LINE("vfio_pci_reset", "result=-");
}

TEST_HARNESS_MAIN
