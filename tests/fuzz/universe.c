// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first octet says what the rest is: a universe, which is opened and asked all there is to ask; or a class file, which is put into
 * one, alone or as a module's: what was built must open, and hold the class if it was taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/universe/universe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz universe: %s\n", what);
		abort();
	}
}

static void ask(const struct universe *u)
{
	const uint32_t classes = u->classes_n < 50 ? u->classes_n : 50, modules = u->modules_n < 5 ? u->modules_n : 5;

	for (uint32_t i = 0; i < classes; i++) {
		const struct universe_class *c = &u->classes[i];
		const struct classfile_text name = universe_text(u, c->name);

		universe_find(u, name.data, name.len);
		universe_text(u, c->package);
		universe_super(u, c);
		universe_extends(u, c, &u->classes[0]);
		for (unsigned k = 0; k < c->methods_n && k < 20; k++)
			universe_method(u, c, u->members[c->methods + k].name, u->members[c->methods + k].descriptor);
		universe_field(u, c, c->name, c->package);
		for (unsigned k = 0; k < c->interfaces_n && k < 20; k++)
			universe_class_named(u, u->numbers[c->interfaces + k] & ~UNIVERSE_TRANSITIVE);
		for (uint32_t m = 0; m <= modules; m++) {
			universe_exported(u, c->module, c->package, m);
			universe_reads(u, m, c->module);
		}
	}
}

static void build(const struct classfile *c, bool module)
{
	static const struct universe_artefact artefacts[] = { { "one", UNIVERSE_MODULES },
							      { "two", UNIVERSE_CLASS_PATH } };
	const struct classfile_text name = classfile_name_of(c, c->this_class);
	struct universe_builder b;
	struct keel_buffer out;
	enum universe_reason reason;
	struct universe u;

	keel_buffer_init(&out, 0);
	universe_builder_init(&b, artefacts, 2);
	reason = module ? universe_add_module(&b, 0, c)
			: universe_add_class(&b, 1, name, (struct classfile_text){ 0 }, c);
	require(!universe_builder_finish(&b, &out), "not finished");
	require(!universe_open(out.data, out.len, &u), "what was built does not open");
	require(u.classes_n == (!reason && !module) && u.modules_n == (!reason && module), "another number of classes");
	if (u.classes_n) {
		const struct universe_class *k = universe_find(&u, name.data, name.len);

		require(k == u.classes && k->methods_n == c->methods_n && k->fields_n == c->fields_n, "another class");
		for (unsigned i = 0; i < k->methods_n && i < 50; i++)
			require(universe_method(&u, k, u.members[k->methods + i].name,
						u.members[k->methods + i].descriptor) != NULL,
				"no method");
	}
	ask(&u);
	universe_builder_free(&b);
	keel_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keel_arena arena;
	struct universe u;
	struct classfile c;
	uint8_t *copy;

	if (size < 1)
		return 0;
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	keel_arena_init(&arena, 0);
	if (data[0] & 1) {
		if (!universe_open(copy, size - 1, &u))
			ask(&u);
	} else if (!classfile_parse(copy, size - 1, &arena, &c, NULL)) {
		build(&c, data[0] & 2);
	}
	keel_arena_free(&arena);
	free(copy);
	return 0;
}
