// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/universe/universe.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/universe/world.h"

/* ---- tests --------------------------------------------------------------------------------------------------------------------------------- */

START_TEST(what_a_class_is)
{
	const struct universe_member *m;
	const struct universe_class *c, *nest;

	world_jdk();
	ck_assert_int_eq(world_add(1, "",
				   &(struct shape){ .name = "a/B",
						    .super = "java/lang/Object",
						    .interfaces = "java/lang/Runnable a/I",
						    .access = 0x31,
						    .fields = "z:I a:J z:D",
						    .methods = "run:()V <init>:()V run:(I)V",
						    .host = "a/H",
						    .major = 55 }),
			 UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_add(1, "",
				   &(struct shape){ .name = "a/I",
						    .super = "java/lang/Object",
						    .permitted = "a/B a/C",
						    .access = 0x0600 }),
			 UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_add(1, "",
				   &(struct shape){ .name = "a/H", .super = "java/lang/Object", .members = "a/B" }),
			 UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_add(1, "",
				   &(struct shape){ .name = "Old",
						    .super = "java/lang/Object",
						    .members = "a/B",
						    .host = "a/H",
						    .permitted = "",
						    .major = 54 }),
			 UNIVERSE_REASON_NONE);
	world_finish();
	c = world_must("a/B");
	ck_assert_uint_eq(c->access, 0x31);
	ck_assert_uint_eq(c->major, 55);
	ck_assert_uint_eq(c->artefact, 1);
	ck_assert_uint_eq(c->module, 0);
	ck_assert_uint_eq(c->state, UNIVERSE_WHOLE);
	ck_assert_uint_eq(c->depth, 1);
	ck_assert_ptr_eq(universe_super(&world.u, c), world_must("java/lang/Object"));
	ck_assert_ptr_null(universe_super(&world.u, world_must("java/lang/Object")));
	ck_assert_uint_eq(c->interfaces_n, 2);
	ck_assert_ptr_eq(universe_class_named(&world.u, world.u.numbers[c->interfaces + 1]), world_must("a/I"));
	ck_assert_uint_eq(c->nest_host, world_number("a/H"));
	ck_assert(classfile_text_equal(universe_text(&world.u, c->package), world_text("a")));
	nest = world_must("a/H");
	ck_assert_uint_eq(nest->nest_members_n, 1);
	ck_assert_uint_eq(world.u.numbers[nest->nest_members], c->name);
	ck_assert(world_must("a/I")->sealed && !c->sealed);
	ck_assert_uint_eq(world_must("a/I")->permitted_n, 2);
	c = world_must("Old"); /* attributes newer than its version */
	ck_assert(!c->sealed && !c->nest_host && !c->nest_members_n);
	ck_assert_uint_eq(universe_text(&world.u, c->package).len, 0);
	c = world_must("a/B");
	m = universe_field(&world.u, c, world_number("z"), world_number("D"));
	ck_assert(m && m->name == world_number("z") && m->descriptor == world_number("D"));
	ck_assert_ptr_ne(universe_field(&world.u, c, world_number("z"), world_number("I")), m);
	ck_assert_ptr_nonnull(universe_field(&world.u, c, world_number("a"), world_number("J")));
	ck_assert_ptr_null(universe_field(&world.u, c, world_number("a"), world_number("I")));
	ck_assert_ptr_null(universe_field(&world.u, c, world_number("run"), world_number("()V")));
	ck_assert_ptr_nonnull(universe_method(&world.u, c, world_number("run"), world_number("()V")));
	ck_assert_ptr_nonnull(universe_method(&world.u, c, world_number("run"), world_number("(I)V")));
	ck_assert_ptr_null(world_find("a/C"));
	ck_assert_ptr_null(world_find("a"));
	ck_assert_uint_eq(world_number("no such string"), 0);
	ck_assert_mem_eq(world.u.artefacts[1], "first\0\0", 7);
}
END_TEST

