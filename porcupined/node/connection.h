/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client: a socket, TLS or not, and the protocol on it. A connection belongs to the thread of its loop. Replies to all the input of one
 * read go out in one write; while a protocol waits for an answer, or its client does not read, nothing more is read.
 *
 * libevent tells when; reading and writing are done here, with one buffer a loop, so that an idle session holds no buffer.
 */
#ifndef PORCUPINED_NODE_CONNECTION_H
#define PORCUPINED_NODE_CONNECTION_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "porcupined/node/endpoint.h"
#include "tools/lib/keel/buffer.h"

struct connection;
struct loop;
struct rules;

/* What a protocol wants after a step. */
enum connection_verdict {
	CONNECTION_READ,  /* more input; all there was has been used */
	CONNECTION_WAIT,  /* nothing until connection_resume() */
	CONNECTION_FLUSH, /* another step once the output has gone */
	CONNECTION_TLS,   /* the handshake, once the output has gone */
	CONNECTION_CLOSE, /* the end, once the output has gone */
};

enum connection_end { CONNECTION_TIMEOUT, CONNECTION_SHUTDOWN, CONNECTION_REFUSED };

/* A protocol. Its state embeds struct connection as the first member. */
struct connection_kind {
	const char *name;
	size_t size;
	bool pop3; /* which timeout counts, and that input is wiped: it may hold passwords */
	_Atomic uint64_t *taken;
	_Atomic int64_t *sessions;
	/* Makes the session and greets; refuse: with the refusal, then step() closes. False: no memory. */
	bool (*open)(struct connection *c, bool refuse, struct keel_buffer *out);
	/* Uses input from *at on, never past end, and appends replies to out. */
	enum connection_verdict (*step)(struct connection *c, const uint8_t **at, const uint8_t *end,
					struct keel_buffer *out);
	/* The handshake that CONNECTION_TLS asked for is done. */
	void (*secured)(struct connection *c, struct keel_buffer *out);
	/* Says goodbye: step() closes afterwards. */
	void (*expire)(struct connection *c, enum connection_end why, struct keel_buffer *out);
	/* Frees what open() and step() made. */
	void (*close)(struct connection *c);
};

struct connection {
	const struct connection_kind *kind;
	struct loop *loop;
	struct rules *rules;
	SSL *ssl; /* NULL = plain text */
	struct event read_event, write_event;
	struct keel_buffer input;           /* came while the protocol waited */
	struct keel_buffer output;          /* what the socket did not take */
	struct connection *next, *previous; /* of its timeout list */
	uint64_t active;                    /* loop seconds */
	uint64_t key;                       /* for limits */
	int fd;
	unsigned holds; /* jobs that refer to it */
	uint8_t list;   /* enum loop_list */
	bool counted;   /* limits_leave() is due */
	bool opened;
	bool reading; /* read_event is pending */
	bool waiting, flushing, starting, handshaking, closing;
	bool dead;   /* the socket is closed; freed with the last hold */
	bool local;  /* the peer is on this machine */
	bool exempt; /* from the limits of an address */
	char peer[ENDPOINT_TEXT];
};

/* Takes over fd, a connected non-blocking socket. secure: TLS comes first. On the loop's thread. */
void connection_new(struct loop *loop, const struct connection_kind *kind, int fd, const struct sockaddr *address,
		    bool secure);
/* An answer has come: appends to this, then connection_resume(). Not within step(). */
struct keel_buffer *connection_answer(struct connection *c);
void connection_resume(struct connection *c);
/* While a job refers to the connection it stays, even if the client goes. drop() returns false if it is gone now. */
void connection_hold(struct connection *c);
bool connection_drop(struct connection *c);
/* Ends it as time or the node wants: says so if it can, waits for what is being stored. */
void connection_expire(struct connection *c, enum connection_end why);
/* Closes at once. */
void connection_close(struct connection *c);

#endif
