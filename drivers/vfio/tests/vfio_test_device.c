// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-test-device: devices that exist for selftests alone, so that migration, DMA
 * logging and what drivers of emulated devices do with memory can be reached from
 * user space where no hardware has them.
 *
 * Each device of the platform bus that this module makes is one kind of those in
 * the table below.  The files beside this one hold what it does when it migrates,
 * logs and reaches for memory; it does nothing unless its user tells it to.
 */
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/platform_device.h>
#include <linux/uaccess.h>

#include "vfio_test_device.h"

#define TEST_OFFSET_SHIFT	40

/* What a device can do; its id on the bus is the index here */
static const struct {
	u64 migration_flags;
	bool logs;
} vfio_test_kinds[] = {
	{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY, true },
	{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P },
	{ VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY },
	{ VFIO_MIGRATION_STOP_COPY },
	{ 0, true },
};

static const struct {
	size_t size;
	u32 flags;
} vfio_test_regions[VFIO_TEST_NR_REGIONS] = {
	[VFIO_TEST_REGION_MEMORY] = {
		VFIO_TEST_MEMORY, VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE
	},
	[VFIO_TEST_REGION_DMA] = { sizeof(struct vfio_test_dma), VFIO_REGION_INFO_FLAG_WRITE },
	[VFIO_TEST_REGION_FAIL] = { sizeof(u32), VFIO_REGION_INFO_FLAG_WRITE },
	[VFIO_TEST_REGION_COPY] = { sizeof(struct vfio_test_copy), VFIO_REGION_INFO_FLAG_WRITE },
	[VFIO_TEST_REGION_PIN] = { sizeof(struct vfio_test_pin), VFIO_REGION_INFO_FLAG_WRITE },
	[VFIO_TEST_REGION_PINNED] = {
		sizeof(struct vfio_test_pin_status), VFIO_REGION_INFO_FLAG_READ
	},
};

static void vfio_test_reset(struct vfio_test_device *test)
{
	vfio_test_migration_reset(test);
	vfio_test_log_reset(&test->log);
	vfio_test_pins_reset(test);
	mutex_lock(&test->memory_lock);
	memset(test->memory, 0, sizeof(test->memory));
	test->writes++;
	mutex_unlock(&test->memory_lock);
}

static int vfio_test_init(struct vfio_device *vdev)
{
	struct vfio_test_device *test = vfio_test_device(vdev);
	unsigned int kind = to_platform_device(vdev->dev)->id;

	mutex_init(&test->state_lock);
	mutex_init(&test->memory_lock);
	mutex_init(&test->pins.lock);
	vfio_test_log_init(&test->log);
	test->state = VFIO_DEVICE_STATE_RUNNING;

	if (vfio_test_kinds[kind].migration_flags) {
		vdev->migration_flags = vfio_test_kinds[kind].migration_flags;
		vdev->mig_ops = &vfio_test_migration_ops;
	}
	if (vfio_test_kinds[kind].logs)
		vdev->log_ops = &vfio_test_log_ops;
	return 0;
}

static void vfio_test_release(struct vfio_device *vdev)
{
	struct vfio_test_device *test = vfio_test_device(vdev);

	vfio_test_log_destroy(&test->log);
	mutex_destroy(&test->pins.lock);
	mutex_destroy(&test->memory_lock);
	mutex_destroy(&test->state_lock);
}

static int vfio_test_open(struct vfio_device *vdev)
{
	vfio_test_pins_reset(vfio_test_device(vdev));
	return 0;
}

/* The next user finds a device that nobody has used */
static void vfio_test_close(struct vfio_device *vdev)
{
	vfio_test_reset(vfio_test_device(vdev));
}

static int vfio_test_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				 struct vfio_info_cap *caps)
{
	if (info->index >= VFIO_TEST_NR_REGIONS)
		return -EINVAL;
	info->size = vfio_test_regions[info->index].size;
	info->flags = vfio_test_regions[info->index].flags;
	info->offset = (u64)info->index << TEST_OFFSET_SHIFT;
	return 0;
}

static long vfio_test_info(void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, uarg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_TEST_NR_REGIONS;
	info.num_irqs = 0;
	return copy_to_user(uarg, &info, minsz) ? -EFAULT : 0;
}

static long vfio_test_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vfio_test_info((void __user *)arg);
	case VFIO_DEVICE_RESET:
		vfio_test_reset(vfio_test_device(vdev));
		return 0;
	default:
		return -ENOTTY;
	}
}

/* Split a position into region and offset; all of the access lies in the region */
static int vfio_test_locate(loff_t pos, size_t count, u32 flag, size_t *offset)
{
	u64 index = (u64)pos >> TEST_OFFSET_SHIFT, off = pos & (BIT_ULL(TEST_OFFSET_SHIFT) - 1);
	size_t end;

	if (index >= VFIO_TEST_NR_REGIONS || !(vfio_test_regions[index].flags & flag))
		return -EINVAL;
	if (check_add_overflow(off, count, &end) || end > vfio_test_regions[index].size)
		return -EINVAL;
	*offset = off;
	return index;
}

static int vfio_test_read_memory(struct vfio_test_device *test, char __user *buf, size_t count,
				 size_t offset)
{
	unsigned long left;

	mutex_lock(&test->memory_lock);
	left = copy_to_user(buf, test->memory + offset, count);
	mutex_unlock(&test->memory_lock);
	return left ? -EFAULT : 0;
}

