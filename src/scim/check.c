/* SPDX-License-Identifier: ISC */
#include "scim/check.h"

#include "base/time.h"
#include "base/vec.h"
#include "scim/codec_encode.h"
#include "scim/profile.h"
#include "scim/token_file.h"
#include <stdlib.h>

struct tenant_check {
	struct check_input in;
	struct check_teller teller;
	int64_t started_ms;
	struct check_clock clock;
	bool has_clock;
	struct http_inspection tenant; /* what was seen of the tenant's own host */
	struct x509_summary peer;
};

static void end(struct tenant_check *check, const char *why)
{
	check_skip_rest(&check->teller, why);
	check_teller_close(&check->teller);
}

/* Tells a step that failed. @return whether the answer is good and it goes on */
static bool go_on(struct tenant_check *check, const char *name, const struct tenant_answer *answer)
{
	if (answer->status == STATUS_OK)
		return true;
	check_begin(&check->teller, name);
	emit_member_int(&check->teller.data, "httpStatus", answer->http_status);
	check_add_message(&check->teller, answer->error,
	    "check tenant.url, its path too, and what the credential may do in the tenant");
	check_tell(
	    &check->teller, answer->status == STATUS_CANCELED ? CHECK_SKIPPED : CHECK_FAILED);
	return false;
}

static bool is_https(const char *url)
{
	return strncasecmp(url, "https:", 6) == 0;
}

/* ---- clock and limits ---- */

/* The middle of the request is held against the answer's date, which has whole seconds. */
static void note_clock(struct tenant_check *check, struct span date)
{
	int64_t elapsed_ms = loop_now_ms(check->in.loop) - check->started_ms, tenant_ms;

	if (date.at == NULL || !time_parse_http(date, &tenant_ms))
		return;
	check->has_clock = true;
	check->clock.difference_ms = tenant_ms + TIME_SECOND_MS / 2 -
				     (loop_wall_ms(check->in.loop) - elapsed_ms / 2);
}

static void tell_clock(struct tenant_check *check)
{
	check->clock.whose = "the tenant's";
	check->clock.breaks = "tokens and certificates seem to begin or end too early or too late, "
			      "and a login by certificate is refused";
	if (check->has_clock)
		check_tell_clock(&check->teller, &check->clock);
	else
		check_tell_detail(&check->teller, CHECK_SKIPPED, "clock",
		    SPAN("the tenant does not tell the time"));
}

static void tell_rate(struct tenant_check *check, const struct http_answer *http)
{
	struct str *detail = check_begin(&check->teller, "rate");
	struct emitter *data = &check->teller.data;

	emit_member_string(data, "limit", http->rate_limit);
	emit_member_string(data, "remaining", http->rate_remaining);
	emit_member_string(data, "reset", http->rate_reset);
	if (http->rate_limit.at == NULL && http->rate_remaining.at == NULL)
		str_add_c(detail, "the tenant names no limit");
	if (http->rate_limit.at != NULL)
		str_addf(detail, "the tenant's limit is %.*s", SPAN_ARG(http->rate_limit));
	if (http->rate_remaining.at != NULL)
		str_addf(detail, "%s%.*s left", detail->len > 0 ? ", " : "",
		    SPAN_ARG(http->rate_remaining));
	if (http->rate_reset.at != NULL)
		str_addf(detail, ", anew in %.*s", SPAN_ARG(http->rate_reset));
	check_tell(&check->teller, CHECK_OK);
}

/* ---- what may be done ---- */

static void tell_discovery(struct tenant_check *check)
{
	const struct tenant_traits *traits = check->in.traits;
	struct emitter *data = &check->teller.data;

	profile_describe(traits, check_begin(&check->teller, "discovery"));
	emit_member_bool(data, "patch", traits->can_patch);
	emit_member_bool(data, "filter", traits->can_filter);
	emit_member_int(data, "pageSize", (int64_t)traits->page_size);
	emit_member_int(data, "workspaceMax", (int64_t)traits->workspace_max);
	check_tell(&check->teller, CHECK_OK);
}

static void on_discovered(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct tenant_check *check = context;

	(void)http;
	if (go_on(check, "discovery", answer))
		tell_discovery(check);
	tell_clock(check);
	end(check, "the tenant could not be asked");
}

static void tell_accounts(struct tenant_check *check, int64_t total)
{
	struct str *detail = check_begin(&check->teller, "accounts");

	if (total >= 0) {
		str_addf(detail, "%lld", (long long)total);
		emit_member_int(&check->teller.data, "accounts", total);
	} else {
		str_add_c(detail, "the tenant does not tell how many");
	}
	check_tell(&check->teller, CHECK_OK);
}

