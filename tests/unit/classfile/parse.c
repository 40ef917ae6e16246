// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/classfile.h"
#include "tests/unit/classfile/octets.h"

static struct keel_arena arena;
static struct keel_buffer b;
static struct pool p;

/* Indices of what sample() put into the pool */
static struct {
	unsigned this_class, super, runnable, name, type, text, integer, floating, lengthy, dbl, string, field, method,
		imethod, pair, handle, mtype, dynamic, indy, module, package, code, custom, after;
} at;

static void attribute(unsigned name, const char *octets, unsigned n)
{
	u2(&b, name);
	u4(&b, n);
	keel_buffer_append(&b, octets, n);
}

static const char code_octets[] = "\0\2\0\1\0\0\0\5\x2a\xb7\0\1\xb1\0\1\0\0\0\4\0\4\0\0\0\0";

/* A class with every kind of constant, one field, one method with code, attributes everywhere */
static void sample(void)
{
	at.this_class = pool_class(&p, "a/B");
	at.super = pool_class(&p, "java/lang/Object");
	at.runnable = pool_class(&p, "java/lang/Runnable");
	at.name = pool_utf8(&p, "run");
	at.type = pool_utf8(&p, "()V");
	at.text = pool_utf8(&p, "text");
	u1(&p.octets, CLASSFILE_INTEGER), u4(&p.octets, 0x80000001), at.integer = p.next++;
	u1(&p.octets, CLASSFILE_FLOAT), u4(&p.octets, 0x3f800000), at.floating = p.next++;
	u1(&p.octets, CLASSFILE_LONG), u4(&p.octets, 0x01020304), u4(&p.octets, 0x05060708), at.lengthy = p.next,
											     p.next += 2;
	u1(&p.octets, CLASSFILE_DOUBLE), u4(&p.octets, 0x3ff00000), u4(&p.octets, 0), at.dbl = p.next, p.next += 2;
	at.string = pool_one(&p, CLASSFILE_STRING, at.text);
	at.pair = pool_two(&p, CLASSFILE_NAME_AND_TYPE, at.name, at.type);
	at.field = pool_two(&p, CLASSFILE_FIELDREF, at.this_class, at.pair);
	at.method = pool_two(&p, CLASSFILE_METHODREF, at.super, at.pair);
	at.imethod = pool_two(&p, CLASSFILE_INTERFACE_METHODREF, at.runnable, at.pair);
	u1(&p.octets, CLASSFILE_METHOD_HANDLE), u1(&p.octets, CLASSFILE_REF_INVOKE_STATIC), u2(&p.octets, at.method);
	at.handle = p.next++;
	at.mtype = pool_one(&p, CLASSFILE_METHOD_TYPE, at.type);
	at.dynamic = pool_two(&p, CLASSFILE_DYNAMIC, 3, at.pair);
	at.indy = pool_two(&p, CLASSFILE_INVOKE_DYNAMIC, 4, at.pair);
	at.module = pool_one(&p, CLASSFILE_MODULE, at.text);
	at.package = pool_one(&p, CLASSFILE_PACKAGE, at.text);
	at.code = pool_utf8(&p, "Code");
	at.custom = pool_utf8(&p, "com.example.Custom");
	at.after = p.next;
	begin_class(&b, 61, &p);
	u2(&b, CLASSFILE_PUBLIC | CLASSFILE_SUPER);
	u2(&b, at.this_class);
	u2(&b, at.super);
	u2(&b, 1), u2(&b, at.runnable);
	u2(&b, 1);
	u2(&b, CLASSFILE_PRIVATE), u2(&b, at.text), u2(&b, at.type), u2(&b, 1);
	attribute(at.code, "xyz", 3); /* on a field it is nothing special */
	u2(&b, 2);
	u2(&b, CLASSFILE_PUBLIC), u2(&b, at.name), u2(&b, at.type), u2(&b, 2);
	attribute(at.custom, "", 0);
	attribute(at.code, code_octets, sizeof(code_octets) - 1);
	u2(&b, CLASSFILE_ABSTRACT), u2(&b, at.text), u2(&b, at.type), u2(&b, 0);
	u2(&b, 1);
	attribute(at.custom, "\1\2\3", 3);
}

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&b, 0);
	pool_init(&p);
}

