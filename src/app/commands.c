/* SPDX-License-Identifier: ISC */
/*
 * Whatever cannot be answered at once is an errand: a cycle that was asked for, a decision that
 * waits until the cycle under way has committed what it writes, a watch.  One timer looks after
 * all.
 */
#include "app/commands.h"

#include "app/peer_name.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/unicode.h"
#include "base/vec.h"
#include "control/listener.h"
#include "control/server.h"
#include "report/plan_stream.h"
#include "report/status.h"
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LOOK_MS = 250,            /* between two looks at progress and watches */
	DECISION_LOOK_MS = 20,    /* … at decisions that wait */
	DECISION_MS = 30 * 1000,  /* as long as a command without a service waits */
	FACTS_MS = 2000,          /* counts of the state are read at most so often */
	ACTIONS_SHOWN_MAX = 5000, /* more are neither read nor shown: the loop must turn */
	FAULTS_MAX_BYTES = 16 * 1024,
};

struct errand {
	struct commands *commands;
	struct errand *next;
	struct control_visit *visit;
	enum control_verb verb;
	bool is_json, is_color;
	unsigned width;
	/* sync */
	struct service_request *request; /* NULL: its cycle has ended */
	bool has_said_waiting;
	uint64_t shown_done;
	/* approve, reject */
	int64_t hold, until_ms;
	char *by; /* owned; who asks */
	/* watch */
	bool has_shown;
	struct digest shown; /* of the page that was shown last */
};

struct commands {
	struct commands_input in;
	char *config; /* owned; real path */
	int64_t since_ms;
	struct control_listener listener;
	char *refused; /* owned; where it could not listen, which was said; NULL: nowhere */
	struct control_server *server;
	struct loop_timer *timer;
	struct errand *errands;
	struct store_facts facts;
	int64_t facts_ms;    /* monotonic time of the reading; 0: none */
	struct arena *arena; /* of one request, or one look */
};

static struct commands_view look(const struct commands *commands)
{
	struct commands_view view = { 0 };

	commands->in.look(commands->in.context, &view);
	return view;
}

/* ---- errands ---- */

static struct errand *errand_new(
    struct commands *commands, struct control_visit *visit, const struct control_request *request)
{
	struct errand *errand = mem_new(1, sizeof(*errand));

	*errand = (struct errand) { .commands = commands,
		.next = commands->errands,
		.visit = visit,
		.verb = request->verb,
		.is_json = request->is_json,
		.is_color = request->is_color,
		.width = request->width,
		.hold = request->hold,
		.shown_done = UINT64_MAX };
	commands->errands = errand;
	loop_timer_start(commands->timer, 0);
	return errand;
}

/* Its visit goes on, or has its last word. */
static void errand_free(struct errand *errand)
{
	struct errand **place = &errand->commands->errands;

	while (*place != errand)
		place = &(*place)->next;
	*place = errand->next;
	service_request_cancel(&errand->request);
	free(errand->by);
	free(errand);
}

static void on_left(void *context, struct control_visit *visit)
{
	struct commands *commands = context;
	struct errand *errand = commands->errands;

	while (errand != NULL && errand->visit != visit)
		errand = errand->next;
	if (errand != NULL)
		errand_free(errand);
}

static size_t count_watches(const struct commands *commands)
{
	size_t count = 0;

	for (const struct errand *errand = commands->errands; errand != NULL; errand = errand->next)
		count += errand->verb == CONTROL_WATCH;
	return count;
}

/* ---- pages ---- */

static bool write_piece(void *context, struct span piece)
{
	struct str *page = context;

	if (page->len + piece.len > CONTROL_PAGE_MAX)
		return false;
	str_add(page, piece);
	return true;
}

static struct span workspace_name(void *context, struct span id)
{
	return mapping_workspace_name(((struct agent *)context)->mapping, id);
}

static struct plan_writer_options options_of(
    bool is_json, bool is_color, unsigned width, struct agent *agent, struct str *page)
{
	return (struct plan_writer_options) { .is_json = is_json,
		.is_color = is_color,
		.width = width,
		.write = write_piece,
		.write_context = page,
		.workspace_name = workspace_name,
		.name_context = agent };
}

