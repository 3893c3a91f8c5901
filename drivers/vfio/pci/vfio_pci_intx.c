// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx: the level-triggered interrupt line of a PCI function.
 *
 * Owns struct vfio_pci_intx, which exists while the user has INTx enabled.
 * Called by vfio_pci_intrs.c for SET_IRQS, by the configuration space code for
 * the user's DisINTx bit, by power management, and when the device is opened and
 * closed.
 *
 * A level stays up until somebody serves the device, and that is the user.  So
 * every delivery masks the interrupt, the eventfd is signalled, and the user
 * unmasks when done.  How it is masked depends on the device:
 *
 * - pci_2_3: by its INTx Disable bit (PCIe r6.0 sec. 7.5.1.1.3); its Interrupt
 *   Status bit tells whether an interrupt on a shared line is its own.
 * - otherwise the device has the line for itself and that is disabled at the
 *   interrupt controller, at once: see intx_enable().
 *
 * Outside of the time that INTx is enabled a pci_2_3 device has INTx Disable
 * set in hardware, so that a user who leaves it asserting can't disturb the
 * others on the line.
 *
 * Locks: igate for the existence of the object and everything that sleeps;
 * irqlock (interrupts off) for the masked state; vdev->intx is written under
 * both.  No eventfd is signalled with irqlock held, because it is taken inside
 * the wait queue lock of the unmask eventfd (see virqfd.c).
 */
#include <kunit/visibility.h>
#include <linux/eventfd.h>
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/slab.h>

#include "vfio_pci_irq.h"
#include "vfio_pci_priv.h"

/**
 * struct vfio_pci_intx - INTx while it is enabled
 * @vdev: the device
 * @irq: Linux number of the line
 * @masked: nothing is delivered.  While it is set, or the device sleeps, the
 *          INTx Disable bit is set with pci_2_3, else the line is disabled
 *          exactly once.  Protected by irqlock
 * @trigger: eventfd to signal, or NULL.  Written under igate; the readers are
 *           the interrupt handler and the thread of @unmask, both of which a
 *           writer waits for before it drops the old one, and holders of igate
 * @unmask: eventfd that unmasks, or NULL; changed under igate, or by itself
 *          when the user closes the eventfd
 * @name: for /proc/interrupts
 */
struct vfio_pci_intx {
	struct vfio_pci_core_device *vdev;
	int irq;
	bool masked;
	struct eventfd_ctx *trigger;
	struct virqfd *unmask;
	char *name;
};

/*
 * Write the INTx Disable bit alone, by the upper byte of the command register:
 * the user's writes of the lower one (memory decoding, bus mastering) run
 * under another lock and must not be overwritten with what was read before.
 */
static void intx_write_disable(struct pci_dev *pdev, bool disable)
{
	const u8 bit = PCI_COMMAND_INTX_DISABLE >> 8;
	u8 old, new;

	pci_read_config_byte(pdev, PCI_COMMAND + 1, &old);
	new = disable ? old | bit : old & ~bit;
	if (new != old)
		pci_write_config_byte(pdev, PCI_COMMAND + 1, new);
}

/* Tell the user, unless he has turned INTx off in the virtual command register */
static void intx_signal(struct vfio_pci_intx *intx)
{
	struct eventfd_ctx *trigger = READ_ONCE(intx->trigger);

	if (trigger && !READ_ONCE(intx->vdev->virq_disabled))
		eventfd_signal(trigger);
}

/* Is INTx Disable set while INTx is not enabled? Not if the line itself is masked */
static bool intx_kept_off(const struct vfio_pci_core_device *vdev)
{
	return vdev->pci_2_3 || vdev->nointx;
}

static void intx_hw_mask(struct vfio_pci_intx *intx)
{
	if (intx->vdev->pci_2_3)
		intx_write_disable(intx->vdev->pdev, true);
	else
		disable_irq_nosync(intx->irq);
}

/* False if the interrupt is pending, and stays masked therefore */
static bool intx_hw_unmask(struct vfio_pci_intx *intx)
{
	if (intx->vdev->pci_2_3)
		return pci_check_and_unmask_intx(intx->vdev->pdev);
	enable_irq(intx->irq);
	return true;
}

