/* SPDX-License-Identifier: ISC */
#include "base/str.h"
#include "directory/entry_builder.h"
#include "tests/unit/directory/tests.h"

#define WALL_MS INT64_C(1772323200000) /* 2026-03-01 */
#define UUID    "00112233-4455-6677-8899-aabbccddeeff"

struct fixture {
	struct attribute_set *set;
	struct entry_builder *builder;
	struct entry entry;
	struct span why;
	size_t enabled, expires, key, mail;
};

static void open_fixture(struct fixture *fixture, enum directory_kind kind)
{
	*fixture = (struct fixture) { .set = attribute_set_new() };
	fixture->mail = attribute_set_add(fixture->set, SPAN("mail"));
	fixture->enabled = attribute_set_add(fixture->set, SPAN(ATTRIBUTE_ENABLED));
	fixture->expires = attribute_set_add(fixture->set, SPAN(ATTRIBUTE_EXPIRES));
	fixture->key = attribute_set_add(fixture->set, SPAN(ATTRIBUTE_KEY));
	attribute_set_add(fixture->set, SPAN(ATTRIBUTE_DN));
	attribute_set_add(fixture->set, SPAN(ATTRIBUTE_PARENT));
	fixture->builder = entry_builder_new(fixture->set, kind);
	entry_builder_begin(fixture->builder, SPAN("uid=anna,ou=p,dc=x"));
}

static void close_fixture(struct fixture *fixture)
{
	entry_builder_free(&fixture->builder);
	attribute_set_free(&fixture->set);
}

static void add_span(struct fixture *fixture, const char *name, struct span value)
{
	uint32_t slot = entry_builder_slot(fixture->builder, span_of(name));

	if (slot != ENTRY_BUILDER_NO_SLOT)
		entry_builder_add(fixture->builder, slot, value);
}

static void add(struct fixture *fixture, const char *name, const char *value)
{
	add_span(fixture, name, span_of(value));
}

static bool finish(struct fixture *fixture)
{
	return entry_builder_finish(fixture->builder, WALL_MS, &fixture->entry, &fixture->why);
}

static void assert_value(struct fixture *fixture, size_t slot, const char *text)
{
	struct values values = entry_values(&fixture->entry, slot);

	if (text == NULL) {
		assert_int_equal(values.count, 0);
		return;
	}
	assert_int_equal(values.count, 1);
	assert_span(values.at[0], text);
}

static bool asks_for(const struct entry_builder *builder, const char *name)
{
	for (const char *const *at = entry_builder_attributes(builder); *at != NULL; at++)
		if (strcmp(*at, name) == 0)
			return true;
	return false;
}

static void asks_for_what_is_needed(void **state)
{
	static const struct {
		enum directory_kind kind;
		const char *wanted, *unwanted;
	} cases[] = { { DIRECTORY_ACTIVE_DIRECTORY, "objectGUID", "entryUUID" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "userAccountControl", "pwdAccountLockedTime" },
		{ DIRECTORY_OPENLDAP, "entryUUID", "objectGUID" },
		{ DIRECTORY_OPENLDAP, "pwdAccountLockedTime", "nsAccountLock" },
		{ DIRECTORY_389DS, "nsUniqueId", "entryUUID" },
		{ DIRECTORY_389DS, "nsAccountLock", "accountExpires" },
		{ DIRECTORY_GENERIC, "nsUniqueId", ".enabled" },
		{ DIRECTORY_GENERIC, "mail", "objectGUID" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		open_fixture(&fixture, cases[i].kind);
		assert_true(asks_for(fixture.builder, cases[i].wanted));
		assert_false(asks_for(fixture.builder, cases[i].unwanted));
		close_fixture(&fixture);
	}
}

static void asks_for_nothing_more(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct entry_builder *builder = entry_builder_new(set, DIRECTORY_ACTIVE_DIRECTORY);

	(void)state;
	assert_string_equal(entry_builder_attributes(builder)[0], "objectGUID");
	assert_null(entry_builder_attributes(builder)[1]);
	entry_builder_free(&builder);
	attribute_set_free(&set);
}

static void keys_are_read(void **state)
{
	static const char guid[] =
	    "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, DIRECTORY_OPENLDAP);
	add(&fixture, "ENTRYUUID", UUID);
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.key, UUID);
	close_fixture(&fixture);
	open_fixture(&fixture, DIRECTORY_389DS);
	add(&fixture, "nsUniqueId", "00112233-44556677-8899aabb-ccddeeff");
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.key, UUID);
	close_fixture(&fixture);
	open_fixture(&fixture, DIRECTORY_ACTIVE_DIRECTORY);
	add_span(&fixture, "objectGUID", (struct span) { guid, 16 });
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.key, UUID);
	close_fixture(&fixture);
}

