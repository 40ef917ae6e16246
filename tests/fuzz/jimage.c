// SPDX-License-Identifier: GPL-2.0-or-later
/* Any octets as a jimage: the first says which byte order its magic has. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/opened.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image;

	if (size < 4)
		return 0;
	image = malloc(size);
	memcpy(image, data, size);
	memcpy(image, data[0] & 1 ? "\xca\xfe\xda\xda" : "\xda\xda\xfe\xca", 4);
	opened_check(image, size);
	free(image);
	return 0;
}
