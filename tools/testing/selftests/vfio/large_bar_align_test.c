// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel puts the mapping of a BAR when the program leaves that open:
 * so that the largest page table leaves can fill it. One fault fills a leaf,
 * which is how it is seen.
 *
 * The BAR is touched in steps that hit every large page but few small ones: all
 * of the memory behind it may belong to the emulator.
 */
#include <sys/mman.h>

#include "vfio_test.h"
#include "bar_views.h"

#define PAGE		4096UL
#define PMD		(2UL << 20)
#define PUD		(1UL << 30)
#define STEP		(PMD + PAGE)

FIXTURE(align) {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device device;
	struct vfio_region_info bar;
	bool open;
};

FIXTURE_SETUP(align)
{
	REQUIRE_DEVICE(self->bdf, "IVSHMEM");
	views_init();
	self->iommu = iommu_init(NULL);
	ASSERT_RC(0, vfio_pci_device_open(&self->device, self->bdf,
					  self->iommu));
	self->open = true;
	vfio_pci_device_enable(&self->device);
	self->bar = self->device.bars[2].info;
	ASSERT_GE(self->bar.size, 4 * PMD);
}

FIXTURE_TEARDOWN(align)
{
	if (!self->open)
		return;
	vfio_pci_device_close(&self->device);
	iommu_cleanup(self->iommu);
	EXPECT_DEVICE_OK();
}

static char *map(int fd, void *hint, u64 off, u64 len, int flags)
{
	return mmap(hint, len, PROT_READ, MAP_SHARED | flags, fd, off);
}

/* The largest leaf that a mapping of [off, off + len) has room for. */
static u64 leaf_for(u64 off, u64 len)
{
	u64 leaf, first;

	for (leaf = LARGEST_LEAF; leaf > PAGE; leaf >>= 9) {
		first = (off + leaf - 1) & ~(leaf - 1);
		if (first + leaf <= off + len)
			return leaf;
	}
	return PAGE;
}

/* Faults that reading here and there in the mapping takes. */
static u64 faults_of(const char *p, u64 len)
{
	u64 before = count_faults(), off;
	u32 val;

	for (off = 0; off < len; off += STEP)
		if (view_read(p + off, &val))
			ksft_exit_fail_msg("SIGBUS at 0x%llx of a BAR\n",
					   (unsigned long long)off);
	return count_faults() - before;
}

/* That many leaves there are, and places between them that we touch. */
static u64 faults_wanted(u64 off, u64 len)
{
	u64 faults = 0, last = ~0ULL, at, start, size;

	for (at = off; at < off + len; at += STEP) {
		for (size = LARGEST_LEAF; size > PAGE; size >>= 9) {
			start = at & ~(size - 1);
			if (start >= off && start + size <= off + len)
				break;
		}
		start = at & ~(size - 1);
		if (start != last)
			faults++;
		last = start;
	}
	return faults;
}

struct slice {
	u64 off;
	u64 len;
};

static const struct slice slices[] = {
	{ 0, 0 },			/* all of it */
	{ 0, PMD },
	{ 0, 2 * PMD },
	{ PMD, PMD },
	{ PAGE, 3 * PMD },		/* leaves in the middle */
	{ PMD - PAGE, PMD + PAGE },
	{ PMD + PAGE, PMD },		/* too short for the only one */
	{ 0, PMD - PAGE },
	{ 0, PUD },
	{ PUD, PUD },
	{ PAGE, PUD + PMD },
	{ PUD - PMD, PUD + PMD },
	{ PUD - PAGE, PUD },
};

/* The length of a slice, 0 if the BAR is too small for it. */
static u64 slice_len(const struct slice *s, u64 size)
{
	u64 len = s->len ? s->len : size - s->off;

	return s->off + len <= size ? len : 0;
}

TEST_F(align, congruent)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(slices); i++) {
		u64 off = slices[i].off;
		u64 len = slice_len(&slices[i], self->bar.size);
		u64 leaf = leaf_for(off, len);
		char *p;

		if (!len)
			continue;
		p = map(self->device.fd, NULL, self->bar.offset + off, len, 0);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_EQ(off & (leaf - 1), (unsigned long)p & (leaf - 1))
			TH_LOG("0x%llx bytes at 0x%llx are mapped at %p",
			       (unsigned long long)len,
			       (unsigned long long)off, p);
		EXPECT_EQ(faults_wanted(off, len), faults_of(p, len))
			TH_LOG("0x%llx bytes at 0x%llx, mapped at %p",
			       (unsigned long long)len,
			       (unsigned long long)off, p);
		munmap(p, len);
	}
}

