/* SPDX-License-Identifier: ISC */
#include "base/str.h"
#include "directory/kind.h"
#include "tests/unit/directory/tests.h"

static enum directory_kind kind_after(const char *attribute, const char *value)
{
	struct server_facts facts = { 0 };
	enum directory_kind kind;

	server_facts_reset(&facts);
	server_facts_note(&facts, span_of(attribute), span_of(value));
	kind = server_facts_kind(&facts);
	server_facts_done(&facts);
	return kind;
}

static void names_go_both_ways(void **state)
{
	(void)state;
	for (int i = DIRECTORY_AUTO; i <= DIRECTORY_LDIF; i++) {
		enum directory_kind kind = DIRECTORY_AUTO;
		assert_true(directory_kind_parse(
		    span_of(directory_kind_name((enum directory_kind)i)), &kind));
		assert_int_equal(kind, i);
	}
}

static void an_unknown_name_is_none(void **state)
{
	enum directory_kind kind;

	(void)state;
	assert_false(directory_kind_parse(SPAN("ad"), &kind));
	assert_false(directory_kind_parse(SPAN("OpenLDAP"), &kind));
}

static void signs_tell_the_kind(void **state)
{
	(void)state;
	assert_int_equal(kind_after("supportedCapabilities", "1.2.840.113556.1.4.800"),
	    DIRECTORY_ACTIVE_DIRECTORY);
	assert_int_equal(
	    kind_after("supportedCapabilities", "1.2.840.113556.1.4.1851"), DIRECTORY_GENERIC);
	assert_int_equal(kind_after("vendorname", "389 Project"), DIRECTORY_389DS);
	assert_int_equal(kind_after("vendorName", "Red Hat"), DIRECTORY_389DS);
	assert_int_equal(kind_after("vendorName", "Another"), DIRECTORY_GENERIC);
	assert_int_equal(kind_after("objectClass", "OpenLDAProotDSE"), DIRECTORY_OPENLDAP);
	assert_int_equal(
	    kind_after("structuralObjectClass", "openldaprootdse"), DIRECTORY_OPENLDAP);
	assert_int_equal(kind_after("configContext", "cn=config"), DIRECTORY_OPENLDAP);
	assert_int_equal(kind_after("objectClass", "top"), DIRECTORY_GENERIC);
}

static void offers_are_noted(void **state)
{
	struct server_facts facts = { 0 };

	(void)state;
	server_facts_reset(&facts);
	assert_false(facts.has_paging);
	server_facts_note(&facts, SPAN("supportedControl"), SPAN("1.2.840.113556.1.4.319"));
	server_facts_note(&facts, SPAN("supportedExtension"), SPAN("1.3.6.1.4.1.4203.1.11.3"));
	assert_true(facts.has_paging && facts.has_who_am_i);
	server_facts_reset(&facts);
	assert_false(facts.has_paging || facts.has_who_am_i);
	server_facts_done(&facts);
}

static void some_references_lead_where_nobody_is(void **state)
{
	static const char *const expected[] = {
		"ldap://corp.example/CN=Configuration,DC=corp,DC=example",
		"ldaps://corp.example:636/cn=configuration,DC=corp,DC=example??sub",
		"ldap://DomainDnsZones.corp.example/DC=DomainDnsZones,DC=corp,DC=example",
		"ldap://ForestDnsZones.corp.example/DC=ForestDnsZones,DC=corp,DC=example",
	};
	static const char *const others[] = { "ldap://sub.corp.example/DC=sub,DC=corp,DC=example",
		"ldap://x/CN=Configurations,DC=x", "ldap://x/OU=CN=Configuration", "ldap://x", "",
		"CN=Configuration" };
	struct server_facts facts = { 0 };

	(void)state;
	server_facts_reset(&facts);
	assert_false(server_facts_expects_reference(&facts, span_of(expected[0])));
	server_facts_note(&facts, SPAN("supportedCapabilities"), SPAN("1.2.840.113556.1.4.800"));
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		assert_true(server_facts_expects_reference(&facts, span_of(expected[i])));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(server_facts_expects_reference(&facts, span_of(others[i])));
	server_facts_done(&facts);
}

