/* SPDX-License-Identifier: ISC */
#include "directory/ldif_parse.h"
#include "tests/unit/directory/tests.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Feeds the text in pieces and writes the records down, one line each: "LINE:TEXT|". */
static void split_into(const char *text, size_t len, size_t piece, struct str *out)
{
	struct ldif_splitter splitter = { 0 };
	struct ldif_text record;
	size_t at = 0;

	for (bool is_end = false; !is_end;) {
		size_t count = len - at < piece ? len - at : piece;
		is_end = count == 0;
		ldif_splitter_add(&splitter, (struct span) { text + at, count });
		at += count;
		while (ldif_splitter_next(&splitter, is_end, &record) == LDIF_SPLIT_RECORD) {
			assert_int_equal(record.at[record.len], '\0');
			str_addf(out, "%llu:%.*s|", (unsigned long long)record.line,
			    (int)record.len, record.at);
		}
	}
	ldif_splitter_done(&splitter);
}

static void records_stand_between_blank_lines(void **state)
{
	static const struct {
		const char *text, *records;
	} cases[] = {
		{ "", "" },
		{ "\n\n\n", "" },
		{ "a\n", "1:a\n|" },
		{ "a", "1:a|" },
		{ "a\n\nb\n", "1:a\n|3:b\n|" },
		{ "a\nb\n\n\n\nc", "1:a\nb\n|6:c|" },
		{ "a\r\nb\r\n\r\nc\r\n", "1:a\r\nb\r\n|4:c\r\n|" },
		{ "\r\n\r\na\r\n", "3:a\r\n|" },
		{ "\xef\xbb\xbf"
		  "a\n\nb",
		    "1:a\n|3:b|" },
		{ "a\n b\n\n c", "1:a\n b\n|4: c|" },
		{ "a\n\r", "1:a\n\r|" },
	};
	struct str out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 1; piece <= 32; piece++) {
			str_truncate(&out, 0);
			split_into(cases[i].text, strlen(cases[i].text), piece, &out);
			assert_string_equal(str_c(&out), cases[i].records);
		}
	str_done(&out);
}

static void a_record_without_an_end_is_too_long(void **state)
{
	static char piece[1024 * 1024];
	struct ldif_splitter splitter = { 0 };
	struct ldif_text record;
	enum ldif_split split = LDIF_SPLIT_MORE;

	(void)state;
	memset(piece, 'a', sizeof(piece));
	piece[sizeof(piece) - 1] = '\n';
	for (size_t i = 0; i < 80 && split == LDIF_SPLIT_MORE; i++) {
		ldif_splitter_add(&splitter, (struct span) { piece, sizeof(piece) });
		split = ldif_splitter_next(&splitter, false, &record);
	}
	assert_int_equal(split, LDIF_SPLIT_TOO_LONG);
	ldif_splitter_done(&splitter);
}

struct parsed {
	struct str text;
	struct ldif_record record;
	struct err err;
	enum ldif_outcome outcome;
};

static struct parsed parse(const char *text, size_t len)
{
	struct parsed parsed = { 0 };
	struct ldif_text piece = { .len = len, .line = 7 };

	str_add(&parsed.text, (struct span) { text, len });
	piece.at = parsed.text.at;
	parsed.outcome = ldif_record_parse(&piece, &parsed.record, &parsed.err);
	return parsed;
}

static void parsed_done(struct parsed *parsed)
{
	str_done(&parsed->text);
	ldif_record_done(&parsed->record);
}

static void lines_become_values(void **state)
{
	static const char text[] =
	    "version: 1\n# who\ndn: uid=anna,dc=x\ncn:: QW5u\n YQ==\n"
	    "description:   two words\nsn: fol\n ded\n  twice\nmail:\n# end\n";
	static const char *const expected[] = { "cn", "Anna", "description", "two words", "sn",
		"folded twice", "mail", "" };
	struct parsed parsed = parse(text, strlen(text));

	(void)state;
	assert_int_equal(parsed.outcome, LDIF_ENTRY);
	assert_span(parsed.record.dn, "uid=anna,dc=x");
	assert_int_equal(parsed.record.value_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_span(parsed.record.values[i].name, expected[2 * i]);
		assert_span(parsed.record.values[i].value, expected[2 * i + 1]);
	}
	parsed_done(&parsed);
}

static void carriage_returns_are_not_content(void **state)
{
	static const char text[] = "dn: uid=anna,dc=x\r\ncn: An\r\n na\r\n";
	struct parsed parsed = parse(text, strlen(text));

	(void)state;
	assert_int_equal(parsed.outcome, LDIF_ENTRY);
	assert_span(parsed.record.dn, "uid=anna,dc=x");
	assert_span(parsed.record.values[0].value, "Anna");
	parsed_done(&parsed);
}

static void base64_may_hold_any_byte(void **state)
{
	static const char text[] =
	    "dn:: dWlkPXpvw6ssZGM9eA==\nobjectGUID:: AAECAwQFBgcICQoLDA0ODw==\n";
	struct parsed parsed = parse(text, strlen(text));

	(void)state;
	assert_int_equal(parsed.outcome, LDIF_ENTRY);
	assert_span(parsed.record.dn, "uid=zoë,dc=x");
	assert_int_equal(parsed.record.values[0].value.len, 16);
	assert_int_equal(parsed.record.values[0].value.at[15], 15);
	parsed_done(&parsed);
}

