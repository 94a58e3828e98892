/* SPDX-License-Identifier: ISC */
#include "directory/directory_p.h"
#include "directory/kerberos.h"
#include "tests/fake/fake_loop.h"
#include "tests/unit/directory/tests.h"

static const char *const bases[] = { "ou=p,dc=x" };

static struct directory_settings good_settings(const char *const *url)
{
	return (struct directory_settings) { .name = SPAN("corp"),
		.urls = url,
		.url_count = 1,
		.bind = { .dn = "cn=agent,dc=x", .password = SPAN("env:PASSWORD") },
		.users = { .bases = bases, .base_count = 1, .scope = DIRECTORY_SCOPE_SUBTREE },
		.connect_timeout_ms = 5000,
		.search_timeout_ms = 5000 };
}

static void assert_refused(const struct directory_settings *settings, const char *word)
{
	struct err err = { "" };

	assert_int_equal(directory_check_settings(settings, &err), STATUS_REJECT);
	if (strstr(err.text, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, err.text);
}

static void assert_taken(const struct directory_settings *settings)
{
	struct err err = { "" };

	if (directory_check_settings(settings, &err) != STATUS_OK)
		fail_msg("refused: %s", err.text);
}

static void urls_name_a_server_and_nothing_else(void **state)
{
	static const char *const good[] = { "ldaps://dc1.corp.example",
		"ldaps://dc1.corp.example:3269/", "LDAPS://dc1", "ldaps://[2001:db8::1]:636",
		"ldaps://192.0.2.1", "ldapi://%2Frun%2Fldapi" };
	static const char *const bad[] = { "", "dc1.corp.example", "http://dc1", "file:///x",
		"cldap://dc1", "ldaps://", "ldaps:///dc=x", "ldaps://dc1/dc=x", "ldaps://dc1/??sub",
		"ldaps://dc1?x", "ldapi://", "ldaps://dc1:port", "ldaps://user@dc1",
		"ldaps://a b" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct directory_settings settings = good_settings(&good[i]);
		assert_taken(&settings);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct directory_settings settings = good_settings(&bad[i]);
		assert_refused(&settings, "ldap");
	}
}

static void cleartext_needs_a_word(void **state)
{
	static const char *const url[] = { "ldap://dc1" };
	struct directory_settings settings = good_settings(url);

	(void)state;
	assert_refused(&settings, "allow_cleartext");
	settings.bind.method = DIRECTORY_BIND_ANONYMOUS;
	assert_refused(&settings, "allow_cleartext");
	settings.tls.starttls = true;
	assert_taken(&settings);
	settings.tls.starttls = false;
	settings.allow_cleartext = true;
	assert_taken(&settings);
}

static void every_url_is_looked_at(void **state)
{
	static const char *const urls[] = { "ldaps://dc1", "ldap://dc2" };
	struct directory_settings settings = good_settings(urls);

	(void)state;
	settings.url_count = 2;
	assert_refused(&settings, "ldap://dc2");
	settings.url_count = 0;
	assert_refused(&settings, "urls");
}

static void binds_need_what_they_need(void **state)
{
	static const char *const url[] = { "ldaps://dc1" }, *const local[] = { "ldapi://%2Fx" },
				 *const clear[] = { "ldap://dc1" };
	struct directory_settings settings = good_settings(url);

	(void)state;
	settings.bind.password = SPAN("hunter2");
	assert_refused(&settings, "credential:");
	settings.bind.password = SPAN_NULL;
	assert_refused(&settings, "credential:");
	settings = good_settings(url);
	settings.bind.dn = NULL;
	assert_refused(&settings, "bind.dn");
	settings.bind.method = DIRECTORY_BIND_EXTERNAL;
	assert_refused(&settings, "cert_file");
	settings.tls.cert_file = "/c";
	assert_refused(&settings, "key_file");
	settings.tls.key_file = "/k";
	assert_taken(&settings);
	settings = good_settings(local);
	settings.bind.method = DIRECTORY_BIND_EXTERNAL;
	assert_taken(&settings);
	settings.bind.method = DIRECTORY_BIND_GSSAPI;
	if (!kerberos_is_available()) {
		assert_refused(&settings, "built without Kerberos");
		return;
	}
	assert_taken(&settings);
	/* It protects by itself. */
	settings.urls = clear;
	assert_taken(&settings);
	settings.bind.method = DIRECTORY_BIND_ANONYMOUS;
	assert_refused(&settings, "in the clear");
}

static void a_literal_password_is_not_repeated(void **state)
{
	static const char *const url[] = { "ldaps://dc1" };
	struct directory_settings settings = good_settings(url);
	struct err err = { "" };

	(void)state;
	settings.bind.password = SPAN("hunter2");
	assert_int_equal(directory_check_settings(&settings, &err), STATUS_REJECT);
	assert_null(strstr(err.text, "hunter2"));
}

static void dns_and_filters_are_checked(void **state)
{
	static const char *const url[] = { "ldaps://dc1" }, *const bad_base[] = { "nonsense" };
	static const char *const canary[] = { "uid=a,ou=q,dc=x" }, *const inside[] = {
		"uid=a,OU=P,dc=x"
	};
	static const struct directory_group group = { { "finance", 7 }, false };
	struct directory_settings settings = good_settings(url);

	(void)state;
	settings.users.bases = bad_base;
	assert_refused(&settings, "nonsense");
	settings.users.base_count = 0;
	assert_refused(&settings, "users.bases");
	settings = good_settings(url);
	settings.groups = &group;
	settings.group_count = 1;
	assert_refused(&settings, "finance");
	settings = good_settings(url);
	settings.canaries = canary;
	settings.canary_count = 1;
	assert_refused(&settings, "outside");
	settings.canaries = inside;
	assert_taken(&settings);
	settings.users.scope = DIRECTORY_SCOPE_BASE;
	assert_refused(&settings, "outside");
}

static void filters_are_those_of_the_server(void **state)
{
	static const char *const url[] = { "ldaps://dc1" };
	static const char *const good[] = { "(mail=*)", "(&(a=b)(!(c=d)))",
		"(memberOf:1.2.840.113556.1.4.1941:=cn=g,dc=x)" };
	static const char *const bad[] = { "(mail=*", "mail=*)", "(&(a=b)", "()", "(a=\\zz)" };
	struct directory_settings settings = good_settings(url);

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		settings.users.filter = good[i];
		assert_taken(&settings);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		settings.users.filter = bad[i];
		assert_refused(&settings, "filter");
	}
}

