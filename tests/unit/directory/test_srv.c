/* SPDX-License-Identifier: ISC */
#include "base/str.h"
#include "directory/srv.h"
#include "tests/unit/directory/tests.h"

#include <string.h>

/* ---- messages ---- */

static void put16(struct str *out, unsigned number)
{
	str_add_byte(out, (char)(number >> 8));
	str_add_byte(out, (char)number);
}

static void put_name(struct str *out, const char *name)
{
	struct span rest = span_of(name);

	while (rest.len > 0) {
		struct span label = span_split(&rest, '.');

		str_add_byte(out, (char)label.len);
		str_add(out, label);
	}
	str_add_byte(out, '\0');
}

static struct str message_of(unsigned answers)
{
	struct str message = { 0 };

	put16(&message, 7);
	put16(&message, 0x8180);
	put16(&message, 1);
	put16(&message, answers);
	put16(&message, 0);
	put16(&message, 0);
	put_name(&message, "_ldap._tcp.corp.example");
	put16(&message, 33);
	put16(&message, 1);
	return message;
}

static void add_record(struct str *message, unsigned type, const char *target, unsigned port)
{
	struct str data = { 0 };

	put16(&data, 5);
	put16(&data, 100);
	put16(&data, port);
	put_name(&data, target);
	put16(message, 0xc00c); /* the name of the question */
	put16(message, type);
	put16(message, 1);
	put16(message, 0);
	put16(message, 600);
	put16(message, (unsigned)data.len);
	str_add(message, str_span(&data));
	str_done(&data);
}

static void records_are_read(void **state)
{
	struct str message = message_of(3);
	struct srv_list list;

	(void)state;
	add_record(&message, 33, "dc1.corp.example", 389);
	add_record(&message, 16, "not.corp.example", 389);
	add_record(&message, 33, "DC2.Corp.Example", 1389);
	assert_true(srv_parse(str_span(&message), SPAN("corp.example"), &list));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.at[0].target, "dc1.corp.example");
	assert_int_equal(list.at[0].priority, 5);
	assert_int_equal(list.at[0].weight, 100);
	assert_int_equal(list.at[0].port, 389);
	assert_string_equal(list.at[1].target, "DC2.Corp.Example");
	assert_int_equal(list.at[1].port, 1389);
	str_done(&message);
}

/* Whoever can forge DNS must not be able to have a password sent to a host of their own. */
static void strangers_are_left_out(void **state)
{
	static const char *const strangers[] = { "dc1.corp.example.org", "evilcorp.example",
		"dc1.other", "example" };
	static const char *const unfit[] = { "", "dc 1.corp.example", "dc1@corp.example",
		"-dc.corp.example", "dc\x01.corp.example", "dc/1.corp.example" };
	struct srv_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		struct str message = message_of(1);

		add_record(&message, 33, strangers[i], 389);
		assert_true(srv_parse(str_span(&message), SPAN("corp.example"), &list));
		assert_int_equal(list.count, 0);
		assert_int_equal(list.strangers, 1);
		str_done(&message);
	}
	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++) {
		struct str message = message_of(1);

		add_record(&message, 33, unfit[i], 389);
		assert_true(srv_parse(str_span(&message), SPAN("corp.example"), &list));
		assert_int_equal(list.count, 0);
		assert_int_equal(list.left_out, 1);
		str_done(&message);
	}
}

static void the_domain_itself_and_port_0(void **state)
{
	struct str message = message_of(2);
	struct srv_list list;

	(void)state;
	add_record(&message, 33, "corp.example", 389);
	add_record(&message, 33, "dc1.corp.example", 0);
	assert_true(srv_parse(str_span(&message), SPAN("corp.example"), &list));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.at[0].target, "corp.example");
	str_done(&message);
}

