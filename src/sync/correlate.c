/* SPDX-License-Identifier: ISC */
/* Correlation: which account is meant, or that it cannot be told. */
#include "sync/correlate.h"

#include "base/unicode.h"

static enum account_path path_of(enum policy_correlate rule)
{
	return rule == POLICY_CORRELATE_EXTERNAL_ID ? ACCOUNT_EXTERNAL_ID : ACCOUNT_USER_NAME;
}

static bool matches(
    const struct account *account, const struct account *desired, enum account_path path)
{
	if (account->text[path].at == NULL || desired->text[path].at == NULL)
		return false;
	return account->text[path].len > 0 &&
	       utf8_equal_fold(account->text[path], desired->text[path]);
}

static struct correlate_decision conflict(struct span detail)
{
	return (struct correlate_decision) { CORRELATE_CONFLICT, NULL, detail };
}

static bool carries_other_external_id(const struct account *account, const struct account *desired)
{
	struct span theirs = account->text[ACCOUNT_EXTERNAL_ID],
		    ours = desired->text[ACCOUNT_EXTERNAL_ID];

	if (theirs.at == NULL || theirs.len == 0 || ours.at == NULL)
		return false;
	return !utf8_equal_fold(theirs, ours);
}

static struct correlate_decision judge(const struct correlate_candidate *candidate,
    enum account_path path, const struct account *desired, struct arena *arena)
{
	const struct observed *observed = candidate->observed;
	struct span name = observed->account.text[ACCOUNT_USER_NAME];

	if (path == ACCOUNT_USER_NAME && carries_other_external_id(&observed->account, desired))
		return conflict(arena_format(arena,
		    "account %.*s has this userName but another externalId (%.*s, the entry gives "
		    "%.*s); "
		    "is it the same person? then set its externalId in the tenant, else give one "
		    "of them another userName",
		    SPAN_ARG(observed->id), SPAN_ARG(observed->account.text[ACCOUNT_EXTERNAL_ID]),
		    SPAN_ARG(desired->text[ACCOUNT_EXTERNAL_ID])));
	if (!candidate->is_linked)
		return (struct correlate_decision) { CORRELATE_ADOPT, observed,
			arena_format(arena, "recognised by %s", account_path_name(path)) };
	if (path == ACCOUNT_EXTERNAL_ID && candidate->is_link_missing)
		return (struct correlate_decision) { CORRELATE_REHIRE, observed,
			arena_format(arena, "the externalId is known, the entry is new") };
	return conflict(arena_format(arena,
	    "account %.*s (%.*s) matches by %s but belongs to another entry; make %s unique in the "
	    "directory",
	    SPAN_ARG(observed->id), SPAN_ARG(name), account_path_name(path),
	    account_path_name(path)));
}

struct correlate_decision correlate_decide(const struct policy *policy,
    const struct account *desired, const struct correlate_candidate *candidates, size_t count,
    struct arena *arena)
{
	for (size_t r = 0; r < policy->correlate_count; r++) {
		enum account_path path = path_of(policy->correlate[r]);
		const struct correlate_candidate *found = NULL;
		size_t found_count = 0;

		for (size_t i = 0; i < count; i++) {
			if (!matches(&candidates[i].observed->account, desired, path))
				continue;
			found = &candidates[i];
			found_count++;
		}
		if (found_count > 1)
			return conflict(arena_format(arena,
			    "%zu accounts have this %s; leave one of them in the tenant",
			    found_count, account_path_name(path)));
		if (found_count == 1)
			return judge(found, path, desired, arena);
	}
	return (struct correlate_decision) { CORRELATE_NONE, NULL, SPAN_NULL };
}
