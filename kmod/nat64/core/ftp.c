// SPDX-License-Identifier: GPL-2.0-only
/* Commands and replies as they pass (RFC 6384 5 to 12), and the segments that carry them. */
#include "kmod/nat64/core/ftp.h"

#include "kmod/nat64/core/ftp_stream.h"
#include "kmod/nat64/core/ftp_text.h"

#define FLAG_FIN 0x01
#define FLAG_SYN 0x02
#define FLAG_RST 0x04
#define FLAG_ACK 0x10
#define FLAG_URG 0x20

enum { CLIENT, SERVER };

/* A line's octets, from its first one on. */
enum mode {
	FIRST,  /* there are none yet */
	UNSURE, /* held until it is known what line it is */
	TAKE,   /* held to its end: it is to be another */
	SPARE,  /* passed on */
	LAST,   /* passed on, and all that comes behind it */
};

/* One segment's octets on their way. */
struct passage {
	struct nat64_ftp *ftp;
	struct nat64_ftp_call *call;
	struct nat64_ftp_stream *stream;
	struct nat64_ftp_writer writer;
	__u32 earlier; /* octets that are held since an earlier segment: they were not written then */
};

/* ---- octets that are held -------------------------------------------------------------------------------------- */

static void hold(struct nat64_ftp_stream *stream, __u8 octet)
{
	stream->held++;
	if (stream->size < NAT64_FTP_LINE)
		stream->line[stream->size++] = octet;
}

/* What is held, and all of it is at hand, is passed on as it is. */
static void release(struct passage *p)
{
	struct nat64_ftp_stream *stream = p->stream;

	nat64_ftp_write(&p->writer, stream->line, stream->size);
	if (p->earlier)
		nat64_ftp_replace(stream, stream->line, stream->size);
	stream->held = 0;
	stream->size = 0;
	p->earlier = 0;
}

static void replace(struct passage *p, const __u8 *text, __u32 size)
{
	nat64_ftp_write(&p->writer, text, size);
	nat64_ftp_replace(p->stream, text, size);
	p->earlier = 0;
}

/* ---- commands whose replies matter ----------------------------------------------------------------------------- */

static struct nat64_ftp_pending *pending(struct nat64_ftp *ftp)
{
	return ftp->pending_count ? &ftp->pending[ftp->pending_first] : NULL;
}

static void push(struct nat64_ftp *ftp, enum nat64_ftp_kind kind)
{
	ftp->pending[(ftp->pending_first + ftp->pending_count++) % NAT64_FTP_PENDING] =
		(struct nat64_ftp_pending){ .number = ftp->sent, .kind = (__u8)kind };
}

static void pop(struct nat64_ftp *ftp)
{
	ftp->pending_first = (ftp->pending_first + 1) % NAT64_FTP_PENDING;
	ftp->pending_count--;
}

/* ---- commands -------------------------------------------------------------------------------------------------- */

/* The server gets a NOOP, and its reply to that will be another (RFC 6384 12). */
static __u32 answer(struct nat64_ftp *ftp, __u8 *text, enum nat64_ftp_kind kind)
{
	push(ftp, kind);
	return nat64_ftp_put(text, "NOOP\r\n");
}

/* RFC 6384 6. Returns the new line's size, or 0: it stays. */
static __u32 epsv(struct nat64_ftp *ftp, const struct nat64_ftp_stream *stream, __u8 *text)
{
	switch (nat64_ftp_argument(stream->line, stream->size)) {
	case NAT64_FTP_ARGUMENT_NONE:
	case NAT64_FTP_ARGUMENT_IPV6:
		push(ftp, NAT64_FTP_227);
		return nat64_ftp_put(text, "PASV\r\n");
	case NAT64_FTP_ARGUMENT_ALL:
		return answer(ftp, text, NAT64_FTP_ANSWER_EPSV_ALL);
	case NAT64_FTP_ARGUMENT_NUMBER:
		return answer(ftp, text, NAT64_FTP_ANSWER_PROTOCOL);
	default:
		return 0;
	}
}

#define LEAST_PORT 1024

