// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns a stream of classes into a stream of mutants with one change each: see usage(). */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/jvm/mutator/mutant.h"
#include "tests/conform/jvm/stream.h"

static const struct {
	bool (*change)(struct mutant *m);
	const char *name;
	uint32_t weight;
	const char *text;
} changes[] = {
#define X(function, name, weight, text) { function, name, weight, text },
	CHANGES(X)
#undef X
};

#define CHANGES_N (sizeof(changes) / sizeof(changes[0]))

struct options {
	uint64_t seed;
	uint32_t each, most, old;
	uint32_t weights[CHANGES_N], total;
};

/* Hashes of what was written, so that no mutant stands twice: open addressing, never more than half full. */
struct seen {
	uint64_t *slots;
	size_t size, used;
};

static void usage(FILE *to)
{
	fprintf(to,
		"mutate [OPTION]... <STREAM >STREAM\n\n"
		"Every class of the stream, changed in one place. A mutant depends on the class, the seed and the options only.\n"
		"  --seed N   (1)\n"
		"  --each N   mutants of each class (10)\n"
		"  --most N   stop after N mutants in all\n"
		"  --old P    of each hundred classes that could be of version 49, make P so before they are changed (0), and\n"
		"             a quarter as many of version 50: the old verifier's\n"
		"  --only A,B only these changes\n"
		"  --list     the changes with their weights\n");
}

static void *need(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "mutate: out of memory\n");
	exit(1);
}

static bool is_new(struct seen *seen, uint64_t hash)
{
	size_t i;

	hash += !hash;
	if (seen->used * 2 >= seen->size) {
		struct seen wide = { .size = seen->size ? seen->size * 2 : 1 << 16 };

		wide.slots = need(calloc(wide.size, sizeof(*wide.slots)));
		for (i = 0; i < seen->size; i++)
			if (seen->slots[i])
				is_new(&wide, seen->slots[i]);
		free(seen->slots);
		*seen = wide;
	}
	for (i = hash & (seen->size - 1); seen->slots[i]; i = (i + 1) & (seen->size - 1))
		if (seen->slots[i] == hash)
			return false;
	seen->slots[i] = hash;
	seen->used++;
	return true;
}

/* The methods with code that can be walked to its end, and their instructions. */
static int survey(struct mutant *m, struct keel_arena *arena)
{
	const struct classfile *c = m->base;
	struct site *sites = keel_arena_zeroed(arena, c->methods_n + 1u, sizeof(*sites));

	m->sites = sites;
	m->sites_n = m->instructions = 0;
	if (!sites)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->methods_n; i++) {
		struct site *site = &sites[m->sites_n];
		uint16_t *pcs;
		uint32_t pc = 0, length;

		site->method = &c->methods[i];
		if (!site->method->code || classfile_code_read(c, site->method, &site->code) || !site->code.len ||
		    site->code.len > 65535)
			continue;
		pcs = keel_arena_zeroed(arena, site->code.len, sizeof(*pcs));
		if (!pcs)
			return -ENOMEM;
		for (site->count = 0; pc < site->code.len; pc += length) {
			length = classfile_instruction_length(site->code.octets, pc, site->code.len);
			if (!length)
				break;
			pcs[site->count++] = pc;
		}
		if (pc != site->code.len)
			continue;
		site->pcs = pcs;
		site->at = site->code.octets - c->data;
		m->instructions += site->count;
		m->sites_n++;
	}
	return 0;
}

/* Could HotSpot define the class if it were of version 49? */
static bool fits_49(const struct classfile *c)
{
	if (c->access & CLASSFILE_INTERFACE)
		return false;
	for (uint32_t i = 1; i < c->constants_n; i++)
		if (c->constants[i].tag > CLASSFILE_NAME_AND_TYPE)
			return false;
	return true;
}

static void grow_old(struct mutant *m, uint8_t *bytes, const struct options *options)
{
	uint32_t chance = mutant_below(m, 100), version;

	if (m->base->major < 51 || chance >= options->old + options->old / 4 || !fits_49(m->base))
		return;
	version = chance < options->old ? 49 : 50;
	mutant_say(m, "in %u: ", version);
	bytes[6] = 0;
	bytes[7] = version;
}

