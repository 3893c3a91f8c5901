// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PF in the hands of user space and its VFs: creating them, the token that
 * their users share, and who waits for whom when they go.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "vfio_test.h"

#define ENABLE_SRIOV	"/sys/module/vfio_pci/parameters/enable_sriov"
#define TOKEN_LEN	16

/* When VFs go it costs a second, every open or close two resets */
#define SLOW		300

static const u8 token_a[TOKEN_LEN] = "an agreed token";
static const u8 token_b[TOKEN_LEN] = "another of these";
/* Wrong in the last byte alone. */
static const u8 token_a_but_one[TOKEN_LEN] = "an agreed token!";

/* ---- What the tests share ---- */

static int open_device(const char *bdf, int iommufd, const u8 *token)
{
	int fd = vfio_cdev_open(bdf);
	int ret;

	if (fd < 0)
		return fd;
	ret = token ? vfio_cdev_bind_token(fd, iommufd, token) :
		      vfio_cdev_bind(fd, iommufd, NULL);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Open and close again: 0 or what was the matter. */
static int try_device(const char *bdf, int iommufd, const u8 *token)
{
	int fd = open_device(bdf, iommufd, token);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* The kernel's log from now on. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Is there a line with all of these in it? Reads to the end. */
static bool log_has(int fd, const char *device, const char *text)
{
	bool found = false;
	char line[2048];
	ssize_t n;

	for (;;) {
		n = read(fd, line, sizeof(line) - 1);
		/* EPIPE: lines were lost, there are more. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return found;
		line[n] = '\0';
		if (strstr(line, device) && strstr(line, text))
			found = true;
	}
}

/*
 * The same for a line that must be there: as long as another processor writes one
 * nobody can read those that follow.
 */
static bool log_gets(int fd, const char *device, const char *text)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (log_has(fd, device, text))
			return true;
		usleep(20000);
	}
	return false;
}

static bool has_driver(const char *bdf, const char *driver)
{
	char now[64];

	return !pci_dev_driver(bdf, now, sizeof(now)) && !strcmp(now, driver);
}

static int own_token(const char *pf, int iommufd, const u8 *token)
{
	return try_device(pf, iommufd, token);
}

/* ---- Creating VFs ---- */

FIXTURE(vfs)
{
	const char *bdf;
	int iommufd;
	int log;
	char vf[PCI_BDF_LEN];
	u64 total;
};

FIXTURE_VARIANT(vfs)
{
	const char *kind;
};

FIXTURE_VARIANT_ADD(vfs, igb) { .kind = "IGB" };
FIXTURE_VARIANT_ADD(vfs, nvme) { .kind = "NVMESRIOV" };

#define REQUIRE_SRIOV(bdf_, kind) do {					\
	u64 __total;							\
									\
	REQUIRE_DEVICE(bdf_, kind);					\
	if (pci_dev_attr(bdf_, "sriov_totalvfs", &__total) || __total < 2) \
		SKIP(return, "%s cannot have two VFs", bdf_);		\
} while (0)

FIXTURE_SETUP(vfs)
{
	REQUIRE_SRIOV(self->bdf, variant->kind);
	ASSERT_EQ(0, pci_dev_attr(self->bdf, "sriov_totalvfs", &self->total));
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->log = log_open();
	ASSERT_LE(0, self->log);
	ASSERT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "Y"));
	/* What a test that failed may have left behind */
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
}

FIXTURE_TEARDOWN(vfs)
{
	EXPECT_RC(0, pci_dev_attr_write(self->bdf, "sriov_drivers_autoprobe", "1"));
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "Y"));
	if (has_driver(self->bdf, "vfio-pci"))
		EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	else
		EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "N"));
	close(self->log);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

/* Looked at whenever sriov_numvfs is written, to take VFs away as well. */
TEST_F_TIMEOUT(vfs, parameter, SLOW)
{
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "N"));
	EXPECT_RC(-ENOENT, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_RC(0, pci_dev_numvfs(self->bdf));
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "Y"));
	EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_RC(1, pci_dev_numvfs(self->bdf));
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "N"));
	EXPECT_RC(-ENOENT, pci_dev_set_numvfs(self->bdf, 0));
	EXPECT_RC(1, pci_dev_numvfs(self->bdf));
}

TEST_F_TIMEOUT(vfs, number, SLOW)
{
	unsigned int i;

	EXPECT_RC(-ERANGE, pci_dev_set_numvfs(self->bdf, self->total + 1));
	EXPECT_RC(0, pci_dev_numvfs(self->bdf));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, self->total));
	EXPECT_RC(self->total, pci_dev_numvfs(self->bdf));
	for (i = 0; i < self->total; i++) {
		ASSERT_RC(0, pci_dev_vf(self->bdf, i, self->vf));
		EXPECT_TRUE(has_driver(self->vf, "vfio-pci"))
			TH_LOG("VF %s", self->vf);
	}
	EXPECT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	EXPECT_RC(0, try_device(self->vf, self->iommufd, token_a));
	/* All or none */
	EXPECT_RC(-EBUSY, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_RC(self->total, pci_dev_numvfs(self->bdf));
	EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, self->total));
	EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	EXPECT_RC(-ENOENT, pci_dev_vf(self->bdf, 0, self->vf));
	EXPECT_FALSE(pci_dev_exists(self->vf));
}

/* CVE-2026-53115 and -53120 are about how the name is written and read. */
TEST_F_TIMEOUT(vfs, captured, SLOW)
{
	char text[64];

	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 2));
	ASSERT_RC(0, pci_dev_vf(self->bdf, 1, self->vf));
	ASSERT_RC(0, pci_dev_attr_text(self->vf, "driver_override", text,
				       sizeof(text)));
	EXPECT_STREQ("vfio-pci", text);
	EXPECT_TRUE(has_driver(self->vf, "vfio-pci"));
	snprintf(text, sizeof(text), "Captured SR-IOV VF %s driver_override",
		 self->vf);
	EXPECT_TRUE(log_gets(self->log, self->bdf, text));
}

