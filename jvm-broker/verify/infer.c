// SPDX-License-Identifier: GPL-2.0-or-later
/* The data flow: each place where paths may meet has a state, which only grows more general. */
#include <string.h>

#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/infer.h"

#define EACH_WORD 8 /* steps for a word of a state that is kept */

/* Makes the instruction one where paths meet. */
static int add_meeting(struct checker *k, uint32_t pc)
{
	if (k->map[pc] >= MAP_FRAME)
		return 0;
	if (k->meetings_n >= UINT16_MAX - MAP_FRAME)
		return judge_refuse(k->judge, VERIFY_REASON_FRAMES);
	if (!judge_grow(k->judge, &k->meetings, k->meetings_n, &k->meetings_room, sizeof(*k->meetings)))
		return -1;
	k->meetings[k->meetings_n] = (struct meeting){ .pc = (uint16_t)pc };
	k->map[pc] = (uint16_t)(MAP_FRAME + k->meetings_n++);
	return 0;
}

static int add_switch(struct checker *k, uint32_t pc)
{
	struct classfile_switch s;

	classfile_switch_read(k->code.octets, pc, &s);
	if (add_meeting(k, (uint32_t)((int64_t)pc + s.target)))
		return -1;
	for (uint32_t i = 0; i < s.n; i++)
		if (add_meeting(k, (uint32_t)((int64_t)pc + classfile_switch_target(&s, i))))
			return -1;
	return 0;
}

/* Targets, which were checked */
static int find_meetings(struct checker *k)
{
	const uint8_t *code = k->code.octets;

	k->meetings_n = 0;
	k->types_n = 0;
	/* ret has states to look up, and what comes of it depends on the order: that of the code, again and again, as in HotSpot */
	for (uint32_t pc = 0; pc < k->code.len && k->subroutines; pc++)
		if (k->map[pc] && add_meeting(k, pc))
			return -1;
	for (unsigned i = 0; i < k->code.handlers_n; i++)
		if (add_meeting(k, classfile_code_handler(&k->code, i).handler))
			return -1;
	for (uint32_t pc = 0; pc < k->code.len; pc++) {
		int64_t target = -1;

		if (!k->map[pc])
			continue;
		if (code[pc] == CLASSFILE_OP_TABLESWITCH || code[pc] == CLASSFILE_OP_LOOKUPSWITCH) {
			if (add_switch(k, pc))
				return -1;
			continue;
		}
		if (classfile_opcode_operands[code[pc]] == CLASSFILE_OPERANDS_BRANCH)
			target = (int64_t)pc + classfile_s16(code + pc + 1);
		else if (classfile_opcode_operands[code[pc]] == CLASSFILE_OPERANDS_BRANCH_WIDE)
			target = (int64_t)pc + classfile_s32(code + pc + 1);
		if (target >= 0 && add_meeting(k, (uint32_t)target))
			return -1;
	}
	return 0;
}

int infer_keep(struct checker *k, const uint32_t *words, uint32_t n, struct words *like, struct words *out)
{
	if (judge_work(k->judge, 1 + n / INFER_COMPARED))
		return -1;
	if (like && !memcmp(k->types + like->at, words, n * sizeof(*words))) {
		like->shared = true;
		*out = *like;
		return 0;
	}
	if (checker_room(k, n) || judge_work(k->judge, EACH_WORD * n))
		return -1;
	*out = (struct words){ .at = k->types_n };
	memcpy(k->types + k->types_n, words, n * sizeof(*words));
	k->types_n += n;
	return 0;
}

int infer_own(struct checker *k, struct words *words, uint32_t n)
{
	if (!words->shared)
		return 0;
	if (checker_room(k, n))
		return -1;
	return infer_keep(k, k->types + words->at, n, NULL, words);
}

/* The first state to come there */
static int arrive(struct checker *k, struct meeting *m, const uint32_t *stack, uint32_t depth, bool unfinished)
{
	struct meeting *before = k->subroutines && k->entered && k->entered->locals_n == k->locals_n ? k->entered
												     : NULL;

	if (infer_keep(k, k->locals, k->locals_n, before ? &before->locals : NULL, &m->locals) ||
	    infer_keep(k, stack, depth, NULL, &m->stack))
		return -1;
	m->locals_n = (uint16_t)k->locals_n;
	m->stack_n = (uint16_t)depth;
	m->unfinished = unfinished;
	m->barred = k->barred;
	m->reached = m->pending = true;
	return k->chain_n ? subroutine_arrive(k, m) : 0;
}

