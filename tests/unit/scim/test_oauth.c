/* SPDX-License-Identifier: ISC */
/* From refresh token to access token in virtual time: rotation, lost answers, deaths, refusals. */
#include "base/time.h"
#include "scim/auth.h"
#include "scim/token_file.h"
#include "tests/unit/scim/support.h"
#include "tests/unit/scim/token_file_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST   SECRET_MARK "-r1"
#define SECOND  SECRET_MARK "-r2"
#define ACCESS  SECRET_MARK "-a"
#define LIFE_MS (35 * TIME_MINUTE_MS)

static struct token_place place;

/* Waits for a credential, for as long as anything is left to do. */
static struct ear ask(struct world *world)
{
	struct ear ear = { .waiter = { .callback = ear_told, .context = &ear } };

	auth_wait(world->auth, &ear.waiter);
	fake_loop_advance(world->loop, 5 * TIME_MINUTE_MS);
	assert_int_equal(ear.count, 1);
	ear.waiter.context = NULL;
	return ear;
}

static void close_session(struct world *world)
{
	struct ear ear = { .waiter = { .callback = ear_told, .context = &ear } };

	auth_close(world->auth, &ear.waiter);
	fake_loop_advance(world->loop, 5 * TIME_MINUTE_MS);
	assert_int_equal(ear.count, 1);
}

static void assert_fails(struct world *world, enum status status, const char *why)
{
	struct ear ear = ask(world);

	assert_true(ear.has_failed);
	assert_int_equal(ear.failure.status, status);
	assert_has(ear.failure.err.text, why);
}

static void assert_value(struct world *world, const char *wanted)
{
	struct span value = SPAN("nothing was written");
	uint64_t generation;

	if (wanted == NULL) {
		assert_false(auth_get(world->auth, &value, &generation));
		return;
	}
	assert_true(auth_get(world->auth, &value, &generation));
	assert_span(value, wanted);
}

static void refuse_value(struct world *world)
{
	struct span value;
	uint64_t generation;

	assert_true(auth_get(world->auth, &value, &generation));
	auth_refuse(world->auth, generation);
}

/* Scripts a good answer. @param refresh  NULL: none in it */
static void script(struct world *world, const char *access, const char *refresh)
{
	char body[512];

	if (refresh == NULL)
		snprintf(body, sizeof(body),
		    "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":2100}",
		    access);
	else
		snprintf(body, sizeof(body),
		    "{\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"expires_in\":2100}",
		    access, refresh);
	fake_http_reply(world->http, 200, body);
}

static void assert_sent(struct world *world, size_t at, const char *token)
{
	char body[256];

	snprintf(body, sizeof(body),
	    "{\"grant_type\":\"refresh_token\",\"client_id\":\"cl-1\",\"refresh_token\":\"%s\"}",
	    token);
	assert_true(fake_http_count(world->http) > at);
	assert_string_equal(fake_http_request(world->http, at)->body, body);
	assert_null(fake_http_request(world->http, at)->authorization);
}

static void open_world(struct world *world)
{
	struct tenant_settings settings = oauth_settings(place.path);

	token_place_put(place.path, FIRST "\n", 0600);
	world_open(world, &settings);
}

static int make_place(void **state)
{
	(void)state;
	token_place_make(&place);
	*token_file_steps = (struct token_file_steps) { 0 };
	return 0;
}

static int remove_place(void **state)
{
	(void)state;
	*token_file_steps = (struct token_file_steps) { 0 };
	token_place_remove(&place);
	return 0;
}

/* --- exchanges ---------------------------------------------------------------------------- */

static void a_new_token_is_on_disk_before_the_other_is_used(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	assert_value(&world, NULL);
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	assert_sent(&world, 0, FIRST);
	assert_value(&world, "Bearer " ACCESS);
	token_place_holds(place.path, SECOND "\n");
	token_place_holds(place.lock, "");
	assert_int_equal(world.counters.outcomes[TENANT_LOGIN][TENANT_SUCCESS], 1);
	world_close(&world);
}

