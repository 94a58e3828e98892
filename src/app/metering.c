/* SPDX-License-Identifier: ISC */
#include "app/metering.h"

#include "base/log.h"
#include "base/time.h"
#include "metrics/exposition.h"
#include <config.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

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

/* From a quiet poll to a first reconcile of a large tenant. */
static const struct histogram_bounds cycle_bounds_ms = { 11,
	{ 100, 500, 1000, 5000, 15000, 60000, 300000, 900000, 3600000, 14400000, 43200000 } };

void metering_done(struct metering *metering)
{
	str_done(&metering->polled);
	str_done(&metering->facts);
	*metering = (struct metering) { 0 };
}

void metering_leave(struct metering *metering, const struct agent *agent)
{
	struct tenant_counters counters = tenant_counters(agent->tenant);

	tenant_counters_add(&metering->counters, &counters);
}

void metering_count(
    struct metering *metering, const struct agent *agent, const struct cycle_result *result)
{
	int64_t duration_ms = loop_wall_ms(agent->loop) - result->run.started_ms;

	metering->cycles[result->run.kind][result->exit]++;
	/* A clock that was put back makes no cycle shorter than nothing. */
	histogram_note(&metering->durations_ms[result->run.kind], &cycle_bounds_ms,
	    duration_ms < 0 ? 0 : (uint64_t)duration_ms);
	metering->entries += result->entries;
	metering->has_cycle = true;
	metering->peer = result->peer;
}

/* ---- what the state says ---- */

struct reading {
	struct str *out;
	const struct config *config;
	struct store *store;
	struct arena *arena;
};

static struct span meta_of(const struct reading *reading, const char *name)
{
	struct span text = SPAN_NULL;

	if (store_meta_get(reading->store, name, reading->arena, &text, NULL) != STATUS_OK)
		return SPAN_NULL;
	return text;
}

static void add_time(
    const struct reading *reading, const char *meta, const char *name, const char *help)
{
	struct span text = meta_of(reading, meta);
	int64_t at_ms;

	if (text.at == NULL || !time_parse_iso(text, &at_ms))
		return; /* there was none: no sample is better than 1970 */
	metric_begin(reading->out, METRIC_GAUGE, name, help);
	metric_sample_ms(reading->out, name, at_ms);
}

static void add_times(const struct reading *reading)
{
	add_time(reading, "last_cycle", "scimward_last_cycle_timestamp_seconds",
	    "When the last cycle began.");
	add_time(reading, "last_certified_cycle", "scimward_last_certified_cycle_timestamp_seconds",
	    "When the last cycle began whose scans of all directories were certified.");
	add_time(reading, "last_reconcile_cycle", "scimward_last_reconcile_cycle_timestamp_seconds",
	    "When the last certified cycle began that listed the tenant.");
}

/* @return false: the state does not say */
static bool read_count(const struct reading *reading, const char *meta, uint64_t *ret_count)
{
	struct span text = meta_of(reading, meta);

	return text.at != NULL && span_to_u64(text, ret_count);
}

static void add_counts(const struct reading *reading)
{
	uint64_t count = 0;

	read_count(reading, "delta_missed_changes_total", &count);
	metric_single(reading->out, METRIC_COUNTER, "scimward_delta_missed_changes_total",
	    "Changes that whole scans found and the deltas before them had not told of.", count);
	if (read_count(reading, "drifted_accounts", &count))
		metric_single(reading->out, METRIC_GAUGE, "scimward_drifted_accounts",
		    "Linked accounts that others had changed or removed in the tenant, as the last "
		    "reconcile found them.",
		    count);
	if (read_count(reading, "orphan_accounts", &count))
		metric_single(reading->out, METRIC_GAUGE, "scimward_orphan_accounts",
		    "Accounts of the tenant that no entry accounts for, as the last reconcile "
		    "found them.",
		    count);
}

static void count_hold(void *context, const struct hold *hold)
{
	uint64_t *open = context;

	if (hold->decision == HOLD_OPEN)
		open[hold->class]++;
}

static enum status add_holds(const struct reading *reading, struct err *reterr)
{
	static const char name[] = "scimward_open_holds";
	uint64_t open[GUARD_CLASS_COUNT] = { 0 };
	enum status status = store_hold_each(reading->store, count_hold, open, reterr);

	metric_begin(reading->out, METRIC_GAUGE, name,
	    "Batches of actions that wait for a person, by class.");
	for (int class = 0; class < GUARD_CLASS_COUNT; class ++)
		metric_sample(reading->out, name, "class",
		    span_of(guard_class_name((enum guard_class) class)), open[class]);
	return status;
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
}

