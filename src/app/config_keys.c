/* SPDX-License-Identifier: ISC */
/*
 * The table of all keys.  An option is added here, and read, bounded, defaulted, rendered and
 * listed from here; only what depends on another key is checked elsewhere.
 */
#include "app/config_p.h"
#include "base/time.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The member of `struct type` that a key is stored in. */
#define AT(type, member)                                                                           \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define COUNTED(type, member, number)                                                              \
	AT(type, member), .count_offset = offsetof(struct type, number)
#define WORDS(array)         .words = (array), .word_count = COUNT(array)
#define MEMBERS(array)       .members = (array), .member_count = COUNT(array)
#define BETWEEN(least, most) .min = (least), .max = (most)

#define YEAR_MS (366 * TIME_DAY_MS)

/* In the order of their enumerations. */
static const char *const kind_words[] = { "auto", "active-directory", "openldap", "389ds",
	"generic", "ldif" };
static const char *const bind_words[] = { "simple", "external", "gssapi", "anonymous" };
static const char *const directory_scope_words[] = { "base", "one", "subtree" };
static const char *const changes_words[] = { "auto", "dirsync", "usn", "syncrepl", "timestamp",
	"none" };
static const char *const profile_words[] = { "anaplan", "generic" };
static const char *const auth_words[] = { "api-key", "basic", "certificate", "oauth-device",
	"none" };
static const char *const scope_words[] = { "mapped", "entitled" };
static const char *const leaver_words[] = { "deactivate", "keep" };
static const char *const rehire_words[] = { "reactivate", "hold" };
static const char *const rename_words[] = { "hold", "recreate", "patch" };
static const char *const drift_words[] = { "restore", "report" };
static const char *const level_words[] = { "error", "warning", "notice", "info", "debug" };
static const char *const format_words[] = { "auto", "journal", "text", "json" };

static const char *const correlate_words[] = { "externalId", "userName" };
static const char *const event_words[] = { "hold", "failure", "recovered", "quarantine" };

static const struct option directory_tls_options[] = {
	{ .name = "ca_file",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.tls.ca_file),
	    .help = "PEM file of the authorities to trust instead of the system's" },
	{ .name = "starttls",
	    .type = OPTION_BOOLEAN,
	    AT(draft_directory, settings.tls.starttls),
	    .fallback = "false",
	    .help = "turn ldap:// connections into TLS before anything is sent" },
	{ .name = "cert_file",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.tls.cert_file),
	    .help = "PEM file of the certificate to show to the server" },
	{ .name = "key_file",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.tls.key_file),
	    .help = "PEM file of its private key" },
};

static const struct option bind_options[] = {
	{ .name = "method",
	    .type = OPTION_WORD,
	    AT(draft_directory, settings.bind.method),
	    WORDS(bind_words),
	    .fallback = "simple",
	    .help = "how to log in to the directory" },
	{ .name = "dn",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.bind.dn),
	    .help = "who to log in as" },
	{ .name = "password",
	    .type = OPTION_SECRET,
	    AT(draft_directory, settings.bind.password),
	    .help = "reference to the password" },
	{ .name = "keytab",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.bind.keytab),
	    .help = "Kerberos keys of method gssapi, a path or credential:NAME; by default the "
		    "system's client keytab" },
	{ .name = "principal",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.bind.principal),
	    .help = "whose key of the keytab; by default the first" },
};

static const struct option users_options[] = {
	{ .name = "bases",
	    .type = OPTION_TEXTS,
	    COUNTED(draft_directory, settings.users.bases, settings.users.base_count),
	    .help = "DNs below which users are looked for" },
	{ .name = "scope",
	    .type = OPTION_WORD,
	    AT(draft_directory, settings.users.scope),
	    WORDS(directory_scope_words),
	    .fallback = "subtree",
	    .help = "how deep below a base" },
	{ .name = "filter",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.users.filter),
	    .help = "LDAP filter that users match; by default that of the kind" },
};

