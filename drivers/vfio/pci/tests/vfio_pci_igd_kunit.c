// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the regions of Intel graphics: OpRegions as firmware makes them, or
 * might make them, and a device that is nothing but a configuration space.
 * The bridges are those of this machine if it is one of Intel's.
 */
#include <kunit/static_stub.h>
#include <linux/io.h>
#include <linux/mman.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include "../vfio_pci_igd.h"
#include "vfio_pci_fake_cfg.h"

#define SIGNATURE	"IntelGraphicsMem"
#define ADDR		0x7a000000ULL
#define IGD_TYPE	(VFIO_REGION_TYPE_PCI_VENDOR_TYPE | PCI_VENDOR_ID_INTEL)

/* An OpRegion of 8 KiB, every byte different from its neighbours */
static void make_opregion(u8 *mem, u32 size, u16 version, u64 rvda, u32 rvds)
{
	u32 i;

	for (i = 0; i < size; i++)
		mem[i] = i * 7 + (i >> 8);
	memcpy(mem, SIGNATURE, 16);
	put_unaligned_le32(size / SZ_1K, mem + 0x10);
	put_unaligned_le16(version, mem + 0x16);
	put_unaligned_le64(rvda, mem + 0x3ba);
	put_unaligned_le32(rvds, mem + 0x3c2);
}

/* ---- what the head of an OpRegion says */

struct parse_case {
	const char *name;
	u32 kbytes;
	u16 version;
	u64 rvda;
	u32 rvds;
	int expected;
	u64 vbt;
	u32 vbt_size;
	u64 addr;
};

static const struct parse_case parse_cases[] = {
	{ "1.0", 8, 0x0100 },
	{ "1.0 knows no RVDA", 8, 0x0100, 0x7b000000, 0x1000 },
	{ "2.0 without extended VBT", 8, 0x0200 },
	{ "2.0, RVDA is an address", 8, 0x0200, 0x7b000000, 0x1234, 0, 0x7b000000, 0x1234 },
	{ "2.0, above 4 GiB", 8, 0x0200, 0x880000000ULL, 9, 0, 0x880000000ULL, 9 },
	{ "2.1, RVDA is an offset", 8, 0x0201, 0x2000, 0x1234, 0, ADDR + 0x2000, 0x1234 },
	{ "3.0, too", 8, 0x0300, 0x12000, 1, 0, ADDR + 0x12000, 1 },
	{ "no size", 8, 0x0201, 0x2000, 0 },
	{ "no place", 8, 0x0201, 0, 0x1000 },
	{ "16 KiB", 16, 0x0200 },
	{ "smallest", 1, 0x0200 },
	{ "largest", 64, 0x0200 },
	{ "largest VBT", 8, 0x0200, 0x7b000000, SZ_1M, 0, 0x7b000000, SZ_1M },
	/* What firmware must not get away with */
	{ "empty", 0, 0x0200, .expected = -EINVAL },
	{ "too large", 65, 0x0200, .expected = -EINVAL },
	{ "size overflows", 0x400001, 0x0200, .expected = -EINVAL },
	{ "size of all ones", U32_MAX, 0x0200, .expected = -EINVAL },
	{ "VBT too large", 8, 0x0200, 0x7b000000, SZ_1M + 1, -EINVAL },
	{ "VBT of all ones", 8, 0x0201, 0x2000, U32_MAX, -EINVAL },
	{ "address wraps", 8, 0x0200, U64_MAX - 15, 17, -EINVAL },
	{ "address at the end", 8, 0x0200, U64_MAX - 15, 16, 0, U64_MAX - 15, 16 },
	{ "offset wraps", 8, 0x0201, U64_MAX - ADDR + 1, 16, -EINVAL },
	{ "offset plus size wraps", 8, 0x0201, U64_MAX - ADDR, 2, -EINVAL },
	{ "OpRegion wraps", 8, 0x0200, .expected = -EINVAL, .addr = U64_MAX - 0x1000 },
};

