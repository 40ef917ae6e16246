// SPDX-License-Identifier: GPL-2.0-or-later
/* dvmctl class verify */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "jvm-broker/classfile/attribute.h"
#include "jvm-broker/classfile/opcode.h"
#include "jvm-broker/verify/verify.h"
#include "tools/dvmctl/command.h"
#include "tools/dvmctl/sweep.h"
#include "tools/dvmctl/text.h"
#include "tools/lib/keel/cleanup.h"

/* What a worker counts, and their sum */
struct counts {
	uint64_t unread[CLASSFILE_REASONS_N]; /* classes; NONE: those that were read */
	uint64_t refused[VERIFY_REASONS_N];   /* of these; NONE: those that were judged */
	uint64_t axioms[VERIFY_AXIOMS_N];     /* errors */
	uint64_t bad, open, sound;
};

static void sum(void *into, const void *state)
{
	const struct counts *from = state;
	struct counts *to = into;

	for (size_t i = 0; i < CLASSFILE_REASONS_N; i++)
		to->unread[i] += from->unread[i];
	for (size_t i = 0; i < VERIFY_REASONS_N; i++)
		to->refused[i] += from->refused[i];
	for (size_t i = 0; i < VERIFY_AXIOMS_N; i++)
		to->axioms[i] += from->axioms[i];
	to->bad += from->bad;
	to->open += from->open;
	to->sound += from->sound;
}

static void put_text(struct keel_buffer *out, struct classfile_text text)
{
	text_quoted_plain(out, (const char *)text.data, text.len);
}

/* ---- one class, as JSON -------------------------------------------------------------------------------------------------------------- */

static void error_json(struct keel_buffer *out, const struct classfile *c, const struct verify_error *e)
{
	keel_buffer_printf(out, "{\"axiom\":\"%s\",\"jvms\":\"%s\",\"error\":\"%s\",\"phase\":\"%s\"",
			   verify_axiom_name(e->axiom), verify_axiom_clause(e->axiom), verify_axiom_error(e->axiom),
			   e->phase == VERIFY_DEFINE ? "define" : "link");
	if (e->method != VERIFY_NOWHERE) {
		keel_buffer_puts(out, ",\"method\":");
		put_text(out, classfile_utf8(c, c->methods[e->method].name));
		keel_buffer_puts(out, ",\"descriptor\":");
		put_text(out, classfile_utf8(c, c->methods[e->method].descriptor));
	}
	if (e->bci >= 0)
		keel_buffer_printf(out, ",\"bci\":%" PRId32, e->bci);
	keel_buffer_putc(out, '}');
}

static void obligation_json(struct keel_buffer *out, const struct verify_obligation *o)
{
	static const char *const kinds[] = { "extends",         "implements",       "overrides", "loads", "assignable",
					     "protected_field", "protected_method", "interface", "above" };

	keel_buffer_printf(out, "{\"kind\":\"%s\",\"to\":", kinds[o->kind]);
	put_text(out, o->to);
	if (o->from.len) {
		keel_buffer_puts(out, ",\"from\":");
		put_text(out, o->from);
	}
	if (o->name.len) {
		keel_buffer_puts(out, ",\"name\":");
		put_text(out, o->name);
		keel_buffer_puts(out, ",\"descriptor\":");
		put_text(out, o->descriptor);
	}
	keel_buffer_putc(out, '}');
}

static void verdict_json(struct keel_buffer *out, const struct classfile *c, const struct verify_verdict *v)
{
	keel_buffer_puts(out, ",\"errors\":[");
	for (uint32_t i = 0; i < v->errors_n; i++) {
		keel_buffer_puts(out, i ? "," : "");
		error_json(out, c, &v->errors[i]);
	}
	keel_buffer_puts(out, "],\"obligations\":[");
	for (uint32_t i = 0; i < v->obligations_n; i++) {
		keel_buffer_puts(out, i ? "," : "");
		obligation_json(out, &v->obligations[i]);
	}
	keel_buffer_puts(out, "]}\n");
}

/* ---- one class, as text -------------------------------------------------------------------------------------------------------------- */

