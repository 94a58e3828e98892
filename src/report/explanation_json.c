/* SPDX-License-Identifier: ISC */
/*
 * An explanation for programs: doc/explain.schema.json.  What is absent is null; times are UTC.
 */
#include "base/time.h"
#include "report/explanation_p.h"

struct page {
	struct plan_writer *plan;
	struct emitter *json;
	const struct explanation *told;
	struct str text; /* words in the making */
};

static void put_text(struct page *page, const char *key, struct span text)
{
	emit_member_string(page->json, key, text);
}

static void put_time(struct page *page, const char *key, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	put_text(page, key, wall_ms == 0 ? SPAN_NULL : span_of(text));
}

static void put_key(struct page *page, const struct uuid *key)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(key, text);
	put_text(page, "key", uuid_is_zero(key) ? SPAN_NULL : span_of(text));
}

/* The words that were put together. */
static void put_words(struct page *page, const char *key)
{
	put_text(page, key, page->text.len > 0 ? str_span(&page->text) : SPAN_NULL);
	str_truncate(&page->text, 0);
}

static void open_list(struct page *page, const char *key)
{
	emit_key(page->json, key);
	emit_array_open(page->json);
}

static void open_object(struct page *page, const char *key)
{
	emit_key(page->json, key);
	emit_object_open(page->json);
}

/* ---- parts ---- */

static void put_head(struct page *page)
{
	static const char *const outcomes[] = { "person", "nobody", "several" };
	const struct explanation *told = page->told;

	emit_member_int(page->json, "version", 1);
	put_text(page, "who", told->who);
	put_time(page, "made", told->now_ms);
	put_text(page, "outcome", span_of(outcomes[told->outcome]));
	open_list(page, "matches");
	for (size_t i = 0; i < told->match_count; i++) {
		emit_object_open(page->json);
		put_key(page, &told->matches[i].key);
		put_text(page, "dn", told->matches[i].dn);
		put_text(page, "userName", told->matches[i].user_name);
		put_text(page, "accountId", told->matches[i].account_id);
		emit_object_close(page->json);
	}
	emit_array_close(page->json);
	open_list(page, "missing");
	for (size_t i = 0; i < told->gap_count; i++) {
		emit_object_open(page->json);
		put_text(page, "part", span_of(told->gaps[i].part));
		put_text(page, "name", told->gaps[i].name);
		put_text(page, "why", told->gaps[i].why);
		emit_object_close(page->json);
	}
	emit_array_close(page->json);
}

static void put_directory(struct page *page, const struct explained_directory *directory)
{
	const struct explained_scope *scope = &directory->scope;

	emit_object_open(page->json);
	put_text(page, "name", directory->name);
	put_text(page, "place", span_of(explained_place_name(directory->place)));
	emit_member_bool(page->json, "inScope", directory->place == PLACE_IN_SCOPE);
	explanation_add_place(directory, &page->text);
	put_words(page, "words");
	open_list(page, "bases");
	for (size_t i = 0; i < scope->base_count; i++)
		emit_string_c(page->json, scope->bases[i]);
	emit_array_close(page->json);
	put_text(page, "base", directory->base);
	put_text(page, "scope", span_of(scope->depth));
	put_text(page, "filter",
	    directory->place == PLACE_LEFT_OUT ? directory->why : span_of(scope->filter));
	put_text(page, "dn", directory->dn);
	put_key(page, &directory->key);
	put_text(page, "userName", directory->user_name);
	emit_member_bool(page->json, "explained", directory->is_chosen);
	emit_object_close(page->json);
}

static void put_directories(struct page *page)
{
	const struct explanation *told = page->told;

	open_list(page, "directories");
	for (size_t i = 0; i < told->directory_count; i++)
		put_directory(page, &told->directories[i]);
	emit_array_close(page->json);
	open_list(page, "sameUserName");
	for (size_t i = 0; i < told->rival_count; i++) {
		const struct explained_rival *rival = &told->rivals[i];

		emit_object_open(page->json);
		put_text(page, "directory", rival->directory);
		put_text(page, "dn", rival->dn);
		put_key(page, &rival->key);
		put_text(page, "verdict", span_of(explained_verdict_name(rival->verdict)));
		explanation_add_rival(rival, &page->text);
		put_words(page, "words");
		emit_object_close(page->json);
	}
	emit_array_close(page->json);
	emit_member_bool(page->json, "expired", told->is_expired);
	put_time(page, "turns", told->turns_ms);
}

