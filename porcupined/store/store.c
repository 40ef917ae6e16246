/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing a store; its identity; its clock. */
#include "porcupined/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "porcupined/store/crc32c.h"
#include "porcupined/store/state.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define STORE_VERSION 1
/* Feature bits this version knows. Unknown compat bits are ignored; unknown ro-compat or incompat bits refuse the store. */
#define KNOWN_RO_COMPAT 0u
#define KNOWN_INCOMPAT 0u

uint64_t store_monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t store_hlc(struct store *store)
{
	struct timespec t;
	uint64_t now, last = atomic_load_explicit(&store->hlc, memory_order_relaxed), next;

	clock_gettime(CLOCK_REALTIME, &t);
	now = ((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000) << 16;
	do
		next = last + 1 > now ? last + 1 : now;
	while (!atomic_compare_exchange_weak(&store->hlc, &last, next));
	return next;
}

struct store_id store_new_id(struct store *store)
{
	uint64_t clock = __builtin_bswap64(store_hlc(store)), node = __builtin_bswap64(store->node);
	struct store_id id;

	memcpy(id.octet, &clock, 8);
	memcpy(id.octet + 8, &node, 8);
	return id;
}

void store_config_defaults(struct store_config *c)
{
	*c = (struct store_config){ .segment_size = 64u << 20,
				    .body_memory = 256u << 10,
				    .total_memory = 64u << 20,
				    .message_size = 50u << 20,
				    .reserve = 64u << 20,
				    .background_compaction = true,
				    .create = true };
}

int store_writable(const struct store *store)
{
	return atomic_load(&store->writable);
}

/* ---- identity ----------------------------------------------------------------------------------- */

static void uuid_text(const struct store_id *id, char out[37])
{
	const uint8_t *u = id->octet;

	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
		 u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static int uuid_parse(const char *text, struct store_id *id)
{
	size_t n = 0;

	for (const char *at = text; *at && n < 16;) {
		unsigned octet;

		if (*at == '-') {
			at++;
			continue;
		}
		if (sscanf(at, "%2x", &octet) != 1)
			return -EBADMSG;
		id->octet[n++] = (uint8_t)octet;
		at += 2;
	}
	return n == 16 ? 0 : -EBADMSG;
}

static int identity_write(struct store *store)
{
	KEEL_AUTO_CLOSE int fd = -1;
	char uuid[37], text[512];
	int n;

	if (getrandom(&store->uuid, sizeof(store->uuid), 0) != sizeof(store->uuid) ||
	    getrandom(&store->node, sizeof(store->node), 0) != sizeof(store->node))
		return -EIO;
	store->uuid.octet[6] = (store->uuid.octet[6] & 0x0f) | 0x40; /* RFC 9562 5.4 */
	store->uuid.octet[8] = (store->uuid.octet[8] & 0x3f) | 0x80;
	uuid_text(&store->uuid, uuid);
	n = snprintf(text, sizeof(text),
		     "osnc-store %d\nuuid %s\nnode %016" PRIx64 "\ncompat 0\nro-compat 0\nincompat 0\n", STORE_VERSION,
		     uuid, store->node);
	n += snprintf(text + n, sizeof(text) - (size_t)n, "crc %08x\n", crc32c(0, text, (size_t)n));
	fd = openat(store->dir, "STORE.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)n) != n || fsync(fd) || renameat(store->dir, "STORE.tmp", store->dir, "STORE") ||
	    fsync(store->dir))
		return errno ? -errno : -EIO;
	return 0;
}

static int identity_read(struct store *store, struct keel_buffer *error)
{
	KEEL_AUTO_CLOSE int fd = openat(store->dir, "STORE", O_RDONLY | O_CLOEXEC);
	char text[512] = "", uuid[64], *crc_line;
	unsigned version, compat, ro_compat, incompat, crc;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	crc_line = n > 0 ? strstr(text, "\ncrc ") : NULL;
	if (n > 0 && sscanf(text, "osnc-store %u", &version) == 1 && version > STORE_VERSION) {
		keel_buffer_printf(error, "%s: store version %u, this program knows %d: use a newer one", store->path,
				   version, STORE_VERSION);
		return -EPROTONOSUPPORT;
	}
	if (!crc_line || sscanf(crc_line, "\ncrc %x", &crc) != 1 ||
	    crc != crc32c(0, text, (size_t)(crc_line + 1 - text)) ||
	    sscanf(text, "osnc-store %u uuid %63s node %" SCNx64 " compat %x ro-compat %x incompat %x", &version, uuid,
		   &store->node, &compat, &ro_compat, &incompat) != 6 ||
	    uuid_parse(uuid, &store->uuid)) {
		keel_buffer_printf(error, "%s/STORE: damaged", store->path);
		return -EBADMSG;
	}
	if (incompat & ~KNOWN_INCOMPAT || ro_compat & ~KNOWN_RO_COMPAT) {
		keel_buffer_printf(
			error,
			"%s: store has features this program does not know (ro-compat %x, incompat %x): use a newer one",
			store->path, ro_compat & ~KNOWN_RO_COMPAT, incompat & ~KNOWN_INCOMPAT);
		return -EPROTONOSUPPORT;
	}
	return 0;
}

static int take_lock(struct store *store, struct keel_buffer *error)
{
	char pid[32] = "";
	int n;

	store->lock = openat(store->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock < 0) {
		keel_buffer_printf(error, "%s/lock: %s", store->path, strerror(errno));
		return -errno;
	}
	if (flock(store->lock, LOCK_EX | LOCK_NB)) {
		if (pread(store->lock, pid, sizeof(pid) - 1, 0) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		keel_buffer_printf(error, "%s: in use by process %s", store->path, pid[0] ? pid : "(unknown)");
		return -EBUSY;
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(store->lock, 0) || pwrite(store->lock, pid, (size_t)n, 0) != n) {
		keel_buffer_printf(error, "%s/lock: %s", store->path, strerror(errno));
		return -errno;
	}
	return 0;
}

static int open_dir(struct store *store, struct keel_buffer *error)
{
	int r;

	if (store->config.create && mkdir(store->path, 0700) && errno != EEXIST) {
		r = -errno;
		keel_buffer_printf(error, "%s: %s", store->path, strerror(-r));
		return r;
	}
	store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0) {
		r = -errno;
		keel_buffer_printf(error, "%s: %s", store->path, strerror(-r));
		return r;
	}
	r = take_lock(store, error);
	if (r)
		return r;
	r = identity_read(store, error);
	/* Its maker may have been killed before the name was durable; segments are about to rely on it. */
	if (!r && fsync(store->dir)) {
		r = -errno;
		keel_buffer_printf(error, "%s: %s", store->path, strerror(-r));
	}
	if (r != -ENOENT)
		return r;
	/* A log without its identity is not ours to overwrite. */
	if (!faccessat(store->dir, "log", F_OK, 0)) {
		keel_buffer_printf(error, "%s: has a log but no STORE file: put it back from where the store came from",
				   store->path);
		return -EBADMSG;
	}
	if (!store->config.create) {
		keel_buffer_printf(error, "%s: no store here", store->path);
		return -ENOENT;
	}
	r = identity_write(store);
	if (r)
		keel_buffer_printf(error, "%s/STORE: %s", store->path, strerror(-r));
	return r;
}

/* ---- open, close ------------------------------------------------------------------------------------ */

static void init_locks(struct store *store)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&store->lock_commit, NULL);
	pthread_cond_init(&store->wake_commit, NULL);
	pthread_mutex_init(&store->lock_index, NULL);
	pthread_cond_init(&store->wake_index, &monotonic);
	pthread_cond_init(&store->indexed, NULL);
	pthread_mutex_init(&store->lock_rows, NULL);
	pthread_mutex_init(&store->lock_keeper, NULL);
	pthread_mutex_init(&store->lock_room, NULL);
	pthread_cond_init(&store->wake_keeper, &monotonic);
	pthread_cond_init(&store->sealed, NULL);
	pthread_mutex_init(&store->lock_compact, NULL);
	pthread_condattr_destroy(&monotonic);
}

