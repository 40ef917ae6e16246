// SPDX-License-Identifier: GPL-2.0-or-later
/* Exception handlers (JVMS 4.7.3, 4.10.1.6), and the tables of a Code attribute that hold offsets. */
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/checker.h"

static bool is_instruction(const struct checker *k, uint32_t pc)
{
	return pc < k->code.len && k->map[pc];
}

static int format(struct checker *k, enum verify_axiom axiom)
{
	return judge_fail(k->judge, k->method, axiom, -1);
}

static int read_handler(struct checker *k, struct classfile_handler h)
{
	uint32_t type;
	int fits;

	if (!is_instruction(k, h.start))
		return format(k, VERIFY_AXIOM_HANDLER_START);
	if (h.end != k->code.len && !is_instruction(k, h.end))
		return format(k, VERIFY_AXIOM_HANDLER_END);
	/* to HotSpot's inference verifier no handler begins where the method does */
	if (!is_instruction(k, h.handler) || (k->infers && !h.handler))
		return format(k, VERIFY_AXIOM_HANDLER_PC);
	if (!h.type)
		return 0;
	if (classfile_tag_of(k->c, h.type) != CLASSFILE_CLASS)
		return judge_fail(k->judge, k->method, VERIFY_AXIOM_POOL_TAG, h.handler);
	type = judge_class(k->judge, h.type);
	k->place = h.handler;
	fits = checker_assign(k, TYPE_CLASS(NAME_THROWABLE), type, VERIFY_AXIOM_HANDLER_CATCH);
	if (fits)
		return fits > 0 ? 0 : -1;
	return judge_fail(k->judge, k->method, VERIFY_AXIOM_HANDLER_CATCH, h.handler);
}

static int read_variables(struct checker *k, const struct classfile_table *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const uint32_t start = classfile_table_cell(t, i, 0), end = start + classfile_table_cell(t, i, 1);

		if (!is_instruction(k, start))
			return format(k, VERIFY_AXIOM_VARIABLE_START);
		if (end != k->code.len && !is_instruction(k, end))
			return format(k, VERIFY_AXIOM_VARIABLE_LENGTH);
	}
	return 0;
}

int checker_read_tables(struct checker *k)
{
	struct classfile_attributes list = k->code.attributes;
	struct classfile_attribute a;
	struct classfile_table table;

	for (unsigned i = 0; i < k->code.handlers_n; i++)
		if (read_handler(k, classfile_code_handler(&k->code, i)))
			return -1;
	while (!k->infers && classfile_attributes_next(k->c, &list, &a) > 0)
		if (a.kind == CLASSFILE_ATTR_LOCAL_VARIABLES && !classfile_table_read(k->c, &a, &table) &&
		    read_variables(k, &table))
			return -1;
	return 0;
}

int checker_activate(struct checker *k)
{
	uint32_t boundary = UINT32_MAX;

	k->active_n = 0;
	for (unsigned i = 0; i < k->code.handlers_n; i++) {
		const struct classfile_handler h = classfile_code_handler(&k->code, i);

		if (k->pc < h.start) {
			boundary = h.start < boundary ? h.start : boundary;
		} else if (k->pc < h.end) {
			k->active[k->active_n++] = i;
			boundary = h.end < boundary ? h.end : boundary;
		}
	}
	k->boundary = boundary;
	k->changed = true;
	return judge_work(k->judge, k->code.handlers_n);
}

int checker_protect(struct checker *k, bool unfinished)
{
	k->changed = false;
	for (uint32_t i = 0; i < k->active_n; i++) {
		const struct classfile_handler h = classfile_code_handler(&k->code, k->active[i]);
		uint32_t caught = TYPE_CLASS(NAME_THROWABLE);
		int fits;

		if (!k->code.max_stack)
			return checker_fail(k, VERIFY_AXIOM_STACK_OVERFLOW);
		if (k->map[h.handler] < MAP_FRAME)
			return checker_fail(k, VERIFY_AXIOM_FRAME_TARGET);
		if (h.type)
			caught = judge_class(k->judge, h.type);
		fits = checker_fits(k, k->map[h.handler] - MAP_FRAME, &caught, 1, unfinished,
				    VERIFY_AXIOM_FRAME_HANDLER);
		if (fits < 0)
			return -1;
		if (!fits)
			return judge_fail(k->judge, k->method, VERIFY_AXIOM_FRAME_HANDLER, (int32_t)k->misfit);
	}
	return 0;
}

/* ---- does a handler lead to a return? ------------------------------------------------------------------------------------------------ */

struct search {
	const struct checker *k;
	uint8_t *seen;
	uint16_t *todo;
	uint32_t todo_n;
	bool left; /* the code */
};

static void visit(struct search *s, int64_t pc)
{
	if (pc < 0 || pc >= s->k->code.len || !s->k->map[pc]) {
		s->left = true;
	} else if (!s->seen[pc]) {
		s->seen[pc] = 1;
		s->todo[s->todo_n++] = (uint16_t)pc;
	}
}

static void visit_switch(struct search *s, uint32_t pc)
{
	struct classfile_switch table;

	classfile_switch_read(s->k->code.octets, pc, &table);
	visit(s, (int64_t)pc + table.target);
	for (uint32_t i = 0; i < table.n; i++)
		visit(s, (int64_t)pc + classfile_switch_target(&table, i));
}

/* What may come after the instruction at pc */
static void follow(struct search *s, uint32_t pc)
{
	const uint8_t *code = s->k->code.octets;
	bool on = true;

	for (unsigned i = 0; i < s->k->code.handlers_n; i++) {
		const struct classfile_handler h = classfile_code_handler(&s->k->code, i);

		if (pc >= h.start && pc < h.end)
			visit(s, h.handler);
	}
	switch (code[pc]) {
	case CLASSFILE_OP_GOTO:
		on = false;
		visit(s, (int64_t)pc + classfile_s16(code + pc + 1));
		break;
	case CLASSFILE_OP_GOTO_W:
		on = false;
		visit(s, (int64_t)pc + classfile_s32(code + pc + 1));
		break;
	case CLASSFILE_OP_TABLESWITCH:
	case CLASSFILE_OP_LOOKUPSWITCH:
		visit_switch(s, pc);
		break;
	case CLASSFILE_OP_ATHROW:
		on = false;
		break;
	default:
		if (classfile_opcode_operands[code[pc]] == CLASSFILE_OPERANDS_BRANCH)
			visit(s, (int64_t)pc + classfile_s16(code + pc + 1));
	}
	if (on)
		visit(s, (int64_t)pc + classfile_instruction_length(code, pc, s->k->code.len));
}

int checker_returns(struct checker *k, uint32_t handler)
{
	const struct keel_arena_mark mark = keel_arena_mark(k->judge->arena);
	struct search s = { .k = k,
			    .seen = keel_arena_zeroed(k->judge->arena, k->code.len, 1),
			    .todo = keel_arena_take(k->judge->arena, k->code.len * sizeof(*s.todo)) };
	bool found = false;
	uint32_t pc;

	if (!s.seen || !s.todo)
		return judge_refuse(k->judge, VERIFY_REASON_MEMORY);
	visit(&s, handler);
	while (s.todo_n && !found && !s.left) {
		pc = s.todo[--s.todo_n];
		found = k->code.octets[pc] == CLASSFILE_OP_RETURN;
		follow(&s, pc);
		if (judge_work(k->judge, 1u + k->code.handlers_n))
			return -1;
	}
	found |= s.left;
	keel_arena_rewind(k->judge->arena, mark);
	return found;
}
