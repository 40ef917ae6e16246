// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The session table and the core behind a line protocol, for tests/conform/nat64/conform talk:
 *
 *	new KEY=VALUE...		-> ready		another table; the last one ends
 *	packet SECOND 4|6 MARK OCTETS	-> VERDICT [OCTETS]	parse, find the mapping, check, rewrite; a hairpin's second half too
 *	pass SECOND			-> passed		the clock moves on, and the table is looked through
 *	count				-> sessions=N bibs=N held=N probes=N expired=N
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/nat64/table.h"
#include "tests/conform/nat64/request.h"

#define LINES 16
#define START 1000 /* second 0 of a conversation, as the table counts */

static const char *const names[] = {
#define X(name, counter, text) #name,
	NAT64_VERDICTS(X)
#undef X
};

static const u32 share_max = 1 << 30;

struct bench {
	struct nat64_table *table;
	struct nat64_policy policy;
	struct nat64_shape shape;
	struct nat64_share share;
	struct nat64_pool_line line[LINES];
	__u32 lines;
	struct nat64_fixed fixed[LINES];
	__u32 fixed_count;
	struct request request; /* the stateless settings */
	unsigned now, probes, expired, held;
};

static int on_bound(void *owner, enum nat64_l4 l4, __be32 address, __be16 port)
{
	return 0;
}

static void on_release(void *owner, void *packet, int expired)
{
	struct bench *bench = owner;

	bench->expired += expired;
	free(packet);
}

static void on_probe(void *owner, const struct nat64_event *session)
{
	struct bench *bench = owner;

	bench->probes++;
}

static const struct nat64_owner calls = { .bound = on_bound, .release = on_release, .probe = on_probe };