static void teardown(void)
{
	keel_arena_free(&arena);
	keel_buffer_free(&b);
	keel_buffer_free(&p.octets);
}

/* Parses n octets from memory that ends with them. */
static enum classfile_reason parse(size_t n, struct classfile *c, uint32_t *where)
{
	uint8_t *copy = malloc(n ? n : 1);
	enum classfile_reason reason;

	memcpy(copy, b.data, n);
	reason = classfile_parse(copy, n, &arena, c, where);
	free(copy);
	if (!reason)
		c->data = b.data;
	return reason;
}

START_TEST(reads_what_is_there)
{
	struct classfile_reference_parts parts;
	struct classfile c;

	sample();
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_NONE);
	ck_assert_uint_eq(c.major, 61);
	ck_assert_uint_eq(c.constants_n, at.after);
	ck_assert_uint_eq(c.access, CLASSFILE_PUBLIC | CLASSFILE_SUPER);
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, c.this_class), "a/B"));
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, c.super_class), "java/lang/Object"));
	ck_assert_uint_eq(c.interfaces_n, 1);
	ck_assert_uint_eq(classfile_interface(&c, 0), at.runnable);
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, at.string), "text"));
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, at.mtype), "()V"));
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, at.module), "text"));
	ck_assert(CLASSFILE_TEXT_IS(classfile_name_of(&c, at.package), "text"));
	ck_assert_ptr_null(classfile_name_of(&c, at.text).data);
	ck_assert_ptr_null(classfile_name_of(&c, 0xffff).data);
	ck_assert_ptr_null(classfile_utf8(&c, at.string).data);
	ck_assert_uint_eq(classfile_value32(&c, at.integer), 0x80000001);
	ck_assert_uint_eq(classfile_value32(&c, at.floating), 0x3f800000);
	ck_assert_uint_eq(classfile_value32(&c, at.lengthy), 0);
	ck_assert_uint_eq(classfile_value64(&c, at.lengthy), 0x0102030405060708);
	ck_assert_uint_eq(classfile_value64(&c, at.dbl), 0x3ff0000000000000);
	ck_assert_uint_eq(classfile_value64(&c, at.integer), 0);
	ck_assert_uint_eq(classfile_tag_of(&c, at.lengthy + 1), CLASSFILE_NO_CONSTANT);
	ck_assert_uint_eq(classfile_tag_of(&c, 0), CLASSFILE_NO_CONSTANT);
	ck_assert_uint_eq(classfile_tag_of(&c, at.after), CLASSFILE_NO_CONSTANT);
	ck_assert_uint_eq(c.constants[at.handle].kind, CLASSFILE_REF_INVOKE_STATIC);
	ck_assert_uint_eq(c.constants[at.handle].a, at.method);
	ck_assert_int_eq(classfile_reference(&c, at.imethod, &parts), 0);
	ck_assert_uint_eq(parts.owner, at.runnable);
	ck_assert(CLASSFILE_TEXT_IS(parts.owner_name, "java/lang/Runnable"));
	ck_assert(CLASSFILE_TEXT_IS(parts.name, "run"));
	ck_assert(CLASSFILE_TEXT_IS(parts.descriptor, "()V"));
	ck_assert_uint_eq(parts.name_at, at.name);
	ck_assert_uint_eq(parts.descriptor_at, at.type);
	ck_assert_int_eq(classfile_reference(&c, at.indy, &parts), 0);
	ck_assert_uint_eq(parts.owner, 4);
	ck_assert_int_eq(classfile_reference(&c, at.dynamic, &parts), 0);
	ck_assert_uint_eq(parts.owner, 3);
	ck_assert_int_eq(classfile_reference(&c, at.pair, &parts), 0);
	ck_assert_int_eq(classfile_reference(&c, at.string, &parts), -EINVAL);
	ck_assert_int_eq(classfile_reference(&c, at.after, &parts), -EINVAL);
}
END_TEST

