// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of all instances: no two have the same UUID, no parent has more than
 * it has room for, and each is removed by one.
 *
 * Owns the list, its lock, and of each instance the stage, of each parent the
 * count of what is available.  Pure: it knows nothing of devices and sysfs.
 * Called by mdev_device.c, mdev_type.c and mdev_parent.c.
 */
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "mdev_priv.h"

/* mdev_instances; stage of each; available and open of parents */
static DEFINE_SPINLOCK(mdev_instances_lock);
static LIST_HEAD(mdev_instances);
/* An instance has become live, or has gone */
static DECLARE_WAIT_QUEUE_HEAD(mdev_instances_change);

/* Does the core count the instances of this parent? The driver may instead */
static bool mdev_counted(struct mdev_parent *parent)
{
	return !parent->driver->get_available;
}

/**
 * mdev_registry_open() - Let instances be made
 * @parent: parent that has none, complete in every other respect
 */
void mdev_registry_open(struct mdev_parent *parent)
{
	guard(spinlock)(&mdev_instances_lock);
	parent->open = true;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_open);

/* Is there something to remove (in *@mdev), or nothing left (NULL)? */
static bool mdev_claim_any(struct mdev_parent *parent, struct mdev_device **mdev)
{
	struct mdev_device *each;
	bool busy = false;

	guard(spinlock)(&mdev_instances_lock);
	list_for_each_entry(each, &mdev_instances, entry) {
		if (each->type->parent != parent)
			continue;
		if (each->stage == MDEV_LIVE) {
			each->stage = MDEV_GOING;
			*mdev = each;
			return true;
		}
		busy = true;
	}
	*mdev = NULL;
	return !busy;
}

/**
 * mdev_registry_shut() - Let no more instances be made, and claim one that is there
 * @parent: parent, whether opened or not
 *
 * The caller removes the instance and calls again.
 *
 * Context: Sleeps while instances are being made, or are being removed by others
 * and there are none but those.
 * Return: an instance, as after mdev_registry_claim(); NULL if there is none, and
 * there will be none.
 */
struct mdev_device *mdev_registry_shut(struct mdev_parent *parent)
{
	struct mdev_device *mdev;

	scoped_guard(spinlock, &mdev_instances_lock)
		parent->open = false;
	wait_event(mdev_instances_change, mdev_claim_any(parent, &mdev));
	return mdev;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_shut);

/**
 * mdev_registry_add() - Enter a new instance
 * @mdev: instance with uuid and type
 *
 * Return: 0; -ENODEV the parent is not open (any more); -EEXIST there is one with
 * this UUID, of whatever parent; -EUSERS the parent has no room for another one.
 */
int mdev_registry_add(struct mdev_device *mdev)
{
	struct mdev_parent *parent = mdev->type->parent;
	struct mdev_device *other;

	guard(spinlock)(&mdev_instances_lock);
	if (!parent->open)
		return -ENODEV;
	list_for_each_entry(other, &mdev_instances, entry)
		if (guid_equal(&other->uuid, &mdev->uuid))
			return -EEXIST;
	if (mdev_counted(parent)) {
		if (!parent->available)
			return -EUSERS;
		parent->available--;
	}
	mdev->stage = MDEV_CREATING;
	list_add_tail(&mdev->entry, &mdev_instances);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_add);

/**
 * mdev_registry_publish() - Let an instance be claimed
 * @mdev: complete instance
 *
 * The instance may be gone before this returns.
 */
void mdev_registry_publish(struct mdev_device *mdev)
{
	scoped_guard(spinlock, &mdev_instances_lock)
		mdev->stage = MDEV_LIVE;
	wake_up_all(&mdev_instances_change);
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_publish);

/**
 * mdev_registry_claim() - Become the one who removes an instance
 * @mdev: instance that has been entered
 *
 * Return: 0; -EAGAIN it is still being made, or is being removed by another;
 * -ENODEV so are all of its parent.
 */
int mdev_registry_claim(struct mdev_device *mdev)
{
	guard(spinlock)(&mdev_instances_lock);
	if (mdev->stage != MDEV_LIVE)
		return -EAGAIN;
	if (!mdev->type->parent->open)
		return -ENODEV;
	mdev->stage = MDEV_GOING;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_claim);

/**
 * mdev_registry_del() - Undo mdev_registry_add()
 * @mdev: instance that was never published, or has been claimed
 *
 * From here on others may have its UUID and its place; its parent and its type may
 * be gone when this returns.
 */
void mdev_registry_del(struct mdev_device *mdev)
{
	struct mdev_parent *parent = mdev->type->parent;

	scoped_guard(spinlock, &mdev_instances_lock) {
		list_del(&mdev->entry);
		if (mdev_counted(parent))
			parent->available++;
	}
	wake_up_all(&mdev_instances_change);
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_del);

/**
 * mdev_registry_available() - How many more instances may there be?
 * @parent: parent whose instances the core counts
 *
 * Return: number of instances.
 */
unsigned int mdev_registry_available(struct mdev_parent *parent)
{
	guard(spinlock)(&mdev_instances_lock);
	return parent->available;
}
EXPORT_SYMBOL_IF_KUNIT(mdev_registry_available);
