/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the reader of canonical accounts: what it takes, once written, is taken again, is the
 * same account, and is written as the same bytes.
 */
#include "core/account.h"
#include "core/differ.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_order(const struct account *account)
{
	for (size_t i = 1; i < account->workspace_count; i++)
		check(span_compare(account->workspaces[i - 1], account->workspaces[i]) < 0);
	for (size_t i = 0; i < account->workspace_count; i++)
		check(account_has_workspace(account, account->workspaces[i]));
}

static void check_round_trip(const struct account *account, struct arena *arena)
{
	struct str canonical = { 0 }, again = { 0 };
	struct account decoded;
	struct change change;

	account_encode(account, &canonical);
	check(account_decode(str_span(&canonical), arena, &decoded, NULL) == STATUS_OK);
	account_encode(&decoded, &again);
	check(span_equal(str_span(&canonical), str_span(&again)));
	change = differ_compare(account, &decoded, arena);
	check(change_is_empty(&change));
	str_done(&canonical);
	str_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct arena *arena = arena_new();
	struct account account;

	if (account_decode((struct span) { (const char *)bytes, size }, arena, &account, NULL) ==
	    STATUS_OK) {
		check_order(&account);
		check_round_trip(&account, arena);
	}
	arena_free(&arena);
	return 0;
}
