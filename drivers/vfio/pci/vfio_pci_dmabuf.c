// SPDX-License-Identifier: GPL-2.0-only
/*
 * BARs as dma-bufs: pieces of the device's memory that other devices reach by
 * peer-to-peer DMA, for as long as that memory is there.
 *
 * Everything that is exported while a device is open belongs to one struct
 * vfio_pci_exports.  The open device holds a reference to it and each dma-buf
 * another, so a dma-buf never needs the device again: when the device is
 * closed, its exports have been revoked and nobody is left who could restore
 * them.  The next open begins with a new set.
 *
 * vfio_pci_memory.c alone revokes and restores, with memory_lock held for
 * writing.  Order of the locks: memory_lock, vfio_pci_exports.lock, the
 * reservation lock of a dma-buf.  The operations of a dma-buf know nothing of
 * memory_lock: importers call some of them with the reservation lock held.
 */

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/dma-buf-mapping.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/pci-p2pdma.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait_bit.h>

#include "vfio_pci_priv.h"

/* What the user's array of ranges may take: 262144 of them */
#define VFIO_PCI_DMABUF_MAX_RANGES	(SZ_4M / sizeof(struct vfio_region_dma_range))

/**
 * struct vfio_pci_exports - What one open of a device has exported
 * @kref: one reference of the open device, one of each dma-buf
 * @lock: protects @list; taken inside of memory_lock and outside of any
 *        reservation lock; held while importers are told, so that whoever
 *        releases a dma-buf waits for that
 * @list: struct vfio_pci_export of each dma-buf that is not yet released
 * @mappings: scatter tables that importers hold, of all dma-bufs; rises only
 *            under the reservation lock of one that is not revoked
 */
struct vfio_pci_exports {
	struct kref kref;
	struct mutex lock;		/* protects list; inside of memory_lock */
	struct list_head list;
	atomic_t mappings;
};

/**
 * struct vfio_pci_export - One dma-buf, its priv
 * @owner: the set it belongs to, with a reference; constant
 * @node: link in @owner->list, or empty; protected by @owner->lock
 * @dmabuf: the dma-buf, which owns this object; constant
 * @provider: who knows the way to the memory; valid until the device is
 *            unbound, so not to be looked at once @revoked
 * @size: bytes in all; constant
 * @revoked: the memory is not there; protected by the reservation lock
 * @nr_ranges: elements of @ranges; constant
 * @ranges: the memory, whole pages; constant
 */
struct vfio_pci_export {
	struct vfio_pci_exports *owner;
	struct list_head node;
	struct dma_buf *dmabuf;
	struct p2pdma_provider *provider;
	size_t size;
	bool revoked;
	u32 nr_ranges;
	struct phys_vec ranges[] __counted_by(nr_ranges);
};

static void vfio_pci_exports_free(struct kref *kref)
{
	struct vfio_pci_exports *exports = container_of(kref, struct vfio_pci_exports, kref);

	mutex_destroy(&exports->lock);
	kfree(exports);
}

/* ---- what a dma-buf does for its importers */

/*
 * Memory of a device has no struct page and may go at any moment; an importer
 * must be able to live with both.
 */
static int vfio_pci_export_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	if (!attachment->peer2peer || !dma_buf_attach_revocable(attachment))
		return -EOPNOTSUPP;
	return 0;
}

static struct sg_table *vfio_pci_export_map(struct dma_buf_attachment *attachment,
					    enum dma_data_direction dir)
{
	struct vfio_pci_export *export = attachment->dmabuf->priv;
	struct sg_table *sgt;

	dma_resv_assert_held(attachment->dmabuf->resv);

	if (export->revoked)
		return ERR_PTR(-ENODEV);

	sgt = dma_buf_phys_vec_to_sgt(attachment, export->provider, export->ranges,
				      export->nr_ranges, export->size, dir);
	if (!IS_ERR(sgt))
		atomic_inc(&export->owner->mappings);
	return sgt;
}

