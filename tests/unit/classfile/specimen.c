// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/classfile/specimen.h"

#include <stdlib.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/classfile/write.h"
#include "tests/unit/classfile/octets.h"

static struct classfile_pool pool;
static struct keel_buffer *b; /* where octets go */

static unsigned utf8(const char *text)
{
	return classfile_pool_utf8(&pool, text, strlen(text));
}

static unsigned class(const char *name)
{
	return classfile_pool_named(&pool, CLASSFILE_CLASS, name);
}

/* An attribute's head; end() sets its length. */
static size_t begin(const char *name)
{
	u2(b, utf8(name));
	u4(b, 0);
	return b->len;
}

static void end(size_t from)
{
	const uint32_t n = (uint32_t)(b->len - from);

	for (int i = 0; i < 4; i++)
		b->data[from - 4 + (size_t)i] = (uint8_t)(n >> (24 - 8 * i));
}

/* An attribute of n cells of two octets */
static void cells(const char *name, unsigned n, const unsigned *values)
{
	const size_t at = begin(name);

	for (unsigned i = 0; i < n; i++)
		u2(b, values[i]);
	end(at);
}

#define CELLS(name, ...) \
	cells(name, sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned), (const unsigned[]){ __VA_ARGS__ })

/* ---- annotations ---------------------------------------------------------------------------------------------------------------- */

static void element(unsigned tag, unsigned index)
{
	u1(b, tag);
	u2(b, index);
}

/* Every kind of element value: an annotation with an array of all, and in it an annotation */
static void annotation(unsigned depth)
{
	u2(b, utf8("La/Note;"));
	u2(b, 1);
	u2(b, utf8("value"));
	u1(b, '[');
	u2(b, depth ? 14 : 13);
	for (const char *tag = "BCISZ"; *tag; tag++)
		element((unsigned)*tag, classfile_pool_value32(&pool, CLASSFILE_INTEGER, 42));
	element('D', classfile_pool_value64(&pool, CLASSFILE_DOUBLE, 0x3ff0000000000000));
	element('F', classfile_pool_value32(&pool, CLASSFILE_FLOAT, 0x3f800000));
	element('J', classfile_pool_value64(&pool, CLASSFILE_LONG, 0x0123456789abcdef));
	element('s', utf8("text"));
	element('c', utf8("V"));
	element('e', utf8("La/Colour;"));
	u2(b, utf8("RED"));
	u1(b, '[');
	u2(b, 0);
	u1(b, '[');
	u2(b, 1);
	element('s', utf8("deep"));
	if (depth) {
		u1(b, '@');
		annotation(depth - 1);
	}
}

static void annotations(const char *name)
{
	const size_t at = begin(name);

	u2(b, 2);
	annotation(1);
	annotation(0);
	end(at);
}

static void parameter_annotations(const char *name)
{
	const size_t at = begin(name);

	u1(b, 2);
	u2(b, 0);
	u2(b, 1);
	annotation(0);
	end(at);
}

static void type_annotations(const char *name)
{
	static const struct {
		const char *octets;
		unsigned n;
	} targets[] = {
		{ "\x00\1", 2 },
		{ "\x01\1", 2 },
		{ "\x10\0\1", 3 },
		{ "\x11\0\1", 3 },
		{ "\x12\0\1", 3 },
		{ "\x13", 1 },
		{ "\x14", 1 },
		{ "\x15", 1 },
		{ "\x16\0", 2 },
		{ "\x17\0\0", 3 },
		{ "\x40\0\1\0\0\0\1\0\1", 9 },
		{ "\x41\0\0", 3 },
		{ "\x42\0\0", 3 },
		{ "\x43\0\0", 3 },
		{ "\x44\0\0", 3 },
		{ "\x45\0\0", 3 },
		{ "\x46\0\0", 3 },
		{ "\x47\0\0\0", 4 },
		{ "\x48\0\0\0", 4 },
		{ "\x49\0\0\0", 4 },
		{ "\x4a\0\0\0", 4 },
		{ "\x4b\0\0\0", 4 },
	};
	const unsigned n = sizeof(targets) / sizeof(targets[0]);
	const size_t at = begin(name);

	u2(b, n);
	for (unsigned i = 0; i < n; i++) {
		keel_buffer_append(b, targets[i].octets, targets[i].n);
		u1(b, i % 3);
		for (unsigned k = 0; k < i % 3; k++)
			u1(b, 3), u1(b, k);
		u2(b, utf8("La/Note;"));
		u2(b, 0);
	}
	end(at);
}