static void a_token_that_stays_is_not_written(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	script(&world, ACCESS, NULL);
	assert_false(ask(&world).has_failed);
	refuse_value(&world);
	script(&world, ACCESS "2", FIRST);
	*token_file_steps = (struct token_file_steps) { 0 };
	assert_false(ask(&world).has_failed);
	assert_sent(&world, 1, FIRST);
	assert_value(&world, "Bearer " ACCESS "2");
	for (int i = 0; i < token_file_steps->done; i++)
		assert_string_not_equal(token_file_steps->names[i], "rename");
	token_place_holds(place.path, FIRST "\n");
	world_close(&world);
}

/* A month of a service that has something to say each minute: renewed in time, never twice. */
static void a_month_of_rotation(void **state)
{
	struct world world;
	char access[32], refresh[32], wanted[48];
	size_t renewals = 0;

	(void)state;
	open_world(&world);
	script(&world, ACCESS "0", SECRET_MARK "-m0");
	assert_false(ask(&world).has_failed);
	snprintf(wanted, sizeof(wanted), "Bearer %s0", ACCESS);
	for (int minute = 0; minute < 30 * 24 * 60; minute++) {
		size_t before = fake_http_count(world.http);

		if (fake_http_counts(world.http).unused == 0) {
			renewals++;
			snprintf(access, sizeof(access), ACCESS "%zu", renewals);
			snprintf(refresh, sizeof(refresh), SECRET_MARK "-m%zu", renewals);
			script(&world, access, refresh);
		}
		assert_value(&world, wanted);
		fake_loop_advance(world.loop, TIME_MINUTE_MS);
		if (fake_http_count(world.http) > before)
			snprintf(wanted, sizeof(wanted), "Bearer %s", access);
	}
	/* Every 28 minutes (80 % of 35), as the minutes fall. */
	assert_in_range(renewals, 30 * 24 * 60 / 30, 30 * 24 * 60 / 27);
	world_close(&world);
}

static void sessions_share_a_token_until_somebody_logs_in(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	close_session(&world);
	assert_value(&world, "Bearer " ACCESS);
	assert_int_equal(fake_http_count(world.http), 1);
	close_session(&world);
	token_place_put(place.path, SECRET_MARK "-r9\n", 0600);
	assert_value(&world, NULL);
	script(&world, ACCESS "9", NULL);
	assert_false(ask(&world).has_failed);
	assert_sent(&world, 1, SECRET_MARK "-r9");
	world_close(&world);
}

static void a_token_without_an_end_lives_for_35_minutes(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	fake_http_reply(world.http, 200, "{\"access_token\":\"" ACCESS "\"}");
	assert_false(ask(&world).has_failed);
	assert_value(&world, "Bearer " ACCESS);
	fake_loop_advance(world.loop, LIFE_MS);
	assert_value(&world, NULL);
	world_close(&world);
}

/* --- what is never given up --------------------------------------------------------------- */

static void script_late(struct world *world, const char *access, const char *refresh)
{
	char body[256];
	struct fake_http_answer answer = { .status = 200, .body = body, .delay_ms = 20000 };

	snprintf(body, sizeof(body),
	    "{\"access_token\":\"%s\",\"refresh_token\":\"%s\",\"expires_in\":2100}", access,
	    refresh);
	fake_http_script(world->http, &answer);
}

/* A 401 and a log-out come while an exchange is under way: its answer is waited for. */
static void an_exchange_under_way_is_waited_for(void **state)
{
	struct ear closing = { .waiter = { .callback = ear_told, .context = &closing } };
	struct world world;

	(void)state;
	open_world(&world);
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	fake_loop_advance(world.loop, 24 * TIME_MINUTE_MS);
	script_late(&world, ACCESS "2", SECRET_MARK "-r3");
	assert_value(&world, "Bearer " ACCESS); /* starts the renewal */
	fake_loop_advance(world.loop, 1000);
	refuse_value(&world);
	assert_value(&world, NULL);
	auth_close(world.auth, &closing.waiter);
	fake_loop_advance(world.loop, 1000);
	assert_int_equal(closing.count, 0);
	fake_loop_advance(world.loop, 30000);
	assert_int_equal(closing.count, 1);
	assert_int_equal(fake_http_counts(world.http).canceled, 0);
	token_place_holds(place.path, SECRET_MARK "-r3\n");
	assert_value(&world, "Bearer " ACCESS "2");
	world_close(&world);
}

