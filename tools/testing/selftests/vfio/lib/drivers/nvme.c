// SPDX-License-Identifier: GPL-2.0-only
/*
 * An NVMe controller (NVM Express Base and NVM Command Set specifications):
 * the admin queue, one I/O queue pair that copies through some blocks of the
 * drive, and one whose completions raise driver.msi. The blocks' contents are
 * put back in the end. All commands run one at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci_regs.h>
#include <libvfio/region.h>
#include "drivers.h"

#define PAGE			4096u

/* Registers (Base specification, "Controller Properties") */
#define NVME_CAP		0x00
#define  NVME_CAP_MQES(cap)	((u32)((cap) & 0xffff))
#define  NVME_CAP_DSTRD(cap)	((u32)((cap) >> 32 & 0xf))
#define NVME_CC			0x14
#define  NVME_CC_ENABLE		(1u << 0)
#define  NVME_CC_IOSQES		(6u << 16)	/* 64-byte entries */
#define  NVME_CC_IOCQES		(4u << 20)	/* 16-byte entries */
#define NVME_CSTS		0x1c
#define  NVME_CSTS_READY	(1u << 0)
#define  NVME_CSTS_FATAL	(1u << 1)
#define NVME_AQA		0x24
#define NVME_ASQ		0x28
#define NVME_ACQ		0x30
#define NVME_DOORBELL		0x1000

#define NVME_ADMIN_CREATE_SQ	0x01
#define NVME_ADMIN_CREATE_CQ	0x05
#define NVME_ADMIN_IDENTIFY	0x06
#define NVME_FLUSH		0x00
#define NVME_WRITE		0x01
#define NVME_READ		0x02

#define NVME_QUEUE_CONTIG	(1u << 0)
#define NVME_CQ_IRQ		(1u << 1)

#define NVME_NSID		1
/* Admin completions raise vector 0, so that tests get another. */
#define NVME_MSI		1

#define QUEUE_LEN		16u
#define COPY_MAX		(64u << 10)

struct nvme_sqe {
	u8 opcode;
	u8 flags;
	u16 cid;
	u32 nsid;
	u64 reserved;
	u64 metadata;
	u64 prp1;
	u64 prp2;
	u32 cdw10;
	u32 cdw11;
	u32 cdw12;
	u32 cdw13;
	u32 cdw14;
	u32 cdw15;
};

struct nvme_cqe {
	u32 result;
	u32 reserved;
	u16 sq_head;
	u16 sq_id;
	u16 cid;
	u16 status;		/* bit 0 is the phase */
};

/* The pages of driver.region. */
enum nvme_page {
	PAGE_ADMIN_SQ, PAGE_ADMIN_CQ,
	PAGE_COPY_SQ, PAGE_COPY_CQ,
	PAGE_IRQ_SQ, PAGE_IRQ_CQ,
	PAGE_PRP_LIST,
	PAGE_IDENTIFY,
	PAGE_BACKUP,		/* COPY_MAX bytes */
	NUM_PAGES = PAGE_BACKUP + COPY_MAX / PAGE,
};

struct nvme_queue {
	unsigned int id;
	enum nvme_page sq_page;
	unsigned int tail;
	unsigned int head;
	unsigned int phase;
	u16 cid;
};

struct nvme_state {
	u32 stride;
	u32 block_size;
	u64 blocks;
	struct nvme_queue admin;
	struct nvme_queue copy;
	struct nvme_queue irq;
	bool have_backup;
	bool irq_ours;
};

static void *page_vaddr(struct vfio_pci_device *device, unsigned int page)
{
	return (char *)device->driver.region.vaddr + page * PAGE;
}

static u64 page_iova(struct vfio_pci_device *device, unsigned int page)
{
	return device->driver.region.iova + page * PAGE;
}

static bool nvme_probe(struct vfio_pci_device *device)
{
	u32 class;

	/* Every controller of the NVM Express class is driven alike. */
	if (vfio_region_read32(device->fd, VFIO_PCI_CONFIG_REGION_INDEX,
			       PCI_CLASS_REVISION, &class))
		return false;
	if (class >> 8 != 0x010802)
		return false;
	device->driver.irq_index = VFIO_PCI_MSIX_IRQ_INDEX;
	return true;
}

static void queue_reset(struct vfio_pci_device *device, struct nvme_queue *q,
			unsigned int id, enum nvme_page sq_page)
{
	*q = (struct nvme_queue){ .id = id, .sq_page = sq_page, .phase = 1 };
	memset(page_vaddr(device, sq_page), 0, 2 * PAGE);
}

static void ring(struct vfio_pci_device *device, unsigned int doorbell, u32 val)
{
	struct nvme_state *nvme = device->driver.state;

	mmio_write32(device->bars[0].vaddr,
		     NVME_DOORBELL + doorbell * nvme->stride, val);
}