START_TEST(who_comes_first)
{
	struct classfile c = world_class(&(struct shape){ .name = "x/Y", .super = "java/lang/Object" });

	world_jdk();
	ck_assert_int_eq(world_plain(1, "", "a/B", "java/lang/Object"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_plain(2, "", "a/B", "a/C"), UNIVERSE_REASON_HIDDEN);
	ck_assert_int_eq(world_plain(2, "", "java/lang/Mine", "java/lang/Object"), UNIVERSE_REASON_SHADOWED);
	ck_assert_int_eq(world_plain(0, "no.module", "q/Q", "java/lang/Object"), UNIVERSE_REASON_MODULE);
	/* what is broken keeps its name */
	ck_assert_int_eq(universe_add_class(&world.b, 1, world_text("x/Z"), world_text(""), NULL),
			 UNIVERSE_REASON_BROKEN);
	ck_assert_int_eq(world_plain(2, "", "x/Z", "java/lang/Object"), UNIVERSE_REASON_HIDDEN);
	ck_assert_int_eq(universe_add_class(&world.b, 1, world_text("x/W"), world_text(""), &c),
			 UNIVERSE_REASON_MISPLACED);
	ck_assert_int_eq(world_plain(2, "", "x/W", "java/lang/Object"), UNIVERSE_REASON_HIDDEN);
	ck_assert_int_eq(universe_add_class(&world.b, 1, world_text(""), world_text(""), &c),
			 UNIVERSE_REASON_MISPLACED);
	c.this_class = 0;
	ck_assert_int_eq(universe_add_class(&world.b, 1, world_text("x/Y"), world_text(""), &c), UNIVERSE_REASON_INDEX);
	ck_assert_int_eq(world_add(1, "", &(struct shape){ .name = "module-info", .access = CLASSFILE_MODULE_FLAG }),
			 UNIVERSE_REASON_MODULE);
	ck_assert_int_eq(world_module(1, "late", "", ""), UNIVERSE_REASON_MODULE);
	ck_assert_int_eq(world_module(0, "other", "", ""), UNIVERSE_REASON_MODULE);
	ck_assert_uint_eq(world.b.counts[UNIVERSE_REASON_HIDDEN], 3);
	ck_assert_uint_eq(world.b.counts[UNIVERSE_REASON_MODULE], 4);
	world_finish();
	ck_assert_uint_eq(world_must("a/B")->artefact, 1);
	ck_assert_ptr_null(world_find("java/lang/Mine"));
	ck_assert_ptr_null(world_find("x/Z"));
	ck_assert_ptr_null(world_find("x/W"));
	ck_assert_ptr_null(world_find("x/Y"));
	ck_assert_ptr_null(world_find("module-info"));
}
END_TEST

START_TEST(supertypes_that_do_not_load)
{
	world_jdk();
	world_plain(1, "", "m/A", "m/Nowhere");
	world_plain(1, "", "m/B", "m/A");
	world_add(1, "",
		  &(struct shape){
			  .name = "m/C", .super = "java/lang/Object", .interfaces = "java/lang/Runnable m/Nowhere" });
	world_plain(1, "", "c/A", "c/B");
	world_plain(1, "", "c/B", "c/C");
	world_plain(1, "", "c/C", "c/A");
	world_plain(1, "", "c/D", "c/A");
	world_plain(1, "", "c/Self", "c/Self");
	world_add(1, "",
		  &(struct shape){ .name = "c/I", .super = "java/lang/Object", .interfaces = "c/J", .access = 0x0600 });
	world_add(1, "",
		  &(struct shape){ .name = "c/J", .super = "java/lang/Object", .interfaces = "c/I", .access = 0x0600 });
	/* the first that is wrong counts */
	world_add(1, "", &(struct shape){ .name = "x/A", .super = "m/A", .interfaces = "c/I" });
	world_add(1, "", &(struct shape){ .name = "x/B", .super = "c/A", .interfaces = "m/Nowhere" });
	world_finish();
	for (const char *list = "m/A m/B m/C x/A"; *list;) {
		char w[64];

		world_word(&list, w);
		ck_assert_msg(world_must(w)->state == UNIVERSE_MISSING, "%s", w);
	}
	for (const char *list = "c/A c/B c/C c/D c/Self c/I c/J x/B"; *list;) {
		char w[64];

		world_word(&list, w);
		ck_assert_msg(world_must(w)->state == UNIVERSE_CIRCULAR, "%s", w);
		/* and it ends */
		universe_extends(&world.u, world_must(w), world_must("java/lang/Object"));
	}
	ck_assert_uint_eq(world_must("o/p/Q")->state, UNIVERSE_WHOLE);
	ck_assert(universe_extends(&world.u, world_must("m/B"), world_must("m/A")));
	ck_assert(!universe_extends(&world.u, world_must("m/B"), world_must("java/lang/Object")));
}
END_TEST

START_TEST(long_chains)
{
	char name[32], super[32];

	world_jdk();
	/* deepest first, so that settling goes all the way down */
	for (int i = 5000; i > 0; i--) {
		snprintf(name, sizeof(name), "l/C%d", i);
		snprintf(super, sizeof(super), i > 1 ? "l/C%d" : "java/lang/Object", i - 1);
		ck_assert_int_eq(world_plain(1, "", name, super), UNIVERSE_REASON_NONE);
		keel_arena_reset(&world.arena);
	}
	world_finish();
	ck_assert_uint_eq(world_must("l/C5000")->depth, 5000);
	ck_assert(universe_extends(&world.u, world_must("l/C5000"), world_must("java/lang/Object")));
	ck_assert(universe_extends(&world.u, world_must("l/C77"), world_must("l/C77")));
	ck_assert(!universe_extends(&world.u, world_must("l/C77"), world_must("l/C78")));
}
END_TEST

START_TEST(modules)
{
	const uint32_t base = 1, other = 2, third = 3, fourth = 4;

	world_jdk();
	world_plain(1, "", "a/B", "java/lang/Object");
	world_finish();
	ck_assert_uint_eq(world_must("java/lang/Object")->module, base);
	ck_assert(universe_exported(&world.u, base, world_number("java/lang"), 0));
	ck_assert(!universe_exported(&world.u, base, world_number("java/secret"), 0));
	ck_assert(universe_exported(&world.u, base, world_number("java/secret"), other));
	ck_assert(!universe_exported(&world.u, base, world_number("java/secret"), third));
	ck_assert(universe_exported(&world.u, base, world_number("java/secret"), base));
	ck_assert(!universe_exported(&world.u, base, world_number("a"), third));
	ck_assert(universe_exported(&world.u, 0, world_number("a"), third));
	ck_assert(universe_reads(&world.u, 0, other));
	ck_assert(!universe_reads(&world.u, base, 0));
	ck_assert(universe_reads(&world.u, other, base));
	ck_assert(universe_reads(&world.u, third, other));
	ck_assert(universe_reads(&world.u, third, base)); /* for other requires it transitively */
	ck_assert(universe_reads(&world.u, fourth, third));
	ck_assert(!universe_reads(&world.u, fourth, other));
	ck_assert(!universe_reads(&world.u, base, other));
	ck_assert(universe_same_package(world_must("java/lang/Object"), world_must("java/lang/Runnable")));
	ck_assert(!universe_same_package(world_must("java/lang/Object"), world_must("a/B")));
}
END_TEST

START_TEST(the_same_calls_make_the_same_octets)
{
	struct keel_buffer first;

	keel_buffer_init(&first, 0);
	world_jdk();
	world_finish();
	keel_buffer_append(&first, world.out.data, world.out.len);
	world_teardown();
	world_setup();
	world_jdk();
	world_finish();
	ck_assert_uint_eq(world.out.len, first.len);
	ck_assert_mem_eq(world.out.data, first.data, world.out.len);
	keel_buffer_free(&first);
}
END_TEST

/* All that can be asked of a universe */
static void ask(const struct universe *v)
{
	for (uint32_t i = 0; i < v->classes_n; i++) {
		const struct universe_class *c = &v->classes[i];
		const struct classfile_text name = universe_text(v, c->name);

		universe_find(v, name.data, name.len);
		universe_super(v, c);
		universe_extends(v, c, &v->classes[0]);
		for (unsigned k = 0; k < c->methods_n; k++)
			universe_method(v, c, v->members[c->methods + k].name, v->members[c->methods + k].descriptor);
		universe_field(v, c, c->name, c->name);
		for (unsigned k = 0; k < c->interfaces_n; k++)
			universe_class_named(v, v->numbers[c->interfaces + k] & ~UNIVERSE_TRANSITIVE);
		for (uint32_t m = 0; m <= v->modules_n; m++) {
			universe_exported(v, c->module, c->package, m);
			universe_reads(v, m, c->module);
		}
	}
}

static enum universe_reason open_octets(size_t n, struct universe *v)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(n ? n : 1);
	memcpy(copy, world.out.data, n);
	return universe_open(copy, n, v);
}

