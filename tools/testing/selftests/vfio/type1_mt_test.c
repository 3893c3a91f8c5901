// SPDX-License-Identifier: GPL-2.0-only
/*
 * A type1 container that several threads and processes have: mapping at the
 * same time, dying in the middle of it, and whose memory is accounted while
 * programs fork, exec and exit.
 *
 * (Tests that need another program execute this one again, for what
 * child_after_exec() does.)
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "type1.h"

#define IOVA		0x10000000UL
#define NUM_PAGES	64
#define SIZE		(NUM_PAGES * PAGE)
#define BIG		(256UL << 20)
#define BIG_IOVA	0x40000000UL
#define THREADS		2
#define ROUNDS		60

FIXTURE(mt)
{
	const char *bdf;
	struct vfio_container container;
	int fd;
	char *mem;
};

FIXTURE_VARIANT(mt)
{
	unsigned long type;
};

FIXTURE_VARIANT_ADD(mt, v1) { .type = VFIO_TYPE1_IOMMU };
FIXTURE_VARIANT_ADD(mt, v2) { .type = VFIO_TYPE1v2_IOMMU };

FIXTURE_SETUP(mt)
{
	self->container.fd = -1;
	REQUIRE_CONTAINER();
	REQUIRE_DEVICE(self->bdf, "EDU");
	self->mem = anon_memory(SIZE);
	ASSERT_NE(NULL, self->mem);
	ASSERT_RC(0, vfio_container_init(&self->container, variant->type,
					 self->bdf));
	self->fd = self->container.fd;
}

FIXTURE_TEARDOWN(mt)
{
	vfio_container_cleanup(&self->container);
	if (self->mem)
		munmap(self->mem, SIZE);
	EXPECT_EQ(0, vfio_locked_kb(getpid()));
	EXPECT_DEVICE_OK();
}

static long locked_pages(void)
{
	return vfio_locked_kb(getpid()) / (long)(PAGE / 1024);
}

static int map(FIXTURE_DATA(mt) *self)
{
	return vfio_type1_map(self->fd, self->mem, SIZE, IOVA);
}

static s64 unmap(FIXTURE_DATA(mt) *self)
{
	return vfio_type1_unmap_flags(self->fd, IOVA, SIZE, 0);
}

/* ---- threads ---- */

struct mapper {
	int fd;
	char *mem;
	u64 iova;
	int error;
	unsigned int seed;
	unsigned int hits;	/* of those that may fail */
};

/* Pieces of a range that is this thread's alone; all of it must work. */
static void *own_range(void *arg)
{
	struct mapper *m = arg;
	unsigned int i, len;

	for (i = 0; i < ROUNDS && !m->error; i++) {
		len = 1 + rand_r(&m->seed) % NUM_PAGES;
		/* New pages, so that there is something to wait for */
		madvise(m->mem, SIZE, MADV_DONTNEED);
		m->error = vfio_type1_map(m->fd, m->mem, len * PAGE, m->iova);
		if (m->error)
			break;
		if (vfio_type1_map(m->fd, m->mem, PAGE, m->iova) != -EEXIST)
			m->error = -EILSEQ;
		if (vfio_type1_unmap_flags(m->fd, m->iova, SIZE, 0) !=
		    (s64)(len * PAGE))
			m->error = -ERANGE;
	}
	return NULL;
}

/* The same address for all: one has it, the others are told so. */
static void *same_range(void *arg)
{
	struct mapper *m = arg;
	unsigned int i;
	s64 ret;

	for (i = 0; i < ROUNDS && !m->error; i++) {
		ret = vfio_type1_map(m->fd, m->mem, SIZE, m->iova);
		if (ret && ret != -EEXIST)
			m->error = ret;
		ret = vfio_type1_unmap_flags(m->fd, m->iova, SIZE, 0);
		if (ret && ret != SIZE)
			m->error = ret < 0 ? ret : -ERANGE;
		m->hits += ret == SIZE;
	}
	return NULL;
}

static void run_threads(struct __test_metadata *_metadata,
			FIXTURE_DATA(mt) *self, struct mapper *mappers,
			void *(*fn)(void *), u64 distance)
{
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		mappers[i] = (struct mapper){
			.fd = self->fd,
			.mem = anon_memory(SIZE),
			.iova = IOVA + i * distance,
			.seed = i + 1,
		};
		ASSERT_NE(NULL, mappers[i].mem);
	}
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, fn,
					    &mappers[i]));
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_RC(0, mappers[i].error);
		munmap(mappers[i].mem, SIZE);
	}
}

TEST_F_TIMEOUT(mt, threads_apart, 120)
{
	struct mapper mappers[THREADS];

	/* Side by side */
	run_threads(_metadata, self, mappers, own_range, SIZE);
	EXPECT_EQ(0, locked_pages());
	EXPECT_EQ(65535, vfio_type1_avail(self->fd));
	EXPECT_RC(0, vfio_type1_unmap_all(self->fd));
}

