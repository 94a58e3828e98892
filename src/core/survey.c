/* SPDX-License-Identifier: ISC */
#include "core/survey.h"

#include "base/time.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "core/dn.h"
#include "core/filter.h"
#include <assert.h>
#include <stdlib.h>

/* Candidates in the order in which they are preferred. */
static const char *const candidate_names[] = { "mail", "userPrincipalName", ATTRIBUTE_KEY,
	"employeeNumber", "employeeID", "uid", "sAMAccountName" };

enum {
	CANDIDATE_MAIL,
	CANDIDATE_PRINCIPAL,
	CANDIDATE_KEY,
	CANDIDATE_COUNT = sizeof(candidate_names) / sizeof(candidate_names[0]),
	OLDEST_MAX = 16,
};

/* Something of an account by which it can be found, in lower case. */
struct known_text {
	struct span text;
	unsigned matched; /* a bit a candidate */
};

struct known_list {
	struct known_text *at;
	size_t count, cap;
	bool is_sorted;
};

/* Somebody who has been there for long. */
struct old_entry {
	struct span dn, parent;
	int64_t created_ms;
	unsigned has; /* a bit a candidate */
};

struct survey {
	struct arena *arena;
	size_t slots[CANDIDATE_COUNT];
	size_t enabled, given_name, family_name, created[2];
	struct known_list user_names, external_ids;
	size_t accounts;
	size_t entries, disabled, without_given_name, without_family_name;
	size_t have[CANDIDATE_COUNT], unusable[CANDIDATE_COUNT];
	struct str base[2], scratch; /* a base a candidate for a login */
	bool has_base[2];
	struct old_entry oldest[OLDEST_MAX];
	size_t oldest_count;
};

struct survey *survey_new(struct attribute_set *set)
{
	struct survey *survey = mem_new(1, sizeof(*survey));

	survey->arena = arena_new();
	for (size_t i = 0; i < CANDIDATE_COUNT; i++)
		survey->slots[i] = attribute_set_add(set, span_of(candidate_names[i]));
	survey->enabled = attribute_set_add(set, SPAN(ATTRIBUTE_ENABLED));
	survey->given_name = attribute_set_add(set, SPAN("givenName"));
	survey->family_name = attribute_set_add(set, SPAN("sn"));
	survey->created[0] = attribute_set_add(set, SPAN("whenCreated"));
	survey->created[1] = attribute_set_add(set, SPAN("createTimestamp"));
	return survey;
}

void survey_free(struct survey **survey)
{
	struct survey *gone = *survey;

	*survey = NULL;
	if (gone == NULL)
		return;
	arena_free(&gone->arena);
	free(gone->user_names.at);
	free(gone->external_ids.at);
	str_done(&gone->base[0]);
	str_done(&gone->base[1]);
	str_done(&gone->scratch);
	free(gone);
}

/* ---- accounts ---- */

/* @return in lower case, borrowed until the next call; absent when it is no text */
static struct span lower(struct survey *survey, struct span text)
{
	str_truncate(&survey->scratch, 0);
	return text.len > 0 && utf8_lower(text, &survey->scratch) ? str_span(&survey->scratch)
								  : SPAN_NULL;
}

static void note_text(struct survey *survey, struct known_list *list, struct span text)
{
	struct span low = lower(survey, text);
	struct known_text *known;

	if (low.len == 0)
		return;
	known = vec_push((void **)&list->at, &list->count, &list->cap, sizeof(*known));
	known->text = arena_span(survey->arena, low);
	list->is_sorted = false;
}

void survey_note_account(struct survey *survey, const struct observed *account)
{
	survey->accounts++;
	note_text(survey, &survey->user_names, account->account.text[ACCOUNT_USER_NAME]);
	note_text(survey, &survey->external_ids, account->account.text[ACCOUNT_EXTERNAL_ID]);
}

static int compare_known(const void *a, const void *b)
{
	return span_compare(
	    ((const struct known_text *)a)->text, ((const struct known_text *)b)->text);
}

static void sort_known(struct known_list *list)
{
	if (!list->is_sorted && list->count > 1)
		qsort(list->at, list->count, sizeof(*list->at), compare_known);
	list->is_sorted = true;
}

