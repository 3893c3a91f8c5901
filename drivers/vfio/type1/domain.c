// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups come and go: which IOMMU page tables they use, and what that means for
 * the IOVAs and page sizes of the whole container.
 *
 * A group behind an IOMMU joins page tables that are there if its IOMMU can use
 * them, else it gets page tables of its own, with all mappings in them.  What the
 * container can do afterwards is worked out beside what it can do now, and takes
 * its place when nothing can fail any more: a group that is refused leaves no
 * trace.
 *
 * Owns type1.domains, .emulated_groups, .ranges, .pgsizes.  The core calls
 * type1_attach_group() and type1_detach_group() one at a time and never beside an
 * ioctl, so the tree of mappings and the list of domains hold still.  Who comes
 * meanwhile is an emulated device, kept apart by type1.lock, and device memory
 * that goes away, kept apart by type1.domain_lock.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "type1.h"

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Take groups that can send interrupts in the name of other devices");

/* type1_domain.msi_base: the IOMMU does not translate writes that are interrupts */
#define TYPE1_NO_MSI_BASE	U64_MAX

/**
 * struct type1_plan - What a container is going to be like with one group more
 * @group: the group
 * @dev: a device of it, valid as long as @devices
 * @devices: all of its devices
 * @coherent: the IOMMU can keep the group from bypassing the caches, and whoever
 *            asks the group is told so: it has to be done
 * @msi_base: type1_domain.msi_base that the group needs
 * @ranges: type1.ranges to be
 */
struct type1_plan {
	struct iommu_group *group;
	struct device *dev;
	struct vfio_group_devices *devices;
	bool coherent;
	u64 msi_base;
	struct list_head ranges;
};

/* ---- IOVAs */

static void reserved_free(struct list_head *regions)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, regions, list)
		kfree(region);
}

/*
 * Memory that firmware talks to through a device until a driver has taken over
 * ("relaxable") is of no interest any more.  All else cannot be used: it must
 * stay mapped as it is, or the bus or the IOMMU treat it as something special.
 */
static int reserved_exclude(struct list_head *ranges, const struct iommu_resv_region *region)
{
	u64 start = region->start, last;

	if (region->type == IOMMU_RESV_DIRECT_RELAXABLE || !region->length)
		return 0;
	if (check_add_overflow(start, (u64)region->length - 1, &last))
		last = U64_MAX;
	return type1_iova_exclude(ranges, start, last);
}

/* Where interrupts are to be mapped; U64_MAX if the hardware has a place for them */
static u64 reserved_msi_base(const struct list_head *regions)
{
	const struct iommu_resv_region *region;
	u64 base = TYPE1_NO_MSI_BASE;

	list_for_each_entry(region, regions, list) {
		if (region->type == IOMMU_RESV_MSI)
			return TYPE1_NO_MSI_BASE;
		if (region->type == IOMMU_RESV_SW_MSI)
			base = region->start;
	}
	return base;
}

/**
 * exclude_reserved() - Take away what a group cannot use
 * @ranges: list to change
 * @group: the group
 * @msi_base: gets type1_domain.msi_base for the group
 *
 * Return: 0, -ENOMEM, or what the IOMMU says; then @ranges are good for nothing.
 */
static int exclude_reserved(struct list_head *ranges, struct iommu_group *group, u64 *msi_base)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int ret;

	ret = iommu_get_group_resv_regions(group, &regions);
	if (!ret) {
		*msi_base = reserved_msi_base(&regions);
		list_for_each_entry(region, &regions, list) {
			ret = reserved_exclude(ranges, region);
			if (ret)
				break;
		}
	}
	reserved_free(&regions);
	return ret;
}

/* Is something left to be mapped, and does everything that is mapped lie there? */
static bool ranges_fit(struct type1 *t, const struct list_head *ranges)
{
	struct type1_dma *dma;

	if (list_empty(ranges))
		return false;
	guard(mutex)(&t->lock);
	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma; dma = type1_dma_next(dma))
		if (!type1_iova_valid(ranges, dma->iova, type1_dma_last(dma)))
			return false;
	return true;
}

static void ranges_replace(struct type1 *t, struct list_head *ranges)
{
	type1_iova_free(&t->ranges);
	list_splice_init(ranges, &t->ranges);
}

