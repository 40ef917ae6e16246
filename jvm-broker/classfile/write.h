/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing class files: a view as the octets it was read from, and constant pools that only grow. */
#ifndef JVM_BROKER_CLASSFILE_WRITE_H
#define JVM_BROKER_CLASSFILE_WRITE_H

#include "jvm-broker/classfile/classfile.h"
#include "tools/lib/keel/buffer.h"

/* Appends the class, put together again field by field from what was parsed. The result is what was parsed. 0 or -errno; *malformed (may be
 * NULL) is then what classfile_walk returned. */
int classfile_write(const struct classfile *c, struct keel_buffer *out, unsigned *malformed);

struct classfile_pool_slot;

/*
 * A constant pool to which entries are appended: that of a class, whose indices stay what they are because attributes nobody understands
 * may hold them, or an empty one. An entry that is there already is not appended again.
 */
struct classfile_pool {
	const struct classfile *from; /* NULL: began empty */
	struct keel_arena *arena;     /* borrowed */
	struct keel_buffer added;     /* owned: the entries after those of 'from', as in a class file */
	uint32_t n;                   /* constant_pool_count */
	struct classfile_pool_slot *slots;
	uint32_t slots_n, used;
	int failed; /* 0; -ENOSPC: more than 65534 entries; -EMSGSIZE: a text of more than 65535 octets; -ENOMEM. It stays, and adders give 0. */
};

/* from may be NULL; it and the arena must outlive the pool. 0 or -ENOMEM. */
int classfile_pool_init(struct classfile_pool *p, struct keel_arena *arena, const struct classfile *from);
/* Frees what the pool owns. Also for KEEL_CLEANUP. */
void classfile_pool_free(struct classfile_pool *p);
/* Appends constant_pool_count and all entries. 0 or -errno (also the pool's). */
int classfile_pool_write(const struct classfile_pool *p, struct keel_buffer *out);

/* Each returns the entry's index, or 0 and sets failed. An index of 0 among the arguments, from an adder that failed, gives 0. */
uint16_t classfile_pool_utf8(struct classfile_pool *p, const void *text, size_t len);
/* Class, String, MethodType, Module or Package with this text */
uint16_t classfile_pool_named(struct classfile_pool *p, enum classfile_tag tag, const char *text);
uint16_t classfile_pool_value32(struct classfile_pool *p, enum classfile_tag tag, uint32_t bits);
uint16_t classfile_pool_value64(struct classfile_pool *p, enum classfile_tag tag, uint64_t bits);
uint16_t classfile_pool_name_and_type(struct classfile_pool *p, const char *name, const char *descriptor);
/* Fieldref, Methodref or InterfaceMethodref */
uint16_t classfile_pool_member(struct classfile_pool *p, enum classfile_tag tag, const char *owner, const char *name,
			       const char *descriptor);
uint16_t classfile_pool_method_handle(struct classfile_pool *p, enum classfile_reference kind, uint16_t member);
/* Any other by its operands a and b as in struct classfile_constant, each two octets: Dynamic, InvokeDynamic, or made from indices */
uint16_t classfile_pool_entry(struct classfile_pool *p, enum classfile_tag tag, uint16_t a, uint16_t b);

#endif
