/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Class files by hand: octets are appended to a buffer, constant pool entries are counted. */
#ifndef TESTS_UNIT_CLASSFILE_OCTETS_H
#define TESTS_UNIT_CLASSFILE_OCTETS_H

#include <stdint.h>
#include <string.h>

#include "jvm-broker/classfile/classfile.h"
#include "tools/lib/keel/buffer.h"

static inline void u1(struct keel_buffer *b, unsigned v)
{
	keel_buffer_putc(b, (uint8_t)v);
}

static inline void u2(struct keel_buffer *b, unsigned v)
{
	u1(b, v >> 8);
	u1(b, v);
}

static inline void u4(struct keel_buffer *b, uint32_t v)
{
	u2(b, v >> 16);
	u2(b, v);
}

/* A constant pool on its way: its entries, and the index that the next one gets */
struct pool {
	struct keel_buffer octets;
	unsigned next;
};

static inline void pool_init(struct pool *p)
{
	keel_buffer_init(&p->octets, 0);
	p->next = 1;
}

/* Each appends an entry and returns its index. */
static inline unsigned pool_utf8(struct pool *p, const char *text)
{
	u1(&p->octets, CLASSFILE_UTF8);
	u2(&p->octets, (unsigned)strlen(text));
	keel_buffer_puts(&p->octets, text);
	return p->next++;
}

/* Class, String, MethodType, Module, Package */
static inline unsigned pool_one(struct pool *p, unsigned tag, unsigned index)
{
	u1(&p->octets, tag);
	u2(&p->octets, index);
	return p->next++;
}

/* References, NameAndType, Dynamic, InvokeDynamic */
static inline unsigned pool_two(struct pool *p, unsigned tag, unsigned a, unsigned b)
{
	u1(&p->octets, tag);
	u2(&p->octets, a);
	u2(&p->octets, b);
	return p->next++;
}

static inline unsigned pool_class(struct pool *p, const char *name)
{
	const unsigned at = pool_utf8(p, name);

	return pool_one(p, CLASSFILE_CLASS, at);
}

/* Magic, version and the pool */
static inline void begin_class(struct keel_buffer *b, unsigned major, const struct pool *p)
{
	u4(b, CLASSFILE_MAGIC);
	u2(b, 0);
	u2(b, major);
	u2(b, p->next);
	keel_buffer_append(b, p->octets.data, p->octets.len);
}

#endif