static void outcomes(void **state)
{
	static const struct {
		const char *text;
		enum ldif_outcome outcome;
		const char *word;
	} cases[] = {
		{ "# only a comment\n", LDIF_NOTHING, "" },
		{ "version: 1\n", LDIF_NOTHING, "" },
		{ "version: 2\n", LDIF_BAD, "version" },
		{ "dn: uid=a,dc=x\n", LDIF_ENTRY, "" },
		{ "cn: a\n", LDIF_BAD, "dn:" },
		{ "dn: nonsense\ncn: a\n", LDIF_BAD, "not a DN" },
		{ "dn:\ncn: a\n", LDIF_BAD, "not a DN" },
		{ "dn: uid=a,dc=x\nno colon\n", LDIF_BAD, "name: value" },
		{ "dn: uid=a,dc=x\n: empty\n", LDIF_BAD, "name: value" },
		{ "dn: uid=a,dc=x\ncn:: !!!!\n", LDIF_BAD, "base64" },
		{ " dn: uid=a,dc=x\n", LDIF_BAD, "name: value" },
		{ "dn: uid=a,dc=x\nchangetype: modify\nreplace: cn\ncn: b\n-\n", LDIF_BAD,
		    "changetype" },
		{ "dn: uid=a,dc=x\nChangeType: delete\n", LDIF_BAD, "changetype" },
		{ "dn: uid=a,dc=x\nchangetype: add\ncn: a\n", LDIF_BAD, "changetype" },
		{ "dn: uid=a,dc=x\ncontrol: 1.2.3\nchangetype: delete\n", LDIF_BAD, "changetype" },
		{ "dn: uid=a,dc=x\ncn: a\nchangetype: not one any more\n", LDIF_ENTRY, "" },
		{ "dn: uid=a,dc=x\njpegPhoto:< file:///etc/hostname\n", LDIF_UNUSABLE,
		    "jpegPhoto" },
		{ "dn: uid=a,dc=x\njpegPhoto:\n < file:///etc/hostname\n", LDIF_UNUSABLE, "URL" },
		{ "dn: uid=a,dc=x\ncn: < file:///etc/hostname\n", LDIF_ENTRY, "" },
		{ "dn:< file:///etc/hostname\n", LDIF_BAD, "URL" },
		{ "include: file:///etc/hostname\n", LDIF_BAD, "dn:" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parsed parsed = parse(cases[i].text, strlen(cases[i].text));
		assert_int_equal(parsed.outcome, cases[i].outcome);
		assert_non_null(strstr(parsed.err.text, cases[i].word));
		if (cases[i].outcome == LDIF_BAD || cases[i].outcome == LDIF_UNUSABLE)
			assert_non_null(strstr(parsed.err.text, "line 7"));
		parsed_done(&parsed);
	}
}

static void an_unusable_entry_keeps_its_other_values(void **state)
{
	static const char text[] = "dn: cn=g,dc=x\nphoto:< file:///x\nmember: uid=a,dc=x\n";
	struct parsed parsed = parse(text, strlen(text));

	(void)state;
	assert_int_equal(parsed.outcome, LDIF_UNUSABLE);
	assert_int_equal(parsed.record.value_count, 1);
	assert_span(parsed.record.values[0].value, "uid=a,dc=x");
	parsed_done(&parsed);
}

static void a_nul_byte_is_refused(void **state)
{
	static const char text[] = "dn: uid=a,dc=x\ncn: a\0b\nmail: x\n";
	struct parsed parsed = parse(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(parsed.outcome, LDIF_BAD);
	assert_non_null(strstr(parsed.err.text, "NUL"));
	parsed_done(&parsed);
}

static void a_long_line_is_read(void **state)
{
	struct str text = { 0 };
	struct parsed parsed;

	(void)state;
	str_add_c(&text, "dn: uid=a,dc=x\ndescription: ");
	for (size_t i = 0; i < 200000; i++)
		str_add_c(&text, i % 70 == 69 ? "\n x" : "x");
	parsed = parse(str_c(&text), text.len);
	assert_int_equal(parsed.outcome, LDIF_ENTRY);
	assert_int_equal(parsed.record.values[0].value.len, 200000);
	parsed_done(&parsed);
	str_done(&text);
}

const struct CMUnitTest ldif_parse_tests[] = {
	cmocka_unit_test(records_stand_between_blank_lines),
	cmocka_unit_test(a_record_without_an_end_is_too_long),
	cmocka_unit_test(lines_become_values),
	cmocka_unit_test(carriage_returns_are_not_content),
	cmocka_unit_test(base64_may_hold_any_byte),
	cmocka_unit_test(outcomes),
	cmocka_unit_test(an_unusable_entry_keeps_its_other_values),
	cmocka_unit_test(a_nul_byte_is_refused),
	cmocka_unit_test(a_long_line_is_read),
};
const size_t ldif_parse_test_count = COUNT(ldif_parse_tests);
