/* SPDX-License-Identifier: ISC */
/* Compiling filters: what is taken, what is refused, where, and with which words. */
#include "core/filter.h"
#include "support.h"
#include <stdlib.h>

static void check_taken(const struct span *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct attribute_set *set = attribute_set_new();
		struct filter *filter = NULL;
		struct err err = { "" };
		size_t offset = 4711;

		assert_row(filter_compile(texts[i], set, &filter, &offset, &err) == STATUS_OK,
		    "refused: %s: %s", texts[i].at, err.text);
		assert_int_equal(offset, 4711);
		assert_string_equal(err.text, "");
		assert_true(span_equal(filter_text(filter), texts[i]));
		filter_free(&filter);
		assert_null(filter);
		attribute_set_free(&set);
	}
}

static void test_taken(void **state)
{
	static const struct span texts[] = {
		S("(mail=*)"),
		S("(mail=)"),
		S("(cn=**)"),
		S("(cn=a**b)"),
		S("(&)"),
		S("(|)"),
		S("(&(a=1))"),
		S("(!(a=1))"),
		S("(!(!(a=1)))"),
		S("(!(&))"),
		S("(a~=1)"),
		S("(a>=1)"),
		S("(a<=1)"),
		S("(a>=)"),
		S("(a==)"),
		S("(a=b=c)"),
		S("(a=b~=c>=d<=e:=f)"),
		S("(a=&|!)"),
		S("(a= b )"),
		S("(2.5.4.3=x)"),
		S("(cn;lang-en=x)"),
		S("(.enabled=TRUE)"),
		S("(.dn=CN=a,DC=b)"),
		S("(.expires>=2026-03-01)"),
		S("(cn:caseExactMatch:=x)"),
		S("(cn:CASEEXACTMATCH:=x)"),
		S("(cn:2.5.13.5:=x)"),
		S("(cn:dn:=x)"),
		S("(cn:DN:=x)"),
		S("(cn:dn:2.5.13.5:=x)"),
		S("(cn:=x)"),
		S("(cn:caseIgnoreSubstringsMatch:=a*b)"),
		S("(userAccountControl:1.2.840.113556.1.4.803:=2)"),
		S("(groupType:1.2.840.113556.1.4.804:=-2147483648)"),
		S("(uidNumber:integerMatch:= 0007 )"),
		S("(uidNumber=123456789012345678901234567890)"),
		S("(createTimestamp>=20260301000000Z)"),
		S("(createTimestamp=20260301*)"),
		S("(memberOf=)"),
		S("(memberOf=*)"),
		S("(memberOf=CN=Fin*)"),
		S("(objectCategory=person)"),
		S("(objectCategory=CN=Person,CN=Schema,DC=b)"),
		S("(active:booleanMatch:=true)"),
		S("(cn=J\xC3\xB6rg)"),
		S("(cn=\\ff\\00)"),
		S("(cn=a\nb)"),
		/* Blanks where OpenLDAP allows them. */
		S("  (a=1)  "),
		S("( a=1)"),
		S("( & (a=1) (b=2) )"),
		S("(&\n\t(a=1)\n\t(| (b=2) (c=3) )\n)\n"),
		S("(! (a=1) )"),
		S("(& )"),
	};

	(void)state;
	check_taken(texts, COUNT_OF(texts));
}

static void test_rfc4515_examples(void **state)
{
	/* RFC 4515 section 4; those with an unknown or lonely rule are in test_refused. */
	static const struct span texts[] = {
		S("(cn=Babs Jensen)"),
		S("(!(cn=Tim Howes))"),
		S("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))"),
		S("(o=univ*of*mich*)"),
		S("(seeAlso=)"),
		S("(cn:caseExactMatch:=Fred Flintstone)"),
		S("(cn:=Betty Rubble)"),
		S("(o:dn:=Ace Industry)"),
		S("(o=Parens R Us \\28for all your parenthetical needs\\29)"),
		S("(cn=*\\2A*)"),
		S("(filename=C:\\5cMyFile)"),
		S("(bin=\\00\\00\\00\\04)"),
		S("(sn=Lu\\c4\\8di\\c4\\87)"),
		S("(1.3.6.1.4.1.1466.0=\\04\\02\\48\\69)"),
	};

	(void)state;
	check_taken(texts, COUNT_OF(texts));
}

struct refusal {
	struct span text;
	size_t offset;
	const char *words; /* in the message */
};