static void on_listed(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct tenant_check *check = context;

	if (!go_on(check, "role", answer)) {
		if (http != NULL && http->failure == HTTP_NO_FAILURE)
			tell_rate(check, http);
		tell_clock(check);
		end(check, "users may not be listed");
		return;
	}
	check_tell_detail(&check->teller, CHECK_OK, "role", SPAN("may list users"));
	tell_accounts(check, answer->total);
	tell_rate(check, http);
	profile_open(check->in.client, check->in.settings->profile, check->in.traits,
	    &(struct client_owner) { .watch = on_discovered, .context = check });
}

/* ---- who we are ---- */

/* Not to know is no fault of the configuration, so it fails nothing. */
static void tell_self(struct tenant_check *check)
{
	const struct tenant_self *self = auth_self(check->in.auth);
	bool is_key = check->in.settings->auth.method == TENANT_AUTH_API_KEY;
	bool is_oauth = check->in.settings->auth.method == TENANT_AUTH_OAUTH_DEVICE;
	struct str *detail = check_begin(&check->teller, "own-account");

	if (self == NULL || self->user_name.len + self->account_id.len == 0) {
		str_add_c(detail, is_key     ? "an API key does not tell whose it is"
				  : is_oauth ? "an OAuth token does not tell whose it is"
					     : "the tenant does not tell whose credential it is");
		check_tell_remedy(&check->teller, CHECK_WARNING,
		    "name its owner in policy.protect, so that the agent cannot lock itself out");
		return;
	}
	emit_member_string(&check->teller.data, "userName", self->user_name);
	emit_member_string(&check->teller.data, "accountId", self->account_id);
	str_add(detail, self->user_name);
	if (self->account_id.len > 0)
		str_addf(detail, "%saccount %.*s", detail->len > 0 ? ", " : "",
		    SPAN_ARG(self->account_id));
	str_add_c(detail, "; never changed by the agent");
	check_tell(&check->teller, CHECK_OK);
}

static void on_token(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct tenant_check *check = context;
	struct client_request request = {
		.method = SPAN("GET"),
		.answer = CLIENT_BODY_LIST,
		.list_start = 1,
	};
	struct str path = { 0 };

	(void)http;
	if (!go_on(check, "token", answer)) {
		tell_clock(check);
		end(check, "there is no token");
		return;
	}
	auth_describe(check->in.auth, check_begin(&check->teller, "token"));
	check_tell(&check->teller, CHECK_OK);
	tell_self(check);
	encode_list_path(&path, 1, 1);
	request.path = str_span(&path);
	client_start(check->in.client, &request,
	    &(struct client_owner) { .watch = on_listed, .context = check });
	str_done(&path);
}

/* Said before the token is asked for, which may fail for that very reason. */
static void tell_token_file(struct tenant_check *check)
{
	struct str text = { 0 };
	bool is_well;

	if (check->in.settings->auth.method != TENANT_AUTH_OAUTH_DEVICE)
		return;
	is_well = token_file_check(check->in.settings->auth.refresh_token_file, &text);
	check_begin(&check->teller, "refresh-token");
	if (is_well)
		str_add(&check->teller.detail, str_span(&text));
	else
		check_add_message(&check->teller, str_span(&text),
		    "see to its folder and its owner, or log in with \"scimward login\"");
	check_tell(&check->teller, is_well ? CHECK_OK : CHECK_FAILED);
	str_done(&text);
}

static void ask_token(struct tenant_check *check)
{
	static const struct client_request token = { .answer = CLIENT_BODY_ANY };

	tell_token_file(check);
	client_start(check->in.client, &token,
	    &(struct client_owner) { .watch = on_token, .context = check });
}

/* ---- whom we talk to ---- */

static void tell_peer(
    struct tenant_check *check, const char *url, const struct http_inspection *inspection)
{
	const char *ca_file = check->in.settings->ca_file;
	struct str how = { 0 }, message = { 0 };
	struct check_tls tls = { .url = url,
		.peer = inspection->peer,
		.trouble = inspection->trouble,
		.failing = CHECK_FAILED,
		.wall_ms = loop_wall_ms(check->in.loop) };

	if (inspection->failure == HTTP_NO_FAILURE)
		str_addf(
		    &how, "verified with %s", ca_file == NULL ? "what the system trusts" : ca_file);
	else
		str_addf(&message, "%s: %.*s; %s", url, SPAN_ARG(inspection->failure_detail),
		    inspection->failure == HTTP_NOT_TRUSTED
			? "check tenant.tls.ca_file: it must be readable and hold certificates in "
			  "PEM"
			: "check that the URL and the proxy lead to a server with TLS 1.2 or "
			  "newer");
	tls.how = how.len > 0 ? str_c(&how) : NULL;
	tls.message = str_c(&message);
	check_tell_tls(&check->teller, &tls);
	str_done(&how);
	str_done(&message);
}

static void tell_cleartext(struct tenant_check *check, const char *url)
{
	str_addf(check_begin(&check->teller, "tls"),
	    "none at %s: tenant.allow_cleartext is set, and credentials and personal data go in "
	    "the clear",
	    url);
	emit_member_string(&check->teller.data, "url", span_of(url));
	check_tell(&check->teller, CHECK_OK);
}