static void parse_desc(const struct parse_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(parse, parse_cases, parse_desc);

static void opregion_parse(struct kunit *test)
{
	const struct parse_case *c = test->param_value;
	struct vfio_pci_opregion_info info = { };
	u8 *head = kunit_kzalloc(test, VFIO_PCI_OPREGION_HEAD, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, head);
	make_opregion(head, VFIO_PCI_OPREGION_HEAD, c->version, c->rvda, c->rvds);
	put_unaligned_le32(c->kbytes, head + 0x10);
	KUNIT_ASSERT_EQ(test, c->expected,
			vfio_pci_opregion_parse(head, c->addr ?: ADDR, &info));
	if (c->expected)
		return;
	KUNIT_EXPECT_EQ(test, c->kbytes * SZ_1K, info.size);
	KUNIT_EXPECT_EQ(test, c->version, info.version);
	KUNIT_EXPECT_EQ(test, c->vbt_size, info.vbt_size);
	KUNIT_EXPECT_EQ(test, c->vbt, info.vbt);

	/* Each byte of the signature counts */
	head[c->version % 16] ^= 0x20;
	KUNIT_EXPECT_EQ(test, -EINVAL, vfio_pci_opregion_parse(head, ADDR, &info));
}

/* ---- what user space reads */

struct read_case {
	const char *name;
	u16 version;
	u64 rvda;
	u32 rvds;
	u16 seen_version;
	u64 seen_rvda;
};

static const struct read_case read_cases[] = {
	{ "1.0", 0x0100, 0, 0, 0x0100, 0 },
	{ "2.0", 0x0200, 0, 0, 0x0200, 0 },
	{ "no host address is shown", 0x0100, 0x7b000000, 300, 0x0100, 0 },
	{ "2.0 with extended VBT", 0x0200, 0x7b000000, 300, 0x0201, SZ_8K },
	{ "2.1 with extended VBT", 0x0201, 0x9000, 300, 0x0201, SZ_8K },
	{ "3.0 with extended VBT", 0x0300, 0x9000, 300, 0x0300, SZ_8K },
};

static void read_desc(const struct read_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(read, read_cases, read_desc);

static void opregion_read(struct kunit *test)
{
	const struct read_case *c = test->param_value;
	struct vfio_pci_opregion opregion = { };
	size_t size, pos, len;
	u8 *want, *got;

	opregion.head = kunit_kzalloc(test, SZ_8K, GFP_KERNEL);
	opregion.vbt = kunit_kzalloc(test, 300, GFP_KERNEL);
	want = kunit_kzalloc(test, SZ_16K, GFP_KERNEL);
	got = kunit_kzalloc(test, SZ_16K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, opregion.head);
	KUNIT_ASSERT_NOT_NULL(test, opregion.vbt);
	KUNIT_ASSERT_NOT_NULL(test, want);
	KUNIT_ASSERT_NOT_NULL(test, got);

	make_opregion(opregion.head, SZ_8K, c->version, c->rvda, c->rvds);
	memset(opregion.vbt, 0x5c, 300);
	KUNIT_ASSERT_EQ(test, 0, vfio_pci_opregion_parse(opregion.head, ADDR, &opregion.info));
	size = SZ_8K + opregion.info.vbt_size;

	make_opregion(want, SZ_8K, c->seen_version, c->seen_rvda, c->rvds);
	memset(want + SZ_8K, 0x5c, 300);
	vfio_pci_opregion_read(&opregion, 0, got, size);
	KUNIT_EXPECT_MEMEQ(test, got, want, size);

	/* In pieces that begin and end everywhere around what is patched */
	for (pos = 0x3b4; pos < 0x3c8; pos++) {
		for (len = 1; len < 16; len++) {
			memset(got, 0xee, 32);
			vfio_pci_opregion_read(&opregion, pos, got, len);
			KUNIT_ASSERT_MEMEQ(test, got, want + pos, len);
			KUNIT_ASSERT_EQ(test, 0xee, got[len]);
		}
	}
	for (pos = 0x12; pos < 0x1a; pos++) {
		vfio_pci_opregion_read(&opregion, pos, got, 3);
		KUNIT_ASSERT_MEMEQ(test, got, want + pos, 3);
	}
	for (pos = SZ_8K - 20; pos + 20 <= size; pos += 13) {
		vfio_pci_opregion_read(&opregion, pos, got, 20);
		KUNIT_ASSERT_MEMEQ(test, got, want + pos, 20);
	}
}

/* ---- a device */

/**
 * struct igd_fixture - What surrounds the device
 * @set: its device set
 * @mem: what lies at ADDR: an OpRegion, and more behind it
 * @user: user memory
 * @maps: mappings that there are
 * @fail_map: the how many-th mapping fails, 0 for none
 * @maps_made: how many have been tried
 * @swap_bridges: whoever looks for one bridge finds the other
 * @no_bridges: there are none
 */
static struct igd_fixture {
	struct vfio_device_set set;
	u8 *mem;
	u8 __user *user;
	int maps;
	int fail_map;
	int maps_made;
	bool swap_bridges;
	bool no_bridges;
} igd;

#define MEM_SIZE	SZ_32K

static void *fake_map(u64 addr, size_t size)
{
	if (++igd.maps_made == igd.fail_map)
		return ERR_PTR(-ENOMEM);
	if (addr < ADDR || addr - ADDR > MEM_SIZE || size > MEM_SIZE - (addr - ADDR))
		return ERR_PTR(-EINVAL);
	igd.maps++;
	return igd.mem + (addr - ADDR);
}

static void fake_unmap(void *mapping)
{
	KUNIT_EXPECT_NOT_NULL(kunit_get_current_test(), mapping);
	igd.maps--;
}

static struct pci_dev *fake_bridge(struct pci_dev *pdev, unsigned int devfn)
{
	if (igd.no_bridges)
		return NULL;
	if (igd.swap_bridges)
		devfn = devfn ? 0 : PCI_DEVFN(0x1f, 0);
	return pci_get_domain_bus_and_slot(0, 0, devfn);
}

static int igd_init(struct kunit *test)
{
	struct fake_cfg *fake;
	unsigned long addr;
	int ret;

	memset(&igd, 0, sizeof(igd));
	ret = fake_cfg_init(test);
	if (ret)
		return ret;
	fake = test->priv;

	igd.mem = kunit_kzalloc(test, MEM_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, igd.mem);
	addr = kunit_vm_mmap(test, NULL, 0, MEM_SIZE, PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_FALSE(test, !addr || IS_ERR_VALUE(addr));
	igd.user = (u8 __user *)addr;

	mutex_init(&igd.set.lock);
	fake->vdev->vdev.dev_set = &igd.set;
	fake->pdev->vendor = PCI_VENDOR_ID_INTEL;
	fake->pdev->class = PCI_CLASS_DISPLAY_VGA << 8;
	/* Awake, and runtime PM has nothing to say about it */
	spin_lock_init(&fake->pdev->dev.power.lock);
	fake->pdev->dev.power.disable_depth = 1;
	fake_put(test, VFIO_PCI_IGD_ASLS, 4, ADDR);
	fake_open(test);

	kunit_activate_static_stub(test, vfio_pci_igd_map, fake_map);
	kunit_activate_static_stub(test, vfio_pci_igd_unmap, fake_unmap);
	kunit_activate_static_stub(test, vfio_pci_igd_bridge, fake_bridge);
	make_opregion(igd.mem, SZ_8K, 0x0201, SZ_16K, 0x1001);
	memset(igd.mem + SZ_16K, 0x77, SZ_16K);
	return 0;
}

static int igd_open(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;
	int ret;

	mutex_lock(&igd.set.lock);
	ret = vfio_pci_igd_add_regions(fake->vdev);
	mutex_unlock(&igd.set.lock);
	return ret;
}

static void igd_close(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	mutex_lock(&igd.set.lock);
	vfio_pci_dev_regions_free(fake->vdev);
	mutex_unlock(&igd.set.lock);
	/* Whatever happened, no mapping is left */
	KUNIT_EXPECT_EQ(test, 0, igd.maps);
}

static void igd_exit(struct kunit *test)
{
	igd_close(test);
	fake_cfg_exit(test);
}

static void igd_expect_regions(struct kunit *test, int ret, unsigned int regions)
{
	struct fake_cfg *fake = test->priv;

	KUNIT_EXPECT_EQ(test, ret, igd_open(test));
	if (!ret)
		KUNIT_EXPECT_EQ(test, regions, fake->vdev->num_dev_regions);
	igd_close(test);
}

static bool have_bridges(struct kunit *test)
{
	struct pci_dev *host = pci_get_domain_bus_and_slot(0, 0, 0);
	struct pci_dev *lpc = pci_get_domain_bus_and_slot(0, 0, PCI_DEVFN(0x1f, 0));
	bool have = host && lpc && host->vendor == PCI_VENDOR_ID_INTEL &&
		    lpc->vendor == PCI_VENDOR_ID_INTEL &&
		    host->class >> 8 == PCI_CLASS_BRIDGE_HOST &&
		    lpc->class >> 8 == PCI_CLASS_BRIDGE_ISA;

	pci_dev_put(host);
	pci_dev_put(lpc);
	return have;
}

/* Nobody else is touched, not even read from */
static void other_devices(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake->pdev->class = PCI_CLASS_NETWORK_ETHERNET << 8;
	igd_expect_regions(test, 0, 0);
	fake->pdev->class = PCI_CLASS_DISPLAY_VGA << 8;
	fake->pdev->vendor = PCI_VENDOR_ID_AMD;
	igd_expect_regions(test, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, fake->reads);
	KUNIT_EXPECT_EQ(test, 0, igd.maps_made);
}

/* No OpRegion, no regions; that is no error, and the register stays real */
static void no_opregion(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	fake_put(test, VFIO_PCI_IGD_ASLS, 4, 0);
	igd_expect_regions(test, 0, 0);
	fake_put(test, VFIO_PCI_IGD_ASLS, 4, ~0U);
	igd_expect_regions(test, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, igd.maps_made);
	fake_put(test, VFIO_PCI_IGD_ASLS, 4, 0x1234);
	KUNIT_EXPECT_EQ(test, 0x1234, user_read(test, VFIO_PCI_IGD_ASLS, 4));

	/* A device that has gone has no OpRegion either */
	fake->fail_at = VFIO_PCI_IGD_ASLS;
	igd_expect_regions(test, 0, 0);
}

static void bad_opregion(struct kunit *test)
{
	igd.no_bridges = true;
	igd.mem[3] ^= 1;
	igd_expect_regions(test, -EINVAL, 0);
	igd.mem[3] ^= 1;

	put_unaligned_le32(0, igd.mem + 0x10);
	igd_expect_regions(test, -EINVAL, 0);
	put_unaligned_le32(8, igd.mem + 0x10);

	/* A VBT where nothing can be mapped */
	put_unaligned_le64(SZ_1G, igd.mem + 0x3ba);
	igd_expect_regions(test, -EINVAL, 0);
}

/* Each mapping fails in turn */
static void no_mapping(struct kunit *test)
{
	igd.no_bridges = true;
	for (igd.fail_map = 1; igd.fail_map <= 3; igd.fail_map++) {
		igd.maps_made = 0;
		igd_expect_regions(test, -ENOMEM, 0);
		KUNIT_EXPECT_EQ(test, igd.fail_map, igd.maps_made);
	}
	igd.maps_made = 0;
	igd_expect_regions(test, 0, 1);
}

/* What Linux uses for itself is no OpRegion, whatever firmware says */
static void not_in_system_ram(struct kunit *test)
{
	kunit_deactivate_static_stub(test, vfio_pci_igd_map);
	kunit_deactivate_static_stub(test, vfio_pci_igd_unmap);
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR_OR_ZERO(vfio_pci_igd_map(virt_to_phys(igd.mem),
									SZ_8K)));
	/* Only its end */
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR_OR_ZERO(vfio_pci_igd_map(virt_to_phys(igd.mem) - 1, 2)));
}

static void wrong_bridges(struct kunit *test)
{
	if (!have_bridges(test))
		kunit_skip(test, "no bridges of Intel's in this machine");
	igd.swap_bridges = true;
	igd_expect_regions(test, -EINVAL, 0);
}

static u32 igd_info(struct kunit *test, unsigned int n, u64 *size)
{
	struct fake_cfg *fake = test->priv;
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_NUM_REGIONS + n,
	};
	struct vfio_region_info_cap_type *type;
	struct vfio_info_cap caps = { };
	u32 subtype;

	KUNIT_ASSERT_EQ(test, 0,
			vfio_pci_ioctl_get_region_info(&fake->vdev->vdev, &info, &caps));
	KUNIT_EXPECT_EQ(test, VFIO_REGION_INFO_FLAG_READ, info.flags);
	KUNIT_ASSERT_EQ(test, sizeof(*type), caps.size);
	type = (void *)caps.buf;
	KUNIT_EXPECT_EQ(test, VFIO_REGION_INFO_CAP_TYPE, type->header.id);
	KUNIT_EXPECT_EQ(test, IGD_TYPE, type->type);
	subtype = type->subtype;
	*size = info.size;
	kfree(caps.buf);
	return subtype;
}