/* ---- code ------------------------------------------------------------------------------------------------------------------------- */

/* Index for an instruction that takes one */
static unsigned operand(unsigned opcode)
{
	switch (opcode) {
	case CLASSFILE_OP_LDC2_W:
		return classfile_pool_value64(&pool, CLASSFILE_LONG, 7);
	case CLASSFILE_OP_LDC:
	case CLASSFILE_OP_LDC_W:
		return classfile_pool_named(&pool, CLASSFILE_STRING, "text");
	case CLASSFILE_OP_GETSTATIC:
	case CLASSFILE_OP_PUTSTATIC:
	case CLASSFILE_OP_GETFIELD:
	case CLASSFILE_OP_PUTFIELD:
		return classfile_pool_member(&pool, CLASSFILE_FIELDREF, "a/B", "field", "I");
	case CLASSFILE_OP_INVOKEINTERFACE:
		return classfile_pool_member(&pool, CLASSFILE_INTERFACE_METHODREF, "a/I", "run", "()V");
	case CLASSFILE_OP_INVOKEDYNAMIC:
		return classfile_pool_entry(&pool, CLASSFILE_INVOKE_DYNAMIC, 0,
					    classfile_pool_name_and_type(&pool, "run", "()V"));
	case CLASSFILE_OP_INVOKEVIRTUAL:
	case CLASSFILE_OP_INVOKESPECIAL:
	case CLASSFILE_OP_INVOKESTATIC:
		return classfile_pool_member(&pool, CLASSFILE_METHODREF, "a/B", "run", "()V");
	default:
		return class("a/B");
	}
}

static void switch_instruction(struct keel_buffer *code, unsigned opcode)
{
	u1(code, opcode);
	while (code->len % 4)
		u1(code, 0);
	u4(code, 0);
	if (opcode == CLASSFILE_OP_TABLESWITCH)
		u4(code, (uint32_t)-1), u4(code, 1), u4(code, 0), u4(code, 0), u4(code, 0);
	else
		u4(code, 2), u4(code, 0x80000000), u4(code, 0), u4(code, 5), u4(code, 0);
}

/* Every instruction once, each local instruction also wide */
static void instructions(struct keel_buffer *code)
{
	for (unsigned op = 0; op < CLASSFILE_OPCODES_N; op++) {
		const unsigned layout = classfile_opcode_operands[op];

		if (op == CLASSFILE_OP_WIDE)
			continue;
		if (layout == CLASSFILE_OPERANDS_TABLESWITCH || layout == CLASSFILE_OPERANDS_LOOKUPSWITCH) {
			switch_instruction(code, op);
			continue;
		}
		u1(code, op);
		switch (layout) {
		case CLASSFILE_OPERANDS_LDC:
			u1(code, operand(op));
			break;
		case CLASSFILE_OPERANDS_CONSTANT:
			u2(code, operand(op));
			break;
		case CLASSFILE_OPERANDS_INTERFACE:
			u2(code, operand(op)), u1(code, 1), u1(code, 0);
			break;
		case CLASSFILE_OPERANDS_INVOKEDYNAMIC:
			u2(code, operand(op)), u2(code, 0);
			break;
		case CLASSFILE_OPERANDS_MULTIARRAY:
			u2(code, operand(op)), u1(code, 2);
			break;
		case CLASSFILE_OPERANDS_ARRAY:
			u1(code, 10);
			break;
		default:
			for (unsigned n = 1; n < classfile_opcode_length[op]; n++)
				u1(code, 0);
		}
		if (layout == CLASSFILE_OPERANDS_LOCAL || layout == CLASSFILE_OPERANDS_INCREMENT) {
			u1(code, CLASSFILE_OP_WIDE), u1(code, op), u2(code, 0x101);
			if (layout == CLASSFILE_OPERANDS_INCREMENT)
				u2(code, 0xffff);
		}
	}
}

