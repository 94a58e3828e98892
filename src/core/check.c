/* SPDX-License-Identifier: ISC */
#include "core/check.h"

#include "base/time.h"
#include "base/unicode.h"
#include <assert.h>
#include <string.h>

const char *check_status_name(enum check_status status)
{
	static const char *const names[] = { "ok", "warning", "failed", "skipped" };

	return names[status];
}

const char *check_area_name(enum check_area area)
{
	static const char *const names[] = { "configuration", "state", "metrics", "directory",
		"tenant", "notify" };

	return names[area];
}

void check_teller_open(
    struct check_teller *teller, const char *const *names, check_callback *callback, void *context)
{
	*teller =
	    (struct check_teller) { .names = names, .callback = callback, .context = context };
}

static uint32_t bit_of(const struct check_teller *teller, const char *name)
{
	for (size_t i = 0; teller->names[i] != NULL; i++)
		if (strcmp(teller->names[i], name) == 0)
			return UINT32_C(1) << i;
	assert(!"a step that is not in the list");
	return 0;
}

struct str *check_begin(struct check_teller *teller, const char *name)
{
	teller->name = name;
	str_truncate(&teller->detail, 0);
	str_truncate(&teller->remedy, 0);
	str_truncate(&teller->json, 0);
	emit_init(&teller->data, &teller->json, 0);
	emit_object_open(&teller->data);
	return &teller->detail;
}

void check_tell(struct check_teller *teller, enum check_status status)
{
	struct check_step step;

	emit_object_close(&teller->data);
	teller->told |= bit_of(teller, teller->name);
	step = (struct check_step) {
		.status = status,
		.name = teller->name,
		.detail = str_span(&teller->detail),
		.remedy = teller->remedy.len > 0 ? str_span(&teller->remedy) : SPAN_NULL,
		.data = str_span(&teller->json),
	};
	teller->callback(teller->context, &step);
}

void check_tell_remedy(struct check_teller *teller, enum check_status status, const char *remedy)
{
	str_truncate(&teller->remedy, 0);
	str_add_c(&teller->remedy, remedy);
	check_tell(teller, status);
}

void check_tell_detail(
    struct check_teller *teller, enum check_status status, const char *name, struct span detail)
{
	str_add(check_begin(teller, name), detail);
	check_tell(teller, status);
}

void check_add_message(struct check_teller *teller, struct span message, const char *otherwise)
{
	size_t end = message.len;

	while (
	    end > 0 && !(message.at[end - 1] == ';' && end < message.len && message.at[end] == ' '))
		end--;
	if (end == 0) {
		str_add(&teller->detail, message);
		str_add_c(&teller->remedy, otherwise);
		return;
	}
	str_add(&teller->detail, (struct span) { message.at, end - 1 });
	str_add(&teller->remedy, (struct span) { message.at + end + 1, message.len - end - 1 });
}

void check_leave_out(struct check_teller *teller, const char *name)
{
	teller->told |= bit_of(teller, name);
}

bool check_was_told(const struct check_teller *teller, const char *name)
{
	return (teller->told & bit_of(teller, name)) != 0;
}

void check_skip(struct check_teller *teller, const char *name, const char *why)
{
	check_tell_detail(teller, CHECK_SKIPPED, name, span_of(why));
}

void check_skip_rest(struct check_teller *teller, const char *why)
{
	for (size_t i = 0; teller->names[i] != NULL; i++)
		if ((teller->told & UINT32_C(1) << i) == 0)
			check_skip(teller, teller->names[i], why);
}

void check_teller_done(struct check_teller *teller)
{
	str_done(&teller->detail);
	str_done(&teller->remedy);
	str_done(&teller->json);
	*teller = (struct check_teller) { 0 };
}

void check_teller_close(struct check_teller *teller)
{
	check_callback *callback = teller->callback;
	void *context = teller->context;

	check_teller_done(teller);
	callback(context, NULL);
}

/* ---- what several parts tell alike ---- */

static void emit_host(struct emitter *data, const struct check_host *host)
{
	struct span rest = host->addresses;

	emit_object_open(data);
	emit_member_string(data, "name", host->name);
	emit_key(data, "addresses");
	emit_array_open(data);
	while (rest.len > 0)
		emit_string(data, span_trim(span_split(&rest, ',')));
	emit_array_close(data);
	emit_object_close(data);
}

static void describe_host(struct str *detail, const struct check_host *host)
{
	if (detail->len > 0)
		str_add_c(detail, "; ");
	if (host->addresses.at == NULL)
		str_addf(detail, "%.*s cannot be resolved: %.*s", SPAN_ARG(host->name),
		    SPAN_ARG(host->why));
	else if (span_equal(host->name, host->addresses))
		str_addf(detail, "%.*s is an address", SPAN_ARG(host->name));
	else
		str_addf(detail, "%.*s is %.*s", SPAN_ARG(host->name), SPAN_ARG(host->addresses));
}

