/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMTP and LMTP on a connection: the engine's events become look-ups and store transactions. */
#ifndef PORCUPINED_NODE_SMTP_SERVER_H
#define PORCUPINED_NODE_SMTP_SERVER_H

#include "porcupined/node/connection.h"

extern const struct connection_kind smtp_server_kind, lmtp_server_kind;

#endif
