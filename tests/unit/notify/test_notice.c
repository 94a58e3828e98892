/* SPDX-License-Identifier: ISC */
/* The bytes of a notice, to the letter: programs of others read them. */
#include "tests/unit/notify/tests.h"

#include "notify/notice.h"

#define AT_MS INT64_C(1772366400000) /* 2026-03-01T12:00:00Z */
#define ID                                                                                         \
	{                                                                                          \
		UINT64_C(0x0123456789abcdef), UINT64_C(0xf0)                                       \
	}
#define ID_TEXT "0123456789abcdef00000000000000f0"
#define HEAD(event)                                                                                \
	"{\"event\":\"" event "\",\"id\":\"" ID_TEXT "\",\"at\":\"2026-03-01T12:00:00Z\","

static void expect(const struct notice *notice, const char *wanted)
{
	struct str text = { 0 };

	notice_encode(notice, &text);
	assert_string_equal(str_c(&text), wanted);
	str_done(&text);
}

static void writes_a_hold(void **state)
{
	struct notice notice = { .event = NOTICE_HOLD,
		.id = ID,
		.at_ms = AT_MS,
		.run_id = 12,
		.hold_id = 7,
		.class = GUARD_DEACTIVATIONS,
		.count = 60,
		.limit = 50 };

	(void)state;
	expect(&notice,
	    HEAD("hold") "\"run\":12,\"summary\":\"Hold 7: 60 deactivations wait for a decision "
			 "(limit 50); see: scimward holds\",\"hold\":7,\"class\":\"deactivations\","
			 "\"count\":60,\"limit\":50}");
}

static void writes_a_hold_of_the_policy(void **state)
{
	struct notice notice = { .event = NOTICE_HOLD,
		.id = ID,
		.at_ms = AT_MS,
		.run_id = 1,
		.hold_id = 8,
		.class = GUARD_RENAMES,
		.count = 1 };

	(void)state;
	expect(&notice,
	    HEAD("hold") "\"run\":1,\"summary\":\"Hold 8: 1 rename waits for a decision; see: "
			 "scimward holds\",\"hold\":8,\"class\":\"renames\",\"count\":1,"
			 "\"limit\":0}");
}

static void writes_a_failure(void **state)
{
	struct notice notice = { .event = NOTICE_FAILURE,
		.id = ID,
		.at_ms = AT_MS,
		.run_id = 3,
		.cause = NOTICE_TENANT,
		.failures = 1,
		.retry_at_ms = AT_MS + 61000 };

	(void)state;
	expect(&notice,
	    HEAD("failure") "\"run\":3,\"summary\":\"Users are not in step: the tenant cannot be "
			    "used (1 in a row); trying again at 2026-03-01T12:01:01Z; see: "
			    "scimward status\",\"error\":\"the tenant cannot be used\","
			    "\"failures\":1,\"retryAt\":\"2026-03-01T12:01:01Z\"}");
}

static void writes_a_failure_that_ends_it(void **state)
{
	struct notice notice = { .event = NOTICE_FAILURE,
		.id = ID,
		.at_ms = AT_MS,
		.cause = NOTICE_STATE,
		.failures = 2 };

	(void)state;
	expect(&notice,
	    HEAD("failure") "\"run\":null,\"summary\":\"Users are not in step: the state cannot "
			    "be used (2 in a row); see: scimward status\",\"error\":\"the state "
			    "cannot be used\",\"failures\":2,\"retryAt\":null}");
	notice.cause = NOTICE_DIRECTORY;
	expect(&notice,
	    HEAD("failure") "\"run\":null,\"summary\":\"Users are not in step: the directory "
			    "cannot be used (2 in a row); see: scimward status\",\"error\":\"the "
			    "directory cannot be used\",\"failures\":2,\"retryAt\":null}");
}

static void writes_a_recovery(void **state)
{
	struct notice notice = {
		.event = NOTICE_RECOVERED, .id = ID, .at_ms = AT_MS, .failures = 1
	};

	(void)state;
	expect(&notice,
	    HEAD("recovered") "\"run\":null,\"summary\":\"Recovered after 1 failed cycle\","
			      "\"failures\":1}");
	notice.failures = 2;
	expect(&notice,
	    HEAD("recovered") "\"run\":null,\"summary\":\"Recovered after 2 failed cycles\","
			      "\"failures\":2}");
}

static void writes_a_quarantine(void **state)
{
	struct notice notice = {
		.event = NOTICE_QUARANTINE, .id = ID, .at_ms = AT_MS, .run_id = 5, .count = 1
	};

	(void)state;
	expect(&notice,
	    HEAD("quarantine") "\"run\":5,\"summary\":\"The tenant refused 1 more user; see: "
			       "scimward status\",\"count\":1}");
	notice.count = 3;
	expect(&notice,
	    HEAD("quarantine") "\"run\":5,\"summary\":\"The tenant refused 3 more users; see: "
			       "scimward status\",\"count\":3}");
}

static void names_each_event(void **state)
{
	static const char *const names[] = { "hold", "failure", "recovered", "quarantine" };

	(void)state;
	assert_int_equal(COUNT_OF(names), NOTICE_EVENT_COUNT);
	for (int i = 0; i < NOTICE_EVENT_COUNT; i++) {
		enum notice_event event = NOTICE_EVENT_COUNT;

		assert_string_equal(notice_event_name((enum notice_event)i), names[i]);
		assert_true(notice_event_parse(span_of(names[i]), &event));
		assert_int_equal(event, i);
	}
	assert_false(notice_event_parse(SPAN("Hold"), &(enum notice_event) { NOTICE_HOLD }));
	assert_false(notice_event_parse(SPAN(""), &(enum notice_event) { NOTICE_HOLD }));
}

const struct CMUnitTest notice_tests[] = {
	cmocka_unit_test(writes_a_hold),
	cmocka_unit_test(writes_a_hold_of_the_policy),
	cmocka_unit_test(writes_a_failure),
	cmocka_unit_test(writes_a_failure_that_ends_it),
	cmocka_unit_test(writes_a_recovery),
	cmocka_unit_test(writes_a_quarantine),
	cmocka_unit_test(names_each_event),
};
const size_t notice_test_count = COUNT_OF(notice_tests);