static ssize_t igd_read(struct kunit *test, unsigned int n, u64 off, size_t count, u8 *to)
{
	struct fake_cfg *fake = test->priv;
	loff_t pos = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_NUM_REGIONS + n) + off;
	ssize_t ret = vfio_pci_core_read(&fake->vdev->vdev, igd.user, count, &pos);

	if (ret > 0)
		KUNIT_ASSERT_EQ(test, 0, copy_from_user(to, igd.user, ret));
	return ret;
}

static ssize_t igd_write(struct kunit *test, unsigned int n)
{
	struct fake_cfg *fake = test->priv;
	loff_t pos = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_NUM_REGIONS + n);

	return vfio_pci_core_write(&fake->vdev->vdev, igd.user, 4, &pos);
}

static void opregion_region(struct kunit *test)
{
	u8 *got = kunit_kzalloc(test, MEM_SIZE, GFP_KERNEL);
	struct fake_cfg *fake = test->priv;
	u64 size;

	KUNIT_ASSERT_NOT_NULL(test, got);
	igd.no_bridges = true;
	KUNIT_ASSERT_EQ(test, 0, igd_open(test));
	KUNIT_ASSERT_EQ(test, 1, fake->vdev->num_dev_regions);
	KUNIT_EXPECT_EQ(test, VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION, igd_info(test, 0, &size));
	KUNIT_ASSERT_EQ(test, SZ_8K + 0x1001, size);

	KUNIT_ASSERT_EQ(test, size, igd_read(test, 0, 0, MEM_SIZE, got));
	KUNIT_EXPECT_EQ(test, SZ_8K, get_unaligned_le64(got + 0x3ba));
	KUNIT_EXPECT_EQ(test, 0x1001, get_unaligned_le32(got + 0x3c2));
	KUNIT_EXPECT_MEMEQ(test, got, igd.mem, 0x3ba);
	KUNIT_EXPECT_MEMEQ(test, got + 0x3c2, igd.mem + 0x3c2, SZ_8K - 0x3c2);
	KUNIT_EXPECT_MEMEQ(test, got + SZ_8K, igd.mem + SZ_16K, 0x1001);
	KUNIT_EXPECT_EQ(test, 1, igd_read(test, 0, size - 1, 100, got));
	KUNIT_EXPECT_EQ(test, -EINVAL, igd_read(test, 0, size, 1, got));
	KUNIT_EXPECT_EQ(test, -EINVAL, igd_write(test, 0));

	/* Firmware goes on writing, and that shows */
	igd.mem[0x150] ^= 0xff;
	KUNIT_ASSERT_EQ(test, 1, igd_read(test, 0, 0x150, 1, got));
	KUNIT_EXPECT_EQ(test, igd.mem[0x150], got[0]);
}

