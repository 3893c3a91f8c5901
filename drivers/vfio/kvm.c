// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference to a virtual machine that an open device holds.
 *
 * Some drivers need to know the machine that their device is given to.  User
 * space tells KVM about the device file, KVM tells us, and from before
 * open_device until after close_device vfio_device.kvm is a reference.
 *
 * Owns vfio_device.kvm and vfio_device.put_kvm, under dev_set->lock.  Called
 * by device_file.c.  KVM may be a module that is not loaded: its functions are
 * looked up, and pinned as long as they may be called.
 */
#include <linux/kvm_host.h>
#include <linux/module.h>

#include "vfio.h"

/**
 * vfio_kvm_slot_init() - An empty slot
 * @slot: slot in a file or a group that is being made
 */
void vfio_kvm_slot_init(struct vfio_kvm_slot *slot)
{
	spin_lock_init(&slot->lock);
	slot->kvm = NULL;
}

/**
 * vfio_kvm_slot_set() - Remember a machine
 * @slot: where
 * @kvm: the machine, or NULL to forget it; no reference is taken
 *
 * Context: Any that may take a spinlock.
 */
void vfio_kvm_slot_set(struct vfio_kvm_slot *slot, struct kvm *kvm)
{
	spin_lock(&slot->lock);
	slot->kvm = kvm;
	spin_unlock(&slot->lock);
}

#if IS_ENABLED(CONFIG_KVM)
/**
 * vfio_device_get_kvm() - Take a reference to the machine, if there is one
 * @device: device that is about to be opened
 * @slot: where the file that opens it remembers its machine
 *
 * A machine that is just dying, or none, leaves vfio_device.kvm NULL.
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_device_get_kvm(struct vfio_device *device, struct vfio_kvm_slot *slot)
{
	bool (*get)(struct kvm *kvm);
	void (*put)(struct kvm *kvm);

	lockdep_assert_held(&device->dev_set->lock);

	/* Most users have none, and finding symbols costs more than the rest */
	scoped_guard(spinlock, &slot->lock) {
		if (!slot->kvm)
			return;
	}

	get = symbol_get(kvm_get_kvm_safe);
	put = symbol_get(kvm_put_kvm);
	if (get && put) {
		scoped_guard(spinlock, &slot->lock) {
			if (slot->kvm && get(slot->kvm))
				device->kvm = slot->kvm;
		}
	}
	if (get)
		symbol_put(kvm_get_kvm_safe);
	if (device->kvm)
		device->put_kvm = put;
	else if (put)
		symbol_put(kvm_put_kvm);
}

/**
 * vfio_device_put_kvm() - Drop what vfio_device_get_kvm() took, if anything
 * @device: device that was closed, or whose opening failed
 *
 * Context: dev_set->lock is held.  May sleep.
 */
void vfio_device_put_kvm(struct vfio_device *device)
{
	lockdep_assert_held(&device->dev_set->lock);

	if (!device->kvm)
		return;
	device->put_kvm(device->kvm);
	device->put_kvm = NULL;
	device->kvm = NULL;
	symbol_put(kvm_put_kvm);
}
#else
void vfio_device_get_kvm(struct vfio_device *device, struct vfio_kvm_slot *slot)
{
}

void vfio_device_put_kvm(struct vfio_device *device)
{
}
#endif