/* The name of the instruction at the place of an error */
static const char *instruction(const struct classfile *c, const struct verify_error *e)
{
	struct classfile_code code;

	if (e->bci < 0 || classfile_code_read(c, &c->methods[e->method], &code) || (uint32_t)e->bci >= code.len)
		return NULL;
	return classfile_opcode_name[code.octets[e->bci]];
}

static void error_text(struct keel_buffer *out, const struct classfile *c, const struct verify_error *e)
{
	keel_buffer_puts(out, "  ");
	if (e->method != VERIFY_NOWHERE) {
		const char *name = instruction(c, e);

		put_text(out, classfile_utf8(c, c->methods[e->method].name));
		keel_buffer_putc(out, ' ');
		put_text(out, classfile_utf8(c, c->methods[e->method].descriptor));
		if (e->bci >= 0)
			keel_buffer_printf(out, " at %" PRId32 "%s%s%s", e->bci, name ? " (" : "", name ?: "",
					   name ? ")" : "");
		keel_buffer_puts(out, ": ");
	}
	keel_buffer_printf(out, "%s: it does not hold that %s (%s, JVMS %s)\n", verify_axiom_error(e->axiom) + 10,
			   verify_axiom_text(e->axiom), verify_axiom_name(e->axiom), verify_axiom_clause(e->axiom));
}

static const char *word(const struct verify_verdict *v)
{
	if (v->errors_n)
		return "unsound";
	return v->obligations_n ? "sound if its obligations hold" : "sound";
}

static void verdict_text(struct keel_buffer *out, const struct classfile *c, const struct verify_verdict *v)
{
	keel_buffer_printf(out, ": %s (%" PRIu32 " obligations)\n", word(v), v->obligations_n);
	for (uint32_t i = 0; i < v->errors_n; i++)
		error_text(out, c, &v->errors[i]);
}

static void refuse(struct sweep_worker *w, const struct sweep_class *class, const char *counter, const char *text)
{
	const struct given *given = w->arg;

	if (given->json) {
		sweep_begin_json(&w->out, class);
		keel_buffer_printf(&w->out, ",\"refused\":\"%s\"}\n", counter);
		return;
	}
	sweep_put_name(&w->out, class);
	keel_buffer_printf(&w->out, ": refused: %s (%s)\n", text, counter);
}

static void count(struct counts *counts, const struct verify_verdict *v)
{
	counts->bad += v->errors_n != 0;
	counts->open += !v->errors_n && v->obligations_n;
	counts->sound += !v->errors_n && !v->obligations_n;
	for (uint32_t i = 0; i < v->errors_n; i++)
		counts->axioms[v->errors[i].axiom]++;
}

/* Version 50 with errors: the inference verifier may accept the class all the same. */
static void revise(const struct classfile *c, struct keel_arena *arena, struct verify_verdict *v)
{
	const struct verify_options options = { .infer = true };
	bool asked = v->revisable && v->errors_n && v->errors[0].phase == VERIFY_LINK;
	struct verify_verdict second;

	for (uint32_t i = 0; i < v->errors_n; i++)
		asked &= !v->errors[i].final;
	if (asked && !verify_class(c, &options, arena, &second) && !second.errors_n)
		*v = second;
}

static void verify(struct sweep_worker *w, const struct sweep_class *class)
{
	const struct given *given = w->arg;
	struct counts *counts = w->state;
	enum classfile_reason unread;
	enum verify_reason refused;
	struct verify_verdict v;
	struct classfile c;

	unread = classfile_parse(class->octets, class->len, &w->arena, &c, NULL);
	counts->unread[unread]++;
	if (unread) {
		refuse(w, class, classfile_reason_counter(unread), classfile_reason_text(unread));
		return;
	}
	/* a module-info is no class, and nothing to verify */
	if (c.access & CLASSFILE_MODULE_FLAG && c.major >= 53) {
		counts->unread[CLASSFILE_REASON_NONE]--;
		return;
	}
	refused = verify_class(&c, NULL, &w->arena, &v);
	counts->refused[refused]++;
	if (refused) {
		refuse(w, class, verify_reason_counter(refused), verify_reason_text(refused));
		return;
	}
	revise(&c, &w->arena, &v);
	count(counts, &v);
	if (given->quiet && !v.errors_n)
		return;
	if (given->json) {
		sweep_begin_json(&w->out, class);
		verdict_json(&w->out, &c, &v);
	} else {
		sweep_put_name(&w->out, class);
		verdict_text(&w->out, &c, &v);
	}
}

