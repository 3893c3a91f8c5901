// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel 82576 gigabit controller (its data sheet, chapters 7 and 8): copies
 * by sending a frame to itself, raises interrupts by software (EICS).
 *
 * A frame is a first kilobyte of our own (header and filler) followed by the
 * data. Transmission gathers both; reception scatters into 1 KiB buffers, so
 * the filler, or a stray frame from the wire, goes to a bounce buffer, and
 * exactly the data reaches its destination. The device doesn't report DMA
 * that the IOMMU blocked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libvfio/irq.h>
#include <libvfio/region.h>
#include "drivers.h"

#define IGB_CTRL		0x0000
#define  CTRL_FULL_DUPLEX	(1u << 0)
#define  CTRL_LINK_UP		(1u << 6)
#define  CTRL_RESET		(1u << 26)
#define IGB_STATUS		0x0008
#define  STATUS_LINK_UP		(1u << 1)
#define IGB_MDIC		0x0020
#define  MDIC_PHY_1		(1u << 21)
#define  MDIC_WRITE		(1u << 26)
#define  MDIC_READY		(1u << 28)
#define IGB_RCTL		0x0100
#define  RCTL_ENABLE		(1u << 1)
#define  RCTL_ALL_UNICAST	(1u << 3)
#define  RCTL_ALL_MULTICAST	(1u << 4)
#define  RCTL_LONG_PACKETS	(1u << 5)
#define  RCTL_LOOPBACK_MAC	(1u << 6)
#define  RCTL_BROADCAST		(1u << 15)
#define  RCTL_STRIP_CRC		(1u << 26)
#define IGB_TCTL		0x0400
#define  TCTL_ENABLE		(1u << 1)
#define  TCTL_PAD_SHORT		(1u << 3)
#define IGB_GPIE		0x1514
#define  GPIE_MULTIPLE_MSIX	(1u << 4)
#define  GPIE_EIAME		(1u << 30)
#define  GPIE_PBA		(1u << 31)
#define IGB_IMC			0x150c
#define IGB_EICS		0x1520
#define IGB_EIMS		0x1524
#define IGB_EIMC		0x1528
#define IGB_EIAC		0x152c
#define IGB_EICR		0x1580
#define IGB_RLPML		0x5004
#define IGB_RDBAL		0xc000
#define IGB_RDBAH		0xc004
#define IGB_RDLEN		0xc008
#define IGB_SRRCTL		0xc00c
#define  SRRCTL_ADVANCED	(1u << 25)	/* one buffer per descriptor */
#define  SRRCTL_BUFFER_KB(n)	((u32)(n))
#define IGB_RDH			0xc010
#define IGB_RDT			0xc018
#define IGB_RXDCTL		0xc028
#define IGB_TDBAL		0xe000
#define IGB_TDBAH		0xe004
#define IGB_TDLEN		0xe008
#define IGB_TDH			0xe010
#define IGB_TDT			0xe018
#define IGB_TXDCTL		0xe028
#define  QUEUE_ENABLE		(1u << 25)

/* Advanced transmit data descriptor */
#define TXD_DATA		(3u << 20)
#define TXD_END			(1u << 24)
#define TXD_CRC			(1u << 25)
#define TXD_REPORT		(1u << 27)
#define TXD_EXTENDED		(1u << 29)
#define TXD_PAYLEN(n)		((u32)(n) << 14)
/* Both kinds, when written back */
#define DESC_DONE		(1u << 0)
#define RXD_END			(1u << 1)

#define RING_LEN		64u		/* descriptors */
#define PAGE			4096u
#define BUF			1024u
#define CHUNK			4096u		/* data bytes of one frame */
#define COPY_MAX		(64u << 10)
#define IGB_MSI			3
/* IEEE 802: for local experiments */
#define ETHERTYPE_EXPERIMENT	0x88b5

union igb_desc {
	struct {
		u64 addr;
		u64 header;
	} rx;
	struct {
		u64 addr;
		u32 cmd_len;
		u32 options;
	} tx;
	struct {
		u32 info[2];
		u32 status;
		u16 len;
		u16 vlan;
	} rx_done;
};

/* What lies in driver.region. */
struct igb_mem {
	union igb_desc rx[RING_LEN];
	union igb_desc tx[RING_LEN];
	u8 header[BUF];
	u8 bounce[BUF];
};

struct igb_state {
	unsigned int rx_next;
	unsigned int tx_next;
	bool irq_ours;
};

static bool igb_probe(struct vfio_pci_device *device)
{
	if (device->vendor != 0x8086 || device->device != 0x10c9)
		return false;
	device->driver.irq_index = VFIO_PCI_MSIX_IRQ_INDEX;
	return true;
}

static u64 mem_iova(struct vfio_pci_device *device, size_t off)
{
	return device->driver.region.iova + off;
}

