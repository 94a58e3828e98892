/* SPDX-License-Identifier: ISC */
/*
 * Checks of the tenant, and what follows from its profile.
 */
#include "app/config_p.h"

#define ANAPLAN_URL "https://api.anaplan.com/scim/1/0/v2"

static const struct url_scheme http_schemes[] = { { "https://", true }, { "http://", true } };
static const struct url_scheme proxy_schemes[] = { { "http://", true }, { "https://", true },
	{ "socks5h://", true }, { "socks5://", true } };

static bool begins_with(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* A base to which paths are added. @return without slashes at its end */
static const char *check_base(struct config_reader *reader, const char *member, const char *url)
{
	struct span base = span_of(url);
	struct url_rule rule = { url, http_schemes, 2 };

	if (!config_check_url(reader, reader->root, member, &rule))
		return url;
	if (strpbrk(url, "?#") != NULL)
		config_refuse(reader, reader->root, member, "end it before the \"?\" or \"#\"",
		    "paths are added to it, so it can have no query and no fragment");
	if (begins_with(url, "http://") && !reader->draft->config.tenant.allow_cleartext)
		config_refuse(reader, reader->root, member,
		    "write https://; to allow it all the same, set tenant.allow_cleartext",
		    "http:// sends credentials and persons in the clear");
	while (base.len > 0 && base.at[base.len - 1] == '/')
		base.len--;
	return arena_c(reader->arena, base);
}

static void check_urls(struct config_reader *reader)
{
	static const char *const missing =
	    "name it: tenant = { url = \"https://host/scim/v2\"; … };";
	struct tenant_settings *tenant = &reader->draft->config.tenant;
	struct url_rule proxy = { tenant->proxy, proxy_schemes, 4 };

	if (tenant->url == NULL && tenant->profile == TENANT_ANAPLAN)
		tenant->url = ANAPLAN_URL;
	if (tenant->url != NULL)
		tenant->url = check_base(reader, "tenant.url", tenant->url);
	else if (!config_was_refused(reader, reader->root, "tenant.url"))
		config_refuse(reader, reader->root, "tenant.url", missing,
		    "it is missing, and profile generic has no default");
	if (tenant->auth.url != NULL)
		tenant->auth.url = check_base(reader, "tenant.auth.url", tenant->auth.url);
	if (tenant->proxy != NULL)
		config_check_url(reader, reader->root, "tenant.proxy", &proxy);
}

/* A key that belongs to one method. */
struct credential {
	const char *member;
	enum tenant_auth method;
	bool is_given;
	const char *remedy;
};

static void check_credential(struct config_reader *reader, const struct credential *credential)
{
	enum tenant_auth method = reader->draft->config.tenant.auth.method;

	if (credential->method == method && !credential->is_given) {
		if (!config_was_refused(reader, reader->root, credential->member))
			config_refuse(reader, reader->root, credential->member, credential->remedy,
			    "it is missing");
	} else if (credential->method != method && credential->is_given) {
		config_warn(reader, reader->root, credential->member,
		    "take it out, or change method",
		    "it has no effect with this tenant.auth.method");
	}
}

static void check_credentials(struct config_reader *reader)
{
	static const char *const reference =
	    "refer to it: \"credential:NAME\", \"file:/path\" or \"env:NAME\"";
	const struct tenant_settings *tenant = &reader->draft->config.tenant;
	const struct credential credentials[] = {
		{ "tenant.auth.key", TENANT_AUTH_API_KEY, tenant->auth.key.len > 0, reference },
		{ "tenant.auth.user", TENANT_AUTH_BASIC, tenant->auth.user.len > 0,
		    "name the account that logs in" },
		{ "tenant.auth.password", TENANT_AUTH_BASIC, tenant->auth.password.len > 0,
		    reference },
		{ "tenant.auth.cert_file", TENANT_AUTH_CERTIFICATE, tenant->auth.cert_file != NULL,
		    "name the PEM file of the certificate that is registered at the tenant" },
		{ "tenant.auth.key_file", TENANT_AUTH_CERTIFICATE, tenant->auth.key_file.len > 0,
		    "name the PEM file of the certificate's private key" },
		{ "tenant.auth.client_id", TENANT_AUTH_OAUTH_DEVICE, tenant->auth.client_id.len > 0,
		    "name the OAuth client of the type device grant that was made in the tenant" },
		{ "tenant.auth.refresh_token_file", TENANT_AUTH_OAUTH_DEVICE,
		    tenant->auth.refresh_token_file != NULL,
		    "name a file that the agent may write, such as "
		    "\"/var/lib/scimward/refresh-token\"" },
	};

	for (size_t i = 0; i < sizeof(credentials) / sizeof(credentials[0]); i++)
		check_credential(reader, &credentials[i]);
}

/* Both are called the authentication host, and the other methods' stands in every example. */
static void check_oauth_url(struct config_reader *reader)
{
	const struct tenant_settings *tenant = &reader->draft->config.tenant;

	if (tenant->auth.url == NULL && tenant->profile != TENANT_ANAPLAN &&
	    !config_was_refused(reader, reader->root, "tenant.auth.url"))
		config_refuse(reader, reader->root, "tenant.auth.url",
		    "name the OAuth host; /oauth/device/code and /oauth/token are added to it",
		    "it is missing, and profile generic has no default");
	if (tenant->auth.url != NULL && strstr(tenant->auth.url, "auth.anaplan.com") != NULL)
		config_refuse(reader, reader->root, "tenant.auth.url",
		    "name the region's OAuth host, such as https://us1a.app.anaplan.com",
		    "that host serves basic and certificate; method oauth-device has another");
}

static void check_auth(struct config_reader *reader)
{
	const struct tenant_settings *tenant = &reader->draft->config.tenant;

	if (tenant->auth.method == TENANT_AUTH_OAUTH_DEVICE)
		check_oauth_url(reader);
	if (tenant->auth.method == TENANT_AUTH_NONE && tenant->profile == TENANT_ANAPLAN)
		config_refuse(reader, reader->root, "tenant.auth.method", "write \"api-key\"",
		    "Anaplan wants to know who asks");
	check_credentials(reader);
}

void config_check_tenant(struct config_reader *reader)
{
	struct config *config = &reader->draft->config;
	const config_setting_t *group = config_find(reader->root, "tenant");
	struct err err = { "" };

	config->tenant.concurrency = config->rate.concurrency;
	check_urls(reader);
	check_auth(reader);
	config_check_path(reader, reader->root, "tenant.tls.ca_file", config->tenant.ca_file);
	config_check_path(
	    reader, reader->root, "tenant.auth.cert_file", config->tenant.auth.cert_file);
	config_check_path(
	    reader, reader->root, "tenant.auth.key_file", config->tenant.auth.key_file.at);
	config_check_path(reader, reader->root, "tenant.auth.refresh_token_file",
	    config->tenant.auth.refresh_token_file);
	if (group != NULL && !config_has_fault_below(reader, group) &&
	    tenant_check_settings(&config->tenant, &err) != STATUS_OK)
		config_refuse(reader, group, "", NULL, "%s", err.text);
}
