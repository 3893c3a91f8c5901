/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VFIO device that consists of memory alone, and of what it does when it
 * migrates, logs and reaches for its user's memory: what the files of the module
 * share.
 *
 * Built with the kernel, and by itself for a kernel that lacks it: it uses what
 * drivers are offered, and nothing that is private to VFIO's core.
 */
#ifndef VFIO_TEST_DEVICE_H
#define VFIO_TEST_DEVICE_H

#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

struct vfio_test_stream;

/* Bytes of the memory, which is the state that migrates */
#define VFIO_TEST_MEMORY	8192

/* Ranges that the device can log; more have to be combined */
#define VFIO_TEST_LOG_RANGES	4

/* Regions; the file offset is the index << 40 */
enum vfio_test_region {
	VFIO_TEST_REGION_MEMORY,	/* the memory, to read and write */
	VFIO_TEST_REGION_DMA,		/* struct vfio_test_dma, write only */
	VFIO_TEST_REGION_FAIL,		/* u32 enum vfio_test_fail, write only */
	VFIO_TEST_REGION_COPY,		/* struct vfio_test_copy, write only */
	VFIO_TEST_REGION_PIN,		/* struct vfio_test_pin, write only */
	VFIO_TEST_REGION_PINNED,	/* struct vfio_test_pin_status, read only */
	VFIO_TEST_NR_REGIONS
};

/**
 * struct vfio_test_dma - Pretend to have written memory
 * @iova: first address
 * @length: bytes, not 0, at most 4 MiB
 */
struct vfio_test_dma {
	u64 iova;
	u64 length;
};

/**
 * enum vfio_test_fail - What becomes of the next step to another state
 * @VFIO_TEST_FAIL_NOT: it works
 * @VFIO_TEST_FAIL_STAY: it fails with -EIO, the state remains
 * @VFIO_TEST_FAIL_BREAK: it fails with -EIO, the device is in
 *                        VFIO_DEVICE_STATE_ERROR until it is reset
 * @VFIO_TEST_NR_FAILS: number of them
 */
enum vfio_test_fail {
	VFIO_TEST_FAIL_NOT,
	VFIO_TEST_FAIL_STAY,
	VFIO_TEST_FAIL_BREAK,
	VFIO_TEST_NR_FAILS
};

/* All the bytes go from the device's memory to the user's, not the other way */
#define VFIO_TEST_COPY_TO_USER	BIT(0)

/**
 * struct vfio_test_copy - Copy between the user's memory and the device's
 * @iova: where the user has mapped his
 * @offset: into the device's
 * @length: bytes, not 0
 * @flags: VFIO_TEST_COPY_*
 * @reserved: not read
 */
struct vfio_test_copy {
	u64 iova;
	u32 offset;
	u32 length;
	u32 flags;
	u32 reserved;
};

/* Blocks of pages that the device can have pinned, and pages in each */
#define VFIO_TEST_PINS		4
#define VFIO_TEST_PIN_PAGES	16

/**
 * enum vfio_test_pin_op - What to do with pages of the user
 * @VFIO_TEST_PIN_READ: pin @npage pages from @iova, to read them
 * @VFIO_TEST_PIN_WRITE: the same, to read and write them
 * @VFIO_TEST_PIN_FILL: set all bytes of the pages pinned from @iova to @npage
 * @VFIO_TEST_PIN_DROP: let go of the pages that were pinned from @iova on
 */
enum vfio_test_pin_op {
	VFIO_TEST_PIN_READ,
	VFIO_TEST_PIN_WRITE,
	VFIO_TEST_PIN_FILL,
	VFIO_TEST_PIN_DROP,
};

/**
 * struct vfio_test_pin - The same as the user writes it
 * @iova: address
 * @npage: see enum vfio_test_pin_op
 * @op: enum vfio_test_pin_op
 */
struct vfio_test_pin {
	u64 iova;
	u32 npage;
	u32 op;
};

