/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs that test and programs that measure both need: the devices that
 * they are given. The harness is not here, as it wants a main() of its own.
 */
#ifndef TEST_ENV_H
#define TEST_ENV_H

#include <stdio.h>
#include <stdlib.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/*
 * The device of a kind ("NVME", "IGB", "E1000E", "EDU", "IVSHMEM", "TESTDEV",
 * "RNG", "NVMESRIOV") that run.sh, or the caller, put into VFIO_<kind>; NULL
 * without one.
 */
static inline const char *vfio_test_bdf(const char *kind)
{
	char var[32];
	const char *bdf;

	snprintf(var, sizeof(var), "VFIO_%s", kind);
	bdf = getenv(var);
	return bdf && *bdf ? bdf : NULL;
}

#endif /* TEST_ENV_H */
