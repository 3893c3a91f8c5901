// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups in a type1 container: what an administrator sees reserved for them
 * cannot be mapped and all else can, two of them share page tables, and each
 * reaches what was mapped before it came, also when it could not share and had
 * to get page tables of its own, and when it was refused at first.
 */
#include <sys/stat.h>

#include <libvfio/edu.h>

#include "type1.h"
#include "fail_nth.h"
#include "trace.h"

#define MEM_SIZE	(2 * HUGE_PAGE)
/* Of the first byte of mem; edu drives 28 address bits */
#define IOVA		0x2000000UL
/* Of another page */
#define EXTRA_IOVA	0x9000000UL
#define MAX_RANGES	64

struct reserved {
	u64 start;
	u64 end;
	char type[32];
};

FIXTURE(groups)
{
	const char *bdf;
	const char *bdf2;
	struct vfio_container container;
	struct vfio_pci_device device[2];
	int group2;
	void *mem;
	void *extra;
	struct reserved reserved[MAX_RANGES];
	unsigned int num_reserved;
	char dir[64];
	char text[65536];
};

FIXTURE_SETUP(groups)
{
	self->container.fd = -1;
	self->group2 = -1;
	self->device[0].fd = -1;
	self->device[1].fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	REQUIRE_DEVICE(self->bdf2, "EDU2");
	self->mem = anon_memory(MEM_SIZE);
	self->extra = anon_memory(PAGE);
	ASSERT_NE(NULL, self->mem);
	ASSERT_NE(NULL, self->extra);
	ASSERT_RC(0, vfio_container_init(&self->container, VFIO_TYPE1v2_IOMMU,
					 self->bdf));
	self->group2 = vfio_group_open(self->bdf2);
	ASSERT_LE(0, self->group2);
}

FIXTURE_TEARDOWN(groups)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (self->device[i].fd >= 0)
			vfio_pci_device_close(&self->device[i]);
	if (self->group2 >= 0)
		close(self->group2);
	vfio_container_cleanup(&self->container);
	if (self->dir[0])
		rmdir(self->dir);
	if (self->mem)
		munmap(self->mem, MEM_SIZE);
	if (self->extra)
		munmap(self->extra, PAGE);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

/* ---- reserved regions */

static int read_reserved(FIXTURE_DATA(groups) *self, const char *bdf)
{
	unsigned long long start, end;
	struct reserved *r;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/iommu_group/reserved_regions", bdf);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	for (;;) {
		r = &self->reserved[self->num_reserved];
		if (self->num_reserved == MAX_RANGES ||
		    fscanf(f, "%llx %llx %31s", &start, &end, r->type) != 3)
			break;
		r->start = start;
		r->end = end;
		/* Nobody uses it once a driver has the device */
		if (strcmp(r->type, "direct-relaxable"))
			self->num_reserved++;
	}
	fclose(f);
	return 0;
}

/* Is each byte of [start, end] reserved? */
static bool all_reserved(FIXTURE_DATA(groups) *self, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < self->num_reserved; i++) {
		struct reserved *r = &self->reserved[i];

		if (start < r->start || start > r->end)
			continue;
		if (end <= r->end)
			return true;
		start = r->end + 1;
		i = -1;
	}
	return false;
}

static bool any_reserved(FIXTURE_DATA(groups) *self, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < self->num_reserved; i++)
		if (start <= self->reserved[i].end &&
		    end >= self->reserved[i].start)
			return true;
	return false;
}

union info_buf {
	struct vfio_iommu_type1_info info;
	u8 bytes[4096];
};

static struct vfio_iommu_type1_info_cap_iova_range *
get_ranges(FIXTURE_DATA(groups) *self, union info_buf *buf)
{
	memset(buf, 0, sizeof(*buf));
	if (vfio_type1_info(self->container.fd, &buf->info, sizeof(*buf)))
		return NULL;
	return (void *)vfio_info_cap(buf, sizeof(*buf), buf->info.cap_offset,
				     VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
}

static void check_ranges(struct __test_metadata *_metadata,
			 FIXTURE_DATA(groups) *self)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	struct vfio_iova_range *r;
	union info_buf buf;
	unsigned int i;

	ranges = get_ranges(self, &buf);
	ASSERT_NE(NULL, ranges);
	ASSERT_LT(0, ranges->nr_iovas);
	for (i = 0; i < ranges->nr_iovas; i++) {
		r = &ranges->iova_ranges[i];
		EXPECT_FALSE(any_reserved(self, r->start, r->end));
		/* No gap without a reason */
		if (i)
			EXPECT_TRUE(all_reserved(self, r[-1].end + 1,
						 r->start - 1));
	}
}

