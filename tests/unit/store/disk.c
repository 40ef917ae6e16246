/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	_Atomic int left; /* calls to the end, 0 = never */
	bool torn;
	bool half;
	_Atomic unsigned long full_above;
	struct {
		_Atomic int skip, times;
		int error;
		_Atomic bool failed;
	} plan[DISK_CALL_COUNT];
	_Atomic unsigned count[DISK_CALL_COUNT];
} disk;

void disk_kill_at(unsigned n, bool torn)
{
	disk.torn = torn;
	atomic_store(&disk.left, (int)n);
}

void disk_fail(enum disk_call call, int error, unsigned skip, int times)
{
	disk.plan[call].error = error;
	atomic_store(&disk.plan[call].failed, false);
	atomic_store(&disk.plan[call].skip, (int)skip);
	atomic_store(&disk.plan[call].times, times);
}

void disk_fail_half(bool half)
{
	disk.half = half;
}

void disk_heal(void)
{
	for (int i = 0; i < DISK_CALL_COUNT; i++)
		atomic_store(&disk.plan[i].times, 0);
	disk.half = false;
	atomic_store(&disk.full_above, 0);
}

void disk_full_above(unsigned long n)
{
	atomic_store(&disk.full_above, n);
}

bool disk_failed(enum disk_call call)
{
	return atomic_load(&disk.plan[call].failed);
}

unsigned disk_count(enum disk_call call)
{
	return atomic_load(&disk.count[call]);
}

/* 0 = do it; 1 = half of it, then end; else the error to fail with. */
static int step(enum disk_call call)
{
	atomic_fetch_add(&disk.count[call], 1);
	if (atomic_load(&disk.left) > 0 && atomic_fetch_sub(&disk.left, 1) == 1) {
		if (!disk.torn)
			_exit(DISK_KILLED);
		return 1;
	}
	if (!atomic_load(&disk.plan[call].times))
		return 0;
	if (atomic_load(&disk.plan[call].skip) > 0) {
		atomic_fetch_sub(&disk.plan[call].skip, 1);
		return 0;
	}
	if (atomic_load(&disk.plan[call].times) > 0)
		atomic_fetch_sub(&disk.plan[call].times, 1);
	atomic_store(&disk.plan[call].failed, true);
	return -disk.plan[call].error;
}

#define WRAP(result, name, ...) \
	result __real_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__)

static ssize_t finish(int plan, ssize_t r)
{
	if (plan == 1)
		_exit(DISK_KILLED);
	if (plan < 0) {
		errno = -plan;
		return -1;
	}
	return r;
}

WRAP(ssize_t, pwrite, int fd, const void *data, size_t n, off_t at)
{
	int plan = step(DISK_pwrite);

	if (plan > 0 || (plan && disk.half))
		(void)!__real_pwrite(fd, data, n / 2, at);
	return finish(plan, plan ? 0 : __real_pwrite(fd, data, n, at));
}

WRAP(ssize_t, pwritev, int fd, const struct iovec *iov, int n, off_t at)
{
	int plan = step(DISK_pwritev);

	if (plan > 0 || (plan && disk.half))
		for (int i = 0; i < (n + 1) / 2; i++) {
			(void)!__real_pwrite(fd, iov[i].iov_base,
					     i == (n - 1) / 2 ? iov[i].iov_len / 2 : iov[i].iov_len, at);
			at += (off_t)iov[i].iov_len;
		}
	return finish(plan, plan ? 0 : __real_pwritev(fd, iov, n, at));
}

WRAP(ssize_t, write, int fd, const void *data, size_t n)
{
	int plan = fd > 2 ? step(DISK_write) : 0;

	if (plan > 0 || (plan && disk.half))
		(void)!__real_write(fd, data, n / 2);
	return finish(plan, plan ? 0 : __real_write(fd, data, n));
}

WRAP(ssize_t, copy_file_range, int from, off_t *from_at, int to, off_t *to_at, size_t n, unsigned flags)
{
	int plan = step(DISK_copy_file_range);

	if (plan > 0)
		__real_copy_file_range(from, from_at, to, to_at, n / 2, flags);
	return finish(plan, plan ? 0 : __real_copy_file_range(from, from_at, to, to_at, n, flags));
}

/* The page cache outlives the process: syncing would only take time. */
WRAP(int, fdatasync, int fd)
{
	return (int)finish(step(DISK_fdatasync), 0);
}

WRAP(int, fsync, int fd)
{
	return (int)finish(step(DISK_fsync), 0);
}

struct MDB_env;
int __wrap_mdb_env_sync(struct MDB_env *env, int force);
int __wrap_mdb_env_sync(struct MDB_env *env, int force)
{
	(void)env;
	(void)force;
	return 0;
}

WRAP(int, ftruncate, int fd, off_t n)
{
	int plan = step(DISK_ftruncate);

	return (int)finish(plan, plan ? 0 : __real_ftruncate(fd, n));
}

WRAP(int, renameat, int from_dir, const char *from, int to_dir, const char *to)
{
	int plan = step(DISK_renameat);

	return (int)finish(plan, plan ? 0 : __real_renameat(from_dir, from, to_dir, to));
}

WRAP(int, unlinkat, int dir, const char *name, int flags)
{
	int plan = step(DISK_unlinkat);

	return (int)finish(plan, plan ? 0 : __real_unlinkat(dir, name, flags));
}

WRAP(int, posix_fallocate, int fd, off_t at, off_t n)
{
	int plan = step(DISK_posix_fallocate);

	finish(plan > 0 ? plan : 0, 0);
	if (atomic_load(&disk.full_above) && (unsigned long)n > atomic_load(&disk.full_above))
		return ENOSPC;
	return plan ? -plan : __real_posix_fallocate(fd, at, n);
}
