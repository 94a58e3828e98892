/* SPDX-License-Identifier: ISC */
/*
 * What holds for every key there is: wrong types, bounds, words and misspellings are refused at the
 * right place, and the manual has it as the table does.
 */
#include "base/time.h"
#include "tests/unit/app/tests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A configuration that holds one key only, with its groups around it. */
struct lone_key {
	struct str text; /* name = … is put where the key belongs */
	struct str path; /* as faults name it: items are the first ones */
};

/* @param name  of the key as config_keys gives it; its last part may be replaced by `leaf` */
static struct lone_key lone_key(const char *name, const char *leaf, const char *value)
{
	struct lone_key key = { 0 };
	struct str closers = { 0 }, more = { 0 };
	struct span rest = span_of(name);

	while (span_find(rest, '.') < rest.len) {
		struct span part = span_split(&rest, '.');
		bool is_list = part.at[part.len - 1] == ']';

		part.len -= is_list ? 2 : 0;
		str_addf(&key.text, "%.*s = %s", SPAN_ARG(part), is_list ? "( { " : "{ ");
		str_addf(&key.path, "%.*s%s.", SPAN_ARG(part), is_list ? "[0]" : "");
		str_truncate(&more, 0);
		str_addf(&more, "%s; %s", is_list ? "} )" : "}", str_c(&closers));
		str_truncate(&closers, 0);
		str_add(&closers, str_span(&more));
	}
	if (rest.at[rest.len - 1] == ']')
		rest.len -= 2;
	str_add(&key.path, leaf == NULL ? rest : span_of(leaf));
	if (leaf == NULL)
		str_addf(&key.text, "%.*s = %s; %s", SPAN_ARG(rest), value, str_c(&closers));
	else
		str_addf(&key.text, "%s = %s; %s", leaf, value, str_c(&closers));
	str_done(&closers);
	str_done(&more);
	return key;
}

static void lone_key_done(struct lone_key *key)
{
	str_done(&key->text);
	str_done(&key->path);
}

/* What is said about the key itself; NULL when nothing is. */
static const struct config_fault *fault_at(const struct reading *reading, const char *path)
{
	for (size_t i = 0; i < reading->faults.count; i++)
		if (strcmp(reading->faults.at[i].key, path) == 0 &&
		    reading->faults.at[i].severity == CONFIG_FAULT)
			return &reading->faults.at[i];
	return NULL;
}

/* @param what  a part of it; NULL: nothing is to be said */
static void expect(const char *name, const char *value, const char *what)
{
	struct lone_key key = lone_key(name, NULL, value);
	struct reading reading = reading_of(str_c(&key.text));
	const struct config_fault *fault = fault_at(&reading, str_c(&key.path));

	if ((fault == NULL) != (what == NULL) ||
	    (fault != NULL && strstr(fault->what, what) == NULL))
		fail_msg("%s\n-- says --\n%s-- about %s, and not --\n%s\n", str_c(&key.text),
		    str_c(&reading.text), str_c(&key.path), what == NULL ? "nothing" : what);
	reading_done(&reading);
	lone_key_done(&key);
}

static bool is_type(const struct config_key *key, const char *type)
{
	return strcmp(key->type, type) == 0;
}

static void try_wrong_types(void *context, const struct config_key *key)
{
	size_t *count = context;

	(*count)++;
	if (!is_type(key, "number"))
		expect(key->name, "5", "it is a number");
	if (!is_type(key, "boolean"))
		expect(key->name, "true", "it is true or false");
	if (is_type(key, "number") || is_type(key, "boolean") || is_type(key, "texts") ||
	    is_type(key, "words") || is_type(key, "group") || is_type(key, "groups"))
		expect(key->name, "\"x\"", "it is a text");
	if (!is_type(key, "texts") && !is_type(key, "words"))
		expect(key->name, "[ \"x\" ]", "it is an array");
	if (!is_type(key, "groups"))
		expect(key->name, "( \"x\" )", "it is a list");
	if (!is_type(key, "group"))
		expect(key->name, "{ }", "it is a group");
	expect(key->name, "1.5", "it is a number with a fraction");
}

static void refuses_wrong_types(void **state)
{
	size_t count = 0;

	(void)state;
	config_keys(try_wrong_types, &count);
	assert_true(count > 80);
}