static void without_a_key_it_is_unusable(void **state)
{
	static const char *const bad[] = { NULL, "", "nonsense",
		"00000000-0000-0000-0000-000000000000" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct fixture fixture;
		open_fixture(&fixture, DIRECTORY_OPENLDAP);
		if (bad[i] != NULL)
			add(&fixture, "entryUUID", bad[i]);
		assert_false(finish(&fixture));
		assert_non_null(fixture.why.at);
		close_fixture(&fixture);
	}
}

static void without_a_dn_it_is_unusable(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, DIRECTORY_OPENLDAP);
	entry_builder_set_dn(fixture.builder, SPAN(""));
	add(&fixture, "entryUUID", UUID);
	assert_false(finish(&fixture));
	close_fixture(&fixture);
}

static void a_file_makes_keys_of_dns(void **state)
{
	struct fixture fixture;
	struct uuid first;

	(void)state;
	open_fixture(&fixture, DIRECTORY_LDIF);
	assert_true(finish(&fixture));
	first = fixture.entry.key;
	entry_builder_begin(fixture.builder, SPAN("UID=Anna, ou=P,dc=x"));
	assert_true(finish(&fixture));
	assert_int_equal(uuid_compare(&first, &fixture.entry.key), 0);
	entry_builder_begin(fixture.builder, SPAN("uid=berta,ou=p,dc=x"));
	assert_true(finish(&fixture));
	assert_int_not_equal(uuid_compare(&first, &fixture.entry.key), 0);
	close_fixture(&fixture);
}

static void values_come_in_any_order(void **state)
{
	struct fixture fixture;
	struct values mail;

	(void)state;
	open_fixture(&fixture, DIRECTORY_LDIF);
	add(&fixture, "mail", "a@x");
	add(&fixture, "entryUUID", UUID);
	add(&fixture, "sn", "nobody asked");
	add(&fixture, "MAIL", "b@x");
	assert_true(finish(&fixture));
	mail = entry_values(&fixture.entry, fixture.mail);
	assert_int_equal(mail.count, 2);
	assert_span(mail.at[0], "a@x");
	assert_span(mail.at[1], "b@x");
	assert_int_equal(fixture.entry.slot_count, attribute_set_count(fixture.set));
	assert_value(&fixture, attribute_set_count(fixture.set) - 1, "ou=p,dc=x");
	assert_value(&fixture, attribute_set_count(fixture.set) - 2, "uid=anna,ou=p,dc=x");
	entry_builder_begin(fixture.builder, SPAN("uid=b,dc=x"));
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.mail, NULL);
	close_fixture(&fixture);
}

static void enabled_follows_the_kind(void **state)
{
	static const struct {
		enum directory_kind kind;
		const char *name, *value, *enabled;
	} cases[] = {
		{ DIRECTORY_ACTIVE_DIRECTORY, "userAccountControl", "512", "TRUE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "userAccountControl", "514", "FALSE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "userAccountControl", "-2147483136", "TRUE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "userAccountControl", "junk", "TRUE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "accountExpires", "0", "TRUE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "accountExpires", "9223372036854775807", "TRUE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "accountExpires", "134167968000000000", "FALSE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "accountExpires", "134167968000010000", "TRUE" },
		{ DIRECTORY_ACTIVE_DIRECTORY, "nsAccountLock", "true", "TRUE" },
		{ DIRECTORY_OPENLDAP, "pwdAccountLockedTime", "000001010000Z", "FALSE" },
		{ DIRECTORY_OPENLDAP, "pwdAccountLockedTime", "20260101000000Z", "TRUE" },
		{ DIRECTORY_389DS, "nsAccountLock", "TRUE", "FALSE" },
		{ DIRECTORY_389DS, "nsAccountLock", "true", "FALSE" },
		{ DIRECTORY_389DS, "nsAccountLock", "false", "TRUE" },
		{ DIRECTORY_GENERIC, "nsAccountLock", "true", "FALSE" },
		{ DIRECTORY_GENERIC, "userAccountControl", "2", "FALSE" },
		{ DIRECTORY_LDIF, "pwdAccountLockedTime", "000001010000Z", "FALSE" },
		{ DIRECTORY_LDIF, "mail", "x", "TRUE" },
	};
	static const char guid[16] = { 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		open_fixture(&fixture, cases[i].kind);
		add(&fixture, "entryUUID", UUID);
		add(&fixture, "nsUniqueId", UUID);
		if (cases[i].kind == DIRECTORY_ACTIVE_DIRECTORY)
			add_span(&fixture, "objectGUID", (struct span) { guid, 16 });
		add(&fixture, cases[i].name, cases[i].value);
		assert_true(finish(&fixture));
		assert_value(&fixture, fixture.enabled, cases[i].enabled);
		close_fixture(&fixture);
	}
}

static void expiry_is_shown_as_a_time(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, DIRECTORY_LDIF);
	add(&fixture, "accountExpires", "134167968000000000");
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.expires, "2026-03-01T00:00:00Z");
	entry_builder_begin(fixture.builder, SPAN("uid=b,dc=x"));
	add(&fixture, "accountExpires", "0");
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.expires, NULL);
	close_fixture(&fixture);
}

