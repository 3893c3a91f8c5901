// SPDX-License-Identifier: GPL-2.0-only
/*
 * Function reset: on request of the user (VFIO_DEVICE_RESET, FLR bits of the
 * configuration space), before the first user gets the device, and after the
 * last one.  And which devices form a set because a wider reset would hit all
 * of them.
 *
 * memory_lock is held for writing around every reset, with the BAR mappings
 * removed; variant drivers count on that in their reset callbacks.
 */

#include <linux/pci.h>

#include "vfio_pci_priv.h"

/*
 * The PCI core saves and restores the state.  It writes the MSI-X table when
 * it does, so memory decoding must be on even if the user has it off.
 */
static int vfio_pci_reset_locked(struct vfio_pci_core_device *vdev)
{
	u16 cmd;
	int ret;

	lockdep_assert_held_write(&vdev->memory_lock);

	vfio_pci_set_power_state_locked(vdev, PCI_D0);
	cmd = vfio_pci_memory_decode_on(vdev);
	ret = pci_try_reset_function(vdev->pdev);
	vfio_pci_memory_decode_put(vdev, cmd);
	return ret;
}

/**
 * vfio_pci_try_reset_function() - Reset the device while it is open
 * @vdev: open device
 *
 * Return: 0; -EINVAL if it has no function reset; -EAGAIN if somebody else
 * works on the device (unbind, another reset); or what the reset itself
 * returned, -ENOTTY or -ETIMEDOUT for instance.
 *
 * Context: process context, sleeps (a reset takes 100 ms and more); takes
 * memory_lock for writing and tries to get the device lock inside of it
 */
int vfio_pci_try_reset_function(struct vfio_pci_core_device *vdev)
{
	int ret;

	if (!vdev->reset_works)
		return -EINVAL;

	vfio_pci_memory_zap_and_lock(vdev);
	ret = vfio_pci_reset_locked(vdev);
	vfio_pci_memory_unlock(vdev);

	pci_dbg(vdev->pdev, "function reset for the user: %d\n", ret);
	return ret;
}

/**
 * vfio_pci_reset_open() - Reset the device for its first user
 * @vdev: device that is enabled and has no user yet
 *
 * Finds out on the way if function reset works, into vdev->reset_works.
 *
 * Return: 0, also if the device has no working reset; -EAGAIN if somebody else
 * works on the device, the open should fail then.
 *
 * Context: process context, dev_set->lock held; sleeps, takes memory_lock for
 * writing
 */
int vfio_pci_reset_open(struct vfio_pci_core_device *vdev)
{
	int ret;

	vfio_pci_memory_zap_and_lock(vdev);
	ret = vfio_pci_reset_locked(vdev);
	vfio_pci_memory_unlock(vdev);

	pci_dbg(vdev->pdev, "function reset before use: %d\n", ret);
	if (ret == -EAGAIN)
		return ret;

	vdev->reset_works = !ret;
	vdev->needs_reset = false;
	return 0;
}

/**
 * vfio_pci_reset_close() - Wipe the traces of the last user
 * @vdev: device that is being closed; interrupts, bus mastering and mappings
 *        are gone already, it is in D0
 *
 * Resets the device if it can be done, then puts back the configuration that
 * was found at open.  An unbind that waits for this very close holds the lock
 * that a reset needs: vdev->needs_reset asks vfio_pci_core_unregister_device()
 * to make up for it.
 *
 * Context: process context, dev_set->lock held; sleeps, takes memory_lock for
 * writing
 */
void vfio_pci_reset_close(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret = -ENOTTY;

	vfio_pci_memory_zap_and_lock(vdev);
	if (vdev->reset_works)
		ret = vfio_pci_reset_locked(vdev);
	vdev->needs_reset = ret == -EAGAIN;

	if (!pci_load_and_free_saved_state(pdev, &vdev->pci_saved_state))
		pci_restore_state(pdev);
	vfio_pci_memory_unlock(vdev);

	pci_dbg(pdev, "function reset after use: %d\n", ret);
}

/**
 * vfio_pci_assign_reset_set() - Put the device into its device set
 * @vdev: device that is being registered
 *
 * The set is what the next wider reset would hit: all functions of a slot if
 * slots can be reset, else everything on the bus.  Devices on a root bus and
 * VFs have no such reset and stay alone.
 *
 * Return: 0 or -ENOMEM
 */
int vfio_pci_assign_reset_set(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	void *id = pdev->bus;

	if (pci_is_root_bus(pdev->bus) || pdev->is_virtfn)
		id = vdev;
	else if (!pci_probe_reset_slot(pdev->slot))
		id = pdev->slot;

	return vfio_assign_device_set(&vdev->vdev, id);
}
