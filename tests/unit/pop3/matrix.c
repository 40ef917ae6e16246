// SPDX-License-Identifier: GPL-2.0-or-later
/* Every command in every state a session can be in: what it answers, and where it leads. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "porcupined/pop3/pop3.h"

/* Columns: how a session gets there. TLS is offered; marks in the cells are relative to the reply of the command alone. */
#define STATES(X) \
	X(CLEAR,   false, false, "")                              /* no TLS, no plaintext login */ \
	X(OPEN,    false, true,  "")                              /* no TLS, plaintext login */ \
	X(NAMED,   false, true,  "USER u\r\n") \
	X(UTF8ED,  false, true,  "UTF8\r\n") \
	X(SASL,    false, true,  "AUTH PLAIN\r\n") \
	X(SECURE,  true,  false, "") \
	X(INSIDE,  true,  false, "USER u\r\nPASS p\r\n") \
	X(MARKED,  true,  false, "USER u\r\nPASS p\r\nDELE 1\r\n")

enum state {
#define X(name, secure, plaintext, way) name,
	STATES(X)
#undef X
		STATE_COUNT
};

static const struct {
	const char *name;
	bool secure, plaintext;
	const char *way;
} states[] = {
#define X(name, secure, plaintext, way) { #name, secure, plaintext, way },
	STATES(X)
#undef X
};

/* clang-format off */
/*
 * Cells: + is +OK, login is LOGIN, retr is RETR, update is UPDATE, tls is +OK and TLS, bye is +OK and CLOSE, more is "+ "; the rest are
 * reasons: unknown state syntax tls! user secure utf8 mech response cancel message deleted.
 */
static const struct {
	const char *command;
	const char *expected[STATE_COUNT];
} rows[] = {
/*                      CLEAR      OPEN       NAMED      UTF8ED     SASL       SECURE     INSIDE     MARKED */
{ "USER u",           { "tls!",    "+",       "+",       "+",       "response", "+",      "state",   "state" } },
{ "USER",             { "syntax",  "syntax",  "syntax",  "syntax",  "response", "syntax", "state",   "state" } },
{ "PASS p",           { "tls!",    "user",    "login",   "user",    "response", "user",   "state",   "state" } },
{ "PASS",             { "syntax",  "syntax",  "syntax",  "syntax",  "response", "syntax", "state",   "state" } },
{ "AUTH",             { "+",       "+",       "+",       "+",       "response", "+",      "state",   "state" } },
{ "AUTH PLAIN",       { "tls!",    "more",    "more",    "more",    "response", "more",   "state",   "state" } },
{ "AUTH PLAIN AHUAcA==", { "tls!", "login",   "login",   "login",   "response", "login",  "state",   "state" } },
{ "AUTH LOGIN",       { "tls!",    "mech",    "mech",    "mech",    "response", "mech",   "state",   "state" } },
{ "AHUAcA==",         { "unknown", "unknown", "unknown", "unknown", "login",    "unknown", "unknown", "unknown" } },
{ "*",                { "unknown", "unknown", "unknown", "unknown", "cancel",   "unknown", "unknown", "unknown" } },
{ "STLS",             { "tls",     "tls",     "tls",     "utf8",    "response", "secure", "state",   "state" } },
{ "STLS x",           { "syntax",  "syntax",  "syntax",  "syntax",  "response", "syntax", "state",   "state" } },
{ "UTF8",             { "+",       "+",       "+",       "+",       "response", "+",      "state",   "state" } },
{ "LANG",             { "unknown", "unknown", "unknown", "unknown", "response", "unknown", "unknown", "unknown" } },
{ "APOP u d",         { "unknown", "unknown", "unknown", "unknown", "response", "unknown", "unknown", "unknown" } },
{ "CAPA",             { "+",       "+",       "+",       "+",       "response", "+",      "+",       "+" } },
{ "QUIT",             { "bye",     "bye",     "bye",     "bye",     "response", "bye",    "update",  "update" } },
{ "QUIT 1",           { "syntax",  "syntax",  "syntax",  "syntax",  "response", "syntax", "syntax",  "syntax" } },
{ "NOOP",             { "state",   "state",   "state",   "state",   "response", "state",  "+",       "+" } },
{ "STAT",             { "state",   "state",   "state",   "state",   "response", "state",  "+",       "+" } },
{ "LIST",             { "state",   "state",   "state",   "state",   "response", "state",  "+",       "+" } },
{ "LIST 1",           { "state",   "state",   "state",   "state",   "response", "state",  "+",       "deleted" } },
{ "LIST 3",           { "state",   "state",   "state",   "state",   "response", "state",  "message", "message" } },
{ "LIST x",           { "state",   "state",   "state",   "state",   "response", "state",  "syntax",  "syntax" } },
{ "UIDL",             { "state",   "state",   "state",   "state",   "response", "state",  "+",       "+" } },
{ "UIDL 1",           { "state",   "state",   "state",   "state",   "response", "state",  "+",       "deleted" } },
{ "RETR",             { "state",   "state",   "state",   "state",   "response", "state",  "syntax",  "syntax" } },
{ "RETR 1",           { "state",   "state",   "state",   "state",   "response", "state",  "retr",    "deleted" } },
{ "RETR 2",           { "state",   "state",   "state",   "state",   "response", "state",  "retr",    "retr" } },
{ "TOP 1 0",          { "state",   "state",   "state",   "state",   "response", "state",  "retr",    "deleted" } },
{ "TOP 1",            { "state",   "state",   "state",   "state",   "response", "state",  "syntax",  "syntax" } },
{ "DELE",             { "state",   "state",   "state",   "state",   "response", "state",  "syntax",  "syntax" } },
{ "DELE 1",           { "state",   "state",   "state",   "state",   "response", "state",  "+",       "deleted" } },
{ "RSET",             { "state",   "state",   "state",   "state",   "response", "state",  "+",       "+" } },
{ "",                 { "unknown", "unknown", "unknown", "unknown", "response", "unknown", "unknown", "unknown" } },
};
/* clang-format on */

