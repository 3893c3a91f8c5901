// SPDX-License-Identifier: GPL-2.0-only
/*
 * The container file: what it answers before and after a backend was chosen,
 * how groups come and go, and that it may be closed in any order. What the
 * type1 backend does with memory has programs of its own.
 */
#include "type1.h"

#define IOVA		0x1000000UL

#define NESTING		__VFIO_RESERVED_TYPE1_NESTING_IOMMU
#define NOIOMMU_PARAM	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define IOMMUFD_UNSAFE	"/sys/module/iommufd/parameters/allow_unsafe_interrupts"

FIXTURE(container)
{
	const char *bdf;
	int fd;
	int group;
	void *mem;
};

FIXTURE_VARIANT(container)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(container, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(container, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(container)
{
	self->fd = -1;
	self->group = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	self->mem = anon_memory(PAGE);
	ASSERT_NE(NULL, self->mem);
	self->fd = vfio_container_open();
	ASSERT_LE(0, self->fd);
	self->group = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->group) TH_LOG("device %s", self->bdf);
}

FIXTURE_TEARDOWN(container)
{
	if (self->fd >= 0)
		close(self->fd);
	if (self->group >= 0)
		close(self->group);
	if (self->mem)
		munmap(self->mem, PAGE);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

static int join(FIXTURE_DATA(container) *self)
{
	return vfio_group_set_container(self->group, self->fd);
}

static int set_iommu(FIXTURE_DATA(container) *self,
		     const FIXTURE_VARIANT(container) *variant)
{
	return vfio_container_set_iommu(self->fd, variant->type);
}

static int map(FIXTURE_DATA(container) *self)
{
	return vfio_type1_map(self->fd, self->mem, PAGE, IOVA);
}

static s64 unmap(FIXTURE_DATA(container) *self)
{
	return vfio_type1_unmap_flags(self->fd, IOVA, PAGE, 0);
}

TEST_F(container, api_version)
{
	EXPECT_RC(VFIO_API_VERSION,
		  vfio_ioctl(self->fd, VFIO_GET_API_VERSION, NULL));
	EXPECT_RC(VFIO_API_VERSION,
		  vfio_ioctl(self->fd, VFIO_GET_API_VERSION, (void *)~0UL));
	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	EXPECT_RC(VFIO_API_VERSION,
		  vfio_ioctl(self->fd, VFIO_GET_API_VERSION, NULL));
}

/* Nothing but ioctls. */
TEST_F(container, other_operations)
{
	char c;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

/* What is offered: at first by anybody, then by the backend that was chosen. */
static const struct {
	unsigned long value;
	int before;
	int after;
} extensions[] = {
	{ 0, 0, 0 },
	{ VFIO_TYPE1_IOMMU, 1, 1 },
	{ VFIO_SPAPR_TCE_IOMMU, 0, 0 },
	{ VFIO_TYPE1v2_IOMMU, 1, 1 },
	{ VFIO_EEH, 0, 0 },
	{ NESTING, 0, 0 },
	{ VFIO_SPAPR_TCE_v2_IOMMU, 0, 0 },
	{ VFIO_NOIOMMU_IOMMU, 0, 0 },
	{ VFIO_UNMAP_ALL, 1, 1 },
	{ VFIO_UPDATE_VADDR, 0, 1 },
	{ 11, 0, 0 },
	{ 0x7fffffff, 0, 0 },
	{ ~0UL, 0, 0 },
};

#define EXPECT_EXTENSIONS(when) do {					\
	char __row[32];							\
	unsigned int __i;						\
									\
	for (__i = 0; __i < ARRAY_SIZE(extensions); __i++) {		\
		snprintf(__row, sizeof(__row), "%lu " #when,		\
			 extensions[__i].value);			\
		EXPECT_RC_AT(__row, extensions[__i].when,		\
			     vfio_container_check(self->fd,		\
						  extensions[__i].value)); \
	}								\
} while (0)

TEST_F(container, extensions)
{
	EXPECT_EXTENSIONS(before);
	EXPECT_RC(0, vfio_container_check(self->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_RC(0, join(self));
	EXPECT_EXTENSIONS(before);
	EXPECT_RC(0, vfio_container_check(self->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_RC(0, set_iommu(self, variant));
	EXPECT_EXTENSIONS(after);
	/* Depends on the IOMMU; yes or no, but no error. */
	EXPECT_LE(0, vfio_container_check(self->fd, VFIO_DMA_CC_IOMMU));
	EXPECT_GE(1, vfio_container_check(self->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_EXTENSIONS(before);
	EXPECT_RC(0, vfio_container_check(self->fd, VFIO_DMA_CC_IOMMU));
}

/* Offered without a real group, while the administrator permits it. */
TEST_F(container, extension_noiommu)
{
	if (access(NOIOMMU_PARAM, W_OK))
		SKIP(return, "no " NOIOMMU_PARAM ": no VFIO_NOIOMMU");
	ASSERT_EQ(0, sysfs_write_str(NOIOMMU_PARAM, "Y"));
	EXPECT_RC(1, vfio_container_check(self->fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(0, join(self));
	EXPECT_RC(0, vfio_container_check(self->fd, VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(-ENODEV, vfio_container_set_iommu(self->fd,
						    VFIO_NOIOMMU_IOMMU));
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_RC(1, vfio_container_check(self->fd, VFIO_NOIOMMU_IOMMU));
	ASSERT_EQ(0, sysfs_write_str(NOIOMMU_PARAM, "N"));
	EXPECT_RC(0, vfio_container_check(self->fd, VFIO_NOIOMMU_IOMMU));
}

static const unsigned long no_backend[] = {
	0, VFIO_SPAPR_TCE_IOMMU, NESTING, VFIO_SPAPR_TCE_v2_IOMMU,
	VFIO_NOIOMMU_IOMMU, VFIO_DMA_CC_IOMMU, VFIO_EEH, VFIO_UPDATE_VADDR,
	11, 0x7fffffff, ~0UL,
};

TEST_F(container, set_iommu)
{
	char row[32];
	int i;

	EXPECT_RC(-EINVAL, set_iommu(self, variant));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(self->fd, NESTING));
	ASSERT_RC(0, join(self));
	for (i = 0; i < ARRAY_SIZE(no_backend); i++) {
		snprintf(row, sizeof(row), "type %lu", no_backend[i]);
		EXPECT_RC_AT(row, -ENODEV,
			     vfio_container_set_iommu(self->fd, no_backend[i]));
		EXPECT_RC_AT(row, -EINVAL, map(self));
	}
	EXPECT_RC(0, set_iommu(self, variant));
	EXPECT_RC(-EINVAL, set_iommu(self, variant));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(self->fd,
						    VFIO_TYPE1_IOMMU));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(self->fd, NESTING));
	EXPECT_RC(0, map(self));
	EXPECT_RC(PAGE, unmap(self));
}

/* A property that the backend answers for is no name of it. */
TEST_F(container, set_iommu_property)
{
	ASSERT_RC(0, join(self));
	EXPECT_RC(-EINVAL, vfio_container_set_iommu(self->fd, VFIO_UNMAP_ALL));
	EXPECT_RC(-EINVAL, map(self));
	EXPECT_RC(0, set_iommu(self, variant));
	EXPECT_RC(0, map(self));
	EXPECT_RC(PAGE, unmap(self));
}

static const struct {
	const char *name;
	unsigned int cmd;
	int after;	/* with NULL as argument */
} commands[] = {
	{ "GET_INFO", VFIO_IOMMU_GET_INFO, -EFAULT },
	{ "MAP_DMA", VFIO_IOMMU_MAP_DMA, -EFAULT },
	{ "UNMAP_DMA", VFIO_IOMMU_UNMAP_DMA, -EFAULT },
	{ "ENABLE", VFIO_IOMMU_ENABLE, -ENOTTY },
	{ "DISABLE", VFIO_IOMMU_DISABLE, -ENOTTY },
	{ "EEH_PE_OP", VFIO_EEH_PE_OP, -ENOTTY },
	{ "GROUP_GET_STATUS", VFIO_GROUP_GET_STATUS, -ENOTTY },
	{ "GROUP_SET_CONTAINER", VFIO_GROUP_SET_CONTAINER, -ENOTTY },
	{ "DEVICE_GET_INFO", VFIO_DEVICE_GET_INFO, -ENOTTY },
	{ "DEVICE_RESET", VFIO_DEVICE_RESET, -ENOTTY },
	{ "one beyond", _IO(VFIO_TYPE, VFIO_BASE + 50), -ENOTTY },
	{ "another type", _IO('!', 0), -ENOTTY },
};

TEST_F(container, commands)
{
	void *arg = NULL;
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_RC_AT(commands[i].name, -EINVAL,
			     vfio_ioctl(self->fd, commands[i].cmd, arg));
	ASSERT_RC(0, join(self));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_RC_AT(commands[i].name, -EINVAL,
			     vfio_ioctl(self->fd, commands[i].cmd, arg));
	ASSERT_RC(0, set_iommu(self, variant));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		EXPECT_RC_AT(commands[i].name, commands[i].after,
			     vfio_ioctl(self->fd, commands[i].cmd, arg));
}

/* The last group that leaves takes everything along. */
TEST_F(container, emptied)
{
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_RC(0, join(self));
		EXPECT_RC(-EINVAL, map(self));
		ASSERT_RC(0, set_iommu(self, variant));
		ASSERT_RC(0, map(self));
		EXPECT_RC(-EEXIST, map(self));
		EXPECT_EQ(PAGE / 1024, vfio_locked_kb(getpid()));
		ASSERT_RC(0, vfio_group_unset_container(self->group));
		EXPECT_EQ(0, vfio_locked_kb(getpid()));
		EXPECT_RC(-EINVAL, unmap(self));
		EXPECT_RC(-EINVAL, set_iommu(self, variant));
	}
	/* The other type, too: nothing is remembered. */
	ASSERT_RC(0, join(self));
	EXPECT_RC(0, vfio_container_set_iommu(self->fd, VFIO_TYPE1_IOMMU +
					      VFIO_TYPE1v2_IOMMU -
					      variant->type));
}

/* The same, as the group is closed. */
TEST_F(container, emptied_by_close)
{
	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));
	close(self->group);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_RC(-EINVAL, unmap(self));
	self->group = vfio_group_open(self->bdf);
	ASSERT_LE(0, self->group);
	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	EXPECT_RC(0, unmap(self));
	EXPECT_RC(0, map(self));
}

TEST_F(container, group_transitions)
{
	u32 flags;
	int fd;

	EXPECT_RC(-EINVAL, vfio_group_get_device(self->group, self->bdf));
	ASSERT_RC(0, join(self));
	EXPECT_RC(-EINVAL, join(self));
	EXPECT_RC(0, vfio_group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  flags);
	/* A container is not enough, it needs a backend. */
	EXPECT_RC(-EINVAL, vfio_group_get_device(self->group, self->bdf));
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_RC(-EINVAL, vfio_group_unset_container(self->group));
	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));

	fd = vfio_group_get_device(self->group, self->bdf);
	ASSERT_LE(0, fd);
	EXPECT_RC(-EBUSY, vfio_group_unset_container(self->group));
	EXPECT_RC(-EINVAL, join(self));
	EXPECT_RC(0, vfio_group_status(self->group, &flags));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  flags);
	EXPECT_RC(-EEXIST, map(self));
	close(fd);
	EXPECT_RC(0, vfio_group_unset_container(self->group));
}

/* The device's file keeps the group, and with it the container. */
TEST_F(container, device_outlives_both)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int fd;

	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));
	fd = vfio_group_get_device(self->group, self->bdf);
	ASSERT_LE(0, fd);
	close(self->group);
	self->group = -1;
	EXPECT_RC(-EBUSY, vfio_group_open(self->bdf));
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_RC(PAGE, unmap(self));
	EXPECT_RC(0, map(self));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(PAGE / 1024, vfio_locked_kb(getpid()));
	EXPECT_RC(0, vfio_device_info(fd, &info));
	close(fd);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	self->group = vfio_group_open(self->bdf);
	EXPECT_LE(0, self->group);
}

