// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/ftp_text.h"

#include "kmod/nat64/core/octets.h"

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* What is left of a line. */
struct cursor {
	const __u8 *at;
	__u32 left;
};

/* The next octet as a capital letter; 0: there is none. */
static __u8 peek(const struct cursor *cursor)
{
	const __u8 c = cursor->left ? *cursor->at : 0;

	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
}

static void skip(struct cursor *cursor)
{
	cursor->at++;
	cursor->left--;
}

static int is_end(__u8 c)
{
	return c == '\r' || c == '\n';
}

static int is_digit(__u8 c)
{
	return c >= '0' && c <= '9';
}

static int take(struct cursor *cursor, __u8 wanted)
{
	if (!cursor->left || *cursor->at != wanted)
		return 0;
	skip(cursor);
	return 1;
}

/* A decimal number up to most: 1, or 0. */
static int number(struct cursor *cursor, __u32 most, __u32 *value)
{
	if (!is_digit(peek(cursor)))
		return 0;
	for (*value = 0; is_digit(peek(cursor)); skip(cursor)) {
		*value = *value * 10 + (peek(cursor) - '0');
		if (*value > most)
			return 0;
	}
	return 1;
}

int nat64_ftp_command(const __u8 *line, __u32 size)
{
	static const char names[][5] = {
#define X(name) #name,
		NAT64_FTP_COMMANDS(X)
#undef X
	};
	int i;

	for (i = 0; i < NAT64_FTP_COMMAND_COUNT; i++) {
		struct cursor cursor = { line, size };
		__u32 letter;

		for (letter = 0; letter < 4 && cursor.left && peek(&cursor) == (__u8)names[i][letter]; letter++)
			skip(&cursor);
		if (!cursor.left)
			return NAT64_FTP_COMMAND_COUNT;
		if (letter == 4)
			return is_end(*cursor.at) || *cursor.at == ' ' ? i : -1;
	}
	return -1;
}

/* The line is word now, but for blanks and its end. */
static int rest_is(struct cursor cursor, const char *word)
{
	for (; *word && peek(&cursor) == (__u8)*word; word++)
		skip(&cursor);
	while (peek(&cursor) == ' ' || is_end(peek(&cursor)))
		skip(&cursor);
	return !*word && !cursor.left;
}

enum nat64_ftp_argument nat64_ftp_argument(const __u8 *line, __u32 size)
{
	static const struct {
		const char *word;
		__u8 argument;
	} words[] = { { "", NAT64_FTP_ARGUMENT_NONE },           { "ALL", NAT64_FTP_ARGUMENT_ALL },
		      { "2", NAT64_FTP_ARGUMENT_IPV6 },          { "STATUS64", NAT64_FTP_ARGUMENT_STATUS },
		      { "ENABLE64", NAT64_FTP_ARGUMENT_ENABLE }, { "DISABLE64", NAT64_FTP_ARGUMENT_DISABLE } };
	struct cursor cursor = { line + 4, size - 4 };
	__u32 i;

	while (take(&cursor, ' '))
		;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (rest_is(cursor, words[i].word))
			return (enum nat64_ftp_argument)words[i].argument;
	if (!is_digit(peek(&cursor)))
		return NAT64_FTP_ARGUMENT_OTHER;
	while (is_digit(peek(&cursor)))
		skip(&cursor);
	return rest_is(cursor, "") ? NAT64_FTP_ARGUMENT_NUMBER : NAT64_FTP_ARGUMENT_OTHER;
}

