/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that is nothing but a configuration space, for KUnit tests.
 */
#ifndef VFIO_PCI_FAKE_CFG_H
#define VFIO_PCI_FAKE_CFG_H

#include <kunit/test.h>
#include <linux/pci.h>

#include "../vfio_pci_cfg.h"

/* What the code under test has asked for, in this order */
enum fake_event {
	FAKE_ZAP,		/* memory taken away; memory_lock held */
	FAKE_WRITE,		/* hardware written */
	FAKE_INTX_OFF,		/* virtual INTx Disable set */
	FAKE_INTX_ON,		/* and cleared */
	FAKE_POWER,		/* power state changed, to fake_cfg.power */
	FAKE_RESET,		/* function reset */
	FAKE_READRQ,		/* read request size set, to fake_cfg.readrq */
};

#define FAKE_MAX_EVENTS		32

/**
 * struct fake_cfg - The device
 * @vdev: what the code under test gets
 * @pdev: its PCI device; tests fill in what they need before fake_open()
 * @space: the hardware's configuration space
 * @writable: bits of @space that a write can change; none at the beginning
 * @rw1c: bits of @space that a write of one clears
 * @fail_at: offset at which every access fails, or -1
 * @gone: every access fails
 * @reads: accesses so far
 * @writes: accesses so far
 * @last_pos: where the last write was
 * @last_len: how long it was
 * @vpd: Vital Product Data
 * @vpd_error: errno that VPD accesses return
 * @power: see FAKE_POWER
 * @readrq: see FAKE_READRQ
 * @mem_was_locked: memory_lock was held for writing in the last hardware write
 * @igate_was_locked: so was igate
 * @events: what happened
 * @num_events: how much of it
 */
struct fake_cfg {
	struct vfio_pci_core_device *vdev;
	struct pci_dev *pdev;
	u8 space[PCI_CFG_SPACE_EXP_SIZE];
	u8 writable[PCI_CFG_SPACE_EXP_SIZE];
	u8 rw1c[PCI_CFG_SPACE_EXP_SIZE];
	int fail_at;
	bool gone;
	unsigned int reads;
	unsigned int writes;
	unsigned int last_pos;
	unsigned int last_len;
	u8 vpd[64];
	int vpd_error;
	pci_power_t power;
	unsigned int readrq;
	bool mem_was_locked;
	bool igate_was_locked;
	enum fake_event events[FAKE_MAX_EVENTS];
	unsigned int num_events;
};

int fake_cfg_init(struct kunit *test);
void fake_cfg_exit(struct kunit *test);
void fake_open(struct kunit *test);
void fake_reopen(struct kunit *test);

void fake_put(struct kunit *test, unsigned int pos, unsigned int len, u32 val);
u32 fake_get(struct kunit *test, unsigned int pos, unsigned int len);
void fake_allow(struct kunit *test, unsigned int pos, unsigned int len, u32 bits);
void fake_status(struct kunit *test, unsigned int pos, unsigned int len, u32 bits);
void fake_cap(struct kunit *test, unsigned int pos, u8 id, u8 next, u16 flags);
void fake_ext_cap(struct kunit *test, unsigned int pos, u16 id, u16 next);
void fake_bar(struct kunit *test, unsigned int bar, u64 start, u64 len, unsigned long flags);
void fake_forget(struct kunit *test);

u32 user_read(struct kunit *test, unsigned int pos, unsigned int len);
void user_write(struct kunit *test, unsigned int pos, unsigned int len, u32 val);

#define FAKE_EXPECT_EVENTS(t, ...)							\
do {											\
	const enum fake_event want_[] = { __VA_ARGS__ };				\
	struct kunit *test_ = (t);							\
	struct fake_cfg *fake_ = test_->priv;						\
											\
	KUNIT_ASSERT_EQ(test_, fake_->num_events, ARRAY_SIZE(want_));			\
	KUNIT_EXPECT_MEMEQ(test_, fake_->events, want_, sizeof(want_));			\
} while (0)

#endif /* VFIO_PCI_FAKE_CFG_H */