TEST_F(container, close_in_every_order)
{
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	int fds[3], left, i, j;

	close(self->fd);
	close(self->group);
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		self->fd = vfio_container_open();
		self->group = vfio_group_open(self->bdf);
		ASSERT_LE(0, self->fd);
		ASSERT_LE(0, self->group);
		ASSERT_RC(0, join(self));
		ASSERT_RC(0, set_iommu(self, variant));
		ASSERT_RC(0, map(self));
		fds[0] = self->fd;
		fds[1] = self->group;
		fds[2] = vfio_group_get_device(self->group, self->bdf);
		ASSERT_LE(0, fds[2]);
		/* Mappings live until group and device are closed. */
		for (j = 0, left = 6; j < 3; j++) {
			left &= ~(1 << orders[i][j]);
			close(fds[orders[i][j]]);
			EXPECT_EQ(left & 6 ? PAGE / 1024 : 0,
				  vfio_locked_kb(getpid()));
		}
		self->fd = -1;
		self->group = -1;
		EXPECT_DEVICE_OK();
	}
}

/* A group may come after the backend; the mappings are there for it. */
TEST_F(container, groups_before_and_after)
{
	const char *bdf = vfio_test_bdf("NVME");
	int group, other, fd;

	if (!bdf)
		SKIP(return, "no NVME device");
	group = vfio_group_open(bdf);
	ASSERT_LE(0, group) TH_LOG("device %s", bdf);
	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));
	ASSERT_RC(0, vfio_group_set_container(group, self->fd));
	EXPECT_RC(-EEXIST, map(self));
	fd = vfio_group_get_device(group, bdf);
	EXPECT_LE(0, fd) TH_LOG("device %s", bdf);
	/* One group has no devices of the other. */
	EXPECT_RC(-ENODEV, vfio_group_get_device(group, self->bdf));
	/* The first one leaves: the second holds all. */
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_RC(-EINVAL, set_iommu(self, variant));
	EXPECT_RC(-EBUSY, vfio_group_unset_container(group));
	EXPECT_RC(0, join(self));

	/* And moves to a container of its own. */
	other = vfio_container_open();
	ASSERT_LE(0, other);
	close(fd);
	EXPECT_RC(-EINVAL, vfio_group_set_container(group, other));
	EXPECT_RC(0, vfio_group_unset_container(group));
	EXPECT_RC(0, vfio_group_set_container(group, other));
	EXPECT_RC(0, vfio_container_set_iommu(other, variant->type));
	EXPECT_RC(0, vfio_type1_map(other, self->mem, PAGE, IOVA));
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_EQ(2 * PAGE / 1024, vfio_locked_kb(getpid()));
	close(other);
	close(group);
	EXPECT_EQ(PAGE / 1024, vfio_locked_kb(getpid()));
	EXPECT_RC(PAGE, unmap(self));
}

