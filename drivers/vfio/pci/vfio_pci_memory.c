// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a device's memory away from user space and from other devices, and
 * giving it back: the only place that does so.
 *
 * Whoever makes the BARs unreachable (memory decoding off, D3, reset, close)
 * holds memory_lock for writing meanwhile.  Accesses and faults hold it for
 * reading and ask __vfio_pci_memory_enabled().  The lock is taken first and
 * the mappings are removed then: a fault either came before, and what it
 * mapped is removed, or waits for the lock and sees the new state.  memory_lock
 * is taken inside of mmap_lock by faults, so nothing that may take mmap_lock
 * (user memory!) is allowed while holding it.
 *
 * When the CPUs are shut out, so are other devices: whatever was exported is
 * revoked (vfio_pci_dmabuf.c), and what containers have mapped is stopped (the
 * core's dma_target.c), before anything happens to the memory.
 */

#include <linux/mm.h>

#include "vfio_pci_priv.h"
#include "vfio_pci_trace.h"

/**
 * vfio_pci_memory_zap() - Remove all mappings of the BARs
 * @vdev: device, memory_lock is held for writing
 *
 * When it returns no page of a BAR is mapped, through whatever file it was,
 * nor by an IOMMU for another device's DMA; mappings of other devices' BARs
 * stay.
 *
 * Context: process context, sleeps, also until importers of the device's
 * dma-bufs have let go
 */
void vfio_pci_memory_zap(struct vfio_pci_core_device *vdev)
{
	const u64 begin = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_BAR0_REGION_INDEX);
	const u64 end = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_ROM_REGION_INDEX);

	lockdep_assert_held_write(&vdev->memory_lock);

	unmap_mapping_range(vdev->vdev.inode->i_mapping, begin, end - begin, true);
	trace_vfio_pci_zap(vdev);
	vfio_pci_dmabuf_revoke(vdev);
	vfio_dma_targets_stop(&vdev->vdev);
}

/**
 * vfio_pci_memory_zap_and_lock() - Stop all access to the BARs
 * @vdev: device
 *
 * When it returns no access is under way, and nothing is mapped.
 *
 * Context: process context, sleeps; returns with memory_lock held for writing
 */
void vfio_pci_memory_zap_and_lock(struct vfio_pci_core_device *vdev)
{
	down_write(&vdev->memory_lock);
	vfio_pci_memory_zap(vdev);
}

/**
 * vfio_pci_memory_zap_and_lock_nested() - The same in the hands of the PCI core
 * @vdev: device that the PCI core is about to reset, its device lock is held
 *
 * A reset of a whole bus comes here for one device after the other.  It holds
 * all of their device locks, so nobody else can do the same in another order.
 *
 * Context: process context, sleeps; returns with memory_lock held for writing
 */
void vfio_pci_memory_zap_and_lock_nested(struct vfio_pci_core_device *vdev)
{
	down_write_nest_lock(&vdev->memory_lock, &vdev->pdev->dev.mutex);
	vfio_pci_memory_zap(vdev);
}

/**
 * vfio_pci_memory_trylock() - Take memory_lock for writing if it is free
 * @vdev: device
 *
 * For who holds the memory_lock of another device and must not wait therefore.
 * No mapping is removed.
 *
 * Return: true if memory_lock is held for writing now
 */
bool vfio_pci_memory_trylock(struct vfio_pci_core_device *vdev)
{
	return down_write_trylock(&vdev->memory_lock);
}

/**
 * vfio_pci_memory_unlock() - Allow access again, as far as the state allows it
 * @vdev: device, memory_lock is held for writing
 *
 * Faults ask for the state themselves, exports and targets have to be told.
 */
void vfio_pci_memory_unlock(struct vfio_pci_core_device *vdev)
{
	if (vfio_pci_memory_mappable(vdev)) {
		vfio_pci_dmabuf_restore(vdev);
		vfio_dma_targets_resume(&vdev->vdev);
	}
	up_write(&vdev->memory_lock);
}

/**
 * vfio_pci_memory_open() - Let the memory be exported from now on
 * @vdev: device that is being opened
 *
 * Return: 0 or -ENOMEM
 *
 * Context: process context, dev_set->lock held
 */
int vfio_pci_memory_open(struct vfio_pci_core_device *vdev)
{
	return vfio_pci_dmabuf_open(vdev);
}

/**
 * vfio_pci_memory_close() - What was taken away is not given back any more
 * @vdev: device that is being closed, or whose open has failed, between
 *        vfio_pci_memory_zap_and_lock() and vfio_pci_memory_unlock()
 *
 * To be called while the function is still enabled and its BARs still ours
 * (CVE-2026-53322).  Exports that somebody has a file of are dead from here
 * on, whoever opens the device next.
 *
 * Context: process context, dev_set->lock and memory_lock (for writing) held
 */
void vfio_pci_memory_close(struct vfio_pci_core_device *vdev)
{
	vfio_pci_dmabuf_close(vdev);
}

/**
 * vfio_pci_memory_decode_on() - Switch the hardware's memory decoding on
 * @vdev: device, memory_lock is held for writing
 *
 * For the host's own access to the MSI-X table, whatever the user has written
 * to the command register.  User space gets nothing of it.
 *
 * Return: command register as it was, for vfio_pci_memory_decode_put()
 */
u16 vfio_pci_memory_decode_on(struct vfio_pci_core_device *vdev)
{
	u32 cmd = 0;

	lockdep_assert_held_write(&vdev->memory_lock);

	vfio_pci_cfg_host_read(vdev, PCI_COMMAND, 2, &cmd);
	if (!(cmd & PCI_COMMAND_MEMORY))
		vfio_pci_cfg_host_write(vdev, PCI_COMMAND, 2, cmd | PCI_COMMAND_MEMORY);
	return cmd;
}

/**
 * vfio_pci_memory_decode_put() - Undo vfio_pci_memory_decode_on()
 * @vdev: device, memory_lock is held for writing
 * @cmd: what that returned
 */
void vfio_pci_memory_decode_put(struct vfio_pci_core_device *vdev, u16 cmd)
{
	u32 now = 0;

	lockdep_assert_held_write(&vdev->memory_lock);

	if (cmd & PCI_COMMAND_MEMORY)
		return;

	/* Other bits (DisINTx) may have changed meanwhile */
	vfio_pci_cfg_host_read(vdev, PCI_COMMAND, 2, &now);
	vfio_pci_cfg_host_write(vdev, PCI_COMMAND, 2, now & ~PCI_COMMAND_MEMORY);
}

/**
 * vfio_pci_memory_force_decode() - Lock the memory and switch decoding on
 * @vdev: open device
 *
 * Mappings stay: the memory does not go away, it comes.
 *
 * Return: command register as it was, for vfio_pci_memory_restore_decode()
 *
 * Context: process context, sleeps; returns with memory_lock held for writing
 */
u16 vfio_pci_memory_force_decode(struct vfio_pci_core_device *vdev)
{
	down_write(&vdev->memory_lock);
	return vfio_pci_memory_decode_on(vdev);
}

/**
 * vfio_pci_memory_restore_decode() - Undo vfio_pci_memory_force_decode()
 * @vdev: device, memory_lock is held for writing
 * @cmd: what that returned
 */
void vfio_pci_memory_restore_decode(struct vfio_pci_core_device *vdev, u16 cmd)
{
	vfio_pci_memory_decode_put(vdev, cmd);
	up_write(&vdev->memory_lock);
}
