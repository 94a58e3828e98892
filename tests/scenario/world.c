/* SPDX-License-Identifier: ISC */
#include "world.h"

#include "base/log.h"
#include "base/vec.h"
#include "report/plan_writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { JUMP_AT_STEP = 6 };

/* ---- the world ---- */

static void on_line(void *context, const struct log_line *line)
{
	struct world *world = context;

	world->logged[line->level]++;
	if (world->counted != NULL && strstr(line->message, world->counted) != NULL) {
		world->count++;
		snprintf(world->line, sizeof(world->line), "%s", line->message);
	}
	if (line->level > LOG_LEVEL_WARNING || world->is_anything_allowed)
		return;
	for (unsigned i = 0; i < world->allowed_count; i++) {
		if (strstr(line->message, world->allowed[i]) != NULL)
			return;
	}
	snprintf(world->unexpected, sizeof(world->unexpected), "%s", line->message);
}

static void make_mapping(struct world *world)
{
	const struct mapping_rule rules[] = {
		{ ACCOUNT_USER_NAME, SPAN("${mail|lower}"), SPAN_NULL },
		{ ACCOUNT_EXTERNAL_ID, SPAN("${employeeNumber}"), SPAN_NULL },
		{ ACCOUNT_GIVEN_NAME, SPAN("${givenName}"), SPAN_NULL },
		{ ACCOUNT_FAMILY_NAME, SPAN("${sn}"), SPAN_NULL },
		{ ACCOUNT_ACTIVE, SPAN("${.enabled}"), SPAN_NULL },
	};
	const struct workspace_rule workspaces[] = {
		{ SPAN("W1"), SPAN("Finance"), SPAN_NULL, 0 },
		{ SPAN("W2"), SPAN("Sales"), SPAN_NULL, 1 },
		{ SPAN("W3"), SPAN("HR"), SPAN("(departmentNumber=HR*)"), MEMBERSHIP_NONE },
	};
	struct mapping_input input = { rules, COUNT_OF(rules), workspaces, COUNT_OF(workspaces),
		false, 50 };
	struct err err;

	world->attributes = attribute_set_new();
	if (mapping_new(&input, world->attributes, &world->mapping, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

static void open_store(struct world *world, enum store_mode mode)
{
	struct err err;

	if (store_open(world->path, mode, &world->store, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

int world_set_up(void **state)
{
	struct world *world = mem_new(1, sizeof(*world));

	*state = world;
	log_open(on_line, world, LOG_LEVEL_INFO);
	/* A commit waits for the disk; in memory a thousand of them take a moment. */
	snprintf(world->folder, sizeof(world->folder), "%s/scimward-scenario.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(world->folder) == NULL)
		return -1;
	snprintf(world->path, sizeof(world->path), "%s/state.db", world->folder);
	world->loop = loop_new();
	make_mapping(world);
	world->directory = fake_source_new(world->loop, "corp", world->attributes);
	world->source = fake_source_port(world->directory);
	fake_source_group(world->directory, 0);
	fake_source_group(world->directory, 1);
	world->tenant = fake_tenant_new(
	    world->loop, &(struct fake_tenant_settings) { .delay_ms = 20 });
	world->policy = policy_default();
	/* A handful of people are no statistics: scenarios about limits set their own. */
	world->policy.deactivations = world->policy.revocations = world->policy.creations =
	    (struct policy_limit) { .window_ms = TIME_DAY_MS };
	world->policy.smallest_scan_percent = 0;
	world->stop_after_ms = -1;
	world->config_digest = "c0";
	gate_init(&world->gate, world->loop, &(struct gate_settings) { 0, 1, 8 });
	open_store(world, STORE_WRITE);
	return 0;
}

static void remove_files(const struct world *world)
{
	const char *const suffixes[] = { "", "-wal", "-shm", ".lock", "-journal" };
	char path[128];

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", world->path, suffixes[i]);
		unlink(path);
	}
}

int world_tear_down(void **state)
{
	struct world *world = *state;
	bool is_clean = world->unexpected[0] == '\0';

	if (!is_clean)
		print_error("unexpected log line: %s\n", world->unexpected);
	store_close(&world->store);
	index_free(&world->index);
	source_free(&world->source);
	fake_tenant_free(&world->tenant);
	mapping_free(&world->mapping);
	attribute_set_free(&world->attributes);
	loop_free(&world->loop);
	remove_files(world);
	rmdir(world->folder);
	log_open(NULL, NULL, LOG_LEVEL_INFO);
	str_done(&world->plan);
	free(world);
	return is_clean ? 0 : -1;
}

/* ---- given ---- */

static void give(struct world *world, unsigned person, const char *attribute, const char *format)
{
	char value[64];

	snprintf(value, sizeof(value), "%s%u", format, person);
	fake_source_set(world->directory, person, attribute, value);
}

void given_people(struct world *world, unsigned from, unsigned to)
{
	for (unsigned person = from; person <= to; person++) {
		char mail[64];

		fake_source_add(world->directory, person);
		snprintf(mail, sizeof(mail), "p%u@x", person);
		fake_source_set(world->directory, person, "mail", mail);
		give(world, person, "uid", "p");
		give(world, person, "employeeNumber", "100");
		give(world, person, "givenName", "Given");
		give(world, person, "sn", "Family");
		fake_source_set(world->directory, person, ATTRIBUTE_ENABLED, "TRUE");
	}
}

void given(struct world *world, unsigned person, const char *attribute, const char *value)
{
	fake_source_set(world->directory, person, attribute, value);
}

void given_member(struct world *world, uint32_t group, unsigned person)
{
	fake_source_member(world->directory, group, person, true);
}

void given_no_member(struct world *world, uint32_t group, unsigned person)
{
	fake_source_member(world->directory, group, person, false);
}

void given_fault(struct world *world, enum fake_fault_kind kind, const char *match, unsigned times)
{
	fake_tenant_fault(
	    world->tenant, &(struct fake_fault) { .kind = kind, .match = match, .times = times });
}

void given_status(struct world *world, const char *method, int http_status, int64_t retry_after_ms,
    unsigned times)
{
	fake_tenant_fault(world->tenant, &(struct fake_fault) { .kind = FAKE_STATUS,
					     .method = method,
					     .times = times,
					     .http_status = http_status,
					     .has_retry_after = retry_after_ms >= 0,
					     .retry_after_ms = retry_after_ms });
}

void given_synced(struct world *world, unsigned count)
{
	given_people(world, 1, count);
	for (unsigned person = 1; person <= count; person++)
		given_member(world, 0, person);
	assert_int_equal(run(world, CYCLE_RECONCILE), CYCLE_DONE);
	expect_writes(world, count);
	fake_tenant_forget(world->tenant);
}

void given_shown(struct world *world, const char *const *ids)
{
	fake_tenant_settings(world->tenant)->workspaces = ids;
	fake_tenant_reader(world->tenant)->traits.can_show_workspaces = true;
}

void expect_log(struct world *world, const char *text)
{
	assert_true(world->allowed_count < COUNT_OF(world->allowed));
	snprintf(world->allowed[world->allowed_count++], sizeof(world->allowed[0]), "%s", text);
}

/* ---- when ---- */

struct foreseeing {
	struct world *world;
	const struct prediction_facts *facts;
	struct arena *arena;
};

/* "p1@x=code code; " */
static void remember_action(void *context, const struct action *action)
{
	struct foreseeing *foreseeing = context;
	struct world *world = foreseeing->world;
	bool has_before = action->before.at != NULL;
	const struct prediction *predictions;
	struct account before, after;
	struct change change;
	struct str text = { 0 };
	size_t count;

	arena_reset(foreseeing->arena);
	if (!action_has_request(action->kind))
		return;
	assert_int_equal(account_decode(action->after, foreseeing->arena, &after, NULL), STATUS_OK);
	if (has_before)
		assert_int_equal(
		    account_decode(action->before, foreseeing->arena, &before, NULL), STATUS_OK);
	change = differ_compare(has_before ? &before : NULL, &after, foreseeing->arena);
	count = prediction_judge(foreseeing->facts,
	    &(struct prediction_input) { action, has_before ? &before : NULL, &after, &change },
	    foreseeing->arena, &predictions);
	forecast_add(&world->forecast, action, predictions, count);
	str_addf(&text, "%s%.*s=", world->predicted, SPAN_ARG(action->user_name));
	for (size_t i = 0; i < count; i++)
		str_addf(
		    &text, "%s%s", i > 0 ? " " : "", prediction_code_name(predictions[i].code));
	assert_true(text.len + 3 < sizeof(world->predicted));
	snprintf(world->predicted, sizeof(world->predicted), "%s; ", str_c(&text));
	str_done(&text);
}

static void remember_predictions(struct world *world, const struct cycle_result *result)
{
	struct foreseeing foreseeing = { world, result->facts, arena_new() };
	const struct action_query query = { .run_id = result->run.id };
	struct err err;

	world->predicted[0] = '\0';
	world->forecast = result->forecast;
	snprintf(world->not_checked[0], sizeof(world->not_checked[0]), "%.*s",
	    SPAN_ARG(result->facts->names_not_checked));
	snprintf(world->not_checked[1], sizeof(world->not_checked[1]), "%.*s",
	    SPAN_ARG(result->facts->workspaces_not_checked));
	if (result->run.id != 0 && store_action_each(world->store, &query, remember_action,
				       &foreseeing, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	arena_free(&foreseeing.arena);
}

static bool on_written(void *context, struct span piece)
{
	str_add(context, piece);
	return true;
}

static void on_planned(void *context, const struct action *action)
{
	plan_writer_action(context, action);
}

/* What the run that is over came to, as it is saved. */
static void save_plan(struct world *world, const struct run *of)
{
	struct plan_writer *writer = plan_writer_new(&(struct plan_writer_options) {
	    .is_json = true, .write = on_written, .write_context = &world->plan });
	struct action_query query = { .run_id = of->id };

	str_truncate(&world->plan, 0);
	plan_writer_begin(writer, of);
	if (of->id != 0)
		assert_int_equal(
		    store_action_each(world->store, &query, on_planned, writer, NULL), STATUS_OK);
	plan_writer_end(writer, &of->summary);
	plan_writer_free(&writer);
}

static void on_over(void *context, const struct cycle_result *result)
{
	struct world *world = context;

	world->result = *result;
	if (result->facts != NULL)
		remember_predictions(world, result);
	if (world->wants_plan)
		save_plan(world, &result->run);
	snprintf(world->certificate, sizeof(world->certificate), "%.*s",
	    SPAN_ARG(result->run.certificate));
	world->exit = result->exit;
	world->is_over = true;
	world->cycle = NULL;
}

static void on_stop_due(void *context)
{
	struct world *world = context;

	if (world->cycle != NULL)
		cycle_stop(world->cycle);
}

/* The database and its write-ahead log, under another name or back. */
static void copy_state(const struct world *world, bool is_back);

static void remember_as_dead(struct world *world)
{
	copy_state(world, false);
	fake_tenant_save(world->tenant);
	world->has_died = true;
}

static void on_step(void *context)
{
	struct world *world = context;

	if (++world->steps == world->die_at)
		remember_as_dead(world);
	if (world->jump_ms != 0 && world->steps == JUMP_AT_STEP) {
		fake_loop_jump_wall(world->loop, world->jump_ms);
		world->jump_ms = 0;
	}
}

static void on_progress(void *context, const char *phase, uint64_t done, uint64_t of)
{
	struct world *world = context;

	if (strcmp(phase, "reading the directory") != 0)
		return;
	world->scanned = done;
	world->scan_expects = of;
}

static void start_cycle(struct world *world, enum cycle_kind kind)
{
	struct cycle_input input = {
		.loop = world->loop,
		.store = world->store,
		.sources = &world->source,
		.source_count = 1,
		.mapping = world->mapping,
		.policy = &world->policy,
		.reader = fake_tenant_reader(world->tenant),
		.encoder = fake_tenant_encoder(world->tenant),
		.writer = world->is_dry ? NULL : fake_tenant_writer(world->tenant),
		.gate = &world->gate,
		.index = &world->index,
		.kind = kind,
		.who = span_of(world->who),
		.review = world->review,
		.undo_run = world->undo_run,
		.by = SPAN("ada"),
		.config_digest = span_of(world->config_digest),
		.keep_audit_ms = world->keep_audit_ms,
		.on_step = on_step,
		.step_context = world,
		.on_progress = on_progress,
		.progress_context = world,
	};

	world->steps = 0;
	world->has_died = false;
	world->is_over = false;
	world->cycle = cycle_start(&input, on_over, world);
	assert_false(world->is_over);
}

enum cycle_exit run(struct world *world, enum cycle_kind kind)
{
	struct loop_timer *stop = loop_timer_new(world->loop, on_stop_due, world);

	start_cycle(world, kind);
	if (world->stop_after_ms >= 0)
		loop_timer_start(stop, world->stop_after_ms);
	loop_run(world->loop);
	loop_timer_free(&stop);
	assert_true(world->is_over);
	assert_int_equal(world->gate.in_flight, 0);
	return world->exit;
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out;
	char buffer[4096];
	size_t len;

	unlink(to);
	if (in == NULL)
		return;
	out = fopen(to, "wb");
	assert_non_null(out);
	while ((len = fread(buffer, 1, sizeof(buffer), in)) > 0)
		assert_int_equal(fwrite(buffer, 1, len, out), len);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void copy_state(const struct world *world, bool is_back)
{
	char here[2][128], there[2][128];

	for (int i = 0; i < 2; i++) {
		const char *suffix = i == 0 ? "" : "-wal";

		snprintf(here[i], sizeof(here[i]), "%s%s", world->path, suffix);
		snprintf(there[i], sizeof(there[i]), "%s/dead.db%s", world->folder, suffix);
		copy_file(is_back ? there[i] : here[i], is_back ? here[i] : there[i]);
		if (is_back)
			unlink(there[i]);
	}
}

void come_back(struct world *world)
{
	struct gate_settings settings = world->gate.settings;

	store_close(&world->store);
	index_free(&world->index);
	copy_state(world, true);
	fake_tenant_restore(world->tenant);
	gate_init(&world->gate, world->loop, &settings);
	open_store(world, STORE_WRITE);
}

bool run_until_death(struct world *world, enum cycle_kind kind, int64_t at_ms)
{
	start_cycle(world, kind);
	fake_loop_advance(world->loop, at_ms);
	if (world->is_over)
		return false;
	remember_as_dead(world);
	loop_run(world->loop); /* what comes now never was */
	come_back(world);
	return true;
}

bool run_until_step(struct world *world, enum cycle_kind kind, unsigned step)
{
	world->die_at = step;
	run(world, kind);
	world->die_at = 0;
	if (world->has_died)
		come_back(world);
	return world->has_died;
}

enum cycle_exit run_for(struct world *world, const char *who)
{
	enum cycle_exit exit;

	world->who = who;
	exit = run(world, CYCLE_FULL);
	world->who = NULL;
	return exit;
}

enum cycle_exit run_dry(struct world *world, enum cycle_kind kind)
{
	enum cycle_exit exit;

	store_close(&world->store);
	index_free(&world->index);
	open_store(world, STORE_DRY_RUN);
	world->is_dry = true;
	exit = run(world, kind);
	world->is_dry = false;
	return exit;
}

char *plan(struct world *world, enum cycle_kind kind)
{
	char *text;

	world->wants_plan = true;
	run_dry(world, kind);
	world->wants_plan = false;
	text = mem_strdup(str_c(&world->plan));
	die_and_restart(world);
	return text;
}

enum cycle_exit undo(struct world *world, int64_t of)
{
	enum cycle_exit exit;

	world->undo_run = of;
	exit = run(world, CYCLE_UNDO);
	world->undo_run = 0;
	return exit;
}

enum cycle_exit apply(struct world *world, const char *text)
{
	struct err err;
	enum cycle_exit exit;

	world->review = review_new();
	review_expect(world->review, span_of(text));
	if (review_expect_end(world->review, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	exit = run(world, review_head(world->review)->kind);
	snprintf(world->differences, sizeof(world->differences), "%.*s",
	    SPAN_ARG(review_differences(world->review)));
	review_free(&world->review);
	return exit;
}

void pass(struct world *world, int64_t ms)
{
	fake_loop_advance(world->loop, ms);
}

static enum status write_decision(
    struct world *world, int64_t hold, enum hold_decision decision, struct err *reterr)
{
	struct store *beside = NULL;
	enum status status = store_open(world->path, STORE_DECIDE, &beside, reterr);

	if (status == STATUS_OK)
		status = store_hold_decide(
		    beside, hold, decision, SPAN("ada"), loop_wall_ms(world->loop), reterr);
	store_close(&beside);
	return status;
}

void decide(struct world *world, int64_t hold, enum hold_decision decision)
{
	struct err err;

	if (write_decision(world, hold, decision, &err) != STATUS_OK)
		fail_msg("%s", err.text);
}

void decide_in_vain(struct world *world, int64_t hold, enum hold_decision decision)
{
	struct err err;

	assert_int_equal(write_decision(world, hold, decision, &err), STATUS_REJECT);
}

void die_and_restart(struct world *world)
{
	store_close(&world->store);
	index_free(&world->index);
	open_store(world, STORE_WRITE);
}

void lose_state(struct world *world)
{
	store_close(&world->store);
	index_free(&world->index);
	remove_files(world);
	open_store(world, STORE_WRITE);
}

/* ---- then ---- */

void expect_run(struct world *world, enum cycle_kind kind, enum cycle_exit exit, unsigned writes)
{
	unsigned before = TENANT(world).writes;

	if (run(world, kind) != exit)
		fail_msg("exit %d, wanted %d: %s", world->exit, exit, world->result.err.text);
	assert_int_equal(TENANT(world).writes - before, writes);
}

void expect_request(struct world *world, size_t at, const char *text)
{
	const char *request = fake_tenant_request(world->tenant, at);

	if (request == NULL)
		fail_msg("there are no %zu requests", at + 1);
	if (strstr(request, text) == NULL)
		fail_msg("request %zu is %s, wanted %s", at, request, text);
}

void expect_writes(struct world *world, unsigned count)
{
	if (TENANT(world).writes == count)
		return;
	for (size_t i = 0; fake_tenant_request(world->tenant, i) != NULL; i++)
		print_error("  %s\n", fake_tenant_request(world->tenant, i));
	fail_msg("%u writes, wanted %u", TENANT(world).writes, count);
}

void expect_account(struct world *world, unsigned person, const char *text)
{
	char user_name[64];

	snprintf(user_name, sizeof(user_name), "p%u@x", person);
	assert_string_equal(fake_tenant_show(world->tenant, user_name), text);
}

static unsigned requests_of(struct world *world)
{
	struct fake_tenant_counts counts = TENANT(world);

	return counts.opens + counts.lists + counts.finds + counts.gets + counts.writes;
}

void expect_in_step(struct world *world)
{
	unsigned requests = requests_of(world), runs;

	expect_run(world, CYCLE_FULL, CYCLE_DONE, 0);
	assert_int_equal(requests_of(world), requests);
	runs = count_runs(world);
	expect_audited(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(requests_of(world), requests);
	assert_int_equal(count_runs(world), runs);
	assert_int_equal(world->result.run.id, 0);
	assert_true(world->result.run.is_certified);
	/* What memory knows and what the disk knows is the same. */
	die_and_restart(world);
	expect_run(world, CYCLE_DELTA, CYCLE_DONE, 0);
	assert_int_equal(requests_of(world), requests);
}

struct newest {
	struct uuid key;
	int64_t id;
	enum action_kind kind;
	enum action_state state;
	enum reason_code reason;
	char text[2048];
	unsigned count;
};

static void on_action(void *context, const struct action *action)
{
	struct newest *newest = context;

	newest->count++;
	if (uuid_compare(&action->key, &newest->key) != 0 || action->id <= newest->id ||
	    action->run_id == 0) /* no run did that: an undo remembers it */
		return;
	newest->id = action->id;
	newest->kind = action->kind;
	newest->state = action->state;
	newest->reason = action->reason;
	snprintf(newest->text, sizeof(newest->text), "%.*s; %.*s", SPAN_ARG(action->detail),
	    SPAN_ARG(action->answer));
}

void expect_action(struct world *world, unsigned person, enum action_kind kind,
    enum action_state state, enum reason_code reason, const char *text)
{
	struct newest newest = { .key = fake_key(person) };
	struct action_query query = { 0 };

	assert_int_equal(
	    store_action_each(world->store, &query, on_action, &newest, NULL), STATUS_OK);
	if (newest.id == 0)
		fail_msg("no action of person %u", person);
	assert_string_equal(action_kind_name(newest.kind), action_kind_name(kind));
	assert_string_equal(action_state_name(newest.state), action_state_name(state));
	assert_string_equal(reason_code_name(newest.reason), reason_code_name(reason));
	if (text != NULL && strstr(newest.text, text) == NULL)
		fail_msg("the action says \"%s\", wanted \"%s\"", newest.text, text);
}

static void on_run(void *context, const struct run *run_row)
{
	(void)run_row;
	++*(unsigned *)context;
}

void expect_prediction(struct world *world, const char *user_name, const char *codes)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "%s=%s; ", user_name, codes);
	if (strstr(world->predicted, wanted) == NULL)
		fail_msg("no \"%s\" in \"%s\"", wanted, world->predicted);
}

unsigned count_runs(struct world *world)
{
	unsigned count = 0;

	assert_int_equal(store_run_each(world->store, 1000, on_run, &count, NULL), STATUS_OK);
	return count;
}

unsigned count_actions(struct world *world, enum action_state state)
{
	struct newest newest = { .count = 0 };
	struct action_query query = { .states = 1U << state };

	assert_int_equal(
	    store_action_each(world->store, &query, on_action, &newest, NULL), STATUS_OK);
	return newest.count;
}

void forget_directory(struct world *world)
{
	world->forgotten = fake_source_counts(world->directory);
}

struct fake_source_counts counted(struct world *world)
{
	struct fake_source_counts now = fake_source_counts(world->directory);

	now.scans -= world->forgotten.scans;
	now.changes -= world->forgotten.changes;
	now.watches -= world->forgotten.watches;
	now.look_ups -= world->forgotten.look_ups;
	now.batches -= world->forgotten.batches;
	now.keys -= world->forgotten.keys;
	return now;
}

const char *meta_of(struct world *world, const char *name)
{
	struct arena *arena = arena_new();
	struct span value = SPAN_NULL;

	assert_int_equal(store_meta_get(world->store, name, arena, &value, NULL), STATUS_OK);
	snprintf(world->line, sizeof(world->line), "%.*s", SPAN_ARG(value));
	arena_free(&arena);
	return world->line;
}

static void on_hold(void *context, const struct hold *hold)
{
	(void)hold;
	++*(unsigned *)context;
}

unsigned count_holds(struct world *world)
{
	unsigned count = 0;

	assert_int_equal(store_hold_each(world->store, on_hold, &count, NULL), STATUS_OK);
	return count;
}

bool is_linked(struct world *world, unsigned person)
{
	struct arena *arena = arena_new();
	struct uuid key = fake_key(person);
	struct link link;
	bool found = false;

	assert_int_equal(store_link_get(world->store, &key, arena, &link, &found, NULL), STATUS_OK);
	arena_free(&arena);
	return found;
}

static bool is_in_quarantine(struct world *world, const struct uuid *key)
{
	struct arena *arena = arena_new();
	struct quarantine quarantine;
	bool found = false;

	assert_int_equal(
	    store_quarantine_get(world->store, key, arena, &quarantine, &found, NULL), STATUS_OK);
	arena_free(&arena);
	return found;
}

bool is_quarantined(struct world *world, unsigned person)
{
	struct uuid key = fake_key(person);

	return is_in_quarantine(world, &key);
}

/* ---- the audit trail ---- */

enum { AUDITED_MAX = 4096 };

struct audited {
	struct world *world;
	const char *text;
	unsigned count;
	unsigned states[AUDITED_MAX][ACTION_STATE_COUNT]; /* records by action */
	unsigned starts[AUDITED_MAX], ends[AUDITED_MAX];  /* by run */
};

static void on_matching(void *context, const struct audit_row *row)
{
	struct audited *audited = context;
	struct world *world = audited->world;
	char body[sizeof(world->record)];

	snprintf(body, sizeof(body), "%.*s", SPAN_ARG(row->body));
	if (strstr(body, audited->text) == NULL)
		return;
	audited->count++;
	memcpy(world->record, body, sizeof(body));
}

static void match_records(struct audited *audited)
{
	audited->world->record[0] = '\0';
	assert_int_equal(
	    store_audit_each(audited->world->store, 0, on_matching, audited, NULL), STATUS_OK);
}

unsigned count_records(struct world *world, const char *text)
{
	struct audited *audited = mem_new(1, sizeof(*audited));
	unsigned count;

	audited->world = world;
	audited->text = text;
	match_records(audited);
	count = audited->count;
	free(audited);
	return count;
}

const char *newest_record(struct world *world, const char *text)
{
	count_records(world, text);
	return world->record;
}

static void on_record(void *context, const struct audit_row *row)
{
	struct audited *audited = context;
	char body[sizeof(audited->world->record)], state[48];
	const char *id;

	snprintf(body, sizeof(body), "%.*s", SPAN_ARG(row->body));
	assert_in_range(row->run_id, 1, AUDITED_MAX - 1);
	assert_true(audit_body_is_json(row->body));
	audited->starts[row->run_id] += strstr(body, "\"kind\":\"run-started\"") != NULL;
	audited->ends[row->run_id] += strstr(body, "\"kind\":\"run-ended\"") != NULL;
	if (strstr(body, "\"kind\":\"action\"") == NULL)
		return;
	id = strstr(body, "\"id\":");
	assert_non_null(id);
	assert_in_range(atoi(id + 5), 1, AUDITED_MAX - 1);
	for (int i = 0; i < ACTION_STATE_COUNT; i++) {
		snprintf(state, sizeof(state), "\"state\":\"%s\"",
		    action_state_name((enum action_state)i));
		audited->states[atoi(id + 5)][i] += strstr(body, state) != NULL;
	}
}

static bool was_never_sent(const struct action *action)
{
	return !action_has_request(action->kind) ||
	       (action->answer.len >= 8 && memcmp(action->answer.at, "not sent", 8) == 0);
}

static void expect_recorded(void *context, const struct action *action)
{
	const struct audited *audited = context;
	unsigned count = audited->states[action->id][action->state];
	bool is_done = action->state == ACTION_DONE;

	if (!is_done && was_never_sent(action))
		return;
	if (is_done && count == 2 && audited->world->is_death_feigned)
		return;
	if (count != 1 && (is_done || count == 0))
		fail_msg("action %lld, %s %s of run %lld, has %u records that say so",
		    (long long)action->id, action_kind_name(action->kind),
		    action_state_name(action->state), (long long)action->run_id, count);
}

static void expect_run_recorded(void *context, const struct run *row)
{
	const struct audited *audited = context;

	assert_int_equal(audited->starts[row->id], 1);
	assert_int_equal(audited->ends[row->id], row->ended_ms != 0);
}

void expect_audited(struct world *world)
{
	struct audited *audited = mem_new(1, sizeof(*audited));
	struct action_query query = { 0 };
	struct audit_walk walk;
	struct str text = { 0 };

	audited->world = world;
	assert_int_equal(store_audit_verify(world->store, NULL, &walk, NULL), STATUS_OK);
	audit_walk_tell(&walk, &text);
	if (walk.flaw != AUDIT_SOUND)
		fail_msg("%s", str_c(&text));
	str_done(&text);
	assert_int_equal(store_audit_each(world->store, 0, on_record, audited, NULL), STATUS_OK);
	assert_int_equal(
	    store_action_each(world->store, &query, expect_recorded, audited, NULL), STATUS_OK);
	assert_int_equal(
	    store_run_each(world->store, 1000, expect_run_recorded, audited, NULL), STATUS_OK);
	free(audited);
}

/* ---- everything as text ---- */

struct showing {
	struct world *world;
	struct str text;
	struct uuid keys[1024];
	size_t key_count;
};

static void on_brief(void *context, const struct link_brief *brief)
{
	struct showing *showing = context;

	assert_true(showing->key_count < COUNT_OF(showing->keys));
	showing->keys[showing->key_count++] = brief->key;
}

static void show_link(struct showing *showing, const struct uuid *key)
{
	struct world *world = showing->world;
	struct arena *arena = arena_new();
	char uuid[UUID_TEXT_SIZE];
	const char *account;
	struct link link;
	bool found = false;

	assert_int_equal(store_link_get(world->store, key, arena, &link, &found, NULL), STATUS_OK);
	account = fake_tenant_name(world->tenant, link.account_id);
	uuid_format(key, uuid);
	str_addf(&showing->text, "link %s %u %.*s -> %s (%.*s) %s%s %.*s ", uuid, link.directory,
	    SPAN_ARG(link.dn), account != NULL ? account : "nobody", SPAN_ARG(link.user_name),
	    link.is_active ? "active" : "inactive", link.missing_since_ms != 0 ? " missing" : "",
	    SPAN_ARG(link.acknowledged));
	for (size_t i = 0; i < sizeof(link.digest.byte); i++)
		str_addf(&showing->text, "%02x", link.digest.byte[i]);
	str_add_c(&showing->text, is_in_quarantine(world, key) ? " quarantine\n" : "\n");
	arena_free(&arena);
}

char *show_everything(struct world *world)
{
	struct showing *showing = mem_new(1, sizeof(*showing));
	const char *name;
	char *text;

	showing->world = world;
	for (size_t i = 0; (name = fake_tenant_name_at(world->tenant, i)) != NULL; i++)
		str_addf(&showing->text, "%s\n", fake_tenant_show(world->tenant, name));
	assert_int_equal(store_link_each(world->store, on_brief, showing, NULL), STATUS_OK);
	for (size_t i = 0; i < showing->key_count; i++)
		show_link(showing, &showing->keys[i]);
	text = mem_strdup(str_c(&showing->text));
	str_done(&showing->text);
	free(showing);
	return text;
}
