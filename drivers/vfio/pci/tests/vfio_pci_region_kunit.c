// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of regions that no emulated device has: those that a driver adds, and
 * a ROM that firmware has handed over.
 */
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "../vfio_pci_priv.h"

#define RW	(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)
#define MMAP	VFIO_REGION_INFO_FLAG_MMAP
#define TYPE	(VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x1234)
#define SIZE	100

/**
 * struct region_fixture - A device with regions
 * @vdev: the device
 * @pdev: its PCI device
 * @set: it alone
 * @user: two pages of user memory
 * @data: content of the region
 * @released: regions that went, in this order: their subtypes
 * @num_released: how many
 * @mapped: index that was mapped, by vm_pgoff
 */
struct region_fixture {
	struct vfio_pci_core_device vdev;
	struct pci_dev pdev;
	struct vfio_device_set set;
	u8 __user *user;
	u8 data[SIZE];
	u32 released[4];
	unsigned int num_released;
	unsigned long mapped;
};

static struct region_fixture *fixture_of(struct vfio_pci_core_device *vdev)
{
	return container_of(vdev, struct region_fixture, vdev);
}

static int region_init(struct kunit *test)
{
	struct region_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned long addr;
	unsigned int i;

	if (!f)
		return -ENOMEM;
	addr = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	if (!addr || IS_ERR_VALUE(addr))
		return -ENOMEM;
	f->user = (u8 __user *)addr;
	for (i = 0; i < SIZE; i++)
		f->data[i] = i ^ 0x33;
	mutex_init(&f->set.lock);
	init_rwsem(&f->vdev.memory_lock);
	/* Awake, and runtime PM has nothing to say about it */
	spin_lock_init(&f->pdev.dev.power.lock);
	f->pdev.dev.power.disable_depth = 1;
	f->pdev.dev.init_name = "fake";
	f->vdev.pdev = &f->pdev;
	f->vdev.vdev.dev_set = &f->set;
	test->priv = f;
	return 0;
}

static void region_free(struct region_fixture *f)
{
	mutex_lock(&f->set.lock);
	vfio_pci_dev_regions_free(&f->vdev);
	mutex_unlock(&f->set.lock);
}

static void region_exit(struct kunit *test)
{
	if (test->priv)
		region_free(test->priv);
}

static ssize_t fake_rw(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region,
		       char __user *buf, size_t count, u64 pos, bool iswrite)
{
	u8 *data = region->data;
	unsigned long left;

	KUNIT_EXPECT_NE(kunit_get_current_test(), count, 0);
	KUNIT_EXPECT_LE(kunit_get_current_test(), pos + count, region->size);
	if (iswrite)
		left = copy_from_user(data + pos, buf, count);
	else
		left = copy_to_user(buf, data + pos, count);
	return left ? -EFAULT : count;
}

static int fake_mmap(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region,
		     struct vm_area_struct *vma)
{
	fixture_of(vdev)->mapped = vma->vm_pgoff;
	return 0;
}

static int fake_caps(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region,
		     struct vfio_info_cap *caps)
{
	struct vfio_info_cap_header cap = { .id = 0x77, .version = 9 };

	return vfio_info_add_capability(caps, &cap, sizeof(cap));
}

static void fake_release(struct vfio_pci_core_device *vdev, const struct vfio_pci_region *region)
{
	struct region_fixture *f = fixture_of(vdev);

	f->released[f->num_released++ % ARRAY_SIZE(f->released)] = region->subtype;
}

static const struct vfio_pci_regops fake_ops = {
	.rw = fake_rw,
	.mmap = fake_mmap,
	.add_capability = fake_caps,
	.release = fake_release,
};

static const struct vfio_pci_regops rw_ops = {
	.rw = fake_rw,
};

static const struct vfio_pci_regops no_ops;

static int add(struct region_fixture *f, u32 subtype, const struct vfio_pci_regops *ops,
	       size_t size, u32 flags)
{
	int ret;

	mutex_lock(&f->set.lock);
	ret = vfio_pci_core_register_dev_region(&f->vdev, TYPE, subtype, ops, size, flags,
						f->data);
	mutex_unlock(&f->set.lock);
	return ret;
}

static int info(struct region_fixture *f, u32 index, struct vfio_region_info *info,
		struct vfio_info_cap *caps)
{
	*info = (struct vfio_region_info) { .argsz = sizeof(*info), .index = index };
	*caps = (struct vfio_info_cap) { };
	return vfio_pci_ioctl_get_region_info(&f->vdev.vdev, info, caps);
}

