// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/porcupinectl/command.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porcupined/auth/password.h"
#include "tools/lib/keel/cleanup.h"

#define AT(field) offsetof(struct given, field)
#define ROW_PASSWORD                                                                                                              \
	{ "password-file", 0, KEEL_OPTION_STRING, AT(password_file), "FILE",                                                       \
	  "Read the password from FILE's first line; - = stdin." },                                                                \
	{ "generate", 'g', KEEL_OPTION_FLAG, AT(generate), NULL, "Make a password and print it." },                                \
	{ "hash", 0, KEEL_OPTION_STRING, AT(hash), "STRING", "Take a crypt(3) string instead of a password." },                    \
	{ "no-login", 0, KEEL_OPTION_FLAG, AT(no_login), NULL, "No password: nobody can log in." }

static const struct keel_option user_add_rows[] = {
	ROW_PASSWORD,
	{ "quota", 'q', KEEL_OPTION_STRING, AT(quota), "SIZE",
	  "What the mailbox may hold: octets, or 500M, 2G; default = the node's." },
};
static const struct keel_option user_passwd_rows[] = { ROW_PASSWORD };
static const struct keel_option force_rows[] = {
	{ "force", 'f', KEEL_OPTION_FLAG, AT(force), NULL, "Also if users, aliases or mail go with it." },
};
static const struct keel_option compact_rows[] = {
	{ "min-dead", 0, KEEL_OPTION_NUMBER, AT(min_dead), "PERCENT",
	  "Only segments with at least so much deleted in them." },
};
static const struct keel_option format_rows[] = {
	{ "format", 0, KEEL_OPTION_STRING, AT(format), "maildir|mbox",
	  "What PATH is: a Maildir (the default) or an mbox file." },
};

static const struct keel_option global_rows[] = {
	{ "socket", 's', KEEL_OPTION_STRING, offsetof(struct global, socket), "PATH",
	  "The node's control socket (default: $PORCUPINE_CONTROL, or " DEFAULT_SOCKET ")." },
	{ "store", 0, KEEL_OPTION_STRING, offsetof(struct global, store), "PATH",
	  "Work on the store in PATH itself; no daemon may have it." },
	{ "json", 'j', KEEL_OPTION_FLAG, offsetof(struct global, json), NULL, "Print the answer as JSON." },
};

static const struct keel_options global_table = {
	.program = "porcupinectl",
	.synopsis = "COMMAND [ARGUMENT]...",
	.summary = "Look after a porcupined node.",
	.rows = global_rows,
	.n = KEEL_COUNT(global_rows),
	.stop_at_first = true,
};

static const struct keel_option json_row = {
	"json", 'j', KEEL_OPTION_FLAG, AT(json), NULL, "Print the answer as JSON."
};

static int set_address(json_t *request, const char *text)
{
	return json_object_set_new(request, "address", json_string(text)) ? -EINVAL : 0;
}

static int bad_utf8(struct keel_buffer *error, const char *text)
{
	keel_buffer_printf(error, "%s is not UTF-8", text);
	return -EINVAL;
}

static int fill_address(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	return set_address(request, operands[0]) ? bad_utf8(error, operands[0]) : 0;
}

static int fill_password(const struct given *given, json_t *request, struct keel_buffer *error)
{
	char password[PASSWORD_MAX];
	bool made;
	int ret;

	if (given->generate + given->no_login + !!given->hash + !!given->password_file > 1) {
		keel_buffer_puts(error, "--password-file, --generate, --hash and --no-login exclude each other");
		return -EINVAL;
	}
	if (given->no_login)
		return 0;
	if (given->hash)
		return json_object_set_new(request, "hash", json_string(given->hash)) ? bad_utf8(error, "the hash") : 0;
	ret = secret_get(given, password, &made, error);
	if (!ret && json_object_set_new(request, "password", json_string(password)))
		ret = bad_utf8(error, "the password");
	password_wipe(password, sizeof(password));
	return ret;
}

static int fill_quota(const char *text, json_t *request, struct keel_buffer *error)
{
	uint64_t quota;

	if (size_parse(text, &quota)) {
		keel_buffer_printf(error, "%s is not a size (octets, or with k, M, G, T; or default)", text);
		return -EINVAL;
	}
	return json_object_set_new(request, "quota", json_integer((json_int_t)quota)) ? -ENOMEM : 0;
}

static int fill_user_add(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	int ret = fill_address(given, operands, n, request, error);

	if (!ret && given->quota)
		ret = fill_quota(given->quota, request, error);
	return ret ? ret : fill_password(given, request, error);
}

static int fill_passwd(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	const int ret = fill_address(given, operands, n, request, error);

	return ret ? ret : fill_password(given, request, error);
}

static int fill_quota_set(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	const int ret = fill_address(given, operands, n, request, error);

	return ret ? ret : fill_quota(operands[1], request, error);
}

static int fill_domain(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	if (n && json_object_set_new(request, "domain", json_string(operands[0])))
		return bad_utf8(error, operands[0]);
	if (given->force)
		json_object_set_new(request, "force", json_true());
	return 0;
}

