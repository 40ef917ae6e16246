// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields and methods (JVMS 4.5, 4.6) */
#include "jvm-broker/verify/format.h"
#include "jvm-broker/verify/naming.h"
#include "tools/lib/keel/sort.h"

#define PARAMETERS_MAX 255 /* words, this among them */
#define VISIBLE (CLASSFILE_PUBLIC | CLASSFILE_PRIVATE | CLASSFILE_PROTECTED)

static bool is_visible_once(unsigned flags)
{
	return !(flags & VISIBLE & ((flags & VISIBLE) - 1));
}

static bool has(unsigned flags, unsigned wanted, unsigned banned)
{
	return (flags & wanted) == wanted && !(flags & banned);
}

bool format_shared(struct judge *judge, uint16_t method, struct once *once, const struct classfile_attribute *a)
{
	int index;

	switch (a->kind) {
	case CLASSFILE_ATTR_SYNTHETIC_MARK:
	case CLASSFILE_ATTR_DEPRECATED:
		if (a->len)
			judge_report(judge, method, VERIFY_AXIOM_ATTRIBUTE_LENGTH, -1);
		return true;
	case CLASSFILE_ATTR_SIGNATURE:
		index = classfile_attribute_index(judge->c, a);
		if (judge->c->major < 49)
			return true;
		format_once(judge, method, once, a->kind, VERIFY_AXIOM_ATTRIBUTE_TWICE);
		if (index < 0)
			judge_report(judge, method, VERIFY_AXIOM_ATTRIBUTE_LENGTH, -1);
		else if (!format_is(judge->c, (uint32_t)index, CLASSFILE_UTF8))
			judge_report(judge, method, VERIFY_AXIOM_ATTRIBUTE_INDEX, -1);
		return true;
	case CLASSFILE_ATTR_ANNOTATIONS:
	case CLASSFILE_ATTR_ANNOTATIONS_CLASS:
	case CLASSFILE_ATTR_TYPE_ANNOTATIONS:
	case CLASSFILE_ATTR_TYPE_ANNOTATIONS_CLASS:
		if (judge->c->major >= 49)
			format_once(judge, method, once, a->kind, VERIFY_AXIOM_ATTRIBUTE_TWICE);
		return true;
	default:
		return false;
	}
}

/* ---- two of one name and descriptor -------------------------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void check_twice(struct judge *judge, const struct classfile_member *members, unsigned n,
			enum verify_axiom axiom)
{
	uint64_t few[64], *keys = few;
	bool twice = false;

	if (n > sizeof(few) / sizeof(few[0]))
		keys = keel_arena_take(judge->arena, n * sizeof(*keys));
	if (!keys) {
		judge_refuse(judge, VERIFY_REASON_MEMORY);
		return;
	}
	/* most often each index stands for another text; if the same text is there twice, by numbers of texts */
	for (unsigned i = 0; i < n; i++) {
		const struct classfile_text name = classfile_utf8(judge->c, members[i].name),
					    descriptor = classfile_utf8(judge->c, members[i].descriptor);

		keys[i] = (uint64_t)judge_text(judge, name) << 32 | judge_text(judge, descriptor);
	}
	if (!judge->refused) {
		keel_sort(keys, n, sizeof(*keys), compare);
		for (unsigned i = 1; i < n; i++)
			twice |= keys[i] == keys[i - 1];
	}
	if (twice)
		format_fail(judge, axiom);
}

/* ---- fields -------------------------------------------------------------------------------------------------------------------------- */

static bool field_flags_fit(const struct classfile *c, unsigned flags)
{
	if (c->access & CLASSFILE_INTERFACE)
		return has(flags, CLASSFILE_PUBLIC | CLASSFILE_STATIC | CLASSFILE_FINAL,
			   CLASSFILE_PRIVATE | CLASSFILE_PROTECTED | CLASSFILE_VOLATILE | CLASSFILE_TRANSIENT |
				   (c->major >= 49 ? CLASSFILE_ENUM : 0));
	return is_visible_once(flags) &&
	       (flags & (CLASSFILE_FINAL | CLASSFILE_VOLATILE)) != (CLASSFILE_FINAL | CLASSFILE_VOLATILE);
}

static bool value_fits(const struct classfile *c, struct classfile_text descriptor, uint32_t index)
{
	switch (descriptor.len ? descriptor.data[0] : 0) {
	case 'J':
		return format_is(c, index, CLASSFILE_LONG);
	case 'F':
		return format_is(c, index, CLASSFILE_FLOAT);
	case 'D':
		return format_is(c, index, CLASSFILE_DOUBLE);
	case 'L':
		return CLASSFILE_TEXT_IS(descriptor, "Ljava/lang/String;") && format_is(c, index, CLASSFILE_STRING);
	case '[':
		return false;
	default:
		return format_is(c, index, CLASSFILE_INTEGER);
	}
}

