// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-core: the life of a PCI device that user space drives, from
 * registration through open and close to unregistration, and what others tell
 * it meanwhile (error recovery, requests to give the device back).
 *
 * Open and close run with dev_set->lock held by the core; what they set up
 * is constant in between.
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_ids.h>
#include <linux/pm_runtime.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "vfio_pci_priv.h"

#define VFIO_PCI_NO_BAR		255

/* Intel NICs whose INTx is stuck or whose INTx status is never set: errata */
static const struct pci_device_id vfio_pci_broken_intx[] = {
	{ PCI_VDEVICE(INTEL, 0x1563) },		/* X550 */
	{ PCI_VDEVICE(INTEL, 0x1572) },		/* X710 and XL710 */
	{ PCI_VDEVICE(INTEL, 0x1574) },
	{ PCI_VDEVICE(INTEL, 0x1580) },
	{ PCI_VDEVICE(INTEL, 0x1581) },
	{ PCI_VDEVICE(INTEL, 0x1583) },
	{ PCI_VDEVICE(INTEL, 0x1584) },
	{ PCI_VDEVICE(INTEL, 0x1585) },
	{ PCI_VDEVICE(INTEL, 0x1586) },
	{ PCI_VDEVICE(INTEL, 0x1587) },
	{ PCI_VDEVICE(INTEL, 0x1588) },
	{ PCI_VDEVICE(INTEL, 0x1589) },
	{ PCI_VDEVICE(INTEL, 0x158a) },		/* XXV710 */
	{ PCI_VDEVICE(INTEL, 0x158b) },
	{ PCI_VDEVICE(INTEL, 0x37d0) },		/* X722 */
	{ PCI_VDEVICE(INTEL, 0x37d1) },
	{ PCI_VDEVICE(INTEL, 0x37d2) },
	{ }
};

/**
 * vfio_pci_core_init_dev() - First part of a device's life, vfio_device_ops.init
 * @core_vdev: device that vfio_alloc_device() is about to return
 *
 * Return: 0
 */
int vfio_pci_core_init_dev(struct vfio_device *core_vdev)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);

	vdev->pdev = to_pci_dev(core_vdev->dev);
	vdev->irq_type = VFIO_PCI_NUM_IRQS;
	vdev->msix_bar = VFIO_PCI_NO_BAR;
	vdev->cfg_host = &vfio_pci_cfg_hardware;
	init_rwsem(&vdev->memory_lock);
	mutex_init(&vdev->ioeventfds_lock);
	INIT_LIST_HEAD(&vdev->ioeventfds);
	vfio_pci_irqs_init(vdev);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_init_dev);

/**
 * vfio_pci_core_release_dev() - The end of a device, vfio_device_ops.release
 * @core_vdev: device that nobody refers to any more
 */
void vfio_pci_core_release_dev(struct vfio_device *core_vdev)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);

	vfio_pci_irqs_destroy(vdev);
	mutex_destroy(&vdev->ioeventfds_lock);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_release_dev);

/* What is known about the device's INTx before anybody looks at its state */
static void vfio_pci_probe_intx(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	u8 pin = 0;

	/* PCIe r6.0 sec. 9.3.4.1.18: it is 0 in a VF */
	if (pdev->is_virtfn && !pci_read_config_byte(pdev, PCI_INTERRUPT_PIN, &pin) && pin)
		pci_warn(pdev, "Hardware bug: VF reports bogus INTx pin %d\n", pin);

	vdev->nointx = pci_match_id(vfio_pci_broken_intx, pdev);
	vdev->pci_2_3 = !vdev->nointx && !vdev->nointxmask && pci_intx_mask_supported(pdev);
	if (vdev->nointx)
		pci_info(pdev, "Masking broken INTx support\n");
}

/* Where the MSI-X table is (PCI Local Bus 3.0 sec. 6.8.2); no BAR if nowhere */
static void vfio_pci_probe_msix(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	u32 table;
	u16 flags;

	vdev->msix_bar = VFIO_PCI_NO_BAR;
	vdev->msix_offset = 0;
	vdev->msix_size = 0;
	vdev->has_dyn_msix = false;

	if (!pdev->msix_cap ||
	    pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &flags) ||
	    pci_read_config_dword(pdev, pdev->msix_cap + PCI_MSIX_TABLE, &table))
		return;

	vdev->msix_bar = table & PCI_MSIX_TABLE_BIR;
	vdev->msix_offset = table & PCI_MSIX_TABLE_OFFSET;
	vdev->msix_size = ((flags & PCI_MSIX_FLAGS_QSIZE) + 1) * PCI_MSIX_ENTRY_SIZE;
	vdev->has_dyn_msix = pci_msix_can_alloc_dyn(pdev);
}