/*
 * RFC 6384 7.2: an address that is not the client's own is passed on as it is. So is a port that services listen on: who makes a client say this need not be
 * its user.
 */
static __u32 eprt(struct passage *p, __u8 *text)
{
	struct nat64_in6 address;
	__be32 mapped;
	__be16 port;

	if (!nat64_ftp_eprt(p->stream->line, p->stream->size, &address, &port) ||
	    __builtin_memcmp(&address, &p->call->client, sizeof(address)) || __be16_to_cpu(port) < LEAST_PORT)
		return 0;
	if (p->call->expect(p->call->owner, port, &mapped, &port))
		return answer(p->ftp, text, NAT64_FTP_ANSWER_NO_DATA);
	return nat64_ftp_put_port(text, mapped, port);
}

/* RFC 6384 11. */
static __u32 algs(struct nat64_ftp *ftp, const struct nat64_ftp_stream *stream, __u8 *text)
{
	switch (nat64_ftp_argument(stream->line, stream->size)) {
	case NAT64_FTP_ARGUMENT_ENABLE:
		ftp->off = 0;
		break;
	case NAT64_FTP_ARGUMENT_DISABLE:
		ftp->off = 1;
		break;
	case NAT64_FTP_ARGUMENT_STATUS:
		break;
	default:
		return answer(ftp, text, NAT64_FTP_ANSWER_ALGS_BAD);
	}
	return answer(ftp, text, ftp->off ? NAT64_FTP_ANSWER_STATUS_NONE : NAT64_FTP_ANSWER_STATUS_BOTH);
}

static __u32 translate(struct passage *p, int command, __u8 *text)
{
	if (command == NAT64_FTP_ALGS)
		return algs(p->ftp, p->stream, text);
	if (p->ftp->off)
		return 0;
	return command == NAT64_FTP_EPSV ? epsv(p->ftp, p->stream, text) : eprt(p, text);
}

static void command_end(struct nat64_ftp *ftp)
{
	/* an empty line is no command to most servers */
	if (!ftp->command_blank)
		ftp->sent++;
	ftp->command_mode = FIRST;
	ftp->command_blank = 1;
}

static void command_spare(struct passage *p, __u8 octet)
{
	if (octet != '\n')
		return;
	p->stream->clear |= p->ftp->command_mode == LAST;
	command_end(p->ftp);
}

static void command_held(struct passage *p, __u8 octet)
{
	struct nat64_ftp_stream *stream = p->stream;
	const int command = nat64_ftp_command(stream->line, stream->size);
	__u8 text[NAT64_FTP_LINE];
	__u32 size;

	if (command == NAT64_FTP_COMMAND_COUNT)
		return;
	if (command < 0 || command == NAT64_FTP_AUTH || command == NAT64_FTP_PASV || stream->held == NAT64_FTP_LINE) {
		if (command == NAT64_FTP_AUTH)
			push(p->ftp, NAT64_FTP_CLEAR);
		else if (command == NAT64_FTP_PASV)
			push(p->ftp, NAT64_FTP_PLAIN);
		release(p);
		p->ftp->command_mode = command == NAT64_FTP_AUTH ? LAST : SPARE;
		command_spare(p, octet);
		return;
	}
	p->ftp->command_mode = TAKE;
	if (octet != '\n')
		return;
	size = translate(p, command, text);
	if (size) {
		p->call->rewritten++;
		replace(p, text, size);
	} else {
		release(p);
	}
	command_end(p->ftp);
}

/* 0: it was read; 1: not now: too much is in flight. */
static int command_octet(struct passage *p, __u8 octet)
{
	struct nat64_ftp *ftp = p->ftp;

	ftp->command_blank &= octet == '\r' || octet == '\n';
	if (ftp->command_mode == FIRST) {
		if (nat64_ftp_command(&octet, 1) < 0) {
			ftp->command_mode = SPARE;
		} else {
			if (nat64_ftp_full(p->stream) || ftp->pending_count == NAT64_FTP_PENDING) {
				ftp->command_blank = 1;
				return 1;
			}
			ftp->command_mode = UNSURE;
		}
	}
	p->stream->parsed++;
	if (ftp->command_mode < SPARE) {
		hold(p->stream, octet);
		command_held(p, octet);
	} else {
		nat64_ftp_write(&p->writer, &octet, 1);
		command_spare(p, octet);
	}
	return 0;
}