static void vfio_pci_export_unmap(struct dma_buf_attachment *attachment, struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	struct vfio_pci_export *export = attachment->dmabuf->priv;

	dma_resv_assert_held(attachment->dmabuf->resv);

	dma_buf_free_sgt(attachment, sgt, dir);
	atomic_dec_and_wake_up(&export->owner->mappings);
}

/* The last reference to the file is gone; no lock is held */
static void vfio_pci_export_release(struct dma_buf *dmabuf)
{
	struct vfio_pci_export *export = dmabuf->priv;
	struct vfio_pci_exports *owner = export->owner;

	/* Whoever walks the list now still finds a whole dma-buf, it waits for us */
	mutex_lock(&owner->lock);
	list_del(&export->node);
	mutex_unlock(&owner->lock);

	kvfree(export);
	kref_put(&owner->kref, vfio_pci_exports_free);
}

static const struct dma_buf_ops vfio_pci_export_ops = {
	.attach = vfio_pci_export_attach,
	.map_dma_buf = vfio_pci_export_map,
	.unmap_dma_buf = vfio_pci_export_unmap,
	.release = vfio_pci_export_release,
};

/**
 * vfio_pci_dma_buf_iommufd_map() - Tell iommufd which memory a dma-buf is
 * @attachment: iommufd's attachment
 * @phys: set to the one physical range that the dma-buf consists of
 *
 * iommufd keeps page tables of its own and uses the range until its
 * invalidate callback has run, which it takes for the end.
 *
 * Return: 0; -EOPNOTSUPP the dma-buf is not one of ours, or has more than one
 * range; -ENODEV its memory is not there
 *
 * Context: reservation lock held
 */
int vfio_pci_dma_buf_iommufd_map(struct dma_buf_attachment *attachment, struct phys_vec *phys)
{
	struct vfio_pci_export *export = attachment->dmabuf->priv;

	dma_resv_assert_held(attachment->dmabuf->resv);

	if (attachment->dmabuf->ops != &vfio_pci_export_ops)
		return -EOPNOTSUPP;
	if (export->revoked)
		return -ENODEV;
	if (export->nr_ranges != 1)
		return -EOPNOTSUPP;

	*phys = export->ranges[0];
	return 0;
}
EXPORT_SYMBOL_FOR_MODULES(vfio_pci_dma_buf_iommufd_map, "iommufd");

/* ---- the set of an open device, for vfio_pci_memory.c and vfio_pci_core.c */

/**
 * vfio_pci_dmabuf_register() - Prepare a device for peer-to-peer DMA
 * @vdev: device that is being registered
 *
 * Return: 0, also if nobody can reach the device's BARs; or -ENOMEM
 *
 * Context: process context in the driver's probe; what is allocated goes with
 * the driver
 */
int vfio_pci_dmabuf_register(struct vfio_pci_core_device *vdev)
{
	int ret = pcim_p2pdma_init(vdev->pdev);

	return ret == -EOPNOTSUPP ? 0 : ret;
}

/**
 * vfio_pci_dmabuf_open() - Begin a new set of exports
 * @vdev: device that is being opened
 *
 * Return: 0 or -ENOMEM
 */
int vfio_pci_dmabuf_open(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_exports *exports = kzalloc_obj(*exports);

	if (!exports)
		return -ENOMEM;

	kref_init(&exports->kref);
	mutex_init(&exports->lock);
	INIT_LIST_HEAD(&exports->list);
	atomic_set(&exports->mappings, 0);
	vdev->exports = exports;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dmabuf_open);

/**
 * vfio_pci_dmabuf_close() - Leave the exports to those who have their files
 * @vdev: device that is being closed, or whose open has failed
 *
 * They were revoked before and stay so.
 *
 * Context: process context, memory_lock held for writing
 */