static void field_attributes(struct judge *judge, const struct classfile_member *m)
{
	struct classfile_attributes list = classfile_member_attributes(judge->c, m);
	struct once once = { 0 };
	struct classfile_attribute a;

	while (classfile_attributes_next(judge->c, &list, &a) > 0) {
		if (!format_is(judge->c, a.name, CLASSFILE_UTF8))
			format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_NAME);
		if (a.kind != CLASSFILE_ATTR_CONSTANT_VALUE) {
			format_shared(judge, VERIFY_NOWHERE, &once, &a);
		} else if (m->access & CLASSFILE_STATIC) {
			const int index = classfile_attribute_index(judge->c, &a);

			format_once(judge, VERIFY_NOWHERE, &once, a.kind, VERIFY_AXIOM_FIELD_VALUE);
			if (index < 0 ||
			    !value_fits(judge->c, classfile_utf8(judge->c, m->descriptor), (uint32_t)index))
				format_fail(judge, VERIFY_AXIOM_FIELD_VALUE);
		}
	}
}

void format_fields(struct judge *judge)
{
	const struct classfile *c = judge->c;

	for (unsigned i = 0; i < c->fields_n; i++) {
		const struct classfile_member *m = &c->fields[i];

		if (!field_flags_fit(c, m->access))
			format_fail(judge, VERIFY_AXIOM_FIELD_FLAGS);
		if (!naming_field(c->major, classfile_utf8(c, m->name)))
			format_fail(judge, VERIFY_AXIOM_FIELD_NAME);
		if (!naming_is_field(c->major, classfile_utf8(c, m->descriptor)))
			format_fail(judge, VERIFY_AXIOM_FIELD_DESCRIPTOR);
		if (m->attributes)
			field_attributes(judge, m);
	}
	check_twice(judge, c->fields, c->fields_n, VERIFY_AXIOM_FIELD_TWICE);
}

/* ---- methods ------------------------------------------------------------------------------------------------------------------------- */

static bool interface_method_fits(unsigned major, unsigned flags)
{
	const unsigned strict = major < 61 ? CLASSFILE_STRICT : 0;
	unsigned banned = CLASSFILE_STATIC | CLASSFILE_FINAL | CLASSFILE_NATIVE;

	if (major >= 52) {
		if (!(flags & CLASSFILE_PUBLIC) == !(flags & CLASSFILE_PRIVATE) ||
		    flags & (CLASSFILE_NATIVE | CLASSFILE_PROTECTED | CLASSFILE_FINAL | CLASSFILE_SYNCHRONIZED))
			return false;
		return !(flags & CLASSFILE_ABSTRACT && flags & (CLASSFILE_PRIVATE | CLASSFILE_STATIC | strict));
	}
	if (major >= 49)
		banned |= CLASSFILE_PRIVATE | CLASSFILE_PROTECTED | CLASSFILE_SYNCHRONIZED | CLASSFILE_STRICT;
	return has(flags, CLASSFILE_PUBLIC | CLASSFILE_ABSTRACT, banned);
}

static bool method_flags_fit(const struct classfile *c, unsigned flags, struct classfile_text name)
{
	unsigned banned = CLASSFILE_FINAL | CLASSFILE_NATIVE | CLASSFILE_PRIVATE | CLASSFILE_STATIC;

	if (c->access & CLASSFILE_INTERFACE)
		return interface_method_fits(c->major, flags);
	if (!is_visible_once(flags))
		return false;
	if (CLASSFILE_TEXT_IS(name, "<init>"))
		return has(flags, 0,
			   CLASSFILE_STATIC | CLASSFILE_FINAL | CLASSFILE_SYNCHRONIZED | CLASSFILE_NATIVE |
				   CLASSFILE_ABSTRACT | (c->major >= 49 ? CLASSFILE_BRIDGE : 0));
	if (c->major >= 49)
		banned |= CLASSFILE_SYNCHRONIZED | (c->major < 61 ? CLASSFILE_STRICT : 0);
	return !(flags & CLASSFILE_ABSTRACT && flags & banned);
}

/* MethodParameters (4.7.24) */
static void check_names(struct judge *judge, uint16_t method, const struct classfile_attribute *a)
{
	if (!a->len || a->len != 1 + 4 * (uint32_t)judge->c->data[a->at])
		judge_report(judge, method, VERIFY_AXIOM_METHOD_NAMES, -1);
}

