// SPDX-License-Identifier: GPL-2.0-or-later
/* The zip reader against archives that were written well and then damaged in one place */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/archive/archive.h"
#include "jvm-broker/archive/jar_writer.h"

/* While 'falling' is set, every piece of memory lies below the one before. */
static _Alignas(64) uint8_t room[1 << 20];
static size_t falling;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __real_free(void *piece);
void __wrap_free(void *piece);

void *__wrap_malloc(size_t size)
{
	if (!falling)
		return __real_malloc(size);
	falling -= 64 + ((size + 63) & ~(size_t)63);
	memcpy(room + falling, &size, sizeof(size));
	return room + falling + 64;
}

void __wrap_free(void *piece)
{
	size_t size;

	if ((uintptr_t)piece - (uintptr_t)room >= sizeof(room)) {
		__real_free(piece);
		return;
	}
	memcpy(&size, (uint8_t *)piece - 64, sizeof(size));
	memset(piece, 0xee, size);
}

static struct keel_arena arena;
static struct keel_buffer b;
static struct archive_inflater *inflater;
static struct archive_deflater *deflater;
static struct archive a;
static char text[5000]; /* that deflates well */

/* Where things are in the sample */
#define FIRST "first.txt" /* stored "stored text" at 0 */
#define SECOND "a/second" /* deflated */
#define LOCAL 30          /* octets of a local header before the name */
#define CENTRAL 46
#define END 22

static size_t central; /* of the first entry */
static size_t end;

static void sample(void)
{
	struct archive_writer w;

	keel_buffer_clear(&b);
	archive_writer_init(&w, &b, false);
	ck_assert_int_eq(archive_writer_add(&w, FIRST, strlen(FIRST), "stored text", 11, NULL), 0);
	ck_assert_int_eq(archive_writer_add(&w, SECOND, strlen(SECOND), text, sizeof(text), deflater), 0);
	ck_assert_int_eq(archive_writer_add(&w, "empty", 5, "", 0, deflater), 0);
	ck_assert_int_eq(archive_writer_end(&w), 0);
	archive_writer_free(&w);
	end = b.len - END;
	central = b.data[end + 16] | (size_t)b.data[end + 17] << 8;
}

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&b, 0);
	inflater = archive_inflater_new();
	deflater = archive_deflater_new(6);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcabd"[i % 6];
	sample();
}

static void teardown(void)
{
	keel_arena_free(&arena);
	keel_buffer_free(&b);
	archive_inflater_free(&inflater);
	archive_deflater_free(&deflater);
}

/* Opens n octets from memory that ends with them; the copy stays until the next. */
static enum archive_reason open_octets(const uint8_t *octets, size_t n)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(n ? n : 1);
	memcpy(copy, octets, n);
	return archive_open(copy, n, NULL, &arena, &a);
}

static enum archive_reason open_sample(void)
{
	return open_octets(b.data, b.len);
}

static enum archive_reason read_entry(const char *name, const uint8_t **content)
{
	const struct archive_entry *e = archive_find(&a, name, strlen(name));

	ck_assert_msg(e != NULL, "no %s", name);
	return archive_read(&a, e, inflater, &arena, content);
}

static void put32(size_t at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b.data[at + (size_t)i] = (uint8_t)(v >> 8 * i);
}

START_TEST(reads_what_was_written)
{
	const uint8_t *content;

	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.kind, ARCHIVE_ZIP);
	ck_assert_uint_eq(a.n, 3);
	ck_assert_uint_eq(a.refused, 0);
	ck_assert_uint_eq(a.total, 11 + sizeof(text));
	ck_assert_int_eq(read_entry(FIRST, &content), ARCHIVE_REASON_NONE);
	ck_assert_mem_eq(content, "stored text", 11);
	ck_assert_uint_eq(a.entries[1].method, ARCHIVE_DEFLATED);
	ck_assert_uint_lt(a.entries[1].packed, 200);
	ck_assert_int_eq(read_entry(SECOND, &content), ARCHIVE_REASON_NONE);
	ck_assert_mem_eq(content, text, sizeof(text));
	ck_assert_int_eq(read_entry("empty", &content), ARCHIVE_REASON_NONE);
	ck_assert_ptr_null(archive_find(&a, "none", 4));
	ck_assert_ptr_null(archive_find(&a, FIRST, 3));
	ck_assert_ptr_null(archive_find(&a, "zzz", 3));
}
END_TEST

