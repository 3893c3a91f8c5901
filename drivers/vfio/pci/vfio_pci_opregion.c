// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of an Intel graphics OpRegion, the memory through which firmware
 * and graphics driver talk, and what user space gets to see of it (Intel
 * Integrated Graphics Device OpRegion Specification).
 *
 * From version 2.0 on a Video BIOS Table that is too long for its mailbox lies
 * elsewhere, at RVDA: a physical address in 2.0, an offset from the OpRegion
 * later.  Neither is of use to a virtual machine.  So user space gets it
 * appended to the OpRegion, and an OpRegion that says so; as 2.0 cannot, it
 * becomes 2.1.  Without such a table RVDA reads as zero.
 *
 * Firmware is not trusted: it may claim anything.  No state, no lock; called
 * from vfio_pci_igd.c.
 */

#include <kunit/visibility.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "vfio_pci_igd.h"

#define OPREGION_SIGNATURE	"IntelGraphicsMem"
#define OPREGION_SIZE		0x10	/* u32, KiB */
#define OPREGION_VERSION	0x16	/* u16 */
#define OPREGION_RVDA		0x3ba	/* u64, where the extended VBT is */
#define OPREGION_RVDS		0x3c2	/* u32, bytes of it */

#define OPREGION_2_0		0x0200	/* the first with an extended VBT */
#define OPREGION_2_1		0x0201	/* RVDA became an offset */

/* All known ones have 8 KiB; VBTs have some ten KiB */
#define OPREGION_MAX_SIZE	SZ_64K
#define OPREGION_MAX_VBT	SZ_1M

/**
 * vfio_pci_opregion_parse() - Find out what an OpRegion consists of
 * @head: its first VFIO_PCI_OPREGION_HEAD bytes
 * @addr: its physical address
 * @info: set on success
 *
 * Return: 0, or -EINVAL if this is no OpRegion, or claims a size or a place
 * of its VBT that cannot be
 */
int vfio_pci_opregion_parse(const u8 *head, u64 addr, struct vfio_pci_opregion_info *info)
{
	u64 vbt = get_unaligned_le64(head + OPREGION_RVDA);
	u32 vbt_size = get_unaligned_le32(head + OPREGION_RVDS);
	u32 kbytes = get_unaligned_le32(head + OPREGION_SIZE);
	u64 last;

	if (memcmp(head, OPREGION_SIGNATURE, strlen(OPREGION_SIGNATURE)))
		return -EINVAL;
	if (kbytes < VFIO_PCI_OPREGION_HEAD / SZ_1K || kbytes > OPREGION_MAX_SIZE / SZ_1K)
		return -EINVAL;

	*info = (struct vfio_pci_opregion_info) {
		.size = kbytes * SZ_1K,
		.version = get_unaligned_le16(head + OPREGION_VERSION),
	};
	if (check_add_overflow(addr, info->size - 1, &last))
		return -EINVAL;
	if (info->version < OPREGION_2_0 || !vbt || !vbt_size)
		return 0;

	if (vbt_size > OPREGION_MAX_VBT)
		return -EINVAL;
	if (info->version >= OPREGION_2_1 && check_add_overflow(addr, vbt, &vbt))
		return -EINVAL;
	if (check_add_overflow(vbt, vbt_size - 1, &last))
		return -EINVAL;
	info->vbt = vbt;
	info->vbt_size = vbt_size;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_opregion_parse);

/**
 * vfio_pci_opregion_read() - Read from an OpRegion as user space sees it
 * @opregion: the OpRegion
 * @pos: first byte
 * @out: where to
 * @count: bytes; @pos + @count is not behind the end of the extended VBT
 */
void vfio_pci_opregion_read(const struct vfio_pci_opregion *opregion, u64 pos, u8 *out,
			    size_t count)
{
	const struct vfio_pci_opregion_info *info = &opregion->info;
	__le16 version = cpu_to_le16(max(info->version, OPREGION_2_1));
	__le64 rvda = cpu_to_le64(info->vbt_size ? info->size : 0);
	/* What comes later covers what came before */
	const struct {
		u64 pos;
		size_t len;
		const void *from;
	} pieces[] = {
		{ 0, info->size, opregion->head },
		{ info->size, info->vbt_size, opregion->vbt },
		{ OPREGION_VERSION, info->vbt_size ? sizeof(version) : 0, &version },
		{ OPREGION_RVDA, sizeof(rvda), &rvda },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t len, from;
		loff_t to;

		if (vfio_pci_core_range_intersect_range(pos, count, pieces[i].pos, pieces[i].len,
							&to, &len, &from))
			memcpy(out + to, pieces[i].from + from, len);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_opregion_read);