static void frames(void)
{
	const size_t at = begin("StackMapTable");
	const unsigned object = class("java/lang/Object");

	u2(b, 12);
	u1(b, 0), u1(b, 63);
	u1(b, 64), u1(b, CLASSFILE_FRAME_INTEGER);
	u1(b, 127), u1(b, CLASSFILE_FRAME_OBJECT), u2(b, object);
	u1(b, 247), u2(b, 9), u1(b, CLASSFILE_FRAME_UNINITIALIZED), u2(b, 3);
	u1(b, 248), u2(b, 1);
	u1(b, 250), u2(b, 1);
	u1(b, 251), u2(b, 300);
	u1(b, 252), u2(b, 1), u1(b, CLASSFILE_FRAME_LONG);
	u1(b, 254), u2(b, 1), u1(b, CLASSFILE_FRAME_DOUBLE), u1(b, CLASSFILE_FRAME_NULL), u1(b, CLASSFILE_FRAME_TOP);
	u1(b, 255), u2(b, 1), u2(b, 2), u1(b, CLASSFILE_FRAME_UNINITIALIZED_THIS), u1(b, CLASSFILE_FRAME_OBJECT),
		u2(b, object);
	u2(b, 2), u1(b, CLASSFILE_FRAME_FLOAT), u1(b, CLASSFILE_FRAME_UNINITIALIZED), u2(b, 0);
	u1(b, 255), u2(b, 1), u2(b, 0), u2(b, 0);
	end(at);
}

static void code(void)
{
	const size_t at = begin("Code");
	struct keel_buffer octets;

	keel_buffer_init(&octets, 0);
	instructions(&octets);
	u2(b, 9), u2(b, 300);
	u4(b, (uint32_t)octets.len);
	keel_buffer_append(b, octets.data, octets.len);
	keel_buffer_free(&octets);
	u2(b, 2);
	u2(b, 0), u2(b, 4), u2(b, 5), u2(b, class("java/lang/Throwable"));
	u2(b, 1), u2(b, 2), u2(b, 3), u2(b, 0);
	u2(b, 7);
	frames();
	CELLS("LineNumberTable", 2, 0, 10, 4, 11);
	CELLS("LocalVariableTable", 1, 0, 9, utf8("x"), utf8("I"), 1);
	CELLS("LocalVariableTypeTable", 1, 0, 9, utf8("y"), utf8("TT;"), 2);
	type_annotations("RuntimeVisibleTypeAnnotations");
	type_annotations("RuntimeInvisibleTypeAnnotations");
	CELLS("com.example.InCode", 1, 2);
	end(at);
}

/* ---- members ---------------------------------------------------------------------------------------------------------------------- */

static void fields(void)
{
	u2(b, 2);
	u2(b, CLASSFILE_STATIC | CLASSFILE_FINAL), u2(b, utf8("field")), u2(b, utf8("I")), u2(b, 6);
	CELLS("ConstantValue", classfile_pool_value32(&pool, CLASSFILE_INTEGER, 42));
	CELLS("Signature", utf8("TT;"));
	annotations("RuntimeVisibleAnnotations");
	annotations("RuntimeInvisibleAnnotations");
	end(begin("Deprecated"));
	CELLS("Code", 1); /* which no field has */
	u2(b, 0), u2(b, utf8("other")), u2(b, utf8("J")), u2(b, 1);
	type_annotations("RuntimeVisibleTypeAnnotations");
}

static void method_default(void)
{
	const size_t at = begin("AnnotationDefault");

	element('s', utf8("text"));
	end(at);
}

static void methods(void)
{
	size_t at;

	u2(b, 2);
	u2(b, CLASSFILE_PUBLIC), u2(b, utf8("run")), u2(b, utf8("()V")), u2(b, 7);
	code();
	CELLS("Exceptions", 2, class("java/lang/Exception"), class("java/lang/Error"));
	parameter_annotations("RuntimeVisibleParameterAnnotations");
	parameter_annotations("RuntimeInvisibleParameterAnnotations");
	method_default();
	at = begin("MethodParameters");
	u1(b, 2), u2(b, utf8("x")), u2(b, CLASSFILE_FINAL), u2(b, 0), u2(b, CLASSFILE_MANDATED);
	end(at);
	end(begin("Synthetic"));
	u2(b, CLASSFILE_PUBLIC | CLASSFILE_ABSTRACT), u2(b, utf8("none")), u2(b, utf8("()V")), u2(b, 0);
}

static void record(void)
{
	const size_t at = begin("Record");

	u2(b, 2);
	u2(b, utf8("x")), u2(b, utf8("I")), u2(b, 2);
	CELLS("Signature", utf8("TT;"));
	annotations("RuntimeVisibleAnnotations");
	u2(b, utf8("y")), u2(b, utf8("J")), u2(b, 0);
	end(at);
}

