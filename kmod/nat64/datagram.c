// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/datagram.h"

#define WAYS 8
#define SETS (NAT64_DATAGRAMS_MAX / WAYS)

struct datagram_key {
	union nat64_addr source, destination;
	u32 identification;
	u8 family;
	u8 protocol;
	u8 zero[2];
};

/* Octets of the datagram that have been seen: [from, to). */
struct datagram_range {
	u32 from, to;
};

struct datagram {
	struct datagram_key key;
	u32 end; /* when it is forgotten; used 0: free */
	u8 used;
	u8 known; /* the first fragment has come: upper and ports */
	u8 bad;   /* fragments overlapped: what still comes is dropped */
	u8 upper;
	__be16 source_port, destination_port;
	u32 ranges;
	struct datagram_range range[NAT64_DATAGRAM_RANGES];
	struct nat64_waiting waiting;
};

struct nat64_datagrams {
	spinlock_t lock;
	hsiphash_key_t secret;
	struct datagram datagram[NAT64_DATAGRAMS_MAX];
};

struct nat64_datagrams *nat64_datagrams_new(void)
{
	struct nat64_datagrams *datagrams = kvzalloc(sizeof(*datagrams), GFP_KERNEL_ACCOUNT);

	if (datagrams) {
		spin_lock_init(&datagrams->lock);
		get_random_bytes(&datagrams->secret, sizeof(datagrams->secret));
	}
	return datagrams;
}

void nat64_datagrams_free(struct nat64_datagrams *datagrams, void (*release)(void *packet))
{
	u32 i, n;

	if (!datagrams)
		return;
	for (i = 0; i < NAT64_DATAGRAMS_MAX; i++)
		for (n = 0; n < datagrams->datagram[i].waiting.count; n++)
			release(datagrams->datagram[i].waiting.packet[n]);
	kvfree(datagrams);
}

static void key_of(const struct nat64_flow *flow, struct datagram_key *key)
{
	memset(key, 0, sizeof(*key));
	if (flow->family == 4) {
		key->source.v4 = flow->outer.source.v4;
		key->destination.v4 = flow->outer.destination.v4;
	} else {
		key->source = flow->outer.source;
		key->destination = flow->outer.destination;
	}
	key->identification = flow->outer.identification;
	key->family = flow->family;
	key->protocol = flow->outer.protocol;
}

static int over(const struct datagram *datagram, u32 now)
{
	return !datagram->used || (s32)(datagram->end - now) <= 0;
}

static void take_waiting(struct datagram *datagram, struct nat64_waiting *waiting)
{
	*waiting = datagram->waiting;
	datagram->waiting.count = 0;
}

/* The datagram, a new one if there is room, or NULL. One that is over and has fragments waiting is left to the sweep. */
static struct datagram *find(struct nat64_datagrams *datagrams, const struct datagram_key *key, u32 now, u32 lifetime)
{
	u32 set = hsiphash(key, sizeof(*key), &datagrams->secret) % SETS, way;
	struct datagram *first = &datagrams->datagram[set * WAYS], *room = NULL;

	BUILD_BUG_ON(sizeof(*key) % 8);
	for (way = 0; way < WAYS; way++) {
		if (!over(&first[way], now) && !memcmp(&first[way].key, key, sizeof(*key)))
			return &first[way];
		if (over(&first[way], now) && !first[way].waiting.count)
			room = &first[way];
	}
	if (room) {
		memset(room, 0, sizeof(*room));
		room->used = 1;
		room->key = *key;
		room->end = now + lifetime;
	}
	return room;
}

