// SPDX-License-Identifier: GPL-2.0-or-later
/* What the inference verifier asks of every instruction, be it reached or not (JVMS 4.9.1): operands without the stack. */
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/infer.h"

#define ONE_OF(tag) (1u << CLASSFILE_##tag)

static int check_target(struct checker *k, int64_t target)
{
	return target >= 0 && target < k->code.len && k->map[target] ? 0 : checker_fail(k, VERIFY_AXIOM_FRAME_TARGET);
}

static unsigned words_of(unsigned opcode)
{
	return opcode == CLASSFILE_OP_LLOAD || opcode == CLASSFILE_OP_DLOAD || opcode == CLASSFILE_OP_LSTORE ||
			       opcode == CLASSFILE_OP_DSTORE
		       ? 2
		       : 1;
}

unsigned infer_locals(const uint8_t *at, uint32_t *local)
{
	unsigned short_form;

	switch (*at) {
	case CLASSFILE_OP_ILOAD ... CLASSFILE_OP_ALOAD:
	case CLASSFILE_OP_ISTORE ... CLASSFILE_OP_ASTORE:
	case CLASSFILE_OP_IINC:
	case CLASSFILE_OP_RET:
		*local = at[1];
		return words_of(*at);
	case CLASSFILE_OP_WIDE:
		*local = classfile_u16(at + 2);
		return words_of(at[1]);
	case CLASSFILE_OP_ILOAD_0 ... CLASSFILE_OP_ALOAD_3:
		short_form = *at - CLASSFILE_OP_ILOAD_0;
		*local = short_form % 4;
		return words_of(CLASSFILE_OP_ILOAD + short_form / 4);
	case CLASSFILE_OP_ISTORE_0 ... CLASSFILE_OP_ASTORE_3:
		short_form = *at - CLASSFILE_OP_ISTORE_0;
		*local = short_form % 4;
		return words_of(CLASSFILE_OP_ISTORE + short_form / 4);
	default:
		return 0;
	}
}

static int check_switch(struct checker *k)
{
	struct classfile_switch s;

	for (uint32_t at = k->pc + 1; at < classfile_switch_at(k->pc); at++)
		if (k->code.octets[at])
			return checker_fail(k, VERIFY_AXIOM_SWITCH_PADDING);
	classfile_switch_read(k->code.octets, k->pc, &s);
	if (check_target(k, (int64_t)k->pc + s.target))
		return -1;
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.lookup && i && classfile_switch_match(&s, i - 1) >= classfile_switch_match(&s, i))
			return checker_fail(k, VERIFY_AXIOM_SWITCH_ORDER);
		if (check_target(k, (int64_t)k->pc + classfile_switch_target(&s, i)))
			return -1;
	}
	return 0;
}

static int check_constant(struct checker *k, uint32_t index, uint32_t tags)
{
	const unsigned tag = classfile_tag_of(k->c, index);

	if (!index || index >= k->c->constants_n)
		return checker_fail(k, VERIFY_AXIOM_POOL_INDEX);
	return tag && tags >> tag & 1 ? 0 : checker_fail(k, VERIFY_AXIOM_POOL_TAG);
}

static int check_class(struct checker *k, unsigned opcode, uint16_t index)
{
	const unsigned last = k->code.octets[k->pc + 3];
	uint32_t type;

	if (check_constant(k, index, ONE_OF(CLASS)))
		return -1;
	type = judge_class(k->judge, index);
	if (opcode == CLASSFILE_OP_NEW && !type_is_class(type))
		return checker_fail(k, VERIFY_AXIOM_NEW_CLASS);
	if (opcode == CLASSFILE_OP_ANEWARRAY && type_dimensions(type) == 255)
		return checker_fail(k, VERIFY_AXIOM_ARRAY_DIMENSIONS);
	if (opcode == CLASSFILE_OP_MULTIANEWARRAY && (!last || last > type_dimensions(type)))
		return checker_fail(k, VERIFY_AXIOM_MULTIARRAY_DIMENSIONS);
	return 0;
}

/* Of a method only a class's own, its superclass's, or one from above may be called by invokespecial: no interface's. */
static int check_special(struct checker *k, uint32_t owner)
{
	if (owner == k->judge->this_type || owner == k->judge->super_type)
		return 0;
	return judge_oblige(k->judge, VERIFY_ABOVE, TYPE_TOP, owner, 0, k->method, VERIFY_AXIOM_SPECIAL_SUPER, -1);
}

