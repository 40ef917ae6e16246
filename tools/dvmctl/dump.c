// SPDX-License-Identifier: GPL-2.0-or-later
/* dvmctl class dump */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "jvm-broker/classfile/walk.h"
#include "jvm-broker/classfile/write.h"
#include "tools/dvmctl/command.h"
#include "tools/dvmctl/print.h"
#include "tools/dvmctl/sweep.h"
#include "tools/dvmctl/text.h"
#include "tools/lib/keel/cleanup.h"

#define MAJORS 256 /* class file versions told apart */

/* What a worker counts, and their sum */
struct counts {
	uint64_t reasons[CLASSFILE_REASONS_N]; /* classes; NONE: those that were read */
	uint64_t malformed;                    /* attributes */
	uint64_t differ;                       /* classes that --identity refused */
	uint64_t majors[MAJORS];
	uint64_t constants, fields, methods, with_code;
	uint64_t arena; /* most octets that a class took, its own not counted */
};

static void sum(void *into, const void *state)
{
	const struct counts *from = state;
	struct counts *to = into;

	for (size_t i = 0; i < CLASSFILE_REASONS_N; i++)
		to->reasons[i] += from->reasons[i];
	for (size_t i = 0; i < MAJORS; i++)
		to->majors[i] += from->majors[i];
	to->malformed += from->malformed;
	to->differ += from->differ;
	to->constants += from->constants;
	to->fields += from->fields;
	to->methods += from->methods;
	to->with_code += from->with_code;
	to->arena = from->arena > to->arena ? from->arena : to->arena;
}

static void refuse(struct sweep_worker *w, const struct sweep_class *class, const char *counter, const char *clause,
		   const char *text, uint32_t where)
{
	const struct given *given = w->arg;

	if (given->json) {
		sweep_begin_json(&w->out, class);
		keel_buffer_printf(&w->out, ",\"refused\":\"%s\",\"jvms\":\"%s\",\"at\":%" PRIu32 "}\n", counter,
				   clause, where);
		return;
	}
	sweep_put_name(&w->out, class);
	keel_buffer_printf(&w->out, ": refused at %" PRIu32 ": %s (%s%s%s)\n", where, text, counter,
			   *clause ? ", JVMS " : "", clause);
}

/* Is what is written again what was read? */
static bool is_identical(struct sweep_worker *w, const struct classfile *c, const struct sweep_class *class)
{
	const size_t before = w->out.len;
	uint32_t at = 0;
	bool same;

	if (classfile_write(c, &w->out, NULL))
		return true; /* the sweep reports that memory failed */
	same = w->out.len - before == class->len && !memcmp(w->out.data + before, class->octets, class->len);
	while (!same && at < class->len && at < w->out.len - before && w->out.data[before + at] == class->octets[at])
		at++;
	w->out.len = before;
	if (!same)
		refuse(w, class, "differ", "", "put together again it is another", at);
	return same;
}

static void count_class(struct counts *counts, const struct classfile *c)
{
	counts->majors[c->major < MAJORS ? c->major : MAJORS - 1]++;
	counts->constants += c->constants_n;
	counts->fields += c->fields_n;
	counts->methods += c->methods_n;
	for (unsigned i = 0; i < c->methods_n; i++)
		counts->with_code += c->methods[i].code != 0;
}

static void dump(struct sweep_worker *w, const struct sweep_class *class)
{
	const struct given *given = w->arg;
	const size_t before = keel_arena_used(&w->arena);
	const struct classfile_visitor silent = { 0 };
	struct counts *counts = w->state;
	enum classfile_reason reason;
	struct classfile c;
	uint32_t where = 0;

	reason = classfile_parse(class->octets, class->len, &w->arena, &c, &where);
	counts->reasons[reason]++;
	if (reason) {
		refuse(w, class, classfile_reason_counter(reason), classfile_reason_clause(reason),
		       classfile_reason_text(reason), where);
		return;
	}
	count_class(counts, &c);
	if (keel_arena_used(&w->arena) - before > counts->arena)
		counts->arena = keel_arena_used(&w->arena) - before;
	if (given->identity && !is_identical(w, &c, class))
		counts->differ++;
	if (given->quiet) {
		counts->malformed += classfile_walk(&c, &silent);
	} else if (given->json) {
		sweep_begin_json(&w->out, class);
		keel_buffer_puts(&w->out, ",\"class\":[");
		counts->malformed += print_class_json(&w->out, &c);
		keel_buffer_puts(&w->out, "]}\n");
	} else {
		sweep_put_name(&w->out, class);
		keel_buffer_printf(&w->out, ": %zu octets\n", class->len);
		counts->malformed += print_class(&w->out, &c);
		keel_buffer_putc(&w->out, '\n');
	}
}

/* ---- summary --------------------------------------------------------------------------------------------------------------------------- */

struct summary {
	const struct given *given;
	const struct sources *sources;
	const struct sweep_result *result;
	const struct counts *counts;
	uint64_t refused; /* archives, entries, classes */
};