void check_tell_names(
    struct check_teller *teller, const struct check_host *hosts, size_t count, bool is_fatal)
{
	struct str *detail = check_begin(teller, "names");
	size_t missing = 0;

	emit_key(&teller->data, "hosts");
	emit_array_open(&teller->data);
	for (size_t i = 0; i < count; i++) {
		describe_host(detail, &hosts[i]);
		emit_host(&teller->data, &hosts[i]);
		missing += hosts[i].addresses.at == NULL;
	}
	emit_array_close(&teller->data);
	if (missing == 0) {
		check_tell(teller, CHECK_OK);
		return;
	}
	check_tell_remedy(teller, is_fatal && missing == count ? CHECK_FAILED : CHECK_WARNING,
	    "check how the name is spelled, /etc/resolv.conf and /etc/hosts, and that DNS can be "
	    "asked from this host (getent hosts NAME)");
}

static void emit_time(struct emitter *data, const char *key, int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	time_format(wall_ms, false, text);
	emit_member_string(data, key, span_of(text));
}

static void emit_certificate(struct emitter *data, const struct check_tls *tls)
{
	const struct x509_summary *peer = tls->peer;

	emit_member_string(data, "certificate",
	    span_of(tls->trouble == X509_TRUSTED && tls->how == NULL
			? "unknown"
			: x509_trouble_name(tls->trouble)));
	if (!peer->is_known)
		return;
	emit_member_string(data, "subject", span_of(peer->subject));
	emit_member_string(data, "issuer", span_of(peer->issuer));
	emit_member_string(data, "names", span_of(peer->names));
	emit_time(data, "notBefore", peer->from_ms);
	emit_time(data, "notAfter", peer->until_ms);
}

static void tell_trouble(struct check_teller *teller, const struct check_tls *tls)
{
	const struct x509_summary *peer = tls->peer;
	struct str *detail = &teller->detail;

	str_addf(detail, "%s: the certificate is not trusted: ", tls->url);
	if (tls->trouble == X509_WRONG_NAME)
		str_addf(detail, "it is for %s and not for the name in the URL",
		    peer->names[0] != '\0' ? peer->names : "no DNS name");
	else
		str_add_c(detail, x509_trouble_text(tls->trouble));
	if (peer->is_known) {
		str_add_c(detail, " (");
		x509_describe(peer, tls->wall_ms, detail);
		str_add_byte(detail, ')');
	}
	check_tell_remedy(teller, tls->failing,
	    tls->note != NULL && tls->trouble == X509_WRONG_NAME
		? tls->note
		: x509_trouble_remedy(tls->trouble));
}

void check_tell_tls(struct check_teller *teller, const struct check_tls *tls)
{
	struct str *detail = check_begin(teller, "tls");
	int64_t left_ms = tls->peer->until_ms - tls->wall_ms;
	char left[TIME_TEXT_SIZE];

	emit_member_string(&teller->data, "url", span_of(tls->url));
	emit_certificate(&teller->data, tls);
	if (tls->trouble != X509_TRUSTED) {
		tell_trouble(teller, tls);
		return;
	}
	if (tls->how == NULL) {
		check_add_message(teller, span_of(tls->message),
		    "check the certificates at both ends, and that the port speaks TLS");
		check_tell(teller, tls->failing);
		return;
	}
	str_addf(detail, "%s: %s", tls->url, tls->how);
	if (!tls->peer->is_known) {
		check_tell(teller, CHECK_OK);
		return;
	}
	str_add_c(detail, "; ");
	x509_describe(tls->peer, tls->wall_ms, detail);
	if (left_ms >= CHECK_CERTIFICATE_DAYS * TIME_DAY_MS) {
		check_tell(teller, CHECK_OK);
		return;
	}
	duration_format(left_ms, left);
	str_addf(detail, ": it ends in %s", left);
	check_tell_remedy(teller, CHECK_WARNING,
	    "have the peer's certificate renewed in time: from then on nothing is trusted and no "
	    "cycle runs");
}

void check_tell_clock(struct check_teller *teller, const struct check_clock *clock)
{
	int64_t difference_ms = clock->difference_ms;
	int64_t size_ms = difference_ms < 0 ? -difference_ms : difference_ms;
	struct str *detail = check_begin(teller, "clock");
	char text[TIME_TEXT_SIZE];

	emit_member_int(&teller->data, "differenceMs", difference_ms);
	if (size_ms <= CHECK_CLOCK_MAX_MS) {
		str_addf(detail, "as %s, to a minute", clock->whose);
		check_tell(teller, CHECK_OK);
		return;
	}
	duration_format(size_ms, text);
	str_addf(detail, "this host's is %s %s %s: %s", text,
	    difference_ms < 0 ? "ahead of" : "behind", clock->whose, clock->breaks);
	check_tell_remedy(teller, CHECK_WARNING,
	    "have both hosts' clocks kept by NTP (timedatectl, chronyc tracking)");
}