static void class_attributes(void)
{
	const unsigned method = classfile_pool_member(&pool, CLASSFILE_METHODREF, "a/B", "run", "()V");
	const unsigned handle = classfile_pool_method_handle(&pool, CLASSFILE_REF_INVOKE_STATIC, (uint16_t)method);
	const unsigned type = classfile_pool_named(&pool, CLASSFILE_METHOD_TYPE, "()V");
	const unsigned dynamic =
		classfile_pool_entry(&pool, CLASSFILE_DYNAMIC, 1, classfile_pool_name_and_type(&pool, "constant", "I"));
	size_t at;

	u2(b, 11);
	CELLS("SourceFile", utf8("B.java"));
	CELLS("InnerClasses", 2, class("a/B$C"), class("a/B"), utf8("C"), 1, class("a/B$1"), 0, 0, 0);
	CELLS("EnclosingMethod", class("a/A"), classfile_pool_name_and_type(&pool, "run", "()V"));
	CELLS("BootstrapMethods", 2, handle, 0, handle, 3, type, handle, dynamic);
	CELLS("NestHost", class("a/A"));
	CELLS("NestMembers", 2, class("a/B$C"), class("a/B$1"));
	CELLS("PermittedSubclasses", 1, class("a/D"));
	record();
	at = begin("SourceDebugExtension");
	keel_buffer_puts(b, "SMAP\nanything");
	end(at);
	at = begin("com.example.Unknown");
	keel_buffer_puts(b, "xyz");
	end(at);
	end(begin("com.example.Empty"));
}

/* ---- whole classes ------------------------------------------------------------------------------------------------------------------ */

/* The pool is known when all else has been written. */
static void assemble(struct keel_buffer *out, unsigned major, void (*body)(void))
{
	struct keel_arena arena;
	struct keel_buffer octets;

	keel_arena_init(&arena, 0);
	keel_buffer_init(&octets, 0);
	b = &octets;
	if (classfile_pool_init(&pool, &arena, NULL))
		abort();
	/* the first entry is Class 2, and an ldc finds its text below 256 */
	operand(CLASSFILE_OP_LDC);
	body();
	u4(out, CLASSFILE_MAGIC);
	u4(out, major);
	if (classfile_pool_write(&pool, out))
		abort();
	keel_buffer_append(out, octets.data, octets.len);
	keel_buffer_free(&octets);
	classfile_pool_free(&pool);
	keel_arena_free(&arena);
}

static void class_body(void)
{
	u2(b, CLASSFILE_PUBLIC | CLASSFILE_SUPER);
	u2(b, class("a/B"));
	u2(b, class("java/lang/Object"));
	u2(b, 2), u2(b, class("java/lang/Runnable")), u2(b, class("a/I"));
	fields();
	methods();
	class_attributes();
}

static void module_body(void)
{
	const unsigned base = classfile_pool_named(&pool, CLASSFILE_MODULE, "java.base");
	const unsigned mine = classfile_pool_named(&pool, CLASSFILE_MODULE, "a.module");
	const unsigned package = classfile_pool_named(&pool, CLASSFILE_PACKAGE, "a");
	size_t at;

	u2(b, CLASSFILE_MODULE_FLAG);
	u2(b, class("module-info"));
	u4(b, 0); /* no superclass, no interfaces */
	u4(b, 0); /* no fields, no methods */
	u2(b, 6);
	CELLS("Module", mine, 0x20, utf8("1.0"), 1, base, CLASSFILE_MANDATED, 0, 2, package, 0, 1, base, package, 0, 0,
	      1, package, 0, 1, base, 1, class("a/I"), 1, class("a/I"), 1, class("a/B"));
	CELLS("ModulePackages", 1, package);
	CELLS("ModuleMainClass", class("a/B"));
	CELLS("ModuleTarget", utf8("linux-amd64"));
	CELLS("ModuleResolution", 1);
	at = begin("ModuleHashes");
	u2(b, utf8("SHA-256")), u2(b, 1), u2(b, base), u2(b, 5);
	keel_buffer_puts(b, "hash!");
	end(at);
}

void specimen_class(struct keel_buffer *out, unsigned major)
{
	assemble(out, major, class_body);
}

void specimen_module(struct keel_buffer *out, unsigned major)
{
	assemble(out, major, module_body);
}
