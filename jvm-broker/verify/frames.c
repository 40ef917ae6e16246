// SPDX-License-Identifier: GPL-2.0-or-later
/* StackMapTable (JVMS 4.7.4): read into arrays of words, and held against the state of the machine. */
#include <string.h>

#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/checker.h"
#include "jvm-broker/verify/infer.h"

enum {
	SAME_1 = 64,
	RESERVED = 128,
	SAME_1_EXTENDED = 247,
	SAME_EXTENDED = 251,
	FULL = 255,
};

/* What remains of the attribute, and the frame before the next */
struct table {
	const uint8_t *at, *end;
	uint32_t locals_at, locals_n; /* of the frame before, among the types */
	int64_t pc;
	bool unfinished;
};

/* These have no bytecode index, but FRAME_OFFSET: HotSpot says 0. */
static int fail(struct checker *k, enum verify_axiom axiom)
{
	return judge_fail(k->judge, k->method, axiom, axiom == VERIFY_AXIOM_FRAME_OFFSET ? 0 : -1);
}

int checker_room(struct checker *k, uint32_t n)
{
	while (k->types_room - k->types_n < n) {
		uint32_t room = k->types_room;

		if (k->types_n > UINT32_MAX / 4 ||
		    !judge_grow(k->judge, &k->types, k->types_room, &room, sizeof(*k->types)))
			return judge_refuse(k->judge, VERIFY_REASON_MEMORY);
		k->types_room = room;
	}
	return 0;
}

static int get_u2(struct checker *k, struct table *t, uint32_t *out)
{
	if (t->end - t->at < 2)
		return fail(k, VERIFY_AXIOM_FRAME_TRUNCATED);
	*out = classfile_u16(t->at);
	t->at += 2;
	return 0;
}

/* Reads one type and appends its words. */
static int read_type(struct checker *k, struct table *t, bool *unfinished)
{
	uint32_t value = 0, type;
	unsigned tag;

	if (t->at == t->end)
		return fail(k, VERIFY_AXIOM_FRAME_TRUNCATED);
	if (checker_room(k, 2))
		return -1;
	tag = *t->at++;
	switch (tag) {
	case CLASSFILE_FRAME_TOP:
		type = TYPE_TOP;
		break;
	case CLASSFILE_FRAME_INTEGER:
		type = TYPE_INT;
		break;
	case CLASSFILE_FRAME_FLOAT:
		type = TYPE_FLOAT;
		break;
	case CLASSFILE_FRAME_LONG:
	case CLASSFILE_FRAME_DOUBLE:
		type = tag == CLASSFILE_FRAME_LONG ? TYPE_LONG : TYPE_DOUBLE;
		k->types[k->types_n++] = type++;
		break;
	case CLASSFILE_FRAME_NULL:
		type = TYPE_NULL;
		break;
	case CLASSFILE_FRAME_UNINITIALIZED_THIS:
		type = TYPE_UNINITIALIZED_THIS;
		*unfinished = true;
		break;
	case CLASSFILE_FRAME_OBJECT:
		if (get_u2(k, t, &value))
			return -1;
		if (classfile_tag_of(k->c, value) != CLASSFILE_CLASS)
			return fail(k, VERIFY_AXIOM_FRAME_CLASS);
		type = judge_class(k->judge, (uint16_t)value);
		if (type == TYPE_TOP)
			return k->judge->refused ? -1 : fail(k, VERIFY_AXIOM_FRAME_CLASS);
		break;
	case CLASSFILE_FRAME_UNINITIALIZED:
		if (get_u2(k, t, &value))
			return -1;
		if (value >= k->code.len || !k->map[value] || k->code.octets[value] != CLASSFILE_OP_NEW)
			return fail(k, VERIFY_AXIOM_FRAME_NEW);
		type = TYPE_NEW(value);
		break;
	default:
		return fail(k, VERIFY_AXIOM_FRAME_TYPE);
	}
	k->types[k->types_n++] = type;
	return 0;
}

static int read_types(struct checker *k, struct table *t, uint32_t n, bool *unfinished)
{
	for (; n; n--)
		if (read_type(k, t, unfinished))
			return -1;
	return 0;
}

/* Appends a copy of the first n locals of the frame before. */
static int copy_locals(struct checker *k, struct table *t, uint32_t n)
{
	if (judge_work(k->judge, n) || checker_room(k, n))
		return -1;
	if (n)
		memcpy(k->types + k->types_n, k->types + t->locals_at, n * sizeof(*k->types));
	t->locals_at = k->types_n;
	k->types_n += n;
	return 0;
}

