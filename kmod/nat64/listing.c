// SPDX-License-Identifier: GPL-2.0-only
#include "kmod/nat64/listing.h"

#include <net/sock.h>

#include "kmod/compat/genl.h"
#include "kmod/nat64/attribute.h"
#include "kmod/nat64/netlink.h"
#include "kmod/nat64/stateful.h"

#define EVENTS 0 /* the group's place in the family */

/* ---- objects into messages --------------------------------------------------------------------- */

static const char *state_name(u8 state)
{
	static const char *const names[] = {
#define X(name, string, text) [NAT64_STATE_##name] = string,
		NAT64_STATES(X)
#undef X
	};

	return names[state];
}

static int put_session(struct sk_buff *message, const struct nat64_event *event)
{
	return nla_put_be32(message, OSNC_NAT64_BINDING_REMOTE, event->remote) ||
	       nla_put_be16(message, OSNC_NAT64_BINDING_REMOTE_PORT, event->remote_port) ||
	       nla_put_string(message, OSNC_NAT64_BINDING_STATE, state_name(event->state)) ||
	       nla_put_u32(message, OSNC_NAT64_BINDING_LEFT, event->left) ||
	       nla_put_u32(message, OSNC_NAT64_BINDING_GENERATION, event->generation);
}

static int put_kind(struct sk_buff *message, const struct nat64_event *event)
{
	if (event->type == NAT64_EVENT_BLOCK)
		return nla_put_u8(message, OSNC_NAT64_BINDING_LENGTH, event->bits) ||
		       nla_put_u16(message, OSNC_NAT64_BINDING_PORTS, event->ports);
	if (nla_put_u8(message, OSNC_NAT64_BINDING_L4, event->l4) ||
	    nla_put_be16(message, OSNC_NAT64_BINDING_HOST_PORT, event->host_port))
		return -EMSGSIZE;
	if (event->type == NAT64_EVENT_SESSION)
		return put_session(message, event);
	return nla_put_u32(message, OSNC_NAT64_BINDING_SESSIONS, event->sessions) ||
	       (event->fixed && nla_put_flag(message, OSNC_NAT64_BINDING_FIXED));
}

int nat64_listing_put(struct sk_buff *message, const struct nat64_event *event)
{
	struct nlattr *nest = nla_nest_start(message, OSNC_NAT64_ATTR_BINDING);

	if (!nest || nla_put(message, OSNC_NAT64_BINDING_HOST, sizeof(event->host), &event->host) ||
	    nla_put_be32(message, OSNC_NAT64_BINDING_POOL, event->pool) ||
	    nla_put_be16(message, OSNC_NAT64_BINDING_POOL_PORT, event->pool_port) ||
	    nla_put_u64_64bit(message, OSNC_NAT64_BINDING_ID, event->id, OSNC_NAT64_BINDING_PAD) ||
	    put_kind(message, event))
		return -EMSGSIZE;
	nla_nest_end(message, nest);
	return 0;
}

void nat64_listing_event(const struct nat64_stateful *stateful, const struct nat64_event *event)
{
	static const u8 kinds[][2] = {
		[NAT64_EVENT_BLOCK] = { OSNC_NAT64_EVENT_BLOCK_BEGUN, OSNC_NAT64_EVENT_BLOCK_ENDED },
		[NAT64_EVENT_BIB] = { OSNC_NAT64_EVENT_BIB_BEGUN, OSNC_NAT64_EVENT_BIB_ENDED },
		[NAT64_EVENT_SESSION] = { OSNC_NAT64_EVENT_SESSION_BEGUN, OSNC_NAT64_EVENT_SESSION_ENDED },
	};
	struct nat64_net *nn = stateful->nn;
	struct sk_buff *message;
	void *header;
	u32 sequence;

	if (!genl_has_listeners(&nat64_family, nn->net, EVENTS))
		return;
	/* The number is used up even if there is no memory: the gap tells. */
	sequence = atomic_inc_return(&nn->sequence);
	message = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!message)
		return;
	header = genlmsg_put(message, 0, 0, &nat64_family, 0, OSNC_NAT64_CMD_EVENT);
	if (!header || nla_put_u8(message, OSNC_NAT64_ATTR_EVENT, kinds[event->type][event->gone]) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_SEQUENCE, sequence) ||
	    nla_put_string(message, OSNC_NAT64_ATTR_INSTANCE_NAME, stateful->instance->name) ||
	    nla_put_u32(message, OSNC_NAT64_ATTR_INSTANCE_ID, stateful->instance->id) ||
	    nat64_listing_put(message, event)) {
		nlmsg_free(message);
		return;
	}
	genlmsg_end(message, header);
	genlmsg_multicast_netns(&nat64_family, nn->net, message, 0, EVENTS, GFP_ATOMIC);
}