/* The user's machine has its OpRegion elsewhere; hardware must not learn where */
static void address_register(struct kunit *test)
{
	struct fake_cfg *fake = test->priv;

	igd.no_bridges = true;
	fake_allow(test, VFIO_PCI_IGD_ASLS, 4, ~0U);
	KUNIT_ASSERT_EQ(test, 0, igd_open(test));
	KUNIT_EXPECT_EQ(test, ADDR, user_read(test, VFIO_PCI_IGD_ASLS, 4));
	user_write(test, VFIO_PCI_IGD_ASLS, 4, 0xdeadbeef);
	KUNIT_EXPECT_EQ(test, 0xdeadbeef, user_read(test, VFIO_PCI_IGD_ASLS, 4));
	user_write(test, VFIO_PCI_IGD_ASLS + 2, 1, 0x55);
	KUNIT_EXPECT_EQ(test, 0xde55beef, user_read(test, VFIO_PCI_IGD_ASLS, 4));
	KUNIT_EXPECT_EQ(test, ADDR, fake_get(test, VFIO_PCI_IGD_ASLS, 4));
	KUNIT_EXPECT_EQ(test, 0, fake->writes);
}

static void bridge_regions(struct kunit *test)
{
	static const unsigned int devfns[] = { 0, PCI_DEVFN(0x1f, 0) };
	static const u32 subtypes[] = {
		VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG,
		VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG,
	};
	struct fake_cfg *fake = test->priv;
	unsigned int i, refs;
	u8 got[64];
	u64 size;

	if (!have_bridges(test))
		kunit_skip(test, "no bridges of Intel's in this machine");
	KUNIT_ASSERT_EQ(test, 0, igd_open(test));
	KUNIT_ASSERT_EQ(test, 3, fake->vdev->num_dev_regions);

	for (i = 0; i < ARRAY_SIZE(devfns); i++) {
		struct pci_dev *bridge = pci_get_domain_bus_and_slot(0, 0, devfns[i]);
		u32 val;

		KUNIT_EXPECT_EQ(test, subtypes[i], igd_info(test, 1 + i, &size));
		KUNIT_EXPECT_EQ(test, bridge->cfg_size, size);
		/* Odd begin and end, and the class in between */
		KUNIT_ASSERT_EQ(test, 11, igd_read(test, 1 + i, 5, 11, got));
		pci_read_config_dword(bridge, PCI_CLASS_REVISION, &val);
		KUNIT_EXPECT_EQ(test, val, get_unaligned_le32(got + 3));
		KUNIT_EXPECT_EQ(test, 4, igd_read(test, 1 + i, 0, 4, got));
		KUNIT_EXPECT_EQ(test, PCI_VENDOR_ID_INTEL, get_unaligned_le16(got));
		KUNIT_EXPECT_EQ(test, 3, igd_read(test, 1 + i, size - 3, 64, got));
		KUNIT_EXPECT_EQ(test, -EINVAL, igd_read(test, 1 + i, size, 1, got));
		KUNIT_EXPECT_EQ(test, -EINVAL, igd_write(test, 1 + i));
		pci_dev_put(bridge);
	}

	/* What was taken is given back */
	{
		struct pci_dev *bridge = pci_get_domain_bus_and_slot(0, 0, 0);

		refs = kref_read(&bridge->dev.kobj.kref);
		igd_close(test);
		KUNIT_EXPECT_EQ(test, refs - 1, kref_read(&bridge->dev.kobj.kref));
		pci_dev_put(bridge);
	}
}

static struct kunit_case vfio_pci_opregion_cases[] = {
	KUNIT_CASE_PARAM(opregion_parse, parse_gen_params),
	KUNIT_CASE_PARAM(opregion_read, read_gen_params),
	{ }
};

static struct kunit_suite vfio_pci_opregion_suite = {
	.name = "vfio-pci-opregion",
	.test_cases = vfio_pci_opregion_cases,
};

static struct kunit_case vfio_pci_igd_cases[] = {
	KUNIT_CASE(other_devices),
	KUNIT_CASE(no_opregion),
	KUNIT_CASE(bad_opregion),
	KUNIT_CASE(no_mapping),
	KUNIT_CASE(not_in_system_ram),
	KUNIT_CASE(wrong_bridges),
	KUNIT_CASE(opregion_region),
	KUNIT_CASE(address_register),
	KUNIT_CASE(bridge_regions),
	{ }
};

static struct kunit_suite vfio_pci_igd_suite = {
	.name = "vfio-pci-igd",
	.init = igd_init,
	.exit = igd_exit,
	.test_cases = vfio_pci_igd_cases,
};

kunit_test_suites(&vfio_pci_opregion_suite, &vfio_pci_igd_suite);
