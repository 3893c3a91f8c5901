// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's way to the real configuration space of a device.
 *
 * What the virtual configuration space wants from the real one, and memory
 * decoding, go through vdev->cfg_host.  There is one set of operations for
 * hardware, here; the KUnit tests bring their own.  No lock is needed: the PCI
 * core serialises accesses, and holds back those made while the device is in
 * the middle of a reset or a change of its power state.
 *
 * Registers that the library reads or writes for itself (INTx Disable, the
 * place of the MSI-X table, No_Soft_Reset) it asks the PCI core for.
 *
 * Called by everybody above; calls nobody in the library.
 */
#include <linux/pci.h>
#include <linux/unaligned.h>

#include "vfio_pci_priv.h"

static int hw_read(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len, u32 *val)
{
	u16 word;
	u8 byte;
	int ret;

	switch (len) {
	case 4:
		return pci_user_read_config_dword(vdev->pdev, pos, val);
	case 2:
		ret = pci_user_read_config_word(vdev->pdev, pos, &word);
		*val = word;
		return ret;
	case 1:
		ret = pci_user_read_config_byte(vdev->pdev, pos, &byte);
		*val = byte;
		return ret;
	default:
		return -EINVAL;
	}
}

static int hw_write(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len, u32 val)
{
	switch (len) {
	case 4:
		return pci_user_write_config_dword(vdev->pdev, pos, val);
	case 2:
		return pci_user_write_config_word(vdev->pdev, pos, val);
	case 1:
		return pci_user_write_config_byte(vdev->pdev, pos, val);
	default:
		return -EINVAL;
	}
}

static int hw_vpd_read(struct vfio_pci_core_device *vdev, unsigned int addr, __le32 *data)
{
	ssize_t ret = pci_read_vpd(vdev->pdev, addr, sizeof(*data), data);

	if (ret < 0)
		return ret;
	return ret == sizeof(*data) ? 0 : -EIO;
}

static int hw_vpd_write(struct vfio_pci_core_device *vdev, unsigned int addr, __le32 data)
{
	ssize_t ret = pci_write_vpd(vdev->pdev, addr, sizeof(data), &data);

	if (ret < 0)
		return ret;
	return ret == sizeof(data) ? 0 : -EIO;
}

static int hw_set_readrq(struct vfio_pci_core_device *vdev, unsigned int bytes)
{
	return pcie_set_readrq(vdev->pdev, bytes);
}

const struct vfio_pci_cfg_host_ops vfio_pci_cfg_hardware = {
	.read = hw_read,
	.write = hw_write,
	.vpd_read = hw_vpd_read,
	.vpd_write = hw_vpd_write,
	.set_readrq = hw_set_readrq,
};

/**
 * vfio_pci_cfg_host_read() - Read the real configuration space
 * @vdev: device
 * @pos: offset, a multiple of @len
 * @len: 1, 2 or 4 bytes
 * @val: what was read; all ones if that failed
 *
 * Context: may sleep while the PCI core keeps users away from the device.
 * Return: 0, or a negative errno of the PCI core: -ENODEV when the device
 * does not answer any more, -EINVAL for a bad @pos or @len.
 */
int vfio_pci_cfg_host_read(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
			   u32 *val)
{
	*val = ~0U;
	if (likely(vdev->cfg_host == &vfio_pci_cfg_hardware))
		return hw_read(vdev, pos, len, val);
	return vdev->cfg_host->read(vdev, pos, len, val);
}

/**
 * vfio_pci_cfg_host_read_dwords() - Read many dwords of the real configuration space
 * @vdev: device
 * @pos: offset of the first, a multiple of 4
 * @num: dwords, all inside configuration space
 * @buf: where to, little endian, not necessarily aligned
 *
 * As vfio_pci_cfg_host_read() for each of them, in this order.
 *
 * Context: may sleep while the PCI core keeps users away from the device.
 * Return: 0, or a negative errno as for vfio_pci_cfg_host_read(); the dwords
 * from the failed one on are not in @buf then.
 */
int vfio_pci_cfg_host_read_dwords(struct vfio_pci_core_device *vdev, unsigned int pos,
				  unsigned int num, u8 *buf)
{
	const bool hw = vdev->cfg_host == &vfio_pci_cfg_hardware;
	struct pci_dev *pdev = vdev->pdev;
	const u8 *end = buf + 4 * num;
	u32 val;
	int ret;

	for (; buf != end; buf += 4, pos += 4) {
		if (likely(hw))
			ret = pci_user_read_config_dword(pdev, pos, &val);
		else
			ret = vdev->cfg_host->read(vdev, pos, 4, &val);
		if (ret)
			return ret;
		put_unaligned_le32(val, buf);
	}
	return 0;
}

/**
 * vfio_pci_cfg_host_write() - Write the real configuration space
 * @vdev: device
 * @pos: offset, a multiple of @len
 * @len: 1, 2 or 4 bytes
 * @val: what to write
 *
 * Context: may sleep while the PCI core keeps users away from the device.
 * Return: 0, or a negative errno as for vfio_pci_cfg_host_read().
 */
int vfio_pci_cfg_host_write(struct vfio_pci_core_device *vdev, unsigned int pos, unsigned int len,
			    u32 val)
{
	if (likely(vdev->cfg_host == &vfio_pci_cfg_hardware))
		return hw_write(vdev, pos, len, val);
	return vdev->cfg_host->write(vdev, pos, len, val);
}
