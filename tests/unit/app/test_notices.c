/* SPDX-License-Identifier: ISC */
/*
 * What is told of which cycle.  The notifier and the state are stand-ins: what is sent is kept in a
 * list, and the one text of the state in a buffer that outlives a restart.
 */
#include "app/notices.h"
#include "base/log.h"
#include "base/time.h"
#include "notify/notifier.h"
#include "tests/fake/fake_loop.h"
#include "tests/unit/app/tests.h"

#include <stdio.h>
#include <string.h>

enum { SENT_MAX = 64 };

static struct notice sent[SENT_MAX];
static size_t sent_count, configured_count;
static struct {
	char text[64];
	bool is_set, is_read_only, is_touched;
} state;
static unsigned warnings;

/* ---- stand-ins ---- */

struct notifier {
	int unused;
};
static struct notifier the_notifier;

struct notifier *notifier_new(struct loop *loop, const struct notifier_settings *settings,
    const struct notifier_events *events, void *context)
{
	(void)loop;
	(void)events;
	(void)context;
	assert_string_equal(settings->webhook, "one");
	return &the_notifier;
}

void notifier_free(struct notifier **notifier)
{
	*notifier = NULL;
}

void notifier_configure(struct notifier *notifier, const struct notifier_settings *settings)
{
	(void)notifier;
	assert_string_equal(settings->webhook, "two");
	configured_count++;
}

void notifier_send(struct notifier *notifier, const struct notice *notice)
{
	(void)notifier;
	assert_true(sent_count < SENT_MAX);
	sent[sent_count++] = *notice;
}

void notifier_drain(struct notifier *notifier)
{
	(void)notifier;
}

const char *notice_event_name(enum notice_event event)
{
	(void)event;
	return "";
}

enum status store_meta_get(struct store *store, const char *name, struct arena *arena,
    struct span *ret_value, struct err *reterr)
{
	(void)store;
	(void)reterr;
	assert_string_equal(name, "failing");
	*ret_value = state.is_set ? arena_span(arena, span_of(state.text)) : SPAN_NULL;
	return STATUS_OK;
}

enum status store_meta_put(
    struct store *store, const char *name, struct span value, struct err *reterr)
{
	(void)store;
	assert_string_equal(name, "failing");
	state.is_touched = true;
	if (state.is_read_only) {
		err_set(reterr, "read-only");
		return STATUS_CORRUPT;
	}
	state.is_set = value.at != NULL;
	snprintf(state.text, sizeof(state.text), "%.*s", SPAN_ARG(value));
	return STATUS_OK;
}

enum status store_commit(struct store *store, struct err *reterr)
{
	(void)store;
	(void)reterr;
	return STATUS_OK;
}

static void on_line(void *context, const struct log_line *line)
{
	(void)context;
	warnings += line->level <= LOG_LEVEL_WARNING;
}

/* ---- vocabulary ---- */

static struct loop *loop;
static struct notices *notices;

static void restart(void)
{
	static const struct config config = { .notify = { .webhook = "one" } };

	notices_free(&notices);
	notices = notices_new(&(struct notices_input) { .loop = loop, .config = &config });
}

static int set_up(void **unused)
{
	(void)unused;
	loop = loop_new();
	sent_count = configured_count = warnings = 0;
	memset(&state, 0, sizeof(state));
	log_open(on_line, NULL, LOG_LEVEL_DEBUG);
	restart();
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	notices_free(&notices);
	loop_free(&loop);
	log_open(NULL, NULL, LOG_LEVEL_INFO);
	return 0;
}

static void cycle(enum cycle_exit exit)
{
	notices_tell(notices,
	    &(struct cycle_result) { .run = { .id = 9 },
		.exit = exit,
		.peer = exit == CYCLE_PEER_DOWN ? "tenant" : NULL,
		.retry_after_ms = exit == CYCLE_PEER_DOWN ? 30000 : 0 },
	    false);
}

static void expect_sent(size_t count)
{
	assert_int_equal(sent_count, count);
}

static void expect_last(enum notice_event event, uint64_t failures)
{
	assert_true(sent_count > 0);
	assert_int_equal(sent[sent_count - 1].event, event);
	assert_int_equal(sent[sent_count - 1].failures, failures);
}

/* ---- tests ---- */

static void a_good_cycle_is_no_news(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++)
		cycle(CYCLE_DONE);
	cycle(CYCLE_HELD);
	cycle(CYCLE_REJECTED);
	expect_sent(0);
	assert_false(state.is_touched);
}

static void a_row_of_failures_is_told_once_and_its_end_too(void **unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		cycle(CYCLE_PEER_DOWN);
		fake_loop_advance(loop, TIME_MINUTE_MS);
	}
	expect_sent(1);
	expect_last(NOTICE_FAILURE, 1);
	assert_int_equal(sent[0].run_id, 9);
	assert_int_equal(sent[0].cause, NOTICE_TENANT);
	assert_int_equal(sent[0].retry_at_ms, FAKE_LOOP_WALL_MS + 30000);
	cycle(CYCLE_REJECTED);
	cycle(CYCLE_DONE);
	expect_sent(2);
	expect_last(NOTICE_RECOVERED, 5);
	cycle(CYCLE_PEER_DOWN);
	expect_sent(3);
	expect_last(NOTICE_FAILURE, 1);
}

static void a_lasting_failure_is_told_again_each_day(void **unused)
{
	(void)unused;
	for (int hour = 0; hour <= 72; hour++) {
		cycle(CYCLE_PEER_DOWN);
		fake_loop_advance(loop, TIME_HOUR_MS);
	}
	expect_sent(4);
	expect_last(NOTICE_FAILURE, 73);
}

