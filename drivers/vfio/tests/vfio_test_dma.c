// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the test device's user: copies between it and the device's own memory,
 * and pages that the device keeps until the user takes them back.
 *
 * Owns struct vfio_test_pins, all of it under its lock, which is also held when
 * pages are pinned and let go of, as drivers do that have to know which.  Called by
 * the core through the ops, and by vfio_test_device.c.
 */
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "vfio_test_device.h"

/**
 * vfio_test_copy() - Copy between the user's memory and the device's
 * @test: open device
 * @copy: what the user wants
 *
 * Return: 0; -EINVAL for a range that is not in the device's memory, unknown
 * flags or no bytes; -ENOMEM; or what vfio_dma_rw() returns
 */
int vfio_test_copy(struct vfio_test_device *test, const struct vfio_test_copy *copy)
{
	bool write = copy->flags & VFIO_TEST_COPY_TO_USER;
	void *buf;
	int ret;

	if (copy->flags & ~VFIO_TEST_COPY_TO_USER || !copy->length ||
	    copy->offset > VFIO_TEST_MEMORY || copy->length > VFIO_TEST_MEMORY - copy->offset)
		return -EINVAL;
	/* not out of the memory itself: the user's may take long, and fault */
	buf = kmalloc(copy->length, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	if (write) {
		mutex_lock(&test->memory_lock);
		memcpy(buf, test->memory + copy->offset, copy->length);
		mutex_unlock(&test->memory_lock);
	}
	ret = vfio_dma_rw(&test->vdev, copy->iova, buf, copy->length, write);
	if (!ret && !write) {
		mutex_lock(&test->memory_lock);
		memcpy(test->memory + copy->offset, buf, copy->length);
		test->writes++;
		mutex_unlock(&test->memory_lock);
	}
	kfree(buf);
	return ret;
}

static int vfio_test_pin_add(struct vfio_test_device *test, const struct vfio_test_pin *pin)
{
	int prot = pin->op == VFIO_TEST_PIN_WRITE ? IOMMU_READ | IOMMU_WRITE : IOMMU_READ;
	struct vfio_test_pins *pins = &test->pins;
	struct vfio_test_pinned *slot = NULL;
	unsigned int i;
	int ret;

	lockdep_assert_held(&pins->lock);

	for (i = 0; i < VFIO_TEST_PINS && !slot; i++)
		if (!pins->slots[i].npage)
			slot = &pins->slots[i];
	if (!slot)
		return -ENOSPC;
	ret = vfio_pin_pages(&test->vdev, pin->iova, pin->npage, prot, slot->pages);
	if (ret < 0)
		return ret;
	if (ret != pin->npage)
		return -ENOTRECOVERABLE;
	slot->iova = pin->iova;
	slot->npage = pin->npage;
	slot->writable = prot & IOMMU_WRITE;
	return 0;
}

static void vfio_test_pin_drop(struct vfio_test_device *test, struct vfio_test_pinned *slot)
{
	lockdep_assert_held(&test->pins.lock);

	vfio_unpin_pages(&test->vdev, slot->iova, slot->npage);
	slot->npage = 0;
}

/* Write to all bytes of the pages, as a device would behind the user's back */
static int vfio_test_pin_fill(struct vfio_test_pinned *slot, u32 value)
{
	unsigned int i;

	if (!slot->writable)
		return -EPERM;
	for (i = 0; i < slot->npage; i++) {
		void *at = kmap_local_page(slot->pages[i]);

		memset(at, value, PAGE_SIZE);
		kunmap_local(at);
	}
	return 0;
}

static struct vfio_test_pinned *vfio_test_pin_find(struct vfio_test_pins *pins, u64 iova)
{
	unsigned int i;

	for (i = 0; i < VFIO_TEST_PINS; i++)
		if (pins->slots[i].npage && pins->slots[i].iova == iova)
			return &pins->slots[i];
	return NULL;
}

/**
 * vfio_test_pin() - Pin pages, write to them, or let them go
 * @test: open device
 * @pin: what the user wants
 *
 * Return: 0; -EINVAL for an unknown operation, or a number of pages that is 0 or too
 * large; -ENOSPC nothing more can be pinned; -ENOENT nothing is pinned from there;
 * -EPERM pages that are pinned for reading; or what vfio_pin_pages() returns
 */
int vfio_test_pin(struct vfio_test_device *test, const struct vfio_test_pin *pin)
{
	struct vfio_test_pinned *slot;
	int ret = 0;

	mutex_lock(&test->pins.lock);
	slot = vfio_test_pin_find(&test->pins, pin->iova);
	switch (pin->op) {
	case VFIO_TEST_PIN_READ:
	case VFIO_TEST_PIN_WRITE:
		if (!pin->npage || pin->npage > VFIO_TEST_PIN_PAGES)
			ret = -EINVAL;
		else
			ret = vfio_test_pin_add(test, pin);
		break;
	case VFIO_TEST_PIN_FILL:
		ret = slot ? vfio_test_pin_fill(slot, pin->npage) : -ENOENT;
		break;
	case VFIO_TEST_PIN_DROP:
		if (slot)
			vfio_test_pin_drop(test, slot);
		else
			ret = -ENOENT;
		break;
	default:
		ret = -EINVAL;
	}
	mutex_unlock(&test->pins.lock);
	return ret;
}

/**
 * vfio_test_dma_unmap() - vfio_device_ops.dma_unmap: the user takes memory back
 * @vdev: device
 * @iova: first address
 * @length: bytes
 */
void vfio_test_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct vfio_test_device *test = vfio_test_device(vdev);
	struct vfio_test_pins *pins = &test->pins;
	struct vfio_test_pinned *slot;
	unsigned int i;
	u64 last;

	if (check_add_overflow(iova, length - 1, &last))
		last = U64_MAX;
	mutex_lock(&pins->lock);
	pins->status.notified++;
	for (i = 0; i < VFIO_TEST_PINS; i++) {
		slot = &pins->slots[i];
		if (slot->npage && slot->iova <= last &&
		    slot->iova + slot->npage * PAGE_SIZE - 1 >= iova)
			vfio_test_pin_drop(test, slot);
	}
	mutex_unlock(&pins->lock);
}

/**
 * vfio_test_pin_status() - What is pinned, and how often memory was taken back
 * @test: open device
 *
 * Return: the answer
 */
struct vfio_test_pin_status vfio_test_pin_status(struct vfio_test_device *test)
{
	struct vfio_test_pin_status status;
	unsigned int i;

	mutex_lock(&test->pins.lock);
	status = test->pins.status;
	for (i = 0; i < VFIO_TEST_PINS; i++)
		status.pages += test->pins.slots[i].npage;
	mutex_unlock(&test->pins.lock);
	return status;
}

/**
 * vfio_test_pins_reset() - Let all pages go
 * @test: device that is open, or being closed
 */
void vfio_test_pins_reset(struct vfio_test_device *test)
{
	unsigned int i;

	mutex_lock(&test->pins.lock);
	for (i = 0; i < VFIO_TEST_PINS; i++)
		if (test->pins.slots[i].npage)
			vfio_test_pin_drop(test, &test->pins.slots[i]);
	test->pins.status.notified = 0;
	mutex_unlock(&test->pins.lock);
}
