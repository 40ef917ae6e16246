/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records' codecs: what was put is got; anything cut short, longer, or flipped is refused and leaves the output alone. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "porcupined/store/record.h"
#include "tools/lib/keel/cleanup.h"

#define SALT 0x0123456789abcdefull

static struct record_text text(const char *t)
{
	return (struct record_text){ t, (uint16_t)strlen(t) };
}

static bool same(struct record_text got, const char *want)
{
	return got.len == strlen(want) && !memcmp(got.at, want, got.len);
}

/* Every getter with one face. out has room for any of them. */
union got {
	struct record_entry entry;
	struct record_expunge expunge;
	struct record_account account;
	struct record_mailbox mailbox;
	struct record_counter counter;
	struct record_text text;
	struct record_alias alias;
};

static int get(uint8_t type, const void *payload, size_t n, union got *out)
{
	switch (type) {
	case RECORD_ENTRY:
		return record_get_entry(payload, n, &out->entry);
	case RECORD_EXPUNGE:
		return record_get_expunge(payload, n, &out->expunge);
	case RECORD_ACCOUNT:
		return record_get_account(payload, n, &out->account);
	case RECORD_MAILBOX:
		return record_get_mailbox(payload, n, &out->mailbox);
	case RECORD_COUNTER:
		return record_get_counter(payload, n, &out->counter);
	case RECORD_ALIAS:
		return record_get_alias(payload, n, &out->alias);
	default:
		return record_get_text(payload, n, &out->text);
	}
}

/* Cut at every octet, and with one too many; in memory of its exact size, so that reading beyond is caught. */
static void refuses_other_lengths(uint8_t type, const struct keel_buffer *b)
{
	union got out, before;

	memset(&before, 0x5a, sizeof(before));
	for (size_t n = 0; n <= b->len + 1; n++) {
		uint8_t *copy = malloc(n ? n : 1);

		if (n == b->len) {
			free(copy);
			continue;
		}
		memcpy(copy, b->data, n < b->len ? n : b->len);
		if (n > b->len)
			copy[b->len] = 0;
		memcpy(&out, &before, sizeof(out));
		ck_assert_msg(get(type, copy, n, &out) == -EBADMSG, "%s of %zu octets taken for one of %zu",
			      record_type_name(type), n, b->len);
		ck_assert_int_eq(memcmp(&out, &before, sizeof(out)), 0);
		free(copy);
	}
}

