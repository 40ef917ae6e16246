// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/universe/builder.h"
#include "tools/lib/keel/sort.h"

#define NESTS_SINCE 55  /* class file versions before it have no nests, */
#define SEALED_SINCE 61 /* and no sealed classes: the attributes mean nothing there */

static const char no_name[] = "";

/* As universe_field and universe_method look for them */
static int order(const void *one, const void *two)
{
	const struct universe_member *a = one, *b = two;

	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return a->descriptor < b->descriptor ? -1 : a->descriptor > b->descriptor;
}

static uint32_t add_members(struct universe_builder *b, const struct classfile *c,
			    const struct classfile_member *members, uint32_t n, bool *bad)
{
	const uint32_t at = builder_count(&b->members, sizeof(struct universe_member));

	for (uint32_t i = 0; i < n && !b->failed; i++) {
		const struct classfile_text name = classfile_utf8(c, members[i].name),
					    type = classfile_utf8(c, members[i].descriptor);
		struct universe_member m = { .access = members[i].access };

		*bad |= !name.data || !type.data;
		if (*bad)
			return at;
		m.name = builder_text(b, name);
		m.descriptor = builder_text(b, type);
		builder_append(b, &b->members, &m, 1, sizeof(m));
	}
	if (n && !b->failed)
		keel_sort(b->members.data + at * sizeof(struct universe_member), n, sizeof(struct universe_member),
			  order);
	return at;
}

/* The class names that an attribute is a list of */
static uint32_t add_list(struct universe_builder *b, const struct classfile *c, const struct classfile_attribute *a,
			 uint16_t *n, bool *bad)
{
	const uint32_t at = builder_count(&b->numbers, sizeof(uint32_t));
	struct classfile_table t;

	if (classfile_table_read(c, a, &t)) {
		*bad = true;
		return at;
	}
	*n = (uint16_t)t.n;
	for (uint32_t i = 0; i < t.n; i++)
		builder_append_number(b, &b->numbers,
				      builder_name(b, c, classfile_table_cell(&t, i, 0), CLASSFILE_CLASS, bad));
	return at;
}

static void add_attributes(struct universe_builder *b, const struct classfile *c, struct universe_class *k, bool *bad)
{
	struct classfile_attributes list = classfile_class_attributes(c);
	struct classfile_attribute a;

	while (classfile_attributes_next(c, &list, &a) == 1) {
		if (a.kind == CLASSFILE_ATTR_NEST_HOST && c->major >= NESTS_SINCE) {
			const int index = classfile_attribute_index(c, &a);

			k->nest_host = builder_name(b, c, index < 0 ? 0 : (uint32_t)index, CLASSFILE_CLASS, bad);
		} else if (a.kind == CLASSFILE_ATTR_NEST_MEMBERS && c->major >= NESTS_SINCE) {
			k->nest_members = add_list(b, c, &a, &k->nest_members_n, bad);
		} else if (a.kind == CLASSFILE_ATTR_PERMITTED_SUBCLASSES && c->major >= SEALED_SINCE) {
			k->sealed = true;
			k->permitted = add_list(b, c, &a, &k->permitted_n, bad);
		}
	}
}

static void read_class(struct universe_builder *b, const struct classfile *c, struct universe_class *k, bool *bad)
{
	k->access = c->access;
	k->major = c->major;
	if (c->super_class)
		k->super_name = builder_name(b, c, c->super_class, CLASSFILE_CLASS, bad);
	k->interfaces_n = c->interfaces_n;
	k->interfaces = builder_count(&b->numbers, sizeof(uint32_t));
	for (unsigned i = 0; i < c->interfaces_n && !*bad; i++)
		builder_append_number(b, &b->numbers,
				      builder_name(b, c, classfile_interface(c, i), CLASSFILE_CLASS, bad));
	k->fields_n = c->fields_n;
	k->fields = add_members(b, c, c->fields, c->fields_n, bad);
	k->methods_n = c->methods_n;
	if (!*bad)
		k->methods = add_members(b, c, c->methods, c->methods_n, bad);
	if (!*bad)
		add_attributes(b, c, k, bad);
}

/* What stands before the last slash */
static struct classfile_text package_of(struct classfile_text name)
{
	uint32_t n = name.len;

	while (n && name.data[n - 1] != '/')
		n--;
	return (struct classfile_text){ n ? name.data : (const uint8_t *)no_name, n ? n - 1 : 0 };
}

/* Finds where the class belongs. Not NONE: it is not looked for there. */
static enum universe_reason place_class(struct universe_builder *b, struct classfile_text name,
					struct classfile_text module, struct universe_class *k)
{
	uint32_t owner;

	if (module.len) {
		k->module = builder_module(b, builder_text(b, module));
		if (!k->module)
			return UNIVERSE_REASON_MODULE;
	}
	k->name = builder_text(b, name);
	k->package = builder_text(b, package_of(name));
	if (b->failed)
		return b->failed;
	owner = builder_numbers(&b->packages)[k->package];
	if (owner && owner != k->module)
		return UNIVERSE_REASON_SHADOWED;
	if (builder_numbers(&b->class_of)[k->name])
		return UNIVERSE_REASON_HIDDEN;
	builder_numbers(&b->packages)[k->package] = k->module;
	return UNIVERSE_REASON_NONE;
}

static enum universe_reason add_class(struct universe_builder *b, uint32_t artefact, struct classfile_text stored,
				      struct classfile_text module, const struct classfile *c)
{
	const size_t numbers = b->numbers.len, members = b->members.len;
	struct universe_class k = { .artefact = artefact };
	enum universe_reason reason;
	bool bad = false;

	if (!stored.len)
		return UNIVERSE_REASON_MISPLACED;
	reason = place_class(b, stored, module, &k);
	if (reason)
		return reason;
	builder_numbers(&b->class_of)[k.name] = BUILDER_BROKEN;
	if (!c)
		return UNIVERSE_REASON_BROKEN;
	if (c->access & CLASSFILE_MODULE_FLAG)
		return UNIVERSE_REASON_MODULE;
	if (!classfile_constant(c, c->this_class, CLASSFILE_CLASS) || !classfile_name_of(c, c->this_class).data)
		return UNIVERSE_REASON_INDEX;
	if (!classfile_text_equal(classfile_name_of(c, c->this_class), stored))
		return UNIVERSE_REASON_MISPLACED;
	read_class(b, c, &k, &bad);
	if (bad) {
		b->numbers.len = numbers;
		b->members.len = members;
		return UNIVERSE_REASON_INDEX;
	}
	builder_append(b, &b->classes, &k, 1, sizeof(k));
	if (!b->failed)
		builder_numbers(&b->class_of)[k.name] = builder_count(&b->classes, sizeof(k));
	return UNIVERSE_REASON_NONE;
}

enum universe_reason universe_add_class(struct universe_builder *b, uint32_t artefact, struct classfile_text stored,
					struct classfile_text module, const struct classfile *c)
{
	return builder_counted(b, b->failed ? b->failed : add_class(b, artefact, stored, module, c));
}