static void check_refused(const struct refusal *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct attribute_set *set = attribute_set_new();
		struct filter *filter = NULL;
		struct err err = { "" };
		size_t offset = 4711;

		assert_row(
		    filter_compile(rows[i].text, set, &filter, &offset, &err) == STATUS_REJECT,
		    "taken: %s", rows[i].text.at);
		assert_null(filter);
		assert_row(offset == rows[i].offset, "%s: offset %zu, not %zu: %s", rows[i].text.at,
		    offset, rows[i].offset, err.text);
		assert_row(strstr(err.text, rows[i].words) != NULL, "%s: \"%s\" is not in \"%s\"",
		    rows[i].text.at, rows[i].words, err.text);
		assert_int_equal(
		    filter_compile(rows[i].text, set, &filter, NULL, NULL), STATUS_REJECT);
		attribute_set_free(&set);
	}
}

static void test_refused_brackets(void **state)
{
	static const struct refusal rows[] = {
		{ S(""), 0, "expected \"(\"; write (mail=*)" },
		{ S("   "), 3, "write (mail=*)" },
		{ S("mail=*"), 0, "at offset 0: expected \"(\"; write (mail=*)" },
		{ S("cn=Ada"), 0, "write (cn=Ada)" },
		{ S("&(a=1)(b=2)"), 0, "write (&(a=1)(b=2))" },
		{ S("("), 1, "expected one of =" },
		{ S(")"), 0, "expected \"(\"" },
		{ S("()"), 1, "expected one of =" },
		{ S("(a=1"), 4, "expected \")\"" },
		{ S("(&(a=1)"), 7, "expected \")\"" },
		{ S("(&(a=1)b=2)"), 7, "write (b=2)" },
		{ S("(a=1))"), 5, "expected the end" },
		{ S("(a=1)(b=2)"), 5, "(&(" },
		{ S("(a=1)x"), 5, "expected the end" },
		{ S("((a=1))"), 1, "expected one of =" },
		{ S("(!)"), 2, "expected \"(\"" },
		{ S("(!(a=1)(b=2))"), 7, "\"!\" takes one filter" },
		{ S("(!a=1)"), 2, "write (a=1)" },
		{ S("(a=b(c)"), 4, "\\28" },
		{ S("(a=b\0c)"), 4, "\\00" },
		{ S("(a\0=b)"), 2, "expected one of =" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

static void test_refused_names(void **state)
{
	static const struct refusal rows[] = {
		{ S("(mail)"), 5, "expected one of = ~= >= <= :=" },
		{ S("(mail>5)"), 7, "expected one of =" },
		{ S("(=a)"), 1, "expected the name of an attribute" },
		{ S("(~=a)"), 1, "expected the name of an attribute" },
		{ S("(ma il=a)"), 1, "\"ma il\" cannot be one" },
		{ S("(mail =a)"), 1, "\"mail \" cannot be one" },
		{ S("(m\xC3\xA4il=a)"), 1, "cannot be one" },
		{ S("(*=a)"), 1, "cannot be one" },
		{ S("(.enabld=TRUE)"), 1, "did you mean \".enabled\"?" },
		{ S("(.parnt=x)"), 1, "did you mean \".parent\"?" },
		{ S("(.nothing=x)"), 1, "cannot be one" },
		{ S("(&(a=1)(.ky=x))"), 8, "did you mean \".key\"?" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

static void test_refused_values(void **state)
{
	static const struct refusal rows[] = {
		{ S("(a=\\)"), 3, "two hex digits" },
		{ S("(a=x\\2)"), 4, "two hex digits" },
		{ S("(a=\\*)"), 3, "\\2a" },
		{ S("(a=b*\\zz)"), 5, "two hex digits" },
		{ S("(a>=b*)"), 5, "\\2a" },
		{ S("(a<=*)"), 4, "\\2a" },
		{ S("(a~=b*c)"), 5, "\\2a" },
		{ S("(a:=b*)"), 5, "\\2a" },
		{ S("(cn:caseExactMatch:=b*)"), 21, "\\2a" },
		{ S("(cn:caseExactSubstringsMatch:=b)"), 30, "expected a \"*\"" },
		{ S("(memberOf=Finance)"), 10, "a whole DN like" },
		{ S("(&(a=1)(manager=Ada Ray))"), 16, "a whole DN like" },
		{ S("(.parent=Staff)"), 9, "a whole DN" },
		{ S("(cn:distinguishedNameMatch:=x)"), 28, "a whole DN" },
		{ S("(uidNumber=abc)"), 11, "a whole number" },
		{ S("(uidNumber=)"), 11, "a whole number" },
		{ S("(a:integerMatch:=1.5)"), 17, "a whole number here, and \"1.5\" is none" },
		{ S("(a:booleanMatch:=yes)"), 17, "TRUE or FALSE" },
		{ S("(.enabled=1)"), 10, "TRUE or FALSE" },
		{ S("(whenCreated=yesterday)"), 13, "a time like" },
		{ S("(userAccountControl:1.2.840.113556.1.4.803:=x)"), 44, "64 bits" },
		{ S("(userAccountControl:1.2.840.113556.1.4.803:=)"), 44, "64 bits" },
		{ S("(a:1.2.840.113556.1.4.804:=9223372036854775808)"), 27, "64 bits" },
		{ S("(a:1.2.840.113556.1.4.804:=99999999999999999999999999)"), 27, "64 bits" },
		{ S("(cn=J\xF6rg)"), 5, "expected UTF-8; write other bytes as \\xx" },
		{ S("(cn=\xC3\xB6\xC3)"), 6, "expected UTF-8" },
		{ S("\xFF"), 0, "expected UTF-8" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

static void test_refused_rules(void **state)
{
	static const struct refusal rows[] = {
		{ S("(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=b)"), 10,
		    "name the group in a workspace's `group` with nested = true" },
		{ S("(cn:caseExactMach:=x)"), 4, "did you mean \"caseExactMatch\"?" },
		{ S("(cn:dn:integrMatch:=1)"), 7, "did you mean \"integerMatch\"?" },
		{ S("(cn:1.2.3:=x)"), 4, "unknown matching rule \"1.2.3\"" },
		{ S("(cn::=x)"), 4, "unknown matching rule \"\"" },
		{ S("(cn:dn::=x)"), 7, "unknown matching rule" },
		{ S("(cn:dnx:=x)"), 4, "unknown matching rule \"dnx\"" },
		{ S("(:=x)"), 1, "expected an attribute" },
		{ S("(:dn:=x)"), 1, "expected an attribute" },
		{ S("(:caseExactMatch:=x)"), 1, "expected an attribute" },
		{ S("(:dn:caseExactMatch:=x)"), 1, "expected an attribute" },
		/* RFC 4515 section 4, the rest. */
		{ S("(sn:dn:2.4.6.8.10:=Barney Rubble)"), 7, "unknown matching rule" },
		{ S("(:1.2.3:=Wilma Flintstone)"), 2, "unknown matching rule" },
		{ S("(:DN:2.4.6.8.10:=Dino)"), 5, "unknown matching rule" },
	};

	(void)state;
	check_refused(rows, COUNT_OF(rows));
}

/* "(!(!( … (a=1) … )))" with so many brackets. */
static void nest(struct str *text, size_t depth)
{
	str_truncate(text, 0);
	for (size_t i = 1; i < depth; i++)
		str_add_c(text, i % 2 ? "(!" : "(&");
	str_add_c(text, "(a=1)");
	for (size_t i = 1; i < depth; i++)
		str_add_byte(text, ')');
}

static void test_depth_has_a_limit(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct str text = { 0 };
	struct err err;
	size_t offset = 0;

	(void)state;
	nest(&text, FILTER_DEPTH_MAX);
	assert_int_equal(filter_compile(str_span(&text), set, &filter, NULL, &err), STATUS_OK);
	filter_free(&filter);
	nest(&text, FILTER_DEPTH_MAX + 1);
	assert_int_equal(
	    filter_compile(str_span(&text), set, &filter, &offset, &err), STATUS_REJECT);
	assert_int_equal(offset, (size_t)2 * FILTER_DEPTH_MAX);
	assert_non_null(strstr(err.text, "at most 64 brackets"));
	str_truncate(&text, 0);
	for (int i = 0; i < 60000; i++)
		str_add_byte(&text, '(');
	assert_int_equal(filter_compile(str_span(&text), set, &filter, NULL, &err), STATUS_REJECT);
	str_truncate(&text, 0);
	for (int i = 0; i < 20000; i++)
		str_add_c(&text, "(!");
	assert_int_equal(filter_compile(str_span(&text), set, &filter, NULL, &err), STATUS_REJECT);
	str_done(&text);
	attribute_set_free(&set);
}

static void test_size_has_a_limit(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct str text = { 0 };
	struct err err;
	size_t offset = 0;

	(void)state;
	/* Many siblings are no depth. */
	str_add_c(&text, "(|");
	while (text.len + 6 < FILTER_TEXT_MAX_BYTES)
		str_add_c(&text, "(a=1)");
	str_add_byte(&text, ')');
	assert_int_equal(filter_compile(str_span(&text), set, &filter, NULL, &err), STATUS_OK);
	filter_free(&filter);
	assert_int_equal(attribute_set_count(set), 1);
	while (text.len <= FILTER_TEXT_MAX_BYTES)
		str_add_byte(&text, ' ');
	assert_int_equal(
	    filter_compile(str_span(&text), set, &filter, &offset, &err), STATUS_REJECT);
	assert_int_equal(offset, FILTER_TEXT_MAX_BYTES);
	assert_non_null(strstr(err.text, "at most 65536 bytes"));
	str_done(&text);
	attribute_set_free(&set);
}

static void test_names_become_slots(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	size_t slot;

	(void)state;
	attribute_set_add(set, SPAN("mail"));
	assert_int_equal(filter_compile(SPAN("(|(MAIL=*)(&(sn=x)(!(cn;lang-en=y)))(o:dn:=z))"), set,
			     &filter, NULL, NULL),
	    STATUS_OK);
	assert_int_equal(attribute_set_count(set), 4);
	assert_true(attribute_set_find(set, SPAN("cn;lang-en"), &slot));
	assert_false(attribute_set_find(set, SPAN("cn"), &slot));
	filter_free(&filter);
	filter_free(&filter);
	attribute_set_free(&set);
}

static void test_messages_are_short(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct str text = { 0 };
	struct err err;

	(void)state;
	str_add_c(&text, "(memberOf=");
	for (int i = 0; i < 5000; i++)
		str_add_c(&text, "\xC3\xB6");
	str_add_c(&text, ")");
	assert_int_equal(filter_compile(str_span(&text), set, &filter, NULL, &err), STATUS_REJECT);
	assert_true(strlen(err.text) < 300);
	assert_null(strstr(err.text, "\\x"));
	assert_int_equal(
	    filter_compile(SPAN("(a:\x1B[31m:=x)"), set, &filter, NULL, &err), STATUS_REJECT);
	assert_null(strchr(err.text, '\x1B'));
	str_done(&text);
	attribute_set_free(&set);
}

static void test_escape(void **state)
{
	static const struct {
		struct span from, to;
	} rows[] = {
		{ S(""), S("") },
		{ S("Ada Ray"), S("Ada Ray") },
		{ S("a*b(c)d\\e\0f"), S("a\\2ab\\28c\\29d\\5ce\\00f") },
		{ S("J\xC3\xB6rg"), S("J\xC3\xB6rg") },
		{ S("J\xF6rg*"), S("J\\f6rg\\2a") },
		{ S("\x01\xFF\x80"), S("\x01\\ff\\80") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str out = { 0 };

		filter_escape(rows[i].from, &out);
		assert_row(span_equal(str_span(&out), rows[i].to), "row %zu: %s", i, str_c(&out));
		str_done(&out);
	}
}

/* Whatever bytes a value has: escaped into a filter, it matches itself. */
static void test_escape_round_trip(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char bytes[3] = { 'a', (char)byte, 'b' };
		struct test_value value = { "x", { bytes, sizeof(bytes) } };
		struct attribute_set *set = attribute_set_new();
		struct filter *filter = NULL;
		struct test_entry entry;
		struct str text = { 0 };

		str_add_c(&text, "(x=");
		filter_escape(value.value, &text);
		str_add_c(&text, ")");
		assert_int_equal(
		    filter_compile(str_span(&text), set, &filter, NULL, NULL), STATUS_OK);
		test_entry_build(&entry, set, "", &value, 1);
		assert_row(filter_matches(filter, &entry.entry), "byte %u: %s", byte, str_c(&text));
		test_entry_done(&entry);
		filter_free(&filter);
		attribute_set_free(&set);
		str_done(&text);
	}
}

const struct CMUnitTest filter_tests[] = {
	cmocka_unit_test(test_taken),
	cmocka_unit_test(test_rfc4515_examples),
	cmocka_unit_test(test_refused_brackets),
	cmocka_unit_test(test_refused_names),
	cmocka_unit_test(test_refused_values),
	cmocka_unit_test(test_refused_rules),
	cmocka_unit_test(test_depth_has_a_limit),
	cmocka_unit_test(test_size_has_a_limit),
	cmocka_unit_test(test_names_become_slots),
	cmocka_unit_test(test_messages_are_short),
	cmocka_unit_test(test_escape),
	cmocka_unit_test(test_escape_round_trip),
};
const size_t filter_test_count = COUNT_OF(filter_tests);
