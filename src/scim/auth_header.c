/* SPDX-License-Identifier: ISC */
/*
 * Buffers are made large enough first: growing one would leave a copy of a secret behind.
 */
#include "scim/auth_header.h"

#include "base/hash.h"
#include "base/secret.h"
#include "scim/certificate.h"

/* Visible ASCII only: anything else could end the header and begin another. */
bool auth_header_allows(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return false;
	}
	return text.len > 0;
}

static enum status add_basic(
    const struct tenant_settings *settings, struct str *header, struct err *reterr)
{
	struct secret *password = NULL;
	struct str pair = { 0 };
	struct span secret;

	if (secret_load(settings->auth.password, &password, reterr) != STATUS_OK) {
		err_prefix(reterr, "tenant.auth.password");
		return STATUS_REJECT;
	}
	secret = secret_reveal(password);
	/* No growing afterwards, which would leave a copy behind. */
	str_reserve(&pair, settings->auth.user.len + 1 + secret.len);
	str_add(&pair, settings->auth.user);
	str_add_byte(&pair, ':');
	str_add(&pair, secret);
	str_reserve(header, 16 + pair.len * 4 / 3);
	str_add_c(header, "Basic ");
	base64_encode(str_span(&pair), header);
	secret_wipe_str(&pair);
	secret_free(&password);
	return STATUS_OK;
}

static enum status add_api_key(
    const struct tenant_settings *settings, struct str *header, struct err *reterr)
{
	struct secret *key = NULL;
	enum status status = secret_load(settings->auth.key, &key, reterr);

	if (status != STATUS_OK) {
		err_prefix(reterr, "tenant.auth.key");
	} else if (!auth_header_allows(secret_reveal(key))) {
		err_set(reterr,
		    "tenant.auth.key: the secret holds line ends, spaces or bytes that a "
		    "header cannot have; store the key alone");
		status = STATUS_REJECT;
	} else {
		str_reserve(header, 16 + secret_reveal(key).len);
		str_add_c(header, "Bearer ");
		str_add(header, secret_reveal(key));
	}
	secret_free(&key);
	return status;
}

enum status auth_header_make(const struct tenant_settings *settings, int64_t wall_ms,
    struct str *header, struct str *body, struct err *reterr)
{
	switch (settings->auth.method) {
	case TENANT_AUTH_API_KEY:
		return add_api_key(settings, header, reterr);
	case TENANT_AUTH_BASIC:
		return add_basic(settings, header, reterr);
	case TENANT_AUTH_CERTIFICATE:
		return certificate_login(settings->auth.cert_file, settings->auth.key_file, wall_ms,
		    header, body, reterr);
	case TENANT_AUTH_OAUTH_DEVICE:
	case TENANT_AUTH_NONE:
		break;
	}
	return STATUS_OK;
}
