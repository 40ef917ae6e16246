// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "jvm-broker/classfile/name.h"
#include "jvm-broker/verify/naming.h"

#define UNQUALIFIED 49 /* the first version in which a name may be nearly anything */

/* What an octet is forbidden in: never more than a few look-ups for a name (classfile/name.h has the same rules, by sets of characters) */
enum { IN_ANY = 1, SLASH = 2, IN_METHOD = 4 };
static const uint8_t marks[256] = {
	['.'] = IN_ANY, [';'] = IN_ANY, ['['] = IN_ANY, ['/'] = SLASH, ['<'] = IN_METHOD, ['>'] = IN_METHOD
};

static bool is_free_of(struct classfile_text name, unsigned banned)
{
	unsigned found = 0;

	for (uint32_t i = 0; i < name.len; i++)
		found |= marks[name.data[i]];
	return name.len && !(found & banned);
}

/* Parts with slashes between, none of them empty */
static bool is_class_name(struct classfile_text name)
{
	unsigned before = SLASH, found = 0;

	for (uint32_t i = 0; i < name.len; i++) {
		const unsigned mark = marks[name.data[i]];

		found |= mark | (mark & before & SLASH ? IN_ANY : 0);
		before = mark;
	}
	return !(found & IN_ANY) && !(before & SLASH);
}

static bool is_letter(uint8_t octet)
{
	return octet >= 0x80 || octet == '_' || octet == '$' || (octet >= 'a' && octet <= 'z') ||
	       (octet >= 'A' && octet <= 'Z');
}

/* Where an identifier, or with slashes several, ends; NULL: there is none. HotSpot lets a slash stand first and last. */
static const uint8_t *pass_identifier(const uint8_t *at, const uint8_t *end, bool slashes)
{
	const uint8_t *begin = at;
	bool slash = false;

	for (; at < end; at++) {
		if (is_letter(*at) || (at > begin && *at >= '0' && *at <= '9')) {
			slash = false;
		} else if (slashes && *at == '/') {
			if (slash)
				return NULL;
			slash = true;
		} else {
			break;
		}
	}
	return at > begin ? at : NULL;
}

static bool is_identifier(struct classfile_text name, bool slashes)
{
	return name.len && pass_identifier(name.data, name.data + name.len, slashes) == name.data + name.len;
}

bool naming_field(unsigned major, struct classfile_text name)
{
	return major < UNQUALIFIED ? is_identifier(name, false) : is_free_of(name, IN_ANY | SLASH);
}

bool naming_method(unsigned major, struct classfile_text name)
{
	if (CLASSFILE_TEXT_IS(name, "<init>") || CLASSFILE_TEXT_IS(name, "<clinit>"))
		return true;
	return major < UNQUALIFIED ? is_identifier(name, false) : is_free_of(name, IN_ANY | SLASH | IN_METHOD);
}

/* Where a type ends that begins at at; NULL: there is none */
static const uint8_t *pass_type(unsigned major, const uint8_t *at, const uint8_t *end, bool is_void)
{
	const uint8_t *begin = at, *semicolon;

	while (at < end && *at == '[')
		at++;
	if (at == end || at - begin > CLASSFILE_DIMENSIONS_MAX)
		return NULL;
	switch (*at++) {
	case 'B':
	case 'C':
	case 'D':
	case 'F':
	case 'I':
	case 'J':
	case 'S':
	case 'Z':
		return at;
	case 'V':
		return is_void && at == begin + 1 ? at : NULL;
	case 'L':
		break;
	default:
		return NULL;
	}
	if (major < UNQUALIFIED) {
		semicolon = pass_identifier(at, end, true);
		return semicolon && semicolon < end && *semicolon == ';' ? semicolon + 1 : NULL;
	}
	semicolon = at < end ? memchr(at, ';', (size_t)(end - at)) : NULL;
	if (!semicolon || !is_class_name((struct classfile_text){ at, (uint32_t)(semicolon - at) }))
		return NULL;
	return semicolon + 1;
}

bool naming_is_field(unsigned major, struct classfile_text descriptor)
{
	return descriptor.len && pass_type(major, descriptor.data, descriptor.data + descriptor.len, false) ==
					 descriptor.data + descriptor.len;
}

bool naming_class(unsigned major, struct classfile_text name)
{
	if (!name.len)
		return false;
	if (name.data[0] == '[')
		return naming_is_field(major, name);
	return major < UNQUALIFIED ? is_identifier(name, true) : is_class_name(name);
}

int naming_is_method(unsigned major, struct classfile_text name, struct classfile_text descriptor)
{
	const uint8_t *at = descriptor.data, *end, *next;
	int words = 0;

	if (!descriptor.len || *at++ != '(')
		return -EINVAL;
	if (major >= 51 && CLASSFILE_TEXT_IS(name, "<clinit>") && !CLASSFILE_TEXT_IS(descriptor, "()V"))
		return -EINVAL;
	end = descriptor.data + descriptor.len;
	for (; (next = pass_type(major, at, end, false)); at = next)
		words += *at == 'J' || *at == 'D' ? 2 : 1;
	if (at == end || *at++ != ')' || at == end)
		return -EINVAL;
	if (name.len && name.data[0] == '<')
		return *at == 'V' && at + 1 == end ? words : -EINVAL;
	return pass_type(major, at, end, true) == end ? words : -EINVAL;
}