static int check_call(struct checker *k, unsigned opcode, uint16_t index)
{
	const uint32_t tags = opcode == CLASSFILE_OP_INVOKEINTERFACE ? ONE_OF(INTERFACE_METHODREF) : ONE_OF(METHODREF);
	const uint8_t *at = k->code.octets + k->pc;
	struct classfile_reference_parts parts;
	const struct signature *s;
	bool init;

	if (check_constant(k, index, tags))
		return -1;
	if (classfile_reference(k->c, index, &parts) || !parts.name.len)
		return checker_fail(k, VERIFY_AXIOM_POOL_TAG);
	init = CLASSFILE_TEXT_IS(parts.name, "<init>");
	if (init ? opcode != CLASSFILE_OP_INVOKESPECIAL : parts.name.data[0] == '<')
		return checker_fail(k, VERIFY_AXIOM_CALL_INTERNAL);
	if (!init && opcode == CLASSFILE_OP_INVOKESPECIAL && check_special(k, judge_class(k->judge, parts.owner)))
		return -1;
	s = judge_signature(k->judge, parts.descriptor_at, true);
	if (!s)
		return checker_fail(k, VERIFY_AXIOM_POOL_TAG);
	if (opcode != CLASSFILE_OP_INVOKEINTERFACE)
		return 0;
	if (at[3] != s->n + 1)
		return checker_fail(k, VERIFY_AXIOM_INTERFACE_COUNT);
	return at[4] ? checker_fail(k, VERIFY_AXIOM_INTERFACE_ZERO) : 0;
}

static int check_one(struct checker *k)
{
	const uint32_t class = k->c->major >= 49 ? ONE_OF(CLASS) : 0;
	const uint8_t *at = k->code.octets + k->pc;
	const unsigned opcode = *at;
	uint32_t local = 0;
	const unsigned words = infer_locals(at, &local);

	if (words)
		return local + words <= k->code.max_locals ? 0 : checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	switch (opcode) {
	case CLASSFILE_OP_LDC:
		return check_constant(k, at[1], ONE_OF(INTEGER) | ONE_OF(FLOAT) | ONE_OF(STRING) | class);
	case CLASSFILE_OP_LDC_W:
		return check_constant(k, classfile_u16(at + 1),
				      ONE_OF(INTEGER) | ONE_OF(FLOAT) | ONE_OF(STRING) | class);
	case CLASSFILE_OP_LDC2_W:
		return check_constant(k, classfile_u16(at + 1), ONE_OF(LONG) | ONE_OF(DOUBLE));
	case CLASSFILE_OP_JSR_W:
		k->subroutines = true;
		return check_target(k, (int64_t)k->pc + classfile_s32(at + 1));
	case CLASSFILE_OP_JSR:
		k->subroutines = true;
		return check_target(k, (int64_t)k->pc + classfile_s16(at + 1));
	case CLASSFILE_OP_IFEQ ... CLASSFILE_OP_GOTO:
	case CLASSFILE_OP_IFNULL:
	case CLASSFILE_OP_IFNONNULL:
		return check_target(k, (int64_t)k->pc + classfile_s16(at + 1));
	case CLASSFILE_OP_GOTO_W:
		return check_target(k, (int64_t)k->pc + classfile_s32(at + 1));
	case CLASSFILE_OP_TABLESWITCH:
	case CLASSFILE_OP_LOOKUPSWITCH:
		return check_switch(k);
	case CLASSFILE_OP_GETSTATIC ... CLASSFILE_OP_PUTFIELD:
		return check_constant(k, classfile_u16(at + 1), ONE_OF(FIELDREF));
	case CLASSFILE_OP_INVOKEVIRTUAL ... CLASSFILE_OP_INVOKEINTERFACE:
		return check_call(k, opcode, classfile_u16(at + 1));
	case CLASSFILE_OP_NEW:
	case CLASSFILE_OP_ANEWARRAY:
	case CLASSFILE_OP_CHECKCAST:
	case CLASSFILE_OP_INSTANCEOF:
	case CLASSFILE_OP_MULTIANEWARRAY:
		return check_class(k, opcode, classfile_u16(at + 1));
	case CLASSFILE_OP_NEWARRAY:
		return at[1] >= 4 && at[1] <= 11 ? 0 : checker_fail(k, VERIFY_AXIOM_NEWARRAY_TYPE);
	default:
		return opcode < CLASSFILE_OPCODES_N && opcode != CLASSFILE_OP_INVOKEDYNAMIC
			       ? 0
			       : checker_fail(k, VERIFY_AXIOM_INSTRUCTION);
	}
}

int infer_operands(struct checker *k)
{
	k->subroutines = false;
	for (k->pc = 0; k->pc < k->code.len; k->pc++)
		if (k->map[k->pc] && check_one(k))
			return -1;
	return 0;
}
