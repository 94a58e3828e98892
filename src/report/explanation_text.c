/* SPDX-License-Identifier: ISC */
/*
 * An explanation for an Anaplan admin and a security admin:
 *
 *     ada.ray@corp.example: in scope, active account 42; the next cycle changes nothing
 *
 *     Directory
 *       corp              in scope: below ou=Staff,… and matches users.filter (mail=*)
 *                         uid=ada,ou=Staff,dc=corp,dc=example
 *     …
 *
 * Each part has a function; a part with nothing to say is left out.
 */
#include "report/explanation_p.h"

#include "base/time.h"
#include "report/lines.h"
#include "report/origin.h"

#include <inttypes.h>
#include <stdio.h>

enum { COLUMN = 20, DETAIL = 24 };

struct page {
	struct lines lines;
	struct plan_writer *plan;
	const struct explanation *told;
	struct str text; /* of the line in the making */
};

static void put(struct page *page, const char *label, enum line_style style)
{
	lines_take(&page->lines, label, COLUMN, style, &page->text);
}

static void put_c(struct page *page, const char *label, enum line_style style, const char *text)
{
	lines_put(&page->lines, label, COLUMN, style, span_of(text));
}

static void add_span(struct page *page, struct span text)
{
	str_add(&page->text, text);
}

static void add_time(struct page *page, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	str_add_c(&page->text, text);
}

static void add_key(struct page *page, const struct uuid *key)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(key, text);
	str_add_c(&page->text, text);
}

static bool is_in_scope(const struct explanation *told)
{
	return told->chosen != NULL && told->chosen->place == PLACE_IN_SCOPE;
}

/* ---- the sentence at the top ---- */

static struct span name_of(const struct explanation *told)
{
	if (told->is_linked && told->link.user_name.at != NULL)
		return told->link.user_name;
	if (told->desired.text[ACCOUNT_USER_NAME].at != NULL)
		return told->desired.text[ACCOUNT_USER_NAME];
	return told->chosen != NULL ? told->chosen->dn : told->who;
}

static void add_account_words(struct page *page)
{
	const struct explanation *told = page->told;

	if (!told->is_linked)
		str_add_c(&page->text, "no account is linked");
	else
		str_addf(&page->text, "%s account", told->link.is_active ? "active" : "closed");
}

static const char *next_words(const struct explanation *told)
{
	if (!told->is_planned)
		return "what would change cannot be told";
	if (told->action_count > 0 && told->not_before_ms != 0)
		return "in quarantine";
	if (told->action_count > 0)
		return told->actions[0].kind == ACTION_REJECTED ||
			       told->actions[0].kind == ACTION_CONFLICT
			   ? "a person must settle something"
			   : "the next cycle changes it";
	return told->hold_count > 0 ? "a change is held" : "the next cycle changes nothing";
}

static const char *scope_words(const struct explanation *told)
{
	if (is_in_scope(told))
		return "in scope";
	for (size_t i = 0; i < told->directory_count; i++)
		if (told->directories[i].place == PLACE_DOWN ||
		    told->directories[i].place == PLACE_UNREADABLE)
			return told->chosen != NULL ? "not in scope" : "scope not known";
	return "not in scope";
}

static void put_summary(struct page *page)
{
	add_span(page, name_of(page->told));
	str_addf(&page->text, ": %s; ", scope_words(page->told));
	add_account_words(page);
	str_addf(&page->text, "; %s", next_words(page->told));
	lines_heading(&page->lines, str_span(&page->text));
	str_truncate(&page->text, 0);
}

static void put_gaps(struct page *page)
{
	const struct explanation *told = page->told;

	if (told->gap_count > 0)
		lines_heading(&page->lines, SPAN("Missing"));
	for (size_t i = 0; i < told->gap_count; i++) {
		add_span(page, told->gaps[i].why);
		put(page, told->gaps[i].part, LINE_BAD);
	}
}

/* ---- directories ---- */

