/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of POP3 refusals: see pop3.h. Response codes: RFC 2449 8, RFC 3206, RFC 6856 5. */
#ifndef PORCUPINED_POP3_REASON_H
#define PORCUPINED_POP3_REASON_H

/* clang-format off */
/*        NAME             response code  text                                      counter             description (manual) */
#define POP3_REASONS(X) \
	X(NONE,            "",            "OK",                                      "none",             "accepted") \
	/* the command line */ \
	X(SYNTAX,          "",            "Syntax error in arguments",               "syntax",           "a command's argument does not follow the grammar") \
	X(UNKNOWN_COMMAND, "",            "Unknown command",                         "unknown_command",  "the verb is not one this server knows or offers") \
	X(BAD_STATE,       "",            "Not valid in this state",                 "bad_state",        "a command before the login that needs one, or after it and too late") \
	X(LINE_TOO_LONG,   "",            "Line too long",                           "line_too_long",    "a command line over 512 octets, or an answer to AUTH over 2048") \
	X(BARE_NEWLINE,    "",            "Bare CR or LF: end command lines with CRLF", "bare_newline",  "a command line has a CR or LF that is not part of CRLF") \
	X(CONTROL,         "",            "Control character in command",            "control",          "a command line has a NUL or another control octet") \
	X(TOO_MANY_ERRORS, "",            "Too many errors",                         "too_many_errors",  "a bad command after the limit of errors of a session") \
	/* the login */ \
	X(USER_FIRST,      "",            "USER is needed first",                    "user_first",       "PASS that does not follow USER at once") \
	X(NOT_UTF8,        "",            "Not well-formed UTF-8",                   "not_utf8",         "a user name or password has octets above 127 that are not UTF-8") \
	X(TLS_REQUIRED,    "",            "Plaintext login is refused: use TLS",     "tls_required",     "USER, PASS or AUTH without TLS where that is not allowed") \
	X(ALREADY_SECURE,  "",            "TLS is already active",                   "already_secure",   "STLS inside TLS") \
	X(STLS_AFTER_UTF8, "",            "STLS must come before UTF8",              "stls_after_utf8",  "STLS after UTF8 (RFC 6856 2.1)") \
	X(MECHANISM,       "",            "Unknown authentication mechanism",        "mechanism",        "AUTH with a mechanism other than PLAIN") \
	X(BAD_RESPONSE,    "",            "Bad authentication response",             "bad_response",     "AUTH PLAIN's response is not base64 or not a PLAIN message (RFC 4616)") \
	X(CANCELLED,       "",            "Authentication cancelled",                "cancelled",        "the client cancelled AUTH with *") \
	X(OTHER_IDENTITY,  "AUTH",        "May not act for another user",            "other_identity",   "AUTH PLAIN names one user to log in as and another to act for") \
	X(LOGIN_FAILED,    "AUTH",        "Wrong user or password",                  "login_failed",     "unknown address or wrong password") \
	X(TOO_MANY_LOGINS, "AUTH",        "Wrong user or password, too many times",  "too_many_logins",  "the failed login that ends the session") \
	X(TOO_MANY_FAILURES, "SYS/TEMP",  "Too many failed logins, try again later", "too_many_failures", "a login after the limit of failed logins of this client address") \
	X(LOGIN_DELAY,     "LOGIN-DELAY", "Too soon after the last login",           "login_delay",      "a login within LOGIN-DELAY seconds of the last one") \
	X(IN_USE,          "IN-USE",      "Maildrop is locked by another session",   "in_use",           "another session holds the maildrop") \
	/* the maildrop */ \
	X(NO_SUCH_MESSAGE, "",            "No such message",                         "no_such_message",  "a message number that the maildrop does not have") \
	X(DELETED,         "",            "Message is marked as deleted",            "deleted",          "a message number that DELE was given for") \
	X(UTF8,            "UTF8",        "The message needs UTF8 mode",             "utf8",             "an internationalised message was asked for without UTF8 (RFC 6856 5)") \
	X(STORAGE,         "SYS/PERM",    "The message is damaged",                  "storage",          "a message failed its check when read") \
	X(NOT_DELETED,     "SYS/TEMP",    "Some deleted messages were not removed",  "not_deleted",      "the deletes of a session could not be made durable") \
	/* the server */ \
	X(TRY_AGAIN,       "SYS/TEMP",    "Try again later",                         "try_again",        "a temporary failure in the server or its store") \
	X(NO_MEMORY,       "SYS/TEMP",    "Out of memory",                           "no_memory",        "no memory for the session's own state") \
	X(SHUTDOWN,        "SYS/TEMP",    "Server is shutting down",                 "shutdown",         "the server is ending") \
	X(TIMEOUT,         "",            "Idle too long",                           "timeout",          "the client sent nothing for the idle limit (no reply is sent)") \
	X(CONNECTIONS,     "SYS/TEMP",    "Too many connections",                    "connections",      "the limit of connections, in all or from this address")
/* clang-format on */

#endif
