/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * type1: one set of mappings of user memory for all devices of a container.
 *
 * What the files of module vfio_iommu_type1 offer each other, the lowest layer
 * first; a file calls only what stands above its own section.
 *
 * How memory is mapped.  VFIO_IOMMU_MAP_DMA puts a struct type1_dma into the
 * tree and marks it busy; then, without any lock of ours, so that nobody waits
 * for another one's page faults, the memory is pinned and put into every domain,
 * in units of page table leaves and folios; then the mapping is ready.  Who
 * comes across a busy mapping waits for it, or takes it for there where that is
 * enough.  Unmapping makes it busy the same way, and takes it out at the end.
 *
 * What is remembered of the pages is where contiguous runs of them begin, one
 * bit a page at most (struct type1_runs); the addresses are in the IOMMU's page
 * tables, but for that of a mapping which is one piece of memory.
 *
 * Locks, the outermost first.  The core keeps attaching and detaching of groups
 * apart from ioctls and from each other (struct vfio_iommu_driver_ops): inside
 * of an ioctl the list of domains is constant.
 *
 * - type1.lock: the tree and all fields of mappings but those that belong to who
 *   made it busy; everything about emulated devices.
 * - mmap_lock of the mapping's mm.  Page faults take locks of other devices.
 * - type1.domain_lock: the list of domains against those who come neither by an
 *   ioctl nor by attaching: device memory that goes away (device_memory.c).
 *   Nothing under it faults in user memory.
 */
#ifndef VFIO_TYPE1_H
#define VFIO_TYPE1_H

#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/sizes.h>
#include <linux/vfio.h>
#include <linux/wait.h>

#include "../vfio.h"

struct type1;

/* ---- iova_list.c: which IOVAs devices can use (pure) */

/**
 * struct type1_iova_range - IOVAs that can be mapped
 * @entry: link in a sorted list of ranges that neither overlap nor touch
 * @start: first
 * @last: last, inclusive
 */
struct type1_iova_range {
	struct list_head entry;
	u64 start;
	u64 last;
};

int type1_iova_init(struct list_head *ranges, u64 start, u64 last);
int type1_iova_copy(struct list_head *to, const struct list_head *from);
void type1_iova_free(struct list_head *ranges);
void type1_iova_clip(struct list_head *ranges, u64 start, u64 last);
int type1_iova_exclude(struct list_head *ranges, u64 start, u64 last);
bool type1_iova_valid(const struct list_head *ranges, u64 start, u64 last);

/* ---- runs.c: where contiguous runs of pages begin (pure) */

/**
 * struct type1_runs - Which pages of a mapping lie behind each other in memory
 *
 * Either each page right behind the one before, or each right before it.
 *
 * @npages: pages of the mapping
 * @phase: pages before the first one that is aligned as a large leaf is, less
 *         than TYPE1_RUNS_LEAF
 * @begin: a bit a page, set where a run begins.  NULL while runs begin at page 0
 *         and at each that is aligned as a large leaf is, and nowhere else
 */
struct type1_runs {
	unsigned long npages;
	unsigned long phase;
	unsigned long *begin;
};

/* Pages of a large leaf of the page tables of processes */
#define TYPE1_RUNS_LEAF		(1UL << (PMD_SHIFT - PAGE_SHIFT))

void type1_runs_init(struct type1_runs *runs, unsigned long vaddr, unsigned long npages);
int type1_runs_begin(struct type1_runs *runs, unsigned long page);
unsigned long type1_runs_len(const struct type1_runs *runs, unsigned long first);
void type1_runs_free(struct type1_runs *runs);

/* ---- pfn_list.c: pages that emulated devices have pinned (pure) */

/**
 * struct type1_pfn - A page that is pinned for emulated devices
 * @node: link in type1_dma.pfns, by @iova
 * @iova: of the page
 * @pfn: the page
 * @count: how often it was pinned
 */
struct type1_pfn {
	struct rb_node node;
	u64 iova;
	unsigned long pfn;
	unsigned int count;
};

