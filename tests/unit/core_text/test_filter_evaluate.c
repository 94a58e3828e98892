/* SPDX-License-Identifier: ISC */
/* Evaluating filters: one entry with a bit of everything, and tables of what holds for it. */
#include "core/filter.h"
#include "support.h"
#include <stdlib.h>

#define LONG_50 "0123456789 123456789 123456789 123456789 123456789"

static const char entry_dn[] = "CN=Ada\\, M. Ray+UID=7,OU=Staff,O=Ace Industry,DC=corp,DC=example";

static const struct test_value entry_values_all[] = {
	{ "objectClass", S("top") },
	{ "objectClass", S("inetOrgPerson") },
	{ "cn", S("Ada Ray") },
	{ "cn", S("Ray, Ada") },
	{ "cn;lang-en", S("English Ada") },
	{ "sn", S("Ray") },
	{ "givenName", S("J\xC3\x96RG  \xC3\x89lan") },
	{ "street", S("  Main   Street  5 ") },
	{ "o", S("Stra\xC3\x9F"
		 "e (GmbH) *") },
	{ "title", S("caf\x65\xCC\x81") }, /* e and an accent of its own */
	{ "employeeNumber", S("1042") },
	{ "departmentNumber", S("HR-7") },
	{ "departmentNumber", S("007") },
	{ "negative", S("-12") },
	{ "big", S("123456789012345678901234567890") },
	{ "uidNumber", S("0501") },
	{ "employeeType", S("") },
	{ "active", S("TRUE") },
	{ ".enabled", S("FALSE") },
	{ ".dn", S("CN=Ada\\, M. Ray+UID=7,OU=Staff,O=Ace Industry,DC=corp,DC=example") },
	{ ".parent", S("OU=Staff,O=Ace Industry,DC=corp,DC=example") },
	{ ".expires", S("2026-12-31T00:00:00Z") },
	{ "userAccountControl", S("514") },
	{ "groupType", S("-2147483646") },
	{ "flags", S("abc") },
	{ "memberOf", S("CN=Finance,OU=Groups,DC=corp,DC=example") },
	{ "memberOf", S("CN=Sales\\, EU , OU=Groups,DC=corp,DC=example") },
	{ "manager", S("CN=J\xC3\x96rg,DC=corp") },
	{ "objectCategory", S("CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example") },
	{ "whenCreated", S("20260301120000.0Z") },
	{ "modifyTimestamp", S("20260301120000Z") },
	{ "modifyTimestamp", S("garbled") },
	{ "homeDirectory", S("/home/Ada") },
	{ "telephoneNumber", S("+1 555-0100") },
	{ "jpegPhoto", S("\xFF\xD8 a\0b ") },
	{ "nick", S("Kim") },
	{ "latin", S("J\xF6RG") },
	{ "lines", S("one\ntwo\0three") },
	{ "long", S(LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 "END") },
};

static void check(const char *const *texts, size_t count, enum filter_result want)
{
	for (size_t i = 0; i < count; i++) {
		struct attribute_set *set = attribute_set_new();
		struct filter *filter = NULL;
		struct test_entry entry;
		struct err err = { "" };

		assert_row(filter_compile(span_of(texts[i]), set, &filter, NULL, &err) == STATUS_OK,
		    "%s: %s", texts[i], err.text);
		test_entry_build(
		    &entry, set, entry_dn, entry_values_all, COUNT_OF(entry_values_all));
		assert_row(filter_evaluate(filter, &entry.entry) == want, "%s is %d, not %d",
		    texts[i], (int)filter_evaluate(filter, &entry.entry), (int)want);
		assert_int_equal(filter_matches(filter, &entry.entry), want == FILTER_TRUE);
		test_entry_done(&entry);
		filter_free(&filter);
		attribute_set_free(&set);
	}
}