static void put_mapping(struct page *page)
{
	const struct explanation *told = page->told;

	open_object(page, "mapping");
	put_text(page, "refusal", told->refusal);
	open_list(page, "rules");
	for (size_t i = 0; i < told->trace.rule_count; i++) {
		const struct rule_trace *rule = &told->trace.rules[i];

		emit_object_open(page->json);
		put_text(page, "to", span_of(account_path_name(rule->to)));
		put_text(page, "from", rule->from);
		put_text(page, "when", rule->when);
		put_text(page, "outcome", span_of(explanation_rule_name(rule->outcome)));
		put_text(page, "value", rule->outcome == RULE_FAULT ? SPAN_NULL : rule->value);
		explanation_add_rule(rule, &page->text);
		put_words(page, "words");
		emit_object_close(page->json);
	}
	emit_array_close(page->json);
	emit_object_close(page->json);
}

static void put_grants(struct page *page)
{
	const struct explanation *told = page->told;

	open_list(page, "workspaces");
	for (size_t i = 0; i < told->trace.grant_count; i++) {
		const struct grant_trace *grant = &told->trace.grants[i];

		emit_object_open(page->json);
		put_text(page, "id", grant->id);
		put_text(page, "name", grant->name);
		emit_member_bool(page->json, "granted",
		    grant->outcome == GRANT_BY_GROUP || grant->outcome == GRANT_BY_WHEN);
		put_text(page, "outcome", span_of(explanation_grant_name(grant->outcome)));
		put_text(page, "group", grant->group);
		put_text(page, "path", grant->outcome == GRANT_UNKNOWN ? SPAN_NULL : grant->path);
		put_text(page, "when", grant->when);
		explanation_add_grant(grant, &page->text);
		put_words(page, "words");
		emit_object_close(page->json);
	}
	emit_array_close(page->json);
}

static void put_list(struct page *page, const char *key, const struct account *account)
{
	emit_key(page->json, key);
	if (account == NULL) {
		emit_null(page->json);
		return;
	}
	emit_array_open(page->json);
	for (size_t i = 0; i < account->workspace_count; i++)
		emit_string(page->json, account->workspaces[i]);
	emit_array_close(page->json);
}

static void put_sides(struct page *page, const struct explained_attribute *attribute)
{
	const struct explanation *told = page->told;

	if (!attribute->is_list) {
		put_text(page, "wanted", attribute->wanted);
		put_text(page, "acknowledged", attribute->acknowledged);
		put_text(page, "observed", attribute->observed);
		return;
	}
	put_list(page, "wanted", attribute->wanted.at != NULL ? &told->desired : NULL);
	put_list(
	    page, "acknowledged", attribute->acknowledged.at != NULL ? &told->acknowledged : NULL);
	put_list(page, "observed", attribute->observed.at != NULL ? &told->observed.account : NULL);
}

static void put_attributes(struct page *page)
{
	struct explained_attribute attributes[EXPLAINED_ATTRIBUTE_MAX];
	size_t count = explanation_compare(page->plan, page->told, attributes);

	open_list(page, "attributes");
	for (size_t i = 0; i < count; i++) {
		emit_object_open(page->json);
		put_text(page, "path", span_of(attributes[i].path));
		put_sides(page, &attributes[i]);
		emit_member_bool(page->json, "differs", attributes[i].differs);
		emit_object_close(page->json);
	}
	emit_array_close(page->json);
}

static void put_account(struct page *page)
{
	const struct explanation *told = page->told;
	struct emitter *json = page->json;

	open_object(page, "account");
	emit_member_bool(json, "linked", told->is_linked);
	put_text(page, "id", told->link.account_id);
	put_text(page, "userName", told->link.user_name);
	emit_key(json, "active");
	if (told->is_linked)
		emit_bool(json, told->link.is_active);
	else
		emit_null(json);
	put_text(page, "directory", told->link_directory);
	put_time(page, "linkedSince", told->linked_since_ms);
	put_time(page, "acknowledged", told->link.changed_ms);
	emit_member_bool(json, "observed", told->has_observed);
	emit_member_bool(json, "gone", told->is_account_gone);
	emit_member_bool(json, "own", told->is_own);
	emit_member_bool(json, "protected", told->is_protected);
	put_attributes(page);
	emit_object_close(json);
}

static void put_action(struct page *page, const char *key, const struct action *action)
{
	if (key != NULL)
		emit_key(page->json, key);
	plan_writer_action(page->plan, action);
}

/* ---- what waits ---- */

