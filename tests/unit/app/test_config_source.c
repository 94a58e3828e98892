/* SPDX-License-Identifier: ISC */
/*
 * Files: what cannot be read, what includes what, and which file and line a fault is in.
 */
#include "tests/unit/app/tests.h"

#include "app/config_p.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
	char directory[64];
	char path[128]; /* of the main file */
};

static int set_up(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	snprintf(scratch->directory, sizeof(scratch->directory), "/tmp/scimward-config-XXXXXX");
	if (mkdtemp(scratch->directory) == NULL)
		return -1;
	snprintf(scratch->path, sizeof(scratch->path), "%s/x.conf", scratch->directory);
	unsetenv("STATE_DIRECTORY");
	*state = scratch;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	struct scratch *scratch = *state;

	nftw(scratch->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(scratch);
	return 0;
}

static void write_file(const struct scratch *scratch, const char *name, struct span text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", scratch->directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0640), 0);
}

/* @param line  with the scratch directory for "@" */
static void assert_file_says(const struct scratch *scratch, const char *line)
{
	struct reading reading = reading_of_file(scratch->path);
	struct str wanted = { 0 };

	for (const char *at = line; *at != '\0'; at++) {
		if (*at == '@')
			str_add_c(&wanted, scratch->directory);
		else
			str_add_byte(&wanted, *at);
	}
	str_add_byte(&wanted, '\n');
	if (strstr(str_c(&reading.text), str_c(&wanted)) == NULL)
		fail_msg("says\n%s-- and not --\n%s", str_c(&reading.text), str_c(&wanted));
	str_done(&wanted);
	reading_done(&reading);
}

static void says_what_cannot_be_read(void **state)
{
	struct scratch *scratch = *state;
	struct str large = { 0 };

	assert_file_says(scratch,
	    "@/x.conf: cannot read @/x.conf: No such file or directory; is the name "
	    "right? the option -c names another file, and the installed examples "
	    "are a start");
	assert_int_equal(mkdir(scratch->path, 0700), 0);
	assert_file_says(scratch, "@/x.conf: cannot read @/x.conf: Is a directory; name a file");
	assert_int_equal(rmdir(scratch->path), 0);
	assert_int_equal(mkfifo(scratch->path, 0600), 0);
	assert_file_says(scratch, "@/x.conf: cannot read @/x.conf: it is not a regular file");
	assert_int_equal(unlink(scratch->path), 0);
	while (large.len <= CONFIG_MAX_BYTES)
		str_add_c(
		    &large, "# 6789012345678901234567890123456789012345678901234567890123456\n");
	write_file(scratch, "x.conf", str_span(&large));
	assert_file_says(scratch,
	    "@/x.conf: cannot read @/x.conf: File too large; a configuration has at "
	    "most 1 MiB, all files together");
	write_file(scratch, "x.conf", SPAN("a = 1;\0b = 2;"));
	assert_file_says(
	    scratch, "@/x.conf: it holds a NUL byte: it is not text; is it the right file?");
	write_file(scratch, "x.conf", SPAN("a = \"\xff\";"));
	assert_file_says(scratch, "@/x.conf: it is not UTF-8; save it as UTF-8");
	str_done(&large);
}

static void warns_of_a_file_that_all_can_write(void **state)
{
	struct scratch *scratch = *state;
	struct reading reading;

	write_file(scratch, "x.conf", SPAN(SMALLEST));
	assert_int_equal(chmod(scratch->path, 0646), 0);
	reading = reading_of_file(scratch->path);
	assert_int_equal(reading.status, STATUS_OK);
	assert_int_equal(reading.faults.count, 1);
	assert_int_equal(reading.faults.at[0].severity, CONFIG_WARNING);
	assert_string_equal(reading.faults.at[0].what, "everybody on this host can change it");
	reading_done(&reading);
}

static void includes_files(void **state)
{
	struct scratch *scratch = *state;
	struct str path = { 0 };
	struct reading reading;

	str_addf(&path, "%s/sub", scratch->directory);
	assert_int_equal(mkdir(str_c(&path), 0700), 0);
	write_file(scratch, "x.conf",
	    SPAN("# x\n" DIRECTORY "  @include \"sub/one.conf\" log = { level = \"debug\"; };\n"));
	/* Relative to the file that includes, and without a newline at its end. */
	write_file(scratch, "sub/one.conf", SPAN(WORKSPACES "@include \"two.conf\""));
	write_file(
	    scratch, "sub/two.conf", SPAN("/* @include \"none\"\n@include \"none\" */" TENANT));
	reading = reading_of_file(scratch->path);
	assert_string_equal(str_c(&reading.text), "");
	assert_int_equal(reading.config->workspace_count, 1);
	assert_int_equal(reading.config->log.level, LOG_LEVEL_DEBUG);
	reading_done(&reading);
	str_done(&path);
}

static void says_which_file(void **state)
{
	struct scratch *scratch = *state;

	write_file(
	    scratch, "x.conf", SPAN("one = 1;\n@include \"y.conf\"\nfour = 4;\n@include \"y2\"\n"));
	write_file(scratch, "y.conf", SPAN("\n@include \"z.conf\"\ntwo = 2;\n"));
	write_file(scratch, "z.conf", SPAN("log = {\n\nthree = 3; };\n"));
	write_file(scratch, "y2", SPAN("five = 5;"));
	assert_file_says(scratch,
	    "@/x.conf:1: one: there is no such key; it is one of version, "
	    "directories, mapping, workspaces, tenant, policy, schedule, state, log, "
	    "metrics, control and notify\n"
	    "@/z.conf:3: log.three: there is no such key; it is one of level and "
	    "format\n"
	    "@/y.conf:3: two: there is no such key; it is one of version, "
	    "directories, mapping, workspaces, tenant, policy, schedule, state, log, "
	    "metrics, control and notify\n"
	    "@/x.conf:3: four: there is no such key; it is one of version, "
	    "directories, mapping, workspaces, tenant, policy, schedule, state, log, "
	    "metrics, control and notify\n"
	    "@/y2:1: five: there is no such key; it is one of version, directories, "
	    "mapping, workspaces, tenant, policy, schedule, state, log, metrics, control and "
	    "notify");
	/* Syntax too. */
	write_file(scratch, "z.conf", SPAN("log = {\n\nthree 3; };\n"));
	assert_file_says(scratch,
	    "@/z.conf:3: a \"=\" is missing between \"three\" and a number; a "
	    "setting is written name = value;");
	write_file(scratch, "y2", SPAN("log = \"\n"));
	assert_file_says(scratch,
	    "@/y2:1: a text begins here and has no closing quote on its line; close "
	    "the quote on the same line; a long text can be written as several, one "
	    "after the other");
}

static void refuses_bad_includes(void **state)
{
	struct scratch *scratch = *state;
	struct str text = { 0 };

	write_file(scratch, "x.conf", SPAN("\n@include \"none.conf\"\n"));
	assert_file_says(scratch,
	    "@/x.conf:2: cannot read @/none.conf: No such file or directory; a path "
	    "is relative to the file that includes it");
	write_file(scratch, "x.conf", SPAN("@include \"/dev/zero\"\n"));
	assert_file_says(scratch, "@/x.conf:1: cannot read /dev/zero: it is not a regular file");
	write_file(scratch, "x.conf", SPAN("@include \"x.conf\"\n"));
	assert_file_says(scratch,
	    "@/x.conf:1: includes are nested deeper than 8 files; does a file include "
	    "itself?");
	for (unsigned i = 0; i < 300; i++)
		str_add_c(&text, "@include \"y.conf\"\n");
	write_file(scratch, "x.conf", str_span(&text));
	write_file(scratch, "y.conf", SPAN(" "));
	assert_file_says(scratch, "@/x.conf:256: more than 256 files are included");
	str_done(&text);
	assert_says("@include \"/etc/passwd\"\n", "x.conf:1: nothing can be included here");
}

static void takes_the_state_directory(void **state)
{
	struct scratch *scratch = *state;
	struct reading reading;

	write_file(scratch, "x.conf", SPAN(SMALLEST));
	setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
	reading = reading_of_file(scratch->path);
	assert_string_equal(reading.config->state.path, "/var/lib/a/state.db");
	reading_done(&reading);
	write_file(scratch, "x.conf", SPAN(SMALLEST "state = { path = \"/c\"; };"));
	reading = reading_of_file(scratch->path);
	assert_string_equal(reading.config->state.path, "/c");
	reading_done(&reading);
	setenv("STATE_DIRECTORY", "relative", 1);
	write_file(scratch, "x.conf", SPAN(SMALLEST));
	reading = reading_of_file(scratch->path);
	assert_string_equal(reading.config->state.path, "/var/lib/scimward/state.db");
	reading_done(&reading);
	unsetenv("STATE_DIRECTORY");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void each_unit_has_its_own_control_socket(void **state)
{
	static const struct {
		const char *folder, *file, *path;
	} cases[] = {
		{ "/etc/scimward", "scimward.conf", "/run/scimward/control.sock" },
		{ "/etc/scimward", "emea.conf", "/run/scimward/emea/control.sock" },
		{ "/etc/scimward", "emea", NULL },
		{ "/etc/scimward", ".conf", NULL },
		{ "/etc/scimward/conf.d", "scimward.conf", NULL },
		{ "/home/ada", "scimward.conf", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_faults faults = { 0 };
		const char *path = config_control_path(
		    &faults, cases[i].folder, span_of(cases[i].file));

		assert_true(span_equal(span_of(path), span_of(cases[i].path)));
		config_faults_done(&faults);
	}
}

const struct CMUnitTest config_source_tests[] = {
	TEST(says_what_cannot_be_read),
	TEST(warns_of_a_file_that_all_can_write),
	TEST(includes_files),
	TEST(says_which_file),
	TEST(refuses_bad_includes),
	TEST(takes_the_state_directory),
	TEST(each_unit_has_its_own_control_socket),
};
const size_t config_source_test_count = sizeof(config_source_tests) / sizeof(*config_source_tests);
