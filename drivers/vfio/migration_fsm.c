// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states that a device passes through when it migrates, and the ways
 * between them.
 *
 * Pure: constant data and a search in it; no state, no lock.  Called by the
 * migration_set_state operation of drivers, arc by arc, and for the names by
 * migration_debugfs.c.
 */
#include <kunit/visibility.h>
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/nospec.h>

#include "vfio.h"

/* Short names: the table below is to be read row by row */
enum {
	NO_WAY = VFIO_DEVICE_STATE_ERROR,
	STOP = VFIO_DEVICE_STATE_STOP,
	RUN = VFIO_DEVICE_STATE_RUNNING,
	COPY = VFIO_DEVICE_STATE_STOP_COPY,
	RESUME = VFIO_DEVICE_STATE_RESUMING,
	RUN_P2P = VFIO_DEVICE_STATE_RUNNING_P2P,
	PRE = VFIO_DEVICE_STATE_PRE_COPY,
	PRE_P2P = VFIO_DEVICE_STATE_PRE_COPY_P2P,
	NR_STATES = VFIO_DEVICE_STATE_NR,
};

#define NEEDS_PRE_COPY	(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_PRE_COPY)
#define NEEDS_P2P	(VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P)

/**
 * struct vfio_mig_place - One state
 * @name: as users know it
 * @needs: all of these migration_flags, or the device has no such state; none: no
 *         device can be asked into it, or out of it
 * @towards: for each state somebody may want, the neighbour of this one that lies
 *           on the way, on a device that has all states; NO_WAY if there is none
 */
struct vfio_mig_place {
	const char *name;
	u64 needs;
	u8 towards[NR_STATES];
};

/*
 * A device leaves RUN for anything but PRE by way of RUN_P2P, so that several
 * devices that talk to each other can all be quiet outside before the first of
 * them stops.  The way back is the same.  A device that copies without having been
 * stopped goes on doing so when it is stopped (PRE_P2P to COPY); the other way is
 * barred, as what was read would then be followed by an older state.
 */
static const struct vfio_mig_place vfio_mig_places[] = {
	[VFIO_DEVICE_STATE_ERROR] = {
		"ERROR", 0, { }
	},
	/*	towards:	STOP	RUN	COPY	RESUME	RUN_P2P	PRE	PRE_P2P */
	[STOP] = {
		"STOP", VFIO_MIGRATION_STOP_COPY,
		{ NO_WAY,	STOP,	RUN_P2P, COPY,	RESUME,	RUN_P2P, RUN_P2P, RUN_P2P }
	},
	[RUN] = {
		"RUNNING", VFIO_MIGRATION_STOP_COPY,
		{ NO_WAY,	RUN_P2P, RUN,	RUN_P2P, RUN_P2P, RUN_P2P, PRE,	RUN_P2P }
	},
	[COPY] = {
		"STOP_COPY", VFIO_MIGRATION_STOP_COPY,
		{ NO_WAY,	STOP,	STOP,	COPY,	STOP,	STOP,	NO_WAY,	NO_WAY }
	},
	[RESUME] = {
		"RESUMING", VFIO_MIGRATION_STOP_COPY,
		{ NO_WAY,	STOP,	STOP,	STOP,	RESUME,	STOP,	STOP,	STOP }
	},
	[RUN_P2P] = {
		"RUNNING_P2P", NEEDS_P2P,
		{ NO_WAY,	STOP,	RUN,	STOP,	STOP,	RUN_P2P, RUN,	PRE_P2P }
	},
	[PRE] = {
		"PRE_COPY", NEEDS_PRE_COPY,
		{ NO_WAY,	RUN,	RUN,	PRE_P2P, RUN,	RUN,	PRE,	PRE_P2P }
	},
	[PRE_P2P] = {
		"PRE_COPY_P2P", NEEDS_PRE_COPY | NEEDS_P2P,
		{ NO_WAY,	RUN_P2P, RUN_P2P, COPY,	RUN_P2P, RUN_P2P, PRE,	PRE_P2P }
	},
};