/* ---- replies --------------------------------------------------------------------------------------------------- */

static int is_code(const __u8 *code)
{
	return code[0] >= '1' && code[0] <= '5' && code[1] >= '0' && code[1] <= '9' && code[2] >= '0' && code[2] <= '9';
}

static int code_is(const __u8 *code, const char *text)
{
	return !__builtin_memcmp(code, text, 3);
}

/* The reply's code is known: whether it is to become another. */
static int wanted(struct passage *p)
{
	struct nat64_ftp *ftp = p->ftp;
	const struct nat64_ftp_pending *head = pending(ftp);

	if (!head || !is_code(ftp->reply_code))
		return 0;
	if (head->kind == NAT64_FTP_CLEAR && (code_is(ftp->reply_code, "234") || code_is(ftp->reply_code, "334"))) {
		p->stream->clear = 1;
		return 0;
	}
	/* nothing else is answered so: what was counted wrong before is right again */
	if ((head->kind == NAT64_FTP_227 || head->kind == NAT64_FTP_PLAIN) && code_is(ftp->reply_code, "227")) {
		ftp->answered = head->number;
		return head->kind == NAT64_FTP_227;
	}
	return head->number == ftp->answered && head->kind > NAT64_FTP_227 && ftp->reply_code[0] != '1' &&
	       !code_is(ftp->reply_code, "421");
}

/* The reply that the client gets. */
static __u32 reply_text(struct passage *p, __u8 *text)
{
	const enum nat64_ftp_kind kind = (enum nat64_ftp_kind)pending(p->ftp)->kind;
	__be32 address;
	__be16 port;

	if (kind != NAT64_FTP_227)
		return nat64_ftp_put_answer(text, kind);
	if (nat64_ftp_227(p->stream->line, p->stream->size, &address, &port) && address == p->call->server)
		return nat64_ftp_put_229(text, port);
	p->call->refused++;
	return nat64_ftp_put_answer(text, NAT64_FTP_ANSWER_NO_DATA);
}

/* A reply is over. */
static void reply_done(struct nat64_ftp *ftp)
{
	if (ftp->reply_last[0] == '1' || ftp->answered == ftp->sent)
		return; /* preliminary, or one that nobody asked for */
	while (pending(ftp) && (__s16)(pending(ftp)->number - ftp->answered) <= 0)
		pop(ftp);
	ftp->answered++;
}

/* A reply line is over: 1: and its reply. */
static int reply_ends(struct nat64_ftp *ftp)
{
	const int code = ftp->reply_column == 4 && is_code(ftp->reply_code);

	if (ftp->reply_more)
		return code && ftp->reply_code[3] != '-' && !__builtin_memcmp(ftp->reply_code, ftp->reply_last, 3);
	if (!code)
		return 0;
	__builtin_memcpy(ftp->reply_last, ftp->reply_code, 3);
	ftp->reply_more = ftp->reply_code[3] == '-';
	return !ftp->reply_more;
}

static void reply_line_end(struct passage *p)
{
	struct nat64_ftp *ftp = p->ftp;
	const int ends = reply_ends(ftp);
	__u8 text[NAT64_FTP_LINE];

	ftp->reply_column = 0;
	if (ftp->reply_mode == TAKE && !ends) {
		p->stream->size = 0; /* a reply of several lines becomes one of one */
		return;
	}
	if (ftp->reply_mode == TAKE) {
		const __u32 size = reply_text(p, text);

		p->call->rewritten++;
		replace(p, text, size);
	}
	if (ends) {
		ftp->reply_more = 0;
		reply_done(ftp);
	}
	if (!ftp->reply_more)
		ftp->reply_mode = FIRST;
}

