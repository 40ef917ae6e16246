// SPDX-License-Identifier: GPL-2.0-or-later
/* Long work on a store. */
#include <errno.h>
#include <string.h>

#include "porcupined/admin/verb.h"
#include "tools/lib/keel/cleanup.h"

#define FINDINGS_MOST (256u << 10) /* octets of findings in an answer: a line of the control socket holds a MiB */

ADMIN_RUN(admin_scrub)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
	struct store_scrub s = { 0 };
	json_t *findings;
	char *line, *rest;
	int ret;

	keel_buffer_init(&report, FINDINGS_MOST);
	ret = store_scrub(admin->store, admin->progress, admin->arg, &report, &s);
	if (ret)
		return admin_say(error, ret, ret == -ECANCELED ? "cancelled" : "scrub: %s", strerror(-ret));
	findings = json_array();
	report.failed = 0; /* full: what did not fit is counted all the same */
	if (report.len == report.limit)
		report.len--;
	report.limit = 0;
	keel_buffer_text(&report);
	rest = (char *)report.data;
	while (report.len && (line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(findings, json_string(line));
	*result = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "segments", (json_int_t)s.segments, "records",
			    (json_int_t)s.records, "octets", (json_int_t)s.octets, "bad_records",
			    (json_int_t)s.bad_records, "missing", (json_int_t)s.missing, "index_errors",
			    (json_int_t)s.index_errors, "findings", findings);
	return 0;
}

ADMIN_RUN(admin_compact)
{
	const json_t *dead = json_object_get(request, "min_dead");
	json_int_t min_dead = dead ? json_integer_value(dead) : 0;
	uint64_t freed = 0;
	int ret;

	if ((dead && !json_is_integer(dead)) || min_dead < 0 || min_dead > 100)
		return admin_say(error, -EINVAL, "\"min_dead\" is not a percentage");
	ret = store_compact(admin->store, (unsigned)min_dead, admin->progress, admin->arg, &freed);
	if (ret)
		return admin_say(error, ret, ret == -ECANCELED ? "cancelled" : "compact: %s", strerror(-ret));
	*result = json_pack("{s:I}", "freed", (json_int_t)freed);
	return 0;
}

static int transfer(const struct admin *admin, json_t *request, bool out, json_t **result, struct keel_buffer *error)
{
	struct store_account account;
	const char *path, *format;
	char address[STORE_ADDRESS_MAX];
	enum store_format kind;
	uint64_t messages = 0;
	int ret = admin_address(request, address, error);

	if (!ret)
		ret = admin_text(request, "path", &path, error);
	if (!ret)
		ret = admin_text(request, "format", &format, error);
	if (!ret && strcmp(format, "maildir") && strcmp(format, "mbox"))
		ret = admin_say(error, -EINVAL, "format: maildir or mbox, not %s", format);
	if (!ret && path[0] != '/')
		ret = admin_say(error, -EINVAL, "the path must begin with /: %s", path);
	if (!ret)
		ret = admin_account(admin, address, &account, error);
	if (ret)
		return ret;
	kind = strcmp(format, "mbox") ? STORE_MAILDIR : STORE_MBOX;
	ret = (out ? store_export : store_import)(admin->store, &account, kind, path, admin->progress, admin->arg,
						  error, &messages);
	if (ret)
		return error->len ? ret
				  : admin_say(error, ret, "%s: %s", path,
					      ret == -ECANCELED ? "cancelled" : strerror(-ret));
	*result = json_pack("{s:s, s:s, s:I}", "address", address, "path", path, "messages", (json_int_t)messages);
	return 0;
}

ADMIN_RUN(admin_export)
{
	return transfer(admin, request, true, result, error);
}

ADMIN_RUN(admin_import)
{
	return transfer(admin, request, false, result, error);
}
