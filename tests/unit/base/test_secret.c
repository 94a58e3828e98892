/* SPDX-License-Identifier: ISC */
#include "tests/unit/base/tests.h"

#include "base/secret.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUE "s3cr3t-Value"

static char directory[] = "/tmp/scimward-secret-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
	return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
	char command[100];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	unsetenv("CREDENTIALS_DIRECTORY");
	return system(command);
}

/* Puts a file into the directory. @return "file:" and its path, valid until the next call */
static struct span put(const char *name, struct span content, mode_t mode)
{
	static char reference[200];
	snprintf(reference, sizeof(reference), "file:%s/%s", directory, name);
	int fd = open(reference + 5, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.at, content.len), content.len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return span_of(reference);
}

static void assert_loads(struct span reference, struct span wanted)
{
	struct secret *secret = NULL;
	struct err err = { "untouched" };
	if (secret_load(reference, &secret, &err) != STATUS_OK)
		fail_msg("%s", err.text);
	struct span bytes = secret_reveal(secret);
	assert_true(span_equal(bytes, wanted));
	assert_int_equal(bytes.at[bytes.len], 0);
	assert_string_equal(err.text, "untouched");
	secret_free(&secret);
	assert_null(secret);
}

static void assert_refused(struct span reference, const char *why)
{
	struct secret *secret = NULL;
	struct err err = { "" };
	assert_int_equal(secret_load(reference, &secret, &err), STATUS_REJECT);
	assert_null(secret);
	assert_non_null(strstr(err.text, why));
	assert_null(strstr(err.text, VALUE));
	assert_int_equal(secret_load(reference, &secret, NULL), STATUS_REJECT);
}

static void holds_bytes(void **state)
{
	struct secret *secret = secret_new(SPAN("a\0b"));
	(void)state;
	assert_span(secret_reveal(secret), "a\0b");
	assert_int_equal(secret_reveal(secret).at[3], 0);
	secret_free(&secret);
	assert_null(secret);
	secret_free(&secret);
	secret = secret_new(SPAN_NULL);
	assert_span(secret_reveal(secret), "");
	secret_free(&secret);
}

static void wipes(void **state)
{
	char memory[] = VALUE;
	static const char zeros[sizeof(memory)];
	struct str str = { 0 };
	(void)state;
	secret_wipe(memory, sizeof(memory));
	assert_memory_equal(memory, zeros, sizeof(memory));
	secret_wipe(NULL, 0);
	str_add_c(&str, VALUE);
	secret_wipe_str(&str);
	assert_null(str.at);
	secret_wipe_str(&str);
}

static void knows_references(void **state)
{
	(void)state;
	assert_true(secret_is_reference(SPAN("credential:x")));
	assert_true(secret_is_reference(SPAN("file:/x")));
	assert_true(secret_is_reference(SPAN("env:X")));
	assert_false(secret_is_reference(SPAN("credential:")));
	assert_false(secret_is_reference(SPAN("file:")));
	assert_false(secret_is_reference(SPAN("File:/x")));
	assert_false(secret_is_reference(SPAN("password")));
	assert_false(secret_is_reference(SPAN("")));
	assert_false(secret_is_reference(SPAN_NULL));
}

static void literals_are_refused_unseen(void **state)
{
	(void)state;
	assert_refused(SPAN(VALUE), "\"credential:NAME\"");
	assert_refused(SPAN(""), "\"file:/path\"");
	assert_refused(SPAN("credential:../" VALUE), "no \"/\"");
	assert_refused(SPAN("credential:." VALUE), "does not begin with \".\"");
	assert_refused(SPAN("credential:" VALUE "\0"), "credential's name");
	assert_refused(SPAN("env:" VALUE), "name of a variable");
	assert_refused(SPAN("env:1" VALUE), "name of a variable");
	assert_refused(SPAN("file:" VALUE), "absolute path");
	assert_refused(SPAN("file:/tmp/" VALUE "\0"), "absolute path");
}

static void files_are_read(void **state)
{
	(void)state;
	assert_loads(put("plain", SPAN(VALUE), 0600), SPAN(VALUE));
	assert_loads(put("newline", SPAN(VALUE "\n"), 0400), SPAN(VALUE));
	assert_loads(put("crlf", SPAN(VALUE "\r\n"), 0640), SPAN(VALUE));
	assert_loads(put("two", SPAN(VALUE "\n\n"), 0600), SPAN(VALUE "\n"));
	assert_loads(put("cr", SPAN(VALUE "\r"), 0600), SPAN(VALUE "\r"));
	assert_loads(put("spaces", SPAN(" " VALUE " "), 0600), SPAN(" " VALUE " "));
}

