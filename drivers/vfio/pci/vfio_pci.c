// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci: the driver that hands any PCI device to user space.  All of the
 * work is done by vfio-pci-core; here stand the module parameters and the
 * decision which device to take.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "vfio_pci_ids.h"
#include "vfio_pci_igd.h"

static char ids[1024] __initdata;
module_param_string(ids, ids, sizeof(ids), 0);
MODULE_PARM_DESC(ids,
		 "Devices to take as soon as the module is loaded: vendor:device[:subvendor[:subdevice[:class[:class_mask]]]], hexadecimal, more than one separated by commas");

static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask,
		 "Don't mask INTx in the device but at the interrupt controller, for devices bound from now on");

#ifdef CONFIG_VFIO_PCI_VGA
static bool disable_vga;
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga,
		 "Offer no VGA region, keep adapters behind a bridge of their own out of VGA arbitration");
#else
static const bool disable_vga;
#endif

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0644);
MODULE_PARM_DESC(disable_idle_d3,
		 "Leave devices that nobody uses in D0, for devices bound from now on");

#ifdef CONFIG_PCI_IOV
static bool enable_sriov;
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov,
		 "Let VFs be created while their PF is in a user's hands, through the PF's sriov_numvfs");
#else
#define enable_sriov	false
#endif

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist,
		 "Take devices, too, that a user can harm the host with");

static int vfio_pci_open_device(struct vfio_device *core_vdev)
{
	struct vfio_pci_core_device *vdev =
		container_of(core_vdev, struct vfio_pci_core_device, vdev);
	int ret;

	ret = vfio_pci_core_enable(vdev);
	if (ret)
		return ret;

	ret = vfio_pci_igd_add_regions(vdev);
	if (ret) {
		vfio_pci_core_disable(vdev);
		return ret;
	}
	vfio_pci_core_finish_enable(vdev);
	return 0;
}

static const struct vfio_device_ops vfio_pci_ops = {
	.name			= "vfio-pci",

	.init			= vfio_pci_core_init_dev,
	.open_device		= vfio_pci_open_device,
	.close_device		= vfio_pci_core_close_device,
	.request		= vfio_pci_core_request,
	.release		= vfio_pci_core_release_dev,

	.get_region_info_caps	= vfio_pci_ioctl_get_region_info,
	.mmap			= vfio_pci_core_mmap,
	.mmap_phys		= vfio_pci_core_mmap_phys,
	.read			= vfio_pci_core_read,
	.write			= vfio_pci_core_write,
	.ioctl			= vfio_pci_core_ioctl,
	.device_feature		= vfio_pci_core_ioctl_feature,

	.match			= vfio_pci_core_match,
	.match_token_uuid	= vfio_pci_core_match_token_uuid,

	.bind_iommufd		= vfio_iommufd_physical_bind,
	.attach_ioas		= vfio_iommufd_physical_attach_ioas,
	.pasid_attach_ioas	= vfio_iommufd_physical_pasid_attach_ioas,
	.pasid_detach_ioas	= vfio_iommufd_physical_pasid_detach_ioas,
	.detach_ioas		= vfio_iommufd_physical_detach_ioas,
	.unbind_iommufd		= vfio_iommufd_physical_unbind,
};

static const struct vfio_pci_device_ops vfio_pci_dev_ops = {
	.get_dmabuf_phys	= vfio_pci_core_get_dmabuf_phys,
};

static bool vfio_pci_refuse(struct pci_dev *pdev)
{
	if (!vfio_pci_id_denied(pdev->vendor, pdev->device))
		return false;

	if (disable_denylist) {
		pci_warn(pdev, "device denylist disabled, %04x:%04x can harm the host\n",
			 pdev->vendor, pdev->device);
		return false;
	}
	pci_warn(pdev, "%04x:%04x exists in vfio-pci device denylist, driver probing disallowed.\n",
		 pdev->vendor, pdev->device);
	return true;
}

static int vfio_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_pci_core_device *vdev;
	int ret;

	if (vfio_pci_refuse(pdev))
		return -EINVAL;

	vdev = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev, &vfio_pci_ops);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);

	/* Once and for all: they can be written at any time (CVE-2026-64476) */
	vdev->nointxmask = READ_ONCE(nointxmask);
	vdev->disable_idle_d3 = READ_ONCE(disable_idle_d3);
	vdev->disable_vga = READ_ONCE(disable_vga);

	vdev->pci_ops = &vfio_pci_dev_ops;
	dev_set_drvdata(&pdev->dev, vdev);
	ret = vfio_pci_core_register_device(vdev);
	if (ret)
		vfio_put_device(&vdev->vdev);
	return ret;
}

static void vfio_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(vdev);
	vfio_put_device(&vdev->vdev);
}

static int vfio_pci_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	if (!enable_sriov)
		return -ENOENT;
	return vfio_pci_core_sriov_configure(dev_get_drvdata(&pdev->dev), nr_virtfn);
}

/* Any device, but only those that are directed here by driver_override */
static const struct pci_device_id vfio_pci_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, vfio_pci_table);

static struct pci_driver vfio_pci_driver = {
	.name			= "vfio-pci",
	/* DMA belongs to the user, who claims it through iommufd */
	.driver_managed_dma	= true,
	.id_table		= vfio_pci_table,
	.err_handler		= &vfio_pci_core_err_handlers,
	.probe			= vfio_pci_probe,
	.remove			= vfio_pci_remove,
	.sriov_configure	= vfio_pci_sriov_configure,
};

/* A wrong entry is no reason not to load: somebody may be locked out by it */
static void __init vfio_pci_add_ids(void)
{
	char *rest = ids, *text;

	while ((text = strsep(&rest, ","))) {
		struct vfio_pci_id id;
		char shown[80];
		int ret;

		if (!*text)
			continue;
		strscpy(shown, text, sizeof(shown));
		if (vfio_pci_id_parse(text, &id)) {
			pr_warn("invalid id string \"%s\"\n", shown);
			continue;
		}

		ret = pci_add_dynid(&vfio_pci_driver, id.vendor, id.device, id.subvendor,
				    id.subdevice, id.class, id.class_mask, 0);
		if (ret)
			pr_warn("failed to add dynamic id [%04x:%04x[%04x:%04x]] class %#08x/%08x (%d)\n",
				id.vendor, id.device, id.subvendor, id.subdevice, id.class,
				id.class_mask, ret);
		else
			pr_info("add [%04x:%04x[%04x:%04x]] class %#08x/%08x\n",
				id.vendor, id.device, id.subvendor, id.subdevice, id.class,
				id.class_mask);
	}
}

static int __init vfio_pci_init(void)
{
	int ret = pci_register_driver(&vfio_pci_driver);

	if (ret)
		return ret;

	vfio_pci_add_ids();
	if (disable_denylist)
		pr_warn("device denylist disabled.\n");
	return 0;
}

static void __exit vfio_pci_exit(void)
{
	pci_unregister_driver(&vfio_pci_driver);
}

module_init(vfio_pci_init);
module_exit(vfio_pci_exit);

MODULE_DESCRIPTION("VFIO PCI - User Level meta-driver");
MODULE_LICENSE("GPL");
