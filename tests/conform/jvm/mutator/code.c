// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes of one instruction that leave its length alone. */
#include <string.h>

#include "tests/conform/jvm/mutator/mutant.h"

/* Families of one length: first and last opcode */
static const uint8_t families[][2] = {
	{ 1, 15 },    { 21, 25 },   { 26, 45 },   { 46, 53 },   { 54, 58 },   { 59, 78 },   { 79, 86 },
	{ 87, 95 },   { 96, 115 },  { 116, 119 }, { 120, 131 }, { 133, 147 }, { 148, 152 }, { 153, 158 },
	{ 159, 166 }, { 167, 168 }, { 172, 177 }, { 178, 181 }, { 182, 184 }, { 192, 193 }, { 198, 199 },
};

static void replace(struct mutant *m, const struct site *site, uint32_t pc, unsigned opcode)
{
	mutant_say_place(m, site, pc);
	mutant_say(m, "%s -> %s", classfile_opcode_name[site->code.octets[pc]],
		   classfile_opcode_name[opcode] ?: "illegal");
	mutant_u8(m, site->at + pc, opcode);
}

static const uint8_t *family_of(unsigned opcode)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (opcode >= families[i][0] && opcode <= families[i][1])
			return families[i];
	return NULL;
}

static bool has_kin(unsigned opcode)
{
	return family_of(opcode);
}

bool change_kin(struct mutant *m)
{
	const struct site *site;
	const uint8_t *family;
	uint32_t pc, other;

	if (!mutant_instruction_of(m, has_kin, &site, &pc))
		return false;
	family = family_of(site->code.octets[pc]);
	other = family[0] + mutant_below(m, family[1] - family[0]);
	replace(m, site, pc, other + (other >= site->code.octets[pc]));
	return true;
}

bool change_opcode(struct mutant *m)
{
	const struct site *site;
	uint32_t number, pc, opcode, other;

	if (!mutant_instruction(m, &site, &number))
		return false;
	pc = site->pcs[number];
	opcode = site->code.octets[pc];
	for (int tries = 0; tries < 1000; tries++) {
		other = mutant_below(m, CLASSFILE_OPCODES_N);
		if (other != opcode && classfile_opcode_length[opcode] &&
		    classfile_opcode_length[other] == classfile_opcode_length[opcode]) {
			replace(m, site, pc, other);
			return true;
		}
	}
	return false;
}

bool change_octet(struct mutant *m)
{
	const struct site *site;
	uint32_t number;

	if (!mutant_instruction(m, &site, &number))
		return false;
	replace(m, site, site->pcs[number], mutant_below(m, 256));
	return true;
}

bool change_nop(struct mutant *m)
{
	const struct site *site;
	uint32_t number, pc, length;

	if (!mutant_instruction(m, &site, &number))
		return false;
	pc = site->pcs[number];
	length = classfile_instruction_length(site->code.octets, pc, site->code.len);
	mutant_say_place(m, site, pc);
	mutant_say(m, "%s -> nop", classfile_opcode_name[site->code.octets[pc]]);
	memset(m->bytes + site->at + pc, CLASSFILE_OP_NOP, length);
	return true;
}

static bool has_local(unsigned opcode)
{
	return classfile_opcode_operands[opcode] == CLASSFILE_OPERANDS_LOCAL ||
	       classfile_opcode_operands[opcode] == CLASSFILE_OPERANDS_INCREMENT ||
	       (opcode >= CLASSFILE_OP_ILOAD_0 && opcode <= CLASSFILE_OP_ALOAD_3) ||
	       (opcode >= CLASSFILE_OP_ISTORE_0 && opcode <= CLASSFILE_OP_ASTORE_3);
}

bool change_local(struct mutant *m)
{
	const struct site *site;
	uint32_t pc, opcode, local;

	if (!mutant_instruction_of(m, has_local, &site, &pc))
		return false;
	opcode = site->code.octets[pc];
	if (classfile_opcode_operands[opcode] == CLASSFILE_OPERANDS_NONE) {
		uint32_t first = opcode >= CLASSFILE_OP_ISTORE_0 ? CLASSFILE_OP_ISTORE_0 : CLASSFILE_OP_ILOAD_0;

		local = (opcode - first) % 4;
		replace(m, site, pc, opcode - local + (local + 1 + mutant_below(m, 3)) % 4);
		return true;
	}
	local = mutant_below(m, 16) ? mutant_below(m, site->code.max_locals + 2u) : mutant_below(m, 256);
	mutant_say_place(m, site, pc);
	mutant_say(m, "%s %u -> %u", classfile_opcode_name[opcode], site->code.octets[pc + 1], local);
	mutant_u8(m, site->at + pc + 1, local);
	return true;
}

