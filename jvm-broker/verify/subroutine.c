// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subroutines (JVMS 4.10.2.5): jsr and ret in the data flow.
 *
 * Control at an instruction is in a chain of subroutines, each called from the one before, whose entries are kept: none stands there twice.
 * ret takes from the subroutine the locals that it, or one that it called, has touched, and all others from the state of each jsr. What
 * an inner subroutine touches all outer ones have; so how many of the chain have touched a local says which: its level. Where paths meet
 * the chain is what both have in common, in order.
 */
#include <string.h>

#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/infer.h"

static int64_t target_of(const uint8_t *code, uint32_t pc)
{
	return pc +
	       (code[pc] == CLASSFILE_OP_JSR ? classfile_s16(code + pc + 1) : (int64_t)classfile_s32(code + pc + 1));
}

static bool is_call(unsigned opcode)
{
	return opcode == CLASSFILE_OP_JSR || opcode == CLASSFILE_OP_JSR_W;
}

/* Once for all methods of the class: as large as the largest needs */
static int take_room(struct checker *k)
{
	const size_t locals = (k->locals_most + 1) * sizeof(uint32_t),
		     calls = (k->code_most / 3 + 2) * sizeof(uint32_t);

	if (k->chain)
		return 0;
	k->chain = keel_arena_take(k->judge->arena, calls);
	k->ours = keel_arena_take(k->judge->arena, calls);
	k->given = keel_arena_take(k->judge->arena, calls);
	k->levels = keel_arena_take(k->judge->arena, locals);
	k->returned = keel_arena_take(k->judge->arena, locals);
	k->remaining = keel_arena_take(k->judge->arena, locals);
	return k->chain && k->ours && k->given && k->levels && k->returned && k->remaining
		       ? 0
		       : judge_refuse(k->judge, VERIFY_REASON_MEMORY);
}

int subroutine_begin(struct checker *k)
{
	for (uint32_t i = 0; i < k->meetings_n; i++) {
		struct meeting *entry;

		if (!is_call(k->code.octets[k->meetings[i].pc]))
			continue;
		entry = infer_meeting(k, (uint32_t)target_of(k->code.octets, k->meetings[i].pc));
		k->meetings[i].call = entry->calls;
		entry->calls = i + 1;
	}
	return take_room(k);
}

void subroutine_forget(struct checker *k)
{
	for (uint32_t i = 0; i < k->locals_n; i++)
		if (type_kind(k->locals[i]) == TYPE_UNINITIALIZED)
			k->locals[i] = TYPE_TOP;
	for (uint32_t i = 0; i < k->depth; i++)
		if (type_kind(k->stack[i]) == TYPE_UNINITIALIZED)
			k->stack[i] = TYPE_TOP;
}

/* ---- states that are kept ------------------------------------------------------------------------------------------------------------ */

int subroutine_arrive(struct checker *k, struct meeting *m)
{
	struct meeting *before = k->entered && k->entered->chain_n ? k->entered : NULL;

	m->chain_n = k->chain_n;
	return infer_keep(k, k->chain, k->chain_n, before && before->chain_n == k->chain_n ? &before->chain : NULL,
			  &m->chain) ||
			       infer_keep(k, k->levels, k->code.max_locals, before ? &before->levels : NULL, &m->levels)
		       ? -1
		       : 0;
}

void subroutine_enter(struct checker *k, const struct meeting *m)
{
	k->chain_n = m->chain_n;
	if (!m->chain_n)
		return;
	memcpy(k->chain, k->types + m->chain.at, m->chain_n * sizeof(*k->chain));
	memcpy(k->levels, k->types + m->levels.at, k->code.max_locals * sizeof(*k->levels));
}

/*
 * What two chains have in common: of the one kept at m each that is found in the other behind the last that was found, as HotSpot looks for
 * it. k->ours and k->given say of each level how many of those in common it makes. The kept chain becomes that. 0 or -1.
 */
static int merge_chains(struct checker *k, struct meeting *m)
{
	uint32_t *chain, n = 0, last = 0, at = 0;

	if (infer_own(k, &m->chain, m->chain_n))
		return -1;
	chain = k->types + m->chain.at;
	for (uint32_t j = 0; j < k->chain_n; j++)
		infer_meeting(k, k->chain[j])->position = j + 1;
	for (uint32_t i = 0; i < m->chain_n; i++) {
		const uint32_t position = infer_meeting(k, chain[i])->position;

		k->ours[i] = n;
		if (position <= last)
			continue;
		for (; at < position; at++)
			k->given[at] = n;
		last = position;
		chain[n++] = chain[i];
	}
	k->ours[m->chain_n] = n;
	for (; at <= k->chain_n; at++)
		k->given[at] = n;
	for (uint32_t j = 0; j < k->chain_n; j++)
		infer_meeting(k, k->chain[j])->position = 0;
	m->chain_n = n;
	return 0;
}