struct type1_pfn *type1_pfn_find(struct rb_root *pfns, u64 iova);
struct type1_pfn *type1_pfn_first(struct rb_root *pfns, u64 start, u64 last);
void type1_pfn_insert(struct rb_root *pfns, struct type1_pfn *pfn);
unsigned long type1_pfn_count(const struct rb_root *pfns);

/* ---- dma_tree.c: the mappings by IOVA (pure) */

/**
 * struct type1_dma - One mapping: what one VFIO_IOMMU_MAP_DMA made
 * @node: link in type1.dmas
 * @iova: first IOVA
 * @size: bytes
 * @vaddr: the user's address of the first byte in @mm
 * @prot: IOMMU_READ, IOMMU_WRITE
 * @lock_cap: the user may lock any amount of memory
 * @busy: somebody works on it without type1.lock, and everything below but
 *        @pfns and @dirty is his
 * @going: link in the list of mappings that somebody is unmapping; empty if it
 *         is not one of them.  It is @busy until it is gone.  As far as others
 *         are concerned its memory is not there, but its IOVAs are taken
 * @vaddr_invalid: the user has taken @vaddr back, and will give a new one
 * @mapped: its memory is pinned, and in every domain; else there are only
 *          emulated devices
 * @device_memory: some of the memory is not pinned, because it is of devices
 * @mm: whose memory, mmgrab()bed; mmget_not_zero() before it is used
 * @task: leader of the thread group that is charged, a reference
 * @charged: pages charged to @mm for this mapping: all that are pinned if
 *           @mapped, else those of @pfns; changed under the mmap_lock of @mm
 * @runs: of its pages, if @mapped
 * @phys: where all of it is, if @mapped and that is one piece of pinned memory; else
 *        0, and the page tables say it
 * @targets: memory of devices in it, struct type1_device_memory
 * @pfns: pages that emulated devices have pinned, struct type1_pfn
 * @dirty: a bit for each smallest page while dirty pages are logged; else NULL
 */
struct type1_dma {
	struct rb_node node;
	u64 iova;
	u64 size;
	unsigned long vaddr;
	int prot;
	bool lock_cap;
	bool busy;
	bool vaddr_invalid;
	bool mapped;
	bool device_memory;
	struct list_head going;
	struct mm_struct *mm;
	struct task_struct *task;
	unsigned long charged;
	struct type1_runs runs;
	phys_addr_t phys;
	struct rb_root targets;
	struct rb_root pfns;
	unsigned long *dirty;
};

static inline u64 type1_dma_last(const struct type1_dma *dma)
{
	return dma->iova + dma->size - 1;
}

/* The first mapping that has an IOVA in [start, last], or NULL */
struct type1_dma *type1_dma_first(struct rb_root *dmas, u64 start, u64 last);
struct type1_dma *type1_dma_next(struct type1_dma *dma);
/* False if it overlaps another */
bool type1_dma_insert(struct rb_root *dmas, struct type1_dma *dma);

/* ---- account.c: whose memory it is, and what it costs him */

struct type1_dma *type1_dma_alloc(void);
void type1_dma_free(struct type1_dma *dma);
void type1_dma_free_list(struct list_head *going);
int type1_dma_adopt(struct type1_dma *dma);
bool type1_mm_get(struct type1_dma *dma);
void type1_mm_put(struct type1_dma *dma);
int type1_charge(struct type1_dma *dma, unsigned long npages);
int type1_charge_up_to(struct type1_dma *dma, unsigned long npages);
void type1_uncharge(struct type1_dma *dma, unsigned long npages);
void type1_settle(struct type1_dma *dma, unsigned long npages);
void type1_report_limit(struct type1_dma *dma);

/* ---- the container's state */

/**
 * struct type1_domain - One set of IOMMU page tables
 * @entry: link in type1.domains
 * @domain: the page tables; every mapping that is mapped is in them
 * @groups: groups of devices that use it, struct type1_group
 * @enforce_coherency: no device can bypass the caches through it
 * @msi_base: where in it interrupts are mapped, U64_MAX if they need no mapping
 */
