/* SPDX-License-Identifier: ISC */
/*
 * The tenant: its names, its own check, the workspaces that it shows.  Nothing here knows the port
 * that writes.
 */
#include "app/check_p.h"

#include "base/vec.h"
#include <string.h>

enum { WORKSPACES_MAX = 100000 };

/* ---- names ---- */

void check_hosts_begin(struct app_check *check)
{
	check->hosts.count = check->hosts.at = 0;
	for (size_t i = 0; i < CHECK_HOSTS_MAX; i++) {
		str_truncate(&check->hosts.addresses[i], 0);
		str_truncate(&check->hosts.why[i], 0);
	}
}

void check_hosts_add(struct app_check *check, struct span url)
{
	struct span name = resolver_host_of(url);

	if (name.at == NULL || check->hosts.count == CHECK_HOSTS_MAX)
		return;
	for (size_t i = 0; i < check->hosts.count; i++)
		if (span_equal_ascii_case(check->hosts.names[i], name))
			return;
	check->hosts.names[check->hosts.count++] = arena_span(check->arena, name);
}

static void tell_hosts(struct app_check *check)
{
	struct check_host hosts[CHECK_HOSTS_MAX];

	for (size_t i = 0; i < check->hosts.count; i++) {
		const struct str *addresses = &check->hosts.addresses[i];

		hosts[i] = (struct check_host) { check->hosts.names[i],
			addresses->len > 0 ? str_span(addresses) : SPAN_NULL,
			str_span(&check->hosts.why[i]) };
	}
	check_tell_names(&check->teller, hosts, check->hosts.count, check->hosts.is_fatal);
}

static void resolve_next(struct app_check *check);

static void on_resolved(void *context, const struct resolver_answer *answer)
{
	struct app_check *check = context;

	check->hosts.resolver = NULL;
	str_add(&check->hosts.addresses[check->hosts.at], answer->addresses);
	str_add(&check->hosts.why[check->hosts.at], answer->why);
	check->hosts.at++;
	resolve_next(check);
}

static void resolve_next(struct app_check *check)
{
	if (check->hosts.at < check->hosts.count) {
		check->hosts.resolver = resolver_start(check->in.agent->loop,
		    check->hosts.names[check->hosts.at], CHECK_NAME_TIMEOUT_MS, on_resolved, check);
		return;
	}
	tell_hosts(check);
	check->hosts.then(check);
}

void check_hosts_resolve(
    struct app_check *check, bool is_fatal, void (*then)(struct app_check *check))
{
	check->hosts.is_fatal = is_fatal;
	check->hosts.then = then;
	resolve_next(check);
}

/* ---- workspaces ---- */

static bool is_shown(const struct app_check *check, struct span id)
{
	for (size_t i = 0; i < check->workspace_count; i++)
		if (span_equal(check->workspaces[i], id))
			return true;
	return false;
}

static bool was_told(const struct config *config, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (span_equal(config->workspaces[i].id, config->workspaces[at].id))
			return true;
	return false;
}

static void tell_workspace(struct app_check *check, const struct workspace_rule *rule)
{
	struct str *detail = check_begin(&check->teller, "workspace");
	bool is_known = is_shown(check, rule->id);

	emit_member_string(&check->teller.data, "id", rule->id);
	emit_member_string(&check->teller.data, "name", rule->name);
	emit_member_bool(&check->teller.data, "shown", is_known);
	str_addf(detail, "%.*s%s%.*s is %s", SPAN_ARG(rule->id), rule->name.len > 0 ? " " : "",
	    SPAN_ARG(rule->name), is_known ? "shown" : "not shown by the tenant");
	if (is_known)
		check_tell(&check->teller, CHECK_OK);
	else
		check_tell_remedy(&check->teller, CHECK_WARNING,
		    "check its id: the tenant refuses an unknown one; or the agent's user has no "
		    "access to it, and then it may be right all the same");
}

static void tell_workspaces(struct app_check *check)
{
	const struct config *config = check->in.agent->config;

	str_addf(check_begin(&check->teller, "workspaces"), "the tenant shows %zu",
	    check->workspace_count);
	emit_member_int(&check->teller.data, "shown", (int64_t)check->workspace_count);
	check_tell(&check->teller, CHECK_OK);
	for (size_t i = 0; i < config->workspace_count; i++)
		if (!was_told(config, i))
			tell_workspace(check, &config->workspaces[i]);
}

static void on_closed(void *context, const struct tenant_answer *answer)
{
	(void)answer;
	check_next_part(context);
}

/* Logs out: a session that nobody ends lives on for half an hour. */
static void close_tenant(struct app_check *check)
{
	struct account_reader *reader = tenant_reader(check->in.agent->tenant);

	if (!check_was_told(&check->teller, "workspace"))
		check_skip(&check->teller, "workspace",
		    check->in.agent->config->workspace_count == 0
			? "none is configured"
			: "the tenant does not show its workspaces");
	reader->vtable->close(reader, on_closed, check);
}

static void ask_workspaces(struct app_check *check);

