// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eventfd whose signals run a function of a VFIO driver.
 *
 * Owns struct virqfd: the hook in the eventfd's wait queue, the work that
 * runs the driver's slow half, and the work that takes both down again.
 *
 * The driver keeps a pointer to its virqfd, the slot.  Two parties may end the
 * binding: the driver with vfio_virqfd_disable(), and the user by closing the
 * last reference to the eventfd.  Whoever empties the slot first, under
 * virqfd_slot_lock, has claimed the teardown and queues it; the other one
 * finds the slot empty.  The teardown needs to sleep, so it always runs in the
 * work queue, and flushing that queue is how a driver waits for it whoever
 * claimed it.
 *
 * Lock order: wait queue lock of the eventfd > virqfd_slot_lock.  The driver's
 * handler is called with the former held, so whatever lock it takes must never
 * be held while an eventfd is signalled.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/kref.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

#include "vfio.h"

/**
 * struct virqfd - One binding of an eventfd to a pair of functions
 * @ref: one reference for the binding, dropped at the end of the teardown,
 *       and one for everybody who waits for @inject
 * @eventfd: reference to the eventfd
 * @handler: runs in the wake-up, atomic; may be NULL
 * @thread: runs in @inject when @handler is missing or asks for it; may be NULL
 * @opaque: first argument of both
 * @data: second argument of both
 * @slot: the driver's pointer to this object; protected by virqfd_slot_lock
 * @wait: the hook in the eventfd's wait queue
 * @wqh: that wait queue, set when @wait joins it
 * @pt: how poll() on the eventfd tells us the wait queue
 * @inject: runs @thread
 * @teardown: undoes everything, queued once
 */
struct virqfd {
	struct kref ref;
	struct eventfd_ctx *eventfd;
	int (*handler)(void *opaque, void *data);
	void (*thread)(void *opaque, void *data);
	void *opaque;
	void *data;
	struct virqfd **slot;
	wait_queue_entry_t wait;
	wait_queue_head_t *wqh;
	poll_table pt;
	struct work_struct inject;
	struct work_struct teardown;
};

/* Runs the teardowns; its name is known to administrators */
static struct workqueue_struct *virqfd_teardown_wq;

/* Protects the slots of all drivers and who claimed which teardown */
static DEFINE_SPINLOCK(virqfd_slot_lock);

static void virqfd_release(struct kref *ref)
{
	struct virqfd *virqfd = container_of(ref, struct virqfd, ref);

	eventfd_ctx_put(virqfd->eventfd);
	kfree(virqfd);
}

static void virqfd_inject(struct work_struct *work)
{
	struct virqfd *virqfd = container_of(work, struct virqfd, inject);

	virqfd->thread(virqfd->opaque, virqfd->data);
}

static void virqfd_teardown(struct work_struct *work)
{
	struct virqfd *virqfd = container_of(work, struct virqfd, teardown);
	u64 unread;

	/* No wake-up can be running behind this, so nothing queues @inject */
	eventfd_ctx_remove_wait_queue(virqfd->eventfd, &virqfd->wait, &unread);
	flush_work(&virqfd->inject);
	kref_put(&virqfd->ref, virqfd_release);
}

/* Empty the slot if it still holds @virqfd (any binding, if that is NULL) */
static void virqfd_claim_teardown(struct virqfd **slot, struct virqfd *virqfd)
{
	guard(spinlock_irqsave)(&virqfd_slot_lock);

	if (!*slot || (virqfd && *slot != virqfd))
		return;
	virqfd = *slot;
	*slot = NULL;
	queue_work(virqfd_teardown_wq, &virqfd->teardown);
}

/* The eventfd was signalled: run the driver's fast half, and maybe the slow one */
static void virqfd_fire(struct virqfd *virqfd)
{
	lockdep_assert_held(&virqfd->wqh->lock);

	if (virqfd->handler && !virqfd->handler(virqfd->opaque, virqfd->data))
		return;
	if (virqfd->thread)
		schedule_work(&virqfd->inject);
}

/* Called with the lock of the eventfd's wait queue held, interrupts off */
static int virqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct virqfd *virqfd = container_of(wait, struct virqfd, wait);
	__poll_t events = key_to_poll(key);
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(virqfd->eventfd, &count);
		virqfd_fire(virqfd);
	}
	/*
	 * The last reference to the eventfd's file goes.  @slot is still
	 * there: the driver must disable, and by that wait for us, before it
	 * frees the memory that the slot is in.
	 */
	if (events & EPOLLHUP)
		virqfd_claim_teardown(virqfd->slot, virqfd);
	return 0;
}

static void virqfd_join_wait_queue(struct file *file, wait_queue_head_t *wqh, poll_table *pt)
{
	struct virqfd *virqfd = container_of(pt, struct virqfd, pt);

	virqfd->wqh = wqh;
	add_wait_queue(wqh, &virqfd->wait);
}

/* Publish in the slot; the eventfd cannot be closed meanwhile */
static int virqfd_occupy_slot(struct virqfd *virqfd)
{
	guard(spinlock_irq)(&virqfd_slot_lock);

	if (*virqfd->slot)
		return -EBUSY;
	*virqfd->slot = virqfd;
	return 0;
}

/* Hook into the eventfd; one that was signalled before fires now */
static void virqfd_start(struct virqfd *virqfd, struct file *file)
{
	if (!(vfs_poll(file, &virqfd->pt) & EPOLLIN))
		return;
	/*
	 * The count is left to the next signal, as user space may see it.  If
	 * that came just now this fires once too often, which is what a
	 * spurious interrupt is.
	 */
	guard(spinlock_irq)(&virqfd->wqh->lock);
	virqfd_fire(virqfd);
}

