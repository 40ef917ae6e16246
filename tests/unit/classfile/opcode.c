// SPDX-License-Identifier: GPL-2.0-or-later
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/classfile/opcode.h"

/* Copies code so that its end is the end of memory; the length of the instruction at pc. */
static uint32_t length(const char *octets, uint32_t pc, uint32_t len)
{
	uint8_t *code = malloc(len);
	uint32_t n;

	memcpy(code, octets, len);
	n = classfile_instruction_length(code, pc, len);
	free(code);
	return n;
}

START_TEST(the_table_is_whole)
{
	for (unsigned i = 0; i < 256; i++) {
		ck_assert_msg((classfile_opcode_name[i] != NULL) == (i < CLASSFILE_OPCODES_N), "opcode %u", i);
		ck_assert_msg((classfile_opcode_operands[i] == CLASSFILE_OPERANDS_ILLEGAL) ==
				      (i >= CLASSFILE_OPCODES_N),
			      "opcode %u", i);
	}
	ck_assert_str_eq(classfile_opcode_name[0xba], "invokedynamic");
	ck_assert_str_eq(classfile_opcode_name[0x5c], "dup2");
	ck_assert_str_eq(classfile_opcode_name[0xc9], "jsr_w");
	ck_assert_uint_eq(classfile_opcode_length[0xb9], 5);
	ck_assert_uint_eq(classfile_opcode_length[0xc5], 4);
	ck_assert_uint_eq(classfile_opcode_length[0x84], 3);
}
END_TEST

START_TEST(fixed_lengths)
{
	ck_assert_uint_eq(length("\0", 0, 1), 1);
	ck_assert_uint_eq(length("\x10\1", 0, 2), 2);
	ck_assert_uint_eq(length("\x10", 0, 1), 0);
	ck_assert_uint_eq(length("\0\xb8\0\1", 1, 4), 3);
	ck_assert_uint_eq(length("\0\xb8\0", 1, 3), 0);
	ck_assert_uint_eq(length("\xca", 0, 1), 0);
	ck_assert_uint_eq(length("\xff\0\0\0", 0, 4), 0);
}
END_TEST

START_TEST(wide)
{
	ck_assert_uint_eq(length("\xc4\x15\0\1", 0, 4), 4);
	ck_assert_uint_eq(length("\xc4\x15\0", 0, 3), 0);
	ck_assert_uint_eq(length("\xc4\x84\0\1\0\1", 0, 6), 6);
	ck_assert_uint_eq(length("\xc4\x84\0\1\0", 0, 5), 0);
	ck_assert_uint_eq(length("\xc4\xa9\0\1", 0, 4), 4);
	ck_assert_uint_eq(length("\xc4\0\0\1", 0, 4), 0);
	ck_assert_uint_eq(length("\xc4", 0, 1), 0);
}
END_TEST

START_TEST(switches)
{
	/* at 1: two octets of padding, default, low 5, high 6, two targets */
	static const char table[] = "\0\xaa\0\0\0\0\0\x1c\0\0\0\5\0\0\0\6\0\0\0\x18\xff\xff\xff\xff";
	/* at 3: no padding, default -1, 2 pairs */
	static const char lookup[] = "\0\0\0\xab\xff\xff\xff\xff\0\0\0\2\x80\0\0\0\0\0\0\x10\0\0\0\1\0\0\0\x11";
	struct classfile_switch s;

	ck_assert_uint_eq(length(table, 1, sizeof(table) - 1), 23);
	for (uint32_t n = 2; n < sizeof(table) - 1; n++)
		ck_assert_uint_eq(length(table, 1, n), 0);
	classfile_switch_read((const uint8_t *)table, 1, &s);
	ck_assert_int_eq(s.target, 0x1c);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_int_eq(classfile_switch_match(&s, 1), 6);
	ck_assert_int_eq(classfile_switch_target(&s, 0), 0x18);
	ck_assert_int_eq(classfile_switch_target(&s, 1), -1);
	ck_assert_uint_eq(length(lookup, 3, sizeof(lookup) - 1), 25);
	for (uint32_t n = 4; n < sizeof(lookup) - 1; n++)
		ck_assert_uint_eq(length(lookup, 3, n), 0);
	classfile_switch_read((const uint8_t *)lookup, 3, &s);
	ck_assert(s.lookup);
	ck_assert_int_eq(s.target, -1);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_int_eq(classfile_switch_match(&s, 0), INT32_MIN);
	ck_assert_int_eq(classfile_switch_target(&s, 0), 0x10);
	ck_assert_int_eq(classfile_switch_match(&s, 1), 1);
	ck_assert_int_eq(classfile_switch_target(&s, 1), 0x11);
}
END_TEST

START_TEST(switches_with_impossible_counts)
{
	/* low above high; low to high is all of 32 bits; -1 pairs; 2^31 - 1 pairs */
	ck_assert_uint_eq(length("\xaa\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1\0\0\0\0", 0, 20), 0);
	ck_assert_uint_eq(length("\xaa\0\0\0\0\0\0\0\x80\0\0\0\x7f\xff\xff\xff\0\0\0\0", 0, 20), 0);
	ck_assert_uint_eq(length("\xab\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0", 0, 16), 0);
	ck_assert_uint_eq(length("\xab\0\0\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0", 0, 16), 0);
	ck_assert_uint_eq(length("\xab\0\0\0\0\0\0\0\0\0\0\0", 0, 12), 12);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("classfile_opcode");
	TCase *tc = tcase_create("opcode");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, the_table_is_whole);
	tcase_add_test(tc, fixed_lengths);
	tcase_add_test(tc, wide);
	tcase_add_test(tc, switches);
	tcase_add_test(tc, switches_with_impossible_counts);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
