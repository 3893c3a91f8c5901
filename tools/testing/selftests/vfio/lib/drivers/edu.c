// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's educational device (QEMU manual, "EDU device"): one BAR of registers,
 * interrupts raised by a register write, and a DMA engine that moves up to a
 * page between memory and a buffer inside the device. It reports no errors.
 */
#include <errno.h>
#include <stdlib.h>

#include <libvfio/region.h>
#include <libvfio/edu.h>
#include "drivers.h"

struct edu_state {
	bool irq_ours;
};

static bool edu_probe(struct vfio_pci_device *device)
{
	if (device->vendor != EDU_VENDOR || device->device != EDU_DEVICE)
		return false;
	device->driver.irq_index = VFIO_PCI_MSI_IRQ_INDEX;
	return true;
}

static int edu_init(struct vfio_pci_device *device)
{
	void *regs = device->bars[0].vaddr;
	struct edu_state *edu;
	int ret;

	if (!regs)
		return -ENXIO;
	vfio_pci_device_enable(device);
	/* The identification ends in "edu": 0xRRrr00ed. */
	if ((mmio_read32(regs, EDU_IDENT) & 0xffff) != 0x00ed)
		return -ENODEV;
	edu = calloc(1, sizeof(*edu));
	if (!edu)
		return -ENOMEM;
	mmio_write32(regs, EDU_IRQ_ACK, mmio_read32(regs, EDU_IRQ_STATUS));
	ret = driver_irq_enable(device, 0, &edu->irq_ours);
	if (ret) {
		free(edu);
		return ret;
	}
	device->driver.state = edu;
	device->driver.max_copy = EDU_BUF_SIZE;
	device->driver.copy_unit = 1;
	return 0;
}

static bool edu_dma_idle(void *regs)
{
	return !(mmio_read32(regs, EDU_DMA_CMD) & EDU_DMA_RUN);
}

static void edu_remove(struct vfio_pci_device *device)
{
	struct edu_state *edu = device->driver.state;
	void *regs = device->bars[0].vaddr;

	/* There is no way to stop a transfer: let it end. */
	vfio_pci_device_enable(device);
	driver_wait(device, edu_dma_idle(regs));
	driver_irq_disable(device, edu->irq_ours);
	vfio_pci_device_disable(device);
	device->driver.state = NULL;
	free(edu);
}

static int edu_send_msi(struct vfio_pci_device *device)
{
	void *regs = device->bars[0].vaddr;

	mmio_write32(regs, EDU_IRQ_RAISE, 1);
	mmio_write32(regs, EDU_IRQ_ACK, 1);
	return 0;
}

static int edu_dma(struct vfio_pci_device *device, u64 src, u64 dst, u64 len,
		   u32 direction)
{
	void *regs = device->bars[0].vaddr;

	mmio_write64(regs, EDU_DMA_SRC, src);
	mmio_write64(regs, EDU_DMA_DST, dst);
	mmio_write64(regs, EDU_DMA_COUNT, len);
	mmio_write64(regs, EDU_DMA_CMD, EDU_DMA_RUN | direction);
	return driver_wait(device, edu_dma_idle(regs)) ? 0 : -ETIMEDOUT;
}

static int edu_copy(struct vfio_pci_device *device, u64 dst, u64 src, u64 len)
{
	int ret;

	if (!len || len > EDU_BUF_SIZE || (src | dst) & 3)
		return -EINVAL;
	if (src + len > EDU_DMA_LIMIT || dst + len > EDU_DMA_LIMIT)
		return -EINVAL;
	ret = edu_dma(device, src, EDU_BUF, len, EDU_DMA_TO_DEVICE);
	return ret ?: edu_dma(device, EDU_BUF, dst, len, EDU_DMA_TO_MEMORY);
}

const struct vfio_pci_driver_ops vfio_edu_ops = {
	.name = "edu",
	.probe = edu_probe,
	.init = edu_init,
	.remove = edu_remove,
	.send_msi = edu_send_msi,
	.copy = edu_copy,
};
