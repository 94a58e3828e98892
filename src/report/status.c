/* SPDX-License-Identifier: ISC */
#include "report/status.h"

#include "base/emit.h"
#include "base/time.h"
#include "base/unicode.h"

enum { RUNS_SHOWN = 10, QUARANTINED_SHOWN = 20 };

struct status_writer {
	struct str out;
	struct emitter json;
	bool is_json;
	size_t shown;
};

static void add_time(struct str *out, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	str_add_c(out, wall_ms == 0 ? "-" : text);
}

static void json_time(struct emitter *json, const char *key, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	emit_key(json, key);
	emit_string_c(json, wall_ms == 0 ? NULL : text);
}

static void json_number(struct emitter *json, const char *key, uint64_t number)
{
	emit_key(json, key);
	emit_int(json, (int64_t)number);
}

/* ---- a service that runs ---- */

static void write_cycle_json(struct emitter *json, const struct status_service *service)
{
	emit_key(json, "cycle");
	if (!service->is_busy) {
		emit_null(json);
		return;
	}
	emit_object_open(json);
	emit_member_string(json, "kind", span_of(cycle_kind_name(service->kind)));
	emit_member_bool(json, "partial", service->is_partial);
	json_time(json, "started", service->started_ms);
	emit_member_string(
	    json, "phase", service->phase[0] != '\0' ? span_of(service->phase) : SPAN_NULL);
	json_number(json, "done", service->done);
	emit_key(json, "of");
	if (service->of > 0)
		emit_int(json, (int64_t)service->of);
	else
		emit_null(json);
	emit_object_close(json);
}

static void write_due_json(struct emitter *json, const struct status_service *service)
{
	emit_key(json, "next");
	emit_object_open(json);
	emit_member_string(json, "kind",
	    service->next_ms != 0 ? span_of(cycle_kind_name(service->kind)) : SPAN_NULL);
	json_time(json, "at", service->next_ms);
	json_time(json, "full", service->full_ms);
	json_time(json, "reconcile", service->reconcile_ms);
	emit_object_close(json);
}

static void write_tenant_json(struct emitter *json, const struct status_service *service)
{
	emit_key(json, "tenant");
	emit_object_open(json);
	emit_key(json, "tokens");
	if (service->has_limit)
		emit_int(json, (int64_t)service->tokens);
	else
		emit_null(json);
	json_number(json, "burst", service->burst);
	json_number(json, "inFlight", service->in_flight);
	json_number(json, "queued", service->queued);
	emit_object_close(json);
}

static void write_service_json(struct emitter *json, const struct status_service *service)
{
	emit_key(json, "service");
	if (service == NULL) {
		emit_null(json);
		return;
	}
	emit_object_open(json);
	emit_member_int(json, "pid", service->pid);
	emit_member_string(json, "version", span_of(service->version));
	json_time(json, "started", service->since_ms);
	emit_member_string(json, "config", span_of(service->config));
	emit_member_bool(json, "reloadRefused", service->is_reload_refused);
	write_cycle_json(json, service);
	write_due_json(json, service);
	json_number(json, "waiting", service->waiting);
	json_number(json, "failures", service->failures);
	write_tenant_json(json, service);
	json_number(json, "directories", service->directories);
	json_number(json, "watched", service->watched);
	json_number(json, "visits", service->visits);
	emit_object_close(json);
}

static void write_cycle_text(struct str *out, const struct status_service *service)
{
	str_addf(out, "now          %s cycle%s since ", cycle_kind_name(service->kind),
	    service->is_partial ? " for some people" : "");
	add_time(out, service->started_ms);
	if (service->phase[0] != '\0')
		str_addf(out, ": %s, %llu", service->phase, (unsigned long long)service->done);
	if (service->of > 0)
		str_addf(out, " of %llu", (unsigned long long)service->of);
}

static void write_now_text(struct str *out, const struct status_service *service)
{
	if (service->is_busy) {
		write_cycle_text(out, service);
	} else {
		str_addf(out, "now          idle; %s cycle at ", cycle_kind_name(service->kind));
		add_time(out, service->next_ms);
	}
	if (service->waiting > 0)
		str_addf(out, "; %llu asked for and waiting", (unsigned long long)service->waiting);
	str_add_byte(out, '\n');
	if (service->failures > 0)
		str_addf(out, "             %u in a row ended because a peer was down\n",
		    service->failures);
	str_add_c(out, "due          full ");
	add_time(out, service->full_ms);
	str_add_c(out, ", reconcile ");
	add_time(out, service->reconcile_ms);
	str_add_byte(out, '\n');
}

static void write_tenant_text(struct str *out, const struct status_service *service)
{
	str_addf(out, "tenant       %llu requests in flight, %llu waiting",
	    (unsigned long long)service->in_flight, (unsigned long long)service->queued);
	if (service->has_limit)
		str_addf(out, "; %llu of %llu could go at once",
		    (unsigned long long)service->tokens, (unsigned long long)service->burst);
	str_addf(out,
	    "\nconnections  %llu of %llu directories tell of changes; %llu on the control "
	    "socket\n",
	    (unsigned long long)service->watched, (unsigned long long)service->directories,
	    (unsigned long long)service->visits);
}

