// SPDX-License-Identifier: GPL-2.0-or-later
/* Instructions, operand by operand */
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/classfile/walker.h"

/* What the index of an instruction must lead to (JVMS 4.9.1) */
static uint32_t expected(unsigned opcode)
{
	switch (opcode) {
	case CLASSFILE_OP_LDC:
	case CLASSFILE_OP_LDC_W:
		return LOADABLE_1;
	case CLASSFILE_OP_LDC2_W:
		return LOADABLE_2;
	case CLASSFILE_OP_GETSTATIC:
	case CLASSFILE_OP_PUTSTATIC:
	case CLASSFILE_OP_GETFIELD:
	case CLASSFILE_OP_PUTFIELD:
		return ONE(FIELDREF);
	case CLASSFILE_OP_INVOKEVIRTUAL:
		return ONE(METHODREF);
	case CLASSFILE_OP_INVOKESPECIAL:
	case CLASSFILE_OP_INVOKESTATIC:
		return ANY_METHOD;
	case CLASSFILE_OP_INVOKEINTERFACE:
		return ONE(INTERFACE_METHODREF);
	case CLASSFILE_OP_INVOKEDYNAMIC:
		return ONE(INVOKE_DYNAMIC);
	default:
		return ONE(CLASS);
	}
}

static void walk_switch(struct walker *w, uint32_t start)
{
	const uint32_t pc = w->at - 1 - start;
	struct classfile_switch s;

	classfile_switch_read(w->c->data + start, pc, &s);
	walk_octets(w, "padding", classfile_switch_at(pc) - pc - 1);
	walk_read(w, "default", CLASSFILE_IS_BRANCH, 4, 0);
	if (s.lookup) {
		walk_count(w, "npairs", 4);
	} else {
		walk_read(w, "low", CLASSFILE_IS_SIGNED, 4, 0);
		walk_read(w, "high", CLASSFILE_IS_SIGNED, 4, 0);
	}
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.lookup)
			walk_read(w, "match", CLASSFILE_IS_SIGNED, 4, 0);
		walk_read(w, "offset", CLASSFILE_IS_BRANCH, 4, 0);
	}
}

static void walk_operands(struct walker *w, unsigned opcode, unsigned layout, bool wide, uint32_t start)
{
	const unsigned width = wide ? 2 : 1;

	switch (layout) {
	case CLASSFILE_OPERANDS_BYTE:
		walk_read(w, "byte", CLASSFILE_IS_SIGNED, 1, 0);
		break;
	case CLASSFILE_OPERANDS_SHORT:
		walk_read(w, "short", CLASSFILE_IS_SIGNED, 2, 0);
		break;
	case CLASSFILE_OPERANDS_LDC:
		walk_read(w, "index", CLASSFILE_IS_INDEX, 1, expected(opcode));
		break;
	case CLASSFILE_OPERANDS_CONSTANT:
		walk_index(w, "index", expected(opcode));
		break;
	case CLASSFILE_OPERANDS_LOCAL:
		walk_read(w, "index", CLASSFILE_IS_LOCAL, width, 0);
		break;
	case CLASSFILE_OPERANDS_INCREMENT:
		walk_read(w, "index", CLASSFILE_IS_LOCAL, width, 0);
		walk_read(w, "const", CLASSFILE_IS_SIGNED, width, 0);
		break;
	case CLASSFILE_OPERANDS_BRANCH:
		walk_read(w, "branch", CLASSFILE_IS_BRANCH, 2, 0);
		break;
	case CLASSFILE_OPERANDS_BRANCH_WIDE:
		walk_read(w, "branch", CLASSFILE_IS_BRANCH, 4, 0);
		break;
	case CLASSFILE_OPERANDS_TABLESWITCH:
	case CLASSFILE_OPERANDS_LOOKUPSWITCH:
		walk_switch(w, start);
		break;
	case CLASSFILE_OPERANDS_INTERFACE:
		walk_index(w, "index", expected(opcode));
		walk_number(w, "count", 1);
		walk_number(w, "0", 1);
		break;
	case CLASSFILE_OPERANDS_INVOKEDYNAMIC:
		walk_index(w, "index", expected(opcode));
		walk_number(w, "0", 2);
		break;
	case CLASSFILE_OPERANDS_ARRAY:
		walk_number(w, "atype", 1);
		break;
	case CLASSFILE_OPERANDS_MULTIARRAY:
		walk_index(w, "index", expected(opcode));
		walk_number(w, "dimensions", 1);
		break;
	}
}

void walk_code(struct walker *w, uint32_t n)
{
	const uint32_t start = w->at, after = w->end;
	const uint8_t *code = w->c->data + start;

	if (w->failed || n > w->end - w->at) {
		w->failed = true;
		return;
	}
	w->end = start + n;
	while (w->at < w->end && classfile_instruction_length(code, w->at - start, n)) {
		unsigned opcode = w->c->data[w->at];
		const bool wide = opcode == CLASSFILE_OP_WIDE;

		w->pc = w->at - start;
		if (wide)
			opcode = w->c->data[w->at + 1];
		walk_enter(w, classfile_opcode_name[opcode], w->pc);
		if (wide)
			walk_read(w, "wide", CLASSFILE_IS_OPCODE, 1, 0);
		walk_read(w, "opcode", CLASSFILE_IS_OPCODE, 1, 0);
		walk_operands(w, opcode, classfile_opcode_operands[opcode], wide, start);
		walk_leave(w);
	}
	walk_close(w);
	w->pc = 0;
	w->end = after;
}
