/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/crc32c.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* reflected */

uint32_t crc32c_table(uint32_t crc, const void *data, size_t n)
{
	static uint32_t table[256];
	static int ready;
	const uint8_t *at = data;

	if (!__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) {
		/* Two threads may both fill it: they write the same words. */
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t v = i;

			for (int k = 0; k < 8; k++)
				v = v & 1 ? v >> 1 ^ POLYNOMIAL : v >> 1;
			__atomic_store_n(&table[i], v, __ATOMIC_RELAXED);
		}
		__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	}
	crc = ~crc;
	while (n--)
		crc = crc >> 8 ^ __atomic_load_n(&table[(crc ^ *at++) & 0xff], __ATOMIC_RELAXED);
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *data, size_t n)
{
	const uint8_t *at = data;
	uint64_t c = ~crc;

	for (; n >= 8; n -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	for (; n; n--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *at++);
	return ~(uint32_t)c;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, data, n);
#endif
	return crc32c_table(crc, data, n);
}
