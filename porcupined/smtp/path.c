// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/path.h"

#include <string.h>
#include <strings.h>

#define LABEL_MAX 63 /* octets (RFC 1035 2.3.4) */

enum {
	ATEXT = 1,  /* RFC 5322 3.2.3 */
	LETDIG = 2, /* RFC 5321 4.1.2, and the underscore, which real hosts have */
	DIGIT = 4,
	HEX = 8,
};

/* clang-format off */
static const uint8_t classes[256] = {
	['0' ... '9'] = ATEXT | LETDIG | DIGIT | HEX,
	['A' ... 'F'] = ATEXT | LETDIG | HEX, ['G' ... 'Z'] = ATEXT | LETDIG,
	['a' ... 'f'] = ATEXT | LETDIG | HEX, ['g' ... 'z'] = ATEXT | LETDIG,
	['_'] = ATEXT | LETDIG,
	['!'] = ATEXT, ['#'] = ATEXT, ['$'] = ATEXT, ['%'] = ATEXT, ['&'] = ATEXT, ['\''] = ATEXT,
	['*'] = ATEXT, ['+'] = ATEXT, ['-'] = ATEXT, ['/'] = ATEXT, ['='] = ATEXT, ['?'] = ATEXT,
	['^'] = ATEXT, ['`'] = ATEXT, ['{'] = ATEXT, ['|'] = ATEXT, ['}'] = ATEXT, ['~'] = ATEXT,
};
/* clang-format on */

/* One parse: the bytes, where the result goes, and what is known of it. */
struct parse {
	const uint8_t *at, *end;
	struct keel_buffer *store; /* NULL: the part is only checked */
	enum smtp_reason reason;   /* NONE: a plain error of grammar */
	bool utf8;
};

/* Octets of the well-formed UTF-8 sequence (RFC 3629) at at, which is not ASCII; 0 if there is none. */
static size_t utf8_sequence(const uint8_t *at, const uint8_t *end)
{
	const size_t left = (size_t)(end - at);
	const uint8_t lead = at[0];
	/* the second octet's range excludes overlong forms, surrogates and what is above U+10FFFF */
	const uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	const uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	size_t n;

	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (n > left || at[1] < least || at[1] > most)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static bool is(const struct parse *p, uint8_t octet)
{
	return p->at < p->end && *p->at == octet;
}

static bool keep(struct parse *p, const uint8_t *from, size_t n)
{
	if (!p->store || !keel_buffer_append(p->store, from, n))
		return true;
	p->reason = SMTP_REASON_NO_MEMORY;
	return false;
}

/* One character of a class, or a UTF-8 sequence: its octets, or 0. */
static size_t character(struct parse *p, uint8_t class)
{
	size_t n;

	if (p->at == p->end)
		return 0;
	if (*p->at < 0x80)
		return classes[*p->at] & class ? 1 : 0;
	n = utf8_sequence(p->at, p->end);
	if (n)
		p->utf8 = true;
	else
		p->reason = SMTP_REASON_NOT_UTF8;
	return n;
}

static bool dot_string(struct parse *p)
{
	const uint8_t *start = p->at;

	for (;;) {
		const uint8_t *atom = p->at;
		size_t n;

		while ((n = character(p, ATEXT)))
			p->at += n;
		if (p->reason || p->at == atom)
			return false;
		if (!is(p, '.'))
			return keep(p, start, (size_t)(p->at - start));
		p->at++;
	}
}

static bool quoted_string(struct parse *p)
{
	for (p->at++; p->at < p->end && *p->at != '"';) {
		size_t n = 1;

		if (*p->at == '\\') {
			p->at++;
			if (p->at == p->end || *p->at < ' ' || *p->at > '~')
				return false;
		} else if (*p->at >= 0x80) {
			n = character(p, 0);
			if (!n)
				return false;
		} else if (*p->at < ' ' || *p->at == 0x7f) {
			return false;
		}
		if (!keep(p, p->at, n))
			return false;
		p->at += n;
	}
	if (!is(p, '"'))
		return false;
	p->at++;
	return true;
}

static bool ipv4(const uint8_t *at, const uint8_t *end)
{
	for (int part = 0; part < 4; part++) {
		unsigned value = 0, digits = 0;

		for (; at < end && classes[*at] & DIGIT && digits < 3; at++, digits++)
			value = value * 10 + (unsigned)(*at - '0');
		if (!digits || value > 255)
			return false;
		if (part < 3 && (at == end || *at++ != '.'))
			return false;
	}
	return at == end;
}

static bool ipv6(const uint8_t *at, const uint8_t *end)
{
	int groups = 0;
	bool gap = false;

	if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
		gap = true;
		at += 2;
	}
	while (at < end) {
		const uint8_t *group = at;

		if (ipv4(at, end)) {
			groups += 2;
			break;
		}
		while (at < end && classes[*at] & HEX && at - group < 4)
			at++;
		if (at == group)
			return false;
		groups++;
		if (at == end)
			break;
		if (*at++ != ':' || at == end)
			return false;
		if (*at == ':') {
			if (gap)
				return false;
			gap = true;
			at++;
		}
	}
	return gap ? groups <= 7 : groups == 8;
}

