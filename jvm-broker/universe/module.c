// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/universe/builder.h"
#include "tools/lib/keel/cursor.h"

#define MODULE_TRANSITIVE 0x20

/* The module's exports; its lists of targets go to the numbers first. */
static void read_exports(struct universe_builder *b, const struct classfile *c, struct keel_cursor *in,
			 struct universe_module *m, bool *bad)
{
	m->exports_n = keel_cursor_be16(in);
	m->exports = builder_count(&b->exports, sizeof(struct universe_export));
	for (uint32_t i = 0; i < m->exports_n && keel_cursor_ok(in) && !*bad; i++) {
		struct universe_export e = { .package =
						     builder_name(b, c, keel_cursor_be16(in), CLASSFILE_PACKAGE, bad) };

		keel_cursor_skip(in, 2); /* flags */
		e.to_n = keel_cursor_be16(in);
		e.to = builder_count(&b->numbers, sizeof(uint32_t));
		for (uint32_t k = 0; k < e.to_n && keel_cursor_ok(in); k++)
			builder_append_number(b, &b->numbers,
					      builder_name(b, c, keel_cursor_be16(in), CLASSFILE_MODULE, bad));
		builder_append(b, &b->exports, &e, 1, sizeof(e));
	}
}

static void read_module(struct universe_builder *b, const struct classfile *c, struct keel_cursor *in,
			struct universe_module *m, bool *bad)
{
	m->name = builder_name(b, c, keel_cursor_be16(in), CLASSFILE_MODULE, bad);
	m->flags = keel_cursor_be16(in);
	keel_cursor_skip(in, 2); /* version */
	m->requires_n = keel_cursor_be16(in);
	m->requires = builder_count(&b->numbers, sizeof(uint32_t));
	for (uint32_t i = 0; i < m->requires_n && keel_cursor_ok(in); i++) {
		const uint32_t name = builder_name(b, c, keel_cursor_be16(in), CLASSFILE_MODULE, bad);
		const unsigned flags = keel_cursor_be16(in);

		keel_cursor_skip(in, 2);
		builder_append_number(b, &b->numbers, name | (flags & MODULE_TRANSITIVE ? UNIVERSE_TRANSITIVE : 0));
	}
	read_exports(b, c, in, m, bad);
}

uint32_t builder_module(struct universe_builder *b, uint32_t name)
{
	const struct universe_module *modules = (const void *)b->modules.data;

	for (uint32_t i = 0; i < builder_count(&b->modules, sizeof(*modules)); i++)
		if (modules[i].name == name)
			return i + 1;
	return 0;
}

enum universe_reason universe_add_module(struct universe_builder *b, uint32_t artefact, const struct classfile *info)
{
	const size_t numbers = b->numbers.len, exports = b->exports.len;
	struct universe_module m = { .artefact = artefact };
	struct classfile_attribute a;
	struct keel_cursor in;
	bool bad = false;

	if (b->failed)
		return builder_counted(b, b->failed);
	if (b->kinds.data[artefact] != UNIVERSE_MODULES ||
	    classfile_attribute_find(info, classfile_class_attributes(info), CLASSFILE_ATTR_MODULE_INFO, &a) != 1)
		return builder_counted(b, UNIVERSE_REASON_MODULE);
	if (builder_count(&b->modules, sizeof(m)) + 2 >= MODULES_MAX)
		return builder_counted(b, UNIVERSE_REASON_TOO_MANY);
	keel_cursor_init(&in, info->data + a.at, a.len);
	read_module(b, info, &in, &m, &bad);
	if (bad || !keel_cursor_ok(&in) || builder_module(b, m.name)) {
		b->numbers.len = numbers;
		b->exports.len = exports;
		return builder_counted(b, UNIVERSE_REASON_MODULE);
	}
	builder_append(b, &b->modules, &m, 1, sizeof(m));
	return builder_counted(b, UNIVERSE_REASON_NONE);
}
