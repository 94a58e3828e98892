/* SPDX-License-Identifier: ISC */
/* What a record says: members in the order of their bytes, as emit writes them without indent. */
#include "core/audit.h"

#include "base/emit.h"
#include "base/time.h"
#include "core/port_store.h"
#include <jansson.h>

static const char *const kinds[AUDIT_KIND_COUNT] = {
	[AUDIT_RUN_STARTED] = "run-started",
	[AUDIT_RUN_ENDED] = "run-ended",
	[AUDIT_ACTION] = "action",
	[AUDIT_HOLD] = "hold",
	[AUDIT_DECISION] = "decision",
	[AUDIT_HOLD_ENDED] = "hold-ended",
	[AUDIT_RETENTION] = "retention",
};

const char *audit_kind_name(enum audit_kind kind)
{
	return kinds[kind];
}

/* ---- members ---- */

static void put_text(struct emitter *json, const char *key, struct span text)
{
	if (text.at == NULL)
		return;
	emit_key(json, key);
	emit_string(json, text);
}

static void put_word(struct emitter *json, const char *key, const char *word)
{
	put_text(json, key, span_of(word));
}

static void put_number(struct emitter *json, const char *key, int64_t number)
{
	emit_key(json, key);
	emit_int(json, number);
}

static void put_number_unless_zero(struct emitter *json, const char *key, int64_t number)
{
	if (number != 0)
		put_number(json, key, number);
}

static void put_time(struct emitter *json, const char *key, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	if (wall_ms == 0)
		return;
	time_format(wall_ms, true, text);
	put_word(json, key, text);
}

static void put_digest(struct emitter *json, const char *key, const struct digest *digest)
{
	struct str hex = { 0 };

	hex_encode((struct span) { (const char *)digest->byte, sizeof(digest->byte) }, &hex);
	put_text(json, key, str_span(&hex));
	str_done(&hex);
}

static struct emitter begin(struct str *out)
{
	struct emitter json;

	emit_init(&json, out, 0);
	emit_object_open(&json);
	return json;
}

/* ---- runs ---- */

void audit_put_run_started(const struct run *run, struct str *out)
{
	struct emitter json = begin(out);

	put_text(&json, "by", run->by);
	put_text(&json, "config", run->config_digest);
	put_word(&json, "cycle", cycle_kind_name(run->kind));
	put_word(&json, "kind", kinds[AUDIT_RUN_STARTED]);
	put_text(&json, "plan", run->plan_digest);
	put_time(&json, "started", run->started_ms);
	put_number_unless_zero(&json, "undoes", run->undoes);
	emit_object_close(&json);
}

static void put_summary(struct emitter *json, const struct plan_summary *summary)
{
	const struct {
		const char *key;
		uint64_t count;
	} members[] = {
		{ "conflict", summary->conflict },
		{ "create", summary->create },
		{ "deactivate", summary->deactivate },
		{ "done", summary->done },
		{ "failed", summary->failed },
		{ "held", summary->held },
		{ "link", summary->link },
		{ "missed", summary->missed },
		{ "orphan", summary->orphan },
		{ "reactivate", summary->reactivate },
		{ "rejected", summary->rejected },
		{ "rename", summary->rename },
		{ "unchanged", summary->unchanged },
		{ "update", summary->update },
	};

	emit_key(json, "summary");
	emit_object_open(json);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		put_number(json, members[i].key, (int64_t)members[i].count);
	emit_object_close(json);
}

void audit_put_run_ended(const struct run *run, struct str *out)
{
	struct emitter json = begin(out);

	if (run->certificate.len > 0) {
		emit_key(&json, "certificate");
		emit_raw(&json, run->certificate);
	}
	emit_key(&json, "certified");
	emit_bool(&json, run->is_certified);
	put_text(&json, "config", run->config_digest);
	put_word(&json, "cycle", cycle_kind_name(run->kind));
	put_time(&json, "ended", run->ended_ms);
	put_text(&json, "error", run->error);
	put_number(&json, "exit", run->exit_code);
	put_word(&json, "kind", kinds[AUDIT_RUN_ENDED]);
	put_time(&json, "started", run->started_ms);
	put_summary(&json, &run->summary);
	emit_object_close(&json);
}

/* ---- actions ---- */

/* What was read from the state is not believed to be an account. */
static void put_account(
    struct emitter *json, const char *key, struct span canonical, struct arena *scratch)
{
	struct account account;
	struct str text = { 0 };

	if (canonical.at == NULL)
		return;
	emit_key(json, key);
	if (account_decode(canonical, scratch, &account, NULL) == STATUS_OK) {
		account_encode(&account, &text);
		emit_raw(json, str_span(&text));
	} else {
		emit_string(json, canonical);
	}
	str_done(&text);
}

