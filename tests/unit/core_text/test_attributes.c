/* SPDX-License-Identifier: ISC */
#include "support.h"
#include <stdio.h>

static void test_slots_count_from_zero(void **state)
{
	struct attribute_set *set = attribute_set_new();

	(void)state;
	assert_int_equal(attribute_set_count(set), 0);
	assert_int_equal(attribute_set_add(set, SPAN("mail")), 0);
	assert_int_equal(attribute_set_add(set, SPAN("sn")), 1);
	assert_int_equal(attribute_set_add(set, SPAN("givenName")), 2);
	assert_int_equal(attribute_set_count(set), 3);
	attribute_set_free(&set);
	assert_null(set);
	attribute_set_free(&set);
}

static void test_case_does_not_matter(void **state)
{
	static const struct span spellings[] = { S("givenName"), S("GIVENNAME"), S("givenname"),
		S("gIvEnNaMe") };
	struct attribute_set *set = attribute_set_new();
	size_t slot;

	(void)state;
	attribute_set_add(set, SPAN("mail"));
	for (size_t i = 0; i < COUNT_OF(spellings); i++) {
		assert_int_equal(attribute_set_add(set, spellings[i]), 1);
		slot = 99;
		assert_true(attribute_set_find(set, spellings[i], &slot));
		assert_int_equal(slot, 1);
	}
	assert_int_equal(attribute_set_count(set), 2);
	assert_string_equal(attribute_set_name(set, 1).at, "givenName");
	attribute_set_free(&set);
}

static void test_near_names_differ(void **state)
{
	/* Alike to a hash that sets bit 5, or in the first eight bytes, or but for the length. */
	static const struct span names[] = { S("cn"), S("cn;lang-en"), S("cn;lang-de"), S("c"),
		S("cnn"), S("a@b"), S("a`b"), S("a[b"), S("a{b"), S("department"),
		S("departmentNumber"), S("departme"), S("x\0y"), S("x y"), S(".dn"), S("dn") };
	struct attribute_set *set = attribute_set_new();
	size_t slot;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_row(attribute_set_add(set, names[i]) == i, "name %zu is not new", i);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_row(attribute_set_find(set, names[i], &slot) && slot == i, "name %zu", i);
		assert_row(span_equal(attribute_set_name(set, i), names[i]), "name %zu", i);
	}
	slot = 77;
	assert_false(attribute_set_find(set, SPAN("mail"), &slot));
	assert_false(attribute_set_find(set, SPAN(""), &slot));
	assert_int_equal(slot, 77);
	attribute_set_free(&set);
}

static void test_names_are_copied_and_stay(void **state)
{
	char buffer[] = "telephoneNumber?";
	struct attribute_set *set = attribute_set_new();
	struct span first;
	char name[32];

	(void)state;
	attribute_set_add(set, (struct span) { buffer, sizeof(buffer) - 2 });
	first = attribute_set_name(set, 0);
	memset(buffer, 'x', sizeof(buffer));
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "attribute%d", i);
		assert_int_equal(attribute_set_add(set, span_of(name)), i + 1);
	}
	assert_string_equal(first.at, "telephoneNumber");
	assert_ptr_equal(attribute_set_name(set, 0).at, first.at);
	for (int i = 0; i < 5000; i++) {
		size_t slot = 0;

		snprintf(name, sizeof(name), "ATTRIBUTE%d", i);
		assert_true(attribute_set_find(set, span_of(name), &slot));
		assert_int_equal(slot, i + 1);
	}
	attribute_set_free(&set);
}

static void test_valid_names(void **state)
{
	static const struct span good[] = { S("cn"), S("c"), S("sAMAccountName"),
		S("msDS-User-Account-Control-Computed"), S("employee_id"), S("x121Address"),
		S("2.5.4.3"), S("0.9.2342.19200300.100.1.3"), S("1.0"), S("cn;lang-en"),
		S("cn;lang-en;x-phonetic"), S("2.5.4.3;binary"), S("userCertificate;binary"),
		S("cn;1"), S(".enabled"), S(".ENABLED"), S(".expires"), S(".key"), S(".dn"),
		S(".parent") };
	static const struct span bad[] = { S(""), S(" "), S(" cn"), S("cn "), S("c n"), S("1cn"),
		S("-cn"), S("_cn"), S("cn;"), S(";cn"), S("cn;;x"), S("cn;lang en"), S("2"),
		S("2."), S(".2"), S("2..5"), S("2.05"), S("2.5.4.x"), S("."), S(".enabld"),
		S(".enabled;x"), S("dn.parent"), S("cn=x"), S("cn(x"), S("*"), S("+"), S("c\0n"),
		S("n\xC3\xA4me"), S("cn\n"), S("member;range=0-1499"), { NULL, 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_row(attribute_name_is_valid(good[i]), "refused: %s", good[i].at);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_row(!attribute_name_is_valid(bad[i]), "taken: %zu %s", i, bad[i].at);
}

const struct CMUnitTest attributes_tests[] = {
	cmocka_unit_test(test_slots_count_from_zero),
	cmocka_unit_test(test_case_does_not_matter),
	cmocka_unit_test(test_near_names_differ),
	cmocka_unit_test(test_names_are_copied_and_stay),
	cmocka_unit_test(test_valid_names),
};
const size_t attributes_test_count = COUNT_OF(attributes_tests);