/* Two at once, before there is a backend. */
TEST_F(container, two_groups)
{
	const char *bdf = vfio_test_bdf("NVME");
	int group;

	if (!bdf)
		SKIP(return, "no NVME device");
	group = vfio_group_open(bdf);
	ASSERT_LE(0, group) TH_LOG("device %s", bdf);
	ASSERT_RC(0, vfio_group_set_container(group, self->fd));
	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));
	close(group);
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_RC(0, vfio_group_unset_container(self->group));
	EXPECT_RC(-EINVAL, map(self));
}

/* An eventfd and the like are no containers, a group is none, either. */
TEST_F(container, not_a_container)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, null);
	EXPECT_RC(-EFAULT,
		  vfio_ioctl(self->group, VFIO_GROUP_SET_CONTAINER, NULL));
	EXPECT_RC(-EBADF, vfio_group_set_container(self->group, -1));
	EXPECT_RC(-EBADFD, vfio_group_set_container(self->group, null));
	EXPECT_RC(-EBADFD, vfio_group_set_container(self->group, self->group));
	EXPECT_RC(0, join(self));
	close(null);
}

/* CVE-2019-3882: a limit that is taken when the backend is set. */
TEST_F(container, dma_entry_limit)
{
	u64 limit;

	ASSERT_EQ(0, sysfs_read_u64(VFIO_TYPE1_PARAMS "dma_entry_limit",
				    &limit));
	ASSERT_EQ(0, type1_param_set("dma_entry_limit", "2"));
	ASSERT_RC(0, join(self));
	EXPECT_RC(0, set_iommu(self, variant));
	ASSERT_EQ(0, type1_param_set("dma_entry_limit", "65535"));
	EXPECT_EQ(65535, limit);

	EXPECT_RC(2, vfio_type1_avail(self->fd));
	EXPECT_RC(0, map(self));
	EXPECT_RC(1, vfio_type1_avail(self->fd));
	EXPECT_RC(0, vfio_type1_map(self->fd, self->mem, PAGE, IOVA + PAGE));
	EXPECT_RC(0, vfio_type1_avail(self->fd));
	EXPECT_RC(-ENOSPC, vfio_type1_map(self->fd, self->mem, PAGE,
					  IOVA + 2 * PAGE));
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_EQ(2 * PAGE / 1024, vfio_locked_kb(getpid()));
	EXPECT_RC(PAGE, unmap(self));
	EXPECT_RC(1, vfio_type1_avail(self->fd));
	EXPECT_RC(0, vfio_type1_map(self->fd, self->mem, PAGE,
				    IOVA + 2 * PAGE));
	EXPECT_RC(2 * PAGE, vfio_type1_unmap_all(self->fd));
	EXPECT_RC(2, vfio_type1_avail(self->fd));
}