static void intx_mask_locked(struct vfio_pci_intx *intx)
{
	struct vfio_pci_core_device *vdev = intx->vdev;

	lockdep_assert_held(&vdev->irqlock);

	if (!intx->masked && !vdev->intx_asleep)
		intx_hw_mask(intx);
	intx->masked = true;
}

/*
 * Unmask; or find the interrupt pending and leave it masked.  Return: true if
 * it is pending, the caller then signals once irqlock is dropped.
 */
static bool intx_unmask_locked(struct vfio_pci_intx *intx)
{
	struct vfio_pci_core_device *vdev = intx->vdev;

	lockdep_assert_held(&vdev->irqlock);

	if (!intx->masked || vdev->virq_disabled)
		return false;
	/* An unmask eventfd does not wake the device, it takes effect later */
	if (!vdev->intx_asleep && !intx_hw_unmask(intx))
		return true;
	intx->masked = false;
	return false;
}

static void intx_mask(struct vfio_pci_intx *intx)
{
	guard(spinlock_irqsave)(&intx->vdev->irqlock);

	intx_mask_locked(intx);
}

static bool intx_unmask_pending(struct vfio_pci_intx *intx)
{
	guard(spinlock_irqsave)(&intx->vdev->irqlock);

	return intx_unmask_locked(intx);
}

static void intx_unmask(struct vfio_pci_intx *intx)
{
	if (intx_unmask_pending(intx))
		intx_signal(intx);
}

/* Take the level away; false if it is not ours */
static bool intx_quieten(struct vfio_pci_intx *intx)
{
	struct vfio_pci_core_device *vdev = intx->vdev;

	lockdep_assert_held(&vdev->irqlock);

	/*
	 * Also when it is masked: a function reset saves and restores the
	 * command register without our lock, and may bring back an INTx
	 * Disable bit from before a delivery that came in between.
	 */
	if (vdev->pci_2_3)
		return !vdev->intx_asleep && vdev->pdev->current_state <= PCI_D3hot &&
		       pci_check_and_mask_intx(vdev->pdev);

	/*
	 * Once only, or one enable_irq() would not be enough later: a mask
	 * may have come while this interrupt was already on its way.
	 */
	if (!intx->masked && !vdev->intx_asleep)
		disable_irq_nosync(intx->irq);
	return true;
}

static irqreturn_t intx_interrupt(int irq, void *arg)
{
	struct vfio_pci_intx *intx = arg;
	bool deliver;

	scoped_guard(spinlock_irqsave, &intx->vdev->irqlock) {
		if (!intx_quieten(intx))
			return IRQ_NONE;
		deliver = !intx->masked;
		intx->masked = true;
	}

	if (deliver)
		intx_signal(intx);
	return IRQ_HANDLED;
}

/* The two halves of the unmask eventfd: the fast one must not signal */
static int intx_unmask_fast(void *opaque, void *data)
{
	return intx_unmask_pending(opaque);
}

static void intx_unmask_slow(void *opaque, void *data)
{
	intx_signal(opaque);
}

static void intx_free(struct vfio_pci_intx *intx)
{
	if (intx->trigger)
		eventfd_ctx_put(intx->trigger);
	kfree(intx->name);
	kfree(intx);
}

static struct vfio_pci_intx *intx_alloc(struct vfio_pci_core_device *vdev,
					struct eventfd_ctx *trigger)
{
	struct vfio_pci_intx *intx;

	intx = kzalloc_obj(*intx, GFP_KERNEL_ACCOUNT);
	if (!intx)
		return NULL;
	intx->name = kasprintf(GFP_KERNEL_ACCOUNT, "vfio-intx(%s)", pci_name(vdev->pdev));
	if (!intx->name) {
		kfree(intx);
		return NULL;
	}

	intx->vdev = vdev;
	intx->irq = vdev->pdev->irq;
	intx->masked = true;
	intx->trigger = trigger;
	return intx;
}

