/* SPDX-License-Identifier: ISC */
/*
 * Reads what the tenant and its auth service answer.  Pure: bytes to structs.
 *
 * Lenient where servers are known to differ (case of names, booleans as texts, no `schemas`),
 * strict where a wrong reading could make a wrong change: an account without an id or a list that
 * is none is an error.  `meta.location` is never looked at.
 *
 * What a decoder read is valid until it reads again.
 */
#ifndef SCIM_CODEC_DECODE_H
#define SCIM_CODEC_DECODE_H

#include "base/err.h"
#include "base/status.h"
#include "base/str.h"
#include "core/port_tenant.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECODE_DEPTH_MAX = 32 };

struct decoder;

/** Makes a decoder. @return owned */
struct decoder *decoder_new(void);

/** Frees it and what it read; sets `*decoder` to NULL; NULL is welcome. */
void decoder_free(struct decoder **decoder);

/** Forgets what was read; the texts are wiped when `is_secret`. */
void decoder_forget(struct decoder *decoder, bool is_secret);

struct decoded_accounts {
	const struct observed *accounts;
	size_t count;
	int64_t total;      /* totalResults; -1: not given */
	bool has_resources; /* false: Resources was left out or null, as may be where there are none
			     */
};

/**
 * Reads a ListResponse of users.
 *
 * @return STATUS_OK; STATUS_RETRY: it is none, err says what is wrong with it
 * Source: RFC 7644 3.4.2
 */
enum status decode_list(struct decoder *decoder, struct span body,
    struct decoded_accounts *ret_list, struct err *reterr);

/** Reads one user. @return as above. Source: RFC 7643 4.1 */
enum status decode_account(struct decoder *decoder, struct span body,
    struct decoded_accounts *ret_account, struct err *reterr);

struct decoded_error {
	struct span detail; /* absent: none */
	struct span type;   /* scimType; absent: none */
};

/** Reads an error of SCIM (RFC 7644 3.12), of the auth service, or of neither: then all is absent.
 */
struct decoded_error decode_error(struct decoder *decoder, struct span body);

struct decoded_config {
	bool has_patch, can_patch;
	bool has_filter, can_filter;
	uint64_t filter_max_results; /* 0: not given */
};

/** Reads a ServiceProviderConfig. @return STATUS_RETRY: it is none. Source: RFC 7643 5 */
enum status decode_config(struct decoder *decoder, struct span body,
    struct decoded_config *ret_config, struct err *reterr);

struct decoded_workspaces {
	const struct span *ids;
	const struct span *names; /* as many; absent or empty: not given */
	size_t count;
	int64_t total; /* of all pages; -1: not given */
};

/**
 * Reads a page of the workspaces that the caller sees.
 *
 * @return STATUS_RETRY: it is none, err says what is wrong with it
 * Source: Anaplan Integration API 2.0, GET /workspaces
 */
enum status decode_workspaces(struct decoder *decoder, struct span body,
    struct decoded_workspaces *ret_workspaces, struct err *reterr);

struct decoded_token {
	struct span value;     /* a secret; decoder_forget wipes it */
	int64_t expires_at_ms; /* wall time; 0: not given */
};

/** Reads the answer of /token/authenticate or /token/refresh. @return STATUS_RETRY: it is none. */
enum status decode_token(
    struct decoder *decoder, struct span body, struct decoded_token *ret_token, struct err *reterr);

/* Whose token it is; borrowed until decoder_forget. */
struct decoded_owner {
	struct span guid; /* the account's id; absent: not given */
	struct span id;   /* the name that logs in; absent: not given */
};

/**
 * Reads the answer of /token/validate, which holds the token as well.
 *
 * @return STATUS_RETRY: it names nobody
 */
enum status decode_owner(
    struct decoder *decoder, struct span body, struct decoded_owner *ret_owner, struct err *reterr);

/* What a token endpoint gives; the texts are secrets, which decoder_forget wipes. */
struct decoded_grant {
	struct span access_token;  /* absent: not given */
	struct span refresh_token; /* absent: not given, so the present one stays good */
	int64_t life_ms;           /* of the access token, up to a day; 0: not given */
};

/** Reads a token endpoint's good answer. @return STATUS_RETRY: it is none. Source: RFC 6749 5.1 */
enum status decode_grant(
    struct decoder *decoder, struct span body, struct decoded_grant *ret_grant, struct err *reterr);

/* What a person is to do to let a device in. */
struct decoded_device {
	struct span device_code; /* a secret, which decoder_forget wipes */
	struct span user_code, verification_uri;
	struct span verification_uri_complete; /* absent: not given */
	int64_t life_ms;                       /* up to an hour */
	int64_t interval_ms;                   /* between polls, 1 s to a minute */
};

/**
 * Reads the answer to a device authorization request.
 *
 * @return STATUS_RETRY: it is none, or one that a person can do nothing with
 * Source: RFC 8628 3.2
 */
enum status decode_device(struct decoder *decoder, struct span body,
    struct decoded_device *ret_device, struct err *reterr);

/** Reads the `error` of a token endpoint's bad answer. @return absent: it has none. Source: RFC
 * 6749 5.2 */
struct span decode_grant_error(struct decoder *decoder, struct span body);

#endif