static void tell_refused(const struct summary *s, struct keel_buffer *out, const char *format)
{
	const char *between = "";

	for (size_t i = 1; i < ARCHIVE_REASONS_N; i++) {
		const uint64_t n = s->sources->archives_refused[i] + s->result->refused[i];

		if (n) {
			keel_buffer_puts(out, between);
			keel_buffer_printf(out, format, archive_reason_counter((enum archive_reason)i), n);
			between = ", ";
		}
	}
	for (size_t i = 1; i <= CLASSFILE_REASONS_N; i++) {
		const uint64_t n = i < CLASSFILE_REASONS_N ? s->counts->reasons[i] : s->counts->differ;

		if (n) {
			keel_buffer_puts(out, between);
			keel_buffer_printf(out, format,
					   i < CLASSFILE_REASONS_N ? classfile_reason_counter((enum classfile_reason)i)
								   : "differ",
					   n);
			between = ", ";
		}
	}
}

static void tell_majors(const struct summary *s, struct keel_buffer *out, const char *format)
{
	const char *between = "";

	for (unsigned i = 0; i < MAJORS; i++)
		if (s->counts->majors[i]) {
			keel_buffer_puts(out, between);
			keel_buffer_printf(out, format, i, s->counts->majors[i]);
			between = ", ";
		}
}

static void tell(const struct summary *s, struct keel_buffer *out)
{
	keel_buffer_printf(out, "%zu classes, %" PRIu64 " octets; %" PRIu64 " read, %" PRIu64 " refused",
			   s->sources->units_n, s->result->octets, s->counts->reasons[CLASSFILE_REASON_NONE],
			   s->refused);
	if (s->refused) {
		keel_buffer_puts(out, " (");
		tell_refused(s, out, "%s %" PRIu64);
		keel_buffer_putc(out, ')');
	}
	keel_buffer_printf(out,
			   "\n%" PRIu64 " constants, %" PRIu64 " fields, %" PRIu64 " methods, %" PRIu64
			   " with code; %" PRIu64 " malformed attributes\n",
			   s->counts->constants, s->counts->fields, s->counts->methods, s->counts->with_code,
			   s->counts->malformed);
	keel_buffer_puts(out, "versions: ");
	tell_majors(s, out, "%u: %" PRIu64);
	keel_buffer_puts(out, "\n");
	if (s->given->identity)
		keel_buffer_printf(out, "identical when written again: %" PRIu64 "\n",
				   s->counts->reasons[0] - s->counts->differ);
}

static void tell_json(const struct summary *s, struct keel_buffer *out)
{
	keel_buffer_printf(out,
			   "{\"summary\":true,\"archives\":%" PRIu64 ",\"classes\":%zu,\"octets\":%" PRIu64
			   ",\"read\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"unread\":%" PRIu64 ",\"reasons\":{",
			   s->sources->archives, s->sources->units_n, s->result->octets,
			   s->counts->reasons[CLASSFILE_REASON_NONE], s->refused,
			   s->sources->unread + s->result->unread);
	tell_refused(s, out, "\"%s\":%" PRIu64);
	keel_buffer_puts(out, "},\"versions\":{");
	tell_majors(s, out, "\"%u\":%" PRIu64);
	keel_buffer_printf(out,
			   "},\"constants\":%" PRIu64 ",\"fields\":%" PRIu64 ",\"methods\":%" PRIu64
			   ",\"with_code\":%" PRIu64 ",\"malformed\":%" PRIu64 ",\"arena_octets\":%" PRIu64,
			   s->counts->constants, s->counts->fields, s->counts->methods, s->counts->with_code,
			   s->counts->malformed, s->counts->arena);
	if (s->given->identity)
		keel_buffer_printf(out, ",\"identical\":%" PRIu64, s->counts->reasons[0] - s->counts->differ);
	keel_buffer_puts(out, "}\n");
}

static int finish(struct summary *s)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer out;

	keel_buffer_init(&out, 0);
	for (size_t i = 1; i < ARCHIVE_REASONS_N; i++)
		s->refused += s->sources->archives_refused[i] + s->result->refused[i];
	for (size_t i = 1; i < CLASSFILE_REASONS_N; i++)
		s->refused += s->counts->reasons[i];
	s->refused += s->counts->differ;
	if (s->given->json)
		tell_json(s, &out);
	else
		tell(s, &out);
	if (s->result->error || fputs(keel_buffer_text(&out), stdout) == EOF || fflush(stdout)) {
		fprintf(stderr, "dvmctl: %s\n", strerror(s->result->error ? -s->result->error : EIO));
		return EXIT_UNREAD;
	}
	if (s->sources->unread || s->result->unread)
		return EXIT_UNREAD;
	return s->refused ? EXIT_REFUSED : EXIT_DONE;
}

int run_class_dump(const struct given *given, char **operands, int n)
{
	const struct sweep sweep = { sizeof(struct counts), dump, sum, (void *)given,
				     (unsigned)(given->jobs < 256 ? given->jobs : 256) };
	KEEL_CLEANUP(sources_free) struct sources sources;
	struct sweep_result result;
	struct counts counts = { 0 };
	struct summary summary = { given, &sources, &result, &counts, 0 };

	sources_init(&sources, given->only);
	for (int i = 0; i < n; i++)
		if (sources_add(&sources, operands[i])) {
			fprintf(stderr, "dvmctl: %s\n", strerror(ENOMEM));
			return EXIT_UNREAD;
		}
	sweep_run(&sweep, &sources, &counts, &result);
	return finish(&summary);
}
