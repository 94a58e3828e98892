/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/survey.h"
#include <stdio.h>

enum { VALUES_MAX = 32 };

static struct arena *arena;
static struct attribute_set *set;
static struct survey *survey;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	set = attribute_set_new();
	survey = survey_new(set);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	survey_free(&survey);
	attribute_set_free(&set);
	arena_free(&arena);
	return 0;
}

#define WITH_SURVEY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void note_account(const char *user_name, const char *external_id)
{
	struct observed account = { .id = SPAN("1") };

	account.account.text[ACCOUNT_USER_NAME] = span_of(user_name);
	account.account.text[ACCOUNT_EXTERNAL_ID] = span_of(external_id);
	survey_note_account(survey, &account);
}

/* "name=value" one after the other, until NULL. */
static void note(enum survey_origin origin, const char *dn, const char *const *pairs)
{
	struct values values[VALUES_MAX] = { { NULL, 0 } };
	struct span texts[VALUES_MAX];
	struct entry entry = {
		.dn = span_of(dn), .values = values, .slot_count = attribute_set_count(set)
	};

	for (size_t i = 0; pairs[i] != NULL; i++) {
		struct span rest = span_of(pairs[i]), name = span_split(&rest, '=');
		size_t slot;

		assert_true(attribute_set_find(set, name, &slot));
		texts[i] = rest;
		values[slot] = (struct values) { &texts[i], 1 };
	}
	survey_note_entry(survey, &entry, origin);
}
#define ENTRY(dn, ...)  note(SURVEY_SAMPLED, dn, (const char *const[]) { __VA_ARGS__, NULL })
#define SOUGHT(dn, ...) note(SURVEY_SOUGHT, dn, (const char *const[]) { __VA_ARGS__, NULL })

static struct survey_proposal propose(void)
{
	struct survey_proposal proposal;

	survey_propose(survey, arena, &proposal);
	return proposal;
}

static void of_nothing_comes_the_default(void **state)
{
	struct survey_proposal proposal = propose();

	(void)state;
	assert_span(proposal.user_name, "mail");
	assert_span(proposal.external_id, ".key");
	assert_null(proposal.base.at);
	assert_int_equal(proposal.canary_count + proposal.entries + proposal.accounts, 0);
}

static void accounts_tell_what_they_were_made_of(void **state)
{
	struct survey_proposal proposal;

	(void)state;
	note_account("Ada@CORP.example", "E1");
	note_account("bob@corp.example", "E2");
	note_account("robot@corp.example", NULL);
	SOUGHT("cn=a,ou=x", "mail=ada.ray@mail.example", "userPrincipalName=ada@corp.example",
	    "employeeNumber=e1");
	SOUGHT("cn=b,ou=x", "userPrincipalName=BOB@corp.example", "employeeNumber=e9", "uid=e2");
	SOUGHT("cn=b,ou=x", "userPrincipalName=bob@corp.example", "employeeNumber=e2");
	proposal = propose();
	assert_span(proposal.user_name, "userPrincipalName");
	assert_int_equal(proposal.user_name_matches, 2);
	assert_int_equal(proposal.accounts, 3);
	assert_span(proposal.external_id, "employeeNumber");
	assert_int_equal(proposal.with_external_id, 2);
	assert_int_equal(proposal.external_id_matches, 2);
	assert_int_equal(proposal.entries, 0); /* who was sought stands for nobody else */
	survey_forget_entries(survey);
	proposal = propose();
	assert_int_equal(proposal.accounts, 3);
	assert_int_equal(proposal.user_name_matches + proposal.external_id_matches, 0);
}

static void without_accounts_most_people_decide(void **state)
{
	struct survey_proposal proposal;

	(void)state;
	ENTRY("cn=a,ou=x", "mail=a@corp.example", "userPrincipalName=a@corp.example");
	ENTRY("cn=b,ou=x", "userPrincipalName=b@corp.example");
	proposal = propose();
	assert_span(proposal.user_name, "userPrincipalName");
	assert_int_equal(proposal.with_user_name, 2);
	/* What is no mail address is no login for Anaplan. */
	ENTRY("cn=c,ou=x", "mail=c@corp.example", "userPrincipalName=c");
	ENTRY("cn=d,ou=x", "mail=d@corp.example", "userPrincipalName=d");
	assert_span(propose().user_name, "mail");
}

