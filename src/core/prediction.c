/* SPDX-License-Identifier: ISC */
#include "core/prediction.h"

#include "core/value.h"
#include <stdlib.h>
#include <strings.h>

static const struct {
	const char *name;
	enum prediction_outcome outcome;
} codes[PREDICTION_CODE_COUNT] = {
	[PREDICTION_NAME_TAKEN] = { "user-name-taken", PREDICTION_REFUSED },
	[PREDICTION_NAME_CONTESTED] = { "user-name-contested", PREDICTION_UNSURE },
	[PREDICTION_NAME_READ_ONLY] = { "user-name-read-only", PREDICTION_REFUSED },
	[PREDICTION_NAME_DOUBTFUL] = { "user-name-doubtful", PREDICTION_UNSURE },
	[PREDICTION_NAME_MISSING] = { "name-missing", PREDICTION_REFUSED },
	[PREDICTION_WORKSPACE] = { "workspace-not-shown", PREDICTION_PARTIAL },
};

const char *prediction_code_name(enum prediction_code code)
{
	return codes[code].name;
}

enum prediction_outcome prediction_outcome_of(enum prediction_code code)
{
	return codes[code].outcome;
}

const char *prediction_outcome_name(enum prediction_outcome outcome)
{
	switch (outcome) {
	case PREDICTION_REFUSED:
		return "refused";
	case PREDICTION_PARTIAL:
		return "partial";
	case PREDICTION_UNSURE:
		break;
	}
	return "unsure";
}

/* ---- order ---- */

static int compare_ids(const void *a, const void *b)
{
	const struct span *first = a, *second = b;
	size_t len = first->len < second->len ? first->len : second->len;
	int order = len == 0 ? 0 : strncasecmp(first->at, second->at, len);

	if (order != 0)
		return order;
	return (first->len > second->len) - (first->len < second->len);
}

void prediction_sort_workspaces(struct span *ids, size_t count)
{
	if (count > 0)
		qsort(ids, count, sizeof(*ids), compare_ids);
}

static int compare_claims(const void *a, const void *b)
{
	const struct prediction_claim *first = a, *second = b;

	if (first->action_id != second->action_id)
		return first->action_id > second->action_id ? 1 : -1;
	return first->is_contested - second->is_contested;
}

void prediction_sort_claims(struct prediction_claim *claims, size_t count)
{
	if (count > 0)
		qsort(claims, count, sizeof(*claims), compare_claims);
}

/* ---- judging ---- */

/* What one action is judged with. */
struct judging {
	const struct prediction_facts *facts;
	const struct prediction_input *input;
	struct arena *arena;
	struct prediction *predictions;
	size_t count;
};

static void add(struct judging *judging, enum prediction_code code, struct span detail)
{
	judging->predictions[judging->count++] = (struct prediction) { code, detail };
}

static struct span wanted_name(const struct judging *judging)
{
	return judging->input->after->text[ACCOUNT_USER_NAME];
}

/* Whether the action asks for a userName that its account does not have. */
static bool takes_name(const struct judging *judging)
{
	enum action_kind kind = judging->input->action->kind;

	return kind == ACTION_CREATE || kind == ACTION_RENAME;
}

