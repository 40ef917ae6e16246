// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/archive/archive.h"

#include <string.h>

#include "jvm-broker/archive/directory.h"

#define JMOD_HEAD 4
#define JIMAGE_MAGIC 0xcafedada
#define DEFLATE_RATIO 1032 /* no octet inflates to more (RFC 1951: 258 octets for two bits) */

const struct archive_limits archive_limits_usual = { 1 << 20, (uint64_t)256 << 20, (uint64_t)16 << 30 };

#define REASON_ROW(name, counter, text) { counter, text },
static const struct {
	const char *counter, *text;
} reasons[] = { ARCHIVE_REASONS(REASON_ROW) };

const char *archive_reason_counter(enum archive_reason reason)
{
	return reasons[reason < ARCHIVE_REASONS_N ? reason : ARCHIVE_REASON_NONE].counter;
}

const char *archive_reason_text(enum archive_reason reason)
{
	return reasons[reason < ARCHIVE_REASONS_N ? reason : ARCHIVE_REASON_NONE].text;
}

enum archive_reason directory_room(struct directory *d, uint64_t n)
{
	if (n > d->limits->entries)
		return ARCHIVE_REASON_TOO_MANY;
	d->entries = keel_arena_zeroed(d->arena, n ? n : 1, sizeof(*d->entries));
	if (!d->entries)
		return ARCHIVE_REASON_MEMORY;
	d->a.entries = d->entries;
	return ARCHIVE_REASON_NONE;
}

/* ---- names -------------------------------------------------------------------------------------------------------------------------- */

/* Unicode 3.9, table 3-7: octets of the character at s, 0 if it is none. */
static size_t utf8_character(const uint8_t *s, size_t left)
{
	const unsigned first = s[0];
	const size_t n = first < 0x80   ? 1
			 : first < 0xc2 ? 0
			 : first < 0xe0 ? 2
			 : first < 0xf0 ? 3
			 : first < 0xf5 ? 4
					: 0;
	unsigned second;

	if (n < 2 || n > left)
		return n > left ? 0 : n;
	second = s[1];
	if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
	    (first == 0xf4 && second > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool is_dots(const char *part, size_t len)
{
	return (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.');
}

static enum archive_reason judge_name(const struct archive_entry *e, bool rooted)
{
	const char *name = e->name + rooted;
	const size_t len = e->name_len - rooted;
	size_t part = 0;

	if (!len)
		return ARCHIVE_REASON_NAME;
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_character((const uint8_t *)name + i, len - i);
		if (!n || !name[i])
			return ARCHIVE_REASON_NAME;
	}
	if (name[0] == '/' || memchr(name, '\\', len) || (len >= 2 && name[1] == ':'))
		return ARCHIVE_REASON_TRAVERSAL;
	for (size_t i = 0; i <= len; i++)
		if (i == len || name[i] == '/') {
			if (is_dots(name + part, i - part))
				return ARCHIVE_REASON_TRAVERSAL;
			part = i + 1;
		}
	return ARCHIVE_REASON_NONE;
}

static int compare_name(const struct archive_entry *e, const char *name, size_t len)
{
	const size_t common = e->name_len < len ? e->name_len : len;
	const int order = memcmp(e->name, name, common);

	return order ? order : e->name_len < len ? -1 : e->name_len > len;
}

static bool name_is_behind(const struct archive_entry *entries, uint32_t a, uint32_t b)
{
	return compare_name(&entries[a], entries[b].name, entries[b].name_len) > 0;
}

static enum archive_reason index_names(struct directory *d)
{
	uint32_t *order = directory_order(d, name_is_behind);

	if (!order)
		return ARCHIVE_REASON_MEMORY;
	/* those of one name stand in the directory's order, and java takes the last */
	for (uint32_t i = 1; i < d->a.n; i++)
		if (!name_is_behind(d->entries, order[i], order[i - 1]))
			directory_refuse(&d->entries[order[i - 1]], ARCHIVE_REASON_DUPLICATE);
	d->a.by_name = order;
	return ARCHIVE_REASON_NONE;
}

const struct archive_entry *archive_find(const struct archive *a, const char *name, size_t len)
{
	uint32_t low = 0, high = a->n;

	/* the first that is behind the name */
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (compare_name(&a->entries[a->by_name[middle]], name, len) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || compare_name(&a->entries[a->by_name[low - 1]], name, len))
		return NULL;
	return &a->entries[a->by_name[low - 1]];
}

bool archive_entry_ends(const struct archive_entry *e, const char *suffix)
{
	const size_t len = strlen(suffix);

	return e->name_len >= len && !memcmp(e->name + e->name_len - len, suffix, len);
}

/* ---- entries ------------------------------------------------------------------------------------------------------------------------ */

static enum archive_reason judge_content(const struct directory *d, const struct archive_entry *e)
{
	if (e->at > d->a.size || e->packed > d->a.size - e->at)
		return ARCHIVE_REASON_OUTSIDE;
	if (e->size > d->limits->entry_size)
		return ARCHIVE_REASON_ENTRY_SIZE;
	if (e->method == ARCHIVE_STORED)
		return e->size == e->packed ? ARCHIVE_REASON_NONE : ARCHIVE_REASON_LYING;
	if (e->method != ARCHIVE_DEFLATED)
		return ARCHIVE_REASON_METHOD;
	return e->size / DEFLATE_RATIO > e->packed ? ARCHIVE_REASON_RATIO : ARCHIVE_REASON_NONE;
}

static enum archive_reason judge(struct directory *d)
{
	enum archive_reason reason = index_names(d);

	for (uint32_t i = 0; i < d->a.n && !reason; i++) {
		struct archive_entry *e = &d->entries[i];

		directory_refuse(e, judge_name(e, d->a.kind == ARCHIVE_JIMAGE));
		directory_refuse(e, judge_content(d, e));
		if (e->reason)
			d->a.refused++;
		else if (e->size > d->limits->total_size - d->a.total)
			reason = ARCHIVE_REASON_TOO_LARGE;
		else
			d->a.total += e->size;
	}
	return reason;
}

static uint32_t load32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

enum archive_reason archive_open(const void *data, size_t size, const struct archive_limits *limits,
				 struct keel_arena *arena, struct archive *out)
{
	struct directory d = { .a = { .data = data, .size = size },
			       .limits = limits ? limits : &archive_limits_usual,
			       .arena = arena };
	const uint32_t magic = size >= 4 ? load32(data) : 0;
	enum archive_reason reason;

	if (magic == JIMAGE_MAGIC || magic == __builtin_bswap32(JIMAGE_MAGIC)) {
		d.a.kind = ARCHIVE_JIMAGE;
		reason = directory_jimage(&d);
	} else if (size >= JMOD_HEAD && !memcmp(data, "JM\1\0", JMOD_HEAD)) {
		d.a.kind = ARCHIVE_JMOD;
		reason = directory_zip(&d, JMOD_HEAD);
	} else {
		reason = directory_zip(&d, 0);
	}
	if (!reason)
		reason = judge(&d);
	if (!reason)
		*out = d.a;
	return reason;
}
