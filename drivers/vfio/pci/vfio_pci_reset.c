// SPDX-License-Identifier: GPL-2.0-only
/*
 * Function reset: on request of the user (VFIO_DEVICE_RESET, FLR bits of the
 * configuration space), before the first user gets the device, and after the
 * last one.  What every reset begins and ends with, also one of a whole bus
 * (vfio_pci_reset_set.c) or one that we have not asked for.
 *
 * memory_lock is held for writing around every reset, with the BAR mappings
 * removed; variant drivers count on that in their reset callbacks.  The PCI
 * core is asked for the device lock inside of it, and only tries to get it.
 */

#include <linux/pci.h>
#include <linux/sched.h>

#include "vfio_pci_irq.h"
#include "vfio_pci_priv.h"
#include "vfio_pci_trace.h"

/**
 * vfio_pci_reset_begin() - Prepare a device for a reset by the PCI core
 * @vdev: device, its mappings are gone
 *
 * The PCI core saves and restores the state.  It does so in D0, and writes the
 * MSI-X table when it does: memory decoding must be on even if the user has it
 * off.
 *
 * Context: process context, sleeps; memory_lock is held for writing until
 * after vfio_pci_reset_end(), by this task
 */
void vfio_pci_reset_begin(struct vfio_pci_core_device *vdev)
{
	lockdep_assert_held_write(&vdev->memory_lock);

	vfio_pci_set_power_state_locked(vdev, PCI_D0);
	vdev->reset_command = vfio_pci_memory_decode_on(vdev);
	WRITE_ONCE(vdev->reset_task, current);
}

/**
 * vfio_pci_reset_end() - Undo vfio_pci_reset_begin(), reset or not
 * @vdev: device
 *
 * What the PCI core has restored is what it found when it saved.  Interrupts
 * have gone on meanwhile: MSI and MSI-X it restores from its own records, but
 * INTx Disable is ours and has to be written again.
 *
 * Context: process context, sleeps; memory_lock is held for writing
 */
void vfio_pci_reset_end(struct vfio_pci_core_device *vdev)
{
	lockdep_assert_held_write(&vdev->memory_lock);

	WRITE_ONCE(vdev->reset_task, NULL);
	vfio_pci_memory_decode_put(vdev, vdev->reset_command);
	/* No user, no masked state */
	if (vdev->cfg)
		vfio_pci_intx_rewrite(vdev);
}

static int vfio_pci_reset_locked(struct vfio_pci_core_device *vdev)
{
	int ret;

	vfio_pci_reset_begin(vdev);
	ret = pci_try_reset_function(vdev->pdev);
	trace_vfio_pci_reset(vdev, ret);
	vfio_pci_reset_end(vdev);
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
	return 0;
}

/**
 * vfio_pci_reset_close() - Wipe the traces of the last user
 * @vdev: device that is being closed; interrupts, bus mastering and mappings
 *        are gone already, it is in D0
 *
 * Resets the device if it can be done, then puts back the configuration that
 * was found at open.  vdev->needs_reset says if the traces are still there:
 * the device has no reset of its own, or an unbind that waits for this very
 * close holds the lock that a reset needs.
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
	vdev->needs_reset = ret;

	/*
	 * Not reset, it may hold its interrupt line up, and nobody is left to
	 * serve it. Who enables the device next lets INTx through again; what is
	 * restored here must not.
	 */
	if (ret)
		vfio_pci_intx_silence(vdev);
	if (!pci_load_and_free_saved_state(pdev, &vdev->pci_saved_state)) {
		if (ret)
			vfio_pci_intx_silence_saved(vdev);
		pci_restore_state(pdev);
	}
	vfio_pci_memory_unlock(vdev);

	pci_dbg(pdev, "function reset after use: %d\n", ret);
}

/**
 * vfio_pci_reset_unregister() - Reset a device that its driver gives back
 * @vdev: device that is not registered any more, awake
 *
 * Return: 0; -ENOTTY if it has no function reset; or what the reset returned
 *
 * Context: process context, device lock held; sleeps, takes memory_lock for
 * writing
 */
int vfio_pci_reset_unregister(struct vfio_pci_core_device *vdev)
{
	int ret;

	vfio_pci_memory_zap_and_lock(vdev);
	vfio_pci_reset_begin(vdev);
	ret = pci_reset_function_locked(vdev->pdev);
	vfio_pci_reset_end(vdev);
	vfio_pci_memory_unlock(vdev);
	return ret;
}

/**
 * vfio_pci_reset_prepare() - The PCI core is about to reset the device
 * @pdev: device of a driver with vfio_pci_core_err_handlers
 *
 * By a reset of ours, and all is prepared; or because of the administrator,
 * say, who writes to the "reset" attribute.  The user is held up then as by a
 * reset of ours: accesses and page faults wait until the device is back, and
 * find it in the state that it is in then.
 *
 * Whoever holds memory_lock may wait for configuration space.  The PCI core
 * has locked that already, so it is let go while we wait for memory_lock; the
 * device lock stays, and nothing has happened to the device so far.
 *
 * Context: process context, device lock held; sleeps; returns with memory_lock
 * held for writing, unless this task had it already
 */
void vfio_pci_reset_prepare(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);
	bool blocked = pdev->block_cfg_access;

	if (READ_ONCE(vdev->reset_task) == current)
		return;

	if (blocked)
		pci_cfg_access_unlock(pdev);
	vfio_pci_memory_zap_and_lock_nested(vdev);
	vfio_pci_reset_begin(vdev);
	vdev->reset_foreign = true;
	if (blocked)
		pci_cfg_access_lock(pdev);
}

/**
 * vfio_pci_reset_done() - The PCI core has reset the device
 * @pdev: device after vfio_pci_reset_prepare(), its state is restored
 *
 * Context: process context, device lock held; sleeps; drops the memory_lock
 * that vfio_pci_reset_prepare() has taken
 */
void vfio_pci_reset_done(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);
	bool blocked = pdev->block_cfg_access;

	if (!vdev->reset_foreign)
		return;

	if (blocked)
		pci_cfg_access_unlock(pdev);
	vdev->reset_foreign = false;
	vfio_pci_reset_end(vdev);
	vfio_pci_memory_unlock(vdev);
	if (blocked)
		pci_cfg_access_lock(pdev);
}