START_TEST(any_octet_may_change)
{
	unsigned opened = 0, damaged = 0;
	struct universe v;

	world_jdk();
	world_add(1, "",
		  &(struct shape){ .name = "a/B",
				   .super = "java/lang/Object",
				   .interfaces = "java/lang/Runnable",
				   .methods = "a:()V b:()V",
				   .members = "a/C" });
	world_finish();
	for (size_t n = 0; n < world.out.len; n++)
		ck_assert_int_eq(open_octets(n, &v), UNIVERSE_REASON_FORMAT);
	for (size_t i = 0; i < world.out.len; i++)
		for (unsigned k = 0; k < 3; k++) {
			const uint8_t was = world.out.data[i];
			enum universe_reason reason;

			world.out.data[i] = (uint8_t)(k == 0 ? was + 1 : k == 1 ? 0xff : was ^ 0x80);
			reason = open_octets(world.out.len, &v);
			opened += !reason;
			damaged += reason == UNIVERSE_REASON_DAMAGED;
			if (!reason)
				ask(&v);
			world.out.data[i] = was;
		}
	ck_assert_uint_ge(opened, 1000);
	ck_assert_uint_ge(damaged, 1000);
}
END_TEST

START_TEST(without_memory)
{
	struct keel_buffer small;

	world_jdk();
	keel_buffer_init(&small, 100);
	ck_assert_int_eq(universe_builder_finish(&world.b, &small), UNIVERSE_REASON_MEMORY);
	keel_buffer_free(&small);
	world.b.failed = UNIVERSE_REASON_NONE;
	world.b.octets.limit = world.b.octets.len;
	keel_buffer_free(&small);
	world.b.octets.cap = world.b.octets.len;
	ck_assert_int_eq(world_plain(1, "", "a/NewName", "java/lang/Object"), UNIVERSE_REASON_MEMORY);
	ck_assert_int_eq(world_plain(1, "", "java/lang/Object", NULL), UNIVERSE_REASON_MEMORY);
	ck_assert_int_eq(universe_builder_finish(&world.b, &world.out), UNIVERSE_REASON_MEMORY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("universe");
	TCase *tc = tcase_create("universe");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, what_a_class_is);
	tcase_add_test(tc, who_comes_first);
	tcase_add_test(tc, supertypes_that_do_not_load);
	tcase_add_test(tc, long_chains);
	tcase_add_test(tc, modules);
	tcase_add_test(tc, the_same_calls_make_the_same_octets);
	tcase_add_test(tc, any_octet_may_change);
	tcase_add_test(tc, without_memory);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
