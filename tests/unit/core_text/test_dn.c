/* SPDX-License-Identifier: ISC */
#include "base/str.h"
#include "core/dn.h"
#include "support.h"
#include <stdlib.h>

struct pair {
	struct span from, to;
};

#define ROW(from, to)                                                                              \
	{                                                                                          \
		S(from), S(to)                                                                     \
	}

static void check_normalize(const struct pair *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct str out = { 0 };

		str_add_c(&out, "before|");
		dn_normalize(rows[i].from, &out);
		assert_row(out.len >= 7 && memcmp(out.at, "before|", 7) == 0, "row %zu", i);
		assert_row(out.len - 7 == rows[i].to.len &&
			       memcmp(out.at + 7, rows[i].to.at, rows[i].to.len) == 0,
		    "%s\n gives %s\n  not %s", rows[i].from.at, out.at + 7, rows[i].to.at);
		assert_int_equal(out.at[out.len], '\0');
		str_done(&out);
	}
}

static void test_normalize(void **state)
{
	static const struct pair rows[] = {
		ROW("", ""),
		ROW("   ", ""),
		ROW("dc=corp", "dc=corp"),
		ROW("CN=Ada Ray,OU=Staff,DC=Corp,DC=Example",
		    "cn=ada ray,ou=staff,dc=corp,dc=example"),
		ROW("CN = Ada , DC = corp", "cn=ada,dc=corp"),
		ROW("  cn=a  ,  dc=b  ", "cn=a,dc=b"),
		ROW("cn=Ada    M.   Ray,dc=b", "cn=ada m. ray,dc=b"),
		ROW("cn=,dc=b", "cn=,dc=b"),
		ROW("cn= ,dc=b", "cn=,dc=b"),
		ROW("cn=\\20,dc=b", "cn=,dc=b"),
		ROW("cn=\\ a\\ ,dc=b", "cn=a,dc=b"),
		ROW("cn=a\\  b,dc=b", "cn=a b,dc=b"),
		ROW("cn=a=b=c,dc=b", "cn=a=b=c,dc=b"),
		ROW("cn=a\\=b\\3dc,dc=b", "cn=a=b=c,dc=b"),
		ROW("2.5.4.3=X,dc=b", "2.5.4.3=x,dc=b"),
		ROW("cn=\\41da", "cn=ada"),
		ROW("cn=it's #1", "cn=it's #1"),
		ROW("cn=\\#1", "cn=\\231"),
		ROW("cn=#04024869", "cn=#04024869"),
		ROW("cn= #04ABcd ,dc=b", "cn=#04abcd,dc=b"),
		ROW("cn=a\\0ADEL:x,dc=b", "cn=a\\0adel:x,dc=b"),
		ROW("cn=a\nb\tc\x7F", "cn=a\\0ab\\09c\\7f"),
		ROW("cn=a\\00b", "cn=a\\00b"),
	};

	(void)state;
	check_normalize(rows, COUNT_OF(rows));
}

static void test_normalize_escapes_have_one_form(void **state)
{
	static const struct pair rows[] = {
		ROW("cn=Ray\\, Ada,dc=b", "cn=ray\\2c ada,dc=b"),
		ROW("cn=Ray\\2C Ada,dc=b", "cn=ray\\2c ada,dc=b"),
		ROW("cn=Ray\\2c Ada,dc=b", "cn=ray\\2c ada,dc=b"),
		ROW("cn=\\\"\\+\\,\\;\\<\\>\\\\", "cn=\\22\\2b\\2c\\3b\\3c\\3e\\5c"),
		ROW("cn=\\22\\2B\\2C\\3B\\3C\\3E\\5C", "cn=\\22\\2b\\2c\\3b\\3c\\3e\\5c"),
		ROW("cn=a\\5c,dc=b", "cn=a\\5c,dc=b"),
		ROW("cn=a\\\\,dc=b", "cn=a\\5c,dc=b"),
	};

	(void)state;
	check_normalize(rows, COUNT_OF(rows));
}

