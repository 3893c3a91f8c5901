// SPDX-License-Identifier: GPL-2.0-only
/*
 * Thousands of random steps, mapping and unmapping in a type1 container, beside
 * a model that knows what has to come of each. Results and accounting are
 * compared, and by DMA what the IOMMU really translates: a write of the device
 * changes exactly the page that the model names, or none.
 */
#include "type1_dma.h"

#define SLOTS		2048	/* pages of I/O address space */
#define PAGES		1024	/* of memory, huge ones where they can be had */
#define STEPS		3000
#define DMA_EVERY	10

struct mapping {
	u32 start;	/* slot */
	u32 len;	/* pages; 0: free */
	u32 page;	/* of the memory */
};

#define MAX_MAPPINGS	256

FIXTURE(model)
{
	const char *bdf;
	struct type1_device dev;
	int fd;
	u8 *mem;
	u8 *shadow;
	unsigned int seed;
	unsigned int step;
	unsigned int reached;	/* transfers that had to arrive */
	u32 num_mapped;		/* pages */
	u32 num_mappings;
	struct mapping mappings[MAX_MAPPINGS];
	u16 owner[SLOTS];	/* index into mappings plus one; 0: nobody */
};

FIXTURE_VARIANT(model)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(model, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(model, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(model)
{
	int i;

	self->dev.container.fd = -1;
	self->dev.device.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "NVME");
	ASSERT_RC(0, type1_device_open(&self->dev, variant->type, self->bdf));
	self->fd = self->dev.container.fd;
	self->mem = anon_memory(PAGES * PAGE + HUGE_PAGE);
	self->shadow = anon_memory(PAGES * PAGE);
	ASSERT_NE(NULL, self->mem);
	ASSERT_NE(NULL, self->shadow);
	self->mem += -(uintptr_t)self->mem & (HUGE_PAGE - 1);
	/* One half of small pages */
	madvise(self->mem, HUGE_PAGE, MADV_HUGEPAGE);
	madvise(self->mem + HUGE_PAGE, PAGES * PAGE - HUGE_PAGE,
		MADV_NOHUGEPAGE);
	for (i = 0; i < PAGES; i++)
		memset(self->mem + i * PAGE, i, PAGE);
	memcpy(self->shadow, self->mem, PAGES * PAGE);
	self->seed = vfio_test_seed();
}

FIXTURE_TEARDOWN(model)
{
	type1_device_close(&self->dev);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

static u32 below(FIXTURE_DATA(model) *self, u32 n)
{
	return rand_r(&self->seed) % n;
}

/* Mostly small, sometimes large, seldom a huge page or more */
static u32 random_len(FIXTURE_DATA(model) *self)
{
	switch (below(self, 10)) {
	case 0:
		return 1 + below(self, 700);
	case 1:
		return 512;
	case 2:
	case 3:
		return 1 + below(self, 64);
	default:
		return 1 + below(self, 4);
	}
}

static u64 iova_of(u32 slot)
{
	return IOVA + slot * PAGE;
}

/* ---- the model ---- */

static struct mapping *at(FIXTURE_DATA(model) *self, u32 slot)
{
	return self->owner[slot] ? &self->mappings[self->owner[slot] - 1] :
				   NULL;
}

static bool is_free(FIXTURE_DATA(model) *self, u32 start, u32 len)
{
	u32 i;

	for (i = start; i < start + len; i++)
		if (self->owner[i])
			return false;
	return true;
}

static void model_map(FIXTURE_DATA(model) *self, u32 start, u32 len, u32 page)
{
	u32 n, i;

	for (n = 0; self->mappings[n].len; n++)
		;
	self->mappings[n] = (struct mapping){ start, len, page };
	for (i = start; i < start + len; i++)
		self->owner[i] = n + 1;
	self->num_mapped += len;
	self->num_mappings++;
}

static void model_unmap(FIXTURE_DATA(model) *self, struct mapping *m)
{
	memset(&self->owner[m->start], 0, m->len * sizeof(self->owner[0]));
	self->num_mapped -= m->len;
	self->num_mappings--;
	m->len = 0;
}

/* Pages that are unmapped, or -errno */
static s64 model_unmap_range(FIXTURE_DATA(model) *self, bool v1, u32 start,
			     u32 len)
{
	struct mapping *first = at(self, start);
	struct mapping *last = at(self, start + len - 1);
	s64 sum = 0;
	u32 i;

	if (!v1 && first && first->start < start)
		return -EINVAL;
	if (!v1 && last && last->start + last->len > start + len)
		return -EINVAL;
	if (first && first->start < start)
		return 0;
	for (i = start; i < start + len; i++) {
		struct mapping *m = at(self, i);

		if (!m)
			continue;
		sum += m->len;
		model_unmap(self, m);
	}
	return sum;
}

/* ---- steps ---- */

#define AT_STEP	"step %u: %u pages at slot %u", self->step, len, start

static void step_map(struct __test_metadata *_metadata,
		     FIXTURE_DATA(model) *self)
{
	u32 len = random_len(self);
	u32 start = below(self, SLOTS - len + 1);
	u32 page = below(self, PAGES - len + 1);
	int want;

	/* Huge pages where they fit, as often as not */
	if (len >= 512 && below(self, 2)) {
		start = start / 512 * 512;
		page = 0;
	}
	if (self->num_mappings == MAX_MAPPINGS)
		return;
	want = is_free(self, start, len) ? 0 : -EEXIST;
	ASSERT_EQ(want, vfio_type1_map(self->fd, self->mem + page * PAGE,
				       len * PAGE, iova_of(start)))
		TH_LOG(AT_STEP);
	if (!want)
		model_map(self, start, len, page);
}

static void step_unmap(struct __test_metadata *_metadata,
		       FIXTURE_DATA(model) *self, bool v1)
{
	u32 len = random_len(self);
	u32 start = below(self, SLOTS - len + 1);
	struct mapping *m = at(self, start);
	s64 want;

	/* As often as not something that fits */
	if (m && below(self, 2)) {
		start = m->start;
		len = m->len;
	}
	want = model_unmap_range(self, v1, start, len);
	if (want > 0)
		want *= PAGE;
	ASSERT_EQ(want, vfio_type1_unmap_flags(self->fd, iova_of(start),
					       len * PAGE, 0))
		TH_LOG(AT_STEP);
}

/* The device writes somewhere, and reads what is there; often there is. */
static void step_dma(struct __test_metadata *_metadata,
		     FIXTURE_DATA(model) *self)
{
	u32 start = below(self, SLOTS), len = 1;
	struct mapping *m;
	u8 *page = NULL;

	while (self->num_mapped && !self->owner[start] && below(self, 32))
		start = (start + 1) % SLOTS;
	m = at(self, start);
	type1_fill(&self->dev, self->dev.src);
	if (m) {
		len = m->page + start - m->start;
		page = self->mem + len * PAGE;
		memcpy(self->shadow + len * PAGE, self->dev.src, PAGE);
		len = m->len;
		self->reached++;
	}
	vfio_pci_driver_copy(&self->dev.device, iova_of(start), SRC_IOVA, PAGE);
	ASSERT_EQ(0, memcmp(self->mem, self->shadow, PAGES * PAGE))
		TH_LOG(AT_STEP);
	if (page)
		ASSERT_TRUE(type1_reads(&self->dev, page, iova_of(start)))
			TH_LOG(AT_STEP);
}

static void check_numbers(struct __test_metadata *_metadata,
			  FIXTURE_DATA(model) *self)
{
	u32 start = 0, len = self->num_mapped;

	ASSERT_EQ((TYPE1_DEVICE_PAGES + self->num_mapped) * PAGE / 1024,
		  vfio_locked_kb(getpid()))
		TH_LOG(AT_STEP);
	/* The device's own are three. */
	ASSERT_EQ(65535 - 3 - self->num_mappings, vfio_type1_avail(self->fd))
		TH_LOG(AT_STEP);
}

TEST_F_TIMEOUT(model, random_steps, 600)
{
	bool v1 = variant->type == VFIO_TYPE1_IOMMU;

	for (self->step = 0; self->step < STEPS; self->step++) {
		switch (below(self, 8)) {
		case 0 ... 3:
			step_map(_metadata, self);
			break;
		default:
			step_unmap(_metadata, self, v1);
			break;
		}
		if (self->step % DMA_EVERY)
			continue;
		step_dma(_metadata, self);
		check_numbers(_metadata, self);
	}
	TH_LOG("%u of %u transfers reached memory, %u mappings at the end",
	       self->reached, STEPS / DMA_EVERY, self->num_mappings);
	ASSERT_LT(0, self->reached);
	ASSERT_EQ(self->num_mapped * PAGE,
		  vfio_type1_unmap_flags(self->fd, IOVA, SLOTS * PAGE, 0));
}

TEST_HARNESS_MAIN
