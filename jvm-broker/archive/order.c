// SPDX-License-Identifier: GPL-2.0-or-later
/* Merge sort: as fast for an archive that was made to be slow as for any other. */
#include <string.h>

#include "jvm-broker/archive/directory.h"

typedef bool (*is_behind_fn)(const struct archive_entry *entries, uint32_t a, uint32_t b);

/* Merges from[low..middle) and from[middle..high) into to. */
static void merge(const struct archive_entry *entries, is_behind_fn is_behind, const uint32_t *from, uint32_t *to,
		  uint32_t low, uint32_t middle, uint32_t high)
{
	uint32_t left = low, right = middle;

	if (middle == high || !is_behind(entries, from[middle - 1], from[middle])) {
		memcpy(to + low, from + low, (high - low) * sizeof(*to));
		return;
	}
	for (uint32_t at = low; at < high; at++) {
		if (right == high || (left < middle && !is_behind(entries, from[left], from[right])))
			to[at] = from[left++];
		else
			to[at] = from[right++];
	}
}

uint32_t *directory_order(struct directory *d, is_behind_fn is_behind)
{
	const uint32_t n = d->a.n;
	uint32_t *const kept = keel_arena_take(d->arena, n * sizeof(*kept));
	uint32_t *order = kept, *other, *swap;
	struct keel_arena_mark mark;

	if (!order)
		return NULL;
	mark = keel_arena_mark(d->arena);
	other = keel_arena_take(d->arena, n * sizeof(*other));
	if (!other)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t width = 1; width < n; width *= 2) {
		for (uint32_t low = 0; low < n; low += 2 * width)
			merge(d->entries, is_behind, order, other, low, low + width < n ? low + width : n,
			      low + 2 * width < n ? low + 2 * width : n);
		swap = order;
		order = other;
		other = swap;
	}
	if (order != kept)
		memcpy(kept, order, n * sizeof(*order));
	keel_arena_rewind(d->arena, mark);
	return kept;
}
