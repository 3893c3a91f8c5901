/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libvfio - user space access to VFIO devices for selftests
 *
 * Two layers:
 *
 *  - thin wrappers over sysfs, iommufd and the VFIO character device. They
 *    take plain file descriptors, keep no state and return 0 (or a count)
 *    or -errno, so a test can compare the result with the errno it wants;
 *  - struct vfio_pci_device and struct iommu on top, for tests that need a
 *    working device rather than a particular error. Functions of this layer
 *    that return nothing or a pointer end the program when they fail.
 *
 * Other selftest directories link it by including vfio/lib/libvfio.mk after
 * lib.mk and adding $(LIBVFIO_O) to what they link.
 */
#ifndef SELFTESTS_VFIO_LIBVFIO_H
#define SELFTESTS_VFIO_LIBVFIO_H

#include <libvfio/sysfs.h>
#include <libvfio/iommu.h>
#include <libvfio/iova.h>
#include <libvfio/cdev.h>
#include <libvfio/region.h>
#include <libvfio/config.h>
#include <libvfio/irq.h>
#include <libvfio/driver.h>
#include <libvfio/group.h>
#include <libvfio/container.h>
#include <libvfio/device.h>
#include <libvfio/mdev.h>

#endif /* SELFTESTS_VFIO_LIBVFIO_H */
