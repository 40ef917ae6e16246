// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/node/metrics.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>

#include "porcupined/store/store.h"
#include "tools/lib/keel/cleanup.h"

struct node_metrics node_metric;

#define ROW_COUNTER(field_) .kind = KEEL_COUNTER, .counter = &node_metric.field_
#define ROW_GAUGE(field_) .kind = KEEL_GAUGE, .gauge = &node_metric.field_
#define ROW_HISTOGRAM(field_) .kind = KEEL_HISTOGRAM, .histogram = &node_metric.field_

static const struct keel_metric rows[] = {
#define X(kind_, field_, name_, label_, help_) { .name = name_, .label = label_, .help = help_, ROW_##kind_(field_) },
	NODE_METRICS(X)
#undef X
};

static const struct keel_metric smtp_rows[] = {
#define X(name_, code_, status_, text_, counter_, glue_, description_)                                       \
	{ .name = "porcupined_smtp_refused_total",                                                          \
	  .label = "reason=\"" counter_ "\"",                                                               \
	  .help = "Negative SMTP and LMTP replies.",                                                        \
	  .kind = KEEL_COUNTER,                                                                             \
	  .counter = &node_metric.smtp_refused[SMTP_REASON_##name_] },
	SMTP_REASONS(X)
#undef X
};

static const struct keel_metric pop3_rows[] = {
#define X(name_, response_, text_, counter_, description_)                                                   \
	{ .name = "porcupined_pop3_refused_total",                                                          \
	  .label = "reason=\"" counter_ "\"",                                                               \
	  .help = "Negative POP3 replies.",                                                                 \
	  .kind = KEEL_COUNTER,                                                                             \
	  .counter = &node_metric.pop3_refused[POP3_REASON_##name_] },
	POP3_REASONS(X)
#undef X
};

int node_metrics_write(struct keel_buffer *out)
{
	const struct keel_metric *store;
	size_t n;

	store = store_metrics(&n);
	/* the first row of each list is NONE: no refusal */
	keel_metric_write(rows, KEEL_COUNT(rows), out);
	keel_metric_write(smtp_rows + 1, KEEL_COUNT(smtp_rows) - 1, out);
	keel_metric_write(pop3_rows + 1, KEEL_COUNT(pop3_rows) - 1, out);
	keel_metric_write(store, n, out);
	return out->failed;
}

struct health {
	bool (*healthy)(void *arg);
	void *arg;
};

static void send_text(struct evhttp_request *request, int code, const char *reason, const char *type, const void *text,
		      size_t n)
{
	struct evbuffer *body = evbuffer_new();

	if (!body || evbuffer_add(body, text, n)) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
	} else {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
		evhttp_send_reply(request, code, reason, body);
	}
	if (body)
		evbuffer_free(body);
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer text;

	keel_buffer_init(&text, 0);
	if (node_metrics_write(&text))
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
	else
		send_text(request, HTTP_OK, "OK", "text/plain; version=0.0.4", text.data, text.len);
}

static void on_health(struct evhttp_request *request, void *arg)
{
	const struct health *h = arg;

	if (h->healthy(h->arg))
		send_text(request, HTTP_OK, "OK", "text/plain", "ok\n", 3);
	else
		send_text(request, HTTP_SERVUNAVAIL, "Unavailable", "text/plain", "no new mail is taken\n", 21);
}

int metrics_serve(struct event_base *base, int fd, bool (*healthy)(void *arg), void *arg, struct evhttp **out)
{
	static struct health health;
	struct evhttp *http = evhttp_new(base);

	if (!http)
		return -ENOMEM;
	health = (struct health){ healthy, arg };
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_max_headers_size(http, 16384);
	evhttp_set_max_body_size(http, 0);
	evhttp_set_timeout(http, 30);
	if (evhttp_set_cb(http, "/metrics", on_metrics, NULL) || evhttp_set_cb(http, "/health", on_health, &health) ||
	    evhttp_accept_socket(http, fd)) {
		evhttp_free(http);
		return -ENOMEM;
	}
	*out = http;
	return 0;
}

void metrics_end(struct evhttp **http)
{
	if (*http)
		evhttp_free(keel_take(*http));
}
