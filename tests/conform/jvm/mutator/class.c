// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes outside the code: flags, names, constants, attributes, the version. */
#include <string.h>

#include "tests/conform/jvm/mutator/mutant.h"

bool change_super(struct mutant *m)
{
	uint16_t index = mutant_constant(m, CLASSFILE_CLASS);

	if (index == m->base->super_class)
		return false;
	mutant_say(m, "superclass #%u -> #%u", m->base->super_class, index);
	mutant_u16(m, m->base->access_at + 4, index);
	return true;
}

bool change_interface(struct mutant *m)
{
	uint16_t index = mutant_constant(m, CLASSFILE_CLASS);
	uint8_t more[2] = { index >> 8, index };
	uint32_t which;

	if (m->base->interfaces_n && mutant_below(m, 2)) {
		which = mutant_below(m, m->base->interfaces_n);
		mutant_say(m, "interface %u -> #%u", which, index);
		mutant_u16(m, m->base->interfaces_at + 2 * which, index);
		return index != classfile_interface(m->base, which);
	}
	mutant_say(m, "interface #%u, new", index);
	mutant_u16(m, m->base->access_at + 6, m->base->interfaces_n + 1);
	mutant_splice(m, m->base->access_at + 8, 0, more, 2, NULL);
	return true;
}

static const struct classfile_member *any_member(struct mutant *m, const char **kind)
{
	uint32_t n = m->base->fields_n + m->base->methods_n, which;

	if (!n)
		return NULL;
	which = mutant_below(m, n);
	*kind = which < m->base->fields_n ? "field" : "method";
	return which < m->base->fields_n ? &m->base->fields[which] : &m->base->methods[which - m->base->fields_n];
}

bool change_access(struct mutant *m)
{
	const struct classfile_member *member;
	struct classfile_text name;
	const char *kind;
	/* The flags that say most, more often */
	uint32_t flag = mutant_below(m, 2) ? (uint32_t[]){ CLASSFILE_STATIC, CLASSFILE_FINAL, CLASSFILE_INTERFACE,
							   CLASSFILE_ABSTRACT, CLASSFILE_PRIVATE }[mutant_below(m, 5)]
					   : 1u << mutant_below(m, 16);

	if (!mutant_below(m, 6)) {
		mutant_say(m, "class: flag 0x%x", flag);
		mutant_u16(m, m->base->access_at, m->base->access ^ flag);
		return true;
	}
	member = any_member(m, &kind);
	if (!member)
		return false;
	name = classfile_utf8(m->base, member->name);
	mutant_say(m, "%s %.*s: flag 0x%x", kind, (int)name.len, (const char *)name.data, flag);
	mutant_u16(m, member->at, member->access ^ flag);
	return true;
}

bool change_name(struct mutant *m)
{
	const struct classfile_member *member;
	struct classfile_text old, new;
	const char *kind;
	uint32_t column = mutant_below(m, 2);
	uint16_t index;

	member = any_member(m, &kind);
	if (!member)
		return false;
	old = classfile_utf8(m->base, column ? member->descriptor : member->name);
	for (int tries = 0; tries < 200; tries++) {
		index = mutant_constant(m, CLASSFILE_UTF8);
		new = classfile_utf8(m->base, index);
		/* a descriptor becomes a descriptor, most of the time */
		if (new.len && !classfile_text_equal(old, new) &&
		    (!column || tries > 190 || (new.data[0] == '(') == (old.len && old.data[0] == '('))) {
			mutant_say(m, "%s %.*s -> %.*s", kind, (int)old.len, (const char *)old.data, (int)new.len,
				   (const char *)new.data);
			mutant_u16(m, member->at + 2 + 2 * column, index);
			return true;
		}
	}
	return false;
}

static uint16_t any_constant(struct mutant *m)
{
	return m->base->constants_n > 1 ? 1 + mutant_below(m, m->base->constants_n - 1) : 0;
}

/* The tag that an index of this entry must have: the first index, or the second; 0 if it is none. */
static enum classfile_tag wanted(const struct classfile_constant *entry, unsigned second)
{
	switch (entry->tag) {
	case CLASSFILE_CLASS:
	case CLASSFILE_STRING:
	case CLASSFILE_METHOD_TYPE:
	case CLASSFILE_MODULE:
	case CLASSFILE_PACKAGE:
		return second ? 0 : CLASSFILE_UTF8;
	case CLASSFILE_FIELDREF:
	case CLASSFILE_METHODREF:
	case CLASSFILE_INTERFACE_METHODREF:
		return second ? CLASSFILE_NAME_AND_TYPE : CLASSFILE_CLASS;
	case CLASSFILE_NAME_AND_TYPE:
		return CLASSFILE_UTF8;
	case CLASSFILE_DYNAMIC:
	case CLASSFILE_INVOKE_DYNAMIC:
		return second ? CLASSFILE_NAME_AND_TYPE : 0;
	}
	return 0;
}

bool change_constant(struct mutant *m)
{
	uint32_t at;
	uint16_t index, other;
	enum classfile_tag tag;
	unsigned second = mutant_below(m, 2);

	for (int tries = 0; tries < 100; tries++) {
		index = any_constant(m);
		if (!index)
			return false;
		tag = wanted(&m->base->constants[index], second);
		if (!tag)
			continue;
		other = mutant_below(m, 16) ? mutant_constant(m, tag) : any_constant(m);
		if (other == (second ? m->base->constants[index].b : m->base->constants[index].a))
			continue;
		at = classfile_constant_at(m->base, index);
		mutant_say(m, "#%u %s -> #%u", index, classfile_tag_name(m->base->constants[index].tag), other);
		mutant_u16(m, at + 1 + 2 * second, other);
		return true;
	}
	return false;
}

