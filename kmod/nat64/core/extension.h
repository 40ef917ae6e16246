/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP extensions (RFC 4884): an error's original datagram field, padded, and the extension structure behind it.
 *
 * The structure is carried as it is. The field changes its length with the header it quotes; it is padded to 128 octets and to the unit of
 * the other family's length attribute. An error is kept to 576 octets (RFC 1812 4.3.2.3) or 1280 (RFC 4443 2.4): first by cutting the quoted
 * packet, not below 128 octets, then by leaving the extension out, as where the new type has no length attribute (RFC 7915 4.2, 5.2).
 */
#ifndef OSNC_NAT64_CORE_EXTENSION_H
#define OSNC_NAT64_CORE_EXTENSION_H

#include "kmod/nat64/core/core.h"

#define NAT64_ERROR_MAX4 576
#define NAT64_ERROR_MAX6 1280

/*
 * Divides the length octets of an ICMP error, of which seen may be read (8 or more), into quoted and extension. NAT64_TRUNCATED: the
 * extension's header is not readable.
 */
enum nat64_verdict nat64_extension_parse(const __u8 *message, __u8 family, __u32 length, __u32 seen, __u16 *quoted,
					 __u16 *extension);

/* How the tail of a message is to be put together. */
struct nat64_tail {
	__u32 kept;      /* octets of the quoted packet behind its IP headers */
	__u32 padding;   /* zeros behind them */
	__u32 extension; /* octets of the extension, 0: none */
	__u8 attribute;  /* the length attribute */
};

/*
 * family: the new one. header: octets of the new inner IP headers, rest: of what is quoted behind the old ones, extension: of the extension.
 * extensible: the new type has a length attribute.
 */
void nat64_tail_plan(__u8 family, int extensible, __u32 header, __u32 rest, __u32 extension, struct nat64_tail *tail);

/*
 * Puts it together around from, where the rest of the quoted packet lies now and the extension rest octets behind it. Returns where what is
 * kept begins: at from, or padding octets before it.
 */
__u8 *nat64_tail_build(const struct nat64_tail *tail, __u8 *from, __u32 rest);

#endif
