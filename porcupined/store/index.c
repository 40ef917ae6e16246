/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "porcupined/store/life.h"
#include "tools/lib/keel/cleanup.h"

#define INDEX_MAP (256ull << 30) /* address space; the file grows as needed */

int index_error(int code)
{
	switch (code) {
	case 0:
		return 0;
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
		return -ENOSPC;
	case MDB_READERS_FULL:
		return -EAGAIN;
	default:
		return code > 0 ? -code : -EIO;
	}
}

static int open_env(struct index *ix, const char *path)
{
	static const char *const names[] = {
#define X(name, text, flags) text,
		INDEX_TABLES(X)
#undef X
	};
	static const unsigned flags_of[] = {
#define X(name, text, flags) flags,
		INDEX_TABLES(X)
#undef X
	};
	MDB_txn *txn = NULL;
	int code = mdb_env_create(&ix->env);

	if (!code)
		code = mdb_env_set_mapsize(ix->env, INDEX_MAP);
	if (!code)
		code = mdb_env_set_maxdbs(ix->env, INDEX_TABLE_COUNT);
	if (!code)
		code = mdb_env_set_maxreaders(ix->env, 2 * INDEX_READERS);
	/* NOSYNC: after a crash of the machine the index is made anew, so it need never wait for the disk. */
	if (!code)
		code = mdb_env_open(ix->env, path, MDB_NOSYNC | MDB_NOTLS | MDB_NOMEMINIT, 0600);
	if (!code)
		code = mdb_txn_begin(ix->env, NULL, 0, &txn);
	for (int i = 0; !code && i < INDEX_TABLE_COUNT; i++)
		code = mdb_dbi_open(txn, names[i], MDB_CREATE | flags_of[i], &ix->dbi[i]);
	if (!code)
		code = mdb_txn_commit(txn);
	else if (txn)
		mdb_txn_abort(txn);
	if (code && ix->env) {
		mdb_env_close(ix->env);
		ix->env = NULL;
	}
	return index_error(code);
}

static void remove_files(int dir)
{
	static const char *const files[] = { LIFE_FILE, LIFE_ROWS, "lock.mdb" };

	for (size_t i = 0; i < KEEL_COUNT(files); i++)
		unlinkat(dir, files[i], 0);
}

