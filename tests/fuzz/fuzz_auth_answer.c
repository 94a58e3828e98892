/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what the auth service answers to a login: the first byte chooses the status, what follows
 * up to a newline is the Date, the rest is the body.  In virtual time the token is then used for an
 * hour: it must be one that a header can hold, and never older than its 35 minutes.
 */
#include "base/time.h"
#include "scim/auth.h"
#include "scim/auth_header.h"
#include "scim/codec_decode.h"
#include "tests/fake/fake_http.h"
#include "tests/fake/fake_loop.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
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
	for (const char *at = failure->err.text; *at != '\0'; at++)
		check((unsigned char)*at >= ' ' && *at != '\x7f');
}

static void use_for_an_hour(struct loop *loop, struct auth *auth)
{
	struct span value;
	uint64_t generation;
	int64_t got_ms = loop_now_ms(loop);

	while (loop_now_ms(loop) < got_ms + TIME_HOUR_MS && auth_get(auth, &value, &generation)) {
		check(value.len > 17 && memcmp(value.at, "AnaplanAuthToken ", 17) == 0);
		check(auth_header_allows((struct span) { value.at + 17, value.len - 17 }));
		check(generation == 1);
		check(loop_now_ms(loop) < got_ms + 35 * TIME_MINUTE_MS);
		fake_loop_advance(loop, TIME_MINUTE_MS);
	}
}

static void log_in(const struct fake_http_answer *answer)
{
	static const struct tenant_settings settings = {
		.url = "https://t.example",
		.auth = { .method = TENANT_AUTH_BASIC,
		    .url = "https://a.example",
		    .user = SPAN_INIT("u"),
		    .password = SPAN_INIT("env:SCIMWARD_FUZZ") },
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
		use_for_an_hour(loop, auth);
	auth_free(&auth);
	http_free(&http);
	loop_free(&loop);
}

static void read_alone(struct span body)
{
	struct decoder *decoder = decoder_new();
	struct decoded_token token;

	if (decode_token(decoder, body, &token, NULL) == STATUS_OK)
		check(token.value.len > 0 && token.expires_at_ms >= 0);
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

	setenv("SCIMWARD_FUZZ", "p", 1);
	if (size > 0) {
		answer.status = statuses[bytes[0] % (sizeof(statuses) / sizeof(*statuses))];
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
	log_in(&answer);
	read_alone(rest);
	free(date_text);
	return 0;
}
