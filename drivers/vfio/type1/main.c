// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: type1 offers itself to containers, and one container's state comes
 * and goes.
 *
 * The core calls what is in the table, see struct vfio_iommu_driver_ops.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "type1.h"

static unsigned int dma_entry_limit = U16_MAX;
module_param(dma_entry_limit, uint, 0644);
MODULE_PARM_DESC(dma_entry_limit, "Mappings that a container may have (65535)");

/*
 * Version 1 differs in what becomes of a mapping that would have to be cut, and has
 * neither a dirty log nor pages for emulated devices.
 */
static void *type1_open(unsigned long arg)
{
	struct type1 *t;

	if (arg != VFIO_TYPE1_IOMMU && arg != VFIO_TYPE1v2_IOMMU)
		return ERR_PTR(-EINVAL);
	t = kzalloc_obj(*t, GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->v2 = arg == VFIO_TYPE1v2_IOMMU;
	mutex_init(&t->lock);
	init_waitqueue_head(&t->idle);
	t->dmas = RB_ROOT;
	t->dma_avail = READ_ONCE(dma_entry_limit);
	t->pgsizes = PAGE_MASK;
	mutex_init(&t->domain_lock);
	INIT_LIST_HEAD(&t->domains);
	INIT_LIST_HEAD(&t->emulated_groups);
	INIT_LIST_HEAD(&t->ranges);
	mutex_init(&t->devices_lock);
	INIT_LIST_HEAD(&t->devices);
	return t;
}

static void type1_release(void *data)
{
	struct type1 *t = data;

	type1_remove_all(t);
	type1_iova_free(&t->ranges);
	mutex_destroy(&t->devices_lock);
	mutex_destroy(&t->domain_lock);
	mutex_destroy(&t->lock);
	kfree(t);
}

static const struct vfio_iommu_driver_ops type1_ops = {
	.name			= "vfio-iommu-type1",
	.owner			= THIS_MODULE,
	.open			= type1_open,
	.release		= type1_release,
	.ioctl			= type1_ioctl,
	.attach_group		= type1_attach_group,
	.detach_group		= type1_detach_group,
	.pin_pages		= type1_pin_pages,
	.unpin_pages		= type1_unpin_pages,
	.register_device	= type1_register_device,
	.unregister_device	= type1_unregister_device,
	.dma_rw			= type1_dma_rw,
};

static int __init type1_init(void)
{
	return vfio_register_iommu_driver(&type1_ops);
}
module_init(type1_init);

static void __exit type1_exit(void)
{
	vfio_unregister_iommu_driver(&type1_ops);
}
module_exit(type1_exit);

MODULE_VERSION("0.2");
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Type1 IOMMU driver for VFIO");
