// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/extension.h"
#include "kmod/nat64/core/icmp.h"
#include "kmod/nat64/core/octets.h"
#include "kmod/nat64/core/protocol.h"

#define FIELD_MIN 128 /* octets of an original datagram field that an extension follows */
#define STRUCTURE_MIN 4
#define VERSION 2

enum nat64_verdict nat64_extension_parse(const __u8 *message, __u8 family, __u32 length, __u32 seen, __u16 *quoted,
					 __u16 *extension)
{
	const __u32 body = length - ICMP_HEADER;
	__u32 field = 0;

	if (family == 4 && nat64_icmp_extended4(message[0]))
		field = message[5] * 4u;
	else if (family == 6 && nat64_icmp_extended6(message[0]))
		field = message[4] * 8u;
	*quoted = (__u16)body;
	*extension = 0;
	if (!field || field == body)
		return NAT64_OK;
	if (field < FIELD_MIN || field > body || body - field < STRUCTURE_MIN)
		return NAT64_ICMP_EXTENSION;
	if (seen - ICMP_HEADER < field + STRUCTURE_MIN)
		return NAT64_TRUNCATED;
	if (message[ICMP_HEADER + field] >> 4 != VERSION)
		return NAT64_ICMP_EXTENSION;
	*quoted = (__u16)field;
	*extension = (__u16)(body - field);
	return NAT64_OK;
}

void nat64_tail_plan(__u8 family, int extensible, __u32 header, __u32 rest, __u32 extension, struct nat64_tail *tail)
{
	const __u32 unit = family == 4 ? 4 : 8;
	const __u32 room = family == 4 ? NAT64_ERROR_MAX4 - IP4_HEADER - ICMP_HEADER
				       : NAT64_ERROR_MAX6 - IP6_HEADER - ICMP_HEADER;
	__u32 field = header + rest;

	if (extensible && extension && extension <= room - FIELD_MIN) {
		field = (nat64_max(field, FIELD_MIN) + unit - 1) / unit * unit;
		field = nat64_min(field, (room - extension) / unit * unit);
		tail->kept = nat64_min(rest, field - header);
		tail->padding = field - header - tail->kept;
		tail->extension = extension;
		tail->attribute = (__u8)(field / unit);
		return;
	}
	tail->kept = nat64_min(rest, room - header);
	tail->padding = 0;
	tail->extension = 0;
	tail->attribute = 0;
}

__u8 *nat64_tail_build(const struct nat64_tail *tail, __u8 *from, __u32 rest)
{
	__u8 *to = from - tail->padding;

	if (tail->padding) {
		__builtin_memmove(to, from, tail->kept);
		__builtin_memset(to + tail->kept, 0, tail->padding);
	} else if (tail->extension && tail->kept < rest) {
		__builtin_memmove(from + tail->kept, from + rest, tail->extension);
	}
	return to;
}
