// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/archive/jar.h"

#include <errno.h>
#include <string.h>

#include "tools/lib/keel/sort.h"

#define META "META-INF/"
#define VERSIONS "META-INF/versions/"
#define NAME_OF(literal) (literal), sizeof(literal) - 1

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Names of a manifest, and names in META-INF, are of any case (ASCII). */
static bool same(const char *text, size_t len, const char *word, size_t word_len)
{
	if (len != word_len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(text[i]) != lower(word[i]))
			return false;
	return true;
}

static bool begins(const char *text, size_t len, const char *word, size_t word_len)
{
	return len >= word_len && !memcmp(text, word, word_len);
}

/* ---- manifest ------------------------------------------------------------------------------------------------------------------------ */

struct lines {
	const char *at, *end;
};

/* The next physical line without its end; false behind the last. */
static bool next_line(struct lines *l, const char **line, size_t *len)
{
	const char *at = l->at;

	if (at == l->end)
		return false;
	while (at < l->end && *at != '\n' && *at != '\r')
		at++;
	*line = l->at;
	*len = (size_t)(at - l->at);
	if (at < l->end && *at == '\r' && l->end - at > 1 && at[1] == '\n')
		at++;
	l->at = at < l->end ? at + 1 : at;
	return true;
}

/* The next line with what continues it, put together at 'room', which has as many octets as the manifest. */
static bool next_attribute(struct lines *l, char *room, size_t *len)
{
	const char *line;
	size_t n;

	if (!next_line(l, &line, len))
		return false;
	memcpy(room, line, *len);
	while (*len && l->at < l->end && *l->at == ' ') {
		if (!next_line(l, &line, &n))
			break;
		memcpy(room + *len, line + 1, n - 1);
		*len += n - 1;
	}
	return true;
}

static const char *keep(struct keel_arena *arena, const char *value, size_t len, bool *failed)
{
	char *text = keel_arena_take(arena, len + 1);

	if (!text) {
		*failed = true;
		return NULL;
	}
	memcpy(text, value, len);
	text[len] = '\0';
	return text;
}

#define ENDS(name, len, literal) \
	((len) > sizeof(literal) - 1 && \
	 same((name) + (len) - (sizeof(literal) - 1), sizeof(literal) - 1, NAME_OF(literal)))

int archive_manifest_parse(const uint8_t *octets, size_t len, struct keel_arena *arena, struct archive_manifest *out)
{
	struct lines l = { (const char *)octets, (const char *)octets + len };
	struct archive_manifest m = { 0 };
	char *room = keel_arena_take(arena, len);
	bool main_section = true, failed = !room;
	size_t n;

	while (!failed && next_attribute(&l, room, &n)) {
		const char *colon = memchr(room, ':', n);
		const size_t name = colon ? (size_t)(colon - room) : 0;
		const char *value;
		size_t value_len;

		if (!n)
			main_section = false;
		if (!colon || n < name + 2 || colon[1] != ' ')
			continue;
		value = colon + 2;
		value_len = n - name - 2;
		if (!main_section) {
			m.entries_sealed |= same(room, name, NAME_OF("Sealed"));
			m.digests |= ENDS(room, name, "-Digest");
		} else if (same(room, name, NAME_OF("Class-Path"))) {
			m.class_path = keep(arena, value, value_len, &failed);
		} else if (same(room, name, NAME_OF("Main-Class"))) {
			m.main_class = keep(arena, value, value_len, &failed);
		} else if (same(room, name, NAME_OF("Automatic-Module-Name"))) {
			m.automatic_module = keep(arena, value, value_len, &failed);
		} else if (same(room, name, NAME_OF("Multi-Release"))) {
			m.multi_release = same(value, value_len, NAME_OF("true"));
		} else if (same(room, name, NAME_OF("Sealed"))) {
			m.sealed = same(value, value_len, NAME_OF("true"));
		}
	}
	if (failed)
		return -ENOMEM;
	*out = m;
	return 0;
}

/* ---- entries ------------------------------------------------------------------------------------------------------------------------- */

/* Takes META-INF/versions/N/ off the name, N from 9 on and without a leading zero. */
static void strip_version(struct archive_part *part)
{
	const char *at = part->name + sizeof(VERSIONS) - 1, *end = part->name + part->name_len;
	unsigned release = 0;

	if (!begins(part->name, part->name_len, NAME_OF(VERSIONS)) || at == end || *at == '0')
		return;
	while (at < end && *at >= '0' && *at <= '9' && release < 1000)
		release = release * 10 + (unsigned)(*at++ - '0');
	if (at == end || *at != '/' || release < 9 || end - at < 2)
		return;
	part->release = (uint16_t)release;
	part->name = at + 1;
	part->name_len = (uint32_t)(end - at - 1);
}

