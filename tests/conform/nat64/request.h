/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of the conformance driver's input, read into what the core takes. */
#ifndef OSNC_TESTS_NAT64_REQUEST_H
#define OSNC_TESTS_NAT64_REQUEST_H

#include "kmod/nat64/core/core.h"
#include "kmod/nat64/core/eamt.h"

#define REQUEST_EAMS 4096
#define REQUEST_PACKET 70000

struct request {
	int family;    /* of the packet that comes in */
	size_t linear; /* octets of it that are in the packet's linear part */
	int partial;   /* the upper-layer checksum holds the pseudo-header only */
	__u16 mss;     /* 0: none; else the result's is lowered to it */
	__u8 apart;    /* mappings must not nest */
	struct nat64_config config;
	struct nat64_way way;
	__u32 error_hash;
	struct nat64_eam eams[REQUEST_EAMS];
	__u32 eam_count;
	__u8 packet[REQUEST_PACKET];
	size_t len;
};

/* Reads a line in place. 0, or -1 with what is wrong printed to standard error. */
int request_read(struct request *request, char *line);

/* One setting. 0 or -1. */
int request_set(struct request *request, const char *key, char *text);
/* The packet, from hexadecimal digits; the one before is forgotten. 0 or -1. */
int request_octets(struct request *request, const char *hex);

#endif