static const struct {
	const char *cell;
	enum pop3_reason reason;
} refusals[] = {
	{ "unknown", POP3_REASON_UNKNOWN_COMMAND }, { "state", POP3_REASON_BAD_STATE },
	{ "syntax", POP3_REASON_SYNTAX },           { "tls!", POP3_REASON_TLS_REQUIRED },
	{ "user", POP3_REASON_USER_FIRST },         { "secure", POP3_REASON_ALREADY_SECURE },
	{ "utf8", POP3_REASON_STLS_AFTER_UTF8 },    { "mech", POP3_REASON_MECHANISM },
	{ "response", POP3_REASON_BAD_RESPONSE },   { "cancel", POP3_REASON_CANCELLED },
	{ "message", POP3_REASON_NO_SUCH_MESSAGE }, { "deleted", POP3_REASON_DELETED },
};

static const struct pop3_message messages[2] = { { .size = 1 }, { .size = 2 } };

static enum pop3_event say(struct pop3_session *s, const char *text, struct keel_buffer *out)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
	enum pop3_event event;

	while ((event = pop3_session_step(s, &at, end, out)) == POP3_EVENT_LOGIN && at < end)
		pop3_session_login(s, POP3_REASON_NONE, messages, 2, out);
	return event;
}

/* What a command came to, as a cell */
static const char *observe(enum pop3_event event, enum pop3_reason reason, struct keel_buffer *out)
{
	const char *text = keel_buffer_text(out);
	const bool ok = !strncmp(text, "+OK", 3);

	if (event == POP3_EVENT_LOGIN && !out->len)
		return "login";
	if (event == POP3_EVENT_RETR && !out->len)
		return "retr";
	if (event == POP3_EVENT_UPDATE && !out->len)
		return "update";
	if (event == POP3_EVENT_TLS && ok)
		return "tls";
	if (event == POP3_EVENT_CLOSE && ok)
		return "bye";
	if (event != POP3_EVENT_INPUT)
		return "unexpected event";
	if (ok && reason == POP3_REASON_NONE)
		return "+";
	if (!strcmp(text, "+ \r\n"))
		return "more";
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (!strncmp(text, "-ERR ", 5) && refusals[i].reason == reason &&
		    strstr(text, pop3_reason_text(reason)))
			return refusals[i].cell;
	return "unexpected reply";
}

START_TEST(every_command_in_every_state)
{
	const struct pop3_config config = { .hostname = "mx.example", .stls = true };
	unsigned wrong = 0;

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		for (unsigned c = 0; c < STATE_COUNT; c++) {
			struct pop3_session *s = pop3_session_new(&config);
			struct keel_buffer out;
			enum pop3_event event;
			const char *cell;
			char line[64];

			keel_buffer_init(&out, 0);
			pop3_session_greet(s, states[c].secure, states[c].plaintext, POP3_REASON_NONE, &out);
			event = say(s, states[c].way, &out);
			if (event == POP3_EVENT_LOGIN) {
				pop3_session_login(s, POP3_REASON_NONE, messages, 2, &out);
				event = say(s, "", &out);
			}
			ck_assert_int_eq(event, POP3_EVENT_INPUT);
			ck_assert_int_eq(pop3_session_refused(s), POP3_REASON_NONE);
			keel_buffer_clear(&out);
			snprintf(line, sizeof(line), "%s\r\n", rows[r].command);
			event = say(s, line, &out);
			cell = observe(event, pop3_session_refused(s), &out);
			if (strcmp(cell, rows[r].expected[c]) != 0) {
				printf("%s in %s: %s, not %s: %s\n", rows[r].command, states[c].name, cell,
				       rows[r].expected[c], keel_buffer_text(&out));
				wrong++;
			}
			keel_buffer_free(&out);
			pop3_session_free(&s);
		}
	}
	fflush(stdout);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3_matrix");
	TCase *tc = tcase_create("matrix");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_command_in_every_state);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
