// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/universe/world.h"

#include <check.h>
#include <stdlib.h>

#include "jvm-broker/classfile/write.h"
#include "tests/unit/classfile/octets.h"

struct world world;

static const struct universe_artefact artefacts[] = {
	{ "jdk", UNIVERSE_MODULES },
	{ "first", UNIVERSE_CLASS_PATH },
	{ "second", UNIVERSE_CLASS_PATH },
};

void world_setup(void)
{
	keel_arena_init(&world.arena, 0);
	keel_buffer_init(&world.out, 0);
	universe_builder_init(&world.b, artefacts, 3);
}

void world_teardown(void)
{
	universe_builder_free(&world.b);
	keel_buffer_free(&world.out);
	keel_arena_free(&world.arena);
}

struct classfile_text world_text(const char *s)
{
	return (struct classfile_text){ (const uint8_t *)s, (uint32_t)strlen(s) };
}

/* ---- classes to add ---------------------------------------------------------------------------------------------------------------------- */

size_t world_word(const char **at, char out_word[64])
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

	while (world_word(&list, w))
		n++;
	return n;
}

static unsigned class_index(struct classfile_pool *p, const char *name)
{
	return classfile_pool_named(p, CLASSFILE_CLASS, name);
}

static void put_members(struct keel_buffer *body, struct classfile_pool *p, const char *list)
{
	char w[64], *colon, *flags;

	u2(body, words(list));
	while (world_word(&list, w)) {
		colon = strchr(w, ':');
		flags = strchr(colon + 1, ':');
		if (flags)
			*flags++ = '\0';
		u2(body, flags ? (unsigned)strtoul(flags, NULL, 16) : CLASSFILE_PUBLIC);
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
	while (world_word(&list, w))
		u2(body, class_index(p, w));
}

/* A class file of this shape, in the arena */
struct classfile world_class(const struct shape *s)
{
	const char *list = s->interfaces ? s->interfaces : "";
	struct keel_buffer body, octets;
	struct classfile_pool p;
	struct classfile c;
	uint8_t *kept;
	char w[64];

	keel_buffer_init(&body, 0);
	keel_buffer_init(&octets, 0);
	ck_assert_int_eq(classfile_pool_init(&p, &world.arena, NULL), 0);
	u2(&body, s->access);
	u2(&body, class_index(&p, s->name));
	u2(&body, s->super ? class_index(&p, s->super) : 0);
	u2(&body, words(list));
	while (world_word(&list, w))
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
	kept = keel_arena_take(&world.arena, octets.len);
	memcpy(kept, octets.data, octets.len);
	ck_assert_int_eq(classfile_parse(kept, octets.len, &world.arena, &c, NULL), CLASSFILE_REASON_NONE);
	keel_buffer_free(&body);
	keel_buffer_free(&octets);
	classfile_pool_free(&p);
	return c;
}

enum universe_reason world_add(uint32_t artefact, const char *module, const struct shape *s)
{
	const struct classfile c = world_class(s);

	return universe_add_class(&world.b, artefact, world_text(s->name), world_text(module), &c);
}

/* extends Object, as most do */
enum universe_reason world_plain(uint32_t artefact, const char *module, const char *name, const char *super)
{
	return world_add(artefact, module, &(struct shape){ .name = name, .super = super });
}

/* A module-info: exports are "package" or "package>module"; requires may end with ! for transitive */
enum universe_reason world_module(uint32_t artefact, const char *name, const char *requires, const char *exports)
{
	struct keel_buffer octets, body;
	struct classfile_pool p;
	enum universe_reason reason;
	struct classfile c;
	size_t head;
	char w[64];

	keel_buffer_init(&octets, 0);
	keel_buffer_init(&body, 0);
	ck_assert_int_eq(classfile_pool_init(&p, &world.arena, NULL), 0);
	u2(&body, CLASSFILE_MODULE_FLAG), u2(&body, class_index(&p, "module-info")), u4(&body, 0), u4(&body, 0);
	u2(&body, 1), u2(&body, classfile_pool_utf8(&p, "Module", 6)), u4(&body, 0);
	head = body.len;
	u2(&body, classfile_pool_named(&p, CLASSFILE_MODULE, name)), u2(&body, 0), u2(&body, 0);
	u2(&body, words(requires));
	while (world_word(&requires, w)) {
		char *mark = strchr(w, '!');

		if (mark)
			*mark = '\0';
		u2(&body, classfile_pool_named(&p, CLASSFILE_MODULE, w)), u2(&body, mark ? 0x20 : 0), u2(&body, 0);
	}
	u2(&body, words(exports));
	while (world_word(&exports, w)) {
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
	ck_assert_int_eq(classfile_parse(octets.data, octets.len, &world.arena, &c, NULL), CLASSFILE_REASON_NONE);
	reason = universe_add_module(&world.b, artefact, &c);
	keel_buffer_free(&octets);
	keel_buffer_free(&body);
	classfile_pool_free(&p);
	return reason;
}

void world_finish(void)
{
	ck_assert_int_eq(universe_builder_finish(&world.b, &world.out), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(universe_open(world.out.data, world.out.len, &world.u), UNIVERSE_REASON_NONE);
}

const struct universe_class *world_find(const char *name)
{
	return universe_find(&world.u, name, strlen(name));
}

const struct universe_class *world_must(const char *name)
{
	const struct universe_class *c = world_find(name);

	ck_assert_msg(c != NULL, "no %s", name);
	ck_assert(classfile_text_equal(universe_text(&world.u, c->name), world_text(name)));
	return c;
}

uint32_t world_number(const char *s)
{
	return universe_string(&world.u, s, strlen(s));
}

/* A small JDK */
void world_jdk(void)
{
	ck_assert_int_eq(world_module(0, "java.base", "", "java/lang java/secret>other"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_module(0, "other", "java.base!", "o/p"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_module(0, "third", "other", ""), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_module(0, "fourth", "third", ""), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_plain(0, "java.base", "java/lang/Object", NULL), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_add(0, "java.base",
				   &(struct shape){ .name = "java/lang/Runnable",
						    .super = "java/lang/Object",
						    .access = 0x0601 }),
			 UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_plain(0, "java.base", "java/secret/S", "java/lang/Object"), UNIVERSE_REASON_NONE);
	ck_assert_int_eq(world_plain(0, "other", "o/p/Q", "java/lang/Object"), UNIVERSE_REASON_NONE);
}