TEST_F_TIMEOUT(mt, threads_together, 120)
{
	struct mapper mappers[THREADS];
	unsigned int i, hits = 0;
	s64 left;

	run_threads(_metadata, self, mappers, same_range, 0);
	for (i = 0; i < THREADS; i++)
		hits += mappers[i].hits;
	EXPECT_LT(0, hits);
	left = vfio_type1_unmap_all(self->fd);
	EXPECT_TRUE(left == 0 || left == SIZE);
	EXPECT_EQ(0, locked_pages());
	EXPECT_EQ(65535, vfio_type1_avail(self->fd));
}

/* Everything goes, again and again, under those who map. */
static void *remover(void *arg)
{
	struct mapper *m = arg;
	s64 ret;

	while (!__atomic_load_n(&m->hits, __ATOMIC_ACQUIRE) && !m->error) {
		ret = vfio_type1_unmap_all(m->fd);
		if (ret < 0 || ret % PAGE)
			m->error = ret < 0 ? ret : -ERANGE;
		sched_yield();
	}
	return NULL;
}

TEST_F_TIMEOUT(mt, unmap_all_meanwhile, 120)
{
	struct mapper m = { .fd = self->fd };
	pthread_t thread;
	int i, ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, remover, &m));
	for (i = 0; i < 4 * ROUNDS; i++) {
		ret = vfio_type1_map(self->fd, self->mem, SIZE,
				     IOVA + i % 8 * SIZE);
		if (ret != -EEXIST)
			EXPECT_RC(0, ret);
	}
	__atomic_store_n(&m.hits, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_RC(0, m.error);
	EXPECT_LE(0, vfio_type1_unmap_all(self->fd));
	EXPECT_EQ(0, locked_pages());
	EXPECT_EQ(65535, vfio_type1_avail(self->fd));
}

/* A group leaves and comes back while another thread maps. */
static void *leaver(void *arg)
{
	struct mapper *m = arg;
	int ret = 0;

	while (!__atomic_load_n(&m->hits, __ATOMIC_ACQUIRE) && !ret) {
		ret = vfio_group_unset_container(m->seed);
		if (!ret)
			ret = vfio_group_set_container(m->seed, m->fd);
		sched_yield();
	}
	m->error = ret;
	return NULL;
}

TEST_F_TIMEOUT(mt, group_moves_meanwhile, 120)
{
	const char *bdf = vfio_test_bdf("IVSHMEM");
	struct mapper m = { .fd = self->fd };
	pthread_t thread;
	int i;

	if (!bdf)
		SKIP(return, "no IVSHMEM device");
	ASSERT_RC(0, vfio_container_add(&self->container, bdf));
	m.seed = self->container.groups[1];
	ASSERT_EQ(0, pthread_create(&thread, NULL, leaver, &m));
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_RC(0, map(self));
		EXPECT_RC(SIZE, unmap(self));
	}
	__atomic_store_n(&m.hits, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	EXPECT_RC(0, m.error);
	EXPECT_EQ(0, locked_pages());
}

/* ---- processes ---- */

/* Who is killed while he maps leaves nothing; the container stays in order. */
TEST_F_TIMEOUT(mt, killed, 120)
{
	int delay_us, i;
	char *big;
	pid_t pid;

	for (i = 0; i < 4; i++) {
		delay_us = 1000 << (2 * i);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			big = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			madvise(big, BIG, MADV_NOHUGEPAGE);
			for (;;) {
				if (vfio_type1_map(self->fd, big, BIG,
						   BIG_IOVA) ||
				    vfio_type1_unmap(self->fd, BIG_IOVA, BIG))
					_exit(1);
				madvise(big, BIG, MADV_DONTNEED);
			}
		}
		usleep(delay_us);
		kill(pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_for_child(pid));
		/*
		 * Either it was undone or it was complete, as what a process
		 * has mapped stays when it ends.
		 */
		EXPECT_TRUE(vfio_type1_unmap_all(self->fd) % BIG == 0);
		EXPECT_EQ(65535, vfio_type1_avail(self->fd));
		EXPECT_RC(0, map(self));
		EXPECT_EQ(NUM_PAGES, locked_pages());
		EXPECT_RC(SIZE, unmap(self));
	}
}

/* A child maps, which counts as the child's, and goes; it can be unmapped. */
TEST_F(mt, child_maps_and_exits)
{
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		if (map(self) || locked_pages() != NUM_PAGES)
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, wait_for_child(pid));
	EXPECT_EQ(0, locked_pages());
	/* It is still there, and whoever has the container takes it away. */
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_RC(SIZE, unmap(self));
	EXPECT_EQ(0, locked_pages());
	EXPECT_RC(0, map(self));
	EXPECT_EQ(NUM_PAGES, locked_pages());
}

/* What the parent mapped is the parent's, even if the child unmaps it. */
TEST_F(mt, child_unmaps)
{
	pid_t pid;

	ASSERT_RC(0, map(self));
	EXPECT_EQ(NUM_PAGES, locked_pages());
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (locked_pages() || unmap(self) != SIZE || locked_pages())
			_exit(1);
		_exit(0);
	}
	EXPECT_EQ(0, wait_for_child(pid));
	EXPECT_EQ(0, locked_pages());
	EXPECT_RC(0, unmap(self));
}

