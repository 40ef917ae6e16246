// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/classfile/name.h"

#include <errno.h>
#include <string.h>

/* ---- types ------------------------------------------------------------------------------------------------------------------------ */

static bool is_primitive(unsigned octet)
{
	return octet == 'B' || octet == 'C' || octet == 'D' || octet == 'F' || octet == 'I' || octet == 'J' ||
	       octet == 'S' || octet == 'Z';
}

int classfile_type_read(const uint8_t **at, const uint8_t *end, struct classfile_type *out)
{
	const uint8_t *from = *at, *here = from, *semicolon;
	struct classfile_type type = { 0 };

	while (here < end && *here == '[')
		here++;
	if (here == end || here - from > CLASSFILE_DIMENSIONS_MAX)
		return -EINVAL;
	type.dimensions = (uint8_t)(here - from);
	type.base = *here++;
	if (type.base == 'L') {
		semicolon = memchr(here, ';', (size_t)(end - here));
		if (!semicolon || semicolon == here)
			return -EINVAL;
		type.name = (struct classfile_text){ here, (uint32_t)(semicolon - here) };
		here = semicolon + 1;
	} else if (!is_primitive(type.base)) {
		return -EINVAL;
	}
	type.text = (struct classfile_text){ from, (uint32_t)(here - from) };
	*out = type;
	*at = here;
	return 0;
}

int classfile_type_parse(struct classfile_text text, struct classfile_type *out)
{
	const uint8_t *at = text.data;
	struct classfile_type type;

	if (!text.data || classfile_type_read(&at, text.data + text.len, &type) || at != text.data + text.len)
		return -EINVAL;
	*out = type;
	return 0;
}

int classfile_signature_parse(struct classfile_text text, struct classfile_signature *out)
{
	const uint8_t *at = text.data, *end;
	struct classfile_signature s = { 0 };
	struct classfile_type type;

	if (text.len < 3 || *at++ != '(')
		return -EINVAL;
	end = text.data + text.len;
	for (s.at = at; at < end && *at != ')'; s.parameters++) {
		if (classfile_type_read(&at, end, &type))
			return -EINVAL;
		s.slots += classfile_type_slots(&type);
	}
	s.end = at;
	if (end - at < 2)
		return -EINVAL;
	at++;
	if (*at == 'V' && end - at == 1)
		s.result = (struct classfile_type){ .base = 'V', .text = { at, 1 } };
	else if (classfile_type_parse((struct classfile_text){ at, (uint32_t)(end - at) }, &s.result))
		return -EINVAL;
	*out = s;
	return 0;
}

bool classfile_signature_next(struct classfile_signature *s, struct classfile_type *out)
{
	return s->at < s->end && !classfile_type_read(&s->at, s->end, out);
}

/* ---- names ------------------------------------------------------------------------------------------------------------------------ */

static bool is_any_of(uint8_t octet, const char *set)
{
	return octet && strchr(set, octet);
}

/* One or more octets, none of the set */
static bool is_free_of(const uint8_t *at, size_t n, const char *set)
{
	for (size_t i = 0; i < n; i++)
		if (is_any_of(at[i], set))
			return false;
	return n > 0;
}

bool classfile_is_unqualified(struct classfile_text name)
{
	return is_free_of(name.data, name.len, ".;[/");
}

bool classfile_is_method_name(struct classfile_text name)
{
	return CLASSFILE_TEXT_IS(name, "<init>") || CLASSFILE_TEXT_IS(name, "<clinit>") ||
	       is_free_of(name.data, name.len, ".;[/<>");
}

bool classfile_is_class_name(struct classfile_text name)
{
	uint8_t before = '/';

	for (uint32_t i = 0; i < name.len; i++) {
		if (is_any_of(name.data[i], ".;[") || (name.data[i] == '/' && before == '/'))
			return false;
		before = name.data[i];
	}
	return before != '/';
}

bool classfile_is_module_name(struct classfile_text name)
{
	bool escaped = false;

	for (uint32_t i = 0; i < name.len; i++) {
		const uint8_t octet = name.data[i];

		if (octet < 0x20)
			return false;
		if (escaped && !is_any_of(octet, "\\:@"))
			return false;
		if (!escaped && is_any_of(octet, ":@"))
			return false;
		escaped = !escaped && octet == '\\';
	}
	return name.len && !escaped;
}

static bool is_well_named(const struct classfile_type *type)
{
	return type->base != 'L' || classfile_is_class_name(type->name);
}

bool classfile_is_class_or_array(struct classfile_text name)
{
	return name.len && name.data[0] == '[' ? classfile_is_field_descriptor(name) : classfile_is_class_name(name);
}

bool classfile_is_field_descriptor(struct classfile_text text)
{
	struct classfile_type type;

	return !classfile_type_parse(text, &type) && is_well_named(&type);
}

bool classfile_is_method_descriptor(struct classfile_text text)
{
	struct classfile_signature s;
	struct classfile_type type;

	if (classfile_signature_parse(text, &s) || !is_well_named(&s.result))
		return false;
	while (classfile_signature_next(&s, &type))
		if (!is_well_named(&type))
			return false;
	return true;
}