static void on_run(void *context, const struct run *run)
{
	static const char name[] = "scimward_last_run_actions";
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

	metric_begin(out, METRIC_GAUGE, name, "What became of the actions of the last run.");
	for (size_t i = 0; i < COUNT(states); i++)
		metric_sample(out, name, "state", span_of(states[i].name), states[i].count);
	if (run->exit_code < 0)
		return;
	metric_begin(
	    out, METRIC_GAUGE, "scimward_last_run_duration_seconds", "How long the last run took.");
	metric_sample_ms(
	    out, "scimward_last_run_duration_seconds", run->ended_ms - run->started_ms);
}

/* Of the last certified scan of each directory. */
static void add_entries(const struct reading *reading)
{
	static const char name[] = "scimward_directory_entries";

	metric_begin(reading->out, METRIC_GAUGE, name,
	    "Entries of people that the last certified scan of the directory brought.");
	for (size_t i = 0; i < reading->config->directory_count; i++) {
		struct span directory = reading->config->directories[i].name;
		struct span meta = arena_format(
		    reading->arena, "scan.entries.%.*s", SPAN_ARG(directory));
		uint64_t count;

		if (read_count(reading, meta.at, &count))
			metric_sample(reading->out, name, "directory", directory, count);
	}
}

static enum status read_facts(const struct reading *reading, struct err *reterr)
{
	struct store_facts facts;
	enum status status = store_facts(reading->store, &facts, reterr);

	if (status != STATUS_OK)
		return status;
	str_truncate(reading->out, 0);
	add_facts(reading->out, &facts);
	add_counts(reading);
	add_entries(reading);
	return store_run_each(reading->store, 1, on_run, reading->out, reterr);
}

enum status metering_read(struct metering *metering, const struct agent *agent, struct store *store,
    bool has_row, struct err *reterr)
{
	struct reading reading = { &metering->polled, agent->config, store, arena_new() };
	enum status status;

	str_truncate(&metering->polled, 0);
	add_times(&reading);
	status = add_holds(&reading, reterr);
	reading.out = &metering->facts;
	if (status == STATUS_OK && (has_row || metering->facts.len == 0))
		status = read_facts(&reading, reterr);
	arena_free(&reading.arena);
	return status;
}

/* ---- what this process did ---- */

static void add_cycle_counts(struct str *out, const struct metering *metering)
{
	static const char name[] = "scimward_cycles_total";

	metric_begin(out, METRIC_COUNTER, name, "Cycles by kind and how they ended.");
	for (int kind = 0; kind < METERING_KIND_COUNT; kind++) {
		for (size_t i = 0; i < COUNT(outcomes); i++) {
			const struct metric_label labels[] = {
				{ "kind", span_of(cycle_kind_name((enum cycle_kind)kind)) },
				{ "outcome", span_of(outcomes[i].name) },
			};

			metric_sample_of(
			    out, name, labels, 2, metering->cycles[kind][outcomes[i].exit]);
		}
	}
}

static void add_cycles(struct str *out, const struct metering *metering)
{
	static const char name[] = "scimward_cycle_duration_seconds";

	add_cycle_counts(out, metering);
	metric_begin(out, METRIC_HISTOGRAM, name, "How long cycles took, by kind.");
	for (int kind = 0; kind < METERING_KIND_COUNT; kind++) {
		const struct metric_label label = { "kind",
			span_of(cycle_kind_name((enum cycle_kind)kind)) };

		metric_histogram_ms(
		    out, name, &label, &cycle_bounds_ms, &metering->durations_ms[kind]);
	}
	metric_single(out, METRIC_COUNTER, "scimward_directory_entries_read_total",
	    "Entries of people that the directories brought.", metering->entries);
}

static void add_peers(struct str *out, const struct metering *metering)
{
	static const char *const peers[] = { "directory", "tenant" };
	static const char name[] = "scimward_peer_up";

	if (!metering->has_cycle)
		return;
	metric_begin(out, METRIC_GAUGE, name, "Whether the last cycle could use the peer, 1 or 0.");
	for (size_t i = 0; i < COUNT(peers); i++)
		metric_sample(out, name, "peer", span_of(peers[i]),
		    metering->peer == NULL || strcmp(metering->peer, peers[i]) != 0);
}

