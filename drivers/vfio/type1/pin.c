// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a process, pinned in as large pieces as its page tables allow.
 *
 * Where a large leaf of the page tables maps the memory, one page is pinned the
 * usual way, which does everything that has to be done: faults, unsharing,
 * migration out of movable memory, refusals.  If the leaf is still there then and
 * maps that very page, the rest of the leaf is more pages of the same folio,
 * which need nothing but being counted.  Elsewhere pages are pinned as many at a
 * time as one page table has.
 *
 * Mappings of device memory have no pages to pin; their page tables say where
 * the memory is.
 *
 * No state but the pinner, which belongs to who is busy with the mapping.
 */
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "type1.h"

/* Pages of one page table, and of a list of pages that fills a page */
#define PIN_MANY	min(PTRS_PER_PTE, PAGE_SIZE / sizeof(struct page *))

/* Pages of a leaf that make one piece, for who counts bytes in 32 bits */
#define PIN_LEAF_MAX	(SZ_1G >> PAGE_SHIFT)

/* More references than this on a folio: somebody is about to overflow them */
#define PIN_REFS_MAX	(INT_MAX / 2)

#ifdef CONFIG_HAVE_GUP_FAST
/*
 * How memory at @addr is mapped now: 0 by nothing yet, 1 by a page table of small
 * pages, more by a large leaf: pages from @addr to its end, and @pfn is set.
 * Page tables stay as long as interrupts are off.  Read each level once: it may
 * become a leaf or a table at any moment.
 */
static unsigned long leaf_walk(struct mm_struct *mm, unsigned long addr, unsigned long *pfn)
{
	pgd_t pgd = READ_ONCE(*pgd_offset(mm, addr));
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	if (pgd_none(pgd))
		return 0;
	p4d = READ_ONCE(*p4d_offset(&pgd, addr));
	if (p4d_none(p4d) || !p4d_present(p4d))
		return 0;
	pud = READ_ONCE(*pud_offset(&p4d, addr));
	if (pud_none(pud) || !pud_present(pud))
		return 0;
	if (pud_leaf(pud)) {
		*pfn = pud_pfn(pud) + ((addr & ~PUD_MASK) >> PAGE_SHIFT);
		return (PUD_SIZE - (addr & ~PUD_MASK)) >> PAGE_SHIFT;
	}
	pmd = READ_ONCE(*pmd_offset(&pud, addr));
	if (pmd_none(pmd) || !pmd_present(pmd))
		return 0;
	if (pmd_leaf(pmd)) {
		*pfn = pmd_pfn(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
		return (PMD_SIZE - (addr & ~PMD_MASK)) >> PAGE_SHIFT;
	}
	return 1;
}

static unsigned long leaf_pages(struct mm_struct *mm, unsigned long addr, unsigned long *pfn)
{
	unsigned long flags, npages;

	local_irq_save(flags);
	npages = leaf_walk(mm, addr, pfn);
	local_irq_restore(flags);
	return npages;
}
#else
static unsigned long leaf_pages(struct mm_struct *mm, unsigned long addr, unsigned long *pfn)
{
	return 1;
}
#endif

/**
 * type1_pinner_init() - Get ready to pin the memory of a mapping
 * @pinner: to be initialised
 * @dma: the mapping
 *
 * Context: Process context.
 * Return: 0; type1_pinner_exit() has to follow, by the same task.  -ESRCH if the
 * process's memory is gone.
 */
int type1_pinner_init(struct type1_pinner *pinner, struct type1_dma *dma)
{
	if (!type1_mm_get(dma))
		return -ESRCH;
	pinner->dma = dma;
	pinner->gup_flags = FOLL_LONGTERM | (dma->prot & IOMMU_WRITE ? FOLL_WRITE : 0);
	pinner->local = dma->mm == current->mm;
	pinner->at = 0;
	pinner->n = 0;
	pinner->max = TYPE1_PIN_FEW;
	pinner->pages = pinner->few;
	return 0;
}

/**
 * type1_pinner_exit() - Let go of what was pinned, but not given out
 * @pinner: from type1_pinner_init()
 *
 * Context: Process context, may sleep.
 */
void type1_pinner_exit(struct type1_pinner *pinner)
{
	unpin_user_pages(pinner->pages + pinner->at, pinner->n - pinner->at);
	if (pinner->pages != pinner->few)
		free_page((unsigned long)pinner->pages);
	type1_mm_put(pinner->dma);
}

/* A list for many pages; it works without, too */
static void get_list(struct type1_pinner *pinner)
{
	void *list = (void *)__get_free_page(GFP_KERNEL | __GFP_NOWARN);

	if (list) {
		pinner->pages = list;
		pinner->max = PIN_MANY;
	}
}

/* Number of pages pinned, not 0, or an errno */
static int pin(struct type1_pinner *pinner, unsigned long vaddr, unsigned long npages)
{
	struct mm_struct *mm = pinner->dma->mm;
	int n;

	if (pinner->local) {
		n = pin_user_pages_fast(vaddr, npages, pinner->gup_flags, pinner->pages);
	} else {
		if (mmap_read_lock_killable(mm))
			return -EINTR;
		n = pin_user_pages_remote(mm, vaddr, npages, pinner->gup_flags, pinner->pages,
					  NULL);
		mmap_read_unlock(mm);
	}
	return n ?: -EFAULT;
}

/*
 * @page is pinned, and maybe part of a leaf that maps @npages from @pfn on: pin
 * up to @max pages of it.  Returns how many are pinned, or an errno, then none is.
 */
static long pin_rest_of_leaf(struct page *page, unsigned long pfn, unsigned long npages,
			     unsigned long max)
{
	struct folio *folio = page_folio(page);
	unsigned long n = 1;
	int err = 0;

	if (npages > 1 && pfn == page_to_pfn(page))
		n = min3(npages, max, folio_nr_pages(folio) - folio_page_idx(folio, page));
	if (n > 1)
		err = folio_ref_count(folio) > PIN_REFS_MAX ? -ENOMEM :
							      folio_add_pins(folio, n - 1);
	if (err) {
		unpin_user_page(page);
		return err;
	}
	return n;
}

/* Where device memory at @addr is, and how many pages of it one leaf maps */
static int device_leaf(struct vm_area_struct *vma, unsigned long addr, bool write,
		       unsigned long *pfn, unsigned long *npages, bool *unlocked)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = addr };
	int err = 0;

	if (follow_pfnmap_start(&args)) {
		err = fixup_user_fault(vma->vm_mm, addr,
				       FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0),
				       unlocked);
		if (err || *unlocked)
			return err;
		if (follow_pfnmap_start(&args))
			return -EFAULT;
	}
	if (write && !args.writable)
		err = -EFAULT;
	*pfn = args.pfn;
	*npages = (-args.addr_mask - (addr & ~args.addr_mask)) >> PAGE_SHIFT;
	follow_pfnmap_end(&args);
	return err;
}

