/* SPDX-License-Identifier: ISC */
/* What answers mean; what really goes over the wire is in tests/integration/test_notify.py. */
#include "tests/unit/notify/tests.h"

#include "base/time.h"
#include "notify/notifier.h"
#include "notify/webhook.h"
#include "tests/fake/fake_loop.h"
#include <stdlib.h>

static void judges_each_status(void **state)
{
	static const int later[] = { 0, 100, 103, 408, 425, 429, 500, 502, 503, 504, 599 };
	static const int refused[] = { 300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 410, 413,
		415, 422, 451 };

	(void)state;
	for (int status = 200; status < 300; status++)
		assert_int_equal(webhook_judge(status), COURIER_DELIVERED);
	for (size_t i = 0; i < COUNT_OF(later); i++)
		assert_int_equal(webhook_judge(later[i]), COURIER_LATER);
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		assert_int_equal(webhook_judge(refused[i]), COURIER_REFUSED);
}

static void reads_retry_after(void **state)
{
	const int64_t now_ms = INT64_C(1772366400000); /* 2026-03-01T12:00:00Z */
	static const struct {
		const char *text;
		int64_t wait_ms;
	} cases[] = {
		{ "0", 0 },
		{ "30", 30000 },
		{ " 30 ", 30000 },
		{ "99999999999", TIME_DAY_MS },
		{ "Sun, 01 Mar 2026 12:00:40 GMT", 40000 },
		{ "Sun, 01 Mar 2026 11:00:00 GMT", 0 },
		{ "", -1 },
		{ "soon", -1 },
		{ "-5", -1 },
		{ "1.5", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
		    webhook_retry_after_ms(span_of(cases[i].text), now_ms), cases[i].wait_ms);
	assert_int_equal(webhook_retry_after_ms(SPAN_NULL, now_ms), -1);
}

/* ---- the notifier, as far as it needs no receiver ---- */

struct ears {
	struct loop *loop;
	unsigned lost, mails_lost, cut_short, drained;
	enum notice_event event;
	char why[256];
};

static void on_lost(void *context, const char *courier, enum notice_event event, const char *why)
{
	struct ears *ears = context;

	ears->mails_lost += strcmp(courier, "mail") == 0;
	ears->cut_short += strstr(why, "no more time") != NULL;
	ears->lost++;
	ears->event = event;
	assert_true(strlen(why) < sizeof(ears->why));
	memcpy(ears->why, why, strlen(why) + 1);
}

static void on_drained(void *context)
{
	((struct ears *)context)->drained++;
}

static const char *const all[] = { "hold", "failure", "recovered", "quarantine" };
static const struct notifier_events events = { on_lost, on_drained };

static struct notifier *notifier(struct ears *ears, const char *webhook, size_t on_count)
{
	struct notifier_settings settings = { .webhook = webhook, .on = all, .on_count = on_count };

	*ears = (struct ears) { .loop = loop_new() };
	return notifier_new(ears->loop, &settings, &events, ears);
}

static void send(struct notifier *notifier, enum notice_event event)
{
	notifier_send(notifier, &(struct notice) { .event = event, .failures = 1 });
}

static void is_silent_about_what_nobody_wants(void **state)
{
	struct ears ears;
	struct notifier *to_all = notifier(&ears, "env:NO_SUCH_VARIABLE_OF_TESTS", 2);

	(void)state;
	send(to_all, NOTICE_RECOVERED);
	send(to_all, NOTICE_QUARANTINE);
	fake_loop_advance(ears.loop, TIME_HOUR_MS);
	assert_int_equal(ears.lost, 0);
	send(to_all, NOTICE_FAILURE);
	fake_loop_advance(ears.loop, TIME_HOUR_MS);
	assert_int_equal(ears.lost, 1);
	assert_int_equal(ears.event, NOTICE_FAILURE);
	notifier_free(&to_all);
	loop_free(&ears.loop);
}

static void is_silent_without_a_webhook(void **state)
{
	struct ears ears;
	struct notifier *to_none = notifier(&ears, NULL, 4);

	(void)state;
	send(to_none, NOTICE_FAILURE);
	fake_loop_advance(ears.loop, TIME_HOUR_MS);
	assert_int_equal(ears.lost, 0);
	notifier_drain(to_none);
	assert_int_equal(ears.drained, 0); /* not before it returned */
	fake_loop_advance(ears.loop, 1);
	assert_int_equal(ears.drained, 1);
	notifier_free(&to_none);
	loop_free(&ears.loop);
}

static void a_secret_that_leads_elsewhere_is_not_followed_nor_told(void **state)
{
	static const struct {
		const char *url, *why;
	} urls[] = {
		{ "http://hunter2.example/", "this host only" },
		{ "hunter2", "does not begin with https://" },
		{ "ftp://hunter2/", "does not begin with https://" },
		{ "https://hunter2 /", "holds spaces" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		struct ears ears;
		struct notifier *lost;

		setenv("SCIMWARD_TEST_WEBHOOK", urls[i].url, 1);
		lost = notifier(&ears, "env:SCIMWARD_TEST_WEBHOOK", 4);
		send(lost, NOTICE_HOLD);
		assert_int_equal(ears.lost, 0);
		fake_loop_advance(ears.loop, TIME_HOUR_MS);
		assert_int_equal(ears.lost, 1);
		assert_non_null(strstr(ears.why, urls[i].why));
		assert_null(strstr(ears.why, "hunter2"));
		notifier_free(&lost);
		loop_free(&ears.loop);
	}
	unsetenv("SCIMWARD_TEST_WEBHOOK");
}

static void without_a_webhook_after_a_reload_nothing_waits(void **state)
{
	struct ears ears;
	struct notifier *reloaded = notifier(&ears, "env:NO_SUCH_VARIABLE_OF_TESTS", 4);

	(void)state;
	send(reloaded, NOTICE_HOLD);
	fake_loop_advance(ears.loop, 1000);
	notifier_configure(reloaded, &(struct notifier_settings) { .on = all, .on_count = 4 });
	fake_loop_advance(ears.loop, TIME_HOUR_MS);
	assert_int_equal(ears.lost, 0);
	notifier_free(&reloaded);
	loop_free(&ears.loop);
}

static void draining_ends_within_seconds(void **state)
{
	struct ears ears;
	struct notifier *dead = notifier(&ears, "env:NO_SUCH_VARIABLE_OF_TESTS", 4);

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		send(dead, NOTICE_HOLD);
	fake_loop_advance(ears.loop, 1000);
	notifier_drain(dead);
	fake_loop_advance(ears.loop, NOTIFIER_DRAIN_MS);
	assert_int_equal(ears.drained, 1);
	assert_int_equal(ears.lost, 10);
	fake_loop_advance(ears.loop, TIME_HOUR_MS);
	assert_int_equal(ears.drained, 1);
	notifier_free(&dead);
	loop_free(&ears.loop);
}

static void draining_waits_for_both_ways(void **state)
{
	static const char *const to[] = { "a@b" };
	struct notifier_settings settings = { .webhook = "ftp://nowhere",
		.mail = { "smtps://127.0.0.1", "a@b", to, 1, "u", SPAN("env:NO_SUCH_VARIABLE") },
		.on = all,
		.on_count = 4 };

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct ears ears = { .loop = loop_new() };
		struct notifier *both = notifier_new(ears.loop, &settings, &events, &ears);

		fake_loop_set_seed(ears.loop, seed);
		send(both, NOTICE_HOLD);
		notifier_drain(both);
		fake_loop_advance(ears.loop, NOTIFIER_DRAIN_MS);
		assert_int_equal(ears.drained, 1);
		assert_int_equal(ears.lost, 2);
		assert_int_equal(ears.mails_lost, 1);
		assert_int_equal(ears.cut_short, 0);
		notifier_free(&both);
		loop_free(&ears.loop);
	}
}

const struct CMUnitTest webhook_tests[] = {
	cmocka_unit_test(judges_each_status),
	cmocka_unit_test(reads_retry_after),
	cmocka_unit_test(is_silent_about_what_nobody_wants),
	cmocka_unit_test(is_silent_without_a_webhook),
	cmocka_unit_test(a_secret_that_leads_elsewhere_is_not_followed_nor_told),
	cmocka_unit_test(without_a_webhook_after_a_reload_nothing_waits),
	cmocka_unit_test(draining_ends_within_seconds),
	cmocka_unit_test(draining_waits_for_both_ways),
};
const size_t webhook_test_count = COUNT_OF(webhook_tests);
