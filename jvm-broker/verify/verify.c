// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/checker.h"
#include "jvm-broker/verify/format.h"
#include "jvm-broker/verify/infer.h"

#define TYPE_CHECKED 50 /* the first version with frames */
#define WORK_LEAST (1u << 22)
#define WORK_EACH 2048 /* steps for an octet of the class */

/* Octets that HotSpot gives to its own opcodes, from 203 on: a class that holds one is refused, but only when that instruction is looked at. */
static const uint8_t hotspot_lengths[] = {
	3, 3, 3, 3, 3, 3, 3, 3,    /* fields read */
	3, 3, 3, 3, 3, 3, 3, 3, 3, /* written */
	1, 4, 4, 4, 2, 4, 3,       /* loads in pairs */
	3, 0, 0, 2, 3, 1, 3, 3, 3, 1, 2, 1,
};
#define HOTSPOT_FIRST 203

static uint32_t length_at(const struct classfile_code *code, uint32_t pc)
{
	const unsigned own = code->octets[pc] - HOTSPOT_FIRST;
	const uint32_t n = classfile_instruction_length(code->octets, pc, code->len);

	/* HotSpot wants something to follow the head of a lookupswitch */
	if (n && code->octets[pc] == CLASSFILE_OP_LOOKUPSWITCH && pc + n == code->len &&
	    n == classfile_switch_at(pc) + 8 - pc)
		return 0;
	if (n || code->octets[pc] < HOTSPOT_FIRST || own >= sizeof(hotspot_lengths))
		return n;
	return hotspot_lengths[own] <= code->len - pc ? hotspot_lengths[own] : 0;
}

static int map_instructions(struct checker *k)
{
	uint32_t n;

	memset(k->map, 0, k->code.len * sizeof(*k->map));
	for (uint32_t pc = 0; pc < k->code.len; pc += n) {
		n = length_at(&k->code, pc);
		if (!n)
			return judge_fail(k->judge, k->method, VERIFY_AXIOM_INSTRUCTION, (int32_t)pc);
		k->map[pc] = 1;
	}
	return judge_work(k->judge, k->code.len);
}

/* <clinit>, whose flags mean nothing: it is static, and has code */
static bool is_initialiser(const struct classfile *c, const struct classfile_member *m)
{
	return CLASSFILE_TEXT_IS(classfile_utf8(c, m->name), "<clinit>");
}

/* What the method begins with. */
static int begin(struct checker *k, const struct classfile_member *m, const struct signature *s)
{
	const bool instance = !(m->access & CLASSFILE_STATIC) && !is_initialiser(k->c, m);
	uint32_t n = 0;

	/* HotSpot has refused such a class when it was defined. */
	if (s->n + instance > k->code.max_locals)
		return judge_fail(k->judge, k->method, VERIFY_AXIOM_LOCAL_RANGE, 0);
	k->is_init = CLASSFILE_TEXT_IS(classfile_utf8(k->c, m->name), "<init>");
	k->unfinished = instance && k->is_init && k->judge->this_type != TYPE_OBJECT;
	if (instance)
		k->locals[n++] = k->unfinished ? TYPE_UNINITIALIZED_THIS : k->judge->this_type;
	for (uint32_t i = 0; i < s->n; i++)
		k->locals[n++] = s->types[i];
	k->locals_n = n;
	for (; n < k->code.max_locals; n++)
		k->locals[n] = TYPE_TOP;
	k->depth = 0;
	k->result = s->types + s->n;
	k->results = s->results;
	return judge_work(k->judge, k->code.max_locals);
}

static int check_method(struct checker *k, const struct classfile_member *m)
{
	const struct signature *s = judge_signature(k->judge, m->descriptor, true);

	if (!s)
		return judge_fail(k->judge, k->method, VERIFY_AXIOM_POOL_TAG, 0);
	if (begin(k, m, s) || map_instructions(k) || checker_read_tables(k))
		return -1;
	if (k->infers)
		return infer_run(k);
	return checker_read_frames(k) ? -1 : checker_run(k);
}

/* Room for the largest of the methods: used by one after the other */
static int take_room(struct checker *k)
{
	uint32_t locals = 0, stack = 0, len = 0, handlers = 0;
	struct classfile_code code;

	for (unsigned i = 0; i < k->c->methods_n; i++) {
		if (!k->c->methods[i].code || classfile_code_read(k->c, &k->c->methods[i], &code))
			continue;
		locals = code.max_locals > locals ? code.max_locals : locals;
		stack = code.max_stack > stack ? code.max_stack : stack;
		len = code.len > len ? code.len : len;
		handlers = code.handlers_n > handlers ? code.handlers_n : handlers;
	}
	k->locals = keel_arena_take(k->judge->arena, (locals + 1) * sizeof(*k->locals));
	k->stack = keel_arena_take(k->judge->arena, (stack + 1) * sizeof(*k->stack));
	k->map = keel_arena_take(k->judge->arena, (len + 1) * sizeof(*k->map));
	k->active = keel_arena_take(k->judge->arena, (handlers + 1) * sizeof(*k->active));
	k->locals_most = locals;
	k->code_most = len;
	return k->locals && k->stack && k->map && k->active ? 0 : judge_refuse(k->judge, VERIFY_REASON_MEMORY);
}

