/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Canonical mail addresses: the key of accounts and the input of the bucket hash. */
#ifndef PORCUPINED_AUTH_ADDRESS_H
#define PORCUPINED_AUTH_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_MAX 320

/*
 * local and domain as in an envelope (local-part unquoted, domain without trailing dot) become "local@domain" in out:
 * domain to lower-case A-labels (IDNA2008, RFC 5891; libidn2), local-part to NFC (RFC 6532 3.1), case folded (Unicode toCasefold; addresses that differ in
 * case only are one), and with detail cut at the first '+' unless keep_detail (RFC 5233). 0; -EINVAL (not UTF-8, empty, label errors,
 * control octets); -ENAMETOOLONG.
 */
int address_canonical(const char *local, const char *domain, bool keep_detail, char out[ADDRESS_MAX]);
/* The same from "local@domain" as an operator types it. */
int address_parse(const char *text, bool keep_detail, char out[ADDRESS_MAX]);
/* A domain alone. */
int address_domain(const char *domain, char out[256]);
/* First 12 bits (big-endian) of SHA-256 of the canonical address: 0..4095. */
uint16_t address_bucket(const char *canonical);

#endif
