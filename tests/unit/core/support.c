/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests of core share.
 */
#include "tests.h"

#include "base/hash.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t chance_state;

void check_span(struct span actual, const char *expected, const char *file, int line)
{
	if (span_equal(actual, span_of(expected)))
		return;
	print_error("\"%.*s\"%s is not \"%s\"\n", SPAN_ARG(actual),
	    actual.at == NULL ? " (absent)" : "", expected == NULL ? "(absent)" : expected);
	_fail(file, line);
}

void check_contains(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part) != NULL)
		return;
	print_error("\"%s\" does not contain \"%s\"\n", text, part);
	_fail(file, line);
}

void chance_start(const char *test)
{
	const char *given = getenv("TEST_SEED");

	if (given != NULL)
		chance_state = strtoull(given, NULL, 0);
	else
		hash_random(&chance_state, sizeof(chance_state));
	print_message("%s: TEST_SEED=%llu\n", test, (unsigned long long)chance_state);
}

/* SplitMix64. */
uint32_t chance(uint32_t end)
{
	uint64_t number = chance_state += UINT64_C(0x9E3779B97F4A7C15);

	number = (number ^ (number >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	number = (number ^ (number >> 27)) * UINT64_C(0x94D049BB133111EB);
	number ^= number >> 31;
	return (uint32_t)(((number >> 32) * end) >> 32);
}

/* Texts that JSON shows as they are, and texts that it does not. */
static const struct span texts[] = {
	SPAN_INIT(""),
	SPAN_INIT("Ada"),
	SPAN_INIT("ada.ray@corp.example"),
	SPAN_INIT("Zo\xc3\xab \xe6\x97\xa5\xe6\x9c\xac"),
	SPAN_INIT("say \"hi\" \\ there"),
	SPAN_INIT("tab\tnew\nline\x01\x1f"),
	SPAN_INIT("nul\0inside"),
	SPAN_INIT("\x7f"),
	SPAN_INIT("\xf0\x9f\x98\x80"),
};

struct account chance_account(struct arena *arena)
{
	struct account account = { .is_active = chance(2) == 0 };
	size_t count = chance(8);
	struct span *ids = arena_array(arena, count, sizeof(*ids));

	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		if (chance(2) == 0)
			account.text[i] = texts[chance(COUNT(texts))];
	}
	for (size_t i = 0; i < count; i++)
		ids[i] = arena_format(arena, "8a81b09d%u", chance(9));
	account.workspace_count = account_sort_workspaces(ids, count);
	account.workspaces = account.workspace_count == 0 ? NULL : ids;
	return account;
}

void check_accounts_equal(
    const struct account *a, const struct account *b, const char *file, int line)
{
	bool is_equal = a->is_active == b->is_active && a->workspace_count == b->workspace_count;

	for (int i = 0; is_equal && i < ACCOUNT_TEXT_COUNT; i++)
		is_equal = span_equal(a->text[i], b->text[i]);
	for (size_t i = 0; is_equal && i < a->workspace_count; i++)
		is_equal = span_equal(a->workspaces[i], b->workspaces[i]);
	if (is_equal)
		return;
	print_error("the accounts differ\n");
	_fail(file, line);
}