static int vfio_test_read_pinned(struct vfio_test_device *test, char __user *buf, size_t count)
{
	struct vfio_test_pin_status status = vfio_test_pin_status(test);

	if (count != sizeof(status))
		return -EINVAL;
	return copy_to_user(buf, &status, sizeof(status)) ? -EFAULT : 0;
}

static ssize_t vfio_test_read(struct vfio_device *vdev, char __user *buf, size_t count,
			      loff_t *ppos)
{
	struct vfio_test_device *test = vfio_test_device(vdev);
	size_t offset;
	int ret;

	ret = vfio_test_locate(*ppos, count, VFIO_REGION_INFO_FLAG_READ, &offset);
	if (ret < 0)
		return ret;
	if (ret == VFIO_TEST_REGION_MEMORY)
		ret = vfio_test_read_memory(test, buf, count, offset);
	else
		ret = vfio_test_read_pinned(test, buf, count);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static int vfio_test_write_memory(struct vfio_test_device *test, const char __user *buf,
				  size_t count, size_t offset)
{
	unsigned long left;

	mutex_lock(&test->memory_lock);
	left = copy_from_user(test->memory + offset, buf, count);
	test->writes++;
	mutex_unlock(&test->memory_lock);
	return left ? -EFAULT : 0;
}

static int vfio_test_set_fail(struct vfio_test_device *test, u32 fail)
{
	if (fail >= VFIO_TEST_NR_FAILS)
		return -EINVAL;
	mutex_lock(&test->state_lock);
	test->fail = fail;
	mutex_unlock(&test->state_lock);
	return 0;
}

/* A region that is a command: all of it, in one piece */
static int vfio_test_command(struct vfio_test_device *test, unsigned int region,
			     const char __user *buf, size_t count)
{
	union {
		struct vfio_test_dma dma;
		u32 fail;
		struct vfio_test_copy copy;
		struct vfio_test_pin pin;
	} command;

	if (count != vfio_test_regions[region].size || count > sizeof(command))
		return -EINVAL;
	if (copy_from_user(&command, buf, count))
		return -EFAULT;

	switch (region) {
	case VFIO_TEST_REGION_DMA:
		return vfio_test_log_write(&test->log, &command.dma);
	case VFIO_TEST_REGION_FAIL:
		return vfio_test_set_fail(test, command.fail);
	case VFIO_TEST_REGION_COPY:
		return vfio_test_copy(test, &command.copy);
	case VFIO_TEST_REGION_PIN:
		return vfio_test_pin(test, &command.pin);
	default:
		return -EINVAL;
	}
}

static ssize_t vfio_test_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			       loff_t *ppos)
{
	struct vfio_test_device *test = vfio_test_device(vdev);
	size_t offset;
	int ret;

	ret = vfio_test_locate(*ppos, count, VFIO_REGION_INFO_FLAG_WRITE, &offset);
	if (ret < 0)
		return ret;
	if (ret == VFIO_TEST_REGION_MEMORY)
		ret = vfio_test_write_memory(test, buf, count, offset);
	else
		ret = vfio_test_command(test, ret, buf, count);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static const struct vfio_device_ops vfio_test_ops = {
	.name = "vfio-test",
	.init = vfio_test_init,
	.release = vfio_test_release,
	.open_device = vfio_test_open,
	.close_device = vfio_test_close,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
	.dma_unmap = vfio_test_dma_unmap,
	.ioctl = vfio_test_ioctl,
	.get_region_info_caps = vfio_test_region_info,
	.read = vfio_test_read,
	.write = vfio_test_write,
};

static int vfio_test_probe(struct platform_device *pdev)
{
	struct vfio_test_device *test;
	int ret;

	if (pdev->id < 0 || pdev->id >= ARRAY_SIZE(vfio_test_kinds))
		return -ENODEV;
	test = vfio_alloc_device(vfio_test_device, vdev, &pdev->dev, &vfio_test_ops);
	if (IS_ERR(test))
		return PTR_ERR(test);
	platform_set_drvdata(pdev, test);
	ret = vfio_register_emulated_iommu_dev(&test->vdev);
	if (ret)
		vfio_put_device(&test->vdev);
	return ret;
}

static void vfio_test_remove(struct platform_device *pdev)
{
	struct vfio_test_device *test = platform_get_drvdata(pdev);

	vfio_unregister_group_dev(&test->vdev);
	vfio_put_device(&test->vdev);
}

static struct platform_driver vfio_test_driver = {
	.probe = vfio_test_probe,
	.remove = vfio_test_remove,
	.driver.name = "vfio-test",
};

static struct platform_device *vfio_test_devices[ARRAY_SIZE(vfio_test_kinds)];

static void vfio_test_delete_devices(unsigned int nr)
{
	while (nr--)
		platform_device_unregister(vfio_test_devices[nr]);
}

static int __init vfio_test_module_init(void)
{
	struct platform_device *pdev;
	unsigned int i;
	int ret;

	ret = platform_driver_register(&vfio_test_driver);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(vfio_test_kinds); i++) {
		pdev = platform_device_register_simple("vfio-test", i, NULL, 0);
		if (IS_ERR(pdev)) {
			vfio_test_delete_devices(i);
			platform_driver_unregister(&vfio_test_driver);
			return PTR_ERR(pdev);
		}
		vfio_test_devices[i] = pdev;
	}
	return 0;
}
module_init(vfio_test_module_init);

static void __exit vfio_test_module_exit(void)
{
	vfio_test_delete_devices(ARRAY_SIZE(vfio_test_kinds));
	platform_driver_unregister(&vfio_test_driver);
}
module_exit(vfio_test_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Devices for tests of VFIO");
