/* SPDX-License-Identifier: ISC */
#include "scim/check.h"

#include "base/time.h"
#include "base/vec.h"
#include "scim/codec_encode.h"
#include "scim/profile.h"
#include "scim/token_file.h"
#include <stdlib.h>

#define CLOCK_DIFFERENCE_MAX_MS (60 * TIME_SECOND_MS)

struct check {
	struct check_input in;
	check_callback *callback;
	void *context;
	int64_t started_ms;
	int64_t difference_ms; /* the tenant's clock minus ours */
	bool has_clock;
};

static void say(
    struct check *check, bool is_ok, struct span what, const struct str *detail, bool is_last)
{
	check_callback *callback = check->callback;
	void *context = check->context;

	if (is_last)
		free(check);
	callback(context, is_ok, what, str_span(detail), is_last);
}

/* Ends the check where the answer is bad. @return whether it goes on */
static bool go_on(struct check *check, struct span what, const struct tenant_answer *answer)
{
	struct str detail = { 0 };

	if (answer->status == STATUS_OK)
		return true;
	str_add(&detail, answer->error);
	say(check, false, what, &detail, true);
	str_done(&detail);
	return false;
}

static void tell_clock(struct check *check)
{
	struct str detail = { 0 };
	char text[TIME_TEXT_SIZE];
	int64_t difference_ms = check->difference_ms;
	bool is_good;

	if (!check->has_clock) {
		str_add_c(&detail, "the tenant does not tell the time");
		say(check, true, SPAN("clock"), &detail, true);
		str_done(&detail);
		return;
	}
	is_good = difference_ms <= CLOCK_DIFFERENCE_MAX_MS &&
		  difference_ms >= -CLOCK_DIFFERENCE_MAX_MS;
	duration_format(difference_ms < 0 ? -difference_ms : difference_ms, text);
	if (is_good)
		str_add_c(&detail, "as the tenant's, to a minute");
	else
		str_addf(&detail, "this host's is %s %s the tenant's; check its time service", text,
		    difference_ms < 0 ? "ahead of" : "behind");
	say(check, is_good, SPAN("clock"), &detail, true);
	str_done(&detail);
}

static void on_discovered(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct check *check = context;
	struct str detail = { 0 };

	(void)http;
	if (!go_on(check, SPAN("discovery"), answer))
		return;
	profile_describe(check->in.traits, &detail);
	say(check, true, SPAN("discovery"), &detail, false);
	str_done(&detail);
	tell_clock(check);
}

static void on_listed(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct check *check = context;
	struct str detail = { 0 };

	(void)http;
	if (!go_on(check, SPAN("role"), answer))
		return;
	str_add_c(&detail, "may list users");
	say(check, true, SPAN("role"), &detail, false);
	str_truncate(&detail, 0);
	if (answer->total >= 0)
		str_addf(&detail, "%lld", (long long)answer->total);
	else
		str_add_c(&detail, "the tenant does not tell how many");
	say(check, true, SPAN("accounts"), &detail, false);
	str_done(&detail);
	profile_open(check->in.client, check->in.settings->profile, check->in.traits,
	    &(struct client_owner) { .watch = on_discovered, .context = check });
}

/* Not to know is no fault of the configuration, so it fails nothing. */
static void tell_self(struct check *check)
{
	const struct tenant_self *self = auth_self(check->in.auth);
	bool is_key = check->in.settings->auth.method == TENANT_AUTH_API_KEY;
	bool is_oauth = check->in.settings->auth.method == TENANT_AUTH_OAUTH_DEVICE;
	struct str detail = { 0 };

	if (self == NULL)
		return;
	if (self->user_name.len + self->account_id.len == 0)
		str_addf(&detail,
		    "warning: %s; name its owner in policy.protect, so that the agent cannot "
		    "lock itself out",
		    is_key     ? "an API key does not tell whose it is"
		    : is_oauth ? "an OAuth token does not tell whose it is"
			       : "the tenant does not tell whose credential it is");
	if (self->user_name.len > 0)
		str_add(&detail, self->user_name);
	if (self->account_id.len > 0)
		str_addf(&detail, "%saccount %.*s", detail.len > 0 ? ", " : "",
		    SPAN_ARG(self->account_id));
	if (self->user_name.len + self->account_id.len > 0)
		str_add_c(&detail, "; never changed by the agent");
	say(check, true, SPAN("own account"), &detail, false);
	str_done(&detail);
}

