// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The central directory of a zip. Several readers of one file must not see different archives: the end record is the one whose comment
 * ends with the file, and every local header must say what the directory says.
 */
#include <string.h>

#include "jvm-broker/archive/directory.h"
#include "tools/lib/keel/cursor.h"

#define END_SIGNATURE 0x06054b50
#define END_SIZE 22
#define END64_SIGNATURE 0x06064b50
#define END64_SIZE 56
#define LOCATOR_SIGNATURE 0x07064b50
#define LOCATOR_SIZE 20
#define CENTRAL_SIGNATURE 0x02014b50
#define CENTRAL_SIZE 46
#define LOCAL_SIGNATURE 0x04034b50
#define LOCAL_SIZE 30
#define COMMENT_MAX 65535
#define EXTRA_ZIP64 1

#define FLAG_ENCRYPTED 0x0001
#define FLAG_DESCRIPTOR 0x0008 /* sizes and checksum stand behind the content */
#define FLAG_STRONG 0x0040
#define FLAG_MASKED 0x2000 /* the local header is masked */

struct end {
	uint64_t entries, size, offset; /* of the central directory */
	uint64_t at;                    /* where the first end record is */
};

static uint32_t le32(const uint8_t *at)
{
	struct keel_cursor c;

	keel_cursor_init(&c, at, 4);
	return keel_cursor_le32(&c);
}

/* The last end record whose comment ends with the file; NULL if there is none. */
static const uint8_t *find_end(const struct directory *d, uint64_t start)
{
	const uint8_t *data = d->a.data;
	uint64_t at, least;

	if (d->a.size < start + END_SIZE)
		return NULL;
	at = d->a.size - END_SIZE;
	least = at - start > COMMENT_MAX ? at - COMMENT_MAX : start;
	for (;; at--) {
		if (data[at] == 'P' && le32(data + at) == END_SIGNATURE &&
		    (uint64_t)(data[at + 20] | data[at + 21] << 8) == d->a.size - at - END_SIZE)
			return data + at;
		if (at == least)
			return NULL;
	}
}

/* The zip64 end record, if the locator before the end record says that there is one */
static enum archive_reason read_end64(const struct directory *d, uint64_t start, struct end *end)
{
	struct keel_cursor c;
	uint64_t at, here;

	if (end->at - start < LOCATOR_SIZE || le32(d->a.data + end->at - LOCATOR_SIZE) != LOCATOR_SIGNATURE)
		return ARCHIVE_REASON_NONE;
	keel_cursor_init(&c, d->a.data + end->at - LOCATOR_SIZE + 4, LOCATOR_SIZE - 4);
	if (keel_cursor_le32(&c) != 0)
		return ARCHIVE_REASON_SPANNED;
	at = keel_cursor_le64(&c);
	if (keel_cursor_le32(&c) > 1)
		return ARCHIVE_REASON_SPANNED;
	/* it stands before its locator; the offset may be one from a start that is not the file's */
	if (end->at - start < LOCATOR_SIZE + END64_SIZE)
		return ARCHIVE_REASON_ZIP64;
	if (at > d->a.size - END64_SIZE || le32(d->a.data + at) != END64_SIGNATURE)
		at = end->at - LOCATOR_SIZE - END64_SIZE;
	keel_cursor_init(&c, d->a.data + at, END64_SIZE);
	if (at < start || keel_cursor_le32(&c) != END64_SIGNATURE)
		return ARCHIVE_REASON_ZIP64;
	/* the record is as long as it says, and its locator comes next */
	if (keel_cursor_le64(&c) != end->at - LOCATOR_SIZE - at - 12)
		return ARCHIVE_REASON_ZIP64;
	keel_cursor_skip(&c, 4);
	if (keel_cursor_le32(&c) || keel_cursor_le32(&c))
		return ARCHIVE_REASON_SPANNED;
	here = keel_cursor_le64(&c);
	end->entries = keel_cursor_le64(&c);
	if (here != end->entries)
		return ARCHIVE_REASON_SPANNED;
	end->size = keel_cursor_le64(&c);
	end->offset = keel_cursor_le64(&c);
	end->at = at;
	return ARCHIVE_REASON_NONE;
}

