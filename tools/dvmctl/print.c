// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/dvmctl/print.h"

#include <inttypes.h>
#include <string.h>

#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/classfile/walk.h"
#include "tools/dvmctl/text.h"

#define OCTETS_SHOWN 32
#define LEVELS 512 /* of groups in groups; annotations end at 256 */

struct printer {
	struct keel_buffer *out;
	const struct classfile *c;
	unsigned level;
	bool line;        /* a line is begun */
	bool instruction; /* inside one */
	bool fresh;       /* a group has ended: the next field begins a line */
	bool comma;       /* JSON: something stands before in this list */
	enum text_flags flags;
	unsigned text; /* level that holds a Utf8, whose octets are a text; 0 = none */
};

/* ---- what both do --------------------------------------------------------------------------------------------------------------- */

/* Where the flags that come next stand */
static void note_group(struct printer *p, const char *label)
{
	if (!strcmp(label, "field_info"))
		p->flags = TEXT_FLAGS_FIELD;
	else if (!strcmp(label, "method_info"))
		p->flags = TEXT_FLAGS_METHOD;
	else if (!strcmp(label, "classes") || p->level == 1)
		p->flags = TEXT_FLAGS_CLASS;
	else
		p->flags = TEXT_FLAGS_OTHER;
	if (!strcmp(label, "Utf8") && p->level == 1)
		p->text = 1;
}

static void note_leave(struct printer *p)
{
	if (p->level == 1) {
		p->flags = TEXT_FLAGS_CLASS;
		p->text = 0;
	}
}

static void put_octets(struct printer *p, const struct classfile_field *field)
{
	for (uint32_t i = 0; i < field->width && i < OCTETS_SHOWN; i++)
		keel_buffer_printf(p->out, "%02x", p->c->data[field->at + i]);
	if (field->width > OCTETS_SHOWN)
		keel_buffer_puts(p->out, "...");
}

static bool is_index(const struct classfile_field *field)
{
	return field->meaning == CLASSFILE_IS_INDEX || (field->meaning == CLASSFILE_IS_OPTION && field->value);
}

static bool is_signed(const struct classfile_field *field)
{
	return field->meaning == CLASSFILE_IS_SIGNED || field->meaning == CLASSFILE_IS_BRANCH;
}

/* ---- text ---------------------------------------------------------------------------------------------------------------------------- */

static void begin_line(struct printer *p)
{
	if (p->line)
		keel_buffer_putc(p->out, '\n');
	for (unsigned i = 0; i < p->level; i++)
		keel_buffer_puts(p->out, "  ");
	p->line = true;
}

static void print_enter(void *arg, const char *label, uint32_t i)
{
	struct printer *p = arg;

	begin_line(p);
	p->fresh = false;
	p->level++;
	note_group(p, label);
	/* an opcode follows: its mnemonic is the label */
	p->instruction = false;
	for (unsigned op = 0; op < CLASSFILE_OPCODES_N && !p->instruction; op++)
		p->instruction = classfile_opcode_name[op] == label;
	if (p->instruction)
		keel_buffer_printf(p->out, "%" PRIu32 ": %s", i, label);
	else if (p->level == 1 && classfile_tag_of(p->c, i) &&
		 !strcmp(label, classfile_tag_name(p->c->constants[i].tag)))
		keel_buffer_printf(p->out, "#%" PRIu32 " %s", i, label);
	else
		keel_buffer_printf(p->out, "%s %" PRIu32 ":", label, i);
}

static void print_leave(void *arg)
{
	struct printer *p = arg;

	note_leave(p);
	p->instruction = false;
	p->fresh = true;
	p->level--;
}

static void print_value(struct printer *p, const struct classfile_field *field)
{
	struct keel_buffer *out = p->out;

	if (field->meaning >= CLASSFILE_IS_OCTETS) {
		if (p->text && field->meaning == CLASSFILE_IS_OCTETS)
			text_quoted(out, (struct classfile_text){ p->c->data + field->at, field->width });
		else
			put_octets(p, field);
	} else if (is_index(field)) {
		keel_buffer_printf(out, "#%" PRIu32 " ", field->value);
		text_constant(out, p->c, field->value);
	} else if (field->meaning == CLASSFILE_IS_FLAGS) {
		keel_buffer_printf(out, "0x%04" PRIx32 " ", field->value);
		text_flags(out, field->value, p->flags);
	} else if (field->meaning == CLASSFILE_IS_BRANCH) {
		keel_buffer_printf(out, "%" PRId64, (int64_t)field->pc + (int32_t)field->value);
	} else if (is_signed(field)) {
		keel_buffer_printf(out, "%" PRId32, (int32_t)field->value);
	} else if (field->at == 0) {
		keel_buffer_printf(out, "%08" PRIx32, field->value); /* the magic */
	} else {
		keel_buffer_printf(out, "%" PRIu32, field->value);
	}
}