/* What a driver may ask for */
static void reg_arguments(struct kunit *test)
{
	struct region_fixture *f = test->priv;
	unsigned int n;

	KUNIT_EXPECT_EQ(test, -EINVAL, add(f, 1, &fake_ops, 0, RW));
	KUNIT_EXPECT_EQ(test, -EINVAL, add(f, 1, &fake_ops, SIZE, RW | BIT(3)));
	KUNIT_EXPECT_EQ(test, -EINVAL, add(f, 1, &no_ops, SIZE, VFIO_REGION_INFO_FLAG_READ));
	KUNIT_EXPECT_EQ(test, -EINVAL, add(f, 1, &no_ops, SIZE, VFIO_REGION_INFO_FLAG_WRITE));
	KUNIT_EXPECT_EQ(test, -EINVAL, add(f, 1, &rw_ops, SIZE, RW | MMAP));
	if (sizeof(size_t) > 4)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				add(f, 1, &rw_ops, VFIO_PCI_OFFSET_MASK + 2, RW));
	KUNIT_EXPECT_EQ(test, 0, f->vdev.num_dev_regions);

	/* There is an end to it */
	for (n = 0; n < 1000; n++) {
		if (add(f, n, &rw_ops, SIZE, RW))
			break;
	}
	KUNIT_EXPECT_GE(test, n, 8);
	KUNIT_EXPECT_LT(test, n, 1000);
	KUNIT_EXPECT_EQ(test, n, f->vdev.num_dev_regions);
	KUNIT_EXPECT_EQ(test, -ENOSPC, add(f, n, &rw_ops, SIZE, RW));
}

/* The type comes first in the chain, the driver's own behind it */
static void region_info(struct kunit *test)
{
	struct region_fixture *f = test->priv;
	struct vfio_region_info_cap_type *type;
	struct vfio_info_cap_header *own;
	struct vfio_region_info i;
	struct vfio_info_cap caps;

	KUNIT_EXPECT_EQ(test, -EINVAL, info(f, VFIO_PCI_NUM_REGIONS, &i, &caps));
	KUNIT_ASSERT_EQ(test, 0, add(f, 5, &fake_ops, SIZE, RW | MMAP));
	KUNIT_ASSERT_EQ(test, 0, add(f, 6, &rw_ops, 3, VFIO_REGION_INFO_FLAG_READ));

	KUNIT_ASSERT_EQ(test, 0, info(f, VFIO_PCI_NUM_REGIONS, &i, &caps));
	KUNIT_EXPECT_EQ(test, SIZE, i.size);
	KUNIT_EXPECT_EQ(test, RW | MMAP, i.flags);
	KUNIT_EXPECT_EQ(test, (u64)VFIO_PCI_NUM_REGIONS << 40, i.offset);
	KUNIT_ASSERT_EQ(test, sizeof(*type) + sizeof(*own), caps.size);
	type = (void *)caps.buf;
	KUNIT_EXPECT_EQ(test, VFIO_REGION_INFO_CAP_TYPE, type->header.id);
	KUNIT_EXPECT_EQ(test, 1, type->header.version);
	KUNIT_EXPECT_EQ(test, TYPE, type->type);
	KUNIT_EXPECT_EQ(test, 5, type->subtype);
	KUNIT_ASSERT_EQ(test, sizeof(*type), type->header.next);
	own = (void *)caps.buf + type->header.next;
	KUNIT_EXPECT_EQ(test, 0x77, own->id);
	kfree(caps.buf);

	KUNIT_ASSERT_EQ(test, 0, info(f, VFIO_PCI_NUM_REGIONS + 1, &i, &caps));
	KUNIT_EXPECT_EQ(test, 3, i.size);
	KUNIT_EXPECT_EQ(test, VFIO_REGION_INFO_FLAG_READ, i.flags);
	KUNIT_EXPECT_EQ(test, sizeof(*type), caps.size);
	kfree(caps.buf);

	KUNIT_EXPECT_EQ(test, -EINVAL, info(f, VFIO_PCI_NUM_REGIONS + 2, &i, &caps));
	KUNIT_EXPECT_EQ(test, -EINVAL, info(f, U32_MAX, &i, &caps));

	/* No bus region has come or gone by it */
	f->vdev.disable_vga = true;
	KUNIT_EXPECT_EQ(test, -EINVAL, info(f, VFIO_PCI_VGA_REGION_INDEX, &i, &caps));
}

