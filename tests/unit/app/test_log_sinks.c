/* SPDX-License-Identifier: ISC */
#include "app/log_sinks.h"
#include "tests/unit/app/tests.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALL_MS INT64_C(1772368496789) /* 2026-03-01T12:34:56.789Z */

static const struct log_field fields[] = {
	{ "run", { "17", 2 } },
	{ "directory", { "co\033rp", 5 } },
};

static const struct log_line line = { .level = LOG_LEVEL_WARNING,
	.message = "cannot \"connect\"; retrying in 30 s",
	.fields = fields,
	.field_count = 2 };

static void writes_text(void **state)
{
	struct log_line bare = line;
	struct str text = { 0 };

	(void)state;
	log_line_format_text(&line, WALL_MS, false, &text);
	assert_string_equal(str_c(&text),
	    "2026-03-01T12:34:56Z warning cannot \"connect\"; retrying in "
	    "30 s [run=17 directory=co\\x1Brp]\n");
	str_truncate(&text, 0);
	bare.field_count = 0;
	log_line_format_text(&bare, WALL_MS, true, &text);
	assert_string_equal(str_c(&text),
	    "2026-03-01T12:34:56Z \033[33mwarning\033[0m cannot \"connect\"; "
	    "retrying in 30 s\n");
	str_truncate(&text, 0);
	bare.level = LOG_LEVEL_INFO;
	log_line_format_text(&bare, WALL_MS, true, &text);
	assert_null(strchr(str_c(&text), '\033'));
	str_done(&text);
}

static void writes_json(void **state)
{
	struct str text = { 0 };

	(void)state;
	log_line_format_json(&line, WALL_MS, &text);
	assert_string_equal(str_c(&text),
	    "{\"at\":\"2026-03-01T12:34:56.789Z\",\"level\":\"warning\",\"message\":\"cannot "
	    "\\\"connect\\\"; retrying in 30 s\",\"run\":\"17\",\"directory\":\"co\\u001brp\"}\n");
	str_done(&text);
}

static void names_journal_fields(void **state)
{
	struct str name = { 0 };

	(void)state;
	log_journal_name("run_id2-X", &name);
	assert_string_equal(str_c(&name), "SCIMWARD_RUN_ID2_X");
	str_done(&name);
}

static void knows_the_journal(void **state)
{
	(void)state;
	assert_true(log_journal_names("8:4711", 8, 4711));
	assert_false(log_journal_names("8:4711", 8, 4712));
	assert_false(log_journal_names("8:4711", 9, 4711));
	assert_false(log_journal_names("8:4711x", 8, 4711));
	assert_false(log_journal_names("8", 8, 0));
	assert_false(log_journal_names(":", 0, 0));
	assert_false(log_journal_names("", 0, 0));
	assert_false(log_journal_names(NULL, 0, 0));
}

/* Standard error goes to a file meanwhile. */
struct redirection {
	int saved, file;
};

static struct redirection redirect(void)
{
	struct redirection redirection = { .saved = dup(STDERR_FILENO) };
	char path[] = "/tmp/scimward-log-XXXXXX";

	redirection.file = mkstemp(path);
	assert_true(redirection.file >= 0 && redirection.saved >= 0);
	unlink(path);
	assert_int_equal(dup2(redirection.file, STDERR_FILENO), STDERR_FILENO);
	return redirection;
}

/* @return what was written */
static size_t restore(struct redirection *redirection, char *text, size_t size)
{
	ssize_t count = pread(redirection->file, text, size - 1, 0);

	dup2(redirection->saved, STDERR_FILENO);
	close(redirection->saved);
	close(redirection->file);
	log_open(NULL, NULL, LOG_LEVEL_INFO);
	assert_true(count >= 0);
	text[count] = '\0';
	return (size_t)count;
}

static void settles_by_what_stderr_is(void **state)
{
	struct redirection redirection = redirect();
	enum log_format on_file, asked_for, in_journal;
	struct stat info;
	char text[256], stream[64];

	(void)state;
	setenv("JOURNAL_STREAM", "1:1", 1);
	on_file = log_format_settle(LOG_FORMAT_AUTO);
	asked_for = log_format_settle(LOG_FORMAT_JOURNAL);
	fstat(STDERR_FILENO, &info);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	in_journal = log_format_settle(LOG_FORMAT_AUTO);
	unsetenv("JOURNAL_STREAM");
	restore(&redirection, text, sizeof(text));
	assert_int_equal(on_file, LOG_FORMAT_JSON);
	assert_int_equal(asked_for, LOG_FORMAT_JSON);
	/* Without libsystemd there is no journal. */
	assert_true(in_journal == LOG_FORMAT_JOURNAL || in_journal == LOG_FORMAT_JSON);
	assert_int_equal(log_format_settle(LOG_FORMAT_TEXT), LOG_FORMAT_TEXT);
	assert_int_equal(log_format_settle(LOG_FORMAT_JSON), LOG_FORMAT_JSON);
}

static void writes_to_stderr(void **state)
{
	struct redirection redirection = redirect();
	char text[512];

	(void)state;
	log_sinks_open(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	log_field_push("run", SPAN("18"));
	log_info("ready");
	log_debug("not wanted");
	log_sinks_open(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG);
	log_debug("wanted");
	log_field_pop();
	restore(&redirection, text, sizeof(text));
	assert_non_null(strstr(text, "\"level\":\"info\",\"message\":\"ready\",\"run\":\"18\"}\n"));
	assert_null(strstr(text, "not wanted"));
	assert_non_null(strstr(text, "Z debug wanted [run=18]\n"));
}

/* Where no journal listens, its sink falls back to JSON lines; nothing is lost. */
static void loses_no_line_without_a_journal(void **state)
{
	struct redirection redirection = redirect();
	char text[512], stream[64];
	struct stat info;

	(void)state;
	fstat(STDERR_FILENO, &info);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_sinks_open(LOG_FORMAT_AUTO, LOG_LEVEL_INFO);
	log_field_push("run", SPAN("19"));
	if (access("/run/systemd/journal/socket", F_OK) != 0)
		log_info("ready");
	log_field_pop();
	unsetenv("JOURNAL_STREAM");
	if (restore(&redirection, text, sizeof(text)) > 0)
		assert_non_null(strstr(text, "\"message\":\"ready\",\"run\":\"19\"}\n"));
}

static void names_formats(void **state)
{
	static const char *const names[] = { "auto", "journal", "text", "json" };

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_string_equal(log_format_name((enum log_format)i), names[i]);
}

const struct CMUnitTest log_sinks_tests[] = {
	cmocka_unit_test(writes_text),
	cmocka_unit_test(writes_json),
	cmocka_unit_test(names_journal_fields),
	cmocka_unit_test(knows_the_journal),
	cmocka_unit_test(settles_by_what_stderr_is),
	cmocka_unit_test(writes_to_stderr),
	cmocka_unit_test(loses_no_line_without_a_journal),
	cmocka_unit_test(names_formats),
};
const size_t log_sinks_test_count = sizeof(log_sinks_tests) / sizeof(*log_sinks_tests);
