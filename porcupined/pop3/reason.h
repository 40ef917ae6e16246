/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of POP3 refusals: see pop3.h. */
#ifndef PORCUPINED_POP3_REASON_H
#define PORCUPINED_POP3_REASON_H

/* clang-format off */
/*        NAME            response code  text                                    counter            description (manual) */
#define POP3_REASONS(X) \
	X(NONE,            "",           "OK",                                   "none",            "accepted") \
	X(SYNTAX,          "",           "Syntax error in arguments",            "syntax",          "a command's argument does not follow the grammar") \
	X(UNKNOWN_COMMAND, "",           "Unknown command",                      "unknown_command", "the verb is not one this server knows, or not in this state") \
	X(LOGIN_FAILED,    "AUTH",       "Wrong user or password",               "login_failed",    "unknown address or wrong password") \
	X(IN_USE,          "IN-USE",     "Maildrop is locked by another session", "in_use",         "another session holds the maildrop") \
	X(TRY_AGAIN,       "SYS/TEMP",   "Try again later",                      "try_again",       "a temporary failure in the server or its store") \
	X(STORAGE,         "SYS/PERM",   "The message is damaged",               "storage",         "a message failed its check when read") \
	X(SHUTDOWN,        "SYS/TEMP",   "Server is shutting down",              "shutdown",        "the server is ending") \
	X(TIMEOUT,         "",           "Idle too long",                        "timeout",         "the client sent nothing for the idle limit") \
	X(CONNECTIONS,     "SYS/TEMP",   "Too many connections",                 "connections",     "the limit of connections, in all or from this address")

#endif
