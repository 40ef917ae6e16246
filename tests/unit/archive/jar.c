// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/archive/jar.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/archive/jar_writer.h"

static struct keel_arena arena;
static struct keel_buffer b;
static struct archive_writer w;
static struct archive a;

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&b, 0);
	archive_writer_init(&w, &b, false);
}

static void teardown(void)
{
	archive_writer_free(&w);
	keel_arena_free(&arena);
	keel_buffer_free(&b);
}

static void add(const char *name, const char *content)
{
	ck_assert_int_eq(archive_writer_add(&w, name, strlen(name), content, strlen(content), NULL), 0);
}

static void finish(void)
{
	ck_assert_int_eq(archive_writer_end(&w), 0);
	ck_assert_int_eq(archive_open(b.data, b.len, NULL, &arena, &a), ARCHIVE_REASON_NONE);
}

/* ---- manifests --------------------------------------------------------------------------------------------------------------------------- */

static struct archive_manifest manifest(const char *text)
{
	const size_t len = strlen(text);
	struct archive_manifest m;
	uint8_t *copy = malloc(len + 1);

	memcpy(copy, text, len);
	ck_assert_int_eq(archive_manifest_parse(copy, len, &arena, &m), 0);
	free(copy);
	return m;
}

START_TEST(manifests)
{
	struct archive_manifest m =
		manifest("Manifest-Version: 1.0\r\nClass-Path: a.jar lib/b\r\n .jar\r\nMain-Class: a.Main\r\n"
			 "multi-RELEASE: TRUE\r\nSealed: true\r\nAutomatic-Module-Name: a.b\r\n\r\n"
			 "Name: a/B.class\r\nSHA-256-Digest: xyz\r\nMain-Class: no\r\n");

	ck_assert_str_eq(m.class_path, "a.jar lib/b.jar");
	ck_assert_str_eq(m.main_class, "a.Main");
	ck_assert_str_eq(m.automatic_module, "a.b");
	ck_assert(m.multi_release && m.sealed && m.digests && !m.entries_sealed);
	m = manifest("Main-Class: a\n\nName: a/\nSealed: true");
	ck_assert_str_eq(m.main_class, "a");
	ck_assert(!m.multi_release && !m.sealed && !m.digests && m.entries_sealed);
	m = manifest("Main-Class: lo\r ng\r er\rMulti-Release: false");
	ck_assert_str_eq(m.main_class, "longer");
	ck_assert(!m.multi_release);
	m = manifest("");
	ck_assert_ptr_null(m.main_class);
	m = manifest("no colon\nMain-Class:no blank\n: \nMain-Class: \n x");
	ck_assert_str_eq(m.main_class, "x");
	m = manifest(" \n \n\r\n\r\r\n ");
	ck_assert_ptr_null(m.main_class);
}
END_TEST

START_TEST(manifests_without_memory)
{
	struct archive_manifest m;

	arena.limit = 8;
	ck_assert_int_eq(archive_manifest_parse((const uint8_t *)"Main-Class: a", 13, &arena, &m), -ENOMEM);
}
END_TEST

/* ---- what names say ----------------------------------------------------------------------------------------------------------------------- */

