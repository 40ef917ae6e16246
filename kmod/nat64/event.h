/* SPDX-License-Identifier: GPL-2.0-only */
/* What listeners to the multicast group "events" are told. Events are numbered: a gap shows that some were lost. */
#ifndef OSNC_NAT64_EVENT_H
#define OSNC_NAT64_EVENT_H

#include "kmod/nat64/namespace.h"

/* A commit, and the instances that came and went with it. Called with the namespace's lock held. */
void nat64_event_commit(struct nat64_net *nn, const struct nat64_snapshot *old, const struct nat64_snapshot *new);

#endif
