// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/classfile/name.h"

static struct classfile_text text(const char *octets)
{
	return (struct classfile_text){ (const uint8_t *)octets, (uint32_t)strlen(octets) };
}

/* What JVMS 4.4.7 says, octet by octet: the twin of the check */
static unsigned slow_check(const uint8_t *s, size_t n)
{
	unsigned found = 0;

	for (size_t i = 0; i < n;) {
		if (s[i] > 0 && s[i] < 0x80) {
			i++;
		} else if (s[i] >= 0xc0 && s[i] <= 0xdf && i + 1 < n && s[i + 1] >= 0x80 && s[i + 1] <= 0xbf) {
			if (s[i] < 0xc2 && !(s[i] == 0xc0 && s[i + 1] == 0x80))
				found = CLASSFILE_UTF8_OVERLONG;
			i += 2;
		} else if (s[i] >= 0xe0 && s[i] <= 0xef && i + 2 < n && s[i + 1] >= 0x80 && s[i + 1] <= 0xbf &&
			   s[i + 2] >= 0x80 && s[i + 2] <= 0xbf) {
			if (s[i] == 0xe0 && s[i + 1] < 0xa0)
				found = CLASSFILE_UTF8_OVERLONG;
			i += 3;
		} else {
			return CLASSFILE_UTF8_BAD;
		}
	}
	return found;
}

START_TEST(utf8)
{
	static const uint8_t set[] = { 'a',  0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
				       0xe0, 0xa0, 0x9f, 0xed, 0xef, 0xf0, 0xff, 0 };
	unsigned seen[3] = { 0 };
	uint32_t seed = 1;

	ck_assert_uint_eq(classfile_utf8_check((const uint8_t *)"", 0), 0);
	for (int round = 0; round < 300000; round++) {
		const size_t n = (seed = seed * 1664525 + 1013904223) >> 27;
		const unsigned odd = round % 3 ? 1 : 7; /* in eight */
		uint8_t *octets = malloc(n ? n : 1);
		unsigned found;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			octets[i] = (seed >> 24) % 8 < odd && (round & 1 || i % 9 == 8) ? set[seed >> 16 & 15] : 'x';
		}
		found = classfile_utf8_check(octets, n);
		ck_assert_uint_eq(found, slow_check(octets, n));
		seen[found == CLASSFILE_UTF8_BAD ? 2 : found == CLASSFILE_UTF8_OVERLONG]++;
		free(octets);
	}
	for (int i = 0; i < 3; i++)
		ck_assert_uint_ge(seen[i], 100);
}
END_TEST

START_TEST(units)
{
	unsigned used;

	ck_assert_int_eq(classfile_utf8_unit((const uint8_t *)"\xc0\x80", 2, &used), 0);
	ck_assert_uint_eq(used, 2);
	ck_assert_int_eq(classfile_utf8_unit((const uint8_t *)"\xed\xa0\xbd", 3, &used), 0xd83d);
	ck_assert_uint_eq(used, 3);
	ck_assert_int_eq(classfile_utf8_unit((const uint8_t *)"\xed\xa0", 2, &used), -EINVAL);
	ck_assert_int_eq(classfile_utf8_unit((const uint8_t *)"\0", 1, &used), -EINVAL);
}
END_TEST