void vfio_pci_dmabuf_close(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_exports *exports = vdev->exports;

	lockdep_assert_held_write(&vdev->memory_lock);

	vdev->exports = NULL;
	kref_put(&exports->kref, vfio_pci_exports_free);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dmabuf_close);

/* Importers are told, and their fences say when hardware is done with it */
static void vfio_pci_export_revoke(struct vfio_pci_export *export)
{
	struct dma_resv *resv = export->dmabuf->resv;

	dma_resv_lock(resv, NULL);
	if (!export->revoked) {
		export->revoked = true;
		dma_buf_invalidate_mappings(export->dmabuf);
		dma_resv_wait_timeout(resv, DMA_RESV_USAGE_BOOKKEEP, false,
				      MAX_SCHEDULE_TIMEOUT);
	}
	dma_resv_unlock(resv);
}

/**
 * vfio_pci_dmabuf_revoke() - End all peer-to-peer DMA to the device
 * @vdev: device, or one that nobody has open, which has no exports
 *
 * When it returns, no IOMMU entry and no scatter table of an importer refers
 * to the device's memory, and none can come to be before
 * vfio_pci_dmabuf_restore().
 *
 * Context: process context, memory_lock held for writing; sleeps until all
 * importers have let go, which they promise to do in bounded time
 */
void vfio_pci_dmabuf_revoke(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_exports *exports = vdev->exports;
	struct vfio_pci_export *export;

	lockdep_assert_held_write(&vdev->memory_lock);

	if (!exports)
		return;

	mutex_lock(&exports->lock);
	list_for_each_entry(export, &exports->list, node)
		vfio_pci_export_revoke(export);
	mutex_unlock(&exports->lock);

	/* Importers take the reservation lock to unmap; all are revoked, none maps */
	wait_var_event(&exports->mappings, !atomic_read(&exports->mappings));
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dmabuf_revoke);

/**
 * vfio_pci_dmabuf_restore() - The memory is there again
 * @vdev: device
 *
 * Importers that want to may map again.  iommufd does not by itself, its user
 * has to ask for it.
 *
 * Context: process context, memory_lock held for writing; sleeps
 */
void vfio_pci_dmabuf_restore(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_exports *exports = vdev->exports;
	struct vfio_pci_export *export;

	lockdep_assert_held_write(&vdev->memory_lock);

	if (!exports)
		return;

	mutex_lock(&exports->lock);
	list_for_each_entry(export, &exports->list, node) {
		dma_resv_lock(export->dmabuf->resv, NULL);
		export->revoked = false;
		dma_resv_unlock(export->dmabuf->resv);
	}
	mutex_unlock(&exports->lock);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dmabuf_restore);

/* ---- VFIO_DEVICE_FEATURE_DMA_BUF */

/**
 * vfio_pci_core_fill_phys_vec() - Translate pieces of a region
 * @phys_vec: filled with where they are
 * @dma_ranges: the pieces, as the user gave them
 * @nr_ranges: elements of both arrays
 * @start: physical address of the region
 * @len: its bytes
 *
 * Return: 0; -EINVAL a piece is empty or not inside the region; -EOVERFLOW
 * its end is beyond all numbers
 */