static void limits_are_checked(void **state)
{
	static const char *const url[] = { "ldaps://dc1" };
	struct directory_settings settings = good_settings(url);

	(void)state;
	settings.connect_timeout_ms = 0;
	assert_refused(&settings, "connect_timeout");
	settings = good_settings(url);
	settings.search_timeout_ms = -1;
	assert_refused(&settings, "search_timeout");
	settings = good_settings(url);
	settings.page_size = UINT32_MAX;
	assert_refused(&settings, "page_size");
}

static void a_file_needs_little(void **state)
{
	static const char *const good[] = { "file:///srv/p.ldif", "/srv/p.ldif", "p.ldif" };
	static const char *const bad[] = { "ldaps://dc1", "file://host/p.ldif", "",
		"http://x/p.ldif" };
	struct directory_settings settings = { .kind = DIRECTORY_LDIF, .url_count = 1 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		settings.urls = &good[i];
		assert_taken(&settings);
	}
	for (size_t i = 0; i < 4; i++) {
		settings.urls = &bad[i];
		assert_refused(&settings, "ldif");
	}
	settings.urls = good;
	settings.url_count = 2;
	assert_refused(&settings, "one file");
	settings.url_count = 1;
	settings.users.filter = "(a=b";
	assert_refused(&settings, "users.filter");
}

