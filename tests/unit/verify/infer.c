// SPDX-License-Identifier: GPL-2.0-or-later
/* The inference verifier: methods of version 48, sound and not; what paths that meet leave open. */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/verify/program.h"

#define OLD .major = 48, .access = CLASSFILE_STATIC
#define CODE(text) .code = OCTETS(text)
#define ROOM(s, l) .stack = (s), .locals = (l)

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
	/* below version 51 an initialiser that is not called static is so all the same */
	{ VERIFY_AXIOM_LOCAL_RANGE, { .major = 48, .name = "<clinit>", ROOM(1, 0), CODE("\x2a\x57\xb1") } },
	{ -1, { .major = 48, .name = "<clinit>", CODE("\xb1") } },
	{ VERIFY_AXIOM_RETURN_THIS, { .major = 48, .name = "<init>", ROOM(1, 1), CODE("\xb1") } },
	{ -1, { .major = 48, .name = "<init>", ROOM(1, 1), CODE("\x2a\xb7\0\x12\xb1") } },
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

	ck_assert(!verdict.unjudged);
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

START_TEST(subroutine)
{
	const struct program program = { OLD, ROOM(1, 1), CODE("\xa8\0\4\xb1\x4b\xa9\0") };

	ck_assert(program_judge(&program, &arena, -1).unjudged);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("verify_infer");
	TCase *t = tcase_create("infer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, meeting);
	tcase_add_test(t, subroutine);
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