static void on_token(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct check *check = context;
	struct str text = { 0 };
	struct client_request request = {
		.method = SPAN("GET"),
		.answer = CLIENT_BODY_LIST,
		.list_start = 1,
	};

	(void)http;
	if (!go_on(check, SPAN("token"), answer))
		return;
	auth_describe(check->in.auth, &text);
	say(check, true, SPAN("token"), &text, false);
	tell_self(check);
	str_truncate(&text, 0);
	encode_list_path(&text, 1, 1);
	request.path = str_span(&text);
	client_start(check->in.client, &request,
	    &(struct client_owner) { .watch = on_listed, .context = check });
	str_done(&text);
}

/* The middle of the request is held against the answer's date, which has whole seconds. */
static void note_clock(struct check *check, struct span date)
{
	int64_t elapsed_ms = loop_now_ms(check->in.loop) - check->started_ms, tenant_ms;

	if (date.at == NULL || !time_parse_http(date, &tenant_ms))
		return;
	check->has_clock = true;
	check->difference_ms = tenant_ms + TIME_SECOND_MS / 2 -
			       (loop_wall_ms(check->in.loop) - elapsed_ms / 2);
}

static void tell_reached(struct check *check, const struct http_answer *http)
{
	bool is_cleartext = strncasecmp(check->in.settings->url, "http:", 5) == 0;
	struct str detail = { 0 };

	str_addf(&detail, "%s answered in %lld ms", check->in.settings->url,
	    (long long)(loop_now_ms(check->in.loop) - check->started_ms));
	say(check, true, SPAN("connection"), &detail, false);
	str_truncate(&detail, 0);
	str_add_c(&detail,
	    is_cleartext ? "none: tenant.allow_cleartext is set" : "the certificate is trusted");
	say(check, true, SPAN("TLS"), &detail, false);
	str_done(&detail);
	note_clock(check, http->date);
}

/* Said before the token is asked for, which may fail for that very reason. */
static void tell_token_file(struct check *check)
{
	struct str detail = { 0 };
	bool is_well;

	if (check->in.settings->auth.method != TENANT_AUTH_OAUTH_DEVICE)
		return;
	is_well = token_file_check(check->in.settings->auth.refresh_token_file, &detail);
	say(check, is_well, SPAN("refresh token"), &detail, false);
	str_done(&detail);
}

static void on_reached(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	static const struct client_request token = { .answer = CLIENT_BODY_ANY };
	struct check *check = context;
	bool is_tls = http != NULL &&
		      (http->failure == HTTP_NOT_TRUSTED || http->failure == HTTP_TLS_FAILED);

	if (http == NULL || http->failure != HTTP_NO_FAILURE) {
		go_on(check, is_tls ? SPAN("TLS") : SPAN("connection"), answer);
		return;
	}
	tell_reached(check, http);
	tell_token_file(check);
	client_start(check->in.client, &token,
	    &(struct client_owner) { .watch = on_token, .context = check });
}

void tenant_check_start(const struct check_input *input, check_callback *callback, void *context)
{
	static const struct client_request reach = {
		.method = SPAN_INIT("GET"),
		.path = SPAN_INIT("/ServiceProviderConfig"),
		.answer = CLIENT_BODY_ANY,
		.is_anonymous = true,
	};
	struct check *check = mem_new(1, sizeof(*check));

	check->in = *input;
	check->callback = callback;
	check->context = context;
	check->started_ms = loop_now_ms(input->loop);
	client_start(input->client, &reach,
	    &(struct client_owner) { .watch = on_reached, .context = check });
}