static void put_quarantine(struct page *page)
{
	const struct explanation *told = page->told;

	emit_key(page->json, "quarantine");
	if (!told->has_quarantine) {
		emit_null(page->json);
		return;
	}
	emit_object_open(page->json);
	put_time(page, "since", told->quarantine.since_ms);
	emit_member_int(page->json, "attempts", told->quarantine.attempts);
	put_time(page, "notBefore", told->quarantine.not_before_ms);
	put_text(page, "reason", told->quarantine.reason);
	if (told->refused != NULL) {
		put_action(page, "refused", told->refused->action);
	} else {
		emit_key(page->json, "refused");
		emit_null(page->json);
	}
	emit_object_close(page->json);
}

static void put_leaver(struct page *page)
{
	const struct explanation *told = page->told;

	emit_key(page->json, "leaver");
	if (told->leaver_until_ms == 0) {
		emit_null(page->json);
		return;
	}
	emit_object_open(page->json);
	put_time(page, "since", told->leaver_since_ms);
	put_time(page, "until", told->leaver_until_ms);
	emit_object_close(page->json);
}

static void put_hold(struct page *page, const struct explained_hold *held)
{
	const struct hold *hold = &held->hold;

	emit_object_open(page->json);
	emit_member_int(page->json, "hold", hold->id);
	put_text(page, "class", span_of(guard_class_name(hold->class)));
	put_time(page, "since", hold->since_ms);
	emit_member_int(page->json, "count", (int64_t)hold->count);
	emit_member_int(page->json, "limit", (int64_t)hold->limit);
	put_text(page, "decision", span_of(hold_decision_name(hold->decision)));
	put_text(page, "decidedBy", hold->decided_by);
	put_time(page, "decided", hold->decided_ms);
	explanation_add_hold_remedy(hold, &page->text);
	put_words(page, "words");
	put_action(page, "action", &held->action);
	emit_object_close(page->json);
}

static void put_waiting(struct page *page)
{
	const struct explanation *told = page->told;

	put_quarantine(page);
	put_leaver(page);
	open_list(page, "holds");
	for (size_t i = 0; i < told->hold_count; i++)
		put_hold(page, &told->holds[i]);
	emit_array_close(page->json);
}

/* ---- what is to come, and what was ---- */

static void put_next(struct page *page)
{
	const struct explanation *told = page->told;

	open_object(page, "next");
	emit_member_bool(page->json, "planned", told->is_planned);
	emit_member_bool(page->json, "whole", told->is_whole);
	put_time(page, "notBefore", told->not_before_ms);
	explanation_add_outlook(told, &page->text);
	put_words(page, "words");
	open_list(page, "actions");
	for (size_t i = 0; i < told->action_count; i++)
		put_action(page, NULL, &told->actions[i]);
	emit_array_close(page->json);
	emit_object_close(page->json);
}

static void put_record(struct page *page, const struct record *record)
{
	const struct action *action = record->action;

	emit_object_open(page->json);
	put_time(page, "at", action->at_ms);
	emit_member_int(page->json, "run", action->run_id);
	emit_key(page->json, "hold");
	if (action->hold_id != 0)
		emit_int(page->json, action->hold_id);
	else
		emit_null(page->json);
	put_text(page, "decision",
	    record->decided_ms != 0 ? span_of(hold_decision_name(record->decision)) : SPAN_NULL);
	put_text(page, "decidedBy", record->decided_by);
	put_time(page, "decided", record->decided_ms);
	emit_key(page->json, "httpStatus");
	if (action->http_status != 0)
		emit_int(page->json, action->http_status);
	else
		emit_null(page->json);
	put_text(page, "answer", action->answer);
	put_text(page, "requestId", action->request_id);
	put_action(page, "action", action);
	emit_object_close(page->json);
}

static void put_history(struct page *page)
{
	const struct explanation *told = page->told;

	open_object(page, "history");
	emit_member_int(page->json, "total", (int64_t)told->history_total);
	open_list(page, "actions");
	for (size_t i = 0; i < told->history_count; i++)
		put_record(page, &told->history[i]);
	emit_array_close(page->json);
	emit_object_close(page->json);
}

void explanation_json(struct plan_writer *plan, const struct explanation *told)
{
	struct page page = { .plan = plan, .json = &plan->json, .told = told };

	emit_init(&plan->json, &plan->out, PLAN_JSON_INDENT);
	emit_object_open(&plan->json);
	put_head(&page);
	put_directories(&page);
	put_mapping(&page);
	put_grants(&page);
	put_account(&page);
	put_waiting(&page);
	put_next(&page);
	put_history(&page);
	emit_object_close(&plan->json);
	str_add_byte(&plan->out, '\n');
	str_done(&page.text);
}
