// SPDX-License-Identifier: GPL-2.0-only
/*
 * SR-IOV (PCIe r6.0 sec. 9): a physical function (PF) that user space drives,
 * and its virtual functions (VFs).
 *
 * The driver of a PF can see and disturb what its VFs do.  So VFs of such a PF
 * are kept away from host drivers, and the user of a VF and the user of the PF
 * must show each other that they have agreed: by a token, 16 bytes that both
 * present when they open their device.
 *
 * What a PF and its VFs have in common is a struct vfio_pci_sriov.  It is found
 * through the PF in a list, vfio_pci_pfs, by VFs as they are registered and by
 * the notifier that sees them appear.  A PF is registered without VFs only,
 * gets them through vfio_pci_core_sriov_configure() alone, and removes them
 * before anything else when it is unregistered, so a VF never outlives what it
 * found.
 *
 * Locks: vfio_pci_pfs_lock protects the list, vfio_pci_sriov.lock the token
 * and the count of users; both are leaves.  The PF's device lock is held
 * whenever VFs come or go.  Called by vfio_pci_core.c, vfio_pci_feature.c and
 * the drivers.
 */

#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/device/bus.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "vfio_pci_priv.h"
#include "vfio_pci_sriov.h"

/**
 * struct vfio_pci_sriov - What a PF and its VFs share
 * @ref: one reference for each of them that is registered
 * @entry: link in vfio_pci_pfs while the PF is registered; protected by
 *         vfio_pci_pfs_lock
 * @pf: the PF; valid while @entry is linked
 * @driver: name of the driver that VFs are directed to; valid like @pf
 * @lock: protects the members below
 * @token: what users of the PF and of the VFs have to know
 * @vf_users: VFs that are open
 */
struct vfio_pci_sriov {
	struct kref ref;
	struct list_head entry;
	struct pci_dev *pf;
	const char *driver;
	struct mutex lock;	/* protects token, vf_users */
	uuid_t token;
	unsigned int vf_users;
};

static LIST_HEAD(vfio_pci_pfs);
static DEFINE_MUTEX(vfio_pci_pfs_lock);	/* protects vfio_pci_pfs */

static void sriov_free(struct kref *ref)
{
	struct vfio_pci_sriov *sriov = container_of(ref, struct vfio_pci_sriov, ref);

	mutex_destroy(&sriov->lock);
	/* The token lets a user in */
	kfree_sensitive(sriov);
}

/* What a PF shares with its VFs, NULL if its driver is none of ours */
static struct vfio_pci_sriov *sriov_find(struct pci_dev *pf)
{
	struct vfio_pci_sriov *sriov;

	lockdep_assert_held(&vfio_pci_pfs_lock);

	list_for_each_entry(sriov, &vfio_pci_pfs, entry) {
		if (sriov->pf == pf)
			return sriov;
	}
	return NULL;
}

static struct vfio_pci_sriov *sriov_alloc(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_sriov *sriov = kzalloc_obj(*sriov);

	if (!sriov)
		return NULL;
	kref_init(&sriov->ref);
	mutex_init(&sriov->lock);
	sriov->pf = vdev->pdev;
	sriov->driver = vdev->vdev.ops->name;
	/* Nobody knows it, so nobody opens a VF before someone has set another */
	uuid_gen(&sriov->token);
	return sriov;
}

/**
 * vfio_pci_sriov_register() - Find out who else must agree to a user
 * @vdev: device that is being registered, a PF has no VFs yet
 *
 * Sets vdev->sriov, which remains NULL for a device that has nothing to do with
 * SR-IOV and for a VF whose PF is in the hands of the host.
 *
 * Return: 0 or -ENOMEM
 *
 * Context: process context, device lock held; sleeps
 */
int vfio_pci_sriov_register(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	struct vfio_pci_sriov *sriov;

	if (pdev->is_physfn) {
		sriov = sriov_alloc(vdev);
		if (!sriov)
			return -ENOMEM;
		guard(mutex)(&vfio_pci_pfs_lock);
		list_add(&sriov->entry, &vfio_pci_pfs);
		vdev->sriov = sriov;
	} else if (pdev->is_virtfn) {
		guard(mutex)(&vfio_pci_pfs_lock);
		sriov = sriov_find(pci_physfn(pdev));
		if (sriov)
			kref_get(&sriov->ref);
		vdev->sriov = sriov;
	}
	return 0;
}