static void put_moment(const struct commands_view *view, struct status_service *service)
{
	struct service_moment moment;

	service_moment(view->service, &moment);
	service->is_busy = moment.is_busy;
	service->kind = moment.kind;
	service->is_partial = moment.is_partial;
	service->started_ms = moment.started_ms;
	/* It lives in the service, longer than the page is made. */
	service->phase = moment.phase;
	service->done = moment.done;
	service->of = moment.of;
	service->next_ms = moment.next_ms;
	service->full_ms = moment.full_ms;
	service->reconcile_ms = moment.reconcile_ms;
	service->failures = moment.failures;
	service->watched = moment.watched;
	service->waiting = moment.waiting;
}

static struct status_service status_of(
    const struct commands *commands, const struct commands_view *view)
{
	struct gate *gate = &view->agent->gate;
	struct status_service service = { .pid = getpid(),
		.since_ms = commands->since_ms,
		.version = PACKAGE_VERSION,
		.config = commands->config,
		.is_reload_refused = view->is_reload_refused,
		.has_limit = gate->settings.requests_per_second > 0,
		.tokens = gate_tokens(gate),
		.burst = gate->settings.burst,
		.in_flight = gate->in_flight,
		.queued = gate->waiting,
		.directories = view->agent->source_count,
		.visits = control_server_visits(commands->server),
		.phase = "" };

	put_moment(view, &service);
	return service;
}

static enum status read_facts(struct commands *commands, struct err *reterr)
{
	int64_t now_ms = loop_now_ms(commands->in.loop);
	enum status status;

	if (commands->facts_ms != 0 && now_ms - commands->facts_ms < FACTS_MS)
		return STATUS_OK;
	status = store_facts(commands->in.store, &commands->facts, reterr);
	commands->facts_ms = status == STATUS_OK ? now_ms : 0;
	return status;
}

static enum status write_status(
    struct commands *commands, bool is_json, unsigned indent, struct str *page, struct err *reterr)
{
	struct commands_view view = look(commands);
	struct status_service service = status_of(commands, &view);
	const struct status_input input = { .store = commands->in.store,
		.facts = &commands->facts,
		.state_path = view.agent->config->state.path,
		.service = &service,
		.is_json = is_json,
		.indent = indent };
	enum status status = read_facts(commands, reterr);

	return status == STATUS_OK ? status_write(&input, page, reterr) : status;
}

/* ---- one answer, and that is all ---- */

static void answer_page(struct control_visit *visit, enum status status, bool is_whole,
    const struct str *page, const struct err *err)
{
	if (status != STATUS_OK) {
		control_visit_end(visit, CYCLE_STATE_FAILED, span_of(err->text));
	} else if (!is_whole || page->len > CONTROL_PAGE_MAX) {
		control_visit_say(visit, &(struct control_answer) { .event = CONTROL_TOO_LONG });
	} else {
		control_visit_say_page(visit, str_span(page));
		control_visit_end(visit, CYCLE_DONE, SPAN_NULL);
	}
}

static void tell_status(
    struct commands *commands, struct control_visit *visit, const struct control_request *request)
{
	struct str page = { 0 };
	struct err err;
	enum status status = write_status(commands, request->is_json, 2, &page, &err);

	answer_page(visit, status, true, &page, &err);
	str_done(&page);
}

static void add_count(void *context, const struct hold *hold)
{
	*(uint64_t *)context += hold->count;
}

static enum status write_holds(struct commands *commands, const struct control_request *request,
    struct str *page, bool *ret_is_whole, struct err *reterr)
{
	struct plan_writer_options options = options_of(
	    request->is_json, request->is_color, request->width, look(commands).agent, page);
	uint64_t actions = 0;
	enum status status = store_hold_each(commands->in.store, add_count, &actions, reterr);

	if (status != STATUS_OK || actions > ACTIONS_SHOWN_MAX)
		return status;
	return plan_stream_holds(commands->in.store, &options, ret_is_whole, reterr);
}

static void tell_holds(
    struct commands *commands, struct control_visit *visit, const struct control_request *request)
{
	struct str page = { 0 };
	bool is_whole = false;
	struct err err;
	enum status status = write_holds(commands, request, &page, &is_whole, &err);

