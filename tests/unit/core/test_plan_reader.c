/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "base/vec.h"
#include "core/plan_reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "{\"version\":1,\"run\":{\"kind\":\"full\",\"dryRun\":true,\"certified\":true},"
#define ACTION                                                                                     \
	"{\"kind\":\"update\",\"state\":\"planned\",\"userName\":\"ada@x\",\"key\":\"k\","         \
	"\"reason\":{\"code\":\"drift\",\"detail\":\"why\"},\"request\":{\"body\":{\"a\":[1]}}}"

struct reading {
	struct plan_item items[8];
	char names[8][32];
	size_t count;
	enum status status;
	struct plan_head head;
	struct err err;
};

static void on_item(void *context, const struct plan_item *item)
{
	struct reading *reading = context;

	if (reading->count >= 8)
		return;
	snprintf(reading->names[reading->count], 32, "%.*s", SPAN_ARG(item->user_name));
	reading->items[reading->count++] = *item;
}

/* Reads it in pieces of a size; whatever the size, it is the same. */
static struct reading read_by(struct span text, size_t size)
{
	struct reading reading = { 0 };
	struct plan_reader *reader = plan_reader_new(on_item, &reading);
	const struct plan_head *head;

	for (size_t i = 0; i < text.len; i += size) {
		size_t len = text.len - i < size ? text.len - i : size;

		if (!plan_reader_take(reader, (struct span) { text.at + i, len }))
			break;
	}
	reading.status = plan_reader_end(reader, &head, &reading.err);
	if (reading.status == STATUS_OK)
		reading.head = (struct plan_head) { .kind = head->kind,
			.is_dry = head->is_dry,
			.is_certified = head->is_certified };
	plan_reader_free(&reader);
	return reading;
}

static struct reading read_text(const char *text)
{
	struct reading whole = read_by(span_of(text), strlen(text) + 1);
	struct reading bytes = read_by(span_of(text), 1);

	assert_int_equal(whole.status, bytes.status);
	assert_int_equal(whole.count, bytes.count);
	if (whole.status != STATUS_OK)
		assert_string_equal(whole.err.text, bytes.err.text);
	return whole;
}

static void expect_refused(const char *text, const char *why)
{
	struct reading reading = read_text(text);

	assert_int_equal(reading.status, STATUS_REJECT);
	if (strstr(reading.err.text, why) == NULL)
		fail_msg("%s: \"%s\" does not say \"%s\"", text, reading.err.text, why);
}

static void reads_a_plan(void **state)
{
	struct reading reading = read_text(" " HEAD "\n\"actions\" : [ " ACTION " ,\n" ACTION
					   "] , \"more\":[{}], \"summary\":{}}\n");

	(void)state;
	assert_int_equal(reading.status, STATUS_OK);
	assert_int_equal(reading.head.kind, CYCLE_FULL);
	assert_true(reading.head.is_dry);
	assert_true(reading.head.is_certified);
	assert_int_equal(reading.count, 2);
	assert_string_equal(reading.names[1], "ada@x");
	assert_true(digest_equal(&reading.items[0].content, &reading.items[1].content));
}

static void reads_a_plan_of_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEAD "\"actions\":[]}").status, STATUS_OK);
	assert_int_equal(read_text(HEAD "\"actions\":[\n]}").count, 0);
	assert_int_equal(
	    read_text("{\"actions\":[],\"version\":1,\"run\":{\"kind\":\"delta\"}}").status,
	    STATUS_OK);
}

/* @return whether two actions are the same to it */
static bool are_same(const char *a, const char *b)
{
	struct str text = { 0 };
	struct reading reading;

	str_addf(&text, HEAD "\"actions\":[%s,%s]}", a, b);
	reading = read_text(str_c(&text));
	str_done(&text);
	assert_int_equal(reading.status, STATUS_OK);
	assert_int_equal(reading.count, 2);
	return digest_equal(&reading.items[0].content, &reading.items[1].content);
}

static void tells_actions_apart_by_all_that_counts(void **state)
{
	static const char *const others[] = { "{}", "{\"kind\":\"create\"}", "{\"state\":\"held\"}",
		"{\"userName\":\"b\"}", "{\"key\":\"k\"}", "{\"dn\":\"cn=a\"}",
		"{\"accountId\":\"1\"}", "{\"directory\":\"corp\"}",
		"{\"reason\":{\"code\":\"drift\"}}", "{\"changes\":[{\"path\":\"active\"}]}",
		"{\"request\":{\"method\":\"PATCH\"}}", "{\"request\":{\"body\":{\"a\":1}}}",
		"{\"request\":{\"body\":{\"a\":\"1\"}}}" };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		for (size_t j = 0; j < COUNT(others); j++)
			assert_int_equal(are_same(others[i], others[j]), i == j);
}