static void write_service_text(struct str *out, const struct status_service *service)
{
	str_addf(out, "service      process %lld, scimward %s, since ", (long long)service->pid,
	    service->version);
	add_time(out, service->since_ms);
	str_add_c(out, "\n             ");
	utf8_printable(span_of(service->config), out);
	if (service->is_reload_refused)
		str_add_c(out, " is wrong now; the one before is in force");
	str_add_byte(out, '\n');
	write_now_text(out, service);
	write_tenant_text(out, service);
}

/* ---- what the state says ---- */

static void write_run_json(struct emitter *json, const struct run *run)
{
	emit_object_open(json);
	json_number(json, "run", (uint64_t)run->id);
	emit_key(json, "kind");
	emit_string_c(json, cycle_kind_name(run->kind));
	json_time(json, "started", run->started_ms);
	json_time(json, "ended", run->ended_ms);
	emit_key(json, "exit");
	emit_int(json, run->exit_code);
	emit_key(json, "certified");
	emit_bool(json, run->is_certified);
	emit_key(json, "certificate");
	if (run->certificate.len > 0)
		emit_raw(json, run->certificate);
	else
		emit_null(json);
	emit_key(json, "error");
	emit_string(json, run->error);
	json_number(json, "done", run->summary.done);
	json_number(json, "failed", run->summary.failed);
	json_number(json, "held", run->summary.held);
	json_number(json, "conflict", run->summary.conflict);
	json_number(json, "rejected", run->summary.rejected);
	json_number(json, "unchanged", run->summary.unchanged);
	json_number(json, "orphan", run->summary.orphan);
	json_number(json, "missed", run->summary.missed);
	emit_object_close(json);
}

static void write_run_text(struct str *out, const struct run *run)
{
	const struct plan_summary *sum = &run->summary;

	str_addf(out, "  %6lld  %-9s  ", (long long)run->id, cycle_kind_name(run->kind));
	add_time(out, run->started_ms);
	if (run->exit_code < 0)
		str_add_c(out, "  running, or died");
	else
		str_addf(out,
		    "  exit %-2d  %s  %llu done, %llu failed, %llu held, %llu conflicts, %llu "
		    "rejected, %llu unchanged",
		    run->exit_code,
		    run->kind == CYCLE_UNDO ? "no scan"
		    : run->is_certified     ? "certified"
					    : "NOT certified",
		    (unsigned long long)sum->done, (unsigned long long)sum->failed,
		    (unsigned long long)sum->held, (unsigned long long)sum->conflict,
		    (unsigned long long)sum->rejected, (unsigned long long)sum->unchanged);
	if (run->error.len > 0) {
		str_add_c(out, "\n          ");
		utf8_printable(run->error, out);
	}
	str_add_byte(out, '\n');
}

static void on_run(void *context, const struct run *run)
{
	struct status_writer *writer = context;

	if (writer->is_json)
		write_run_json(&writer->json, run);
	else
		write_run_text(&writer->out, run);
	writer->shown++;
}

static void on_quarantine(void *context, const struct quarantine *quarantine)
{
	struct status_writer *writer = context;
	char key[UUID_TEXT_SIZE];

	if (writer->is_json) {
		uuid_format(&quarantine->key, key);
		emit_object_open(&writer->json);
		emit_key(&writer->json, "userName");
		emit_string(&writer->json, quarantine->user_name);
		emit_key(&writer->json, "key");
		emit_string_c(&writer->json, key);
		emit_key(&writer->json, "dn");
		emit_string(&writer->json, quarantine->dn);
		json_number(&writer->json, "attempts", (uint64_t)quarantine->attempts);
		json_time(&writer->json, "notBefore", quarantine->not_before_ms);
		emit_key(&writer->json, "reason");
		emit_string(&writer->json, quarantine->reason);
		emit_object_close(&writer->json);
		return;
	}
	if (++writer->shown > QUARANTINED_SHOWN)
		return;
	str_add_c(&writer->out, "  ");
	utf8_printable(quarantine->user_name, &writer->out);
	str_addf(&writer->out, "  refused %d times, next try ", quarantine->attempts);
	add_time(&writer->out, quarantine->not_before_ms);
	str_add_c(&writer->out, "\n      ");
	utf8_printable(quarantine->reason, &writer->out);
	str_add_byte(&writer->out, '\n');
}

static struct span meta(const struct status_input *input, const char *name, struct arena *arena)
{
	struct span value = SPAN_NULL;

	if (store_meta_get(input->store, name, arena, &value, NULL) != STATUS_OK)
		return SPAN_NULL;
	return value;
}

/* Where the audit trail ends; seq 0: nothing was written yet, or it cannot be read. */
static struct audit_head audit_head(
    const struct status_input *input, char hash[AUDIT_HASH_TEXT_SIZE])
{
	struct audit_head head = { 0 };

	if (store_audit_head(input->store, &head, NULL) != STATUS_OK)
		head = (struct audit_head) { 0 };
	audit_hash_format(&head.hash, hash);
	return head;
}

