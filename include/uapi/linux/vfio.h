/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The binary interface of VFIO: direct device access from user space behind
 * an IOMMU.
 *
 * Four kinds of file descriptor understand the commands below:
 *
 *   container    /dev/vfio/vfio, an address space for the DMA of some groups
 *   group        /dev/vfio/<n>, the devices that the IOMMU cannot tell apart
 *   device       from a group, or /dev/vfio/devices/vfio<n> bound to an iommufd
 *   migration    the data stream a device hands out while it migrates
 *
 * Nothing here may change its number, size or meaning.  What is new gets a
 * new number, a new feature index, a new flag or a new capability id.
 */
#ifndef _UAPI_LINUX_VFIO_H
#define _UAPI_LINUX_VFIO_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <linux/stddef.h>

#define VFIO_API_VERSION	0

/* ---- Command numbers ---------------------------------------------------- */

/**
 * DOC: command numbers
 *
 * No command encodes a direction or a size in its number: the argument begins
 * with its own length instead (see "argument sizes").  A number says what to
 * do only together with the kind of file it is sent to; from base + 12 on the
 * same numbers are in use for devices, for IOMMU backends and for migration
 * streams.
 */
#define VFIO_TYPE	(';')
#define VFIO_BASE	100

/* Container, whatever the backend */
#define VFIO_GET_API_VERSION		_IO(VFIO_TYPE, VFIO_BASE + 0)
#define VFIO_CHECK_EXTENSION		_IO(VFIO_TYPE, VFIO_BASE + 1)
#define VFIO_SET_IOMMU			_IO(VFIO_TYPE, VFIO_BASE + 2)

/* Container, handed to the backend that VFIO_SET_IOMMU chose: type1 ... */
#define VFIO_IOMMU_GET_INFO		_IO(VFIO_TYPE, VFIO_BASE + 12)
#define VFIO_IOMMU_MAP_DMA		_IO(VFIO_TYPE, VFIO_BASE + 13)
#define VFIO_IOMMU_UNMAP_DMA		_IO(VFIO_TYPE, VFIO_BASE + 14)
#define VFIO_IOMMU_DIRTY_PAGES		_IO(VFIO_TYPE, VFIO_BASE + 17)

/* ... and sPAPR, which takes the map and unmap commands of type1, too */
#define VFIO_IOMMU_SPAPR_TCE_GET_INFO	_IO(VFIO_TYPE, VFIO_BASE + 12)
#define VFIO_IOMMU_ENABLE		_IO(VFIO_TYPE, VFIO_BASE + 15)
#define VFIO_IOMMU_DISABLE		_IO(VFIO_TYPE, VFIO_BASE + 16)
#define VFIO_IOMMU_SPAPR_REGISTER_MEMORY	_IO(VFIO_TYPE, VFIO_BASE + 17)
#define VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY	_IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_IOMMU_SPAPR_TCE_CREATE	_IO(VFIO_TYPE, VFIO_BASE + 19)
#define VFIO_IOMMU_SPAPR_TCE_REMOVE	_IO(VFIO_TYPE, VFIO_BASE + 20)
#define VFIO_EEH_PE_OP			_IO(VFIO_TYPE, VFIO_BASE + 21)

/* Group */
#define VFIO_GROUP_GET_STATUS		_IO(VFIO_TYPE, VFIO_BASE + 3)
#define VFIO_GROUP_SET_CONTAINER	_IO(VFIO_TYPE, VFIO_BASE + 4)
#define VFIO_GROUP_UNSET_CONTAINER	_IO(VFIO_TYPE, VFIO_BASE + 5)
#define VFIO_GROUP_GET_DEVICE_FD	_IO(VFIO_TYPE, VFIO_BASE + 6)

/* Device, every bus */
#define VFIO_DEVICE_GET_INFO		_IO(VFIO_TYPE, VFIO_BASE + 7)
#define VFIO_DEVICE_GET_REGION_INFO	_IO(VFIO_TYPE, VFIO_BASE + 8)
#define VFIO_DEVICE_GET_IRQ_INFO	_IO(VFIO_TYPE, VFIO_BASE + 9)
#define VFIO_DEVICE_SET_IRQS		_IO(VFIO_TYPE, VFIO_BASE + 10)
#define VFIO_DEVICE_RESET		_IO(VFIO_TYPE, VFIO_BASE + 11)
#define VFIO_DEVICE_FEATURE		_IO(VFIO_TYPE, VFIO_BASE + 17)

/* Device, opened as a character device of its own */
#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 19)
#define VFIO_DEVICE_DETACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 20)

/* Device, PCI */
#define VFIO_DEVICE_GET_PCI_HOT_RESET_INFO	_IO(VFIO_TYPE, VFIO_BASE + 12)
#define VFIO_DEVICE_PCI_HOT_RESET	_IO(VFIO_TYPE, VFIO_BASE + 13)
#define VFIO_DEVICE_IOEVENTFD		_IO(VFIO_TYPE, VFIO_BASE + 16)

/* Device, mediated graphics */
#define VFIO_DEVICE_QUERY_GFX_PLANE	_IO(VFIO_TYPE, VFIO_BASE + 14)
#define VFIO_DEVICE_GET_GFX_DMABUF	_IO(VFIO_TYPE, VFIO_BASE + 15)

/* Migration data stream */
#define VFIO_MIG_GET_PRECOPY_INFO	_IO(VFIO_TYPE, VFIO_BASE + 21)

/* ---- Arguments and capability chains ------------------------------------ */

/**
 * DOC: argument sizes
 *
 * The caller stores in argsz how many bytes of the argument belong to it.  A
 * structure has a minimum: less than that fails with EINVAL.  Unless the
 * command says otherwise, exactly the minimum (plus the flexible part that the
 * contents announce) is read, the rest is ignored and left untouched, and
 * members behind the minimum are filled in as far as argsz reaches.  A bad
 * pointer gives EFAULT, an allocation that fails ENOMEM.
 *
 * A command that the file, the driver or the device does not have fails with
 * ENOTTY, or with EINVAL where a description says so.
 */

/**
 * struct vfio_info_cap_header - start of one element of a capability chain
 * @id: what follows; its own number space for each command with a chain
 * @version: layout of what follows; the same id with a higher version is an
 *	incompatible layout
 * @next: offset of the next element in bytes from the start of the structure
 *	that was passed to the ioctl, 0 in the last element
 *
 * Chains appear behind &struct vfio_device_info, &struct vfio_region_info and
 * &struct vfio_iommu_type1_info, whose flags announce one and whose cap_offset
 * says where it begins.  If argsz is too small for the whole chain, none of it
 * is written, cap_offset is 0, argsz is raised to what is needed, and the
 * ioctl succeeds.  Skip over ids and versions you don't know.
 */
struct vfio_info_cap_header {
	__u16	id;
	__u16	version;
	__u32	next;
};

/* ---- Container ----------------------------------------------------------- */

/**
 * DOC: container
 *
 * VFIO_GET_API_VERSION takes nothing and returns %VFIO_API_VERSION.
 *
 * VFIO_CHECK_EXTENSION takes one of the values below instead of a pointer and
 * returns 0 for no, a positive number for yes.  Before VFIO_SET_IOMMU any
 * backend that the kernel has may answer, afterwards the chosen one.
 *
 * VFIO_SET_IOMMU takes the value of a backend.  It needs a group in the
 * container and can be done once: EINVAL if there is no group or a backend is
 * set already, ENODEV if none offers the value, EPERM if the platform cannot
 * isolate interrupts or the caller may not run without IOMMU, EBUSY while an
 * invalidated address waits for its new one, EINVAL if reserved ranges or
 * apertures contradict each other.  The container returns to its first state,
 * without mappings, when its last group leaves.
 *
 * Any other command fails with EINVAL while no backend is set.
 */

/* Backends, for VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU */
#define VFIO_TYPE1_IOMMU		1
#define VFIO_SPAPR_TCE_IOMMU		2
/* as type 1, but a mapping is only ever unmapped as a whole */
#define VFIO_TYPE1v2_IOMMU		3
/* as type 2, with memory registered in advance and movable windows */
#define VFIO_SPAPR_TCE_v2_IOMMU		7
/* no translation and no protection; see the module parameter of vfio */
#define VFIO_NOIOMMU_IOMMU		8