static void test_equality(void **state)
{
	static const char *const yes[] = { "(cn=Ada Ray)", "(CN=ADA RAY)", "(cn=  ada    ray )",
		"(cn=ray, ada)", "(cn;lang-en=english ada)", "(objectClass=inetorgperson)",
		"(street=main street 5)", "(street= Main  Street 5)", "(employeeType=)",
		"(employeeType= )", "(departmentNumber=007)", "(active=true)", "(active=True)",
		"(.enabled=false)", "(cn~=ada ray)", "(cn:=ada ray)",
		"(o=stra\\c3\\9fe \\28gmbh\\29 \\2a)", "(lines=one\\0aTWO\\00three)" };
	static const char *const no[] = { "(cn=Ada)", "(cn=Ada Rayy)", "(cn=AdaRay)",
		"(cn=English Ada)", "(cn=)", "(departmentNumber=7)", "(active=FALSE)",
		"(active=TRUE1)", "(sn=Rax)", "(sn=Ra)", "(sn=xRay)", "(lines=one)",
		"(lines=one\\0atwo)", "(employeeType=x)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_unicode(void **state)
{
	static const char *const yes[] = { "(givenName=j\xC3\xB6rg \xC3\xA9lan)",
		"(givenName=J\xC3\x96RG \xC3\x89LAN)", "(givenName=jo\xCC\x88rg e\xCC\x81lan)",
		"(givenName=j\xC3\xB6*)", "(givenName=*\xC3\x89LAN)",
		"(o=STRASSE \\28gmbh\\29 \\2a)", "(o=strasse*)", "(title=caf\xC3\xA9)",
		"(title=CAF\xC3\x89)", "(title=caf\xC3\xA9*)",
		/* The sign for Kelvin folds to an ASCII k. */
		"(nick=\xE2\x84\xAAim)", "(latin=j\\f6rg)", "(latin=J\\F6*)", "(latin=*rg)" };
	static const char *const no[] = { "(givenName=jorg elan)", "(title=cafe)", "(title=caf)",
		"(title=cafe*)", "(latin=j\\f6r)", "(latin=j\xC3\xB6rg)", "(latin=\\d6)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_presence_and_constants(void **state)
{
	static const char *const yes[] = { "(cn=*)", "(cn=**)", "(employeeType=*)", "(&)", "(!(|))",
		"(.dn=*)", "(memberOf=*)", "(objectClass=*)" };
	static const char *const no[] = { "(nothing=*)", "(|)", "(!(&))", "(!(cn=*))", "(.key=*)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_substrings(void **state)
{
	static const char *const yes[] = { "(cn=A*)", "(cn=*y)", "(cn=*D*)", "(cn=a*a*r*y)",
		"(cn=ada*ray)", "(cn=Ada *)", "(cn=Ada  *)", "(cn=* Ray)", "(cn=*a R*)", "(cn=*,*)",
		"(street=main*)", "(street=*5)", "(street=* Street *)", "(street=  Main *)",
		"(departmentNumber=HR*)", "(sn=r*a*y)", "(sn=ra*y)", "(sn=ray*)", "(sn=*ray)",
		"(sn=*ray*)", "(o=*\\28*)", "(o=*\\2a)", "(long=0*END)", "(long=*9END)",
		"(long=*90123*)", "(lines=*\\0a*)", "(lines=*\\00th*)",
		"(cn:caseIgnoreSubstringsMatch:=A*Y)", "(cn:caseExactSubstringsMatch:=A*y)",
		"(memberOf=cn=fin*)", "(whenCreated=2026*)", "(uidNumber=05*)", "(cn=a**y)" };
	static const char *const no[] = { "(cn=B*)", "(cn=*x)", "(cn=Ray *)", "(sn=ray*y)",
		"(sn=ra*ay)", "(sn=r*r*y)", "(sn=*ray*ray*)", "(sn=a*)", "(sn=rayy*)", "(sn=*rray)",
		"(sn=Ray *)", "(sn=* Ray)", "(cn:caseExactSubstringsMatch:=A*Y)", "(nothing=a*)",
		"(long=*END*0*)", "(employeeType=a*)", "(employeeType=*a*)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_order(void **state)
{
	static const char *const yes[] = { "(employeeNumber>=1042)", "(employeeNumber<=1042)",
		"(employeeNumber>=999)", "(employeeNumber<=10000)", "(employeeNumber>=-5)",
		"(employeeNumber>=0001042)", "(negative<=-11)", "(negative>=-13)", "(negative<=0)",
		"(negative>=-0012)", "(big>=123456789012345678901234567889)",
		"(big<=123456789012345678901234567890)", "(big>=9223372036854775807)", "(sn>=rax)",
		"(sn>=RAY)", "(sn<=Ray)", "(sn<=S)", "(sn>=ra)", "(whenCreated>=20260301120000Z)",
		"(whenCreated<=20260301120000Z)", "(whenCreated>=20260301)",
		"(whenCreated<=20270101000000Z)", "(whenCreated>=2026-03-01)",
		"(.expires>=2026-12-30)", "(.expires<=20270101000000Z)", "(employeeNumber>=-0)",
		"(uidNumber>=501)" };
	static const char *const no[] = { "(employeeNumber>=1043)", "(employeeNumber<=1041)",
		"(employeeNumber<=999)", "(negative>=-11)", "(negative<=-13)", "(negative>=0)",
		"(big<=123456789012345678901234567889)", "(sn>=raz)", "(sn<=rax)", "(sn<=Ra)",
		"(whenCreated>=20260301120001Z)", "(whenCreated<=20260301115959Z)",
		"(.expires<=2026-12-30)", "(nothing>=1)", "(nothing<=1)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_bits(void **state)
{
	static const char *const yes[] = { "(userAccountControl:1.2.840.113556.1.4.803:=2)",
		"(userAccountControl:1.2.840.113556.1.4.803:=514)",
		"(userAccountControl:1.2.840.113556.1.4.803:=0)",
		"(userAccountControl:1.2.840.113556.1.4.804:=3)",
		"(userAccountControl:integerBitAndMatch:=512)",
		"(groupType:1.2.840.113556.1.4.803:=2147483648)",
		"(groupType:1.2.840.113556.1.4.803:=-2147483648)",
		"(groupType:1.2.840.113556.1.4.804:=2)",
		"(!(userAccountControl:1.2.840.113556.1.4.803:=1))",
		"(!(nothing:1.2.840.113556.1.4.803:=2))" };
	static const char *const no[] = { "(userAccountControl:1.2.840.113556.1.4.803:=3)",
		"(userAccountControl:1.2.840.113556.1.4.804:=0)",
		"(userAccountControl:1.2.840.113556.1.4.804:=61)",
		"(nothing:1.2.840.113556.1.4.803:=0)",
		"(!(userAccountControl:1.2.840.113556.1.4.803:=2))" };
	static const char *const open[] = { "(flags:1.2.840.113556.1.4.803:=2)",
		"(!(flags:1.2.840.113556.1.4.804:=2))", "(big:1.2.840.113556.1.4.803:=0)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
	check(open, COUNT_OF(open), FILTER_UNDEFINED);
}

static void test_dns(void **state)
{
	static const char *const yes[] = {
		"(memberOf=cn=finance,ou=groups,dc=corp,dc=example)",
		"(memberOf=CN = Finance , OU=Groups,DC=corp,DC=example)",
		"(memberOf=cn=sales\\5c2c eu,ou=groups,dc=corp,dc=example)",
		"(memberOf=cn=sales\\5c, EU,ou=groups,dc=corp,dc=example)",
		"(manager=cn=j\xC3\xB6rg,dc=corp)",
		"(.parent=ou=staff,o=ace industry,dc=corp,dc=example)",
		"(.dn=uid=7+cn=ada\\5c2c m. ray,ou=staff,o=ace industry,dc=corp,dc=example)",

	};
	static const char *const no[] = { "(memberOf=cn=finance,ou=groups,dc=corp)",
		"(memberOf=cn=sales)", "(memberOf=)", "(nothing:distinguishedNameMatch:=cn=x)",
		"(manager=cn=jorg,dc=corp)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_object_category(void **state)
{
	static const char *const yes[] = { "(objectCategory=person)", "(objectCategory=Person)",
		"(objectCategory=user)", "(objectCategory=contact)",
		"(objectCategory=inetOrgPerson)",
		"(objectCategory=cn=person,cn=schema,cn=configuration,dc=corp,dc=example)" };
	static const char *const no[] = { "(objectCategory=computer)", "(objectCategory=group)",
		"(objectCategory=perso)", "(objectCategory=persons)",
		"(objectCategory=cn=person,cn=schema)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

static void test_rules(void **state)
{
	static const char *const yes[] = { "(sn:caseExactMatch:=Ray)", "(sn:2.5.13.5:= Ray )",
		"(sn:caseIgnoreMatch:=RAY)", "(homeDirectory=/home/Ada)",
		"(homeDirectory:caseIgnoreMatch:=/HOME/ADA)", "(telephoneNumber=+15550100)",
		"(telephoneNumber=+1 5550-100)", "(telephoneNumber=+1-555*)", "(uidNumber=501)",
		"(departmentNumber:integerMatch:=7)", "(negative:integerMatch:=-0012)",
		"(employeeNumber:numericStringMatch:=10 42)", "(active:booleanMatch:=true)",
		"(jpegPhoto=\\ff\\d8 a\\00b )", "(sn:octetStringMatch:=Ray)",
		"(whenCreated=20260301120000Z)", "(whenCreated=20260301130000+0100)",
		"(modifyTimestamp=20260301120000Z)", "(sn:UUIDMatch:=RAY)", "(sn:2.5.13.0:=ray)",
		"(sn:caseIgnoreIA5Match:=ray)", "(sn:1.3.6.1.4.1.1466.109.114.1:=Ray)" };
	static const char *const no[] = { "(sn:caseExactMatch:=ray)", "(homeDirectory=/home/ada)",
		"(homeDirectory=/HOME*)", "(telephoneNumber=+15550101)", "(uidNumber=50)",
		"(employeeNumber:integerMatch:=1043)", "(jpegPhoto=\\ff\\d8 a\\00b)",
		"(jpegPhoto=\\ff\\d8 A\\00b )", "(sn:octetStringMatch:=ray)",
		"(sn:octetStringMatch:=Ray )", "(whenCreated=20260301120001Z)",
		"(active:booleanMatch:=false)", "(nothing:integerMatch:=1)" };
	static const char *const open[] = { "(sn:integerMatch:=5)",
		"(departmentNumber:integerMatch:=8)", "(modifyTimestamp=20270101000000Z)",
		"(!(sn:integerMatch:=5))" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
	check(open, COUNT_OF(open), FILTER_UNDEFINED);
}

static void test_dn_parts(void **state)
{
	static const char *const yes[] = { "(o:dn:=Ace Industry)", "(O:DN:=ace industry)",
		"(uid:dn:=7)", "(cn:dn:=ada, m. ray)", "(dc:dn:=corp)", "(dc:dn:=EXAMPLE)",
		"(ou:dn:caseExactMatch:=Staff)", "(uid:dn:integerMatch:=007)", "(sn:dn:=ray)" };
	static const char *const no[] = { "(o:=Ace Industry)", "(uid:=7)", "(dc:dn:=org)",
		"(ou:dn:caseExactMatch:=staff)", "(l:dn:=x)" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
}

/* T, F and U as filters, for the truth tables. */
#define T "(&)"
#define F "(|)"
#define U "(flags:1.2.840.113556.1.4.803:=1)"

static void test_three_values(void **state)
{
	static const char *const yes[] = { "(&" T T ")", "(|" T F ")", "(|" T U ")", "(|" U T ")",
		"(!" F ")", "(|" F F T ")", "(!(&" U F "))" };
	static const char *const no[] = { "(&" T F ")", "(&" U F ")", "(&" F U ")", "(|" F F ")",
		"(!" T ")", "(&" T T F ")", "(!(|" U T "))" };
	static const char *const open[] = { U, "(!" U ")", "(&" T U ")", "(&" U T ")", "(|" F U ")",
		"(|" U F ")", "(&" U U ")", "(|" U U ")", "(!(!" U "))", "(&" U "(!" U "))" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
	check(no, COUNT_OF(no), FILTER_FALSE);
	check(open, COUNT_OF(open), FILTER_UNDEFINED);
}

static void test_absent_is_false(void **state)
{
	/* As slapd 2.5 and AD answer: who has no employeeType is no contractor. */
	static const char *const yes[] = { "(!(nothing=x))", "(!(nothing>=x))", "(!(nothing=x*))",
		"(!(memberUid=x))", "(&(objectClass=inetOrgPerson)(!(employeeStatus=gone)))" };

	(void)state;
	check(yes, COUNT_OF(yes), FILTER_TRUE);
}

static void test_entry_with_fewer_slots(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct entry entry = { .dn = SPAN("cn=a") };

	(void)state;
	assert_int_equal(
	    filter_compile(SPAN("(|(a=*)(b=1)(c:dn:=2))"), set, &filter, NULL, NULL), STATUS_OK);
	assert_int_equal(filter_evaluate(filter, &entry), FILTER_FALSE);
	entry.dn = SPAN_NULL;
	assert_int_equal(filter_evaluate(filter, &entry), FILTER_FALSE);
	filter_free(&filter);
	attribute_set_free(&set);
}

static void test_hostile_values(void **state)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct test_entry entry;
	struct str big = { 0 };
	struct test_value value = { "x", SPAN("") };

	(void)state;
	for (int i = 0; i < 200000; i++)
		str_add_c(&big, "ab ");
	value.value = str_span(&big);
	assert_int_equal(filter_compile(SPAN("(|(x=ab ab*c)(x=*bc*)(x>=b)(x=ab)(x:integerMatch:=1)"
					     "(x:distinguishedNameMatch:=cn=a))"),
			     set, &filter, NULL, NULL),
	    STATUS_OK);
	test_entry_build(&entry, set, "", &value, 1);
	assert_int_equal(filter_evaluate(filter, &entry.entry), FILTER_UNDEFINED);
	test_entry_done(&entry);
	filter_free(&filter);
	attribute_set_free(&set);
	str_done(&big);
}

const struct CMUnitTest filter_evaluate_tests[] = {
	cmocka_unit_test(test_equality),
	cmocka_unit_test(test_unicode),
	cmocka_unit_test(test_presence_and_constants),
	cmocka_unit_test(test_substrings),
	cmocka_unit_test(test_order),
	cmocka_unit_test(test_bits),
	cmocka_unit_test(test_dns),
	cmocka_unit_test(test_object_category),
	cmocka_unit_test(test_rules),
	cmocka_unit_test(test_dn_parts),
	cmocka_unit_test(test_three_values),
	cmocka_unit_test(test_absent_is_false),
	cmocka_unit_test(test_entry_with_fewer_slots),
	cmocka_unit_test(test_hostile_values),
};
const size_t filter_evaluate_test_count = COUNT_OF(filter_evaluate_tests);
