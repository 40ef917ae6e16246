// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The translator's core outside of the kernel: nanoseconds that a packet takes to be parsed, mapped and rewritten, by kind of packet and
 * direction, against 1000 EAMT entries; one address is an entry's, the other lies in a /96. What making the packet costs is taken off.
 *
 * usage: bench-nat64-core [PACKETS [KIND [4|6]]]	(default 1000000 of each kind in both directions)
 *
 * tests/bench/nat64-core runs it under callgrind, which counts the instructions of each step.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kmod/nat64/core/eamt.h"

#define ENTRIES 1000
#define ROOM 2048

static struct nat64_config config;
static struct nat64_packet packet;
static uint8_t memory[NAT64_GROWTH + ROOM], model[ROOM];

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static __be32 entry4(unsigned i)
{
	return htonl(0xc6120000 + i);
}

static struct nat64_in6 entry6(unsigned i)
{
	return (struct nat64_in6){ { htonl(0x20010db8), htonl(0xa), 0, htonl(i + 1) } };
}

static void configure(void)
{
	static struct nat64_eam entries[ENTRIES];
	struct nat64_eamt *eamt;
	__u32 bad;

	for (unsigned i = 0; i < ENTRIES; i++)
		entries[i] = (struct nat64_eam){ entry4(i), 32, entry6(i), 128 };
	if (nat64_eamt_build(malloc(nat64_eamt_size(ENTRIES)), entries, ENTRIES, 0, &bad, &eamt)) {
		fprintf(stderr, "bench-nat64-core: no table\n");
		exit(1);
	}
	config.eamt = eamt;
	config.pool6 = (struct nat64_prefix6){ { { htonl(0x20010db8), htonl(0x64), 0, 0 } }, 96 };
	config.carry_other = 1;
}

/* An IP header with size octets behind it, from an entry to the prefix (6) or the other way. Checksums do not matter. */
static uint8_t *header(uint8_t *ip, int family, unsigned protocol, size_t size)
{
	const struct nat64_in6 six[2] = { entry6(0), { { htonl(0x20010db8), htonl(0x64), 0, htonl(0x08080808) } } };
	const __be32 four[2] = { htonl(0x08080808), entry4(0) };

	memset(ip, 0, 40);
	if (family == 6) {
		ip[0] = 0x60;
		put16(ip + 4, (unsigned)size);
		ip[6] = (uint8_t)protocol;
		ip[7] = 64;
		memcpy(ip + 8, six, 32);
		return ip + 40;
	}
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)size + 20);
	ip[8] = 64;
	ip[9] = (uint8_t)protocol;
	memcpy(ip + 12, four, 8);
	return ip + 20;
}

enum kind { UDP64, UDP1400, TCP, ECHO, FRAGMENT, ERROR, KINDS };

static const char *const kinds[KINDS] = { "udp64", "udp1400", "tcp", "echo", "fragment", "error" };

/* Returns the length. */
static size_t make(enum kind kind, int family)
{
	const unsigned icmp = family == 6 ? 58 : 1;
	const size_t ip = family == 6 ? 40 : 20, size = kind == UDP1400 ? 1400 - ip : 44;
	uint8_t *at;

	memset(model, 0, sizeof(model));
	switch (kind) {
	case UDP64:
	case UDP1400:
		at = header(model, family, 17, size);
		put16(at + 4, (unsigned)size);
		put16(at + 6, 0x1234);
		return ip + size;
	case TCP:
		at = header(model, family, 6, size);
		at[12] = 0x50;
		return ip + size;
	case ECHO:
		at = header(model, family, icmp, size);
		at[0] = family == 6 ? 128 : 8;
		return ip + size;
	case FRAGMENT:
		at = header(model, family, family == 6 ? 44 : 17, size);
		if (family == 4) {
			model[7] = 8;
			return ip + size;
		}
		at[0] = 17;
		at[3] = 64;
		return ip + size;
	default:
		at = header(model, family, icmp, 8 + ip + 28);
		at[0] = family == 6 ? 3 : 11;
		header(at + 8, family, 17, 28);
		if (family == 6) { /* the other way: about what came to the entry */
			memcpy(at + 16, model + 24, 16);
			memcpy(at + 32, model + 8, 16);
		} else {
			memcpy(at + 20, model + 16, 4);
			memcpy(at + 24, model + 12, 4);
		}
		put16(at + 8 + ip + 4, 28);
		return ip + 8 + ip + 28;
	}
}

/* A copy of the model with another entry's address. */
static void place(int family, size_t len, unsigned n)
{
	uint8_t *ip = memory + NAT64_GROWTH;

	packet = (struct nat64_packet){ .data = ip, .headroom = NAT64_GROWTH, .linear = (__u32)len, .len = (__u32)len };
	memcpy(ip, model, len < 128 ? len : 128);
	n = n * 2654435761u % ENTRIES;
	if (family == 6)
		memcpy(ip + 20, (__be32[]){ htonl(n + 1) }, 4);
	else
		memcpy(ip + 16, (__be32[]){ entry4(n) }, 4);
}

static enum nat64_verdict translate(int family)
{
	const struct nat64_way way = { .hops = 1, .identification = 7 };
	struct nat64_flow flow;
	struct nat64_map map;
	enum nat64_verdict verdict = nat64_parse(&packet, (__u8)family, &flow);

	if (verdict == NAT64_OK)
		verdict = family == 6 ? nat64_map_64(&config, &flow, 0, &map) : nat64_map_46(&config, &flow, 0, &map);
	if (verdict == NAT64_OK)
		verdict = family == 6 ? nat64_rewrite_64(&config, &flow, &map, &way, &packet)
				      : nat64_rewrite_46(&config, &flow, &map, &way, &packet);
	return verdict;
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(enum nat64_verdict verdict, enum kind kind, int family)
{
	static const char *const names[] = {
#define X(name, counter, text) counter,
		NAT64_VERDICTS(X)
#undef X
	};

	if (verdict == NAT64_OK)
		return;
	fprintf(stderr, "bench-nat64-core: %s of IPv%d is refused: %s\n", kinds[kind], family, names[verdict]);
	exit(1);
}

static double measure(enum kind kind, int family, unsigned packets, int whole)
{
	const size_t len = make(kind, family);
	const double begin = now_ns();

	for (unsigned n = 0; n < packets; n++) {
		place(family, len, n);
		if (whole)
			must(translate(family), kind, family);
	}
	return (now_ns() - begin) / packets;
}

int main(int argc, char **argv)
{
	const unsigned packets = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;

	configure();
	for (int kind = 0; kind < KINDS; kind++) {
		for (int family = 6; family >= 4; family -= 2) {
			if ((argc > 2 && strcmp(argv[2], kinds[kind])) || (argc > 3 && atoi(argv[3]) != family))
				continue;
			const double empty = measure(kind, family, packets, 0),
				     full = measure(kind, family, packets, 1);

			printf("ns %-8s %s %.1f\n", kinds[kind], family == 6 ? "64" : "46", full - empty);
		}
	}
	return 0;
}
