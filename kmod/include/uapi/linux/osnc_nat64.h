/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The generic netlink family "osnc_nat64" of nat64.ko. Append only. Documentation/abi/osnc_nat64.md describes it.
 */
#ifndef OSNC_UAPI_NAT64_H
#define OSNC_UAPI_NAT64_H

#define OSNC_NAT64_FAMILY "osnc_nat64"
#define OSNC_NAT64_VERSION 1
#define OSNC_NAT64_GROUP_EVENTS "events"

#define OSNC_NAT64_NAME_MAX 16      /* octets of an instance's name with its NUL */
#define OSNC_NAT64_PLATEAUS_MAX 16  /* MTUs */
#define OSNC_NAT64_ERROR_POOL_MAX 4 /* IPv4 addresses */
#define OSNC_NAT64_EXPLAIN_MAX 1500 /* octets of a packet to explain */

enum osnc_nat64_command {
	OSNC_NAT64_CMD_UNSPEC,
	OSNC_NAT64_CMD_BEGIN,           /* opens this socket's transaction */
	OSNC_NAT64_CMD_COMMIT,          /* puts it into force: all of it, at once */
	OSNC_NAT64_CMD_ABORT,           /* forgets it */
	OSNC_NAT64_CMD_INSTANCE_ADD,    /* INSTANCE_NAME, MODE, settings */
	OSNC_NAT64_CMD_INSTANCE_SET,    /* INSTANCE_NAME, settings */
	OSNC_NAT64_CMD_INSTANCE_REMOVE, /* INSTANCE_NAME */
	OSNC_NAT64_CMD_INSTANCE_GET,    /* dump; do: INSTANCE_NAME */
	OSNC_NAT64_CMD_EAMT_ADD,        /* INSTANCE_NAME, EAM... */
	OSNC_NAT64_CMD_EAMT_REMOVE,     /* INSTANCE_NAME, EAM...; none: all */
	OSNC_NAT64_CMD_EAMT_GET,        /* dump: INSTANCE_NAME */
	OSNC_NAT64_CMD_STATS_GET,       /* dump: INSTANCE_NAME or all */
	OSNC_NAT64_CMD_EXPLAIN,         /* INSTANCE_NAME, PACKET */
	OSNC_NAT64_CMD_EVENT,           /* sent to the group "events" */
	__OSNC_NAT64_CMD_END,
};

enum osnc_nat64_attribute {
	OSNC_NAT64_ATTR_UNSPEC,
	OSNC_NAT64_ATTR_PAD,
	OSNC_NAT64_ATTR_INSTANCE_NAME, /* string */
	OSNC_NAT64_ATTR_INSTANCE_ID,   /* u32: unique while the module is loaded */
	OSNC_NAT64_ATTR_GENERATION,    /* u32: of the namespace's configuration; rises by 1 at each commit */
	OSNC_NAT64_ATTR_MODE,          /* u8: enum osnc_nat64_mode */
	OSNC_NAT64_ATTR_SETTINGS,      /* nest: enum osnc_nat64_setting -> u32 */
	OSNC_NAT64_ATTR_POOL6,         /* 16 octets */
	OSNC_NAT64_ATTR_POOL6_LENGTH,  /* u8: 32, 40, 48, 56, 64 or 96; 0: none */
	OSNC_NAT64_ATTR_PLATEAUS,      /* u16 array, falling */
	OSNC_NAT64_ATTR_ERROR_POOL4,   /* be32 array */
	OSNC_NAT64_ATTR_ERROR_SOURCE6, /* 16 octets; all 0: none */
	OSNC_NAT64_ATTR_EAM,           /* nest, repeated: enum osnc_nat64_eam_attribute */
	OSNC_NAT64_ATTR_EAM_COUNT,     /* u32 */
	OSNC_NAT64_ATTR_COUNTER,       /* nest, repeated: enum osnc_nat64_counter_attribute */
	OSNC_NAT64_ATTR_PACKET,        /* binary: from the IP header on */
	OSNC_NAT64_ATTR_VERDICT,       /* u32 */
	OSNC_NAT64_ATTR_VERDICT_NAME,  /* string: the counter's name */
	OSNC_NAT64_ATTR_VERDICT_TEXT,  /* string */
	OSNC_NAT64_ATTR_EVENT,         /* u8: enum osnc_nat64_event */
	OSNC_NAT64_ATTR_SEQUENCE,      /* u32: of events in this namespace; a gap means that some were lost */
	OSNC_NAT64_ATTR_DEFAULTS,      /* flag: INSTANCE_SET starts from the defaults, not from what is set */
	__OSNC_NAT64_ATTR_END,
};
#define OSNC_NAT64_ATTR_MAX (__OSNC_NAT64_ATTR_END - 1)

enum osnc_nat64_mode {
	OSNC_NAT64_STATELESS, /* RFC 7915 with RFC 6052 and RFC 7757 */
	OSNC_NAT64_STATEFUL,  /* RFC 6146 */
};