/* ---- summary ------------------------------------------------------------------------------------------------------------------------- */

/* Counts of what was refused, and of axioms; returns how many classes and archives were refused. */
static uint64_t tell_reasons(struct keel_buffer *out, const struct sources *sources, const struct sweep_result *result,
			     const struct counts *counts, const char *format)
{
	uint64_t refused = 0;

	for (size_t i = 1; i < ARCHIVE_REASONS_N; i++) {
		const uint64_t n = sources->archives_refused[i] + result->refused[i];

		refused += n;
		if (n)
			keel_buffer_printf(out, format, archive_reason_counter((enum archive_reason)i), n);
	}
	for (size_t i = 1; i < CLASSFILE_REASONS_N; i++) {
		refused += counts->unread[i];
		if (counts->unread[i])
			keel_buffer_printf(out, format, classfile_reason_counter((enum classfile_reason)i),
					   counts->unread[i]);
	}
	for (size_t i = 1; i < VERIFY_REASONS_N; i++) {
		refused += counts->refused[i];
		if (counts->refused[i])
			keel_buffer_printf(out, format, verify_reason_counter((enum verify_reason)i),
					   counts->refused[i]);
	}
	for (size_t i = 0; i < VERIFY_AXIOMS_N; i++)
		if (counts->axioms[i])
			keel_buffer_printf(out, format, verify_axiom_name((enum verify_axiom)i), counts->axioms[i]);
	return refused;
}

static int finish(const struct given *given, const struct sources *sources, const struct sweep_result *result,
		  const struct counts *counts)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer out, reasons;
	uint64_t refused;

	keel_buffer_init(&out, 0);
	keel_buffer_init(&reasons, 0);
	refused = tell_reasons(&reasons, sources, result, counts, given->json ? ",\"%s\":%" PRIu64 : ", %s %" PRIu64);
	keel_buffer_printf(&out,
			   given->json ? "{\"summary\":true,\"classes\":%" PRIu64 ",\"octets\":%" PRIu64
					 ",\"sound\":%" PRIu64 ",\"open\":%" PRIu64 ",\"unsound\":%" PRIu64
					 ",\"refused\":%" PRIu64 ",\"reasons\":{"
				       : "%" PRIu64 " classes, %" PRIu64 " octets: %" PRIu64 " sound, %" PRIu64
					 " sound if their obligations hold, %" PRIu64 " unsound, %" PRIu64 " refused",
			   counts->unread[CLASSFILE_REASON_NONE], result->octets, counts->sound, counts->open,
			   counts->bad, refused);
	/* the first separator: of JSON none, of text a colon */
	if (reasons.len && !given->json)
		keel_buffer_puts(&out, " (");
	if (reasons.len)
		keel_buffer_append(&out, reasons.data + (given->json ? 1 : 2), reasons.len - (given->json ? 1 : 2));
	keel_buffer_puts(&out, given->json ? "}}\n" : reasons.len ? ")\n" : "\n");
	if (result->error || fputs(keel_buffer_text(&out), stdout) == EOF || fflush(stdout)) {
		fprintf(stderr, "dvmctl: %s\n", strerror(result->error ? -result->error : EIO));
		return EXIT_UNREAD;
	}
	if (sources->unread || result->unread)
		return EXIT_UNREAD;
	return refused || counts->bad ? EXIT_REFUSED : EXIT_DONE;
}

int run_class_verify(const struct given *given, char **operands, int n)
{
	const struct sweep sweep = { sizeof(struct counts), verify, sum, (void *)given,
				     (unsigned)(given->jobs < 256 ? given->jobs : 256) };
	KEEL_CLEANUP(sources_free) struct sources sources;
	struct counts counts = { 0 };
	struct sweep_result result;

	sources_init(&sources, given->only);
	for (int i = 0; i < n; i++)
		if (sources_add(&sources, operands[i])) {
			fprintf(stderr, "dvmctl: %s\n", strerror(ENOMEM));
			return EXIT_UNREAD;
		}
	sweep_run(&sweep, &sources, &counts, &result);
	return finish(given, &sources, &result, &counts);
}
