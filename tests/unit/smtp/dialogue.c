// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/smtp/dialogue.h"

#include <stdio.h>
#include <stdlib.h>

#define SCRIPT_MAX (1 << 18)
#define STEPS_MAX 512

enum cut { WHOLE, OCTETS, RANDOM };

/* Text of this file's own: the allocator is made to fail under the engine. */
struct text {
	char at[SCRIPT_MAX];
	size_t len;
};

struct answer {
	enum smtp_reason reasons[16];
	size_t n;
	bool fail_body;
};

/* What the client does between two things that only the glue can do. */
struct segment {
	size_t start, end; /* of the sent octets */
	char after[32];    /* X, or "" */
};

static struct plan {
	struct text sent, expected;
	struct segment segments[STEPS_MAX];
	size_t segment_count;
	struct answer answers[STEPS_MAX]; /* by the number of the RCPT, BEGIN or COMMIT event */
	size_t event_count;
} plan;

static struct text actual, body;
static long allocations_left = -1; /* -1: all succeed */

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_realloc(void *p, size_t n)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return __real_realloc(p, n);
}

static void bug(const char *what, const char *about)
{
	fprintf(stderr, "dialogue: %s: %s\n", what, about);
	exit(2);
}

static void add(struct text *t, const char *from, size_t n)
{
	if (n > sizeof(t->at) - 1 - t->len)
		bug("text too long", "raise SCRIPT_MAX");
	memcpy(t->at + t->len, from, n);
	t->len += n;
	t->at[t->len] = '\0';
}

static void add_string(struct text *t, const char *s)
{
	add(t, s, strlen(s));
}

static void add_escaped(struct text *t, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char octet = (unsigned char)from[i];
		char shown[8];

		if (octet == '\r' || octet == '\n')
			snprintf(shown, sizeof(shown), "\\%c", octet == '\r' ? 'r' : 'n');
		else if (octet < ' ' || octet > '~' || octet == '\\')
			snprintf(shown, sizeof(shown), "\\x%02x", octet);
		else
			snprintf(shown, sizeof(shown), "%c", octet);
		add_string(t, shown);
	}
}

static void add_unescaped(struct text *t, const char *s, const char *end)
{
	while (s < end) {
		unsigned long times = 1;
		char octet = *s++;

		if (octet == '\\') {
			if (*s == '*') { /* \*N. */
				char *rest;

				times = strtoul(s + 1, &rest, 10);
				s = rest;
				octet = *s++;
			} else if (*s == 'x') {
				const char hex[3] = { s[1], s[2], '\0' };

				octet = (char)strtol(hex, NULL, 16);
				s += 3;
			} else {
				octet = *s == 'r' ? '\r' : *s == 'n' ? '\n' : *s == 't' ? '\t' : *s == '0' ? '\0' : *s;
				s++;
			}
		}
		while (times--)
			add(t, &octet, 1);
	}
}

