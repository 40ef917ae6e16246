// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "jvm-broker/classfile/write.h"
#include "tests/unit/classfile/octets.h"
#include "tests/unit/classfile/specimen.h"

static struct keel_arena arena;
static struct classfile_pool p;
static struct keel_buffer b;

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&b, 0);
	ck_assert_int_eq(classfile_pool_init(&p, &arena, NULL), 0);
}

static void teardown(void)
{
	classfile_pool_free(&p);
	keel_buffer_free(&b);
	keel_arena_free(&arena);
}

/* The pool as a class file that has nothing else */
static void read_back(struct classfile *c)
{
	u4(&b, CLASSFILE_MAGIC), u4(&b, 61);
	ck_assert_int_eq(classfile_pool_write(&p, &b), 0);
	u4(&b, 0), u4(&b, 0), u4(&b, 0), u2(&b, 0);
	ck_assert_int_eq(classfile_parse(b.data, b.len, &arena, c, NULL), CLASSFILE_REASON_NONE);
}

START_TEST(entries)
{
	struct classfile_reference_parts parts;
	uint16_t text, string, wide, member, handle, again;
	struct classfile c;

	text = classfile_pool_utf8(&p, "text", 4);
	string = classfile_pool_named(&p, CLASSFILE_STRING, "text");
	wide = classfile_pool_value64(&p, CLASSFILE_LONG, 0x0102030405060708);
	member = classfile_pool_member(&p, CLASSFILE_METHODREF, "a/B", "run", "()V");
	handle = classfile_pool_method_handle(&p, CLASSFILE_REF_INVOKE_VIRTUAL, member);
	again = classfile_pool_member(&p, CLASSFILE_METHODREF, "a/B", "run", "()V");
	ck_assert_uint_eq(text, 1);
	ck_assert_uint_eq(string, 2);
	ck_assert_uint_eq(wide, 3);
	ck_assert_uint_eq(member, again);
	ck_assert_uint_ne(classfile_pool_member(&p, CLASSFILE_INTERFACE_METHODREF, "a/B", "run", "()V"), member);
	ck_assert_uint_ne(classfile_pool_value32(&p, CLASSFILE_FLOAT, 1),
			  classfile_pool_value32(&p, CLASSFILE_INTEGER, 1));
	read_back(&c);
	ck_assert_uint_eq(c.constants_n, p.n);
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, string), "text"));
	ck_assert_uint_eq(classfile_value64(&c, wide), 0x0102030405060708);
	ck_assert_uint_eq(classfile_tag_of(&c, wide + 1), CLASSFILE_NO_CONSTANT);
	ck_assert_int_eq(classfile_reference(&c, member, &parts), 0);
	ck_assert(CLASSFILE_TEXT_IS(parts.owner_name, "a/B"));
	ck_assert_uint_eq(c.constants[handle].a, member);
	ck_assert_uint_eq(c.constants[handle].kind, CLASSFILE_REF_INVOKE_VIRTUAL);
}
END_TEST

START_TEST(on_top_of_a_class)
{
	struct keel_buffer class;
	struct classfile_pool more;
	struct classfile c, grown;
	uint16_t added;

	keel_buffer_init(&class, 0);
	specimen_class(&class, 61);
	ck_assert_int_eq(classfile_parse(class.data, class.len, &arena, &c, NULL), CLASSFILE_REASON_NONE);
	ck_assert_int_eq(classfile_pool_init(&more, &arena, &c), 0);
	/* what is there already keeps its index */
	for (unsigned i = 1; i < c.constants_n; i++)
		if (c.constants[i].tag == CLASSFILE_UTF8)
			ck_assert_uint_eq(classfile_pool_utf8(&more, c.data + c.constants[i].b, c.constants[i].a), i);
	ck_assert_uint_eq(classfile_pool_named(&more, CLASSFILE_CLASS, "a/B"), c.this_class);
	ck_assert_uint_eq(more.n, c.constants_n);
	ck_assert_uint_eq(more.added.len, 0);
	added = classfile_pool_named(&more, CLASSFILE_CLASS, "b/New");
	ck_assert_uint_eq(added, c.constants_n + 1);
	u4(&b, CLASSFILE_MAGIC), u4(&b, 61);
	ck_assert_int_eq(classfile_pool_write(&more, &b), 0);
	keel_buffer_append(&b, c.data + c.access_at, c.size - c.access_at);
	ck_assert_int_eq(classfile_parse(b.data, b.len, &arena, &grown, NULL), CLASSFILE_REASON_NONE);
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&grown, added), "b/New"));
	ck_assert_uint_eq(grown.size, class.len + 8 + 3 + 0);
	classfile_pool_free(&more);
	keel_buffer_free(&class);
}
END_TEST

START_TEST(full)
{
	char text[16];
	uint16_t last = 0;

	for (int i = 0; i < 65533; i++) {
		snprintf(text, sizeof(text), "%d", i);
		last = classfile_pool_utf8(&p, text, strlen(text));
	}
	ck_assert_uint_eq(last, 65533);
	ck_assert_uint_eq(classfile_pool_utf8(&p, "0", 1), 1);
	/* one slot is left: a Long needs two */
	ck_assert_uint_eq(classfile_pool_value64(&p, CLASSFILE_LONG, 1), 0);
	ck_assert_int_eq(p.failed, -ENOSPC);
	p.failed = 0;
	ck_assert_uint_eq(classfile_pool_value32(&p, CLASSFILE_INTEGER, 1), 65534);
	ck_assert_uint_eq(p.n, 65535);
	ck_assert_uint_eq(classfile_pool_value32(&p, CLASSFILE_INTEGER, 2), 0);
	ck_assert_int_eq(p.failed, -ENOSPC);
	ck_assert_int_eq(classfile_pool_write(&p, &b), -ENOSPC);
	ck_assert_uint_eq(classfile_pool_utf8(&p, "0", 1), 0);
}
END_TEST

START_TEST(texts_that_are_too_long)
{
	static const char text[65536];

	ck_assert_uint_eq(classfile_pool_utf8(&p, text, 65535), 1);
	ck_assert_uint_eq(classfile_pool_utf8(&p, text, 65536), 0);
	ck_assert_int_eq(p.failed, -EMSGSIZE);
	ck_assert_uint_eq(classfile_pool_named(&p, CLASSFILE_CLASS, "a"), 0);
}
END_TEST

START_TEST(without_memory)
{
	char text[16];

	arena.limit = arena.held;
	for (int i = 0; !p.failed && i < 100000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		classfile_pool_utf8(&p, text, strlen(text));
	}
	ck_assert_int_eq(p.failed, -ENOMEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classfile_pool");
	TCase *tc = tcase_create("pool");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, entries);
	tcase_add_test(tc, on_top_of_a_class);
	tcase_add_test(tc, full);
	tcase_add_test(tc, texts_that_are_too_long);
	tcase_add_test(tc, without_memory);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
