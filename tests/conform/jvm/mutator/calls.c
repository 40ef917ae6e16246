// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes that append to the constant pool: descriptors and owners that the class did not have. */
#include <stdio.h>
#include <string.h>

#include "jvm-broker/classfile/name.h"
#include "tests/conform/jvm/mutator/mutant.h"

struct text {
	char chars[2048];
	size_t len;
};

static void add(struct text *text, const void *chars, size_t len)
{
	if (len > sizeof(text->chars) - text->len)
		len = 0; /* what is cut is another defect, and rare */
	memcpy(text->chars + text->len, chars, len);
	text->len += len;
}

/* A type that is likely to be near to what the class knows */
static void add_type(struct mutant *m, struct text *text)
{
	static const char *const known[] = { "I",
					     "J",
					     "F",
					     "D",
					     "Z",
					     "B",
					     "C",
					     "S",
					     "Ljava/lang/Object;",
					     "Ljava/lang/String;",
					     "[I",
					     "[Ljava/lang/Object;",
					     "[[J",
					     "Ljava/lang/Runnable;",
					     "Ljava/lang/Throwable;" };
	struct classfile_text name;

	if (mutant_below(m, 3)) {
		const char *type = known[mutant_below(m, sizeof(known) / sizeof(known[0]))];

		add(text, type, strlen(type));
		return;
	}
	name = classfile_name_of(m->base, mutant_constant(m, CLASSFILE_CLASS));
	if (name.len && name.data[0] == '[') {
		add(text, name.data, name.len);
		return;
	}
	add(text, "L", 1);
	add(text, name.data, name.len);
	add(text, ";", 1);
}

/* Another method descriptor: one parameter more, less or other, or another result. */
static bool other_method(struct mutant *m, struct classfile_text old, struct text *into)
{
	struct classfile_signature signature;
	struct classfile_type type;
	uint32_t what = mutant_below(m, 4), which, i = 0;

	if (classfile_signature_parse(old, &signature))
		return false;
	which = mutant_below(m, signature.parameters + 1u);
	add(into, "(", 1);
	for (; classfile_signature_next(&signature, &type); i++) {
		if (i == which && what == 0)
			add_type(m, into);
		if (i == which && what == 1)
			continue;
		if (i == which && what == 2)
			add_type(m, into);
		else
			add(into, type.text.data, type.text.len);
	}
	if (i == which && what == 0)
		add_type(m, into);
	add(into, ")", 1);
	if (what < 3)
		add(into, signature.result.text.data, signature.result.text.len);
	else if (mutant_below(m, 5))
		add_type(m, into);
	else
		add(into, "V", 1);
	return into->len != old.len || memcmp(into->chars, old.data, old.len);
}

static bool has_member(unsigned opcode)
{
	return opcode >= CLASSFILE_OP_GETSTATIC && opcode <= CLASSFILE_OP_INVOKEDYNAMIC;
}

static bool has_owner(unsigned opcode)
{
	return opcode >= CLASSFILE_OP_GETSTATIC && opcode <= CLASSFILE_OP_INVOKEINTERFACE;
}

/* Points the instruction at pc to what was collected, the last entry being its reference. */
static bool point(struct mutant *m, const struct site *site, uint32_t pc, const struct mutant_pool *pool,
		  const struct text *descriptor)
{
	unsigned opcode = site->code.octets[pc];
	struct classfile_signature signature;

	mutant_u16(m, site->at + pc + 1, pool->next - 1);
	if (opcode == CLASSFILE_OP_INVOKEINTERFACE && descriptor &&
	    !classfile_signature_parse((struct classfile_text){ (const uint8_t *)descriptor->chars, descriptor->len },
				       &signature))
		mutant_u8(m, site->at + pc + 3, signature.slots + 1);
	mutant_append(m, pool);
	return true;
}

bool change_call(struct mutant *m)
{
	const struct site *site;
	struct classfile_reference_parts parts;
	struct text descriptor = { .len = 0 };
	struct mutant_pool pool;
	uint32_t pc;
	uint16_t index, type;

	if (!mutant_instruction_of(m, has_member, &site, &pc) ||
	    classfile_reference(m->base, classfile_u16(site->code.octets + pc + 1), &parts))
		return false;
	if (parts.tag == CLASSFILE_FIELDREF)
		add_type(m, &descriptor);
	else if (!other_method(m, parts.descriptor, &descriptor))
		return false;
	mutant_pool_begin(m, &pool);
	index = mutant_pool_utf8(&pool, descriptor.chars, descriptor.len);
	type = mutant_pool_two(&pool, CLASSFILE_NAME_AND_TYPE, parts.name_at, index);
	if (!mutant_pool_two(&pool, parts.tag, parts.owner, type))
		return false;
	mutant_say_place(m, site, pc);
	mutant_say(m, "%s %.*s %.*s -> %.*s", classfile_opcode_name[site->code.octets[pc]], (int)parts.name.len,
		   (const char *)parts.name.data, (int)parts.descriptor.len, (const char *)parts.descriptor.data,
		   (int)descriptor.len, descriptor.chars);
	return point(m, site, pc, &pool, &descriptor);
}

