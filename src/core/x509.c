/* SPDX-License-Identifier: ISC */
/*
 * Walks the first fields of a TBSCertificate (RFC 5280 4.1.2) by tag and length:
 *
 *     SEQUENCE { SEQUENCE { [0] version, INTEGER serial, SEQUENCE algorithm, SEQUENCE issuer,
 *                           SEQUENCE { notBefore, notAfter }, SEQUENCE subject, …
 */
#include "core/x509.h"

#include "base/time.h"
#include "base/unicode.h"
#include <stdio.h>
#include <string.h>

enum {
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_BMP_STRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
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

/* Goes over the next element. */
static bool step_over(struct span *rest)
{
	struct element element;

	return take(rest, &element);
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

/* ---- names ---- */

/* RFC 4514 3, and those of 4519 that certificates have. */
static const struct {
	const char *oid; /* its bytes */
	const char *name;
} attribute_names[] = {
	{ "\x55\x04\x03", "CN" },
	{ "\x55\x04\x04", "SN" },
	{ "\x55\x04\x05", "serialNumber" },
	{ "\x55\x04\x06", "C" },
	{ "\x55\x04\x07", "L" },
	{ "\x55\x04\x08", "ST" },
	{ "\x55\x04\x09", "street" },
	{ "\x55\x04\x0a", "O" },
	{ "\x55\x04\x0b", "OU" },
	{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID" },
	{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC" },
	{ "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress" },
};

static const char *attribute_name(struct span oid)
{
	for (size_t i = 0; i < sizeof(attribute_names) / sizeof(*attribute_names); i++)
		if (span_equal(oid, span_of(attribute_names[i].oid)))
			return attribute_names[i].name;
	return "?";
}

/* Of two bytes a character; what is beyond ASCII is not worth a table here. */
static void add_bmp(struct span text, struct str *out)
{
	for (size_t i = 0; i + 1 < text.len; i += 2)
		str_add_byte(out, text.at[i] == 0 && text.at[i + 1] > 0 ? text.at[i + 1] : '?');
}

static bool add_attribute(struct span rest, struct str *out)
{
	struct element type, value;

	if (!enter(&rest) || !take(&rest, &type) || type.tag != DER_OID || !take(&rest, &value))
		return false;
	str_addf(out, "%s=", attribute_name(type.content));
	if (value.tag == DER_BMP_STRING) {
		add_bmp(value.content, out);
		return true;
	}
	for (size_t i = 0; i < value.content.len; i++) {
		char byte = value.content.at[i];

		if (byte == ',' || byte == '+' || byte == '\\' || byte == '"')
			str_add_byte(out, '\\');
		str_add_byte(out, byte);
	}
	return true;
}

static bool add_rdn(struct span rest, struct str *out)
{
	bool is_first = true;

	while (rest.len > 0) {
		if (!is_first)
			str_add_byte(out, '+');
		is_first = false;
		if (!add_attribute(rest, out) || !step_over(&rest))
			return false;
	}
	return true;
}

enum { RDN_MAX = 32 };

/* The last RDN of the certificate is the first of the text (RFC 4514 2.1). */
static bool add_name(struct span der, struct str *out)
{
	struct element rdns[RDN_MAX];
	struct span rest = der;
	size_t count = 0;

	if (!enter(&rest))
		return false;
	while (rest.len > 0) {
		if (count == RDN_MAX || !take(&rest, &rdns[count]) || rdns[count].tag != DER_SET)
			return false;
		count++;
	}
	if (count == 0)
		str_add_c(out, "(no name)");
	while (count-- > 0) {
		if (!add_rdn(rdns[count].content, out))
			return false;
		if (count > 0)
			str_add_byte(out, ',');
	}
	return true;
}

/* ---- the certificate ---- */

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

/* @return whether `rest` now stands in the names that the certificate is for */
static bool find_alt_names(struct span der, struct span *rest)
{
	static const char oid[] = OID_SUBJECT_ALT_NAME;
	const size_t oid_len = sizeof(oid) - 1;
	const char *found = der.len == 0 ? NULL : memmem(der.at, der.len, oid, oid_len);

	if (found == NULL)
		return false;
	*rest = (struct span) { found + oid_len, der.len - (size_t)(found - der.at) - oid_len };
	return enter_alt_names(rest);
}

struct span x509_dns_name(struct span der)
{
	struct element element;
	struct span rest;

	if (!find_alt_names(der, &rest))
		return SPAN_NULL;
	while (take(&rest, &element))
		if (element.tag == DER_DNS_NAME)
			return element.content;
	return SPAN_NULL;
}

static void add_dns_names(struct span der, struct str *out)
{
	struct element element;
	struct span rest;

	if (!find_alt_names(der, &rest))
		return;
	while (take(&rest, &element)) {
		if (element.tag != DER_DNS_NAME)
			continue;
		if (out->len > 0)
			str_add_c(out, ", ");
		str_add(out, element.content);
	}
}

/* Made printable, and cut at a character. */
static void keep(struct str *text, char place[X509_TEXT_SIZE])
{
	struct str printable = { 0 };
	size_t len;

	utf8_printable(str_span(text), &printable);
	len = printable.len;
	if (len >= X509_TEXT_SIZE)
		for (len = X509_TEXT_SIZE - 1; len > 0 && (printable.at[len] & 0xc0) == 0x80;)
			len--;
	memcpy(place, str_c(&printable), len);
	place[len] = '\0';
	str_truncate(text, 0);
	str_done(&printable);
}

bool x509_summarize(struct span der, struct x509_summary *ret_summary)
{
	struct str text = { 0 };
	struct facts facts;
	bool is_good;

	*ret_summary = (struct x509_summary) { 0 };
	if (!read_facts(der, &facts))
		return false;
	is_good = add_name(facts.subject.whole, &text);
	keep(&text, ret_summary->subject);
	is_good = is_good && add_name(facts.issuer.whole, &text);
	keep(&text, ret_summary->issuer);
	add_dns_names(der, &text);
	keep(&text, ret_summary->names);
	str_done(&text);
	ret_summary->from_ms = facts.from_ms;
	ret_summary->until_ms = facts.until_ms;
	ret_summary->is_self_signed = span_equal(facts.subject.whole, facts.issuer.whole);
	ret_summary->is_known = is_good;
	return is_good;
}

enum x509_trouble x509_judge(const struct x509_summary *summary, int64_t wall_ms)
{
	if (!summary->is_known)
		return X509_UNKNOWN_ISSUER;
	if (summary->until_ms < wall_ms)
		return X509_EXPIRED;
	if (summary->from_ms > wall_ms)
		return X509_NOT_YET_VALID;
	return summary->is_self_signed ? X509_SELF_SIGNED : X509_UNKNOWN_ISSUER;
}

const char *x509_trouble_name(enum x509_trouble trouble)
{
	static const char *const names[] = { "trusted", "expired", "not-yet-valid", "wrong-name",
		"self-signed", "unknown-issuer" };

	return names[trouble];
}

const char *x509_trouble_text(enum x509_trouble trouble)
{
	switch (trouble) {
	case X509_TRUSTED:
		return "it is trusted";
	case X509_EXPIRED:
		return "it has expired";
	case X509_NOT_YET_VALID:
		return "it is not valid yet";
	case X509_WRONG_NAME:
		return "it is for another name";
	case X509_SELF_SIGNED:
		return "it is self-signed and not in ca_file";
	case X509_UNKNOWN_ISSUER:
		break;
	}
	return "its issuer is not known";
}

const char *x509_trouble_remedy(enum x509_trouble trouble)
{
	switch (trouble) {
	case X509_TRUSTED:
	case X509_UNKNOWN_ISSUER:
		break;
	case X509_EXPIRED:
		return "have it renewed, or set this host's clock right";
	case X509_NOT_YET_VALID:
		return "set this host's clock right, or have a certificate issued that is valid "
		       "now";
	case X509_WRONG_NAME:
		return "use that name in the URL, or have it issued for this one";
	case X509_SELF_SIGNED:
		return "if it is the right one, put it into a file and name that as tls.ca_file";
	}
	return "put its authority's certificate (PEM) into tls.ca_file, and see that the server "
	       "sends the certificates between";
}

void x509_describe(const struct x509_summary *summary, int64_t wall_ms, struct str *out)
{
	char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];

	time_format(summary->from_ms, false, from);
	time_format(summary->until_ms, false, until);
	str_addf(out, "subject %s, issued by %s", summary->subject, summary->issuer);
	if (summary->until_ms < wall_ms)
		str_addf(out, ", expired on %s", until);
	else if (summary->from_ms > wall_ms)
		str_addf(out, ", not valid before %s, and to %s", from, until);
	else
		str_addf(out, ", valid from %s to %s", from, until);
}