	answer_page(visit, status, is_whole, &page, &err);
	str_done(&page);
}

static void reload(struct commands *commands, struct control_visit *visit)
{
	static const char taken[] = "The configuration was read again; it is in force from the "
				    "next cycle on.\n";
	struct str faults = { 0 };
	bool is_taken = commands->in.reload(commands->in.context, &faults);

	if (faults.len > FAULTS_MAX_BYTES)
		str_truncate(&faults, FAULTS_MAX_BYTES);
	if (is_taken)
		control_visit_say_page(visit, span_of(taken));
	control_visit_end(visit, is_taken ? CYCLE_DONE : CONTROL_EXIT_CONFIG,
	    faults.len > 0 ? str_span(&faults) : SPAN_NULL);
	str_done(&faults);
}

/* Whoever asked waits patiently once they were told anything: nothing can be said of a cycle before
 * a peer has answered, nor of a decision while a cycle writes. */
static void say_taken(struct control_visit *visit)
{
	control_visit_say(visit, &(struct control_answer) { .event = CONTROL_PROGRESS });
}

/* ---- a cycle ---- */

static uint64_t actions_of(const struct plan_summary *sum)
{
	return sum->create + sum->update + sum->rename + sum->deactivate + sum->reactivate +
	       sum->link + sum->conflict + sum->rejected;
}

/* @return whether its actions are on the page */
static bool write_plan(struct errand *errand, const struct cycle_result *result, struct str *page)
{
	struct commands *commands = errand->commands;
	struct plan_writer_options options = options_of(
	    errand->is_json, errand->is_color, errand->width, look(commands).agent, page);
	bool has_actions = actions_of(&result->run.summary) <= ACTIONS_SHOWN_MAX;
	bool is_written = false;

	if (has_actions && (plan_stream_run(commands->in.store, &result->run, true, &options,
				&is_written, NULL) != STATUS_OK ||
			       !is_written)) {
		has_actions = false;
		str_truncate(page, 0);
	}
	if (!has_actions)
		(void)plan_stream_run(
		    commands->in.store, &result->run, false, &options, &is_written, NULL);
	return has_actions;
}

static void on_cycle(void *context, const struct cycle_result *result)
{
	struct errand *errand = context;
	struct str page = { 0 }, message = { 0 };

	errand->request = NULL;
	str_add_c(&message, result->err.text);
	if (result->exit != CYCLE_STATE_FAILED && !result->is_who_unknown &&
	    (result->run.id != 0 || !result->is_stopped) && !write_plan(errand, result, &page))
		str_addf(&message,
		    "%sits %llu actions are too many to be shown here; \"scimward report "
		    "changes\" shows them",
		    message.len > 0 ? "; " : "",
		    (unsigned long long)actions_of(&result->run.summary));
	control_visit_say_page(errand->visit, str_span(&page));
	control_visit_end(
	    errand->visit, (int)result->exit, message.len > 0 ? str_span(&message) : SPAN_NULL);
	str_done(&page);
	str_done(&message);
	errand_free(errand);
}

static void sync_now(struct commands *commands, struct control_visit *visit,
    const struct control_request *request, struct span by)
{
	struct errand *errand = errand_new(commands, visit, request);
	const struct service_wish wish = {
		.has_kind = request->has_kind, .kind = request->kind, .who = request->who, .by = by
	};

	errand->request = service_ask(look(commands).service, &wish, on_cycle, errand);
	say_taken(visit);
}

static void say_waiting(struct errand *errand)
{
	struct commands_view view = look(errand->commands);
	struct service_moment moment;
	char text[80];

	service_moment(view.service, &moment);
	if (errand->has_said_waiting || !moment.is_busy)
		return;
	errand->has_said_waiting = true;
	(void)snprintf(text, sizeof(text), "a %s cycle is running; yours comes after it",
	    cycle_kind_name(moment.kind));
	control_visit_say(errand->visit,
	    &(struct control_answer) { .event = CONTROL_WAITING, .message = span_of(text) });
}