static void print_field(void *arg, const struct classfile_field *field)
{
	struct printer *p = arg;

	if (p->instruction) {
		/* the mnemonic has said what the opcode is; padding of zeros is nothing to see */
		if (field->meaning == CLASSFILE_IS_OPCODE) {
			if (field->value == CLASSFILE_OP_WIDE)
				keel_buffer_puts(p->out, " wide");
			return;
		}
		if (field->meaning == CLASSFILE_IS_OCTETS && field->width == 0)
			return;
		keel_buffer_putc(p->out, ' ');
		print_value(p, field);
		return;
	}
	if (p->level == 0 || p->fresh)
		begin_line(p);
	else
		keel_buffer_putc(p->out, ' ');
	p->fresh = false;
	keel_buffer_printf(p->out, "%s ", field->label);
	print_value(p, field);
}

unsigned print_class(struct keel_buffer *out, const struct classfile *c)
{
	struct printer p = { .out = out, .c = c, .flags = TEXT_FLAGS_CLASS };
	const struct classfile_visitor v = { print_field, print_enter, print_leave, &p };
	const unsigned malformed = classfile_walk(c, &v);

	keel_buffer_putc(out, '\n');
	return malformed;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------------------------ */

static void separate(struct printer *p)
{
	if (p->comma)
		keel_buffer_putc(p->out, ',');
	p->comma = true;
}

static void json_enter(void *arg, const char *label, uint32_t i)
{
	struct printer *p = arg;

	separate(p);
	p->level++;
	note_group(p, label);
	keel_buffer_printf(p->out, "{\"group\":\"%s\",\"i\":%" PRIu32 ",\"parts\":[", label, i);
	p->comma = false;
}

static void json_leave(void *arg)
{
	struct printer *p = arg;

	note_leave(p);
	p->level--;
	keel_buffer_puts(p->out, "]}");
	p->comma = true;
}

static void json_field(void *arg, const struct classfile_field *field)
{
	struct printer *p = arg;
	struct keel_buffer *out = p->out;

	separate(p);
	keel_buffer_printf(out, "{\"field\":\"%s\",\"at\":%" PRIu32, field->label, field->at);
	if (field->meaning >= CLASSFILE_IS_OCTETS) {
		keel_buffer_printf(out, ",\"octets\":%" PRIu32, field->width);
		if (p->text && field->meaning == CLASSFILE_IS_OCTETS) {
			keel_buffer_puts(out, ",\"text\":");
			text_quoted(out, (struct classfile_text){ p->c->data + field->at, field->width });
		} else {
			keel_buffer_puts(out, ",\"hex\":\"");
			for (uint32_t i = 0; i < field->width; i++)
				keel_buffer_printf(out, "%02x", p->c->data[field->at + i]);
			keel_buffer_putc(out, '"');
		}
		if (field->meaning == CLASSFILE_IS_MALFORMED)
			keel_buffer_puts(out, ",\"malformed\":true");
	} else if (is_signed(field)) {
		keel_buffer_printf(out, ",\"value\":%" PRId32, (int32_t)field->value);
	} else {
		keel_buffer_printf(out, ",\"value\":%" PRIu32, field->value);
	}
	if (is_index(field)) {
		struct keel_buffer text;

		keel_buffer_init(&text, 0);
		text_constant(&text, p->c, field->value);
		keel_buffer_puts(out, ",\"is\":");
		text_quoted_plain(out, (const char *)text.data, text.len);
		keel_buffer_free(&text);
	}
	keel_buffer_putc(out, '}');
}

unsigned print_class_json(struct keel_buffer *out, const struct classfile *c)
{
	struct printer p = { .out = out, .c = c, .flags = TEXT_FLAGS_CLASS };
	const struct classfile_visitor v = { json_field, json_enter, json_leave, &p };

	return classfile_walk(c, &v);
}
