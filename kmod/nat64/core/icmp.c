// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/core/icmp.h"
#include "kmod/nat64/core/octets.h"
#include "kmod/nat64/core/protocol.h"

#define NONE 0xff /* no translation: silently dropped */

#define IP6_MIN_MTU 1280
#define IP4_MIN_MTU 68

/* RFC 7915 4.2, Destination Unreachable. Codes 2 and 4 become other types. */
static const __u8 unreachable46[16] = {
	0, 0, NONE, 4, NONE, 0, 0, 0, 0, 1, 1, 0, 0, 1, NONE, 1,
};

/* RFC 7915 5.2. */
static const __u8 unreachable64[5] = { 1, 10, 1, 1, 3 };

/* Octets of the IPv4 header -> of the IPv6 header (RFC 7915 4.2, figure 3). */
static const __u8 pointer46[20] = {
	0, 1, 4, 4, NONE, NONE, NONE, NONE, 7, 6, NONE, NONE, 8, 8, 8, 8, 24, 24, 24, 24,
};

/* The other way (figure 6); the rest are the addresses. */
static const __u8 pointer64[8] = { 0, 1, NONE, NONE, 2, 2, 9, 8 };

static int unreachable_46(__u8 code, struct nat64_icmp *out)
{
	if (code == 2) { /* protocol unreachable: the next header field is what was not understood */
		*out = (struct nat64_icmp){ ICMP6_PARAMETER, 1, NAT64_REST_POINTER, 6 };
		return 1;
	}
	if (code == 4) {
		*out = (struct nat64_icmp){ ICMP6_TOO_BIG, 0, NAT64_REST_MTU, 0 };
		return 1;
	}
	if (code >= sizeof(unreachable46) || unreachable46[code] == NONE)
		return 0;
	*out = (struct nat64_icmp){ ICMP6_UNREACHABLE, unreachable46[code], NAT64_REST_UNUSED, 0 };
	return 1;
}

int nat64_icmp_46(__u8 type, __u8 code, __u8 pointer, struct nat64_icmp *out)
{
	switch (type) {
	case ICMP4_UNREACHABLE:
		return unreachable_46(code, out);
	case ICMP4_TIME_EXCEEDED:
		*out = (struct nat64_icmp){ ICMP6_TIME_EXCEEDED, code, NAT64_REST_UNUSED, 0 };
		return 1;
	case ICMP4_PARAMETER:
		/* Code 2, bad length, points as code 0 does. */
		if ((code != 0 && code != 2) || pointer >= sizeof(pointer46) || pointer46[pointer] == NONE)
			return 0;
		*out = (struct nat64_icmp){ ICMP6_PARAMETER, 0, NAT64_REST_POINTER, pointer46[pointer] };
		return 1;
	default:
		return 0;
	}
}

static int parameter_64(__u8 code, __u32 pointer, struct nat64_icmp *out)
{
	__u8 new;

	if (code == 1) {
		*out = (struct nat64_icmp){ ICMP4_UNREACHABLE, 2, NAT64_REST_UNUSED, 0 };
		return 1;
	}
	if (code != 0 || pointer >= 40)
		return 0;
	if (pointer < sizeof(pointer64))
		new = pointer64[pointer];
	else
		new = pointer < 24 ? 12 : 16;
	if (new == NONE)
		return 0;
	*out = (struct nat64_icmp){ ICMP4_PARAMETER, 0, NAT64_REST_POINTER, new };
	return 1;
}

int nat64_icmp_64(__u8 type, __u8 code, __u32 pointer, struct nat64_icmp *out)
{
	switch (type) {
	case ICMP6_UNREACHABLE:
		if (code >= sizeof(unreachable64))
			return 0;
		*out = (struct nat64_icmp){ ICMP4_UNREACHABLE, unreachable64[code], NAT64_REST_UNUSED, 0 };
		return 1;
	case ICMP6_TOO_BIG:
		*out = (struct nat64_icmp){ ICMP4_UNREACHABLE, 4, NAT64_REST_MTU, 0 };
		return 1;
	case ICMP6_TIME_EXCEEDED:
		*out = (struct nat64_icmp){ ICMP4_TIME_EXCEEDED, code, NAT64_REST_UNUSED, 0 };
		return 1;
	case ICMP6_PARAMETER:
		return parameter_64(code, pointer, out);
	default:
		return 0;
	}
}

__u32 nat64_mtu_46(const struct nat64_config *config, const struct nat64_way *way, __u16 mtu, __u16 length)
{
	__u32 result = mtu;

	for (int i = 0; !mtu && i < config->plateau_count; i++) {
		if (config->plateaus[i] < length) {
			result = config->plateaus[i];
			break;
		}
	}
	result += IP6_HEADER - IP4_HEADER;
	if (way->mtu_out)
		result = nat64_min(result, way->mtu_out);
	if (way->mtu_in)
		result = nat64_min(result, way->mtu_in + IP6_HEADER - IP4_HEADER);
	return nat64_max(result, IP6_MIN_MTU);
}

__u16 nat64_mtu_64(const struct nat64_way *way, __u32 mtu)
{
	const __u32 growth = IP6_HEADER - IP4_HEADER;
	__u32 result = nat64_max(mtu, growth) - growth;

	if (way->mtu_out)
		result = nat64_min(result, way->mtu_out);
	if (way->mtu_in)
		result = nat64_min(result, nat64_max(way->mtu_in, growth) - growth);
	return (__u16)nat64_min(nat64_max(result, IP4_MIN_MTU), 0xffff);
}
