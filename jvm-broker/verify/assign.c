// SPDX-License-Identifier: GPL-2.0-or-later
/* What may stand in for what (JVMS 4.10.1.2). Of classes the answer is an obligation. */
#include "jvm-broker/verify/checker.h"

static int oblige(struct checker *k, enum verify_obligation_kind kind, uint32_t from, uint32_t to,
		  enum verify_axiom axiom)
{
	return judge_oblige(k->judge, kind, from, to, 0, k->method, axiom, k->infers ? -1 : (int32_t)k->place);
}

/* Is this class above the class that is judged, as its own octets say? */
static bool is_above_this(const struct judge *judge, uint32_t to)
{
	if (to == judge->super_type)
		return true;
	for (unsigned i = 0; i < judge->c->interfaces_n; i++) {
		const uint16_t index = classfile_interface(judge->c, i);

		if (index < judge->c->constants_n && judge->cached[index].type == to)
			return true;
	}
	return false;
}

/* Two different names of classes */
static int assign_class(struct checker *k, uint32_t to, uint32_t from, enum verify_axiom axiom)
{
	if (to == TYPE_OBJECT || (from == k->judge->this_type && is_above_this(k->judge, to)))
		return 1;
	return oblige(k, VERIFY_ASSIGNABLE, from, to, axiom) ? -1 : 1;
}

/* An array for a class: to HotSpot a class is only loaded, whatever it is, and then it is the wrong one. */
static int assign_array(struct checker *k, uint32_t to, bool primitives, enum verify_axiom axiom)
{
	/* the inference verifier takes it for any interface */
	if (k->infers && primitives && to != TYPE_OBJECT && to != TYPE_CLASS(NAME_CLONEABLE) &&
	    to != TYPE_CLASS(NAME_SERIALIZABLE))
		return oblige(k, VERIFY_INTERFACE, TYPE_TOP, to, axiom) ? -1 : 1;
	if (to == TYPE_OBJECT || to == TYPE_CLASS(NAME_CLONEABLE) || to == TYPE_CLASS(NAME_SERIALIZABLE))
		return 1;
	return oblige(k, VERIFY_LOADS, TYPE_TOP, to, axiom);
}

/* What several classes share is one of a type if each of them is. */
static int assign_set(struct checker *k, uint32_t to, uint32_t from, enum verify_axiom axiom)
{
	const struct type_set set = k->judge->sets[type_name(from)];

	for (uint32_t i = 0; i < set.n; i++) {
		const int fits = checker_assign(k, to, TYPE_ARRAY(set.names[i], type_dimensions(from)), axiom);

		if (fits <= 0)
			return fits;
	}
	return 1;
}

int checker_assign_slow(struct checker *k, uint32_t to, uint32_t from, enum verify_axiom axiom)
{
	const unsigned to_dimensions = type_dimensions(to), from_dimensions = type_dimensions(from);
	const uint32_t to_name = type_name(to), from_name = type_name(from);

	if (type_kind(from) == TYPE_SET)
		return assign_set(k, to, from, axiom);
	if (type_kind(to) != TYPE_REFERENCE || !type_in(from, TYPES_REFERENCE))
		return 0;
	if (from == TYPE_NULL)
		return 1;
	if (to_dimensions > from_dimensions)
		return 0;
	if (to_dimensions < from_dimensions)
		return to_dimensions && to_name < NAME_FIRST
			       ? 0
			       : assign_array(k, TYPE_CLASS(to_name),
					      from_name < NAME_FIRST && from_dimensions == to_dimensions + 1, axiom);
	if (to_name < NAME_FIRST || from_name < NAME_FIRST)
		return 0;
	return assign_class(k, TYPE_CLASS(to_name), TYPE_CLASS(from_name), axiom);
}
