/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO for PCI devices, as a library: vfio-pci itself and the drivers that
 * know more about their device (variant drivers) are built on it.
 *
 * A driver embeds struct vfio_pci_core_device as the first member of its own
 * object, and installs the vfio_pci_core_*() functions as its
 * struct vfio_device_ops or calls them from its own.
 */
#ifndef VFIO_PCI_CORE_H
#define VFIO_PCI_CORE_H

#include <linux/irqbypass.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

/*
 * A file offset is a region index above bit 40 and an offset in that region
 * below.  User space learns the offset from VFIO_DEVICE_GET_REGION_INFO but
 * much of it counts on this layout.
 */
#define VFIO_PCI_OFFSET_SHIFT		40
#define VFIO_PCI_OFFSET_MASK		((1ULL << VFIO_PCI_OFFSET_SHIFT) - 1)
#define VFIO_PCI_OFFSET_TO_INDEX(off)	((off) >> VFIO_PCI_OFFSET_SHIFT)
#define VFIO_PCI_INDEX_TO_OFFSET(index)	((u64)(index) << VFIO_PCI_OFFSET_SHIFT)

struct dma_buf_attachment;
struct eventfd_ctx;
struct p2pdma_provider;
struct phys_vec;
struct task_struct;
struct vfio_pci_cfg;
struct vfio_pci_cfg_host_ops;
struct vfio_pci_core_device;
struct vfio_pci_eventfd;
struct vfio_pci_exports;
struct vfio_pci_intx;
struct vfio_pci_region;
struct vfio_pci_sriov;

/**
 * struct vfio_pci_regops - What can be done with a region that a driver adds
 * @rw: read from or write to the region. @pos counts from its beginning, @count
 *      is at least 1 and @pos + @count ends inside. Returns the bytes done or
 *      a negative errno. Called only if the flags of the region allow it
 * @mmap: map the region; @vma is shared and lies inside (rounded up to pages).
 *        vm_pgoff is the file offset, the region index included. Returns 0 or
 *        a negative errno. The driver takes care that the mapping goes when
 *        what is behind it does. Called only if the flags allow it
 * @add_capability: append what user space needs to know of the region, behind
 *                  the capability that says of what type it is. Returns 0 or
 *                  a negative errno; optional
 * @release: the region goes, free vfio_pci_region.data; optional
 *
 * All are called in process context and may sleep. @release is called with
 * dev_set->lock held, the others without a lock and at the same time by as
 * many tasks as like to.
 */
struct vfio_pci_regops {
	ssize_t (*rw)(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region,
		      char __user *buf, size_t count, u64 pos, bool iswrite);
	int (*mmap)(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region,
		    struct vm_area_struct *vma);
	int (*add_capability)(struct vfio_pci_core_device *vdev,
			      const struct vfio_pci_region *region, struct vfio_info_cap *caps);
	void (*release)(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region);
};

/**
 * struct vfio_pci_region - A region that a driver has added
 * @type: VFIO_REGION_TYPE_*, or the id of a PCI vendor with
 *        VFIO_REGION_TYPE_PCI_VENDOR_TYPE
 * @subtype: VFIO_REGION_SUBTYPE_* of that type
 * @flags: VFIO_REGION_INFO_FLAG_READ, _WRITE and _MMAP: what user space may do
 * @size: bytes
 * @ops: the driver's operations
 * @data: the driver's
 *
 * Constant from vfio_pci_core_register_dev_region() to the last close.
 */
struct vfio_pci_region {
	u32 type;
	u32 subtype;
	u32 flags;
	size_t size;
	const struct vfio_pci_regops *ops;
	void *data;
};

/**
 * struct vfio_pci_device_ops - What a PCI driver may know better than the library
 * @get_dmabuf_phys: where the @nr_ranges pieces @dma_ranges of a region are:
 *                   fills @phys_vec with as many elements, and sets @provider
 *                   to who knows how other devices get there.  Returns 0 or
 *                   the errno for the user, see
 *                   vfio_pci_core_get_dmabuf_phys(), which does it for BARs.
 *                   The device is open.  Optional: without it the device
 *                   exports nothing
 */
struct vfio_pci_device_ops {
	int (*get_dmabuf_phys)(struct vfio_pci_core_device *vdev,
			       struct p2pdma_provider **provider, unsigned int region_index,
			       struct phys_vec *phys_vec,
			       struct vfio_region_dma_range *dma_ranges, size_t nr_ranges);
};

