/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of vfio-pci-core offer each other.
 *
 * The sections stand in the order of the layers, the lowest first; a file
 * calls only what stands above its own section.
 */
#ifndef VFIO_PCI_PRIV_H
#define VFIO_PCI_PRIV_H

#include <linux/io.h>
#include <linux/vfio_pci_core.h>

struct dma_buf;

/* ---- vfio_pci_cfg_access.c: access to the real configuration space */

/**
 * struct vfio_pci_cfg_host_ops - How configuration space is reached
 * @read: read @len (1, 2 or 4) bytes at @pos, naturally aligned, into @val;
 *        0 or a negative errno
 * @write: write likewise
 * @vpd_read: read the 4 bytes of Vital Product Data at @addr (15 bits) into
 *            @data; 0 or a negative errno
 * @vpd_write: write likewise
 * @set_readrq: set the Max Read Request Size to @bytes, a power of two from
 *              128 up; 0 or a negative errno
 *
 * There is one set for hardware and one for the fake device of the KUnit tests.
 * All may sleep.
 */
struct vfio_pci_cfg_host_ops {
	int (*read)(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		    u32 *val);
	int (*write)(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
		     u32 val);
	int (*vpd_read)(struct vfio_pci_core_device *vdev, unsigned int addr, __le32 *data);
	int (*vpd_write)(struct vfio_pci_core_device *vdev, unsigned int addr, __le32 data);
	int (*set_readrq)(struct vfio_pci_core_device *vdev, unsigned int bytes);
};

extern const struct vfio_pci_cfg_host_ops vfio_pci_cfg_hardware;

int vfio_pci_cfg_host_read(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
			   u32 *val);
int vfio_pci_cfg_host_read_dwords(struct vfio_pci_core_device *vdev, unsigned int pos,
				  unsigned int num, u8 *buf);
int vfio_pci_cfg_host_write(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
			    u32 val);

/* ---- vfio_pci_bars.c: which BARs exist, who owns them, where they are mapped */

/**
 * enum vfio_pci_bar_mmap - May user space map a BAR?
 * @VFIO_PCI_BAR_NO_MMAP: no, its first or last page holds something else
 * @VFIO_PCI_BAR_MMAP: yes
 * @VFIO_PCI_BAR_MMAP_FILLED: yes, once the rest of its page is reserved
 */
enum vfio_pci_bar_mmap {
	VFIO_PCI_BAR_NO_MMAP,
	VFIO_PCI_BAR_MMAP,
	VFIO_PCI_BAR_MMAP_FILLED,
};

enum vfio_pci_bar_mmap vfio_pci_bar_mmap_kind(unsigned long res_flags, resource_size_t start,
					      resource_size_t len);
void vfio_pci_bars_claim(struct vfio_pci_core_device *vdev);
void vfio_pci_bars_probe_mmap(struct vfio_pci_core_device *vdev);
void vfio_pci_bars_release(struct vfio_pci_core_device *vdev);
bool vfio_pci_command_memory_enabled(struct vfio_pci_core_device *vdev);
bool vfio_pci_memory_mappable(struct vfio_pci_core_device *vdev);

/* ---- vfio_pci_atomics.c: AtomicOps that the way to the root port takes */

u32 vfio_pci_atomic_widths(u32 devcap2);
u32 vfio_pci_atomic_completer(struct pci_dev *pdev);

/* ---- vfio_pci_eventfd.c: an eventfd that may be exchanged while it is signalled */

int vfio_pci_eventfd_replace(struct vfio_pci_core_device *vdev,
			     struct vfio_pci_eventfd __rcu **slot, int fd);
bool vfio_pci_eventfd_signal(struct vfio_pci_eventfd __rcu **slot);

/* ---- vfio_pci_rdwr.c, vfio_pci_mmap.c: the user's way to the BARs */

size_t vfio_pci_io_chunk(loff_t off, size_t count, size_t x_start, size_t x_end,
			 size_t max_width, bool *hole);
