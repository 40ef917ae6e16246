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
	OSNC_NAT64_CMD_EXPLAIN,         /* INSTANCE_NAME, PACKET, MARK */
	OSNC_NAT64_CMD_EVENT,           /* sent to the group "events" */
	OSNC_NAT64_CMD_POOL4_ADD,       /* INSTANCE_NAME, POOL4... */
	OSNC_NAT64_CMD_POOL4_REMOVE,    /* INSTANCE_NAME, POOL4...; none: all */
	OSNC_NAT64_CMD_POOL4_GET,       /* dump: INSTANCE_NAME */
	OSNC_NAT64_CMD_BIB_ADD,         /* INSTANCE_NAME, BINDING; at once, in no transaction */
	OSNC_NAT64_CMD_BIB_REMOVE,      /* INSTANCE_NAME, BINDING; at once */
	OSNC_NAT64_CMD_BIB_GET,         /* dump: INSTANCE_NAME */
	OSNC_NAT64_CMD_SESSION_GET,     /* dump: INSTANCE_NAME */
	OSNC_NAT64_CMD_SESSION_FLUSH,   /* INSTANCE_NAME: ends every session of it, at once */
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
	OSNC_NAT64_ATTR_POOL4,         /* nest, repeated: enum osnc_nat64_pool4_attribute */
	OSNC_NAT64_ATTR_BINDING,       /* nest: enum osnc_nat64_binding_attribute */
	OSNC_NAT64_ATTR_MARK,          /* u32: of the packet to explain; none: 0 */
	OSNC_NAT64_ATTR_FATE, /* u8: enum osnc_nat64_fate: of a packet that a stateful instance would translate */
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

/* Addresses and ports that a stateful instance maps to. */
enum osnc_nat64_pool4_attribute {
	OSNC_NAT64_POOL4_UNSPEC,
	OSNC_NAT64_POOL4_V4,         /* be32 */
	OSNC_NAT64_POOL4_LENGTH,     /* u8: of the prefix, 16 to 32 */
	OSNC_NAT64_POOL4_FIRST_PORT, /* u16 */
	OSNC_NAT64_POOL4_LAST_PORT,  /* u16 */
	OSNC_NAT64_POOL4_MARK,       /* u32: only packets with this mark are mapped there; none: 0 */
	__OSNC_NAT64_POOL4_END,
};
#define OSNC_NAT64_POOL4_MAX (__OSNC_NAT64_POOL4_END - 1)

enum osnc_nat64_l4 { OSNC_NAT64_L4_TCP, OSNC_NAT64_L4_UDP, OSNC_NAT64_L4_ICMP };

/* A port block, a BIB entry or a session. */
enum osnc_nat64_binding_attribute {
	OSNC_NAT64_BINDING_UNSPEC,
	OSNC_NAT64_BINDING_PAD,
	OSNC_NAT64_BINDING_L4,          /* u8: enum osnc_nat64_l4 */
	OSNC_NAT64_BINDING_HOST,        /* 16 octets: the IPv6 host; of a block: the subscriber's prefix */
	OSNC_NAT64_BINDING_HOST_PORT,   /* be16; ICMP: identifier */
	OSNC_NAT64_BINDING_POOL,        /* be32 */
	OSNC_NAT64_BINDING_POOL_PORT,   /* be16; of a block: the first */
	OSNC_NAT64_BINDING_REMOTE,      /* be32: of a session */
	OSNC_NAT64_BINDING_REMOTE_PORT, /* be16: of a session; 0: of ICMP, or expected by ftp-alg */
	OSNC_NAT64_BINDING_STATE,       /* string: of a session */
	OSNC_NAT64_BINDING_LEFT,        /* u32: of a session: seconds that it lives */
	OSNC_NAT64_BINDING_ID,          /* u64: never used twice */
	OSNC_NAT64_BINDING_GENERATION,  /* u32: of a session: changes with its state */
	OSNC_NAT64_BINDING_SESSIONS,    /* u32: of a BIB entry */
	OSNC_NAT64_BINDING_FIXED,       /* flag: of a BIB entry: made by hand */
	OSNC_NAT64_BINDING_LENGTH,      /* u8: of a block: length of the subscriber's prefix */
	OSNC_NAT64_BINDING_PORTS,       /* u16: of a block: how many */
	__OSNC_NAT64_BINDING_END,
};
#define OSNC_NAT64_BINDING_MAX (__OSNC_NAT64_BINDING_END - 1)