static enum archive_reason read_end(const struct directory *d, uint64_t start, struct end *end)
{
	const uint8_t *found = find_end(d, start);
	unsigned disk, disk_of_directory, here;
	struct keel_cursor c;

	if (!found)
		return ARCHIVE_REASON_NO_END;
	end->at = (uint64_t)(found - d->a.data);
	keel_cursor_init(&c, found + 4, END_SIZE - 4);
	disk = keel_cursor_le16(&c);
	disk_of_directory = keel_cursor_le16(&c);
	here = keel_cursor_le16(&c);
	end->entries = keel_cursor_le16(&c);
	end->size = keel_cursor_le32(&c);
	end->offset = keel_cursor_le32(&c);
	if (((disk || disk_of_directory) && disk != 0xffff) || here != end->entries)
		return ARCHIVE_REASON_SPANNED;
	if (end->entries == 0xffff || end->size == 0xffffffff || end->offset == 0xffffffff)
		return read_end64(d, start, end);
	return ARCHIVE_REASON_NONE;
}

/* Of an entry of the directory, all it says */
struct central {
	unsigned flags, name_len, extra_len, comment_len, disk;
	uint64_t local; /* where its local header is, counted from the archive's own start */
	const uint8_t *name, *extra;
};

/* Sizes and offset of 0xffffffff stand in the extra field, in this order. */
static bool read_extra64(struct central *f, struct archive_entry *e)
{
	struct keel_cursor extra, c;

	if (e->size != 0xffffffff && e->packed != 0xffffffff && f->local != 0xffffffff)
		return true;
	keel_cursor_init(&extra, f->extra, f->extra_len);
	while (keel_cursor_left(&extra) >= 4) {
		const unsigned id = keel_cursor_le16(&extra), n = keel_cursor_le16(&extra);
		const uint8_t *octets = keel_cursor_take(&extra, n);

		if (!octets)
			return false;
		if (id != EXTRA_ZIP64)
			continue;
		keel_cursor_init(&c, octets, n);
		if (e->size == 0xffffffff)
			e->size = keel_cursor_le64(&c);
		if (e->packed == 0xffffffff)
			e->packed = keel_cursor_le64(&c);
		if (f->local == 0xffffffff)
			f->local = keel_cursor_le64(&c);
		return keel_cursor_ok(&c);
	}
	return false;
}

static bool read_central(struct keel_cursor *c, struct central *f, struct archive_entry *e)
{
	if (keel_cursor_le32(c) != CENTRAL_SIGNATURE)
		return false;
	keel_cursor_skip(c, 4); /* versions */
	f->flags = keel_cursor_le16(c);
	e->method = keel_cursor_le16(c);
	e->time = keel_cursor_le16(c);
	e->date = keel_cursor_le16(c);
	e->crc = keel_cursor_le32(c);
	e->packed = keel_cursor_le32(c);
	e->size = keel_cursor_le32(c);
	f->name_len = keel_cursor_le16(c);
	f->extra_len = keel_cursor_le16(c);
	f->comment_len = keel_cursor_le16(c);
	f->disk = keel_cursor_le16(c);
	keel_cursor_skip(c, 6); /* attributes */
	f->local = keel_cursor_le32(c);
	f->name = keel_cursor_take(c, f->name_len);
	f->extra = keel_cursor_take(c, f->extra_len);
	keel_cursor_skip(c, f->comment_len);
	e->name = (const char *)f->name;
	e->name_len = f->name_len;
	return keel_cursor_ok(c);
}

/* The local header must agree; then the content's place is known. */
static enum archive_reason read_local(const struct directory *d, const struct central *f, struct archive_entry *e)
{
	unsigned flags, method, name_len, extra_len;
	uint32_t crc, packed, size;
	const uint8_t *name;
	struct keel_cursor c;