static bool cqe_ready(struct nvme_queue *q, struct nvme_cqe *cqe)
{
	return (dma_read(cqe->status) & 1) == q->phase;
}

/* Run one command: 0, -EIO for any error status, or -ETIMEDOUT. */
static int nvme_run(struct vfio_pci_device *device, struct nvme_queue *q,
		    const struct nvme_sqe *cmd)
{
	struct nvme_sqe *sq = page_vaddr(device, q->sq_page);
	struct nvme_cqe *cq = page_vaddr(device, q->sq_page + 1);
	struct nvme_cqe *cqe = &cq[q->head];
	u16 status;

	sq[q->tail] = *cmd;
	sq[q->tail].cid = ++q->cid;
	dma_barrier();
	q->tail = (q->tail + 1) % QUEUE_LEN;
	ring(device, 2 * q->id, q->tail);

	if (!driver_wait(device, cqe_ready(q, cqe)))
		return -ETIMEDOUT;
	dma_barrier();
	status = dma_read(cqe->status) >> 1;
	q->head = (q->head + 1) % QUEUE_LEN;
	if (!q->head)
		q->phase ^= 1;
	ring(device, 2 * q->id + 1, q->head);
	return status & 0x7ff ? -EIO : 0;
}

static int nvme_set_enable(struct vfio_pci_device *device, bool on)
{
	void *regs = device->bars[0].vaddr;
	u32 cc = on ? NVME_CC_ENABLE | NVME_CC_IOSQES | NVME_CC_IOCQES : 0;
	u32 want = on ? NVME_CSTS_READY : 0;

	mmio_write32(regs, NVME_CC, cc);
	if (!driver_wait(device, (mmio_read32(regs, NVME_CSTS) &
				  (NVME_CSTS_READY | NVME_CSTS_FATAL)) == want))
		return -ETIMEDOUT;
	return 0;
}

static int create_queues(struct vfio_pci_device *device, struct nvme_queue *q,
			 u32 cq_flags)
{
	struct nvme_state *nvme = device->driver.state;
	struct nvme_sqe cmd = {
		.opcode = NVME_ADMIN_CREATE_CQ,
		.prp1 = page_iova(device, q->sq_page + 1),
		.cdw10 = q->id | (QUEUE_LEN - 1) << 16,
		.cdw11 = NVME_QUEUE_CONTIG | cq_flags,
	};
	int ret;

	ret = nvme_run(device, &nvme->admin, &cmd);
	if (ret)
		return ret;
	cmd.opcode = NVME_ADMIN_CREATE_SQ;
	cmd.prp1 = page_iova(device, q->sq_page);
	cmd.cdw11 = NVME_QUEUE_CONTIG | q->id << 16;
	return nvme_run(device, &nvme->admin, &cmd);
}

/* Learn the namespace's block size (Identify Namespace data structure). */
static int identify(struct vfio_pci_device *device)
{
	struct nvme_state *nvme = device->driver.state;
	const u8 *id = page_vaddr(device, PAGE_IDENTIFY);
	struct nvme_sqe cmd = {
		.opcode = NVME_ADMIN_IDENTIFY,
		.nsid = NVME_NSID,
		.prp1 = page_iova(device, PAGE_IDENTIFY),
	};
	unsigned int shift;
	int ret;

	ret = nvme_run(device, &nvme->admin, &cmd);
	if (ret)
		return ret;
	memcpy(&nvme->blocks, id, sizeof(nvme->blocks));
	shift = id[128 + 4 * (id[26] & 0xf) + 2];
	if (shift < 9 || shift > 12)
		return -EINVAL;
	nvme->block_size = 1u << shift;
	return nvme->blocks << shift < COPY_MAX ? -ENOSPC : 0;
}

/*
 * Describe @len bytes at @iova: the first entry may start inside a page, the
 * others are whole pages, in a list when there are more than two.
 */
static void set_prps(struct vfio_pci_device *device, struct nvme_sqe *cmd,
		     u64 iova, u64 len)
{
	u64 *list = page_vaddr(device, PAGE_PRP_LIST);
	u64 next = (iova | (PAGE - 1)) + 1;
	u64 end = iova + len;
	unsigned int i;

	cmd->prp1 = iova;
	if (next >= end)
		return;
	if (next + PAGE >= end) {
		cmd->prp2 = next;
		return;
	}
	for (i = 0; next < end; next += PAGE)
		list[i++] = next;
	cmd->prp2 = page_iova(device, PAGE_PRP_LIST);
}

/* Transfer the first @len bytes of the drive. */
static int transfer(struct vfio_pci_device *device, u8 opcode, u64 iova,
		    u64 len)
{
	struct nvme_state *nvme = device->driver.state;
	struct nvme_sqe cmd = {
		.opcode = opcode,
		.nsid = NVME_NSID,
		.cdw12 = len / nvme->block_size - 1,
	};

	set_prps(device, &cmd, iova, len);
	return nvme_run(device, &nvme->copy, &cmd);
}

