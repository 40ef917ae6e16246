/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: every packet that an instance looked at and refused, with the reason. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM osnc_nat64

#if !defined(OSNC_NAT64_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define OSNC_NAT64_TRACE_H

#include <linux/skbuff.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "kmod/nat64/instance.h"
#include "kmod/nat64/stats.h"

TRACE_EVENT(nat64_drop,

	    TP_PROTO(const struct net *net, const struct nat64_instance *instance, const struct sk_buff *skb, u8 family,
		     enum nat64_verdict verdict),

	    TP_ARGS(net, instance, skb, family, verdict),

	    TP_STRUCT__entry(__field(const void *, skbaddr) __field(u32, netns) __field(u32, id)
				     __array(char, name, OSNC_NAT64_NAME_MAX) __field(u32, len) __field(u32, verdict)
					     __field(u8, family) __array(u8, header, 40)),

	    TP_fast_assign(__entry->skbaddr = skb; __entry->netns = net->ns.inum; __entry->id = instance->id;
			   memcpy(__entry->name, instance->name, OSNC_NAT64_NAME_MAX); __entry->len = skb->len;
			   __entry->verdict = verdict; __entry->family = family; memset(__entry->header, 0, 40);
			   skb_copy_bits(skb, 0, __entry->header, min_t(u32, skb->len, family == 6 ? 40 : 20));),

	    TP_printk("netns=%u instance=%u name=%s family=%u len=%u reason=%s header=%s skbaddr=%p", __entry->netns,
		      __entry->id, __entry->name, __entry->family, __entry->len, nat64_verdict_name(__entry->verdict),
		      __print_hex_str(__entry->header, __entry->family == 6 ? 40 : 20), __entry->skbaddr));

#endif

#undef TRACE_INCLUDE_PATH
/* clang-format off */
#define TRACE_INCLUDE_PATH kmod/nat64
/* clang-format on */
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