static void put_directory(struct page *page, const struct explained_directory *directory)
{
	struct str name = { 0 };
	bool is_good = directory->place == PLACE_IN_SCOPE;
	bool is_bad = directory->place == PLACE_DOWN || directory->place == PLACE_UNREADABLE;

	str_addf(&name, "%.*s", SPAN_ARG(directory->name));
	explanation_add_place(directory, &page->text);
	put(page, str_c(&name), is_good ? LINE_GOOD : is_bad ? LINE_BAD : LINE_PLAIN);
	str_done(&name);
	if (directory->dn.at == NULL)
		return;
	add_span(page, directory->dn);
	put(page, NULL, LINE_PLAIN);
	str_add_c(&page->text, "key ");
	add_key(page, &directory->key);
	put(page, NULL, LINE_DIM);
	if (!directory->is_chosen && page->told->chosen != NULL)
		put_c(page, NULL, LINE_DIM,
		    "not the entry that is explained here: one of another directory comes first");
}

static void put_rival(struct page *page, const struct explained_rival *rival)
{
	add_span(page, rival->dn);
	str_addf(&page->text, " (directory %.*s) ", SPAN_ARG(rival->directory));
	explanation_add_rival(rival, &page->text);
	put(page, "same userName", rival->verdict == RIVAL_LOSES ? LINE_PLAIN : LINE_BAD);
}

static void put_turn(struct page *page)
{
	const struct explanation *told = page->told;
	bool is_end = told->has_desired && told->desired.is_active;

	if (told->is_expired)
		put_c(page, "expiry", LINE_BAD, "the account has expired in the directory");
	if (told->turns_ms == 0)
		return;
	str_add_c(&page->text, is_end ? "the account expires in the directory at "
				      : "the account begins in the directory at ");
	add_time(page, told->turns_ms);
	put(page, is_end ? "expiry" : "start", LINE_PLAIN);
}

static void put_directories(struct page *page)
{
	const struct explanation *told = page->told;

	lines_heading(
	    &page->lines, told->directory_count == 1 ? SPAN("Directory") : SPAN("Directories"));
	for (size_t i = 0; i < told->directory_count; i++)
		put_directory(page, &told->directories[i]);
	for (size_t i = 0; i < told->rival_count; i++)
		put_rival(page, &told->rivals[i]);
	put_turn(page);
}

/* ---- mapping ---- */

static void put_rule(struct page *page, const struct rule_trace *rule, const char *label)
{
	bool has_won = rule->outcome == RULE_WON;

	if (has_won) {
		add_span(page, rule->value);
		put(page, label, LINE_GOOD);
		label = NULL;
		str_add_c(&page->text, "from ");
	}
	add_span(page, rule->from);
	if (rule->when.at != NULL)
		str_addf(&page->text, " when %.*s", SPAN_ARG(rule->when));
	if (!has_won)
		str_add_c(&page->text, ": ");
	explanation_add_rule(rule, &page->text);
	put(page, label, rule->outcome == RULE_FAULT ? LINE_BAD : LINE_DIM);
}

static void put_mapping(struct page *page)
{
	const struct explanation *told = page->told;
	enum account_path last = ACCOUNT_PATH_COUNT;

	if (told->chosen == NULL)
		return;
	lines_heading(&page->lines, SPAN("Mapping"));
	if (told->refusal.at != NULL) {
		add_span(page, told->refusal);
		put(page, "refused", LINE_BAD);
	}
	for (size_t i = 0; i < told->trace.rule_count; i++) {
		const struct rule_trace *rule = &told->trace.rules[i];

		put_rule(page, rule, rule->to != last ? account_path_name(rule->to) : NULL);
		last = rule->to;
	}
}

/* ---- workspaces ---- */

static void put_grant(struct page *page, const struct grant_trace *grant)
{
	bool is_granted = grant->outcome == GRANT_BY_GROUP || grant->outcome == GRANT_BY_WHEN;
	const char *label = is_granted ? "granted" : "not granted";

	if (grant->outcome == GRANT_UNKNOWN)
		label = "not known";
	add_span(page, grant->name.at != NULL ? grant->name : grant->id);
	str_add_c(&page->text, ": ");
	explanation_add_grant(grant, &page->text);
	put(page, label, is_granted ? LINE_GOOD : LINE_PLAIN);
}