START_TEST(members_and_attributes)
{
	struct classfile_attributes list;
	struct classfile_attribute a;
	struct classfile_code code;
	struct classfile c;

	sample();
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_NONE);
	ck_assert_uint_eq(c.fields_n, 1);
	ck_assert_uint_eq(c.fields[0].access, CLASSFILE_PRIVATE);
	ck_assert_uint_eq(c.fields[0].code, 0);
	ck_assert_uint_eq(c.methods_n, 2);
	ck_assert_uint_eq(c.methods[1].access, CLASSFILE_ABSTRACT);
	ck_assert_uint_eq(c.methods[1].code, 0);
	ck_assert_int_eq(classfile_code_read(&c, &c.methods[1], &code), -EINVAL);
	list = classfile_member_attributes(&c, &c.methods[0]);
	ck_assert_int_eq(classfile_attributes_next(&c, &list, &a), 1);
	ck_assert_uint_eq(a.kind, CLASSFILE_ATTR_UNKNOWN);
	ck_assert_uint_eq(a.name, at.custom);
	ck_assert_int_eq(classfile_attributes_next(&c, &list, &a), 1);
	ck_assert_uint_eq(a.kind, CLASSFILE_ATTR_CODE);
	ck_assert_uint_eq(a.at, c.methods[0].code);
	ck_assert_uint_eq(a.len, sizeof(code_octets) - 1);
	ck_assert_int_eq(classfile_attributes_next(&c, &list, &a), 0);
	ck_assert_int_eq(classfile_code_read(&c, &c.methods[0], &code), 0);
	ck_assert_uint_eq(code.max_stack, 2);
	ck_assert_uint_eq(code.max_locals, 1);
	ck_assert_uint_eq(code.len, 5);
	ck_assert_uint_eq(code.octets[4], 0xb1);
	ck_assert_uint_eq(code.handlers_n, 1);
	ck_assert_uint_eq(classfile_code_handler(&code, 0).end, 4);
	ck_assert_uint_eq(classfile_code_handler(&code, 0).handler, 4);
	list = classfile_class_attributes(&c);
	ck_assert_int_eq(classfile_attribute_find(&c, list, CLASSFILE_ATTR_CODE, &a), 0);
	ck_assert_int_eq(classfile_attribute_find(&c, list, CLASSFILE_ATTR_UNKNOWN, &a), 1);
	ck_assert_mem_eq(c.data + a.at, "\1\2\3", 3);
}
END_TEST

START_TEST(every_prefix_is_refused)
{
	struct classfile c, untouched;
	uint32_t where;

	sample();
	memset(&c, 0x5a, sizeof(c));
	untouched = c;
	for (size_t n = 0; n < b.len; n++) {
		where = UINT32_MAX;
		ck_assert_int_eq(parse(n, &c, &where), CLASSFILE_REASON_TRUNCATED);
		ck_assert_uint_le(where, n);
		ck_assert_mem_eq(&c, &untouched, sizeof(c));
		keel_arena_reset(&arena);
	}
	u1(&b, 0);
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_TRAILING);
	b.data[0] = 0;
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_MAGIC);
}
END_TEST

START_TEST(pools_that_cannot_be_read)
{
	static const uint8_t bad_tags[] = { 0, 2, 13, 14, 21, 255 };
	struct classfile c;

	for (size_t i = 0; i < sizeof(bad_tags); i++) {
		keel_buffer_clear(&b);
		u4(&b, CLASSFILE_MAGIC), u4(&b, 61), u2(&b, 2), u1(&b, bad_tags[i]), u4(&b, 0), u4(&b, 0);
		ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_POOL_TAG);
	}
	keel_buffer_clear(&b);
	u4(&b, CLASSFILE_MAGIC), u4(&b, 61), u2(&b, 0);
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_POOL_EMPTY);
	keel_buffer_clear(&b);
	u4(&b, CLASSFILE_MAGIC), u4(&b, 61), u2(&b, 2), u1(&b, CLASSFILE_LONG), u4(&b, 0), u4(&b, 0);
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_POOL_WIDE);
	ck_assert_int_eq(classfile_parse(b.data, (size_t)CLASSFILE_SIZE_MAX + 1, &arena, &c, NULL),
			 CLASSFILE_REASON_TOO_LARGE);
}
END_TEST