/* Properties, for VFIO_CHECK_EXTENSION only */
/* all DMA of the container is cache-coherent, no-snoop has no effect */
#define VFIO_DMA_CC_IOMMU		4
/* VFIO_EEH_PE_OP works */
#define VFIO_EEH			5
/* was nested translation of type 1; answers no and stays reserved */
#define __VFIO_RESERVED_TYPE1_NESTING_IOMMU	6
/* %VFIO_DMA_UNMAP_FLAG_ALL works */
#define VFIO_UNMAP_ALL			9
/* the VADDR flags of map and unmap work */
#define VFIO_UPDATE_VADDR		10

/* ---- Group --------------------------------------------------------------- */

/**
 * DOC: group
 *
 * A group node opens once: EBUSY afterwards, or while a member is in use by
 * way of its own character device.
 *
 * VFIO_GROUP_SET_CONTAINER takes a pointer to an __s32 that holds the file
 * descriptor of a container, or of an iommufd which then plays the container.
 * EBADF no such descriptor, EBADFD another kind of file, EINVAL the group has a
 * container, EBUSY a host driver owns one of its devices, EPERM a group with
 * and one without IOMMU cannot share a container, ENODEV the group is gone.
 *
 * VFIO_GROUP_UNSET_CONTAINER takes nothing.  EINVAL there is none, EBUSY
 * device descriptors are open.
 *
 * VFIO_GROUP_GET_DEVICE_FD takes the name of a device as a string of at most
 * one page and returns a descriptor for it, close-on-exec.  PCI devices take
 * "<domain>:<bus>:<slot>.<function>", and behind a space "vf_token=<uuid>" where
 * a virtual function requires one.  ENODEV no such device in the group, EINVAL
 * the container is not ready or the options are wrong, EACCES wrong or missing
 * token, EPERM the caller may not use a device without IOMMU, EMFILE.
 */

/* Every device of the group is free of host drivers and may be used */
#define VFIO_GROUP_FLAGS_VIABLE		(1 << 0)
/* The group belongs to a container */
#define VFIO_GROUP_FLAGS_CONTAINER_SET	(1 << 1)

/**
 * struct vfio_group_status - argument of VFIO_GROUP_GET_STATUS
 * @argsz: bytes the caller has; at least 8
 * @flags: set of VFIO_GROUP_FLAGS_*; written by the kernel
 *
 * ENODEV if the last device has left the group.
 */
struct vfio_group_status {
	__u32	argsz;
	__u32	flags;
};

/* ---- Device description -------------------------------------------------- */

/* VFIO_DEVICE_RESET works */
#define VFIO_DEVICE_FLAGS_RESET		(1 << 0)
/* The bus, which decides what region and interrupt indexes mean */
#define VFIO_DEVICE_FLAGS_PCI		(1 << 1)
#define VFIO_DEVICE_FLAGS_PLATFORM	(1 << 2)
#define VFIO_DEVICE_FLAGS_AMBA		(1 << 3)
#define VFIO_DEVICE_FLAGS_CCW		(1 << 4)
#define VFIO_DEVICE_FLAGS_AP		(1 << 5)
#define VFIO_DEVICE_FLAGS_FSL_MC	(1 << 6)
/* There is a capability chain */
#define VFIO_DEVICE_FLAGS_CAPS		(1 << 7)
#define VFIO_DEVICE_FLAGS_CDX		(1 << 8)

/*
 * What the device_api attribute of a mediated device type in sysfs reads: the
 * kind of device that its instances look like.
 */
#define VFIO_DEVICE_API_PCI_STRING	"vfio-pci"
#define VFIO_DEVICE_API_PLATFORM_STRING	"vfio-platform"
#define VFIO_DEVICE_API_AMBA_STRING	"vfio-amba"
#define VFIO_DEVICE_API_CCW_STRING	"vfio-ccw"
#define VFIO_DEVICE_API_AP_STRING	"vfio-ap"

/**
 * struct vfio_device_info - argument of VFIO_DEVICE_GET_INFO
 * @argsz: bytes the caller has, at least 16; raised if the chain needs more
 * @flags: set of VFIO_DEVICE_FLAGS_*; written by the kernel
 * @num_regions: region indexes 0 to @num_regions - 1 may be asked for
 * @num_irqs: interrupt indexes 0 to @num_irqs - 1 may be asked for
 * @cap_offset: bytes from the start of this structure to the first capability,
 *	ids VFIO_DEVICE_INFO_CAP_*; 0 if there is none or it did not fit
 * @pad: no meaning
 */
struct vfio_device_info {
	__u32	argsz;
	__u32	flags;
	__u32	num_regions;
	__u32	num_irqs;
	__u32	cap_offset;
	__u32	pad;
};

/* Ids 1 to 4 describe an s390 PCI function: layouts in linux/vfio_zdev.h */
#define VFIO_DEVICE_INFO_CAP_ZPCI_BASE		1
#define VFIO_DEVICE_INFO_CAP_ZPCI_GROUP		2
#define VFIO_DEVICE_INFO_CAP_ZPCI_UTIL		3
#define VFIO_DEVICE_INFO_CAP_ZPCI_PFIP		4
/* struct vfio_device_info_cap_pci_atomic_comp */
#define VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP	5

/* Operand widths in bits */
#define VFIO_PCI_ATOMIC_COMP32		(1 << 0)
#define VFIO_PCI_ATOMIC_COMP64		(1 << 1)
#define VFIO_PCI_ATOMIC_COMP128		(1 << 2)

/**
 * struct vfio_device_info_cap_pci_atomic_comp - AtomicOps completed by the host
 * @header: id %VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP, version 1
 * @flags: set of VFIO_PCI_ATOMIC_COMP*: widths that the root port completes and
 *	the whole path from the device to it lets pass (PCIe r6.0 sec. 6.15)
 * @reserved: zero
 *
 * Left out of the chain if no width works.
 */
struct vfio_device_info_cap_pci_atomic_comp {
	struct vfio_info_cap_header	header;
	__u32	flags;
	__u32	reserved;
};

/**
 * DOC: device reset
 *
 * VFIO_DEVICE_RESET takes nothing and resets this device alone.  EINVAL if the
 * device cannot be reset by itself (see %VFIO_DEVICE_FLAGS_RESET), EAGAIN if
 * somebody else holds its lock, otherwise what the bus reports.
 */

/* ---- Regions ------------------------------------------------------------- */

/* What the region allows */
#define VFIO_REGION_INFO_FLAG_READ	(1 << 0)
#define VFIO_REGION_INFO_FLAG_WRITE	(1 << 1)
#define VFIO_REGION_INFO_FLAG_MMAP	(1 << 2)
/* There is a capability chain */
#define VFIO_REGION_INFO_FLAG_CAPS	(1 << 3)

/**
 * struct vfio_region_info - argument of VFIO_DEVICE_GET_REGION_INFO
 * @argsz: bytes the caller has, at least 32; raised if the chain needs more
 * @flags: set of VFIO_REGION_INFO_FLAG_*; written by the kernel
 * @index: which region, below &vfio_device_info.num_regions
 * @cap_offset: bytes from the start of this structure to the first capability,
 *	ids VFIO_REGION_INFO_CAP_*; 0 if there is none or it did not fit
 * @size: bytes in the region; 0 means that the device does not have it
 * @offset: where it begins in the device file, in bytes: add it for pread(),
 *	pwrite() and mmap()
 *
 * EINVAL if there is no such index.
 */
struct vfio_region_info {
	__u32	argsz;
	__u32	flags;
	__u32	index;
	__u32	cap_offset;
	__aligned_u64	size;
	__aligned_u64	offset;
};