/* What a packet would do to the session table. Of the first three a BINDING goes with it: the session, else the BIB entry. */
enum osnc_nat64_fate {
	OSNC_NAT64_FATE_UNSPEC,
	OSNC_NAT64_FATE_SESSION,     /* belongs to a session */
	OSNC_NAT64_FATE_MAPPING,     /* passes by a BIB entry and leaves no session (RFC 6146 3.5.2.2) */
	OSNC_NAT64_FATE_NEW_SESSION, /* makes a session on a BIB entry */
	OSNC_NAT64_FATE_NEW_MAPPING, /* makes a BIB entry with a port that is chosen then, and a session */
};

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
	OSNC_NAT64_EVENT_COMMIT,           /* GENERATION */
	OSNC_NAT64_EVENT_INSTANCE_ADDED,   /* INSTANCE_NAME, INSTANCE_ID */
	OSNC_NAT64_EVENT_INSTANCE_REMOVED, /* INSTANCE_NAME, INSTANCE_ID */
	OSNC_NAT64_EVENT_BLOCK_BEGUN,      /* INSTANCE_NAME, INSTANCE_ID, BINDING */
	OSNC_NAT64_EVENT_BLOCK_ENDED,      /* the same */
	OSNC_NAT64_EVENT_BIB_BEGUN,        /* the same */
	OSNC_NAT64_EVENT_BIB_ENDED,        /* the same */
	OSNC_NAT64_EVENT_SESSION_BEGUN,    /* the same */
	OSNC_NAT64_EVENT_SESSION_ENDED     /* the same */
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
	X(PRIORITY4, "priority4", SIGNED, -4000, 4000, -210, "Where the IPv4 hook stands in PREROUTING; packets are marked in chains of lower priority.") \
	X(MAX_SESSIONS, "max-sessions", NUMBER, 64, 16777216, 262144, "Sessions of a stateful instance at most; memory for finding them is taken when it gets its first pool4. Cannot be changed after that.") \
	X(SUBSCRIBER_LENGTH, "subscriber-length", NUMBER, 32, 128, 64, "Length of the IPv6 prefix that counts as one subscriber. Cannot be changed after the first pool4.") \
	X(BLOCK_SIZE, "block-size", NUMBER, 1, 4096, 128, "Ports in a block, of which a subscriber gets one at a time. Cannot be changed after the first pool4.") \
	X(MAX_BLOCKS, "max-blocks", NUMBER, 1, 512, 16, "Port blocks of one subscriber at most, for each mark of the pool4 (RFC 6888 REQ-4).") \
	X(MAX_PER_SUBSCRIBER, "max-per-subscriber", NUMBER, 0, 16777216, 4096, "Sessions of one subscriber at most (RFC 6888 REQ-4).") \
	X(FILTERING, "filtering", FILTERING, 0, 1, 0, "Who may send to a mapping: anybody (endpoint-independent), or only an address that its owner sent something to (address-dependent; RFC 4787 section 5).") \
	X(HOLD_SYN, "hold-syn", FLAG, 0, 1, 1, "Keep a TCP SYN from IPv4 that nobody asked for some seconds, for a simultaneous open (RFC 5382 REQ-4).") \
	X(INBOUND_REFRESH, "inbound-refresh", FLAG, 0, 1, 1, "UDP and ICMP packets from IPv4 prolong their session too (RFC 4787 REQ-6).") \
	X(PAIRED, "paired", FLAG, 0, 1, 0, "Refuse a subscriber a port rather than give it a second IPv4 address (RFC 6888 REQ-2).") \
	X(SHARE_HOST_PORTS, "share-host-ports", FLAG, 0, 1, 0, "Let the pool4 of an address that is the router's own overlap net.ipv4.ip_local_port_range.") \
	X(LIFETIME_UDP, "lifetime-udp", NUMBER, 120, 8640000, 300, "Seconds that a UDP session lives without a packet (RFC 4787 REQ-5).") \
	X(LIFETIME_ICMP, "lifetime-icmp", NUMBER, 60, 8640000, 60, "Seconds that an ICMP query session lives (RFC 5508 REQ-2).") \
	X(LIFETIME_TCP_ESTABLISHED, "lifetime-tcp-established", NUMBER, 7440, 8640000, 7440, "Seconds that an open TCP connection lives without a segment (RFC 5382 REQ-5).") \
	X(LIFETIME_TCP_OPENING, "lifetime-tcp-opening", NUMBER, 6, 8640000, 240, "Seconds that a TCP connection has for its handshake (RFC 7857 section 2.1).") \
	X(LIFETIME_TCP_CLOSING, "lifetime-tcp-closing", NUMBER, 240, 8640000, 240, "Seconds that a TCP session lives on after both FINs or a RST (RFC 5382 REQ-5, RFC 7857 section 2.2).") \
	X(LIFETIME_INCOMING_SYN, "lifetime-incoming-syn", NUMBER, 6, 8640000, 6, "Seconds that hold-syn keeps a SYN (RFC 5382 REQ-4).") \
	X(HOLD_DOWN, "hold-down", NUMBER, 120, 8640000, 120, "Seconds before a port that was given back may be given out again (RFC 6888 REQ-8).") \
	X(FTP_ALG, "ftp-alg", FLAG, 0, 1, 0, "Translate EPSV and EPRT of FTP clients that connect to port 21, and answer their ALGS (stateful only; RFC 6384).") \
	X(FTP_CONNECTIONS, "ftp-connections", NUMBER, 1, 65536, 1024, "FTP control connections that ftp-alg follows at once; others pass as they are.")

#define OSNC_NAT64_CHOICES_FILTERING(X) X("endpoint-independent") X("address-dependent")
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
