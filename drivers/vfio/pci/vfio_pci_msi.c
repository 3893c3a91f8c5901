// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI and MSI-X: the vectors that the user has bound to eventfds.
 *
 * Owns struct vfio_pci_msi_vector, one per bound vector, in
 * vfio_pci_core_device.msi_vectors, and the allocation of vectors from the PCI
 * core.  Called by vfio_pci_intrs.c; everything runs with igate held.
 *
 * Allocated and bound are two things: enabling allocates every vector up to
 * the highest one asked for, and they stay until the type is disabled; binding
 * comes and goes.  Where the platform can (has_dyn_msix) binding also
 * allocates further MSI-X vectors, in any order.
 *
 * The MSI-X table is device memory: memory decoding must be on while the PCI
 * core or the interrupt core write it, whatever the user has in his command
 * register.  memory_lock is held for that time, so it nests in igate.  The IRQ
 * bypass manager, which calls into KVM, is called without it.
 */
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/irqbypass.h>
#include <linux/log2.h>
#include <linux/msi.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "vfio_pci_irq.h"
#include "vfio_pci_priv.h"

/**
 * struct vfio_pci_msi_vector - A vector with an eventfd
 * @trigger: reference to the eventfd
 * @irq: Linux number of the vector
 * @name: for /proc/interrupts
 * @producer: offer to KVM to deliver the vector past the eventfd.  The bypass
 *            manager points here from registering to unregistering, which must
 *            come before the memory is freed, and before @irq is
 */
struct vfio_pci_msi_vector {
	struct eventfd_ctx *trigger;
	int irq;
	char *name;
	struct irq_bypass_producer producer;
};

static irqreturn_t msi_interrupt(int irq, void *arg)
{
	struct vfio_pci_msi_vector *vector = arg;

	eventfd_signal(vector->trigger);
	return IRQ_HANDLED;
}

static const char *msi_type_name(struct vfio_pci_core_device *vdev)
{
	return vdev->irq_type == VFIO_PCI_MSIX_IRQ_INDEX ? "msix" : "msi";
}

static void msi_vector_free(struct vfio_pci_msi_vector *vector)
{
	eventfd_ctx_put(vector->trigger);
	kfree(vector->name);
	kfree(vector);
}

static struct vfio_pci_msi_vector *msi_vector_alloc(struct vfio_pci_core_device *vdev,
						    unsigned int nr, int fd)
{
	struct vfio_pci_msi_vector *vector;
	int ret = -ENOMEM;

	vector = kzalloc_obj(*vector, GFP_KERNEL_ACCOUNT);
	if (!vector)
		return ERR_PTR(-ENOMEM);

	vector->name = kasprintf(GFP_KERNEL_ACCOUNT, "vfio-%s[%u](%s)", msi_type_name(vdev), nr,
				 pci_name(vdev->pdev));
	if (!vector->name)
		goto free_vector;

	vector->trigger = eventfd_ctx_fdget(fd);
	if (IS_ERR(vector->trigger)) {
		ret = PTR_ERR(vector->trigger);
		goto free_name;
	}
	return vector;

free_name:
	kfree(vector->name);
free_vector:
	kfree(vector);
	return ERR_PTR(ret);
}

/* The Linux number of a vector, allocating the vector if that is possible now */
static int msi_vector_irq(struct vfio_pci_core_device *vdev, unsigned int nr)
{
	struct msi_map map;
	int irq;

	irq = pci_irq_vector(vdev->pdev, nr);
	if (irq > 0)
		return irq;
	if (vdev->irq_type != VFIO_PCI_MSIX_IRQ_INDEX || !vdev->has_dyn_msix)
		return -EINVAL;

	map = pci_msix_alloc_irq_at(vdev->pdev, nr, NULL);
	return map.index < 0 ? map.index : map.virq;
}