/*
 * Enable INTx.  It begins masked, and is unmasked as any other time: so the
 * handler is there before the first interrupt, and a line that is disabled at
 * the interrupt controller is so once, by IRQF_NO_AUTOEN, not twice.
 *
 * Takes over @trigger on success only.
 */
static int intx_enable(struct vfio_pci_core_device *vdev, struct eventfd_ctx *trigger)
{
	struct pci_dev *pdev = vdev->pdev;
	struct vfio_pci_intx *intx;
	int ret;

	lockdep_assert_held(&vdev->igate);

	if (!pdev->irq || pdev->irq == IRQ_NOTCONNECTED)
		return -ENODEV;

	intx = intx_alloc(vdev, trigger);
	if (!intx)
		return -ENOMEM;

	if (!vdev->pci_2_3)
		intx_write_disable(pdev, false);
	ret = request_irq(intx->irq, intx_interrupt,
			  vdev->pci_2_3 ? IRQF_SHARED : IRQF_NO_AUTOEN, intx->name, intx);
	if (ret) {
		pci_info_ratelimited(pdev, "no INTx for %s[%d]: IRQ %d%s, error %d\n",
				     current->comm, task_pid_nr(current), intx->irq,
				     vdev->pci_2_3 ? "" : " can't be shared", ret);
		intx->trigger = NULL;
		intx_free(intx);
		return ret;
	}

	/*
	 * Disabling is lazy by default: the controller delivers the level once
	 * more when the handler is through. If that arrives at one processor
	 * after the user has served the device and unmasked on another, nobody
	 * can tell that it is stale. free_irq() takes the flag back.
	 */
	if (!vdev->pci_2_3)
		irq_set_status_flags(intx->irq, IRQ_DISABLE_UNLAZY);

	scoped_guard(spinlock_irqsave, &vdev->irqlock)
		vdev->intx = intx;
	vdev->irq_type = VFIO_PCI_INTX_IRQ_INDEX;
	intx_unmask(intx);
	return 0;
}

/**
 * vfio_pci_intx_disable() - Disable INTx
 * @vdev: device with INTx enabled
 *
 * Context: Process context, sleeps; @vdev->igate is held.
 */
void vfio_pci_intx_disable(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_intx *intx = vdev->intx;

	lockdep_assert_held(&vdev->igate);

	/*
	 * Off the line before its handler goes, so that the others on the line
	 * never see an interrupt of this device that nobody claims.
	 */
	vfio_virqfd_disable(&intx->unmask);
	intx_mask(intx);
	/* Both wait for whoever still uses intx, and nobody can find it anew */
	free_irq(intx->irq, intx);
	scoped_guard(spinlock_irqsave, &vdev->irqlock)
		vdev->intx = NULL;
	vfio_pci_intx_silence(vdev);

	vdev->irq_type = VFIO_PCI_NUM_IRQS;
	intx_free(intx);
}

/**
 * vfio_pci_intx_silence() - Keep a device without enabled INTx off its line
 * @vdev: device with INTx disabled
 *
 * Also needed after MSI or MSI-X was disabled, where the PCI core clears the
 * INTx Disable bit.
 *
 * Context: Any.
 */
void vfio_pci_intx_silence(struct vfio_pci_core_device *vdev)
{
	if (intx_kept_off(vdev))
		intx_write_disable(vdev->pdev, true);
}

/**
 * vfio_pci_intx_silence_saved() - The same for when its state is restored
 * @vdev: device with INTx disabled, whose PCI state has been loaded and not been
 *        restored yet
 *
 * Context: Any.
 */
void vfio_pci_intx_silence_saved(struct vfio_pci_core_device *vdev)
{
	if (intx_kept_off(vdev))
		vdev->pdev->saved_config_space[PCI_COMMAND / 4] |= PCI_COMMAND_INTX_DISABLE;
}

/* Off the line as soon as the PCI core has let the device on it */
static irqreturn_t intx_hold_off(int irq, void *dev_id)
{
	struct vfio_pci_core_device *vdev = dev_id;
	u16 status;

	pci_read_config_word(vdev->pdev, PCI_STATUS, &status);
	if (!(status & PCI_STATUS_INTERRUPT))
		return IRQ_NONE;
	intx_write_disable(vdev->pdev, true);
	return IRQ_HANDLED;
}