/* struct vfio_region_info_cap_sparse_mmap */
#define VFIO_REGION_INFO_CAP_SPARSE_MMAP	1
/* struct vfio_region_info_cap_type */
#define VFIO_REGION_INFO_CAP_TYPE		2
/*
 * A bare header: the page(s) with the MSI-X table may be mapped, too.  The
 * host still refuses table accesses by read and write.
 */
#define VFIO_REGION_INFO_CAP_MSIX_MAPPABLE	3
/* struct vfio_region_info_cap_nvlink2_ssatgt; no kernel reports it any more */
#define VFIO_REGION_INFO_CAP_NVLINK2_SSATGT	4
/* struct vfio_region_info_cap_nvlink2_lnkspd; no kernel reports it any more */
#define VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD	5

/**
 * struct vfio_region_sparse_mmap_area - a part of a region that can be mapped
 * @offset: first byte, from the start of the region; a multiple of the page
 * @size: length in bytes
 */
struct vfio_region_sparse_mmap_area {
	__aligned_u64	offset;
	__aligned_u64	size;
};

/**
 * struct vfio_region_info_cap_sparse_mmap - only some parts can be mapped
 * @header: id %VFIO_REGION_INFO_CAP_SPARSE_MMAP, version 1
 * @nr_areas: elements in @areas
 * @reserved: zero
 * @areas: everything that mmap() accepts
 */
struct vfio_region_info_cap_sparse_mmap {
	struct vfio_info_cap_header	header;
	__u32	nr_areas;
	__u32	reserved;
	struct vfio_region_sparse_mmap_area areas[];
};

/**
 * struct vfio_region_info_cap_type - meaning of a device specific region
 * @header: id %VFIO_REGION_INFO_CAP_TYPE, version 1
 * @type: one of VFIO_REGION_TYPE_*, or %VFIO_REGION_TYPE_PCI_VENDOR_TYPE with
 *	a PCI vendor id in the low 16 bits
 * @subtype: one of VFIO_REGION_SUBTYPE_* of that type
 *
 * Regions behind the ones that the bus defines have no fixed index: they are
 * found by this capability.
 */
struct vfio_region_info_cap_type {
	struct vfio_info_cap_header	header;
	__u32	type;
	__u32	subtype;
};

/**
 * struct vfio_region_info_cap_nvlink2_ssatgt - NVLink2 address (historic)
 * @header: id %VFIO_REGION_INFO_CAP_NVLINK2_SSATGT
 * @tgt: address of the memory behind the region on the link
 */
struct vfio_region_info_cap_nvlink2_ssatgt {
	struct vfio_info_cap_header	header;
	__aligned_u64	tgt;
};

/**
 * struct vfio_region_info_cap_nvlink2_lnkspd - NVLink2 speed (historic)
 * @header: id %VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD
 * @link_speed: encoded as the firmware encodes it
 * @__pad: no meaning
 */
struct vfio_region_info_cap_nvlink2_lnkspd {
	struct vfio_info_cap_header	header;
	__u32	link_speed;
	__u32	__pad;
};

/* Region type: display extensions */
#define VFIO_REGION_TYPE_GFX			1
/* struct vfio_region_gfx_edid */
#define VFIO_REGION_SUBTYPE_GFX_EDID		1

/* Region type: s390 channel I/O; layouts in linux/vfio_ccw.h */
#define VFIO_REGION_TYPE_CCW			2
#define VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD	1
#define VFIO_REGION_SUBTYPE_CCW_SCHIB		2
#define VFIO_REGION_SUBTYPE_CCW_CRW		3

/* Region type: first version of migration, which no driver has any more */
#define VFIO_REGION_TYPE_MIGRATION_DEPRECATED	3
#define VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED	1

/* Region type: subtypes in the hands of a PCI vendor */
#define VFIO_REGION_TYPE_PCI_VENDOR_TYPE	(1 << 31)
#define VFIO_REGION_TYPE_PCI_VENDOR_MASK	0xffff

/* Vendor 8086, graphics: OpRegion, and the configuration space of two bridges */
#define VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION	1
#define VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG	2
#define VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG	3

/* Vendors 10de and 1014, NVLink2: no kernel reports them any more */
#define VFIO_REGION_SUBTYPE_NVIDIA_NVLINK2_RAM	1
#define VFIO_REGION_SUBTYPE_IBM_NVLINK2_ATSD	1

/* &vfio_region_gfx_edid.link_state */
#define VFIO_DEVICE_GFX_LINK_STATE_UP		1
#define VFIO_DEVICE_GFX_LINK_STATE_DOWN		2

/**
 * struct vfio_region_gfx_edid - registers at the start of an EDID region
 * @edid_offset: where the EDID is to be stored, in bytes from the start of the
 *	region; read-only
 * @edid_max_size: most bytes it may have; read-only
 * @edid_size: bytes it has; written by the user
 * @max_xres: widest mode of the virtual monitor in pixels, 0 for no limit;
 *	read-only
 * @max_yres: highest mode in pixels, 0 for no limit; read-only
 * @link_state: VFIO_DEVICE_GFX_LINK_STATE_*; written by the user
 *
 * To plug in another monitor: link down, write the EDID and its size, link up.
 */
struct vfio_region_gfx_edid {
	__u32	edid_offset;
	__u32	edid_max_size;
	__u32	edid_size;
	__u32	max_xres;
	__u32	max_yres;
	__u32	link_state;
};

/* ---- Interrupts ---------------------------------------------------------- */

/* Can be delivered to an eventfd */
#define VFIO_IRQ_INFO_EVENTFD		(1 << 0)
/* Can be masked and unmasked */
#define VFIO_IRQ_INFO_MASKABLE		(1 << 1)
/* Masks itself when it fires: a level, to be unmasked when served */
#define VFIO_IRQ_INFO_AUTOMASKED	(1 << 2)
/* To use more of them than were enabled first, disable all and begin anew */
#define VFIO_IRQ_INFO_NORESIZE		(1 << 3)

/**
 * struct vfio_irq_info - argument of VFIO_DEVICE_GET_IRQ_INFO
 * @argsz: bytes the caller has; at least 16
 * @flags: set of VFIO_IRQ_INFO_*; written by the kernel
 * @index: which kind of interrupt, below &vfio_device_info.num_irqs
 * @count: how many of the kind the device has; 0 means none
 *
 * EINVAL if there is no such index.
 */
struct vfio_irq_info {
	__u32	argsz;
	__u32	flags;
	__u32	index;
	__u32	count;
};

/* What &vfio_irq_set.data holds for each interrupt: nothing, ... */
#define VFIO_IRQ_SET_DATA_NONE		(1 << 0)
/* ... a __u8, the interrupt takes part if it is not zero, ... */
#define VFIO_IRQ_SET_DATA_BOOL		(1 << 1)
/* ... an __s32, an eventfd or -1 for none */
#define VFIO_IRQ_SET_DATA_EVENTFD	(1 << 2)
#define VFIO_IRQ_SET_DATA_TYPE_MASK	(VFIO_IRQ_SET_DATA_NONE | \
					 VFIO_IRQ_SET_DATA_BOOL | \
					 VFIO_IRQ_SET_DATA_EVENTFD)

/* What to do with each: hold it back, ... */
#define VFIO_IRQ_SET_ACTION_MASK	(1 << 3)
/* ... let it through again (an eventfd: each time that one is signalled), ... */
#define VFIO_IRQ_SET_ACTION_UNMASK	(1 << 4)
/* ... fire it by software, or with an eventfd say where it is to be signalled */
#define VFIO_IRQ_SET_ACTION_TRIGGER	(1 << 5)
#define VFIO_IRQ_SET_ACTION_TYPE_MASK	(VFIO_IRQ_SET_ACTION_MASK | \
					 VFIO_IRQ_SET_ACTION_UNMASK | \
					 VFIO_IRQ_SET_ACTION_TRIGGER)