static void test_normalize_parts_in_byte_order(void **state)
{
	static const struct pair rows[] = {
		ROW("uid=7+cn=Ada,dc=b", "cn=ada+uid=7,dc=b"),
		ROW("cn=Ada + uid=7,dc=b", "cn=ada+uid=7,dc=b"),
		ROW("c=3+b=2+a=1,f=1+e=2", "a=1+b=2+c=3,e=2+f=1"),
		ROW("b=2+a=1+c=3", "a=1+b=2+c=3"),
		ROW("a=1+c=3+b=2", "a=1+b=2+c=3"),
		ROW("a=1+a=1", "a=1+a=1"),
		ROW("ab=1+a=1", "a=1+ab=1"),
		ROW("a=10+a=1", "a=1+a=10"),
		ROW("a=1\\+b=0+A=0", "a=0+a=1\\2bb=0"),
		ROW("cn=J. Smith+ou=Sales,o=Widget Inc.,c=US",
		    "cn=j. smith+ou=sales,o=widget inc.,c=us"),
	};

	(void)state;
	check_normalize(rows, COUNT_OF(rows));
}

static void test_normalize_unicode(void **state)
{
	static const struct pair rows[] = {
		ROW("CN=J\xC3\x96RG,dc=b", "cn=j\xC3\xB6rg,dc=b"),
		/* The same letter as one character, as two, and as escaped bytes. */
		ROW("CN=J\\c3\\96rg,dc=b", "cn=j\xC3\xB6rg,dc=b"),
		ROW("CN=Jo\xCC\x88rg,dc=b", "cn=j\xC3\xB6rg,dc=b"),
		ROW("cn=Stra\xC3\x9F"
		    "e,dc=b",
		    "cn=strasse,dc=b"),
		/* No-break spaces and a comma of full width become what they look like. */
		ROW("cn=a\xC2\xA0 b\xC2\xA0,dc=b", "cn=a b,dc=b"),
		ROW("cn=a\xEF\xBC\x8C"
		    "b,dc=b",
		    "cn=a\\2cb,dc=b"),
		ROW("cn=\xEF\xBC\x8B"
		    "b+a=1",
		    "a=1+cn=\\2bb"),
		ROW("cn=Lu\\C4\\8Di\\C4\\87", "cn=lu\xC4\x8Di\xC4\x87"),
		/* Not UTF-8: legal behind a backslash, and kept. */
		ROW("cn=A\\FF\\,,dc=b", "cn=a\\ff\\2c,dc=b"),
	};

	(void)state;
	check_normalize(rows, COUNT_OF(rows));
}

static const struct span no_dns[] = { S("cn"), S("Ada"), S("=x"), S(" =x"), S(","), S("cn=a,"),
	S(",cn=a"), S("cn=a,,dc=b"), S("cn=a+"), S("+cn=a"), S("cn=a+,dc=b"), S("cn=a;dc=b"),
	S("cn=\"a\",dc=b"), S("cn=a<b"), S("cn=a>b"), S("cn=a\\"), S("cn=a\\x"), S("cn=a\\2"),
	S("cn=a\\2g"), S("cn=#"), S("cn=#4"), S("cn=#zz"), S("cn=#04x"), S("cn=#04 04"), S("c n=a"),
	S("cn;x=a"), S("1a=b"), S("2=a"), S(".dn=a"), S("cn=a\0b"), S("c\xC3\xB6=a"),
	S("cn=\xC3\xB6;"), S("\n"), S("cn\n=a") };

static void test_validity(void **state)
{
	static const struct span dns[] = { S(""), S(" "), S("cn="), S("cn=a"), S("cn=a,dc=b"),
		S("cn=a+sn=b,dc=c"), S("cn=#0402"), S("cn=\\#04"),
		S("1.3.6.1.4.1.1466.0=#04024869"), S("cn=a\\,b"), S("cn=\xFF") };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(dns); i++)
		assert_row(dn_is_valid(dns[i]), "refused: %s", dns[i].at);
	for (size_t i = 0; i < COUNT_OF(no_dns); i++)
		assert_row(!dn_is_valid(no_dns[i]), "taken: %s", no_dns[i].at);
	assert_true(dn_is_valid(SPAN_NULL));
}

