// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are reset together: everything in a slot, or else on a bus
 * (PCIe r6.0 sec. 6.6.1); and that reset after the last close, for those that
 * have none of their own.
 *
 * The device set is what such a reset hits, as far as it is bound to drivers
 * of this library; dev_set->lock is held all the time.  Inside of it, while
 * the reset goes on, no member can be unbound (registration references), sleep
 * (runtime PM references), be mapped or accessed (memory_lock of all of them).
 *
 * Owns vdev->needs_reset, which vfio_pci_reset.c sets at close.  Called by
 * vfio_pci_hot_reset.c for the user, at close and at unregistration.
 */

#include <linux/pci.h>
#include <linux/pci_hotplug.h>
#include <linux/pm_runtime.h>

#include "vfio_pci_priv.h"

/* How often a member's memory_lock may turn out to be taken */
#define VFIO_PCI_LOCK_TRIES	16

static struct vfio_pci_core_device *to_vdev(struct vfio_device *device)
{
	return container_of(device, struct vfio_pci_core_device, vdev);
}

/* ---- What a reset hits */

/**
 * struct vfio_pci_affected - A walk over all devices that a reset would hit
 * @slot: only what is in this slot, or below a bridge in it; NULL for all
 * @fn: called for each; not 0 ends the walk
 * @data: for @fn
 * @ret: what @fn returned last
 */
struct vfio_pci_affected {
	struct pci_slot *slot;
	vfio_pci_affected_fn fn;
	void *data;
	int ret;
};

static int affected_visit(struct pci_dev *pdev, void *arg)
{
	struct vfio_pci_affected *walk = arg;
	struct pci_dev *top = pdev;

	if (walk->slot) {
		while (top->bus != walk->slot->bus)
			top = top->bus->self;
		if (top->slot != walk->slot)
			return 0;
	}
	walk->ret = walk->fn(pdev, walk->data);
	return walk->ret;
}

/**
 * vfio_pci_visit_affected() - Visit what a reset of the slot or bus would hit
 * @pdev: a device in the slot, or else on the bus
 * @fn: called for each device, @pdev included; not 0 ends the walk
 * @data: for @fn
 *
 * Return: 0; -ENODEV if neither slot nor bus can be reset; or what @fn returned
 *
 * Context: process context; @fn runs with pci_bus_sem held
 */
