// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any octets as a class file. What is read must be visited without a gap and be the same when written again; every cursor is run over
 * everything it could be asked for. Names and descriptors that are called good must be so for the other readers too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/name.h"
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/classfile/walk.h"
#include "jvm-broker/classfile/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz classfile: %s\n", what);
		abort();
	}
}

struct seen {
	uint32_t at;
	unsigned depth;
};

static void on_field(void *arg, const struct classfile_field *field)
{
	struct seen *seen = arg;

	require(field->at == seen->at, "a gap");
	require(field->meaning >= CLASSFILE_IS_OCTETS || field->width == 1 || field->width == 2 || field->width == 4,
		"a width");
	seen->at += field->width;
}

static void on_enter(void *arg, const char *label, uint32_t i)
{
	require(label != NULL, "no label");
	((struct seen *)arg)->depth++;
}

static void on_leave(void *arg)
{
	((struct seen *)arg)->depth--;
}

static void check_walk(const struct classfile *c)
{
	struct seen seen = { 0 };
	const struct classfile_visitor v = { on_field, on_enter, on_leave, &seen };
	struct keel_buffer out;

	classfile_walk(c, &v);
	require(seen.at == c->size && !seen.depth, "the walk did not end where the class does");
	keel_buffer_init(&out, 0);
	require(!classfile_write(c, &out, NULL), "not written");
	require(out.len == c->size && !memcmp(out.data, c->data, c->size), "written it is another");
	keel_buffer_free(&out);
}

static void check_code(const struct classfile *c, const struct classfile_member *m)
{
	struct classfile_frame frame;
	struct classfile_frames frames;
	struct classfile_attribute a;
	struct classfile_switch s;
	struct classfile_code code;
	struct classfile_table t;
	uint32_t n;

	if (classfile_code_read(c, m, &code))
		return;
	for (uint32_t pc = 0; pc < code.len && (n = classfile_instruction_length(code.octets, pc, code.len)); pc += n) {
		require(n <= code.len - pc, "an instruction too long");
		if (code.octets[pc] != CLASSFILE_OP_TABLESWITCH && code.octets[pc] != CLASSFILE_OP_LOOKUPSWITCH)
			continue;
		classfile_switch_read(code.octets, pc, &s);
		for (uint32_t i = 0; i < s.n; i++)
			(void)(classfile_switch_match(&s, i) + (int64_t)classfile_switch_target(&s, i));
	}
	for (unsigned i = 0; i < code.handlers_n; i++)
		classfile_code_handler(&code, i);
	while (classfile_attributes_next(c, &code.attributes, &a) == 1) {
		if (!classfile_table_read(c, &a, &t) && t.n)
			classfile_table_cell(&t, t.n - 1, t.width / 2 - 1);
		if (a.kind != CLASSFILE_ATTR_STACK_MAP_TABLE || classfile_frames_read(c, &a, &frames))
			continue;
		while (classfile_frames_next(&frames, &frame) == 1) {
			for (unsigned i = 0; i < frame.locals_n; i++)
				classfile_frame_item(&frame.locals);
			for (unsigned i = 0; i < frame.stack_n; i++)
				require(classfile_frame_item(&frame.stack).type < CLASSFILE_FRAME_TYPES_N, "a type");
		}
	}
}

static void check_class_attributes(const struct classfile *c)
{
	struct classfile_attributes list = classfile_class_attributes(c);
	struct classfile_components components;
	struct classfile_component component;
	struct classfile_bootstraps bootstraps;
	struct classfile_bootstrap bootstrap;
	struct classfile_attribute a, inner;
	int ret;

	while ((ret = classfile_attributes_next(c, &list, &a)) == 1) {
		if (a.kind == CLASSFILE_ATTR_BOOTSTRAP_METHODS && !classfile_bootstraps_read(c, &a, &bootstraps))
			while (classfile_bootstraps_next(&bootstraps, &bootstrap) == 1)
				for (unsigned i = 0; i < bootstrap.arguments_n; i++)
					classfile_tag_of(c, classfile_u16(bootstrap.arguments + 2 * i));
		if (a.kind == CLASSFILE_ATTR_RECORD && !classfile_components_read(c, &a, &components))
			while (classfile_components_next(c, &components, &component) == 1)
				while (classfile_attributes_next(c, &component.attributes, &inner) == 1)
					;
	}
	require(ret == 0, "an attribute of the class that the parser had passed");
}

static void check_text(struct classfile_text text)
{
	struct classfile_signature s;
	struct classfile_type type;
	unsigned used, n = 0, slots = 0;

	for (uint32_t i = 0; i < text.len && classfile_utf8_unit(text.data + i, text.len - i, &used) >= 0; i += used)
		require(used <= text.len - i, "a character too long");
	if (!classfile_signature_parse(text, &s)) {
		const unsigned parameters = s.parameters, words = s.slots;

		for (; classfile_signature_next(&s, &type); n++)
			slots += classfile_type_slots(&type);
		require(n == parameters && slots == words, "parameters");
	} else {
		require(!classfile_is_method_descriptor(text), "a descriptor that is none");
	}
	if (classfile_is_field_descriptor(text))
		require(!classfile_type_parse(text, &type) && type.text.len == text.len, "a type");
	if (classfile_is_class_name(text))
		require(classfile_is_class_or_array(text), "a class");
	classfile_is_module_name(text);
	if (classfile_is_method_name(text) && !CLASSFILE_TEXT_IS(text, "<init>") &&
	    !CLASSFILE_TEXT_IS(text, "<clinit>"))
		require(classfile_is_unqualified(text), "a name");
}

static void check_pool(const struct classfile *c, struct keel_arena *arena)
{
	struct classfile_reference_parts parts;
	struct classfile_pool pool;

	for (uint32_t i = 0; i <= c->constants_n; i++) {
		const uint32_t at = classfile_constant_at(c, i);

		require(at < c->size && (!at || c->data[at] == c->constants[i].tag), "where an entry is");
		check_text(classfile_utf8(c, i));
		classfile_name_of(c, i);
		classfile_reference(c, i, &parts);
		classfile_value32(c, i);
		classfile_value64(c, i);
		i += c->constants_n / 300; /* constant_at is a walk */
	}
	require(!classfile_pool_init(&pool, arena, c), "no memory");
	if (pool.n < 60000) {
		const uint16_t index = classfile_pool_named(&pool, CLASSFILE_CLASS, "a name that no seed has");

		require(index && index == classfile_pool_named(&pool, CLASSFILE_CLASS, "a name that no seed has"),
			"an entry twice");
	}
	classfile_pool_free(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keel_arena arena;
	struct classfile c;
	uint32_t where = 0;

	keel_arena_init(&arena, 0);
	if (classfile_parse(data, size, &arena, &c, &where)) {
		require(where <= size, "a failure outside");
		require(keel_arena_peak(&arena) <= 8 * size + 4096, "much memory for few octets");
	} else {
		check_walk(&c);
		for (unsigned i = 0; i < c.methods_n; i++)
			check_code(&c, &c.methods[i]);
		check_class_attributes(&c);
		check_pool(&c, &arena);
	}
	keel_arena_free(&arena);
	return 0;
}
