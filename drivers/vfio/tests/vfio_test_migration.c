// SPDX-License-Identifier: GPL-2.0-only
/*
 * The migration of the test device: the stream of its memory, and the steps that
 * it takes from one state to the next.
 *
 * The stream is a sequence of records, each all of the memory: one from a device
 * that is copied while it stands still, two from one that was copied while it
 * still worked, the later one being what counts.
 *
 * Owns struct vfio_test_stream; the fields of the device under state_lock are
 * used here alone.  A stream outlives the state that it belongs to, and even the
 * device, if its file is kept open: it is cut off then, and everything fails.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vfio_test_device.h"

#define TEST_MAGIC	0x54534554

/**
 * struct vfio_test_record - The memory at one time
 * @magic: TEST_MAGIC
 * @size: bytes of @memory
 * @memory: contents
 */
struct vfio_test_record {
	__le32 magic;
	__le32 size;
	u8 memory[VFIO_TEST_MEMORY];
};

#define TEST_RECORDS	2

/**
 * struct vfio_test_stream - A file of records
 * @file: the file, whose private data this is
 * @lock: protects the rest; taken with the device's state_lock held, or without
 * @test: the device, NULL after the stream has been cut off
 * @precopy: more may come: the device has not stopped yet
 * @writes: of the device's memory, when the first record was made
 * @pos: bytes that the user has read, or written
 * @size: bytes in @records
 * @records: what is read, or was written
 */
struct vfio_test_stream {
	struct file *file;
	struct mutex lock;	/* see above */
	struct vfio_test_device *test;
	bool precopy;
	u64 writes;
	size_t pos;
	size_t size;
	struct vfio_test_record records[TEST_RECORDS];
};

static int vfio_test_stream_release(struct inode *inode, struct file *file)
{
	struct vfio_test_stream *stream = file->private_data;

	mutex_destroy(&stream->lock);
	kvfree(stream);
	return 0;
}

static ssize_t vfio_test_stream_read(struct file *file, char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct vfio_test_stream *stream = file->private_data;
	ssize_t ret;

	mutex_lock(&stream->lock);
	if (!stream->test) {
		ret = -ENODEV;
	} else if (stream->pos == stream->size) {
		/* all of it, or all of it for now */
		ret = stream->precopy ? -ENOMSG : 0;
	} else {
		ret = min(count, stream->size - stream->pos);
		if (copy_to_user(buf, (u8 *)stream->records + stream->pos, ret))
			ret = -EFAULT;
		else
			stream->pos += ret;
	}
	mutex_unlock(&stream->lock);
	return ret;
}

static ssize_t vfio_test_stream_write(struct file *file, const char __user *buf, size_t count,
				      loff_t *ppos)
{
	struct vfio_test_stream *stream = file->private_data;
	ssize_t ret;

	/* The bound is checked with what it bounds held still (CVE-2026-74306) */
	mutex_lock(&stream->lock);
	if (!stream->test) {
		ret = -ENODEV;
	} else if (count > sizeof(stream->records) - stream->pos) {
		ret = -ENOSPC;
	} else if (copy_from_user((u8 *)stream->records + stream->pos, buf, count)) {
		ret = -EFAULT;
	} else {
		stream->pos += count;
		stream->size = stream->pos;
		ret = count;
	}
	mutex_unlock(&stream->lock);
	return ret;
}

static long vfio_test_stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const size_t minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct vfio_test_stream *stream = file->private_data;
	struct vfio_precopy_info info = {};
	struct vfio_test_device *test;
	long ret;

	mutex_lock(&stream->lock);
	test = stream->test;
	if (!test) {
		ret = -ENODEV;
		goto out;
	}
	ret = vfio_check_precopy_ioctl(&test->vdev, cmd, arg, &info);
	if (ret)
		goto out;
	if (!stream->precopy) {
		ret = -EINVAL;
		goto out;
	}
	info.initial_bytes = stream->size - stream->pos;
	mutex_lock(&test->memory_lock);
	info.dirty_bytes = test->writes == stream->writes ? 0 : sizeof(struct vfio_test_record);
	mutex_unlock(&test->memory_lock);
	if (copy_to_user((void __user *)arg, &info, minsz))
		ret = -EFAULT;
out:
	mutex_unlock(&stream->lock);
	return ret;
}

