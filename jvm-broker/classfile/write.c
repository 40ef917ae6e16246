// SPDX-License-Identifier: GPL-2.0-or-later
#include "jvm-broker/classfile/write.h"

#include <errno.h>

#include "jvm-broker/classfile/walk.h"

struct writer {
	const struct classfile *c;
	struct keel_buffer *out;
};

static void write_field(void *arg, const struct classfile_field *field)
{
	const struct writer *w = arg;

	if (field->meaning >= CLASSFILE_IS_OCTETS)
		keel_buffer_append(w->out, w->c->data + field->at, field->width);
	else if (field->width == 1)
		keel_buffer_putc(w->out, (uint8_t)field->value);
	else if (field->width == 2)
		keel_buffer_be16(w->out, (uint16_t)field->value);
	else
		keel_buffer_be32(w->out, field->value);
}

int classfile_write(const struct classfile *c, struct keel_buffer *out, unsigned *malformed)
{
	struct writer w = { c, out };
	const struct classfile_visitor v = { .field = write_field, .arg = &w };
	int ret = keel_buffer_reserve(out, c->size);
	unsigned n;

	if (ret)
		return ret;
	n = classfile_walk(c, &v);
	if (!out->failed && malformed)
		*malformed = n;
	return out->failed;
}
