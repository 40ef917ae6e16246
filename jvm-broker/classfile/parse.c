// SPDX-License-Identifier: GPL-2.0-or-later
/* Every octet of a class file is passed here once: offsets are compared with what is left, never beyond the end. */
#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/classfile.h"
#include "jvm-broker/classfile/name.h"

#define POOL_AT 8         /* magic, minor, major */
#define MEMBER_HEAD 8     /* access, name, descriptor, attributes_count */
#define ATTRIBUTE_HEAD 6  /* name, length */
#define SHORTEST_ENTRY 3u /* of the constant pool, tag included */

struct reader {
	struct classfile c;
	uint32_t at;
	struct keel_arena *arena;
};

static uint32_t left(const struct reader *r)
{
	return r->c.size - r->at;
}

static const uint8_t *here(const struct reader *r)
{
	return r->c.data + r->at;
}

/* The next u2, which is there. */
static uint16_t take_u16(struct reader *r)
{
	r->at += 2;
	return classfile_u16(r->c.data + r->at - 2);
}

/* One entry at r->at; k and where it ends are set. */
static enum classfile_reason read_constant(struct reader *r, struct classfile_constant *k)
{
	const uint8_t *at = here(r);
	unsigned tag, octets;

	if (left(r) < SHORTEST_ENTRY)
		return CLASSFILE_REASON_TRUNCATED;
	tag = *at;
	k->tag = (uint8_t)tag;
	k->kind = 0;
	switch (tag) {
	case CLASSFILE_UTF8:
		k->a = classfile_u16(at + 1);
		if (k->a > left(r) - 3)
			return CLASSFILE_REASON_TRUNCATED;
		k->b = r->at + 3;
		k->kind = (uint8_t)(classfile_attribute_named(at + 3, k->a) | classfile_utf8_check(at + 3, k->a));
		r->at += 3 + (uint32_t)k->a;
		return CLASSFILE_REASON_NONE;
	case CLASSFILE_CLASS:
	case CLASSFILE_STRING:
	case CLASSFILE_METHOD_TYPE:
	case CLASSFILE_MODULE:
	case CLASSFILE_PACKAGE:
		k->a = classfile_u16(at + 1);
		k->b = 0;
		octets = 2;
		break;
	case CLASSFILE_FIELDREF:
	case CLASSFILE_METHODREF:
	case CLASSFILE_INTERFACE_METHODREF:
	case CLASSFILE_NAME_AND_TYPE:
	case CLASSFILE_DYNAMIC:
	case CLASSFILE_INVOKE_DYNAMIC:
		if (left(r) < 5)
			return CLASSFILE_REASON_TRUNCATED;
		k->a = classfile_u16(at + 1);
		k->b = classfile_u16(at + 3);
		octets = 4;
		break;
	case CLASSFILE_METHOD_HANDLE:
		if (left(r) < 4)
			return CLASSFILE_REASON_TRUNCATED;
		k->kind = at[1];
		k->a = classfile_u16(at + 2);
		k->b = 0;
		octets = 3;
		break;
	case CLASSFILE_INTEGER:
	case CLASSFILE_FLOAT:
	case CLASSFILE_LONG:
	case CLASSFILE_DOUBLE:
		octets = tag == CLASSFILE_INTEGER || tag == CLASSFILE_FLOAT ? 4 : 8;
		if (left(r) - 1 < octets)
			return CLASSFILE_REASON_TRUNCATED;
		k->a = 0;
		k->b = r->at + 1;
		break;
	default:
		return CLASSFILE_REASON_POOL_TAG;
	}
	r->at += 1 + octets;
	return CLASSFILE_REASON_NONE;
}

static enum classfile_reason read_pool(struct reader *r)
{
	struct classfile_constant *constants;
	enum classfile_reason reason;
	unsigned n;

	r->at = POOL_AT;
	if (left(r) < 2)
		return CLASSFILE_REASON_TRUNCATED;
	n = take_u16(r);
	if (n == 0)
		return CLASSFILE_REASON_POOL_EMPTY;
	/* a slot takes three octets at least: a count that cannot be true takes no memory */
	if ((n - 1) * SHORTEST_ENTRY > left(r))
		return CLASSFILE_REASON_TRUNCATED;
	constants = keel_arena_take(r->arena, n * sizeof(*constants));
	if (!constants)
		return CLASSFILE_REASON_MEMORY;
	constants[0] = (struct classfile_constant){ 0 };
	for (unsigned i = 1; i < n; i++) {
		reason = read_constant(r, &constants[i]);
		if (reason)
			return reason;
		if (constants[i].tag == CLASSFILE_LONG || constants[i].tag == CLASSFILE_DOUBLE) {
			if (++i == n)
				return CLASSFILE_REASON_POOL_WIDE;
			constants[i] = (struct classfile_constant){ 0 };
		}
	}
	r->c.constants = constants;
	r->c.constants_n = (uint16_t)n;
	return CLASSFILE_REASON_NONE;
}

