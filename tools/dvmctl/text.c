// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/dvmctl/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "jvm-broker/classfile/name.h"
#include "tools/lib/keel/cleanup.h"

#define DEPTH_MAX 3 /* constants in constants: a MethodHandle may lead to itself */

static bool is_half(int unit, int first)
{
	return unit >= first && unit < first + 0x400;
}

static void put_utf8(struct keel_buffer *out, uint32_t c)
{
	if (c < 0x80) {
		keel_buffer_putc(out, (uint8_t)c);
	} else if (c < 0x800) {
		keel_buffer_putc(out, (uint8_t)(0xc0 | c >> 6));
		keel_buffer_putc(out, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		if (c < 0x10000) {
			keel_buffer_putc(out, (uint8_t)(0xe0 | c >> 12));
		} else {
			keel_buffer_putc(out, (uint8_t)(0xf0 | c >> 18));
			keel_buffer_putc(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		}
		keel_buffer_putc(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		keel_buffer_putc(out, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

static void put_unit(struct keel_buffer *out, int unit)
{
	static const char escapes[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	const char *escape = NULL;

	for (size_t i = 0; i < sizeof(escapes) - 1; i += 2)
		if (escapes[i] == unit)
			escape = &escapes[i + 1];
	if (escape)
		keel_buffer_printf(out, "\\%c", *escape);
	else if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0) || is_half(unit, 0xd800) || is_half(unit, 0xdc00) ||
		 unit >= 0xfffe || unit == 0x2028 || unit == 0x2029)
		keel_buffer_printf(out, "\\u%04x", (unsigned)unit);
	else
		put_utf8(out, (uint32_t)unit);
}

void text_escaped(struct keel_buffer *out, struct classfile_text text)
{
	for (uint32_t i = 0; i < text.len;) {
		unsigned used, more;
		const int unit = classfile_utf8_unit(text.data + i, text.len - i, &used);
		int low;

		if (unit < 0) {
			keel_buffer_printf(out, "\\u%04x", text.data[i++]);
			continue;
		}
		i += used;
		low = is_half(unit, 0xd800) && i < text.len ? classfile_utf8_unit(text.data + i, text.len - i, &more)
							    : -1;
		if (is_half(low, 0xdc00)) {
			put_utf8(out, 0x10000u + ((unsigned)(unit - 0xd800) << 10) + (unsigned)(low - 0xdc00));
			i += more;
		} else {
			put_unit(out, unit);
		}
	}
}

void text_quoted(struct keel_buffer *out, struct classfile_text text)
{
	keel_buffer_putc(out, '"');
	text_escaped(out, text);
	keel_buffer_putc(out, '"');
}

void text_quoted_plain(struct keel_buffer *out, const char *text, size_t len)
{
	keel_buffer_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		/* names of files and entries are UTF-8, if anything */
		if ((uint8_t)text[i] < 0x80)
			put_unit(out, text[i]);
		else
			keel_buffer_putc(out, (uint8_t)text[i]);
	}
	keel_buffer_putc(out, '"');
}

/* ---- constants ------------------------------------------------------------------------------------------------------------------------- */

static void put_float(struct keel_buffer *out, double value, int digits)
{
	if (isnan(value))
		keel_buffer_puts(out, "NaN");
	else if (isinf(value))
		keel_buffer_puts(out, value < 0 ? "-Infinity" : "Infinity");
	else
		keel_buffer_printf(out, "%.*g", digits, value);
}

static void put_constant(struct keel_buffer *out, const struct classfile *c, uint32_t index, unsigned depth);

static void put_part(struct keel_buffer *out, struct classfile_text text)
{
	if (text.data)
		text_escaped(out, text);
	else
		keel_buffer_putc(out, '?');
}

static void put_reference(struct keel_buffer *out, const struct classfile *c, uint32_t index)
{
	struct classfile_reference_parts parts;

	if (classfile_reference(c, index, &parts)) {
		keel_buffer_putc(out, '?');
		return;
	}
	if (parts.tag == CLASSFILE_DYNAMIC || parts.tag == CLASSFILE_INVOKE_DYNAMIC)
		keel_buffer_printf(out, "bootstrap %u ", parts.owner);
	if (parts.owner_name.data) {
		text_escaped(out, parts.owner_name);
		keel_buffer_putc(out, '.');
	}
	text_escaped(out, parts.name);
	keel_buffer_putc(out, ':');
	text_escaped(out, parts.descriptor);
}

static void put_constant(struct keel_buffer *out, const struct classfile *c, uint32_t index, unsigned depth)
{
	const struct classfile_constant *k = index < c->constants_n ? &c->constants[index] : NULL;
	const char *kind;
	uint64_t bits;
	double wide;
	float narrow;
	uint32_t bits32;

	switch (k && depth ? k->tag : 0) {
	case CLASSFILE_UTF8:
		put_part(out, classfile_utf8(c, index));
		break;
	case CLASSFILE_STRING:
		if (classfile_name_of(c, index).data)
			text_quoted(out, classfile_name_of(c, index));
		else
			keel_buffer_putc(out, '?');
		break;
	case CLASSFILE_CLASS:
	case CLASSFILE_METHOD_TYPE:
	case CLASSFILE_MODULE:
	case CLASSFILE_PACKAGE:
		put_part(out, classfile_name_of(c, index));
		break;
	case CLASSFILE_INTEGER:
		keel_buffer_printf(out, "%" PRId32, (int32_t)classfile_value32(c, index));
		break;
	case CLASSFILE_LONG:
		keel_buffer_printf(out, "%" PRId64, (int64_t)classfile_value64(c, index));
		break;
	case CLASSFILE_FLOAT:
		bits32 = classfile_value32(c, index);
		memcpy(&narrow, &bits32, sizeof(narrow));
		put_float(out, narrow, 9);
		break;
	case CLASSFILE_DOUBLE:
		bits = classfile_value64(c, index);
		memcpy(&wide, &bits, sizeof(wide));
		put_float(out, wide, 17);
		break;
	case CLASSFILE_METHOD_HANDLE:
		kind = classfile_reference_name(k->kind);
		keel_buffer_printf(out, "%s ", kind ? kind : "?");
		put_constant(out, c, k->a, depth - 1);
		break;
	case CLASSFILE_FIELDREF:
	case CLASSFILE_METHODREF:
	case CLASSFILE_INTERFACE_METHODREF:
	case CLASSFILE_NAME_AND_TYPE:
	case CLASSFILE_DYNAMIC:
	case CLASSFILE_INVOKE_DYNAMIC:
		put_reference(out, c, index);
		break;
	default:
		keel_buffer_putc(out, '?');
	}
}

void text_constant(struct keel_buffer *out, const struct classfile *c, uint32_t index)
{
	put_constant(out, c, index, DEPTH_MAX);
}

/* ---- flags ---------------------------------------------------------------------------------------------------------------------------- */

void text_flags(struct keel_buffer *out, unsigned flags, enum text_flags where)
{
	static const char *const names[][16] = {
		[TEXT_FLAGS_CLASS] = { "public", "private", "protected", "static", "final", "super", "", "", "",
				       "interface", "abstract", "strict", "synthetic", "annotation", "enum", "module" },
		[TEXT_FLAGS_FIELD] = { "public", "private", "protected", "static", "final", "", "volatile", "transient",
				       "", "", "", "", "synthetic", "", "enum", "" },
		[TEXT_FLAGS_METHOD] = { "public", "private", "protected", "static", "final", "synchronized", "bridge",
					"varargs", "native", "", "abstract", "strict", "synthetic", "", "", "" },
		[TEXT_FLAGS_OTHER] = { "", "", "", "", "final", "transitive", "static-phase", "", "", "", "", "",
				       "synthetic", "", "", "mandated" },
	};
	const char *between = "";

	for (unsigned bit = 0; bit < 16; bit++)
		if (flags >> bit & 1 && *names[where][bit]) {
			keel_buffer_printf(out, "%s%s", between, names[where][bit]);
			between = " ";
		}
}
