// SPDX-License-Identifier: GPL-2.0-or-later
/* The Code attribute (JVMS 4.7.3) and the tables in it; not its instructions */
#include "jvm-broker/verify/format.h"
#include "jvm-broker/verify/naming.h"
#include "tools/lib/keel/sort.h"

struct variables {
	uint64_t *keys; /* start, length, name and local of each */
	uint32_t n, room;
};

static void check_handlers(struct judge *judge, uint16_t method, const struct classfile_code *code)
{
	for (unsigned i = 0; i < code->handlers_n; i++) {
		const struct classfile_handler h = classfile_code_handler(code, i);

		if (h.start >= h.end || h.end > code->len || h.handler >= code->len)
			judge_report(judge, method, VERIFY_AXIOM_CODE_HANDLER, -1);
		if (h.type && !format_is(judge->c, h.type, CLASSFILE_CLASS))
			judge_report(judge, method, VERIFY_AXIOM_CODE_CATCH, -1);
	}
}

static void check_lines(struct judge *judge, uint16_t method, const struct classfile_code *code,
			const struct classfile_attribute *a)
{
	struct classfile_table t;
	bool good = !classfile_table_read(judge->c, a, &t);

	for (uint32_t i = 0; good && i < t.n; i++)
		good = classfile_table_cell(&t, i, 0) < code->len;
	if (!good)
		judge_report(judge, method, VERIFY_AXIOM_CODE_LINES, -1);
}

/* A row of LocalVariableTable, or of LocalVariableTypeTable, whose signature is not looked at */
static bool variable_fits(const struct judge *judge, const struct classfile_code *code, const struct classfile_table *t,
			  uint32_t i, bool type)
{
	const uint32_t start = classfile_table_cell(t, i, 0), end = start + classfile_table_cell(t, i, 1);
	const struct classfile_text name = classfile_utf8(judge->c, classfile_table_cell(t, i, 2)),
				    descriptor = classfile_utf8(judge->c, classfile_table_cell(t, i, 3));
	uint32_t local = classfile_table_cell(t, i, 4);

	if (start >= code->len || end > code->len || !descriptor.data || !naming_field(judge->c->major, name))
		return false;
	if (!type) {
		if (!naming_is_field(judge->c->major, descriptor))
			return false;
		local += CLASSFILE_TEXT_IS(descriptor, "J") || CLASSFILE_TEXT_IS(descriptor, "D");
	}
	return local < code->max_locals;
}

static void add_variables(struct judge *judge, uint16_t method, const struct classfile_code *code,
			  const struct classfile_attribute *a, struct variables *v)
{
	const bool type = a->kind == CLASSFILE_ATTR_LOCAL_VARIABLE_TYPES;
	struct classfile_table t;

	if (classfile_table_read(judge->c, a, &t)) {
		judge_report(judge, method, VERIFY_AXIOM_CODE_VARIABLES, -1);
		return;
	}
	for (uint32_t i = 0; i < t.n; i++) {
		if (!variable_fits(judge, code, &t, i, type)) {
			judge_report(judge, method, VERIFY_AXIOM_CODE_VARIABLES, -1);
			return;
		}
		if (!judge_grow(judge, &v->keys, v->n, &v->room, sizeof(*v->keys)))
			return;
		v->keys[v->n++] = (uint64_t)classfile_u32(t.rows + (size_t)t.width * i) << 32 |
				  (uint32_t)classfile_table_cell(&t, i, 2) << 16 | classfile_table_cell(&t, i, 4);
	}
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Sorts them; is one there twice? */
static bool sort(struct variables *v)
{
	bool twice = false;

	keel_sort(v->keys, v->n, sizeof(*v->keys), compare);
	for (uint32_t i = 1; i < v->n; i++)
		twice |= v->keys[i] == v->keys[i - 1];
	return twice;
}

/* Types are held against variables only if there are variables. */
static void compare_variables(struct judge *judge, uint16_t method, struct variables *all, struct variables *types)
{
	bool good;
	uint32_t at = 0;

	if (!all->n || judge->refused)
		return;
	good = !sort(all) || judge->c->major < 49;
	if (types->n)
		good &= !sort(types);
	for (uint32_t i = 0; i < types->n && good; i++) {
		while (at < all->n && all->keys[at] < types->keys[i])
			at++;
		good = at < all->n && all->keys[at] == types->keys[i];
	}
	if (!good)
		judge_report(judge, method, VERIFY_AXIOM_CODE_VARIABLE_TWICE, -1);
}

static void code_attributes(struct judge *judge, uint16_t method, struct classfile_code *code)
{
	const struct keel_arena_mark mark = keel_arena_mark(judge->arena);
	const uint32_t errors_n = judge->errors_n;
	struct variables all = { 0 }, types = { 0 };
	struct once once = { 0 };
	struct classfile_attribute a;

	while (classfile_attributes_next(judge->c, &code->attributes, &a) > 0) {
		if (!format_is(judge->c, a.name, CLASSFILE_UTF8))
			judge_report(judge, method, VERIFY_AXIOM_ATTRIBUTE_NAME, -1);
		switch (a.kind) {
		case CLASSFILE_ATTR_LINE_NUMBERS:
			check_lines(judge, method, code, &a);
			break;
		case CLASSFILE_ATTR_LOCAL_VARIABLES:
			add_variables(judge, method, code, &a, &all);
			break;
		case CLASSFILE_ATTR_LOCAL_VARIABLE_TYPES:
			if (judge->c->major >= 49)
				add_variables(judge, method, code, &a, &types);
			break;
		case CLASSFILE_ATTR_STACK_MAP_TABLE:
			if (judge->c->major >= 50)
				format_once(judge, method, &once, a.kind, VERIFY_AXIOM_CODE_FRAMES);
			break;
		default:
			break;
		}
	}
	compare_variables(judge, method, &all, &types);
	/* errors are kept in the arena too */
	if (errors_n == judge->errors_n && !judge->refused)
		keel_arena_rewind(judge->arena, mark);
}

void format_code(struct judge *judge, uint16_t method, int words)
{
	struct classfile_code code;

	if (classfile_code_read(judge->c, &judge->c->methods[method], &code)) {
		judge_report(judge, method, VERIFY_AXIOM_CODE_SHAPE, -1);
		return;
	}
	if (!code.len || code.len > UINT16_MAX)
		judge_report(judge, method, VERIFY_AXIOM_CODE_LENGTH, -1);
	if (words > code.max_locals)
		judge_report(judge, method, VERIFY_AXIOM_CODE_LOCALS, -1);
	check_handlers(judge, method, &code);
	if (code.attributes.left)
		code_attributes(judge, method, &code);
}
