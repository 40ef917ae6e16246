// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/universe/resolve.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/universe/world.h"

#define PRIVATE "2"
#define PROTECTED "4"
#define STATIC_PUBLIC "9"
#define ABSTRACT "401"
#define OBJECT "java/lang/Object"

static struct universe_scratch scratch;

static void add(const char *name, const char *super, const char *interfaces, const char *fields, const char *methods)
{
	const struct shape s = { .name = name,
				 .super = super,
				 .interfaces = interfaces,
				 .fields = fields,
				 .methods = methods,
				 .access = 0x21 };

	ck_assert_int_eq(world_add(1, "", &s), UNIVERSE_REASON_NONE);
}

static void add_interface(const char *name, const char *interfaces, const char *fields, const char *methods)
{
	const struct shape s = { .name = name,
				 .super = OBJECT,
				 .interfaces = interfaces,
				 .fields = fields,
				 .methods = methods,
				 .access = 0x601 };

	ck_assert_int_eq(world_add(1, "", &s), UNIVERSE_REASON_NONE);
}

static void finish(void)
{
	world_finish();
	ck_assert_int_eq(universe_scratch_init(&scratch, &world.u, &world.arena), 0);
}

/* Who declares the field; or "NoSuchFieldError" */
static const char *field(const char *class, const char *name, const char *type)
{
	static char owner[64];
	struct universe_found found = { 0 };
	const enum universe_outcome outcome = universe_resolve_field(&world.u, &scratch, world_must(class),
								     world_number(name), world_number(type), &found);
	const struct classfile_text text = universe_text(&world.u, outcome ? 0 : found.owner->name);

	if (outcome)
		return universe_outcome_error(outcome);
	ck_assert_uint_eq(found.member->name, world_number(name));
	snprintf(owner, sizeof(owner), "%.*s", (int)text.len, (const char *)text.data);
	return owner;
}

static const char *method(const char *class, bool interface, const char *name, const char *type)
{
	static char owner[64];
	struct universe_found found = { 0 };
	const enum universe_outcome outcome = universe_resolve_method(&world.u, &scratch, world_must(class), interface,
								      world_number(name), world_number(type), &found);
	const struct classfile_text text = universe_text(&world.u, outcome ? 0 : found.owner->name);

	if (outcome)
		return universe_outcome_error(outcome);
	snprintf(owner, sizeof(owner), "%.*s", (int)text.len, (const char *)text.data);
	return owner;
}

START_TEST(fields)
{
	world_jdk();
	add_interface("i/Deep", "", "x:I deep:I", "");
	add_interface("i/One", "i/Deep", "y:I", "");
	add_interface("i/Two", "", "x:I y:I two:I", "");
	add("c/Base", OBJECT, "i/Two", "x:I base:I", "");
	add("c/Sub", "c/Base", "i/One", "own:I own:J", "");
	finish();
	ck_assert_str_eq(field("c/Sub", "own", "I"), "c/Sub");
	ck_assert_str_eq(field("c/Sub", "own", "D"), "NoSuchFieldError");
	ck_assert_str_eq(field("c/Sub", "base", "I"), "c/Base");
	/* superinterfaces before the superclass, and theirs before the next */
	ck_assert_str_eq(field("c/Sub", "x", "I"), "i/Deep");
	ck_assert_str_eq(field("c/Sub", "y", "I"), "i/One");
	ck_assert_str_eq(field("c/Sub", "two", "I"), "i/Two");
	ck_assert_str_eq(field("c/Base", "x", "I"), "c/Base");
	ck_assert_str_eq(field("c/Base", "deep", "I"), "NoSuchFieldError");
	ck_assert_str_eq(field("i/One", "deep", "I"), "i/Deep");
}
END_TEST

START_TEST(fields_by_the_way_down)
{
	world_jdk();
	/* a diamond: i/Low has it, reached by i/Left before i/Right is looked at */
	add_interface("i/Low", "", "x:I", "");
	add_interface("i/Left", "i/Low", "", "");
	add_interface("i/Right", "", "x:I", "");
	add("c/A", OBJECT, "i/Left i/Right", "", "");
	add("c/B", OBJECT, "i/Right i/Left", "", "");
	add("c/C", "c/A", "i/Right", "", "");
	finish();
	ck_assert_str_eq(field("c/A", "x", "I"), "i/Low");
	ck_assert_str_eq(field("c/B", "x", "I"), "i/Right");
	ck_assert_str_eq(field("c/C", "x", "I"), "i/Right");
}
END_TEST