int index_open(struct index *ix, const char *path, const struct store_id *uuid, struct keel_buffer *error, bool *fresh)
{
	KEEL_AUTO_CLOSE int dir = -1;
	MDB_txn *txn;
	int r = 0;

	memset(ix, 0, sizeof(*ix));
	pthread_mutex_init(&ix->lock, NULL);
	ix->uuid = *uuid;
	if ((mkdir(path, 0700) && errno != EEXIST) || !(ix->path = strdup(path)) ||
	    (dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		r = -errno;
		goto fail;
	}
	*fresh = !life_usable(dir, uuid);
	if (*fresh)
		remove_files(dir);
	/* "Not clean" must be on disk before the first change is. */
	r = life_write(dir, uuid, false);
	if (!r)
		r = open_env(ix, path);
	if (r && !*fresh) { /* nothing in it is worth keeping */
		remove_files(dir);
		*fresh = true;
		r = life_write(dir, uuid, false);
		if (!r)
			r = open_env(ix, path);
	}
	if (r)
		goto fail;
	life_mark(dir);
	txn = index_read(ix);
	r = txn ? index_get(ix, txn, INDEX_META, "covered", 7, &ix->covered, sizeof(ix->covered), NULL, NULL) : -ENOMEM;
	if (txn)
		index_read_end(ix, &txn);
	if (r == -ENOENT) { /* ended before its first rows were whole */
		*fresh = true;
		r = 0;
	}
	if (!r)
		return 0;
fail:
	keel_buffer_printf(error, "index %s: %s", path, strerror(-r));
	index_close(ix, false);
	return r;
}

void index_close(struct index *ix, bool clean)
{
	if (ix->env) {
		KEEL_AUTO_CLOSE int dir = open(ix->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		while (ix->n_idle)
			mdb_txn_abort(ix->idle[--ix->n_idle]);
		/* The rows first, then the mark that they are whole. */
		clean = clean && !mdb_env_sync(ix->env, 1);
		mdb_env_close(ix->env);
		ix->env = NULL;
		if (clean && dir >= 0)
			life_write(dir, &ix->uuid, true);
	}
	free(keel_take(ix->path));
}

int index_clear(struct index *ix)
{
	MDB_txn *txn;
	int r = index_begin(ix, &txn);

	if (r)
		return r;
	for (int i = 0; !r && i < INDEX_TABLE_COUNT; i++)
		if (i != INDEX_META)
			r = index_error(mdb_drop(txn, ix->dbi[i], 0));
	if (r) {
		index_abort(&txn);
		return r;
	}
	return index_commit(ix, &txn, 0);
}

int index_begin(struct index *ix, MDB_txn **txn)
{
	return index_error(mdb_txn_begin(ix->env, NULL, 0, txn));
}

int index_commit(struct index *ix, MDB_txn **txn, uint64_t covered)
{
	int r = index_put(ix, *txn, INDEX_META, "covered", 7, &covered, sizeof(covered), NULL, 0);

	if (r) {
		index_abort(txn);
		return r;
	}
	r = index_error(mdb_txn_commit(keel_take(*txn)));
	if (!r)
		__atomic_store_n(&ix->covered, covered, __ATOMIC_RELEASE);
	return r;
}

void index_abort(MDB_txn **txn)
{
	if (*txn)
		mdb_txn_abort(keel_take(*txn));
}

MDB_txn *index_read(struct index *ix)
{
	MDB_txn *txn = NULL;

	pthread_mutex_lock(&ix->lock);
	if (ix->n_idle)
		txn = ix->idle[--ix->n_idle];
	pthread_mutex_unlock(&ix->lock);
	if (txn) {
		if (!mdb_txn_renew(txn))
			return txn;
		mdb_txn_abort(txn);
	}
	return mdb_txn_begin(ix->env, NULL, MDB_RDONLY, &txn) ? NULL : txn;
}

void index_read_end(struct index *ix, MDB_txn **txn)
{
	MDB_txn *t = keel_take(*txn);

	mdb_txn_reset(t);
	pthread_mutex_lock(&ix->lock);
	if (ix->n_idle < INDEX_READERS) {
		ix->idle[ix->n_idle++] = t;
		t = NULL;
	}
	pthread_mutex_unlock(&ix->lock);
	if (t)
		mdb_txn_abort(t);
}

int index_get(struct index *ix, MDB_txn *txn, enum index_table table, const void *key, size_t key_len, void *out,
	      size_t n, const uint8_t **rest, size_t *rest_len)
{
	MDB_val k = { key_len, (void *)key }, v;
	int code = mdb_get(txn, ix->dbi[table], &k, &v);

	if (code)
		return index_error(code);
	if (v.mv_size < n)
		return -EIO;
	memcpy(out, v.mv_data, n);
	if (rest) {
		*rest = (const uint8_t *)v.mv_data + n;
		*rest_len = v.mv_size - n;
	}
	return 0;
}

int index_put(struct index *ix, MDB_txn *txn, enum index_table table, const void *key, size_t key_len, const void *row,
	      size_t n, const void *rest, size_t rest_len)
{
	MDB_val k = { key_len, (void *)key }, v = { n + rest_len, NULL };
	int code = mdb_put(txn, ix->dbi[table], &k, &v, MDB_RESERVE);

	if (code)
		return index_error(code);
	memcpy(v.mv_data, row, n);
	if (rest_len)
		memcpy((uint8_t *)v.mv_data + n, rest, rest_len);
	return 0;
}

int index_delete(struct index *ix, MDB_txn *txn, enum index_table table, const void *key, size_t key_len)
{
	MDB_val k = { key_len, (void *)key };

	return index_error(mdb_del(txn, ix->dbi[table], &k, NULL));
}

int index_move_body(struct index *ix, MDB_txn *txn, const struct store_id *body, uint64_t from, uint64_t from_offset,
		    uint64_t to, uint64_t to_offset)
{
	struct index_body row;
	int r = index_get(ix, txn, INDEX_BODY, body, sizeof(*body), &row, sizeof(row), NULL, NULL);

	if (r)
		return r;
	if (row.segment != from || row.offset != from_offset)
		return 0;
	row.segment = to;
	row.offset = to_offset;
	return index_put(ix, txn, INDEX_BODY, body, sizeof(*body), &row, sizeof(row), NULL, 0);
}

int index_drop_orphans(struct index *ix, uint64_t *dropped)
{
	MDB_cursor *cursor;
	MDB_txn *txn;
	MDB_val k, v;
	int code, r = index_begin(ix, &txn);

	*dropped = 0;
	if (r)
		return r;
	code = mdb_cursor_open(txn, ix->dbi[INDEX_BODY], &cursor);
	if (code) {
		index_abort(&txn);
		return index_error(code);
	}
	for (code = mdb_cursor_get(cursor, &k, &v, MDB_FIRST); !code; code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		struct index_body row;
		struct index_segment seg;

		if (v.mv_size < sizeof(row))
			continue;
		memcpy(&row, v.mv_data, sizeof(row));
		if (row.refs)
			continue;
		code = mdb_cursor_del(cursor, 0);
		if (code)
			break;
		++*dropped;
		if (!index_get(ix, txn, INDEX_SEGMENT, &row.segment, 8, &seg, sizeof(seg), NULL, NULL)) {
			seg.dead += record_space(row.length);
			index_put(ix, txn, INDEX_SEGMENT, &row.segment, 8, &seg, sizeof(seg), NULL, 0);
		}
	}
	mdb_cursor_close(cursor);
	if (code != MDB_NOTFOUND) {
		index_abort(&txn);
		return index_error(code);
	}
	return index_commit(ix, &txn, ix->covered);
}
