// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The translator's core behind a line protocol, for tests/conform/nat64/conform. A line is
 *
 *	4|6 LINEAR full|partial KEY=VALUE... OCTETS
 *
 * and is answered by a line
 *
 *	VERDICT [OCTETS]
 *
 * or, where an IPv6 packet has segments left, by SOURCE_ROUTE and the pointer that a Parameter Problem about it has, or, where the table of
 * mappings is refused, by EAM_REASON and the number of the entry.
 *
 * Every packet lives in memory of just its size, between its headroom and nothing, so that a sanitizer sees any access outside. What lies behind
 * LINEAR is kept elsewhere and must not be needed. A refusal must leave the octets as they were, and be the same whoever asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/nat64/request.h"

static const char *const eam_names[] = { "OK", "V4_LENGTH", "V6_LENGTH", "SUFFIX", "HOST_BITS", "OVERLAP4", "OVERLAP6" };

static const char *const names[] = {
#define X(name, counter, text) #name,
	NAT64_VERDICTS(X)
#undef X
};

/* The packet in memory of its own */
struct memory {
	__u8 *octets; /* headroom, then the linear part */
	__u8 *copy;   /* of the linear part as it came */
	struct nat64_packet packet;
};

static void *need(void *memory)
{
	if (!memory) {
		perror("nat64_driver");
		exit(2);
	}
	return memory;
}

static void place(struct memory *memory, const __u8 *octets, size_t linear, size_t len, int partial)
{
	memory->octets = need(malloc(NAT64_GROWTH + linear));
	memory->copy = need(malloc(linear + 1));
	memcpy(memory->octets + NAT64_GROWTH, octets, linear);
	memcpy(memory->copy, octets, linear);
	memset(memory->octets, 0xa5, NAT64_GROWTH);
	memory->packet = (struct nat64_packet){ .data = memory->octets + NAT64_GROWTH,
						.headroom = NAT64_GROWTH,
						.linear = linear,
						.len = len,
						.sum = partial ? NAT64_SUM_PARTIAL : NAT64_SUM_FULL };
}

static void release(struct memory *memory)
{
	free(memory->octets);
	free(memory->copy);
}

static int untouched(const struct memory *memory, size_t linear)
{
	const struct nat64_packet *packet = &memory->packet;

	return packet->data == memory->octets + NAT64_GROWTH && packet->linear == linear &&
	       memcmp(packet->data, memory->copy, linear) == 0;
}

/* csum_partial() of the payload, as the kernel would have it: any 32-bit one's complement sum */
static __wsum payload_sum(const __u8 *octets, size_t count)
{
	__u64 sum = 0;

	for (size_t i = 0; i < count; i++) {
		__u8 pair[2] = { octets[i & ~1ul], (i | 1) < count ? octets[i | 1] : 0 };
		__u16 word;

		memcpy(&word, pair, 2);
		if (i % 2 == 0)
			sum += word;
	}
	while (sum >> 32)
		sum = (sum & 0xffffffff) + (sum >> 32);
	return (__wsum)sum;
}

/* The core's face, for packets of one family */
struct face {
	enum nat64_verdict (*map)(const struct nat64_config *config, const struct nat64_flow *flow, __u32 error_hash,
				  struct nat64_map *map);
	enum nat64_verdict (*check)(const struct nat64_config *config, const struct nat64_flow *flow);
	enum nat64_verdict (*rewrite)(const struct nat64_config *config, const struct nat64_flow *flow,
				      const struct nat64_map *map, const struct nat64_way *way,
				      struct nat64_packet *packet);
};

static const struct face faces[2] = { { nat64_map_46, nat64_check_46, nat64_rewrite_46 },
				      { nat64_map_64, nat64_check_64, nat64_rewrite_64 } };

struct step {
	struct nat64_flow flow;
	struct nat64_map map;
	enum nat64_verdict verdict;
	const char *broken; /* a promise of core.h that was not kept */
};

/* nat64_covers_*() is asked before a packet is parsed: what it does not cover has no map, and only that. */
static const char *covered(const struct request *request, const struct step *step)
{
	const union nat64_addr *destination = &step->flow.outer.destination;
	struct nat64_map map;
	enum nat64_verdict verdict;
	int covers;

	if (step->flow.family == 4) {
		covers = nat64_covers_4(&request->config, destination->v4);
		verdict = nat64_map_46(&request->config, &step->flow, request->error_hash, &map);
	} else {
		covers = nat64_covers_6(&request->config, &destination->v6);
		verdict = nat64_map_64(&request->config, &step->flow, request->error_hash, &map);
	}
	if (covers != 0 && covers != 1)
		return "nat64_covers is neither 0 nor 1";
	if (covers != (verdict != NAT64_NOT_OURS))
		return covers ? "covered, but not ours" : "not covered, but ours";
	return NULL;
}

/* What core.h says of fields that do not apply. */
static const char *promised(const struct nat64_flow *flow, int family)
{
	const struct nat64_half *half = &flow->outer;
	const int icmp = half->upper == NAT64_ECHO || half->upper == NAT64_ERROR;

	if (flow->family != family || flow->hairpin)
		return "the family, or hairpin that only the glue sets";
	if (!icmp && (half->type || half->code))
		return "an ICMP type of what is no ICMP";
	if (half->upper != NAT64_TCP && half->upper != NAT64_UDP && half->upper != NAT64_ECHO &&
	    (half->source_port || half->destination_port))
		return "ports of what has none";
	if (half->upper != NAT64_UDP && half->udp_length)
		return "a UDP length of what is no UDP";
	if ((family == 4 || !(half->flags & NAT64_F_FRAGMENTED)) && half->fragment_header)
		return "a fragment header where there is none";
	if (half->upper != NAT64_ERROR && (flow->quoted || flow->extension))
		return "a quoted packet of what is no error";
	return NULL;
}

