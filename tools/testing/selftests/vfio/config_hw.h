/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration space as others than the user see it: the hardware's side through
 * sysfs, and lists of capabilities.
 */
#ifndef CONFIG_HW_H
#define CONFIG_HW_H

#include <errno.h>

#include <libvfio.h>

#include "test_env.h"

/* ---- the hardware's side; a failing read gives a value nobody expects ---- */

static inline u32 hw_read(const char *bdf, u32 off, size_t len)
{
	u32 val = 0;

	if (pci_dev_config_read(bdf, off, &val, len) != (int)len)
		return 0xdeadbeef;
	return val;
}

static inline u8 hw8(const char *bdf, u32 off)
{
	return hw_read(bdf, off, 1);
}

static inline u16 hw16(const char *bdf, u32 off)
{
	return hw_read(bdf, off, 2);
}

static inline u32 hw32(const char *bdf, u32 off)
{
	return hw_read(bdf, off, 4);
}

/**
 * struct cap_list - offsets and ids of a list
 * @n: entries
 * @off: where
 * @id: what
 */
struct cap_list {
	unsigned int n;
	u32 off[64];
	u32 id[64];
};

static inline int note_cap(u32 off, u32 id, void *arg)
{
	struct cap_list *l = arg;

	if (l->n == ARRAY_SIZE(l->off))
		return -E2BIG;
	l->off[l->n] = off;
	l->id[l->n++] = id;
	return 0;
}

#endif /* CONFIG_HW_H */
