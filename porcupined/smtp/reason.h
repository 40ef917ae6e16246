/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one list of SMTP refusals: see smtp.h. */
#ifndef PORCUPINED_SMTP_REASON_H
#define PORCUPINED_SMTP_REASON_H

/* clang-format off */
/*        NAME                 code  status   text                                                  counter                glue  description (manual) */
#define SMTP_REASONS(X) \
	X(NONE,                250, "2.0.0", "OK",                                                  "none",                0, "accepted") \
	/* the command line */ \
	X(SYNTAX,              501, "5.5.4", "Syntax error in parameters",                          "syntax",              0, "a command's argument does not follow the grammar") \
	X(UNKNOWN_COMMAND,     500, "5.5.1", "Command not recognised",                              "unknown_command",     0, "the verb is not one this server knows") \
	X(NOT_SUPPORTED,       502, "5.5.1", "Command not implemented",                             "not_supported",       0, "the verb is known but not offered (EXPN, TURN, ETRN, AUTH; STARTTLS without TLS)") \
	X(LINE_TOO_LONG,       500, "5.5.2", "Command line too long",                               "line_too_long",       0, "a command line is longer than 2048 octets") \
	X(BARE_NEWLINE,        550, "5.5.2", "Bare CR or LF is not allowed in a message",           "bare_newline",        0, "a message has a CR or LF that is not part of CRLF") \
	X(BARE_COMMAND,        500, "5.5.2", "Bare CR or LF: end command lines with CRLF",          "bare_command",        0, "a command line has a CR or LF that is not part of CRLF") \
	X(CONTROL,             500, "5.5.2", "Control character in command",                        "control",             0, "a command line has a NUL or another control octet") \
	/* who is there */ \
	X(HELLO_SYNTAX,        501, "5.5.4", "A domain or an address literal is needed",            "hello_syntax",        0, "HELO, EHLO or LHLO without a name, or with one that is none") \
	X(HELLO_FIRST,         503, "5.5.1", "Introduce yourself first",                            "hello_first",         0, "MAIL before HELO, EHLO or LHLO") \
	X(WANT_LHLO,           500, "5.5.1", "This is LMTP: use LHLO",                              "want_lhlo",           0, "HELO or EHLO on an LMTP port (RFC 2033 4.1)") \
	X(WANT_EHLO,           500, "5.5.1", "This is SMTP: use EHLO",                              "want_ehlo",           0, "LHLO on an SMTP port") \
	X(ALREADY_SECURE,      503, "5.5.1", "TLS is already active",                               "already_secure",      0, "STARTTLS inside TLS") \
	/* the envelope */ \
	X(NESTED_MAIL,         503, "5.5.1", "Sender was already given",                            "nested_mail",         0, "MAIL within a mail transaction") \
	X(NEED_MAIL,           503, "5.5.1", "MAIL is needed first",                                "need_mail",           0, "RCPT, DATA or BDAT without a mail transaction") \
	X(NEED_RCPT,           503, "5.5.1", "A valid recipient is needed first",                   "need_rcpt",           0, "DATA or BDAT without RCPT; LMTP: without an accepted one") \
	X(NO_VALID_RECIPIENTS, 554, "5.5.1", "No valid recipients",                                 "no_valid_recipients", 0, "DATA or BDAT after every recipient was refused") \
	X(MIXED_BDAT,          503, "5.5.1", "The message was begun with BDAT",                     "mixed_bdat",          0, "RCPT or DATA between the first BDAT and BDAT LAST (RFC 3030 2)") \
	X(BAD_SENDER,          501, "5.1.7", "Bad sender address syntax",                           "bad_sender",          0, "MAIL's reverse-path does not follow the grammar") \
	X(BAD_RECIPIENT,       501, "5.1.3", "Bad recipient address syntax",                        "bad_recipient",       0, "RCPT's forward-path does not follow the grammar") \
	X(PATH_TOO_LONG,       501, "5.1.0", "Address too long",                                    "path_too_long",       0, "a local-part over 64, a domain over 255 or a path over 256 octets") \
	X(NOT_UTF8,            553, "5.6.7", "Address is not well-formed UTF-8",                    "not_utf8",            0, "an address has octets above 127 that are not UTF-8") \
	X(NEED_SMTPUTF8,       553, "5.6.7", "Non-ASCII address needs SMTPUTF8",                    "need_smtputf8",       0, "an internationalised address in a transaction without SMTPUTF8 (RFC 6531 3.2)") \
	X(PARAMETER_UNKNOWN,   555, "5.5.4", "Parameter not recognised or not implemented",         "parameter_unknown",   0, "a parameter of MAIL or RCPT that was not offered, or any after HELO") \
	X(PARAMETER_VALUE,     501, "5.5.4", "Bad value of a parameter",                            "parameter_value",     0, "a parameter twice, without its value or with a wrong one") \
	X(BINARYMIME,          555, "5.6.1", "BODY=BINARYMIME is not offered",                      "binarymime",          0, "BODY=BINARYMIME") \
	X(NO_SUCH_USER,        550, "5.1.1", "No such user here",                                   "no_such_user",        1, "the recipient's domain is local, the address is not") \
	X(NOT_LOCAL,           550, "5.7.1", "Relaying denied: domain is not local",                "not_local",           1, "the recipient's domain is not one of this server's") \
	X(OVER_QUOTA,          452, "4.2.2", "Mailbox is full",                                     "over_quota",          1, "the message would put the recipient over quota") \
	X(TOO_MANY_RECIPIENTS, 452, "4.5.3", "Too many recipients",                                 "too_many_recipients", 0, "more recipients than the limit of a transaction") \
	/* the message */ \
	X(TOO_BIG,             552, "5.3.4", "Message exceeds the size limit",                      "too_big",             0, "SIZE or the message itself is over message_size") \
	X(TEXT_LINE_TOO_LONG,  554, "5.6.0", "Message has a line over the length limit",            "text_line_too_long",  0, "a line of the message is longer than text_line octets") \
	X(CHUNK_SYNTAX,        421, "5.5.4", "BDAT without a size: what follows cannot be told from commands", "chunk_syntax", 0, "BDAT whose octet count cannot be read: the connection ends") \
	X(LOOP,                554, "5.4.6", "Too many hops",                                       "loop",                1, "more than 100 Received fields (RFC 5321 6.3)") \
	X(STORAGE,             451, "4.3.0", "Storage error, try again later",                      "storage",             1, "the message could not be made durable") \
	X(NO_SPACE,            452, "4.3.1", "Insufficient system storage",                         "no_space",            1, "the disk is full or the store is read-only") \
	/* the connection ends */ \
	X(TOO_MANY_MESSAGES,   421, "4.7.0", "Too many messages in one session",                    "too_many_messages",   0, "MAIL after the limit of messages of a session") \
	X(TOO_MANY_COMMANDS,   421, "4.7.0", "Too many commands without a message",                 "too_many_commands",   0, "the limit of commands that brought no message") \
	X(TOO_MANY_ERRORS,     421, "4.7.0", "Too many errors",                                     "too_many_errors",     0, "a bad command after the limit of errors of a session") \
	X(NO_MEMORY,           421, "4.3.0", "Out of memory",                                       "no_memory",           0, "no memory for the session's own state") \
	X(SHUTDOWN,            421, "4.3.2", "Server is shutting down",                             "shutdown",            1, "the server is ending") \
	X(TIMEOUT,             421, "4.4.2", "Idle too long",                                       "timeout",             1, "the client sent nothing for the idle limit") \
	X(CONNECTIONS,         421, "4.7.0", "Too many connections",                                "connections",         1, "the limit of connections, in all or from this address") \
	X(RATE,                450, "4.7.1", "Too many messages, try again later",                  "rate",                1, "the rate limit of this client address")
/* clang-format on */

#endif