START_TEST(parts)
{
	static const struct {
		const char *name, *part;
		unsigned release;
		enum archive_role role;
	} rows[] = {
		{ "a/B.class", "a/B.class", 0, ARCHIVE_ROLE_CLASS },
		{ "a/B.txt", "a/B.txt", 0, ARCHIVE_ROLE_RESOURCE },
		{ ".class", ".class", 0, ARCHIVE_ROLE_RESOURCE },
		{ "module-info.class", "module-info.class", 0, ARCHIVE_ROLE_CLASS },
		{ "a/", "a/", 0, ARCHIVE_ROLE_FOLDER },
		{ "META-INF/manifest.mf", "META-INF/manifest.mf", 0, ARCHIVE_ROLE_MANIFEST },
		{ "meta-inf/INDEX.LIST", "meta-inf/INDEX.LIST", 0, ARCHIVE_ROLE_INDEX },
		{ "META-INF/A.SF", "META-INF/A.SF", 0, ARCHIVE_ROLE_SIGNATURE },
		{ "META-INF/a.rsa", "META-INF/a.rsa", 0, ARCHIVE_ROLE_SIGNATURE },
		{ "META-INF/SIG-1", "META-INF/SIG-1", 0, ARCHIVE_ROLE_SIGNATURE },
		{ "META-INF/x/A.SF", "META-INF/x/A.SF", 0, ARCHIVE_ROLE_RESOURCE },
		{ "META-INF/C.class", "META-INF/C.class", 0, ARCHIVE_ROLE_RESOURCE },
		{ "META-INF/versions/9/a/B.class", "a/B.class", 9, ARCHIVE_ROLE_CLASS },
		{ "META-INF/versions/17/a/B.class", "a/B.class", 17, ARCHIVE_ROLE_CLASS },
		{ "META-INF/versions/8/a/B.class", "META-INF/versions/8/a/B.class", 0, ARCHIVE_ROLE_RESOURCE },
		{ "META-INF/versions/09/B.class", "META-INF/versions/09/B.class", 0, ARCHIVE_ROLE_RESOURCE },
		{ "META-INF/versions/1x/B.class", "META-INF/versions/1x/B.class", 0, ARCHIVE_ROLE_RESOURCE },
		{ "META-INF/versions/11", "META-INF/versions/11", 0, ARCHIVE_ROLE_RESOURCE },
		{ "META-INF/versions/11/", "META-INF/versions/11/", 0, ARCHIVE_ROLE_FOLDER },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct archive_part part;

	for (size_t i = 0; i < n; i++)
		add(rows[i].name, "");
	finish();
	for (size_t i = 0; i < n; i++) {
		archive_part(&a, &a.entries[i], &part);
		ck_assert_msg(part.role == rows[i].role && part.release == rows[i].release &&
				      part.name_len == strlen(rows[i].part) &&
				      !memcmp(part.name, rows[i].part, part.name_len),
			      "%s: role %u, release %u, %.*s", rows[i].name, part.role, part.release,
			      (int)part.name_len, part.name);
	}
}
END_TEST

/* The entries seen, as "index index ..." */
static void assert_seen(bool multi_release, unsigned release, const char *wanted)
{
	struct keel_buffer seen;
	uint32_t *list, n;

	keel_buffer_init(&seen, 0);
	ck_assert_int_eq(archive_select(&a, multi_release, release, &arena, &list, &n), 0);
	for (uint32_t i = 0; i < n; i++)
		keel_buffer_printf(&seen, "%s%u", i ? " " : "", list[i]);
	ck_assert_str_eq(keel_buffer_text(&seen), wanted);
	keel_buffer_free(&seen);
}

START_TEST(versions)
{
	add("b/B.class", "");                      /* 0 */
	add("META-INF/versions/11/a/A.class", ""); /* 1 */
	add("META-INF/versions/9/a/A.class", "");  /* 2 */
	add("a/A.class", "");                      /* 3: refused */
	add("META-INF/versions/9/c/C.class", "");  /* 4 */
	add("a/A.class", "");                      /* 5 */
	finish();
	assert_seen(false, 17, "5 0");
	assert_seen(true, 8, "5 0");
	assert_seen(true, 9, "2 0 4");
	assert_seen(true, 10, "2 0 4");
	assert_seen(true, 11, "1 0 4");
}
END_TEST

START_TEST(many_names_in_any_order)
{
	struct keel_buffer name;
	uint32_t seed = 3, *list, n;

	keel_buffer_init(&name, 0);
	for (int i = 0; i < 2000; i++) {
		seed = seed * 1664525 + 1013904223;
		keel_buffer_clear(&name);
		if (seed >> 31)
			keel_buffer_printf(&name, "META-INF/versions/%u/", 9 + (seed >> 28 & 7));
		keel_buffer_printf(&name, "p%u/C.class", seed >> 8 & 511);
		add(keel_buffer_text(&name), "");
	}
	finish();
	ck_assert_uint_gt(a.refused, 0); /* duplicates */
	ck_assert_int_eq(archive_select(&a, true, 12, &arena, &list, &n), 0);
	for (uint32_t i = 0; i < n; i++) {
		struct archive_part part, before;

		archive_part(&a, &a.entries[list[i]], &part);
		ck_assert_uint_le(part.release, 12);
		/* none is higher */
		for (unsigned release = part.release + 1u; release <= 12; release++) {
			keel_buffer_clear(&name);
			keel_buffer_printf(&name, "META-INF/versions/%u/%.*s", release, (int)part.name_len, part.name);
			ck_assert_ptr_null(release < 9 ? NULL : archive_find(&a, (char *)name.data, name.len));
		}
		if (!i)
			continue;
		archive_part(&a, &a.entries[list[i - 1]], &before);
		ck_assert_int_lt(strncmp(before.name, part.name, 20), 0);
	}
	keel_buffer_free(&name);
}
END_TEST

/* ---- writing ------------------------------------------------------------------------------------------------------------------------------ */

START_TEST(copies_are_raw_and_alike)
{
	struct archive_deflater *deflater = archive_deflater_new(9);
	struct archive_inflater *inflater = archive_inflater_new();
	struct keel_buffer once, twice;
	struct archive_writer again;
	struct archive other;
	char text[3000];
	const uint8_t *content;

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(archive_writer_add(&w, "deflated", 8, text, sizeof(text), deflater), 0);
	add("stored", "abc");
	finish();
	keel_buffer_init(&once, 0);
	keel_buffer_init(&twice, 0);
	for (int i = 0; i < 2; i++) {
		archive_writer_init(&again, i ? &twice : &once, true);
		ck_assert_int_eq(archive_writer_copy(&again, &a, &a.entries[1]), 0);
		ck_assert_int_eq(archive_writer_copy(&again, &a, &a.entries[0]), 0);
		ck_assert_int_eq(archive_writer_end(&again), 0);
		archive_writer_free(&again);
	}
	ck_assert_uint_eq(once.len, twice.len);
	ck_assert_mem_eq(once.data, twice.data, once.len);
	ck_assert_int_eq(archive_open(once.data, once.len, NULL, &arena, &other), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(other.kind, ARCHIVE_JMOD);
	ck_assert_uint_eq(other.entries[1].packed, a.entries[0].packed);
	ck_assert_mem_eq(other.data + other.entries[1].at, a.data + a.entries[0].at, a.entries[0].packed);
	ck_assert_int_eq(archive_read(&other, &other.entries[1], inflater, &arena, &content), ARCHIVE_REASON_NONE);
	ck_assert_mem_eq(content, text, sizeof(text));
	archive_deflater_free(&deflater);
	archive_inflater_free(&inflater);
	keel_buffer_free(&once);
	keel_buffer_free(&twice);
}
END_TEST

START_TEST(content_that_is_dropped_on_the_way)
{
	struct keel_buffer whole;

	/* what the owner has written elsewhere he may drop: offsets go on */
	keel_buffer_init(&whole, 0);
	for (int i = 0; i < 10; i++) {
		add(i % 2 ? "x" : "a/long/name", "content");
		keel_buffer_append(&whole, b.data, b.len);
		keel_buffer_clear(&b);
	}
	ck_assert_int_eq(archive_writer_end(&w), 0);
	keel_buffer_append(&whole, b.data, b.len);
	ck_assert_int_eq(archive_open(whole.data, whole.len, NULL, &arena, &a), ARCHIVE_REASON_NONE);
	ck_assert_uint_eq(a.n, 10);
	ck_assert_uint_eq(a.refused, 8); /* duplicates */
	keel_buffer_free(&whole);
}
END_TEST

START_TEST(more_entries_than_fit_without_zip64)
{
	char name[16];

	for (unsigned i = 0; i < 70000; i++) {
		snprintf(name, sizeof(name), "%u", i);
		add(name, "");
	}
	finish();
	ck_assert_uint_eq(a.n, 70000);
	ck_assert_uint_eq(a.refused, 0);
	/* the zip64 record is needed and must be right */
	for (size_t at = b.len - 22 - 20 - 56; at < b.len - 22; at++) {
		const uint8_t was = b.data[at];
		struct archive damaged;
		const bool is_version = at < b.len - 22 - 20 - 56 + 16 && at >= b.len - 22 - 20 - 56 + 12;
		const bool is_place = at >= b.len - 22 - 20 + 8 &&
				      at < b.len - 22 - 20 + 16; /* found all the same: it stands before */

		b.data[at] ^= 0x10;
		keel_arena_reset(&arena);
		ck_assert_msg(is_version || is_place || archive_open(b.data, b.len, NULL, &arena, &damaged) ||
				      damaged.refused,
			      "octet -%zu", b.len - at);
		b.data[at] = was;
	}
}
END_TEST

START_TEST(an_entry_behind_four_gigabytes)
{
	struct archive_entry e = { .name = "far", .name_len = 3, .method = ARCHIVE_STORED };
	const struct archive from = { .data = (const uint8_t *)"" };
	struct keel_buffer central;

	w.offset = (uint64_t)5 << 30;
	ck_assert_int_eq(archive_writer_copy(&w, &from, &e), 0);
	central = w.directory;
	ck_assert_uint_eq(central.len, 46 + 3 + 4 + 8);
	ck_assert_mem_eq(central.data + 42, "\xff\xff\xff\xff", 4);
	ck_assert_mem_eq(central.data + 46 + 3, "\1\0\x08\0\0\0\0\x40\1\0\0\0", 12);
}
END_TEST

START_TEST(names_that_are_too_long)
{
	static char name[65536];

	memset(name, 'x', sizeof(name));
	ck_assert_int_eq(archive_writer_add(&w, name, 65536, "", 0, NULL), -EMSGSIZE);
	ck_assert_int_eq(archive_writer_add(&w, name, 65535, "", 0, NULL), 0);
	b.limit = b.len + 10;
	ck_assert_int_eq(archive_writer_end(&w), -EMSGSIZE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("archive_jar");
	TCase *tc = tcase_create("jar");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, manifests);
	tcase_add_test(tc, manifests_without_memory);
	tcase_add_test(tc, parts);
	tcase_add_test(tc, versions);
	tcase_add_test(tc, many_names_in_any_order);
	tcase_add_test(tc, copies_are_raw_and_alike);
	tcase_add_test(tc, content_that_is_dropped_on_the_way);
	tcase_add_test(tc, more_entries_than_fit_without_zip64);
	tcase_add_test(tc, an_entry_behind_four_gigabytes);
	tcase_add_test(tc, names_that_are_too_long);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
