// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages as the kernel makes them, and as it never would; each lies in memory of its size, so that ASan sees a read behind it. */
#include "tools/lib/keel/extack.h"

#include <check.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/netlink.h"

#define TEXT "no such thing"

struct row {
	uint16_t type, flags;
	uint32_t request;   /* nlmsg_len of the request that an NLMSG_ERROR holds */
	uint32_t copied;    /* octets of it behind its header that are there */
	uint32_t offset;    /* an attribute stands before the text */
	uint16_t attribute; /* its type */
	uint32_t length;    /* nla_len; 0: what fits */
	const char *said;   /* NULL: nothing */
};

static void put(struct keel_buffer *b, const void *data, size_t n)
{
	ck_assert_int_eq(keel_buffer_append(b, data, n), 0);
}

static void check(const struct row *row)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer b, said;
	struct nlmsghdr header = { .nlmsg_type = row->type, .nlmsg_flags = row->flags };
	const struct nlmsgerr error = { .error = -2, .msg.nlmsg_len = row->request };
	const struct nlattr before = { .nla_len = NLA_HDRLEN + 4, .nla_type = NLMSGERR_ATTR_OFFS };
	const struct nlattr text = { .nla_len = (uint16_t)(row->length ? row->length : NLA_HDRLEN + sizeof(TEXT)),
				     .nla_type = row->attribute };
	struct nlmsghdr *exact;

	keel_buffer_init(&b, 0);
	keel_buffer_init(&said, 0);
	put(&b, &header, sizeof(header));
	put(&b, &error, row->type == NLMSG_DONE ? sizeof(int) : sizeof(error));
	for (uint32_t i = 0; i < row->copied; i++)
		put(&b, "x", 1);
	if (row->offset) {
		put(&b, &before, sizeof(before));
		put(&b, &row->offset, sizeof(row->offset));
	}
	put(&b, &text, sizeof(text));
	put(&b, TEXT, sizeof(TEXT));
	exact = malloc(b.len);
	memcpy(exact, b.data, b.len);
	exact->nlmsg_len = (uint32_t)b.len;
	ck_assert_int_eq(keel_extack(exact, &said), row->said != NULL);
	ck_assert_str_eq(keel_buffer_text(&said), row->said ? row->said : "");
	free(exact);
}

#define TLVS NLM_F_ACK_TLVS
#define CAPPED (NLM_F_ACK_TLVS | NLM_F_CAPPED)

static const struct row rows[] = {
	{ NLMSG_ERROR, CAPPED, 36, 0, 0, NLMSGERR_ATTR_MSG, 0, TEXT },
	{ NLMSG_ERROR, CAPPED, 36, 0, 8, NLMSGERR_ATTR_MSG, 0, TEXT },
	{ NLMSG_ERROR, TLVS, 36, 20, 0, NLMSGERR_ATTR_MSG, 0, TEXT },
	{ NLMSG_ERROR, TLVS, 33, 20, 8, NLMSGERR_ATTR_MSG, 0, TEXT },
	{ NLMSG_ERROR, 0, 16, 0, 0, NLMSGERR_ATTR_MSG, 0, NULL },
	{ NLMSG_ERROR, CAPPED, 16, 0, 0, NLMSGERR_ATTR_OFFS, 0, NULL },
	{ NLMSG_DONE, TLVS, 0, 0, 0, NLMSGERR_ATTR_MSG, 0, TEXT },
	{ NLMSG_DONE, TLVS, 0, 0, 4, NLMSGERR_ATTR_MSG, 0, TEXT },
	{ NLMSG_DONE, 0, 0, 0, 0, NLMSGERR_ATTR_MSG, 0, NULL },
	/* without its end */
	{ NLMSG_ERROR, CAPPED, 16, 0, 0, NLMSGERR_ATTR_MSG, NLA_HDRLEN + 2, "no" },
	{ NLMSG_ERROR, CAPPED, 16, 0, 0, NLMSGERR_ATTR_MSG, NLA_HDRLEN, "" },
	/* longer than the message, the request too */
	{ NLMSG_ERROR, CAPPED, 16, 0, 0, NLMSGERR_ATTR_MSG, NLA_HDRLEN + sizeof(TEXT) + 1, NULL },
	{ NLMSG_ERROR, TLVS, 34, 0, 0, NLMSGERR_ATTR_MSG, 0, NULL },
	{ NLMSG_ERROR, TLVS, 35, 0, 0, NLMSGERR_ATTR_MSG, 0, NULL },
	{ NLMSG_ERROR, TLVS, UINT32_MAX, 0, 0, NLMSGERR_ATTR_MSG, 0, NULL },
	{ NLMSG_ERROR, TLVS, UINT32_MAX - 20, 0, 0, NLMSGERR_ATTR_MSG, 0, NULL },
};

START_TEST(row)
{
	check(&rows[_i]);
}
END_TEST

/* Cut short anywhere: nothing is said. */
START_TEST(cut_short)
{
	const struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		struct nlattr text;
		char words[8];
	} whole = { { sizeof(whole), NLMSG_ERROR, CAPPED, 0, 0 },
		    { -2, { 36, 0, 0, 0, 0 } },
		    { NLA_HDRLEN + 8, NLMSGERR_ATTR_MSG },
		    "nothing" };

	for (size_t n = sizeof(whole.header); n <= sizeof(whole); n++) {
		KEEL_CLEANUP(keel_buffer_free) struct keel_buffer said;
		struct nlmsghdr *exact = malloc(n);

		keel_buffer_init(&said, 0);
		memcpy(exact, &whole, n);
		exact->nlmsg_len = (uint32_t)n;
		ck_assert_int_eq(keel_extack(exact, &said), n == sizeof(whole));
		exact->nlmsg_len = 3;
		ck_assert_int_eq(keel_extack(exact, &said), false);
		free(exact);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("extack");
	TCase *t = tcase_create("extack");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, row, 0, (int)KEEL_COUNT(rows));
	tcase_add_test(t, cut_short);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
