/* SPDX-License-Identifier: ISC */
#include "tests/unit/metrics/tests.h"

#include "metrics/exposition.h"
#include <stdio.h>

static void samples_are_lines(void **state)
{
	const struct metric_label labels[] = { { "kind", SPAN("full") },
		{ "way", SPAN("a\"\\\n") } };
	struct str out = { 0 };

	(void)state;
	metric_begin(&out, METRIC_COUNTER, "x_total", "How many.");
	metric_sample(&out, "x_total", NULL, SPAN_NULL, UINT64_MAX);
	metric_sample(&out, "x_total", "kind", SPAN("full"), 1);
	metric_sample_of(&out, "x_total", labels, 2, 2);
	metric_single(&out, METRIC_GAUGE, "y", "It.", 3);
	assert_string_equal(str_c(&out), "# HELP x_total How many.\n# TYPE x_total counter\n"
					 "x_total 18446744073709551615\n"
					 "x_total{kind=\"full\"} 1\n"
					 "x_total{kind=\"full\",way=\"a\\\"\\\\\\n\"} 2\n"
					 "# HELP y It.\n# TYPE y gauge\ny 3\n");
	str_done(&out);
}

static void milliseconds_become_seconds(void **state)
{
	struct str out = { 0 };

	(void)state;
	metric_sample_ms(&out, "x", 1500);
	metric_sample_ms(&out, "x", 0);
	metric_sample_ms(&out, "x", -7);
	metric_sample_ms(&out, "x", INT64_MIN);
	assert_string_equal(str_c(&out), "x 1.500\nx 0.000\nx -0.007\nx -9223372036854775.808\n");
	str_done(&out);
}

static void a_histogram_is_cumulative(void **state)
{
	static const struct histogram_bounds bounds = { 2, { 50, 2500 } };
	const struct metric_label label = { "kind", SPAN("full") };
	struct histogram histogram = { 0 };
	struct str out = { 0 };

	(void)state;
	histogram_note(&histogram, &bounds, 10);
	histogram_note(&histogram, &bounds, 20);
	histogram_note(&histogram, &bounds, 100);
	histogram_note(&histogram, &bounds, 9000);
	metric_histogram_ms(&out, "x_seconds", &label, &bounds, &histogram);
	assert_string_equal(str_c(&out), "x_seconds_bucket{kind=\"full\",le=\"0.05\"} 2\n"
					 "x_seconds_bucket{kind=\"full\",le=\"2.5\"} 3\n"
					 "x_seconds_bucket{kind=\"full\",le=\"+Inf\"} 4\n"
					 "x_seconds_sum{kind=\"full\"} 9.130\n"
					 "x_seconds_count{kind=\"full\"} 4\n");
	str_done(&out);
}

const struct CMUnitTest exposition_tests[] = {
	cmocka_unit_test(samples_are_lines),
	cmocka_unit_test(milliseconds_become_seconds),
	cmocka_unit_test(a_histogram_is_cumulative),
};
const size_t exposition_test_count = COUNT_OF(exposition_tests);
