// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/classfile/attribute.h"

#include <errno.h>
#include <string.h>

#define HEAD 6 /* name, length */

#define NAME_ROW(kind, text, since, places) [CLASSFILE_ATTR_##kind] = { text, sizeof(text) - 1, places },
static const struct {
	const char *text;
	uint8_t len;
	uint8_t places;
} names[] = { CLASSFILE_ATTRIBUTES(NAME_ROW) };

#define LONGEST 36 /* RuntimeInvisibleParameterAnnotations */
#define KINDS(...) \
	{ \
		__VA_ARGS__ \
	}
/* The kinds whose names have as many octets, for most texts of a pool are none. */
static const uint8_t by_length[LONGEST + 1][4] = {
	[4] = KINDS(CLASSFILE_ATTR_CODE),
	[6] = KINDS(CLASSFILE_ATTR_MODULE_INFO, CLASSFILE_ATTR_RECORD),
	[8] = KINDS(CLASSFILE_ATTR_NEST_HOST),
	[9] = KINDS(CLASSFILE_ATTR_SIGNATURE, CLASSFILE_ATTR_SYNTHETIC_MARK),
	[10] = KINDS(CLASSFILE_ATTR_EXCEPTIONS, CLASSFILE_ATTR_DEPRECATED, CLASSFILE_ATTR_SOURCE_FILE),
	[11] = KINDS(CLASSFILE_ATTR_NEST_MEMBERS),
	[12] = KINDS(CLASSFILE_ATTR_INNER_CLASSES, CLASSFILE_ATTR_MODULE_TARGET, CLASSFILE_ATTR_MODULE_HASHES),
	[13] = KINDS(CLASSFILE_ATTR_CONSTANT_VALUE, CLASSFILE_ATTR_STACK_MAP_TABLE),
	[14] = KINDS(CLASSFILE_ATTR_MODULE_PACKAGES),
	[15] = KINDS(CLASSFILE_ATTR_LINE_NUMBERS, CLASSFILE_ATTR_ENCLOSING_METHOD, CLASSFILE_ATTR_MODULE_MAIN_CLASS),
	[16] = KINDS(CLASSFILE_ATTR_BOOTSTRAP_METHODS, CLASSFILE_ATTR_METHOD_PARAMETERS,
		     CLASSFILE_ATTR_MODULE_RESOLUTION),
	[17] = KINDS(CLASSFILE_ATTR_ANNOTATION_DEFAULT),
	[18] = KINDS(CLASSFILE_ATTR_LOCAL_VARIABLES),
	[19] = KINDS(CLASSFILE_ATTR_PERMITTED_SUBCLASSES),
	[20] = KINDS(CLASSFILE_ATTR_SOURCE_DEBUG),
	[22] = KINDS(CLASSFILE_ATTR_LOCAL_VARIABLE_TYPES),
	[25] = KINDS(CLASSFILE_ATTR_ANNOTATIONS),
	[27] = KINDS(CLASSFILE_ATTR_ANNOTATIONS_CLASS),
	[29] = KINDS(CLASSFILE_ATTR_TYPE_ANNOTATIONS),
	[31] = KINDS(CLASSFILE_ATTR_TYPE_ANNOTATIONS_CLASS),
	[34] = KINDS(CLASSFILE_ATTR_PARAMETER_ANNOTATIONS),
	[36] = KINDS(CLASSFILE_ATTR_PARAMETER_ANNOTATIONS_CLASS),
};

enum classfile_attribute_kind classfile_attribute_named(const uint8_t *name, size_t len)
{
	/* all begin with one of A to S */
	if (len > LONGEST || len < 4 || (unsigned)name[0] - 'A' > 'S' - 'A')
		return CLASSFILE_ATTR_UNKNOWN;
	for (const uint8_t *kind = by_length[len]; *kind; kind++)
		if (!memcmp(name, names[*kind].text, len))
			return *kind;
	return CLASSFILE_ATTR_UNKNOWN;
}

enum classfile_attribute_kind classfile_attribute_kind(const struct classfile *c, uint32_t name)
{
	const struct classfile_constant *k = classfile_constant(c, name, CLASSFILE_UTF8);

	return k ? k->kind & CLASSFILE_UTF8_ATTRIBUTE : CLASSFILE_ATTR_UNKNOWN;
}

bool classfile_attribute_fits(enum classfile_attribute_kind kind, enum classfile_place place)
{
	return kind < CLASSFILE_ATTR_N && names[kind].places & place;
}

const char *classfile_attribute_name(enum classfile_attribute_kind kind)
{
	return kind < CLASSFILE_ATTR_N ? names[kind].text : NULL;
}

struct classfile_attributes classfile_class_attributes(const struct classfile *c)
{
	return (struct classfile_attributes){ c->attributes_at, c->size, c->attributes_n };
}

struct classfile_attributes classfile_member_attributes(const struct classfile *c, const struct classfile_member *m)
{
	return (struct classfile_attributes){ m->at + 8, c->size, m->attributes };
}

int classfile_attributes_next(const struct classfile *c, struct classfile_attributes *list,
			      struct classfile_attribute *out)
{
	uint32_t room = list->end - list->at, len, name;

