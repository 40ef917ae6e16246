/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages (RFC 5322) as octets: the fields a node puts in front of them, and where their header ends. Pure: time comes in, memory is the
 * caller's buffer. What comes from a client never breaks a field: octets that could are shown as '?'.
 */
#ifndef PORCUPINED_MESSAGE_MESSAGE_H
#define PORCUPINED_MESSAGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

/* The facts of one Received field (RFC 5321 4.4). */
struct message_trace {
	const char *helo;    /* the name the client gave; "" = none */
	const char *address; /* the client's IPv4 or IPv6 address as text; NULL or "" = a local socket */
	const char *host;    /* this node */
	const char *with;    /* keyword: ESMTP, LMTPS... */
	const char *tls;     /* version and cipher for a comment; NULL = no TLS */
	const char *id;      /* of the message here; NULL = none */
	uint64_t time;       /* Unix seconds */
};

/* The four append whole lines or nothing: 0, -ENOMEM, -EMSGSIZE. */

/* "Received: from ... by ...; date", CRLF and folded. */
int message_trace_append(struct keel_buffer *out, const struct message_trace *trace);
/* "Return-Path: <address>" (RFC 5321 4.4); "" = the null path. address as message_address_append() writes it. */
int message_return_path_append(struct keel_buffer *out, const char *address);
/* "Delivered-To: address" (RFC 9228). */
int message_delivered_to_append(struct keel_buffer *out, const char *address);
/* local@domain with the local-part quoted where it must be (RFC 5321 4.1.2); local alone without a domain; nothing if both are "". */
int message_address_append(struct keel_buffer *out, const char *local, const char *domain);

/* The date and time of RFC 5322 3.3 in UTC: "Tue, 24 Nov 2026 02:36:05 +0000". Unix seconds up to the year 9999; later is shown as its end.
 * 0, -ENOMEM, -EMSGSIZE. */
int message_date_append(struct keel_buffer *out, uint64_t time);

/* More Received fields than this: the message goes in circles (RFC 5321 6.3). */
#define MESSAGE_HOPS_MAX 100

/* A reader of the header, fed with the message in pieces of any size. Lines end in CRLF or LF. */
struct message_header {
	uint64_t length;   /* octets up to and with the empty line; all octets so far while it has not come */
	unsigned received; /* Received fields */
	bool ended;        /* the empty line was seen: further octets are ignored */
	uint8_t state;     /* of the line */
};

void message_header_init(struct message_header *h);
void message_header_feed(struct message_header *h, const void *data, size_t n);

#endif