static const struct option directory_options[] = {
	{ .name = "name",
	    .type = OPTION_SPAN,
	    AT(draft_directory, settings.name),
	    .fallback = "directory",
	    .help = "what logs and reports call it" },
	{ .name = "kind",
	    .type = OPTION_WORD,
	    AT(draft_directory, settings.kind),
	    WORDS(kind_words),
	    .fallback = "auto",
	    .help = "what kind of directory it is; auto asks the server" },
	{ .name = "urls",
	    .type = OPTION_TEXTS,
	    COUNTED(draft_directory, settings.urls, settings.url_count),
	    .help = "its servers, tried in order; for kind ldif file:// URLs" },
	{ .name = "domain",
	    .type = OPTION_TEXT,
	    AT(draft_directory, settings.domain),
	    .help = "the domain whose servers DNS names, instead of urls" },
	{ .name = "tls",
	    .type = OPTION_GROUP,
	    MEMBERS(directory_tls_options),
	    .help = "TLS towards the directory" },
	{ .name = "bind",
	    .type = OPTION_GROUP,
	    MEMBERS(bind_options),
	    .help = "the account that reads the directory" },
	{ .name = "users",
	    .type = OPTION_GROUP,
	    MEMBERS(users_options),
	    .help = "which entries are users" },
	{ .name = "canaries",
	    .type = OPTION_TEXTS,
	    COUNTED(draft_directory, settings.canaries, settings.canary_count),
	    .help = "DNs of entries that a whole scan must contain" },
	{ .name = "changes",
	    .type = OPTION_WORD,
	    AT(draft_directory, settings.changes),
	    WORDS(changes_words),
	    .fallback = "auto",
	    .help = "how changes are found; auto: the best that the server offers" },
	{ .name = "page_size",
	    .type = OPTION_NUMBER,
	    AT(draft_directory, settings.page_size),
	    BETWEEN(0, 100000),
	    .fallback = "1000",
	    .help = "entries a page; 0 asks for all at once" },
	{ .name = "connect_timeout",
	    .type = OPTION_DURATION,
	    AT(draft_directory, settings.connect_timeout_ms),
	    BETWEEN(100, 5 * TIME_MINUTE_MS),
	    .fallback = "5s",
	    .help = "how long to wait for a connection to a server" },
	{ .name = "search_timeout",
	    .type = OPTION_DURATION,
	    AT(draft_directory, settings.search_timeout_ms),
	    BETWEEN(TIME_SECOND_MS, TIME_HOUR_MS),
	    .fallback = "120s",
	    .help = "how long a server may be silent during a search" },
	{ .name = "allow_cleartext",
	    .type = OPTION_BOOLEAN,
	    AT(draft_directory, settings.allow_cleartext),
	    .fallback = "false",
	    .help = "allow ldap:// without StartTLS" },
};

static const struct option mapping_options[] = {
	{ .name = "to",
	    .type = OPTION_SPAN,
	    AT(draft_rule, to),
	    .help = "the attribute of the account, as SCIM calls it" },
	{ .name = "from",
	    .type = OPTION_SPAN,
	    AT(draft_rule, from),
	    .help = "template of its value" },
	{ .name = "when",
	    .type = OPTION_SPAN,
	    AT(draft_rule, when),
	    .help = "LDAP filter that the entry must match for the rule to count" },
};

static const struct option workspace_options[] = {
	{ .name = "id",
	    .type = OPTION_SPAN,
	    AT(draft_workspace, id),
	    .help = "the workspace's id in the tenant" },
	{ .name = "name",
	    .type = OPTION_SPAN,
	    AT(draft_workspace, name),
	    .help = "what reports call it" },
	{ .name = "group",
	    .type = OPTION_SPAN,
	    AT(draft_workspace, group),
	    .help = "DN of the group whose members get the workspace" },
	{ .name = "nested",
	    .type = OPTION_BOOLEAN,
	    AT(draft_workspace, is_nested),
	    .fallback = "false",
	    .help = "whether members of groups in the group count" },
	{ .name = "when",
	    .type = OPTION_SPAN,
	    AT(draft_workspace, when),
	    .help = "LDAP filter; entries that match it get the workspace" },
};

