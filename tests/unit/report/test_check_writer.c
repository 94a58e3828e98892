/* SPDX-License-Identifier: ISC */
/* The forms of a check. */
#include "report/check_writer.h"
#include "tests/unit/report/tests.h"

static void put_steps(struct check_writer *writer)
{
	const struct check_step steps[] = {
		{ CHECK_OK, "configuration", SPAN("it is read"), SPAN_NULL, SPAN("{}") },
		{ CHECK_WARNING, "tls", SPAN("it ends"), SPAN("renew it"), SPAN("{\"days\":3}") },
		{ CHECK_FAILED, "bind", SPAN("it says \033[31mno\n"), SPAN("ask"), SPAN("{}") },
		{ CHECK_SKIPPED, "kind", SPAN("the bind failed"), SPAN_NULL, SPAN("{}") },
	};

	check_writer_step(writer, CHECK_CONFIGURATION, SPAN("configuration"), &steps[0]);
	for (size_t i = 1; i < sizeof(steps) / sizeof(steps[0]); i++)
		check_writer_step(writer, CHECK_DIRECTORY, SPAN("corp"), &steps[i]);
	check_writer_end(writer);
}

static void text_has_a_line_a_step(void **state)
{
	struct check_writer writer;
	struct str out = { 0 };

	(void)state;
	check_writer_begin(&writer, &out, false, false);
	put_steps(&writer);
	assert_string_equal(str_c(&out), "ok       configuration: it is read\n"
					 "warning  corp: tls: it ends\n"
					 "         what to do: renew it\n"
					 "FAILED   corp: bind: it says \\x1B[31mno\\x0A\n"
					 "         what to do: ask\n"
					 "skipped  corp: kind: the bind failed\n"
					 "1 ok, 1 warning, 1 failed, 1 skipped.\n");
	str_done(&out);
}

static void colour_is_for_the_status_alone(void **state)
{
	struct check_writer writer;
	struct str out = { 0 };

	(void)state;
	check_writer_begin(&writer, &out, false, true);
	put_steps(&writer);
	assert_non_null(
	    strstr(str_c(&out), "\033[1;31mFAILED \033[0m  corp: bind: it says \\x1B["));
	str_done(&out);
}

static void json_has_all_of_it(void **state)
{
	struct check_writer writer;
	struct str out = { 0 };

	(void)state;
	check_writer_begin(&writer, &out, true, false);
	put_steps(&writer);
	assert_non_null(strstr(str_c(&out), "      \"area\": \"directory\",\n"
					    "      \"peer\": \"corp\",\n"
					    "      \"name\": \"tls\",\n"
					    "      \"status\": \"warning\",\n"
					    "      \"detail\": \"it ends\",\n"
					    "      \"remedy\": \"renew it\",\n"
					    "      \"data\": {\"days\":3}\n"));
	assert_non_null(strstr(str_c(&out), "      \"remedy\": null,\n"));
	assert_non_null(
	    strstr(str_c(&out), "  \"summary\": {\n    \"ok\": 1,\n    \"warning\": 1,\n"
				"    \"failed\": 1,\n    \"skipped\": 1\n  }\n}\n"));
	str_done(&out);
}

const struct CMUnitTest check_writer_tests[] = {
	cmocka_unit_test(text_has_a_line_a_step),
	cmocka_unit_test(colour_is_for_the_status_alone),
	cmocka_unit_test(json_has_all_of_it),
};
const size_t check_writer_test_count = sizeof(check_writer_tests) / sizeof(check_writer_tests[0]);
