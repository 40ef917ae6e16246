// SPDX-License-Identifier: GPL-2.0-or-later
/* Attributes of the class (JVMS 4.7) */
#include "jvm-broker/verify/format.h"
#include "jvm-broker/verify/naming.h"
#include "tools/lib/keel/sort.h"

#define ONE_OF(tag) (1u << CLASSFILE_##tag)
#define LOADABLE \
	(ONE_OF(INTEGER) | ONE_OF(FLOAT) | ONE_OF(LONG) | ONE_OF(DOUBLE) | ONE_OF(CLASS) | ONE_OF(STRING) | \
	 ONE_OF(METHOD_HANDLE) | ONE_OF(METHOD_TYPE) | ONE_OF(DYNAMIC))

static bool is_class(const struct judge *judge, uint32_t index)
{
	return format_is(judge->c, index, CLASSFILE_CLASS);
}

static void check_index(struct judge *judge, const struct classfile_attribute *a, enum classfile_tag tag)
{
	const int index = classfile_attribute_index(judge->c, a);

	if (index < 0)
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_LENGTH);
	else if (!format_is(judge->c, (uint32_t)index, tag))
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_INDEX);
}

/* NestMembers, PermittedSubclasses */
static void check_classes(struct judge *judge, const struct classfile_attribute *a)
{
	struct classfile_table t;

	if (classfile_table_read(judge->c, a, &t)) {
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_LENGTH);
		return;
	}
	for (uint32_t i = 0; i < t.n; i++)
		if (!is_class(judge, classfile_table_cell(&t, i, 0)))
			format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_INDEX);
}

static void check_enclosing(struct judge *judge, const struct classfile_attribute *a)
{
	uint16_t method;

	if (a->len != 4) {
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_LENGTH);
		return;
	}
	method = classfile_u16(judge->c->data + a->at + 2);
	if (!is_class(judge, classfile_u16(judge->c->data + a->at)) ||
	    (method && !format_is(judge->c, method, CLASSFILE_NAME_AND_TYPE)))
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_INDEX);
}

/* ---- InnerClasses -------------------------------------------------------------------------------------------------------------------- */

static void check_inner(struct judge *judge, const struct classfile_table *t, uint32_t i)
{
	const uint16_t inner = classfile_table_cell(t, i, 0), outer = classfile_table_cell(t, i, 1);
	const uint16_t name = classfile_table_cell(t, i, 2), flags = classfile_table_cell(t, i, 3);
	const struct classfile_text text = classfile_name_of(judge->c, outer);
	int axiom;

	if (!is_class(judge, inner) || (outer && !is_class(judge, outer)) ||
	    (name && !format_is(judge->c, name, CLASSFILE_UTF8)))
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_INDEX);
	if (inner == outer || (text.len && text.data[0] == '['))
		format_fail(judge, VERIFY_AXIOM_INNER_OUTER);
	axiom = format_class_flags(judge->c->major, flags, VERIFY_AXIOM_INNER_FLAGS, VERIFY_AXIOM_INNER_MODULE);
	if (axiom >= 0)
		format_fail(judge, (enum verify_axiom)axiom);
}

static int compare_rows(const void *left, const void *right)
{
	return __builtin_memcmp(left, right, 8);
}

static void check_inner_classes(struct judge *judge, const struct classfile_attribute *a)
{
	const struct keel_arena_mark mark = keel_arena_mark(judge->arena);
	struct classfile_table t;
	uint8_t *rows;
	bool twice = false;

	if (classfile_table_read(judge->c, a, &t)) {
		format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_LENGTH);
		return;
	}
	for (uint32_t i = 0; i < t.n; i++)
		check_inner(judge, &t, i);
	if (t.n < 2)
		return;
	rows = keel_arena_take(judge->arena, 8 * (size_t)t.n);
	if (!rows) {
		judge_refuse(judge, VERIFY_REASON_MEMORY);
		return;
	}
	__builtin_memcpy(rows, t.rows, 8 * (size_t)t.n);
	keel_sort(rows, t.n, 8, compare_rows);
	for (uint32_t i = 1; i < t.n; i++)
		twice |= !compare_rows(rows + 8 * (size_t)(i - 1), rows + 8 * (size_t)i);
	keel_arena_rewind(judge->arena, mark);
	if (twice)
		format_fail(judge, VERIFY_AXIOM_INNER_TWICE);
}

/* ---- BootstrapMethods ---------------------------------------------------------------------------------------------------------------- */

/* The rows that constants name: one more than the highest number */
static uint32_t bootstraps_wanted(const struct classfile *c)
{
	uint32_t wanted = 0;

	for (unsigned i = 1; i < c->constants_n; i++)
		if ((c->constants[i].tag == CLASSFILE_DYNAMIC || c->constants[i].tag == CLASSFILE_INVOKE_DYNAMIC) &&
		    c->constants[i].a >= wanted)
			wanted = c->constants[i].a + 1u;
	return wanted;
}

