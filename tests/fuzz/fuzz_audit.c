/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what the audit trail makes of bytes from elsewhere: whatever a value holds, a body is one
 * JSON object in one line; a stump that is taken is written as the same bytes; and a row that was
 * sealed is sound in any chain, and no more when one byte of it is another.
 */
#include "core/audit.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_stump(struct span body)
{
	struct audit_stump stump;
	struct str again = { 0 };

	if (!audit_stump_parse(body, &stump))
		return;
	audit_put_stump(&stump, &again);
	check(span_equal(str_span(&again), body));
	str_done(&again);
}

/* The input, cut at its newlines, in all places that hold text. */
static void check_body(struct span input)
{
	struct arena *arena = arena_new();
	struct str body = { 0 };
	struct action action = { .id = 1 };
	struct span *const places[] = { &action.before, &action.after, &action.dn, &action.detail,
		&action.user_name, &action.account_id, &action.answer, &action.request_id,
		&action.request.method, &action.request.path, &action.request.body,
		&action.directory };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && input.len > 0; i++)
		*places[i] = span_split(&input, '\n');
	audit_put_action(&action, input, arena, &body);
	check(audit_body_is_json(str_span(&body)));
	str_done(&body);
	arena_free(&arena);
}

static enum audit_flaw walk_one(const struct audit_row *row)
{
	struct audit_walk walk;

	audit_walk_start(&walk, SPAN_NULL, NULL);
	audit_walk_row(&walk, row);
	audit_walk_end(&walk);
	return walk.flaw;
}

static void check_chain(struct span body)
{
	struct str other = { 0 };
	struct audit_row row = { .seq = 1, .at_ms = (int64_t)body.len, .body = body };

	row.hash = audit_hash_row(&row);
	check(walk_one(&row) == AUDIT_SOUND);
	if (body.len > 0) {
		str_add(&other, body);
		other.at[body.len / 2] ^= 1;
		row.body = str_span(&other);
		check(walk_one(&row) == AUDIT_CHANGED);
	}
	str_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = { (const char *)bytes, size };

	check_stump(input);
	check_body(input);
	check_chain(input);
	return 0;
}
