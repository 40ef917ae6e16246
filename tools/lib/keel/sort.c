// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/sort.h"

#include <stdint.h>
#include <string.h>

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
	uint8_t kept[64];

	for (size_t n; size; size -= n, a += n, b += n) {
		n = size < sizeof(kept) ? size : sizeof(kept);
		memcpy(kept, a, n);
		memcpy(a, b, n);
		memcpy(b, kept, n);
	}
}

/* Element at may be less than those below it in the heap of n. */
static void sift(uint8_t *elements, size_t at, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && compare(elements + child * size, elements + (child + 1) * size) < 0)
			child++;
		if (compare(elements + at * size, elements + child * size) >= 0)
			break;
		swap(elements + at * size, elements + child * size, size);
	}
}

void keel_sort(void *elements, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
	uint8_t *first = elements;

	for (size_t i = n / 2; i > 0; i--)
		sift(first, i - 1, n, size, compare);
	for (size_t last = n; last > 1; last--) {
		swap(first, first + (last - 1) * size, size);
		sift(first, 0, last - 1, size, compare);
	}
}