static_assert(ARRAY_SIZE(vfio_mig_places) == NR_STATES);
static_assert(NO_WAY == 0);	/* so what a row leaves out is barred */

/* The row of a state that devices with @flags have; NULL for any other number */
static const struct vfio_mig_place *vfio_mig_place(u64 flags, unsigned int state)
{
	const struct vfio_mig_place *place;

	if (state >= NR_STATES)
		return NULL;
	place = &vfio_mig_places[array_index_nospec(state, NR_STATES)];
	return place->needs && !(place->needs & ~flags) ? place : NULL;
}

/**
 * vfio_mig_state_known() - Does a device have a state?
 * @flags: migration_flags of the device
 * @state: any number
 *
 * Return: true if a device with @flags can be asked into @state
 */
VISIBLE_IF_KUNIT bool vfio_mig_state_known(u64 flags, unsigned int state)
{
	return vfio_mig_place(flags, state);
}
EXPORT_SYMBOL_IF_KUNIT(vfio_mig_state_known);

/**
 * vfio_mig_next() - The next state on the way from one to another
 * @flags: migration_flags of the device
 * @cur: state that the device is in, any number
 * @want: state that it should be in, any number
 * @next: result: @cur if that is @want, else a state the device has, one arc away
 *
 * A state on the way that the device lacks is passed over: what comes after it
 * comes next.  An arc that is barred ends the search (CVE-2026-64474), and so does
 * a way that has passed over as many states as there are: no table, however wrong,
 * keeps anybody here for longer.
 *
 * Return: 0, or -EINVAL if the device lacks one of the two states or there is no
 * way; @next is not written then.
 */
VISIBLE_IF_KUNIT int vfio_mig_next(u64 flags, unsigned int cur, unsigned int want,
				   unsigned int *next)
{
	unsigned int at = cur, passed;

	if (!vfio_mig_place(flags, cur) || !vfio_mig_place(flags, want))
		return -EINVAL;
	want = array_index_nospec(want, NR_STATES);

	for (passed = 0; passed < NR_STATES; passed++) {
		at = vfio_mig_places[array_index_nospec(at, NR_STATES)].towards[want];
		if (at == NO_WAY)
			return -EINVAL;
		if (vfio_mig_place(flags, at)) {
			*next = at;
			return 0;
		}
	}
	return -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_mig_next);

/**
 * vfio_mig_state_name() - What users call a state
 * @state: any number
 *
 * Return: the name, which is not to be freed; "Invalid" for what is no state
 */
const char *vfio_mig_state_name(unsigned int state)
{
	if (state >= NR_STATES)
		return "Invalid";
	return vfio_mig_places[array_index_nospec(state, NR_STATES)].name;
}
EXPORT_SYMBOL_IF_KUNIT(vfio_mig_state_name);

/**
 * vfio_mig_get_next_state() - The next arc on the way to a state
 * @device: device that can migrate
 * @cur_fsm: state that the device is in
 * @new_fsm: state that its user wants, any number
 * @next_fsm: result: state to go to next; @new_fsm at last
 *
 * For the migration_set_state operation of drivers, which call it until
 * @next_fsm is @new_fsm, and have to implement the single arcs only.
 *
 * Context: Any.
 * Return: 0, or -EINVAL if the device has no such state or there is no way there,
 * which is always so out of VFIO_DEVICE_STATE_ERROR.
 */
int vfio_mig_get_next_state(struct vfio_device *device, enum vfio_device_mig_state cur_fsm,
			    enum vfio_device_mig_state new_fsm,
			    enum vfio_device_mig_state *next_fsm)
{
	unsigned int next;
	int ret;

	/* A device may end up in ERROR; in a state it lacks only its driver puts it */
	if (WARN_ON_ONCE(cur_fsm != VFIO_DEVICE_STATE_ERROR &&
			 !vfio_mig_state_known(device->migration_flags, cur_fsm)))
		return -EINVAL;

	ret = vfio_mig_next(device->migration_flags, cur_fsm, new_fsm, &next);
	if (!ret)
		*next_fsm = next;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_mig_get_next_state);