struct type1_domain {
	struct list_head entry;
	struct iommu_domain *domain;
	struct list_head groups;
	bool enforce_coherency;
	u64 msi_base;
};

/**
 * struct type1_group - A group of devices that is attached
 * @entry: link in type1_domain.groups or type1.emulated_groups
 * @group: the IOMMU group
 * @pins: a device of it has pinned pages one by one, so only these can be dirty
 */
struct type1_group {
	struct list_head entry;
	struct iommu_group *group;
	bool pins;
};

/**
 * struct type1 - What serves one container
 * @v2: of version 2, where no part of a mapping can be unmapped
 * @lock: see the head of this file
 * @idle: woken when a mapping is no longer busy
 * @dmas: the mappings, struct type1_dma; protected by @lock
 * @dma_avail: mappings that may still be made; protected by @lock
 * @pgsizes: page sizes that all domains have, of PAGE_SIZE and more; changes
 *           when groups are attached and detached.  The smallest is the unit of
 *           all ranges
 * @domain_lock: see the head of this file
 * @domains: struct type1_domain; changed under @domain_lock when groups are
 *           attached and detached
 * @emulated_groups: groups without an IOMMU, struct type1_group; protected by @lock
 * @ranges: IOVAs that can be used, struct type1_iova_range; changes when groups
 *          are attached and detached
 * @devices_lock: protects @devices; taken inside of nothing, held while their
 *                dma_unmap operations run, outside of @lock
 * @devices: open emulated devices that want to hear of unmapping
 * @vaddrs_invalid: mappings with type1_dma.vaddr_invalid; protected by @lock
 * @dirty_log: dirty pages are logged; protected by @lock
 * @groups_without_pins: attached groups with type1_group.pins false; protected
 *                       by @lock
 */
struct type1 {
	bool v2;
	struct mutex lock;		/* see above */
	wait_queue_head_t idle;
	struct rb_root dmas;
	unsigned int dma_avail;
	u64 pgsizes;
	struct mutex domain_lock;	/* see above */
	struct list_head domains;
	struct list_head emulated_groups;
	struct list_head ranges;
	struct mutex devices_lock;	/* see above */
	struct list_head devices;
	unsigned int vaddrs_invalid;
	bool dirty_log;
	unsigned int groups_without_pins;
};

static inline u64 type1_pgsize(const struct type1 *t)
{
	return t->pgsizes & -t->pgsizes;
}

/* ---- wait.c: busy mappings */

void type1_dma_begin(struct type1 *t, struct type1_dma *dma);
void type1_dma_done(struct type1 *t, struct type1_dma *dma);
int type1_dma_wait_idle(struct type1 *t, u64 start, u64 last);

/* ---- dirty.c: which pages have been written */

/* Bytes that the user's bitmap has at most */
#define TYPE1_DIRTY_BITMAP_MAX	SZ_256M

int type1_dirty_alloc(struct type1 *t, struct type1_dma *dma);
void type1_dirty_free(struct type1_dma *dma);
void type1_dirty_mark(struct type1 *t, struct type1_dma *dma, u64 iova, u64 size);
int type1_dirty_copy(struct type1 *t, struct type1_dma *dma, u64 base, u64 pgsize,
		     u64 __user *bitmap);
int type1_dirty_check_bitmap(u64 npages, u64 bitmap_size);
long type1_ioctl_dirty_pages(struct type1 *t, void __user *uarg);
#if IS_ENABLED(CONFIG_KUNIT)
u64 type1_dirty_word(const struct type1_dma *dma, u64 base, u64 pgsize, u64 word);
#endif

/* ---- pin.c: memory of a process, as large pieces as its page tables allow */

/**
 * struct type1_piece - Memory that lies in one piece
 * @phys: where
 * @npages: how many pages from there
 * @device: it is memory of a device: not pinned, not to be charged
 * @file: if @device: what it was mapped from, a reference, or NULL
 * @offset: where in @file
 */
