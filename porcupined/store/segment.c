/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "porcupined/store/crc32c.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/cursor.h"
#include "tools/lib/keel/log.h"

#define OPEN_MAX_IDLE 512 /* fds kept of segments nobody reads */

static void segment_name(char out[32], uint64_t id, bool tmp)
{
	snprintf(out, 32, "%016" PRIx64 ".%s", id, tmp ? "tmp" : "seg");
}

/* ---- header ------------------------------------------------------------------------------------- */

static int header_write(const struct segment *s, const struct store_id *uuid)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer b;
	uint32_t crc;

	keel_buffer_init(&b, SEGMENT_HEADER);
	keel_buffer_append(&b, SEGMENT_MAGIC, 8);
	keel_buffer_le32(&b, 0); /* CRC of the rest */
	keel_buffer_le32(&b, 1); /* version */
	keel_buffer_append(&b, uuid->octet, 16);
	keel_buffer_le64(&b, s->id);
	keel_buffer_le64(&b, s->salt);
	keel_buffer_le64(&b, s->void_first);
	keel_buffer_le64(&b, s->void_last);
	while (!b.failed && b.len < SEGMENT_HEADER)
		keel_buffer_putc(&b, 0);
	if (b.failed)
		return b.failed;
	crc = crc32c(0, b.data + 12, SEGMENT_HEADER - 12);
	memcpy(b.data + 8, &crc, 4);
	if (pwrite(s->fd, b.data, SEGMENT_HEADER, 0) != SEGMENT_HEADER)
		return errno ? -errno : -EIO;
	return 0;
}

static int header_read(struct segment *s, const struct store_id *uuid)
{
	uint8_t page[SEGMENT_HEADER];
	struct keel_cursor c;
	const uint8_t *magic, *their;
	uint32_t crc, version;
	ssize_t got = pread(s->fd, page, sizeof(page), 0);

	if (got < 0)
		return -errno;
	keel_cursor_init(&c, page, (size_t)got);
	magic = keel_cursor_take(&c, 8);
	crc = keel_cursor_le32(&c);
	version = keel_cursor_le32(&c);
	their = keel_cursor_take(&c, 16);
	if (got != sizeof(page) || memcmp(magic, SEGMENT_MAGIC, 8) || crc != crc32c(0, page + 12, sizeof(page) - 12) ||
	    version != 1 || memcmp(their, uuid->octet, 16))
		return -EBADMSG;
	if (keel_cursor_le64(&c) != s->id)
		return -EBADMSG;
	s->salt = keel_cursor_le64(&c);
	s->void_first = keel_cursor_le64(&c);
	s->void_last = keel_cursor_le64(&c);
	return 0;
}

/* ---- the table ---------------------------------------------------------------------------------- */

