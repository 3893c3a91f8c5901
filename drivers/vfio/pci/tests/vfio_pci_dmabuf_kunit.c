// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the export of BARs as dma-bufs: the arithmetic, and what an importer
 * meets that maps scatter tables, which iommufd does not.
 *
 * The importer tests borrow a real PCI device, for its place in the topology
 * and the address of a BAR; nobody touches it.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci-p2pdma.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include "../vfio_pci_priv.h"

/* ---- pieces of a region */

#define REGION		SZ_1M
#define START		((phys_addr_t)SZ_4G)

struct range_case {
	const char *name;
	phys_addr_t start;
	u64 offset;
	u64 length;
	int expected;
};

static const struct range_case range_cases[] = {
	{ "a page", START, 0, PAGE_SIZE, 0 },
	{ "the last page", START, REGION - PAGE_SIZE, PAGE_SIZE, 0 },
	{ "all", START, 0, REGION, 0 },
	{ "no whole page", START, 1, 7, 0 },
	{ "nothing", START, 0, 0, -EINVAL },
	{ "nothing at the end", START, REGION, 0, -EINVAL },
	{ "one byte more", START, 1, REGION, -EINVAL },
	{ "behind the end", START, REGION, PAGE_SIZE, -EINVAL },
	{ "across the end", START, REGION - PAGE_SIZE, 2 * PAGE_SIZE, -EINVAL },
	{ "far behind", START, 1ULL << 63, PAGE_SIZE, -EINVAL },
	{ "far too long", START, PAGE_SIZE, 1ULL << 63, -EINVAL },
	{ "wraps to 0", START, -(u64)PAGE_SIZE, PAGE_SIZE, -EOVERFLOW },
	{ "wraps into the region", START, -(u64)PAGE_SIZE, 2 * PAGE_SIZE, -EOVERFLOW },
	{ "too long to wrap", START, PAGE_SIZE, -(u64)PAGE_SIZE, -EINVAL },
	{ "last of all addresses", -(phys_addr_t)REGION, 0, REGION, 0 },
	{ "address wraps", -(phys_addr_t)PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, -EOVERFLOW },
};

static void range_desc(const struct range_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(range, range_cases, range_desc);

static void fill_one(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct vfio_region_dma_range range = { .offset = c->offset, .length = c->length };
	struct phys_vec vec = { };

	KUNIT_EXPECT_EQ(test, c->expected,
			vfio_pci_core_fill_phys_vec(&vec, &range, 1, c->start, REGION));
	if (c->expected)
		return;
	KUNIT_EXPECT_EQ(test, c->start + c->offset, vec.paddr);
	KUNIT_EXPECT_EQ(test, c->length, vec.len);
}

/* Each as it was asked for, also twice and in any order; none behind the last */
static void fill_many(struct kunit *test)
{
	static const u64 pages[] = { 3, 4, 1, 1 };
	struct vfio_region_dma_range ranges[ARRAY_SIZE(pages) + 1] = { };
	struct phys_vec vec[ARRAY_SIZE(pages) + 1] = { };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		ranges[i].offset = pages[i] * PAGE_SIZE;
		ranges[i].length = PAGE_SIZE;
	}
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_core_fill_phys_vec(vec, ranges, ARRAY_SIZE(pages),
							     START, REGION));
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		KUNIT_EXPECT_EQ(test, START + pages[i] * PAGE_SIZE, vec[i].paddr);
		KUNIT_EXPECT_EQ(test, PAGE_SIZE, vec[i].len);
	}
	KUNIT_EXPECT_EQ(test, 0, vec[i].len);

	/* The empty one behind them counts now */
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_core_fill_phys_vec(vec, ranges, ARRAY_SIZE(ranges),
								   START, REGION));
}

static void size_of_ranges(struct kunit *test)
{
	struct phys_vec vec[3] = {
		{ .paddr = START, .len = PAGE_SIZE },
		{ .paddr = START, .len = 2 * PAGE_SIZE },
		{ .paddr = START + SZ_1G, .len = SZ_1G },
	};
	const size_t half = (SIZE_MAX >> 1) + 1;
	size_t size;

	KUNIT_EXPECT_EQ(test, 0, vfio_pci_dmabuf_size(vec, 3, &size));
	KUNIT_EXPECT_EQ(test, 3 * PAGE_SIZE + SZ_1G, size);

	vec[1].paddr += 512;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_dmabuf_size(vec, 3, &size));
	vec[1].paddr -= 512;
	vec[1].len += 512;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_dmabuf_size(vec, 3, &size));

	/* Half of all numbers is one too many, and so is what wraps */
	vec[0].len = half - PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_dmabuf_size(vec, 1, &size));
	vec[1].len = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_dmabuf_size(vec, 2, &size));
	vec[0].len = half;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_dmabuf_size(vec, 1, &size));
	vec[1].len = half;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_dmabuf_size(vec, 2, &size));
}

