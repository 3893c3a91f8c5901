// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of migration_fsm.c: every pair of numbers that could be states, for every
 * set of features; and of what migration.c and dma_logging.c ask of drivers.
 *
 * The way from state to state is compared with the table of the user interface
 * for a device with all states, and for all devices with what can be said without
 * a table: which arcs there are, and that no shorter way exists.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/vfio.h>

#include "../vfio.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define NR	VFIO_DEVICE_STATE_NR
#define FAR	100
#define ALL	(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY)

#define S(state)	VFIO_DEVICE_STATE_##state

/* Numbers that are states, and some that are none */
static const unsigned int numbers[] = {
	S(ERROR), S(STOP), S(RUNNING), S(STOP_COPY), S(RESUMING), S(RUNNING_P2P), S(PRE_COPY),
	S(PRE_COPY_P2P), NR, NR + 1, 64, 255, 256 + S(STOP), INT_MAX, U32_MAX,
};

static bool has_state(u64 flags, unsigned int state)
{
	switch (state) {
	case S(STOP):
	case S(RUNNING):
	case S(STOP_COPY):
	case S(RESUMING):
		return flags & VFIO_MIGRATION_STOP_COPY;
	case S(RUNNING_P2P):
		return (flags & VFIO_MIGRATION_STOP_COPY) && (flags & VFIO_MIGRATION_P2P);
	case S(PRE_COPY):
		return (flags & VFIO_MIGRATION_STOP_COPY) && (flags & VFIO_MIGRATION_PRE_COPY);
	case S(PRE_COPY_P2P):
		return (flags & ALL) == ALL;
	default:
		return false;
	}
}

/* The arcs a driver may be asked for, and the ones that hand out a stream */
static const struct {
	unsigned int from, to;
	bool stream;
	bool without_p2p;
} arcs[] = {
	{ S(STOP), S(RUNNING_P2P) },
	{ S(STOP), S(RUNNING), .without_p2p = true },
	{ S(STOP), S(STOP_COPY), .stream = true },
	{ S(STOP), S(RESUMING), .stream = true },
	{ S(RUNNING), S(RUNNING_P2P) },
	{ S(RUNNING), S(STOP), .without_p2p = true },
	{ S(RUNNING), S(PRE_COPY), .stream = true },
	{ S(RUNNING_P2P), S(RUNNING) },
	{ S(RUNNING_P2P), S(STOP) },
	{ S(RUNNING_P2P), S(PRE_COPY_P2P), .stream = true },
	{ S(STOP_COPY), S(STOP) },
	{ S(RESUMING), S(STOP) },
	{ S(PRE_COPY), S(RUNNING) },
	{ S(PRE_COPY), S(PRE_COPY_P2P) },
	{ S(PRE_COPY), S(STOP_COPY), .without_p2p = true },
	{ S(PRE_COPY_P2P), S(RUNNING_P2P) },
	{ S(PRE_COPY_P2P), S(PRE_COPY) },
	{ S(PRE_COPY_P2P), S(STOP_COPY) },
};

/* Number of the arc, or -1 if a device with @flags has none */
static int find_arc(u64 flags, unsigned int from, unsigned int to)
{
	unsigned int i;

	if (!has_state(flags, from) || !has_state(flags, to))
		return -1;
	for (i = 0; i < ARRAY_SIZE(arcs); i++)
		if (arcs[i].from == from && arcs[i].to == to)
			return arcs[i].without_p2p && (flags & VFIO_MIGRATION_P2P) ? -1 : i;
	return -1;
}

/* The least number of arcs between any two states */
static void distances(u64 flags, unsigned int dist[NR][NR])
{
	unsigned int a, b, via;

	for (a = 0; a < NR; a++)
		for (b = 0; b < NR; b++)
			dist[a][b] = a == b ? 0 : find_arc(flags, a, b) >= 0 ? 1 : FAR;
	for (via = 0; via < NR; via++)
		for (a = 0; a < NR; a++)
			for (b = 0; b < NR; b++)
				dist[a][b] = min(dist[a][b], dist[a][via] + dist[via][b]);
}

static bool barred(unsigned int from, unsigned int to)
{
	return from == S(STOP_COPY) && (to == S(PRE_COPY) || to == S(PRE_COPY_P2P));
}

/* A device with all states, column by column as in the user interface's table */
static void fsm_full_table(struct kunit *test)
{
	static const char letters[] = "-SNCRnPp";
	static const struct {
		unsigned int from;
		const char *next;
	} rows[] = {
		{ S(STOP),		"SnCRnnn" },
		{ S(RUNNING),		"nNnnnPn" },
		{ S(STOP_COPY),		"SSCSS--" },
		{ S(RESUMING),		"SSSRSSS" },
		{ S(RUNNING_P2P),	"SNSSnNp" },
		{ S(PRE_COPY),		"NNpNNPp" },
		{ S(PRE_COPY_P2P),	"nnCnnPp" },
	};
	unsigned int row, to, next;
	int ret;

	for (row = 0; row < ARRAY_SIZE(rows); row++)
		for (to = S(STOP); to < NR; to++) {
			next = S(ERROR);
			ret = vfio_mig_next(ALL, rows[row].from, to, &next);
			KUNIT_EXPECT_EQ_MSG(test, letters[next], rows[row].next[to - 1],
					    "from %u to %u", rows[row].from, to);
			KUNIT_EXPECT_EQ_MSG(test, ret, next == S(ERROR) ? -EINVAL : 0,
					    "from %u to %u", rows[row].from, to);
		}
}

