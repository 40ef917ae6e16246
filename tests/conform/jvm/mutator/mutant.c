// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/conform/jvm/mutator/mutant.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t mutant_random(struct mutant *m)
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t mutant_below(struct mutant *m, uint32_t n)
{
	return (mutant_random(m) >> 32) * n >> 32;
}

uint16_t mutant_constant(struct mutant *m, enum classfile_tag tag)
{
	const struct classfile *c = m->base;
	uint32_t begin = mutant_below(m, c->constants_n);

	for (uint32_t i = 0; i < c->constants_n; i++) {
		uint32_t index = (begin + i) % c->constants_n;

		if (classfile_tag_of(c, index) == tag)
			return index;
	}
	return 0;
}

bool mutant_instruction(struct mutant *m, const struct site **site, uint32_t *number)
{
	uint32_t chosen;

	if (!m->instructions)
		return false;
	chosen = mutant_below(m, m->instructions);
	*site = m->sites;
	while (chosen >= (*site)->count)
		chosen -= (*site)++->count;
	*number = chosen;
	return true;
}

bool mutant_instruction_of(struct mutant *m, bool (*which)(unsigned opcode), const struct site **site, uint32_t *pc)
{
	uint32_t number, tries;

	if (!mutant_instruction(m, site, &number))
		return false;
	for (tries = 0; tries < 4096; tries++) {
		*pc = (*site)->pcs[number];
		if (which((*site)->code.octets[*pc]))
			return true;
		if (++number == (*site)->count) {
			number = 0;
			if (++*site == m->sites + m->sites_n)
				*site = m->sites;
		}
	}
	return false;
}

void mutant_u8(struct mutant *m, size_t at, unsigned value)
{
	m->bytes[at] = value;
}

void mutant_u16(struct mutant *m, size_t at, unsigned value)
{
	m->bytes[at] = value >> 8;
	m->bytes[at + 1] = value;
}

void mutant_u32(struct mutant *m, size_t at, uint32_t value)
{
	mutant_u16(m, at, value >> 16);
	mutant_u16(m, at + 2, value & 0xffff);
}

void mutant_splice(struct mutant *m, size_t at, size_t gone, const void *bytes, size_t size, const size_t *lengths)
{
	size_t want = m->size - gone + size;

	for (; lengths && *lengths; lengths++)
		mutant_u32(m, *lengths, classfile_u32(m->bytes + *lengths) - gone + size);
	if (want > m->room) {
		m->room = want * 2;
		m->bytes = realloc(m->bytes, m->room);
		if (!m->bytes)
			abort();
	}
	memmove(m->bytes + at + size, m->bytes + at + gone, m->size - at - gone);
	if (size)
		memcpy(m->bytes + at, bytes, size);
	m->size = want;
}

void mutant_pool_begin(const struct mutant *m, struct mutant_pool *pool)
{
	pool->size = 0;
	pool->next = m->base->constants_n;
}

static uint8_t *grow(struct mutant_pool *pool, size_t size)
{
	uint8_t *at = pool->bytes + pool->size;

	if (size > sizeof(pool->bytes) - pool->size || pool->next >= 65535)
		return NULL;
	pool->size += size;
	pool->next++;
	return at;
}

uint16_t mutant_pool_utf8(struct mutant_pool *pool, const void *text, size_t len)
{
	uint8_t *at = grow(pool, 3 + len);

	if (!at)
		return 0;
	at[0] = CLASSFILE_UTF8;
	at[1] = len >> 8;
	at[2] = len;
	memcpy(at + 3, text, len);
	return pool->next - 1;
}

uint16_t mutant_pool_two(struct mutant_pool *pool, enum classfile_tag tag, unsigned a, unsigned b)
{
	uint8_t *at = grow(pool, tag == CLASSFILE_CLASS ? 3 : 5);

	if (!at)
		return 0;
	at[0] = tag;
	at[1] = a >> 8;
	at[2] = a;
	if (tag != CLASSFILE_CLASS) {
		at[3] = b >> 8;
		at[4] = b;
	}
	return pool->next - 1;
}

void mutant_append(struct mutant *m, const struct mutant_pool *pool)
{
	mutant_u16(m, 8, pool->next);
	mutant_splice(m, m->base->access_at, 0, pool->bytes, pool->size, NULL);
}

void mutant_say(struct mutant *m, const char *format, ...)
{
	size_t length = strlen(m->note);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(m->note + length, sizeof(m->note) - length, format, arguments);
	va_end(arguments);
}

void mutant_say_place(struct mutant *m, const struct site *site, uint32_t pc)
{
	struct classfile_text name = classfile_utf8(m->base, site->method->name);
	struct classfile_text descriptor = classfile_utf8(m->base, site->method->descriptor);

	mutant_say(m, "%.*s%.*s @%u: ", (int)name.len, (const char *)name.data, (int)descriptor.len,
		   (const char *)descriptor.data, pc);
}
