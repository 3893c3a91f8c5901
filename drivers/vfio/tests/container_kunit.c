// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of backends and containers: who is asked and tried in which order,
 * what groups see when they come and go, and that ioctls run side by side.
 *
 * Two backends of the test's own are registered, and write down what they are told.
 * Groups are empty IOMMU groups, as those of emulated devices, of which a container
 * does not own the DMA; "without an IOMMU" is just said of them.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/ctype.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "../vfio.h"

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

/* Extensions that no real backend has: of the one, of the other, of both */
#define EXT_OLD		1001
#define EXT_NEW		1002
#define EXT_BOTH	1003
#define EXT_DOT		1004	/* asked without being written down */

#define CMD_ECHO	_IO('K', 1)
#define CMD_MEET	_IO('K', 2)

#define NR_GROUPS	3

/* What was called, a letter and what it was about: upper case of the newer backend */
static struct {
	char log[128];
	struct iommu_group *groups[NR_GROUPS];
	struct vfio_container_member members[NR_GROUPS];
	struct vfio_container *container;
	int open_error[2];
	int attach_error[2];
	struct iommu_group *attach_victim;
	atomic_t meeting;
	struct completion all_there;
} t;

static void note(int which, char what, struct iommu_group *group)
{
	size_t len = strlen(t.log);
	char *p = t.log + len;
	unsigned int i;

	if (len + 4 >= sizeof(t.log))
		return;
	*p++ = which ? toupper(what) : what;
	for (i = 0; group && i < NR_GROUPS; i++)
		if (t.groups[i] == group)
			*p++ = '0' + i;
	*p++ = ' ';
	*p = '\0';
}

/* What has been written down since the last look */
static void expect_log(struct kunit *test, const char *want)
{
	KUNIT_EXPECT_STREQ(test, t.log, want);
	t.log[0] = '\0';
}

static int fake_data[2];

static int fake_which(void *data)
{
	return (int *)data - fake_data;
}

static void *fake_open(int which, unsigned long arg)
{
	note(which, 'o', NULL);
	if (t.open_error[which])
		return ERR_PTR(t.open_error[which]);
	return &fake_data[which];
}

static void *fake_open_old(unsigned long arg)
{
	return fake_open(0, arg);
}

static void *fake_open_new(unsigned long arg)
{
	return fake_open(1, arg);
}

static void fake_release(void *data)
{
	note(fake_which(data), 'r', NULL);
}

static int fake_attach(void *data, struct iommu_group *group, enum vfio_group_type type)
{
	int which = fake_which(data);

	note(which, 'a', group);
	return group == t.attach_victim ? t.attach_error[which] : 0;
}

static void fake_detach(void *data, struct iommu_group *group)
{
	note(fake_which(data), 'd', group);
}

/* Both are in here at the same time, or the one gives up waiting */
static long fake_meet(void)
{
	if (atomic_inc_return(&t.meeting) == 2)
		complete_all(&t.all_there);
	return wait_for_completion_timeout(&t.all_there, 10 * HZ) ? 2 : -ETIME;
}

static long fake_ioctl(int which, void *data, unsigned int cmd, unsigned long arg)
{
	if (cmd == VFIO_CHECK_EXTENSION) {
		if (arg == EXT_DOT)
			return 0;
		note(which, 'c', NULL);
		if (arg == EXT_BOTH)
			return 10 + which;
		return arg == (which ? EXT_NEW : EXT_OLD);
	}
	if (!data)
		return -EUCLEAN;
	if (cmd == CMD_ECHO)
		return arg;
	return cmd == CMD_MEET ? fake_meet() : -ENOTTY;
}

static long fake_ioctl_old(void *data, unsigned int cmd, unsigned long arg)
{
	return fake_ioctl(0, data, cmd, arg);
}

static long fake_ioctl_new(void *data, unsigned int cmd, unsigned long arg)
{
	return fake_ioctl(1, data, cmd, arg);
}

static const struct vfio_iommu_driver_ops fake_old = {
	.name = "fake-old",
	.owner = THIS_MODULE,
	.open = fake_open_old,
	.release = fake_release,
	.ioctl = fake_ioctl_old,
	.attach_group = fake_attach,
	.detach_group = fake_detach,
};

static const struct vfio_iommu_driver_ops fake_new = {
	.name = "fake-new",
	.owner = THIS_MODULE,
	.open = fake_open_new,
	.release = fake_release,
	.ioctl = fake_ioctl_new,
	.attach_group = fake_attach,
	.detach_group = fake_detach,
};

static int container_test_init(struct kunit *test)
{
	unsigned int i;

	memset(&t, 0, sizeof(t));
	init_completion(&t.all_there);
	for (i = 0; i < NR_GROUPS; i++) {
		t.groups[i] = iommu_group_alloc();
		if (IS_ERR(t.groups[i])) {
			t.groups[i] = NULL;
			return -ENOMEM;
		}
	}
	t.container = vfio_container_alloc();
	KUNIT_ASSERT_NOT_NULL(test, t.container);
	KUNIT_ASSERT_EQ(test, vfio_register_iommu_driver(&fake_old), 0);
	KUNIT_ASSERT_EQ(test, vfio_register_iommu_driver(&fake_new), 0);
	return 0;
}