/* Adds [from, to) to the ranges: 0, or -1 if it overlaps one of them or there is no room. Ranges that touch become one. */
static int cover(struct datagram *datagram, u32 from, u32 to)
{
	u32 i, touched = datagram->ranges;

	for (i = 0; i < datagram->ranges; i++) {
		if (from < datagram->range[i].to && datagram->range[i].from < to)
			return -1;
		if (datagram->range[i].to == from || datagram->range[i].from == to)
			touched = i;
	}
	if (touched == datagram->ranges) {
		if (datagram->ranges == NAT64_DATAGRAM_RANGES)
			return -1;
		datagram->range[datagram->ranges++] = (struct datagram_range){ from, to };
		return 0;
	}
	if (datagram->range[touched].to == from)
		datagram->range[touched].to = to;
	else
		datagram->range[touched].from = from;
	/* It may have closed the gap to another. */
	for (i = 0; i < datagram->ranges; i++) {
		struct datagram_range *other = &datagram->range[i], *grown = &datagram->range[touched];

		if (i == touched || (other->from != grown->to && other->to != grown->from))
			continue;
		grown->from = other->from < grown->from ? other->from : grown->from;
		grown->to = other->to > grown->to ? other->to : grown->to;
		*other = datagram->range[--datagram->ranges];
		break;
	}
	return 0;
}

static enum nat64_verdict see(struct datagram *datagram, const struct nat64_half *half, struct nat64_waiting *waiting)
{
	if (!datagram)
		return NAT64_FRAGMENT_LIMIT;
	if (datagram->bad)
		return NAT64_FRAGMENT_OVERLAP;
	if (!cover(datagram, half->fragment_offset, half->fragment_offset + half->payload))
		return NAT64_OK;
	datagram->bad = 1;
	take_waiting(datagram, waiting);
	return NAT64_FRAGMENT_OVERLAP;
}

enum nat64_verdict nat64_datagram_first(struct nat64_datagrams *datagrams, const struct nat64_flow *flow, u32 now,
					u32 lifetime, struct nat64_waiting *waiting)
{
	struct datagram *datagram;
	enum nat64_verdict verdict;
	struct datagram_key key;

	waiting->count = 0;
	key_of(flow, &key);
	spin_lock_bh(&datagrams->lock);
	datagram = find(datagrams, &key, now, lifetime);
	verdict = see(datagram, &flow->outer, waiting);
	if (verdict == NAT64_OK) {
		datagram->known = 1;
		datagram->upper = flow->outer.upper;
		datagram->source_port = flow->outer.source_port;
		datagram->destination_port = flow->outer.destination_port;
		take_waiting(datagram, waiting);
		/* Those will be seen again. */
		datagram->ranges = 0;
		cover(datagram, 0, flow->outer.payload);
	}
	spin_unlock_bh(&datagrams->lock);
	return verdict;
}

enum nat64_verdict nat64_datagram_more(struct nat64_datagrams *datagrams, const struct nat64_flow *flow, u32 now,
				       u32 lifetime, void *packet, struct nat64_half *half,
				       struct nat64_waiting *waiting)
{
	struct datagram *datagram;
	enum nat64_verdict verdict;
	struct datagram_key key;

	waiting->count = 0;
	key_of(flow, &key);
	spin_lock_bh(&datagrams->lock);
	datagram = find(datagrams, &key, now, lifetime);
	verdict = see(datagram, &flow->outer, waiting);
	if (verdict == NAT64_OK && datagram->known) {
		half->upper = datagram->upper;
		half->source_port = datagram->source_port;
		half->destination_port = datagram->destination_port;
	} else if (verdict == NAT64_OK && datagram->waiting.count == NAT64_DATAGRAM_HELD) {
		verdict = NAT64_FRAGMENT_LIMIT;
	} else if (verdict == NAT64_OK) {
		datagram->waiting.packet[datagram->waiting.count++] = packet;
		verdict = NAT64_FRAGMENT_HELD;
	}
	spin_unlock_bh(&datagrams->lock);
	return verdict;
}

void nat64_datagrams_sweep(struct nat64_datagrams *datagrams, u32 now, struct nat64_waiting *waiting)
{
	u32 i;

	waiting->count = 0;
	spin_lock_bh(&datagrams->lock);
	for (i = 0; i < NAT64_DATAGRAMS_MAX && !waiting->count; i++)
		if (over(&datagrams->datagram[i], now) && datagrams->datagram[i].waiting.count)
			take_waiting(&datagrams->datagram[i], waiting);
	spin_unlock_bh(&datagrams->lock);
}
