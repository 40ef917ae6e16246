// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "jvm-broker/classfile/attribute.h"

/* frame_type (JVMS 4.7.4) */
#define SAME_LOCALS_1 64
#define RESERVED 128
#define SAME_LOCALS_1_EXTENDED 247
#define SAME_EXTENDED 251
#define APPEND 252
#define FULL 255

int classfile_frames_read(const struct classfile *c, const struct classfile_attribute *a, struct classfile_frames *out)
{
	const uint8_t *at = c->data + a->at;

	if (a->len < 2)
		return -EINVAL;
	*out = (struct classfile_frames){
		.at = at + 2, .end = at + a->len, .left = classfile_u16(at), .n = classfile_u16(at)
	};
	return 0;
}

/* Passes over n types at *at. */
static bool pass_types(const uint8_t **at, const uint8_t *end, unsigned n)
{
	const uint8_t *here = *at;

	for (; n; n--) {
		unsigned type;

		if (here == end)
			return false;
		type = *here;
		if (type < CLASSFILE_FRAME_OBJECT)
			here++;
		else if (type < CLASSFILE_FRAME_TYPES_N && end - here >= 3)
			here += 3;
		else
			return false;
	}
	*at = here;
	return true;
}

/* Behind its head: types, and for a full_frame a second count between them */
static bool read_types(const uint8_t **at, const uint8_t *end, struct classfile_frame *frame)
{
	frame->locals = *at;
	if (!pass_types(at, end, frame->locals_n))
		return false;
	if (frame->kind == CLASSFILE_FRAME_FULL) {
		if (end - *at < 2)
			return false;
		frame->stack_n = classfile_u16(*at);
		*at += 2;
	}
	frame->stack = *at;
	return pass_types(at, end, frame->stack_n);
}

int classfile_frames_next(struct classfile_frames *f, struct classfile_frame *out)
{
	struct classfile_frame frame = { .at = f->at };
	const uint8_t *at = f->at;
	unsigned tag, head;

	if (!f->left)
		return at == f->end ? 0 : -EINVAL;
	if (at == f->end)
		return -EINVAL;
	tag = *at;
	frame.tag = (uint8_t)tag;
	head = tag < RESERVED ? 1 : tag < FULL ? 3 : 5;
	if ((size_t)(f->end - at) < head)
		return -EINVAL;
	if (tag >= SAME_LOCALS_1_EXTENDED)
		frame.delta = classfile_u16(at + 1);
	if (tag < SAME_LOCALS_1) {
		frame.delta = (uint16_t)tag;
	} else if (tag < RESERVED) {
		frame.kind = CLASSFILE_FRAME_SAME_1;
		frame.delta = (uint16_t)(tag - SAME_LOCALS_1);
		frame.stack_n = 1;
	} else if (tag < SAME_LOCALS_1_EXTENDED) {
		return -EINVAL;
	} else if (tag == SAME_LOCALS_1_EXTENDED) {
		frame.kind = CLASSFILE_FRAME_SAME_1;
		frame.stack_n = 1;
	} else if (tag < SAME_EXTENDED) {
		frame.kind = CLASSFILE_FRAME_CHOP;
		frame.chop = (uint8_t)(SAME_EXTENDED - tag);
	} else if (tag >= APPEND && tag < FULL) {
		frame.kind = CLASSFILE_FRAME_APPEND;
		frame.locals_n = (uint16_t)(tag - SAME_EXTENDED);
	} else if (tag == FULL) {
		frame.kind = CLASSFILE_FRAME_FULL;
		frame.locals_n = classfile_u16(at + 3);
	}
	at += head;
	if (!read_types(&at, f->end, &frame))
		return -EINVAL;
	*out = frame;
	f->at = at;
	f->left--;
	return 1;
}