/* What is not claimed is not exported, nor what lies behind the last BAR (CVE-2026-64042) */
static void not_ours(struct kunit *test)
{
	struct vfio_pci_core_device *vdev = kunit_kzalloc(test, sizeof(*vdev), GFP_KERNEL);
	struct vfio_region_dma_range range = { .length = PAGE_SIZE };
	struct p2pdma_provider *provider;
	struct phys_vec vec;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vdev);
	vdev->pdev = kunit_kzalloc(test, sizeof(*vdev->pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vdev->pdev);

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		vdev->pdev->resource[i] = DEFINE_RES_MEM(START, REGION);
		KUNIT_EXPECT_EQ(test, -ENODEV,
				vfio_pci_core_get_dmabuf_phys(vdev, &provider, i, &vec, &range, 1));
	}
	vdev->bars_claimed = ~0UL;
	KUNIT_EXPECT_EQ(test, -ENODEV,
			vfio_pci_core_get_dmabuf_phys(vdev, &provider, i, &vec, &range, 1));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			vfio_pci_core_get_dmabuf_phys(vdev, &provider, UINT_MAX, &vec, &range, 1));

	/* Ports are nothing that a peer can reach */
	vdev->pdev->resource[0] = DEFINE_RES_IO(0xc000, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			vfio_pci_core_get_dmabuf_phys(vdev, &provider, 0, &vec, &range, 1));
}

/* ---- an importer */

struct importer {
	struct vfio_pci_core_device *vdev;
	struct pci_dev *pdev;
	unsigned int bar;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct completion invalidated;
	unsigned int invalidations;
	struct work_struct revoke;
	bool revoked;
};

static int borrowed_phys(struct vfio_pci_core_device *vdev, struct p2pdma_provider **provider,
			 unsigned int region_index, struct phys_vec *phys_vec,
			 struct vfio_region_dma_range *dma_ranges, size_t nr_ranges)
{
	*provider = pcim_p2pdma_provider(vdev->pdev, region_index);
	return vfio_pci_core_fill_phys_vec(phys_vec, dma_ranges, nr_ranges,
					   pci_resource_start(vdev->pdev, region_index),
					   pci_resource_len(vdev->pdev, region_index));
}

static const struct vfio_pci_device_ops borrowed_ops = {
	.get_dmabuf_phys = borrowed_phys,
};

static void importer_invalidate(struct dma_buf_attachment *attachment)
{
	struct importer *im = attachment->importer_priv;

	dma_resv_assert_held(attachment->dmabuf->resv);
	im->invalidations++;
	complete(&im->invalidated);
}

static const struct dma_buf_attach_ops importer_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = importer_invalidate,
};

static const struct dma_buf_attach_ops no_peer_ops = {
	.invalidate_mappings = importer_invalidate,
};

static const struct dma_buf_attach_ops no_revoke_ops = {
	.allow_peer2peer = true,
};

/* A device with a driver, so that what is attached to it goes with that */
static bool importer_borrow(struct importer *im)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		for (im->bar = 0; im->bar < PCI_STD_NUM_BARS; im->bar++) {
			if (pdev->dev.driver && pci_resource_len(pdev, im->bar) >= PAGE_SIZE &&
			    (pci_resource_flags(pdev, im->bar) & IORESOURCE_MEM) &&
			    !pcim_p2pdma_init(pdev)) {
				im->pdev = pdev;
				return true;
			}
		}
	}
	return false;
}

static void set_memory(struct vfio_pci_core_device *vdev, bool on)
{
	vdev->vconfig[PCI_COMMAND] = on ? PCI_COMMAND_MEMORY : 0;
}

static void revoke(struct vfio_pci_core_device *vdev)
{
	down_write(&vdev->memory_lock);
	set_memory(vdev, false);
	vfio_pci_dmabuf_revoke(vdev);
	up_write(&vdev->memory_lock);
}

static void restore(struct vfio_pci_core_device *vdev)
{
	down_write(&vdev->memory_lock);
	set_memory(vdev, true);
	vfio_pci_dmabuf_restore(vdev);
	up_write(&vdev->memory_lock);
}

static void revoke_work(struct work_struct *work)
{
	struct importer *im = container_of(work, struct importer, revoke);

	revoke(im->vdev);
	WRITE_ONCE(im->revoked, true);
}

static void importer_close(struct importer *im)
{
	struct vfio_pci_core_device *vdev = im->vdev;

	if (!vdev->exports)
		return;
	down_write(&vdev->memory_lock);
	vfio_pci_dmabuf_revoke(vdev);
	vfio_pci_dmabuf_close(vdev);
	up_write(&vdev->memory_lock);
}