TEST_F_TIMEOUT(vfs, other_driver, SLOW)
{
	char text[128];

	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	ASSERT_RC(0, pci_dev_vf(self->bdf, 0, self->vf));
	log_has(self->log, "", "");
	ASSERT_RC(0, pci_dev_bind(self->vf, "pci-stub"));
	snprintf(text, sizeof(text),
		 "VF %s bound to driver pci-stub while PF bound to driver vfio-pci",
		 self->vf);
	EXPECT_TRUE(log_gets(self->log, self->bdf, text));
	/* And back, with no reason to warn; the PF's token is known again. */
	ASSERT_RC(0, pci_dev_bind(self->vf, "vfio-pci"));
	EXPECT_FALSE(log_has(self->log, self->bdf, "while PF bound to driver"));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, NULL));
	EXPECT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	EXPECT_RC(0, try_device(self->vf, self->iommufd, token_a));
}

static bool is_active(const char *bdf)
{
	char text[32];

	return !pci_dev_attr_text(bdf, "power/runtime_status", text,
				  sizeof(text)) && !strcmp(text, "active");
}

/* An idle PF sleeps, but not while there are VFs. */
TEST_F_TIMEOUT(vfs, idle, SLOW)
{
	int fd;

	while (is_active(self->bdf))
		usleep(20000);
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_TRUE(is_active(self->bdf));
	fd = open_device(self->bdf, self->iommufd, NULL);
	ASSERT_LE(0, fd);
	close(fd);
	usleep(300000);
	EXPECT_TRUE(is_active(self->bdf));
	EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	while (is_active(self->bdf))
		usleep(20000);
}

/* The user of the PF can't put it to sleep under its VFs, either. */
TEST_F_TIMEOUT(vfs, power_state, SLOW)
{
	u32 pos;
	u8 pm;
	int fd;

	fd = open_device(self->bdf, self->iommufd, NULL);
	ASSERT_LE(0, fd);
	pm = vfio_cfg_cap(fd, PCI_CAP_ID_PM);
	if (!pm) {
		close(fd);
		SKIP(return, "%s has no PM capability", self->bdf);
	}
	pos = pm + PCI_PM_CTRL;

	/* VFs wake it */
	vfio_cfg_write16(fd, pos, PM_STATE_D3HOT);
	EXPECT_EQ(PM_STATE_D3HOT, vfio_cfg_read16(fd, pos) & 3);
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_EQ(PM_STATE_D0, vfio_cfg_read16(fd, pos) & 3);
	vfio_cfg_write16(fd, pos, PM_STATE_D3HOT);
	EXPECT_EQ(PM_STATE_D0, vfio_cfg_read16(fd, pos) & 3);

	EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	vfio_cfg_write16(fd, pos, PM_STATE_D3HOT);
	EXPECT_EQ(PM_STATE_D3HOT, vfio_cfg_read16(fd, pos) & 3);
	vfio_cfg_write16(fd, pos, PM_STATE_D0);
	EXPECT_EQ(PM_STATE_D0, vfio_cfg_read16(fd, pos) & 3);
	close(fd);
}

/* A PF that the host has given VFs is not taken. */
TEST_F_TIMEOUT(vfs, host_has_vfs, SLOW)
{
	const char *driver = strcmp(variant->kind, "IGB") ? "nvme" : "igb";
	char text[64];

	snprintf(text, sizeof(text), "modprobe -q %s", driver);
	if (system(text) || pci_dev_bind(self->bdf, driver))
		SKIP(return, "no %s driver for %s", driver, self->bdf);
	/* The VF is for us: its probe by the host's driver may take seconds */
	ASSERT_RC(0, pci_dev_attr_write(self->bdf, "sriov_drivers_autoprobe", "0"));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	ASSERT_RC(0, pci_dev_vf(self->bdf, 0, self->vf));
	ASSERT_RC(0, pci_dev_bind(self->vf, "vfio-pci"));

	/* Nobody to agree with: the PF's user is the host. */
	log_has(self->log, "", "");
	EXPECT_RC(-EINVAL, try_device(self->vf, self->iommufd, token_a));
	EXPECT_TRUE(log_gets(self->log, self->vf,
			     "VF token incorrectly provided, PF not bound to vfio-pci"));
	EXPECT_RC(0, try_device(self->vf, self->iommufd, NULL));

	/* Not every driver takes its VFs along. */
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	if (pci_dev_numvfs(self->bdf)) {
		EXPECT_RC(-ENOENT, pci_dev_bind(self->bdf, "vfio-pci"));
		EXPECT_TRUE(log_gets(self->log, self->bdf,
				     "Cannot bind to PF with SR-IOV enabled"));
		EXPECT_RC(0, try_device(self->vf, self->iommufd, NULL));
		ASSERT_RC(0, pci_dev_bind(self->bdf, driver));
		ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	}
}

/* ---- Tokens ---- */

FIXTURE(token)
{
	const char *bdf;
	int iommufd;
	int log;
	char vf[PCI_BDF_LEN];
	char vf2[PCI_BDF_LEN];
};

FIXTURE_SETUP(token)
{
	REQUIRE_SRIOV(self->bdf, "IGB");
	self->iommufd = iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->log = log_open();
	ASSERT_LE(0, self->log);
	ASSERT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "Y"));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 2));
	ASSERT_RC(0, pci_dev_vf(self->bdf, 0, self->vf));
	ASSERT_RC(0, pci_dev_vf(self->bdf, 1, self->vf2));
}

FIXTURE_TEARDOWN(token)
{
	EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "N"));
	close(self->log);
	close(self->iommufd);
	EXPECT_DEVICE_OK();
}

