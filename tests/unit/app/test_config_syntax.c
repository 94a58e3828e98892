/* SPDX-License-Identifier: ISC */
/*
 * The usual mistakes of syntax, each with the words that explain it.
 */
#include "tests/unit/app/tests.h"

#include <stdlib.h>
#include <string.h>

struct mistake {
	const char *text, *line;
};

static const struct mistake mistakes[] = {
	{ "tenant {\n};", "x.conf:1: a \"=\" is missing between \"tenant\" and \"{\"; a setting is "
			  "written name = value;" },
	{ "log = {\n level \"info\"; };",
	    "x.conf:2: a \"=\" is missing between \"level\" and a text; "
	    "a setting is written name = value;" },
	{ "a.b = 1;",
	    "x.conf:1: a \"=\" is missing between \"a\" and \".\"; a setting is written name "
	    "= value;" },
	{ "directories = [ { name = \"x\"; } ];", "x.conf:1: an array in square brackets holds "
						  "plain values only; groups go into a list, in "
						  "round brackets: ( { … }, { … } )" },
	{ "a = [ 1, \"x\" ];", "x.conf:1: the values of an array in square brackets are of one "
			       "type; put all in quotes, "
			       "or none" },
	{ "a = [ 1, 2.5 ];", "x.conf:1: libconfig refuses it (mismatched element type in array); "
			     "check the brackets, "
			     "quotes and \"=\" before this line" },
	{ "a = ( 1,\n 2, );",
	    "x.conf:2: no item follows the last \",\" before \")\"; take the \",\" away" },
	{ "a = ( { }\n { } );",
	    "x.conf:2: a \",\" is missing before \"{\"; items are separated by \",\"" },
	{ "a = (\n {\n b = 1; )",
	    "x.conf:3: \")\" closes nothing: open is the \"{\" of line 2; close "
	    "that first, with \"}\"" },
	{ "a = {\n b = ( 1, 2 };", "x.conf:2: \"}\" closes nothing: open is the \"(\" of line 2; "
				   "close that first, with \")\"" },
	{ "\na = {\n b = 1;\n\n",
	    "x.conf:2: the \"{\" that opens here is never closed; close it with "
	    "\"}\"" },
	{ "a = [ 1", "x.conf:1: the \"[\" that opens here is never closed; close it with \"]\"" },
	{ "a = { };\n}\n", "x.conf:2: \"}\" closes nothing; take it away, or open it before" },
	{ "log = { };\n\nstate = { };\nlog = { };",
	    "x.conf:4: \"log\" is given twice, first on line 1; keep one of them" },
	{ "a = 'x';", "x.conf:1: a single quote begins no text; texts take double quotes" },
	{ "log = { level = info; };",
	    "x.conf:1: \"info\" is no value; texts go into double quotes; "
	    "besides them there are numbers, true and false" },
	{ "a = ;",
	    "x.conf:1: the value of \"a\" is missing before \";\"; after \"=\" goes a text in "
	    "quotes, a number, true, false, { }, ( ) or [ ]" },
	{ "a = 1;;", "x.conf:1: there is a \";\" too many; take it away" },
	{ "a = 1 % 2;",
	    "x.conf:1: \"%\" stands where the name of a key is expected; is a bracket or a "
	    "quote before it closed too early, or a \",\" missing?" },
	{ "true = 1;", "x.conf:1: \"true\" is a value, not the name of a key" },
	{ "a = \"b;\nc = 1;",
	    "x.conf:1: a text begins here and has no closing quote on its line; close "
	    "the quote on the same line; a long text can be written as several, one "
	    "after the other" },
	{ "a = 1; /* b\n", "x.conf:1: a comment begins here and never ends; end it with */" },
	{ "a = 1; @include \"b\"",
	    "x.conf:1: an \"@\" begins an include only; it stands alone at the "
	    "start of a line: @include \"file\"" },
	{ "\"secret\" \"hunter2\"",
	    "x.conf:1: a text stands where the name of a key is expected; is a "
	    "bracket or a quote before it closed too early, or a \",\" missing?" },
};

static void explains_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct reading reading = reading_of(mistakes[i].text);

		/* Syntax is said alone: what is missing behind it means nothing. */
		assert_int_equal(reading.faults.count, 1);
		reading_done(&reading);
		assert_says(mistakes[i].text, mistakes[i].line);
	}
}

static void takes_all_forms(void **state)
{
	static const char *const forms[] = { "", "# x", "// x", "/* x\n */", "version=1",
		"version : 1,", "log = { level = \"in\" \"fo\" }",
		"log = { level = \"debug\"\n format = \"json\" } # x",
		"state = { path = \"/a\\x2Fb\"; };\nschedule = { push = FALSE; };",
		"version = 0x1;", "\r\nversion = 1;\r\n", "policy = { protect = [ ]; };",
		"directories = ( );" };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct reading reading = reading_of(forms[i]);

		/* Only what is missing is said. */
		for (size_t j = 0; j < reading.faults.count; j++)
			if (reading.faults.at[j].severity == CONFIG_FAULT)
				assert_string_equal(reading.faults.at[j].what, "it is missing");
		reading_done(&reading);
	}
}

static void bears_depth(void **state)
{
	struct str text = { 0 };

	(void)state;
	str_add_c(&text, "a = ");
	for (unsigned i = 0; i < 20000; i++)
		str_add_byte(&text, '(');
	assert_says(str_c(&text), "x.conf:1: it is nested deeper than 64 brackets");
	for (unsigned i = 0; i < 20000; i++)
		str_add_byte(&text, ')');
	assert_says(str_c(&text), "x.conf:1: it is nested deeper than 64 brackets");
	str_done(&text);
}

const struct CMUnitTest config_syntax_tests[] = {
	cmocka_unit_test(explains_mistakes),
	cmocka_unit_test(takes_all_forms),
	cmocka_unit_test(bears_depth),
};
const size_t config_syntax_test_count = sizeof(config_syntax_tests) / sizeof(*config_syntax_tests);
