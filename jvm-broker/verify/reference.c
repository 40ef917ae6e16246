// SPDX-License-Identifier: GPL-2.0-or-later
/* Instructions that name a constant (JVMS 4.10.1.9): loads of constants, fields, calls, objects. */
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/checker.h"

#define ONE_OF(tag) (1u << CLASSFILE_##tag)

static inline uint16_t index_of(const struct checker *k)
{
	return classfile_u16(k->code.octets + k->pc + 1);
}

static int check_tag(struct checker *k, uint16_t index, uint32_t tags)
{
	if (!index || index >= k->c->constants_n)
		return checker_fail(k, VERIFY_AXIOM_POOL_INDEX);
	if (!(tags >> k->c->constants[index].tag & 1) || !k->c->constants[index].tag)
		return checker_fail(k, VERIFY_AXIOM_POOL_TAG);
	return 0;
}

/* A Class entry, as a type. It is well formed, or the class would not have been defined. */
static int class_at(struct checker *k, uint16_t index, uint32_t *out)
{
	if (check_tag(k, index, ONE_OF(CLASS)))
		return -1;
	*out = judge_class(k->judge, index);
	return *out != TYPE_TOP ? 0 : checker_fail(k, VERIFY_AXIOM_POOL_TAG);
}

static int push_result(struct checker *k, const struct signature *s)
{
	for (unsigned i = 0; i < s->results; i++)
		if (checker_push(k, s->types[s->n + i]))
			return -1;
	return 0;
}

int checker_constant(struct checker *k, uint16_t index, bool wide)
{
	const uint32_t narrow_tags = ONE_OF(INTEGER) | ONE_OF(FLOAT) | ONE_OF(STRING) | ONE_OF(CLASS) |
				     ONE_OF(METHOD_HANDLE) | ONE_OF(METHOD_TYPE) | ONE_OF(DYNAMIC),
		       wide_tags = ONE_OF(LONG) | ONE_OF(DOUBLE) | ONE_OF(DYNAMIC);
	struct classfile_reference_parts parts;
	const struct signature *s;

	if (check_tag(k, index, wide ? wide_tags : narrow_tags))
		return -1;
	switch (k->c->constants[index].tag) {
	case CLASSFILE_INTEGER:
		return checker_push(k, TYPE_INT);
	case CLASSFILE_FLOAT:
		return checker_push(k, TYPE_FLOAT);
	case CLASSFILE_LONG:
		return checker_push_2(k, TYPE_LONG);
	case CLASSFILE_DOUBLE:
		return checker_push_2(k, TYPE_DOUBLE);
	case CLASSFILE_STRING:
		return checker_push(k, TYPE_CLASS(NAME_STRING));
	case CLASSFILE_CLASS:
		return checker_push(k, TYPE_CLASS(NAME_CLASS));
	case CLASSFILE_METHOD_HANDLE:
		return checker_push(k, TYPE_CLASS(NAME_METHOD_HANDLE));
	case CLASSFILE_METHOD_TYPE:
		return checker_push(k, TYPE_CLASS(NAME_METHOD_TYPE));
	default:
		if (classfile_reference(k->c, index, &parts))
			return checker_fail(k, VERIFY_AXIOM_POOL_TAG);
		s = judge_signature(k->judge, parts.descriptor_at, false);
		return s ? push_result(k, s) : checker_fail(k, VERIFY_AXIOM_POOL_TAG);
	}
}

/* What a member's entry leads to, by indices; all there, or the class would not have been defined. */
struct member {
	uint32_t owner; /* type; TYPE_TOP of an InvokeDynamic */
	uint16_t index, name;
	bool interface;
	const struct signature *signature;
};

static int member_at(struct checker *k, uint32_t tags, bool method, struct member *out)
{
	const uint16_t index = index_of(k);
	const struct classfile_constant *entry, *type;

	if (check_tag(k, index, tags))
		return -1;
	entry = &k->c->constants[index];
	type = classfile_constant(k->c, entry->b, CLASSFILE_NAME_AND_TYPE);
	if (!type || !classfile_utf8(k->c, type->a).len)
		return checker_fail(k, VERIFY_AXIOM_POOL_TAG);
	out->index = index;
	out->name = type->a;
	out->interface = entry->tag == CLASSFILE_INTERFACE_METHODREF;
	out->owner = TYPE_TOP;
	if (entry->tag != CLASSFILE_INVOKE_DYNAMIC && class_at(k, entry->a, &out->owner))
		return -1;
	out->signature = judge_signature(k->judge, (uint16_t)type->b, method);
	return out->signature ? 0 : checker_fail(k, VERIFY_AXIOM_POOL_TAG);
}