int subroutine_merge(struct checker *k, struct meeting *m, bool *changed)
{
	const uint32_t n = m->chain_n;

	if (judge_work(k->judge, (n + k->code.max_locals) / INFER_COMPARED))
		return -1;
	if (n == k->chain_n && !memcmp(k->chain, k->types + m->chain.at, n * sizeof(*k->chain)) &&
	    !memcmp(k->levels, k->types + m->levels.at, k->code.max_locals * sizeof(*k->levels)))
		return 0;
	if (judge_work(k->judge, 2 * (n + k->chain_n) + k->code.max_locals) || merge_chains(k, m))
		return -1;
	*changed |= m->chain_n < n;
	for (uint32_t i = 0; i < k->code.max_locals && m->chain_n; i++) {
		const uint32_t before = k->types[m->levels.at + i];
		const uint32_t ours = k->ours[before], given = k->given[k->levels[i]];

		*changed |= given > ours;
		if (before == (ours > given ? ours : given))
			continue;
		if (infer_own(k, &m->levels, k->code.max_locals))
			return -1;
		k->types[m->levels.at + i] = ours > given ? ours : given;
	}
	return 0;
}

/* ---- instructions -------------------------------------------------------------------------------------------------------------------- */

int subroutine_call(struct checker *k, uint32_t target)
{
	const struct meeting *here = infer_meeting(k, k->pc);

	if (judge_work(k->judge, k->chain_n))
		return -1;
	for (uint32_t i = 0; i < k->chain_n; i++)
		if (k->chain[i] == target)
			return checker_fail(k, VERIFY_AXIOM_SUBROUTINE_RECURSION);
	if (checker_push(k, TYPE_RETURN_TO(target)))
		return -1;
	/* who returns to behind this looks at it again */
	if (here->ret)
		k->meetings[here->ret - 1].pending = true;
	if (!k->chain_n)
		memset(k->levels, 0, k->code.max_locals * sizeof(*k->levels));
	k->chain[k->chain_n++] = target;
	k->falls = false;
	return infer_branch(k, target);
}

/* Which of the chain begins there; UINT32_MAX: none */
static uint32_t find(const struct checker *k, uint32_t entry)
{
	for (uint32_t i = k->chain_n; i; i--)
		if (k->chain[i - 1] == entry)
			return i - 1;
	return UINT32_MAX;
}

/* Returns to behind a jsr that was reached, from the subroutine that is this one of the chain. */
static int return_to(struct checker *k, const struct meeting *call, uint32_t position, uint32_t after)
{
	const uint32_t locals_n = k->locals_n, chain_n = k->chain_n;
	uint32_t *const locals = k->locals, *const levels = k->levels;
	int err;

	k->locals_n = call->locals_n > locals_n ? call->locals_n : locals_n;
	if (judge_work(k->judge, k->locals_n))
		return -1;
	for (uint32_t i = 0; i < k->locals_n; i++) {
		const uint32_t theirs = i < call->locals_n ? k->types[call->locals.at + i] : TYPE_TOP;

		k->returned[i] = levels[i] <= position ? theirs : i < locals_n ? locals[i] : TYPE_TOP;
	}
	k->locals = k->returned;
	k->levels = k->remaining;
	k->chain_n = position;
	err = infer_branch(k, after);
	k->locals = locals;
	k->locals_n = locals_n;
	k->levels = levels;
	k->chain_n = chain_n;
	return err;
}

int subroutine_return(struct checker *k, uint32_t local)
{
	const uint32_t here = k->map[k->pc] - MAP_FRAME;
	uint32_t entry, position;

	if (type_kind(k->locals[local]) != TYPE_RETURN_ADDRESS)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_TYPE);
	if (judge_work(k->judge, k->code.max_locals + k->chain_n))
		return -1;
	entry = type_name(k->locals[local]);
	position = find(k, entry);
	for (uint32_t i = 0; i < k->code.max_locals && position != UINT32_MAX; i++)
		k->remaining[i] = k->levels[i] < position ? k->levels[i] : position;
	k->falls = false;
	for (uint32_t i = infer_meeting(k, entry)->calls; i; i = k->meetings[i - 1].call) {
		struct meeting *call = &k->meetings[i - 1];
		const uint32_t after = call->pc + (k->code.octets[call->pc] == CLASSFILE_OP_JSR ? 3u : 5u);

		if (judge_work(k->judge, 1))
			return -1;
		if (after >= k->code.len)
			return checker_fail(k, VERIFY_AXIOM_CODE_END);
		if (call->ret && call->ret != here + 1)
			return checker_fail(k, VERIFY_AXIOM_SUBROUTINE_RETURNS);
		call->ret = here + 1;
		if (!call->reached)
			continue;
		if (position == UINT32_MAX)
			return checker_fail(k, VERIFY_AXIOM_SUBROUTINE_CALLER);
		if (return_to(k, call, position, after))
			return -1;
	}
	return 0;
}