/* ---- by hand ----------------------------------------------------------------------------------- */

/* NULL with extack: no such instance, or it has no table. */
static struct nat64_stateful *table_of(struct nat64_net *nn, struct nlattr *const *attrs,
				       struct netlink_ext_ack *extack)
{
	const char *name = nat64_attribute_name(attrs, extack);
	const struct nat64_entry *entry = name ? nat64_netlink_entry(nn, name, extack) : NULL;

	if (entry && !entry->instance->stateful)
		NL_SET_ERR_MSG(extack, "the instance is stateless, or has no pool4 yet");
	return entry ? entry->instance->stateful : NULL;
}

static const struct nla_policy binding_policy[OSNC_NAT64_BINDING_MAX + 1] = {
	[OSNC_NAT64_BINDING_L4] = NLA_POLICY_MAX(NLA_U8, OSNC_NAT64_L4_ICMP),
	[OSNC_NAT64_BINDING_HOST] = NLA_POLICY_EXACT_LEN(sizeof(struct nat64_in6)),
	[OSNC_NAT64_BINDING_HOST_PORT] = { .type = NLA_U16 },
	[OSNC_NAT64_BINDING_POOL] = { .type = NLA_U32 },
	[OSNC_NAT64_BINDING_POOL_PORT] = { .type = NLA_U16 },
};

static int read_fixed(struct genl_info *info, struct nat64_fixed *fixed)
{
	struct nlattr *attrs[OSNC_NAT64_BINDING_MAX + 1], *nest = info->attrs[OSNC_NAT64_ATTR_BINDING];
	int ret = nest ? nla_parse_nested(attrs, OSNC_NAT64_BINDING_MAX, nest, binding_policy, info->extack) : -EINVAL,
	    i;

	if (ret)
		return ret;
	for (i = OSNC_NAT64_BINDING_L4; i <= OSNC_NAT64_BINDING_POOL_PORT; i++)
		if (!attrs[i]) {
			NL_SET_ERR_MSG(info->extack, "the BIB entry lacks a protocol, an address or a port");
			return -EINVAL;
		}
	fixed->l4 = nla_get_u8(attrs[OSNC_NAT64_BINDING_L4]);
	nla_memcpy(&fixed->host, attrs[OSNC_NAT64_BINDING_HOST], sizeof(fixed->host));
	fixed->host_port = nla_get_be16(attrs[OSNC_NAT64_BINDING_HOST_PORT]);
	fixed->pool = nla_get_be32(attrs[OSNC_NAT64_BINDING_POOL]);
	fixed->pool_port = nla_get_be16(attrs[OSNC_NAT64_BINDING_POOL_PORT]);
	return 0;
}

static int change_fixed(struct nat64_net *nn, struct genl_info *info, bool add)
{
	struct nat64_stateful *stateful = table_of(nn, info->attrs, info->extack);
	struct nat64_fixed fixed;
	int ret = stateful ? read_fixed(info, &fixed) : -ENOENT;

	if (ret)
		return ret;
	mutex_lock(&stateful->lock);
	ret = (add ? nat64_table_fix : nat64_table_unfix)(stateful->table, &stateful->rules->policy, &fixed,
							  nat64_stateful_now());
	mutex_unlock(&stateful->lock);
	if (ret == -EEXIST)
		NL_SET_ERR_MSG(info->extack, "the host's or the pool's address and port are mapped already");
	else if (ret == -ENOENT && add)
		NL_SET_ERR_MSG(info->extack, "address and port are not in the pool4");
	else if (ret == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "there is no such BIB entry that was added by hand");
	else if (ret == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "max-sessions is reached");
	return ret;
}