static void say_progress(struct errand *errand)
{
	struct service_moment moment;

	if (!service_request_runs(errand->request)) {
		say_waiting(errand);
		return;
	}
	service_moment(look(errand->commands).service, &moment);
	if (moment.phase[0] == '\0' || moment.done == errand->shown_done)
		return;
	errand->shown_done = moment.done;
	control_visit_say(errand->visit, &(struct control_answer) { .event = CONTROL_PROGRESS,
					     .phase = span_of(moment.phase),
					     .done = moment.done,
					     .of = moment.of });
}

/* ---- a decision ---- */

static void say_decided(const struct errand *errand)
{
	bool is_approval = errand->verb == CONTROL_APPROVE;
	struct service_moment moment;
	struct str said = { 0 };

	service_moment(look(errand->commands).service, &moment);

	if (errand->is_json)
		str_addf(&said, "{ \"hold\": %lld, \"decision\": \"%s\" }\n",
		    (long long)errand->hold, is_approval ? "approved" : "rejected");
	else if (is_approval)
		str_addf(&said, "Hold %lld is approved: the service sends it %s.\n",
		    (long long)errand->hold,
		    moment.failures > 0 ? "once the peer that is down can be used again"
		    : moment.is_busy    ? "after the cycle that is running"
					: "now");
	else
		str_addf(&said,
		    "Hold %lld is rejected: nothing of it is sent until its actions change.\n",
		    (long long)errand->hold);
	control_visit_say_page(errand->visit, str_span(&said));
	control_visit_end(errand->visit, CYCLE_DONE, SPAN_NULL);
	str_done(&said);
}

/* What the cycle under way has written must not be committed by somebody else's leave. */
static void decide(struct errand *errand)
{
	struct commands *commands = errand->commands;
	bool is_approval = errand->verb == CONTROL_APPROVE;
	enum status status = STATUS_RETRY;
	struct err err;

	err_set(&err, "the cycle under way goes on writing");
	if (!store_is_writing(commands->in.store))
		status = store_hold_decide(commands->in.store, errand->hold,
		    is_approval ? HOLD_APPROVED : HOLD_REJECTED, span_of(errand->by),
		    loop_wall_ms(commands->in.loop), &err);
	if (status == STATUS_RETRY && loop_now_ms(commands->in.loop) < errand->until_ms)
		return;
	if (status == STATUS_OK) {
		log_notice("hold %lld %s by %s", (long long)errand->hold,
		    is_approval ? "approved" : "rejected", errand->by);
		commands->facts_ms = 0;
		say_decided(errand);
		service_hurry(look(commands).service);
	} else {
		control_visit_end(errand->visit,
		    status == STATUS_REJECT  ? CYCLE_FAILED
		    : status == STATUS_RETRY ? CONTROL_EXIT_LATER
					     : CYCLE_STATE_FAILED,
		    span_of(err.text));
	}
	errand_free(errand);
}

static void decide_soon(struct commands *commands, struct control_visit *visit,
    const struct control_request *request, struct span by)
{
	struct errand *errand = errand_new(commands, visit, request);

	errand->by = span_dup_c(by);
	errand->until_ms = loop_now_ms(commands->in.loop) + DECISION_MS;
	say_taken(visit);
}

/* ---- a watch ---- */

/* What cannot be shown now could not be shown at the next look either. */
static void end_watch(struct errand *errand, int exit, const char *why)
{
	control_visit_end(errand->visit, exit, span_of(why));
	errand_free(errand);
}

static void show(struct errand *errand)
{
	struct commands *commands = errand->commands;
	struct str page = { 0 };
	struct digest digest;
	struct err err;
	enum status status = write_status(commands, errand->is_json, 0, &page, &err);

	if (status != STATUS_OK && status != STATUS_RETRY) {
		end_watch(errand, CYCLE_STATE_FAILED, err.text);
	} else if (page.len > CONTROL_PAGE_MAX) {
		end_watch(errand, CYCLE_FAILED,
		    "the status is too long to be watched; \"scimward status\" shows it once");
	} else if (status == STATUS_OK) {
		digest = hash_digest(str_span(&page));
		if (!errand->has_shown || !digest_equal(&digest, &errand->shown)) {
			control_visit_say_page(errand->visit, str_span(&page));
			control_visit_say(
			    errand->visit, &(struct control_answer) { .event = CONTROL_PAGE_END });
		}
		errand->has_shown = true;
		errand->shown = digest;
	}
	str_done(&page);
}

