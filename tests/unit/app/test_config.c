/* SPDX-License-Identifier: ISC */
/*
 * What a configuration means: defaults, what follows from them, and what keys ask of each other.
 */
#include "base/time.h"
#include "tests/unit/app/tests.h"

#include <config.h>
#include <stdlib.h>
#include <string.h>

static void assert_span(struct span span, const char *text)
{
	if (text == NULL)
		assert_null(span.at);
	else if (!span_equal(span, span_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARG(span), text);
}

static struct reading sound_reading_of(const char *text)
{
	struct reading reading = reading_of(text);

	if (reading.status != STATUS_OK)
		fail_msg("%s\n-- says --\n%s", text, str_c(&reading.text));
	return reading;
}

static void directory_has_defaults(void **state)
{
	struct reading reading = sound_reading_of(SMALLEST);
	const struct directory_settings *directory = &reading.config->directories[0];

	(void)state;
	assert_quiet(&reading);
	assert_int_equal(reading.config->directory_count, 1);
	assert_span(directory->name, "directory");
	assert_int_equal(directory->kind, DIRECTORY_AUTO);
	assert_int_equal(directory->url_count, 1);
	assert_string_equal(directory->urls[0], "ldaps://h");
	assert_null(directory->tls.ca_file);
	assert_null(directory->tls.cert_file);
	assert_null(directory->tls.key_file);
	assert_false(directory->tls.starttls);
	assert_int_equal(directory->bind.method, DIRECTORY_BIND_SIMPLE);
	assert_string_equal(directory->bind.dn, "cn=a");
	assert_span(directory->bind.password, "env:P");
	assert_int_equal(directory->users.base_count, 1);
	assert_string_equal(directory->users.bases[0], "dc=x");
	assert_int_equal(directory->users.scope, DIRECTORY_SCOPE_SUBTREE);
	assert_null(directory->users.filter);
	assert_int_equal(directory->canary_count, 0);
	assert_int_equal(directory->page_size, 1000);
	assert_int_equal(directory->connect_timeout_ms, 5 * TIME_SECOND_MS);
	assert_int_equal(directory->search_timeout_ms, 120 * TIME_SECOND_MS);
	assert_false(directory->allow_cleartext);
	reading_done(&reading);
}

static void tenant_has_defaults(void **state)
{
	struct reading reading = sound_reading_of(SMALLEST);
	const struct tenant_settings *tenant = &reading.config->tenant;

	(void)state;
	assert_int_equal(tenant->profile, TENANT_ANAPLAN);
	assert_string_equal(tenant->url, "https://api.anaplan.com/scim/1/0/v2");
	assert_int_equal(tenant->auth.method, TENANT_AUTH_API_KEY);
	assert_null(tenant->auth.url); /* by method: scim/auth.c and scim/oauth_request.c */
	assert_span(tenant->auth.key, "env:K");
	assert_null(tenant->ca_file);
	assert_null(tenant->proxy);
	assert_false(tenant->allow_cleartext);
	assert_int_equal(tenant->timeout_ms, 60 * TIME_SECOND_MS);
	assert_int_equal(tenant->concurrency, 8);
	assert_int_equal(reading.config->rate.requests_per_second, 10);
	assert_int_equal(reading.config->rate.burst, 60);
	assert_int_equal(reading.config->rate.concurrency, 8);
	reading_done(&reading);
}

static void assert_limit(const struct policy_limit *limit, const struct policy_limit *wanted)
{
	assert_int_equal(limit->count, wanted->count);
	assert_int_equal(limit->percent, wanted->percent);
	assert_int_equal(limit->window_ms, wanted->window_ms);
}

/* The table and the core say the same. */
static void policy_has_defaults(void **state)
{
	struct reading reading = sound_reading_of(SMALLEST);
	const struct policy *policy = &reading.config->policy, wanted = policy_default();

	(void)state;
	assert_int_equal(policy->scope, wanted.scope);
	assert_int_equal(policy->correlate_count, wanted.correlate_count);
	for (size_t i = 0; i < wanted.correlate_count; i++)
		assert_int_equal(policy->correlate[i], wanted.correlate[i]);
	assert_int_equal(policy->leavers.deleted, wanted.leavers.deleted);
	assert_int_equal(policy->leavers.disabled, wanted.leavers.disabled);
	assert_int_equal(policy->leavers.left_scope, wanted.leavers.left_scope);
	assert_int_equal(policy->leavers.moved, wanted.leavers.moved);
	assert_int_equal(policy->leavers.revoke_workspaces, wanted.leavers.revoke_workspaces);
	assert_int_equal(policy->leavers.grace_ms, wanted.leavers.grace_ms);
	assert_int_equal(policy->rehire, wanted.rehire);
	assert_int_equal(policy->rename, wanted.rename);
	assert_int_equal(policy->drift, wanted.drift);
	assert_int_equal(policy->protect_count, wanted.protect_count);
	assert_limit(&policy->deactivations, &wanted.deactivations);
	assert_limit(&policy->revocations, &wanted.revocations);
	assert_limit(&policy->creations, &wanted.creations);
	assert_int_equal(policy->smallest_scan_percent, wanted.smallest_scan_percent);
	reading_done(&reading);
}

static void service_has_defaults(void **state)
{
	struct reading reading = sound_reading_of(SMALLEST);
	const struct config *config = reading.config;

	(void)state;
	assert_int_equal(config->schedule.delta_ms, TIME_MINUTE_MS);
	assert_int_equal(config->schedule.full_ms, TIME_DAY_MS);
	assert_int_equal(config->schedule.reconcile_ms, 7 * TIME_DAY_MS);
	assert_true(config->schedule.push);
	assert_string_equal(config->state.path, "/var/lib/scimward/state.db");
	assert_int_equal(config->state.keep_audit_ms, 400 * TIME_DAY_MS);
	assert_int_equal(config->log.level, LOG_LEVEL_INFO);
	assert_int_equal(config->log.format, LOG_FORMAT_AUTO);
	assert_null(config->metrics.textfile);
	assert_null(config->metrics.listen);
	assert_null(config->control.path); /* it is of no unit */
	assert_string_equal(config->control.group, "scimward");
	assert_null(config->notify.webhook);
	assert_int_equal(config->notify.on_count, 3);
	assert_string_equal(config->notify.on[0], "hold");
	assert_string_equal(config->notify.on[1], "failure");
	assert_string_equal(config->notify.on[2], "recovered");
	reading_done(&reading);
}

static void assert_rule(const struct mapping_rule *rule, enum account_path to, const char *from)
{
	assert_int_equal(rule->to, to);
	assert_span(rule->from, from);
	assert_span(rule->when, NULL);
}

static void mapping_has_defaults(void **state)
{
	struct reading reading = sound_reading_of(SMALLEST);
	const struct mapping_rule *rules = reading.config->rules;

	(void)state;
	assert_int_equal(reading.config->rule_count, 6);
	assert_rule(&rules[0], ACCOUNT_USER_NAME, "${mail|lower}");
	assert_rule(&rules[1], ACCOUNT_USER_NAME, "${userPrincipalName|lower}");
	assert_rule(&rules[2], ACCOUNT_EXTERNAL_ID, "${.key}");
	assert_rule(&rules[3], ACCOUNT_GIVEN_NAME, "${givenName}");
	assert_rule(&rules[4], ACCOUNT_FAMILY_NAME, "${sn}");
	assert_rule(&rules[5], ACCOUNT_ACTIVE, "${.enabled}");
	reading_done(&reading);
}

static void own_rules_replace_defaults_of_their_target(void **state)
{
	struct reading reading = sound_reading_of(
	    SMALLEST "mapping = ( { to = \"username\"; from = \"${uid}\"; },"
		     "{ to = \"active\"; from = \"false\"; when = \"(a=b)\"; },"
		     "{ to = \"emails[type eq \\\"work\\\"].value\"; from = \"${mail}\"; } );");
	const struct mapping_rule *rules = reading.config->rules;

	(void)state;
	assert_int_equal(reading.config->rule_count, 6);
	assert_rule(&rules[0], ACCOUNT_USER_NAME, "${uid}");
	assert_int_equal(rules[1].to, ACCOUNT_ACTIVE);
	assert_span(rules[1].when, "(a=b)");
	assert_rule(&rules[2], ACCOUNT_EMAIL, "${mail}");
	assert_rule(&rules[3], ACCOUNT_EXTERNAL_ID, "${.key}");
	assert_rule(&rules[4], ACCOUNT_GIVEN_NAME, "${givenName}");
	assert_rule(&rules[5], ACCOUNT_FAMILY_NAME, "${sn}");
	reading_done(&reading);
}

/* One DN in several spellings is one group; nested and not are two. */
static void numbers_groups_once(void **state)
{
	struct reading reading = sound_reading_of(
	    "directories = ( { " URLS BIND USERS "}, { name = \"b\"; " URLS BIND USERS "} );" TENANT
	    "workspaces = ( { id = \"w1\"; group = \"CN=B, DC=x\"; },"
	    "{ id = \"w2\"; when = \"(a=b)\"; name = \"Two\"; },"
	    "{ id = \"w3\"; group = \"cn=a,dc=x\"; nested = true; },"
	    "{ id = \"w1\"; group = \"cn=b,dc=X\"; nested = true; },"
	    "{ id = \"w4\"; group = \"cn=b,dc=x\"; when = \"(c=d)\"; } );");
	const struct config *config = reading.config;
	const struct workspace_rule *workspaces = config->workspaces;

	(void)state;
	assert_int_equal(config->workspace_count, 5);
	assert_int_equal(config->group_count, 3);
	assert_int_equal(workspaces[1].root, MEMBERSHIP_NONE);
	assert_span(workspaces[1].name, "Two");
	assert_span(workspaces[1].when, "(a=b)");
	assert_int_equal(workspaces[0].root, workspaces[4].root);
	assert_int_not_equal(workspaces[0].root, workspaces[3].root);
	assert_span(config->groups[workspaces[0].root].dn, "CN=B, DC=x");
	assert_false(config->groups[workspaces[0].root].is_nested);
	assert_true(config->groups[workspaces[2].root].is_nested);
	assert_true(config->groups[workspaces[3].root].is_nested);
	for (size_t i = 0; i < 2; i++) {
		assert_ptr_equal(config->directories[i].groups, config->groups);
		assert_int_equal(config->directories[i].group_count, 3);
	}
	reading_done(&reading);
}

static void takes_values(void **state)
{
	struct reading reading = sound_reading_of(DIRECTORY WORKSPACES
	    "tenant = { profile = \"generic\"; url = \"http://h/scim//\"; allow_cleartext = true;"
	    " auth = { method = \"basic\"; user = \"u\"; password = \"file:/p\"; };"
	    " concurrency = 3; proxy = \"http://p:1\"; tls = { ca_file = \"/ca\"; }; };"
	    "policy = { correlate = [ \"userName\" ]; protect = [ \"a@b\", \"c@d\" ];"
	    " leavers = { moved = \"keep\"; grace = \"90m\"; }; rename = \"patch\";"
	    " limits = { deactivations = { count = 7; }; }; };"
	    "log = { level = \"error\"; format = \"json\"; }; notify = { on = [ \"quarantine\" ]; "
	    "};");
	const struct config *config = reading.config;

	(void)state;
	assert_quiet(&reading);
	assert_string_equal(config->tenant.url, "http://h/scim");
	assert_span(config->tenant.auth.password, "file:/p");
	assert_int_equal(config->tenant.concurrency, 3);
	assert_string_equal(config->tenant.ca_file, "/ca");
	assert_int_equal(config->policy.correlate_count, 1);
	assert_int_equal(config->policy.correlate[0], POLICY_CORRELATE_USER_NAME);
	assert_int_equal(config->policy.protect_count, 2);
	assert_span(config->policy.protect[1], "c@d");
	assert_int_equal(config->policy.leavers.moved, POLICY_LEAVER_KEEP);
	assert_int_equal(config->policy.leavers.grace_ms, 90 * TIME_MINUTE_MS);
	assert_int_equal(config->policy.rename, POLICY_RENAME_PATCH);
	assert_int_equal(config->policy.deactivations.count, 7);
	assert_int_equal(config->policy.deactivations.percent, 10);
	assert_int_equal(config->log.level, LOG_LEVEL_ERROR);
	assert_int_equal(config->log.format, LOG_FORMAT_JSON);
	assert_int_equal(config->notify.on_count, 1);
	assert_string_equal(config->notify.on[0], "quarantine");
	reading_done(&reading);
}

static void empty_means_not_set(void **state)
{
	struct reading reading = sound_reading_of(
	    "directories = ( { " URLS BIND "users = { bases = [ \"dc=x\" ]; filter = \"\"; };"
	    " tls = { ca_file = \"\"; cert_file = \"\"; key_file = \"\"; }; domain = \"\"; } "
	    ");" WORKSPACES
	    "tenant = { url = \"\"; proxy = \"\"; auth = { key = \"env:K\"; user = \"\"; }; };"
	    "metrics = { textfile = \"\"; }; notify = { webhook = \"\"; };");

	(void)state;
	assert_quiet(&reading);
	assert_null(reading.config->directories[0].users.filter);
	assert_string_equal(reading.config->tenant.url, "https://api.anaplan.com/scim/1/0/v2");
	assert_null(reading.config->tenant.proxy);
	assert_null(reading.config->notify.webhook);
	reading_done(&reading);
}

static void ldif_needs_only_a_file(void **state)
{
	struct reading reading = sound_reading_of(
	    "directories = ( { kind = \"ldif\"; urls = [ \"file:///srv/people.ldif\" ]; } "
	    ");" WORKSPACES TENANT);

	(void)state;
	assert_quiet(&reading);
	assert_int_equal(reading.config->directories[0].kind, DIRECTORY_LDIF);
	assert_int_equal(reading.config->directories[0].users.base_count, 0);
	reading_done(&reading);
}

struct said {
	const char *text, *line;
};

#define SAYS(text, line)                                                                           \
	{                                                                                          \
		text, "x.conf:1: " line                                                            \
	}

static void assert_all_said(const struct said *said, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_says(said[i].text, said[i].line);
}

#define IN_DIRECTORY(text) "directories = ( { " text " } );"
#define KEY_HINT           "refer to it: \"credential:NAME\", \"file:/path\" or \"env:NAME\""

static void checks_directories(void **state)
{
	static const struct said said[] = {
		{ "", "x.conf: directories: it is missing; name one: directories = ( { urls = [ "
		      "\"ldaps://…\" ]; … } );" },
		SAYS("directories = ( );",
		    "directories: it is missing; name one: directories = ( { urls "
		    "= [ \"ldaps://…\" ]; … } );"),
		SAYS(IN_DIRECTORY(""),
		    "directories[0].urls: it is missing; name a server: urls = [ "
		    "\"ldaps://dc1.corp.example\" ];"),
		SAYS(IN_DIRECTORY("urls = [ ];"),
		    "directories[0].urls: it is missing; name a server: urls "
		    "= [ \"ldaps://dc1.corp.example\" ];"),
		SAYS(IN_DIRECTORY(""),
		    "directories[0].bind.dn: it is missing; say who reads the directory: "
		    "bind = { dn = \"CN=…\"; password = \"credential:…\"; };"),
		SAYS(IN_DIRECTORY(""), "directories[0].bind.password: it is missing; " KEY_HINT),
		SAYS(IN_DIRECTORY(""),
		    "directories[0].users.bases: it is missing; say where users are: "
		    "users = { bases = [ \"OU=Staff,DC=corp,DC=example\" ]; };"),
		SAYS(IN_DIRECTORY("domain = \"corp example\";"),
		    "directories[0].domain: \"corp example\" is not a DNS name; write it like "
		    "\"corp.example\""),
		SAYS(IN_DIRECTORY("domain = \"corp.example\"; " URLS),
		    "directories[0].domain: DNS names the servers of a domain, and so does urls; "
		    "leave one of them out"),
		SAYS(IN_DIRECTORY("kind = \"ldif\"; domain = \"corp.example\";"),
		    "directories[0].domain: a file has no domain; name the file: "
		    "urls = [ \"file:///srv/hr/people.ldif\" ];"),
		SAYS(IN_DIRECTORY("urls = [ \"https://h\" ];"),
		    "directories[0].urls[0]: the URL has another scheme; it begins with ldaps://, "
		    "ldap:// or "
		    "ldapi://"),
		SAYS(IN_DIRECTORY("urls = [ \"ldaps://\" ];"),
		    "directories[0].urls[0]: the URL names no host; write ldaps://HOST"),
		SAYS(IN_DIRECTORY("urls = [ \"ldaps://a\", \"ldaps://a\" ];"),
		    "directories[0].urls[1]: \"ldaps://a\" is given twice; take one out"),
		SAYS(IN_DIRECTORY("urls = [ \"LDAP://h\" ];"),
		    "directories[0].urls[0]: ldap:// sends passwords and persons in the clear; "
		    "write "
		    "ldaps://, or set tls.starttls; to allow it all the same, set allow_cleartext"),
		SAYS(IN_DIRECTORY("kind = \"ldif\"; urls = [ \"ldaps://h\" ];"),
		    "directories[0].urls[0]: the URL has another scheme; it begins with file:///"),
		SAYS(IN_DIRECTORY("kind = \"ldif\";"),
		    "directories[0].urls: it is missing; name the file: "
		    "urls = [ \"file:///srv/hr/people.ldif\" ];"),
		SAYS(IN_DIRECTORY("kind = \"ldif\"; " BIND),
		    "directories[0].bind: warning: it has no effect on a file"),
		SAYS(IN_DIRECTORY("name = \"a b\";"), "directories[0].name: \"a b\" is not a name; "
						      "a name is 1 to 64 letters, digits, dots, "
						      "dashes and underscores"),
		SAYS("directories = ( { }, { } );",
		    "directories[1].name: \"directory\" is the name of "
		    "directories[0] too; give each directory a name of its "
		    "own"),
		SAYS("directories = ( 5 );",
		    "directories[0]: it is a number; write a group in braces: { … }"),
		SAYS(IN_DIRECTORY("bind = { method = \"gssapi\"; dn = \"cn=a\"; };"),
		    "directories[0].bind.method: \"gssapi\" takes neither dn nor password; leave "
		    "out dn and password, and name the keytab"),
		SAYS(IN_DIRECTORY("bind = { method = \"gssapi\"; keytab = \"a.keytab\"; };"),
		    "directories[0].bind.keytab: \"a.keytab\" depends on where the program is "
		    "started; write the whole path, from /"),
		SAYS(IN_DIRECTORY("bind = { principal = \"a@B\"; };"),
		    "directories[0].bind.principal: warning: it has no effect without method "
		    "gssapi"),
		SAYS(IN_DIRECTORY("bind = { method = \"anonymous\"; dn = \"cn=a\"; };"),
		    "directories[0].bind.method: \"anonymous\" takes neither dn nor password; "
		    "leave out dn "
		    "and password, or write \"simple\""),
		SAYS(IN_DIRECTORY("bind = { method = \"external\"; password = \"env:A\"; };"),
		    "directories[0].bind.password: warning: it has no effect with method external"),
		SAYS(IN_DIRECTORY("tls = { cert_file = \"/c\"; };"),
		    "directories[0].tls.key_file: it is missing; cert_file needs its private key"),
		SAYS(IN_DIRECTORY("tls = { key_file = \"/c\"; };"),
		    "directories[0].tls.cert_file: it is missing; key_file needs its certificate"),
		SAYS(IN_DIRECTORY("tls = { ca_file = \"ca.pem\"; };"),
		    "directories[0].tls.ca_file: \"ca.pem\" depends on where the program is "
		    "started; write "
		    "the whole path, from /"),
		SAYS(IN_DIRECTORY("canaries = [ \"cn=a\", \"x\" ];"),
		    "directories[0].canaries[1]: \"x\" is not a DN; write it as the directory "
		    "shows it: "
		    "\"OU=Staff,DC=corp,DC=example\""),
		SAYS(IN_DIRECTORY("kind = \"openldap\"; changes = \"dirsync\";"),
		    "directories[0].changes: kind \"openldap\" does not have \"dirsync\"; write "
		    "\"auto\""),
		SAYS(IN_DIRECTORY("connect_timeout = \"5 s\";"),
		    "directories[0].connect_timeout: \"5 s\" is not a duration; write \"90s\", "
		    "\"15m\", "
		    "\"24h\" or \"7d\""),
		SAYS(IN_DIRECTORY("name = \"a\\nb\";"),
		    "directories[0].name: it holds a control character (0x0a); take it out"),
		SAYS(IN_DIRECTORY("name = \"a\\xffb\";"),
		    "directories[0].name: it is not UTF-8; write it in "
		    "UTF-8; \"\\x\" escapes make single bytes"),
	};

	(void)state;
	assert_all_said(said, sizeof(said) / sizeof(said[0]));
	assert_silent(IN_DIRECTORY("users = { filter = \"(mail=*)\"; };"), "filter");
	assert_silent(IN_DIRECTORY("users = 5;"), "bases");
	assert_silent(IN_DIRECTORY("changes = \"none\";"), "changes");
	assert_silent(IN_DIRECTORY("urls = [ \"ldap://h\" ]; tls = { starttls = true; };"), "urls");
	assert_silent(IN_DIRECTORY("urls = [ \"ldap://h\" ]; allow_cleartext = true;"), "urls");
	assert_silent(IN_DIRECTORY("urls = [ \"ldapi://%2frun%2fldapi\" ];"), "urls");
	assert_silent(IN_DIRECTORY("bind = { method = \"anonymous\"; };"), "bind");
	assert_silent("directories = ( 5, 6 );", ".name");
	assert_silent("directories = 5;", "it is missing; name one");
}

#define IN_TENANT(text) "tenant = { " text " };"
#define IN_AUTH(text)   "tenant = { auth = { " text " }; };"

static void checks_the_tenant(void **state)
{
	static const struct said said[] = {
		{ "", "x.conf: tenant.auth.key: it is missing; " KEY_HINT },
		SAYS(IN_AUTH("method = \"basic\";"),
		    "tenant.auth.user: it is missing; name the account that logs in"),
		SAYS(IN_AUTH("method = \"basic\";"),
		    "tenant.auth.password: it is missing; " KEY_HINT),
		SAYS(IN_AUTH("method = \"certificate\";"),
		    "tenant.auth.cert_file: it is missing; name the PEM file of the certificate "
		    "that is "
		    "registered at the tenant"),
		SAYS(IN_AUTH("method = \"certificate\";"),
		    "tenant.auth.key_file: it is missing; name the PEM file of the certificate's "
		    "private "
		    "key"),
		SAYS(IN_AUTH("method = \"oauth-device\";"),
		    "tenant.auth.client_id: it is missing; name the OAuth client of the type "
		    "device grant that was made in the tenant"),
		SAYS(IN_AUTH("method = \"oauth-device\";"),
		    "tenant.auth.refresh_token_file: it is missing; name a file that the agent may "
		    "write, such as \"/var/lib/scimward/refresh-token\""),
		SAYS(IN_AUTH("method = \"oauth-device\"; url = \"https://auth.anaplan.com\";"),
		    "tenant.auth.url: that host serves basic and certificate; method oauth-device "
		    "has another; name the region's OAuth host, such as "
		    "https://us1a.app.anaplan.com"),
		SAYS(IN_AUTH("method = \"oauth-device\"; client_id = \"c\"; refresh_token_file = "
			     "\"token\";"),
		    "tenant.auth.refresh_token_file: \"token\" depends on where the program is "
		    "started; write the whole path, from /"),
		SAYS(IN_AUTH("key = \"env:K\"; client_id = \"c\";"),
		    "tenant.auth.client_id: warning: it has no effect with this "
		    "tenant.auth.method; "
		    "take it out, or change method"),
		SAYS(IN_TENANT("profile = \"generic\"; auth = { method = \"oauth-device\"; };"),
		    "tenant.auth.url: it is missing, and profile generic has no default; name the "
		    "OAuth host; /oauth/device/code and /oauth/token are added to it"),
		SAYS(IN_AUTH("method = \"none\";"),
		    "tenant.auth.method: Anaplan wants to know who asks; write \"api-key\""),
		SAYS(IN_AUTH("key = \"env:K\"; user = \"u\";"),
		    "tenant.auth.user: warning: it has no effect with this tenant.auth.method; "
		    "take it out, "
		    "or change method"),
		SAYS(IN_TENANT("profile = \"generic\";"),
		    "tenant.url: it is missing, and profile generic has no default; name it: "
		    "tenant = { url = "
		    "\"https://host/scim/v2\"; … };"),
		SAYS(IN_TENANT("url = \"http://h\";"),
		    "tenant.url: http:// sends credentials and persons in the clear; write "
		    "https://; to allow "
		    "it all the same, set tenant.allow_cleartext"),
		SAYS(IN_AUTH("url = \"http://h\";"),
		    "tenant.auth.url: http:// sends credentials and persons in the clear; write "
		    "https://; to "
		    "allow it all the same, set tenant.allow_cleartext"),
		SAYS(IN_TENANT("url = \"https://h/v2?x=1\";"),
		    "tenant.url: paths are added to it, so it can have no query and no fragment; "
		    "end it before "
		    "the \"?\" or \"#\""),
		SAYS(IN_TENANT("url = \"h/v2\";"),
		    "tenant.url: the URL has another scheme; it begins with https:// or http://"),
		SAYS(IN_TENANT("url = \"https://h /v2\";"),
		    "tenant.url: the URL holds a space; write https://HOST"),
		SAYS(IN_TENANT("url = \"https://u@h/v2\";"),
		    "tenant.url: the URL holds a user or a password, and secrets are never written "
		    "here; leave "
		    "out what is before the \"@\""),
		SAYS(IN_TENANT("proxy = \"h:3128\";"),
		    "tenant.proxy: the URL has another scheme; it begins with http://, https://, "
		    "socks5h:// or "
		    "socks5://"),
		SAYS(IN_TENANT("tls = { ca_file = \"ca\"; };"),
		    "tenant.tls.ca_file: \"ca\" depends on where the program is started; write the "
		    "whole path, "
		    "from /"),
		SAYS(IN_TENANT("burst = 20000000000;"),
		    "tenant.burst: the number is too large; it can be 1 to 10000"),
		SAYS(IN_TENANT("burst = -20000000000;"),
		    "tenant.burst: the number is too small; it can be 1 to 10000"),
		SAYS(IN_TENANT("burst = 0xfffffffff;"),
		    "tenant.burst: the number is too large; it can be 1 to 10000"),
	};

	(void)state;
	assert_all_said(said, sizeof(said) / sizeof(said[0]));
	assert_silent(IN_TENANT("profile = \"generic\"; auth = { method = \"none\"; };"), "auth");
	assert_silent(IN_AUTH("method = \"oauth-device\"; client_id = \"c\"; refresh_token_file = "
			      "\"/var/lib/scimward/refresh-token\";"),
	    "tenant");
	assert_silent("tenant = 5;", "tenant.auth");
}

static void checks_the_mapping(void **state)
{
	static const struct said said[] = {
		SAYS("mapping = ( { from = \"x\"; } );",
		    "mapping[0].to: it is missing; it is one of emails[type eq \"work\"].value, "
		    "externalId, "
		    "name.familyName, name.givenName, userName and active"),
		SAYS("mapping = ( { to = \"usrName\"; from = \"x\"; } );",
		    "mapping[0].to: \"usrName\" is no attribute of an account; did you mean "
		    "\"userName\"?"),
		SAYS("mapping = ( { to = \"userName\"; } );",
		    "mapping[0].from: it is missing; write a template such as \"${mail|lower}\""),
		SAYS("mapping = ( { to = \"title\"; from = \"x\"; } );",
		    "mapping[0].to: Anaplan does not take title: it is read-only or unknown there; "
		    "it is one of "
		    "emails[type eq \"work\"].value, externalId, name.familyName, name.givenName, "
		    "userName and "
		    "active"),
		{ "mapping = ( { to = \"userName\"; from = \"${mail\"; } );", "    ${mail" },
		{ "mapping = ( { to = \"userName\"; from = \"x\"; when = \"(a=b\"; } );",
		    "    (a=b" },
		{ IN_DIRECTORY("users = { filter = \"(a=b\"; };"), "    (a=b" },
	};

	(void)state;
	assert_all_said(said, sizeof(said) / sizeof(said[0]));
	assert_silent(
	    "tenant = { profile = \"generic\"; }; mapping = ( { to = \"title\"; from = \"x\"; } );",
	    "mapping");
	assert_silent("mapping = ( { to = 5; from = 5; } );", "it is missing; it is one of emails");
	assert_silent(
	    "mapping = ( { to = \"userName\"; from = \"x\"; when = \"\"; } );", "mapping");
}

static void checks_workspaces(void **state)
{
	static const struct said said[] = {
		{ "", "x.conf: workspaces: warning: nobody gets into any workspace; name one: "
		      "workspaces = ( { "
		      "id = \"…\"; group = \"CN=…\"; } );" },
		SAYS("workspaces = ( { group = \"cn=a\"; } );",
		    "workspaces[0].id: it is missing; copy it from the tenant: 32 hexadecimal "
		    "digits at "
		    "Anaplan"),
		SAYS("workspaces = ( { id = \"a\\tb\"; group = \"cn=a\"; } );",
		    "workspaces[0].id: it holds a control character (0x09); take it out"),
		SAYS("workspaces = ( { id = \"a\"; } );",
		    "workspaces[0]: it has neither group nor when; say who "
		    "gets it: group = \"CN=…\" or when = \"(…)\""),
		SAYS("workspaces = ( { id = \"a\"; group = \"Finance\"; } );",
		    "workspaces[0].group: \"Finance\" is not a DN; write it as the directory shows "
		    "it: "
		    "\"CN=Name,OU=Groups,DC=corp,DC=example\""),
		SAYS("workspaces = ( { id = \"a\"; when = \"(a=b)\"; nested = true; } );",
		    "workspaces[0].nested: warning: it has no effect without group"),
		{ "workspaces = ( { id = \"a\"; when = \"a=b\"; } );", "    a=b" },
	};

	(void)state;
	assert_all_said(said, sizeof(said) / sizeof(said[0]));
	assert_silent("workspaces = ( { id = \"a\"; group = 5; } );", "neither");
	assert_silent("workspaces = 5;", "nobody");
}

static void the_control_socket_of_a_unit(void **state)
{
	struct config_text input = { .text = SPAN(SMALLEST),
		.name = "x.conf",
		.control_path = "/run/scimward/emea/control.sock" };
	struct config_faults faults = { 0 };
	struct config *config = NULL;

	(void)state;
	assert_int_equal(config_parse(&input, &config, &faults), STATUS_OK);
	assert_string_equal(config->control.path, "/run/scimward/emea/control.sock");
	config_free(&config);
	input.text = SPAN(SMALLEST "control = { path = \"\"; group = \"\"; };");
	assert_int_equal(config_parse(&input, &config, &faults), STATUS_OK);
	assert_null(config->control.path);
	assert_null(config->control.group);
	config_free(&config);
	config_faults_done(&faults);
}

static void metrics_are_for_this_host_only(void **state)
{
	(void)state;
#ifdef HAVE_METRICS_HTTP
	assert_says("metrics = { listen = \"0.0.0.0:9464\"; };",
	    "x.conf:1: metrics.listen: 0.0.0.0 can be reached from other hosts, and who asks for "
	    "metrics is "
	    "not asked who they are; write \"127.0.0.1:9464\", \"[::1]:9464\" or "
	    "\"unix:/run/scimward/metrics.sock\"");
	assert_silent("metrics = { listen = \"127.0.0.1:9464\"; };", "metrics.listen");
	assert_silent("metrics = { listen = \"unix:/run/x.sock\"; };", "metrics.listen");
#else
	assert_says("metrics = { listen = \"127.0.0.1:9464\"; };",
	    "x.conf:1: metrics.listen: this build has no HTTP endpoint; leave it empty and use "
	    "metrics.textfile, or build with libmicrohttpd");
#endif
}

static void checks_the_rest(void **state)
{
	static const struct said said[] = {
		SAYS("version = 2;", "version: 2 is unknown; this version knows 1 only"),
		SAYS("policy = { correlate = [ ]; };",
		    "policy.correlate: without any, accounts that exist would never be recognised; "
		    "leave it out "
		    "for [ \"externalId\", \"userName\" ]"),
		SAYS("policy = { correlate = [ \"userName\", \"userName\" ]; };",
		    "policy.correlate[1]: \"userName\" is given twice; take one out"),
		SAYS("policy = { correlate = [ \"mail\" ]; };",
		    "policy.correlate[0]: \"mail\" is not one of its words; it is one of "
		    "externalId and userName"),
		SAYS("policy = { protect = [ \"\" ]; };",
		    "policy.protect[0]: it is empty; write something, or take it out"),
		SAYS("policy = { protect = [ 5 ]; };",
		    "policy.protect[0]: it is a number; write a text in quotes"),
		SAYS("policy = { rename = \"patch\"; };",
		    "policy.rename: warning: Anaplan documents userName as read-only: a patch may "
		    "be refused or "
		    "lost; \"hold\" asks a person"),
		SAYS("policy = { limits = { deactivations = { count = 0; percent = 0; }; }; };",
		    "policy.limits.deactivations: warning: nothing limits it: a mistake in the "
		    "directory goes "
		    "through whole; set its count or its percent"),
		SAYS("policy = { limits = { smallest_scan_percent = 0; }; };",
		    "policy.limits.smallest_scan_percent: warning: a scan of any size is taken as "
		    "whole"),
		SAYS("schedule = { delta = \"2h\"; full = \"1h\"; };",
		    "schedule.full: warning: the whole directory is read more often than its "
		    "changes"),
		SAYS("schedule = { reconcile = \"1h\"; };",
		    "schedule.reconcile: warning: the tenant is read more often than the whole "
		    "directory"),
		SAYS("state = { path = \"\"; };", "state.path: it is empty; name a file"),
		SAYS("control = { path = \"control.sock\"; };",
		    "control.path: the path of the socket does not begin with /; write "
		    "\"/run/scimward/control.sock\""),
		SAYS("metrics = { textfile = \"/a/b\"; };",
		    "metrics.textfile: warning: node_exporter reads only files whose name ends in "
		    ".prom; let its "
		    "name end in .prom"),
		SAYS("metrics = { textfile = \"b.prom\"; };",
		    "metrics.textfile: \"b.prom\" depends on where the program is started; write "
		    "the whole path, "
		    "from /"),
		SAYS("notify = { webhook = \"mailto:a\"; };",
		    "notify.webhook: the URL has another scheme; it begins with https:// or "
		    "http://"),
		SAYS("notify = { webhook = \"http://hooks.corp.example/x\"; };",
		    "notify.webhook: http:// is for this host only; use https://"),
		SAYS("notify = { webhook = \"http://localhost.corp.example/x\"; };",
		    "notify.webhook: http:// is for this host only; use https://"),
		SAYS("notify = { tls = { ca_file = \"ca.pem\"; }; };",
		    "notify.tls.ca_file: \"ca.pem\" depends on where the program is started; "
		    "write the whole path, from /"),
		SAYS(
		    "notify = { mail = { url = \"https://m\"; from = \"a@b\"; to = [ \"c@d\" ]; }; "
		    "};",
		    "notify.mail.url: the URL does not begin with smtps:// or smtp://"),
		SAYS("notify = { mail = { url = \"smtps://m\"; to = [ \"c@d\" ]; }; };",
		    "notify.mail.from: it is missing; write an address"),
		SAYS("notify = { mail = { url = \"smtps://m\"; from = \"a@b\"; }; };",
		    "notify.mail.to: it is missing; write an address"),
		SAYS("notify = { mail = { url = \"smtps://m\"; from = \"a\"; to = [ \"c@d\" ]; }; "
		     "};",
		    "notify.mail.from: \"a\" is not an address; write \"name@host\""),
		SAYS("notify = { mail = { url = \"smtps://m\"; from = \"a@b\"; to = [ \"c@d\", "
		     "\"x>@y\" ]; }; };",
		    "notify.mail.to: \"x>@y\" is not an address; write \"name@host\""),
		SAYS("notify = { mail = { url = \"smtps://m\"; from = \"a@b\"; to = [ \"c@d\" ]; "
		     "user = \"u\"; }; };",
		    "notify.mail.password: it is missing; write both, or none"),
		SAYS("notify = { mail = { url = \"smtps://m\"; from = \"a@b\"; to = [ \"c@d\" ]; "
		     "password = \"env:P\"; }; };",
		    "notify.mail.user: it is missing; write both, or none"),
		SAYS("notify = { proxy = \"ftp://p\"; };",
		    "notify.proxy: the URL has another scheme; it begins with http://, https://, "
		    "socks5h:// or socks5://"),
	};

	(void)state;
	assert_all_said(said, sizeof(said) / sizeof(said[0]));
	assert_silent("schedule = { push = false; };", "push");
	assert_silent("", "push");
	assert_silent("policy = { limits = { creations = { count = 0; }; }; };", "nothing limits");
	assert_silent("metrics = { textfile = \"/a/b.prom\"; };", "node_exporter");
	assert_silent("metrics = { listen = \"\"; };", "metrics.listen");
	assert_silent("notify = { webhook = \"https://h/x?token=1\"; };", "notify");
	assert_silent("notify = { webhook = \"http://127.0.0.1:8080/x\"; };", "notify");
	assert_silent("notify = { webhook = \"http://[::1]:8080/x\"; };", "notify");
	assert_silent("notify = { webhook = \"credential:webhook\"; };", "notify");
	assert_silent("notify = { webhook = \"file:/run/webhook\"; };", "notify");
	assert_silent(
	    "notify = { mail = { url = \"smtp://m:587\"; from = \"a@b\"; to = [ \"c@d\" ]; "
	    "user = \"u\"; password = \"credential:p\"; }; };",
	    "notify");
}

static void assert_same_digest(const char *one, const char *other, bool is_same)
{
	struct reading a = sound_reading_of(one), b = sound_reading_of(other);

	assert_int_equal(strlen(a.config->config_digest), 64);
	if ((strcmp(a.config->config_digest, b.config->config_digest) == 0) != is_same)
		fail_msg("%s\n-- and --\n%s", one, other);
	reading_done(&a);
	reading_done(&b);
}

static void digest_is_of_the_meaning(void **state)
{
	(void)state;
	assert_same_digest(SMALLEST, "# c\n" TENANT WORKSPACES "version = 1;" DIRECTORY, true);
	assert_same_digest(SMALLEST, SMALLEST "schedule = { delta = \"1m\"; };", true);
	assert_same_digest(SMALLEST,
	    SMALLEST "mapping = ( { to = \"externalId\"; from = \"${.key}\"; } );",
	    false); /* the order of rules is part of it */
	assert_same_digest(SMALLEST, SMALLEST "schedule = { delta = \"61s\"; };", false);
	assert_same_digest(SMALLEST, SMALLEST "policy = { protect = [ \"a@b\" ]; };", false);
	assert_same_digest(SMALLEST, SMALLEST "policy = { correlate = [ \"userName\" ]; };", false);
	assert_same_digest(SMALLEST, SMALLEST "log = { level = \"debug\"; };", false);
	assert_same_digest(SMALLEST,
	    DIRECTORY TENANT "workspaces = ( { id = \"w1\"; group = \"cn=g\"; nested = true; } );",
	    false);
}

const struct CMUnitTest config_tests[] = {
	cmocka_unit_test(directory_has_defaults),
	cmocka_unit_test(tenant_has_defaults),
	cmocka_unit_test(policy_has_defaults),
	cmocka_unit_test(service_has_defaults),
	cmocka_unit_test(mapping_has_defaults),
	cmocka_unit_test(own_rules_replace_defaults_of_their_target),
	cmocka_unit_test(numbers_groups_once),
	cmocka_unit_test(takes_values),
	cmocka_unit_test(empty_means_not_set),
	cmocka_unit_test(ldif_needs_only_a_file),
	cmocka_unit_test(checks_directories),
	cmocka_unit_test(checks_the_tenant),
	cmocka_unit_test(checks_the_mapping),
	cmocka_unit_test(checks_workspaces),
	cmocka_unit_test(checks_the_rest),
	cmocka_unit_test(the_control_socket_of_a_unit),
	cmocka_unit_test(metrics_are_for_this_host_only),
	cmocka_unit_test(digest_is_of_the_meaning),
};
const size_t config_test_count = sizeof(config_tests) / sizeof(*config_tests);