/* What checking refuses, rewriting refuses too, and leaves the octets alone. */
static const char *refusal(const struct request *request, const struct step *step, const struct face *face,
			   const struct nat64_way *way, const struct nat64_packet *packet)
{
	struct memory again;
	const char *broken = NULL;
	enum nat64_verdict verdict;

	place(&again, packet->data, packet->linear, packet->len, packet->sum == NAT64_SUM_PARTIAL);
	verdict = face->rewrite(&request->config, &step->flow, &step->map, way, &again.packet);
	if (verdict != step->verdict)
		broken = "rewriting does not refuse what checking refuses";
	else if (!untouched(&again, packet->linear))
		broken = "a refusal changed the packet";
	release(&again);
	return broken;
}

/* parse, map, check, rewrite; memory holds the result if the verdict is OK */
static struct step translate(struct request *request, struct nat64_way way, struct memory *memory, int family,
			     int hairpin)
{
	const struct face *face = &faces[family == 6];
	struct nat64_packet *packet = &memory->packet;
	size_t linear = packet->linear;
	struct step step;

	/* nothing may be read that was not written before */
	memset(&step, 0xa5, sizeof(step));
	step.broken = NULL;
	step.verdict = nat64_parse(packet, family, &step.flow);
	if (step.verdict == NAT64_OK) {
		step.broken = promised(&step.flow, family);
		if (!step.broken)
			step.broken = covered(request, &step);
		step.flow.hairpin = hairpin;
		step.verdict = face->map(&request->config, &step.flow, request->error_hash, &step.map);
	}
	if (step.verdict == NAT64_OK) {
		const struct nat64_half *outer = &step.flow.outer;

		if (outer->udp_length >= 8)
			way.payload_sum = payload_sum(request->packet + outer->l4 + 8, outer->udp_length - 8);
		step.verdict = face->check(&request->config, &step.flow);
		if (step.verdict != NAT64_OK) {
			step.broken = refusal(request, &step, face, &way, packet);
		} else {
			step.verdict = face->rewrite(&request->config, &step.flow, &step.map, &way, packet);
			if (step.verdict != NAT64_OK)
				step.broken = "checking does not foresee the refusal";
		}
	}
	if (step.verdict != NAT64_OK && !untouched(memory, linear))
		step.broken = "a refusal changed the packet";
	return step;
}

static void show(const struct nat64_packet *packet, const __u8 *behind, size_t behind_len)
{
	for (size_t i = 0; i < packet->linear; i++)
		printf("%02x", packet->data[i]);
	/* what the length field does not count is cut off by whoever owns the octets behind linear */
	for (size_t i = 0; i < behind_len && packet->linear + i < packet->len; i++)
		printf("%02x", behind[i]);
	printf("\n");
}

/* The MSS of the result, as the glue lowers it: what the packet says it is read anew. */
static const char *clamp(struct nat64_packet *packet, __u16 mss)
{
	struct nat64_flow flow;
	__u8 before[64];
	int changed;

	if (nat64_parse(packet, packet->data[0] >> 4, &flow) != NAT64_OK ||
	    packet->linear < flow.outer.l4 + sizeof(before))
		return NULL;
	memcpy(before, packet->data + flow.outer.l4, sizeof(before));
	changed = nat64_clamp_mss(&flow, packet, mss);
	if (changed != (memcmp(before, packet->data + flow.outer.l4, sizeof(before)) != 0))
		return "clamping does not say what it did";
	return NULL;
}

static void answer(struct request *request)
{
	struct memory memory;
	struct step step;
	size_t linear = request->linear;

	place(&memory, request->packet, linear, request->len, request->partial);
	step = translate(request, request->way, &memory, request->family, 0);
	if (step.verdict == NAT64_OK && step.map.hairpin && !step.broken) {
		struct nat64_way way = request->way;
		struct memory back;

		/* The whole path is one hop (issue of the driver's caller): the second half takes none. */
		way.hops = 0;
		place(&back, memory.packet.data, memory.packet.linear, memory.packet.len, request->partial);
		release(&memory);
		memory = back;
		step = translate(request, way, &memory, 4, 1);
	}
	if (step.verdict == NAT64_OK && request->mss && !step.broken)
		step.broken = clamp(&memory.packet, request->mss);
	printf("%s", names[step.verdict]);
	if (step.broken) {
		printf(" core.h's promise is broken: %s\n", step.broken);
	} else if (step.verdict == NAT64_SOURCE_ROUTE && request->family == 6) {
		printf(" %u\n", nat64_segments_left(&memory.packet));
	} else if (step.verdict == NAT64_OK) {
		printf(" ");
		show(&memory.packet, request->packet + linear, request->len - linear);
	} else {
		printf("\n");
	}
	release(&memory);
}

int main(void)
{
	static struct request request;
	char *line = NULL;
	size_t size = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (getline(&line, &size, stdin) > 0) {
		struct nat64_eamt *eamt = NULL;
		void *table = NULL;
		__u32 bad = 0;

		if (request_read(&request, line)) {
			fprintf(stderr, "nat64_driver: bad line\n");
			return 2;
		}
		if (request.eam_count) {
			enum nat64_eam_error error;

			table = need(malloc(nat64_eamt_size(request.eam_count)));
			error = nat64_eamt_build(table, request.eams, request.eam_count, !request.apart, &bad, &eamt);
			if (error != NAT64_EAM_OK) {
				printf("EAM_%s %u\n", eam_names[error], bad);
				free(table);
				continue;
			}
			request.config.eamt = eamt;
		}
		answer(&request);
		free(table);
	}
	free(line);
	return 0;
}