static void put_grants(struct page *page)
{
	const struct explanation *told = page->told;

	if (told->chosen == NULL)
		return;
	lines_heading(&page->lines, is_in_scope(told)
					? SPAN("Workspaces")
					: SPAN("Workspaces, if the person were in scope"));
	for (size_t i = 0; i < told->trace.grant_count; i++)
		put_grant(page, &told->trace.grants[i]);
	if (told->trace.grant_count == 0)
		put_c(page, "none", LINE_PLAIN, "the configuration has no workspaces");
}

/* ---- account ---- */

static void add_value(struct page *page, const char *what, struct span value)
{
	if (value.at == NULL)
		return;
	str_addf(&page->text, "%s%s %.*s", page->text.len > 0 ? "; " : "", what,
	    SPAN_ARG(value.len > 0 ? value : SPAN("none")));
}

/* @return how many differ */
static size_t put_differences(struct page *page)
{
	struct explained_attribute attributes[EXPLAINED_ATTRIBUTE_MAX];
	size_t count = explanation_compare(page->plan, page->told, attributes), differing = 0;

	for (size_t i = 0; i < count; i++) {
		const struct explained_attribute *attribute = &attributes[i];

		if (!attribute->differs)
			continue;
		differing++;
		add_value(page, "wanted:", attribute->wanted);
		add_value(page, "acknowledged:", attribute->acknowledged);
		add_value(page, "in the tenant:", attribute->observed);
		put(page, attribute->is_list ? "workspaces" : attribute->path, LINE_BAD);
	}
	return differing;
}

static void put_comparison(struct page *page)
{
	const struct explanation *told = page->told;

	if (told->is_account_gone)
		put_c(page, "tenant", LINE_BAD, "the account is not there any more");
	else if (!told->has_observed)
		put_c(page, "tenant", LINE_BAD, "could not be asked how the account is now");
	if (put_differences(page) == 0 && told->has_observed)
		put_c(page, "tenant", LINE_GOOD, "the account is as it was acknowledged");
}

static void put_link(struct page *page)
{
	const struct explanation *told = page->told;

	str_addf(&page->text, "%.*s, %.*s, %s", SPAN_ARG(told->link.account_id),
	    SPAN_ARG(told->link.user_name), told->link.is_active ? "active" : "not active");
	put(page, "account", LINE_PLAIN);
	if (told->linked_since_ms != 0) {
		add_time(page, told->linked_since_ms);
		put(page, "linked since", LINE_PLAIN);
	}
	add_time(page, told->link.changed_ms);
	put(page, "acknowledged", LINE_PLAIN);
	if (told->link_directory.at != NULL && told->directory_count > 1) {
		add_span(page, told->link_directory);
		put(page, "directory", LINE_PLAIN);
	}
	put_comparison(page);
}

static void put_account(struct page *page)
{
	const struct explanation *told = page->told;

	lines_heading(&page->lines, SPAN("Account"));
	if (told->is_linked)
		put_link(page);
	else
		put_c(page, "account", LINE_PLAIN, "none is linked to this person");
	if (told->is_own)
		put_c(page, "own", LINE_BAD,
		    "the agent's own account: never changed, so that it cannot lock itself out");
	if (told->is_protected)
		put_c(page, "protected", LINE_BAD, "never changed (policy.protect)");
}

/* ---- what waits ---- */

static void put_refused(struct page *page)
{
	const struct record *refused = page->told->refused;

	if (refused == NULL)
		return;
	str_addf(&page->text, "%.*s %.*s %.*s", SPAN_ARG(refused->action->request.method),
	    SPAN_ARG(refused->action->request.path), SPAN_ARG(refused->action->request.body));
	put(page, "refused", LINE_PLAIN);
	add_span(page, refused->action->answer);
	put(page, "answer", LINE_PLAIN);
}

static void put_quarantine(struct page *page)
{
	const struct explanation *told = page->told;
	const struct quarantine *quarantine = &told->quarantine;

	if (!told->has_quarantine)
		return;
	lines_heading(&page->lines, SPAN("Quarantine"));
	add_time(page, quarantine->since_ms);
	str_addf(&page->text, ", %d %s", quarantine->attempts,
	    quarantine->attempts == 1 ? "try" : "tries");
	put(page, "since", LINE_BAD);
	add_span(page, quarantine->reason);
	put(page, "why", LINE_BAD);
	put_refused(page);
	add_time(page, quarantine->not_before_ms);
	str_addf(&page->text, ", or when the entry changes; at once: \"scimward sync --user %.*s\"",
	    SPAN_ARG(told->who));
	put(page, "next try", LINE_PLAIN);
	put_c(page, "what to do", LINE_PLAIN,
	    "correct in the entry, or in the mapping, what the tenant refuses");
}