static bool member_is(const struct checker *k, const struct member *m, const char *name, size_t len)
{
	return classfile_text_is(classfile_utf8(k->c, m->name), name, len);
}

#define MEMBER_IS(k, m, name) member_is((k), (m), (name), sizeof(name) - 1)

/* JVMS 4.10.1.8: a member that may be protected, on this receiver. Of java/lang/Object two members are. */
static int check_protected(struct checker *k, const struct member *m, uint32_t receiver, bool method)
{
	const struct judge *judge = k->judge;

	if (type_kind(receiver) == TYPE_SET) {
		const struct type_set set = judge->sets[type_name(receiver)];

		for (uint32_t i = 0; i < set.n; i++)
			if (check_protected(k, m, TYPE_ARRAY(set.names[i], type_dimensions(receiver)), method))
				return -1;
		return 0;
	}
	if (receiver == judge->this_type || receiver == TYPE_NULL || m->owner == judge->this_type ||
	    !type_is_class(m->owner))
		return 0;
	if (m->owner == TYPE_OBJECT) {
		if (!method || (!MEMBER_IS(k, m, "clone") && !MEMBER_IS(k, m, "finalize")))
			return 0;
	} else if (judge->super_type == TYPE_OBJECT) {
		return 0; /* nothing else is above this class */
	}
	return judge_oblige(k->judge, method ? VERIFY_PROTECTED_METHOD : VERIFY_PROTECTED_FIELD, receiver, m->owner,
			    m->index, k->method, VERIFY_AXIOM_PROTECTED, k->infers ? -1 : (int32_t)k->pc);
}

/* ---- fields ------------------------------------------------------------------------------------------------------------------------- */

static bool declares_field(const struct classfile *c, const struct classfile_constant *type)
{
	for (unsigned i = 0; i < c->fields_n; i++)
		if ((c->fields[i].name == type->a ||
		     classfile_text_equal(classfile_utf8(c, c->fields[i].name), classfile_utf8(c, type->a))) &&
		    (c->fields[i].descriptor == type->b ||
		     classfile_text_equal(classfile_utf8(c, c->fields[i].descriptor), classfile_utf8(c, type->b))))
			return true;
	return false;
}

static int pop_value(struct checker *k, const struct signature *s)
{
	for (unsigned i = s->results; i; i--)
		if (checker_pop(k, s->types[s->n + i - 1], NULL))
			return -1;
	return 0;
}

/* A field of its own class may be set before the superclass's constructor is called. */
static int put_field(struct checker *k, const struct member *m)
{
	const struct classfile_constant *type = &k->c->constants[k->c->constants[m->index].b];
	uint32_t receiver;
	int fits;

	if (pop_value(k, m->signature) || (!k->depth && checker_fail(k, VERIFY_AXIOM_STACK_UNDERFLOW)))
		return -1;
	receiver = k->stack[--k->depth];
	if (receiver == TYPE_UNINITIALIZED_THIS && m->owner == k->judge->this_type) {
		if (judge_work(k->judge, k->c->fields_n))
			return -1;
		if (declares_field(k->c, type))
			receiver = k->judge->this_type;
	}
	fits = checker_assign(k, m->owner, receiver, VERIFY_AXIOM_STACK_TYPE);
	if (fits <= 0)
		return fits ? -1 : checker_fail(k, VERIFY_AXIOM_STACK_TYPE);
	return check_protected(k, m, receiver, false);
}

static int get_field(struct checker *k, const struct member *m)
{
	uint32_t receiver;

	if (checker_pop(k, m->owner, &receiver) || push_result(k, m->signature))
		return -1;
	return check_protected(k, m, receiver, false);
}

int checker_field(struct checker *k, unsigned opcode)
{
	const bool is_static = opcode == CLASSFILE_OP_GETSTATIC || opcode == CLASSFILE_OP_PUTSTATIC;
	struct member m;

	if (member_at(k, ONE_OF(FIELDREF), false, &m))
		return -1;
	if (!is_static && !type_is_class(m.owner))
		return checker_fail(k, VERIFY_AXIOM_OWNER_CLASS);
	switch (opcode) {
	case CLASSFILE_OP_GETSTATIC:
		return push_result(k, m.signature);
	case CLASSFILE_OP_PUTSTATIC:
		return pop_value(k, m.signature);
	case CLASSFILE_OP_GETFIELD:
		return get_field(k, &m);
	default:
		return put_field(k, &m);
	}
}