static void the_longest_context_holds_a_dn(void **state)
{
	struct server_facts facts = { 0 };

	(void)state;
	server_facts_reset(&facts);
	server_facts_note(&facts, SPAN("namingContexts"), SPAN("dc=example,dc=com"));
	server_facts_note(&facts, SPAN("namingContexts"), SPAN("ou=Sub,dc=example,dc=com"));
	assert_int_equal(server_facts_context_of(&facts, SPAN("cn=g,OU=sub,DC=example,DC=com")), 1);
	assert_int_equal(server_facts_context_of(&facts, SPAN("cn=g,dc=example,dc=com")), 0);
	assert_int_equal(server_facts_context_of(&facts, SPAN("dc=org")), 2);
	server_facts_done(&facts);
}

static void a_server_may_say_where_people_are_and_what_time_it_is(void **state)
{
	struct server_facts facts = { 0 };

	(void)state;
	server_facts_reset(&facts);
	assert_null(facts.default_context.at);
	server_facts_note(&facts, SPAN("currentTime"), SPAN("yesterday"));
	assert_false(facts.has_clock);
	server_facts_note(&facts, SPAN("currentTime"), SPAN("19700101000100.0Z"));
	server_facts_note(&facts, SPAN("defaultNamingContext"), SPAN("DC=corp,DC=example"));
	assert_true(facts.has_clock);
	assert_int_equal(facts.clock_ms, 60000);
	assert_true(span_equal(facts.default_context, SPAN("DC=corp,DC=example")));
	server_facts_done(&facts);
}

static void every_kind_has_habits(void **state)
{
	(void)state;
	assert_string_equal(kind_user_filter(DIRECTORY_ACTIVE_DIRECTORY),
	    "(&(objectCategory=person)(objectClass=user))");
	assert_string_equal(kind_key_attribute(DIRECTORY_ACTIVE_DIRECTORY), "objectGUID");
	assert_string_equal(kind_key_attribute(DIRECTORY_389DS), "nsUniqueId");
	assert_string_equal(kind_key_attribute(DIRECTORY_OPENLDAP), "entryUUID");
	for (int i = DIRECTORY_AUTO; i <= DIRECTORY_LDIF; i++)
		assert_int_equal(kind_user_filter((enum directory_kind)i)[0], '(');
}

static void assert_key_filter(enum directory_kind kind, const char *wanted)
{
	struct str filter = { 0 };
	struct uuid key;

	assert_true(uuid_parse(SPAN("00112233-4455-6677-8899-aabbccddeeff"), &key));
	kind_add_key_filter(kind, &key, &filter);
	assert_string_equal(str_c(&filter), wanted);
	str_done(&filter);
}

static void each_kind_is_asked_by_its_key(void **state)
{
	(void)state;
	assert_key_filter(DIRECTORY_ACTIVE_DIRECTORY,
	    "(objectGUID=\\33\\22\\11\\00\\55\\44\\77\\66\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff)");
	assert_key_filter(DIRECTORY_OPENLDAP, "(entryUUID=00112233-4455-6677-8899-aabbccddeeff)");
	assert_key_filter(DIRECTORY_389DS, "(nsUniqueId=00112233-44556677-8899aabb-ccddeeff)");
	assert_key_filter(DIRECTORY_GENERIC, "(entryUUID=00112233-4455-6677-8899-aabbccddeeff)"
					     "(nsUniqueId=00112233-44556677-8899aabb-ccddeeff)");
}

const struct CMUnitTest kind_tests[] = {
	cmocka_unit_test(names_go_both_ways),
	cmocka_unit_test(an_unknown_name_is_none),
	cmocka_unit_test(signs_tell_the_kind),
	cmocka_unit_test(offers_are_noted),
	cmocka_unit_test(some_references_lead_where_nobody_is),
	cmocka_unit_test(the_longest_context_holds_a_dn),
	cmocka_unit_test(a_server_may_say_where_people_are_and_what_time_it_is),
	cmocka_unit_test(every_kind_has_habits),
	cmocka_unit_test(each_kind_is_asked_by_its_key),
};
const size_t kind_test_count = sizeof(kind_tests) / sizeof(*kind_tests);
