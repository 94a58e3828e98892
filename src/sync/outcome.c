/* SPDX-License-Identifier: ISC */
/* The answer compared with what was asked. */
#include "sync/outcome.h"

#include "base/time.h"
#include "base/unicode.h"
#include "core/differ.h"

static void add_detail(struct str *detail, const char *what)
{
	if (detail->len > 0)
		str_add_c(detail, ", ");
	str_add_c(detail, what);
}

static void compare_texts(const struct change *change, struct str *detail)
{
	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++) {
		if (change_has(change, (enum account_path)path))
			add_detail(detail, account_path_name((enum account_path)path));
	}
}

/* A text that the answer does not show at all is taken as done. */
static struct account shown_texts(const struct account *wanted, const struct observed *shown)
{
	struct account account = shown->account;

	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++) {
		if (account.text[path].at == NULL)
			account.text[path] = wanted->text[path];
	}
	if (!shown->has_active)
		account.is_active = wanted->is_active;
	return account;
}

struct change outcome_missing(const struct account *before, const struct account *wanted,
    const struct account *known, struct arena *arena)
{
	struct change missing = differ_compare(known, wanted, arena);

	if (before != NULL)
		missing.texts &= differ_compare(before, wanted, arena).texts;
	return missing;
}

bool outcome_matches(const struct account *before, const struct account *wanted,
    const struct observed *shown, struct arena *arena, struct span *ret_detail)
{
	struct account account = shown_texts(wanted, shown);
	struct change change = outcome_missing(before, wanted, &account, arena);
	struct str detail = { 0 };

	if (change_is_empty(&change))
		return true;
	compare_texts(&change, &detail);
	if (change.is_activated || change.is_deactivated)
		add_detail(&detail, "active");
	if (change.granted_count > 0)
		add_detail(&detail, "workspaces that were granted are not there");
	if (change.revoked_count > 0)
		add_detail(&detail, "workspaces that were taken are still there");
	*ret_detail = arena_format(arena,
	    "the tenant acknowledged the request but did not do all of it: %s", str_c(&detail));
	str_done(&detail);
	return false;
}

struct account outcome_known(
    const struct account *before, const struct account *wanted, const struct observed *shown)
{
	struct account known = shown->account;

	for (int path = 0; path < ACCOUNT_TEXT_COUNT; path++) {
		if (known.text[path].at == NULL)
			known.text[path] = before != NULL ? before->text[path] : wanted->text[path];
	}
	if (!shown->has_active)
		known.is_active = before != NULL ? before->is_active : wanted->is_active;
	return known;
}

int64_t outcome_quarantine_ms(int attempts)
{
	if (attempts <= 1)
		return TIME_HOUR_MS;
	if (attempts == 2)
		return 4 * TIME_HOUR_MS;
	return TIME_DAY_MS;
}
