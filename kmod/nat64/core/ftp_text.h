/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of FTP that the gateway knows (RFC 959, 2228, 2428, 6384). Lines come with their end, whatever it is. */
#ifndef OSNC_NAT64_CORE_FTP_TEXT_H
#define OSNC_NAT64_CORE_FTP_TEXT_H

#include "kmod/nat64/core/ftp.h"

/* clang-format off */
/* Commands that are looked at: X(NAME), four letters. */
#define NAT64_FTP_COMMANDS(X) X(EPSV) X(EPRT) X(ALGS) X(AUTH) X(PASV)

/*
 * What a command's reply is to become: X(NAME, "text"). The codes are RFC 6384's; the text is not (5.1), and is always plain English: LANG passes, and
 * is not followed.
 */
#define NAT64_FTP_ANSWERS(X) \
	X(EPSV_ALL,    "504 Command not implemented for that parameter\r\n") \
	X(PROTOCOL,    "522 Network protocol not supported, use (2)\r\n") \
	X(NO_DATA,     "425 Can't open data connection\r\n") \
	X(STATUS_NONE, "216 NONE\r\n") \
	X(STATUS_BOTH, "216 EPSV EPRT\r\n") \
	X(ALGS_BAD,    "504 STATUS64, ENABLE64 or DISABLE64\r\n")
/* clang-format on */

enum nat64_ftp_command {
#define X(name) NAT64_FTP_##name,
	NAT64_FTP_COMMANDS(X)
#undef X
		NAT64_FTP_COMMAND_COUNT
};

enum nat64_ftp_kind {
	NAT64_FTP_PLAIN, /* passed on */
	NAT64_FTP_CLEAR, /* passed on, and all behind it is not for us to read (RFC 2228 AUTH) */
	NAT64_FTP_227,   /* a 227 becomes a 229 */
#define X(name, text) NAT64_FTP_ANSWER_##name,
	NAT64_FTP_ANSWERS(X)
#undef X
		NAT64_FTP_KIND_COUNT
};

/*
 * What size octets of a line begin with: one of the commands, -1: none, whatever follows; NAT64_FTP_COMMAND_COUNT: not to be told yet. A command is four
 * letters with a blank or the line's end behind them.
 */
int nat64_ftp_command(const __u8 *line, __u32 size);

/* What stands behind a command's four letters. */
enum nat64_ftp_argument {
	NAT64_FTP_ARGUMENT_NONE,
	NAT64_FTP_ARGUMENT_ALL,     /* EPSV: ALL */
	NAT64_FTP_ARGUMENT_IPV6,    /* EPSV: 2 */
	NAT64_FTP_ARGUMENT_NUMBER,  /* EPSV: another number */
	NAT64_FTP_ARGUMENT_STATUS,  /* ALGS: STATUS64 */
	NAT64_FTP_ARGUMENT_ENABLE,  /* ALGS: ENABLE64 */
	NAT64_FTP_ARGUMENT_DISABLE, /* ALGS: DISABLE64 */
	NAT64_FTP_ARGUMENT_OTHER,
};
enum nat64_ftp_argument nat64_ftp_argument(const __u8 *line, __u32 size);

/* EPRT |2|address|port| (RFC 2428 2): 1 and what it says, or 0: it is another, or wrong. */
int nat64_ftp_eprt(const __u8 *line, __u32 size, struct nat64_in6 *address, __be16 *port);
/* 227: the six numbers anywhere behind the code (RFC 1123 4.1.2.6). 1, or 0: there are none, or the port is 0. */
int nat64_ftp_227(const __u8 *line, __u32 size, __be32 *address, __be16 *port);

/* Lines of at most NAT64_FTP_LINE octets; they return their size. */
__u32 nat64_ftp_put(__u8 *line, const char *text);
__u32 nat64_ftp_put_port(__u8 *line, __be32 address, __be16 port);
__u32 nat64_ftp_put_229(__u8 *line, __be16 port);
/* Of NAT64_FTP_ANSWER_ kinds. */
__u32 nat64_ftp_put_answer(__u8 *line, enum nat64_ftp_kind kind);

#endif