/* Nobody has set one: nobody gets in, whatever comes to mind. */
TEST_F_TIMEOUT(token, unknown_at_first, SLOW)
{
	static const u8 zero[TOKEN_LEN];
	u8 ones[TOKEN_LEN];

	/* Another test may have set one */
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 2));

	memset(ones, 0xff, sizeof(ones));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, NULL));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, zero));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, ones));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_a));
	/* The PF in use changes nothing. */
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, NULL));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, zero));
}

/* The VF is opened with the token of the PF, open or not. */
TEST_F_TIMEOUT(token, vf, SLOW)
{
	int pf, vf;

	pf = open_device(self->bdf, self->iommufd, token_a);
	ASSERT_LE(0, pf);
	log_has(self->log, "", "");
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, NULL));
	EXPECT_TRUE(log_gets(self->log, self->vf,
			     "VF token required to access device"));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_b));
	EXPECT_TRUE(log_gets(self->log, self->vf,
			     "Incorrect VF token provided for device"));
	EXPECT_RC(-EACCES,
		  try_device(self->vf, self->iommufd, token_a_but_one));
	EXPECT_RC(0, try_device(self->vf, self->iommufd, token_a));
	close(pf);
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, NULL));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_b));
	vf = open_device(self->vf, self->iommufd, token_a);
	EXPECT_LE(0, vf);
	/* The other one is asked as well. */
	EXPECT_RC(-EACCES, try_device(self->vf2, self->iommufd, NULL));
	EXPECT_RC(0, try_device(self->vf2, self->iommufd, token_a));
	close(vf);
}

/* A refused file can be bound with the right token. */
TEST_F_TIMEOUT(token, try_again, SLOW)
{
	int fd;

	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	fd = vfio_cdev_open(self->vf);
	ASSERT_LE(0, fd);
	EXPECT_RC(-EACCES, vfio_cdev_bind(fd, self->iommufd, NULL));
	EXPECT_RC(-EACCES, vfio_cdev_bind_token(fd, self->iommufd, token_b));
	EXPECT_RC(0, vfio_cdev_bind_token(fd, self->iommufd, token_a));
	EXPECT_RC(-EINVAL, vfio_cdev_bind_token(fd, self->iommufd, token_a));
	close(fd);
}

/* While a VF is open the PF's user has to know the token, too. */
TEST_F_TIMEOUT(token, pf, SLOW)
{
	int vf;

	/* Nothing to protect yet: any token becomes the PF's. */
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, token_b));
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, token_a));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_b));
	/* None leaves it alone. */
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, NULL));

	vf = open_device(self->vf, self->iommufd, token_a);
	ASSERT_LE(0, vf);
	log_has(self->log, "", "");
	EXPECT_RC(-EACCES, try_device(self->bdf, self->iommufd, NULL));
	EXPECT_TRUE(log_gets(self->log, self->bdf,
			     "VF token required to access device"));
	EXPECT_RC(-EACCES, try_device(self->bdf, self->iommufd, token_b));
	EXPECT_TRUE(log_gets(self->log, self->bdf,
			     "Incorrect VF token provided for device"));
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, token_a));
	close(vf);
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, NULL));
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, token_b));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_a));
	EXPECT_RC(0, try_device(self->vf, self->iommufd, token_b));
}

/* The last user counts, not the first. */
TEST_F_TIMEOUT(token, pf_two_vfs, SLOW)
{
	int vf, vf2;

	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	vf = open_device(self->vf, self->iommufd, token_a);
	vf2 = open_device(self->vf2, self->iommufd, token_a);
	ASSERT_LE(0, vf);
	ASSERT_LE(0, vf2);
	close(vf);
	EXPECT_RC(-EACCES, try_device(self->bdf, self->iommufd, NULL));
	close(vf2);
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, NULL));
}

/* A VF that could not be opened is no user. */
TEST_F_TIMEOUT(token, failed_vf, SLOW)
{
	int fd;

	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	fd = vfio_cdev_open(self->vf);
	ASSERT_LE(0, fd);
	EXPECT_RC(-EBADF, vfio_cdev_bind_token(fd, vfio_test_closed_fd(),
					       token_a));
	EXPECT_RC(-EACCES, vfio_cdev_bind_token(fd, vfio_test_closed_fd(),
						token_b));
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, NULL));
	close(fd);
}

static int set_token(int fd, const u8 *token, size_t len)
{
	u8 data[TOKEN_LEN + 8] = {};

	memcpy(data, token, len < TOKEN_LEN ? len : TOKEN_LEN);
	return vfio_device_feature(fd, VFIO_DEVICE_FEATURE_SET |
				   VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, data, len);
}

/* The other way to set it, which needs no permission but the open PF. */
TEST_F_TIMEOUT(token, feature, SLOW)
{
	int pf, vf;

	pf = open_device(self->bdf, self->iommufd, token_a);
	ASSERT_LE(0, pf);
	EXPECT_RC(0, set_token(pf, token_b, TOKEN_LEN));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_a));
	vf = open_device(self->vf, self->iommufd, token_b);
	ASSERT_LE(0, vf);

	/* Those who are in stay in; the next one hears another question. */
	EXPECT_RC(0, set_token(pf, token_a, TOKEN_LEN));
	EXPECT_EQ(0x10ca, vfio_cfg_read16(vf, PCI_DEVICE_ID));
	EXPECT_RC(-EACCES, try_device(self->vf2, self->iommufd, token_b));
	EXPECT_RC(0, try_device(self->vf2, self->iommufd, token_a));
	close(pf);
	EXPECT_RC(-EACCES, try_device(self->bdf, self->iommufd, token_b));
	EXPECT_RC(0, try_device(self->bdf, self->iommufd, token_a));
	close(vf);
}

