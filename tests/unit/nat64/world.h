/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session table with a pool, and packets for it: what the table's tests share. */
#ifndef TESTS_UNIT_NAT64_WORLD_H
#define TESTS_UNIT_NAT64_WORLD_H

#include "kmod/nat64/table.h"

#define FIN NAT64_TCP_FIN
#define SYN NAT64_TCP_SYN
#define RST NAT64_TCP_RST
#define ACK NAT64_TCP_ACK
#define TCP NAT64_L4_TCP
#define UDP NAT64_L4_UDP
#define ICMP NAT64_L4_ICMP

#define POOL 0x05090100 /* 5.9.1.0 */

/* Addresses in host order; a host is 2001:db8:0:SUBSCRIBER::HOST. */
struct ends {
	unsigned int subscriber, host, remote;
	unsigned short port, remote_port; /* of ICMP: port is the identifier */
};

struct world {
	struct nat64_table *table;
	struct nat64_config config;
	struct nat64_policy policy;
	struct nat64_shape shape;
	struct nat64_share share;
	unsigned int share_max;
	unsigned int now, mark;
	/* what the table called */
	unsigned int blocks, blocks_gone, bibs, bibs_gone, sessions, sessions_gone, probes;
	unsigned int released, expired;
	void *released_packet;
	struct nat64_event event; /* the last one */
	/* answers of bound() */
	int bound_port; /* -1: none; -2: all */
	unsigned int bound_asked;
};

/* 0, or -errno from creating: pool lines of the caller's; all ports from first on. Defaults that the caller may change first: world_defaults(). */
void world_defaults(struct world *world);
int world_create(struct world *world, const struct nat64_pool_line *lines, unsigned int count);
void world_destroy(struct world *world);
struct nat64_pool *world_pool(const struct world *world, const struct nat64_pool_line *lines, unsigned int count);

/* Host order of a mapped pool address and port after NAT64_OK. */
struct mapped {
	unsigned int pool;
	unsigned short port;
	int hairpin;
};

enum nat64_verdict world_6(struct world *world, const struct ends *ends, int l4, int flags, struct mapped *mapped);
/* From (remote, remote_port) to pool and port; checks that a packet that comes through goes to the host of ends. */
enum nat64_verdict world_4(struct world *world, const struct ends *ends, int l4, int flags,
			   const struct mapped *mapped);
/* What an ICMP error of each side about a packet of the other comes to; sender: of the error. */
enum nat64_verdict world_error6(struct world *world, const struct ends *ends, int l4, unsigned int sender,
				struct nat64_map *map);
enum nat64_verdict world_error4(struct world *world, const struct ends *ends, int l4, unsigned int sender,
				const struct mapped *mapped, struct nat64_map *map);
int world_hold(struct world *world, const struct ends *ends, const struct mapped *mapped, void *packet);

struct nat64_in6 world_host(unsigned int subscriber, unsigned int host);
/* Lets seconds pass and has all of the table looked at. */
void world_pass(struct world *world, unsigned int seconds);
struct nat64_counts world_counts(const struct world *world);

#endif
