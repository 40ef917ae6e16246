// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/extack.h"

#include <netlink/attr.h>
#include <string.h>

/* Where the attributes begin, behind the header: past a copy of the request, if there is one. Maybe behind the end. */
static size_t begin(const struct nlmsghdr *message, size_t size)
{
	const struct nlmsgerr *error = (const void *)((const char *)message + NLMSG_HDRLEN);

	if (message->nlmsg_type == NLMSG_DONE)
		return sizeof(int);
	if (size < sizeof(*error) || message->nlmsg_flags & NLM_F_CAPPED)
		return sizeof(*error);
	return sizeof(struct nlmsgerr) - NLMSG_HDRLEN + NLMSG_ALIGN((size_t)error->msg.nlmsg_len);
}

bool keel_extack(const struct nlmsghdr *message, struct keel_buffer *said)
{
	const char *data = (const char *)message + NLMSG_HDRLEN;
	const struct nlattr *text;
	size_t size, from;

	if (message->nlmsg_len < NLMSG_HDRLEN || !(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return false;
	size = message->nlmsg_len - NLMSG_HDRLEN;
	from = begin(message, size);
	if (from >= size)
		return false;
	text = nla_find((const struct nlattr *)(const void *)(data + from), (int)(size - from), NLMSGERR_ATTR_MSG);
	if (!text)
		return false;
	keel_buffer_append(said, nla_data(text), strnlen(nla_data(text), (size_t)nla_len(text)));
	return true;
}
