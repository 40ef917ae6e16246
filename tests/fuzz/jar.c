// SPDX-License-Identifier: GPL-2.0-or-later
/* Any octets as a jar or a jmod. */
#include "tests/fuzz/opened.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	opened_check(data, size);
	return 0;
}