/**
 * struct vfio_irq_set - argument of VFIO_DEVICE_SET_IRQS
 * @argsz: bytes the caller has: 20 plus @data
 * @flags: one of VFIO_IRQ_SET_DATA_* and one of VFIO_IRQ_SET_ACTION_*
 * @index: which kind of interrupt
 * @start: first of the kind
 * @count: how many from @start on; together at most &vfio_irq_info.count
 * @data: @count elements as the DATA flag says
 *
 * TRIGGER with eventfds enables the kind if it was not, and sets who is
 * signalled.  TRIGGER, DATA_NONE, @count 0 disables it.  0 means done; for MSI
 * and MSI-X a positive number says that nothing was enabled because only so
 * many vectors are to be had.
 *
 * EINVAL for flags, ranges or sizes that do not fit and while another kind of
 * interrupt excludes this one; ENOTTY for an action that the kind lacks; EBADF
 * or EINVAL for a number that is no eventfd; EBUSY for a line that cannot be
 * shared or a second unmask eventfd; ENODEV if the device has no interrupt.
 */
struct vfio_irq_set {
	__u32	argsz;
	__u32	flags;
	__u32	index;
	__u32	start;
	__u32	count;
	__u8	data[];
};

/* ---- PCI devices --------------------------------------------------------- */

/* Region indexes of %VFIO_DEVICE_FLAGS_PCI; more follow, see vfio_region_info_cap_type */
enum {
	VFIO_PCI_BAR0_REGION_INDEX,
	VFIO_PCI_BAR1_REGION_INDEX,
	VFIO_PCI_BAR2_REGION_INDEX,
	VFIO_PCI_BAR3_REGION_INDEX,
	VFIO_PCI_BAR4_REGION_INDEX,
	VFIO_PCI_BAR5_REGION_INDEX,
	VFIO_PCI_ROM_REGION_INDEX,
	VFIO_PCI_CONFIG_REGION_INDEX,
	/* legacy ranges: offset in the region is the address on the bus */
	VFIO_PCI_VGA_REGION_INDEX,
	/* never grows: device specific regions begin here */
	VFIO_PCI_NUM_REGIONS = 9
};

/* Interrupt indexes of %VFIO_DEVICE_FLAGS_PCI; of the first three one at a time */
enum {
	VFIO_PCI_INTX_IRQ_INDEX,
	VFIO_PCI_MSI_IRQ_INDEX,
	VFIO_PCI_MSIX_IRQ_INDEX,
	/* the host saw an uncorrectable error of the device */
	VFIO_PCI_ERR_IRQ_INDEX,
	/* the host wants the device back */
	VFIO_PCI_REQ_IRQ_INDEX,
	VFIO_PCI_NUM_IRQS = 5
};

/* &vfio_pci_dependent_device.devid of a device without an id of its own ... */
#define VFIO_PCI_DEVID_OWNED		0	/* ... that the caller's iommufd owns */
#define VFIO_PCI_DEVID_NOT_OWNED	(-1)	/* ... that it does not own */

/**
 * struct vfio_pci_dependent_device - one device that a hot reset would reset
 * @group_id: its group, if %VFIO_PCI_HOT_RESET_FLAG_DEV_ID is clear
 * @devid: if it is set: the device's id in the caller's iommufd, or
 *	VFIO_PCI_DEVID_*
 * @segment: PCI domain
 * @bus: bus number
 * @devfn: slot in bits 7:3, function in bits 2:0
 */
struct vfio_pci_dependent_device {
	union {
		__u32	group_id;
		__u32	devid;
	};
	__u16	segment;
	__u8	bus;
	__u8	devfn;
};

/* Entries carry devid, not group_id: the device was not opened through a group */
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID		(1 << 0)
/* The caller owns every device of the list and may reset */
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED	(1 << 1)

/**
 * struct vfio_pci_hot_reset_info - VFIO_DEVICE_GET_PCI_HOT_RESET_INFO
 * @argsz: bytes the caller has: 12 plus room for @devices
 * @flags: set of VFIO_PCI_HOT_RESET_FLAG_*; written by the kernel
 * @count: number of devices affected; written by the kernel, also with ENOSPC
 * @devices: the devices, this one included
 *
 * ENOSPC if @devices is too small, ENODEV if neither bus nor slot can be reset,
 * EPERM if one of the devices has no IOMMU group to be named by, EAGAIN if the
 * bus changed meanwhile.
 */
struct vfio_pci_hot_reset_info {
	__u32	argsz;
	__u32	flags;
	__u32	count;
	struct vfio_pci_dependent_device devices[];
};

/**
 * struct vfio_pci_hot_reset - argument of VFIO_DEVICE_PCI_HOT_RESET
 * @argsz: bytes the caller has: 12 plus @group_fds
 * @flags: zero
 * @count: number of elements; zero for a device opened as character device
 * @group_fds: open groups that together hold every affected device
 *
 * Resets the whole bus or slot.  EINVAL if a device on it is not the caller's
 * or a descriptor is not a group, EBADF if it is none at all, EBUSY if an
 * affected device is busy, ENODEV if no such reset is possible.
 */
struct vfio_pci_hot_reset {
	__u32	argsz;
	__u32	flags;
	__u32	count;
	__s32	group_fds[];
};

/* Width of the write in bits; exactly one */
#define VFIO_DEVICE_IOEVENTFD_8		(1 << 0)
#define VFIO_DEVICE_IOEVENTFD_16	(1 << 1)
#define VFIO_DEVICE_IOEVENTFD_32	(1 << 2)
#define VFIO_DEVICE_IOEVENTFD_64	(1 << 3)
#define VFIO_DEVICE_IOEVENTFD_SIZE_MASK	(VFIO_DEVICE_IOEVENTFD_8 | \
					 VFIO_DEVICE_IOEVENTFD_16 | \
					 VFIO_DEVICE_IOEVENTFD_32 | \
					 VFIO_DEVICE_IOEVENTFD_64)

/**
 * struct vfio_device_ioeventfd - argument of VFIO_DEVICE_IOEVENTFD
 * @argsz: bytes the caller has; at least 28
 * @flags: one of VFIO_DEVICE_IOEVENTFD_8, _16, _32 and _64
 * @offset: where to write, as in pwrite() on the device file; inside a BAR and
 *	outside the MSI-X table
 * @data: what to write, in the byte order of the caller
 * @fd: eventfd whose signal makes the host write, or -1 to end that for the
 *	same @offset, @data and width
 * @reserved: not read
 *
 * EINVAL for flags, place or descriptor, EEXIST if the same write exists, ENODEV
 * if the one to remove does not, ENOSPC when the device has 1000 of them.  A
 * signal has no effect while the device's memory is disabled.
 */
struct vfio_device_ioeventfd {
	__u32	argsz;
	__u32	flags;
	__aligned_u64	offset;
	__aligned_u64	data;
	__s32	fd;
	__u32	reserved;
};

/* ---- Other buses --------------------------------------------------------- */

/* Region indexes of %VFIO_DEVICE_FLAGS_CCW; more follow by type */
enum {
	VFIO_CCW_CONFIG_REGION_INDEX,
	VFIO_CCW_NUM_REGIONS
};

/* Interrupt indexes of %VFIO_DEVICE_FLAGS_CCW */
enum {
	VFIO_CCW_IO_IRQ_INDEX,
	/* a channel report word is to be fetched */
	VFIO_CCW_CRW_IRQ_INDEX,
	/* the host wants the device back */
	VFIO_CCW_REQ_IRQ_INDEX,
	VFIO_CCW_NUM_IRQS
};

/* Interrupt indexes of %VFIO_DEVICE_FLAGS_AP */
enum {
	/* the host wants the device back */
	VFIO_AP_REQ_IRQ_INDEX,
	/* the adapters or domains assigned to the device changed */
	VFIO_AP_CFG_CHG_IRQ_INDEX,
	VFIO_AP_NUM_IRQS
};

/* ---- Mediated graphics --------------------------------------------------- */

/* Only ask whether the type named beside it is available */
#define VFIO_GFX_PLANE_TYPE_PROBE	(1 << 0)
/* The picture is behind a dma-buf */
#define VFIO_GFX_PLANE_TYPE_DMABUF	(1 << 1)
/* The picture is in a region of the device */
#define VFIO_GFX_PLANE_TYPE_REGION	(1 << 2)