TEST_F(container, parameters)
{
	const struct {
		const char *name;
		const char *val;
	} params[] = {
		/* What run.sh has made of it, by need */
		{ "allow_unsafe_interrupts", vfio_test_remaps() ? "N\n" : "Y\n" },
		{ "disable_hugepages", "N\n" },
		{ "dma_entry_limit", "65535\n" },
	};
	char path[128], val[16];
	int fd, i, n;

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		snprintf(path, sizeof(path), VFIO_TYPE1_PARAMS "%s",
			 params[i].name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, fd) TH_LOG("%s", path);
		n = read(fd, val, sizeof(val) - 1);
		ASSERT_LT(0, n);
		val[n] = 0;
		EXPECT_STREQ(params[i].val, val) TH_LOG("%s", path);
		close(fd);
	}
}

/* The files are as good in a child, and the parent's stay when it ends. */
TEST_F(container, fork)
{
	pid_t pid;

	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(map(self) != -EEXIST || join(self) != -EINVAL ||
		      vfio_locked_kb(getpid()) != 0);
	EXPECT_EQ(0, wait_for_child(pid));
	EXPECT_EQ(PAGE / 1024, vfio_locked_kb(getpid()));
	EXPECT_RC(PAGE, unmap(self));
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
}

/* Who is executed has the container's file, but does nothing with it. */
TEST_F(container, exec)
{
	pid_t pid;

	ASSERT_RC(0, join(self));
	ASSERT_RC(0, set_iommu(self, variant));
	ASSERT_RC(0, map(self));
	ASSERT_EQ(0, fcntl(self->fd, F_SETFD, 0));
	ASSERT_EQ(0, fcntl(self->group, F_SETFD, 0));
	pid = vfork();
	ASSERT_LE(0, pid);
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	EXPECT_EQ(0, wait_for_child(pid));
	EXPECT_EQ(PAGE / 1024, vfio_locked_kb(getpid()));
	EXPECT_RC(PAGE, unmap(self));
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
}

