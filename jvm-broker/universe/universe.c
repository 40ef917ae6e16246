// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/universe/universe.h"

#include <string.h>

#include "jvm-broker/universe/layout.h"

#define REASON_ROW(name, counter, text) { counter, text },
static const struct {
	const char *counter, *text;
} reasons[] = { UNIVERSE_REASONS(REASON_ROW) };

const char *universe_reason_counter(enum universe_reason reason)
{
	return reasons[reason < UNIVERSE_REASONS_N ? reason : UNIVERSE_REASON_NONE].counter;
}

const char *universe_reason_text(enum universe_reason reason)
{
	return reasons[reason < UNIVERSE_REASONS_N ? reason : UNIVERSE_REASON_NONE].text;
}

/* ---- strings ----------------------------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	const unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t layout_hash(uint64_t seed, const uint8_t *octets, size_t len)
{
	uint64_t h = seed ^ 0x9e3779b97f4a7c15, last = 0;
	size_t i = 0;

	for (uint64_t v; len - i >= 8; i += 8) {
		memcpy(&v, octets + i, 8);
		h = mix(h ^ v, seed | 0xa0761d6478bd642f);
	}
	memcpy(&last, octets + i, len - i);
	h = mix(h ^ last, seed ^ 0xe7037ed1a0b428db ^ len);
	return (uint32_t)(h ^ h >> 32);
}

uint32_t universe_string(const struct universe *u, const void *octets, size_t len)
{
	const uint32_t h = layout_hash(u->seed, octets, len);

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		const uint32_t n = u->slots[(h + i) & (u->slots_n - 1)];

		if (!n)
			return 0;
		if (u->ends[n] - u->ends[n - 1] == len && !memcmp(u->octets + u->ends[n - 1], octets, len))
			return n;
	}
	return 0;
}

/* ---- classes ----------------------------------------------------------------------------------------------------------------------------- */

const struct universe_class *universe_find(const struct universe *u, const void *name, size_t len)
{
	const uint32_t n = universe_string(u, name, len);

	return n ? universe_class_named(u, n) : NULL;
}

static const struct universe_member *find_member(const struct universe_member *members, uint32_t n, uint32_t name,
						 uint32_t descriptor)
{
	const uint64_t wanted = (uint64_t)name << 32 | descriptor;
	uint32_t low = 0, high = n;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const uint64_t here = (uint64_t)members[middle].name << 32 | members[middle].descriptor;

		if (here == wanted)
			return &members[middle];
		if (here < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct universe_member *universe_field(const struct universe *u, const struct universe_class *c, uint32_t name,
					     uint32_t descriptor)
{
	return find_member(u->members + c->fields, c->fields_n, name, descriptor);
}

const struct universe_member *universe_method(const struct universe *u, const struct universe_class *c, uint32_t name,
					      uint32_t descriptor)
{
	return find_member(u->members + c->methods, c->methods_n, name, descriptor);
}

bool universe_extends(const struct universe *u, const struct universe_class *a, const struct universe_class *b)
{
	/* a circle has a depth too, and ends this */
	for (uint32_t left = a->depth; a && a != b; left--)
		a = left ? universe_super(u, a) : NULL;
	return a != NULL;
}

/* ---- modules ----------------------------------------------------------------------------------------------------------------------------- */

static bool has(const uint32_t *numbers, uint32_t n, uint32_t number)
{
	for (uint32_t i = 0; i < n; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

bool universe_exported(const struct universe *u, uint32_t of, uint32_t package, uint32_t from)
{
	const struct universe_module *m;

	if (of == from || !of)
		return true; /* the unnamed module exports all */
	m = &u->modules[of - 1];
	for (uint32_t i = 0; i < m->exports_n; i++) {
		const struct universe_export *e = &u->exports[m->exports + i];

		if (e->package == package)
			return !e->to_n || (from && has(u->numbers + e->to, e->to_n, u->modules[from - 1].name));
	}
	return false;
}

static uint32_t module_named(const struct universe *u, uint32_t name)
{
	for (uint32_t i = 0; i < u->modules_n; i++)
		if (u->modules[i].name == name)
			return i + 1;
	return 0;
}

bool universe_reads(const struct universe *u, uint32_t from, uint32_t of)
{
	uint8_t seen[MODULES_MAX / 8] = { 0 };
	uint32_t queue[MODULES_MAX], n = 0;

	if (from == of || !from)
		return true;
	if (!of)
		return false;
	queue[n++] = from;
	for (uint32_t at = 0; at < n; at++) {
		const struct universe_module *m = &u->modules[queue[at] - 1];

		for (uint32_t i = 0; i < m->requires_n; i++) {
			const uint32_t number = u->numbers[m->requires + i];
			const uint32_t next = at && !(number & UNIVERSE_TRANSITIVE)
						      ? 0
						      : module_named(u, number & ~UNIVERSE_TRANSITIVE);

			if (next == of)
				return true;
			if (!next || seen[next / 8 % sizeof(seen)] >> next % 8 & 1)
				continue;
			seen[next / 8 % sizeof(seen)] |= (uint8_t)(1 << next % 8);
			queue[n++] = next;
		}
	}
	return false;
}