static void open_files_are_refused(void **state)
{
	(void)state;
	assert_refused(put("others_read", SPAN(VALUE), 0604), "mode 0604");
	assert_refused(put("others_write", SPAN(VALUE), 0602), "others can");
	assert_refused(put("group_write", SPAN(VALUE), 0620), "its group can write it");
	assert_loads(put("group_read", SPAN(VALUE), 0640), SPAN(VALUE));
}

static void bad_contents_are_refused(void **state)
{
	struct str large = { 0 };
	(void)state;
	assert_refused(put("empty", SPAN(""), 0600), "is empty");
	assert_refused(put("only_newline", SPAN("\r\n"), 0600), "is empty");
	assert_refused(put("nul", SPAN(VALUE "\0"), 0600), "NUL");
	while (large.len < SECRET_MAX_BYTES)
		str_add_byte(&large, 'x');
	assert_loads(put("largest", str_span(&large), 0600), str_span(&large));
	str_add_byte(&large, 'x');
	assert_refused(put("too_large", str_span(&large), 0600), "larger than 64 KiB");
	str_done(&large);
}

static void only_regular_files_are_read(void **state)
{
	char reference[200];
	(void)state;
	snprintf(reference, sizeof(reference), "file:%s", directory);
	assert_refused(span_of(reference), "not a regular file");
	snprintf(reference, sizeof(reference), "file:%s/fifo", directory);
	assert_int_equal(mkfifo(reference + 5, 0600), 0);
	assert_refused(span_of(reference), "not a regular file");
	snprintf(reference, sizeof(reference), "file:%s/none", directory);
	assert_refused(span_of(reference), "No such file");
}

static void credentials_come_from_systemd(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_refused(SPAN("credential:key"), "LoadCredential=key:");
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	assert_refused(SPAN("credential:key"), "LoadCredential=key:");
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put("key", SPAN(VALUE "\n"), 0444);
	assert_loads(SPAN("credential:key"), SPAN(VALUE));
	assert_refused(SPAN("credential:absent"), "credential \"absent\"");
}

static void variables_are_read(void **state)
{
	(void)state;
	setenv("SCIMWARD_TEST_1", VALUE "\n", 1);
	assert_loads(SPAN("env:SCIMWARD_TEST_1"), SPAN(VALUE));
	setenv("SCIMWARD_TEST_1", "", 1);
	assert_refused(SPAN("env:SCIMWARD_TEST_1"), "is empty");
	unsetenv("SCIMWARD_TEST_1");
	assert_refused(SPAN("env:SCIMWARD_TEST_1"), "SCIMWARD_TEST_1 is not set");
}

static void assert_redacts(const char *text, const char *secret, const char *wanted)
{
	struct str str = { 0 };

	str_add_c(&str, text);
	secret_redact(&str, span_of(secret));
	assert_string_equal(str_c(&str), wanted);
	str_done(&str);
}

static void what_peers_repeat_is_hidden(void **state)
{
	(void)state;
	assert_redacts("the key " VALUE " is wrong", VALUE, "the key [secret] is wrong");
	assert_redacts(VALUE VALUE "!", VALUE, "[secret][secret]!");
	assert_redacts(VALUE, VALUE, "[secret]");
	assert_redacts("s3cr3t-Valu", VALUE, "s3cr3t-Valu");
	assert_redacts("", VALUE, "");
	assert_redacts("abc", "abc", "abc"); /* too short: it would be found anywhere */
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

const struct CMUnitTest secret_tests[] = {
	cmocka_unit_test(holds_bytes),
	cmocka_unit_test(wipes),
	cmocka_unit_test(what_peers_repeat_is_hidden),
	cmocka_unit_test(knows_references),
	cmocka_unit_test(literals_are_refused_unseen),
	WITH_DIRECTORY(files_are_read),
	WITH_DIRECTORY(open_files_are_refused),
	WITH_DIRECTORY(bad_contents_are_refused),
	WITH_DIRECTORY(only_regular_files_are_read),
	WITH_DIRECTORY(credentials_come_from_systemd),
	cmocka_unit_test(variables_are_read),
};
const size_t secret_test_count = sizeof(secret_tests) / sizeof(*secret_tests);