/* From @from to @to: the steps that it takes, each of them an arc of the device */
static unsigned int walk(struct kunit *test, u64 flags, unsigned int from, unsigned int to)
{
	unsigned int at = from, next, steps = 0;
	int arc;

	while (at != to && steps < FAR) {
		KUNIT_ASSERT_EQ(test, vfio_mig_next(flags, at, to, &next), 0);
		arc = find_arc(flags, at, next);
		KUNIT_ASSERT_GE_MSG(test, arc, 0, "flags %#llx from %u to %u: %u to %u", flags,
				    from, to, at, next);
		/* a stream that is handed out on the way is lost */
		KUNIT_EXPECT_TRUE_MSG(test, next == to || !arcs[arc].stream,
				      "flags %#llx from %u to %u: stream on the way to %u", flags,
				      from, to, next);
		at = next;
		steps++;
	}
	return steps;
}

/* CVE-2026-64474: what is barred is refused at once, from wherever it is asked */
static void fsm_every_pair(struct kunit *test)
{
	unsigned int dist[NR][NR], i, j, from, to, next;
	u64 flags;

	for (flags = 0; flags <= ALL; flags++) {
		distances(flags, dist);
		for (i = 0; i < ARRAY_SIZE(numbers); i++)
			for (j = 0; j < ARRAY_SIZE(numbers); j++) {
				from = numbers[i];
				to = numbers[j];
				next = 0xabc;
				if (has_state(flags, from) && has_state(flags, to) &&
				    !barred(from, to)) {
					KUNIT_EXPECT_EQ_MSG(test, walk(test, flags, from, to),
							    dist[from][to],
							    "flags %#llx from %u to %u", flags,
							    from, to);
					continue;
				}
				KUNIT_EXPECT_EQ_MSG(test, vfio_mig_next(flags, from, to, &next),
						    -EINVAL, "flags %#llx from %u to %u",
						    flags, from, to);
				KUNIT_EXPECT_EQ(test, next, 0xabc);
			}
	}
}

/* Flags that mean nothing yet bring no state */
static void fsm_unknown_flags(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		KUNIT_EXPECT_FALSE(test, vfio_mig_state_known(~(u64)ALL, numbers[i]));
		KUNIT_EXPECT_EQ(test, vfio_mig_state_known(U64_MAX, numbers[i]),
				numbers[i] != S(ERROR) && numbers[i] < NR);
	}
}

static void fsm_stay(struct kunit *test)
{
	unsigned int state, next;

	for (state = S(STOP); state < NR; state++) {
		KUNIT_EXPECT_EQ(test, vfio_mig_next(ALL, state, state, &next), 0);
		KUNIT_EXPECT_EQ(test, next, state);
	}
}

static void fsm_names(struct kunit *test)
{
	static const char * const names[] = {
		"ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY",
		"PRE_COPY_P2P",
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, (unsigned int)ARRAY_SIZE(names), (unsigned int)NR);
	for (i = 0; i < NR; i++)
		KUNIT_EXPECT_STREQ(test, vfio_mig_state_name(i), names[i]);
	KUNIT_EXPECT_STREQ(test, vfio_mig_state_name(NR), "Invalid");
	KUNIT_EXPECT_STREQ(test, vfio_mig_state_name(U32_MAX), "Invalid");
}

/* What drivers call: the flags come from the device, ERROR is no reason to warn */
static void fsm_of_device(struct kunit *test)
{
	struct vfio_device *device = kunit_kzalloc(test, sizeof(*device), GFP_KERNEL);
	enum vfio_device_mig_state next = NR;

	KUNIT_ASSERT_NOT_NULL(test, device);
	device->migration_flags = VFIO_MIGRATION_STOP_COPY;
	KUNIT_EXPECT_EQ(test, vfio_mig_get_next_state(device, S(RUNNING), S(STOP_COPY), &next), 0);
	KUNIT_EXPECT_EQ(test, (int)next, S(STOP));
	KUNIT_EXPECT_EQ(test, vfio_mig_get_next_state(device, S(RUNNING), S(PRE_COPY), &next),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_mig_get_next_state(device, S(ERROR), S(RUNNING), &next),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_mig_get_next_state(device, S(RUNNING), S(ERROR), &next),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, (int)next, S(STOP));
	device->migration_flags = ALL;
	KUNIT_EXPECT_EQ(test, vfio_mig_get_next_state(device, S(RUNNING), S(STOP_COPY), &next), 0);
	KUNIT_EXPECT_EQ(test, (int)next, S(RUNNING_P2P));
}

