/* SPDX-License-Identifier: ISC */
/* The exchange against a peer that answers each try from a script, one turn later. */
#include "support.h"

#include "base/vec.h"
#include "sync/exchange.h"
#include "tests/fake/fake_loop.h"
#include <stdlib.h>

enum { TRIES_MAX = 64 };

enum script {
	OK_200,
	REJECT_400,
	THROTTLE,
	THROTTLE_30S,
	THROTTLE_503,
	ERROR_500,
	REFUSED,
	LOST,
	FORBIDDEN
};

struct peer {
	struct loop *loop;
	struct gate gate;
	struct exchange *exchange;
	enum script script[TRIES_MAX]; /* of the tries in order; the last one stays */
	size_t script_count;
	size_t tries;
	int64_t tried_ms[TRIES_MAX];
	size_t answers;
	struct tenant_answer last;
	int64_t answered_ms;
};

struct
try {
	struct peer *peer;
	struct loop_timer *timer;
	enum script script;
	tenant_callback *callback;
	void *context;
};

static struct tenant_answer answer_of(enum script script)
{
	struct tenant_answer answer = {
		.status = STATUS_RETRY, .retry_after_ms = -1, .total = -1, .error = SPAN("scripted")
	};

	switch (script) {
	case OK_200:
		answer.status = STATUS_OK;
		answer.http_status = 200;
		break;
	case REJECT_400:
		answer.status = STATUS_REJECT;
		answer.http_status = 400;
		break;
	case THROTTLE:
		answer.http_status = 429;
		break;
	case THROTTLE_30S:
		answer.http_status = 429;
		answer.retry_after_ms = 30000;
		break;
	case THROTTLE_503:
		answer.http_status = 503;
		answer.retry_after_ms = 10000;
		break;
	case ERROR_500:
		answer.http_status = 500;
		break;
	case REFUSED:
		answer.is_refused = true;
		break;
	case LOST:
		answer.may_have_happened = true;
		break;
	case FORBIDDEN:
		answer.status = STATUS_DOWN;
		answer.http_status = 403;
		break;
	}
	return answer;
}

static void on_try_due(void *context)
{
	struct try *try = context;
	struct tenant_answer answer = answer_of(try->script);

	try->callback(try->context, &answer);
	loop_timer_free(&try->timer);
	free(try);
}

static struct tenant_call *start_try(
    void *context, tenant_callback *callback, void *callback_context)
{
	struct peer *peer = context;
	struct try *try = mem_new(1, sizeof(*try));
	size_t at = peer->tries < peer->script_count ? peer->tries : peer->script_count - 1;

	assert_true(peer->tries < TRIES_MAX);
	peer->tried_ms[peer->tries++] = loop_now_ms(peer->loop);
	*try = (struct try) { peer, NULL, peer->script[at], callback, callback_context };
	try->timer = loop_timer_new(peer->loop, on_try_due, try);
	loop_timer_start(try->timer, 0);
	return NULL;
}

static void on_answer(void *context, const struct tenant_answer *answer)
{
	struct peer *peer = context;

	peer->answers++;
	peer->last = *answer;
	peer->answered_ms = loop_now_ms(peer->loop);
}

static int set_up(void **state)
{
	struct peer *peer = mem_new(1, sizeof(*peer));

	peer->loop = loop_new();
	gate_init(&peer->gate, peer->loop, &(struct gate_settings) { 0, 1, 8 });
	peer->exchange = exchange_new(peer->loop, &peer->gate, 5 * 60 * 1000);
	*state = peer;
	return 0;
}

static int tear_down(void **state)
{
	struct peer *peer = *state;

	assert_int_equal(peer->gate.waiting, 0); /* whichever way they went */
	exchange_free(&peer->exchange);
	loop_free(&peer->loop);
	free(peer);
	return 0;
}

static void script(struct peer *peer, size_t count, const enum script *answers)
{
	memcpy(peer->script, answers, count * sizeof(*answers));
	peer->script_count = count;
}
#define SCRIPT(peer, ...)                                                                          \
	script(peer, sizeof((enum script[]) { __VA_ARGS__ }) / sizeof(enum script),                \
	    (enum script[]) { __VA_ARGS__ })

static void submit(struct peer *peer, bool is_harmful_to_repeat)
{
	exchange_submit(peer->exchange,
	    &(struct exchange_request) { start_try, on_answer, peer, is_harmful_to_repeat });
}

