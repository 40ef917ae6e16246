// SPDX-License-Identifier: GPL-2.0-or-later
/* Any octets as a class for the verifier: it stays inside them and inside its bounds, says nothing of places that are not there, and says the
 * same twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz verify: %s\n", what);
		abort();
	}
}

static void check_place(const struct classfile *c, uint16_t method, int32_t bci, unsigned axiom)
{
	struct classfile_code code;

	require(axiom < VERIFY_AXIOMS_N && verify_axiom_error(axiom), "an axiom that is none");
	if (method == VERIFY_NOWHERE)
		return;
	require(method < c->methods_n, "a method that is not there");
	if (bci > 0 && !classfile_code_read(c, &c->methods[method], &code))
		require((uint32_t)bci <= code.len, "a place behind the code");
}

static void check_verdict(const struct classfile *c, const struct verify_verdict *v)
{
	for (uint32_t i = 0; i < v->errors_n; i++)
		check_place(c, v->errors[i].method, v->errors[i].bci, v->errors[i].axiom);
	for (uint32_t i = 0; i < v->places_n; i++) {
		require(v->places[i].obligation < v->obligations_n, "an obligation that is not there");
		check_place(c, v->places[i].method, v->places[i].bci, v->places[i].axiom);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keel_buffer once, again;
	struct verify_verdict v, w;
	struct keel_arena arena;
	enum verify_reason reason;
	struct classfile c;

	keel_arena_init(&arena, (size_t)256 << 20);
	keel_buffer_init(&once, 0);
	keel_buffer_init(&again, 0);
	if (!classfile_parse(data, size, &arena, &c, NULL)) {
		reason = verify_class(&c, NULL, &arena, &v);
		require(reason != VERIFY_REASON_MEMORY, "much memory for few octets");
		if (!reason) {
			check_verdict(&c, &v);
			require(!verify_class(&c, NULL, &arena, &w), "judged once only");
			require(v.errors_n == w.errors_n && v.work == w.work, "not the same twice");
			require(!verify_canonical(&v, &arena, &once) && !verify_canonical(&w, &arena, &again),
				"no octets");
			require(once.len == again.len && (!once.len || !memcmp(once.data, again.data, once.len)),
				"other octets");
		}
	}
	keel_buffer_free(&once);
	keel_buffer_free(&again);
	keel_arena_free(&arena);
	return 0;
}
