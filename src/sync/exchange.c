/* SPDX-License-Identifier: ISC */
/*
 * A request is an item in a list: waiting (for the gate, or for its back-off), in flight, or
 * settled, that is, answered inside this turn and to be delivered in the next step.  One timer
 * pumps the list; no answer is delivered from inside exchange_submit.
 */
#include "sync/exchange.h"

#include "base/log.h"
#include "base/vec.h"
#include <assert.h>
#include <stdlib.h>

enum {
	TRIES_MAX = 5,
	REFUSED_MAX = 3,
	REFUSED_WAIT_MS = 6000, /* three tries within 20 s */
	BACK_OFF_FIRST_MS = 1000,
	BACK_OFF_MAX_MS = 60000,
	PAUSE_DEFAULT_MS = 1000, /* 429 without Retry-After, doubled at each repeat */
};

enum item_state { ITEM_WAITING, ITEM_IN_FLIGHT };

struct item {
	struct item *next;
	struct exchange *exchange;
	struct exchange_request request;
	enum item_state state;
	int tries;
	int throttled; /* times it was answered 429 */
	int64_t not_before_ms;
};

struct exchange {
	struct loop *loop;
	struct gate *gate;
	struct loop_timer *timer;
	struct item *first, **last;
	size_t count;
	size_t waiting;
	uint64_t tries;
	int64_t patience_ms;
	int64_t trouble_since_ms; /* -1: the last answer was fine */
	int refused;
	bool is_down, is_canceled, is_pumping;
	struct err why;
	void (*on_step)(void *context);
	void *step_context;
};

static void pump(void *context);

struct exchange *exchange_new(struct loop *loop, struct gate *gate, int64_t patience_ms)
{
	struct exchange *exchange = mem_new(1, sizeof(*exchange));

	exchange->loop = loop;
	exchange->gate = gate;
	exchange->patience_ms = patience_ms;
	exchange->trouble_since_ms = -1;
	exchange->last = &exchange->first;
	exchange->timer = loop_timer_new(loop, pump, exchange);
	return exchange;
}

void exchange_free(struct exchange **exchange)
{
	if (*exchange == NULL)
		return;
	assert((*exchange)->count == 0);
	loop_timer_free(&(*exchange)->timer);
	free(*exchange);
	*exchange = NULL;
}

void exchange_watch(struct exchange *exchange, void (*on_step)(void *context), void *context)
{
	exchange->on_step = on_step;
	exchange->step_context = context;
}

static void tell_step(const struct exchange *exchange)
{
	if (exchange->on_step != NULL)
		exchange->on_step(exchange->step_context);
}

static void wake_after(struct exchange *exchange, int64_t wait_ms)
{
	if (wait_ms < 0)
		return;
	loop_timer_start(exchange->timer, wait_ms);
}

static void count_waiting(struct exchange *exchange, bool is_more)
{
	exchange->waiting = is_more ? exchange->waiting + 1 : exchange->waiting - 1;
	exchange->gate->waiting = is_more ? exchange->gate->waiting + 1
					  : exchange->gate->waiting - 1;
}

void exchange_submit(struct exchange *exchange, const struct exchange_request *request)
{
	struct item *item = mem_new(1, sizeof(*item));

	item->exchange = exchange;
	item->request = *request;
	item->state = ITEM_WAITING;
	*exchange->last = item;
	exchange->last = &item->next;
	exchange->count++;
	count_waiting(exchange, true);
	if (!exchange->is_pumping)
		wake_after(exchange, 0);
}

static void unlink_item(struct exchange *exchange, struct item *item)
{
	struct item **place = &exchange->first;

	while (*place != item)
		place = &(*place)->next;
	*place = item->next;
	if (exchange->last == &item->next)
		exchange->last = place;
	exchange->count--;
	if (item->state == ITEM_WAITING)
		count_waiting(exchange, false);
}

static void deliver(struct item *item, const struct tenant_answer *answer)
{
	struct exchange_request request = item->request;

	unlink_item(item->exchange, item);
	free(item);
	request.on_answer(request.context, answer);
}

static void give_up(struct exchange *exchange, struct span why)
{
	if (exchange->is_down)
		return;
	exchange->is_down = true;
	err_set(&exchange->why, "%.*s", SPAN_ARG(why));
}

/* Answers one waiting item that will never be tried again. */
static void deliver_end(struct item *item)
{
	struct exchange *exchange = item->exchange;
	struct tenant_answer answer = {
		.status = exchange->is_down ? STATUS_DOWN : STATUS_CANCELED,
		.retry_after_ms = -1,
		.total = -1,
		.error = exchange->is_down ? span_of(exchange->why.text) : SPAN("canceled"),
	};

	deliver(item, &answer);
}

static bool is_served(const struct tenant_answer *answer)
{
	return answer->status == STATUS_OK || answer->status == STATUS_REJECT;
}

static bool is_throttled(const struct tenant_answer *answer)
{
	return answer->http_status == 429 ||
	       (answer->http_status == 503 && answer->retry_after_ms >= 0);
}

/* How long a throttled tenant is left alone: what it asked for, else 1 s, 2 s, 4 s, … */
static int64_t throttle_wait_ms(const struct item *item, const struct tenant_answer *answer)
{
	int shift = item->throttled < 6 ? item->throttled : 6;

	if (answer->retry_after_ms >= 0)
		return answer->retry_after_ms;
	return (int64_t)PAUSE_DEFAULT_MS << shift;
}

