// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/universe/universe.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "jvm-broker/classfile/write.h"
#include "tests/unit/classfile/octets.h"

static struct keel_arena arena;
static struct universe_builder b;
static struct keel_buffer out;
static struct universe u;

static const struct universe_artefact artefacts[] = {
	{ "jdk", UNIVERSE_MODULES },
	{ "first", UNIVERSE_CLASS_PATH },
	{ "second", UNIVERSE_CLASS_PATH },
};

static void setup(void)
{
	keel_arena_init(&arena, 0);
	keel_buffer_init(&out, 0);
	universe_builder_init(&b, artefacts, 3);
}

static void teardown(void)
{
	universe_builder_free(&b);
	keel_buffer_free(&out);
	keel_arena_free(&arena);
}

static struct classfile_text text(const char *s)
{
	return (struct classfile_text){ (const uint8_t *)s, (uint32_t)strlen(s) };
}

/* ---- classes to add ---------------------------------------------------------------------------------------------------------------------- */

/* Words are separated by blanks: a class's interfaces, members ("name:descriptor"), or names in an attribute. */
struct shape {
	const char *name, *super, *interfaces, *fields, *methods;
	const char *host, *members, *permitted; /* NULL: no attribute */
	unsigned access, major;
};

static size_t word(const char **at, char out_word[64])
{
	size_t n;

	*at += strspn(*at, " ");
	n = strcspn(*at, " ");
	memcpy(out_word, *at, n);
	out_word[n] = '\0';
	*at += n;
	return n;
}

static unsigned words(const char *list)
{
	char w[64];
	unsigned n = 0;

	while (word(&list, w))
		n++;
	return n;
}

static unsigned class_index(struct classfile_pool *p, const char *name)
{
	return classfile_pool_named(p, CLASSFILE_CLASS, name);
}

static void put_members(struct keel_buffer *body, struct classfile_pool *p, const char *list)
{
	char w[64], *colon;

	u2(body, words(list));
	while (word(&list, w)) {
		colon = strchr(w, ':');
		u2(body, CLASSFILE_PUBLIC);
		u2(body, classfile_pool_utf8(p, w, (size_t)(colon - w)));
		u2(body, classfile_pool_utf8(p, colon + 1, strlen(colon + 1)));
		u2(body, 0);
	}
}

static void put_list(struct keel_buffer *body, struct classfile_pool *p, const char *name, const char *list,
		     bool counted)
{
	char w[64];

	u2(body, classfile_pool_utf8(p, name, strlen(name)));
	u4(body, 2 * words(list) + (counted ? 2 : 0));
	if (counted)
		u2(body, words(list));
	while (word(&list, w))
		u2(body, class_index(p, w));
}

/* A class file of this shape, in the arena */
static struct classfile make(const struct shape *s)
{
	const char *list = s->interfaces ? s->interfaces : "";
	struct keel_buffer body, octets;
	struct classfile_pool p;
	struct classfile c;
	uint8_t *kept;
	char w[64];

	keel_buffer_init(&body, 0);
	keel_buffer_init(&octets, 0);
	ck_assert_int_eq(classfile_pool_init(&p, &arena, NULL), 0);
	u2(&body, s->access);
	u2(&body, class_index(&p, s->name));
	u2(&body, s->super ? class_index(&p, s->super) : 0);
	u2(&body, words(list));
	while (word(&list, w))
		u2(&body, class_index(&p, w));
	put_members(&body, &p, s->fields ? s->fields : "");
	put_members(&body, &p, s->methods ? s->methods : "");
	u2(&body, (s->host != NULL) + (s->members != NULL) + (s->permitted != NULL));
	if (s->host)
		put_list(&body, &p, "NestHost", s->host, false);
	if (s->members)
		put_list(&body, &p, "NestMembers", s->members, true);
	if (s->permitted)
		put_list(&body, &p, "PermittedSubclasses", s->permitted, true);
	u4(&octets, CLASSFILE_MAGIC);
	u4(&octets, s->major ? s->major : 61);
	ck_assert_int_eq(classfile_pool_write(&p, &octets), 0);
	keel_buffer_append(&octets, body.data, body.len);
	kept = keel_arena_take(&arena, octets.len);
	memcpy(kept, octets.data, octets.len);
	ck_assert_int_eq(classfile_parse(kept, octets.len, &arena, &c, NULL), CLASSFILE_REASON_NONE);
	keel_buffer_free(&body);
	keel_buffer_free(&octets);
	classfile_pool_free(&p);
	return c;
}

