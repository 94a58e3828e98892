/* SPDX-License-Identifier: ISC */
#include "fixture.h"

static bool get(struct fixture *fixture, uint8_t number, struct link *ret_link)
{
	struct uuid key = fixture_key(number);
	bool is_found = false;

	assert_ok(fixture, store_link_get(fixture->store, &key, fixture->arena, ret_link, &is_found,
			       &fixture->err));
	return is_found;
}

/* @return the first byte of the found link's key; -1: none found */
static int find(struct fixture *fixture, enum link_field field, const char *value)
{
	struct link link;
	bool is_found = true;

	assert_ok(fixture, store_link_find(fixture->store, field, span_of(value), fixture->arena,
			       &link, &is_found, &fixture->err));
	return is_found ? link.key.byte[0] : -1;
}

/* They come by key. */
static size_t find_several(
    struct fixture *fixture, enum link_field field, const char *value, size_t cap)
{
	struct link links[10];
	size_t count = cap + 1;

	assert_ok(fixture, store_link_find_several(fixture->store, field, span_of(value),
			       fixture->arena, links, cap, &count, &fixture->err));
	for (size_t i = 1; i < count; i++)
		assert_true(uuid_compare(&links[i - 1].key, &links[i].key) < 0);
	return count;
}

static void assert_same(const struct link *a, const struct link *b)
{
	assert_int_equal(uuid_compare(&a->key, &b->key), 0);
	assert_int_equal(a->directory, b->directory);
	assert_true(span_equal(a->dn, b->dn));
	assert_true(span_equal(a->account_id, b->account_id));
	assert_true(span_equal(a->user_name, b->user_name));
	assert_true(span_equal(a->acknowledged, b->acknowledged));
	assert_true(digest_equal(&a->digest, &b->digest));
	assert_int_equal(a->is_active, b->is_active);
	assert_int_equal(a->missing_since_ms, b->missing_since_ms);
	assert_int_equal(a->changed_ms, b->changed_ms);
}

static void test_put_and_get(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 1), got;

	link.missing_since_ms = 12345;
	link.directory = 255;
	link.is_active = false;
	assert_false(get(fixture, 1, &got));
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_true(get(fixture, 1, &got));
	assert_same(&link, &got);
	fixture_commit(fixture);
	fixture_reopen(fixture);
	assert_true(get(fixture, 1, &got));
	assert_same(&link, &got);
}

static void test_put_again_replaces(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 1), got;
	uint64_t count = 0;

	fixture_put_link(fixture, 1);
	link.account_id = SPAN("other");
	link.user_name = SPAN_NULL;
	link.dn = SPAN_NULL;
	link.acknowledged = SPAN("{\"active\":false,\"externalId\":\"X\"}");
	link.digest = fixture_digest(3);
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_true(get(fixture, 1, &got));
	assert_same(&link, &got);
	assert_null(got.user_name.at);
	assert_ok(fixture, store_link_count(fixture->store, &count, &fixture->err));
	assert_int_equal(count, 1);
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "e1"), -1);
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "x"), 1);
	assert_int_equal(find(fixture, LINK_BY_USER_NAME, "User1@corp.example"), -1);
}

static void test_find(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 3);

	fixture_put_link(fixture, 1);
	fixture_put_link(fixture, 2);
	link.user_name = SPAN("STRASSE@corp.example");
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_int_equal(find(fixture, LINK_BY_ACCOUNT_ID, "a2"), 2);
	assert_int_equal(find(fixture, LINK_BY_ACCOUNT_ID, "A2"), -1);
	assert_int_equal(find(fixture, LINK_BY_USER_NAME, "uSER2@CORP.example"), 2);
	assert_int_equal(find(fixture, LINK_BY_USER_NAME, "straße@corp.example"), 3);
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "e2"), 2);
	assert_int_equal(find(fixture, LINK_BY_DN, "cn=user 2,ou=staff , dc=CORP"), 2);
	assert_int_equal(find(fixture, LINK_BY_DN, "cn=user 9,ou=staff,dc=corp"), -1);
	assert_int_equal(find(fixture, LINK_BY_USER_NAME, "nobody"), -1);
}