/* However many there are already, and of whatever size. */
TEST_F(align, many)
{
	char *small[16], *p[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(p); i++) {
		small[i] = map(self->device.fd, NULL, self->bar.offset, PAGE,
			       0);
		ASSERT_NE(MAP_FAILED, small[i]);
		p[i] = map(self->device.fd, NULL, self->bar.offset, 2 * PMD,
			   0);
		ASSERT_NE(MAP_FAILED, p[i]);
		EXPECT_EQ(0, (unsigned long)p[i] & (PMD - 1));
		EXPECT_EQ(faults_wanted(0, 2 * PMD), faults_of(p[i], 2 * PMD));
	}
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		munmap(small[i], PAGE);
		munmap(p[i], 2 * PMD);
	}
}

/* A place the program chose is the place. */
TEST_F(align, chosen)
{
	u64 len = 2 * PMD, span = 4 * PMD;
	char *room, *want, *p;

	room = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, room);
	want = (char *)(((unsigned long)room + PMD - 1) & ~(PMD - 1)) + PAGE;

	p = map(self->device.fd, want, self->bar.offset, len, MAP_FIXED);
	EXPECT_EQ(want, p);
	p = map(self->device.fd, want, self->bar.offset, len,
		MAP_FIXED_NOREPLACE);
	EXPECT_EQ(MAP_FAILED, p);
	EXPECT_EQ(EEXIST, errno);

	/* A hint that can be followed. */
	munmap(room, span);
	p = map(self->device.fd, want, self->bar.offset, len, 0);
	EXPECT_EQ(want, p);
	munmap(p, len);
	/* Not of whole pages: the page. */
	p = map(self->device.fd, want + 1, self->bar.offset, len, 0);
	EXPECT_EQ(want, p);
	munmap(p, len);
	p = map(self->device.fd, want, self->bar.offset, len,
		MAP_FIXED_NOREPLACE);
	EXPECT_EQ(want, p);
	/* One that can't: anywhere, and well placed. */
	room = map(self->device.fd, want + PAGE, self->bar.offset, len, 0);
	ASSERT_NE(MAP_FAILED, room);
	EXPECT_NE(want + PAGE, room);
	EXPECT_EQ(0, (unsigned long)room & (PMD - 1));
	munmap(room, len);
	munmap(p, len);
}

/* Below 4 GiB, where a 32-bit program would live. */
TEST_F(align, map_32bit)
{
#ifdef MAP_32BIT
	char *p = map(self->device.fd, NULL, self->bar.offset, 2 * PMD,
		      MAP_32BIT);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_LE((unsigned long)p, (1UL << 31) - 2 * PMD);
	EXPECT_EQ(0, (unsigned long)p & (PMD - 1));
	munmap(p, 2 * PMD);
#else
	SKIP(return, "mmap() has no MAP_32BIT on this architecture");
#endif
}

/* Hardly any room: a mapping that fits is made, aligned or not. */
TEST_F(align, little_room)
{
	u64 len = 2 * PMD, size;
	char *fill = NULL, *p;

	/* Use up the address space, but for a hole of just that size. */
	for (size = 1UL << 46; size >= PAGE; size >>= 1) {
		while (1) {
			p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE |
				 MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
			if (p == MAP_FAILED)
				break;
			if (!fill)
				fill = p;
		}
	}
	ASSERT_NE(NULL, fill);
	fill = (char *)(((unsigned long)fill + PMD - 1) & ~(PMD - 1)) + PAGE;
	munmap(fill, len);
	EXPECT_EQ(fill, map(self->device.fd, NULL, self->bar.offset, len, 0));
	p = map(self->device.fd, NULL, self->bar.offset, len, 0);
	EXPECT_EQ(MAP_FAILED, p);
	EXPECT_EQ(ENOMEM, errno);
	/* A little more of it, and the place is the right one. */
	munmap(fill, len + PMD - PAGE);
	p = map(self->device.fd, NULL, self->bar.offset, len, 0);
	EXPECT_EQ(fill + PMD - PAGE, p);
	munmap(p, len);
	/* The process ends here, and what fills its address space with it. */
}

/* Lengths and places that no BAR has: refused as ever. */
TEST_F(align, refused)
{
	static const u64 lens[] = {
		1UL << 46, 1UL << 47, (1UL << 47) - PAGE, 1UL << 62,
		~0UL << 12, ~0UL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		EXPECT_EQ(MAP_FAILED, map(self->device.fd, NULL,
					  self->bar.offset, lens[i], 0));
	EXPECT_EQ(MAP_FAILED, map(self->device.fd, NULL, 0x7ffffffffffff000,
				  4 * PMD, 0));
	EXPECT_EQ(MAP_FAILED, map(self->device.fd, NULL, 20ULL << 40, 4 * PMD,
				  0));
}

/* What moves is placed anew, in the same manner. */
TEST_F(align, mremap)
{
	u64 len = 2 * PMD;
	char *p, *guard, *q;

	p = map(self->device.fd, NULL, self->bar.offset, len, 0);
	ASSERT_NE(MAP_FAILED, p);
	guard = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, guard);
	q = mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, guard);
	ASSERT_EQ(guard, q);
	EXPECT_EQ(1, faults_of(q, PMD) != 0);
	munmap(q, len);
}

TEST_HARNESS_MAIN
