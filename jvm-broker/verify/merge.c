// SPDX-License-Identifier: GPL-2.0-or-later
/* What two types come to where paths meet (JVMS 4.10.2.2). Of classes it is a set of names: which superclass they share only a universe knows. */
#include <string.h>

#include "jvm-broker/verify/infer.h"

#define MEMBERS_MAX 64 /* of a set */
#define SETS_MAX (1u << 16)

/* The members of a type's base */
static uint32_t members(const struct judge *judge, uint32_t type, uint32_t *into)
{
	const struct type_set *set;

	if (type_kind(type) != TYPE_SET) {
		into[0] = type_name(type);
		return 1;
	}
	set = &judge->sets[type_name(type)];
	memcpy(into, set->names, set->n * sizeof(*into));
	return set->n;
}

/* The number of a set of names, which ascend; UINT32_MAX: refused */
static uint32_t intern(struct judge *judge, const uint32_t *names, uint32_t n)
{
	uint32_t *copy;

	if (judge_work(judge, judge->sets_n))
		return UINT32_MAX;
	for (uint32_t i = 0; i < judge->sets_n; i++)
		if (judge->sets[i].n == n && !memcmp(judge->sets[i].names, names, n * sizeof(*names)))
			return i;
	copy = keel_arena_take(judge->arena, n * sizeof(*copy));
	if (judge->sets_n == SETS_MAX || !copy) {
		judge_refuse(judge, copy ? VERIFY_REASON_WORK : VERIFY_REASON_MEMORY);
		return UINT32_MAX;
	}
	memcpy(copy, names, n * sizeof(*copy));
	if (!judge_grow(judge, &judge->sets, judge->sets_n, &judge->sets_room, sizeof(*judge->sets)))
		return UINT32_MAX;
	judge->sets[judge->sets_n] = (struct type_set){ copy, n };
	return judge->sets_n++;
}

/* Two different classes or sets of them, as the base of an array of some dimensions; TYPE_TOP: refused */
static uint32_t unite(struct checker *k, uint32_t a, uint32_t b, unsigned dimensions)
{
	uint32_t left[MEMBERS_MAX], right[MEMBERS_MAX], all[2 * MEMBERS_MAX];
	const uint32_t left_n = members(k->judge, a, left), right_n = members(k->judge, b, right);
	uint32_t n = 0, i = 0, j = 0, set;

	while (i < left_n || j < right_n) {
		const uint32_t next = j == right_n || (i < left_n && left[i] < right[j]) ? left[i] : right[j];

		i += i < left_n && left[i] == next;
		j += j < right_n && right[j] == next;
		if (next == NAME_OBJECT)
			return TYPE_ARRAY(NAME_OBJECT, dimensions);
		/* HotSpot loads them to see what they share */
		if (judge_oblige(k->judge, VERIFY_LOADS, TYPE_TOP, TYPE_CLASS(next), 0, k->method,
				 VERIFY_AXIOM_STACK_TYPE, -1))
			return TYPE_TOP;
		all[n++] = next;
	}
	if (n > MEMBERS_MAX) {
		judge_refuse(k->judge, VERIFY_REASON_WORK);
		return TYPE_TOP;
	}
	set = n > 1 ? intern(k->judge, all, n) : 0;
	if (set == UINT32_MAX)
		return TYPE_TOP;
	return n > 1 ? set << 12 | dimensions << 4 | TYPE_SET : TYPE_ARRAY(all[0], dimensions);
}

static bool is_primitive(uint32_t type)
{
	return type_kind(type) == TYPE_REFERENCE && type_name(type) < NAME_FIRST;
}

uint32_t infer_merge_types(struct checker *k, uint32_t a, uint32_t b)
{
	unsigned a_dimensions, b_dimensions, dimensions;

	if (a == b)
		return a;
	if (!type_in(a, TYPES_REFERENCE) || !type_in(b, TYPES_REFERENCE))
		return TYPE_TOP;
	if (a == TYPE_NULL || b == TYPE_NULL)
		return a == TYPE_NULL ? b : a;
	a_dimensions = type_dimensions(a);
	b_dimensions = type_dimensions(b);
	dimensions = a_dimensions < b_dimensions ? a_dimensions : b_dimensions;
	/* elements of which one at least is no reference */
	if ((is_primitive(a) && a_dimensions == dimensions) || (is_primitive(b) && b_dimensions == dimensions))
		return TYPE_ARRAY(NAME_OBJECT, dimensions - 1);
	if (a_dimensions != b_dimensions)
		return TYPE_ARRAY(NAME_OBJECT, dimensions);
	return unite(k, a, b, dimensions);
}