TEST_F_TIMEOUT(token, feature_errors, SLOW)
{
	u32 flags = VFIO_DEVICE_FEATURE_PCI_VF_TOKEN;
	u8 data[TOKEN_LEN];
	int pf, vf, i;

	pf = open_device(self->bdf, self->iommufd, token_a);
	ASSERT_LE(0, pf);
	memcpy(data, token_b, sizeof(data));
	EXPECT_RC(0, vfio_device_feature(pf, flags | VFIO_DEVICE_FEATURE_SET |
					 VFIO_DEVICE_FEATURE_PROBE, NULL, 0));
	EXPECT_RC(-EINVAL, vfio_device_feature(pf, flags |
					       VFIO_DEVICE_FEATURE_GET,
					       data, sizeof(data)));
	EXPECT_RC(-EINVAL, vfio_device_feature(pf, flags |
					       VFIO_DEVICE_FEATURE_GET |
					       VFIO_DEVICE_FEATURE_PROBE,
					       data, sizeof(data)));
	for (i = 0; i < TOKEN_LEN; i++)
		EXPECT_RC(-EINVAL, set_token(pf, token_b, i));
	/* None of this has set it; a longer argument does. */
	EXPECT_RC(0, try_device(self->vf, self->iommufd, token_a));
	EXPECT_RC(0, set_token(pf, token_b, TOKEN_LEN + 8));
	vf = open_device(self->vf, self->iommufd, token_b);
	ASSERT_LE(0, vf);
	EXPECT_RC(-ENOTTY, set_token(vf, token_b, TOKEN_LEN));
	EXPECT_RC(-ENOTTY, vfio_device_feature(vf, flags |
					       VFIO_DEVICE_FEATURE_SET |
					       VFIO_DEVICE_FEATURE_PROBE,
					       NULL, 0));
	close(vf);
	close(pf);
}

/* What the bind ioctl itself can find wrong with the token. */
TEST_F_TIMEOUT(token, bind_errors, SLOW)
{
	struct {
		struct vfio_device_bind_iommufd cmd;
		u64 tail;
	} arg = {
		.cmd = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_BIND_FLAG_TOKEN,
			.iommufd = self->iommufd,
			.token_uuid_ptr = (uintptr_t)token_a,
		},
	};
	int fd;

	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	fd = vfio_cdev_open(self->vf);
	ASSERT_LE(0, fd);

	arg.tail = 1;
	EXPECT_RC(-E2BIG, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	arg.tail = 0;
	/* The pointer lies behind the 16 bytes that there must be. */
	arg.cmd.argsz = 16;
	EXPECT_RC(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	arg.cmd.argsz = sizeof(arg);
	arg.cmd.token_uuid_ptr = 1;
	EXPECT_RC(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	/* Without the flag the pointer is no token. */
	arg.cmd.flags = 0;
	arg.cmd.token_uuid_ptr = (uintptr_t)token_a;
	EXPECT_RC(-EACCES, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	arg.cmd.flags = VFIO_DEVICE_BIND_FLAG_TOKEN;
	EXPECT_RC(0, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	close(fd);
}

/* The PF is bound anew: its new token is nobody's. */
TEST_F_TIMEOUT(token, pf_bound_anew, SLOW)
{
	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	ASSERT_RC(0, pci_dev_unbind(self->bdf));
	EXPECT_RC(0, pci_dev_numvfs(self->bdf));
	EXPECT_FALSE(pci_dev_exists(self->vf));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_RC(0, pci_dev_numvfs(self->bdf));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, token_a));
}

/* New VFs of a PF that stays: the token stays, too. */
TEST_F_TIMEOUT(token, vfs_anew, SLOW)
{
	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommufd, NULL));
	EXPECT_RC(0, try_device(self->vf, self->iommufd, token_a));
}

static void token_text(const u8 *t, char *text)
{
	sprintf(text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9],
		t[10], t[11], t[12], t[13], t[14], t[15]);
}

/* A group in a container of its own: -errno or the group's fd. */
static int open_group(const char *bdf, int *container)
{
	char path[64];
	int group;

	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_dev_iommu_group(bdf));
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0)
		return -errno;
	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (*container < 0 ||
	    ioctl(group, VFIO_GROUP_SET_CONTAINER, container) ||
	    ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		close(*container);
		close(group);
		return -EIO;
	}
	return group;
}

/* A group is asked for a device by its name, and the token stands behind it. */
TEST_F_TIMEOUT(token, group_names, SLOW)
{
	char a[40], b[40];
	/* %1$s is the VF, %2$s the right token, %3$s a wrong one */
	static const struct {
		const char *name;
		int expected;
	} names[] = {
		{ "%1$s", -EACCES },
		{ "%1$s ", -EACCES },
		{ "%1$s vf_token=%2$s", 0 },
		{ "%1$s    vf_token=%2$s  ", 0 },
		{ "%1$s vf_token=%3$s", -EACCES },
		{ "%1$s vf_token=%2$s vf_token=%2$s", -EINVAL },
		{ "%1$s vf_token=%2$s vf_token=%3$s", -EINVAL },
		{ "%1$s vf_token=%2$svf_token=%2$s", -EINVAL },
		{ "%1$s vf_token=%2$s0", -EINVAL },
		{ "%1$s vf_token=%2$s nonsense", -EINVAL },
		{ "%1$s nonsense", -EINVAL },
		{ "%1$s VF_TOKEN=%2$s", -EINVAL },
		{ "%1$s vf_token", -EINVAL },
		{ "%1$s vf_token=", -EINVAL },
		{ "%1$s vf_token= %2$s", -EINVAL },
		{ "%1$s vf_token=%2$.35s", -EINVAL },
		{ "%1$s vf_token=x%2$.35s", -EINVAL },
		{ "%1$s vf_token=%2$s\n", -EINVAL },
		{ "%1$s\n", -ENODEV },
		{ "%1$s0", -ENODEV },
		{ " %1$s vf_token=%2$s", -ENODEV },
		{ "%1$.11s vf_token=%2$s", -ENODEV },
		{ "nonsense %1$s", -ENODEV },
	};
	int group, container = -1, fd;
	char name[200];
	unsigned int i;

	group = open_group(self->vf, &container);
	if (group == -ENOENT)
		SKIP(return, "no group node for %s", self->vf);
	ASSERT_LE(0, group);
	ASSERT_RC(0, own_token(self->bdf, self->iommufd, token_a));
	token_text(token_a, a);
	token_text(token_b, b);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), names[i].name, self->vf, a, b);
		fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
		EXPECT_EQ(names[i].expected, fd < 0 ? -errno : 0)
			TH_LOG("\"%s\"", name);
		if (fd >= 0)
			close(fd);
	}
	close(group);
	close(container);
}