/**
 * struct vfio_test_pin_status - What the user may know of it
 * @pages: that are pinned
 * @notified: how often memory was taken back since the device was reset
 */
struct vfio_test_pin_status {
	u32 pages;
	u32 notified;
};

/**
 * struct vfio_test_pinned - Pages that are pinned
 * @iova: first address
 * @npage: number of pages, 0 if nothing is
 * @writable: they were pinned to write them, too
 * @pages: the pages
 */
struct vfio_test_pinned {
	u64 iova;
	unsigned int npage;
	bool writable;
	struct page *pages[VFIO_TEST_PIN_PAGES];
};

/**
 * struct vfio_test_pins - All pages that are pinned
 * @lock: protects the rest
 * @slots: the pages
 * @status: pages is 0 here, and counted when somebody asks
 */
struct vfio_test_pins {
	struct mutex lock;	/* protects all pins */
	struct vfio_test_pinned slots[VFIO_TEST_PINS];
	struct vfio_test_pin_status status;
};

/**
 * struct vfio_test_log - What the device has pretended to write
 * @lock: protects the rest
 * @on: logging
 * @shift: of the page size, the base 2 logarithm
 * @nr_ranges: valid elements of @ranges
 * @ranges: addresses that are logged, @last inclusive
 * @pages: a value for each page, by its number, that was written
 * @nr_pages: number of them
 */
struct vfio_test_log {
	struct mutex lock;	/* protects all of the log */
	bool on;
	unsigned int shift;
	unsigned int nr_ranges;
	struct {
		unsigned long first;
		unsigned long last;
	} ranges[VFIO_TEST_LOG_RANGES];
	struct xarray pages;
	unsigned int nr_pages;
};

/**
 * struct vfio_test_device - The device
 * @vdev: what user space sees of it
 * @state_lock: protects @state, @stream and @fail; outside of the lock of the
 *              stream, and of @memory_lock
 * @state: where in its migration the device is
 * @stream: the data of that state, with a reference on its file; or NULL
 * @fail: what becomes of the next step
 * @memory_lock: protects @memory and @writes, innermost
 * @writes: how often @memory was written
 * @memory: the state that migrates
 * @log: has a lock of its own
 * @pins: has a lock of its own
 */
struct vfio_test_device {
	struct vfio_device vdev;
	struct mutex state_lock;	/* see above */
	enum vfio_device_mig_state state;
	struct vfio_test_stream *stream;
	enum vfio_test_fail fail;
	struct mutex memory_lock;	/* see above */
	u64 writes;
	u8 memory[VFIO_TEST_MEMORY];
	struct vfio_test_log log;
	struct vfio_test_pins pins;
};

static inline struct vfio_test_device *vfio_test_device(struct vfio_device *vdev)
{
	return container_of(vdev, struct vfio_test_device, vdev);
}

/* ---- vfio_test_migration.c */

extern const struct vfio_migration_ops vfio_test_migration_ops;
void vfio_test_migration_reset(struct vfio_test_device *test);

/* ---- vfio_test_logging.c */

extern const struct vfio_log_ops vfio_test_log_ops;
void vfio_test_log_init(struct vfio_test_log *log);
void vfio_test_log_destroy(struct vfio_test_log *log);
void vfio_test_log_reset(struct vfio_test_log *log);
int vfio_test_log_write(struct vfio_test_log *log, const struct vfio_test_dma *dma);

/* ---- vfio_test_dma.c */

int vfio_test_copy(struct vfio_test_device *test, const struct vfio_test_copy *copy);
int vfio_test_pin(struct vfio_test_device *test, const struct vfio_test_pin *pin);
struct vfio_test_pin_status vfio_test_pin_status(struct vfio_test_device *test);
void vfio_test_pins_reset(struct vfio_test_device *test);
void vfio_test_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length);

#endif /* VFIO_TEST_DEVICE_H */
