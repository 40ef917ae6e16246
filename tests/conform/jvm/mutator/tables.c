// SPDX-License-Identifier: GPL-2.0-or-later
/* Changes around the code: its limits, its exception table, its frames. */
#include <string.h>

#include "tests/conform/jvm/mutator/mutant.h"

static bool limit(struct mutant *m, unsigned at, const char *name)
{
	const struct site *site;
	uint32_t number, old, value;

	if (!mutant_instruction(m, &site, &number))
		return false;
	old = at ? site->code.max_locals : site->code.max_stack;
	value = mutant_below(m, 4) ? old - 1 : mutant_below(m, old + 3);
	if (value == old)
		value++;
	value &= 0xffff;
	mutant_say_place(m, site, 0);
	mutant_say(m, "%s %u -> %u", name, old, value);
	mutant_u16(m, site->method->code + at, value);
	return true;
}

bool change_stack(struct mutant *m)
{
	return limit(m, 0, "max_stack");
}

bool change_locals(struct mutant *m)
{
	return limit(m, 2, "max_locals");
}

bool change_handler(struct mutant *m)
{
	const struct site *site;
	uint32_t begin, column, row, value;

	if (!m->sites_n)
		return false;
	begin = mutant_below(m, m->sites_n);
	for (uint32_t i = 0;; i++) {
		if (i == m->sites_n)
			return false;
		site = &m->sites[(begin + i) % m->sites_n];
		if (site->code.handlers_n)
			break;
	}
	row = mutant_below(m, site->code.handlers_n);
	column = mutant_below(m, 4);
	if (column == 3)
		value = mutant_below(m, 8) ? mutant_constant(m, CLASSFILE_CLASS)
					   : mutant_below(m, m->base->constants_n + 1u);
	else if (mutant_below(m, 4))
		value = site->pcs[mutant_below(m, site->count)];
	else
		value = mutant_below(m, site->code.len + 2);
	mutant_say_place(m, site, 0);
	mutant_say(m, "handler %u: %s %u -> %u", row, (const char *[]){ "from", "to", "at", "class" }[column],
		   classfile_u16(site->code.handlers + 8 * row + 2 * column), value);
	mutant_u16(m, site->code.handlers - m->base->data + 8 * row + 2 * column, value);
	return true;
}

/* ---- frames ------------------------------------------------------------------------------------------------------------- */
struct table {
	const struct site *site;
	struct classfile_attribute attribute;
	struct classfile_frame frame; /* one of them */
	struct classfile_frame next;  /* the one behind it, if there is one */
	uint32_t number, n;
	size_t lengths[3]; /* of what lies around the frames, for mutant_splice */
};

/* A table of frames and a frame in it. The sites are tried from any one on. */
static bool pick_frame(struct mutant *m, struct table *out)
{
	uint32_t begin = m->sites_n ? mutant_below(m, m->sites_n) : 0;

	for (uint32_t i = 0; i < m->sites_n; i++) {
		struct classfile_frames frames;

		out->site = &m->sites[(begin + i) % m->sites_n];
		if (classfile_attribute_find(m->base, out->site->code.attributes, CLASSFILE_ATTR_STACK_MAP_TABLE,
					     &out->attribute) != 1 ||
		    classfile_frames_read(m->base, &out->attribute, &frames) || !frames.n)
			continue;
		out->n = frames.n;
		out->number = mutant_below(m, frames.n);
		for (uint32_t j = 0; j <= out->number; j++)
			if (classfile_frames_next(&frames, &out->frame) != 1)
				return false;
		if (out->number + 1 < out->n && classfile_frames_next(&frames, &out->next) != 1)
			return false;
		out->lengths[0] = out->attribute.at - 4;
		out->lengths[1] = out->site->method->code - 4;
		out->lengths[2] = 0;
		mutant_say_place(m, out->site, 0);
		mutant_say(m, "frame %u: ", out->number);
		return true;
	}
	return false;
}

static size_t offset(const struct mutant *m, const uint8_t *at)
{
	return at - m->base->data;
}

static uint32_t any_new(struct mutant *m, const struct site *site)
{
	uint32_t begin = mutant_below(m, site->count);

	for (uint32_t i = 0; i < site->count; i++) {
		uint32_t pc = site->pcs[(begin + i) % site->count];

		if (site->code.octets[pc] == CLASSFILE_OP_NEW)
			return pc;
	}
	return site->pcs[begin];
}