TEST_F(groups, reserved_regions)
{
	ASSERT_EQ(0, read_reserved(self, self->bdf));
	check_ranges(_metadata, self);
	ASSERT_EQ(0, read_reserved(self, self->bdf2));
	ASSERT_RC(0, vfio_group_set_container(self->group2,
					      self->container.fd));
	check_ranges(_metadata, self);
	/* The other one stays, so some may have come free */
	ASSERT_RC(0, vfio_group_unset_container(self->container.groups[0]));
	self->num_reserved = 0;
	ASSERT_EQ(0, read_reserved(self, self->bdf2));
	check_ranges(_metadata, self);
}

/* Pages in, beside and across each reserved region. */
TEST_F(groups, reserved_not_mapped)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	int fd = self->container.fd;
	union info_buf buf;
	struct reserved *r;
	unsigned int i;
	u64 last;

	ASSERT_EQ(0, read_reserved(self, self->bdf));
	ranges = get_ranges(self, &buf);
	ASSERT_NE(NULL, ranges);
	last = ranges->iova_ranges[ranges->nr_iovas - 1].end;

	for (i = 0; i < self->num_reserved; i++) {
		r = &self->reserved[i];
		if (r->end > last)
			continue;
		EXPECT_RC_AT(r->type, -EINVAL,
			     vfio_type1_map(fd, self->mem, PAGE, r->start));
		EXPECT_RC_AT(r->type, -EINVAL,
			     vfio_type1_map(fd, self->mem, PAGE,
					    r->end & ~(PAGE - 1)));
		if (r->start < PAGE || any_reserved(self, r->start - PAGE,
						    r->start - 1))
			continue;
		EXPECT_RC_AT(r->type, -EINVAL,
			     vfio_type1_map(fd, self->mem, 2 * PAGE,
					    r->start - PAGE));
		EXPECT_RC_AT(r->type, 0,
			     vfio_type1_map(fd, self->mem, PAGE,
					    r->start - PAGE));
	}
	EXPECT_RC(0, vfio_type1_map(fd, self->extra, PAGE, last + 1 - PAGE));
	if (last != ~0ULL)
		EXPECT_RC(-EINVAL, vfio_type1_map(fd, self->extra, PAGE,
						  last + 1));
}

/* ---- what devices reach */

/* A byte pattern that says where a page lies and which round it is. */
static void fill(void *p, unsigned int seed)
{
	u32 *word = p;
	unsigned int i;

	for (i = 0; i < PAGE / 4; i++)
		word[i] = seed * 2654435761u + i;
}

static void open_device(struct __test_metadata *_metadata,
			FIXTURE_DATA(groups) *self, unsigned int nr)
{
	struct vfio_pci_device *device = &self->device[nr];

	ASSERT_RC(0, vfio_pci_device_open_group(device, nr ? self->bdf2 : self->bdf, NULL,
						nr ? self->group2 : self->container.groups[0]));
	vfio_pci_driver_init(device);
}

static void close_device(FIXTURE_DATA(groups) *self, unsigned int nr)
{
	vfio_pci_device_close(&self->device[nr]);
	self->device[nr].fd = -1;
}

/* Does the device copy pages of mem to where they belong? */
static void check_dma(struct __test_metadata *_metadata,
		      FIXTURE_DATA(groups) *self, unsigned int nr)
{
	/* First and last, and on both sides of a border of large pages */
	static const unsigned long pages[] = {
		0, 1, HUGE_PAGE / PAGE - 1, HUGE_PAGE / PAGE,
		MEM_SIZE / PAGE - 1,
	};
	static unsigned int seed;
	unsigned int i;
	void *src, *dst;
	u64 off, to;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		off = pages[i] * PAGE;
		to = pages[(i + 1) % ARRAY_SIZE(pages)] * PAGE;
		src = self->mem + off;
		dst = self->mem + to;
		fill(src, ++seed);
		memset(dst, 0, PAGE);
		EXPECT_RC(0, vfio_pci_driver_copy(&self->device[nr], IOVA + to,
						  IOVA + off, PAGE));
		EXPECT_EQ(0, memcmp(src, dst, PAGE))
			TH_LOG("device %u, from page %lu", nr, pages[i]);
	}
}

