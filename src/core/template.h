/* SPDX-License-Identifier: ISC */
/*
 * Templates: literal text and `${attribute|function|function(argument)}`.
 *
 * Functions: lower upper trim ascii nfc first last join(",") before("@") after("@") left(n)
 * right(n) replace("regex","with") rdn default("x") date.  `$$` is a dollar sign.  In arguments
 * `\"` and `\\` are escapes, and a backslash before anything else stays, so that "\d+" is a
 * pattern.
 *
 * Several values: without first, last or join the smallest by bytes is taken before all functions.
 * With one of them, the functions before it work on each value and those behind it on what it gave:
 * `${mail|lower|first}` lowers all, then takes the smallest.  `first`, `last` and `join` go by byte
 * order too, so that the server's order never makes a change, pass over empty values, and join
 * drops repeats.
 *
 * A template with an empty `${…}` yields nothing; `default` puts a text in place of the empty one.
 * `before` and `after` cut at the first occurrence; without one, before gives all and after
 * nothing. `replace` takes a PCRE2 pattern, replaces all matches, `$1` and `\1` name groups, `$$`
 * is a dollar; matching has a limit of work, and a value a length, so that a hostile one cannot
 * stall the agent.  `rdn` gives the unescaped value of a DN's first RDN.  `date` turns
 * GeneralizedTime, FILETIME, ISO 8601 or 20260301 into "2026-03-01", and a FILETIME that means
 * "never" into nothing.  left(n) and right(n) count characters.
 *
 * A template keeps scratch memory for its patterns: one evaluation at a time.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/attributes.h"
#include "core/entry.h"
#include <stddef.h>

struct template;

enum {
	TEMPLATE_TEXT_MAX_BYTES = 4096,
	TEMPLATE_VALUE_MAX_BYTES = 64 * 1024,
	TEMPLATE_REPLACE_MAX_BYTES = 4096, /* of a value that `replace` is to look at */
};

/**
 * Compiles a template once; its attributes are added to the set.
 *
 * @param ret_offset  on failure where in the text the fault is, in bytes; NULL is welcome
 * @return STATUS_OK, or STATUS_REJECT with a message that names the fault and the nearest right
 * name
 */
enum status template_compile(struct span text, struct attribute_set *set,
    struct template **ret_template, size_t *ret_offset, struct err *reterr);

/** Frees a template; sets `*template` to NULL; NULL is welcome. */
void template_free(struct template **template);

/**
 * Evaluates on an entry that was read for the same set.
 *
 * @param arena      holds the result where it is not a view of the entry
 * @param ret_value  absent when the template yields nothing
 * @return STATUS_OK; STATUS_REJECT: a value is not UTF-8, too long or no date, or a pattern gave
 * up; the message names the attribute but not the value Cost: a template of one attribute without
 * functions copies nothing; `lower` on ASCII one copy.
 */
enum status template_evaluate(const struct template *template, const struct entry *entry,
    struct arena *arena, struct span *ret_value, struct err *reterr);

/** The text it was compiled from. */
struct span template_text(const struct template *template);

#endif
