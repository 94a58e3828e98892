/* SPDX-License-Identifier: ISC */
/*
 * The list of faults: its order, its form, its bounds, and what it must never repeat.
 */
#include "tests/unit/app/tests.h"

#include <stdlib.h>
#include <string.h>

/* More than any limit of items lets through. */
enum { LONG_BYTES = 64 * 1024 };

/* Many mistakes at once; everything is said, by line, warnings in between. */
static const char *const all_at_once = "version = 2;\n"
				       "directories = ( {\n"
				       "  nmae = \"corp\";\n"
				       "  kind = \"openldp\";\n"
				       "  urls = \"ldaps://h\";\n"
				       "  bind = { dn = \"cn=a\"; password = \"hunter2\"; };\n"
				       "  users = { bases = [ \"dc=x\", \"staff\" ]; };\n"
				       "  page_size = -1; changes = \"usn\";\n"
				       "} );\n"
				       "workspaces = ( { id = \"w\"; nested = true; } );\n"
				       "tenant = { concurrency = 100; };\n"
				       "state = { path = \"state.db\"; };\n"
				       "tennant = { };\n";

static const char *const said_at_once =
    "x.conf:1: version: 2 is unknown; this version knows 1 only\n"
    "x.conf:3: directories[0].nmae: there is no such key; did you mean \"name\"?\n"
    "x.conf:4: directories[0].kind: \"openldp\" is not one of its words; did you mean "
    "\"openldap\"?\n"
    "x.conf:5: directories[0].urls: it is a text; write texts in square brackets: urls = [ \"…\", "
    "\"…\" ];\n"
    "x.conf:6: directories[0].bind.password: it is not a reference, and secrets are never written "
    "here; put it into a file that only its reader can open and write \"credential:NAME\" "
    "(systemd's "
    "LoadCredential=NAME:/path), \"file:/path\" or \"env:NAME\"; what stood here has been seen: "
    "change "
    "it\n"
    "x.conf:7: directories[0].users.bases[1]: \"staff\" is not a DN; write it as the directory "
    "shows "
    "it: \"OU=Staff,DC=corp,DC=example\"\n"
    "x.conf:8: directories[0].page_size: -1 is too small; it can be 0 to 100000\n"
    "x.conf:10: workspaces[0]: it has neither group nor when; say who gets it: group = \"CN=…\" or "
    "when "
    "= \"(…)\"\n"
    "x.conf:10: workspaces[0].nested: warning: it has no effect without group\n"
    "x.conf:11: tenant.concurrency: 100 is too large; it can be 1 to 64\n"
    "x.conf:11: tenant.auth.key: it is missing; refer to it: \"credential:NAME\", \"file:/path\" "
    "or "
    "\"env:NAME\"\n"
    "x.conf:12: state.path: \"state.db\" depends on where the program is started; write the whole "
    "path, from /\n"
    "x.conf:13: tennant: there is no such key; did you mean \"tenant\"?\n";

static void says_all_at_once(void **state)
{
	struct reading reading = reading_of(all_at_once);

	(void)state;
	assert_string_equal(str_c(&reading.text), said_at_once);
	assert_int_equal(reading.faults.count, 13);
	assert_int_equal(reading.faults.fault_count, 12);
	reading_done(&reading);
}

static void points_into_the_text(void **state)
{
	struct reading reading = reading_of(SMALLEST "mapping = ( { to = \"userName\"; from = "
						     "\"é${mail|lowr}\"; } );");
	const struct config_fault *fault = &reading.faults.at[0];

	(void)state;
	assert_int_equal(reading.faults.count, 1);
	assert_string_equal(fault->key, "mapping[0].from");
	assert_int_equal(fault->line, 4);
	assert_string_equal(fault->excerpt, "é${mail|lowr}");
	/* Characters, not bytes. */
	assert_int_equal(fault->column, 8);
	assert_non_null(strstr(str_c(&reading.text), "\n    é${mail|lowr}\n            ^\n"));
	reading_done(&reading);
}

static void cuts_long_texts(void **state)
{
	struct reading reading = reading_of(
	    SMALLEST "mapping = ( { to = \"userName\"; from = \""
		     "0123456789012345678901234567890123456789012345678901234567890123456789"
		     "${mail|lowr}"
		     "0123456789012345678901234567890123456789012345678901234567890123456789"
		     "\"; } );");
	const struct config_fault *fault = &reading.faults.at[0];
	const char *place = strstr(fault->excerpt, "lowr");

	(void)state;
	assert_true(strlen(fault->excerpt) < 80);
	assert_non_null(place);
	assert_memory_equal(fault->excerpt, "…", strlen("…"));
	/* "…" is one character of three bytes. */
	assert_int_equal(fault->column, place - fault->excerpt - 2);
	reading_done(&reading);
}

