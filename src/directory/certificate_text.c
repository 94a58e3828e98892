/* SPDX-License-Identifier: ISC */
/*
 * Walks the first fields of a TBSCertificate (RFC 5280 4.1.2) by tag and length:
 *
 *     SEQUENCE { SEQUENCE { [0] version, INTEGER serial, SEQUENCE algorithm, SEQUENCE issuer,
 *                           SEQUENCE { notBefore, notAfter }, SEQUENCE subject, …
 */
#include "directory/certificate_text.h"

#include "base/time.h"
#include <ldap.h>

enum {
	DER_OCTET_STRING = 0x04,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_DNS_NAME = 0x82,
	DER_VERSION = 0xa0,
};

#define OID_SUBJECT_ALT_NAME "\x06\x03\x55\x1d\x11"

struct element {
	uint8_t tag;
	struct span whole, content;
};

/* Definite lengths of at most four bytes; more is no certificate. */
static bool read_length(struct span *rest, size_t *ret_len)
{
	uint8_t first;
	size_t count, len = 0;

	if (rest->len == 0)
		return false;
	first = (uint8_t)rest->at[0];
	rest->at++, rest->len--;
	*ret_len = first;
	if (first < 0x80)
		return true;
	count = first & 0x7f;
	if (count == 0 || count > 4 || count > rest->len)
		return false;
	for (size_t i = 0; i < count; i++)
		len = len << 8 | (uint8_t)rest->at[i];
	rest->at += count, rest->len -= count;
	*ret_len = len;
	return true;
}

static bool take(struct span *rest, struct element *ret_element)
{
	struct span start = *rest;
	size_t len;

	if (rest->len < 2)
		return false;
	ret_element->tag = (uint8_t)rest->at[0];
	rest->at++, rest->len--;
	if (!read_length(rest, &len) || len > rest->len)
		return false;
	ret_element->content = (struct span) { rest->at, len };
	rest->at += len, rest->len -= len;
	ret_element->whole = (struct span) { start.at, (size_t)(rest->at - start.at) };
	return true;
}

static bool enter(struct span *rest)
{
	struct element element;

	if (!take(rest, &element) || element.tag != DER_SEQUENCE)
		return false;
	*rest = element.content;
	return true;
}

static bool read_time(struct span *rest, int64_t *ret_wall_ms)
{
	struct element element;
	char text[32];

	if (!take(rest, &element) || element.content.len < 2 ||
	    element.content.len > sizeof(text) - 3)
		return false;
	if (element.tag == DER_GENERALIZED_TIME)
		return time_parse_generalized(element.content, ret_wall_ms);
	if (element.tag != DER_UTC_TIME)
		return false;
	/* RFC 5280 4.1.2.5.1: 50 to 99 are of the last century. */
	memcpy(text, element.content.at[0] >= '5' ? "19" : "20", 2);
	memcpy(text + 2, element.content.at, element.content.len);
	return time_parse_generalized((struct span) { text, element.content.len + 2 }, ret_wall_ms);
}

static bool add_name(struct span der, struct str *out)
{
	struct berval name = { .bv_len = der.len, .bv_val = (char *)der.at }, dn = { 0, NULL };

	if (ldap_X509dn2bv(&name, &dn, NULL, 0) != LDAP_SUCCESS || dn.bv_val == NULL)
		return false;
	str_add(out, dn.bv_len == 0 ? SPAN("(no name)") : (struct span) { dn.bv_val, dn.bv_len });
	ldap_memfree(dn.bv_val);
	return true;
}

struct facts {
	struct element issuer, subject;
	int64_t from_ms, until_ms;
};

static bool read_facts(struct span der, struct facts *ret_facts)
{
	struct span rest = der, validity;
	struct element element;

	if (!enter(&rest) || !enter(&rest) || !take(&rest, &element))
		return false;
	if (element.tag == DER_VERSION && !take(&rest, &element))
		return false;
	if (!take(&rest, &element) || !take(&rest, &ret_facts->issuer) || !take(&rest, &element))
		return false;
	validity = element.content;
	return read_time(&validity, &ret_facts->from_ms) &&
	       read_time(&validity, &ret_facts->until_ms) && take(&rest, &ret_facts->subject);
}

static void add_validity(const struct facts *facts, int64_t wall_ms, struct str *out)
{
	char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];

	time_format(facts->from_ms, false, from);
	time_format(facts->until_ms, false, until);
	if (facts->until_ms < wall_ms)
		str_addf(out, ", expired on %s", until);
	else if (facts->from_ms > wall_ms)
		str_addf(out, ", not valid before %s", from);
	else
		str_addf(out, ", valid from %s to %s", from, until);
}

bool certificate_describe(struct span der, int64_t wall_ms, struct str *out)
{
	size_t start = out->len;
	struct facts facts;

	if (!read_facts(der, &facts))
		return false;
	str_add_c(out, "subject ");
	if (!add_name(facts.subject.whole, out))
		goto undo;
	str_add_c(out, ", issued by ");
	if (!add_name(facts.issuer.whole, out))
		goto undo;
	add_validity(&facts, wall_ms, out);
	return true;
undo:
	str_truncate(out, start);
	return false;
}

/* @return whether `rest` now stands in the names of the extension */
static bool enter_alt_names(struct span *rest)
{
	struct element element;

	if (!take(rest, &element))
		return false;
	/* A BOOLEAN may say that the extension is critical. */
	if (element.tag != DER_OCTET_STRING && !take(rest, &element))
		return false;
	*rest = element.content;
	return element.tag == DER_OCTET_STRING && enter(rest);
}

struct span certificate_dns_name(struct span der)
{
	static const char oid[] = OID_SUBJECT_ALT_NAME;
	const size_t oid_len = sizeof(oid) - 1;
	const char *found = der.len == 0 ? NULL : memmem(der.at, der.len, oid, oid_len);
	struct element element;
	struct span rest;

	if (found == NULL)
		return SPAN_NULL;
	rest = (struct span) { found + oid_len, der.len - (size_t)(found - der.at) - oid_len };
	if (!enter_alt_names(&rest))
		return SPAN_NULL;
	while (take(&rest, &element))
		if (element.tag == DER_DNS_NAME)
			return element.content;
	return SPAN_NULL;
}