static enum universe_reason add(uint32_t artefact, const char *module, const struct shape *s)
{
	const struct classfile c = make(s);

	return universe_add_class(&b, artefact, text(s->name), text(module), &c);
}

/* extends Object, as most do */
static enum universe_reason add_plain(uint32_t artefact, const char *module, const char *name, const char *super)
{
	return add(artefact, module, &(struct shape){ .name = name, .super = super });
}

/* A module-info: exports are "package" or "package>module"; requires may end with ! for transitive */
static enum universe_reason add_module(uint32_t artefact, const char *name, const char *requires, const char *exports)
{
	struct keel_buffer octets, body;
	struct classfile_pool p;
	enum universe_reason reason;
	struct classfile c;
	size_t head;
	char w[64];

	keel_buffer_init(&octets, 0);
	keel_buffer_init(&body, 0);
	ck_assert_int_eq(classfile_pool_init(&p, &arena, NULL), 0);
	u2(&body, CLASSFILE_MODULE_FLAG), u2(&body, class_index(&p, "module-info")), u4(&body, 0), u4(&body, 0);
	u2(&body, 1), u2(&body, classfile_pool_utf8(&p, "Module", 6)), u4(&body, 0);
	head = body.len;
	u2(&body, classfile_pool_named(&p, CLASSFILE_MODULE, name)), u2(&body, 0), u2(&body, 0);
	u2(&body, words(requires));
	while (word(&requires, w)) {
		char *mark = strchr(w, '!');

		if (mark)
			*mark = '\0';
		u2(&body, classfile_pool_named(&p, CLASSFILE_MODULE, w)), u2(&body, mark ? 0x20 : 0), u2(&body, 0);
	}
	u2(&body, words(exports));
	while (word(&exports, w)) {
		char *to = strchr(w, '>');

		if (to)
			*to++ = '\0';
		u2(&body, classfile_pool_named(&p, CLASSFILE_PACKAGE, w)), u2(&body, 0), u2(&body, to != NULL);
		if (to)
			u2(&body, classfile_pool_named(&p, CLASSFILE_MODULE, to));
	}
	u2(&body, 0), u2(&body, 0), u2(&body, 0); /* opens, uses, provides */
	body.data[head - 2] = (uint8_t)((body.len - head) >> 8);
	body.data[head - 1] = (uint8_t)(body.len - head);
	u4(&octets, CLASSFILE_MAGIC), u4(&octets, 53);
	ck_assert_int_eq(classfile_pool_write(&p, &octets), 0);
	keel_buffer_append(&octets, body.data, body.len);
	ck_assert_int_eq(classfile_parse(octets.data, octets.len, &arena, &c, NULL), CLASSFILE_REASON_NONE);
	reason = universe_add_module(&b, artefact, &c);
	keel_buffer_free(&octets);
	keel_buffer_free(&body);
	classfile_pool_free(&p);
	return reason;
}