ssize_t vfio_pci_bar_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			loff_t *ppos, bool iswrite);
int vfio_pci_bar_mmap(struct vfio_pci_core_device *vdev, unsigned int bar,
		      struct vm_area_struct *vma);

/* ---- vfio_pci_dmabuf.c: the other devices' way to the BARs */

#ifdef CONFIG_VFIO_PCI_DMABUF
int vfio_pci_dmabuf_register(struct vfio_pci_core_device *vdev);
int vfio_pci_dmabuf_open(struct vfio_pci_core_device *vdev);
void vfio_pci_dmabuf_close(struct vfio_pci_core_device *vdev);
void vfio_pci_dmabuf_revoke(struct vfio_pci_core_device *vdev);
void vfio_pci_dmabuf_restore(struct vfio_pci_core_device *vdev);
int vfio_pci_dmabuf_size(const struct phys_vec *ranges, size_t nr_ranges, size_t *size);
struct dma_buf *vfio_pci_dmabuf_export(struct vfio_pci_core_device *vdev,
				       unsigned int region_index, u32 open_flags,
				       struct vfio_region_dma_range *dma_ranges, u32 nr_ranges);
int vfio_pci_dmabuf_supported(struct vfio_pci_core_device *vdev);
int vfio_pci_dmabuf_get(struct vfio_pci_core_device *vdev,
			const struct vfio_device_feature_dma_buf *hdr, void __user *uranges);
#else
static inline int vfio_pci_dmabuf_register(struct vfio_pci_core_device *vdev)
{
	return 0;
}

static inline int vfio_pci_dmabuf_open(struct vfio_pci_core_device *vdev)
{
	return 0;
}

static inline void vfio_pci_dmabuf_close(struct vfio_pci_core_device *vdev)
{
}

static inline void vfio_pci_dmabuf_revoke(struct vfio_pci_core_device *vdev)
{
}

static inline void vfio_pci_dmabuf_restore(struct vfio_pci_core_device *vdev)
{
}

static inline int vfio_pci_dmabuf_supported(struct vfio_pci_core_device *vdev)
{
	return -ENOTTY;
}

static inline int vfio_pci_dmabuf_get(struct vfio_pci_core_device *vdev,
				      const struct vfio_device_feature_dma_buf *hdr,
				      void __user *uranges)
{
	return -ENOTTY;
}
#endif

/* ---- vfio_pci_vga.c: the VGA region; with CONFIG_VFIO_PCI_VGA */

/**
 * vfio_pci_vga_wanted() - Has the device a VGA region?
 * @vdev: device
 *
 * Return: true for a VGA adapter, unless its driver was told not to
 */
static inline bool vfio_pci_vga_wanted(struct vfio_pci_core_device *vdev)
{
	return pci_is_vga(vdev->pdev) && !vdev->disable_vga;
}

int vfio_pci_vga_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
		      struct vfio_info_cap *caps);
ssize_t vfio_pci_vga_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			loff_t *ppos, bool iswrite);

/* ---- vfio_pci_vgaarb.c: VGA adapters among others */

int vfio_pci_vga_register(struct vfio_pci_core_device *vdev);
void vfio_pci_vga_unregister(struct vfio_pci_core_device *vdev);

/* ---- vfio_pci_dev_region.c: regions that a driver adds */

void vfio_pci_dev_regions_free(struct vfio_pci_core_device *vdev);
int vfio_pci_dev_region_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
			     struct vfio_info_cap *caps);
ssize_t vfio_pci_dev_region_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			       loff_t *ppos, bool iswrite);
int vfio_pci_dev_region_mmap(struct vfio_pci_core_device *vdev, unsigned int index,
			     struct vm_area_struct *vma);

/* ---- vfio_pci_memory.c: the only place that takes device memory away */

