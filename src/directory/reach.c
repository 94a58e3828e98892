/* SPDX-License-Identifier: ISC */
/*
 * DNS, then the names, then the servers, one after the other; and only then it is told, because
 * how bad it is that a server fails depends on the others.
 */
#include "directory/reach.h"

#include "base/vec.h"
#include "directory/connector.h"
#include "directory/finder.h"
#include "directory/session.h"
#include "loop/resolver.h"
#include <stdlib.h>

enum { SERVERS_MAX = 8 }; /* of a domain that are reached */

struct host {
	struct str name, addresses, why;
};

struct server {
	char *url;
	struct connector_report report;
	bool was_bound; /* the bind was tried */
};

struct reach {
	struct loop *loop;
	const struct directory_settings *settings;
	struct check_teller *teller;
	reach_callback *callback;
	void *context;
	struct loop_timer *turn;
	struct finder *finder;
	struct resolver *resolver;
	struct connector *connector;
	struct server *servers;
	size_t server_count, server_cap, server_at;
	struct host *hosts;
	size_t host_count, host_cap, host_at;
	bool can_bind;
	const char *secret_why; /* what keeps it from binding; NULL: nothing */
};

static void resolve_next(struct reach *reach);
static void connect_next(struct reach *reach);

/* ---- the end ---- */

static void answer(struct reach *reach, const char *why)
{
	struct str urls = { 0 };
	struct reach_result result = { .why = why };

	for (size_t i = 0; i < reach->server_count; i++) {
		if (reach->servers[i].report.stage != CONNECTOR_READY)
			continue;
		str_addf(&urls, "%s%s", urls.len > 0 ? ", " : "", reach->servers[i].url);
	}
	result.urls = str_span(&urls);
	result.is_ready = urls.len > 0;
	reach->callback(reach->context, &result);
	str_done(&urls);
}

/* ---- what servers came to ---- */

/* How bad it is that one server fails. */
static enum check_status severity(const struct reach *reach)
{
	for (size_t i = 0; i < reach->server_count; i++)
		if (reach->servers[i].report.stage == CONNECTOR_READY)
			return CHECK_WARNING;
	return CHECK_FAILED;
}

static void tell_failure(struct reach *reach, const char *name, const struct server *server)
{
	check_begin(reach->teller, name);
	emit_member_string(&reach->teller->data, "url", span_of(server->url));
	check_add_message(reach->teller, span_of(server->report.err.text),
	    "check the URL, and what the server's own log says of this connection");
	check_tell(reach->teller, severity(reach));
}

static void tell_connection(struct reach *reach, const struct server *server)
{
	struct str *detail;

	if (server->report.stage == CONNECTOR_CONNECT) {
		tell_failure(reach, "connection", server);
		return;
	}
	detail = check_begin(reach->teller, "connection");
	str_addf(detail, "%s at %s", server->url, server->report.address);
	emit_member_string(&reach->teller->data, "url", span_of(server->url));
	emit_member_string(&reach->teller->data, "address", span_of(server->report.address));
	check_tell(reach->teller, CHECK_OK);
}

static void describe_no_tls(const struct reach *reach, const struct server *server, struct str *out)
{
	if (strncmp(server->url, "ldapi:", 6) == 0)
		str_add_c(out, "not needed on a local socket");
	else if (server->report.sealed_bits > 0)
		str_addf(
		    out, "none: Kerberos signs and seals, %d bits", server->report.sealed_bits);
	else if (reach->settings->bind.method == DIRECTORY_BIND_GSSAPI)
		str_add_c(out, "none: Kerberos is to sign and seal");
	else
		str_add_c(out, "none: allow_cleartext is set, and passwords and personal data go "
			       "in the clear");
}

static void tell_tls(struct reach *reach, const struct server *server)
{
	const struct connector_report *report = &server->report;
	struct check_tls tls = {
		.url = server->url,
		.how = report->tls[0] != '\0' ? report->tls : NULL,
		.message = report->err.text,
		.peer = &report->peer,
		.trouble = report->trouble,
		.failing = severity(reach),
		.wall_ms = loop_wall_ms(reach->loop),
	};

	if (report->stage == CONNECTOR_CONNECT)
		return;
	if (span_equal_ascii_case(resolver_host_of(span_of(server->url)), SPAN("localhost")))
		tls.note = "write 127.0.0.1: libldap takes \"localhost\" for this host's own name";
	if (report->stage == CONNECTOR_TLS || tls.how != NULL) {
		check_tell_tls(reach->teller, &tls);
		return;
	}
	describe_no_tls(reach, server, check_begin(reach->teller, "tls"));
	emit_member_string(&reach->teller->data, "url", span_of(server->url));
	check_tell(reach->teller, CHECK_OK);
}

