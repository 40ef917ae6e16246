/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting in place: no memory is taken, and there is no input that makes it slow (heap sort). Equal elements end in any order. */
#ifndef KEEL_SORT_H
#define KEEL_SORT_H

#include <stddef.h>

/* Orders n elements of the size by compare, which is negative when a goes before b. */
void keel_sort(void *elements, size_t n, size_t size, int (*compare)(const void *a, const void *b));

#endif
