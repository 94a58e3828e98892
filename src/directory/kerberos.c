/* SPDX-License-Identifier: ISC */
/*
 * libldap knows of credentials only while it talks to SASL, so they are handed over when it asks
 * for the name to act as, which it always does before the first ticket is wanted.
 */
#include "directory/kerberos.h"

#include <config.h>

#ifdef HAVE_GSSAPI

#include "base/str.h"
#include "base/unicode.h"
#include <errno.h>
#include <gssapi/gssapi_ext.h>
#include <sasl/sasl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALED_BITS = 56 }; /* what counts as sealed: old libraries say 56 of every cipher */

#define CREDENTIAL_SCHEME "credential:"

bool kerberos_is_available(void)
{
	return true;
}

/* ---- the keytab ---- */

static bool find_credential(const char *name, struct str *path, struct err *reterr)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (folder == NULL || name[0] == '\0' || strchr(name, '/') != NULL) {
		err_set(reterr,
		    "bind.keytab: there is no credential \"%s\"; name it in the unit with "
		    "LoadCredential=",
		    name);
		return false;
	}
	str_addf(path, "%s/%s", folder, name);
	return true;
}

/* A keytab is a password: what holds for secrets in files holds for it. */
static bool check_file(const char *path, struct err *reterr)
{
	struct stat info;

	if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
		err_set(reterr, "cannot read bind.keytab %s: %s", path, strerror(errno));
		return false;
	}
	if ((info.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) == 0)
		return true;
	err_set(reterr,
	    "bind.keytab %s can be read by others or written by the group; take that away: "
	    "chmod o-rwx,g-w",
	    path);
	return false;
}

static bool find_keytab(const char *keytab, struct str *path, struct err *reterr)
{
	const size_t scheme = sizeof(CREDENTIAL_SCHEME) - 1;

	if (strncmp(keytab, CREDENTIAL_SCHEME, scheme) != 0)
		str_add_c(path, keytab);
	else if (!find_credential(keytab + scheme, path, reterr))
		return false;
	return check_file(str_c(path), reterr);
}

/* ---- credentials ---- */

static void add_status(OM_uint32 status, int type, struct str *out)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor, more = 0;

	do {
		if (gss_display_status(&minor, status, type, GSS_C_NO_OID, &more, &text) !=
		    GSS_S_COMPLETE)
			return;
		str_add_c(out, "; ");
		utf8_printable((struct span) { text.value, text.length }, out);
		gss_release_buffer(&minor, &text);
	} while (more != 0);
}

static void explain(OM_uint32 major, OM_uint32 minor, struct err *reterr)
{
	struct str why = { 0 };

	if (minor != 0)
		add_status(minor, GSS_C_MECH_CODE, &why);
	else
		add_status(major, GSS_C_GSS_CODE, &why);
	err_set(reterr,
	    "no Kerberos ticket can be had%s; check bind.keytab, bind.principal, /etc/krb5.conf "
	    "and "
	    "the clock",
	    str_c(&why));
	str_done(&why);
}

static bool import_name(const char *principal, gss_name_t *ret_name, struct err *reterr)
{
	gss_buffer_desc text = { strlen(principal), (void *)principal };
	OM_uint32 major, minor;

	major = gss_import_name(&minor, &text, GSS_C_NT_USER_NAME, ret_name);
	if (major == GSS_S_COMPLETE)
		return true;
	explain(major, minor, reterr);
	return false;
}

static OM_uint32 acquire(const char *keytab, const char *principal, gss_name_t name,
    gss_cred_id_t *ret_credential, OM_uint32 *ret_lifetime_s, OM_uint32 *minor)
{
	struct str cache = { 0 };
	gss_key_value_element_desc elements[2] = { { "client_keytab", keytab },
		{ "ccache", NULL } };
	gss_key_value_set_desc store = { 2, elements };
	OM_uint32 major;

	if (keytab == NULL)
		return gss_acquire_cred(minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
		    GSS_C_INITIATE, ret_credential, NULL, ret_lifetime_s);
	/* One cache for each identity, used again, so that a ticket is taken once in its life. */
	str_addf(&cache, "MEMORY:scimward %s %s", keytab, principal == NULL ? "" : principal);
	elements[1].value = str_c(&cache);
	major = gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
	    GSS_C_INITIATE, &store, ret_credential, NULL, ret_lifetime_s);
	str_done(&cache);
	return major;
}

