// SPDX-License-Identifier: GPL-2.0-or-later
/* The frame of a class file: head, constant pool, members. The values are the parsed ones. */
#include "jvm-broker/classfile/walker.h"

uint32_t walk_read(struct walker *w, const char *label, enum classfile_meaning meaning, unsigned width,
		   uint32_t expects)
{
	const bool is_signed = meaning == CLASSFILE_IS_SIGNED || meaning == CLASSFILE_IS_BRANCH;
	const uint8_t *at = w->c->data + w->at;
	uint32_t value;

	if (w->failed || width > w->end - w->at) {
		w->failed = true;
		return 0;
	}
	if (width == 1)
		value = is_signed ? (uint32_t)(int8_t)*at : *at;
	else if (width == 2)
		value = is_signed ? (uint32_t)classfile_s16(at) : classfile_u16(at);
	else
		value = classfile_u32(at);
	walk_tell(w, label, meaning, width, value, expects);
	return value;
}

void walk_octets(struct walker *w, const char *label, uint32_t n)
{
	if (w->failed || n > w->end - w->at)
		w->failed = true;
	else
		walk_tell(w, label, CLASSFILE_IS_OCTETS, n, 0, 0);
}

void walk_close(struct walker *w)
{
	if (w->failed || w->at != w->end) {
		w->malformed++;
		walk_tell(w, "malformed", CLASSFILE_IS_MALFORMED, w->end - w->at, 0, 0);
	}
	w->failed = false;
}

static const struct {
	const char *first, *second; /* labels */
	uint32_t expects_first, expects_second;
} operands[] = {
	[CLASSFILE_CLASS] = { "name_index", NULL, ONE(UTF8), 0 },
	[CLASSFILE_STRING] = { "string_index", NULL, ONE(UTF8), 0 },
	[CLASSFILE_METHOD_TYPE] = { "descriptor_index", NULL, ONE(UTF8), 0 },
	[CLASSFILE_MODULE] = { "name_index", NULL, ONE(UTF8), 0 },
	[CLASSFILE_PACKAGE] = { "name_index", NULL, ONE(UTF8), 0 },
	[CLASSFILE_FIELDREF] = { "class_index", "name_and_type_index", ONE(CLASS), ONE(NAME_AND_TYPE) },
	[CLASSFILE_METHODREF] = { "class_index", "name_and_type_index", ONE(CLASS), ONE(NAME_AND_TYPE) },
	[CLASSFILE_INTERFACE_METHODREF] = { "class_index", "name_and_type_index", ONE(CLASS), ONE(NAME_AND_TYPE) },
	[CLASSFILE_NAME_AND_TYPE] = { "name_index", "descriptor_index", ONE(UTF8), ONE(UTF8) },
	[CLASSFILE_DYNAMIC] = { NULL, "name_and_type_index", 0, ONE(NAME_AND_TYPE) },
	[CLASSFILE_INVOKE_DYNAMIC] = { NULL, "name_and_type_index", 0, ONE(NAME_AND_TYPE) },
};

static void walk_constant(struct walker *w, const struct classfile_constant *k)
{
	walk_tell(w, "tag", CLASSFILE_IS_TAG, 1, k->tag, 0);
	switch (k->tag) {
	case CLASSFILE_UTF8:
		walk_tell(w, "length", CLASSFILE_IS_SIZE, 2, k->a, 0);
		walk_octets(w, "bytes", k->a);
		return;
	case CLASSFILE_INTEGER:
	case CLASSFILE_FLOAT:
		walk_read(w, "bytes", CLASSFILE_IS_NUMBER, 4, 0);
		return;
	case CLASSFILE_LONG:
	case CLASSFILE_DOUBLE:
		walk_read(w, "high_bytes", CLASSFILE_IS_NUMBER, 4, 0);
		walk_read(w, "low_bytes", CLASSFILE_IS_NUMBER, 4, 0);
		return;
	case CLASSFILE_METHOD_HANDLE:
		walk_tell(w, "reference_kind", CLASSFILE_IS_NUMBER, 1, k->kind, 0);
		walk_tell(w, "reference_index", CLASSFILE_IS_INDEX, 2, k->a, ANY_MEMBER);
		return;
	case CLASSFILE_DYNAMIC:
	case CLASSFILE_INVOKE_DYNAMIC:
		walk_tell(w, "bootstrap_method_attr_index", CLASSFILE_IS_BOOTSTRAP, 2, k->a, 0);
		break;
	default:
		walk_tell(w, operands[k->tag].first, CLASSFILE_IS_INDEX, 2, k->a, operands[k->tag].expects_first);
	}
	if (operands[k->tag].second)
		walk_tell(w, operands[k->tag].second, CLASSFILE_IS_INDEX, 2, k->b, operands[k->tag].expects_second);
}

static void walk_members(struct walker *w, const char *count, const char *label, enum classfile_place place,
			 const struct classfile_member *members, unsigned n)
{
	walk_tell(w, count, CLASSFILE_IS_COUNT, 2, n, 0);
	for (unsigned i = 0; i < n; i++) {
		walk_enter(w, label, i);
		walk_tell(w, "access_flags", CLASSFILE_IS_FLAGS, 2, members[i].access, 0);
		walk_tell(w, "name_index", CLASSFILE_IS_INDEX, 2, members[i].name, ONE(UTF8));
		walk_tell(w, "descriptor_index", CLASSFILE_IS_INDEX, 2, members[i].descriptor, ONE(UTF8));
		walk_attributes(w, place);
		walk_leave(w);
	}
}

unsigned classfile_walk(const struct classfile *c, const struct classfile_visitor *v)
{
	struct walker w = { .c = c, .v = v, .end = c->size };

	walk_tell(&w, "magic", CLASSFILE_IS_NUMBER, 4, CLASSFILE_MAGIC, 0);
	walk_tell(&w, "minor_version", CLASSFILE_IS_NUMBER, 2, c->minor, 0);
	walk_tell(&w, "major_version", CLASSFILE_IS_NUMBER, 2, c->major, 0);
	walk_tell(&w, "constant_pool_count", CLASSFILE_IS_COUNT, 2, c->constants_n, 0);
	for (unsigned i = 1; i < c->constants_n; i++) {
		const struct classfile_constant *k = &c->constants[i];

		if (!k->tag)
			continue;
		walk_enter(&w, classfile_tag_name(k->tag), i);
		walk_constant(&w, k);
		walk_leave(&w);
	}
	walk_tell(&w, "access_flags", CLASSFILE_IS_FLAGS, 2, c->access, 0);
	walk_tell(&w, "this_class", CLASSFILE_IS_INDEX, 2, c->this_class, ONE(CLASS));
	walk_tell(&w, "super_class", CLASSFILE_IS_OPTION, 2, c->super_class, ONE(CLASS));
	walk_tell(&w, "interfaces_count", CLASSFILE_IS_COUNT, 2, c->interfaces_n, 0);
	for (unsigned i = 0; i < c->interfaces_n; i++)
		walk_tell(&w, "interface", CLASSFILE_IS_INDEX, 2, classfile_interface(c, i), ONE(CLASS));
	walk_members(&w, "fields_count", "field_info", CLASSFILE_IN_FIELD, c->fields, c->fields_n);
	walk_members(&w, "methods_count", "method_info", CLASSFILE_IN_METHOD, c->methods, c->methods_n);
	walk_attributes(&w, CLASSFILE_IN_CLASS);
	return w.malformed;
}
