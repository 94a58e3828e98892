/* SPDX-License-Identifier: ISC */
/*
 * The loop's half of a connector: the job in the background, and what is said when it is late.
 */
#include "directory/connector.h"

#include "base/time.h"
#include "base/vec.h"
#include "directory/connector_job.h"
#include "loop/background.h"
#include <stdlib.h>

struct connector {
	struct background *background; /* NULL: there is no thread for it */
	struct loop_timer *failure;
	int64_t timeout_ms;
	char *url;
	connector_callback *callback;
	void *context;
};

static void work(void *job)
{
	connector_job_run(job);
}

static void free_job(void *job)
{
	connector_job_done(job);
	free(job);
}

void connector_cancel(struct connector **connector)
{
	struct connector *old = *connector;

	*connector = NULL;
	if (old == NULL)
		return;
	background_cancel(&old->background);
	loop_timer_free(&old->failure);
	free(old->url);
	free(old);
}

static void answer(struct connector *connector, LDAP *handle, const struct connector_report *report)
{
	connector_callback *callback = connector->callback;
	void *context = connector->context;

	connector->background = NULL;
	connector_cancel(&connector);
	callback(context, handle, report);
}

static void answer_late(struct connector *connector)
{
	struct connector_report report = { .stage = CONNECTOR_CONNECT };
	char patience[TIME_TEXT_SIZE];

	duration_format(connector->timeout_ms, patience);
	err_set(&report.err,
	    "cannot connect to %s: no answer within %s; check the address, the firewall and "
	    "connect_timeout",
	    connector->url, patience);
	answer(connector, NULL, &report);
}

static void on_end(void *context, void *argument, bool is_late)
{
	struct connector *connector = context;
	struct connector_job *job = argument;
	struct connector_report report;
	LDAP *handle;

	if (is_late) {
		answer_late(connector);
		return;
	}
	handle = job->handle;
	job->handle = NULL;
	report = job->report;
	answer(connector, handle, &report);
}

static void on_failure(void *context)
{
	struct connector *connector = context;
	struct connector_report report = { .stage = CONNECTOR_CONNECT };

	err_set(&report.err, "cannot connect to %s: the system gives no thread", connector->url);
	answer(connector, NULL, &report);
}

static struct connector *start(
    struct loop *loop, struct connector_job *job, connector_callback *callback, void *context)
{
	struct connector *connector = mem_new(1, sizeof(*connector));

	connector->callback = callback;
	connector->context = context;
	connector->timeout_ms = job->timeout_ms - CONNECTOR_SPARE_MS;
	connector->url = mem_strdup(job->url);
	job->wall_ms = loop_wall_ms(loop);
	connector->background = background_start(
	    loop, &(struct background_input) {
		      job, work, free_job, connector->timeout_ms, on_end, connector });
	if (connector->background == NULL) {
		connector->failure = loop_timer_new(loop, on_failure, connector);
		loop_timer_start(connector->failure, 0);
	}
	return connector;
}

struct connector *connector_start(struct loop *loop, const struct directory_settings *settings,
    const char *url, struct secret *password, connector_callback *callback, void *context)
{
	struct connector_job *job = mem_new(1, sizeof(*job));

	connector_job_init(job, settings, url, password);
	return start(loop, job, callback, context);
}

struct connector *connector_start_probe(struct loop *loop,
    const struct directory_settings *settings, const char *url, connector_callback *callback,
    void *context)
{
	struct connector_job *job = mem_new(1, sizeof(*job));

	connector_job_init(job, settings, url, NULL);
	job->skips_bind = true;
	return start(loop, job, callback, context);
}