/* A device that has nothing to do with all this. */
TEST_F_TIMEOUT(token, no_sriov, SLOW)
{
	const char *edu = vfio_test_bdf("EDU");
	int fd;

	if (!edu)
		SKIP(return, "no EDU device: VFIO_EDU is not set");
	log_has(self->log, "", "");
	EXPECT_EQ(-EINVAL, try_device(edu, self->iommufd, token_a));
	EXPECT_TRUE(log_gets(self->log, edu,
			     "VF token incorrectly provided, not a PF or VF"));
	fd = open_device(edu, self->iommufd, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ENOTTY, set_token(fd, token_a, TOKEN_LEN));
	close(fd);
}

/* ---- A VF that is open ---- */

FIXTURE(vf)
{
	const char *bdf;
	struct iommu *iommu;
	char vf[PCI_BDF_LEN];
	int pf_fd;
	int vf_fd;
	int pf_req;
	int vf_req;
};

FIXTURE_SETUP(vf)
{
	REQUIRE_SRIOV(self->bdf, "IGB");
	self->iommu = iommu_init(NULL);
	self->pf_fd = -1;
	self->vf_fd = -1;
	self->pf_req = evfd_new();
	self->vf_req = evfd_new();
	ASSERT_LE(0, self->pf_req);
	ASSERT_LE(0, self->vf_req);
	ASSERT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "Y"));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	ASSERT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	ASSERT_RC(0, pci_dev_vf(self->bdf, 0, self->vf));
	self->pf_fd = open_device(self->bdf, self->iommu->iommufd, token_a);
	ASSERT_LE(0, self->pf_fd);
	self->vf_fd = open_device(self->vf, self->iommu->iommufd, token_a);
	ASSERT_LE(0, self->vf_fd);
	ASSERT_RC(0, vfio_irq_set_fds(self->pf_fd, VFIO_PCI_REQ_IRQ_INDEX, 0,
				      1, &self->pf_req));
	ASSERT_RC(0, vfio_irq_set_fds(self->vf_fd, VFIO_PCI_REQ_IRQ_INDEX, 0,
				      1, &self->vf_req));
}

FIXTURE_TEARDOWN(vf)
{
	if (self->vf_fd >= 0)
		close(self->vf_fd);
	if (self->pf_fd >= 0)
		close(self->pf_fd);
	if (has_driver(self->bdf, "vfio-pci"))
		EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
	else
		EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
	EXPECT_EQ(0, sysfs_write_str(ENABLE_SRIOV, "N"));
	iommu_cleanup(self->iommu);
	close(self->pf_req);
	close(self->vf_req);
	EXPECT_DEVICE_OK();
}

/* PCIe r6.0 sec. 9.3.4: much of a VF's header is not there in hardware. */
TEST_F_TIMEOUT(vf, config_header, SLOW)
{
	u16 cmd;
	u32 id;

	/* On the wire it is all ones. */
	ASSERT_EQ(4, pci_dev_config_read(self->vf, PCI_VENDOR_ID, &id, 4));
	EXPECT_EQ(0xffffffff, id);
	EXPECT_EQ(0x8086, vfio_cfg_read16(self->vf_fd, PCI_VENDOR_ID));
	EXPECT_EQ(0x10ca, vfio_cfg_read16(self->vf_fd, PCI_DEVICE_ID));
	EXPECT_EQ(0x10ca8086, vfio_cfg_read32(self->vf_fd, PCI_VENDOR_ID));
	EXPECT_EQ(0xca, vfio_cfg_read8(self->vf_fd, PCI_DEVICE_ID));

	EXPECT_EQ(0, vfio_cfg_read8(self->vf_fd, PCI_INTERRUPT_PIN));
	EXPECT_EQ(0, vfio_cfg_read32(self->vf_fd, PCI_ROM_ADDRESS));

	/* Memory decoding cannot be turned off, but the bit moves. */
	cmd = vfio_cfg_read16(self->vf_fd, PCI_COMMAND);
	EXPECT_TRUE(cmd & PCI_COMMAND_MEMORY);
	vfio_cfg_write16(self->vf_fd, PCI_COMMAND, cmd & ~PCI_COMMAND_MEMORY);
	EXPECT_EQ(cmd & ~PCI_COMMAND_MEMORY,
		  vfio_cfg_read16(self->vf_fd, PCI_COMMAND));
	EXPECT_RC(0, vfio_region_read32(self->vf_fd, 0, 8, &id));
	vfio_cfg_write16(self->vf_fd, PCI_COMMAND, cmd | PCI_COMMAND_MEMORY);
	EXPECT_EQ(cmd | PCI_COMMAND_MEMORY,
		  vfio_cfg_read16(self->vf_fd, PCI_COMMAND));

	/* It has no VFs of its own. */
	EXPECT_EQ(0, vfio_cfg_ext_cap(self->vf_fd, PCI_EXT_CAP_ID_SRIOV));
	EXPECT_NE(0, vfio_cfg_ext_cap(self->pf_fd, PCI_EXT_CAP_ID_SRIOV));
	EXPECT_NE(0, vfio_cfg_cap(self->vf_fd, PCI_CAP_ID_MSIX));
	EXPECT_NE(0, vfio_cfg_cap(self->vf_fd, PCI_CAP_ID_EXP));
}