/* Is it memory that can be mapped although nothing keeps it in place? */
static bool no_page_pinnable(unsigned long pfn, unsigned long npages)
{
	unsigned long i;

	for (i = 0; i < npages; i++) {
		if (type1_phys_pinned(PFN_PHYS(pfn + i)))
			return false;
#ifdef CONFIG_SPARSEMEM
		/* Whole sections of memory have pages, or parts of them */
		if (!pfn_valid(pfn + i))
			i = ALIGN(pfn + i + 1, PAGES_PER_SUBSECTION) - pfn - 1;
#endif
	}
	return true;
}

/*
 * Memory of a device from @addr on, as far as it lies in one piece and in one
 * VMA, up to @max pages; mm->mmap_lock is held, maybe not by who took it.
 */
static int device_piece_locked(struct type1_pinner *pinner, unsigned long addr,
			       unsigned long max, struct type1_piece *piece)
{
	bool write = pinner->gup_flags & FOLL_WRITE, unlocked = false;
	struct vm_area_struct *vma;
	unsigned long pfn, npages;
	int err;

again:
	vma = vma_lookup(pinner->dma->mm, addr);
	if (!vma || !(vma->vm_flags & VM_PFNMAP))
		return -EFAULT;
	max = min(max, (vma->vm_end - addr) >> PAGE_SHIFT);
	piece->npages = 0;
	while (piece->npages < max) {
		if (fatal_signal_pending(current))
			return -EINTR;
		unlocked = false;
		err = device_leaf(vma, addr + piece->npages * PAGE_SIZE, write, &pfn, &npages,
				  &unlocked);
		if (err)
			return err;
		if (unlocked)
			goto again;
		npages = min(npages, max - piece->npages);
		if (!piece->npages)
			piece->phys = PFN_PHYS(pfn);
		else if (PFN_PHYS(pfn) != piece->phys + piece->npages * PAGE_SIZE)
			break;
		if (!no_page_pinnable(pfn, npages))
			return -EFAULT;
		piece->npages += npages;
	}
	piece->device = true;
	piece->file = vma->vm_file ? get_file(vma->vm_file) : NULL;
	piece->offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + addr - vma->vm_start;
	return 0;
}

static int device_piece(struct type1_pinner *pinner, unsigned long vaddr, unsigned long max,
			struct type1_piece *piece)
{
	struct mm_struct *mm = pinner->dma->mm;
	int err;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	err = device_piece_locked(pinner, untagged_addr_remote(mm, vaddr), max, piece);
	mmap_read_unlock(mm);
	return err;
}