static int chop(struct checker *k, struct table *t, unsigned chops)
{
	const uint32_t *locals = k->types + t->locals_at;
	uint32_t n = t->locals_n;

	for (; chops; chops--) {
		if (!n)
			return fail(k, VERIFY_AXIOM_FRAME_SIZE);
		n -= type_in(locals[n - 1], TYPES_SECOND) ? 2 : 1;
	}
	t->locals_n = n;
	t->unfinished = false;
	for (uint32_t i = 0; i < n; i++)
		t->unfinished |= locals[i] == TYPE_UNINITIALIZED_THIS;
	return judge_work(k->judge, n);
}

/* The locals of a frame: where they are and how many is left in the table. */
static int read_locals(struct checker *k, struct table *t, unsigned tag)
{
	uint32_t n = 0;

	if (tag < SAME_1_EXTENDED + 1 || tag == SAME_EXTENDED)
		return 0;
	if (tag < SAME_EXTENDED) {
		if (chop(k, t, SAME_EXTENDED - tag))
			return -1;
	} else if (tag < FULL) {
		/* the locals before may go on: what follows them in memory is nobody's but the last frame's */
		if (t->locals_at + t->locals_n != k->types_n && copy_locals(k, t, t->locals_n))
			return -1;
		if (read_types(k, t, tag - SAME_EXTENDED, &t->unfinished))
			return -1;
		t->locals_n = k->types_n - t->locals_at;
	} else {
		if (get_u2(k, t, &n))
			return -1;
		t->locals_at = k->types_n;
		t->unfinished = false;
		if (read_types(k, t, n, &t->unfinished))
			return -1;
		t->locals_n = k->types_n - t->locals_at;
	}
	return t->locals_n > k->code.max_locals ? fail(k, VERIFY_AXIOM_FRAME_SIZE) : 0;
}

static int read_stack(struct checker *k, struct table *t, unsigned tag, uint32_t *stack_n)
{
	const uint32_t at = k->types_n;
	bool ignored = false;
	uint32_t n = 0;

	if (tag == FULL) {
		if (get_u2(k, t, &n))
			return -1;
	} else if ((tag >= SAME_1 && tag < RESERVED) || tag == SAME_1_EXTENDED) {
		n = 1;
	}
	if (read_types(k, t, n, &ignored))
		return -1;
	*stack_n = k->types_n - at;
	return *stack_n > k->code.max_stack ? fail(k, VERIFY_AXIOM_FRAME_SIZE) : 0;
}

static int read_frame(struct checker *k, struct table *t, uint32_t number)
{
	uint32_t delta = 0, stack_n, stack_at;
	unsigned tag;

	if (t->at == t->end)
		return fail(k, VERIFY_AXIOM_FRAME_TRUNCATED);
	tag = *t->at++;
	if (tag < RESERVED)
		delta = tag & (SAME_1 - 1);
	else if (get_u2(k, t, &delta))
		return -1;
	if (tag >= RESERVED && tag < SAME_1_EXTENDED)
		return fail(k, VERIFY_AXIOM_FRAME_RESERVED);
	if (read_locals(k, t, tag))
		return -1;
	stack_at = k->types_n;
	if (read_stack(k, t, tag, &stack_n))
		return -1;
	t->pc += delta + 1;
	if (t->pc >= k->code.len || !k->map[t->pc])
		return fail(k, VERIFY_AXIOM_FRAME_OFFSET);
	if (!judge_grow(k->judge, &k->frames, number, &k->frames_room, sizeof(*k->frames)))
		return -1;
	/* types may move yet: where they are for now as numbers */
	k->frames[number] = (struct frame){ .types = (uint32_t *)(uintptr_t)t->locals_at,
					    .stack = (uint32_t *)(uintptr_t)stack_at,
					    .locals_n = (uint16_t)t->locals_n,
					    .stack_n = (uint16_t)stack_n,
					    .pc = (uint16_t)t->pc,
					    .unfinished = t->unfinished };
	k->map[t->pc] = (uint16_t)(MAP_FRAME + number);
	return judge_work(k->judge, 1);
}

