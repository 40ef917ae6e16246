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
	u32 end; /* when it is forgotten */
	u8 used;
	u8 first; /* has come: upper and ports */
	u8 bad;   /* fragments overlapped: what still comes is dropped */
	u8 upper;
	__be16 source_port, destination_port;
	u16 total;                                /* octets of all of it; 0: the last fragment has not come */
	u16 waiting, waiting_last, waiting_count; /* slots */
	u32 ranges;
	struct datagram_range range[NAT64_DATAGRAM_RANGES];
};

/* A fragment that waits. Slots are numbered from 1; free ones and those of a datagram are chains. */
struct slot {
	void *packet;
	u32 octets;
	u16 next;
};

struct nat64_datagrams {
	spinlock_t lock;
	hsiphash_key_t secret;
	u32 octets;
	u16 free;
	struct slot slot[NAT64_DATAGRAM_HELD_ALL];
	struct datagram datagram[NAT64_DATAGRAMS_MAX];
};

struct nat64_datagrams *nat64_datagrams_new(void)
{
	struct nat64_datagrams *datagrams = kvzalloc(sizeof(*datagrams), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!datagrams)
		return NULL;
	spin_lock_init(&datagrams->lock);
	get_random_bytes(&datagrams->secret, sizeof(datagrams->secret));
	for (i = 0; i < NAT64_DATAGRAM_HELD_ALL; i++)
		datagrams->slot[i].next = i;
	datagrams->free = NAT64_DATAGRAM_HELD_ALL;
	return datagrams;
}

