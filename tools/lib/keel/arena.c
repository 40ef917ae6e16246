// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/arena.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)64 << 10) /* octets of the smallest block, its head included */

struct keel_arena_block {
	struct keel_arena_block *previous;
	size_t size; /* of the octets */
	_Alignas(KEEL_ARENA_ALIGNMENT) uint8_t octets[];
};

void keel_arena_init(struct keel_arena *a, size_t limit)
{
	*a = (struct keel_arena){ .limit = limit };
}

static void drop_newest(struct keel_arena *a)
{
	struct keel_arena_block *block = a->last;

	a->last = block->previous;
	a->held -= sizeof(*block) + block->size;
	free(block);
}

void keel_arena_free(struct keel_arena *a)
{
	while (a->last)
		drop_newest(a);
	keel_arena_init(a, a->limit);
}

static size_t used_in_newest(const struct keel_arena *a)
{
	return a->last ? (size_t)(a->at - a->last->octets) : 0;
}

size_t keel_arena_used(const struct keel_arena *a)
{
	return a->before + used_in_newest(a);
}

size_t keel_arena_peak(const struct keel_arena *a)
{
	const size_t used = keel_arena_used(a);

	return used > a->peak ? used : a->peak;
}

/* A new newest block with room for n octets at least, n being aligned. */
static int add_block(struct keel_arena *a, size_t n)
{
	const size_t head = sizeof(struct keel_arena_block);
	const size_t most = a->limit ? a->limit - (a->held < a->limit ? a->held : a->limit) : SIZE_MAX / 2;
	struct keel_arena_block *block;
	size_t size = a->held > FIRST_BLOCK ? a->held : FIRST_BLOCK;

	if (most < head || n > most - head)
		return -1;
	size = size < n + head ? n + head : size;
	size = size > most ? most : size;
	block = malloc(size);
	if (!block)
		return -1;
	a->peak = keel_arena_peak(a);
	a->before += used_in_newest(a);
	block->previous = a->last;
	block->size = size - head;
	a->last = block;
	a->held += size;
	a->at = block->octets;
	a->left = block->size;
	return 0;
}

void *keel_arena_take_slow(struct keel_arena *a, size_t n)
{
	const size_t room = n ? (n + KEEL_ARENA_ALIGNMENT - 1) & ~(size_t)(KEEL_ARENA_ALIGNMENT - 1)
			      : KEEL_ARENA_ALIGNMENT;
	uint8_t *piece;

	if (room < n || (room > a->left && add_block(a, room)))
		return NULL;
	piece = a->at;
	a->at += room;
	a->left -= room;
	return piece;
}

void *keel_arena_zeroed(struct keel_arena *a, size_t n, size_t size)
{
	size_t octets;
	void *piece;

	if (__builtin_mul_overflow(n, size, &octets))
		return NULL;
	piece = keel_arena_take(a, octets);
	return piece ? memset(piece, 0, octets) : NULL;
}

void keel_arena_reset(struct keel_arena *a)
{
	const size_t held = a->held;

	a->peak = keel_arena_peak(a);
	a->before = 0;
	if (a->last && a->last->previous) {
		/* next time one block should do */
		while (a->last)
			drop_newest(a);
		a->at = NULL;
		a->left = 0;
		/* without memory now, the next piece will try again */
		(void)add_block(a, held - sizeof(struct keel_arena_block));
	} else if (a->last) {
		a->at = a->last->octets;
		a->left = a->last->size;
	}
}

struct keel_arena_mark keel_arena_mark(const struct keel_arena *a)
{
	return (struct keel_arena_mark){ a->last, a->at, a->left, a->before };
}

void keel_arena_rewind(struct keel_arena *a, struct keel_arena_mark mark)
{
	a->peak = keel_arena_peak(a);
	while (a->last != mark.last)
		drop_newest(a);
	a->at = mark.at;
	a->left = mark.left;
	a->before = mark.before;
}
