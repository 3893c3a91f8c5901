/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of both examples that does not care how the device was opened: a driver
 * for QEMU's educational device. It copies a text into the device and out of it
 * again, each time told by an interrupt that the copy is complete.
 */
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

/* Where the device finds our memory: it has 28 address bits */
#define BUFFER_IOVA	0x100000
#define BUFFER_SIZE	0x1000

/* Registers in BAR 0, and the device's own memory as its DMA engine sees it */
#define EDU_IDENT	0x00
#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_ACK	0x64
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_MEMORY	0x40000

/* Commands: start, in which direction, and raise an interrupt at the end */
#define EDU_TO_DEVICE	(0x1 | 0x4)
#define EDU_TO_MEMORY	(0x1 | 0x2 | 0x4)

/* Memory for both of us. It must be whole pages, and stay where it is */
static char *buffer_new(void)
{
	char *buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		err(1, "memory");
	return buffer;
}

static void region_get(int device, uint32_t index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info) { .argsz = sizeof(*info), .index = index };
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info))
		err(1, "region %u", index);
}

/* Configuration space is a region that is read and written, never mapped */
static void allow_dma(int device)
{
	struct vfio_region_info config;
	uint16_t command;
	off_t at;

	region_get(device, VFIO_PCI_CONFIG_REGION_INDEX, &config);
	at = config.offset + PCI_COMMAND;
	if (pread(device, &command, sizeof(command), at) != sizeof(command))
		err(1, "reading the command register");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (pwrite(device, &command, sizeof(command), at) != sizeof(command))
		err(1, "writing the command register");
}

static volatile char *registers_map(int device)
{
	struct vfio_region_info bar;
	void *regs;

	region_get(device, VFIO_PCI_BAR0_REGION_INDEX, &bar);
	if (!(bar.flags & VFIO_REGION_INFO_FLAG_MMAP))
		errx(1, "BAR 0 cannot be mapped");
	regs = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, bar.offset);
	if (regs == MAP_FAILED)
		err(1, "BAR 0");
	return regs;
}

static uint32_t read32(volatile char *regs, unsigned int at)
{
	return *(volatile uint32_t *)(regs + at);
}

static void write32(volatile char *regs, unsigned int at, uint32_t value)
{
	*(volatile uint32_t *)(regs + at) = value;
}

/* From here on MSI vector 0 of the device adds one to the eventfd */
static int interrupt_new(int device)
{
	union {
		struct vfio_irq_set set;
		char room[sizeof(struct vfio_irq_set) + sizeof(int)];
	} arg = { .set = {
		.argsz = sizeof(arg),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSI_IRQ_INDEX,
		.start = 0,
		.count = 1,
	} };
	int event = eventfd(0, EFD_CLOEXEC);

	if (event < 0)
		err(1, "eventfd");
	memcpy(arg.set.data, &event, sizeof(event));
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, &arg.set))
		err(1, "MSI");
	return event;
}

static void copy(volatile char *regs, int event, uint32_t src, uint32_t dst, uint32_t command)
{
	struct pollfd wait = { .fd = event, .events = POLLIN };
	uint64_t count;

	write32(regs, EDU_DMA_SRC, src);
	write32(regs, EDU_DMA_DST, dst);
	write32(regs, EDU_DMA_COUNT, BUFFER_SIZE / 2);
	write32(regs, EDU_DMA_CMD, command);
	if (poll(&wait, 1, 30000) != 1)
		errx(1, "there was no interrupt");
	if (read(event, &count, sizeof(count)) != sizeof(count))
		err(1, "the interrupt's eventfd");
	write32(regs, EDU_IRQ_ACK, read32(regs, EDU_IRQ_STATUS));
}

/* @buffer is what the device finds at BUFFER_IOVA */
static void drive(int device, char *buffer)
{
	static const char text[] = "through the device and back";
	volatile char *regs = registers_map(device);
	int event = interrupt_new(device);

	allow_dma(device);
	printf("the device says it is %08x\n", read32(regs, EDU_IDENT));
	strcpy(buffer, text);
	copy(regs, event, BUFFER_IOVA, EDU_MEMORY, EDU_TO_DEVICE);
	copy(regs, event, EDU_MEMORY, BUFFER_IOVA + BUFFER_SIZE / 2, EDU_TO_MEMORY);
	if (strcmp(buffer + BUFFER_SIZE / 2, text))
		errx(1, "something else came back");
	printf("copied: %s\n", buffer + BUFFER_SIZE / 2);
}