/* Submits one request and runs until all is answered. @return how long that took */
static int64_t run_one(struct peer *peer, bool is_harmful_to_repeat)
{
	int64_t from_ms = loop_now_ms(peer->loop);

	submit(peer, is_harmful_to_repeat);
	assert_int_equal(peer->tries, 0); /* nothing happens before it returned */
	assert_int_equal(peer->gate.waiting, 1);
	loop_run(peer->loop);
	assert_int_equal(peer->gate.waiting, 0);
	assert_int_equal(exchange_pending(peer->exchange), 0);
	assert_int_equal(peer->answers, 1);
	return peer->answered_ms - from_ms;
}

static void answers_once(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, OK_200);
	run_one(peer, false);
	assert_int_equal(peer->tries, 1);
	assert_int_equal(peer->last.status, STATUS_OK);
}

static void hands_a_rejection_back_at_once(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, REJECT_400);
	run_one(peer, false);
	assert_int_equal(peer->tries, 1);
	assert_int_equal(peer->last.status, STATUS_REJECT);
	assert_false(exchange_is_down(peer->exchange, NULL));
}

static void waits_as_long_as_it_is_told(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, THROTTLE_30S, OK_200);
	assert_int_equal(run_one(peer, false), 30000);
	assert_int_equal(peer->tries, 2);
}

static void honours_retry_after_on_503(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, THROTTLE_503, OK_200);
	assert_int_equal(run_one(peer, false), 10000);
}

static void pauses_all_others_too(void **state)
{
	struct peer *peer = *state;
	int64_t from_ms = loop_now_ms(peer->loop);

	SCRIPT(peer, THROTTLE_30S, OK_200);
	submit(peer, false);
	fake_loop_advance(peer->loop, 1);
	assert_int_equal(peer->tries, 1);
	submit(peer, false);
	loop_run(peer->loop);
	assert_int_equal(peer->answers, 2);
	assert_int_equal(peer->tries, 3);
	assert_int_equal(peer->tried_ms[1] - from_ms, 30000);
	assert_int_equal(peer->tried_ms[2] - from_ms, 30000);
}

static void doubles_the_wait_when_it_is_not_told(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, THROTTLE, THROTTLE, THROTTLE, OK_200);
	assert_int_equal(run_one(peer, false), 1000 + 2000 + 4000);
}

static void throttling_uses_up_no_tries(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, THROTTLE_503, THROTTLE_503, THROTTLE_503, THROTTLE_503, THROTTLE_503,
	    THROTTLE_503, OK_200);
	run_one(peer, false);
	assert_int_equal(peer->last.status, STATUS_OK);
}

static void tries_an_error_five_times_with_jitter(void **state)
{
	struct peer *peer = *state;
	int64_t limit_ms = 1000;

	SCRIPT(peer, ERROR_500);
	run_one(peer, false);
	assert_int_equal(peer->tries, 5);
	assert_int_equal(peer->last.status, STATUS_RETRY);
	for (size_t i = 1; i < 5; i++, limit_ms *= 2) {
		int64_t wait_ms = peer->tried_ms[i] - peer->tried_ms[i - 1];

		assert_in_range(wait_ms, 1, limit_ms + 1);
	}
	assert_false(exchange_is_down(peer->exchange, NULL));
}

static void gives_up_on_a_peer_that_refuses(void **state)
{
	struct peer *peer = *state;
	struct err why;

	SCRIPT(peer, REFUSED);
	assert_in_range(run_one(peer, false), 1, 20000);
	assert_int_equal(peer->tries, 3);
	assert_int_equal(peer->last.status, STATUS_DOWN);
	assert_true(exchange_is_down(peer->exchange, &why));
	assert_string_equal(why.text, "scripted");
}

static void forgets_refusals_after_a_success(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, REFUSED, REFUSED, OK_200, REFUSED, REFUSED, OK_200);
	run_one(peer, false);
	peer->answers = 0;
	submit(peer, false);
	loop_run(peer->loop);
	assert_int_equal(peer->last.status, STATUS_OK);
}

static void loses_patience_after_five_minutes(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, THROTTLE_30S);
	assert_in_range(run_one(peer, false), 4 * 60000, 5 * 60000);
	assert_int_equal(peer->last.status, STATUS_DOWN);
}

static void does_not_begin_a_wait_that_is_too_long(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, THROTTLE_30S);
	exchange_free(&peer->exchange);
	peer->exchange = exchange_new(peer->loop, &peer->gate, 29999);
	assert_int_equal(run_one(peer, false), 0);
	assert_int_equal(peer->last.status, STATUS_DOWN);
}