TEST_F(groups, each_reaches_all)
{
	int fd = self->container.fd;

	ASSERT_RC(0, vfio_type1_map(fd, self->mem, MEM_SIZE, IOVA));
	open_device(_metadata, self, 0);
	check_dma(_metadata, self, 0);
	ASSERT_RC(0, vfio_group_set_container(self->group2, fd));
	open_device(_metadata, self, 1);
	check_dma(_metadata, self, 1);
	check_dma(_metadata, self, 0);

	/* The first leaves, the other goes on */
	close_device(self, 0);
	ASSERT_RC(0, vfio_group_unset_container(self->container.groups[0]));
	check_dma(_metadata, self, 1);
	EXPECT_EQ(MEM_SIZE / 1024, vfio_locked_kb(getpid()));
	ASSERT_RC(0, vfio_type1_unmap(fd, IOVA, MEM_SIZE));
	ASSERT_RC(0, vfio_type1_map(fd, self->mem, MEM_SIZE, IOVA));

	/* and comes back to mappings that were made without it */
	ASSERT_RC(0, vfio_group_set_container(self->container.groups[0], fd));
	open_device(_metadata, self, 0);
	check_dma(_metadata, self, 0);
	check_dma(_metadata, self, 1);
}

/* ---- page tables */

static void trace_begin(struct __test_metadata *_metadata,
			FIXTURE_DATA(groups) *self)
{
	snprintf(self->dir, sizeof(self->dir), TRACEFS "/instances/vfio%d",
		 getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0700));
	ASSERT_EQ(0, instance_write(self->dir, "events/iommu/map/enable", "1"));
}

/* Into how many page tables goes a mapping? Leaves nothing mapped. */
static int count_page_tables(FIXTURE_DATA(groups) *self)
{
	const char *at = self->text;
	char what[32];
	int n = 0;

	instance_read(self->dir, self->text, sizeof(self->text));
	if (vfio_type1_map(self->container.fd, self->extra, PAGE, EXTRA_IOVA) ||
	    instance_read(self->dir, self->text, sizeof(self->text)) ||
	    vfio_type1_unmap(self->container.fd, EXTRA_IOVA, PAGE))
		return -1;
	snprintf(what, sizeof(what), "iova=0x%016lx", EXTRA_IOVA);
	while ((at = strstr(at, what))) {
		at++;
		n++;
	}
	return n;
}

TEST_F(groups, page_tables_are_shared)
{
	int fd = self->container.fd;

	if (access(TRACEFS "/events/iommu/map", F_OK))
		SKIP(return, "no tracefs at " TRACEFS);
	trace_begin(_metadata, self);
	EXPECT_EQ(1, count_page_tables(self));
	ASSERT_RC(0, vfio_group_set_container(self->group2, fd));
	EXPECT_EQ(1, count_page_tables(self));
	ASSERT_RC(0, vfio_group_unset_container(self->container.groups[0]));
	EXPECT_EQ(1, count_page_tables(self));
}

/*
 * A group joins with its first, second, third... allocation failing. Where
 * that is the one that sharing of page tables needs it gets its own, with all
 * mappings in them; where it is refused nothing has changed for the others.
 */
TEST_F(groups, without_memory)
{
	unsigned int nth, refused = 0, apart = 0;
	int fd = self->container.fd, nth_fd, ret, n;
	bool injected;

	nth_fd = open_nth();
	if (nth_fd < 0)
		SKIP(return, "no fault injection in this kernel");
	trace_begin(_metadata, self);
	ASSERT_RC(0, vfio_type1_map(fd, self->mem, MEM_SIZE, IOVA));
	open_device(_metadata, self, 0);

	for (nth = 1; nth < MAX_NTH; nth++) {
		set_nth(nth_fd, nth);
		ret = vfio_group_set_container(self->group2, fd);
		injected = was_injected(nth_fd);
		set_nth(nth_fd, 0);

		EXPECT_EQ(MEM_SIZE / 1024, vfio_locked_kb(getpid()));
		n = count_page_tables(self);
		if (ret) {
			EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT)
				TH_LOG("allocation %u: %d", nth, ret);
			EXPECT_EQ(1, n);
			refused++;
		} else {
			EXPECT_TRUE(n == 1 || n == 2)
				TH_LOG("allocation %u: %d page tables", nth, n);
			open_device(_metadata, self, 1);
			check_dma(_metadata, self, 1);
			close_device(self, 1);
			EXPECT_RC(0, vfio_group_unset_container(self->group2));
			EXPECT_EQ(1, count_page_tables(self));
			apart += n == 2;
		}
		if (!injected || !__test_passed(_metadata))
			break;
	}
	check_dma(_metadata, self, 0);
	close(nth_fd);
	EXPECT_LT(nth, MAX_NTH);
	EXPECT_EQ(0, ret) TH_LOG("without a failure: %d", ret);
	EXPECT_LT(0, refused);
	EXPECT_LT(0, apart);
	printf("# %u allocations: refused %u times, page tables of its own %u times\n",
	       nth - 1, refused, apart);
}

TEST_HARNESS_MAIN