/* Make a piece of pages that are pinned already */
static void piece_of_list(struct type1_pinner *pinner, struct type1_piece *piece)
{
	struct page **pages = pinner->pages + pinner->at;
	unsigned long max = pinner->n - pinner->at, pfn = page_to_pfn(pages[0]), n;

	for (n = 1; n < max; n++)
		if (page_to_pfn(pages[n]) != pfn + n)
			break;
	pinner->at += n;
	piece->phys = PFN_PHYS(pfn);
	piece->npages = n;
}

/**
 * type1_pin_next() - Pin more of a mapping's memory
 * @pinner: from type1_pinner_init()
 * @page: first page, the one behind the piece before, or where to begin
 * @piece: gets what was pinned, not more than the rest of the mapping; who gets
 *         it lets go of it by type1_unpin(), or fput() of its file
 *
 * Pages of a piece follow each other in memory.  A piece of device memory ends
 * where the VMA does.
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 * Return: 0; -EFAULT if there is no memory, not with that access, or none that
 * can be pinned; -ENOMEM; -EINTR if the caller is being killed; other errnos of
 * page faults.
 */
int type1_pin_next(struct type1_pinner *pinner, unsigned long page, struct type1_piece *piece)
{
	struct type1_dma *dma = pinner->dma;
	unsigned long vaddr = dma->vaddr + page * PAGE_SIZE;
	unsigned long left = (dma->size >> PAGE_SHIFT) - page;
	unsigned long pfn, leaf, want;
	long n;

	piece->device = false;
	piece->file = NULL;
	if (pinner->at < pinner->n) {
		piece_of_list(pinner, piece);
		return 0;
	}

	leaf = left > 1 ? leaf_pages(dma->mm, vaddr, &pfn) : 1;
	want = 1;
	if (leaf == 1) {
		want = min(left, (PMD_SIZE - (vaddr & ~PMD_MASK)) >> PAGE_SHIFT);
		if (want > pinner->max && pinner->pages == pinner->few)
			get_list(pinner);
		want = min(want, pinner->max);
	}
	n = pin(pinner, vaddr, want);
	if (n == -EFAULT)
		return device_piece(pinner, vaddr, left, piece);
	if (n < 0)
		return n;
	pinner->at = 0;
	pinner->n = n;
	if (leaf == 1) {
		piece_of_list(pinner, piece);
		return 0;
	}

	pinner->n = 0;
	leaf = leaf_pages(dma->mm, vaddr, &pfn);
	n = pin_rest_of_leaf(pinner->pages[0], pfn, leaf, min(left, PIN_LEAF_MAX));
	if (n < 0)
		return n;
	piece->phys = page_to_phys(pinner->pages[0]);
	piece->npages = n;
	return 0;
}

/**
 * type1_phys_pinned() - Is it memory that was pinned in order to be mapped?
 * @phys: an address that is mapped
 *
 * Context: Any.
 * Return: false for memory of devices, and for pages that are never freed.
 */
bool type1_phys_pinned(phys_addr_t phys)
{
	unsigned long pfn = PHYS_PFN(phys);

	return pfn_valid(pfn) && !PageReserved(pfn_to_page(pfn));
}

/**
 * type1_unpin() - Let go of memory
 * @dma: the mapping that it was pinned for; what can be written was
 * @phys: where the memory is, of which type1_phys_pinned() is true
 * @npages: how many pages from there, one behind the other
 *
 * Context: Process context, may sleep.
 */
void type1_unpin(struct type1_dma *dma, phys_addr_t phys, unsigned long npages)
{
	unpin_user_page_range_dirty_lock(phys_to_page(phys), npages, dma->prot & IOMMU_WRITE);
}

/**
 * type1_pin_one() - Pin one page, without a mapping of the IOMMU
 * @dma: the mapping that it is of
 * @vaddr: address of the page in the mapping's process
 * @pfn: gets the page
 *
 * type1_unpin() lets go of it.
 *
 * Context: Process context, may sleep; takes the mmap_lock.
 * Return: 0; -EFAULT if there is no page there, or not with that access;
 * -ESRCH if the process's memory is gone; -ENOMEM; -EINTR.
 */
int type1_pin_one(struct type1_dma *dma, unsigned long vaddr, unsigned long *pfn)
{
	struct type1_pinner pinner;
	int n;

	n = type1_pinner_init(&pinner, dma);
	if (n)
		return n;
	n = pin(&pinner, vaddr, 1);
	if (n == 1)
		*pfn = page_to_pfn(pinner.pages[0]);
	type1_pinner_exit(&pinner);
	return n == 1 ? 0 : n;
}