static void container_test_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < NR_GROUPS; i++) {
		if (t.members[i].container)
			vfio_container_detach(&t.members[i]);
		if (t.groups[i])
			iommu_group_put(t.groups[i]);
	}
	if (t.container)
		vfio_container_put(t.container);
	vfio_unregister_iommu_driver(&fake_new);
	vfio_unregister_iommu_driver(&fake_old);
}

static int join_as(int i, enum vfio_group_type type)
{
	return vfio_container_attach(t.container, &t.members[i], t.groups[i], type);
}

static int join(int i)
{
	return join_as(i, VFIO_EMULATED_IOMMU);
}

static void leave(int i)
{
	vfio_container_detach(&t.members[i]);
}

static long call(unsigned int cmd, unsigned long arg)
{
	return vfio_container_ioctl(t.container, cmd, arg);
}

static void registry_refuses(struct kunit *test)
{
	static const struct vfio_iommu_driver_ops one_sided = {
		.name = "one-sided",
		.register_device = (void *)1,
	};

	KUNIT_EXPECT_EQ(test, vfio_register_iommu_driver(&fake_old), -EINVAL);
	KUNIT_EXPECT_EQ(test, vfio_register_iommu_driver(&fake_new), -EINVAL);
	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, vfio_register_iommu_driver(&one_sided), -EINVAL);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}

	/* Again is newest, twice gone is no harm */
	vfio_unregister_iommu_driver(&fake_old);
	vfio_unregister_iommu_driver(&fake_old);
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_OLD), 0);
	expect_log(test, "C ");
	KUNIT_EXPECT_EQ(test, vfio_register_iommu_driver(&fake_old), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_BOTH), 10);
	expect_log(test, "c ");
}

/* Any backend may know an extension before one is chosen; then that one is asked */
static void check_extension(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_BOTH), 11);
	expect_log(test, "C ");
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_OLD), 1);
	expect_log(test, "C c ");
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_DOT), 0);

	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_OLD), 1);
	KUNIT_ASSERT_EQ(test, call(VFIO_SET_IOMMU, EXT_OLD), 0);
	t.log[0] = '\0';
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_NEW), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_BOTH), 10);
	expect_log(test, "c c ");
}

static void unset_container(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, call(VFIO_GET_API_VERSION, 0), VFIO_API_VERSION);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_OLD), -EINVAL);
	KUNIT_EXPECT_EQ(test, call(CMD_ECHO, 7), -EINVAL);
	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_EXPECT_FALSE(test, vfio_container_ready(&t.members[0]));
	KUNIT_EXPECT_EQ(test, call(CMD_ECHO, 7), -EINVAL);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, 999), -ENODEV);
	KUNIT_EXPECT_EQ(test, call(CMD_ECHO, 7), -EINVAL);
	expect_log(test, "C c ");
}

static void backend_of_its_own(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_ASSERT_EQ(test, join(1), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), 0);
	/* In the order of joining; the newest backend is taken */
	expect_log(test, "C O A0 A1 ");
	KUNIT_EXPECT_TRUE(test, vfio_container_ready(&t.members[1]));
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), -EINVAL);
	KUNIT_EXPECT_EQ(test, call(CMD_ECHO, 7), 7);
	KUNIT_EXPECT_EQ(test, call(_IO('K', 3), 7), -ENOTTY);

	/* Late comers are attached at once */
	KUNIT_ASSERT_EQ(test, join(2), 0);
	leave(0);
	leave(2);
	expect_log(test, "A2 D0 D2 ");

	/* The last one takes all along, and the container is as new */
	leave(1);
	expect_log(test, "D1 R ");
	KUNIT_EXPECT_EQ(test, call(CMD_ECHO, 7), -EINVAL);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), -EINVAL);
	KUNIT_ASSERT_EQ(test, join(1), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_OLD), 0);
	expect_log(test, "C c o a1 ");
}

/* The next one is tried, whatever went wrong; the last word is the error */
static void backend_fails(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_ASSERT_EQ(test, join(1), 0);
	KUNIT_ASSERT_EQ(test, join(2), 0);

	t.open_error[1] = -EXDEV;
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), 0);
	expect_log(test, "C O c o a0 a1 a2 ");
	leave(1);
	leave(2);
	leave(0);
	expect_log(test, "d1 d2 d0 r ");

	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_ASSERT_EQ(test, join(1), 0);
	KUNIT_ASSERT_EQ(test, join(2), 0);
	t.open_error[1] = 0;
	t.attach_victim = t.groups[2];
	t.attach_error[1] = -EXDEV;
	t.attach_error[0] = -EDOM;
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), -EDOM);
	expect_log(test, "C O A0 A1 A2 D1 D0 R c o a0 a1 a2 d1 d0 r ");
	KUNIT_EXPECT_FALSE(test, vfio_container_ready(&t.members[0]));
	KUNIT_EXPECT_EQ(test, call(CMD_ECHO, 7), -EINVAL);

	/* A backend that has no such extension has no say */
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_NEW), -EXDEV);
	expect_log(test, "C O A0 A1 A2 D1 D0 R c ");

	t.attach_error[0] = 0;
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), 0);
	expect_log(test, "C O A0 A1 A2 D1 D0 R c o a0 a1 a2 ");
}

