// SPDX-License-Identifier: GPL-2.0-only
/* Configuration space as a device's user sees it. */
#include <stdbool.h>

#include <libvfio/config.h>
#include <libvfio/region.h>
#include "internal.h"

static void cfg_read(int fd, u32 off, void *val, size_t len)
{
	ssize_t n = vfio_region_read(fd, VFIO_PCI_CONFIG_REGION_INDEX, off, val,
				     len);

	must_not_fail(n, "reading %zu bytes of config space at %#x", len, off);
	if (n != (ssize_t)len)
		ksft_exit_fail_msg("libvfio: short read of config space at %#x\n",
				   off);
}

static void cfg_write(int fd, u32 off, const void *val, size_t len)
{
	ssize_t n = vfio_region_write(fd, VFIO_PCI_CONFIG_REGION_INDEX, off,
				      val, len);

	must_not_fail(n, "writing %zu bytes of config space at %#x", len, off);
	if (n != (ssize_t)len)
		ksft_exit_fail_msg("libvfio: short write of config space at %#x\n",
				   off);
}

u8 vfio_cfg_read8(int fd, u32 off)
{
	u8 val;

	cfg_read(fd, off, &val, sizeof(val));
	return val;
}

u16 vfio_cfg_read16(int fd, u32 off)
{
	u16 val;

	cfg_read(fd, off, &val, sizeof(val));
	return val;
}

u32 vfio_cfg_read32(int fd, u32 off)
{
	u32 val;

	cfg_read(fd, off, &val, sizeof(val));
	return val;
}

void vfio_cfg_write8(int fd, u32 off, u8 val)
{
	cfg_write(fd, off, &val, sizeof(val));
}

void vfio_cfg_write16(int fd, u32 off, u16 val)
{
	cfg_write(fd, off, &val, sizeof(val));
}

void vfio_cfg_write32(int fd, u32 off, u32 val)
{
	cfg_write(fd, off, &val, sizeof(val));
}

void vfio_cfg_command(int fd, u16 clear, u16 set)
{
	u16 cmd = vfio_cfg_read16(fd, PCI_COMMAND);

	vfio_cfg_write16(fd, PCI_COMMAND, (cmd & ~clear) | set);
}

/* More entries than fit into the space: the list has a loop. */
#define MAX_CAPS	((PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) / 4)
#define MAX_EXT_CAPS	((PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) / 4)

int vfio_cfg_for_each_cap(int fd, vfio_cfg_cap_fn fn, void *arg)
{
	unsigned int left = MAX_CAPS;
	int ret;
	u8 pos;

	if (!(vfio_cfg_read16(fd, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = vfio_cfg_read8(fd, PCI_CAPABILITY_LIST) & ~3;
	while (pos) {
		if (!left--)
			return -ELOOP;
		ret = fn(pos, vfio_cfg_read8(fd, pos), arg);
		if (ret)
			return ret;
		pos = vfio_cfg_read8(fd, pos + PCI_CAP_LIST_NEXT) & ~3;
	}
	return 0;
}

int vfio_cfg_for_each_ext_cap(int fd, vfio_cfg_cap_fn fn, void *arg)
{
	unsigned int left = MAX_EXT_CAPS;
	struct vfio_region_info info;
	u32 pos = PCI_CFG_SPACE_SIZE;
	u32 head;
	int ret;

	must_not_fail(vfio_region_info(fd, VFIO_PCI_CONFIG_REGION_INDEX, &info),
		      "config region info");
	if (info.size <= PCI_CFG_SPACE_SIZE)
		return 0;
	while (pos) {
		if (!left--)
			return -ELOOP;
		head = vfio_cfg_read32(fd, pos);
		/* A hidden capability at the start of the list keeps its link. */
		if (PCI_EXT_CAP_ID(head)) {
			ret = fn(pos, PCI_EXT_CAP_ID(head), arg);
			if (ret)
				return ret;
		}
		pos = PCI_EXT_CAP_NEXT(head);
	}
	return 0;
}

/**
 * struct cap_search - argument of match_cap()
 * @id: wanted
 * @off: where it was found
 */
struct cap_search {
	u32 id;
	u32 off;
};

static int match_cap(u32 off, u32 id, void *arg)
{
	struct cap_search *s = arg;

	if (id != s->id)
		return 0;
	s->off = off;
	return 1;
}

u8 vfio_cfg_cap(int fd, u8 id)
{
	struct cap_search s = { .id = id };

	must_not_fail(vfio_cfg_for_each_cap(fd, match_cap, &s),
		      "walking the capability list");
	return s.off;
}

u16 vfio_cfg_ext_cap(int fd, u16 id)
{
	struct cap_search s = { .id = id };

	must_not_fail(vfio_cfg_for_each_ext_cap(fd, match_cap, &s),
		      "walking the extended capability list");
	return s.off;
}