static bool change(struct mutant *m, const struct options *options)
{
	uint32_t pick = mutant_below(m, options->total), i = 0;

	while (pick >= options->weights[i])
		pick -= options->weights[i++];
	mutant_say(m, "%s: ", changes[i].name);
	return changes[i].change(m);
}

static int mutate_class(struct mutant *m, struct stream_class *given, const struct options *options, struct seen *seen,
			struct keel_arena *arena, uint32_t *made)
{
	struct classfile class;
	size_t origin = strcspn(given->note, " ");
	char note[1024], before[64];
	int err;

	keel_arena_reset(arena);
	m->random = options->seed * 0x9e3779b97f4a7c15u ^ stream_hash(given->bytes, given->size);
	if (classfile_parse(given->bytes, given->size, arena, &class, NULL))
		return 0;
	m->base = &class;
	m->note[0] = 0;
	grow_old(m, given->bytes, options);
	snprintf(before, sizeof(before), "%s", m->note);
	err = survey(m, arena);
	if (err)
		return err;
	is_new(seen, stream_hash(given->bytes, given->size)); /* the class itself is no mutant */
	for (uint32_t n = 0, tries = 0; n < options->each && tries < options->each * 4; tries++) {
		m->size = given->size;
		if (m->room < m->size) {
			m->room = m->size * 2;
			m->bytes = need(realloc(m->bytes, m->room));
		}
		memcpy(m->bytes, given->bytes, m->size);
		strcpy(m->note, before);
		if (!change(m, options) || !is_new(seen, stream_hash(m->bytes, m->size)))
			continue;
		snprintf(note, sizeof(note), "%.*s %s", (int)(origin < 400 ? origin : 400), given->note, m->note);
		if (stream_put(stdout, note, m->bytes, m->size))
			return -EIO;
		n++;
		if (++*made == options->most)
			return 1;
	}
	return 0;
}

static int choose(struct options *options, char *names)
{
	memset(options->weights, 0, sizeof(options->weights));
	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		size_t i = 0;

		while (i < CHANGES_N && strcmp(changes[i].name, name))
			i++;
		if (i == CHANGES_N) {
			fprintf(stderr, "mutate: no change '%s', see --list\n", name);
			return -EINVAL;
		}
		options->weights[i] = changes[i].weight;
	}
	return 0;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{ "seed", 1, NULL, 's' }, { "each", 1, NULL, 'e' }, { "most", 1, NULL, 'm' }, { "old", 1, NULL, 'o' },
		{ "only", 1, NULL, 'c' }, { "list", 0, NULL, 'l' }, { "help", 0, NULL, 'h' }, { NULL },
	};
	int option;

	*options = (struct options){ .seed = 1, .each = 10 };
	for (size_t i = 0; i < CHANGES_N; i++)
		options->weights[i] = changes[i].weight;
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 's':
			options->seed = strtoull(optarg, NULL, 0);
			break;
		case 'e':
			options->each = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			options->most = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			options->old = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			if (choose(options, optarg))
				return -EINVAL;
			break;
		case 'l':
			for (size_t i = 0; i < CHANGES_N; i++)
				printf("%-14s %2u  %s\n", changes[i].name, changes[i].weight, changes[i].text);
			exit(0);
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < CHANGES_N; i++)
		options->total += options->weights[i];
	return optind == argc && options->total ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct options options;
	struct stream_class given = { 0 };
	struct mutant m = { 0 };
	struct seen seen = { 0 };
	struct keel_arena arena;
	uint32_t made = 0;
	int more, status;

	if (parse_options(argc, argv, &options))
		return 2;
	keel_arena_init(&arena, 0);
	status = stream_open(stdin) ?: stream_begin(stdout);
	while (!status && (more = stream_next(stdin, &given)) != 0)
		status = more < 0 ? more : mutate_class(&m, &given, &options, &seen, &arena, &made);
	if (status >= 0 && fflush(stdout))
		status = -EIO;
	if (status < 0)
		fprintf(stderr, "mutate: %s\n", strerror(-status));
	stream_class_free(&given);
	keel_arena_free(&arena);
	free(seen.slots);
	free(m.bytes);
	return status < 0;
}
