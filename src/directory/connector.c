/* SPDX-License-Identifier: ISC */
/*
 * The loop's half of a connector: the thread, its deadline, the hand-over.
 *
 * The mutex makes "is the loop still listening?" and the sending of the wake one step: after
 * connector_cancel has taken the lock and said no, the thread never touches the wake again.
 */
#include "directory/connector.h"

#include "base/time.h"
#include "base/vec.h"
#include "directory/connector_job.h"
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Shared by the loop and the thread. */
struct hand_over {
	pthread_mutex_t lock;
	unsigned owners;
	bool is_listening;      /* the loop still wants the result */
	bool is_ready;          /* the thread has finished */
	struct loop_wake *wake; /* valid while is_listening */
	struct connector_job job;
};

struct connector {
	struct hand_over *shared;
	struct loop_wake *wake;
	struct loop_timer *deadline;
	int64_t timeout_ms;
	connector_callback *callback;
	void *context;
};

static void release(struct hand_over *shared)
{
	bool is_last;

	pthread_mutex_lock(&shared->lock);
	is_last = --shared->owners == 0;
	pthread_mutex_unlock(&shared->lock);
	if (!is_last)
		return;
	connector_job_done(&shared->job);
	pthread_mutex_destroy(&shared->lock);
	free(shared);
}

static void *run_job(void *argument)
{
	struct hand_over *shared = argument;

	connector_job_run(&shared->job);
	pthread_mutex_lock(&shared->lock);
	shared->is_ready = true;
	if (shared->is_listening)
		loop_wake_send(shared->wake);
	pthread_mutex_unlock(&shared->lock);
	release(shared);
	return NULL;
}

/* Signals belong to the loop: the thread starts with all of them blocked. */
static bool start_thread(struct hand_over *shared)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int failure;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&thread, &attributes, run_job, shared);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failure == 0;
}

void connector_cancel(struct connector **connector)
{
	struct connector *old = *connector;

	*connector = NULL;
	if (old == NULL)
		return;
	pthread_mutex_lock(&old->shared->lock);
	old->shared->is_listening = false;
	pthread_mutex_unlock(&old->shared->lock);
	loop_wake_free(&old->wake);
	loop_timer_free(&old->deadline);
	release(old->shared);
	free(old);
}

static void on_ready(void *context)
{
	struct connector *connector = context;
	connector_callback *callback = connector->callback;
	void *owner = connector->context;
	struct connector_report report;
	LDAP *handle;

	pthread_mutex_lock(&connector->shared->lock);
	assert(connector->shared->is_ready);
	handle = connector->shared->job.handle;
	connector->shared->job.handle = NULL;
	report = connector->shared->job.report;
	pthread_mutex_unlock(&connector->shared->lock);
	connector_cancel(&connector);
	callback(owner, handle, &report);
}

static void on_deadline(void *context)
{
	struct connector *connector = context;
	connector_callback *callback = connector->callback;
	void *owner = connector->context;
	const struct connector_job *job = &connector->shared->job;
	struct connector_report report = { .stage = CONNECTOR_CONNECT };
	char patience[TIME_TEXT_SIZE];

	duration_format(connector->timeout_ms, patience);
	err_set(&report.err,
	    "cannot connect to %s: no answer within %s; check the address, the firewall and "
	    "connect_timeout",
	    job->url, patience);
	connector_cancel(&connector);
	callback(owner, NULL, &report);
}

struct connector *connector_start(struct loop *loop, const struct directory_settings *settings,
    const char *url, struct secret *password, connector_callback *callback, void *context)
{
	struct connector *connector = mem_new(1, sizeof(*connector));
	struct hand_over *shared = mem_new(1, sizeof(*shared));

	connector->callback = callback;
	connector->context = context;
	connector->shared = shared;
	connector->wake = loop_wake_new(loop, on_ready, connector);
	connector->deadline = loop_timer_new(loop, on_deadline, connector);
	pthread_mutex_init(&shared->lock, NULL);
	shared->owners = 2;
	shared->is_listening = true;
	shared->wake = connector->wake;
	connector_job_init(&shared->job, settings, url, password);
	shared->job.wall_ms = loop_wall_ms(loop);
	connector->timeout_ms = settings->connect_timeout_ms;
	loop_timer_start(connector->deadline, connector->timeout_ms);
	if (!start_thread(shared)) {
		err_set(&shared->job.report.err, "cannot connect to %s: the system gives no thread",
		    url);
		shared->is_ready = true;
		shared->owners--;
		loop_wake_send(connector->wake);
	}
	return connector;
}