/* RFC 5321 4.1.3, without the brackets. */
static bool literal(const uint8_t *at, const uint8_t *end)
{
	static const char tag[] = "IPv6:";
	const uint8_t *colon;

	if (end - at >= (ptrdiff_t)strlen(tag) && !strncasecmp((const char *)at, tag, strlen(tag)))
		return ipv6(at + strlen(tag), end);
	if (ipv4(at, end))
		return true;
	colon = memchr(at, ':', (size_t)(end - at));
	if (!colon || colon == at || colon + 1 == end)
		return false;
	for (const uint8_t *t = at; t < colon; t++)
		if (!(classes[*t] & LETDIG || *t == '-') || *t == '_')
			return false;
	if (colon[-1] == '-')
		return false;
	/* no tag but IPv6 is registered: what the grammar would let pass could only break out of a field */
	for (const uint8_t *t = colon + 1; t < end; t++)
		if (!(classes[*t] & LETDIG) && *t != '-' && *t != '.' && *t != ':')
			return false;
	return true;
}

static bool address_literal(struct parse *p)
{
	const uint8_t *start = p->at, *close = memchr(p->at, ']', (size_t)(p->end - p->at));

	if (!close || !literal(start + 1, close))
		return false;
	p->at = close + 1;
	return keep(p, start, (size_t)(p->at - start));
}

static bool domain(struct parse *p)
{
	const uint8_t *start = p->at;

	if (is(p, '['))
		return address_literal(p);
	for (;;) {
		const uint8_t *label = p->at;

		for (;;) {
			const size_t n = character(p, LETDIG);

			if (p->reason)
				return false;
			if (!n && !is(p, '-'))
				break;
			p->at += n ? n : 1;
		}
		/* a U-label may be longer than the A-label that the limit is about */
		if (p->at == label || *label == '-' || p->at[-1] == '-' || (p->at - label > LABEL_MAX && !p->utf8))
			return false;
		if (!is(p, '.'))
			return keep(p, start, (size_t)(p->at - start));
		p->at++;
	}
}

/* "@a,@b:" (RFC 5321 appendix C): checked, then forgotten. */
static bool source_route(struct parse *p)
{
	for (;;) {
		if (!is(p, '@'))
			return false;
		p->at++;
		if (!domain(p))
			return false;
		if (is(p, ':')) {
			p->at++;
			return true;
		}
		if (!is(p, ','))
			return false;
		p->at++;
	}
}

static bool postmaster(const struct keel_buffer *local)
{
	static const char name[] = "postmaster";

	return local->len == strlen(name) && !strncasecmp((const char *)local->data, name, strlen(name));
}

/* From behind "<" to behind ">"; domain_at: where the domain lies in the store. */
static bool path_text(struct parse *p, enum smtp_path_kind kind, struct keel_buffer *store, size_t *domain_at)
{
	static const uint8_t nul = 0;
	const uint8_t *mailbox;
	bool ok;

	*domain_at = 0;
	if (kind == SMTP_PATH_REVERSE && is(p, '>')) {
		p->at++;
		p->store = store;
		return keep(p, &nul, 1);
	}
	if (is(p, '@') && !source_route(p))
		return false;
	p->store = store;
	mailbox = p->at;
	ok = is(p, '"') ? quoted_string(p) : dot_string(p);
	if (!ok)
		return false;
	if (store->len > SMTP_PATH_LOCAL) {
		p->reason = SMTP_REASON_PATH_TOO_LONG;
		return false;
	}
	if (kind == SMTP_PATH_FORWARD && is(p, '>') && postmaster(store)) {
		*domain_at = store->len;
		p->at++;
		return keep(p, &nul, 1);
	}
	if (!is(p, '@') || !keep(p, &nul, 1))
		return false;
	*domain_at = store->len;
	p->at++;
	if (!domain(p))
		return false;
	if (!is(p, '>') || !keep(p, &nul, 1))
		return false;
	if (store->len - 1 - *domain_at > SMTP_PATH_DOMAIN || (size_t)(p->at - mailbox) + 2 > SMTP_PATH_TOTAL) {
		p->reason = SMTP_REASON_PATH_TOO_LONG;
		return false;
	}
	p->at++;
	return true;
}

enum smtp_reason smtp_path_parse(struct keel_cursor *c, enum smtp_path_kind kind, struct keel_buffer *store,
				 struct smtp_path *path)
{
	struct parse p = { .at = c->at, .end = c->end };
	size_t domain_at;

	keel_buffer_clear(store);
	if (!is(&p, '<'))
		return kind == SMTP_PATH_REVERSE ? SMTP_REASON_BAD_SENDER : SMTP_REASON_BAD_RECIPIENT;
	p.at++;
	if (!path_text(&p, kind, store, &domain_at)) {
		if (p.reason)
			return p.reason;
		return kind == SMTP_PATH_REVERSE ? SMTP_REASON_BAD_SENDER : SMTP_REASON_BAD_RECIPIENT;
	}
	c->at = p.at;
	path->local = (const char *)store->data;
	path->domain = (const char *)store->data + domain_at;
	path->utf8 = p.utf8;
	return SMTP_REASON_NONE;
}

bool smtp_path_hello(const uint8_t *text, size_t len)
{
	if (len == 0 || len > SMTP_PATH_DOMAIN)
		return false;
	if (text[0] == '[')
		return text[len - 1] == ']' && literal(text + 1, text + len - 1);
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("()<>@,;\"\\[]", text[i]))
			return false;
	return true;
}