static void match(struct known_list *list, struct span text, unsigned bit)
{
	struct known_text wanted = { .text = text };
	struct known_text *found;

	sort_known(list);
	if (list->count == 0)
		return;
	found = bsearch(&wanted, list->at, list->count, sizeof(*list->at), compare_known);
	if (found != NULL)
		found->matched |= bit;
}

static size_t count_matches(const struct known_list *list, size_t candidate)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += (list->at[i].matched >> candidate) & 1U;
	return count;
}

static void forget_matches(struct known_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->at[i].matched = 0;
}

void survey_forget_entries(struct survey *survey)
{
	forget_matches(&survey->user_names);
	forget_matches(&survey->external_ids);
	survey->entries = survey->disabled = 0;
	survey->without_given_name = survey->without_family_name = 0;
	survey->oldest_count = 0;
	memset(survey->have, 0, sizeof(survey->have));
	memset(survey->unusable, 0, sizeof(survey->unusable));
	for (size_t i = CANDIDATE_MAIL; i <= CANDIDATE_PRINCIPAL; i++) {
		str_truncate(&survey->base[i], 0);
		survey->has_base[i] = false;
	}
}

bool survey_add_account_filter(const struct survey *survey, size_t account_max, struct str *out)
{
	size_t count = survey->user_names.count;

	if (count > account_max)
		count = account_max;
	if (count == 0)
		return false;
	str_add_c(out, "(|");
	for (size_t i = 0; i < count; i++)
		for (size_t j = CANDIDATE_MAIL; j <= CANDIDATE_PRINCIPAL; j++) {
			str_addf(out, "(%s=", candidate_names[j]);
			filter_escape(survey->user_names.at[i].text, out);
			str_add_byte(out, ')');
		}
	str_add_byte(out, ')');
	return true;
}

/* ---- entries ---- */

static bool is_usable_name(struct span name)
{
	size_t at = span_find(name, '@');

	return at > 0 && at + 1 < name.len && utf8_is_valid(name) &&
	       utf8_length(name) <= SURVEY_USER_NAME_MAX && span_find(name, ' ') == name.len;
}

/* @return which candidates the entry has */
static unsigned match_candidates(struct survey *survey, const struct entry *entry)
{
	unsigned has = 0;

	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		struct values values = entry_values(entry, survey->slots[i]);

		for (size_t j = 0; j < values.count; j++) {
			struct span low = lower(survey, values.at[j]);

			if (low.len == 0)
				continue;
			has |= 1U << i;
			match(&survey->user_names, low, 1U << i);
			match(&survey->external_ids, low, 1U << i);
		}
	}
	return has;
}

static void count_candidates(struct survey *survey, const struct entry *entry, unsigned has)
{
	for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
		if (!((has >> i) & 1U))
			continue;
		survey->have[i]++;
		survey->unusable[i] += !is_usable_name(entry_values(entry, survey->slots[i]).at[0]);
	}
}

static void widen_base(struct survey *survey, size_t candidate, struct span dn)
{
	struct str *base = &survey->base[candidate];
	struct span wide;

	if (!survey->has_base[candidate])
		str_add(base, dn_parent(dn));
	survey->has_base[candidate] = true;
	for (wide = str_span(base); wide.len > 0 && !dn_is_within(dn, wide);)
		wide = dn_parent(wide);
	if (wide.len < base->len) {
		struct span kept = arena_span(survey->arena, wide);

		str_truncate(base, 0);
		str_add(base, kept);
	}
}

static int64_t created_of(const struct survey *survey, const struct entry *entry)
{
	int64_t created_ms;

	for (size_t i = 0; i < 2; i++) {
		struct values values = entry_values(entry, survey->created[i]);

		if (values.count > 0 && time_parse_generalized(values.at[0], &created_ms))
			return created_ms;
	}
	return INT64_MAX;
}

/* A configuration takes nothing else. */
static bool is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7f)
			return false;
	return utf8_is_valid(text) && dn_is_valid(text);
}

/* The list is in order of age, ties as they came. */
static void note_age(struct survey *survey, const struct entry *entry, unsigned has)
{
	int64_t created_ms = created_of(survey, entry);
	size_t at = survey->oldest_count;

	while (at > 0 && survey->oldest[at - 1].created_ms > created_ms)
		at--;
	if (at == OLDEST_MAX || !is_plain(entry->dn))
		return;
	if (survey->oldest_count < OLDEST_MAX)
		survey->oldest_count++;
	memmove(&survey->oldest[at + 1], &survey->oldest[at],
	    (survey->oldest_count - 1 - at) * sizeof(survey->oldest[0]));
	survey->oldest[at].dn = arena_span(survey->arena, entry->dn);
	survey->oldest[at].parent = dn_parent(survey->oldest[at].dn);
	survey->oldest[at].created_ms = created_ms;
	survey->oldest[at].has = has;
}

