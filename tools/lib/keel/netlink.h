/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One generic netlink family of the kernel, asked and answered in turn (libnl-genl-3.0). What the kernel says of a refusal (extended acknowledgement)
 * comes back as text.
 */
#ifndef KEEL_NETLINK_H
#define KEEL_NETLINK_H

#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/lib/keel/buffer.h"

struct keel_netlink {
	struct nl_sock *socket;
	const char *name; /* of the family, borrowed */
	int family;
	uint8_t version;
};

/* Called for every answer with its attributes, indexed by type up to max. 0, or -errno, which ends the asking. */
typedef int (*keel_netlink_fn)(uint8_t command, struct nlattr **attrs, void *arg);

/* 0 or -errno with error: -ENOENT if the kernel has no such family. */
int keel_netlink_open(struct keel_netlink *netlink, const char *family, uint8_t version, struct keel_buffer *error);
void keel_netlink_close(struct keel_netlink *netlink);

/* A message to fill with libnl's nla_put functions; NULL: no memory. flags: NLM_F_DUMP or 0. Owned by the caller until it is asked. */
struct nl_msg *keel_netlink_message(const struct keel_netlink *netlink, uint8_t command, int flags);

/*
 * Sends message, which is gone afterwards, and reads all answers until the kernel's acknowledgement. attribute_max: the family's largest type. 0 or
 * -errno with error. -EAGAIN: a dump was interrupted by a change, what was answered is not of one piece.
 */
int keel_netlink_ask(struct keel_netlink *netlink, struct nl_msg *message, int attribute_max, keel_netlink_fn answer,
		     void *arg, struct keel_buffer *error);

/* How a multicast group is listened to. All functions get arg; what one returns other than 0 ends it. */
struct keel_netlink_listening {
	const char *group;
	int attribute_max;
	uint32_t room;          /* octets of messages that may wait in the kernel; 0: as the kernel has it */
	int stop;               /* a descriptor: when it can be read, listening ends with 0; -1: none */
	int quiet;              /* milliseconds without a message after which idle is called; -1: never */
	keel_netlink_fn answer; /* for each message */
	int (*lost)(void *arg); /* the kernel had no room: messages are missing from here on */
	int (*idle)(void *arg);
	void *arg;
};

/* Joins a multicast group of the family and listens until it is stopped. 0 or -errno, with error unless a function of listening's gave it. */
int keel_netlink_listen(struct keel_netlink *netlink, const struct keel_netlink_listening *listening,
			struct keel_buffer *error);

#endif