static int bring_up(struct vfio_pci_device *device)
{
	struct nvme_state *nvme = device->driver.state;
	void *regs = device->bars[0].vaddr;
	u64 cap;
	int ret;

	ret = nvme_set_enable(device, false);
	if (ret)
		return ret;
	cap = mmio_read64(regs, NVME_CAP);
	if (NVME_CAP_MQES(cap) + 1 < QUEUE_LEN)
		return -ENOSPC;
	nvme->stride = 4u << NVME_CAP_DSTRD(cap);
	queue_reset(device, &nvme->admin, 0, PAGE_ADMIN_SQ);
	queue_reset(device, &nvme->copy, 1, PAGE_COPY_SQ);
	queue_reset(device, &nvme->irq, 2, PAGE_IRQ_SQ);
	mmio_write32(regs, NVME_AQA, (QUEUE_LEN - 1) << 16 | (QUEUE_LEN - 1));
	mmio_write64(regs, NVME_ASQ, page_iova(device, PAGE_ADMIN_SQ));
	mmio_write64(regs, NVME_ACQ, page_iova(device, PAGE_ADMIN_CQ));
	ret = nvme_set_enable(device, true);
	if (ret)
		return ret;
	ret = identify(device);
	if (ret)
		return ret;
	ret = create_queues(device, &nvme->copy, 0);
	if (ret)
		return ret;
	return create_queues(device, &nvme->irq,
			     NVME_CQ_IRQ | (u32)device->driver.msi << 16);
}

static int backup_blocks(struct vfio_pci_device *device)
{
	struct nvme_state *nvme = device->driver.state;
	int ret;

	ret = transfer(device, NVME_READ, page_iova(device, PAGE_BACKUP),
		       COPY_MAX);
	nvme->have_backup = !ret;
	return ret;
}

static void free_state(struct vfio_pci_device *device)
{
	struct nvme_state *nvme = device->driver.state;

	vfio_pci_device_enable(device);
	nvme_set_enable(device, false);
	driver_irq_disable(device, nvme->irq_ours);
	vfio_pci_device_disable(device);
	device->driver.state = NULL;
	free(nvme);
}

static int nvme_init(struct vfio_pci_device *device)
{
	struct vfio_pci_driver *driver = &device->driver;
	struct nvme_state *nvme;
	int ret;

	if (driver->region.size < NUM_PAGES * PAGE)
		return -EINVAL;
	if (!device->bars[0].vaddr)
		return -ENXIO;
	nvme = calloc(1, sizeof(*nvme));
	if (!nvme)
		return -ENOMEM;
	driver->state = nvme;
	vfio_pci_device_enable(device);
	ret = driver_irq_enable(device, NVME_MSI, &nvme->irq_ours);
	if (!ret)
		ret = bring_up(device);
	if (!ret)
		ret = backup_blocks(device);
	if (ret) {
		free_state(device);
		return ret;
	}
	driver->max_copy = COPY_MAX;
	driver->copy_unit = nvme->block_size;
	return 0;
}

/* The queues may be dead by now: bring them up again to restore the blocks. */
static void restore_blocks(struct vfio_pci_device *device)
{
	struct nvme_state *nvme = device->driver.state;
	u64 backup = page_iova(device, PAGE_BACKUP);

	if (!nvme->have_backup ||
	    !transfer(device, NVME_WRITE, backup, COPY_MAX))
		return;
	if (!bring_up(device))
		transfer(device, NVME_WRITE, backup, COPY_MAX);
}

static void nvme_remove(struct vfio_pci_device *device)
{
	vfio_pci_device_enable(device);
	restore_blocks(device);
	free_state(device);
}

static int nvme_send_msi(struct vfio_pci_device *device)
{
	struct nvme_state *nvme = device->driver.state;
	struct nvme_sqe cmd = { .opcode = NVME_FLUSH, .nsid = NVME_NSID };

	return nvme_run(device, &nvme->irq, &cmd);
}

static int nvme_copy(struct vfio_pci_device *device, u64 dst, u64 src, u64 len)
{
	struct nvme_state *nvme = device->driver.state;
	int ret;

	if (!len || len > COPY_MAX || len % nvme->block_size || (dst | src) & 3)
		return -EINVAL;
	ret = transfer(device, NVME_WRITE, src, len);
	return ret ?: transfer(device, NVME_READ, dst, len);
}

const struct vfio_pci_driver_ops vfio_nvme_ops = {
	.name = "nvme",
	.probe = nvme_probe,
	.init = nvme_init,
	.remove = nvme_remove,
	.send_msi = nvme_send_msi,
	.copy = nvme_copy,
};
