/* SPDX-License-Identifier: ISC */
#include "scim/settings.h"

#include "base/secret.h"
#include "base/str.h"
#include "scim/oauth_request.h"

struct tenant_settings settings_complete(const struct tenant_settings *settings)
{
	struct tenant_settings complete = *settings;

	if (complete.timeout_ms <= 0)
		complete.timeout_ms = SETTINGS_TIMEOUT_MS;
	if (complete.concurrency == 0)
		complete.concurrency = SETTINGS_CONCURRENCY;
	if (complete.answer_max_bytes == 0)
		complete.answer_max_bytes = SETTINGS_ANSWER_MAX_BYTES;
	if (complete.ca_file != NULL && complete.ca_file[0] == '\0')
		complete.ca_file = NULL;
	if (complete.proxy != NULL && complete.proxy[0] == '\0')
		complete.proxy = NULL;
	return complete;
}

static enum status reject(struct err *reterr, const char *key, const char *why)
{
	err_set(reterr, "%s: %s", key, why);
	return STATUS_REJECT;
}

static bool begins_with(struct span text, struct span prefix)
{
	return text.len >= prefix.len &&
	       span_equal_ascii_case((struct span) { text.at, prefix.len }, prefix);
}

static bool has_odd_bytes(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.at[i] <= ' ' || (unsigned char)text.at[i] >= 0x7f)
			return true;
	}
	return false;
}

/* What lies between "//" and the next "/". */
static struct span authority_of(struct span url)
{
	const char *slashes = memmem(url.at, url.len, "//", 2);
	struct span rest = url;

	if (slashes != NULL) {
		rest.at = slashes + 2;
		rest.len = url.len - (size_t)(rest.at - url.at);
	}
	rest.len = span_find(rest, '/');
	return rest;
}

static enum status check_url(
    const char *key, const char *text, bool allow_cleartext, struct err *reterr)
{
	struct span url = span_of(text);
	bool is_cleartext = begins_with(url, SPAN("http://"));

	if (!is_cleartext && !begins_with(url, SPAN("https://")))
		return reject(reterr, key, "it does not begin with https://");
	if (is_cleartext && !allow_cleartext)
		return reject(reterr, key,
		    "http:// would show the credential and all persons to the network; use "
		    "https://, "
		    "or set tenant.allow_cleartext on a network that you trust");
	if (has_odd_bytes(url))
		return reject(reterr, key, "it holds spaces or bytes that are not ASCII");
	if (authority_of(url).len == 0 || authority_of(url).at[0] == ':')
		return reject(reterr, key, "it names no host");
	if (memchr(authority_of(url).at, '@', authority_of(url).len) != NULL)
		return reject(reterr, key,
		    "it holds a user or a password; take them out and use tenant.auth");
	if (memchr(url.at, '?', url.len) != NULL || memchr(url.at, '#', url.len) != NULL)
		return reject(reterr, key, "it has a query or a fragment; it must end with a path");
	if (url.at[url.len - 1] == '/')
		return reject(reterr, key, "take the slash at its end away");
	return STATUS_OK;
}

static enum status check_proxy(const char *proxy, struct err *reterr)
{
	struct span authority = authority_of(span_of(proxy));

	if (has_odd_bytes(span_of(proxy)) || authority.len == 0)
		return reject(reterr, "tenant.proxy", "write it as http://host:port");
	if (memchr(authority.at, '@', authority.len) != NULL)
		return reject(reterr, "tenant.proxy",
		    "a user and a password for the proxy cannot be given; take them out");
	return STATUS_OK;
}

static enum status check_reference(const char *key, struct span reference, struct err *reterr)
{
	if (!secret_is_reference(reference))
		return reject(reterr, key,
		    "a secret is not written here but referred to: \"credential:NAME\", "
		    "\"file:/path\" or \"env:NAME\"");
	return STATUS_OK;
}

static enum status check_basic(const struct tenant_settings *settings, struct err *reterr)
{
	struct span user = settings->auth.user;

	if (user.at == NULL || user.len == 0)
		return reject(reterr, "tenant.auth.user", "method basic needs it");
	if (memchr(user.at, ':', user.len) != NULL)
		return reject(reterr, "tenant.auth.user", "HTTP Basic has no users with a colon");
	return check_reference("tenant.auth.password", settings->auth.password, reterr);
}

static enum status check_certificate(const struct tenant_settings *settings, struct err *reterr)
{
	if (settings->auth.cert_file == NULL || settings->auth.cert_file[0] == '\0')
		return reject(reterr, "tenant.auth.cert_file", "method certificate needs it");
	if (settings->auth.key_file.at == NULL || settings->auth.key_file.len == 0)
		return reject(reterr, "tenant.auth.key_file", "method certificate needs it");
	if (settings->profile != TENANT_ANAPLAN &&
	    (settings->auth.url == NULL || settings->auth.url[0] == '\0'))
		return reject(reterr, "tenant.auth.url",
		    "method certificate needs it where the profile is not anaplan");
	return STATUS_OK;
}

static enum status check_oauth(const struct tenant_settings *settings, struct err *reterr)
{
	const char *file = settings->auth.refresh_token_file;

	if (settings->auth.client_id.at == NULL || settings->auth.client_id.len == 0)
		return reject(reterr, "tenant.auth.client_id", "method oauth-device needs it");
	if (file == NULL || file[0] != '/' || file[strlen(file) - 1] == '/')
		return reject(reterr, "tenant.auth.refresh_token_file",
		    "method oauth-device needs it, as the whole path of a file");
	if (oauth_url(settings) == NULL)
		return reject(reterr, "tenant.auth.url",
		    "method oauth-device needs it where the profile is not anaplan");
	return STATUS_OK;
}

static enum status check_auth(const struct tenant_settings *settings, struct err *reterr)
{
	switch (settings->auth.method) {
	case TENANT_AUTH_API_KEY:
		return check_reference("tenant.auth.key", settings->auth.key, reterr);
	case TENANT_AUTH_BASIC:
		return check_basic(settings, reterr);
	case TENANT_AUTH_CERTIFICATE:
		return check_certificate(settings, reterr);
	case TENANT_AUTH_OAUTH_DEVICE:
		return check_oauth(settings, reterr);
	case TENANT_AUTH_NONE:
		break;
	}
	if (settings->profile == TENANT_ANAPLAN)
		return reject(reterr, "tenant.auth.method",
		    "Anaplan lets nobody in without a credential; use api-key, certificate, "
		    "oauth-device or basic");
	return STATUS_OK;
}

static bool uses_auth_url(const struct tenant_settings *settings)
{
	return settings->auth.url != NULL && settings->auth.url[0] != '\0' &&
	       (settings->auth.method == TENANT_AUTH_BASIC ||
		   settings->auth.method == TENANT_AUTH_CERTIFICATE ||
		   settings->auth.method == TENANT_AUTH_OAUTH_DEVICE);
}

enum status settings_check(const struct tenant_settings *settings, struct err *reterr)
{
	enum status status;

	if (settings->url == NULL)
		return reject(reterr, "tenant.url", "it is missing");
	status = check_url("tenant.url", settings->url, settings->allow_cleartext, reterr);
	if (status == STATUS_OK)
		status = check_auth(settings, reterr);
	if (status == STATUS_OK && uses_auth_url(settings))
		status = check_url(
		    "tenant.auth.url", settings->auth.url, settings->allow_cleartext, reterr);
	if (status == STATUS_OK && settings->proxy != NULL && settings->proxy[0] != '\0')
		status = check_proxy(settings->proxy, reterr);
	return status;
}