static const struct option auth_options[] = {
	{ .name = "method",
	    .type = OPTION_WORD,
	    AT(draft, config.tenant.auth.method),
	    WORDS(auth_words),
	    .fallback = "api-key",
	    .help = "how to log in to the tenant" },
	{ .name = "url",
	    .type = OPTION_TEXT,
	    AT(draft, config.tenant.auth.url),
	    .help = "the region's authentication host; its OAuth host with method oauth-device" },
	{ .name = "key",
	    .type = OPTION_SECRET,
	    AT(draft, config.tenant.auth.key),
	    .help = "reference to the API key; method api-key" },
	{ .name = "user",
	    .type = OPTION_SPAN,
	    AT(draft, config.tenant.auth.user),
	    .help = "login name; method basic" },
	{ .name = "password",
	    .type = OPTION_SECRET,
	    AT(draft, config.tenant.auth.password),
	    .help = "reference to the password; method basic" },
	{ .name = "cert_file",
	    .type = OPTION_TEXT,
	    AT(draft, config.tenant.auth.cert_file),
	    .help = "PEM file of the registered certificate; method certificate" },
	{ .name = "key_file",
	    .type = OPTION_SPAN,
	    AT(draft, config.tenant.auth.key_file),
	    .help = "PEM file of its private key; method certificate" },
	{ .name = "client_id",
	    .type = OPTION_SPAN,
	    AT(draft, config.tenant.auth.client_id),
	    .help = "the OAuth client that the tenant has for the agent; method oauth-device" },
	{ .name = "refresh_token_file",
	    .type = OPTION_TEXT,
	    AT(draft, config.tenant.auth.refresh_token_file),
	    .help = "where \"scimward login\" puts the refresh token; method oauth-device" },
};

static const struct option tenant_tls_options[] = {
	{ .name = "ca_file",
	    .type = OPTION_TEXT,
	    AT(draft, config.tenant.ca_file),
	    .help = "PEM file of the authorities to trust instead of the system's" },
};

static const struct option tenant_options[] = {
	{ .name = "profile",
	    .type = OPTION_WORD,
	    AT(draft, config.tenant.profile),
	    WORDS(profile_words),
	    .fallback = "anaplan",
	    .help = "what kind of SCIM server it is" },
	{ .name = "url",
	    .type = OPTION_TEXT,
	    AT(draft, config.tenant.url),
	    .help =
		"base of the SCIM API; profile anaplan has https://api.anaplan.com/scim/1/0/v2" },
	{ .name = "auth",
	    .type = OPTION_GROUP,
	    MEMBERS(auth_options),
	    .help = "the account that writes to the tenant" },
	{ .name = "tls",
	    .type = OPTION_GROUP,
	    MEMBERS(tenant_tls_options),
	    .help = "TLS towards the tenant and its authentication host" },
	{ .name = "proxy",
	    .type = OPTION_TEXT,
	    AT(draft, config.tenant.proxy),
	    .help = "URL of the proxy between; none by default" },
	{ .name = "allow_cleartext",
	    .type = OPTION_BOOLEAN,
	    AT(draft, config.tenant.allow_cleartext),
	    .fallback = "false",
	    .help = "allow http://, for tests" },
	{ .name = "requests_per_second",
	    .type = OPTION_NUMBER,
	    AT(draft, config.rate.requests_per_second),
	    BETWEEN(0, 1000),
	    .fallback = "10",
	    .help = "requests a second in the long run; 0: no limit" },
	{ .name = "burst",
	    .type = OPTION_NUMBER,
	    AT(draft, config.rate.burst),
	    BETWEEN(1, 10000),
	    .fallback = "60",
	    .help = "requests that may go at once after a pause" },
	{ .name = "concurrency",
	    .type = OPTION_NUMBER,
	    AT(draft, config.rate.concurrency),
	    BETWEEN(1, 64),
	    .fallback = "8",
	    .help = "requests in flight, and connections" },
	{ .name = "timeout",
	    .type = OPTION_DURATION,
	    AT(draft, config.tenant.timeout_ms),
	    BETWEEN(TIME_SECOND_MS, 10 * TIME_MINUTE_MS),
	    .fallback = "60s",
	    .help = "how long one request may take" },
};

static const struct option leavers_options[] = {
	{ .name = "deleted",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.leavers.deleted),
	    WORDS(leaver_words),
	    .fallback = "deactivate",
	    .help = "when the entry is gone" },
	{ .name = "disabled",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.leavers.disabled),
	    WORDS(leaver_words),
	    .fallback = "deactivate",
	    .help = "when the entry is disabled or expired" },
	{ .name = "left_scope",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.leavers.left_scope),
	    WORDS(leaver_words),
	    .fallback = "deactivate",
	    .help = "when the entry no longer matches the filter" },
	{ .name = "moved",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.leavers.moved),
	    WORDS(leaver_words),
	    .fallback = "deactivate",
	    .help = "when the entry was moved out of the bases" },
	{ .name = "revoke_workspaces",
	    .type = OPTION_BOOLEAN,
	    AT(draft, config.policy.leavers.revoke_workspaces),
	    .fallback = "false",
	    .help = "whether a leaver's workspaces are taken away too" },
	{ .name = "grace",
	    .type = OPTION_DURATION,
	    AT(draft, config.policy.leavers.grace_ms),
	    BETWEEN(0, YEAR_MS),
	    .fallback = "0s",
	    .help = "how long to wait before a leaver is deactivated" },
};