bool change_frame_item(struct mutant *m)
{
	struct table table;
	struct classfile_frame_item item;
	const uint8_t *at, *here;
	uint8_t type[3];
	uint32_t index, size;

	if (!pick_frame(m, &table) || !(table.frame.locals_n + table.frame.stack_n))
		return false;
	index = mutant_below(m, table.frame.locals_n + table.frame.stack_n);
	at = index < table.frame.locals_n ? table.frame.locals : table.frame.stack;
	for (uint32_t i = index < table.frame.locals_n ? 0 : table.frame.locals_n;; i++) {
		here = at;
		item = classfile_frame_item(&at);
		if (i == index)
			break;
	}
	/* From Object mostly to another class, from the rest mostly to one of the same length. */
	type[0] = item.type == CLASSFILE_FRAME_OBJECT && mutant_below(m, 4) ? CLASSFILE_FRAME_OBJECT
									    : mutant_below(m, CLASSFILE_FRAME_TYPES_N);
	index = type[0] == CLASSFILE_FRAME_OBJECT ? mutant_constant(m, CLASSFILE_CLASS) : any_new(m, table.site);
	if (type[0] == CLASSFILE_FRAME_UNINITIALIZED && !mutant_below(m, 4))
		index = mutant_below(m, table.site->code.len + 1);
	type[1] = index >> 8;
	type[2] = index;
	size = type[0] >= CLASSFILE_FRAME_OBJECT ? 3 : 1;
	if (type[0] == item.type && (size == 1 || index == item.value))
		return false;
	mutant_say(m, "type %u/%u -> %u/%u", item.type, item.value, type[0], size == 3 ? index : 0);
	mutant_splice(m, offset(m, here), at - here, type, size, table.lengths);
	return true;
}

/* Gives a frame another offset_delta; false if its form has no room for it. */
static bool set_delta(struct mutant *m, const struct classfile_frame *frame, uint32_t delta)
{
	size_t at = offset(m, frame->at);

	if (frame->tag < 64 && delta < 64)
		mutant_u8(m, at, delta);
	else if (frame->tag >= 64 && frame->tag < 128 && delta < 64)
		mutant_u8(m, at, 64 + delta);
	else if (frame->tag >= 247 && delta < 65536)
		mutant_u16(m, at + 1, delta);
	else
		return false;
	return true;
}

bool change_frame_delta(struct mutant *m)
{
	struct table table;
	uint32_t delta;

	if (!pick_frame(m, &table))
		return false;
	delta = table.frame.delta + (mutant_below(m, 2) ? 1 : -1) * (1 + mutant_below(m, mutant_below(m, 3) ? 3 : 40));
	mutant_say(m, "offset_delta %u -> %u", table.frame.delta, delta);
	return set_delta(m, &table.frame, delta & 0xffff);
}

static uint32_t frame_size(const struct table *table, const struct mutant *m)
{
	const uint8_t *end = table->number + 1 < table->n ? table->next.at
							  : m->base->data + table->attribute.at + table->attribute.len;

	return end - table->frame.at;
}

bool change_frame_lost(struct mutant *m)
{
	struct table table;

	if (!pick_frame(m, &table))
		return false;
	if (table.number + 1 < table.n && !set_delta(m, &table.next, table.frame.delta + table.next.delta + 1u))
		return false;
	mutant_say(m, "gone");
	mutant_u16(m, table.attribute.at, table.n - 1);
	mutant_splice(m, offset(m, table.frame.at), frame_size(&table, m), NULL, 0, table.lengths);
	return true;
}

bool change_frame_poor(struct mutant *m)
{
	struct table table;
	uint8_t poor[] = { 251, 0, 0, 0, 0, 0, 0 };
	bool full;

	if (!pick_frame(m, &table))
		return false;
	full = mutant_below(m, 2);
	poor[0] = full ? 255 : 251;
	poor[1] = table.frame.delta >> 8;
	poor[2] = table.frame.delta;
	mutant_say(m, full ? "full, empty" : "the same as before");
	if (table.frame.kind == CLASSFILE_FRAME_SAME && !full)
		return false;
	mutant_splice(m, offset(m, table.frame.at), frame_size(&table, m), poor, full ? 7 : 3, table.lengths);
	return true;
}

bool change_frame_table(struct mutant *m)
{
	struct table table;

	if (!pick_frame(m, &table))
		return false;
	switch (mutant_below(m, 4)) {
	case 0:
		mutant_say(m, "count %u -> %u", table.n, table.n + 1);
		mutant_u16(m, table.attribute.at, table.n + 1);
		return true;
	case 1:
		mutant_say(m, "tag %u -> %u", table.frame.tag, table.frame.tag ^ 1);
		mutant_u8(m, offset(m, table.frame.at), table.frame.tag ^ 1);
		return true;
	default:
		mutant_say(m, "table renamed");
		mutant_u16(m, table.attribute.at - 6, mutant_constant(m, CLASSFILE_UTF8));
		return true;
	}
}