static int set_lifetime(struct nat64_lifetimes *lifetimes, char *text)
{
	char *comma = strchr(text, ',');

	if (!comma)
		return -1;
	*comma = 0;
#define X(name, standard, minimum, source) \
	if (strcmp(text, #name) == 0) { \
		lifetimes->name = strtoul(comma + 1, NULL, 10); \
		return 0; \
	}
	NAT64_LIFETIMES(X)
#undef X
	return -1;
}

static int set_line(struct bench *bench, char *text)
{
	struct nat64_pool_line *line = &bench->line[bench->lines];
	char *comma = strchr(text, ',');
	unsigned first, last;
	struct in_addr address;

	if (!comma || bench->lines == LINES)
		return -1;
	*comma = 0;
	if (inet_pton(AF_INET, text, &address) != 1 ||
	    sscanf(comma + 1, "%u,%u,%u,%u", &line->addresses, &first, &last, &line->mark) != 4)
		return -1;
	line->first = ntohl(address.s_addr);
	line->first_port = first;
	line->last_port = last;
	bench->lines++;
	return 0;
}

/* L4,IPV6,PORT,IPV4,PORT */
static int set_static(struct bench *bench, char *text)
{
	struct nat64_fixed *fixed = &bench->fixed[bench->fixed_count];
	char *rest = NULL, *word[5];

	for (int i = 0; i < 5; i++) {
		word[i] = strtok_r(i ? NULL : text, ",", &rest);
		if (!word[i])
			return -1;
	}
	if (bench->fixed_count == LINES || inet_pton(AF_INET6, word[1], &fixed->host) != 1 ||
	    inet_pton(AF_INET, word[3], &fixed->pool) != 1)
		return -1;
	fixed->l4 = strcmp(word[0], "tcp") == 0   ? NAT64_L4_TCP
		    : strcmp(word[0], "udp") == 0 ? NAT64_L4_UDP
						  : NAT64_L4_ICMP;
	fixed->host_port = htons(atoi(word[2]));
	fixed->pool_port = htons(atoi(word[4]));
	bench->fixed_count++;
	return 0;
}

static int set(struct bench *bench, const char *key, char *value)
{
	const int on = strcmp(value, "on") == 0;

	if (strcmp(key, "pool4") == 0)
		return set_line(bench, value);
	if (strcmp(key, "static") == 0)
		return set_static(bench, value);
	if (strcmp(key, "life") == 0)
		return set_lifetime(&bench->policy.lifetimes, value);
	if (strcmp(key, "filtering") == 0)
		bench->policy.filtering = strcmp(value, "address") == 0 ? NAT64_FILTER_ADDRESS_DEPENDENT
									: NAT64_FILTER_ENDPOINT_INDEPENDENT;
	else if (strcmp(key, "hold-syn") == 0)
		bench->policy.hold_syn = on;
	else if (strcmp(key, "inbound-refresh") == 0)
		bench->policy.inbound_refresh = on;
	else if (strcmp(key, "paired") == 0)
		bench->policy.paired = on;
	else if (strcmp(key, "max-per-subscriber") == 0)
		bench->policy.max_per_subscriber = atoi(value);
	else if (strcmp(key, "max-blocks") == 0)
		bench->policy.max_blocks = atoi(value);
	else if (strcmp(key, "max-sessions") == 0)
		bench->shape.max_sessions = atoi(value);
	else if (strcmp(key, "block-size") == 0)
		bench->shape.block_size = atoi(value);
	else if (strcmp(key, "subscriber-length") == 0)
		bench->shape.subscriber_length = atoi(value);
	else
		return request_set(&bench->request, key, value);
	return 0;
}

static void end(struct bench *bench)
{
	if (bench->table)
		nat64_table_destroy(bench->table);
	bench->table = NULL;
}

static const char *begin(struct bench *bench, char *words)
{
	struct nat64_pool *pool = NULL;
	char *rest = NULL;
	__u32 bad;

	end(bench);
	memset(bench, 0, sizeof(*bench));
	nat64_lifetimes_default(&bench->policy.lifetimes);
	bench->share.max = &share_max;
	bench->now = START;
	for (char *word = strtok_r(words, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		char *equals = strchr(word, '=');

		if (!equals)
			return word;
		*equals = 0;
		if (set(bench, word, equals + 1))
			return word;
	}
	if (nat64_pool_build(bench->line, bench->lines, bench->shape.block_size, &pool, &bad))
		return "pool4";
	if (nat64_table_create(&bench->shape, pool, &bench->share, &calls, bench, &bench->table))
		return "table";
	for (__u32 i = 0; i < bench->fixed_count; i++)
		if (nat64_table_fix(bench->table, &bench->policy, &bench->fixed[i], bench->now))
			return "static";
	return "ready";
}

/* One direction. The packet in memory is replaced by its translation. */
static enum nat64_verdict one_way(struct bench *bench, int family, unsigned mark, struct nat64_packet *packet,
				  int hairpin, int *again)
{
	struct nat64_visit visit = {
		.config = &bench->request.config, .policy = &bench->policy, .now = bench->now, .mark = mark
	};
	struct nat64_way way = { .identification = bench->request.way.identification, .hops = hairpin ? 0 : 1 };
	enum nat64_verdict verdict;
	struct nat64_flow flow;
	struct nat64_map map;

	memset(&flow, 0xa5, sizeof(flow));
	memset(&map, 0xa5, sizeof(map));
	verdict = nat64_parse(packet, family, &flow);
	if (verdict != NAT64_OK)
		return verdict;
	flow.hairpin = hairpin;
	if (flow.outer.upper == NAT64_TCP)
		visit.tcp_flags = packet->data[flow.outer.l4 + 13];
	verdict = (family == 6 ? nat64_table_64 : nat64_table_46)(bench->table, &visit, &flow, &map);
	if (verdict == NAT64_SYN_HELD) {
		void *held = malloc(1);

		if (nat64_table_hold(bench->table, &visit, &flow, held))
			free(held);
	}
	if (verdict != NAT64_OK)
		return verdict;
	*again = family == 6 && map.hairpin;
	if (family == 6)
		return nat64_rewrite_64(&bench->request.config, &flow, &map, &way, packet);
	return nat64_rewrite_46(&bench->request.config, &flow, &map, &way, packet);
}

static void answer(struct bench *bench, char *words)
{
	char *rest = NULL, *second = strtok_r(words, " ", &rest), *family = strtok_r(NULL, " ", &rest);
	char *mark = strtok_r(NULL, " ", &rest), *hex = strtok_r(NULL, " \n", &rest);
	struct nat64_packet packet;
	enum nat64_verdict verdict;
	int again = 0;
	__u8 *memory;

	if (!hex || request_octets(&bench->request, hex)) {
		printf("bad packet\n");
		return;
	}
	bench->now = START + atoi(second);
	memory = malloc(NAT64_GROWTH + bench->request.len);
	if (!memory)
		exit(2);
	memcpy(memory + NAT64_GROWTH, bench->request.packet, bench->request.len);
	packet = (struct nat64_packet){ memory + NAT64_GROWTH, NAT64_GROWTH, bench->request.len, bench->request.len,
					NAT64_SUM_FULL };
	verdict = one_way(bench, atoi(family), atoi(mark), &packet, 0, &again);
	if (verdict == NAT64_OK && again)
		verdict = one_way(bench, 4, atoi(mark), &packet, 1, &again);
	printf("%s", names[verdict]);
	for (size_t i = 0; verdict == NAT64_OK && i < packet.linear; i++)
		printf("%s%02x", i ? "" : " ", packet.data[i]);
	printf("\n");
	free(memory);
}

static void pass(struct bench *bench, unsigned second)
{
	/* what is over long ago may need two looks: a probed session first changes its state */
	for (unsigned at = bench->now; at <= START + second;
	     at = at + 60 < START + second || at == START + second ? at + 60 : START + second)
		for (__u32 part = 0; part < 256; part++)
			nat64_table_gc(bench->table, &bench->policy, at, part);
	bench->now = START + second;
	printf("passed\n");
}

static void count(const struct bench *bench)
{
	struct nat64_counts counts;

	nat64_table_counts(bench->table, &counts);
	printf("sessions=%u bibs=%u held=%u probes=%u expired=%u\n", counts.sessions, counts.bibs, counts.held,
	       bench->probes, bench->expired);
}

int main(void)
{
	static struct bench bench;
	char *line = NULL;
	size_t size = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (nat64_table_module_init())
		return 2;
	while (getline(&line, &size, stdin) > 0) {
		char *rest = strchr(line, ' ');

		if (rest)
			*rest++ = 0;
		if (rest && strcmp(line, "new") == 0)
			printf("%s\n", begin(&bench, rest));
		else if (rest && bench.table && strcmp(line, "packet") == 0)
			answer(&bench, rest);
		else if (rest && bench.table && strcmp(line, "pass") == 0)
			pass(&bench, atoi(rest));
		else if (bench.table && strncmp(line, "count", 5) == 0)
			count(&bench);
		else
			printf("bad line\n");
	}
	end(&bench);
	free(line);
	nat64_table_module_exit();
	return 0;
}