static u64 bar_size(int fd, unsigned int bar)
{
	u32 pos = PCI_BASE_ADDRESS_0 + 4 * bar;
	u32 old[2], mask[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		old[i] = vfio_cfg_read32(fd, pos + 4 * i);
		vfio_cfg_write32(fd, pos + 4 * i, ~0);
		mask[i] = vfio_cfg_read32(fd, pos + 4 * i);
		vfio_cfg_write32(fd, pos + 4 * i, old[i]);
		if ((mask[0] & PCI_BASE_ADDRESS_MEM_TYPE_MASK) !=
		    PCI_BASE_ADDRESS_MEM_TYPE_64)
			mask[1] = ~0;
	}
	if (!mask[0])
		return 0;
	return ~((u64)mask[1] << 32 |
		 (mask[0] & (u32)PCI_BASE_ADDRESS_MEM_MASK)) + 1;
}

/* The BARs of a VF stand in the PF's capability; the user sees its own. */
TEST_F_TIMEOUT(vf, config_bars, SLOW)
{
	struct vfio_region_info info;
	struct pci_resource res;
	unsigned int bar, seen = 0;
	u32 host;

	for (bar = 0; bar < 6; bar++) {
		ASSERT_EQ(0, pci_dev_resource(self->vf, bar, &res));
		ASSERT_RC(0, vfio_region_info(self->vf_fd, bar, &info));
		if (!res.start) {
			EXPECT_EQ(0, info.size);
			continue;
		}
		seen++;
		ASSERT_EQ(4, pci_dev_config_read(self->vf, PCI_BASE_ADDRESS_0 +
						 4 * bar, &host, 4));
		EXPECT_EQ(0, host);
		EXPECT_EQ(res.end - res.start + 1, info.size)
			TH_LOG("BAR %u", bar);
		EXPECT_EQ(info.size, bar_size(self->vf_fd, bar))
			TH_LOG("BAR %u", bar);
		EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ |
			  VFIO_REGION_INFO_FLAG_WRITE |
			  VFIO_REGION_INFO_FLAG_MMAP,
			  info.flags & ~VFIO_REGION_INFO_FLAG_CAPS);
	}
	EXPECT_EQ(2, seen);
}

/* No INTx, and no reason to offer it. */
TEST_F_TIMEOUT(vf, no_intx, SLOW)
{
	struct vfio_irq_info info;
	int fd = evfd_new();

	ASSERT_RC(0, vfio_irq_info(self->vf_fd, VFIO_PCI_INTX_IRQ_INDEX,
				   &info));
	EXPECT_EQ(0, info.count);
	EXPECT_GT(0, vfio_irq_set_fds(self->vf_fd, VFIO_PCI_INTX_IRQ_INDEX, 0,
				      1, &fd));
	close(fd);
}

/* Registers of the 82576, data sheet sec. 8.8, 8.14 and 8.26. */
#define IGB_MBX_MEM	0x800	/* PF: 64 bytes for each VF */
#define IGB_P2V_MBX	0xc00	/* PF: 4 bytes for each VF */
#define IGB_V2P_MBX	0xc40	/* VF */
#define  IGB_MBX_REQ	0x01	/* VF: request for the PF; PF: message for the VF */
#define  IGB_MBX_VFU	0x04	/* the VF owns the buffer */
#define  IGB_MBX_PFU	0x08	/* the PF does */
#define  IGB_MBX_PFSTS	0x10	/* VF: message from the PF */
#define IGB_MBVFICR	0xc80	/* PF: which VFs have made a request */
#define IGB_GPIE	0x1514	/* PF */
#define  IGB_GPIE_MSIX	0x10
#define IGB_VTEICS	0x1520	/* VF: raise vectors */
#define IGB_VTEIMS	0x1524	/* VF: let them through */

static u32 reg_read(int fd, u32 off)
{
	u32 val = 0;

	if (vfio_region_read32(fd, 0, off, &val))
		ksft_exit_fail_msg("register %#x cannot be read\n", off);
	return val;
}

static void reg_write(int fd, u32 off, u32 val)
{
	if (vfio_region_write32(fd, 0, off, val))
		ksft_exit_fail_msg("register %#x cannot be written\n", off);
}

/* PF and VF drivers in one program: a message each way. */
TEST_F_TIMEOUT(vf, mailbox, SLOW)
{
	vfio_cfg_command(self->pf_fd, 0, PCI_COMMAND_MEMORY);
	vfio_cfg_command(self->vf_fd, 0, PCI_COMMAND_MEMORY);

	reg_write(self->vf_fd, IGB_V2P_MBX, IGB_MBX_VFU);
	EXPECT_TRUE(reg_read(self->vf_fd, IGB_V2P_MBX) & IGB_MBX_VFU);
	reg_write(self->vf_fd, IGB_MBX_MEM, 0x12345678);
	reg_write(self->vf_fd, IGB_V2P_MBX, IGB_MBX_REQ);
	EXPECT_TRUE(reg_read(self->pf_fd, IGB_MBVFICR) & 1);
	EXPECT_EQ(0x12345678, reg_read(self->pf_fd, IGB_MBX_MEM));

	reg_write(self->pf_fd, IGB_P2V_MBX, IGB_MBX_PFU);
	reg_write(self->pf_fd, IGB_MBX_MEM, 0x9abcdef0);
	reg_write(self->pf_fd, IGB_P2V_MBX, IGB_MBX_REQ);
	EXPECT_TRUE(reg_read(self->vf_fd, IGB_V2P_MBX) & IGB_MBX_PFSTS);
	EXPECT_EQ(0x9abcdef0, reg_read(self->vf_fd, IGB_MBX_MEM));
}

