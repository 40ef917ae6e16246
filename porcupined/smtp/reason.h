/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of SMTP refusals: see smtp.h. */
#ifndef PORCUPINED_SMTP_REASON_H
#define PORCUPINED_SMTP_REASON_H

/* clang-format off */
/*        NAME            code  status   text                                          counter           glue  description (manual) */
#define SMTP_REASONS(X) \
	X(NONE,            250, "2.0.0", "OK",                                         "none",            0, "accepted") \
	X(SYNTAX,          501, "5.5.4", "Syntax error in parameters",                 "syntax",          0, "a command's argument does not follow the grammar") \
	X(UNKNOWN_COMMAND, 500, "5.5.1", "Command not recognised",                     "unknown_command", 0, "the verb is not one this server knows") \
	X(LINE_TOO_LONG,   500, "5.5.6", "Line too long",                              "line_too_long",   0, "a command line is longer than the limit") \
	X(BARE_NEWLINE,    550, "5.5.2", "Bare CR or LF is not allowed",               "bare_newline",    0, "a command or message has a CR or LF that is not part of CRLF") \
	X(NO_SUCH_USER,    550, "5.1.1", "No such user here",                          "no_such_user",    1, "the recipient's domain is local, the address is not") \
	X(NOT_LOCAL,       550, "5.7.1", "Relaying denied: domain is not local",       "not_local",       1, "the recipient's domain is not one of this server's") \
	X(OVER_QUOTA,      452, "4.2.2", "Mailbox is full",                            "over_quota",      1, "the message would put the recipient over quota") \
	X(TOO_BIG,         552, "5.3.4", "Message exceeds the size limit",             "too_big",         0, "SIZE or the message itself is over message_size") \
	X(STORAGE,         451, "4.3.0", "Storage error, try again later",             "storage",         1, "the message could not be made durable") \
	X(NO_SPACE,        452, "4.3.1", "Insufficient system storage",                "no_space",        1, "the disk is full or the store is read-only") \
	X(SHUTDOWN,        421, "4.3.2", "Server is shutting down",                    "shutdown",        1, "the server is ending") \
	X(TIMEOUT,         421, "4.4.2", "Idle too long",                              "timeout",         1, "the client sent nothing for the idle limit") \
	X(CONNECTIONS,     421, "4.7.0", "Too many connections",                       "connections",     1, "the limit of connections, in all or from this address") \
	X(RATE,            450, "4.7.1", "Too many messages, try again later",         "rate",            1, "the rate limit of this client address")

#endif