START_TEST(memory_is_asked_for_what_can_be_there_only)
{
	struct classfile c;

	u4(&b, CLASSFILE_MAGIC), u4(&b, 61), u2(&b, 0xffff), u4(&b, 0);
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_TRUNCATED);
	ck_assert_uint_eq(keel_arena_peak(&arena), 0);
	keel_buffer_clear(&b);
	sample();
	arena.limit = 16;
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_MEMORY);
}
END_TEST

START_TEST(where_entries_are)
{
	struct classfile c;

	sample();
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_NONE);
	for (unsigned i = 0; i < c.constants_n; i++) {
		const uint32_t where = classfile_constant_at(&c, i);

		ck_assert_uint_eq(where != 0, c.constants[i].tag != 0);
		if (where)
			ck_assert_uint_eq(c.data[where], c.constants[i].tag);
	}
	ck_assert_uint_eq(classfile_constant_at(&c, at.after), 0);
}
END_TEST

START_TEST(code_that_does_not_fit)
{
	/* offset in the attribute, new octet */
	static const uint8_t wrong[][2] = { { 7, 4 },  { 7, 6 },     { 4, 0xff }, { 14, 2 },
					    { 14, 0 }, { 13, 0xff }, { 24, 1 } };
	struct classfile_code code;
	struct classfile c;

	sample();
	ck_assert_int_eq(parse(b.len, &c, NULL), CLASSFILE_REASON_NONE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t *octet = b.data + c.methods[0].code + wrong[i][0], was = *octet;

		*octet = wrong[i][1];
		ck_assert_msg(classfile_code_read(&c, &c.methods[0], &code) == -EINVAL, "row %zu was read", i);
		*octet = was;
	}
	ck_assert_int_eq(classfile_code_read(&c, &c.methods[0], &code), 0);
}
END_TEST

START_TEST(attributes_by_name)
{
#define X(kind, text, since, places)                                                                                                     \
	ck_assert_int_eq(classfile_attribute_named((const uint8_t *)text, sizeof(text) - 1), CLASSFILE_ATTR_##kind);                \
	ck_assert_str_eq(classfile_attribute_name(CLASSFILE_ATTR_##kind), text);                                                   \
	ck_assert_int_eq(classfile_attribute_named((const uint8_t *)text, sizeof(text) - 2), CLASSFILE_ATTR_UNKNOWN);
	CLASSFILE_ATTRIBUTES(X)
#undef X
	ck_assert(classfile_attribute_fits(CLASSFILE_ATTR_CODE, CLASSFILE_IN_METHOD));
	ck_assert(!classfile_attribute_fits(CLASSFILE_ATTR_CODE, CLASSFILE_IN_FIELD));
	ck_assert(!classfile_attribute_fits(CLASSFILE_ATTR_UNKNOWN, CLASSFILE_IN_CLASS));
	ck_assert(classfile_attribute_fits(CLASSFILE_ATTR_TYPE_ANNOTATIONS, CLASSFILE_IN_COMPONENT));
	ck_assert_int_lt(CLASSFILE_ATTR_N, CLASSFILE_UTF8_ATTRIBUTE + 1);
	ck_assert_int_eq(classfile_attribute_named((const uint8_t *)"cODE", 4), CLASSFILE_ATTR_UNKNOWN);
	ck_assert_ptr_null(classfile_attribute_name(CLASSFILE_ATTR_UNKNOWN));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classfile_parse");
	TCase *tc = tcase_create("parse");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_what_is_there);
	tcase_add_test(tc, members_and_attributes);
	tcase_add_test(tc, every_prefix_is_refused);
	tcase_add_test(tc, pools_that_cannot_be_read);
	tcase_add_test(tc, memory_is_asked_for_what_can_be_there_only);
	tcase_add_test(tc, where_entries_are);
	tcase_add_test(tc, code_that_does_not_fit);
	tcase_add_test(tc, attributes_by_name);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