int vfio_pci_core_fill_phys_vec(struct phys_vec *phys_vec,
				struct vfio_region_dma_range *dma_ranges, size_t nr_ranges,
				phys_addr_t start, phys_addr_t len)
{
	phys_addr_t last;
	size_t i;
	u64 end;

	for (i = 0; i < nr_ranges; i++) {
		const struct vfio_region_dma_range *range = &dma_ranges[i];

		if (!range->length || range->length > len ||
		    overflows_type(range->length, phys_vec->len))
			return -EINVAL;
		if (check_add_overflow(range->offset, range->length, &end))
			return -EOVERFLOW;
		if (end > len)
			return -EINVAL;
		if (check_add_overflow(start, end - 1, &last))
			return -EOVERFLOW;

		phys_vec[i].paddr = start + range->offset;
		phys_vec[i].len = range->length;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_fill_phys_vec);

/**
 * vfio_pci_core_get_dmabuf_phys() - Where pieces of a BAR are,
 * vfio_pci_device_ops.get_dmabuf_phys
 * @vdev: open device
 * @provider: set to who knows the way to the BAR
 * @region_index: the BAR
 * @phys_vec: filled with @nr_ranges elements
 * @dma_ranges: the pieces, as the user gave them
 * @nr_ranges: elements of both arrays
 *
 * What is exported must be ours: the resource of the BAR was claimed when the
 * device was opened (CVE-2026-64042).
 *
 * Return: 0; -ENODEV there is no such BAR or it is not ours; -EINVAL it is not
 * memory that other devices can reach; or as vfio_pci_core_fill_phys_vec()
 */
int vfio_pci_core_get_dmabuf_phys(struct vfio_pci_core_device *vdev,
				  struct p2pdma_provider **provider, unsigned int region_index,
				  struct phys_vec *phys_vec,
				  struct vfio_region_dma_range *dma_ranges, size_t nr_ranges)
{
	struct pci_dev *pdev = vdev->pdev;

	if (region_index >= PCI_STD_NUM_BARS)
		return -ENODEV;
	region_index = array_index_nospec(region_index, PCI_STD_NUM_BARS);
	if (!(vdev->bars_claimed & BIT(region_index)))
		return -ENODEV;

	*provider = pcim_p2pdma_provider(pdev, region_index);
	if (!*provider)
		return -EINVAL;

	return vfio_pci_core_fill_phys_vec(phys_vec, dma_ranges, nr_ranges,
					   pci_resource_start(pdev, region_index),
					   pci_resource_len(pdev, region_index));
}
EXPORT_SYMBOL_GPL(vfio_pci_core_get_dmabuf_phys);

/**
 * vfio_pci_dmabuf_size() - Add up what a dma-buf is made of
 * @ranges: its memory
 * @nr_ranges: elements of @ranges
 * @size: set to the bytes in all
 *
 * A size is a file size as well, and the DMA mapping code uses the top bit of
 * one for itself.
 *
 * Return: 0; -EINVAL a range is no whole number of pages, or all of them are
 * too much
 */
int vfio_pci_dmabuf_size(const struct phys_vec *ranges, size_t nr_ranges, size_t *size)
{
	size_t i;

	*size = 0;
	for (i = 0; i < nr_ranges; i++) {
		if (!PAGE_ALIGNED(ranges[i].paddr) || !PAGE_ALIGNED(ranges[i].len))
			return -EINVAL;
		if (check_add_overflow(*size, ranges[i].len, size) || *size > SSIZE_MAX)
			return -EINVAL;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dmabuf_size);

DEFINE_FREE(vfio_pci_export, struct vfio_pci_export *, kvfree(_T))

/**
 * vfio_pci_dmabuf_export() - Make a dma-buf of pieces of a region
 * @vdev: open device whose driver can do it
 * @region_index: 0 to 5
 * @open_flags: of the file; the access mode and O_NONBLOCK count
 * @dma_ranges: the pieces
 * @nr_ranges: elements of @dma_ranges, at least 1
 *
 * Nothing fails once the dma-buf is there: from then on it owns all that was
 * allocated, and releasing it is the only way to free that (CVE-2026-31468).
 *
 * Return: the dma-buf; or an ERR_PTR(): -ENOMEM; -EINVAL the pieces are no
 * whole pages or too much together; -ENFILE; or what the driver's
 * get_dmabuf_phys returns
 *
 * Context: process context, sleeps; takes memory_lock for reading
 */
struct dma_buf *vfio_pci_dmabuf_export(struct vfio_pci_core_device *vdev,
				       unsigned int region_index, u32 open_flags,
				       struct vfio_region_dma_range *dma_ranges, u32 nr_ranges)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct vfio_pci_exports *owner = vdev->exports;
	struct dma_buf *dmabuf;
	int ret;

	struct vfio_pci_export *export __free(vfio_pci_export) =
		kvzalloc_flex(*export, ranges, nr_ranges, GFP_KERNEL_ACCOUNT);
	if (!export)
		return ERR_PTR(-ENOMEM);
	export->nr_ranges = nr_ranges;
	export->revoked = true;
	export->owner = owner;
	INIT_LIST_HEAD(&export->node);

	ret = vdev->pci_ops->get_dmabuf_phys(vdev, &export->provider, region_index,
					     export->ranges, dma_ranges, nr_ranges);
	if (!ret)
		ret = vfio_pci_dmabuf_size(export->ranges, nr_ranges, &export->size);
	if (ret)
		return ERR_PTR(ret);

	info.ops = &vfio_pci_export_ops;
	info.size = export->size;
	info.flags = open_flags;
	info.priv = export;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		return dmabuf;

	kref_get(&owner->kref);
	export->dmabuf = dmabuf;

	/* No revocation comes between the look at the memory and the list */
	guard(rwsem_read)(&vdev->memory_lock);
	guard(mutex)(&owner->lock);
	dma_resv_lock(dmabuf->resv, NULL);
	export->revoked = !vfio_pci_memory_mappable(vdev);
	dma_resv_unlock(dmabuf->resv);
	list_add_tail(&no_free_ptr(export)->node, &owner->list);
	return dmabuf;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_dmabuf_export);

/**
 * vfio_pci_dmabuf_supported() - Can the memory of a device be exported at all?
 * @vdev: open device
 *
 * Return: 0, or -EOPNOTSUPP the driver cannot do it
 */
int vfio_pci_dmabuf_supported(struct vfio_pci_core_device *vdev)
{
	return vdev->pci_ops && vdev->pci_ops->get_dmabuf_phys ? 0 : -EOPNOTSUPP;
}

/**
 * vfio_pci_dmabuf_get() - VFIO_DEVICE_FEATURE_DMA_BUF
 * @vdev: open device that supports it
 * @hdr: what is wanted, as the user gave it; its ranges are not there
 * @uranges: the user's array of ranges
 *
 * Return: the new file descriptor; -EINVAL flags, no ranges, or ranges that
 * are not inside the region or no whole pages; -ENODEV the region is not a BAR
 * that is ours; -EOVERFLOW; -ENOMEM also for more ranges than anybody needs;
 * -EMFILE; -ENFILE; -EFAULT
 *
 * Context: process context, sleeps; no lock held
 */
int vfio_pci_dmabuf_get(struct vfio_pci_core_device *vdev,
			const struct vfio_device_feature_dma_buf *hdr, void __user *uranges)
{
	struct dma_buf *dmabuf;
	int fd;

	if (hdr->flags || !hdr->nr_ranges)
		return -EINVAL;
	if (hdr->region_index >= VFIO_PCI_ROM_REGION_INDEX)
		return -ENODEV;
	if (hdr->nr_ranges > VFIO_PCI_DMABUF_MAX_RANGES)
		return -ENOMEM;

	struct vfio_region_dma_range *dma_ranges __free(kvfree) =
		vmemdup_array_user(uranges, hdr->nr_ranges, sizeof(*dma_ranges));
	if (IS_ERR(dma_ranges))
		return PTR_ERR(dma_ranges);

	fd = get_unused_fd_flags(hdr->open_flags);
	if (fd < 0)
		return fd;
	dmabuf = vfio_pci_dmabuf_export(vdev, hdr->region_index, hdr->open_flags, dma_ranges,
					hdr->nr_ranges);
	if (IS_ERR(dmabuf)) {
		put_unused_fd(fd);
		return PTR_ERR(dmabuf);
	}
	dma_buf_fd_install(dmabuf, fd);
	return fd;
}

MODULE_IMPORT_NS("DMA_BUF");
