// SPDX-License-Identifier: ISC

// The filter of `GET /Users`.
//
// Documented: operators eq ne gt ge lt le pr, `and`, `or`, nested parentheses;
// attributes id, externalId, userName, name.familyName, name.givenName and
// active.  No co, sw, ew, not, [ ].  Operators are case-insensitive, and so is
// matching.  Anything else answers 400 with scimType invalidValue (where RFC
// 7644 has invalidFilter); the live tenant was seen to do so.
// Chosen: attribute names are case-insensitive (RFC 7643, section 2.1) but take no
// schema prefix; an attribute that a user lacks matches only `ne`; `active`
// knows eq, ne and pr, with true, false, "True" or "False"; parentheses nest 50 deep.

#ifndef TENANT_FILTER_H
#define TENANT_FILTER_H

#include "store.h"

struct filter;

/**
 * Parses a filter.
 * @return owned; NULL when it is not supported.
 */
struct filter *filter_parse(const char *text);

/** Frees a filter; NULL is welcome. */
void filter_free(struct filter **filter);

/**
 * Finds the users that match, in list order.
 * Cost: the matches, when the indexes can answer; else all users.
 * @param ret_count how many.
 * @return owned array of borrowed users.
 */
struct user **filter_select(
    const struct filter *filter, const struct store *store, size_t *ret_count);

#endif