static void odd_names_are_counted(void **state)
{
	struct survey_proposal proposal;

	(void)state;
	ENTRY("cn=1", "mail=good@corp.example");
	ENTRY("cn=2", "mail=@corp.example");
	ENTRY("cn=3", "mail=nobody@");
	ENTRY("cn=4", "mail=a b@corp.example");
	ENTRY("cn=5",
	    "mail=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@corp.example");
	ENTRY("cn=6", "sn=x", ".enabled=FALSE");
	proposal = propose();
	assert_int_equal(proposal.entries, 6);
	assert_int_equal(proposal.with_user_name, 5);
	assert_int_equal(proposal.unusable_names, 4);
	assert_int_equal(proposal.disabled, 1);
	assert_int_equal(proposal.without_family_name, 5);
	assert_int_equal(proposal.without_given_name, 6);
}

static void the_base_holds_all_who_have_a_login(void **state)
{
	(void)state;
	ENTRY("cn=a,ou=b,ou=staff,dc=x", "mail=a@x.y");
	assert_span(propose().base, "ou=b,ou=staff,dc=x");
	ENTRY("cn=svc,ou=services,dc=x", "sn=none");
	assert_span(propose().base, "ou=b,ou=staff,dc=x");
	ENTRY("cn=a\\,b,OU=Staff,dc=x", "mail=b@x.y");
	assert_span(propose().base, "ou=staff,dc=x");
	ENTRY("cn=z,ou=other,dc=x", "mail=c@x.y");
	assert_span(propose().base, "dc=x");
	ENTRY("cn=z,ou=other,dc=y", "mail=d@x.y");
	assert_span(propose().base, "");
	survey_forget_entries(survey);
	assert_null(propose().base.at);
	assert_int_equal(propose().canary_count, 0);
	ENTRY("cn=a,ou=b,dc=x", "mail=a@x.y");
	assert_span(propose().base, "ou=b,dc=x");
}

static void canaries_are_the_oldest(void **state)
{
	struct survey_proposal proposal;
	char dn[32];

	(void)state;
	ENTRY("cn=new,ou=a", "mail=a@x.y", "whenCreated=20200101000000.0Z");
	ENTRY("cn=old,ou=a", "mail=a@x.y", "createTimestamp=20010101000000Z");
	ENTRY("cn=gone,ou=a", "mail=a@x.y", "createTimestamp=19990101000000Z", ".enabled=FALSE");
	ENTRY("cn=bare,ou=a", "sn=x", "createTimestamp=19990101000000Z");
	ENTRY("cn=unsaid,ou=a", "mail=a@x.y");
	ENTRY("cn=bad\nname,ou=a", "mail=a@x.y", "createTimestamp=19980101000000Z");
	proposal = propose();
	assert_int_equal(proposal.canary_count, 2);
	assert_span(proposal.canaries[0], "cn=old,ou=a");
	assert_span(proposal.canaries[1], "cn=new,ou=a");
	/* From elsewhere, though younger. */
	ENTRY("cn=z\xc3\xa9,ou=b", "mail=a@x.y", "whenCreated=20210101000000.0Z");
	proposal = propose();
	assert_span(proposal.canaries[1], "cn=z\xc3\xa9,ou=b");
	for (int i = 0; i < 100; i++) {
		snprintf(dn, sizeof(dn), "cn=%d,ou=c", i);
		ENTRY(dn, "mail=a@x.y", "whenCreated=20220101000000.0Z");
	}
	proposal = propose();
	assert_span(proposal.canaries[0], "cn=old,ou=a");
	assert_span(proposal.canaries[1], "cn=z\xc3\xa9,ou=b");
}

static void accounts_become_a_filter(void **state)
{
	struct str filter = { 0 };

	(void)state;
	assert_false(survey_add_account_filter(survey, 2, &filter));
	note_account("a@x.y", NULL);
	note_account("*)(cn=*", NULL);
	note_account("third@x.y", NULL);
	assert_true(survey_add_account_filter(survey, 2, &filter));
	assert_span(str_span(&filter), "(|(mail=a@x.y)(userPrincipalName=a@x.y)"
				       "(mail=\\2a\\29\\28cn=\\2a)"
				       "(userPrincipalName=\\2a\\29\\28cn=\\2a))");
	str_truncate(&filter, 0);
	survey_add_user_filter("(objectClass=person)", SPAN("mail"), &filter);
	assert_span(str_span(&filter), "(&(objectClass=person)(mail=*))");
	str_done(&filter);
}

const struct CMUnitTest survey_tests[] = {
	WITH_SURVEY(of_nothing_comes_the_default),
	WITH_SURVEY(accounts_tell_what_they_were_made_of),
	WITH_SURVEY(without_accounts_most_people_decide),
	WITH_SURVEY(odd_names_are_counted),
	WITH_SURVEY(the_base_holds_all_who_have_a_login),
	WITH_SURVEY(canaries_are_the_oldest),
	WITH_SURVEY(accounts_become_a_filter),
};
const size_t survey_test_count = COUNT(survey_tests);
