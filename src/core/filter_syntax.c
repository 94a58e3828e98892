/* SPDX-License-Identifier: ISC */
/*
 * What stands in for a schema: the attributes that do not compare as text, and the matching rules.
 *
 * Source: RFC 4519, RFC 4512, RFC 4517, RFC 2307, RFC 2798; MS-ADA1 to 3, MS-ADTS 3.1.1.3.4.4.
 */
#include "core/filter_p.h"

struct attribute_syntax {
	const char *name;
	enum filter_syntax syntax;
};

static const struct attribute_syntax attributes[] = {
	{ ATTRIBUTE_DN, SYNTAX_DN },
	{ ATTRIBUTE_ENABLED, SYNTAX_BOOLEAN },
	{ ATTRIBUTE_EXPIRES, SYNTAX_TIME },
	{ ATTRIBUTE_PARENT, SYNTAX_DN },
	{ "accountExpires", SYNTAX_INTEGER },
	{ "aliasedObjectName", SYNTAX_DN },
	{ "assistant", SYNTAX_DN },
	{ "automountInformation", SYNTAX_EXACT },
	{ "badPasswordTime", SYNTAX_INTEGER },
	{ "createTimestamp", SYNTAX_TIME },
	{ "creatorsName", SYNTAX_DN },
	{ "directReports", SYNTAX_DN },
	{ "distinguishedName", SYNTAX_DN },
	{ "entryDN", SYNTAX_DN },
	{ "facsimileTelephoneNumber", SYNTAX_PHONE },
	{ "gidNumber", SYNTAX_INTEGER },
	{ "groupType", SYNTAX_INTEGER },
	{ "homeDirectory", SYNTAX_EXACT },
	{ "homePhone", SYNTAX_PHONE },
	{ "instanceType", SYNTAX_INTEGER },
	{ "jpegPhoto", SYNTAX_OCTETS },
	{ "labeledURI", SYNTAX_EXACT },
	{ "lastLogon", SYNTAX_INTEGER },
	{ "lastLogonTimestamp", SYNTAX_INTEGER },
	{ "lockoutTime", SYNTAX_INTEGER },
	{ "loginShell", SYNTAX_EXACT },
	{ "managedBy", SYNTAX_DN },
	{ "managedObjects", SYNTAX_DN },
	{ "manager", SYNTAX_DN },
	{ "member", SYNTAX_DN },
	{ "memberOf", SYNTAX_DN },
	{ "memberUid", SYNTAX_EXACT },
	{ "mobile", SYNTAX_PHONE },
	{ "modifiersName", SYNTAX_DN },
	{ "modifyTimestamp", SYNTAX_TIME },
	{ "nsAccountLock", SYNTAX_TEXT },
	{ "nsRoleDN", SYNTAX_DN },
	{ "objectCategory", SYNTAX_CATEGORY },
	{ "objectGUID", SYNTAX_OCTETS },
	{ "objectSid", SYNTAX_OCTETS },
	{ "owner", SYNTAX_DN },
	{ "pager", SYNTAX_PHONE },
	{ "primaryGroupID", SYNTAX_INTEGER },
	{ "pwdChangedTime", SYNTAX_TIME },
	{ "pwdLastSet", SYNTAX_INTEGER },
	{ "roleOccupant", SYNTAX_DN },
	{ "sAMAccountType", SYNTAX_INTEGER },
	{ "secretary", SYNTAX_DN },
	{ "seeAlso", SYNTAX_DN },
	{ "telephoneNumber", SYNTAX_PHONE },
	{ "uidNumber", SYNTAX_INTEGER },
	{ "uniqueMember", SYNTAX_DN },
	{ "unixHomeDirectory", SYNTAX_EXACT },
	{ "userAccountControl", SYNTAX_INTEGER },
	{ "userCertificate", SYNTAX_OCTETS },
	{ "userPassword", SYNTAX_OCTETS },
	{ "uSNChanged", SYNTAX_INTEGER },
	{ "uSNCreated", SYNTAX_INTEGER },
	{ "whenChanged", SYNTAX_TIME },
	{ "whenCreated", SYNTAX_TIME },
	{ "x500UniqueIdentifier", SYNTAX_OCTETS },
};

