// SPDX-License-Identifier: GPL-2.0-or-later
/* The constant pool (JVMS 4.4) */
#include "jvm-broker/verify/format.h"
#include "jvm-broker/verify/naming.h"

#define ONE_OF(tag) (1u << CLASSFILE_##tag)

#define SINCE_ROW(name, text, tag, octets, slots, since) [tag] = since,
static const uint8_t first_version[] = { CLASSFILE_TAGS(SINCE_ROW) };

/* The name or descriptor of a NameAndType, or of what refers to one */
static struct classfile_text text_of(const struct classfile *c, uint32_t index, bool descriptor)
{
	const struct classfile_constant *k = classfile_constant(c, index, CLASSFILE_NAME_AND_TYPE);

	return k ? classfile_utf8(c, descriptor ? k->b : k->a) : (struct classfile_text){ NULL, 0 };
}

static bool begins(struct classfile_text text, uint8_t octet)
{
	return text.len && text.data[0] == octet;
}

static void check_name_and_type(struct judge *judge, const struct classfile_constant *k)
{
	const struct classfile_text name = classfile_utf8(judge->c, k->a), descriptor = classfile_utf8(judge->c, k->b);
	const unsigned major = judge->c->major;

	if (!name.data || !descriptor.data) {
		format_fail(judge, VERIFY_AXIOM_CONSTANT_INDEX);
	} else if (begins(descriptor, '(')) {
		if (!naming_method(major, name))
			format_fail(judge, VERIFY_AXIOM_CONSTANT_NAME);
		if (naming_is_method(major, name, descriptor) < 0)
			format_fail(judge, VERIFY_AXIOM_CONSTANT_DESCRIPTOR);
	} else {
		if (!naming_field(major, name))
			format_fail(judge, VERIFY_AXIOM_CONSTANT_NAME);
		if (!naming_is_field(major, descriptor))
			format_fail(judge, VERIFY_AXIOM_CONSTANT_DESCRIPTOR);
	}
}

static void check_member(struct judge *judge, const struct classfile_constant *k)
{
	const bool has_owner = k->tag != CLASSFILE_INVOKE_DYNAMIC && k->tag != CLASSFILE_DYNAMIC;
	const struct classfile_text name = text_of(judge->c, k->b, false), descriptor = text_of(judge->c, k->b, true);
	const bool field = k->tag == CLASSFILE_FIELDREF || k->tag == CLASSFILE_DYNAMIC;

	if ((has_owner && !format_is(judge->c, k->a, CLASSFILE_CLASS)) || !name.data || !descriptor.data) {
		format_fail(judge, VERIFY_AXIOM_CONSTANT_INDEX);
		return;
	}
	if (begins(descriptor, '(') == field)
		format_fail(judge, VERIFY_AXIOM_CONSTANT_MEMBER);
	if (k->tag == CLASSFILE_METHODREF && begins(name, '<') &&
	    (!CLASSFILE_TEXT_IS(name, "<init>") || descriptor.len < 2 || descriptor.data[descriptor.len - 1] != 'V' ||
	     descriptor.data[descriptor.len - 2] != ')'))
		format_fail(judge, VERIFY_AXIOM_CONSTANT_INIT);
}

