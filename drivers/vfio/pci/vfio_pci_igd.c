// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel graphics devices: regions with what their drivers look for outside of
 * the device.  That is the OpRegion in memory (vfio_pci_opregion.c knows what
 * it looks like), and configuration space of the host bridge and of the LPC
 * bridge.  All of it can be read and not written.
 *
 * Regions are added when a device is opened, with dev_set->lock held, and
 * constant then.  Called from vfio_pci.c.
 */

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_pci_igd.h"
#include "vfio_pci_priv.h"

#define IGD_REGION_TYPE		(VFIO_REGION_TYPE_PCI_VENDOR_TYPE | PCI_VENDOR_ID_INTEL)

/*
 * Firmware's tables never lie in memory that Linux uses for itself: an address
 * there is wrong, and must not give user space a look at it.
 */
VISIBLE_IF_KUNIT void *vfio_pci_igd_map(u64 addr, size_t size)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_igd_map, addr, size);

	if ((resource_size_t)addr != addr ||
	    region_intersects(addr, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT)
		return ERR_PTR(-EINVAL);
	return memremap(addr, size, MEMREMAP_WB) ?: ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_igd_map);

VISIBLE_IF_KUNIT void vfio_pci_igd_unmap(void *mapping)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_igd_unmap, mapping);
	memunmap(mapping);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_igd_unmap);

/* ---- the OpRegion */

static void vfio_pci_igd_opregion_free(struct vfio_pci_opregion *opregion)
{
	if (!opregion)
		return;
	if (!IS_ERR_OR_NULL(opregion->vbt))
		vfio_pci_igd_unmap(opregion->vbt);
	if (!IS_ERR_OR_NULL(opregion->head))
		vfio_pci_igd_unmap(opregion->head);
	kfree(opregion);
}

DEFINE_FREE(vfio_pci_igd_opregion, struct vfio_pci_opregion *, vfio_pci_igd_opregion_free(_T))

static int vfio_pci_igd_opregion_look(u64 addr, struct vfio_pci_opregion_info *info)
{
	void *head = vfio_pci_igd_map(addr, VFIO_PCI_OPREGION_HEAD);
	int ret;

	if (IS_ERR(head))
		return PTR_ERR(head);
	ret = vfio_pci_opregion_parse(head, addr, info);
	vfio_pci_igd_unmap(head);
	return ret;
}

static ssize_t vfio_pci_igd_opregion_rw(struct vfio_pci_core_device *vdev,
					const struct vfio_pci_region *region, char __user *buf,
					size_t count, u64 pos, bool iswrite)
{
	size_t done, n;
	u8 bytes[256];

	for (done = 0; done < count; done += n) {
		n = min(count - done, sizeof(bytes));
		vfio_pci_opregion_read(region->data, pos + done, bytes, n);
		if (copy_to_user(buf + done, bytes, n))
			return -EFAULT;
	}
	return done;
}

static void vfio_pci_igd_opregion_release(struct vfio_pci_core_device *vdev,
					  const struct vfio_pci_region *region)
{
	vfio_pci_igd_opregion_free(region->data);
}

static const struct vfio_pci_regops vfio_pci_igd_opregion_ops = {
	.rw = vfio_pci_igd_opregion_rw,
	.release = vfio_pci_igd_opregion_release,
};

/*
 * The address register becomes a virtual one: there user space puts the address
 * that the OpRegion has in the virtual machine.
 */
static int vfio_pci_igd_add_opregion(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_opregion *opregion __free(vfio_pci_igd_opregion) = NULL;
	u32 addr;
	int ret;

	ret = vfio_pci_cfg_host_read(vdev, VFIO_PCI_IGD_ASLS, 4, &addr);
	if (ret)
		return ret;
	if (!addr || addr == ~0U)
		return -ENODEV;

	opregion = kzalloc_obj(*opregion, GFP_KERNEL_ACCOUNT);
	if (!opregion)
		return -ENOMEM;
	ret = vfio_pci_igd_opregion_look(addr, &opregion->info);
	if (ret)
		return ret;

	opregion->head = vfio_pci_igd_map(addr, opregion->info.size);
	if (IS_ERR(opregion->head))
		return PTR_ERR(opregion->head);
	if (opregion->info.vbt_size) {
		opregion->vbt = vfio_pci_igd_map(opregion->info.vbt, opregion->info.vbt_size);
		if (IS_ERR(opregion->vbt))
			return PTR_ERR(opregion->vbt);
	}

	ret = vfio_pci_core_register_dev_region(vdev, IGD_REGION_TYPE,
						VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION,
						&vfio_pci_igd_opregion_ops,
						opregion->info.size + opregion->info.vbt_size,
						VFIO_REGION_INFO_FLAG_READ, opregion);
	if (ret)
		return ret;
	retain_and_null_ptr(opregion);
	return vfio_pci_config_virtualise_dword(vdev, VFIO_PCI_IGD_ASLS, addr);
}

/* ---- configuration space of the bridges */

