/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers in BAR 0 of QEMU's educational device (QEMU manual, "EDU device").
 * Below 0x80 accesses are 4 bytes wide, from there on 4 or 8.
 */
#ifndef LIBVFIO_EDU_H
#define LIBVFIO_EDU_H

#define EDU_VENDOR		0x1234
#define EDU_DEVICE		0x11e8

#define EDU_IDENT		0x00
#define EDU_LIVENESS		0x04	/* reads as the inverse of the write */
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60	/* sets bits of the status */
#define EDU_IRQ_ACK		0x64	/* clears bits of the status */
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define  EDU_DMA_RUN		0x1
#define  EDU_DMA_TO_DEVICE	0x0
#define  EDU_DMA_TO_MEMORY	0x2
#define  EDU_DMA_RAISE		0x4	/* status bit 0x100 when done */

/* The device's own buffer, as seen by its DMA engine. */
#define EDU_BUF			0x40000
#define EDU_BUF_SIZE		4096
/* It drives 28 address bits. */
#define EDU_DMA_LIMIT		(1UL << 28)

#endif /* LIBVFIO_EDU_H */
