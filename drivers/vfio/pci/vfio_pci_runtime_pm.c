// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management: when the device may sleep (D3hot or D3cold, that
 * is for the PCI core and the platform to choose), and the user's low-power
 * mode.
 *
 * A device is awake while somebody holds a runtime PM reference:
 * - whoever has it open, from the first open to the last close, except in
 *   low-power mode;
 * - each ioctl, read and write while it runs, so that those work in low-power
 *   mode, too;
 * - the driver, while nobody has the device open, if it is not to sleep while
 *   it is idle.
 *
 * In low-power mode the BARs can't be mapped: nobody would see the access and
 * wake the device.  pm_runtime_engaged and pm_wakeup change with memory_lock
 * held for writing, and the device is awake then.  The two callbacks run while
 * nobody holds a reference, or while the first one waits for it, with no lock
 * held that they take.
 *
 * Called by vfio_pci_feature.c, vfio_pci_region.c and vfio_pci_core.c, and by
 * the PCI core.
 */

#include <kunit/visibility.h>
#include <linux/eventfd.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include "vfio_pci_priv.h"

/* Back to normal; returns the eventfd, whose reference is the caller's now */
static struct eventfd_ctx *vfio_pci_low_power_end(struct vfio_pci_core_device *vdev)
{
	struct eventfd_ctx *wakeup = vdev->pm_wakeup;

	lockdep_assert_held_write(&vdev->memory_lock);

	if (!vdev->pm_runtime_engaged)
		return NULL;
	vdev->pm_runtime_engaged = false;
	vdev->pm_wakeup = NULL;
	pm_runtime_get_noresume(&vdev->pdev->dev);
	return wakeup;
}

/**
 * vfio_pci_low_power_enter() - The user has no need of the device for now
 * @vdev: open device
 * @wakeup: eventfd to signal when the device wakes up, which ends the mode;
 *          NULL to stay in low-power mode until vfio_pci_low_power_exit().
 *          Its reference is taken over on success
 *
 * The device goes to sleep when the caller's reference is dropped, and the
 * PCI core thinks that it can.
 *
 * Return: 0; -EINVAL if the device is in low-power mode
 *
 * Context: process context, sleeps; the caller holds a runtime PM reference of
 * its own; takes memory_lock for writing
 */
int vfio_pci_low_power_enter(struct vfio_pci_core_device *vdev, struct eventfd_ctx *wakeup)
{
	int ret = -EINVAL;

	vfio_pci_memory_zap_and_lock(vdev);
	if (!vdev->pm_runtime_engaged) {
		vdev->pm_runtime_engaged = true;
		vdev->pm_wakeup = wakeup;
		pm_runtime_put_noidle(&vdev->pdev->dev);
		ret = 0;
	}
	vfio_pci_memory_unlock(vdev);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_low_power_enter);

/**
 * vfio_pci_low_power_exit() - Leave low-power mode
 * @vdev: open device, in low-power mode or not
 *
 * Context: process context, sleeps; the caller holds a runtime PM reference of
 * its own; takes memory_lock for writing
 */
void vfio_pci_low_power_exit(struct vfio_pci_core_device *vdev)
{
	struct eventfd_ctx *wakeup;

	down_write(&vdev->memory_lock);
	wakeup = vfio_pci_low_power_end(vdev);
	vfio_pci_memory_unlock(vdev);

	if (wakeup)
		eventfd_ctx_put(wakeup);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_low_power_exit);

/**
 * vfio_pci_wake() - Keep the device awake for an access by its user
 * @vdev: open device
 *
 * Return: 0, vfio_pci_let_sleep() has to follow; -EIO if it does not wake up
 *
 * Context: process context, sleeps; no lock held
 */
int vfio_pci_wake(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret = pm_runtime_resume_and_get(&pdev->dev);

	if (!ret)
		return 0;
	pci_info_ratelimited(pdev, "runtime resume failed %d, task %s (%d)\n", ret,
			     current->comm, task_pid_nr(current));
	return -EIO;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_wake);

/**
 * vfio_pci_let_sleep() - Undo vfio_pci_wake()
 * @vdev: open device
 */
