// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/pop3/dialogue.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define SCRIPT_MAX (1 << 18)
#define STEPS_MAX 512
#define MESSAGES_MAX 32
#define NEVER_AT SIZE_MAX

enum cut { WHOLE, OCTETS, RANDOM };

/* Text of this file's own: the allocator is made to fail under the engine. */
struct text {
	char at[SCRIPT_MAX];
	size_t len;
};

struct answer {
	enum pop3_reason reason;
	size_t after; /* octets of a message; NEVER_AT: before the first */
	bool expire;
};

/* What the client sends between two things that only the glue can do. */
struct segment {
	size_t start, end;
	char after[32]; /* X, or "" */
};

static struct plan {
	struct text sent, expected, content;
	struct segment segments[STEPS_MAX];
	size_t segment_count;
	struct answer answers[STEPS_MAX]; /* by the number of the LOGIN, RETR or UPDATE event */
	size_t event_count;
	struct pop3_message messages[MESSAGES_MAX];
	size_t message_at[MESSAGES_MAX + 1]; /* in content */
	size_t message_count;
} plan;

static struct text actual;
static long allocations_left = -1; /* -1: all succeed */
static const char *leak;           /* a secret in memory that was given back */

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __real_free(void *p);
void __wrap_free(void *p);

static void look_for_secrets(const void *p)
{
	if (!p)
		return;
	if (memmem(p, malloc_usable_size((void *)p), "sesame", 6) ||
	    memmem(p, malloc_usable_size((void *)p), "c2VzYW1l", 8))
		leak = "a password in memory that was given back";
}

/* Always moves, as the real one may. */
void *__wrap_realloc(void *p, size_t n)
{
	void *q;

	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	q = malloc(n);
	if (!p || !q)
		return q;
	memcpy(q, p, malloc_usable_size(p) < n ? malloc_usable_size(p) : n);
	look_for_secrets(p);
	__real_free(p);
	return q;
}

void __wrap_free(void *p)
{
	look_for_secrets(p);
	__real_free(p);
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

		if (octet == '\\' && *s == '*') { /* \*N. */
			char *rest;

			times = strtoul(s + 1, &rest, 10);
			octet = *rest;
			s = rest + 1;
		} else if (octet == '\\' && *s == 'x') {
			const char hex[3] = { s[1], s[2], '\0' };

			octet = (char)strtol(hex, NULL, 16);
			s += 3;
		} else if (octet == '\\') {
			octet = *s == 'r' ? '\r' : *s == 'n' ? '\n' : *s == 't' ? '\t' : *s == '0' ? '\0' : *s;
			s++;
		}
		while (times--)
			add(t, &octet, 1);
	}
}