/* A word where paths meet. Returns what it becomes; *changed if that is something else. */
static uint32_t merge_word(struct checker *k, uint32_t here, uint32_t there, bool *changed)
{
	uint32_t both;

	if (here == there || here == TYPE_TOP)
		return here;
	both = infer_merge_types(k, here, there);
	*changed |= both != here;
	return both;
}

/* The stacks. Nothing, which a subroutine may find there, is as good as a misfit if another word changes. */
static int merge_stacks(struct checker *k, struct meeting *m, const uint32_t *stack, bool *changed,
			enum verify_axiom axiom)
{
	bool here = false, nothing = false;

	for (uint32_t i = 0; i < m->stack_n; i++) {
		uint32_t *word = &k->types[m->stack.at + i];

		*word = merge_word(k, *word, stack[i], &here);
		nothing |= *word == TYPE_TOP;
	}
	*changed |= here;
	return here && nothing ? checker_fail(k, axiom) : 0;
}

static int merge_locals(struct checker *k, struct meeting *m, bool *changed)
{
	bool here = false;

	if (m->locals_n == k->locals_n && !memcmp(k->locals, k->types + m->locals.at, k->locals_n * sizeof(*k->locals)))
		return 0;
	if (judge_work(k->judge, m->locals_n))
		return -1;
	/* HotSpot looks at an instruction again if there are fewer locals: with subroutines, it matters how often */
	if (k->subroutines && m->locals_n > k->locals_n) {
		m->locals_n = (uint16_t)k->locals_n;
		*changed = true;
	}
	for (uint32_t i = 0; i < m->locals_n; i++) {
		const uint32_t before = k->types[m->locals.at + i];
		const uint32_t both = merge_word(k, before, i < k->locals_n ? k->locals[i] : TYPE_TOP, &here);

		if (both == before)
			continue;
		if (infer_own(k, &m->locals, m->locals_n))
			return -1;
		k->types[m->locals.at + i] = both;
	}
	while (k->subroutines && here && m->locals_n && k->types[m->locals.at + m->locals_n - 1] == TYPE_TOP)
		m->locals_n--;
	*changed |= here;
	return k->judge->refused ? -1 : 0;
}

/* Merges the locals, a stack and the flag into what is known at a meeting. */
static int merge(struct checker *k, uint32_t pc, const uint32_t *stack, uint32_t depth, bool unfinished,
		 enum verify_axiom axiom)
{
	struct meeting *m = infer_meeting(k, pc);
	bool changed = false;

	if (!m->reached)
		return arrive(k, m, stack, depth, unfinished);
	if (depth != m->stack_n)
		return checker_fail(k, axiom);
	if (judge_work(k->judge, 1u + m->locals_n / INFER_COMPARED + depth))
		return -1;
	if (merge_stacks(k, m, stack, &changed, axiom) || merge_locals(k, m, &changed) ||
	    (m->chain_n && subroutine_merge(k, m, &changed)))
		return -1;
	changed |= (unfinished && !m->unfinished) || (k->barred && !m->barred);
	m->unfinished |= unfinished;
	m->barred |= k->barred;
	m->pending |= changed;
	return 0;
}

int infer_branch(struct checker *k, int64_t target)
{
	return merge(k, (uint32_t)target, k->stack, k->depth, k->unfinished, VERIFY_AXIOM_FRAME_BRANCH);
}

/* Handlers see the locals as they are before the instruction, and after a constructor was called as they are then: but from there, if it
 * was called on this, is no return. */
static int protect(struct checker *k)
{
	const bool barred = k->barred;

	k->changed = false;
	k->barred |= k->constructed;
	for (uint32_t i = 0; i < k->active_n; i++) {
		const struct classfile_handler h = classfile_code_handler(&k->code, k->active[i]);
		const uint32_t caught = h.type ? judge_class(k->judge, h.type) : TYPE_CLASS(NAME_THROWABLE);

		if (!k->code.max_stack)
			return checker_fail(k, VERIFY_AXIOM_STACK_OVERFLOW);
		if (merge(k, h.handler, &caught, 1, k->unfinished, VERIFY_AXIOM_FRAME_HANDLER))
			return -1;
	}
	k->barred = barred;
	return 0;
}