/* A window of nothing would never trip, one of years never let go. */
#define LIMIT_OPTIONS(class, most)                                                                 \
	{ .name = "count",                                                                         \
		.type = OPTION_NUMBER,                                                             \
		AT(draft, config.policy.class.count),                                              \
		BETWEEN(0, 100000000),                                                             \
		.fallback = (most),                                                                \
		.help = "most in the window; 0 switches the count off" },                          \
	{                                                                                          \
		.name = "window", .type = OPTION_DURATION,                                         \
		AT(draft, config.policy.class.window_ms), BETWEEN(TIME_MINUTE_MS, YEAR_MS),        \
		.fallback = "24h", .help = "how far back is counted"                               \
	}
#define LIMIT_PERCENT(class, most)                                                                 \
	{                                                                                          \
		.name = "percent", .type = OPTION_NUMBER, AT(draft, config.policy.class.percent),  \
		BETWEEN(0, 100), .fallback = (most),                                               \
		.help = "most in the window, of the linked accounts; 0 switches it off"            \
	}

static const struct option deactivation_options[] = {
	LIMIT_OPTIONS(deactivations, "50"),
	LIMIT_PERCENT(deactivations, "10"),
};

static const struct option revocation_options[] = {
	LIMIT_OPTIONS(revocations, "200"),
	LIMIT_PERCENT(revocations, "10"),
};

static const struct option creation_options[] = {
	LIMIT_OPTIONS(creations, "1000"),
	LIMIT_PERCENT(creations, "0"),
};

static const struct option limits_options[] = {
	{ .name = "deactivations",
	    .type = OPTION_GROUP,
	    MEMBERS(deactivation_options),
	    .help = "accounts deactivated" },
	{ .name = "revocations",
	    .type = OPTION_GROUP,
	    MEMBERS(revocation_options),
	    .help = "workspaces taken away" },
	{ .name = "creations",
	    .type = OPTION_GROUP,
	    MEMBERS(creation_options),
	    .help = "accounts created" },
	{ .name = "smallest_scan_percent",
	    .type = OPTION_NUMBER,
	    AT(draft, config.policy.smallest_scan_percent),
	    BETWEEN(0, 100),
	    .fallback = "90",
	    .help = "of the last certified scan's entries; a smaller scan is not certified" },
};

static const struct option policy_options[] = {
	{ .name = "scope",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.scope),
	    WORDS(scope_words),
	    .fallback = "mapped",
	    .help = "who gets an account: all users, or those with a workspace" },
	{ .name = "correlate",
	    .type = OPTION_WORDS,
	    COUNTED(draft, correlate, correlate_count),
	    WORDS(correlate_words),
	    .fallback = "externalId userName",
	    .help = "how an account that exists is recognised, in order of trust" },
	{ .name = "leavers",
	    .type = OPTION_GROUP,
	    MEMBERS(leavers_options),
	    .help = "what happens to those who leave, by reason" },
	{ .name = "rehire",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.rehire),
	    WORDS(rehire_words),
	    .fallback = "reactivate",
	    .help = "when a person comes back" },
	{ .name = "rename",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.rename),
	    WORDS(rename_words),
	    .fallback = "hold",
	    .help = "when a userName changes" },
	{ .name = "drift",
	    .type = OPTION_WORD,
	    AT(draft, config.policy.drift),
	    WORDS(drift_words),
	    .fallback = "restore",
	    .help = "when somebody else changed an account" },
	{ .name = "protect",
	    .type = OPTION_SPANS,
	    COUNTED(draft, config.policy.protect, config.policy.protect_count),
	    .help = "userNames of accounts that are never changed" },
	{ .name = "limits",
	    .type = OPTION_GROUP,
	    MEMBERS(limits_options),
	    .help = "how much may go before a person is asked" },
};