static void quiesce(void *regs)
{
	mmio_write32(regs, IGB_EIMC, ~0u);
	mmio_write32(regs, IGB_IMC, ~0u);
	mmio_write32(regs, IGB_RCTL, 0);
	mmio_write32(regs, IGB_TCTL, 0);
}

static int reset(struct vfio_pci_device *device)
{
	void *regs = device->bars[0].vaddr;

	quiesce(regs);
	mmio_write32(regs, IGB_CTRL,
		     mmio_read32(regs, IGB_CTRL) | CTRL_RESET);
	if (!driver_wait(device, !(mmio_read32(regs, IGB_CTRL) & CTRL_RESET)))
		return -ETIMEDOUT;
	quiesce(regs);
	return 0;
}

/* Loop back inside the MAC, at a gigabit, whatever is on the wire. */
static int link_up(struct vfio_pci_device *device)
{
	void *regs = device->bars[0].vaddr;

	mmio_write32(regs, IGB_CTRL, mmio_read32(regs, IGB_CTRL) |
		     CTRL_LINK_UP | CTRL_FULL_DUPLEX);
	/* PHY control: restart auto-negotiation. */
	mmio_write32(regs, IGB_MDIC, MDIC_PHY_1 | MDIC_WRITE | 0x1340);
	if (!driver_wait(device, mmio_read32(regs, IGB_MDIC) & MDIC_READY))
		return -ETIMEDOUT;
	if (!driver_wait(device,
			 mmio_read32(regs, IGB_STATUS) & STATUS_LINK_UP))
		return -ETIMEDOUT;
	return 0;
}

static void set_up_rings(struct vfio_pci_device *device)
{
	u64 rx = mem_iova(device, offsetof(struct igb_mem, rx));
	u64 tx = mem_iova(device, offsetof(struct igb_mem, tx));
	struct igb_mem *mem = device->driver.region.vaddr;
	void *regs = device->bars[0].vaddr;

	memset(mem, 0, sizeof(*mem));
	/* To ourselves: the receiver takes every address. */
	memset(mem->header, 0x02, 12);
	mem->header[12] = ETHERTYPE_EXPERIMENT >> 8;
	mem->header[13] = ETHERTYPE_EXPERIMENT & 0xff;

	mmio_write32(regs, IGB_RDBAL, rx);
	mmio_write32(regs, IGB_RDBAH, rx >> 32);
	mmio_write32(regs, IGB_RDLEN, sizeof(mem->rx));
	mmio_write32(regs, IGB_SRRCTL,
		     SRRCTL_ADVANCED | SRRCTL_BUFFER_KB(BUF / 1024));
	mmio_write32(regs, IGB_RDH, 0);
	mmio_write32(regs, IGB_RDT, 0);
	mmio_write32(regs, IGB_RXDCTL, QUEUE_ENABLE);
	mmio_write32(regs, IGB_TDBAL, tx);
	mmio_write32(regs, IGB_TDBAH, tx >> 32);
	mmio_write32(regs, IGB_TDLEN, sizeof(mem->tx));
	mmio_write32(regs, IGB_TDH, 0);
	mmio_write32(regs, IGB_TDT, 0);
	mmio_write32(regs, IGB_TXDCTL, QUEUE_ENABLE);

	mmio_write32(regs, IGB_RLPML, BUF + CHUNK + 4);
	mmio_write32(regs, IGB_RCTL, RCTL_ENABLE | RCTL_ALL_UNICAST |
		     RCTL_ALL_MULTICAST | RCTL_BROADCAST | RCTL_LONG_PACKETS |
		     RCTL_LOOPBACK_MAC | RCTL_STRIP_CRC);
	mmio_write32(regs, IGB_TCTL, TCTL_ENABLE | TCTL_PAD_SHORT);
}

static void set_up_irq(struct vfio_pci_device *device)
{
	void *regs = device->bars[0].vaddr;
	u32 bit = 1u << device->driver.msi;

	mmio_write32(regs, IGB_GPIE,
		     GPIE_MULTIPLE_MSIX | GPIE_EIAME | GPIE_PBA);
	mmio_write32(regs, IGB_EIAC, bit);
	mmio_write32(regs, IGB_EIMS, bit);
}

static void free_state(struct vfio_pci_device *device)
{
	struct igb_state *igb = device->driver.state;

	vfio_pci_device_enable(device);
	reset(device);
	driver_irq_disable(device, igb->irq_ours);
	vfio_pci_device_disable(device);
	device->driver.state = NULL;
	free(igb);
}

static int igb_init(struct vfio_pci_device *device)
{
	struct vfio_pci_driver *driver = &device->driver;
	struct igb_state *igb;
	int ret;

	if (driver->region.size < sizeof(struct igb_mem))
		return -EINVAL;
	if (!device->bars[0].vaddr)
		return -ENXIO;
	igb = calloc(1, sizeof(*igb));
	if (!igb)
		return -ENOMEM;
	driver->state = igb;
	vfio_pci_device_enable(device);
	ret = driver_irq_enable(device, IGB_MSI, &igb->irq_ours);
	if (!ret)
		ret = reset(device);
	if (!ret)
		ret = link_up(device);
	if (ret) {
		free_state(device);
		return ret;
	}
	set_up_rings(device);
	set_up_irq(device);
	driver->max_copy = COPY_MAX;
	driver->copy_unit = 1;
	return 0;
}