START_TEST(field_types)
{
	static const char *const bad[] = { "", "[", "V", "L", "L;", "La", "I ", "II", "[[V", "a", "[]", "La;I" };
	struct classfile_type t;

	ck_assert_int_eq(classfile_type_parse(text("J"), &t), 0);
	ck_assert_uint_eq(classfile_type_slots(&t), 2);
	ck_assert_int_eq(classfile_type_parse(text("[[J"), &t), 0);
	ck_assert_uint_eq(classfile_type_slots(&t), 1);
	ck_assert_uint_eq(t.dimensions, 2);
	ck_assert_uint_eq(t.base, 'J');
	ck_assert_int_eq(classfile_type_parse(text("[La/b/C;"), &t), 0);
	ck_assert_uint_eq(t.base, 'L');
	ck_assert(CLASSFILE_TEXT_IS(t.name, "a/b/C"));
	ck_assert(CLASSFILE_TEXT_IS(t.text, "[La/b/C;"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(classfile_type_parse(text(bad[i]), &t) == -EINVAL, "\"%s\"", bad[i]);
	ck_assert_int_eq(classfile_type_parse((struct classfile_text){ NULL, 0 }, &t), -EINVAL);
}
END_TEST

START_TEST(dimensions)
{
	struct classfile_type t;
	char many[258];

	memset(many, '[', sizeof(many));
	strcpy(many + 255, "I");
	ck_assert_int_eq(classfile_type_parse(text(many), &t), 0);
	ck_assert_uint_eq(t.dimensions, 255);
	strcpy(many + 255, "[I");
	ck_assert_int_eq(classfile_type_parse(text(many), &t), -EINVAL);
}
END_TEST

START_TEST(method_types)
{
	static const char *const bad[] = { "",   "()",  "(",   "V",    "(V)V",  "()VV", "()VI",
					   "(I", "(I)", "I)V", "()La", "(La)V", "()[V", "(II)V;" };
	struct classfile_signature s;
	struct classfile_type t;

	ck_assert_int_eq(classfile_signature_parse(text("(I[JLa/B;D)La/C;"), &s), 0);
	ck_assert_uint_eq(s.parameters, 4);
	ck_assert_uint_eq(s.slots, 5);
	ck_assert(CLASSFILE_TEXT_IS(s.result.name, "a/C"));
	ck_assert(classfile_signature_next(&s, &t) && t.base == 'I');
	ck_assert(classfile_signature_next(&s, &t) && t.base == 'J' && t.dimensions == 1);
	ck_assert(classfile_signature_next(&s, &t) && CLASSFILE_TEXT_IS(t.name, "a/B"));
	ck_assert(classfile_signature_next(&s, &t) && t.base == 'D');
	ck_assert(!classfile_signature_next(&s, &t));
	ck_assert_int_eq(classfile_signature_parse(text("()V"), &s), 0);
	ck_assert_uint_eq(s.result.base, 'V');
	ck_assert_uint_eq(classfile_type_slots(&s.result), 0);
	ck_assert(!classfile_signature_next(&s, &t));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(classfile_signature_parse(text(bad[i]), &s) == -EINVAL, "\"%s\"", bad[i]);
}
END_TEST

START_TEST(names)
{
	ck_assert(classfile_is_unqualified(text("a-b")));
	ck_assert(classfile_is_unqualified(text("<x>")));
	ck_assert(!classfile_is_unqualified(text("")));
	ck_assert(!classfile_is_unqualified(text("a.b")));
	ck_assert(!classfile_is_unqualified(text("a/b")));
	ck_assert(classfile_is_method_name(text("<init>")));
	ck_assert(classfile_is_method_name(text("<clinit>")));
	ck_assert(!classfile_is_method_name(text("<other>")));
	ck_assert(!classfile_is_method_name(text("a>")));
	ck_assert(!classfile_is_method_name(text("a[")));
	ck_assert(classfile_is_class_name(text("a/b/C")));
	ck_assert(classfile_is_class_name(text("C")));
	ck_assert(!classfile_is_class_name(text("")));
	ck_assert(!classfile_is_class_name(text("/C")));
	ck_assert(!classfile_is_class_name(text("a//C")));
	ck_assert(!classfile_is_class_name(text("a/")));
	ck_assert(!classfile_is_class_name(text("a.C")));
	ck_assert(!classfile_is_class_name(text("[I")));
	ck_assert(classfile_is_class_or_array(text("[I")));
	ck_assert(classfile_is_class_or_array(text("[La/B;")));
	ck_assert(!classfile_is_class_or_array(text("[La//B;")));
	ck_assert(!classfile_is_class_or_array(text("[a")));
	ck_assert(classfile_is_module_name(text("java.base")));
	ck_assert(classfile_is_module_name(text("a\\:b\\\\c\\@")));
	ck_assert(!classfile_is_module_name(text("a:b")));
	ck_assert(!classfile_is_module_name(text("a\\b")));
	ck_assert(!classfile_is_module_name(text("a\\")));
	ck_assert(!classfile_is_module_name(text("a\1")));
	ck_assert(!classfile_is_module_name(text("")));
	ck_assert(classfile_is_field_descriptor(text("La/B;")));
	ck_assert(!classfile_is_field_descriptor(text("La.B;")));
	ck_assert(classfile_is_method_descriptor(text("(La/B;I)[La/B;")));
	ck_assert(!classfile_is_method_descriptor(text("(La/;I)V")));
	ck_assert(!classfile_is_method_descriptor(text("(I)L[;")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classfile_name");
	TCase *tc = tcase_create("name");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, utf8);
	tcase_add_test(tc, units);
	tcase_add_test(tc, field_types);
	tcase_add_test(tc, dimensions);
	tcase_add_test(tc, method_types);
	tcase_add_test(tc, names);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
