/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is taken piece by piece and given back all at once: one arena for each worker, reset for each thing it works on. A piece
 * costs an addition and a comparison. A limit bounds what is held.
 */
#ifndef KEEL_ARENA_H
#define KEEL_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define KEEL_ARENA_ALIGNMENT 16 /* of every piece; a power of two */

struct keel_arena_block;

struct keel_arena {
	uint8_t *at;                   /* the next piece comes from here */
	size_t left;                   /* octets left in the newest block */
	struct keel_arena_block *last; /* owned; the newest of a list */
	size_t held;                   /* octets taken from the system */
	size_t before;                 /* octets used in the blocks before the newest */
	size_t peak;                   /* most octets in use before any reset, padding included */
	size_t limit;                  /* most octets to hold; 0 = no limit */
};

struct keel_arena_mark {
	struct keel_arena_block *last;
	uint8_t *at;
	size_t left, before;
};

/* An empty arena: no memory is taken before the first piece. limit: octets, 0 = none. */
void keel_arena_init(struct keel_arena *a, size_t limit);
/* Gives all back to the system; the arena is as after init with the same limit. Also for KEEL_CLEANUP. */
void keel_arena_free(struct keel_arena *a);
/* Gives all pieces back; the memory is kept, in one block, for the next. */
void keel_arena_reset(struct keel_arena *a);
/* Gives back what was taken after the mark. Marks are undone newest first, and none survives a reset. */
struct keel_arena_mark keel_arena_mark(const struct keel_arena *a);
void keel_arena_rewind(struct keel_arena *a, struct keel_arena_mark mark);
/* Octets in use; the most there were at once since init. */
size_t keel_arena_used(const struct keel_arena *a);
size_t keel_arena_peak(const struct keel_arena *a);
/* keel_arena_take when the newest block is too small. */
void *keel_arena_take_slow(struct keel_arena *a, size_t n);
/* n zeroed elements of the size; NULL when out of memory, over the limit, or when n * size is no size_t. */
void *keel_arena_zeroed(struct keel_arena *a, size_t n, size_t size);

/* n octets (their content is undefined), aligned for anything; NULL when out of memory or over the limit: the arena is as before. */
static inline void *keel_arena_take(struct keel_arena *a, size_t n)
{
	const size_t room = (n + KEEL_ARENA_ALIGNMENT - 1) & ~(size_t)(KEEL_ARENA_ALIGNMENT - 1);
	uint8_t *piece = a->at;

	if (room - 1 >= a->left) /* also n = 0, and an n that wraps */
		return keel_arena_take_slow(a, n);
	a->at += room;
	a->left -= room;
	return piece;
}

#endif