static void check_handle(struct judge *judge, const struct classfile_constant *k)
{
	const uint32_t later = judge->c->major >= 52 ? ONE_OF(INTERFACE_METHODREF) : 0;
	const unsigned tag = classfile_tag_of(judge->c, k->a);
	struct classfile_text name;
	uint32_t tags;

	if (!k->a || k->a >= judge->c->constants_n) {
		format_fail(judge, VERIFY_AXIOM_CONSTANT_INDEX);
		return;
	}
	switch (k->kind) {
	case CLASSFILE_REF_GET_FIELD:
	case CLASSFILE_REF_GET_STATIC:
	case CLASSFILE_REF_PUT_FIELD:
	case CLASSFILE_REF_PUT_STATIC:
		tags = ONE_OF(FIELDREF);
		break;
	case CLASSFILE_REF_INVOKE_VIRTUAL:
	case CLASSFILE_REF_NEW_INVOKE_SPECIAL:
		tags = ONE_OF(METHODREF);
		break;
	case CLASSFILE_REF_INVOKE_STATIC:
	case CLASSFILE_REF_INVOKE_SPECIAL:
		tags = ONE_OF(METHODREF) | later;
		break;
	case CLASSFILE_REF_INVOKE_INTERFACE:
		tags = ONE_OF(INTERFACE_METHODREF);
		break;
	default:
		tags = 0;
	}
	if (!tag || !(tags >> tag & 1)) {
		format_fail(judge, VERIFY_AXIOM_CONSTANT_HANDLE);
		return;
	}
	if (k->kind < CLASSFILE_REF_INVOKE_VIRTUAL || k->kind == CLASSFILE_REF_INVOKE_INTERFACE)
		return;
	name = text_of(judge->c, judge->c->constants[k->a].b, false);
	if (CLASSFILE_TEXT_IS(name, "<init>") != (k->kind == CLASSFILE_REF_NEW_INVOKE_SPECIAL))
		format_fail(judge, VERIFY_AXIOM_CONSTANT_HANDLE_NAME);
}

static void check_type(struct judge *judge, const struct classfile_constant *k)
{
	const struct classfile_text text = classfile_utf8(judge->c, k->a), none = { (const uint8_t *)"f", 1 };

	if (!text.data)
		format_fail(judge, VERIFY_AXIOM_CONSTANT_INDEX);
	else if (naming_is_method(judge->c->major, none, text) < 0)
		format_fail(judge, VERIFY_AXIOM_CONSTANT_TYPE);
}

static void check_constant(struct judge *judge, const struct classfile_constant *k)
{
	const unsigned major = judge->c->major;

	switch (k->tag) {
	case CLASSFILE_UTF8:
		if (k->kind & CLASSFILE_UTF8_BAD || (k->kind & CLASSFILE_UTF8_OVERLONG && major > 47))
			format_fail(judge, VERIFY_AXIOM_CONSTANT_UTF8);
		break;
	case CLASSFILE_CLASS:
		if (!classfile_utf8(judge->c, k->a).data)
			format_fail(judge, VERIFY_AXIOM_CONSTANT_INDEX);
		else if (!naming_class(major, classfile_utf8(judge->c, k->a)))
			format_fail(judge, VERIFY_AXIOM_CONSTANT_CLASS);
		break;
	case CLASSFILE_STRING:
		if (!classfile_utf8(judge->c, k->a).data)
			format_fail(judge, VERIFY_AXIOM_CONSTANT_INDEX);
		break;
	case CLASSFILE_FIELDREF:
	case CLASSFILE_METHODREF:
	case CLASSFILE_INTERFACE_METHODREF:
	case CLASSFILE_DYNAMIC:
	case CLASSFILE_INVOKE_DYNAMIC:
		check_member(judge, k);
		break;
	case CLASSFILE_NAME_AND_TYPE:
		check_name_and_type(judge, k);
		break;
	case CLASSFILE_METHOD_HANDLE:
		check_handle(judge, k);
		break;
	case CLASSFILE_METHOD_TYPE:
		check_type(judge, k);
		break;
	default:
		break;
	}
}

void format_constants(struct judge *judge)
{
	const struct classfile *c = judge->c;

	for (unsigned i = 1; i < c->constants_n; i++) {
		const struct classfile_constant *k = &c->constants[i];

		if (!k->tag)
			continue; /* behind a long or double */
		if (c->major < first_version[k->tag])
			format_fail(judge, VERIFY_AXIOM_CONSTANT_VERSION);
		else if (k->tag == CLASSFILE_MODULE || k->tag == CLASSFILE_PACKAGE)
			format_fail(judge, VERIFY_AXIOM_CONSTANT_MODULE);
		else
			check_constant(judge, k);
	}
}