/* ---- calls -------------------------------------------------------------------------------------------------------------------------- */

static void construct(struct checker *k, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < k->locals_n; i++)
		if (k->locals[i] == from) {
			k->locals[i] = to;
			checker_touch(k, i);
		}
	for (uint32_t i = 0; i < k->depth; i++)
		if (k->stack[i] == from)
			k->stack[i] = to;
	k->changed = true;
}

/* A constructor called on this */
static int construct_this(struct checker *k, const struct member *m)
{
	if (m->owner != k->judge->this_type && m->owner != k->judge->super_type)
		return checker_fail(k, VERIFY_AXIOM_INIT_THIS);
	for (uint32_t i = 0; i < k->active_n && !k->infers; i++) {
		const int found = checker_returns(k, classfile_code_handler(&k->code, k->active[i]).handler);

		if (found)
			return found < 0 ? -1 : checker_fail(k, VERIFY_AXIOM_INIT_TRY);
	}
	if (!k->infers && checker_before(k))
		return -1;
	construct(k, TYPE_UNINITIALIZED_THIS, k->judge->this_type);
	k->unfinished = false;
	k->constructed = true;
	return 0;
}

/* A constructor called on what a new has made */
static int construct_new(struct checker *k, const struct member *m, uint32_t raw)
{
	const uint32_t at = type_name(raw); /* a new stands there: reading frames has seen to it */
	uint32_t type;

	if (class_at(k, classfile_u16(k->code.octets + at + 1), &type))
		return -1;
	if (type != m->owner)
		return checker_fail(k, VERIFY_AXIOM_INIT_CLASS);
	if (check_protected(k, m, type, true) || (!k->infers && checker_before(k)))
		return -1;
	construct(k, raw, type);
	return 0;
}

static int call_init(struct checker *k, const struct member *m)
{
	uint32_t receiver;

	if (checker_pop_in(k, TYPES_ADDRESS, &receiver))
		return -1;
	if (receiver == TYPE_UNINITIALIZED_THIS)
		return construct_this(k, m);
	if (type_kind(receiver) == TYPE_UNINITIALIZED)
		return construct_new(k, m, receiver);
	return checker_fail(k, VERIFY_AXIOM_INIT_OPERAND);
}

static bool implements(const struct checker *k, uint32_t type)
{
	for (unsigned i = 0; i < k->c->interfaces_n; i++) {
		const uint16_t index = classfile_interface(k->c, i);

		if (classfile_tag_of(k->c, index) == CLASSFILE_CLASS && judge_class(k->judge, index) == type)
			return true;
	}
	return false;
}

/* Which methods may invokespecial name? Those of this class, its superclass, its interfaces; of others further up. */
static int check_special(struct checker *k, const struct member *m)
{
	int fits;

	if (m->owner == k->judge->this_type || m->owner == k->judge->super_type)
		return 0;
	if (judge_work(k->judge, k->c->interfaces_n))
		return -1;
	if (implements(k, m->owner))
		return 0;
	fits = checker_assign(k, m->owner, k->judge->this_type, VERIFY_AXIOM_SPECIAL_SUPER);
	if (fits <= 0)
		return fits ? -1 : checker_fail(k, VERIFY_AXIOM_SPECIAL_SUPER);
	return m->interface ? checker_fail(k, VERIFY_AXIOM_SPECIAL_INTERFACE) : 0;
}

static int call_virtual(struct checker *k, const struct member *m)
{
	uint32_t receiver;

	if (checker_pop(k, m->owner, &receiver))
		return -1;
	/* arrays have a public clone() */
	if (m->owner == TYPE_OBJECT && type_is_array(receiver) && MEMBER_IS(k, m, "clone"))
		return 0;
	return check_protected(k, m, receiver, true);
}