START_TEST(every_prefix_is_refused)
{
	for (size_t n = 0; n < b.len; n++) {
		ck_assert_int_ne(open_octets(b.data, n), ARCHIVE_REASON_NONE);
		keel_arena_reset(&arena);
	}
}
END_TEST

START_TEST(any_octet_may_change)
{
	unsigned read = 0, refused = 0;
	const uint8_t *content;

	for (size_t i = 0; i < b.len; i++)
		for (int k = 0; k < 3; k++) {
			const uint8_t was = b.data[i];

			b.data[i] = (uint8_t)(k == 0 ? was + 1 : k == 1 ? 0xff : was ^ 0x80);
			if (!open_sample())
				for (uint32_t e = 0; e < a.n; e++) {
					if (archive_read(&a, &a.entries[e], inflater, &arena, &content))
						refused++;
					else
						read++;
				}
			b.data[i] = was;
			keel_arena_reset(&arena);
		}
	ck_assert_uint_ge(read, 500);
	ck_assert_uint_ge(refused, 200);
}
END_TEST

/* The reason that reading or opening gives after one change */
static void one_change(size_t at, uint8_t octet, const char *name, enum archive_reason wanted)
{
	const uint8_t was = b.data[at], *content;
	enum archive_reason reason;

	b.data[at] = octet;
	reason = open_sample();
	if (!reason)
		reason = read_entry(name, &content);
	ck_assert_msg(reason == wanted, "octet %zu: %s, not %s", at, archive_reason_counter(reason),
		      archive_reason_counter(wanted));
	b.data[at] = was;
}

START_TEST(headers_that_do_not_agree)
{
	const size_t local2 = LOCAL + strlen(FIRST) + 11, central2 = central + CENTRAL + strlen(FIRST);

	one_change(0, 'Q', FIRST, ARCHIVE_REASON_LOCAL);
	one_change(8, 8, FIRST, ARCHIVE_REASON_LOCAL);           /* method */
	one_change(14, 0, FIRST, ARCHIVE_REASON_LOCAL);          /* checksum */
	one_change(18, 12, FIRST, ARCHIVE_REASON_LOCAL);         /* packed */
	one_change(22, 10, FIRST, ARCHIVE_REASON_LOCAL);         /* size */
	one_change(26, 8, FIRST, ARCHIVE_REASON_LOCAL);          /* length of the name */
	one_change(LOCAL, 'F', FIRST, ARCHIVE_REASON_LOCAL);     /* name */
	one_change(6, 1, FIRST, ARCHIVE_REASON_LOCAL);           /* encrypted */
	one_change(central + 8, 1, FIRST, ARCHIVE_REASON_LOCAL); /* only the directory says so */
	b.data[6] = 1;
	one_change(central + 8, 1, FIRST, ARCHIVE_REASON_ENCRYPTED);
	b.data[6] = 0;
	one_change(central + 42, 1, FIRST, ARCHIVE_REASON_LOCAL);    /* offset */
	one_change(central + 45, 0x7f, FIRST, ARCHIVE_REASON_LOCAL); /* far outside */
	one_change(central, 'Q', FIRST, ARCHIVE_REASON_DIRECTORY);
	one_change(central + 34, 1, FIRST, ARCHIVE_REASON_SPANNED);
	one_change(end + 4, 1, FIRST, ARCHIVE_REASON_SPANNED);
	one_change(end + 8, 2, FIRST, ARCHIVE_REASON_SPANNED);
	one_change(end + 12, 0, FIRST, ARCHIVE_REASON_DIRECTORY);
	one_change(end + 17, 0x7f, FIRST, ARCHIVE_REASON_DIRECTORY);
	one_change(end + 20, 1, FIRST, ARCHIVE_REASON_NO_END);
	one_change(LOCAL + strlen(FIRST), 'S', FIRST, ARCHIVE_REASON_CRC);
	/* the deflated one: its content */
	one_change(local2 + LOCAL + strlen(SECOND), 0xff, SECOND, ARCHIVE_REASON_DEFLATE);
	/* both headers lie in the same way */
	b.data[local2 + 22] ^= 1;
	one_change(central2 + 24, b.data[central2 + 24] ^ 1, SECOND, ARCHIVE_REASON_LYING);
	b.data[local2 + 22] ^= 1;
	b.data[local2 + 24] = 0x10;
	one_change(central2 + 26, 0x10, SECOND, ARCHIVE_REASON_RATIO);
	b.data[local2 + 24] = 0;
	b.data[local2 + 8] = 9;
	one_change(central2 + 10, 9, SECOND, ARCHIVE_REASON_METHOD);
	b.data[local2 + 8] = 0;
	one_change(central2 + 10, 0, SECOND, ARCHIVE_REASON_LYING);
}
END_TEST

