// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <stdlib.h>

#include "jvm-broker/archive/archive.h"
#include "jvm-broker/archive/jar.h"
#include "tests/unit/archive/image.h"

static struct keel_arena arena;
static struct keel_buffer b;
static struct archive_inflater *inflater;
static struct archive a;

/* RFC 1951: one block of fixed codes that says "aaaaaaaaaa" */
static const char deflated[] = "\x4b\x84\x03\x00";

static const struct image_entry entries[] = {
	{ "java.base", "java/lang", "Object", "class", "one", 3, 0 },
	{ "java.base", "", "module-info", "class", "second", 6, 0 },
	{ "", "", "plain", "", "", 0, 0 },
	{ "other", "java/lang", "Object", "class", "third", 5, 0 },
};

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&b, 0);
	inflater = archive_inflater_new();
}

static void teardown(void)
{
	keel_arena_free(&arena);
	keel_buffer_free(&b);
	archive_inflater_free(&inflater);
}

static enum archive_reason open_octets(size_t n)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(n);
	memcpy(copy, b.data, n);
	return archive_open(copy, n, NULL, &arena, &a);
}

static void assert_content(const char *name, const char *wanted)
{
	const struct archive_entry *e = archive_find(&a, name, strlen(name));
	const uint8_t *content;

	ck_assert_msg(e != NULL, "no %s", name);
	ck_assert_int_eq(archive_read(&a, e, inflater, &arena, &content), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(e->size, strlen(wanted));
	ck_assert_mem_eq(content, wanted, strlen(wanted));
}

START_TEST(reads_both_byte_orders)
{
	struct archive_part part;
	uint32_t *seen, n;

	for (int big = 0; big < 2; big++) {
		keel_buffer_clear(&b);
		image_make(&b, entries, 4, big);
		ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NONE);
		ck_assert_uint_eq(a.kind, ARCHIVE_JIMAGE);
		ck_assert_uint_eq(a.n, 4);
		ck_assert_uint_eq(a.refused, 0);
		assert_content("/java.base/java/lang/Object.class", "one");
		assert_content("/java.base/module-info.class", "second");
		assert_content("/other/java/lang/Object.class", "third");
		assert_content("plain", "");
		archive_part(&a, &a.entries[0], &part);
		ck_assert_uint_eq(part.role, ARCHIVE_ROLE_CLASS);
		ck_assert_uint_eq(part.name_len, 22);
		ck_assert_mem_eq(part.name, "java/lang/Object.class", 22);
		ck_assert_int_eq(archive_select(&a, false, 0, &arena, &seen, &n), 0);
		ck_assert_uint_eq(n, 4); /* of both modules */
	}
}
END_TEST

START_TEST(every_prefix_is_refused)
{
	image_make(&b, entries, 4, false);
	for (size_t n = 4; n < b.len; n++) {
		const enum archive_reason reason = open_octets(n);

		/* the tables are there, the last content is not */
		ck_assert_msg(reason == ARCHIVE_REASON_IMAGE || (!reason && a.refused), "%zu of %zu octets", n, b.len);
		keel_arena_reset(&arena);
	}
}
END_TEST

START_TEST(any_octet_may_change)
{
	const uint8_t *content;
	unsigned opened = 0;

	image_make(&b, entries, 4, false);
	for (size_t i = 0; i < b.len; i++)
		for (int k = 0; k < 3; k++) {
			const uint8_t was = b.data[i];

			b.data[i] = (uint8_t)(k == 0 ? was + 1 : k == 1 ? 0xff : was ^ 0x80);
			if (!open_octets(b.len)) {
				opened++;
				for (uint32_t e = 0; e < a.n; e++)
					archive_read(&a, &a.entries[e], inflater, &arena, &content);
			}
			b.data[i] = was;
			keel_arena_reset(&arena);
		}
	ck_assert_uint_ge(opened, 100);
}
END_TEST

/* An image of one compressed resource */
static void packed(uint32_t size, uint32_t decompressor, bool big)
{
	struct image_entry e = { "m", "", "packed", "", NULL, 0, size };
	struct keel_buffer resource;

	keel_buffer_init(&resource, 0);
	image_pack(&resource, deflated, sizeof(deflated) - 1, size, decompressor, big);
	e.content = (const char *)resource.data;
	e.size = (uint32_t)resource.len;
	keel_buffer_clear(&b);
	image_make(&b, &e, 1, big);
	keel_buffer_free(&resource);
}

START_TEST(compressed_resources)
{
	const uint8_t *content;

	for (int big = 0; big < 2; big++) {
		packed(10, 1, big);
		ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NONE);
		assert_content("/m/packed", "aaaaaaaaaa");
	}
	packed(11, 1, false);
	ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(archive_read(&a, &a.entries[0], inflater, &arena, &content), ARCHIVE_REASON_LYING);
	packed(9, 1, false);
	ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NONE);
	ck_assert_int_eq(archive_read(&a, &a.entries[0], inflater, &arena, &content), ARCHIVE_REASON_LYING);
	packed(10, 2, false); /* "ip" */
	ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[0].reason, ARCHIVE_REASON_METHOD);
	packed(100000, 1, false);
	ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.entries[0].reason, ARCHIVE_REASON_RATIO);
}
END_TEST

START_TEST(neither_of_the_kinds)
{
	keel_buffer_puts(&b, "this is no archive of any kind, but long enough");
	ck_assert_int_eq(open_octets(b.len), ARCHIVE_REASON_NO_END);
	ck_assert_int_eq(open_octets(3), ARCHIVE_REASON_NO_END);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("archive_jimage");
	TCase *tc = tcase_create("jimage");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_both_byte_orders);
	tcase_add_test(tc, every_prefix_is_refused);
	tcase_add_test(tc, any_octet_may_change);
	tcase_add_test(tc, compressed_resources);
	tcase_add_test(tc, neither_of_the_kinds);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
