/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: the verbs of porcupined/admin on threads of their own, and those of the node itself. */
#ifndef PORCUPINED_NODE_CONTROL_H
#define PORCUPINED_NODE_CONTROL_H

#include "porcupined/node/node.h"

/* Main thread, all of them. 0, or -errno with error. */
int control_start(struct node *node, struct keel_buffer *error);
/* Long work under way is asked to stop. */
void control_cancel(struct node *node);
/* Waits for it. */
void control_join(struct node *node);
/* Ends the calls and closes the socket; after the workers. */
void control_stop(struct node *node);

#endif