/**
 * struct vfio_pci_core_device - One PCI device that user space may drive
 * @vdev: the core's part, first member
 * @pdev: the PCI device; constant
 * @pci_ops: operations of the driver, or NULL; set before registration
 * @memory_lock: read side: anything that touches or maps the device's BARs;
 *               write side: whatever makes them disappear (memory decode off,
 *               D3, reset).  Order: see Documentation/driver-api/vfio-locking.rst
 * @irq_type: VFIO_PCI_INTX_IRQ_INDEX, _MSI_ or _MSIX_ while that type is
 *            enabled, VFIO_PCI_NUM_IRQS while none is; protected by @igate
 * @pm_runtime_engaged: the user has put the device into low-power mode, nothing
 *                      of it may be mapped; written with @memory_lock held for
 *                      writing
 *
 * All other members are private to the library, grouped by the file that owns
 * them.
 */
struct vfio_pci_core_device {
	struct vfio_device vdev;
	struct pci_dev *pdev;
	const struct vfio_pci_device_ops *pci_ops;
	struct rw_semaphore memory_lock;
	int irq_type;
	bool pm_runtime_engaged;

	/* private: */

	/* vfio_pci_bars.c; constant while the device is open */
	void __iomem *barmap[PCI_STD_NUM_BARS];	/* mapping or IOMEM_ERR_PTR() */
	struct resource bar_filler[PCI_STD_NUM_BARS]; /* claims behind sub-page BARs */
	unsigned long bars_claimed;		/* bit per BAR that is ours */
	bool bar_mmap_supported[PCI_STD_NUM_BARS];

	/* vfio_pci_dmabuf.c; constant while the device is open, else NULL */
	struct vfio_pci_exports *exports;	/* what was exported since it was opened */

	/* vfio_pci_core.c: what the device can do; constant while it is open */
	u8 msix_bar;				/* BAR with the MSI-X table, or 255 */
	u32 msix_offset;			/* of the table in that BAR */
	u32 msix_size;				/* of the table, bytes */
	bool has_dyn_msix;			/* vectors can be added later */
	bool pci_2_3;				/* DisINTx and the INTx status bit work */
	bool reset_works;			/* a function reset exists */
	bool nointx;				/* INTx hidden: known to be broken */
	bool nointxmask;			/* parameter, latched at probe */
	bool disable_idle_d3;			/* parameter, latched at probe */
	bool disable_vga;			/* parameter, latched at probe */
	struct pci_saved_state *pci_saved_state; /* as found at open */

	/* vfio_pci_dev_region.c; constant while the device is open */
	struct vfio_pci_region *dev_regions;	/* those with index 9 and up */
	unsigned int num_dev_regions;

	/* vfio_pci_pm.c; protected by memory_lock held for writing */
	struct pci_saved_state *pm_save;	/* state kept over D3hot that loses it */
	u16 pm_command;				/* command register at that time, or asleep */
	bool needs_pm_restore;			/* D3hot -> D0 resets the device; constant */

	/* vfio_pci_reset.c; protected by memory_lock held for writing */
	struct task_struct *reset_task;		/* holds it for a reset; compare with current */
	u16 reset_command;			/* command register before that reset */
	bool reset_foreign;			/* it is not ours, see vfio_pci_reset_prepare() */

	/* vfio_pci_reset_set.c; protected by dev_set->lock */
	bool needs_reset;			/* carries traces of its last user */

	/* vfio_pci_runtime_pm.c; protected by memory_lock held for writing */
	struct eventfd_ctx *pm_wakeup;		/* waking up signals it, ends low power */

	/* vfio_pci_ioeventfd.c */
	struct mutex ioeventfds_lock;		/* protects the two below */
	struct list_head ioeventfds;		/* of struct vfio_pci_ioeventfd */
	unsigned int ioeventfds_nr;

	/* vfio_pci_sriov.c */
	struct vfio_pci_sriov *sriov;		/* of a PF and its VFs, while registered */
	bool has_vfs;				/* or gets them; written under memory_lock, too */

	/* vfio_pci_config.c and vfio_pci_cfg_*.c */
	struct vfio_pci_cfg *cfg;		/* map and permissions, while open */
	u8 *vconfig;				/* virtual configuration space */
	const struct vfio_pci_cfg_host_ops *cfg_host; /* the only way to hardware */

