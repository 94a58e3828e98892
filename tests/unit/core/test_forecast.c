/* SPDX-License-Identifier: ISC */
#include "tests.h"

#include "core/forecast.h"

static void test_time_of_requests(void **state)
{
	static const struct {
		struct forecast_pace pace;
		uint64_t requests;
		int64_t seconds;
	} rows[] = {
		{ { 10, 60, 8 }, 0, 0 },
		{ { 10, 60, 8 }, 60, 0 },
		{ { 10, 60, 8 }, 61, 1 },
		{ { 10, 60, 8 }, 70, 1 },
		{ { 10, 60, 8 }, 71, 2 },
		{ { 10, 60, 8 }, 100060, 10000 },
		{ { 10, 0, 8 }, 1, 0 }, /* one goes at once whatever is set */
		{ { 10, 0, 8 }, 2, 1 },
		{ { 1, 1, 1 }, UINT64_MAX, INT64_MAX },
		{ { 0, 60, 8 }, 100, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    forecast_seconds(&rows[i].pace, rows[i].requests), rows[i].seconds);
}

static void test_time_of_an_answer(void **state)
{
	(void)state;
	assert_int_equal(forecast_answer_ms(&(struct forecast_pace) { 10, 60, 8 }), 800);
	assert_int_equal(forecast_answer_ms(&(struct forecast_pace) { 10, 60, 0 }), 100);
	assert_int_equal(forecast_answer_ms(&(struct forecast_pace) { 0, 60, 8 }), -1);
}

static void test_counting(void **state)
{
	const struct prediction predictions[] = { { PREDICTION_NAME_TAKEN, SPAN_INIT("x") },
		{ PREDICTION_WORKSPACE, SPAN_INIT("y") } };
	const struct tenant_request request = { SPAN_INIT("POST"), SPAN_INIT("/Users"),
		SPAN_INIT("{}") };
	struct forecast forecast = { .reads = 3 };

	(void)state;
	forecast_add(&forecast, &(struct action) { .kind = ACTION_CREATE, .request = request },
	    predictions, 2);
	forecast_add(&forecast,
	    &(struct action) { .kind = ACTION_CREATE, .state = ACTION_HELD, .request = request },
	    predictions, 1);
	/* Neither is sent. */
	forecast_add(&forecast, &(struct action) { .kind = ACTION_LINK }, NULL, 0);
	forecast_add(&forecast,
	    &(struct action) { .kind = ACTION_REJECTED, .state = ACTION_STATE_REJECTED }, NULL, 0);
	forecast_add(&forecast,
	    &(struct action) { .kind = ACTION_UPDATE, .state = ACTION_FAILED, .request = request },
	    NULL, 0);
	assert_int_equal(forecast_requests(&forecast), 4);
	assert_int_equal(forecast.writes, 1);
	assert_int_equal(forecast.held, 1);
	assert_int_equal(forecast.predictions[PREDICTION_NAME_TAKEN], 2);
	assert_int_equal(forecast.predictions[PREDICTION_WORKSPACE], 1);
	assert_int_equal(forecast.predictions[PREDICTION_NAME_MISSING], 0);
}

const struct CMUnitTest forecast_tests[] = {
	cmocka_unit_test(test_time_of_requests),
	cmocka_unit_test(test_time_of_an_answer),
	cmocka_unit_test(test_counting),
};
const size_t forecast_test_count = COUNT(forecast_tests);