void nat64_datagrams_free(struct nat64_datagrams *datagrams, void (*release)(void *packet))
{
	u32 i;

	if (!datagrams)
		return;
	for (i = 0; i < NAT64_DATAGRAM_HELD_ALL; i++)
		if (datagrams->slot[i].packet)
			release(datagrams->slot[i].packet);
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

/* ---- fragments that wait ---------------------------------------------------------------------- */

static int hold(struct nat64_datagrams *datagrams, struct datagram *datagram, const struct nat64_arrival *arrival)
{
	const u16 number = datagrams->free;
	struct slot *slot;

	if (!number || datagram->waiting_count == NAT64_DATAGRAM_HELD ||
	    arrival->octets > NAT64_DATAGRAM_OCTETS - datagrams->octets)
		return -1;
	slot = &datagrams->slot[number - 1];
	datagrams->free = slot->next;
	datagrams->octets += arrival->octets;
	*slot = (struct slot){ .packet = arrival->packet, .octets = arrival->octets };
	if (datagram->waiting)
		datagrams->slot[datagram->waiting_last - 1].next = number;
	else
		datagram->waiting = number;
	datagram->waiting_last = number;
	datagram->waiting_count++;
	return 0;
}

static void let_go(struct datagram *datagram, struct nat64_waiting *waiting)
{
	waiting->next = datagram->waiting;
	datagram->waiting = datagram->waiting_last = datagram->waiting_count = 0;
}

void *nat64_datagram_take(struct nat64_datagrams *datagrams, struct nat64_waiting *waiting)
{
	struct slot *slot;
	void *packet;
	u16 number = waiting->next;

	if (!number)
		return NULL;
	slot = &datagrams->slot[number - 1];
	spin_lock_bh(&datagrams->lock);
	packet = slot->packet;
	waiting->next = slot->next;
	datagrams->octets -= slot->octets;
	*slot = (struct slot){ .next = datagrams->free };
	datagrams->free = number;
	spin_unlock_bh(&datagrams->lock);
	return packet;
}

/* ---- datagrams -------------------------------------------------------------------------------- */

/* The datagram, a new one if there is room, or NULL. One that is over and has fragments waiting is left to the sweep. */
static struct datagram *find(struct nat64_datagrams *datagrams, const struct datagram_key *key, u32 now, u32 lifetime)
{
	u32 set = hsiphash(key, sizeof(*key), &datagrams->secret) % SETS, way;
	struct datagram *first = &datagrams->datagram[set * WAYS], *room = NULL;

	BUILD_BUG_ON(sizeof(*key) % 8);
	for (way = 0; way < WAYS; way++) {
		if (!over(&first[way], now) && !memcmp(&first[way].key, key, sizeof(*key)))
			return &first[way];
		if (over(&first[way], now) && !first[way].waiting)
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

enum cover { NEW, SEEN_BEFORE, OVERLAP };

/* Adds [from, to) to the ranges. OVERLAP: part of it was seen before, or there are too many gaps. Ranges that touch become one. */
static enum cover cover(struct datagram *datagram, u32 from, u32 to)
{
	u32 i, touched = datagram->ranges;

	for (i = 0; i < datagram->ranges; i++) {
		if (from >= datagram->range[i].from && to <= datagram->range[i].to)
			return SEEN_BEFORE;
		if (from < datagram->range[i].to && datagram->range[i].from < to)
			return OVERLAP;
		if (datagram->range[i].to == from || datagram->range[i].from == to)
			touched = i;
	}
	if (touched == datagram->ranges) {
		if (datagram->ranges == NAT64_DATAGRAM_RANGES)
			return OVERLAP;
		datagram->range[datagram->ranges++] = (struct datagram_range){ from, to };
		return NEW;
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
	return NEW;
}

/* The last fragment says how long the datagram is: nothing may be behind it. 0: something is. */
static int measure(struct datagram *datagram, u32 to, int last)
{
	u32 i;

	if (datagram->total)
		return to <= datagram->total && (!last || to == datagram->total);
	for (i = 0; last && i < datagram->ranges; i++)
		if (datagram->range[i].to > to)
			return 0;
	if (last)
		datagram->total = to;
	return 1;
}

static int is_icmp(const struct nat64_flow *flow)
{
	return flow->outer.protocol == (flow->family == 4 ? 1 : 58);
}

static u8 upper_of(const struct nat64_flow *flow)
{
	const u8 type = flow->outer.type;

	if (!is_icmp(flow))
		return flow->outer.upper;
	return (flow->family == 4 ? type == 8 || type == 0 : type == 128 || type == 129) ? NAT64_ECHO : NAT64_OTHER;
}

static enum nat64_verdict see(struct nat64_datagrams *datagrams, struct datagram *datagram, struct nat64_flow *flow,
			      const struct nat64_arrival *arrival, struct nat64_waiting *waiting)
{
	struct nat64_half *half = &flow->outer;
	const u32 from = half->fragment_offset, to = from + half->payload;
	enum cover covered;

	if (datagram->bad)
		return NAT64_FRAGMENT_OVERLAP;
	covered = cover(datagram, from, to);
	if (covered == SEEN_BEFORE) /* a copy: as good as the other (RFC 8200 4.5) */
		return NAT64_FRAGMENT_OVERLAP;
	if (covered == OVERLAP || !measure(datagram, to, !(half->flags & NAT64_F_MORE))) {
		datagram->bad = 1;
		let_go(datagram, waiting);
		return NAT64_FRAGMENT_OVERLAP;
	}
	if (!from) {
		datagram->first = 1;
		datagram->upper = upper_of(flow);
		datagram->source_port = half->source_port;
		datagram->destination_port = half->destination_port;
	}
	if (!datagram->first || (datagram->upper == NAT64_ECHO && !datagram->total))
		return hold(datagrams, datagram, arrival) ? NAT64_FRAGMENT_LIMIT : NAT64_FRAGMENT_HELD;
	half->upper = datagram->upper;
	half->source_port = datagram->source_port;
	half->destination_port = datagram->destination_port;
	half->total = datagram->upper == NAT64_ECHO ? datagram->total : 0;
	if (datagram->waiting) { /* those will be seen again */
		let_go(datagram, waiting);
		datagram->ranges = 1;
		datagram->range[0] = (struct datagram_range){ from, to };
	} else if (datagram->total && datagram->ranges == 1 && !datagram->range[0].from &&
		   datagram->range[0].to == datagram->total) {
		datagram->used = 0;
	}
	return NAT64_OK;
}

enum nat64_verdict nat64_datagram_see(struct nat64_datagrams *datagrams, struct nat64_flow *flow,
				      const struct nat64_arrival *arrival, struct nat64_waiting *waiting)
{
	enum nat64_verdict verdict = NAT64_FRAGMENT_LIMIT;
	struct datagram *datagram;
	struct datagram_key key;

	waiting->next = 0;
	key_of(flow, &key);
	spin_lock_bh(&datagrams->lock);
	datagram = find(datagrams, &key, arrival->now, arrival->lifetime);
	if (datagram)
		verdict = see(datagrams, datagram, flow, arrival, waiting);
	spin_unlock_bh(&datagrams->lock);
	return verdict;
}

void nat64_datagrams_sweep(struct nat64_datagrams *datagrams, u32 now, struct nat64_waiting *waiting)
{
	u32 i;

	waiting->next = 0;
	spin_lock_bh(&datagrams->lock);
	for (i = 0; i < NAT64_DATAGRAMS_MAX && !waiting->next; i++)
		if (over(&datagrams->datagram[i], now))
			let_go(&datagrams->datagram[i], waiting);
	spin_unlock_bh(&datagrams->lock);
}