/* What a reply begins as. */
static int reply_begin(struct passage *p)
{
	struct nat64_ftp *ftp = p->ftp;
	const struct nat64_ftp_pending *head = pending(ftp);

	if (head && head->kind == NAT64_FTP_CLEAR && head->number == ftp->answered) {
		p->stream->clear = 1;
		return 0;
	}
	if (!head) {
		ftp->reply_mode = SPARE;
		return 0;
	}
	if (nat64_ftp_full(p->stream))
		return 1;
	ftp->reply_mode = UNSURE;
	return 0;
}

static int reply_octet(struct passage *p, __u8 octet)
{
	struct nat64_ftp *ftp = p->ftp;
	const int begins = ftp->reply_mode == FIRST;

	if (begins && reply_begin(p))
		return 1;
	p->stream->parsed++;
	if (p->stream->clear) {
		nat64_ftp_write(&p->writer, &octet, 1);
		return 0;
	}
	if (ftp->reply_column < 4 && (octet != '\n' || ftp->reply_column == 3))
		ftp->reply_code[ftp->reply_column++] = octet;
	if (ftp->reply_mode == SPARE)
		nat64_ftp_write(&p->writer, &octet, 1);
	else
		hold(p->stream, octet);
	if (ftp->reply_mode == UNSURE && (ftp->reply_column == 4 || octet == '\n')) {
		ftp->reply_mode = ftp->reply_column == 4 && wanted(p) ? TAKE : SPARE;
		if (ftp->reply_mode == SPARE)
			release(p);
	}
	if (octet == '\n')
		reply_line_end(p);
	return 0;
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static int read_octet(struct passage *p, int from6, __u8 octet)
{
	if (p->stream->clear) {
		nat64_ftp_write(&p->writer, &octet, 1);
		p->stream->parsed++;
		return 0;
	}
	return from6 ? command_octet(p, octet) : reply_octet(p, octet);
}

/* A connection that begins. */
static void begin(struct nat64_ftp *ftp, int from6, __u8 flags, __u32 sequence)
{
	if (from6 && !(flags & FLAG_ACK)) {
		if (ftp->stream[CLIENT].started && ftp->first == sequence)
			return; /* sent again */
		ftp->first = sequence;
		ftp->off = 0;
		ftp->command_mode = FIRST;
		ftp->command_blank = 1;
		ftp->reply_mode = FIRST;
		ftp->reply_column = 0;
		ftp->reply_more = 0;
		ftp->sent = 1;
		ftp->answered = 0;
		ftp->pending_count = 0;
		nat64_ftp_stream_start(&ftp->stream[CLIENT], sequence + 1);
		ftp->stream[SERVER].started = 0;
	}
	if (!from6 && ftp->stream[CLIENT].started && !ftp->stream[SERVER].started)
		nat64_ftp_stream_start(&ftp->stream[SERVER], sequence + 1);
}

/* Acknowledgements are about the other direction. 1: something was changed. */
static int acknowledge(struct nat64_ftp_stream *other, struct nat64_ftp_segment *segment)
{
	const __u32 ack = nat64_host32(segment->tcp + 8);
	__u32 new;
	int changed;

	if (!other->started || !(segment->tcp[13] & FLAG_ACK))
		return 0;
	changed = nat64_ftp_sack(other, segment->tcp, segment->header);
	nat64_ftp_retire(other, ack);
	new = nat64_ftp_back(other, ack);
	nat64_put_host32(segment->tcp + 8, new);
	return changed || new != ack;
}

/* A segment without payload. at: its first number. Returns the receiver's. */
static __u32 empty(struct nat64_ftp_stream *stream, __u32 at, __u8 flags)
{
	/* What is in front of a FIN is no line any more. */
	if ((flags & FLAG_FIN) && stream->held && at == stream->parsed && !nat64_ftp_full(stream))
		nat64_ftp_replace(stream, stream->line, 0);
	/* a probe: one octet in front of what the receiver waits for, to the receiver too */
	if (!(flags & (FLAG_FIN | FLAG_SYN | FLAG_RST)) && nat64_ftp_before(at, stream->parsed))
		return nat64_ftp_forth(stream, at + 1) - 1;
	return nat64_ftp_forth(stream, at);
}

/* The payload, of which the first octet has number at. Returns the receiver's number of what was written. */
static __u32 fill(struct passage *p, int from6, __u32 at, struct nat64_ftp_segment *segment)
{
	struct nat64_ftp_stream *stream = p->stream;
	const __u32 start = nat64_ftp_forth(stream, at);
	__u32 old = nat64_ftp_before(at, stream->parsed) ? nat64_min(stream->parsed - at, segment->size) : 0;
	__u8 *flags = segment->tcp + 13;

	if (stream->clear && nat64_ftp_before(stream->parsed, at))
		stream->parsed = at; /* nobody reads it: what is missing comes by later */
	nat64_ftp_again(stream, at, segment->payload, old, &p->writer);
	while (old < segment->size && !read_octet(p, from6, segment->payload[old]))
		old++;
	if (old < segment->size)
		p->writer.cut = 1;
	if ((*flags & FLAG_FIN) && !p->writer.cut && stream->held) {
		if (nat64_ftp_full(stream))
			p->writer.cut = 1;
		else
			nat64_ftp_replace(stream, stream->line, 0);
	}
	if (p->writer.cut)
		*flags &= (__u8)~FLAG_FIN;
	if (p->writer.size || (*flags & FLAG_FIN))
		return start;
	/* Nothing is left: the octet that is there already asks the receiver for its acknowledgement. */
	p->writer.out[0] = '\n';
	p->writer.size = 1;
	*flags &= (__u8)~FLAG_URG;
	return start - 1;
}

/* The urgent pointer (RFC 6384 5: its meaning is kept, or it goes). */
static void urgent(const struct nat64_ftp_stream *stream, __u8 *tcp, __u32 old, __u32 new)
{
	const __u32 pointer = nat64_ftp_forth(stream, old + nat64_host16(tcp + 18)) - new;

	if (pointer && pointer <= 0xffff) {
		nat64_put_host16(tcp + 18, (__u16)pointer);
	} else {
		tcp[13] &= (__u8)~FLAG_URG;
		nat64_put_host16(tcp + 18, 0);
	}
}

enum nat64_ftp_verdict nat64_ftp_segment(struct nat64_ftp *ftp, struct nat64_ftp_call *call, int from6,
					 struct nat64_ftp_segment *segment)
{
	struct nat64_ftp_stream *stream = &ftp->stream[from6 ? CLIENT : SERVER];
	struct passage p = { .ftp = ftp, .call = call, .stream = stream, .earlier = stream->held };
	const __u32 sequence = nat64_host32(segment->tcp + 4);
	const __u8 flags = segment->tcp[13];
	const __u32 syn = flags & FLAG_SYN ? 1 : 0, at = sequence + syn;
	__u32 new;
	int changed;

	if (syn)
		begin(ftp, from6, flags, sequence);
	if (!stream->started)
		return NAT64_FTP_PASS;
	if ((segment->size || flags & FLAG_FIN) && !stream->clear && nat64_ftp_before(stream->parsed, at))
		return NAT64_FTP_EARLY;
	p.writer = (struct nat64_ftp_writer){ .out = segment->out, .room = nat64_max(segment->size, NAT64_FTP_ROOM) };
	changed = acknowledge(&ftp->stream[from6 ? SERVER : CLIENT], segment);
	if (segment->size)
		new = fill(&p, from6, at, segment) - syn;
	else
		new = empty(stream, at, flags) - syn;
	nat64_put_host32(segment->tcp + 4, new);
	if (segment->tcp[13] & FLAG_URG)
		urgent(stream, segment->tcp, sequence, new);
	segment->written = p.writer.size;
	if (new == sequence && segment->written == segment->size && segment->tcp[13] == flags && !changed &&
	    !(flags & FLAG_URG) && (!segment->size || !__builtin_memcmp(segment->out, segment->payload, segment->size)))
		return NAT64_FTP_PASS;
	return NAT64_FTP_WRITE;
}