static const struct option schedule_options[] = {
	{ .name = "delta",
	    .type = OPTION_DURATION,
	    AT(draft, config.schedule.delta_ms),
	    BETWEEN(TIME_SECOND_MS, YEAR_MS),
	    .fallback = "60s",
	    .help = "how often changes are looked for" },
	{ .name = "full",
	    .type = OPTION_DURATION,
	    AT(draft, config.schedule.full_ms),
	    BETWEEN(TIME_MINUTE_MS, YEAR_MS),
	    .fallback = "24h",
	    .help = "how often the whole directory is read" },
	{ .name = "reconcile",
	    .type = OPTION_DURATION,
	    AT(draft, config.schedule.reconcile_ms),
	    BETWEEN(TIME_MINUTE_MS, YEAR_MS),
	    .fallback = "7d",
	    .help = "how often the whole tenant is read too" },
	{ .name = "push",
	    .type = OPTION_BOOLEAN,
	    AT(draft, config.schedule.push),
	    .fallback = "true",
	    .help = "take changes as the directory announces them" },
};

static const struct option state_options[] = {
	{ .name = "path",
	    .type = OPTION_TEXT,
	    AT(draft, config.state.path),
	    .fallback = "/var/lib/scimward/state.db",
	    .help = "the state database; under systemd state.db in $STATE_DIRECTORY" },
	{ .name = "keep_audit",
	    .type = OPTION_DURATION,
	    AT(draft, config.state.keep_audit_ms),
	    BETWEEN(TIME_DAY_MS, 10000 * TIME_DAY_MS),
	    .fallback = "400d",
	    .help = "how long audit records are kept" },
};

static const struct option log_options[] = {
	{ .name = "level",
	    .type = OPTION_WORD,
	    AT(draft, log_level),
	    WORDS(level_words),
	    .fallback = "info",
	    .help = "the least important lines to write" },
	{ .name = "format",
	    .type = OPTION_WORD,
	    AT(draft, config.log.format),
	    WORDS(format_words),
	    .fallback = "auto",
	    .help =
		"journal fields, text or JSON lines; auto chooses by where standard error goes" },
};

static const struct option metrics_options[] = {
	{ .name = "textfile",
	    .type = OPTION_TEXT,
	    AT(draft, config.metrics.textfile),
	    .help = "file for node_exporter's textfile collector; none by default" },
	{ .name = "listen",
	    .type = OPTION_TEXT,
	    AT(draft, config.metrics.listen),
	    .help = "where the service answers over HTTP, a loopback address or unix:PATH; "
		    "nowhere by default" },
};

static const struct option control_options[] = {
	{ .name = "path",
	    .type = OPTION_TEXT,
	    AT(draft, config.control.path),
	    .fallback = "/run/scimward/control.sock",
	    .help = "Unix socket through which commands ask the service; none for a file outside "
		    "/etc/scimward" },
	{ .name = "group",
	    .type = OPTION_TEXT,
	    AT(draft, config.control.group),
	    .fallback = "scimward",
	    .help = "group whose members may; \"\": only the user of the service and root" },
};

static const struct option notify_tls_options[] = {
	{ .name = "ca_file",
	    .type = OPTION_TEXT,
	    AT(draft, config.notify.ca_file),
	    .help = "PEM file of the authorities to trust instead of the system's" },
};

static const struct option mail_options[] = {
	{ .name = "url",
	    .type = OPTION_TEXT,
	    AT(draft, config.notify.mail.url),
	    .help = "the mail server, smtps:// or smtp:// with STARTTLS; none by default" },
	{ .name = "from",
	    .type = OPTION_TEXT,
	    AT(draft, config.notify.mail.from),
	    .help = "address that mails come from" },
	{ .name = "to",
	    .type = OPTION_TEXTS,
	    COUNTED(draft, config.notify.mail.to, config.notify.mail.to_count),
	    .help = "addresses that mails go to" },
	{ .name = "user",
	    .type = OPTION_TEXT,
	    AT(draft, config.notify.mail.user),
	    .help = "login name at the mail server; without it nobody logs in" },
	{ .name = "password",
	    .type = OPTION_SECRET,
	    AT(draft, config.notify.mail.password),
	    .help = "reference to the password" },
};

static const struct option notify_options[] = {
	{ .name = "webhook",
	    .type = OPTION_TEXT,
	    AT(draft, config.notify.webhook),
	    .help = "URL that events are posted to, or a reference to it; none by default" },
	{ .name = "on",
	    .type = OPTION_WORDS,
	    COUNTED(draft, config.notify.on, config.notify.on_count),
	    WORDS(event_words),
	    .fallback = "hold failure recovered",
	    .help = "which events" },
	{ .name = "tls",
	    .type = OPTION_GROUP,
	    MEMBERS(notify_tls_options),
	    .help = "TLS towards the webhook and the mail server" },
	{ .name = "proxy",
	    .type = OPTION_TEXT,
	    AT(draft, config.notify.proxy),
	    .help = "URL of the proxy between, for the webhook; none by default" },
	{ .name = "mail", .type = OPTION_GROUP, MEMBERS(mail_options), .help = "who is mailed" },
};

