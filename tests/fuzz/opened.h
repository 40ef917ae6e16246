/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every archive that was opened, of any kind. */
#ifndef TESTS_FUZZ_OPENED_H
#define TESTS_FUZZ_OPENED_H

#include "jvm-broker/archive/archive.h"

/* Opens the octets with small limits, reads all, and aborts if anything is as it must not be. */
void opened_check(const uint8_t *data, size_t size);

#endif
