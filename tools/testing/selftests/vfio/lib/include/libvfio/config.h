/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtualised configuration space behind a device file. Readers return
 * the value; a failing access ends the program, since every one of them is
 * inside the space. Tests of failing accesses use vfio_region_read().
 */
#ifndef LIBVFIO_CONFIG_H
#define LIBVFIO_CONFIG_H

#include <linux/pci_regs.h>
#include <linux/types.h>

/* Values of PCI_PM_CTRL_STATE_MASK */
#define PM_STATE_D0	0
#define PM_STATE_D3HOT	3

u8 vfio_cfg_read8(int fd, u32 off);
u16 vfio_cfg_read16(int fd, u32 off);
u32 vfio_cfg_read32(int fd, u32 off);
void vfio_cfg_write8(int fd, u32 off, u8 val);
void vfio_cfg_write16(int fd, u32 off, u16 val);
void vfio_cfg_write32(int fd, u32 off, u32 val);

/* Clear, then set bits of the command register. */
void vfio_cfg_command(int fd, u16 clear, u16 set);

/* Offset of a visible capability, 0 if there is none. */
u8 vfio_cfg_cap(int fd, u8 id);
u16 vfio_cfg_ext_cap(int fd, u16 id);

/*
 * Visit the lists. @fn returns non-zero to stop; the walk returns that, 0 at
 * the end of the list, or -ELOOP when the list never ends.
 */
typedef int (*vfio_cfg_cap_fn)(u32 off, u32 id, void *arg);

int vfio_cfg_for_each_cap(int fd, vfio_cfg_cap_fn fn, void *arg);
int vfio_cfg_for_each_ext_cap(int fd, vfio_cfg_cap_fn fn, void *arg);

#endif /* LIBVFIO_CONFIG_H */
