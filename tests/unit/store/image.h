/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment files of a closed store, as octets: to look at and to damage. */
#ifndef TESTS_UNIT_STORE_IMAGE_H
#define TESTS_UNIT_STORE_IMAGE_H

#include "porcupined/store/footer.h"
#include "tests/unit/store/fixture.h"

struct image {
	char path[320];
	uint8_t *data;
	size_t n;
	uint64_t salt;
	bool sealed;
	struct footer_trailer trailer;
};

/* All .seg files in order of id; the test aborts if there are more than max. Returns how many. */
size_t image_load(const struct fixture *f, struct image *out, size_t max);
void image_free(struct image *images, size_t n);
/* Writes the octets back to the file. */
void image_store(const struct image *image);
/* Offset of text in the image, or the test aborts. */
size_t image_find(const struct image *image, const char *text);
/* The record (by scan) that has octet at; *record is decoded. Returns its offset. */
size_t image_record_at(const struct image *image, size_t at, struct record *record);
/* Whole records of this type in all images. */
size_t image_count(const struct image *images, size_t n, uint8_t type);
/* As after a start of the machine without a clean end: the index counts for nothing. */
void image_lose_index(const struct fixture *f);

#endif
