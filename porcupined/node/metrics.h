/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node counts. One list: field, kind, name, label, help; the manual page has the same rows. */
#ifndef PORCUPINED_NODE_METRICS_H
#define PORCUPINED_NODE_METRICS_H

#include "porcupined/pop3/pop3.h"
#include "porcupined/smtp/smtp.h"
#include "tools/lib/keel/metric.h"

/* clang-format off */
#define NODE_METRICS(X) \
	X(COUNTER,   smtp_connections, "porcupined_connections_total", "protocol=\"smtp\"", "Connections taken.") \
	X(COUNTER,   lmtp_connections, "porcupined_connections_total", "protocol=\"lmtp\"", "Connections taken.") \
	X(COUNTER,   pop3_connections, "porcupined_connections_total", "protocol=\"pop3\"", "Connections taken.") \
	X(GAUGE,     smtp_sessions,    "porcupined_sessions", "protocol=\"smtp\"", "Sessions now.") \
	X(GAUGE,     lmtp_sessions,    "porcupined_sessions", "protocol=\"lmtp\"", "Sessions now.") \
	X(GAUGE,     pop3_sessions,    "porcupined_sessions", "protocol=\"pop3\"", "Sessions now.") \
	X(COUNTER,   tls_handshakes,   "porcupined_tls_handshakes_total", "result=\"done\"", "TLS handshakes.") \
	X(COUNTER,   tls_failures,     "porcupined_tls_handshakes_total", "result=\"failed\"", "TLS handshakes.") \
	X(COUNTER,   received,         "porcupined_messages_received_total", NULL, "Messages acknowledged.") \
	X(COUNTER,   received_octets,  "porcupined_received_octets_total", NULL, "Octets of messages acknowledged.") \
	X(COUNTER,   deliveries,       "porcupined_deliveries_total", NULL, "Mailbox entries made by messages acknowledged.") \
	X(COUNTER,   retrieved,        "porcupined_messages_retrieved_total", NULL, "Messages sent whole by POP3.") \
	X(COUNTER,   retrieved_octets, "porcupined_retrieved_octets_total", NULL, "Octets of messages sent whole by POP3.") \
	X(COUNTER,   deleted,          "porcupined_messages_deleted_total", NULL, "Messages deleted by POP3.") \
	X(COUNTER,   logins,           "porcupined_logins_total", "result=\"good\"", "Logins.") \
	X(COUNTER,   logins_bad,       "porcupined_logins_total", "result=\"failed\"", "Logins.") \
	X(COUNTER,   logins_cached,    "porcupined_logins_cached_total", NULL, "Good logins that needed no hashing.") \
	X(HISTOGRAM, accept,           "porcupined_accept_seconds", NULL, "From the end of a message to its acknowledgement.") \
	X(HISTOGRAM, login,            "porcupined_login_seconds", NULL, "From a login to its answer.")
/* clang-format on */

#define NODE_FIELD_COUNTER(name) _Atomic uint64_t name;
#define NODE_FIELD_GAUGE(name) _Atomic int64_t name;
#define NODE_FIELD_HISTOGRAM(name) struct keel_histogram name;

struct node_metrics {
#define X(kind, field, name, label, help) NODE_FIELD_##kind(field)
	NODE_METRICS(X)
#undef X
	_Atomic uint64_t smtp_refused[SMTP_REASON_COUNT];
	_Atomic uint64_t pop3_refused[POP3_REASON_COUNT];
};

extern struct node_metrics node_metric;

/* Appends everything this process counts, the store's rows too, as Prometheus text. 0 or -errno. */
int node_metrics_write(struct keel_buffer *out);

struct event_base;
struct evhttp;
/* Serves /metrics and /health on fd (taken over). healthy() is asked on base's thread. 0 or -errno. */
int metrics_serve(struct event_base *base, int fd, bool (*healthy)(void *arg), void *arg, struct evhttp **out);
void metrics_end(struct evhttp **http);

#endif
