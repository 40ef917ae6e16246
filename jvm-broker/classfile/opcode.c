// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/classfile/opcode.h"

/* octets of an instruction by its operands */
enum {
#define X(name, octets) OCTETS_##name = (octets),
	CLASSFILE_OPERANDS(X)
#undef X
};

#define LENGTH_ROW(name, number, text, operands) [number] = OCTETS_##operands,
const uint8_t classfile_opcode_length[256] = { CLASSFILE_OPCODES(LENGTH_ROW) };

#define OPERANDS_ROW(name, number, text, operands) [number] = CLASSFILE_OPERANDS_##operands,
const uint8_t classfile_opcode_operands[256] = { CLASSFILE_OPCODES(OPERANDS_ROW)[CLASSFILE_OPCODES_N... 255] =
							 CLASSFILE_OPERANDS_ILLEGAL };

#define NAME_ROW(name, number, text, operands) [number] = text,
const char *const classfile_opcode_name[256] = { CLASSFILE_OPCODES(NAME_ROW) };

/* Of a tableswitch at pc; room: octets from the operands (after the padding) to the end of the code */
static uint32_t tableswitch_length(const uint8_t *code, uint32_t pc, uint32_t room)
{
	const uint32_t operands = classfile_switch_at(pc);
	int64_t n;

	if (room < 12)
		return 0;
	n = (int64_t)classfile_s32(code + operands + 8) - classfile_s32(code + operands + 4) + 1;
	if (n < 1 || n > (room - 12) / 4)
		return 0;
	return operands + 12 + 4 * (uint32_t)n - pc;
}

static uint32_t lookupswitch_length(const uint8_t *code, uint32_t pc, uint32_t room)
{
	const uint32_t operands = classfile_switch_at(pc);
	int32_t n;

	if (room < 8)
		return 0;
	n = classfile_s32(code + operands + 4);
	if (n < 0 || (uint32_t)n > (room - 8) / 8)
		return 0;
	return operands + 8 + 8 * (uint32_t)n - pc;
}

static uint32_t wide_length(const uint8_t *code, uint32_t pc, uint32_t len)
{
	uint32_t n;

	if (len - pc < 2)
		return 0;
	switch (classfile_opcode_operands[code[pc + 1]]) {
	case CLASSFILE_OPERANDS_LOCAL:
		n = 4;
		break;
	case CLASSFILE_OPERANDS_INCREMENT:
		n = 6;
		break;
	default:
		return 0;
	}
	return n <= len - pc ? n : 0;
}

uint32_t classfile_instruction_length_slow(const uint8_t *code, uint32_t pc, uint32_t len)
{
	const uint32_t operands = classfile_switch_at(pc);

	switch (code[pc]) {
	case CLASSFILE_OP_TABLESWITCH:
		return operands < len ? tableswitch_length(code, pc, len - operands) : 0;
	case CLASSFILE_OP_LOOKUPSWITCH:
		return operands < len ? lookupswitch_length(code, pc, len - operands) : 0;
	case CLASSFILE_OP_WIDE:
		return wide_length(code, pc, len);
	default:
		return 0;
	}
}

void classfile_switch_read(const uint8_t *code, uint32_t pc, struct classfile_switch *out)
{
	const uint8_t *at = code + classfile_switch_at(pc);
	const int32_t second = classfile_s32(at + 4);

	if (code[pc] == CLASSFILE_OP_LOOKUPSWITCH)
		*out = (struct classfile_switch){
			.target = classfile_s32(at), .n = (uint32_t)second, .rows = at + 8, .lookup = true
		};
	else
		*out = (struct classfile_switch){ .target = classfile_s32(at),
						  .low = second,
						  .n = classfile_u32(at + 8) - (uint32_t)second + 1,
						  .rows = at + 12 };
}