static void never_repeats_a_secret(void **state)
{
	static const char *const texts[] = {
		SMALLEST "\"hunter2\"",
		SMALLEST "x = hunter = \"hunter2\"",
		DIRECTORY WORKSPACES "tenant = { auth = { key = \"hunter2\"; }; };",
		DIRECTORY WORKSPACES "tenant = { auth = { key = \"hunter2\" \n \"x\"; }; };",
		DIRECTORY WORKSPACES "tenant = { auth = { kye = \"hunter2\"; }; };",
		DIRECTORY WORKSPACES "tenant = { auth = { key = [ \"hunter2\" ]; }; };",
		DIRECTORY WORKSPACES "tenant = { auth = { key = \"hunter2; }; };",
		DIRECTORY WORKSPACES "tenant = { auth = { key \"hunter2\"; }; };",
		DIRECTORY WORKSPACES "tenant = { auth = { key = \"hunter2\\n\"; }; };",
		SMALLEST "notify = { webhook = \"https://me:hunter2@h/\"; };",
		SMALLEST "notify = { webhook = \"http://h/hunter2\"; };",
		SMALLEST "notify = { webhook = \"https://h/hunter2\\\\\"; };",
		DIRECTORY WORKSPACES
		"tenant = { proxy = \"http://me:hunter2@h/\"; auth = { key = \"env:A\"; }; };",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct reading reading = reading_of(texts[i]);

		assert_int_equal(reading.status, STATUS_REJECT);
		assert_null(strstr(str_c(&reading.text), "hunter2"));
		reading_done(&reading);
	}
}

static void is_harmless_on_a_terminal(void **state)
{
	struct reading reading = reading_of("log = { level = \"\xc2\x9b"
					    "31m\"; format = \"\xe2\x80\xae\"; };");

	(void)state;
	assert_null(strstr(str_c(&reading.text), "\xc2\x9b"));
	assert_null(strstr(str_c(&reading.text), "\xe2\x80\xae"));
	assert_non_null(strstr(str_c(&reading.text), "\"\\u{202E}\" is not one of its words"));
	reading_done(&reading);
}

/* A list that is nothing but faults costs neither its square nor all memory. */
static void bears_many_faults(void **state)
{
	struct str text = { 0 };
	struct reading reading;

	(void)state;
	str_add_c(&text, "workspaces = ( 1");
	for (unsigned i = 1; i < 3000; i++)
		str_add_c(&text, ",1");
	str_add_c(&text, ");");
	reading = reading_of(str_c(&text));
	assert_true(reading.faults.fault_count > 2999);
	assert_int_equal(reading.faults.count, 1000);
	assert_int_equal(reading.faults.left_out, reading.faults.fault_count - 1000);
	assert_non_null(strstr(str_c(&reading.text), " more; mend these first\n"));
	reading_done(&reading);
	str_done(&text);
}

static void fill(struct str *text, const char *start, const char *item, const char *end)
{
	str_truncate(text, 0);
	str_add_c(text, start);
	while (text->len < LONG_BYTES)
		str_add_c(text, item);
	str_add_c(text, end);
}

static void bears_long_lists(void **state)
{
	struct str text = { 0 };

	(void)state;
	fill(&text, "directories = ( { }", ",{}", ");");
	assert_says(str_c(&text), "x.conf:1: directories: it has more than 32 items");
	fill(&text, "mapping = ( { }", ",{}", ");");
	assert_says(str_c(&text), "x.conf:1: mapping: it has more than 1000 items");
	fill(&text, "workspaces = ( { }", ",{}", ");");
	assert_says(str_c(&text), "x.conf:1: workspaces: it has more than 10000 items");
	str_truncate(&text, 0);
	for (unsigned i = 0; text.len < LONG_BYTES; i++)
		str_addf(&text, "k%x=1;", i);
	assert_says(str_c(&text), "x.conf:1: a group has more than 1000 keys");
	str_truncate(&text, 0);
	str_add_c(&text, "policy = { protect = [ \"0\"");
	for (unsigned i = 1; text.len < LONG_BYTES; i++)
		str_addf(&text, ",\"%x\"", i);
	str_add_c(&text, "]; };");
	assert_says(str_c(&text), "x.conf:1: policy.protect: it has more than 2000 items");
	str_done(&text);
}

static void bears_being_freed_twice(void **state)
{
	struct config_faults faults = { 0 };
	struct config *config = NULL;

	(void)state;
	config_faults_done(&faults);
	config_faults_done(&faults);
	config_free(&config);
	assert_null(config);
}

const struct CMUnitTest config_faults_tests[] = {
	cmocka_unit_test(says_all_at_once),
	cmocka_unit_test(points_into_the_text),
	cmocka_unit_test(cuts_long_texts),
	cmocka_unit_test(never_repeats_a_secret),
	cmocka_unit_test(is_harmless_on_a_terminal),
	cmocka_unit_test(bears_many_faults),
	cmocka_unit_test(bears_long_lists),
	cmocka_unit_test(bears_being_freed_twice),
};
const size_t config_faults_test_count = sizeof(config_faults_tests) / sizeof(*config_faults_tests);