/**
 * vfio_pci_sriov_unregister() - Undo vfio_pci_sriov_register()
 * @vdev: device that nobody has open any more; a PF has no VFs
 *
 * Context: process context, device lock held; sleeps
 */
void vfio_pci_sriov_unregister(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_sriov *sriov = vdev->sriov;

	if (!sriov)
		return;
	if (vdev->pdev->is_physfn) {
		guard(mutex)(&vfio_pci_pfs_lock);
		list_del(&sriov->entry);
	}
	vdev->sriov = NULL;
	kref_put(&sriov->ref, sriov_free);
}

/* ---- VFs come and go */

/*
 * has_vfs is set before the first VF exists: from then on the PF's user cannot
 * move it to D3hot under the VFs.  No lock of ours is held while they appear,
 * so they may be probed.
 */
static int sriov_enable(struct vfio_pci_core_device *vdev, int nr_virtfn)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	if (vdev->has_vfs)
		return -EINVAL;

	ret = pm_runtime_resume_and_get(&pdev->dev);
	if (ret)
		return ret;

	down_write(&vdev->memory_lock);
	ret = vfio_pci_set_power_state_locked(vdev, PCI_D0);
	vdev->has_vfs = !ret;
	vfio_pci_memory_unlock(vdev);
	if (ret)
		goto err_power;

	ret = pci_enable_sriov(pdev, nr_virtfn);
	if (ret)
		goto err_vfs;
	return nr_virtfn;

err_vfs:
	down_write(&vdev->memory_lock);
	vdev->has_vfs = false;
	vfio_pci_memory_unlock(vdev);
err_power:
	pm_runtime_put(&pdev->dev);
	return ret;
}

/**
 * vfio_pci_sriov_disable() - Remove all VFs of a PF
 * @vdev: registered device, which need be no PF and have no VFs
 *
 * Waits until user space has let go of the VFs.
 *
 * Context: process context, device lock held; sleeps, takes memory_lock
 */
void vfio_pci_sriov_disable(struct vfio_pci_core_device *vdev)
{
	device_lock_assert(&vdev->pdev->dev);

	if (!vdev->has_vfs)
		return;
	pci_disable_sriov(vdev->pdev);

	down_write(&vdev->memory_lock);
	vdev->has_vfs = false;
	vfio_pci_memory_unlock(vdev);
	pm_runtime_put(&vdev->pdev->dev);
}

/**
 * vfio_pci_core_sriov_configure() - Give a PF its VFs, or take them away
 * @vdev: registered PF
 * @nr_virtfn: how many VFs there shall be; 0 for none, which waits until user
 *             space has let go of those there are
 *
 * For pci_driver.sriov_configure.  While there are VFs the PF stays in D0,
 * open or not, and the VFs are directed to the driver of the PF.
 *
 * The order of locks is device lock, then memory_lock; resets come the other
 * way round, but only try to get the device lock (CVE-2022-49434).
 *
 * Return: @nr_virtfn; -EINVAL if there are VFs already; the error of waking
 * the device; or what pci_enable_sriov() returns
 *
 * Context: process context, device lock held; sleeps, takes memory_lock
 */
int vfio_pci_core_sriov_configure(struct vfio_pci_core_device *vdev, int nr_virtfn)
{
	device_lock_assert(&vdev->pdev->dev);

	if (nr_virtfn)
		return sriov_enable(vdev, nr_virtfn);
	vfio_pci_sriov_disable(vdev);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_sriov_configure);

/* No host driver shall trust a VF whose PF is in a user's hands */
static void sriov_capture(struct pci_dev *vf, const struct vfio_pci_sriov *sriov)
{
	int ret;

	/* Takes the lock that match() reads it under (CVE-2026-53115, -53120) */
	ret = device_set_driver_override(&vf->dev, sriov->driver);
	if (ret)
		pci_err(sriov->pf, "VF %s is open to host drivers, no driver_override (%d)\n",
			pci_name(vf), ret);
	else
		pci_info(sriov->pf, "Captured SR-IOV VF %s driver_override\n", pci_name(vf));
}

