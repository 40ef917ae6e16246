// SPDX-License-Identifier: GPL-2.0-or-later
/* The type checker: for each axiom a method that breaks it and nothing else, which is sound once the axiom is not reported. */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/verify/program.h"

#define STATIC .access = CLASSFILE_STATIC
#define CODE(text) .code = OCTETS(text)
#define FRAMES(text) .frames = OCTETS(text)
#define HANDLERS(text) .handlers = OCTETS(text)
#define ROOM(s, l) .stack = (s), .locals = (l)

/* clang-format off */
static const struct {
	enum verify_axiom axiom;
	int bci;
	struct program program;
} rows[] = {
#define ROW(axiom, bci, ...) { VERIFY_AXIOM_##axiom, (bci), { __VA_ARGS__ } },
	ROW(INSTRUCTION, 1, STATIC, CODE("\x00\xfe\xb1"))
	ROW(INSTRUCTION, 0, STATIC, CODE("\x11\x00"))
	ROW(INSTRUCTION, 1, STATIC, CODE("\x00\xcb\0\0\xb1")) /* an opcode of HotSpot's own */
	ROW(SUBROUTINE, 0, STATIC, ROOM(1, 1), CODE("\xa8\0\3\xb1"))
	ROW(SUBROUTINE, 0, STATIC, ROOM(1, 1), CODE("\xc4\xa9\0\0"))
	ROW(CODE_END, 1, STATIC, CODE("\x00"))
	ROW(HANDLER_START, -1, STATIC, ROOM(1, 0), CODE("\x11\0\0\x57\xb1"), HANDLERS("\0\1\0\3\0\4\0\0"))
	ROW(HANDLER_END, -1, STATIC, ROOM(1, 0), CODE("\x11\0\0\x57\xb1"), HANDLERS("\0\0\0\2\0\4\0\0"))
	ROW(HANDLER_PC, -1, STATIC, ROOM(1, 0), CODE("\x11\0\0\x57\xb1"), HANDLERS("\0\0\0\3\0\2\0\0"))
	ROW(HANDLER_CATCH, 1, STATIC, ROOM(1, 0), CODE("\xb1\x57\xb1"), FRAMES("\0\1\x41\7\0\x08"), HANDLERS("\0\0\0\1\0\1\0\x0a"))
	ROW(VARIABLE_START, -1, STATIC, ROOM(1, 1), CODE("\x11\0\0\x57\xb1"), .variables = OCTETS("\0\1\0\1\0\1\0\x1b\0\x1c\0\0"))
	ROW(VARIABLE_LENGTH, -1, STATIC, ROOM(1, 1), CODE("\x11\0\0\x57\xb1"), .variables = OCTETS("\0\1\0\0\0\1\0\x1b\0\x1c\0\0"))
	ROW(FRAME_TRUNCATED, -1, STATIC, CODE("\xb1"), FRAMES("\0\2\0"))
	ROW(FRAME_TRUNCATED, -1, STATIC, CODE("\xb1"), FRAMES("\0"))
	ROW(FRAME_TRUNCATED, -1, STATIC, ROOM(1, 1), CODE("\xb1"), FRAMES("\0\1\xfc\0\0\7\0"))
	ROW(FRAME_TRAILING, -1, STATIC, CODE("\xb1"), FRAMES("\0\0\0"))
	ROW(FRAME_RESERVED, -1, STATIC, CODE("\xb1"), FRAMES("\0\1\x80\0\0"))
	ROW(FRAME_TYPE, -1, STATIC, ROOM(1, 1), CODE("\xb1"), FRAMES("\0\1\xfc\0\0\x09"))
	ROW(FRAME_CLASS, -1, STATIC, ROOM(1, 1), CODE("\xb1"), FRAMES("\0\1\xfc\0\0\7\0\1"))
	ROW(FRAME_NEW, -1, STATIC, ROOM(1, 1), CODE("\xb1"), FRAMES("\0\1\xfc\0\0\x08\0\0"))
	ROW(FRAME_SIZE, -1, STATIC, CODE("\xb1"), FRAMES("\0\1\xfc\0\0\1"))
	ROW(FRAME_SIZE, -1, STATIC, CODE("\xb1"), FRAMES("\0\1\xfa\0\0"))
	ROW(FRAME_SIZE, -1, STATIC, ROOM(1, 1), CODE("\xb1"), FRAMES("\0\1\x40\4"))
	ROW(FRAME_OFFSET, 0, STATIC, CODE("\xb1"), FRAMES("\0\1\1"))
	ROW(FRAME_EXPECTED, 1, STATIC, CODE("\xb1\xb1"))
	ROW(FRAME_TARGET, 1, STATIC, ROOM(1, 0), CODE("\3\x99\0\3\xb1"))
	ROW(FRAME_FALL, 0, STATIC, ROOM(1, 1), CODE("\xb1"), FRAMES("\0\1\xfc\0\0\1"))
	ROW(FRAME_BRANCH, 5, STATIC, ROOM(1, 1), CODE("\3\x99\0\4\0\xb1"), FRAMES("\0\1\xfc\0\5\1"))
	ROW(FRAME_BRANCH, 1, STATIC, ROOM(2, 0), CODE("\3\x99\0\4\0\xb1"), FRAMES("\0\1\x45\1")) /* height */
	ROW(FRAME_HANDLER, 1, STATIC, ROOM(1, 1), CODE("\xb1\x57\xb1"), FRAMES("\0\1\xff\0\1\0\1\1\0\1\7\0\x08"), HANDLERS("\0\0\0\1\0\1\0\0"))
	ROW(STACK_UNDERFLOW, 0, STATIC, CODE("\x57\xb1"))
	ROW(STACK_OVERFLOW, 0, STATIC, CODE("\3\x57\xb1"))
	ROW(STACK_OVERFLOW, 0, STATIC, ROOM(1, 0), CODE("\x09\x58\xb1"))
	ROW(STACK_TYPE, 1, STATIC, ROOM(2, 0), CODE("\x0b\x74\x57\xb1"))
	ROW(STACK_CATEGORY, 1, STATIC, ROOM(2, 0), CODE("\x09\x57\xb1"))
	ROW(STACK_CATEGORY, 2, STATIC, ROOM(3, 0), CODE("\x09\3\x58\xb1"))
	ROW(STACK_CATEGORY, 2, STATIC, ROOM(4, 0), CODE("\x09\3\x5f\xb1"))
	ROW(LOCAL_RANGE, 0, STATIC, ROOM(1, 0), CODE("\x1a\x57\xb1"))
	ROW(LOCAL_RANGE, 1, STATIC, ROOM(2, 1), CODE("\x09\x3f\xb1"))
	ROW(LOCAL_TYPE, 0, STATIC, ROOM(1, 1), CODE("\x1a\x57\xb1"))
	ROW(LOCAL_TYPE, 4, STATIC, ROOM(2, 3), CODE("\x09\x3f\3\x3c\x1e\x58\xb1")) /* half of a long is overwritten */
	ROW(RETURN_VALUE, 0, STATIC, .descriptor = "()I", CODE("\xb1"))
	ROW(RETURN_VOID, 1, STATIC, ROOM(1, 0), CODE("\3\xac"))
	ROW(RETURN_TYPE, 1, STATIC, .descriptor = "()[I", ROOM(1, 0), CODE("\3\xac"))
	ROW(RETURN_THIS, 0, .name = "<init>", ROOM(1, 1), CODE("\xb1"))
	ROW(POOL_INDEX, 0, STATIC, ROOM(1, 0), CODE("\x12\xff\x57\xb1"))
	ROW(POOL_INDEX, 0, STATIC, ROOM(1, 0), CODE("\x12\0\x57\xb1"))
	ROW(POOL_TAG, 0, STATIC, ROOM(1, 0), CODE("\x12\1\x57\xb1"))
	ROW(POOL_TAG, 0, STATIC, ROOM(1, 0), CODE("\x12\x27\x57\xb1")) /* behind a long */
	ROW(OWNER_CLASS, 1, STATIC, ROOM(1, 0), CODE("\1\xb4\0\x1f\x57\xb1"))
	ROW(SWITCH_ORDER, 1, STATIC, ROOM(1, 0), CODE("\3\xab\0\0\0\0\0\x1b\0\0\0\2\0\0\0\2\0\0\0\x1b\0\0\0\2\0\0\0\x1b\xb1"), FRAMES("\0\1\x1c"))
	ROW(SWITCH_PADDING, 1, .major = 50, STATIC, ROOM(1, 0), CODE("\3\xab\0\1\0\0\0\x0b\0\0\0\0\xb1"), FRAMES("\0\1\x0c"))
	ROW(NEW_CLASS, 0, STATIC, ROOM(1, 0), CODE("\xbb\0\x0a\x57\xb1"))
	ROW(NEWARRAY_TYPE, 1, STATIC, ROOM(1, 0), CODE("\3\xbc\3\x57\xb1"))
	ROW(ARRAY_DIMENSIONS, 1, STATIC, ROOM(1, 0), CODE("\3\xbd\0\x0c\x57\xb1"))
	ROW(MULTIARRAY_CLASS, 1, STATIC, ROOM(1, 0), CODE("\3\xc5\0\4\1\x57\xb1"))
	ROW(MULTIARRAY_DIMENSIONS, 2, STATIC, ROOM(2, 0), CODE("\3\3\xc5\0\x0a\2\x57\xb1"))
	ROW(MULTIARRAY_DIMENSIONS, 0, STATIC, ROOM(2, 0), CODE("\xc5\0\x0a\0\x57\xb1"))
	ROW(INTERFACE_COUNT, 2, STATIC, ROOM(2, 0), CODE("\1\3\xb9\0\x19\3\0\xb1"))
	ROW(INTERFACE_ZERO, 2, STATIC, ROOM(2, 0), CODE("\1\3\xb9\0\x19\2\1\xb1"))
	ROW(DYNAMIC_ZERO, 1, STATIC, ROOM(2, 0), CODE("\3\xba\0\x20\1\0\xb1"))
	ROW(CALL_INTERNAL, 1, STATIC, ROOM(2, 0), CODE("\1\xb6\0\x12\xb1"))
	ROW(SPECIAL_SUPER, 2, ROOM(2, 1), CODE("\x2a\3\xb7\0\x1a\xb1"))
	ROW(SPECIAL_INTERFACE, 2, ROOM(2, 1), CODE("\x2a\3\xb7\0\x19\xb1"))
	ROW(INIT_OPERAND, 1, ROOM(1, 1), CODE("\x2a\xb7\0\x12\xb1"))
	ROW(INIT_THIS, 1, .name = "<init>", ROOM(1, 1), CODE("\x2a\xb7\0\x14\xb1"))
	ROW(INIT_CLASS, 3, STATIC, ROOM(1, 0), CODE("\xbb\0\6\xb7\0\x12\xb1"))
	ROW(INIT_TRY, 1, .name = "<init>", ROOM(1, 1), CODE("\x2a\xb7\0\x12\xb1\x57\xb1"), FRAMES("\0\1\xff\0\5\0\1\6\0\1\7\0\x08"),
	    HANDLERS("\0\0\0\4\0\5\0\0"))
};
/* clang-format on */

