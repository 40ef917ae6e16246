/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC32C (Castagnoli; RFC 3720 B.4), with the processor's instruction where it has one. */
#ifndef PORCUPINED_STORE_CRC32C_H
#define PORCUPINED_STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues from crc (0 to begin). */
uint32_t crc32c(uint32_t crc, const void *data, size_t n);
/* The same by table: the slow twin that tests hold the fast one against. */
uint32_t crc32c_table(uint32_t crc, const void *data, size_t n);

#endif
