/* SPDX-License-Identifier: ISC */
/* A ring of notices before one courier.  Order matters: "recovered" never overtakes "failure". */
#include "notify/outbox.h"

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include <stdlib.h>

enum { HURRY_TRIES = 3, HURRY_WAIT_MS = 1000 };

/* The longest wait before each further try; jitter takes up to half of it away. */
static const int64_t waits_ms[OUTBOX_TRIES_MAX - 1] = { 15 * TIME_SECOND_MS, 45 * TIME_SECOND_MS,
	150 * TIME_SECOND_MS, 330 * TIME_SECOND_MS };

#define RETRY_AFTER_MAX_MS TIME_HOUR_MS

struct outbox {
	struct loop *loop;
	struct courier *courier;
	const struct outbox_events *events;
	void *context;
	struct loop_timer *timer;
	struct notice ring[OUTBOX_MAX];
	size_t first, count;
	unsigned tries; /* of the first */
	bool is_under_way, is_hurried;
};

static void send_first(void *context);

struct outbox *outbox_new(
    struct loop *loop, struct courier *courier, const struct outbox_events *events, void *context)
{
	struct outbox *outbox = mem_new(1, sizeof(*outbox));

	outbox->loop = loop;
	outbox->courier = courier;
	outbox->events = events;
	outbox->context = context;
	outbox->timer = loop_timer_new(loop, send_first, outbox);
	return outbox;
}

void outbox_free(struct outbox **outbox)
{
	if (*outbox == NULL)
		return;
	outbox_clear(*outbox);
	loop_timer_free(&(*outbox)->timer);
	free(*outbox);
	*outbox = NULL;
}

/* Takes the first one out; the next goes at once. */
static void shift(struct outbox *outbox)
{
	if (outbox->is_under_way)
		courier_cancel(outbox->courier);
	outbox->is_under_way = false;
	outbox->first = (outbox->first + 1) % OUTBOX_MAX;
	outbox->count--;
	outbox->tries = 0;
	if (outbox->count > 0)
		loop_timer_start(outbox->timer, 0);
	else
		loop_timer_stop(outbox->timer);
}

static void tell_when_empty(struct outbox *outbox)
{
	if (outbox->count == 0)
		outbox->events->on_empty(outbox->context);
}

static void lose_first(struct outbox *outbox, const char *why)
{
	enum notice_event event = outbox->ring[outbox->first].event;

	shift(outbox);
	outbox->events->on_lost(outbox->context, outbox->courier->name, event, why);
	tell_when_empty(outbox);
}

/* How long to wait after the try that has just failed; -1: there is no further one. */
static int64_t wait_ms(const struct outbox *outbox, int64_t retry_after_ms)
{
	unsigned tries_max = outbox->is_hurried ? HURRY_TRIES : OUTBOX_TRIES_MAX;
	int64_t longest_ms, wait;

	if (outbox->tries >= tries_max)
		return -1;
	longest_ms = outbox->is_hurried ? HURRY_WAIT_MS : waits_ms[outbox->tries - 1];
	wait = longest_ms / 2 + (int64_t)loop_random(outbox->loop, (uint64_t)longest_ms / 2 + 1);
	if (retry_after_ms > RETRY_AFTER_MAX_MS)
		retry_after_ms = RETRY_AFTER_MAX_MS;
	return retry_after_ms > wait ? retry_after_ms : wait;
}

static void on_answer(void *context, const struct courier_answer *answer)
{
	struct outbox *outbox = context;
	int64_t wait;

	outbox->is_under_way = false;
	switch (answer->outcome) {
	case COURIER_DELIVERED:
		shift(outbox);
		tell_when_empty(outbox);
		return;
	case COURIER_REFUSED:
		lose_first(outbox, answer->why);
		return;
	case COURIER_LATER:
		break;
	}
	wait = wait_ms(outbox, answer->retry_after_ms);
	if (wait < 0) {
		lose_first(outbox, answer->why);
		return;
	}
	log_debug("notify: %s: %s; retrying in %lld ms", outbox->courier->name, answer->why,
	    (long long)wait);
	loop_timer_start(outbox->timer, wait);
}

static void send_first(void *context)
{
	struct outbox *outbox = context;

	if (outbox->is_under_way || outbox->count == 0)
		return;
	outbox->is_under_way = true;
	outbox->tries++;
	courier_start(outbox->courier, &outbox->ring[outbox->first], on_answer, outbox);
}

void outbox_put(struct outbox *outbox, const struct notice *notice)
{
	if (outbox->count == OUTBOX_MAX)
		lose_first(outbox, "too many are waiting");
	outbox->ring[(outbox->first + outbox->count) % OUTBOX_MAX] = *notice;
	outbox->count++;
	if (outbox->count == 1)
		loop_timer_start(outbox->timer, 0);
}

void outbox_clear(struct outbox *outbox)
{
	while (outbox->count > 0)
		shift(outbox);
}

void outbox_hurry(struct outbox *outbox)
{
	outbox->is_hurried = true;
	if (outbox->count == 0 || outbox->is_under_way)
		return;
	/* What waited for its next try has it now. */
	outbox->tries = 0;
	loop_timer_start(outbox->timer, 0);
}

void outbox_give_up(struct outbox *outbox, const char *why)
{
	while (outbox->count > 0)
		lose_first(outbox, why);
}

size_t outbox_count(const struct outbox *outbox)
{
	return outbox->count;
}
