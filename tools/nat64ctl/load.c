// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file with the whole configuration of a namespace, a statement a line:
 *
 *	# a comment
 *	instance NAME [SETTING=VALUE]...
 *	eamt NAME IPV4-PREFIX IPV6-PREFIX
 *	pool4 NAME PREFIX [PORT[-PORT] [MARK]]
 *	bib NAME PROTOCOL IPV6#PORT IPV4#PORT
 *
 * What it names is made or changed, what it does not name is removed; instances that stay keep their counters. BIB entries are no part
 * of the kernel's transaction: they follow when the rest is in force.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/nat64ctl/binding.h"
#include "tools/nat64ctl/change.h"
#include "tools/nat64ctl/fixed.h"

#define WORDS_MAX 64

struct names {
	char **name;
	size_t n;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
}

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

static int add_name(struct names *names, const char *name)
{
	char **grown = realloc(names->name, (names->n + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	names->name = grown;
	grown[names->n] = strdup(name);
	if (!grown[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

static int note_name(uint8_t command, struct nlattr **attrs, void *arg)
{
	return add_name(arg, nla_get_string(attrs[OSNC_NAT64_ATTR_INSTANCE_NAME]));
}

/* ---- statements --------------------------------------------------------------------------------------- */

struct bib {
	char *instance;
	unsigned line;
	bool there; /* in the kernel */
	struct fixed fixed;
};

struct load {
	struct keel_netlink *kernel;
	struct names there;  /* in the kernel before */
	struct names stated; /* in the file so far */
	struct eam *eams;    /* of the instance in hand, not yet sent */
	size_t eams_n, eams_room;
	char *hand;
	struct bib *bibs; /* all that are stated */
	size_t bibs_n;
	unsigned line;
};

static int send_eams(struct load *load, struct keel_buffer *error)
{
	int ret = 0;

	if (load->eams_n)
		ret = change_eamt(load->kernel, OSNC_NAT64_CMD_EAMT_ADD, load->hand, load->eams, load->eams_n, error);
	load->eams_n = 0;
	return ret;
}

static int state_instance(struct load *load, char **words, int n, struct keel_buffer *error)
{
	int ret;

	if (n < 2 || has_name(&load->stated, words[1])) {
		keel_buffer_puts(error,
				 n < 2 ? "instance NAME [SETTING=VALUE]..." : "this instance was stated already");
		return -EINVAL;
	}
	ret = add_name(&load->stated, words[1]);
	if (ret)
		return ret;
	if (!has_name(&load->there, words[1]))
		return change_instance(load->kernel, OSNC_NAT64_CMD_INSTANCE_ADD, words[1], false, words + 2, n - 2,
				       error);
	ret = change_instance(load->kernel, OSNC_NAT64_CMD_INSTANCE_SET, words[1], true, words + 2, n - 2, error);
	if (!ret)
		ret = tell(load->kernel, instance_message(load->kernel, OSNC_NAT64_CMD_EAMT_REMOVE, 0, words[1]),
			   error);
	/* What was mapped on lines that are stated again goes on: only the end of the transaction counts. */
	for (int i = 2; i < n && !ret; i++)
		if (!strcmp(words[i], "mode=stateful"))
			ret = tell(load->kernel,
				   instance_message(load->kernel, OSNC_NAT64_CMD_POOL4_REMOVE, 0, words[1]), error);
	return ret;
}

static int state_pool4(struct load *load, char **words, int n, struct keel_buffer *error)
{
	if (n < 3 || n > 5 || !has_name(&load->stated, words[1])) {
		keel_buffer_puts(error, n < 3 || n > 5 ? "pool4 NAME PREFIX [PORT[-PORT] [MARK]]"
						       : "no instance of this name was stated above");
		return -EINVAL;
	}
	return change_pool4(load->kernel, OSNC_NAT64_CMD_POOL4_ADD, words[1], words + 2, n - 2, error);
}

static int state_eam(struct load *load, char **words, int n, struct keel_buffer *error)
{
	struct eam eam;
	int ret;

	if (n != 4 || !has_name(&load->stated, words[1])) {
		keel_buffer_puts(error, n != 4 ? "eamt NAME IPV4-PREFIX IPV6-PREFIX"
					       : "no instance of this name was stated above");
		return -EINVAL;
	}
	ret = eam_parse(words[2], words[3], &eam, error);
	if (!ret && load->hand && strcmp(load->hand, words[1]))
		ret = send_eams(load, error);
	if (ret)
		return ret;
	if (!load->hand || strcmp(load->hand, words[1])) {
		free(load->hand);
		load->hand = strdup(words[1]);
	}
	if (load->eams_n == load->eams_room) {
		const size_t room = load->eams_room ? 2 * load->eams_room : 64;
		struct eam *grown = realloc(load->eams, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		load->eams = grown;
		load->eams_room = room;
	}
	load->eams[load->eams_n++] = eam;
	return load->hand ? 0 : -ENOMEM;
}

static int state_bib(struct load *load, char **words, int n, struct keel_buffer *error)
{
	struct bib *grown, bib = { .line = load->line };
	int ret;

	if (n != 5 || !has_name(&load->stated, words[1])) {
		keel_buffer_puts(error, n != 5 ? "bib NAME PROTOCOL IPV6#PORT IPV4#PORT"
					       : "no instance of this name was stated above");
		return -EINVAL;
	}
	ret = fixed_parse(words + 2, &bib.fixed, error);
	if (ret)
		return ret;
	grown = realloc(load->bibs, (load->bibs_n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	load->bibs = grown;
	bib.instance = strdup(words[1]);
	if (!bib.instance)
		return -ENOMEM;
	load->bibs[load->bibs_n++] = bib;
	return 0;
}

static int state(struct load *load, char *line, struct keel_buffer *error)
{
	char *words[WORDS_MAX], *save;
	int n = 0;

	for (char *word = strtok_r(line, " \t\r\n", &save); word && *word != '#';
	     word = strtok_r(NULL, " \t\r\n", &save)) {
		if (n == WORDS_MAX) {
			keel_buffer_puts(error, "too many words");
			return -EINVAL;
		}
		words[n++] = word;
	}
	if (!n)
		return 0;
	if (!strcmp(words[0], "instance")) {
		const int ret = send_eams(load, error);

		return ret ? ret : state_instance(load, words, n, error);
	}
	if (!strcmp(words[0], "eamt"))
		return state_eam(load, words, n, error);
	if (!strcmp(words[0], "pool4"))
		return state_pool4(load, words, n, error);
	if (!strcmp(words[0], "bib"))
		return state_bib(load, words, n, error);
	keel_buffer_printf(error, "'%s' is none of 'instance', 'eamt', 'pool4' and 'bib'", words[0]);
	return -EINVAL;
}

static int remove_rest(struct load *load, struct keel_buffer *error)
{
	for (size_t i = 0; i < load->there.n; i++) {
		int ret;

		if (has_name(&load->stated, load->there.name[i]))
			continue;
		ret = tell(load->kernel,
			   instance_message(load->kernel, OSNC_NAT64_CMD_INSTANCE_REMOVE, 0, load->there.name[i]),
			   error);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_file(struct load *load, FILE *file, const char *path, struct keel_buffer *error)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer why;
	KEEL_AUTO_FREE char *line = NULL;
	size_t room = 0;
	int ret = 0;

	keel_buffer_init(&why, 0);
	while (!ret && getline(&line, &room, file) >= 0) {
		load->line++;
		ret = state(load, line, &why);
	}
	if (!ret)
		ret = send_eams(load, &why);
	if (ret)
		keel_buffer_printf(error, "%s:%u: %s", path, load->line,
				   why.len ? keel_buffer_text(&why) : strerror(-ret));
	return ret ? ret : remove_rest(load, error);
}

/* ---- BIB entries, when the rest is in force ------------------------------------------------------------- */

static struct bib *stated_bib(const struct load *load, const char *instance, const struct fixed *fixed)
{
	for (size_t i = 0; i < load->bibs_n; i++)
		if (!strcmp(load->bibs[i].instance, instance) && fixed_same(&load->bibs[i].fixed, fixed))
			return &load->bibs[i];
	return NULL;
}

/* Removes what is not stated first: what is may want its ports. */
static int remove_bibs(struct load *load, const char *instance, struct keel_buffer *error)
{
	KEEL_AUTO_FREE struct fixed *there = NULL;
	size_t n = 0;
	int ret = fixed_list(load->kernel, instance, &there, &n, error);

	for (size_t i = 0; i < n && !ret; i++) {
		struct bib *bib = stated_bib(load, instance, &there[i]);

		if (bib)
			bib->there = true;
		else
			ret = fixed_change(load->kernel, OSNC_NAT64_CMD_BIB_REMOVE, instance, &there[i], error);
	}
	return ret;
}

static int follow_bibs(struct load *load, const char *path, struct keel_buffer *error)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer why;
	int ret = 0;

	keel_buffer_init(&why, 0);
	for (size_t i = 0; i < load->stated.n && !ret; i++)
		ret = remove_bibs(load, load->stated.name[i], error);
	for (size_t i = 0; i < load->bibs_n && !ret; i++) {
		const struct bib *bib = &load->bibs[i];

		if (bib->there)
			continue;
		ret = fixed_change(load->kernel, OSNC_NAT64_CMD_BIB_ADD, bib->instance, &bib->fixed, &why);
		if (ret)
			keel_buffer_printf(error, "%s:%u: %s (what stands above is in force, and all but BIB entries)",
					   path, bib->line, why.len ? keel_buffer_text(&why) : strerror(-ret));
	}
	return ret;
}

int run_load(struct keel_netlink *kernel, const struct given *given, char **operands, int n, struct keel_buffer *error)
{
	const bool from_stdin = !strcmp(operands[0], "-");
	const char *path = from_stdin ? "stdin" : operands[0];
	FILE *file = from_stdin ? stdin : fopen(operands[0], "re");
	struct load load = { .kernel = kernel };
	int ret;

	if (!file) {
		ret = -errno;
		keel_buffer_printf(error, "%s: %s", operands[0], strerror(-ret));
		return ret;
	}
	/* what is there is read within the transaction: if it changes before the commit, the kernel refuses that */
	ret = tell(kernel, keel_netlink_message(kernel, OSNC_NAT64_CMD_BEGIN, 0), error);
	if (!ret)
		ret = keel_netlink_ask(kernel, keel_netlink_message(kernel, OSNC_NAT64_CMD_INSTANCE_GET, NLM_F_DUMP),
				       OSNC_NAT64_ATTR_MAX, note_name, &load.there, error);
	if (!ret)
		ret = read_file(&load, file, path, error);
	/* on failure the transaction ends with the socket */
	if (!ret)
		ret = tell(kernel, keel_netlink_message(kernel, OSNC_NAT64_CMD_COMMIT, 0), error);
	if (!ret)
		ret = follow_bibs(&load, path, error);
	for (size_t i = 0; i < load.bibs_n; i++)
		free(load.bibs[i].instance);
	free(load.bibs);
	free_names(&load.there);
	free_names(&load.stated);
	free(load.eams);
	free(load.hand);
	if (!from_stdin)
		fclose(file);
	return ret;
}