/* The weightiest claim of an action; NULL: there is none. */
static const struct prediction_claim *find_claim(
    const struct prediction_facts *facts, int64_t action_id)
{
	size_t low = 0, high = facts->claim_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (facts->claims[middle].action_id < action_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < facts->claim_count && facts->claims[low].action_id == action_id
		   ? &facts->claims[low]
		   : NULL;
}

static void judge_claim(struct judging *judging, const struct prediction_claim *claim)
{
	struct span name = wanted_name(judging);

	if (!claim->is_contested)
		add(judging, PREDICTION_NAME_TAKEN,
		    arena_format(judging->arena,
			"account %.*s of the tenant has the userName %.*s already, whatever the "
			"case of its letters, and is not this entry's: the tenant refuses (409); "
			"give the entry another userName, or that account its externalId",
			SPAN_ARG(claim->holder), SPAN_ARG(name)));
	else if (claim->holder.at != NULL)
		add(judging, PREDICTION_NAME_CONTESTED,
		    arena_format(judging->arena,
			"account %.*s has the userName %.*s and gives it up in this plan: done if "
			"that comes first, else refused (409), and then done by a later run",
			SPAN_ARG(claim->holder), SPAN_ARG(name)));
	else
		add(judging, PREDICTION_NAME_CONTESTED,
		    arena_format(judging->arena,
			"several actions of this plan ask for the userName %.*s: the first gets "
			"it, the others are refused (409); give each entry its own",
			SPAN_ARG(name)));
}

static void judge_name(struct judging *judging)
{
	const struct prediction_facts *facts = judging->facts;
	const struct prediction_claim *claim = find_claim(facts, judging->input->action->id);
	const char *doubt = NULL;

	if (claim != NULL)
		judge_claim(judging, claim);
	if (judging->input->action->kind == ACTION_RENAME && !facts->traits.can_rename)
		add(judging, PREDICTION_NAME_READ_ONLY,
		    SPAN("userName is read-only in the tenant's published schema: a PATCH of it is "
			 "refused; have it changed there by hand, or set policy.rename to "
			 "\"recreate\""));
	if (facts->traits.user_name_is_email)
		doubt = value_doubt_email(wanted_name(judging));
	if (doubt != NULL)
		add(judging, PREDICTION_NAME_DOUBTFUL,
		    arena_format(judging->arena,
			"the userName %.*s %s: the tenant may not take it for an email address",
			SPAN_ARG(wanted_name(judging)), doubt));
}

static void judge_names_of_person(struct judging *judging)
{
	const struct account *after = judging->input->after;
	bool has_given = after->text[ACCOUNT_GIVEN_NAME].len > 0;
	bool has_family = after->text[ACCOUNT_FAMILY_NAME].len > 0;

	if (judging->input->action->kind != ACTION_CREATE || !judging->facts->traits.needs_names ||
	    (has_given && has_family))
		return;
	add(judging, PREDICTION_NAME_MISSING,
	    arena_format(judging->arena,
		"the account would have no %s%s%s, which the tenant requires: it refuses; fill the "
		"attribute in the directory, or add a rule with a default",
		has_given ? "" : account_path_name(ACCOUNT_GIVEN_NAME),
		has_given || has_family ? "" : " and no ",
		has_family ? "" : account_path_name(ACCOUNT_FAMILY_NAME)));
}

static bool is_shown(const struct prediction_facts *facts, struct span id)
{
	return facts->workspace_count > 0 && bsearch(&id, facts->workspaces, facts->workspace_count,
						 sizeof(id), compare_ids) != NULL;
}

static void judge_workspaces(struct judging *judging)
{
	const struct change *change = judging->input->change;
	struct str list = { 0 };
	size_t count = 0;

	if (!judging->facts->has_workspaces)
		return;
	for (size_t i = 0; i < change->granted_count; i++) {
		if (is_shown(judging->facts, change->granted[i]))
			continue;
		str_addf(&list, "%s%.*s", count++ > 0 ? ", " : "", SPAN_ARG(change->granted[i]));
	}
	if (count > 0)
		add(judging, PREDICTION_WORKSPACE,
		    arena_format(judging->arena,
			"workspace%s %.*s: the tenant does not show %s to this caller: %s not "
			"exist, or may the caller not see %s? where one does not exist, the "
			"account is written and its workspaces are not (207); compare the id "
			"with the tenant's",
			count > 1 ? "s" : "", SPAN_ARG(str_span(&list)), count > 1 ? "them" : "it",
			count > 1 ? "do they" : "does it", count > 1 ? "them" : "it"));
	str_done(&list);
}

size_t prediction_judge(const struct prediction_facts *facts, const struct prediction_input *input,
    struct arena *arena, const struct prediction **ret_predictions)
{
	struct judging judging = { .facts = facts, .input = input, .arena = arena };
	enum action_state state = input->action->state;

	*ret_predictions = NULL;
	if (!action_has_request(input->action->kind) ||
	    (state != ACTION_PLANNED && state != ACTION_HELD))
		return 0;
	judging.predictions = arena_array(
	    arena, PREDICTION_CODE_COUNT, sizeof(*judging.predictions));
	if (takes_name(&judging))
		judge_name(&judging);
	judge_names_of_person(&judging);
	judge_workspaces(&judging);
	*ret_predictions = judging.predictions;
	return judging.count;
}
