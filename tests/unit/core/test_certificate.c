/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/certificate.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct scan_facts whole_scan(void)
{
	return (struct scan_facts) {
		.is_complete = true,
		.entries = 1142,
		.canaries = 2,
		.groups = 5,
		.identity = SPAN("dn:cn=scimward,dc=corp"),
		.peer = SPAN("ldaps://dc1.corp.example"),
	};
}

static struct certificate_terms usual_terms(void)
{
	return (struct certificate_terms) {
		.last_entries = 1142,
		.smallest_scan_percent = 90,
		.expected_identity = SPAN("dn:cn=scimward,dc=corp"),
	};
}

static void assert_certified(const struct scan_facts *facts, const struct certificate_terms *terms)
{
	struct certificate certificate = certificate_judge(facts, terms, arena);

	assert_span(certificate.missing, NULL);
	assert_true(certificate.is_certified);
}

static void assert_missing(
    const struct scan_facts *facts, const struct certificate_terms *terms, const char *expected)
{
	struct certificate certificate = certificate_judge(facts, terms, arena);

	assert_false(certificate.is_certified);
	assert_span(certificate.missing, expected);
}

static void test_whole(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	assert_certified(&facts, &terms);
}

static void test_first_scan_ever(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = { .smallest_scan_percent = 90 };

	(void)state;
	assert_certified(&facts, &terms);
	facts.entries = 0;
	assert_certified(&facts, &terms);
}

static void test_broken_off(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.is_complete = false;
	facts.incomplete_why = SPAN("size limit exceeded (4) below OU=Staff");
	assert_missing(
	    &facts, &terms, "a search ended early: size limit exceeded (4) below OU=Staff");
	facts.incomplete_why = SPAN_NULL;
	assert_missing(&facts, &terms, "a search ended early");
}

static void test_referrals(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.referrals = 1;
	assert_missing(&facts, &terms,
	    "1 referral was not followed; list the other server or base in the configuration, "
	    "or narrow the base");
	facts.referral = SPAN("ldap://b.example/DC=b\n");
	assert_missing(&facts, &terms,
	    "1 referral was not followed (to ldap://b.example/DC=b\\x0A); list the other server or "
	    "base in the configuration, or narrow the base");
	facts.referrals = 3;
	assert_contains(certificate_judge(&facts, &terms, arena).missing.at,
	    "3 referrals were not followed (the first to ldap://b.example/");
}

static void test_canary(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.missing_canary = SPAN("CN=Always Here,DC=corp");
	assert_missing(&facts, &terms, "canary CN=Always Here,DC=corp was not seen");
}

static void test_count(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.entries = 812;
	assert_missing(&facts, &terms,
	    "the scan brought 812 entries, 71 % of the last certified scan's 1142; "
	    "smallest_scan_percent is 90");
}

