/* SPDX-License-Identifier: ISC */
/*
 * The mutex makes "is the loop still listening?" and the sending of the wake one step: after
 * background_cancel has taken the lock and said no, the thread never touches the wake again.
 */
#include "loop/background.h"

#include "base/vec.h"
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
	void *job;
	void (*work)(void *job);
	void (*free_job)(void *job);
};

struct background {
	struct hand_over *shared;
	struct loop_wake *wake;
	struct loop_timer *deadline;
	void (*on_end)(void *context, void *job, bool is_late);
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
	shared->free_job(shared->job);
	pthread_mutex_destroy(&shared->lock);
	free(shared);
}

static void *run(void *argument)
{
	struct hand_over *shared = argument;

	shared->work(shared->job);
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
	failure = pthread_create(&thread, &attributes, run, shared);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failure == 0;
}

/* @return what was handed over, of which this owner has to let go */
static struct hand_over *forget(struct background *background)
{
	struct hand_over *shared = background->shared;

	pthread_mutex_lock(&shared->lock);
	shared->is_listening = false;
	pthread_mutex_unlock(&shared->lock);
	loop_wake_free(&background->wake);
	loop_timer_free(&background->deadline);
	free(background);
	return shared;
}

void background_cancel(struct background **background)
{
	struct background *old = *background;

	*background = NULL;
	if (old != NULL)
		release(forget(old));
}

static void end(struct background *background, bool is_late)
{
	void (*on_end)(void *, void *, bool) = background->on_end;
	void *context = background->context;
	struct hand_over *shared = forget(background);

	on_end(context, shared->job, is_late);
	release(shared);
}

static void on_ready(void *context)
{
	struct background *background = context;

	assert(background->shared->is_ready);
	end(background, false);
}

static void on_deadline(void *context)
{
	end(context, true);
}

struct background *background_start(struct loop *loop, const struct background_input *input)
{
	struct background *background = mem_new(1, sizeof(*background));
	struct hand_over *shared = mem_new(1, sizeof(*shared));

	background->on_end = input->on_end;
	background->context = input->context;
	background->shared = shared;
	background->wake = loop_wake_new(loop, on_ready, background);
	background->deadline = loop_timer_new(loop, on_deadline, background);
	pthread_mutex_init(&shared->lock, NULL);
	shared->owners = 2;
	shared->is_listening = true;
	shared->wake = background->wake;
	shared->job = input->job;
	shared->work = input->work;
	shared->free_job = input->free_job;
	loop_timer_start(background->deadline, input->timeout_ms);
	if (start_thread(shared))
		return background;
	shared->owners--;
	background_cancel(&background);
	return NULL;
}
