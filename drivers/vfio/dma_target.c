// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a device as a target of other devices' DMA, for as long as it is
 * there.
 *
 * Who makes an IOMMU point at a device's memory adds a target to the device.
 * The device's driver says when the memory goes away and when it is there again;
 * the core says when the device is closed, which is for good: not even the same
 * device, opened anew, gives it back.  No target is started, and all have been
 * stopped, before anything happens to the memory.
 *
 * Owns struct vfio_dma_targets.  It outlives the device: a target that nobody
 * removes must keep neither the device nor its driver's module.
 *
 * Called by device_file.c (open, close), by drivers (stop, resume) with their own
 * locks held, and by backends of containers.  A target's operations are called
 * with vfio_dma_targets.lock held, which is inside of the driver's locks and
 * outside of the backend's.
 */
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "vfio.h"

/**
 * struct vfio_dma_targets - The targets in one device's memory
 * @kref: one reference of the device, one of each target
 * @lock: protects what follows, and vfio_dma_target.entry and .started
 * @targets: of the device as it is open now, linked by vfio_dma_target.entry
 * @open: the device is open
 * @stopped: its driver has stopped them
 */
struct vfio_dma_targets {
	struct kref kref;
	struct mutex lock;	/* see above */
	struct list_head targets;
	bool open;
	bool stopped;
};

static void vfio_dma_targets_release(struct kref *kref)
{
	struct vfio_dma_targets *targets = container_of(kref, struct vfio_dma_targets, kref);

	mutex_destroy(&targets->lock);
	kfree(targets);
}

/**
 * vfio_dma_targets_init() - Make room for targets in a new device
 * @device: device that is being allocated
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int vfio_dma_targets_init(struct vfio_device *device)
{
	struct vfio_dma_targets *targets = kzalloc_obj(*targets);

	if (!targets)
		return -ENOMEM;
	kref_init(&targets->kref);
	mutex_init(&targets->lock);
	INIT_LIST_HEAD(&targets->targets);
	device->dma_targets = targets;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_dma_targets_init);

/**
 * vfio_dma_targets_exit() - Undo vfio_dma_targets_init()
 * @device: device that nobody can reach any more; targets may be left, dead ones
 */
void vfio_dma_targets_exit(struct vfio_device *device)
{
	kref_put(&device->dma_targets->kref, vfio_dma_targets_release);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_dma_targets_exit);

static int vfio_dma_target_start(struct vfio_dma_target *target)
{
	int ret;

	lockdep_assert_held(&target->owner->lock);

	if (target->started || !target->owner->open || target->owner->stopped)
		return 0;
	ret = target->ops->start(target);
	target->started = !ret;
	return ret;
}

static void vfio_dma_target_stop(struct vfio_dma_target *target)
{
	lockdep_assert_held(&target->owner->lock);

	if (target->started)
		target->ops->stop(target);
	target->started = false;
}

/**
 * vfio_dma_targets_open() - Targets may be added from now on
 * @device: device that is being opened, before its driver knows
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_dma_targets_open(struct vfio_device *device)
{
	struct vfio_dma_targets *targets = device->dma_targets;

	guard(mutex)(&targets->lock);
	targets->open = true;
	targets->stopped = false;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_dma_targets_open);

/**
 * vfio_dma_targets_close() - Stop all targets for good
 * @device: device that is being closed, or failed to open, before its driver closes
 *          it
 *
 * They are forgotten, and stay stopped until they are removed.
 *
 * Context: dev_set->lock is held.  Sleeps.
 */
void vfio_dma_targets_close(struct vfio_device *device)
{
	struct vfio_dma_targets *targets = device->dma_targets;
	struct vfio_dma_target *target, *next;

	guard(mutex)(&targets->lock);
	targets->open = false;
	list_for_each_entry_safe(target, next, &targets->targets, entry) {
		vfio_dma_target_stop(target);
		list_del_init(&target->entry);
	}
}
EXPORT_SYMBOL_IF_KUNIT(vfio_dma_targets_close);

/**
 * vfio_dma_targets_stop() - The memory of a device goes away
 * @device: the device
 *
 * For drivers, before they reset the device, power it down, or switch its memory
 * off, and after they have removed the CPUs' mappings in a way that no new one
 * can be made.  When this returns, no DMA of another device arrives through a
 * target, until vfio_dma_targets_resume().  Stopping twice is stopping.
 *
 * Context: Sleeps.  The driver serialises this with vfio_dma_targets_resume().
 */
void vfio_dma_targets_stop(struct vfio_device *device)
{
	struct vfio_dma_targets *targets = device->dma_targets;
	struct vfio_dma_target *target;

	guard(mutex)(&targets->lock);
	targets->stopped = true;
	list_for_each_entry(target, &targets->targets, entry)
		vfio_dma_target_stop(target);
}
EXPORT_SYMBOL_GPL(vfio_dma_targets_stop);

/**
 * vfio_dma_targets_resume() - Undo vfio_dma_targets_stop()
 * @device: the device; its memory is there, at the same address as before
 *
 * A target that can't be started stays stopped until the next time.
 *
 * Context: Sleeps.  The driver serialises this with vfio_dma_targets_stop().
 */
void vfio_dma_targets_resume(struct vfio_device *device)
{
	struct vfio_dma_targets *targets = device->dma_targets;
	struct vfio_dma_target *target;
	int ret;

	guard(mutex)(&targets->lock);
	if (!targets->stopped)
		return;
	targets->stopped = false;
	list_for_each_entry(target, &targets->targets, entry) {
		ret = vfio_dma_target_start(target);
		if (ret)
			pr_warn_ratelimited("%s: memory stays out of other devices' reach: %d\n",
					    dev_name(device->dev), ret);
	}
}
EXPORT_SYMBOL_GPL(vfio_dma_targets_resume);

/**
 * vfio_dma_target_add() - Have DMA into a device's memory started and stopped
 * @target: the target, with its ops
 * @device: whose memory it is; the caller has a file of it, or a mapping of such
 *          a file, from before he looked the memory's address up
 *
 * The target is started, now or as soon as the memory is there.
 *
 * Context: Sleeps.  Calls vfio_dma_target_ops.start.
 * Return: 0; or what starting says, then the target has not been added.
 */
int vfio_dma_target_add(struct vfio_dma_target *target, struct vfio_device *device)
{
	struct vfio_dma_targets *targets = device->dma_targets;
	int ret;

	target->owner = targets;
	target->started = false;

	guard(mutex)(&targets->lock);
	ret = vfio_dma_target_start(target);
	if (ret)
		return ret;
	kref_get(&targets->kref);
	list_add_tail(&target->entry, &targets->targets);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_dma_target_add);

/**
 * vfio_dma_target_remove() - Undo vfio_dma_target_add()
 * @target: the target; the device it was added to may be gone
 *
 * It is stopped when this returns, and its operations are not called any more.
 *
 * Context: Sleeps.  Calls vfio_dma_target_ops.stop.
 */
void vfio_dma_target_remove(struct vfio_dma_target *target)
{
	struct vfio_dma_targets *targets = target->owner;

	scoped_guard(mutex, &targets->lock) {
		vfio_dma_target_stop(target);
		list_del_init(&target->entry);
	}
	kref_put(&targets->kref, vfio_dma_targets_release);
}
EXPORT_SYMBOL_GPL(vfio_dma_target_remove);