static void put_reason(struct emitter *json, const struct action *action)
{
	emit_key(json, "reason");
	emit_object_open(json);
	put_word(json, "code", reason_code_name(action->reason));
	put_text(json, "detail", action->detail);
	emit_object_close(json);
}

static void put_request(struct emitter *json, const struct tenant_request *request)
{
	if (request->method.at == NULL)
		return;
	emit_key(json, "request");
	emit_object_open(json);
	put_text(json, "body", request->body);
	put_text(json, "method", request->method);
	put_text(json, "path", request->path);
	emit_object_close(json);
}

static void put_key(struct emitter *json, const struct uuid *key)
{
	char text[UUID_TEXT_SIZE];

	if (uuid_is_zero(key))
		return;
	uuid_format(key, text);
	put_word(json, "key", text);
}

void audit_put_action(
    const struct action *action, struct span approved_by, struct arena *scratch, struct str *out)
{
	struct emitter json = begin(out);

	put_text(&json, "accountId", action->account_id);
	put_word(&json, "action", action_kind_name(action->kind));
	put_account(&json, "after", action->after, scratch);
	put_text(&json, "answer", action->answer);
	put_text(&json, "approvedBy", approved_by);
	put_number_unless_zero(&json, "attempts", action->attempts);
	put_account(&json, "before", action->before, scratch);
	put_text(&json, "directory", action->directory);
	put_text(&json, "dn", action->dn);
	put_number_unless_zero(&json, "hold", action->hold_id);
	put_number(&json, "id", action->id);
	put_key(&json, &action->key);
	put_word(&json, "kind", kinds[AUDIT_ACTION]);
	put_reason(&json, action);
	put_request(&json, &action->request);
	put_text(&json, "requestId", action->request_id);
	put_word(&json, "state", action_state_name(action->state));
	put_number_unless_zero(&json, "status", action->http_status);
	put_text(&json, "userName", action->user_name);
	emit_object_close(&json);
}

/* ---- holds ---- */

void audit_put_hold(enum audit_kind kind, const struct hold *hold, struct str *out)
{
	struct emitter json = begin(out);

	put_text(&json, "by", hold->decided_by);
	put_word(&json, "class", guard_class_name(hold->class));
	put_number(&json, "count", (int64_t)hold->count);
	put_time(&json, "decided", hold->decided_ms);
	if (kind != AUDIT_HOLD)
		put_word(&json, "decision", hold_decision_name(hold->decision));
	put_digest(&json, "digest", &hold->digest);
	put_number(&json, "hold", hold->id);
	put_word(&json, "kind", kinds[kind]);
	put_number_unless_zero(&json, "limit", (int64_t)hold->limit);
	put_time(&json, "since", hold->since_ms);
	emit_object_close(&json);
}

/* ---- the stump ---- */

void audit_put_stump(const struct audit_stump *stump, struct str *out)
{
	struct emitter json = begin(out);
	char hash[AUDIT_HASH_TEXT_SIZE];

	audit_hash_format(&stump->hash, hash);
	put_word(&json, "hash", hash);
	put_word(&json, "kind", kinds[AUDIT_RETENTION]);
	put_number(&json, "removed", stump->removed);
	put_number(&json, "through", stump->seq);
	emit_object_close(&json);
}

static bool read_stump(json_t *root, struct audit_stump *stump)
{
	json_t *hash = json_object_get(root, "hash");

	stump->seq = json_integer_value(json_object_get(root, "through"));
	stump->removed = json_integer_value(json_object_get(root, "removed"));
	return json_is_string(hash) &&
	       audit_hash_parse((struct span) { json_string_value(hash), json_string_length(hash) },
		   &stump->hash);
}

bool audit_stump_parse(struct span body, struct audit_stump *ret_stump)
{
	struct audit_stump stump = { 0 };
	struct str again = { 0 };
	json_t *root = body.at == NULL ? NULL : json_loadb(body.at, body.len, 0, NULL);
	bool is_well = read_stump(root, &stump) && stump.seq > 0 && stump.removed > 0;

	json_decref(root);
	/* There is one way to write it: any other text is not ours. */
	if (is_well)
		audit_put_stump(&stump, &again);
	is_well = is_well && span_equal(str_span(&again), body);
	str_done(&again);
	if (is_well)
		*ret_stump = stump;
	return is_well;
}

bool audit_body_is_json(struct span body)
{
	json_t *root;
	bool is_object;

	for (size_t i = 0; i < body.len; i++) {
		if ((unsigned char)body.at[i] < ' ')
			return false;
	}
	root = body.at == NULL ? NULL : json_loadb(body.at, body.len, JSON_ALLOW_NUL, NULL);
	is_object = json_is_object(root);
	json_decref(root);
	return is_object;
}
