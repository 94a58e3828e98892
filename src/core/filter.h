/* SPDX-License-Identifier: ISC */
/*
 * LDAP filters (RFC 4515) evaluated in memory.
 *
 * Without a schema the syntax of an attribute is taken from a table of the well-known ones: text
 * ignores case and folds inner space (caseIgnoreMatch), DN-valued attributes (member, memberOf,
 * manager, …) compare as DNs, a few compare exactly (caseExact: loginShell, homeDirectory, …).
 * `>=` and `<=` compare as numbers when both sides are whole numbers, as times when both are
 * GeneralizedTime or ISO 8601, else as text; `~=` is `=`.  AD's 1.2.840.113556.1.4.803 (all bits)
 * and .804 (any bit) are understood; .1941 (in chain) cannot be decided on one entry and is
 * refused, as is a rule without an attribute.  `:dn:` takes in the parts of the entry's DN.  A name
 * with options
 * ("cn;lang-en") is a name of its own.  (objectCategory=person) is AD's short form.
 *
 * Evaluation has three values (RFC 4511 4.5.1.7).  An absent attribute makes a comparison false, so
 * that (!(employeeType=x)) holds for entries without one, as OpenLDAP and AD have it.  Undefined is
 * a value that the rule cannot read (bits of "abc"); undefined at the top is "does not match".  An
 * assertion that could be true for no entry, such as a DN attribute compared with no DN, is
 * refused.
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/attributes.h"
#include "core/entry.h"
#include <stdbool.h>
#include <stddef.h>

struct filter;

enum filter_result { FILTER_FALSE, FILTER_TRUE, FILTER_UNDEFINED };

enum { FILTER_DEPTH_MAX = 64, FILTER_TEXT_MAX_BYTES = 64 * 1024 };

/**
 * Compiles a filter once; its attributes are added to the set.
 *
 * @param ret_offset  on failure where in the text the fault is, in bytes; NULL is welcome
 * @return STATUS_OK, or STATUS_REJECT with a message that names the fault and the remedy
 */
enum status filter_compile(struct span text, struct attribute_set *set, struct filter **ret_filter,
    size_t *ret_offset, struct err *reterr);

/** Frees a filter; sets `*filter` to NULL; NULL is welcome. */
void filter_free(struct filter **filter);

/** Evaluates on an entry that was read for the same set. Cost: no allocation for ASCII values up to
 * 256 bytes. */
enum filter_result filter_evaluate(const struct filter *filter, const struct entry *entry);

/** Whether the filter is true for the entry. */
bool filter_matches(const struct filter *filter, const struct entry *entry);

/** The text it was compiled from. */
struct span filter_text(const struct filter *filter);

/** Appends a value escaped for use in a filter (RFC 4515 3): `*` `(` `)` `\` NUL and non-UTF-8 as
 * \xx. */
void filter_escape(struct span value, struct str *out);

#endif
