// SPDX-License-Identifier: GPL-2.0-or-later
/* Octets that come from a file: every number that a lookup would follow is held against its table, once. */
#include <string.h>

#include "jvm-broker/universe/layout.h"

static bool lies_in(uint32_t at, uint32_t n, uint32_t count)
{
	return at <= count && n <= count - at;
}

static bool strings_are_sound(const struct universe *u, uint32_t octets_n)
{
	if (!u->strings_n || u->ends[0] || u->class_of[0] || u->ends[u->strings_n - 1] != octets_n)
		return false;
	for (uint32_t i = 1; i < u->strings_n; i++)
		if (u->ends[i] < u->ends[i - 1] || u->class_of[i] > u->classes_n)
			return false;
	/* a power of two, for it is a mask */
	if (!u->slots_n || u->slots_n & (u->slots_n - 1))
		return false;
	for (uint32_t i = 0; i < u->slots_n; i++)
		if (u->slots[i] >= u->strings_n)
			return false;
	for (uint32_t i = 0; i < u->numbers_n; i++)
		if ((u->numbers[i] & ~UNIVERSE_TRANSITIVE) >= u->strings_n)
			return false;
	return true;
}

static bool class_is_sound(const struct universe *u, const struct universe_class *c)
{
	return c->name && c->name < u->strings_n && c->package && c->package < u->strings_n &&
	       c->super_name < u->strings_n && c->super_class <= u->classes_n && c->nest_host < u->strings_n &&
	       c->module <= u->modules_n && c->artefact < u->artefacts_n && c->depth < u->classes_n &&
	       lies_in(c->interfaces, c->interfaces_n, u->numbers_n) &&
	       lies_in(c->nest_members, c->nest_members_n, u->numbers_n) &&
	       lies_in(c->permitted, c->permitted_n, u->numbers_n) && lies_in(c->fields, c->fields_n, u->members_n) &&
	       lies_in(c->methods, c->methods_n, u->members_n);
}

static bool classes_are_sound(const struct universe *u)
{
	for (uint32_t i = 0; i < u->classes_n; i++)
		if (!class_is_sound(u, &u->classes[i]))
			return false;
	for (uint32_t i = 0; i < u->members_n; i++)
		if (u->members[i].name >= u->strings_n || u->members[i].descriptor >= u->strings_n)
			return false;
	return true;
}

static bool modules_are_sound(const struct universe *u)
{
	if (u->modules_n >= MODULES_MAX)
		return false;
	for (uint32_t i = 0; i < u->modules_n; i++) {
		const struct universe_module *m = &u->modules[i];

		if (m->name >= u->strings_n || m->artefact >= u->artefacts_n ||
		    !lies_in(m->exports, m->exports_n, u->exports_n) ||
		    !lies_in(m->requires, m->requires_n, u->numbers_n))
			return false;
	}
	for (uint32_t i = 0; i < u->exports_n; i++)
		if (u->exports[i].package >= u->strings_n ||
		    !lies_in(u->exports[i].to, u->exports[i].to_n, u->numbers_n))
			return false;
	return true;
}

enum universe_reason universe_open(const void *data, size_t size, struct universe *out)
{
	struct universe u = { .data = data, .size = size };
	struct layout_head head;
	size_t at = layout_aligned(sizeof(head));

	if (size < at || (uintptr_t)data % 8)
		return UNIVERSE_REASON_FORMAT;
	memcpy(&head, data, sizeof(head));
	if (head.magic != LAYOUT_MAGIC)
		return UNIVERSE_REASON_FORMAT;
#define TAKE(table, type, count)                                                                                             \
	if (head.count > (size - at) / sizeof(type))                                                                         \
		return UNIVERSE_REASON_FORMAT;                                                                               \
	u.table = (const void *)(u.data + at);                                                                               \
	at += layout_aligned(head.count * sizeof(type));                                                                     \
	if (at > size)                                                                                                       \
		return UNIVERSE_REASON_FORMAT;
	LAYOUT_TABLES(TAKE)
#undef TAKE
	if (at != size)
		return UNIVERSE_REASON_FORMAT;
	u.seed = head.seed;
	u.strings_n = head.strings;
	u.slots_n = head.slots;
	u.numbers_n = head.numbers;
	u.classes_n = head.classes;
	u.members_n = head.members;
	u.modules_n = head.modules;
	u.exports_n = head.exports;
	u.artefacts_n = head.artefacts;
	if (!strings_are_sound(&u, head.octets) || !classes_are_sound(&u) || !modules_are_sound(&u))
		return UNIVERSE_REASON_DAMAGED;
	*out = u;
	return UNIVERSE_REASON_NONE;
}
