/* SPDX-License-Identifier: ISC */
/* The service's life.  Only this file speaks with the service manager. */
#include "app/daemon.h"

#include "app/commands.h"
#include "app/monitor.h"
#include "app/notices.h"
#include "base/log.h"
#include "base/vec.h"
#include "sync/service.h"
#include <config.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#endif

struct daemon {
	struct loop *loop;
	struct agent *agent, *next; /* next: takes over when no cycle runs */
	struct store *store;
	const char *config_path;
	struct service *service;
	struct notices *notices;
	struct monitor *monitor;
	struct commands *commands;
	bool is_reload_refused, is_stopping;
	struct index *index;
	struct loop_signal *hup, *term, *interrupt;
	struct loop_timer *watchdog;
	int64_t watchdog_ms;
	enum status status;
	struct err err;
};

static void notify(const char *state)
{
#ifdef HAVE_LIBSYSTEMD
	sd_notify(0, state);
#else
	(void)state;
#endif
}

static void notify_status(const char *state, const char *text)
{
	struct str message = { 0 };

	str_addf(&message, "%sSTATUS=%s", state, text);
	notify(str_c(&message));
	str_done(&message);
}

/* ---- watchdog: fed by the loop, so that it starves when the loop hangs ---- */

static void feed(void *context)
{
	struct daemon *daemon = context;

	notify("WATCHDOG=1");
	loop_timer_start(daemon->watchdog, daemon->watchdog_ms);
}

static void start_watchdog(struct daemon *daemon)
{
#ifdef HAVE_LIBSYSTEMD
	uint64_t limit_us = 0;

	if (sd_watchdog_enabled(0, &limit_us) <= 0 || limit_us == 0)
		return;
	daemon->watchdog_ms = (int64_t)(limit_us / 1000 / 3);
	daemon->watchdog = loop_timer_new(daemon->loop, feed, daemon);
	feed(daemon);
#else
	(void)daemon;
	(void)feed;
#endif
}

/* ---- what the service tells ---- */

static void on_status(void *context, const char *text)
{
	(void)context;
	notify_status("", text);
}

static void take_next(struct daemon *daemon)
{
	if (daemon->next == NULL)
		return;
	service_forget_sources(daemon->service);
	monitor_leave(daemon->monitor, daemon->agent);
	agent_free(&daemon->agent);
	daemon->agent = daemon->next;
	daemon->next = NULL;
	notices_configure(daemon->notices, daemon->agent->config);
}

static void prepare(void *context, struct cycle_input *input)
{
	struct daemon *daemon = context;

	take_next(daemon);
	agent_prepare(daemon->agent, false, input);
	input->index = &daemon->index;
}

static void on_cycle(void *context, const struct cycle_result *result)
{
	struct daemon *daemon = context;

	notices_tell(daemon->notices, result, result->run.who.at != NULL);
	monitor_note(daemon->monitor, result);
	commands_configure(daemon->commands);
	if (result->exit != CYCLE_STATE_FAILED)
		return;
	/* Better to stop than to go on without a memory. */
	daemon->is_stopping = true;
	daemon->status = STATUS_CORRUPT;
	daemon->err = result->err;
	service_stop(daemon->service);
}

static void look(void *context, struct monitor_view *ret_view)
{
	struct daemon *daemon = context;

	ret_view->agent = daemon->agent;
	ret_view->service.is_reload_refused = daemon->is_reload_refused;
	if (daemon->service == NULL)
		return;
	ret_view->service.is_busy = service_is_busy(daemon->service);
	ret_view->service.watched = service_watched(daemon->service);
}

static void look_for_commands(void *context, struct commands_view *ret_view)
{
	struct daemon *daemon = context;

	*ret_view = (struct commands_view) { daemon->agent, daemon->service,
		daemon->is_reload_refused, daemon->is_stopping };
}

static void on_stopped(void *context)
{
	commands_stop(((struct daemon *)context)->commands);
}

static void on_commands_drained(void *context)
{
	notices_drain(((struct daemon *)context)->notices);
}

static void on_drained(void *context)
{
	loop_stop(((struct daemon *)context)->loop);
}

static const struct service_events events = { on_status, on_cycle, on_stopped, prepare };

/* ---- signals ---- */

static void log_faults(const struct config_faults *faults, struct str *text)
{
	struct span rest;

	config_format_faults(faults, text);
	rest = str_span(text);
	while (rest.len > 0) {
		struct span line = span_split(&rest, '\n');

		if (line.len > 0)
			log_write(faults->fault_count > 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			    "%.*s", SPAN_ARG(line));
	}
}