static void test_rfc4514_examples(void **state)
{
	/* RFC 4514 section 4. */
	static const struct pair rows[] = {
		ROW("UID=jsmith,DC=example,DC=net", "uid=jsmith,dc=example,dc=net"),
		ROW("OU=Sales+CN=J.  Smith,DC=example,DC=net",
		    "cn=j. smith+ou=sales,dc=example,dc=net"),
		ROW("CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
		    "cn=james \\22jim\\22 smith\\2c iii,dc=example,dc=net"),
		ROW("CN=Before\\0dAfter,DC=example,DC=net", "cn=before\\0dafter,dc=example,dc=net"),
		ROW("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"),
		ROW("CN=Lu\\C4\\8Di\\C4\\87", "cn=lu\xC4\x8Di\xC4\x87"),
	};

	(void)state;
	check_normalize(rows, COUNT_OF(rows));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_row(dn_is_valid(rows[i].from), "refused: %s", rows[i].from.at);
}

static void test_what_is_no_dn_compares_in_lower_case(void **state)
{
	static const struct pair rows[] = {
		ROW("Ada Ray", "ada ray"),
		ROW("CN=A;DC=B", "cn=a;dc=b"),
		ROW("cn=A,,dc=\xC3\x96", "cn=a,,dc=\xC3\xB6"),
		ROW("X\xFFY", "x\xFFy"),
		ROW("A\0B", "a\0b"),
	};

	(void)state;
	check_normalize(rows, COUNT_OF(rows));
	for (size_t i = 0; i < COUNT_OF(no_dns); i++)
		assert_row(dn_equal(no_dns[i], no_dns[i]), "row %zu", i);
}

static void test_normal_form_is_stable(void **state)
{
	static const struct span dns[] = { S("CN=Ray\\, Ada + UID=7 , DC=corp"),
		S("cn=\\00\\ff\\2b\\20x"), S("cn=\\#a\\\\"), S("cn=J\xC3\x96+b=#0A"), S("cn=a\nb"),
		S("nothing") };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(dns); i++) {
		struct str once = { 0 }, twice = { 0 };

		dn_normalize(dns[i], &once);
		dn_normalize(str_span(&once), &twice);
		assert_row(span_equal(str_span(&once), str_span(&twice)), "%s, then %s",
		    str_c(&once), str_c(&twice));
		str_done(&once);
		str_done(&twice);
	}
}

static void test_equal(void **state)
{
	static const struct pair same[] = {
		ROW("", ""),
		ROW("CN=A,DC=B", "cn = a , dc=b"),
		ROW("cn=a\\,b", "cn=a\\2cb"),
		ROW("cn=a+sn=b", "SN=b+CN=a"),
		ROW("cn=\xC3\x84", "cn=\xC3\xA4"),
		ROW("cn=a  b", "cn=a b"),
		ROW("X;Y", "x;y"),
	};
	static const struct pair other[] = {
		ROW("", "dc=b"),
		ROW("cn=a,dc=b", "cn=a,dc=c"),
		ROW("cn=a,dc=b", "cn=a,dc=b,dc=c"),
		ROW("cn=a,dc=b", "cn=a+dc=b"),
		ROW("cn=a,dc=b", "cn=a\\,dc=b"),
		ROW("cn=ab", "cn=a b"),
		ROW("cn=#61", "cn=\\#61"),
		ROW("cn=\\ff", "cn=\\fe"),
		ROW("cn=\\ff", "cn=\\5cff"),
	};
	struct str scratch = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(same) + COUNT_OF(other); i++) {
		bool want = i < COUNT_OF(same);
		const struct pair *row = want ? &same[i] : &other[i - COUNT_OF(same)];
		struct str normal = { 0 };

		assert_row(dn_equal(row->from, row->to) == want, "%s %s", row->from.at, row->to.at);
		assert_row(dn_equal(row->to, row->from) == want, "%s %s", row->from.at, row->to.at);
		dn_normalize(row->to, &normal);
		assert_row(dn_equal_normalized(row->from, str_span(&normal), &scratch) == want,
		    "%s %s", row->from.at, str_c(&normal));
		str_done(&normal);
	}
	str_done(&scratch);
}