static void check_methods(struct judge *judge, bool infers)
{
	struct checker k = { .judge = judge, .c = judge->c, .infers = infers };

	if (take_room(&k))
		return;
	for (unsigned i = 0; i < judge->c->methods_n && !judge->refused; i++) {
		const struct classfile_member *m = &judge->c->methods[i];

		if (!m->code || (m->access & (CLASSFILE_NATIVE | CLASSFILE_ABSTRACT) && !is_initialiser(judge->c, m)))
			continue;
		k.method = (uint16_t)i;
		if (classfile_code_read(judge->c, m, &k.code) || !k.code.len || k.code.len > UINT16_MAX)
			judge_fail(judge, k.method, VERIFY_AXIOM_INSTRUCTION, 0);
		else
			check_method(&k, m);
	}
}

static int judge_init(struct judge *judge)
{
	const struct classfile *c = judge->c;

	judge->work_max = WORK_LEAST + (uint64_t)WORK_EACH * c->size;
	judge->cached = keel_arena_zeroed(judge->arena, c->constants_n, sizeof(*judge->cached));
	if (!judge->cached || names_init(&judge->names, judge->arena))
		return judge_refuse(judge, VERIFY_REASON_MEMORY);
	if (classfile_tag_of(c, c->this_class) == CLASSFILE_CLASS)
		judge->this_type = judge_class(judge, c->this_class);
	if (classfile_tag_of(c, c->super_class) == CLASSFILE_CLASS)
		judge->super_type = judge_class(judge, c->super_class);
	for (unsigned i = 0; i < c->interfaces_n; i++)
		if (classfile_tag_of(c, classfile_interface(c, i)) == CLASSFILE_CLASS)
			judge_class(judge, classfile_interface(c, i));
	return judge->refused ? -1 : 0;
}

/* The name of a type: a class's, or an array's as in a descriptor */
static int write_type(struct judge *judge, uint32_t type, struct classfile_text *out)
{
	const struct classfile_text name = judge->names.texts[type_name(type)];
	const unsigned dimensions = type_dimensions(type);
	const bool class = type_name(type) >= NAME_FIRST;
	uint8_t *text;

	*out = name;
	if (!dimensions)
		return 0;
	text = keel_arena_take(judge->arena, dimensions + name.len + 2u);
	if (!text)
		return judge_refuse(judge, VERIFY_REASON_MEMORY);
	memset(text, '[', dimensions);
	*out = (struct classfile_text){ text, dimensions + name.len + 2u * class };
	if (class)
		text[dimensions] = 'L';
	memcpy(text + dimensions + class, name.data, name.len);
	if (class)
		text[dimensions + 1 + name.len] = ';';
	return 0;
}

static int write_obligations(struct judge *judge, struct verify_verdict *out)
{
	struct verify_obligation *all = keel_arena_take(judge->arena, (judge->obligations_n + 1) * sizeof(*all));

	if (!all)
		return judge_refuse(judge, VERIFY_REASON_MEMORY);
	for (uint32_t i = 0; i < judge->obligations_n; i++) {
		const struct obligation *o = &judge->obligations[i];
		struct classfile_reference_parts parts = { 0 };

		all[i] = (struct verify_obligation){ .kind = o->kind };
		if ((o->from && write_type(judge, o->from, &all[i].from)) || write_type(judge, o->to, &all[i].to))
			return -1;
		if (o->kind == VERIFY_OVERRIDES) {
			all[i].name = classfile_utf8(judge->c, judge->c->methods[o->member - 1].name);
			all[i].descriptor = classfile_utf8(judge->c, judge->c->methods[o->member - 1].descriptor);
		} else if (o->member && !classfile_reference(judge->c, o->member, &parts)) {
			all[i].name = parts.name;
			all[i].descriptor = parts.descriptor;
		}
	}
	out->obligations = all;
	return 0;
}

enum verify_reason verify_class(const struct classfile *c, const struct verify_options *options,
				struct keel_arena *arena, struct verify_verdict *out)
{
	struct judge judge = { .c = c, .options = options, .arena = arena };
	struct verify_verdict verdict = { 0 };
	const bool infers = c->major < TYPE_CHECKED || (c->major == TYPE_CHECKED && options && options->infer);

	judge.phase = VERIFY_DEFINE;
	if (!judge_init(&judge) && format_check(&judge)) {
		judge.phase = VERIFY_LINK;
		check_methods(&judge, infers);
	}
	if (!judge.refused)
		write_obligations(&judge, &verdict);
	if (judge.refused)
		return judge.refused;
	verdict.errors = judge.errors;
	verdict.places = judge.places;
	verdict.errors_n = judge.errors_n;
	verdict.obligations_n = judge.obligations_n;
	verdict.places_n = judge.places_n;
	verdict.name = classfile_name_of(c, c->this_class);
	verdict.above = classfile_name_of(c, c->super_class);
	verdict.interface = c->access & CLASSFILE_INTERFACE;
	verdict.revisable = c->major == TYPE_CHECKED && !infers;
	verdict.work = judge.work;
	*out = verdict;
	return VERIFY_REASON_NONE;
}