START_TEST(payloads)
{
	static const char *const targets[] = { "a@example.org", "b@example.org", NULL };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer b;
	union got got;
	struct record_entry entry = { .uid = 7,
				      .flags = 0x80000001,
				      .modseq = 1ull << 60,
				      .date = 1700000000,
				      .size = 5ull << 32,
				      .return_path = text("from@example.org"),
				      .delivered_to = text("to@example.org") };
	struct record_expunge expunge = { .modseq = 99, .target = 1ull << 40, .mailbox = { "mailbox-mailbox" } };
	struct record_account account = {
		.flags = 1, .quota = 1ull << 33, .created = 17, .address = text("a@example.org"), .hash = text("$y$x")
	};
	struct record_mailbox mailbox = { .uidvalidity = 0xfffffffe, .name = text("INBOX") };
	struct record_counter counter = { .uidvalidity = 3, .uidnext = 0xffffffff, .modseq = ~0ull };

	memset(entry.mailbox.octet, 0xaa, 16);
	memset(entry.body.octet, 0xbb, 16);
	keel_buffer_init(&b, 0);
	ck_assert_int_eq(record_put_entry(&b, &entry), 0);
	ck_assert_int_eq(get(RECORD_ENTRY, b.data, b.len, &got), 0);
	ck_assert(got.entry.uid == 7 && got.entry.flags == entry.flags && got.entry.modseq == entry.modseq &&
		  got.entry.date == entry.date && got.entry.size == entry.size);
	ck_assert(!memcmp(&got.entry.mailbox, &entry.mailbox, 16) && !memcmp(&got.entry.body, &entry.body, 16));
	ck_assert(same(got.entry.return_path, "from@example.org") && same(got.entry.delivered_to, "to@example.org"));
	/* The commit thread writes these in place. */
	ck_assert_int_eq(memcmp(b.data + RECORD_ENTRY_UID, &entry.uid, 4), 0);
	ck_assert_int_eq(memcmp(b.data + RECORD_ENTRY_MODSEQ, &entry.modseq, 8), 0);
	ck_assert_int_eq(memcmp(b.data + RECORD_ENTRY_MAILBOX, &entry.mailbox, 16), 0);
	refuses_other_lengths(RECORD_ENTRY, &b);

	b.len = 0;
	ck_assert_int_eq(record_put_expunge(&b, &expunge), 0);
	ck_assert_int_eq(get(RECORD_EXPUNGE, b.data, b.len, &got), 0);
	ck_assert(got.expunge.modseq == 99 && got.expunge.target == expunge.target &&
		  !memcmp(&got.expunge.mailbox, &expunge.mailbox, 16));
	ck_assert_int_eq(memcmp(b.data + RECORD_EXPUNGE_MODSEQ, &expunge.modseq, 8), 0);
	refuses_other_lengths(RECORD_EXPUNGE, &b);

	b.len = 0;
	ck_assert_int_eq(record_put_account(&b, &account), 0);
	ck_assert_int_eq(get(RECORD_ACCOUNT, b.data, b.len, &got), 0);
	ck_assert(got.account.flags == 1 && got.account.quota == account.quota && got.account.created == 17);
	ck_assert(same(got.account.address, "a@example.org") && same(got.account.hash, "$y$x"));
	refuses_other_lengths(RECORD_ACCOUNT, &b);

	b.len = 0;
	ck_assert_int_eq(record_put_mailbox(&b, &mailbox), 0);
	ck_assert_int_eq(get(RECORD_MAILBOX, b.data, b.len, &got), 0);
	ck_assert(got.mailbox.uidvalidity == 0xfffffffe && same(got.mailbox.name, "INBOX"));
	refuses_other_lengths(RECORD_MAILBOX, &b);

	b.len = 0;
	ck_assert_int_eq(record_put_counter(&b, &counter), 0);
	ck_assert_int_eq(get(RECORD_COUNTER, b.data, b.len, &got), 0);
	ck_assert(got.counter.uidvalidity == 3 && got.counter.uidnext == 0xffffffff && got.counter.modseq == ~0ull);
	refuses_other_lengths(RECORD_COUNTER, &b);

	b.len = 0;
	ck_assert_int_eq(record_put_text(&b, "example.org"), 0);
	ck_assert_int_eq(get(RECORD_DOMAIN, b.data, b.len, &got), 0);
	ck_assert(same(got.text, "example.org"));
	refuses_other_lengths(RECORD_DOMAIN, &b);

	b.len = 0;
	ck_assert_int_eq(record_put_alias(&b, "team@example.org", targets), 0);
	ck_assert_int_eq(get(RECORD_ALIAS, b.data, b.len, &got), 0);
	ck_assert(same(got.alias.alias, "team@example.org") && got.alias.n == 2);
	ck_assert_int_eq(memcmp(got.alias.targets.at, "\x0d\0a@example.org\x0d\0b@example.org", 30), 0);
	refuses_other_lengths(RECORD_ALIAS, &b);
}
END_TEST

/* What may not stand in a record though its lengths are right. */
START_TEST(limits)
{
	static const char *const none[] = { NULL }, *const empty[] = { "", NULL };
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer b;
	char address[STORE_ADDRESS_MAX + 1], hash[STORE_HASH_MAX + 1], *huge = malloc(70000);
	union got got;

	memset(address, 'a', sizeof(address));
	memset(hash, 'h', sizeof(hash));
	memset(huge, 'x', 70000);
	huge[69999] = address[STORE_ADDRESS_MAX] = hash[STORE_HASH_MAX] = '\0';
	keel_buffer_init(&b, 0);
	for (int cut = 0; cut < 2; cut++) { /* one too long, then just right */
		struct record_account a = { .address = text("a"), .hash = text("") };

		address[STORE_ADDRESS_MAX - cut] = hash[STORE_HASH_MAX - cut] = '\0';
		b.len = 0;
		ck_assert_int_eq(record_put_text(&b, address), 0);
		ck_assert_int_eq(get(RECORD_DOMAIN, b.data, b.len, &got), cut ? 0 : -EBADMSG);
		b.len = 0;
		a.hash = text(hash);
		ck_assert_int_eq(record_put_account(&b, &a), 0);
		ck_assert_int_eq(get(RECORD_ACCOUNT, b.data, b.len, &got), cut ? 0 : -EBADMSG);
		b.len = 0;
		a.address = text(address);
		a.hash = text("");
		ck_assert_int_eq(record_put_account(&b, &a), 0);
		ck_assert_int_eq(get(RECORD_ACCOUNT, b.data, b.len, &got), cut ? 0 : -EBADMSG);
	}
	b.len = 0;
	ck_assert_int_eq(record_put_text(&b, ""), 0);
	ck_assert_int_eq(get(RECORD_DOMAIN, b.data, b.len, &got), -EBADMSG);
	b.len = 0;
	ck_assert_int_eq(record_put_alias(&b, "a@b", none), 0);
	ck_assert_int_eq(get(RECORD_ALIAS, b.data, b.len, &got), -EBADMSG);
	b.len = 0;
	ck_assert_int_eq(record_put_alias(&b, "a@b", empty), 0);
	ck_assert_int_eq(get(RECORD_ALIAS, b.data, b.len, &got), -EBADMSG);
	b.len = 0;
	ck_assert_int_eq(record_put_text(&b, huge), -EMSGSIZE);
	free(huge);
}
END_TEST

