// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/verify/program.h"

#include <check.h>
#include <stdlib.h>

#include "tests/unit/classfile/octets.h"

static unsigned pair(struct pool *p, const char *name, const char *descriptor)
{
	const unsigned a = pool_utf8(p, name), b = pool_utf8(p, descriptor);

	return pool_two(p, CLASSFILE_NAME_AND_TYPE, a, b);
}

static unsigned integer(struct pool *p)
{
	u1(&p->octets, CLASSFILE_INTEGER);
	u4(&p->octets, 7);
	return p->next++;
}

/* dynamic: the version knows invokedynamic; else integers stand in its place */
static void constants(struct pool *p, bool dynamic)
{
	char deep[257] = { 0 };

	memset(deep, '[', 255);
	deep[255] = 'I';
	ck_assert_uint_eq(pool_class(p, "p/T"), P_THIS);
	ck_assert_uint_eq(pool_class(p, "java/lang/Object"), P_OBJECT);
	ck_assert_uint_eq(pool_class(p, "java/lang/String"), P_STRING);
	ck_assert_uint_eq(pool_class(p, "java/lang/Throwable"), P_THROWABLE);
	ck_assert_uint_eq(pool_class(p, "[I"), P_ARRAY);
	ck_assert_uint_eq(pool_class(p, deep), P_DEEP);
	ck_assert_uint_eq(pool_class(p, "p/Face"), P_FACE);
	ck_assert_uint_eq(pair(p, "<init>", "()V"), P_INIT);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_METHODREF, P_OBJECT, P_INIT), P_OBJECT_INIT);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_METHODREF, P_THIS, P_INIT), P_THIS_INIT);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_METHODREF, P_STRING, P_INIT), P_STRING_INIT);
	ck_assert_uint_eq(pair(p, "g", "(I)V"), P_G);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_METHODREF, P_THIS, P_G), P_CALL);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_INTERFACE_METHODREF, P_FACE, P_G), P_FACE_CALL);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_METHODREF, P_ARRAY, P_G), P_ARRAY_CALL);
	ck_assert_uint_eq(pair(p, "v", "I"), P_V);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_FIELDREF, P_THIS, P_V), P_FIELD);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_FIELDREF, P_ARRAY, P_V), P_ARRAY_FIELD);
	ck_assert_uint_eq(dynamic ? pool_two(p, CLASSFILE_INVOKE_DYNAMIC, 0, P_G) : integer(p), P_DYNAMIC);
	ck_assert_uint_eq(pair(p, "clone", "()Ljava/lang/Object;"), P_CLONE);
	ck_assert_uint_eq(pool_two(p, CLASSFILE_METHODREF, P_OBJECT, P_CLONE), P_OBJECT_CLONE);
	ck_assert_uint_eq(integer(p), P_INT);
	u1(&p->octets, CLASSFILE_LONG);
	u4(&p->octets, 0);
	u4(&p->octets, 7);
	p->next += 2;
	if (dynamic) {
		u1(&p->octets, CLASSFILE_METHOD_HANDLE);
		u1(&p->octets, CLASSFILE_REF_INVOKE_STATIC);
		u2(&p->octets, P_CALL);
		p->next++;
	} else {
		integer(p);
	}
	ck_assert_uint_eq(p->next, P_END);
}

static void attribute(struct keel_buffer *b, unsigned name, struct octets content)
{
	if (!content.data)
		return;
	u2(b, name);
	u4(b, content.len);
	keel_buffer_append(b, content.data, content.len);
}

static void method(struct keel_buffer *b, const struct program *program, const unsigned *names)
{
	const unsigned n = !!program->frames.data + !!program->variables.data;

	u2(b, program->access);
	u2(b, names[0]);
	u2(b, names[1]);
	u2(b, 1);
	u2(b, names[2]);
	u4(b, 12 + program->code.len + program->handlers.len + (program->frames.data ? 6 : 0) + program->frames.len +
		      (program->variables.data ? 6 : 0) + program->variables.len);
	u2(b, program->stack);
	u2(b, program->locals);
	u4(b, program->code.len);
	keel_buffer_append(b, program->code.data, program->code.len);
	u2(b, program->handlers.len / 8);
	keel_buffer_append(b, program->handlers.data, program->handlers.len);
	u2(b, n);
	attribute(b, names[3], program->frames);
	attribute(b, names[4], program->variables);
}

const struct classfile *program_class(const struct program *program, struct keel_arena *arena)
{
	struct classfile *c = keel_arena_take(arena, sizeof(*c));
	unsigned names[6];
	struct keel_buffer b;
	struct pool p;
	void *octets;

	keel_buffer_init(&b, 0);
	pool_init(&p);
	constants(&p, !program->major || program->major > 50);
	names[0] = pool_utf8(&p, program->name ?: "f");
	names[1] = pool_utf8(&p, program->descriptor ?: "()V");
	names[2] = pool_utf8(&p, "Code");
	names[3] = pool_utf8(&p, "StackMapTable");
	names[4] = pool_utf8(&p, "LocalVariableTable");
	names[5] = pool_utf8(&p, "BootstrapMethods");
	begin_class(&b, program->major ?: 61, &p);
	u2(&b, CLASSFILE_PUBLIC | CLASSFILE_SUPER);
	u2(&b, P_THIS);
	u2(&b, P_OBJECT);
	u2(&b, 0);
	u2(&b, 1); /* the field v */
	u2(&b, 0);
	u2(&b, P_V - 2);
	u2(&b, P_V - 1);
	u2(&b, 0);
	u2(&b, 1);
	method(&b, program, names);
	u2(&b, 1);
	attribute(&b, names[5], OCTETS("\0\1\0\x28\0\0"));
	octets = keel_arena_take(arena, b.len);
	ck_assert(c && octets);
	memcpy(octets, b.data, b.len);
	ck_assert_int_eq(classfile_parse(octets, b.len, arena, c, NULL), CLASSFILE_REASON_NONE);
	keel_buffer_free(&b);
	keel_buffer_free(&p.octets);
	return c;
}

struct verify_verdict program_judge(const struct program *program, struct keel_arena *arena, int axiom)
{
	struct verify_options options = { 0 };
	struct verify_verdict verdict;

	if (axiom >= 0)
		options.disabled[axiom / 64] = 1ull << axiom % 64;
	ck_assert_int_eq(verify_class(program_class(program, arena), &options, arena, &verdict), VERIFY_REASON_NONE);
	return verdict;
}
