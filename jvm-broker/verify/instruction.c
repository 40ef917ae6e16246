// SPDX-License-Identifier: GPL-2.0-or-later
/* Instructions (JVMS 4.10.1.9), in the order of the code; those with constants are in reference.c. */
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/checker.h"

static inline unsigned operand(const struct checker *k)
{
	return k->code.octets[k->pc + 1];
}

static inline uint16_t wide_operand(const struct checker *k)
{
	return classfile_u16(k->code.octets + k->pc + 1);
}

/* ---- locals ------------------------------------------------------------------------------------------------------------------------- */

static inline int load(struct checker *k, uint32_t local, uint32_t type)
{
	if (local >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	return k->locals[local] == type ? checker_push(k, type) : checker_fail(k, VERIFY_AXIOM_LOCAL_TYPE);
}

static inline int load_2(struct checker *k, uint32_t local, uint32_t type)
{
	if (local + 1 >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	if (k->locals[local] != type || k->locals[local + 1] != type + 1)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_TYPE);
	return checker_push_2(k, type);
}

static inline int load_reference(struct checker *k, uint32_t local)
{
	if (local >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	if (!type_in(k->locals[local], TYPES_ADDRESS))
		return checker_fail(k, VERIFY_AXIOM_LOCAL_TYPE);
	return checker_push(k, k->locals[local]);
}

/* Half of a long or double that loses its other half is nothing; to the inference verifier each word is by itself, as subroutines may bring
 * the other half back. */
static inline void set(struct checker *k, uint32_t local, uint32_t n)
{
	if (!k->infers && local && type_in(k->locals[local], TYPES_SECOND))
		k->locals[local - 1] = TYPE_TOP;
	if (!k->infers && type_in(k->locals[local + n - 1], TYPES_FIRST) && local + n < k->code.max_locals)
		k->locals[local + n] = TYPE_TOP;
	if (local + n > k->locals_n)
		k->locals_n = local + n;
	k->changed = true;
}

static inline int before(struct checker *k)
{
	return k->infers ? 0 : checker_before(k);
}

static inline int store(struct checker *k, uint32_t local, uint32_t type)
{
	if (before(k) || checker_pop_1(k, type))
		return -1;
	if (local >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	if (k->locals[local] == type)
		return 0;
	set(k, local, 1);
	k->locals[local] = type;
	return 0;
}

static inline int store_2(struct checker *k, uint32_t local, uint32_t type)
{
	if (before(k) || checker_pop_2(k, type))
		return -1;
	if (local + 1 >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	set(k, local, 2);
	k->locals[local] = type;
	k->locals[local + 1] = type + 1;
	return 0;
}

static inline int store_reference(struct checker *k, uint32_t local)
{
	uint32_t type;

	if (before(k) || checker_pop_in(k, TYPES_STORED, &type))
		return -1;
	if (local >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	if (k->locals[local] == type)
		return 0;
	set(k, local, 1);
	k->locals[local] = type;
	return 0;
}

static int increment(struct checker *k, uint32_t local)
{
	if (local >= k->code.max_locals)
		return checker_fail(k, VERIFY_AXIOM_LOCAL_RANGE);
	return k->locals[local] == TYPE_INT ? 0 : checker_fail(k, VERIFY_AXIOM_LOCAL_TYPE);
}

static int load_by(struct checker *k, unsigned opcode, uint32_t local)
{
	switch (opcode) {
	case CLASSFILE_OP_ILOAD:
		return load(k, local, TYPE_INT);
	case CLASSFILE_OP_FLOAD:
		return load(k, local, TYPE_FLOAT);
	case CLASSFILE_OP_LLOAD:
		return load_2(k, local, TYPE_LONG);
	case CLASSFILE_OP_DLOAD:
		return load_2(k, local, TYPE_DOUBLE);
	default:
		return load_reference(k, local);
	}
}

static int store_by(struct checker *k, unsigned opcode, uint32_t local)
{
	switch (opcode) {
	case CLASSFILE_OP_ISTORE:
		return store(k, local, TYPE_INT);
	case CLASSFILE_OP_FSTORE:
		return store(k, local, TYPE_FLOAT);
	case CLASSFILE_OP_LSTORE:
		return store_2(k, local, TYPE_LONG);
	case CLASSFILE_OP_DSTORE:
		return store_2(k, local, TYPE_DOUBLE);
	default:
		return store_reference(k, local);
	}
}

static int wide(struct checker *k)
{
	const unsigned opcode = k->code.octets[k->pc + 1];
	const uint32_t local = classfile_u16(k->code.octets + k->pc + 2);

	if (opcode == CLASSFILE_OP_IINC)
		return increment(k, local);
	if (opcode >= CLASSFILE_OP_ILOAD && opcode <= CLASSFILE_OP_ALOAD)
		return load_by(k, opcode, local);
	if (opcode >= CLASSFILE_OP_ISTORE && opcode <= CLASSFILE_OP_ASTORE)
		return store_by(k, opcode, local);
	return k->infers ? subroutine_return(k, local) : checker_fail(k, VERIFY_AXIOM_SUBROUTINE);
}

/* ---- arrays ------------------------------------------------------------------------------------------------------------------------- */

/* Pops an array of primitives; other: a second kind that will do. */
static int pop_array(struct checker *k, uint32_t name, uint32_t other)
{
	uint32_t type;

	if (checker_pop_in(k, TYPES_ADDRESS, &type))
		return -1;
	if (type == TYPE_NULL || type == TYPE_ARRAY(name, 1) || type == TYPE_ARRAY(other, 1))
		return 0;
	return checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
}

static int pop_reference_array(struct checker *k, uint32_t *component)
{
	uint32_t type;

	if (checker_pop_in(k, TYPES_ADDRESS, &type))
		return -1;
	*component = TYPE_NULL;
	if (type == TYPE_NULL)
		return 0;
	if (!type_is_reference_array(type))
		return checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
	*component = type - TYPE_DIMENSION;
	return 0;
}

static const struct {
	uint8_t name, other, type;
} elements[8] = { /* in the order of iaload, laload ... saload */
		  { NAME_INT, NAME_INT, TYPE_INT },        { NAME_LONG, NAME_LONG, TYPE_LONG },
		  { NAME_FLOAT, NAME_FLOAT, TYPE_FLOAT },  { NAME_DOUBLE, NAME_DOUBLE, TYPE_DOUBLE },
		  { NAME_OBJECT, NAME_OBJECT, TYPE_NULL }, { NAME_BYTE, NAME_BOOLEAN, TYPE_INT },
		  { NAME_CHAR, NAME_CHAR, TYPE_INT },      { NAME_SHORT, NAME_SHORT, TYPE_INT }
};

static int load_element(struct checker *k, unsigned opcode)
{
	const unsigned i = opcode - CLASSFILE_OP_IALOAD;
	uint32_t component;

	if (checker_pop_1(k, TYPE_INT))
		return -1;
	if (opcode == CLASSFILE_OP_AALOAD)
		return pop_reference_array(k, &component) || checker_push(k, component) ? -1 : 0;
	if (pop_array(k, elements[i].name, elements[i].other))
		return -1;
	return elements[i].type == TYPE_LONG || elements[i].type == TYPE_DOUBLE ? checker_push_2(k, elements[i].type)
										: checker_push(k, elements[i].type);
}

static int store_element(struct checker *k, unsigned opcode)
{
	const unsigned i = opcode - CLASSFILE_OP_IASTORE;
	uint32_t component;

	if (opcode == CLASSFILE_OP_AASTORE) {
		if (checker_pop(k, TYPE_OBJECT, NULL) || checker_pop_1(k, TYPE_INT))
			return -1;
		return pop_reference_array(k, &component);
	}
	if (elements[i].type == TYPE_LONG || elements[i].type == TYPE_DOUBLE ? checker_pop_2(k, elements[i].type)
									     : checker_pop_1(k, elements[i].type))
		return -1;
	return checker_pop_1(k, TYPE_INT) ? -1 : pop_array(k, elements[i].name, elements[i].other);
}

/* ---- what shuffles the stack -------------------------------------------------------------------------------------------------------- */

/* Inside a subroutine that nothing may be what was not constructed when it was called. */
static bool one_word(const struct checker *k, uint32_t type)
{
	return type_in(type, TYPES_ONE_WORD) || (k->infers && type == TYPE_TOP);
}

/* n words that begin and end with whole values: not in the middle of a long or double */
static int whole(struct checker *k, uint32_t n)
{
	const uint32_t *words;

	if (k->depth < n)
		return checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW);
	words = k->stack + k->depth - n;
	for (uint32_t i = 0; i < n; i++) {
		if (one_word(k, words[i]))
			continue;
		if (!type_in(words[i], TYPES_FIRST) || i + 1 == n || !type_in(words[i + 1], TYPES_SECOND))
			return checker_fail(k, VERIFY_AXIOM_STACK_CATEGORY);
		i++;
	}
	return 0;
}

/* The upper n words again, below the m words that are below them */
static int duplicate(struct checker *k, uint32_t n, uint32_t m)
{
	uint32_t *top;

	/* each part by itself is whole; whatever is wrong, it is the same instruction that is */
	if (whole(k, n))
		return -1;
	k->depth -= n;
	if (m && whole(k, m))
		return -1;
	k->depth += n;
	if (k->depth + n > k->code.max_stack)
		return checker_fail(k, VERIFY_AXIOM_STACK_OVERFLOW);
	top = k->stack + k->depth;
	for (uint32_t i = 0; i < n + m; i++)
		top[(int32_t)n - 1 - (int32_t)i] = top[-1 - (int32_t)i];
	for (uint32_t i = 0; i < n; i++)
		top[(int32_t)i - (int32_t)(n + m)] = top[i];
	k->depth += n;
	return 0;
}

static int drop(struct checker *k, uint32_t n)
{
	if (whole(k, n))
		return -1;
	k->depth -= n;
	return 0;
}

static int swap(struct checker *k)
{
	uint32_t *top;
	uint32_t type;

	if (k->depth < 2)
		return checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW);
	top = k->stack + k->depth;
	if (!one_word(k, top[-1]) || !one_word(k, top[-2]))
		return checker_fail(k, VERIFY_AXIOM_STACK_CATEGORY);
	type = top[-1];
	top[-1] = top[-2];
	top[-2] = type;
	return 0;
}

/* ---- branches and returns ----------------------------------------------------------------------------------------------------------- */

/* kinds: the inference verifier has a null check of what is not constructed, but neither comparison nor lock */
static int pop_addresses(struct checker *k, unsigned n, unsigned kinds)
{
	uint32_t type;

	for (; n; n--)
		if (checker_pop_in(k, k->infers ? kinds : TYPES_ADDRESS, &type))
			return -1;
	return 0;
}

static int branch(struct checker *k)
{
	return checker_branch(k, (int64_t)k->pc + (int16_t)wide_operand(k));
}

static int subroutine(struct checker *k, unsigned opcode)
{
	const uint8_t *at = k->code.octets + k->pc;

	if (!k->infers)
		return checker_fail(k, VERIFY_AXIOM_SUBROUTINE);
	if (opcode == CLASSFILE_OP_RET)
		return subroutine_return(k, operand(k));
	return subroutine_call(k, (uint32_t)((int64_t)k->pc + (opcode == CLASSFILE_OP_JSR ? classfile_s16(at + 1)
											  : classfile_s32(at + 1))));
}

static int check_switch(struct checker *k)
{
	struct classfile_switch s;

	if (k->c->major < 51)
		for (uint32_t at = k->pc + 1; at < classfile_switch_at(k->pc); at++)
			if (k->code.octets[at])
				return checker_fail(k, VERIFY_AXIOM_SWITCH_PADDING);
	classfile_switch_read(k->code.octets, k->pc, &s);
	if (checker_pop_1(k, TYPE_INT))
		return -1;
	for (uint32_t i = 1; s.lookup && i < s.n; i++)
		if (classfile_switch_match(&s, i - 1) >= classfile_switch_match(&s, i))
			return checker_fail(k, VERIFY_AXIOM_SWITCH_ORDER);
	if (checker_branch(k, (int64_t)k->pc + s.target))
		return -1;
	for (uint32_t i = 0; i < s.n; i++)
		if (checker_branch(k, (int64_t)k->pc + classfile_switch_target(&s, i)))
			return -1;
	k->falls = false;
	return 0;
}

static int check_return(struct checker *k)
{
	if (k->results)
		return checker_fail(k, VERIFY_AXIOM_RETURN_VALUE);
	if (k->is_init && (k->unfinished || k->barred))
		return checker_fail(k, VERIFY_AXIOM_RETURN_THIS);
	k->falls = false;
	return 0;
}

static int return_value(struct checker *k, uint32_t type)
{
	int fits;

	if (!k->results)
		return checker_fail(k, VERIFY_AXIOM_RETURN_VOID);
	fits = checker_assign(k, k->result[0], type, VERIFY_AXIOM_RETURN_TYPE);
	if (fits <= 0)
		return fits ? -1 : checker_fail(k, VERIFY_AXIOM_RETURN_TYPE);
	k->falls = false;
	return 0;
}

static int array_length(struct checker *k)
{
	uint32_t type;

	if (checker_pop_in(k, TYPES_ADDRESS, &type))
		return -1;
	if (type != TYPE_NULL && !type_is_array(type))
		return checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
	return checker_push(k, TYPE_INT);
}

static int new_array(struct checker *k)
{
	static const uint8_t names[] = { NAME_BOOLEAN, NAME_CHAR,  NAME_FLOAT, NAME_DOUBLE,
					 NAME_BYTE,    NAME_SHORT, NAME_INT,   NAME_LONG };
	const unsigned code = operand(k);

	if (code < 4 || code > 11)
		return checker_fail(k, VERIFY_AXIOM_NEWARRAY_TYPE);
	return checker_pop_1(k, TYPE_INT) ? -1 : checker_push(k, TYPE_ARRAY(names[code - 4], 1));
}

#define OP(name) case CLASSFILE_OP_##name
#define FROM(first, last) case CLASSFILE_OP_##first... CLASSFILE_OP_##last

/* Takes some, leaves one. */
#define ONE(pops, type) ((pops) ? -1 : checker_push(k, (type)))
#define TWO(pops, type) ((pops) ? -1 : checker_push_2(k, (type)))
#define I checker_pop_1(k, TYPE_INT)
#define F checker_pop_1(k, TYPE_FLOAT)
#define J checker_pop_2(k, TYPE_LONG)
#define D checker_pop_2(k, TYPE_DOUBLE)

static int arithmetic(struct checker *k, unsigned opcode)
{
	switch (opcode) {
		OP(IADD)
		    : OP(ISUB)
		    : OP(IMUL)
		    : OP(IDIV)
		    : OP(IREM)
		    : OP(ISHL) : OP(ISHR) : OP(IUSHR) : OP(IAND) : OP(IOR) : OP(IXOR) : return ONE(I || I, TYPE_INT);
		OP(LADD)
		    : OP(LSUB)
		    : OP(LMUL) : OP(LDIV) : OP(LREM) : OP(LAND) : OP(LOR) : OP(LXOR) : return TWO(J || J, TYPE_LONG);
		OP(FADD) : OP(FSUB) : OP(FMUL) : OP(FDIV) : OP(FREM) : return ONE(F || F, TYPE_FLOAT);
		OP(DADD) : OP(DSUB) : OP(DMUL) : OP(DDIV) : OP(DREM) : return TWO(D || D, TYPE_DOUBLE);
		OP(LSHL) : OP(LSHR) : OP(LUSHR) : return TWO(I || J, TYPE_LONG);
		OP(INEG) : OP(I2B) : OP(I2C) : OP(I2S) : return ONE(I, TYPE_INT);
		OP(LNEG) : return TWO(J, TYPE_LONG);
		OP(FNEG) : return ONE(F, TYPE_FLOAT);
		OP(DNEG) : return TWO(D, TYPE_DOUBLE);
		OP(I2L) : return TWO(I, TYPE_LONG);
		OP(I2F) : return ONE(I, TYPE_FLOAT);
		OP(I2D) : return TWO(I, TYPE_DOUBLE);
		OP(L2I) : return ONE(J, TYPE_INT);
		OP(L2F) : return ONE(J, TYPE_FLOAT);
		OP(L2D) : return TWO(J, TYPE_DOUBLE);
		OP(F2I) : return ONE(F, TYPE_INT);
		OP(F2L) : return TWO(F, TYPE_LONG);
		OP(F2D) : return TWO(F, TYPE_DOUBLE);
		OP(D2I) : return ONE(D, TYPE_INT);
		OP(D2L) : return TWO(D, TYPE_LONG);
		OP(D2F) : return ONE(D, TYPE_FLOAT);
		OP(LCMP) : return ONE(J || J, TYPE_INT);
		OP(FCMPL) : OP(FCMPG) : return ONE(F || F, TYPE_INT);
	default:
		return ONE(D || D, TYPE_INT);
	}
}

static int returns(struct checker *k, unsigned opcode)
{
	uint32_t type;

	switch (opcode) {
		OP(IRETURN) : return I ? -1 : return_value(k, TYPE_INT);
		OP(FRETURN) : return F ? -1 : return_value(k, TYPE_FLOAT);
		OP(LRETURN) : return J ? -1 : return_value(k, TYPE_LONG);
		OP(DRETURN) : return D ? -1 : return_value(k, TYPE_DOUBLE);
		OP(ARETURN) : return checker_pop_in(k, TYPES_ADDRESS, &type) ? -1 : return_value(k, type);
	default:
		return check_return(k);
	}
}

static int shuffle(struct checker *k, unsigned opcode)
{
	switch (opcode) {
		OP(POP) : return drop(k, 1);
		OP(POP2) : return drop(k, 2);
		OP(DUP) : return duplicate(k, 1, 0);
		OP(DUP_X1) : return duplicate(k, 1, 1);
		OP(DUP_X2) : return duplicate(k, 1, 2);
		OP(DUP2) : return duplicate(k, 2, 0);
		OP(DUP2_X1) : return duplicate(k, 2, 1);
		OP(DUP2_X2) : return duplicate(k, 2, 2);
	default:
		return swap(k);
	}
}

int checker_step(struct checker *k, unsigned opcode)
{
	uint32_t type;

	switch (opcode) {
		OP(NOP) : return 0;
		OP(ACONST_NULL) : return checker_push(k, TYPE_NULL);
		FROM(ICONST_M1, ICONST_5) : OP(BIPUSH) : OP(SIPUSH) : return checker_push(k, TYPE_INT);
		OP(LCONST_0) : OP(LCONST_1) : return checker_push_2(k, TYPE_LONG);
		FROM(FCONST_0, FCONST_2) : return checker_push(k, TYPE_FLOAT);
		OP(DCONST_0) : OP(DCONST_1) : return checker_push_2(k, TYPE_DOUBLE);
		OP(LDC) : return checker_constant(k, (uint16_t)operand(k), false);
		OP(LDC_W) : return checker_constant(k, wide_operand(k), false);
		OP(LDC2_W) : return checker_constant(k, wide_operand(k), true);
		FROM(ILOAD, ALOAD) : return load_by(k, opcode, operand(k));
		FROM(ALOAD_0, ALOAD_3) : return load_reference(k, opcode - CLASSFILE_OP_ALOAD_0);
		FROM(ILOAD_0, DLOAD_3)
		    : return load_by(k, CLASSFILE_OP_ILOAD + (opcode - CLASSFILE_OP_ILOAD_0) / 4,
				     (opcode - CLASSFILE_OP_ILOAD_0) % 4);
		FROM(IALOAD, SALOAD) : return load_element(k, opcode);
		FROM(ISTORE, ASTORE) : return store_by(k, opcode, operand(k));
		FROM(ISTORE_0, ASTORE_3)
		    : return store_by(k, CLASSFILE_OP_ISTORE + (opcode - CLASSFILE_OP_ISTORE_0) / 4,
				      (opcode - CLASSFILE_OP_ISTORE_0) % 4);
		FROM(IASTORE, SASTORE) : return store_element(k, opcode);
		FROM(POP, SWAP) : return shuffle(k, opcode);
		OP(IINC) : return increment(k, operand(k));
		FROM(IADD, LXOR) : FROM(I2L, DCMPG) : return arithmetic(k, opcode);
		FROM(IFEQ, IFLE) : return I ? -1 : branch(k);
		FROM(IF_ICMPEQ, IF_ICMPLE) : return I || I ? -1 : branch(k);
		OP(IF_ACMPEQ) : OP(IF_ACMPNE) : return pop_addresses(k, 2, TYPES_REFERENCE) ? -1 : branch(k);
		OP(IFNULL) : OP(IFNONNULL) : return pop_addresses(k, 1, TYPES_ADDRESS) ? -1 : branch(k);
		OP(GOTO) : k->falls = false;
		return branch(k);
		OP(GOTO_W) : k->falls = false;
		return checker_branch(k, (int64_t)k->pc + classfile_s32(k->code.octets + k->pc + 1));
		OP(TABLESWITCH) : OP(LOOKUPSWITCH) : return check_switch(k);
		FROM(IRETURN, RETURN) : return returns(k, opcode);
		FROM(GETSTATIC, PUTFIELD) : return checker_field(k, opcode);
		FROM(INVOKEVIRTUAL, INVOKEDYNAMIC) : return checker_call(k, opcode);
		OP(NEW)
		    : OP(ANEWARRAY)
		    : OP(CHECKCAST) : OP(INSTANCEOF) : OP(MULTIANEWARRAY) : return checker_class(k, opcode);
		OP(NEWARRAY) : return new_array(k);
		OP(ARRAYLENGTH) : return array_length(k);
		OP(ATHROW) : k->falls = false;
		return checker_pop(k, TYPE_CLASS(NAME_THROWABLE), &type);
		OP(MONITORENTER) : OP(MONITOREXIT) : return pop_addresses(k, 1, TYPES_REFERENCE);
		OP(WIDE) : return wide(k);
		OP(JSR) : OP(JSR_W) : OP(RET) : return subroutine(k, opcode);
	default:
		return checker_fail(k, VERIFY_AXIOM_INSTRUCTION);
	}
}

static bool is_store(const struct checker *k, unsigned opcode)
{
	if (opcode == CLASSFILE_OP_WIDE)
		opcode = operand(k);
	return opcode >= CLASSFILE_OP_ISTORE && opcode <= CLASSFILE_OP_ASTORE_3;
}

int checker_run(struct checker *k)
{
	k->falls = true;
	k->changed = true;
	k->boundary = 0;
	k->active_n = 0;
	for (k->pc = 0; k->pc < k->code.len; k->pc = k->next) {
		const unsigned opcode = k->code.octets[k->pc];

		k->place = k->pc;
		k->constructed = false;
		k->next = k->pc + 1;
		while (k->next < k->code.len && !k->map[k->next])
			k->next++;
		if (checker_enter(k))
			return -1;
		if (k->pc >= k->boundary && checker_activate(k))
			return -1;
		if (checker_step(k, opcode))
			return -1;
		/* what a store has changed the next instruction shows */
		if (k->changed && k->active_n && !is_store(k, opcode) &&
		    checker_protect(k, k->unfinished || k->constructed))
			return -1;
	}
	return k->falls ? judge_fail(k->judge, k->method, VERIFY_AXIOM_CODE_END, (int32_t)k->code.len) : 0;
}