	if (!list->left)
		return 0;
	if (room < HEAD)
		return -EINVAL;
	name = classfile_u16(c->data + list->at);
	len = classfile_u32(c->data + list->at + 2);
	room -= HEAD;
	if (len > room)
		return -EINVAL;
	*out = (struct classfile_attribute){ .kind = (uint8_t)classfile_attribute_kind(c, name),
					     .name = (uint16_t)name,
					     .at = list->at + HEAD,
					     .len = len };
	list->at += HEAD + len;
	list->left--;
	return 1;
}

int classfile_attribute_find(const struct classfile *c, struct classfile_attributes list,
			     enum classfile_attribute_kind kind, struct classfile_attribute *out)
{
	struct classfile_attribute a;
	int ret;

	while ((ret = classfile_attributes_next(c, &list, &a)) > 0)
		if (a.kind == kind) {
			*out = a;
			return 1;
		}
	return ret;
}

/* Walks a list that must end where its room ends. */
static bool fills(const struct classfile *c, struct classfile_attributes list)
{
	struct classfile_attribute a;
	int ret;

	do
		ret = classfile_attributes_next(c, &list, &a);
	while (ret > 0);
	return !ret && list.at == list.end;
}

int classfile_code_read(const struct classfile *c, const struct classfile_member *method, struct classfile_code *out)
{
	const uint8_t *at = c->data + method->code;
	struct classfile_code code;
	uint32_t room, len;

	if (!method->code)
		return -EINVAL;
	room = classfile_u32(at - 4); /* attribute_length: classfile_parse has compared it with what there is */
	if (room < 12)
		return -EINVAL;
	len = classfile_u32(at + 4);
	if (len > room - 12)
		return -EINVAL;
	code = (struct classfile_code){ .max_stack = classfile_u16(at),
					.max_locals = classfile_u16(at + 2),
					.len = len,
					.octets = at + 8,
					.handlers_n = classfile_u16(at + 8 + len),
					.handlers = at + 10 + len };
	if (code.handlers_n > (room - 12 - len) / 8)
		return -EINVAL;
	code.attributes.at = method->code + 12 + len + 8 * (uint32_t)code.handlers_n;
	code.attributes.end = method->code + room;
	code.attributes.left = classfile_u16(c->data + code.attributes.at - 2);
	if (!fills(c, code.attributes))
		return -EINVAL;
	*out = code;
	return 0;
}

#define TABLE_ROW(kind, count_, width_) [CLASSFILE_ATTR_##kind] = { count_, width_ },
static const struct {
	uint8_t count, width;
} tables[CLASSFILE_ATTR_N] = { CLASSFILE_TABLES(TABLE_ROW) };

int classfile_table_read(const struct classfile *c, const struct classfile_attribute *a, struct classfile_table *out)
{
	const uint8_t *at = c->data + a->at;
	const unsigned count = a->kind < CLASSFILE_ATTR_N ? tables[a->kind].count : 0;
	uint32_t n;

	if (!count || a->len < count)
		return -EINVAL;
	n = count == 1 ? *at : classfile_u16(at);
	if (a->len - count != n * tables[a->kind].width)
		return -EINVAL;
	*out = (struct classfile_table){ at + count, n, tables[a->kind].width };
	return 0;
}

int classfile_attribute_index(const struct classfile *c, const struct classfile_attribute *a)
{
	return a->len == 2 ? classfile_u16(c->data + a->at) : -EINVAL;
}

int classfile_bootstraps_read(const struct classfile *c, const struct classfile_attribute *a,
			      struct classfile_bootstraps *out)
{
	const uint8_t *at = c->data + a->at;

	if (a->len < 2)
		return -EINVAL;
	*out = (struct classfile_bootstraps){ at + 2, at + a->len, classfile_u16(at), classfile_u16(at) };
	return 0;
}

int classfile_bootstraps_next(struct classfile_bootstraps *b, struct classfile_bootstrap *out)
{
	const size_t room = (size_t)(b->end - b->at);
	uint32_t n;

	if (!b->left)
		return room ? -EINVAL : 0;
	if (room < 4)
		return -EINVAL;
	n = classfile_u16(b->at + 2);
	if (n > (room - 4) / 2)
		return -EINVAL;
	*out = (struct classfile_bootstrap){ classfile_u16(b->at), (uint16_t)n, b->at + 4 };
	b->at += 4 + 2 * (size_t)n;
	b->left--;
	return 1;
}

int classfile_components_read(const struct classfile *c, const struct classfile_attribute *a,
			      struct classfile_components *out)
{
	uint16_t n;

	if (a->len < 2)
		return -EINVAL;
	n = classfile_u16(c->data + a->at);
	*out = (struct classfile_components){ a->at + 2, a->at + a->len, n, n };
	return 0;
}

int classfile_components_next(const struct classfile *c, struct classfile_components *list,
			      struct classfile_component *out)
{
	const uint8_t *at = c->data + list->at;
	const uint32_t room = list->end - list->at;
	struct classfile_attributes attributes;
	struct classfile_attribute a;
	int ret;

	if (!list->left)
		return room ? -EINVAL : 0;
	if (room < 6)
		return -EINVAL;
	attributes = (struct classfile_attributes){ list->at + 6, list->end, classfile_u16(at + 4) };
	*out = (struct classfile_component){ classfile_u16(at), classfile_u16(at + 2), attributes };
	do
		ret = classfile_attributes_next(c, &attributes, &a);
	while (ret > 0);
	if (ret)
		return ret;
	out->attributes.end = list->at = attributes.at;
	list->left--;
	return 1;
}