/**
 * struct vfio_device_gfx_plane_info - argument of VFIO_DEVICE_QUERY_GFX_PLANE
 * @argsz: bytes the caller has
 * @flags: VFIO_GFX_PLANE_TYPE_DMABUF or _REGION, and _PROBE to test for it
 * @drm_plane_type: enum drm_plane_type; set by the caller
 * @drm_format: fourcc of the pixels; this and all below written by the kernel
 * @drm_format_mod: modifier of the format, which says how it is tiled
 * @width: in pixels
 * @height: in pixels
 * @stride: bytes from a line to the next
 * @size: bytes of the whole plane; 0 if there is no picture now
 * @x_pos: place of the cursor, horizontal
 * @y_pos: place of the cursor, vertical
 * @x_hot: point within the cursor that points, horizontal; 0xffffffff unknown
 * @y_hot: the same, vertical
 * @region_index: region with the picture
 * @dmabuf_id: number for VFIO_DEVICE_GET_GFX_DMABUF; the picture is a new one
 *	exactly when the number is another
 * @reserved: no meaning
 *
 * EINVAL if the driver does not have the type.
 *
 * VFIO_DEVICE_GET_GFX_DMABUF takes a pointer to a __u32 with a @dmabuf_id and
 * returns a dma-buf descriptor.
 */
struct vfio_device_gfx_plane_info {
	__u32	argsz;
	__u32	flags;
	__u32	drm_plane_type;
	__u32	drm_format;
	__aligned_u64	drm_format_mod;
	__u32	width;
	__u32	height;
	__u32	stride;
	__u32	size;
	__u32	x_pos;
	__u32	y_pos;
	__u32	x_hot;
	__u32	y_hot;
	union {
		__u32	region_index;
		__u32	dmabuf_id;
	};
	__u32	reserved;
};

/* ---- Device opened as a character device --------------------------------- */

/* vfio_device_bind_iommufd.token_uuid_ptr is valid */
#define VFIO_DEVICE_BIND_FLAG_TOKEN	(1 << 0)

/**
 * struct vfio_device_bind_iommufd - argument of VFIO_DEVICE_BIND_IOMMUFD
 * @argsz: bytes the caller has, at least 16; what lies behind this structure
 *	must be zero
 * @flags: %VFIO_DEVICE_BIND_FLAG_TOKEN or zero
 * @iommufd: descriptor of the iommufd that will own the device's DMA
 * @out_devid: the device's id in that iommufd; written by the kernel
 * @token_uuid_ptr: address of a 16 byte VF token
 *
 * The first command on the descriptor: all others fail with EINVAL until this
 * one has succeeded.  Only close() ends it.
 *
 * EINVAL for a second bind, flags or descriptor, a device without tokens, or
 * one opened by somebody else; EBUSY if its group is open or a host driver
 * owns it; EBADF or EBADFD if @iommufd is none; EACCES for a missing or wrong
 * token; E2BIG for unknown content; EPERM for unsafe interrupts.
 */
struct vfio_device_bind_iommufd {
	__u32	argsz;
	__u32	flags;
	__s32	iommufd;
	__u32	out_devid;
	__aligned_u64	token_uuid_ptr;
};

/* vfio_device_attach_iommufd_pt.pasid is valid */
#define VFIO_DEVICE_ATTACH_PASID	(1 << 0)

/**
 * struct vfio_device_attach_iommufd_pt - VFIO_DEVICE_ATTACH_IOMMUFD_PT
 * @argsz: bytes the caller has, at least 12, with @pasid 16
 * @flags: %VFIO_DEVICE_ATTACH_PASID or zero
 * @pt_id: iommufd object that translates: an IO address space or a page table;
 *	the kernel writes back the page table it used
 * @pasid: which address space of the device, 20 bits
 *
 * Another attach replaces the first without a gap.  EINVAL for flags,
 * EOPNOTSUPP if the driver has no PASIDs, ENOENT if @pt_id does not exist,
 * EINVAL or EBUSY if it does not fit.
 */
struct vfio_device_attach_iommufd_pt {
	__u32	argsz;
	__u32	flags;
	__u32	pt_id;
	__u32	pasid;
};

/* vfio_device_detach_iommufd_pt.pasid is valid */
#define VFIO_DEVICE_DETACH_PASID	(1 << 0)

/**
 * struct vfio_device_detach_iommufd_pt - VFIO_DEVICE_DETACH_IOMMUFD_PT
 * @argsz: bytes the caller has, at least 8, with @pasid 12
 * @flags: %VFIO_DEVICE_DETACH_PASID or zero
 * @pasid: which address space of the device
 *
 * DMA of the device (or PASID) is blocked afterwards.  Nothing attached is
 * success, too.  EINVAL for flags, EOPNOTSUPP if the driver has no PASIDs.
 */
struct vfio_device_detach_iommufd_pt {
	__u32	argsz;
	__u32	flags;
	__u32	pasid;
};

/* ---- Device features ----------------------------------------------------- */

/**
 * DOC: device features
 *
 * VFIO_DEVICE_FEATURE reads or writes one property of a device.  The flags name
 * it in their low 16 bits, and hold one of GET and SET.  PROBE only asks
 * whether that works: alone it is not enough, with both it asks for both.
 *
 * ENOTTY if the device lacks the feature; EINVAL for unknown flags, an
 * operation that the feature lacks, or argsz too small for its data.
 */
#define VFIO_DEVICE_FEATURE_MASK	0xffff
#define VFIO_DEVICE_FEATURE_GET		(1 << 16)
#define VFIO_DEVICE_FEATURE_SET		(1 << 17)
#define VFIO_DEVICE_FEATURE_PROBE	(1 << 18)

/* Index: operation, what data holds */
/* SET, 16 bytes: the token for users of the virtual functions of this one */
#define VFIO_DEVICE_FEATURE_PCI_VF_TOKEN		0
/* GET, struct vfio_device_feature_migration */
#define VFIO_DEVICE_FEATURE_MIGRATION			1
/* GET and SET, struct vfio_device_feature_mig_state */
#define VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE		2
/* SET, nothing: the device may sleep until it is accessed next or told to exit */
#define VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY		3
/* SET, struct vfio_device_low_power_entry_with_wakeup */
#define VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP	4
/* SET, nothing: ends what the two above began; always succeeds */
#define VFIO_DEVICE_FEATURE_LOW_POWER_EXIT		5
/* SET, struct vfio_device_feature_dma_logging_control */
#define VFIO_DEVICE_FEATURE_DMA_LOGGING_START		6
/* SET, nothing */
#define VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP		7
/* GET, struct vfio_device_feature_dma_logging_report */
#define VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT		8
/* GET, struct vfio_device_feature_mig_data_size */
#define VFIO_DEVICE_FEATURE_MIG_DATA_SIZE		9
/* SET, struct vfio_device_feature_bus_master */
#define VFIO_DEVICE_FEATURE_BUS_MASTER			10
/* GET, struct vfio_device_feature_dma_buf */
#define VFIO_DEVICE_FEATURE_DMA_BUF			11
/*
 * SET, nothing: until the last close, &vfio_precopy_info.flags of this device
 * is written by the kernel.  EINVAL without pre-copy.
 */
#define VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2		12
/* GET, struct vfio_device_feature_zpci_err */
#define VFIO_DEVICE_FEATURE_ZPCI_ERROR			13

/**
 * struct vfio_device_feature - argument of VFIO_DEVICE_FEATURE
 * @argsz: bytes the caller has: 8 plus @data
 * @flags: a VFIO_DEVICE_FEATURE_* index, and GET, SET, PROBE
 * @data: what the index says
 */
struct vfio_device_feature {
	__u32	argsz;
	__u32	flags;
	__u8	data[];
};

/**
 * struct vfio_device_low_power_entry_with_wakeup - sleep until first wake-up
 * @wakeup_eventfd: signalled once, by the first event that wakes the device;
 *	its low-power mode is over then
 * @reserved: not read
 *
 * EINVAL if the device is in low-power mode already, EBADF or EINVAL if the
 * descriptor is no eventfd.
 */