static int hex(__u8 c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* a.b.c.d, or with another octet between the numbers. */
static int dotted(struct cursor *cursor, __u8 between, __be32 *address)
{
	__u32 value = 0, octet, i;

	for (i = 0; i < 4; i++) {
		if ((i && !take(cursor, between)) || !number(cursor, 255, &octet))
			return 0;
		value = value << 8 | octet;
	}
	*address = __cpu_to_be32(value);
	return 1;
}

#define NO_GAP 17

/* Octets of an address as they are read; gap: how many stood in front of "::", NO_GAP: there is none. */
struct literal {
	__u8 octet[16];
	__u32 filled;
	__u32 gap;
};

/* The next group of up to four digits: 1, or 0. If the rest is dotted, that: 2. */
static int group(struct cursor *cursor, struct literal *literal)
{
	struct cursor tail = *cursor;
	__u32 value = 0, digits;
	__be32 v4;

	if (literal->filled <= 12 && dotted(&tail, '.', &v4)) {
		NAT64_COPY(literal->octet + literal->filled, &v4, 4);
		literal->filled += 4;
		*cursor = tail;
		return 2;
	}
	for (digits = 0; digits < 4 && hex(peek(cursor)) >= 0; digits++) {
		value = value << 4 | (__u32)hex(peek(cursor));
		skip(cursor);
	}
	if (!digits || literal->filled > 14)
		return 0;
	nat64_put_host16(literal->octet + literal->filled, (__u16)value);
	literal->filled += 2;
	return 1;
}

/* RFC 4291 2.2, up to an octet that cannot belong to it. */
static int read6(struct cursor *cursor, struct nat64_in6 *address)
{
	struct literal literal = { .gap = NO_GAP };
	__u8 octets[16] = { 0 };
	int got = 1, again;

	if (take(cursor, ':')) {
		if (!take(cursor, ':'))
			return 0;
		literal.gap = 0;
	}
	again = !literal.gap ? hex(peek(cursor)) >= 0 : 1;
	while (again) {
		got = group(cursor, &literal);
		if (!got)
			return 0;
		again = got == 1 && take(cursor, ':');
		if (again && take(cursor, ':')) {
			if (literal.gap != NO_GAP)
				return 0;
			literal.gap = literal.filled;
			again = hex(peek(cursor)) >= 0;
		}
	}
	if (literal.gap == NO_GAP ? literal.filled != 16 : literal.filled > 14)
		return 0;
	literal.gap = nat64_min(literal.gap, literal.filled);
	__builtin_memcpy(octets, literal.octet, literal.gap);
	__builtin_memcpy(octets + 16 - (literal.filled - literal.gap), literal.octet + literal.gap,
			 literal.filled - literal.gap);
	NAT64_COPY(address, octets, 16);
	return 1;
}

int nat64_ftp_eprt(const __u8 *line, __u32 size, struct nat64_in6 *address, __be16 *port)
{
	struct cursor cursor = { line + 4, size - 4 };
	__u32 value;
	__u8 mark;

	while (take(&cursor, ' '))
		;
	mark = cursor.left ? *cursor.at : 0;
	if (mark < 33 || mark > 126 || mark == ':' || hex(peek(&cursor)) >= 0)
		return 0;
	if (!take(&cursor, mark) || !take(&cursor, '2') || !take(&cursor, mark) || !read6(&cursor, address) ||
	    !take(&cursor, mark) || !number(&cursor, 0xffff, &value) || !value || !take(&cursor, mark) ||
	    !rest_is(cursor, ""))
		return 0;
	*port = __cpu_to_be16((__u16)value);
	return 1;
}

int nat64_ftp_227(const __u8 *line, __u32 size, __be32 *address, __be16 *port)
{
	struct cursor cursor = { line + 3, size - 3 };
	__u32 high, low;

	while (cursor.left) {
		struct cursor tail = cursor;

		if (dotted(&tail, ',', address) && take(&tail, ',') && number(&tail, 255, &high) && take(&tail, ',') &&
		    number(&tail, 255, &low)) {
			*port = __cpu_to_be16((__u16)(high << 8 | low));
			return *port != 0;
		}
		/* the next number */
		while (is_digit(peek(&cursor)))
			skip(&cursor);
		while (cursor.left && !is_digit(peek(&cursor)))
			skip(&cursor);
	}
	return 0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

/* The number, and an octet behind it. */
static __u32 put_number(__u8 *line, __u32 value, __u8 behind)
{
	__u32 size = 0, power = 1;

	while (value / power >= 10)
		power *= 10;
	for (; power; power /= 10)
		line[size++] = (__u8)('0' + value / power % 10);
	line[size++] = behind;
	return size;
}

__u32 nat64_ftp_put(__u8 *line, const char *text)
{
	__u32 size = 0;

	for (; text[size]; size++)
		line[size] = (__u8)text[size];
	return size;
}

__u32 nat64_ftp_put_port(__u8 *line, __be32 address, __be16 port)
{
	const __u32 value = __be32_to_cpu(address), low = __be16_to_cpu(port);
	__u32 size = nat64_ftp_put(line, "PORT "), i;

	for (i = 0; i < 4; i++)
		size += put_number(line + size, value >> (24 - 8 * i) & 255, ',');
	size += put_number(line + size, low >> 8, ',');
	size += put_number(line + size, low & 255, '\r');
	line[size] = '\n';
	return size + 1;
}

__u32 nat64_ftp_put_229(__u8 *line, __be16 port)
{
	__u32 size = nat64_ftp_put(line, "229 Entering Extended Passive Mode (|||");

	size += put_number(line + size, __be16_to_cpu(port), '|');
	return size + nat64_ftp_put(line + size, ")\r\n");
}

__u32 nat64_ftp_put_answer(__u8 *line, enum nat64_ftp_kind kind)
{
	static const char *const texts[NAT64_FTP_KIND_COUNT] = {
#define X(name, text) [NAT64_FTP_ANSWER_##name] = text,
		NAT64_FTP_ANSWERS(X)
#undef X
	};

	return texts[kind] ? nat64_ftp_put(line, texts[kind]) : 0;
}