START_TEST(counts_that_do_not_agree)
{
	b.data[end + 8] = b.data[end + 10] = 2;
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_DIRECTORY);
	b.data[end + 8] = b.data[end + 10] = 4;
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_DIRECTORY);
	b.data[end + 8] = b.data[end + 10] = 200;
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_DIRECTORY);
}
END_TEST

START_TEST(a_prefix_and_a_comment)
{
	struct keel_buffer more;
	const uint8_t *content;

	keel_buffer_init(&more, 0);
	keel_buffer_puts(&more, "#!/bin/sh\nexec java -jar\n");
	keel_buffer_append(&more, b.data, b.len);
	more.data[more.len - 2] = 7;
	keel_buffer_puts(&more, "comment");
	ck_assert_int_eq(open_octets(more.data, more.len), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(read_entry(SECOND, &content), ARCHIVE_REASON_NONE);
	/* a comment that holds an end record is not one */
	keel_buffer_clear(&more);
	keel_buffer_append(&more, b.data, b.len);
	more.data[more.len - 2] = END;
	keel_buffer_append(&more, b.data + end, END);
	more.data[more.len - 2] = 1;
	ck_assert_int_eq(open_octets(more.data, more.len), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.n, 3);
	keel_buffer_free(&more);
}
END_TEST

START_TEST(names)
{
	static const struct {
		const char *name;
		size_t len;
		enum archive_reason reason;
	} rows[] = {
		{ "plain/name.class", 16, ARCHIVE_REASON_DUPLICATE },
		{ "fold\xc3\xa9/", 7, ARCHIVE_REASON_NONE },
		{ "..a/b..", 7, ARCHIVE_REASON_NONE },
		{ "/etc/passwd", 11, ARCHIVE_REASON_TRAVERSAL },
		{ "../up", 5, ARCHIVE_REASON_TRAVERSAL },
		{ "a/../b", 6, ARCHIVE_REASON_TRAVERSAL },
		{ "a/..", 4, ARCHIVE_REASON_TRAVERSAL },
		{ "./a", 3, ARCHIVE_REASON_TRAVERSAL },
		{ "a\\b", 3, ARCHIVE_REASON_TRAVERSAL },
		{ "C:a", 3, ARCHIVE_REASON_TRAVERSAL },
		{ "a\0b", 3, ARCHIVE_REASON_NAME },
		{ "a\xff", 2, ARCHIVE_REASON_NAME },
		{ "a\xc0\x80", 3, ARCHIVE_REASON_NAME },
		{ "a\xed\xa0\x80", 4, ARCHIVE_REASON_NAME },
		{ "a\xf0\x9f\x98\x80", 5, ARCHIVE_REASON_NONE },
		{ "", 0, ARCHIVE_REASON_NAME },
		{ "plain/name.class", 16, ARCHIVE_REASON_NONE },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct archive_writer w;
	const uint8_t *content;

	keel_buffer_clear(&b);
	archive_writer_init(&w, &b, false);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(archive_writer_add(&w, rows[i].name, rows[i].len, "x", 1, NULL), 0);
	ck_assert_int_eq(archive_writer_end(&w), 0);
	archive_writer_free(&w);
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.n, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(a.entries[i].reason == rows[i].reason, "row %zu: %s", i,
			      archive_reason_counter((enum archive_reason)a.entries[i].reason));
		ck_assert_int_eq(archive_read(&a, &a.entries[i], inflater, &arena, &content), rows[i].reason);
	}
	ck_assert_uint_eq(a.refused, n - 4);
	ck_assert_ptr_eq(archive_find(&a, "plain/name.class", 16), &a.entries[n - 1]);
}
END_TEST

/* Two directory entries for one content; a content that reaches over its neighbour; one that reaches into the directory */
START_TEST(overlaps)
{
	const size_t local2 = LOCAL + strlen(FIRST) + 11, central2 = central + CENTRAL + strlen(FIRST);
	const uint8_t *content;

	put32(18, 50), put32(22, 50);
	put32(central + 20, 50), put32(central + 24, 50);
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(read_entry(SECOND, &content), ARCHIVE_REASON_OVERLAP);
	sample();
	/* the last one, which is empty, is the second again */
	memcpy(b.data + end - 5, SECOND, 5);
	memcpy(b.data + end - 5 - CENTRAL, b.data + central2, CENTRAL);
	b.data[end - 5 - CENTRAL + 28] = 5;
	memcpy(b.data + local2 + LOCAL, SECOND, 5);
	b.data[local2 + 26] = 5;
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[2].reason, ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[1].reason, ARCHIVE_REASON_LOCAL);
	sample();
	memcpy(b.data + central2 + 42, b.data + central + 42, 4);
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[1].reason, ARCHIVE_REASON_LOCAL);
	sample();
	put32(local2 + 18, 150), put32(central2 + 20, 150);
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[1].reason, ARCHIVE_REASON_OVERLAP);
}
END_TEST