static void test_equal_normalized_agrees(void **state)
{
	/* Every short text over an alphabet of trouble, against the slow way. */
	static const char alphabet[] = "aB=,+ \\2#";
	struct span other = SPAN("a=b,a=a");
	struct str normal = { 0 }, mine = { 0 }, scratch = { 0 };
	char text[8] = "a=";

	(void)state;
	dn_normalize(other, &normal);
	for (unsigned long number = 0; number < 59049; number++) {
		unsigned long rest = number;

		for (int i = 2; i < 7; i++) {
			text[i] = alphabet[rest % 9];
			rest /= 9;
		}
		str_truncate(&mine, 0);
		dn_normalize(span_of(text), &mine);
		assert_row(dn_equal_normalized(span_of(text), str_span(&normal), &scratch) ==
			       span_equal(str_span(&mine), str_span(&normal)),
		    "\"%s\"", text);
		assert_row(
		    dn_equal_normalized(span_of(text), str_span(&mine), &scratch), "\"%s\"", text);
	}
	str_done(&normal);
	str_done(&mine);
	str_done(&scratch);
}

static void test_parent(void **state)
{
	static const struct pair rows[] = {
		ROW("", ""),
		ROW("dc=b", ""),
		ROW("cn=a,dc=b", "dc=b"),
		ROW("cn=a, dc=b,dc=c", "dc=b,dc=c"),
		ROW("cn=a\\,b,dc=c", "dc=c"),
		ROW("cn=a\\\\,dc=c", "dc=c"),
		ROW("cn=a\\2C,dc=c", "dc=c"),
		ROW("cn=a\\", ""),
		ROW("cn=a+sn=b,dc=c", "dc=c"),
		ROW("cn=a,", ""),
		ROW("Ada", ""),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_row(span_equal(dn_parent(rows[i].from), rows[i].to), "%s", rows[i].from.at);
	assert_true(span_equal(dn_parent(SPAN_NULL), SPAN("")));
}

static void test_rdn_value(void **state)
{
	static const struct pair rows[] = {
		ROW("cn=Ada Ray,dc=b", "Ada Ray"),
		ROW("cn=Ray\\, Ada,dc=b", "Ray\\, Ada"),
		ROW("cn = Ada ,dc=b", "Ada"),
		ROW("cn=Ada\\ ,dc=b", "Ada\\ "),
		ROW("cn=Ada\\  ,dc=b", "Ada\\ "),
		ROW("cn=\\ Ada,dc=b", "\\ Ada"),
		ROW("cn=Ada+uid=7,dc=b", "Ada"),
		ROW("cn=a=b,dc=b", "a=b"),
		ROW("cn=,dc=b", ""),
		ROW("cn=", ""),
		ROW("Ada", "Ada"),
		ROW("Ada,dc=b", "Ada,dc=b"),
		ROW("", ""),
		ROW("cn=a\\", "a\\"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_row(
		    span_equal(dn_rdn_value(rows[i].from), rows[i].to), "%s", rows[i].from.at);
}

static void test_parts(void **state)
{
	static const struct pair want[] = { ROW("CN", "Ray\\, Ada"), ROW("uid", "7"),
		ROW("", "odd"), ROW("dc", "b\\ "), ROW("dc", "") };
	struct span rest = SPAN("CN = Ray\\, Ada + uid=7,odd, dc=b\\  ,dc="), type, value;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		assert_true(dn_next_part(&rest, &type, &value));
		assert_row(span_equal(type, want[i].from), "part %zu type", i);
		assert_row(span_equal(value, want[i].to), "part %zu value", i);
	}
	assert_false(dn_next_part(&rest, &type, &value));
}

static void test_unescape(void **state)
{
	static const struct pair rows[] = {
		ROW("", ""),
		ROW("Ada", "Ada"),
		ROW("Ray\\, Ada", "Ray, Ada"),
		ROW("Ray\\2C Ada", "Ray, Ada"),
		ROW("\\ a\\ ", " a "),
		ROW("\\#\\+\\;\\<\\>\\=\\\"\\\\", "#+;<>=\"\\"),
		ROW("Lu\\C4\\8d", "Lu\xC4\x8D"),
		ROW("a\\00b", "a\0b"),
		ROW("a\\", "a\\"),
		ROW("a\\x", "a\\x"),
		ROW("a\\2", "a\\2"),
		ROW("a\\2g", "a\\2g"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str out = { 0 };

		dn_unescape(rows[i].from, &out);
		assert_row(span_equal(str_span(&out), rows[i].to), "%s gives %s", rows[i].from.at,
		    str_c(&out));
		str_done(&out);
	}
}

static void test_within(void **state)
{
	static const struct pair inside[] = {
		ROW("cn=a,dc=b", ""),
		ROW("", ""),
		ROW("anything", ""),
		ROW("dc=b", "DC=B"),
		ROW("cn=a,dc=b", "dc=b"),
		ROW("cn=a,ou=x,dc=b", "dc = B"),
		ROW("cn=a\\,b,OU=\xC3\x96,dc=b", "ou=\xC3\xB6,dc=b"),
		ROW("no dn", "NO DN"),
	};
	static const struct pair outside[] = {
		ROW("", "dc=b"),
		ROW("dc=b", "cn=a,dc=b"),
		ROW("cn=a,dc=bb", "dc=b"),
		ROW("cn=a,xdc=b", "dc=b"),
		ROW("cn=a\\,dc=b", "dc=b"),
		ROW("cn=a+dc=b", "dc=b"),
		ROW("cn=a,dc=b,dc=c", "dc=b"),
		ROW("no dn;,dc=b", "dc=b"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(inside); i++)
		assert_row(
		    dn_is_within(inside[i].from, inside[i].to), "out: %s", inside[i].from.at);
	for (size_t i = 0; i < COUNT_OF(outside); i++)
		assert_row(
		    !dn_is_within(outside[i].from, outside[i].to), "in: %s", outside[i].from.at);
}

static void test_depth(void **state)
{
	(void)state;
	assert_int_equal(dn_depth(SPAN("")), 0);
	assert_int_equal(dn_depth(SPAN("  ")), 0);
	assert_int_equal(dn_depth(SPAN_NULL), 0);
	assert_int_equal(dn_depth(SPAN("dc=b")), 1);
	assert_int_equal(dn_depth(SPAN("cn=a,dc=b")), 2);
	assert_int_equal(dn_depth(SPAN("cn=a\\,b+uid=7,ou=x,dc=b")), 3);
	assert_int_equal(dn_depth(SPAN("Ada")), 1);
}

static void test_huge(void **state)
{
	struct str dn = { 0 }, out = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++)
		str_add_c(&dn, "OU=x,");
	str_add_c(&dn, "dc=b");
	dn_normalize(str_span(&dn), &out);
	assert_int_equal(out.len, dn.len);
	assert_int_equal(dn_depth(str_span(&dn)), 20001);
	assert_true(dn_is_within(str_span(&dn), SPAN("dc=b")));

	/* An RDN of many parts is sorted up to a limit, and behind it no DN. */
	str_truncate(&dn, 0);
	for (int i = 99; i > 36; i--)
		str_addf(&dn, "a=%d+", i);
	str_add_c(&dn, "a=10");
	assert_true(dn_is_valid(str_span(&dn)));
	str_truncate(&out, 0);
	dn_normalize(str_span(&dn), &out);
	assert_memory_equal(out.at, "a=10+a=37+a=38+", 15);
	str_add_c(&dn, "+a=11");
	assert_false(dn_is_valid(str_span(&dn)));
	str_done(&dn);
	str_done(&out);
}

const struct CMUnitTest dn_tests[] = {
	cmocka_unit_test(test_normalize),
	cmocka_unit_test(test_normalize_escapes_have_one_form),
	cmocka_unit_test(test_normalize_parts_in_byte_order),
	cmocka_unit_test(test_normalize_unicode),
	cmocka_unit_test(test_validity),
	cmocka_unit_test(test_rfc4514_examples),
	cmocka_unit_test(test_what_is_no_dn_compares_in_lower_case),
	cmocka_unit_test(test_normal_form_is_stable),
	cmocka_unit_test(test_equal),
	cmocka_unit_test(test_equal_normalized_agrees),
	cmocka_unit_test(test_parent),
	cmocka_unit_test(test_rdn_value),
	cmocka_unit_test(test_parts),
	cmocka_unit_test(test_unescape),
	cmocka_unit_test(test_within),
	cmocka_unit_test(test_depth),
	cmocka_unit_test(test_huge),
};
const size_t dn_test_count = COUNT_OF(dn_tests);
