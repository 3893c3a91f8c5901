// SPDX-License-Identifier: GPL-2.0-only
/*
 * A consumer of interrupts for the VFIO selftests, in the place of KVM: tells
 * when vfio-pci offers a vector to the IRQ bypass manager and when it takes the
 * offer back.  KVM itself connects only where the hardware can post interrupts.
 *
 * Used through its parameters, by one process at a time.
 */
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/irqbypass.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static int connects;
module_param(connects, int, 0444);
MODULE_PARM_DESC(connects, "How often a producer was connected");

static int disconnects;
module_param(disconnects, int, 0444);
MODULE_PARM_DESC(disconnects, "How often a producer was disconnected");

static int irq;
module_param(irq, int, 0444);
MODULE_PARM_DESC(irq, "Interrupt of the producer connected last");

static bool handled;
module_param(handled, bool, 0444);
MODULE_PARM_DESC(handled, "Whether that interrupt had a handler when it was disconnected last");

static int spy_add_producer(struct irq_bypass_consumer *consumer,
			    struct irq_bypass_producer *producer)
{
	WRITE_ONCE(irq, producer->irq);
	WRITE_ONCE(connects, connects + 1);
	return 0;
}

static void spy_del_producer(struct irq_bypass_consumer *consumer,
			     struct irq_bypass_producer *producer)
{
	WRITE_ONCE(handled, irq_has_action(producer->irq));
	WRITE_ONCE(disconnects, disconnects + 1);
}

static struct irq_bypass_consumer spy = {
	.add_producer = spy_add_producer,
	.del_producer = spy_del_producer,
};

/* The eventfd of @spy, NULL while it isn't registered; the parameters' lock protects it */
static struct eventfd_ctx *spied;

static void spy_stop(void)
{
	if (!spied)
		return;
	irq_bypass_unregister_consumer(&spy);
	eventfd_ctx_put(spied);
	spied = NULL;
}

static int spy_start(int fd)
{
	struct eventfd_ctx *ctx;
	int ret;

	ctx = eventfd_ctx_fdget(fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	ret = irq_bypass_register_consumer(&spy, ctx);
	if (ret) {
		eventfd_ctx_put(ctx);
		return ret;
	}
	spied = ctx;
	return 0;
}

/* Runs in the process that writes, so this is one of its descriptors */
static int spy_fd_set(const char *val, const struct kernel_param *kp)
{
	int fd, ret;

	ret = kstrtoint(val, 0, &fd);
	if (ret)
		return ret;
	spy_stop();
	WRITE_ONCE(connects, 0);
	WRITE_ONCE(disconnects, 0);
	return fd < 0 ? 0 : spy_start(fd);
}

static const struct kernel_param_ops fd_ops = {
	.set = spy_fd_set,
};

module_param_cb(fd, &fd_ops, NULL, 0200);
MODULE_PARM_DESC(fd, "Eventfd to wait for a producer on; negative for none");

static int __init spy_init(void)
{
	return 0;
}
module_init(spy_init);

static void __exit spy_exit(void)
{
	spy_stop();
}
module_exit(spy_exit);

MODULE_DESCRIPTION("Consumer of VFIO's interrupts for its selftests");
MODULE_LICENSE("GPL");
