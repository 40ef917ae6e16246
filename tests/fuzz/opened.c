// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/opened.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/archive/jar.h"
#include "jvm-broker/archive/jar_writer.h"

static const struct archive_limits limits = { 5000, 1 << 20, 4 << 20 };

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz archive: %s\n", what);
		abort();
	}
}

/* Names that were let through lead nowhere outside. */
static void check_name(const struct archive *a, const struct archive_entry *e)
{
	const char *name = e->name + (a->kind == ARCHIVE_JIMAGE);
	const size_t len = e->name_len - (a->kind == ARCHIVE_JIMAGE);
	char *text = malloc(len + 3);

	memcpy(text + 1, name, len);
	text[0] = text[len + 1] = '/';
	text[len + 2] = '\0';
	require(len && strlen(text) == len + 2, "a name with a NUL");
	require(!strstr(text, "/../") && !strstr(text, "/./") && name[0] != '/' && !strchr(text, '\\'),
		"a name that leads out");
	free(text);
}

/* No two entries of a zip share octets. */
static void check_overlaps(const struct archive *a)
{
	for (uint32_t i = 0; i < a->n && i < 100; i++)
		for (uint32_t k = 0; k < i; k++) {
			const struct archive_entry *x = &a->entries[i], *y = &a->entries[k];

			if (x->reason || y->reason || !x->packed || !y->packed)
				continue;
			require(x->at + x->packed <= y->at || y->at + y->packed <= x->at, "entries that overlap");
		}
}

/* Copied raw into a new jar, everything is as it was. */
static void check_copy(const struct archive *a, struct archive_inflater *inflater, struct keel_arena *arena)
{
	struct archive_writer w;
	struct archive again;
	struct keel_buffer out;
	uint32_t n = 0;

	keel_buffer_init(&out, 0);
	archive_writer_init(&w, &out, false);
	for (uint32_t i = 0; i < a->n; i++)
		if (!a->entries[i].reason)
			require(!archive_writer_copy(&w, a, &a->entries[i]), "not copied");
	require(!archive_writer_end(&w), "not written");
	archive_writer_free(&w);
	require(!archive_open(out.data, out.len, &limits, arena, &again), "the copy does not open");
	require(!again.refused, "the copy has what is refused");
	for (uint32_t i = 0; i < a->n; i++) {
		const struct archive_entry *e = &a->entries[i], *copy;
		const uint8_t *one, *two;
		enum archive_reason reason;

		if (e->reason)
			continue;
		copy = &again.entries[n++];
		require(copy->name_len == e->name_len && !memcmp(copy->name, e->name, e->name_len), "another name");
		reason = archive_read(a, e, inflater, arena, &one);
		require(archive_read(&again, copy, inflater, arena, &two) == reason, "another reason");
		require(reason || (copy->size == e->size && !memcmp(one, two, e->size)), "another content");
	}
	require(n == again.n, "another number of entries");
	keel_buffer_free(&out);
}

static void check_entries(const struct archive *a, struct archive_inflater *inflater, struct keel_arena *arena)
{
	struct archive_manifest manifest;
	uint64_t total = 0;
	uint32_t refused = 0, *seen, n;

	for (uint32_t i = 0; i < a->n; i++) {
		const struct archive_entry *e = &a->entries[i];
		const uint8_t *content;
		struct archive_part part;

		archive_part(a, e, &part);
		refused += e->reason != 0;
		if (e->reason)
			continue;
		require(archive_find(a, e->name, e->name_len) == e, "an entry that is not found");
		require(part.name >= e->name && part.name + part.name_len == e->name + e->name_len, "a part");
		check_name(a, e);
		total += e->size;
		if (!archive_read(a, e, inflater, arena, &content))
			require(!archive_manifest_parse(content, e->size, arena, &manifest), "a manifest");
	}
	require(refused == a->refused && total == a->total && total <= limits.total_size, "the sums");
	for (unsigned release = 0; release < 20; release += 9) {
		require(!archive_select(a, release, release, arena, &seen, &n), "no memory");
		for (uint32_t i = 0; i < n; i++)
			require(!a->entries[seen[i]].reason, "an entry that is refused is seen");
	}
}

void opened_check(const uint8_t *data, size_t size)
{
	struct archive_inflater *inflater = archive_inflater_new();
	struct keel_arena arena;
	struct archive a;

	keel_arena_init(&arena, 0);
	if (!archive_open(data, size, &limits, &arena, &a)) {
		check_entries(&a, inflater, &arena);
		if (a.kind != ARCHIVE_JIMAGE) {
			check_overlaps(&a);
			check_copy(&a, inflater, &arena);
		}
	}
	keel_arena_free(&arena);
	archive_inflater_free(&inflater);
}