static void check_exceptions(struct judge *judge, uint16_t method, const struct classfile_attribute *a)
{
	struct classfile_table table;

	if (classfile_table_read(judge->c, a, &table)) {
		judge_report(judge, method, VERIFY_AXIOM_METHOD_EXCEPTIONS, -1);
		return;
	}
	for (uint32_t i = 0; i < table.n; i++)
		if (!format_is(judge->c, classfile_table_cell(&table, i, 0), CLASSFILE_CLASS))
			judge_report(judge, method, VERIFY_AXIOM_METHOD_EXCEPTIONS, -1);
}

static void method_attributes(struct judge *judge, uint16_t method, struct once *once)
{
	struct classfile_attributes list = classfile_member_attributes(judge->c, &judge->c->methods[method]);
	struct classfile_attribute a;

	while (classfile_attributes_next(judge->c, &list, &a) > 0) {
		if (!format_is(judge->c, a.name, CLASSFILE_UTF8))
			judge_report(judge, method, VERIFY_AXIOM_ATTRIBUTE_NAME, -1);
		switch (a.kind) {
		case CLASSFILE_ATTR_CODE:
			format_once(judge, method, once, a.kind, VERIFY_AXIOM_METHOD_CODE);
			break;
		case CLASSFILE_ATTR_EXCEPTIONS:
			format_once(judge, method, once, a.kind, VERIFY_AXIOM_METHOD_EXCEPTIONS);
			check_exceptions(judge, method, &a);
			break;
		case CLASSFILE_ATTR_METHOD_PARAMETERS:
			format_once(judge, method, once, a.kind, VERIFY_AXIOM_METHOD_NAMES);
			check_names(judge, method, &a);
			break;
		case CLASSFILE_ATTR_PARAMETER_ANNOTATIONS:
		case CLASSFILE_ATTR_PARAMETER_ANNOTATIONS_CLASS:
		case CLASSFILE_ATTR_ANNOTATION_DEFAULT:
			if (judge->c->major >= 49)
				format_once(judge, method, once, a.kind, VERIFY_AXIOM_ATTRIBUTE_TWICE);
			break;
		default:
			format_shared(judge, method, once, &a);
		}
	}
}

static void check_method(struct judge *judge, uint16_t i)
{
	const struct classfile *c = judge->c;
	const struct classfile_member *m = &c->methods[i];
	const struct classfile_text name = classfile_utf8(c, m->name);
	unsigned flags = m->access;
	struct once once = { 0 };
	int words;

	if (!naming_method(c->major, name))
		judge_report(judge, i, VERIFY_AXIOM_METHOD_NAME, -1);
	if (CLASSFILE_TEXT_IS(name, "<clinit>")) { /* its other flags mean nothing */
		if (c->major >= 51 && !(flags & CLASSFILE_STATIC))
			judge_report(judge, i, VERIFY_AXIOM_METHOD_INITIALISER, -1);
		flags = CLASSFILE_STATIC;
	} else if (!method_flags_fit(c, flags, name)) {
		judge_report(judge, i, VERIFY_AXIOM_METHOD_FLAGS, -1);
	}
	if (c->access & CLASSFILE_INTERFACE && CLASSFILE_TEXT_IS(name, "<init>"))
		judge_report(judge, i, VERIFY_AXIOM_METHOD_CONSTRUCTOR, -1);
	words = naming_is_method(c->major, name, classfile_utf8(c, m->descriptor));
	if (words < 0) {
		judge_report(judge, i, VERIFY_AXIOM_METHOD_DESCRIPTOR, -1);
		return;
	}
	words += !(flags & CLASSFILE_STATIC);
	if (words > PARAMETERS_MAX)
		judge_report(judge, i, VERIFY_AXIOM_METHOD_PARAMETERS, -1);
	if (m->attributes)
		method_attributes(judge, i, &once);
	if (!m->code != !!(flags & (CLASSFILE_NATIVE | CLASSFILE_ABSTRACT)))
		judge_report(judge, i, VERIFY_AXIOM_METHOD_CODE, -1);
	if (m->code)
		format_code(judge, i, words);
}

void format_methods(struct judge *judge)
{
	for (unsigned i = 0; i < judge->c->methods_n; i++)
		check_method(judge, (uint16_t)i);
	check_twice(judge, judge->c->methods, judge->c->methods_n, VERIFY_AXIOM_METHOD_TWICE);
}