	if (e->at > d->a.size)
		return ARCHIVE_REASON_LOCAL;
	keel_cursor_init(&c, d->a.data + e->at, d->a.size - e->at);
	if (keel_cursor_le32(&c) != LOCAL_SIGNATURE)
		return ARCHIVE_REASON_LOCAL;
	keel_cursor_skip(&c, 2);
	flags = keel_cursor_le16(&c);
	method = keel_cursor_le16(&c);
	keel_cursor_skip(&c, 4);
	crc = keel_cursor_le32(&c);
	packed = keel_cursor_le32(&c);
	size = keel_cursor_le32(&c);
	name_len = keel_cursor_le16(&c);
	extra_len = keel_cursor_le16(&c);
	name = keel_cursor_take(&c, name_len);
	keel_cursor_skip(&c, extra_len);
	if (!keel_cursor_ok(&c) || method != e->method || name_len != f->name_len || memcmp(name, f->name, name_len) ||
	    (flags ^ f->flags) & (FLAG_ENCRYPTED | FLAG_STRONG))
		return ARCHIVE_REASON_LOCAL;
	/* with a descriptor the header may leave them out, but not lie; 0xffffffff refers to the extra field */
	if (!(flags & FLAG_DESCRIPTOR && !crc && !packed && !size) &&
	    (crc != e->crc || (packed != (uint32_t)e->packed && packed != 0xffffffff) ||
	     (size != (uint32_t)e->size && size != 0xffffffff)) &&
	    !(flags & FLAG_DESCRIPTOR && crc == 0 && packed == 0xffffffff && size == 0xffffffff))
		return ARCHIVE_REASON_LOCAL;
	e->at += LOCAL_SIZE + name_len + extra_len;
	return ARCHIVE_REASON_NONE;
}

static bool content_is_behind(const struct archive_entry *entries, uint32_t a, uint32_t b)
{
	return entries[a].at > entries[b].at;
}

/* Entries that share octets: of two the one that begins later, and what reaches into the directory. Empty ones have none to share,
 * but their headers are not looked at here: only read_local has checked them. */
static enum archive_reason find_overlaps(struct directory *d, uint64_t directory)
{
	struct keel_arena_mark mark = keel_arena_mark(d->arena);
	const uint32_t *order = directory_order(d, content_is_behind);
	uint64_t reached = 0;

	if (!order)
		return ARCHIVE_REASON_MEMORY;
	for (uint32_t i = 0; i < d->a.n; i++) {
		struct archive_entry *e = &d->entries[order[i]];
		const uint64_t header = LOCAL_SIZE + (uint64_t)e->name_len;

		if (e->reason == ARCHIVE_REASON_LOCAL)
			continue;
		if (e->at < header || e->at - header < reached || e->at > directory || e->packed > directory - e->at)
			directory_refuse(e, ARCHIVE_REASON_OVERLAP);
		else
			reached = e->at + e->packed;
	}
	keel_arena_rewind(d->arena, mark);
	return ARCHIVE_REASON_NONE;
}

enum archive_reason directory_zip(struct directory *d, uint64_t start)
{
	struct end end = { 0 };
	enum archive_reason reason = read_end(d, start, &end);
	uint64_t directory, base;
	struct keel_cursor c;

	if (reason)
		return reason;
	/* something may stand before the archive, which its offsets do not know of */
	if (end.size > end.at - start || end.offset > end.at - end.size || end.entries > end.size / CENTRAL_SIZE)
		return ARCHIVE_REASON_DIRECTORY;
	directory = end.at - end.size;
	base = directory - end.offset;
	reason = directory_room(d, end.entries);
	if (reason)
		return reason;
	keel_cursor_init(&c, d->a.data + directory, end.size);
	for (d->a.n = 0; d->a.n < end.entries; d->a.n++) {
		struct archive_entry *e = &d->entries[d->a.n];
		struct central f;

		if (!read_central(&c, &f, e))
			return ARCHIVE_REASON_DIRECTORY;
		if (f.disk && f.disk != 0xffff)
			return ARCHIVE_REASON_SPANNED;
		if (!read_extra64(&f, e))
			return ARCHIVE_REASON_ZIP64;
		if (f.flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED))
			directory_refuse(e, ARCHIVE_REASON_ENCRYPTED);
		if (f.local > d->a.size - base) {
			e->reason = ARCHIVE_REASON_LOCAL;
			continue;
		}
		e->at = base + f.local;
		reason = read_local(d, &f, e);
		if (reason)
			e->reason = (uint8_t)reason;
	}
	if (keel_cursor_left(&c))
		return ARCHIVE_REASON_DIRECTORY;
	return find_overlaps(d, directory);
}