/* Passes over n attributes; where the content of the first Code is goes to *code if that is not NULL. */
static enum classfile_reason pass_attributes(struct reader *r, unsigned n, uint32_t *code)
{
	for (; n; n--) {
		uint32_t name, len;

		if (left(r) < ATTRIBUTE_HEAD)
			return CLASSFILE_REASON_TRUNCATED;
		name = classfile_u16(here(r));
		len = classfile_u32(here(r) + 2);
		r->at += ATTRIBUTE_HEAD;
		if (len > left(r))
			return CLASSFILE_REASON_TRUNCATED;
		if (code && !*code && classfile_attribute_kind(&r->c, name) == CLASSFILE_ATTR_CODE)
			*code = r->at;
		r->at += len;
	}
	return CLASSFILE_REASON_NONE;
}

static enum classfile_reason read_members(struct reader *r, bool methods, const struct classfile_member **out,
					  uint16_t *out_n)
{
	struct classfile_member *members = NULL;
	unsigned n;

	if (left(r) < 2)
		return CLASSFILE_REASON_TRUNCATED;
	n = take_u16(r);
	if (n * MEMBER_HEAD > left(r))
		return CLASSFILE_REASON_TRUNCATED;
	if (n) {
		members = keel_arena_take(r->arena, n * sizeof(*members));
		if (!members)
			return CLASSFILE_REASON_MEMORY;
	}
	for (unsigned i = 0; i < n; i++) {
		struct classfile_member *m = &members[i];
		const uint8_t *at = here(r);
		enum classfile_reason reason;

		if (left(r) < MEMBER_HEAD)
			return CLASSFILE_REASON_TRUNCATED;
		*m = (struct classfile_member){ .access = classfile_u16(at),
						.name = classfile_u16(at + 2),
						.descriptor = classfile_u16(at + 4),
						.attributes = classfile_u16(at + 6),
						.at = r->at };
		r->at += MEMBER_HEAD;
		reason = pass_attributes(r, m->attributes, methods ? &m->code : NULL);
		if (reason)
			return reason;
	}
	*out = members;
	*out_n = (uint16_t)n;
	return CLASSFILE_REASON_NONE;
}

static enum classfile_reason read_class(struct reader *r)
{
	struct classfile *c = &r->c;
	enum classfile_reason reason;

	if (left(r) < 4)
		return CLASSFILE_REASON_TRUNCATED;
	if (classfile_u32(c->data) != CLASSFILE_MAGIC)
		return CLASSFILE_REASON_MAGIC;
	if (left(r) < POOL_AT)
		return CLASSFILE_REASON_TRUNCATED;
	c->minor = classfile_u16(c->data + 4);
	c->major = classfile_u16(c->data + 6);
	reason = read_pool(r);
	if (reason)
		return reason;
	c->access_at = r->at;
	if (left(r) < 8)
		return CLASSFILE_REASON_TRUNCATED;
	c->access = take_u16(r);
	c->this_class = take_u16(r);
	c->super_class = take_u16(r);
	c->interfaces_n = take_u16(r);
	c->interfaces_at = r->at;
	if (left(r) / 2 < c->interfaces_n)
		return CLASSFILE_REASON_TRUNCATED;
	r->at += 2 * (uint32_t)c->interfaces_n;
	reason = read_members(r, false, &c->fields, &c->fields_n);
	if (!reason)
		reason = read_members(r, true, &c->methods, &c->methods_n);
	if (reason)
		return reason;
	if (left(r) < 2)
		return CLASSFILE_REASON_TRUNCATED;
	c->attributes_n = take_u16(r);
	c->attributes_at = r->at;
	reason = pass_attributes(r, c->attributes_n, NULL);
	if (!reason && left(r))
		reason = CLASSFILE_REASON_TRAILING;
	return reason;
}

enum classfile_reason classfile_parse(const void *data, size_t size, struct keel_arena *arena, struct classfile *out,
				      uint32_t *where)
{
	struct reader r = { .c = { .data = data, .size = (uint32_t)size }, .arena = arena };
	enum classfile_reason reason = CLASSFILE_REASON_TOO_LARGE;

	if (size <= CLASSFILE_SIZE_MAX)
		reason = read_class(&r);
	if (!reason)
		*out = r.c;
	else if (where)
		*where = r.at;
	return reason;
}