static void many_records_are_cut(void **state)
{
	struct str message = message_of(200);
	struct srv_list list;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		add_record(&message, 33, "dc1.corp.example", 389);
	assert_true(srv_parse(str_span(&message), SPAN("corp.example"), &list));
	assert_int_equal(list.count, SRV_MAX);
	assert_int_equal(list.left_out, 200 - SRV_MAX);
	str_done(&message);
}

static void half_a_message_is_none(void **state)
{
	struct str message = message_of(1);
	struct srv_list list;

	(void)state;
	add_record(&message, 33, "dc1.corp.example", 389);
	for (size_t len = 0; len < message.len; len++) {
		struct span cut = { message.at, len };

		assert_false(srv_parse(cut, SPAN("corp.example"), &list));
		assert_int_equal(list.count, 0);
	}
	str_done(&message);
}

static void domains_have_a_shape(void **state)
{
	static const char *const good[] = { "corp.example", "x", "_a.b-c.d1", "XN--a.example" };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "-a", "a b", "a/b", "ä.b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(srv_is_domain(span_of(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(srv_is_domain(span_of(bad[i])));
}

/* ---- order ---- */

static uint64_t chance = 1;

static uint64_t draw(void *context, uint64_t limit)
{
	(void)context;
	chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (chance >> 33) % limit;
}

static uint64_t draw_lowest(void *context, uint64_t limit)
{
	(void)context, (void)limit;
	return 0;
}

static uint64_t draw_highest(void *context, uint64_t limit)
{
	(void)context;
	return limit - 1;
}

static void add(struct srv_list *list, const char *target, uint16_t priority, uint16_t weight)
{
	struct srv_record *record = &list->at[list->count++];

	*record = (struct srv_record) { .priority = priority, .weight = weight, .port = 389 };
	strcpy(record->target, target);
}

static struct srv_list some(void)
{
	struct srv_list list = { 0 };

	add(&list, "spare", 20, 100);
	add(&list, "big", 10, 75);
	add(&list, "none", 10, 0);
	add(&list, "small", 10, 25);
	return list;
}

static void priority_comes_first(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct srv_list list = some();

		srv_order(&list, draw, NULL);
		assert_int_equal(list.count, 4);
		assert_string_equal(list.at[3].target, "spare");
	}
}

static void weight_is_a_share(void **state)
{
	enum { DRAWS = 10000 };
	unsigned big = 0, small = 0, none = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		struct srv_list list = some();

		srv_order(&list, draw, NULL);
		big += strcmp(list.at[0].target, "big") == 0;
		small += strcmp(list.at[0].target, "small") == 0;
		none += strcmp(list.at[0].target, "none") == 0;
	}
	assert_in_range(big, DRAWS * 70 / 100, DRAWS * 78 / 100);
	assert_in_range(small, DRAWS * 21 / 100, DRAWS * 29 / 100);
	assert_in_range(none, 1, DRAWS * 3 / 100);
}

static void the_ends_of_the_draw(void **state)
{
	struct srv_list list = some();

	(void)state;
	srv_order(&list, draw_lowest, NULL);
	assert_string_equal(list.at[0].target, "none");
	list = some();
	srv_order(&list, draw_highest, NULL);
	assert_string_equal(list.at[0].target, "small");
	assert_string_equal(list.at[2].target, "none");
	list = (struct srv_list) { 0 };
	srv_order(&list, draw_highest, NULL);
	assert_int_equal(list.count, 0);
}

const struct CMUnitTest srv_tests[] = {
	cmocka_unit_test(records_are_read),
	cmocka_unit_test(strangers_are_left_out),
	cmocka_unit_test(the_domain_itself_and_port_0),
	cmocka_unit_test(many_records_are_cut),
	cmocka_unit_test(half_a_message_is_none),
	cmocka_unit_test(domains_have_a_shape),
	cmocka_unit_test(priority_comes_first),
	cmocka_unit_test(weight_is_a_share),
	cmocka_unit_test(the_ends_of_the_draw),
};
const size_t srv_test_count = sizeof(srv_tests) / sizeof(*srv_tests);
