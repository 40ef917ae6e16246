// SPDX-License-Identifier: GPL-2.0-only
/* Segments that fit the way out (RFC 9293 3.7.1): the MSS option of a SYN. */
#include "kmod/nat64/core/checksum.h"
#include "kmod/nat64/core/protocol.h"

#define TCP_SYN 2
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2

/* Offset of the MSS within the header of size octets; 0: there is none. */
static __u32 find(const __u8 *tcp, __u32 size)
{
	__u32 at = TCP_HEADER;

	while (size - at >= 2 && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (tcp[at + 1] < 2 || tcp[at + 1] > size - at)
			return 0;
		if (tcp[at] == OPTION_MSS)
			return tcp[at + 1] == 4 ? at + 2 : 0;
		at += tcp[at + 1];
	}
	return 0;
}

/* What a 16-bit value at an odd offset adds to a sum. */
static __be16 swap(__be16 value)
{
	const __u16 raw = (__force __u16)value;

	return (__force __be16)(__u16)(raw << 8 | raw >> 8);
}

int nat64_clamp_mss(const struct nat64_flow *flow, struct nat64_packet *packet, __u16 mss)
{
	__u8 *tcp = packet->data + flow->outer.l4;
	__be16 old, new = __cpu_to_be16(mss);
	__u32 size, at;

	if (flow->outer.upper != NAT64_TCP || !(tcp[13] & TCP_SYN))
		return 0;
	size = nat64_min((tcp[12] >> 4) * 4u, packet->linear - flow->outer.l4);
	at = find(tcp, size);
	if (!at || nat64_host16(tcp + at) <= mss)
		return 0;
	old = nat64_get16(tcp + at);
	nat64_put16(tcp + at, new);
	if (packet->sum == NAT64_SUM_PARTIAL)
		return 1;
	if (at % 2) {
		old = swap(old);
		new = swap(new);
	}
	nat64_put16(tcp + 16,
		    nat64_adjust(nat64_get16(tcp + 16), 0, nat64_sum16(new) + nat64_minus16(old), NAT64_SUM_FULL));
	return 1;
}