void survey_note_entry(struct survey *survey, const struct entry *entry, enum survey_origin origin)
{
	unsigned has = match_candidates(survey, entry);
	struct values enabled = entry_values(entry, survey->enabled);
	bool is_disabled = enabled.count > 0 && span_equal(enabled.at[0], SPAN("FALSE"));

	if (origin == SURVEY_SOUGHT)
		return;
	survey->entries++;
	survey->disabled += is_disabled;
	survey->without_given_name += entry_values(entry, survey->given_name).count == 0;
	survey->without_family_name += entry_values(entry, survey->family_name).count == 0;
	count_candidates(survey, entry, has);
	for (size_t i = CANDIDATE_MAIL; i <= CANDIDATE_PRINCIPAL; i++)
		if ((has >> i) & 1U)
			widen_base(survey, i, entry->dn);
	if (!is_disabled)
		note_age(survey, entry, has);
}

/* ---- conclusions ---- */

static size_t choose_user_name(const struct survey *survey)
{
	size_t best = CANDIDATE_MAIL;
	size_t mail = count_matches(&survey->user_names, CANDIDATE_MAIL);
	size_t principal = count_matches(&survey->user_names, CANDIDATE_PRINCIPAL);

	if (principal > mail ||
	    (principal == mail &&
		survey->have[CANDIDATE_PRINCIPAL] - survey->unusable[CANDIDATE_PRINCIPAL] >
		    survey->have[CANDIDATE_MAIL] - survey->unusable[CANDIDATE_MAIL]))
		best = CANDIDATE_PRINCIPAL;
	return best;
}

/* The key of the entry is the best there is, unless somebody chose another one before. */
static size_t choose_external_id(const struct survey *survey)
{
	size_t best = CANDIDATE_KEY;

	for (size_t i = 0; i < CANDIDATE_COUNT; i++)
		if (count_matches(&survey->external_ids, i) >
		    count_matches(&survey->external_ids, best))
			best = i;
	return best;
}

/* The second one from elsewhere, when there is such a one. */
static void choose_canaries(const struct survey *survey, size_t user_name, struct arena *arena,
    struct survey_proposal *proposal)
{
	const struct old_entry *first = NULL, *second = NULL;

	for (size_t i = 0; i < survey->oldest_count; i++) {
		const struct old_entry *old = &survey->oldest[i];

		if (!((old->has >> user_name) & 1U))
			continue;
		if (first == NULL)
			first = old;
		else if (second == NULL || (dn_equal(second->parent, first->parent) &&
					       !dn_equal(old->parent, first->parent)))
			second = old;
	}
	if (first != NULL)
		proposal->canaries[proposal->canary_count++] = arena_span(arena, first->dn);
	if (second != NULL)
		proposal->canaries[proposal->canary_count++] = arena_span(arena, second->dn);
}

void survey_propose(
    struct survey *survey, struct arena *arena, struct survey_proposal *ret_proposal)
{
	size_t user_name = choose_user_name(survey), external_id = choose_external_id(survey);

	*ret_proposal = (struct survey_proposal) {
		.entries = survey->entries,
		.disabled = survey->disabled,
		.accounts = survey->accounts,
		.user_name = span_of(candidate_names[user_name]),
		.with_user_name = survey->have[user_name],
		.unusable_names = survey->unusable[user_name],
		.user_name_matches = count_matches(&survey->user_names, user_name),
		.external_id = span_of(candidate_names[external_id]),
		.with_external_id = survey->external_ids.count,
		.external_id_matches = count_matches(&survey->external_ids, external_id),
		.without_given_name = survey->without_given_name,
		.without_family_name = survey->without_family_name,
	};
	if (survey->has_base[user_name])
		ret_proposal->base = arena_span(arena, str_span(&survey->base[user_name]));
	choose_canaries(survey, user_name, arena, ret_proposal);
}

void survey_add_user_filter(const char *users, struct span user_name, struct str *out)
{
	str_addf(out, "(&%s(%.*s=*))", users, SPAN_ARG(user_name));
}
