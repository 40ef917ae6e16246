// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "jvm-broker/classfile/name.h"
#include "jvm-broker/verify/checker.h"

#define FEWEST 16

bool judge_grow(struct judge *judge, void *array, uint32_t n, uint32_t *room, size_t size)
{
	const uint32_t more = *room ? 2 * *room : FEWEST;
	void *old, *grown;

	if (n < *room)
		return true;
	grown = keel_arena_take(judge->arena, more * size);
	if (!grown) {
		judge_refuse(judge, VERIFY_REASON_MEMORY);
		return false;
	}
	memcpy(&old, array, sizeof(old)); /* a pointer to whatever kind of element */
	if (n)
		memcpy(grown, old, n * size);
	memcpy(array, &grown, sizeof(grown));
	*room = more;
	return true;
}

void judge_report(struct judge *judge, uint16_t method, enum verify_axiom axiom, int32_t bci)
{
	const struct verify_options *o = judge->options;
	bool final;

	if (o && o->disabled[axiom / 64] >> axiom % 64 & 1)
		return;
	if (!judge_grow(judge, &judge->errors, judge->errors_n, &judge->errors_room, sizeof(*judge->errors)))
		return;
	/* HotSpot throws these while it reads frames, and asks nobody else */
	final = axiom >= VERIFY_AXIOM_FRAME_TRUNCATED && axiom <= VERIFY_AXIOM_FRAME_SIZE &&
		axiom != VERIFY_AXIOM_FRAME_NEW && axiom != VERIFY_AXIOM_FRAME_SIZE;
	judge->errors[judge->errors_n++] = (struct verify_error){
		.axiom = (uint8_t)axiom, .phase = (uint8_t)judge->phase, .final = final, .method = method, .bci = bci
	};
}

static uint32_t name(struct judge *judge, const uint8_t *text, size_t len)
{
	const uint32_t n = names_add(&judge->names, text, (uint32_t)len);

	if (n == NAME_NONE)
		judge_refuse(judge, judge->names.n < NAMES_MAX ? VERIFY_REASON_MEMORY : VERIFY_REASON_NAMES);
	return n;
}

uint32_t judge_text(struct judge *judge, struct classfile_text text)
{
	const uint32_t n = text.len ? name(judge, text.data, text.len) : NAME_NONE;

	return n == NAME_NONE ? 0 : n;
}

/* Reads a type at *at < end as words; 0: it is none. */
static unsigned read_type(struct judge *judge, const uint8_t **at, const uint8_t *end, uint32_t *words)
{
	const uint8_t *here = *at, *semicolon;
	unsigned dimensions = 0;
	uint32_t base;

	while (here < end && *here == '[') {
		here++;
		dimensions++;
	}
	if (here == end || dimensions > CLASSFILE_DIMENSIONS_MAX)
		return 0;
	if (*here == 'L') {
		here++;
		semicolon = memchr(here, ';', (size_t)(end - here));
		if (!semicolon || semicolon == here)
			return 0;
		base = name(judge, here, (size_t)(semicolon - here));
		if (base == NAME_NONE)
			return 0;
		*at = semicolon + 1;
		words[0] = TYPE_ARRAY(base, dimensions);
		return 1;
	}
	base = names_primitive(*here);
	if (base == NAME_NONE)
		return 0;
	*at = here + 1;
	if (dimensions) {
		words[0] = TYPE_ARRAY(base, dimensions);
		return 1;
	}
	switch (base) {
	case NAME_LONG:
	case NAME_DOUBLE:
		words[0] = base == NAME_LONG ? TYPE_LONG : TYPE_DOUBLE;
		words[1] = words[0] + 1;
		return 2;
	case NAME_FLOAT:
		words[0] = TYPE_FLOAT;
		return 1;
	default:
		words[0] = TYPE_INT;
		return 1;
	}
}

uint32_t judge_class(struct judge *judge, uint16_t index)
{
	union cached *cached = &judge->cached[index];
	const struct classfile_text text = classfile_name_of(judge->c, index);
	const uint8_t *at = text.data;
	uint32_t type = TYPE_TOP, n;

	if (cached->type)
		return cached->type;
	if (!text.len)
		return TYPE_TOP;
	if (text.data[0] == '[') {
		if (read_type(judge, &at, text.data + text.len, &type) != 1 || at != text.data + text.len)
			return TYPE_TOP;
	} else {
		n = name(judge, text.data, text.len);
		if (n == NAME_NONE)
			return TYPE_TOP;
		type = TYPE_CLASS(n);
	}
	cached->type = type;
	return type;
}