int nat64_listing_bib_add(struct nat64_net *nn, struct genl_info *info)
{
	return change_fixed(nn, info, true);
}

int nat64_listing_bib_remove(struct nat64_net *nn, struct genl_info *info)
{
	return change_fixed(nn, info, false);
}

int nat64_listing_flush(struct nat64_net *nn, struct genl_info *info)
{
	struct nat64_stateful *stateful = table_of(nn, info->attrs, info->extack);

	if (!stateful)
		return -ENOENT;
	mutex_lock(&stateful->lock);
	nat64_table_flush(stateful->table, &stateful->rules->policy, nat64_stateful_now());
	mutex_unlock(&stateful->lock);
	return 0;
}

/* ---- dumps ------------------------------------------------------------------------------------- */

/* What a dump keeps in cb->ctx: which instance it began with, and where it is. */
struct place {
	u32 id;
	u32 line; /* of a pool4 */
	struct nat64_cursor cursor;
};

static struct place *place_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct place) > sizeof(cb->ctx));
	return (struct place *)cb->ctx;
}

struct dump {
	struct sk_buff *message;
	struct netlink_callback *cb;
	u8 command;
};

static void *begin(const struct dump *dump)
{
	return genlmsg_put(dump->message, NETLINK_CB(dump->cb->skb).portid, dump->cb->nlh->nlmsg_seq, &nat64_family,
			   NLM_F_MULTI, dump->command);
}

static int show_binding(void *context, const struct nat64_event *event)
{
	const struct dump *dump = context;
	void *header = begin(dump);

	if (!header)
		return 1;
	if (nat64_listing_put(dump->message, event)) {
		genlmsg_cancel(dump->message, header);
		return 1;
	}
	genlmsg_end(dump->message, header);
	return 0;
}

static int dump_table(struct sk_buff *message, struct netlink_callback *cb, u8 command, enum nat64_event_type type)
{
	struct nat64_net *nn = nat64_net(sock_net(message->sk));
	struct dump dump = { .message = message, .cb = cb, .command = command };
	struct place *place = place_of(cb);
	struct nat64_stateful *stateful;
	int ret = 0;

	mutex_lock(&nn->lock);
	stateful = table_of(nn, compat_genl_dump_attrs(cb), cb->extack);
	if (!stateful)
		ret = place->id ? 0 : -ENOENT; /* it went in between: the list ends here */
	else if (!place->id || place->id == stateful->instance->id)
		nat64_table_walk(stateful->table, type, nat64_stateful_now(), &place->cursor, show_binding, &dump);
	if (stateful)
		place->id = stateful->instance->id;
	mutex_unlock(&nn->lock);
	return ret ? ret : message->len;
}

int nat64_listing_bibs(struct sk_buff *message, struct netlink_callback *cb)
{
	return dump_table(message, cb, OSNC_NAT64_CMD_BIB_GET, NAT64_EVENT_BIB);
}

int nat64_listing_sessions(struct sk_buff *message, struct netlink_callback *cb)
{
	return dump_table(message, cb, OSNC_NAT64_CMD_SESSION_GET, NAT64_EVENT_SESSION);
}

int nat64_listing_pool4(struct sk_buff *message, struct netlink_callback *cb)
{
	struct nat64_net *nn = nat64_net(sock_net(message->sk));
	const char *name = nat64_attribute_name(compat_genl_dump_attrs(cb), cb->extack);
	const struct dump dump = { .message = message, .cb = cb, .command = OSNC_NAT64_CMD_POOL4_GET };
	struct place *place = place_of(cb);
	const struct nat64_entry *entry;

	if (!name)
		return -EINVAL;
	mutex_lock(&nn->lock);
	entry = nat64_netlink_entry(nn, name, cb->extack);
	cb->seq = nn->generation + 1;
	for (; entry && place->line < entry->rules->pool4->count; place->line++) {
		void *header = begin(&dump);

		if (!header)
			break;
		genl_dump_check_consistent(cb, header);
		if (nat64_pool4_put_line(message, &entry->rules->pool4->line[place->line])) {
			genlmsg_cancel(message, header);
			break;
		}
		genlmsg_end(message, header);
	}
	mutex_unlock(&nn->lock);
	return entry || place->line ? message->len : -ENOENT;
}