static bool has_constant(unsigned opcode)
{
	switch (classfile_opcode_operands[opcode]) {
	case CLASSFILE_OPERANDS_LDC:
	case CLASSFILE_OPERANDS_CONSTANT:
	case CLASSFILE_OPERANDS_INTERFACE:
	case CLASSFILE_OPERANDS_INVOKEDYNAMIC:
	case CLASSFILE_OPERANDS_MULTIARRAY:
		return true;
	}
	return false;
}

static void retarget(struct mutant *m, const struct site *site, uint32_t pc, uint32_t index)
{
	const uint8_t *at = site->code.octets + pc;
	bool narrow = classfile_opcode_operands[*at] == CLASSFILE_OPERANDS_LDC;

	mutant_say_place(m, site, pc);
	mutant_say(m, "%s #%u -> #%u", classfile_opcode_name[*at], narrow ? at[1] : classfile_u16(at + 1), index);
	if (narrow)
		mutant_u8(m, site->at + pc + 1, index);
	else
		mutant_u16(m, site->at + pc + 1, index);
}

bool change_operand(struct mutant *m)
{
	const struct site *site;
	uint32_t pc, index, other;

	if (!mutant_instruction_of(m, has_constant, &site, &pc))
		return false;
	index = classfile_opcode_operands[site->code.octets[pc]] == CLASSFILE_OPERANDS_LDC
			? site->code.octets[pc + 1]
			: classfile_u16(site->code.octets + pc + 1);
	for (int tries = 0; tries < 16; tries++) {
		other = mutant_constant(m, classfile_tag_of(m->base, index));
		if (other != index) {
			retarget(m, site, pc, other);
			return true;
		}
	}
	return false;
}

bool change_operand_kind(struct mutant *m)
{
	const struct site *site;
	uint32_t pc;

	if (!mutant_instruction_of(m, has_constant, &site, &pc))
		return false;
	retarget(m, site, pc, mutant_below(m, m->base->constants_n + 2u));
	return true;
}

static bool has_immediate(unsigned opcode)
{
	switch (classfile_opcode_operands[opcode]) {
	case CLASSFILE_OPERANDS_ARRAY:
	case CLASSFILE_OPERANDS_MULTIARRAY:
	case CLASSFILE_OPERANDS_INTERFACE:
	case CLASSFILE_OPERANDS_INVOKEDYNAMIC:
	case CLASSFILE_OPERANDS_WIDE:
		return true;
	}
	return false;
}

bool change_immediate(struct mutant *m)
{
	const struct site *site;
	uint32_t pc, at, old, value;

	if (!mutant_instruction_of(m, has_immediate, &site, &pc))
		return false;
	switch (classfile_opcode_operands[site->code.octets[pc]]) {
	case CLASSFILE_OPERANDS_ARRAY:
		at = 1;
		value = mutant_below(m, 14);
		break;
	case CLASSFILE_OPERANDS_WIDE:
		at = 1;
		value = mutant_below(m, 4) ? CLASSFILE_OP_ILOAD + mutant_below(m, 5)
					   : mutant_below(m, CLASSFILE_OPCODES_N);
		break;
	case CLASSFILE_OPERANDS_MULTIARRAY:
		at = 3;
		value = mutant_below(m, 5);
		break;
	default:
		at = 3 + mutant_below(m, 2);
		value = mutant_below(m, 5);
	}
	old = site->code.octets[pc + at];
	if (value == old)
		value++;
	mutant_say_place(m, site, pc);
	mutant_say(m, "%s, octet %u: %u -> %u", classfile_opcode_name[site->code.octets[pc]], at, old, value);
	mutant_u8(m, site->at + pc + at, value);
	return true;
}

static bool is_branch(unsigned opcode)
{
	return classfile_opcode_operands[opcode] == CLASSFILE_OPERANDS_BRANCH;
}

static void aim(struct mutant *m, const struct site *site, uint32_t pc, int32_t target)
{
	mutant_say_place(m, site, pc);
	mutant_say(m, "%s %d -> %d", classfile_opcode_name[site->code.octets[pc]],
		   (int)pc + classfile_s16(site->code.octets + pc + 1), target);
	mutant_u16(m, site->at + pc + 1, (target - (int32_t)pc) & 0xffff);
}