static bool is_virtual(unsigned opcode)
{
	return opcode == CLASSFILE_OP_INVOKEVIRTUAL || opcode == CLASSFILE_OP_INVOKESPECIAL;
}

bool change_protected(struct mutant *m)
{
	const struct site *site;
	struct classfile_reference_parts parts;
	struct mutant_pool pool;
	const char *name, *descriptor;
	uint32_t pc;
	uint16_t text, type, owner;

	if (!mutant_instruction_of(m, is_virtual, &site, &pc) ||
	    classfile_reference(m->base, classfile_u16(site->code.octets + pc + 1), &parts))
		return false;
	name = mutant_below(m, 2) ? "clone" : "finalize";
	descriptor = *name == 'c' ? "()Ljava/lang/Object;" : "()V";
	mutant_pool_begin(m, &pool);
	owner = parts.owner;
	if (mutant_below(m, 2))
		owner = mutant_pool_two(&pool, CLASSFILE_CLASS, mutant_pool_utf8(&pool, "java/lang/Object", 16), 0);
	text = mutant_pool_utf8(&pool, name, strlen(name));
	type = mutant_pool_two(&pool, CLASSFILE_NAME_AND_TYPE, text,
			       mutant_pool_utf8(&pool, descriptor, strlen(descriptor)));
	if (!mutant_pool_two(&pool, CLASSFILE_METHODREF, owner, type))
		return false;
	mutant_say_place(m, site, pc);
	mutant_say(m, "%.*s %.*s -> %s of %s", (int)parts.name.len, (const char *)parts.name.data,
		   (int)parts.descriptor.len, (const char *)parts.descriptor.data, name,
		   owner == parts.owner ? "the same" : "Object");
	return point(m, site, pc, &pool, NULL);
}

bool change_owner(struct mutant *m)
{
	const struct site *site;
	struct classfile_reference_parts parts;
	struct classfile_text name;
	struct mutant_pool pool;
	const struct classfile_constant *old;
	uint32_t pc, index;
	uint16_t owner;

	if (!mutant_instruction_of(m, has_owner, &site, &pc))
		return false;
	index = classfile_u16(site->code.octets + pc + 1);
	if (classfile_reference(m->base, index, &parts))
		return false;
	old = &m->base->constants[index];
	mutant_pool_begin(m, &pool);
	switch (mutant_below(m, 6)) {
	case 0:
		owner = mutant_pool_two(&pool, CLASSFILE_CLASS, mutant_pool_utf8(&pool, "java/lang/Object", 16), 0);
		break;
	case 1:
		owner = mutant_pool_two(&pool, CLASSFILE_CLASS, mutant_pool_utf8(&pool, "[Ljava/lang/Object;", 19), 0);
		break;
	case 2:
		owner = m->base->this_class;
		break;
	case 3:
		owner = m->base->super_class;
		break;
	default:
		owner = mutant_constant(m, CLASSFILE_CLASS);
	}
	name = classfile_name_of(m->base, owner);
	if (owner == parts.owner || !mutant_pool_two(&pool, parts.tag, owner, old->b))
		return false;
	mutant_say_place(m, site, pc);
	mutant_say(m, "%.*s of %.*s -> of %.*s", (int)parts.name.len, (const char *)parts.name.data,
		   (int)parts.owner_name.len, (const char *)parts.owner_name.data, (int)name.len,
		   (const char *)(name.data ?: (const uint8_t *)""));
	return point(m, site, pc, &pool, NULL);
}

bool change_signature(struct mutant *m)
{
	const struct site *site;
	struct classfile_text old;
	struct text descriptor = { .len = 0 };
	struct mutant_pool pool;
	uint32_t number;

	if (!mutant_instruction(m, &site, &number))
		return false;
	old = classfile_utf8(m->base, site->method->descriptor);
	if (!old.data || !other_method(m, old, &descriptor))
		return false;
	mutant_pool_begin(m, &pool);
	if (!mutant_pool_utf8(&pool, descriptor.chars, descriptor.len))
		return false;
	mutant_say_place(m, site, 0);
	mutant_say(m, "descriptor -> %.*s", (int)descriptor.len, descriptor.chars);
	mutant_u16(m, site->method->at + 4, pool.next - 1);
	mutant_append(m, &pool);
	return true;
}