/* When an account turns on or off by itself, which no directory reports. */
static void the_next_turn_is_known(void **state)
{
	static const struct {
		const char *expires, *start, *end, *control;
		const char *enabled;
		int64_t turns_ms;
		bool is_expired;
	} cases[] = {
		{ "0", NULL, NULL, "512", "TRUE", 0, false },
		{ "9223372036854775807", NULL, NULL, NULL, "TRUE", 0, false },
		{ "134167968010000000", NULL, NULL, "512", "TRUE", WALL_MS + 1000, false },
		{ "134167968010000000", NULL, NULL, "514", "FALSE", 0, false },
		{ "134167967990000000", NULL, NULL, "512", "FALSE", 0, true },
		{ "134167967990000000", NULL, NULL, "514", "FALSE", 0, false },
		{ NULL, NULL, "20260301000001Z", NULL, "TRUE", WALL_MS + 1000, false },
		{ NULL, NULL, "20260301000000Z", NULL, "FALSE", 0, true },
		{ NULL, "20260301000000Z", NULL, NULL, "TRUE", 0, false },
		{ NULL, "20260301000002Z", NULL, NULL, "FALSE", WALL_MS + 2000, false },
		{ NULL, "20260301000002Z", "20260301000003Z", NULL, "FALSE", WALL_MS + 2000,
		    false },
		{ NULL, "20260301000002Z", "20260228000000Z", NULL, "FALSE", 0, true },
		{ NULL, "soon", "later", NULL, "TRUE", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture fixture;
		open_fixture(&fixture, DIRECTORY_LDIF);
		if (cases[i].expires != NULL)
			add(&fixture, "accountExpires", cases[i].expires);
		if (cases[i].start != NULL)
			add(&fixture, "pwdStartTime", cases[i].start);
		if (cases[i].end != NULL)
			add(&fixture, "pwdEndTime", cases[i].end);
		if (cases[i].control != NULL)
			add(&fixture, "userAccountControl", cases[i].control);
		assert_true(finish(&fixture));
		assert_value(&fixture, fixture.enabled, cases[i].enabled);
		assert_int_equal(fixture.entry.turns_ms, cases[i].turns_ms);
		assert_int_equal(fixture.entry.is_expired, cases[i].is_expired);
		close_fixture(&fixture);
	}
}

static void a_guid_may_hold_any_byte(void **state)
{
	static const char guid[16] = "\x00\x0a\x00\x00\x0d\x0a\x00\x0a\x80\x01\x0a\x00\x00\x00\x0a";
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, DIRECTORY_ACTIVE_DIRECTORY);
	add_span(&fixture, "objectGUID", (struct span) { guid, 16 });
	assert_true(finish(&fixture));
	assert_value(&fixture, fixture.key, "00000a00-0a0d-0a00-8001-0a0000000a00");
	close_fixture(&fixture);
}

static void a_part_of_an_attribute_is_not_the_attribute(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, DIRECTORY_LDIF);
	add(&fixture, "mail;range=0-1499", "a@x");
	assert_true(entry_builder_has_range(fixture.builder));
	assert_false(finish(&fixture));
	entry_builder_begin(fixture.builder, SPAN("uid=b,dc=x"));
	add(&fixture, "sn;range=0-1499", "a");
	add(&fixture, "mail;lang-de", "a");
	assert_false(entry_builder_has_range(fixture.builder));
	assert_true(finish(&fixture));
	close_fixture(&fixture);
}

const struct CMUnitTest entry_builder_tests[] = {
	cmocka_unit_test(asks_for_what_is_needed),
	cmocka_unit_test(asks_for_nothing_more),
	cmocka_unit_test(keys_are_read),
	cmocka_unit_test(without_a_key_it_is_unusable),
	cmocka_unit_test(without_a_dn_it_is_unusable),
	cmocka_unit_test(a_file_makes_keys_of_dns),
	cmocka_unit_test(values_come_in_any_order),
	cmocka_unit_test(enabled_follows_the_kind),
	cmocka_unit_test(expiry_is_shown_as_a_time),
	cmocka_unit_test(the_next_turn_is_known),
	cmocka_unit_test(a_guid_may_hold_any_byte),
	cmocka_unit_test(a_part_of_an_attribute_is_not_the_attribute),
};
const size_t entry_builder_test_count = sizeof(entry_builder_tests) / sizeof(*entry_builder_tests);
