/* SPDX-License-Identifier: ISC */
/*
 * LDIF content (RFC 2849): bytes to records, records to attributes.
 *
 * Pure, and hostile input is its daily bread.  Unfolding, comments and lines are libldap's;
 * splitting into records is ours, because libldap's reader follows `include:` lines, and so is
 * the refusal of values that are read from a URL.
 */
#ifndef DIRECTORY_LDIF_PARSE_H
#define DIRECTORY_LDIF_PARSE_H

#include "base/err.h"
#include "base/str.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LDIF_RECORD_MAX_BYTES = 64 * 1024 * 1024 };

/* Cuts a stream into records: what stands between blank lines. Zeros are a fresh one. */
struct ldif_splitter {
	struct str buffer; /* owned */
	size_t start;      /* of the first record that was not taken */
	size_t scanned;    /* up to here there is no end of it */
	uint64_t line;     /* lines before `start` */
	bool has_begun;
};

/* A record as text; borrowed from the splitter until the next call. */
struct ldif_text {
	char *at; /* ends in NUL; ldif_record_parse writes into it */
	size_t len;
	uint64_t line; /* of its first line, from 1 */
};

enum ldif_split { LDIF_SPLIT_RECORD, LDIF_SPLIT_MORE, LDIF_SPLIT_TOO_LONG };

/** Adds what was read next. */
void ldif_splitter_add(struct ldif_splitter *splitter, struct span bytes);

/**
 * Takes the next record.
 *
 * @param is_end  nothing more will be added
 * @return LDIF_SPLIT_MORE: add more, or at the end: that was all; LDIF_SPLIT_TOO_LONG: a record of
 *   more than LDIF_RECORD_MAX_BYTES, the stream cannot go on
 */
enum ldif_split ldif_splitter_next(
    struct ldif_splitter *splitter, bool is_end, struct ldif_text *ret_text);

/** Frees the memory and makes it a fresh one. */
void ldif_splitter_done(struct ldif_splitter *splitter);

struct ldif_value {
	struct span name, value; /* borrowed from the text */
};

/* A parsed record; used again for the next one. Zeros are a fresh one. */
struct ldif_record {
	struct span dn;            /* "" when it has none; borrowed from the text */
	struct ldif_value *values; /* owned */
	size_t value_count, value_cap;
	uint64_t line;
	struct str scratch; /* owned */
};

enum ldif_outcome {
	LDIF_ENTRY,    /* usable */
	LDIF_NOTHING,  /* comments, or the version */
	LDIF_UNUSABLE, /* an entry, but a value of it is not in the file */
	LDIF_BAD,      /* not LDIF content: the file cannot be taken as whole */
};

/**
 * Parses a record.
 *
 * @param text  written over; the record borrows from it
 * @param reterr  with the line number, unless it is LDIF_ENTRY or LDIF_NOTHING
 */
enum ldif_outcome ldif_record_parse(
    struct ldif_text *text, struct ldif_record *record, struct err *reterr);

/** Frees the memory and makes it a fresh one. */
void ldif_record_done(struct ldif_record *record);

#endif