static void a_restart_changes_nothing(void **unused)
{
	(void)unused;
	cycle(CYCLE_PEER_DOWN);
	restart();
	cycle(CYCLE_PEER_DOWN);
	expect_sent(1);
	restart();
	cycle(CYCLE_DONE);
	expect_sent(2);
	expect_last(NOTICE_RECOVERED, 2);
	restart();
	cycle(CYCLE_DONE);
	expect_sent(2);
}

static void a_clock_put_back_does_not_silence(void **unused)
{
	(void)unused;
	cycle(CYCLE_PEER_DOWN);
	fake_loop_jump_wall(loop, -30 * TIME_DAY_MS);
	cycle(CYCLE_PEER_DOWN);
	expect_sent(2);
	cycle(CYCLE_PEER_DOWN);
	expect_sent(2);
}

static void a_stop_is_neither_failure_nor_recovery(void **unused)
{
	(void)unused;
	cycle(CYCLE_FAILED);
	expect_sent(0);
	cycle(CYCLE_PEER_DOWN);
	cycle(CYCLE_FAILED);
	expect_sent(1);
	cycle(CYCLE_DONE);
	expect_sent(2);
}

static void one_person_says_nothing_about_the_peers(void **unused)
{
	struct cycle_result good = { .exit = CYCLE_DONE };
	struct cycle_result bad = { .exit = CYCLE_PEER_DOWN, .peer = "tenant" };

	(void)unused;
	notices_tell(notices, &bad, true);
	expect_sent(0);
	cycle(CYCLE_PEER_DOWN);
	notices_tell(notices, &good, true);
	expect_sent(1);
}

static void a_failed_state_is_told_and_not_written_to(void **unused)
{
	(void)unused;
	cycle(CYCLE_STATE_FAILED);
	expect_sent(1);
	expect_last(NOTICE_FAILURE, 1);
	assert_int_equal(sent[0].cause, NOTICE_STATE);
	assert_int_equal(sent[0].retry_at_ms, 0);
	assert_false(state.is_touched); /* it would commit half a cycle */
}

static void what_cannot_be_written_down_is_logged(void **unused)
{
	(void)unused;
	state.is_read_only = true;
	cycle(CYCLE_PEER_DOWN);
	expect_sent(1);
	assert_int_equal(warnings, 1);
}

static void tells_which_peer(void **unused)
{
	struct cycle_result down = { .exit = CYCLE_PEER_DOWN, .peer = "directory" };

	(void)unused;
	notices_tell(notices, &down, false);
	assert_int_equal(sent[0].cause, NOTICE_DIRECTORY);
}

static void tells_each_new_hold_and_those_in_quarantine(void **unused)
{
	const struct hold holds[] = {
		{ .id = 7, .run_id = 3, .class = GUARD_DEACTIVATIONS, .count = 60, .limit = 50 },
		{ .id = 8, .run_id = 3, .class = GUARD_RENAMES, .count = 2 }
	};
	struct cycle_result result = { .run = { .id = 3 },
		.exit = CYCLE_REJECTED,
		.holds = holds,
		.hold_count = 2,
		.quarantined = 4 };

	(void)unused;
	notices_tell(notices, &result, true);
	expect_sent(3);
	assert_int_equal(sent[0].event, NOTICE_HOLD);
	assert_int_equal(sent[0].run_id, 3);
	assert_int_equal(sent[0].hold_id, 7);
	assert_int_equal(sent[0].class, GUARD_DEACTIVATIONS);
	assert_int_equal(sent[0].count, 60);
	assert_int_equal(sent[0].limit, 50);
	assert_int_equal(sent[1].hold_id, 8);
	assert_int_equal(sent[1].limit, 0);
	assert_int_equal(sent[2].event, NOTICE_QUARANTINE);
	assert_int_equal(sent[2].count, 4);
	result.exit = CYCLE_STATE_FAILED; /* then none of it was kept */
	notices_tell(notices, &result, true);
	expect_sent(4);
	expect_last(NOTICE_FAILURE, 1);
}

static void nonsense_in_the_state_is_no_failure(void **unused)
{
	static const char *const texts[] = { "", "x", "3", "3 ", "x 2026-03-01T00:00:00Z",
		"-1 2026-03-01T00:00:00Z", "3 soon" };

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(state.text, sizeof(state.text), "%s", texts[i]);
		state.is_set = true;
		restart();
		cycle(CYCLE_DONE);
	}
	expect_sent(0);
}

static void takes_new_settings(void **unused)
{
	static const struct config config = { .notify = { .webhook = "two" } };

	(void)unused;
	notices_configure(notices, &config);
	assert_int_equal(configured_count, 1);
}

#define NOTICES(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

const struct CMUnitTest notices_tests[] = {
	NOTICES(a_good_cycle_is_no_news),
	NOTICES(a_row_of_failures_is_told_once_and_its_end_too),
	NOTICES(a_lasting_failure_is_told_again_each_day),
	NOTICES(a_restart_changes_nothing),
	NOTICES(a_clock_put_back_does_not_silence),
	NOTICES(a_stop_is_neither_failure_nor_recovery),
	NOTICES(one_person_says_nothing_about_the_peers),
	NOTICES(a_failed_state_is_told_and_not_written_to),
	NOTICES(what_cannot_be_written_down_is_logged),
	NOTICES(tells_which_peer),
	NOTICES(tells_each_new_hold_and_those_in_quarantine),
	NOTICES(nonsense_in_the_state_is_no_failure),
	NOTICES(takes_new_settings),
};
const size_t notices_test_count = sizeof(notices_tests) / sizeof(*notices_tests);
