// SPDX-License-Identifier: ISC
#include "delay.h"

#include "memory.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

struct waiter {
	struct MHD_Connection *connection;
	int64_t until_ms; /* of the monotonic clock */
};

struct delays {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct waiter *waiters; /* in no order: there are few */
	size_t count;
	bool is_stopped;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Resumes those whose time has come; @return when the next one's comes. */
static int64_t resume_due(struct delays *delays, int64_t now)
{
	int64_t next_ms = INT64_MAX;
	for (size_t i = delays->count; i > 0; i--) {
		struct waiter *waiter = &delays->waiters[i - 1];
		if (waiter->until_ms <= now) {
			MHD_resume_connection(waiter->connection);
			*waiter = delays->waiters[--delays->count];
		} else if (waiter->until_ms < next_ms) {
			next_ms = waiter->until_ms;
		}
	}
	return next_ms;
}

static void *delays_run(void *context)
{
	struct delays *delays = context;
	pthread_mutex_lock(&delays->lock);
	while (!delays->is_stopped) {
		int64_t next_ms = resume_due(delays, now_ms());
		struct timespec until = { .tv_sec = next_ms / 1000,
			.tv_nsec = next_ms % 1000 * 1000000 };
		if (next_ms == INT64_MAX)
			pthread_cond_wait(&delays->changed, &delays->lock);
		else
			pthread_cond_timedwait(&delays->changed, &delays->lock, &until);
	}
	resume_due(delays, INT64_MAX);
	pthread_mutex_unlock(&delays->lock);
	return NULL;
}

struct delays *delays_start(void)
{
	struct delays *delays = memory_new(1, sizeof(*delays));
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&delays->lock, NULL);
	pthread_cond_init(&delays->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&delays->thread, NULL, delays_run, delays) != 0)
		abort();
	return delays;
}

bool delays_add(struct delays *delays, struct MHD_Connection *connection, long delay_ms)
{
	pthread_mutex_lock(&delays->lock);
	bool is_taken = !delays->is_stopped;
	if (is_taken) {
		MHD_suspend_connection(connection);
		delays->waiters = memory_resize(
		    delays->waiters, delays->count + 1, sizeof(*delays->waiters));
		/* One more, for what now_ms() cuts off: never too short. */
		delays->waiters[delays->count++] =
		    (struct waiter) { connection, now_ms() + 1 + delay_ms };
		pthread_cond_signal(&delays->changed);
	}
	pthread_mutex_unlock(&delays->lock);
	return is_taken;
}

void delays_release(struct delays *delays)
{
	pthread_mutex_lock(&delays->lock);
	resume_due(delays, INT64_MAX);
	pthread_mutex_unlock(&delays->lock);
}

void delays_stop(struct delays *delays)
{
	pthread_mutex_lock(&delays->lock);
	delays->is_stopped = true;
	pthread_cond_signal(&delays->changed);
	pthread_mutex_unlock(&delays->lock);
	pthread_join(delays->thread, NULL);
}

void delays_free(struct delays **delays)
{
	if (!*delays)
		return;
	pthread_cond_destroy(&(*delays)->changed);
	pthread_mutex_destroy(&(*delays)->lock);
	free((*delays)->waiters);
	free(*delays);
	*delays = NULL;
}
