/* SPDX-License-Identifier: ISC */
/*
 * Settings that cannot work are refused before anything is connected.
 */
#include "directory/directory_p.h"

#include "base/secret.h"
#include "core/dn.h"
#include "core/filter.h"
#include "directory/kerberos.h"
#include "directory/srv.h"
#include <ldap.h>
#include <limits.h>

static bool has_scheme(const char *url, const char *scheme)
{
	return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

static enum status check_ldap_url(const char *url, struct err *reterr)
{
	const char *authority = strstr(url, "://");
	const char *path = authority == NULL ? NULL : strchr(authority + 3, '/');
	LDAPURLDesc *parsed = NULL;
	bool is_good, is_local = has_scheme(url, "ldapi://");

	if (!is_local && !has_scheme(url, "ldap://") && !has_scheme(url, "ldaps://")) {
		err_set(reterr,
		    "\"%s\" is not an LDAP URL; write ldaps://host, ldap://host or "
		    "ldapi://%%2Fpath",
		    url);
		return STATUS_REJECT;
	}
	if ((path != NULL && path[1] != '\0') || strchr(url, '?') != NULL) {
		err_set(reterr,
		    "\"%s\" names more than a server; put the base in users.bases and the filter "
		    "in "
		    "users.filter",
		    url);
		return STATUS_REJECT;
	}
	is_good = ldap_url_parse(url, &parsed) == LDAP_URL_SUCCESS && parsed->lud_host != NULL &&
		  parsed->lud_host[0] != '\0' && strpbrk(parsed->lud_host, "@ ") == NULL;
	ldap_free_urldesc(parsed);
	if (is_good)
		return STATUS_OK;
	err_set(reterr,
	    "\"%s\" has no usable host%s; write ldaps://dc1.corp.example or "
	    "ldaps://[2001:db8::1]:636",
	    url, is_local ? " (a socket's path with %2F for each slash)" : "");
	return STATUS_REJECT;
}

static enum status check_cleartext(
    const struct directory_settings *settings, const char *url, struct err *reterr)
{
	if (!has_scheme(url, "ldap://") || settings->tls.starttls || settings->allow_cleartext ||
	    settings->bind.method == DIRECTORY_BIND_GSSAPI)
		return STATUS_OK;
	err_set(reterr,
	    "%s would send passwords and personal data in the clear; write ldaps://, set "
	    "tls.starttls, or set allow_cleartext = true",
	    url);
	return STATUS_REJECT;
}

static enum status check_domain(const struct directory_settings *settings, struct err *reterr)
{
	if (settings->url_count > 0)
		err_set(reterr, "urls and domain exclude each other; set one of them");
	else if (!srv_is_domain(span_of(settings->domain)))
		err_set(reterr, "domain \"%s\" is not a DNS name; write corp.example",
		    settings->domain);
	else
		return STATUS_OK;
	return STATUS_REJECT;
}

static enum status check_urls(const struct directory_settings *settings, struct err *reterr)
{
	enum status status = STATUS_OK;

	if (settings->domain != NULL)
		return check_domain(settings, reterr);
	if (settings->url_count == 0) {
		err_set(reterr, "no URL is set; set urls or domain");
		return STATUS_REJECT;
	}
	for (size_t i = 0; i < settings->url_count && status == STATUS_OK; i++) {
		status = check_ldap_url(settings->urls[i], reterr);
		if (status == STATUS_OK)
			status = check_cleartext(settings, settings->urls[i], reterr);
	}
	return status;
}

static enum status check_simple_bind(const struct directory_settings *settings, struct err *reterr)
{
	if (settings->bind.dn == NULL || settings->bind.dn[0] == '\0') {
		err_set(reterr, "a simple bind needs bind.dn");
		return STATUS_REJECT;
	}
	if (secret_is_reference(settings->bind.password))
		return STATUS_OK;
	err_set(reterr,
	    "bind.password must refer to a secret: credential:NAME, file:/path or env:NAME");
	return STATUS_REJECT;
}

static enum status check_external_bind(
    const struct directory_settings *settings, struct err *reterr)
{
	if (settings->domain != NULL && settings->tls.cert_file == NULL) {
		err_set(reterr, "bind.method \"external\" needs tls.cert_file and tls.key_file");
		return STATUS_REJECT;
	}
	for (size_t i = 0; i < settings->url_count; i++)
		if (!has_scheme(settings->urls[i], "ldapi://") && settings->tls.cert_file == NULL) {
			err_set(reterr,
			    "bind.method \"external\" over %s needs tls.cert_file and tls.key_file",
			    settings->urls[i]);
			return STATUS_REJECT;
		}
	return STATUS_OK;
}

static enum status check_bind(const struct directory_settings *settings, struct err *reterr)
{
	if ((settings->tls.cert_file == NULL) != (settings->tls.key_file == NULL)) {
		err_set(reterr, "tls.cert_file and tls.key_file go together; set both or none");
		return STATUS_REJECT;
	}
	switch (settings->bind.method) {
	case DIRECTORY_BIND_SIMPLE:
		return check_simple_bind(settings, reterr);
	case DIRECTORY_BIND_EXTERNAL:
		return check_external_bind(settings, reterr);
	case DIRECTORY_BIND_ANONYMOUS:
		return STATUS_OK;
	case DIRECTORY_BIND_GSSAPI:
		break;
	}
	if (kerberos_is_available())
		return STATUS_OK;
	err_set(reterr, "this program was built without Kerberos (libkrb5-dev and libsasl2-dev); "
			"use simple over ldaps://, or external");
	return STATUS_REJECT;
}

static enum status check_dn(const char *what, struct span dn, struct err *reterr)
{
	if (dn_is_valid(dn))
		return STATUS_OK;
	err_set(reterr, "%s \"%.*s\" is not a DN", what, SPAN_ARG(dn));
	return STATUS_REJECT;
}

bool settings_hold_dn(const struct directory_settings *settings, struct span dn)
{
	if (settings->users.base_count == 0)
		return true;
	for (size_t i = 0; i < settings->users.base_count; i++) {
		struct span base = span_of(settings->users.bases[i]);
		size_t below;
		if (!dn_is_within(dn, base))
			continue;
		below = dn_depth(dn) - dn_depth(base);
		if (settings->users.scope == DIRECTORY_SCOPE_SUBTREE ||
		    below == (settings->users.scope == DIRECTORY_SCOPE_ONE ? 1 : 0))
			return true;
	}
	return false;
}

static enum status check_dns(const struct directory_settings *settings, struct err *reterr)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < settings->users.base_count && status == STATUS_OK; i++)
		status = check_dn("users.bases:", span_of(settings->users.bases[i]), reterr);
	for (size_t i = 0; i < settings->group_count && status == STATUS_OK; i++)
		status = check_dn("group", settings->groups[i].dn, reterr);
	for (size_t i = 0; i < settings->canary_count && status == STATUS_OK; i++) {
		struct span canary = span_of(settings->canaries[i]);
		status = check_dn("canary", canary, reterr);
		if (status == STATUS_OK && !settings_hold_dn(settings, canary)) {
			err_set(reterr,
			    "canary \"%s\" is outside users.bases, so no scan can bring it",
			    settings->canaries[i]);
			status = STATUS_REJECT;
		}
	}
	return status;
}