static void watch(
    struct commands *commands, struct control_visit *visit, const struct control_request *request)
{
	if (count_watches(commands) >= CONTROL_WATCHES_MAX)
		control_visit_end(
		    visit, CONTROL_EXIT_LATER, SPAN("too many others are watching; try later"));
	else
		errand_new(commands, visit, request);
}

/* ---- looking after them ---- */

static void look_after(struct errand *errand)
{
	switch (errand->verb) {
	case CONTROL_SYNC:
		if (control_visit_is_idle(errand->visit))
			say_progress(errand);
		return;
	case CONTROL_WATCH:
		/* Who reads slowly sees less. */
		if (control_visit_is_idle(errand->visit))
			show(errand);
		return;
	case CONTROL_APPROVE:
	case CONTROL_REJECT:
		decide(errand);
		return;
	case CONTROL_STATUS:
	case CONTROL_HOLDS:
	case CONTROL_RELOAD:
	case CONTROL_VERB_COUNT:
		return;
	}
}

static void on_timer(void *context)
{
	struct commands *commands = context;
	struct errand *next;
	int64_t wait_ms = LOOK_MS;

	for (struct errand *errand = commands->errands; errand != NULL; errand = next) {
		next = errand->next;
		if (errand->verb == CONTROL_APPROVE || errand->verb == CONTROL_REJECT)
			wait_ms = DECISION_LOOK_MS;
		look_after(errand);
	}
	if (commands->errands != NULL)
		loop_timer_start(commands->timer, wait_ms);
}

/* ---- who asks what ---- */

static struct span identify(
    struct commands *commands, struct control_visit *visit, const struct control_request *request)
{
	const struct control_peer *peer = control_visit_peer(visit);
	struct span by;
	struct str text = { 0 };

	arena_reset(commands->arena);
	by = peer_name(commands->arena, peer->uid, request->as, geteuid(), "/etc/passwd");
	utf8_printable(by, &text);
	by = arena_span(commands->arena, str_span(&text));
	str_done(&text);
	return by;
}

static void log_request(
    const struct control_visit *visit, const struct control_request *request, struct span by)
{
	const struct control_peer *peer = control_visit_peer(visit);
	const char *name = control_verb_name(request->verb);
	struct str what = { 0 };

	if (request->verb == CONTROL_SYNC && request->has_kind)
		str_addf(&what, " of kind %s", cycle_kind_name(request->kind));
	if (request->who.at != NULL)
		str_add_c(&what, " for one person");
	if (request->hold != 0)
		str_addf(&what, " %lld", (long long)request->hold);
	log_notice("control: %s%s asked for by %.*s (uid %ld, process %ld)", name, str_c(&what),
	    SPAN_ARG(by), (long)peer->uid, (long)peer->pid);
	str_done(&what);
}

static bool is_for_us(const struct commands *commands, struct control_visit *visit,
    const struct control_request *request)
{
	if (span_equal(request->config, span_of(commands->config)))
		return true;
	control_visit_say(visit, &(struct control_answer) { .event = CONTROL_ELSEWHERE,
				     .message = span_of(commands->config) });
	return false;
}

static void on_request(
    void *context, struct control_visit *visit, const struct control_request *request)
{
	struct commands *commands = context;
	struct span by;

	if (!is_for_us(commands, visit, request))
		return;
	if (look(commands).is_stopping) {
		control_visit_end(visit, CONTROL_EXIT_LATER, SPAN("the service is stopping"));
		return;
	}
	by = identify(commands, visit, request);
	switch (request->verb) {
	case CONTROL_STATUS:
		tell_status(commands, visit, request);
		return;
	case CONTROL_WATCH:
		watch(commands, visit, request);
		return;
	case CONTROL_HOLDS:
		tell_holds(commands, visit, request);
		return;
	case CONTROL_SYNC:
		log_request(visit, request, by);
		sync_now(commands, visit, request, by);
		return;
	case CONTROL_APPROVE:
	case CONTROL_REJECT:
		log_request(visit, request, by);
		decide_soon(commands, visit, request, by);
		return;
	case CONTROL_RELOAD:
		log_request(visit, request, by);
		reload(commands, visit);
		return;
	case CONTROL_VERB_COUNT:
		return;
	}
}