static void add_outcomes(struct str *out, const struct tenant_counters *counters)
{
	static const char name[] = "scimward_tenant_requests_total";

	metric_begin(out, METRIC_COUNTER, name,
	    "Requests to the tenant that were answered or given up, by what they were for and how "
	    "they ended.");
	for (int operation = 0; operation < TENANT_OPERATION_COUNT; operation++) {
		for (int outcome = 0; outcome < TENANT_OUTCOME_COUNT; outcome++) {
			const struct metric_label labels[] = {
				{ "operation", span_of(tenant_operation_name(
						   (enum tenant_operation)operation)) },
				{ "outcome",
				    span_of(tenant_outcome_name((enum tenant_outcome)outcome)) },
			};

			metric_sample_of(
			    out, name, labels, 2, counters->outcomes[operation][outcome]);
		}
	}
}

static void add_latencies(struct str *out, const struct tenant_counters *counters)
{
	static const char name[] = "scimward_tenant_request_duration_seconds";

	metric_begin(out, METRIC_HISTOGRAM, name,
	    "How long requests to the tenant took until the answer was whole.");
	for (int operation = 0; operation < TENANT_OPERATION_COUNT; operation++) {
		const struct metric_label label = { "operation",
			span_of(tenant_operation_name((enum tenant_operation)operation)) };

		metric_histogram_ms(out, name, &label, &tenant_duration_bounds_ms,
		    &counters->durations_ms[operation]);
	}
}

static void add_tenant(struct str *out, const struct metering *metering, struct agent *agent)
{
	struct tenant_counters counters = tenant_counters(agent->tenant);

	tenant_counters_add(&counters, &metering->counters);
	add_outcomes(out, &counters);
	add_latencies(out, &counters);
	metric_single(out, METRIC_COUNTER, "scimward_tenant_answer_bytes_total",
	    "Bytes of the bodies of the tenant's answers.", counters.answer_bytes);
	metric_single(out, METRIC_GAUGE, "scimward_tenant_rate_tokens",
	    "Requests that could go at once (tenant.requests_per_second, tenant.burst).",
	    gate_tokens(&agent->gate));
	metric_single(out, METRIC_GAUGE, "scimward_tenant_requests_in_flight",
	    "Requests that were sent and not answered yet.", agent->gate.in_flight);
	metric_single(out, METRIC_GAUGE, "scimward_tenant_requests_waiting",
	    "Requests that wait for the rate limit, the concurrency limit or their next try.",
	    agent->gate.waiting);
}

static void add_service(
    struct str *out, const struct metering_service *service, const struct agent *agent)
{
	metric_single(out, METRIC_GAUGE, "scimward_cycle_running",
	    "Whether a cycle is running, 1 or 0.", service->is_busy);
	metric_single(out, METRIC_GAUGE, "scimward_directories", "Directories that are configured.",
	    agent->source_count);
	metric_single(out, METRIC_GAUGE, "scimward_push_directories",
	    "Directories that say by themselves when something changes (schedule.push).",
	    service->watched);
	metric_single(out, METRIC_GAUGE, "scimward_config_last_reload_successful",
	    "Whether the configuration was right when it was read last, 1 or 0.",
	    !service->is_reload_refused);
}

void metering_render(const struct metering *metering, struct agent *agent,
    const struct metering_service *service, struct str *out)
{
	metric_begin(out, METRIC_GAUGE, "scimward_build_info", "The version, as a label.");
	metric_sample(out, "scimward_build_info", "version", SPAN(PACKAGE_VERSION), 1);
	str_add(out, str_span(&metering->polled));
	str_add(out, str_span(&metering->facts));
	add_cycles(out, metering);
	add_peers(out, metering);
	add_tenant(out, metering, agent);
	if (service != NULL)
		add_service(out, service, agent);
}

/* ---- after a cycle ---- */

static enum status write_file(const struct metering *metering, struct agent *agent,
    const struct metering_service *service, struct err *reterr)
{
	struct str out = { 0 };
	enum status status;

	metering_render(metering, agent, service, &out);
	status = metrics_write_file(agent->config->metrics.textfile, str_span(&out), reterr);
	str_done(&out);
	return status;
}

void metering_note(struct metering *metering, struct agent *agent, struct store *store,
    const struct metering_service *service, const struct cycle_result *result)
{
	enum status status;
	struct err err;

	metering_count(metering, agent, result);
	if (agent->config->metrics.textfile == NULL && agent->config->metrics.listen == NULL)
		return;
	status = metering_read(metering, agent, store, result->run.id != 0, &err);
	if (status == STATUS_OK && agent->config->metrics.textfile != NULL)
		status = write_file(metering, agent, service, &err);
	if (status != STATUS_OK && !metering->has_failed)
		log_warning("metrics are not written: %s; going on without them", err.text);
	metering->has_failed = status != STATUS_OK;
}
