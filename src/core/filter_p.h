/* SPDX-License-Identifier: ISC */
/*
 * What a filter is made of; for filter_*.c only.
 *
 * A tree of nodes in one arena.  What an item compares with is prepared when the filter is
 * compiled: folded, squeezed, or normalized, as its syntax asks.
 */
#ifndef CORE_FILTER_P_H
#define CORE_FILTER_P_H

#include "base/arena.h"
#include "core/filter.h"
#include <stdint.h>

enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_PRESENT,
	FILTER_EQUAL,
	FILTER_SUBSTRINGS,
	FILTER_AT_LEAST,
	FILTER_AT_MOST,
	FILTER_ALL_BITS,
	FILTER_ANY_BIT,
};

/* How values are compared. */
enum filter_syntax {
	SYNTAX_TEXT,     /* case ignored, blanks trimmed and squeezed */
	SYNTAX_EXACT,    /* blanks trimmed and squeezed */
	SYNTAX_PHONE,    /* case, blanks and hyphens ignored */
	SYNTAX_NUMERIC,  /* blanks ignored */
	SYNTAX_OCTETS,   /* byte by byte */
	SYNTAX_BOOLEAN,  /* TRUE or FALSE, case ignored */
	SYNTAX_INTEGER,  /* whole numbers of any size */
	SYNTAX_TIME,     /* GeneralizedTime or ISO 8601 */
	SYNTAX_DN,       /* as dn_normalize */
	SYNTAX_CATEGORY, /* objectCategory: a DN, or a class as AD's short form of it */
};

struct filter_node {
	enum filter_kind kind;
	enum filter_syntax syntax;
	const struct filter_node *child; /* and, or, not: the first; NULL: none */
	const struct filter_node *next;  /* the next of the same parent */
	size_t slot;
	struct span name;          /* of the attribute */
	bool with_dn;              /* :dn: the parts of the entry's DN count as values */
	struct span value;         /* prepared; of a short objectCategory: "cn=person," */
	bool is_prefix;            /* a short objectCategory */
	const struct span *pieces; /* substrings, prepared: initial, any …, final; "" where none */
	size_t piece_count;        /* at least 2 */
	bool has_time;             /* `time_ms` is what the value means */
	int64_t time_ms;
	int64_t bits;
};

struct filter {
	struct arena *arena;
	struct span text;
	const struct filter_node *root;
};

struct filter_rule {
	const char *name, *oid;
	enum filter_kind kind;
	enum filter_syntax syntax;
};

enum { FILTER_RULES_MAX = 32 };

/* The syntax of an attribute; options do not matter; text when it is not a well-known one. */
enum filter_syntax filter_syntax_of(struct span attribute);

/* Finds a matching rule by its name or OID; NULL when it is not known. */
const struct filter_rule *filter_find_rule(struct span text);

/* The names of all rules, for a suggestion. @return their number */
size_t filter_rule_names(const char *ret_names[FILTER_RULES_MAX]);

/* Which ends of a text keep one blank: those at which a substring assertion goes on. */
enum { FILTER_KEEP_LEFT = 1, FILTER_KEEP_RIGHT = 2 };

/* Reads a whole number of any size, with a minus or without. */
bool filter_is_number(struct span text);

/* Orders two whole numbers like memcmp. */
int filter_compare_numbers(struct span a, struct span b);

/* Reads GeneralizedTime or ISO 8601. */
bool filter_read_time(struct span text, int64_t *ret_wall_ms);

/**
 * Writes the text as its syntax compares it, letters in ASCII only, to `ret_text`, which has room
 * for as many bytes and may be the text itself. @return bytes written
 */
size_t filter_squeeze(struct span text, enum filter_syntax syntax, unsigned keep, char *ret_text);

/** Appends the text as its syntax compares it, Unicode and all; a DN not normalized. */
void filter_prepare(struct span text, enum filter_syntax syntax, unsigned keep, struct str *out);

#endif
