/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a message as they come in: the one loop that sees every octet. */
#ifndef PORCUPINED_SMTP_TEXT_H
#define PORCUPINED_SMTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What came before the next octet. */
enum smtp_text {
	SMTP_TEXT_START,  /* CRLF, or nothing: a line begins */
	SMTP_TEXT_MIDDLE, /* an octet of a line */
	SMTP_TEXT_CR,     /* a CR, whose LF must follow */
	SMTP_TEXT_DOT,    /* a dot at the start of a line (DATA only) */
	SMTP_TEXT_DOT_CR, /* a dot and a CR (DATA only) */
};

/*
 * How many of the n octets at p are whole lines or parts of one: up to n, or to the first octet that is a LF without CR, that follows
 * a CR without being its LF, or (dots) that is a dot at the start of a line. before: START, MIDDLE or CR.
 */
size_t smtp_text_span(const uint8_t *p, size_t n, enum smtp_text before, bool dots);

/* The state after a span of n >= 1 octets at p */
static inline enum smtp_text smtp_text_after(const uint8_t *p, size_t n)
{
	return p[n - 1] == '\n' ? SMTP_TEXT_START : p[n - 1] == '\r' ? SMTP_TEXT_CR : SMTP_TEXT_MIDDLE;
}

#endif