/* A VF's own vectors. */
TEST_F_TIMEOUT(vf, msix, SLOW)
{
	struct vfio_irq_info info;
	unsigned int i;
	int fds[3];

	ASSERT_RC(0, vfio_irq_info(self->vf_fd, VFIO_PCI_MSIX_IRQ_INDEX,
				   &info));
	ASSERT_EQ(ARRAY_SIZE(fds), info.count);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = evfd_new();
		ASSERT_LE(0, fds[i]);
	}
	/* Where the IOMMU translates interrupts there are none without. */
	ASSERT_RC(0, vfio_cdev_attach(self->vf_fd, &self->iommu->ioas_id));
	vfio_cfg_command(self->pf_fd, 0, PCI_COMMAND_MEMORY);
	reg_write(self->pf_fd, IGB_GPIE, IGB_GPIE_MSIX);
	ASSERT_RC(0, vfio_irq_set_fds(self->vf_fd, VFIO_PCI_MSIX_IRQ_INDEX, 0,
				      ARRAY_SIZE(fds), fds));
	vfio_cfg_command(self->vf_fd, 0, PCI_COMMAND_MASTER);
	reg_write(self->vf_fd, IGB_VTEIMS, 7);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		reg_write(self->vf_fd, IGB_VTEICS, 1 << i);
		EXPECT_LE(1, evfd_wait(fds[i], EVFD_TIMEOUT_MS))
			TH_LOG("VF %s: vector %u", self->vf, i);
	}
	EXPECT_RC(0, vfio_irq_disable(self->vf_fd, VFIO_PCI_MSIX_IRQ_INDEX));
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

/* Takes the VF's buffer: neither a hole of zeroes nor one of ones can be that. */
static bool mailbox_answers(int vf_fd)
{
	u32 val;

	reg_write(vf_fd, IGB_V2P_MBX, IGB_MBX_VFU);
	val = reg_read(vf_fd, IGB_V2P_MBX);
	return val != ~0U && (val & IGB_MBX_VFU);
}

/*
 * A reset of the PF, and one of the VF, leave the other usable.
 *
 * The VF goes through the PF's reset, too, and comes back as new. Linux then
 * restores the PF's SR-IOV capability, which alone says if VFs decode memory
 * (PCIe r6.0 sec. 9.3.3.3.4 and 9.3.4.1.3). QEMU's VFs also ask their own Command
 * register, which nobody has restored: the VF's user writes it, as after a reset
 * of his own. Until then, reads come from nowhere (zeroes on a PC, ones on arm64).
 */
TEST_F_TIMEOUT(vf, reset, SLOW)
{
	EXPECT_TRUE(mailbox_answers(self->vf_fd));
	EXPECT_RC(0, vfio_device_reset(self->vf_fd));
	EXPECT_EQ(0x10ca, vfio_cfg_read16(self->vf_fd, PCI_DEVICE_ID));
	EXPECT_TRUE(mailbox_answers(self->vf_fd));
	EXPECT_RC(0, vfio_device_reset(self->pf_fd));
	EXPECT_RC(1, pci_dev_numvfs(self->bdf));
	EXPECT_EQ(0x10ca, vfio_cfg_read16(self->vf_fd, PCI_DEVICE_ID));
	vfio_cfg_command(self->vf_fd, 0, PCI_COMMAND_MEMORY);
	EXPECT_TRUE(mailbox_answers(self->vf_fd));
}

/* ---- The end of a PF and its VFs ---- */

struct worker {
	int (*fn)(const char *bdf);
	const char *bdf;
	pthread_t thread;
	int ret;
	bool done;
};

