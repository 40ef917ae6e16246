/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Goes over many classes, several at once, and prints what is said of them in the order of the operands. */
#ifndef DVMCTL_SWEEP_H
#define DVMCTL_SWEEP_H

#include "tools/dvmctl/source.h"
#include "tools/lib/keel/buffer.h"

struct sweep_class {
	const char *path;  /* of the file or archive */
	const char *entry; /* its name in the archive; NULL: it is a file */
	uint32_t entry_len;
	const uint8_t *octets;
	size_t len;
};

struct sweep_worker {
	struct keel_arena arena; /* reset before each class; holds its octets if they were inflated */
	struct keel_buffer out;  /* what goes to stdout */
	void *state;             /* the caller's own, zeroed at the start: nothing is shared */
	void *arg;
};

struct sweep {
	size_t state_size;
	void (*each)(struct sweep_worker *w, const struct sweep_class *class);
	/* Adds what a worker counted to the sum. */
	void (*sum)(void *sum, const void *state);
	void *arg;
	unsigned jobs; /* 0 = one a processor */
};

struct sweep_result {
	uint64_t octets;
	uint64_t refused[ARCHIVE_REASONS_N]; /* entries that the archive's reader refused */
	uint64_t unread;                     /* files that could not be opened after all */
	int error;                           /* 0; -errno: stdout or memory failed, and not all was done */
};

/* Draws a progress bar on stderr if that is a terminal and stdout is none. The sum is state_size octets. */
void sweep_run(const struct sweep *sweep, const struct sources *sources, void *sum, struct sweep_result *result);

/* "path!entry", or "path" */
void sweep_put_name(struct keel_buffer *out, const struct sweep_class *class);
/* '{"path":"...","entry":"..."', to be gone on with */
void sweep_begin_json(struct keel_buffer *out, const struct sweep_class *class);

#endif