START_TEST(methods)
{
	world_jdk();
	add_interface("i/Top", "", "", "m:()V both:()V hidden:()V:" PRIVATE " st:()V:" STATIC_PUBLIC);
	add_interface("i/Mid", "i/Top", "", "m:()V abs:()V:" ABSTRACT);
	add_interface("i/Other", "", "", "both:()V:" ABSTRACT " abs:()V");
	add("c/Base", OBJECT, "i/Top", "", "own:()V:" PRIVATE);
	add("c/Sub", "c/Base", "i/Other i/Mid", "", "sub:()V");
	finish();
	ck_assert_str_eq(method("c/Sub", false, "sub", "()V"), "c/Sub");
	ck_assert_str_eq(method("c/Sub", false, "own", "()V"), "c/Base"); /* access is looked at later */
	/* the one below hides the one above, whichever comes first */
	ck_assert_str_eq(method("c/Sub", false, "m", "()V"), "i/Mid");
	ck_assert_str_eq(method("c/Base", false, "m", "()V"), "i/Top");
	/* what has code comes before what has none */
	ck_assert_str_eq(method("c/Sub", false, "both", "()V"), "i/Top");
	ck_assert_str_eq(method("c/Sub", false, "abs", "()V"), "i/Other");
	/* what is not inherited */
	ck_assert_str_eq(method("c/Sub", false, "hidden", "()V"), "NoSuchMethodError");
	ck_assert_str_eq(method("c/Sub", false, "st", "()V"), "NoSuchMethodError");
	ck_assert_str_eq(method("i/Top", true, "st", "()V"), "i/Top");
	ck_assert_str_eq(method("i/Mid", true, "st", "()V"), "NoSuchMethodError");
	ck_assert_str_eq(method("i/Mid", true, "both", "()V"), "i/Top");
	ck_assert_str_eq(method("i/Mid", true, "m", "()V"), "i/Mid");
	ck_assert_str_eq(method("i/Mid", false, "m", "()V"), "IncompatibleClassChangeError");
	ck_assert_str_eq(method("c/Sub", true, "sub", "()V"), "IncompatibleClassChangeError");
}
END_TEST

START_TEST(hidden_through_one_that_says_nothing)
{
	world_jdk();
	/* i/Low extends i/Top by way of i/Between, which does not declare m */
	add_interface("i/Top", "", "", "m:()V");
	add_interface("i/Between", "i/Top", "", "");
	add_interface("i/Low", "i/Between", "", "m:()V");
	add("c/A", OBJECT, "i/Top i/Low", "", "");
	finish();
	ck_assert_str_eq(method("c/A", false, "m", "()V"), "i/Low");
}
END_TEST

START_TEST(object_and_polymorphic_methods)
{
	const struct shape object = { .name = OBJECT,
				      .methods = "hashCode:()I finalize:()V:" PROTECTED " st:()V:" STATIC_PUBLIC,
				      .access = 0x21 };
	const struct shape handle = {
		.name = "java/lang/invoke/MethodHandle",
		.super = OBJECT,
		.methods = "invoke:([Ljava/lang/Object;)Ljava/lang/Object;:191 plain:([Ljava/lang/Object;)V:81 "
			   "two:([Ljava/lang/Object;)V:191 two:()V",
		.access = 0x21
	};

	world_module(0, "java.base", "", "java/lang");
	world_add(0, "java.base", &object);
	world_add(0, "java.base", &handle);
	add_interface("i/I", "", "", "");
	add("c/Other", OBJECT, "", "", "invoke:([Ljava/lang/Object;)Ljava/lang/Object;:191 x:(IJ)V");
	finish();
	ck_assert_str_eq(method("i/I", true, "hashCode", "()I"), OBJECT);
	ck_assert_str_eq(method("i/I", true, "finalize", "()V"), "NoSuchMethodError");
	ck_assert_str_eq(method("i/I", true, "st", "()V"), "NoSuchMethodError");
	ck_assert_str_eq(method("java/lang/invoke/MethodHandle", false, "invoke", "(IJ)V"),
			 "java/lang/invoke/MethodHandle");
	ck_assert_str_eq(method("java/lang/invoke/MethodHandle", false, "plain", "(IJ)V"), "NoSuchMethodError");
	ck_assert_str_eq(method("java/lang/invoke/MethodHandle", false, "two", "(IJ)V"), "NoSuchMethodError");
	ck_assert_str_eq(method("c/Other", false, "invoke", "(IJ)V"), "NoSuchMethodError");
}
END_TEST