/* Who mapped goes first; the container lives on in a child of it. */
TEST_F(mt, mapper_exits)
{
	int gone[2], result[2];
	pid_t pid;
	char c;

	/* The orphan will be ours. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	ASSERT_EQ(0, pipe(gone));
	ASSERT_EQ(0, pipe(result));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (map(self))
			_exit(1);
		pid = fork();
		if (!pid) {
			close(gone[1]);
			if (read(gone[0], &c, 1) || unmap(self) != SIZE ||
			    locked_pages() || map(self) ||
			    locked_pages() != NUM_PAGES ||
			    unmap(self) != SIZE || locked_pages())
				_exit(1);
			_exit(0);
		}
		_exit(write(result[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	EXPECT_EQ(0, wait_for_child(pid));
	ASSERT_EQ(sizeof(pid), read(result[0], &pid, sizeof(pid)));
	close(gone[1]);
	EXPECT_EQ(0, wait_for_child(pid));
	close(gone[0]);
	close(result[0]);
	close(result[1]);
	EXPECT_RC(0, unmap(self));
}

/* How a child ends that has mapped and executes @what with the container. */
static int exec_with_container(FIXTURE_DATA(mt) *self, const char *what)
{
	char fd[16];
	pid_t pid;

	pid = fork();
	if (pid)
		return pid < 0 ? -errno : wait_for_child(pid);
	snprintf(fd, sizeof(fd), "%d", self->fd);
	if (fcntl(self->fd, F_SETFD, 0) || map(self) ||
	    locked_pages() != NUM_PAGES)
		_exit(100);
	setenv("VFIO_TEST_AFTER_EXEC", what, 1);
	setenv("VFIO_TEST_CONTAINER", fd, 1);
	execl("/proc/self/exe", "type1_mt_test", NULL);
	_exit(101);
}

/* The other side of it; the exit code, 0 if all is well. */
static int child_after_exec(const char *what)
{
	int fd = atoi(getenv("VFIO_TEST_CONTAINER"));
	void *mem = anon_memory(SIZE);

	/* A new address space, in which nothing is locked */
	if (!mem || locked_pages())
		return 1;
	if (!strcmp(what, "exit"))
		return 0;
	if (vfio_type1_map(fd, mem, SIZE, IOVA) != -EEXIST)
		return 2;
	if (!strcmp(what, "renew")) {
		if (vfio_type1_unmap_flags(fd, IOVA, SIZE,
					   VFIO_DMA_UNMAP_FLAG_VADDR) != SIZE)
			return 3;
		if (vfio_type1_map_flags(fd, mem, SIZE, IOVA,
					 VFIO_DMA_MAP_FLAG_VADDR))
			return 4;
		if (locked_pages() != NUM_PAGES)
			return 5;
	}
	if (vfio_type1_unmap_flags(fd, IOVA, SIZE, 0) != SIZE)
		return 6;
	if (locked_pages())
		return 7;
	if (vfio_type1_map(fd, mem, SIZE, IOVA))
		return 8;
	if (locked_pages() != NUM_PAGES)
		return 9;
	if (vfio_type1_unmap_flags(fd, IOVA, SIZE, 0) != SIZE)
		return 10;
	return locked_pages() ? 11 : 0;
}

/* CVE-2023-53171: what was locked before is not taken from the new program. */
TEST_F(mt, unmap_after_exec)
{
	EXPECT_EQ(0, exec_with_container(self, "unmap"));
	EXPECT_RC(0, unmap(self));
	EXPECT_EQ(0, locked_pages());
}

/* Nor is it when the new one has taken the memory over. */
TEST_F(mt, renew_after_exec)
{
	EXPECT_EQ(0, exec_with_container(self, "renew"));
	EXPECT_RC(0, unmap(self));
	EXPECT_EQ(0, locked_pages());
}

TEST_F(mt, exit_after_exec)
{
	EXPECT_EQ(0, exec_with_container(self, "exit"));
	EXPECT_EQ(0, locked_pages());
	EXPECT_RC(-EEXIST, map(self));
	EXPECT_RC(SIZE, unmap(self));
	EXPECT_EQ(0, locked_pages());
}

/* A fork while mappings live, over which the child exits without a word. */
TEST_F(mt, fork_and_exit)
{
	pid_t pid;
	int i;

	ASSERT_RC(0, map(self));
	for (i = 0; i < 5; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(locked_pages() != 0);
		EXPECT_EQ(0, wait_for_child(pid));
		EXPECT_EQ(NUM_PAGES, locked_pages());
	}
	EXPECT_RC(SIZE, unmap(self));
	EXPECT_EQ(0, locked_pages());
}

/* This program was executed by exec_with_container(). */
static void __attribute__((constructor)) after_exec(void)
{
	const char *what = getenv("VFIO_TEST_AFTER_EXEC");

	if (what)
		_exit(child_after_exec(what));
}

TEST_HARNESS_MAIN