static void scopes_hold_dns(void **state)
{
	struct directory_settings settings = { .users = { .bases = bases, .base_count = 1 } };

	(void)state;
	settings.users.scope = DIRECTORY_SCOPE_BASE;
	assert_true(settings_hold_dn(&settings, SPAN("OU=P,dc=x")));
	assert_false(settings_hold_dn(&settings, SPAN("uid=a,ou=p,dc=x")));
	settings.users.scope = DIRECTORY_SCOPE_ONE;
	assert_false(settings_hold_dn(&settings, SPAN("ou=p,dc=x")));
	assert_true(settings_hold_dn(&settings, SPAN("uid=a\\,b,ou=p,dc=x")));
	assert_false(settings_hold_dn(&settings, SPAN("uid=a,ou=q,ou=p,dc=x")));
	settings.users.scope = DIRECTORY_SCOPE_SUBTREE;
	assert_true(settings_hold_dn(&settings, SPAN("uid=a,ou=q,ou=p,dc=x")));
	assert_false(settings_hold_dn(&settings, SPAN("uid=a,ou=pp,dc=x")));
	settings.users.base_count = 0;
	assert_true(settings_hold_dn(&settings, SPAN("dc=anywhere")));
}

static void a_source_is_made_without_connecting(void **state)
{
	static const char *const url[] = { "ldaps://192.0.2.1" };
	struct directory_settings settings = good_settings(url);
	struct attribute_set *set = attribute_set_new();
	struct loop *loop = loop_new();
	struct source *source = NULL;
	struct err err = { "" };

	(void)state;
	assert_int_equal(directory_new(loop, &settings, set, &source, &err), STATUS_OK);
	assert_span(source->name, "corp");
	source_cancel(source);
	source_free(&source);
	assert_null(source);
	settings.url_count = 0;
	assert_int_equal(directory_new(loop, &settings, set, &source, &err), STATUS_REJECT);
	attribute_set_free(&set);
	loop_free(&loop);
}

static void a_kind_has_its_ways_of_telling_changes(void **state)
{
	static const char *const url[] = { "ldaps://dc1" };
	static const struct {
		enum directory_kind kind;
		enum directory_changes changes;
		bool is_good;
	} cases[] = {
		{ DIRECTORY_AUTO, DIRECTORY_CHANGES_DIRSYNC, true },
		{ DIRECTORY_AUTO, DIRECTORY_CHANGES_SYNCREPL, true },
		{ DIRECTORY_ACTIVE_DIRECTORY, DIRECTORY_CHANGES_USN, true },
		{ DIRECTORY_ACTIVE_DIRECTORY, DIRECTORY_CHANGES_SYNCREPL, false },
		{ DIRECTORY_OPENLDAP, DIRECTORY_CHANGES_USN, false },
		{ DIRECTORY_389DS, DIRECTORY_CHANGES_SYNCREPL, true },
		{ DIRECTORY_GENERIC, DIRECTORY_CHANGES_TIMESTAMP, true },
		{ DIRECTORY_GENERIC, DIRECTORY_CHANGES_NONE, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct directory_settings settings = good_settings(url);
		settings.kind = cases[i].kind;
		settings.changes = cases[i].changes;
		if (cases[i].is_good)
			assert_taken(&settings);
		else
			assert_refused(&settings, "write \"auto\"");
	}
	for (int i = DIRECTORY_CHANGES_DIRSYNC; i < DIRECTORY_CHANGES_NONE; i++)
		assert_non_null(
		    directory_changes_remedy(DIRECTORY_LDIF, (enum directory_changes)i));
}

const struct CMUnitTest settings_tests[] = {
	cmocka_unit_test(a_kind_has_its_ways_of_telling_changes),
	cmocka_unit_test(urls_name_a_server_and_nothing_else),
	cmocka_unit_test(cleartext_needs_a_word),
	cmocka_unit_test(every_url_is_looked_at),
	cmocka_unit_test(binds_need_what_they_need),
	cmocka_unit_test(a_literal_password_is_not_repeated),
	cmocka_unit_test(dns_and_filters_are_checked),
	cmocka_unit_test(filters_are_those_of_the_server),
	cmocka_unit_test(limits_are_checked),
	cmocka_unit_test(a_file_needs_little),
	cmocka_unit_test(scopes_hold_dns),
	cmocka_unit_test(a_source_is_made_without_connecting),
};
const size_t settings_test_count = sizeof(settings_tests) / sizeof(*settings_tests);