/* Both are what they are only on a platform of Intel's */
VISIBLE_IF_KUNIT struct pci_dev *vfio_pci_igd_bridge(struct pci_dev *pdev, unsigned int devfn)
{
	KUNIT_STATIC_STUB_REDIRECT(vfio_pci_igd_bridge, pdev, devfn);
	return pci_get_domain_bus_and_slot(pci_domain_nr(pdev->bus), 0, devfn);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_pci_igd_bridge);

static int vfio_pci_igd_cfg_read(struct pci_dev *bridge, u64 pos, size_t len, __le32 *val)
{
	u16 word;
	u32 dword;
	u8 byte;
	int ret;

	switch (len) {
	case 4:
		ret = pci_user_read_config_dword(bridge, pos, &dword);
		break;
	case 2:
		ret = pci_user_read_config_word(bridge, pos, &word);
		dword = word;
		break;
	default:
		ret = pci_user_read_config_byte(bridge, pos, &byte);
		dword = byte;
		break;
	}
	*val = cpu_to_le32(dword);
	return ret;
}

static ssize_t vfio_pci_igd_cfg_rw(struct vfio_pci_core_device *vdev,
				   const struct vfio_pci_region *region, char __user *buf,
				   size_t count, u64 pos, bool iswrite)
{
	size_t done, n;
	__le32 val;
	bool hole;
	int ret;

	for (done = 0; done < count; done += n) {
		n = vfio_pci_io_chunk(pos + done, count - done, 0, 0, sizeof(val), &hole);
		ret = vfio_pci_igd_cfg_read(region->data, pos + done, n, &val);
		if (ret)
			return ret;
		if (copy_to_user(buf + done, &val, n))
			return -EFAULT;
	}
	return done;
}

static void vfio_pci_igd_cfg_release(struct vfio_pci_core_device *vdev,
				     const struct vfio_pci_region *region)
{
	pci_dev_put(region->data);
}

static const struct vfio_pci_regops vfio_pci_igd_cfg_ops = {
	.rw = vfio_pci_igd_cfg_rw,
	.release = vfio_pci_igd_cfg_release,
};

/**
 * struct vfio_pci_igd_bridge_region - A bridge that drivers look at
 * @devfn: where it is on bus 0
 * @class: class code without the programming interface
 * @subtype: subtype of its region
 */
struct vfio_pci_igd_bridge_region {
	unsigned int devfn;
	u32 class;
	unsigned int subtype;
};

static const struct vfio_pci_igd_bridge_region vfio_pci_igd_bridges[] = {
	{ PCI_DEVFN(0, 0), PCI_CLASS_BRIDGE_HOST, VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG },
	{ PCI_DEVFN(0x1f, 0), PCI_CLASS_BRIDGE_ISA, VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG },
};

static int vfio_pci_igd_add_bridge(struct vfio_pci_core_device *vdev,
				   const struct vfio_pci_igd_bridge_region *want)
{
	struct pci_dev *bridge __free(pci_dev_put) = vfio_pci_igd_bridge(vdev->pdev, want->devfn);
	int ret;

	if (!bridge)
		return -ENODEV;
	if (bridge->vendor != PCI_VENDOR_ID_INTEL || bridge->class >> 8 != want->class)
		return -EINVAL;

	ret = vfio_pci_core_register_dev_region(vdev, IGD_REGION_TYPE, want->subtype,
						&vfio_pci_igd_cfg_ops, bridge->cfg_size,
						VFIO_REGION_INFO_FLAG_READ, bridge);
	if (ret)
		return ret;
	retain_and_null_ptr(bridge);
	return 0;
}

static int vfio_pci_igd_try_regions(struct vfio_pci_core_device *vdev)
{
	unsigned int i;
	int ret;

	ret = vfio_pci_igd_add_opregion(vdev);
	for (i = 0; !ret && i < ARRAY_SIZE(vfio_pci_igd_bridges); i++)
		ret = vfio_pci_igd_add_bridge(vdev, &vfio_pci_igd_bridges[i]);
	return ret;
}

/**
 * vfio_pci_igd_add_regions() - Give an Intel graphics device its regions
 * @vdev: device after vfio_pci_core_enable(), nothing happens to others
 *
 * A device without an OpRegion gets none of the regions, and without a bridge
 * not that of the bridge: these are no reason to fail.
 *
 * Return: 0; -EINVAL the OpRegion is not sound, or what is where the bridges
 * should be is something else; -ENOMEM; -ENOSPC the device's configuration
 * space is too full to be changed; or the error of reading it.  The caller
 * calls vfio_pci_core_disable() then.
 *
 * Context: process context, sleeps; dev_set->lock held
 */
int vfio_pci_igd_add_regions(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	if (pdev->vendor != PCI_VENDOR_ID_INTEL || !pci_is_display(pdev))
		return 0;

	ret = vfio_pci_igd_try_regions(vdev);
	if (!ret || ret == -ENODEV)
		return 0;
	pci_warn(pdev, "Failed to setup Intel IGD regions\n");
	return ret;
}
EXPORT_SYMBOL_FOR_MODULES(vfio_pci_igd_add_regions, "vfio-pci,vfio_pci_kunit");