static void overlooks_what_does_not_count(void **state)
{
	(void)state;
	assert_true(are_same("{\"key\":\"k\",\"reason\":{\"code\":\"drift\",\"detail\":\"a\"}}",
	    " {\"reason\": {\"detail\":\"b\",\"code\":\"drift\"}, \"error\":7, \"dn\":null, "
	    "\"key\":\"\\u006b\"} "));
}

static void refuses_what_is_no_plan(void **state)
{
	(void)state;
	expect_refused("", "empty");
	expect_refused("[]", "not JSON");
	expect_refused("x", "not JSON");
	expect_refused("{}", "lacks");
	expect_refused("{\"a\":1", "cut off");
	expect_refused(HEAD "\"actions\":[" ACTION, "cut off");
	expect_refused(HEAD "\"actions\":[]}{", "behind its end");
	expect_refused(HEAD "\"actions\":[]} x", "behind its end");
	expect_refused(HEAD "\"actions\":[,]}", "comma");
	expect_refused(HEAD "\"actions\":[" ACTION ",]}", "comma");
	expect_refused(HEAD "\"actions\":[],}", "comma");
	expect_refused(HEAD ",\"actions\":[]}", "comma");
	expect_refused(HEAD "\"actions\":[}}", "brackets");
	expect_refused(HEAD "\"actions\":[]]", "brackets");
	expect_refused(HEAD "\"actions\":[] 1}", "as a plan is written");
	expect_refused(HEAD "\"actions\":[[1]]}", "no object");
	expect_refused(HEAD "\"actions\":[{\"a\":1,\"a\":2}]}", "not JSON");
	expect_refused(HEAD "\"actions\":[{\"a\":\"\xff\"}]}", "not JSON");
	expect_refused(HEAD "\"actions\":[],\"actions\":[]}", "twice");
	expect_refused(HEAD "\"\\u0061ctions\":[]}", "as a plan is written");
	expect_refused(HEAD "\"actions\":{}}", "as a plan is written");
	expect_refused(HEAD "\"run\":{\"kind\":\"full\"},\"actions\":[]}", "of its run");
}

static void refuses_a_run_that_it_does_not_know(void **state)
{
	(void)state;
	expect_refused("{\"version\":2,\"run\":{\"kind\":\"full\"},\"actions\":[]}", "version");
	expect_refused("{\"version\":\"1\",\"run\":{\"kind\":\"full\"},\"actions\":[]}", "version");
	expect_refused("{\"version\":1,\"run\":{\"kind\":\"half\"},\"actions\":[]}", "of its run");
	expect_refused("{\"version\":1,\"run\":7,\"actions\":[]}", "of its run");
	expect_refused("{\"version\":1,\"run\":{\"kind\":\"full\",\"user\":\"\"},\"actions\":[]}",
	    "of its run");
	expect_refused(
	    "{\"version\":1,\"run\":{\"kind\":\"full\",\"user\":\"a\\u0000b\"},\"actions\":[]}",
	    "of its run");
}

static void refuses_what_is_too_much(void **state)
{
	struct str text = { 0 };

	(void)state;
	str_add_c(&text, HEAD "\"actions\":[{\"a\":");
	for (int i = 0; i < PLAN_DEPTH_MAX; i++)
		str_add_byte(&text, '[');
	expect_refused(str_c(&text), "nested too deeply");
	str_truncate(&text, 0);
	str_add_c(&text, HEAD "\"actions\":[{\"a\":\"");
	for (int i = 0; i < PLAN_PIECE_MAX_BYTES; i++)
		str_add_byte(&text, 'a');
	expect_refused(str_c(&text), "too large");
	str_done(&text);
}

const struct CMUnitTest plan_reader_tests[] = {
	cmocka_unit_test(reads_a_plan),
	cmocka_unit_test(reads_a_plan_of_nothing),
	cmocka_unit_test(tells_actions_apart_by_all_that_counts),
	cmocka_unit_test(overlooks_what_does_not_count),
	cmocka_unit_test(refuses_what_is_no_plan),
	cmocka_unit_test(refuses_a_run_that_it_does_not_know),
	cmocka_unit_test(refuses_what_is_too_much),
};
const size_t plan_reader_test_count = COUNT(plan_reader_tests);
