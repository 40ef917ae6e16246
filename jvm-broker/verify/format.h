/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: what is looked at when a class is defined (JVMS 4.1 to 4.7), as HotSpot 17 does. Every error is reported. */
#ifndef JVM_BROKER_VERIFY_FORMAT_H
#define JVM_BROKER_VERIFY_FORMAT_H

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/verify/checker.h"

void format_constants(struct judge *judge);
void format_class(struct judge *judge);
void format_fields(struct judge *judge);
void format_methods(struct judge *judge);
/* The Code of a method: words of its parameters, this among them */
void format_code(struct judge *judge, uint16_t method, int words);
void format_attributes(struct judge *judge);
/* What the class needs of those above it */
void format_inherit(struct judge *judge);
/* All of them. true: the class can be defined, as far as it goes by itself. */
bool format_check(struct judge *judge);

/* Flags of a class or inner class: 0, or the axiom that is broken; module: that of a module-info */
int format_class_flags(unsigned major, unsigned flags, enum verify_axiom wrong, enum verify_axiom module);

/* Of which attributes one has been seen */
struct once {
	uint64_t kinds;
};

/* Attributes of fields, methods and components of a record that HotSpot reads alike. true: it was one of them. */
bool format_shared(struct judge *judge, uint16_t method, struct once *once, const struct classfile_attribute *a);

static inline void format_fail(struct judge *judge, enum verify_axiom axiom)
{
	judge_report(judge, VERIFY_NOWHERE, axiom, -1);
}

static inline bool format_is(const struct classfile *c, uint32_t index, enum classfile_tag tag)
{
	return classfile_tag_of(c, index) == tag;
}

/* Reports a second of a kind. */
static inline bool format_once(struct judge *judge, uint16_t method, struct once *once, unsigned kind,
			       enum verify_axiom axiom)
{
	const bool second = once->kinds >> kind & 1;

	once->kinds |= 1ull << kind;
	if (second)
		judge_report(judge, method, axiom, -1);
	return !second;
}

#endif
