// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power states.  An open device is in the state that its user has written to
 * the PM capability (D0 at first), unless runtime PM has put it to sleep: see
 * vfio_pci_runtime_pm.c.
 *
 * memory_lock is held for writing while the state changes.  Called from the
 * emulation of the PM capability, from reset, from close and from runtime PM.
 */

#include <linux/pci.h>

#include "vfio_pci_priv.h"

/**
 * vfio_pci_probe_power_state() - Does the device forget its state in D3hot?
 * @vdev: device that is being registered
 *
 * No_Soft_Reset says so (PCI PM 1.2 sec. 3.2.4).
 */
void vfio_pci_probe_power_state(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	u16 pmcsr;

	vdev->needs_pm_restore = false;
	if (!pdev->pm_cap)
		return;
	if (!pci_read_config_word(pdev, pdev->pm_cap + PCI_PM_CTRL, &pmcsr))
		vdev->needs_pm_restore = !(pmcsr & PCI_PM_CTRL_NO_SOFT_RESET);
}

/* Before D3hot.  Memory decoding is part of what is saved, see pm_restore() */
static int vfio_pci_pm_save(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	vdev->pm_command = vfio_pci_memory_decode_on(vdev);
	pci_save_state(pdev);
	vfio_pci_memory_decode_put(vdev, vdev->pm_command);

	/* A second D3hot without D0 in between: the older copy goes (CVE-2022-49219) */
	kfree(vdev->pm_save);
	vdev->pm_save = pci_store_saved_state(pdev);
	return vdev->pm_save ? 0 : -ENOMEM;
}

/*
 * Back in D0.  The MSI-X table is written with decoding on; only then the
 * register gets the user's value, who may have changed it during D3hot.
 */
static void vfio_pci_pm_restore(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	u16 cmd = vdev->pm_command;

	if (!vdev->pm_save)
		return;

	if (!pci_load_and_free_saved_state(pdev, &vdev->pm_save))
		pci_restore_state(pdev);

	if (vfio_pci_command_memory_enabled(vdev))
		cmd |= PCI_COMMAND_MEMORY;
	vfio_pci_memory_decode_put(vdev, cmd);
	vfio_pci_intx_rewrite(vdev);
}

/**
 * vfio_pci_set_power_state_locked() - Change the power state
 * @vdev: open device; memory_lock is held for writing, and before D3hot there
 *        is no mapping of its BARs
 * @state: PCI_D0 to PCI_D3hot
 *
 * A device that loses its state in D3hot has it saved and restored, the user
 * gets back a device that looks as before.
 *
 * Return: 0; -EBUSY for D3hot of a PF that has VFs, which would lose their
 * device; -ENOMEM; or the error of pci_set_power_state().
 */
int vfio_pci_set_power_state_locked(struct vfio_pci_core_device *vdev, pci_power_t state)
{
	struct pci_dev *pdev = vdev->pdev;
	pci_power_t old = pdev->current_state;
	int ret;

	lockdep_assert_held_write(&vdev->memory_lock);

	if (state >= PCI_D3hot && vdev->has_vfs)
		return -EBUSY;

	if (vdev->needs_pm_restore && state >= PCI_D3hot && old < PCI_D3hot) {
		ret = vfio_pci_pm_save(vdev);
		if (ret)
			return ret;
	}

	ret = pci_set_power_state(pdev, state);

	/* Also when D3hot has failed: nothing is to be kept for later then */
	if (pdev->current_state < PCI_D3hot) {
		if (old >= PCI_D3hot)
			vfio_pci_pm_restore(vdev);
		kfree(vdev->pm_save);
		vdev->pm_save = NULL;
	}
	return ret;
}

/**
 * vfio_pci_set_power_state() - Change the power state of an open device
 * @vdev: open device
 * @state: PCI_D0 to PCI_D3hot
 *
 * D3hot removes the mappings of the BARs first; they refill after D0.
 *
 * Return: as vfio_pci_set_power_state_locked()
 *
 * Context: process context, sleeps; takes memory_lock for writing
 */
int vfio_pci_set_power_state(struct vfio_pci_core_device *vdev, pci_power_t state)
{
	int ret;

	if (state >= PCI_D3hot)
		vfio_pci_memory_zap_and_lock(vdev);
	else
		down_write(&vdev->memory_lock);

	ret = vfio_pci_set_power_state_locked(vdev, state);
	vfio_pci_memory_unlock(vdev);
	return ret;
}