/* An object that this very new has made before must not be about. */
static int begin_new(struct checker *k)
{
	const uint32_t raw = TYPE_NEW(k->pc);

	for (uint32_t i = 0; i < k->depth; i++)
		if (k->stack[i] == raw)
			return checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
	for (uint32_t i = 0; i < k->locals_n; i++)
		if (k->locals[i] == raw) {
			k->locals[i] = TYPE_TOP;
			checker_touch(k, i);
			k->changed = true;
		}
	return 0;
}

static bool is_subroutine(const uint8_t *at)
{
	return *at == CLASSFILE_OP_JSR || *at == CLASSFILE_OP_JSR_W || *at == CLASSFILE_OP_RET ||
	       (*at == CLASSFILE_OP_WIDE && at[1] == CLASSFILE_OP_RET);
}

/* Inside a subroutine: the locals that this instruction reads or writes are the subroutine's from here on. */
static void touch(struct checker *k)
{
	uint32_t local = 0;

	for (unsigned words = infer_locals(k->code.octets + k->pc, &local); words; words--)
		checker_touch(k, local++);
}

/* From one meeting to where control leaves, or the next. */
static int run_from(struct checker *k, uint32_t pc)
{
	k->boundary = 0;
	for (;; pc = k->next) {
		const unsigned opcode = k->code.octets[pc];

		k->pc = k->place = pc;
		k->falls = true;
		k->constructed = false;
		k->next = pc + 1;
		while (k->next < k->code.len && !k->map[k->next])
			k->next++;
		if (pc >= k->boundary && checker_activate(k))
			return -1;
		if (k->subroutines && is_subroutine(k->code.octets + pc))
			subroutine_forget(k);
		if (k->active_n && k->changed && protect(k))
			return -1;
		if (opcode == CLASSFILE_OP_NEW && begin_new(k))
			return -1;
		if (k->chain_n)
			touch(k);
		if (judge_work(k->judge, 1) || checker_step(k, opcode))
			return -1;
		if (opcode == CLASSFILE_OP_INVOKESPECIAL && k->active_n && k->changed && protect(k))
			return -1;
		if (!k->falls)
			return 0;
		if (k->next >= k->code.len)
			return judge_fail(k->judge, k->method, VERIFY_AXIOM_CODE_END, -1);
		if (k->map[k->next] >= MAP_FRAME)
			return merge(k, k->next, k->stack, k->depth, k->unfinished, VERIFY_AXIOM_FRAME_FALL);
	}
}

static void enter(struct checker *k, struct meeting *m)
{
	for (uint32_t i = m->locals_n; i < k->locals_n; i++)
		k->locals[i] = TYPE_TOP;
	memcpy(k->locals, k->types + m->locals.at, m->locals_n * sizeof(*k->locals));
	memcpy(k->stack, k->types + m->stack.at, m->stack_n * sizeof(*k->stack));
	k->locals_n = m->locals_n;
	k->depth = m->stack_n;
	k->unfinished = m->unfinished;
	k->barred = m->barred;
	subroutine_enter(k, m);
	k->changed = true;
	k->entered = m;
	m->pending = false;
}

int infer_run(struct checker *k)
{
	bool again = true;

	k->chain_n = 0;
	k->barred = false;
	k->entered = NULL;
	if (infer_operands(k) || checker_room(k, 1) || find_meetings(k) || (k->subroutines && subroutine_begin(k)))
		return -1;
	k->changed = true;
	k->pc = 0;
	if (k->map[0] >= MAP_FRAME ? merge(k, 0, k->stack, 0, k->unfinished, VERIFY_AXIOM_FRAME_FALL) : run_from(k, 0))
		return -1;
	while (again) {
		again = false;
		if (judge_work(k->judge, k->meetings_n))
			return -1;
		for (uint32_t i = 0; i < k->meetings_n; i++) {
			if (!k->meetings[i].pending)
				continue;
			again = true;
			enter(k, &k->meetings[i]);
			if (run_from(k, k->meetings[i].pc))
				return -1;
		}
	}
	return 0;
}