static enum archive_role role_in_meta(const char *name, size_t len)
{
	if (memchr(name, '/', len))
		return ARCHIVE_ROLE_RESOURCE;
	if (same(name, len, NAME_OF("MANIFEST.MF")))
		return ARCHIVE_ROLE_MANIFEST;
	if (same(name, len, NAME_OF("INDEX.LIST")))
		return ARCHIVE_ROLE_INDEX;
	if (ENDS(name, len, ".SF") || ENDS(name, len, ".RSA") || ENDS(name, len, ".DSA") || ENDS(name, len, ".EC") ||
	    (len > 4 && same(name, 4, NAME_OF("SIG-"))))
		return ARCHIVE_ROLE_SIGNATURE;
	return ARCHIVE_ROLE_RESOURCE;
}

/* Takes what stands before the packages off the name. False: it is not among the classes. */
static bool strip_root(const struct archive *a, struct archive_part *part)
{
	const char *slash;

	if (a->kind == ARCHIVE_ZIP)
		return true;
	slash = part->name_len > 1 ? memchr(part->name + 1, '/', part->name_len - 1) : NULL;
	if (!slash || (a->kind == ARCHIVE_JMOD && !begins(part->name, part->name_len, NAME_OF("classes/"))))
		return false;
	part->name_len -= (uint32_t)(slash + 1 - part->name);
	part->name = slash + 1;
	return true;
}

void archive_part(const struct archive *a, const struct archive_entry *e, struct archive_part *out)
{
	struct archive_part part = { .name = e->name, .name_len = e->name_len };
	const size_t meta = sizeof(META) - 1;

	if (archive_entry_is_folder(e))
		part.role = ARCHIVE_ROLE_FOLDER;
	if (strip_root(a, &part) && !part.role) {
		if (a->kind == ARCHIVE_ZIP)
			strip_version(&part);
		if (part.name_len >= meta && same(part.name, meta, META, meta))
			part.role = (uint8_t)role_in_meta(part.name + meta, part.name_len - meta);
		else if (part.name_len > 6 && !memcmp(part.name + part.name_len - 6, ".class", 6))
			part.role = ARCHIVE_ROLE_CLASS;
	}
	*out = part;
}

/* ---- what a loader sees -------------------------------------------------------------------------------------------------------------- */

struct candidate {
	struct archive_part part;
	uint32_t entry;
};

/* By name; of one name the highest release first; then as in the archive */
static int order(const void *one, const void *two)
{
	const struct candidate *a = one, *b = two;
	const uint32_t common = a->part.name_len < b->part.name_len ? a->part.name_len : b->part.name_len;
	const int names = memcmp(a->part.name, b->part.name, common);

	if (names)
		return names;
	if (a->part.name_len != b->part.name_len)
		return a->part.name_len < b->part.name_len ? -1 : 1;
	if (a->part.release != b->part.release)
		return a->part.release > b->part.release ? -1 : 1;
	return a->entry < b->entry ? -1 : 1;
}

int archive_select(const struct archive *a, bool multi_release, unsigned release, struct keel_arena *arena,
		   uint32_t **out, uint32_t *out_n)
{
	uint32_t *selected = keel_arena_take(arena, a->n * sizeof(*selected)), n = 0, kept = 0;
	struct keel_arena_mark mark = keel_arena_mark(arena);
	struct candidate *c = selected ? keel_arena_take(arena, a->n * sizeof(*c)) : NULL;

	if (!c)
		return -ENOMEM;
	for (uint32_t i = 0; i < a->n; i++) {
		archive_part(a, &a->entries[i], &c[n].part);
		c[n].entry = i;
		if (!a->entries[i].reason && (!c[n].part.release || (multi_release && c[n].part.release <= release)))
			n++;
	}
	keel_sort(c, n, sizeof(*c), order);
	for (uint32_t i = 0; i < n; i++) {
		const struct archive_part *before = i ? &c[i - 1].part : NULL, *part = &c[i].part;

		/* an image has one name in many modules */
		if (a->kind == ARCHIVE_JIMAGE || !before || before->name_len != part->name_len ||
		    memcmp(before->name, part->name, part->name_len))
			selected[kept++] = c[i].entry;
	}
	keel_arena_rewind(arena, mark);
	*out = selected;
	*out_n = kept;
	return 0;
}