static void check_bootstraps(struct judge *judge, const struct classfile_attribute *a)
{
	struct classfile_bootstraps list;
	struct classfile_bootstrap row;
	int more = -1;

	if (classfile_bootstraps_read(judge->c, a, &list) || list.n < bootstraps_wanted(judge->c)) {
		format_fail(judge, VERIFY_AXIOM_BOOTSTRAP_SHAPE);
		return;
	}
	while ((more = classfile_bootstraps_next(&list, &row)) > 0) {
		if (!format_is(judge->c, row.method, CLASSFILE_METHOD_HANDLE))
			format_fail(judge, VERIFY_AXIOM_BOOTSTRAP_CONSTANT);
		for (unsigned i = 0; i < row.arguments_n; i++) {
			const unsigned tag = classfile_tag_of(judge->c, classfile_u16(row.arguments + 2 * i));

			if (!tag || !(LOADABLE >> tag & 1))
				format_fail(judge, VERIFY_AXIOM_BOOTSTRAP_CONSTANT);
		}
	}
	if (more < 0)
		format_fail(judge, VERIFY_AXIOM_BOOTSTRAP_SHAPE);
}

/* ---- Record -------------------------------------------------------------------------------------------------------------------------- */

static void check_record(struct judge *judge, const struct classfile_attribute *a)
{
	struct classfile_components list;
	struct classfile_component component;
	struct classfile_attribute inner;
	int more = -1;

	if (classfile_components_read(judge->c, a, &list)) {
		format_fail(judge, VERIFY_AXIOM_RECORD_SHAPE);
		return;
	}
	while ((more = classfile_components_next(judge->c, &list, &component)) > 0) {
		struct once once = { 0 };

		if (!naming_field(judge->c->major, classfile_utf8(judge->c, component.name)) ||
		    !naming_is_field(judge->c->major, classfile_utf8(judge->c, component.descriptor)))
			format_fail(judge, VERIFY_AXIOM_RECORD_SHAPE);
		while (classfile_attributes_next(judge->c, &component.attributes, &inner) > 0) {
			if (!format_is(judge->c, inner.name, CLASSFILE_UTF8))
				format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_NAME);
			if (inner.kind != CLASSFILE_ATTR_SYNTHETIC_MARK && inner.kind != CLASSFILE_ATTR_DEPRECATED)
				format_shared(judge, VERIFY_NOWHERE, &once, &inner);
		}
	}
	if (more < 0)
		format_fail(judge, VERIFY_AXIOM_RECORD_SHAPE);
}

/* ---- all of them --------------------------------------------------------------------------------------------------------------------- */

/* The first version in which HotSpot 17 reads the attribute; else it is one that nobody knows. */
static unsigned since(unsigned kind)
{
	switch (kind) {
	case CLASSFILE_ATTR_SOURCE_FILE:
	case CLASSFILE_ATTR_SOURCE_DEBUG:
	case CLASSFILE_ATTR_INNER_CLASSES:
		return 45;
	case CLASSFILE_ATTR_ENCLOSING_METHOD:
		return 49;
	case CLASSFILE_ATTR_BOOTSTRAP_METHODS:
		return 51;
	case CLASSFILE_ATTR_NEST_HOST:
	case CLASSFILE_ATTR_NEST_MEMBERS:
		return 55;
	case CLASSFILE_ATTR_RECORD:
		return 60;
	case CLASSFILE_ATTR_PERMITTED_SUBCLASSES:
		return 61;
	default:
		return UINT16_MAX;
	}
}

static void check_attribute(struct judge *judge, const struct classfile_attribute *a)
{
	switch (a->kind) {
	case CLASSFILE_ATTR_SOURCE_FILE:
		check_index(judge, a, CLASSFILE_UTF8);
		break;
	case CLASSFILE_ATTR_INNER_CLASSES:
		check_inner_classes(judge, a);
		break;
	case CLASSFILE_ATTR_ENCLOSING_METHOD:
		check_enclosing(judge, a);
		break;
	case CLASSFILE_ATTR_BOOTSTRAP_METHODS:
		check_bootstraps(judge, a);
		break;
	case CLASSFILE_ATTR_NEST_HOST:
		check_index(judge, a, CLASSFILE_CLASS);
		break;
	case CLASSFILE_ATTR_RECORD:
		check_record(judge, a);
		break;
	case CLASSFILE_ATTR_PERMITTED_SUBCLASSES:
		if (judge->c->access & CLASSFILE_FINAL)
			format_fail(judge, VERIFY_AXIOM_PERMITTED_FINAL);
		check_classes(judge, a);
		break;
	case CLASSFILE_ATTR_NEST_MEMBERS:
		check_classes(judge, a);
		break;
	default:
		break;
	}
}

void format_attributes(struct judge *judge)
{
	const uint64_t nest = 1ull << CLASSFILE_ATTR_NEST_HOST | 1ull << CLASSFILE_ATTR_NEST_MEMBERS;
	struct classfile_attributes list = classfile_class_attributes(judge->c);
	struct once once = { 0 };
	struct classfile_attribute a;

	while (classfile_attributes_next(judge->c, &list, &a) > 0) {
		if (!format_is(judge->c, a.name, CLASSFILE_UTF8))
			format_fail(judge, VERIFY_AXIOM_ATTRIBUTE_NAME);
		if (format_shared(judge, VERIFY_NOWHERE, &once, &a) || judge->c->major < since(a.kind))
			continue;
		format_once(judge, VERIFY_NOWHERE, &once, a.kind, VERIFY_AXIOM_ATTRIBUTE_TWICE);
		check_attribute(judge, &a);
	}
	if ((once.kinds & nest) == nest)
		format_fail(judge, VERIFY_AXIOM_NEST_BOTH);
	if (!(once.kinds >> CLASSFILE_ATTR_BOOTSTRAP_METHODS & 1) && bootstraps_wanted(judge->c))
		format_fail(judge, VERIFY_AXIOM_BOOTSTRAP_SHAPE);
}