static int fill_alias_add(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	json_t *targets = json_array();
	int ret = fill_address(given, operands, n, request, error);

	for (int i = 1; !ret && i < n; i++)
		if (json_array_append_new(targets, json_string(operands[i])))
			ret = bad_utf8(error, operands[i]);
	json_object_set_new(request, "targets", targets);
	return ret;
}

static int fill_compact(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	return json_object_set_new(request, "min_dead", json_integer((json_int_t)given->min_dead)) ? -ENOMEM : 0;
}

static int fill_transfer(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	char here[PATH_MAX], path[2 * PATH_MAX];
	const int ret = fill_address(given, operands, n, request, error);

	if (ret)
		return ret;
	/* the daemon's directory is another one */
	if (operands[1][0] == '/' || !getcwd(here, sizeof(here)))
		here[0] = '\0';
	if (snprintf(path, sizeof(path), "%s%s%s", here, *here ? "/" : "", operands[1]) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (json_object_set_new(request, "path", json_string(path)) ||
	    json_object_set_new(request, "format", json_string(given->format ? given->format : "maildir")))
		return bad_utf8(error, path);
	return 0;
}

static int fill_level(const struct given *given, char **operands, int n, json_t *request, struct keel_buffer *error)
{
	return n && json_object_set_new(request, "level", json_string(operands[0])) ? bad_utf8(error, operands[0]) : 0;
}

/* clang-format off */
static const struct command rows[] = {
	{ { "status", "", "Show what the node is doing.", NULL, 0, 0, 0 }, "status", NULL, show_status, false },
	{ { "user add", "ADDRESS", "Make an account; its domain must be local.", user_add_rows, KEEL_COUNT(user_add_rows), 1, 1 }, "user.add", fill_user_add, show_added, true },
	{ { "user list", "[DOMAIN]", "List the accounts.", NULL, 0, 0, 1 }, "user.list", fill_domain, show_users, true },
	{ { "user remove", "ADDRESS", "Remove an account and its mail.", NULL, 0, 1, 1 }, "user.remove", fill_address, show_removed, true },
	{ { "user passwd", "ADDRESS", "Set an account's password.", user_passwd_rows, KEEL_COUNT(user_passwd_rows), 1, 1 }, "user.passwd", fill_passwd, NULL, true },
	{ { "quota set", "ADDRESS SIZE", "Set what an account's mailbox may hold.", NULL, 0, 2, 2 }, "quota.set", fill_quota_set, NULL, true },
	{ { "domain add", "DOMAIN", "Make a domain local, with an account for its postmaster.", NULL, 0, 1, 1 }, "domain.add", fill_domain, show_added, true },
	{ { "domain list", "", "List the local domains.", NULL, 0, 0, 0 }, "domain.list", NULL, show_domains, true },
	{ { "domain remove", "DOMAIN", "Make a domain foreign again.", force_rows, KEEL_COUNT(force_rows), 1, 1 }, "domain.remove", fill_domain, show_removed, true },
	{ { "alias add", "ADDRESS TARGET...", "Make an address whose mail goes to others.", NULL, 0, 2, -1 }, "alias.add", fill_alias_add, show_added, true },
	{ { "alias list", "[DOMAIN]", "List the aliases.", NULL, 0, 0, 1 }, "alias.list", fill_domain, show_aliases, true },
	{ { "alias remove", "ADDRESS", "Remove an alias.", NULL, 0, 1, 1 }, "alias.remove", fill_address, show_removed, true },
	{ { "scrub", "", "Read all that is stored and hold it against its checksums.", NULL, 0, 0, 0 }, "scrub", NULL, show_scrub, true },
	{ { "compact", "", "Give back the space of deleted mail.", compact_rows, KEEL_COUNT(compact_rows), 0, 0 }, "compact", fill_compact, show_compact, true },
	{ { "export", "ADDRESS PATH", "Write an account's mail to PATH, which must not exist.", format_rows, KEEL_COUNT(format_rows), 2, 2 }, "export", fill_transfer, show_transfer, true },
	{ { "import", "ADDRESS PATH", "Read mail from PATH into an account.", format_rows, KEEL_COUNT(format_rows), 2, 2 }, "import", fill_transfer, show_transfer, true },
	{ { "metrics", "", "Print everything that is counted, as Prometheus text.", NULL, 0, 0, 0 }, "metrics", NULL, show_metrics, false },
	{ { "log-level", "[LEVEL]", "Show the log level, or set it until the next reload.", NULL, 0, 0, 1 }, "log_level", fill_level, show_level, false },
	{ { "reload", "", "Have the settings and the certificate read again.", NULL, 0, 0, 0 }, "reload", NULL, NULL, false },
	{ { "stop", "", "End the node, and wait until it has ended.", NULL, 0, 0, 0 }, "stop", NULL, NULL, false },
};
/* clang-format on */

const struct keel_subcommands commands = {
	.global = &global_table,
	.rows = rows,
	.stride = sizeof(*rows),
	.n = KEEL_COUNT(rows),
	.all = &json_row,
	.all_n = 1,
	.statuses = "0 done; 1 refused or failed; 2 wrong usage; 3 no node answers; 4 scrub found damage.",
};