/**
 * vfio_pci_intx_enable_device() - pci_enable_device() without a stray interrupt
 * @vdev: device that is being opened, with pci_2_3 known and no interrupt of any
 *        kind enabled
 *
 * The PCI core lets the INTx of a device through when it enables it.  One that had
 * to be kept off its line, because it could not be reset after its last user, may
 * hold it up from then on.  So there is somebody who serves it, until it is kept off
 * again: the processor that takes the interrupt can be the one that enables the
 * device, and would never come to the end of it.
 *
 * If the line belongs to somebody who does not share it there can be no handler, and
 * the device is enabled without.
 *
 * Return: what pci_enable_device() returns
 *
 * Context: Process context, sleeps.
 */
int vfio_pci_intx_enable_device(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret, irq = pdev->irq;
	u16 cmd;

	pci_read_config_word(pdev, PCI_COMMAND, &cmd);
	if (!vdev->pci_2_3 || !(cmd & PCI_COMMAND_INTX_DISABLE) ||
	    !pdev->pin || !irq || irq == IRQ_NOTCONNECTED ||
	    request_irq(irq, intx_hold_off, IRQF_SHARED | IRQF_PROBE_SHARED,
			"vfio-pci (opening)", vdev))
		return pci_enable_device(pdev);

	ret = pci_enable_device(pdev);
	intx_write_disable(pdev, true);
	free_irq(irq, vdev);
	return ret;
}

/**
 * vfio_pci_intx_prepare() - Find out whether there is an INTx, at open
 * @vdev: device that is being opened, with pci_2_3 and nointx known and no
 *        interrupt of any kind enabled
 *
 * Determined once, because the PCI core replaces pci_dev.irq while MSI is
 * enabled.  VFs have no INTx (PCIe r6.0 sec. 9.3.4.1.18) whatever their pin
 * register reads.
 *
 * Context: Process context.
 */
void vfio_pci_intx_prepare(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	vdev->has_intx = IS_ENABLED(CONFIG_VFIO_PCI_INTX) && !vdev->nointx &&
			 !pdev->is_virtfn && pdev->pin && pdev->irq &&
			 pdev->irq != IRQ_NOTCONNECTED;
	vfio_pci_intx_silence(vdev);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_intx_prepare);

/**
 * vfio_pci_intx_usable() - Does the user get to see an INTx?
 * @vdev: open device, past vfio_pci_intx_prepare()
 *
 * Context: Any.
 * Return: true if GET_IRQ_INFO shows one, and the interrupt pin register too.
 */
bool vfio_pci_intx_usable(struct vfio_pci_core_device *vdev)
{
	return vdev->has_intx;
}

/**
 * vfio_pci_intx_suspend() - Keep INTx quiet while the device sleeps
 * @vdev: device
 *
 * Until vfio_pci_intx_resume() nothing here touches the device: neither the
 * handler, which others on a shared line may call, nor the unmask eventfd.
 * What the user masks and unmasks is remembered.
 *
 * Context: Process context, takes @vdev->igate.
 */
void vfio_pci_intx_suspend(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_intx *intx;

	guard(mutex)(&vdev->igate);
	guard(spinlock_irqsave)(&vdev->irqlock);

	intx = vdev->intx;
	if (intx && !intx->masked && !vdev->intx_asleep)
		intx_hw_mask(intx);
	vdev->intx_asleep = true;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_intx_suspend);

/**
 * vfio_pci_intx_resume() - Undo vfio_pci_intx_suspend()
 * @vdev: device, awake again
 *
 * An interrupt that is pending by now is delivered.
 *
 * Context: Process context, takes @vdev->igate.
 */
void vfio_pci_intx_resume(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_intx *intx;
	bool pending = false;

	guard(mutex)(&vdev->igate);

	intx = vdev->intx;
	scoped_guard(spinlock_irqsave, &vdev->irqlock) {
		if (intx && !intx->masked && vdev->intx_asleep) {
			pending = !intx_hw_unmask(intx);
			intx->masked = pending;
		}
		vdev->intx_asleep = false;
	}
	if (pending)
		intx_signal(intx);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_intx_resume);

