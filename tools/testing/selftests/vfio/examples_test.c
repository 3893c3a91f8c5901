// SPDX-License-Identifier: GPL-2.0-only
/*
 * The examples of Documentation/driver-api/vfio.rst do what it says: each drives the
 * device it is given to the end, and says why if it cannot.
 */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "vfio_test.h"

FIXTURE(example) {
	const char *bdf;
	char program[PATH_MAX];
};

FIXTURE_VARIANT(example) {
	const char *name;
	const char *no_device;	/* what it says of a device that VFIO doesn't have */
};

FIXTURE_VARIANT_ADD(example, cdev) {
	.name = "example_cdev",
	.no_device = "/sys/bus/pci/devices/ffff:ff:1f.7/vfio-dev: No such file or directory",
};

FIXTURE_VARIANT_ADD(example, group) {
	.name = "example_group",
	.no_device = "/sys/bus/pci/devices/ffff:ff:1f.7/iommu_group: No such file or directory",
};

/* The programs lie beside this one */
FIXTURE_SETUP(example)
{
	char self_path[PATH_MAX];
	ssize_t len;

	REQUIRE_DEVICE(self->bdf, "EDU");
	len = readlink("/proc/self/exe", self_path, sizeof(self_path) - 1);
	ASSERT_LT(0, len);
	self_path[len] = '\0';
	snprintf(self->program, sizeof(self->program), "%s/%s", dirname(self_path),
		 variant->name);
	ASSERT_EQ(0, access(self->program, X_OK));
}

FIXTURE_TEARDOWN(example)
{
}

/* Run it with an argument: how it exits, and what it writes */
static int example_run(const char *program, const char *arg, char *said, size_t size)
{
	char command[PATH_MAX + 64];
	size_t len;
	FILE *out;

	snprintf(command, sizeof(command), "exec %s %s 2>&1", program, arg);
	out = popen(command, "r");
	if (!out)
		return -errno;
	len = fread(said, 1, size - 1, out);
	said[len] = '\0';
	return pclose(out);
}

TEST_F(example, copies)
{
	char said[1024];
	int status;

	REQUIRE_IOMMU(self->bdf);
	status = example_run(self->program, self->bdf, said, sizeof(said));
	TH_LOG("%s", said);
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_NE(NULL, strstr(said, "copied: through the device and back\n"));
}

/* The device is as it was: a second run finds no trace of the first */
TEST_F(example, again)
{
	char said[1024];

	REQUIRE_IOMMU(self->bdf);
	EXPECT_EQ(0, example_run(self->program, self->bdf, said, sizeof(said)));
	EXPECT_EQ(0, example_run(self->program, self->bdf, said, sizeof(said)));
}

TEST_F(example, no_device)
{
	char said[1024];
	int status;

	status = example_run(self->program, "ffff:ff:1f.7", said, sizeof(said));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(1, WEXITSTATUS(status));
	EXPECT_NE(NULL, strstr(said, variant->no_device));
}

TEST_HARNESS_MAIN
