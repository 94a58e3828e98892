/* SPDX-License-Identifier: ISC */
#include "tests/unit/app/tests.h"

#include <stdlib.h>
#include <string.h>

static struct reading finish(struct reading reading)
{
	config_format_faults(&reading.faults, &reading.text);
	assert_int_equal(reading.status == STATUS_OK, reading.faults.fault_count == 0);
	assert_int_equal(reading.status == STATUS_OK, reading.config != NULL);
	return reading;
}

struct reading reading_of(const char *text)
{
	struct config_text input = { .text = span_of(text), .name = "x.conf" };
	struct reading reading = { 0 };

	reading.status = config_parse(&input, &reading.config, &reading.faults);
	return finish(reading);
}

struct reading reading_of_file(const char *path)
{
	struct reading reading = { 0 };

	reading.status = config_load(path, &reading.config, &reading.faults);
	return finish(reading);
}

void reading_done(struct reading *reading)
{
	config_free(&reading->config);
	config_faults_done(&reading->faults);
	str_done(&reading->text);
}

void assert_quiet(const struct reading *reading)
{
	if (reading->faults.count > 0)
		fail_msg("says\n%s", str_c(&reading->text));
}

static bool has_line(struct span text, struct span line)
{
	while (text.len > 0)
		if (span_equal(span_split(&text, '\n'), line))
			return true;
	return false;
}

void assert_says(const char *text, const char *line)
{
	struct reading reading = reading_of(text);

	if (!has_line(str_span(&reading.text), span_of(line)))
		fail_msg("%s\n-- says --\n%s-- and not --\n%s\n", text, str_c(&reading.text), line);
	reading_done(&reading);
}

void assert_silent(const char *text, const char *part)
{
	struct reading reading = reading_of(text);

	if (strstr(str_c(&reading.text), part) != NULL)
		fail_msg(
		    "%s\n-- says --\n%s-- which has --\n%s\n", text, str_c(&reading.text), part);
	reading_done(&reading);
}

#define RUN(name) _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL)

int main(void)
{
	int failures = RUN(config) + RUN(config_keys) + RUN(config_faults) + RUN(config_source) +
		       RUN(config_syntax);

	failures += RUN(config_text) + RUN(first_config) + RUN(secret_store);
	failures += RUN(hardening) + RUN(health) + RUN(log_sinks) + RUN(notices) + RUN(peer_name);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