static void put_hold(struct page *page, const struct explained_hold *held)
{
	const struct hold *hold = &held->hold;
	char label[32];

	(void)snprintf(label, sizeof(label), "hold %" PRId64, hold->id);
	str_addf(&page->text, "%s of %.*s: %s", action_kind_name(held->action.kind),
	    SPAN_ARG(held->action.user_name), plan_reason_words(held->action.reason));
	put(page, label, LINE_BAD);
	str_addf(&page->text, "one of %" PRIu64 " %s, held since ", hold->count,
	    guard_class_noun(hold->class, UINT64_MAX));
	add_time(page, hold->since_ms);
	if (hold->limit != 0)
		str_addf(&page->text, ", over the limit of %" PRIu64, hold->limit);
	put(page, NULL, LINE_PLAIN);
	if (hold->decided_by.at != NULL)
		str_addf(&page->text, "%.*s: ", SPAN_ARG(hold->decided_by));
	explanation_add_hold_remedy(hold, &page->text);
	put(page, NULL, LINE_PLAIN);
}

static void put_waiting(struct page *page)
{
	const struct explanation *told = page->told;

	put_quarantine(page);
	if (told->leaver_since_ms != 0) {
		lines_heading(&page->lines, SPAN("Leaver"));
		add_time(page, told->leaver_since_ms);
		put(page, "missing since", LINE_BAD);
		add_time(page, told->leaver_until_ms);
		str_add_c(&page->text, ": then the account is closed, unless the person is back");
		put(page, "grace until", LINE_PLAIN);
	}
	if (told->hold_count > 0)
		lines_heading(&page->lines, SPAN("Holds"));
	for (size_t i = 0; i < told->hold_count; i++)
		put_hold(page, &told->holds[i]);
}

/* ---- what is to come ---- */

static void put_request(struct page *page, const struct action *action)
{
	if (action->request.method.at == NULL)
		return;
	str_addf(&page->text, "%.*s %.*s %.*s", SPAN_ARG(action->request.method),
	    SPAN_ARG(action->request.path), SPAN_ARG(action->request.body));
	lines_take(&page->lines, "    request:", 15, LINE_DIM, &page->text);
}

static void put_next(struct page *page)
{
	const struct explanation *told = page->told;

	lines_heading(&page->lines, SPAN("What the next cycle would do"));
	if (!told->is_planned)
		put_c(page, "unknown", LINE_BAD, "see what is missing");
	else if (told->action_count == 0)
		put_c(page, "nothing", LINE_PLAIN, "");
	explanation_add_outlook(told, &page->text);
	if (page->text.len > 0)
		lines_take(&page->lines, NULL, 2, LINE_PLAIN, &page->text);
	for (size_t i = 0; i < told->action_count; i++) {
		plan_writer_flush(page->plan);
		plan_writer_action(page->plan, &told->actions[i]);
		put_request(page, &told->actions[i]);
	}
}

/* ---- history ---- */

/* What changed: "name.familyName: Rai → Ray". Workspaces are told by the detail. */
static void put_changes(struct page *page, const struct action *action)
{
	struct plan_change change = plan_change_of(page->plan, action);

	if (!change.has_before || !change.has_after || !action_has_request(action->kind))
		return;
	for (int i = 0; i < ACCOUNT_TEXT_COUNT; i++) {
		enum account_path path = (enum account_path)i;
		struct span before = change.before.text[i];

		if (!plan_change_has_text(&change, path))
			continue;
		str_addf(&page->text, "%s: %.*s → %.*s", account_path_name(path),
		    SPAN_ARG(before.at != NULL ? before : SPAN("none")),
		    SPAN_ARG(change.after.text[i]));
		lines_take(&page->lines, NULL, DETAIL, LINE_PLAIN, &page->text);
	}
	if (plan_change_has_active(&change))
		lines_put(&page->lines, NULL, DETAIL, LINE_PLAIN,
		    change.after.is_active ? SPAN("active: false → true")
					   : SPAN("active: true → false"));
}