static void late_comer_refused(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_ASSERT_EQ(test, call(VFIO_SET_IOMMU, EXT_OLD), 0);
	t.attach_victim = t.groups[1];
	t.attach_error[0] = -EXDEV;
	t.log[0] = '\0';
	KUNIT_EXPECT_EQ(test, join(1), -EXDEV);
	KUNIT_EXPECT_NULL(test, t.members[1].container);
	expect_log(test, "a1 ");
	leave(0);
	expect_log(test, "d0 r ");
}

/* Who has an IOMMU and who has none don't go together; until the last has left */
static void no_mixing(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, join_as(0, VFIO_NO_IOMMU), 0);
	KUNIT_EXPECT_EQ(test, join(1), -EPERM);
	KUNIT_EXPECT_EQ(test, join_as(1, VFIO_NO_IOMMU), 0);
	/* No backend with an IOMMU is asked */
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_BOTH), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), -ENODEV);
	expect_log(test, "");
	leave(0);
	KUNIT_EXPECT_EQ(test, join(2), -EPERM);
	leave(1);

	KUNIT_EXPECT_EQ(test, join(2), 0);
	KUNIT_EXPECT_EQ(test, join_as(0, VFIO_NO_IOMMU), -EPERM);
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, VFIO_NOIOMMU_IOMMU), 0);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU), -ENODEV);
	KUNIT_EXPECT_EQ(test, call(VFIO_SET_IOMMU, EXT_BOTH), 0);
	KUNIT_EXPECT_EQ(test, join_as(0, VFIO_NO_IOMMU), -EPERM);
}

/* Groups keep a container whose file is closed, and the backend's module */
static void outlives_file(struct kunit *test)
{
	struct vfio_container *container = t.container;
	int refs = module_refcount(THIS_MODULE);

	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_ASSERT_EQ(test, join(1), 0);
	KUNIT_ASSERT_EQ(test, call(VFIO_SET_IOMMU, EXT_NEW), 0);
	if (IS_MODULE(CONFIG_VFIO_KUNIT_TEST))
		KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs + 1);
	t.container = NULL;
	vfio_container_put(container);
	KUNIT_EXPECT_TRUE(test, vfio_container_ready(&t.members[1]));
	t.log[0] = '\0';
	leave(0);
	leave(1);
	expect_log(test, "D0 D1 R ");
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), refs);
}

static int meet_thread(void *data)
{
	long *ret = data;

	*ret = call(CMD_MEET, 0);
	return 0;
}

/* Two ioctls are in the backend at once: none waits for the other's page faults */
static void ioctls_in_parallel(struct kunit *test)
{
	struct task_struct *thread;
	long ret = 0;

	KUNIT_ASSERT_EQ(test, join(0), 0);
	KUNIT_ASSERT_EQ(test, call(VFIO_SET_IOMMU, EXT_NEW), 0);
	thread = kthread_run(meet_thread, &ret, "vfio-kunit-meet");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	get_task_struct(thread);
	KUNIT_EXPECT_EQ(test, call(CMD_MEET, 0), 2);
	kthread_stop_put(thread);
	KUNIT_EXPECT_EQ(test, ret, 2);
}

#ifdef CONFIG_FAULT_INJECTION
static void register_allocation_failure(struct kunit *test)
{
	struct vfio_container *container;
	int ret;

	vfio_unregister_iommu_driver(&fake_new);
	current->fail_nth = 1;
	ret = vfio_register_iommu_driver(&fake_new);
	if (current->fail_nth) {
		current->fail_nth = 0;
		kunit_skip(test, "no failure reached us: write N to failslab/ignore-gfp-wait");
	}
	KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
	KUNIT_EXPECT_EQ(test, call(VFIO_CHECK_EXTENSION, EXT_NEW), 0);
	KUNIT_EXPECT_EQ(test, vfio_register_iommu_driver(&fake_new), 0);

	current->fail_nth = 1;
	container = vfio_container_alloc();
	current->fail_nth = 0;
	KUNIT_EXPECT_NULL(test, container);
	if (container)
		vfio_container_put(container);
}
#endif

static struct kunit_case container_cases[] = {
	KUNIT_CASE(registry_refuses),
	KUNIT_CASE(check_extension),
	KUNIT_CASE(unset_container),
	KUNIT_CASE(backend_of_its_own),
	KUNIT_CASE(backend_fails),
	KUNIT_CASE(late_comer_refused),
	KUNIT_CASE(no_mixing),
	KUNIT_CASE(outlives_file),
	KUNIT_CASE(ioctls_in_parallel),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(register_allocation_failure),
#endif
	{}
};

static struct kunit_suite container_suite = {
	.name = "vfio-container",
	.init = container_test_init,
	.exit = container_test_exit,
	.test_cases = container_cases,
};

kunit_test_suite(container_suite);