/* Index of the first row with that id or a greater one. */
static size_t table_place(const struct segment_table *t, uint64_t id)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->rows[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct segment *table_find(const struct segment_table *t, uint64_t id)
{
	size_t i = table_place(t, id);

	return i < t->n && t->rows[i]->id == id ? t->rows[i] : NULL;
}

static int table_insert(struct segment_table *t, struct segment *s)
{
	size_t i = table_place(t, s->id);

	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		struct segment **rows = reallocarray(t->rows, cap, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		t->rows = rows;
		t->cap = cap;
	}
	memmove(t->rows + i + 1, t->rows + i, (t->n - i) * sizeof(*t->rows));
	t->rows[i] = s;
	t->n++;
	return 0;
}

static int segment_reopen(struct segment_table *t, struct segment *s)
{
	char name[32];

	segment_name(name, s->id, false);
	s->fd = openat(t->dir, name, O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	t->open++;
	return 0;
}

static void segment_close(struct segment_table *t, struct segment *s)
{
	if (s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
		t->open--;
	}
}

/* True if every octet is zero: its creation was cut short, nothing was ever written to it. */
static bool file_is_blank(struct segment_table *t, const struct segment *s)
{
	static const uint8_t zeros[65536];
	uint8_t got[sizeof(zeros)];

	for (uint64_t at = 0; at < s->size; at += sizeof(got)) {
		size_t n = s->size - at < sizeof(got) ? s->size - at : sizeof(got);

		if (segment_read(t, s, at, got, n) || memcmp(got, zeros, n))
			return false;
	}
	return true;
}

/* Reads one file into a row. */
static int table_load(struct segment_table *t, uint64_t id, struct keel_buffer *error)
{
	struct segment *s = calloc(1, sizeof(*s));
	uint8_t trailer[FOOTER_TRAILER];
	struct stat st;
	int r;

	if (!s)
		return -ENOMEM;
	s->id = id;
	s->fd = -1;
	r = segment_reopen(t, s);
	if (!r && fstat(s->fd, &st))
		r = -errno;
	if (!r) {
		s->size = (uint64_t)st.st_size;
		t->octets_read += SEGMENT_HEADER;
		r = header_read(s, &t->uuid);
	}
	if (r == -EBADMSG && file_is_blank(t, s)) {
		char name[32];

		segment_name(name, id, false);
		segment_close(t, s);
		free(s);
		return unlinkat(t->dir, name, 0) ? -errno : 0;
	}
	if (r) {
		keel_buffer_printf(
			error, "%s/%016" PRIx64 ".seg: %s", t->path, id,
			r == -EBADMSG
				? "its header is damaged or of another store; to start without its mail, move the "
				  "file to quarantine/"
				: strerror(-r));
		segment_close(t, s);
		free(s);
		return r;
	}
	if (s->size >= SEGMENT_HEADER + FOOTER_TRAILER &&
	    !segment_read(t, s, s->size - FOOTER_TRAILER, trailer, sizeof(trailer)) &&
	    !footer_trailer_decode(trailer, s->salt, s->size, &s->trailer) && s->trailer.segment == id)
		s->sealed = true;
	r = table_insert(t, s);
	if (r) {
		segment_close(t, s);
		free(s);
		return r;
	}
	if (id >= t->next_id)
		t->next_id = id + 1;
	if (t->open > OPEN_MAX_IDLE)
		segment_close(t, s);
	return 0;
}

/* Is there an older segment with LSNs in the range of s? What s replaced is such a one. */
static bool has_elder(const struct segment_table *t, const struct segment *s)
{
	for (size_t i = 0; i < t->n && t->rows[i]->id < s->id; i++) {
		const struct footer_trailer *elder = &t->rows[i]->trailer;

		if (!t->rows[i]->sealed ||
		    (elder->min_lsn <= s->trailer.max_lsn && s->trailer.min_lsn <= elder->max_lsn))
			return true;
	}
	return false;
}

/* A crash may have come between a compaction's publication and the end of what it replaced. */
static int table_drop_replaced(struct segment_table *t)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer ids;
	struct keel_cursor c;
	bool dropped = false;

	keel_buffer_init(&ids, 0);
	for (size_t i = 0; i < t->n; i++) {
		struct segment *s = t->rows[i];
		int r;

		if (!s->sealed || !s->trailer.part[FOOTER_REPLACED].length)
			continue;
		if (s->fd < 0 && (r = segment_reopen(t, s)))
			return r;
		r = segment_load(t, s, FOOTER_REPLACED, &ids);
		if (r == -EBADMSG && !has_elder(t, s)) {
			keel_log(KEEL_LOG_ERROR,
				 "store: list of replaced segments is damaged; none that it could name is left",
				 "segment", KEEL_N(s->id), NULL);
			s->damaged = true;
			r = 0;
		}
		if (r)
			return r;
	}
	/* The new name must be durable before the old ones go: its maker may have been killed in between. */
	if (ids.len && fsync(t->dir))
		return -errno;
	for (keel_cursor_init(&c, ids.data, ids.len); keel_cursor_left(&c) >= 8;) {
		uint64_t id = keel_cursor_le64(&c);

		if (table_find(t, id)) {
			int r = segment_retire(t, id);

			if (r)
				return r;
			dropped = true;
		}
	}
	if (dropped && fsync(t->dir))
		return -errno;
	return 0;
}

int segment_table_open(struct segment_table *t, const char *path, const struct store_id *uuid, bool create,
		       struct keel_buffer *error)
{
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	memset(t, 0, sizeof(*t));
	t->dir = -1;
	t->uuid = *uuid;
	t->next_id = 1;
	pthread_mutex_init(&t->lock, NULL);
	if (create && mkdir(path, 0700) && errno != EEXIST) {
		r = -errno;
		keel_buffer_printf(error, "%s: %s", path, strerror(-r));
		return r;
	}
	t->path = strdup(path);
	t->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = opendir(path);
	if (!t->path || t->dir < 0 || !dir) {
		r = -errno;
		keel_buffer_printf(error, "%s: %s", path, strerror(-r));
		if (dir)
			closedir(dir);
		segment_table_close(t);
		return r;
	}
	while (!r && (entry = readdir(dir))) {
		unsigned long long id;
		char *end;

		id = strtoull(entry->d_name, &end, 16);
		if (end != entry->d_name + 16)
			continue;
		if (!strcmp(end, ".tmp"))
			unlinkat(t->dir, entry->d_name, 0);
		else if (!strcmp(end, ".seg"))
			r = table_load(t, id, error);
	}
	closedir(dir);
	if (!r) {
		r = table_drop_replaced(t);
		if (r)
			keel_buffer_printf(error, "%s: replaced segments: %s", path, strerror(-r));
	}
	if (r)
		segment_table_close(t);
	return r;
}

void segment_table_close(struct segment_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		segment_close(t, t->rows[i]);
		free(t->rows[i]);
	}
	free(t->rows);
	t->rows = NULL;
	t->n = t->cap = 0;
	free(keel_take(t->path));
	keel_close_at(&t->dir);
	t->dir = -1;
}