static const struct filter_rule rules[] = {
	{ "objectIdentifierMatch", "2.5.13.0", FILTER_EQUAL, SYNTAX_TEXT },
	{ "distinguishedNameMatch", "2.5.13.1", FILTER_EQUAL, SYNTAX_DN },
	{ "caseIgnoreMatch", "2.5.13.2", FILTER_EQUAL, SYNTAX_TEXT },
	{ "caseIgnoreSubstringsMatch", "2.5.13.4", FILTER_SUBSTRINGS, SYNTAX_TEXT },
	{ "caseExactMatch", "2.5.13.5", FILTER_EQUAL, SYNTAX_EXACT },
	{ "caseExactSubstringsMatch", "2.5.13.7", FILTER_SUBSTRINGS, SYNTAX_EXACT },
	{ "numericStringMatch", "2.5.13.8", FILTER_EQUAL, SYNTAX_NUMERIC },
	{ "numericStringSubstringsMatch", "2.5.13.10", FILTER_SUBSTRINGS, SYNTAX_NUMERIC },
	{ "booleanMatch", "2.5.13.13", FILTER_EQUAL, SYNTAX_BOOLEAN },
	{ "integerMatch", "2.5.13.14", FILTER_EQUAL, SYNTAX_INTEGER },
	{ "octetStringMatch", "2.5.13.17", FILTER_EQUAL, SYNTAX_OCTETS },
	{ "telephoneNumberMatch", "2.5.13.20", FILTER_EQUAL, SYNTAX_PHONE },
	{ "telephoneNumberSubstringsMatch", "2.5.13.21", FILTER_SUBSTRINGS, SYNTAX_PHONE },
	{ "uniqueMemberMatch", "2.5.13.23", FILTER_EQUAL, SYNTAX_DN },
	{ "generalizedTimeMatch", "2.5.13.27", FILTER_EQUAL, SYNTAX_TIME },
	{ "caseExactIA5Match", "1.3.6.1.4.1.1466.109.114.1", FILTER_EQUAL, SYNTAX_EXACT },
	{ "caseIgnoreIA5Match", "1.3.6.1.4.1.1466.109.114.2", FILTER_EQUAL, SYNTAX_TEXT },
	{ "caseIgnoreIA5SubstringsMatch", "1.3.6.1.4.1.1466.109.114.3", FILTER_SUBSTRINGS,
	    SYNTAX_TEXT },
	{ "caseExactIA5SubstringsMatch", "1.3.6.1.4.1.4203.1.2.1", FILTER_SUBSTRINGS,
	    SYNTAX_EXACT },
	{ "UUIDMatch", "1.3.6.1.1.16.2", FILTER_EQUAL, SYNTAX_TEXT },
	{ "integerBitAndMatch", "1.2.840.113556.1.4.803", FILTER_ALL_BITS, SYNTAX_INTEGER },
	{ "integerBitOrMatch", "1.2.840.113556.1.4.804", FILTER_ANY_BIT, SYNTAX_INTEGER },
};

enum filter_syntax filter_syntax_of(struct span attribute)
{
	attribute.len = span_find(attribute, ';');
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		if (span_equal_ascii_case(attribute, span_of(attributes[i].name)))
			return attributes[i].syntax;
	}
	return SYNTAX_TEXT;
}

const struct filter_rule *filter_find_rule(struct span text)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		if (span_equal_ascii_case(text, span_of(rules[i].name)) ||
		    span_equal(text, span_of(rules[i].oid)))
			return &rules[i];
	}
	return NULL;
}

size_t filter_rule_names(const char *ret_names[FILTER_RULES_MAX])
{
	size_t count = sizeof(rules) / sizeof(*rules);

	_Static_assert(
	    sizeof(rules) / sizeof(*rules) <= FILTER_RULES_MAX, "raise FILTER_RULES_MAX");
	for (size_t i = 0; i < count; i++)
		ret_names[i] = rules[i].name;
	return count;
}
