// SPDX-License-Identifier: GPL-2.0-or-later
/* The inference verifier: methods of version 48, sound and not, with subroutines and without; what paths that meet leave open. */
#include <check.h>
#include <stdlib.h>

#include "jvm-broker/classfile/opcode.h"
#include "tests/unit/verify/program.h"

#define OLD .major = 48, .access = CLASSFILE_STATIC
#define CODE(text) .code = OCTETS(text)
#define ROOM(s, l) .stack = (s), .locals = (l)

#define TWICE                                                                                                        \
	"\3\x99\0\x10\x2a\x4c\xa8\0\x13\x2a\xb7\0\x12\xb1\x57\xb1\0\x2a\x4c\3\x3b\xa8\0\4\xb1\x4d\x2b\xb7\0\x12" \
	"\xa9\2"

/* clang-format off */
static const struct {
	int axiom; /* -1: sound */
	struct program program;
} rows[] = {
	{ -1, { OLD, CODE("\xb1") } },
	{ -1, { OLD, CODE("\xb1\x57\xb1") } }, /* what is not reached needs no operands */
	{ VERIFY_AXIOM_LOCAL_RANGE, { OLD, CODE("\xb1\x1a\xb1") } }, /* but locals that are there */
	{ -1, { OLD, ROOM(1, 1), CODE("\3\x3b\x1a\x9a\xff\xff\xb1") } }, /* a loop */
	{ -1, { OLD, ROOM(1, 1), CODE("\3\x99\0\5\3\x3b\xb1") } }, /* a local that one path sets is nothing after it */
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\3\x99\0\5\3\x3b\x1a\x57\xb1") } },
	{ VERIFY_AXIOM_FRAME_FALL, { OLD, ROOM(2, 0), CODE("\3\x99\0\4\3\xb1") } }, /* stacks of two heights */
	{ VERIFY_AXIOM_FRAME_TARGET, { OLD, ROOM(1, 0), CODE("\3\x99\0\7\xb1") } },
	{ VERIFY_AXIOM_SWITCH_PADDING, { OLD, ROOM(1, 0), CODE("\3\xab\0\1\0\0\0\x0b\0\0\0\0\xb1") } },
	{ VERIFY_AXIOM_CODE_END, { OLD, CODE("\0") } },
	/* a loop that makes an int of a float: found when it comes round */
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\3\x3b\x1a\x57\x0b\x43\xa7\xff\xfc") } },
	/* a handler sees what a local was before */
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\3\x3b\0\xb1\x57\x17\0\x57\xb1"), .handlers = OCTETS("\0\2\0\3\0\4\0\0") } },
	{ -1, { OLD, ROOM(1, 1), CODE("\3\x3b\0\xb1\x57\x15\0\x57\xb1"), .handlers = OCTETS("\0\2\0\3\0\4\0\0") } },
	{ VERIFY_AXIOM_HANDLER_PC, { OLD, ROOM(1, 0), CODE("\xb1\0\xb1"), .handlers = OCTETS("\0\1\0\2\0\0\0\0") } },
	/* below version 51 an initialiser that is not called static is so all the same */
	{ VERIFY_AXIOM_LOCAL_RANGE, { .major = 48, .name = "<clinit>", ROOM(1, 0), CODE("\x2a\x57\xb1") } },
	{ -1, { .major = 48, .name = "<clinit>", CODE("\xb1") } },
	{ VERIFY_AXIOM_RETURN_THIS, { .major = 48, .name = "<init>", ROOM(1, 1), CODE("\xb1") } },
	{ -1, { .major = 48, .name = "<init>", ROOM(1, 1), CODE("\x2a\xb7\0\x12\xb1") } },
	/* subroutines */
	{ -1, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\xa9\0") } },
	{ -1, { OLD, ROOM(1, 1), CODE("\xc9\0\0\0\6\xb1\x4b\xc4\xa9\0\0") } }, /* jsr_w, wide ret */
	{ -1, { OLD, ROOM(2, 1), CODE("\xa8\0\4\xb1\x59\x57\x4b\xa9\0") } }, /* an address is dup'd and popped, */
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\x2a\x57\xa9\0") } }, /* but not loaded, */
	{ VERIFY_AXIOM_STACK_TYPE, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x3b\xb1") } }, /* and no int */
	/* two callers, an int and a float in a local that the subroutine does not touch: each finds its own again; and one that it does */
	{ -1, { OLD, ROOM(1, 2), CODE("\3\x3c\xa8\0\x0d\x1b\x57\x0b\x44\xa8\0\6\x23\x57\xb1\x4b\xa9\0") } },
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 2), CODE("\3\x3c\xa8\0\x0d\x1b\x57\x0b\x44\xa8\0\6\x23\x57\xb1\x4b\3\x3c\xa9\0") } },
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 2), CODE("\3\x3c\xa8\0\x0d\x1b\x57\x0b\x44\xa8\0\6\x23\x57\xb1\x4b\x84\1\1\xa9\0") } },
	/* what an inner subroutine leaves, its caller's caller finds; from the inner one control may return two steps at once */
	{ -1, { OLD, ROOM(1, 3), CODE("\xa8\0\6\x1c\x57\xb1\x4b\xa8\0\5\xa9\0\x4c\3\x3d\xa9\1") } },
	{ -1, { OLD, ROOM(1, 3), CODE("\xa8\0\6\x1c\x57\xb1\x4b\xa8\0\5\xb1\0\x4c\3\x3d\xa9\0") } },
	{ VERIFY_AXIOM_SUBROUTINE_RECURSION, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\xa8\xff\xff\xa9\0") } },
	{ VERIFY_AXIOM_SUBROUTINE_RECURSION, { OLD, ROOM(1, 2), CODE("\xa8\0\4\xb1\x4b\xa8\0\5\xa9\0\x4c\xa8\xff\xf9\xa9\1") } },
	{ VERIFY_AXIOM_SUBROUTINE_RETURNS, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\3\x99\0\5\xa9\0\xa9\0") } },
	{ VERIFY_AXIOM_SUBROUTINE_CALLER, { OLD, ROOM(1, 1), CODE("\xa8\0\7\xa7\0\5\xb1\x4b\xa9\0") } }, /* returned from already */
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\3\x3b\xa9\0") } },
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\xa9\0") } },
	/* an address or an int */
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\3\x99\0\5\3\x3b\xa9\0") } },
	/* jsr at the very end: returned to, and not */
	{ VERIFY_AXIOM_CODE_END, { OLD, ROOM(1, 1), CODE("\xa7\0\6\x4b\xa9\0\xa8\xff\xfd") } },
	{ -1, { OLD, ROOM(1, 1), CODE("\xa7\0\6\x57\xb1\0\xa8\xff\xfd") } },
	{ VERIFY_AXIOM_CODE_END, { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\xa9\0\xa8\xff\xfd") } }, /* it is not even reached */
	/* a new object is not there in a subroutine, but when that has returned; on the stack it is lost */
	{ -1, { OLD, ROOM(1, 2), CODE("\xbb\0\2\x4c\xa8\0\x08\x2b\xb7\0\x13\xb1\x4b\xa9\0") } },
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 2), CODE("\xbb\0\2\x4c\xa8\0\x08\x2b\xb7\0\x13\xb1\x4b\x2b\x57\xa9\0") } },
	{ VERIFY_AXIOM_STACK_TYPE, { OLD, ROOM(2, 1), CODE("\xbb\0\2\xa8\0\7\xb7\0\x13\xb1\x4b\xa9\0") } },
	{ -1, { OLD, ROOM(2, 1), CODE("\xbb\0\2\xa8\0\5\x57\xb1\x4b\xa9\0") } },
	{ VERIFY_AXIOM_LOCAL_TYPE, { OLD, ROOM(1, 2), CODE("\xbb\0\2\x4c\xa8\0\4\xb1\x57\xb1\x57\x2b\x57\xb1"), .handlers = OCTETS("\0\4\0\7\0\x0a\0\0") } },
	/* each half of a long comes back by itself */
	{ -1, { OLD, ROOM(2, 3), CODE("\x09\x40\xa8\0\x08\3\x3d\x1b\x57\xb1\x4b\3\x3c\xa9\0") } },
	/* this is constructed in a subroutine that knows it in one local; the other copy is not, and may be once more, but not in a try block */
	{ -1, { .major = 48, .name = "<init>", ROOM(1, 3), CODE(TWICE) } },
	{ VERIFY_AXIOM_RETURN_THIS, { .major = 48, .name = "<init>", ROOM(1, 3), CODE(TWICE), .handlers = OCTETS("\0\x09\0\x0d\0\x0e\0\0") } },
	/* String or Throwable, as this class: one obligation for each, and both load */
	{ -1, { OLD, .descriptor = "(ILjava/lang/String;Ljava/lang/Throwable;)Lp/T;", ROOM(1, 3),
		CODE("\x1a\x99\0\7\x2b\xa7\0\4\x2c\xb0") } },
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

START_TEST(each)
{
	const struct verify_verdict verdict = program_judge(&rows[_i].program, &arena, -1);

	ck_assert_msg(verdict.errors_n == (rows[_i].axiom >= 0), "row %d: %s", _i,
		      verdict.errors_n ? verify_axiom_name(verdict.errors[0].axiom) : "sound");
	if (rows[_i].axiom >= 0)
		ck_assert_str_eq(verify_axiom_name(verdict.errors[0].axiom), verify_axiom_name(rows[_i].axiom));
}
END_TEST

static bool has(const struct verify_verdict *v, unsigned kind, const char *from, const char *to)
{
	for (uint32_t i = 0; i < v->obligations_n; i++)
		if (v->obligations[i].kind == kind && v->obligations[i].from.len == strlen(from) &&
		    classfile_text_is(v->obligations[i].to, to, strlen(to)) &&
		    !strncmp(from, (const char *)v->obligations[i].from.data ?: "", strlen(from)))
			return true;
	return false;
}

START_TEST(meeting)
{
	const int last = sizeof(rows) / sizeof(rows[0]) - 1;
	const struct verify_verdict verdict = program_judge(&rows[last].program, &arena, -1);

	ck_assert_uint_eq(verdict.obligations_n, 4);
	ck_assert(has(&verdict, VERIFY_LOADS, "", "java/lang/String"));
	ck_assert(has(&verdict, VERIFY_LOADS, "", "java/lang/Throwable"));
	ck_assert(has(&verdict, VERIFY_ASSIGNABLE, "java/lang/String", "p/T"));
	ck_assert(has(&verdict, VERIFY_ASSIGNABLE, "java/lang/Throwable", "p/T"));
}
END_TEST

/* Each subroutine calls the next one twice: 2 to the 100th paths, but each instruction has one state. */
START_TEST(doubling)
{
	enum { LEVELS = 100, EACH = 10 };
	static uint8_t code[4 + LEVELS * EACH];
	struct program program = { OLD, ROOM(1, LEVELS), .code = { (char *)code, sizeof(code) } };
	struct verify_verdict verdict;

	memcpy(code, "\xa8\0\4\xb1", 4);
	for (unsigned i = 0; i < LEVELS; i++) {
		uint8_t *at = code + 4 + i * EACH;

		memcpy(at, "\x3a\0\xa8\0\x08\xa8\0\5\xa9\0", EACH);
		at[1] = at[9] = (uint8_t)i;
		if (i + 1 == LEVELS)
			memset(at + 2, CLASSFILE_OP_NOP, 6);
	}
	verdict = program_judge(&program, &arena, -1);
	ck_assert_uint_eq(verdict.errors_n, 0);
	ck_assert_uint_lt(verdict.work, 1 << 20);
}
END_TEST

/* Nine thousand subroutines, each called by the one before: states grow with the square of that. */
START_TEST(hostile)
{
	enum { LEVELS = 9300, EACH = 7 };
	static uint8_t code[3 + LEVELS * EACH + 1];
	struct program program = { OLD, ROOM(1, LEVELS), .code = { (char *)code, sizeof(code) } };
	struct verify_verdict verdict;

	memcpy(code, "\xa8\0\3", 3);
	for (unsigned i = 0; i < LEVELS; i++) {
		uint8_t *at = code + 3 + i * EACH;

		memcpy(at, "\xc4\x3a\0\0\xa8\0\3", EACH);
		at[2] = (uint8_t)(i >> 8);
		at[3] = (uint8_t)i;
	}
	memset(code + sizeof(code) - 4, CLASSFILE_OP_NOP, 3);
	code[sizeof(code) - 1] = CLASSFILE_OP_RETURN;
	ck_assert_int_eq(verify_class(program_class(&program, &arena), NULL, &arena, &verdict), VERIFY_REASON_WORK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("verify_infer");
	TCase *t = tcase_create("infer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, meeting);
	tcase_add_test(t, doubling);
	tcase_add_test(t, hostile);
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