static void test_count_at_the_limit(void **state)
{
	static const struct {
		uint64_t last, percent, entries;
		bool is_certified;
	} cases[] = {
		{ 1000, 90, 900, true },
		{ 1000, 90, 899, false },
		{ 1142, 90, 1028, true }, /* 90 % are 1027.8 */
		{ 1142, 90, 1027, false },
		{ 1, 90, 1, true },
		{ 10, 100, 10, true },
		{ 10, 100, 9, false },
		{ 10, 101, 10, true }, /* more than all cannot be asked */
		{ 1000, 0, 1, true },
		{ 50, 1, 1, true },
		{ UINT64_MAX, 90, UINT64_MAX, true },
		{ UINT64_MAX, 90, UINT64_MAX / 2, false },
		{ 100, 90, UINT64_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scan_facts facts = whole_scan();
		struct certificate_terms terms = usual_terms();

		facts.entries = cases[i].entries;
		terms.last_entries = cases[i].last;
		terms.smallest_scan_percent = cases[i].percent;
		assert_int_equal(
		    certificate_judge(&facts, &terms, arena).is_certified, cases[i].is_certified);
	}
}

static void test_percent_is_not_rounded_up(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	terms.last_entries = 10000;
	facts.entries = 8999;
	assert_contains(certificate_judge(&facts, &terms, arena).missing.at, "89 % of");
}

static void test_no_entry_at_all(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.entries = 0;
	terms.smallest_scan_percent = 0;
	assert_missing(&facts, &terms,
	    "it brought no entry at all, the last certified scan 1142; check the bases, the "
	    "filter and the rights of the bind identity");
}

static void test_entries_without_key_are_not_brought(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.unusable = 10;
	assert_certified(&facts, &terms);
	facts.unusable = 500;
	assert_missing(&facts, &terms,
	    "the scan brought 642 entries (and 500 without a usable key), 56 % of the last "
	    "certified scan's 1142; smallest_scan_percent is 90");
	facts.unusable = 1142;
	terms.smallest_scan_percent = 0;
	assert_contains(
	    certificate_judge(&facts, &terms, arena).missing.at, "the scan brought 0 entries");
	facts.unusable = 5000; /* nonsense of a source must not wrap around */
	assert_false(certificate_judge(&facts, &terms, arena).is_certified);
}

static void test_identity(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.identity = SPAN("DN:CN=Scimward,DC=Corp");
	assert_certified(&facts, &terms);
	facts.identity = SPAN("dn:cn=guest,dc=corp");
	assert_missing(&facts, &terms,
	    "it ran as dn:cn=guest,dc=corp, the last certified scan as dn:cn=scimward,dc=corp");
	facts.identity = SPAN("");
	assert_missing(&facts, &terms,
	    "it ran as anonymous, the last certified scan as dn:cn=scimward,dc=corp");
	facts.identity = SPAN_NULL;
	assert_missing(&facts, &terms,
	    "the directory did not say who it ran as, the last certified scan as "
	    "dn:cn=scimward,dc=corp");
	terms.expected_identity = SPAN_NULL;
	assert_certified(&facts, &terms);
	facts.identity = SPAN("dn:cn=anybody");
	assert_certified(&facts, &terms);
	terms.expected_identity = SPAN("");
	assert_missing(
	    &facts, &terms, "it ran as dn:cn=anybody, the last certified scan as anonymous");
}

static void test_anonymous_is_an_identity(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	terms.expected_identity = SPAN("");
	facts.identity = SPAN("");
	assert_certified(&facts, &terms);
	facts.identity = SPAN_NULL;
	assert_missing(&facts, &terms,
	    "the directory did not say who it ran as, the last certified scan as anonymous");
}

static void test_unknown_groups_do_not_void(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.unknown_groups = 2;
	facts.unknown_group = SPAN("CN=Finance: no such object (32)");
	assert_certified(&facts, &terms);
}

static void test_all_is_said_at_once(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.is_complete = false;
	facts.missing_canary = SPAN("CN=Here");
	facts.entries = 0;
	facts.identity = SPAN("u:x");
	assert_missing(&facts, &terms,
	    "a search ended early; canary CN=Here was not seen; it brought no entry at all, the "
	    "last certified scan 1142; check the bases, the filter and the rights of the bind "
	    "identity; it ran as u:x, the last certified scan as dn:cn=scimward,dc=corp");
}

static void test_hostile_text_is_made_printable(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate_terms terms = usual_terms();

	(void)state;
	facts.missing_canary = SPAN("CN=\x1b[2J\xff");
	assert_missing(&facts, &terms, "canary CN=\\x1B[2J\\xFF was not seen");
}

static void test_encode_certified(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate certificate = { .is_certified = true };
	struct str out = { 0 };

	(void)state;
	certificate_encode(&certificate, &facts, &out);
	assert_span(str_span(&out),
	    "{\"canaries\":2,\"certified\":true,\"complete\":true,\"entries\":1142,\"groups\":5,"
	    "\"identity\":\"dn:cn=scimward,dc=corp\",\"peer\":\"ldaps://dc1.corp.example\","
	    "\"referrals\":0,\"unknownGroups\":0,\"unusable\":0}");
	str_done(&out);
}

static void test_encode_all_that_can_be_missing(void **state)
{
	struct scan_facts facts = whole_scan();
	struct certificate certificate = { .is_certified = false, .missing = SPAN("much") };
	struct str out = { 0 };

	(void)state;
	facts.is_complete = false;
	facts.incomplete_why = SPAN("timeout");
	facts.missing_canary = SPAN("CN=Here");
	facts.unknown_group = SPAN("CN=\"x\"");
	facts.unknown_groups = 1;
	facts.unusable = 4;
	facts.referrals = 9;
	facts.referral = SPAN("ldap://b");
	facts.identity = SPAN_NULL;
	facts.peer = SPAN_NULL;
	facts.entries = UINT64_MAX;
	certificate_encode(&certificate, &facts, &out);
	assert_span(str_span(&out),
	    "{\"canaries\":2,\"certified\":false,\"complete\":false,"
	    "\"entries\":9223372036854775807,\"groups\":5,\"incompleteWhy\":\"timeout\","
	    "\"missing\":\"much\",\"missingCanary\":\"CN=Here\",\"referral\":\"ldap://b\","
	    "\"referrals\":9,"
	    "\"unknownGroup\":\"CN=\\\"x\\\"\",\"unknownGroups\":1,\"unusable\":4}");
	str_done(&out);
}

static void assert_comes_back(const struct certificate *certificate, const struct scan_facts *facts)
{
	const struct certificate_record *records = NULL;
	struct str list = { 0 }, again = { 0 };
	size_t count = 0;

	str_add_c(&list, "[{\"unheardOf\":[]},");
	certificate_encode(certificate, facts, &list);
	str_add_byte(&list, ']');
	assert_int_equal(
	    certificate_decode_list(str_span(&list), arena, &records, &count, NULL), STATUS_OK);
	assert_int_equal(count, 2);
	str_add_c(&again, "[{\"unheardOf\":[]},");
	certificate_encode(&records[1].certificate, &records[1].facts, &again);
	str_add_byte(&again, ']');
	assert_string_equal(str_c(&list), str_c(&again));
	str_done(&list);
	str_done(&again);
}

static void test_decode_list(void **state)
{
	struct certificate certificate = { .is_certified = true };
	struct scan_facts facts = whole_scan();

	(void)state;
	assert_comes_back(&certificate, &facts);
	certificate = (struct certificate) { .is_certified = false, .missing = SPAN("much") };
	facts.is_complete = false;
	facts.incomplete_why = SPAN("timeout");
	facts.missing_canary = SPAN("CN=Here");
	facts.unknown_group = SPAN("CN=\"x\"");
	facts.unknown_groups = 1;
	facts.unusable = 4;
	facts.referrals = 9;
	facts.referral = SPAN("ldap://b");
	facts.identity = SPAN_NULL;
	assert_comes_back(&certificate, &facts);
}

static void test_decode_hostile_lists(void **state)
{
	static const char *const no_lists[] = { "", "{}", "[", "[1]", "[[]]", "null", "[{}" };
	const struct certificate_record *records = NULL;
	size_t count = 9;

	(void)state;
	for (size_t i = 0; i < COUNT(no_lists); i++)
		assert_int_equal(
		    certificate_decode_list(span_of(no_lists[i]), arena, &records, &count, NULL),
		    STATUS_CORRUPT);
	assert_int_equal(
	    certificate_decode_list(SPAN_NULL, arena, &records, &count, NULL), STATUS_CORRUPT);
	assert_int_equal(count, 9);
	assert_int_equal(
	    certificate_decode_list(SPAN("[]"), arena, &records, &count, NULL), STATUS_OK);
	assert_int_equal(count, 0);
	assert_int_equal(
	    certificate_decode_list(SPAN("[{\"entries\":-1,\"groups\":\"x\",\"peer\":7}]"), arena,
		&records, &count, NULL),
	    STATUS_OK);
	assert_int_equal(records[0].facts.entries, 0);
	assert_int_equal(records[0].facts.groups, 0);
	assert_null(records[0].facts.peer.at);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

const struct CMUnitTest certificate_tests[] = {
	WITH_ARENA(test_whole),
	WITH_ARENA(test_first_scan_ever),
	WITH_ARENA(test_broken_off),
	WITH_ARENA(test_referrals),
	WITH_ARENA(test_canary),
	WITH_ARENA(test_count),
	WITH_ARENA(test_count_at_the_limit),
	WITH_ARENA(test_percent_is_not_rounded_up),
	WITH_ARENA(test_no_entry_at_all),
	WITH_ARENA(test_entries_without_key_are_not_brought),
	WITH_ARENA(test_identity),
	WITH_ARENA(test_anonymous_is_an_identity),
	WITH_ARENA(test_unknown_groups_do_not_void),
	WITH_ARENA(test_all_is_said_at_once),
	WITH_ARENA(test_hostile_text_is_made_printable),
	WITH_ARENA(test_encode_certified),
	WITH_ARENA(test_encode_all_that_can_be_missing),
	WITH_ARENA(test_decode_list),
	WITH_ARENA(test_decode_hostile_lists),
};
const size_t certificate_test_count = COUNT(certificate_tests);