/* ---- drivers that promise what they do not have */

static int mig_bind(struct vfio_device *vdev, struct iommufd_ctx *ictx, u32 *devid)
{
	return -ENODEV;
}

static void mig_unbind(struct vfio_device *vdev)
{
}

static int mig_attach(struct vfio_device *vdev, u32 *pt_id)
{
	return -ENODEV;
}

static const struct vfio_device_ops mig_device_ops = {
	.name = "migration-test",
	.bind_iommufd = mig_bind,
	.unbind_iommufd = mig_unbind,
	.attach_ioas = mig_attach,
	.detach_ioas = mig_unbind,
};

static struct file *mig_set_state(struct vfio_device *vdev, enum vfio_device_mig_state state)
{
	return NULL;
}

static int mig_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	*state = S(RUNNING);
	return 0;
}

static int mig_get_size(struct vfio_device *vdev, unsigned long *length)
{
	return 0;
}

static int log_start(struct vfio_device *vdev, struct rb_root_cached *ranges, u32 nr, u64 *size)
{
	return 0;
}

static int log_stop(struct vfio_device *vdev)
{
	return 0;
}

static int log_read(struct vfio_device *vdev, unsigned long iova, unsigned long length,
		    struct iova_bitmap *dirty)
{
	return 0;
}

static const struct vfio_migration_ops mig_ok = { mig_set_state, mig_get_state, mig_get_size };
static const struct vfio_migration_ops mig_no_set = { NULL, mig_get_state, mig_get_size };
static const struct vfio_migration_ops mig_no_get = { mig_set_state, NULL, mig_get_size };
static const struct vfio_migration_ops mig_no_size = { mig_set_state, mig_get_state, NULL };
static const struct vfio_log_ops log_ok = { log_start, log_stop, log_read };
static const struct vfio_log_ops log_no_start = { NULL, log_stop, log_read };
static const struct vfio_log_ops log_no_stop = { log_start, NULL, log_read };
static const struct vfio_log_ops log_no_read = { log_start, log_stop, NULL };

struct only_vfio_device {
	struct vfio_device vdev;
};

/* CVE-2022-50117: a device is registered with all of it, or not at all */
static void incomplete_drivers(struct kunit *test)
{
	static const struct {
		const char *what;
		const struct vfio_migration_ops *mig;
		u64 flags;
		const struct vfio_log_ops *log;
		int ret;
	} rows[] = {
		{ "nothing" },
		{ "flags alone", .flags = ALL },
		{ "migration", &mig_ok, VFIO_MIGRATION_STOP_COPY },
		{ "all migration", &mig_ok, ALL },
		{ "no flags", &mig_ok, 0, .ret = -EINVAL },
		{ "no STOP_COPY", &mig_ok, VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY,
		  .ret = -EINVAL },
		{ "no set", &mig_no_set, ALL, .ret = -EINVAL },
		{ "no get", &mig_no_get, ALL, .ret = -EINVAL },
		{ "no size", &mig_no_size, ALL, .ret = -EINVAL },
		{ "log", .log = &log_ok },
		{ "no start", .log = &log_no_start, .ret = -EINVAL },
		{ "no stop", .log = &log_no_stop, .ret = -EINVAL },
		{ "no read", .log = &log_no_read, .ret = -EINVAL },
		{ "both", &mig_ok, ALL, &log_ok },
		{ "migration without log", &mig_ok, ALL, &log_no_stop, -EINVAL },
	};
	struct device *dev = kunit_device_register(test, "vfio-migration");
	struct only_vfio_device *only;
	unsigned int i;
	int ret;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		only = vfio_alloc_device(only_vfio_device, vdev, dev, &mig_device_ops);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, only);
		only->vdev.mig_ops = rows[i].mig;
		only->vdev.migration_flags = rows[i].flags;
		only->vdev.log_ops = rows[i].log;
		ret = vfio_register_emulated_iommu_dev(&only->vdev);
		KUNIT_EXPECT_EQ_MSG(test, ret, rows[i].ret, "%s", rows[i].what);
		if (!ret)
			vfio_unregister_group_dev(&only->vdev);
		vfio_put_device(&only->vdev);
	}
}

static struct kunit_case migration_cases[] = {
	KUNIT_CASE(fsm_full_table),
	KUNIT_CASE(fsm_every_pair),
	KUNIT_CASE(fsm_unknown_flags),
	KUNIT_CASE(fsm_stay),
	KUNIT_CASE(fsm_names),
	KUNIT_CASE(fsm_of_device),
	KUNIT_CASE(incomplete_drivers),
	{}
};

static struct kunit_suite migration_suite = {
	.name = "vfio-migration",
	.test_cases = migration_cases,
};

kunit_test_suite(migration_suite);