static enum smtp_reason reason_by_name(const char *name, size_t len)
{
#define X(reason, code, status, text, counter, glue, description)                                                                          \
	if (len == sizeof(#reason) - 1 && !memcmp(name, #reason, len))                                                             \
		return SMTP_REASON_##reason;
	SMTP_REASONS(X)
#undef X
	bug("no such reason", name);
	return SMTP_REASON_NONE;
}

static void read_answer(struct answer *a, const char *s, const char *end)
{
	if (end - s > 5 && !memcmp(s, "FAIL ", 5)) {
		a->fail_body = true;
		s += 5;
	}
	while (s < end) {
		const char *stop = memchr(s, ' ', (size_t)(end - s));

		if (!stop)
			stop = end;
		a->reasons[a->n++] = reason_by_name(s, (size_t)(stop - s));
		s = stop < end ? stop + 1 : end;
	}
}

static bool answered(const char *event, size_t len)
{
	return (len >= 4 && !memcmp(event, "RCPT", 4)) || (len >= 5 && !memcmp(event, "BEGIN", 5)) ||
	       (len == 6 && !memcmp(event, "COMMIT", 6));
}

static void read_script(const char *script)
{
	struct segment *segment = plan.segments;

	memset(&plan, 0, sizeof(plan));
	while (*script) {
		const char *end = strchr(script, '\n'), *rest = script + 3;

		if (!end || end < rest)
			bug("bad line", script);
		switch (*script) {
		case 'C':
			add(&plan.sent, rest, (size_t)(end - rest));
			add_string(&plan.sent, "\r\n");
			break;
		case 'R':
			add_unescaped(&plan.sent, rest, end);
			break;
		case 'B': {
			static struct text octets;

			octets.len = 0;
			add_unescaped(&octets, rest, end);
			add_string(&plan.expected, "B: ");
			add_escaped(&plan.expected, octets.at, octets.len);
			add_string(&plan.expected, "\n");
			break;
		}
		case 'E':
			if (answered(rest, (size_t)(end - rest)))
				plan.event_count++;
			/* fall through */
		case 'S':
			add(&plan.expected, script, (size_t)(end - script) + 1);
			break;
		case 'A':
			read_answer(&plan.answers[plan.event_count - 1], rest, end);
			break;
		case 'X':
			segment->end = plan.sent.len;
			snprintf(segment->after, sizeof(segment->after), "%.*s", (int)(end - rest), rest);
			segment++;
			segment->start = plan.sent.len;
			break;
		default:
			bug("bad line", script);
		}
		script = end + 1;
	}
	segment->end = plan.sent.len;
	plan.segment_count = (size_t)(segment - plan.segments) + 1;
}

struct run {
	struct smtp_session *s;
	struct keel_buffer out;
	size_t shown;  /* of out */
	size_t events; /* answered */
	bool closed;
	const char *broken; /* an invariant */
};

static void show_body(void)
{
	if (!body.len)
		return;
	add_string(&actual, "B: ");
	add_escaped(&actual, body.at, body.len);
	add_string(&actual, "\n");
	body.len = 0;
}

/* What the server has sent since the last time. */
static void show_replies(struct run *r)
{
	while (r->shown < r->out.len) {
		const char *line = (const char *)r->out.data + r->shown;
		const char *lf = memchr(line, '\n', r->out.len - r->shown);

		if (!lf || lf == line || lf[-1] != '\r') {
			/* a reply that did not fit; only when memory has ended */
			if (!r->out.failed)
				r->broken = "reply without CRLF";
			r->shown = r->out.len;
			return;
		}
		if (lf + 1 - line > 512)
			r->broken = "reply line over 512 octets";
		show_body();
		add_string(&actual, "S: ");
		add(&actual, line, (size_t)(lf - 1 - line));
		add_string(&actual, "\n");
		r->shown += (size_t)(lf + 1 - line);
	}
}

static void show_event(const char *name)
{
	show_body();
	add_string(&actual, "E: ");
	add_string(&actual, name);
	add_string(&actual, "\n");
}

static void expect_wait(struct run *r, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *before = at;

	/* without memory the session may end instead */
	if (smtp_session_step(r->s, &at, end, &r->out) != SMTP_EVENT_WAIT && !r->out.failed)
		r->broken = "an event while an answer is due";
	if (at != before && !r->out.failed)
		r->broken = "octets consumed while an answer is due";
}

static void answer(struct run *r, enum smtp_event event)
{
	static const struct answer accept = { .n = 1 };
	const struct answer *a = r->events < plan.event_count ? &plan.answers[r->events] : &accept;
	enum smtp_reason reasons[16] = { SMTP_REASON_NONE };

	r->events++;
	memcpy(reasons, a->reasons, sizeof(reasons));
	if (event == SMTP_EVENT_RCPT) {
		smtp_session_rcpt(r->s, reasons[0], &r->out);
	} else if (event == SMTP_EVENT_BEGIN && a->fail_body) {
		smtp_session_begin(r->s, SMTP_REASON_NONE, &r->out);
		smtp_session_fail_body(r->s, reasons[0]);
	} else if (event == SMTP_EVENT_BEGIN) {
		smtp_session_begin(r->s, reasons[0], &r->out);
	} else {
		smtp_session_commit(r->s, reasons, a->n ? a->n : 16, "id1", &r->out);
	}
}

static void one_event(struct run *r, enum smtp_event event, const uint8_t *start, const uint8_t *at, const uint8_t *end)
{
	const struct smtp_path *path;
	char text[1024];
	size_t len;

	switch (event) {
	case SMTP_EVENT_RCPT:
		path = smtp_session_recipient(r->s);
		snprintf(text, sizeof(text), "RCPT %s %s", path->local, path->domain);
		show_event(text);
		break;
	case SMTP_EVENT_BEGIN:
		path = smtp_session_sender(r->s);
		snprintf(text, sizeof(text), "BEGIN %s %s <%s@%s> %llu", smtp_session_with(r->s),
			 smtp_session_peer_name(r->s), path->local, path->domain,
			 (unsigned long long)smtp_session_declared_size(r->s));
		show_event(text);
		if (strlen(path->local) > 64 || strlen(smtp_session_peer_name(r->s)) > 255)
			r->broken = "a name over its limit";
		break;
	case SMTP_EVENT_BODY: {
		const uint8_t *octets = smtp_session_body(r->s, &len);

		if (len == 0 || octets < start || octets + len > at)
			r->broken = "body is no slice of the input";
		add(&body, (const char *)octets, len);
		return;
	}
	case SMTP_EVENT_COMMIT:
		show_event("COMMIT");
		break;
	case SMTP_EVENT_ABORT:
		show_event("ABORT");
		return;
	case SMTP_EVENT_TLS:
		if (at != end)
			r->broken = "plaintext kept behind STARTTLS";
		show_event("TLS");
		return;
	case SMTP_EVENT_CLOSE:
		show_event("CLOSE");
		r->closed = true;
		return;
	case SMTP_EVENT_INPUT:
	case SMTP_EVENT_WAIT:
		r->broken = "WAIT without a question";
		return;
	}
	expect_wait(r, at, end);
	answer(r, event);
	show_replies(r);
}

/* The octets lie in memory of exactly their size, so that a step past their end is seen. */
static void feed(struct run *r, const char *octets, size_t n)
{
	uint8_t *input = malloc(n ? n : 1);
	const uint8_t *at = input;

	memcpy(input, octets, n);
	while (!r->closed && !r->broken) {
		const enum smtp_event event = smtp_session_step(r->s, &at, input + n, &r->out);

		show_replies(r);
		if (at < input || at > input + n)
			r->broken = "cursor outside the input";
		if (event == SMTP_EVENT_INPUT)
			break;
		one_event(r, event, input, at, input + n);
		if (event == SMTP_EVENT_TLS)
			break;
	}
	if (!r->closed && at != input + n)
		r->broken = "input left over";
	free(input);
}

static void between(struct run *r, const char *what)
{
	if (!strcmp(what, "secured")) {
		smtp_session_secured(r->s);
	} else if (!strncmp(what, "expire ", 7)) {
		smtp_session_expire(r->s, reason_by_name(what + 7, strlen(what + 7)), &r->out);
		show_replies(r);
		feed(r, "", 0);
	} else if (*what) {
		bug("unknown X", what);
	}
}

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* Runs the plan; NULL, or the invariant that broke. */
static const char *converse(const struct smtp_config *config, enum cut cut)
{
	struct run r = { 0 };

	actual.len = body.len = 0;
	actual.at[0] = '\0';
	keel_buffer_init(&r.out, 0);
	r.s = smtp_session_new(config);
	if (!r.s)
		return NULL;
	for (size_t i = 0; i < plan.segment_count && !r.closed && !r.broken; i++) {
		const struct segment *segment = &plan.segments[i];

		for (size_t at = segment->start; at < segment->end && !r.closed && !r.broken;) {
			const size_t left = segment->end - at;
			size_t n = cut == WHOLE ? left : cut == OCTETS ? 1 : 1 + draw(draw(2) ? 8 : 200);

			if (n > left)
				n = left;
			feed(&r, plan.sent.at + at, n);
			at += n;
		}
		if (!r.closed && !r.broken)
			between(&r, segment->after);
	}
	show_body();
	smtp_session_free(&r.s);
	keel_buffer_free(&r.out);
	return r.broken;
}

static unsigned complain(const struct dialogue *d, const char *how, const char *broken)
{
	printf("FAILED %s (%s)%s%s\n--- expected\n%s--- came\n%s---\n", d->name, how, broken ? ": " : "",
	       broken ? broken : "", plan.expected.at, actual.at);
	return 1;
}

/* Without memory: a start of the script, then perhaps 421, then ABORT if due, then CLOSE. */
static bool is_start(void)
{
	static const char *const endings[] = { "E: CLOSE\n", "E: ABORT\n", "S: 421 4.3.0 mx.example Out of memory\n" };
	size_t len = actual.len;

	for (unsigned i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const size_t n = strlen(endings[i]);

		if (len >= n && !memcmp(actual.at + len - n, endings[i], n))
			len -= n;
	}
	return len <= plan.expected.len && !memcmp(actual.at, plan.expected.at, len);
}

static unsigned run_without_memory(const struct dialogue *d, const struct smtp_config *config)
{
	for (long n = 0; n < 64; n++) {
		const char *broken;
		bool used_up;

		allocations_left = n;
		broken = converse(config, n % 2 ? OCTETS : WHOLE);
		used_up = allocations_left == 0;
		allocations_left = -1;
		if (!used_up)
			return 0;
		if (broken || !is_start())
			return complain(d, "allocation fails", broken);
	}
	return 0;
}

static unsigned run_one(const struct dialogue *d)
{
	static const char *const names[] = { "whole", "octets", "random" };
	struct smtp_config config = d->config;

	if (!config.hostname)
		config.hostname = "mx.example";
	read_script(d->script);
	random_state = 1;
	for (int i = 0; i < 40; i++) {
		const enum cut cut = i == 0 ? WHOLE : i == 1 ? OCTETS : RANDOM;
		const char *broken = converse(&config, cut);

		if (broken || strcmp(actual.at, plan.expected.at))
			return complain(d, names[cut], broken);
	}
	return run_without_memory(d, &config);
}

unsigned dialogue_run(const struct dialogue *dialogues, size_t n)
{
	unsigned failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += run_one(&dialogues[i]);
	if (n > 1 || failed)
		printf("%zu dialogues, %u failed\n", n, failed);
	fflush(stdout); /* a failed assertion leaves no time */
	return failed;
}