static void test_find_gives_the_first_of_several(void **state)
{
	struct fixture *fixture = *state;

	for (uint8_t i = 9; i > 4; i--) {
		struct link link = fixture_link(fixture, i);

		link.user_name = SPAN("same");
		link.acknowledged = SPAN("{\"active\":true,\"externalId\":\"same\"}");
		assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	}
	assert_int_equal(find_several(fixture, LINK_BY_USER_NAME, "SAME", 10), 5);
	assert_int_equal(find_several(fixture, LINK_BY_EXTERNAL_ID, "Same", 3), 3);
	assert_int_equal(find_several(fixture, LINK_BY_ACCOUNT_ID, "a7", 3), 1);
	assert_int_equal(find_several(fixture, LINK_BY_DN, "cn=User 7,ou=staff,dc=corp", 3), 1);
	assert_int_equal(find_several(fixture, LINK_BY_USER_NAME, "nobody", 3), 0);
	assert_int_equal(find(fixture, LINK_BY_USER_NAME, "SAME"), 5);
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "SAME"), 5);
}

static void test_malformed_text_is_found_by_its_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 1);

	link.user_name = SPAN("\xff\xfe");
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_int_equal(find(fixture, LINK_BY_USER_NAME, "\xff\xfe"), 1);
}

static void test_account_of_another_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 2), got;

	fixture_put_link(fixture, 1);
	link.account_id = SPAN("a1");
	assert_int_equal(store_link_put(fixture->store, &link, &fixture->err), STATUS_REJECT);
	assert_non_null(strstr(fixture->err.text, "01010101-0101-0101-0101-010101010101"));
	assert_false(get(fixture, 2, &got));
	fixture_put_link(fixture, 1);
	fixture_commit(fixture);
}

static void test_acknowledged_must_be_an_account(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 1);

	link.acknowledged = SPAN("[,\"externalId\":\"\\\"]");
	assert_int_equal(store_link_put(fixture->store, &link, &fixture->err), STATUS_CORRUPT);
}

static void test_external_id_with_escapes(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 1);

	link.acknowledged = SPAN("{\"active\":true,\"displayName\":\",\\\"externalId\\\":\\\"no\","
				 "\"externalId\":\"Say \\\"Hi\\\"\"}");
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "say \"hi\""), 1);
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "no"), -1);
	link.acknowledged = SPAN(
	    "{\"active\":true,\"displayName\":\",\\\"externalId\\\":\\\"no\"}");
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "no"), -1);
	assert_int_equal(find(fixture, LINK_BY_EXTERNAL_ID, "say \"hi\""), -1);
}

static void test_an_account_moves_to_another_key(void **state)
{
	struct fixture *fixture = *state;
	struct link one = fixture_link(fixture, 1), two = fixture_link(fixture, 2);

	fixture_put_link(fixture, 1);
	fixture_put_link(fixture, 2);
	two.account_id = SPAN("a1");
	assert_int_equal(store_link_put(fixture->store, &two, &fixture->err), STATUS_REJECT);
	one.account_id = SPAN("a9");
	assert_ok(fixture, store_link_put(fixture->store, &one, &fixture->err));
	assert_ok(fixture, store_link_put(fixture->store, &two, &fixture->err));
	assert_int_equal(find(fixture, LINK_BY_ACCOUNT_ID, "a1"), 2);
	assert_int_equal(find(fixture, LINK_BY_ACCOUNT_ID, "a2"), -1);
	fixture_commit(fixture);
}

static void test_small_changes(void **state)
{
	struct fixture *fixture = *state;
	struct uuid key = fixture_key(1);
	struct link got;

	fixture_put_link(fixture, 1);
	fixture_put_link(fixture, 2);
	assert_ok(fixture, store_link_set_missing(fixture->store, &key, 99, &fixture->err));
	assert_ok(fixture,
	    store_link_set_dn(fixture->store, &key, SPAN("CN=Moved,DC=corp"), &fixture->err));
	assert_true(get(fixture, 1, &got));
	assert_int_equal(got.missing_since_ms, 99);
	assert_span(got.dn, "CN=Moved,DC=corp");
	assert_ok(fixture, store_link_delete(fixture->store, &key, &fixture->err));
	assert_false(get(fixture, 1, &got));
	assert_true(get(fixture, 2, &got));
	assert_int_equal(got.missing_since_ms, 0);
}

struct seen {
	struct fixture *fixture;
	uint8_t keys[8];
	size_t count;
	struct link_brief last;
	size_t nested;
};

static void on_brief(void *context, const struct link_brief *brief)
{
	struct seen *seen = context;

	seen->keys[seen->count++] = brief->key.byte[0];
	seen->last = *brief;
}