/* The octets behind the index */
static int check_count(struct checker *k, const struct member *m, unsigned opcode)
{
	const uint8_t *at = k->code.octets + k->pc;

	if (opcode == CLASSFILE_OP_INVOKEINTERFACE) {
		if (at[3] != m->signature->n + 1)
			return checker_fail(k, VERIFY_AXIOM_INTERFACE_COUNT);
		return at[4] ? checker_fail(k, VERIFY_AXIOM_INTERFACE_ZERO) : 0;
	}
	if (opcode == CLASSFILE_OP_INVOKEDYNAMIC && (at[3] || at[4]))
		return checker_fail(k, VERIFY_AXIOM_DYNAMIC_ZERO);
	return 0;
}

static int check_receiver(struct checker *k, const struct member *m, unsigned opcode, bool is_init)
{
	switch (opcode) {
	case CLASSFILE_OP_INVOKESTATIC:
	case CLASSFILE_OP_INVOKEDYNAMIC:
		return 0;
	case CLASSFILE_OP_INVOKEVIRTUAL:
		return call_virtual(k, m);
	case CLASSFILE_OP_INVOKEINTERFACE:
		return checker_pop(k, m->owner, NULL);
	default:
		return is_init ? call_init(k, m) : checker_pop(k, k->judge->this_type, NULL);
	}
}

int checker_call(struct checker *k, unsigned opcode)
{
	uint32_t tags = ONE_OF(METHODREF);
	bool internal, is_init;
	struct member m;

	if (opcode == CLASSFILE_OP_INVOKEINTERFACE)
		tags = ONE_OF(INTERFACE_METHODREF);
	else if (opcode == CLASSFILE_OP_INVOKEDYNAMIC)
		tags = ONE_OF(INVOKE_DYNAMIC);
	else if (opcode != CLASSFILE_OP_INVOKEVIRTUAL && k->c->major >= 52)
		tags |= ONE_OF(INTERFACE_METHODREF);
	if (member_at(k, tags, true, &m) || check_count(k, &m, opcode))
		return -1;
	internal = classfile_utf8(k->c, m.name).data[0] == '<';
	is_init = internal && MEMBER_IS(k, &m, "<init>");
	if (internal && (opcode != CLASSFILE_OP_INVOKESPECIAL || !is_init))
		return checker_fail(k, VERIFY_AXIOM_CALL_INTERNAL);
	if (k->infers && m.signature->n > 255)
		return checker_fail(k, VERIFY_AXIOM_STACK_OVERFLOW);
	if (!internal && opcode == CLASSFILE_OP_INVOKESPECIAL && !k->infers && check_special(k, &m))
		return -1;
	if (judge_work(k->judge, m.signature->n))
		return -1;
	for (uint32_t i = m.signature->n; i; i--)
		if (checker_pop(k, m.signature->types[i - 1], NULL))
			return -1;
	if (check_receiver(k, &m, opcode, is_init))
		return -1;
	return push_result(k, m.signature);
}

/* ---- objects ------------------------------------------------------------------------------------------------------------------------ */

static int multi_array(struct checker *k, uint32_t type)
{
	const unsigned dimensions = k->code.octets[k->pc + 3];

	if (!type_is_array(type))
		return checker_fail(k, VERIFY_AXIOM_MULTIARRAY_CLASS);
	if (!dimensions || dimensions > type_dimensions(type))
		return checker_fail(k, VERIFY_AXIOM_MULTIARRAY_DIMENSIONS);
	for (unsigned i = 0; i < dimensions; i++)
		if (checker_pop_1(k, TYPE_INT))
			return -1;
	return checker_push(k, type);
}

int checker_class(struct checker *k, unsigned opcode)
{
	uint32_t type;

	if (class_at(k, index_of(k), &type))
		return -1;
	switch (opcode) {
	case CLASSFILE_OP_NEW:
		return type_is_class(type) ? checker_push(k, TYPE_NEW(k->pc)) : checker_fail(k, VERIFY_AXIOM_NEW_CLASS);
	case CLASSFILE_OP_CHECKCAST:
		return checker_pop(k, TYPE_OBJECT, NULL) ? -1 : checker_push(k, type);
	case CLASSFILE_OP_INSTANCEOF:
		return checker_pop(k, TYPE_OBJECT, NULL) ? -1 : checker_push(k, TYPE_INT);
	case CLASSFILE_OP_ANEWARRAY:
		if (checker_pop_1(k, TYPE_INT))
			return -1;
		if (type_dimensions(type) == 255)
			return checker_fail(k, VERIFY_AXIOM_ARRAY_DIMENSIONS);
		return checker_push(k, type + TYPE_DIMENSION);
	default:
		return multi_array(k, type);
	}
}
