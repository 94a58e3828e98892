/* SPDX-License-Identifier: ISC */
/*
 * The codes of RFC 4511 4.1.9 and A.2 that a search or a bind can end with, and libldap's own
 * (negative) ones.
 */
#include "directory/result_text.h"

#include "base/unicode.h"
#include <ldap.h>

static const struct {
	int code;
	const char *meaning;
} meanings[] = {
	{ LDAP_SUCCESS, "success" },
	{ LDAP_OPERATIONS_ERROR,
	    "operations error (an unauthenticated bind, or a fault of the server)" },
	{ LDAP_PROTOCOL_ERROR, "protocol error" },
	{ LDAP_TIMELIMIT_EXCEEDED, "time limit of the server exceeded" },
	{ LDAP_SIZELIMIT_EXCEEDED,
	    "size limit of the server exceeded; raise the limit for the bind identity" },
	{ LDAP_STRONG_AUTH_NOT_SUPPORTED, "the server does not support this way of binding" },
	{ LDAP_STRONG_AUTH_REQUIRED, "the server demands a protected connection or a stronger "
				     "bind; use ldaps:// or starttls" },
	{ LDAP_REFERRAL, "the server refers to another server, which is not followed" },
	{ LDAP_ADMINLIMIT_EXCEEDED, "administrative limit of the server exceeded" },
	{ LDAP_UNAVAILABLE_CRITICAL_EXTENSION,
	    "the server refuses a control, or a page after the first" },
	{ LDAP_CONFIDENTIALITY_REQUIRED, "the server demands TLS; use ldaps:// or starttls" },
	{ LDAP_NO_SUCH_ATTRIBUTE, "no such attribute" },
	{ LDAP_INAPPROPRIATE_MATCHING, "the filter does not suit the attribute" },
	{ LDAP_NO_SUCH_OBJECT, "no such entry, or none that the bind identity may see" },
	{ LDAP_ALIAS_PROBLEM, "an alias leads nowhere" },
	{ LDAP_INVALID_DN_SYNTAX, "the server takes this for no DN" },
	{ LDAP_INAPPROPRIATE_AUTH, "the bind does not suit the entry (it has no password?)" },
	{ LDAP_INVALID_CREDENTIALS, "wrong bind DN or password" },
	{ LDAP_INSUFFICIENT_ACCESS, "the bind identity may not read this" },
	{ LDAP_BUSY, "the server is busy" },
	{ LDAP_UNAVAILABLE, "the server is shutting down or not available" },
	{ LDAP_UNWILLING_TO_PERFORM, "the server is unwilling" },
	{ LDAP_LOOP_DETECT, "the server found a loop" },
	{ LDAP_OTHER, "a fault of the server" },
	{ LDAP_SERVER_DOWN, "the connection is lost" },
	{ LDAP_LOCAL_ERROR, "a local fault" },
	{ LDAP_ENCODING_ERROR, "the request cannot be encoded" },
	{ LDAP_DECODING_ERROR, "the answer cannot be decoded" },
	{ LDAP_TIMEOUT, "no answer in time" },
	{ LDAP_AUTH_UNKNOWN, "this way of binding is not known" },
	{ LDAP_FILTER_ERROR, "the filter is not well-formed" },
	{ LDAP_NO_MEMORY, "out of memory" },
	{ LDAP_CONNECT_ERROR, "connecting failed" },
};

static const struct {
	struct span data;
	const char *meaning;
} bind_meanings[] = {
	{ { "525", 3 }, "there is no such account (data 525)" },
	{ { "52e", 3 }, "the password is wrong, or the name (data 52e)" },
	{ { "52f", 3 }, "the account has restrictions (data 52f)" },
	{ { "530", 3 }, "the account may not log on at this time (data 530)" },
	{ { "531", 3 }, "the account may not log on from this host (data 531)" },
	{ { "532", 3 }, "the password has expired (data 532)" },
	{ { "533", 3 }, "the account is disabled (data 533)" },
	{ { "568", 3 }, "the account is in too many groups (data 568)" },
	{ { "701", 3 }, "the account has expired (data 701)" },
	{ { "773", 3 }, "the password must be changed first (data 773)" },
	{ { "775", 3 }, "the account is locked out (data 775)" },
};

const char *result_meaning(int code)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].meaning;
	return "an answer that is not expected here";
}

void result_describe(int code, struct span diagnostic, struct str *out)
{
	struct span words = span_trim(diagnostic);

	while (words.len > 0 && words.at[words.len - 1] == '\0')
		words.len--;
	str_addf(out, "%s (%d)", result_meaning(code), code);
	if (words.len > 0) {
		str_add_c(out, "; the server says: ");
		utf8_printable(words, out);
	}
}

const char *result_bind_meaning(struct span diagnostic)
{
	static const char mark[] = "data ";
	const size_t mark_len = sizeof(mark) - 1;
	const char *found =
	    diagnostic.len == 0 ? NULL : memmem(diagnostic.at, diagnostic.len, mark, mark_len);
	struct span rest;

	if (found == NULL)
		return NULL;
	rest.at = found + mark_len;
	rest.len = diagnostic.len - (size_t)(rest.at - diagnostic.at);
	rest.len = span_find(rest, ',');
	for (size_t i = 0; i < sizeof(bind_meanings) / sizeof(*bind_meanings); i++)
		if (span_equal_ascii_case(span_trim(rest), bind_meanings[i].data))
			return bind_meanings[i].meaning;
	return NULL;
}
