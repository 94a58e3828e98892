/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/log.h"
#include <stdlib.h>
#include <unistd.h>

struct seen {
	struct str lines;
	size_t count;
};

static void sink(void *context, const struct log_line *line)
{
	struct seen *seen = context;
	seen->count++;
	str_addf(&seen->lines, "%d %s", (int)line->level, line->message);
	for (size_t i = 0; i < line->field_count; i++)
		str_addf(&seen->lines, " %s=%.*s", line->fields[i].name,
		    SPAN_ARG(line->fields[i].value));
	str_add_byte(&seen->lines, '\n');
}

static void seen_done(struct seen *seen)
{
	log_open(NULL, NULL, LOG_LEVEL_INFO);
	str_done(&seen->lines);
}

static void levels_are_kept(void **state)
{
	struct seen seen = { 0 };
	(void)state;
	log_open(sink, &seen, LOG_LEVEL_NOTICE);
	assert_true(log_wants(LOG_LEVEL_ERROR) && log_wants(LOG_LEVEL_NOTICE));
	assert_false(log_wants(LOG_LEVEL_INFO));
	log_error("a %d", 1);
	log_warning("b");
	log_notice("c");
	log_info("d");
	log_debug("e");
	assert_string_equal(str_c(&seen.lines), "3 a 1\n4 b\n5 c\n");
	log_open(sink, &seen, LOG_LEVEL_DEBUG);
	log_debug("f");
	assert_int_equal(seen.count, 4);
	seen_done(&seen);
}

static void messages_are_printable(void **state)
{
	struct seen seen = { 0 };
	(void)state;
	log_open(sink, &seen, LOG_LEVEL_INFO);
	log_info("x%sy", "\n\x1b\xff");
	assert_string_equal(str_c(&seen.lines), "6 x\\x0A\\x1B\\xFFy\n");
	seen_done(&seen);
}

static void fields_are_inherited(void **state)
{
	struct seen seen = { 0 };
	char value[] = "corp";
	(void)state;
	log_open(sink, &seen, LOG_LEVEL_INFO);
	log_field_push("directory", span_of(value));
	value[0] = 'X';
	log_field_push("run", SPAN("1\n2"));
	log_info("in");
	log_field_pop();
	log_info("between");
	log_field_pop();
	log_field_pop();
	log_info("out");
	assert_string_equal(str_c(&seen.lines),
	    "6 in directory=corp run=1\\x0A2\n6 between directory=corp\n6 out\n");
	seen_done(&seen);
}

static void fields_beyond_the_limit_are_counted(void **state)
{
	struct seen seen = { 0 };
	(void)state;
	log_open(sink, &seen, LOG_LEVEL_INFO);
	for (int i = 0; i < LOG_FIELDS_MAX + 3; i++)
		log_field_push("f", SPAN("v"));
	log_info("full");
	assert_int_equal(seen.lines.len, strlen("6 full\n") + LOG_FIELDS_MAX * strlen(" f=v"));
	for (int i = 0; i < LOG_FIELDS_MAX + 2; i++)
		log_field_pop();
	str_truncate(&seen.lines, 0);
	log_info("one");
	assert_string_equal(str_c(&seen.lines), "6 one f=v\n");
	log_field_pop();
	seen_done(&seen);
}

static void without_a_sink_text_goes_to_stderr(void **state)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	char said[200] = "";
	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	log_open(NULL, NULL, LOG_LEVEL_INFO);
	log_warning("disk is %s", "full");
	log_field_push("run", SPAN("7"));
	log_field_push("tenant", SPAN("t"));
	log_info("done");
	log_field_pop();
	log_field_pop();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fds[1]);
	assert_true(read(pipe_fds[0], said, sizeof(said) - 1) > 0);
	close(pipe_fds[0]);
	assert_string_equal(
	    said, "scimward: warning: disk is full\nscimward: info: done (run=7, tenant=t)\n");
}

static void levels_have_names(void **state)
{
	static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
	enum log_level level;
	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_true(log_level_parse(span_of(names[i]), &level));
		assert_int_equal(level, LOG_LEVEL_ERROR + i);
		assert_string_equal(log_level_name(level), names[i]);
	}
	assert_false(log_level_parse(SPAN("Info"), &level));
	assert_false(log_level_parse(SPAN(""), &level));
	assert_false(log_level_parse(SPAN_NULL, &level));
	assert_string_equal(log_level_name((enum log_level)99), "unknown");
}

const struct CMUnitTest log_tests[] = {
	cmocka_unit_test(levels_are_kept),
	cmocka_unit_test(messages_are_printable),
	cmocka_unit_test(fields_are_inherited),
	cmocka_unit_test(fields_beyond_the_limit_are_counted),
	cmocka_unit_test(without_a_sink_text_goes_to_stderr),
	cmocka_unit_test(levels_have_names),
};
const size_t log_test_count = sizeof(log_tests) / sizeof(*log_tests);
