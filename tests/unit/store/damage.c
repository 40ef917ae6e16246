/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets that changed on the disk: found, reported, kept aside; the rest of the mail goes on. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "porcupined/store/segment.h"
#include "tests/unit/store/image.h"
#include "tests/unit/store/model.h"
#include "tools/lib/keel/cleanup.h"
#include "tools/lib/keel/log.h"

#define MESSAGES 20
#define VICTIM 7

static struct fixture f;
static struct image images[64];
static size_t n_images;

static void setup(void)
{
	fixture_make(&f);
	n_images = 0;
}

static void teardown(void)
{
	image_free(images, n_images);
	fixture_remove(&f);
}

static size_t text_of(int i, char out[2000])
{
	size_t head = (size_t)sprintf(out, "Subject: number-%02d-of-many\r\n\r\n", i);

	memset(out + head, 'a' + i, 1900 - head);
	out[1900] = '\0';
	return 1900;
}

/* MESSAGES messages for one account; killed: by a process that ends without closing. */
static void fill(bool killed)
{
	char text[2000];
	pid_t pid = killed ? fork() : 0;
	int status;

	if (!pid) {
		fixture_open(&f);
		struct store_account a = fixture_account(&f, "a@example.org");

		for (int i = 0; i < MESSAGES; i++)
			ck_assert_int_eq(fixture_deliver(&f, &a, 1, text, text_of(i, text)), 0);
		if (killed)
			_exit(0);
		fixture_close(&f);
	} else {
		waitpid(pid, &status, 0);
		ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	n_images = image_load(&f, images, KEEL_COUNT(images));
}

/* The image that holds the victim's body. */
static struct image *victim(size_t *at)
{
	for (size_t i = 0; i < n_images; i++)
		if (memmem(images[i].data, images[i].n, "number-07-of-many", 17)) {
			*at = image_find(&images[i], "number-07-of-many");
			return &images[i];
		}
	ck_abort_msg("no message there");
}

/* All messages but the victim read right; the victim's error is returned, 0 if it reads right, -ENOENT if it is not listed. */
static int read_all(size_t listed)
{
	KEEL_AUTO_FREE struct store_message *list = NULL;
	struct store_account a;
	int result = -ENOENT;
	size_t n;

	ck_assert_int_eq(store_account_find(f.store, "a@example.org", &a), 0);
	ck_assert_int_eq(store_mailbox_list(f.store, &a.id, &list, &n), 0);
	ck_assert_uint_eq(n, listed);
	for (size_t i = 0; i < n; i++) {
		int number = listed == MESSAGES || i < VICTIM ? (int)i : (int)i + 1;
		struct store_reader *reader;
		const uint8_t *data = NULL;
		char want[2000];
		ssize_t got = store_reader_open(f.store, &list[i], &reader);

		if (!got) {
			got = store_reader_next(reader, true, &data);
			if (got > 0)
				ck_assert(got == (ssize_t)text_of(number, want) && !memcmp(data, want, (size_t)got));
			store_reader_free(&reader);
		}
		if (number == VICTIM)
			result = got < 0 ? (int)got : 0;
		else
			ck_assert_int_gt(got, 0);
	}
	return result;
}

static struct store_scrub scrub(const char *finding)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer report;
	struct store_scrub sum;

	keel_buffer_init(&report, 0);
	ck_assert_int_eq(store_scrub(f.store, NULL, NULL, &report, &sum), 0);
	ck_assert_msg(!finding || strstr(keel_buffer_text(&report), finding), "scrub says: %s",
		      keel_buffer_text(&report));
	return sum;
}