int vfio_pci_visit_affected(struct pci_dev *pdev, vfio_pci_affected_fn fn, void *data)
{
	struct vfio_pci_affected walk = { .fn = fn, .data = data };

	if (!pci_probe_reset_slot(pdev->slot))
		walk.slot = pdev->slot;
	else if (pci_probe_reset_bus(pdev->bus))
		return -ENODEV;

	pci_walk_bus(pdev->bus, affected_visit, &walk);
	return walk.ret;
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

/* One of ours?  A device that a host driver has, or nobody, is not */
static int affected_in_set(struct pci_dev *pdev, void *data)
{
	struct vfio_device_set *set = data;

	return vfio_find_device_in_devset(set, &pdev->dev) ? 0 : -EINVAL;
}

/**
 * vfio_pci_reset_set_complete() - Does a reset hit members of the set only?
 * @vdev: a member
 *
 * Return: 0; -ENODEV if neither slot nor bus can be reset; -EINVAL if a device
 * would be hit that is not bound to a driver of this library
 *
 * Context: process context, dev_set->lock held
 */
int vfio_pci_reset_set_complete(struct vfio_pci_core_device *vdev)
{
	struct vfio_device_set *set = vdev->vdev.dev_set;

	lockdep_assert_held(&set->lock);

	return vfio_pci_visit_affected(vdev->pdev, affected_in_set, set);
}

/* ---- All members at once */

/**
 * struct vfio_pci_bus_reset - How to reset a slot or bus
 * @by_remove: called by the driver's remove for the device that is removed: its
 *             device lock is held and no registration is left to refer to
 * @reset: does it, with all members of the device's set prepared.  0 or -errno
 */
struct vfio_pci_bus_reset {
	bool by_remove;
	int (*reset)(struct vfio_pci_core_device *vdev);
};

/* Undo pin_member() for all members before @end, or for all */
static void unpin_members(struct vfio_device_set *set, struct vfio_device *end,
			  struct vfio_device *removed)
{
	struct vfio_device *device;

	list_for_each_entry(device, &set->devices, dev_set_entry) {
		if (device == end)
			return;
		pm_runtime_put(device->dev);
		if (device != removed)
			vfio_device_put_registration(device);
	}
}

/* Keep a member bound to its driver, and awake */
static int pin_member(struct vfio_device *device, bool removed)
{
	int ret;

	if (!removed && !vfio_device_try_get_registration(device))
		return -EBUSY;
	ret = pm_runtime_resume_and_get(device->dev);
	if (ret && !removed)
		vfio_device_put_registration(device);
	return ret;
}

/* -EBUSY one of them is being unbound; or the error of waking it up */
static int pin_members(struct vfio_device_set *set, struct vfio_device *removed)
{
	struct vfio_device *device;
	int ret;

	list_for_each_entry(device, &set->devices, dev_set_entry) {
		ret = pin_member(device, device == removed);
		if (ret) {
			unpin_members(set, device, removed);
			return ret;
		}
	}
	return 0;
}

static void unlock_members(struct vfio_device_set *set, struct vfio_device *end)
{
	struct vfio_device *device;

	list_for_each_entry(device, &set->devices, dev_set_entry) {
		if (device == end)
			return;
		vfio_pci_memory_unlock(to_vdev(device));
	}
}

/* NULL when all of them are locked; else the one that could not be, and none is */
static struct vfio_pci_core_device *trylock_members(struct vfio_device_set *set)
{
	struct vfio_device *device;

	list_for_each_entry(device, &set->devices, dev_set_entry) {
		if (!vfio_pci_memory_trylock(to_vdev(device))) {
			unlock_members(set, device);
			return to_vdev(device);
		}
	}
	return NULL;
}

/*
 * Take the memory_lock of each member.  While one is held nobody waits for
 * another: its holder may be a variant driver that copies to user memory, which
 * may be a mapping of the device that is locked already.  So waiting is done
 * with none held, and for a while only: the members may be busy by turns.
 */
static int lock_members(struct vfio_device_set *set)
{
	struct vfio_pci_core_device *taken;
	unsigned int tries;

	for (tries = 0; tries < VFIO_PCI_LOCK_TRIES; tries++) {
		taken = trylock_members(set);
		if (!taken)
			return 0;
		down_write(&taken->memory_lock);
		up_write(&taken->memory_lock);
	}
	return -EBUSY;
}

/*
 * Reset the slot or bus of @vdev.  Return: 0; -EBUSY; the error of waking a
 * member; or what the reset returned.
 */
static int reset_members(struct vfio_pci_core_device *vdev, const struct vfio_pci_bus_reset *how)
{
	struct vfio_device *device, *removed = how->by_remove ? &vdev->vdev : NULL;
	struct vfio_device_set *set = vdev->vdev.dev_set;
	int ret;

	lockdep_assert_held(&set->lock);

	ret = pin_members(set, removed);
	if (ret)
		return ret;
	ret = lock_members(set);
	if (ret)
		goto unpin;

	list_for_each_entry(device, &set->devices, dev_set_entry) {
		vfio_pci_memory_zap(to_vdev(device));
		vfio_pci_reset_begin(to_vdev(device));
	}
	ret = how->reset(vdev);
	list_for_each_entry(device, &set->devices, dev_set_entry) {
		vfio_pci_reset_end(to_vdev(device));
		if (!ret)
			to_vdev(device)->needs_reset = false;
	}

	unlock_members(set, NULL);
unpin:
	unpin_members(set, NULL, removed);
	return ret;
}

/* What the PCI core offers: saves and restores everything, tries to get all locks */
static int reset_by_core(struct vfio_pci_core_device *vdev)
{
	return pci_reset_bus(vdev->pdev);
}

static const struct vfio_pci_bus_reset vfio_pci_reset_bus = {
	.reset = reset_by_core,
};

/**
 * vfio_pci_reset_set() - Reset all members of the set at once
 * @vdev: a member
 *
 * The caller has made sure that the set is complete, and that nobody minds.
 *
 * Return: 0; -EBUSY if a member is used or being unbound right now; -EAGAIN if
 * somebody else holds a device lock; the error of waking up a member, or of the
 * reset
 *
 * Context: process context, sleeps; dev_set->lock held; takes memory_lock of all
 * members and tries to get the device locks inside of those
 */
int vfio_pci_reset_set(struct vfio_pci_core_device *vdev)
{
	return reset_members(vdev, &vfio_pci_reset_bus);
}

/* ---- After the last user */

/* Is there something to wipe, and nobody who minds? */
static bool set_wants_reset(struct vfio_pci_core_device *vdev, unsigned int open_count)
{
	struct vfio_device_set *set = vdev->vdev.dev_set;
	struct vfio_device *device;

	lockdep_assert_held(&set->lock);

	if (vfio_device_set_open_count(set) > open_count)
		return false;
	list_for_each_entry(device, &set->devices, dev_set_entry)
		if (to_vdev(device)->needs_reset)
			return !vfio_pci_reset_set_complete(vdev);
	return false;
}

/**
 * vfio_pci_reset_set_close() - Wipe what function resets could not
 * @vdev: device that is being closed, after vfio_pci_reset_close()
 *
 * Resets the slot or bus if a member of the set needs it, this was the last
 * one open, and nothing that is affected belongs to somebody else.
 *
 * Context: process context, sleeps; dev_set->lock held; locks as
 * vfio_pci_reset_set()
 */
void vfio_pci_reset_set_close(struct vfio_pci_core_device *vdev)
{
	int ret;

	/* The close that is under way is counted */
	if (!set_wants_reset(vdev, 1))
		return;
	ret = vfio_pci_reset_set(vdev);
	pci_dbg(vdev->pdev, "hot reset after use: %d\n", ret);
}

/* ---- After the last user, within the driver's remove */

/* Undo trylock_bus() for the members before @end, or for all, and the bridge */
static void unlock_bus(struct vfio_pci_core_device *vdev, struct vfio_device *end)
{
	struct vfio_device *device;

	list_for_each_entry(device, &vdev->vdev.dev_set->devices, dev_set_entry) {
		if (device == end)
			break;
		if (device == &vdev->vdev)
			pci_cfg_access_unlock(vdev->pdev);
		else
			pci_dev_unlock(to_vdev(device)->pdev);
	}
	pci_dev_unlock(vdev->pdev->bus->self);
}

/* Lock the bridge, and each member as far as it is not locked already */
static bool trylock_bus(struct vfio_pci_core_device *vdev)
{
	struct vfio_device *device;
	bool locked;

	if (!pci_dev_trylock(vdev->pdev->bus->self))
		return false;
	list_for_each_entry(device, &vdev->vdev.dev_set->devices, dev_set_entry) {
		if (device == &vdev->vdev)
			locked = pci_cfg_access_trylock(vdev->pdev);
		else
			locked = pci_dev_trylock(to_vdev(device)->pdev);
		if (!locked) {
			unlock_bus(vdev, device);
			return false;
		}
	}
	return true;
}

/* A slot keeps the reset from being taken for a device that is pulled out */
static int assert_reset(struct pci_dev *pdev)
{
	struct hotplug_slot *hotplug;

	if (pci_probe_reset_slot(pdev->slot))
		return pci_bridge_secondary_bus_reset(pdev->bus->self);
	hotplug = pdev->slot->hotplug;
	return hotplug->ops->reset_slot(hotplug, PCI_RESET_DO_RESET);
}

/*
 * As pci_reset_bus(), which would try in vain to get the device lock that we
 * hold.  Nobody has any of the devices open, so no driver has to be told.
 */
static int reset_by_remove(struct vfio_pci_core_device *vdev)
{
	struct list_head *members = &vdev->vdev.dev_set->devices;
	struct vfio_device *device;
	int ret;

	if (!trylock_bus(vdev))
		return -EAGAIN;

	list_for_each_entry(device, members, dev_set_entry) {
		struct pci_dev *pdev = to_vdev(device)->pdev;

		pci_save_state(pdev);
		pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
	}
	ret = assert_reset(vdev->pdev);
	list_for_each_entry(device, members, dev_set_entry)
		pci_restore_state(to_vdev(device)->pdev);

	unlock_bus(vdev, NULL);
	return ret;
}

static const struct vfio_pci_bus_reset vfio_pci_reset_bus_removed = {
	.by_remove = true,
	.reset = reset_by_remove,
};

/**
 * vfio_pci_reset_set_unregister() - Make up for the reset that a close could not do
 * @vdev: device that is not registered any more, awake
 *
 * A close that an unbind waits for finds the device lock taken, by the unbind.
 * Whoever gets the device next should not find the traces of its last user.
 *
 * Context: process context in the driver's remove, device lock held; sleeps;
 * takes dev_set->lock; further locks as vfio_pci_reset_set()
 */
void vfio_pci_reset_set_unregister(struct vfio_pci_core_device *vdev)
{
	int ret;

	guard(mutex)(&vdev->vdev.dev_set->lock);

	/* It may have been pulled out */
	if (!vdev->needs_reset || !pci_device_is_present(vdev->pdev))
		return;
	ret = vfio_pci_reset_unregister(vdev);
	if (!ret)
		vdev->needs_reset = false;
	else if (set_wants_reset(vdev, 0))
		ret = reset_members(vdev, &vfio_pci_reset_bus_removed);
	pci_dbg(vdev->pdev, "reset after unregistration: %d\n", ret);
}