const struct signature *judge_signature(struct judge *judge, uint16_t index, bool method)
{
	const struct classfile_text text = classfile_utf8(judge->c, index);
	const uint8_t *at = text.data, *end;
	struct signature *s;
	unsigned n, room = 2;

	if (!text.len)
		return NULL;
	end = at + text.len;
	if (judge->cached[index].signature)
		return judge->cached[index].signature;
	if (method) { /* a long has one letter and two words */
		const uint8_t *closing = *at == '(' ? memchr(at, ')', text.len) : NULL;

		if (!closing)
			return NULL;
		room += 2 * (unsigned)(closing - at);
	}
	s = keel_arena_take(judge->arena, sizeof(*s) + room * sizeof(s->types[0]));
	if (!s) {
		judge_refuse(judge, VERIFY_REASON_MEMORY);
		return NULL;
	}
	s->n = 0;
	if (method) {
		for (at++; at < end && *at != ')'; s->n += n) {
			n = read_type(judge, &at, end, s->types + s->n);
			if (!n)
				return NULL;
		}
		if (at == end)
			return NULL;
		at++;
	}
	if (method && at < end && *at == 'V') {
		n = 0;
		at++;
	} else {
		n = read_type(judge, &at, end, s->types + s->n);
		if (!n)
			return NULL;
	}
	if (at != end)
		return NULL;
	s->results = (uint8_t)n;
	judge->cached[index].signature = s;
	return s;
}

static uint32_t slot_of(uint64_t key, uint16_t member)
{
	key = (key + member * 0xc2b2ae3d27d4eb4full) * 0x9e3779b97f4a7c15;
	return (uint32_t)(key >> 32);
}

static int grow_slots(struct judge *judge)
{
	const uint32_t n = judge->slots_n ? 2 * judge->slots_n : 4 * FEWEST;
	uint32_t *slots = keel_arena_zeroed(judge->arena, n, sizeof(*slots));

	if (!slots)
		return judge_refuse(judge, VERIFY_REASON_MEMORY);
	for (uint32_t i = 0; i < judge->obligations_n; i++) {
		uint32_t at = slot_of(judge->obligations[i].key, judge->obligations[i].member);

		while (slots[at & (n - 1)])
			at++;
		slots[at & (n - 1)] = i + 1;
	}
	judge->slots = slots;
	judge->slots_n = n;
	return 0;
}

int judge_oblige(struct judge *judge, enum verify_obligation_kind kind, uint32_t from, uint32_t to, uint16_t member,
		 uint16_t method, enum verify_axiom axiom, int32_t bci)
{
	const uint64_t key = (uint64_t)from << 32 | (to & ~15u) | kind;
	struct obligation *o;
	uint32_t at, found;

	if (2 * judge->obligations_n >= judge->slots_n && grow_slots(judge))
		return -1;
	for (at = slot_of(key, member); (found = judge->slots[at & (judge->slots_n - 1)]); at++) {
		o = &judge->obligations[found - 1];
		if (o->key == key && o->member == member)
			break;
		if (judge_work(judge, 1))
			return -1;
	}
	if (!found) {
		if (!judge_grow(judge, &judge->obligations, judge->obligations_n, &judge->obligations_room, sizeof(*o)))
			return -1;
		found = ++judge->obligations_n;
		judge->obligations[found - 1] = (struct obligation){ key, from, to, member, 0, (uint8_t)kind };
		judge->slots[at & (judge->slots_n - 1)] = found;
	}
	o = &judge->obligations[found - 1];
	if (o->method == method + 1u)
		return 0;
	if (!judge_grow(judge, &judge->places, judge->places_n, &judge->places_room, sizeof(*judge->places)))
		return -1;
	o->method = method + 1u;
	judge->places[judge->places_n++] = (struct verify_place){ found - 1, method, (uint8_t)axiom, bci };
	return 0;
}