struct type1_piece {
	phys_addr_t phys;
	unsigned long npages;
	bool device;
	struct file *file;
	u64 offset;
};

/* Pages that are pinned without memory for a list of them */
#define TYPE1_PIN_FEW	8

/**
 * struct type1_pinner - Pins the memory of a mapping, one piece after the other
 * @dma: the mapping
 * @gup_flags: FOLL_*
 * @local: the memory is of the process that is running
 * @at: the first of @pages that no piece has been made of
 * @n: how many of @pages are pinned
 * @max: how many fit into @pages
 * @pages: pages that were pinned together
 * @few: what @pages is for small mappings, or without memory
 */
struct type1_pinner {
	struct type1_dma *dma;
	unsigned int gup_flags;
	bool local;
	unsigned int at;
	unsigned int n;
	unsigned int max;
	struct page **pages;
	struct page *few[TYPE1_PIN_FEW];
};

int type1_pinner_init(struct type1_pinner *pinner, struct type1_dma *dma);
void type1_pinner_exit(struct type1_pinner *pinner);
int type1_pin_next(struct type1_pinner *pinner, unsigned long page,
		   struct type1_piece *piece);
bool type1_phys_pinned(phys_addr_t phys);
void type1_unpin(struct type1_dma *dma, phys_addr_t phys, unsigned long npages);
int type1_pin_one(struct type1_dma *dma, unsigned long vaddr, unsigned long *pfn);

/* ---- device_memory.c: memory of devices as a target of DMA */

int type1_device_memory_add(struct type1 *t, struct type1_dma *dma, unsigned long page,
			    const struct type1_piece *piece);
void type1_device_memory_remove(struct type1 *t, struct type1_dma *dma);
unsigned long type1_device_memory_len(struct type1_dma *dma, unsigned long page);
int type1_device_memory_replay(struct type1_dma *dma, struct iommu_domain *domain);

/* ---- notify.c: emulated devices hear that memory goes away */

void type1_register_device(void *data, struct vfio_device *vdev);
void type1_unregister_device(void *data, struct vfio_device *vdev);
void type1_notify_unmap(struct type1 *t, u64 iova, u64 size);

/* ---- vaddr.c: memory gets other addresses */

long type1_vaddr_invalidate(struct type1 *t, u64 start, u64 last, u64 *size);
int type1_vaddr_set(struct type1 *t, u64 iova, u64 size, unsigned long vaddr);

/* ---- unmap.c: memory leaves the domains */

void type1_depopulate(struct type1 *t, struct type1_dma *dma, unsigned long npages);
void type1_depopulate_all(struct type1 *t);
void type1_remove_all(struct type1 *t);
long type1_ioctl_unmap_dma(struct type1 *t, void __user *uarg);

/* ---- map.c: memory enters the domains */

int type1_populate(struct type1 *t, struct type1_dma *dma);
int type1_replay(struct type1 *t, struct type1_domain *domain);
long type1_ioctl_map_dma(struct type1 *t, void __user *uarg);

/* ---- domain.c: groups come and go */

int type1_attach_group(void *data, struct iommu_group *group, enum vfio_group_type type);
void type1_detach_group(void *data, struct iommu_group *group);

/* ---- external.c: emulated devices */

int type1_pin_pages(void *data, struct iommu_group *group, dma_addr_t iova, int npage,
		    int prot, struct page **pages);
void type1_unpin_pages(void *data, dma_addr_t iova, int npage);
int type1_dma_rw(void *data, dma_addr_t iova, void *buf, size_t count, bool write);

/* ---- info.c: what a container can do */

long type1_check_extension(struct type1 *t, unsigned long ext);
long type1_ioctl_get_info(struct type1 *t, void __user *uarg);

/* ---- ioctl.c: what the user wants */

long type1_ioctl(void *data, unsigned int cmd, unsigned long arg);

#endif /* VFIO_TYPE1_H */
