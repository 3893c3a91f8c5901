/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of power management share: the state that sysfs shows, and
 * the ioctls of low-power mode.
 */
#ifndef VFIO_PM_H
#define VFIO_PM_H

#include <libvfio.h>

#define PM_POLL_US	2000
/* Generous, for what must happen: only a broken kernel waits that long. */
#define PM_TIMEOUT_MS	20000
/* What must not happen gets this long to happen all the same. */
#define PM_QUIET_MS	150

static inline bool pm_is(const char *bdf, const char *status)
{
	char now[32];

	return !pci_dev_attr_text(bdf, "power/runtime_status", now,
				  sizeof(now)) && !strcmp(now, status);
}

/* Wait until runtime PM says so. */
static inline bool pm_becomes_within(const char *bdf, const char *status,
				     int timeout_ms)
{
	int us;

	for (us = 0; us < timeout_ms * 1000; us += PM_POLL_US) {
		if (pm_is(bdf, status))
			return true;
		usleep(PM_POLL_US);
	}
	return pm_is(bdf, status);
}

static inline bool pm_becomes(const char *bdf, const char *status)
{
	return pm_becomes_within(bdf, status, PM_TIMEOUT_MS);
}

/* Is the device in this power state ("D0", "D3hot"), as the kernel knows it? */
static inline bool pm_power_state(const char *bdf, const char *state)
{
	char now[32];

	return !pci_dev_attr_text(bdf, "power_state", now, sizeof(now)) &&
	       !strcmp(now, state);
}

static inline int low_power_enter(int fd)
{
	return vfio_device_feature(fd, VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
				   NULL, 0);
}

static inline int low_power_enter_wakeup(int fd, int evfd)
{
	struct vfio_device_low_power_entry_with_wakeup entry = {
		.wakeup_eventfd = evfd,
	};

	return vfio_device_feature(fd, VFIO_DEVICE_FEATURE_SET |
			VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
			&entry, sizeof(entry));
}

static inline int low_power_exit(int fd)
{
	return vfio_device_feature(fd, VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
				   NULL, 0);
}

#define EXPECT_SLEEPS()							\
	EXPECT_TRUE(pm_becomes(self->bdf, "suspended"))			\
		TH_LOG("device %s stays awake", self->bdf)
#define ASSERT_SLEEPS()							\
	ASSERT_TRUE(pm_becomes(self->bdf, "suspended"))			\
		TH_LOG("device %s stays awake", self->bdf)
#define EXPECT_AWAKE()							\
	EXPECT_TRUE(pm_is(self->bdf, "active"))				\
		TH_LOG("device %s sleeps", self->bdf)

#endif /* VFIO_PM_H */