static int join(const char *path, const char *name, char **out)
{
	return asprintf(out, "%s/%s", path, name) < 0 ? -ENOMEM : 0;
}

static int start(struct store *store)
{
	int r = indexer_start(store);

	if (r)
		return r;
	r = keeper_start(store);
	if (r) {
		indexer_stop(store);
		return r;
	}
	r = commit_start(store);
	if (r) {
		keeper_stop(store);
		indexer_stop(store);
	}
	return r;
}

int store_open(const char *path, const struct store_config *config, struct keel_buffer *error, struct store **out)
{
	KEEL_AUTO_FREE char *log = NULL;
	KEEL_AUTO_FREE char *index = NULL;
	struct store *store = calloc(1, sizeof(*store));
	bool fresh;
	int r;

	if (!store)
		return -ENOMEM;
	store->config = *config;
	store->dir = store->lock = store->segments.dir = -1;
	init_locks(store);
	store->path = strdup(path);
	r = !store->path || join(path, "log", &log) || join(path, "index", &index) ? -ENOMEM : 0;
	if (!r)
		r = open_dir(store, error);
	if (!r)
		r = segment_table_open(&store->segments, log, &store->uuid, true, error);
	if (!r)
		r = index_open(&store->index, index, &store->uuid, error, &fresh);
	if (!r)
		r = recover(store, fresh, error);
	store->open_octets = store->segments.octets_read;
	if (!r) {
		r = start(store);
		if (r)
			keel_buffer_printf(error, "threads: %s", strerror(-r));
	}
	store->started = !r;
	if (r) {
		store_close(&store);
		return r;
	}
	*out = store;
	return 0;
}

