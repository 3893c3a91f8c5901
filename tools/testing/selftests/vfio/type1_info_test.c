// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a type1 container says of itself: page sizes, the capability chain and
 * how much of it fits, and the ranges that can be mapped, which must be the
 * truth.
 */
#include "type1.h"

#define MAX_CHAIN	4096
#define INFO_MIN	16
#define INFO_SIZE	sizeof(struct vfio_iommu_type1_info)
#define POISON		0xa5

#define MAX_RESERVED	16

/* Addresses that have a meaning of their own, the last one included */
struct reserved {
	u64 start;
	u64 last;
};

union info_buf {
	struct vfio_iommu_type1_info info;
	u8 bytes[MAX_CHAIN];
};

FIXTURE(info)
{
	const char *bdf;
	struct vfio_container container;
	int fd;
	void *mem;
	union info_buf buf;
};

FIXTURE_VARIANT(info)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(info, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(info, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(info)
{
	self->container.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	self->mem = anon_memory(PAGE);
	ASSERT_NE(NULL, self->mem);
	ASSERT_RC(0, vfio_container_init(&self->container, variant->type,
					 self->bdf));
	self->fd = self->container.fd;
}

FIXTURE_TEARDOWN(info)
{
	vfio_container_cleanup(&self->container);
	if (self->mem)
		munmap(self->mem, PAGE);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

/* With everything in the buffer poisoned before. */
static int get(FIXTURE_DATA(info) *self, u32 argsz)
{
	memset(&self->buf, POISON, sizeof(self->buf));
	return vfio_type1_info(self->fd, &self->buf.info, argsz);
}

static bool untouched(FIXTURE_DATA(info) *self, unsigned int from)
{
	for (; from < MAX_CHAIN; from++)
		if (self->buf.bytes[from] != POISON)
			return false;
	return true;
}

static void *cap(FIXTURE_DATA(info) *self, u16 id)
{
	return vfio_info_cap(&self->buf, MAX_CHAIN, self->buf.info.cap_offset,
			     id);
}

static void check_head(struct __test_metadata *_metadata,
		       FIXTURE_DATA(info) *self)
{
	EXPECT_EQ(VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS,
		  self->buf.info.flags);
	/* The smallest one */
	EXPECT_EQ(PAGE, self->buf.info.iova_pgsizes &
		  -self->buf.info.iova_pgsizes);
}

/* Without room for the chain there is none, but it is said how long it is. */
TEST_F(info, sizes)
{
	u32 argsz, need;

	for (argsz = 0; argsz < INFO_MIN; argsz++) {
		EXPECT_RC(-EINVAL, get(self, argsz));
		EXPECT_TRUE(untouched(self, 4));
	}
	ASSERT_RC(0, get(self, MAX_CHAIN));
	check_head(_metadata, self);
	EXPECT_EQ(INFO_SIZE, self->buf.info.cap_offset);
	EXPECT_EQ(MAX_CHAIN, self->buf.info.argsz);

	ASSERT_RC(0, get(self, INFO_MIN));
	check_head(_metadata, self);
	EXPECT_TRUE(untouched(self, INFO_MIN));
	need = self->buf.info.argsz;
	ASSERT_LT(INFO_SIZE, need);
	EXPECT_EQ(0, need % 8);

	for (argsz = INFO_MIN; argsz < need; argsz++) {
		ASSERT_RC(0, get(self, argsz));
		check_head(_metadata, self);
		EXPECT_EQ(need, self->buf.info.argsz);
		if (argsz >= INFO_SIZE)
			EXPECT_EQ(0, self->buf.info.cap_offset);
		EXPECT_TRUE(untouched(self, argsz < INFO_SIZE ? argsz :
				      INFO_SIZE))
			TH_LOG("argsz %u", argsz);
	}
	ASSERT_RC(0, get(self, need));
	check_head(_metadata, self);
	EXPECT_EQ(need, self->buf.info.argsz);
	EXPECT_EQ(INFO_SIZE, self->buf.info.cap_offset);
	EXPECT_TRUE(untouched(self, need));
}

/* CVE-2023-54137: what pads a capability is not what was in memory before. */
TEST_F(info, holes)
{
	struct vfio_iommu_type1_info_cap_migration *mig;
	struct vfio_iommu_type1_info_dma_avail *avail;
	u32 hole;

	ASSERT_RC(0, get(self, MAX_CHAIN));
	mig = cap(self, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	ASSERT_NE(NULL, mig);
	memcpy(&hole, &mig->flags + 1, 4);
	EXPECT_EQ(0, hole);
	avail = cap(self, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	ASSERT_NE(NULL, avail);
	memcpy(&hole, &avail->avail + 1, 4);
	EXPECT_EQ(0, hole);
}

TEST_F(info, chain)
{
	static const u16 ids[] = {
		VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
		VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
		VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
	};
	struct vfio_info_cap_header *header;
	u32 off;
	int i;

	ASSERT_RC(0, get(self, MAX_CHAIN));
	off = self->buf.info.cap_offset;
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		ASSERT_NE(0, off);
		ASSERT_EQ(0, off % 8);
		ASSERT_GT(MAX_CHAIN - sizeof(*header), off);
		header = (void *)(self->buf.bytes + off);
		EXPECT_EQ(ids[i], header->id);
		EXPECT_EQ(1, header->version);
		off = header->next;
	}
	EXPECT_EQ(0, off);
}

TEST_F(info, migration)
{
	struct vfio_iommu_type1_info_cap_migration *mig;

	ASSERT_RC(0, get(self, MAX_CHAIN));
	mig = cap(self, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION);
	ASSERT_NE(NULL, mig);
	EXPECT_EQ(0, mig->flags);
	EXPECT_EQ(PAGE, mig->pgsize_bitmap);
	EXPECT_EQ(256UL << 20, mig->max_dirty_bitmap_size);
}

TEST_F(info, dma_avail)
{
	struct vfio_iommu_type1_info_dma_avail *avail;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_RC(0, get(self, MAX_CHAIN));
		avail = cap(self, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
		ASSERT_NE(NULL, avail);
		EXPECT_EQ(65535 - i, avail->avail);
		ASSERT_RC(0, vfio_type1_map(self->fd, self->mem, PAGE,
					    (16 + i) << 20));
	}
	EXPECT_RC(3 * PAGE, vfio_type1_unmap_all(self->fd));
}

/*
 * What sysfs says is reserved, among it where interrupts go: writes to
 * fee00000 and above on x86, elsewhere a window that the kernel has chosen.
 * Memory that is reserved for a while only ("relaxable") isn't.
 */
static int find_reserved(const char *bdf, struct reserved *res)
{
	unsigned long long start, last;
	char path[128], line[128], type[32];
	int n = 0, msi = 0;
	FILE *f;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu_group/reserved_regions", bdf);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (n < MAX_RESERVED && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %llx %31s", &start, &last, type) != 3)
			continue;
		msi += !strcmp(type, "msi");
		if (strcmp(type, "direct-relaxable"))
			res[n++] = (struct reserved){ start, last };
	}
	fclose(f);
	return msi ? n : -ENOENT;
}

static int try_page(FIXTURE_DATA(info) *self, u64 iova)
{
	int ret = vfio_type1_map(self->fd, self->mem, PAGE, iova);

	if (!ret)
		ret = vfio_type1_unmap(self->fd, iova, PAGE);
	return ret;
}

/* All that is in the ranges can be mapped, and nothing else. */
TEST_F(info, ranges)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct reserved res[MAX_RESERVED];
	struct vfio_iova_range *r;
	int n = find_reserved(self->bdf, res), k;
	u64 first_free = 0;
	unsigned int i;

	ASSERT_LT(0, n);
	ASSERT_RC(0, get(self, MAX_CHAIN));
	ranges = cap(self, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_NE(NULL, ranges);
	ASSERT_LT(0, ranges->nr_iovas);
	ASSERT_GT(100, ranges->nr_iovas);
	EXPECT_EQ(0, ranges->reserved);
	for (i = 0; i < ranges->nr_iovas; i++) {
		r = &ranges->iova_ranges[i];
		EXPECT_LE(first_free, r->start);
		EXPECT_LT(r->start, r->end);
		EXPECT_EQ(0, r->start % PAGE);
		EXPECT_EQ(0, (r->end + 1) % PAGE);
		for (k = 0; k < n; k++)
			EXPECT_TRUE(r->end < res[k].start ||
				    r->start > res[k].last);
		EXPECT_RC(0, try_page(self, r->start));
		EXPECT_RC(0, try_page(self, r->end + 1 - PAGE));
		if (r->start)
			EXPECT_RC(-EINVAL, try_page(self, r->start - PAGE));
		if (r->end + 1)
			EXPECT_RC(-EINVAL, try_page(self, r->end + 1));
		/* A range may end with the address space; then this wraps. */
		EXPECT_RC(r->end + 1 ? -EINVAL : -EOVERFLOW,
			  vfio_type1_map(self->fd, self->mem, 2 * PAGE,
					 r->end + 1 - PAGE));
		first_free = r->end + 1;
	}
	for (k = 0; k < n; k++) {
		EXPECT_RC(-EINVAL, try_page(self, res[k].start));
		EXPECT_RC(-EINVAL, try_page(self, res[k].last + 1 - PAGE));
	}
}

/* They stay what they are over groups that come and go. */
TEST_F(info, ranges_of_two_groups)
{
	const char *bdf = vfio_test_bdf("NVME");
	struct vfio_iommu_type1_info_cap_iova_range *ranges, before;
	u8 first[MAX_CHAIN];
	size_t len;

	if (!bdf)
		SKIP(return, "no NVME device");
	ASSERT_RC(0, get(self, MAX_CHAIN));
	ranges = cap(self, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_NE(NULL, ranges);
	before = *ranges;
	len = sizeof(*ranges) +
	      ranges->nr_iovas * sizeof(ranges->iova_ranges[0]);
	memcpy(first, ranges, len);

	ASSERT_RC(0, vfio_container_add(&self->container, bdf));
	ASSERT_RC(0, get(self, MAX_CHAIN));
	ranges = cap(self, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_NE(NULL, ranges);
	EXPECT_EQ(before.nr_iovas, ranges->nr_iovas);
	EXPECT_EQ(0, memcmp(first, ranges, len));

	ASSERT_RC(0, vfio_group_unset_container(self->container.groups[0]));
	ASSERT_RC(0, get(self, MAX_CHAIN));
	ranges = cap(self, VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ASSERT_NE(NULL, ranges);
	EXPECT_EQ(0, memcmp(first, ranges, len));
}

TEST_HARNESS_MAIN
