// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/ftp_stream.h"

#include "kmod/nat64/core/protocol.h"

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_SACK 5
#define BLOCK 8

static const struct nat64_ftp_edit *edit(const struct nat64_ftp_stream *stream, __u32 i)
{
	return &stream->edit[(stream->first + i) % NAT64_FTP_EDITS];
}

/* Behind it, and in front of it to the receiver. */
static __u32 end_of(const struct nat64_ftp_edit *edit)
{
	return edit->start + edit->length;
}

static __u32 text_end(const struct nat64_ftp_edit *edit)
{
	return end_of(edit) + (__u32)edit->delta;
}

static __u32 text_start(const struct nat64_ftp_edit *edit)
{
	return text_end(edit) - edit->size;
}

void nat64_ftp_stream_start(struct nat64_ftp_stream *stream, __u32 next)
{
	__builtin_memset(stream, 0, sizeof(*stream));
	stream->parsed = next;
	stream->started = 1;
}

__u32 nat64_ftp_forth(const struct nat64_ftp_stream *stream, __u32 at)
{
	const __u32 held = stream->parsed - stream->held;
	__s32 delta = stream->base;
	__u32 i;

	for (i = 0; i < stream->edits; i++) {
		const struct nat64_ftp_edit *e = edit(stream, i);

		if (!nat64_ftp_before(e->start, at))
			return at + (__u32)delta;
		if (nat64_ftp_before(at, end_of(e)))
			return text_start(e);
		delta = e->delta;
	}
	if (stream->held && nat64_ftp_before(held, at))
		at = nat64_ftp_before(at, stream->parsed) ? held : at - stream->held;
	return at + (__u32)delta;
}

__u32 nat64_ftp_back(const struct nat64_ftp_stream *stream, __u32 ack)
{
	__s32 delta = stream->base;
	__u32 i;

	for (i = 0; i < stream->edits; i++) {
		const struct nat64_ftp_edit *e = edit(stream, i);

		if (nat64_ftp_before(ack, text_start(e)))
			return ack - (__u32)delta;
		if (nat64_ftp_before(ack, text_end(e)))
			return end_of(e) - 1;
		delta = e->delta;
	}
	ack -= (__u32)delta;
	return ack == stream->parsed - stream->held ? stream->parsed : ack;
}

void nat64_ftp_retire(struct nat64_ftp_stream *stream, __u32 ack)
{
	while (stream->edits && !nat64_ftp_before(ack, text_end(edit(stream, 0)))) {
		stream->base = edit(stream, 0)->delta;
		stream->first = (stream->first + 1) % NAT64_FTP_EDITS;
		stream->edits--;
	}
}

/* ---- selective acknowledgements -------------------------------------------------------------------------------- */

/* An edge of a block: within an edit it moves inwards. */
static __u32 edge(const struct nat64_ftp_stream *stream, __u32 at, int right)
{
	__s32 delta = stream->base;
	__u32 i;

	for (i = 0; i < stream->edits; i++) {
		const struct nat64_ftp_edit *e = edit(stream, i);

		if (!nat64_ftp_before(text_start(e), at))
			break;
		if (nat64_ftp_before(at, text_end(e)))
			return right ? e->start : end_of(e);
		delta = e->delta;
	}
	return at - (__u32)delta;
}

/* size octets of whole blocks. */
static int map_blocks(const struct nat64_ftp_stream *stream, __u8 *option, __u32 size, __u32 ack)
{
	__u8 *kept = option + 2;
	__u32 at;
	int changed = 0;

	for (at = 0; at < size; at += BLOCK) {
		const __u32 left = nat64_host32(option + 2 + at), right = nat64_host32(option + 2 + at + 4);
		const __u32 new_left = edge(stream, left, 0), new_right = edge(stream, right, 1);

		changed |= left != new_left || right != new_right;
		if (!nat64_ftp_before(ack, right) || !nat64_ftp_before(new_left, new_right)) {
			changed = 1;
			continue;
		}
		nat64_put_host32(kept, new_left);
		nat64_put_host32(kept + 4, new_right);
		kept += BLOCK;
	}
	if (kept == option + 2)
		kept = option;
	else
		option[1] = (__u8)(kept - option);
	__builtin_memset(kept, OPTION_NOP, (__u32)(option + 2 + size - kept));
	return changed;
}

int nat64_ftp_sack(const struct nat64_ftp_stream *stream, __u8 *tcp, __u32 size)
{
	const __u32 ack = nat64_host32(tcp + 8);
	__u32 at = TCP_HEADER;

	while (size - at >= 2 && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (tcp[at + 1] < 2 || tcp[at + 1] > size - at)
			return 0;
		if (tcp[at] == OPTION_SACK && tcp[at + 1] % BLOCK == 2 && tcp[at + 1] > BLOCK)
			return map_blocks(stream, tcp + at, tcp[at + 1] - 2u, ack);
		at += tcp[at + 1];
	}
	return 0;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

void nat64_ftp_replace(struct nat64_ftp_stream *stream, const __u8 *text, __u32 size)
{
	struct nat64_ftp_edit *e = &stream->edit[(stream->first + stream->edits) % NAT64_FTP_EDITS];

	size = nat64_min(size, NAT64_FTP_LINE);
	e->start = stream->parsed - stream->held;
	e->length = stream->held;
	e->size = (__u8)size;
	stream->delta += (__s32)(size - stream->held);
	e->delta = stream->delta;
	__builtin_memmove(e->text, text, size);
	stream->edits++;
	stream->held = 0;
	stream->size = 0;
}

void nat64_ftp_write(struct nat64_ftp_writer *writer, const __u8 *octets, __u32 size)
{
	const __u32 fits = writer->cut ? 0 : nat64_min(size, writer->room - writer->size);

	if (fits)
		__builtin_memcpy(writer->out + writer->size, octets, fits);
	writer->size += fits;
	if (fits < size)
		writer->cut = 1;
}

void nat64_ftp_again(const struct nat64_ftp_stream *stream, __u32 at, const __u8 *octets, __u32 size,
		     struct nat64_ftp_writer *writer)
{
	const __u32 end = at + size, held = stream->parsed - stream->held;
	__u32 i, stop;

	for (i = 0; i < stream->edits; i++) {
		const struct nat64_ftp_edit *e = edit(stream, i);

		if (!nat64_ftp_before(at, end_of(e)))
			continue;
		if (nat64_ftp_before(at, e->start)) {
			stop = nat64_ftp_before(e->start, end) ? e->start : end;
			nat64_ftp_write(writer, octets, stop - at);
			octets += stop - at;
			at = stop;
		}
		if (nat64_ftp_before(end, end_of(e)))
			return; /* its text goes with its last octet */
		nat64_ftp_write(writer, e->text, e->size);
		octets += end_of(e) - at;
		at = end_of(e);
	}
	stop = stream->held && nat64_ftp_before(held, end) ? held : end;
	if (nat64_ftp_before(at, stop))
		nat64_ftp_write(writer, octets, stop - at);
}