/* What the server says is not cut into what happened and what to do: its words have no such form.
 */
static void tell_refusal(struct reach *reach, const struct server *server)
{
	const char *remedy = "see the server's log for this bind, and what its policy wants of it";

	if (server->report.is_refused)
		remedy = reach->settings->bind.method == DIRECTORY_BIND_SIMPLE
			     ? "check bind.dn and the password that bind.password refers to, and "
			       "that the account is neither locked nor expired"
			     : "check how the server maps this identity to an entry";
	str_add_c(check_begin(reach->teller, "bind"), server->report.err.text);
	emit_member_string(&reach->teller->data, "url", span_of(server->url));
	check_tell_remedy(reach->teller, severity(reach), remedy);
}

static void tell_bind(struct reach *reach, const struct server *server)
{
	if (server->report.stage != CONNECTOR_BIND)
		return;
	if (server->was_bound) {
		tell_refusal(reach, server);
		return;
	}
	str_addf(check_begin(reach->teller, "bind"), "%s: %s", server->url,
	    reach->secret_why != NULL ? reach->secret_why
				      : "another server refused the credentials already");
	emit_member_string(&reach->teller->data, "url", span_of(server->url));
	check_tell(reach->teller, CHECK_SKIPPED);
}

static void tell_servers(struct reach *reach)
{
	enum connector_stage best = CONNECTOR_CONNECT;

	for (size_t i = 0; i < reach->server_count; i++) {
		const struct server *server = &reach->servers[i];

		tell_connection(reach, server);
		tell_tls(reach, server);
		tell_bind(reach, server);
		if (server->report.stage > best)
			best = server->report.stage;
	}
	if (best == CONNECTOR_CONNECT)
		answer(reach, "there is no connection");
	else if (best == CONNECTOR_TLS)
		answer(reach, "there is no TLS, so nothing is sent");
	else
		answer(reach, "the bind failed");
}

/* ---- servers ---- */

static void on_connected(void *context, LDAP *handle, const struct connector_report *report)
{
	struct reach *reach = context;
	struct server *server = &reach->servers[reach->server_at++];

	reach->connector = NULL;
	server->report = *report;
	if (report->is_refused)
		reach->can_bind = false;
	if (handle != NULL)
		ldap_unbind_ext(handle, NULL, NULL);
	connect_next(reach);
}

static void connect_next(struct reach *reach)
{
	const struct directory_settings *settings = reach->settings;
	struct secret *password = NULL;
	struct server *server;

	if (reach->server_at == reach->server_count) {
		tell_servers(reach);
		return;
	}
	server = &reach->servers[reach->server_at];
	server->was_bound = reach->can_bind;
	if (reach->can_bind && settings->bind.method == DIRECTORY_BIND_SIMPLE &&
	    secret_load(settings->bind.password, &password, NULL) != STATUS_OK)
		server->was_bound = false;
	reach->connector =
	    server->was_bound
		? connector_start(reach->loop, settings, server->url, password, on_connected, reach)
		: connector_start_probe(reach->loop, settings, server->url, on_connected, reach);
}

/* ---- the secret ---- */

static void look_at_secret(struct reach *reach)
{
	const struct directory_settings *settings = reach->settings;
	struct secret *password = NULL;
	struct err err = { "" };

	reach->can_bind = true;
	if (settings->bind.method != DIRECTORY_BIND_SIMPLE)
		return;
	if (secret_load(settings->bind.password, &password, &err) == STATUS_OK) {
		secret_free(&password);
		return;
	}
	reach->can_bind = false;
	reach->secret_why = "the password cannot be read";
}

/* ---- names ---- */

static void tell_names(struct reach *reach)
{
	struct check_host *hosts = mem_new(reach->host_count + 1, sizeof(*hosts));

	for (size_t i = 0; i < reach->host_count; i++) {
		const struct host *host = &reach->hosts[i];

		hosts[i] = (struct check_host) { str_span(&host->name),
			host->addresses.len > 0 ? str_span(&host->addresses) : SPAN_NULL,
			str_span(&host->why) };
	}
	if (reach->host_count == 0)
		check_tell_detail(
		    reach->teller, CHECK_OK, "names", SPAN("a local socket has none"));
	else
		check_tell_names(reach->teller, hosts, reach->host_count, true);
	free(hosts);
}

static void on_resolved(void *context, const struct resolver_answer *found)
{
	struct reach *reach = context;
	struct host *host = &reach->hosts[reach->host_at++];

	reach->resolver = NULL;
	str_add(&host->addresses, found->addresses);
	str_add(&host->why, found->why);
	resolve_next(reach);
}

