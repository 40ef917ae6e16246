// SPDX-License-Identifier: GPL-2.0-or-later
#include "porcupined/smtp/text.h"

#ifdef __SSE2__
#include <emmintrin.h>

#define BLOCK 32 /* octets looked at together: one bit of a mask each */

static inline uint32_t where(__m128i low, __m128i high, char octet)
{
	const __m128i pattern = _mm_set1_epi8(octet);
	const uint32_t first = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(low, pattern));
	const uint32_t second = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(high, pattern));

	return first | second << 16;
}
#endif

size_t smtp_text_span(const uint8_t *p, size_t n, enum smtp_text before, bool dots)
{
	uint32_t carry_cr = before == SMTP_TEXT_CR, carry_start = before == SMTP_TEXT_START;
	size_t i = 0;

#ifdef __SSE2__
	for (; n - i >= BLOCK; i += BLOCK) {
		const __m128i low = _mm_loadu_si128((const __m128i *)(p + i));
		const __m128i high = _mm_loadu_si128((const __m128i *)(p + i + BLOCK / 2));
		const uint32_t cr = where(low, high, '\r'), lf = where(low, high, '\n');
		const uint32_t starts = lf << 1 | carry_start;
		/* each LF must be where a CR was one octet before, and nowhere else */
		uint32_t wrong = lf ^ (cr << 1 | carry_cr);

		if (dots && starts)
			wrong |= starts & where(low, high, '.');
		if (wrong)
			return i + (size_t)__builtin_ctz(wrong);
		carry_cr = cr >> 31;
		carry_start = lf >> 31;
	}
#endif
	for (; i < n; i++) {
		const bool lf = p[i] == '\n';

		if (lf != (bool)carry_cr || (dots && carry_start && p[i] == '.'))
			return i;
		carry_cr = p[i] == '\r';
		carry_start = lf;
	}
	return n;
}
