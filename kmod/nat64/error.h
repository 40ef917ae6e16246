/* SPDX-License-Identifier: GPL-2.0-only */
/* ICMP errors to the sender of a packet that is refused, in its own family, about the packet as it came. */
#ifndef OSNC_NAT64_ERROR_H
#define OSNC_NAT64_ERROR_H

#include <linux/skbuff.h>

#include "kmod/nat64/instance.h"

/* What an error needs to know beside the verdict. */
struct nat64_fault {
	u32 mtu;   /* of PACKET_TOO_BIG, in the sender's family */
	int error; /* of NO_ROUTE: the lookup's -errno */
};

/* Sends one if the verdict asks for it; skb stays the caller's. The kernel limits their rate. */
void nat64_error_send(struct sk_buff *skb, u8 family, const struct nat64_instance *instance, enum nat64_verdict verdict,
		      const struct nat64_fault *fault);

#endif