	/*
	 * vfio_pci_intrs.c, vfio_pci_intx.c, vfio_pci_msi.c.  All of it, and
	 * irq_type above, changes under igate only; the lock order is
	 * dev_set->lock > igate > memory_lock.
	 */
	struct mutex igate;			/* serialises every change of interrupts */
	spinlock_t irqlock;			/* masked state of INTx, against its handler */
	bool has_intx;				/* there is one; determined at open */
	struct vfio_pci_intx *intx;		/* NULL unless enabled; written under both */
	bool virq_disabled;			/* the user has set DisINTx; written under both */
	bool intx_asleep;			/* hands off the hardware; written under both */
	struct xarray msi_vectors;		/* bound vectors: struct vfio_pci_msi_vector */
	unsigned int num_vectors;		/* allocated when MSI or MSI-X was enabled */
	u8 msi_qmax;				/* log2 of the MSI vectors allocated */
	struct vfio_pci_eventfd __rcu *err_trigger;
	struct vfio_pci_eventfd __rcu *req_trigger;
};

/**
 * enum vfio_pci_io_width - widths of an access by vfio_pci_core_do_io_rw(), in bytes
 * @VFIO_PCI_IO_WIDTH_1: one byte
 * @VFIO_PCI_IO_WIDTH_2: 16 bits, aligned, as are all that are wider
 * @VFIO_PCI_IO_WIDTH_4: 32 bits
 * @VFIO_PCI_IO_WIDTH_8: 64 bits, where the architecture has such an access
 */
enum vfio_pci_io_width {
	VFIO_PCI_IO_WIDTH_1 = 1,
	VFIO_PCI_IO_WIDTH_2 = 2,
	VFIO_PCI_IO_WIDTH_4 = 4,
	VFIO_PCI_IO_WIDTH_8 = 8,
};

/* Life time and operations: vfio_pci_core.c */
int vfio_pci_core_init_dev(struct vfio_device *core_vdev);
void vfio_pci_core_release_dev(struct vfio_device *core_vdev);
int vfio_pci_core_register_device(struct vfio_pci_core_device *vdev);
void vfio_pci_core_unregister_device(struct vfio_pci_core_device *vdev);
int vfio_pci_core_enable(struct vfio_pci_core_device *vdev);
void vfio_pci_core_disable(struct vfio_pci_core_device *vdev);
void vfio_pci_core_finish_enable(struct vfio_pci_core_device *vdev);
void vfio_pci_core_close_device(struct vfio_device *core_vdev);
void vfio_pci_core_request(struct vfio_device *core_vdev, unsigned int count);
pci_ers_result_t vfio_pci_core_aer_err_detected(struct pci_dev *pdev, pci_channel_state_t state);
extern const struct pci_error_handlers vfio_pci_core_err_handlers;

/* vfio_pci_sriov.c */
int vfio_pci_core_sriov_configure(struct vfio_pci_core_device *vdev, int nr_virtfn);
int vfio_pci_core_match(struct vfio_device *core_vdev, char *buf);
int vfio_pci_core_match_token_uuid(struct vfio_device *core_vdev, const uuid_t *uuid);

/* vfio_pci_ioctl.c */
long vfio_pci_core_ioctl(struct vfio_device *core_vdev, unsigned int cmd, unsigned long arg);

/* vfio_pci_feature.c */
int vfio_pci_core_ioctl_feature(struct vfio_device *core_vdev, u32 flags, void __user *arg,
				size_t argsz);

/* vfio_pci_region.c */
int vfio_pci_ioctl_get_region_info(struct vfio_device *core_vdev, struct vfio_region_info *info,
				   struct vfio_info_cap *caps);
ssize_t vfio_pci_core_read(struct vfio_device *core_vdev, char __user *buf, size_t count,
			   loff_t *ppos);
ssize_t vfio_pci_core_write(struct vfio_device *core_vdev, const char __user *buf, size_t count,
			    loff_t *ppos);
int vfio_pci_core_mmap(struct vfio_device *core_vdev, struct vm_area_struct *vma);

/* vfio_pci_dev_region.c */
int vfio_pci_core_register_dev_region(struct vfio_pci_core_device *vdev, unsigned int type,
				      unsigned int subtype, const struct vfio_pci_regops *ops,
				      size_t size, u32 flags, void *data);

/* vfio_pci_mmap.c */
u64 vfio_pci_core_mmap_phys(struct vfio_device *core_vdev, u64 offset);
vm_fault_t vfio_pci_vmf_insert_pfn(struct vfio_pci_core_device *vdev, struct vm_fault *vmf,
				   unsigned long pfn, unsigned int order);

/* vfio_pci_bars.c */
bool __vfio_pci_memory_enabled(struct vfio_pci_core_device *vdev);

/* vfio_pci_dmabuf.c */
#ifdef CONFIG_VFIO_PCI_DMABUF
int vfio_pci_core_fill_phys_vec(struct phys_vec *phys_vec,
				struct vfio_region_dma_range *dma_ranges, size_t nr_ranges,
				phys_addr_t start, phys_addr_t len);