static void resolve_next(struct reach *reach)
{
	if (reach->host_at < reach->host_count) {
		reach->resolver = resolver_start(reach->loop,
		    str_span(&reach->hosts[reach->host_at].name),
		    reach->settings->connect_timeout_ms, on_resolved, reach);
		return;
	}
	tell_names(reach);
	look_at_secret(reach);
	connect_next(reach);
}

static bool has_host(const struct reach *reach, struct span name)
{
	for (size_t i = 0; i < reach->host_count; i++)
		if (span_equal_ascii_case(str_span(&reach->hosts[i].name), name))
			return true;
	return false;
}

static void add_server(struct reach *reach, const char *url)
{
	struct server *server = vec_push(
	    (void **)&reach->servers, &reach->server_count, &reach->server_cap, sizeof(*server));
	struct span name = resolver_host_of(span_of(url));
	struct host *host;

	*server = (struct server) { .url = mem_strdup(url) };
	if (strncasecmp(url, "ldapi:", 6) == 0 || name.at == NULL || has_host(reach, name))
		return;
	host = vec_push(
	    (void **)&reach->hosts, &reach->host_count, &reach->host_cap, sizeof(*host));
	*host = (struct host) { 0 };
	str_add(&host->name, name);
}

/* ---- the domain ---- */

static void tell_domain(struct reach *reach, const struct srv_list *list)
{
	struct str *detail = check_begin(reach->teller, "domain"), url = { 0 };

	str_addf(detail, "%s:", reach->settings->domain);
	emit_member_string(&reach->teller->data, "domain", span_of(reach->settings->domain));
	emit_key(&reach->teller->data, "servers");
	emit_array_open(&reach->teller->data);
	for (size_t i = 0; i < list->count; i++) {
		str_addf(detail, "%s %s (priority %u, weight %u)", i == 0 ? "" : ",",
		    list->at[i].target, list->at[i].priority, list->at[i].weight);
		emit_string_c(&reach->teller->data, list->at[i].target);
		if (i >= SERVERS_MAX)
			continue;
		str_truncate(&url, 0);
		session_add_url(reach->settings, &list->at[i], &url);
		add_server(reach, str_c(&url));
	}
	emit_array_close(&reach->teller->data);
	if (list->count > SERVERS_MAX)
		str_addf(detail, "; the first %d are tried", SERVERS_MAX);
	check_tell(reach->teller, CHECK_OK);
	str_done(&url);
}

static void on_found(void *context, const struct srv_list *list, const struct err *err)
{
	struct reach *reach = context;

	reach->finder = NULL;
	if (list != NULL) {
		tell_domain(reach, list);
		resolve_next(reach);
		return;
	}
	check_begin(reach->teller, "domain");
	check_add_message(
	    reach->teller, span_of(err->text), "check domain, and that this host's DNS knows it");
	check_tell(reach->teller, CHECK_FAILED);
	answer(reach, "no server is known");
}

/* ---- the beginning ---- */

static void on_turn(void *context)
{
	struct reach *reach = context;
	const struct directory_settings *settings = reach->settings;
	struct finder_input input = { settings->domain,
		settings->kind == DIRECTORY_AUTO || settings->kind == DIRECTORY_ACTIVE_DIRECTORY,
		settings->connect_timeout_ms };

	if (settings->domain != NULL) {
		reach->finder = finder_start(reach->loop, &input, on_found, reach);
		return;
	}
	for (size_t i = 0; i < settings->url_count; i++)
		add_server(reach, settings->urls[i]);
	resolve_next(reach);
}

struct reach *reach_start(struct loop *loop, const struct directory_settings *settings,
    struct check_teller *teller, reach_callback *callback, void *context)
{
	struct reach *reach = mem_new(1, sizeof(*reach));

	reach->loop = loop;
	reach->settings = settings;
	reach->teller = teller;
	reach->callback = callback;
	reach->context = context;
	reach->turn = loop_timer_new(loop, on_turn, reach);
	loop_timer_start(reach->turn, 0);
	return reach;
}

void reach_free(struct reach **reach)
{
	struct reach *old = *reach;

	*reach = NULL;
	if (old == NULL)
		return;
	loop_timer_free(&old->turn);
	finder_cancel(&old->finder);
	resolver_cancel(&old->resolver);
	connector_cancel(&old->connector);
	for (size_t i = 0; i < old->server_count; i++)
		free(old->servers[i].url);
	for (size_t i = 0; i < old->host_count; i++) {
		str_done(&old->hosts[i].name);
		str_done(&old->hosts[i].addresses);
		str_done(&old->hosts[i].why);
	}
	free(old->servers);
	free(old->hosts);
	free(old);
}