static void write_audit_json(const struct status_input *input, struct emitter *json)
{
	char hash[AUDIT_HASH_TEXT_SIZE];
	struct audit_head head = audit_head(input, hash);

	emit_key(json, "audit");
	emit_object_open(json);
	emit_key(json, "record");
	emit_int(json, head.seq);
	emit_key(json, "head");
	emit_string_c(json, head.seq == 0 ? NULL : hash);
	emit_object_close(json);
}

static void write_audit_text(const struct status_input *input, struct str *out)
{
	char hash[AUDIT_HASH_TEXT_SIZE];
	struct audit_head head = audit_head(input, hash);

	if (head.seq != 0)
		str_addf(out, "audit        record %lld, head %s\n", (long long)head.seq, hash);
}

/* What whole scans found that the deltas before them had not told of. */
static int64_t missed_total(const struct status_input *input, struct arena *arena)
{
	struct span text = meta(input, "delta_missed_changes_total", arena);
	uint64_t total = 0;

	if (text.at != NULL)
		span_to_u64(text, &total);
	return (int64_t)total;
}

static enum status write_json(const struct status_input *input, struct status_writer *writer,
    struct arena *arena, struct err *err)
{
	const struct store_facts *facts = input->facts;
	struct emitter *json = &writer->json;
	enum status status;

	emit_object_open(json);
	write_service_json(json, input->service);
	emit_key(json, "state");
	emit_string_c(json, input->state_path);
	emit_key(json, "exists");
	emit_bool(json, facts->exists);
	json_number(json, "links", facts->links);
	json_number(json, "active", facts->active_links);
	json_number(json, "quarantined", facts->quarantined);
	json_number(json, "unsettled", facts->unsettled);
	json_number(json, "holds", facts->holds);
	emit_key(json, "lastCycle");
	emit_string(json, meta(input, "last_cycle", arena));
	emit_key(json, "lastCertifiedCycle");
	emit_string(json, meta(input, "last_certified_cycle", arena));
	emit_key(json, "deltaMissedChangesTotal");
	emit_int(json, missed_total(input, arena));
	write_audit_json(input, json);
	emit_key(json, "runs");
	emit_array_open(json);
	status = store_run_each(input->store, RUNS_SHOWN, on_run, writer, err);
	emit_array_close(json);
	emit_key(json, "quarantine");
	emit_array_open(json);
	if (status == STATUS_OK)
		status = store_quarantine_each(input->store, on_quarantine, writer, err);
	emit_array_close(json);
	emit_object_close(json);
	str_add_byte(&writer->out, '\n');
	return status;
}

static enum status write_text(const struct status_input *input, struct status_writer *writer,
    struct arena *arena, struct err *err)
{
	const struct store_facts *facts = input->facts;
	struct str *out = &writer->out;
	struct span last = meta(input, "last_cycle", arena),
		    certified = meta(input, "last_certified_cycle", arena);
	enum status status;

	if (input->service != NULL)
		write_service_text(out, input->service);
	str_addf(out, "state        %s%s\n", input->state_path,
	    facts->exists ? "" : " (nothing there yet)");
	str_addf(out, "people       %llu linked, %llu of them active\n",
	    (unsigned long long)facts->links, (unsigned long long)facts->active_links);
	str_addf(out, "last cycle   %.*s; last certified %.*s\n",
	    SPAN_ARG(last.at != NULL ? last : SPAN("never")),
	    SPAN_ARG(certified.at != NULL ? certified : SPAN("never")));
	if (facts->unsettled > 0)
		str_addf(out,
		    "unsettled    %llu requests of an interrupted run; the next cycle asks the "
		    "tenant about them\n",
		    (unsigned long long)facts->unsettled);
	if (missed_total(input, arena) > 0)
		str_addf(out, "missed       %lld changes that only whole scans found\n",
		    (long long)missed_total(input, arena));
	if (facts->holds > 0)
		str_addf(out,
		    "holds        %llu wait for a person; \"scimward holds\" shows them\n",
		    (unsigned long long)facts->holds);
	write_audit_text(input, out);
	str_add_c(out, "runs (newest first)\n");
	status = store_run_each(input->store, RUNS_SHOWN, on_run, writer, err);
	if (writer->shown == 0)
		str_add_c(out, "  none\n");
	writer->shown = 0;
	str_addf(out, "quarantine   %llu\n", (unsigned long long)facts->quarantined);
	if (status == STATUS_OK)
		status = store_quarantine_each(input->store, on_quarantine, writer, err);
	if (writer->shown > QUARANTINED_SHOWN)
		str_addf(
		    out, "  … and %zu more (--json has all)\n", writer->shown - QUARANTINED_SHOWN);
	return status;
}

enum status status_write(const struct status_input *input, struct str *out, struct err *reterr)
{
	struct status_writer writer = { .is_json = input->is_json };
	struct arena *arena = arena_new();
	enum status status;

	emit_init(&writer.json, &writer.out, input->indent);
	status = input->is_json ? write_json(input, &writer, arena, reterr)
				: write_text(input, &writer, arena, reterr);
	str_add(out, str_span(&writer.out));
	arena_free(&arena);
	str_done(&writer.out);
	return status;
}
