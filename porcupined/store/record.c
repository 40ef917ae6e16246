/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/store/record.h"

#include <errno.h>
#include <string.h>

#include "porcupined/store/crc32c.h"
#include "tools/lib/keel/cursor.h"

static void put16(uint8_t *at, uint16_t v)
{
	memcpy(at, &v, 2);
}

static void put32(uint8_t *at, uint32_t v)
{
	memcpy(at, &v, 4);
}

static void put64(uint8_t *at, uint64_t v)
{
	memcpy(at, &v, 8);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the log is little-endian; big-endian machines need swaps here");

void record_encode(const struct record *r, uint64_t salt, uint8_t out[RECORD_HEADER])
{
	put32(out, RECORD_MAGIC);
	put32(out + 8, r->payload_crc);
	put32(out + 12, r->length);
	put64(out + 16, r->lsn);
	put64(out + 24, r->synced);
	put64(out + 32, r->hlc);
	put64(out + 40, r->origin);
	put32(out + 48, r->epoch);
	put32(out + 52, r->raw);
	out[56] = r->type;
	out[57] = r->flags;
	put16(out + 58, r->bucket);
	put16(out + 60, r->txn_index);
	put16(out + 62, 0);
	memcpy(out + 64, r->account.octet, 16);
	memcpy(out + 80, r->object.octet, 16);
	put32(out + 4, crc32c(crc32c(0, &salt, sizeof(salt)), out + 8, RECORD_HEADER - 8));
}

int record_decode(const uint8_t in[RECORD_HEADER], uint64_t salt, struct record *r)
{
	struct keel_cursor c;
	struct record got = { 0 };
	uint32_t crc;

	keel_cursor_init(&c, in, RECORD_HEADER);
	if (keel_cursor_le32(&c) != RECORD_MAGIC)
		return -EBADMSG;
	crc = keel_cursor_le32(&c);
	if (crc != crc32c(crc32c(0, &salt, sizeof(salt)), in + 8, RECORD_HEADER - 8))
		return -EBADMSG;
	got.payload_crc = keel_cursor_le32(&c);
	got.length = keel_cursor_le32(&c);
	got.lsn = keel_cursor_le64(&c);
	got.synced = keel_cursor_le64(&c);
	got.hlc = keel_cursor_le64(&c);
	got.origin = keel_cursor_le64(&c);
	got.epoch = keel_cursor_le32(&c);
	got.raw = keel_cursor_le32(&c);
	got.type = keel_cursor_u8(&c);
	got.flags = keel_cursor_u8(&c);
	got.bucket = keel_cursor_le16(&c);
	got.txn_index = keel_cursor_le16(&c);
	keel_cursor_skip(&c, 2);
	keel_cursor_copy(&c, got.account.octet, 16);
	keel_cursor_copy(&c, got.object.octet, 16);
	if (!keel_cursor_ok(&c) || got.length > RECORD_PAYLOAD_MAX || got.bucket >= STORE_BUCKETS || !got.lsn)
		return -EBADMSG;
	*r = got;
	return 0;
}

const char *record_type_name(uint8_t type)
{
	switch (type) {
#define X(name, number, text)                                                                                          \
	case number:                                                                                                   \
		return text;
		RECORD_TYPES(X)
#undef X
	default:
		return "unknown";
	}
}

/* ---- payloads ----------------------------------------------------------------------------------- */

static void put_text(struct keel_buffer *b, const char *at, size_t len)
{
	if (len > UINT16_MAX) {
		b->failed = -EMSGSIZE;
		return;
	}
	keel_buffer_le16(b, (uint16_t)len);
	keel_buffer_append(b, at, len);
}

static struct record_text get_text(struct keel_cursor *c)
{
	struct record_text t;

	t.len = keel_cursor_le16(c);
	t.at = (const char *)keel_cursor_take(c, t.len);
	return t;
}

/* All was there and nothing is left. */
static int whole(const struct keel_cursor *c)
{
	return keel_cursor_ok(c) && !keel_cursor_left(c) ? 0 : -EBADMSG;
}

int record_put_entry(struct keel_buffer *b, const struct record_entry *e)
{
	keel_buffer_le32(b, e->uid);
	keel_buffer_le32(b, e->flags);
	keel_buffer_le64(b, e->modseq);
	keel_buffer_le64(b, e->date);
	keel_buffer_le64(b, e->size);
	keel_buffer_append(b, e->mailbox.octet, 16);
	keel_buffer_append(b, e->body.octet, 16);
	put_text(b, e->return_path.at, e->return_path.len);
	put_text(b, e->delivered_to.at, e->delivered_to.len);
	return b->failed;
}

int record_get_entry(const void *payload, size_t n, struct record_entry *e)
{
	struct record_entry got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got.uid = keel_cursor_le32(&c);
	got.flags = keel_cursor_le32(&c);
	got.modseq = keel_cursor_le64(&c);
	got.date = keel_cursor_le64(&c);
	got.size = keel_cursor_le64(&c);
	keel_cursor_copy(&c, got.mailbox.octet, 16);
	keel_cursor_copy(&c, got.body.octet, 16);
	got.return_path = get_text(&c);
	got.delivered_to = get_text(&c);
	if (whole(&c))
		return -EBADMSG;
	*e = got;
	return 0;
}

int record_put_expunge(struct keel_buffer *b, const struct record_expunge *e)
{
	keel_buffer_le64(b, e->modseq);
	keel_buffer_le64(b, e->target);
	keel_buffer_append(b, e->mailbox.octet, 16);
	return b->failed;
}

int record_get_expunge(const void *payload, size_t n, struct record_expunge *e)
{
	struct record_expunge got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got.modseq = keel_cursor_le64(&c);
	got.target = keel_cursor_le64(&c);
	keel_cursor_copy(&c, got.mailbox.octet, 16);
	if (whole(&c))
		return -EBADMSG;
	*e = got;
	return 0;
}

int record_put_account(struct keel_buffer *b, const struct record_account *a)
{
	keel_buffer_le32(b, a->flags);
	keel_buffer_le64(b, a->quota);
	keel_buffer_le64(b, a->created);
	put_text(b, a->address.at, a->address.len);
	put_text(b, a->hash.at, a->hash.len);
	return b->failed;
}

int record_get_account(const void *payload, size_t n, struct record_account *a)
{
	struct record_account got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got.flags = keel_cursor_le32(&c);
	got.quota = keel_cursor_le64(&c);
	got.created = keel_cursor_le64(&c);
	got.address = get_text(&c);
	got.hash = get_text(&c);
	if (whole(&c) || !got.address.len || got.address.len >= STORE_ADDRESS_MAX || got.hash.len >= STORE_HASH_MAX)
		return -EBADMSG;
	*a = got;
	return 0;
}

int record_put_mailbox(struct keel_buffer *b, const struct record_mailbox *m)
{
	keel_buffer_le32(b, m->uidvalidity);
	put_text(b, m->name.at, m->name.len);
	return b->failed;
}

int record_get_mailbox(const void *payload, size_t n, struct record_mailbox *m)
{
	struct record_mailbox got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got.uidvalidity = keel_cursor_le32(&c);
	got.name = get_text(&c);
	if (whole(&c))
		return -EBADMSG;
	*m = got;
	return 0;
}

int record_put_counter(struct keel_buffer *b, const struct record_counter *v)
{
	keel_buffer_le32(b, v->uidvalidity);
	keel_buffer_le32(b, v->uidnext);
	keel_buffer_le64(b, v->modseq);
	return b->failed;
}

int record_get_counter(const void *payload, size_t n, struct record_counter *v)
{
	struct record_counter got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got.uidvalidity = keel_cursor_le32(&c);
	got.uidnext = keel_cursor_le32(&c);
	got.modseq = keel_cursor_le64(&c);
	if (whole(&c))
		return -EBADMSG;
	*v = got;
	return 0;
}

int record_put_text(struct keel_buffer *b, const char *text)
{
	put_text(b, text, strlen(text));
	return b->failed;
}

int record_get_text(const void *payload, size_t n, struct record_text *t)
{
	struct record_text got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got = get_text(&c);
	if (whole(&c) || !got.len || got.len >= STORE_ADDRESS_MAX)
		return -EBADMSG;
	*t = got;
	return 0;
}

int record_put_alias(struct keel_buffer *b, const char *alias, const char *const *targets)
{
	uint16_t n = 0;

	while (targets[n])
		n++;
	put_text(b, alias, strlen(alias));
	keel_buffer_le16(b, n);
	for (uint16_t i = 0; i < n; i++)
		put_text(b, targets[i], strlen(targets[i]));
	return b->failed;
}

int record_get_alias(const void *payload, size_t n, struct record_alias *a)
{
	struct record_alias got;
	struct keel_cursor c;

	keel_cursor_init(&c, payload, n);
	got.alias = get_text(&c);
	got.n = keel_cursor_le16(&c);
	got.targets.at = (const char *)c.at;
	got.targets.len = (uint16_t)keel_cursor_left(&c);
	for (uint16_t i = 0; i < got.n && keel_cursor_ok(&c); i++) {
		struct record_text t = get_text(&c);

		if (!t.len || t.len >= STORE_ADDRESS_MAX)
			return -EBADMSG;
	}
	if (whole(&c) || !got.alias.len || got.alias.len >= STORE_ADDRESS_MAX || !got.n)
		return -EBADMSG;
	*a = got;
	return 0;
}
