/* SPDX-License-Identifier: ISC */
/*
 * What a first configuration says; each is read by the program's own reader.
 */
#include "app/first_config.h"
#include "tests/unit/app/tests.h"

#include <stdlib.h>

#define EVIL "\"; }; evil = \"x\\\n@include \"/etc/passwd\"\n\x1b[31m"

struct scene {
	struct first_look look;
	struct first_look_workspace workspaces[4];
	struct first_look_group groups[4];
	struct directory_settings directory;
	struct tenant_settings tenant;
	struct first_config config;
	struct str text;
};

static const char *const urls[] = { "ldaps://dc1.corp.example" };
static const char *const bases[] = { "ou=people,dc=corp,dc=example" };

static struct scene scene;

static int set_up(void **state)
{
	(void)state;
	scene = (struct scene) { 0 };
	scene.look = (struct first_look) { .account_total = -1,
		.workspaces = scene.workspaces,
		.groups = scene.groups,
		.proposal = { .user_name = SPAN("mail"), .external_id = SPAN(".key") } };
	scene.directory = (struct directory_settings) { .urls = urls,
		.url_count = 1,
		.bind = { .dn = "cn=scimward,dc=corp,dc=example",
		    .password = SPAN("file:/etc/scimward/credentials/directory-password") },
		.users = { bases, 1, DIRECTORY_SCOPE_SUBTREE, NULL } };
	scene.tenant = (struct tenant_settings) {
		.url = "https://eu3.api.anaplan.com/scim/1/0/v2",
		.auth = { .key = SPAN("file:/etc/scimward/credentials/anaplan-api-key") },
	};
	scene.config = (struct first_config) { .path = "/etc/scimward/scimward.conf",
		.is_usual_path = true,
		.unit = "scimward",
		.directory = &scene.directory,
		.tenant = &scene.tenant,
		.region = "eu3",
		.look = &scene.look };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	str_done(&scene.text);
	return 0;
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* A file that is nothing but warned of. */
static struct reading write_and_read(void)
{
	struct reading reading;

	str_truncate(&scene.text, 0);
	first_config_write(&scene.config, &scene.text);
	reading = reading_of(str_c(&scene.text));
	if (reading.status != STATUS_OK)
		fail_msg("%s-- says of --\n%s", str_c(&reading.text), str_c(&scene.text));
	return reading;
}

static void assert_written(const char *part)
{
	if (strstr(str_c(&scene.text), part) == NULL)
		fail_msg("\"%s\" is missing in\n%s", part, str_c(&scene.text));
}

static void assert_not_written(const char *part)
{
	if (strstr(str_c(&scene.text), part) != NULL)
		fail_msg("\"%s\" is in\n%s", part, str_c(&scene.text));
}

static void have_workspace(const char *id, const char *name, int group)
{
	scene.workspaces[scene.look.workspace_count++] = (struct first_look_workspace) {
		.id = span_of(id), .name = span_of(name), .accounts = 34, .group = group
	};
}

static void have_group(const char *dn, const char *name, size_t members, size_t groups)
{
	scene.groups[scene.look.group_count++] = (struct first_look_group) {
		.dn = span_of(dn), .name = span_of(name), .members = members, .groups = groups
	};
}

/* A thing that was looked for by nobody is a TODO, and the whole of it still a configuration. */
static void without_a_look_all_is_open(void **state)
{
	struct reading reading;

	(void)state;
	scene.config.directory_why = scene.config.people_why = scene.config.groups_why =
	    scene.config.tenant_why = SPAN("--offline");
	reading = write_and_read();
	assert_int_equal(reading.config->workspace_count, 0);
	assert_int_equal(reading.config->directories[0].kind, DIRECTORY_AUTO);
	assert_string_equal(reading.config->directories[0].users.bases[0], bases[0]);
	assert_string_equal(reading.config->tenant.url, scene.tenant.url);
	assert_true(span_equal(reading.config->directories[0].name, SPAN("corp")));
	assert_int_equal(reading.config->policy.scope, POLICY_SCOPE_ENTITLED);
	assert_written("# TODO The directory was not looked at (--offline)");
	assert_written("# TODO The tenant was not looked at (--offline)");
	assert_written("# TODO Name one or two people who never leave");
	assert_written("# TODO Without a rule nobody gets into any workspace.");
	assert_written("# TODO Name the account whose credential this is");
	reading_done(&reading);
}

static void the_first_lines_say_what_comes_next(void **state)
{
	struct reading reading = write_and_read();
	const char *check = strstr(str_c(&scene.text), "# 1. scimward check");
	const char *dry = strstr(str_c(&scene.text), "# 2. scimward --dry-run");
	const char *sync = strstr(str_c(&scene.text), "# 3. scimward sync");

	(void)state;
	assert_true(check != NULL && dry > check && sync > dry);
	assert_true(sync < strstr(str_c(&scene.text), "version = 1;"));
	assert_written("# 4. systemctl enable --now scimward\n");
	reading_done(&reading);
	scene.config.path = "/srv/a b.conf";
	scene.config.is_usual_path = false;
	scene.config.unit = NULL;
	reading = write_and_read();
	assert_written("# 1. scimward -c /srv/a b.conf check");
	assert_not_written("systemctl");
	reading_done(&reading);
}

static void what_was_found_is_said(void **state)
{
	struct span contexts[] = { SPAN("dc=corp,dc=example") };
	struct reading reading;

	(void)state;
	scene.look.has_server = scene.look.has_people = scene.look.has_tenant = true;
	scene.look.kind = DIRECTORY_ACTIVE_DIRECTORY;
	scene.look.key_attribute = SPAN("objectGUID");
	scene.look.contexts = contexts;
	scene.look.context_count = 1;
	scene.look.has_clock = true;
	scene.look.clock_ms = -300000;
	scene.look.own_user = SPAN("robot@corp.example");
	scene.look.proposal.user_name = SPAN("userPrincipalName");
	scene.look.proposal.external_id = SPAN("employeeID");
	scene.look.proposal.accounts = 40;
	scene.look.proposal.user_name_matches = 39;
	scene.look.proposal.with_external_id = 38;
	scene.look.proposal.external_id_matches = 37;
	scene.look.proposal.without_given_name = 3;
	scene.look.proposal.unusable_names = 2;
	scene.look.proposal.canaries[0] = SPAN("cn=Ada\\, Countess,ou=people,dc=corp,dc=example");
	scene.look.proposal.canary_count = 1;
	reading = write_and_read();
	assert_int_equal(reading.config->directories[0].kind, DIRECTORY_ACTIVE_DIRECTORY);
	assert_string_equal(reading.config->directories[0].canaries[0],
	    "cn=Ada\\, Countess,ou=people,dc=corp,dc=example");
	assert_true(span_equal(reading.config->rules[0].from, SPAN("${userPrincipalName|lower}")));
	assert_true(span_equal(reading.config->rules[1].from, SPAN("${employeeID}")));
	assert_int_equal(reading.config->policy.protect_count, 1);
	assert_true(span_equal(reading.config->policy.protect[0], SPAN("robot@corp.example")));
	assert_written("# By its root DSE. An entry's key is its objectGUID.");
	assert_written("# TODO Its clock is 5 min behind this host's");
	assert_written("# TODO The server has no paged results");
	assert_written("39 have just this as their userName");
	assert_written("# TODO 2 of 0 values are no mail address");
	assert_written("# TODO 3 entries have no givenName");
	reading_done(&reading);
}

static void groups_become_rules_where_it_is_clear(void **state)
{
	struct reading reading;

	(void)state;
	have_group("cn=anaplan-finance,dc=corp", "anaplan-finance", 5, 0);
	have_group("cn=anaplan-hr,dc=corp", "anaplan-hr", 7, 2);
	have_group("cn=anaplan-sales-emea,dc=corp", "anaplan-sales-emea", 9, 0);
	scene.groups[2].unknown = SPAN("half of it was read");
	have_workspace("8a81", "Finance", 0);
	have_workspace("8a82", "Sales", FIRST_LOOK_NO_GROUP);
	have_workspace("8a83", "HR", 1);
	have_workspace("8a84", NULL, FIRST_LOOK_NO_GROUP);
	reading = write_and_read();
	assert_int_equal(reading.config->workspace_count, 2);
	assert_true(span_equal(reading.config->workspaces[0].id, SPAN("8a81")));
	assert_true(span_equal(reading.config->workspaces[1].name, SPAN("HR")));
	assert_false(reading.config->groups[0].is_nested);
	assert_true(reading.config->groups[1].is_nested);
	assert_written("# 5 members; 34 accounts have it now.");
	assert_written("# 7 members, those of 2 groups inside included; 34 accounts have it now.");
	assert_written("# TODO \"Sales\" (8a82): 34 accounts have it");
	assert_written("# size unknown: half of it was read:");
	assert_written(
	    "# { id = \"8a82\"; name = \"Sales\"; group = \"cn=anaplan-sales-emea,dc=corp\"; },");
	assert_written("# { id = \"8a84\"; group = \"cn=…\"; },");
	assert_written("# - cn=anaplan-sales-emea,dc=corp");
	assert_not_written("# - cn=anaplan-hr");
	reading_done(&reading);
}

/* Whoever may name a group, a workspace or an account writes no configuration. */
static void nothing_that_was_read_can_become_configuration(void **state)
{
	struct span contexts[] = { SPAN(EVIL) };
	struct reading reading;

	(void)state;
	scene.look.has_server = scene.look.has_people = scene.look.has_tenant = true;
	scene.look.peer = scene.look.identity = scene.look.own_user = SPAN(EVIL);
	scene.look.key_attribute = scene.look.unusable_why = scene.look.workspaces_why = SPAN(EVIL);
	scene.look.unusable = 1;
	scene.look.contexts = contexts;
	scene.look.context_count = 1;
	scene.look.owners[0] = SPAN(EVIL);
	scene.look.owner_count = 1;
	scene.look.proposal.base = SPAN(EVIL);
	have_group("cn=\\\"\\; evil = ( \\22${mail}", "anaplan-one", 5, 0);
	have_group("cn=anaplan" EVIL, "anaplan-two" EVIL, 7, 2);
	scene.groups[1].unknown = SPAN(EVIL);
	have_workspace("8a81\"; evil = \"", "One\\\"; evil = \"", 0);
	have_workspace("8a82", "Two" EVIL, 1);
	have_group("cn=\"no DN", "anaplan-four", 5, 0);
	have_workspace("8a84", "Four", 2);
	have_workspace("8a83" EVIL, "Three" EVIL, FIRST_LOOK_NO_GROUP);
	reading = write_and_read();
	assert_int_equal(reading.config->workspace_count, 1);
	assert_true(span_equal(reading.config->workspaces[0].id, SPAN("8a81\"; evil = \"")));
	assert_true(span_equal(reading.config->workspaces[0].name, SPAN("One\\\"; evil = \"")));
	assert_true(
	    span_equal(reading.config->groups[0].dn, SPAN("cn=\\\"\\; evil = ( \\22${mail}")));
	assert_int_equal(reading.config->policy.protect_count, 0);
	assert_null(strchr(str_c(&scene.text), '\x1b'));
	assert_not_written("\n@include");
	reading_done(&reading);
}

static void every_way_to_log_in_is_written(void **state)
{
	struct reading reading;

	(void)state;
	scene.directory.urls = NULL;
	scene.directory.url_count = 0;
	scene.directory.domain = "corp.example";
	scene.directory.tls.ca_file = "/etc/ssl/corp.pem";
	scene.directory.bind.method = DIRECTORY_BIND_GSSAPI;
	scene.directory.bind.dn = NULL;
	scene.directory.bind.password = SPAN_NULL;
	scene.directory.bind.keytab = "/etc/scimward/scimward.keytab";
	scene.tenant.auth.method = TENANT_AUTH_BASIC;
	scene.tenant.auth.key = SPAN_NULL;
	scene.tenant.auth.user = SPAN("robot@corp.example");
	scene.tenant.auth.password = SPAN("env:ROBOT");
	scene.tenant.auth.url = "https://eu3.auth.anaplan.com";
	scene.tenant.proxy = "http://proxy.corp.example:3128";
	scene.tenant.ca_file = "/etc/ssl/proxy.pem";
	scene.config.state_path = "/var/lib/scimward/corp/state.db";
	scene.config.protect = " a@corp.example, ,b@corp.example";
	reading = write_and_read();
	assert_string_equal(reading.config->directories[0].domain, "corp.example");
	assert_string_equal(
	    reading.config->directories[0].bind.keytab, "/etc/scimward/scimward.keytab");
	assert_string_equal(reading.config->tenant.auth.url, "https://eu3.auth.anaplan.com");
	assert_true(span_equal(reading.config->tenant.auth.password, SPAN("env:ROBOT")));
	assert_string_equal(reading.config->tenant.proxy, "http://proxy.corp.example:3128");
	assert_string_equal(reading.config->tenant.ca_file, "/etc/ssl/proxy.pem");
	assert_string_equal(reading.config->state.path, "/var/lib/scimward/corp/state.db");
	assert_int_equal(reading.config->policy.protect_count, 2);
	assert_written("# TODO The service has another environment than you");
	reading_done(&reading);
}

const struct CMUnitTest first_config_tests[] = {
	WITH_SCENE(without_a_look_all_is_open),
	WITH_SCENE(the_first_lines_say_what_comes_next),
	WITH_SCENE(what_was_found_is_said),
	WITH_SCENE(groups_become_rules_where_it_is_clear),
	WITH_SCENE(nothing_that_was_read_can_become_configuration),
	WITH_SCENE(every_way_to_log_in_is_written),
};
const size_t first_config_test_count = sizeof(first_config_tests) / sizeof(first_config_tests[0]);