struct vfio_device_low_power_entry_with_wakeup {
	__s32	wakeup_eventfd;
	__u32	reserved;
};

/* &vfio_device_feature_bus_master.op */
#define VFIO_DEVICE_FEATURE_CLEAR_MASTER	0
#define VFIO_DEVICE_FEATURE_SET_MASTER		1

/**
 * struct vfio_device_feature_bus_master - may the device begin DMA?
 * @op: VFIO_DEVICE_FEATURE_SET_MASTER or VFIO_DEVICE_FEATURE_CLEAR_MASTER
 *
 * For buses without a register for this, such as CDX.
 */
struct vfio_device_feature_bus_master {
	__u32	op;
};

/**
 * struct vfio_region_dma_range - a piece of a region
 * @offset: first byte, from the start of the region; a multiple of the page
 * @length: bytes; a multiple of the page, not 0
 */
struct vfio_region_dma_range {
	__u64	offset;
	__u64	length;
};

/**
 * struct vfio_device_feature_dma_buf - memory of the device for other devices
 * @region_index: a memory BAR
 * @open_flags: of the new descriptor, as for open(): access mode, O_CLOEXEC
 * @flags: zero
 * @nr_ranges: elements in @dma_ranges; not 0
 * @dma_ranges: what the dma-buf consists of, in this order
 *
 * The ioctl returns the descriptor.  The memory is withdrawn from importers
 * while it is disabled, in reset or asleep, and for good when the device is
 * closed.
 *
 * EINVAL for flags, ranges or a device that offers no peer-to-peer memory;
 * ENODEV if the region is no memory BAR in use; EOPNOTSUPP if the driver
 * cannot; EOVERFLOW if the lengths do.
 */
struct vfio_device_feature_dma_buf {
	__u32	region_index;
	__u32	open_flags;
	__u32	flags;
	__u32	nr_ranges;
	struct vfio_region_dma_range dma_ranges[] __counted_by(nr_ranges);
};

/**
 * struct vfio_device_feature_zpci_err - oldest pending error of a zPCI function
 * @data: address where the kernel stores a struct zpci_ccdf_err
 *
 * s390 only.  ENOMSG none pending, ENODEV not a zPCI function, EINVAL null.
 */
struct vfio_device_feature_zpci_err {
	__aligned_u64	data;
};

/* ---- Migration ----------------------------------------------------------- */

/* There is always STOP_COPY; the others bring states of their own */
#define VFIO_MIGRATION_STOP_COPY	(1 << 0)
/* RUNNING_P2P, and with pre-copy PRE_COPY_P2P */
#define VFIO_MIGRATION_P2P		(1 << 1)
/* PRE_COPY */
#define VFIO_MIGRATION_PRE_COPY		(1 << 2)

/**
 * struct vfio_device_feature_migration - how the device can migrate
 * @flags: set of VFIO_MIGRATION_*
 */
struct vfio_device_feature_migration {
	__aligned_u64	flags;
};

/**
 * enum vfio_device_mig_state - what a device does with itself and its state
 * @VFIO_DEVICE_STATE_ERROR: it failed; only reset leads out, to RUNNING.  Never
 *	a valid target
 * @VFIO_DEVICE_STATE_STOP: changes nothing inside, begins nothing outside
 * @VFIO_DEVICE_STATE_RUNNING: works normally; where every device begins and
 *	where reset leads
 * @VFIO_DEVICE_STATE_STOP_COPY: stopped; its state can be read to the end
 * @VFIO_DEVICE_STATE_RESUMING: stopped; its state can be written.  Leaving for
 *	STOP takes effect of what was written
 * @VFIO_DEVICE_STATE_RUNNING_P2P: answers accesses of other devices but begins
 *	none: where devices that talk to each other meet
 * @VFIO_DEVICE_STATE_PRE_COPY: works normally; a first part of its state can be
 *	read, and read again as it changes
 * @VFIO_DEVICE_STATE_PRE_COPY_P2P: PRE_COPY with the limits of RUNNING_P2P
 * @VFIO_DEVICE_STATE_NR: number of states, not one itself
 *
 * Any wanted state is reached step by step along the arcs of the state machine,
 * passing over the states that the device lacks; EINVAL if there is no way,
 * such as from STOP_COPY back to PRE_COPY.  If a step fails, the device is in
 * the state before it, or in ERROR if that was impossible: ask for it.
 */
enum vfio_device_mig_state {
	VFIO_DEVICE_STATE_ERROR,
	VFIO_DEVICE_STATE_STOP,
	VFIO_DEVICE_STATE_RUNNING,
	VFIO_DEVICE_STATE_STOP_COPY,
	VFIO_DEVICE_STATE_RESUMING,
	VFIO_DEVICE_STATE_RUNNING_P2P,
	VFIO_DEVICE_STATE_PRE_COPY,
	VFIO_DEVICE_STATE_PRE_COPY_P2P,
	VFIO_DEVICE_STATE_NR
};

/**
 * struct vfio_device_feature_mig_state - the device's state
 * @device_state: enum vfio_device_mig_state: wanted (SET) or present (GET)
 * @data_fd: stream that came with the transition, or -1; written by the kernel,
 *	close-on-exec.  Read it in the COPY states, write it in RESUMING.  It
 *	ends with the state it came with
 */
struct vfio_device_feature_mig_state {
	__u32	device_state;
	__s32	data_fd;
};

/**
 * struct vfio_device_feature_mig_data_size - how much is still to be copied
 * @stop_copy_length: estimate in bytes of what STOP_COPY would yield now
 */
struct vfio_device_feature_mig_data_size {
	__aligned_u64	stop_copy_length;
};

/* New initial data appeared: initial_bytes counts anew */
#define VFIO_PRECOPY_INFO_REINIT	(1 << 0)

/**
 * struct vfio_precopy_info - argument of VFIO_MIG_GET_PRECOPY_INFO
 * @argsz: bytes the caller has; at least 24
 * @flags: VFIO_PRECOPY_INFO_*, if %VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 was
 *	set; the kernel does not write it otherwise
 * @initial_bytes: bytes to read before it is worth stopping the device; reading
 *	counts it down
 * @dirty_bytes: bytes behind those that changed and are to be read again
 *
 * Both numbers are estimates.  Answered by a stream from PRE_COPY or
 * PRE_COPY_P2P, by others with an error of the driver.
 */
struct vfio_precopy_info {
	__u32	argsz;
	__u32	flags;
	__aligned_u64	initial_bytes;
	__aligned_u64	dirty_bytes;
};

/**
 * struct vfio_device_feature_dma_logging_range - I/O addresses to watch
 * @iova: first address; a multiple of the page size of the log
 * @length: bytes; a multiple as well
 */
struct vfio_device_feature_dma_logging_range {
	__aligned_u64	iova;
	__aligned_u64	length;
};

/**
 * struct vfio_device_feature_dma_logging_control - begin to log the DMA writes
 * @page_size: bytes per bit that the caller would like; the kernel writes back
 *	what the device does
 * @num_ranges: number of &struct vfio_device_feature_dma_logging_range
 * @__reserved: zero
 * @ranges: address of the first one
 *
 * EINVAL for no range, ranges off the page size or overlapping, E2BIG for more
 * than fit in one page of the kernel, EOVERFLOW for one that wraps, otherwise
 * what the driver says.
 */
struct vfio_device_feature_dma_logging_control {
	__aligned_u64	page_size;
	__u32	num_ranges;
	__u32	__reserved;
	__aligned_u64	ranges;
};

/**
 * struct vfio_device_feature_dma_logging_report - what was written since
 * @iova: first address to report
 * @length: bytes
 * @page_size: bytes per bit of @bitmap: a power of two, at least 4096
 * @bitmap: address of an array of __u64; bit n stands for @iova + n *
 *	@page_size, low bits first.  Bits are only ever set: clear it before
 *
 * Reported pages count as clean afterwards.  EINVAL for the page size,
 * EOVERFLOW for a range that wraps.
 */
struct vfio_device_feature_dma_logging_report {
	__aligned_u64	iova;
	__aligned_u64	length;
	__aligned_u64	page_size;
	__aligned_u64	bitmap;
};

