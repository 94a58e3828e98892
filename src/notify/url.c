/* SPDX-License-Identifier: ISC */
/*
 * The rule is narrower than RFC 3986, so that curl cannot read another host out of the same bytes.
 */
#include "notify/url.h"

#include <arpa/inet.h>

static bool begins_with(struct span text, struct span prefix)
{
	return text.len >= prefix.len &&
	       span_equal_ascii_case((struct span) { text.at, prefix.len }, prefix);
}

static struct span authority_of(struct span url)
{
	size_t start = span_find(url, ':') + sizeof("//");
	struct span authority = { url.at + start, url.len - start };

	for (size_t i = 0; i < authority.len; i++)
		if (strchr("/?#", authority.at[i]) != NULL)
			authority.len = i;
	return authority;
}

static bool has_odd_bytes(struct span url)
{
	for (size_t i = 0; i < url.len; i++) {
		unsigned char byte = (unsigned char)url.at[i];

		if (byte <= ' ' || byte >= 0x7f || byte == '\\')
			return true;
	}
	return false;
}

static bool is_loopback_address(struct span host)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;

	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.at, host.len);
	text[host.len] = '\0';
	return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool is_port(struct span text)
{
	uint64_t port;

	return span_to_u64(text, &port) && port > 0 && port <= 65535;
}

static bool is_loopback(struct span authority)
{
	struct span host = authority, port = { NULL, 0 };

	if (begins_with(authority, SPAN("[::1]")))
		host.len = strlen("[::1]");
	else
		host.len = span_find(authority, ':');
	if (host.len < authority.len) {
		port.at = authority.at + host.len + 1;
		port.len = authority.len - host.len - 1;
		if (authority.at[host.len] != ':' || !is_port(port))
			return false;
	}
	return span_equal(host, SPAN("[::1]")) || span_equal_ascii_case(host, SPAN("localhost")) ||
	       is_loopback_address(host);
}

static enum status reject(struct err *reterr, const char *why)
{
	err_set(reterr, "%s", why);
	return STATUS_REJECT;
}

enum status notify_url_check(struct span url, struct err *reterr)
{
	bool is_cleartext = begins_with(url, SPAN("http://"));

	if (!is_cleartext && !begins_with(url, SPAN("https://")))
		return reject(reterr, "the URL does not begin with https://");
	if (has_odd_bytes(url))
		return reject(reterr, "the URL holds spaces, backslashes or bytes beyond ASCII");
	if (authority_of(url).len == 0)
		return reject(reterr, "the URL names no host");
	if (is_cleartext && !is_loopback(authority_of(url)))
		return reject(reterr, "http:// is for this host only; use https://");
	return STATUS_OK;
}

bool notify_url_is_cleartext(struct span url)
{
	return begins_with(url, SPAN("http://"));
}

enum status notify_mail_url_check(struct span url, struct err *reterr)
{
	struct span authority;

	if (!begins_with(url, SPAN("smtp://")) && !begins_with(url, SPAN("smtps://")))
		return reject(reterr, "the URL does not begin with smtps:// or smtp://");
	if (has_odd_bytes(url))
		return reject(reterr, "the URL holds spaces, backslashes or bytes beyond ASCII");
	authority = authority_of(url);
	if (authority.len == 0)
		return reject(reterr, "the URL names no host");
	if (span_find(authority, '@') < authority.len)
		return reject(reterr, "the URL holds a user or a password");
	return STATUS_OK;
}

bool notify_url_is_loopback(struct span url)
{
	return is_loopback(authority_of(url));
}

bool notify_address_is_sound(struct span address)
{
	size_t at = span_find(address, '@');

	for (size_t i = 0; i < address.len; i++) {
		unsigned char byte = (unsigned char)address.at[i];

		if (byte <= ' ' || byte >= 0x7f || strchr("<>()[],;:\\\"", byte) != NULL)
			return false;
		if (byte == '@' && i != at)
			return false;
	}
	return at > 0 && at + 1 < address.len && address.len <= 254;
}