START_TEST(header)
{
	struct record r = { .type = RECORD_ENTRY,
			    .flags = 3,
			    .bucket = 4095,
			    .txn_index = 65535,
			    .length = 100,
			    .raw = 200,
			    .payload_crc = 0xdeadbeef,
			    .epoch = 5,
			    .lsn = 1ull << 50,
			    .synced = (1ull << 50) - 9,
			    .hlc = 77,
			    .origin = ~0ull },
		      got, before;
	uint8_t out[RECORD_HEADER], bad[RECORD_HEADER];

	memset(r.account.octet, 0x11, 16);
	memset(r.object.octet, 0x22, 16);
	record_encode(&r, SALT, out);
	memset(&got, 0, sizeof(got));
	ck_assert_int_eq(record_decode(out, SALT, &got), 0);
	ck_assert(got.type == r.type && got.flags == 3 && got.bucket == 4095 && got.txn_index == 65535 &&
		  got.length == 100 && got.raw == 200 && got.payload_crc == 0xdeadbeef && got.epoch == 5 &&
		  got.lsn == r.lsn && got.synced == r.synced && got.hlc == 77 && got.origin == ~0ull &&
		  !memcmp(&got.account, &r.account, 16) && !memcmp(&got.object, &r.object, 16));
	memset(&before, 0x33, sizeof(before));
	for (size_t bit = 0; bit < RECORD_HEADER * 8; bit++) {
		memcpy(bad, out, sizeof(bad));
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memcpy(&got, &before, sizeof(got));
		ck_assert_msg(record_decode(bad, SALT, &got) == -EBADMSG, "bit %zu flipped and not seen", bit);
		ck_assert_int_eq(memcmp(&got, &before, sizeof(got)), 0);
	}
	ck_assert_int_eq(record_decode(out, SALT + 1, &got), -EBADMSG);
	ck_assert_int_eq(record_decode(out, ~SALT, &got), -EBADMSG);
	/* Right checksum, impossible content. */
	for (int i = 0; i < 3; i++) {
		struct record wrong = r;

		if (i == 0)
			wrong.lsn = 0;
		else if (i == 1)
			wrong.bucket = STORE_BUCKETS;
		else
			wrong.length = RECORD_PAYLOAD_MAX + 1;
		record_encode(&wrong, SALT, bad);
		ck_assert_int_eq(record_decode(bad, SALT, &got), -EBADMSG);
	}
	/* The layout is for ever (Documentation/design/store.md): offsets 16 LSN, 56 type, 58 bucket, 64 account, 80 object. */
	ck_assert_int_eq(memcmp(out, "OREC", 4), 0);
	ck_assert_int_eq(memcmp(out + 16, &r.lsn, 8), 0);
	ck_assert_uint_eq(out[56], RECORD_ENTRY);
	ck_assert(out[58] == 0xff && out[59] == 0x0f);
	ck_assert(out[64] == 0x11 && out[79] == 0x11 && out[80] == 0x22 && out[95] == 0x22);
	ck_assert_uint_eq(record_space(0), 96);
	ck_assert_int_eq(record_octets(31), -1);
	ck_assert_int_eq(record_octets(32), 0);
	ck_assert_int_eq(record_octets(UINT32_MAX), UINT32_MAX - 32ll);
	ck_assert_uint_eq(record_space(1), 104);
	ck_assert_uint_eq(record_space(8), 104);
	ck_assert_str_eq(record_type_name(1), "body");
	ck_assert_str_eq(record_type_name(0), "unknown");
	ck_assert_str_eq(record_type_name(12), "unknown");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("record");
	TCase *t = tcase_create("record");
	SRunner *r;
	int failed;

	tcase_add_test(t, payloads);
	tcase_add_test(t, limits);
	tcase_add_test(t, header);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