static void repeats_a_lost_write_unless_that_harms(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, LOST, OK_200);
	run_one(peer, false);
	assert_int_equal(peer->last.status, STATUS_OK);
	peer->answers = peer->tries = 0;
	run_one(peer, true);
	assert_int_equal(peer->tries, 1);
	assert_int_equal(peer->last.status, STATUS_RETRY);
	assert_true(peer->last.may_have_happened);
}

static void ends_all_when_the_peer_is_down(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, FORBIDDEN);
	peer->gate.settings.concurrency = 1;
	for (int i = 0; i < 5; i++)
		submit(peer, false);
	loop_run(peer->loop);
	assert_int_equal(peer->answers, 5);
	assert_int_equal(peer->tries, 1);
	assert_int_equal(peer->last.status, STATUS_DOWN);
	submit(peer, false);
	loop_run(peer->loop);
	assert_int_equal(peer->answers, 6);
	assert_int_equal(peer->tries, 1);
}

static void awaits_what_is_in_flight_when_canceled(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, OK_200);
	peer->gate.settings.concurrency = 1;
	submit(peer, false);
	submit(peer, false);
	fake_loop_step(peer->loop);
	assert_int_equal(peer->tries, 1);
	exchange_cancel(peer->exchange);
	loop_run(peer->loop);
	assert_int_equal(peer->answers, 2);
	assert_int_equal(peer->tries, 1);
	assert_int_equal(exchange_pending(peer->exchange), 0);
	assert_int_equal(peer->gate.in_flight, 0);
}

static void does_not_repeat_after_a_cancel(void **state)
{
	struct peer *peer = *state;

	SCRIPT(peer, ERROR_500, OK_200);
	submit(peer, false);
	fake_loop_step(peer->loop);
	exchange_cancel(peer->exchange);
	loop_run(peer->loop);
	assert_int_equal(peer->tries, 1);
	assert_int_equal(peer->answers, 1);
	assert_int_not_equal(peer->last.status, STATUS_OK);
}

static void an_older_request_that_waits_holds_nobody_up(void **state)
{
	struct peer *peer = *state;
	int64_t from_ms = loop_now_ms(peer->loop);

	SCRIPT(peer, ERROR_500, OK_200);
	fake_loop_set_seed(peer->loop, 7);
	submit(peer, false);
	while (peer->tries == 0)
		fake_loop_step(peer->loop);
	submit(peer, false);
	fake_loop_advance(peer->loop, 0);
	assert_int_equal(peer->answers, 1); /* the younger one */
	assert_int_equal(peer->tried_ms[1] - from_ms, 0);
	loop_run(peer->loop);
	assert_int_equal(peer->answers, 2);
}

const struct CMUnitTest exchange_tests[] = {
	cmocka_unit_test_setup_teardown(answers_once, set_up, tear_down),
	cmocka_unit_test_setup_teardown(hands_a_rejection_back_at_once, set_up, tear_down),
	cmocka_unit_test_setup_teardown(waits_as_long_as_it_is_told, set_up, tear_down),
	cmocka_unit_test_setup_teardown(honours_retry_after_on_503, set_up, tear_down),
	cmocka_unit_test_setup_teardown(pauses_all_others_too, set_up, tear_down),
	cmocka_unit_test_setup_teardown(doubles_the_wait_when_it_is_not_told, set_up, tear_down),
	cmocka_unit_test_setup_teardown(throttling_uses_up_no_tries, set_up, tear_down),
	cmocka_unit_test_setup_teardown(tries_an_error_five_times_with_jitter, set_up, tear_down),
	cmocka_unit_test_setup_teardown(gives_up_on_a_peer_that_refuses, set_up, tear_down),
	cmocka_unit_test_setup_teardown(forgets_refusals_after_a_success, set_up, tear_down),
	cmocka_unit_test_setup_teardown(loses_patience_after_five_minutes, set_up, tear_down),
	cmocka_unit_test_setup_teardown(does_not_begin_a_wait_that_is_too_long, set_up, tear_down),
	cmocka_unit_test_setup_teardown(repeats_a_lost_write_unless_that_harms, set_up, tear_down),
	cmocka_unit_test_setup_teardown(ends_all_when_the_peer_is_down, set_up, tear_down),
	cmocka_unit_test_setup_teardown(awaits_what_is_in_flight_when_canceled, set_up, tear_down),
	cmocka_unit_test_setup_teardown(does_not_repeat_after_a_cancel, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
	    an_older_request_that_waits_holds_nobody_up, set_up, tear_down),
};
const size_t exchange_test_count = COUNT_OF(exchange_tests);
