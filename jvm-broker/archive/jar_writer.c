// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/archive/jar_writer.h"

#include <errno.h>
#include <libdeflate.h>

#define LOCAL_SIGNATURE 0x04034b50
#define CENTRAL_SIGNATURE 0x02014b50
#define END_SIGNATURE 0x06054b50
#define END64_SIGNATURE 0x06064b50
#define LOCATOR_SIGNATURE 0x07064b50
#define END64_REST 44 /* octets of the record after its own length */
#define VERSION_DEFLATE 20
#define VERSION_ZIP64 45
#define FLAG_UTF8 0x0800
#define NAME_MAX 65535
#define FULL32 0xffffffff
#define FULL16 0xffff

struct archive_deflater *archive_deflater_new(int level)
{
	return (struct archive_deflater *)libdeflate_alloc_compressor(level);
}

void archive_deflater_free(struct archive_deflater **deflater)
{
	libdeflate_free_compressor((struct libdeflate_compressor *)*deflater);
	*deflater = NULL;
}

void archive_writer_init(struct archive_writer *w, struct keel_buffer *out, bool jmod)
{
	*w = (struct archive_writer){ .out = out };
	keel_buffer_init(&w->directory, 0);
	if (jmod) /* which its offsets do not know of */
		w->failed = keel_buffer_append(out, "JM\1\0", 4);
}

void archive_writer_free(struct archive_writer *w)
{
	keel_buffer_free(&w->directory);
}

static bool is_ascii(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)name[i] >= 0x80)
			return false;
	return true;
}

static uint32_t capped(uint64_t v)
{
	return v < FULL32 ? (uint32_t)v : FULL32;
}

/* Flags to the lengths of the name and the extra field: the same in both headers */
static void put_common(struct keel_buffer *b, const struct archive_entry *e, bool big)
{
	keel_buffer_le16(b, is_ascii(e->name, e->name_len) ? 0 : FLAG_UTF8);
	keel_buffer_le16(b, e->method);
	keel_buffer_le16(b, e->time);
	keel_buffer_le16(b, e->date);
	keel_buffer_le32(b, e->crc);
	keel_buffer_le32(b, big ? FULL32 : (uint32_t)e->packed);
	keel_buffer_le32(b, big ? FULL32 : (uint32_t)e->size);
	keel_buffer_le16(b, (uint16_t)e->name_len);
}

static void put_local(struct keel_buffer *b, const struct archive_entry *e, bool big)
{
	keel_buffer_le32(b, LOCAL_SIGNATURE);
	keel_buffer_le16(b, big ? VERSION_ZIP64 : VERSION_DEFLATE);
	put_common(b, e, big);
	keel_buffer_le16(b, big ? 20 : 0);
	keel_buffer_append(b, e->name, e->name_len);
	if (big) {
		keel_buffer_le16(b, 1);
		keel_buffer_le16(b, 16);
		keel_buffer_le64(b, e->size);
		keel_buffer_le64(b, e->packed);
	}
}

static void put_central(struct keel_buffer *b, const struct archive_entry *e, bool big, uint64_t offset)
{
	const bool far = offset >= FULL32;
	const unsigned extra = (big ? 16u : 0) + (far ? 8u : 0);

	keel_buffer_le32(b, CENTRAL_SIGNATURE);
	keel_buffer_le16(b, extra ? VERSION_ZIP64 : VERSION_DEFLATE);
	keel_buffer_le16(b, extra ? VERSION_ZIP64 : VERSION_DEFLATE);
	put_common(b, e, big);
	keel_buffer_le16(b, (uint16_t)(extra ? extra + 4 : 0));
	keel_buffer_le16(b, 0); /* comment */
	keel_buffer_le16(b, 0); /* disk */
	keel_buffer_le16(b, 0); /* attributes */
	keel_buffer_le32(b, 0);
	keel_buffer_le32(b, capped(offset));
	keel_buffer_append(b, e->name, e->name_len);
	if (!extra)
		return;
	keel_buffer_le16(b, 1);
	keel_buffer_le16(b, (uint16_t)extra);
	if (big) {
		keel_buffer_le64(b, e->size);
		keel_buffer_le64(b, e->packed);
	}
	if (far)
		keel_buffer_le64(b, offset);
}