static const struct file_operations vfio_test_save_fops = {
	.owner = THIS_MODULE,
	.release = vfio_test_stream_release,
	.read = vfio_test_stream_read,
	.unlocked_ioctl = vfio_test_stream_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static const struct file_operations vfio_test_resume_fops = {
	.owner = THIS_MODULE,
	.release = vfio_test_stream_release,
	.write = vfio_test_stream_write,
};

/* Make the stream of a state; the device and the caller have a reference each */
static struct vfio_test_stream *vfio_test_stream_new(struct vfio_test_device *test, bool saving)
{
	struct vfio_test_stream *stream;
	struct file *file;

	stream = kvzalloc_obj(*stream, GFP_KERNEL_ACCOUNT);
	if (!stream)
		return ERR_PTR(-ENOMEM);
	mutex_init(&stream->lock);
	stream->test = test;

	file = anon_inode_getfile("[vfio-test-stream]",
				  saving ? &vfio_test_save_fops : &vfio_test_resume_fops, stream,
				  saving ? O_RDONLY : O_WRONLY);
	if (IS_ERR(file)) {
		mutex_destroy(&stream->lock);
		kvfree(stream);
		return ERR_CAST(file);
	}
	stream_open(file_inode(file), file);
	stream->file = file;
	test->stream = stream;
	get_file(file);
	return stream;
}

/* Append the memory as it is now */
static void vfio_test_stream_record(struct vfio_test_stream *stream)
{
	struct vfio_test_device *test = stream->test;
	struct vfio_test_record *record;

	lockdep_assert_held(&stream->lock);

	record = &stream->records[stream->size / sizeof(*record)];
	record->magic = cpu_to_le32(TEST_MAGIC);
	record->size = cpu_to_le32(VFIO_TEST_MEMORY);
	mutex_lock(&test->memory_lock);
	memcpy(record->memory, test->memory, VFIO_TEST_MEMORY);
	stream->writes = test->writes;
	mutex_unlock(&test->memory_lock);
	stream->size += sizeof(*record);
}

static struct file *vfio_test_nothing(struct vfio_test_device *test)
{
	return NULL;
}

static struct file *vfio_test_save(struct vfio_test_device *test, bool precopy)
{
	struct vfio_test_stream *stream = vfio_test_stream_new(test, true);

	if (IS_ERR(stream))
		return ERR_CAST(stream);
	mutex_lock(&stream->lock);
	stream->precopy = precopy;
	vfio_test_stream_record(stream);
	mutex_unlock(&stream->lock);
	return stream->file;
}

static struct file *vfio_test_begin_precopy(struct vfio_test_device *test)
{
	return vfio_test_save(test, true);
}

static struct file *vfio_test_begin_copy(struct vfio_test_device *test)
{
	return vfio_test_save(test, false);
}

/* The user goes on reading the file he has */
static struct file *vfio_test_end_precopy(struct vfio_test_device *test)
{
	struct vfio_test_stream *stream = test->stream;

	mutex_lock(&stream->lock);
	stream->precopy = false;
	vfio_test_stream_record(stream);
	mutex_unlock(&stream->lock);
	return NULL;
}

static struct file *vfio_test_begin_resume(struct vfio_test_device *test)
{
	struct vfio_test_stream *stream = vfio_test_stream_new(test, false);

	return IS_ERR(stream) ? ERR_CAST(stream) : stream->file;
}

/* Whoever still has the file finds it cut off */
static struct file *vfio_test_end_stream(struct vfio_test_device *test)
{
	struct vfio_test_stream *stream = test->stream;

	if (!stream)
		return NULL;
	mutex_lock(&stream->lock);
	stream->test = NULL;
	mutex_unlock(&stream->lock);
	test->stream = NULL;
	fput(stream->file);
	return NULL;
}

/* Take over the last of the records that came; all of them must be whole */
static int vfio_test_load(struct vfio_test_device *test)
{
	struct vfio_test_stream *stream = test->stream;
	struct vfio_test_record *record;

	lockdep_assert_held(&stream->lock);

	if (!stream->size || stream->size % sizeof(*record))
		return -EINVAL;
	record = &stream->records[stream->size / sizeof(*record) - 1];
	if (record->magic != cpu_to_le32(TEST_MAGIC) ||
	    record->size != cpu_to_le32(VFIO_TEST_MEMORY))
		return -EINVAL;
	mutex_lock(&test->memory_lock);
	memcpy(test->memory, record->memory, VFIO_TEST_MEMORY);
	test->writes++;
	mutex_unlock(&test->memory_lock);
	return 0;
}

static struct file *vfio_test_end_resume(struct vfio_test_device *test)
{
	int ret;

	mutex_lock(&test->stream->lock);
	ret = vfio_test_load(test);
	mutex_unlock(&test->stream->lock);
	return ret ? ERR_PTR(ret) : vfio_test_end_stream(test);
}

#define S(state)	VFIO_DEVICE_STATE_##state

/* Every arc that vfio_mig_get_next_state() may name, with or without P2P */
static const struct {
	enum vfio_device_mig_state from, to;
	struct file *(*step)(struct vfio_test_device *test);
} vfio_test_arcs[] = {
	{ S(STOP),		S(RUNNING),		vfio_test_nothing },
	{ S(STOP),		S(RUNNING_P2P),		vfio_test_nothing },
	{ S(STOP),		S(STOP_COPY),		vfio_test_begin_copy },
	{ S(STOP),		S(RESUMING),		vfio_test_begin_resume },
	{ S(RUNNING),		S(STOP),		vfio_test_nothing },
	{ S(RUNNING),		S(RUNNING_P2P),		vfio_test_nothing },
	{ S(RUNNING),		S(PRE_COPY),		vfio_test_begin_precopy },
	{ S(RUNNING_P2P),	S(STOP),		vfio_test_nothing },
	{ S(RUNNING_P2P),	S(RUNNING),		vfio_test_nothing },
	{ S(RUNNING_P2P),	S(PRE_COPY_P2P),	vfio_test_begin_precopy },
	{ S(PRE_COPY),		S(RUNNING),		vfio_test_end_stream },
	{ S(PRE_COPY),		S(PRE_COPY_P2P),	vfio_test_nothing },
	{ S(PRE_COPY),		S(STOP_COPY),		vfio_test_end_precopy },
	{ S(PRE_COPY_P2P),	S(RUNNING_P2P),		vfio_test_end_stream },
	{ S(PRE_COPY_P2P),	S(PRE_COPY),		vfio_test_nothing },
	{ S(PRE_COPY_P2P),	S(STOP_COPY),		vfio_test_end_precopy },
	{ S(STOP_COPY),		S(STOP),		vfio_test_end_stream },
	{ S(RESUMING),		S(STOP),		vfio_test_end_resume },
};

static struct file *vfio_test_step(struct vfio_test_device *test, enum vfio_device_mig_state next)
{
	enum vfio_test_fail fail = test->fail;
	unsigned int i;

	lockdep_assert_held(&test->state_lock);

	test->fail = VFIO_TEST_FAIL_NOT;
	if (fail == VFIO_TEST_FAIL_BREAK) {
		vfio_test_end_stream(test);
		test->state = VFIO_DEVICE_STATE_ERROR;
	}
	if (fail != VFIO_TEST_FAIL_NOT)
		return ERR_PTR(-EIO);

	for (i = 0; i < ARRAY_SIZE(vfio_test_arcs); i++)
		if (vfio_test_arcs[i].from == test->state && vfio_test_arcs[i].to == next)
			return vfio_test_arcs[i].step(test);
	/* the core has named an arc that is none */
	return ERR_PTR(-ENOTRECOVERABLE);
}

static struct file *vfio_test_set_state(struct vfio_device *vdev,
					enum vfio_device_mig_state new_state)
{
	struct vfio_test_device *test = vfio_test_device(vdev);
	enum vfio_device_mig_state next;
	struct file *file = NULL;
	int ret;

	mutex_lock(&test->state_lock);
	while (test->state != new_state && !file) {
		ret = vfio_mig_get_next_state(vdev, test->state, new_state, &next);
		if (ret) {
			file = ERR_PTR(ret);
			break;
		}
		file = vfio_test_step(test, next);
		if (!IS_ERR(file))
			test->state = next;
	}
	/* a stream on the way, not at its end, would get lost */
	if (!IS_ERR_OR_NULL(file) && test->state != new_state) {
		fput(file);
		file = ERR_PTR(-ENOTRECOVERABLE);
	}
	mutex_unlock(&test->state_lock);
	return file;
}

static int vfio_test_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	struct vfio_test_device *test = vfio_test_device(vdev);

	mutex_lock(&test->state_lock);
	*state = test->state;
	mutex_unlock(&test->state_lock);
	return 0;
}

static int vfio_test_get_data_size(struct vfio_device *vdev, unsigned long *stop_copy_length)
{
	*stop_copy_length = sizeof(struct vfio_test_record);
	return 0;
}

const struct vfio_migration_ops vfio_test_migration_ops = {
	.migration_set_state = vfio_test_set_state,
	.migration_get_state = vfio_test_get_state,
	.migration_get_data_size = vfio_test_get_data_size,
};

/**
 * vfio_test_migration_reset() - Back to VFIO_DEVICE_STATE_RUNNING, from anywhere
 * @test: device
 */
void vfio_test_migration_reset(struct vfio_test_device *test)
{
	mutex_lock(&test->state_lock);
	vfio_test_end_stream(test);
	test->state = VFIO_DEVICE_STATE_RUNNING;
	test->fail = VFIO_TEST_FAIL_NOT;
	mutex_unlock(&test->state_lock);
}