static const struct control_events events = { on_request, on_left };

/* ---- the socket ---- */

static void take_given(struct commands *commands)
{
	struct err err;

	if (commands->in.fd < 0)
		return;
	if (control_listener_take(commands->in.fd, &commands->listener, &err) == STATUS_OK) {
		log_info("control: listening at the socket of the service manager");
		control_server_listen(commands->server, commands->listener.fd);
	} else {
		log_warning("control: the socket of the service manager cannot be used: %s; going "
			    "on without it",
		    err.text);
		commands->in.fd = -1;
	}
}

static bool is_same(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static void note_refused(struct commands *commands, const char *path)
{
	if (is_same(commands->refused, path))
		return;
	free(commands->refused);
	commands->refused = mem_strdup(path);
}

static void listen_at(struct commands *commands, const char *path, const char *group)
{
	struct err err, group_err;

	if (control_listener_open(path, group, &commands->listener, &group_err, &err) !=
	    STATUS_OK) {
		if (!is_same(commands->refused, path))
			log_warning("control.path: cannot listen at %s: %s; going on without it, "
				    "trying again after each cycle",
			    path, err.text);
		note_refused(commands, path);
		return;
	}
	note_refused(commands, NULL);
	log_info("control: listening at %s", path);
	if (group_err.text[0] != '\0')
		log_warning("control.group: the socket cannot be given to the group \"%s\": %s; "
			    "only the user of the service and root may use it",
		    group, group_err.text);
	control_server_listen(commands->server, commands->listener.fd);
}

void commands_configure(struct commands *commands)
{
	const struct config *config = look(commands).agent->config;

	commands->facts_ms = 0; /* a cycle may have changed them */
	if (commands->in.fd >= 0 ||
	    (commands->listener.fd >= 0 && is_same(commands->listener.path, config->control.path) &&
		is_same(commands->listener.group, config->control.group)))
		return;
	control_server_listen(commands->server, -1);
	control_listener_close(&commands->listener);
	if (config->control.path != NULL)
		listen_at(commands, config->control.path, config->control.group);
}

/* ---- life ---- */

struct commands *commands_new(const struct commands_input *input)
{
	struct commands *commands = mem_new(1, sizeof(*commands));
	char *real = realpath(input->config_path, NULL);

	commands->in = *input;
	commands->config = real != NULL ? real : mem_strdup(input->config_path);
	commands->since_ms = loop_wall_ms(input->loop);
	commands->listener = CONTROL_LISTENER_NONE;
	commands->arena = arena_new();
	commands->timer = loop_timer_new(input->loop, on_timer, commands);
	commands->server = control_server_new(input->loop, &events, commands);
	take_given(commands);
	commands_configure(commands);
	return commands;
}

void commands_free(struct commands **commands)
{
	struct commands *gone = *commands;

	if (gone == NULL)
		return;
	control_server_free(&gone->server);
	control_listener_close(&gone->listener);
	while (gone->errands != NULL)
		errand_free(gone->errands);
	loop_timer_free(&gone->timer);
	arena_free(&gone->arena);
	free(gone->refused);
	free(gone->config);
	free(gone);
	*commands = NULL;
}

void commands_stop(struct commands *commands)
{
	while (commands->errands != NULL) {
		struct errand *errand = commands->errands;

		if (errand->verb == CONTROL_WATCH)
			control_visit_end(errand->visit, CYCLE_DONE, SPAN("the service has ended"));
		else
			control_visit_end(
			    errand->visit, CONTROL_EXIT_LATER, SPAN("the service is stopping"));
		errand_free(errand);
	}
	control_server_listen(commands->server, -1);
	control_listener_close(&commands->listener);
	control_server_drain(commands->server, commands->in.on_drained, commands->in.context);
}
