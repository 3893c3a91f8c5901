/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VGA arbiter as user space sees it, /dev/vga_arbiter (see
 * Documentation/gpu/vgaarbiter.rst), for the tests of VGA adapters.
 */
#ifndef VGA_ARBITER_H
#define VGA_ARBITER_H

#include <stdbool.h>

#include "vfio_test.h"

/* The adapters that QEMU emulates: 0 or -ENODEV */
static inline int find_stdvga(char *bdf)
{
	return pci_dev_find(0x1234, 0x1111, 0, bdf);
}

static inline int find_cirrus(char *bdf)
{
	return pci_dev_find(0x1013, 0x00b8, 0, bdf);
}

static inline int arb_open(void)
{
	return open("/dev/vga_arbiter", O_RDWR | O_CLOEXEC);
}

/* "lock io+mem", "unlock io+mem", "decodes none"...: 0 or -errno */
static inline int arb_command(int arb, const char *cmd)
{
	return write(arb, cmd, strlen(cmd)) == (ssize_t)strlen(cmd) ? 0 : -errno;
}

/* Commands are for this adapter from now on */
static inline int arb_target(int arb, const char *bdf)
{
	char cmd[32];

	snprintf(cmd, sizeof(cmd), "target PCI:%s", bdf);
	return arb_command(arb, cmd);
}

/*
 * Has the target a driver that takes part in the arbitration? Then it is up to
 * that driver what the adapter decodes, and the user is ignored.
 */
static inline bool arb_has_client(int arb)
{
	char state[256] = "";

	if (arb_command(arb, "decodes none") ||
	    read(arb, state, sizeof(state) - 1) <= 0)
		return false;
	arb_command(arb, "decodes io+mem");
	return !strstr(state, "decodes=none");
}

#endif /* VGA_ARBITER_H */
