/* SPDX-License-Identifier: ISC */
/*
 * A plan as JSON, members and order as in DESIGN section 8; what is absent is null.
 *
 * `changes` come in byte order of their paths. `active` is a boolean, `entitlements` the whole set
 * of workspace ids before and after; before a create all are null.  `error` is there only when the
 * last answer was one.  A dry run has two members more: `predictions` of each action, and the
 * `forecast` behind the summary.  The form is published in doc/plan.schema.json.
 */
#include "base/time.h"
#include "core/plan_reader.h"
#include "report/plan_writer_p.h"

#include <stdio.h>

static void put_text(struct emitter *json, const char *key, struct span text)
{
	emit_key(json, key);
	emit_string(json, text);
}

static void put_count(struct emitter *json, const char *key, uint64_t count)
{
	emit_key(json, key);
	emit_int(json, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

static void put_bool(struct emitter *json, const char *key, bool value)
{
	emit_key(json, key);
	emit_bool(json, value);
}

/* What was stored as JSON goes out as it is. */
static void put_stored(struct emitter *json, const char *key, struct span stored)
{
	emit_key(json, key);
	if (stored.at == NULL)
		emit_null(json);
	else
		emit_raw(json, stored);
}

void plan_json_begin(struct plan_writer *writer, const struct run *run)
{
	struct emitter *json = &writer->json;

	emit_init(json, &writer->out, PLAN_JSON_INDENT);
	emit_object_open(json);
	emit_key(json, "version");
	emit_int(json, PLAN_VERSION);
	emit_key(json, "run");
	emit_object_open(json);
	put_text(json, "kind", span_of(cycle_kind_name(run->kind)));
	put_bool(json, "dryRun", run->is_dry);
	put_bool(json, "certified", run->is_certified);
	put_stored(json, "certificate", run->certificate);
	put_text(json, "user", run->who);
	emit_key(json, "undoes");
	if (run->undoes != 0)
		emit_int(json, run->undoes);
	else
		emit_null(json);
	put_text(json, "configDigest", run->config_digest);
	put_text(json, "directoryDigest", run->directory_digest);
	put_text(json, "tenantDigest", run->tenant_digest);
	put_text(json, "snapshotDigest", run->snapshot_digest);
	emit_object_close(json);
	emit_key(json, "actions");
	emit_array_open(json);
}

static void open_change(struct emitter *json, const char *path)
{
	emit_object_open(json);
	put_text(json, "path", span_of(path));
}

static void put_active(struct emitter *json, const struct plan_change *change)
{
	if (!plan_change_has_active(change))
		return;
	open_change(json, account_path_name(ACCOUNT_ACTIVE));
	emit_key(json, "before");
	if (change->has_before)
		emit_bool(json, change->before.is_active);
	else
		emit_null(json);
	put_bool(json, "after", change->after.is_active);
	emit_object_close(json);
}

static void put_workspaces(
    struct emitter *json, const char *key, bool has_account, const struct account *account)
{
	emit_key(json, key);
	if (!has_account) {
		emit_null(json);
		return;
	}
	emit_array_open(json);
	for (size_t i = 0; i < account->workspace_count; i++)
		emit_string(json, account->workspaces[i]);
	emit_array_close(json);
}

static void put_entitlements(struct emitter *json, const struct plan_change *change)
{
	if (change->change.granted_count == 0 && change->change.revoked_count == 0)
		return;
	open_change(json, "entitlements");
	put_workspaces(json, "before", change->has_before, &change->before);
	put_workspaces(json, "after", change->has_after, &change->after);
	emit_object_close(json);
}

static void put_texts(struct emitter *json, const struct plan_change *change, int from, int to)
{
	for (int i = from; i < to; i++) {
		enum account_path path = (enum account_path)i;

		if (!plan_change_has_text(change, path))
			continue;
		open_change(json, account_path_name(path));
		put_text(json, "before", change->has_before ? change->before.text[i] : SPAN_NULL);
		put_text(json, "after", change->after.text[i]);
		emit_object_close(json);
	}
}

static void put_changes(struct emitter *json, const struct plan_change *change)
{
	emit_key(json, "changes");
	emit_array_open(json);
	put_active(json, change);
	put_texts(json, change, 0, ACCOUNT_EXTERNAL_ID);
	put_entitlements(json, change);
	put_texts(json, change, ACCOUNT_EXTERNAL_ID, ACCOUNT_TEXT_COUNT);
	emit_array_close(json);
}

static void put_key(struct emitter *json, const struct uuid *key)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(key, text);
	put_text(json, "key", uuid_is_zero(key) ? SPAN_NULL : span_of(text));
}

static void put_reason(struct emitter *json, const struct action *action)
{
	emit_key(json, "reason");
	emit_object_open(json);
	put_text(json, "code", span_of(reason_code_name(action->reason)));
	put_text(json, "detail", action->detail);
	emit_object_close(json);
}

static void put_request(struct emitter *json, const struct tenant_request *request)
{
	emit_key(json, "request");
	if (request->method.at == NULL) {
		emit_null(json);
		return;
	}
	emit_object_open(json);
	put_text(json, "method", request->method);
	put_text(json, "path", request->path);
	put_stored(json, "body", request->body);
	emit_object_close(json);
}

static void put_error(struct emitter *json, const struct action *action)
{
	if (action->answer.at == NULL)
		return;
	emit_key(json, "error");
	emit_object_open(json);
	emit_key(json, "status");
	if (action->http_status != 0)
		emit_int(json, action->http_status);
	else
		emit_null(json);
	put_text(json, "detail", action->answer);
	put_text(json, "requestId", action->request_id);
	emit_object_close(json);
}

static void put_predictions(struct plan_writer *writer, const struct plan_change *change)
{
	struct emitter *json = &writer->json;

	if (writer->options.facts == NULL)
		return;
	emit_key(json, "predictions");
	emit_array_open(json);
	for (size_t i = 0; i < change->prediction_count; i++) {
		enum prediction_code code = change->predictions[i].code;

		emit_object_open(json);
		put_text(json, "code", span_of(prediction_code_name(code)));
		put_text(
		    json, "outcome", span_of(prediction_outcome_name(prediction_outcome_of(code))));
		put_text(json, "detail", change->predictions[i].detail);
		emit_object_close(json);
	}
	emit_array_close(json);
}

void plan_json_action(struct plan_writer *writer, const struct plan_change *change)
{
	const struct action *action = change->action;
	struct emitter *json = &writer->json;

	emit_object_open(json);
	put_text(json, "kind", span_of(action_kind_name(action->kind)));
	put_text(json, "state", span_of(action_state_name(action->state)));
	put_text(json, "userName", action->user_name);
	put_key(json, &action->key);
	put_text(json, "directory", action->directory);
	put_text(json, "dn", action->dn);
	put_text(json, "accountId", action->account_id);
	put_reason(json, action);
	put_changes(json, change);
	put_request(json, &action->request);
	put_predictions(writer, change);
	put_error(json, action);
	emit_object_close(json);
}

static void put_time(struct emitter *json, const char *key, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	put_text(json, key, wall_ms == 0 ? SPAN_NULL : span_of(text));
}

void plan_json_hold(struct plan_writer *writer, const struct hold *hold)
{
	struct emitter *json = &writer->json;
	char digest[2 * sizeof(hold->digest.byte) + 1];

	for (size_t i = 0; i < sizeof(hold->digest.byte); i++)
		(void)snprintf(digest + 2 * i, 3, "%02x", hold->digest.byte[i]);
	emit_object_open(json);
	emit_key(json, "hold");
	emit_int(json, hold->id);
	put_text(json, "class", span_of(guard_class_name(hold->class)));
	put_time(json, "since", hold->since_ms);
	put_count(json, "count", hold->count);
	put_count(json, "limit", hold->limit);
	emit_key(json, "run");
	emit_int(json, hold->run_id);
	put_text(json, "digest", span_of(digest));
	put_text(json, "decision", span_of(hold_decision_name(hold->decision)));
	put_text(json, "decidedBy", hold->decided_by);
	put_time(json, "decided", hold->decided_ms);
	emit_key(json, "actions");
	emit_array_open(json);
}

void plan_json_end_hold(struct plan_writer *writer)
{
	emit_array_close(&writer->json);
	emit_object_close(&writer->json);
}

static void put_number_or_null(struct emitter *json, const char *key, int64_t number)
{
	emit_key(json, key);
	if (number < 0)
		emit_null(json);
	else
		emit_int(json, number);
}

static void put_counts(struct emitter *json, const struct forecast *forecast)
{
	emit_key(json, "predictions");
	emit_object_open(json);
	for (int i = 0; i < PREDICTION_CODE_COUNT; i++)
		put_count(
		    json, prediction_code_name((enum prediction_code)i), forecast->predictions[i]);
	emit_object_close(json);
}

static void put_forecast(struct plan_writer *writer)
{
	const struct prediction_facts *facts = writer->options.facts;
	const struct forecast *forecast = &writer->forecast;
	struct emitter *json = &writer->json;
	uint64_t requests = forecast_requests(forecast);

	if (facts == NULL)
		return;
	emit_key(json, "forecast");
	emit_object_open(json);
	put_count(json, "requests", requests);
	put_count(json, "reads", forecast->reads);
	put_count(json, "writes", forecast->writes);
	put_number_or_null(json, "seconds", forecast_seconds(&forecast->pace, requests));
	put_count(json, "heldRequests", forecast->held);
	put_count(json, "requestsPerSecond", forecast->pace.requests_per_second);
	put_count(json, "burst", forecast->pace.burst);
	put_count(json, "concurrency", forecast->pace.concurrency);
	put_number_or_null(json, "answerMs", forecast_answer_ms(&forecast->pace));
	put_counts(json, forecast);
	put_text(json, "userNamesNotChecked", facts->names_not_checked);
	put_text(json, "workspacesNotChecked", facts->workspaces_not_checked);
	emit_object_close(json);
}

void plan_json_end(struct plan_writer *writer, const struct plan_summary *summary)
{
	struct emitter *json = &writer->json;

	emit_array_close(json);
	emit_key(json, "summary");
	emit_object_open(json);
	put_count(json, "create", summary->create);
	put_count(json, "update", summary->update);
	put_count(json, "rename", summary->rename);
	put_count(json, "deactivate", summary->deactivate);
	put_count(json, "reactivate", summary->reactivate);
	put_count(json, "held", summary->held);
	put_count(json, "conflict", summary->conflict);
	put_count(json, "rejected", summary->rejected);
	put_count(json, "unchanged", summary->unchanged);
	put_count(json, "orphan", summary->orphan);
	emit_object_close(json);
	put_forecast(writer);
	emit_object_close(json);
	str_add_byte(&writer->out, '\n');
}
