/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls by which the store changes its disk, counted and bent at link time (ld --wrap): the process can be ended at the n-th, or a
 * kind of call made to fail. Nothing is synced for real: what these tests end is a process, not a machine.
 */
#ifndef TESTS_UNIT_STORE_DISK_H
#define TESTS_UNIT_STORE_DISK_H

#include <stdbool.h>

/* X(name): what --wrap names in store.mk. */
#define DISK_CALLS(X) \
	X(pwritev) \
	X(pwrite) \
	X(write) \
	X(fdatasync) \
	X(fsync) \
	X(ftruncate) \
	X(renameat) \
	X(unlinkat) \
	X(posix_fallocate) \
	X(copy_file_range)

enum disk_call {
#define X(name) DISK_##name,
	DISK_CALLS(X)
#undef X
		DISK_CALL_COUNT
};

#define DISK_KILLED 77 /* exit status */

/* Ends the process at the n-th call from now on (1 = the next one; 0 = never). torn: a write is half done first. */
void disk_kill_at(unsigned n, bool torn);
/* Call fails with error; the first `skip` calls from now on still work, then `times` fail (-1 = for ever). One plan a call. */
void disk_fail(enum disk_call call, int error, unsigned skip, int times);
/* A call that fails writes half of what it was given before. */
void disk_fail_half(bool half);
/* Allocations above n octets fail with ENOSPC; 0 = none do. */
void disk_full_above(unsigned long n);
/* Has the plan for the call failed one yet? */
bool disk_failed(enum disk_call call);
/* All work again. */
void disk_heal(void);
unsigned disk_count(enum disk_call call);

#endif