/* @return NULL: the file is wrong. Appends what is wrong with it, or odd. */
static struct agent *load_agent(struct daemon *daemon, struct str *said)
{
	struct config *config = NULL;
	struct config_faults faults = { 0 };
	struct agent *agent = NULL;
	struct err err;

	if (config_load(daemon->config_path, &config, &faults) == STATUS_OK &&
	    agent_new(daemon->loop, config, &agent, &err) != STATUS_OK) {
		log_error("%s: %s", daemon->config_path, err.text);
		str_addf(said, "%s: %s\n", daemon->config_path, err.text);
		config_free(&config);
	}
	log_faults(&faults, said);
	config_faults_done(&faults);
	return agent;
}

static bool reload(void *context, struct str *said)
{
	struct daemon *daemon = context;
	struct agent *agent;
	struct schedule schedule;

	notify("RELOADING=1");
	agent = load_agent(daemon, said);
	daemon->is_reload_refused = agent == NULL;
	if (agent == NULL) {
		log_error(
		    "%s is wrong; keeping the configuration that is in force", daemon->config_path);
		notify_status(
		    "READY=1\n", "The new configuration is wrong; running with the old one");
		return false;
	}
	if (strcmp(agent->config->state.path, daemon->agent->config->state.path) != 0)
		log_warning("state.path changes at the next start only; going on with the old one");
	agent_free(&daemon->next);
	daemon->next = agent;
	schedule = agent_schedule(agent);
	log_notice("%s was read again; in force from the next cycle on", daemon->config_path);
	notify_status("READY=1\n", "Configuration reloaded");
	service_reschedule(daemon->service, &schedule);
	return true;
}

static void on_hup(void *context)
{
	struct str said = { 0 };

	(void)reload(context, &said);
	str_done(&said);
}

static void on_term(void *context)
{
	struct daemon *daemon = context;

	log_notice("asked to stop; draining");
	notify("STOPPING=1");
	daemon->is_stopping = true;
	monitor_stop(daemon->monitor);
	service_stop(daemon->service);
}

/* The socket named "control" of a unit; others are closed. @return owned; -1: none */
static int given_socket(void)
{
	int found = -1;
#ifdef HAVE_LIBSYSTEMD
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < count; i++) {
		if (found < 0 && strcmp(names[i], "control") == 0) {
			found = SD_LISTEN_FDS_START + i;
		} else {
			log_warning("the service manager gave a socket named \"%s\", and only one "
				    "named \"control\" is used; closing it",
			    names[i]);
			close(SD_LISTEN_FDS_START + i);
		}
		free(names[i]);
	}
	free(names);
#endif
	return found;
}

enum status daemon_run(const struct daemon_input *input, struct err *reterr)
{
	struct daemon daemon = { .loop = input->loop,
		.agent = input->agent,
		.store = input->store,
		.config_path = input->config_path,
		.status = STATUS_OK };
	struct schedule schedule = agent_schedule(input->agent);

	daemon.hup = loop_signal_new(daemon.loop, SIGHUP, on_hup, &daemon);
	daemon.term = loop_signal_new(daemon.loop, SIGTERM, on_term, &daemon);
	daemon.interrupt = loop_signal_new(daemon.loop, SIGINT, on_term, &daemon);
	daemon.notices = notices_new(&(struct notices_input) {
	    daemon.loop, daemon.store, daemon.agent->config, on_drained, &daemon });
	daemon.monitor = monitor_new(
	    &(struct monitor_input) { daemon.loop, daemon.store, look, &daemon });
	daemon.service = service_new(daemon.loop, daemon.store, &schedule, &events, &daemon);
	daemon.commands = commands_new(
	    &(struct commands_input) { daemon.loop, daemon.store, daemon.config_path,
		given_socket(), look_for_commands, reload, on_commands_drained, &daemon });
	start_watchdog(&daemon);
	notify_status("READY=1\n", "Started");
	log_notice("started with %s", daemon.config_path);
	loop_run(daemon.loop);
	monitor_free(&daemon.monitor);
	commands_free(&daemon.commands);
	service_free(&daemon.service);
	notices_free(&daemon.notices);
	loop_timer_free(&daemon.watchdog);
	loop_signal_free(&daemon.interrupt);
	loop_signal_free(&daemon.term);
	loop_signal_free(&daemon.hup);
	agent_free(&daemon.next);
	agent_free(&daemon.agent);
	index_free(&daemon.index);
	log_notice("stopped");
	if (daemon.status != STATUS_OK && reterr != NULL)
		*reterr = daemon.err;
	return daemon.status;
}