START_TEST(limits)
{
	struct archive_limits few = { 2, 1 << 20, 1 << 20 }, small = { 10, 4999, 1 << 20 }, total = { 10, 5000, 5010 };

	ck_assert_int_eq(archive_open(b.data, b.len, &few, &arena, &a), ARCHIVE_REASON_TOO_MANY);
	ck_assert_int_eq(archive_open(b.data, b.len, &total, &arena, &a), ARCHIVE_REASON_TOO_LARGE);
	total.total_size++;
	ck_assert_int_eq(archive_open(b.data, b.len, &total, &arena, &a), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(archive_open(b.data, b.len, &small, &arena, &a), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[1].reason, ARCHIVE_REASON_ENTRY_SIZE);
	keel_arena_reset(&arena);
	arena.limit = 64;
	keel_arena_free(&arena);
	ck_assert_int_eq(archive_open(b.data, b.len, NULL, &arena, &a), ARCHIVE_REASON_MEMORY);
}
END_TEST

/* What is sorted may lie in two blocks of the arena, the second above or below the first. */
START_TEST(an_arena_of_any_fill)
{
	char name[16];
	struct archive_writer w;

	keel_buffer_clear(&b);
	archive_writer_init(&w, &b, false);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%u", i * 7919 % 300);
		ck_assert_int_eq(archive_writer_add(&w, name, strlen(name), name, strlen(name), NULL), 0);
	}
	ck_assert_int_eq(archive_writer_end(&w), 0);
	archive_writer_free(&w);
	for (size_t fill = 1; fill < 66000; fill += 400) {
		enum archive_reason reason;

		keel_arena_free(&arena);
		falling = fill % 3 ? sizeof(room) : 0;
		reason = keel_arena_take(&arena, fill) ? archive_open(b.data, b.len, NULL, &arena, &a)
						       : ARCHIVE_REASON_MEMORY;
		falling = 0;
		ck_assert_int_eq(reason, ARCHIVE_REASON_NONE);
		ck_assert_uint_eq(a.refused, 0);
		for (uint32_t i = 0; i < a.n; i++)
			ck_assert_ptr_eq(archive_find(&a, a.entries[i].name, a.entries[i].name_len), &a.entries[i]);
	}
}
END_TEST

START_TEST(descriptors_behind_the_content)
{
	const uint8_t *content;

	/* sizes and checksum would stand behind the content, where nobody looks */
	b.data[6] |= 8;
	b.data[central + 8] |= 8;
	memset(b.data + 14, 0, 12);
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(read_entry(FIRST, &content), ARCHIVE_REASON_NONE);
	b.data[18] = 1;
	ck_assert_int_eq(open_sample(), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(read_entry(FIRST, &content), ARCHIVE_REASON_LOCAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("archive_zip");
	TCase *tc = tcase_create("zip");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_what_was_written);
	tcase_add_test(tc, every_prefix_is_refused);
	tcase_add_test(tc, any_octet_may_change);
	tcase_add_test(tc, headers_that_do_not_agree);
	tcase_add_test(tc, counts_that_do_not_agree);
	tcase_add_test(tc, a_prefix_and_a_comment);
	tcase_add_test(tc, names);
	tcase_add_test(tc, overlaps);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, an_arena_of_any_fill);
	tcase_add_test(tc, descriptors_behind_the_content);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