static struct keel_arena arena;

static void setup(void)
{
	keel_arena_init(&arena, 0);
}

static void teardown(void)
{
	keel_arena_free(&arena);
}

START_TEST(each_axiom)
{
	struct verify_verdict verdict = program_judge(&rows[_i].program, &arena, -1);
	const char *name = verify_axiom_name(rows[_i].axiom);

	ck_assert_msg(verdict.errors_n == 1, "%s, row %d: not found", name, _i);
	ck_assert_msg(verdict.errors[0].axiom == rows[_i].axiom, "%s, row %d: it is %s", name, _i,
		      verify_axiom_name(verdict.errors[0].axiom));
	ck_assert_msg(verdict.errors[0].bci == rows[_i].bci, "%s, row %d: at %d", name, _i, verdict.errors[0].bci);
	ck_assert_int_eq(verdict.errors[0].phase, VERIFY_LINK);
	ck_assert_int_eq(verdict.errors[0].method, 0);
	verdict = program_judge(&rows[_i].program, &arena, rows[_i].axiom);
	ck_assert_msg(verdict.errors_n == 0, "%s, row %d: found though disabled", name, _i);
}
END_TEST

/* PROTECTED is always an obligation; what is looked at before, and subroutines, are shown by classes with certificates (tests/conform/jvm). */
START_TEST(every_axiom_has_a_row)
{
	for (int axiom = VERIFY_AXIOM_INSTRUCTION; axiom < VERIFY_AXIOM_SUBROUTINE_RECURSION; axiom++) {
		bool found = axiom == VERIFY_AXIOM_PROTECTED;

		for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			found |= (int)rows[i].axiom == axiom;
		ck_assert_msg(found, "%s has no row", verify_axiom_name(axiom));
	}
}
END_TEST

