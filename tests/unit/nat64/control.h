/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An FTP control connection through the gateway: a client and a server that speak as much TCP as it takes, and what must hold of any segment: an octet that
 * is sent again before it was acknowledged is the octet that was there, and acknowledgements never fall, nor go beyond what was sent.
 */
#ifndef OSNC_TESTS_UNIT_NAT64_CONTROL_H
#define OSNC_TESTS_UNIT_NAT64_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "kmod/nat64/core/ftp.h"

#define CONTROL_ROOM 8192
#define FIN 1
#define SYN 2
#define PSH 8
#define ACK 16
#define URG 32

/* One end. Positions count octets from 0; its sequence numbers begin at first + 1. */
struct end {
	uint32_t first, peer_first; /* its own, and the other's as it sees it */
	uint8_t sent[CONTROL_ROOM];
	size_t size;  /* of sent */
	size_t acked; /* of sent */
	uint8_t got[CONTROL_ROOM];
	uint8_t has[CONTROL_ROOM];                     /* 1: the octet of got is there */
	size_t next;                                   /* the first that is not */
	size_t told;                                   /* what the gateway has seen it acknowledge */
	uint8_t seen[CONTROL_ROOM], was[CONTROL_ROOM]; /* 1: that octet was on its way to it once, and which it was */
	int closed, end_seen;                          /* it sent a FIN; it got one */
};

struct control {
	struct nat64_ftp ftp;
	struct nat64_ftp_call call;
	struct end client, server;
	uint8_t options[40]; /* of the next segments, size a multiple of 4 */
	size_t options_size;
	uint8_t tcp[60]; /* the last segment's header, as it came out */
	uint8_t out[65536 + NAT64_FTP_ROOM];
	uint32_t written;
	/* expect(): what it was asked for, and what it says */
	unsigned expected;
	uint16_t expected_port;
	int expect_error;
};

/* Handshake. Both streams begin at numbers that wrap soon. */
void control_begin(struct control *c);
/* The other end of it. */
struct end *control_peer(struct control *c, const struct end *end);
/* Appends to what an end has to send. */
void control_say(struct end *end, const void *octets, size_t size);
void control_say_text(struct end *end, const char *text);

/*
 * Octets [at, at + size) of what end has to say go through the gateway; arrive: and to the other end, which acknowledges (and the acknowledgement comes
 * back). Returns the gateway's verdict.
 */
enum nat64_ftp_verdict control_send(struct control *c, struct end *end, size_t at, size_t size, int flags, int arrive);
/* An acknowledgement alone. */
void control_acknowledge(struct control *c, struct end *end);
/* Sends what is not acknowledged in pieces of size until all is, or nothing moves any more: 1: all is. */
int control_flush(struct control *c, struct end *end, size_t size);

#endif