static void a_renewal_that_fails_leaves_the_old_token(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	fake_loop_advance(world.loop, 24 * TIME_MINUTE_MS);
	fake_http_reply(world.http, 503, "");
	assert_value(&world, "Bearer " ACCESS);
	fake_loop_advance(world.loop, 1000);
	assert_value(&world, "Bearer " ACCESS);
	assert_int_equal(fake_http_count(world.http), 2);
	script(&world, ACCESS "2", SECRET_MARK "-r3");
	fake_loop_advance(world.loop, TIME_MINUTE_MS);
	assert_value(&world, "Bearer " ACCESS);
	fake_loop_advance(world.loop, 1000);
	assert_value(&world, "Bearer " ACCESS "2");
	assert_sent(&world, 2, SECOND);
	world_close(&world);
}

/* --- lost answers ------------------------------------------------------------------------- */

static void a_lost_answer_is_asked_for_again(void **state)
{
	static const struct fake_http_answer lost[] = {
		{ .failure = HTTP_BROKEN },
		{ .failure = HTTP_TIMED_OUT },
		{ .status = 502, .body = "<html>" },
		{ .status = 200, .body = "{\"access_token\":" },
		{ .status = 200, .body = "{}" },
		{ .status = 200,
		    .body = "{\"access_token\":\"a b\",\"refresh_token\":\"\\u0007\"}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lost); i++) {
		struct world world;

		open_world(&world);
		fake_http_script(world.http, &lost[i]);
		assert_fails(&world, STATUS_RETRY, "POST /oauth/token: ");
		token_place_holds(place.path, FIRST "\n");
		script(&world, ACCESS, SECOND);
		assert_false(ask(&world).has_failed);
		assert_sent(&world, 1, FIRST);
		token_place_holds(place.path, SECOND "\n");
		token_place_holds(place.lock, "");
		world_close(&world);
	}
}

/* Also by the process that comes after the one that died with the request under way. */
static void a_refusal_after_a_lost_answer_says_so(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	fake_http_script(world.http, &(struct fake_http_answer) { .failure = HTTP_BROKEN });
	assert_fails(&world, STATUS_RETRY, "the connection broke");
	token_place_holds(place.lock, "2026-03-01T00:00:00Z");
	world_close(&world);
	open_world(&world);
	fake_loop_advance(world.loop, 90 * TIME_SECOND_MS);
	/* open_world wrote the file anew: as it was it is older than the note. */
	token_place_put(place.lock, "2026-03-01T00:00:00Z", 0600);
	fake_http_reply(world.http, 400, "{\"error\":\"invalid_grant\"}");
	assert_fails(&world, STATUS_DOWN,
	    "or spent by the exchange of 2026-03-01T00:00:00Z, whose answer was lost; log in with "
	    "\"scimward login\"");
	token_place_holds(place.lock, "");
	world_close(&world);
}

static void a_request_that_never_left_is_no_lost_answer(void **state)
{
	struct ear ear;
	struct world world;

	(void)state;
	open_world(&world);
	fake_http_script(world.http,
	    &(struct fake_http_answer) { .failure = HTTP_REFUSED, .was_not_sent = true });
	ear = ask(&world);
	assert_int_equal(ear.failure.status, STATUS_RETRY);
	assert_true(ear.failure.is_refused);
	token_place_holds(place.lock, "");
	fake_http_script(world.http,
	    &(struct fake_http_answer) { .status = 429, .body = "", .retry_after = "7" });
	ear = ask(&world);
	assert_int_equal(ear.failure.status, STATUS_RETRY);
	assert_int_equal(ear.failure.retry_after_ms, 7000);
	token_place_holds(place.lock, "");
	world_close(&world);
}

/* --- refusals ----------------------------------------------------------------------------- */

static void a_refused_token_is_not_sent_again_until_somebody_logs_in(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	fake_http_reply(world.http, 403,
	    "{\"error\":\"invalid_grant\",\"error_description\":\"Unknown " FIRST "\"}");
	assert_fails(&world, STATUS_DOWN, "log in with \"scimward login\"");
	for (int i = 0; i < 50; i++)
		assert_fails(&world, STATUS_DOWN, place.path);
	assert_int_equal(fake_http_count(world.http), 1);
	token_place_put(place.path, SECRET_MARK "-r9\n", 0600);
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	assert_sent(&world, 1, SECRET_MARK "-r9");
	world_close(&world);
}

static void other_refusals_name_the_client(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	fake_http_reply(world.http, 401, "{\"error\":\"invalid_client\"}");
	assert_fails(&world, STATUS_DOWN, "check tenant.auth.client_id");
	fake_http_reply(world.http, 404, "<html>");
	assert_fails(&world, STATUS_DOWN, "check tenant.auth.url");
	assert_int_equal(fake_http_count(world.http), 2);
	world_close(&world);
}

static void without_a_file_nothing_is_sent(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	assert_int_equal(unlink(place.path), 0);
	assert_fails(&world, STATUS_DOWN, "is not there yet; log in with \"scimward login\"");
	token_place_put(place.path, FIRST "\n", 0644);
	assert_fails(&world, STATUS_DOWN, "others can read");
	assert_int_equal(fake_http_count(world.http), 0);
	world_close(&world);
}

/* --- growing old -------------------------------------------------------------------------- */

static void made_hours_ago(struct world *world, int hours)
{
	int64_t at_ms = loop_wall_ms(world->loop) - hours * TIME_HOUR_MS;
	struct timespec times[2] = { { at_ms / 1000, 0 }, { at_ms / 1000, 0 } };

	assert_int_equal(utimensat(AT_FDCWD, place.path, times, 0), 0);
}

/* A token that rotates dies within hours, and a weekend is longer. */
static void a_token_that_lies_too_long_is_exchanged(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	made_hours_ago(&world, 3);
	assert_false(auth_must_open(world.auth));
	script(&world, ACCESS, NULL);
	assert_false(ask(&world).has_failed);
	close_session(&world);
	fake_loop_advance(world.loop, 3 * TIME_HOUR_MS);
	assert_false(auth_must_open(world.auth)); /* it was used three hours ago */
	fake_loop_advance(world.loop, 2 * TIME_HOUR_MS);
	assert_true(auth_must_open(world.auth));
	script(&world, ACCESS "2", SECOND);
	assert_false(ask(&world).has_failed);
	assert_false(auth_must_open(world.auth));
	world_close(&world);
}

static void a_long_access_token_does_not_hide_it(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	made_hours_ago(&world, 0);
	fake_http_reply(world.http, 200, "{\"access_token\":\"" ACCESS "\",\"expires_in\":86400}");
	assert_false(ask(&world).has_failed);
	close_session(&world);
	assert_value(&world, "Bearer " ACCESS);
	close_session(&world);
	fake_loop_advance(world.loop, 5 * TIME_HOUR_MS);
	assert_true(auth_must_open(world.auth));
	assert_value(&world, NULL);
	world_close(&world);
}

static void a_token_of_no_use_is_told_before_it_is_needed(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	assert_int_equal(unlink(place.path), 0);
	assert_true(auth_must_open(world.auth));
	token_place_put(place.path, FIRST "\n", 0600);
	assert_false(auth_must_open(world.auth));
	fake_http_reply(world.http, 400, "{\"error\":\"invalid_grant\"}");
	assert_fails(&world, STATUS_DOWN, "scimward login");
	assert_true(auth_must_open(world.auth));
	token_place_put(place.path, SECOND "\n", 0600);
	assert_false(auth_must_open(world.auth));
	world_close(&world);
}

/* --- several processes, and a disk that fails --------------------------------------------- */

static void another_process_is_waited_for(void **state)
{
	struct ear ear = { .waiter = { .callback = ear_told, .context = &ear } };
	struct token_file *other = token_file_new(place.path);
	struct err err;
	struct world world;

	(void)state;
	open_world(&world);
	assert_int_equal(token_file_lock(other, &err), STATUS_OK);
	auth_wait(world.auth, &ear.waiter);
	fake_loop_advance(world.loop, 30 * TIME_SECOND_MS);
	assert_int_equal(ear.count, 0);
	assert_int_equal(fake_http_count(world.http), 0);
	assert_int_equal(token_file_store(other, SPAN(SECOND), &err), STATUS_OK);
	token_file_unlock(other);
	script(&world, ACCESS, SECRET_MARK "-r3");
	fake_loop_advance(world.loop, TIME_SECOND_MS);
	assert_int_equal(ear.count, 1);
	assert_sent(&world, 0, SECOND); /* what the other one left */
	refuse_value(&world);
	assert_int_equal(token_file_lock(other, &err), STATUS_OK);
	assert_fails(&world, STATUS_RETRY, "is locked by another process");
	token_file_free(&other);
	world_close(&world);
}

static void a_disk_without_room_costs_no_token(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	token_file_steps->fail_at = 4; /* lock file, its mode, lock; then the file beside */
	token_file_steps->fail_with = ENOSPC;
	assert_fails(&world, STATUS_DOWN, "No space left on device");
	assert_int_equal(fake_http_count(world.http), 0);
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	world_close(&world);
}

/* The step of an exchange that is the n-th with that name. */
static int step_of(const char *name)
{
	struct world world;
	int at = 0;

	open_world(&world);
	*token_file_steps = (struct token_file_steps) { 0 };
	script(&world, ACCESS, SECOND);
	assert_false(ask(&world).has_failed);
	world_close(&world);
	while (strcmp(token_file_steps->names[at], name) != 0)
		at++;
	return at + 1;
}

static void a_token_that_cannot_be_stored_is_kept_and_not_used(void **state)
{
	static const char *const steps[] = { "write", "sync", "rename" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct token_file *other = token_file_new(place.path);
		int step = step_of(steps[i]);
		struct world world;
		struct err err;

		open_world(&world);
		script(&world, ACCESS, SECOND);
		*token_file_steps = (struct token_file_steps) { .fail_at = step, .fail_with = EIO };
		assert_fails(&world, STATUS_RETRY, "is kept in memory until it can be stored");
		assert_value(&world, NULL);
		/* Nobody else may spend the token that lies there. */
		assert_int_equal(token_file_lock(other, &err), STATUS_RETRY);
		assert_false(ask(&world).has_failed);
		assert_int_equal(fake_http_count(world.http), 1);
		assert_value(&world, "Bearer " ACCESS);
		token_place_holds(place.path, SECOND "\n");
		assert_int_equal(token_file_lock(other, &err), STATUS_OK);
		token_file_free(&other);
		world_close(&world);
	}
}

static void the_end_of_the_process_is_a_last_chance_to_store(void **state)
{
	int step = step_of("write");
	struct world world;

	(void)state;
	open_world(&world);
	script(&world, ACCESS, SECOND);
	*token_file_steps = (struct token_file_steps) { .fail_at = step, .fail_with = EIO };
	assert_fails(&world, STATUS_RETRY, "is kept in memory");
	world_close(&world);
	token_place_holds(place.path, SECOND "\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)

const struct CMUnitTest oauth_tests[] = {
	TEST(a_new_token_is_on_disk_before_the_other_is_used),
	TEST(a_token_that_stays_is_not_written),
	TEST(a_month_of_rotation),
	TEST(sessions_share_a_token_until_somebody_logs_in),
	TEST(a_token_without_an_end_lives_for_35_minutes),
	TEST(an_exchange_under_way_is_waited_for),
	TEST(a_renewal_that_fails_leaves_the_old_token),
	TEST(a_lost_answer_is_asked_for_again),
	TEST(a_refusal_after_a_lost_answer_says_so),
	TEST(a_request_that_never_left_is_no_lost_answer),
	TEST(a_refused_token_is_not_sent_again_until_somebody_logs_in),
	TEST(other_refusals_name_the_client),
	TEST(without_a_file_nothing_is_sent),
	TEST(a_token_that_lies_too_long_is_exchanged),
	TEST(a_long_access_token_does_not_hide_it),
	TEST(a_token_of_no_use_is_told_before_it_is_needed),
	TEST(another_process_is_waited_for),
	TEST(a_disk_without_room_costs_no_token),
	TEST(a_token_that_cannot_be_stored_is_kept_and_not_used),
	TEST(the_end_of_the_process_is_a_last_chance_to_store),
};
const size_t oauth_test_count = COUNT_OF(oauth_tests);
