/* SPDX-License-Identifier: ISC */
/* scimward status: how the snapshot stands, the last runs, who is in quarantine. Needs no lock. */
#include "base/emit.h"
#include "base/time.h"
#include "base/unicode.h"
#include "cli/program.h"

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

static struct span meta(struct program *program, const char *name, struct arena *arena)
{
	struct span value = SPAN_NULL;

	if (store_meta_get(program->store, name, arena, &value, NULL) != STATUS_OK)
		return SPAN_NULL;
	return value;
}

/* Where the audit trail ends; seq 0: nothing was written yet, or it cannot be read. */
static struct audit_head audit_head(struct program *program, char hash[AUDIT_HASH_TEXT_SIZE])
{
	struct audit_head head = { 0 };

	if (store_audit_head(program->store, &head, NULL) != STATUS_OK)
		head = (struct audit_head) { 0 };
	audit_hash_format(&head.hash, hash);
	return head;
}

static void write_audit_json(struct program *program, struct emitter *json)
{
	char hash[AUDIT_HASH_TEXT_SIZE];
	struct audit_head head = audit_head(program, hash);

	emit_key(json, "audit");
	emit_object_open(json);
	emit_key(json, "record");
	emit_int(json, head.seq);
	emit_key(json, "head");
	emit_string_c(json, head.seq == 0 ? NULL : hash);
	emit_object_close(json);
}

static void write_audit_text(struct program *program, struct str *out)
{
	char hash[AUDIT_HASH_TEXT_SIZE];
	struct audit_head head = audit_head(program, hash);

	if (head.seq != 0)
		str_addf(out, "audit        record %lld, head %s\n", (long long)head.seq, hash);
}

/* What whole scans found that the deltas before them had not told of. */
static int64_t missed_total(struct program *program, struct arena *arena)
{
	struct span text = meta(program, "delta_missed_changes_total", arena);
	uint64_t total = 0;

	if (text.at != NULL)
		span_to_u64(text, &total);
	return (int64_t)total;
}

static enum status write_json(struct program *program, struct status_writer *writer,
    const struct store_facts *facts, struct arena *arena, struct err *err)
{
	struct emitter *json = &writer->json;
	enum status status;

	emit_object_open(json);
	emit_key(json, "state");
	emit_string_c(json, program->agent->config->state.path);
	emit_key(json, "exists");
	emit_bool(json, facts->exists);
	json_number(json, "links", facts->links);
	json_number(json, "active", facts->active_links);
	json_number(json, "quarantined", facts->quarantined);
	json_number(json, "unsettled", facts->unsettled);
	json_number(json, "holds", facts->holds);
	emit_key(json, "lastCycle");
	emit_string(json, meta(program, "last_cycle", arena));
	emit_key(json, "lastCertifiedCycle");
	emit_string(json, meta(program, "last_certified_cycle", arena));
	emit_key(json, "deltaMissedChangesTotal");
	emit_int(json, missed_total(program, arena));
	write_audit_json(program, json);
	emit_key(json, "runs");
	emit_array_open(json);
	status = store_run_each(program->store, RUNS_SHOWN, on_run, writer, err);
	emit_array_close(json);
	emit_key(json, "quarantine");
	emit_array_open(json);
	if (status == STATUS_OK)
		status = store_quarantine_each(program->store, on_quarantine, writer, err);
	emit_array_close(json);
	emit_object_close(json);
	str_add_byte(&writer->out, '\n');
	return status;
}

static enum status write_text(struct program *program, struct status_writer *writer,
    const struct store_facts *facts, struct arena *arena, struct err *err)
{
	struct str *out = &writer->out;
	struct span last = meta(program, "last_cycle", arena),
		    certified = meta(program, "last_certified_cycle", arena);
	enum status status;

	str_addf(out, "state        %s%s\n", program->agent->config->state.path,
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
	if (missed_total(program, arena) > 0)
		str_addf(out, "missed       %lld changes that only whole scans found\n",
		    (long long)missed_total(program, arena));
	if (facts->holds > 0)
		str_addf(out,
		    "holds        %llu wait for a person; \"scimward holds\" shows them\n",
		    (unsigned long long)facts->holds);
	write_audit_text(program, out);
	str_add_c(out, "runs (newest first)\n");
	status = store_run_each(program->store, RUNS_SHOWN, on_run, writer, err);
	if (writer->shown == 0)
		str_add_c(out, "  none\n");
	writer->shown = 0;
	str_addf(out, "quarantine   %llu\n", (unsigned long long)facts->quarantined);
	if (status == STATUS_OK)
		status = store_quarantine_each(program->store, on_quarantine, writer, err);
	if (writer->shown > QUARANTINED_SHOWN)
		str_addf(
		    out, "  … and %zu more (--json has all)\n", writer->shown - QUARANTINED_SHOWN);
	return status;
}

static enum exit_code show(struct program *program)
{
	struct status_writer writer = { .is_json = program->options->is_json };
	struct arena *arena = arena_new();
	struct store_facts facts;
	struct err err;
	enum status status = store_facts(program->store, &facts, &err);
	enum exit_code code = EXIT_STATE;

	emit_init(&writer.json, &writer.out, 2);
	if (status == STATUS_OK && writer.is_json)
		status = write_json(program, &writer, &facts, arena, &err);
	else if (status == STATUS_OK)
		status = write_text(program, &writer, &facts, arena, &err);
	if (status == STATUS_OK)
		code = program_print(str_span(&writer.out));
	else
		program_complain("%s", err.text);
	arena_free(&arena);
	str_done(&writer.out);
	return code;
}

enum exit_code command_status(const struct options *options)
{
	struct program program;
	enum exit_code code = program_open(&program, options);

	if (code == EXIT_DONE)
		code = program_open_store(&program, STORE_READ);
	if (code == EXIT_DONE)
		code = show(&program);
	program_close(&program);
	return code;
}
