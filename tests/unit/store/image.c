/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/store/image.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/store/segment.h"

#define SALT_AT 40 /* in the header page */

static void load(struct image *im, const char *path)
{
	FILE *from = fopen(path, "r");

	memset(im, 0, sizeof(*im));
	snprintf(im->path, sizeof(im->path), "%s", path);
	ck_assert_ptr_nonnull(from);
	fseek(from, 0, SEEK_END);
	im->n = (size_t)ftell(from);
	rewind(from);
	im->data = malloc(im->n + 1);
	ck_assert_uint_eq(fread(im->data, 1, im->n, from), im->n);
	fclose(from);
	if (im->n < SEGMENT_HEADER)
		return; /* the next segment, its making cut short */
	memcpy(&im->salt, im->data + SALT_AT, sizeof(im->salt));
	im->sealed = im->n >= SEGMENT_HEADER + FOOTER_TRAILER &&
		     !footer_trailer_decode(im->data + im->n - FOOTER_TRAILER, im->salt, im->n, &im->trailer);
}

size_t image_load(const struct fixture *f, struct image *out, size_t max)
{
	char pattern[128];
	glob_t found;
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s/log/*.seg", f->path);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	n = 0;
	ck_assert_uint_le(found.gl_pathc, max);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		load(&out[n], found.gl_pathv[i]);
		if (out[n].n < SEGMENT_HEADER)
			free(out[n].data);
		else
			n++;
	}
	globfree(&found);
	return n;
}

void image_free(struct image *images, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(images[i].data);
}

void image_store(const struct image *im)
{
	FILE *to = fopen(im->path, "w");

	ck_assert(to && fwrite(im->data, 1, im->n, to) == im->n && !fclose(to));
}

size_t image_find(const struct image *im, const char *text)
{
	const uint8_t *at = memmem(im->data, im->n, text, strlen(text));

	ck_assert_msg(at != NULL, "%s holds no %s", im->path, text);
	return (size_t)(at - im->data);
}

size_t image_count(const struct image *images, size_t n, uint8_t type)
{
	size_t count = 0;

	for (const struct image *im = images; im < images + n; im++)
		for (size_t at = SEGMENT_HEADER; at + RECORD_HEADER <= im->n; at += 8) {
			struct record record;

			count += !record_decode(im->data + at, im->salt, &record) && record.type == type;
		}
	return count;
}

size_t image_record_at(const struct image *im, size_t at, struct record *record)
{
	for (size_t i = SEGMENT_HEADER; i + RECORD_HEADER <= im->n; i += 8)
		if (!record_decode(im->data + i, im->salt, record) && at < i + record_space(record->length)) {
			ck_assert_uint_ge(at, i);
			return i;
		}
	ck_abort_msg("no record there");
}

void image_lose_index(const struct fixture *f)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/index/life", f->path);
	unlink(name);
}
