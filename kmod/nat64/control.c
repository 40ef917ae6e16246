// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/control.h"

#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>

#include "kmod/nat64/skb.h"
#include "kmod/nat64/stateful.h"
#include "kmod/nat64/stats.h"

/* What is kept with the session, and freed with it. */
struct control {
	spinlock_t lock; /* its segments, one by one */
	struct nat64_ftp ftp;
};

/* What a segment is about. */
struct visit {
	struct nat64_pass *pass;
	struct sk_buff *skb;
	struct nat64_table *table;
	u8 family;
};

static struct nat64_ends ends_of(const struct visit *visit)
{
	const struct nat64_half *outer = &visit->pass->flow.outer;
	const struct nat64_map_half *map = &visit->pass->map.outer;

	if (visit->family == 6)
		return (struct nat64_ends){ outer->source.v6, map->destination.v4, outer->source_port,
					    outer->destination_port };
	return (struct nat64_ends){ map->destination.v6, outer->source.v4, map->destination_port, outer->source_port };
}

/* ---- beginning ------------------------------------------------------------------------------------------------- */

/* A SYN from IPv6: the connection is followed, unless too many are. */
static struct control *follow(const struct visit *visit)
{
	const struct nat64_pass *pass = visit->pass;
	const struct nat64_ends ends = ends_of(visit);
	struct control *control = kzalloc(sizeof(*control), GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	int ret = -ENOMEM;

	if (control) {
		spin_lock_init(&control->lock);
		ret = nat64_table_attach(visit->table, &ends, control, pass->entry->rules->ftp_connections);
	}
	if (!ret) {
		nat64_count(pass->entry->instance, ftp_followed);
		return control;
	}
	kfree(control);
	if (ret == -EEXIST) /* another CPU was faster with the same */
		return nat64_table_attached(visit->table, &ends);
	nat64_count(pass->entry->instance, ftp_unfollowed);
	return NULL;
}

static struct control *control_of(const struct visit *visit)
{
	const struct nat64_pass *pass = visit->pass;
	const struct nat64_ends ends = ends_of(visit);
	struct control *control = nat64_table_attached(visit->table, &ends);
	const struct tcphdr *tcp = (const void *)(visit->skb->data + pass->flow.outer.l4);

	if (control || visit->family == 4 || !pass->entry->rules->ftp_alg ||
	    (pass->flow.outer.flags & NAT64_F_FRAGMENTED) || !tcp->syn || tcp->ack)
		return control;
	return follow(visit);
}

/* struct nat64_ftp_call's. */
static int expect(void *owner, __be16 port, __be32 *address, __be16 *pool_port)
{
	const struct visit *visit = owner;
	const struct nat64_pass *pass = visit->pass;
	const struct nat64_ends ends = { .host = pass->flow.outer.source.v6,
					 .port = port,
					 .remote = pass->map.outer.destination.v4 };
	struct nat64_visit table_visit;
	int ret;

	nat64_stateful_visit(pass->entry, visit->skb, &pass->flow, &table_visit);
	ret = nat64_table_expect(visit->table, &table_visit, &ends, pass->map.outer.source.v4, NAT64_CONTROL_EXPECT,
				 pool_port);
	if (ret)
		nat64_count(pass->entry->instance, ftp_unexpected);
	else
		*address = pass->map.outer.source.v4;
	return ret;
}

/* ---- checksums and lengths ------------------------------------------------------------------------------------- */

/* Of size octets of TCP with sum; the pseudo header's part comes in. */
static __sum16 check_of(const struct visit *visit, unsigned int size, __wsum sum)
{
	const struct sk_buff *skb = visit->skb;

	if (visit->family == 6)
		return csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr, size, IPPROTO_TCP, sum);
	return csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, size, IPPROTO_TCP, sum);
}

/* What was damaged on its way must not be read. */
static bool is_right(const struct visit *visit, unsigned int l4, unsigned int size)
{
	const struct sk_buff *skb = visit->skb;

	return skb_csum_unnecessary(skb) || !check_of(visit, size, skb_checksum(skb, l4, size, 0));
}

/* Makes the packet ours, with growth octets more (or less) at its end. */
static bool resize(struct sk_buff *skb, int growth)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	if ((skb_cloned(skb) || skb_tailroom(skb) < growth) &&
	    pskb_expand_head(skb, 0, max(growth - skb_tailroom(skb), 0), GFP_ATOMIC))
		return false;
	if (growth > 0)
		skb_put(skb, growth);
	else
		__skb_trim(skb, skb->len + growth);
	return true;
}

