// SPDX-License-Identifier: GPL-2.0-or-later
/* A class as a whole (JVMS 4.1) */
#include "jvm-broker/verify/format.h"

#define NEWEST 61 /* of HotSpot 17 */

int format_class_flags(unsigned major, unsigned flags, enum verify_axiom wrong, enum verify_axiom module)
{
	if (flags & CLASSFILE_INTERFACE && major < 50)
		flags |= CLASSFILE_ABSTRACT; /* which compilers of the time left out */
	if (flags & CLASSFILE_MODULE_FLAG && major >= 53)
		return (int)module;
	if ((flags & CLASSFILE_ABSTRACT && flags & CLASSFILE_FINAL) ||
	    (flags & CLASSFILE_INTERFACE && !(flags & CLASSFILE_ABSTRACT)))
		return (int)wrong;
	if (major < 49)
		return -1;
	if (flags & CLASSFILE_INTERFACE ? flags & (CLASSFILE_SUPER | CLASSFILE_ENUM) : flags & CLASSFILE_ANNOTATION)
		return (int)wrong;
	return -1;
}

/* A Class that is no array */
static bool is_class(const struct classfile *c, uint16_t index)
{
	const struct classfile_text name = classfile_name_of(c, index);

	return format_is(c, index, CLASSFILE_CLASS) && !(name.len && name.data[0] == '[');
}

static void check_super(struct judge *judge)
{
	const struct classfile *c = judge->c;
	const struct classfile_text name = classfile_name_of(c, c->this_class),
				    above = classfile_name_of(c, c->super_class);
	bool good = is_class(c, c->super_class);

	if (!c->super_class)
		good = CLASSFILE_TEXT_IS(name, "java/lang/Object");
	else if (c->access & CLASSFILE_INTERFACE)
		good &= CLASSFILE_TEXT_IS(above, "java/lang/Object");
	if (!good)
		format_fail(judge, VERIFY_AXIOM_CLASS_SUPER);
}

static void check_interfaces(struct judge *judge)
{
	const struct classfile *c = judge->c;

	if (c->interfaces_n && CLASSFILE_TEXT_IS(classfile_name_of(c, c->this_class), "java/lang/Object"))
		format_fail(judge, VERIFY_AXIOM_CLASS_INTERFACE);
	for (unsigned i = 0; i < c->interfaces_n; i++) {
		const uint16_t index = classfile_interface(c, i);
		bool twice = false;

		if (!is_class(c, index)) {
			format_fail(judge, VERIFY_AXIOM_CLASS_INTERFACE);
			continue;
		}
		if (judge_work(judge, i))
			return;
		for (unsigned j = 0; j < i && !twice; j++)
			twice = classfile_text_equal(classfile_name_of(c, index),
						     classfile_name_of(c, classfile_interface(c, j)));
		if (twice)
			format_fail(judge, VERIFY_AXIOM_CLASS_INTERFACE_TWICE);
	}
}

static bool is_known_version(const struct classfile *c)
{
	return c->major >= 45 && c->major <= NEWEST && (c->major < 56 || !c->minor);
}

void format_class(struct judge *judge)
{
	const int axiom = format_class_flags(judge->c->major, judge->c->access, VERIFY_AXIOM_CLASS_FLAGS,
					     VERIFY_AXIOM_CLASS_MODULE);

	if (axiom >= 0)
		format_fail(judge, (enum verify_axiom)axiom);
	if (!is_class(judge->c, judge->c->this_class))
		format_fail(judge, VERIFY_AXIOM_CLASS_THIS);
	check_super(judge);
	check_interfaces(judge);
}

/* ---- what is inherited ---------------------------------------------------------------------------------------------------------------- */

/* JLS 4.3.2: the final methods of Object */
static bool is_objects(struct classfile_text name, struct classfile_text descriptor)
{
	if (CLASSFILE_TEXT_IS(name, "wait"))
		return CLASSFILE_TEXT_IS(descriptor, "()V") || CLASSFILE_TEXT_IS(descriptor, "(J)V") ||
		       CLASSFILE_TEXT_IS(descriptor, "(JI)V");
	if (CLASSFILE_TEXT_IS(name, "notify") || CLASSFILE_TEXT_IS(name, "notifyAll"))
		return CLASSFILE_TEXT_IS(descriptor, "()V");
	return CLASSFILE_TEXT_IS(name, "getClass") && CLASSFILE_TEXT_IS(descriptor, "()Ljava/lang/Class;");
}

static int inherit_methods(struct judge *judge)
{
	const struct classfile *c = judge->c;

	for (unsigned i = 0; i < c->methods_n; i++) {
		const struct classfile_member *m = &c->methods[i];
		const struct classfile_text name = classfile_utf8(c, m->name);

		if (m->access & (CLASSFILE_PRIVATE | CLASSFILE_STATIC) || (name.len && name.data[0] == '<'))
			continue;
		if (is_objects(name, classfile_utf8(c, m->descriptor)))
			judge_report(judge, (uint16_t)i, VERIFY_AXIOM_INHERIT_METHOD, -1);
		else if (judge->super_type != TYPE_OBJECT &&
			 judge_oblige(judge, VERIFY_OVERRIDES, TYPE_TOP, judge->super_type, (uint16_t)(i + 1),
				      (uint16_t)i, VERIFY_AXIOM_INHERIT_METHOD, -1))
			return -1;
	}
	return 0;
}

void format_inherit(struct judge *judge)
{
	const struct classfile *c = judge->c;

	if (judge->super_type != TYPE_TOP && (judge->super_type != TYPE_OBJECT || judge->this_type == TYPE_OBJECT) &&
	    judge_oblige(judge, VERIFY_EXTENDS, TYPE_TOP, judge->super_type, 0, VERIFY_NOWHERE,
			 VERIFY_AXIOM_INHERIT_CLASS, -1))
		return;
	for (unsigned i = 0; i < c->interfaces_n; i++)
		if (judge_oblige(judge, VERIFY_IMPLEMENTS, TYPE_TOP, judge_class(judge, classfile_interface(c, i)), 0,
				 VERIFY_NOWHERE, VERIFY_AXIOM_INHERIT_INTERFACE, -1))
			return;
	if (judge->super_type != TYPE_TOP)
		inherit_methods(judge);
}

bool format_check(struct judge *judge)
{
	if (!is_known_version(judge->c)) {
		format_fail(judge, VERIFY_AXIOM_VERSION_MAJOR);
		return false;
	}
	/* a module-info is refused as one, whatever else is in it */
	if (judge->c->access & CLASSFILE_MODULE_FLAG && judge->c->major >= 53) {
		format_fail(judge, VERIFY_AXIOM_CLASS_MODULE);
		return false;
	}
	format_constants(judge);
	format_class(judge);
	if (judge->errors_n)
		return false; /* what comes next relies on constants */
	format_fields(judge);
	format_methods(judge);
	format_attributes(judge);
	if (!judge->errors_n && !judge->refused)
		format_inherit(judge);
	return !judge->errors_n && !judge->refused;
}