/* The administrator can undo the above, and may know what it is good for */
static void sriov_check_driver(struct pci_dev *vf, const struct vfio_pci_sriov *sriov)
{
	struct pci_driver *vf_driver = pci_dev_driver(vf);
	struct pci_driver *pf_driver = pci_dev_driver(sriov->pf);

	if (vf_driver && pf_driver && vf_driver != pf_driver)
		pci_warn(sriov->pf, "VF %s bound to driver %s while PF bound to driver %s\n",
			 pci_name(vf), vf_driver->name, pf_driver->name);
}

/*
 * For every device of the bus.  A driver is bound to a PF for as long as the
 * PF stands in the list, so pf, driver and the driver's name are valid here.
 */
static int sriov_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pci_dev *vf = to_pci_dev((struct device *)data);
	struct vfio_pci_sriov *sriov;

	if (!vf->is_virtfn ||
	    (action != BUS_NOTIFY_ADD_DEVICE && action != BUS_NOTIFY_BOUND_DRIVER))
		return NOTIFY_DONE;

	guard(mutex)(&vfio_pci_pfs_lock);
	sriov = sriov_find(pci_physfn(vf));
	if (!sriov)
		return NOTIFY_DONE;

	if (action == BUS_NOTIFY_ADD_DEVICE)
		sriov_capture(vf, sriov);
	else
		sriov_check_driver(vf, sriov);
	return NOTIFY_OK;
}

static struct notifier_block sriov_notifier = {
	.notifier_call = sriov_notify,
};

/**
 * vfio_pci_sriov_watch() - Begin to look for VFs that appear
 *
 * Return: 0 or a negative errno of bus_register_notifier()
 *
 * Context: process context, before any device is registered; sleeps
 */
int vfio_pci_sriov_watch(void)
{
	return IS_ENABLED(CONFIG_PCI_IOV) ?
		bus_register_notifier(&pci_bus_type, &sriov_notifier) : 0;
}

/**
 * vfio_pci_sriov_unwatch() - Undo vfio_pci_sriov_watch()
 *
 * Context: process context, no device is registered any more; sleeps
 */
void vfio_pci_sriov_unwatch(void)
{
	if (IS_ENABLED(CONFIG_PCI_IOV))
		bus_unregister_notifier(&pci_bus_type, &sriov_notifier);
}

/* ---- The token */

/**
 * vfio_pci_sriov_open() - A device has a user now
 * @vdev: registered device, its first open
 *
 * Context: process context, dev_set->lock held; sleeps
 */
void vfio_pci_sriov_open(struct vfio_pci_core_device *vdev)
{
	if (!vdev->sriov || !vdev->pdev->is_virtfn)
		return;
	guard(mutex)(&vdev->sriov->lock);
	vdev->sriov->vf_users++;
}

/**
 * vfio_pci_sriov_close() - Undo vfio_pci_sriov_open()
 * @vdev: device, its last close
 *
 * Context: process context, dev_set->lock held; sleeps
 */
void vfio_pci_sriov_close(struct vfio_pci_core_device *vdev)
{
	if (!vdev->sriov || !vdev->pdev->is_virtfn)
		return;
	guard(mutex)(&vdev->sriov->lock);
	vdev->sriov->vf_users--;
}

/**
 * vfio_pci_sriov_is_pf() - Can the device have VFs, and so has a token?
 * @vdev: registered device
 *
 * Return: true for a PF
 */
bool vfio_pci_sriov_is_pf(struct vfio_pci_core_device *vdev)
{
	return vdev->sriov && vdev->pdev->is_physfn;
}

/**
 * vfio_pci_sriov_set_token() - The user of a PF names its price
 * @vdev: open PF
 * @token: what users of VFs, and of the PF while there are any, have to know
 *         from now on; those who have a VF open keep it
 *
 * Context: process context, sleeps
 */
void vfio_pci_sriov_set_token(struct vfio_pci_core_device *vdev, const uuid_t *token)
{
	guard(mutex)(&vdev->sriov->lock);
	uuid_copy(&vdev->sriov->token, token);
}