/*
 * libldap encodes the filter before it connects, so a search on a socket that cannot exist tells
 * whether the filter can be sent, by the very code that will send it.
 */
static bool can_be_sent(const char *filter)
{
	LDAP *handle = NULL;
	int version = LDAP_VERSION3, code, message_id;

	if (ldap_initialize(&handle, "ldapi://%2Fdev%2Fnull%2Fnowhere") != LDAP_SUCCESS)
		return true;
	ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
	code = ldap_search_ext(
	    handle, "", LDAP_SCOPE_BASE, filter, NULL, 0, NULL, NULL, NULL, 0, &message_id);
	ldap_unbind_ext(handle, NULL, NULL);
	return code != LDAP_FILTER_ERROR;
}

/* Our own reader has the better messages, but refuses what only a server can decide. */
static enum status check_filter(const char *text, struct err *reterr)
{
	struct attribute_set *set;
	struct filter *filter = NULL;
	struct err why = { "" };
	size_t offset = 0;

	if (text == NULL || can_be_sent(text))
		return STATUS_OK;
	set = attribute_set_new();
	if (filter_compile(span_of(text), set, &filter, &offset, &why) == STATUS_OK)
		err_set(reterr, "users.filter \"%s\" is not a filter (RFC 4515)", text);
	else
		err_set(reterr, "users.filter \"%s\" is not a filter: at byte %zu: %s", text,
		    offset + 1, why.text);
	filter_free(&filter);
	attribute_set_free(&set);
	return STATUS_REJECT;
}

