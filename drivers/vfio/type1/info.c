// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a container can do: VFIO_CHECK_EXTENSION and VFIO_IOMMU_GET_INFO.
 *
 * Owns nothing.  Domains, ranges and page sizes are constant inside of an ioctl,
 * the rest is read under type1.lock.  Called by ioctl.c.
 */
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../uarg.h"
#include "type1.h"

/* Only user memory behind IOMMUs can move: emulated devices use it by its address */
static bool info_can_update_vaddr(struct type1 *t)
{
	guard(mutex)(&t->lock);
	return list_empty(&t->emulated_groups);
}

static bool info_is_coherent(struct type1 *t)
{
	struct type1_domain *domain;

	list_for_each_entry(domain, &t->domains, entry)
		if (!domain->enforce_coherency)
			return false;
	return true;
}

/**
 * type1_check_extension() - VFIO_CHECK_EXTENSION
 * @t: the container's state, NULL while it has no backend
 * @ext: what is asked for, VFIO_*_IOMMU and the like
 *
 * Context: May sleep; takes type1.lock.
 * Return: 1 for yes, 0 for no and for what is unknown.
 */
long type1_check_extension(struct type1 *t, unsigned long ext)
{
	switch (ext) {
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	case VFIO_UPDATE_VADDR:
		return t && info_can_update_vaddr(t);
	case VFIO_DMA_CC_IOMMU:
		return t && info_is_coherent(t);
	default:
		return 0;
	}
}

static int info_add_migration(struct type1 *t, struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_cap_migration *cap;
	struct vfio_info_cap_header *header;

	header = vfio_info_cap_add(caps, sizeof(*cap), VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);
	cap = container_of(header, typeof(*cap), header);
	cap->pgsize_bitmap = type1_pgsize(t);
	cap->max_dirty_bitmap_size = TYPE1_DIRTY_BITMAP_MAX;
	return 0;
}

static int info_add_dma_avail(struct type1 *t, struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_dma_avail *cap;
	struct vfio_info_cap_header *header;

	header = vfio_info_cap_add(caps, sizeof(*cap), VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);
	cap = container_of(header, typeof(*cap), header);
	guard(mutex)(&t->lock);
	cap->avail = t->dma_avail;
	return 0;
}

static int info_add_ranges(struct type1 *t, struct vfio_info_cap *caps)
{
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct vfio_info_cap_header *header;
	struct type1_iova_range *range;
	size_t n = list_count_nodes(&t->ranges);

	if (!n)
		return 0;
	header = vfio_info_cap_add(caps, struct_size(cap, iova_ranges, n),
				   VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);
	cap = container_of(header, typeof(*cap), header);
	list_for_each_entry(range, &t->ranges, entry) {
		cap->iova_ranges[cap->nr_iovas].start = range->start;
		cap->iova_ranges[cap->nr_iovas].end = range->last;
		cap->nr_iovas++;
	}
	return 0;
}

/* In this order; programs have got used to it */
static int (* const info_caps[])(struct type1 *t, struct vfio_info_cap *caps) = {
	info_add_migration,
	info_add_dma_avail,
	info_add_ranges,
};

/* On success there is a chain, and caps->buf to be freed */
static int info_make_caps(struct type1 *t, struct vfio_info_cap *caps)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(info_caps); i++) {
		ret = info_caps[i](t, caps);
		if (ret)
			return ret;
	}
	return 0;
}

/* The chain behind @info, or in info->argsz the room that it needs */
static int info_put_caps(struct vfio_iommu_type1_info *info, struct vfio_info_cap *caps,
			 void __user *uarg)
{
	if (info->argsz < sizeof(*info) + caps->size) {
		info->argsz = sizeof(*info) + caps->size;
		return 0;
	}
	vfio_info_cap_shift(caps, sizeof(*info));
	if (copy_to_user(uarg + sizeof(*info), caps->buf, caps->size))
		return -EFAULT;
	info->cap_offset = sizeof(*info);
	return 0;
}

/**
 * type1_ioctl_get_info() - VFIO_IOMMU_GET_INFO
 * @t: the container's state
 * @uarg: struct vfio_iommu_type1_info of the user
 *
 * Capabilities that the user has no room for are no error: argsz says how much
 * they need.  Older programs have a struct that ends before cap_offset.
 *
 * Context: May sleep; takes type1.lock.
 * Return: 0; -EFAULT, -EINVAL argsz too small, -ENOMEM.
 */
long type1_ioctl_get_info(struct type1 *t, void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_iommu_type1_info, iova_pgsizes);
	struct vfio_iommu_type1_info info = { };
	struct vfio_info_cap caps = { };
	size_t room;
	int ret;

	ret = vfio_uarg_copy(&info, uarg, minsz);
	if (ret)
		return ret;
	room = min_t(size_t, info.argsz, sizeof(info));
	info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info.iova_pgsizes = t->pgsizes;

	ret = info_make_caps(t, &caps);
	if (ret)
		return ret;
	ret = info_put_caps(&info, &caps, uarg);
	kfree(caps.buf);
	if (ret)
		return ret;
	return copy_to_user(uarg, &info, room) ? -EFAULT : 0;
}