static ssize_t rw(struct region_fixture *f, u32 index, u64 off, size_t count, bool iswrite,
		  loff_t *pos)
{
	*pos = VFIO_PCI_INDEX_TO_OFFSET(index) + off;
	if (iswrite)
		return vfio_pci_core_write(&f->vdev.vdev, f->user, count, pos);
	return vfio_pci_core_read(&f->vdev.vdev, f->user, count, pos);
}

/* The driver sees no access but those that its region has */
static void read_write(struct kunit *test)
{
	const u32 index = VFIO_PCI_NUM_REGIONS;
	struct region_fixture *f = test->priv;
	u8 bytes[SIZE];
	loff_t pos;

	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, index, 0, 1, false, &pos));
	KUNIT_ASSERT_EQ(test, 0, add(f, 1, &rw_ops, SIZE, RW));
	KUNIT_ASSERT_EQ(test, 0, add(f, 2, &rw_ops, SIZE, VFIO_REGION_INFO_FLAG_READ));
	KUNIT_ASSERT_EQ(test, 0, add(f, 3, &rw_ops, SIZE, VFIO_REGION_INFO_FLAG_WRITE));

	KUNIT_EXPECT_EQ(test, SIZE - 7, rw(f, index, 7, 10 * SIZE, false, &pos));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_INDEX_TO_OFFSET(index) + SIZE, (u64)pos);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(bytes, f->user, SIZE - 7));
	KUNIT_EXPECT_MEMEQ(test, bytes, f->data + 7, SIZE - 7);

	KUNIT_ASSERT_EQ(test, 0, copy_to_user(f->user, "abcd", 4));
	KUNIT_EXPECT_EQ(test, 4, rw(f, index, 10, 4, true, &pos));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_INDEX_TO_OFFSET(index) + 14, (u64)pos);
	KUNIT_EXPECT_MEMEQ(test, f->data + 10, "abcd", 4);

	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, index, SIZE, 1, false, &pos));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_INDEX_TO_OFFSET(index) + SIZE, (u64)pos);
	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, index, VFIO_PCI_OFFSET_MASK, 1, true, &pos));
	KUNIT_EXPECT_EQ(test, 0, rw(f, index, SIZE, 0, false, &pos));

	/* Only what the flags say */
	KUNIT_EXPECT_EQ(test, 4, rw(f, index + 1, 0, 4, false, &pos));
	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, index + 1, 0, 4, true, &pos));
	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, index + 2, 0, 4, false, &pos));
	KUNIT_EXPECT_EQ(test, 4, rw(f, index + 2, 0, 4, true, &pos));
	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, index + 3, 0, 4, false, &pos));
	KUNIT_EXPECT_EQ(test, -EINVAL, rw(f, (1U << 23) - 1, 0, 4, false, &pos));

	/* A failure leaves the position */
	KUNIT_ASSERT_EQ(test, 0, vm_munmap((unsigned long)f->user, 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EFAULT, rw(f, index, 5, 4, false, &pos));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_INDEX_TO_OFFSET(index) + 5, (u64)pos);
}

static int map(struct region_fixture *f, u32 index, u64 first, u64 pages, unsigned long flags)
{
	struct vm_area_struct vma = { .vm_start = SZ_1M };

	vma.vm_end = vma.vm_start + pages * PAGE_SIZE;
	vma.vm_pgoff = (VFIO_PCI_INDEX_TO_OFFSET(index) >> PAGE_SHIFT) + first;
	vm_flags_init(&vma, flags);
	f->mapped = 0;
	return vfio_pci_core_mmap(&f->vdev.vdev, &vma);
}

static void mmap(struct kunit *test)
{
	const u32 index = VFIO_PCI_NUM_REGIONS;
	struct region_fixture *f = test->priv;

	KUNIT_ASSERT_EQ(test, 0, add(f, 1, &fake_ops, 2 * PAGE_SIZE + 1, RW | MMAP));
	KUNIT_ASSERT_EQ(test, 0, add(f, 2, &fake_ops, 2 * PAGE_SIZE, RW));

	KUNIT_EXPECT_EQ(test, 0, map(f, index, 0, 3, VM_SHARED));
	KUNIT_EXPECT_EQ(test, VFIO_PCI_INDEX_TO_OFFSET(index) >> PAGE_SHIFT, (u64)f->mapped);
	KUNIT_EXPECT_EQ(test, 0, map(f, index, 2, 1, VM_SHARED));
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index, 0, 4, VM_SHARED));
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index, 3, 1, VM_SHARED));
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index, 2, 2, VM_SHARED));
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index, 0, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, f->mapped);
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index + 1, 0, 1, VM_SHARED));
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index + 2, 0, 1, VM_SHARED));
	KUNIT_EXPECT_EQ(test, -EINVAL, map(f, index,
					   (VFIO_PCI_OFFSET_MASK >> PAGE_SHIFT) - 1, 1,
					   VM_SHARED));
}