/*
 * An IOMMU that lets devices raise any interrupt needs the administrator's
 * consent. Without that nothing else here works, so it is apart.
 */
FIXTURE(unsafe)
{
	const char *bdf;
	struct vfio_container container;
};

FIXTURE_SETUP(unsafe)
{
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	if (vfio_test_remaps())
		SKIP(return, "interrupts are remapped: boot with intremap=off");
}

FIXTURE_TEARDOWN(unsafe)
{
	if (self->bdf && !vfio_test_remaps()) {
		EXPECT_EQ(0, type1_param_set("allow_unsafe_interrupts", "Y"));
		EXPECT_EQ(0, sysfs_write_str(IOMMUFD_UNSAFE, "Y"));
	}
}

TEST_F(unsafe, interrupts)
{
	struct vfio_container *c = &self->container;

	ASSERT_EQ(0, type1_param_set("allow_unsafe_interrupts", "N"));
	EXPECT_RC(-EPERM,
		  vfio_container_init(c, VFIO_TYPE1v2_IOMMU, self->bdf));
	ASSERT_EQ(0, type1_param_set("allow_unsafe_interrupts", "Y"));
	EXPECT_RC(0, vfio_container_init(c, VFIO_TYPE1v2_IOMMU, self->bdf));
	ASSERT_EQ(0, type1_param_set("allow_unsafe_interrupts", "N"));
	/* It is asked for when a group comes. */
	EXPECT_LE(0, vfio_type1_avail(c->fd));
	vfio_container_cleanup(c);
	EXPECT_RC(-EPERM,
		  vfio_container_init(c, VFIO_TYPE1v2_IOMMU, self->bdf));
}

/* The same for a bind to an iommufd, which has a parameter of its own. */
TEST_F(unsafe, iommufd)
{
	int iommufd = iommufd_open(), fd = vfio_cdev_open(self->bdf);

	ASSERT_LE(0, iommufd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, sysfs_write_str(IOMMUFD_UNSAFE, "N"));
	EXPECT_RC(-EPERM, vfio_cdev_bind(fd, iommufd, NULL));
	ASSERT_EQ(0, sysfs_write_str(IOMMUFD_UNSAFE, "Y"));
	EXPECT_RC(0, vfio_cdev_bind(fd, iommufd, NULL));
	close(fd);
	close(iommufd);
}

TEST_HARNESS_MAIN
