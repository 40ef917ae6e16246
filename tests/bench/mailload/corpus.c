// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/mailload/load.h"

/* Most are log-normal; one text in TAIL_EACH is of a Pareto tail, which brings the mean to about 4.7 KB. */
#define SIZE_MEDIAN 2500.0
#define SIZE_SIGMA 0.85
#define TAIL_EACH 100
#define TAIL_FROM 30000.0
#define TAIL_ALPHA 1.1
#define OCTETS_MIN 300
#define OCTETS_MAX (1u << 20)

uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull); /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static double uniform(uint64_t *state)
{
	return ((double)(random_next(state) >> 11) + 0.5) / 9007199254740992.0;
}

/* The tail is taken at equal steps of its probability, not drawn: its few texts would make the mean a matter of luck. */
static size_t size_of(size_t i, size_t n, uint64_t *state)
{
	double size;

	if (i % TAIL_EACH == TAIL_EACH / 2) {
		double steps = (double)((n + TAIL_EACH - 1 - TAIL_EACH / 2) / TAIL_EACH);

		size = TAIL_FROM * pow(((double)(i / TAIL_EACH) + .5) / steps, -1 / TAIL_ALPHA);
	} else {
		double g = sqrt(-2 * log(uniform(state))) * cos(2 * M_PI * uniform(state));

		size = SIZE_MEDIAN * exp(SIZE_SIGMA * g);
	}
	return size < OCTETS_MIN ? OCTETS_MIN : size > OCTETS_MAX ? OCTETS_MAX : (size_t)size;
}

/* Lines of 1 to 76 letters that do not compress to nothing; one in forty begins with a dot. */
static int text_make(struct text *t, size_t size, uint64_t *state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct keel_buffer wire, plain;

	keel_buffer_init(&wire, 0);
	keel_buffer_init(&plain, 0);
	while (plain.len < size) {
		size_t left = size - plain.len, n = left < 80 ? (left > 2 ? left - 2 : 1) : 76;
		uint8_t line[80];
		uint64_t bits = 0;

		for (size_t i = 0; i < n; i++) {
			if (i % 10 == 0)
				bits = random_next(state);
			line[i] = (uint8_t)letters[bits & 63];
			bits >>= 6;
		}
		if (random_next(state) % 40 == 0)
			line[0] = '.';
		if (line[0] == '.')
			keel_buffer_putc(&wire, '.');
		line[n] = '\r';
		line[n + 1] = '\n';
		keel_buffer_append(&wire, line, n + 2);
		keel_buffer_append(&plain, line, n + 2);
	}
	keel_buffer_puts(&wire, ".\r\n");
	if (wire.failed || plain.failed)
		return -ENOMEM;
	*t = (struct text){ wire.data, plain.data, wire.len, plain.len };
	return 0;
}

const char *text_sha256(struct text *t)
{
	unsigned char digest[32];

	if (!t->sha256[0]) {
		SHA256(t->plain, t->plain_len, digest);
		for (unsigned i = 0; i < sizeof(digest); i++)
			snprintf(t->sha256 + 2 * i, 3, "%02x", digest[i]);
	}
	return t->sha256;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int corpus_make(struct corpus *c, size_t n, uint64_t seed)
{
	uint64_t *sizes, state = seed;

	*c = (struct corpus){ .texts = calloc(n, sizeof(*c->texts)), .n = n };
	if (!c->texts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (text_make(&c->texts[i], size_of(i, n, &state), &state))
			return -ENOMEM;
		c->octets += c->texts[i].plain_len;
	}
	sizes = calloc(n, sizeof(*sizes));
	if (!sizes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sizes[i] = c->texts[i].plain_len;
	qsort(sizes, n, sizeof(*sizes), by_number);
	c->median = sizes[n / 2];
	free(sizes);
	return 0;
}

void corpus_free(struct corpus *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->texts[i].wire);
		free(c->texts[i].plain);
	}
	free(c->texts);
}

int picker_make(struct picker *p, const char *distribution, uint64_t n)
{
	double sum = 0, s;

	*p = (struct picker){ .n = n };
	if (!strcmp(distribution, "uniform"))
		return 0;
	if (!strncmp(distribution, "skew:", 5)) {
		p->share = atof(distribution + 5);
		return p->share >= 0 && p->share <= 1 ? 0 : -EINVAL;
	}
	if (strncmp(distribution, "zipf:", 5) || (s = atof(distribution + 5)) <= 0)
		return -EINVAL;
	p->cumulative = calloc(n, sizeof(double));
	if (!p->cumulative)
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++)
		p->cumulative[i] = sum += pow((double)(i + 1), -s);
	for (uint64_t i = 0; i < n; i++)
		p->cumulative[i] /= sum;
	return 0;
}

uint64_t picker_pick(const struct picker *p, uint64_t *state)
{
	uint64_t low = 0, high = p->n - 1;
	double u = uniform(state);

	if (p->share > 0 && u < p->share)
		return 0;
	if (!p->cumulative)
		return random_next(state) % p->n;
	while (low < high) {
		uint64_t mid = (low + high) / 2;

		if (p->cumulative[mid] < u)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void picker_recipients(const struct picker *p, uint64_t seed, uint64_t number, uint64_t *to, uint64_t n)
{
	uint64_t state = seed * 0xd1342543de82ef95ull ^ number * 0xaf251af3b0f025b5ull;

	for (uint64_t i = 0; i < n; i++) {
		bool again;

		to[i] = picker_pick(p, &state);
		do {
			again = false;
			for (uint64_t k = 0; k < i; k++)
				again |= to[k] == to[i];
			if (again)
				to[i] = (to[i] + 1) % p->n;
		} while (again);
	}
}

void picker_free(struct picker *p)
{
	free(p->cumulative);
}

/* Eight buckets for each doubling: within 9 %. */
void spread_add(struct spread *s, uint64_t ns)
{
	unsigned log2 = ns < 8 ? 3 : 63 - (unsigned)__builtin_clzll(ns);
	unsigned i = (log2 - 3) * 8 + (unsigned)((ns >> (log2 - 3)) & 7);

	s->bucket[i < 512 ? i : 511]++;
	s->n++;
}

uint64_t spread_at(const struct spread *s, double share)
{
	uint64_t want = (uint64_t)((double)s->n * share), sum = 0;

	for (unsigned i = 0; i < 512; i++) {
		sum += s->bucket[i];
		if (sum > want || (sum == s->n && s->n))
			return (uint64_t)(8 + i % 8) << i / 8;
	}
	return 0;
}
