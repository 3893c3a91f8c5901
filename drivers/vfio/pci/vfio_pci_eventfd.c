// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eventfd that may be exchanged or taken away while it is signalled.
 *
 * Owns struct vfio_pci_eventfd.  A slot, a pointer to one in struct
 * vfio_pci_core_device, is written with igate held and read under RCU: those
 * who signal (error recovery, a driver that wants the device back) must never
 * wait for a user who is reconfiguring.  The bottom layer, called by
 * vfio_pci_intrs.c.
 */
#include <linux/eventfd.h>
#include <linux/slab.h>

#include "vfio_pci_priv.h"

/**
 * struct vfio_pci_eventfd - An eventfd in a slot
 * @ctx: reference to the eventfd
 * @rcu: defers dropping @ctx until nobody can be signalling it
 */
struct vfio_pci_eventfd {
	struct eventfd_ctx *ctx;
	struct rcu_head rcu;
};

static void vfio_pci_eventfd_free(struct rcu_head *rcu)
{
	struct vfio_pci_eventfd *eventfd = container_of(rcu, struct vfio_pci_eventfd, rcu);

	eventfd_ctx_put(eventfd->ctx);
	kfree(eventfd);
}

static struct vfio_pci_eventfd *vfio_pci_eventfd_alloc(int fd)
{
	struct vfio_pci_eventfd *eventfd;
	struct eventfd_ctx *ctx;

	eventfd = kzalloc_obj(*eventfd, GFP_KERNEL_ACCOUNT);
	if (!eventfd)
		return ERR_PTR(-ENOMEM);

	ctx = eventfd_ctx_fdget(fd);
	if (IS_ERR(ctx)) {
		kfree(eventfd);
		return ERR_CAST(ctx);
	}
	eventfd->ctx = ctx;
	return eventfd;
}

/**
 * vfio_pci_eventfd_replace() - Put an eventfd in a slot, or empty it
 * @vdev: device that the slot is in
 * @slot: one of the slots of @vdev
 * @fd: file descriptor of an eventfd in the calling process; negative to empty
 *      the slot
 *
 * What was in the slot before may be signalled a little longer.  Freeing it
 * is left to an RCU callback: the module's exit must wait with rcu_barrier().
 *
 * Context: Process context, may sleep; @vdev->igate is held.
 * Return: 0, or -EBADF if @fd is not open, -EINVAL if it is no eventfd,
 * -ENOMEM; then the slot is as it was.
 */
int vfio_pci_eventfd_replace(struct vfio_pci_core_device *vdev,
			     struct vfio_pci_eventfd __rcu **slot, int fd)
{
	struct vfio_pci_eventfd *new = NULL, *old;

	lockdep_assert_held(&vdev->igate);

	if (fd >= 0) {
		new = vfio_pci_eventfd_alloc(fd);
		if (IS_ERR(new))
			return PTR_ERR(new);
	}

	old = rcu_replace_pointer(*slot, new, lockdep_is_held(&vdev->igate));
	if (old)
		call_rcu(&old->rcu, vfio_pci_eventfd_free);
	return 0;
}

/**
 * vfio_pci_eventfd_signal() - Signal the eventfd in a slot
 * @slot: the slot, empty or not
 *
 * Context: Any but NMI.
 * Return: true if there was an eventfd.
 */
bool vfio_pci_eventfd_signal(struct vfio_pci_eventfd __rcu **slot)
{
	struct vfio_pci_eventfd *eventfd;

	guard(rcu)();

	eventfd = rcu_dereference(*slot);
	if (!eventfd)
		return false;
	eventfd_signal(eventfd->ctx);
	return true;
}
