/* SPDX-License-Identifier: ISC */
#include "base/arena.h"
#include "core/template.h"
#include "support.h"
#include <stdlib.h>

static const struct test_value entry_values_all[] = {
	{ "mail", S("Ada.Ray@Corp.Example") },
	{ "givenName", S("J\xC3\x96rg") },
	{ "decomposed", S("Jo\xCC\x88rg") },
	{ "sn", S("ray") },
	{ "spaced", S("  a b \t") },
	{ "empty", S("") },
	{ "blank", S("   ") },
	{ "many", S("Beta") },
	{ "many", S("") },
	{ "many", S("alpha") },
	{ "many", S("Alpha") },
	{ "many", S("ALPHA") },
	{ "empties", S("") },
	{ "empties", S("") },
	{ "latin", S("J\xF6rg") },
	{ "mixed", S("good") },
	{ "mixed", S("b\xE4"
		     "d") },
	{ "manager", S("CN=Ray\\, Ada,OU=Staff,DC=corp") },
	{ "broken", S("CN=a\\FF,DC=corp") },
	{ "phone", S("+49 (30) 12-34") },
	{ "umlauts", S("\xC3\xA4\xC3\xB6\xC3\xBC") },
	{ "sharp", S("Stra\xC3\x9F"
		     "e \xC3\xA9") },
	{ "nul", S("a\0b\nc") },
	{ "dollar", S("5$ {x}") },
	{ "generalized", S("20260301123456Z") },
	{ "zoned", S("20260301003000+0100") },
	{ "filetime", S("134167968000000000") },
	{ "never", S("9223372036854775807") },
	{ "zero", S("0") },
	{ "iso", S("2026-03-01T10:00:00Z") },
	{ "digits", S("20260301") },
	{ "baddate", S("20261399") },
	{ "nodate", S("soon") },
	{ ".enabled", S("TRUE") },
	{ "aaa", S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!") },
};

/* Compiles and evaluates; the result is borrowed from the arena or the table. */
static enum status evaluate(
    struct span text, struct arena *arena, struct span *ret_value, struct err *err)
{
	struct attribute_set *set = attribute_set_new();
	struct template *template = NULL;
	struct test_entry entry;
	enum status status;

	assert_row(template_compile(text, set, &template, NULL, err) == STATUS_OK, "%s: %s",
	    text.at, err->text);
	assert_true(span_equal(template_text(template), text));
	test_entry_build(&entry, set, "", entry_values_all, COUNT_OF(entry_values_all));
	status = template_evaluate(template, &entry.entry, arena, ret_value, err);
	if (status == STATUS_OK && ret_value->at != NULL)
		*ret_value = arena_span(arena, *ret_value);
	test_entry_done(&entry);
	template_free(&template);
	assert_null(template);
	attribute_set_free(&set);
	return status;
}

struct row {
	struct span text, want; /* absent: the template yields nothing */
};

#define ROW(text, want)                                                                            \
	{                                                                                          \
		S(text), S(want)                                                                   \
	}
#define NOTHING(text)                                                                              \
	{                                                                                          \
		S(text),                                                                           \
		{                                                                                  \
			NULL, 0                                                                    \
		}                                                                                  \
	}

static void check(const struct row *rows, size_t count)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < count; i++) {
		struct span value = S("unset");
		struct err err = { "" };

		assert_row(evaluate(rows[i].text, arena, &value, &err) == STATUS_OK, "%s: %s",
		    rows[i].text.at, err.text);
		assert_row(span_equal(value, rows[i].want), "%s gives \"%.*s\", not \"%.*s\"",
		    rows[i].text.at, SPAN_ARG(value), SPAN_ARG(rows[i].want));
		assert_string_equal(err.text, "");
	}
	arena_free(&arena);
}