static void try_bounds(void *context, const struct config_key *key)
{
	static const struct {
		const char *form, *small, *large;
	} number = { "%" PRId64, "is too small", "is too large" },
	  duration = { "\"%" PRId64 "ms\"", "is too short", "is too long" };
	bool is_number = is_type(key, "number");
	char text[64];

	if (!is_number && !is_type(key, "duration"))
		return;
	(*(size_t *)context)++;
	for (int step = 0; step < 4; step++) {
		const int64_t values[] = { key->min, key->max, key->min - 1, key->max + 1 };

		if (values[step] < 0 && !is_number)
			continue;
		if (is_number)
			snprintf(text, sizeof(text), "%" PRId64, values[step]);
		else
			snprintf(text, sizeof(text), "\"%" PRId64 "ms\"", values[step]);
		if (step < 2)
			expect(key->name, text, NULL);
		else if (key->min == key->max)
			expect(key->name, text, "is unknown");
		else if (step == 2)
			expect(key->name, text, is_number ? number.small : duration.small);
		else if (is_number || key->max < 10000 * TIME_DAY_MS)
			expect(key->name, text, is_number ? number.large : duration.large);
	}
}

static void keeps_bounds(void **state)
{
	size_t count = 0;

	(void)state;
	config_keys(try_bounds, &count);
	assert_true(count > 20);
}

static void try_words(void *context, const struct config_key *key)
{
	bool is_array = is_type(key, "words");
	char text[64];

	if (key->word_count == 0)
		return;
	(*(size_t *)context)++;
	for (size_t i = 0; i < key->word_count; i++) {
		struct lone_key lone;
		struct reading reading;

		snprintf(text, sizeof(text), is_array ? "[ \"%s\" ]" : "\"%s\"", key->words[i]);
		lone = lone_key(key->name, NULL, text);
		reading = reading_of(str_c(&lone.text));
		assert_null(strstr(str_c(&reading.text), "is not one of its words"));
		reading_done(&reading);
		lone_key_done(&lone);
	}
	if (!is_array)
		expect(key->name, "\"no-word\"", "\"no-word\" is not one of its words");
}

static void knows_its_words(void **state)
{
	size_t count = 0;

	(void)state;
	config_keys(try_words, &count);
	assert_int_equal(count, 18);
}

static void try_misspelling(void *context, const struct config_key *key)
{
	const char *dot = strrchr(key->name, '.');
	char leaf[64], remedy[96];
	struct reading reading;
	struct lone_key lone;

	(void)context;
	snprintf(leaf, sizeof(leaf), "%s", dot == NULL ? key->name : dot + 1);
	leaf[strcspn(leaf, "[")] = '\0';
	if (strlen(leaf) < 4)
		return;
	snprintf(remedy, sizeof(remedy), "did you mean \"%s\"?", leaf);
	leaf[strlen(leaf) - 1] = '\0';
	lone = lone_key(key->name, leaf, "5");
	reading = reading_of(str_c(&lone.text));
	assert_non_null(fault_at(&reading, str_c(&lone.path)));
	assert_string_equal(fault_at(&reading, str_c(&lone.path))->what, "there is no such key");
	assert_string_equal(fault_at(&reading, str_c(&lone.path))->remedy, remedy);
	reading_done(&reading);
	lone_key_done(&lone);
}

static void suggests_the_right_name(void **state)
{
	(void)state;
	config_keys(try_misspelling, NULL);
	assert_says("tenant = { ca_file = \"/x\"; };",
	    "x.conf:1: tenant.ca_file: there is no such key; it belongs into directories[].tls or "
	    "into tenant.tls or into notify.tls");
	assert_says(
	    "level = \"info\";", "x.conf:1: level: there is no such key; it belongs into log");
	assert_says("log = { version = 1; };",
	    "x.conf:1: log.version: there is no such key; it belongs at the top");
}

static void try_description(void *context, const struct config_key *key)
{
	size_t length = strlen(key->help);

	(void)context;
	assert_true(length > 5 && length < 100);
	assert_true(key->help[length - 1] != '.');
	assert_non_null(key->fallback);
	assert_true((key->words != NULL) == (key->word_count > 0));
	assert_true((is_type(key, "word") || is_type(key, "words")) == (key->words != NULL));
}

static void describes_each(void **state)
{
	(void)state;
	config_keys(try_description, NULL);
}

/* The manual. */

static struct str read_whole(const char *path)
{
	struct str text = { 0 };
	FILE *file = fopen(path, "re");
	char buffer[4096];

