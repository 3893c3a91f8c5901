// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of read() and write() on BARs: how an access is cut into steps, what
 * the device must not see, and what a device without memory answers.  Kernel
 * memory plays the part of the device.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include "../vfio_pci_priv.h"

/* ---- one step */

struct chunk_case {
	const char *name;
	loff_t off;
	size_t count;
	size_t x_start;
	size_t x_end;
	size_t max_width;
	size_t expected;
	bool hole;
};

static const struct chunk_case chunk_cases[] = {
	{ "aligned, wide", 0, 64, 0, 0, 8, 8, false },
	{ "as wide as allowed", 0, 64, 0, 0, 4, 4, false },
	{ "odd offset", 1, 64, 0, 0, 8, 1, false },
	{ "offset aligned to 2", 6, 64, 0, 0, 8, 2, false },
	{ "offset aligned to 4", 12, 64, 0, 0, 8, 4, false },
	{ "offset aligned to more", 4096, 64, 0, 0, 8, 8, false },
	{ "few bytes left", 8, 7, 0, 0, 8, 4, false },
	{ "three bytes left", 8, 3, 0, 0, 8, 2, false },
	{ "one byte left", 8, 1, 0, 0, 8, 1, false },
	{ "far out", (1LL << 39) + 8, 8, 0, 0, 8, 8, false },
	{ "not into the hole", 0x18, 64, 0x1c, 0x30, 8, 4, false },
	{ "not a byte into the hole", 0x18, 64, 0x19, 0x30, 8, 1, false },
	{ "up to the hole", 0x18, 64, 0x20, 0x30, 8, 8, false },
	{ "in the hole", 0x20, 64, 0x20, 0x30, 8, 0x10, true },
	{ "end of the hole", 0x2f, 64, 0x20, 0x30, 8, 1, true },
	{ "behind the hole", 0x30, 64, 0x20, 0x30, 8, 8, false },
	{ "ends in the hole", 0x20, 3, 0x20, 0x30, 8, 3, true },
	{ "empty hole right here", 0x20, 64, 0x20, 0x20, 8, 8, false },
	{ "empty hole ahead", 0x18, 64, 0x1c, 0x1c, 8, 8, false },
	/* The hole is where a device says: it may lie outside of the BAR */
	{ "hole far out", 0, 64, 0xfffffff8, 0x100007ff8, 8, 8, false },
};