/*
 * The first version of migration, by registers in a region.  No driver has it
 * any more; the names remain for user space that still compiles against them.
 */
#define VFIO_DEVICE_STATE_V1_STOP	0
#define VFIO_DEVICE_STATE_V1_RUNNING	(1 << 0)
#define VFIO_DEVICE_STATE_V1_SAVING	(1 << 1)
#define VFIO_DEVICE_STATE_V1_RESUMING	(1 << 2)
#define VFIO_DEVICE_STATE_MASK		(VFIO_DEVICE_STATE_V1_RESUMING | \
					 VFIO_DEVICE_STATE_V1_SAVING | \
					 VFIO_DEVICE_STATE_V1_RUNNING)

/* Resuming excludes the two others ... */
#define VFIO_DEVICE_STATE_VALID(bits)			\
	(((bits) & VFIO_DEVICE_STATE_MASK) <= VFIO_DEVICE_STATE_V1_RESUMING)

/* ... so that resuming while saving is free to mean an error */
#define VFIO_DEVICE_STATE_IS_ERROR(bits)		\
	(!(((bits) ^ (VFIO_DEVICE_STATE_V1_RESUMING |	\
		      VFIO_DEVICE_STATE_V1_SAVING)) & VFIO_DEVICE_STATE_MASK))

#define VFIO_DEVICE_STATE_SET_ERROR(bits)		\
	(VFIO_DEVICE_STATE_V1_RESUMING | VFIO_DEVICE_STATE_V1_SAVING |	\
	 ((bits) & ~VFIO_DEVICE_STATE_MASK))

/**
 * struct vfio_device_migration_info - registers of a migration region (historic)
 * @device_state: set of VFIO_DEVICE_STATE_V1_*
 * @reserved: no meaning
 * @pending_bytes: bytes still to be saved
 * @data_offset: where in the region the data lies, in bytes from its start
 * @data_size: how many bytes lie there
 */
struct vfio_device_migration_info {
	__u32	device_state;
	__u32	reserved;
	__aligned_u64	pending_bytes;
	__aligned_u64	data_offset;
	__aligned_u64	data_size;
};

/* ---- Container backend: type 1 ------------------------------------------- */

/* vfio_iommu_type1_info.iova_pgsizes is valid */
#define VFIO_IOMMU_INFO_PGSIZES		(1 << 0)
/* There is a capability chain */
#define VFIO_IOMMU_INFO_CAPS		(1 << 1)

/**
 * struct vfio_iommu_type1_info - argument of VFIO_IOMMU_GET_INFO
 * @argsz: bytes the caller has, at least 16; raised if the chain needs more
 * @flags: set of VFIO_IOMMU_INFO_*; written by the kernel
 * @iova_pgsizes: bit n says that mappings of 2^n bytes are possible; the lowest
 *	is the alignment of all of them
 * @cap_offset: bytes from the start of this structure to the first capability,
 *	ids VFIO_IOMMU_TYPE1_INFO_*; 0 if it did not fit
 * @pad: no meaning
 */
struct vfio_iommu_type1_info {
	__u32	argsz;
	__u32	flags;
	__aligned_u64	iova_pgsizes;
	__u32	cap_offset;
	__u32	pad;
};

/* struct vfio_iommu_type1_info_cap_iova_range */
#define VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE	1
/* struct vfio_iommu_type1_info_cap_migration */
#define VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION	2
/* struct vfio_iommu_type1_info_dma_avail */
#define VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL		3

/**
 * struct vfio_iova_range - I/O addresses that can be mapped
 * @start: first one
 * @end: last one
 */
struct vfio_iova_range {
	__u64	start;
	__u64	end;
};

/**
 * struct vfio_iommu_type1_info_cap_iova_range - where mappings may lie
 * @header: id %VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, version 1
 * @nr_iovas: elements in @iova_ranges
 * @reserved: zero
 * @iova_ranges: ascending, without overlap
 *
 * Left out while nothing in the container restricts them.
 */
struct vfio_iommu_type1_info_cap_iova_range {
	struct vfio_info_cap_header	header;
	__u32	nr_iovas;
	__u32	reserved;
	struct vfio_iova_range iova_ranges[];
};

/**
 * struct vfio_iommu_type1_info_cap_migration - limits of VFIO_IOMMU_DIRTY_PAGES
 * @header: id %VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, version 1
 * @flags: zero
 * @pgsize_bitmap: bit n says that 2^n bytes per bit of a bitmap are possible
 * @max_dirty_bitmap_size: most bytes a bitmap may have
 */
struct vfio_iommu_type1_info_cap_migration {
	struct vfio_info_cap_header	header;
	__u32	flags;
	__u64	pgsize_bitmap;
	__u64	max_dirty_bitmap_size;
};

/**
 * struct vfio_iommu_type1_info_dma_avail - room for more mappings
 * @header: id %VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, version 1
 * @avail: number of VFIO_IOMMU_MAP_DMA that may still follow
 */
struct vfio_iommu_type1_info_dma_avail {
	struct vfio_info_cap_header	header;
	__u32	avail;
};

/* The device may read */
#define VFIO_DMA_MAP_FLAG_READ		(1 << 0)
/* The device may write */
#define VFIO_DMA_MAP_FLAG_WRITE		(1 << 1)
/* Only give a new vaddr to a mapping whose own was invalidated */
#define VFIO_DMA_MAP_FLAG_VADDR		(1 << 2)

/**
 * struct vfio_iommu_type1_dma_map - argument of VFIO_IOMMU_MAP_DMA
 * @argsz: bytes the caller has; at least 32
 * @flags: READ, WRITE or both; or VADDR alone
 * @vaddr: address of the memory in the caller
 * @iova: address that devices see it at
 * @size: bytes
 *
 * All three numbers are multiples of the smallest page size.  The memory is
 * pinned and counts as locked by the caller.
 *
 * EINVAL for flags, alignment or an address that cannot be mapped, EOVERFLOW
 * for a range that wraps, EEXIST if it overlaps a mapping, ENOSPC when there
 * are too many, ENOMEM at the limit of locked memory, EFAULT for memory that
 * cannot be had.  VADDR: ENOENT no mapping there, EINVAL not exactly that one or
 * not invalidated.
 */
struct vfio_iommu_type1_dma_map {
	__u32	argsz;
	__u32	flags;
	__u64	vaddr;
	__u64	iova;
	__u64	size;
};

/**
 * struct vfio_bitmap - a bitmap in the caller's memory
 * @pgsize: bytes of I/O address space that one bit stands for
 * @size: bytes of the bitmap; at most
 *	&vfio_iommu_type1_info_cap_migration.max_dirty_bitmap_size
 * @data: first word, low bits first; to be cleared by the caller
 */
struct vfio_bitmap {
	__u64	pgsize;
	__u64	size;
	__u64 __user *data;
};

/* data begins with a struct vfio_bitmap that receives the dirty pages */
#define VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP	(1 << 0)
/* Every mapping there is; iova and size are zero */
#define VFIO_DMA_UNMAP_FLAG_ALL			(1 << 1)
/* Unmap nothing, only forget the caller's addresses until they are given anew */
#define VFIO_DMA_UNMAP_FLAG_VADDR		(1 << 2)

/**
 * struct vfio_iommu_type1_dma_unmap - argument of VFIO_IOMMU_UNMAP_DMA
 * @argsz: bytes the caller has, at least 24; with a bitmap 24 plus its size
 * @flags: set of VFIO_DMA_UNMAP_FLAG_*; GET_DIRTY_BITMAP excludes the others
 * @iova: first address
 * @size: bytes; the kernel writes back how many were unmapped, on success only
 * @data: &struct vfio_bitmap if the flag says so
 *
 * Type 1 version 2 fails with EINVAL if the range cuts a mapping.  Version 1
 * never does: a mapping that begins in the range goes as a whole, and a range
 * that begins inside a mapping succeeds and unmaps nothing.  0 bytes unmapped
 * is success.
 *
 * EINVAL for flags and alignment, EOVERFLOW for a range that wraps.
 * GET_DIRTY_BITMAP: EINVAL if pages are not logged or the bitmap does not fit.
 * VADDR: EBUSY with a mediated device in the container, EINVAL if a mapping is
 * invalid already.
 */