/* clang-format off */
static const struct program sound[] = {
	{ STATIC, CODE("\xb1") },
	{ .name = "<init>", ROOM(1, 1), CODE("\x2a\xb7\0\x12\xb1") },
	{ .name = "<init>", ROOM(2, 1), CODE("\x2a\3\xb5\0\x1e\x2a\xb7\0\x12\xb1") }, /* a field before super() */
	{ STATIC, .descriptor = "(IJ)D", ROOM(2, 3), CODE("\x0e\xaf") },
	{ STATIC, ROOM(2, 1), CODE("\xbb\0\2\x59\xb7\0\x13\x4b\xb1") },
	{ STATIC, ROOM(2, 0), CODE("\x12\x25\x57\x14\0\x26\x58\xb1") },
	{ STATIC, ROOM(7, 0), CODE("\3\x0b\5\x09\x5e\x58\x58\x58\xb1") }, /* dup2_x2 over two words */
	{ STATIC, ROOM(1, 1), CODE("\3\x3b\x1a\x9a\xff\xff\xb1"), FRAMES("\0\1\xfc\0\2\1") }, /* a loop */
	{ STATIC, ROOM(1, 1), CODE("\3\x3b\xb1\x57\x1a\x57\xb1"), FRAMES("\0\1\xff\0\3\0\1\1\0\1\7\0\x08"), HANDLERS("\0\2\0\3\0\3\0\x08") },
	{ STATIC, ROOM(1, 0), CODE("\1\xb6\0\x24\x57\xb1") }, /* clone of null */
	{ STATIC, ROOM(1, 0), CODE("\3\xbc\x0a\xb6\0\x24\x57\xb1") }, /* of an array */
	{ STATIC, ROOM(2, 0), CODE("\3\xbd\0\6\3\x32\x57\xb1") },
	{ STATIC, ROOM(1, 4), CODE("\3\x3b\xb1\xb1\xb1"), FRAMES("\0\2\xfc\0\3\1\xfa\0\0") },
};
/* clang-format on */

START_TEST(sound_methods)
{
	const struct verify_verdict verdict = program_judge(&sound[_i], &arena, -1);

	ck_assert_msg(!verdict.errors_n, "%d: %s at %d", _i, verify_axiom_name(verdict.errors[0].axiom),
		      verdict.errors[0].bci);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("verify_checker");
	TCase *t = tcase_create("checker");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_axiom, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, every_axiom_has_a_row);
	tcase_add_loop_test(t, sound_methods, 0, sizeof(sound) / sizeof(sound[0]));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