bool change_constant_tag(struct mutant *m)
{
	static const uint8_t alike[][2] = {
		{ CLASSFILE_METHODREF, CLASSFILE_INTERFACE_METHODREF },
		{ CLASSFILE_INTERFACE_METHODREF, CLASSFILE_METHODREF },
		{ CLASSFILE_FIELDREF, CLASSFILE_METHODREF },
		{ CLASSFILE_INTEGER, CLASSFILE_FLOAT },
		{ CLASSFILE_FLOAT, CLASSFILE_INTEGER },
		{ CLASSFILE_LONG, CLASSFILE_DOUBLE },
		{ CLASSFILE_DOUBLE, CLASSFILE_LONG },
		{ CLASSFILE_CLASS, CLASSFILE_STRING },
		{ CLASSFILE_STRING, CLASSFILE_CLASS },
		{ CLASSFILE_STRING, CLASSFILE_METHOD_TYPE },
		{ CLASSFILE_METHOD_TYPE, CLASSFILE_STRING },
		{ CLASSFILE_INVOKE_DYNAMIC, CLASSFILE_DYNAMIC },
	};
	const uint8_t *pair = alike[mutant_below(m, sizeof(alike) / sizeof(alike[0]))];
	uint16_t index = mutant_constant(m, pair[0]);

	if (!index)
		return false;
	mutant_say(m, "#%u %s -> %s", index, classfile_tag_name(pair[0]), classfile_tag_name(pair[1]));
	mutant_u8(m, classfile_constant_at(m->base, index), pair[1]);
	return true;
}

bool change_text(struct mutant *m)
{
	static const char letters[] = "BCDFIJSZLV[;()/.<>-$ab";
	uint16_t index = mutant_constant(m, CLASSFILE_UTF8);
	struct classfile_text text = classfile_utf8(m->base, index);
	uint32_t at, letter;

	if (!text.len)
		return false;
	at = mutant_below(m, text.len);
	letter = mutant_below(m, 16) ? (uint32_t)letters[mutant_below(m, sizeof(letters) - 1)] : mutant_below(m, 256);
	if (letter == text.data[at])
		return false;
	mutant_say(m, "#%u \"%.*s\": octet %u -> 0x%02x", index, (int)(text.len < 100 ? text.len : 100),
		   (const char *)text.data, at, letter);
	mutant_u8(m, text.data - m->base->data + at, letter);
	return true;
}

bool change_attribute(struct mutant *m)
{
	struct classfile_attributes list = classfile_class_attributes(m->base);
	const struct classfile_member *member;
	struct classfile_attribute attribute, chosen;
	const char *kind;
	uint32_t seen = 0;

	member = mutant_below(m, 2) ? any_member(m, &kind) : NULL;
	if (member)
		list = classfile_member_attributes(m->base, member);
	while (classfile_attributes_next(m->base, &list, &attribute) == 1)
		if (!mutant_below(m, ++seen))
			chosen = attribute;
	if (!seen)
		return false;
	if (chosen.len && chosen.kind != CLASSFILE_ATTR_CODE && mutant_below(m, 3)) {
		uint32_t at = mutant_below(m, chosen.len),
			 value = mutant_below(m, 2) ? mutant_below(m, 256) : mutant_below(m, 4);

		mutant_say(m, "%s: octet %u -> %u", classfile_attribute_name(chosen.kind) ?: "an attribute", at, value);
		mutant_u8(m, chosen.at + at, value);
		return value != m->base->data[chosen.at + at];
	}
	mutant_say(m, "%s renamed", classfile_attribute_name(chosen.kind) ?: "an attribute");
	mutant_u16(m, chosen.at - 6, mutant_constant(m, CLASSFILE_UTF8));
	return true;
}

bool change_version(struct mutant *m)
{
	uint32_t major = mutant_below(m, 8) ? 45 + mutant_below(m, 17) : mutant_below(m, 70);

	if (major == m->base->major)
		return false;
	mutant_say(m, "version %u -> %u", m->base->major, major);
	mutant_u16(m, 6, major);
	return true;
}

bool change_any(struct mutant *m)
{
	size_t at = mutant_below(m, m->size);
	uint8_t value = mutant_below(m, 2) ? mutant_below(m, 256) : m->bytes[at] + 1u;

	if (value == m->bytes[at])
		return false;
	mutant_say(m, "octet %zu: %u -> %u", at, m->bytes[at], value);
	mutant_u8(m, at, value);
	return true;
}

bool change_end(struct mutant *m)
{
	static const uint8_t more[4];
	uint32_t count;

	if (mutant_below(m, 4)) {
		count = mutant_below(m, m->size);
		mutant_say(m, "%u octets of %zu", count, m->size);
		m->size = count;
		return true;
	}
	count = 1 + mutant_below(m, sizeof(more));
	mutant_say(m, "%u octets more", count);
	mutant_splice(m, m->size, 0, more, count, NULL);
	return true;
}
