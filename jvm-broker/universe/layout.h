/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder: a universe as octets. A head, then the tables in this order, each aligned to eight; numbers have the machine's order. */
#ifndef JVM_BROKER_UNIVERSE_LAYOUT_H
#define JVM_BROKER_UNIVERSE_LAYOUT_H

#include "jvm-broker/universe/universe.h"

#define LAYOUT_MAGIC 0x56494e5543534f01 /* the last octet is the version */
#define PROBES_MAX 1024                 /* slots that are looked at for one string */
#define MODULES_MAX 4096

/* clang-format off */
/* table, type of an element, which count of struct layout_head says how many */
#define LAYOUT_TABLES(X) \
	X(ends,      uint32_t,                strings) \
	X(class_of,  uint32_t,                strings) \
	X(slots,     uint32_t,                slots) \
	X(numbers,   uint32_t,                numbers) \
	X(classes,   struct universe_class,   classes) \
	X(members,   struct universe_member,  members) \
	X(modules,   struct universe_module,  modules) \
	X(exports,   struct universe_export,  exports) \
	X(artefacts, uint8_t[UNIVERSE_HASH],  artefacts) \
	X(octets,    uint8_t,                 octets)
/* clang-format on */

struct layout_head {
	uint64_t magic;
	uint64_t seed; /* of the hashes */
	uint32_t strings, slots, numbers, classes, members, modules, exports, artefacts, octets;
	uint32_t unused;
};

/* Keyed, so that nobody can choose names of one hash without knowing all artefacts. */
uint32_t layout_hash(uint64_t seed, const uint8_t *octets, size_t len);

static inline size_t layout_aligned(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

#endif
