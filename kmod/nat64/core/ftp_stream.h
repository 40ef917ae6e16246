/* SPDX-License-Identifier: GPL-2.0-only */
/* Where octets of a rewritten stream are in the eyes of its sender and of its receiver. Sequence numbers are in host order, and wrap. */
#ifndef OSNC_NAT64_CORE_FTP_STREAM_H
#define OSNC_NAT64_CORE_FTP_STREAM_H

#include "kmod/nat64/core/ftp.h"
#include "kmod/nat64/core/octets.h"

/* a comes before b. */
static inline int nat64_ftp_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

void nat64_ftp_stream_start(struct nat64_ftp_stream *stream, __u32 next);

/* Where the sender's octet number at is to the receiver; the octets of an edit are all at its beginning, and what is held at that of its line. */
__u32 nat64_ftp_forth(const struct nat64_ftp_stream *stream, __u32 at);
/*
 * What the receiver's acknowledgement means to the sender: of an edit all but the last octet, so that its text is sent again if that is; what is held,
 * all.
 */
__u32 nat64_ftp_back(const struct nat64_ftp_stream *stream, __u32 ack);
/* The receiver has all in front of ack: edits there are forgotten. */
void nat64_ftp_retire(struct nat64_ftp_stream *stream, __u32 ack);

/*
 * The blocks of a SACK option (RFC 2018) in a header of size octets: the receiver's numbers become the sender's. Blocks of which nothing whole is left, and
 * those that report duplicates (RFC 2883), go: no-operations stand in their place. 1: something was changed.
 */
int nat64_ftp_sack(const struct nat64_ftp_stream *stream, __u8 *tcp, __u32 size);

static inline int nat64_ftp_full(const struct nat64_ftp_stream *stream)
{
	return stream->edits == NAT64_FTP_EDITS;
}

/* What is held becomes text; there is room for an edit. */
void nat64_ftp_replace(struct nat64_ftp_stream *stream, const __u8 *text, __u32 size);

/* Where octets are written to; what does not fit, and all behind it, is left out. */
struct nat64_ftp_writer {
	__u8 *out;
	__u32 room;
	__u32 size;
	int cut; /* 1: something was left out */
};

void nat64_ftp_write(struct nat64_ftp_writer *writer, const __u8 *octets, __u32 size);
/* Octets that were read before, from number at on: written as they were then. */
void nat64_ftp_again(const struct nat64_ftp_stream *stream, __u32 at, const __u8 *octets, __u32 size,
		     struct nat64_ftp_writer *writer);

#endif