START_TEST(loading)
{
	const struct universe_class *c = NULL;

	world_jdk();
	add("m/A", "m/Nowhere", "", "", "");
	add("c/A", "c/B", "", "", "");
	add("c/B", "c/A", "", "", "");
	finish();
	ck_assert_int_eq(universe_load(&world.u, world_number(OBJECT), &c), UNIVERSE_OUTCOME_FOUND);
	ck_assert_ptr_eq(c, world_must(OBJECT));
	ck_assert_int_eq(universe_load(&world.u, world_number("m/Nowhere"), &c), UNIVERSE_OUTCOME_NO_CLASS);
	ck_assert_int_eq(universe_load(&world.u, 0, &c), UNIVERSE_OUTCOME_NO_CLASS);
	ck_assert_int_eq(universe_load(&world.u, world_number("m/A"), &c), UNIVERSE_OUTCOME_NO_CLASS);
	ck_assert_int_eq(universe_load(&world.u, world_number("c/A"), &c), UNIVERSE_OUTCOME_CIRCULAR);
	ck_assert_str_eq(universe_outcome_error(UNIVERSE_OUTCOME_CIRCULAR), "ClassCircularityError");
	ck_assert_ptr_eq(c, world_must(OBJECT));
}
END_TEST

static bool may_use(const char *from, const char *owner, const char *member)
{
	const struct universe_class *c = world_must(owner);
	const struct universe_found found = { c, universe_field(&world.u, c, world_number(member), world_number("I")) };

	ck_assert_ptr_nonnull(found.member);
	return universe_access_member(&world.u, world_must(from), &found) == UNIVERSE_OUTCOME_FOUND;
}

START_TEST(access_to_members)
{
	static const char all[] = "pub:I pack:I:0 prot:I:" PROTECTED " priv:I:" PRIVATE;

	world_jdk();
	add("p/Owner", OBJECT, "", all, "");
	add("p/Mate", OBJECT, "", "", "");
	add("q/Sub", "p/Owner", "", "", "");
	add("q/Far", OBJECT, "", "", "");
	ck_assert_int_eq(world_add(1, "",
				   &(struct shape){ .name = "n/Host",
						    .super = OBJECT,
						    .fields = all,
						    .members = "n/Inner n/Liar2 x/Away" }),
			 0);
	ck_assert_int_eq(
		world_add(1, "",
			  &(struct shape){ .name = "n/Inner", .super = OBJECT, .fields = all, .host = "n/Host" }),
		0);
	ck_assert_int_eq(world_add(1, "", &(struct shape){ .name = "n/Liar", .super = OBJECT, .host = "n/Host" }), 0);
	ck_assert_int_eq(world_add(1, "", &(struct shape){ .name = "x/Away", .super = OBJECT, .host = "n/Host" }), 0);
	finish();
	ck_assert(may_use("p/Owner", "p/Owner", "priv"));
	ck_assert(may_use("p/Mate", "p/Owner", "pub") && may_use("p/Mate", "p/Owner", "pack") &&
		  may_use("p/Mate", "p/Owner", "prot"));
	ck_assert(!may_use("p/Mate", "p/Owner", "priv"));
	ck_assert(may_use("q/Sub", "p/Owner", "pub") && may_use("q/Sub", "p/Owner", "prot"));
	ck_assert(!may_use("q/Sub", "p/Owner", "pack") && !may_use("q/Sub", "p/Owner", "priv"));
	ck_assert(may_use("q/Far", "p/Owner", "pub") && !may_use("q/Far", "p/Owner", "prot"));
	/* nests: both must say so, in one package */
	ck_assert(may_use("n/Inner", "n/Host", "priv") && may_use("n/Host", "n/Inner", "priv"));
	ck_assert(!may_use("n/Liar", "n/Host", "priv") && !may_use("n/Liar", "n/Inner", "priv") &&
		  !may_use("n/Host", "p/Owner", "priv"));
	ck_assert(!may_use("x/Away", "n/Host", "priv"));
}
END_TEST

