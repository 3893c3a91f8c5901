// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() of BARs.  A mapping starts empty and is filled by faults, with leaves
 * as large as the architecture and the alignment allow, so that
 * vfio_pci_memory.c can empty it whenever the memory behind it goes away.
 *
 * A fault takes memory_lock for reading inside of mmap_lock.  All mappings of
 * a device lie in the i_mapping of its inode, the core sees to that.
 */

#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/pagemap.h>

#include "vfio_pci_priv.h"
#include "vfio_pci_trace.h"

/* Position of @addr in its region, in pages; vm_pgoff is the file offset */
static unsigned long vfio_pci_vma_region_page(struct vm_area_struct *vma, unsigned long addr)
{
	return (vma->vm_pgoff & (VFIO_PCI_OFFSET_MASK >> PAGE_SHIFT)) +
	       linear_page_delta(vma, addr);
}

/**
 * vfio_pci_vmf_insert_pfn() - Map device memory where the fault wants it
 * @vdev: open device
 * @vmf: the fault
 * @pfn: first frame
 * @order: 2^@order pages are to be mapped; 0, PMD_ORDER or PUD_ORDER
 *
 * Return: VM_FAULT_NOPAGE when it is mapped, VM_FAULT_SIGBUS while the memory
 * is not there or in low-power mode, VM_FAULT_FALLBACK for a size that the architecture does not
 * have, or another VM_FAULT_* of the insertion.
 *
 * Context: process context, mmap_lock or the VMA's lock and memory_lock held
 * for reading
 */
vm_fault_t vfio_pci_vmf_insert_pfn(struct vfio_pci_core_device *vdev, struct vm_fault *vmf,
				   unsigned long pfn, unsigned int order)
{
	lockdep_assert_held_read(&vdev->memory_lock);

	if (!vfio_pci_memory_mappable(vdev))
		return VM_FAULT_SIGBUS;

	if (!order)
		return vmf_insert_pfn(vmf->vma, vmf->address, pfn);
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	if (order == PMD_ORDER)
		return vmf_insert_pfn_pmd(vmf, pfn, vmf->flags & FAULT_FLAG_WRITE);
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	if (order == PUD_ORDER)
		return vmf_insert_pfn_pud(vmf, pfn, vmf->flags & FAULT_FLAG_WRITE);
#endif
	return VM_FAULT_FALLBACK;
}
EXPORT_SYMBOL_GPL(vfio_pci_vmf_insert_pfn);

static vm_fault_t vfio_pci_bar_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct vfio_pci_core_device *vdev = vma->vm_private_data;
	unsigned int bar = vma->vm_pgoff >> (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT);
	unsigned long addr = ALIGN_DOWN(vmf->address, PAGE_SIZE << order);
	unsigned long pfn = PHYS_PFN(pci_resource_start(vdev->pdev, bar)) +
			    vfio_pci_vma_region_page(vma, addr);
	vm_fault_t ret = VM_FAULT_FALLBACK;

	if (is_aligned_for_order(vma, addr, pfn, order)) {
		down_read(&vdev->memory_lock);
		ret = vfio_pci_vmf_insert_pfn(vdev, vmf, pfn, order);
		up_read(&vdev->memory_lock);
	}

	trace_vfio_pci_bar_fault(vdev, bar, PFN_PHYS(vfio_pci_vma_region_page(vma, vmf->address)),
				 vmf->address, order, ret);
	return ret;
}

static vm_fault_t vfio_pci_bar_fault(struct vm_fault *vmf)
{
	return vfio_pci_bar_huge_fault(vmf, 0);
}

/*
 * A mapping is about to be cut in two.  The memory manager splits PMD leaves
 * there but takes what a PUD leaf maps for a table of PMDs, and crashes (seen
 * on 7.3.4).  So no PUD leaf may be left across @addr: keep faults away until
 * the cut is made, and take the leaf out.  Later faults fill both parts anew.
 */
static int vfio_pci_bar_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	if (IS_ALIGNED(addr, PUD_SIZE))
		return 0;

	vma_start_write(vma);
	/* Does nothing unless @vma has room for a PUD leaf around @addr */
	zap_special_vma_range(vma, ALIGN_DOWN(addr, PUD_SIZE), PUD_SIZE);
	return 0;
}

static const struct vm_operations_struct vfio_pci_bar_vm_ops = {
	.may_split = vfio_pci_bar_may_split,
	.fault = vfio_pci_bar_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = vfio_pci_bar_huge_fault,
#endif
};

/**
 * vfio_pci_core_mmap_phys() - What a mapping is to be aligned to, vfio_device_ops.mmap_phys
 * @core_vdev: open device
 * @offset: file offset, anything the user likes
 *
 * BARs of 2 MiB and more are aligned to their size as a rule, but not those that
 * firmware has fixed (PCIe r6.0 sec. 7.8.5, Enhanced Allocation).
 *
 * Return: physical address behind @offset; @offset itself where there is no BAR
 */
u64 vfio_pci_core_mmap_phys(struct vfio_device *core_vdev, u64 offset)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);
	u64 bar = VFIO_PCI_OFFSET_TO_INDEX(offset);

	if (bar >= PCI_STD_NUM_BARS)
		return offset;
	bar = array_index_nospec(bar, PCI_STD_NUM_BARS);
	return pci_resource_start(vdev->pdev, bar) + (offset & VFIO_PCI_OFFSET_MASK);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_mmap_phys);

/**
 * vfio_pci_bar_mmap() - mmap() of a BAR
 * @vdev: open device
 * @bar: 0 to 5
 * @vma: shared mapping whose vm_pgoff lies in the region of @bar
 *
 * vm_pgoff stays the file offset: unmap_mapping_range() finds the mapping by
 * it, and others take it from there.  VM_ALLOW_ANY_UNCACHED lets a virtual
 * machine on arm64 choose among the uncached memory types.
 *
 * Return: 0, or -EINVAL if the BAR cannot be mapped or @vma does not lie in
 * it (rounded up to pages).
 */
int vfio_pci_bar_mmap(struct vfio_pci_core_device *vdev, unsigned int bar,
		      struct vm_area_struct *vma)
{
	u64 pages = PHYS_PFN(PAGE_ALIGN((u64)pci_resource_len(vdev->pdev, bar)));
	u64 first = vfio_pci_vma_region_page(vma, vma->vm_start);

	if (!vdev->bar_mmap_supported[bar])
		return -EINVAL;
	if (first >= pages || vma_pages(vma) > pages - first)
		return -EINVAL;

	vma->vm_private_data = vdev;
	vma->vm_page_prot = pgprot_decrypted(pgprot_noncached(vma->vm_page_prot));
	vma->vm_ops = &vfio_pci_bar_vm_ops;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP |
			  VM_ALLOW_ANY_UNCACHED);
	return 0;
}
