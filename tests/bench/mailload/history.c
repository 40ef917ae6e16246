// SPDX-License-Identifier: GPL-2.0-or-later
/* --history: what was tried and what was answered, one JSON object a line, for a checker that knows nothing of us. */
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "tests/bench/mailload/load.h"

void history_write(struct conn *c)
{
	struct load *l = c->load;
	uint64_t number = l->config.from + c->message;
	struct text *t = &l->corpus.texts[number % l->corpus.n];
	json_t *to = json_array(), *codes = json_array(), *line;
	struct timespec now;
	char address[320];

	clock_gettime(CLOCK_REALTIME, &now);
	for (uint64_t i = 0; i < l->config.recipients; i++) {
		address_of(l, c->to[i], address);
		json_array_append_new(to, json_string(address));
		json_array_append_new(codes, c->codes[i] ? json_integer(c->codes[i]) : json_string("none"));
	}
	line = json_pack("{s:I s:o s:s s:I s:f s:f s:o}", "id", (json_int_t)number, "recipients", to, "sha256",
			 text_sha256(t), "size", (json_int_t)t->plain_len, "t_start", c->told, "t_reply",
			 (double)now.tv_sec + (double)now.tv_nsec / 1e9, "codes", codes);
	if (!line || json_dumpf(line, l->history, JSON_COMPACT | JSON_REAL_PRECISION(16)) ||
	    putc('\n', l->history) == EOF)
		problem(l, "--history: a line could not be written");
	fflush(l->history);
	json_decref(line);
}
