/* SPDX-License-Identifier: ISC */
#include "tests/unit/scim/support.h"

#include "base/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned bad_lines;

/* --- the world ---------------------------------------------------------------------------- */

struct tenant_settings api_key_settings(void)
{
	setenv("SCIM_TEST_KEY", SECRET_MARK "-key", 1);
	return (struct tenant_settings) {
		.profile = TENANT_ANAPLAN,
		.url = "https://api.example/scim/1/0/v2",
		.auth = { .method = TENANT_AUTH_API_KEY, .key = SPAN("env:SCIM_TEST_KEY") },
		.timeout_ms = 60000,
		.concurrency = 8,
	};
}

struct tenant_settings basic_settings(void)
{
	setenv("SCIM_TEST_PASSWORD", SECRET_MARK "-password", 1);
	return (struct tenant_settings) {
		.profile = TENANT_ANAPLAN,
		.url = "https://api.example/scim/1/0/v2",
		.auth = { .method = TENANT_AUTH_BASIC,
		    .url = "https://auth.example",
		    .user = SPAN("agent@corp.example"),
		    .password = SPAN("env:SCIM_TEST_PASSWORD") },
		.timeout_ms = 60000,
		.concurrency = 8,
	};
}

struct tenant_settings oauth_settings(const char *token_file)
{
	return (struct tenant_settings) {
		.profile = TENANT_ANAPLAN,
		.url = "https://api.example/scim/1/0/v2",
		.auth = { .method = TENANT_AUTH_OAUTH_DEVICE,
		    .url = "https://oauth.example",
		    .client_id = SPAN("cl-1"),
		    .refresh_token_file = token_file },
		.timeout_ms = 60000,
		.concurrency = 8,
	};
}

void token_place_make(struct token_place *place)
{
	/* In memory where that is possible: these tests sync a thousand times. */
	snprintf(place->directory, sizeof(place->directory), "%s/scimward-token-XXXXXX",
	    access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/refresh-token", place->directory);
	snprintf(place->beside, sizeof(place->beside), "%s.new", place->path);
	snprintf(place->lock, sizeof(place->lock), "%s.lock", place->path);
}

void token_place_remove(struct token_place *place)
{
	(void)unlink(place->path);
	(void)unlink(place->beside);
	(void)unlink(place->lock);
	assert_int_equal(rmdir(place->directory), 0);
}

void token_place_put(const char *name, const char *text, unsigned mode)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	assert_int_equal(fclose(file), 0);
}

void token_place_holds(const char *name, const char *text)
{
	char held[256] = "";
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	held[fread(held, 1, sizeof(held) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(held, text);
}

void ear_told(void *context, const struct auth_failure *failure)
{
	struct ear *ear = context;

	ear->count++;
	ear->has_failed = failure != NULL;
	if (failure == NULL)
		return;
	ear->failure = *failure;
	assert_lacks(failure->err.text, SECRET_MARK);
	assert_has(failure->err.text, "the tenant's credential cannot be had: ");
}

void world_open(struct world *world, const struct tenant_settings *settings)
{
	struct auth_input auth;
	struct client_input client;

	*world = (struct world) { .settings = *settings };
	world->loop = loop_new();
	world->http = fake_http_new(world->loop);
	auth = (struct auth_input) { world->loop, world->http, &world->settings, &world->counters };
	world->auth = auth_new(&auth);
	client = (struct client_input) { world->loop, world->http, world->auth, &world->settings,
		&world->counters };
	world->client = client_new(&client);
}

void world_close(struct world *world)
{
	client_free(&world->client);
	auth_free(&world->auth);
	http_free(&world->http);
	assert_int_equal(fake_loop_watcher_count(world->loop), 0);
	loop_free(&world->loop);
}

void world_script_token(struct world *world, const char *value, int64_t life_ms)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"status\":\"SUCCESS\",\"statusMessage\":\"Login successful\",\"tokenInfo\":{"
	    "\"tokenValue\":\"%s\",\"tokenId\":\"t\",\"expiresAt\":%lld,\"refreshTokenId\":\"r\"}}",
	    value, (long long)(loop_wall_ms(world->loop) + life_ms));
	fake_http_reply(world->http, 201, body);
}

/* --- ears --------------------------------------------------------------------------------- */

static void copy_span(char *into, size_t size, struct span text)
{
	snprintf(into, size, "%.*s", SPAN_ARG(text));
}

static void copy_id(struct heard *heard, struct span id)
{
	size_t len = strlen(heard->ids);

	snprintf(heard->ids + len, sizeof(heard->ids) - len, "%s%.*s", len == 0 ? "" : " ",
	    SPAN_ARG(id));
}

static void copy_ids(struct heard *heard, const struct tenant_answer *answer)
{
	heard->ids[0] = '\0';
	for (size_t i = 0; i < answer->account_count; i++)
		copy_id(heard, answer->accounts[i].id);
	for (size_t i = 0; i < answer->workspace_count; i++)
		copy_id(heard, answer->workspaces[i]);
}

void hear(void *context, const struct tenant_answer *answer)
{
	struct heard *heard = context;

	heard->count++;
	heard->at_ms = heard->loop == NULL ? 0 : loop_now_ms(heard->loop);
	heard->status = answer->status;
	heard->http_status = answer->http_status;
	heard->retry_after_ms = answer->retry_after_ms;
	heard->total = answer->total;
	heard->is_refused = answer->is_refused;
	heard->may_have_happened = answer->may_have_happened;
	heard->is_partial = answer->is_partial;
	heard->account_count = answer->account_count;
	copy_ids(heard, answer);
	copy_span(heard->error, sizeof(heard->error), answer->error);
	copy_span(heard->error_type, sizeof(heard->error_type), answer->error_type);
	copy_span(heard->request_id, sizeof(heard->request_id), answer->request_id);
	assert_null(strstr(heard->error, SECRET_MARK));
	/* What is not well has a reason, and what is well has none. */
	if (answer->status == STATUS_OK && !answer->is_partial)
		assert_null(answer->error.at);
	else
		assert_true(answer->error.len > 0);
}

/* --- asserting ---------------------------------------------------------------------------- */

void assert_span_is(struct span span, const char *text, const char *file, int line)
{
	if (span_equal(span, span_of(text)))
		return;
	print_error("is     %s%.*s\nwanted %s\n", span.at == NULL ? "(absent)" : "", SPAN_ARG(span),
	    text == NULL ? "(absent)" : text);
	_fail(file, line);
}

void assert_has_part(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part) != NULL)
		return;
	print_error("\"%s\" is not in \"%s\"\n", part, text);
	_fail(file, line);
}

/* --- the log ------------------------------------------------------------------------------ */

static void on_line(void *context, const struct log_line *line)
{
	(void)context;
	if (line->level == LOG_LEVEL_DEBUG && strstr(line->message, SECRET_MARK) == NULL)
		return;
	fprintf(stderr, "log: %s\n", line->message);
	bad_lines++;
}

void log_watch_start(void)
{
	log_open(on_line, NULL, LOG_LEVEL_DEBUG);
}

int log_watch_end(void)
{
	log_open(NULL, NULL, LOG_LEVEL_INFO);
	if (bad_lines > 0)
		fprintf(stderr, "%u lines that should not have been logged\n", bad_lines);
	return bad_lines > 0;
}
