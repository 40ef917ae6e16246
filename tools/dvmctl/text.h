/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets of class files as text for people and as JSON: both are UTF-8. */
#ifndef DVMCTL_TEXT_H
#define DVMCTL_TEXT_H

#include "jvm-broker/classfile/classfile.h"
#include "tools/lib/keel/buffer.h"

/* Modified UTF-8 as UTF-8, with JSON's escapes for what is no graphic character; octets that are no modified UTF-8, and halves of pairs, as
 * \u00xx and \uxxxx. */
void text_escaped(struct keel_buffer *out, struct classfile_text text);
/* The same in quotes; plain: octets of a C string. */
void text_quoted(struct keel_buffer *out, struct classfile_text text);
void text_quoted_plain(struct keel_buffer *out, const char *text, size_t len);

/* What a constant pool entry stands for: a name, "characters", a number, owner.name:descriptor; "?" for what leads nowhere. */
void text_constant(struct keel_buffer *out, const struct classfile *c, uint32_t index);

/* Names of flags with blanks between, "" for none. What a bit means depends on where it stands. */
enum text_flags {
	TEXT_FLAGS_CLASS,
	TEXT_FLAGS_FIELD,
	TEXT_FLAGS_METHOD,
	TEXT_FLAGS_OTHER, /* of modules and parameters */
};
void text_flags(struct keel_buffer *out, unsigned flags, enum text_flags where);

#endif