static void test_each_in_key_order(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { .fixture = fixture };
	struct link link = fixture_link(fixture, 9);

	fixture_put_link(fixture, 5);
	link.is_active = false;
	link.missing_since_ms = 1;
	link.directory = 3;
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	fixture_put_link(fixture, 2);
	assert_ok(fixture, store_link_each(fixture->store, on_brief, &seen, &fixture->err));
	assert_int_equal(seen.count, 3);
	assert_memory_equal(seen.keys, ((uint8_t[]) { 2, 5, 9 }), 3);
	assert_int_equal(seen.last.directory, 3);
	assert_false(seen.last.is_active);
	assert_true(seen.last.is_pending_leave);
	assert_true(digest_equal(&seen.last.digest, &link.digest));
}

static void count_nested(void *context, const struct link_brief *brief)
{
	struct seen *seen = context;
	(void)brief;
	seen->nested++;
}

static void on_brief_again(void *context, const struct link_brief *brief)
{
	struct seen *seen = context;

	on_brief(seen, brief);
	assert_ok(seen->fixture,
	    store_link_each(seen->fixture->store, count_nested, seen, &seen->fixture->err));
}

static void test_each_inside_each(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { .fixture = fixture };

	fixture_put_link(fixture, 1);
	fixture_put_link(fixture, 2);
	fixture_put_link(fixture, 3);
	assert_ok(fixture, store_link_each(fixture->store, on_brief_again, &seen, &fixture->err));
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.nested, 9);
}

static void test_dry_run_drops_writes(void **state)
{
	struct fixture *fixture = *state;
	struct link link = fixture_link(fixture, 2), got;
	struct uuid key = fixture_key(1);

	fixture_put_link(fixture, 1);
	fixture_commit(fixture);
	store_close(&fixture->store);
	fixture_open(fixture, STORE_DRY_RUN);
	assert_ok(fixture, store_link_put(fixture->store, &link, &fixture->err));
	assert_false(get(fixture, 2, &got));
	link.account_id = SPAN("a1");
	assert_int_equal(store_link_put(fixture->store, &link, &fixture->err), STATUS_REJECT);
	assert_ok(fixture, store_link_set_missing(fixture->store, &key, 5, &fixture->err));
	assert_ok(fixture, store_link_set_dn(fixture->store, &key, SPAN("x"), &fixture->err));
	assert_ok(fixture, store_link_delete(fixture->store, &key, &fixture->err));
	assert_true(get(fixture, 1, &got));
	assert_int_equal(got.missing_since_ms, 0);
}

#define TEST(function)                                                                             \
	cmocka_unit_test_setup_teardown(function, fixture_set_up_open, fixture_tear_down)

/* The planner sees by it that somebody moved. */
static void test_mark_follows_the_dn(void **state)
{
	struct fixture *fixture = *state;
	struct seen seen = { .fixture = fixture };
	struct uuid key = fixture_key(1);
	struct link got = { 0 };

	fixture_put_link(fixture, 1);
	assert_true(get(fixture, 1, &got));
	assert_ok(fixture, store_link_each(fixture->store, on_brief, &seen, &fixture->err));
	assert_int_equal(seen.last.dn_mark, hash_mark(got.dn));
	assert_ok(fixture, store_link_set_dn(fixture->store, &key, SPAN("CN=M"), &fixture->err));
	assert_ok(fixture, store_link_each(fixture->store, on_brief, &seen, &fixture->err));
	assert_int_equal(seen.last.dn_mark, hash_mark(SPAN("CN=M")));
	got.dn = SPAN("CN=N");
	assert_ok(fixture, store_link_put(fixture->store, &got, &fixture->err));
	assert_ok(fixture, store_link_each(fixture->store, on_brief, &seen, &fixture->err));
	assert_int_equal(seen.last.dn_mark, hash_mark(SPAN("CN=N")));
}

const struct CMUnitTest link_tests[] = {
	TEST(test_put_and_get),
	TEST(test_put_again_replaces),
	TEST(test_find),
	TEST(test_find_gives_the_first_of_several),
	TEST(test_malformed_text_is_found_by_its_bytes),
	TEST(test_account_of_another_is_refused),
	TEST(test_acknowledged_must_be_an_account),
	TEST(test_external_id_with_escapes),
	TEST(test_an_account_moves_to_another_key),
	TEST(test_small_changes),
	TEST(test_mark_follows_the_dn),
	TEST(test_each_in_key_order),
	TEST(test_each_inside_each),
	TEST(test_dry_run_drops_writes),
};
const size_t link_test_count = sizeof(link_tests) / sizeof(link_tests[0]);