/* Ranges for the domains and groups that are there; some more may have come free */
static int ranges_make(struct type1 *t, struct list_head *ranges)
{
	struct type1_domain *domain;
	struct type1_group *member;
	u64 msi_base;
	int ret;

	ret = type1_iova_init(ranges, 0, U64_MAX);
	if (ret)
		return ret;
	list_for_each_entry(domain, &t->domains, entry) {
		type1_iova_clip(ranges, domain->domain->geometry.aperture_start,
				domain->domain->geometry.aperture_end);
		list_for_each_entry(member, &domain->groups, entry) {
			ret = exclude_reserved(ranges, member->group, &msi_base);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* After a group has left.  Without memory the ranges stay narrower than need be */
static void ranges_widen(struct type1 *t)
{
	LIST_HEAD(ranges);

	if (list_empty(&t->domains) || !ranges_make(t, &ranges))
		ranges_replace(t, &ranges);
	type1_iova_free(&ranges);
}

/* ---- page sizes */

/* A smaller page of the IOMMU only says that it can map ours in pieces */
static u64 domain_pgsizes(const struct type1_domain *domain)
{
	u64 sizes = domain->domain->pgsize_bitmap;

	if (sizes & ~PAGE_MASK)
		sizes |= PAGE_SIZE;
	return sizes & PAGE_MASK;
}

static bool has_mappings(struct type1 *t)
{
	guard(mutex)(&t->lock);
	return !RB_EMPTY_ROOT(&t->dmas);
}

/* After a group has left.  Mappings and their dirty bits keep the unit they have */
static void pgsizes_widen(struct type1 *t)
{
	u64 sizes = ~0ULL & PAGE_MASK;
	struct type1_domain *domain;

	list_for_each_entry(domain, &t->domains, entry)
		sizes &= domain_pgsizes(domain);
	if (has_mappings(t))
		sizes &= -type1_pgsize(t);
	t->pgsizes = sizes;
}

/* ---- domains */

/*
 * Page tables that others use already.  Which ones a group can use is for its
 * IOMMU to say; but a group that is coherent as seen from outside must not get
 * into page tables that do not enforce it.
 */
static struct type1_domain *domain_join(struct type1 *t, const struct type1_plan *plan)
{
	struct type1_domain *domain;

	list_for_each_entry(domain, &t->domains, entry) {
		if (plan->coherent && !domain->enforce_coherency)
			continue;
		if (plan->msi_base != domain->msi_base)
			continue;
		if (!iommu_attach_group(domain->domain, plan->group))
			return domain;
	}
	return NULL;
}

/* New page tables with nothing in them, the group is attached */
static struct type1_domain *domain_create(const struct type1_plan *plan)
{
	struct type1_domain *domain = kzalloc_obj(*domain, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!domain)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&domain->groups);
	domain->msi_base = plan->msi_base;
	domain->domain = iommu_paging_domain_alloc(plan->dev);
	if (IS_ERR(domain->domain)) {
		ret = PTR_ERR(domain->domain);
		goto free;
	}

	if (plan->msi_base != TYPE1_NO_MSI_BASE) {
		ret = iommu_get_msi_cookie(domain->domain, plan->msi_base);
		/* ENODEV: this kernel does not map interrupts at all */
		if (ret && ret != -ENODEV)
			goto free_domain;
	}

	ret = iommu_attach_group(domain->domain, plan->group);
	if (ret)
		goto free_domain;

	/* Has to know its device, and comes before anything is mapped */
	if (domain->domain->ops->enforce_cache_coherency)
		domain->enforce_coherency =
			domain->domain->ops->enforce_cache_coherency(domain->domain);
	return domain;

free_domain:
	iommu_domain_free(domain->domain);
free:
	kfree(domain);
	return ERR_PTR(ret);
}

/* Can it hold what is mapped, in the unit that this is mapped in? */
static bool domain_fits(struct type1 *t, const struct type1_domain *domain,
			struct type1_plan *plan)
{
	const struct iommu_domain_geometry *geometry = &domain->domain->geometry;
	u64 sizes = t->pgsizes & domain_pgsizes(domain);

	if (!sizes)
		return false;
	if (has_mappings(t) && (sizes & -sizes) != type1_pgsize(t))
		return false;

	type1_iova_clip(&plan->ranges, geometry->aperture_start, geometry->aperture_end);
	return ranges_fit(t, &plan->ranges);
}

static void domain_hide(struct type1 *t, struct type1_domain *domain)
{
	guard(mutex)(&t->domain_lock);
	list_del(&domain->entry);
}

/**
 * domain_add() - Make page tables for a group
 * @t: the container's state
 * @plan: says what they are for; the ranges are narrowed
 *
 * Context: May sleep, faults in user memory.
 * Return: the domain with the group attached and all mappings in it; ERR_PTR of
 * -EINVAL mappings do not fit, -ENOMEM, -EINTR killed meanwhile, or what the
 * IOMMU or pinning of memory says; then nothing has changed.
 */
static struct type1_domain *domain_add(struct type1 *t, struct type1_plan *plan)
{
	struct type1_domain *domain = domain_create(plan);
	int ret = -EINVAL;

	if (IS_ERR(domain))
		return domain;
	if (domain_fits(t, domain, plan)) {
		ret = type1_replay(t, domain);
		if (!ret) {
			t->pgsizes &= domain_pgsizes(domain);
			return domain;
		}
	}
	iommu_detach_group(domain->domain, plan->group);
	iommu_domain_free(domain->domain);
	kfree(domain);
	return ERR_PTR(ret);
}

/* ---- attaching */

/* Could a device of the group write what counts as an interrupt of another one? */
static int check_interrupts(struct iommu_group *group)
{
	if (iommu_group_has_isolated_msi(group) || READ_ONCE(allow_unsafe_interrupts))
		return 0;
	/* The wording, with the name, is what administrators search for */
	pr_warn_ratelimited("vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param \"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform\n");
	return -EPERM;
}

static void plan_end(struct type1_plan *plan)
{
	type1_iova_free(&plan->ranges);
	vfio_group_devices_end(plan->devices);
}

static int plan_ranges(struct type1 *t, struct type1_plan *plan)
{
	int ret;

	if (list_empty(&t->ranges))
		ret = type1_iova_init(&plan->ranges, 0, U64_MAX);
	else
		ret = type1_iova_copy(&plan->ranges, &t->ranges);
	if (!ret)
		ret = exclude_reserved(&plan->ranges, plan->group, &plan->msi_base);
	if (!ret && !ranges_fit(t, &plan->ranges))
		ret = -EINVAL;
	return ret;
}

/* What the group needs, asked of its devices */
static int plan_begin(struct type1 *t, struct type1_plan *plan, struct iommu_group *group)
{
	struct device *dev;
	int ret;

	*plan = (struct type1_plan) { .group = group };
	INIT_LIST_HEAD(&plan->ranges);
	plan->devices = vfio_group_devices_begin(group);
	if (IS_ERR(plan->devices))
		return PTR_ERR(plan->devices);

	while ((dev = vfio_group_devices_next(plan->devices))) {
		if (!plan->dev)
			plan->dev = dev;
		plan->coherent |= device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
	}

	ret = plan_ranges(t, plan);
	if (ret)
		plan_end(plan);
	return ret;
}

static int attach_physical(struct type1 *t, struct type1_group *member)
{
	struct type1_domain *domain;
	struct type1_plan plan;
	int ret;

	ret = check_interrupts(member->group);
	if (ret)
		return ret;
	ret = plan_begin(t, &plan, member->group);
	if (ret)
		return ret;

	domain = domain_join(t, &plan);
	if (!domain)
		domain = domain_add(t, &plan);
	ret = PTR_ERR_OR_ZERO(domain);
	if (!ret) {
		list_add_tail(&member->entry, &domain->groups);
		ranges_replace(t, &plan.ranges);
		scoped_guard(mutex, &t->lock)
			t->groups_without_pins++;
	}
	plan_end(&plan);
	return ret;
}

/* It has no IOMMU: its drivers pin what they use */
static int attach_emulated(struct type1 *t, struct type1_group *member)
{
	member->pins = true;
	guard(mutex)(&t->lock);
	list_add_tail(&member->entry, &t->emulated_groups);
	return 0;
}

/* Memory whose address is not known cannot be mapped for anybody else */
static bool vaddrs_valid(struct type1 *t)
{
	guard(mutex)(&t->lock);
	return !t->vaddrs_invalid;
}

/**
 * type1_attach_group() - A group of devices joins the container
 * @data: struct type1 of the container
 * @group: the IOMMU group
 * @type: VFIO_IOMMU or VFIO_EMULATED_IOMMU
 *
 * Its devices reach all mappings when this returns, or nothing has changed.
 *
 * Context: May sleep, pins user memory; takes type1.lock and type1.domain_lock.
 * Return: 0; -EBUSY the user has taken back the address of a mapping; -EPERM
 * interrupts of the group are not kept apart from those of others; -EINVAL a
 * mapping lies where the group cannot reach it, the page sizes of the IOMMUs do
 * not go together, or @type is another; -ENODEV the group is empty; -ENOMEM;
 * -EINTR killed meanwhile; what the IOMMU or pinning of memory says.
 */
int type1_attach_group(void *data, struct iommu_group *group, enum vfio_group_type type)
{
	struct type1_group *member;
	struct type1 *t = data;
	int ret = -EINVAL;

	if (!vaddrs_valid(t))
		return -EBUSY;
	member = kzalloc_obj(*member, GFP_KERNEL_ACCOUNT);
	if (!member)
		return -ENOMEM;
	member->group = group;

	if (type == VFIO_IOMMU)
		ret = attach_physical(t, member);
	else if (type == VFIO_EMULATED_IOMMU)
		ret = attach_emulated(t, member);
	if (ret)
		kfree(member);
	return ret;
}

/* ---- detaching */

/* Whatever the group could reach it may have written, and it can't be asked any more */
static void count_out(struct type1 *t, const struct type1_group *member)
{
	struct type1_dma *dma;

	guard(mutex)(&t->lock);
	if (member->pins)
		return;
	t->groups_without_pins--;
	if (!t->dirty_log)
		return;
	for (dma = type1_dma_first(&t->dmas, 0, U64_MAX); dma; dma = type1_dma_next(dma))
		if (dma->mapped)
			type1_dirty_mark(t, dma, dma->iova, dma->size);
}

/* The DMA of the group's devices ends, then goes what was there for it */
static void detach_physical(struct type1 *t, struct type1_domain *domain,
			    struct type1_group *member)
{
	iommu_detach_group(domain->domain, member->group);
	list_del(&member->entry);
	count_out(t, member);

	if (list_empty(&domain->groups)) {
		/* No IOMMU is left: nothing needs the memory but what emulated devices pinned */
		if (list_is_singular(&t->domains))
			type1_depopulate_all(t);
		domain_hide(t, domain);
		iommu_domain_free(domain->domain);
		kfree(domain);
	}
	ranges_widen(t);
	pgsizes_widen(t);
}

static struct type1_group *find_member(struct list_head *members, struct iommu_group *group)
{
	struct type1_group *member;

	list_for_each_entry(member, members, entry)
		if (member->group == group)
			return member;
	return NULL;
}

static struct type1_group *take_emulated(struct type1 *t, struct iommu_group *group)
{
	struct type1_group *member;

	guard(mutex)(&t->lock);
	member = find_member(&t->emulated_groups, group);
	if (member)
		list_del(&member->entry);
	return member;
}

/**
 * type1_detach_group() - A group of devices leaves the container
 * @data: struct type1 of the container
 * @group: the IOMMU group, attached before
 *
 * Mappings stay, they may be for groups to come.  With the last IOMMU their
 * memory is unpinned until then, except for what emulated devices have pinned.
 *
 * Context: May sleep; takes type1.lock and type1.domain_lock.
 */
void type1_detach_group(void *data, struct iommu_group *group)
{
	struct type1_domain *domain;
	struct type1_group *member;
	struct type1 *t = data;

	member = take_emulated(t, group);
	if (!member) {
		list_for_each_entry(domain, &t->domains, entry) {
			member = find_member(&domain->groups, group);
			if (member) {
				detach_physical(t, domain, member);
				break;
			}
		}
	}
	kfree(member);
}
