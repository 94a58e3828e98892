/* SPDX-License-Identifier: ISC */
/*
 * `replace`: the one place that knows PCRE2.
 *
 * Patterns are run by the interpreter, not by machine code made at run time: the service may run
 * where memory cannot be both written and executed, and the interpreter's limit of work is exact.
 * The limit holds for one match, so later matches of one value get less of it; sixty thousand
 * hostile matches then cost well under a second altogether.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/vec.h"
#include "core/template_p.h"
#include <pcre2.h>
#include <stdlib.h>

enum {
	WORK_BUDGET = 2 * 1000 * 1000, /* steps of the matcher, for all places of a value */
	LEAST_WORK = 500,              /* and a step a byte: at one place */
	DEPTH_MAX = 1000,
	HEAP_MAX_KIB = 1024,
	NO_GROUP = -1,
};

/* The replacement is literals and groups in turn. */
struct piece {
	struct span literal;
	int group; /* NO_GROUP: the literal */
};

struct replace {
	pcre2_code *code;
	pcre2_match_data *match; /* scratch; one evaluation at a time */
	pcre2_match_context *context;
	char *with; /* the text of the literals */
	struct piece *pieces;
	size_t piece_count, piece_cap;
};

void replace_free(struct replace **replace)
{
	if (*replace == NULL)
		return;
	pcre2_match_data_free((*replace)->match);
	pcre2_match_context_free((*replace)->context);
	pcre2_code_free((*replace)->code);
	free((*replace)->with);
	free((*replace)->pieces);
	free(*replace);
	*replace = NULL;
}

static void add_piece(struct replace *replace, struct span literal, int group)
{
	struct piece *piece;

	if (group == NO_GROUP && literal.len == 0)
		return;
	piece = vec_push(
	    (void **)&replace->pieces, &replace->piece_count, &replace->piece_cap, sizeof(*piece));
	*piece = (struct piece) { literal, group };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads "$1", "\1" or "${1}" at the start of a text. @return its length, 0 when there is none */
static size_t read_group(struct span text, int *ret_group)
{
	size_t at = 1;
	bool braced = text.len > 1 && text.at[0] == '$' && text.at[1] == '{';

	if (text.at[0] != '$' && text.at[0] != '\\')
		return 0;
	at += braced;
	if (at == text.len || !is_digit(text.at[at]))
		return 0;
	*ret_group = text.at[at++] - '0';
	if (at < text.len && is_digit(text.at[at]))
		*ret_group = *ret_group * 10 + text.at[at++] - '0';
	if (!braced)
		return at;
	return at < text.len && text.at[at] == '}' ? at + 1 : 0;
}

static bool compile_with(struct replace *replace, struct span with, uint32_t group_count,
    size_t *ret_offset, struct err *reterr)
{
	size_t start = 0, at = 0;

	while (at < with.len) {
		struct span rest = { with.at + at, with.len - at };
		int group = NO_GROUP;
		size_t len = read_group(rest, &group);

		if (len > 0 && (uint32_t)group > group_count) {
			*ret_offset = at;
			err_set(reterr, "the pattern of replace has no group %d", group);
			return false;
		}
		if (len == 0 && rest.len > 1 && memcmp(rest.at, "$$", 2) == 0) {
			add_piece(
			    replace, (struct span) { with.at + start, at + 1 - start }, NO_GROUP);
			start = at += 2;
		} else if (len == 0) {
			at++;
		} else {
			add_piece(replace, (struct span) { with.at + start, at - start }, NO_GROUP);
			add_piece(replace, SPAN_NULL, group);
			start = at += len;
		}
	}
	add_piece(replace, (struct span) { with.at + start, at - start }, NO_GROUP);
	return true;
}

static bool compile_pattern(
    struct replace *replace, struct span pattern, size_t *ret_offset, struct err *reterr)
{
	const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR reason[128] = "";
	PCRE2_SIZE offset = 0;
	int code = 0;

	replace->code = pcre2_compile(
	    (PCRE2_SPTR)pattern.at, pattern.len, options, &code, &offset, NULL);
	if (replace->code == NULL) {
		pcre2_get_error_message(code, reason, sizeof(reason));
		*ret_offset = offset < pattern.len ? offset : pattern.len;
		err_set(reterr, "the pattern of replace is not right: %s", (const char *)reason);
		return false;
	}
	replace->match = pcre2_match_data_create_from_pattern(replace->code, NULL);
	replace->context = pcre2_match_context_create(NULL);
	if (replace->match == NULL || replace->context == NULL)
		abort();
	pcre2_set_depth_limit(replace->context, DEPTH_MAX);
	pcre2_set_heap_limit(replace->context, HEAP_MAX_KIB);
	return true;
}

bool replace_compile(struct span pattern, struct span with, struct replace **ret_replace,
    size_t *ret_offset, bool *ret_in_with, struct err *reterr)
{
	struct replace *replace = mem_new(1, sizeof(*replace));
	uint32_t group_count = 0;

	replace->with = span_dup_c(with);
	*ret_in_with = false;
	if (!compile_pattern(replace, pattern, ret_offset, reterr))
		goto fail;
	pcre2_pattern_info(replace->code, PCRE2_INFO_CAPTURECOUNT, &group_count);
	*ret_in_with = true;
	if (!compile_with(replace, (struct span) { replace->with, with.len }, group_count,
		ret_offset, reterr))
		goto fail;
	*ret_replace = replace;
	return true;
fail:
	replace_free(&replace);
	return false;
}

static void add_replacement(
    const struct replace *replace, const char *text, const PCRE2_SIZE *bounds, struct str *out)
{
	for (size_t i = 0; i < replace->piece_count; i++) {
		const struct piece *piece = &replace->pieces[i];
		const PCRE2_SIZE *group = bounds + 2 * piece->group;

		if (piece->group == NO_GROUP)
			str_add(out, piece->literal);
		else if (group[0] != PCRE2_UNSET && group[1] > group[0])
			str_add(out, (struct span) { text + group[0], group[1] - group[0] });
	}
}

static uint32_t limit_work(size_t len)
{
	uint32_t share = WORK_BUDGET / (uint32_t)(len + 1), least = LEAST_WORK + (uint32_t)len;

	return share > least ? share : least;
}

bool replace_apply(const struct replace *replace, struct span text, struct str *out)
{
	const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(replace->match);
	uint32_t options = PCRE2_NO_UTF_CHECK;
	size_t at = 0, copied = 0;

	if (text.len > TEMPLATE_REPLACE_MAX_BYTES)
		return false;
	pcre2_set_match_limit(replace->context, limit_work(text.len));
	while (at <= text.len) {
		int result = pcre2_match(replace->code, (PCRE2_SPTR)text.at, text.len, at, options,
		    replace->match, replace->context);

		if (result == PCRE2_ERROR_NOMATCH)
			break;
		/* \K can put the start of a match in odd places. */
		if (result < 0 || bounds[0] < copied || bounds[1] < bounds[0] || bounds[1] < at)
			return false;
		str_add(out, (struct span) { text.at + copied, bounds[0] - copied });
		add_replacement(replace, text.at, bounds, out);
		if (out->len > TEMPLATE_VALUE_MAX_BYTES)
			return false;
		at = copied = bounds[1];
		options = PCRE2_NO_UTF_CHECK;
		/* The same empty match again would be no progress. */
		if (bounds[1] == bounds[0])
			options |= PCRE2_NOTEMPTY_ATSTART;
	}
	str_add(out, (struct span) { text.at + copied, text.len - copied });
	return true;
}