static int put_entry(struct archive_writer *w, const struct archive_entry *e, const void *packed)
{
	const bool big = e->size >= FULL32 || e->packed >= FULL32;
	const size_t before = w->out->len;

	if (w->failed)
		return w->failed;
	put_local(w->out, e, big);
	keel_buffer_append(w->out, packed, e->packed);
	put_central(&w->directory, e, big, w->offset);
	w->failed = w->out->failed ? w->out->failed : w->directory.failed;
	w->offset += w->out->len - before;
	w->entries++;
	return w->failed;
}

/* Deflates into fresh memory at the end of out, behind the room for the header. True: that made it smaller. */
static bool deflate(struct archive_deflater *deflater, const void *content, size_t size, struct keel_buffer *packed)
{
	size_t n;

	if (size < 2 || keel_buffer_reserve(packed, size))
		return false;
	n = libdeflate_deflate_compress((struct libdeflate_compressor *)deflater, content, size, packed->data,
					size - 1);
	packed->len = n;
	return n > 0;
}

int archive_writer_add(struct archive_writer *w, const char *name, size_t name_len, const void *content, size_t size,
		       struct archive_deflater *deflater)
{
	struct archive_entry e = {
		.name = name, .name_len = (uint32_t)name_len, .packed = size, .size = size, .date = ARCHIVE_DATE
	};
	struct keel_buffer packed;
	int ret;

	if (name_len > NAME_MAX)
		return -EMSGSIZE;
	keel_buffer_init(&packed, 0);
	e.crc = archive_crc(content, size);
	if (deflater && deflate(deflater, content, size, &packed)) {
		e.method = ARCHIVE_DEFLATED;
		e.packed = packed.len;
	}
	ret = packed.failed ? packed.failed : put_entry(w, &e, e.method ? packed.data : content);
	keel_buffer_free(&packed);
	return ret;
}

int archive_writer_copy(struct archive_writer *w, const struct archive *from, const struct archive_entry *e)
{
	if (e->reason || from->kind == ARCHIVE_JIMAGE)
		return -EINVAL;
	return put_entry(w, e, from->data + e->at);
}

int archive_writer_end(struct archive_writer *w)
{
	const uint64_t directory = w->offset, size = w->directory.len, end = directory + size;
	const bool big = w->entries >= FULL16 || directory >= FULL32 || size >= FULL32;
	struct keel_buffer *b = w->out;

	if (w->failed)
		return w->failed;
	keel_buffer_append(b, w->directory.data, size);
	if (big) {
		keel_buffer_le32(b, END64_SIGNATURE);
		keel_buffer_le64(b, END64_REST);
		keel_buffer_le16(b, VERSION_ZIP64);
		keel_buffer_le16(b, VERSION_ZIP64);
		keel_buffer_le32(b, 0);
		keel_buffer_le32(b, 0);
		keel_buffer_le64(b, w->entries);
		keel_buffer_le64(b, w->entries);
		keel_buffer_le64(b, size);
		keel_buffer_le64(b, directory);
		keel_buffer_le32(b, LOCATOR_SIGNATURE);
		keel_buffer_le32(b, 0);
		keel_buffer_le64(b, end);
		keel_buffer_le32(b, 1);
	}
	keel_buffer_le32(b, END_SIGNATURE);
	keel_buffer_le32(b, 0);
	keel_buffer_le16(b, (uint16_t)(w->entries < FULL16 ? w->entries : FULL16));
	keel_buffer_le16(b, (uint16_t)(w->entries < FULL16 ? w->entries : FULL16));
	keel_buffer_le32(b, capped(size));
	keel_buffer_le32(b, capped(directory));
	keel_buffer_le16(b, 0);
	w->failed = b->failed;
	return w->failed;
}