/* Let interrupts of a vector through to its eventfd; memory decoding is on */
static int msi_vector_request(struct vfio_pci_core_device *vdev, unsigned int nr,
			      struct vfio_pci_msi_vector *vector)
{
	struct msi_msg msg;
	int irq;

	irq = msi_vector_irq(vdev, nr);
	if (irq < 0)
		return irq;

	/*
	 * A reset that went past us (through a device register) has wiped the
	 * table, and the user, who can't write it, comes here to set it right.
	 */
	if (vdev->irq_type == VFIO_PCI_MSIX_IRQ_INDEX) {
		get_cached_msi_msg(irq, &msg);
		pci_write_msi_msg(irq, &msg);
	}
	vector->irq = irq;
	return request_irq(irq, msi_interrupt, 0, vector->name, vector);
}

static void msi_unbind_one(struct vfio_pci_core_device *vdev, unsigned int nr)
{
	struct vfio_pci_msi_vector *vector;
	u16 cmd;

	vector = xa_erase(&vdev->msi_vectors, nr);
	if (!vector)
		return;

	irq_bypass_unregister_producer(&vector->producer);
	cmd = vfio_pci_memory_force_decode(vdev);
	free_irq(vector->irq, vector);
	vfio_pci_memory_restore_decode(vdev, cmd);
	msi_vector_free(vector);
}