/**
 * vfio_pci_core_enable() - Prepare the device for a user
 * @vdev: device that nobody has open
 *
 * Resets the device as far as it can be, with bus mastering off, and keeps its
 * state for the close.  vfio_pci_core_get_iomap() works from here on.  A
 * driver with something to add does it next and calls
 * vfio_pci_core_finish_enable() then, or vfio_pci_core_disable() if it fails.
 *
 * Return: 0; -EAGAIN somebody else works on the device; -ENOMEM; or the error
 * of waking or enabling the device or of reading its configuration space
 *
 * Context: process context, sleeps; dev_set->lock held
 */
int vfio_pci_core_enable(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	ret = vfio_pci_pm_open(vdev);
	if (ret)
		return ret;

	vfio_pci_probe_intx(vdev);
	/* No DMA before the user asks for it */
	pci_clear_master(pdev);
	ret = vfio_pci_intx_enable_device(vdev);
	if (ret)
		goto err_power;

	ret = vfio_pci_reset_open(vdev);
	if (ret)
		goto err_disable;

	pci_save_state(pdev);
	vdev->pci_saved_state = pci_store_saved_state(pdev);
	if (!vdev->pci_saved_state) {
		ret = -ENOMEM;
		goto err_disable;
	}

	ret = vfio_pci_zdev_open(vdev);
	if (ret)
		goto err_state;

	vfio_pci_intx_prepare(vdev);
	vfio_pci_probe_msix(vdev);
	ret = vfio_pci_memory_open(vdev);
	if (ret)
		goto err_zdev;
	ret = vfio_pci_config_init(vdev);
	if (ret)
		goto err_memory;

	vfio_pci_bars_claim(vdev);
	vfio_pci_sriov_open(vdev);
	return 0;

err_memory:
	vfio_pci_memory_zap_and_lock(vdev);
	vfio_pci_memory_close(vdev);
	vfio_pci_memory_unlock(vdev);
err_zdev:
	vfio_pci_zdev_close(vdev);
err_state:
	kfree(vdev->pci_saved_state);
	vdev->pci_saved_state = NULL;
err_disable:
	pci_disable_device(pdev);
err_power:
	vfio_pci_pm_close(vdev);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_enable);

/**
 * vfio_pci_core_finish_enable() - The driver is done, user space may map BARs
 * @vdev: device after vfio_pci_core_enable()
 *
 * Context: process context, sleeps; dev_set->lock held
 */
void vfio_pci_core_finish_enable(struct vfio_pci_core_device *vdev)
{
	vfio_pci_bars_probe_mmap(vdev);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_finish_enable);

/**
 * vfio_pci_core_disable() - Take the device back from its last user
 * @vdev: device after vfio_pci_core_enable()
 *
 * DMA stops first, then interrupts and memory go, and only a device that is
 * quiet in every respect is reset and disabled.
 *
 * Context: process context, sleeps; dev_set->lock held
 */
void vfio_pci_core_disable(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	vfio_pci_pm_end_use(vdev);
	vfio_pci_set_power_state(vdev, PCI_D0);
	pci_clear_master(pdev);
	vfio_pci_irqs_disable(vdev);
	vfio_pci_ioeventfds_remove(vdev);

	vfio_pci_memory_zap_and_lock(vdev);
	vfio_pci_memory_close(vdev);
	vfio_pci_config_free(vdev);
	vfio_pci_memory_unlock(vdev);
	vfio_pci_dev_regions_free(vdev);
	vfio_pci_bars_release(vdev);
	vfio_pci_zdev_close(vdev);

	vfio_pci_reset_close(vdev);
	vfio_pci_sriov_close(vdev);
	vfio_pci_reset_set_close(vdev);
	pci_disable_device(pdev);
	vfio_pci_pm_close(vdev);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_disable);

/**
 * vfio_pci_core_close_device() - Last close, vfio_device_ops.close_device
 * @core_vdev: device that is closed
 *
 * Context: process context, sleeps; dev_set->lock held
 */
void vfio_pci_core_close_device(struct vfio_device *core_vdev)
{
	vfio_pci_core_disable(container_of(core_vdev, struct vfio_pci_core_device, vdev));
}
EXPORT_SYMBOL_GPL(vfio_pci_core_close_device);

/**
 * vfio_pci_core_request() - Ask the user to let go, vfio_device_ops.request
 * @core_vdev: device that is being unregistered
 * @count: how often the user has been asked already
 *
 * The words of the messages are what administrators look for.
 *
 * Context: process context, sleeps
 */
void vfio_pci_core_request(struct vfio_device *core_vdev, unsigned int count)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);

	if (!vfio_pci_irq_signal_request(vdev)) {
		if (!count)
			pci_warn(vdev->pdev,
				 "No device request channel registered, blocked until released by user\n");
		return;
	}
	if (!(count % 10))
		pci_notice_ratelimited(vdev->pdev, "Relaying device request to user (#%u)\n",
				       count);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_request);