static struct virqfd *virqfd_alloc(struct file *file)
{
	struct virqfd *virqfd;
	struct eventfd_ctx *eventfd;

	eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(eventfd))
		return ERR_CAST(eventfd);

	virqfd = kzalloc_obj(*virqfd, GFP_KERNEL_ACCOUNT);
	if (!virqfd) {
		eventfd_ctx_put(eventfd);
		return ERR_PTR(-ENOMEM);
	}

	kref_init(&virqfd->ref);
	virqfd->eventfd = eventfd;
	INIT_WORK(&virqfd->inject, virqfd_inject);
	INIT_WORK(&virqfd->teardown, virqfd_teardown);
	init_waitqueue_func_entry(&virqfd->wait, virqfd_wakeup);
	init_poll_funcptr(&virqfd->pt, virqfd_join_wait_queue);
	return virqfd;
}

/**
 * vfio_virqfd_enable() - Run a function on every signal of an eventfd
 * @opaque: first argument of @handler and @thread
 * @handler: called in the wake-up of the eventfd, with interrupts off and the
 *           lock of its wait queue held: it must not sleep nor signal an
 *           eventfd.  A return value other than 0 asks for @thread.  May be
 *           NULL, which asks for @thread every time
 * @thread: called in process context, any number of signals after one another
 *          may share one call; may be NULL
 * @data: second argument of @handler and @thread
 * @pvirqfd: the slot, where the binding is kept: NULL while there is none.
 *           The memory must stay until vfio_virqfd_disable() has returned
 * @fd: file descriptor of the eventfd in the calling process
 *
 * The signals are consumed: nobody else should read the eventfd.  One that
 * was signalled before fires at once, and keeps its count.  When the last reference to the eventfd
 * is closed the binding ends by itself and the slot becomes NULL; the driver
 * calls vfio_virqfd_disable() all the same.
 *
 * The caller serialises its calls for one slot.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EBADF if @fd is not open, -EINVAL if it is no eventfd,
 * -EBUSY if the slot is in use, -ENOMEM.
 */
int vfio_virqfd_enable(void *opaque, int (*handler)(void *opaque, void *data),
		       void (*thread)(void *opaque, void *data), void *data,
		       struct virqfd **pvirqfd, int fd)
{
	struct virqfd *virqfd;
	int ret;

	/* Held to the end: the eventfd can't hang up while we hook in */
	CLASS(fd, f)(fd);

	if (fd_empty(f))
		return -EBADF;

	virqfd = virqfd_alloc(fd_file(f));
	if (IS_ERR(virqfd))
		return PTR_ERR(virqfd);

	virqfd->handler = handler;
	virqfd->thread = thread;
	virqfd->opaque = opaque;
	virqfd->data = data;
	virqfd->slot = pvirqfd;

	ret = virqfd_occupy_slot(virqfd);
	if (ret) {
		kref_put(&virqfd->ref, virqfd_release);
		return ret;
	}
	virqfd_start(virqfd, fd_file(f));
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_virqfd_enable);

/**
 * vfio_virqfd_disable() - End what vfio_virqfd_enable() began
 * @pvirqfd: the slot, empty or not
 *
 * After return the slot is NULL and neither handler nor thread of the binding
 * runs or will run, also if the user's closing of the eventfd came first.
 * May be called any number of times.
 *
 * Context: Process context, sleeps.  Not from the binding's own handler or
 * thread, nor with a lock held that these take.
 */
void vfio_virqfd_disable(struct virqfd **pvirqfd)
{
	virqfd_claim_teardown(pvirqfd, NULL);
	/* Even if there was nothing to claim: a hang-up may be in progress */
	flush_workqueue(virqfd_teardown_wq);
}
EXPORT_SYMBOL_GPL(vfio_virqfd_disable);

static struct virqfd *virqfd_get(struct virqfd **slot)
{
	guard(spinlock_irq)(&virqfd_slot_lock);

	if (*slot)
		kref_get(&(*slot)->ref);
	return *slot;
}

/**
 * vfio_virqfd_flush_thread() - Wait for the thread function of a binding
 * @pvirqfd: the slot, empty or not
 *
 * A run that was asked for before the call has ended after it.
 *
 * Context: Process context, sleeps; otherwise as vfio_virqfd_disable().
 */
void vfio_virqfd_flush_thread(struct virqfd **pvirqfd)
{
	struct virqfd *virqfd = virqfd_get(pvirqfd);

	if (virqfd) {
		flush_work(&virqfd->inject);
		kref_put(&virqfd->ref, virqfd_release);
	} else {
		/* The teardown after a hang-up flushes the thread, too */
		flush_workqueue(virqfd_teardown_wq);
	}
}
EXPORT_SYMBOL_GPL(vfio_virqfd_flush_thread);

/**
 * vfio_virqfd_init() - Prepare this file for use, at load of the module
 *
 * Return: 0 or -ENOMEM.
 */
int __init vfio_virqfd_init(void)
{
	virqfd_teardown_wq = alloc_workqueue("vfio-irqfd-cleanup", WQ_PERCPU, 0);
	return virqfd_teardown_wq ? 0 : -ENOMEM;
}

/**
 * vfio_virqfd_exit() - Undo vfio_virqfd_init(); no binding is left
 */
void vfio_virqfd_exit(void)
{
	destroy_workqueue(virqfd_teardown_wq);
}