/* Last in, first out; afterwards the indexes are free again */
static void release(struct kunit *test)
{
	struct region_fixture *f = test->priv;
	struct vfio_region_info i;
	struct vfio_info_cap caps;

	KUNIT_ASSERT_EQ(test, 0, add(f, 11, &fake_ops, SIZE, RW));
	KUNIT_ASSERT_EQ(test, 0, add(f, 12, &rw_ops, SIZE, RW));
	KUNIT_ASSERT_EQ(test, 0, add(f, 13, &fake_ops, SIZE, RW));
	region_free(f);
	KUNIT_EXPECT_EQ(test, 2, f->num_released);
	KUNIT_EXPECT_EQ(test, 13, f->released[0]);
	KUNIT_EXPECT_EQ(test, 11, f->released[1]);
	KUNIT_EXPECT_EQ(test, 0, f->vdev.num_dev_regions);
	KUNIT_EXPECT_EQ(test, -EINVAL, info(f, VFIO_PCI_NUM_REGIONS, &i, &caps));
	region_free(f);
	KUNIT_EXPECT_EQ(test, 2, f->num_released);
}

/* ---- a ROM that firmware has copied, for a device without a ROM BAR */

static void rom_size(struct kunit *test)
{
	struct region_fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, 0, vfio_pci_rom_size(&f->pdev));
	f->pdev.rom = 0x1000;
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_rom_size(&f->pdev));
	f->pdev.romlen = 1;
	KUNIT_EXPECT_EQ(test, 1, vfio_pci_rom_size(&f->pdev));
	f->pdev.romlen = 0xc001;
	KUNIT_EXPECT_EQ(test, 0x10000, vfio_pci_rom_size(&f->pdev));
	f->pdev.romlen = SZ_16M;
	KUNIT_EXPECT_EQ(test, SZ_16M, vfio_pci_rom_size(&f->pdev));
	/* No ROM BAR has so much */
	f->pdev.romlen = SZ_16M + 1;
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_rom_size(&f->pdev));
	/* The BAR counts if there is one */
	f->pdev.resource[PCI_ROM_RESOURCE] = DEFINE_RES_MEM(0xfe000000, 0x800);
	KUNIT_EXPECT_EQ(test, 0x800, vfio_pci_rom_size(&f->pdev));
}

static void rom_copy(struct kunit *test)
{
	struct region_fixture *f = test->priv;
	loff_t pos = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_ROM_REGION_INDEX);
	u8 *image = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	u8 *bytes = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, image);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	for (i = 0; i < PAGE_SIZE; i++)
		image[i] = i * 5;
	f->pdev.rom = virt_to_phys(image);
	f->pdev.romlen = 77;

	/* Memory that does not depend on the device: it may be off, or asleep */
	f->pdev.current_state = PCI_D3hot;
	KUNIT_ASSERT_EQ(test, 128, vfio_pci_rom_rw(&f->vdev, f->user, 1000, &pos, false));
	KUNIT_EXPECT_EQ(test, 128, pos & VFIO_PCI_OFFSET_MASK);
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(bytes, f->user, 128));
	KUNIT_EXPECT_MEMEQ(test, bytes, image, 77);
	for (i = 77; i < 128; i++)
		KUNIT_EXPECT_EQ(test, 0xff, bytes[i]);

	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_rom_rw(&f->vdev, f->user, 1, &pos, false));
	pos -= 128;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_rom_rw(&f->vdev, f->user, 1, &pos, true));
}

static struct kunit_case vfio_pci_region_cases[] = {
	KUNIT_CASE(reg_arguments),
	KUNIT_CASE(region_info),
	KUNIT_CASE(read_write),
	KUNIT_CASE(mmap),
	KUNIT_CASE(release),
	KUNIT_CASE(rom_size),
	KUNIT_CASE(rom_copy),
	{ }
};

static struct kunit_suite vfio_pci_region_suite = {
	.name = "vfio-pci-region",
	.init = region_init,
	.exit = region_exit,
	.test_cases = vfio_pci_region_cases,
};

kunit_test_suite(vfio_pci_region_suite);
