// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "jvm-broker/verify/verify.h"
#include "tools/lib/keel/sort.h"

static int compare_text(struct classfile_text a, struct classfile_text b)
{
	const uint32_t n = a.len < b.len ? a.len : b.len;
	const int order = n ? memcmp(a.data, b.data, n) : 0;

	return order ?: (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *left, const void *right)
{
	const struct verify_obligation *a = *(const struct verify_obligation *const *)left;
	const struct verify_obligation *b = *(const struct verify_obligation *const *)right;
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	order = order ?: compare_text(a->from, b->from);
	order = order ?: compare_text(a->to, b->to);
	order = order ?: compare_text(a->name, b->name);
	return order ?: compare_text(a->descriptor, b->descriptor);
}

static void put_text(struct keel_buffer *out, struct classfile_text text)
{
	keel_buffer_be16(out, (uint16_t)text.len);
	keel_buffer_append(out, text.data, text.len);
}

int verify_canonical(const struct verify_verdict *verdict, struct keel_arena *arena, struct keel_buffer *out)
{
	const struct verify_obligation **all;
	const uint32_t n = verdict->obligations_n;

	if (!n)
		return 0;
	all = keel_arena_take(arena, n * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		all[i] = &verdict->obligations[i];
	keel_sort(all, n, sizeof(*all), compare);
	for (uint32_t i = 0; i < n; i++) {
		/* two constants that read the same are one obligation */
		if (i && !compare(&all[i - 1], &all[i]))
			continue;
		keel_buffer_putc(out, all[i]->kind);
		put_text(out, all[i]->from);
		put_text(out, all[i]->to);
		put_text(out, all[i]->name);
		put_text(out, all[i]->descriptor);
	}
	return out->failed;
}