static void test_literals(void **state)
{
	static const struct row rows[] = {
		ROW("false", "false"),
		ROW("a b", "a b"),
		ROW("$$", "$"),
		ROW("$$$$", "$$"),
		ROW("$${mail}", "${mail}"),
		ROW("}{|\"\\", "}{|\"\\"),
		ROW("J\xC3\xB6rg", "J\xC3\xB6rg"),
		ROW("a\0b", "a\0b"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_attributes(void **state)
{
	static const struct row rows[] = {
		ROW("${mail}", "Ada.Ray@Corp.Example"),
		ROW("${MAIL}", "Ada.Ray@Corp.Example"),
		ROW("${ mail }", "Ada.Ray@Corp.Example"),
		ROW("${.enabled}", "TRUE"),
		ROW("${nul}", "a\0b\nc"),
		ROW("${spaced}", "  a b \t"),
		ROW("${sn}, ${givenName}", "ray, J\xC3\x96rg"),
		ROW("<${sn}${sn}>", "<rayray>"),
		ROW("$$${sn}$$", "$ray$"),
		ROW("${dollar}", "5$ {x}"),
		NOTHING("${nothing}"),
		NOTHING("${empty}"),
		NOTHING("x${nothing}y"),
		NOTHING("${sn}${empty}"),
		NOTHING("${nothing|lower|left(3)|date|rdn|replace(\"a\",\"b\")}"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_text_functions(void **state)
{
	static const struct row rows[] = {
		ROW("${mail|lower}", "ada.ray@corp.example"),
		ROW("${mail|upper}", "ADA.RAY@CORP.EXAMPLE"),
		ROW("${sn|lower}", "ray"),
		ROW("${phone|upper}", "+49 (30) 12-34"),
		ROW("${givenName|lower}", "j\xC3\xB6rg"),
		ROW("${givenName|upper}", "J\xC3\x96RG"),
		ROW("${spaced|trim}", "a b"),
		NOTHING("${blank|trim}"),
		ROW("${sharp|ascii}", "Strasse e"),
		ROW("${decomposed|nfc}", "J\xC3\xB6rg"),
		ROW("${ mail | lower | before( \"@\" ) }", "ada.ray"),
		ROW("${mail|lower()}", "ada.ray@corp.example"),
		ROW("${nul|upper}", "A\0B\nC"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_cutting_functions(void **state)
{
	static const struct row rows[] = {
		ROW("${mail|before(\"@\")}", "Ada.Ray"),
		ROW("${mail|after(\"@\")}", "Corp.Example"),
		ROW("${mail|before(\".\")}", "Ada"),
		ROW("${mail|after(\".\")}", "Ray@Corp.Example"),
		ROW("${mail|before(\"Corp.\")}", "Ada.Ray@"),
		ROW("${sn|before(\"@\")}", "ray"),
		NOTHING("${sn|after(\"@\")}"),
		NOTHING("${sn|before(\"r\")}"),
		NOTHING("${sn|after(\"y\")}"),
		ROW("${umlauts|after(\"\xC3\xA4\")}", "\xC3\xB6\xC3\xBC"),
		ROW("${nul|before(\"\n\")}", "a\0b"),
		ROW("${sn|left(1)}", "r"),
		ROW("${sn|left(3)}", "ray"),
		ROW("${sn|left(99)}", "ray"),
		ROW("${sn|right(1)}", "y"),
		ROW("${sn|right(3)}", "ray"),
		ROW("${sn|right(99)}", "ray"),
		ROW("${umlauts|left(2)}", "\xC3\xA4\xC3\xB6"),
		ROW("${umlauts|right(2)}", "\xC3\xB6\xC3\xBC"),
		ROW("${givenName|left(2)|right(1)}", "\xC3\x96"),
		ROW("${dollar|after(\"$\")}", " {x}"),
		ROW("${dollar|before(\"}\")}", "5$ {x"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_several_values(void **state)
{
	static const struct row rows[] = {
		ROW("${many}", "ALPHA"),
		ROW("${many|lower}", "alpha"),
		ROW("${many|first}", "ALPHA"),
		ROW("${many|last}", "alpha"),
		ROW("${many|join(\",\")}", "ALPHA,Alpha,Beta,alpha"),
		ROW("${many|join(\"\")}", "ALPHAAlphaBetaalpha"),
		/* Functions before a selector work on each value, those behind it on the one. */
		ROW("${many|lower|first}", "alpha"),
		ROW("${many|lower|last}", "beta"),
		ROW("${many|lower|join(\",\")}", "alpha,beta"),
		ROW("${many|join(\",\")|lower}", "alpha,alpha,beta,alpha"),
		ROW("${many|left(1)|join(\"+\")}", "A+B+a"),
		ROW("${many|after(\"l\")|last}", "pha"),
		ROW("${many|last|upper}", "ALPHA"),
		ROW("${many|first|last|join(\",\")}", "ALPHA"),
		ROW("${many|default(\"x\")|join(\",\")}", "ALPHA,Alpha,Beta,alpha,x"),
		ROW("${sn|join(\",\")}", "ray"),
		ROW("${sn|last}", "ray"),
		NOTHING("${empties}"),
		NOTHING("${empties|first}"),
		NOTHING("${empties|join(\",\")}"),
		NOTHING("${nothing|last}"),
		NOTHING("${many|after(\"@\")|first}"),
		NOTHING("${many|first|default(\"\\\"\")|after(\"\\\"\")}"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_default(void **state)
{
	static const struct row rows[] = {
		ROW("${nothing|default(\"x\")}", "x"),
		ROW("${empty|default(\"x y\")}", "x y"),
		ROW("${sn|default(\"x\")}", "ray"),
		ROW("${blank|trim|default(\"x\")}", "x"),
		ROW("${sn|after(\"@\")|default(\"none\")|upper}", "NONE"),
		ROW("${nothing|default(\"a\")|default(\"b\")}", "a"),
		ROW("${nothing|default(\"x\")|first}", "x"),
		ROW("${nothing|first|default(\"x\")}", "x"),
		ROW("${nothing|default(\"b\")|join(\",\")|upper}", "B"),
		ROW("a${nothing|default(\"-\")}b", "a-b"),
		ROW("${never|date|default(\"open\")}", "open"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_rdn(void **state)
{
	static const struct row rows[] = {
		ROW("${manager|rdn}", "Ray, Ada"),
		ROW("${manager|rdn|before(\",\")}", "Ray"),
		ROW("${sn|rdn}", "ray"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_date(void **state)
{
	static const struct row rows[] = {
		ROW("${generalized|date}", "2026-03-01"),
		ROW("${zoned|date}", "2026-02-28"),
		ROW("${filetime|date}", "2026-03-01"),
		ROW("${iso|date}", "2026-03-01"),
		ROW("${digits|date}", "2026-03-01"),
		NOTHING("${never|date}"),
		NOTHING("${zero|date}"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_replace(void **state)
{
	static const struct row rows[] = {
		ROW("${phone|replace(\"[^0-9+]\",\"\")}", "+49301234"),
		ROW("${phone|replace(\"\\D+\",\"-\")}", "-49-30-12-34"),
		ROW("${phone|replace(\"\\\\D+\",\"-\")}", "-49-30-12-34"),
		ROW("${mail|replace(\"^(.*)@(.*)$\",\"$2/$1\")}", "Corp.Example/Ada.Ray"),
		ROW("${mail|replace(\"^(.*)@(.*)$\",\"\\2/\\1\")}", "Corp.Example/Ada.Ray"),
		ROW("${mail|replace(\"(?i)ada\",\"[$0]\")}", "[Ada].Ray@Corp.Example"),
		ROW("${sn|replace(\"(r)\",\"${1}0\")}", "r0ay"),
		ROW("${sn|replace(\"r\",\"$$1\")}", "$1ay"),
		ROW("${sn|replace(\"r\",\"$x\\y$\")}", "$x\\y$ay"),
		ROW("${sn|replace(\"(x)?ray\",\"<$1>\")}", "<>"),
		ROW("${sn|replace(\"nothing\",\"x\")}", "ray"),
		ROW("${sn|replace(\"\",\"-\")}", "-r-a-y-"),
		ROW("${umlauts|replace(\"\",\"-\")}", "-\xC3\xA4-\xC3\xB6-\xC3\xBC-"),
		ROW("${sn|replace(\"x*\",\"-\")}", "-r-a-y-"),
		ROW("${sn|replace(\"a*\",\"-\")}", "-r--y-"),
		ROW("${umlauts|replace(\"\\w\",\"x\")}", "xxx"),
		ROW("${umlauts|replace(\".\",\"x\")}", "xxx"),
		ROW("${umlauts|replace(\"(?<=\xC3\xA4).\",\"o\")}", "\xC3\xA4o\xC3\xBC"),
		ROW("${sn|replace(\"r\\Ka\",\"-\")}", "r-y"),
		ROW("${sn|replace(\"\\\"\",\"x\")}", "ray"),
		ROW("${nul|replace(\"\\x00|\\n\",\"_\")}", "a_b_c"),
		ROW("${many|replace(\"(?i)alpha\",\"x\")|join(\",\")}", "Beta,x"),
		NOTHING("${sn|replace(\".\",\"\")}"),
	};

	(void)state;
	check(rows, COUNT_OF(rows));
}

static void test_bad_values(void **state)
{
	static const struct {
		struct span text;
		const char *words;
	} rows[] = {
		{ S("${latin}"), "attribute latin is not UTF-8" },
		{ S("${latin|lower}"), "attribute latin is not UTF-8" },
		{ S("${latin|left(1)}"), "attribute latin is not UTF-8" },
		{ S("x${sn}${latin}"), "attribute latin is not UTF-8" },
		{ S("${mixed|join(\",\")}"), "attribute mixed is not UTF-8" },
		{ S("${mixed|last}"), "attribute mixed is not UTF-8" },
		{ S("${broken|rdn}"), "attribute broken has an RDN that is not UTF-8" },
		{ S("${nodate|date}"), "attribute nodate holds neither" },
		{ S("${baddate|date}"), "attribute baddate holds neither" },
		{ S("${aaa|replace(\"(a+)+$\",\"\")}"), "attribute aaa is too much for `replace`" },
		{ S("${aaa|replace(\"(a|aa)+$\",\"\")}"),
		    "attribute aaa is too much for `replace`" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct span value = S("unset");
		struct err err = { "" };

		assert_row(evaluate(rows[i].text, arena, &value, &err) == STATUS_REJECT, "%s",
		    rows[i].text.at);
		assert_row(
		    strstr(err.text, rows[i].words) != NULL, "%s: %s", rows[i].text.at, err.text);
		/* What people have in their entries stays out of messages. */
		assert_row(strstr(err.text, "rg") == NULL && strstr(err.text, "soon") == NULL &&
			       strstr(err.text, "aaaa") == NULL,
		    "%s", err.text);
		assert_true(span_equal(value, SPAN("unset")));
		assert_int_equal(evaluate(rows[i].text, arena, &value, &err), STATUS_REJECT);
	}
	arena_free(&arena);
}

/* Evaluates on an attribute x with this one value. */
static enum status evaluate_one(
    struct span text, struct span x, struct arena *arena, struct span *ret_value, struct err *err)
{
	struct attribute_set *set = attribute_set_new();
	struct template *template = NULL;
	struct values values = { &x, 1 };
	struct entry entry = { .values = &values, .slot_count = 1 };
	enum status status;

	assert_row(template_compile(text, set, &template, NULL, err) == STATUS_OK, "%s", err->text);
	status = template_evaluate(template, &entry, arena, ret_value, err);
	template_free(&template);
	attribute_set_free(&set);
	return status;
}

static void test_long_values(void **state)
{
	static const struct span bad[] = { S("${x}!"), S("${x}${x}"), S("${x|replace(\"b\",\"\")}"),
		S("${x|left(4096)|replace(\"a\",\"aaaaaaaaaaaaaaaaa\")}"),
		S("${x|left(4097)|replace(\"b\",\"\")}") };
	struct arena *arena = arena_new();
	struct str text = { 0 };
	struct span value;
	struct err err;

	(void)state;
	str_add_c(&text, "b");
	while (text.len < TEMPLATE_VALUE_MAX_BYTES)
		str_add_c(&text, "a");
	assert_int_equal(
	    evaluate_one(SPAN("${x}"), str_span(&text), arena, &value, &err), STATUS_OK);
	assert_int_equal(value.len, TEMPLATE_VALUE_MAX_BYTES);
	assert_int_equal(
	    evaluate_one(SPAN("${x|upper|left(2)}"), str_span(&text), arena, &value, &err),
	    STATUS_OK);
	assert_true(span_equal(value, SPAN("BA")));
	assert_int_equal(evaluate_one(SPAN("${x|left(4096)|replace(\"a\",\"\")}"), str_span(&text),
			     arena, &value, &err),
	    STATUS_OK);
	assert_true(span_equal(value, SPAN("b")));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_row(
		    evaluate_one(bad[i], str_span(&text), arena, &value, &err) == STATUS_REJECT,
		    "%s", bad[i].at);
	str_add_c(&text, "a");
	assert_int_equal(evaluate_one(SPAN("${x|left(1)}"), str_span(&text), arena, &value, &err),
	    STATUS_REJECT);
	assert_non_null(strstr(err.text, "attribute x is longer than 65536 bytes"));
	str_done(&text);
	arena_free(&arena);
}

static void test_join_is_limited(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct template *template = NULL;
	struct arena *arena = arena_new();
	char text[9000];
	struct span spans[9], value;
	struct values values = { spans, 9 };
	struct entry entry = { .values = &values, .slot_count = 1 };
	struct err err;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < 9; i++)
		spans[i] = (struct span) { text, sizeof(text) - i };
	assert_int_equal(
	    template_compile(SPAN("${x|join(\",\")}"), set, &template, NULL, &err), STATUS_OK);
	assert_int_equal(template_evaluate(template, &entry, arena, &value, &err), STATUS_REJECT);
	values.count = 7;
	assert_int_equal(template_evaluate(template, &entry, arena, &value, &err), STATUS_OK);
	assert_int_equal(value.len, 7 * 9000 - 21 + 6);
	template_free(&template);
	attribute_set_free(&set);
	arena_free(&arena);
}

static void test_what_can_be_a_view_is_one(void **state)
{
	static const struct span texts[] = { S("${x}"), S("${x|lower}"), S("${x|trim}"),
		S("${x|left(2)}"), S("${x|before(\"c\")}"), S("${x|rdn}"),
		S("${x|default(\"y\")}") };
	struct span x = S("abcd"), value;
	struct arena *arena = arena_new();
	size_t size = arena_size_bytes(arena);
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(evaluate_one(texts[i], x, arena, &value, &err), STATUS_OK);
		assert_row(value.at == x.at, "%s was copied", texts[i].at);
	}
	assert_int_equal(arena_size_bytes(arena), size);
	arena_free(&arena);
}

static void test_hostile_matching_ends(void **state)
{
	/* PCRE2 allows the work anew at each place, and there are many: still this must end soon.
	 */
	static const struct span patterns[] = {
		S("${x|replace(\"(a+)+(a+)+(a+)+[cd]\",\"c\")}"),
		S("${x|replace(\"(?:a|aa|aaa)*[cd]\",\"c\")}"),
		S("${x|replace(\"(?:(.)(?=.*))*[xy]\",\"c\")}"),
		S("${x|replace(\".*.*.*[xy]\",\"c\")}"),
		S("${x|replace(\"(x?)(?:(a*)*)*[xy]\",\"c\")}"),
	};
	struct arena *arena = arena_new();
	struct str text = { 0 };
	struct span value;
	struct err err;

	(void)state;
	while (text.len < TEMPLATE_REPLACE_MAX_BYTES)
		str_add_c(&text, "aaaaaaaaaaaaaaab");
	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		assert_row(evaluate_one(patterns[i], str_span(&text), arena, &value, &err) ==
			       STATUS_REJECT,
		    "%s", patterns[i].at);
	/* What a decent pattern asks for is far below the limit. */
	assert_int_equal(evaluate_one(SPAN("${x|replace(\"^(.*)b(.*)$\",\"$2\")}"), str_span(&text),
			     arena, &value, &err),
	    STATUS_OK);
	assert_int_equal(
	    evaluate_one(SPAN("${x|replace(\"a+\",\"\")}"), str_span(&text), arena, &value, &err),
	    STATUS_OK);
	assert_int_equal(value.len, TEMPLATE_REPLACE_MAX_BYTES / 16);
	str_done(&text);
	arena_free(&arena);
}

struct refusal {
	struct span text;
	size_t offset;
	const char *words;
};

static void check_refused(const struct refusal *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct attribute_set *set = attribute_set_new();
		struct template *template = NULL;
		struct err err = { "" };
		size_t offset = 4711;

		assert_row(
		    template_compile(rows[i].text, set, &template, &offset, &err) == STATUS_REJECT,
		    "taken: %s", rows[i].text.at);
		assert_null(template);
		assert_row(offset == rows[i].offset, "%s: offset %zu, not %zu: %s", rows[i].text.at,
		    offset, rows[i].offset, err.text);
		assert_row(strstr(err.text, rows[i].words) != NULL, "%s: \"%s\" is not in \"%s\"",
		    rows[i].text.at, rows[i].words, err.text);
		assert_int_equal(
		    template_compile(rows[i].text, set, &template, NULL, NULL), STATUS_REJECT);
		attribute_set_free(&set);
	}
}

static void test_refused_grammar(void **state)
{
	static const struct refusal rows[] = {
		{ S(""), 0, "not nothing" },
		{ S("$"), 0, "\"$$\" for a dollar sign" },
		{ S("a$b"), 1, "\"$$\" for a dollar sign" },
		{ S("$mail"), 0, "expected \"${\"" },
		{ S("${"), 2, "expected the name of an attribute" },
		{ S("${}"), 2, "expected the name of an attribute" },
		{ S("${|lower}"), 2, "expected the name of an attribute" },
		{ S("x${mail"), 1, "expected \"}\"" },
		{ S("${mail|lower"), 0, "expected \"}\"" },
		{ S("${mail|}"), 7, "expected the name of a function" },
		{ S("${mail||lower}"), 7, "expected the name of a function" },
		{ S("${mail lower}"), 2, "\"mail lower\" cannot be one" },
		{ S("${mail,lower}"), 2, "cannot be one" },
		{ S("${ma\xC3\xA4il}"), 2, "cannot be one" },
		{ S("${mail|left(3)x}"), 14, "expected \"|\" or \"}\"" },
		{ S("\xFF"), 0, "UTF-8" },
		{ S("${mail|join(\",)}"), 12, "expected a second \"" },
		{ S("${mail|join(\"\\\")}"), 12, "expected a second \"" },
		{ S("${mail|join("), 12, "expected a text in \" or a whole number" },
		{ S("${mail|join(,)}"), 12, "expected a text in \" or a whole number" },
		{ S("${mail|join(\",\"}"), 15, "expected \",\" or \")\"" },
		{ S("${mail|join(\",\" \",\")}"), 16, "expected \",\" or \")\"" },
		{ S("${mail|left(-1)}"), 12, "expected a text in \" or a whole number" },
		{ S("${mail|left(1.5)}"), 13, "expected \",\" or \")\"" },
		{ S("${mail|lower("), 13, "expected a text in \"" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

static void test_refused_names(void **state)
{
	static const struct refusal rows[] = {
		{ S("${mail|lowr}"), 7, "unknown function \"lowr\"; did you mean \"lower\"?" },
		{ S("${mail|Lower}"), 7, "did you mean \"lower\"?" },
		{ S("${mail|lower|befor(\"@\")}"), 13, "did you mean \"before\"?" },
		{ S("${mail|frist}"), 7, "did you mean \"first\"?" },
		{ S("${mail|md5sum}"), 7, "there are lower upper" },
		{ S("${.enabld}"), 2, "unknown attribute \".enabld\"; did you mean \".enabled\"?" },
		{ S("x${ .expire |date}"), 4, "did you mean \".expires\"?" },
		{ S("${.telephone}"), 2, "there are .enabled" },
		{ S("${1x}"), 2, "cannot be one" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

static void test_refused_arguments(void **state)
{
	static const struct refusal rows[] = {
		{ S("${mail|before}"), 7, "before is written before(\"@\")" },
		{ S("${mail|before()}"), 7, "before is written before(\"@\")" },
		{ S("${mail|before(3)}"), 7, "before is written before(\"@\")" },
		{ S("${mail|before(\"a\",\"b\")}"), 7, "before is written" },
		{ S("${mail|before(\"\")}"), 14, "not empty" },
		{ S("${mail|after(\"\")}"), 13, "not empty" },
		{ S("${mail|default(\"\")}"), 15, "not empty" },
		{ S("${mail|lower(\"x\")}"), 7, "lower is written lower" },
		{ S("${mail|lower(1)}"), 7, "lower is written lower" },
		{ S("${mail|left}"), 7, "left is written left(3)" },
		{ S("${mail|left(\"3\")}"), 7, "left is written left(3)" },
		{ S("${mail|left(1,2)}"), 7, "left is written left(3)" },
		{ S("${mail|left(0)}"), 12, "from 1 to 65536" },
		{ S("${mail|right(65537)}"), 13, "from 1 to 65536" },
		{ S("${mail|right(99999999999999999999999)}"), 13, "from 1 to 65536" },
		{ S("${mail|replace(\"a\")}"), 7,
		    "replace is written replace(\"pattern\",\"with\")" },
		{ S("${mail|replace(\"a\",\"b\",\"c\")}"), 7, "replace is written" },
		{ S("${mail|replace(\"a\",\"b\",\"c\",\"d\",\"e\")}"), 7, "replace is written" },
		{ S("${mail|replace(\"a\",1)}"), 7, "replace is written" },
		{ S("${mail|replace(\"ab(c\",\"\")}"), 20, "missing closing parenthesis" },
		{ S("${mail|replace(\"[\",\"\")}"), 17, "missing terminating ]" },
		{ S("${mail|replace(\"a\\C\",\"\")}"), 19, "\\C" },
		{ S("${mail|replace(\"a\",\"$1\")}"), 20, "has no group 1" },
		{ S("${mail|replace(\"(a)\",\"x\\2\")}"), 23, "has no group 2" },
		{ S("${mail|join(\"a\",\"b\")}"), 7, "join is written join(\",\")" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

static void test_size_has_a_limit(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct template *template = NULL;
	struct str text = { 0 };
	struct err err;
	size_t offset = 0;

	(void)state;
	while (text.len + 4 <= TEMPLATE_TEXT_MAX_BYTES)
		str_add_c(&text, "${x}");
	assert_int_equal(template_compile(str_span(&text), set, &template, NULL, &err), STATUS_OK);
	assert_int_equal(attribute_set_count(set), 1);
	template_free(&template);
	str_add_c(&text, "x");
	assert_int_equal(
	    template_compile(str_span(&text), set, &template, &offset, &err), STATUS_REJECT);
	assert_int_equal(offset, TEMPLATE_TEXT_MAX_BYTES);
	str_truncate(&text, 0);
	str_add_c(&text, "${x");
	while (text.len + 7 <= TEMPLATE_TEXT_MAX_BYTES)
		str_add_c(&text, "|lower");
	str_add_c(&text, "}");
	assert_int_equal(template_compile(str_span(&text), set, &template, NULL, &err), STATUS_OK);
	template_free(&template);
	template_free(&template);
	assert_int_equal(template_compile(SPAN_NULL, set, &template, NULL, &err), STATUS_REJECT);
	str_done(&text);
	attribute_set_free(&set);
}

const struct CMUnitTest template_tests[] = {
	cmocka_unit_test(test_literals),
	cmocka_unit_test(test_attributes),
	cmocka_unit_test(test_text_functions),
	cmocka_unit_test(test_cutting_functions),
	cmocka_unit_test(test_several_values),
	cmocka_unit_test(test_default),
	cmocka_unit_test(test_rdn),
	cmocka_unit_test(test_date),
	cmocka_unit_test(test_replace),
	cmocka_unit_test(test_bad_values),
	cmocka_unit_test(test_long_values),
	cmocka_unit_test(test_join_is_limited),
	cmocka_unit_test(test_what_can_be_a_view_is_one),
	cmocka_unit_test(test_hostile_matching_ends),
	cmocka_unit_test(test_refused_grammar),
	cmocka_unit_test(test_refused_names),
	cmocka_unit_test(test_refused_arguments),
	cmocka_unit_test(test_size_has_a_limit),
};
const size_t template_test_count = COUNT_OF(template_tests);