static void chunk_desc(const struct chunk_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(chunk, chunk_cases, chunk_desc);

static void chunk_size(struct kunit *test)
{
	const struct chunk_case *c = test->param_value;
	bool hole = !c->hole;

	KUNIT_EXPECT_EQ(test, c->expected,
			vfio_pci_io_chunk(c->off, c->count, c->x_start, c->x_end, c->max_width,
					  &hole));
	KUNIT_EXPECT_EQ(test, c->hole, hole);
}

/* From anywhere to anywhere around a hole: every byte once, nothing twice */
static void chunk_covers(struct kunit *test)
{
	const size_t x_start = 13, x_end = 22, size = 40;
	size_t start, end, off, n;
	bool hole;

	for (start = 0; start < size; start++) {
		for (end = start + 1; end <= size; end++) {
			for (off = start; off < end; off += n) {
				n = vfio_pci_io_chunk(off, end - off, x_start, x_end, 8, &hole);
				KUNIT_ASSERT_GT(test, n, 0);
				KUNIT_ASSERT_LE(test, off + n, end);
				KUNIT_ASSERT_EQ(test, hole, off >= x_start && off < x_end);
				if (hole) {
					KUNIT_ASSERT_LE(test, off + n, x_end);
					continue;
				}
				KUNIT_ASSERT_TRUE(test, is_power_of_2(n));
				KUNIT_ASSERT_EQ(test, off % n, 0);
				KUNIT_ASSERT_TRUE(test, off + n <= x_start || off >= x_end);
			}
			KUNIT_ASSERT_EQ(test, off, end);
		}
	}
}

/* ---- overlap of an access and a register */

struct intersect_case {
	const char *name;
	loff_t buf_start;
	size_t buf_cnt;
	loff_t reg_start;
	size_t reg_cnt;
	bool expected;
	loff_t buf_offset;
	size_t count;
	size_t reg_offset;
};

static const struct intersect_case intersect_cases[] = {
	{ "same", 8, 4, 8, 4, true, 0, 4, 0 },
	{ "inside the register", 9, 2, 8, 4, true, 0, 2, 1 },
	{ "around the register", 0, 32, 8, 4, true, 8, 4, 0 },
	{ "over its begin", 6, 4, 8, 4, true, 2, 2, 0 },
	{ "over its end", 10, 4, 8, 4, true, 0, 2, 2 },
	{ "right before", 4, 4, 8, 4, false },
	{ "right behind", 12, 4, 8, 4, false },
	{ "nothing", 8, 0, 8, 4, false },
	{ "nothing inside", 9, 0, 8, 4, false },
	{ "empty register", 8, 4, 9, 0, false },
	{ "sum overflows", S64_MAX - 1, SIZE_MAX, 8, 4, false },
	{ "count overflows", 0, SIZE_MAX, 8, 4, true, 8, 4, 0 },
};

static void intersect_desc(const struct intersect_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(intersect, intersect_cases, intersect_desc);

static void intersect(struct kunit *test)
{
	const struct intersect_case *c = test->param_value;
	size_t count, reg_offset;
	loff_t buf_offset;

	KUNIT_ASSERT_EQ(test, c->expected,
			vfio_pci_core_range_intersect_range(c->buf_start, c->buf_cnt,
							    c->reg_start, c->reg_cnt, &buf_offset,
							    &count, &reg_offset));
	if (!c->expected)
		return;
	KUNIT_EXPECT_EQ(test, c->buf_offset, buf_offset);
	KUNIT_EXPECT_EQ(test, c->count, count);
	KUNIT_EXPECT_EQ(test, c->reg_offset, reg_offset);
}

/* ---- whole accesses */

#define BAR_SIZE	256

struct rdwr_fixture {
	struct vfio_pci_core_device vdev;
	struct pci_dev pdev;
	u8 vconfig[PCI_CFG_SPACE_SIZE];
	u8 bar[BAR_SIZE] __aligned(8);
	u8 copy[BAR_SIZE];
	u8 __user *buf;
};

static int rdwr_init(struct kunit *test)
{
	struct rdwr_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned long addr;
	unsigned int i;

	if (!f)
		return -ENOMEM;
	addr = kunit_vm_mmap(test, NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	if (!addr || IS_ERR_VALUE(addr))
		return -ENOMEM;

	f->buf = (u8 __user *)addr;
	f->vdev.pdev = &f->pdev;
	f->vdev.vconfig = f->vconfig;
	init_rwsem(&f->vdev.memory_lock);
	put_unaligned_le16(PCI_COMMAND_MEMORY, f->vconfig + PCI_COMMAND);
	for (i = 0; i < BAR_SIZE; i++)
		f->bar[i] = i ^ 0x5a;
	test->priv = f;
	return 0;
}

static ssize_t rdwr(struct rdwr_fixture *f, loff_t off, size_t count, size_t x_start,
		    size_t x_end, bool iswrite)
{
	return vfio_pci_core_do_io_rw(&f->vdev, true, (void __iomem __force *)f->bar, f->buf, off,
				      count, x_start, x_end, iswrite, VFIO_PCI_IO_WIDTH_8);
}

/* The bytes arrive in the order that the device has them, at any alignment */
static void read_bytes(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;
	size_t off;

	for (off = 0; off < 16; off++) {
		KUNIT_ASSERT_EQ(test, 77, rdwr(f, off, 77, 0, 0, false));
		KUNIT_ASSERT_EQ(test, 0, copy_from_user(f->copy, f->buf, 77));
		KUNIT_EXPECT_MEMEQ(test, f->copy, f->bar + off, 77);
	}
}

static void write_bytes(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < 77; i++)
		f->copy[i] = 3 * i;
	KUNIT_ASSERT_EQ(test, 0, copy_to_user(f->buf, f->copy, 77));
	KUNIT_ASSERT_EQ(test, 77, rdwr(f, 5, 77, 0, 0, true));
	KUNIT_EXPECT_MEMEQ(test, f->bar + 5, f->copy, 77);
	KUNIT_EXPECT_EQ(test, 4 ^ 0x5a, f->bar[4]);
	KUNIT_EXPECT_EQ(test, 82 ^ 0x5a, f->bar[82]);
}

/* The MSI-X table: reads as ones and keeps what the host has written */
static void hole_is_hidden(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, BAR_SIZE, rdwr(f, 0, BAR_SIZE, 19, 117, false));
	KUNIT_ASSERT_EQ(test, 0, copy_from_user(f->copy, f->buf, BAR_SIZE));
	for (i = 0; i < BAR_SIZE; i++) {
		u8 expected = i >= 19 && i < 117 ? 0xff : i ^ 0x5a;

		KUNIT_EXPECT_EQ_MSG(test, expected, f->copy[i], "byte %u", i);
	}

	memset(f->copy, 0x11, BAR_SIZE);
	KUNIT_ASSERT_EQ(test, 0, copy_to_user(f->buf, f->copy, BAR_SIZE));
	KUNIT_ASSERT_EQ(test, BAR_SIZE, rdwr(f, 0, BAR_SIZE, 19, 117, true));
	for (i = 0; i < BAR_SIZE; i++) {
		u8 expected = i >= 19 && i < 117 ? i ^ 0x5a : 0x11;

		KUNIT_EXPECT_EQ_MSG(test, expected, f->bar[i], "byte %u", i);
	}
}

static void bad_buffer(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;

	/* A good beginning does not help: the file position must stay */
	f->buf += PAGE_SIZE - 8;
	KUNIT_ASSERT_EQ(test, 0, vm_munmap((unsigned long)f->buf + 8, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EFAULT, rdwr(f, 0, 16, 0, 0, false));
	KUNIT_EXPECT_EQ(test, -EFAULT, rdwr(f, 0, 16, 0, 0, true));
	KUNIT_EXPECT_EQ(test, -EFAULT, rdwr(f, 0, 16, 0, 16, false));
	KUNIT_EXPECT_EQ(test, 0x5a, f->bar[0]);
}

/* CVE-2020-12888: nothing reaches a device that does not decode */
static void memory_off(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;
	u32 val = 7;

	put_unaligned_le16(PCI_COMMAND_IO, f->vconfig + PCI_COMMAND);
	KUNIT_EXPECT_EQ(test, -EIO, rdwr(f, 0, 8, 0, 0, false));
	KUNIT_EXPECT_EQ(test, -EIO, rdwr(f, 0, 8, 0, 0, true));
	KUNIT_EXPECT_EQ(test, 0x5a, f->bar[0]);
	KUNIT_EXPECT_EQ(test, -EIO, vfio_pci_core_ioread32(&f->vdev, true, &val,
							   (void __iomem __force *)f->bar));
	KUNIT_EXPECT_EQ(test, 7, val);
	/* I/O ports don't care, and neither does the table that is not read */
	KUNIT_EXPECT_EQ(test, 0, vfio_pci_core_ioread32(&f->vdev, false, &val,
							(void __iomem __force *)f->bar));
	KUNIT_EXPECT_NE(test, 7, val);
	KUNIT_EXPECT_EQ(test, 8, rdwr(f, 0, 8, 0, 8, false));

	put_unaligned_le16(PCI_COMMAND_MEMORY, f->vconfig + PCI_COMMAND);
	KUNIT_EXPECT_EQ(test, 8, rdwr(f, 0, 8, 0, 0, false));
}

static void memory_asleep(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;

	f->pdev.current_state = PCI_D3hot;
	KUNIT_EXPECT_EQ(test, -EIO, rdwr(f, 0, 8, 0, 0, false));
	f->pdev.current_state = PCI_D2;
	KUNIT_EXPECT_EQ(test, 8, rdwr(f, 0, 8, 0, 0, false));
	f->pdev.current_state = PCI_UNKNOWN;
	KUNIT_EXPECT_EQ(test, -EIO, rdwr(f, 0, 8, 0, 0, false));
}

/* A VF has no such bit and decodes for ever, but it can sleep */
static void memory_of_vf(struct kunit *test)
{
	struct rdwr_fixture *f = test->priv;

	put_unaligned_le16(0, f->vconfig + PCI_COMMAND);
	f->pdev.no_command_memory = 1;
	KUNIT_EXPECT_EQ(test, 8, rdwr(f, 0, 8, 0, 0, false));
	f->pdev.current_state = PCI_D3hot;
	KUNIT_EXPECT_EQ(test, -EIO, rdwr(f, 0, 8, 0, 0, false));
}

static struct kunit_case vfio_pci_chunk_cases[] = {
	KUNIT_CASE_PARAM(chunk_size, chunk_gen_params),
	KUNIT_CASE(chunk_covers),
	KUNIT_CASE_PARAM(intersect, intersect_gen_params),
	{ }
};

static struct kunit_suite vfio_pci_chunk_suite = {
	.name = "vfio-pci-chunk",
	.test_cases = vfio_pci_chunk_cases,
};

static struct kunit_case vfio_pci_rdwr_cases[] = {
	KUNIT_CASE(read_bytes),
	KUNIT_CASE(write_bytes),
	KUNIT_CASE(hole_is_hidden),
	KUNIT_CASE(bad_buffer),
	KUNIT_CASE(memory_off),
	KUNIT_CASE(memory_asleep),
	KUNIT_CASE(memory_of_vf),
	{ }
};

static struct kunit_suite vfio_pci_rdwr_suite = {
	.name = "vfio-pci-rdwr",
	.init = rdwr_init,
	.test_cases = vfio_pci_rdwr_cases,
};

kunit_test_suites(&vfio_pci_chunk_suite, &vfio_pci_rdwr_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("Tests of the VFIO library for PCI");
MODULE_LICENSE("GPL");