int vfio_pci_core_get_dmabuf_phys(struct vfio_pci_core_device *vdev,
				  struct p2pdma_provider **provider, unsigned int region_index,
				  struct phys_vec *phys_vec,
				  struct vfio_region_dma_range *dma_ranges, size_t nr_ranges);
#else
static inline int vfio_pci_core_fill_phys_vec(struct phys_vec *phys_vec,
					      struct vfio_region_dma_range *dma_ranges,
					      size_t nr_ranges, phys_addr_t start,
					      phys_addr_t len)
{
	return -EINVAL;
}

static inline int vfio_pci_core_get_dmabuf_phys(struct vfio_pci_core_device *vdev,
						struct p2pdma_provider **provider,
						unsigned int region_index,
						struct phys_vec *phys_vec,
						struct vfio_region_dma_range *dma_ranges,
						size_t nr_ranges)
{
	return -EOPNOTSUPP;
}
#endif

/* vfio_pci_rdwr.c */
ssize_t vfio_pci_core_do_io_rw(struct vfio_pci_core_device *vdev, bool test_mem,
			       void __iomem *io, char __user *buf, loff_t off, size_t count,
			       size_t x_start, size_t x_end, bool iswrite,
			       enum vfio_pci_io_width max_width);
bool vfio_pci_core_range_intersect_range(loff_t buf_start, size_t buf_cnt, loff_t reg_start,
					 size_t reg_cnt, loff_t *buf_offset,
					 size_t *intersect_count, size_t *register_offset);

int vfio_pci_core_ioread8(struct vfio_pci_core_device *vdev, bool test_mem, u8 *val,
			  void __iomem *io);
int vfio_pci_core_ioread16(struct vfio_pci_core_device *vdev, bool test_mem, u16 *val,
			   void __iomem *io);
int vfio_pci_core_ioread32(struct vfio_pci_core_device *vdev, bool test_mem, u32 *val,
			   void __iomem *io);
int vfio_pci_core_ioread64(struct vfio_pci_core_device *vdev, bool test_mem, u64 *val,
			   void __iomem *io);
int vfio_pci_core_iowrite8(struct vfio_pci_core_device *vdev, bool test_mem, u8 val,
			   void __iomem *io);
int vfio_pci_core_iowrite16(struct vfio_pci_core_device *vdev, bool test_mem, u16 val,
			    void __iomem *io);
int vfio_pci_core_iowrite32(struct vfio_pci_core_device *vdev, bool test_mem, u32 val,
			    void __iomem *io);
int vfio_pci_core_iowrite64(struct vfio_pci_core_device *vdev, bool test_mem, u64 val,
			    void __iomem *io);

/**
 * vfio_pci_core_get_iomap() - The kernel's mapping of a BAR
 * @vdev: device between vfio_pci_core_enable() and vfio_pci_core_disable()
 * @bar: 0 to 5
 *
 * Return: the mapping, or an ERR_PTR(): -EINVAL for a number that is no BAR,
 * -ENODEV the BAR does not exist, -EBUSY somebody else owns its resource,
 * -ENOMEM it cannot be mapped.
 */
static inline void __iomem * __must_check
vfio_pci_core_get_iomap(struct vfio_pci_core_device *vdev, unsigned int bar)
{
	if (WARN_ON_ONCE(bar >= PCI_STD_NUM_BARS))
		return IOMEM_ERR_PTR(-EINVAL);
	return vdev->barmap[bar];
}

/**
 * is_aligned_for_order() - May one leaf of 2^@order pages map this fault?
 * @vma: mapping
 * @addr: address of the first byte that the leaf would map
 * @pfn: frame that would appear there
 * @order: size of the leaf; 0 is always possible
 *
 * Return: true if the leaf lies inside @vma and @pfn is aligned to its size
 */
static inline bool is_aligned_for_order(struct vm_area_struct *vma, unsigned long addr,
					unsigned long pfn, unsigned int order)
{
	unsigned long size = PAGE_SIZE << order;

	if (!order)
		return true;
	return addr >= vma->vm_start && addr < vma->vm_end && vma->vm_end - addr >= size &&
	       IS_ALIGNED(pfn, 1UL << order);
}

/*
 * iommufd looks this up by name when it is to map a dma-buf, with
 * VFIO_PCI_DMABUF alone, but takes its type from here whatever the
 * configuration.
 */
int vfio_pci_dma_buf_iommufd_map(struct dma_buf_attachment *attachment, struct phys_vec *phys);

#endif /* VFIO_PCI_CORE_H */
