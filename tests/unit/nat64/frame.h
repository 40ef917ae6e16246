/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets to translate, and what is true of any packet: lengths that fit, checksums that are right. Sums here are the slow ones. */
#ifndef OSNC_TESTS_UNIT_NAT64_FRAME_H
#define OSNC_TESTS_UNIT_NAT64_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "kmod/nat64/core/core.h"

#define FRAME_HEADROOM 128
#define FRAME_ROOM 70000

struct frame {
	uint8_t octets[FRAME_HEADROOM + FRAME_ROOM];
	struct nat64_packet packet; /* all linear */
};

/* An address from its text. */
__be32 frame_v4(const char *text);
struct nat64_in6 frame_v6(const char *text);

void frame_copy(struct frame *to, const struct frame *from);

/* Fills packet from hexadecimal digits; blanks are skipped. */
void frame_hex(struct frame *frame, const char *digits);

/*
 * An IPv4 or IPv6 packet with size octets of upper layer (header and payload), which is filled by the caller and closed by frame_close():
 * lengths, IPv4 header checksum and, unless it is a later fragment, the upper layer's checksum.
 */
uint8_t *frame_4(struct frame *frame, const char *source, const char *destination, uint8_t protocol, size_t size);
uint8_t *frame_6(struct frame *frame, const char *source, const char *destination, uint8_t protocol, size_t size);
void frame_close(struct frame *frame);

/* The same with an upper layer: payload octets count up. */
void frame_udp(uint8_t *upper, size_t size, uint16_t source, uint16_t destination);
void frame_tcp(uint8_t *upper, size_t size, uint16_t source, uint16_t destination, uint8_t flags);
void frame_icmp(uint8_t *upper, size_t size, uint8_t type, uint8_t code, uint32_t word);

/* One's complement sum of octets, folded, as a big endian number. */
uint16_t frame_sum(const uint8_t *octets, size_t size, uint32_t seed);
/* The pseudo header's sum of the packet at ip with size octets of upper layer. */
uint32_t frame_pseudo(const uint8_t *ip, uint8_t protocol, size_t size);
/* 0, or what is wrong with the packet: a length, the IPv4 header's checksum, the upper layer's. */
const char *frame_wrong(const uint8_t *ip, size_t size);

#endif