int segment_create(struct segment_table *t, uint64_t size, uint64_t void_first, uint64_t void_last, bool tmp,
		   struct segment **out)
{
	struct segment *s = calloc(1, sizeof(*s));
	char name[32];
	int r;

	if (!s)
		return -ENOMEM;
	pthread_mutex_lock(&t->lock);
	s->id = t->next_id++;
	pthread_mutex_unlock(&t->lock);
	s->void_first = void_first;
	s->void_last = void_last;
	s->size = size;
	s->pins = 1;
	if (getrandom(&s->salt, sizeof(s->salt), 0) != sizeof(s->salt)) {
		free(s);
		return -EIO;
	}
	segment_name(name, s->id, tmp);
	s->fd = openat(t->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0) {
		r = -errno;
		free(s);
		return r;
	}
	r = size ? -posix_fallocate(s->fd, 0, (off_t)size) : 0;
	if (!r)
		r = header_write(s, &t->uuid);
	if (!r && !tmp && (fdatasync(s->fd) || fsync(t->dir)))
		r = -errno;
	if (!r) {
		pthread_mutex_lock(&t->lock);
		r = table_insert(t, s);
		if (!r)
			t->open++;
		pthread_mutex_unlock(&t->lock);
	}
	if (r) {
		close(s->fd);
		unlinkat(t->dir, name, 0);
		free(s);
		return r;
	}
	*out = s;
	return 0;
}

int segment_publish(struct segment_table *t, struct segment *s)
{
	char from[32], to[32];

	segment_name(from, s->id, true);
	segment_name(to, s->id, false);
	if (renameat(t->dir, from, t->dir, to) || fsync(t->dir))
		return -errno;
	return 0;
}

struct segment *segment_pin(struct segment_table *t, uint64_t id)
{
	struct segment *s;
	int r = 0;

	pthread_mutex_lock(&t->lock);
	s = table_find(t, id);
	if (!s)
		r = -ENOENT;
	else if (s->fd < 0)
		r = segment_reopen(t, s);
	if (!r)
		s->pins++;
	pthread_mutex_unlock(&t->lock);
	errno = -r;
	return r ? NULL : s;
}

void segment_unpin(struct segment_table *t, struct segment *s)
{
	pthread_mutex_lock(&t->lock);
	if (!--s->pins) {
		if (s->retired) {
			segment_close(t, s);
			free(s);
		} else if (t->open > OPEN_MAX_IDLE) {
			segment_close(t, s);
		}
	}
	pthread_mutex_unlock(&t->lock);
}

