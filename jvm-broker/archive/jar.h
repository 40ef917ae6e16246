/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a zip a jar (JAR File Specification): manifest, versions for newer releases, signatures. */
#ifndef JVM_BROKER_ARCHIVE_JAR_H
#define JVM_BROKER_ARCHIVE_JAR_H

#include "jvm-broker/archive/archive.h"

/* The main attributes of a manifest that say how to read the jar. Texts lie in the arena; NULL = not there. */
struct archive_manifest {
	const char *class_path; /* URLs with blanks between */
	const char *main_class;
	const char *automatic_module; /* Automatic-Module-Name */
	bool multi_release;
	bool sealed;         /* all packages, if no section says otherwise */
	bool entries_sealed; /* a section has a Sealed attribute */
	bool digests;        /* sections hold digests: the jar was signed */
};

/* From the octets of META-INF/MANIFEST.MF. Lines that are no attribute are passed over, as java does. 0 or -ENOMEM. */
int archive_manifest_parse(const uint8_t *octets, size_t len, struct keel_arena *arena, struct archive_manifest *out);

/* What an entry is to the class loader of a jar */
enum archive_role {
	ARCHIVE_ROLE_RESOURCE,
	ARCHIVE_ROLE_CLASS, /* *.class, not in META-INF */
	ARCHIVE_ROLE_FOLDER,
	ARCHIVE_ROLE_MANIFEST,  /* META-INF/MANIFEST.MF */
	ARCHIVE_ROLE_SIGNATURE, /* META-INF/ *.SF, *.RSA, *.DSA, *.EC, SIG-*: void once anything changes */
	ARCHIVE_ROLE_INDEX,     /* META-INF/INDEX.LIST */
};

struct archive_part {
	uint8_t role;     /* enum archive_role; of what it stands for, under META-INF/versions */
	uint16_t release; /* 0, or N of META-INF/versions/N/ */
	const char *name; /* without META-INF/versions/N/; of a jmod without classes/, of a jimage without /module/ */
	uint32_t name_len;
};

/* What an entry's name says. */
void archive_part(const struct archive *a, const struct archive_entry *e, struct archive_part *out);

/* The entries that a loader of this release sees, as indices into entries sorted by their names as above: each name once, from the highest
 * version not above the release if multi_release, else from none but the jar's root; entries that are refused are left out. Of a jimage all.
 * *out from the arena. 0 or -ENOMEM. */
int archive_select(const struct archive *a, bool multi_release, unsigned release, struct keel_arena *arena,
		   uint32_t **out, uint32_t *n);

#endif