struct vfio_iommu_type1_dma_unmap {
	__u32	argsz;
	__u32	flags;
	__u64	iova;
	__u64	size;
	__u8	data[];
};

/* Exactly one: begin to log dirty pages, ... */
#define VFIO_IOMMU_DIRTY_PAGES_FLAG_START	(1 << 0)
/* ... end it, ... */
#define VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP	(1 << 1)
/* ... or fetch the log of a range and begin it anew */
#define VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP	(1 << 2)

/**
 * struct vfio_iommu_type1_dirty_bitmap - argument of VFIO_IOMMU_DIRTY_PAGES
 * @argsz: bytes the caller has, at least 8
 * @flags: one of VFIO_IOMMU_DIRTY_PAGES_FLAG_*
 * @data: &struct vfio_iommu_type1_dirty_bitmap_get for GET_BITMAP
 *
 * What a physical device may write is dirty as long as it may; for mediated
 * devices it is what their drivers pinned or wrote.  EACCES for version 1,
 * EINVAL for flags, sizes and ranges, or when nothing is logged.
 */
struct vfio_iommu_type1_dirty_bitmap {
	__u32	argsz;
	__u32	flags;
	__u8	data[];
};

/**
 * struct vfio_iommu_type1_dirty_bitmap_get - which log to fetch
 * @iova: first address
 * @size: bytes; the range must not cut a mapping
 * @bitmap: where to put it; its pgsize is the smallest of the container
 */
struct vfio_iommu_type1_dirty_bitmap_get {
	__u64	iova;
	__u64	size;
	struct vfio_bitmap bitmap;
};

/* ---- Container backend: sPAPR -------------------------------------------- */

/**
 * DOC: sPAPR containers
 *
 * On POWER, I/O address space comes in windows with one page size each.
 * VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA work inside of them.
 *
 * With version 1, VFIO_IOMMU_ENABLE (nothing as argument) accounts for the
 * largest possible amount of locked memory, and VFIO_IOMMU_DISABLE gives it
 * back and ends all mappings.  With version 2, memory is registered before it
 * is mapped.  Another process than the one that began gets EPERM; a container
 * without groups gives ENXIO.
 */

/* vfio_iommu_spapr_tce_info.ddw is valid */
#define VFIO_IOMMU_SPAPR_INFO_DDW	(1 << 0)

/**
 * struct vfio_iommu_spapr_tce_ddw_info - windows that can be created
 * @pgsizes: bit n says that a window may have pages of 2^n bytes
 * @max_dynamic_windows_supported: number of windows at a time
 * @levels: most levels of its table
 */
struct vfio_iommu_spapr_tce_ddw_info {
	__u64	pgsizes;
	__u32	max_dynamic_windows_supported;
	__u32	levels;
};

/**
 * struct vfio_iommu_spapr_tce_info - argument of VFIO_IOMMU_SPAPR_TCE_GET_INFO
 * @argsz: bytes the caller has, at least 16; 32 with @ddw
 * @flags: VFIO_IOMMU_SPAPR_INFO_*; written by the kernel
 * @dma32_window_start: first address of the 32-bit window
 * @dma32_window_size: its length in bytes
 * @ddw: about further windows
 */
struct vfio_iommu_spapr_tce_info {
	__u32	argsz;
	__u32	flags;
	__u32	dma32_window_start;
	__u32	dma32_window_size;
	struct vfio_iommu_spapr_tce_ddw_info ddw;
};

/**
 * struct vfio_iommu_spapr_tce_create - argument of VFIO_IOMMU_SPAPR_TCE_CREATE
 * @argsz: bytes the caller has; at least 40
 * @flags: zero
 * @page_shift: base 2 logarithm of the page size
 * @__resv1: zero
 * @window_size: bytes; a multiple of the page size
 * @levels: of its table
 * @__resv2: zero
 * @start_addr: where the window begins; written by the kernel
 */
struct vfio_iommu_spapr_tce_create {
	__u32	argsz;
	__u32	flags;
	__u32	page_shift;
	__u32	__resv1;
	__u64	window_size;
	__u32	levels;
	__u32	__resv2;
	__u64	start_addr;
};

/**
 * struct vfio_iommu_spapr_tce_remove - argument of VFIO_IOMMU_SPAPR_TCE_REMOVE
 * @argsz: bytes the caller has; at least 16
 * @flags: zero
 * @start_addr: as returned on creation; 0 for the window that was there first
 */
struct vfio_iommu_spapr_tce_remove {
	__u32	argsz;
	__u32	flags;
	__u64	start_addr;
};

/**
 * struct vfio_iommu_spapr_register_memory - pin memory for later mappings
 * @argsz: bytes the caller has; at least 24
 * @flags: zero
 * @vaddr: address of the memory in the caller, page aligned
 * @size: bytes, whole pages
 *
 * Argument of VFIO_IOMMU_SPAPR_REGISTER_MEMORY, and with the same numbers of
 * VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY: ENOENT if it was not, EBUSY while a
 * mapping uses it.
 */
struct vfio_iommu_spapr_register_memory {
	__u32	argsz;
	__u32	flags;
	__u64	vaddr;
	__u64	size;
};

/* &vfio_eeh_pe_op.op */
/* no error handling, or error handling again */
#define VFIO_EEH_PE_DISABLE		0
#define VFIO_EEH_PE_ENABLE		1
/* let accesses, or DMA, of a frozen endpoint through again */
#define VFIO_EEH_PE_UNFREEZE_IO		2
#define VFIO_EEH_PE_UNFREEZE_DMA	3
/* returns one of VFIO_EEH_PE_STATE_* */
#define VFIO_EEH_PE_GET_STATE		4
/* leave reset; reset by the link; reset by the slot */
#define VFIO_EEH_PE_RESET_DEACTIVATE	5
#define VFIO_EEH_PE_RESET_HOT		6
#define VFIO_EEH_PE_RESET_FUNDAMENTAL	7
/* restore bridges and BARs after a reset */
#define VFIO_EEH_PE_CONFIGURE		8
/* make a fault happen, as vfio_eeh_pe_op.err says */
#define VFIO_EEH_PE_INJECT_ERR		9

/* Result of %VFIO_EEH_PE_GET_STATE: works */
#define VFIO_EEH_PE_STATE_NORMAL	0
/* held in reset */
#define VFIO_EEH_PE_STATE_RESET		1
/* accesses and DMA stopped */
#define VFIO_EEH_PE_STATE_STOPPED	2
/* DMA stopped */
#define VFIO_EEH_PE_STATE_STOPPED_DMA	4
/* cannot be used, perhaps for good */
#define VFIO_EEH_PE_STATE_UNAVAIL	5

/**
 * struct vfio_eeh_pe_err - a fault to inject
 * @type: kind of fault, as the firmware counts them: 32 or 64-bit bus error
 * @func: which access fails, as the firmware counts them
 * @addr: address that fails
 * @mask: which bits of @addr count
 */
struct vfio_eeh_pe_err {
	__u32	type;
	__u32	func;
	__u64	addr;
	__u64	mask;
};

/**
 * struct vfio_eeh_pe_op - argument of VFIO_EEH_PE_OP
 * @argsz: bytes the caller has: 12, or up to the end of what @op needs
 * @flags: zero
 * @op: one of the VFIO_EEH_PE_* operations
 * @err: for %VFIO_EEH_PE_INJECT_ERR
 *
 * Extended error handling of the partitionable endpoint that is in the
 * container.  ENODEV if there is not exactly one, EINVAL for flags, sizes and
 * operation, otherwise what the platform says.
 */
struct vfio_eeh_pe_op {
	__u32	argsz;
	__u32	flags;
	__u32	op;
	union {
		struct vfio_eeh_pe_err err;
	};
};

#endif /* _UAPI_LINUX_VFIO_H */