void vfio_pci_let_sleep(struct vfio_pci_core_device *vdev)
{
	pm_runtime_put(&vdev->pdev->dev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_let_sleep);

/**
 * vfio_pci_idle_start() - Let a device sleep while nobody has it open
 * @vdev: device that is being registered
 *
 * The caller of probe holds a reference; it is given up for the time of the
 * registration, unless the administrator has said otherwise.
 *
 * Context: process context in the driver's probe, device lock held; sleeps
 */
void vfio_pci_idle_start(struct vfio_pci_core_device *vdev)
{
	struct device *dev = &vdev->pdev->dev;

	/* Runtime PM wants to know the state, the last driver has left it unknown */
	pci_set_power_state(vdev->pdev, PCI_D0);
	dev->driver->pm = &vfio_pci_core_pm_ops;
	pm_runtime_allow(dev);
	if (!vdev->disable_idle_d3)
		pm_runtime_put(dev);
}

/**
 * vfio_pci_idle_stop() - Undo vfio_pci_idle_start()
 * @vdev: device that nobody has open
 *
 * Context: process context, device lock held; sleeps
 */
void vfio_pci_idle_stop(struct vfio_pci_core_device *vdev)
{
	struct device *dev = &vdev->pdev->dev;

	if (!vdev->disable_idle_d3)
		pm_runtime_get_noresume(dev);
	/* Also wakes the device up */
	pm_runtime_forbid(dev);
}

/**
 * vfio_pci_pm_open() - Wake the device for those who have it open
 * @vdev: device that is being opened
 *
 * A reference that keeps the device awake while it is idle is theirs from here
 * on: they may let it sleep, which has nothing to do with being idle.
 *
 * Return: 0, vfio_pci_pm_close() has to follow; or why the device does not
 * wake up, as a negative errno
 *
 * Context: process context, sleeps; dev_set->lock held
 */
int vfio_pci_pm_open(struct vfio_pci_core_device *vdev)
{
	struct device *dev = &vdev->pdev->dev;
	int ret = pm_runtime_resume_and_get(dev);

	if (!ret && vdev->disable_idle_d3)
		pm_runtime_put_noidle(dev);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_pm_open);

/**
 * vfio_pci_pm_end_use() - The user is gone, leave low-power mode
 * @vdev: device that is being closed
 *
 * Nobody is left to be told that the device wakes up.  If it does not, what
 * follows will find that it does not answer; references are balanced anyway.
 *
 * Context: process context, sleeps; dev_set->lock held; takes memory_lock for
 * writing
 */
void vfio_pci_pm_end_use(struct vfio_pci_core_device *vdev)
{
	struct device *dev = &vdev->pdev->dev;
	struct eventfd_ctx *wakeup;

	down_write(&vdev->memory_lock);
	wakeup = vdev->pm_wakeup;
	vdev->pm_wakeup = NULL;
	up_write(&vdev->memory_lock);
	if (wakeup)
		eventfd_ctx_put(wakeup);

	/* The memory must not be there again before the device is awake */
	pm_runtime_get_sync(dev);
	vfio_pci_low_power_exit(vdev);
	pm_runtime_put_noidle(dev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_pm_end_use);

/**
 * vfio_pci_pm_close() - Undo vfio_pci_pm_open()
 * @vdev: device that nobody uses any more
 *
 * Context: process context, sleeps; dev_set->lock held
 */
void vfio_pci_pm_close(struct vfio_pci_core_device *vdev)
{
	struct device *dev = &vdev->pdev->dev;

	if (!vdev->disable_idle_d3)
		pm_runtime_put(dev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_pm_close);

/*
 * The PCI core saves the state next, and restores it before it calls the
 * other callback.  It does so from D0 only, and the MSI-X table can be written
 * with memory decoding on only; both are the user's.  A device that nobody has
 * open has nothing to lose.
 */
static int vfio_pci_runtime_suspend(struct device *dev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(dev);
	int ret = 0;

	down_write(&vdev->memory_lock);
	if (vdev->pm_runtime_engaged)
		ret = vfio_pci_set_power_state_locked(vdev, PCI_D0);
	vfio_pci_memory_unlock(vdev);
	/* Then it stays awake.  Any other errno would end runtime PM for good */
	if (ret)
		return -EBUSY;

	/* The handler leaves the hardware alone from here on */
	vfio_pci_intx_suspend(vdev);

	down_write(&vdev->memory_lock);
	if (vdev->pm_runtime_engaged)
		vdev->pm_command = vfio_pci_memory_decode_on(vdev);
	vfio_pci_memory_unlock(vdev);
	return 0;
}

static int vfio_pci_runtime_resume(struct device *dev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(dev);
	struct eventfd_ctx *wakeup = NULL;

	down_write(&vdev->memory_lock);
	if (vdev->pm_runtime_engaged)
		vfio_pci_memory_decode_put(vdev, vdev->pm_command);
	if (vdev->pm_wakeup)
		wakeup = vfio_pci_low_power_end(vdev);
	vfio_pci_memory_unlock(vdev);

	vfio_pci_intx_resume(vdev);

	if (wakeup) {
		eventfd_signal(wakeup);
		eventfd_ctx_put(wakeup);
	}
	return 0;
}

/* That they exist also makes the core wake the device around ioctls */
const struct dev_pm_ops vfio_pci_core_pm_ops = {
	RUNTIME_PM_OPS(vfio_pci_runtime_suspend, vfio_pci_runtime_resume, NULL)
};
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_core_pm_ops);