int vfio_pci_memory_open(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_close(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_zap(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_zap_and_lock(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_zap_and_lock_nested(struct vfio_pci_core_device *vdev);
bool vfio_pci_memory_trylock(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_unlock(struct vfio_pci_core_device *vdev);
u16 vfio_pci_memory_decode_on(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_decode_put(struct vfio_pci_core_device *vdev, u16 cmd);
u16 vfio_pci_memory_force_decode(struct vfio_pci_core_device *vdev);
void vfio_pci_memory_restore_decode(struct vfio_pci_core_device *vdev, u16 cmd);

/* ---- vfio_pci_zdev.c: PCI functions on s390 */

#ifdef CONFIG_VFIO_PCI_ZDEV_KVM
int vfio_pci_zdev_info_add(struct vfio_pci_core_device *vdev, struct vfio_info_cap *caps);
int vfio_pci_zdev_open(struct vfio_pci_core_device *vdev);
void vfio_pci_zdev_close(struct vfio_pci_core_device *vdev);
int vfio_pci_zdev_get_error(struct vfio_pci_core_device *vdev, u64 data);
#else
static inline int vfio_pci_zdev_info_add(struct vfio_pci_core_device *vdev,
					 struct vfio_info_cap *caps)
{
	return 0;
}

static inline int vfio_pci_zdev_open(struct vfio_pci_core_device *vdev)
{
	return 0;
}

static inline void vfio_pci_zdev_close(struct vfio_pci_core_device *vdev)
{
}
#endif

/* ---- vfio_pci_ioeventfd.c: eventfds that write to a BAR when they are signalled */

int vfio_pci_ioeventfd(struct vfio_pci_core_device *vdev, u64 offset, u64 data,
		       unsigned int width, int fd);
void vfio_pci_ioeventfds_remove(struct vfio_pci_core_device *vdev);

/* ---- vfio_pci_rom.c: the expansion ROM */

u64 vfio_pci_rom_size(struct pci_dev *pdev);
int vfio_pci_rom_info(struct vfio_pci_core_device *vdev, struct vfio_region_info *info,
		      struct vfio_info_cap *caps);
ssize_t vfio_pci_rom_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			loff_t *ppos, bool iswrite);

/* ---- vfio_pci_intx.c, vfio_pci_msi.c, vfio_pci_intrs.c (more in vfio_pci_irq.h) */

int vfio_pci_intx_enable_device(struct vfio_pci_core_device *vdev);
void vfio_pci_intx_prepare(struct vfio_pci_core_device *vdev);
bool vfio_pci_intx_usable(struct vfio_pci_core_device *vdev);
void vfio_pci_intx_suspend(struct vfio_pci_core_device *vdev);
void vfio_pci_intx_resume(struct vfio_pci_core_device *vdev);
void vfio_pci_intx_set_virtual_disable(struct vfio_pci_core_device *vdev, bool disable);
void vfio_pci_intx_rewrite(struct vfio_pci_core_device *vdev);

void vfio_pci_irqs_init(struct vfio_pci_core_device *vdev);
void vfio_pci_irqs_disable(struct vfio_pci_core_device *vdev);
void vfio_pci_irqs_destroy(struct vfio_pci_core_device *vdev);
unsigned int vfio_pci_irq_count(struct vfio_pci_core_device *vdev, unsigned int index);
u32 vfio_pci_irq_flags(struct vfio_pci_core_device *vdev, unsigned int index);
int vfio_pci_set_irqs(struct vfio_pci_core_device *vdev, u32 flags, unsigned int index,
		      unsigned int start, unsigned int count, const void *data);
void vfio_pci_irq_signal_error(struct vfio_pci_core_device *vdev);
bool vfio_pci_irq_signal_request(struct vfio_pci_core_device *vdev);

/* ---- vfio_pci_pm.c: power states */

void vfio_pci_probe_power_state(struct vfio_pci_core_device *vdev);
int vfio_pci_set_power_state_locked(struct vfio_pci_core_device *vdev, pci_power_t state);
int vfio_pci_set_power_state(struct vfio_pci_core_device *vdev, pci_power_t state);

/* ---- vfio_pci_runtime_pm.c: when the device may sleep, and low-power mode */

int vfio_pci_low_power_enter(struct vfio_pci_core_device *vdev, struct eventfd_ctx *wakeup);
void vfio_pci_low_power_exit(struct vfio_pci_core_device *vdev);
int vfio_pci_wake(struct vfio_pci_core_device *vdev);
void vfio_pci_let_sleep(struct vfio_pci_core_device *vdev);
void vfio_pci_idle_start(struct vfio_pci_core_device *vdev);
void vfio_pci_idle_stop(struct vfio_pci_core_device *vdev);
int vfio_pci_pm_open(struct vfio_pci_core_device *vdev);
void vfio_pci_pm_end_use(struct vfio_pci_core_device *vdev);
void vfio_pci_pm_close(struct vfio_pci_core_device *vdev);
extern const struct dev_pm_ops vfio_pci_core_pm_ops;

/* ---- vfio_pci_reset.c: function reset, and what every reset begins and ends with */

void vfio_pci_reset_begin(struct vfio_pci_core_device *vdev);
void vfio_pci_reset_end(struct vfio_pci_core_device *vdev);
int vfio_pci_try_reset_function(struct vfio_pci_core_device *vdev);
int vfio_pci_reset_open(struct vfio_pci_core_device *vdev);
void vfio_pci_reset_close(struct vfio_pci_core_device *vdev);
int vfio_pci_reset_unregister(struct vfio_pci_core_device *vdev);
void vfio_pci_reset_prepare(struct pci_dev *pdev);
void vfio_pci_reset_done(struct pci_dev *pdev);

/* ---- vfio_pci_reset_set.c: devices that are reset together */

/* Called for a device that a reset would hit; not 0 ends the walk */
typedef int (*vfio_pci_affected_fn)(struct pci_dev *pdev, void *data);

int vfio_pci_visit_affected(struct pci_dev *pdev, vfio_pci_affected_fn fn, void *data);
int vfio_pci_assign_reset_set(struct vfio_pci_core_device *vdev);
int vfio_pci_reset_set_complete(struct vfio_pci_core_device *vdev);
int vfio_pci_reset_set(struct vfio_pci_core_device *vdev);
void vfio_pci_reset_set_close(struct vfio_pci_core_device *vdev);
void vfio_pci_reset_set_unregister(struct vfio_pci_core_device *vdev);

/* ---- vfio_pci_hot_reset.c: that reset on request of the user */

long vfio_pci_hot_reset_info(struct vfio_pci_core_device *vdev,
			     struct vfio_pci_hot_reset_info *info, void __user *uarg);
long vfio_pci_hot_reset(struct vfio_pci_core_device *vdev, const struct vfio_pci_hot_reset *hdr,
			const s32 __user *ufds);

/* ---- vfio_pci_sriov.c: a PF, its VFs, and the token their users share */

int vfio_pci_sriov_watch(void);
void vfio_pci_sriov_unwatch(void);
int vfio_pci_sriov_register(struct vfio_pci_core_device *vdev);
void vfio_pci_sriov_unregister(struct vfio_pci_core_device *vdev);
void vfio_pci_sriov_disable(struct vfio_pci_core_device *vdev);
void vfio_pci_sriov_open(struct vfio_pci_core_device *vdev);
void vfio_pci_sriov_close(struct vfio_pci_core_device *vdev);
bool vfio_pci_sriov_is_pf(struct vfio_pci_core_device *vdev);
void vfio_pci_sriov_set_token(struct vfio_pci_core_device *vdev, const uuid_t *token);

/* ---- vfio_pci_config.c (with cfg_caps, cfg_perm and cfg_emul below it) */

int vfio_pci_config_init(struct vfio_pci_core_device *vdev);
void vfio_pci_config_free(struct vfio_pci_core_device *vdev);
int vfio_pci_config_virtualise_dword(struct vfio_pci_core_device *vdev, unsigned int pos, u32 val);
ssize_t vfio_pci_config_rw(struct vfio_pci_core_device *vdev, char __user *buf, size_t count,
			   loff_t *ppos, bool iswrite);
ssize_t vfio_pci_config_rw_single(struct vfio_pci_core_device *vdev, char __user *buf,
				  size_t count, loff_t *ppos, bool iswrite);

#endif /* VFIO_PCI_PRIV_H */