void store_close(struct store **at)
{
	struct store *store = keel_take(*at);
	bool clean = false;

	if (!store)
		return;
	if (store->started) {
		commit_stop(store);
		keeper_drain(store);
		keeper_stop(store);
		indexer_stop(store);
		clean = !store->index_error && store->indexed_lsn == store->queued_lsn;
	}
	uid_free(&store->uids);
	index_close(&store->index, clean);
	if (store->segments.dir >= 0)
		segment_table_close(&store->segments);
	keel_close_at(&store->lock);
	keel_close_at(&store->dir);
	free(store->path);
	free(store);
}

int store_get_status(struct store *store, struct store_status *out)
{
	struct store_status got = { .node = store->node,
				    .synced_lsn = atomic_load(&store->synced_lsn),
				    .quarantined = store->quarantined,
				    .open_octets_read = store->open_octets,
				    .writable = store_writable(store) };
	struct index_segment row;
	MDB_cursor *cursor;
	MDB_txn *txn;
	MDB_stat st;
	MDB_val k, v;
	int code;

	uuid_text(&store->uuid, got.uuid);
	got.next_lsn = got.synced_lsn + 1;
	pthread_mutex_lock(&store->lock_index);
	got.indexed_lsn = store->indexed_lsn;
	pthread_mutex_unlock(&store->lock_index);
	pthread_mutex_lock(&store->segments.lock);
	got.segments = store->segments.n;
	for (size_t i = 0; i < store->segments.n; i++)
		got.octets += store->segments.rows[i]->size;
	pthread_mutex_unlock(&store->segments.lock);
	txn = index_read(&store->index);
	if (!txn)
		return -EAGAIN;
	code = mdb_stat(txn, store->index.dbi[INDEX_ACCOUNT], &st);
	got.accounts = code ? 0 : st.ms_entries;
	code = mdb_stat(txn, store->index.dbi[INDEX_ENTRY], &st);
	got.messages = code ? 0 : st.ms_entries;
	code = mdb_cursor_open(txn, store->index.dbi[INDEX_SEGMENT], &cursor);
	if (!code) {
		while (!mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
			memcpy(&row, v.mv_data, sizeof(row));
			got.live_octets += row.total > row.dead ? row.total - row.dead : 0;
		}
		mdb_cursor_close(cursor);
	}
	index_read_end(&store->index, &txn);
	*out = got;
	return index_error(code);
}