static bool may_name(const char *from, const char *to)
{
	return universe_access_class(&world.u, world_must(from), world_must(to)) == UNIVERSE_OUTCOME_FOUND;
}

START_TEST(access_to_classes)
{
	world_module(0, "java.base", "", "java/lang java/secret>other");
	world_module(0, "other", "java.base", "");
	world_add(0, "java.base", &(struct shape){ .name = OBJECT, .access = 0x21 });
	world_add(0, "java.base", &(struct shape){ .name = "java/lang/Hidden", .super = OBJECT, .access = 0x20 });
	world_add(0, "java.base", &(struct shape){ .name = "java/secret/S", .super = OBJECT, .access = 0x21 });
	world_add(0, "other", &(struct shape){ .name = "o/O", .super = OBJECT, .access = 0x21 });
	add("a/A", OBJECT, "", "", "");
	world_plain(1, "", "a/Inside", OBJECT);
	finish();
	ck_assert(may_name("a/A", OBJECT) && may_name("a/A", "a/Inside") && !may_name("o/O", "a/Inside"));
	ck_assert(!may_name("a/A", "java/lang/Hidden") && may_name(OBJECT, "java/lang/Hidden"));
	ck_assert(!may_name("a/A", "java/secret/S") && may_name("o/O", "java/secret/S"));
	ck_assert(!may_name("a/A", "o/O") && !may_name(OBJECT, "o/O") && !may_name(OBJECT, "a/A"));
}
END_TEST

START_TEST(subtypes)
{
	world_jdk();
	add_interface("i/Top", "", "", "");
	add_interface("i/Low", "i/Top", "", "");
	add("c/A", OBJECT, "i/Low", "", "");
	add("c/B", "c/A", "", "", "");
	finish();
	ck_assert(universe_is_subtype(&world.u, &scratch, world_must("c/B"), world_must("i/Top")));
	ck_assert(universe_is_subtype(&world.u, &scratch, world_must("c/B"), world_must("c/A")));
	ck_assert(universe_is_subtype(&world.u, &scratch, world_must("i/Low"), world_must(OBJECT)));
	ck_assert(!universe_is_subtype(&world.u, &scratch, world_must("c/A"), world_must("c/B")));
	ck_assert(!universe_is_subtype(&world.u, &scratch, world_must(OBJECT), world_must("i/Top")));
	ck_assert(universe_is_assignable(&world.u, world_must(OBJECT), world_must("i/Top"))); /* the verifier's rule */
	ck_assert(!universe_is_assignable(&world.u, world_must(OBJECT), world_must("c/A")));
	/* the number of the search wraps */
	scratch.search = UINT32_MAX - 1;
	for (int i = 0; i < 4; i++) {
		ck_assert(universe_is_subtype(&world.u, &scratch, world_must("c/B"), world_must("i/Top")));
		ck_assert(!universe_is_subtype(&world.u, &scratch, world_must(OBJECT), world_must("i/Top")));
	}
}
END_TEST

/* Interfaces of which each extends all before it: a search by recursion would never end. */
START_TEST(many_ways_up)
{
	struct keel_buffer list;
	char name[32];

	world_jdk();
	keel_buffer_init(&list, 0);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "w/I%d", i);
		add_interface(name, keel_buffer_text(&list), i ? "" : "x:I", i ? "" : "m:()V");
		keel_buffer_printf(&list, " %s", name);
	}
	add("w/C", OBJECT, keel_buffer_text(&list), "", "");
	finish();
	ck_assert_str_eq(field("w/C", "x", "I"), "w/I0");
	ck_assert_str_eq(method("w/C", false, "m", "()V"), "w/I0");
	ck_assert_str_eq(field("w/C", "m", "I"), "NoSuchFieldError");
	ck_assert_str_eq(method("w/C", false, "x", "()V"), "NoSuchMethodError");
	keel_buffer_free(&list);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("universe_resolve");
	TCase *tc = tcase_create("resolve");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, fields);
	tcase_add_test(tc, fields_by_the_way_down);
	tcase_add_test(tc, methods);
	tcase_add_test(tc, hidden_through_one_that_says_nothing);
	tcase_add_test(tc, object_and_polymorphic_methods);
	tcase_add_test(tc, loading);
	tcase_add_test(tc, access_to_members);
	tcase_add_test(tc, access_to_classes);
	tcase_add_test(tc, subtypes);
	tcase_add_test(tc, many_ways_up);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
