// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/lib/keel/netlink.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/extack.h"

#define ATTRIBUTES_MAX 127 /* no family has a type beyond */

static int no_memory(struct keel_buffer *error)
{
	keel_buffer_puts(error, "out of memory");
	return -ENOMEM;
}

static int refuse(struct keel_buffer *error, const char *what, int nl_error)
{
	keel_buffer_printf(error, "%s: %s", what, nl_geterror(nl_error));
	return nl_error == -NLE_OBJ_NOTFOUND ? -ENOENT : nl_error == -NLE_PERM ? -EPERM : -EIO;
}

int keel_netlink_open(struct keel_netlink *netlink, const char *family, uint8_t version, struct keel_buffer *error)
{
	struct nl_sock *socket = nl_socket_alloc();
	const int on = 1;
	int ret;

	if (!socket)
		return no_memory(error);
	ret = genl_connect(socket);
	if (ret) {
		nl_socket_free(socket);
		return refuse(error, "netlink", ret);
	}
	ret = genl_ctrl_resolve(socket, family);
	if (ret < 0) {
		nl_socket_free(socket);
		return refuse(error, family, ret);
	}
	setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	*netlink = (struct keel_netlink){ .socket = socket, .name = family, .family = ret, .version = version };
	return 0;
}

void keel_netlink_close(struct keel_netlink *netlink)
{
	nl_socket_free(netlink->socket);
	netlink->socket = NULL;
}

struct nl_msg *keel_netlink_message(const struct keel_netlink *netlink, uint8_t command, int flags)
{
	struct nl_msg *message = nlmsg_alloc();

	if (message && !genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, netlink->family, 0, flags | NLM_F_ACK, command,
				    netlink->version)) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* ---- answers -------------------------------------------------------------------------------------- */

struct asking {
	int attribute_max;
	keel_netlink_fn answer;
	void *arg;
	struct keel_buffer *error;
	int result; /* -errno */
	bool done;
	bool unasked; /* answers have no question's number */
};

static int end(struct asking *asking, int code, const struct nlmsghdr *message)
{
	asking->done = true;
	asking->result = code;
	if (!code)
		return NL_STOP;
	keel_buffer_clear(asking->error);
	if (!keel_extack(message, asking->error))
		keel_buffer_puts(asking->error, strerror(-code));
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	return end(arg, error->error, (const void *)((const char *)error - NLMSG_HDRLEN));
}

static int on_ack(struct nl_msg *message, void *arg)
{
	return end(arg, 0, NULL);
}

/* The end of a dump carries its -errno. */
static int on_finish(struct nl_msg *message, void *arg)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);
	int code = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(code))
		memcpy(&code, nlmsg_data(header), sizeof(code));
	return end(arg, code < 0 ? code : 0, header);
}

static int on_answer(struct nl_msg *message, void *arg)
{
	struct asking *asking = arg;
	struct nlattr *attrs[ATTRIBUTES_MAX + 1] = { NULL };
	struct nlmsghdr *header = nlmsg_hdr(message);
	const struct genlmsghdr *genl = nlmsg_data(header);

	if (genlmsg_parse(header, 0, attrs, asking->attribute_max, NULL))
		return NL_SKIP;
	asking->result = asking->answer ? asking->answer(genl->cmd, attrs, asking->arg) : 0;
	if (!asking->result)
		return NL_OK;
	asking->done = true;
	return NL_STOP;
}

static int any_number(struct nl_msg *message, void *arg)
{
	return NL_OK;
}

static struct nl_cb *callbacks(struct asking *asking)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, asking);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, asking);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, asking);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, asking);
	if (asking->unasked)
		nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_number, NULL);
	return cb;
}

static int receive(struct keel_netlink *netlink, struct asking *asking)
{
	struct nl_cb *cb = callbacks(asking);
	int ret = 0;

	if (!cb)
		return no_memory(asking->error);
	while (!asking->done && ret >= 0)
		ret = nl_recvmsgs(netlink->socket, cb);
	nl_cb_put(cb);
	if (ret == -NLE_DUMP_INTR) {
		keel_buffer_puts(asking->error, "what was asked for changed while it was read");
		return -EAGAIN;
	}
	return asking->done || ret >= 0 ? asking->result : refuse(asking->error, "netlink", ret);
}

int keel_netlink_ask(struct keel_netlink *netlink, struct nl_msg *message, int attribute_max, keel_netlink_fn answer,
		     void *arg, struct keel_buffer *error)
{
	struct asking asking = { .attribute_max = attribute_max, .answer = answer, .arg = arg, .error = error };
	int ret;

	if (!message)
		return no_memory(error);
	if (attribute_max > ATTRIBUTES_MAX) {
		nlmsg_free(message);
		return -EINVAL;
	}
	ret = nl_send_auto(netlink->socket, message);
	nlmsg_free(message);
	if (ret < 0)
		return refuse(error, "netlink", ret);
	return receive(netlink, &asking);
}

/* Beyond net.core.rmem_max only with CAP_NET_ADMIN; what cannot be had is no error: losses are told anyway. */
static void make_room(int fd, uint32_t room)
{
	const int octets = room > INT_MAX / 2 ? INT_MAX / 2 : (int)room;

	if (octets && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
}

/* What waits, without waiting for more. 0, or what ends it. */
static int drain(struct keel_netlink *netlink, const struct keel_netlink_listening *listening, struct nl_cb *cb,
		 const struct asking *asking)
{
	int ret;

	do
		ret = nl_recvmsgs(netlink->socket, cb);
	while (ret >= 0 && !asking->done);
	if (asking->done)
		return asking->result;
	if (ret == -NLE_NOMEM) /* libnl's name for ENOBUFS */
		return listening->lost ? listening->lost(listening->arg) : 0;
	return ret == -NLE_AGAIN ? 0 : refuse(asking->error, "netlink", ret);
}

static int listen_on(struct keel_netlink *netlink, const struct keel_netlink_listening *listening,
		     struct asking *asking)
{
	struct pollfd watched[] = { { .fd = nl_socket_get_fd(netlink->socket), .events = POLLIN },
				    { .fd = listening->stop, .events = POLLIN } };
	struct nl_cb *cb = callbacks(asking);
	int ret = 0;

	if (!cb)
		return no_memory(asking->error);
	while (!ret) {
		const int ready = poll(watched, 2, listening->quiet);

		if (ready < 0 && errno != EINTR)
			ret = -errno;
		else if (!ready && listening->idle)
			ret = listening->idle(listening->arg);
		else if (ready > 0 && watched[0].revents)
			ret = drain(netlink, listening, cb, asking);
		if (ready > 0 && watched[1].revents)
			break;
	}
	nl_cb_put(cb);
	return ret;
}

int keel_netlink_listen(struct keel_netlink *netlink, const struct keel_netlink_listening *listening,
			struct keel_buffer *error)
{
	struct asking asking = { .attribute_max = listening->attribute_max,
				 .answer = listening->answer,
				 .arg = listening->arg,
				 .error = error,
				 .unasked = true };
	int ret = genl_ctrl_resolve_grp(netlink->socket, netlink->name, listening->group);

	if (listening->attribute_max > ATTRIBUTES_MAX)
		return -EINVAL;
	if (ret < 0)
		return refuse(error, listening->group, ret);
	make_room(nl_socket_get_fd(netlink->socket), listening->room);
	ret = nl_socket_add_membership(netlink->socket, ret);
	if (ret >= 0)
		ret = nl_socket_set_nonblocking(netlink->socket);
	return ret < 0 ? refuse(error, listening->group, ret) : listen_on(netlink, listening, &asking);
}