/* The words of these messages are what administrators look for */
static int token_needed(struct vfio_pci_core_device *vdev, const uuid_t *token)
{
	lockdep_assert_held(&vdev->sriov->lock);

	if (!token) {
		pci_info_ratelimited(vdev->pdev, "VF token required to access device\n");
		return -EACCES;
	}
	if (!uuid_equal(token, &vdev->sriov->token)) {
		pci_info_ratelimited(vdev->pdev, "Incorrect VF token provided for device\n");
		return -EACCES;
	}
	return 0;
}

/* A device that has no token */
static int token_useless(struct vfio_pci_core_device *vdev, const uuid_t *token)
{
	if (!token)
		return 0;
	if (vdev->pdev->is_virtfn)
		pci_info_ratelimited(vdev->pdev,
				     "VF token incorrectly provided, PF not bound to vfio-pci\n");
	else
		pci_info_ratelimited(vdev->pdev,
				     "VF token incorrectly provided, not a PF or VF\n");
	return -EINVAL;
}

/**
 * vfio_pci_core_match_token_uuid() - May this user open the device?
 * @core_vdev: registered device
 * @uuid: the token that the user has presented, NULL for none
 *
 * A VF wants the token of its PF.  A PF wants it while a VF is open; else a
 * token that is presented becomes the PF's.
 *
 * Return: 0; -EACCES for a token that is wrong or missing; -EINVAL for a
 * token where none belongs: no SR-IOV, or a VF whose PF the host drives
 *
 * Context: process context, sleeps
 */
int vfio_pci_core_match_token_uuid(struct vfio_device *core_vdev, const uuid_t *uuid)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);
	struct vfio_pci_sriov *sriov = vdev->sriov;

	if (!sriov)
		return token_useless(vdev, uuid);

	guard(mutex)(&sriov->lock);
	if (vdev->pdev->is_virtfn || sriov->vf_users)
		return token_needed(vdev, uuid);
	if (uuid)
		uuid_copy(&sriov->token, uuid);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_match_token_uuid);

/* ---- The name by which a user asks a group for a device */

#define VF_TOKEN	"vf_token="

static int match_option(const char *option, size_t len, struct vfio_pci_match *match)
{
	if (match->has_token || !strstarts(option, VF_TOKEN) ||
	    len != strlen(VF_TOKEN) + UUID_STRING_LEN)
		return -EINVAL;
	match->has_token = true;
	return uuid_parse(option + strlen(VF_TOKEN), &match->token);
}

/**
 * vfio_pci_match_parse() - Read what a user calls a device
 * @name: the device's own name
 * @text: the user's, "NAME" or "NAME vf_token=UUID"; any number of spaces
 *        stand between, before and behind options.  It is not changed, there
 *        may be other devices to hold against it
 * @match: result, if this is the device
 *
 * Return: 1; 0 if another device is meant; -EINVAL for an option that is
 * unknown, given twice, or not what it should be
 */
VISIBLE_IF_KUNIT int vfio_pci_match_parse(const char *name, const char *text,
					  struct vfio_pci_match *match)
{
	size_t len = strlen(name);
	int ret;

	match->has_token = false;
	if (strncmp(text, name, len) || (text[len] && text[len] != ' '))
		return 0;

	for (text += len; *text; text += len) {
		len = strspn(text, " ");
		if (len)
			continue;
		len = strcspn(text, " ");
		ret = match_option(text, len, match);
		if (ret)
			return ret;
	}
	return 1;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_match_parse);

/**
 * vfio_pci_core_match() - Is this the device that the user wants, and may have?
 * @core_vdev: registered device
 * @buf: the user's words, see vfio_pci_match_parse()
 *
 * Return: 1; 0 for another device; -EINVAL for a wrong option; or the error of
 * vfio_device_ops.match_token_uuid()
 *
 * Context: process context, sleeps
 */
int vfio_pci_core_match(struct vfio_device *core_vdev, char *buf)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);
	const struct vfio_device_ops *ops = core_vdev->ops;
	struct vfio_pci_match match;
	int ret;

	ret = vfio_pci_match_parse(pci_name(vdev->pdev), buf, &match);
	if (ret <= 0)
		return ret;
	ret = ops->match_token_uuid(core_vdev, match.has_token ? &match.token : NULL);
	return ret ?: 1;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_match);