/**
 * vfio_pci_intx_set_virtual_disable() - The user has written the command register
 * @vdev: device
 * @disable: the virtual INTx Disable bit, changed or not
 *
 * Setting the bit masks and clearing it unmasks, as VFIO_DEVICE_SET_IRQS does;
 * while it is set nothing else unmasks.  Remembered while INTx is not enabled.
 *
 * Also puts the hardware's bit right: whoever wrote the rest of the register
 * for the user wrote back what this bit was before, which may be out of date
 * by a delivery or an unmasking.
 *
 * Context: Process context, takes @vdev->igate: the interrupt can't be
 * reconfigured meanwhile.  memory_lock must not be held.
 */
void vfio_pci_intx_set_virtual_disable(struct vfio_pci_core_device *vdev, bool disable)
{
	struct vfio_pci_intx *intx;
	bool pending = false;

	guard(mutex)(&vdev->igate);

	intx = vdev->intx;
	scoped_guard(spinlock_irqsave, &vdev->irqlock) {
		bool changed = vdev->virq_disabled != disable;

		WRITE_ONCE(vdev->virq_disabled, disable);
		if (intx && changed && disable)
			intx_mask_locked(intx);
		else if (intx && changed)
			pending = intx_unmask_locked(intx);
		if (vdev->pci_2_3)
			intx_write_disable(vdev->pdev, !intx || intx->masked);
	}
	if (pending)
		intx_signal(intx);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_intx_set_virtual_disable);

/**
 * vfio_pci_intx_rewrite() - Put the INTx Disable bit right after a reset
 * @vdev: open device, awake
 *
 * The PCI core saves the command register before a reset, and writes it back
 * afterwards: if the interrupt was masked or unmasked in between, to a value
 * from before that, and an unmasked interrupt would never come again.
 *
 * Context: Any that may take a spinlock; memory_lock may be held.
 */
void vfio_pci_intx_rewrite(struct vfio_pci_core_device *vdev)
{
	guard(spinlock_irqsave)(&vdev->irqlock);

	if (vdev->pci_2_3 && !vdev->intx_asleep)
		intx_write_disable(vdev->pdev, !vdev->intx || vdev->intx->masked);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_intx_rewrite);

/* INTx is one interrupt, and it must be enabled already */
static bool intx_set_ok(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	lockdep_assert_held(&vdev->igate);

	return vdev->intx && set->start == 0 && set->count == 1;
}

/**
 * vfio_pci_intx_set_mask() - SET_IRQS: INTx, MASK, NONE or BOOL
 * @vdev: device
 * @set: the call
 *
 * Context: Process context; @vdev->igate is held.
 * Return: 0, or -EINVAL if INTx is not enabled or the range is not 0 to 0.
 */
int vfio_pci_intx_set_mask(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	if (!intx_set_ok(vdev, set))
		return -EINVAL;
	if (vfio_pci_irq_meant(set, 0))
		intx_mask(vdev->intx);
	return 0;
}

/**
 * vfio_pci_intx_bind_mask() - SET_IRQS: INTx, MASK, EVENTFD
 * @vdev: device
 * @set: the call
 *
 * There is no mask eventfd, but user space is used to learn first that INTx is
 * not enabled.
 *
 * Context: Process context; @vdev->igate is held.
 * Return: -EINVAL as vfio_pci_intx_set_mask(), otherwise -ENOTTY.
 */
int vfio_pci_intx_bind_mask(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	return intx_set_ok(vdev, set) ? -ENOTTY : -EINVAL;
}

/**
 * vfio_pci_intx_set_unmask() - SET_IRQS: INTx, UNMASK, NONE or BOOL
 * @vdev: device
 * @set: the call
 *
 * Context: Process context; @vdev->igate is held.
 * Return: 0, or -EINVAL as vfio_pci_intx_set_mask().
 */