static int64_t back_off_ms(struct loop *loop, int tries)
{
	int shift = tries - 1 < 6 ? tries - 1 : 6;
	int64_t limit_ms = (int64_t)BACK_OFF_FIRST_MS << shift;

	if (limit_ms > BACK_OFF_MAX_MS)
		limit_ms = BACK_OFF_MAX_MS;
	return 1 + (int64_t)loop_random(loop, (uint64_t)limit_ms);
}

static bool is_out_of_patience(struct exchange *exchange, int64_t wait_ms)
{
	int64_t now_ms = loop_now_ms(exchange->loop);

	if (exchange->trouble_since_ms < 0)
		exchange->trouble_since_ms = now_ms;
	return now_ms + wait_ms - exchange->trouble_since_ms > exchange->patience_ms;
}

/* Puts a request that was answered "not now" back into the queue. @return false: it ends here */
static bool put_back(struct item *item, const struct tenant_answer *answer)
{
	struct exchange *exchange = item->exchange;
	int64_t wait_ms;

	if (is_throttled(answer)) {
		wait_ms = throttle_wait_ms(item, answer);
		item->throttled++;
		gate_pause(exchange->gate, wait_ms);
	} else if (answer->is_refused) {
		wait_ms = REFUSED_WAIT_MS;
		if (++exchange->refused >= REFUSED_MAX) {
			give_up(exchange, answer->error);
			return false;
		}
	} else {
		if (++item->tries >= TRIES_MAX)
			return false;
		wait_ms = back_off_ms(exchange->loop, item->tries);
	}
	if (is_out_of_patience(exchange, wait_ms)) {
		give_up(exchange, answer->error);
		return false;
	}
	log_debug("tenant: %.*s; retrying in %lld ms", SPAN_ARG(answer->error), (long long)wait_ms);
	item->not_before_ms = loop_now_ms(exchange->loop) + wait_ms;
	item->state = ITEM_WAITING;
	count_waiting(exchange, true);
	return true;
}

static void on_try_answered(void *context, const struct tenant_answer *answer)
{
	struct item *item = context;
	struct exchange *exchange = item->exchange;
	bool may_repeat = !(item->request.is_harmful_to_repeat && answer->may_have_happened);

	tell_step(exchange);
	gate_leave(exchange->gate);
	if (is_served(answer)) {
		exchange->trouble_since_ms = -1;
		exchange->refused = 0;
	}
	if (answer->status == STATUS_DOWN)
		give_up(exchange, answer->error);
	wake_after(exchange, 0);
	if (answer->status == STATUS_RETRY && may_repeat && !exchange->is_down &&
	    !exchange->is_canceled && put_back(item, answer))
		return;
	if (exchange->is_down && answer->status == STATUS_RETRY && may_repeat) {
		struct tenant_answer down = *answer;
		down.status = STATUS_DOWN;
		deliver(item, &down);
		return;
	}
	deliver(item, answer);
}

static struct item *next_waiting(struct item *item)
{
	while (item != NULL && item->state != ITEM_WAITING)
		item = item->next;
	return item;
}

static void end_waiting(struct exchange *exchange)
{
	struct item *item;

	while ((item = next_waiting(exchange->first)) != NULL)
		deliver_end(item);
}

/* Starts what may go now. @return how long to wait for the next look; -1: until something ends */
static int64_t start_ready(struct exchange *exchange)
{
	int64_t soonest_ms = -1;

	for (struct item *item = next_waiting(exchange->first); item != NULL;
	     item = next_waiting(item->next)) {
		int64_t wait_ms = item->not_before_ms - loop_now_ms(exchange->loop);

		if (wait_ms <= 0) {
			if (!gate_enter(exchange->gate, &wait_ms))
				return soonest_ms < 0 || (wait_ms >= 0 && wait_ms < soonest_ms)
					   ? wait_ms
					   : soonest_ms;
			item->state = ITEM_IN_FLIGHT;
			count_waiting(exchange, false);
			exchange->tries++;
			tell_step(exchange);
			item->request.start(item->request.context, on_try_answered, item);
			continue;
		}
		if (soonest_ms < 0 || wait_ms < soonest_ms)
			soonest_ms = wait_ms;
	}
	return soonest_ms;
}

static void pump(void *context)
{
	struct exchange *exchange = context;
	int64_t wait_ms = -1;

	if (exchange->waiting == 0)
		return;
	exchange->is_pumping = true;
	if (exchange->is_down || exchange->is_canceled)
		end_waiting(exchange);
	else
		wait_ms = start_ready(exchange);
	exchange->is_pumping = false;
	/* What was submitted meanwhile, by the callbacks above. */
	if (wait_ms < 0 && exchange->waiting > 0 && exchange->gate->in_flight == 0)
		wait_ms = 0;
	wake_after(exchange, wait_ms);
}

void exchange_cancel(struct exchange *exchange)
{
	exchange->is_canceled = true;
	wake_after(exchange, 0);
}

size_t exchange_pending(const struct exchange *exchange)
{
	return exchange->count;
}

uint64_t exchange_tries(const struct exchange *exchange)
{
	return exchange->tries;
}

bool exchange_is_down(const struct exchange *exchange, struct err *ret_why)
{
	if (exchange->is_down && ret_why != NULL)
		*ret_why = exchange->why;
	return exchange->is_down;
}
