/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the node notes in the flags of an entry, above those that IMAP knows. */
#ifndef PORCUPINED_NODE_FLAG_H
#define PORCUPINED_NODE_FLAG_H

/* An internationalised message (RFC 6532): it came with SMTPUTF8 and its header has octets above 127. */
#define NODE_FLAG_UTF8 (1u << 31)

#endif
