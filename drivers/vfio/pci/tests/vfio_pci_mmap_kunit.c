// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what decides about mappings of BARs: which BARs can be mapped at
 * all, how large a leaf may be, when a device's memory is there; and of the
 * AtomicOps that a root port completes.
 */
#include <kunit/test.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/sizes.h>

#include "../vfio_pci_priv.h"

/* ---- BARs */

struct bar_case {
	const char *name;
	unsigned long flags;
	resource_size_t start;
	resource_size_t len;
	enum vfio_pci_bar_mmap expected;
};

static const struct bar_case bar_cases[] = {
	{ "one page", IORESOURCE_MEM, 0xfe000000, PAGE_SIZE, VFIO_PCI_BAR_MMAP },
	{ "large", IORESOURCE_MEM | IORESOURCE_PREFETCH, 0x8000000000ULL, SZ_1G,
	  VFIO_PCI_BAR_MMAP },
	{ "absent", 0, 0, 0, VFIO_PCI_BAR_NO_MMAP },
	{ "absent memory", IORESOURCE_MEM, 0, 0, VFIO_PCI_BAR_NO_MMAP },
	{ "ports", IORESOURCE_IO, 0xc000, 32, VFIO_PCI_BAR_NO_MMAP },
	{ "ports of a page", IORESOURCE_IO, 0, PAGE_SIZE, VFIO_PCI_BAR_NO_MMAP },
	{ "small, own page", IORESOURCE_MEM, 0xfe000000, 256, VFIO_PCI_BAR_MMAP_FILLED },
	{ "small, shared page", IORESOURCE_MEM, 0xfe000100, 256, VFIO_PCI_BAR_NO_MMAP },
};

static void bar_desc(const struct bar_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bar, bar_cases, bar_desc);

static void bar_mmap_kind(struct kunit *test)
{
	const struct bar_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->expected, vfio_pci_bar_mmap_kind(c->flags, c->start, c->len));
}

/* ---- leaves */

#define VMA_START	((unsigned long)SZ_1G)
#define ORDER		9U
#define LEAF		(PAGE_SIZE << ORDER)

static void leaf_fits(struct kunit *test)
{
	struct vm_area_struct *vma = kunit_kzalloc(test, sizeof(*vma), GFP_KERNEL);
	const unsigned long pfn = 1UL << 20;

	KUNIT_ASSERT_NOT_NULL(test, vma);
	vma->vm_start = VMA_START;
	vma->vm_end = VMA_START + 2 * LEAF;

	KUNIT_EXPECT_TRUE(test, is_aligned_for_order(vma, VMA_START, pfn, ORDER));
	KUNIT_EXPECT_TRUE(test, is_aligned_for_order(vma, VMA_START + LEAF, pfn, ORDER));
	/* Only small leaves can start anywhere */
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, VMA_START, pfn + 1, ORDER));
	KUNIT_EXPECT_TRUE(test, is_aligned_for_order(vma, VMA_START, pfn + 1, 0));

	/* Nothing outside of the mapping */
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, VMA_START - LEAF, pfn, ORDER));
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, VMA_START + 2 * LEAF, pfn, ORDER));
	vma->vm_end -= PAGE_SIZE;
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, VMA_START + LEAF, pfn, ORDER));
	vma->vm_start += PAGE_SIZE;
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, VMA_START, pfn, ORDER));

	/* At the end of the address space, where sums wrap */
	vma->vm_start = -LEAF;
	vma->vm_end = -PAGE_SIZE;
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, -LEAF, pfn, ORDER));
	KUNIT_EXPECT_FALSE(test, is_aligned_for_order(vma, -LEAF, pfn, ORDER + 1));
}

/* ---- memory that is there or not */

static void memory_before_open(struct kunit *test)
{
	struct vfio_pci_core_device *vdev = kunit_kzalloc(test, sizeof(*vdev), GFP_KERNEL);
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, vdev);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	init_rwsem(&vdev->memory_lock);
	vdev->pdev = pdev;
	pdev->no_command_memory = 1;

	/* No configuration space, nobody can have asked for memory */
	down_read(&vdev->memory_lock);
	KUNIT_EXPECT_FALSE(test, __vfio_pci_memory_enabled(vdev));
	up_read(&vdev->memory_lock);
}

/* ---- AtomicOps */

static void atomic_widths(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_atomic_widths(0));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_ATOMIC_COMP32,
			vfio_pci_atomic_widths(PCI_EXP_DEVCAP2_ATOMIC_COMP32));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_ATOMIC_COMP64,
			vfio_pci_atomic_widths(PCI_EXP_DEVCAP2_ATOMIC_COMP64));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_ATOMIC_COMP128,
			vfio_pci_atomic_widths(PCI_EXP_DEVCAP2_ATOMIC_COMP128));
	KUNIT_EXPECT_EQ(test, 7, vfio_pci_atomic_widths(~0U));
	/* To route is not to complete */
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_atomic_widths(PCI_EXP_DEVCAP2_ATOMIC_ROUTE));
}

static struct kunit_case vfio_pci_mmap_cases[] = {
	KUNIT_CASE_PARAM(bar_mmap_kind, bar_gen_params),
	KUNIT_CASE(leaf_fits),
	KUNIT_CASE(memory_before_open),
	KUNIT_CASE(atomic_widths),
	{ }
};

static struct kunit_suite vfio_pci_mmap_suite = {
	.name = "vfio-pci-mmap",
	.test_cases = vfio_pci_mmap_cases,
};

kunit_test_suite(vfio_pci_mmap_suite);