/* A damaged body in a sealed segment: its reader is told, scrub finds it, compaction leaves its segment alone. _i: what is damaged. */
START_TEST(sealed_record)
{
	uint64_t freed;
	size_t at;

	fill(false);
	struct image *im = victim(&at);

	ck_assert(im->sealed);
	if (_i == 0)
		im->data[at] ^= 1;
	else
		memset(im->data + (at & ~511ul), 0, 512); /* a sector: it may take a header along */
	image_store(im);
	for (int round = 0; round < 2; round++) {
		fixture_open(&f);
		if (_i == 0) {
			ck_assert_int_eq(read_all(MESSAGES), -EBADMSG);
			ck_assert_uint_eq(scrub("does not match its CRC32C").bad_records, 1);
		} else {
			ck_assert_uint_ge(scrub("damaged").bad_records + scrub(NULL).bad_records, 1);
		}
		ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), -EBADMSG);
		if (_i == 0)
			ck_assert_int_eq(read_all(MESSAGES), -EBADMSG);
		fixture_close(&f);
		image_lose_index(&f);
	}
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer now;
	FILE *file = fopen(im->path, "r");

	keel_buffer_init(&now, 0);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(keel_buffer_reserve(&now, im->n + 1), 0);
	ck_assert_uint_eq(fread(now.data, 1, im->n + 1, file), im->n);
	ck_assert_int_eq(memcmp(now.data, im->data, im->n), 0); /* its octets are as they were */
	fclose(file);
}
END_TEST

static void check_quarantine(const uint8_t *octets, size_t n)
{
	char pattern[128], got[4096];
	glob_t found;
	FILE *from;

	snprintf(pattern, sizeof(pattern), "%s/quarantine/*.bad", f.path);
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	from = fopen(found.gl_pathv[0], "r");
	ck_assert_ptr_nonnull(from);
	ck_assert_uint_eq(fread(got, 1, sizeof(got), from), n);
	ck_assert_int_eq(memcmp(got, octets, n), 0);
	fclose(from);
	globfree(&found);
}

/* The same in a segment that was being written when the process ended. _i: payload; header; the whole record zeroed; the entry. */
START_TEST(unsealed_record)
{
	struct store_status status;
	struct record record;
	size_t at, start, space;
	uint64_t freed;

	fill(true);
	struct image *im = victim(&at);

	ck_assert(!im->sealed);
	start = image_record_at(im, at, &record);
	ck_assert_int_eq(record.type, RECORD_BODY);
	space = record_space(record.length);
	if (_i == 3) {
		start = image_record_at(im, start + space, &record);
		ck_assert_int_eq(record.type, RECORD_ENTRY);
		space = record_space(record.length);
	}
	if (_i == 0)
		im->data[at] ^= 0x40;
	else if (_i == 1)
		im->data[start + 20] ^= 1;
	else
		memset(im->data + start, 0, space);
	image_store(im);
	if (_i & 1)
		image_lose_index(&f);
	fixture_open(&f);
	ck_assert_int_eq(store_get_status(f.store, &status), 0);
	ck_assert_uint_eq(status.quarantined, 1);
	check_quarantine(im->data + start, space);
	/* Without its body the message is listed and says so when it is read; without its entry nobody knows of it. */
	ck_assert_int_eq(read_all(_i == 3 ? MESSAGES - 1 : MESSAGES), _i == 3 ? -ENOENT : -EBADMSG);
	scrub("damaged when the store was opened");
	ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0); /* leaves it out */
	fixture_close(&f);
	image_lose_index(&f);
	fixture_open(&f);
	ck_assert_int_eq(read_all(_i == 3 ? MESSAGES - 1 : MESSAGES), _i == 3 ? -ENOENT : -EBADMSG);
	if (_i != 3)
		ck_assert_uint_eq(scrub("body is missing").missing, 1);
	/* Nothing was cut off: all others lie where they lay. */
	struct image again[64];
	size_t n = image_load(&f, again, KEEL_COUNT(again)), same = 0;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(again[i].path, im->path)) {
			ck_assert(again[i].sealed && again[i].trailer.part[FOOTER_BAD].length == 16);
			ck_assert_int_eq(memcmp(again[i].data, im->data, again[i].trailer.data_end), 0);
			same++;
		}
	ck_assert_uint_eq(same, 1);
	image_free(again, n);
}
END_TEST

