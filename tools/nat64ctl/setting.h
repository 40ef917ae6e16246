/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as NAME=VALUE: the numbers of the kernel's own table, and the few that are more than a number. */
#ifndef NAT64CTL_SETTING_H
#define NAT64CTL_SETTING_H

#include <jansson.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "tools/lib/keel/buffer.h"

/* Puts n words NAME=VALUE into message. 0, or -EINVAL or -ENOMEM with error. */
int settings_put(struct nl_msg *message, char **words, int n, struct keel_buffer *error);
/* Those of an answer, each under its name. NULL: no memory. */
json_t *settings_json(struct nlattr **attrs);
/* " NAME=VALUE" for each that is not as the kernel has it by default. */
void settings_show(struct nlattr **attrs, FILE *out);
/* A table of all settings with their meaning. */
void settings_list(FILE *out);

#endif