/**
 * vfio_pci_core_aer_err_detected() - Tell the user that the device has failed
 * @pdev: device of a driver that is built on this library
 * @state: what the link is like; the user finds out alone
 *
 * Return: PCI_ERS_RESULT_CAN_RECOVER, what to do about it is up to the user
 *
 * Context: process context, device lock held
 */
pci_ers_result_t vfio_pci_core_aer_err_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	vfio_pci_irq_signal_error(vdev);
	return PCI_ERS_RESULT_CAN_RECOVER;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_aer_err_detected);

/**
 * var vfio_pci_core_err_handlers - what a vfio-pci variant driver does about errors
 *
 * For &pci_driver.err_handler of drivers that have nothing to add. It signals an
 * uncorrectable error (PCIe r6.0 sec. 6.2) to the device's user, and keeps users
 * off a device that somebody else resets.
 */
const struct pci_error_handlers vfio_pci_core_err_handlers = {
	.error_detected = vfio_pci_core_aer_err_detected,
	.reset_prepare = vfio_pci_reset_prepare,
	.reset_done = vfio_pci_reset_done,
};
EXPORT_SYMBOL_GPL(vfio_pci_core_err_handlers);

#ifdef CONFIG_VFIO_DEBUGFS
/* The core removes the whole directory at unregistration, before any free */
static void vfio_pci_debugfs_add(struct vfio_pci_core_device *vdev)
{
	struct dentry *dir = debugfs_create_dir("pci", vdev->vdev.debug_root);

	debugfs_create_bool("nointxmask", 0444, dir, &vdev->nointxmask);
	debugfs_create_bool("disable_idle_d3", 0444, dir, &vdev->disable_idle_d3);
}
#else
static void vfio_pci_debugfs_add(struct vfio_pci_core_device *vdev)
{
}
#endif

/**
 * vfio_pci_core_register_device() - Announce a device to user space
 * @vdev: device from vfio_alloc_device(), also the driver's data of the
 *        PCI device
 *
 * Return: 0; -EINVAL for a driver that is not set up right, for a bridge or
 * another device with a header that is not of type 0, and for a device
 * without IOMMU; -EBUSY for a PF that has VFs, which would be left to a user's
 * mercy; -ENOMEM; or what vfio_register_group_dev() returns
 *
 * Context: process context in the driver's probe, device lock held; sleeps
 */
int vfio_pci_core_register_device(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	if (WARN_ON(dev_get_drvdata(&pdev->dev) != vdev) || WARN_ON(!vdev->vdev.ops->name))
		return -EINVAL;
	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL)
		return -EINVAL;
	if (pci_num_vf(pdev)) {
		pci_warn(pdev, "Cannot bind to PF with SR-IOV enabled\n");
		return -EBUSY;
	}

	ret = vfio_pci_assign_reset_set(vdev);
	if (ret)
		return ret;
	ret = vfio_pci_dmabuf_register(vdev);
	if (ret)
		return ret;
	ret = vfio_pci_sriov_register(vdev);
	if (ret)
		return ret;

	ret = vfio_pci_vga_register(vdev);
	if (ret)
		goto err_sriov;

	vfio_pci_probe_power_state(vdev);
	vfio_pci_idle_start(vdev);

	ret = vfio_register_group_dev(&vdev->vdev);
	if (ret)
		goto err_idle;
	vfio_pci_debugfs_add(vdev);
	return 0;

err_idle:
	vfio_pci_idle_stop(vdev);
	vfio_pci_vga_unregister(vdev);
err_sriov:
	vfio_pci_sriov_unregister(vdev);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_register_device);

/**
 * vfio_pci_core_unregister_device() - Undo vfio_pci_core_register_device()
 * @vdev: registered device
 *
 * Waits until user space has let go, of the VFs first, which go with the PF.
 *
 * Context: process context in the driver's remove, device lock held; sleeps
 */
void vfio_pci_core_unregister_device(struct vfio_pci_core_device *vdev)
{
	vfio_pci_sriov_disable(vdev);
	vfio_unregister_group_dev(&vdev->vdev);
	vfio_pci_idle_stop(vdev);
	vfio_pci_sriov_unregister(vdev);
	vfio_pci_reset_set_unregister(vdev);
	vfio_pci_vga_unregister(vdev);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_unregister_device);

static int __init vfio_pci_core_init(void)
{
	return vfio_pci_sriov_watch();
}
module_init(vfio_pci_core_init);

static void __exit vfio_pci_core_exit(void)
{
	vfio_pci_sriov_unwatch();
	/* Eventfds are freed by RCU callbacks that stand in this module */
	rcu_barrier();
}
module_exit(vfio_pci_core_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("core driver for VFIO based PCI devices");