int checker_read_frames(struct checker *k)
{
	struct classfile_attribute a;
	struct table t = { .locals_n = k->locals_n, .pc = -1, .unfinished = k->unfinished };
	uint32_t n = 0;

	k->frames_n = 0;
	k->types_n = 0;
	if (classfile_attribute_find(k->c, k->code.attributes, CLASSFILE_ATTR_STACK_MAP_TABLE, &a) <= 0)
		return 0;
	t.at = k->c->data + a.at;
	t.end = t.at + a.len;
	/* the frame before the first: what the method begins with */
	if (checker_room(k, k->locals_n + 1))
		return -1;
	memcpy(k->types, k->locals, k->locals_n * sizeof(*k->types));
	k->types_n = k->locals_n;
	if (get_u2(k, &t, &n))
		return -1;
	if (n > UINT16_MAX - MAP_FRAME)
		return judge_refuse(k->judge, VERIFY_REASON_FRAMES);
	for (uint32_t i = 0; i < n; i++)
		if (read_frame(k, &t, i))
			return -1;
	if (t.at != t.end)
		return fail(k, VERIFY_AXIOM_FRAME_TRAILING);
	for (uint32_t i = 0; i < n; i++) {
		k->frames[i].types = k->types + (uintptr_t)k->frames[i].types;
		k->frames[i].stack = k->types + (uintptr_t)k->frames[i].stack;
	}
	k->frames_n = n;
	return 0;
}

static int fit(struct checker *k, const uint32_t *to, const uint32_t *from, uint32_t n, enum verify_axiom axiom)
{
	for (uint32_t i = 0; i < n; i++) {
		int fits;

		if (to[i] == from[i] || to[i] == TYPE_TOP)
			continue;
		fits = checker_assign_slow(k, to[i], from[i], axiom);
		if (fits <= 0)
			return fits;
	}
	return 1;
}

int checker_fits(struct checker *k, uint32_t n, const uint32_t *stack, uint32_t depth, bool unfinished,
		 enum verify_axiom axiom)
{
	const struct frame *frame = &k->frames[n];
	int fits;

	if (judge_work(k->judge, 1u + frame->locals_n / 4u + depth / 4u))
		return -1;
	k->misfit = k->pc; /* so HotSpot says if it is the height of the stack */
	if (depth != frame->stack_n)
		return 0;
	k->misfit = k->place = frame->pc;
	fits = fit(k, frame->types, k->locals, frame->locals_n, axiom);
	if (fits > 0)
		fits = fit(k, frame->stack, stack, depth, axiom);
	k->place = k->pc;
	return fits > 0 && unfinished && !frame->unfinished ? 0 : fits;
}

int checker_branch(struct checker *k, int64_t target)
{
	int fits;

	if (k->infers)
		return infer_branch(k, target);
	if (target < 0 || target >= k->code.len || k->map[target] < MAP_FRAME)
		return checker_fail(k, VERIFY_AXIOM_FRAME_TARGET);
	fits = checker_fits(k, k->map[target] - MAP_FRAME, k->stack, k->depth, k->unfinished,
			    VERIFY_AXIOM_FRAME_BRANCH);
	if (fits)
		return fits > 0 ? 0 : -1;
	return judge_fail(k->judge, k->method, VERIFY_AXIOM_FRAME_BRANCH, (int32_t)k->misfit);
}

int checker_enter(struct checker *k)
{
	const struct frame *frame;
	int fits = 1;

	if (k->map[k->pc] < MAP_FRAME)
		return k->falls ? 0 : checker_fail(k, VERIFY_AXIOM_FRAME_EXPECTED);
	frame = &k->frames[k->map[k->pc] - MAP_FRAME];
	if (k->falls)
		fits = checker_fits(k, k->map[k->pc] - MAP_FRAME, k->stack, k->depth, k->unfinished,
				    VERIFY_AXIOM_FRAME_FALL);
	if (fits <= 0)
		return fits ? -1 : checker_fail(k, VERIFY_AXIOM_FRAME_FALL);
	for (uint32_t i = frame->locals_n; i < k->locals_n; i++)
		k->locals[i] = TYPE_TOP;
	memcpy(k->locals, frame->types, frame->locals_n * sizeof(*k->locals));
	memcpy(k->stack, frame->stack, frame->stack_n * sizeof(*k->stack));
	k->locals_n = frame->locals_n;
	k->depth = frame->stack_n;
	k->unfinished = frame->unfinished;
	k->changed = true;
	k->falls = true;
	return 0;
}
