// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "jvm-broker/classfile/classfile.h"

#define REASON_ROW(name, clause, counter, text) { clause, counter, text },
static const struct {
	const char *clause, *counter, *text;
} reasons[] = { CLASSFILE_REASONS(REASON_ROW) };

const char *classfile_reason_counter(enum classfile_reason reason)
{
	return reasons[reason < CLASSFILE_REASONS_N ? reason : CLASSFILE_REASON_NONE].counter;
}

const char *classfile_reason_clause(enum classfile_reason reason)
{
	return reasons[reason < CLASSFILE_REASONS_N ? reason : CLASSFILE_REASON_NONE].clause;
}

const char *classfile_reason_text(enum classfile_reason reason)
{
	return reasons[reason < CLASSFILE_REASONS_N ? reason : CLASSFILE_REASON_NONE].text;
}

#define TAG_ROW(constant, text, tag, octets_, slots_, since) [tag] = { text, octets_, slots_ },
static const struct {
	const char *name;
	uint8_t octets, slots;
} tags[] = { CLASSFILE_TAGS(TAG_ROW) };
#define TAGS (sizeof(tags) / sizeof(tags[0]))

const char *classfile_tag_name(unsigned tag)
{
	return tag < TAGS ? tags[tag].name : NULL;
}

unsigned classfile_tag_octets(unsigned tag)
{
	return tag < TAGS ? tags[tag].octets : 0;
}

unsigned classfile_tag_slots(unsigned tag)
{
	return tag < TAGS ? tags[tag].slots : 0;
}

const char *classfile_reference_name(unsigned kind)
{
	static const char *const names[] = {
		[CLASSFILE_REF_GET_FIELD] = "REF_getField",
		[CLASSFILE_REF_GET_STATIC] = "REF_getStatic",
		[CLASSFILE_REF_PUT_FIELD] = "REF_putField",
		[CLASSFILE_REF_PUT_STATIC] = "REF_putStatic",
		[CLASSFILE_REF_INVOKE_VIRTUAL] = "REF_invokeVirtual",
		[CLASSFILE_REF_INVOKE_STATIC] = "REF_invokeStatic",
		[CLASSFILE_REF_INVOKE_SPECIAL] = "REF_invokeSpecial",
		[CLASSFILE_REF_NEW_INVOKE_SPECIAL] = "REF_newInvokeSpecial",
		[CLASSFILE_REF_INVOKE_INTERFACE] = "REF_invokeInterface",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

int classfile_reference(const struct classfile *c, uint32_t index, struct classfile_reference_parts *out)
{
	struct classfile_reference_parts parts = { .tag = (uint8_t)classfile_tag_of(c, index) };
	const struct classfile_constant *pair;
	uint32_t pair_at = index;

	switch (parts.tag) {
	case CLASSFILE_FIELDREF:
	case CLASSFILE_METHODREF:
	case CLASSFILE_INTERFACE_METHODREF:
		parts.owner = c->constants[index].a;
		if (!classfile_constant(c, parts.owner, CLASSFILE_CLASS))
			return -EINVAL;
		parts.owner_name = classfile_name_of(c, parts.owner);
		if (!parts.owner_name.data)
			return -EINVAL;
		pair_at = c->constants[index].b;
		break;
	case CLASSFILE_DYNAMIC:
	case CLASSFILE_INVOKE_DYNAMIC:
		parts.owner = c->constants[index].a;
		pair_at = c->constants[index].b;
		break;
	case CLASSFILE_NAME_AND_TYPE:
		break;
	default:
		return -EINVAL;
	}
	pair = classfile_constant(c, pair_at, CLASSFILE_NAME_AND_TYPE);
	if (!pair)
		return -EINVAL;
	parts.name_at = pair->a;
	parts.descriptor_at = (uint16_t)pair->b;
	parts.name = classfile_utf8(c, pair->a);
	parts.descriptor = classfile_utf8(c, pair->b);
	if (!parts.name.data || !parts.descriptor.data)
		return -EINVAL;
	*out = parts;
	return 0;
}

uint32_t classfile_value32(const struct classfile *c, uint32_t index)
{
	const unsigned tag = classfile_tag_of(c, index);

	return tag == CLASSFILE_INTEGER || tag == CLASSFILE_FLOAT ? classfile_u32(c->data + c->constants[index].b) : 0;
}

uint64_t classfile_value64(const struct classfile *c, uint32_t index)
{
	const unsigned tag = classfile_tag_of(c, index);
	const uint8_t *at;

	if (tag != CLASSFILE_LONG && tag != CLASSFILE_DOUBLE)
		return 0;
	at = c->data + c->constants[index].b;
	return (uint64_t)classfile_u32(at) << 32 | classfile_u32(at + 4);
}

uint32_t classfile_constant_at(const struct classfile *c, uint32_t index)
{
	uint32_t at = 10; /* magic, version, count */

	if (!classfile_tag_of(c, index))
		return 0;
	for (uint32_t i = 1; i < index; i++) {
		const struct classfile_constant *k = &c->constants[i];

		if (k->tag == CLASSFILE_UTF8)
			at += 3 + (uint32_t)k->a;
		else if (k->tag)
			at += 1 + (uint32_t)tags[k->tag].octets;
	}
	return at;
}