/* RFC 7757 3.1 */
enum osnc_nat64_eam_attribute {
	OSNC_NAT64_EAM_UNSPEC,
	OSNC_NAT64_EAM_V4,        /* be32 */
	OSNC_NAT64_EAM_V4_LENGTH, /* u8 */
	OSNC_NAT64_EAM_V6,        /* 16 octets */
	OSNC_NAT64_EAM_V6_LENGTH, /* u8 */
	__OSNC_NAT64_EAM_END,
};
#define OSNC_NAT64_EAM_MAX (__OSNC_NAT64_EAM_END - 1)

enum osnc_nat64_counter_attribute {
	OSNC_NAT64_COUNTER_UNSPEC,
	OSNC_NAT64_COUNTER_PAD,
	OSNC_NAT64_COUNTER_NAME,  /* string */
	OSNC_NAT64_COUNTER_VALUE, /* u64 */
	OSNC_NAT64_COUNTER_TEXT,  /* string: what it counts */
	__OSNC_NAT64_COUNTER_END,
};
#define OSNC_NAT64_COUNTER_MAX (__OSNC_NAT64_COUNTER_END - 1)

enum osnc_nat64_event {
	OSNC_NAT64_EVENT_UNSPEC,
	OSNC_NAT64_EVENT_COMMIT,          /* GENERATION */
	OSNC_NAT64_EVENT_INSTANCE_ADDED,  /* INSTANCE_NAME, INSTANCE_ID */
	OSNC_NAT64_EVENT_INSTANCE_REMOVED /* INSTANCE_NAME, INSTANCE_ID */
};

/*
 * What an instance may be set to: X(NAME, "name", KIND, LEAST, MOST, DEFAULT, "text"). KIND is how it is written: FLAG is 0 or 1, NUMBER unsigned,
 * SIGNED two's complement in a u32, and another name is that of a list of choices, OSNC_NAT64_CHOICES_name.
 */
/* clang-format off */
#define OSNC_NAT64_SETTINGS(X) \
	X(HAIRPIN, "hairpin", HAIRPIN, 0, 2, 2, "EAMT hairpinning: off, simple or intrinsic (RFC 7757 section 4).") \
	X(WKP_NON_GLOBAL, "wkp-non-global", FLAG, 0, 1, 0, "Translate non-global IPv4 addresses within 64:ff9b::/96 too, which RFC 6052 section 3.1 forbids.") \
	X(AMEND_UDP_ZERO, "amend-udp-checksum-zero", FLAG, 0, 1, 1, "Compute the checksum of an IPv4 UDP datagram that has none; 0 drops it (RFC 7915 section 4.5).") \
	X(TOS_OVERRIDE, "tos-override", FLAG, 0, 1, 0, "Write tos into every translated packet instead of copying the traffic class.") \
	X(TOS, "tos", NUMBER, 0, 255, 0, "The TOS or traffic class that tos-override writes.") \
	X(CARRY_OTHER, "carry-other", FLAG, 0, 1, 1, "Carry upper-layer protocols other than TCP, UDP and ICMP as they are (stateless only).") \
	X(LOWEST_IPV6_MTU, "lowest-ipv6-mtu", NUMBER, 1280, 65535, 1280, "IPv4 packets that may be fragmented leave in IPv6 packets of at most so many octets (RFC 7915 section 4).") \
	X(MSS_CLAMP, "mss-clamp", FLAG, 0, 1, 1, "Lower the MSS option of TCP SYNs to what the way takes after translation.") \
	X(EMBED_DESTINATIONS, "embed-destinations", FLAG, 0, 1, 1, "Translate IPv4 destinations that no EAMT entry covers through pool6, all but the router's own; 0 leaves them to the stack.") \
	X(EAMT_OVERLAP, "eamt-overlap", FLAG, 0, 1, 0, "Let EAMT entries lie within others; the longest prefix wins (RFC 7757 section 3.2).") \
	X(MARK, "mark", NUMBER, 0, 4294967295, 0, "Only packets with this mark in the bits of mark-mask are the instance's.") \
	X(MARK_MASK, "mark-mask", NUMBER, 0, 4294967295, 0, "The bits of the mark that are looked at; 0: any packet.") \
	X(PRIORITY6, "priority6", SIGNED, -4000, 4000, -90, "Where the IPv6 hook stands in PREROUTING; packets are marked in chains of lower priority.") \
	X(PRIORITY4, "priority4", SIGNED, -4000, 4000, -210, "Where the IPv4 hook stands in PREROUTING; packets are marked in chains of lower priority.")

#define OSNC_NAT64_CHOICES_HAIRPIN(X) X("off") X("simple") X("intrinsic")
/* clang-format on */

enum osnc_nat64_setting {
	OSNC_NAT64_SETTING_UNSPEC,
#define X(name, ...) OSNC_NAT64_SETTING_##name,
	OSNC_NAT64_SETTINGS(X)
#undef X
		__OSNC_NAT64_SETTING_END
};
#define OSNC_NAT64_SETTING_MAX (__OSNC_NAT64_SETTING_END - 1)

#endif
