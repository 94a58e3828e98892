/* SPDX-License-Identifier: ISC */
/*
 * The proofs that a scan was whole (DESIGN section 6).  Without a certificate, absences are void.
 */
#ifndef CORE_CERTIFICATE_H
#define CORE_CERTIFICATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a source says about a scan that ended. Spans are borrowed. */
struct scan_facts {
	bool is_complete;           /* every search ended with result 0 and an empty cookie */
	struct span incomplete_why; /* absent when it is complete */
	uint64_t entries;           /* entries the user searches brought, unusable ones included */
	uint64_t unusable;          /* of them without a usable key */
	uint64_t referrals;         /* continuation references that were not followed */
	struct span referral;       /* where the first led, as the server says; absent: none */
	uint64_t canaries;          /* configured */
	struct span missing_canary; /* the first one not seen; absent: all were */
	uint64_t groups;            /* walked */
	uint64_t unknown_groups;    /* roots that could not be read whole */
	struct span unknown_group;  /* the first, with the reason; absent: none */
	struct span identity;       /* who the directory says we are; absent: it does not say */
	struct span peer;           /* the URL that answered */
	struct span
	    changes_by;     /* how changes were told instead of a whole scan; absent: it was one */
	struct span cursor; /* where changes after this scan's start go on; absent: none; not part
			       of the certificate */
};

struct certificate {
	bool is_certified;
	struct span missing; /* what is missing, in words, "; " between; absent when certified */
};

/* What the facts are held against. */
struct certificate_terms {
	uint64_t last_entries; /* usable ones of the last certified scan; 0: there was none */
	uint64_t smallest_scan_percent;
	struct span expected_identity; /* of the last certified scan; absent: none known */
};

/**
 * Judges a scan. Unknown groups do not void the certificate of entries (they revoke nothing by
 * themselves), all else that is missing does; zero entries never certify once there were some.
 * Entries without a usable key count as not brought: they say nothing about any link.
 *
 * @param arena  holds `missing`
 */
struct certificate certificate_judge(
    const struct scan_facts *facts, const struct certificate_terms *terms, struct arena *arena);

/** Appends facts and verdict as canonical JSON, as stored with the run and shown in a plan. */
void certificate_encode(
    const struct certificate *certificate, const struct scan_facts *facts, struct str *out);

/* A certificate as it was stored. */
struct certificate_record {
	struct certificate certificate;
	struct scan_facts facts;
};

/**
 * Reads back a list of what certificate_encode wrote. A member that is missing is zero or absent,
 * one that is unknown is skipped.
 *
 * @param arena  holds the records and their texts
 * @return STATUS_OK, or STATUS_CORRUPT when the text is no such list
 */
enum status certificate_decode_list(struct span json, struct arena *arena,
    const struct certificate_record **ret_records, size_t *ret_count, struct err *reterr);

#endif
