// SPDX-License-Identifier: GPL-2.0-or-later
/* Obligations of p/T, which extends c/Above, held against a small universe that does not know p/T. */
#include "jvm-broker/discharge/discharge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/universe/world.h"

#define OBJECT "java/lang/Object"
#define NO_CLASS "java/lang/NoClassDefFoundError"
#define CIRCULAR "java/lang/ClassCircularityError"
#define CHANGE "java/lang/IncompatibleClassChangeError"
#define ACCESS "java/lang/IllegalAccessError"
#define VERIFY "java/lang/VerifyError"
#define SOUND ""

static struct universe_scratch scratch;

static void add(unsigned access, const char *name, const char *super, const char *permitted)
{
	const bool package_of_t = name[0] == 'p';
	const struct shape s = { .name = name,
				 .super = super,
				 .interfaces = "",
				 .fields = "f:I:4",
				 .methods = package_of_t
						    ? "hidden:()V:12 near:()V:10"
						    : "m:()V:4 open:()V fin:()V:11 hidden:()V:12 own:()V:19 far:()V:10",
				 .permitted = permitted,
				 .access = access };

	ck_assert_int_eq(world_add(1, "", &s), UNIVERSE_REASON_NONE);
}

static void setup(void)
{
	world_setup();
	world_jdk();
	add(0x21, "p/Root", OBJECT, NULL);
	add(0x21, "c/Above", "p/Root", NULL);
	add(0x21, "c/Below", "c/Above", NULL);
	add(0x21, "c/Other", OBJECT, NULL);
	add(0x31, "c/Final", OBJECT, NULL);
	add(0x20, "c/Hidden", OBJECT, NULL);
	add(0x21, "c/Orphan", "c/Lost", NULL);
	add(0x21, "x/R", "x/S", NULL);
	add(0x21, "x/S", "x/R", NULL);
	add(0x421, "p/Sealed", OBJECT, "p/U p/T");
	add(0x421, "p/Closed", OBJECT, "p/U");
	add(0x421, "c/Sealed", OBJECT, "p/T");
	ck_assert_int_eq(world_add(1, "",
				   &(struct shape){ .name = "i/Face",
						    .super = OBJECT,
						    .interfaces = "",
						    .fields = "",
						    .methods = "",
						    .access = 0x601 }),
			 UNIVERSE_REASON_NONE);
	world_finish();
	ck_assert_int_eq(universe_scratch_init(&scratch, &world.u, &world.arena), 0);
}

static struct verify_obligation obligation(unsigned kind, const char *from, const char *to, const char *name,
					   const char *type)
{
	return (struct verify_obligation){ .kind = (uint8_t)kind,
					   .from = world_text(from),
					   .to = world_text(to),
					   .name = world_text(name),
					   .descriptor = world_text(type) };
}

static struct verify_verdict verdict_of(const struct verify_obligation *o, uint32_t n,
					const struct verify_place *places, uint32_t places_n)
{
	return (struct verify_verdict){ .obligations = o,
					.obligations_n = n,
					.places = places,
					.places_n = places_n,
					.name = world_text("p/T"),
					.above = world_text("c/Above") };
}

