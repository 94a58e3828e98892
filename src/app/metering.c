/* SPDX-License-Identifier: ISC */
#include "app/metering.h"

#include "base/log.h"
#include "base/time.h"
#include "metrics/exposition.h"
#include "scim/tenant.h"
#include <config.h>
#include <string.h>

static const struct {
	enum cycle_exit exit;
	const char *name;
} outcomes[] = {
	{ CYCLE_DONE, "done" },
	{ CYCLE_FAILED, "failed" },
	{ CYCLE_HELD, "held" },
	{ CYCLE_REJECTED, "rejected" },
	{ CYCLE_PEER_DOWN, "peer-down" },
	{ CYCLE_STATE_FAILED, "state-failed" },
};

void metering_leave(struct metering *metering, const struct agent *agent)
{
	struct tenant_counters counters = tenant_counters(agent->tenant);

	metering->requests += counters.requests;
	metering->writes += counters.writes;
	metering->answer_bytes += counters.answer_bytes;
}

/* ---- what the state says ---- */

static void add_meta_time(struct str *out, struct store *store, struct arena *arena,
    const char *meta, const char *name, const char *help)
{
	struct span text = SPAN_NULL;
	int64_t at_ms;

	if (store_meta_get(store, meta, arena, &text, NULL) != STATUS_OK || text.at == NULL ||
	    !time_parse_iso(text, &at_ms))
		return; /* there was none: no sample is better than 1970 */
	metric_begin(out, METRIC_GAUGE, name, help);
	metric_sample_ms(out, name, at_ms);
}

static void add_times(struct str *out, struct store *store, struct arena *arena)
{
	add_meta_time(out, store, arena, "last_cycle", "scimward_last_cycle_timestamp_seconds",
	    "When the last cycle began.");
	add_meta_time(out, store, arena, "last_certified_cycle",
	    "scimward_last_certified_cycle_timestamp_seconds",
	    "When the last cycle began whose scans of all directories were certified.");
	add_meta_time(out, store, arena, "last_reconcile_cycle",
	    "scimward_last_reconcile_cycle_timestamp_seconds",
	    "When the last certified cycle began that listed the tenant.");
}

static void add_missed(struct str *out, struct store *store, struct arena *arena)
{
	struct span text = SPAN_NULL;
	uint64_t missed = 0;

	if (store_meta_get(store, "delta_missed_changes_total", arena, &text, NULL) == STATUS_OK &&
	    text.at != NULL)
		span_to_u64(text, &missed);
	metric_single(out, METRIC_COUNTER, "scimward_delta_missed_changes_total",
	    "Changes that whole scans found and the deltas before them had not told of.", missed);
}

static void add_facts(struct str *out, const struct store_facts *facts)
{
	metric_single(out, METRIC_GAUGE, "scimward_linked_accounts",
	    "Accounts that belong to a person of the directory.", facts->links);
	metric_single(out, METRIC_GAUGE, "scimward_active_accounts",
	    "Linked accounts that are active.", facts->active_links);
	metric_single(out, METRIC_GAUGE, "scimward_quarantined_people",
	    "People whose changes the tenant refused, to be tried again later.",
	    facts->quarantined);
	metric_single(out, METRIC_GAUGE, "scimward_unsettled_actions",
	    "Requests that were sent and whose outcome is unknown.", facts->unsettled);
	metric_single(out, METRIC_GAUGE, "scimward_open_holds",
	    "Batches of actions that wait for a person.", facts->holds);
}

static void on_run(void *context, const struct run *run)
{
	struct str *out = context;
	const struct plan_summary *sum = &run->summary;
	const struct {
		const char *name;
		uint64_t count;
	} states[] = {
		{ "done", sum->done },
		{ "failed", sum->failed },
		{ "held", sum->held },
		{ "conflict", sum->conflict },
		{ "rejected", sum->rejected },
	};
	const char *name = "scimward_last_run_actions";

	metric_begin(out, METRIC_GAUGE, name, "What became of the actions of the last run.");
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		metric_sample(out, name, "state", span_of(states[i].name), states[i].count);
	metric_single(out, METRIC_GAUGE, "scimward_last_run_orphans",
	    "Accounts without a person that the last run saw.", sum->orphan);
	if (run->exit_code < 0)
		return;
	metric_begin(
	    out, METRIC_GAUGE, "scimward_last_run_duration_seconds", "How long the last run took.");
	metric_sample_ms(
	    out, "scimward_last_run_duration_seconds", run->ended_ms - run->started_ms);
}

/* ---- what this process did ---- */

static void add_process(struct str *out, const struct metering *metering, struct agent *agent,
    const struct cycle_result *result)
{
	struct tenant_counters counters = tenant_counters(agent->tenant);

	metric_begin(out, METRIC_COUNTER, "scimward_cycles_total", "Cycles by how they ended.");
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++)
		metric_sample(out, "scimward_cycles_total", "outcome", span_of(outcomes[i].name),
		    metering->cycles[outcomes[i].exit]);
	metric_begin(out, METRIC_GAUGE, "scimward_peer_up",
	    "Whether the last cycle could use the peer, 1 or 0.");
	metric_sample(out, "scimward_peer_up", "peer", SPAN("directory"),
	    result->peer == NULL || strcmp(result->peer, "directory") != 0);
	metric_sample(out, "scimward_peer_up", "peer", SPAN("tenant"),
	    result->peer == NULL || strcmp(result->peer, "tenant") != 0);
	metric_single(out, METRIC_COUNTER, "scimward_tenant_requests_total",
	    "Requests sent to the tenant, authentication included.",
	    metering->requests + counters.requests);
	metric_single(out, METRIC_COUNTER, "scimward_tenant_write_requests_total",
	    "Requests to the tenant that change something.", metering->writes + counters.writes);
	metric_single(out, METRIC_COUNTER, "scimward_tenant_answer_bytes_total",
	    "Bytes of the tenant's answers.", metering->answer_bytes + counters.answer_bytes);
	metric_single(out, METRIC_GAUGE, "scimward_tenant_rate_tokens",
	    "Requests that could go at once (tenant.requests_per_second).",
	    gate_tokens(&agent->gate));
}

static enum status write_all(const struct metering *metering, struct agent *agent,
    struct store *store, const struct cycle_result *result, struct err *reterr)
{
	struct arena *arena = arena_new();
	struct str out = { 0 };
	struct store_facts facts;
	enum status status;

	metric_begin(&out, METRIC_GAUGE, "scimward_build_info", "The version, as a label.");
	metric_sample(&out, "scimward_build_info", "version", SPAN(PACKAGE_VERSION), 1);
	add_times(&out, store, arena);
	add_missed(&out, store, arena);
	status = store_facts(store, &facts, reterr);
	if (status == STATUS_OK) {
		add_facts(&out, &facts);
		status = store_run_each(store, 1, on_run, &out, reterr);
	}
	add_process(&out, metering, agent, result);
	if (status == STATUS_OK)
		status = metrics_write_file(
		    agent->config->metrics.textfile, str_span(&out), reterr);
	str_done(&out);
	arena_free(&arena);
	return status;
}

void metering_note(struct metering *metering, struct agent *agent, struct store *store,
    const struct cycle_result *result)
{
	struct err err;

	metering->cycles[result->exit]++;
	if (agent->config->metrics.textfile == NULL)
		return;
	if (write_all(metering, agent, store, result, &err) == STATUS_OK) {
		metering->has_failed = false;
		return;
	}
	if (!metering->has_failed)
		log_warning("metrics.textfile is not written: %s; going on without it", err.text);
	metering->has_failed = true;
}