static enum status check_limits(const struct directory_settings *settings, struct err *reterr)
{
	if (settings->page_size > INT_MAX) {
		err_set(reterr, "page_size %u is too large", settings->page_size);
		return STATUS_REJECT;
	}
	if (settings->connect_timeout_ms > 0 && settings->search_timeout_ms > 0 &&
	    settings->connect_timeout_ms <= INT_MAX)
		return STATUS_OK;
	err_set(reterr, "connect_timeout and search_timeout must be more than 0");
	return STATUS_REJECT;
}

static enum status check_changes(const struct directory_settings *settings, struct err *reterr)
{
	const char *remedy = directory_changes_remedy(settings->kind, settings->changes);

	if (remedy == NULL)
		return STATUS_OK;
	err_set(reterr, "kind \"%s\" does not have changes \"%s\"; %s",
	    directory_kind_name(settings->kind), directory_changes_name(settings->changes), remedy);
	return STATUS_REJECT;
}

enum status settings_check_connection(const struct directory_settings *settings, struct err *reterr)
{
	enum status status = check_urls(settings, reterr);

	if (status == STATUS_OK)
		status = check_bind(settings, reterr);
	return status == STATUS_OK ? check_limits(settings, reterr) : status;
}

static enum status check_ldap(const struct directory_settings *settings, struct err *reterr)
{
	enum status status = settings_check_connection(settings, reterr);

	if (status == STATUS_OK && settings->users.base_count == 0) {
		err_set(reterr, "users.bases is empty; name the DN below which people are");
		status = STATUS_REJECT;
	}
	if (status == STATUS_OK)
		status = check_filter(settings->users.filter, reterr);
	return status;
}

const char *ldif_path(const char *url)
{
	if (has_scheme(url, "file://"))
		return url[7] == '/' ? url + 7 : NULL;
	return strstr(url, "://") == NULL && url[0] != '\0' ? url : NULL;
}

static enum status check_ldif(const struct directory_settings *settings, struct err *reterr)
{
	struct attribute_set *set = attribute_set_new();
	struct filter *filter = NULL;
	struct err why = { "" };
	enum status status = STATUS_OK;
	size_t offset = 0;

	if (settings->url_count != 1 || ldif_path(settings->urls[0]) == NULL) {
		err_set(reterr,
		    "kind \"ldif\" takes one file: urls = [ \"file:///srv/hr/people.ldif\" ]");
		status = STATUS_REJECT;
	} else if (settings->users.filter != NULL) {
		status = filter_compile(
		    span_of(settings->users.filter), set, &filter, &offset, &why);
		if (status != STATUS_OK)
			err_set(reterr, "users.filter \"%s\" cannot be used: at byte %zu: %s",
			    settings->users.filter, offset + 1, why.text);
	}
	filter_free(&filter);
	attribute_set_free(&set);
	return status;
}

enum status directory_check_settings(const struct directory_settings *settings, struct err *reterr)
{
	enum status status = settings->kind == DIRECTORY_LDIF ? check_ldif(settings, reterr)
							      : check_ldap(settings, reterr);

	if (status == STATUS_OK)
		status = check_changes(settings, reterr);
	return status == STATUS_OK ? check_dns(settings, reterr) : status;
}

enum status directory_new(struct loop *loop, const struct directory_settings *settings,
    struct attribute_set *attributes, struct source **ret_source, struct err *reterr)
{
	enum status status = directory_check_settings(settings, reterr);

	if (status != STATUS_OK)
		return status;
	if (settings->kind == DIRECTORY_LDIF)
		return ldif_source_new(loop, settings, attributes, ret_source, reterr);
	*ret_source = directory_source_new(loop, settings, attributes);
	return STATUS_OK;
}
