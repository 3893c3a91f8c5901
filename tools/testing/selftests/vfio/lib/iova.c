// SPDX-License-Identifier: GPL-2.0-only
/* Handing out I/O virtual addresses inside what the IOMMU allows. */
#include <stdint.h>
#include <stdlib.h>
#include <linux/iommufd.h>

#include <libvfio/cdev.h>
#include <libvfio/container.h>
#include <libvfio/iommu.h>
#include <libvfio/iova.h>
#include "internal.h"

/**
 * struct iova_allocator - the valid ranges and how far they are used
 * @nr: number of ranges
 * @cur: range that the next address comes from
 * @next: lowest address of @cur not handed out yet
 * @ranges: sorted, inclusive
 */
struct iova_allocator {
	u32 nr;
	u32 cur;
	u64 next;
	struct iommu_iova_range ranges[];
};

static struct iova_allocator *new_allocator(u32 nr)
{
	struct iova_allocator *a;

	a = calloc(1, sizeof(*a) + nr * sizeof(a->ranges[0]));
	if (!a)
		ksft_exit_fail_msg("libvfio: out of memory\n");
	a->nr = nr;
	return a;
}

/* A container tells its ranges in a capability. */
static struct iova_allocator *init_type1(int container)
{
	struct {
		struct vfio_iommu_type1_info info;
		char chain[4096];
	} buf = {};
	struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct iova_allocator *a;
	u32 i;

	must_not_fail(vfio_type1_info(container, &buf.info, sizeof(buf)),
		      "reading iova ranges");
	cap = (void *)vfio_info_cap(&buf, sizeof(buf), buf.info.cap_offset,
				    VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	if (!cap)
		ksft_exit_fail_msg("libvfio: the container has no iova ranges\n");
	a = new_allocator(cap->nr_iovas);
	for (i = 0; i < a->nr; i++) {
		a->ranges[i].start = cap->iova_ranges[i].start;
		a->ranges[i].last = cap->iova_ranges[i].end;
	}
	return a;
}

static struct iova_allocator *init_iommufd(struct iommu *iommu)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = iommu->ioas_id,
	};
	struct iova_allocator *a;
	int ret;

	/* Asking for none tells how many there are. */
	ret = vfio_ioctl(iommu->iommufd, IOMMU_IOAS_IOVA_RANGES, &cmd);
	if (ret != -EMSGSIZE)
		must_not_fail(ret, "counting iova ranges");
	a = new_allocator(cmd.num_iovas);
	cmd.allowed_iovas = (uintptr_t)a->ranges;
	must_not_fail(vfio_ioctl(iommu->iommufd, IOMMU_IOAS_IOVA_RANGES, &cmd),
		      "reading iova ranges");
	return a;
}

struct iova_allocator *iova_allocator_init(struct iommu *iommu)
{
	struct iova_allocator *a;

	if (iommu_is_type1(iommu))
		a = init_type1(iommu->container.fd);
	else
		a = init_iommufd(iommu);
	if (a->nr)
		a->next = a->ranges[0].start;
	return a;
}

void iova_allocator_cleanup(struct iova_allocator *allocator)
{
	free(allocator);
}

u64 iova_allocator_alloc(struct iova_allocator *a, u64 size)
{
	u64 start;

	if (!size || size & (size - 1))
		ksft_exit_fail_msg("libvfio: iova size %#llx is no power of two\n",
				   (unsigned long long)size);

	while (a->cur < a->nr) {
		const struct iommu_iova_range *r = &a->ranges[a->cur];

		start = (a->next + size - 1) & ~(size - 1);
		if (start >= a->next && start <= r->last &&
		    size - 1 <= r->last - start) {
			a->next = start + size;
			/* Ended exactly at the top: nothing left here. */
			if (!a->next)
				a->cur = a->nr;
			return start;
		}
		if (++a->cur < a->nr)
			a->next = a->ranges[a->cur].start;
	}
	ksft_exit_fail_msg("libvfio: no iova left for %#llx bytes\n",
			   (unsigned long long)size);
	return 0;
}