static bool take_credential(const struct kerberos_input *input, gss_cred_id_t *ret_credential,
    struct kerberos_outcome *outcome)
{
	gss_name_t name = GSS_C_NO_NAME;
	struct str keytab = { 0 };
	OM_uint32 major = GSS_S_FAILURE, minor = 0, lifetime_s = 0;
	bool is_ready = input->keytab == NULL || find_keytab(input->keytab, &keytab, &outcome->err);

	if (is_ready && input->principal != NULL)
		is_ready = import_name(input->principal, &name, &outcome->err);
	if (is_ready) {
		major = acquire(input->keytab == NULL ? NULL : str_c(&keytab), input->principal,
		    name, ret_credential, &lifetime_s, &minor);
		if (major != GSS_S_COMPLETE)
			explain(major, minor, &outcome->err);
		/* Credentials that wait for their first use say that they never end. */
		else if (lifetime_s != GSS_C_INDEFINITE)
			outcome->lifetime_s = lifetime_s;
	}
	gss_release_name(&minor, &name);
	str_done(&keytab);
	return major == GSS_S_COMPLETE;
}

/* ---- SASL ---- */

static int answer(LDAP *handle, unsigned flags, void *context, void *prompts)
{
	gss_cred_id_t credential = context;

	(void)flags;
	if (ldap_set_option(handle, LDAP_OPT_X_SASL_GSS_CREDS, credential) != LDAP_OPT_SUCCESS)
		return LDAP_LOCAL_ERROR;
	for (sasl_interact_t *prompt = prompts; prompt->id != SASL_CB_LIST_END; prompt++) {
		prompt->result = ""; /* act as whom the ticket names */
		prompt->len = 0;
	}
	return LDAP_SUCCESS;
}

static void demand(LDAP *handle, bool is_protected)
{
	ber_len_t least = is_protected ? 0 : SEALED_BITS, most = 0;

	ldap_set_option(handle, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
	ldap_set_option(handle, LDAP_OPT_X_SASL_SSF_MIN, &least);
	if (!is_protected)
		return;
	ldap_set_option(handle, LDAP_OPT_X_SASL_SSF_MAX, &most);
#ifdef LDAP_OPT_X_SASL_CBINDING
	int binding = LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT;

	ldap_set_option(handle, LDAP_OPT_X_SASL_CBINDING, &binding);
#endif
}

void kerberos_bind(
    LDAP *handle, const struct kerberos_input *input, struct kerberos_outcome *ret_outcome)
{
	gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
	ber_len_t strength = 0;
	OM_uint32 minor;

	*ret_outcome = (struct kerberos_outcome) { .code = LDAP_LOCAL_ERROR };
	if (!take_credential(input, &credential, ret_outcome))
		return;
	demand(handle, input->is_protected);
	ret_outcome->code = ldap_sasl_interactive_bind_s(
	    handle, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, answer, credential);
	if (ret_outcome->code == LDAP_SUCCESS &&
	    ldap_get_option(handle, LDAP_OPT_X_SASL_SSF, &strength) == LDAP_OPT_SUCCESS)
		ret_outcome->strength_bits = (int)strength;
	if (ret_outcome->code == LDAP_SUCCESS && ret_outcome->lifetime_s == 0) {
		OM_uint32 lifetime_s = 0;

		if (gss_inquire_cred(&minor, credential, NULL, &lifetime_s, NULL, NULL) ==
			GSS_S_COMPLETE &&
		    lifetime_s != GSS_C_INDEFINITE)
			ret_outcome->lifetime_s = lifetime_s;
	}
	gss_release_cred(&minor, &credential);
}

#else

bool kerberos_is_available(void)
{
	return false;
}

void kerberos_bind(
    LDAP *handle, const struct kerberos_input *input, struct kerberos_outcome *ret_outcome)
{
	(void)handle, (void)input;
	*ret_outcome = (struct kerberos_outcome) { .code = LDAP_AUTH_UNKNOWN };
}

#endif