static void *worker_thread(void *arg)
{
	struct worker *w = arg;

	w->ret = w->fn(w->bdf);
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static int worker_start(struct worker *w, int (*fn)(const char *bdf),
			const char *bdf)
{
	*w = (struct worker){ .fn = fn, .bdf = bdf };
	return pthread_create(&w->thread, NULL, worker_thread, w);
}

static bool worker_done(struct worker *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

static int worker_finish(struct worker *w)
{
	pthread_join(w->thread, NULL);
	return w->ret;
}

static int no_vfs(const char *bdf)
{
	return pci_dev_set_numvfs(bdf, 0);
}

static void close_fd(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* The VF's user is asked, and waited for; the PF stays as it is. */
TEST_F_TIMEOUT(vf, vfs_go_while_open, SLOW)
{
	struct worker w;

	ASSERT_EQ(0, worker_start(&w, no_vfs, self->bdf));
	EXPECT_LE(1, evfd_wait(self->vf_req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(worker_done(&w));
	EXPECT_EQ(0x10ca, vfio_cfg_read16(self->vf_fd, PCI_DEVICE_ID));
	close_fd(&self->vf_fd);
	EXPECT_RC(0, worker_finish(&w));
	EXPECT_FALSE(pci_dev_exists(self->vf));
	EXPECT_EQ(0, evfd_read(self->pf_req));
	EXPECT_EQ(0x8086, vfio_cfg_read16(self->pf_fd, PCI_VENDOR_ID));
	/* No VF has a user any more */
	close_fd(&self->pf_fd);
	EXPECT_RC(0, try_device(self->bdf, self->iommu->iommufd, NULL));
}

/* The PF goes: the VF first, then the PF's own user is asked. */
TEST_F_TIMEOUT(vf, pf_goes_while_both_open, SLOW)
{
	struct worker w;

	ASSERT_EQ(0, worker_start(&w, pci_dev_unbind, self->bdf));
	EXPECT_LE(1, evfd_wait(self->vf_req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(worker_done(&w));
	EXPECT_EQ(0, evfd_read(self->pf_req));
	/* Both can be used while they are waited for. */
	reg_write(self->vf_fd, IGB_V2P_MBX, IGB_MBX_VFU);
	EXPECT_EQ(0x8086, vfio_cfg_read16(self->pf_fd, PCI_VENDOR_ID));
	close_fd(&self->vf_fd);
	EXPECT_LE(1, evfd_wait(self->pf_req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(pci_dev_exists(self->vf));
	EXPECT_FALSE(worker_done(&w));
	EXPECT_EQ(0x8086, vfio_cfg_read16(self->pf_fd, PCI_VENDOR_ID));
	close_fd(&self->pf_fd);
	EXPECT_RC(0, worker_finish(&w));
	EXPECT_RC(0, pci_dev_numvfs(self->bdf));
}

/* The PF is not open, its VF is: the VF's user alone is asked. */
TEST_F_TIMEOUT(vf, pf_goes_while_vf_open, SLOW)
{
	struct worker w;

	close_fd(&self->pf_fd);
	ASSERT_EQ(0, worker_start(&w, pci_dev_unbind, self->bdf));
	EXPECT_LE(1, evfd_wait(self->vf_req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(worker_done(&w));
	reg_write(self->vf_fd, IGB_V2P_MBX, IGB_MBX_VFU);
	/* Nobody new, by the old token or any */
	EXPECT_GT(0, try_device(self->vf, self->iommu->iommufd, token_a));
	close_fd(&self->vf_fd);
	EXPECT_RC(0, worker_finish(&w));
	EXPECT_FALSE(pci_dev_exists(self->vf));
}

/* The VF alone leaves its driver and comes back. */
TEST_F_TIMEOUT(vf, vf_goes_while_open, SLOW)
{
	struct worker w;

	ASSERT_EQ(0, worker_start(&w, pci_dev_unbind, self->vf));
	EXPECT_LE(1, evfd_wait(self->vf_req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(worker_done(&w));
	close_fd(&self->vf_fd);
	EXPECT_RC(0, worker_finish(&w));
	EXPECT_EQ(0, evfd_read(self->pf_req));
	ASSERT_RC(0, pci_dev_bind(self->vf, "vfio-pci"));
	EXPECT_RC(-EACCES, try_device(self->vf, self->iommu->iommufd, NULL));
	EXPECT_RC(0, try_device(self->vf, self->iommu->iommufd, token_a));
}

/* The device itself goes, with what hangs on it. */
static int remove_device(const char *bdf)
{
	return pci_dev_attr_write(bdf, "remove", "1");
}

TEST_F_TIMEOUT(vf, pf_removed_while_vf_open, SLOW)
{
	struct worker w;

	close_fd(&self->pf_fd);
	ASSERT_EQ(0, worker_start(&w, remove_device, self->bdf));
	EXPECT_LE(1, evfd_wait(self->vf_req, EVFD_TIMEOUT_MS));
	EXPECT_FALSE(worker_done(&w));
	close_fd(&self->vf_fd);
	EXPECT_RC(0, worker_finish(&w));
	EXPECT_FALSE(pci_dev_exists(self->vf));
	EXPECT_FALSE(pci_dev_exists(self->bdf));
	ASSERT_EQ(0, sysfs_write_str("/sys/bus/pci/rescan", "1"));
	ASSERT_TRUE(pci_dev_exists(self->bdf));
	ASSERT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
}

/*
 * Users of PF and VF come and go while the VFs and the PF's driver do
 * (CVE-2022-49434: a reset takes the same locks as sriov_numvfs).
 */
struct opener {
	const char *bdf;
	int iommufd;
	unsigned int opened;
	int bad;
	bool stop;
};

static void *opener_thread(void *arg)
{
	struct opener *o = arg;
	int fd, ret;

	while (!__atomic_load_n(&o->stop, __ATOMIC_ACQUIRE)) {
		fd = vfio_cdev_open(o->bdf);
		if (fd < 0) {
			if (fd != -ENOENT && fd != -ENODEV && fd != -ENXIO)
				o->bad = fd;
			sched_yield();
			continue;
		}
		ret = vfio_cdev_bind_token(fd, o->iommufd, token_a);
		if (!ret) {
			/* May fail: the other thread resets what it is part of */
			vfio_device_reset(fd);
			__atomic_add_fetch(&o->opened, 1, __ATOMIC_RELEASE);
		}
		/* EAGAIN: the other holds the lock; EACCES: a new token. */
		if (ret && ret != -ENODEV && ret != -EAGAIN && ret != -EACCES)
			o->bad = ret;
		close(fd);
	}
	return NULL;
}

static void wait_for(struct opener *o)
{
	unsigned int seen = __atomic_load_n(&o->opened, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&o->opened, __ATOMIC_ACQUIRE) == seen)
		usleep(1000);
}

TEST_F_TIMEOUT(vf, race, SLOW)
{
	struct opener pf = { .bdf = self->bdf, .iommufd = self->iommu->iommufd };
	struct opener vf = { .bdf = self->vf, .iommufd = self->iommu->iommufd };
	pthread_t threads[2];
	int i;

	close_fd(&self->vf_fd);
	close_fd(&self->pf_fd);
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, opener_thread, &pf));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, opener_thread, &vf));
	for (i = 0; i < 3; i++) {
		wait_for(&pf);
		wait_for(&vf);
		if (i == 1) {
			EXPECT_RC(0, pci_dev_unbind(self->bdf));
			EXPECT_RC(0, pci_dev_bind(self->bdf, "vfio-pci"));
		} else {
			EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 0));
		}
		EXPECT_RC(0, pci_dev_set_numvfs(self->bdf, 1));
	}
	__atomic_store_n(&pf.stop, true, __ATOMIC_RELEASE);
	__atomic_store_n(&vf.stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, pf.bad) TH_LOG("PF %s: %d", self->bdf, pf.bad);
	EXPECT_EQ(0, vf.bad) TH_LOG("VF %s: %d", self->vf, vf.bad);
}

TEST_HARNESS_MAIN