	assert_non_null(file);
	for (size_t got; (got = fread(buffer, 1, sizeof(buffer), file)) > 0;)
		str_add(&text, (struct span) { buffer, got });
	fclose(file);
	return text;
}

static const char *top_srcdir(void)
{
	return getenv("top_srcdir") == NULL ? "." : getenv("top_srcdir");
}

/* mdoc: `.It Cm directories[].bind.method Pq word , Dq simple`, and the words in the text below. */
static void find_in_manual(void *context, const struct config_key *key)
{
	struct str *manual = context;
	struct str line = { 0 };

	str_addf(&line, "\n.It Cm %s Pq %s", key->name, key->type);
	if (key->fallback[0] != '\0')
		str_addf(&line, " , default Ql %s", key->fallback);
	str_add_byte(&line, '\n');
	if (strstr(str_c(manual), str_c(&line)) == NULL)
		fail_msg("scimward.conf(5) lacks%s", str_c(&line));
	for (size_t i = 0; i < key->word_count; i++) {
		const char *item = strstr(str_c(manual), str_c(&line)) + 1;
		const char *end = strstr(item, "\n.It Cm ");
		const char *word;

		str_truncate(&line, 0);
		str_addf(&line, "Ql %s", key->words[i]);
		word = strstr(item, str_c(&line));
		if (word == NULL || (end != NULL && word > end))
			fail_msg("scimward.conf(5) does not say what %s means for %s",
			    key->words[i], key->name);
		str_truncate(&line, 0);
		str_addf(&line, "\n.It Cm %s Pq", key->name);
	}
	str_done(&line);
}

static void count_key(void *context, const struct config_key *key)
{
	(void)key;
	(*(size_t *)context)++;
}

static void manual_has_all(void **state)
{
	struct str path = { 0 }, manual;
	size_t keys = 0, items = 0;

	(void)state;
	str_addf(&path, "%s/man/scimward.conf.5", top_srcdir());
	manual = read_whole(str_c(&path));
	config_keys(find_in_manual, &manual);
	config_keys(count_key, &keys);
	for (const char *at = str_c(&manual); (at = strstr(at, "\n.It Cm ")) != NULL; at++)
		items++;
	assert_int_equal(items, keys);
	str_done(&manual);
	str_done(&path);
}

/* The full example shows every key, though some behind a "#". */
static void find_in_example(void *context, const struct config_key *key)
{
	const char *dot = strrchr(key->name, '.');
	struct span leaf = span_of(dot == NULL ? key->name : dot + 1);
	const char *example = str_c(context);
	struct str name = { 0 };
	bool is_shown = false;

	leaf.len = span_find(leaf, '[');
	str_add(&name, leaf);
	for (const char *at = example; !is_shown && (at = strstr(at, str_c(&name))) != NULL; at++) {
		const char *behind = at + leaf.len + strspn(at + leaf.len, " ");

		is_shown = *behind == '=' && (at == example || strchr(" #\n{", at[-1]) != NULL);
	}
	if (!is_shown)
		fail_msg("etc/scimward.conf does not show %s", key->name);
	str_done(&name);
}

static void examples_are_sound(void **state)
{
	static const char *const names[] = { "scimward", "scimward-minimal",
		"scimward-active-directory" };
	struct str path = { 0 }, text;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct reading reading;

		str_truncate(&path, 0);
		str_addf(&path, "%s/etc/%s.conf", top_srcdir(), names[i]);
		reading = reading_of_file(str_c(&path));
		assert_quiet(&reading);
		assert_int_equal(reading.config->directory_count, 1);
		reading_done(&reading);
	}
	str_truncate(&path, 0);
	str_addf(&path, "%s/etc/scimward.conf", top_srcdir());
	text = read_whole(str_c(&path));
	config_keys(find_in_example, &text);
	str_done(&text);
	str_done(&path);
}

const struct CMUnitTest config_keys_tests[] = {
	cmocka_unit_test(refuses_wrong_types),
	cmocka_unit_test(keeps_bounds),
	cmocka_unit_test(knows_its_words),
	cmocka_unit_test(suggests_the_right_name),
	cmocka_unit_test(describes_each),
	cmocka_unit_test(manual_has_all),
	cmocka_unit_test(examples_are_sound),
};
const size_t config_keys_test_count = sizeof(config_keys_tests) / sizeof(*config_keys_tests);