static void finish(void)
{
	ck_assert_int_eq(universe_builder_finish(&b, &out), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(universe_open(out.data, out.len, &u), UNIVERSE_REASON_NONE);
}

static const struct universe_class *find(const char *name)
{
	return universe_find(&u, name, strlen(name));
}

static const struct universe_class *must_find(const char *name)
{
	const struct universe_class *c = find(name);

	ck_assert_msg(c != NULL, "no %s", name);
	ck_assert(classfile_text_equal(universe_text(&u, c->name), text(name)));
	return c;
}

static uint32_t number(const char *s)
{
	return universe_string(&u, s, strlen(s));
}

/* A small JDK */
static void add_jdk(void)
{
	ck_assert_int_eq(add_module(0, "java.base", "", "java/lang java/secret>other"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_module(0, "other", "java.base!", "o/p"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_module(0, "third", "other", ""), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_module(0, "fourth", "third", ""), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_plain(0, "java.base", "java/lang/Object", NULL), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(
		add(0, "java.base",
		    &(struct shape){ .name = "java/lang/Runnable", .super = "java/lang/Object", .access = 0x0601 }),
		UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_plain(0, "java.base", "java/secret/S", "java/lang/Object"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_plain(0, "other", "o/p/Q", "java/lang/Object"), UNIVERSE_REASON_NONE);
}

/* ---- tests --------------------------------------------------------------------------------------------------------------------------------- */

START_TEST(what_a_class_is)
{
	const struct universe_member *m;
	const struct universe_class *c, *nest;

	add_jdk();
	ck_assert_int_eq(add(1, "",
			     &(struct shape){ .name = "a/B",
					      .super = "java/lang/Object",
					      .interfaces = "java/lang/Runnable a/I",
					      .access = 0x31,
					      .fields = "z:I a:J z:D",
					      .methods = "run:()V <init>:()V run:(I)V",
					      .host = "a/H",
					      .major = 55 }),
			 UNIVERSE_REASON_NONE);
	ck_assert_int_eq(
		add(1, "",
		    &(struct shape){
			    .name = "a/I", .super = "java/lang/Object", .permitted = "a/B a/C", .access = 0x0600 }),
		UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add(1, "", &(struct shape){ .name = "a/H", .super = "java/lang/Object", .members = "a/B" }),
			 UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add(1, "",
			     &(struct shape){ .name = "Old",
					      .super = "java/lang/Object",
					      .members = "a/B",
					      .host = "a/H",
					      .permitted = "",
					      .major = 54 }),
			 UNIVERSE_REASON_NONE);
	finish();
	c = must_find("a/B");
	ck_assert_uint_eq(c->access, 0x31);
	ck_assert_uint_eq(c->major, 55);
	ck_assert_uint_eq(c->artefact, 1);
	ck_assert_uint_eq(c->module, 0);
	ck_assert_uint_eq(c->state, UNIVERSE_WHOLE);
	ck_assert_uint_eq(c->depth, 1);
	ck_assert_ptr_eq(universe_super(&u, c), must_find("java/lang/Object"));
	ck_assert_ptr_null(universe_super(&u, must_find("java/lang/Object")));
	ck_assert_uint_eq(c->interfaces_n, 2);
	ck_assert_ptr_eq(universe_class_named(&u, u.numbers[c->interfaces + 1]), must_find("a/I"));
	ck_assert_uint_eq(c->nest_host, number("a/H"));
	ck_assert(classfile_text_equal(universe_text(&u, c->package), text("a")));
	nest = must_find("a/H");
	ck_assert_uint_eq(nest->nest_members_n, 1);
	ck_assert_uint_eq(u.numbers[nest->nest_members], c->name);
	ck_assert(must_find("a/I")->sealed && !c->sealed);
	ck_assert_uint_eq(must_find("a/I")->permitted_n, 2);
	c = must_find("Old"); /* attributes newer than its version */
	ck_assert(!c->sealed && !c->nest_host && !c->nest_members_n);
	ck_assert_uint_eq(universe_text(&u, c->package).len, 0);
	c = must_find("a/B");
	m = universe_field(&u, c, number("z"), number("D"));
	ck_assert(m && m->name == number("z") && m->descriptor == number("D"));
	ck_assert_ptr_ne(universe_field(&u, c, number("z"), number("I")), m);
	ck_assert_ptr_nonnull(universe_field(&u, c, number("a"), number("J")));
	ck_assert_ptr_null(universe_field(&u, c, number("a"), number("I")));
	ck_assert_ptr_null(universe_field(&u, c, number("run"), number("()V")));
	ck_assert_ptr_nonnull(universe_method(&u, c, number("run"), number("()V")));
	ck_assert_ptr_nonnull(universe_method(&u, c, number("run"), number("(I)V")));
	ck_assert_ptr_null(find("a/C"));
	ck_assert_ptr_null(find("a"));
	ck_assert_uint_eq(number("no such string"), 0);
	ck_assert_mem_eq(u.artefacts[1], artefacts[1].hash, UNIVERSE_HASH);
}
END_TEST

START_TEST(who_comes_first)
{
	struct classfile c = make(&(struct shape){ .name = "x/Y", .super = "java/lang/Object" });

	add_jdk();
	ck_assert_int_eq(add_plain(1, "", "a/B", "java/lang/Object"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(add_plain(2, "", "a/B", "a/C"), UNIVERSE_REASON_HIDDEN);
	ck_assert_int_eq(add_plain(2, "", "java/lang/Mine", "java/lang/Object"), UNIVERSE_REASON_SHADOWED);
	ck_assert_int_eq(add_plain(0, "no.module", "q/Q", "java/lang/Object"), UNIVERSE_REASON_MODULE);
	/* what is broken keeps its name */
	ck_assert_int_eq(universe_add_class(&b, 1, text("x/Z"), text(""), NULL), UNIVERSE_REASON_BROKEN);
	ck_assert_int_eq(add_plain(2, "", "x/Z", "java/lang/Object"), UNIVERSE_REASON_HIDDEN);
	ck_assert_int_eq(universe_add_class(&b, 1, text("x/W"), text(""), &c), UNIVERSE_REASON_MISPLACED);
	ck_assert_int_eq(add_plain(2, "", "x/W", "java/lang/Object"), UNIVERSE_REASON_HIDDEN);
	ck_assert_int_eq(universe_add_class(&b, 1, text(""), text(""), &c), UNIVERSE_REASON_MISPLACED);
	c.this_class = 0;
	ck_assert_int_eq(universe_add_class(&b, 1, text("x/Y"), text(""), &c), UNIVERSE_REASON_INDEX);
	ck_assert_int_eq(add(1, "", &(struct shape){ .name = "module-info", .access = CLASSFILE_MODULE_FLAG }),
			 UNIVERSE_REASON_MODULE);
	ck_assert_int_eq(add_module(1, "late", "", ""), UNIVERSE_REASON_MODULE);
	ck_assert_int_eq(add_module(0, "other", "", ""), UNIVERSE_REASON_MODULE);
	ck_assert_uint_eq(b.counts[UNIVERSE_REASON_HIDDEN], 3);
	ck_assert_uint_eq(b.counts[UNIVERSE_REASON_MODULE], 4);
	finish();
	ck_assert_uint_eq(must_find("a/B")->artefact, 1);
	ck_assert_ptr_null(find("java/lang/Mine"));
	ck_assert_ptr_null(find("x/Z"));
	ck_assert_ptr_null(find("x/W"));
	ck_assert_ptr_null(find("x/Y"));
	ck_assert_ptr_null(find("module-info"));
}
END_TEST

START_TEST(supertypes_that_do_not_load)
{
	add_jdk();
	add_plain(1, "", "m/A", "m/Nowhere");
	add_plain(1, "", "m/B", "m/A");
	add(1, "",
	    &(struct shape){
		    .name = "m/C", .super = "java/lang/Object", .interfaces = "java/lang/Runnable m/Nowhere" });
	add_plain(1, "", "c/A", "c/B");
	add_plain(1, "", "c/B", "c/C");
	add_plain(1, "", "c/C", "c/A");
	add_plain(1, "", "c/D", "c/A");
	add_plain(1, "", "c/Self", "c/Self");
	add(1, "",
	    &(struct shape){ .name = "c/I", .super = "java/lang/Object", .interfaces = "c/J", .access = 0x0600 });
	add(1, "",
	    &(struct shape){ .name = "c/J", .super = "java/lang/Object", .interfaces = "c/I", .access = 0x0600 });
	/* the first that is wrong counts */
	add(1, "", &(struct shape){ .name = "x/A", .super = "m/A", .interfaces = "c/I" });
	add(1, "", &(struct shape){ .name = "x/B", .super = "c/A", .interfaces = "m/Nowhere" });
	finish();
	for (const char *list = "m/A m/B m/C x/A"; *list;) {
		char w[64];

		word(&list, w);
		ck_assert_msg(must_find(w)->state == UNIVERSE_MISSING, "%s", w);
	}
	for (const char *list = "c/A c/B c/C c/D c/Self c/I c/J x/B"; *list;) {
		char w[64];

		word(&list, w);
		ck_assert_msg(must_find(w)->state == UNIVERSE_CIRCULAR, "%s", w);
		/* and it ends */
		universe_extends(&u, must_find(w), must_find("java/lang/Object"));
	}
	ck_assert_uint_eq(must_find("o/p/Q")->state, UNIVERSE_WHOLE);
	ck_assert(universe_extends(&u, must_find("m/B"), must_find("m/A")));
	ck_assert(!universe_extends(&u, must_find("m/B"), must_find("java/lang/Object")));
}
END_TEST

START_TEST(long_chains)
{
	char name[32], super[32];

	add_jdk();
	/* deepest first, so that settling goes all the way down */
	for (int i = 5000; i > 0; i--) {
		snprintf(name, sizeof(name), "l/C%d", i);
		snprintf(super, sizeof(super), i > 1 ? "l/C%d" : "java/lang/Object", i - 1);
		ck_assert_int_eq(add_plain(1, "", name, super), UNIVERSE_REASON_NONE);
		keel_arena_reset(&arena);
	}
	finish();
	ck_assert_uint_eq(must_find("l/C5000")->depth, 5000);
	ck_assert(universe_extends(&u, must_find("l/C5000"), must_find("java/lang/Object")));
	ck_assert(universe_extends(&u, must_find("l/C77"), must_find("l/C77")));
	ck_assert(!universe_extends(&u, must_find("l/C77"), must_find("l/C78")));
}
END_TEST

START_TEST(modules)
{
	const uint32_t base = 1, other = 2, third = 3, fourth = 4;

	add_jdk();
	add_plain(1, "", "a/B", "java/lang/Object");
	finish();
	ck_assert_uint_eq(must_find("java/lang/Object")->module, base);
	ck_assert(universe_exported(&u, base, number("java/lang"), 0));
	ck_assert(!universe_exported(&u, base, number("java/secret"), 0));
	ck_assert(universe_exported(&u, base, number("java/secret"), other));
	ck_assert(!universe_exported(&u, base, number("java/secret"), third));
	ck_assert(universe_exported(&u, base, number("java/secret"), base));
	ck_assert(!universe_exported(&u, base, number("a"), third));
	ck_assert(universe_exported(&u, 0, number("a"), third));
	ck_assert(universe_reads(&u, 0, other));
	ck_assert(!universe_reads(&u, base, 0));
	ck_assert(universe_reads(&u, other, base));
	ck_assert(universe_reads(&u, third, other));
	ck_assert(universe_reads(&u, third, base)); /* for other requires it transitively */
	ck_assert(universe_reads(&u, fourth, third));
	ck_assert(!universe_reads(&u, fourth, other));
	ck_assert(!universe_reads(&u, base, other));
	ck_assert(universe_same_package(must_find("java/lang/Object"), must_find("java/lang/Runnable")));
	ck_assert(!universe_same_package(must_find("java/lang/Object"), must_find("a/B")));
}
END_TEST

START_TEST(the_same_calls_make_the_same_octets)
{
	struct keel_buffer first;

	keel_buffer_init(&first, 0);
	add_jdk();
	finish();
	keel_buffer_append(&first, out.data, out.len);
	teardown();
	setup();
	add_jdk();
	finish();
	ck_assert_uint_eq(out.len, first.len);
	ck_assert_mem_eq(out.data, first.data, out.len);
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
	memcpy(copy, out.data, n);
	return universe_open(copy, n, v);
}

START_TEST(any_octet_may_change)
{
	unsigned opened = 0, damaged = 0;
	struct universe v;

	add_jdk();
	add(1, "",
	    &(struct shape){ .name = "a/B",
			     .super = "java/lang/Object",
			     .interfaces = "java/lang/Runnable",
			     .methods = "a:()V b:()V",
			     .members = "a/C" });
	finish();
	for (size_t n = 0; n < out.len; n++)
		ck_assert_int_eq(open_octets(n, &v), UNIVERSE_REASON_FORMAT);
	for (size_t i = 0; i < out.len; i++)
		for (unsigned k = 0; k < 3; k++) {
			const uint8_t was = out.data[i];
			enum universe_reason reason;

			out.data[i] = (uint8_t)(k == 0 ? was + 1 : k == 1 ? 0xff : was ^ 0x80);
			reason = open_octets(out.len, &v);
			opened += !reason;
			damaged += reason == UNIVERSE_REASON_DAMAGED;
			if (!reason)
				ask(&v);
			out.data[i] = was;
		}
	ck_assert_uint_ge(opened, 1000);
	ck_assert_uint_ge(damaged, 1000);
}
END_TEST

START_TEST(without_memory)
{
	struct keel_buffer small;

	add_jdk();
	keel_buffer_init(&small, 100);
	ck_assert_int_eq(universe_builder_finish(&b, &small), UNIVERSE_REASON_MEMORY);
	keel_buffer_free(&small);
	b.failed = UNIVERSE_REASON_NONE;
	b.octets.limit = b.octets.len;
	keel_buffer_free(&small);
	b.octets.cap = b.octets.len;
	ck_assert_int_eq(add_plain(1, "", "a/NewName", "java/lang/Object"), UNIVERSE_REASON_MEMORY);
	ck_assert_int_eq(add_plain(1, "", "java/lang/Object", NULL), UNIVERSE_REASON_MEMORY);
	ck_assert_int_eq(universe_builder_finish(&b, &out), UNIVERSE_REASON_MEMORY);
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
	tcase_add_checked_fixture(tc, setup, teardown);
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
