/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of POP3 refusals: see pop3.h. */
#ifndef PORCUPINED_POP3_REASON_H
#define PORCUPINED_POP3_REASON_H

/* clang-format off */
/*        NAME            response code  text                                      counter             description (manual) */
#define POP3_REASONS(X) \
	X(NONE,            "",           "OK",                                     "none",             "accepted") \
	X(SYNTAX,          "",           "Syntax error in arguments",              "syntax",           "a command's argument does not follow the grammar") \
	X(UNKNOWN_COMMAND, "",           "Unknown command",                        "unknown_command",  "the verb is not one this server knows") \
	X(BAD_STATE,       "",           "Command not possible now",               "bad_state",        "the verb is known, but not in this state of the session") \
	X(LINE_TOO_LONG,   "",           "Line too long",                          "line_too_long",    "a command line is longer than the limit") \
	X(BARE_NEWLINE,    "",           "Lines must end in CRLF",                 "bare_newline",     "a command line has a CR or LF that is not part of CRLF, or a NUL") \
	X(TLS_REQUIRED,    "AUTH",       "Log in after STLS",                      "tls_required",     "a login without TLS, where plaintext is not allowed") \
	X(MECHANISM,       "",           "Unknown authentication mechanism",       "mechanism",        "AUTH with a mechanism other than PLAIN") \
	X(CANCELLED,       "",           "Authentication cancelled",               "cancelled",        "the client ended AUTH with *") \
	X(UTF8,            "UTF8",       "Invalid UTF-8",                          "utf8",             "user or password is not UTF-8") \
	X(NO_SUCH_MESSAGE, "",           "No such message",                        "no_such_message",  "the message number is not in the maildrop, or was deleted") \
	X(ERRORS,          "",           "Too many errors",                        "errors",           "more bad commands than limits.errors; the session ends") \
	X(LOGINS,          "AUTH",       "Too many failed logins",                 "logins",           "more failed logins than limits.logins; the session ends") \
	X(LOGIN_FAILED,    "AUTH",       "Wrong user or password",                 "login_failed",     "unknown address or wrong password") \
	X(IN_USE,          "IN-USE",     "Maildrop is locked by another session",  "in_use",           "another session holds the maildrop") \
	X(TRY_AGAIN,       "SYS/TEMP",   "Try again later",                        "try_again",        "a temporary failure in the server or its store") \
	X(STORAGE,         "SYS/PERM",   "The message is damaged",                 "storage",          "a message failed its check when read") \
	X(SHUTDOWN,        "SYS/TEMP",   "Server is shutting down",                "shutdown",         "the server is ending") \
	X(TIMEOUT,         "",           "Idle too long",                          "timeout",          "the client sent nothing for the idle limit") \
	X(CONNECTIONS,     "SYS/TEMP",   "Too many connections",                   "connections",      "the limit of connections, in all or from this address")

#endif