const struct option config_options[] = {
	{ .name = "version",
	    .type = OPTION_NUMBER,
	    AT(draft, version),
	    BETWEEN(1, 1),
	    .fallback = "1",
	    .help = "of this format" },
	{ .name = "directories",
	    .type = OPTION_GROUPS,
	    COUNTED(draft, directories, directory_count),
	    MEMBERS(directory_options),
	    .element_size = sizeof(struct draft_directory),
	    BETWEEN(0, 32),
	    .help = "where users come from" },
	{ .name = "mapping",
	    .type = OPTION_GROUPS,
	    COUNTED(draft, rules, rule_count),
	    MEMBERS(mapping_options),
	    .element_size = sizeof(struct draft_rule),
	    BETWEEN(0, 1000),
	    .help = "how an entry becomes an account" },
	{ .name = "workspaces",
	    .type = OPTION_GROUPS,
	    COUNTED(draft, workspaces, workspace_count),
	    MEMBERS(workspace_options),
	    .element_size = sizeof(struct draft_workspace),
	    BETWEEN(0, 10000),
	    .help = "who gets into which workspace" },
	{ .name = "tenant",
	    .type = OPTION_GROUP,
	    MEMBERS(tenant_options),
	    .help = "where accounts go to" },
	{ .name = "policy",
	    .type = OPTION_GROUP,
	    MEMBERS(policy_options),
	    .help = "what is done about joiners, movers and leavers" },
	{ .name = "schedule",
	    .type = OPTION_GROUP,
	    MEMBERS(schedule_options),
	    .help = "when the service does what" },
	{ .name = "state",
	    .type = OPTION_GROUP,
	    MEMBERS(state_options),
	    .help = "what is remembered, and where" },
	{ .name = "log", .type = OPTION_GROUP, MEMBERS(log_options), .help = "the log" },
	{ .name = "metrics",
	    .type = OPTION_GROUP,
	    MEMBERS(metrics_options),
	    .help = "numbers for monitoring" },
	{ .name = "control",
	    .type = OPTION_GROUP,
	    MEMBERS(control_options),
	    .help = "who may command the service that runs" },
	{ .name = "notify",
	    .type = OPTION_GROUP,
	    MEMBERS(notify_options),
	    .help = "who is told about what" },
};
const size_t config_option_count = COUNT(config_options);

static const char *type_name(enum option_type type)
{
	switch (type) {
	case OPTION_BOOLEAN:
		return "boolean";
	case OPTION_NUMBER:
		return "number";
	case OPTION_DURATION:
		return "duration";
	case OPTION_WORD:
		return "word";
	case OPTION_TEXT:
	case OPTION_SPAN:
		return "text";
	case OPTION_SECRET:
		return "secret";
	case OPTION_TEXTS:
	case OPTION_SPANS:
		return "texts";
	case OPTION_WORDS:
		return "words";
	case OPTION_GROUP:
		return "group";
	case OPTION_GROUPS:
		return "groups";
	}
	return "";
}

typedef void each_key(void *context, const struct config_key *key);

/* The options on the way to where we are. */
struct visit {
	each_key *each;
	void *context;
	struct str name;
};

static void visit_options(struct visit *visit, const struct option *options, size_t count);

static void visit_option(struct visit *visit, const struct option *option)
{
	size_t outer = visit->name.len;
	struct config_key key = { .type = type_name(option->type),
		.fallback = option->fallback == NULL ? "" : option->fallback,
		.words = option->words,
		.word_count = option->word_count,
		.min = option->min,
		.max = option->max,
		.help = option->help };

	str_add_c(&visit->name, outer == 0 ? "" : ".");
	str_add_c(&visit->name, option->name);
	if (option->type == OPTION_GROUPS)
		str_add_c(&visit->name, "[]");
	key.name = str_c(&visit->name);
	visit->each(visit->context, &key);
	visit_options(visit, option->members, option->member_count);
	str_truncate(&visit->name, outer);
}

static void visit_options(struct visit *visit, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		visit_option(visit, &options[i]);
}

void config_keys(each_key *each, void *context)
{
	struct visit visit = { .each = each, .context = context };

	visit_options(&visit, config_options, config_option_count);
	str_done(&visit.name);
}