int vfio_pci_intx_set_unmask(struct vfio_pci_core_device *vdev,
			     const struct vfio_pci_irq_set *set)
{
	if (!intx_set_ok(vdev, set))
		return -EINVAL;
	if (vfio_pci_irq_meant(set, 0))
		intx_unmask(vdev->intx);
	return 0;
}

/**
 * vfio_pci_intx_bind_unmask() - SET_IRQS: INTx, UNMASK, EVENTFD
 * @vdev: device
 * @set: the call; a negative file descriptor unbinds
 *
 * Context: Process context, sleeps; @vdev->igate is held.
 * Return: 0, or -EINVAL as vfio_pci_intx_set_mask() or if the file is no
 * eventfd, -EBADF if there is no such file, -EBUSY if one is bound, -ENOMEM.
 */
int vfio_pci_intx_bind_unmask(struct vfio_pci_core_device *vdev,
			      const struct vfio_pci_irq_set *set)
{
	struct vfio_pci_intx *intx = vdev->intx;

	if (!intx_set_ok(vdev, set))
		return -EINVAL;
	if (set->fds[0] >= 0)
		return vfio_virqfd_enable(intx, intx_unmask_fast, intx_unmask_slow, NULL,
					  &intx->unmask, set->fds[0]);
	vfio_virqfd_disable(&intx->unmask);
	return 0;
}

/**
 * vfio_pci_intx_trigger() - SET_IRQS: INTx, TRIGGER, NONE or BOOL
 * @vdev: device
 * @set: the call; NONE with a count of 0 disables INTx
 *
 * Context: Process context, may sleep; @vdev->igate is held.
 * Return: 0, or -EINVAL as vfio_pci_intx_set_mask().
 */
int vfio_pci_intx_trigger(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	if (vdev->intx && !set->count && set->type == VFIO_PCI_IRQ_NONE) {
		vfio_pci_intx_disable(vdev);
		return 0;
	}
	if (!intx_set_ok(vdev, set))
		return -EINVAL;
	if (vfio_pci_irq_meant(set, 0))
		intx_signal(vdev->intx);
	return 0;
}

/* Exchange the trigger; when this returns the old one is signalled no more */
static void intx_replace_trigger(struct vfio_pci_intx *intx, struct eventfd_ctx *trigger)
{
	struct eventfd_ctx *old = intx->trigger;

	lockdep_assert_held(&intx->vdev->igate);

	WRITE_ONCE(intx->trigger, trigger);
	synchronize_irq(intx->irq);
	vfio_virqfd_flush_thread(&intx->unmask);
	if (old)
		eventfd_ctx_put(old);
}

/**
 * vfio_pci_intx_bind_trigger() - SET_IRQS: INTx, TRIGGER, EVENTFD
 * @vdev: device
 * @set: the call; a negative file descriptor stands for INTx without a
 *       receiver
 *
 * Enables INTx, or replaces the eventfd if it is enabled.
 *
 * Context: Process context, sleeps; @vdev->igate is held.
 * Return: 0, or -EINVAL if another type of interrupt is enabled, the range is
 * not 0 to 0 or the file is no eventfd, -EBADF if there is no such file,
 * -ENODEV if the device has no interrupt line, -EBUSY if it can't be shared
 * and is in use, -ENOMEM.
 */
int vfio_pci_intx_bind_trigger(struct vfio_pci_core_device *vdev,
			       const struct vfio_pci_irq_set *set)
{
	struct eventfd_ctx *trigger = NULL;
	int ret;

	lockdep_assert_held(&vdev->igate);

	if (!vdev->intx && vdev->irq_type != VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	if (set->start != 0 || set->count != 1)
		return -EINVAL;

	if (set->fds[0] >= 0) {
		trigger = eventfd_ctx_fdget(set->fds[0]);
		if (IS_ERR(trigger))
			return PTR_ERR(trigger);
	}

	if (vdev->intx) {
		intx_replace_trigger(vdev->intx, trigger);
		return 0;
	}
	ret = intx_enable(vdev, trigger);
	if (ret && trigger)
		eventfd_ctx_put(trigger);
	return ret;
}