/* Bind a vector to an eventfd, or with a negative @fd to nothing */
static int msi_bind_one(struct vfio_pci_core_device *vdev, unsigned int nr, int fd)
{
	struct vfio_pci_msi_vector *vector;
	u16 cmd;
	int ret;

	msi_unbind_one(vdev, nr);
	if (fd < 0)
		return 0;

	vector = msi_vector_alloc(vdev, nr, fd);
	if (IS_ERR(vector))
		return PTR_ERR(vector);

	ret = xa_insert(&vdev->msi_vectors, nr, vector, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto free_vector;

	cmd = vfio_pci_memory_force_decode(vdev);
	ret = msi_vector_request(vdev, nr, vector);
	vfio_pci_memory_restore_decode(vdev, cmd);
	if (ret)
		goto erase_vector;

	/* An offer only: without it interrupts take the way by the eventfd */
	if (irq_bypass_register_producer(&vector->producer, vector->trigger, vector->irq))
		pci_dbg(vdev->pdev, "%s: no IRQ bypass\n", vector->name);
	return 0;

erase_vector:
	xa_erase(&vdev->msi_vectors, nr);
free_vector:
	msi_vector_free(vector);
	return ret;
}

/* Bind the range; on failure all of it is unbound */
static int msi_bind_range(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	bool may_grow = set->index == VFIO_PCI_MSIX_IRQ_INDEX && vdev->has_dyn_msix;
	unsigned int end, i;
	int ret = 0;

	if (check_add_overflow(set->start, set->count, &end))
		return -EINVAL;
	if (end > vdev->num_vectors && !may_grow)
		ret = -EINVAL;

	for (i = 0; i < set->count && !ret; i++)
		ret = msi_bind_one(vdev, set->start + i, set->fds[i]);
	if (!ret)
		return 0;

	for (i = 0; i < set->count; i++)
		msi_unbind_one(vdev, set->start + i);
	return ret;
}

/*
 * Allocate @nr vectors or none.  Return: 0, a negative errno (-ERANGE for
 * @nr 0), or the smaller number that there would be.
 */
static int msi_enable(struct vfio_pci_core_device *vdev, unsigned int index, unsigned int nr)
{
	bool msix = index == VFIO_PCI_MSIX_IRQ_INDEX;
	struct pci_dev *pdev = vdev->pdev;
	int got;
	u16 cmd;

	cmd = vfio_pci_memory_force_decode(vdev);
	got = pci_alloc_irq_vectors(pdev, 1, nr, msix ? PCI_IRQ_MSIX : PCI_IRQ_MSI);
	if (got > 0 && got < nr)
		pci_free_irq_vectors(pdev);
	vfio_pci_memory_restore_decode(vdev, cmd);

	if (got < 0 || got < nr) {
		vfio_pci_intx_silence(vdev);
		pci_info_ratelimited(pdev, "%s[%d] asked for %u MSI%s vectors, got %d\n",
				     current->comm, task_pid_nr(current), nr, msix ? "-X" : "",
				     got);
		return got;
	}

	vdev->irq_type = index;
	vdev->num_vectors = nr;
	if (!msix)
		vdev->msi_qmax = order_base_2(nr);
	return 0;
}

/**
 * vfio_pci_msi_disable() - Disable MSI or MSI-X and forget all vectors
 * @vdev: device with one of them enabled
 *
 * Context: Process context, sleeps; @vdev->igate is held.
 */
void vfio_pci_msi_disable(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_msi_vector *vector;
	unsigned long nr;
	u16 cmd;

	lockdep_assert_held(&vdev->igate);

	xa_for_each(&vdev->msi_vectors, nr, vector)
		msi_unbind_one(vdev, nr);

	cmd = vfio_pci_memory_force_decode(vdev);
	pci_free_irq_vectors(vdev->pdev);
	vfio_pci_memory_restore_decode(vdev, cmd);
	vfio_pci_intx_silence(vdev);

	vdev->irq_type = VFIO_PCI_NUM_IRQS;
	vdev->num_vectors = 0;
	vdev->msi_qmax = 0;
}

/**
 * vfio_pci_msi_trigger() - SET_IRQS: MSI or MSI-X, TRIGGER, NONE or BOOL
 * @vdev: device
 * @set: the call; NONE with a count of 0 disables the type, otherwise the
 *       eventfds of the bound vectors in the range are signalled
 *
 * Context: Process context, may sleep; @vdev->igate is held.
 * Return: 0, or -EINVAL if the type is not enabled.
 */
int vfio_pci_msi_trigger(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	struct vfio_pci_msi_vector *vector;
	unsigned long nr;

	lockdep_assert_held(&vdev->igate);

	if (vdev->irq_type != set->index)
		return -EINVAL;
	if (!set->count) {
		if (set->type == VFIO_PCI_IRQ_NONE)
			vfio_pci_msi_disable(vdev);
		return 0;
	}

	xa_for_each_range(&vdev->msi_vectors, nr, vector, set->start,
			  (unsigned long)set->start + set->count - 1)
		if (vfio_pci_irq_meant(set, nr - set->start))
			eventfd_signal(vector->trigger);
	return 0;
}

/**
 * vfio_pci_msi_bind() - SET_IRQS: MSI or MSI-X, TRIGGER, EVENTFD
 * @vdev: device
 * @set: the call; negative file descriptors leave their vectors unbound
 *
 * Binds the range; enables the type before if no type of interrupt is.
 *
 * Context: Process context, sleeps; @vdev->igate is held.
 * Return: 0, or -EINVAL if another type is enabled, the range ends beyond the
 * vectors enabled and can't grow, or a file is no eventfd; -EBADF if there is
 * no such file; -ENOMEM; what allocating vectors returns (-ENOSPC, -ERANGE for
 * none at all ...).  A positive number, if there are just that many vectors.
 * Whatever is not 0 leaves the range unbound, and the type disabled if it was
 * disabled before.
 */
int vfio_pci_msi_bind(struct vfio_pci_core_device *vdev, const struct vfio_pci_irq_set *set)
{
	unsigned int nr;
	int ret;

	lockdep_assert_held(&vdev->igate);

	if (vdev->irq_type == set->index)
		return msi_bind_range(vdev, set);
	if (vdev->irq_type != VFIO_PCI_NUM_IRQS ||
	    check_add_overflow(set->start, set->count, &nr))
		return -EINVAL;

	ret = msi_enable(vdev, set->index, nr);
	if (ret)
		return ret;
	ret = msi_bind_range(vdev, set);
	if (ret)
		vfio_pci_msi_disable(vdev);
	return ret;
}