bool change_branch(struct mutant *m)
{
	const struct site *site;
	uint32_t pc;

	if (!mutant_instruction_of(m, is_branch, &site, &pc))
		return false;
	aim(m, site, pc, site->pcs[mutant_below(m, site->count)]);
	return true;
}

bool change_branch_astray(struct mutant *m)
{
	const struct site *site;
	uint32_t pc;
	int32_t target;

	if (!mutant_instruction_of(m, is_branch, &site, &pc))
		return false;
	switch (mutant_below(m, 3)) {
	case 0:
		target = mutant_below(m, site->code.len);
		break;
	case 1:
		target = (int32_t)site->code.len + (int32_t)mutant_below(m, 4);
		break;
	default:
		target = -1 - (int32_t)mutant_below(m, 4);
	}
	aim(m, site, pc, target);
	return true;
}

static bool is_switch(unsigned opcode)
{
	return opcode == CLASSFILE_OP_TABLESWITCH || opcode == CLASSFILE_OP_LOOKUPSWITCH;
}

bool change_switch(struct mutant *m)
{
	const struct site *site;
	struct classfile_switch rows;
	uint32_t pc, at, value;

	if (!mutant_instruction_of(m, is_switch, &site, &pc))
		return false;
	classfile_switch_read(site->code.octets, pc, &rows);
	at = classfile_switch_at(pc);
	mutant_say_place(m, site, pc);
	switch (mutant_below(m, 8)) {
	case 0: /* the padding */
		if (at == pc + 1)
			return false;
		mutant_say(m, "padding");
		mutant_u8(m, site->at + pc + 1 + mutant_below(m, at - pc - 1), 1 + mutant_below(m, 255));
		return true;
	case 1: /* low, high or npairs */
		at += 4 + 4 * (rows.lookup ? 0 : mutant_below(m, 2));
		value = classfile_u32(site->code.octets + at) + (mutant_below(m, 2) ? 1 : -1);
		mutant_say(m, "bound -> %d", (int32_t)value);
		break;
	case 2: /* keys that are out of order */
		if (!rows.lookup || rows.n < 2)
			return false;
		at = rows.rows - site->code.octets + 8 * mutant_below(m, rows.n);
		value = (uint32_t)classfile_switch_match(&rows, mutant_below(m, rows.n)) - mutant_below(m, 2);
		mutant_say(m, "key %d -> %d", classfile_s32(site->code.octets + at), (int32_t)value);
		break;
	default: /* a target */
		if (rows.n && mutant_below(m, 4))
			at = rows.rows - site->code.octets +
			     (rows.lookup ? 8 * mutant_below(m, rows.n) + 4 : 4 * mutant_below(m, rows.n));
		value = mutant_below(m, 4) ? site->pcs[mutant_below(m, site->count)]
					   : mutant_below(m, site->code.len + 2);
		mutant_say(m, "target -> %u", value);
		value -= pc;
	}
	mutant_u32(m, site->at + at, value);
	return true;
}

static bool is_new_or_special(unsigned opcode)
{
	return opcode == CLASSFILE_OP_NEW || opcode == CLASSFILE_OP_INVOKESPECIAL;
}

bool change_constructor(struct mutant *m)
{
	const struct site *site;
	uint32_t pc, index;

	if (!mutant_instruction_of(m, is_new_or_special, &site, &pc))
		return false;
	if (site->code.octets[pc] == CLASSFILE_OP_NEW) {
		index = mutant_constant(m, CLASSFILE_CLASS);
		retarget(m, site, pc, index);
		return index != classfile_u16(site->code.octets + pc + 1);
	}
	switch (mutant_below(m, 3)) {
	case 0: /* the call goes, its operands stay or one is dropped */
		mutant_say_place(m, site, pc);
		mutant_say(m, "invokespecial -> pop, or nothing");
		memset(m->bytes + site->at + pc, CLASSFILE_OP_NOP, 3);
		mutant_u8(m, site->at + pc, mutant_below(m, 2) ? CLASSFILE_OP_POP : CLASSFILE_OP_NOP);
		return true;
	case 1:
		replace(m, site, pc, CLASSFILE_OP_INVOKEVIRTUAL + 2 * mutant_below(m, 2));
		return true;
	default:
		index = mutant_constant(m, CLASSFILE_METHODREF);
		retarget(m, site, pc, index);
		return index && index != classfile_u16(site->code.octets + pc + 1);
	}
}