static void put_decision(struct page *page, const struct record *record)
{
	if (record->decided_ms == 0)
		return;
	str_addf(&page->text, "%s by %.*s at ", hold_decision_name(record->decision),
	    SPAN_ARG(record->decided_by));
	add_time(page, record->decided_ms);
	str_addf(&page->text, " (hold %" PRId64 ")", record->action->hold_id);
	lines_take(&page->lines, NULL, DETAIL, LINE_PLAIN, &page->text);
}

static void put_answer(struct page *page, const struct action *action)
{
	if (action->http_status != 0)
		str_addf(&page->text, "answer %d", action->http_status);
	if (action->answer.at != NULL)
		str_addf(&page->text, "%s%.*s", page->text.len > 0 ? ": " : "",
		    SPAN_ARG(action->answer));
	if (action->request_id.at != NULL)
		str_addf(&page->text, "%srequest id %.*s", page->text.len > 0 ? "; " : "",
		    SPAN_ARG(action->request_id));
	if (page->text.len > 0)
		lines_take(&page->lines, NULL, DETAIL, LINE_DIM, &page->text);
}

static void put_record(struct page *page, const struct record *record)
{
	const struct action *action = record->action;
	char when[TIME_TEXT_SIZE];

	time_format(action->at_ms, false, when);
	str_addf(&page->text, "%s %s, run %" PRId64 ": %s", action_kind_name(action->kind),
	    action_state_name(action->state), action->run_id, plan_reason_words(action->reason));
	lines_take(&page->lines, when, DETAIL, action->state == ACTION_DONE ? LINE_PLAIN : LINE_BAD,
	    &page->text);
	if (action->detail.at != NULL)
		lines_put(&page->lines, NULL, DETAIL, LINE_PLAIN, action->detail);
	put_changes(page, action);
	put_decision(page, record);
	put_answer(page, action);
}

static void put_history(struct page *page)
{
	const struct explanation *told = page->told;

	lines_heading(&page->lines, SPAN("History, newest first (UTC)"));
	for (size_t i = 0; i < told->history_count; i++)
		put_record(page, &told->history[i]);
	if (told->history_total == 0)
		put_c(page, "none", LINE_PLAIN, "nothing was ever done for this person");
	else if (told->history_count < told->history_total) {
		str_addf(&page->text, "%zu of %zu; --history %zu shows all", told->history_count,
		    told->history_total, told->history_total);
		put(page, "more", LINE_PLAIN);
	}
}

/* ---- several ---- */

static void put_matches(struct page *page)
{
	const struct explanation *told = page->told;

	str_addf(&page->text,
	    "\"%.*s\" is the name of several; ask by key, DN or account id:", SPAN_ARG(told->who));
	lines_heading(&page->lines, str_span(&page->text));
	str_truncate(&page->text, 0);
	for (size_t i = 0; i < told->match_count; i++) {
		const struct explained_match *match = &told->matches[i];

		add_span(page, match->dn);
		if (match->user_name.at != NULL)
			str_addf(&page->text, ", %.*s", SPAN_ARG(match->user_name));
		if (match->account_id.at != NULL)
			str_addf(&page->text, ", account %.*s", SPAN_ARG(match->account_id));
		if (!uuid_is_zero(&match->key)) {
			str_add_c(&page->text, ", key ");
			add_key(page, &match->key);
		}
		lines_take(&page->lines, "-", 4, LINE_PLAIN, &page->text);
	}
}

void explanation_text(struct plan_writer *plan, const struct explanation *told)
{
	struct page page = {
		.lines = { .out = &plan->out,
		    .width = plan->options.width,
		    .is_color = plan->options.is_color },
		.plan = plan,
		.told = told,
	};

	if (told->outcome == EXPLAINED_SEVERAL) {
		put_matches(&page);
	} else {
		put_summary(&page);
		put_gaps(&page);
		put_directories(&page);
		put_mapping(&page);
		put_grants(&page);
		put_account(&page);
		put_waiting(&page);
		put_next(&page);
		put_history(&page);
	}
	lines_done(&page.lines);
	str_done(&page.text);
}