static void close_packet(const struct visit *visit, unsigned int l4, unsigned int size, int growth)
{
	struct sk_buff *skb = visit->skb;
	struct tcphdr *tcp = (void *)(skb->data + l4);

	if (visit->family == 6) {
		ipv6_hdr(skb)->payload_len = htons(ntohs(ipv6_hdr(skb)->payload_len) + growth);
	} else {
		const __be16 old = ip_hdr(skb)->tot_len;

		ip_hdr(skb)->tot_len = htons(ntohs(old) + growth);
		csum_replace2(&ip_hdr(skb)->check, old, ip_hdr(skb)->tot_len);
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		tcp->check = ~check_of(visit, size, 0);
		return;
	}
	tcp->check = 0;
	tcp->check = check_of(visit, size, csum_partial(tcp, size, 0));
	skb->ip_summed = CHECKSUM_NONE;
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static enum nat64_verdict write_back(const struct visit *visit, const struct nat64_ftp_segment *segment)
{
	const unsigned int l4 = visit->pass->flow.outer.l4;
	const int growth = (int)segment->written - (int)segment->size;
	struct sk_buff *skb = visit->skb;

	if (!resize(skb, growth))
		return NAT64_NO_MEMORY;
	memcpy(skb->data + l4, segment->tcp, segment->header);
	memcpy(skb->data + l4 + segment->header, segment->out, segment->written);
	close_packet(visit, l4, segment->header + segment->written, growth);
	return nat64_skb_parse(skb, visit->family, &visit->pass->packet, &visit->pass->flow);
}

static enum nat64_verdict take_through(const struct visit *visit, struct control *control,
				       struct nat64_ftp_segment *segment)
{
	struct nat64_pass *pass = visit->pass;
	const struct nat64_half *outer = &pass->flow.outer;
	struct nat64_ftp_call call = { .expect = expect, .owner = (void *)visit };
	enum nat64_ftp_verdict verdict;

	if (visit->family == 6) {
		call.client = outer->source.v6;
		call.server = pass->map.outer.destination.v4;
	} else {
		call.client = pass->map.outer.destination.v6;
		call.server = outer->source.v4;
	}
	spin_lock_bh(&control->lock);
	verdict = nat64_ftp_segment(&control->ftp, &call, visit->family == 6, segment);
	spin_unlock_bh(&control->lock);
	nat64_count_by(pass->entry->instance, ftp_rewritten, call.rewritten);
	nat64_count_by(pass->entry->instance, ftp_refused, call.refused);
	if (verdict == NAT64_FTP_PASS)
		return NAT64_OK;
	return verdict == NAT64_FTP_WRITE ? write_back(visit, segment) : NAT64_FTP_REORDERED;
}

static enum nat64_verdict segment(const struct visit *visit, struct control *control)
{
	const struct nat64_half *outer = &visit->pass->flow.outer;
	const unsigned int l4 = outer->l4, size = outer->payload;
	struct sk_buff *skb = visit->skb;
	struct nat64_ftp_segment segment;
	enum nat64_verdict verdict;
	u8 tcp[60];

	if (outer->flags & NAT64_F_FRAGMENTED)
		return NAT64_FTP_FRAGMENT;
	if (skb_linearize(skb))
		return NAT64_NO_MEMORY;
	segment.header = 4 * ((const struct tcphdr *)(skb->data + l4))->doff;
	if (segment.header < sizeof(struct tcphdr) || size < segment.header || skb->len != l4 + size)
		return NAT64_BAD_L4;
	if (!is_right(visit, l4, size))
		return NAT64_FTP_CHECKSUM;
	memcpy(tcp, skb->data + l4, segment.header);
	segment.tcp = tcp;
	segment.payload = skb->data + l4 + segment.header;
	segment.size = size - segment.header;
	segment.written = 0;
	segment.out = kmalloc(max_t(unsigned int, segment.size, NAT64_FTP_ROOM), GFP_ATOMIC | __GFP_NOWARN);
	if (!segment.out)
		return NAT64_NO_MEMORY;
	verdict = take_through(visit, control, &segment);
	kfree(segment.out);
	return verdict;
}

enum nat64_verdict nat64_control_pass(struct nat64_pass *pass, struct sk_buff *skb, u8 family)
{
	const struct visit visit = {
		.pass = pass, .skb = skb, .table = pass->entry->instance->stateful->table, .family = family
	};
	struct control *control = control_of(&visit);

	return control ? segment(&visit, control) : NAT64_OK;
}
