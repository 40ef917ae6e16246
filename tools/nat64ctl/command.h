/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of subcommands. */
#ifndef NAT64CTL_COMMAND_H
#define NAT64CTL_COMMAND_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "kmod/include/uapi/linux/osnc_nat64.h"
#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/netlink.h"
#include "tools/lib/keel/subcommand.h"

#define EXIT_REFUSED 1
#define EXIT_USAGE 2
#define EXIT_NO_MODULE 3
#define EXIT_FOUND 4 /* check found something that keeps packets from their way */

/* Every option of every subcommand; a subcommand's rows say which it takes. */
struct given {
	bool json;
	bool prometheus;
	uint64_t buffer; /* KiB; 0: the default */
	uint64_t mark;
};

struct command {
	struct keel_subcommand sub;
	bool offline; /* asks the kernel's family nothing */
	/* Does it, and prints what there is to see. 0 or -errno with error; > 0: an exit status. */
	int (*run)(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error);
};

extern const struct keel_subcommands commands; /* of struct command */

/* change.c */
int run_instance_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error);
int run_instance_set(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error);
int run_instance_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
			struct keel_buffer *error);
int run_pool6_set(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		  struct keel_buffer *error);
int run_pool6_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error);
int run_eamt_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		 struct keel_buffer *error);
int run_eamt_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		    struct keel_buffer *error);
int run_eamt_flush(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error);

/* binding.c */
int run_pool4_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		  struct keel_buffer *error);
int run_pool4_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error);
int run_session_flush(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		      struct keel_buffer *error);

/* fixed.c */
int run_bib_add(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		struct keel_buffer *error);
int run_bib_remove(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error);

/* show.c */
int run_pool4_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		   struct keel_buffer *error);
int run_bib_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		 struct keel_buffer *error);
int run_session_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		     struct keel_buffer *error);
int run_instance_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		      struct keel_buffer *error);
int run_eamt_list(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		  struct keel_buffer *error);
int run_stats(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
	      struct keel_buffer *error);
int run_settings(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		 struct keel_buffer *error);

/* follow.c */
int run_monitor(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		struct keel_buffer *error);
int run_session_follow(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		       struct keel_buffer *error);

/* load.c, save.c, explain.c, check.c */
int run_save(struct keel_netlink *kernel, const struct given *given, char **operands, int n, struct keel_buffer *error);
int run_load(struct keel_netlink *kernel, const struct given *given, char **operands, int n, struct keel_buffer *error);
int run_explain(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
		struct keel_buffer *error);
int run_check(struct keel_netlink *kernel, const struct given *given, char **operands, int n,
	      struct keel_buffer *error);

/* own.c: for check. What an instance's pool6 asks of the host, if its own traffic is to be translated; prints what is missing. */
struct own {
	char name[OSNC_NAT64_NAME_MAX];
	struct in6_addr pool6;
	unsigned length; /* not 0 */
	bool stateless;
};

void check_own(struct keel_netlink *kernel, const struct own *own);

/* arp.c: for check. Says which addresses of a stateful instance's pool4 neighbours ask for in vain; how much it said. */
unsigned check_arp(struct keel_netlink *kernel, const char *instance);

/* check.c: a number in a file below /proc, or -1. */
long number_in(const char *path);

/* For the above: a message about an instance, asked without an answer but success; and the names of all instances (free each, and the array). */
struct nl_msg *instance_message(const struct keel_netlink *kernel, uint8_t command, int flags, const char *name);
int tell(struct keel_netlink *kernel, struct nl_msg *message, struct keel_buffer *error);

#endif