static int igb_send_msi(struct vfio_pci_device *device)
{
	mmio_write32(device->bars[0].vaddr, IGB_EICS, 1u << device->driver.msi);
	return 0;
}

static void post_rx(struct vfio_pci_device *device, u64 addr)
{
	struct igb_mem *mem = device->driver.region.vaddr;
	struct igb_state *igb = device->driver.state;

	mem->rx[igb->rx_next] = (union igb_desc){ .rx.addr = addr };
	igb->rx_next = (igb->rx_next + 1) % RING_LEN;
}

static void post_tx(struct vfio_pci_device *device, u64 addr, u32 len,
		    u32 flags, u32 total)
{
	struct igb_mem *mem = device->driver.region.vaddr;
	struct igb_state *igb = device->driver.state;

	mem->tx[igb->tx_next] = (union igb_desc){
		.tx.addr = addr,
		.tx.cmd_len = TXD_DATA | TXD_EXTENDED | TXD_CRC | flags | len,
		.tx.options = TXD_PAYLEN(total),
	};
	igb->tx_next = (igb->tx_next + 1) % RING_LEN;
}

/* Wait for the descriptor at @i and look whether it holds @len bytes. */
static int reap_rx(struct vfio_pci_device *device, unsigned int i, u32 len,
		   bool last)
{
	struct igb_mem *mem = device->driver.region.vaddr;
	union igb_desc *d = &mem->rx[i % RING_LEN];
	u32 status;

	if (!driver_wait(device, dma_read(d->rx_done.status) & DESC_DONE))
		return -ETIMEDOUT;
	dma_barrier();
	status = dma_read(d->rx_done.status);
	if (dma_read(d->rx_done.len) != len || !!(status & RXD_END) != last)
		return -EBADMSG;
	return 0;
}

/* Take the receiver's descriptors back, with whatever they were used for. */
static void rewind_rx(struct vfio_pci_device *device)
{
	struct igb_state *igb = device->driver.state;
	void *regs = device->bars[0].vaddr;

	mmio_write32(regs, IGB_RXDCTL, 0);
	mmio_write32(regs, IGB_RDH, 0);
	mmio_write32(regs, IGB_RDT, 0);
	mmio_write32(regs, IGB_RXDCTL, QUEUE_ENABLE);
	igb->rx_next = 0;
}

static int send_chunk(struct vfio_pci_device *device, u64 dst, u64 src, u32 len)
{
	u64 header = mem_iova(device, offsetof(struct igb_mem, header));
	u64 bounce = mem_iova(device, offsetof(struct igb_mem, bounce));
	struct igb_state *igb = device->driver.state;
	void *regs = device->bars[0].vaddr;
	unsigned int first = igb->rx_next;
	u32 off, part;
	int ret;

	post_rx(device, bounce);
	for (off = 0; off < len; off += BUF)
		post_rx(device, dst + off);
	post_tx(device, header, BUF, 0, BUF + len);
	/* Fragments don't cross pages: the emulation would map only a part. */
	for (off = 0; off < len; off += part) {
		part = PAGE - (src + off) % PAGE;
		if (part > len - off)
			part = len - off;
		post_tx(device, src + off, part,
			off + part == len ? TXD_END | TXD_REPORT : 0,
			BUF + len);
	}
	dma_barrier();
	mmio_write32(regs, IGB_RDT, igb->rx_next);
	mmio_write32(regs, IGB_TDT, igb->tx_next);

	ret = reap_rx(device, first++, BUF, false);
	for (off = 0; !ret && off < len; off += part) {
		part = len - off < BUF ? len - off : BUF;
		ret = reap_rx(device, first++, part, off + part == len);
	}
	if (ret)
		rewind_rx(device);
	return ret;
}

static int igb_copy(struct vfio_pci_device *device, u64 dst, u64 src, u64 len)
{
	u64 off, part;
	int ret, tries;

	if (!len || len > COPY_MAX || (dst | src) & 3)
		return -EINVAL;
	for (off = 0; off < len; off += part) {
		part = len - off < CHUNK ? len - off : CHUNK;
		/* A stray frame took our buffers: send again. */
		for (tries = 0; tries < 8; tries++) {
			ret = send_chunk(device, dst + off, src + off, part);
			if (ret != -EBADMSG)
				break;
		}
		if (ret)
			return ret == -EBADMSG ? -EIO : ret;
	}
	return 0;
}

const struct vfio_pci_driver_ops vfio_igb_ops = {
	.name = "igb",
	.probe = igb_probe,
	.init = igb_init,
	.remove = free_state,
	.send_msi = igb_send_msi,
	.copy = igb_copy,
};
