// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/message/message.h"

#define SHOWN_MAX 320 /* octets of one value: a line stays far below 998 (RFC 5322 2.1.1) */

/* A value that came from outside: controls, and the octets of avoid, become '?'. */
static void append_clean(struct keel_buffer *out, const char *text, const char *avoid)
{
	for (size_t n = 0; *text && n < SHOWN_MAX; text++, n++) {
		const uint8_t octet = (uint8_t)*text;

		keel_buffer_putc(out, octet < ' ' || octet == 0x7f || strchr(avoid, octet) ? '?' : octet);
	}
}

/* All or nothing: forgets what was appended after 'before' if it failed. */
static int finish(struct keel_buffer *out, size_t before)
{
	if (out->failed)
		out->len = before;
	return out->failed;
}

int message_trace_append(struct keel_buffer *out, const struct message_trace *trace)
{
	static const char structure[] = " ()<>\\\";,";
	const size_t before = out->len;

	keel_buffer_puts(out, "Received: from ");
	append_clean(out, *trace->helo ? trace->helo : "unknown", structure);
	if (trace->address && *trace->address) {
		keel_buffer_puts(out, strchr(trace->address, ':') ? " ([IPv6:" : " ([");
		append_clean(out, trace->address, structure);
		keel_buffer_puts(out, "])");
	}
	keel_buffer_puts(out, "\r\n\tby ");
	append_clean(out, trace->host, structure);
	keel_buffer_puts(out, " with ");
	append_clean(out, trace->with, structure);
	if (trace->tls) {
		keel_buffer_puts(out, " (");
		append_clean(out, trace->tls, "()\\");
		keel_buffer_puts(out, ")");
	}
	if (trace->id) {
		keel_buffer_puts(out, " id ");
		append_clean(out, trace->id, structure);
	}
	keel_buffer_puts(out, ";\r\n\t");
	message_date_append(out, trace->time);
	keel_buffer_puts(out, "\r\n");
	return finish(out, before);
}

static int field(struct keel_buffer *out, const char *name, const char *value, const char *end)
{
	const size_t before = out->len;

	keel_buffer_puts(out, name);
	append_clean(out, value, "");
	keel_buffer_puts(out, end);
	return finish(out, before);
}

int message_return_path_append(struct keel_buffer *out, const char *address)
{
	return field(out, "Return-Path: <", address, ">\r\n");
}

int message_delivered_to_append(struct keel_buffer *out, const char *address)
{
	return field(out, "Delivered-To: ", address, "\r\n");
}

/* RFC 5321 4.1.2 Dot-string, with UTF-8 as an atom's letter (RFC 6531 3.3). */
static bool is_dot_string(const char *text)
{
	bool dot = true;

	for (; *text; text++) {
		if (*text == '.' ? dot
				 : (uint8_t)*text <= ' ' || *text == 0x7f || strchr("()<>[]:;@\\,\"", *text) != NULL)
			return false;
		dot = *text == '.';
	}
	return !dot;
}

int message_address_append(struct keel_buffer *out, const char *local, const char *domain)
{
	const size_t before = out->len;

	if (!*local && !*domain)
		return 0;
	if (is_dot_string(local)) {
		keel_buffer_puts(out, local);
	} else {
		keel_buffer_putc(out, '"');
		for (; *local; local++) {
			if (*local == '"' || *local == '\\')
				keel_buffer_putc(out, '\\');
			keel_buffer_putc(out, (uint8_t)*local);
		}
		keel_buffer_putc(out, '"');
	}
	if (*domain) {
		keel_buffer_putc(out, '@');
		keel_buffer_puts(out, domain);
	}
	return finish(out, before);
}