static int importer_init(struct kunit *test)
{
	struct importer *im = kunit_kzalloc(test, sizeof(*im), GFP_KERNEL);
	struct vfio_pci_core_device *vdev = kunit_kzalloc(test, sizeof(*vdev), GFP_KERNEL);

	if (!im || !vdev)
		return -ENOMEM;
	test->priv = im;
	im->vdev = vdev;
	init_completion(&im->invalidated);
	INIT_WORK(&im->revoke, revoke_work);
	if (!importer_borrow(im))
		kunit_skip(test, "no PCI device with a memory BAR and a driver");

	init_rwsem(&vdev->memory_lock);
	vdev->pdev = im->pdev;
	vdev->pci_ops = &borrowed_ops;
	vdev->vconfig = kunit_kzalloc(test, PCI_CFG_SPACE_SIZE, GFP_KERNEL);
	if (!vdev->vconfig)
		return -ENOMEM;
	set_memory(vdev, true);
	return vfio_pci_dmabuf_open(vdev);
}

static void importer_exit(struct kunit *test)
{
	struct importer *im = test->priv;

	if (!im || !im->pdev)
		return;
	flush_work(&im->revoke);
	if (im->attachment)
		dma_buf_detach(im->dmabuf, im->attachment);
	if (im->dmabuf)
		dma_buf_put(im->dmabuf);
	/* Its end is put off */
	flush_delayed_fput();
	importer_close(im);
	pci_dev_put(im->pdev);
}

static void importer_export(struct kunit *test, unsigned int nr_ranges)
{
	struct importer *im = test->priv;
	struct vfio_region_dma_range ranges[2] = {
		{ .length = PAGE_SIZE }, { .length = PAGE_SIZE },
	};

	im->dmabuf = vfio_pci_dmabuf_export(im->vdev, im->bar, O_RDWR, ranges, nr_ranges);
	if (IS_ERR(im->dmabuf)) {
		KUNIT_FAIL(test, "export: %pe", im->dmabuf);
		im->dmabuf = NULL;
		kunit_skip(test, "nothing to import");
	}
	KUNIT_EXPECT_EQ(test, nr_ranges * PAGE_SIZE, im->dmabuf->size);
}

static void importer_attach(struct kunit *test)
{
	struct importer *im = test->priv;

	im->attachment = dma_buf_dynamic_attach(im->dmabuf, &im->pdev->dev, &importer_ops, im);
	if (IS_ERR(im->attachment)) {
		KUNIT_FAIL(test, "attach: %pe", im->attachment);
		im->attachment = NULL;
		kunit_skip(test, "cannot go on");
	}
}

static struct sg_table *importer_map(struct importer *im)
{
	return dma_buf_map_attachment_unlocked(im->attachment, DMA_BIDIRECTIONAL);
}

static void importer_unmap(struct importer *im, struct sg_table *sgt)
{
	dma_buf_unmap_attachment_unlocked(im->attachment, sgt, DMA_BIDIRECTIONAL);
}

/* Memory that goes away is not for importers that keep what they have */
static void attach_refused(struct kunit *test)
{
	static const struct dma_buf_attach_ops * const ops[] = {
		NULL, &no_peer_ops, &no_revoke_ops,
	};
	struct importer *im = test->priv;
	struct dma_buf_attachment *attachment;
	unsigned int i;

	importer_export(test, 1);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		attachment = dma_buf_dynamic_attach(im->dmabuf, &im->pdev->dev, ops[i], im);
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, PTR_ERR_OR_ZERO(attachment));
	}
}

static void map_and_revoke(struct kunit *test)
{
	struct importer *im = test->priv;
	struct scatterlist *sg;
	struct sg_table *sgt;
	unsigned int i;

	importer_export(test, 2);
	importer_attach(test);
	sgt = importer_map(im);
	KUNIT_ASSERT_EQ(test, 0, PTR_ERR_OR_ZERO(sgt));
	/* A device is its own peer: bus addresses, nothing for the IOMMU */
	for_each_sgtable_dma_sg(sgt, sg, i) {
		KUNIT_EXPECT_EQ(test, pci_bus_address(im->pdev, im->bar), sg_dma_address(sg));
		KUNIT_EXPECT_EQ(test, PAGE_SIZE, sg_dma_len(sg));
	}
	KUNIT_EXPECT_EQ(test, 2, i);
	importer_unmap(im, sgt);

	revoke(im->vdev);
	KUNIT_EXPECT_EQ(test, 1, im->invalidations);
	KUNIT_EXPECT_EQ(test, -ENODEV, PTR_ERR_OR_ZERO(importer_map(im)));
	/* Once is enough */
	revoke(im->vdev);
	KUNIT_EXPECT_EQ(test, 1, im->invalidations);

	restore(im->vdev);
	sgt = importer_map(im);
	KUNIT_ASSERT_EQ(test, 0, PTR_ERR_OR_ZERO(sgt));
	importer_unmap(im, sgt);
}