static enum pop3_reason reason_by_name(const char *name, size_t len)
{
#define X(reason, code, text, counter, description)                                                                                        \
	if (len == sizeof(#reason) - 1 && !memcmp(name, #reason, len))                                                             \
		return POP3_REASON_##reason;
	POP3_REASONS(X)
#undef X
	bug("no such reason", name);
	return POP3_REASON_NONE;
}

/* "REASON", "REASON octets" */
static struct answer read_answer(const char *s)
{
	const size_t len = strcspn(s, " \n");

	return (struct answer){ .reason = reason_by_name(s, len),
				.after = s[len] == ' ' ? strtoul(s + len, NULL, 10) : NEVER_AT };
}

static bool answered(const char *event)
{
	return !strncmp(event, "LOGIN", 5) || !strncmp(event, "RETR", 4) || !strncmp(event, "UPDATE", 6);
}

static void read_script(const char *script)
{
	struct segment *segment = plan.segments;
	bool at_event = false;

	memset(&plan, 0, sizeof(plan));
	while (*script) {
		const char *end = strchr(script, '\n'), *rest = script + 3;

		if (!end || end < rest - 1)
			bug("bad line", script);
		switch (*script) {
		case 'M':
		case 'U':
			add_unescaped(&plan.content, rest, end);
			plan.messages[plan.message_count].size = plan.content.len - plan.message_at[plan.message_count];
			plan.messages[plan.message_count].id[0] = (uint8_t)(0xa0 + plan.message_count);
			plan.messages[plan.message_count].utf8 = *script == 'U';
			plan.message_at[++plan.message_count] = plan.content.len;
			break;
		case 'C':
			add(&plan.sent, rest, (size_t)(end - rest));
			add_string(&plan.sent, "\r\n");
			break;
		case 'R':
			add_unescaped(&plan.sent, rest, end);
			break;
		case 'E':
			at_event = answered(rest);
			if (at_event)
				plan.answers[plan.event_count++].after = NEVER_AT;
			add(&plan.expected, script, (size_t)(end - script) + 1);
			break;
		case 'S':
		case 'P':
			add(&plan.expected, script, (size_t)(end - script) + 1);
			break;
		case 'A':
			plan.answers[plan.event_count - 1] = read_answer(rest);
			break;
		case 'X':
			if (at_event && !strncmp(rest, "expire ", 7)) {
				plan.answers[plan.event_count - 1] = read_answer(rest + 7);
				plan.answers[plan.event_count - 1].expire = true;
				break;
			}
			segment->end = plan.sent.len;
			snprintf(segment->after, sizeof(segment->after), "%.*s", (int)(end - rest), rest);
			segment++;
			segment->start = plan.sent.len;
			break;
		default:
			bug("bad line", script);
		}
		if (*script != 'E')
			at_event = false;
		script = end + 1;
	}
	segment->end = plan.sent.len;
	plan.segment_count = (size_t)(segment - plan.segments) + 1;
}

struct run {
	struct pop3_session *s;
	struct keel_buffer out;
	enum cut cut;
	size_t shown;  /* of out */
	size_t events; /* answered */
	bool closed, tls;
	const char *broken; /* an invariant */
};

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static size_t piece(enum cut cut, size_t left)
{
	const size_t n = cut == WHOLE ? left : cut == OCTETS ? 1 : 1 + draw(draw(2) ? 8 : 200);

	return n < left ? n : left;
}

/* What the server has sent since the last time; the last line may be begun only. */
static void show_replies(struct run *r)
{
	while (r->shown < r->out.len) {
		const char *line = (const char *)r->out.data + r->shown;
		const char *lf = memmem(line, r->out.len - r->shown, "\r\n", 2);

		if (!lf)
			return;
		add_string(&actual, "S: ");
		add_escaped(&actual, line, (size_t)(lf - line));
		add_string(&actual, "\n");
		r->shown += (size_t)(lf + 2 - line);
	}
}

static void show_event(const char *name)
{
	add_string(&actual, "E: ");
	add_string(&actual, name);
	add_string(&actual, "\n");
}

static void expect_wait(struct run *r, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *before = at;

	/* without memory the session may end instead */
	if (r->out.failed)
		return;
	if (pop3_session_step(r->s, &at, end, &r->out) != POP3_EVENT_WAIT)
		r->broken = "an event while an answer is due";
	if (at != before || r->shown != r->out.len)
		r->broken = "octets consumed or a reply while an answer is due";
}

static void feed_message(struct run *r, const struct answer *a, size_t index)
{
	const size_t start = plan.message_at[index], size = plan.message_at[index + 1] - start;
	const size_t most = a->after == NEVER_AT ? size : a->after;
	const bool before = a->reason != POP3_REASON_NONE && a->after == NEVER_AT;
	bool more = true;

	for (size_t at = 0, n; !before && more && at < most; at += n) {
		uint8_t *octets;

		n = piece(r->cut, most - at);
		octets = malloc(n);
		memcpy(octets, plan.content.at + start + at, n);
		more = pop3_session_content(r->s, octets, n, &r->out);
		__real_free(octets);
	}
	if (!more) {
		const size_t len = r->out.len;

		if (pop3_session_content(r->s, (const uint8_t *)"more", 4, &r->out) || r->out.len != len)
			r->broken = "octets taken after enough";
	}
	if (a->expire)
		pop3_session_expire(r->s, a->reason, &r->out);
	/* after expire it must be ignored */
	pop3_session_content_end(r->s, a->expire ? POP3_REASON_NONE : a->reason, &r->out);
}

static void answer(struct run *r, enum pop3_event event)
{
	static const struct answer accept = { .after = NEVER_AT };
	const struct answer *a = r->events < plan.event_count ? &plan.answers[r->events] : &accept;
	const enum pop3_reason reason = a->expire ? POP3_REASON_NONE : a->reason;
	int64_t top;

	r->events++;
	if (a->expire && event != POP3_EVENT_RETR)
		pop3_session_expire(r->s, a->reason, &r->out);
	if (event == POP3_EVENT_LOGIN)
		pop3_session_login(r->s, reason, plan.messages, plan.message_count, &r->out);
	else if (event == POP3_EVENT_RETR)
		feed_message(r, a, pop3_session_index(r->s, &top));
	else
		pop3_session_updated(r->s, reason, &r->out);
	if (*pop3_session_password(r->s))
		r->broken = "the password was not forgotten";
}

static void show_waiting(struct run *r, enum pop3_event event)
{
	char text[4096];
	size_t len;
	int64_t top;

	switch (event) {
	case POP3_EVENT_LOGIN:
		snprintf(text, sizeof(text), "LOGIN %s %s", pop3_session_user(r->s), pop3_session_password(r->s));
		break;
	case POP3_EVENT_RETR:
		snprintf(text, sizeof(text), "RETR %zu", pop3_session_index(r->s, &top));
		snprintf(text + strlen(text), 32, " %lld", (long long)top);
		break;
	default:
		snprintf(text, sizeof(text), "UPDATE");
		len = strlen(text);
		for (size_t i = 0, n = 0; i < plan.message_count + 9; i++) {
			if (!pop3_session_deleted(r->s, i))
				continue;
			len += (size_t)snprintf(text + len, sizeof(text) - len, " %zu", i);
			if (++n > pop3_session_deleted_count(r->s))
				r->broken = "deleted_count";
		}
	}
	show_event(text);
}

static void one_event(struct run *r, enum pop3_event event, const uint8_t *at, const uint8_t *end)
{
	switch (event) {
	case POP3_EVENT_LOGIN:
	case POP3_EVENT_RETR:
	case POP3_EVENT_UPDATE:
		show_waiting(r, event);
		expect_wait(r, at, end);
		answer(r, event);
		show_replies(r);
		return;
	case POP3_EVENT_TLS:
		if (at != end)
			r->broken = "plaintext kept behind STLS";
		/* it comes with every step until the handshake has ended */
		if (!r->tls)
			show_event("TLS");
		r->tls = true;
		return;
	case POP3_EVENT_CLOSE:
		if (r->shown < r->out.len && !r->out.failed) {
			add_string(&actual, "P: ");
			add_escaped(&actual, (const char *)r->out.data + r->shown, r->out.len - r->shown);
			add_string(&actual, "\n");
		}
		show_event("CLOSE");
		r->closed = true;
		return;
	case POP3_EVENT_OUTPUT:
		return;
	case POP3_EVENT_INPUT:
	case POP3_EVENT_WAIT:
		r->broken = "WAIT without a question";
	}
}

/* The octets lie in memory of exactly their size, so that a step past their end is seen. */
static void feed(struct run *r, const char *octets, size_t n)
{
	uint8_t *input = malloc(n ? n : 1);
	const uint8_t *at = input;

	memcpy(input, octets, n);
	while (!r->closed && !r->broken) {
		const enum pop3_event event = pop3_session_step(r->s, &at, input + n, &r->out);

		show_replies(r);
		if (at < input || at > input + n)
			r->broken = "cursor outside the input";
		if (event == POP3_EVENT_INPUT) {
			if (r->shown < r->out.len && !r->out.failed)
				r->broken = "reply without CRLF";
			break;
		}
		one_event(r, event, at, input + n);
		if (event == POP3_EVENT_TLS)
			break;
	}
	if (!r->closed && !r->broken && at != input + n)
		r->broken = "input left over";
	__real_free(input);
}

static void between(struct run *r, const char *what)
{
	if (!strcmp(what, "secured")) {
		pop3_session_secured(r->s);
	} else if (!strncmp(what, "expire ", 7)) {
		pop3_session_expire(r->s, reason_by_name(what + 7, strlen(what + 7)), &r->out);
		show_replies(r);
		feed(r, "", 0);
	} else if (*what) {
		bug("unknown X", what);
	}
}

/* Runs the plan; NULL, or the invariant that broke. */
static const char *converse(const struct dialogue *d, const struct pop3_config *config, enum cut cut)
{
	struct run r = { .cut = cut };

	actual.len = 0;
	actual.at[0] = '\0';
	leak = NULL;
	keel_buffer_init(&r.out, 0);
	r.s = pop3_session_new(config);
	if (!r.s)
		return NULL;
	pop3_session_greet(r.s, d->secure, !d->no_plaintext, d->refuse, &r.out);
	show_replies(&r);
	feed(&r, "", 0);
	for (size_t i = 0; i < plan.segment_count && !r.closed && !r.broken; i++) {
		const struct segment *segment = &plan.segments[i];

		for (size_t at = segment->start, n; at < segment->end && !r.closed && !r.broken; at += n) {
			n = piece(cut, segment->end - at);
			feed(&r, plan.sent.at + at, n);
		}
		if (!r.closed && !r.broken)
			between(&r, segment->after);
	}
	pop3_session_free(&r.s);
	keel_buffer_free(&r.out);
	return r.broken ? r.broken : leak;
}

static unsigned complain(const struct dialogue *d, const char *how, const char *broken)
{
	printf("FAILED %s (%s)%s%s\n--- expected\n%s--- came\n%s---\n", d->name, how, broken ? ": " : "",
	       broken ? broken : "", plan.expected.at, actual.at);
	return 1;
}

/* Without memory: a start of the script, then perhaps -ERR, then CLOSE. */
static bool is_start(void)
{
	static const char *const endings[] = { "E: CLOSE\n", "S: -ERR [SYS/TEMP] Out of memory\n" };
	size_t len = actual.len;

	for (unsigned i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const size_t n = strlen(endings[i]);

		if (len >= n && !memcmp(actual.at + len - n, endings[i], n))
			len -= n;
	}
	return len <= plan.expected.len && !memcmp(actual.at, plan.expected.at, len);
}

static unsigned run_without_memory(const struct dialogue *d, const struct pop3_config *config)
{
	for (long n = 0; n < 64; n++) {
		const char *broken;
		bool used_up;

		allocations_left = n;
		broken = converse(d, config, n % 2 ? OCTETS : WHOLE);
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
	struct pop3_config config = d->config;

	if (!config.hostname)
		config.hostname = "mx.example";
	read_script(d->script);
	random_state = 1;
	for (int i = 0; i < 40; i++) {
		const enum cut cut = i == 0 ? WHOLE : i == 1 ? OCTETS : RANDOM;
		const char *broken = converse(d, &config, cut);

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