int segment_retire(struct segment_table *t, uint64_t id)
{
	struct segment *s;
	char name[32];
	int r = 0;

	pthread_mutex_lock(&t->lock);
	s = table_find(t, id);
	if (s) {
		size_t i = table_place(t, id);

		/* Readers keep the fd: the name can go at once. */
		segment_name(name, id, false);
		if (unlinkat(t->dir, name, 0)) {
			r = -errno;
			segment_name(name, id, true);
			if (r == -ENOENT)
				r = unlinkat(t->dir, name, 0) ? -errno : 0;
		}
		memmove(t->rows + i, t->rows + i + 1, (t->n - i - 1) * sizeof(*t->rows));
		t->n--;
		s->retired = true;
		if (!s->pins) {
			segment_close(t, s);
			free(s);
		}
	}
	pthread_mutex_unlock(&t->lock);
	return r;
}

int segment_read(struct segment_table *t, const struct segment *s, uint64_t offset, void *out, size_t n)
{
	uint8_t *at = out;

	__atomic_fetch_add(&t->octets_read, n, __ATOMIC_RELAXED);
	while (n) {
		ssize_t got = pread(s->fd, at, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		at += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int segment_write(const struct segment *s, const uint8_t *data, size_t n, uint64_t at)
{
	while (n) {
		ssize_t put = pwrite(s->fd, data, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		data += put;
		at += (uint64_t)put;
		n -= (size_t)put;
	}
	return 0;
}

int segment_seal(struct segment_table *t, struct segment *s, struct footer_draft *draft)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer out;
	uint64_t at = draft->trailer.data_end, end;
	int r;

	keel_buffer_init(&out, 0);
	r = footer_render(draft, s->salt, at, &out);
	if (r)
		return r;
	end = at + out.len;
	/* The trailer vouches for all before it, records included: it must not reach the disk first. */
	r = segment_write(s, out.data, out.len - FOOTER_TRAILER, at);
	if (!r && (ftruncate(s->fd, (off_t)end) || fdatasync(s->fd)))
		r = -errno;
	if (!r)
		r = segment_write(s, out.data + out.len - FOOTER_TRAILER, FOOTER_TRAILER, end - FOOTER_TRAILER);
	if (!r && fdatasync(s->fd))
		r = -errno;
	if (r)
		return r;
	pthread_mutex_lock(&t->lock);
	s->trailer = draft->trailer;
	s->size = end;
	s->sealed = true;
	pthread_mutex_unlock(&t->lock);
	return 0;
}

int segment_load(struct segment_table *t, const struct segment *s, enum footer_section part, struct keel_buffer *out)
{
	const struct footer_part *p = &s->trailer.part[part];
	int r = keel_buffer_reserve(out, p->length);

	if (!r && p->length)
		r = segment_read(t, s, p->offset, out->data + out->len, p->length);
	if (!r && p->length)
		r = footer_part_check(&s->trailer, part, out->data + out->len);
	if (!r)
		out->len += p->length;
	return r;
}

int segment_check(struct segment_table *t, const struct segment *s)
{
	struct segment again = { .id = s->id, .fd = s->fd };
	int r = header_read(&again, &t->uuid);

	__atomic_fetch_add(&t->octets_read, SEGMENT_HEADER, __ATOMIC_RELAXED);
	if (r)
		return r;
	return again.salt == s->salt && again.void_first == s->void_first && again.void_last == s->void_last ? 0
													     : -EBADMSG;
}

int segment_ids(struct segment_table *t, uint64_t **ids, size_t *n)
{
	uint64_t *got;

	pthread_mutex_lock(&t->lock);
	got = calloc(t->n + 1, sizeof(*got));
	if (got) {
		for (size_t i = 0; i < t->n; i++)
			got[i] = t->rows[i]->id;
		*n = t->n;
		*ids = got;
	}
	pthread_mutex_unlock(&t->lock);
	return got ? 0 : -ENOMEM;
}