/* Nothing happens to the memory before the last importer has let go */
static void revoke_waits(struct kunit *test)
{
	struct importer *im = test->priv;
	struct sg_table *sgt, *second;

	importer_export(test, 1);
	importer_attach(test);
	sgt = importer_map(im);
	second = importer_map(im);
	KUNIT_ASSERT_EQ(test, 0, PTR_ERR_OR_ZERO(sgt));
	KUNIT_ASSERT_EQ(test, 0, PTR_ERR_OR_ZERO(second));

	schedule_work(&im->revoke);
	wait_for_completion(&im->invalidated);
	KUNIT_EXPECT_EQ(test, -ENODEV, PTR_ERR_OR_ZERO(importer_map(im)));
	importer_unmap(im, sgt);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(im->revoked));
	KUNIT_EXPECT_EQ(test, 0, down_read_trylock(&im->vdev->memory_lock));
	importer_unmap(im, second);
	flush_work(&im->revoke);
	KUNIT_EXPECT_TRUE(test, im->revoked);
}

/* The device is closed: dead for good, also after the next open */
static void dead_after_close(struct kunit *test)
{
	struct importer *im = test->priv;

	importer_export(test, 1);
	importer_attach(test);
	importer_close(im);
	KUNIT_EXPECT_EQ(test, 1, im->invalidations);
	KUNIT_EXPECT_EQ(test, -ENODEV, PTR_ERR_OR_ZERO(importer_map(im)));

	KUNIT_ASSERT_EQ(test, 0, vfio_pci_dmabuf_open(im->vdev));
	restore(im->vdev);
	KUNIT_EXPECT_EQ(test, -ENODEV, PTR_ERR_OR_ZERO(importer_map(im)));
}

static void exported_while_off(struct kunit *test)
{
	struct importer *im = test->priv;
	struct sg_table *sgt;

	revoke(im->vdev);
	importer_export(test, 1);
	importer_attach(test);
	KUNIT_EXPECT_EQ(test, -ENODEV, PTR_ERR_OR_ZERO(importer_map(im)));
	restore(im->vdev);
	sgt = importer_map(im);
	KUNIT_ASSERT_EQ(test, 0, PTR_ERR_OR_ZERO(sgt));
	importer_unmap(im, sgt);
	KUNIT_EXPECT_EQ(test, 0, im->invalidations);
}

/* What iommufd is told */
static void iommufd_map(struct kunit *test)
{
	int (*map)(struct dma_buf_attachment *attachment, struct phys_vec *phys) =
		symbol_get(vfio_pci_dma_buf_iommufd_map);
	struct importer *im = test->priv;
	struct phys_vec phys = { };

	KUNIT_ASSERT_NOT_NULL(test, map);
	importer_export(test, 1);
	importer_attach(test);

	dma_resv_lock(im->dmabuf->resv, NULL);
	KUNIT_EXPECT_EQ(test, 0, map(im->attachment, &phys));
	dma_resv_unlock(im->dmabuf->resv);
	KUNIT_EXPECT_EQ(test, pci_resource_start(im->pdev, im->bar), phys.paddr);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, phys.len);

	revoke(im->vdev);
	dma_resv_lock(im->dmabuf->resv, NULL);
	KUNIT_EXPECT_EQ(test, -ENODEV, map(im->attachment, &phys));
	dma_resv_unlock(im->dmabuf->resv);
	symbol_put(vfio_pci_dma_buf_iommufd_map);
}

static struct kunit_case vfio_pci_dmabuf_cases[] = {
	KUNIT_CASE_PARAM(fill_one, range_gen_params),
	KUNIT_CASE(fill_many),
	KUNIT_CASE(size_of_ranges),
	KUNIT_CASE(not_ours),
	{ }
};

static struct kunit_suite vfio_pci_dmabuf_suite = {
	.name = "vfio-pci-dmabuf",
	.test_cases = vfio_pci_dmabuf_cases,
};

static struct kunit_case vfio_pci_importer_cases[] = {
	KUNIT_CASE(attach_refused),
	KUNIT_CASE(map_and_revoke),
	KUNIT_CASE(revoke_waits),
	KUNIT_CASE(dead_after_close),
	KUNIT_CASE(exported_while_off),
	KUNIT_CASE(iommufd_map),
	{ }
};

static struct kunit_suite vfio_pci_importer_suite = {
	.name = "vfio-pci-dmabuf-importer",
	.init = importer_init,
	.exit = importer_exit,
	.test_cases = vfio_pci_importer_cases,
};

kunit_test_suites(&vfio_pci_dmabuf_suite, &vfio_pci_importer_suite);

MODULE_IMPORT_NS("DMA_BUF");
