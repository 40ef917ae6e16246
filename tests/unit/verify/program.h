/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A class with one method whose code, frames and tables are given as octets; its constants have fixed indices. */
#ifndef TESTS_UNIT_VERIFY_PROGRAM_H
#define TESTS_UNIT_VERIFY_PROGRAM_H

#include "jvm-broker/verify/verify.h"

/* clang-format off */
/* Constants by index: what stands there, for code that is written in octets */
enum {
	P_THIS = 2,      /* Class p/T */
	P_OBJECT = 4,    /* Class java/lang/Object */
	P_STRING = 6,    /* Class java/lang/String */
	P_THROWABLE = 8, /* Class java/lang/Throwable */
	P_ARRAY = 10,    /* Class [I */
	P_DEEP = 12,     /* Class of 255 dimensions */
	P_FACE = 14,     /* Class p/Face, which p/T does not name */
	P_INIT = 17,     /* NameAndType <init> ()V */
	P_OBJECT_INIT,   /* Methodref java/lang/Object <init> ()V */
	P_THIS_INIT,     /* Methodref p/T <init> ()V */
	P_STRING_INIT,   /* Methodref java/lang/String <init> ()V */
	P_G = 23,        /* NameAndType g (I)V */
	P_CALL,          /* Methodref p/T g (I)V */
	P_FACE_CALL,     /* InterfaceMethodref p/Face g (I)V */
	P_ARRAY_CALL,    /* Methodref [I g (I)V */
	P_V = 29,        /* NameAndType v I */
	P_FIELD,         /* Fieldref p/T v I */
	P_ARRAY_FIELD,   /* Fieldref [I v I */
	P_DYNAMIC,       /* InvokeDynamic 0 g (I)V */
	P_CLONE = 35,    /* NameAndType clone ()Ljava/lang/Object; */
	P_OBJECT_CLONE,  /* Methodref java/lang/Object clone ()Ljava/lang/Object; */
	P_INT,           /* Integer 7 */
	P_LONG,          /* Long 7, and the slot behind it */
	P_HANDLE = 40,   /* MethodHandle REF_invokeStatic p/T g (I)V: of the one bootstrap method */
	P_END,
};
/* clang-format on */

struct octets {
	const char *data;
	unsigned len;
};
#define OCTETS(text) ((struct octets){ (text), sizeof(text) - 1 })

struct program {
	unsigned major; /* 0: 61 */
	unsigned access;
	const char *name, *descriptor; /* of the method; NULL: f ()V */
	unsigned stack, locals;
	struct octets code;
	struct octets frames;    /* content of a StackMapTable; data NULL: none */
	struct octets handlers;  /* rows of the exception table */
	struct octets variables; /* content of a LocalVariableTable; data NULL: none */
};

/* The class, in the arena */
const struct classfile *program_class(const struct program *program, struct keel_arena *arena);
/* And the verdict on it; axiom: one not to report, or -1 */
struct verify_verdict program_judge(const struct program *program, struct keel_arena *arena, int axiom);

#endif
