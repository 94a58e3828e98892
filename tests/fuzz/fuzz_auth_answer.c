/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what the auth service answers to a login: the first byte chooses the status, what follows
 * up to a newline is the Date, the rest is the body.  In virtual time the token is then used for an
 * hour: it must be one that a header can hold, and never older than its 35 minutes.
 *
 * With the highest bit of the first byte it is an OAuth host that answers to a refresh token; what
 * lies in the file afterwards must be one, and no message may hold it.
 */
#include "base/time.h"
#include "scim/auth.h"
#include "scim/auth_header.h"
#include "scim/codec_decode.h"
#include "scim/oauth_request.h"
#include "scim/token_file.h"
#include "tests/fake/fake_http.h"
#include "tests/fake/fake_loop.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define REFRESH_TOKEN "r3fresh/t0ken"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static char directory[] = "/tmp/scimward-fuzz-XXXXXX", token_path[64];

static void remove_place(void)
{
	char lock_path[80];

	(void)snprintf(lock_path, sizeof(lock_path), "%s.lock", token_path);
	(void)unlink(lock_path);
	(void)unlink(token_path);
	(void)rmdir(directory);
}

static void put_token(void)
{
	FILE *file;

	if (token_path[0] == '\0') {
		check(mkdtemp(directory) != NULL);
		(void)snprintf(token_path, sizeof(token_path), "%s/token", directory);
		atexit(remove_place);
	}
	file = fopen(token_path, "w");
	check(file != NULL && fputs(REFRESH_TOKEN "\n", file) >= 0);
	check(fchmod(fileno(file), 0600) == 0 && fclose(file) == 0);
}

static void check_token(void)
{
	struct token_file *file = token_file_new(token_path);
	struct secret *token = NULL;

	check(token_file_lock(file, NULL) == STATUS_OK);
	check(token_file_read(file, &token, NULL) == STATUS_OK);
	check(token_file_allows(secret_reveal(token)));
	secret_free(&token);
	token_file_free(&file);
}

struct ear {
	unsigned count;
	bool has_failed;
};

static void on_told(void *context, const struct auth_failure *failure)
{
	struct ear *ear = context;

	ear->count++;
	ear->has_failed = failure != NULL;
	if (failure == NULL)
		return;
	check(failure->status == STATUS_RETRY || failure->status == STATUS_DOWN);
	check(failure->err.text[0] != '\0');
	check(strstr(failure->err.text, REFRESH_TOKEN) == NULL);
	for (const char *at = failure->err.text; *at != '\0'; at++)
		check((unsigned char)*at >= ' ' && *at != '\x7f');
}

static void use_for_an_hour(
    struct loop *loop, struct auth *auth, struct span scheme, int64_t life_ms)
{
	struct span value;
	uint64_t generation;
	int64_t got_ms = loop_now_ms(loop);

	while (loop_now_ms(loop) < got_ms + TIME_HOUR_MS && auth_get(auth, &value, &generation)) {
		check(value.len > scheme.len && memcmp(value.at, scheme.at, scheme.len) == 0);
		check(auth_header_allows(
		    (struct span) { value.at + scheme.len, value.len - scheme.len }));
		check(generation == 1);
		check(loop_now_ms(loop) < got_ms + life_ms);
		fake_loop_advance(loop, TIME_MINUTE_MS);
	}
}

static void log_in(const struct fake_http_answer *answer, bool is_oauth)
{
	const struct tenant_settings settings = {
		.url = "https://t.example",
		.auth = { .method = is_oauth ? TENANT_AUTH_OAUTH_DEVICE : TENANT_AUTH_BASIC,
		    .url = "https://a.example",
		    .user = SPAN("u"),
		    .password = SPAN("env:SCIMWARD_FUZZ"),
		    .client_id = SPAN("c"),
		    .refresh_token_file = token_path },
		.timeout_ms = 1000,
	};
	struct tenant_counters counters = { 0 };
	struct loop *loop = loop_new();
	struct http *http = fake_http_new(loop);
	struct auth_input input = { loop, http, &settings, &counters };
	struct auth *auth = auth_new(&input);
	struct ear ear = { 0 };
	struct auth_waiter waiter = { .callback = on_told, .context = &ear };

	fake_http_script(http, answer);
	auth_wait(auth, &waiter);
	fake_loop_advance(loop, 0);
	check(ear.count == 1);
	if (!ear.has_failed)
		use_for_an_hour(loop, auth, is_oauth ? SPAN("Bearer ") : SPAN("AnaplanAuthToken "),
		    is_oauth ? TIME_DAY_MS : 35 * TIME_MINUTE_MS);
	auth_free(&auth);
	http_free(&http);
	loop_free(&loop);
}

static void read_alone(struct span body)
{
	struct decoder *decoder = decoder_new();
	struct decoded_token token;
	struct decoded_grant grant;
	struct decoded_device device;

	if (decode_token(decoder, body, &token, NULL) == STATUS_OK)
		check(token.value.len > 0 && token.expires_at_ms >= 0);
	if (decode_grant(decoder, body, &grant, NULL) == STATUS_OK)
		check(grant.access_token.len + grant.refresh_token.len > 0 && grant.life_ms >= 0 &&
		      grant.life_ms <= TIME_DAY_MS);
	if (decode_device(decoder, body, &device, NULL) == STATUS_OK)
		check(device.device_code.len > 0 && device.user_code.len > 0 &&
		      device.verification_uri.len > 0 && device.life_ms > 0 &&
		      device.interval_ms > 0);
	decoder_forget(decoder, true);
	decoder_free(&decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const int statuses[] = { 201, 200, 401, 429, 503, 207, 302 };
	struct span rest = { (const char *)bytes, size };
	struct fake_http_answer answer = { .status = 201, .body = "" };
	struct span date;
	char *date_text;
	bool is_oauth = size > 0 && (bytes[0] & 0x80) != 0;

	setenv("SCIMWARD_FUZZ", "p", 1);
	if (size > 0) {
		answer.status =
		    statuses[(bytes[0] & 0x7f) % (sizeof(statuses) / sizeof(*statuses))];
		rest.at++;
		rest.len--;
	}
	date = span_split(&rest, '\n');
	date_text = span_dup_c(date);
	answer.date = answer.retry_after = date_text;
	answer.body = rest.at == NULL ? "" : rest.at;
	answer.body_bytes = rest.len;
	if (rest.len == 0)
		answer.body = "";
	if (is_oauth)
		put_token();
	log_in(&answer, is_oauth);
	if (is_oauth)
		check_token();
	read_alone(rest);
	free(date_text);
	return 0;
}
