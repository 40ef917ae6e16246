// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/message/message.h"

static const char name[] = "received";

/* State: how many octets of the name the line has had so far; then: */
enum {
	BEHIND_NAME = sizeof(name) - 1, /* white space or the colon is due (RFC 5322 4.5.8 lets space stand there) */
	OTHER,                          /* nothing of the line matters but its end */
	EMPTY_CR,                       /* the line began with a CR */
};

void message_header_init(struct message_header *h)
{
	*h = (struct message_header){ 0 };
}

static uint8_t next_state(struct message_header *h, uint8_t octet)
{
	if (h->state == 0 && octet == '\r')
		return EMPTY_CR;
	if (h->state < BEHIND_NAME)
		return (octet | 0x20) == name[h->state] && octet >= 'A' ? h->state + 1 : OTHER;
	if (h->state == BEHIND_NAME && (octet == ' ' || octet == '\t'))
		return BEHIND_NAME;
	if (h->state == BEHIND_NAME && octet == ':')
		h->received++;
	return OTHER;
}

void message_header_feed(struct message_header *h, const void *data, size_t n)
{
	const uint8_t *start = data, *at = start, *end = start + n;

	if (h->ended || !n)
		return;
	while (at < end) {
		const uint8_t octet = *at++;

		if (octet == '\n') {
			if (h->state == 0 || h->state == EMPTY_CR) {
				h->ended = true;
				break;
			}
			h->state = 0;
			continue;
		}
		h->state = next_state(h, octet);
		if (h->state == OTHER) {
			at = memchr(at, '\n', (size_t)(end - at));
			if (!at)
				at = end;
		}
	}
	h->length += (uint64_t)(at - start);
}