static void on_auth_inspected(void *context, const struct http_inspection *inspection)
{
	struct tenant_check *check = context;

	tell_peer(check, auth_url(check->in.auth), inspection);
	if (check->tenant.failure != HTTP_NO_FAILURE) {
		end(check, "the tenant's certificate is not trusted, so nothing is sent");
		return;
	}
	if (inspection->failure != HTTP_NO_FAILURE) {
		tell_clock(check);
		end(check, "there is no TLS with the auth service, so no token is asked for");
		return;
	}
	ask_token(check);
}

/* The auth service is looked at even when the tenant is not trusted: both are one thing to fix. */
static void inspect_auth(struct tenant_check *check)
{
	const char *url = auth_url(check->in.auth);

	if (url != NULL && is_https(url)) {
		http_inspect(check->in.http, span_of(url), check->in.settings->timeout_ms,
		    on_auth_inspected, check);
		return;
	}
	if (url != NULL)
		tell_cleartext(check, url);
	if (check->tenant.failure == HTTP_NO_FAILURE)
		ask_token(check);
	else
		end(check, "the tenant's certificate is not trusted, so nothing is sent");
}

static void tell_reached(struct tenant_check *check)
{
	const char *url = check->in.settings->url;
	int64_t elapsed_ms = loop_now_ms(check->in.loop) - check->started_ms;

	str_addf(check_begin(&check->teller, "connection"), "%s answered in %lld ms", url,
	    (long long)elapsed_ms);
	emit_member_string(&check->teller.data, "url", span_of(url));
	emit_member_int(&check->teller.data, "elapsedMs", elapsed_ms);
	check_tell(&check->teller, CHECK_OK);
	if (is_https(url))
		tell_peer(check, url, &check->tenant);
	else
		tell_cleartext(check, url);
}

static void on_reached(
    void *context, const struct tenant_answer *answer, const struct http_answer *http)
{
	struct tenant_check *check = context;
	bool is_tls = http != NULL &&
		      (http->failure == HTTP_NOT_TRUSTED || http->failure == HTTP_TLS_FAILED);

	if (http == NULL || http->failure != HTTP_NO_FAILURE) {
		go_on(check, is_tls ? "tls" : "connection", answer);
		end(check,
		    is_tls ? "there is no TLS, so nothing is sent" : "there is no connection");
		return;
	}
	note_clock(check, http->date);
	tell_reached(check);
	inspect_auth(check);
}

static void reach(struct tenant_check *check)
{
	static const struct client_request request = {
		.method = SPAN_INIT("GET"),
		.path = SPAN_INIT("/ServiceProviderConfig"),
		.answer = CLIENT_BODY_ANY,
		.is_anonymous = true,
	};

	check->started_ms = loop_now_ms(check->in.loop);
	client_start(check->in.client, &request,
	    &(struct client_owner) { .watch = on_reached, .context = check });
}

/* Whatever else is wrong, the request that follows says it better. */
static void on_inspected(void *context, const struct http_inspection *inspection)
{
	struct tenant_check *check = context;

	check->peer = *inspection->peer;
	check->tenant = (struct http_inspection) {
		.failure = inspection->failure, .trouble = inspection->trouble, .peer = &check->peer
	};
	if (inspection->failure != HTTP_NOT_TRUSTED || inspection->trouble == X509_TRUSTED) {
		check->tenant.failure = HTTP_NO_FAILURE;
		reach(check);
		return;
	}
	str_addf(check_begin(&check->teller, "connection"), "%s answers", check->in.settings->url);
	emit_member_string(&check->teller.data, "url", span_of(check->in.settings->url));
	check_tell(&check->teller, CHECK_OK);
	tell_peer(check, check->in.settings->url, &check->tenant);
	inspect_auth(check);
}

struct tenant_check *tenant_check_start(
    const struct check_input *input, check_callback *callback, void *context)
{
	static const char *const names[] = { "connection", "tls", "refresh-token", "token",
		"own-account", "role", "accounts", "discovery", "rate", "clock", NULL };
	bool has_refresh_token = input->settings->auth.method == TENANT_AUTH_OAUTH_DEVICE;
	struct tenant_check *check = mem_new(1, sizeof(*check));

	check->in = *input;
	check->tenant.peer = &check->peer;
	check_teller_open(&check->teller, names, callback, context);
	if (!has_refresh_token)
		check_leave_out(&check->teller, "refresh-token");
	if (is_https(input->settings->url))
		http_inspect(input->http, span_of(input->settings->url),
		    input->settings->timeout_ms, on_inspected, check);
	else
		reach(check);
	return check;
}

void tenant_check_free(struct tenant_check **check)
{
	struct tenant_check *old = *check;

	*check = NULL;
	if (old == NULL)
		return;
	check_teller_done(&old->teller);
	free(old);
}
