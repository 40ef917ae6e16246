// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "jvm-broker/verify/axiom.h"
#include "jvm-broker/verify/reason.h"

#define ERROR_ROW(name, text) "java/lang/" text,
static const char *const errors[] = { VERIFY_ERRORS(ERROR_ROW) };

#define AXIOM_ROW(name, error, clause, text) { #name, clause, text, VERIFY_ERROR_##error },
static const struct {
	const char *name, *clause, *text;
	enum verify_error_class error;
} axioms[] = { VERIFY_AXIOMS(AXIOM_ROW) };

const char *verify_axiom_name(enum verify_axiom axiom)
{
	return axiom < VERIFY_AXIOMS_N ? axioms[axiom].name : NULL;
}

const char *verify_axiom_clause(enum verify_axiom axiom)
{
	return axiom < VERIFY_AXIOMS_N ? axioms[axiom].clause : NULL;
}

const char *verify_axiom_text(enum verify_axiom axiom)
{
	return axiom < VERIFY_AXIOMS_N ? axioms[axiom].text : NULL;
}

const char *verify_axiom_error(enum verify_axiom axiom)
{
	return axiom < VERIFY_AXIOMS_N ? errors[axioms[axiom].error] : NULL;
}

#define REASON_ROW(name, counter, text) { counter, text },
static const struct {
	const char *counter, *text;
} reasons[] = { VERIFY_REASONS(REASON_ROW) };

const char *verify_reason_counter(enum verify_reason reason)
{
	return reasons[reason < VERIFY_REASONS_N ? reason : VERIFY_REASON_NONE].counter;
}

const char *verify_reason_text(enum verify_reason reason)
{
	return reasons[reason < VERIFY_REASONS_N ? reason : VERIFY_REASON_NONE].text;
}