/* One bit in each part of every footer, the trailer too: the store opens with all that it had. _i: part; FOOTER_SECTIONS = trailer. */
START_TEST(footer_part)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned seed = 5, hit = 0;
	uint64_t freed;

	model_init(m);
	f.config.segment_size = 64u << 10;
	fixture_open(&f);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(model_run(m, &f, model_pick(m, &seed)), 0);
		if (i == 100) {
			fixture_close(&f);
			fixture_open(&f);
			ck_assert_int_eq(store_compact(f.store, 0, NULL, NULL, &freed), 0);
		}
	}
	fixture_close(&f);
	n_images = image_load(&f, images, KEEL_COUNT(images));
	for (size_t i = 0; i < n_images; i++) {
		const struct footer_part *p = &images[i].trailer.part[_i];

		ck_assert(images[i].sealed);
		if (_i == FOOTER_SECTIONS)
			images[i].data[images[i].n - 100] ^= 4;
		else if (p->length)
			images[i].data[p->offset + p->length / 2] ^= 4;
		else
			continue;
		hit++;
		image_store(&images[i]);
	}
	ck_assert_uint_ge(hit, 1);
	image_lose_index(&f);
	fixture_open(&f);
	model_check(m, &f, true);
	if (_i != FOOTER_SECTIONS)
		ck_assert_uint_eq(scrub("footer is damaged").bad_records, hit);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(model_run(m, &f, model_pick(m, &seed)), 0);
	store_compact(f.store, 0, NULL, NULL, &freed);
	fixture_close(&f);
	image_lose_index(&f);
	fixture_open(&f);
	model_check(m, &f, true);
	free(m);
}
END_TEST

START_TEST(header_page)
{
	KEEL_CLEANUP(keel_buffer_free) struct keel_buffer error;
	struct store_scrub sum;
	size_t at;

	fill(false);
	struct image *im = victim(&at);

	keel_buffer_init(&error, 0);
	im->data[3000] ^= 1;
	image_store(im);
	ck_assert_int_eq(store_open(f.path, &f.config, &error, &f.store), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), im->path));
	ck_assert_ptr_nonnull(strstr(keel_buffer_text(&error), "header is damaged"));
	im->data[3000] ^= 1;
	image_store(im);
	fixture_open(&f);
	ck_assert_int_eq(read_all(MESSAGES), 0);
	/* While the store is open scrub sees it, before a start does. */
	im->data[3000] ^= 1;
	image_store(im);
	sum = scrub("header page is damaged");
	ck_assert_uint_eq(sum.bad_records, 1);
	im->data[3000] ^= 1;
	image_store(im);
}
END_TEST

/* The making of a segment was cut short: nothing is in it. */
START_TEST(blank_segment)
{
	char name[128];
	int fd;

	fill(false);
	snprintf(name, sizeof(name), "%s/log/00000000000000f0.seg", f.path);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert(fd >= 0 && !ftruncate(fd, _i ? 1 << 20 : 0));
	close(fd);
	fixture_open(&f);
	ck_assert_int_eq(access(name, F_OK), -1);
	ck_assert_int_eq(read_all(MESSAGES), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store damage");
	TCase *t = tcase_create("damage");
	SRunner *r;
	int failed;

	if (!getenv("OSNC_VERBOSE"))
		keel_log_to_fd(open("/dev/null", O_WRONLY | O_CLOEXEC)); /* damage is what this is about */
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, sealed_record, 0, 2);
	tcase_add_loop_test(t, unsealed_record, 0, 4);
	tcase_add_loop_test(t, footer_part, 0, FOOTER_BAD);
	tcase_add_loop_test(t, footer_part, FOOTER_SECTIONS, FOOTER_SECTIONS + 1);
	tcase_add_test(t, header_page);
	tcase_add_loop_test(t, blank_segment, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
