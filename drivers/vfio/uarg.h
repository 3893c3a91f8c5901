/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules for ioctl arguments that begin with argsz, in one place.
 *
 * User space says in the first u32 how many bytes its struct has.  The kernel
 * needs the bytes that the first version of the struct had, and takes more
 * only where a flag says that they mean something.  What lies behind is
 * ignored: programs have always passed structs that were too long, and their
 * tail may be anything.
 *
 * No state, no lock.  For every file that has an ioctl table.
 */
#ifndef VFIO_UARG_H
#define VFIO_UARG_H

#include <linux/types.h>
#include <linux/uaccess.h>

/**
 * vfio_uarg_copy() - Copy the part of an argument that everybody must have
 * @dst: where to, its first member is u32 argsz
 * @uarg: argument of the ioctl
 * @minsz: bytes that the struct had in its first version, at least 4
 *
 * Return: 0, -EFAULT when @uarg cannot be read, -EINVAL when argsz says that
 * the struct is shorter than @minsz.
 */
static inline int vfio_uarg_copy(void *dst, const void __user *uarg, size_t minsz)
{
	if (copy_from_user(dst, uarg, minsz))
		return -EFAULT;
	return *(u32 *)dst < minsz ? -EINVAL : 0;
}

/**
 * vfio_uarg_copy_more() - Copy members that a flag has announced
 * @dst: the struct, filled up to @have by vfio_uarg_copy()
 * @uarg: argument of the ioctl
 * @have: bytes that are in @dst already
 * @want: bytes that are wanted in all, more than @have
 *
 * Return: 0, -EFAULT when @uarg cannot be read, -EINVAL when argsz says that
 * the struct is shorter than @want.
 */
static inline int vfio_uarg_copy_more(void *dst, const void __user *uarg, size_t have, size_t want)
{
	if (*(u32 *)dst < want)
		return -EINVAL;
	return copy_from_user(dst + have, uarg + have, want - have) ? -EFAULT : 0;
}

#endif /* VFIO_UARG_H */