/* clang-format off */
static const struct {
	unsigned kind;
	const char *from, *to, *name, *type, *error;
} rows[] = {
	{ VERIFY_EXTENDS, "", "c/Above", "", "", SOUND },
	{ VERIFY_EXTENDS, "", "c/Lost", "", "", NO_CLASS },
	{ VERIFY_EXTENDS, "", "c/Orphan", "", "", NO_CLASS },
	{ VERIFY_EXTENDS, "", "x/R", "", "", CIRCULAR },
	{ VERIFY_EXTENDS, "", "p/T", "", "", CIRCULAR },
	{ VERIFY_EXTENDS, "", "i/Face", "", "", CHANGE },
	{ VERIFY_EXTENDS, "", "c/Final", "", "", CHANGE },
	{ VERIFY_EXTENDS, "", "c/Hidden", "", "", ACCESS },
	{ VERIFY_EXTENDS, "", "p/Sealed", "", "", SOUND },
	{ VERIFY_EXTENDS, "", "p/Closed", "", "", CHANGE },
	{ VERIFY_EXTENDS, "", "c/Sealed", "", "", CHANGE }, /* of another package, and no module */
	{ VERIFY_IMPLEMENTS, "", "i/Face", "", "", SOUND },
	{ VERIFY_IMPLEMENTS, "", "c/Above", "", "", CHANGE },
	{ VERIFY_OVERRIDES, "", "c/Above", "fin", "()V", CHANGE },
	{ VERIFY_OVERRIDES, "", "c/Above", "fin", "(I)V", SOUND },
	{ VERIFY_OVERRIDES, "", "c/Above", "hidden", "()V", SOUND }, /* private */
	{ VERIFY_OVERRIDES, "", "c/Above", "own", "()V", SOUND },    /* static */
	{ VERIFY_OVERRIDES, "", "c/Above", "far", "()V", SOUND },    /* of another package */
	{ VERIFY_OVERRIDES, "", "c/Above", "near", "()V", CHANGE },  /* of p/Root, further up */
	{ VERIFY_OVERRIDES, "", "c/Above", "open", "()V", SOUND },
	{ VERIFY_LOADS, "", "c/Other", "", "", SOUND },
	{ VERIFY_LOADS, "", "c/Lost", "", "", NO_CLASS },
	{ VERIFY_LOADS, "", "p/T", "", "", SOUND },
	{ VERIFY_ASSIGNABLE, "c/Below", "c/Above", "", "", SOUND },
	{ VERIFY_ASSIGNABLE, "c/Above", "c/Below", "", "", VERIFY },
	{ VERIFY_ASSIGNABLE, "c/Other", "c/Above", "", "", VERIFY },
	{ VERIFY_ASSIGNABLE, "c/Lost", "c/Above", "", "", NO_CLASS },
	{ VERIFY_ASSIGNABLE, "c/Other", "c/Lost", "", "", NO_CLASS },
	{ VERIFY_ASSIGNABLE, "c/Lost", "i/Face", "", "", SOUND }, /* then it is not loaded */
	{ VERIFY_ASSIGNABLE, "p/T", "c/Above", "", "", SOUND },
	{ VERIFY_ASSIGNABLE, "p/T", "c/Other", "", "", VERIFY },
	{ VERIFY_INTERFACE, "", "i/Face", "", "", SOUND },
	{ VERIFY_INTERFACE, "", "c/Other", "", "", VERIFY },
	{ VERIFY_INTERFACE, "", "c/Lost", "", "", NO_CLASS },
	{ VERIFY_ABOVE, "", "c/Above", "", "", SOUND },
	{ VERIFY_ABOVE, "", OBJECT, "", "", SOUND },
	{ VERIFY_ABOVE, "", "c/Below", "", "", VERIFY },
	{ VERIFY_PROTECTED_METHOD, "c/Below", "c/Above", "m", "()V", VERIFY },
	{ VERIFY_PROTECTED_METHOD, "p/T", "c/Above", "m", "()V", SOUND },
	{ VERIFY_PROTECTED_METHOD, "[I", "c/Above", "m", "()V", VERIFY },
	{ VERIFY_PROTECTED_METHOD, "c/Lost", "c/Above", "m", "()V", NO_CLASS },
	{ VERIFY_PROTECTED_METHOD, "c/Below", "c/Above", "open", "()V", SOUND },
	{ VERIFY_PROTECTED_METHOD, "c/Below", "c/Above", "m", "(I)V", SOUND }, /* there is none */
	{ VERIFY_PROTECTED_METHOD, "c/Below", "c/Other", "m", "()V", SOUND },  /* that is not above p/T */
	{ VERIFY_PROTECTED_FIELD, "c/Below", "c/Above", "f", "I", VERIFY },
	{ VERIFY_PROTECTED_FIELD, "p/T", "c/Above", "f", "I", SOUND },
};
/* clang-format on */