static void on_workspaces(void *context, const struct tenant_answer *answer)
{
	struct app_check *check = context;

	if (answer->status != STATUS_OK) {
		str_add(check_begin(&check->teller, "workspaces"), answer->error);
		check_tell(&check->teller, CHECK_SKIPPED);
		close_tenant(check);
		return;
	}
	for (size_t i = 0; i < answer->workspace_count; i++)
		*(struct span *)vec_push((void **)&check->workspaces, &check->workspace_count,
		    &check->workspace_cap,
		    sizeof(struct span)) = arena_span(check->arena, answer->workspaces[i]);
	if (answer->workspace_count > 0 && check->workspace_count < WORKSPACES_MAX &&
	    (int64_t)check->workspace_count < answer->total && !check->is_stopping) {
		ask_workspaces(check);
		return;
	}
	tell_workspaces(check);
	close_tenant(check);
}

static void ask_workspaces(struct app_check *check)
{
	struct account_reader *reader = tenant_reader(check->in.agent->tenant);

	reader->vtable->workspaces(reader, (int64_t)check->workspace_count, on_workspaces, check);
}

/* ---- the tenant's own check ---- */

/* What the limits of the configuration are belongs beside what the tenant says of its own. */
static void tell_rate(struct app_check *check, const struct check_step *step)
{
	const struct config *config = check->in.agent->config;
	struct check_step told = *step;
	struct str detail = { 0 }, data = { 0 };
	struct emitter emitter;

	if (config->rate.requests_per_second > 0)
		str_addf(&detail, "%u requests a second, bursts of %u, %u at once",
		    config->rate.requests_per_second, config->rate.burst, config->rate.concurrency);
	else
		str_addf(&detail, "as fast as it goes, %u at once", config->rate.concurrency);
	str_addf(&detail, "; %.*s", SPAN_ARG(step->detail));
	emit_init(&emitter, &data, 0);
	emit_object_open(&emitter);
	emit_member_int(&emitter, "requestsPerSecond", config->rate.requests_per_second);
	emit_member_int(&emitter, "burst", config->rate.burst);
	emit_member_int(&emitter, "concurrency", config->rate.concurrency);
	emit_key(&emitter, "tenant");
	emit_raw(&emitter, step->data);
	emit_object_close(&emitter);
	told.detail = str_span(&detail);
	told.data = str_span(&data);
	check_on_step(check, &told);
	str_done(&detail);
	str_done(&data);
}

/* Where somebody is protected already, who is for a person to know. */
static void tell_own_account(struct app_check *check, const struct check_step *step)
{
	size_t count = check->in.agent->config->policy.protect_count;
	struct check_step told = *step;
	struct str detail = { 0 };

	if (step->status != CHECK_WARNING || count == 0) {
		check_on_step(check, step);
		return;
	}
	str_addf(&detail, "%.*s; policy.protect names %zu %s, which should include it",
	    SPAN_ARG(step->detail), count, count == 1 ? "account" : "accounts");
	told.status = CHECK_OK;
	told.detail = str_span(&detail);
	told.remedy = SPAN_NULL;
	check_on_step(check, &told);
	str_done(&detail);
}

static void on_tenant_end(struct app_check *check)
{
	static const char *const names[] = { "workspaces", "workspace", NULL };

	check_own(check, names);
	if (check->may_list && !check->is_stopping) {
		ask_workspaces(check);
		return;
	}
	check_skip_rest(
	    &check->teller, check->is_stopping ? "interrupted" : "the tenant cannot be used");
	close_tenant(check);
}

static void on_tenant_step(void *context, const struct check_step *step)
{
	struct app_check *check = context;

	if (step == NULL) {
		on_tenant_end(check);
		return;
	}
	check->may_list = check->may_list ||
			  (strcmp(step->name, "role") == 0 && step->status == CHECK_OK);
	if (strcmp(step->name, "rate") == 0 && step->status == CHECK_OK)
		tell_rate(check, step);
	else if (strcmp(step->name, "own-account") == 0)
		tell_own_account(check, step);
	else
		check_on_step(check, step);
}

static void ask_tenant(struct app_check *check)
{
	struct account_reader *reader = tenant_reader(check->in.agent->tenant);

	reader->vtable->check(reader, on_tenant_step, check);
}

/* Through a proxy only its own name is looked up here, but for socks5, which wants addresses. */
void check_tenant(struct app_check *check)
{
	static const char *const names[] = { "names", NULL };
	static const char *const all[] = { "names", "connection", NULL };
	const struct tenant_settings *settings = &check->in.agent->config->tenant;
	bool is_resolved_here = settings->proxy == NULL ||
				strncasecmp(settings->proxy, "socks5:", 7) == 0;
	const char *urls[TENANT_URLS_MAX];
	size_t count = tenant_urls(settings, urls);

	check_own(check, check->is_stopping ? all : names);
	if (check->is_stopping) {
		check_skip_rest(&check->teller, "interrupted");
		check_next_part(check);
		return;
	}
	check_hosts_begin(check);
	if (settings->proxy != NULL)
		check_hosts_add(check, span_of(settings->proxy));
	for (size_t i = 0; i < count && is_resolved_here; i++)
		check_hosts_add(check, span_of(urls[i]));
	check_hosts_resolve(check, true, ask_tenant);
}
