/* SPDX-License-Identifier: ISC */
/*
 * What a template is made of; for template_*.c only.
 *
 * A list of parts in one arena: literal text, or an attribute with a chain of functions.
 */
#ifndef CORE_TEMPLATE_P_H
#define CORE_TEMPLATE_P_H

#include "core/template.h"
#include <stdbool.h>

enum template_function {
	TEMPLATE_LOWER,
	TEMPLATE_UPPER,
	TEMPLATE_TRIM,
	TEMPLATE_ASCII,
	TEMPLATE_NFC,
	TEMPLATE_FIRST,
	TEMPLATE_LAST,
	TEMPLATE_JOIN,
	TEMPLATE_BEFORE,
	TEMPLATE_AFTER,
	TEMPLATE_LEFT,
	TEMPLATE_RIGHT,
	TEMPLATE_REPLACE,
	TEMPLATE_RDN,
	TEMPLATE_DEFAULT,
	TEMPLATE_DATE,
};

/* A compiled `replace`; template_replace.c. */
struct replace;

struct template_step {
	enum template_function function;
	struct span text;        /* the argument of join, before, after, default */
	size_t count;            /* of left, right */
	struct replace *replace; /* owned */
};

struct template_part {
	struct span literal; /* absent: an attribute */
	struct span name;
	size_t slot;
	struct template_step *steps;
	size_t step_count;
	size_t list_count; /* steps up to the last first, last or join, which work on all values */
};

struct template
{
	struct arena *arena;
	struct span text;
	struct template_part *parts;
	size_t part_count, part_cap;
};

/**
 * Compiles the arguments of a `replace`.
 *
 * @param ret_offset  where the fault is, in the pattern or, with `ret_in_with`, in the replacement
 */
bool replace_compile(struct span pattern, struct span with, struct replace **ret_replace,
    size_t *ret_offset, bool *ret_in_with, struct err *reterr);

/** Frees it; sets `*replace` to NULL; NULL is welcome. */
void replace_free(struct replace **replace);

/** Appends the text with all matches replaced. @return false when the work or the result is too
 * much */
bool replace_apply(const struct replace *replace, struct span text, struct str *out);

/* What one evaluation hands around. */
struct template_run {
	struct arena *arena;
	struct str scratch;
	struct span name; /* of the attribute, for messages */
	struct err *reterr;
};

/** Applies a function to one value that is UTF-8; selectors and `default` are not for here. */
bool template_apply(struct template_run *run, const struct template_step *step, struct span value,
    struct span *ret_value);

#endif
