// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers as text for people; --json is for programs. */
#include <string.h>
#include <time.h>

#include "tools/porcupinectl/command.h"

static const char *text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static uint64_t number_of(json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

#define N(name) (unsigned long long)number_of(answer, name)

int show_status(json_t *answer, FILE *out)
{
	json_t *store = json_object_get(answer, "store"), *ports = json_object_get(answer, "ports"), *port;
	const uint64_t up = number_of(answer, "uptime"), octets = number_of(store, "octets"),
		       live = number_of(store, "live_octets");
	char a[24], b[24];
	const char *name;

	fprintf(out, "porcupined %s on %s, pid %llu, up %llud %02llu:%02llu:%02llu\n", text_of(answer, "version"),
		text_of(answer, "hostname"), N("pid"), (unsigned long long)(up / 86400),
		(unsigned long long)(up / 3600 % 24), (unsigned long long)(up / 60 % 60),
		(unsigned long long)(up % 60));
	fprintf(out, "ports     ");
	json_object_foreach(ports, name, port)
		fprintf(out, " %s %lld", name, (long long)json_integer_value(port));
	fprintf(out, "\nsessions   %llu now, %llu messages received, %llu retrieved\n", N("sessions"), N("received"),
		N("retrieved"));
	fprintf(out, "store      %s, %llu messages of %llu accounts, %llu segments of %s octets (%s live)\n",
		text_of(store, "state"), (unsigned long long)number_of(store, "messages"),
		(unsigned long long)number_of(store, "accounts"), (unsigned long long)number_of(store, "segments"),
		size_show(octets, a), size_show(live, b));
	fprintf(out, "log        next LSN %llu, durable to %llu, indexed to %llu\n",
		(unsigned long long)number_of(store, "next_lsn"), (unsigned long long)number_of(store, "synced_lsn"),
		(unsigned long long)number_of(store, "indexed_lsn"));
	if (number_of(store, "quarantined"))
		fprintf(out, "DAMAGE     %llu records in quarantine: run porcupinectl scrub\n",
			(unsigned long long)number_of(store, "quarantined"));
	return 0;
}

int show_users(json_t *answer, FILE *out)
{
	json_t *user;
	size_t i;
	char a[24], b[24];

	json_array_foreach(json_object_get(answer, "users"), i, user)
		fprintf(out, "%-40s %8llu messages %8s of %-8s%s\n", text_of(user, "address"),
			(unsigned long long)number_of(user, "messages"), size_show(number_of(user, "octets"), a),
			number_of(user, "quota") ? size_show(number_of(user, "quota"), b) : "default",
			json_is_true(json_object_get(user, "login")) ? "" : " no login");
	return 0;
}

int show_domains(json_t *answer, FILE *out)
{
	json_t *domain;
	size_t i;

	json_array_foreach(json_object_get(answer, "domains"), i, domain)
		fprintf(out, "%s\n", json_string_value(domain));
	return 0;
}

int show_aliases(json_t *answer, FILE *out)
{
	json_t *alias, *target;
	size_t i, j;

	json_array_foreach(json_object_get(answer, "aliases"), i, alias) {
		fprintf(out, "%-40s", text_of(alias, "address"));
		json_array_foreach(json_object_get(alias, "targets"), j, target)
			fprintf(out, " %s", json_string_value(target));
		fputc('\n', out);
	}
	return 0;
}

int show_added(json_t *answer, FILE *out)
{
	const char *address = text_of(answer, "address");

	fprintf(out, "added %s\n", *address ? address : text_of(answer, "domain"));
	if (*text_of(answer, "password"))
		fprintf(out, "password %s\n", text_of(answer, "password"));
	return 0;
}

int show_removed(json_t *answer, FILE *out)
{
	const char *address = text_of(answer, "address");

	fprintf(out, "removed %s", *address ? address : text_of(answer, "domain"));
	if (json_object_get(answer, "messages"))
		fprintf(out, " and %llu messages", N("messages"));
	fputc('\n', out);
	return 0;
}

int show_scrub(json_t *answer, FILE *out)
{
	const uint64_t bad =
		number_of(answer, "bad_records") + number_of(answer, "missing") + number_of(answer, "index_errors");
	json_t *finding;
	size_t i;
	char a[24];

	json_array_foreach(json_object_get(answer, "findings"), i, finding)
		fprintf(out, "%s\n", json_string_value(finding));
	fprintf(out,
		"%llu segments, %llu records, %s octets: %llu bad records, %llu missing bodies, %llu index errors\n",
		N("segments"), N("records"), size_show(number_of(answer, "octets"), a), N("bad_records"), N("missing"),
		N("index_errors"));
	return bad ? EXIT_DAMAGE : 0;
}

int show_compact(json_t *answer, FILE *out)
{
	char a[24];

	fprintf(out, "%s octets given back\n", size_show(number_of(answer, "freed"), a));
	return 0;
}

int show_transfer(json_t *answer, FILE *out)
{
	fprintf(out, "%s: %llu messages, %s\n", text_of(answer, "address"), N("messages"), text_of(answer, "path"));
	return 0;
}

int show_metrics(json_t *answer, FILE *out)
{
	fputs(text_of(answer, "text"), out);
	return 0;
}

int show_level(json_t *answer, FILE *out)
{
	fprintf(out, "%s\n", text_of(answer, "level"));
	return 0;
}
