/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The application gateway of FTP (RFC 6384) for an IPv6 client and an IPv4 server: what becomes of the segments of one control connection. Pure: the
 * caller keeps the state, serialises the calls, and owns packets and checksums.
 *
 * The connection is not ended here: each segment is rewritten by itself. Two streams of octets are followed, each as its sender numbers them and as its
 * receiver gets them. Octets of a line that may have to be rewritten are held until its end is there; the segment that brought them becomes a probe (one
 * octet that the receiver has already), whose acknowledgement tells the sender that they arrived. What took the place of octets is kept until the receiver has
 * acknowledged it, so that a segment that is sent again is rewritten as it was. No segment is made here: a command that the server must not see
 * becomes a NOOP, and the reply to that becomes ours (RFC 6384 12).
 */
#ifndef OSNC_NAT64_CORE_FTP_H
#define OSNC_NAT64_CORE_FTP_H

#include "kmod/nat64/core/core.h"

#define NAT64_FTP_PORT 21
#define NAT64_FTP_LINE 128  /* octets of a line that are looked at */
#define NAT64_FTP_EDITS 8   /* rewritten lines in flight, each way */
#define NAT64_FTP_PENDING 8 /* commands whose reply matters, in flight */
#define NAT64_FTP_ROOM 512  /* what a rewritten segment may always have */

/* Octets [start, start + length) of the sender's count became text. */
struct nat64_ftp_edit {
	__u32 start;
	__u32 length;
	__s32 delta; /* what the receiver's count is ahead by behind it */
	__u8 size;   /* of text */
	__u8 text[NAT64_FTP_LINE];
};

struct nat64_ftp_stream {
	__u32 parsed; /* the sender's number of the next octet to be read */
	__u32 held;   /* octets in front of it that wait for the rest of their line */
	__s32 base;   /* what the receiver's count is ahead by in front of the first edit */
	__s32 delta;  /* and behind the last */
	__u8 started; /* the SYN was seen */
	__u8 clear;   /* 1: nothing is read any more */
	__u8 first;   /* the oldest edit's place in the ring */
	__u8 edits;
	__u8 size; /* of line: of what is held, as much as is looked at */
	__u8 line[NAT64_FTP_LINE];
	struct nat64_ftp_edit edit[NAT64_FTP_EDITS];
};

/* A command whose reply is not simply passed on. */
struct nat64_ftp_pending {
	__u16 number; /* of the command in its connection */
	__u8 kind;    /* enum nat64_ftp_kind in ftp_text.h */
};

/* Zeroed: nothing was seen of the connection yet. */
struct nat64_ftp {
	__u32 first; /* the client's first sequence number */
	__u8 off;    /* ALGS DISABLE64 */
	/* the command line that is being read */
	__u8 command_mode;
	__u8 command_blank; /* 1: nothing but its end so far */
	/* the reply line */
	__u8 reply_mode;
	__u8 reply_column; /* 4: behind the code */
	__u8 reply_more;   /* 1: of a reply of several lines, not the first */
	__u8 reply_code[4];
	__u8 reply_last[3]; /* the code of the reply's first line */
	/* replies come in the order of their commands; the greeting is reply 0 */
	__u16 sent, answered;
	__u8 pending_first, pending_count;
	struct nat64_ftp_pending pending[NAT64_FTP_PENDING];
	struct nat64_ftp_stream stream[2]; /* from the client, from the server */
};

/* What the connection is about, and what a command may need from outside. */
struct nat64_ftp_call {
	struct nat64_in6 client;
	__be32 server;
	/* A mapping for a connection from the server to this port of the client. 0: *address and *pool_port are what the server may connect to. */
	int (*expect)(void *owner, __be16 port, __be32 *address, __be16 *pool_port);
	void *owner;
	/* what happened */
	__u32 rewritten; /* lines that are others now */
	__u32 refused;   /* replies to PASV that name another host than the server, or nothing useful */
};

/* One segment, in and out. */
struct nat64_ftp_segment {
	__u8 *tcp; /* its header: sequence numbers, flags, urgent pointer and SACK blocks are changed in place; the checksum is the caller's */
	__u32 header; /* octets of it, options included: 20 to 60 */
	const __u8 *payload;
	__u32 size;
	__u8 *out; /* the payload that it gets: room is the greater of size and NAT64_FTP_ROOM, or more, of which no more is used */
	__u32 written;
};

enum nat64_ftp_verdict {
	NAT64_FTP_PASS,  /* nothing was changed, out is not filled */
	NAT64_FTP_WRITE, /* send it with what is in out */
	NAT64_FTP_EARLY, /* drop it: what comes before it is not there yet; its sender repeats it */
};

/* from6: 1: the client's. The TCP checksum was right. */
enum nat64_ftp_verdict nat64_ftp_segment(struct nat64_ftp *ftp, struct nat64_ftp_call *call, int from6,
					 struct nat64_ftp_segment *segment);

#endif
