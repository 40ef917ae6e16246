/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POP3 on a connection: the engine's events become logins, listings, reads and deletes. */
#ifndef PORCUPINED_NODE_POP3_SERVER_H
#define PORCUPINED_NODE_POP3_SERVER_H

#include "porcupined/node/connection.h"

extern const struct connection_kind pop3_server_kind;

#endif
