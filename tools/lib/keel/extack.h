/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KEEL_EXTACK_H
#define KEEL_EXTACK_H

#include <linux/netlink.h>
#include <stdbool.h>

#include "tools/lib/keel/buffer.h"

/*
 * What the kernel says about an error (NLMSGERR_ATTR_MSG), behind an NLMSG_ERROR or the NLMSG_DONE of a dump, of which nlmsg_len octets are there.
 * Appends it to said; false if it says nothing, or nothing that can be read.
 */
bool keel_extack(const struct nlmsghdr *message, struct keel_buffer *said);

#endif
