/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_CONFORM_JVM_MUTATOR_MUTANT_H
#define TESTS_CONFORM_JVM_MUTATOR_MUTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/classfile.h"
#include "jvm-broker/classfile/opcode.h"

/* clang-format off */
/* What may be changed.  function, name in notes and for --only, weight, what it does */
#define CHANGES(X) \
	X(change_kin,           "kin",           13, "an instruction becomes one of its family: iload_0 -> aload_0") \
	X(change_opcode,        "opcode",         5, "an instruction becomes any other of its layout") \
	X(change_octet,         "octet",          1, "an opcode becomes any octet") \
	X(change_nop,           "nop",            6, "an instruction becomes nops") \
	X(change_local,         "local",          6, "another local variable") \
	X(change_operand,       "operand",        9, "an index becomes that of another entry of the same kind") \
	X(change_operand_kind,  "operand-kind",   2, "an index becomes any, also one outside the pool") \
	X(change_immediate,     "immediate",      2, "what else follows an opcode: dimensions, types, counts, reserved zeros") \
	X(change_branch,        "branch",         5, "a branch to another instruction") \
	X(change_branch_astray, "branch-astray",  2, "a branch into an instruction or out of the code") \
	X(change_switch,        "switch",         3, "a switch's targets, keys, bounds or padding") \
	X(change_call,          "call",           9, "a call or access with another descriptor") \
	X(change_protected,     "protected",      2, "a call to Object's clone or finalize with the same receiver") \
	X(change_owner,         "owner",          6, "the same member of another class") \
	X(change_constructor,   "constructor",    4, "new and invokespecial <init> that no longer fit each other") \
	X(change_signature,     "signature",      5, "the method's own descriptor") \
	X(change_stack,         "stack",          3, "max_stack") \
	X(change_locals,        "locals",         3, "max_locals") \
	X(change_handler,       "handler",        5, "a row of the exception table") \
	X(change_frame_item,    "frame-item",     9, "a type in a frame") \
	X(change_frame_delta,   "frame-delta",    2, "where a frame stands") \
	X(change_frame_lost,    "frame-lost",     3, "a frame is missing") \
	X(change_frame_poor,    "frame-poor",     3, "a frame becomes one without locals or stack") \
	X(change_frame_table,   "frame-table",    1, "the table of frames goes by another name, or miscounts") \
	X(change_super,         "super",          2, "another superclass") \
	X(change_interface,     "interface",      1, "another interface") \
	X(change_access,        "access",         4, "a flag of the class, a field or a method") \
	X(change_name,          "name",           2, "a member's name or descriptor becomes another text") \
	X(change_constant,      "constant",       5, "what a constant refers to") \
	X(change_constant_tag,  "constant-tag",   1, "a constant becomes one of another kind") \
	X(change_text,          "text",           2, "an octet of a name or descriptor") \
	X(change_attribute,     "attribute",      1, "an attribute goes by another name, or its octets change") \
	X(change_version,       "version",        2, "another version of the format") \
	X(change_any,           "any",            2, "any octet of the file") \
	X(change_end,           "end",            1, "octets are missing at the end, or follow it")
/* clang-format on */

/* A method with code, and where its instructions begin */
struct site {
	const struct classfile_member *method;
	struct classfile_code code;
	uint32_t at; /* of code[] in the class */
	uint32_t count;
	const uint16_t *pcs;
};

/*
 * A class that becomes a mutant. bytes begin as the class's own, so that offsets of `base` hold for them until something is
 * inserted: that is each change's last step.
 */
struct mutant {
	const struct classfile *base;
	const struct site *sites; /* weighted picks are by instruction */
	uint32_t sites_n, instructions;
	uint8_t *bytes;
	size_t size, room;
	uint64_t random;
	char note[512]; /* what was changed */
};

/* ---- chance: splitmix64, so that a seed means the same everywhere */
uint64_t mutant_random(struct mutant *m);
/* less than n, n > 0 */
uint32_t mutant_below(struct mutant *m, uint32_t n);
/* an index of an entry of this tag, 0 if there is none */
uint16_t mutant_constant(struct mutant *m, enum classfile_tag tag);
/* a site and the number of one of its instructions; false if the class has no code */
bool mutant_instruction(struct mutant *m, const struct site **site, uint32_t *number);
/* the same among instructions of one layout of operands, or of those for which which() holds */
bool mutant_instruction_of(struct mutant *m, bool (*which)(unsigned opcode), const struct site **site, uint32_t *pc);

/* ---- edits; at is an offset in bytes */
void mutant_u8(struct mutant *m, size_t at, unsigned value);
void mutant_u16(struct mutant *m, size_t at, unsigned value);
void mutant_u32(struct mutant *m, size_t at, uint32_t value);
/* Replaces `gone` octets by size others and adds the difference to the u32 lengths at the offsets of `lengths`, which stand
 * before `at`; the list ends in 0. */
void mutant_splice(struct mutant *m, size_t at, size_t gone, const void *bytes, size_t size, const size_t *lengths);
/* Appends a text, a NameAndType, a reference to the pool; `index` counts on from base->constants_n. Returns the next index.
 * These only collect: mutant_append() inserts. */
struct mutant_pool {
	uint8_t bytes[4096];
	size_t size;
	uint32_t next; /* index of the next entry */
};

void mutant_pool_begin(const struct mutant *m, struct mutant_pool *pool);
/* each the entry's index, or 0 if there is no room */
uint16_t mutant_pool_utf8(struct mutant_pool *pool, const void *text, size_t len);
uint16_t mutant_pool_two(struct mutant_pool *pool, enum classfile_tag tag, unsigned a, unsigned b);
void mutant_append(struct mutant *m, const struct mutant_pool *pool);

void mutant_say(struct mutant *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "f(I)V @12: " */
void mutant_say_place(struct mutant *m, const struct site *site, uint32_t pc);

/* Each changes one thing; false if the class has nothing of the kind. */
#define X(function, name, weight, text) bool function(struct mutant *m);
CHANGES(X)
#undef X

#endif
