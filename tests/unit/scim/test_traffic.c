/* SPDX-License-Identifier: ISC */
#include "scim/traffic.h"
#include "tests/unit/scim/support.h"

static void answers_have_outcomes(void **state)
{
	static const struct {
		struct http_answer answer;
		enum tenant_outcome outcome;
	} rows[] = {
		{ { .status = 200 }, TENANT_SUCCESS },
		{ { .status = 207 }, TENANT_SUCCESS },
		{ { .status = 302 }, TENANT_REFUSED },
		{ { .status = 401 }, TENANT_UNAUTHORIZED },
		{ { .status = 403 }, TENANT_UNAUTHORIZED },
		{ { .status = 404 }, TENANT_REFUSED },
		{ { .status = 429 }, TENANT_THROTTLED },
		{ { .status = 503 }, TENANT_SERVER_ERROR },
		{ { .failure = HTTP_TIMED_OUT, .status = 200 }, TENANT_TIMEOUT },
		{ { .failure = HTTP_NAME_UNKNOWN }, TENANT_UNREACHABLE },
		{ { .failure = HTTP_MALFORMED, .status = 200 }, TENANT_UNREACHABLE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tenant_counters counters = { 0 };

		traffic_note_answer(&counters, TENANT_READ, &rows[i].answer, 0);
		assert_int_equal(counters.outcomes[TENANT_READ][rows[i].outcome], 1);
	}
}

static void methods_are_operations(void **state)
{
	(void)state;
	assert_int_equal(traffic_operation(SPAN("GET"), false), TENANT_READ);
	assert_int_equal(traffic_operation(SPAN("POST"), true), TENANT_CREATE);
	assert_int_equal(traffic_operation(SPAN("PATCH"), true), TENANT_CHANGE);
	assert_int_equal(traffic_operation(SPAN("PUT"), true), TENANT_CHANGE);
}

static void names_are_told_apart(void **state)
{
	(void)state;
	for (int i = 0; i < TENANT_OPERATION_COUNT; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tenant_operation_name((enum tenant_operation)i),
			    tenant_operation_name((enum tenant_operation)j));
	for (int i = 0; i < TENANT_OUTCOME_COUNT; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tenant_outcome_name((enum tenant_outcome)i),
			    tenant_outcome_name((enum tenant_outcome)j));
}

static void two_tenants_become_one(void **state)
{
	const struct http_answer ok = { .status = 201, .body = SPAN("12345") };
	struct tenant_counters one = { 0 }, other = { 0 };

	(void)state;
	traffic_note_request(&one, TENANT_CREATE);
	traffic_note_answer(&one, TENANT_CREATE, &ok, 30);
	traffic_note_request(&other, TENANT_LOGIN);
	traffic_note_answer(&other, TENANT_LOGIN, &ok, -5); /* a clock that went back */
	tenant_counters_add(&one, &other);
	assert_int_equal(one.requests, 2);
	assert_int_equal(one.writes, 1);
	assert_int_equal(one.answer_bytes, 10);
	assert_int_equal(one.outcomes[TENANT_LOGIN][TENANT_SUCCESS], 1);
	assert_int_equal(one.durations_ms[TENANT_CREATE].counts[1], 1);
	assert_int_equal(one.durations_ms[TENANT_LOGIN].counts[0], 1);
	assert_int_equal(one.durations_ms[TENANT_LOGIN].sum, 0);
}

const struct CMUnitTest traffic_tests[] = {
	cmocka_unit_test(answers_have_outcomes),
	cmocka_unit_test(methods_are_operations),
	cmocka_unit_test(names_are_told_apart),
	cmocka_unit_test(two_tenants_become_one),
};
const size_t traffic_test_count = COUNT_OF(traffic_tests);