START_TEST(each)
{
	const struct verify_obligation o =
		obligation(rows[_i].kind, rows[_i].from, rows[_i].to, rows[_i].name, rows[_i].type);
	const struct verify_place place = { 0, 3, VERIFY_AXIOM_STACK_TYPE, 7 };
	const struct verify_verdict verdict = verdict_of(&o, 1, &place, 1);
	const struct discharge_failure *failures;
	const int n = discharge(&verdict, &world.u, &scratch, &world.arena, &failures);

	ck_assert_msg(n == (rows[_i].error[0] != 0), "row %d: %d failures", _i, n);
	if (!n)
		return;
	ck_assert_msg(!strcmp(failures[0].error, rows[_i].error), "row %d: %s", _i, failures[0].error);
	ck_assert_uint_eq(failures[0].phase, rows[_i].kind <= VERIFY_OVERRIDES ? VERIFY_DEFINE : VERIFY_LINK);
	ck_assert_uint_eq(failures[0].axiom, VERIFY_AXIOM_STACK_TYPE);
	ck_assert_uint_eq(failures[0].method, 3);
	ck_assert_int_eq(failures[0].bci, 7);
	ck_assert(classfile_text_equal(failures[0].culprit, o.to));
}
END_TEST

/* Of a method the first is told; an error of the verdict stands among the places by its method. */
START_TEST(order)
{
	const struct verify_obligation o[] = { obligation(VERIFY_LOADS, "", "c/Other", "", ""),
					       obligation(VERIFY_LOADS, "", "c/Lost", "", ""),
					       obligation(VERIFY_ASSIGNABLE, "c/Other", "c/Above", "", "") };
	const struct verify_place places[] = { { 0, 0, VERIFY_AXIOM_STACK_TYPE, 1 },
					       { 1, 1, VERIFY_AXIOM_STACK_TYPE, 2 },
					       { 2, 1, VERIFY_AXIOM_LOCAL_TYPE, 3 },
					       { 2, 2, VERIFY_AXIOM_RETURN_TYPE, 4 } };
	const struct verify_error errors[] = {
		{ .axiom = VERIFY_AXIOM_CODE_END, .phase = VERIFY_LINK, .method = 1, .bci = 9 },
		{ .axiom = VERIFY_AXIOM_CODE_END, .phase = VERIFY_LINK, .method = 4, .bci = 9 }
	};
	struct verify_verdict verdict = verdict_of(o, 3, places, 4);
	const struct discharge_failure *failures;

	verdict.errors = errors;
	verdict.errors_n = 2;
	ck_assert_int_eq(discharge(&verdict, &world.u, &scratch, &world.arena, &failures), 3);
	ck_assert_str_eq(failures[0].error, NO_CLASS);
	ck_assert_int_eq(failures[0].bci, 2);
	ck_assert_str_eq(failures[1].error, VERIFY);
	ck_assert_uint_eq(failures[1].method, 2);
	ck_assert_uint_eq(failures[2].axiom, VERIFY_AXIOM_CODE_END);
	ck_assert_uint_eq(failures[2].method, 4);
}
END_TEST

/* What cannot be defined is not linked. */
START_TEST(definition_first)
{
	const struct verify_obligation o[] = { obligation(VERIFY_EXTENDS, "", "c/Final", "", ""),
					       obligation(VERIFY_LOADS, "", "c/Lost", "", "") };
	const struct verify_place places[] = { { 0, VERIFY_NOWHERE, VERIFY_AXIOM_INHERIT_CLASS, -1 },
					       { 1, 1, VERIFY_AXIOM_STACK_TYPE, 2 } };
	const struct verify_error error = {
		.axiom = VERIFY_AXIOM_CODE_END, .phase = VERIFY_LINK, .method = 4, .bci = 9
	};
	struct verify_verdict verdict = verdict_of(o, 2, places, 2);
	const struct discharge_failure *failures;

	verdict.errors = &error;
	verdict.errors_n = 1;
	ck_assert_int_eq(discharge(&verdict, &world.u, &scratch, &world.arena, &failures), 1);
	ck_assert_str_eq(failures[0].error, CHANGE);
	ck_assert_uint_eq(failures[0].method, VERIFY_NOWHERE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("discharge");
	TCase *t = tcase_create("discharge");

	tcase_add_checked_fixture(t, setup, world_teardown);
	tcase_add_loop_test(t, each, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, order);
	tcase_add_test(t, definition_first);
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
